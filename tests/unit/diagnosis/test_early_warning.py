"""Which change warns of which failure, and which of them is news: only what is, or may be, in use."""

from dataclasses import replace
from datetime import timedelta

import pytest

from keywatch.catalogue.changes import CHANGES
from keywatch.diagnosis.diagnose import diagnose
from keywatch.diagnosis.early_warning import LONG_UNUSED, is_news, lags_behind, warned_of
from keywatch.model.evidence import NO_EVIDENCE, Evidence
from keywatch.model.identifiers import parse
from keywatch.model.levels import Confidence
from keywatch.model.signals import Caller, ErrorClassification, KeyChange, KeyFailure, Subject
from tests.unit.cases import (
    ACCOUNT,
    ALIAS,
    BOB,
    KEY,
    KEY_ID,
    NOW,
    OTHER_ACCOUNT,
    OTHER_KEY_ID,
    OTHER_REGION,
    STORE,
    THEN,
    absent,
    alias,
    change,
    key,
    seen,
)

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
PLACE = ("444455556666", "cn-north-1")
KEY_SUBJECT = Subject("key", *PLACE, KEY_ID)
ALIAS_SUBJECT = Subject("alias", *PLACE, ALIAS)
STORE_SUBJECT = Subject("key_store", *PLACE, STORE)


def changed(what, *subjects):
    return KeyChange(
        "cloudtrail", "e-7", THEN, what, Caller(BOB), subjects, *PLACE, partition="aws-cn"
    )


def news(what, *subjects, **evidence):
    """Tell whether the warning of a change is news, given what was found."""
    failure = warned_of(changed(what, *subjects))
    found = Evidence(own_account=OTHER_ACCOUNT, **evidence)
    return is_news(failure, diagnose(failure, found, NOW), found)


def test_a_key_that_was_disabled_will_fail_as_disabled():
    # GIVEN a change of a key in another partition, which touches an alias as well
    warning = warned_of(changed("DisableKey", ALIAS_SUBJECT, KEY_SUBJECT))
    # THEN the failure that it will cause says all that the change does
    assert warning == KeyFailure(
        source="change",
        event_id="e-7",
        time=THEN,
        classification=ErrorClassification("key_disabled", Confidence.CERTAIN),
        subject=KEY_SUBJECT,
        caller=Caller(BOB),
        partition="aws-cn",
        account="444455556666",
        region="cn-north-1",
        operation="DisableKey",
        identifier=parse(KEY_ID),
        key_arn=f"arn:aws-cn:kms:cn-north-1:444455556666:key/{KEY_ID}",
    )


def test_an_alias_that_was_deleted_will_not_be_found_and_no_key_is_blamed():
    warning = warned_of(changed("DeleteAlias", KEY_SUBJECT, ALIAS_SUBJECT))
    assert (warning.subject, warning.identifier) == (ALIAS_SUBJECT, parse(ALIAS))
    assert (warning.key_arn, warning.key_store) == (None, None)
    assert warning.classification.cause == "alias_not_found"


def test_a_store_that_was_disconnected_is_named_as_a_store():
    warning = warned_of(changed("DisconnectCustomKeyStore", STORE_SUBJECT))
    assert (warning.key_store, warning.identifier, warning.key_arn) == (STORE, None, None)


def test_what_breaks_nothing_or_touches_nothing_known_warns_of_nothing():
    assert warned_of(changed("EnableKey", KEY_SUBJECT)) is None
    assert warned_of(changed("ChangeNobodyKnows", KEY_SUBJECT)) is None
    assert warned_of(changed("DisableKey", ALIAS_SUBJECT)) is None
    assert warned_of(changed("DisableKey")) is None


@pytest.mark.parametrize("what", [name for name, kind in CHANGES.items() if kind.warns_of])
def test_every_change_that_warns_warns_of_what_it_is_about(what):
    warning = warned_of(changed(what, STORE_SUBJECT, ALIAS_SUBJECT, KEY_SUBJECT))
    assert (warning.subject.kind, warning.operation) == (CHANGES[what].about, what)


class TestNews:
    def test_a_store_always_is(self):
        assert news("DisconnectCustomKeyStore", STORE_SUBJECT, last_used=NOW - 400 * DAY)

    @pytest.mark.parametrize(("state", "expected"), [("Disabled", True), ("Enabled", False)])
    def test_a_moved_alias_is_where_its_new_key_cannot_serve(self, state, expected):
        found = key(state, region=PLACE[1], account=PLACE[0])
        evidence = {"key": found, "alias": alias(), "lookup_results": (seen(PLACE[1]),)}
        assert news("UpdateAlias", ALIAS_SUBJECT, **evidence) is expected

    def test_a_moved_alias_whose_new_key_nobody_sees_is_none(self):
        assert not news("UpdateAlias", ALIAS_SUBJECT)

    def test_a_deleted_alias_is_unless_its_key_was_not_used(self):
        assert news("DeleteAlias", ALIAS_SUBJECT, lookup_results=(absent(PLACE[1]),))
        assert not news("DeleteAlias", ALIAS_SUBJECT, last_used=THEN - 91 * DAY)

    def test_an_alias_that_exists_again_is_none(self):
        found = key(region=PLACE[1], account=PLACE[0])
        looks = (seen(PLACE[1]),)
        assert not news("DeleteAlias", ALIAS_SUBJECT, key=found, lookup_results=looks)

    @pytest.mark.parametrize(
        ("ago", "expected"), [(LONG_UNUSED, True), (LONG_UNUSED + SECOND, False)]
    )
    def test_a_key_is_in_use_for_ninety_days_after_its_last_use(self, ago, expected):
        assert news("DisableKey", KEY_SUBJECT, last_used=THEN - ago) is expected

    def test_what_cannot_be_seen_counts_as_use(self):
        assert news("DisableKey", KEY_SUBJECT)

    @pytest.mark.parametrize(
        ("ago", "expected"), [(LONG_UNUSED, True), (LONG_UNUSED + SECOND, False)]
    )
    def test_a_key_without_a_use_is_unused_once_kms_kept_track_for_ninety_days(self, ago, expected):
        # GIVEN a key that is older than what KMS kept track of, or of which nothing more is known
        tracked = THEN - ago
        old = key(region=OTHER_REGION, created=tracked - DAY)
        assert news("DisableKey", KEY_SUBJECT, tracking_since=tracked, key=old) is expected
        assert news("DisableKey", KEY_SUBJECT, tracking_since=tracked) is expected

    @pytest.mark.parametrize("age", [0 * SECOND, SECOND])
    def test_a_key_that_was_tracked_all_its_life_and_never_used_is_unused(self, age):
        tracked = THEN - DAY
        young = key(created=tracked + age)
        assert not news("DisableKey", KEY_SUBJECT, tracking_since=tracked, key=young)
        # BUT a key whose age nobody knows may have been used before
        unknown = replace(young, created=None)
        assert news("DisableKey", KEY_SUBJECT, tracking_since=tracked, key=unknown)


def test_nothing_found_at_all_is_no_reason_for_silence():
    failure = warned_of(changed("ScheduleKeyDeletion", KEY_SUBJECT))
    assert failure.account != ACCOUNT
    assert is_news(failure, diagnose(failure, NO_EVIDENCE, NOW), NO_EVIDENCE)


class TestLag:
    """A look-up that still shows the key which an alias pointed to before the newest known move."""

    OLD = change("CreateAlias", 2 * DAY, alias=ALIAS, target_key=OTHER_KEY_ID)

    def lags(self, *changes, found=KEY_ID):
        seen_key = key(key_id=found) if found else None
        return lags_behind(ALIAS_SUBJECT, Evidence(changes=changes, key=seen_key))

    @pytest.mark.parametrize("target", [KEY_ID, KEY], ids=["id", "ARN"])
    def test_it_shows_another_key_than_the_newest_move(self, target):
        moved = change("UpdateAlias", DAY, alias=ALIAS, target_key=target)
        for known in ((moved, self.OLD), (self.OLD, moved)):
            assert self.lags(*known, found=OTHER_KEY_ID)
            assert not self.lags(*known, found=KEY_ID)

    def test_it_does_not_where_no_move_or_no_key_is_known(self):
        assert not self.lags()
        assert not self.lags(found=None)
        assert not self.lags(self.OLD, found=None)

    @pytest.mark.parametrize(
        "details",
        [{"alias": "alias/another", "target_key": OTHER_KEY_ID}, {"alias": ALIAS}],
        ids=["another alias", "no key"],
    )
    def test_only_moves_of_this_alias_that_name_a_key_count(self, details):
        other = change("UpdateAlias", DAY, **details)
        mine = change("UpdateAlias", 2 * DAY, alias=ALIAS, target_key=KEY_ID)
        assert not self.lags(other)
        assert not self.lags(other, mine)
