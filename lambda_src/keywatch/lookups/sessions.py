"""Sessions of the look-up roles of other accounts: one for each account, made when first needed, kept while it lasts.

A session of an assumed role that was assumed by a role lasts an hour at most (STS API Reference,
AssumeRole), so it is made anew some minutes before its end, with all its clients. What was refused
is not asked for again at once: an account without a look-up role has many failures, and STS's quota
is the hub's.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.lookups.guard import Factory
from keywatch.lookups.outcomes import NoSession, outcome_of
from keywatch.model.evidence import LookupOutcome

SESSION_NAME = "KeyWatch"  # what CloudTrail of the account shows
MARGIN = timedelta(minutes=5)  # before its end a session is used no more
SHORTEST = timedelta(minutes=1)  # a session is kept so long, whatever STS says of its end
REFUSED_FOR = timedelta(minutes=5)
FAILED_FOR = timedelta(seconds=30)
MOST_SESSIONS = 100  # each with a few clients of 0.2 MB, and their connections
MOST_REFUSED = 2_000
_ACCOUNT = re.compile(r"[0-9]{12}")
_DENIED = (
    "KeyWatch cannot look into account {account}: it may not assume {role} ({code}). "
    "Deploy the spoke there (make spoke), or let that role trust the hub's function again."
)
_FAILED = "KeyWatch could not look into account {account}: assuming {role} failed ({code}). It tries again in a minute."
_NO_ACCOUNT = "KeyWatch cannot look into an account of that name: it is no account."
_ANOTHER = (
    "KeyWatch did not look into account {account}: the session for it is one of another account."
)


@dataclass(frozen=True, slots=True)
class Session:
    """Clients by service and Region that act in ``account``; used until ``until`` (UTC)."""

    account: str
    client: Factory
    until: datetime


class Sessions:
    """Sessions by account; ``sts()`` returns the client of STS, ``sign(credentials)`` clients that sign with them.

    ``role`` is the name of the role in every account of ``partition``; ``now`` is a UTC clock. Safe
    to use from several threads; at most ``most`` sessions are kept, those that were used last.
    """

    def __init__(
        self,
        sts: Callable[[], Any],
        sign: Callable[[Mapping[str, Any]], Factory],
        role: str,
        partition: str,
        now: Callable[[], datetime],
        most: int = MOST_SESSIONS,
    ) -> None:
        self._sts, self._sign, self._now, self.most = sts, sign, now, most
        self._role, self._partition = role, partition
        self._lock = Lock()
        self._kept: OrderedDict[str, Session] = OrderedDict()
        self._refused: OrderedDict[str, tuple[NoSession, datetime]] = OrderedDict()
        self._asking: dict[str, Lock] = {}

    def __len__(self) -> int:
        """Return how many sessions are kept."""
        return len(self._kept)

    def role_in(self, account: str) -> str:
        """Return the ARN of the look-up role of an account."""
        return f"arn:{self._partition}:iam::{account}:role/{self._role}"

    def of(self, account: str) -> Session:
        """Return a session in ``account``; raises ``NoSession`` where there is none, which is remembered for minutes."""
        if not _ACCOUNT.fullmatch(account):
            raise NoSession(why=_NO_ACCOUNT, denied=True)
        with self._lock:
            if held := self._held(account):
                return held
            asking = self._asking.setdefault(account, Lock())
        with asking:  # who comes second finds what the first has got
            with self._lock:
                if held := self._held(account):
                    return held
            return self._ask(account)

    def _held(self, account: str) -> Session | None:
        """Return the session that is kept, and raise what was refused; forget either when its time is over."""
        now = self._now()
        if refused := self._refused.get(account):
            if now < refused[1]:
                raise refused[0].again()
            del self._refused[account]
        held = self._kept.get(account)
        if held is None:
            return None
        if now >= held.until:
            del self._kept[account]
            return None
        self._kept.move_to_end(account)
        return held

    def _ask(self, account: str) -> Session:
        try:
            session = self._assume(account)
        except NoSession as none:
            until = self._now() + (REFUSED_FOR if none.is_denied else FAILED_FOR)
            with self._lock:
                self._keep(self._refused, account, (none.again(), until), MOST_REFUSED)
            raise
        with self._lock:
            self._keep(self._kept, account, session, self.most)
        return session

    def _keep(self, among: OrderedDict[str, Any], account: str, what: object, most: int) -> None:
        among[account] = what
        among.move_to_end(account)
        while len(among) > most:
            among.popitem(last=False)
        self._asking.pop(account, None)

    def _assume(self, account: str) -> Session:
        role = self.role_in(account)
        try:
            answer = self._sts().assume_role(RoleArn=role, RoleSessionName=SESSION_NAME)
        except (ClientError, BotoCoreError) as error:
            outcome, code, _ = outcome_of(error)
            denied = outcome is LookupOutcome.DENIED
            said = (_DENIED if denied else _FAILED).format(account=account, role=role, code=code)
            raise NoSession(why=said, denied=denied) from error
        named = str(answer.get("AssumedRoleUser", {}).get("Arn", "")).split(":")
        if len(named) > 4 and named[4] != account:  # noqa: PLR2004 - arn:partition:sts::account:assumed-role/…
            raise NoSession(why=_ANOTHER.format(account=account), denied=True)
        credentials = answer["Credentials"]
        ends = credentials["Expiration"].astimezone(UTC) - MARGIN
        until = max(ends, self._now() + SHORTEST)
        return Session(account, self._sign(credentials), until)
