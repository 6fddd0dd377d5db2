"""``unsilence`` ends a silence before its time."""

import re
from collections.abc import Iterable

from keywatch.actions.action import YES, Action, Answer, Field, Fields, Invocation, Option
from keywatch.actions.display import Shown, line

_ID = re.compile(r"kw-silence-[0-9a-f]{16}")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _run(fields: Fields, invocation: Invocation) -> Answer:
    from keywatch.actions.silence.run import unsilence

    return unsilence(fields, invocation.services)


def _show(answer: Answer) -> Iterable[Shown]:
    yield line(f"The silence {answer['silence']['silence_id']} has ended.")
    yield line("What it covered and still lasts is told within minutes.")


ACTION = Action(
    name="unsilence",
    question="End a silence before its time.",
    example="unsilence kw-silence-0123456789abcdef",
    request={"silence_id": "kw-silence-0123456789abcdef"},
    run=_run,
    exit_code=lambda _answer: YES,
    show=_show,
    fields=(
        Field(
            "silence_id",
            "string",
            "the silence, as its answer and the action incidents name it",
            _is_id,
            "must be the id of a silence, such as kw-silence-0123456789abcdef",
            required=True,
            option=Option("SILENCE_ID"),
        ),
    ),
)
