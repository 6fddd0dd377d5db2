"""What a kind of input is: how it is told from others, and how it becomes signals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from keywatch.model.identifiers import partition_of
from keywatch.model.signals import Signal

Event = Mapping[str, object]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reception:
    """Where and when an input came in; what it lacks itself is taken from here.

    ``received`` (UTC) stands in for a time; ``region`` is where KeyWatch runs. Calls of
    ``own_roles`` (exact ARNs), and lines of ``own_log_group``, are KeyWatch's own; for a hub, which
    hears of many accounts, those of the role called ``look_up_role`` in each of them, too. ``clock``
    (seconds, of any origin) bounds how long one input is read.
    """

    received: datetime = EPOCH
    region: str = ""
    own_roles: frozenset[str] = frozenset()
    own_log_group: str | None = None
    look_up_role: str = ""
    clock: Callable[[], float] = monotonic

    @property
    def look_ups_by(self) -> str:
        """Return the ARN of the look-up role without an account; empty where there is none."""
        role = self.look_up_role
        return f"arn:{partition_of(self.region)}:iam:::role/{role}" if role else ""


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of input. ``accepts`` looks at the outer members only; ``read`` takes untrusted content and never raises."""

    name: str
    accepts: Callable[[Event], bool]
    read: Callable[[Event, Reception], tuple[Signal, ...]]
