"""A trail for accounts that have none: without one that logs, EventBridge sees no API call at all."""

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.acknowledgements import acknowledge


class Trail(Construct):
    """Management events of this Region, reads and writes, KMS not excluded, into a bucket of its own."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(90),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
            ],
            # An audit log outlives the tool that made it; it is for people to delete.
            removal_policy=RemovalPolicy.RETAIN,
        )
        acknowledge(
            bucket,
            {
                "AwsSolutions-S1": "It holds an audit log itself; nobody but CloudTrail writes to it."
            },
        )
        trail = cloudtrail.Trail(
            self,
            "Trail",
            bucket=bucket,
            management_events=cloudtrail.ReadWriteType.ALL,
            is_multi_region_trail=False,
            include_global_service_events=False,
            enable_file_validation=True,
        )
        trail.node.add_dependency(bucket)
        _only_from_this_account(bucket)


def _only_from_this_account(bucket: s3.Bucket) -> None:
    """Let CloudTrail write for this account only: the construct lets it in whoever's trail it writes (confused deputy).

    Source: CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail".
    """
    policy = bucket.policy.node.default_child if bucket.policy else None
    if not isinstance(policy, s3.CfnBucketPolicy):
        raise TypeError("the bucket of the trail has no policy")
    document = Stack.of(bucket).resolve(policy.policy_document)
    for number, statement in enumerate(document["Statement"]):
        if statement["Effect"] == "Allow":
            conditions = dict(statement.get("Condition", {}))
            equal = {**conditions.get("StringEquals", {}), "aws:SourceAccount": Aws.ACCOUNT_ID}
            policy.add_property_override(
                f"PolicyDocument.Statement.{number}.Condition",
                {**conditions, "StringEquals": equal},
            )
