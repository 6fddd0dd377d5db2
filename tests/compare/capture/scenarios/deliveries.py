"""Inputs beside the queue: CloudWatch Logs, events without the queue, KMS's own events; and everything that was collected."""

from ..events import delivery, disabled
from ..house import LOG_GROUP
from ..inputs import INPUTS
from ..scene import Scene, scenario

_AT_ONCE = 40


@scenario
def log_deliveries(scene: Scene) -> None:
    lines = INPUTS.logs
    for start in range(0, len(lines), _AT_ONCE):
        scene.invoke(delivery(lines[start : start + _AT_ONCE]), f"lines from {start}")
    scene.invoke(delivery(lines[:3], kind="CONTROL_MESSAGE"), "a control message")
    scene.invoke(delivery(lines[:3], group=LOG_GROUP), "its own log group")
    scene.invoke(delivery([]), "nothing")
    scene.minutes(1, 15)


@scenario
def everything_collected_by_the_queue(scene: Scene) -> None:
    events = INPUTS.events
    for start in range(0, len(events), 4 * _AT_ONCE):
        scene.batch(*events[start : start + 4 * _AT_ONCE], label=f"events from {start}")
    scene.minutes(2, 15)


@scenario
def everything_recorded_without_the_queue(scene: Scene) -> None:
    for number, event in enumerate(INPUTS.payloads):
        inside = (
            event
            if isinstance(event, dict) and "detail-type" in event
            else {"detail-type": "AWS API Call via CloudTrail", "detail": event}
        )
        scene.invoke(inside, f"payload {number}")
    scene.invoke(disabled(), "a failure")
