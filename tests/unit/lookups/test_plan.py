"""Which look-ups a failure deserves: as few as settle it, in the right account and Region."""

from datetime import timedelta

import pytest

from keywatch.diagnosis.case import find_look
from keywatch.diagnosis.diagnose import diagnose
from keywatch.lookups.known_changes import merged
from keywatch.lookups.plan import MAX_REGIONS, investigate
from keywatch.lookups.scope import Scope
from keywatch.model.evidence import Evidence, LookupOutcome
from keywatch.model.identifiers import Kind
from tests.unit.cases import (
    ACCOUNT,
    ALIAS,
    ALIAS_ARN,
    BOB,
    KEY,
    KEY_ID,
    MRK,
    NOW,
    OTHER_ACCOUNT,
    OTHER_KEY_ID,
    OTHER_REGION,
    REGION,
    SCOPE,
    STORE,
    ScriptedLookups,
    alias,
    arn,
    blind,
    change,
    denied,
    failed,
    in_state,
    key,
    no_alias,
    no_key,
    store,
)


def look(failure, aws, changes=(), ledger=None, scope=SCOPE, **options):
    known = ledger or {}
    return investigate(
        failure, aws, scope, changes, lambda subject: known.get(subject.id, ()), **options
    )


def test_a_disabled_key_costs_four_questions_and_names_who_did_it():
    # GIVEN a disabled key of which nothing is known
    aws = ScriptedLookups(
        {(KEY, REGION): key("Disabled")}, histories={KEY: (change("DisableKey"),)}
    )
    # WHEN its failure is investigated
    evidence = look(in_state("is disabled."), aws)
    # THEN its state, its name among people, its history and its last use were asked for, and nothing else
    assert aws.asked == [
        f"DescribeKey {KEY} {REGION}",
        f"ListAliases of {KEY}",
        f"LookupEvents DisableKey CancelKeyDeletion {REGION}",
        f"GetKeyLastUsage {KEY} {REGION}",
    ]
    assert evidence.names == (ALIAS,)
    assert [(c.what, c.who) for c in evidence.changes] == [("DisableKey", BOB)]
    assert find_look(evidence, "LookupEvents")


@pytest.mark.parametrize(
    ("changes", "allowed", "asked"),
    [
        ((change("DisableKey"),), True, False),
        (
            (change("DisableKey", timedelta(days=3)), change("EnableKey", timedelta(days=2))),
            True,
            True,
        ),
        ((change("ScheduleKeyDeletion"),), True, True),
        ((), False, False),
    ],
    ids=["explained", "undone", "another change", "not allowed"],
)
def test_the_trail_is_asked_only_where_no_known_change_explains_what_is_seen(
    changes, allowed, asked
):
    # GIVEN a disabled key, and a ledger that explains it or does not
    aws = ScriptedLookups({(KEY, REGION): key("Disabled")})
    # WHEN it is investigated THEN CloudTrail's small quota is spent only where needed
    evidence = look(in_state("is disabled."), aws, changes, ask_trail=allowed)
    assert (find_look(evidence, "LookupEvents") is not None) is asked


@pytest.mark.parametrize(
    ("ago", "asked"), [(timedelta(minutes=10), False), (timedelta(minutes=20), True)]
)
def test_a_change_is_not_taken_for_the_explanation_where_nothing_shows_what_came_after_it(
    ago, asked
):
    # GIVEN a key that KMS does not show, somebody who disabled it, and who enabled it again only
    # CloudTrail knows
    aws = ScriptedLookups({(KEY, REGION): blind()})
    aws.histories[KEY] = (change("EnableKey", ago / 2),)
    known = (change("DisableKey", ago),)
    # WHEN a call fails THEN CloudTrail is asked, unless it would not show yet what came after
    evidence = look(in_state("is disabled."), aws, known)
    assert (find_look(evidence, "LookupEvents") is not None) is asked
    assert ("EnableKey" in {fact.what for fact in evidence.changes}) is asked


def test_a_missing_alias_is_looked_for_everywhere_once():
    # GIVEN an alias that is nowhere
    aws = ScriptedLookups(listed=(alias("alias/orders"),))
    # WHEN its failure is investigated
    evidence = look(no_alias(), aws)
    # THEN the other Region, the list of aliases and the alias's own history were asked for
    assert aws.asked == [
        f"DescribeKey {ALIAS} {REGION}",
        f"DescribeKey {ALIAS} {OTHER_REGION}",
        f"ListAliases {REGION}",
        f"LookupEvents DeleteAlias UpdateAlias CreateAlias {REGION}",
    ]
    assert evidence.aliases == ("alias/orders",)


def test_the_history_of_an_alias_leads_to_the_deletion_of_its_key():
    # GIVEN CloudTrail remembers where the alias pointed, and the ledger that this key was deleted
    aws = ScriptedLookups(
        histories={
            ALIAS_ARN: (change("CreateAlias", timedelta(days=60), alias=ALIAS, target_key=KEY_ID),)
        }
    )
    ledger = {
        f"key|{ACCOUNT}|{REGION}|{KEY_ID}": (
            change("DeleteKey", who="AWS KMS"),
            change("ScheduleKeyDeletion", timedelta(days=9)),
        )
    }
    # WHEN the missing alias is investigated and diagnosed
    failure = no_alias()
    diagnosis = diagnose(failure, look(failure, aws, ledger=ledger), NOW)
    # THEN the deletion of the key explains it, and who scheduled it is named
    assert diagnosis.cause == "key_deleted"
    assert any(f"{BOB} called ScheduleKeyDeletion" in str(reason) for reason in diagnosis.because)


def test_a_bare_name_of_a_foreign_caller_is_looked_up_in_the_callers_account():
    # GIVEN a caller of another account, whose alias KMS looked for in that account
    failure = failed(
        "NotFoundException",
        f"Alias arn:aws:kms:{REGION}:{OTHER_ACCOUNT}:{ALIAS} is not found.",
        ALIAS,
        account=OTHER_ACCOUNT,
    )
    aws = ScriptedLookups({(ALIAS, REGION): key()})
    # WHEN it is investigated
    evidence = look(failure, aws)
    # THEN it is asked for by its full name there, by its bare name at home; foreign aliases and trails cannot be seen
    foreign = f"arn:aws:kms:{{}}:{OTHER_ACCOUNT}:{ALIAS}"
    assert aws.asked == [
        f"DescribeKey {foreign.format(REGION)} {REGION}",
        f"DescribeKey {foreign.format(OTHER_REGION)} {OTHER_REGION}",
        f"DescribeKey {ALIAS} {REGION}",
    ]
    assert evidence.here == key()


def test_a_multi_region_key_is_looked_for_where_it_was_replicated():
    # GIVEN a multi-Region key that the ledger knows to have a replica in Tokyo
    aws = ScriptedLookups(
        {
            (MRK, "ap-northeast-1"): key(
                key_id=MRK, region="ap-northeast-1", replicas=("ap-northeast-1",)
            )
        }
    )
    # WHEN it is missing here
    evidence = look(no_key(MRK), aws, (change("ReplicateKey", replica_region="ap-northeast-1"),))
    # THEN it is found there, although no setting names that Region
    assert [found.region for found in evidence.elsewhere] == ["ap-northeast-1"]


def test_only_so_many_regions_are_asked():
    # GIVEN more Regions to search than KeyWatch asks
    aws = ScriptedLookups()
    look(no_key(), aws, scope=Scope(ACCOUNT, REGION, tuple(f"us-east-{n}" for n in range(30))))
    # THEN it stops at its bound
    assert sum(question.startswith("DescribeKey") for question in aws.asked) == 1 + MAX_REGIONS


def test_a_key_of_another_region_is_asked_for_there_alone():
    # GIVEN AWS said that the ARN belongs to another Region
    typed = arn(region=OTHER_REGION)
    aws = ScriptedLookups({(typed, OTHER_REGION): key(region=OTHER_REGION)})
    # WHEN it is investigated THEN one question settles it
    evidence = look(failed("NotFoundException", f"Invalid arn {OTHER_REGION}", typed), aws)
    assert aws.asked == [f"DescribeKey {typed} {OTHER_REGION}"]
    assert evidence.elsewhere == (key(region=OTHER_REGION),)


@pytest.mark.parametrize(
    ("cause_text", "asked"),
    [
        (
            "The external key store proxy rejected the request because it could not find the external key.",
            True,
        ),
        ("KMS cannot communicate with your CloudHSM cluster", True),
        (f"{KEY} is pending import.", False),
    ],
)
def test_the_key_store_is_asked_only_where_it_may_be_to_blame(cause_text, asked):
    # GIVEN a failure of a key in a custom key store
    aws = ScriptedLookups({(KEY, REGION): key(key_store=STORE)}, stores={STORE: store()})
    # WHEN it is investigated THEN 5 questions a second for a whole account are spent with care
    evidence = look(failed("KMSInvalidStateException", cause_text, KEY, key_store=STORE), aws)
    assert (evidence.store is not None) is asked


def test_an_unavailable_key_leads_to_its_store():
    # GIVEN a key that AWS reports Unavailable, whose store the record did not name
    aws = ScriptedLookups(
        {(KEY, REGION): key("Unavailable", key_store=STORE)}, stores={STORE: store("DISCONNECTED")}
    )
    assert look(in_state("is unavailable."), aws).store == store("DISCONNECTED")


def test_of_two_keys_the_second_is_asked_for_when_the_first_is_fine():
    # GIVEN a denied call with two keys, of which the first exists
    other = arn(OTHER_KEY_ID)
    aws = ScriptedLookups({(KEY, REGION): key(), (other, REGION): key("Disabled", OTHER_KEY_ID)})
    evidence = look(denied(other_keys=(other,)), aws)
    # THEN both were asked for
    assert evidence.other is not None
    assert evidence.other.state == "Disabled"


def test_a_malformed_name_is_tried_in_its_corrected_form():
    # GIVEN a key id without its dashes
    aws = ScriptedLookups({(KEY_ID, REGION): key()})
    failure = failed("NotFoundException", f"Invalid keyId '{KEY_ID.replace('-', '')}'")
    assert failure.identifier is not None
    assert failure.identifier.kind is Kind.MALFORMED
    # THEN the corrected id is looked up
    assert look(failure, aws).corrected == key()


def test_an_alias_where_a_key_id_is_required_is_resolved():
    # GIVEN an operation that takes no alias
    aws = ScriptedLookups({(ALIAS, REGION): key()})
    failure = failed(
        "InvalidArnException",
        "Key Aliases are not supported for this operation",
        ALIAS,
        operation="ScheduleKeyDeletion",
    )
    # THEN the key behind the alias is found
    assert look(failure, aws).corrected == key()


def test_a_call_that_named_nothing_costs_nothing():
    # GIVEN a denied Decrypt without a key
    aws = ScriptedLookups()
    assert look(denied(None), aws).lookup_results == ()
    assert aws.asked == []


def test_look_ups_that_are_denied_leave_their_trace():
    # GIVEN KeyWatch may not see the key
    aws = ScriptedLookups({(KEY, REGION): blind(asked=KEY)})
    evidence = look(denied(), aws)
    assert next((k.operation, k.outcome) for k in evidence.lookup_results) == (
        "DescribeKey",
        LookupOutcome.DENIED,
    )


def test_the_same_change_from_two_sources_is_one():
    # GIVEN one event of ledger and CloudTrail, and a deletion that KMS announced twice beside its own record
    scheduled = change("ScheduleKeyDeletion", timedelta(days=9))
    announced = [
        change("DeleteKey", timedelta(seconds=s), who=who)
        for s, who in ((60, "AWS KMS"), (57, "AWS KMS"), (62, "AWS Internal"))
    ]
    by_people = [change("DisableKey", timedelta(seconds=s), who=BOB) for s in (10, 20)]
    # WHEN they are put together
    kept = merged([scheduled, *announced, *by_people, scheduled])
    # THEN each happened once, newest first, and what people did twice stays two
    assert [c.what for c in kept] == [
        "DisableKey",
        "DisableKey",
        "DeleteKey",
        "ScheduleKeyDeletion",
    ]
    assert merged(()) == ()
    assert find_look(Evidence(), "LookupEvents") is None
