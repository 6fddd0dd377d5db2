"""Log files for tests: records as CloudTrail writes them, in the layouts in which people have them."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

from cli.scan.log_file import Found, Reading, read_file
from tests.unit.sources.records import ACCOUNT, KEY, KEY_ID, REGION, failed, identities

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
DISABLED = ("DisabledException", f"{KEY} is disabled.")
NAME = "111122223333_CloudTrail_us-west-2_20260301T1200Z_x.json.gz"


def at(minutes: float) -> str:
    """So many minutes after the start, as CloudTrail writes times."""
    return (START + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def call(
    minutes: float = 0, error: tuple[str, str | None] = DISABLED, **parts: Any
) -> dict[str, Any]:
    """A call that failed so many minutes after the start."""
    number = f"{minutes:09.3f}"
    given = {
        "eventTime": at(minutes),
        "eventID": f"event-{number}",
        "requestID": f"request-{number}",
        "requestParameters": {"keyId": KEY},
    }
    return failed(*error, **given | parts)


def change(minutes: float, what: str, **parts: Any) -> dict[str, Any]:
    """A change of the key, by bob."""
    return {
        "eventVersion": "1.11",
        "userIdentity": identities()["iam_user"],
        "eventTime": at(minutes),
        "eventSource": "kms.amazonaws.com",
        "eventName": what,
        "awsRegion": REGION,
        "requestParameters": {"keyId": KEY_ID},
        "responseElements": {"keyId": KEY},
        "resources": [{"ARN": KEY, "accountId": ACCOUNT, "type": "AWS::KMS::Key"}],
        "eventID": f"change-{minutes}-{what}",
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
    } | parts


def success(minutes: float = 0, **parts: Any) -> dict[str, Any]:
    """A call that worked."""
    return {
        name: value
        for name, value in call(minutes, **parts).items()
        if name not in {"errorCode", "errorMessage"}
    }


def log_file(*records: Any) -> bytes:
    """A log file as CloudTrail writes it, unpacked."""
    return json.dumps({"Records": records}, separators=(",", ":")).encode()


def packed(*records: Any) -> bytes:
    return gzip.compress(log_file(*records), mtime=0)


def read(content: bytes) -> tuple[list[Found], Reading]:
    """What a file with this content tells, and what became of it."""
    reading = Reading("file")
    return list(read_file(BytesIO(content), reading)), reading
