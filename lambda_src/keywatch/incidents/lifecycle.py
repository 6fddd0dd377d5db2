"""The life of an incident as one table: in which state it is, what a look at it finds, and what is done then. Data only.

The clock and the pipeline run this table, and ``docs/lifecycle.md`` shows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from keywatch.model.incident import DELETED, HEALED, HELD, MUTED, NEW, OPEN, RESOLVED, SILENCED

STATES: Mapping[str, str] = {
    NEW: "Somebody is about to alert. If that instance dies, the clock takes over after 90 seconds.",
    HELD: "It may pass by itself, or is over already. It is looked at again every 30 seconds.",
    MUTED: "An alias is missing because of its key, whose own incident speaks for both.",
    SILENCED: "A silence covers it, and people were not alerted. Calls are counted.",
    OPEN: "People were alerted.",
    RESOLVED: "It ended, and people were told.",
    DELETED: "The key is gone for good, and people were told. Its aliases stay muted.",
    HEALED: "It ended before anybody had to be told.",
}


class Finding(StrEnum):
    """What a look at an incident finds."""

    MAY_HEAL = "It may pass by itself, or is over and failed a moment ago."
    IS_OVER = "It is over, and no call failed for 30 seconds (on a muted alias: for 6 hours)."
    IS_SILENCED = "A silence covers it, and it lasts."
    ENDED_IN_SILENCE = "It is over, and a silence covered it."
    GONE_IN_SILENCE = "As above, and the key was deleted."
    SILENCE_ENDED = "The silence that covered it has ended, and it lasts."
    IS_NO_NEWS = "A change broke nothing that is in use."
    KEY_SPEAKS = "An alias is missing because of its key, which has an alerted incident."
    BREAKS_TOGETHER = "It breaks together with many others, and is not one of the first."
    IS_BROKEN = "It is broken."
    HAS_BEGUN = "Calls fail, where before there was only an early warning."
    HAS_CHANGED = "The cause is another one."
    HURTS_MORE = "It hurts so much that its severity rises."
    GOES_ON = "Calls go on failing, and the last message is one repeat interval old."
    IS_USABLE = "A look-up proves that it is usable, and no call failed for 10 minutes (2 hours, where it flaps)."
    IS_QUIET = "No call failed for 6 hours, and nothing can prove that it works."
    IS_STILL_MISSING = "No call asked for it for 6 hours. It still does not exist."
    IS_GONE = "The key was deleted, and no call failed and nothing was told for 6 hours."
    NOTHING_NEW = "Nothing of that."


class IncidentAction(StrEnum):
    """What is done."""

    OPEN = "Send `opened`."
    CHANGE = "Send `changed`."
    REMIND = "Send `reminder`."
    RESOLVE = "Send `resolved`. If calls fail meanwhile, send `opened` again."
    END = "Tell nobody."
    HOLD = "Look again in 30 seconds."
    KEEP_SILENT = "Look again when the silence ends, and at least every hour."
    MUTE = "Look again in 10 minutes."
    LEAVE = "Leave the messages to the group."
    WAIT = "Look again later: soon after a failure or a message, then ever more rarely."


TELLS = frozenset(
    {IncidentAction.OPEN, IncidentAction.CHANGE, IncidentAction.REMIND, IncidentAction.RESOLVE}
)


@dataclass(frozen=True, slots=True)
class Transition:
    """What is done, and the state of the incident afterwards."""

    action: IncidentAction
    state: str


_BEFORE_THE_ALERT: Mapping[Finding, Transition] = {
    Finding.MAY_HEAL: Transition(IncidentAction.HOLD, HELD),
    Finding.IS_OVER: Transition(IncidentAction.END, HEALED),
    Finding.IS_NO_NEWS: Transition(IncidentAction.END, HEALED),
    Finding.KEY_SPEAKS: Transition(IncidentAction.MUTE, MUTED),
    Finding.IS_SILENCED: Transition(IncidentAction.KEEP_SILENT, SILENCED),
    Finding.IS_BROKEN: Transition(IncidentAction.OPEN, OPEN),
}
_AFTER_THE_ALERT: Mapping[Finding, Transition] = {
    Finding.HAS_BEGUN: Transition(IncidentAction.CHANGE, OPEN),
    Finding.HAS_CHANGED: Transition(IncidentAction.CHANGE, OPEN),
    Finding.HURTS_MORE: Transition(IncidentAction.CHANGE, OPEN),
    Finding.GOES_ON: Transition(IncidentAction.REMIND, OPEN),
    Finding.SILENCE_ENDED: Transition(IncidentAction.REMIND, OPEN),
    Finding.IS_SILENCED: Transition(IncidentAction.KEEP_SILENT, OPEN),
    Finding.ENDED_IN_SILENCE: Transition(IncidentAction.END, RESOLVED),
    Finding.GONE_IN_SILENCE: Transition(IncidentAction.END, DELETED),
    Finding.IS_USABLE: Transition(IncidentAction.RESOLVE, RESOLVED),
    Finding.IS_QUIET: Transition(IncidentAction.RESOLVE, RESOLVED),
    Finding.IS_STILL_MISSING: Transition(IncidentAction.RESOLVE, RESOLVED),
    Finding.IS_GONE: Transition(IncidentAction.RESOLVE, DELETED),
    Finding.NOTHING_NEW: Transition(IncidentAction.WAIT, OPEN),
}
LIFECYCLE: Mapping[tuple[str, Finding], Transition] = {
    **{
        (state, finding): step
        for state, (finding, step) in product(
            (NEW, HELD, MUTED, SILENCED), _BEFORE_THE_ALERT.items()
        )
        if (state, finding) != (NEW, Finding.IS_OVER)  # it is held first: a look-up may lag
    },
    (SILENCED, Finding.ENDED_IN_SILENCE): Transition(IncidentAction.END, HEALED),
    (NEW, Finding.BREAKS_TOGETHER): Transition(IncidentAction.LEAVE, OPEN),
    (SILENCED, Finding.BREAKS_TOGETHER): Transition(IncidentAction.LEAVE, OPEN),
    **{(OPEN, finding): step for finding, step in _AFTER_THE_ALERT.items()},
}
