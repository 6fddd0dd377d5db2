"""``doctor`` asks whether this deployment is working."""

from collections.abc import Iterable

from keywatch.actions.action import CANNOT_TELL, NO, YES, Action, Answer, Fields, Invocation
from keywatch.actions.display import STYLES, Line, Shown, line


def _run(_fields: Fields, invocation: Invocation) -> Answer:
    from keywatch.actions.doctor.run import doctor

    return doctor(invocation.services)


def _exit_code(answer: Answer) -> int:
    return {"pass": YES, "fail": NO}.get(answer["status"], CANNOT_TELL)


def _show(answer: Answer) -> Iterable[Shown]:
    yield line(f"KeyWatch in {answer['region']}", "bold")
    for check in answer["lines"]:
        status = check["status"]
        yield Line(((f"{status:4}  ", STYLES[status]), (f"{check['id']}: {check['says']}", "")))
        if status != "pass":
            yield line(f"      {check['why']}", "dim")
        if check["command"]:
            command = f"    {check['command']}"
            yield Line(((command, "cyan"),), exact=(command,))


ACTION = Action(
    name="doctor",
    question="Is this deployment working?",
    example="doctor",
    examples=("doctor --profile production --region eu-west-1",),
    exit_codes=("all pass", "something fails", "something warns, or cannot tell"),
    request={},
    run=_run,
    exit_code=_exit_code,
    show=_show,
)
