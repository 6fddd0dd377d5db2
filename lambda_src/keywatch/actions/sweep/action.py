"""``sweep`` asks what in this Region is at risk."""

from collections.abc import Iterable, Sequence

from keywatch.actions.action import (
    CANNOT_TELL,
    NO,
    YES,
    Action,
    Answer,
    Field,
    Fields,
    InParts,
    Invocation,
)
from keywatch.actions.display import STYLES, Listing, Shown, line, unknowns
from keywatch.actions.fields import NOTIFY
from keywatch.model.identifiers import Kind, parse

_SEVERITIES = ("critical", "high", "warning", "info")


def _is_resume(value: object) -> bool:
    return isinstance(value, str) and parse(value).kind is Kind.KEY_ID


def _run(fields: Fields, invocation: Invocation) -> Answer:
    from keywatch.actions.sweep.run import sweep

    return sweep(fields, invocation.services, invocation.context)


def _exit_code(answer: Answer) -> int:
    """Judge a Region: what can break counts, what is merely untidy (info) does not."""
    if any(finding["severity"] != "info" for finding in answer["findings"]):
        return NO
    return CANNOT_TELL if answer["unknowns"] or not answer["complete"] else YES


def _show(answer: Answer) -> Iterable[Shown]:
    rows = tuple(
        (
            line(finding["severity"], STYLES[finding["severity"]]),
            line(finding["risk"]),
            line((finding["aliases"] or [finding["name"]])[0]),
            line(finding["says"]),
        )
        for finding in answer["findings"]
    )
    title = f"At risk in {answer['region']}"
    yield (
        Listing(title, ("severity", "risk", "what", ""), rows)
        if rows
        else line("Nothing is at risk.", "green")
    )
    if answer["left_out"]:
        yield line(f"{answer['left_out']} more were left out.")
    yield from unknowns(answer["unknowns"])
    done, total = _progress(answer)
    yield line(f"{done} of {total} keys looked at.", "dim")


def _following(answer: Answer) -> Fields | None:
    return {"resume": answer["resume"]} if answer.get("resume") else None


def _progress(answer: Answer) -> tuple[int, int]:
    return answer["progress"]["keys_done"], answer["progress"]["keys_total"]


def _joined(parts: Sequence[Answer]) -> Answer:
    """Return the answers of one sweep as one; the worst stays first, and what is due first comes before what is due later."""
    findings = [finding for part in parts for finding in part["findings"]]
    findings.sort(
        key=lambda found: (_SEVERITIES.index(found["severity"]), found["deadline"] or "9999")
    )
    counts: dict[str, int] = {}
    for part in parts:
        for risk, count in part["counts"].items():
            counts[risk] = counts.get(risk, 0) + count
    return parts[-1] | {
        "findings": findings,
        "counts": counts,
        "left_out": sum(part["left_out"] for part in parts),
        "unknowns": list(dict.fromkeys(unknown for part in parts for unknown in part["unknowns"])),
    }


ACTION = Action(
    name="sweep",
    question="What in this Region is at risk?",
    example="sweep",
    examples=("sweep --region us-east-1", "sweep --json > risks.json"),
    exit_codes=("nothing can break", "something can break", "cannot tell"),
    request={},
    run=_run,
    exit_code=_exit_code,
    show=_show,
    fields=(
        Field(
            "resume",
            "string",
            "go on where an answer that was not complete ended",
            _is_resume,
            'must be the "resume" of the answer before',
        ),
        NOTIFY,
    ),
    in_parts=InParts(_following, _progress, _joined),
)
