"""``doctor`` asks whether this deployment is working."""

from collections.abc import Iterable

from keywatch.actions.action import CANNOT_TELL, NO, YES, Action, Answer, Fields, Invocation
from keywatch.actions.display import STYLES, Line, Listing, Shown, line


def _run(_fields: Fields, invocation: Invocation) -> Answer:
    from keywatch.actions.doctor.run import doctor

    return doctor(invocation.services)


def _exit_code(answer: Answer) -> int:
    return {"pass": YES, "fail": NO}.get(answer["status"], CANNOT_TELL)


def _show(answer: Answer) -> Iterable[Shown]:
    rows = tuple(
        (
            line(check["status"], STYLES[check["status"]]),
            line(check["id"]),
            Line(tuple(_found(check)), exact=(f"\n{check['command']}",)),
        )
        for check in answer["lines"]
    )
    yield Listing(f"KeyWatch in {answer['region']}", ("", "line", "what was found"), rows)


def _found(check: Answer) -> Iterable[tuple[str, str]]:
    yield check["says"], ""
    if check["status"] != "pass":
        yield f"\n{check['why']}", "dim"
    if check["command"]:
        yield f"\n{check['command']}", "cyan"


ACTION = Action(
    name="doctor",
    question="Is this deployment working?",
    example="doctor",
    request={},
    run=_run,
    exit_code=_exit_code,
    show=_show,
)
