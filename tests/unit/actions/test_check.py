"""``check`` by hand: for each thing that DescribeKey can say, whether the key can be used, why not, and what is unknown."""

from datetime import timedelta

import pytest
from aws_lambda_powertools import Metrics
from botocore.exceptions import EndpointConnectionError

from keywatch.actions.check.action import MAX_WAIT
from keywatch.actions.check.failure import classification_of
from keywatch.actions.check.observation import KeyObservation
from keywatch.actions.check.run import check
from keywatch.actions.check.usability import EXTERNAL_UNSEEN
from keywatch.actions.dispatch import answer
from keywatch.model.evidence import ChangeFact, LookupOutcome, LookupResult
from keywatch.runtime import Runtime
from tests.unit.actions.support import (
    ELSEWHERE,
    KEY_ID,
    NO_KEY,
    NOW,
    OLD,
    REGION,
    STORE,
    THROTTLED,
    Fails,
    Ledger,
    aliases,
    arn,
    desk,
    key,
    store,
    usage,
)

IN_STORE = {"CustomKeyStoreId": STORE, "Origin": "AWS_CLOUDHSM"}
EXTERNAL = {
    "CustomKeyStoreId": STORE,
    "Origin": "EXTERNAL_KEY_STORE",
    "XksKeyConfiguration": {"Id": "vault-key-7"},
}
DENIED = (
    "User: arn:aws:sts::123456789012:assumed-role/KeyWatch-function-eu-west-1/KeyWatch is not authorized to perform: "
    "kms:DescribeKey on this resource because the resource does not exist in this Region, no resource-based policies allow "
    "access, or a resource-based policy explicitly denies access"
)


def ask(on, key_id=KEY_ID, **more):
    """Ask about one key; return the result for it."""
    (result,) = check(
        {"action": "check", "key_id": key_id, **more},
        on.services,
        sleep=on.sleep,
        jitter=lambda: 0.5,
    )["results"]
    return result


@pytest.mark.parametrize("state", ["Enabled", "Updating"])
def test_a_key_that_does_cryptography_in_its_state_is_usable(state):
    # GIVEN a key, one alias of it and one of another key
    on = desk(
        {
            "DescribeKey": key(state),
            "ListAliases": aliases(payments=KEY_ID, other="another"),
            "GetKeyLastUsage": usage(NOW),
        }
    )
    # WHEN it is asked for
    result = ask(on)
    # THEN it is usable, with all there is to know
    assert result["usable"] is True
    assert result["diagnosis"] is None
    assert result["remedies"] == []
    assert result["key"]["arn"] == arn()
    assert result["key"]["state"] == state
    assert result["aliases"] == ["alias/payments"]
    assert result["last_used"] == "2026-03-01T03:00:00Z"
    assert result["usage"] == {"ever_used": "yes", "tracking_since": "2024-01-01T00:00:00Z"}
    assert result["unknowns"] == []


@pytest.mark.parametrize(
    ("state", "more", "cause"),
    [
        ("Disabled", {}, "key_disabled"),
        ("PendingDeletion", {"DeletionDate": NOW + timedelta(days=7)}, "key_pending_deletion"),
        ("PendingReplicaDeletion", {"PendingDeletionWindowInDays": 7}, "key_pending_deletion"),
        ("PendingImport", {"Origin": "EXTERNAL"}, "key_material_missing"),
        ("Unavailable", IN_STORE, "key_store_disconnected"),
        ("Creating", {}, "key_not_ready"),
    ],
)
def test_a_key_that_does_no_cryptography_in_its_state_is_not_usable(state, more, cause):
    # GIVEN a key in such a state
    on = desk(
        {
            "DescribeKey": key(state, **more),
            "DescribeCustomKeyStores": store("DISCONNECTED", kind="AWS_CLOUDHSM"),
        }
    )
    # WHEN it is asked for
    result = ask(on)
    # THEN the diagnosis is that of an alert, with remedies
    assert result["usable"] is False
    assert result["diagnosis"]["cause"] == cause
    assert result["diagnosis"]["because"]
    assert result["remedies"]
    assert result["key"]["state"] == state


def test_the_date_of_deletion_and_the_last_use_of_a_doomed_key_are_told():
    due, used = NOW + timedelta(days=7), NOW - timedelta(days=3)
    on = desk(
        {"DescribeKey": key("PendingDeletion", DeletionDate=due), "GetKeyLastUsage": usage(used)}
    )
    result = ask(on)
    assert result["key"]["deletion_date"] == "2026-03-08T03:00:00Z"
    assert result["last_used"] == "2026-02-26T03:00:00Z"
    assert on.kms[REGION].asked("GetKeyLastUsage") == 1


def test_a_state_that_aws_invented_since_is_not_guessed_at():
    result = ask(desk({"DescribeKey": key("Hibernating")}))
    assert result["usable"] is None
    assert "Hibernating" in result["unknowns"][0]


@pytest.mark.parametrize("state", ["DISCONNECTED", "CONNECTING", "DISCONNECTING", "FAILED"])
@pytest.mark.parametrize("key_facts", [IN_STORE, EXTERNAL], ids=["CloudHSM", "external"])
def test_an_enabled_key_in_a_key_store_that_is_not_connected_is_not_usable(state, key_facts):
    # GIVEN a key whose own state has not followed its key store's
    error = "INVALID_CREDENTIALS" if state == "FAILED" else None
    on = desk({"DescribeKey": key(**key_facts), "DescribeCustomKeyStores": store(state, error)})
    # WHEN it is asked for
    result = ask(on)
    # THEN the key store is to blame, with its code
    assert result["usable"] is False
    assert result["diagnosis"]["cause"] == "key_store_disconnected"
    assert result["key_store"] == {
        "id": STORE,
        "name": "vault",
        "kind": "EXTERNAL_KEY_STORE",
        "state": state,
        "error": error or "",
    }


def test_a_key_in_a_connected_cloudhsm_key_store_is_usable():
    on = desk(
        {"DescribeKey": key(**IN_STORE), "DescribeCustomKeyStores": store(kind="AWS_CLOUDHSM")}
    )
    assert ask(on)["usable"] is True


def test_an_external_key_is_neither_cleared_nor_condemned_by_what_aws_can_see():
    # GIVEN an enabled key in a connected external key store: nothing of it says whether the external key exists
    on = desk({"DescribeKey": key(**EXTERNAL), "DescribeCustomKeyStores": store()})
    result = ask(on)
    # THEN that is said plainly
    assert result["usable"] is None
    assert result["unknowns"] == [EXTERNAL_UNSEEN]
    assert result["key"]["external_key"] == "vault-key-7"


def test_a_key_store_that_is_gone_is_not_usable():
    on = desk({"DescribeKey": key(**IN_STORE)})
    result = ask(on)
    assert result["usable"] is False
    assert result["diagnosis"]["cause"] == "key_store_not_found"


@pytest.mark.parametrize(
    "problem", [THROTTLED, Fails("AccessDeniedException", "no")], ids=["throttled", "denied"]
)
def test_a_key_store_that_cannot_be_seen_leaves_the_key_open(problem):
    on = desk({"DescribeKey": key(**IN_STORE), "DescribeCustomKeyStores": problem})
    result = ask(on)
    assert result["usable"] is None
    assert "DescribeCustomKeyStores" in result["unknowns"][0]


def test_a_key_of_another_account_is_judged_by_what_that_account_lets_see():
    # GIVEN a key of another account, which lets it be described
    foreign = arn(account="999988887777")
    on = desk({"DescribeKey": key(account="999988887777")})
    # WHEN it is asked for
    result = ask(on, foreign)
    # THEN it is usable; its aliases and its usage are the other account's business and not asked for
    assert result["usable"] is True
    assert result["aliases"] == []
    assert result["usage"] == {"ever_used": "unknown", "tracking_since": None}
    assert on.kms[REGION].asked("GetKeyLastUsage") == on.kms[REGION].asked("ListAliases") == 0


def test_the_key_store_of_another_account_cannot_be_seen():
    on = desk({"DescribeKey": key(account="999988887777", **IN_STORE)})
    result = ask(on, arn(account="999988887777"))
    assert result["usable"] is None
    assert "999988887777" in result["unknowns"][0]
    assert on.kms[REGION].asked("DescribeCustomKeyStores") == 0


def test_a_denial_tells_neither_that_the_key_exists_nor_that_it_does_not():
    result = ask(
        desk({"DescribeKey": Fails("AccessDeniedException", DENIED)}), arn(account="999988887777")
    )
    assert result["usable"] is None
    assert result["diagnosis"]["cause"] == "missing_or_not_authorized"
    assert result["diagnosis"]["confidence"] == "possible"


def test_throttling_is_no_verdict():
    # GIVEN an account that asks KMS too much
    result = ask(desk({"DescribeKey": THROTTLED}))
    # THEN the key is not called unusable
    assert result["usable"] is None
    assert result["diagnosis"] is None
    assert "ThrottlingException" in result["unknowns"][0]


def test_an_outage_of_kms_is_told_and_is_no_verdict_about_the_key():
    result = ask(desk({"DescribeKey": Fails("KMSInternalException", "try later")}))
    assert result["usable"] is None
    assert result["diagnosis"]["cause"] == "kms_unavailable"


def test_a_region_that_cannot_be_reached_is_no_verdict(monkeypatch):
    on = desk({})

    def unreachable(**_):
        raise EndpointConnectionError(endpoint_url="https://kms.mars-north-1.example")

    monkeypatch.setattr(on.kms[REGION].client, "describe_key", unreachable)
    result = ask(on)
    assert result["usable"] is None
    assert "EndpointConnectionError" in result["unknowns"][0]


def test_a_replica_that_is_missing_here_is_found_in_the_other_region():
    # GIVEN a multi-Region key without a replica here
    mrk = "mrk-1234567890abcdef1234567890abcdef"
    related = {
        "MultiRegionKeyType": "PRIMARY",
        "PrimaryKey": {"Arn": arn(mrk, ELSEWHERE), "Region": ELSEWHERE},
        "ReplicaKeys": [],
    }
    missing = Fails("NotFoundException", f"Key '{arn(mrk)}' does not exist")
    there = key(key_id=mrk, region=ELSEWHERE, MultiRegion=True, MultiRegionConfiguration=related)
    on = desk({"DescribeKey": missing}, {"DescribeKey": there})
    # WHEN it is asked for here, THEN the answer names the Region that has it
    result = ask(on, mrk)
    assert result["usable"] is False
    assert result["diagnosis"]["cause"] == "wrong_region"
    assert any(ELSEWHERE in reason for reason in result["diagnosis"]["because"])
    # AND asked for there, it is usable
    result = ask(on, mrk, region=ELSEWHERE)
    assert result["usable"] is True
    assert result["key"]["multi_region"] == {"primary": ELSEWHERE, "regions": [ELSEWHERE]}


def test_an_arn_is_looked_up_in_its_own_region_and_the_answer_says_so():
    on = desk(
        {"DescribeKey": Fails("NotFoundException", f"Invalid arn {ELSEWHERE}")},
        {"DescribeKey": key(region=ELSEWHERE)},
    )
    result = ask(on, arn(region=ELSEWHERE))
    assert result["usable"] is True
    assert result["region"] == ELSEWHERE
    assert f"Invalid arn {ELSEWHERE}" in result["notes"][0]


def test_an_arn_that_is_asked_for_in_another_region_fails_as_it_does_for_an_application():
    on = desk(
        {"DescribeKey": Fails("NotFoundException", f"Invalid arn {ELSEWHERE}")},
        {"DescribeKey": key(region=ELSEWHERE)},
    )
    result = ask(on, arn(region=ELSEWHERE), region=REGION)
    assert result["usable"] is False
    assert result["diagnosis"]["cause"] == "wrong_region"


def test_an_alias_that_is_gone_gets_the_nearest_one_that_exists():
    gone = Fails(
        "NotFoundException", f"Alias arn:aws:kms:{REGION}:123456789012:alias/paymetns is not found."
    )
    on = desk({"DescribeKey": gone, "ListAliases": aliases(payments=KEY_ID)})
    result = ask(on, "alias/paymetns")
    assert result["usable"] is False
    assert result["diagnosis"]["cause"] == "alias_not_found"
    assert result["did_you_mean"] == "alias/payments"


def test_the_ledger_tells_who_deleted_the_alias():
    gone = Fails(
        "NotFoundException", f"Alias arn:aws:kms:{REGION}:123456789012:alias/payments is not found."
    )
    deleted = ChangeFact(
        "DeleteAlias", "arn:aws:iam::123456789012:user/bob", NOW - timedelta(days=1), "event-1"
    )
    result = ask(desk({"DescribeKey": gone}, ledger=Ledger((deleted,))), "alias/payments")
    assert any("user/bob called DeleteAlias" in reason for reason in result["diagnosis"]["because"])


def test_without_its_table_a_check_answers_all_the_same():
    result = ask(desk({"DescribeKey": key("Disabled")}, ledger=Ledger(down=True)))
    assert result["usable"] is False
    assert result["diagnosis"]["cause"] == "key_disabled"
    assert any("ledger" in unknown for unknown in result["unknowns"])


@pytest.mark.parametrize(
    "typed",
    ["1234abcd12ab34cd56ef1234567890ab", "allas/payments", "arn:aws:s3:::bucket", "x" * 3000],
)
def test_what_cannot_name_a_key_is_called_malformed(typed):
    refused = Fails("ValidationException", "1 validation error detected")
    result = ask(desk({"DescribeKey": refused}), typed)
    assert result["usable"] is False
    assert result["diagnosis"]["cause"] == "malformed_identifier"


def test_a_key_made_moments_ago_is_seen_at_the_second_look():
    # GIVEN a key that the first DescribeKey did not find and the diagnosis' own does
    on = desk({"DescribeKey": [NO_KEY, key(CreationDate=NOW)]})
    # WHEN it is asked for without waiting, THEN the newer look is believed
    assert ask(on)["usable"] is True


def test_waiting_ends_as_soon_as_the_key_is_visible():
    # GIVEN a key that three looks do not find
    on = desk({"DescribeKey": [NO_KEY, NO_KEY, NO_KEY, key(CreationDate=NOW)]})
    # WHEN somebody waits for it
    result = ask(on, wait_seconds=60)
    # THEN the answer comes with the fourth, and tells what each try saw
    assert result["usable"] is True
    assert [t["saw"] for t in result["tries"]] == [
        "NotFoundException",
        "NotFoundException",
        "NotFoundException",
        "Enabled",
    ]
    assert on.slept[:3] == [1.0, 1.7, pytest.approx(2.89)]
    assert sum(on.slept) < 60


def test_waiting_in_vain_ends_in_time_with_a_diagnosis():
    on = desk({"DescribeKey": key("Disabled")})
    result = ask(on, wait_seconds=30)
    assert result["usable"] is False
    assert result["tries"][-1] == {"after_seconds": 30.0, "saw": "Disabled"}
    assert sum(on.slept) == pytest.approx(30)


def test_waiting_outlasts_throttling():
    on = desk({"DescribeKey": [THROTTLED, THROTTLED, key()]})
    result = ask(on, wait_seconds=30)
    assert result["usable"] is True
    assert [t["saw"] for t in result["tries"]] == [
        "ThrottlingException",
        "ThrottlingException",
        "Enabled",
    ]


def test_pauses_of_two_waiters_differ():
    # GIVEN two checks that begin at the same moment
    first, second = desk({"DescribeKey": NO_KEY}), desk({"DescribeKey": NO_KEY})
    # WHEN their jitter differs
    request = {"key_id": KEY_ID, "wait_seconds": 20}
    check(request, first.services, sleep=first.sleep, jitter=lambda: 0.1)
    check(request, second.services, sleep=second.sleep, jitter=lambda: 0.9)
    # THEN so do their pauses, within the same time
    assert first.slept[0] != second.slept[0]
    assert sum(first.slept) == pytest.approx(20) == pytest.approx(sum(second.slept))


class ShortOfTime:
    def get_remaining_time_in_millis(self):
        return 40_000


def test_waiting_leaves_the_function_time_to_answer():
    # GIVEN an invocation with 40 seconds left
    on = desk({"DescribeKey": NO_KEY})
    # WHEN somebody asks for five minutes
    check(
        {"key_id": KEY_ID, "wait_seconds": MAX_WAIT},
        on.services,
        ShortOfTime(),
        sleep=on.sleep,
        jitter=lambda: 0.5,
    )
    # THEN waiting ends early enough to diagnose
    assert sum(on.slept) == pytest.approx(15)


def test_many_keys_wait_together_and_not_one_after_the_other():
    # GIVEN two keys, one of which can be used at once
    other = "0000abcd-12ab-34cd-56ef-1234567890ab"
    gone = Fails("NotFoundException", f"Key '{arn(other)}' does not exist")
    on = desk({"DescribeKey": gone})
    on.services.lookups.key = by_id(on.services.lookups.key, {KEY_ID: 0})
    # WHEN both are waited for
    answered = check(
        {"key_id": [KEY_ID, other, KEY_ID], "wait_seconds": 20},
        on.services,
        sleep=on.sleep,
        jitter=lambda: 0.5,
    )
    # THEN each has its answer, duplicates have one, and the time was spent once
    assert [(r["key_id"], r["usable"]) for r in answered["results"]] == [
        (KEY_ID, True),
        (other, False),
    ]
    assert answered["usable"] is False
    assert sum(on.slept) == pytest.approx(20)
    assert len(answered["results"][0]["tries"]) == 1


def by_id(look_up, usable):
    """Let the keys of ``usable`` be found, and all others be looked up as scripted."""
    from keywatch.lookups.kms import key_facts
    from keywatch.model.evidence import LookupOutcome, LookupResult

    def found(key_id, region):
        if key_id.removeprefix(arn("")) in usable:
            return key_facts(key()["KeyMetadata"], region), LookupResult(
                "DescribeKey", key_id, region, LookupOutcome.SEEN
            )
        return look_up(key_id, region)

    return found


@pytest.mark.parametrize(
    ("answer_of_kms", "ever"),
    [
        (usage(NOW), "yes"),
        (usage(None, since=OLD), "no"),
        (usage(None, since=OLD + timedelta(days=200)), "unknown"),
        (Fails("AccessDeniedException", "no"), "unknown"),
    ],
    ids=["used", "never used", "tracking began later", "denied"],
)
def test_whether_a_key_was_ever_used_is_told_only_where_it_is_known(answer_of_kms, ever):
    result = ask(desk({"DescribeKey": key(), "GetKeyLastUsage": answer_of_kms}))
    assert result["usable"] is True
    assert result["usage"]["ever_used"] == ever
    assert bool(result["unknowns"]) == (ever == "unknown")


def test_material_that_will_expire_is_told_before_it_does():
    result = ask(desk({"DescribeKey": key(Origin="EXTERNAL", ValidTo=NOW + timedelta(days=3))}))
    assert result["usable"] is True
    assert "2026-03-04" in result["notes"][0]


def test_aliases_that_cannot_be_listed_are_said_to_be_unknown():
    result = ask(desk({"DescribeKey": key(), "ListAliases": THROTTLED}))
    assert result["usable"] is True
    assert "ListAliases" in result["unknowns"][0]


def test_notify_sends_one_alert_about_what_cannot_be_used_however_often_was_tried():
    on = desk({"DescribeKey": key("Disabled")})
    result = ask(on, notify=True, wait_seconds=20)
    assert result["notified"] is True
    assert [alert.diagnosis.cause for alert in on.outbox.sent] == ["key_disabled"]


def test_many_broken_keys_are_one_message_and_the_same_is_not_sent_again():
    # GIVEN 50 names that do not exist
    on = desk({"DescribeKey": NO_KEY})
    names = [f"alias/gone-{n}" for n in range(50)]

    def checked():
        request = {"action": "check", "key_id": names, "notify": True}
        return check(request, on.services, sleep=on.sleep, jitter=lambda: 0.5)["results"]

    # WHEN they are checked twice
    first, again = checked(), checked()
    # THEN one message names all of them
    assert [one["notified"] for one in first] == [True] * 50
    (alert,) = on.outbox.sent
    assert alert.group.size == 50
    assert all(f"alias/gone-{n}" in " ".join(alert.group.members) for n in range(50))
    # AND the second time nothing is sent, and the answer says when it was
    assert [one["notified"] for one in again] == [False] * 50
    assert "the same was sent at" in again[0]["unknowns"][-1]


def test_notify_says_nothing_of_a_key_that_can_be_used():
    on = desk({"DescribeKey": key()})
    assert "notified" not in ask(on, notify=True)
    assert on.outbox.sent == []


def test_an_alert_that_could_not_be_sent_does_not_cost_the_answer():
    on = desk({"DescribeKey": key("Disabled")})
    on.outbox.broken = True
    result = ask(on, notify=True)
    assert result["notified"] is False
    assert result["diagnosis"]["cause"] == "key_disabled"
    assert on.services.counts.drain()["AlertsFailed"] == 1


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({}, "key_id"),
        ({"key_id": None}, "key_id"),
        ({"key_id": []}, "key_id"),
        ({"key_id": ["alias/a", 7]}, "key_id"),
        ({"key_id": "  "}, "key_id"),
        ({"key_id": ["x"] * 51}, "key_id"),
        ({"key_id": "alias/a", "region": "eu west"}, "region"),
        ({"key_id": "alias/a", "region": "eu-west-1.evil.example"}, "region"),
        ({"key_id": "alias/a", "region": ["eu-west-1"]}, "region"),
        ({"key_id": "alias/a", "wait_seconds": 301}, "wait_seconds"),
        ({"key_id": "alias/a", "wait_seconds": True}, "wait_seconds"),
        ({"key_id": "alias/a", "wait_seconds": float("nan")}, "wait_seconds"),
        ({"key_id": "alias/a", "notify": "yes"}, "notify"),
        ({"key_id": "alias/a", "wait_second": 5}, "wait_second"),
    ],
)
def test_a_bad_request_is_answered_with_the_field_that_is_wrong(request_, field):
    # GIVEN a request with one mistake
    on = desk({})
    # WHEN it is answered, THEN that names the field, and no AWS call was made
    problem = answer(
        {"action": "check", **request_}, None, lambda: Runtime(on.services, Metrics())
    )["error"]
    assert problem["code"] == "invalid_request"
    assert list(problem["fields"]) == [field]
    assert on.kms[REGION].calls == []


@pytest.mark.parametrize("outcome", [LookupOutcome.THROTTLED, LookupOutcome.SKIPPED])
def test_a_malformed_name_that_nobody_was_asked_about_is_not_judged(outcome):
    # GIVEN a name that is no key's, and a look-up that was not made or not answered
    result = LookupResult("DescribeKey", "nonsense/x", REGION, outcome)
    # THEN nothing is said of it
    assert classification_of(KeyObservation("nonsense/x", REGION, None, result)) is None
