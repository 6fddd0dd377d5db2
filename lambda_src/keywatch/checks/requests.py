"""What a manual request may hold, and how a bad one is answered: what is wrong, where, never a stack trace."""

from collections.abc import Mapping


class InvalidRequest(ValueError):
    """A manual request that cannot be answered. ``fields`` maps each offending field to what is wrong with it."""

    def __init__(self, message: str, fields: Mapping[str, str]) -> None:
        super().__init__(message)
        self.message = message
        self.fields = dict(fields)


def invalid_request(problem: InvalidRequest) -> dict[str, object]:
    """Return the answer to a bad request."""
    return {"error": {"code": "invalid_request", "message": problem.message, "fields": problem.fields}}
