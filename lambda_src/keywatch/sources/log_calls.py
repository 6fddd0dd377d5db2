"""Which of the failures in the log events of one delivery are the same failing call.

A logger prints one call as often as it likes: a warning and an error, a cause and its wrapper, a stack trace line by line.
Calls are told apart by AWS's request id where both lines name one, else by time and by how the lines are written.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from keywatch.catalogue.code_lookup import core_of
from keywatch.model.levels import Confidence
from keywatch.parsing.logs.excuses import excused_codes, is_excused
from keywatch.parsing.logs.logged_error import LoggedError
from keywatch.parsing.logs.wraps import part_of

_REQUEST_ID = re.compile(
    r"(?i:request[ _-]?id)[\\\"']{0,4} ?[:=]? ?[\\\"']{0,4}([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
)
SAME_CALL = 500  # milliseconds within which a logger prints one call again
SAME_REQUEST = (
    5_000  # the same with one request id (Lambda's id of an invocation covers several calls)
)
SAME_LINE = 20  # a line that is printed twice word for word: two handlers of one logger
_LAST_LINES = 4  # of a call, to which another line is compared
_ORDER = (Confidence.POSSIBLE, Confidence.LIKELY, Confidence.CERTAIN)


@dataclass(frozen=True, slots=True)
class Place:
    """One record of a log: the number of its first event, its time (milliseconds since 1970, UTC) and its text.

    ``goes_on`` and ``of``: its last line is a part (see ``parsing.logs.wraps``).
    """

    number: int
    time: int
    text: str
    goes_on: bool = False
    of: str = ""

    @property
    def request_ids(self) -> frozenset[str]:
        """Return the request ids that the record names, at most twenty."""
        return _request_ids(self.text)


@lru_cache(maxsize=1024)
def _request_ids(text: str) -> frozenset[str]:
    return frozenset(_REQUEST_ID.findall(text[:200_000])[:20])


@dataclass(frozen=True, slots=True)
class Call:
    """One printed failure: where it stands, and what it says."""

    place: Place
    error: LoggedError

    @property
    def worth(self) -> tuple[bool, bool, bool, int]:
        """Order what is said of one call: a cause first, AWS's own sentence, a name, then how much it proves."""
        said = self.error.classification
        return (
            said.cause != "unclassified",
            bool(self.error.message),
            bool(self.error.thing),
            _ORDER.index(said.confidence),
        )


def without_excused(found: Iterable[Call], other: Iterable[Place]) -> list[Call]:
    """Return ``found`` without the mere codes of calls of which a line of ``other`` says that no key was the trouble."""
    calls = list(found)
    doubtful = [c.place.time for c in calls if c.error.classification.cause == "unclassified"]
    if not doubtful:
        return calls
    near = [p for p in other if doubtful[0] - SAME_CALL <= p.time <= doubtful[-1] + SAME_CALL]
    excuses = [(place.time, codes) for place in near if (codes := excused_codes(place.text))]
    return [
        call
        for call in calls
        if not any(
            abs(call.place.time - time) <= SAME_CALL and is_excused(call.error, codes)
            for time, codes in excuses
        )
    ]


def distinct_calls(found: Iterable[Call]) -> list[Call]:
    """Return one of the failures for each call, the one that says most; in the order of ``found``."""
    groups: list[list[Call]] = []
    for call in found:
        for group in reversed(groups[-20:]):
            if _belongs_to(call, group[-_LAST_LINES:]):
                group.append(call)
                break
        else:
            groups.append([call])
    return [max(group, key=lambda call: call.worth) for group in groups]


def _belongs_to(call: Call, group: Sequence[Call]) -> bool:
    """Tell whether ``call`` says again what a line of ``group`` said, and contradicts none."""
    if not all(_says_the_same(call.error, other.error) for other in group):
        return False
    others = [other.place for other in group if other.place is not call.place]
    return any(_is_same_time(call.place, place) for place in others)


def _is_same_time(one: Place, other: Place) -> bool:
    gap, ids, others = abs(one.time - other.time), one.request_ids, other.request_ids
    if ids and others:
        return bool(ids & others) and gap <= SAME_REQUEST
    if _shape(one.text) == _shape(other.text):
        return one.text == other.text and gap <= SAME_LINE
    return gap <= SAME_CALL


def _shape(text: str) -> str:
    """Return how a line is written: two calls of one logger have the same shape, two lines about one call have not."""
    return re.sub(r"[0-9a-f-]*[0-9][0-9a-f-]*", "0", text[:300])


def _says_the_same(one: LoggedError, other: LoggedError) -> bool:
    if one.thing and other.thing and one.thing != other.thing:
        return False
    causes = _proved(one), _proved(other)
    if causes[0] == causes[1]:
        return True
    if one.message and other.message and "unclassified" not in causes:
        return False  # two sentences of AWS that differ are two failures
    codes = [core_of(error.code)[0] for error in (one, other) if error.code]
    if len(codes) == 2:  # noqa: PLR2004 - both have one; a line break may have cut the head of one
        return codes[0].endswith(codes[1]) or codes[1].endswith(codes[0])
    return "unclassified" in causes


def _proved(error: LoggedError) -> str | None:
    """Return the cause, but for what a mere code makes one guess."""
    said = error.classification
    is_guess = said.confidence is Confidence.POSSIBLE and not (error.message or error.thing)
    return "unclassified" if is_guess else said.cause


def records(events: Sequence[tuple[int, int, str]]) -> list[Place]:
    """Join the events (number, time, message) of one record, of which each line became an event."""
    found: list[Place] = []
    for number, time, message in events:
        part = part_of(message)
        last = found[-1] if found else None
        if (
            last
            and not last.goes_on
            and time - last.time <= SAME_CALL
            and _goes_on(last.text, part.text)
        ):
            text = f"{last.text}\n{part.text}"
            found[-1] = Place(last.number, time, text, part.goes_on, part.of)
        else:
            found.append(Place(number, time, part.text, part.goes_on, part.of))
    return found


_CONTINUATION = re.compile(
    r"[ \t\u2502\u2570\u256d|]|[})\]]|Caused by: |Suppressed: |\"?[Mm]essage\"? ?: |Exception name: |Error message: "
    r"|'\$"
)
_LONGEST_RECORD = 100_000  # characters; no stack trace is longer
_NEW_RECORD = re.compile(r"\s{0,8}(?:\{\"|\d{4}-\d\d-\d\d|\[\d|[A-Z]{4,8}[: ])")


def begins_anew(message: str) -> bool:
    """Tell whether a line begins with what loggers put before a record: its time, its level, the bracket of its JSON."""
    return _NEW_RECORD.match(message) is not None


def _goes_on(text: str, message: str) -> bool:
    if begins_anew(message) or len(text) > _LONGEST_RECORD:
        return False
    return _CONTINUATION.match(message) is not None
