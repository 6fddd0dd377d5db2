"""Sentences that a console or a container runtime broke over several log events, read as one.

Which lines of a log belong together nobody can tell by their looks: the filter lets only some of them through, and consoles,
terminals and runtimes cut anywhere. So lines are put together on trial, and it counts only where AWS's own sentence comes to
light that none of them says alone.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from keywatch.model.key_names import KEY_ID
from keywatch.model.levels import Confidence
from keywatch.parsing.logs.excuses import excused_codes, is_excused
from keywatch.parsing.logs.logged_error import LoggedError
from keywatch.parsing.logs.talk import is_talk_line
from keywatch.parsing.normalise import flat
from keywatch.sources.log_calls import SAME_CALL, Place, begins_anew

Errors = tuple[LoggedError, ...]
Sentence = tuple[str | None, str]  # cause and name
Read = Callable[[str], Errors]

_MOST_LINES = 4  # over which one sentence is broken
_LONGEST = 2_000  # characters; what a console breaks is shorter
_NARROWEST = 60  # characters; no console breaks its lines before
_WORD = 20  # characters; the longest ordinary word, where a line between was left out
# Regions are named so; another word between the colons is put together of two.
_REGION = r"(?:af|ap|ca|cn|eu|eusc|il|me|mx|sa|us)(?:-gov|-iso[a-z]?|-de)?-(?:central|(?:north|south)?(?:east|west)?)-[1-9]"
_SOUND_ARN = re.compile(
    rf"arn:aws(?:-cn|-us-gov|-iso(?:-[a-z])?|-eusc)?:kms:{_REGION}:[0-9]{{12}}:(?:key/(?:{KEY_ID.pattern})|alias/.{{1,250}})"
)
_JOINTS = ("\n", "")  # between words, and within one


def readings(
    places: Sequence[Place], read: Read, has_time: Callable[[], bool]
) -> Iterator[tuple[Place, Errors | None]]:
    """Yield each record with the failures that it tells of; records that tell of one only together are yielded as one.

    Once ``has_time`` says no, the records that are left have ``None``: they were not read.
    """
    number = 0
    while number < len(places):
        if not has_time():
            yield from ((place, None) for place in places[number:])
            return
        place, own = places[number], read(_as_far_as_known(places[number]))
        found = (
            None if _is_whole(own) and not place.goes_on else _together(places, number, own, read)
        )
        if found is None:
            yield place, own
            number += 1
        else:
            text, errors, count = found
            yield replace(place, text=text), errors
            number += count


def _together(
    places: Sequence[Place], first: int, own: Errors, read: Read
) -> tuple[str, Errors, int] | None:
    """Return text, failures and number of the fewest records from ``first`` on that say more together than alone."""
    texts = dict.fromkeys(_JOINTS, places[first].text)
    known: frozenset[Sentence] = frozenset() if places[first].goes_on else _sentences(own)
    for number in range(first + 1, min(first + _MOST_LINES, len(places))):
        one, other = places[number - 1 : number + 1]
        if not (_is_next_part(one, other) or _may_go_on(one, other)):
            return None
        if not one.goes_on:
            alone = read(_as_far_as_known(other))
            if _is_whole(alone):
                return None
            known |= _sentences(alone)
        for joint in _JOINTS:
            texts[joint] += joint + other.text
        read_so = [
            (text, read(_as_far_as_known(replace(other, text=text)))) for text in texts.values()
        ]
        more = [
            (text, errors)
            for text, errors in read_so
            if _is_sound(errors) and _tells_more(errors, known, own, text)
        ]
        if more:
            text, errors = max(more, key=lambda said: _named(said[1]))
            return text, errors, number - first + 1
    return None


def _is_sound(errors: Errors) -> bool:
    """Tell whether every ARN that came to light can be one: where a line between was left out, the pieces do not fit."""
    names = (error.classification.identifier or "" for error in errors)
    return all(_SOUND_ARN.fullmatch(name) for name in names if name.startswith("arn:"))


def _tells_more(errors: Errors, known: AbstractSet[Sentence], own: Errors, text: str) -> bool:
    return bool(_sentences(errors) - known) or _is_excuse(own, errors, text)


def _named(errors: Errors) -> int:
    return sum(bool(error.thing) for error in errors)


def _as_far_as_known(place: Place) -> str:
    """Return the text of a record; behind a part stands the mark of what was cut, so that no name is taken for a whole one."""
    return f"{place.text}\u2026" if place.goes_on else place.text


def _is_excuse(own: Errors, together: Errors, text: str) -> bool:
    """Tell whether the lines together say that a mere code of the first is no key's failure."""
    if together or not own:
        return False
    excused = excused_codes(flat(text))
    return all(is_excused(error, excused) for error in own)


def _is_next_part(one: Place, other: Place) -> bool:
    return one.goes_on and other.of == one.of and other.time - one.time <= SAME_CALL


def _may_go_on(one: Place, other: Place) -> bool:
    """Tell whether ``other`` may be what a console of sixty columns or more put into its next line."""
    if other.time - one.time > SAME_CALL or len(one.text) + len(other.text) > _LONGEST:
        return False
    last, line = one.text[one.text.rfind("\n") + 1 :], other.text.split("\n", 1)[0]
    word = line.lstrip()[:_NARROWEST].split(" ", 1)[0]
    # The word did not fit into the line before, and the console is at least as wide as this line.
    widest = len(last) + max(len(word), _WORD)
    is_broken = len(last) + 1 + len(word) > _NARROWEST and len(line) <= widest
    return is_broken and not begins_anew(line) and not (is_talk_line(last) or is_talk_line(line))


def _is_whole(errors: Errors) -> bool:
    """Tell whether a record says all by itself: AWS's sentence for each failure."""
    return bool(errors) and all(_says_why(error) and not _may_be_half(error) for error in errors)


def _says_why(error: LoggedError) -> bool:
    return bool(error.message) and error.classification.cause != "unclassified"


def _may_be_half(error: LoggedError) -> bool:
    """Tell whether a sentence is no whole one: it proves less than its cause, and names no key."""
    return not error.thing and error.classification.confidence is Confidence.LIKELY


def _sentences(errors: Errors) -> frozenset[Sentence]:
    return frozenset(
        (error.classification.cause, error.thing) for error in errors if _says_why(error)
    )
