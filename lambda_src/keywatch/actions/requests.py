"""What a manual request may hold, and how a bad one is answered: what is wrong, where, never a stack trace."""

import re
from collections.abc import Mapping

_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]{2,5}(?:-[a-z]{2,20}){1,2}-[0-9]{1,2}")


class InvalidRequest(ValueError):
    """A manual request that cannot be answered. ``fields`` maps each offending field to what is wrong with it."""

    def __init__(self, message: str, fields: Mapping[str, str]) -> None:
        super().__init__(message)
        self.message = message
        self.fields = dict(fields)

    @classmethod
    def of(cls, wrong: Mapping[str, str]) -> "InvalidRequest":
        """Return the error that names every field and what is wrong with it."""
        return cls("; ".join(f"{name} {problem}" for name, problem in wrong.items()), wrong)


def invalid_request(problem: InvalidRequest) -> dict[str, object]:
    """Return the answer to a bad request."""
    return {
        "error": {"code": "invalid_request", "message": problem.message, "fields": problem.fields}
    }


def is_region(value: object) -> bool:
    """Tell whether ``value`` looks like the name of an AWS Region."""
    return isinstance(value, str) and _REGION.fullmatch(value) is not None


def is_account(value: object) -> bool:
    """Tell whether ``value`` looks like the id of an account."""
    return isinstance(value, str) and _ACCOUNT.fullmatch(value) is not None


def unknown_fields(request: Mapping[str, object], *known: str) -> dict[str, str]:
    """Return what to say of fields that no such request has: a misspelt one would otherwise be silently ignored."""
    allowed = ("action", *known)
    return {
        str(name)[:64]: f"is not known; allowed: {', '.join(allowed)}"
        for name in request
        if name not in allowed
    }
