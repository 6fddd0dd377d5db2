"""Services that lost a key say so on the bus, and say no more than that."""

import pytest

from keywatch.model.levels import Confidence
from keywatch.model.signals import KeyFailure, Unrelated
from keywatch.sources import read_event

ACCOUNT, REGION = "111122223333", "eu-west-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
DATABASE = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:orders"


def notice(source, detail, **fields):
    return {
        "id": "n-1",
        "source": source,
        "detail-type": "something",
        "account": ACCOUNT,
        "region": REGION,
        "time": "2026-03-01T03:00:00Z",
        "resources": [],
        "detail": detail,
    } | fields


def rds(event_id, message="Amazon RDS can't access the KMS encryption key for the database."):
    return notice("aws.rds", {"EventID": event_id, "SourceArn": DATABASE, "Message": message})


@pytest.mark.parametrize(
    ("event", "cause", "about"),
    [
        (rds("RDS-EVENT-0418"), "missing_or_not_authorized", DATABASE),
        (rds("RDS-EVENT-0419"), "missing_or_not_authorized", DATABASE),
        (
            notice("aws.rds", {"EventID": "RDS-EVENT-0419", "SourceIdentifier": "orders"}),
            "missing_or_not_authorized",
            "orders",
        ),
        (
            notice(
                "aws.es",
                {"event": "KMS Key Inaccessible", "description": "The KMS key is not accessible."},
                resources=[f"arn:aws:es:{REGION}:{ACCOUNT}:domain/logs"],
            ),
            "missing_or_not_authorized",
            f"arn:aws:es:{REGION}:{ACCOUNT}:domain/logs",
        ),
        (
            notice(
                "aws.autoscaling",
                {
                    "StatusMessage": "Client.InternalError: Client error on launch",
                    "AutoScalingGroupName": "workers",
                },
            ),
            "unclassified",
            "workers",
        ),
    ],
    ids=["rds cannot access", "rds lost", "rds without an ARN", "opensearch", "auto scaling"],
)
def test_a_lost_key_is_a_failure_of_what_lost_it_and_nothing_more_is_claimed(event, cause, about):
    (signal,) = read_event(event)
    assert isinstance(signal, KeyFailure)
    assert signal.classification.cause == cause
    assert signal.classification.confidence is Confidence.POSSIBLE
    assert (signal.resource, signal.subject.name) == (about, about)


def test_a_key_that_is_named_is_the_subject():
    (signal,) = read_event(rds("RDS-EVENT-0419", f"The database stopped: {KEY} is disabled."))
    assert (signal.classification.cause, signal.key_arn) == ("key_disabled", KEY)


def test_a_key_that_was_found_again_is_no_failure():
    assert read_event(rds("RDS-EVENT-0420")) == (Unrelated("key_found_again"),)


@pytest.mark.parametrize(
    "event",
    [
        notice("aws.rds", {"EventID": "RDS-EVENT-0006", "Message": "Database restarted"}),
        notice("aws.rds", None),
        notice("aws.rds", {"EventID": ["RDS-EVENT-0418"]}),
        notice("aws.autoscaling", {"StatusMessage": "Launching"}),
        notice("aws.autoscaling", {"StatusMessage": {"a": 1}}),
    ],
)
def test_other_notices_say_nothing_about_keys(event):
    assert isinstance(read_event(event)[0], Unrelated)
