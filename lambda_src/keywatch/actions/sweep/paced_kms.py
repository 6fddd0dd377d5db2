"""KMS at a pace: calls that wait for their time, and wait longer where AWS says that it was too much.

botocore's own means do not fit: its paginators cannot wait between two pages nor go on after one
that was throttled, and its adaptive retries would slow down the client that alerts share.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.actions.rate_limiter import RateLimiter
from keywatch.actions.sweep.findings import Use
from keywatch.diagnosis.reasons import not_seen
from keywatch.lookups.kms import key_facts
from keywatch.lookups.outcomes import outcome_of
from keywatch.model.evidence import KeyFacts, LookupOutcome, LookupResult

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

PER_SECOND = (
    40  # of the 2,000 DescribeKey a second that an account has in common with everything it runs
)
LAST_USAGE_PER_SECOND = 4  # 5 are allowed
MAX_RETRIES = 4
PAGE = {"list_keys": 1000, "list_aliases": 100, "describe_custom_key_stores": 100}


@dataclass(frozen=True, slots=True)
class SweepLimits:
    """How fast a sweep goes; tests pass in their own clock."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def limiter(self, per_second: float) -> RateLimiter:
        """Return what lets so many calls a second begin."""
        return RateLimiter(per_second, clock=self.clock, sleep=self.sleep)


class PacedKms:
    """KMS of one Region, for a sweep."""

    def __init__(self, kms: "KMSClient", region: str, limits: SweepLimits) -> None:
        self._kms: Any = kms
        self.region = region
        self._limiter = limits.limiter(PER_SECOND)
        self._usage_limiter = limits.limiter(LAST_USAGE_PER_SECOND)

    def pages(self, operation: str) -> Iterator[dict[str, Any]]:
        """Yield all pages of a list; raises what AWS raises in the end."""
        call = getattr(self._kms, operation)
        marker: dict[str, str] = {}
        while True:
            page = _patiently(lambda: call(Limit=PAGE[operation], **marker), self._limiter)  # noqa: B023 - called at once
            yield page
            if not page.get("Truncated") or not page.get("NextMarker"):
                return
            marker = {"Marker": page["NextMarker"]}

    def describe(self, key_id: str) -> tuple[KeyFacts | None, str | None]:
        """Describe one key, or say why not; a key that was deleted meanwhile is no finding and no problem."""
        try:
            answer = _patiently(lambda: self._kms.describe_key(KeyId=key_id), self._limiter)
        except (ClientError, BotoCoreError) as error:
            result = LookupResult("DescribeKey", key_id, self.region, *outcome_of(error))
            absent = result.outcome is LookupOutcome.ABSENT
            return None, None if absent else not_seen(result)
        return key_facts(answer["KeyMetadata"], self.region), None

    def last_use(self, key: KeyFacts) -> tuple[Use, str | None]:
        """Return when a key was used last, or an unknown use and why it is not known."""
        try:
            call = self._kms.get_key_last_usage
            answer = _patiently(lambda: call(KeyId=key.arn), self._usage_limiter)
        except (ClientError, BotoCoreError, AttributeError) as error:
            result = LookupResult("GetKeyLastUsage", key.key_id, self.region, *outcome_of(error))
            return Use(), not_seen(result)
        used = (answer.get("KeyLastUsage") or {}).get("Timestamp")
        return Use(used, answer.get("TrackingStartDate")), None


def _patiently(call: Callable[[], Any], limiter: RateLimiter) -> Any:  # noqa: ANN401 - the answer of any boto3 call
    """Make a call at its time, and again after a while where AWS says that it was too much; raises what it raises then."""
    for attempt in range(MAX_RETRIES + 1):
        limiter.wait()
        try:
            return call()
        except ClientError as error:
            if outcome_of(error)[0] is not LookupOutcome.THROTTLED or attempt == MAX_RETRIES:
                raise
            limiter.back_off(2.0**attempt / 2)
    raise AssertionError  # pragma: no cover - the loop returns or raises
