"""The tree that is looked at: its handler, and the few inner things that must be reached from outside."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO, StringIO
from runpy import run_module
from types import ModuleType
from typing import Any

from .aws import ACCOUNT, AWS, ELSEWHERE, REGION, TABLE

ROLE = f"arn:aws:iam::{ACCOUNT}:role/KeyWatch-function-{REGION}"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"
CHAT, FALLBACK, HEALTH = (
    f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}" for name in ("chat", "fallback", "health")
)
LOG_GROUP = "/keywatch/function"
FUNCTION = "KeyWatch"
ENVIRONMENT = {
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_LAMBDA_FUNCTION_NAME": FUNCTION,
    "AWS_LAMBDA_LOG_GROUP_NAME": LOG_GROUP,
    "INCIDENT_TABLE": TABLE,
    "ALERT_TOPIC_ARN": TOPIC,
    "OWN_ROLE_ARN": ROLE,
    "REPEAT_INTERVAL_MINUTES": "240",
    "SEARCH_REGIONS": f'["{ELSEWHERE}"]',
    "IGNORE_RULES": "[]",
    "POWERTOOLS_SERVICE_NAME": "keywatch",
    "POWERTOOLS_METRICS_NAMESPACE": "KeyWatch",
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "COLUMNS": "400",
}
# Where a warm container's runtime may be kept, in any version.
_KEEPERS = ("handler", "keywatch.runtime", "keywatch")


class Context:
    """What Lambda passes beside the event."""

    function_name = FUNCTION
    memory_limit_in_mb = 512
    aws_request_id = "11111111-2222-3333-4444-555555555555"
    invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION}"

    def get_remaining_time_in_millis(self) -> int:
        return 330_000


PAGE_REQUESTS = frozenset({"widgetContext", "describe"})


def invoke(event: object) -> Any:
    is_page = isinstance(event, dict) and not event.keys().isdisjoint(PAGE_REQUESTS)
    # The page has had a function of its own since it need not be trusted with more.
    entry = "page_handler" if is_page and find_spec("page_handler") else "handler"
    return import_module(entry).handler(event, Context())


def command(arguments: Sequence[str], stdin: str) -> int:
    """Run ``python -m cli`` here, and the function when it is called; return the exit code."""

    def called(_region: str, params: Mapping[str, Any]) -> dict[str, Any]:
        answer = json.dumps(invoke(json.loads(params["Payload"]))).encode()
        return {"StatusCode": 200, "Payload": BytesIO(answer)}

    outputs = [{"OutputKey": "FunctionName", "OutputValue": FUNCTION}]
    AWS.scripts["cloudformation", "DescribeStacks"] = {"Stacks": [{"Outputs": outputs}]}
    AWS.scripts["lambda", "Invoke"] = called
    given = sys.argv, sys.stdin
    sys.argv, sys.stdin = ["keywatch", *arguments], StringIO(stdin)
    try:
        run_module("cli", run_name="__main__")
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        sys.argv, sys.stdin = given
    return 0


def cold_start(settings: Mapping[str, str]) -> None:
    """Forget what a warm container remembers, and set what the stack would."""
    for name in set(os.environ) - set(ENVIRONMENT):
        if name in {"CHAT_TOPIC_ARN", "FALLBACK_TOPIC_ARN", "PARTS"}:
            del os.environ[name]
    os.environ.update({**ENVIRONMENT, **settings})
    import_module("handler")
    kept = list(_caches())
    if not kept:
        raise RuntimeError(
            "nothing keeps the runtime: tell tests/compare/capture/house.py where it is now"
        )
    for cache in kept:
        cache.cache_clear()


def _caches() -> Iterator[Any]:
    for name in _KEEPERS:
        module: ModuleType | None = sys.modules.get(name)
        yield from (
            (value for value in vars(module or object()).values() if hasattr(value, "cache_clear"))
            if module
            else ()
        )
