"""The signals of a batch, sorted: failures by subject, each counted once, and changes. What is neither is counted here."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from keywatch.model.incident import FailureBatch
from keywatch.model.signals import KeyChange, KeyFailure, Signal, Subject
from keywatch.services import Services


@dataclass(frozen=True, slots=True)
class SortedSignals:
    """Failures by subject, and changes, each change with the id of the message that it came in."""

    batches: list[FailureBatch]
    changes: list[tuple[str, KeyChange]]


def sort(signals: Iterable[tuple[str, Signal]], services: Services) -> SortedSignals:
    """Return what there is to handle in ``(message id, signal)`` pairs."""
    failures: list[tuple[str, KeyFailure]] = []
    changes: dict[tuple[object, ...], tuple[str, KeyChange]] = {}
    for message, signal in signals:
        if isinstance(signal, KeyFailure):
            failures.append((message, signal))
        elif isinstance(signal, KeyChange):
            changes[signal.event_id, signal.what, signal.time, signal.subjects] = (message, signal)
        else:
            services.counts.add(f"Ignored.{signal.reason}")
    batches = _by_subject(failures, services)
    services.counts.add("Failures", sum(batch.count for batch in batches))
    return SortedSignals(batches, list(changes.values()))


def _by_subject(
    failures: Iterable[tuple[str, KeyFailure]], services: Services
) -> list[FailureBatch]:
    """Return the failures that are not ignored, one batch for each subject. No failure is later than now."""
    batches: dict[Subject, FailureBatch] = {}
    seen: set[tuple[str, str]] = set()
    now = services.now()
    for message, failure in failures:
        if services.ignorer.ignores(failure):
            services.counts.add("FailuresIgnored")
        elif failure.event_id and (failure.subject.replayed, failure.event_id) in seen:
            services.counts.add("Duplicates")
        else:
            seen.add((failure.subject.replayed, failure.event_id))
            timely = failure if failure.time <= now else replace(failure, time=now)
            if failure.subject not in batches:
                batches[failure.subject] = FailureBatch(timely)
            if not batches[failure.subject].add(timely, message):
                services.counts.add("Duplicates")
    return list(batches.values())
