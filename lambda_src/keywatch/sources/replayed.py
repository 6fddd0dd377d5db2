"""Events that AWS did not send: what is told by a private source can be told by everybody who may call PutEvents.

Nobody but AWS can put an event whose source begins with ``aws.`` on a bus (EventBridge API Reference,
PutEvents), so the source tells which events are replayed; rules let in those that
``extra_event_sources`` names.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from keywatch.model.signals import CanarySeen, KeyChange, KeyFailure, Signal, Unrelated

_SOURCE = re.compile(r"[.\-_/A-Za-z0-9]{1,64}")


def replayed_from(event: object) -> str:
    """Return the private source of an event; empty where AWS sent it, or where it did not come over a bus."""
    source = event.get("source") if isinstance(event, (dict, Mapping)) else None
    if not isinstance(source, str) or source.startswith("aws."):
        return ""
    return source if is_private(source) else "unknown"


def is_private(source: str) -> bool:
    """Tell whether events can be put on a bus under ``source`` by others than AWS."""
    return not source.startswith("aws.") and bool(_SOURCE.fullmatch(source))


def as_replayed(signal: Signal, source: str) -> Signal:
    """Return ``signal`` as one that ``source`` told of: it has subjects of its own, and proves nothing of KeyWatch."""
    if isinstance(signal, KeyFailure):
        return replace(signal, subject=replace(signal.subject, replayed=source))
    if isinstance(signal, KeyChange):
        subjects = tuple(replace(subject, replayed=source) for subject in signal.subjects)
        return replace(signal, subjects=subjects)
    return Unrelated("replayed_canary") if isinstance(signal, CanarySeen) else signal
