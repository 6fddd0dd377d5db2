"""Find every failure on a KMS key in arbitrary text: log lines, stack traces, JSON of any depth, tool output.

The message text of KMS is the only thing that all SDKs, tools and services keep; so it is looked
for first, wherever it stands. Sentences that others could have written as well count only beside
KMS's code or name. What has no known sentence is found by the shape in which programs print error
codes. Cost is linear: fixed phrases, bounded patterns, bounded windows.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from keywatch.catalogue.texts import CONNECTION_ERRORS, TEXTS, Form
from keywatch.model.identifiers import KeyIdentifier, parse
from keywatch.model.signals import ErrorClassification
from keywatch.model.text import one_line
from keywatch.parsing.classify import named, read_error, reading_of
from keywatch.parsing.envelopes import Envelope, envelopes
from keywatch.parsing.log_context import (
    Context,
    account_near,
    context_of,
    key_near,
    key_store_near,
    region_near,
)
from keywatch.parsing.normalise import flat, lowered, plain
from keywatch.parsing.sentences import Match, hits

MAX_TEXT = (
    2_000_000  # characters of one text that are read; a CloudWatch log event has at most 1 MB
)
MAX_ERRORS = 20  # distinct failures of one text
MAX_PLACES = 2000  # places of sentences that are looked at
_COVERS = 1200  # an error code within this distance of a known sentence belongs to that sentence
_ROWS = tuple(row for row in TEXTS if row.cause) + CONNECTION_ERRORS


@dataclass(frozen=True, slots=True)
class LoggedError:
    """One distinct failure in a text: what it means, and what the text says of the call. Text is cleaned and bounded.

    ``region`` is the one that the error names, else that of the call; ``called_region`` is the one
    that was called.
    """

    classification: ErrorClassification
    start: int
    message: str
    code: str | None = None
    operation: str | None = None
    key_store: str | None = None
    account: str | None = None
    region: str | None = None
    called_region: str | None = None

    @property
    def identifier(self) -> KeyIdentifier | None:
        """Return what the failing call asked for, as far as the text says."""
        return (
            parse(self.classification.identifier)
            if self.classification.identifier is not None
            else None
        )


def find_errors(text: str) -> tuple[LoggedError, ...]:
    """Return the distinct failures in ``text``, in the order of their first appearance; never raises on any text."""
    lines = plain(text[:MAX_TEXT])
    line = flat(lines)
    found = list(_sentences(line, lines))
    found.extend(_codes(lines, line, found))
    return tuple(_distinct(found))[:MAX_ERRORS]


def _sentences(line: str, lines: str) -> Iterator[LoggedError]:
    known: set[tuple[str, str | None]] = set()
    for hit, low in islice(_hits(line), MAX_PLACES):
        if (hit.row.id, hit.name) in known or _is_heading(hit, lines):
            continue
        context = context_of(line, hit.start, hit.end)
        if hit.sure or _is_kms(hit, context, low):
            known.add((hit.row.id, hit.name))
            classification = reading_of(hit, line[hit.start : hit.end + 300])
            yield _error(classification, _words(hit, line), line, (hit.start, hit.end), context)


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


def _is_kms(hit: Match, context: Context, low: str) -> bool:
    """Decide on a sentence that others could have written: KMS's code or name must stand beside it, and nobody else's."""
    if hit.row.form is Form.STATE and hit.name and ":kms:" in hit.name:
        rotation = "rotation" in low[max(0, hit.start - 80) : hit.start]
        return not rotation and (context.kms or context.error_word)
    if context.kms:
        return True
    if context.other:
        return False
    code = (context.code or "").removesuffix("Exception")
    if hit.row.form in {Form.HINT, Form.VALUE}:
        return context.kms_word and bool(code)
    return code in _CODES_OF[hit.row.form] or (context.kms_word and context.error_word)


_NOT_FOUND = frozenset({"NotFound", "InvalidKeyId", "InvalidArn"})
_CODES_OF = {
    Form.ALIAS: _NOT_FOUND,
    Form.KEY: _NOT_FOUND,
    Form.KEY_ID: _NOT_FOUND,
    Form.REGION: _NOT_FOUND,
    Form.STATE: frozenset({"Disabled", "KMSInvalidState", "InvalidState"}),
}


def _codes(lines: str, line: str, known: Iterable[LoggedError]) -> Iterator[LoggedError]:
    """Yield errors whose text no row knows, from the shape of their code; a known sentence nearby has said it better."""
    starts = sorted(error.start for error in known)
    for envelope in envelopes(lines):
        if any(envelope.start - _COVERS <= start <= envelope.end + _COVERS for start in starts):
            continue
        classification = read_error(
            envelope.code,
            envelope.message or None,
            service=envelope.service,
            operation=envelope.operation,
        )
        if classification and classification.cause:
            yield _from_envelope(classification, envelope, line)


def _from_envelope(
    classification: ErrorClassification, envelope: Envelope, line: str
) -> LoggedError:
    context = Context(
        envelope.code, envelope.operation, kms=True, other=False, kms_word=True, error_word=True
    )
    return _error(classification, envelope.message, line, (envelope.start, envelope.end), context)


def _error(
    classification: ErrorClassification,
    message: str,
    line: str,
    place: tuple[int, int],
    context: Context,
) -> LoggedError:
    classification = _completed(classification, line, *place)
    near = region_near(line, *place)
    return LoggedError(
        classification,
        place[0],
        one_line(message, 600),
        one_line(context.code, 128) or None,
        one_line(context.operation, 64) or None,
        key_store_near(line, *place),
        classification.account or account_near(line, *place),
        classification.region or near,
        near if classification.cause == "wrong_region" else classification.region or near,
    )


def _completed(
    classification: ErrorClassification, line: str, start: int, end: int
) -> ErrorClassification:
    """Add the key that stands near a sentence which names none."""
    if classification.identifier is not None or classification.cause == "malformed_identifier":
        return classification
    name = key_near(
        line, start, end, classification.region if classification.cause == "wrong_region" else None
    )
    return named(classification, name) if name else classification


_NAMING = frozenset({Form.STATE, Form.ALIAS, Form.KEY, Form.KEY_ID, Form.REGION})
_TAILS = (" (or pending replica deletion).", ".")


def _words(hit: Match, line: str) -> str:
    """Return AWS's sentence as it stands in the text, without what the log wrapped around it."""
    if hit.row.form in _NAMING:
        return line[hit.start : hit.end].lstrip("\"'`") + next(
            (tail for tail in _TAILS if line.startswith(tail, hit.end)), ""
        )
    return line[_sentence_start(line, hit.start) : _sentence_end(line, hit.end)]


def _sentence_start(line: str, start: int) -> int:
    """Return where the sentence begins whose distinctive words begin at ``start``."""
    floor = max(0, start - 600)
    if (user := line.rfind("User: ", floor, start)) >= 0 and ". " not in line[user:start]:
        return user
    marks = (": ", '"', "'", "(", ">", ". ")
    return max(
        (at + len(mark) for mark in marks if (at := line.rfind(mark, floor, start)) >= 0),
        default=max(0, start - 200),
    )


def _sentence_end(line: str, end: int) -> int:
    """Return where the sentence around ``end`` stops: the text goes on with brackets, quotes or other words of the log."""
    stop = min(
        (
            at
            for mark in ('"', "(", "<", "|", "', ")
            if (at := line.find(mark, end, end + 300)) >= 0
        ),
        default=end + 300,
    )
    return max(end, stop)


def _distinct(errors: list[LoggedError]) -> Iterator[LoggedError]:
    """Yield one error for each failure: the same cause of the same thing is one, and a nameless one joins a named one."""
    seen: set[tuple[str | None, str, str, str]] = set()
    named_causes = {error.classification.cause for error in errors if _thing(error.classification)}
    for error in sorted(errors, key=lambda e: e.start):
        classification = error.classification
        thing = _thing(classification)
        if not thing and classification.cause in named_causes:
            continue
        key = (
            classification.cause,
            thing,
            classification.region or "",
            classification.account or "",
        )
        if key not in seen:
            seen.add(key)
            yield error


def _thing(classification: ErrorClassification) -> str:
    name = (
        classification.key_arn
        or classification.alias_arn
        or classification.identifier
        or classification.region
        or ""
    )
    return name.rpartition(":")[2].removeprefix("key/") if name.startswith("arn:") else name
