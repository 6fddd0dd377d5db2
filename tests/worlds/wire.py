"""What stands between the function and AWS: every call is answered by a stand-in, takes time, may be refused, and is noted.

It sits below botocore's clients, where a request would be signed, so that whatever is built above them runs as it ships:
paginators, retries by configuration, error classes.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore import xform_name
from botocore.exceptions import ReadTimeoutError

from tests.worlds.clock import Clock, Dice
from tests.worlds.errors import AwsError

Answer = Callable[..., Any]
LATENCY = {"dynamodb": 0.004, "kms": 0.012, "cloudtrail": 0.25, "sns": 0.03}
# Calls a second that AWS lets an account make in a Region (KMS Developer Guide, "Request quotas"; CloudTrail, LookupEvents).
QUOTAS = {
    ("cloudtrail", "lookup_events"): 2,
    ("kms", "describe_custom_key_stores"): 5,
    ("kms", "get_key_last_usage"): 5,
    ("kms", "list_grants"): 100,
}
THROTTLED = {
    "cloudtrail": "Rate exceeded",
    "kms": "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
}
_AGAIN = {"ThrottlingException", "Throttling", "RequestLimitExceeded"}


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of bad weather: look-ups of a service are throttled, denied or slow. ``share`` of the calls meet it."""

    service: str
    kind: str  # throttled, denied, slow, silent
    begins: datetime
    ends: datetime
    operation: str = "*"
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Call:
    """One call that the function made, and what came of it (an error code, or the answer)."""

    when: datetime
    service: str
    operation: str
    account: str
    region: str
    request: Mapping[str, Any]
    error: str = ""
    message: str = ""
    answer: Any = None


@dataclass
class Wire:
    """All of AWS as one world's function sees it. ``answers`` finds the stand-in of (service, account, Region)."""

    clock: Clock
    dice: Dice
    answers: Callable[[str, str, str], object | None]
    weather: tuple[Spell, ...] = ()
    own_account: str = ""
    calls: list[Call] = field(default_factory=list)
    _recent: defaultdict[tuple[str, ...], deque[float]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    _asked: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def call(self, client: Any, operation: str, request: dict[str, Any]) -> Any:
        """Answer one call of a botocore client as the service would; raises what the client would."""
        service, region = client.meta.service_model.service_name, client.meta.region_name
        account = account_of(client, self.own_account)
        asked = (service, account, region, xform_name(operation))
        attempts, last = _attempts(client), None
        for attempt in range(attempts):
            try:
                return self._once(asked, request, client.meta.config.read_timeout)
            except AwsError as error:
                last = error
                if error.code not in _AGAIN or attempt + 1 == attempts:
                    break
                self.clock.advance(0.5 + 0.5 * self.dice.roll("backoff", *asked, attempt))
            except ReadTimeoutError:
                if attempt + 1 == attempts:
                    raise
        assert last
        raise _client_error(client, operation, last)

    def _once(
        self, asked: tuple[str, str, str, str], request: dict[str, Any], patience: float
    ) -> Any:
        service, account, region, operation = asked
        self.clock.advance(LATENCY.get(service, 0.05))
        when = self.clock.now
        noted = {
            "service": service,
            "operation": operation,
            "account": account,
            "region": region,
            "request": request,
        }
        try:
            self._weather(asked, patience)
            self._quota(asked)
            answer = self._answer(asked, request)
        except AwsError as error:
            self._note(Call(when, **noted, error=error.code, message=error.message))
            raise
        except ReadTimeoutError:
            self._note(Call(when, **noted, error="ReadTimeout"))
            raise
        self._note(Call(when, **noted, answer=answer))
        return answer

    def _note(self, call: Call) -> None:
        if call.service != "dynamodb":
            self.calls.append(call)

    def _answer(self, asked: tuple[str, str, str, str], request: dict[str, Any]) -> Any:
        service, account, region, operation = asked
        stand_in = self.answers(service, account, region)
        method = getattr(stand_in, operation, None) if stand_in else None
        if method is None or operation.startswith("_"):
            raise AwsError(
                "AccessDeniedException",
                f"User: KeyWatch is not authorized to perform: {service}:{operation}",
            )
        return method(**request)

    def _weather(self, asked: tuple[str, str, str, str], patience: float) -> None:
        service, _, _, operation = asked
        now = self.clock.now
        for spell in self.weather:
            if (
                spell.service != service
                or spell.operation not in {"*", operation}
                or not spell.begins <= now < spell.ends
            ):
                continue
            self._asked[asked] += 1
            if self.dice.chance(spell.share, spell, *asked, self._asked[asked]):
                self._meet(spell.kind, asked, patience)

    def _meet(self, kind: str, asked: tuple[str, str, str, str], patience: float) -> None:
        service, operation = asked[0], asked[3]
        if kind == "throttled":
            raise AwsError("ThrottlingException", THROTTLED.get(service, "Rate exceeded"))
        if kind == "denied":
            raise AwsError(
                "AccessDeniedException",
                f"User: arn:aws:sts::{asked[1]}:assumed-role/KeyWatch/x is not authorized to perform: {service}:{operation}"
                " because no identity-based policy allows the action",
            )
        if kind == "silent":
            self.clock.advance(patience)
            raise ReadTimeoutError(endpoint_url=f"https://{service}.{asked[2]}.amazonaws.com/")
        self.clock.advance(self.dice.between(0.3, 2.5, kind, *asked, self._asked[asked]))

    def _quota(self, asked: tuple[str, str, str, str]) -> None:
        limit = QUOTAS.get((asked[0], asked[3]))
        if limit is None:
            return
        recent, now = self._recent[asked], self.clock.seconds
        while recent and now - recent[0] >= 1.0:
            recent.popleft()
        if len(recent) >= limit:
            raise AwsError("ThrottlingException", THROTTLED.get(asked[0], "Rate exceeded"))
        recent.append(now)


def account_of(client: Any, own: str) -> str:
    """Return the account whose credentials a client has: those of an assumed role carry it as their access key id."""
    key = str(client._request_signer._credentials.access_key)
    return key[-12:] if key[-12:].isdigit() else own


def _attempts(client: Any) -> int:
    retries = client.meta.config.retries or {}
    return int(retries.get("total_max_attempts") or retries.get("max_attempts", 2) + 1)


def _client_error(client: Any, operation: str, error: AwsError) -> Exception:
    response = {
        "Error": {"Code": error.code, "Message": error.message},
        "ResponseMetadata": {
            "HTTPStatusCode": 400,
            "RequestId": "00000000-0000-4000-8000-000000000000",
            "RetryAttempts": 0,
        },
    }
    made: Exception = client.exceptions.from_code(error.code)(response, operation)
    return made
