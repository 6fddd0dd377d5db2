"""Judges what was sent against what is so.

A message is *exact* where its cause is the true one of a call that failed (or of what is so when it is sent), *wrong* where
it is not, and *certain and wrong* where it says so with certainty, names somebody who did not do it, or offers a command
against the state. It is *false* where nothing failed, or where it was over and a look-up could see that.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.worlds import commands, product
from tests.worlds.attempts import STORE_CAUSES, Outcome, Probe, answer, truly
from tests.worlds.chronicle import Chronicle, Told
from tests.worlds.clock import minutes, seconds
from tests.worlds.kms import Change, at
from tests.worlds.kms_api import LOOK
from tests.worlds.records import Failed
from tests.worlds.resolve import resolve
from tests.worlds.world import Message, Run

ALERTING = frozenset({"opened", "changed", "reminder"})
RECENT = minutes(10)
HELD = minutes(6)  # how long what was created just now may be held back
LOOKED = seconds(75)  # a look-up may be remembered for a minute
MISSING = frozenset(
    {"alias_not_found", "key_not_found", "key_deleted", "not_yet_visible", "wrong_region"}
)
CREATED = frozenset({"CreateAlias", "CreateKey", "UpdateAlias", "ReplicateKey"})
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


@dataclass
class Truth:
    """What is so about the thing that a message is about, when it is sent."""

    calls: list[Told] = field(default_factory=list)
    changes: list[Told] = field(default_factory=list)
    now: list[Outcome] = field(
        default_factory=list
    )  # how the calls would fail now; empty where they would not
    exact: set[str] = field(default_factory=set)
    near: set[str] = field(default_factory=set)
    culprits: set[str] = field(default_factory=set)


class Judge:
    """Judges one run."""

    def __init__(self, run: Run) -> None:
        self.run, self.story, self.kms = run, run.story, run.story.kms
        self.verdict = Verdict(run.story.seed)
        self._proven: defaultdict[str, set[str]] = defaultdict(
            set
        )  # by incident: causes that were right when they were told
        self._requests = {
            one for told in self.story.calls for one in (told.what.request_id, told.what.id)
        }
        self._changes = {
            told.what.id: told.what for told in self.story.changes if isinstance(told.what, Change)
        }

    def judge(self) -> Verdict:
        """Judge every message, then what was never told."""
        for message in self.run.messages:
            self._message(message)
        outages = list(outages_of(self.story))
        self.verdict.outages = len(outages)
        for outage in outages:
            self._outage(outage)
        self._splits()
        return self.verdict

    def _found(self, kind: str, when: datetime, text: str) -> None:
        self.verdict.findings.append(Finding(kind, self.story.seed, when, text))

    # --- messages --------------------------------------------------------------------------------------------------------

    def _message(self, message: Message) -> None:
        document = message.document
        if document["status"] not in ALERTING | {"resolved"}:
            return
        before = sum(finding.kind in GRAVE for finding in self.verdict.findings)
        self.verdict.messages += 1
        truth = self.truth(message)
        if document["status"] == "resolved":
            self._resolved(message, truth)
        else:
            self._alert(message, truth)
        self._who(message, truth)
        self._claims(message, truth)
        self._commands(message)
        self.verdict.grave += (
            sum(finding.kind in GRAVE for finding in self.verdict.findings) > before
        )

    def _alert(self, message: Message, truth: Truth) -> None:
        document, line = message.document, brief(message)
        if not truth.calls and not truth.changes and not truth.now:
            why = (
                "a request id is taken for the key"
                if names_of(message) & self._requests
                else "nothing failed"
            )
            self._found("false", message.when, f"{why}: {line}")
            if document["confidence"] == "certain":
                self._found("certain cause", message.when, f"{why}: {line}")
            return
        if self._over(message, truth):
            self._found("false", message.when, f"over when it was looked at: {line}")
        self._cause(message, truth)
        self._operations(message, truth)

    def _cause(self, message: Message, truth: Truth) -> None:
        cause, line = message.document["cause"], brief(message)
        if cause in truth.exact:
            self.verdict.exact += 1
            self._proven[message.document["incident_id"]].add(cause)
            return
        true = ",".join(sorted(truth.exact)) or "nothing"
        if cause in truth.near:
            if self._trail_silent(message.when) or self._out_of_sight(cause, truth):
                self.verdict.exact += 1
            else:
                self.verdict.imprecise += 1
                self._found("imprecise", message.when, f"true is {true}: {line}")
            return
        kind = "certain cause" if message.document["confidence"] == "certain" else "wrong"
        self._found(kind, message.when, f"true is {true}: {line}")

    def _out_of_sight(self, cause: str, truth: Truth) -> bool:
        """Tell whether what would be more exact lies in a Region in which KeyWatch may not look."""
        return (
            cause == "key_not_found"
            and "wrong_region" in truth.exact
            and not self.story.search_regions
        )

    def _resolved(self, message: Message, truth: Truth) -> None:
        document = message.document
        ever = {
            cause
            for told in truth.calls
            for cause in told.what.outcome.causes | told.what.outcome.near
        }
        ever |= truth.exact | truth.near | self._proven[document["incident_id"]]
        if document["cause"] in ever or truth.changes:
            self.verdict.exact += 1
        elif truth.calls or truth.now:
            self._found("wrong", message.when, f"resolved under a wrong cause: {brief(message)}")
        self._still_broken(message, truth)

    def _still_broken(self, message: Message, truth: Truth) -> None:
        if not truth.now:
            return
        said = " ".join(str(note) for note in message.document.get("notes", ())) + str(
            message.document.get("summary")
        )
        unproven = bool(product.UNPROVEN.search(said))
        told = [
            told
            for told in truth.calls
            if told.first and message.when - minutes(30) < told.first <= message.when
        ]
        still = [o for o in truth.now if not o.lookable or self._seen_broken(message, truth)]
        blind = self._weather("kms", message.when) or not still or not still[0].lookable
        if still and not told and unproven and (blind or message.document["cause"] in MISSING):
            return
        if still:
            self._found(
                "resolved while broken", message.when, f"still {still[0].story}: {brief(message)}"
            )

    def _seen_broken(self, message: Message, truth: Truth) -> bool:
        return any(answer(self.kms, told.what.probe, message.when, LOOK) for told in truth.calls)

    def _over(self, message: Message, truth: Truth) -> bool:
        """Tell whether it was over, for everybody, in a way that a look-up could see, and nothing kept it from looking."""
        if truth.now or product.OVER.search(str(message.document.get("summary"))):
            return False
        if self._weather("kms", message.when) or not all(
            told.what.outcome.lookable for told in truth.calls
        ):
            return False
        probes = {told.what.probe for told in truth.calls} or {
            p for p in [self._probe_of(message)] if p
        }
        moments = (message.when, message.when - LOOKED)
        return not any(
            answer(self.kms, probe, moment, LOOK) for probe in probes for moment in moments
        )

    def _weather(self, service: str, when: datetime) -> bool:
        hit = (
            s
            for s in self.story.weather
            if s.service == service and s.kind != "slow" and s.begins - LOOKED <= when <= s.ends
        )
        return any(hit)

    def _trail_silent(self, when: datetime) -> bool:
        return self._weather("cloudtrail", when)

    # --- what is so ------------------------------------------------------------------------------------------------------

    def truth(self, message: Message) -> Truth:
        """Return what is so about what a message is about."""
        names = names_of(message)
        calls = [
            t
            for t in self.story.calls
            if t.by(message.when) and t.what.when <= message.when and self._about(message, t, names)
        ]
        truth = Truth(calls=calls)
        store = message.document["subject"].get("key_store")
        for told in self.story.changes:
            change = told.what
            touched = names & set(change.resources) or (
                store and (change.request or {}).get("customKeyStoreId") == store
            )
            if touched and told.by(message.when) and message.document["impact"]["failures"] == 0:
                truth.changes.append(told)
        for probe in {told.what.probe for told in calls}:
            self._add(truth, probe, [t for t in calls if t.what.probe == probe], message.when)
        if not calls and message.document["impact"]["failures"] == 0:
            self._add_state(truth, message)
        return truth

    def _about(self, message: Message, told: Told, names: set[str]) -> bool:
        outcome = told.what.outcome
        if names & outcome.all_names:
            return True
        nameless = not any(name for name in names if "/" in name or ":" in name)
        return nameless and any(
            token in str(message.document["impact"]["callers"])
            for token in told.what.probe.caller.tokens
        )

    def _add(self, truth: Truth, probe: Probe, calls: list[Told], when: datetime) -> None:
        now = truly(self.kms, probe, when)
        if now:
            truth.now.append(now)
            truth.exact |= now.causes
            truth.near |= now.near
            truth.culprits |= now.culprits
        if shown := answer(
            self.kms, probe, when, LOOK
        ):  # what a look-up still shows is no fault of who believes it
            truth.exact |= shown.causes - {"not_yet_visible"}
            truth.culprits |= shown.culprits
        last = max(told.what.when for told in calls)
        for told in calls:
            outcome = told.what.outcome
            truth.culprits |= outcome.culprits
            if told.what.when == last or when - told.what.when <= RECENT:
                stale = (
                    "not_yet_visible" in outcome.causes
                    and now is not None
                    and "not_yet_visible" not in now.causes
                )
                truth.exact |= frozenset() if stale else outcome.causes
                truth.near |= outcome.near
                if now is None and self._made_soon(probe, told.what.when):
                    truth.exact.add("not_yet_visible")

    def _made_soon(self, probe: Probe, called: datetime) -> bool:
        """Tell whether what did not exist was made within minutes after the call: its caller was merely early."""
        return (
            truly(self.kms, probe, called) is not None
            and truly(self.kms, probe, called + minutes(5)) is None
        )

    def _probe_of(self, message: Message, truth: Truth | None = None) -> Probe | None:
        subject = message.document["subject"]
        alias = subject.get("alias")
        if message.document["cause"] == "alias_not_found" and alias:
            return commands.decrypt_of(
                f"arn:aws:kms:{subject['region']}:{subject['account']}:{alias}"
            )
        changed = {arn for told in truth.changes for arn in told.what.resources} if truth else set()
        if alias and f"arn:aws:kms:{subject['region']}:{subject['account']}:{alias}" in changed:
            return commands.decrypt_of(
                f"arn:aws:kms:{subject['region']}:{subject['account']}:{alias}"
            )
        arn = subject.get("key_arn")
        return commands.decrypt_of(arn) if arn and arn.count(":") == 5 else None

    def _add_state(self, truth: Truth, message: Message) -> None:
        """Add what is so of a thing that nobody has called yet: an early warning is about it."""
        store = message.document["subject"].get("key_store")
        if store and message.document["cause"] in STORE_CAUSES:
            version = self.kms.store(self.story.account, self.story.region, store).at(message.when)
            if version and version.value and version.value.state != "CONNECTED":
                causes = frozenset({"key_store_disconnected"})
                truth.now.append(
                    Outcome(
                        "",
                        None,
                        causes,
                        culprits=frozenset(version.made_by),
                        story=f"store {version.value.state}",
                    )
                )
        elif probe := self._probe_of(message, truth):
            now = truly(self.kms, probe, message.when) or self._expires(probe, message.when)
            truth.now += [now] if now else []
        for outcome in truth.now:
            truth.exact |= outcome.causes
            truth.near |= outcome.near
            truth.culprits |= outcome.culprits
        if not truth.now:
            truth.exact |= set(_broke(truth.changes).values())
        truth.culprits |= {
            event
            for event, cause in _broke(truth.changes).items()
            if cause == message.document["cause"]
        }

    def _expires(self, probe: Probe, when: datetime) -> Outcome | None:
        """Return what will come of a key whose imported material expires within a month: a sweep may warn of it."""
        key = resolve(self.kms, probe.typed, probe.caller.account, probe.region, at(when)).key
        if key is None or key.valid_to is None or key.valid_to - when > timedelta(days=30):
            return None
        return Outcome(
            "", None, frozenset({"key_material_missing"}), story="key material expires soon"
        )

    # --- who, what, which ------------------------------------------------------------------------------------------------

    def _who(self, message: Message, truth: Truth) -> None:
        accused = set(self._accused(message))
        if (
            message.document["cause"] == "not_yet_visible"
            or message.document["status"] == "resolved"
        ):
            accused = {
                event
                for event in accused
                if self._changes[event].what not in CREATED | {"EnableKey"}
            }
        for event in sorted(accused - truth.culprits):
            change = self._changes[event]
            text = f"{change.what} by {change.who.name} at {change.when:%H:%M:%S} did not do it: {brief(message)}"
            self._found("innocent named", message.when, text)
        self._last_listed(message, truth, accused)

    def _accused(self, message: Message) -> Iterator[str]:
        for line in product.accusing_lines(message.document):
            named = [event for event in self._changes if event in line]
            yield from named
            if not named:
                yield from self._by_name(line, message.when)

    def _by_name(self, line: str, when: datetime) -> Iterator[str]:
        """Yield the change that a sentence tells of without its event id: the newest one of that person and kind."""
        told = [
            c
            for c in self._changes.values()
            if c.when <= when and c.what in line and any(t in line for t in c.who.tokens)
        ]
        if told and not any(change.by_aws for change in told):
            yield max(told, key=lambda change: change.when).id

    def _last_listed(self, message: Message, truth: Truth, accused: set[str]) -> None:
        """Note where the list of changes, read as "who did it", begins with somebody who did not and hides who did."""
        listed = [
            self._changes.get(str(one.get("event_id")))
            for one in message.document.get("changes", ())
        ]
        known = [change for change in listed if change]
        if message.document["status"] == "resolved" or not known or accused & truth.culprits:
            return
        newest = max(known, key=lambda change: change.when)
        if newest.id not in truth.culprits and not {c.id for c in known} & truth.culprits:
            self._found(
                "listed only others",
                message.when,
                f"{newest.what} by {newest.who.name}: {brief(message)}",
            )

    def _claims(self, message: Message, truth: Truth) -> None:
        lines = [
            line
            for line in product.accusing_lines(message.document)
            if product.NO_CHANGE.search(line)
        ]
        made = [
            self._changes[event]
            for event in truth.culprits
            if message.when - self._changes[event].when < timedelta(days=90)
        ]
        if lines and made:
            newest = max(made, key=lambda change: change.when)
            self._found(
                "untrue statement",
                message.when,
                f"{lines[0]!r} but {newest.what} at {newest.when}: {brief(message)}",
            )

    def _commands(self, message: Message) -> None:
        if message.document["status"] == "resolved" or self._weather("kms", message.when):
            return
        subject = message.document["subject"]
        place = (
            self.story.account,
            subject["region"] if "-" in subject["region"] else self.story.region,
        )
        offered = [str(remedy.get("command") or "") for remedy in message.document["remedies"]]
        for text in commands.misfits(self.kms, place, offered, message.when):
            self._found("command", message.when, f"{text}: {brief(message)}")

    def _operations(self, message: Message, truth: Truth) -> None:
        true = {told.what.probe.operation for told in truth.calls} | {
            told.what.what for told in truth.changes
        }
        true |= self.story.operations
        said = {one["name"] for one in message.document["impact"]["operations"]}
        if truth.calls and said - true:
            self._found(
                "wrong operation",
                message.when,
                f"{sorted(said - true)} of {sorted(true)}: {brief(message)}",
            )
        most = len(truth.calls)
        if message.document["impact"]["failures"] > most > 0:
            self._found(
                "wrong count",
                message.when,
                f"{message.document['impact']['failures']} of {most}: {brief(message)}",
            )

    # --- what was never told -----------------------------------------------------------------------------------------------

    def _outage(self, outage: "Outage") -> None:
        if not self._owed(outage):
            return
        deadline = outage.last_told + minutes(15)
        about = [m for m in self.run.messages if self._covers(m, outage)]
        alerting = [m for m in about if m.document["status"] != "resolved" and m.when <= deadline]
        alive = [
            m
            for m in alerting
            if m.when >= outage.begins - minutes(70) or self._open_at(m, outage.begins)
        ]
        if not alive:
            self._found("missed", outage.begins, f"{outage}")
            return
        right = [
            m
            for m in about
            if m.document["cause"] in outage.causes | outage.near
            and m.when <= deadline + minutes(20)
        ]
        lasting = outage.last_told - outage.first_told >= minutes(10)
        if lasting and not right:
            told = ",".join(sorted({m.document["cause"] for m in alive}))
            self._found("untold cause", outage.begins, f"{outage}; told was {told}")

    def _owed(self, outage: "Outage") -> bool:
        """Tell whether KeyWatch had to say something: it was told, and could still see it broken some minutes later."""
        return outage.first_told < outage.last_told + seconds(1) and any(
            self._lasted(told) for told in outage.calls
        )

    def _lasted(self, told: Told) -> bool:
        failed, first = told.what, told.first
        if (
            first is None
            or first - failed.when > minutes(30)
            or "not_yet_visible" in failed.outcome.causes
        ):
            return False
        later = truly(self.kms, failed.probe, first + minutes(4))
        return later is not None and bool(later.causes & failed.outcome.causes)

    def _covers(self, message: Message, outage: "Outage") -> bool:
        names = names_of(message, loose=True)
        told = message.document["impact"]["callers"] if not names else ()
        return bool(names & outage.names) or any(token in str(told) for token in outage.callers)

    def _open_at(self, message: Message, when: datetime) -> bool:
        same = (
            m
            for m in self.run.messages
            if m.document["incident_id"] == message.document["incident_id"]
        )
        return not any(
            m.document["status"] == "resolved" and message.when <= m.when <= when for m in same
        )

    def _splits(self) -> None:
        """Find what was opened twice about one thing that broke once, while the first incident was open."""
        seen: dict[str, Message] = {}
        for message in self.run.messages:
            if message.document["status"] != "opened":
                continue
            cause = message.document["cause"]
            calls = [
                told for told in self.truth(message).calls if cause in told.what.outcome.causes
            ]
            for thing in sorted({thing_of(told.what) for told in calls}):
                first = seen.get(thing)
                if (
                    first
                    and self._open_at(first, message.when)
                    and first.document["incident_id"] != message.document["incident_id"]
                ):
                    self._found("split", message.when, f"{brief(first)} was open: {brief(message)}")
                    break
                seen[thing] = message


@dataclass
class Outage:
    """One thing that was broken for callers in one way, as long as it lasted."""

    thing: str
    causes: frozenset[str]
    near: frozenset[str]
    calls: list[Told]

    @property
    def begins(self) -> datetime:
        return self.calls[0].what.when

    @property
    def first_told(self) -> datetime:
        return min(
            (t.first for t in self.calls if t.first),
            default=datetime.max.replace(tzinfo=self.begins.tzinfo),
        )

    @property
    def last_told(self) -> datetime:
        return max(
            (t.first for t in self.calls if t.first),
            default=datetime.min.replace(tzinfo=self.begins.tzinfo),
        )

    @property
    def names(self) -> frozenset[str]:
        found = [t.what.outcome.names | t.what.outcome.kin for t in self.calls]
        stores = [frozenset({t.what.outcome.store}) for t in self.calls if t.what.outcome.store]
        return frozenset().union(*found, *stores)

    @property
    def callers(self) -> set[str]:
        return {token for told in self.calls for token in told.what.probe.caller.tokens}

    def __str__(self) -> str:
        told = sum(bool(t.first) for t in self.calls)
        span = f"{self.begins:%H:%M:%S}-{self.calls[-1].what.when:%H:%M:%S}"
        causes = ",".join(sorted(self.causes))
        return f"{self.calls[0].episode} {self.thing}: {causes}, {len(self.calls)} calls ({told} told) {span}"


def outages_of(story: Chronicle) -> Iterator[Outage]:
    """Yield the outages of a story: calls that failed for one cause at one thing, with no hour of quiet in between."""
    groups: dict[tuple[str, frozenset[str]], list[Told]] = {}
    for told in sorted(story.calls, key=lambda told: told.what.when):
        groups.setdefault((thing_of(told.what), told.what.outcome.causes), []).append(told)
    for (thing, causes), calls in groups.items():
        near = frozenset().union(*(t.what.outcome.near for t in calls))
        part: list[Told] = []
        for told in calls:
            if part and told.what.when - part[-1].what.when > minutes(60):
                yield Outage(thing, causes, near, part)
                part = []
            part.append(told)
        yield Outage(thing, causes, near, part)


def thing_of(failed: Failed) -> str:
    """Return the name of what broke."""
    outcome = failed.outcome
    if outcome.store and outcome.causes & STORE_CAUSES:
        return outcome.store
    if "missing_or_not_authorized" in outcome.causes:
        return failed.probe.caller.name
    return outcome.resources[0] if outcome.resources else failed.probe.typed


def names_of(message: Message, *, loose: bool = False) -> set[str]:
    """Return the names of what a message is about; a broken store's message is about the store."""
    subject = message.document["subject"]
    store, account, region = subject.get("key_store"), subject["account"], subject["region"]
    if store and message.document["cause"] in STORE_CAUSES and not loose:
        return {store}
    alias = subject.get("alias")
    names = {subject.get("identifier"), subject.get("key_arn"), alias}
    names |= {f"arn:aws:kms:{region}:{account}:{alias}"} if alias else set()
    names |= {store} if loose else set()
    if loose:
        names |= set(_members(message))
    return {name for name in names if name}


def _members(message: Message) -> Iterable[str]:
    for member in (message.document.get("group") or {}).get("members", ()):
        yield from (
            str(value) for value in (member.values() if isinstance(member, dict) else [member])
        )


def brief(message: Message) -> str:
    """Return a message in one line."""
    d = message.document
    subject = d["subject"]
    named = (
        subject.get("alias")
        or subject.get("identifier")
        or subject.get("key_arn")
        or subject.get("key_store")
    )
    return f"{message.when:%H:%M:%S} {d['status']} {d['confidence']} {d['cause']} {named} ({d['impact']['failures']} calls)"


def _broke(changes: list[Told]) -> dict[str, str]:
    """Return the causes that changes bring about (by event id), for a warning that came when they were undone."""
    causes = {
        "DisableKey": "key_disabled",
        "ScheduleKeyDeletion": "key_pending_deletion",
        "DeleteImportedKeyMaterial": "key_material_missing",
        "DeleteAlias": "alias_not_found",
        "DisconnectCustomKeyStore": "key_store_disconnected",
        "CancelKeyDeletion": "key_disabled",
    }
    return {told.what.id: causes[told.what.what] for told in changes if told.what.what in causes}
