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


def recovered(cause, subject, **evidence):
    return recovery_of(cause, subject, Evidence(**evidence))


def test_a_look_up_in_another_region_proves_nothing_of_here():
    # GIVEN a look-up that found nothing in another Region, before one here that was throttled
    elsewhere = LookupResult("DescribeKey", "alias/payments", "us-east-1", LookupOutcome.ABSENT)
    here = LookupResult("DescribeKey", "alias/payments", "eu-west-1", LookupOutcome.THROTTLED)
    for looks in ((elsewhere, here), (here, elsewhere), (elsewhere,)):
        assert recovered("alias_not_found", ALIAS, lookup_results=looks) is Recovery.UNKNOWN


def test_a_usable_key_in_a_store_that_is_not_connected_is_not_usable():
    for cause in ("key_disabled", "key_store_disconnected"):
        assert recovered(cause, ALIAS, key=key()) is Recovery.PROVEN
        assert recovered(cause, ALIAS, key=key(), store=store()) is Recovery.PROVEN
        assert recovered(cause, ALIAS, key=key(), store=store("FAILED")) is Recovery.REFUTED


def test_of_an_external_key_only_a_state_that_kms_keeps_is_proven():
    # GIVEN an enabled key whose material lies outside of AWS
    external = key(external_key="xks-1")
    # THEN that it was disabled in KMS is over, and what befell it outside nobody can see
    assert recovered("key_disabled", ALIAS, key=external) is Recovery.PROVEN
    assert recovered("alias_not_found", ALIAS, key=external) is Recovery.UNKNOWN


class TestStore:
    SUBJECT = Subject("key_store", "123456789012", "eu-west-1", "cks-1234567890abcdef0")

    def test_a_connected_store_proves_its_connection_and_not_its_proxy(self):
        assert recovered("key_store_disconnected", self.SUBJECT, store=store()) is Recovery.PROVEN
        assert recovered("xks_proxy_unreachable", self.SUBJECT, store=store()) is Recovery.UNKNOWN

    def test_a_store_that_is_not_connected_is_not_usable(self):
        for state in ("DISCONNECTED", "FAILED", "CONNECTING", ""):
            assert (
                recovered("key_store_disconnected", self.SUBJECT, store=store(state))
                is Recovery.REFUTED
            )

    def test_a_key_of_an_unseen_store_that_cannot_serve_refutes_its_recovery(self):
        # GIVEN a store that nobody could look at, and a key of it that a look-up saw
        for state, expected in (
            ("Unavailable", Recovery.REFUTED),
            ("Enabled", Recovery.UNKNOWN),
            ("Archived", Recovery.UNKNOWN),
        ):
            assert recovered("key_store_disconnected", self.SUBJECT, key=key(state)) is expected

    def test_a_key_that_a_connected_store_does_not_serve_refutes_its_recovery(self):
        # GIVEN a key that stays Unavailable in a connected store, or is broken by itself
        for state, expected in (
            ("Unavailable", Recovery.REFUTED),
            ("Enabled", Recovery.PROVEN),
            ("Disabled", Recovery.PROVEN),
        ):
            found = recovered("key_store_disconnected", self.SUBJECT, key=key(state), store=store())
            assert found is expected
