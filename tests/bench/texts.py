"""What reading costs in CPU: ``explain`` of the texts that people paste, hostile repetition, and a hostile delivery."""

import base64
import gzip
import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from time import process_time

from keywatch.actions.explain.answer import explain
from keywatch.catalogue.codes import CODES
from keywatch.catalogue.texts import CONNECTION_ERRORS, TEXTS
from keywatch.parsing.logs.errors import find_errors
from keywatch.sources.app_logs import DELIVERIES, MAX_BYTES
from keywatch.sources.source import Reception

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
LENGTH = 100_000  # characters of a repeated phrase
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
# What else somebody could repeat to keep the reader busy.
PIECES = (
    "Invalid keyId '",
    "Invalid keyId '' ",
    "Invalid arn eu-west-1 ",
    f"{KEY} is disabled. ",
    f"Key '{KEY}' does not exist\n",
    "Alias arn:aws:kms:eu-west-1:111122223333:alias/x is not found.\n",
    "An error occurred (NotFoundException) when calling the Decrypt operation: ",
    "(Service: Kms, Status Code: 400, Request ID: ",
    "operation error KMS: Decrypt, ",
    '{"__type":"NotFoundException","message":"',
    "arn:aws:kms:",
    "arn:aws:kms:eu-west-1:111122223333:key/\n",
    "KeyId=",
    "kms ",
    "KMS key ",
    "ERROR KMS key alias/x was not found\n",
    "Value '' at 'keyId'\n",
    ":kms:eu-west-1:111122223333:key/\n",
    "\\",
    "\\n",
    "%3A",
    "'",
    "\n",
    " ",
    "a",
    "A",
    "Exception: ",
    "\u2502 ",
    "\x1b[31m",
    "&quot;",
)


def phrases() -> tuple[str, ...]:
    """Return every phrase, code and piece whose repetition is measured."""
    rows = [row.phrase + " " for row in (*TEXTS, *CONNECTION_ERRORS)]
    return (*rows, *(f"{row.code}: " for row in CODES), *PIECES)


def texts() -> list[str]:
    """Return the texts that people paste: the collected ones where they lie beside the repository, and our own."""
    paths = [*sorted(CORPUS.glob("*.jsonl")), ROOT / "tests/delivered/reports.jsonl"]
    rows = (json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines())
    return [row["text"] for row in rows if isinstance(row.get("text"), str)]


def reading(repeats: int) -> dict[str, object]:
    """Return what ``explain`` costs, and the worst that repetition costs, with the phrase."""
    worst, phrase = repeated_over_benign()
    shown = phrase.strip() or repr(phrase)
    return {
        "explain_ms": explain_ms(repeats),
        "repeated_over_benign": worst,
        "repeated_worst": {shown: worst},
    }


def explain_ms(repeats: int) -> float:
    """Return the CPU milliseconds of ``explain`` for one text: the median over all texts."""
    return round(statistics.median(_fastest(text, repeats) for text in texts()) * 1000, 3)


def _fastest(text: str, repeats: int) -> float:
    return min(_cpu_of(text) for _ in range(repeats))


def _cpu_of(text: str) -> float:
    began = process_time()
    explain({"text": text})
    return process_time() - began


def benign(length: int) -> str:
    """Return ordinary log lines of about ``length`` characters."""
    lines = (
        f"2026-11-24T10:{number % 60:02}:00.123Z INFO  [main] c.e.orders.Shop - order {number} stored in {number % 97} ms for "
        f"customer {number * 7919 % 100_000}, request id 0a25d66d-3b7c-4f0e-9c55-{number:012x}\n"
        for number in range(length // 120)
    )
    return "".join(lines)[:length]


def repeated_over_benign() -> tuple[float, str]:
    """Return how much more CPU the worst repeated phrase takes than ordinary text of that length, and which one it is."""
    usual = min(_read(benign(LENGTH)) for _ in range(5))
    cost = {phrase: _read((phrase * LENGTH)[:LENGTH]) for phrase in phrases()}
    worst = sorted(cost, key=cost.__getitem__)[-5:]
    sure = {phrase: min(_read((phrase * LENGTH)[:LENGTH]) for _ in range(3)) for phrase in worst}
    phrase = max(sure, key=sure.__getitem__)
    return round(sure[phrase] / usual, 2), phrase


def _read(text: str) -> float:
    began = process_time()
    find_errors(text)
    return process_time() - began


def hostile_delivery() -> dict[str, float]:
    """Return what a delivery of twenty megabytes, made to be slow, costs, and how many of its records were left unread."""
    data = _packed(_hostile(MAX_BYTES - 100_000))
    began = process_time()
    read = DELIVERIES.read(
        {"awslogs": {"data": data}}, Reception(region="eu-west-1", clock=process_time)
    )
    spent = process_time() - began
    unread = sum(getattr(signal, "reason", "") == "log_not_read" for signal in read)
    return {"cpu_seconds": round(spent, 1), "records": len(read), "unread": unread}


def _hostile(length: int) -> Iterator[str]:
    """Yield messages of a quarter of a megabyte, no two places of which are alike."""
    number = size = 0
    while size < length - 400_000:  # what one more message adds
        lines = []
        for _ in range(1_700):
            number += 1
            lines.append(
                f"{number} NotFoundException: Invalid keyId 'k{number} {number * 7919 % 99_991}' arn:aws:kms:eu-west-1:"
                f"111122223333:key/{number:08x}-12ab-34cd-56ef-1234567890ab is disabled. Error Code"
            )
        message = "\n".join(lines)
        size += len(json.dumps(message)) + 100
        yield message


def _packed(messages: Iterator[str]) -> str:
    events = [
        {"id": str(number), "timestamp": 1_795_600_000_000 + number, "message": message}
        for number, message in enumerate(messages)
    ]
    body = {
        "messageType": "DATA_MESSAGE",
        "owner": "111122223333",
        "logGroup": "/app",
        "logStream": "s",
        "subscriptionFilters": ["KeyWatch"],
        "logEvents": events,
    }
    return base64.b64encode(gzip.compress(json.dumps(body).encode(), compresslevel=1)).decode()
