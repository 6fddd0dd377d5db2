"""Where incidents and changes are remembered."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

DUE_INDEX = "due"


class IncidentTable(Construct):
    """One table: a partition for each subject, and an index of what the clock has to do and when."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=_key("subject", dynamodb.AttributeType.STRING),
            sort_key=_key("item", dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            # The AWS-owned key: a customer managed key could be the very key that is broken.
            encryption=dynamodb.TableEncryption.DEFAULT,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires_at",
            # Open incidents are of no use without the function; a new deployment sees the next
            # failure and opens them again.
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.table.add_global_secondary_index(
            index_name=DUE_INDEX,
            partition_key=_key("queue", dynamodb.AttributeType.STRING),
            sort_key=_key("due_at", dynamodb.AttributeType.NUMBER),
            projection_type=dynamodb.ProjectionType.ALL,
        )
        self.due_index_arn = f"{self.table.table_arn}/index/{DUE_INDEX}"


def _key(name: str, kind: dynamodb.AttributeType) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=kind)
