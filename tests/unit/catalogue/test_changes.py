"""The table of changes: each row speaks of causes and changes that exist, and of what KMS really does."""

import botocore.session
import pytest

from keywatch.catalogue.causes import CAUSES
from keywatch.catalogue.changes import CHANGES, DETAILS, MADE_BY, NATIVE_CHANGES
from keywatch.catalogue.states import STATE_CAUSES

# What KMS does without a call (KMS Developer Guide, "Logging with CloudTrail"): service events.
BY_KMS_ITSELF = {"DeleteKey", "DeleteExpiredKeyMaterial"}


@pytest.mark.parametrize("change", CHANGES.values(), ids=lambda change: change.name)
def test_a_change_speaks_of_causes_and_changes_that_exist(change):
    caused = {*change.makes, change.warns_of, change.announces} - {None}
    assert caused <= CAUSES.keys()
    assert set(change.ended_by) <= CHANGES.keys() - {change.name}
    assert len(set(change.ended_by)) == len(change.ended_by)
    assert change.about in {"key", "alias", "key_store"}


@pytest.mark.parametrize("change", CHANGES.values(), ids=lambda change: change.name)
def test_a_change_is_a_call_of_kms_or_an_event_of_its_own(change):
    operations = botocore.session.get_session().get_service_model("kms").operation_names
    assert (change.name in operations) == (change.name not in BY_KMS_ITSELF)
    assert bool(change.native) == (change.name in BY_KMS_ITSELF) == bool(change.announces)


@pytest.mark.parametrize("change", CHANGES.values(), ids=lambda change: change.name)
def test_what_a_warning_foretells_is_explained_by_the_change_that_it_warns_of(change):
    # GIVEN a change that breaks a key or key store before a call failed
    if change.warns_of and change.about != "alias":
        # THEN the later failure names that change as its reason
        assert change.name in MADE_BY[change.warns_of]


def test_a_change_is_undone_only_by_changes_to_what_it_touched():
    for change in CHANGES.values():
        assert {CHANGES[other].about for other in change.ended_by} <= {change.about}


def test_each_native_event_is_one_change_and_each_fact_of_a_change_has_one_place():
    assert len(NATIVE_CHANGES) == len(BY_KMS_ITSELF)
    assert len({name for name, _, _ in DETAILS}) == len(DETAILS)


def test_whatever_takes_a_key_out_of_use_warns_before_a_call_fails():
    # GIVEN the changes that leave a key unusable, made by somebody or by KMS itself
    breaking = {name for name, kind in CHANGES.items() if kind.leaves in STATE_CAUSES}
    # THEN each warns, but the one that gives half of the key back
    assert {name for name in breaking if CHANGES[name].warns_of is None} == {"CancelKeyDeletion"}
