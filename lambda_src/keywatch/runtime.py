"""One warm container: its settings, its services, what it remembers, and how each kind of input runs through them."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import sleep
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from keywatch.aws import Clients
from keywatch.catalogue.counters import with_losses
from keywatch.incidents import clock
from keywatch.incidents.memory import Memory
from keywatch.incidents.pipeline import Pipeline
from keywatch.invocation import remaining_seconds
from keywatch.model.signals import CanarySeen, Signal
from keywatch.services import Services, build
from keywatch.settings import Settings
from keywatch.sources.arrivals import read_arrival
from keywatch.sources.source import Reception

if TYPE_CHECKING:
    from keywatch.housekeeping.spokes import Noted

Event = Mapping[str, Any]
# The function's own time-out is longer, for checks that wait; a batch must be done before its lease ends.
BATCH_SECONDS = 55.0


class LogDeliveryFailed(RuntimeError):
    """Failures in a log delivery could not be handled; CloudWatch Logs delivers it again."""


@dataclass
class Runtime:
    """Everything one container needs for all invocations that it will serve."""

    services: Services
    metrics: Metrics
    memory: Memory = field(default_factory=Memory)
    _noted: "Noted | None" = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Runtime":
        """Build the runtime of a deployment; raises ``KeyError`` where the stack did not set a variable."""
        settings = Settings.from_environment(environment)
        logger, clients = Logger(service="keywatch"), Clients()
        return cls(
            build(settings, clients, logger, sleep=sleep, sign=clients.signed),
            Metrics(namespace="KeyWatch", service="keywatch"),
        )

    def batch(self, event: Event, context: object) -> dict[str, Any]:
        """Handle SQS messages; return those that must be delivered again (``ReportBatchItemFailures``)."""
        unreadable: set[str] = set()
        failed = self._process(self._read_batch(event.get("Records"), unreadable), context)
        return {
            "batchItemFailures": [
                {"itemIdentifier": message} for message in sorted(failed | unreadable)
            ]
        }

    def event(self, event: Event, context: object) -> None:
        """Handle one EventBridge event that came without the queue; raises where it must be delivered again."""
        signals = read_arrival(event, self._reception())
        self._must_succeed([("event", signal) for signal in signals], context)

    def logs(self, event: Event, context: object) -> None:
        """Handle a CloudWatch Logs delivery; raises where it must be delivered again."""
        from keywatch.sources.app_logs import DELIVERIES

        signals = DELIVERIES.read(event, self._reception())
        self._must_succeed([("log delivery", signal) for signal in signals], context)

    def clock(self, _event: Event, context: object) -> dict[str, int]:
        """Let a minute pass; return how many incidents were due. What KeyWatch does for itself comes after them."""
        from keywatch.housekeeping import minute

        remaining = remaining_seconds(context, BATCH_SECONDS)
        with self.counted():
            handled = clock.tick(self.services, remaining)
            age = minute.minute(self.services, remaining)
            self.metrics.add_metric("CanaryAge", MetricUnit.Seconds, age)
        return {"handled": handled}

    def canary(self, _event: Event, _context: object) -> dict[str, Any]:
        """Send the canary now, whether or not an hour has passed."""
        from keywatch.housekeeping import canary

        with self.counted():
            return canary.send(self.services)

    def _reception(self) -> Reception:
        settings = self.services.settings
        return Reception(
            self.services.now(),
            settings.region,
            settings.own_roles,
            settings.own_log_group,
            settings.hub.look_up_role if settings.hub else "",
        )

    def _must_succeed(self, signals: list[tuple[str, Signal]], context: object) -> None:
        if failed := self._process(signals, context):
            raise LogDeliveryFailed(f"could not handle: {', '.join(failed)}")

    def _process(self, signals: list[tuple[str, Signal]], context: object) -> set[str]:
        with self.counted():
            self._note_canaries([signal for _, signal in signals if isinstance(signal, CanarySeen)])
            self._note_spokes([signal for _, signal in signals])
            return Pipeline(self.services, self.memory).process(
                signals, remaining_seconds(context, BATCH_SECONDS)
            )

    def _note_canaries(self, canaries: list[CanarySeen]) -> None:
        if canaries:
            from keywatch.housekeeping import spokes

            spokes.note_canaries(self.services, canaries)

    def _note_spokes(self, signals: list[Signal]) -> None:
        if self.services.settings.hub:
            from keywatch.housekeeping import spokes

            if self._noted is None:
                self._noted = spokes.Noted()
            spokes.note_seen(self.services, self._noted, signals)

    def _read_batch(self, records: object, unreadable: set[str]) -> list[tuple[str, Signal]]:
        """Read all messages; the ids of those whose body is no JSON go to ``unreadable``, their neighbours go on."""
        reception, count = self._reception(), self.services.counts.add
        signals: list[tuple[str, Signal]] = []
        for record in records if isinstance(records, list) else []:
            message = record.get("messageId") if isinstance(record, dict) else None
            if not isinstance(message, str):
                count("Ignored.unknown_shape")
                continue
            try:
                body = json.loads(record["body"])
                signals += [(message, signal) for signal in read_arrival(body, reception)]
            except (ValueError, TypeError, KeyError, RecursionError):
                count("Unreadable")
                unreadable.add(message)
        return signals

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Write all counts as metrics (one EMF line), whatever happens."""
        try:
            yield
        finally:
            counts = with_losses(self.services.counts.drain())
            for name, value in counts.items():
                self.metrics.add_metric(name, MetricUnit.Count, value)
            if self.metrics.metric_set:
                self.metrics.flush_metrics()
