"""Read-only look-ups in AWS: each answers facts and a ``LookupResult``, and never raises for what AWS refuses.

The account's own KMS quota is not KeyWatch's to burn: ListAliases is remembered for a minute,
DescribeCustomKeyStores for some seconds (5 a second are allowed for a whole account).
Source: KMS Developer Guide, "Request quotas".
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.catalogue.read_calls import READ_CALLS
from keywatch.lookups.functions import describe_function
from keywatch.lookups.guard import Guard
from keywatch.lookups.history import History
from keywatch.lookups.outcomes import outcome_of
from keywatch.model.evidence import (
    ANSWERED,
    AliasFacts,
    FunctionFacts,
    KeyFacts,
    LookupOutcome,
    LookupResult,
    StoreFacts,
)
from keywatch.model.identifiers import parse

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_kms.type_defs import AliasListEntryTypeDef, KeyMetadataTypeDef

T = TypeVar("T")

MAX_ALIAS_PAGES = 50  # of 100: the default quota is 50 aliases a key, accounts with more than 5,000 in a Region are rare
MEMORY = timedelta(seconds=60)
MEMORY_OF_TAGS = timedelta(minutes=10)
MEMORY_OF_STORES = timedelta(seconds=10)  # their state decides which command is offered


@dataclass
class _Memory(Generic[T]):
    """Answers of the last minute or so, per question. Who asks what is being asked gets that answer; nobody else waits."""

    now: Callable[[], datetime]
    kept: timedelta = MEMORY
    answers: dict[str, tuple[datetime, T]] = field(default_factory=dict)
    asking: dict[str, Future[T]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def recall(
        self,
        question: str,
        ask: Callable[[], T],
        *,
        keep: Callable[[T], bool],
        fresh: bool = False,
    ) -> T:
        with self.lock:
            held = self.answers.get(question)
            if held and not fresh and self.now() - held[0] < self.kept:
                return held[1]
            others = self.asking.get(question)
            if others is None:
                mine = self.asking[question] = Future()
        return others.result() if others is not None else self._ask(question, ask, keep, mine)

    def _ask(
        self, question: str, ask: Callable[[], T], keep: Callable[[T], bool], mine: Future[T]
    ) -> T:
        try:
            answer = ask()
            if keep(answer):
                self.answers[question] = (self.now(), answer)
            mine.set_result(answer)
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self.lock:
                del self.asking[question]
        return answer


class Lookups:
    """KMS as the diagnosis sees it, and CloudTrail's ``history``.

    ``client(service, region)`` makes boto3 clients; ``now`` is a UTC clock; ``wait(region)`` keeps
    the pace that CloudTrail allows. ``within`` is the guard's: in its context a thread makes no
    look-up after a time.
    """

    def __init__(
        self,
        client: Callable[[str, str], Any],
        now: Callable[[], datetime],
        wait: Callable[[str], None] = lambda _region: None,
    ) -> None:
        guard = client if isinstance(client, Guard) else Guard(client, now)
        self.within = guard.within
        self._client, self.now = guard, now
        self.history = History(self._client, now, wait)
        self._aliases: _Memory[tuple[tuple[AliasFacts, ...], LookupResult]] = _Memory(now)
        self._stores: _Memory[tuple[tuple[StoreFacts, ...], LookupResult]] = _Memory(
            now, MEMORY_OF_STORES
        )
        self._tags: _Memory[tuple[Mapping[str, str], LookupResult]] = _Memory(now, MEMORY_OF_TAGS)

    def function(
        self, arn: str, region: str
    ) -> tuple[FunctionFacts | None, tuple[LookupResult, ...]]:
        """Describe a Lambda function and its role."""
        return describe_function(self._client, arn, region)

    def ask(
        self, operation: str, asked: str, region: str, call: Callable[["KMSClient"], T]
    ) -> tuple[T | None, LookupResult]:
        """Make one call about ``asked``; return its answer, none where AWS refused, and how it ended.

        ``operation`` is a row of ``keywatch.catalogue.read_calls``: without one the role has no
        permission, and this raises ``KeyError``.
        """
        client: KMSClient = self._client(READ_CALLS[operation].service, region)
        try:
            answer = call(client)
        except (ClientError, BotoCoreError) as error:
            return None, LookupResult(operation, asked, region, *outcome_of(error))
        return answer, LookupResult(operation, asked, region, LookupOutcome.SEEN)

    def key(self, key_id: str, region: str) -> tuple[KeyFacts | None, LookupResult]:
        """Describe a key by any identifier; a key that is not there is ``None`` with an ``absent`` look."""
        answer, look = self.ask(
            "DescribeKey", key_id, region, lambda kms: kms.describe_key(KeyId=key_id)
        )
        return (key_facts(answer["KeyMetadata"], region) if answer is not None else None), look

    def aliases(
        self, region: str, *, fresh: bool = False
    ) -> tuple[tuple[AliasFacts, ...], LookupResult]:
        """List the aliases of a Region, as seen within the last minute, or ``fresh`` where minutes matter."""
        return self._aliases.recall(
            region,
            lambda: self._list_aliases(region),
            keep=lambda answer: answer[1].outcome in ANSWERED,
            fresh=fresh,
        )

    def names(self, key: KeyFacts) -> tuple[tuple[str, ...], LookupResult]:
        """List the aliases of one key: what people call it."""
        answer, look = self.ask(
            "ListAliases",
            key.key_id,
            key.region,
            lambda kms: kms.list_aliases(KeyId=key.key_id, Limit=100),
        )
        listed = answer["Aliases"] if answer is not None else ()
        return tuple(alias["AliasName"] for alias in listed if "AliasName" in alias), look

    def _list_aliases(self, region: str) -> tuple[tuple[AliasFacts, ...], LookupResult]:
        found: list[AliasFacts] = []

        def read(kms: "KMSClient") -> None:
            pages = kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 100})
            for page in islice(pages, MAX_ALIAS_PAGES):
                found.extend(alias_facts(alias) for alias in page["Aliases"])

        _, look = self.ask("ListAliases", "all", region, read)
        return tuple(found), look

    def store(self, store_id: str, region: str) -> tuple[StoreFacts | None, LookupResult]:
        """Describe one custom key store, as seen within the last seconds."""
        stores, look = self._stores.recall(
            f"{region}/{store_id}",
            lambda: self._describe_store(store_id, region),
            keep=lambda answer: answer[1].outcome in ANSWERED,
        )
        return next(iter(stores), None), look

    def _describe_store(
        self, store_id: str, region: str
    ) -> tuple[tuple[StoreFacts, ...], LookupResult]:
        answer, look = self.ask(
            "DescribeCustomKeyStores",
            store_id,
            region,
            lambda kms: kms.describe_custom_key_stores(CustomKeyStoreId=store_id),
        )
        if answer is None:
            return (), look
        stores = tuple(
            StoreFacts(
                entry.get("CustomKeyStoreId", store_id),
                entry.get("CustomKeyStoreName", ""),
                entry.get("CustomKeyStoreType", ""),
                entry.get("ConnectionState", ""),
                entry.get("ConnectionErrorCode", ""),
            )
            for entry in answer["CustomKeyStores"]
        )
        return stores, look if stores else replace(look, outcome=LookupOutcome.ABSENT)

    def tags(self, key_arn: str, region: str) -> tuple[Mapping[str, str], LookupResult]:
        """Return the tags of a key of KeyWatch's own account, as seen within the last minutes; a key has at most 50."""
        return self._tags.recall(
            key_arn,
            lambda: self._list_tags(key_arn, region),
            keep=lambda answer: answer[1].outcome in ANSWERED,
        )

    def _list_tags(self, key_arn: str, region: str) -> tuple[Mapping[str, str], LookupResult]:
        answer, look = self.ask(
            "ListResourceTags",
            key_arn,
            region,
            lambda kms: kms.list_resource_tags(KeyId=key_arn, Limit=50),
        )
        listed = answer.get("Tags", ()) if answer is not None else ()
        return {tag["TagKey"]: tag["TagValue"] for tag in listed}, look

    def last_use(
        self, key_arn: str, region: str
    ) -> tuple[datetime | None, datetime | None, LookupResult | None]:
        """Return when a key last did cryptography and since when KMS keeps track of it; no look where boto3 is too old."""
        if not hasattr(self._client("kms", region), "get_key_last_usage"):
            return None, None, None
        answer, look = self.ask(
            "GetKeyLastUsage", key_arn, region, lambda kms: kms.get_key_last_usage(KeyId=key_arn)
        )
        if answer is None:
            return None, None, look
        used = (answer.get("KeyLastUsage") or {}).get("Timestamp")
        return _utc(used), _utc(answer.get("TrackingStartDate")), look


def alias_facts(alias: "AliasListEntryTypeDef") -> AliasFacts:
    """Return the facts of one entry of ListAliases' answer."""
    return AliasFacts(
        alias.get("AliasName", ""),
        alias.get("TargetKeyId"),
        _utc(alias.get("CreationDate")),
        _utc(alias.get("LastUpdatedDate")),
    )


def key_facts(metadata: "KeyMetadataTypeDef", region: str) -> KeyFacts:
    """Return the facts of DescribeKey's answer; members that a partition or an emulator lacks stay empty."""
    arn = metadata.get("Arn", "")
    named = parse(arn)
    return KeyFacts(
        arn=arn,
        key_id=metadata["KeyId"],
        state=metadata.get("KeyState", ""),
        region=named.region or region,
        account=named.account or metadata.get("AWSAccountId", ""),
        created=_utc(metadata.get("CreationDate")),
        manager=metadata.get("KeyManager", "CUSTOMER"),
        origin=metadata.get("Origin", "AWS_KMS"),
        usage=metadata.get("KeyUsage", ""),
        deletion_date=_utc(metadata.get("DeletionDate")),
        pending_days=metadata.get("PendingDeletionWindowInDays"),
        valid_to=_utc(metadata.get("ValidTo")),
        key_store=metadata.get("CustomKeyStoreId"),
        external_key=metadata.get("XksKeyConfiguration", {}).get("Id"),
        replicas=_regions_of(metadata),
    )


def _regions_of(metadata: "KeyMetadataTypeDef") -> tuple[str, ...]:
    """Return the Regions of a multi-Region key's related keys, its primary's first."""
    related = metadata.get("MultiRegionConfiguration")
    if not related:
        return ()
    keys = [related.get("PrimaryKey") or {}, *(related.get("ReplicaKeys") or [])]
    return tuple(dict.fromkeys(str(key["Region"]) for key in keys if key.get("Region")))


def _utc(value: object) -> datetime | None:
    return value.astimezone(UTC) if isinstance(value, datetime) else None
