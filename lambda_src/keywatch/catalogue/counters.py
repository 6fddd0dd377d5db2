"""What is counted, what it means, and which counts stand for a loss. Data, and the sums that alarms look at.

Every counter is a CloudWatch metric of the namespace KeyWatch. What is lost or works with less is
summed under its ``Loss``, which has an alarm: one for each of dozens of counters would cost more than
KeyWatch itself. The log of the same minute holds the line that says what happened.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Loss(StrEnum):
    """The metric under which counts are summed that mean a loss of one kind."""

    LOST = "Lost"  # something that was told to KeyWatch is in no alert, or not in full
    IMPAIRED = "Impaired"  # it works with less than it should: alerts say less or come later
    CHANNEL = "ChannelsFailed"  # the alert went out, but not through every channel
    TOPIC_KEY = "AlertTopicKeyBroken"  # the alert went out through the fallback topic


@dataclass(frozen=True, slots=True)
class CounterMeaning:
    """What a counter counts (half a sentence), the loss it means, and, for a loss, what to do (a sentence)."""

    means: str
    loss: Loss | None = None
    do: str = ""


_READ_LOG = "Read the function's log of that minute."
_NOT_MUCH = "Nothing, unless it goes on: then run `make doctor`."

COUNTERS: Mapping[str, CounterMeaning] = {
    "Failures": CounterMeaning("failing calls that were read"),
    "FailuresIgnored": CounterMeaning("failing calls that an ignore rule covers"),
    "Duplicates": CounterMeaning("failing calls that came twice"),
    "Changes": CounterMeaning("changes to keys, aliases and key stores"),
    "ChangesNotAlerted": CounterMeaning("changes whose warning was no news when it was due"),
    "Sweeps": CounterMeaning("sweeps that ended"),
    "AlertsSent": CounterMeaning("messages that were sent"),
    "AlertsRecovered": CounterMeaning("alerts that were sent after an attempt had failed"),
    "IncidentsGrouped": CounterMeaning("incidents that a group tells of"),
    "IncidentsHealed": CounterMeaning("incidents that were over before anybody was told"),
    "IncidentsHeld": CounterMeaning("incidents that wait because they mostly recover"),
    "IncidentsMuted": CounterMeaning("missing aliases whose key has an alert"),
    "IncidentsSilenced": CounterMeaning("incidents that a silence began to cover"),
    "IncidentsResolved": CounterMeaning("incidents that ended"),
    "GroupMembersProven": CounterMeaning("members of a group that a look-up proved usable"),
    "OwnersUnknown": CounterMeaning(
        "messages without an owner, because the key's tags could not be read"
    ),
    "TestsFailed": CounterMeaning("tests that a channel did not take (action test_alert)"),
    "CanarySent": CounterMeaning("canaries that were sent"),
    "SpokeCanariesSent": CounterMeaning("canaries that were sent in spokes"),
    "SpokeCanariesNotSent": CounterMeaning(
        "canaries that could not be sent in spokes; alarm SpokesUnwell, if it goes on"
    ),
    "SpokesUnwell": CounterMeaning(
        "spokes that never answered, went blind, cannot be looked into or run another version; alarm SpokesUnwell"
    ),
    "SpokeRulesUnseen": CounterMeaning(
        "looks at the rule of a spoke that were refused: its version is that of the look-up role then"
    ),
    "SpokesLate": CounterMeaning("minutes whose spokes could not all be visited in time"),
    "DoctorFailed": CounterMeaning("checks of the doctor that failed"),
    "DoctorWarned": CounterMeaning("checks of the doctor that warned"),
    # Tried again, with an alarm of its own where that does not help.
    "AlertsFailed": CounterMeaning("messages that could not be sent; alarm AlertsFailed"),
    "MessagesWithheld": CounterMeaning("messages beyond messages_per_hour; alarm MessagesWithheld"),
    "ClockFailed": CounterMeaning("incidents that the clock could not handle; alarm ClockFailed"),
    "SubjectsFailed": CounterMeaning(
        "subjects left in the queue; alarms OldestMessage and DeadLetters"
    ),
    "OutOfTime": CounterMeaning("subjects left in the queue for want of time; alarm OldestMessage"),
    "CanaryNotSent": CounterMeaning("canaries that could not be sent; alarm CanaryLost"),
    "CanaryDidNotFail": CounterMeaning("canaries that did not fail; alarm CanaryLost"),
    "Unreadable": CounterMeaning(
        "messages of the queue that are no JSON",
        Loss.LOST,
        "They end among the dead letters: look who else writes to the queue.",
    ),
    "CountsLost": CounterMeaning(
        "failing calls that are in no count, because the table did not answer",
        Loss.LOST,
        "Counts in open incidents are too low. See whether DynamoDB throttles the table or refuses it.",
    ),
    "ItemsUnreadable": CounterMeaning(
        "stored items that this version cannot read",
        Loss.LOST,
        "The log names the item. One of a newer version is read again after the next deployment; delete any other.",
    ),
    "Ignored.log_not_read": CounterMeaning(
        "log lines left unread because their delivery took too long or held too much",
        Loss.LOST,
        "Search the log group yourself for that minute, and subscribe fewer groups if it goes on.",
    ),
    "Ignored.log_read_in_part": CounterMeaning(
        "log records that hold more errors than are read of one",
        Loss.LOST,
        "Search the log group yourself for that minute; such a record is a dump rather than a log line.",
    ),
    "Ignored.log_delivery_unreadable": CounterMeaning(
        "log deliveries that are damaged or over 20 MB",
        Loss.LOST,
        "Search the subscribed log groups yourself for that minute.",
    ),
    "Ignored.account_mismatch": CounterMeaning(
        "events whose record names another account than the one that sent them; nothing else is done with them"
    ),
    "Ignored.of_no_rule": CounterMeaning(
        "events on a hub's bus that no rule of a spoke can have sent; nothing else is done with them"
    ),
    "Ignored.not_in_organization": CounterMeaning(
        "events on a hub's bus from accounts that are not in its organisation; nothing else is done with them"
    ),
    "TableUnreachable": CounterMeaning(
        "requests that the table did not answer",
        Loss.IMPAIRED,
        "Alerts go out, perhaps twice and without who changed what. See whether DynamoDB throttles or refuses.",
    ),
    "EvidenceFailed": CounterMeaning(
        "diagnoses without look-ups, because these broke in an unforeseen way",
        Loss.IMPAIRED,
        _READ_LOG,
    ),
    "ChoresFailed": CounterMeaning(
        "chores of the minute (canary, doctor, sweep) that failed", Loss.IMPAIRED, _READ_LOG
    ),
    "SpokesFailed": CounterMeaning(
        "spokes whose canary or look-up role could not be seen to in this hour",
        Loss.IMPAIRED,
        _READ_LOG,
    ),
    "AccountsUnread": CounterMeaning(
        "attempts to list the organisation's accounts that failed: new ones without a spoke go unnoticed",
        Loss.IMPAIRED,
        "Set the accounts of the setting hub to false, or let the hub's account read AWS Organizations.",
    ),
    "GroupsFailed": CounterMeaning(
        "groups that could not be counted or told of", Loss.IMPAIRED, _READ_LOG
    ),
    "ClaimsNotReturned": CounterMeaning(
        "incidents that nobody may announce until a lease of 90 seconds runs out",
        Loss.IMPAIRED,
        _NOT_MUCH,
    ),
    "HistoryLost": CounterMeaning(
        "lines of the history of incidents that could not be written",
        Loss.IMPAIRED,
        _NOT_MUCH,
    ),
    "SilencesUnknown": CounterMeaning(
        "times that the silences could not be read: what they cover is told",
        Loss.IMPAIRED,
        _NOT_MUCH,
    ),
    "PaceUnknown": CounterMeaning(
        "look-ups in CloudTrail that kept a pace of their own, because the table did not answer",
        Loss.IMPAIRED,
        _NOT_MUCH,
    ),
    "ChecksBroken": CounterMeaning(
        "lines of the doctor that failed in an unforeseen way", Loss.IMPAIRED, _READ_LOG
    ),
    "PageFailed": CounterMeaning(
        "incident pages that could not be shown",
        Loss.IMPAIRED,
        "Use `./keywatch incidents`; read the log /keywatch/page.",
    ),
    "DiagnosesUnreadable": CounterMeaning(
        "incidents that the page shows without what was announced, because another version wrote it",
        Loss.IMPAIRED,
        "Nothing: the next message of the incident writes it anew. Read it in the e-mail until then.",
    ),
    "AlertTopicKeyBroken": CounterMeaning(
        "alerts sent through the fallback topic, because the alert topic's own key cannot be used",
        Loss.TOPIC_KEY,
        "Run `make doctor`, and fix the key (setting alert_topic_key_arn).",
    ),
}
# Families of counters, by how their names begin or end.
FAMILIES: Mapping[str, CounterMeaning] = {
    "Incidents.*": CounterMeaning("incidents that were alerted, by cause"),
    "Ignored.*": CounterMeaning(
        "events and log lines that say nothing about a missing key, by reason"
    ),
    "*PublishFailed": CounterMeaning(
        "alerts that one channel did not take (the name says which)",
        Loss.CHANNEL,
        "The alert is in the e-mail and on the alert topic. Run `make doctor`: it looks at the topic of each channel.",
    ),
}


def meaning_of(counter: str) -> CounterMeaning | None:
    """Return what a counter means; ``None`` for one that is not in the catalogue."""
    if counter in COUNTERS:
        return COUNTERS[counter]
    fitting = (
        meaning
        for name, meaning in FAMILIES.items()
        if counter.startswith(name.partition("*")[0]) and counter.endswith(name.partition("*")[2])
    )
    return next(fitting, None)


def with_losses(counts: Mapping[str, int]) -> dict[str, int]:
    """Return ``counts`` and the sums of those that mean a loss, by the names of ``Loss``."""
    sums: Counter[str] = Counter()
    for name, count in counts.items():
        meaning = meaning_of(name)
        if meaning and meaning.loss:
            sums[meaning.loss.value] += count
    return {**counts, **sums}


def runbook(loss: Loss) -> str:
    """Return what to do about each counter of a loss; those with the same answer stand together."""
    answers: dict[str, list[str]] = {}
    for name, said in {**COUNTERS, **FAMILIES}.items():
        if said.loss is loss:
            answers.setdefault(said.do, []).append(name)
    return " ".join(f"{', '.join(names)}: {do}" for do, names in answers.items())
