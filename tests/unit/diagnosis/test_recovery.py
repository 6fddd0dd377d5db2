"""What a look-up proves of a recovery, and what it does not."""

from keywatch.diagnosis.recovery import Recovery, recovery_of
from keywatch.model.evidence import Evidence, LookupOutcome, LookupResult
from keywatch.model.signals import Subject

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
