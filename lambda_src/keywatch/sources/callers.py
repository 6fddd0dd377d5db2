"""Who made a call, from CloudTrail's ``userIdentity`` in all its variants.

Source: CloudTrail User Guide, userIdentity element. Services that act for somebody (forward access
sessions) keep that somebody's identity and add ``invokedBy``; calls of a service itself have type
``AWSService`` and no account; KMS's own internal events have no type at all.
"""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache

from keywatch.model.identifiers import partition_of
from keywatch.model.signals import Caller
from keywatch.model.text import one_line
from keywatch.sources.fields import inner, mapping, text

_ARN, _ACCOUNT, _SERVICE = 512, 20, 128  # the longest that is kept of each
UNKNOWN_CALLER = Caller("unknown")
_ASSUMED_ROLE = re.compile(
    r"(arn:aws[a-z-]{0,20}):sts::(\d{12}):assumed-role/([^/]{1,200})/(.{1,200})"
)

_DENIED_USER = re.compile(
    r"\bUser: (arn:aws[a-z-]{0,20}:(?:iam|sts)::\d{12}:[\w+=,.@:/-]{1,400}) is not authorized"
)

_DENIED_ACTION = re.compile(r"\bnot authorized to perform: kms:([A-Za-z]{2,64})")


def read_caller(identity: object) -> Caller:
    """Return the caller that a ``userIdentity`` describes; ``unknown`` where it names nobody."""
    fields = mapping(identity)
    arn, account, service = fields.get("arn"), fields.get("accountId"), fields.get("invokedBy")
    issuer = inner(fields, "sessionContext", "sessionIssuer").get("arn")
    if arn is None and issuer is None:
        return _without_arn(fields, text(account, _ACCOUNT), text(service, _SERVICE))
    if _is_short(arn) and _is_short(account) and _is_short(service) and _is_short(issuer):
        return _remembered(arn, account, service, issuer)
    return _with_arn(arn, account, service, issuer)


def _is_short(value: object) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= _ARN)


def _with_arn(arn: object, account: object, service: object, issuer: object) -> Caller:
    named, made_by, account = text(arn, _ARN), text(issuer), text(account, _ACCOUNT)
    role, session = _role_of(named) if named else (None, None)
    return Caller(made_by or role or named or "unknown", session, account, text(service, _SERVICE))


_remembered = lru_cache(maxsize=1024)(_with_arn)


def denied_principal(message: str | None) -> str | None:
    """Return whom a denial names (``User: <ARN> is not authorized``): a role for its sessions; ``None`` where it names nobody."""
    match = _DENIED_USER.search(message or "")
    return (_role_of(match[1])[0] or match[1]) if match else None


def denied_action(message: str | None) -> str | None:
    """Return which action of KMS a denial names (``not authorized to perform: kms:<action>``); ``None`` where it names none."""
    match = _DENIED_ACTION.search(message or "")
    return match[1] if match else None


def _without_arn(fields: Mapping[str, object], account: str | None, service: str | None) -> Caller:
    if service:
        return Caller(service, None, account, service)
    behalf = text(inner(fields, "onBehalfOf").get("userId"))
    name = (
        text(fields.get("userName"))
        or text(fields.get("principalId"))
        or (f"Identity Center user {behalf}" if behalf else None)
    )
    if name:
        # The principal id of a role session is <role id>:<session name>; sessions do not tell
        # callers apart.
        name, _, session = name.partition(":") if name.startswith("AROA") else (name, "", "")
        return Caller(
            one_line(f"{name} in account {account}") if account else name, session or None, account
        )
    return Caller(f"account {account}", None, account) if account else UNKNOWN_CALLER


@lru_cache(maxsize=1024)
def _role_of(arn: str) -> tuple[str | None, str | None]:
    """Split an assumed-role ARN into its role (without its path, which STS drops) and session name."""
    match = _ASSUMED_ROLE.fullmatch(arn)
    if not match:
        return None, None
    partition, account, role, session = match.groups()
    return f"{partition}:iam::{account}:role/{role}", session


def is_own(identity: object, own_roles: Collection[str]) -> bool:
    """Tell whether KeyWatch itself made the call, by its role; a user agent would be too easy to borrow.

    ``own_roles`` are the ARNs of its roles in all its Regions. Each is compared as a whole: nobody
    passes for KeyWatch by a name that begins like its own.
    """
    if not own_roles:
        return False
    issuer = inner(identity, "sessionContext", "sessionIssuer").get("arn")
    if issuer is not None:
        return isinstance(issuer, str) and issuer in own_roles
    arn = mapping(identity).get("arn")
    if not isinstance(arn, str):
        return False
    role = _role_of(arn)[0] or arn
    return role in own_roles or role in map(without_path, own_roles)


def is_look_up(record: Mapping[str, object], role: str) -> bool:
    """Tell whether a look-up role of KeyWatch made the call of a CloudTrail record, in the account that recorded it.

    ``role`` is the name of that role, the same in every account; without one there is none. The
    partition, the account, the name and that it has no path must all agree: of another account's role
    of that name nobody knows whose it is.
    """
    if not role:
        return False
    identity = mapping(record.get("userIdentity"))
    account, region = record.get("recipientAccountId"), record.get("awsRegion")
    caller = identity.get("accountId", account)
    if not isinstance(account, str) or not isinstance(region, str) or caller != account:
        return False
    named = f"arn:{partition_of(region)}:iam::{account}:role/{role}"
    issuer = inner(identity, "sessionContext", "sessionIssuer").get("arn")
    if issuer is not None:
        return issuer == named
    arn = identity.get("arn")
    return isinstance(arn, str) and _role_of(arn)[0] == named


def without_path(role: str) -> str:
    """Return the ARN of a role as far as its sessions tell it: STS drops the path."""
    head, _, path = role.partition(":role/")
    return f"{head}:role/{path.rpartition('/')[2]}"
