"""``silence`` asks that nobody is told of something for a while, with a reason and an end."""

from collections.abc import Iterable

from keywatch.actions.action import YES, Action, Answer, Field, Fields, Invocation, Option
from keywatch.actions.display import Pairs, Shown, line
from keywatch.catalogue.causes import CAUSES
from keywatch.model.silence import CRITERIA, MAX_REASON, duration_of, match_of
from keywatch.model.text import one_line

_NAMES = ", ".join(CRITERIA)


def _is_match(value: object) -> bool:
    match = match_of(value)
    return match is not None and match.get("cause", next(iter(CAUSES))) in CAUSES


def _is_duration(value: object) -> bool:
    return duration_of(value) is not None


def _is_reason(value: object) -> bool:
    cleaned = one_line(value, MAX_REASON)
    return bool(cleaned) and cleaned == value


def _run(fields: Fields, invocation: Invocation) -> Answer:
    from keywatch.actions.silence.run import silence

    return silence(fields, invocation.services)


def shown(silence: Answer) -> str:
    """Return a silence in one line."""
    match = ", ".join(f"{name} {value}" for name, value in silence["match"].items())
    return f"{silence['silence_id']}: {match}, until {silence['until']} ({silence['reason']})"


def _show(answer: Answer) -> Iterable[Shown]:
    silence = answer["silence"]
    match = ", ".join(f"{name} {value}" for name, value in silence["match"].items())
    yield Pairs(
        (
            ("silenced", match),
            ("until", silence["until"]),
            ("reason", silence["reason"]),
            ("incidents now", str(answer["incidents"])),
        )
    )
    yield line(f"To end it before: keywatch unsilence {silence['silence_id']}")
    if answer["warning"]:
        yield line(answer["warning"], "yellow")


ACTION = Action(
    name="silence",
    question="Say nothing about this for a while.",
    example='silence --match key=alias/payments --for 4h --reason "we rotate it"',
    request={"match": {"key": "alias/payments"}, "for": "4h", "reason": "we rotate it"},
    run=_run,
    exit_code=lambda _answer: YES,
    show=_show,
    fields=(
        Field(
            "match",
            "object",
            f"what to say nothing about: one or more of {_NAMES}, all of which must fit; * stands for anything in a key or a "
            "caller. On the command line NAME=VALUE",
            _is_match,
            f"must be an object of one or more of {_NAMES}, each with a value of its kind, and not fit everything",
            required=True,
            option=Option("--match", "NAME=VALUE", many=True),
        ),
        Field(
            "for",
            "string",
            "for how long: minutes, hours or days, such as 30m, 4h or 7d",
            _is_duration,
            "must be from 1m to 7d, such as 4h",
            required=True,
            option=Option("--for", "TIME"),
        ),
        Field(
            "reason",
            "string",
            "why, for those who wonder about it",
            _is_reason,
            f"must be one line of at most {MAX_REASON} printable characters",
            required=True,
            option=Option("--reason", "TEXT"),
        ),
    ),
)
