"""What a record names besides the request: the keys in ``resources``, and what an AWS service was protecting."""

from collections.abc import Mapping

from keywatch.identifiers import Kind, parse
from keywatch.sources.fields import mapping, text

MAX_RESOURCES = 8


def arns(resources: object) -> tuple[str, ...]:
    """Return the ARNs of a record's ``resources`` (upper-case ``ARN``; lower-case ``arn`` is tolerated), cleaned."""
    if not isinstance(resources, list):
        return ()
    found = (text(mapping(item).get("ARN") or mapping(item).get("arn")) for item in resources[:MAX_RESOURCES])
    return tuple(arn for arn in found if arn)


def key_arns(resources: object) -> tuple[str, ...]:
    """Return those that are key ARNs, in order, each once."""
    return tuple(dict.fromkeys(arn for arn in arns(resources) if parse(arn).kind is Kind.KEY_ARN)) if resources else ()


# Encryption context keys that AWS services set, each naming the resource that the key protects. No other context value is
# read: contexts of applications may hold what must not leave the account's logs. Source: KMS Developer Guide, "How services
# use KMS", and the services' own guides.
CONTEXT_RESOURCES = (
    "aws:s3:arn",
    "aws:ebs:id",
    "SecretARN",
    "PARAMETER_ARN",
    "aws:lambda:FunctionArn",
    "aws:rds:db-id",
    "aws:rds:dbc-id",
    "aws:sqs:arn",
    "aws:sns:topicArn",
    "aws:dynamodb:tableName",
    "aws:kinesis:arn",
    "aws:logs:arn",
    "aws:cloudtrail:arn",
    "aws:elasticfilesystem:filesystem:id",
    "aws:redshift:arn",
    "aws:ecr:arn",
    "aws:backup:backup-vault",
    "aws:fsx:fs-id",
)


def protected_resource(request: Mapping[str, object]) -> str | None:
    """Return the resource that a service was encrypting or decrypting, by the encryption context it set."""
    for name in ("encryptionContext", "sourceEncryptionContext", "destinationEncryptionContext"):
        context = request.get(name)
        if isinstance(context, dict):
            for key in CONTEXT_RESOURCES:
                if (value := context.get(key)) and (found := text(value, 256)):
                    return found
    return None
