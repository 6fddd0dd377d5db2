"""Judges what was sent against what is so.

A message is *exact* where its cause is the true one of a call that failed (or of what is so when it is sent), *wrong* where
it is not, and *certain and wrong* where it says so with certainty, names somebody who did not do it, states what is not so, or
offers a command against the state. It is *false* where nothing failed, or where it was over and a look-up could see that.
What nobody could have known is not held against it: look-ups that were refused, records that had not arrived anywhere.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.worlds import commands, product
from tests.worlds.attempts import Outcome, Probe, answer, truly
from tests.worlds.clock import minutes
from tests.worlds.cloudtrail_api import shown_from
from tests.worlds.kms import Change, at
from tests.worlds.kms_api import LOOK
from tests.worlds.messages import Message
from tests.worlds.outages import OLD, Outage, outages_of, thing_of
from tests.worlds.people import Person
from tests.worlds.resolve import resolve
from tests.worlds.truth import BREAKS, Truth, Truths
from tests.worlds.world import Run

ALERTING = frozenset({"opened", "changed", "reminder", "group"})
MISSING = frozenset(
    {"alias_not_found", "key_not_found", "key_deleted", "not_yet_visible", "wrong_region"}
)
CREATED = frozenset({"CreateAlias", "CreateKey", "UpdateAlias", "ReplicateKey"})
UNDOES = {
    "EnableKey": {"DisableKey", "CancelKeyDeletion"},
    "CancelKeyDeletion": {"ScheduleKeyDeletion"},
}
UNDOES |= {"ImportKeyMaterial": {"DeleteImportedKeyMaterial"}, "CreateAlias": {"DeleteAlias"}}
HISTORY = timedelta(days=90)
WARNED_BEFORE = minutes(70)  # an early warning counts for the outage that follows
# What is counted as certain and wrong; all other kinds are figures of their own.
GRAVE = ("certain cause", "innocent named", "command", "untrue statement")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    kind: str
    seed: int
    when: datetime
    text: str


@dataclass
class Verdict:
    """All that was found in one world."""

    seed: int
    messages: int = 0
    outages: int = 0
    exact: int = 0
    imprecise: int = 0
    grave: int = 0  # messages that are certain and wrong in at least one way
    findings: list[Finding] = field(default_factory=list)

    def count(self, kind: str) -> int:
        return sum(finding.kind == kind for finding in self.findings)


class Judge:
    """Judges one run."""

    def __init__(self, run: Run) -> None:
        self.run, self.story, self.kms = run, run.story, run.story.kms
        self.truths, self.verdict = Truths(run.story), Verdict(run.story.seed)
        self._changes = {told.what.id: told for told in self.story.changes}
        calls = [told.what for told in self.story.calls]
        self._requests = {name for failed in calls for name in (failed.request_id, failed.id)}
        self._proven: defaultdict[str, set[str]] = defaultdict(
            set
        )  # by incident: causes that were right when told

    def judge(self) -> Verdict:
        """Judge every message, then what was never told."""
        for message in self.run.messages:
            if message.status in ALERTING | {"resolved"}:
                self._message(message)
        outages = list(outages_of(self.story))
        self.verdict.outages = len(outages)
        for outage in outages:
            if outage.owed(self.kms):
                self._outage(outage)
        self._splits()
        return self.verdict

    def _found(self, kind: str, message: Message, text: str) -> None:
        self.verdict.findings.append(
            Finding(kind, self.story.seed, message.when, f"{text}: {message}")
        )

    def _message(self, message: Message) -> None:
        before = len(self.verdict.findings)
        self.verdict.messages += 1
        truth = self.truths.about(message)
        if message.status == "resolved":
            self._resolved(message, truth)
        elif truth.nothing:
            self._about_nothing(message)
        else:
            self._alert(message, truth)
        self._who(message, truth)
        self._claims(message, truth)
        self._commands(message)
        self.verdict.grave += any(f.kind in GRAVE for f in self.verdict.findings[before:])

    # --- the cause -------------------------------------------------------------------------------------------------------

    def _about_nothing(self, message: Message) -> None:
        why = product.hears_itself(message.document)
        if not why and not message.names & self.story.said and self._own_lookup(message):
            why = "KeyWatch hears its own look-up"
        if message.names & self._requests:
            why = "a request id is taken for the key"
        if not why and not message.certain and self.truths.weather("kms", message.when):
            self._found("false, but blind", message, "nothing failed")
            return
        why = why or "nothing failed"
        self._found("false", message, why)
        if message.certain:
            self._found("certain cause", message, why)

    def _own_lookup(self, message: Message) -> bool:
        """Tell whether a message is about a name that nobody but KeyWatch itself asked for in vain."""
        asked = (
            str(c.request.get("KeyId", ""))
            for c in self.run.calls
            if c.error and c.when < message.when
        )
        return any(name and name in named for name in asked for named in message.names)

    def _alert(self, message: Message, truth: Truth) -> None:
        if self._over(message, truth):
            self._found("false", message, "over when it was looked at")
        self._cause(message, truth)
        self._operations(message, truth)

    def _cause(self, message: Message, truth: Truth) -> None:
        true = ",".join(sorted(truth.exact)) or "nothing"
        if message.cause in truth.exact or (
            message.cause in truth.near and self._out_of_sight(message, truth)
        ):
            self.verdict.exact += 1
            self._proven[message.document["incident_id"]].add(message.cause)
        elif message.cause in truth.near:
            self.verdict.imprecise += 1
            self._found("imprecise", message, f"true is {true}")
        else:
            self._found("certain cause" if message.certain else "wrong", message, f"true is {true}")

    def _out_of_sight(self, message: Message, truth: Truth) -> bool:
        """Tell whether nobody could see what would be more exact: CloudTrail does not answer, no other Region may be asked."""
        elsewhere = message.cause == "key_not_found" and "wrong_region" in truth.exact
        return self.truths.weather("cloudtrail", message.when) or (
            elsewhere and not self.story.search_regions
        )

    def _over(self, message: Message, truth: Truth) -> bool:
        """Tell whether it was over, for everybody, in a way that a look-up could see, and nothing kept it from looking."""
        if truth.now or product.OVER.search(str(message.document.get("summary"))):
            return False
        lookable = all(told.what.outcome.lookable for told in truth.calls)
        if not lookable or self.truths.weather("kms", message.when):
            return False
        probe = self.truths.probe_of(message, truth)
        probes = truth.probes or ({probe} if probe else set())
        return not any(
            answer(self.kms, p, moment, LOOK) for p in probes for moment in message.moments
        )

    def _resolved(self, message: Message, truth: Truth) -> None:
        ever = {
            cause
            for told in truth.calls
            for cause in told.what.outcome.causes | told.what.outcome.near
        }
        ever |= truth.exact | truth.near | self._proven[message.document["incident_id"]]
        if message.cause in ever or truth.changes:
            self.verdict.exact += 1
        elif not truth.nothing:
            self._found("wrong", message, "resolved under a wrong cause")
        self._still_broken(message, truth)

    def _still_broken(self, message: Message, truth: Truth) -> None:
        """Find what is said to be over and is not: each call that was told of is tried again."""
        told = [t for t in truth.calls if t.first and t.first <= message.when]
        known = {cause for t in told for cause in t.what.outcome.causes} | {message.cause}
        for probe in sorted(truth.probes, key=repr):
            now = truly(self.kms, probe, message.when)
            if now is None or not now.causes & known:
                continue
            if now.lookable and not self._seen_broken(message, probe):
                continue
            fresh = any(
                t.first > message.when - OLD for t in told if t.first and t.what.probe == probe
            )
            if self._told_elsewhere(now, message, probe.caller) or self._admitted(
                message, probe, now, fresh=fresh
            ):
                continue
            self._found("resolved while broken", message, f"still {now.story}")
            return

    def _admitted(self, message: Message, probe: Probe, now: Outcome, *, fresh: bool) -> bool:
        """Tell whether an end that nothing could prove is told as such, long after the last failure."""
        found = resolve(self.kms, probe.typed, probe.caller.account, probe.region, at(message.when))
        hidden = found.account != self.story.account or found.key_arn in self.story.hidden
        unseen = (
            message.nameless or hidden
        )  # of what only a log told, without a name, nobody can look
        blind = unseen or self.truths.weather("kms", message.when) or not now.lookable
        unproven = blind or message.cause in MISSING
        return not fresh and unproven and product.says_unproven(message.document)

    def _told_elsewhere(self, outcome: Outcome, message: Message, caller: Person) -> bool:
        """Tell whether another open incident says how it fails now: a store may work again while a key does not.

        What a log told without a name counts where it is about the same ``caller``.
        """
        others = (m for m in self.run.messages if m.status in ALERTING and m.when <= message.when)
        return any(
            m.document["incident_id"] != message.document["incident_id"]
            and m.cause in outcome.causes - {message.cause}
            and (
                bool(m.names & outcome.all_names)
                or (m.nameless and any(token in m.callers for token in caller.tokens))
            )
            and self._open_at(m, message.when)
            for m in others
        )

    def _seen_broken(self, message: Message, probe: Probe) -> bool:
        return all(answer(self.kms, probe, moment, LOOK) for moment in message.moments)

    # --- who, what, which ------------------------------------------------------------------------------------------------

    def _who(self, message: Message, truth: Truth) -> None:
        accused = set(self._accused(message))
        if message.cause == "not_yet_visible" or message.status == "resolved":
            harmless = CREATED | set(UNDOES)
            accused = {event for event in accused if self._changes[event].what.what not in harmless}
        for event in sorted(accused - truth.culprits):
            change = self._changes[event].what
            text = f"{change.what} by {change.who.name} at {change.when:%d. %H:%M:%S} did not do it"
            plausible = BREAKS.get(change.what) == message.cause and not self._known_undone(
                change, message.when
            )
            self._found("unlucky accusation" if plausible else "innocent named", message, text)
        self._last_listed(message, truth, accused)

    def _known_undone(self, accused: Change, when: datetime) -> bool:
        """Tell whether KeyWatch could know of a later change that undid one, or that did the same again."""
        return any(
            self._undid(told.what, accused) and self._knowable(told.what.id, when)
            for told in self.story.changes
        )

    @staticmethod
    def _undid(later: Change, accused: Change) -> bool:
        if later.when <= accused.when or not set(later.resources) & set(accused.resources):
            return False
        return accused.what in UNDOES.get(later.what, ()) or BREAKS.get(later.what) == BREAKS.get(
            accused.what
        )

    def _knowable(self, event: str, when: datetime) -> bool:
        told = self._changes[event]
        in_history = shown_from(self.story.dice, event, told.what.when) <= when
        return told.by(when) or (in_history and not self.truths.weather("cloudtrail", when))

    def _accused(self, message: Message) -> Iterator[str]:
        for line in product.accusing_lines(message.document):
            named = [event for event in self._changes if event in line]
            yield from named or self._by_name(line, message.when)

    def _by_name(self, line: str, when: datetime) -> list[str]:
        """Return the change that a sentence tells of without its event id: the newest one of that person and kind."""
        changes = [
            told.what
            for told in self._changes.values()
            if told.what.when <= when and told.what.what in line
        ]
        told = [c for c in changes if not c.by_aws and any(token in line for token in c.who.tokens)]
        return [max(told, key=lambda change: change.when).id] if told else []

    def _last_listed(self, message: Message, truth: Truth, accused: set[str]) -> None:
        """Note where the list of changes, read as "who did it", begins with somebody who did not and hides who did."""
        listed = [
            self._changes.get(str(one.get("event_id")))
            for one in message.document.get("changes", ())
        ]
        known = [told.what for told in listed if told]
        if message.status == "resolved" or not known or accused & truth.culprits:
            return
        newest = max(known, key=lambda change: change.when)
        if not {change.id for change in known} & truth.culprits:
            self._found("listed only others", message, f"{newest.what} by {newest.who.name}")

    def _claims(self, message: Message, truth: Truth) -> None:
        lines = [
            line
            for line in product.accusing_lines(message.document)
            if product.NO_CHANGE.search(line)
        ]
        made = [self._changes[event].what for event in truth.culprits]
        recent = [change for change in made if message.when - change.when < HISTORY]
        if lines and recent:
            newest = max(recent, key=lambda change: change.when)
            self._found(
                "untrue statement",
                message,
                f"{lines[0]!r} but {newest.what} at {newest.when:%H:%M:%S}",
            )

    def _commands(self, message: Message) -> None:
        if message.status == "resolved" or self.truths.weather("kms", message.when):
            return
        region = message.document["subject"]["region"]
        place = (self.story.account, region if "-" in region else self.story.region)
        offered = [str(remedy.get("command") or "") for remedy in message.document["remedies"]]
        for text in commands.misfits(self.kms, place, offered, message.moments):
            self._found("command", message, text)

    def _operations(self, message: Message, truth: Truth) -> None:
        impact = message.document["impact"]
        true = {told.what.probe.operation for told in truth.calls} | {
            told.what.what for told in truth.changes
        }
        said = {one["name"] for one in impact["operations"]}
        if truth.calls and said - true - self.story.operations:
            self._found("wrong operation", message, f"{sorted(said - true)} of {sorted(true)}")
        if impact["failures"] > len(truth.calls) > 0:
            self._found("wrong count", message, f"{impact['failures']} of {len(truth.calls)}")

    # --- what was never told -----------------------------------------------------------------------------------------------

    def _outage(self, outage: Outage) -> None:
        deadline = outage.arrivals[-1] + minutes(15)
        about = [m for m in self.run.messages if m.status != "resolved" and self._covers(m, outage)]
        alive = [m for m in about if m.when <= deadline and self._counts_for(m, outage)]
        if not alive:
            self.verdict.findings.append(
                Finding("missed", self.story.seed, outage.begins, str(outage))
            )
            return
        right = [
            m
            for m in about
            if m.cause in outage.causes | outage.near and m.when <= deadline + minutes(20)
        ]
        if outage.arrivals[-1] - outage.arrivals[0] >= minutes(10) and not right:
            told = ",".join(sorted({m.cause for m in alive}))
            text = f"{outage}; told was {told}"
            self.verdict.findings.append(
                Finding("untold cause", self.story.seed, outage.begins, text)
            )

    def _counts_for(self, message: Message, outage: Outage) -> bool:
        return message.when >= outage.begins - WARNED_BEFORE or self._open_at(
            message, outage.begins
        )

    def _covers(self, message: Message, outage: Outage) -> bool:
        names = message.loose_names
        told = "" if names else f"{message.callers} {message.document['because']}"
        return bool(names & outage.names) or any(token in told for token in outage.callers)

    def _open_at(self, message: Message, when: datetime) -> bool:
        same = [
            m
            for m in self.run.messages
            if m.document["incident_id"] == message.document["incident_id"]
        ]
        return not any(m.status == "resolved" and message.when <= m.when <= when for m in same)

    def _splits(self) -> None:
        """Find what was opened twice about one thing that broke once, while the first incident was open."""
        seen: dict[str, Message] = {}
        for message in (m for m in self.run.messages if m.status == "opened"):
            told = [
                t.what
                for t in self.truths.about(message).calls
                if message.cause in t.what.outcome.causes
            ]
            for thing in sorted({thing_of(failed) for failed in told}):
                first = seen.get(thing)
                if first and self._twice(first, message):
                    self._found("split", message, f"{first} was open")
                    break
                seen[thing] = message

    def _twice(self, first: Message, second: Message) -> bool:
        another = first.document["incident_id"] != second.document["incident_id"]
        return another and self._open_at(first, second.when)
