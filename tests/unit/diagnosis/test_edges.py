"""The edges of single hypotheses: what they say where a part of the evidence is missing, or points elsewhere."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keywatch.diagnosis.diagnose import diagnose
from keywatch.model.evidence import Evidence, HistoryRead, LookupOutcome
from keywatch.model.levels import Confidence
from tests.unit.cases import (
    ACCOUNT,
    ALIAS,
    BOB,
    KEY,
    KEY_ID,
    MRK,
    NOW,
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
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
STORE_SEEN = seen(operation="DescribeCustomKeyStores", asked=STORE)
LOG = {"source": "app_log"}


def verdict(failure, now=NOW, **evidence):
    diagnosis = diagnose(failure, Evidence(own_account=ACCOUNT, **evidence), now)
    return diagnosis.cause, diagnosis.confidence, diagnosis


def because(diagnosis):
    return "\n".join(map(str, diagnosis.because))


class TestElsewhere:
    def test_all_regions_of_a_family_are_named(self):
        family = key(key_id=MRK, region=OTHER_REGION, replicas=(OTHER_REGION, "eu-north-1"))
        said = because(verdict(no_key(MRK), elsewhere=(family,))[2])
        assert f"a multi-Region key with keys in {OTHER_REGION}, eu-north-1;" in said

    def test_an_alias_of_a_multi_region_key_elsewhere_is_told_as_one(self):
        def multi_region(*replicas):
            found = key(key_id=MRK, region=OTHER_REGION, replicas=replicas)
            return verdict(no_alias(), elsewhere=(found,))[2].facts.get("multi_region")

        assert multi_region(OTHER_REGION) == "yes"
        assert multi_region() is None

    def test_a_wrong_region_is_that_of_the_arn_or_else_what_aws_said(self):
        # GIVEN AWS's "Invalid arn" with the ARN that was typed, with an id, and with nothing typed
        text = f"Invalid arn {OTHER_REGION}"
        of_arn = verdict(failed("NotFoundException", text, arn(region="eu-north-1")))[2]
        of_id = verdict(failed("NotFoundException", text, KEY_ID))[2]
        of_nothing = replace(failed("NotFoundException", text, KEY_ID), identifier=None)
        assert of_arn.facts["key_region"] == "eu-north-1"
        assert of_id.facts["key_region"] == OTHER_REGION
        assert verdict(of_nothing)[2].facts["key_region"] == OTHER_REGION

    def test_an_alias_arn_of_a_wrong_region_is_called_no_key(self):
        typed = f"arn:aws:kms:{OTHER_REGION}:{ACCOUNT}:{ALIAS}"
        known = verdict(failed("NotFoundException", f"Invalid arn {OTHER_REGION}", typed))[2].facts
        assert "key" not in known
        assert known["identifier"] == typed

    def test_only_a_look_into_that_region_tells_whether_it_is_there(self):
        failure = failed(
            "NotFoundException", f"Invalid arn {OTHER_REGION}", arn(region=OTHER_REGION)
        )
        looks = (absent(REGION), seen(OTHER_REGION))
        found = verdict(failure, elsewhere=(key(region=OTHER_REGION),), lookup_results=looks)[2]
        assert f"DescribeKey in {OTHER_REGION}: the key exists there" in because(found)
        unseen = verdict(failure, lookup_results=(absent(REGION),))[2]
        assert "exist there" not in because(unseen)

    def test_an_alias_arn_is_told_with_the_key_that_it_names_there(self):
        typed = f"arn:aws:kms:{OTHER_REGION}:{ACCOUNT}:{ALIAS}"
        failure = failed("NotFoundException", f"Invalid arn {OTHER_REGION}", typed)
        found = verdict(
            failure, elsewhere=(key(region=OTHER_REGION),), lookup_results=(seen(OTHER_REGION),)
        )[2]
        assert found.facts["key"] == arn(region=OTHER_REGION)


class TestMalformed:
    def invalid(self, typed):
        return failed("NotFoundException", f"Invalid keyId '{typed}'", typed)

    def test_a_key_id_with_a_slip_that_exists_when_corrected_is_proven_by_describe_key(self):
        # GIVEN an id in braces, which names a key without them
        failure = self.invalid(f"{{{KEY_ID}}}")
        assert failure.identifier.corrected == KEY_ID
        diagnosis = verdict(failure, corrected=key())[2]
        assert f"DescribeKey: {KEY_ID} exists." in because(diagnosis)
        assert diagnosis.facts["did_you_mean"] == KEY_ID
        # THEN it is offered without a proof as well: it can be nothing else
        unproven = verdict(failure)[2]
        assert unproven.facts["did_you_mean"] == KEY_ID
        assert "exists." not in because(unproven)

    @pytest.mark.parametrize(
        ("typed", "offered"),
        [
            ("ALIAS/payments", True),
            ("Alias:payments", True),
            ("payments", False),
        ],
    )
    def test_an_alias_that_nobody_saw_is_offered_only_where_an_alias_was_meant(
        self, typed, offered
    ):
        failure = self.invalid(typed)
        assert failure.identifier.corrected == ALIAS
        assert ("did_you_mean" in verdict(failure)[2].facts) is offered

    def test_a_bare_name_is_met_with_the_alias_of_that_name(self):
        diagnosis = verdict(self.invalid("payments"), aliases=(ALIAS, "alias/orders"))[2]
        assert diagnosis.facts["did_you_mean"] == ALIAS
        assert f"ListAliases: {ALIAS} exists." in because(diagnosis)

    def test_a_name_that_is_near_to_none_is_left_as_it_is(self):
        diagnosis = verdict(self.invalid("what is this?"), aliases=(ALIAS,))[2]
        assert "did_you_mean" not in diagnosis.facts

    def test_a_well_formed_identifier_is_not_corrected(self):
        # GIVEN KMS called a key id invalid that is written as one, and an alias is near to nothing of it
        failure = failed("NotFoundException", f"Invalid keyId '{KEY_ID}'", KEY_ID)
        cause, _, diagnosis = verdict(failure, aliases=(f"alias/{KEY_ID}",))
        assert cause == "malformed_identifier"
        assert "did_you_mean" not in diagnosis.facts
        assert "identifier:" not in because(diagnosis)

    @pytest.mark.parametrize("corrected", [None, replace(key(), arn="")], ids=["none", "no ARN"])
    @pytest.mark.parametrize("operation", ["EnableKey", None])
    def test_an_alias_that_is_not_taken_is_explained_although_its_key_is_not_known(
        self, corrected, operation
    ):
        text = "Key Aliases are not supported for this operation"
        failure = failed("InvalidArnException", text, ALIAS, operation=operation)
        cause, confidence, diagnosis = verdict(failure, corrected=corrected)
        assert (cause, confidence) == ("malformed_identifier", CERTAIN)
        expected = f"{operation or 'this operation'} takes a key id or key ARN only"
        assert expected in because(diagnosis)
        assert "did_you_mean" not in diagnosis.facts


class TestMissing:
    def test_an_alias_that_is_there_or_whose_key_is_was_not_deleted(self):
        changes = (change("DeleteAlias", DAY, alias=ALIAS),)
        for evidence in ({"alias": alias()}, {"key": key(), "lookup_results": (seen(),)}):
            said = because(verdict(no_alias(), changes=changes, **evidence)[2])
            assert "called DeleteAlias" not in said

    def test_a_list_that_nobody_told_the_region_of_is_named_without_one(self):
        typed = "alias/paymnets"
        diagnosis = verdict(no_alias(typed), aliases=(ALIAS,))[2]
        assert f"ListAliases: {typed} does not exist; {ALIAS} does." in because(diagnosis)

    def test_a_typo_that_only_a_program_reported_is_likely(self):
        cause, confidence, diagnosis = verdict(
            no_alias("alias/paymnets", **LOG), aliases=(ALIAS, "alias/orders")
        )
        assert (cause, confidence) == ("alias_not_found", LIKELY)
        assert diagnosis.facts["did_you_mean"] == ALIAS

    @pytest.mark.parametrize(
        ("shown", "confidence"), [(0 * SECOND, CERTAIN), (SECOND, LIKELY)], ids=["then", "before"]
    )
    def test_a_history_is_whole_when_it_shows_the_time_of_the_call(self, shown, confidence):
        until = THEN - shown
        read = HistoryRead(("CreateKey",), REGION, THEN - 90 * DAY, NOW, until, complete=True)
        assert verdict(no_key(), lookup_results=(absent(),), history=read)[1] is confidence


class TestStates:
    def test_the_store_of_a_key_is_told_where_the_record_did_not_name_it(self):
        for state in ("Disabled", "Enabled"):
            found = key(state, key_store=STORE)
            diagnosis = verdict(in_state("is disabled."), key=found, lookup_results=(seen(),))[2]
            assert diagnosis.facts["key_store"] == STORE
            assert diagnosis.facts["key_state"] == state
            assert diagnosis.facts["key"] == found.arn

    def test_a_key_without_a_store_hides_no_store_that_the_record_names(self):
        failure = in_state("is disabled.", key_store=STORE)
        for state in ("Disabled", "Enabled"):
            diagnosis = verdict(failure, key=key(state), lookup_results=(seen(),))[2]
            assert diagnosis.facts["key_store"] == STORE

    def test_the_state_of_one_key_of_two_is_likely_the_cause(self):
        failure = failed(
            "KMSInvalidStateException",
            None,
            KEY,
            operation="ReEncrypt",
            other_keys=(arn(OTHER_KEY_ID),),
        )
        found = {"key": key("Disabled"), "lookup_results": (seen(),)}
        assert verdict(failure, **found)[:2] == ("key_disabled", LIKELY)
        alone = replace(failure, operation="Decrypt", other_keys=())
        assert verdict(alone, **found)[:2] == ("key_disabled", CERTAIN)

    def test_an_alias_of_a_log_line_may_be_that_of_another_account(self):
        # GIVEN a log line that names an alias only, or a key, and a look-up in KeyWatch's own account
        found = {"key": key("Disabled"), "lookup_results": (seen(),)}
        text = "is disabled."
        by_alias = failed("DisabledException", text, ALIAS, **LOG)
        by_key = failed("DisabledException", text, KEY_ID, **LOG)
        assert verdict(by_alias, **found)[:2] == ("key_disabled", LIKELY)
        assert verdict(by_key, **found)[:2] == ("key_disabled", CERTAIN)

    def test_a_usable_key_makes_no_possibility_more_likely(self):
        # GIVEN a state that AWS's words made possible only, and a look-up that contradicts it
        failure = in_state("is disabled.")
        unsure = replace(failure.classification, confidence=POSSIBLE)
        found = {"key": key(), "lookup_results": (seen(),)}
        assert verdict(replace(failure, classification=unsure), **found)[1] is POSSIBLE

    def test_a_date_of_deletion_is_told_of_the_key_that_has_one(self):
        pending = key("PendingDeletion", deletion_date=NOW + DAY)
        failure = in_state("is pending deletion.")
        known = verdict(failure, key=pending, lookup_results=(seen(),))[2].facts
        assert known["deletion_date"] == "2026-11-24 03:00 UTC"


class TestStores:
    TEXT = "The external key store proxy rejected the request because it could not find the external key."

    def test_the_external_key_is_the_records_or_else_the_keys_own(self):
        failure = failed("KMSInvalidStateException", self.TEXT, KEY, key_store=STORE)
        found = {"key": key(key_store=STORE, external_key="xks-1"), "lookup_results": (seen(),)}
        assert verdict(failure, **found)[2].facts["xks_key"] == "xks-1"
        told = replace(failure, external_key="xks-2")
        assert verdict(told, **found)[2].facts["xks_key"] == "xks-2"
        assert "xks_key" not in verdict(failure)[2].facts
        assert "xks_key" not in verdict(failure, key=key(), lookup_results=(seen(),))[2].facts

    def test_a_transient_error_in_a_store_that_is_not_connected_is_only_likely_its_fault(self):
        # GIVEN a certain "KMS is unavailable" and a store that is seen disconnected
        failure = failed("KMSInternalException", None, KEY, key_store=STORE)
        certain = replace(failure.classification, confidence=CERTAIN)
        assert verdict(
            replace(failure, classification=certain),
            store=store("DISCONNECTED"),
            lookup_results=(STORE_SEEN,),
        )[:2] == ("key_store_disconnected", LIKELY)

    def test_a_store_that_was_not_looked_up_is_not_spoken_of(self):
        failure = failed("KMSInvalidStateException", f"{KEY} is unavailable.", KEY, key_store=STORE)
        said = because(verdict(failure, store=store("FAILED"))[2])
        assert "key store cks" not in said
        blinded = blind(operation="DescribeCustomKeyStores", asked=STORE)
        assert "key store cks" not in because(verdict(failure, lookup_results=(blinded,))[2])

    def test_a_store_that_is_connected_again_leaves_no_certainty(self):
        failure = failed("KMSInvalidStateException", f"{KEY} is unavailable.", KEY, key_store=STORE)
        certain = replace(failure.classification, confidence=CERTAIN)
        cause, confidence, _ = verdict(
            replace(failure, classification=certain), store=store(), lookup_results=(STORE_SEEN,)
        )
        assert (cause, confidence) == ("key_store_disconnected", LIKELY)


class TestOtherKey:
    def test_a_second_key_that_nobody_looked_at_is_not_blamed(self):
        # GIVEN a denial of a call with two keys, the second of which is known to be disabled or not
        call = denied(other_keys=(arn(OTHER_KEY_ID),), operation="ReEncrypt")
        disabled = key("Disabled", OTHER_KEY_ID)
        looked = replace(seen(), asked=arn(OTHER_KEY_ID))
        assert verdict(call, other=disabled)[0] == "missing_or_not_authorized"
        assert verdict(call, lookup_results=(looked,))[0] == "missing_or_not_authorized"
        assert (
            verdict(call, other=key(key_id=OTHER_KEY_ID), lookup_results=(looked,))[0]
            == "missing_or_not_authorized"
        )
        assert verdict(call, other=disabled, lookup_results=(looked,))[0] == "key_disabled"


class TestTiming:
    @pytest.mark.parametrize(
        ("later", "cause"),
        [(10 * MINUTE, "not_yet_visible"), (10 * MINUTE + SECOND, "key_not_found")],
    )
    def test_what_is_still_missing_after_ten_minutes_is_not_waited_for(self, later, cause):
        made = (change("CreateKey", MINUTE),)
        assert verdict(no_key(), THEN + later, changes=made)[0] == cause

    def test_an_alias_that_was_pointed_elsewhere_moments_ago_may_not_be_seen_yet(self):
        moved = alias(created=THEN - DAY, updated=THEN - MINUTE)
        assert verdict(no_alias(), alias=moved)[0] == "not_yet_visible"
        untold = replace(moved, updated=None, created=THEN - MINUTE)
        assert verdict(no_alias(), alias=untold)[0] == "not_yet_visible"

    def test_a_key_that_was_made_after_the_call_was_asked_for_too_early(self):
        young = key(created=THEN + 2 * MINUTE)
        cause, _, diagnosis = verdict(no_key(), key=young, lookup_results=(seen(),))
        assert cause == "not_yet_visible"
        assert "the key was created at" in because(diagnosis)
        # BUT a young key behind an alias says nothing of the alias
        assert verdict(no_alias(), key=young, lookup_results=(seen(),))[0] != "not_yet_visible"

    @pytest.mark.parametrize(
        ("failure", "what"),
        [(no_key, "CreateKey"), (no_alias, "CreateAlias")],
        ids=["key", "alias"],
    )
    def test_who_made_it_minutes_after_the_call_is_named(self, failure, what):
        # GIVEN the record of a creation, three minutes after the call
        made = change(what, -3 * MINUTE, alias=ALIAS)
        cause, _, diagnosis = verdict(failure(), changes=(made,))
        # THEN the caller was early, and not KMS late
        assert cause == "not_yet_visible"
        assert f"{BOB} called {what}" in because(diagnosis)
        assert "the call came 3 min before that" in because(diagnosis)

    def test_a_key_that_was_deleted_before_the_call_and_made_again_was_missing(self):
        # GIVEN a replica that was deleted before the call, and made again three minutes after it
        changes = (change("DeleteKey", DAY, who="AWS KMS"), change("CreateKey", -3 * MINUTE))
        assert verdict(no_key(), changes=changes)[0] == "key_not_found"

    def test_an_alias_that_nobody_knows_the_age_of_was_not_asked_for_too_early(self):
        ageless = replace(alias(), created=None, updated=None)
        assert verdict(no_alias(), alias=ageless)[0] == "alias_not_found"
        assert (
            verdict(no_key(), key=key(created=None), lookup_results=(seen(),))[0] == "key_not_found"
        )

    def test_a_young_key_that_cannot_serve_was_not_asked_for_too_early(self):
        for state in ("PendingImport", "Creating"):
            young = key(state, created=THEN + 2 * MINUTE)
            cause = verdict(no_key(), key=young, lookup_results=(seen(),))[0]
            assert cause == (
                "key_material_missing" if state == "PendingImport" else "key_not_ready"
            )

    def test_what_a_look_up_finds_now_is_told_with_when_it_was_made(self):
        old = verdict(no_key(), key=key(), lookup_results=(seen(),))[2]
        assert "exists now, created at 2024-01-01 00:00 UTC;" in because(old)
        ageless = key(created=None, deletion_date=None)
        untold = verdict(no_key(), key=ageless, lookup_results=(seen(),))[2]
        assert f"{KEY_ID} exists now; the key is Enabled." in because(untold)

    def test_a_broken_key_that_is_found_now_is_no_more_than_likely_the_cause(self):
        # GIVEN a key that is disabled now, and a "not found" of AWS, or of a program
        found = {"key": key("Disabled"), "lookup_results": (seen(),)}
        for failure in (no_key(), no_key(**LOG)):
            # THEN it is not certain: of a disabled key KMS says that it is disabled
            cause, confidence, diagnosis = verdict(failure, **found)
            assert (cause, confidence) == ("key_disabled", LIKELY)
            assert any("AWS did not find it" in one for one in diagnosis.unknowns)

    def test_a_key_that_was_not_looked_up_where_the_call_was_made_is_not_said_to_exist(self):
        found = {"key": key(), "lookup_results": (seen(OTHER_REGION),)}
        assert "exists now" not in because(verdict(no_key(), **found)[2])

    def test_the_date_of_a_key_that_waits_for_its_deletion_is_a_fact(self):
        pending = key("PendingDeletion", deletion_date=NOW + DAY)
        known = verdict(no_key(), key=pending, lookup_results=(seen(),))[2]
        assert known.cause == "key_pending_deletion"
        assert known.facts["deletion_date"] == "2026-11-24 03:00 UTC"


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (LookupOutcome.DENIED, "KeyWatch was denied"),
        (LookupOutcome.THROTTLED, "KeyWatch was throttled"),
        (LookupOutcome.FAILED, "the look-up failed"),
        (LookupOutcome.SKIPPED, "KeyWatch did not look"),
    ],
)
def test_why_a_look_up_has_no_answer_is_said(outcome, why):
    look = replace(blind(outcome=outcome), error="")
    (unseen,) = [one for one in verdict(no_key(), lookup_results=(look,))[2].unknowns if why in one]
    assert unseen == f"Could not see DescribeKey of {KEY_ID} in {REGION}: {why}."
