"""``docs/security.md`` tells of every place of the stack where data rests, and how long it is kept there."""

from datetime import timedelta

import pytest

from docs.pages.security import RESTS
from keywatch.store import incident_items
from tests.infra.synthesis import MATRIX, templates

KINDS = {
    "AWS::DynamoDB::Table",
    "AWS::SQS::Queue",
    "AWS::Logs::LogGroup",
    "AWS::SNS::Topic",
    "AWS::S3::Bucket",
}
# What else a stack may hold that keeps data would be one of these.
OTHER_KEEPERS = ("AWS::Kinesis", "AWS::RDS", "AWS::EFS", "AWS::ElastiCache", "AWS::SSM", "AWS::S3")
EVERY_RESOURCE = {
    (resource["Type"], logical_id): resource.get("Properties", {})
    for settings in MATRIX.values()
    for of in templates(settings).values()
    for logical_id, resource in of["Resources"].items()
}


def row_of(kind, logical_id):
    (found,) = (
        row for row in RESTS if row.resource == kind and logical_id.startswith(tuple(row.ids))
    )
    return found


@pytest.mark.parametrize(
    ("kind", "logical_id"), [named for named in EVERY_RESOURCE if named[0] in KINDS]
)
def test_each_place_has_one_row_that_says_how_long_data_is_kept(kind, logical_id):
    # GIVEN what can hold data
    properties, row = EVERY_RESOURCE[kind, logical_id], row_of(kind, logical_id)
    # THEN its row says for how long, as the template does
    match kind:
        case "AWS::SQS::Queue":
            assert row.kept == timedelta(seconds=properties.get("MessageRetentionPeriod", 345_600))
        case "AWS::Logs::LogGroup":
            assert row.kept == timedelta(days=properties["RetentionInDays"])
        case "AWS::S3::Bucket":
            (rule, *_) = properties["LifecycleConfiguration"]["Rules"]
            assert row.kept == timedelta(days=rule["ExpirationInDays"])
        case "AWS::DynamoDB::Table":
            assert properties["TimeToLiveSpecification"]["Enabled"]
            assert f"{incident_items.KEEP_CHANGES.days} days" in row.how_long
        case _:
            assert kind == "AWS::SNS::Topic"
    assert row.kept is None or f"{row.kept.days} days" in row.how_long


def test_every_row_is_about_something_that_is_there_and_nothing_else_keeps_data():
    rows = {(row.resource, start) for row in RESTS for start in row.ids}
    assert rows == {
        (kind, start)
        for kind, logical_id in EVERY_RESOURCE
        if kind in KINDS
        for start in row_of(kind, logical_id).ids
        if logical_id.startswith(start)
    }
    others = {kind for kind, _ in EVERY_RESOURCE if kind.startswith(OTHER_KEEPERS)}
    assert others <= {"AWS::S3::Bucket", "AWS::S3::BucketPolicy"}
