"""What is so about the thing that a message is about, when it is sent."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.worlds import product
from tests.worlds.attempts import STORE_CAUSES, Outcome, Probe, answer, truly
from tests.worlds.chronicle import Chronicle, Told
from tests.worlds.clock import minutes
from tests.worlds.kms import at
from tests.worlds.kms_api import LOOK
from tests.worlds.messages import LOOKED, Message
from tests.worlds.people import Person
from tests.worlds.resolve import resolve

RECENT = minutes(10)
EXPIRES_SOON = timedelta(days=30)
_ARN_COLONS = 5
# Changes that break → the cause that they bring about.
BREAKS = {
    "DisableKey": "key_disabled",
    "ScheduleKeyDeletion": "key_pending_deletion",
    "CancelKeyDeletion": "key_disabled",
    "DeleteImportedKeyMaterial": "key_material_missing",
    "DeleteExpiredKeyMaterial": "key_material_missing",
    "DeleteAlias": "alias_not_found",
    "DisconnectCustomKeyStore": "key_store_disconnected",
}


@dataclass
class Truth:
    """``calls`` and ``changes`` that KeyWatch had been told of; ``now``: how the calls would fail now (empty: they work).

    ``exact`` are the causes that are right to tell, ``near`` those that are true and say less; ``culprits`` the event ids of
    the changes that brought it about.
    """

    calls: list[Told] = field(default_factory=list)
    changes: list[Told] = field(default_factory=list)
    now: list[Outcome] = field(default_factory=list)
    exact: set[str] = field(default_factory=set)
    near: set[str] = field(default_factory=set)
    culprits: set[str] = field(default_factory=set)

    @property
    def nothing(self) -> bool:
        """Tell whether nothing that a message could be about has happened."""
        return not (self.calls or self.changes or self.now)

    @property
    def probes(self) -> set[Probe]:
        return {told.what.probe for told in self.calls}

    def add(self, outcome: Outcome) -> None:
        """Take an outcome's causes for right."""
        self.exact |= outcome.causes
        self.near |= outcome.near
        self.culprits |= outcome.culprits


class Truths:
    """Finds the truth behind messages of one story."""

    def __init__(self, story: Chronicle) -> None:
        self.story, self.kms = story, story.kms

    def weather(self, service: str, when: datetime) -> bool:
        """Tell whether look-ups in a service were refused or unanswered when a message was made."""
        spells = (s for s in self.story.weather if s.service == service and s.kind != "slow")
        return any(spell.begins - LOOKED <= when <= spell.ends for spell in spells)

    def about(self, message: Message) -> Truth:
        """Return what is so about what a message is about."""
        truth = Truth([told for told in self.story.calls if self._tells_of(message, told)])
        if message.early:
            truth.changes = [told for told in self.story.changes if self._is_of(message, told)]
        for probe in truth.probes:
            self._add_calls(truth, probe, message)
        if message.early and not truth.calls:
            self._add_state(truth, message)
        return truth

    def _tells_of(self, message: Message, told: Told) -> bool:
        if told.what.when > message.when or not told.by(message.when):
            return False
        names = message.names
        outcome = told.what.outcome
        behind = (
            {outcome.store} if names == {message.store} else set()
        )  # a key's message may name its store only
        if names & (outcome.all_names | behind):
            return True
        text = f"{message.callers} {message.document['because']}"
        words = (*told.what.probe.caller.tokens, told.what.outcome.message or "\0")
        heard = product.hears_itself(message.document)
        return message.nameless and not heard and any(word in text for word in words)

    def _is_of(self, message: Message, told: Told) -> bool:
        change = told.what
        of_store = (change.request or {}).get("customKeyStoreId")
        touched = message.names & set(change.resources) or (of_store and of_store == message.store)
        return bool(touched) and told.by(message.when)

    def _add_calls(self, truth: Truth, probe: Probe, message: Message) -> None:
        """Add how a call failed lately, how it would fail now, and how it seems to by what look-ups still show."""
        when, now = message.when, truly(self.kms, probe, message.when)
        if now:
            truth.now.append(now)
            truth.add(now)
        self._add_shown(truth, probe, message)
        calls = [told.what for told in truth.calls if told.what.probe == probe]
        last = max(failed.when for failed in calls)
        for failed in calls:
            truth.culprits |= failed.outcome.culprits
            if failed.when != last and when - failed.when > RECENT:
                continue
            stale = now is not None and "not_yet_visible" not in now.causes
            if not (stale and "not_yet_visible" in failed.outcome.causes):
                truth.add(failed.outcome)
            if now is None and self._made_soon(probe, failed.when):
                truth.exact.add("not_yet_visible")

    def _add_shown(self, truth: Truth, probe: Probe, message: Message) -> None:
        """Add what look-ups showed when the message was made: nobody could see that it was so no more."""
        for moment in message.just_now:
            if shown := answer(self.kms, probe, moment, LOOK):
                truth.exact |= shown.causes - {"not_yet_visible"}
                truth.culprits |= shown.culprits

    def _made_soon(self, probe: Probe, called: datetime) -> bool:
        """Tell whether what did not exist was made within minutes after the call: its caller was merely early."""
        then, later = truly(self.kms, probe, called), truly(self.kms, probe, called + minutes(5))
        return then is not None and later is None

    def _add_state(self, truth: Truth, message: Message) -> None:
        """Add what is so of a thing that nobody has called yet: an early warning is about it."""
        truth.now += [outcome for outcome in self._states(message, truth) if outcome]
        for outcome in truth.now:
            truth.add(outcome)
        causes = {
            told.what.id: BREAKS[told.what.what]
            for told in truth.changes
            if told.what.what in BREAKS
        }
        if not truth.now:
            truth.exact |= set(causes.values())
        if probe := self.probe_of(message, truth):
            self._add_shown(truth, probe, message)
        truth.culprits |= {event for event, cause in causes.items() if cause == message.cause}

    def _states(self, message: Message, truth: Truth) -> Iterator[Outcome | None]:
        if message.group:
            touched = {arn for told in truth.changes for arn in told.what.resources}
            yield from (truly(self.kms, decrypt_of(arn), message.when) for arn in sorted(touched))
        elif message.store and message.cause in STORE_CAUSES:
            yield self._store_state(message.store, message.when)
        elif probe := self.probe_of(message, truth):
            now = truly(self.kms, probe, message.when)
            expiry = message.cause == "key_material_missing"
            yield now or (self._expires(probe, message.when) if expiry else None)

    def _store_state(self, store: str, when: datetime) -> Outcome | None:
        version = self.kms.store(self.story.account, self.story.region, store).at(when)
        if version is None or version.value is None or version.value.state == "CONNECTED":
            return None
        causes, culprits = frozenset({"key_store_disconnected"}), frozenset(version.made_by)
        return Outcome("", None, causes, culprits=culprits, story=f"store {version.value.state}")

    def _expires(self, probe: Probe, when: datetime) -> Outcome | None:
        """Return what will come of a key whose imported material expires within a month: a sweep may warn of it."""
        key = resolve(self.kms, probe.typed, probe.caller.account, probe.region, at(when)).key
        if key is None or key.valid_to is None or key.valid_to - when > EXPIRES_SOON:
            return None
        causes = frozenset({"key_material_missing"})
        return Outcome("", None, causes, story="key material expires soon")

    def probe_of(self, message: Message, truth: Truth) -> Probe | None:
        """Return a call by which the state of what a message is about can be tried."""
        alias, key = message.alias_arn, message.document["subject"].get("key_arn")
        changed = {arn for told in truth.changes for arn in told.what.resources}
        if alias and (alias in changed or message.cause == "alias_not_found"):
            return decrypt_of(alias)
        return decrypt_of(key) if key and key.count(":") == _ARN_COLONS else None


def decrypt_of(arn: str) -> Probe:
    """Return a call of somebody with every right that uses a key or alias by its ARN."""
    region, account = arn.split(":")[3:5]
    return Probe(Person("role", "probe", account), "Decrypt", arn, region)
