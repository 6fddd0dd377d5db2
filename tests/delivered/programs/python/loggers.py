"""How programs in Python print an exception: each logger takes one that is being handled and returns its records.

A record is what the logger writes in one piece; whether it becomes one log event or one for each line is the container's affair.
"""

# ruff: noqa: LOG004, LOG014, PLE1205 - every logger here is called while an exception is handled, and
# loguru formats with braces
import io
import json
import logging
import sys
import traceback
from collections.abc import Callable

WIDTH = 80  # consoles without a terminal, as rich assumes
REQUEST = "8f14e45f-ceea-4a7d-9d2b-3c5d8e6f7a80"  # of the Lambda invocation


class Records(io.StringIO):
    """A stream that keeps apart what is written in one piece; a piece that is no whole line joins the one before."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        if self.pieces and not self.pieces[-1].endswith("\n"):
            self.pieces[-1] += text
        elif text:
            self.pieces.append(text)
        return len(text)

    @property
    def records(self) -> list[str]:
        return [piece.rstrip("\n") for piece in self.pieces if piece.strip()]


def _root(
    stream: Records,
    pattern: str | None,
    level: int = logging.INFO,
    formatter: logging.Formatter | None = None,
) -> logging.Logger:
    root = logging.getLogger()
    for handler in root.handlers[:]:
        root.removeHandler(handler)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter or logging.Formatter(pattern))
    root.addHandler(handler)
    root.setLevel(level)
    return logging.getLogger("orders")


def print_traceback(stream: Records, _: Exception) -> None:
    traceback.print_exc(file=stream)


def print_message(stream: Records, error: Exception) -> None:
    stream.write(f"could not store order 4711: {error}\n")


def print_repr(stream: Records, error: Exception) -> None:
    stream.write(f"could not store order 4711: {error!r}\n")


def print_response(stream: Records, error: Exception) -> None:
    stream.write(f"KMS answered {getattr(error, 'response', error)}\n")


def print_parts(stream: Records, error: Exception) -> None:
    said = getattr(
        error, "response", {"Error": {"Code": type(error).__name__, "Message": str(error)}}
    )["Error"]
    stream.write(f"KMS said {said['Code']} ({said.get('Message', '')})\n")


def basic_config(stream: Records, _: Exception) -> None:
    _root(stream, logging.BASIC_FORMAT).exception("could not store order %s", 4711)


def basic_message_only(stream: Records, error: Exception) -> None:
    _root(stream, logging.BASIC_FORMAT).error("store failed: %s", error)


def kms_message_only(stream: Records, error: Exception) -> None:
    said = getattr(error, "response", {}).get("Error", {}).get("Message") or str(error)
    _root(stream, logging.BASIC_FORMAT).error("KMS store failed: %s", said)


def timestamps(stream: Records, error: Exception) -> None:
    _root(stream, "%(asctime)s %(levelname)s [%(threadName)s] %(name)s - %(message)s").error(
        "store failed: %s", error
    )


def warning_and_error(stream: Records, error: Exception) -> None:
    log = _root(stream, "%(asctime)s %(levelname)s %(name)s - %(message)s")
    log.warning("KMS refused: %s", error)
    log.error("order 4711 not stored", exc_info=True)


def json_logger(stream: Records, _: Exception) -> None:
    from pythonjsonlogger.json import JsonFormatter

    formatter = JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    _root(stream, None, formatter=formatter).exception("could not store order %s", 4711)


def json_message_only(stream: Records, error: Exception) -> None:
    from pythonjsonlogger.json import JsonFormatter

    formatter = JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    _root(stream, None, formatter=formatter).error(
        "store failed", extra={"error": str(error), "error_type": type(error).__name__}
    )


def logfmt(stream: Records, error: Exception) -> None:
    message = str(error).replace('"', '\\"')
    stream.write(
        f'time=2026-11-24T10:00:00.123Z level=error msg="could not store order" order=4711 err="{message}"\n'
    )


def _structlog(stream: Records, *processors: Callable) -> object:
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            *processors,
        ],
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    return structlog.get_logger()


def structlog_console(stream: Records, _: Exception) -> None:
    import structlog

    _structlog(stream, structlog.dev.ConsoleRenderer()).exception(
        "could not store order", order=4711
    )


def structlog_console_plain(stream: Records, _: Exception) -> None:
    import structlog

    renderer = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    _structlog(stream, renderer).exception("could not store order", order=4711)


def structlog_json(stream: Records, _: Exception) -> None:
    import structlog

    _structlog(
        stream, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()
    ).exception("could not store order")


def structlog_dicts(stream: Records, _: Exception) -> None:
    import structlog

    _structlog(
        stream, structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()
    ).exception("could not store order")


def structlog_message(stream: Records, error: Exception) -> None:
    import structlog

    _structlog(stream, structlog.processors.JSONRenderer()).error(
        "could not store order", error=str(error)
    )


def _loguru(stream: Records, **options: object) -> object:
    from loguru import logger

    logger.remove()
    logger.add(stream, **options)
    return logger


def loguru_default(stream: Records, _: Exception) -> None:
    _loguru(stream).exception("could not store order {}", 4711)


def loguru_colours(stream: Records, error: Exception) -> None:
    log = _loguru(stream, colorize=True)
    log.error("KMS refused: {}", error)
    log.exception("could not store order {}", 4711)


def loguru_serialized(stream: Records, _: Exception) -> None:
    _loguru(stream, serialize=True).exception("could not store order {}", 4711)


def rich_traceback(stream: Records, _: Exception) -> None:
    from rich.console import Console

    Console(file=stream, width=WIDTH).print_exception()


def rich_handler(stream: Records, error: Exception) -> None:
    from rich.console import Console
    from rich.logging import RichHandler

    log = _root(stream, None)
    logging.getLogger().handlers[0] = RichHandler(console=Console(file=stream, width=WIDTH))
    log.error("store failed: %s", error)


def rich_print(stream: Records, error: Exception) -> None:
    from rich.console import Console

    Console(file=stream, width=WIDTH).print(f"could not store order 4711: {error}", markup=False)


def powertools(stream: Records, _: Exception) -> None:
    from aws_lambda_powertools import Logger

    logging.Logger.manager.loggerDict.pop("shop", None)  # Powertools keeps the handler of a name
    Logger(service="shop", logger_handler=logging.StreamHandler(stream)).exception(
        "could not store order"
    )


def lambda_unhandled(stream: Records, error: Exception) -> None:
    """Lambda's Python runtime: ``[ERROR] <type>: <message>`` and the traceback, one event."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    stream.write(
        f"[ERROR] {type(error).__name__}: {error}\nTraceback (most recent call last):\n{frames}".rstrip(
            "\n"
        )
        + "\n"
    )


def lambda_unhandled_json(stream: Records, error: Exception) -> None:
    """Lambda's Python runtime with the log format JSON."""
    record = {
        "timestamp": "2026-11-24T10:00:00Z",
        "log_level": "ERROR",
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": REQUEST,
        "stackTrace": traceback.format_tb(error.__traceback__),
    }
    stream.write(json.dumps(record) + "\n")


def lambda_logging(stream: Records, _: Exception) -> None:
    """What ``logging`` prints in Lambda's Python runtime."""
    pattern = f"[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t{REQUEST}\t%(message)s"
    formatter = logging.Formatter(pattern, "%Y-%m-%dT%H:%M:%S")
    _root(stream, None, formatter=formatter).exception("could not store order %s", 4711)


def lambda_logging_json(stream: Records, error: Exception) -> None:
    """What ``logging`` prints in Lambda's Python runtime with the log format JSON."""
    record = {
        "timestamp": "2026-11-24T10:00:00Z",
        "level": "ERROR",
        "message": "could not store order 4711",
        "logger": "orders",
        "stackTrace": traceback.format_tb(error.__traceback__),
        "errorType": type(error).__name__,
        "errorMessage": str(error),
        "requestId": REQUEST,
        "location": "/var/task/orders.py:store_order:18",
    }
    stream.write(json.dumps(record, indent=4) + "\n")


def gunicorn(stream: Records, _: Exception) -> None:
    log = _root(stream, "[%(asctime)s +0000] [%(process)d] [%(levelname)s] %(message)s")
    log.exception("Error handling request /orders/4711")


def uvicorn(stream: Records, _: Exception) -> None:
    log = _root(stream, "%(levelname)s:     %(message)s")
    log.error('10.0.3.17:51234 - "POST /orders HTTP/1.1" 500 Internal Server Error')
    log.error("Exception in ASGI application\n", exc_info=True)


LOGGERS: dict[str, Callable[[Records, Exception], None]] = {
    f.__name__: f
    for f in (
        print_traceback,
        print_message,
        print_repr,
        print_response,
        print_parts,
        basic_config,
        basic_message_only,
        kms_message_only,
        timestamps,
        warning_and_error,
        json_logger,
        json_message_only,
        logfmt,
        structlog_console,
        structlog_console_plain,
        structlog_json,
        structlog_dicts,
        structlog_message,
        loguru_default,
        loguru_colours,
        loguru_serialized,
        rich_traceback,
        rich_handler,
        rich_print,
        powertools,
        lambda_unhandled,
        lambda_unhandled_json,
        lambda_logging,
        lambda_logging_json,
        gunicorn,
        uvicorn,
    )
}


def records_of(logger: str, error: Exception) -> list[str]:
    """Return the records that ``logger`` writes about ``error``, which must be the exception being handled."""
    stream = Records()
    LOGGERS[logger](stream, error)
    return stream.records


def listening() -> Records:
    """Let what libraries log at level INFO and above go to a stream of its own, as ``logging.basicConfig`` would."""
    stream = Records()
    _root(stream, logging.BASIC_FORMAT)
    return stream


def debug_handler(stream: Records) -> logging.Handler:
    """Attach what ``boto3.set_stream_logger("")`` attaches, for output to ``stream``."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s [%(levelname)s] %(message)s"))
    return handler


def quiet() -> None:
    """Keep loggers that were set up before from writing elsewhere."""
    logging.raiseExceptions = False
    if "loguru" in sys.modules:
        sys.modules["loguru"].logger.remove()
