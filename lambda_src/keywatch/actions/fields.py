"""Fields that several actions have."""

from keywatch.actions.action import Field, Option
from keywatch.actions.requests import is_region


def is_flag(value: object) -> bool:
    """Tell whether ``value`` is true or false."""
    return isinstance(value, bool)


NOTIFY = Field(
    "notify",
    "boolean",
    "also send the result to the alert topic",
    is_flag,
    "must be true or false",
    default=False,
    option=Option("--notify"),
)
REGION = Field(
    "region",
    "string",
    "look in this Region",
    is_region,
    "must be the name of an AWS Region, such as eu-west-1",
    option=Option("--region"),
)
