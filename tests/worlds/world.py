"""One world: a chronicle made from a seed, and the function that lives through it, minute by minute."""

import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.worlds import logs, product, records
from tests.worlds.attempts import Outcome, Probe
from tests.worlds.chronicle import Chronicle, Habits, Parcel
from tests.worlds.clock import Clock, Dice, minutes, seconds
from tests.worlds.cloudtrail_api import CloudTrailApi
from tests.worlds.dynamodb import DynamoDb
from tests.worlds.episodes import EPISODES, Episode
from tests.worlds.kms import Kms
from tests.worlds.kms_api import KmsApi
from tests.worlds.messages import Message
from tests.worlds.people import Person
from tests.worlds.records import Failed
from tests.worlds.scene import Scene
from tests.worlds.small_apis import Iam, Lambda, Sns, Sts
from tests.worlds.wire import Call, Spell, Wire

START = datetime(2026, 3, 1, tzinfo=UTC)
REGIONS = (
    ("eu-west-1", "us-east-1"),
    ("us-east-1", "eu-central-1"),
    ("ap-southeast-2", "us-west-2"),
)
ACCOUNT = "123456789012"
SETTLES = timedelta(
    hours=7
)  # after the last event: longer than silence must last before it is taken for an end
BATCH = 10
QUIET_STEP = 10  # minutes from one ring of the clock to the next while nothing happens
RETRIES = 2  # of an asynchronous invocation that raised
FAILED = object()


@dataclass
class Run:
    """What the function did in a world."""

    story: Chronicle
    messages: list[Message] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    failures: list[str] = field(
        default_factory=list
    )  # invocations that raised or gave messages back
    ends: datetime = START


def story_of(
    seed: int, only: Sequence[Episode] | None = None, habits: Habits | None = None
) -> Chronicle:
    """Write the chronicle of a seed; ``only`` these episodes, and delivered so, where a test wants to see that."""
    rng, dice = random.Random(seed), Dice(seed)
    regions = rng.choice(REGIONS)
    start = START + timedelta(days=rng.randrange(200), minutes=rng.randrange(1440))
    search = regions[1:] if rng.random() < 0.6 else ()
    drawn = Habits(
        lost=rng.choice((0.0, 0.05, 0.05, 0.3)),
        doubled=rng.choice((0.0, 0.1)),
        late=rng.choice((0.0, 0.05, 0.25)),
        trail_group=rng.random() < 0.1,
    )
    if rng.random() < 0.04:  # no trail: nothing but logs tells of failures
        drawn = replace(drawn, lost=1.0, logged=0.9, trail_group=False)
    story = Chronicle(
        seed, start, ACCOUNT, regions[0], regions, search, dice, Kms(dice), habits or drawn
    )
    told = list(only or rng.choices(tuple(EPISODES), tuple(EPISODES.values()), k=rng.randint(3, 7)))
    for number, episode in enumerate(told):
        begins = start + minutes(rng.uniform(5, 100))
        story.episode = f"{number}:{episode.__name__}"
        story.episodes.append(story.episode)
        scene = Scene(story, random.Random(f"{seed}/{number}"), begins)
        episode(scene)
        scene.finish()
    _weather(story, rng)
    story.parcels.sort(key=lambda parcel: parcel.arrives)
    return story


def _weather(story: Chronicle, rng: random.Random) -> None:
    """Let look-ups be refused or slow for a while: in half of all worlds."""
    end = story.start + timedelta(days=2)
    for _ in range(rng.choice((0, 0, 1, 2))):
        begins = story.start + minutes(rng.uniform(0, 120))
        service = rng.choice(("kms", "cloudtrail", "kms"))
        kind = rng.choice(("throttled", "denied", "slow", "silent"))
        operation = (
            rng.choice(("*", "*", "describe_key", "list_aliases", "describe_custom_key_stores"))
            if service == "kms"
            else "*"
        )
        ends = end if kind == "denied" else begins + minutes(rng.uniform(3, 60))
        story.weather.append(Spell(service, kind, begins, ends, operation, rng.choice((1.0, 0.6))))
    if (
        rng.random() < 0.06
    ):  # the table or the topic throttles for a moment: in doubt a message comes twice
        begins, service = (
            story.start + minutes(rng.uniform(0, 120)),
            rng.choice(("sns", "dynamodb")),
        )
        ends = begins + minutes(rng.uniform(0.5, 4))
        story.weather.append(Spell(service, "throttled", begins, ends, "*", rng.choice((1.0, 0.5))))


class World:
    """The function in a chronicle. ``run`` lives through it once."""

    def __init__(self, story: Chronicle) -> None:
        self.story, self.clock = story, Clock(story.start)
        self.table, self.sns = DynamoDb(), Sns(self.clock)
        self.trail = {
            region: CloudTrailApi(lambda: self.clock.now, story.dice) for region in story.regions
        }
        self.wire = Wire(self.clock, story.dice, self.stand_in, tuple(story.weather), story.account)
        self.run_ = Run(story)
        self._containers: list[product.Container] = []
        self._invocations = 0
        self._told_of: dict[str, frozenset[str]] = {}  # group → names that its messages told of
        self._post: list[Parcel] = list(story.parcels)
        for when, record in story.history:
            ours = record["recipientAccountId"] == story.account
            if ours and record["awsRegion"] in self.trail:
                self.trail[record["awsRegion"]].add(record, when)
        self.trail[story.region].busy += story.busy

    def stand_in(self, service: str, account: str, region: str) -> object | None:
        """Return what answers for a service in an account and Region."""
        if service == "dynamodb":
            return self.table
        if service == "kms":
            role = product.own_role(self.story.account, self.story.region)
            return KmsApi(
                self.story.kms,
                account,
                region,
                lambda: self.clock.now,
                role,
                frozenset(self.story.hidden),
            )
        if service == "cloudtrail" and account == self.story.account:
            return self.trail.get(region)
        others = {
            "sts": Sts(account, self.clock),
            "iam": Iam(self.story),
            "lambda": Lambda(self.story),
        }
        return {"sns": self.sns, **others}.get(service)

    def run(self) -> Run:
        """Live through the story, and on until all is quiet."""
        story = self.story
        settings = product.environment(
            account=story.account, region=story.region, search_regions=story.search_regions
        )
        product.printed()
        with product.installed(self.clock, self.wire, settings):
            minute = story.start
            last = max([story.start, *(parcel.arrives for parcel in self._post)])
            while minute < last + SETTLES:
                self._minute(minute)
                busy = (
                    self._post and self._post[0].arrives < minute + minutes(15)
                ) or minute < last + minutes(30)
                minute += minutes(1 if busy else QUIET_STEP)
        run = self.run_
        run.counts, run.errors = product.printed()
        run.calls, run.ends = self.wire.calls, self.clock.now
        return run

    def _minute(self, begins: datetime) -> None:
        """Deliver what arrives in this minute, by batches, then let the clock ring."""
        due = []
        while self._post and self._post[0].arrives < begins + minutes(1):
            due.append(self._post.pop(0))
        for batch in _batches(due):
            self.clock.to(batch[-1].arrives)
            self._deliver(batch)
        self.clock.to(begins + minutes(1))
        self._invoke({"clock": "minute"})

    def _deliver(self, batch: list[Parcel]) -> None:
        if not batch[0].by_queue:
            self._deliver_log(batch[0])
            return
        bodies = [
            {"messageId": f"m{n}", "body": json.dumps(parcel.event)}
            for n, parcel in enumerate(batch)
        ]
        answer = self._invoke({"Records": [body | {"eventSource": "aws:sqs"} for body in bodies]})
        everything = [{"itemIdentifier": body["messageId"]} for body in bodies]
        failed = everything if answer is FAILED else (answer or {}).get("batchItemFailures", ())
        back = {item["itemIdentifier"] for item in failed}
        again = [parcel for n, parcel in enumerate(batch) if f"m{n}" in back]
        if again:
            self.run_.failures.append(f"{self.clock.now:%H:%M:%S} {len(again)} messages given back")
        for parcel in again:
            self._put(Parcel(self.clock.now + seconds(60), parcel.event))

    def _deliver_log(self, parcel: Parcel) -> None:
        """Invoke with a log delivery; what raises is tried again, as asynchronous invocations are."""
        if self._invoke(parcel.event) is FAILED and parcel.tries < RETRIES:
            later = self.clock.now + minutes(1 + parcel.tries)
            self._put(Parcel(later, parcel.event, by_queue=False, tries=parcel.tries + 1))

    def _put(self, parcel: Parcel) -> None:
        self._post.append(parcel)
        self._post.sort(key=lambda one: one.arrives)

    def _invoke(self, event: Mapping[str, Any]) -> Any:
        self._invocations += 1
        sent, called = len(self.sns.sent), len(self.wire.calls)
        try:
            return self._container().invoke(event, product.Context(self.clock))
        except Exception as error:  # noqa: BLE001 - what the function raises is a finding, not the end of the world
            self.run_.failures.append(f"{self.clock.now:%H:%M:%S} raised {error!r}")
            return FAILED
        finally:
            for when, request in self.sns.sent[sent:]:
                if document := product.document_of(request):
                    self.run_.messages.append(self._message(when, document))
                    self._logged_by_a_subscriber(document)
            self._come_back(self.wire.calls[called:])

    def _message(self, when: datetime, document: Mapping[str, Any]) -> Message:
        """Return a message; one about a group speaks for all whom its earlier messages named."""
        told = self._told_of.get(document["incident_id"], frozenset[str]())
        message = Message(when, document, self._invocations, told)
        if message.group:
            self._told_of[document["incident_id"]] = told | message.names
        return message

    def _container(self) -> product.Container:
        """Return one of up to three warm instances; now and then a new one starts cold."""
        dice, number = self.story.dice, self._invocations
        if not self._containers or dice.chance(0.01, "cold", number):
            self._containers = [*self._containers[-2:], product.Container()]
        return dice.of(self._containers, "container", number)

    def _come_back(self, calls: list[Call]) -> None:
        """Let KeyWatch's own failed look-ups come back as records: the rule lets its canary pass, and other ways exist."""
        for number, call in enumerate(calls):
            if (
                call.service != "kms"
                or not call.error
                or call.error in {"ReadTimeout", "ThrottlingException"}
            ):
                continue
            canary = call.request.get("KeyId") == product.CANARY_ALIAS
            if call.region == self.story.region and self.story.dice.chance(
                1.0 if canary else 0.15, "back", call.when, number
            ):
                self._return(call, number)

    def _return(self, call: Call, number: int) -> None:
        story, dice = self.story, self.story.dice
        name = product.own_role(story.account, story.region).rpartition("/")[2]
        me = Person("role", name, story.account)
        typed = str(call.request.get("KeyId") or call.request.get("CustomKeyStoreId") or "")
        operation = "".join(part.capitalize() for part in call.operation.split("_"))
        failed = Failed(
            story.kms.uuid(),
            story.kms.uuid(),
            call.when,
            Probe(me, operation, typed, call.region),
            Outcome(call.error, call.message or None),
        )
        record = records.of_failure(failed, story.account, dice)
        parcel = Parcel(
            call.when + seconds(dice.between(20, 100, "own", number, call.when)),
            records.event(record, story.account, story.kms.uuid()),
        )
        self._put(parcel)
        if story.habits.trail_group:
            line = (
                f"{dice.number('trail', call.when, number):039d}",
                call.when,
                json.dumps(record),
            )
            event = logs.delivery(story.account, "aws-cloudtrail-logs", [line])
            self._put(Parcel(call.when + seconds(90), event, by_queue=False))

    def _logged_by_a_subscriber(self, document: Mapping[str, Any]) -> None:
        """Let somebody who gets the alerts write one to a log that KeyWatch reads."""
        story, dice, now = self.story, self.story.dice, self.clock.now
        if not dice.chance(0.04, "subscriber", now, document["incident_id"]):
            return
        told = f"got alert: {document['title']} {document['because']}"
        text = json.dumps(document) if dice.chance(0.5, "form", now) else told
        line = (f"{dice.number('line', now):039d}", now, text)
        event = logs.delivery(story.account, product.SUBSCRIBER, [line])
        self._put(Parcel(now + seconds(20), event, by_queue=False))


def _batches(due: list[Parcel]) -> list[list[Parcel]]:
    """Group what arrives within seconds, as the queue's batching window does; log deliveries go by themselves."""
    batches: list[list[Parcel]] = []
    for parcel in due:
        last = batches[-1] if batches else None
        together = last and last[0].by_queue and parcel.by_queue and len(last) < BATCH
        if last and together and parcel.arrives - last[0].arrives < seconds(5):
            last.append(parcel)
        else:
            batches.append([parcel])
    return batches
