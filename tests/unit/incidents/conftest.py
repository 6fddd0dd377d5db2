"""A world for each test; and what people were told, what was kept, counted and logged in it, as it was reviewed.

After a change that is meant: ``pytest tests/unit/incidents --snapshot-update``, and read the difference.
"""

import logging
import re
from collections import Counter
from datetime import UTC, datetime

import pytest

from keywatch.alerts.alert import Alert
from keywatch.alerts.publish import Publisher
from keywatch.aws import Counts
from tests.support.world import START
from tests.support.world import world as open_world

REVIEWED = frozenset(
    {
        "test_clock",
        "test_groups",
        "test_lifecycle",
        "test_members",
        "test_message_budget",
        "test_pipeline",
    }
)
# Several threads are at it: who comes first, and is told of, is another each time.
UNORDERED = frozenset(
    {
        "test_all_slices_are_handled_by_however_many",
        "test_two_concurrent_batches_with_the_same_key_give_one_alert",
        "test_two_instances_count_every_subject_of_a_group_once",
    }
)
_SERIAL = re.compile(r" event-\d+")  # which grows from test to test
MOST = 40  # messages, or items: a test of more asks one question of many


@pytest.fixture
def world():
    with open_world() as fresh:
        yield fresh


def told(alert: Alert) -> str:
    """A message in a few lines: what it says beside the diagnosis, and why that is."""
    diagnosis, changed = alert.diagnosis, alert.previous_cause
    group = alert.group
    head = f"{alert.status}: {diagnosis.cause} ({diagnosis.confidence}), {alert.severity}"
    return "\n".join(
        [
            head + (f", before {changed}" if changed else ""),
            f"  {alert.impact.failures} failures, {len(alert.changes)} changes, {len(diagnosis.remedies)} steps",
            *([f"  {group.size} by {group.by}: {len(group.members)} members"] if group else []),
            *(["  after another incident"] if alert.previous_incident_id else []),
            *(f"  {note}" for note in alert.notes),
            *(f"  - {_SERIAL.sub('', str(reason))}" for reason in diagnosis.because),
        ]
    )


def since_start(attribute: dict[str, str] | None) -> str:
    """A stored time as hours and minutes of the test."""
    if not attribute:
        return "never"
    return str(datetime.fromtimestamp(float(attribute["N"]), UTC) - START)


def kept(item: dict[str, dict[str, str]]) -> str:
    """An incident in the table."""
    texts = ("cause", "said", "severity", "announced", "announced_failures", "group", "gone")
    said = " ".join(f"{name}={item[name]['S']}" for name in texts if name in item)
    kind, *_, name = item["subject"]["S"].split("|")
    return (
        f"{kind} {name}: {item['status']['S']}, {item['failures']['N']} failures, "
        f"due {since_start(item['due_at'])}{'' if 'queue' in item else ' in no queue'}, sent {since_start(item.get('sent_at'))}, "
        f"{len(item['openings']['S'].split(',')) if 'openings' in item else 0} openings; {said}"
    )


@pytest.fixture(autouse=True)
def reviewed(request, monkeypatch, caplog):
    """Record what happens in the world of a test, and compare it once the test has passed."""
    module = request.module.__name__.rpartition(".")[2]
    if module not in REVIEWED or request.node.originalname in UNORDERED:
        yield
        return
    snapshot = request.getfixturevalue("snapshot")
    world = request.getfixturevalue("world") if "world" in request.fixturenames else None
    counts: Counter[str] = Counter()
    messages: list[str] = []
    add, publish = Counts.add, Publisher._publish

    def counting(self, name, count=1):
        counts[name] += count
        add(self, name, count)

    def publishing(self, alert, *more):
        publish(self, alert, *more)
        messages.append(told(alert))

    monkeypatch.setattr(Counts, "add", counting)
    monkeypatch.setattr(Publisher, "_publish", publishing)
    with caplog.at_level(logging.INFO):
        yield
    items = sorted(map(kept, world.incidents())) if world else []
    logged = Counter(record.getMessage() for record in caplog.get_records("call"))
    if (messages or items or counts) and len(messages) <= MOST and len(items) <= MOST:
        lines = [
            *sorted(messages),
            *items,
            *(f"{name} {count}" for name, count in sorted(counts.items())),
            *(f"log: {message} ({count})" for message, count in sorted(logged.items())),
        ]
        assert "\n".join(lines) == snapshot, "is it meant? then: --snapshot-update"
