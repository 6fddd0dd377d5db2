"""One module per kind of input. Each turns untrusted bytes into typed signals, knows AWS's formats and nothing else."""

from collections.abc import Mapping
from datetime import UTC, datetime

from keywatch.model.signals import Signal, Unrelated
from keywatch.sources import cloudtrail, native

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLOUDTRAIL_TYPES = frozenset({"AWS API Call via CloudTrail", "AWS Service Event via CloudTrail"})


def read_event(
    event: object, *, received: datetime = EPOCH, own_role: str | None = None
) -> tuple[Signal, ...]:
    """Read an EventBridge event, a CloudTrail record or a CloudTrail log file (``{"Records": […]}``); never raises.

    ``received`` (UTC) stands in for a time that the event lacks; calls of roles whose ARN begins
    with ``own_role`` are KeyWatch's own.
    """
    if not isinstance(event, Mapping):
        return (Unrelated("unknown_shape"),)
    detail_type = event.get("detail-type")
    if isinstance(detail_type, str) and detail_type in _CLOUDTRAIL_TYPES:
        return (cloudtrail.read_record(event.get("detail"), received=received, own_role=own_role),)
    if detail_type is not None:
        return (native.read_native(event, received=received),)
    records = event.get("Records")
    if isinstance(records, list):
        return tuple(
            cloudtrail.read_record(record, received=received, own_role=own_role)
            for record in records
        )
    return (cloudtrail.read_record(event, received=received, own_role=own_role),)
