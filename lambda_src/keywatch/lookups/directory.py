"""The accounts of the organisation: their names, and whether an account is one of them.

Only the organisation's management account, or one that it delegated something to, may ask
(Organizations API Reference, DescribeAccount); where KeyWatch may not, it does without names.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.lookups.outcomes import outcome_of
from keywatch.model.evidence import LookupOutcome
from keywatch.model.text import one_line

REMEMBERED = timedelta(days=1)
STRANGER_FOR = timedelta(minutes=10)  # it may just have joined
CLOSED_FOR = timedelta(hours=1)
FAILED_FOR = timedelta(minutes=1)
MOST_NAME = 50  # Organizations API Reference, Account
MOST_ACCOUNTS = 10_000
_NO_MEMBER = "AccountNotFoundException"


@dataclass(frozen=True, slots=True)
class _Known:
    name: str
    is_member: bool
    until: datetime


class Directory:
    """Accounts by their ids; safe to use from several threads.

    ``organizations()`` returns boto3's client, ``now`` is a UTC clock.
    """

    def __init__(self, organizations: Callable[[], Any], now: Callable[[], datetime]) -> None:
        self._organizations, self._now = organizations, now
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._closed_until: datetime | None = None
        self._lock = Lock()

    def name(self, account: str) -> str:
        """Return the name of an account; empty where it cannot be told."""
        known = self._look_up(account)
        return known.name if known else ""

    def is_stranger(self, account: str) -> bool:
        """Tell whether an account surely is none of the organisation's; ``False`` where it cannot be told."""
        known = self._look_up(account)
        return known is not None and not known.is_member

    def page(self, token: str) -> tuple[list[str], str]:
        """Return the ids of some accounts that are in use, and the token of the next page; raises what AWS raises.

        An empty token is that of the first page, or says that there is no further one.
        """
        more = {"NextToken": token} if token else {}
        answer = self._organizations().list_accounts(**more)
        now, found = self._now(), []
        for account in answer.get("Accounts", []):
            name = one_line(account.get("Name"), MOST_NAME)
            self._keep(account["Id"], _Known(name, is_member=True, until=now + REMEMBERED))
            found += [account["Id"]] if account.get("Status", "ACTIVE") == "ACTIVE" else []
        return found, answer.get("NextToken", "")

    def _look_up(self, account: str) -> _Known | None:
        now = self._now()
        with self._lock:
            known = self._known.get(account)
            if known and now < known.until:
                return known
            if self._closed_until and now < self._closed_until:
                return known  # what was known once is better than nothing
        try:
            answer = self._organizations().describe_account(AccountId=account)
        except (ClientError, BotoCoreError) as error:
            return self._refused(account, error)
        name = one_line(answer.get("Account", {}).get("Name"), MOST_NAME)
        return self._keep(account, _Known(name, is_member=True, until=now + REMEMBERED))

    def _refused(self, account: str, error: Exception) -> _Known | None:
        """Remember that there is no such account in the organisation, or that it may not be asked for now."""
        now = self._now()
        outcome, code, _ = outcome_of(error)
        if code == _NO_MEMBER:
            return self._keep(account, _Known("", is_member=False, until=now + STRANGER_FOR))
        closed = outcome in {LookupOutcome.DENIED, LookupOutcome.REFUSED}
        with self._lock:
            self._closed_until = now + (CLOSED_FOR if closed else FAILED_FOR)
            return self._known.get(account)

    def _keep(self, account: str, known: _Known) -> _Known:
        with self._lock:
            self._known[account] = known
            self._known.move_to_end(account)
            while len(self._known) > MOST_ACCOUNTS:
                self._known.popitem(last=False)
        return known
