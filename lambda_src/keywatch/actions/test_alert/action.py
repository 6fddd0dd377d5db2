"""``test_alert`` asks whether alerts get out: it sends one that says it is a test through every channel."""

from collections.abc import Iterable

from keywatch.actions.action import NO, YES, Action, Answer, Field, Fields, Invocation, Option
from keywatch.actions.display import STYLES, Listing, Shown, line
from keywatch.model.levels import Severity

_SEVERITIES = tuple(severity.value for severity in Severity)


def _is_severity(value: object) -> bool:
    return isinstance(value, str) and value in _SEVERITIES


def _run(fields: Fields, invocation: Invocation) -> Answer:
    from keywatch.actions.test_alert.run import test_alert

    return test_alert(fields, invocation.services)


def _exit_code(answer: Answer) -> int:
    return YES if all(one["accepted"] for one in answer["channels"]) else NO


def _show(answer: Answer) -> Iterable[Shown]:
    rows = tuple(
        (
            line(
                *(("took it", STYLES["pass"]) if one["accepted"] else ("refused", STYLES["fail"]))
            ),
            line(one["channel"]),
            line(f"{one['says']} {one['known']}".strip()),
        )
        for one in answer["channels"]
    )
    yield Listing(f"Test {answer['incident_id']}", ("", "channel", "what is known"), rows)


ACTION = Action(
    name="test_alert",
    question="Do alerts get out? Sends a test through every channel.",
    example="test_alert --severity critical",
    exit_codes=("every channel took it", "one did not", "cannot tell"),
    request={"severity": "critical"},
    run=_run,
    exit_code=_exit_code,
    show=_show,
    fields=(
        Field(
            "severity",
            "string",
            "the severity that the test has, for filters and for whom they wake",
            _is_severity,
            f"must be one of {', '.join(_SEVERITIES)}",
            default=Severity.INFO.value,
            option=Option("--severity"),
        ),
    ),
)
