"""Several failing calls in one log stream: each is a signal of its own, and none is two.

A program that fails again and again logs the same thing; what tells its calls apart is the request id,
the time, or both. A stream here holds the calls of one logger: the same call three times (with new
request ids), or different ones, some seconds apart or at once.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tests.delivered import product
from tests.delivered.delivery import CARRIERS, START, LogEvent, delivered, events_of
from tests.delivered.grammar import check_group
from tests.delivered.measure import Truth, truth_of
from tests.delivered.outputs import Output

GAP = 7_000  # milliseconds between two calls of a program that goes on
CALLS = 3


@dataclass(frozen=True, slots=True)
class Stream:
    """What one program logged about its calls, with the truth about each call."""

    id: str
    kind: str
    truths: tuple[Truth, ...]
    passed: tuple[LogEvent, ...]

    def signals(self) -> list[product.Said]:
        return product.signals(self.passed) if self.passed else []


def streams(outputs: Iterable[Output], carrier: str = "as_records") -> Iterator[Stream]:
    """Yield the streams of every logger: one call repeated, different calls, and two at the same moment."""
    by_logger: dict[tuple[str, str], list[Output]] = {}
    for output in outputs:
        truth = truth_of(output)
        if truth and truth.causes:
            by_logger.setdefault((output.sdk, output.logger), []).append(output)
    for (sdk, logger), found in by_logger.items():
        name = f"{sdk}/{logger}"
        yield _stream(
            name, "repeated", [_again(found[0], number) for number in range(CALLS)], GAP, carrier
        )
        different = _different(found)
        if len(different) > 1:
            yield _stream(name, "different", different, GAP, carrier)
            yield _stream(name, "at once", different[:2], 3, carrier)


def _different(found: list[Output]) -> list[Output]:
    """Return calls with different causes, so that each signal can be told whose it is."""
    return list({output.call.cause: output for output in found}.values())[:CALLS]


def _again(output: Output, number: int) -> Output:
    """Return the same failure of a later call: AWS gave it other request ids."""
    new = {old: str(uuid.uuid5(uuid.NAMESPACE_OID, f"{old}{number}")) for old in output.request_ids}
    records = []
    for record in output.records:
        for old, fresh in new.items():
            record = record.replace(old, fresh)  # noqa: PLW2901 - one id after the other
        records.append(record)
    return replace(output, records=tuple(records), request_ids=frozenset(new.values()))


def _stream(name: str, kind: str, found: list[Output], gap: int, carrier: str) -> Stream:
    events: list[LogEvent] = []
    for number, output in enumerate(found):
        messages = CARRIERS[carrier](output.records)
        start = START + number * gap if gap == GAP else START + number
        events += events_of(messages, key=f"{name}/{kind}/{number}", start=start)
    passed = delivered(events, check_group(product.filter_patterns()))
    truths = tuple(truth for output in found if (truth := truth_of(output)))
    return Stream(f"{name}/{kind}", kind, truths, passed)


def judge(stream: Stream) -> tuple[int, int, int]:
    """Return the number of failing calls, of calls that have a signal, and of signals.

    Each signal answers for one call: the first that has no signal yet and whose cause it names.
    """
    said = stream.signals()
    open_truths = list(stream.truths)
    for one in said:
        match = next((truth for truth in open_truths if one.cause in truth.causes), None)
        if match:
            open_truths.remove(match)
    return len(stream.truths), len(stream.truths) - len(open_truths), len(said)
