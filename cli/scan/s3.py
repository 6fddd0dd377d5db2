"""Log files in S3: listed by account, Region and day, several downloaded at once.

A trail writes ``<prefix>/AWSLogs/[<organization>/]<account>/CloudTrail/<Region>/<yyyy>/<mm>/<dd>/`` (CloudTrail
User Guide, "Finding your CloudTrail log files"). Where a span is asked for, only its days are listed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from keywatch.catalogue.causes import cause_of
from keywatch.parsing.classify import read_error

from ..session import opened
from .inputs import NoSuchSource

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

IN_MEMORY = 1 << 18  # bytes of a download; the rest waits on disk
PART = 1 << 18
_DEEPEST = 6  # folders between a prefix and CloudTrail's
_OTHER_LOGS = ("/CloudTrail-Digest/", "/CloudTrail-Insight/", "/CloudTrail-NetworkActivity/")
_LATE = timedelta(days=1)  # what happened before midnight may lie in the next day's folder


@dataclass(frozen=True, slots=True)
class Access:
    """How AWS is asked: by which profile of the AWS configuration, in which Region, and whether the reader pays."""

    profile: str | None = None
    region: str | None = None
    requester_pays: bool = False

    def options(self) -> Mapping[str, str]:
        """Return what every request carries."""
        return {"RequestPayer": "requester"} if self.requester_pays else {}


@dataclass(frozen=True, slots=True)
class StoredLog:
    """An object in S3."""

    bucket: str
    key: str
    size: int
    mark: str
    access: Access
    is_far: bool = True

    @property
    def name(self) -> str:
        """Return its address."""
        return f"s3://{self.bucket}/{self.key}"

    def open(self) -> BinaryIO:
        """Download it; what is large waits on disk. Raises ``OSError`` that says what AWS refused, and why."""
        from botocore.exceptions import BotoCoreError, ClientError

        kept: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - who asked closes it
        try:
            options = self.access.options()
            answer = _client(self.access.profile, self.access.region).get_object(
                Bucket=self.bucket, Key=self.key, **options
            )
            for part in answer["Body"].iter_chunks(PART):
                kept.write(part)
        except (ClientError, BotoCoreError) as error:
            kept.close()
            raise OSError(0, why(error, "GetObject")) from error
        kept.seek(0)
        return cast("BinaryIO", kept)


@lru_cache(maxsize=4)
def _client(profile: str | None, region: str | None) -> Any:  # noqa: ANN401 - boto3's clients have no static type here
    from botocore.config import Config

    session = opened(profile, region)
    # S3 tells whoever asks elsewhere where a bucket is.
    here = session.region_name or "us-east-1"
    settings = Config(
        max_pool_connections=32, retries={"mode": "standard", "total_max_attempts": 5}
    )
    return session.client("s3", region_name=here, config=settings)


def why(error: "ClientError | BotoCoreError", operation: str) -> str:
    """Return what AWS refused in one sentence; where a broken key is the reason, with KeyWatch's own diagnosis."""
    answer = getattr(error, "response", {}).get("Error", {})
    code, message = str(answer.get("Code", "")), str(answer.get("Message", "") or error)
    said = read_error(code, message, service="s3.amazonaws.com", operation=operation)
    if said and said.cause:
        cause = cause_of(said.cause)
        return f"the bucket's own KMS key: {cause.title}, {said.cause}. {cause.meaning} AWS answered {code}: {message}"
    if code in {"AccessDenied", "403", "AllAccessDisabled"}:
        return (
            f"access denied: {operation} needs s3:ListBucket, s3:GetObject and, where the bucket is encrypted with a KMS key, "
            f"kms:Decrypt; a bucket whose reader pays needs --requester-pays. AWS answered: {message}"
        )
    return f"{code}: {message}" if code else message


def stored(
    source: str, since: datetime | None, until: datetime | None, access: Access
) -> Iterator[StoredLog]:
    """Yield the log files at ``s3://bucket/prefix``; of a span (UTC), where the folders tell days, only those of its days.

    Raises ``NoSuchSource`` where they cannot be listed.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, _, prefix = source.removeprefix("s3://").partition("/")
    try:
        for one in _prefixes(bucket, prefix, since, until, access):
            yield from _objects(bucket, one, access)
    except (ClientError, BotoCoreError) as error:
        raise NoSuchSource(f"{source} cannot be listed: {why(error, 'ListObjectsV2')}") from error


def _prefixes(
    bucket: str, prefix: str, since: datetime | None, until: datetime | None, access: Access
) -> Iterator[str]:
    regions = list(_regions(bucket, prefix, access, _DEEPEST)) if since else []
    if since is None or not regions:
        yield prefix
        return
    days = list(_days(since, until or datetime.now(UTC)))
    for region in regions:
        for day in days:
            yield f"{region}{day:%Y/%m/%d}/"


def _days(since: datetime, until: datetime) -> Iterator[date]:
    day, last = since.astimezone(UTC).date(), (until.astimezone(UTC) + _LATE).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def _regions(bucket: str, prefix: str, access: Access, depth: int) -> Iterator[str]:
    """Yield the folders of Regions below a prefix."""
    for folder in _folders(bucket, prefix, access):
        if folder.endswith("/CloudTrail/"):
            yield from _folders(bucket, folder, access)
        elif depth and not folder.endswith(_OTHER_LOGS):
            yield from _regions(bucket, folder, access, depth - 1)


def _pages(bucket: str, prefix: str, access: Access, **more: str) -> Iterator[Mapping[str, Any]]:
    listing = _client(access.profile, access.region).get_paginator("list_objects_v2")
    yield from listing.paginate(Bucket=bucket, Prefix=prefix, **more, **access.options())


def _folders(bucket: str, prefix: str, access: Access) -> Iterator[str]:
    prefix = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
    for page in _pages(bucket, prefix, access, Delimiter="/"):
        for folder in page.get("CommonPrefixes", ()):
            yield str(folder["Prefix"])


def _objects(bucket: str, prefix: str, access: Access) -> Iterator[StoredLog]:
    for page in _pages(bucket, prefix, access):
        for item in page.get("Contents", ()):
            key = str(item["Key"])
            if item["Size"] and not any(other in f"/{key}" for other in _OTHER_LOGS):
                yield StoredLog(bucket, key, int(item["Size"]), str(item["ETag"]), access)
