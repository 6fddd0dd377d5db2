"""``doctor``: each line is made to fail in turn, and only that line fails. Answers are held to the service models."""

import json
import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from aws_lambda_powertools import Metrics

from keywatch.actions.dispatch import answer
from keywatch.actions.doctor import run as doctor
from keywatch.catalogue.read_calls import NOBODYS_KEY
from keywatch.runtime import Runtime
from keywatch.services import build
from keywatch.settings import Settings, StackParts
from tests.unit.actions.support import (
    ACCOUNT,
    ELSEWHERE,
    NOW,
    REGION,
    ROLE,
    Fails,
    Scripted,
    aliases,
    arn,
    key,
)

ALL_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/"
QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:intake"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:"
TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/audit"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:KeyWatch"
UUID = "14e0db71-5d35-4eb5-b481-8945cf9d10c2"
DENIED = Fails("AccessDeniedException", "not allowed")
ABSENT = Fails("NotFoundException", f"Key '{arn(NOBODYS_KEY)}' does not exist")


def number(when):
    return {"N": f"{when.timestamp():.3f}"}


def basic(**more):
    return {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True, **more}]}


def advanced(*fields):
    category = {"Field": "eventCategory", "Equals": ["Management"]}
    return {
        "AdvancedEventSelectors": [{"Name": "management", "FieldSelectors": [category, *fields]}]
    }


def subscribed(*confirmed, pending=()):
    subs = [
        {"SubscriptionArn": f"{TOPIC}alerts:{UUID}", "Protocol": "email", "Endpoint": e}
        for e in confirmed
    ]
    subs += [
        {"SubscriptionArn": "PendingConfirmation", "Protocol": "email", "Endpoint": e}
        for e in pending
    ]
    return {"Subscriptions": subs}


def by_queue(**counts):
    return lambda params: {
        "Attributes": {
            "ApproximateNumberOfMessages": str(counts.get(params["QueueUrl"].rpartition("/")[2], 0))
        }
    }


def by_topic(**answers):
    return lambda params: answers.get(
        params["TopicArn"].rpartition(":")[2], subscribed("oncall@example.com")
    )


def by_key(params):
    return ABSENT if params["KeyId"] == NOBODYS_KEY else key()


def policy(*groups):
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"Service": "logs.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Condition": {
                "StringEquals": {"AWS:SourceAccount": ACCOUNT},
                "ArnLike": {"AWS:SourceArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"},
            },
        }
        for group in groups
    ]
    return {"Policy": json.dumps({"Statement": statements})}


PAGE = {
    "clock_at": number(NOW - timedelta(seconds=50)),
    "since": number(NOW - timedelta(days=9)),
    "canary_returned": number(NOW - timedelta(minutes=40)),
    "canary_missing_returned": number(NOW - timedelta(minutes=40)),
    "canary_denied_returned": number(NOW - timedelta(minutes=40)),
}
HEALTHY: dict[tuple[str, str], dict[str, Any]] = {
    ("cloudtrail", REGION): {
        "DescribeTrails": {"trailList": [{"TrailARN": TRAIL, "Name": "audit"}]},
        "GetTrailStatus": {"IsLogging": True},
        "GetEventSelectors": basic(),
        "LookupEvents": {"Events": []},
    },
    ("events", REGION): {
        "DescribeRule": {"State": ALL_READS},
        "ListTargetsByRule": {"Targets": [{"Id": "Intake", "Arn": QUEUE_ARN}]},
    },
    ("lambda", REGION): {
        "ListEventSourceMappings": {"EventSourceMappings": [{"UUID": UUID, "State": "Enabled"}]},
        "GetPolicy": policy("/ecs/payments:*"),
    },
    ("logs", REGION): {
        "DescribeSubscriptionFilters": {
            "subscriptionFilters": [{"filterName": "KeyWatch", "destinationArn": FUNCTION}]
        },
        "DescribeAccountPolicies": {
            "accountPolicies": [{"policyDocument": json.dumps({"DestinationArn": FUNCTION})}]
        },
    },
    ("sqs", REGION): {"GetQueueAttributes": by_queue()},
    ("cloudwatch", REGION): {"GetMetricStatistics": {"Datapoints": []}},
    ("sns", REGION): {
        "ListSubscriptionsByTopic": by_topic(),
        "GetTopicAttributes": {"Attributes": {"KmsMasterKeyId": arn()}},
    },
    ("dynamodb", REGION): {"GetItem": {"Item": PAGE}, "Query": {"Items": []}},
    ("kms", REGION): {
        "DescribeKey": by_key,
        "ListAliases": aliases(),
        "ListKeys": {"Keys": []},
        "DescribeCustomKeyStores": {"CustomKeyStores": []},
        "GetKeyLastUsage": ABSENT,
    },
    ("kms", ELSEWHERE): {"DescribeKey": ABSENT},
}
PARTS = StackParts(
    rules={"failures": ALL_READS},
    queue_url=f"{URL}intake",
    dead_letter_urls=(f"{URL}dead", f"{URL}undelivered"),
    health_topic_arn=f"{TOPIC}health",
    deployment="a",
)


@dataclass
class Clinic:
    """A healthy deployment, of which a test breaks one part."""

    services: Any

    def lines(self):
        return {line["id"]: line for line in doctor.run_checks(self.services)["lines"]}

    def ill(self):
        return {
            name: line["status"] for name, line in self.lines().items() if line["status"] != "pass"
        }


def clinic(broken=None, parts=PARTS, **settings):
    """Return a clinic; ``broken`` maps (service, operation) to what it answers instead; a third element names a Region."""
    answers = {place: dict(scripted) for place, scripted in HEALTHY.items()}
    for (service, operation, *region), said in (broken or {}).items():
        answers[service, region[0] if region else REGION][operation] = said
    clients = {place: Scripted(*place, scripted).client for place, scripted in answers.items()}
    chosen = Settings(
        table="incidents",
        topic_arn=f"{TOPIC}alerts",
        own_role_arn=ROLE,
        region=REGION,
        account=ACCOUNT,
        function_name="KeyWatch",
        search_regions=(ELSEWHERE,),
        parts=parts,
    )
    chosen = replace(chosen, **settings)
    logger = logging.getLogger("keywatch.tests")
    return Clinic(
        build(chosen, lambda service, region: clients[service, region], logger, now=lambda: NOW)
    )


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch):
    monkeypatch.setattr(doctor, "WORKERS", 1)  # a Stubber serves one thread


def test_a_healthy_deployment_passes_every_line():
    # GIVEN a deployment with nothing wrong
    found = doctor.run_checks(clinic().services)
    # THEN every line passes, and says why it is there
    assert found["status"] == "pass"
    assert found["counts"] == {"pass": len(found["lines"]), "warn": 0, "fail": 0}
    assert all(line["why"] and line["says"] and line["command"] is None for line in found["lines"])
    assert len({line["id"] for line in found["lines"]}) == len(found["lines"]) >= 20


NO_RULE = Fails("ResourceNotFoundException", "Rule failures does not exist")
FAILURES = {
    "no trail that logs": ("trail", {("cloudtrail", "GetTrailStatus"): {"IsLogging": False}}),
    "trail of writes": (
        "management_reads",
        {("cloudtrail", "GetEventSelectors"): basic(ReadWriteType="WriteOnly")},
    ),
    "trail of data events": (
        "management_reads",
        {("cloudtrail", "GetEventSelectors"): basic(IncludeManagementEvents=False)},
    ),
    "advanced selector of writes": (
        "management_reads",
        {("cloudtrail", "GetEventSelectors"): advanced({"Field": "readOnly", "Equals": ["false"]})},
    ),
    "KMS excluded": (
        "kms_not_excluded",
        {
            ("cloudtrail", "GetEventSelectors"): basic(
                ExcludeManagementEventSources=["kms.amazonaws.com"]
            )
        },
    ),
    "KMS excluded by an advanced selector": (
        "kms_not_excluded",
        {
            ("cloudtrail", "GetEventSelectors"): advanced(
                {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]}
            )
        },
    ),
    "only another service selected": (
        "kms_not_excluded",
        {
            ("cloudtrail", "GetEventSelectors"): advanced(
                {"Field": "eventSource", "Equals": ["s3.amazonaws.com"]}
            )
        },
    ),
    "rule without reads": ("rules", {("events", "DescribeRule"): {"State": "ENABLED"}}),
    "rule disabled": ("rules", {("events", "DescribeRule"): {"State": "DISABLED"}}),
    "rule gone": ("rules", {("events", "DescribeRule"): NO_RULE}),
    "rule without its target": (
        "rules",
        {("events", "ListTargetsByRule"): {"Targets": [{"Id": "Other", "Arn": f"{QUEUE_ARN}-2"}]}},
    ),
    "mapping disabled": (
        "intake",
        {
            ("lambda", "ListEventSourceMappings"): {
                "EventSourceMappings": [{"UUID": UUID, "State": "Disabled"}]
            }
        },
    ),
    "mapping gone": (
        "intake",
        {("lambda", "ListEventSourceMappings"): {"EventSourceMappings": []}},
    ),
    "queue stuck": (
        "queue",
        {("cloudwatch", "GetMetricStatistics"): {"Datapoints": [{"Maximum": 1800.0}]}},
    ),
    "dead letters": ("dead_letters", {("sqs", "GetQueueAttributes"): by_queue(dead=3)}),
    "undelivered": ("dead_letters", {("sqs", "GetQueueAttributes"): by_queue(undelivered=1)}),
    "nobody subscribed": (
        "alert_subscriptions",
        {("sns", "ListSubscriptionsByTopic"): by_topic(alerts=subscribed())},
    ),
    "nobody confirmed": (
        "alert_subscriptions",
        {
            ("sns", "ListSubscriptionsByTopic"): by_topic(
                alerts=subscribed(pending=["oncall@example.com"])
            )
        },
    ),
    "topic key disabled": (
        "alert_topic_key",
        {
            ("kms", "DescribeKey"): lambda params: (
                ABSENT if params["KeyId"] == NOBODYS_KEY else key("Disabled")
            )
        },
    ),
    "topic key gone": ("alert_topic_key", {("kms", "DescribeKey"): ABSENT}),
    "table down": (
        "table",
        {("dynamodb", "Query"): Fails("ResourceNotFoundException", "no such table")},
    ),
    "log group lost its subscription": (
        "log_subscriptions",
        {("logs", "DescribeSubscriptionFilters"): {"subscriptionFilters": []}},
    ),
    "log group gone": (
        "log_subscriptions",
        {
            ("logs", "DescribeSubscriptionFilters"): Fails(
                "ResourceNotFoundException", "The specified log group does not exist."
            )
        },
    ),
    "account policy gone": (
        "log_subscriptions",
        {
            ("lambda", "GetPolicy"): policy("*"),
            ("logs", "DescribeAccountPolicies"): {"accountPolicies": []},
        },
    ),
    "clock stands still": (
        "clock",
        {("dynamodb", "GetItem"): {"Item": PAGE | {"clock_at": number(NOW - timedelta(hours=1))}}},
    ),
    "canary lost": (
        "canary",
        {
            ("dynamodb", "GetItem"): {
                "Item": PAGE | {"canary_returned": number(NOW - timedelta(hours=4))}
            }
        },
    ),
    "canary never came back": (
        "canary",
        {
            ("dynamodb", "GetItem"): {
                "Item": {name: value for name, value in PAGE.items() if name != "canary_returned"}
            }
        },
    ),
    "DescribeKey denied": (
        "permission kms:DescribeKey",
        {
            ("kms", "DescribeKey"): lambda params: (
                DENIED if params["KeyId"] == NOBODYS_KEY else key()
            )
        },
    ),
    "ListAliases denied": ("permission kms:ListAliases", {("kms", "ListAliases"): DENIED}),
    "ListKeys denied": ("permission kms:ListKeys", {("kms", "ListKeys"): DENIED}),
    "DescribeCustomKeyStores denied": (
        "permission kms:DescribeCustomKeyStores",
        {("kms", "DescribeCustomKeyStores"): DENIED},
    ),
    "GetKeyLastUsage denied": (
        "permission kms:GetKeyLastUsage",
        {("kms", "GetKeyLastUsage"): DENIED},
    ),
    "LookupEvents denied": (
        "permission cloudtrail:LookupEvents",
        {("cloudtrail", "LookupEvents"): DENIED},
    ),
    "other Region denied": (
        f"search_region {ELSEWHERE}",
        {("kms", "DescribeKey", ELSEWHERE): DENIED},
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_each_line_fails_alone(name):
    # GIVEN a deployment with one thing wrong
    line, broken = FAILURES[name]
    on = clinic(broken)
    # WHEN it is examined
    lines = on.lines()
    # THEN that line fails, with what mends it, and no other does
    assert [found for found, told in lines.items() if told["status"] == "fail"] == [line]
    assert lines[line]["command"]


def test_every_line_was_made_to_fail():
    # GIVEN the lines that there are; health subscriptions only ever warn
    assert {line for line, _ in FAILURES.values()} == clinic().lines().keys() - {
        "health_subscriptions"
    }


def test_an_account_without_any_trail_fails_once_and_learns_how_to_get_one():
    lines = clinic({("cloudtrail", "DescribeTrails"): {"trailList": []}}).lines()
    assert [name for name, line in lines.items() if line["status"] == "fail"] == ["trail"]
    assert "create_trail" in lines["trail"]["command"]


def test_one_good_trail_is_enough():
    # GIVEN two trails, one of which is stopped and leaves KMS out
    other = f"{TRAIL}-2"
    trails = {"trailList": [{"TrailARN": TRAIL}, {"TrailARN": other}]}
    on = clinic(
        {
            ("cloudtrail", "DescribeTrails"): trails,
            ("cloudtrail", "GetTrailStatus"): lambda params: {"IsLogging": params["Name"] == other},
            ("cloudtrail", "GetEventSelectors"): lambda params: (
                basic()
                if params["TrailName"] == other
                else basic(ExcludeManagementEventSources=["kms.amazonaws.com"])
            ),
        }
    )
    assert on.ill() == {}


ORGANISATION = f"arn:aws:cloudtrail:{REGION}:999988887777:trail/organisation"


def two_trails(own=True, hidden=("GetTrailStatus", "GetEventSelectors"), logs=True):
    """Return answers about a trail of the account (``own``) and one of the organisation, where calls in ``hidden`` are denied."""
    trails = [{"TrailARN": ORGANISATION, "IsOrganizationTrail": True}]
    trails += [{"TrailARN": TRAIL}] if own else []

    def told(call, answer):
        return lambda params: (
            DENIED if call in hidden and ORGANISATION in params.values() else answer
        )

    return {
        ("cloudtrail", "DescribeTrails"): {"trailList": trails},
        ("cloudtrail", "GetTrailStatus"): told("GetTrailStatus", {"IsLogging": logs}),
        ("cloudtrail", "GetEventSelectors"): told("GetEventSelectors", basic()),
    }


@pytest.mark.parametrize(
    "hidden", [("GetTrailStatus",), ("GetEventSelectors",), ("GetTrailStatus", "GetEventSelectors")]
)
def test_a_trail_that_may_not_be_looked_at_spoils_no_line_where_another_is_in_order(hidden):
    assert clinic(two_trails(hidden=hidden)).ill() == {}


def test_an_organisation_trail_that_may_not_be_looked_at_is_no_failure_by_itself():
    # GIVEN a member account whose only trail is the organisation's, and closed to it
    lines = clinic(two_trails(own=False)).lines()
    # THEN nothing is claimed, and nothing offered that this account cannot do
    for name in ("trail", "management_reads", "kms_not_excluded"):
        assert lines[name]["status"] == "warn"
        assert ORGANISATION in lines[name]["says"]
        assert "start-logging" not in lines[name]["command"]
        assert "put-event-selectors" not in lines[name]["command"]


def test_a_trail_of_another_account_is_not_offered_to_be_started():
    # GIVEN an organisation trail that may be looked at, and does not log
    line = clinic(two_trails(own=False, hidden=(), logs=False)).lines()["trail"]
    # THEN it is said whose it is
    assert line["status"] == "fail"
    assert "999988887777" in line["says"]
    assert "start-logging" not in line["command"]


def test_the_selectors_of_a_trail_are_mended_by_a_command_that_names_it():
    broken = {("cloudtrail", "GetEventSelectors"): basic(ReadWriteType="WriteOnly")}
    command = clinic(broken).lines()["management_reads"]["command"]
    assert f"put-event-selectors --trail-name {TRAIL} " in command
    assert '\'[{"ReadWriteType":"All"' in command


CHANNELS = {"channel_targets": {"chat": f"{TOPIC}chat"}, "fallback_topic_arn": f"{TOPIC}fallback"}


def test_each_channel_has_lines_of_its_own():
    assert clinic(**CHANNELS).ill() == {}
    assert clinic(**CHANNELS).lines().keys() >= {
        *("chat_subscriptions", "fallback_subscriptions"),
        *("chat_topic_key", "fallback_topic_key"),
    }


@pytest.mark.parametrize("name", ["chat", "fallback", "alerts"])
def test_a_topic_that_nobody_listens_to_is_named_however_many_listen_to_the_others(name):
    # GIVEN a deployment with chat and a fallback topic, one of which has no reader
    nobody = {("sns", "ListSubscriptionsByTopic"): by_topic(**{name: subscribed()})}
    lines = clinic(nobody, **CHANNELS).lines()
    # THEN that one's line says so; the alert topic itself may be empty where a channel has readers
    if name == "alerts":
        assert lines["alert_subscriptions"]["says"].endswith("Alerts go out by chat.")
    else:
        assert [line for line, told in lines.items() if told["status"] == "fail"] == [
            f"{name}_subscriptions"
        ]
        assert f"{TOPIC}{name}" in lines[f"{name}_subscriptions"]["command"]


def test_a_chat_topic_with_a_broken_key_is_named():
    # GIVEN a chat topic with a key of its own, which is disabled
    topic = {
        ("sns", "GetTopicAttributes"): lambda params: {
            "Attributes": {"KmsMasterKeyId": arn()} if params["TopicArn"].endswith("chat") else {}
        },
        ("kms", "DescribeKey"): lambda params: (
            ABSENT if params["KeyId"] == NOBODYS_KEY else key("Disabled")
        ),
    }
    assert clinic(topic, **CHANNELS).ill() == {"chat_topic_key": "fail"}


@pytest.mark.parametrize(
    "selectors",
    [
        advanced(),
        advanced({"Field": "eventSource", "Equals": ["kms.amazonaws.com"]}),
        advanced({"Field": "readOnly", "Equals": ["true"]}),
        basic(ReadWriteType="ReadOnly"),
    ],
)
def test_selectors_that_show_failing_reads_of_kms_pass(selectors):
    assert clinic({("cloudtrail", "GetEventSelectors"): selectors}).ill() == {}


def test_a_selector_that_nobody_can_judge_is_a_warning():
    odd = advanced({"Field": "eventName", "NotEquals": ["Decrypt"]})
    assert clinic({("cloudtrail", "GetEventSelectors"): odd}).ill() == {"kms_not_excluded": "warn"}


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        (
            {("sns", "ListSubscriptionsByTopic"): by_topic(health=subscribed())},
            "health_subscriptions",
        ),
        (
            {
                ("sns", "ListSubscriptionsByTopic"): by_topic(
                    alerts=subscribed("a@b.example", pending=["c@d.example"])
                )
            },
            None,
        ),
        ({("events", "DescribeRule"): Fails("AccessDeniedException", "no")}, "rules"),
        ({("sqs", "GetQueueAttributes"): Fails("AccessDenied", "no")}, None),
        (
            {("kms", "ListKeys"): Fails("ThrottlingException", "Rate exceeded")},
            "permission kms:ListKeys",
        ),
    ],
    ids=[
        "no health readers",
        "one not confirmed",
        "rule may not be seen",
        "queues may not be seen",
        "throttled",
    ],
)
def test_what_could_not_be_told_or_is_only_half_wrong_is_a_warning(broken, line):
    ill = clinic(broken).ill()
    assert set(ill.values()) == {"warn"}
    assert line is None or list(ill) == [line]


def test_a_trail_that_records_denials_only_is_told_from_a_blind_keywatch():
    # GIVEN an account where the denied call comes back every hour, and the call of a missing alias never did
    page = {name: value for name, value in PAGE.items() if name != "canary_missing_returned"}
    line = clinic({("dynamodb", "GetItem"): {"Item": page}}).lines()["canary"]
    # THEN the doctor does not call KeyWatch blind; it says through what missing keys are seen, and what to set
    assert line["status"] == "warn"
    assert "calls of keys that do not exist do not" in line["says"]
    assert "log_groups" in line["command"]


def test_in_the_first_hours_a_call_that_is_not_back_yet_is_no_warning():
    page = {name: value for name, value in PAGE.items() if name != "canary_missing_returned"}
    page |= {"since": number(NOW - timedelta(hours=1))}
    assert clinic({("dynamodb", "GetItem"): {"Item": page}}).ill() == {}


def test_an_account_that_records_missing_keys_only_is_all_right():
    page = {name: value for name, value in PAGE.items() if name != "canary_denied_returned"}
    assert clinic({("dynamodb", "GetItem"): {"Item": page}}).ill() == {}


def test_before_the_first_canary_can_be_back_its_line_only_warns():
    page = {"clock_at": number(NOW), "since": number(NOW - timedelta(minutes=3))}
    assert clinic({("dynamodb", "GetItem"): {"Item": page}}).ill() == {"canary": "warn"}


def test_without_log_groups_there_is_nothing_to_subscribe():
    assert (
        clinic({("lambda", "GetPolicy"): Fails("ResourceNotFoundException", "no policy")}).ill()
        == {}
    )


def test_a_function_without_a_stack_around_it_is_not_called_healthy():
    ill = clinic(parts=StackParts()).ill()
    assert ill == dict.fromkeys(
        ["rules", "intake", "queue", "dead_letters", "health_subscriptions"], "warn"
    )


def test_the_result_is_in_the_metrics_and_in_the_log(caplog):
    # GIVEN a deployment with one thing wrong
    on = clinic({("events", "DescribeRule"): {"State": "DISABLED"}})
    # WHEN it is asked by hand
    with caplog.at_level(logging.INFO):
        found = doctor.doctor(on.services)
    # THEN metrics and log tell
    assert found["schema"] == "keywatch.doctor/1"
    assert found["status"] == "fail"
    counts = on.services.counts.drain()
    assert (counts["DoctorFailed"], counts["DoctorWarned"]) == (1, 0)
    assert any("fail rules" in record.getMessage() for record in caplog.records)


def test_a_bad_request_is_answered_with_the_field_that_is_wrong():
    on = clinic()
    problem = answer(
        {"action": "doctor", "verbose": True}, None, lambda: Runtime(on.services, Metrics())
    )["error"]
    assert problem["code"] == "invalid_request"
    assert list(problem["fields"]) == ["verbose"]


def test_an_unknown_action_is_answered_with_the_known_ones():
    problem = answer({"action": "chekc"}, None, clinic)["error"]
    assert problem["fields"] == {"action": "unknown"}
    assert all(action in problem["message"] for action in ("check", "explain", "sweep", "doctor"))
