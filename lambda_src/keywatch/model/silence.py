"""A silence: for a while no messages about what it covers. Pure; what a person asks for is checked here by grammar."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

LONGEST = timedelta(days=7)
SHORTEST = timedelta(minutes=1)
MOST_SILENCES = 50  # that are on at once
MAX_REASON = 256
NO_SILENCE = "-"  # in the place of a silence: one covered it, and has ended

_NAME = re.compile(r"[A-Za-z0-9:/_+=,.@*-]{1,512}")
_INCIDENT = re.compile(r"kw-(?:group-)?[0-9a-f]{16}")
_CAUSE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]{2,5}(?:-[a-z]{2,20}){1,2}-[0-9]{1,2}")
_DURATION = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
# Values of ordinary incidents: a pattern that fits all of its kind says nothing.
_ORDINARY = {
    "key": (
        "alias/payments",
        "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws-cn:kms:cn-north-1:444455556666:key/mrk-0987dcba09fe87dc65baab0987654321",
    ),
    "caller": (
        "arn:aws:iam::111122223333:role/payments",
        "arn:aws-cn:iam::444455556666:user/alice",
        "lambda.amazonaws.com",
    ),
}


def _whole(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda value: pattern.fullmatch(value) is not None


# What a silence may match by, and which values are good ones. ``*`` stands for anything in a key or a caller.
CRITERIA: Mapping[str, Callable[[str], bool]] = {
    "incident": _whole(_INCIDENT),
    "key": _whole(_NAME),
    "cause": _whole(_CAUSE),
    "caller": _whole(_NAME),
    "account": _whole(_ACCOUNT),
    "region": _whole(_REGION),
}


@dataclass(frozen=True, slots=True)
class SilenceView:
    """What a silence looks at of an incident: its ids, all names of its key, its cause, and everybody who called.

    Of a few names of callers out of many (``callers`` is ``None``) nothing can be said.
    """

    ids: frozenset[str]
    keys: frozenset[str]
    cause: str
    callers: frozenset[str] | None
    account: str
    region: str


@dataclass(frozen=True, slots=True)
class Silence:
    """No messages about what all of ``match`` fits, from ``created`` to ``until`` (UTC), for a ``reason``."""

    id: str
    match: Mapping[str, str]
    reason: str
    created: datetime
    until: datetime

    def covers(self, view: SilenceView) -> bool:
        """Tell whether all of ``match`` fits. Of callers all must: who is not named is not silenced."""
        return all(_FITS[name](value, view) for name, value in self.match.items())

    @property
    def asks_for_cause(self) -> bool:
        """Tell whether it takes a diagnosis to know what it covers."""
        return "cause" in self.match


_FITS: Mapping[str, Callable[[str, SilenceView], bool]] = {
    "incident": lambda value, view: value in view.ids,
    "key": lambda value, view: any(fnmatchcase(name, value) for name in view.keys),
    "cause": lambda value, view: value == view.cause,
    "caller": lambda value, view: (
        bool(view.callers) and all(fnmatchcase(name, value) for name in view.callers or ())
    ),
    "account": lambda value, view: value == view.account,
    "region": lambda value, view: value == view.region,
}


def new_silence(match: Mapping[str, str], reason: str, now: datetime, until: datetime) -> Silence:
    """Return a silence that begins now."""
    said = json.dumps([dict(match), reason, now.isoformat()], sort_keys=True)
    digest = hashlib.sha256(said.encode()).hexdigest()
    return Silence(f"kw-silence-{digest[:16]}", dict(match), reason, now, until)


def match_of(value: object) -> dict[str, str] | None:
    """Return what to match by, from an object or from texts ``NAME=VALUE``; ``None`` where it is no good one.

    One that would fit everything is none.
    """
    given = _pairs(value)
    match = {name: text for name, text in given.items() if _is_criterion(name, text)}
    if not match or len(match) < len(given):
        return None
    return None if all(map(_fits_everything, match, match.values())) else match


def _is_criterion(name: str, text: object) -> bool:
    return isinstance(text, str) and name in CRITERIA and CRITERIA[name](text)


def _pairs(value: object) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return {str(name): text for name, text in value.items()}
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return {}
    pairs = [one.partition("=") for one in value]
    named = {name: text for name, _, text in pairs}
    return named if len(named) == len(pairs) else {}


def _fits_everything(name: str, text: str) -> bool:
    ordinary = _ORDINARY.get(name)
    return ordinary is not None and all(fnmatchcase(one, text) for one in ordinary)


def duration_of(value: object) -> timedelta | None:
    """Return how long ``4h``, ``90m`` or ``2d`` is; ``None`` where it is none, or out of bounds."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    length = int(found[1]) * _UNITS[found[2]]
    return length if SHORTEST <= length <= LONGEST else None
