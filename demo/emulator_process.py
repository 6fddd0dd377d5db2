"""The process of the emulator: ministack, brought closer to AWS where a deployment of KeyWatch would notice.

Run by path, so that nothing of this directory is importable for the functions that the emulator
runs.
"""

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack import app  # type: ignore[import-untyped]
from ministack.services import cloudwatch_logs, sns, sqs  # type: ignore[import-untyped]

MAIL = Path("mail.jsonl")  # in the directory of the emulator

_ten_at_most = sqs._receive_messages_for_esm  # noqa: SLF001 - the emulator has no other way to be told
_all_terms = cloudwatch_logs._subscription_pattern_matches  # noqa: SLF001 - as above
_body_for = sns._resolve_message_for_protocol  # noqa: SLF001 - as above
_EXPRESSION = re.compile(r"%([^%]+)%")


def _as_many_as_asked(queue_url: str, max_number: int) -> list[dict[str, Any]]:
    """Fill a batch as its event source mapping asks; the emulator stops at ten.

    AWS: up to 10,000 messages of a standard queue (Lambda Developer Guide, "Using Lambda with
    Amazon SQS").
    """
    batch: list[dict[str, Any]] = []
    while len(batch) < max_number and (some := _ten_at_most(queue_url, max_number - len(batch))):
        batch += some
    return batch


def _any_expression(pattern: str, message: str) -> bool:
    """Match a message with the regular expressions of a filter pattern, of which any suffices; the emulator knows none.

    AWS: CloudWatch Logs User Guide, "Filter pattern syntax" (an expression stands between percent signs).
    """
    expressions = _EXPRESSION.findall(pattern)
    return (
        any(re.search(expression, message) for expression in expressions)
        if expressions
        else bool(_all_terms(pattern, message))
    )


def _keep_mail(message: str, structure: str, protocol: str) -> str:
    """Keep what an e-mail subscriber gets, one line of JSON each, in ``mail.jsonl``; the emulator sends no mail."""
    body = str(_body_for(message, structure, protocol))
    if protocol == "email":
        with MAIL.open("a", encoding="utf-8") as mail:
            mail.write(json.dumps(body) + "\n")
    return body


def _enforce_permissions(*, enforce: bool) -> Callable[..., None]:
    """Return a signal handler that makes the emulator judge every call by IAM policies, or none."""
    return lambda *_: setattr(app, "AUTH", enforce)


if __name__ == "__main__":
    # The emulator reads this when it starts, and with it would refuse the CDK's own deployment.
    signal.signal(signal.SIGUSR1, _enforce_permissions(enforce=True))
    signal.signal(signal.SIGUSR2, _enforce_permissions(enforce=False))
    sqs._receive_messages_for_esm = _as_many_as_asked  # noqa: SLF001 - see above
    cloudwatch_logs._subscription_pattern_matches = _any_expression  # noqa: SLF001 - see above
    sns._resolve_message_for_protocol = _keep_mail  # noqa: SLF001 - see above
    app.main()
