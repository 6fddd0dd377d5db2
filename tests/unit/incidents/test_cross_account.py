"""A call across accounts is recorded in both: it is one incident and one call, and the alert says which side must act."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keywatch.catalogue.causes import CAUSES
from keywatch.diagnosis.diagnose import diagnose
from keywatch.model.evidence import NO_EVIDENCE
from keywatch.sources import read_event
from tests.support.organization import HUB_ACCOUNT, counted, hub_world, of_account
from tests.support.world import (
    ACCOUNT,
    KEY_ID,
    REGION,
    ambiguous_denial,
    aws_error,
    changed,
    disabled,
    failed,
    key_arn,
)

CALLER, OWNER = "222222222222", "333333333333"
KEY = key_arn().replace(ACCOUNT, OWNER)
ROLE = f"arn:aws:iam::{CALLER}:role/payments-app"


@pytest.fixture
def hub():
    with organization() as fresh:
        yield fresh


def organization():
    return hub_world()


def joined(world):
    world.organization.join(CALLER, "payments")
    world.organization.join(OWNER, "vault")
    world.organization.kms(OWNER).add(KEY_ID, "Disabled")
    return world


def call(number=0, **fields):
    """The two records of one call: the caller's, and the owner's, which knows no more of the caller than the account."""
    told = failed("DisabledException", f"{KEY} is disabled.", KEY)
    shared = {
        "sharedEventID": f"shared-{number}",
        "requestID": f"request-{number}",
        "resources": [{"ARN": KEY, "accountId": OWNER, "type": "AWS::KMS::Key"}],
        **fields,
    }
    callers = of_account(told, CALLER, eventID=f"caller-{number}", **shared)
    # The key stays the owner's, in both records.
    stranger = {"type": "AWSAccount", "principalId": "AROAEXAMPLE:i-0abc", "accountId": CALLER}
    owners = of_account(told, OWNER, eventID=f"owner-{number}", userIdentity=stranger, **shared)
    return callers, owners


def test_both_records_in_one_batch_are_one_call_that_names_both_accounts_and_who_must_act(hub):
    joined(hub)
    # WHEN both records of one call come, whichever first
    (document,) = hub.take(*reversed(call()))
    # THEN it is one failure of the owner's key, by the caller that its own record names
    assert document["impact"]["failures"] == 1
    assert document["impact"]["callers"] == [{"name": ROLE, "count": 1}]
    assert document["subject"]["account"] == OWNER
    assert document["account_name"] == "vault"
    # AND both accounts are named, and that the owner must act
    assert document["cross_account"] == {
        "caller": {"account": CALLER, "name": "payments"},
        "owner": {"account": OWNER, "name": "vault"},
        "acts": "owner",
    }
    assert document["notes"][0].startswith(
        f"Account {CALLER} (payments) called; the key belongs to account {OWNER} (vault). "
        "The owner must act:"
    )
    # AND the key was looked at in its own account
    assert {made.account for made in hub.made("kms")} == {OWNER}
    assert document["confidence"] == "certain"


@given(st.data())
def test_however_the_records_of_calls_arrive_each_call_is_counted_once_in_one_incident(data):
    # GIVEN some calls, their records in any order, in any batches, some delivered twice
    calls = data.draw(st.integers(1, 5))
    records = [record for number in range(calls) for record in call(number)]
    again = data.draw(st.lists(st.sampled_from(records), max_size=3))
    order = data.draw(st.permutations([*records, *again]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=3)))
    with organization() as world:
        joined(world)
        # WHEN they come
        told = []
        for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True):
            told += world.take(*order[start:end])
        # THEN there is one message, and one incident with every call once
        assert len(told) == 1
        items = world.table.scan(TableName="incidents", ConsistentRead=True)["Items"]
        incidents = [item for item in items if item["item"]["S"] == "incident"]
        assert [item["failures"]["N"] for item in incidents] == [str(calls)]


def test_a_record_that_comes_again_is_no_better_than_itself(hub):
    joined(hub)
    callers, _ = call()
    (document,) = hub.take(callers, json.loads(json.dumps(callers)))
    assert document["impact"]["failures"] == 1
    assert counted(hub)["Duplicates"] == 1


def test_a_denial_is_known_to_the_caller_only_and_both_sides_must_allow(hub):
    # GIVEN AWS's ambiguous denial, which only the caller's account records
    joined(hub)
    event = of_account(
        failed("AccessDenied", ambiguous_denial(ROLE), KEY),
        CALLER,
        requestParameters={"keyId": KEY},
    )
    (document,) = hub.take(event)
    # THEN both policies are named, each with its account, and nothing was looked at in the owner's
    assert document["cross_account"]["acts"] == "both"
    (said, *_) = document["notes"]
    assert f"in {OWNER} (vault) the key policy, or a grant" in said
    assert f"in {CALLER} (payments) the caller's own policies" in said
    assert {made.account for made in hub.made("kms")} <= {CALLER}


def test_a_call_within_one_account_names_no_second_one(hub):
    joined(hub)
    (document,) = hub.take(of_account(disabled(), OWNER))
    assert "cross_account" not in document


def test_every_cause_says_who_must_act():
    for cause in CAUSES.values():
        assert cause.across.acts in {"owner", "caller", "both", "nobody"}
        said = cause.across.says.format(owner="1 (vault)", caller="2")
        assert said.endswith(".")
        assert "{" not in said


def test_the_owner_is_told_by_the_arn_and_by_nothing_else():
    # GIVEN a call by a bare alias, which always resolves in the caller's account
    (failure,) = read_event(failed("NotFoundException", "Alias alias/x is not found.", "alias/x"))
    assert "owner_account" not in diagnose(failure, NO_EVIDENCE, failure.time).facts


def use(arn, account, identity_account):
    identity = {"type": "AssumedRole", "arn": arn, "accountId": identity_account}
    record = {"eventName": "Decrypt", "recipientAccountId": account, "userIdentity": identity}
    return {"CloudTrailEvent": json.dumps(record)}


def test_an_early_warning_names_the_callers_of_other_accounts(hub):
    joined(hub)
    # GIVEN a key that two other accounts use, one of which the organisation does not know
    foreign = f"arn:aws:sts::{CALLER}:assumed-role/payments-app/i-0abc"
    stranger = "arn:aws:iam::999999999999:user/eve"
    own = f"arn:aws:iam::{OWNER}:user/alice"
    trail = hub.organization.client("cloudtrail", REGION, OWNER).target()
    trail.events = [
        use(foreign, OWNER, CALLER),
        use(own, OWNER, OWNER),
        use(stranger, OWNER, "999999999999"),
        use(foreign, OWNER, CALLER),
        {"CloudTrailEvent": "not json"},
        {},
    ]
    # WHEN somebody disables it
    (document,) = hub.take(of_account(changed("DisableKey"), OWNER))
    # THEN the owner is told who else uses it
    (said,) = [line for line in document["because"] if "other accounts used this key" in line]
    assert f"{ROLE} (account {CALLER}, payments)" in said
    assert "arn:aws:iam::999999999999:user/eve (account 999999999999)" in said
    assert said.index(ROLE) < said.index("eve")
    assert own not in said
    assert {made.account for made in hub.made("cloudtrail")} == {OWNER}


def test_an_early_warning_whose_history_cannot_be_read_says_so(hub):
    joined(hub)

    def denied(made):
        if made.service == "cloudtrail":
            raise aws_error("AccessDeniedException", "no")

    hub.organization.before = denied
    (document,) = hub.take(of_account(changed("DisableKey"), OWNER))
    assert any("LookupEvents" in line for line in document["unknowns"])


def test_a_deployment_for_one_account_asks_nobody_who_else_uses_a_key():
    with hub_world(hub=None) as alone:
        alone.organization.kms(HUB_ACCOUNT).add(KEY_ID, "Disabled")
        alone.take(changed("DisableKey"))
        assert not alone.made("cloudtrail")
