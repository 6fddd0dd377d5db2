"""``explain`` asks what an error text, log line or record means."""

import json
from collections.abc import Iterable, Mapping

from keywatch.actions.action import NO, YES, Action, Answer, Field, Fields, Invocation, Option
from keywatch.actions.display import Line, Shown, line, remedies
from keywatch.actions.explain.answer import explain
from keywatch.actions.explain.failures import MARKS


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_record(value: object) -> bool:
    return isinstance(value, Mapping)


def _run(fields: Fields, _invocation: Invocation) -> Answer:
    return explain(fields)


def _exit_code(answer: Answer) -> int:
    return YES if answer["matched"] else NO


def _show(answer: Answer) -> Iterable[Shown]:
    if not answer["findings"]:
        yield line(answer["sentence"])
    for finding in answer["findings"]:
        found = f" ({finding['confidence']})  {finding['identifier'] or ''}"
        yield Line(((finding["cause"], "bold"), (found, "")))
        yield from (line(f"  {reason}") for reason in finding["because"])
        yield from remedies(finding["remedies"])
        yield line()


def _from_input(text: str) -> Fields:
    """Return what a person gave: a record or event in JSON is one, everything else is a text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {"text": text}
    is_record = isinstance(value, dict) and any(mark in value for mark in (*MARKS, "detail"))
    return {"record": value} if is_record else {"text": text}


ACTION = Action(
    name="explain",
    question="What does this error text, log line or record mean?",
    example="explain < error.txt",
    examples=(
        "explain error.txt record.json",
        'explain --text "Alias alias/payments is not found."',
        "explain --json < error.txt",
    ),
    exit_codes=("explained", "nothing in it is about a key", "cannot tell"),
    request={"text": "…"},
    run=_run,
    exit_code=_exit_code,
    show=_show,
    fields=(
        Field(
            "text",
            "string",
            "an error text, stack trace or log lines",
            _is_text,
            "must be a string",
            option=Option("--text", "TEXT"),
        ),
        Field(
            "record",
            "object",
            "a CloudTrail record or an EventBridge event",
            _is_record,
            "must be an object: a CloudTrail record or an EventBridge event",
        ),
    ),
    one_of=("text", "record"),
    pure=True,
    passes_over_others=True,
    from_input=_from_input,
)
