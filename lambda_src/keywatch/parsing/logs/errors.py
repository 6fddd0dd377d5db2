"""Find every failure on a KMS key in arbitrary text: log lines, stack traces, JSON of any depth, tool output.

The message text of KMS is the only thing that all SDKs, tools and services keep; so it is looked
for first, wherever it stands. Sentences that others could have written as well count only beside
KMS's code or name. What has no known sentence is found by the format in which programs print error
codes. Cost is linear: fixed phrases, bounded patterns, bounded windows.
"""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from keywatch.catalogue.code_lookup import core_of, speaks_of_store
from keywatch.catalogue.texts import CONNECTION_ERRORS, TEXTS, Form
from keywatch.model.levels import Confidence
from keywatch.parsing.classify import read_error, reading_of
from keywatch.parsing.logs.company import is_of_kms
from keywatch.parsing.logs.context import context_of
from keywatch.parsing.logs.cut_sentences import cut_hits
from keywatch.parsing.logs.excuses import excused_codes, is_excused
from keywatch.parsing.logs.formats import envelopes
from keywatch.parsing.logs.formats.envelope import Envelope
from keywatch.parsing.logs.logged_error import LoggedError, error_at
from keywatch.parsing.logs.own_sentences import own_sentences
from keywatch.parsing.logs.quotes import quote
from keywatch.parsing.logs.surroundings import Looked, Places
from keywatch.parsing.logs.talk import is_talk
from keywatch.parsing.logs.wraps import unbroken, whole_lines, with_heads
from keywatch.parsing.named import name_in, named, of_alias, whole_arns
from keywatch.parsing.normalise import flat, lowered, plain
from keywatch.parsing.sentences import Match, hits

MAX_TEXT = (
    2_000_000  # characters that are read of one text; a CloudWatch log event has at most 1 MB
)
MAX_ERRORS = 20  # distinct failures of one text
MAX_PLACES = 1000  # places of sentences that are looked at
_ENOUGH = 3 * MAX_ERRORS  # sentences: some of them are about the same failure
_PARTS = (" stderr P ", " stdout P ", '","stream":"', '", "stream": "', '"partial_message"')
_COVERS = 1200  # an error code within this distance of a known sentence belongs to that sentence
_JOINS = re.compile(
    r"[\"'`)\]]{0,3}[:,]? ?(?:\W{1,3} ?)?(?:with |failed with |gave |returned |-> )?[\"'`(]{0,2}"
)
_ROWS = tuple(row for row in TEXTS if row.cause) + CONNECTION_ERRORS


@dataclass(frozen=True, slots=True)
class Reading:
    """The distinct failures of a text, how many of its places were looked at, and whether some of it was left unread."""

    errors: tuple[LoggedError, ...]
    places: int
    left_some: bool


def find_errors(text: str) -> tuple[LoggedError, ...]:
    """Return the distinct failures in ``text``, in the order of their first appearance; never raises on any text."""
    return read_text(text).errors


def read_text(text: str) -> Reading:
    """Read ``text``, of which at most ``MAX_TEXT`` characters, ``MAX_PLACES`` places and ``MAX_ERRORS`` failures count."""
    looked = Looked()
    lines = with_heads(unbroken(plain(_whole(text[:MAX_TEXT]))))
    line = flat(lines)
    excused = excused_codes(line)
    found = [e for e in _by_sentence(line, lines, looked) if not is_excused(e, excused)]
    found.extend(_by_code(lines, line, list(found), excused, looked))
    if not found:
        found.extend(own_sentences(lines, named_only=True))
    distinct = tuple(_distinct(found))
    too_much = len(text) > MAX_TEXT or len(distinct) > MAX_ERRORS
    return Reading(distinct[:MAX_ERRORS], looked.places, looked.left_some or too_much)


def find_what_people_say(text: str) -> tuple[LoggedError, ...]:
    """Return what ``text``, which ``find_errors`` knows nothing in, says of a KMS key in people's own words."""
    return tuple(_distinct(list(own_sentences(plain(text[:MAX_TEXT]), named_only=False))))[
        :MAX_ERRORS
    ]


def _whole(text: str) -> str:
    """Join the parts of lines that a container runtime cut."""
    if "\n" not in text or not any(mark in text for mark in _PARTS):
        return text
    return whole_lines(text.splitlines())


def _by_sentence(line: str, lines: str, looked: Looked) -> Iterator[LoggedError]:
    """Yield the errors whose sentence a row knows."""
    known: set[tuple[str, str | None]] = set()
    places = Places()
    for hit, low in looked.at_most(_all_hits(line, lines), MAX_PLACES):
        if len(known) >= _ENOUGH:
            looked.left_some = True
            return
        if (hit.row.id, hit.name) in known or _is_heading(hit, lines):
            continue
        if not places.is_new(hit.row.id, line, hit.start, hit.end):
            continue
        if is_talk(lines, hit.start, hit.end) or _is_cut(hit, lines):
            continue
        context = context_of(line, hit.start, hit.end)
        if hit.sure or is_of_kms(hit, context, low, lines):
            known.add((hit.row.id, hit.name))
            reading = reading_of(hit, line[hit.start : hit.end + 300])
            if not (hit.sure or context.kms) and reading.confidence is Confidence.CERTAIN:
                reading = replace(reading, confidence=Confidence.LIKELY)
            yield error_at(
                reading,
                quote(hit, line),
                line,
                (hit.start, hit.end),
                code=context.code,
                operation=context.operation,
            )


def _all_hits(line: str, lines: str) -> Iterator[tuple[Match, str]]:
    """Yield the whole sentences, then the halves of others."""
    whole = []
    for hit, low in _hits(line):
        whole.append((hit.start, hit.end))
        yield hit, low
    low = lowered(line)
    for hit in cut_hits(lines, lowered(lines)):
        if hit.sure or not any(start < hit.end and hit.start < end for start, end in whole):
            yield hit, low


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


def _is_cut(hit: Match, lines: str) -> bool:
    """Tell whether a logger cut the name in ``Invalid keyId '…'``, so that the quote ends in another line."""
    return (
        hit.row.form is Form.KEY_ID
        and hit.name is not None
        and "\n" in lines[hit.end - len(hit.name) - 1 : hit.end]
    )


def _by_code(
    lines: str,
    line: str,
    known: list[LoggedError],
    excused: AbstractSet[str],
    looked: Looked,
) -> Iterator[LoggedError]:
    """Yield errors whose text no row knows, from the format of their code; a known sentence has said it better."""
    known = [error for error in known if error.classification.cause != "unclassified"]
    starts = [error.start for error in known]
    told = {core_of(error.code)[0] for error in known if error.code} | excused
    found: dict[tuple[str, str], LoggedError] = {}
    for envelope in sorted(envelopes(lines, looked), key=lambda e: e.start):
        if len(found) >= _ENOUGH:
            looked.left_some = True
            break
        if any(envelope.start - _COVERS <= start <= envelope.end + _COVERS for start in starts):
            continue
        core = core_of(envelope.code)[0]
        if core in told or is_talk(lines, envelope.start, envelope.end):
            continue
        if error := _of_envelope(envelope, line):
            best = found.get((core, error.thing))
            if best is None or _worth(error) > _worth(best):
                found[core, error.thing] = error
    named_cores = {core for core, thing in found if thing}
    yield from (error for (core, thing), error in found.items() if thing or core not in named_cores)


def _worth(error: LoggedError) -> tuple[bool, bool]:
    said = error.classification
    return said.cause != "unclassified", said.confidence is not Confidence.POSSIBLE


def _of_envelope(envelope: Envelope, line: str) -> LoggedError | None:
    code, operation = envelope.code, envelope.operation
    message, service = envelope.message or None, envelope.service
    classification = read_error(code, message, service=service, operation=operation)
    if classification is None or classification.cause is None:
        return None
    place = (envelope.start, envelope.end)
    error = error_at(classification, "", line, place, code=code, operation=operation)
    said, name = error.classification, None if error.thing else _name_beside(line, *place, code)
    said = named(said, name) if name else said
    return replace(error, classification=of_alias(said, said.identifier or ""))


def _name_beside(line: str, start: int, end: int, code: str) -> str | None:
    """Return the one key or alias that a program names beside a code; beside one about a key store only an ARN is one."""
    before, after = line[max(0, start - 400) : start], line[end : end + 300]
    named_before = list(whole_arns(before))
    if named_before and _JOINS.fullmatch(before.rpartition(named_before[-1])[2]):
        return named_before[-1]  # <ARN>: X
    if len(arns := {*named_before} or {*whole_arns(after)}) == 1:
        return arns.pop()
    return None if arns or speaks_of_store(code) else name_in(line[max(0, start - 200) : end + 200])


def _says_nothing(error: LoggedError, errors: list[LoggedError]) -> bool:
    """Tell whether an unclassified failure is about nothing that another does not say better."""
    if error.classification.cause != "unclassified":
        return False
    better = (other for other in errors if other.classification.cause != "unclassified")
    return not error.thing or any(other.thing in {"", error.thing} for other in better)


def _distinct(errors: list[LoggedError]) -> Iterator[LoggedError]:
    """Yield one error for each failure: the same cause of the same thing is one, and a nameless one joins a named one."""
    seen: set[tuple[str | None, str, str, str]] = set()
    if any(error.classification.cause != "unclassified" for error in errors):
        errors = [error for error in errors if not _says_nothing(error, errors)]
    named_causes = {error.classification.cause for error in errors if error.thing}
    for error in sorted(errors, key=lambda e: e.start):
        said, thing = error.classification, error.thing
        if not thing and said.cause in named_causes:
            continue
        key = (said.cause, thing, said.region or "", said.account or "")
        if key not in seen:
            seen.add(key)
            yield error
