"""Nothing certain that may not be so: KMS shows changes late, CloudTrail shows them later, and some records are lost."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keywatch.catalogue.changes import CHANGES, MADE_BY
from keywatch.diagnosis.case import PROPAGATION
from keywatch.diagnosis.diagnose import Diagnosis, diagnose
from keywatch.model.evidence import Evidence, HistoryRead, LookupOutcome
from keywatch.model.levels import Confidence
from keywatch.model.signals import EARLY_WARNING
from tests.unit.cases import (
    ACCOUNT,
    ALIAS,
    BOB,
    MRK,
    OTHER_REGION,
    REGION,
    THEN,
    absent,
    alias,
    blind,
    change,
    failed,
    in_state,
    key,
    no_alias,
    no_key,
    seen,
)

CERTAIN, LIKELY = Confidence.CERTAIN, Confidence.LIKELY
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
EVE = "arn:aws:iam::111122223333:role/eve"
PENDING, DISABLED = in_state("is pending deletion."), in_state("is disabled.")
DISPROVED = [(name, proof) for name, kind in CHANGES.items() for proof in kind.disproved_by]


def diagnosed(failure, *changes, after=20 * SECOND, looks=(), **found) -> Diagnosis:
    """Return the diagnosis that long after the call."""
    evidence = Evidence(own_account=ACCOUNT, changes=changes, lookup_results=looks, **found)
    return diagnose(failure, evidence, THEN + after)


def because(diagnosis: Diagnosis) -> str:
    return "\n".join(map(str, diagnosis.because))


def commands(diagnosis: Diagnosis) -> str:
    return "\n".join(remedy.command or "" for remedy in diagnosis.remedies)


class TestWhatALostRecordUndid:
    @pytest.mark.parametrize(("broke", "proof"), DISPROVED)
    def test_a_change_that_kms_refuses_while_it_lasts_clears_who_broke_it_before(
        self, broke, proof
    ):
        # GIVEN a change that broke the key days ago, one since that KMS refuses as long as that
        # lasts, and nothing of who undid it in between
        cause = next((made for made, by in MADE_BY.items() if broke in by), "alias_not_found")
        failure = no_alias() if broke == "DeleteAlias" else PENDING
        failure = replace(failure, classification=replace(failure.classification, cause=cause))
        details = {"alias": ALIAS} if broke == "DeleteAlias" else {}
        old, since = change(broke, 2 * DAY, **details), change(proof, DAY, who=EVE, **details)

        # WHEN it is broken now, THEN nobody is named for it
        assert because_of_changes(diagnosed(failure, old, since)) == []
        # BUT whoever broke it after that is
        again = change(broke, MINUTE, who=EVE, **details)
        named = because_of_changes(diagnosed(failure, old, since, again))
        assert [EVE in reason for reason in named] == [True]


def because_of_changes(diagnosis: Diagnosis) -> list[str]:
    return [str(reason) for reason in diagnosis.because if reason.is_change]


class TestAStateThatNoLookUpShows:
    @pytest.mark.parametrize(
        ("failure", "broke", "undid"),
        [
            (PENDING, "ScheduleKeyDeletion", "CancelKeyDeletion"),
            (PENDING, "ScheduleKeyDeletion", "EnableKey"),
            (DISABLED, "DisableKey", "EnableKey"),
            (DISABLED, "CancelKeyDeletion", "EnableKey"),
            (in_state("is pending import."), "DeleteImportedKeyMaterial", "ImportKeyMaterial"),
        ],
    )
    @pytest.mark.parametrize("since", [-1, 30], ids=["moments before", "after"])
    def test_it_is_not_certain_where_it_is_known_to_have_ended(self, failure, broke, undid, since):
        # GIVEN AWS's word about a state, a change that ended it about then or later, and look-ups
        # that are refused
        changes = change(broke, 10 * MINUTE), change(undid, -since * SECOND, who=EVE)
        diagnosis = diagnosed(failure, *changes, after=20 * MINUTE, looks=(blind(),))

        # THEN it is no more than likely, who mended it is not named as the cause, and nothing is
        # offered that would change the state
        assert diagnosis.confidence is LIKELY
        assert EVE not in because(diagnosis)
        assert any(undid in unknown for unknown in diagnosis.unknowns)
        assert not any(
            verb in commands(diagnosis)
            for verb in ("cancel-key-deletion", "enable-key", "import-key-material")
        )

    def test_it_is_certain_where_it_was_brought_about_again(self):
        changes = change("EnableKey", 2 * MINUTE), change("DisableKey", MINUTE)
        diagnosis = diagnosed(DISABLED, *changes, looks=(blind(),))
        assert diagnosis.confidence is CERTAIN
        assert "enable-key" in commands(diagnosis)

    def test_it_is_certain_where_it_ended_long_before_the_call(self):
        # The call met it after that: somebody did it again, and the record has not come yet.
        changes = change("DisableKey", DAY), change("EnableKey", PROPAGATION + SECOND)
        assert diagnosed(DISABLED, *changes, looks=(blind(),)).confidence is CERTAIN

    def test_a_warning_is_certain_only_where_a_look_up_agrees(self):
        # GIVEN a change that AWS recorded, before any call failed
        warning = replace(DISABLED, source=EARLY_WARNING)
        made = change("DisableKey", 0 * SECOND)

        # THEN its record proves what was done, and only a look-up that it is so
        assert diagnosed(warning, made, looks=(blind(),)).confidence is LIKELY
        shown = diagnosed(warning, made, looks=(seen(),), key=key("Disabled"))
        assert shown.confidence is CERTAIN
        assert BOB in because(shown)


SHOWN_DISABLED = {"looks": (seen(),), "key": key("Disabled")}


class TestALookUpThatLags:
    def test_a_change_of_this_moment_is_newer_than_what_a_look_up_shows(self):
        # GIVEN a key that was disabled and enabled again, and a look-up that shows it disabled
        changes = change("DisableKey", MINUTE), change("EnableKey", -5 * SECOND)
        diagnosis = diagnosed(DISABLED, *changes, **SHOWN_DISABLED)
        # THEN that is not certain, and enabling it is not offered
        assert (diagnosis.cause, diagnosis.confidence) == ("key_disabled", LIKELY)
        assert "enable-key" not in commands(diagnosis)
        # BUT long after the change it is
        later = diagnosed(DISABLED, *changes, after=PROPAGATION + MINUTE, **SHOWN_DISABLED)
        assert later.confidence is CERTAIN
        assert "enable-key" in commands(later)

    def test_the_record_of_a_call_and_that_of_a_change_are_right_against_it(self):
        # GIVEN a disabled key whose deletion was scheduled a moment ago, which its caller met
        made = change("ScheduleKeyDeletion", 5 * SECOND)
        diagnosis = diagnosed(PENDING, made, **SHOWN_DISABLED)
        # THEN it is pending deletion, although the look-up still shows it disabled
        assert (diagnosis.cause, diagnosis.confidence) == ("key_pending_deletion", CERTAIN)
        assert "cancel-key-deletion" in commands(diagnosis)
        assert BOB in because(diagnosis)


class TestWhatIsNotThere:
    @pytest.mark.parametrize(
        ("deleted", "after", "confidence"),
        [
            (30 * SECOND, 20 * SECOND, LIKELY),
            (2 * MINUTE, 20 * SECOND, CERTAIN),
            (30 * SECOND, PROPAGATION + MINUTE, CERTAIN),
        ],
        ids=["just deleted", "deleted before", "still absent later"],
    )
    def test_an_alias_may_have_been_made_again_moments_after_it_was_deleted(
        self, deleted, after, confidence
    ):
        gone = change("DeleteAlias", deleted, alias=ALIAS)
        diagnosis = diagnosed(no_alias(), gone, after=after, looks=(absent(asked=ALIAS),))
        assert (diagnosis.cause, diagnosis.confidence) == ("alias_not_found", confidence)

    @pytest.mark.parametrize(
        ("after", "confidence"), [(20 * SECOND, LIKELY), (PROPAGATION + SECOND, CERTAIN)]
    )
    def test_a_misspelt_alias_may_be_one_that_was_just_made(self, after, confidence):
        looks = absent(asked=ALIAS), seen(operation="ListAliases", asked="all")
        listed = {"aliases": (f"{ALIAS}s", "alias/other")}
        diagnosis = diagnosed(no_alias(), after=after, looks=looks, **listed)
        assert (diagnosis.cause, diagnosis.confidence) == ("alias_not_found", confidence)
        assert diagnosis.facts["did_you_mean"] == f"{ALIAS}s"

    def test_the_history_is_not_said_to_be_empty_where_it_told_of_something(self):
        # GIVEN a history that was read to its end and beyond the call, and a creation in it
        made = change("CreateAlias", 2 * SECOND, alias=ALIAS)
        names = ("DeleteAlias", "UpdateAlias", "CreateAlias")
        times = (THEN - 90 * DAY, THEN + 20 * MINUTE, THEN + 5 * MINUTE)
        read = HistoryRead(names, REGION, *times, complete=True)

        # WHEN the call is told of late, and a look-up says that the alias is not there
        looks = (absent(asked=ALIAS),)
        diagnosis = diagnosed(no_alias(), made, after=20 * MINUTE, looks=looks, history=read)

        # THEN nothing is said to have been found
        assert "nothing found" not in because(diagnosis)
        assert "nothing found" in because(
            diagnosed(no_alias(), after=20 * MINUTE, looks=looks, history=read)
        )

    @pytest.mark.parametrize(
        ("outcome", "cause"),
        [
            (LookupOutcome.THROTTLED, "not_yet_visible"),
            (LookupOutcome.ABSENT, "alias_not_found"),
        ],
    )
    def test_a_late_record_of_what_was_just_made_waits_for_nobody_where_a_look_up_shows_how_it_is(
        self, outcome, cause
    ):
        made = change("CreateAlias", 2 * SECOND, alias=ALIAS)
        look = absent(asked=ALIAS) if outcome is LookupOutcome.ABSENT else blind(outcome=outcome)
        assert diagnosed(no_alias(), made, after=17 * MINUTE, looks=(look,)).cause == cause


NO_REPLICA = failed(
    "NotFoundException",
    f"Key 'arn:aws:kms:{REGION}:{ACCOUNT}:key/{MRK}' does not exist",
    f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{MRK}",
)
ELSEWHERE = {"elsewhere": (key(key_id=MRK, region=OTHER_REGION, replicas=(OTHER_REGION,)),)}
LOOKED = absent(asked=MRK), seen(OTHER_REGION, asked=MRK)


class TestReplicas:
    @pytest.mark.parametrize("after", [20 * SECOND, PROPAGATION + SECOND])
    def test_no_region_is_wrong_for_sure_in_which_a_replica_may_have_been_deleted(self, after):
        diagnosis = diagnosed(NO_REPLICA, after=after, looks=LOOKED, **ELSEWHERE)
        assert (diagnosis.cause, diagnosis.confidence) == ("wrong_region", LIKELY)

    def test_a_region_for_which_a_replica_was_just_made_is_not_wrong(self):
        made = change("ReplicateKey", 10 * SECOND, replica_region=REGION)
        diagnosis = diagnosed(NO_REPLICA, made, looks=LOOKED, **ELSEWHERE)
        assert diagnosis.cause == "not_yet_visible"
        assert "replicate-key" not in commands(diagnosis)
        # BUT one that was made for another Region explains nothing here
        other = change("ReplicateKey", 10 * SECOND, replica_region="sa-east-1")
        assert diagnosed(NO_REPLICA, other, looks=LOOKED, **ELSEWHERE).cause != ("not_yet_visible")


def test_an_alias_that_exists_is_found_whatever_was_lost():
    shown = diagnosed(
        no_alias(), looks=(seen(asked=ALIAS),), key=key(), alias=alias(), after=MINUTE
    )
    assert shown.confidence is not CERTAIN


@pytest.mark.parametrize(("look", "confidence"), [(blind, LIKELY), (absent, CERTAIN)])
def test_a_deleted_replica_may_have_been_made_again(look, confidence):
    # GIVEN KMS's record that it deleted a multi-Region key, and a call that finds none
    deleted = change("DeleteKey", DAY, who="AWS KMS")
    # WHEN KeyWatch may not look THEN it is not certain: the same id can be a replica of this minute
    told = diagnosed(no_key(MRK), deleted, after=30 * MINUTE, looks=(look(asked=MRK),))
    assert (told.cause, told.confidence) == ("key_deleted", confidence)
