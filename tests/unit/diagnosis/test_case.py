"""What follows from a failure and what was found: which key, where, and what happened before or after the call."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keywatch.diagnosis.case import case_of, find_look
from keywatch.model.evidence import NO_EVIDENCE
from keywatch.model.signals import UNKNOWN
from tests.unit.cases import (
    ACCOUNT,
    ALIAS,
    ALIAS_ARN,
    KEY,
    KEY_ID,
    NOW,
    OTHER_ACCOUNT,
    OTHER_KEY_ID,
    OTHER_REGION,
    REGION,
    THEN,
    absent,
    arn,
    blind,
    change,
    denied,
    failed,
    in_state,
    no_alias,
    no_key,
    seen,
)

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


def case(failure, *changes, looks=()):
    evidence = replace(NO_EVIDENCE, changes=changes, lookup_results=looks)
    return case_of(failure, evidence, NOW)


def two_keys(message, **parts):
    return replace(denied(operation="ReEncrypt"), error_message=message, **parts)


class TestWhichKey:
    def test_of_a_reencrypt_either_key_may_be_meant_unless_aws_says_which(self):
        # GIVEN denials of ReEncrypt that name the right that was missing, or not
        assert case(two_keys("not authorized to perform: kms:ReEncrypt*")).has_two_keys()
        assert case(two_keys(None)).has_two_keys()
        assert not case(two_keys("not authorized to perform: kms:ReEncryptFrom")).has_two_keys()
        assert not case(two_keys("not authorized to perform: kms:ReEncryptTo")).has_two_keys()

    def test_other_operations_have_two_keys_only_where_their_record_names_two(self):
        assert not case(denied()).has_two_keys()
        assert case(denied(other_keys=(arn(OTHER_KEY_ID),))).has_two_keys()

    def test_a_text_that_names_the_key_leaves_one(self):
        # GIVEN a ReEncrypt whose error text names the key that it means
        assert not case(no_key(operation="ReEncrypt")).has_two_keys()
        assert case(denied(operation="ReEncrypt")).has_two_keys()

    def test_the_key_that_aws_resolved_counts_more_than_what_was_typed(self):
        failure = replace(no_alias(), key_arn=arn(OTHER_KEY_ID))
        assert case(failure).key_id == OTHER_KEY_ID

    @pytest.mark.parametrize("typed", [KEY_ID, KEY])
    def test_a_key_that_was_named_by_its_id_is_that_key(self, typed):
        failure = replace(denied(typed), key_arn=None)
        assert case(failure).key_id == KEY_ID

    def test_an_alias_that_a_text_names_is_known_without_an_identifier(self):
        # GIVEN a failure of an alias, and of a key, of which only the subject is known
        of_alias = replace(no_alias(), identifier=None)
        of_key = replace(no_key(), identifier=None)
        assert (case(of_alias).alias, case(of_key).alias) == (ALIAS, None)
        assert case(of_alias).asked == ALIAS

    def test_what_names_no_key_is_no_identifier_of_one(self):
        failure = failed("NotFoundException", "Invalid keyId 'allas/payments'")
        assert case(failure).identifier is None
        assert case(failure).asked == "allas/payments"
        assert case(no_key()).identifier is no_key().identifier

    def test_what_was_asked_is_told_as_typed_or_else_by_the_best_name_there_is(self):
        assert case(no_key(KEY_ID)).asked == KEY_ID
        assert case(replace(no_key(), identifier=None)).asked == KEY
        assert case(replace(no_key(), identifier=None, key_arn=None)).asked == KEY_ID


class TestWhere:
    def test_the_account_is_the_subjects_or_where_nobody_told_the_calls(self):
        failure = no_key(account=OTHER_ACCOUNT)
        untold = replace(failure, subject=replace(failure.subject, account=UNKNOWN))
        assert case(failure).account == failure.subject.account == ACCOUNT
        assert case(untold).account == OTHER_ACCOUNT

    @pytest.mark.parametrize("source", ["cloudtrail", "native", "manual", "change"])
    def test_aws_own_records_know_where_a_call_was_made(self, source):
        assert case(denied(ALIAS, source=source)).place_is_known()

    def test_a_log_line_knows_it_only_where_it_names_an_arn(self):
        # GIVEN lines of logs that name an alias, its ARN, a key's ARN or its id
        assert not case(denied(ALIAS, source="app_log")).place_is_known()
        assert not case(denied(KEY_ID, source="app_log")).place_is_known()
        assert case(denied(ALIAS_ARN, source="app_log")).place_is_known()
        assert case(denied(KEY, source="app_log")).place_is_known()
        # AND one whose text names the alias by its ARN, whatever was typed
        assert case(replace(no_alias(source="app_log"), key_arn=None)).place_is_known()
        assert case(replace(denied(None, source="app_log"), key_arn=KEY)).place_is_known()

    def test_only_the_look_up_where_the_call_was_made_tells_of_here(self):
        looks = (absent(OTHER_REGION), blind(operation="ListAliases"), seen(REGION))
        assert case(no_key(), looks=looks).here == seen(REGION)
        assert case(no_key(), looks=looks[:2]).here is None

    def test_the_first_look_up_of_an_operation_is_found(self):
        evidence = replace(NO_EVIDENCE, lookup_results=(blind(OTHER_REGION), seen(REGION)))
        assert find_look(evidence, "DescribeKey") == blind(OTHER_REGION)
        assert find_look(evidence, "DescribeKey", REGION) == seen(REGION)
        assert find_look(evidence, "ListAliases") is None

    def test_absent_is_what_a_look_up_or_aws_own_certain_word_says(self):
        assert case(denied(), looks=(absent(),)).is_absent_here()
        assert case(no_key()).is_absent_here()
        # BUT neither a certain word of another kind, nor an uncertain one
        assert not case(in_state("is disabled.")).is_absent_here()
        assert not case(denied(), looks=(seen(),)).is_absent_here()
        unsure = replace(no_key().classification, confidence=denied().classification.confidence)
        assert not case(replace(no_key(), classification=unsure)).is_absent_here()


class TestWhen:
    @pytest.mark.parametrize(
        ("ago", "moments_before", "moments_after", "before"),
        [
            (5 * MINUTE + SECOND, False, False, True),
            (5 * MINUTE, True, False, True),
            (SECOND, True, False, True),
            (-5 * SECOND, True, False, True),
            (-6 * SECOND, False, True, False),
            (-5 * MINUTE, False, True, False),
            (-5 * MINUTE - SECOND, False, False, False),
        ],
    )
    def test_five_minutes_may_pass_until_all_see_it_and_five_seconds_prove_no_order(
        self, ago, moments_before, moments_after, before
    ):
        when, one = THEN - ago, case(no_key())
        assert one.moments_before(when) is moments_before
        assert one.moments_after(when) is moments_after
        assert one.before_call(when) is before

    def test_a_time_that_is_not_known_is_neither_before_nor_after(self):
        assert not case(no_key()).moments_before(None)
        assert not case(no_key()).moments_after(None)

    def test_the_newest_change_of_its_kinds_is_meant_in_whatever_order_they_are_known(self):
        old, new = change("DisableKey", 2 * DAY), change("EnableKey", DAY)
        for known in ((old, new), (new, old)):
            assert case(no_key(), *known).change("DisableKey", "EnableKey") == new
            assert case(no_key(), *known).change("DisableKey") == old
        assert case(no_key(), old).change("EnableKey") is None

    def test_what_was_undone_later_does_not_stand(self):
        old, new = change("DisableKey", 2 * DAY), change("EnableKey", DAY)
        assert case(no_key(), old, new).standing("DisableKey") is None
        # BUT what was done again after it, or at the same time, does
        assert case(no_key(), new, change("DisableKey")).standing("DisableKey") is not None
        again = change("DisableKey", 0 * DAY)
        assert case(no_key(), old, new, again).standing("DisableKey") == again

    def test_what_nobody_can_undo_stands(self):
        # GIVEN a kind of change that the table does not have, such as a newer version's
        unheard = change("ChangeNobodyKnows")
        assert case(no_key(), unheard).standing("ChangeNobodyKnows") == unheard
        assert case(no_key()).standing("DisableKey") is None

    def test_what_was_done_to_another_alias_is_no_change_of_what_was_asked_for(self):
        mine, other, unnamed = (
            change("DeleteAlias", DAY, alias=ALIAS),
            change("DeleteAlias", 2 * DAY, alias="alias/other"),
            change("DeleteAlias", 3 * DAY),
        )
        deleted, unheard = change("DeleteKey", 4 * DAY), change("ChangeNobodyKnows", 5 * DAY)
        known = (mine, other, unnamed, deleted, unheard)
        # THEN an alias has its own changes and those of its key, and a key those of no alias
        assert case(no_alias(), *known).changes == (mine, unnamed, deleted, unheard)
        assert case(no_key(), *known).changes == (deleted, unheard)

    def test_the_key_behind_an_alias_is_the_one_that_it_was_pointed_to_last(self):
        created = change("CreateAlias", 3 * DAY, alias=ALIAS, target_key="first")
        moved = change("UpdateAlias", 2 * DAY, alias=ALIAS, target_key="second")
        other = change("UpdateAlias", DAY, alias="alias/other", target_key="third")
        silent = change("UpdateAlias", 0 * DAY, alias=ALIAS)
        for known in ((created, moved, other, silent), (silent, other, moved, created)):
            assert case(no_alias(), *known).behind_alias() == "second"
        assert case(no_alias(), other, silent).behind_alias() is None
        # AND a record that names no alias is one of this alias
        assert case(no_alias(), change("CreateAlias", target_key="it")).behind_alias() == "it"
