"""All that this instrument knows of the product: how to start it, its settings, its clock, and how its messages read.

Nothing else here names a module, function or text of KeyWatch; when the product changes, this file follows.
"""

import concurrent.futures
import contextlib
import datetime as dt
import importlib
import importlib.util
import itertools
import json
import os
import pkgutil
import re
import sys
import time as time_module
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import FunctionType, ModuleType
from typing import Any
from unittest import mock

import boto3
import boto3.session
import botocore.client
import botocore.session

from tests.worlds.clock import Clock
from tests.worlds.wire import Wire

TABLE = "incidents"
SUBSCRIBER = "/aws/lambda/alert-subscriber"  # a log group in which somebody writes down the alerts
CANARY_ALIAS = "alias/keywatch-canary-that-never-exists"
DOCTORS_KEY = "00000000-0000-0000-0000-000000000000"
# Metrics that count something that broke inside KeyWatch; a world in calm weather should have none.
BROKEN = ("Failed", "Lost", "Unreadable", "OutOfTime", "Unreachable")
_NUMBERS = itertools.count()


def environment(
    *, account: str, region: str, search_regions: tuple[str, ...] = ()
) -> dict[str, str]:
    """Return the environment variables of a deployed function."""
    return {
        "INCIDENT_TABLE": TABLE,
        "ALERT_TOPIC_ARN": topic(account, region),
        "OWN_ROLE_ARN": own_role(account, region),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_LAMBDA_LOG_GROUP_NAME": own_log_group(region),
        "AWS_LAMBDA_FUNCTION_NAME": f"KeyWatch-function-{region}",
        "SEARCH_REGIONS": json.dumps(list(search_regions)),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "POWERTOOLS_SERVICE_NAME": "keywatch",
        "POWERTOOLS_TRACE_DISABLED": "true",
    }


def topic(account: str, region: str) -> str:
    """Return the ARN of the alert topic."""
    return f"arn:aws:sns:{region}:{account}:KeyWatch-alerts"


def own_role(account: str, region: str) -> str:
    """Return the ARN of the function's role."""
    return f"arn:aws:iam::{account}:role/KeyWatch-function-{region}"


def own_log_group(region: str) -> str:
    """Return the function's log group."""
    return f"/aws/lambda/KeyWatch-function-{region}"


class Container:
    """One warm instance of the function: its module is loaded anew, so that it remembers nothing of any other."""

    def __init__(self) -> None:
        name = f"worlds_handler_{next(_NUMBERS)}"
        spec = importlib.util.spec_from_file_location(name, _handler_file())
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self._handler: Callable[[object, object], Any] = module.handler

    def invoke(self, event: Mapping[str, Any], context: object) -> Any:
        """Invoke the function; raises what it raises."""
        with contextlib.redirect_stdout(_OUTPUT):
            return self._handler(event, context)


class Context:
    """Lambda's context object: 2 minutes for each invocation, by the world's clock."""

    function_name = "KeyWatch-function"
    memory_limit_in_mb = 512
    aws_request_id = "00000000-0000-4000-8000-00000000c0de"
    invoked_function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:KeyWatch-function"

    def __init__(self, clock: Clock, seconds: float = 120.0) -> None:
        self._clock, self._end = clock, clock.seconds + seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * (self._end - self._clock.seconds))


class _Output:
    """Takes what the function prints: counts its metrics (EMF), keeps the errors that it logs."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.logged: list[str] = []

    def write(self, text: str) -> int:
        if '"_aws"' in text:
            line = json.loads(text)
            for directive in line["_aws"]["CloudWatchMetrics"]:
                for metric in directive["Metrics"]:
                    value = line.get(metric["Name"], 0)
                    self.counts[metric["Name"]] += sum(value) if isinstance(value, list) else value
        elif '"level":"ERROR"' in text or "Traceback" in text:
            self.logged.append(text.strip())
        return len(text)

    def flush(self) -> None:
        return

    def drain(self) -> tuple[Counter[str], list[str]]:
        counts, errors, self.counts, self.logged = self.counts, self.logged, Counter(), []
        return counts, errors


_OUTPUT = _Output()


def printed() -> tuple[Counter[str], list[str]]:
    """Return the metrics and errors printed since the last time."""
    return _OUTPUT.drain()


@contextlib.contextmanager
def installed(clock: Clock, wire: Wire, settings: Mapping[str, str]) -> Iterator[None]:
    """Let the function run in a world: its clock, its AWS, its environment; all is put back afterwards."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    places = _places()
    with (
        mock.patch.dict(os.environ, kept | dict(settings), clear=True),
        mock.patch.object(botocore.client.BaseClient, "_make_api_call", _through(wire)),
        mock.patch.object(botocore.session.Session, "create_client", _create_client),
        mock.patch.object(boto3.session, "Session", _session),
        mock.patch.object(boto3, "Session", _session),
        mock.patch.object(concurrent.futures, "ThreadPoolExecutor", _OneAtATime),
    ):
        stand_ins = _virtual(clock)
        for place in places:
            place.fill(stand_ins)
        try:
            yield
        finally:
            for place in places:
                place.restore()


class _OneAtATime(concurrent.futures.Executor):
    """Runs what a pool of threads would run, in order: a seed must tell the same story every time."""

    def __init__(self, *_: Any, **__: Any) -> None:
        return

    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> "concurrent.futures.Future[Any]":
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - handed over to whoever asks for the result
            future.set_exception(error)
        return future


_REAL_CREATE = botocore.session.Session.create_client
_CLIENTS: dict[tuple[str, ...], Any] = {}


def _create_client(session: Any, service_name: str, *args: Any, **kwargs: Any) -> Any:
    """Make each client once for all worlds: it costs more than a world's minute, and what it talks to is every world's own."""
    config = kwargs.get("config")
    region = kwargs.get("region_name") or (args[0] if args else None) or os.environ["AWS_REGION"]
    patience = (config.connect_timeout, config.read_timeout, config.retries) if config else ()
    who = kwargs.get("aws_access_key_id") or getattr(session.get_credentials(), "access_key", "")
    key = (service_name, str(region), str(who), repr(patience))
    if key not in _CLIENTS:
        _CLIENTS[key] = _REAL_CREATE(session, service_name, *args, **kwargs)
    return _CLIENTS[key]


_REAL_SESSION = boto3.session.Session
_SESSIONS: dict[str, Any] = {}


def _session(*args: Any, **kwargs: Any) -> Any:
    """Make each session once for all worlds, as with clients."""
    key = repr((args, sorted(kwargs.items(), key=str)))
    if key not in _SESSIONS:
        _SESSIONS[key] = _REAL_SESSION(*args, **kwargs)
    return _SESSIONS[key]


@cache
def _handler_file() -> str:
    import handler

    return str(handler.__file__)


_VIRTUAL: dict[int, str] = {
    id(dt.datetime): "datetime",
    id(dt): "datetime_module",
    id(time_module): "time_module",
    id(time_module.time): "time",
    id(time_module.monotonic): "monotonic",
    id(time_module.perf_counter): "monotonic",
    id(time_module.sleep): "sleep",
    id(concurrent.futures.ThreadPoolExecutor): "pool",
}


@cache
def _places() -> "list[_Name | _Defaults]":
    """Return every name and default in the product's modules that is bound to a clock, to sleep or to a pool of threads."""
    package = importlib.import_module("keywatch")
    for found in pkgutil.walk_packages(package.__path__, "keywatch."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    # The product's clock: ``datetime.now``, bound to UTC once.
    _VIRTUAL[id(importlib.import_module("keywatch.services").utc_now)] = "utc_now"
    modules = [
        module
        for name, module in sorted(sys.modules.items())
        if name == "keywatch" or name.startswith("keywatch.")
    ]
    names = [
        _Name(m, name, value)
        for m in modules
        for name, value in list(vars(m).items())
        if id(value) in _VIRTUAL
    ]
    functions = {function for module in modules for function in _functions(module)}
    return [
        *names,
        *(_Defaults(f, f.__defaults__, f.__kwdefaults__) for f in functions if _takes_time(f)),
    ]


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """Yield the functions of a module and the methods of its classes."""
    for value in list(vars(module).values()):
        if isinstance(value, FunctionType):
            yield value
        elif isinstance(value, type) and value.__module__ == module.__name__:
            yield from (
                method for method in vars(value).values() if isinstance(method, FunctionType)
            )


def _takes_time(function: FunctionType) -> bool:
    given = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    return any(id(value) in _VIRTUAL for value in given)


@dataclass(frozen=True)
class _Name:
    """A name in a module that is bound to something virtual while a world runs."""

    module: ModuleType
    name: str
    original: object

    def fill(self, stand_ins: Mapping[int, object]) -> None:
        setattr(self.module, self.name, stand_ins[id(self.original)])

    def restore(self) -> None:
        setattr(self.module, self.name, self.original)


@dataclass(frozen=True)
class _Defaults:
    """Default arguments of a function, some of which are virtual while a world runs."""

    function: FunctionType
    positional: tuple[Any, ...] | None
    keywords: dict[str, Any] | None

    def fill(self, stand_ins: Mapping[int, object]) -> None:
        self.function.__defaults__ = (
            tuple(stand_ins.get(id(v), v) for v in self.positional) if self.positional else None
        )
        changed = {name: stand_ins.get(id(v), v) for name, v in (self.keywords or {}).items()}
        self.function.__kwdefaults__ = changed or None

    def restore(self) -> None:
        self.function.__defaults__, self.function.__kwdefaults__ = self.positional, self.keywords


def _virtual(clock: Clock) -> dict[int, object]:
    """Return the stand-ins of everything that tells or takes time, by the id of the original."""
    now = _datetime_of(clock)
    time = {
        "time": lambda: clock.seconds,
        "monotonic": lambda: clock.seconds,
        "sleep": clock.advance,
    }
    made: dict[str, object] = {
        **time,
        "utc_now": lambda: clock.now,
        "datetime": now,
        "datetime_module": _Proxy(dt, {"datetime": now}),
        "time_module": _Proxy(time_module, time | {"perf_counter": time["monotonic"]}),
        "pool": _OneAtATime,
    }
    return {original: made[name] for original, name in _VIRTUAL.items()}


class _Proxy(ModuleType):
    """A module of which some names are replaced."""

    def __init__(self, module: ModuleType, replaced: Mapping[str, object]) -> None:
        super().__init__(module.__name__)
        self.__dict__.update(
            {name: value for name, value in vars(module).items() if not name.startswith("__")}
            | replaced
        )


class _AnyDatetime(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, dt.datetime)


def _datetime_of(clock: Clock) -> type:
    """Return a ``datetime`` whose ``now`` is the world's; what it makes are ordinary datetimes."""
    real = dt.datetime

    class Datetime(real, metaclass=_AnyDatetime):
        def __new__(cls, *args: Any, **kwargs: Any) -> dt.datetime:  # type: ignore[misc]
            return real(*args, **kwargs)

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
            return clock.now.astimezone(tz) if tz else clock.now.replace(tzinfo=None)

        @classmethod
        def utcnow(cls) -> dt.datetime:  # type: ignore[override]
            return clock.now.replace(tzinfo=None)

    return Datetime


# How messages read. Patterns, where the document (design, keywatch.alert/1) has no member for it.
UNPROVEN = re.compile(
    r"not proven|cannot be proven|could not be proven|nothing but a call|still does not exist|gone for good",
    re.IGNORECASE,
)
OVER = re.compile(
    r"\b(is over|was over|over already|already over|works again|usable again|was mended|had ended)\b",
    re.IGNORECASE,
)
NO_CHANGE = re.compile(
    r"\bno (?:known )?change\b|nobody changed|was not changed|\bnever existed\b", re.IGNORECASE
)
QUOTES_AWS = re.compile(r"^(?:error text|error code|application log|log)", re.IGNORECASE)


def says_unproven(document: Mapping[str, Any]) -> bool:
    """Tell whether a message admits that an end was not proven."""
    notes = [str(note) for note in document.get("notes", ())]
    return bool(UNPROVEN.search(" ".join((*notes, str(document.get("summary"))))))


def hears_itself(document: Mapping[str, Any]) -> str:
    """Return in which way a message is about KeyWatch's own calls and messages; empty where it is not."""
    if CANARY_ALIAS in str(document["subject"]):
        return "KeyWatch hears its canary"
    if DOCTORS_KEY in str(document["subject"]):
        return "KeyWatch hears its doctor"
    if SUBSCRIBER in str(document["impact"]["callers"]):
        return "KeyWatch hears its own message"
    return (
        "KeyWatch hears its own look-up" if "KeyWatch-function" in str(document["impact"]) else ""
    )


def document_of(request: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the alert document in a publish request; ``None`` for what is no ``keywatch.alert/1``."""
    try:
        bodies = json.loads(request.get("Message", ""))
        document = json.loads(bodies["sqs"])
    except (ValueError, KeyError, TypeError):
        return None
    return (
        document
        if isinstance(document, dict) and document.get("schema") == "keywatch.alert/1"
        else None
    )


def accusing_lines(document: Mapping[str, Any]) -> list[str]:
    """Return the sentences in which a message says why it failed, without AWS's own words, which name callers."""
    reasons = [str(line) for line in document.get("because", ())]
    return [line for line in reasons if not QUOTES_AWS.match(line)]


def _through(wire: Wire) -> Callable[..., Any]:
    def make_api_call(client: Any, operation_name: str, api_params: dict[str, Any]) -> Any:
        return wire.call(client, operation_name, api_params)

    return make_api_call
