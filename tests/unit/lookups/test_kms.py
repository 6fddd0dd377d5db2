"""Look-ups answer with facts and how they ended; what AWS refuses, throttles or does not answer is never an error."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.stub import Stubber

from keywatch.lookups.kms import MAX_ALIAS_PAGES, Lookups
from keywatch.model.evidence import ANSWERED, LookupOutcome, LookupResult
from tests.unit.sources.records import ACCOUNT, KEY, KEY_ID, REGION, STORE

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
MRK = "mrk-1234abcd12ab34cd56ef1234567890ab"
ALIAS_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/payments"
TRAIL = {
    "LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": KEY}],
    "MaxResults": 50,
}


class Account:
    """Stubbed clients of one account: answers are queued, and every queued answer must be asked for."""

    def __init__(self) -> None:
        self.now = NOW
        self.clients: dict[str, Any] = {}
        self.stubs: dict[str, Stubber] = {}
        for service in ("kms", "cloudtrail"):
            self.clients[service] = boto3.client(
                service, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
            )
            self.stubs[service] = Stubber(self.clients[service])
            self.stubs[service].activate()
        self.kms, self.trail = self.stubs["kms"], self.stubs["cloudtrail"]
        self.lookups = Lookups(lambda service, _region: self.clients[service], lambda: self.now)


@pytest.fixture
def account():
    made = Account()
    yield made
    for stub in made.stubs.values():
        stub.assert_no_pending_responses()


METADATA = {
    "KeyId": KEY_ID,
    "Arn": KEY,
    "AWSAccountId": ACCOUNT,
    "KeyState": "Enabled",
    "CreationDate": datetime(2024, 1, 2, 3, tzinfo=UTC),
    "KeyManager": "CUSTOMER",
    "Origin": "AWS_KMS",
    "KeyUsage": "ENCRYPT_DECRYPT",
}


def test_describe_key_gives_the_facts_of_the_key(account):
    # GIVEN an external key scheduled for deletion
    special = {
        "KeyState": "PendingDeletion",
        "DeletionDate": NOW,
        "Origin": "EXTERNAL_KEY_STORE",
        "CustomKeyStoreId": STORE,
        "XksKeyConfiguration": {"Id": "bb8562717f809024"},
    }
    account.kms.add_response("describe_key", {"KeyMetadata": METADATA | special}, {"KeyId": KEY_ID})
    # WHEN it is looked up
    key, look = account.lookups.key(KEY_ID, REGION)
    # THEN everything that the diagnosis needs is there
    assert look == LookupResult("DescribeKey", KEY_ID, REGION, LookupOutcome.SEEN)
    assert (key.arn, key.state, key.account, key.region, key.deletion_date) == (
        KEY,
        "PendingDeletion",
        ACCOUNT,
        REGION,
        NOW,
    )
    assert (key.key_store, key.external_key) == (STORE, "bb8562717f809024")


def test_a_multi_region_key_names_the_regions_of_its_family(account):
    # GIVEN a primary key with two replicas, pending deletion
    related = {
        "MultiRegionKeyType": "PRIMARY",
        "PrimaryKey": {"Arn": "x" * 20, "Region": REGION},
        "ReplicaKeys": [
            {"Arn": "x" * 20, "Region": "eu-west-1"},
            {"Arn": "x" * 20, "Region": "ap-south-1"},
        ],
    }
    metadata = METADATA | {
        "KeyId": MRK,
        "MultiRegion": True,
        "MultiRegionConfiguration": related,
        "KeyState": "PendingReplicaDeletion",
        "PendingDeletionWindowInDays": 7,
    }
    account.kms.add_response("describe_key", {"KeyMetadata": metadata})
    key, _ = account.lookups.key(MRK, REGION)
    # THEN all their Regions are known
    assert key.replicas == (REGION, "eu-west-1", "ap-south-1")
    assert (key.deletion_date, key.pending_days) == (None, 7)


ENDS = (
    ("NotFoundException", f"Key '{KEY}' does not exist", LookupOutcome.ABSENT),
    ("NotFoundException", f"Alias {ALIAS_ARN} is not found.", LookupOutcome.ABSENT),
    ("NotFoundException", "Invalid arn eu-west-1", LookupOutcome.REFUSED),
    ("NotFoundException", "Invalid keyId 'allas/x'", LookupOutcome.REFUSED),
    ("InvalidArnException", "", LookupOutcome.REFUSED),
    ("ValidationException", "1 validation error detected", LookupOutcome.REFUSED),
    ("AccessDeniedException", "User: x is not authorized", LookupOutcome.DENIED),
    (
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
        LookupOutcome.DENIED,
    ),
    ("ThrottlingException", "Rate exceeded", LookupOutcome.THROTTLED),
    ("KMSInternalException", "", LookupOutcome.FAILED),
    ("DependencyTimeoutException", "", LookupOutcome.FAILED),
)


@pytest.mark.parametrize(("code", "message", "outcome"), ENDS, ids=lambda value: str(value)[:40])
def test_describe_key_tells_a_missing_key_from_a_refused_name_and_from_no_answer(
    account, code, message, outcome
):
    # GIVEN KMS's recorded answers WHEN they are given
    account.kms.add_client_error("describe_key", code, message)
    key, look = account.lookups.key(KEY_ID, REGION)
    # THEN no key is there, and the look tells why, in AWS's words
    assert key is None
    assert (look.outcome, look.error, look.message) == (outcome, code, message)
    assert (look.outcome in ANSWERED) == (outcome in {LookupOutcome.ABSENT, LookupOutcome.REFUSED})


@pytest.mark.parametrize(
    "error",
    [ConnectTimeoutError(endpoint_url="https://kms"), ReadTimeoutError(endpoint_url="https://kms")],
    ids=["connect", "read"],
)
def test_a_time_out_is_an_unanswered_look(error):
    # GIVEN a client that gets no answer
    class Silent:
        def __getattr__(self, _name):
            return self._raise

        def _raise(self, **_arguments):
            raise error

    lookups = Lookups(lambda _service, _region: Silent(), lambda: NOW)
    # THEN each look-up says so
    lookup_results = [
        lookups.key(KEY_ID, REGION)[1],
        lookups.store(STORE, REGION)[1],
        lookups.last_use(KEY, REGION)[2],
    ]
    assert {(look.outcome, look.error) for look in lookup_results} == {
        (LookupOutcome.FAILED, type(error).__name__)
    }


def _alias(name):
    return {"AliasName": name, "TargetKeyId": KEY_ID, "CreationDate": NOW, "LastUpdatedDate": NOW}


def test_aliases_are_listed_page_by_page_and_remembered_for_a_minute(account):
    # GIVEN two pages of aliases
    account.kms.add_response(
        "list_aliases",
        {"Aliases": [_alias("alias/a")], "Truncated": True, "NextMarker": "m"},
        {"Limit": 100},
    )
    account.kms.add_response(
        "list_aliases",
        {"Aliases": [_alias("alias/b")], "Truncated": False},
        {"Limit": 100, "Marker": "m"},
    )
    # WHEN they are asked for twice within a minute
    first, look = account.lookups.aliases(REGION)
    account.now += timedelta(seconds=59)
    again, _ = account.lookups.aliases(REGION)
    # THEN both pages are seen, and AWS was asked once
    assert [alias.name for alias in first] == ["alias/a", "alias/b"]
    assert (again, look.outcome) == (first, LookupOutcome.SEEN)


def test_aliases_are_asked_for_anew_when_a_minute_passed_or_minutes_matter(account):
    # GIVEN three different answers
    for name in ("alias/a", "alias/b", "alias/c"):
        account.kms.add_response("list_aliases", {"Aliases": [_alias(name)], "Truncated": False})
    # WHEN aliases are asked for, later, and freshly
    seen = [account.lookups.aliases(REGION)[0][0].name]
    account.now += timedelta(seconds=61)
    seen += [
        account.lookups.aliases(REGION)[0][0].name,
        account.lookups.aliases(REGION, fresh=True)[0][0].name,
    ]
    # THEN each time AWS was asked
    assert seen == ["alias/a", "alias/b", "alias/c"]


def test_what_broke_off_is_not_remembered(account):
    # GIVEN a second page that is throttled, and an account that answers again
    account.kms.add_response(
        "list_aliases", {"Aliases": [_alias("alias/a")], "Truncated": True, "NextMarker": "m"}
    )
    account.kms.add_client_error("list_aliases", "ThrottlingException", "Rate exceeded")
    account.kms.add_response(
        "list_aliases", {"Aliases": [_alias("alias/a"), _alias("alias/b")], "Truncated": False}
    )
    # WHEN it is asked twice
    partial, look = account.lookups.aliases(REGION)
    whole, _ = account.lookups.aliases(REGION)
    # THEN the part is used and said to be one, and the next question is asked anew
    assert (len(partial), look.outcome) == (1, LookupOutcome.THROTTLED)
    assert len(whole) == 2


def test_an_account_with_endless_aliases_is_not_read_to_the_end(account):
    # GIVEN more pages than KeyWatch reads
    for number in range(MAX_ALIAS_PAGES):
        page = {
            "Aliases": [_alias(f"alias/{number}")],
            "Truncated": True,
            "NextMarker": str(number),
        }
        account.kms.add_response("list_aliases", page)
    # THEN it stops there
    assert len(account.lookups.aliases(REGION)[0]) == MAX_ALIAS_PAGES


STORE_ENTRY = {
    "CustomKeyStoreId": STORE,
    "CustomKeyStoreName": "vault",
    "CustomKeyStoreType": "EXTERNAL_KEY_STORE",
    "ConnectionState": "FAILED",
    "ConnectionErrorCode": "XKS_PROXY_NOT_REACHABLE",
}


def test_a_key_store_is_described_once_a_minute_with_its_error_code(account):
    # GIVEN a store that failed to connect
    account.kms.add_response(
        "describe_custom_key_stores",
        {"CustomKeyStores": [STORE_ENTRY]},
        {"CustomKeyStoreId": STORE},
    )
    # WHEN it is asked for three times
    answers = {account.lookups.store(STORE, REGION) for _ in range(3)}
    # THEN AWS was asked once, and its code is known
    ((store, look),) = answers
    assert (store.state, store.error, look.outcome) == (
        "FAILED",
        "XKS_PROXY_NOT_REACHABLE",
        LookupOutcome.SEEN,
    )


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("CustomKeyStoreNotFoundException", LookupOutcome.ABSENT),
        ("AccessDeniedException", LookupOutcome.DENIED),
        ("ThrottlingException", LookupOutcome.THROTTLED),
    ],
)
def test_a_key_store_that_cannot_be_seen_says_why(account, code, outcome):
    account.kms.add_client_error("describe_custom_key_stores", code)
    store, look = account.lookups.store(STORE, REGION)
    assert (store, look.outcome) == (None, outcome)


def test_last_use_comes_with_the_time_since_which_it_is_tracked(account):
    usage = {
        "KeyId": KEY,
        "KeyLastUsage": {"Operation": "Decrypt", "Timestamp": NOW, "KmsRequestId": "1"},
        "TrackingStartDate": NOW - timedelta(days=90),
        "KeyCreationDate": NOW - timedelta(days=900),
    }
    account.kms.add_response("get_key_last_usage", usage, {"KeyId": KEY})
    used, since, look = account.lookups.last_use(KEY, REGION)
    assert (used, since, look.outcome) == (NOW, NOW - timedelta(days=90), LookupOutcome.SEEN)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("AccessDeniedException", LookupOutcome.DENIED),
        ("ThrottlingException", LookupOutcome.THROTTLED),
    ],
)
def test_a_last_use_that_cannot_be_seen_says_why(account, code, outcome):
    account.kms.add_client_error("get_key_last_usage", code)
    used, since, look = account.lookups.last_use(KEY, REGION)
    assert (used, since, look.outcome) == (None, None, outcome)


def test_a_boto3_that_is_too_old_for_last_use_is_no_error():
    # GIVEN a client that lacks the operation THEN nothing is known, and nothing is said to have failed
    assert Lookups(lambda _service, _region: object(), lambda: NOW).last_use(KEY, REGION) == (
        None,
        None,
        None,
    )
