"""What people ask KeyWatch, and how it watches itself: a check that waits, the canary's way around, the doctor."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from demo.callers import role
from demo.cloudtrail_events import Call, Record, event, record
from demo.emulator import ACCOUNT, REGION
from demo.run import Run

WAITED_FOR = "alias/created-while-you-wait"
HEAD_START = 2.0  # seconds in which the check sees that the alias is missing
CANARY = "alias/keywatch-canary-that-never-exists"
CANARY_TIMEOUT = 90.0


def check_that_waits(run: Run) -> dict[str, Any]:
    """Ask for an alias that does not exist, create it while the function waits, and return the function's answer."""
    kms = run.emulator.client("kms")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(run.ask, {"action": "check", "key_id": WAITED_FOR, "wait_seconds": 30})
        time.sleep(HEAD_START)
        kms.create_alias(AliasName=WAITED_FOR, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
        answer: dict[str, Any] = asked.result()
    return answer


def canary_record() -> Record:
    """Return what CloudTrail records of the canary's call: it fails, and it must."""
    said = f"Alias arn:aws:kms:{REGION}:{ACCOUNT}:{CANARY} is not found."
    itself = role(f"KeyWatch-function-{REGION}", "KeyWatch")
    return record(
        Call(
            "DescribeKey", itself, datetime.now(UTC), {"keyId": CANARY}, ("NotFoundException", said)
        )
    )


def canary_round_trip(run: Run) -> dict[str, Any]:
    """Let the canary call, bring its record to the queue as CloudTrail and the rule would, and return the doctor's answer.

    On the bus only an event of AWS itself counts as the canary, and nobody else can put one there.
    """
    run.ask({"canary": "hour"})
    run.deliver(event(canary_record()))
    deadline = time.monotonic() + CANARY_TIMEOUT
    while True:
        found: dict[str, Any] = run.ask({"action": "doctor"})
        if canary_is_back(found) or time.monotonic() > deadline:
            return found
        time.sleep(1)


def canary_is_back(doctor: dict[str, Any]) -> bool:
    """Tell whether the doctor saw the canary come back."""
    return any(line["id"] == "canary" and line["status"] == "pass" for line in doctor["lines"])
