"""All that happens in a world before KeyWatch looks at it: who changed what, which calls failed and why, what is delivered when.

A chronicle does not depend on the product: the same seed is the same story, whatever is being judged.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.worlds import logs, records
from tests.worlds.attempts import Outcome, Probe, answer
from tests.worlds.clock import Dice, minutes, seconds
from tests.worlds.cloudtrail_api import Busy
from tests.worlds.kms import Change, Kms
from tests.worlds.people import Person
from tests.worlds.records import Failed
from tests.worlds.wire import Spell

# The service that calls KMS for somebody → its event source, operation, and code for an error of KMS's.
_SERVICE_RECORDS: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "s3.amazonaws.com": ("s3.amazonaws.com", "PutObject", lambda code: f"KMS.{code}"),
    "lambda.amazonaws.com": (
        "lambda.amazonaws.com",
        "Invoke",
        lambda code: f"KMS{code.removeprefix('KMS')}",
    ),
    "AWS Internal": ("ssm.amazonaws.com", "GetParameter", lambda _: "InvalidKeyId"),
}


@dataclass
class Told:
    """One failing call (or change) and when each copy of it reached KeyWatch; empty where all were lost."""

    what: Failed | Change
    episode: str
    arrivals: list[tuple[datetime, str]] = field(default_factory=list)  # when, trail or log

    def by(self, when: datetime, source: str | None = None) -> bool:
        """Tell whether KeyWatch was told by then."""
        return any(
            arrived <= when and source in {None, came_by} for arrived, came_by in self.arrivals
        )

    @property
    def first(self) -> datetime | None:
        return min((arrived for arrived, _ in self.arrivals), default=None)


@dataclass(frozen=True, slots=True)
class Parcel:
    """Something on its way to the function: an EventBridge event (by the queue) or a log delivery (by itself)."""

    arrives: datetime
    event: Mapping[str, Any]
    by_queue: bool = True
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Habits:
    """How a world's post is delivered."""

    lost: float = 0.06
    doubled: float = 0.08
    late: float = 0.05
    logged: float = 0.25  # of the calling programs, those whose log group KeyWatch reads
    only_logged: float = 0.08  # of the calls, those that only the log tells of
    trail_group: bool = False  # whether KeyWatch reads the log group of the trail as well


@dataclass
class Chronicle:
    """A world's story while it is written."""

    seed: int
    start: datetime
    account: str
    region: str
    regions: tuple[str, ...]
    search_regions: tuple[str, ...]
    dice: Dice
    kms: Kms
    habits: Habits
    calls: list[Told] = field(default_factory=list)
    changes: list[Told] = field(default_factory=list)
    noise: list[Failed] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)
    history: list[tuple[datetime, Mapping[str, Any]]] = field(default_factory=list)
    busy: list[Busy] = field(default_factory=list)
    weather: list[Spell] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    said: set[str] = field(default_factory=set)  # keys of which a log tells what is not so
    forwards: set[str] = field(default_factory=set)  # accounts that send their events here
    episode: str = ""
    episodes: list[str] = field(default_factory=list)
    roles: dict[str, datetime] = field(default_factory=dict)  # role name → when it was made
    # Lambda function → role ARN, key ARN, last modified
    functions: dict[str, tuple[str, str, datetime]] = field(default_factory=dict)
    operations: set[str] = field(default_factory=set)  # that services made, and that called KMS
    others: list[tuple[datetime, str]] = field(
        default_factory=list
    )  # what else happened, for people to read

    # --- what episodes write ---------------------------------------------------------------------------------------------

    def call(
        self, when: datetime, probe: Probe, *, lost: float | None = None, silent: bool = False
    ) -> Outcome | None:
        """Make a call; where it fails, the world remembers why, and tells KeyWatch in its own time, unless ``silent``."""
        outcome = answer(self.kms, probe, when)
        if outcome is None:
            return None
        failed = Failed(self.kms.uuid(), self.kms.uuid(), when, probe, outcome)
        if not outcome.in_scope:
            self.noise.append(failed)
        told = Told(failed, self.episode)
        self._post_failure(told, failed, self.habits.lost if lost is None else lost, silent=silent)
        if outcome.in_scope:
            self.calls.append(told)
        return outcome

    def tell(self, change: Change | None, *, lost: float | None = None, late: float = 0.0) -> None:
        """Let CloudTrail record a change and EventBridge deliver it."""
        if change is None:
            return
        told = Told(change, self.episode)
        record = records.of_change(change)
        ours = change.account == self.account or change.account in self.forwards
        if ours and change.region == self.region:
            probability = self.habits.lost if lost is None else lost
            told.arrivals += self._post(record, change.when, probability, minutes(late))
            if change.what == "DeleteKey":
                self._native("KMS CMK Deletion", change, told)
            if change.what == "DeleteExpiredKeyMaterial":
                self._native("KMS Imported Key Material Expiration", change, told)
        self.history.append((change.when, record))
        self.changes.append(told)

    def remember(self, change: Change) -> None:
        """Let a change be of the past: in CloudTrail's history, delivered long before KeyWatch was deployed."""
        self.history.append((change.when, records.of_change(change)))
        self.changes.append(Told(change, self.episode))

    def note(self, when: datetime, text: str) -> None:
        """Note for people what happened by itself."""
        self.others.append((when, text))

    # --- delivery --------------------------------------------------------------------------------------------------------

    def _post_failure(self, told: Told, failed: Failed, lost: float, *, silent: bool) -> None:
        probe, outcome, dice = failed.probe, failed.outcome, self.dice
        owner = outcome.resources[0].split(":")[4] if outcome.resources else probe.caller.account
        ours = self.account in {probe.caller.account, owner}
        forwarded = not ours and probe.caller.account in self.forwards
        recipient = probe.caller.account if forwarded else self.account
        record = records.of_failure(failed, recipient, dice)
        ours = (ours or forwarded) and probe.region == self.region
        logged = (
            not silent
            and dice.chance(self.habits.logged, "logged", probe.caller.name)
            and probe.caller.kind in {"role", "user"}
        )
        logged = logged and probe.caller.account == self.account and outcome.message is not None
        only = logged and dice.chance(self.habits.only_logged, "only logged", failed.id)
        if ours:
            self.history.append((failed.when, record))
            if not only:
                told.arrivals += self._post(record, failed.when, lost, minutes(0))
            if self.habits.trail_group and not silent and not forwarded:
                arrives = failed.when + minutes(2)
                self.post_log("aws-cloudtrail-logs", arrives, failed.when, json.dumps(record))
                told.arrivals.append((arrives, "log"))
            served = probe.caller.via in _SERVICE_RECORDS and outcome.resources and outcome.in_scope
            if served and dice.chance(0.3, "service", probe.caller.name):
                self._post_of_service(told, failed)
        if logged:
            self._post_line(told, failed)

    def _post_of_service(self, told: Told, failed: Failed) -> None:
        """Send the record of the service that called KMS: it has a code of its own and KMS's words."""
        service, operation, code = _SERVICE_RECORDS[failed.probe.caller.via]
        identity = failed.probe.caller.identity()
        record = records.of_failure(failed, self.account, self.dice) | {
            "eventSource": service,
            "eventName": operation,
            "errorCode": code(failed.outcome.code),
            "eventID": self.kms.uuid(),
            "requestID": self.kms.uuid(),
            "requestParameters": {"name": "orders"},
            "resources": None,
            "userIdentity": {
                name: value for name, value in identity.items() if name != "invokedBy"
            },
        }
        told.arrivals += self._post(record, failed.when, 0.0, minutes(0))
        self.operations.add(operation)

    def _post(
        self, record: Mapping[str, Any], when: datetime, lost: float, late: timedelta
    ) -> list[tuple[datetime, str]]:
        """Send a record once, twice or not at all; return when it arrives."""
        event_id, dice = record["eventID"], self.dice
        if dice.chance(lost, "lost", event_id):
            return []
        copies = 2 if dice.chance(self.habits.doubled, "doubled", event_id) else 1
        arrivals = []
        for copy in range(copies):
            arrives = when + late + self._delay(event_id, copy)
            event = records.event(record, record["recipientAccountId"], self.kms.uuid())
            self.parcels.append(Parcel(arrives, event))
            arrivals.append((arrives, "trail"))
        return arrivals

    def _delay(self, *what: object) -> timedelta:
        dice = self.dice
        if dice.chance(self.habits.late, "late", *what):
            return minutes(dice.between(4, 25, "how late", *what))
        longest = 15.0 if dice.chance(0.6, "quick", *what) else 150.0
        return seconds(dice.between(1.5, longest, "delay", *what))

    def _native(self, detail_type: str, change: Change, told: Told) -> None:
        for copy in range(2 if self.dice.chance(0.3, "native twice", change.id) else 1):
            if self.dice.chance(0.05, "native lost", change.id, copy):
                continue
            arrives = change.when + seconds(self.dice.between(1, 30, "native", change.id, copy))
            event = records.native(
                detail_type,
                change.resources[-1],
                change.when,
                change.account,
                change.region,
                self.kms.uuid(),
            )
            self.parcels.append(Parcel(arrives, event))
            told.arrivals.append((arrives, "trail"))

    def _post_line(self, told: Told, failed: Failed) -> None:
        line = logs.printed(failed, self.dice)
        arrives = failed.when + seconds(self.dice.between(1, 40, "log", failed.id))
        self.post_log(f"/app/{failed.probe.caller.name}", arrives, failed.when, line)
        told.arrivals.append((arrives, "log"))

    def post_log(self, group: str, arrives: datetime, written: datetime, line: str) -> None:
        """Deliver one line of an application's log."""
        event_id = f"{self.dice.number('log id', group, written, line):039d}"
        self.parcels.append(
            Parcel(
                arrives,
                logs.delivery(self.account, group, [(event_id, written, line)]),
                by_queue=False,
            )
        )

    def post_event(self, arrives: datetime, event: Mapping[str, Any]) -> None:
        """Deliver any other event."""
        self.parcels.append(Parcel(arrives, event))

    # --- people ----------------------------------------------------------------------------------------------------------

    def person(self, kind: str, name: str, account: str | None = None, via: str = "") -> Person:
        """Return a caller whose name nobody else has."""
        return Person(kind, f"{name}-{self.kms.uuid()[:6]}", account or self.account, via)
