"""What depends on a key: seen in CloudTrail, grants and AWS Config; nothing secret is told, and every blind spot is named."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.__main__ import main
from keywatch.actions.action import CANNOT_TELL, NO, YES
from keywatch.actions.uses.action import ACTION
from keywatch.actions.uses.run import NOT_OPTED_IN, uses
from keywatch.lookups.kms import Lookups
from keywatch.lookups.uses import MOST_GRANTS, expression
from keywatch.sources.uses import uses_in
from tests.unit.actions.support import (
    ACCOUNT,
    KEY_ID,
    NOW,
    REGION,
    ROLE,
    Fails,
    Scripted,
    aliases,
    arn,
    desk,
    key,
    usage,
)
from tests.unit.sources.records import harmless

APP = f"arn:aws:iam::{ACCOUNT}:role/payments"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf"


def _call(operation="Decrypt", who=APP, minutes=5, context=None, **fields):
    issuer = {"type": "Role", "arn": who, "accountId": ACCOUNT}
    record = {
        "eventSource": "kms.amazonaws.com",
        "eventName": operation,
        "eventTime": (NOW - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "userIdentity": {
            "type": "AssumedRole",
            "arn": f"{who}/x",
            "accountId": ACCOUNT,
            "sessionContext": {"sessionIssuer": issuer},
        },
        "requestParameters": {"keyId": arn(), "encryptionContext": context},
    }
    return {"EventId": "e", "CloudTrailEvent": json.dumps(record | fields)}


def _resource(kind, name):
    fields = {"resourceType": kind, "resourceName": name, "accountId": ACCOUNT, "awsRegion": REGION}
    return json.dumps(fields)


def _asked(events=(), grants=(), resources=(), *, opted_in=True, aggregator="", more=None, **kms):
    """What ``uses`` answers in an account with these things; and what AWS was asked."""
    listed = {"Grants": [{"GranteePrincipal": g, "Operations": ["Decrypt"]} for g in grants]}
    answers = {
        "DescribeKey": key(),
        "ListAliases": aliases(payments=KEY_ID),
        "GetKeyLastUsage": usage(),
    }
    found = {"Results": list(resources)}
    at = desk(answers | {"ListGrants": listed} | kms)
    trail = Scripted(
        "cloudtrail", REGION, {"LookupEvents": {"Events": list(events)}, **(more or {})}
    )
    config = Scripted(
        "config",
        REGION,
        {"SelectResourceConfig": found, "SelectAggregateResourceConfig": found, **(more or {})},
    )

    def client(service, region):
        made = {"kms": at.kms[region], "cloudtrail": trail, "config": config}
        return made[service].client

    settings = replace(at.services.settings, dependents=opted_in, config_aggregator=aggregator)
    lookups = Lookups(client, lambda: NOW)
    accounts = type("Own", (), {"look_ups": lambda self, account: lookups})()
    services = replace(at.services, settings=settings, lookups=lookups, accounts=accounts)
    answer = uses({"key_id": "alias/payments", "region": None}, services)
    return answer, config.calls


def test_callers_contexts_grants_and_resources_are_told_with_a_summary():
    # GIVEN a key that two roles use, with grants, and resources in AWS Config
    other = f"arn:aws:iam::{ACCOUNT}:role/batch"
    events = [
        _call(context={"SecretARN": SECRET}),
        _call("GenerateDataKey", minutes=20),
        _call(who=other, minutes=90, errorCode="AccessDenied"),
        _call("DescribeKey", who=other),
        _call(who=ROLE),
    ]
    resources = [_resource("AWS::SecretsManager::Secret", f"s{n}") for n in range(12)]
    resources += [_resource("AWS::EC2::Volume", f"v{n}") for n in range(4)]
    # WHEN it is asked for
    answer, _ = _asked(events, ["rds.amazonaws.com", "rds.amazonaws.com", APP], resources)
    # THEN each is told, counted, the most frequent first; what only looks, and KeyWatch itself, is no use
    assert [(c["name"], c["calls"], c["failed"]) for c in answer["callers"]] == [
        (APP, 2, 0),
        (other, 1, 1),
    ]
    assert answer["callers"][0]["operations"] == ["Decrypt", "GenerateDataKey"]
    assert answer["contexts"] == [{"context": f"SecretARN={SECRET}", "calls": 1}]
    assert answer["grants"]["holders"][0] == {"grantee": "rds.amazonaws.com", "grants": 2}
    assert [(r["type"], r["count"]) for r in answer["resources"]] == [
        ("AWS::SecretsManager::Secret", 12),
        ("AWS::EC2::Volume", 4),
    ]
    assert answer["summary"] == "used by 1 caller in the last hour; 12 secrets, 4 volumes; 3 grants"
    # AND every source is named
    assert [(s["name"], s["answered"]) for s in answer["sources"]] == [
        ("CloudTrail event history", True),
        ("ListAliases", True),
        ("GetKeyLastUsage", True),
        ("Grants", True),
        ("AWS Config", True),
    ]
    assert (answer["used"], answer["key"]["aliases"]) == (True, ["alias/payments"])
    assert ACTION.exit_code(answer) == YES


def test_nothing_seen_is_no_only_where_everything_was_seen():
    answer, _ = _asked()
    assert (answer["used"], ACTION.exit_code(answer)) == (False, NO)
    # WHEN one source cannot be looked at, that is said, and nothing is certain
    for refused in (
        {"ListGrants": Fails("AccessDeniedException")},
        {"GetKeyLastUsage": Fails("ThrottlingException")},
        {"opted_in": False},
        {"more": {"SelectResourceConfig": Fails("NoSuchConfigurationRecorderException")}},
        {"more": {"LookupEvents": Fails("AccessDeniedException")}},
        {"more": {"LookupEvents": {"Events": [], "NextToken": "x"}}},
    ):
        answer, _ = _asked(**refused)
        assert (answer["used"], ACTION.exit_code(answer)) == (None, CANNOT_TELL), refused
        assert len(answer["unknowns"]) > 2, refused


def test_without_the_setting_neither_grants_nor_config_are_asked():
    answer, calls = _asked([_call()], opted_in=False)
    assert NOT_OPTED_IN in answer["unknowns"]
    assert calls == []
    assert answer["used"] is True


def test_an_aggregator_is_asked_where_one_is_named():
    _, calls = _asked(aggregator="organisation")
    assert [name for name, _ in calls] == ["SelectAggregateResourceConfig"]
    assert calls[0][1]["ConfigurationAggregatorName"] == "organisation"


def test_a_key_that_is_not_there_cannot_be_told_of():
    answer, _ = _asked(DescribeKey=Fails("NotFoundException", f"Key '{arn()}' does not exist"))
    assert (answer["used"], answer["key"]) == (None, None)
    assert "DescribeKey absent" in answer["unknowns"][0]


def test_reading_is_bounded_and_what_is_left_is_said():
    # GIVEN endless pages
    grants = {"Grants": [{"GranteePrincipal": "x"}] * 100, "Truncated": True, "NextMarker": "m"}
    more = {
        "LookupEvents": {"Events": [_call()] * 50, "NextToken": "x"},
        "SelectResourceConfig": {"Results": [_resource("t", "n")] * 100, "NextToken": "x"},
    }
    # WHEN they are read
    answer, calls = _asked(ListGrants=grants, more=more)
    # THEN there is an end, and it is said that there is more
    assert answer["grants"]["count"] == MOST_GRANTS
    assert len(calls) == 5
    assert sum("there are more" in one for one in answer["unknowns"]) == 2
    assert any("Older calls were left unread" in one for one in answer["unknowns"])


HOSTILE = st.text(max_size=40) | st.sampled_from(
    ["hunter2-password", "AKIAIOSFODNN7EXAMPLE", "a@b.example", "\x1b[31m", "aws:x"]
)


@given(
    st.dictionaries(
        HOSTILE | st.sampled_from(["password", "aws:s3:arn", "SecretARN"]), HOSTILE, max_size=6
    )
)
def test_no_value_that_a_caller_chose_is_told(context):
    # GIVEN any encryption context
    records = [_call(context=context)["CloudTrailEvent"]]
    # WHEN the use is read
    (use,) = uses_in(records, ())
    # THEN it tells names in one clean line, and no value that names nothing of AWS
    assert harmless(use.context)
    for value in context.values():
        if value and not any(value in name for name in context):
            assert f"={value}" not in use.context or value in "(not shown)"


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_no_record_makes_the_reader_fail(record):
    list(uses_in([record if isinstance(record, str) else record.decode("latin-1"), None, "[]"], ()))


def test_names_that_are_none_never_get_into_the_query():
    facts = Lookups(lambda *_: desk({"DescribeKey": key()}).kms[REGION].client, lambda: NOW).key(
        KEY_ID, REGION
    )[0]
    query = expression(facts, ("alias/good", "alias/x' OR '1'='1"))
    assert "alias/good" in query
    assert "'1'='1" not in query
    assert len(query) < 4096  # Config API Reference: Expression


def test_a_person_sees_it(capsys):
    answer, _ = _asked(
        [_call(context={"SecretARN": SECRET})],
        ["rds.amazonaws.com"],
        [_resource("AWS::S3::Bucket", "b")],
    )
    assert main(["uses", "alias/payments"], lambda request: answer) == YES
    shown = capsys.readouterr().out
    assert "alias/payments (eu-west-1): in use" in shown
    for word in ("rds.amazonaws.com", "AWS::S3::Bucket", "SecretARN", "AWS Config: 1 resource"):
        assert word in shown


@pytest.mark.parametrize("value", [None, "", "  ", ["a"], 3])
def test_a_key_must_be_named(value):
    (field, _) = ACTION.fields
    assert not field.takes(value)
