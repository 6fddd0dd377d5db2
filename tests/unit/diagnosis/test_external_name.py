"""The article's own name, ``XksKeyNotFoundException``: in a deployment DescribeKey settles which trouble it is."""

import pytest

from keywatch.diagnosis.diagnose import diagnose
from keywatch.model.evidence import NO_EVIDENCE, Evidence
from keywatch.model.levels import Confidence
from keywatch.sources.app_logs import DELIVERIES
from keywatch.sources.source import Reception
from tests.delivered.delivery import events_of, payload
from tests.unit.cases import ACCOUNT, KEY, NOW, REGION, absent, key, seen

LINE = f"ERROR caught XksKeyNotFoundException for {KEY}"


def reported(line=LINE):
    events = events_of([line], key="articles")
    (failure,) = DELIVERIES.read(payload(events, owner=ACCOUNT), Reception(region=REGION))
    return failure


def found(facts):
    return Evidence(own_account=ACCOUNT, key=facts, lookup_results=(seen(facts.region),))


def said(diagnosis):
    return "\n".join(map(str, (*diagnosis.because, *diagnosis.unknowns)))


@pytest.mark.parametrize(
    ("evidence", "cause", "confidence"),
    [
        (NO_EVIDENCE, "external_key_not_found", Confidence.POSSIBLE),
        (
            Evidence(own_account=ACCOUNT, lookup_results=(absent(),)),
            "key_not_found",
            Confidence.LIKELY,
        ),
        (found(key("Disabled")), "key_disabled", Confidence.CERTAIN),
        (found(key("PendingDeletion")), "key_pending_deletion", Confidence.CERTAIN),
        (
            found(key(origin="EXTERNAL_KEY_STORE", key_store="cks-1")),
            "external_key_not_found",
            Confidence.LIKELY,
        ),
        (found(key()), "unclassified", Confidence.POSSIBLE),
    ],
    ids=["no look-up", "absent", "disabled", "pending deletion", "external", "usable"],
)
def test_describe_key_settles_it(evidence, cause, confidence):
    diagnosis = diagnose(reported(), evidence, NOW)
    assert (diagnosis.cause, diagnosis.confidence) == (cause, confidence)


def test_a_usable_key_of_aws_is_said_to_be_in_no_external_store():
    diagnosis = diagnose(reported(), found(key()), NOW)
    assert "The key's origin is AWS_KMS" in said(diagnosis)
    assert "does not know this error text" not in said(diagnosis)


def test_without_a_look_up_both_ways_to_check_are_said():
    text = said(diagnose(reported(), NO_EVIDENCE, NOW))
    assert "EXTERNAL_KEY_STORE" in text
    assert "alias, account and Region" in text


def test_aws_own_sentence_needs_no_settling():
    line = f"ERROR XksKeyNotFoundException: Key '{KEY}' does not exist"
    assert diagnose(reported(line), NO_EVIDENCE, NOW).cause == "key_not_found"
