"""Look-ups by account: the deployment's own with its own role; for a hub, every other one with the look-up role there.

Nothing is ever looked up with the session of another account than the one that was asked for: where
there is no session, every look-up says so, and none is made.
"""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

from keywatch.lookups.kms import Lookups
from keywatch.lookups.outcomes import NoSession
from keywatch.lookups.sessions import Session, Sessions


class Accounts:
    """Look-ups of the deployment's ``own_account`` and, where ``sessions`` are given, of others.

    ``look_with(session)`` returns the look-ups that one session makes, with what they remember.
    """

    def __init__(
        self,
        own: Lookups,
        own_account: str,
        sessions: Sessions | None = None,
        look_with: Callable[[Session], Lookups] | None = None,
    ) -> None:
        self._own, self._own_account = own, own_account
        self.sessions, self._look_with = sessions, look_with
        self._lock = Lock()
        self._kept: OrderedDict[str, tuple[Session, Lookups]] = OrderedDict()

    def __len__(self) -> int:
        """Return for how many other accounts look-ups are kept."""
        return len(self._kept)

    def look_ups(self, account: str) -> Lookups:
        """Return the look-ups of ``account``; without a session there, ones that refuse every question and say why."""
        if self.sessions is None or self._look_with is None or account == self._own_account:
            return self._own
        try:
            session = self.sessions.of(account)
        except NoSession as none:
            return Lookups(_Closed(none.again()), self._own.now)
        with self._lock:
            held = self._kept.get(account)
            if held is None or held[0] is not session:
                held = self._kept[account] = (session, self._look_with(session))
            self._kept.move_to_end(account)
            while len(self._kept) > self.sessions.most:
                self._kept.popitem(last=False)
        return held[1]

    def client(self, account: str) -> Callable[[str, str], Any] | None:
        """Return the clients of another account's session; raises ``NoSession``. ``None`` for the deployment's own account."""
        if self.sessions is None or account == self._own_account:
            return None
        return self.sessions.of(account).client


class _Closed:
    """Clients of an account that cannot be looked into: no call is made, every one raises why."""

    def __init__(self, none: NoSession) -> None:
        self._none = none

    def __call__(self, _service: str, _region: str) -> "_Closed":
        return self

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401 - any operation of any client
        if operation.startswith("__"):
            raise AttributeError(operation)
        return self._refuse

    def _refuse(self, *_: object, **__: object) -> Any:  # noqa: ANN401 - never returns
        raise self._none.again()
