"""``check`` asks whether keys can be used for cryptography, and if not, why."""

from keywatch.actions.action import (
    CANNOT_TELL,
    NO,
    YES,
    Action,
    Answer,
    Field,
    Fields,
    Invocation,
    Option,
)
from keywatch.actions.check.show import show
from keywatch.actions.fields import NOTIFY, REGION
from keywatch.actions.requests import is_account

MAX_KEYS = 50
MAX_WAIT = 300


def _is_key_id(value: object) -> bool:
    keys = value if isinstance(value, list) else [value]
    named = all(isinstance(key, str) and key.strip() for key in keys)
    return named and 1 <= len(keys) <= MAX_KEYS


def _is_wait(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, int | float) and number and 0 <= value <= MAX_WAIT


def _run(fields: Fields, invocation: Invocation) -> Answer:
    from keywatch.actions.check.run import check

    return check(fields, invocation.services, invocation.context)


def _exit_code(answer: Answer) -> int:
    """Judge keys: one that cannot be used decides, then one of which that cannot be told."""
    return {True: YES, False: NO}.get(answer["usable"], CANNOT_TELL)


ACTION = Action(
    name="check",
    question="Can this key be used, and if not, why?",
    example="check alias/payments",
    examples=(
        "check alias/payments 1234abcd-12ab-34cd-56ef-1234567890ab --region us-east-1",
        "check alias/new --wait 60 --notify",
    ),
    exit_codes=("usable", "not usable", "cannot tell"),
    request={"key_id": "alias/payments"},
    run=_run,
    exit_code=_exit_code,
    show=show,
    fields=(
        Field(
            "key_id",
            "string or list",
            "key ids, ARNs or aliases",
            _is_key_id,
            f"must be a key id, ARN or alias, or a list of 1 to {MAX_KEYS} of them",
            required=True,
            option=Option("key", many=True),
        ),
        REGION,
        Field(
            "account",
            "string",
            "look in this account of the organisation (a hub only; an ARN names its own)",
            is_account,
            "must be an account: 12 digits",
            option=Option("--account"),
        ),
        Field(
            "wait_seconds",
            "number",
            f"wait until the keys are usable, at most {MAX_WAIT} seconds",
            _is_wait,
            f"must be a number from 0 to {MAX_WAIT}",
            default=0,
            option=Option("--wait", "SECONDS"),
        ),
        NOTIFY,
    ),
)
