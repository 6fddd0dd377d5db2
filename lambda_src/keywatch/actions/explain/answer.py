"""What ``explain`` answers: one finding for each distinct failure, with reasons and remedies. Pure."""

import re
from collections.abc import Iterator, Mapping

from keywatch.actions.explain.failures import (
    ExplainedFailure,
    failures_in_record,
    failures_in_text,
)
from keywatch.actions.explain.unmatched import why_unmatched
from keywatch.catalogue import external_name
from keywatch.catalogue.causes import CAUSES, remedies_for
from keywatch.catalogue.operations import permission_of
from keywatch.model.identifiers import Kind, partition_of

SCHEMA = "keywatch.explain/1"


def explain(fields: Mapping[str, object]) -> dict[str, object]:
    """Answer what a ``text`` (a string), a ``record`` (a CloudTrail record or EventBridge event), or both mean.

    The answer has one finding for each distinct failure, in the order of appearance. Without one it
    says why (``reason``, and ``sentence`` for people).
    """
    text, record = fields.get("text"), fields.get("record")
    found = list(failures_in_record(record)) if isinstance(record, Mapping) else []
    found += failures_in_text(text) if isinstance(text, str) else []
    distinct = list({_identity(failure): failure for failure in reversed(found)}.values())
    answer: dict[str, object] = {
        "schema": SCHEMA,
        "matched": bool(distinct),
        "findings": [_finding(failure) for failure in reversed(distinct)],
    }
    if not distinct:
        why = why_unmatched(text if isinstance(text, str) else None)
        answer |= {"reason": why.reason, "sentence": why.sentence}
    return answer


def _identity(failure: ExplainedFailure) -> tuple[str, str]:
    named = failure.identifier.text if failure.identifier else ""
    return failure.cause, failure.key_arn or named


def _finding(failure: ExplainedFailure) -> dict[str, object]:
    name = failure.identifier
    return {
        "cause": failure.cause,
        "confidence": failure.confidence.value,
        "identifier": name.text if name else None,
        "key_arn": failure.key_arn,
        "alias": name.alias if name else None,
        "account": failure.account,
        "region": failure.region,
        "operation": failure.operation,
        "error_code": failure.code,
        "because": list(_because(failure)),
        "remedies": [
            {"text": r.text, "command": r.command}
            for r in remedies_for(failure.cause, _facts(failure))
        ],
    }


def _because(failure: ExplainedFailure) -> Iterator[str]:
    yield f"{failure.source}: {failure.statement}"
    yield f"catalogue: {CAUSES[failure.cause].meaning}"
    name = failure.identifier
    if name and name.problem and failure.cause == "malformed_identifier":
        guess = f" Most likely meant: {name.corrected}" if name.corrected else ""
        yield f"identifier: {name.problem}.{guess}"
    if failure.cause == "wrong_region" and failure.region:
        yield f"error text: the ARN that was given names the Region {failure.region}, which is not the one that was called."
    if failure.own_words:
        yield f"unknown: {_NOT_AWS}"
    if failure.code_only and (settles := _settles(failure)):
        yield f"unknown: {settles}"
    if doubt := CAUSES[failure.cause].doubt:
        yield f"unknown: {_with_name(doubt, failure)}"


# What a shell and a reader take as it stands.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9:/_.-]{1,256}")


def _with_name(doubt: str, failure: ExplainedFailure) -> str:
    """Return a doubt whose command names the key, where the failure does: `keywatch check alias/payments`."""
    named = failure.identifier.text if failure.identifier else ""
    if not _PLAIN_NAME.fullmatch(named):
        return doubt
    return doubt.replace("`keywatch check`", f"`keywatch check {named}`")


_CODE_ALONE = (
    "The code alone does not say which key it was, and why. The message behind it does: look for the whole line in the log, "
    "or check the key that was called."
)

_NOT_AWS = "These are not AWS's own words. The error that AWS answered says more: look for it in the log, or check the key."


def _settles(failure: ExplainedFailure) -> str | None:
    """Return what would settle a failure of which only the code is known."""
    if (failure.code or "").startswith(external_name.CODE) and failure.operation != "CreateKey":
        return external_name.SETTLED_BY
    named = failure.identifier or failure.key_store
    return None if named else _CODE_ALONE


def _facts(failure: ExplainedFailure) -> dict[str, str]:
    """Return what the commands may name; identifiers that name no key are left out."""
    name = failure.identifier
    formed = name if name and name.kind is not Kind.MALFORMED else None
    region = failure.called_region
    return {
        "key": failure.key_arn or (formed.text if formed and formed.key_id else "") or "",
        "alias": (formed.alias if formed else None) or "",
        "identifier": name.text if name else "",
        "did_you_mean": (name.corrected if name else None) or "",
        "region": region or "",
        "key_region": (failure.region or "") if failure.cause == "wrong_region" else "",
        "account": failure.account or "",
        "partition": (name.partition if name else None) or partition_of(region),
        "principal": failure.principal or "",
        "operation": permission_of(failure.operation) or "",
        "key_store": failure.key_store or "",
        "xks_key": failure.external_key or "",
    }
