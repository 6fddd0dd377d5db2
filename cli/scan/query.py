"""The filter of a scan as SQL, for tables of CloudTrail's records: its rows are records for the same readers.

A row has one text for each of ``COLUMNS``, in their order. Athena's tables and event data stores call the
columns the same; what they hold is of different types.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from keywatch.catalogue.code_lookup import of_another_service
from keywatch.catalogue.codes import CODES

from .inputs import LocalFile, NoSuchSource
from .relevant import KEPT_CHANGES, KMS, WORDS

T = TypeVar("T")
WAIT = 2.0  # seconds between two looks at a query that runs

# Member of the record → the SQL that tells it.
COLUMNS: Mapping[tuple[str, ...], str] = {
    ("eventTime",): "eventtime",
    ("eventSource",): "eventsource",
    ("eventName",): "eventname",
    ("awsRegion",): "awsregion",
    ("errorCode",): "errorcode",
    ("errorMessage",): "errormessage",
    ("requestID",): "requestid",
    ("eventID",): "eventid",
    ("sharedEventID",): "sharedeventid",
    ("recipientAccountId",): "recipientaccountid",
    ("eventType",): "eventtype",
    ("userIdentity", "type"): "useridentity.type",
    ("userIdentity", "principalId"): "useridentity.principalid",
    ("userIdentity", "arn"): "useridentity.arn",
    ("userIdentity", "accountId"): "useridentity.accountid",
    ("userIdentity", "userName"): "useridentity.username",
    ("userIdentity", "invokedBy"): "useridentity.invokedby",
    (
        "userIdentity",
        "sessionContext",
        "sessionIssuer",
        "arn",
    ): "useridentity.sessioncontext.sessionissuer.arn",
    ("requestParameters",): "requestparameters",
    ("responseElements",): "responseelements",
    ("additionalEventData",): "additionaleventdata",
    ("serviceEventDetails",): "serviceeventdetails",
    ("resources", "0"): "TRY(resources[1].arn)",
    ("resources", "1"): "TRY(resources[2].arn)",
}
JSON = {"requestParameters", "responseElements", "additionalEventData", "serviceEventDetails"}


def select(
    source: str, span: Iterable[str], selected: Callable[[tuple[str, ...], str], str]
) -> str:
    """Return the query for the failures on keys and the changes of keys in the table ``source``.

    ``span`` are conditions for its time; ``selected`` says how a member of the record is selected whose column is so named.
    """
    columns = ",\n  ".join(
        f"{selected(path, column)} AS c{number}"
        for number, (path, column) in enumerate(COLUMNS.items())
    )
    span = "".join(f"\n  AND {part}" for part in span)
    return f"SELECT\n  {columns}\nFROM {source}\nWHERE ({_tells_of_keys()}){span}"


def _tells_of_keys() -> str:
    """Return the condition that ``relevant`` is for records."""
    codes = sorted(
        {row.code.lower() for row in CODES if row.means.cause and of_another_service(row)}
    )
    words = " OR ".join(f"strpos(lower(errormessage), '{word}') > 0" for word in WORDS)
    failed = (
        "(coalesce(errorcode, '') <> '' OR coalesce(errormessage, '') <> '') AND ("
        f"eventsource = '{KMS}' OR lower(errorcode) LIKE '%kms%' OR lower(errorcode) IN ({_texts(codes)})"
        f" OR {words})"
    )
    changed = f"eventsource = '{KMS}' AND eventname IN ({_texts(sorted(KEPT_CHANGES))}) AND coalesce(errorcode, '') = ''"
    return f"({failed})\n  OR ({changed})"


def _texts(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def record_of(row: Iterable[str | None]) -> dict[str, Any]:
    """Return the record that a row of the query tells, as CloudTrail would have written it."""
    record: dict[str, Any] = {"eventVersion": "1.08"}
    for path, value in zip(COLUMNS, row, strict=True):
        if not value:
            continue
        if path[0] == "resources":
            record.setdefault("resources", []).append({"ARN": value})
        elif path[0] in JSON:
            with suppress(ValueError, RecursionError):
                record[path[0]] = json.loads(value)
        else:
            inner = record
            for name in path[:-1]:
                inner = inner.setdefault(name, {})
            inner[path[-1]] = value
    return record


def written(rows: Iterable[Iterable[str | None]], folder: Path, query: str) -> LocalFile:
    """Write the rows of a query as records into a file below ``folder``, one a line, for the readers."""
    path = folder / f"{query}.jsonl"
    with path.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(record_of(row)) + "\n" for row in rows)
    return LocalFile(str(path), path.stat().st_size, query)


def awaited(
    look: Callable[[], tuple[str, str, T]],
    stop: Callable[[], object],
    sleep: Callable[[float], None],
) -> T:
    """Look at a query until it has ended; return what was seen last. Raises ``NoSuchSource`` where it failed.

    ``look`` returns its state, why it is so, and what else is known. What interrupts the waiting
    ends the query, too: it costs as long as it runs.
    """
    try:
        while True:
            state, reason, seen = look()
            if state in {"SUCCEEDED", "FINISHED"}:
                return seen
            if state not in {"QUEUED", "RUNNING"}:
                raise NoSuchSource(f"The query {state}: {reason or 'no reason given'}")
            sleep(WAIT)
    except KeyboardInterrupt:
        stop()
        raise
