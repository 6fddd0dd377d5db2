"""Whatever KMS says, whoever called, whatever the record leaves out, wherever: the cause, the place and the key are right."""

from itertools import product

import pytest

from keywatch.model.identifiers import parse
from keywatch.model.signals import KeyFailure, Unrelated
from tests.unit.parsing.kms_errors import ERRORS, OUT_OF_SCOPE, KmsError
from tests.unit.sources.records import ACCOUNT, KEY_ID, failed, identities, read

PLACES = (
    ("aws", "eu-west-1", "eu-west-3"),
    ("aws-cn", "cn-north-1", "cn-northwest-1"),
    ("aws-us-gov", "us-gov-west-1", "us-gov-east-1"),
)
FIELDS = ("full", "null", "missing")
ALIAS = "alias/payments"


def _names(partition: str, region: str, arn_region: str) -> dict[str, str]:
    start = f"arn:{partition}:kms:{region}:{ACCOUNT}:"
    return {
        "key": f"{start}key/{KEY_ID}",
        "alias": f"{start}{ALIAS}",
        "id": "payments.key",
        "arn_region": arn_region,
    }


def _typed(error: KmsError, names: dict[str, str], partition: str) -> str:
    """What a caller types who gets this error."""
    if error.cause == "wrong_region":
        return f"arn:{partition}:kms:{names['arn_region']}:{ACCOUNT}:key/{KEY_ID}"
    return {"alias_not_found": ALIAS, "malformed_identifier": names["id"]}.get(error.cause, KEY_ID)


def _parts(fields: str, typed: str, names: dict[str, str], *, resolved: bool) -> dict[str, object]:
    if fields == "missing":
        return {}
    if fields == "null":
        return {"requestParameters": None, "resources": None, "additionalEventData": None}
    resources = (
        [{"ARN": names["key"], "accountId": ACCOUNT, "type": "AWS::KMS::Key"}] if resolved else None
    )
    return {"requestParameters": {"keyId": typed}, "resources": resources}


@pytest.mark.parametrize(
    "error", ERRORS, ids=lambda error: f"{error.cause}: {error.message[:60] or error.code}"
)
def test_every_error_is_read_alike_from_every_caller_record_and_partition(error):
    for (partition, region, arn_region), fields, who in product(
        PLACES, FIELDS, identities().values()
    ):
        # GIVEN a call that failed with this error, with more or less said about it
        names = _names(partition, region, arn_region)
        message = error.message.format(**names) or None
        typed = _typed(error, names, partition)
        resolved = "{key}" in error.message
        parts = _parts(fields, typed, names, resolved=resolved)
        # WHEN its record is read
        signal = read(failed(error.code, message, userIdentity=who, awsRegion=region, **parts))
        # THEN cause, Region, account and key are those of the call
        where = (error, fields, who)
        assert isinstance(signal, KeyFailure), where
        assert (signal.classification.cause, signal.region, signal.account, signal.partition) == (
            error.cause,
            region,
            ACCOUNT,
            partition,
        ), where
        named = (
            names["key"]
            if resolved
            else names["alias"]
            if "{alias}" in error.message
            else names["id"]
            if "{id}" in error.message
            else None
        )
        expected = parse(typed) if fields == "full" else parse(named) if named else None
        assert signal.identifier == expected, where
        if resolved:
            assert signal.key_arn == names["key"], where
            assert signal.subject.name == KEY_ID, where
        if error.cause == "alias_not_found":
            assert signal.subject.id == f"alias|{ACCOUNT}|{region}|{ALIAS}", where


@pytest.mark.parametrize(
    ("code", "message"), OUT_OF_SCOPE, ids=lambda value: (value or "no text")[:60]
)
def test_what_is_out_of_scope_is_so_for_every_caller_and_record(code, message):
    for (partition, region, arn_region), fields, who in product(
        PLACES, FIELDS, identities().values()
    ):
        # GIVEN a failing call that names an existing key, or that no key is to blame for
        names = _names(partition, region, arn_region)
        parts = _parts(fields, KEY_ID, names, resolved=True)
        # WHEN its record is read
        signal = read(
            failed(
                code,
                message.format(**names) if message else None,
                userIdentity=who,
                awsRegion=region,
                **parts,
            )
        )
        # THEN it is counted by its reason and nothing else
        assert isinstance(signal, Unrelated), (code, fields, who)
        assert signal.reason.startswith("out_of_scope_"), signal


def test_texts_cut_at_one_kilobyte_still_name_their_cause():
    # GIVEN CloudTrail's 1 KB limit cuts a long message in its last words
    message = (
        f"Key 'arn:aws:kms:eu-west-1:{ACCOUNT}:key/{KEY_ID}' does not exist" + " and so on" * 200
    )
    # WHEN the cut text is read
    signal = read(failed("NotFoundException", message[:1024]))
    # THEN the cause and the key are known
    assert isinstance(signal, KeyFailure)
    assert (signal.classification.cause, signal.subject.name) == ("key_not_found", KEY_ID)
