"""What the states of a key mean: every state of AWS's own list, and none beside it."""

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keywatch.catalogue.causes import CAUSES
from keywatch.catalogue.states import STATE_CAUSES, USABLE_STATES, is_usable


def key_states():
    return botocore.session.get_session().get_service_model("kms").shape_for("KeyState").enum


@pytest.mark.parametrize("state", key_states())
def test_each_state_that_aws_knows_is_usable_or_has_a_cause(state):
    assert is_usable(state) is (state in {"Enabled", "Updating"})


def test_no_state_is_listed_that_aws_does_not_have():
    assert USABLE_STATES | STATE_CAUSES.keys() == set(key_states())


def test_a_state_means_one_cause():
    states = [state for cause in CAUSES.values() for state in cause.key_states]
    assert len(states) == len(set(states))
    assert not USABLE_STATES & set(states)


@given(st.text())
def test_any_other_state_is_unknown(state):
    known = state in USABLE_STATES or state in STATE_CAUSES
    assert (is_usable(state) is None) == (not known)
