"""What a fact must look like before it may stand in a command that people paste.

Facts come from events and logs, where whoever can call KMS or write a log line chooses them. Quoting
keeps one a single word; this keeps that word from being anything but what it is called: no option
(``--endpoint-url``), no file (``file://``), no other Region's host. Sources: the patterns in the API
models of KMS, IAM, STS, Lambda, S3 and SSM.
"""

import re
from collections.abc import Iterable

from keywatch.model.key_names import is_well_formed

REGION = re.compile(r"[a-z]{2,4}-[a-z]{1,12}(?:-[a-z]{1,12})?(?:-[a-z]{1,12})?-\d{1,2}")
_ARN = r"arn:aws[a-z-]{0,20}"
_PLACE = rf"{REGION.pattern}:\d{{12}}"
_ROLE_NAME = r"[A-Za-z0-9_][A-Za-z0-9_+=,.@-]{0,63}"
_FUNCTION = rf"{_ARN}:lambda:{REGION.pattern}:\d{{12}}:function:[A-Za-z0-9_-]{{1,64}}(?::[A-Za-z0-9_$-]{{1,128}})?"
_PATTERNS = {
    "region": REGION.pattern,
    "key_region": REGION.pattern,
    "account": r"\d{12}",
    "key_store": r"cks-[A-Za-z0-9]{1,60}",
    # A user or a role, as IAM knows it: no root, no session, no role of AWS's own (aws:ec2-infrastructure), and none
    # that only exists under a path.
    "principal": rf"{_ARN}:iam::\d{{12}}:(?:user|role)/(?!AWSReservedSSO_|AWSServiceRoleFor)[A-Za-z0-9_+=,.@/-]{{1,576}}",
    "operation": r"[A-Z][A-Za-z]{2,63}",
    "function": rf"{_FUNCTION}|[A-Za-z0-9_][A-Za-z0-9_-]{{0,63}}",
    "role": rf"{_ARN}:iam::\d{{12}}:role/[A-Za-z0-9_+=,.@/-]{{1,576}}",
    "role_name": _ROLE_NAME,
    "secret": rf"(?:{_ARN}:secretsmanager:{_PLACE}:secret:)?[A-Za-z0-9/_+=@][A-Za-z0-9/_+=.@-]{{0,511}}",
    "parameter": r"[A-Za-z0-9_/][A-Za-z0-9_./,-]{0,1023}",
    "bucket": r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}",
    "object": r"[A-Za-z0-9/_][A-Za-z0-9_+=,.@:/$#-]{0,599}",
    "database_id": r"db-[A-Z0-9]{1,60}",
    "cluster_id": r"cluster-[A-Z0-9]{1,60}",
    "database": rf"{_ARN}:rds:{_PLACE}:db:[A-Za-z0-9-]{{1,63}}",
    "cluster": rf"{_ARN}:rds:{_PLACE}:cluster:[A-Za-z0-9-]{{1,63}}",
    "volume": r"vol-[0-9a-f]{1,40}",
    "snapshot": r"snap-[0-9a-f]{1,40}",
    "topic": rf"{_ARN}:sns:{_PLACE}:[A-Za-z0-9_.-]{{1,256}}",
    "queue": r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}",
    "table": rf"(?:{_ARN}:dynamodb:{_PLACE}:table/)?[A-Za-z0-9_][A-Za-z0-9_.-]{{2,254}}",
    "stream": rf"{_ARN}:kinesis:{_PLACE}:stream/[A-Za-z0-9_.-]{{1,128}}",
    "trail": rf"{_ARN}:cloudtrail:{_PLACE}:trail/[A-Za-z0-9_.-]{{1,128}}",
    "domain": r"[a-z][a-z0-9-]{2,63}",
    "log_group": r"[A-Za-z0-9_/][A-Za-z0-9_/.#-]{0,511}",
    "repository": r"[a-z0-9][a-z0-9._/-]{1,255}",
    "warehouse": r"[a-z][a-z0-9-]{0,62}",
    "file_system": r"fs-[0-9a-f]{8,40}",
    "fsx_file_system": r"fs-[0-9a-f]{8,40}",
    "vault": r"[A-Za-z0-9_][A-Za-z0-9_-]{1,49}",
    "scaling_group": r"[A-Za-z0-9_/:][A-Za-z0-9_./:-]{0,254}",
}
_GRAMMARS = {name: re.compile(pattern) for name, pattern in _PATTERNS.items()}
_KEYS = frozenset({"key", "multi_region_key", "alias", "did_you_mean"})


def all_fit(facts: Iterable[tuple[str, str]]) -> bool:
    """Tell whether every fact (its name and its value) has the form of what it stands for."""
    return all(fits(name, value) for name, value in facts)


def fits(fact: str, value: str) -> bool:
    """Tell whether ``value`` has the form of what ``fact`` (a name of ``record.FACTS``) stands for.

    A fact without a form of its own stands in no command.
    """
    if fact in _KEYS:
        return is_well_formed(value) and _in_a_region(value)
    grammar = _GRAMMARS.get(fact)
    return bool(grammar and grammar.fullmatch(value) and "://" not in value)


def _in_a_region(key: str) -> bool:
    """Tell whether an ARN names an account and what may be a Region; any other name of a key does."""
    if not key.startswith("arn:"):
        return True
    _, _, _, region, account, _ = key.split(":", 5)
    return account.isdigit() and REGION.fullmatch(region) is not None
