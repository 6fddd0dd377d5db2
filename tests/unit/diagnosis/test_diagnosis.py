"""One cause for each failure, no surer than what was seen, in the order in which "not found" must be doubted."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keywatch.catalogue.causes import CAUSES
from keywatch.catalogue.causes.services import SERVICE_STEPS
from keywatch.catalogue.changes import CHANGES, MADE_BY
from keywatch.catalogue.connection_errors import CONNECTION_ERRORS
from keywatch.catalogue.states import STATE_CAUSES
from keywatch.catalogue.texts import CONNECTION_ERRORS as CONNECTION_CODES
from keywatch.diagnosis.diagnose import Diagnosis, diagnose
from keywatch.diagnosis.order import ORDER
from keywatch.model.evidence import (
    NO_EVIDENCE,
    Evidence,
    FunctionFacts,
    HistoryRead,
    KeyFacts,
    LookupOutcome,
)
from keywatch.model.levels import Confidence, Severity
from keywatch.model.signals import Caller
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
    OLD,
    OTHER_ACCOUNT,
    OTHER_KEY_ID,
    OTHER_REGION,
    REGION,
    STORE,
    THEN,
    absent,
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
    seen,
    store,
)

CERTAIN, LIKELY, POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
XKS_GONE = (
    "The external key store proxy rejected the request because it could not find the external key."
)


def because(diagnosis: Diagnosis) -> str:
    return "\n".join(str(reason) for reason in diagnosis.because)


def unknown(diagnosis: Diagnosis) -> str:
    return "\n".join(diagnosis.unknowns)


def verdict(failure, now=NOW, **evidence):
    diagnosis = diagnose(failure, Evidence(own_account=ACCOUNT, **evidence), now)
    return diagnosis.cause, diagnosis.confidence, diagnosis


def found(facts: KeyFacts):
    """What evidence holds of a key that DescribeKey found where the call looked."""
    return {"key": facts, "lookup_results": (seen(facts.region),)}


def read(*, complete):
    """What was read of CloudTrail's history, or as much as the pace allowed."""
    names = ("ScheduleKeyDeletion", "DeleteKey")
    shown = NOW - timedelta(minutes=15)
    return HistoryRead(names, REGION, NOW - timedelta(days=90), NOW, shown, complete)


class TestNotYetVisible:
    @pytest.mark.parametrize("what", ["CreateAlias", "UpdateAlias", "CreateKey", "ReplicateKey"])
    def test_a_creation_moments_before_the_call_holds_the_alert(self, what):
        # GIVEN a failure two minutes after its subject was made
        cause, confidence, diagnosis = verdict(
            no_alias(), changes=(change(what, 2 * MINUTE, alias=ALIAS),)
        )
        # THEN KMS is given time, and who made it is named
        assert (cause, confidence) == ("not_yet_visible", LIKELY)
        assert f"{BOB} called {what}" in because(diagnosis)

    @pytest.mark.parametrize(
        "evidence",
        [
            {"alias": alias(created=THEN - MINUTE)},
            {"alias": alias(updated=THEN - MINUTE)},
            found(key(created=THEN - MINUTE)),
        ],
        ids=["alias created", "alias re-pointed", "key created"],
    )
    def test_what_aws_itself_says_of_creation_counts_as_well(self, evidence):
        assert verdict(no_alias(), **evidence)[0] == "not_yet_visible"

    def test_what_was_created_long_before_is_no_excuse(self):
        assert (
            verdict(no_alias(), changes=(change("CreateAlias", 6 * MINUTE, alias=ALIAS),))[0]
            == "alias_not_found"
        )

    def test_a_call_that_came_before_the_creation_was_too_early_and_that_is_said(self):
        # GIVEN an alias that was created three minutes after the call
        cause, _, diagnosis = verdict(
            no_alias(),
            alias=alias(created=THEN + 3 * MINUTE),
            lookup_results=(seen(operation="ListAliases"),),
        )
        # THEN it may heal by itself, but KMS is not blamed for being late
        assert cause == "not_yet_visible"
        assert "the call came 3 min before that: the caller was early" in because(diagnosis)

    def test_seconds_of_difference_between_clocks_prove_no_order(self):
        # GIVEN a creation that was recorded two seconds after the failure
        diagnosis = verdict(
            no_alias(), changes=(change("CreateAlias", timedelta(seconds=-2), alias=ALIAS),)
        )[2]
        assert diagnosis.cause == "not_yet_visible"
        assert "early" not in because(diagnosis)

    def test_an_alias_that_was_deleted_before_the_call_and_made_again_after_it_was_missing(self):
        # GIVEN somebody deleted the alias, the call failed, and somebody else made it again
        changes = (
            change("DeleteAlias", 10 * MINUTE, alias=ALIAS),
            change("CreateAlias", -3 * MINUTE, who=APP, alias=ALIAS),
        )
        # THEN the failure is not explained away
        cause, _, diagnosis = verdict(
            no_alias(), changes=changes, alias=alias(created=THEN + 3 * MINUTE), **found(key())
        )
        assert cause == "alias_not_found"
        assert "too early" not in because(diagnosis)

    def test_a_deletion_after_the_creation_undoes_it(self):
        changes = (
            change("CreateAlias", 4 * MINUTE, alias=ALIAS),
            change("DeleteAlias", 2 * MINUTE, alias=ALIAS),
        )
        assert verdict(no_alias(), changes=changes)[:2] == ("alias_not_found", CERTAIN)

    def test_a_new_alias_does_not_excuse_a_missing_key(self):
        # GIVEN a key that was asked for by its id, and a new alias of it, which proves only that it existed then
        assert (
            verdict(no_key(), changes=(change("CreateAlias", MINUTE, alias="alias/other"),))[0]
            == "key_not_found"
        )

    def test_a_key_in_an_unusable_state_is_not_waited_for(self):
        new = key("PendingImport", created=THEN - MINUTE)
        assert verdict(no_key(), **found(new))[0] == "key_material_missing"


class TestDeleted:
    def test_kms_own_record_proves_a_deletion_and_the_ledger_names_who_scheduled_it(self):
        changes = (change("DeleteKey", DAY, who="AWS KMS"), change("ScheduleKeyDeletion", 9 * DAY))
        cause, confidence, diagnosis = verdict(
            no_key(), changes=changes, lookup_results=(absent(),)
        )
        assert (cause, confidence) == ("key_deleted", CERTAIN)
        assert f"{BOB} called ScheduleKeyDeletion" in because(diagnosis)
        assert diagnosis.facts["deleted_at"] == "2026-11-22 03:00 UTC"

    def test_a_key_that_is_there_was_not_deleted(self):
        assert (
            verdict(no_key(), changes=(change("DeleteKey", DAY),), **found(key()))[0]
            == "key_not_found"
        )

    def test_a_replica_that_was_made_again_is_not_deleted(self):
        # GIVEN a replica that was deleted, made again and disabled, and a look-up that was throttled
        changes = (
            change("DeleteKey", 5 * DAY, who="AWS KMS"),
            change("CreateKey", 4 * DAY),
            change("DisableKey", DAY),
        )
        lookup_results = (blind(outcome=LookupOutcome.THROTTLED),)
        # THEN the old deletion explains nothing
        assert verdict(in_state("is disabled."), changes=changes, lookup_results=lookup_results)[
            :2
        ] == ("key_disabled", CERTAIN)

    def test_a_deletion_that_was_due_is_likely_when_aws_finds_no_key(self):
        scheduled = change("ScheduleKeyDeletion", 9 * DAY, deletion_date="Nov 21, 2026 03:00:00 AM")
        cause, confidence, diagnosis = verdict(no_key(), changes=(scheduled,))
        assert (cause, confidence) == ("key_deleted", LIKELY)
        assert "due on 2026-11-21 03:00 UTC" in because(diagnosis)

    def test_a_deletion_that_was_due_is_only_possible_behind_an_ambiguous_denial(self):
        scheduled = change("ScheduleKeyDeletion", 9 * DAY, deletion_date="2026-11-21T03:00:00Z")
        assert verdict(denied(), changes=(scheduled,), lookup_results=(blind(),))[:2] == (
            "key_deleted",
            POSSIBLE,
        )

    @pytest.mark.parametrize(
        "details",
        [
            {"deletion_date": "2026-11-30T03:00:00Z"},
            {"pending_days": "30"},
            {},
            {"key_state": "PendingReplicaDeletion", "pending_days": "7"},
        ],
        ids=["later", "30 days", "usual wait", "waits for replicas"],
    )
    def test_a_deletion_that_is_not_due_yet_has_not_happened(self, details):
        scheduled = change("ScheduleKeyDeletion", 9 * DAY, **details)
        assert verdict(no_key(), changes=(scheduled,))[0] == "key_not_found"

    def test_a_cancelled_deletion_has_not_happened(self):
        changes = (
            change("ScheduleKeyDeletion", 9 * DAY, pending_days="7"),
            change("CancelKeyDeletion", 8 * DAY),
        )
        cause, _, diagnosis = verdict(no_key(), changes=changes)
        assert cause == "key_not_found"
        assert "ScheduleKeyDeletion at" not in because(diagnosis)

    def test_aws_own_word_that_the_key_is_pending_beats_a_date_that_passed(self):
        # GIVEN AWS says "pending deletion" after the date, as it may for a day, and KeyWatch may not look
        scheduled = change("ScheduleKeyDeletion", 9 * DAY, pending_days="7")
        cause, confidence, _ = verdict(
            in_state("is pending deletion."), changes=(scheduled,), lookup_results=(blind(),)
        )
        assert (cause, confidence) == ("key_pending_deletion", CERTAIN)

    def test_a_key_that_was_known_at_the_call_and_is_absent_now_was_deleted_since(self):
        assert verdict(in_state("is pending deletion."), lookup_results=(absent(),))[:2] == (
            "key_deleted",
            LIKELY,
        )

    def test_an_alias_whose_key_was_deleted_went_with_it(self):
        changes = (
            change("CreateAlias", 60 * DAY, alias=ALIAS, target_key=KEY_ID),
            change("DeleteKey", DAY, who="AWS Internal"),
        )
        cause, confidence, diagnosis = verdict(no_alias(), changes=changes)
        # THEN that is the best explanation, not a proof: the alias may have been moved unseen
        assert (cause, confidence) == ("key_deleted", LIKELY)
        assert f"{ALIAS} pointed to {KEY_ID}" in because(diagnosis)

    def test_a_deleted_replica_of_a_living_multi_region_key_is_no_total_loss(self):
        # GIVEN KMS deleted the replica here, and the primary lives on
        primary = key(key_id=MRK, region=OTHER_REGION, replicas=(OTHER_REGION,))
        changes = (change("DeleteKey", DAY, who="AWS KMS"),)
        cause, confidence, diagnosis = verdict(
            no_key(MRK), changes=changes, elsewhere=(primary,), lookup_results=(absent(),)
        )
        assert (cause, confidence) == ("key_deleted", CERTAIN)
        assert f"a related key of this multi-Region key exists in {OTHER_REGION}" in because(
            diagnosis
        )
        assert diagnosis.facts["key_region"] == OTHER_REGION
        # THEN the command that makes the replica again can be pasted
        again = f"aws kms replicate-key --key-id {MRK} --replica-region {REGION} --region {OTHER_REGION}"
        assert again in [step.command for step in diagnosis.remedies]

    def test_a_deleted_multi_region_key_without_known_relatives_may_still_have_some(self):
        diagnosis = verdict(
            no_key(MRK), changes=(change("DeleteKey", DAY),), lookup_results=(absent(),)
        )[2]
        assert "a related key may still exist in a Region that KeyWatch did not look in" in unknown(
            diagnosis
        )


class TestAlias:
    def test_who_deleted_an_alias_is_named(self):
        deleted = change("DeleteAlias", DAY, alias=ALIAS)
        created = change("CreateAlias", 60 * DAY, alias=ALIAS, target_key=KEY_ID)
        cause, confidence, diagnosis = verdict(no_alias(), changes=(deleted, created))
        assert (cause, confidence) == ("alias_not_found", CERTAIN)
        assert f"{BOB} called DeleteAlias" in because(diagnosis)
        # AND the command that makes it again has its key
        assert any(
            remedy.command and f"--target-key-id {KEY_ID}" in remedy.command
            for remedy in diagnosis.remedies
        )

    def test_a_deletion_after_the_call_does_not_explain_it(self):
        diagnosis = verdict(no_alias(), changes=(change("DeleteAlias", -2 * MINUTE, alias=ALIAS),))[
            2
        ]
        assert "DeleteAlias at" not in because(diagnosis)

    def test_another_alias_that_was_deleted_does_not_explain_a_missing_key(self):
        # GIVEN the ledger of a key, which holds what happened to its aliases
        cause, _, diagnosis = verdict(no_key(), changes=(change("DeleteAlias", DAY, alias=ALIAS),))
        assert cause == "key_not_found"
        assert "DeleteAlias at" not in because(diagnosis)

    def test_a_known_deletion_behind_an_ambiguous_denial_is_likely_and_no_more(self):
        deleted = change("DeleteAlias", DAY, alias=ALIAS)
        assert verdict(denied(ALIAS), changes=(deleted,), lookup_results=(blind(),))[:2] == (
            "alias_not_found",
            LIKELY,
        )

    def test_a_typo_is_met_with_the_alias_that_was_meant(self):
        listed = seen(operation="ListAliases", asked="all")
        diagnosis = verdict(
            no_alias("alias/paymnets"),
            aliases=(ALIAS, "alias/orders"),
            lookup_results=(absent(), listed),
        )[2]
        assert (diagnosis.cause, diagnosis.facts["did_you_mean"]) == ("alias_not_found", ALIAS)

    @pytest.mark.parametrize(
        ("ago", "used", "named"),
        [
            (30 * MINUTE, 2 * DAY, True),
            (DAY, 2 * DAY, False),
            (30 * MINUTE, 10 * MINUTE, False),
            (30 * MINUTE, None, False),
            (3 * MINUTE, None, True),
        ],
        ids=["just before", "long ago", "used since", "use unknown", "minutes ago, use unknown"],
    )
    def test_who_re_pointed_an_alias_is_named_when_its_new_key_cannot_serve(self, ago, used, named):
        # GIVEN an alias that was moved to a key that is disabled now, and was last used at some time
        moved = change("UpdateAlias", ago, alias=ALIAS, target_key=KEY_ID)
        failure = failed("DisabledException", f"{KEY} is disabled.", ALIAS)
        last_used = NOW - used if used else None
        facts = found(key("Disabled"))
        diagnosis = verdict(failure, changes=(moved,), last_used=last_used, **facts)[2]
        # THEN only the move that its calls cannot have survived is named
        said = f"{BOB} called UpdateAlias ({ALIAS} to {KEY_ID})" in because(diagnosis)
        assert said is named

    @pytest.mark.parametrize(("gone", "named"), [("g-1", True), ("g-2", False), (None, False)])
    def test_who_revoked_a_grant_is_named_for_that_grant_only(self, gone, named):
        # GIVEN a grant that was revoked, and a call that names that one, another one, or only a token
        revoked = change("RevokeGrant", 30 * MINUTE, grant="g-1")
        failure = replace(failed("InvalidGrantIdException", None, KEY), grant=gone)
        diagnosis = verdict(failure, changes=(revoked,))[2]
        # THEN somebody is named only for what the call asked for
        assert diagnosis.cause == "grant_not_found"
        assert (f"{BOB} called RevokeGrant" in because(diagnosis)) is named

    def test_who_re_pointed_an_alias_is_not_named_where_somebody_disabled_the_key(self):
        moved = change("UpdateAlias", 30 * MINUTE, alias=ALIAS, target_key=KEY_ID)
        disabled = change("DisableKey", 20 * MINUTE, who=APP)
        failure = failed("DisabledException", f"{KEY} is disabled.", ALIAS)
        said = because(verdict(failure, changes=(moved, disabled), **found(key("Disabled")))[2])
        assert f"{APP} called DisableKey" in said
        assert "UpdateAlias" not in said


class TestElsewhere:
    def test_a_key_id_that_exists_in_another_region_proves_the_wrong_region(self):
        diagnosis = verdict(
            no_key(),
            elsewhere=(key(region=OTHER_REGION),),
            lookup_results=(absent(), seen(OTHER_REGION)),
        )[2]
        assert (diagnosis.cause, diagnosis.confidence, diagnosis.facts["key_region"]) == (
            "wrong_region",
            CERTAIN,
            OTHER_REGION,
        )

    def test_an_alias_of_the_same_name_elsewhere_is_a_good_guess(self):
        assert verdict(no_alias(), elsewhere=(key(region=OTHER_REGION),))[:2] == (
            "wrong_region",
            LIKELY,
        )

    def test_an_alias_of_the_same_name_elsewhere_does_not_settle_a_denial(self):
        # GIVEN most aliases have namesakes in other Regions, and this one could not be seen here
        cause, confidence, diagnosis = verdict(
            denied(ALIAS), elsewhere=(key(region=OTHER_REGION),), lookup_results=(blind(),)
        )
        assert (cause, confidence) == ("missing_or_not_authorized", POSSIBLE)
        assert f"exists in {OTHER_REGION}" in because(diagnosis)

    def test_a_multi_region_key_elsewhere_does_not_prove_that_it_is_missing_here(self):
        other = key(key_id=MRK, region=OTHER_REGION, replicas=(OTHER_REGION,))
        assert verdict(denied(MRK), elsewhere=(other,), lookup_results=(blind(),))[:2] == (
            "wrong_region",
            LIKELY,
        )

    def test_a_region_in_which_the_key_has_a_replica_is_not_the_wrong_one(self):
        other = key(key_id=MRK, region=OTHER_REGION, replicas=(OTHER_REGION, REGION))
        assert verdict(no_key(MRK), elsewhere=(other,))[:2] == ("not_yet_visible", POSSIBLE)

    @pytest.mark.parametrize(
        ("failure", "confidence"),
        [(no_key, CERTAIN), (no_alias, POSSIBLE)],
        ids=["key id", "alias"],
    )
    def test_what_exists_in_keywatchs_account_was_looked_for_in_the_wrong_one(
        self, failure, confidence
    ):
        # GIVEN a caller with credentials of another account
        call = failure(account=OTHER_ACCOUNT)
        call = replace(
            call,
            subject=replace(call.subject, account=OTHER_ACCOUNT),
            classification=replace(call.classification, account=OTHER_ACCOUNT),
        )
        cause, sure, diagnosis = verdict(call, here=key())
        assert (cause, sure) == ("wrong_account", confidence)
        assert (
            f"exists in account {ACCOUNT}, the call looked in account {OTHER_ACCOUNT}"
            in because(diagnosis)
        )

    def test_a_namesake_in_another_region_of_another_account_is_not_called_a_wrong_region(self):
        call = no_alias()
        call = replace(call, subject=replace(call.subject, account=OTHER_ACCOUNT))
        assert verdict(call, elsewhere=(key(region=OTHER_REGION),))[:2] == (
            "wrong_account",
            POSSIBLE,
        )

    def test_what_is_missing_in_a_foreign_account_is_said_to_be_out_of_sight(self):
        call = no_alias()
        call = replace(call, subject=replace(call.subject, account=OTHER_ACCOUNT))
        assert f"KeyWatch looked from account {ACCOUNT}, which sees no other's changes" in unknown(
            verdict(call)[2]
        )

    def test_aws_own_word_on_the_region_stands_whatever_is_found_there(self):
        call = failed("NotFoundException", f"Invalid arn {OTHER_REGION}", arn(region=OTHER_REGION))
        for evidence, text in (
            (
                {"elsewhere": (key(region=OTHER_REGION),), "lookup_results": (seen(OTHER_REGION),)},
                "the key exists there",
            ),
            ({"lookup_results": (absent(OTHER_REGION),)}, "does not exist there either"),
            ({"lookup_results": (blind(OTHER_REGION),)}, "AWS answered"),
        ):
            cause, confidence, diagnosis = verdict(call, **evidence)
            assert (cause, confidence, diagnosis.facts["key_region"]) == (
                "wrong_region",
                CERTAIN,
                OTHER_REGION,
            )
            assert text in because(diagnosis)


class TestNothingExplainsIt:
    def test_what_aws_said_is_kept_with_what_cannot_be_told(self):
        cause, confidence, diagnosis = verdict(no_key(), lookup_results=(absent(),))
        assert (cause, confidence) == ("key_not_found", LIKELY)
        assert "whether it was deleted or never existed" in unknown(diagnosis)

    def test_it_is_certain_once_cloudtrail_would_show_that_it_was_made(self):
        # GIVEN a history that was read whole, and that shows what was done before the call
        shown = replace(read(complete=True), shown_until=NOW)
        found = verdict(no_key(), lookup_results=(absent(),), history=shown)
        assert found[:2] == ("key_not_found", CERTAIN)
        # THEN before that it may have been made moments ago, and not be visible yet
        early = replace(shown, shown_until=NOW - timedelta(hours=1))
        assert verdict(no_key(), lookup_results=(absent(),), history=early)[1] is LIKELY

    def test_an_empty_history_is_said(self):
        # GIVEN nothing was left unread of what CloudTrail keeps
        diagnosis = verdict(no_key(), lookup_results=(absent(),), history=read(complete=True))[2]
        # THEN that is said with the span that was read, and what CloudTrail may not show yet
        assert "nothing found of ScheduleKeyDeletion, DeleteKey from 2026-08-25" in because(
            diagnosis
        )
        assert "may not show yet" in unknown(diagnosis)

    def test_a_history_that_was_read_in_part_is_no_absence(self):
        diagnosis = verdict(no_key(), lookup_results=(absent(),), history=read(complete=False))[2]
        assert "nothing found" not in because(diagnosis)
        assert "an older change was left unread" in unknown(diagnosis)

    def test_what_exists_now_is_said_and_nothing_claimed(self):
        cause, confidence, diagnosis = verdict(no_key(), **found(key()))
        assert (cause, confidence) == ("key_not_found", POSSIBLE)
        assert "It may have been restored since, or KMS may have been slow to show it" in unknown(
            diagnosis
        )

    def test_what_exists_now_but_cannot_serve_is_likely_the_cause(self):
        assert verdict(no_alias(), **found(key("Disabled")))[:2] == ("key_disabled", LIKELY)

    @pytest.mark.parametrize(
        "outcome", [LookupOutcome.DENIED, LookupOutcome.THROTTLED, LookupOutcome.FAILED]
    )
    def test_look_ups_without_an_answer_are_named(self, outcome):
        diagnosis = verdict(
            no_key(),
            lookup_results=(
                blind(outcome=outcome),
                blind(operation="LookupEvents", outcome=outcome),
            ),
        )[2]
        assert unknown(diagnosis).count("Could not see") == 2
        assert diagnosis.cause == "key_not_found"

    def test_a_name_that_kms_refused_is_not_an_absent_key(self):
        # GIVEN a denial, and a look-up that KMS refused because the ARN is of another Region
        refused = replace(absent(), outcome=LookupOutcome.REFUSED)
        cause, confidence, diagnosis = verdict(denied(), lookup_results=(refused,))
        assert (cause, confidence) == ("missing_or_not_authorized", POSSIBLE)
        assert "Could not see" not in unknown(diagnosis)


class TestDenial:
    def test_without_look_ups_it_stays_ambiguous(self):
        cause, confidence, diagnosis = verdict(denied())
        assert (cause, confidence) == ("missing_or_not_authorized", POSSIBLE)
        assert f"call DescribeKey on {KEY} with a role that can describe keys" in unknown(diagnosis)

    def test_a_denied_look_up_settles_nothing_and_is_named(self):
        cause, confidence, diagnosis = verdict(denied(), lookup_results=(blind(),))
        assert (cause, confidence) == ("missing_or_not_authorized", POSSIBLE)
        assert "KeyWatch was denied" in unknown(diagnosis)

    @pytest.mark.parametrize(
        ("typed", "cause"), [(KEY, "key_not_found"), (ALIAS, "alias_not_found")]
    )
    def test_an_absent_key_settles_it_as_missing_once_kms_would_show_it(self, typed, cause):
        # GIVEN a look-up seconds after the call, and one when what was made then would be seen
        for now, confidence in ((NOW, LIKELY), (THEN + timedelta(minutes=6), CERTAIN)):
            found = verdict(denied(typed), now, lookup_results=(absent(),))
            assert found[:2] == (cause, confidence)

    def test_a_present_key_leaves_a_denial(self):
        cause, confidence, diagnosis = verdict(denied(), **found(key()))
        assert (cause, confidence, diagnosis.facts["denied"]) == (
            "missing_or_not_authorized",
            LIKELY,
            "yes",
        )

    def test_an_absent_key_behind_a_log_line_of_unknown_origin_is_only_likely(self):
        # GIVEN a log line that says neither account nor Region, and a look-up in KeyWatch's own
        cause, confidence, diagnosis = verdict(
            denied(ALIAS, source="log"), lookup_results=(absent(),)
        )
        assert (cause, confidence) == ("alias_not_found", LIKELY)
        assert "account and Region of the call are not known" in unknown(diagnosis)

    def test_a_present_key_behind_a_log_line_of_unknown_origin_proves_nothing(self):
        assert verdict(denied(ALIAS, source="log"), **found(key()))[:2] == (
            "missing_or_not_authorized",
            POSSIBLE,
        )

    def test_one_present_key_of_two_proves_nothing(self):
        call = denied(other_keys=(arn(OTHER_KEY_ID),), operation="ReEncrypt")
        cause, confidence, diagnosis = verdict(call, **found(key()))
        assert (cause, confidence) == ("missing_or_not_authorized", POSSIBLE)
        assert "two keys" in unknown(diagnosis)

    @pytest.mark.parametrize(
        ("other", "look", "cause"),
        [
            (None, absent(asked=arn(OTHER_KEY_ID)), "key_not_found"),
            (key("Disabled", OTHER_KEY_ID), seen(asked=arn(OTHER_KEY_ID)), "key_disabled"),
        ],
        ids=["absent", "disabled"],
    )
    def test_the_second_of_two_keys_is_blamed_when_only_it_is_broken(self, other, look, cause):
        call = denied(other_keys=(arn(OTHER_KEY_ID),), operation="ReEncrypt")
        assert verdict(call, key=key(), other=other, lookup_results=(seen(), look))[:2] == (
            cause,
            LIKELY,
        )

    def test_a_call_that_named_no_key_says_what_would_tell(self):
        assert "the call named none" in unknown(verdict(denied(None))[2])


class TestStates:
    @pytest.mark.parametrize("state", sorted(STATE_CAUSES))
    def test_the_state_that_describe_key_proves_is_certain(self, state):
        cause, confidence, _ = verdict(in_state("is disabled."), **found(key(state)))
        expected = LIKELY if state == "Unavailable" else CERTAIN
        assert (cause, confidence) == (STATE_CAUSES[state], expected)

    def test_an_unavailable_key_is_certain_once_its_store_is_seen_disconnected(self):
        lookup_results = (seen(), seen(operation="DescribeCustomKeyStores", asked=STORE))
        evidence = {
            "key": key("Unavailable", key_store=STORE),
            "store": store("FAILED", "INVALID_CREDENTIALS"),
            "lookup_results": lookup_results,
        }
        cause, confidence, diagnosis = verdict(in_state("is unavailable."), **evidence)
        assert (cause, confidence, diagnosis.facts["connection_error"]) == (
            "key_store_disconnected",
            CERTAIN,
            "INVALID_CREDENTIALS",
        )
        assert "KMS's credential is wrong" in because(diagnosis)

    def test_an_unavailable_key_in_a_connected_store_is_not_the_stores_certain_fault(self):
        lookup_results = (seen(), seen(operation="DescribeCustomKeyStores", asked=STORE))
        failure = failed("KMSInvalidStateException", f"{KEY} is in a state that nobody knows.", KEY)
        cause, confidence, _ = verdict(
            failure,
            key=key("Unavailable", key_store=STORE),
            store=store(),
            lookup_results=lookup_results,
        )
        assert (cause, confidence) == ("key_store_disconnected", POSSIBLE)

    def test_a_key_that_is_usable_again_is_said_to_be(self):
        cause, confidence, diagnosis = verdict(in_state("is disabled."), **found(key()))
        # THEN it is over, no certainty, and nothing is to be enabled
        assert (cause, confidence) == ("key_disabled", LIKELY)
        assert diagnosis.is_over
        assert not any("enable-key" in (step.command or "") for step in diagnosis.remedies)
        assert "KMS now reports the key usable" in unknown(diagnosis)

    @pytest.mark.parametrize("state", ["", "Archived"])
    def test_a_key_in_a_state_that_nobody_knows_is_not_said_to_be_usable(self, state):
        cause, confidence, diagnosis = verdict(in_state("is disabled."), **found(key(state)))
        assert (cause, confidence) == ("key_disabled", LIKELY)
        assert "usable now" not in unknown(diagnosis)
        assert "does not know the key state" in unknown(diagnosis)

    def test_the_date_of_a_pending_deletion_is_named(self):
        diagnosis = verdict(
            in_state("is pending deletion."),
            **found(key("PendingDeletion", deletion_date=NOW + 5 * DAY)),
        )[2]
        assert diagnosis.facts["deletion_date"] == "2026-11-28 03:00 UTC"
        assert "to be deleted on 2026-11-28" in because(diagnosis)

    def test_a_primary_that_waits_for_its_replicas_has_no_date(self):
        diagnosis = verdict(
            in_state("is pending deletion."), **found(key("PendingReplicaDeletion", pending_days=7))
        )[2]
        assert "7 days of waiting start when its last replica is deleted" in because(diagnosis)

    @pytest.mark.parametrize(("cause", "text", "state"), [
        ("key_disabled", "is disabled.", "Disabled"),
        ("key_pending_deletion", "is pending deletion.", "PendingDeletion"),
        ("key_material_missing", "is pending import.", "PendingImport"),
    ])  # fmt: skip
    def test_who_did_it_is_named_unless_it_was_undone(self, cause, text, state):
        what = MADE_BY[cause][0]
        done = change(what, 3 * DAY)
        undone = change(CHANGES[what].undone_by[0], 2 * DAY, who=APP)
        blamed = verdict(in_state(text), changes=(done,), **found(key(state)))[2]
        spared = verdict(in_state(text), changes=(undone, done), **found(key(state)))[2]
        assert blamed.cause == spared.cause == cause
        assert f"{BOB} called {what}" in because(blamed)
        assert BOB not in because(spared)

    def test_what_was_done_after_the_call_did_not_cause_it(self):
        # GIVEN a key that AWS called disabled, and a DisableKey three minutes later, with no look-up to tell more
        diagnosis = verdict(
            in_state("is disabled."),
            changes=(change("DisableKey", -3 * MINUTE),),
            lookup_results=(blind(),),
        )[2]
        assert "DisableKey" not in because(diagnosis)

    @pytest.mark.parametrize(("used", "named"), [(10 * MINUTE, False), (DAY, True), (None, True)])
    def test_nobody_is_named_for_a_change_after_which_the_key_was_used(self, used, named):
        # GIVEN somebody disabled the key four hours ago, and it was used since, or not
        disabled = change("DisableKey", 240 * MINUTE)
        last_used = disabled.when + 240 * MINUTE - used if used else None
        diagnosis = verdict(
            in_state("is disabled."),
            changes=(disabled,),
            last_used=last_used,
            **found(key("Disabled")),
        )[2]
        # THEN it must have been enabled in between, and disabled again by somebody unknown
        assert (f"{BOB} called DisableKey" in because(diagnosis)) is named

    def test_a_cancelled_deletion_leaves_the_key_disabled_and_that_is_named(self):
        changes = (
            change("ScheduleKeyDeletion", 3 * DAY),
            change("CancelKeyDeletion", 30 * MINUTE, who=APP),
        )
        assert f"{APP} called CancelKeyDeletion" in because(
            verdict(in_state("is disabled."), changes=changes)[2]
        )

    def test_an_unknown_wording_admits_it(self):
        cause, confidence, diagnosis = verdict(
            failed("KMSInvalidStateException", f"{KEY} is in limbo.", KEY), **found(key())
        )
        assert (cause, confidence) == ("unclassified", POSSIBLE)
        assert "KeyWatch does not know this error text" in unknown(diagnosis)

    def test_an_unknown_wording_is_settled_by_what_describe_key_proves(self):
        failure = failed("KMSInvalidStateException", f"{KEY} is in limbo.", KEY)
        assert verdict(failure, **found(key("Disabled")))[:2] == ("key_disabled", CERTAIN)


class TestKeyStores:
    LOOKS = (seen(), seen(operation="DescribeCustomKeyStores", asked=STORE))

    def test_an_enabled_key_in_a_connected_store_does_not_clear_its_external_key(self):
        # GIVEN the key manager has lost the key, which AWS cannot see
        failure = failed(
            "KMSInvalidStateException",
            XKS_GONE,
            KEY,
            key_store=STORE,
            external_key="bb8562717f809024",
        )
        cause, confidence, diagnosis = verdict(
            failure, key=key(key_store=STORE), store=store(), lookup_results=self.LOOKS
        )
        # THEN AWS's word at the call stands, and what look-ups cannot know is said
        assert (cause, confidence) == ("external_key_not_found", CERTAIN)
        assert "AWS cannot see the external key itself" in unknown(diagnosis)
        assert "usable now" not in unknown(diagnosis)

    @pytest.mark.parametrize("code", sorted(CONNECTION_ERRORS))
    def test_every_connection_error_is_explained(self, code):
        failure = failed("KMSInvalidStateException", f"{KEY} is unavailable.", KEY, key_store=STORE)
        cause, confidence, diagnosis = verdict(
            failure, store=store("FAILED", code), lookup_results=self.LOOKS[1:]
        )
        assert (cause, confidence) == ("key_store_disconnected", CERTAIN)
        assert f"{code}: {CONNECTION_ERRORS[code]}" in because(diagnosis)

    def test_every_connection_error_that_texts_are_searched_for_is_explained(self):
        assert {row.phrase.upper() for row in CONNECTION_CODES} == CONNECTION_ERRORS.keys()

    def test_a_store_that_is_connected_again_is_said_to_be(self):
        failure = failed("KMSInvalidStateException", f"{KEY} is unavailable.", KEY, key_store=STORE)
        assert "KMS now reports the key store connected" in unknown(
            verdict(failure, store=store(), lookup_results=self.LOOKS[1:])[2]
        )

    def test_a_store_that_is_not_there_is_said_to_be_missing(self):
        failure = failed(
            "CustomKeyStoreNotFoundException", None, None, operation="CreateKey", key_store=STORE
        )
        lookup_results = (absent(operation="DescribeCustomKeyStores", asked=STORE),)
        diagnosis = verdict(
            failure, lookup_results=lookup_results, changes=(change("DeleteCustomKeyStore"),)
        )[2]
        assert f"there is no key store {STORE}" in because(diagnosis)
        assert f"{BOB} called DeleteCustomKeyStore" in because(diagnosis)

    @pytest.mark.parametrize(("ago", "named"), [(DAY, True), (30 * DAY, False)])
    def test_only_a_recent_update_of_the_store_is_suspected(self, ago, named):
        failure, evidence = REALISTIC["xks_proxy_unreachable"]
        diagnosis = verdict(failure, **evidence, changes=(change("UpdateCustomKeyStore", ago),))[2]
        assert ("UpdateCustomKeyStore" in because(diagnosis)) is named

    def test_a_transient_error_of_a_key_in_a_disconnected_store_is_the_stores(self):
        failure = failed("KeyUnavailableException", None, KEY, key_store=STORE)
        assert (
            verdict(failure, store=store("DISCONNECTED"), lookup_results=self.LOOKS[1:])[0]
            == "key_store_disconnected"
        )
        assert verdict(failure, store=store(), lookup_results=self.LOOKS[1:])[:2] == (
            "kms_unavailable",
            LIKELY,
        )


class TestMalformed:
    def test_what_is_wrong_and_what_was_meant_are_said(self):
        failure = failed("NotFoundException", "Invalid keyId 'allas/payments'")
        listed = seen(operation="ListAliases", asked="all")
        diagnosis = verdict(failure, aliases=(ALIAS,), lookup_results=(listed,))[2]
        assert (diagnosis.cause, diagnosis.facts["did_you_mean"]) == ("malformed_identifier", ALIAS)
        assert "the prefix is written allas/ instead of alias/" in because(diagnosis)
        assert f"{ALIAS} exists" in because(diagnosis)

    def test_a_guess_that_does_not_exist_is_not_offered(self):
        failure = failed("NotFoundException", "Invalid keyId 'payments'")
        assert "did_you_mean" not in verdict(failure, aliases=("alias/orders",))[2].facts

    def test_an_alias_where_a_key_id_is_required_is_resolved(self):
        failure = failed(
            "InvalidArnException",
            "Key Aliases are not supported for this operation",
            ALIAS,
            operation="EnableKey",
        )
        diagnosis = verdict(failure, corrected=key())[2]
        assert "EnableKey takes a key id or key ARN only" in because(diagnosis)
        assert diagnosis.facts["did_you_mean"] == KEY


# For each cause a realistic case, in which everything that its commands need is known.
_STORE_FACTS = {
    "store": store("FAILED", "XKS_PROXY_NOT_REACHABLE"),
    "lookup_results": TestKeyStores.LOOKS,
    "key": key(key_store=STORE),
}


def _of_store(text):
    failure = failed(
        "KMSInvalidStateException", text, KEY, key_store=STORE, external_key="bb8562717f809024"
    )
    return failure, _STORE_FACTS


_PROXY = "The external key store proxy"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service/orders"

REALISTIC = {
    "alias_not_found": (
        no_alias(),
        {
            "aliases": ("alias/payment",),
            "changes": (
                change("CreateAlias", 60 * DAY, alias=ALIAS, target_key=KEY),
                change("DeleteAlias", alias=ALIAS),
            ),
        },
    ),
    "key_not_found": (no_key(), {"lookup_results": (absent(),)}),
    "key_deleted": (
        no_key(),
        {"changes": (change("DeleteKey", who="AWS KMS"), change("ScheduleKeyDeletion", 9 * DAY))},
    ),
    "malformed_identifier": (
        failed("NotFoundException", "Invalid keyId 'allas/payments'"),
        {"aliases": (ALIAS,)},
    ),
    "wrong_region": (
        no_key(MRK),
        {
            "elsewhere": (key(key_id=MRK, region=OTHER_REGION, replicas=(OTHER_REGION,)),),
            "lookup_results": (absent(),),
        },
    ),
    "wrong_account": (
        replace(no_key(), subject=replace(no_key().subject, account=OTHER_ACCOUNT)),
        {"here": key()},
    ),
    "missing_or_not_authorized": (denied(), found(key())),
    "not_yet_visible": (no_key(), {"changes": (change("CreateKey", MINUTE),)}),
    "key_pending_deletion": (in_state("is pending deletion."), found(key("PendingDeletion"))),
    "key_disabled": (in_state("is disabled."), found(key("Disabled"))),
    "key_material_missing": (in_state("is pending import."), found(key("PendingImport"))),
    "key_not_ready": (in_state("is creating."), found(key("Creating"))),
    "key_store_disconnected": _of_store(
        "This KMS key is in a custom key store that is not connected to its proxy."
    ),
    "key_store_not_found": (
        failed("CustomKeyStoreNotFoundException", None, operation="CreateKey", key_store=STORE),
        {},
    ),
    "xks_proxy_unreachable": _of_store(
        f"{_PROXY} did not respond to the request in the time allotted."
    ),
    "xks_proxy_rejected_credentials": _of_store(
        f"{_PROXY} rejected the request because it could not authenticate AWS KMS."
    ),
    "xks_proxy_denied": _of_store(f"{_PROXY} denied access to the operation."),
    "xks_proxy_misconfigured": _of_store(
        f"{_PROXY} rejected the request because of an invalid URI path."
    ),
    "xks_proxy_unhealthy": _of_store(f"{_PROXY} is in an unhealthy state."),
    "external_key_not_found": _of_store(XKS_GONE),
    "external_key_unusable": _of_store(
        f"{_PROXY} rejected the request because the external key is not enabled in the external key manager."
    ),
    "cloudhsm_unavailable": _of_store("KMS cannot communicate with your CloudHSM cluster"),
    "grant_not_found": (failed("InvalidGrantTokenException", None, KEY), {}),
    "kms_unavailable": (failed("KMSInternalException", None, KEY), {}),
    "lambda_role_recreated": (
        replace(denied(), resource=FUNCTION, caller=Caller(ROLE, service="lambda.amazonaws.com")),
        {"function": FunctionFacts(FUNCTION, ROLE, NOW - 30 * DAY, NOW - DAY)},
    ),
    "unclassified": (failed("KMSInvalidStateException", f"{KEY} is in limbo.", KEY), {}),
}
# Commands that need what this case cannot have: an alias was deleted, or misspelt; a key has
# Regions, or one.
_OF_ANOTHER_CASE = {("alias_not_found", "{did_you_mean}"), ("key_deleted", "{multi_region_key}")}


@pytest.mark.parametrize(
    ("before", "last", "is_named"),
    [(30, 5, False), (30, 0.5, True), (30, 20, True), (90, 5, True), (None, 5, True)],
    ids=["back and forth", "just now", "long since shown", "long before", "once"],
)
def test_of_a_back_and_forth_nobody_is_named_while_cloudtrail_may_hold_back_the_last_change(
    before, last, is_named
):
    # GIVEN a key that somebody disabled, and that had been disabled before
    changes = [change("DisableKey", last * MINUTE, who="arn:aws:iam::111122223333:role/last")]
    changes += [change("DisableKey", before * MINUTE, who=BOB)] if before else []
    failure = failed("DisabledException", f"{KEY} is disabled.", KEY)
    # WHEN a call fails
    diagnosis = verdict(failure, changes=tuple(changes), **found(key("Disabled")))[2]
    # THEN the last one who is known to have done it is the cause only where nothing later can be unseen
    assert any("role/last called DisableKey" in str(r) for r in diagnosis.because) is is_named
    assert any("up to 15 minutes late" in unknown for unknown in diagnosis.unknowns) is not is_named


class TestCatalogue:
    def test_every_cause_has_its_case(self):
        assert REALISTIC.keys() == CAUSES.keys()

    @pytest.mark.parametrize("cause", REALISTIC)
    def test_every_command_of_a_cause_is_filled_in_where_its_case_is_known(self, cause):
        # GIVEN a realistic case of this cause
        failure, evidence = REALISTIC[cause]
        diagnosis = diagnose(failure, Evidence(own_account=ACCOUNT, **evidence), NOW)
        # THEN it is diagnosed, and every command of its remedies can be pasted
        assert diagnosis.cause == cause
        templates = [
            step.command
            for step in CAUSES[cause].remedies
            if step.command and step not in SERVICE_STEPS
        ]
        expected = [
            one
            for one in templates
            if not any(cause == c and fact in one for c, fact in _OF_ANOTHER_CASE)
        ]
        filled = [step.command for step in diagnosis.remedies if step.command]
        assert len(filled) == len(expected), (filled, expected)
        assert not any(
            "{" in command.replace("{Name", "") for command in filled if "query" not in command
        )

    def test_history_commands_name_keys_as_cloudtrail_knows_them(self):
        # GIVEN a key that was asked for by its bare id THEN the look-up in CloudTrail uses its ARN
        diagnosis = verdict(no_key())[2]
        assert any(
            f"CloudTrailEvent,'{KEY}'" in (step.command or "") for step in diagnosis.remedies
        )

    @pytest.mark.parametrize("cause", sorted(CAUSES))
    def test_no_evidence_at_all_never_makes_a_certainty_of_what_aws_left_open(self, cause):
        # GIVEN a failure of each cause, and no look-up at all
        failure, _ = REALISTIC[cause]
        diagnosis = diagnose(failure, NO_EVIDENCE, NOW)
        # THEN nothing is surer than AWS's own words
        order = [POSSIBLE, LIKELY, CERTAIN]
        assert order.index(diagnosis.confidence) <= order.index(failure.classification.confidence)
        assert diagnosis.cause == failure.classification.cause

    def test_a_reading_that_nobody_ordered_keeps_what_aws_said(self):
        assert "grant_not_found" not in ORDER
        assert verdict(failed("InvalidGrantTokenException", None, KEY))[0] == "grant_not_found"

    def test_orders_speak_of_known_causes(self):
        assert ORDER.keys() <= CAUSES.keys()
        assert all(isinstance(cause.severity, Severity) for cause in CAUSES.values())

    def test_the_error_text_is_always_the_first_reason(self):
        first = verdict(denied())[2].because[0]
        assert (first.source, first.text) == ("error text", f"AWS answered AccessDenied: {DENIED}")
        assert str(verdict(failed("KeyUnavailableException", None, KEY))[2].because[0]).startswith(
            "error code:"
        )

    def test_the_same_evidence_gives_the_same_answer(self):
        evidence = Evidence(
            key=key("Disabled"),
            lookup_results=(seen(),),
            changes=(change("DisableKey"),),
            last_used=OLD,
        )
        assert diagnose(in_state("is disabled."), evidence, NOW) == diagnose(
            in_state("is disabled."), evidence, NOW
        )


class TestArnOfAnotherRegion:
    """KMS uses no key through another Region's endpoint: the ARN says where it would be."""

    THERE = arn(region=OTHER_REGION)

    def look(self, outcome):
        return replace(seen(asked=self.THERE), region=OTHER_REGION, outcome=outcome)

    @pytest.mark.parametrize("outcome", [LookupOutcome.DENIED, LookupOutcome.THROTTLED, None])
    def test_where_nobody_can_look_there_it_is_the_likely_cause_and_not_a_missing_key(
        self, outcome
    ):
        looks = (absent(), *([self.look(outcome)] if outcome else []))
        cause, confidence, diagnosis = verdict(denied(self.THERE), lookup_results=looks)
        assert (cause, confidence) == ("wrong_region", LIKELY)
        assert diagnosis.facts["key_region"] == OTHER_REGION

    def test_a_key_that_is_not_there_either_is_missing(self):
        looks = (absent(), self.look(LookupOutcome.ABSENT))
        assert verdict(denied(self.THERE), lookup_results=looks)[0] == "key_not_found"

    def test_a_log_does_not_tell_in_which_region_the_call_was_made(self):
        failure = denied(self.THERE, source="app_log")
        assert verdict(failure, lookup_results=(absent(),))[0] != "wrong_region"


class TestLambdaRole:
    """Lambda cannot decrypt a function's environment with the grant of a role that is gone."""

    def denial(self):
        return replace(
            denied(), resource=FUNCTION, caller=Caller(ROLE, service="lambda.amazonaws.com")
        )

    @pytest.mark.parametrize(
        ("created", "cause"),
        [
            (NOW - timedelta(hours=1), "lambda_role_recreated"),
            (NOW - timedelta(days=90), "missing_or_not_authorized"),
            (None, "missing_or_not_authorized"),
        ],
        ids=["after the last change", "before", "unknown"],
    )
    def test_a_role_younger_than_the_functions_last_change_is_the_likely_cause(
        self, created, cause
    ):
        function = FunctionFacts(FUNCTION, ROLE, NOW - timedelta(days=30), created)
        found, confidence, diagnosis = verdict(self.denial(), function=function)
        assert found == cause
        assert confidence is not CERTAIN
        # THEN the role is set anew only where it was seen to be younger
        commands = [step.command or "" for step in diagnosis.remedies]
        assert any("update-function-configuration" in c for c in commands) is (
            cause == "lambda_role_recreated"
        )

    @pytest.mark.parametrize(
        "caller",
        [
            f"arn:aws:iam::{ACCOUNT}:user/developer",
            f"arn:aws:iam::{ACCOUNT}:role/another",
            f"arn:aws:iam::{ACCOUNT}:root",
            ROLE.replace(ACCOUNT, "444455556666"),
        ],
    )
    def test_a_role_that_did_not_make_the_call_is_not_blamed(self, caller):
        # GIVEN somebody who looks at the function in the console, and may not use its key
        function = FunctionFacts(FUNCTION, ROLE, NOW - timedelta(days=30), NOW - timedelta(hours=1))
        failure = replace(self.denial(), caller=Caller(caller, service="lambda.amazonaws.com"))
        # THEN the role that was made again is not why their call failed
        assert verdict(failure, function=function)[0] == "missing_or_not_authorized"

    def test_a_role_is_not_blamed_for_what_failed_before_it_was_made(self):
        # GIVEN an old record, or a late one, and a role that was made again since
        later = self.denial().time + timedelta(minutes=5)
        function = FunctionFacts(FUNCTION, ROLE, NOW - timedelta(days=30), later)
        assert verdict(self.denial(), function=function)[0] == "missing_or_not_authorized"

    def test_a_role_is_not_blamed_for_a_key_that_does_not_exist(self):
        function = FunctionFacts(FUNCTION, ROLE, NOW - timedelta(days=30), NOW - timedelta(hours=1))
        found = verdict(self.denial(), function=function, lookup_results=(absent(),))[0]
        assert found in {"key_not_found", "key_deleted"}

    def test_the_next_step_is_that_of_the_service_which_called(self):
        diagnosis = verdict(self.denial())[2]
        steps = [step.command or "" for step in diagnosis.remedies]
        assert any(f"get-function-configuration --function-name {FUNCTION}" in c for c in steps)
        assert not any("describe-secret" in c for c in steps)
