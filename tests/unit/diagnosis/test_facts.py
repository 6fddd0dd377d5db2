"""The facts of a case, under the names that commands take, and who is named for what."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keywatch.catalogue.causes.grammar import fits
from keywatch.catalogue.protected import PROTECTED_FACTS
from keywatch.diagnosis.diagnose import diagnose
from keywatch.model.evidence import NO_EVIDENCE, Evidence, FunctionFacts
from keywatch.model.signals import UNKNOWN, Caller
from keywatch.sources.resources import CONTEXT_RESOURCES
from tests.unit.cases import (
    ACCOUNT,
    ALIAS,
    APP,
    BOB,
    DENIED,
    KEY,
    KEY_ID,
    MRK,
    NOW,
    OTHER_ACCOUNT,
    REGION,
    STORE,
    absent,
    alias,
    arn,
    change,
    denied,
    failed,
    in_state,
    key,
    no_alias,
    no_key,
    seen,
    store,
)

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
ROLE, SESSION = f"arn:aws:iam::{ACCOUNT}:role", f"arn:aws:sts::{ACCOUNT}:assumed-role"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db/pw-AbCdEf"
STORE_SEEN = seen(operation="DescribeCustomKeyStores", asked=STORE)


def facts(failure, **evidence):
    return diagnose(failure, Evidence(own_account=ACCOUNT, **evidence), NOW).facts


def because(failure, **evidence):
    diagnosis = diagnose(failure, Evidence(own_account=ACCOUNT, **evidence), NOW)
    return "\n".join(map(str, diagnosis.because))


def test_a_fact_that_is_not_known_is_no_fact():
    # GIVEN a failure that tells hardly anything
    bare = replace(
        denied(None),
        account=None,
        region=None,
        operation=None,
        caller=Caller("unknown"),
        error_message=None,
        error_code=None,
    )
    # THEN there is no fact but the partition, and nothing that AWS is said to have answered
    assert facts(bare) == {"partition": "aws"}
    assert because(bare) == ""


@pytest.mark.parametrize(
    ("principal", "expected"), [(APP, APP), ("lambda.amazonaws.com", None), ("unknown", None)]
)
def test_only_the_arn_of_a_caller_is_a_principal(principal, expected):
    assert facts(replace(no_key(), caller=Caller(principal))).get("principal") == expected


def test_an_alias_that_only_the_subject_names_is_a_fact():
    assert facts(replace(no_alias(), identifier=None))["alias"] == ALIAS
    assert "alias" not in facts(replace(no_key(), identifier=None))


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (
            f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/shop/db:parameter/x",
            {"parameter": "/shop/db:parameter/x"},
        ),
        (f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/password", {"parameter": "password,/password"}),
        (
            "arn:aws:s3:::orders/2026/11/a:s3:::b.csv",
            {"bucket": "orders", "object": "2026/11/a:s3:::b.csv"},
        ),
        ("arn:aws-cn:s3:::orders", {"bucket": "orders"}),
        (SECRET, {"secret": SECRET}),
        ("cluster-ABC", {"cluster_id": "cluster-ABC"}),
        ("db-ABC", {"database_id": "db-ABC"}),
        ("vol-0abc", {"volume": "vol-0abc"}),
        ("snap-0abc", {"snapshot": "snap-0abc"}),
        (f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders", {"queue": "orders"}),
        ("something", {}),
    ],
)
def test_what_a_service_was_encrypting_is_named_as_its_own_commands_name_it(resource, expected):
    known = facts(replace(denied(), resource=resource))
    assert {name: known[name] for name in PROTECTED_FACTS if name in known} == expected


# What services name in the encryption context, as the KMS Developer Guide and their own guides show it.
IN_CONTEXT = {
    "aws:s3:arn": "arn:aws:s3:::orders/2026/a.csv",
    "aws:ebs:id": "vol-0123456789abcdef0",
    "SecretARN": SECRET,
    "PARAMETER_ARN": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/shop/db",
    "aws:lambda:FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders",
    "aws:rds:db-id": "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "aws:rds:dbc-id": "cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "aws:sqs:arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders",
    "aws:sns:topicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:orders",
    "aws:dynamodb:tableName": "orders",
    "aws:kinesis:arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/orders",
    "aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/orders",
    "aws:cloudtrail:arn": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/orders",
    "aws:elasticfilesystem:filesystem:id": "fs-0123456789abcdef0",
    "aws:redshift:arn": f"arn:aws:redshift:{REGION}:{ACCOUNT}:cluster:orders",
    "aws:ecr:arn": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/orders",
    "aws:backup:backup-vault": "orders",
    "aws:fsx:fs-id": "fs-0123456789abcdef0",
}
CALLS_AS = {"dynamodb", "elasticfilesystem", "backup", "fsx"}


@pytest.mark.parametrize("context", CONTEXT_RESOURCES)
def test_whatever_a_service_was_encrypting_has_a_command_that_tells_its_key(context):
    # GIVEN the ambiguous denial of a service's call; most services tell by the resource what it is
    service = context.split(":")[1] if ":" in context else ""
    caller = Caller(APP, service=f"{service}.amazonaws.com" if service in CALLS_AS else None)
    failure = replace(denied(None), resource=IN_CONTEXT[context], caller=caller)
    diagnosis = diagnose(failure, Evidence(own_account=ACCOUNT), NOW)
    # THEN a step of that service is offered, filled in, in the Region of the call
    commands = [step.command for step in diagnosis.remedies if step.command]
    of_service = [
        one
        for one in commands
        if not one.startswith(("aws kms", "aws iam", "aws cloudtrail lookup"))
    ]
    assert of_service
    assert all(f"--region {REGION}" in one for one in of_service)


def test_a_service_that_names_its_resources_by_their_names_alone_tells_what_they_are():
    called = Caller(APP, service="dynamodb.amazonaws.com")
    assert facts(replace(denied(), resource="orders", caller=called))["table"] == "orders"
    answered = replace(denied(), resource="orders/db", service="secretsmanager.amazonaws.com")
    assert facts(answered)["secret"] == "orders/db"


def test_an_object_that_is_being_written_has_no_key_yet():
    written = denied(operation="GenerateDataKey")
    written = replace(written, resource="arn:aws:s3:::b/o", error_message=None)
    assert "object" not in facts(written)
    assert facts(written)["bucket"] == "b"


@pytest.mark.parametrize(
    ("message", "operation", "action"),
    [
        (DENIED, "GetObject", "Decrypt"),
        (DENIED.replace("kms:Decrypt", "kms:ReEncryptTo"), "ReEncrypt", "ReEncryptTo"),
        ("Access to KMS is not allowed", "ReEncrypt", "ReEncryptFrom"),
        ("Access to KMS is not allowed", "GetSecretValue", None),
        ("not authorized to perform: kms:MadeUp", "PutObject", None),
    ],
)
def test_the_permission_that_was_missing_is_one_of_kms(message, operation, action):
    failure = replace(denied(), error_message=message, operation=operation)
    assert facts(failure).get("operation") == action


@pytest.mark.parametrize(
    ("caller", "service", "denied_user", "expected"),
    [
        (f"{ROLE}/service-role/fn", "kms", f"{SESSION}/fn/fn", f"{ROLE}/service-role/fn"),
        (f"{ROLE}/somebody", "lambda", f"{SESSION}/fn/fn", f"{ROLE}/fn"),
        (f"{ROLE}/service-role/fn", "lambda", f"{SESSION}/fn/fn", f"{ROLE}/service-role/fn"),
        ("lambda.amazonaws.com", "kms", f"{SESSION}/fn/fn", f"{ROLE}/fn"),
        (BOB, "kms", f"arn:aws:sts::{ACCOUNT}:federated-user/x", BOB),
    ],
)
def test_who_was_denied_is_who_called_kms_with_the_path_where_it_is_known(
    caller, service, denied_user, expected
):
    message = DENIED.replace(APP, denied_user)
    failure = replace(denied(), caller=Caller(caller), error_message=message)
    failure = replace(failure, service=f"{service}.amazonaws.com")
    assert facts(failure)["principal"] == expected


@pytest.mark.parametrize(
    "principal",
    [
        f"arn:aws:iam::{ACCOUNT}:root",
        f"arn:aws:sts::{ACCOUNT}:federated-user/bob",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/app/session",
        f"{ROLE}/aws:ec2-infrastructure",
        f"{ROLE}/AWSReservedSSO_Admin_0123456789abcdef",
        f"{ROLE}/AWSServiceRoleForAutoScaling",
    ],
)
def test_whom_iam_cannot_simulate_stands_in_no_command(principal):
    assert not fits("principal", principal)


class TestKeyArn:
    """CloudTrail's history knows keys by their ARN only."""

    def of_id(self, **subject):
        failure = replace(denied(KEY_ID), key_arn=None)
        return facts(replace(failure, subject=replace(failure.subject, **subject))).get("key")

    def test_it_is_made_of_an_id_where_account_and_region_are_known(self):
        assert self.of_id() == KEY
        assert self.of_id(account=OTHER_ACCOUNT) == arn(account=OTHER_ACCOUNT)

    @pytest.mark.parametrize(
        "subject",
        [{"account": UNKNOWN}, {"region": ""}, {"kind": "caller"}, {"account": "the account"}],
    )
    def test_an_id_stays_an_id_where_they_are_not(self, subject):
        assert self.of_id(**subject) == KEY_ID

    def test_an_arn_that_was_typed_stays_as_typed(self):
        failure = replace(denied(arn(account=OTHER_ACCOUNT)), key_arn=None)
        assert facts(failure)["key"] == arn(account=OTHER_ACCOUNT)

    def test_where_no_key_was_named_there_is_none(self):
        assert "key" not in facts(denied(ALIAS))
        assert "key" not in facts(denied(None))

    def test_a_multi_region_key_is_known_by_its_id_as_well(self):
        assert facts(no_key(MRK))["multi_region_key"] == MRK
        assert "multi_region_key" not in facts(no_key())


def test_an_alias_that_points_to_the_key_is_the_name_that_people_know():
    named = facts(no_key(), key=key(), names=("alias/b", "alias/a"), lookup_results=(seen(),))
    assert named["known_as"] == "alias/a"
    assert "known_as" not in facts(no_key())


class TestWhatWasSeen:
    def test_an_alias_exists_only_where_a_look_up_said_so_or_not(self):
        assert facts(no_alias(), lookup_results=(seen(),))["alias_exists"] == "yes"
        assert facts(no_alias(), lookup_results=(absent(),))["alias_exists"] == "no"
        assert "alias_exists" not in facts(no_alias())
        assert "alias_exists" not in facts(no_key(), lookup_results=(absent(),))

    def test_a_replica_is_missing_where_a_usable_primary_names_none_here(self):
        def missing(state="Enabled", replicas=("us-east-1",), region="us-east-1"):
            primary = key(state, MRK, region, replicas=replicas)
            return facts(no_key(MRK), elsewhere=(primary,)).get("replica_is_missing")

        assert missing() == "yes"
        assert missing(replicas=("us-east-1", REGION)) == "no"
        assert missing(state="Disabled") == "no"
        # AND a replica is no primary: the first of the family is
        assert missing(replicas=("eu-north-1", "us-east-1")) == "no"
        assert missing(replicas=()) is None

    def test_the_state_of_the_store_is_told_where_it_was_seen(self):
        failure = failed("KMSInvalidStateException", f"{KEY} is unavailable.", KEY, key_store=STORE)
        assert facts(failure, store=store("FAILED"))["store_state"] == "FAILED"
        assert "store_state" not in facts(failure)

    def test_a_log_line_is_marked_as_a_report(self):
        assert facts(no_key(source="app_log"))["reported"] == "yes"
        assert "reported" not in facts(no_key())


class TestWhatWasSaid:
    def test_a_text_without_a_code_is_told_alone(self):
        failure = replace(no_key(), error_code=None)
        assert because(failure).startswith("error text: AWS answered Key '")

    def test_what_an_application_wrote_is_its_word_and_not_aws_s(self):
        failure = replace(no_key(source="app_log"), caller=Caller("/aws/lambda/orders"))
        said = because(failure)
        assert said.startswith("application /aws/lambda/orders: it says NotFoundException: Key '")
        assert "AWS answered" not in said


class TestWhoDidIt:
    @pytest.mark.parametrize(
        ("ago", "named"), [(HOUR, True), (HOUR + SECOND, False)], ids=["an hour", "longer"]
    )
    def test_a_cancelled_deletion_is_suspected_for_an_hour(self, ago, named):
        said = because(in_state("is disabled."), changes=(change("CancelKeyDeletion", ago),))
        assert ("CancelKeyDeletion" in said) is named

    @pytest.mark.parametrize(
        ("ago", "used", "named"),
        [
            (HOUR, True, True),
            (HOUR + SECOND, True, False),
            (300 * SECOND, False, True),
            (300 * SECOND + SECOND, False, False),
        ],
        ids=["an hour", "longer", "5 minutes, use unknown", "longer, use unknown"],
    )
    def test_a_moved_alias_is_suspected_for_an_hour_where_its_key_was_used_before(
        self, ago, used, named
    ):
        moved = change("UpdateAlias", ago, alias=ALIAS, target_key=KEY_ID)
        failure = failed("DisabledException", f"{KEY} is disabled.", ALIAS)
        seen_now = {"key": key("Disabled"), "lookup_results": (seen(),), "alias": alias()}
        last_used = moved.when - DAY if used else None
        said = because(failure, changes=(moved,), last_used=last_used, **seen_now)
        assert ("UpdateAlias" in said) is named

    @pytest.mark.parametrize(
        ("later", "named"),
        [(5 * SECOND, True), (-5 * SECOND, True), (6 * SECOND, False)],
    )
    def test_a_use_seconds_after_a_change_does_not_clear_who_made_it(self, later, named):
        disabled = change("DisableKey", DAY)
        said = because(
            in_state("is disabled."), changes=(disabled,), last_used=disabled.when + later
        )
        assert (f"{BOB} called DisableKey" in said) is named

    def test_a_change_after_the_call_is_named_where_a_look_up_sees_what_it_made(self):
        # GIVEN a key that was disabled two minutes after the call, which a look-up sees, or cannot
        late = change("DisableKey", timedelta(minutes=-2))
        failure = in_state("is disabled.")
        assert "DisableKey" in because(
            failure, changes=(late,), key=key("Disabled"), lookup_results=(seen(),)
        )
        assert "DisableKey" not in because(failure, changes=(late,))

    def test_a_store_that_was_disconnected_after_the_call_is_told_with_who_did_it(self):
        late = change("DisconnectCustomKeyStore", timedelta(minutes=-2))
        failure = failed("KMSInvalidStateException", f"{KEY} is unavailable.", KEY, key_store=STORE)
        assert "DisconnectCustomKeyStore" in because(
            failure, changes=(late,), store=store("DISCONNECTED"), lookup_results=(STORE_SEEN,)
        )
        assert "DisconnectCustomKeyStore" not in because(failure, changes=(late,))

    def test_who_scheduled_a_deletion_after_the_call_is_named_once_the_key_is_gone(self):
        changes = (
            change("ScheduleKeyDeletion", timedelta(minutes=-1)),
            change("DeleteKey", timedelta(minutes=-4), who="AWS KMS"),
        )
        assert "called ScheduleKeyDeletion" in because(no_key(), changes=changes)

    def test_a_store_is_not_blamed_for_what_a_key_was_used_for(self):
        # GIVEN a store that was updated, and a key that was used a day later
        updated = change("UpdateCustomKeyStore", 2 * DAY)
        text = "The external key store proxy did not respond to the request in the time allotted."
        failure = failed("KMSInvalidStateException", text, KEY, key_store=STORE)
        said = because(failure, changes=(updated,), last_used=updated.when + DAY)
        assert f"{BOB} called UpdateCustomKeyStore" in said


def test_a_role_as_old_as_the_last_change_was_given_its_grant():
    function = FunctionFacts("arn:aws:lambda:f", "arn:aws:iam::role/r", NOW, NOW)
    diagnosis = diagnose(denied(), replace(NO_EVIDENCE, function=function), NOW)
    assert diagnosis.cause == "missing_or_not_authorized"


@pytest.mark.parametrize(
    ("later", "named"), [(5 * SECOND, True), (6 * SECOND, False)], ids=["seconds", "longer"]
)
def test_a_use_of_the_key_seconds_after_a_move_does_not_clear_who_moved_the_alias(later, named):
    moved = change("UpdateAlias", HOUR, alias=ALIAS, target_key=KEY_ID)
    failure = failed("DisabledException", f"{KEY} is disabled.", ALIAS)
    said = because(
        failure,
        changes=(moved,),
        key=key("Disabled"),
        lookup_results=(seen(),),
        last_used=moved.when + later,
    )
    assert ("UpdateAlias" in said) is named
