"""``uses`` asks what depends on a key: who used it lately, who holds grants, which resources are encrypted with it."""

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
from keywatch.actions.fields import REGION
from keywatch.actions.uses.show import show


def _is_key(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _run(fields: Fields, invocation: Invocation) -> Answer:
    from keywatch.actions.uses.run import uses

    return uses(fields, invocation.services)


def _exit_code(answer: Answer) -> int:
    """Judge by what was seen: that nothing was seen tells little where something could not be looked at."""
    return {True: YES, False: NO}.get(answer["used"], CANNOT_TELL)


ACTION = Action(
    name="uses",
    question="What depends on this key?",
    example="uses alias/payments",
    exit_codes=("something depends on it", "nothing was seen that does", "cannot tell"),
    request={"key_id": "alias/payments"},
    run=_run,
    exit_code=_exit_code,
    show=show,
    fields=(
        Field(
            "key_id",
            "string",
            "a key id, ARN or alias",
            _is_key,
            "must be a key id, ARN or alias",
            required=True,
            option=Option("key"),
        ),
        REGION,
    ),
)
