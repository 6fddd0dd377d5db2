"""What a hub notes for each account: room and pace of its own, in partitions that end by themselves; signed clients."""

from datetime import timedelta

import pytest

from keywatch.aws import Clients
from keywatch.store.housekeeping import KEEP
from keywatch.store.look_up_room import PORTION, LookUpRoom
from keywatch.store.pace import GAP, Pace
from keywatch.store.table import Table
from tests.support.aws import TableClient
from tests.support.world import REGION, START

PAYMENTS, SANDBOX = "222222222222", "333333333333"


@pytest.fixture
def table():
    return Table(TableClient(), "incidents")


def items(table):
    return {
        item["subject"]["S"]: item for item in table.client.scan(TableName="incidents")["Items"]
    }


def test_an_account_that_is_looked_at_much_leaves_the_others_their_room(table):
    def room(account):
        return LookUpRoom(table, 2 * PORTION, lambda: START, lambda _: None, account)

    # GIVEN an account whose room is used up, by two instances
    one, other = room(PAYMENTS), room(PAYMENTS)
    assert all(one.take() for _ in range(PORTION))
    assert all(other.take() for _ in range(PORTION))
    assert not one.take()
    # THEN another account, and the deployment's own, have theirs
    assert room(SANDBOX).take()
    assert room("").take()


def test_the_pace_of_cloudtrail_is_kept_for_each_account(table):
    waited = []

    def pace(account):
        return Pace(table, lambda: START, waited.append, lambda _: None, account)

    for account in (PAYMENTS, SANDBOX, "", PAYMENTS):
        pace(account).wait(REGION)
    assert waited == [0.0, 0.0, 0.0, GAP.total_seconds()]


def test_what_is_noted_of_another_account_ends_by_itself_and_the_own_does_not(table):
    for account in (PAYMENTS, ""):
        LookUpRoom(table, 60, lambda: START, lambda _: None, account).take()
        Pace(table, lambda: START, lambda _: None, lambda _: None, account).wait(REGION)
    found = items(table)
    assert set(found) == {"keywatch", f"keywatch|{PAYMENTS}"}
    assert "expires_at" not in found["keywatch"]
    ends = int(found[f"keywatch|{PAYMENTS}"]["expires_at"]["N"])
    assert START.timestamp() < ends <= (START + KEEP + timedelta(minutes=1)).timestamp()


class Session:
    """boto3's session, which says with what a client was made."""

    def client(self, service, **given):
        return service, given


def test_clients_of_a_session_sign_with_its_credentials_and_own_clients_with_none():
    clients = Clients(Session())
    signed = clients.signed(
        {"AccessKeyId": "id", "SecretAccessKey": "secret", "SessionToken": "token", "Expiration": 0}
    )
    service, given = signed("kms", REGION)
    assert service == "kms"
    assert given["region_name"] == REGION
    assert given["aws_access_key_id"] == "id"
    assert given["aws_secret_access_key"] == "secret"
    assert given["aws_session_token"] == "token"
    _, own = clients("kms", REGION)
    assert not [name for name in own if name.startswith("aws_")]
    # AND look-ups give up early, those by a session and STS itself as well
    assert given["config"].read_timeout == own["config"].read_timeout == 2
    assert clients("sts", REGION)[1]["config"].read_timeout == 2
