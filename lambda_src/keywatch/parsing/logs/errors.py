"""Find every failure on a KMS key in arbitrary text: log lines, stack traces, JSON of any depth, tool output.

The message text of KMS is the only thing that all SDKs, tools and services keep; so it is looked
for first, wherever it stands. Sentences that others could have written as well count only beside
KMS's code or name. What has no known sentence is found by the format in which programs print error
codes. Cost is linear: fixed phrases, bounded patterns, bounded windows.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from keywatch.catalogue.texts import CODES_BESIDE, CONNECTION_ERRORS, TEXTS, Form
from keywatch.parsing.classify import read_error, reading_of
from keywatch.parsing.logs.context import Context, context_of
from keywatch.parsing.logs.formats import envelopes
from keywatch.parsing.logs.formats.envelope import Envelope
from keywatch.parsing.logs.logged_error import LoggedError, error_at
from keywatch.parsing.logs.quotes import quote
from keywatch.parsing.normalise import flat, lowered, plain
from keywatch.parsing.sentences import Match, hits

MAX_TEXT = (
    2_000_000  # characters that are read of one text; a CloudWatch log event has at most 1 MB
)
MAX_ERRORS = 20  # distinct failures of one text
MAX_PLACES = 2000  # places of sentences that are looked at
_COVERS = 1200  # an error code within this distance of a known sentence belongs to that sentence
_ROWS = tuple(row for row in TEXTS if row.cause) + CONNECTION_ERRORS


def find_errors(text: str) -> tuple[LoggedError, ...]:
    """Return the distinct failures in ``text``, in the order of their first appearance; never raises on any text."""
    lines = plain(text[:MAX_TEXT])
    line = flat(lines)
    found = list(_by_sentence(line, lines))
    found.extend(_by_code(lines, line, found))
    return tuple(_distinct(found))[:MAX_ERRORS]


def _by_sentence(line: str, lines: str) -> Iterator[LoggedError]:
    """Yield the errors whose sentence a row knows."""
    known: set[tuple[str, str | None]] = set()
    for hit, low in islice(_hits(line), MAX_PLACES):
        if (hit.row.id, hit.name) in known or _is_heading(hit, lines):
            continue
        context = context_of(line, hit.start, hit.end)
        if hit.sure or _is_of_kms(hit, context, low):
            known.add((hit.row.id, hit.name))
            yield error_at(
                reading_of(hit, line[hit.start : hit.end + 300]),
                quote(hit, line),
                line,
                (hit.start, hit.end),
                code=context.code,
                operation=context.operation,
            )


def _hits(line: str) -> Iterator[tuple[Match, str]]:
    low = lowered(line)
    for row in _ROWS:
        if row.phrase in low:
            yield from ((hit, low) for hit in hits(row, line, low, MAX_PLACES))


def _is_heading(hit: Match, lines: str) -> bool:
    """Tell whether ``Invalid keyId`` ends its line and what follows is another sentence: AWS's own would go on in quotes."""
    return (
        hit.row.form is Form.KEY_ID
        and lines[hit.end - 1] not in "'\"`\u2019\u201d"
        and "\n" in lines[hit.start : hit.end]
    )


def _is_of_kms(hit: Match, context: Context, low: str) -> bool:
    """Decide on a sentence that others could have written: KMS's code or name must stand beside it, and nobody else's."""
    form = hit.row.form
    if form is Form.STATE and hit.name and ":kms:" in hit.name:
        rotation = "rotation" in low[max(0, hit.start - 80) : hit.start]
        return not rotation and (context.kms or context.error_word)
    if context.kms or context.other:
        return context.kms
    code = (context.code or "").removesuffix("Exception")
    if form in {Form.HINT, Form.VALUE}:
        return context.kms_word and bool(code)
    return code in CODES_BESIDE[form] or (context.kms_word and context.error_word)


def _by_code(lines: str, line: str, known: Iterable[LoggedError]) -> Iterator[LoggedError]:
    """Yield errors whose text no row knows, from the format of their code; a known sentence nearby has said it better."""
    starts = sorted(error.start for error in known)
    for envelope in envelopes(lines):
        if any(envelope.start - _COVERS <= start <= envelope.end + _COVERS for start in starts):
            continue
        if error := _of_envelope(envelope, line):
            yield error


def _of_envelope(envelope: Envelope, line: str) -> LoggedError | None:
    code, operation = envelope.code, envelope.operation
    message, service = envelope.message or None, envelope.service
    classification = read_error(code, message, service=service, operation=operation)
    if classification is None or classification.cause is None:
        return None
    place = (envelope.start, envelope.end)
    return error_at(classification, envelope.message, line, place, code=code, operation=operation)


def _distinct(errors: list[LoggedError]) -> Iterator[LoggedError]:
    """Yield one error for each failure: the same cause of the same thing is one, and a nameless one joins a named one."""
    seen: set[tuple[str | None, str, str, str]] = set()
    named_causes = {error.classification.cause for error in errors if error.thing}
    for error in sorted(errors, key=lambda e: e.start):
        said, thing = error.classification, error.thing
        if not thing and said.cause in named_causes:
            continue
        key = (said.cause, thing, said.region or "", said.account or "")
        if key not in seen:
            seen.add(key)
            yield error
