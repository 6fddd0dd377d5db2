"""``incident`` asks what became of one incident: every message, change and count, and how long it took."""

import re
from collections.abc import Iterable, Mapping

from keywatch.actions.action import NO, YES, Action, Answer, Field, Fields, Invocation, Option
from keywatch.actions.display import Listing, Pairs, Shown, line

_ID = re.compile(r"kw-(?:group-)?[0-9a-f]{16}")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _run(fields: Fields, invocation: Invocation) -> Answer:
    from keywatch.actions.incident.run import incident

    return incident(fields, invocation.services)


def _show(answer: Answer) -> Iterable[Shown]:
    place = f"{answer['subject']}, account {answer['account']}, {answer['region']}"
    shown = {
        "what": place,
        "cause": answer["cause"],
        "state": answer["status"],
        "owner": answer["owner"] or "",
        "failures": f"{answer['failures']:,}",
        "time to acknowledge": _length(answer["time_to_acknowledge_seconds"]),
        "acknowledged by": answer["acknowledged_by"] or "",
        "time to resolve": _length(answer["time_to_resolve_seconds"]),
    }
    yield Pairs(tuple((name, value) for name, value in shown.items() if value))
    rows = tuple(
        (
            line(one["when"]),
            line(one["what"]),
            line(one["detail"] or one["cause"]),
            line("" if one["failures"] is None else f"{one['failures']:,}"),
        )
        for one in answer["timeline"]
    )
    yield Listing("Timeline", ("when", "what", "detail", "failures"), rows)


def _length(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes = int(seconds // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004 - minutes of an hour


def _table(answer: Answer) -> Iterable[Mapping[str, object]]:
    return ({"incident_id": answer["incident_id"], **one} for one in answer["timeline"])


ACTION = Action(
    name="incident",
    question="What became of this incident?",
    example="incident kw-0123456789abcdef",
    exit_codes=("it is over", "it goes on", "cannot tell"),
    request={"incident_id": "kw-0123456789abcdef"},
    run=_run,
    exit_code=lambda answer: YES if answer["ended_at"] else NO,
    show=_show,
    table=_table,
    fields=(
        Field(
            "incident_id",
            "string",
            "the incident, or the group, as its messages name it",
            _is_id,
            "must be the id of an incident, such as kw-0123456789abcdef",
            required=True,
            option=Option("INCIDENT_ID"),
        ),
    ),
)
