"""``incidents`` asks what is broken now."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from keywatch.actions.action import NO, YES, Action, Answer, Field, Fields, Invocation, Option
from keywatch.actions.display import STYLES, Listing, Shown, line
from keywatch.actions.fields import is_flag
from keywatch.actions.silence.action import shown
from keywatch.model.incident import (
    DELETED,
    HEALED,
    HELD,
    MUTED,
    NEW,
    OPEN,
    RESOLVED,
    SILENCED,
)

_STATUSES = (NEW, HELD, MUTED, SILENCED, OPEN, RESOLVED, HEALED, DELETED)
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
    return NO if any(one.get("ended_at") is None for one in answer["incidents"]) else YES


def _table(answer: Answer) -> Iterable[Mapping[str, object]]:
    """Return one row for each incident; a spreadsheet would round the account to a number."""
    return (one | {"account": f"account {one['account']}"} for one in answer["incidents"])


def _show(answer: Answer) -> Iterable[Shown]:
    over = any(one.get("ended_at") for one in answer["incidents"])
    rows = tuple(
        (
            line(one["severity"] or "", STYLES.get(one["severity"] or "", "")),
            line(one["cause"]),
            line(f"{one['subject']} (replayed)" if one.get("replayed") else one["subject"]),
            line(one["first_seen"]),
            line(f"{one['failures']:,}"),
            *((line(one["ended_at"] or "goes on"),) if over else ()),
        )
        for one in answer["incidents"]
    )
    title = f"Incidents in {answer['region']}" if over else f"Broken in {answer['region']}"
    columns = ("severity", "cause", "what", "since", "failures", *(("ended",) if over else ()))
    yield (Listing(title, columns, rows) if rows else line("No incident is going on.", "green"))
    for one in answer.get("repeat_offenders", ()):
        yield line(
            f"{one['subject']} broke {one['incidents']} times, the last time at {one['last_seen']}."
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
    examples=("incidents", "incidents --ended --since 2026-03-01T03:00:00Z --csv"),
    exit_codes=("nothing is broken", "something is broken", "cannot tell"),
    request={"cause": "alias_not_found"},
    run=_run,
    exit_code=_exit_code,
    show=_show,
    table=_table,
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
            "ended",
            "boolean",
            "also those that ended since then, or in the last 7 days, and what broke again and again",
            is_flag,
            "must be true or false",
            default=False,
            option=Option("--ended"),
        ),
        Field(
            "owner",
            "string",
            "incidents of keys of this owner (setting owner_tags)",
            _is_name,
            "must be an owner",
            option=Option("--owner"),
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
