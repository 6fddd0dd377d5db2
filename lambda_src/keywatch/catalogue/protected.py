"""What AWS services protect with a KMS key, and by which name their own commands ask for it. Data, and one reader of it.

What a service was encrypting is known from the encryption context that it set (KMS Developer Guide,
"How services use KMS"), or from its own record. It tells by itself what it is: who called KMS
does not, since Systems Manager is recorded as ``AWS Internal``.
"""

import re
from collections.abc import Mapping

_ARN = r"arn:aws[a-z-]{0,20}"
# Fact of a command → how the resource is written; the last group is what the command asks for.
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (fact, re.compile(pattern, re.DOTALL))
    for fact, pattern in (
        ("function", rf"({_ARN}:lambda:[^:]{{1,32}}:\d{{12}}:function:.{{1,600}})"),
        ("secret", rf"({_ARN}:secretsmanager:[^:]{{1,32}}:\d{{12}}:secret:.{{1,600}})"),
        ("parameter", rf"{_ARN}:ssm:[^:]{{1,32}}:\d{{12}}:parameter/(.{{1,600}})"),
        ("bucket", rf"{_ARN}:s3:::([^/]{{1,600}})(?:/.{{0,600}})?"),
        ("object", rf"{_ARN}:s3:::[^/]{{1,600}}/(.{{1,600}})"),
        ("database_id", r"(db-[A-Z0-9]{1,60})"),
        ("cluster_id", r"(cluster-[A-Z0-9]{1,60})"),
        ("database", rf"({_ARN}:rds:[^:]{{1,32}}:\d{{12}}:db:.{{1,600}})"),
        ("cluster", rf"({_ARN}:rds:[^:]{{1,32}}:\d{{12}}:cluster:.{{1,600}})"),
        ("volume", r"(vol-[0-9a-f]{1,40})"),
        ("snapshot", r"(snap-[0-9a-f]{1,40})"),
        ("topic", rf"({_ARN}:sns:[^:]{{1,32}}:\d{{12}}:.{{1,600}})"),
        ("queue", rf"{_ARN}:sqs:[^:]{{1,32}}:\d{{12}}:(.{{1,600}})"),
        ("table", rf"({_ARN}:dynamodb:[^:]{{1,32}}:\d{{12}}:table/[^/]{{1,600}})"),
        ("stream", rf"({_ARN}:kinesis:[^:]{{1,32}}:\d{{12}}:stream/.{{1,600}})"),
        ("trail", rf"({_ARN}:cloudtrail:[^:]{{1,32}}:\d{{12}}:trail/.{{1,600}})"),
        (
            "scaling_group",
            rf"{_ARN}:autoscaling:[^:]{{1,32}}:\d{{12}}:.{{1,100}}:autoScalingGroupName/(.{{1,600}})",
        ),
        ("log_group", rf"{_ARN}:logs:[^:]{{1,32}}:\d{{12}}:log-group:([^:]{{1,512}})(?::\*)?"),
        ("repository", rf"{_ARN}:ecr:[^:]{{1,32}}:\d{{12}}:repository/(.{{1,256}})"),
        ("warehouse", rf"{_ARN}:redshift:[^:]{{1,32}}:\d{{12}}:cluster:(.{{1,63}})"),
        ("domain", rf"{_ARN}:es:[^:]{{1,32}}:\d{{12}}:domain/(.{{1,600}})"),
    )
)
# Services that name a resource by its name alone → the fact of a command.
_BY_NAME: Mapping[str, str] = {
    "dynamodb.amazonaws.com": "table",
    "lambda.amazonaws.com": "function",
    "secretsmanager.amazonaws.com": "secret",
    "ssm.amazonaws.com": "parameter",
    "backup.amazonaws.com": "vault",
    "elasticfilesystem.amazonaws.com": "file_system",
    "fsx.amazonaws.com": "fsx_file_system",
    "autoscaling.amazonaws.com": "scaling_group",
}
PROTECTED_FACTS = tuple(dict.fromkeys((*(fact for fact, _ in _FORMS), *_BY_NAME.values())))


def protected(resource: str | None, service: str) -> dict[str, str]:
    """Return what a service was encrypting or decrypting, by the names that its own commands take; nothing where that is unknown.

    ``service`` made the call or answered it (``dynamodb.amazonaws.com``).
    """
    if not resource:
        return {}
    found = {fact: match[1] for fact, form in _FORMS if (match := form.fullmatch(resource))}
    if not found and service in _BY_NAME and ":" not in resource:
        found = {_BY_NAME[service]: resource}
    return _parameter(found, is_typed=":" not in resource)


def _parameter(found: dict[str, str], *, is_typed: bool) -> dict[str, str]:
    """Name a parameter as it is called: its ARN leaves the first slash out, which one without a hierarchy need not have.

    Source: Systems Manager User Guide, "Working with parameter hierarchies". Where both are
    possible, both are named, as a list of the AWS CLI.
    """
    name = found.get("parameter")
    if name is None or is_typed:
        return found
    return found | {"parameter": f"/{name}" if "/" in name else f"{name},/{name}"}
