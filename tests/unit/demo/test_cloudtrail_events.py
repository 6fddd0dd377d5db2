import json
from datetime import UTC, datetime

import pytest

from demo import callers
from demo.by_hand import canary_record
from demo.cloudtrail_events import Call, deletion_date, entry, event, record, service_event
from demo.emulator import ACCOUNT
from keywatch.model.signals import CanarySeen
from keywatch.sources import read_event
from keywatch.sources.source import Reception

WHEN = datetime(2026, 4, 12, 18, 5, 9, tzinfo=UTC)
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
REFUSED = ("DisabledException", f"{KEY} is disabled.")


def test_a_direct_call_has_tls_details_and_one_through_a_service_has_none():
    direct = record(Call("Encrypt", callers.user("alice"), WHEN, error=REFUSED))
    through = record(
        Call(
            "Decrypt",
            callers.role("app", "app-1", "secretsmanager.amazonaws.com"),
            WHEN,
            error=REFUSED,
        )
    )

    assert direct["tlsDetails"]["clientProvidedHostHeader"] == "kms.eu-west-1.amazonaws.com"
    assert "tlsDetails" not in through
    assert (
        through["userIdentity"]["invokedBy"]
        == through["sourceIPAddress"]
        == "secretsmanager.amazonaws.com"
    )
    assert (
        through["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"]
        == "arn:aws:iam::111122223333:role/app"
    )


def test_only_a_call_that_was_resolved_to_a_key_has_resources():
    found = record(Call("Encrypt", callers.user("alice"), WHEN, error=REFUSED, keys=(KEY,)))
    not_found = record(
        Call("Encrypt", callers.user("alice"), WHEN, error=("NotFoundException", "…"))
    )

    assert found["resources"] == [
        {"accountId": "111122223333", "type": "AWS::KMS::Key", "ARN": KEY}
    ]
    assert "resources" not in not_found


@pytest.mark.parametrize(
    ("operation", "read_only"), [("Decrypt", True), ("DescribeKey", True), ("DisableKey", False)]
)
def test_cryptography_counts_as_reading(operation, read_only):
    assert record(Call(operation, callers.user("alice"), WHEN))["readOnly"] is read_only


def test_a_successful_call_has_no_error_fields_at_all():
    # GIVEN patterns that test whether errorCode exists, THEN a success must not carry it, not even as null
    assert (
        not {"errorCode", "errorMessage"}
        & record(Call("DisableKey", callers.user("alice"), WHEN)).keys()
    )


def test_what_kms_does_by_itself_is_a_service_event_without_request():
    made = service_event("DeleteKey", KEY, callers.KMS_ITSELF, WHEN)

    assert made["eventType"] == "AwsServiceEvent"
    assert made["requestParameters"] is None
    assert "type" not in made["userIdentity"]
    assert entry(made, "keywatch.demo")["DetailType"] == "AWS Service Event via CloudTrail"


def test_an_entry_and_an_event_carry_the_record():
    made = record(Call("Encrypt", callers.user("alice"), WHEN, error=REFUSED))

    assert json.loads(entry(made, "keywatch.demo")["Detail"]) == made
    assert event(made)["detail"] == made
    assert event(made)["time"] == "2026-04-12T18:05:09Z"


@pytest.mark.parametrize(
    ("hour", "text"), [(18, "Apr 12, 2026 6:05:09 PM"), (0, "Apr 12, 2026 12:05:09 AM")]
)
def test_a_deletion_date_is_written_as_cloudtrail_writes_it(hour, text):
    assert deletion_date(WHEN.replace(hour=hour)) == text


def test_the_record_of_the_canary_is_read_as_the_canary_and_not_as_a_failure():
    # GIVEN what CloudTrail records of the canary's call, with and without its request
    own = f"arn:aws:iam::{ACCOUNT}:role/KeyWatch-function-eu-west-1"
    for request in (canary_record()["requestParameters"], None):
        written = canary_record() | {"requestParameters": request}
        # WHEN it comes back
        (signal,) = read_event(event(written), Reception(own_roles=frozenset({own})))
        # THEN it is the canary
        assert isinstance(signal, CanarySeen)
