"""``scan --athena``: the filter runs in Athena, where the data is, once it is known what that costs."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..session import opened
from .athena_table import NO_PROJECTION, parse_name, sql, table_of
from .inputs import LocalFile, NoSuchSource
from .query import awaited, written
from .s3 import Access, stored, why

DOLLARS_A_TB = 5.0  # list price of us-east-1, 2025; https://aws.amazon.com/athena/pricing/
SMALLEST = 10_000_000  # bytes that a query is charged for at least

Span = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be read (GB), where results go, and whether the query is only shown."""

    most_gb: float = 100.0
    output: str | None = None
    dry: bool = False


class TooMuch(Exception):
    """The query would read more than it may. The message says how much, and what it would cost."""


def allowed(size: int, most_gb: float) -> str:
    """Return what a query that reads so many bytes costs, in words. Raises ``TooMuch`` beyond ``most_gb``."""
    dollars = max(size, SMALLEST) / 1e12 * DOLLARS_A_TB
    said = f"up to {size / 1e9:,.2f} GB to read, about ${dollars:,.2f} (list price of us-east-1)"
    if size > most_gb * 1e9:
        raise TooMuch(
            f"The query would read {said}; --max-gb allows {most_gb:g}. Narrow it by --since and --until, or allow more."
        )
    return said


class Athena:
    """Runs the query. ``client`` makes an AWS client by its service's name; ``tell`` shows a line to a person."""

    def __init__(
        self,
        client: Callable[[str], Any],
        tell: Callable[[str], object] = sys.stderr.write,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client, self._tell, self._sleep = client, tell, sleep

    def fetch(self, query: str, output: str | None, folder: Path) -> LocalFile:
        """Run the query, and write its rows as records into a file below ``folder``. Raises ``NoSuchSource``."""
        athena = self._client("athena")
        where = {"ResultConfiguration": {"OutputLocation": output}} if output else {}
        started = athena.start_query_execution(QueryString=query, **where)["QueryExecutionId"]
        done = awaited(
            lambda: _state(athena, started),
            lambda: athena.stop_query_execution(QueryExecutionId=started),
            self._sleep,
        )
        read = done.get("Statistics", {}).get("DataScannedInBytes", 0)
        self._tell(f"Athena read {read / 1e9:,.2f} GB.\n")
        return written(_rows(athena, started), folder, started)


def _state(athena: Any, query: str) -> tuple[str, str, Mapping[str, Any]]:  # noqa: ANN401 - boto3's clients have no static type here
    execution = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
    status = execution["Status"]
    return status["State"], status.get("StateChangeReason", ""), execution


def _rows(athena: Any, query: str) -> Iterator[list[str | None]]:  # noqa: ANN401 - as above
    first = True
    for page in athena.get_paginator("get_query_results").paginate(QueryExecutionId=query):
        rows = page["ResultSet"]["Rows"]
        for row in rows[1:] if first else rows:  # the first row of all holds the names
            yield [cell.get("VarCharValue") for cell in row["Data"]]
        first = False


def fetched(
    name: str, span: Span, limits: Limits, access: Access, folder: Path
) -> Iterator[LocalFile]:
    """Yield the file of records that the query on ``DATABASE.TABLE`` tells, once it is known what it costs.

    Raises ``NoSuchSource`` where that cannot be run or would read more than it may.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    database, table_name = parse_name(name)
    client: Callable[..., Any] = opened(access.profile, access.region).client
    try:
        described = client("glue").get_table(DatabaseName=database, Name=table_name)
        table = table_of(database, table_name, described)
        listed = span if table.day_column else (None, None)
        size = sum(one.size for one in stored(table.location, *listed, access))
        sys.stderr.write(f"{table.full_name}: {allowed(size, limits.most_gb)}.\n")
        if table.day_column is None:
            sys.stderr.write(NO_PROJECTION)
        if limits.dry:
            sys.stderr.write(f"{sql(table, *span)}\n")
        else:
            yield Athena(client).fetch(sql(table, *span), limits.output, folder)
    except TooMuch as problem:
        raise NoSuchSource(str(problem)) from problem
    except (ClientError, BotoCoreError) as error:
        raise NoSuchSource(
            f"Athena cannot be asked: {why(error, 'StartQueryExecution')}"
        ) from error
