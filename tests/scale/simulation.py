"""Hours of an organisation: its clock, canaries that come back, failures of applications, a storm, calls across accounts.

The function is the real one; AWS is in memory (``tests.support.organization``). What is drawn is drawn from a
seed, so that a run can be repeated.
"""

import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from keywatch.aws import Clients
from keywatch.catalogue.own import CANARY_ALIAS, CANARY_DENIED_CALL
from keywatch.settings import Hub
from tests.support.organization import (
    HUB_ACCOUNT,
    LOOK_UP_ROLE,
    VERSION,
    HubWorld,
    Made,
    counted,
    hub_world,
    of_account,
)
from tests.support.world import ROLE, disabled, failed

REGIONS = ("eu-west-1", "us-east-1", "us-west-2", "ap-southeast-2", "sa-east-1")
FIRST = 200_000_000_000
STORM, BATCH = 10_000, 1_000
FAILING = 0.02  # of the accounts have a key that fails in an hour
ACROSS = 0.01  # of the accounts call a key of another one
WITHOUT_SPOKE = 0.01
DEAF = 0.01  # of the spokes do not answer


@dataclass(frozen=True)
class Size:
    """How much there is: accounts, Regions of each, hours to live through; the calls of the storm."""

    accounts: int = 1_000
    regions: int = 5
    hours: int = 2
    storm: int = STORM
    seed: int = 1
    with_clients: bool = False


@dataclass
class Figures:
    """What was measured. ``calls`` are by service and operation, those of the table by operation."""

    size: Size
    calls: Counter[str] = field(default_factory=Counter)
    table: Counter[str] = field(default_factory=Counter)
    most_sessions: int = 0
    most_look_ups: int = 0
    most_calls_of_an_account_in_a_minute: int = 0
    most_in_a_minute: Counter[str] = field(default_factory=Counter)
    slowest_minute: float = 0.0
    messages: int = 0
    messages_by_status: Counter[str] = field(default_factory=Counter)
    metrics: dict[str, float] = field(default_factory=dict)
    events: int = 0
    partitions: int = 0
    items: int = 0
    largest_partition: tuple[str, int] = ("", 0)
    unwell: int = 0
    seconds: float = 0.0
    megabytes_before: float = 0.0
    megabytes: float = 0.0

    def rows(self) -> Iterator[tuple[str, str]]:
        """Yield what to print: a name and a value."""
        size = self.size
        yield "spokes", f"{size.accounts:,} accounts x {size.regions} Regions, {size.hours} hours"
        yield "events handled", f"{self.events:,}"
        yield "messages sent", f"{self.messages:,} {dict(self.messages_by_status)}"
        for call, count in sorted(self.calls.items()):
            most = self.most_in_a_minute[call]
            yield call, f"{count:,} in all, {most:,} in the busiest minute"
        yield "busiest account", f"{self.most_calls_of_an_account_in_a_minute:,} calls in a minute"
        yield "table", ", ".join(f"{name} {count:,}" for name, count in sorted(self.table.items()))
        yield "sessions kept at most", f"{self.most_sessions:,}"
        yield "look-ups kept at most", f"{self.most_look_ups:,} accounts"
        yield (
            "partitions",
            f"{self.partitions:,} of {self.items:,} items; largest {self.largest_partition}",
        )
        yield "spokes not well", f"{self.unwell:,}"
        yield "slowest minute of the clock", f"{self.slowest_minute:.2f} s"
        yield "memory", f"{self.megabytes_before:.0f} MB before, {self.megabytes:.0f} MB at most"
        yield "time", f"{self.seconds:.0f} s"


def simulate(size: Size) -> Figures:
    """Live through the hours of an organisation and return what was measured."""
    hub = Hub(
        "o-x", LOOK_UP_ROLE, REGIONS[: size.regions], reads_accounts=True, spoke_version=VERSION
    )
    began, figures = time.monotonic(), Figures(size)
    with hub_world(hub=hub) as world:
        life = _Life(world, size, figures)
        figures.megabytes_before = _megabytes()
        for minute in range(size.hours * 60):
            life.minute(minute)
        life.add_up()
    figures.seconds = time.monotonic() - began
    figures.megabytes = _megabytes()
    return figures


def _megabytes() -> float:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


class _Life:
    def __init__(self, world: HubWorld, size: Size, figures: Figures) -> None:
        self.world, self.size, self.figures = world, size, figures
        self.draw = Random(size.seed)
        self.accounts = [str(FIRST + 7 * n) for n in range(size.accounts)]
        some = self.draw.sample
        without = set(some(self.accounts, int(size.accounts * WITHOUT_SPOKE)))
        for account in self.accounts:
            world.organization.join(account, spoke=account not in without)
        spokes = [(account, region) for account in self.accounts for region in hub_regions(size)]
        self.deaf = set(some(spokes, int(len(spokes) * DEAF)))
        _count_table(world, figures.table)
        if size.with_clients:
            _hold_real_clients(world)

    def minute(self, number: int) -> None:
        """Let the clock tick, bring its canaries back, and let applications fail."""
        began = time.monotonic()
        self.world.runtime.clock({}, None)
        self.figures.slowest_minute = max(self.figures.slowest_minute, time.monotonic() - began)
        made = self.world.made()
        self._deliver(list(self._canaries(made)))
        self._deliver(list(self._failures(number)))
        self._note(made + self.world.made())
        self.world.wait(minutes=1)

    def _canaries(self, made: list[Made]) -> Iterator[dict[str, Any]]:
        for call in made:
            is_canary = call.asked == CANARY_ALIAS or call.operation == "get_key_rotation_status"
            if call.service == "kms" and is_canary and (call.account, call.region) not in self.deaf:
                yield canary(call, self.world)

    def _failures(self, number: int) -> Iterator[dict[str, Any]]:
        if number == 30:
            account = self.accounts[0]
            yield from (_failing(account, "storm", self.world, n) for n in range(self.size.storm))
        share = self.size.accounts / 60
        for _ in range(_times(share * FAILING, self.draw)):
            account = self.draw.choice(self.accounts)
            yield from (_failing(account, "key", self.world, n) for n in range(10))
        for _ in range(_times(share * ACROSS, self.draw)):
            caller, owner = self.draw.sample(self.accounts, 2)
            yield from across(caller, owner, self.world)

    def _deliver(self, events: list[dict[str, Any]]) -> None:
        self.figures.events += len(events)
        for start in range(0, len(events), BATCH):
            self.world.deliver(*events[start : start + BATCH])
            self._sessions()

    def _sessions(self) -> None:
        accounts, figures = self.world.services.accounts, self.figures
        kept = len(accounts.sessions) if accounts.sessions else 0
        figures.most_sessions = max(figures.most_sessions, kept)
        figures.most_look_ups = max(figures.most_look_ups, len(accounts))

    def _note(self, made: list[Made]) -> None:
        calls = Counter(f"{call.service}:{call.operation}" for call in made)
        by_account = Counter(call.account for call in made if call.account != HUB_ACCOUNT)
        self.figures.calls.update(calls)
        for call, count in calls.items():
            most = self.figures.most_in_a_minute
            most[call] = max(most[call], count)
        busiest = max(by_account.values(), default=0)
        most_calls = self.figures.most_calls_of_an_account_in_a_minute
        self.figures.most_calls_of_an_account_in_a_minute = max(most_calls, busiest)
        self._sessions()
        for document in self.world.topic.receive():
            self.figures.messages += 1
            self.figures.messages_by_status[document["status"]] += 1

    def add_up(self) -> None:
        """Look at the table, the metrics and the spokes at the end."""
        figures = self.figures
        items = self.world.table.scan(TableName="incidents", ConsistentRead=True)["Items"]
        partitions = Counter(item["subject"]["S"] for item in items)
        figures.partitions, figures.items = len(partitions), len(items)
        figures.largest_partition = max(partitions.items(), key=lambda pair: pair[1])
        figures.unwell = self.world.services.spokes.unwell()
        figures.metrics = counted(self.world)


def hub_regions(size: Size) -> tuple[str, ...]:
    """Return the Regions of the spokes."""
    return REGIONS[: size.regions]


def _times(expected: float, draw: Random) -> int:
    return int(expected) + (draw.random() < expected % 1)


def canary(call: Made, world: HubWorld) -> dict[str, Any]:
    """Return the record of a canary as its spoke sends it."""
    denied = call.operation == "get_key_rotation_status"
    event = failed(
        "AccessDenied" if denied else "NotFoundException",
        "explicit deny" if denied else f"Alias {CANARY_ALIAS} is not found.",
        None if denied else CANARY_ALIAS,
        at=world.now,
        eventName=CANARY_DENIED_CALL if denied else "DescribeKey",
        awsRegion=call.region,
    )
    is_own = call.account == HUB_ACCOUNT
    role = ROLE if is_own else f"arn:aws:iam::{call.account}:role/{LOOK_UP_ROLE}"
    identity = {
        "type": "AssumedRole",
        "accountId": call.account,
        "sessionContext": {"sessionIssuer": {"arn": role}},
    }
    return of_account(event, call.account, userIdentity=identity) | {"region": call.region}


def _failing(account: str, name: str, world: HubWorld, number: int) -> dict[str, Any]:
    key = f"{sum(name.encode()):08d}-12ab-34cd-56ef-{account}"
    kms = world.organization.kms(account)
    if key not in kms.keys:
        kms.add(key, "Disabled")
    call = f"{account}-{name}-{world.now:%H%M}-{number}"
    return of_account(disabled(key, at=world.now, requestID=call, eventID=call), account)


def across(caller: str, owner: str, world: HubWorld) -> Iterator[dict[str, Any]]:
    """Yield both records of a call to another account's key."""
    key = f"00000000-12ab-34cd-56ef-{owner}"
    kms = world.organization.kms(owner)
    if key not in kms.keys:
        kms.add(key, "Disabled")
    arn = f"arn:aws:kms:eu-west-1:{owner}:key/{key}"
    told = failed("DisabledException", f"{arn} is disabled.", arn, at=world.now)
    call = f"{caller}-{owner}-{world.now:%H%M}"
    shared = {"sharedEventID": call, "requestID": call}
    yield of_account(told, caller, **shared)
    stranger = {"type": "AWSAccount", "principalId": "AROAX:i-1", "accountId": caller}
    yield of_account(told, owner, userIdentity=stranger, eventID=f"{call}-owner", **shared)


def _count_table(world: HubWorld, counts: Counter[str]) -> None:
    table = world.table
    ask = type(table).__getattr__

    def counting(self: Any, operation: str) -> Callable[..., Any]:
        call = ask(self, operation)

        def made(**request: Any) -> Any:
            counts[operation] += 1
            return call(**request)

        return made

    world.table.__class__ = type("CountedTable", (type(table),), {"__getattr__": counting})


def _hold_real_clients(world: HubWorld) -> None:
    """Let every session hold boto3's clients, as it does in AWS: nothing is called, the memory is theirs."""
    sessions = world.services.accounts.sessions
    clients, plain = Clients(), world.organization.sign
    assert sessions is not None

    def sign(credentials: Any) -> Callable[[str, str], Any]:
        real, stand_in = clients.signed(credentials), plain(credentials)

        def client(service: str, region: str) -> Any:
            real(service, region)
            return stand_in(service, region)

        return client

    sessions._sign = sign


def as_json(figures: Figures) -> str:
    """Return the figures as JSON."""
    plain = {
        name: dict(value) if isinstance(value, Counter) else value
        for name, value in vars(figures).items()
        if name != "size"
    }
    return json.dumps(plain | {"size": vars(figures.size)}, indent=1, default=str)
