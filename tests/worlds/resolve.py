"""From what somebody typed to what KMS finds under it, and in which way it does not find it."""

import re
from dataclasses import dataclass

from tests.worlds.kms import Alias, Key, Kms, View
from tests.worlds.timeline import Version

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}")
_ARN = re.compile(r"arn:aws[a-z-]*:kms:([a-z0-9-]+):([0-9]{12}):(key/.+|alias/.+)")


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a name means: ``problem`` is empty, or how it does not name a key (malformed, region, alias, key)."""

    typed: str
    account: str
    region: str
    problem: str = ""
    alias: str | None = None
    key_id: str | None = None
    key: Key | None = None
    version: Version[Key] | None = None
    alias_version: Version[Alias] | None = None

    @property
    def alias_arn(self) -> str | None:
        return f"arn:aws:kms:{self.region}:{self.account}:{self.alias}" if self.alias else None

    @property
    def key_arn(self) -> str | None:
        return (
            f"arn:aws:kms:{self.region}:{self.account}:key/{self.key_id}" if self.key_id else None
        )


def resolve(kms: Kms, typed: str, account: str, region: str, view: View) -> Resolved:
    """Resolve as KMS does: bare ids and alias names in the caller's account and Region, ARNs where they say."""
    resource = typed
    if match := _ARN.fullmatch(typed):
        if match.group(1) != region:
            return Resolved(
                typed, match.group(2), match.group(1), "region", **_named(match.group(3))
            )
        account, resource = match.group(2), match.group(3)
        resource = resource.removeprefix("key/")
    elif typed.startswith("arn:"):
        return Resolved(typed, account, region, "malformed")
    if resource.startswith("alias/"):
        return _by_alias(kms, typed, resource, account, region, view)
    if not _UUID.fullmatch(resource):
        return Resolved(typed, account, region, "malformed")
    return _by_id(kms, Resolved(typed, account, region, key_id=resource), view)


def _named(resource: str) -> dict[str, str]:
    return (
        {"alias": resource}
        if resource.startswith("alias/")
        else {"key_id": resource.removeprefix("key/")}
    )


def _by_alias(kms: Kms, typed: str, name: str, account: str, region: str, view: View) -> Resolved:
    version = view(kms.alias(account, region, name))
    if version is None or version.value is None:
        return Resolved(typed, account, region, "alias", name)
    found = Resolved(
        typed, account, region, alias=name, key_id=version.value.target, alias_version=version
    )
    return _by_id(kms, found, view)


def _by_id(kms: Kms, found: Resolved, view: View) -> Resolved:
    assert found.key_id
    version = view(kms.key(found.account, found.region, found.key_id))
    key = version.value if version else None
    return Resolved(
        found.typed,
        found.account,
        found.region,
        "" if key else "key",
        found.alias,
        found.key_id,
        key,
        version,
        found.alias_version,
    )
