"""The reader of the setting ``hub``."""

import re
from collections.abc import Mapping
from typing import Any

from infra import values as v
from infra.setting_types import Hub, StackSet
from infra.values import Invalid, Reader, shown

# AWS Organizations API Reference, "Organization", "OrganizationalUnit", "Root".
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_UNIT = re.compile(r"ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32}")
_CALL_AS = ("SELF", "DELEGATED_ADMIN")


def _id(pattern: re.Pattern[str], what: str) -> Reader:
    def read(value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise Invalid(f"{shown(value)} is not {what}")
        return value

    return read


def _call_as(value: object) -> str:
    if value not in _CALL_AS:
        raise Invalid(f"{shown(value)} is neither of {', '.join(_CALL_AS)}")
    return str(value)


def _some(read: Reader) -> Reader:
    def at_least_one(value: object) -> Any:  # noqa: ANN401 - as the reader gives it
        found = read(value)
        if not found:
            raise Invalid("an empty list leaves nothing to deploy to")
        return found

    return at_least_one


def hub(value: object) -> Hub:
    """Read the organisation, and how its spokes come about."""
    readers: dict[str, Reader] = {
        "organization_id": _id(_ORGANIZATION, "the id of an organisation"),
        "stack_set": v.optional(_stack_set),
        "accounts": v.boolean,
        "regions": v.list_of(v.region),
    }
    return Hub(**_read(value, readers, "organization_id"))


def _stack_set(value: object) -> StackSet:
    readers: dict[str, Reader] = {
        "organizational_units": _some(v.list_of(_id(_UNIT, "an organizational unit or a root"))),
        "regions": _some(v.list_of(v.region)),
        "call_as": _call_as,
    }
    return StackSet(**_read(value, readers, "organizational_units", "regions"))


def _read(value: object, readers: Mapping[str, Reader], *needed: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Invalid(f"{shown(value)} is not an object")
    if unknown := next((name for name in value if name not in readers), None):
        raise Invalid(f"{shown(unknown)} is no part of it")
    if missing := next((name for name in needed if name not in value), None):
        raise Invalid(f"{shown(value)} has no {missing}")
    return {name: readers[name](item) for name, item in value.items()}
