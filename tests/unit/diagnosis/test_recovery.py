"""What a look-up proves of a recovery, and what it does not."""

from hypothesis import given
from hypothesis import strategies as st

from keywatch.catalogue.causes import CAUSES
from keywatch.catalogue.states import STATE_CAUSES, USABLE_STATES
from keywatch.diagnosis.recovery import Recovery, recovery_of
from keywatch.model.evidence import Evidence, LookupOutcome, LookupResult
from keywatch.model.signals import Subject
from tests.unit.cases import key, seen, store

SUBJECTS = tuple(
    Subject(kind, "123456789012", "eu-west-1", "a name")
    for kind in ("key", "alias", "key_store", "identifier", "caller")
)
ALIAS = Subject("alias", "123456789012", "eu-west-1", "alias/payments")


def test_that_it_is_missing_in_another_region_does_not_prove_that_it_is_missing_here():
    # GIVEN a look-up that was throttled here, and one in another Region that found nothing
    lookup_results = (
        LookupResult("DescribeKey", "alias/payments", "eu-west-1", LookupOutcome.THROTTLED),
        LookupResult("DescribeKey", "alias/payments", "us-east-1", LookupOutcome.ABSENT),
    )
    # THEN nothing is known
    assert (
        recovery_of("alias_not_found", ALIAS, Evidence(lookup_results=lookup_results))
        is Recovery.UNKNOWN
    )
    # BUT found missing here, it is
    here = (LookupResult("DescribeKey", "alias/payments", "eu-west-1", LookupOutcome.ABSENT),)
    assert recovery_of("alias_not_found", ALIAS, Evidence(lookup_results=here)) is Recovery.REFUTED


@given(
    st.text() | st.sampled_from(["", "Archived", "enabled", *STATE_CAUSES]),
    st.sampled_from(sorted(CAUSES)),
    st.sampled_from(SUBJECTS[:2]),
    st.sampled_from([None, store()]),
)
def test_only_a_state_that_is_listed_as_usable_proves_recovery(state, cause, subject, its_store):
    # GIVEN a key in any state WHEN a look-up sees it
    evidence = Evidence(key=key(state), store=its_store, lookup_results=(seen(),))
    recovery = recovery_of(cause, subject, evidence)
    # THEN what nobody knows to be usable proves nothing, and refutes nothing unless it is known to be unusable
    assert state in USABLE_STATES or recovery is not Recovery.PROVEN
    assert state in STATE_CAUSES or recovery is not Recovery.REFUTED


@given(st.sampled_from(sorted(CAUSES)), st.sampled_from(SUBJECTS))
def test_no_look_up_proves_nothing(cause, subject):
    assert recovery_of(cause, subject, Evidence()) is Recovery.UNKNOWN
