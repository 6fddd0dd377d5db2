"""``incidents`` asks what is broken now."""

from collections.abc import Iterable
from datetime import datetime

from keywatch.actions.action import NO, YES, Action, Answer, Field, Fields, Invocation, Option
from keywatch.actions.display import STYLES, Listing, Shown, line
from keywatch.actions.silence.action import shown
from keywatch.model.incident import HELD, MUTED, NEW, OPEN, SILENCED

_STATUSES = (NEW, HELD, MUTED, SILENCED, OPEN)
_LONGEST = 512


def _is_status(value: object) -> bool:
    return value in _STATUSES


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST


def _run(fields: Fields, invocation: Invocation) -> Answer:
    from keywatch.actions.incidents.run import incidents

    return incidents(fields, invocation.services)


def _exit_code(answer: Answer) -> int:
    return NO if answer["incidents"] else YES


def _show(answer: Answer) -> Iterable[Shown]:
    rows = tuple(
        (
            line(one["severity"] or "", STYLES.get(one["severity"] or "", "")),
            line(one["cause"]),
            line(f"{one['subject']} (replayed)" if one.get("replayed") else one["subject"]),
            line(one["first_seen"]),
            line(f"{one['failures']:,}"),
        )
        for one in answer["incidents"]
    )
    title = f"Broken in {answer['region']}"
    yield (
        Listing(title, ("severity", "cause", "what", "since", "failures"), rows)
        if rows
        else line("No incident is going on.", "green")
    )
    for silence in answer.get("silences", ()):  # a function of before has none
        yield line(f"Silenced by {shown(silence)}", "yellow")
    if answer["left_out"]:
        yield line(
            f"{answer['left_out']:,} more were left out: ask for one group, cause or account."
        )


ACTION = Action(
    name="incidents",
    question="What is broken now?",
    example="incidents --cause alias_not_found",
    examples=("incidents", "incidents --since 2026-03-01T03:00:00Z --json"),
    exit_codes=("nothing is broken", "something is broken", "cannot tell"),
    request={"cause": "alias_not_found"},
    run=_run,
    exit_code=_exit_code,
    show=_show,
    fields=(
        Field(
            "status",
            "string",
            "incidents in this state",
            _is_status,
            f"must be one of {', '.join(_STATUSES)}",
            option=Option("--status"),
        ),
        Field(
            "since",
            "string",
            "incidents that began at or after this time",
            _is_time,
            "must be a time with its zone, such as 2026-03-01T03:00:00Z",
            option=Option("--since", "TIME"),
        ),
        Field(
            "cause",
            "string",
            "incidents of this cause",
            _is_name,
            "must be a cause, such as key_disabled",
            option=Option("--cause"),
        ),
        Field(
            "account",
            "string",
            "incidents in this account",
            _is_name,
            "must be an account",
            option=Option("--account"),
        ),
        Field(
            "group",
            "string",
            "incidents that this group told of",
            _is_name,
            "must be the id of a group, as its message says it",
            option=Option("--group", "ID"),
        ),
    ),
)
