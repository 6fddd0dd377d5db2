"""One module per kind of input. Each turns untrusted bytes into typed signals, knows AWS's formats and nothing else.

A new kind of event is a ``Source`` in a module of its own and a name in ``EVENTS``. Log deliveries
(``app_logs.DELIVERIES``) come by a way of their own, are no events, and are imported only by who
reads one: their patterns would make every cold start longer.
"""

from collections.abc import Mapping

from keywatch.model.signals import Signal, Unrelated
from keywatch.sources import cloudtrail, native, notices
from keywatch.sources.replayed import as_replayed, replayed_from
from keywatch.sources.source import Reception, Source

# What may come over the bus or be given to explain, the most frequent first.
EVENTS: tuple[Source, ...] = (
    cloudtrail.EVENTS,
    native.EVENTS,
    notices.EVENTS,
    cloudtrail.LOG_FILES,
    cloudtrail.RECORDS,
)
_NOWHERE = Reception()


def read_event(event: object, reception: Reception = _NOWHERE) -> tuple[Signal, ...]:
    """Read an event of any kind in ``EVENTS``; never raises."""
    if isinstance(event, (dict, Mapping)):  # an ABC alone takes ten times as long
        for source in EVENTS:
            if source.accepts(event):
                signals = source.read(event, reception)
                origin = replayed_from(event)
                return tuple(as_replayed(one, origin) for one in signals) if origin else signals
    return (Unrelated("unknown_shape"),)
