"""Who changed a key, by CloudTrail's event history, asked so that a busy key does not hide its changes.

LookupEvents takes one attribute, answers the newest 50 events a page, reads included, and allows two
calls a second for a whole account and Region (CloudTrail API Reference). Asked for a key, its pages
hold the key's uses; asked for an event name, they hold that one kind of change to all keys, which is
rare. So each kind of change is asked for by its name, and the key is looked for in the answers. What
was read is remembered for minutes: the next incident most likely asks for the same names.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.diagnosis.case import TRAIL_LAG
from keywatch.lookups.outcomes import outcome_of
from keywatch.model.evidence import FROM_TRAIL, ChangeFact, HistoryRead, LookupOutcome
from keywatch.model.signals import Caller, KeyChange
from keywatch.sources.callers import read_caller
from keywatch.sources.cloudtrail import read_record
from keywatch.sources.fields import mapping, parsed
from keywatch.sources.source import Reception

if TYPE_CHECKING:
    from mypy_boto3_cloudtrail import CloudTrailClient

REACH = timedelta(days=90)  # how far the event history goes back
PAGE = 50
MOST_CALLS = 6  # for one incident
REMEMBERED = timedelta(minutes=2)
MOST_REMEMBERED = 200  # (Region, event name) pairs

Concerns = Callable[[KeyChange], bool]


class Refused(Exception):
    """The pace of the account left no room for a call within the time that an alert may wait."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the history says of one subject. Times are UTC.

    ``changes`` are newest first; ``names`` are those that were asked for, ``unread`` those of them of
    which older pages were left unread. ``since`` and ``until`` is the span that was read of all of
    them; what happened within ``TRAIL_LAG`` before ``until`` may not be shown yet. ``error`` is what
    stopped the reading, if something did.
    """

    changes: tuple[KeyChange, ...] = ()
    names: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    error: Exception | None = None
    calls: int = 0

    @property
    def complete(self) -> bool:
        """Tell whether nothing was left unread within the 90 days that CloudTrail keeps."""
        return bool(self.names) and not self.unread and self.error is None


@dataclass(slots=True)
class _Pages:
    """What was read of one event name in one Region, newest first."""

    asked_at: datetime
    changes: list[KeyChange] = field(default_factory=list)
    oldest: datetime | None = None
    token: str | None = None
    begun: bool = False

    @property
    def unread(self) -> bool:
        return not self.begun or self.token is not None

    def since(self) -> datetime:
        return (self.oldest or self.asked_at) if self.unread else self.asked_at - REACH


class History:
    """CloudTrail's event history. ``wait(region)`` keeps the account's pace and raises ``Refused``."""

    def __init__(
        self,
        client: Callable[[str, str], Any],
        now: Callable[[], datetime],
        wait: Callable[[str], None] = lambda _region: None,
    ) -> None:
        self._client, self._now, self._wait = client, now, wait
        self._lock = Lock()
        self._read: dict[tuple[str, str], _Pages] = {}

    def find(
        self,
        names: Sequence[str],
        concerns: Concerns,
        region: str,
        *,
        most: int = MOST_CALLS,
        back_to: datetime | None = None,
    ) -> Answer:
        """Return the changes called ``names`` in ``region`` for which ``concerns`` holds.

        Every name is asked for once; then older pages are read, of each name in turn, until one
        change is found, or all is read ``back_to`` then, or ``most`` calls are made. Never raises
        what AWS answers.
        """
        pages = {name: self._pages(name, region) for name in names}
        calls, error = 0, None
        for name in _turns(pages, concerns, back_to):
            if calls == most:
                break
            try:
                self._read_page(pages[name], name, region)
            except (ClientError, BotoCoreError, Refused) as stopped:
                error = stopped
                break
            calls += 1
        return _answer(pages, concerns, error, calls)

    def find_standing(
        self, names: Sequence[str], undoing: Sequence[str], concerns: Concerns, region: str
    ) -> Answer:
        """Return the same, and what undid it later.

        Where it cannot be read whether one of ``undoing`` came later, the changes are left out:
        who did what was undone since is not to blame.
        """
        answer = self.find(names, concerns, region, most=MOST_CALLS - len(undoing))
        if not answer.changes or not undoing:
            return answer
        first = min(newest_of_each(answer.changes), key=lambda change: change.time).time
        most = MOST_CALLS - answer.calls
        later = self.find(undoing, concerns, region, most=most, back_to=first)
        is_read = later.error is None and set(undoing) <= set(later.names)
        is_read = is_read and later.since is not None and later.since <= first
        changes = (*answer.changes, *later.changes) if is_read else ()
        changes = tuple(sorted(changes, key=_newest_first, reverse=True))
        return replace(answer, changes=changes, error=later.error, calls=answer.calls + later.calls)

    def other_callers(
        self, key_arn: str, account: str, region: str
    ) -> tuple[tuple[Caller, ...], Exception | None]:
        """Return the callers of other accounts among the newest uses of a key of ``account``, and what stopped the reading.

        One page: asked for a key, LookupEvents answers its uses.
        """
        records, _, stopped = self.uses_of(key_arn, region, most=1)
        return callers_of(records, account), stopped

    def uses_of(
        self, key_arn: str, region: str, most: int = MOST_CALLS // 2
    ) -> tuple[tuple[str | None, ...], bool, Exception | None]:
        """Return the newest records (JSON text) that name a key, whether those are all, and what stopped the reading."""
        records: list[str | None] = []
        more: dict[str, str] = {}
        for _ in range(most):
            try:
                self._wait(region)
                answer = self._client("cloudtrail", region).lookup_events(
                    LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": key_arn}],
                    MaxResults=PAGE,
                    **more,
                )
            except (ClientError, BotoCoreError, Refused) as stopped:
                return tuple(records), False, stopped
            records += [event.get("CloudTrailEvent") for event in answer.get("Events", [])]
            if not answer.get("NextToken"):
                return tuple(records), True, None
            more = {"NextToken": answer["NextToken"]}
        return tuple(records), False, None

    def _pages(self, name: str, region: str) -> _Pages:
        now = self._now()
        with self._lock:
            held = self._read.get((region, name))
            if held is None or now - held.asked_at >= REMEMBERED:
                if len(self._read) >= MOST_REMEMBERED:
                    self._read.clear()
                held = self._read[region, name] = _Pages(now)
        return held

    def _read_page(self, pages: _Pages, name: str, region: str) -> None:
        self._wait(region)
        client: CloudTrailClient = self._client("cloudtrail", region)
        more = {"NextToken": pages.token} if pages.token else {}
        answer = client.lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}],
            StartTime=pages.asked_at - REACH,
            EndTime=pages.asked_at,
            MaxResults=PAGE,
            **more,  # type: ignore[arg-type]
        )
        events = answer.get("Events", [])
        pages.changes += changes_of(event.get("CloudTrailEvent") for event in events)
        times = [event["EventTime"] for event in events if "EventTime" in event]
        if times:
            pages.oldest = min(times).astimezone(UTC)
        pages.token, pages.begun = answer.get("NextToken"), True


def callers_of(records: Iterable[str | None], account: str) -> tuple[Caller, ...]:
    """Return the callers of other accounts than ``account`` in CloudTrail records (JSON text), the most frequent first."""
    found: Counter[Caller] = Counter()
    for record in parsed(records):
        caller = read_caller(mapping(record).get("userIdentity"))
        if caller.account and caller.account != account:
            found[Caller(caller.principal, account=caller.account)] += 1
    return tuple(caller for caller, _ in found.most_common())


def _turns(pages: dict[str, _Pages], concerns: Concerns, back_to: datetime | None) -> Iterator[str]:
    """Yield the names whose next page is to be read: each once, then in turn until a change is found."""
    yield from [name for name, read in pages.items() if not read.begun]
    while True:
        behind = [
            name
            for name, read in pages.items()
            if read.unread and (back_to is None or read.since() > back_to)
        ]
        if not behind or any(concerns(c) for read in pages.values() for c in read.changes):
            return
        yield from behind


def _answer(
    pages: dict[str, _Pages], concerns: Concerns, error: Exception | None, calls: int
) -> Answer:
    found = [change for read in pages.values() for change in read.changes if concerns(change)]
    return Answer(
        changes=tuple(sorted(found, key=_newest_first, reverse=True)),
        names=tuple(name for name, read in pages.items() if read.begun),
        unread=tuple(name for name, read in pages.items() if read.unread),
        since=max((read.since() for read in pages.values()), default=None),
        until=min((read.asked_at for read in pages.values()), default=None),
        error=error,
        calls=calls,
    )


def _newest_first(change: KeyChange) -> tuple[datetime, str]:
    return change.time, change.event_id


def newest_of_each(changes: Sequence[KeyChange]) -> tuple[KeyChange, ...]:
    """Return the newest change of each kind; ``changes`` are newest first."""
    return tuple({change.what: change for change in reversed(changes)}.values())


def changes_of(records: Iterable[str | None]) -> Iterator[KeyChange]:
    """Yield the changes among CloudTrail records (JSON text); failed calls and other text are left out."""
    for record in parsed(records):
        change = read_record(record, Reception())
        if isinstance(change, KeyChange):
            yield change


def change_fact(change: KeyChange) -> ChangeFact:
    """Return a change as evidence from CloudTrail."""
    who = change.who.principal
    return ChangeFact(change.what, who, change.time, change.event_id, FROM_TRAIL, change.details)


def outcome_of_history(answer: Answer) -> tuple[LookupOutcome, str, str]:
    """Return how the reading ended, with AWS's code and text where it was refused."""
    if isinstance(answer.error, Refused):
        return LookupOutcome.SKIPPED, "too many look-ups wait for their turn", ""
    if answer.error is not None:
        return outcome_of(answer.error)
    return (LookupOutcome.SEEN if answer.changes else LookupOutcome.ABSENT), "", ""


def joined(before: HistoryRead | None, answer: Answer, region: str) -> HistoryRead | None:
    """Return what was read in all: the span in which nothing was left out of either reading."""
    if answer.since is None or answer.until is None or not answer.names:
        return before
    read = HistoryRead(
        names=answer.names,
        region=region,
        since=answer.since,
        until=answer.until,
        shown_until=answer.until - TRAIL_LAG,
        complete=answer.complete,
    )
    if before is None:
        return read
    return replace(
        read,
        names=(*before.names, *read.names),
        since=max(before.since, read.since),
        until=min(before.until, read.until),
        shown_until=min(before.shown_until, read.shown_until),
        complete=before.complete and read.complete,
    )
