"""Whether an event pattern matches an event, answered by the TestEventPattern of the embedded emulator, in this process.

Its matcher validates patterns as AWS does; ``test_event_bridge.py`` holds it to the cases that AWS
documents.
"""

import json

from ministack.services import eventbridge


class PatternRefusedError(Exception):
    """EventBridge would not create a rule with this pattern."""


def matches(pattern: dict, event: dict) -> bool:
    """Tell whether ``pattern`` matches ``event``."""
    envelope = {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "account": "111122223333",
        "time": "2026-11-20T03:00:00Z",
        "region": "eu-west-1",
        "resources": [],
    }
    request = {"EventPattern": json.dumps(pattern), "Event": json.dumps({**envelope, **event})}
    status, _, body = eventbridge._test_event_pattern(request)
    answer = json.loads(body)
    if status != 200:
        raise PatternRefusedError(answer)
    return answer["Result"]
