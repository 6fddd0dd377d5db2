"""What a record names: the keys in its request and its ``resources``, and what an AWS service was protecting."""

from collections.abc import Iterator, Mapping

from keywatch.model.identifiers import Kind, parse
from keywatch.sources.fields import mapping, text

MAX_RESOURCES = 8
LONGEST = 2048  # KMS API model: KeyIdType
_DEEPEST, _MOST = 4, 200  # how far into another service's request a key is looked for

# Where requests of KMS name their keys; a ReEncrypt's source first: KMS decrypts before it
# encrypts.
_KEY_FIELDS = ("keyId", "aliasName", "sourceKeyId", "destinationKeyId", "targetKeyId")
# Where requests of other services do, in lower case and without separators: kmsKeyId,
# KMSMasterKeyID, sSEKMSKeyId, and the header x-amz-server-side-encryption-aws-kms-key-id in S3's
# data events.
_CONFIGURED = frozenset(
    {
        "kmskeyid",
        "kmskeyarn",
        "kmskey",
        "kmsmasterkeyid",
        "kmsmasterkeyarn",
        "ssekmskeyid",
        "awskmskeyid",
        "kmskeyidentifier",
        "encryptionkey",
        "encryptionkeyarn",
        "encryptionkeyid",
        "masterkeyid",
        "keyid",
        "xamzserversideencryptionawskmskeyid",
    }
)


def keys_typed(request: Mapping[str, object]) -> tuple[str, ...]:
    """Return what a request of KMS names as its keys, each once; an alias to be made or moved comes before its target."""
    found: dict[str, None] = {}
    for name in _KEY_FIELDS:
        value = request.get(name)
        if isinstance(value, str) and value:
            found[value[:LONGEST]] = None
    return tuple(found)


def keys_configured(request: Mapping[str, object]) -> tuple[str, ...]:
    """Return the KMS key that a request of another service names, wherever it stands in it."""
    for number, (name, value) in enumerate(_members(request, 0)):
        if number >= _MOST:
            break
        if isinstance(value, str) and value and _squeezed(name) in _CONFIGURED:
            return (value[:LONGEST],)
    return ()


def _members(value: object, depth: int) -> Iterator[tuple[str, object]]:
    if depth >= _DEEPEST:
        return
    parts = value[:MAX_RESOURCES] if isinstance(value, list) else [value]
    for part in parts:
        for name, member in mapping(part).items():
            yield name, member
            yield from _members(member, depth + 1)


def _squeezed(name: object) -> str:
    return name[:64].replace("-", "").replace("_", "").lower() if isinstance(name, str) else ""


def arns(resources: object) -> tuple[str, ...]:
    """Return the ARNs of a record's ``resources`` (upper-case ``ARN``; lower-case ``arn`` is tolerated), cleaned."""
    if not isinstance(resources, list):
        return ()
    found = (
        text(mapping(item).get("ARN") or mapping(item).get("arn"))
        for item in resources[:MAX_RESOURCES]
    )
    return tuple(arn for arn in found if arn)


def key_arns(resources: object) -> tuple[str, ...]:
    """Return those that are key ARNs, in order, each once."""
    return (
        tuple(dict.fromkeys(arn for arn in arns(resources) if parse(arn).kind is Kind.KEY_ARN))
        if resources
        else ()
    )


# Encryption context keys that AWS services set, each naming the resource that the key protects. No
# other context value is read: contexts of applications may hold what must not leave the account's
# logs. Source: KMS Developer Guide, "How services use KMS", and the services' own guides.
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


_CONTEXTS = ("encryptionContext", "sourceEncryptionContext", "destinationEncryptionContext")
CONTEXTS = frozenset(_CONTEXTS)


# Where requests of other services name what they encrypt or decrypt (the services' API references).
_NAMED_BY: Mapping[str, tuple[str, ...]] = {
    "dynamodb.amazonaws.com": ("tableName",),
    "kinesis.amazonaws.com": ("streamARN",),
    "lambda.amazonaws.com": ("functionName",),
    "secretsmanager.amazonaws.com": ("secretId",),
    "sns.amazonaws.com": ("topicArn",),
    "ssm.amazonaws.com": ("name",),
}


def protected_resource(request: Mapping[str, object], service: object = None) -> str | None:
    """Return the resource that a service was encrypting or decrypting: by the encryption context it set, or by its own request.

    ``service`` is the event source of the record.
    """
    if service == "s3.amazonaws.com" and (bucket := text(request.get("bucketName"), 64)):
        path = text(request.get("key"), 256)
        return f"arn:aws:s3:::{bucket}" + (f"/{path}" if path else "")
    for name in _NAMED_BY.get(service, ()) if isinstance(service, str) else ():
        if found := text(request.get(name), 256):
            return found
    for name in _CONTEXTS:
        context = request.get(name)
        if isinstance(context, dict):
            for key in CONTEXT_RESOURCES:
                if (value := context.get(key)) and (found := text(value, 256)):
                    return found
    return None
