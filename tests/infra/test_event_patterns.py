"""Which events the deployed rules let in, tested on the rules of the synthesized template."""

import json
from pathlib import Path

import pytest

from infra import event_patterns
from keywatch.catalogue.changes import RULE_CHANGES
from keywatch.catalogue.own import CANARY_ALIAS, CANARY_DENIED_CALL
from tests.infra import events
from tests.infra.event_bridge import matches
from tests.infra.synthesis import (
    EVERYTHING_OFF,
    EVERYTHING_ON,
    resolved,
    rule,
    template,
    templates,
    the_function,
)

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
RULES = (
    "FailureRule",
    "ServiceRule",
    "ChangeRule",
    "NativeRule",
    "VolumeRule",
    "ServiceTextRule",
    "NoticeRule",
)
ALL_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


def first_template(settings):
    return next(iter(templates(settings).values()))


def patterns(settings=EVERYTHING_OFF):
    return {name: rule(first_template(settings), name)["EventPattern"] for name in RULES}


def let_in_by(event, settings=EVERYTHING_OFF):
    return [name for name, pattern in patterns(settings).items() if matches(pattern, event)]


def test_rules_for_failures_see_read_only_calls_such_as_decrypt():
    # GIVEN the deployed rules
    states = {name: rule(template(EVERYTHING_OFF), name)["State"] for name in RULES}
    # THEN those for failing calls have the one state that shows read-only management events
    assert states == {
        "FailureRule": ALL_READS,
        "ServiceRule": ALL_READS,
        "ChangeRule": "ENABLED",
        "NativeRule": "ENABLED",
        "VolumeRule": "ENABLED",
        "ServiceTextRule": ALL_READS,
        "NoticeRule": "ENABLED",
    }


@pytest.mark.parametrize("identity", events.IDENTITIES)
def test_a_failing_decrypt_comes_in_whoever_called(identity):
    # GIVEN a failing Decrypt by any kind of caller, with a session issuer or without
    event = events.failing(identity=events.IDENTITIES[identity])
    # WHEN it meets the rules, THEN the failure rule alone lets it in
    assert let_in_by(event) == ["FailureRule"]


def test_keywatch_own_failing_look_ups_stay_out():
    # GIVEN a failing look-up by KeyWatch itself
    own = events.assumed_role(events.OWN_ROLE, session="KeyWatch-Function")
    # WHEN it comes back as an event, THEN no rule lets it in
    assert let_in_by(events.failing(identity=own, eventName="DescribeKey")) == []


def test_what_sns_refuses_the_function_stays_out():
    own = events.assumed_role(events.OWN_ROLE, session="KeyWatch-Function")
    refused = events.api_call(
        source="aws.sns", identity=own, eventSource="sns.amazonaws.com", errorCode="KMSDisabled"
    )
    assert let_in_by(refused) == []


@pytest.mark.parametrize(
    "name",
    [
        "KeyWatch-function-evil",
        "KeyWatch-function-us-east-1",  # another Region's, whose look-ups here the function leaves out
        "KeyWatch-function-eu-west-1x",
        "KeyWatch-function-",
        "path/KeyWatch-function-eu-west-1",
    ],
)
def test_nobody_hides_behind_a_name_like_that_of_the_function(name):
    # GIVEN failing calls of a role that somebody named so as to pass for KeyWatch
    posing = events.assumed_role(f"arn:aws:iam::{events.ACCOUNT}:role/{name}")
    # WHEN THEN the rules let them in like anybody's, the canary's alias included
    assert let_in_by(events.failing(identity=posing)) == ["FailureRule"]
    disguised = events.failing(identity=posing, requestParameters={"keyId": CANARY_ALIAS})
    assert let_in_by(disguised) == ["FailureRule"]


CANARY_ERROR = f"Alias arn:aws:kms:{events.REGION}:{events.ACCOUNT}:{CANARY_ALIAS} is not found."


@pytest.mark.parametrize(
    "recorded",
    [
        {"requestParameters": {"keyId": CANARY_ALIAS}, "errorMessage": CANARY_ERROR},
        {"requestParameters": {"keyId": CANARY_ALIAS}, "errorMessage": None},
        {"requestParameters": None, "errorMessage": CANARY_ERROR},
    ],
    ids=["in full", "without an error text", "without requestParameters"],
)
def test_the_canary_comes_in_however_it_is_recorded(recorded):
    # GIVEN the one call of KeyWatch itself that has to come back
    own = events.assumed_role(events.OWN_ROLE, session="KeyWatch-Function")
    # WHEN CloudTrail records it in full or in part, THEN the failure rule lets it in
    assert let_in_by(events.failing(identity=own, eventName="DescribeKey", **recorded)) == [
        "FailureRule"
    ]


def test_the_denied_canary_comes_in():
    own = events.assumed_role(events.OWN_ROLE, session="KeyWatch-Function")
    denied = events.failing(
        identity=own, eventName=CANARY_DENIED_CALL, errorCode="AccessDenied", requestParameters=None
    )
    assert let_in_by(denied) == ["FailureRule"]


@pytest.mark.parametrize(
    "alias",
    [f"{CANARY_ALIAS}-2", CANARY_ALIAS.removesuffix("s"), "alias/payments"],
    ids=["longer", "shorter", "other"],
)
def test_other_look_ups_of_keywatch_stay_out_however_much_they_resemble_the_canary(alias):
    own = events.assumed_role(events.OWN_ROLE, session="KeyWatch-Function")
    error = f"Alias arn:aws:kms:{events.REGION}:{events.ACCOUNT}:{alias} is not found."
    request = {"keyId": alias}
    assert (
        let_in_by(events.failing(identity=own, requestParameters=request, errorMessage=error)) == []
    )
    assert let_in_by(events.failing(identity=own, requestParameters=None, errorMessage=error)) == []


def test_the_role_that_the_rules_leave_out_is_the_one_that_the_function_has():
    # GIVEN the template
    of = template(EVERYTHING_OFF)
    # WHEN the name of the function's role is resolved
    role = the_function(of)["Role"]["Fn::GetAtt"][0]
    name = resolved(of["Resources"][role]["Properties"]["RoleName"])
    # THEN it is the role in the events above
    assert f"arn:aws:iam::{events.ACCOUNT}:role/{name}" == events.OWN_ROLE


@pytest.mark.parametrize(
    "code",
    [
        "AccessDenied",
        "AccessDeniedException",
        "DisabledException",
        "KMSInvalidStateException",
        "KeyUnavailableException",
    ],
)
def test_every_error_code_of_kms_comes_in(code):
    assert let_in_by(
        events.failing(errorCode=code, errorMessage=None, requestParameters=None, resources=None)
    ) == ["FailureRule"]


def test_successful_calls_stay_out():
    # GIVEN calls that worked: they are nearly all KMS calls there are
    assert let_in_by(events.api_call()) == []
    assert let_in_by(events.api_call(eventName="DescribeKey")) == []
    assert let_in_by(events.api_call(eventName="TagResource", readOnly=False)) == []


@pytest.mark.parametrize("name", RULE_CHANGES)
def test_a_change_comes_in_when_it_worked_and_is_a_failure_when_it_did_not(name):
    assert let_in_by(events.api_call(eventName=name, readOnly=False)) == ["ChangeRule"]
    assert let_in_by(events.failing(eventName=name, readOnly=False)) == ["FailureRule"]


@pytest.mark.parametrize("name", ["DeleteKey", "DeleteExpiredKeyMaterial"])
def test_what_kms_deletes_by_itself_comes_in(name):
    assert let_in_by(events.service_event(name)) == ["ChangeRule"]


def test_routine_service_events_stay_out():
    assert let_in_by(events.service_event("RotateKey")) == []


@pytest.mark.parametrize(
    "detail_type", ["KMS CMK Deletion", "KMS Imported Key Material Expiration"]
)
def test_native_events_come_in(detail_type):
    assert let_in_by(events.native(detail_type)) == ["NativeRule"]


def test_a_rotation_stays_out():
    assert let_in_by(events.native("KMS CMK Rotation")) == []


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("s3", "KMS.NotFoundException"),
        ("s3", "KMS.DisabledException"),
        ("s3", "KMS.KMSInvalidStateException"),
        ("sqs", "KMS.AccessDeniedException"),
        ("sqs", "KmsNotFound"),
        ("sns", "KMSNotFound"),
        ("kinesis", "KMSNotFoundException"),
        ("firehose", "InvalidKMSResourceException"),
        ("lambda", "KMSDisabledException"),
        ("rds", "KMSKeyNotAccessibleFault"),
        ("ssm", "InvalidKeyId"),
        ("secretsmanager", "DecryptionFailure"),
        ("cloudtrail", "KmsKeyNotFoundException"),
        ("cloudtrail", "InvalidKmsKeyIdException"),
        ("dms", "KMSNotFoundFault"),
        ("states", "KmsInvalidStateException"),
        ("codecommit", "EncryptionKeyDisabledException"),
        ("elasticache", "InvalidKMSKeyFault"),
        ("route53", "InvalidKMSArn"),
        ("fsx", "InvalidDestinationKmsKey"),
        ("quicksight", "CustomerManagedKeyUnavailableException"),
        ("config", "InvalidS3KmsKeyArnException"),
    ],
)
def test_failing_calls_of_other_services_come_in_when_their_code_speaks_of_a_key(service, code):
    event = events.api_call(
        source=f"aws.{service}",
        eventSource=f"{service}.amazonaws.com",
        eventName="AnyCall",
        errorCode=code,
    )
    assert let_in_by(event) == ["ServiceRule"]


@pytest.mark.parametrize(
    "code",
    [
        "AccessDenied",
        "NoSuchKey",
        "InvalidKeyPair.NotFound",
        "ResourceNotFoundException",
        "ThrottlingException",
    ],
)
def test_failing_calls_of_other_services_stay_out_when_their_code_speaks_of_something_else(code):
    event = events.api_call(
        source="aws.s3", eventSource="s3.amazonaws.com", eventName="AnyCall", errorCode=code
    )
    assert let_in_by(event) == []


def test_nobody_but_aws_can_speak_for_a_service():
    # GIVEN an application that puts a forged record on the bus, under a source that it may use
    forged = events.api_call(
        source="my.application", eventSource="s3.amazonaws.com", errorCode="KMS.NotFoundException"
    )
    # THEN it stays out
    assert let_in_by(forged) == []
    assert let_in_by(events.failing(source="my.application")) == []


def test_a_volume_that_failed_for_its_key_comes_in():
    assert let_in_by(events.volume()) == ["VolumeRule"]


def test_volumes_that_worked_stay_out():
    assert let_in_by(events.volume(result="available", cause="")) == []


def test_private_sources_are_accepted_everywhere_when_set_and_nowhere_else():
    # GIVEN one event for each rule, replayed under a private source
    replayed = [
        events.failing(source="keywatch.replay"),
        events.api_call(
            source="keywatch.replay",
            eventSource="s3.amazonaws.com",
            errorCode="KMS.NotFoundException",
        ),
        events.api_call(source="keywatch.replay", eventName="DisableKey"),
        {**events.native("KMS CMK Deletion"), "source": "keywatch.replay"},
        {**events.volume(), "source": "keywatch.replay"},
        events.api_call(
            source="keywatch.replay",
            eventSource="backup.amazonaws.com",
            errorCode="AccessDeniedException",
            errorMessage="Access to the KMS key was denied",
        ),
        notice("keywatch.replay", {"EventID": "RDS-EVENT-0418"}),
    ]
    # WHEN THEN each goes where the original would go, and nowhere without the setting
    assert [let_in_by(event, EVERYTHING_ON) for event in replayed] == [[name] for name in RULES]
    assert [let_in_by(event, EVERYTHING_OFF) for event in replayed] == [[]] * 7


@pytest.mark.parametrize("partition", ["aws", "aws-us-gov", "aws-iso-b"])
def test_every_pattern_fits_the_quota(partition):
    # GIVEN the longest setting that is allowed
    sources = [character * 64 for character in "abcde"]
    role = f"arn:{partition}:iam::111122223333:role/KeyWatch-function-ap-southeast-2"
    own_roles = [role] * 2
    canary = event_patterns.Canary(
        CANARY_ALIAS,
        f"Alias arn:{partition}:kms:ap-southeast-2:111122223333:{CANARY_ALIAS} ",
        CANARY_DENIED_CALL,
    )
    all_patterns = [
        event_patterns.failures(own_roles, canary, sources),
        event_patterns.services([role], sources),
        event_patterns.changes(sources),
        event_patterns.native(sources),
        event_patterns.volumes(sources),
        event_patterns.service_texts([role], sources),
        event_patterns.notices(sources),
    ]
    # THEN no pattern is longer than EventBridge takes
    assert all(
        len(json.dumps(pattern)) <= event_patterns.MAX_PATTERN_LENGTH for pattern in all_patterns
    )


def notice(source, detail):
    return {"source": source, "detail-type": "whatever AWS calls it", "detail": detail}


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        ("aws.rds", {"EventID": "RDS-EVENT-0418"}),
        ("aws.rds", {"EventID": "RDS-EVENT-0420"}),
        ("aws.es", {"event": "KMS Key Inaccessible"}),
        ("aws.autoscaling", {"StatusMessage": "Client.InternalError: Client error on launch"}),
        (
            "aws.autoscaling",
            {"StatusMessage": "Client.InvalidKMSKey.InvalidState: The KMS key provided is …"},
        ),
    ],
)
def test_notices_of_services_that_lost_a_key_come_in(source, detail):
    assert let_in_by(notice(source, detail)) == ["NoticeRule"]


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        ("aws.rds", {"EventID": "RDS-EVENT-0006"}),
        ("aws.es", {"event": "Service Software Update"}),
        ("aws.autoscaling", {"StatusMessage": "Insufficient capacity"}),
        ("custom.app", {"EventID": "RDS-EVENT-0418"}),
    ],
)
def test_other_notices_stay_out(source, detail):
    assert let_in_by(notice(source, detail)) == []


@pytest.mark.parametrize(
    "message",
    [
        (
            "User: arn:aws:iam::111122223333:role/x is not authorized to perform: kms:Decrypt on resource: "
            "arn:aws:kms:eu-west-1:111122223333:key/1 because the resource does not exist in this Region"
        ),
        "The KMS key does not exist or is not enabled",
        "Access to KMS Key denied",
    ],
)
def test_a_message_about_a_key_comes_in_whatever_the_code(message):
    # GIVEN a service that says AccessDenied for everything
    event = events.api_call(
        source="aws.backup",
        eventSource="backup.amazonaws.com",
        errorCode="AccessDeniedException",
        errorMessage=message,
    )
    assert let_in_by(event) == ["ServiceTextRule"]


def test_messages_about_other_things_stay_out():
    event = events.api_call(
        source="aws.backup",
        eventSource="backup.amazonaws.com",
        errorCode="AccessDeniedException",
        errorMessage="User: x is not authorized to perform: s3:GetObject",
    )
    assert let_in_by(event) == []


@pytest.mark.parametrize("name", ["CreateGrant", "RetireGrant"])
def test_what_services_do_all_day_stays_out(name):
    assert let_in_by(events.api_call(eventName=name)) == []


@pytest.mark.skipif(not CORPUS.exists(), reason="the collected records are not part of a clone")
def test_collected_records_come_in_or_stay_out_as_labelled():
    # GIVEN collected CloudTrail records and events; a record says which source its event has
    rows = [json.loads(line) for line in (CORPUS / "events.jsonl").read_text().splitlines()]
    wanted = [row for row in rows if row["expect_match"]]
    # WHEN THEN every event about a key comes in, and hardly any other
    assert [row["id"] for row in wanted if not let_in_by(row["event"])] == []
    assert [row["id"] for row in rows if not row["expect_match"] and let_in_by(row["event"])] == []
