"""The page of scale: what 10, 1,000 and 10,000 accounts make of everything on the way, computed from constants and quotas."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from docs.pages.costs import DAYS, PRICES
from keywatch.housekeeping.spokes import NEEDED, PAGES, WORKERS
from keywatch.lookups.guard import PER_MINUTE
from keywatch.runtime import BATCH_SECONDS
from keywatch.settings import DEFAULT_MESSAGES_PER_HOUR
from keywatch.store.incident_items import WRITTEN_QUEUES
from keywatch.store.spokes import BUCKETS

REGIONS = 5
SIZES = (10, 1_000, 10_000)

# Assumptions. Replace them with your own numbers: the arithmetic stays.
FAILURES, CHANGES = (
    100,
    20,
)  # failing calls and changes of keys in an account and day, over all its Regions
INCIDENTS = 4  # in an account and month
STORM = 1.0  # failing calls a second in each account, when a key breaks that all of them use
BATCH_TAKES = 0.5  # seconds; as docs/costs.md has it
INCIDENT_TAKES = 0.1  # seconds of the function for one new incident
VISIT_TAKES = 0.6  # seconds: a session where there is none, two calls to KMS in another Region, three of the table
CANARY_CALLS = 2
SWEEP_CALLS = 300  # of KMS, for a hundred keys; as docs/costs.md has it
CANARY_WRITES = 5  # of the table, for one spoke and hour: claimed, two calls noted, two came back
EVENT_KB = 3

# Quotas: facts of AWS's documentation, as far as they could be read without an account.
BUS_SMALL, BUS_LARGE = 750, 18_750  # invocations a second of a bus: small Regions, us-east-1
STS = 600  # AssumeRole calls a second, in an account and Region
PARTITION_WRITES = 1_000  # write units a second of one partition of a table
INCIDENT_WRITES = 12  # write units of one update of an incident, table and index
CROSS_ACCOUNT = 1.00  # dollars for a million events that are sent to another account's bus
STACK_INSTANCES = 100_000  # of one stack set
ACCOUNTS_A_PAGE = 20

HOUR, DAY = 3600, 86_400
# What infra.function and infra.intake set; a test compares them.
BATCH_SIZE, MAX_CONCURRENCY, BATCH_WINDOW = 1_000, 10, 1


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what it is, how it comes about, its value for a number of accounts, and the ``limit`` that it must not pass."""

    what: str
    how: str
    of: Callable[[int], float]
    unit: str = ""
    limit: float = float("inf")
    limited_by: str = ""

    def fits(self, accounts: int) -> bool:
        """Tell whether the value stays below the limit."""
        return self.of(accounts) <= self.limit


def spokes(accounts: int) -> int:
    """Return how many spokes there are: one for each account and Region."""
    return accounts * REGIONS


def events_per_second(accounts: int) -> float:
    """Return how many events a second come in on an ordinary day, the canaries included."""
    return accounts * (FAILURES + CHANGES) / DAY + spokes(accounts) * CANARY_CALLS / HOUR


FUNCTION_TAKES = MAX_CONCURRENCY * BATCH_SIZE / (BATCH_WINDOW + BATCH_TAKES)
VISITS = WORKERS * (BATCH_SECONDS - NEEDED) / VISIT_TAKES
INCIDENTS_A_SECOND = MAX_CONCURRENCY / INCIDENT_TAKES
TABLE_TAKES = len(WRITTEN_QUEUES) * PARTITION_WRITES / (INCIDENT_WRITES / 2)

ROWS: Sequence[Row] = (
    Row(
        "Spokes",
        f"accounts times {REGIONS} Regions",
        spokes,
        limit=STACK_INSTANCES,
        limited_by="stack instances of a stack set",
    ),
    Row(
        "Events on an ordinary day",
        f"{FAILURES} failing calls and {CHANGES} changes in an account and day, {CANARY_CALLS} of the canary in a spoke and hour",
        events_per_second,
        "a second",
        BUS_SMALL,
        "invocations of a bus in a small Region",
    ),
    Row(
        "Events while a key of all is broken",
        f"{STORM:g} failing call a second in each account",
        lambda accounts: accounts * STORM,
        "a second",
        BUS_SMALL,
        "invocations of a bus in a small Region",
    ),
    Row(
        "… for the function",
        f"{MAX_CONCURRENCY} at once, {BATCH_SIZE:,} events in {BATCH_WINDOW + BATCH_TAKES:g} s",
        lambda accounts: accounts * STORM,
        "a second",
        FUNCTION_TAKES,
        "batches of the function",
    ),
    Row(
        "Queue after ten minutes of it",
        "what the function does not take; SQS has no limit to it, and what waits for 15 minutes raises an alarm",
        lambda accounts: max(0.0, accounts * STORM - FUNCTION_TAKES) * 600,
        "messages",
    ),
    Row(
        "New incidents, all accounts at once",
        f"one in each account within five minutes; the function opens {INCIDENTS_A_SECOND:g} a second",
        lambda accounts: accounts / 300,
        "a second",
        INCIDENTS_A_SECOND,
        "concurrent executions of the function",
    ),
    Row(
        "… in the table",
        f"partitions of the index: {len(WRITTEN_QUEUES)}, {INCIDENT_WRITES // 2} write units each time",
        lambda accounts: accounts / 300,
        "a second",
        TABLE_TAKES,
        "write units of a partition",
    ),
    Row(
        "Spokes to visit in a minute",
        f"each once an hour; {WORKERS} at once for {BATCH_SECONDS - NEEDED:g} s, {VISIT_TAKES:g} s each",
        lambda accounts: spokes(accounts) / BUCKETS,
        "a minute",
        VISITS,
        "the clock's run of a minute",
    ),
    Row(
        "Sessions",
        "AssumeRole, once an hour for an account, for all its Regions, and once in each container that has an incident of it",
        lambda accounts: accounts / HOUR,
        "a second",
        STS,
        "calls of STS",
    ),
    Row(
        "Look-ups in one account",
        f"bounded at {PER_MINUTE} a minute, whatever the number of accounts",
        lambda _accounts: PER_MINUTE / 60,
        "a second",
        2_000,
        "DescribeKey in an account and Region",
    ),
    Row(
        "Messages",
        f"{INCIDENTS} incidents in an account and month, three messages each; bounded by messages_per_hour",
        lambda accounts: accounts * INCIDENTS * 3 / (DAYS * 24),
        "an hour",
        DEFAULT_MESSAGES_PER_HOUR,
        "messages_per_hour, as it is set without a word",
    ),
    Row(
        "Minutes to list the organisation",
        f"{PAGES} pages of {ACCOUNTS_A_PAGE} accounts a minute, once a day",
        lambda accounts: accounts / (PAGES * ACCOUNTS_A_PAGE),
        "minutes",
        24 * 60,
        "a day",
    ),
)


def monthly(accounts: int) -> dict[str, float]:
    """Return what a month costs in dollars besides the hub's own stack, by what for."""
    hours = DAYS * 24
    sent = events_per_second(accounts) * hours * HOUR
    canaries = spokes(accounts) * hours
    return {
        "events that are sent to the hub": sent * CROSS_ACCOUNT / 1_000_000,
        "SQS": sent * 1.2 * _price("sqs"),
        "KMS, the canaries": canaries * CANARY_CALLS * _price("kms"),
        "KMS, a sweep of 100 keys a day in each spoke": spokes(accounts)
        * DAYS
        * SWEEP_CALLS
        * _price("kms"),
        "table, the canaries": canaries * CANARY_WRITES * _price("writes"),
        "Lambda, the canaries": canaries * VISIT_TAKES / WORKERS * 0.5 * _price("lambda"),
    }


_INTRO = f"""# Scale

<!-- Generated by `make docs` from docs/pages/scale.py; do not edit. -->

One hub, and a spoke in each of {REGIONS} Regions of 10, 1,000 and 10,000 accounts. **Computed**, from what is built
(concurrency, batches, bounds) and from AWS's default quotas. Loads and durations are assumed: they stand in the second
column. In **bold**: over the limit.

"""
_NOTES = f"""
## What gives way first, and what to do then

- **10 accounts**: nothing. An ordinary deployment does not notice them.
- **1,000 accounts**: nothing on an ordinary day. When a key breaks that every account uses, a bus in a small Region
  ({BUS_SMALL} invocations a second) delays events; EventBridge keeps and retries them for a day. Put the hub in a large
  Region (us-east-1: {BUS_LARGE:,}), or have the quota "Invocations throttle limit in transactions per second" raised.
- **10,000 accounts**: on an ordinary day first the visits of spokes: they take longer than their minute, so canaries come late
  (metric `SpokesLate`), and a blind spoke is noticed later. Then messages: set `messages_per_hour` to what your people read,
  and route by `account` with filter policies. When a key of all breaks, the bus again, then the function: what waits in the
  queue is handled late and counted rightly. Two hubs in two accounts, each for some organizational units
  (`hub.stack_set.organizational_units`), halve all of this. They know nothing of each other: a call across accounts between
  their units is told by both.

## What one spoke costs its account

Two failing calls of KMS an hour against a quota of thousands a second; at most {PER_MINUTE} look-ups a minute while something
is broken there or is swept; one event for each failing call, of about {EVENT_KB} KB. CloudTrail's LookupEvents has a quota of two
calls a second in an account and Region: other tools that ask it there wait meanwhile. Nothing runs in the account.

## What was measured, and what was not

`make bench` measures batches, look-ups and memory of the function; the simulation of 1,000 spokes drives it with their traffic.
Delivery between accounts and Regions, StackSets over thousands of accounts, and the quotas themselves can only be seen in AWS.
"""


def scale_page() -> str:
    """Return the page as Markdown."""
    return _INTRO + _table() + _costs() + _NOTES


def _table() -> str:
    head = " | ".join(f"{size:,} accounts" for size in SIZES)
    rows = "".join(
        f"| {row.what} | {row.how} | {' | '.join(_cell(row, size) for size in SIZES)} | {_limit(row)} |\n"
        for row in ROWS
    )
    return f"| what | how | {head} | limit |\n|---|---|{'--:|' * len(SIZES)}---|\n{rows}"


def _cell(row: Row, accounts: int) -> str:
    text = f"{_number(row.of(accounts))} {row.unit}".rstrip()
    return text if row.fits(accounts) else f"**{text}**"


def _limit(row: Row) -> str:
    return f"{_number(row.limit)}: {row.limited_by}" if row.limited_by else ""


def _costs() -> str:
    head = " | ".join(f"{size:,} accounts" for size in SIZES)
    bills = [monthly(size) for size in SIZES]
    rows = "".join(
        f"| {what} | {' | '.join(f'${bill[what]:,.2f}' for bill in bills)} |\n" for what in bills[0]
    )
    total = " | ".join(f"${sum(bill.values()):,.2f}" for bill in bills)
    return (
        f"\n## A month, besides the hub's own stack ([docs/costs.md](costs.md))\n\n| what | {head} |\n"
        f"|---|{'--:|' * len(SIZES)}\n{rows}| **together** | {total} |\n"
    )


def _number(value: float) -> str:
    digits = 0 if value >= 100 or value == int(value) else 1 if value >= 1 else 3  # noqa: PLR2004 - three digits
    return f"{value:,.{digits}f}"


def _price(name: str) -> float:
    return PRICES[name].dollars / PRICES[name].per
