"""Where to look next when an AWS service met AWS's ambiguous denial: which key the service was told to use. Data only.

The resources are those that services name in the encryption context (KMS Developer Guide, "How AWS
services use AWS KMS").
"""

from keywatch.catalogue.causes.record import Remedy


def _step(service: str, what: str, command: str) -> Remedy:
    return Remedy(
        f"Find which key {what} uses, and compare it with the key that should be used.",
        f"{command} --region {{region}}",
        only_where=("service", (f"{service}.amazonaws.com",)),
        must_be_seen=True,
    )


SERVICE_STEPS = (
    _step(
        "lambda",
        "the function",
        "aws lambda get-function-configuration --function-name {resource} --query '[Role,LastModified,KMSKeyArn]'",
    ),
    _step(
        "secretsmanager",
        "the secret",
        "aws secretsmanager describe-secret --secret-id {resource} --query KmsKeyId",
    ),
    _step(
        "ssm",
        "the parameter",
        "aws ssm describe-parameters --parameter-filters Key=Name,Values={parameter} --query 'Parameters[].KeyId'",
    ),
    _step(
        "s3",
        "the bucket",
        "aws s3api get-bucket-encryption --bucket {bucket}",
    ),
    _step(
        "rds",
        "the database",
        "aws rds describe-db-instances --filters Name=dbi-resource-id,Values={resource} "
        "--query 'DBInstances[].[DBInstanceIdentifier,KmsKeyId]'",
    ),
    _step(
        "ec2",
        "the volume",
        "aws ec2 describe-volumes --volume-ids {resource} --query 'Volumes[].KmsKeyId'",
    ),
    _step(
        "sns",
        "the topic",
        "aws sns get-topic-attributes --topic-arn {resource} --query Attributes.KmsMasterKeyId",
    ),
    _step(
        "dynamodb",
        "the table",
        "aws dynamodb describe-table --table-name {resource} --query Table.SSEDescription",
    ),
)
