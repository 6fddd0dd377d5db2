"""Where scenarios are played: real calls to the emulator's KMS, each turned into what CloudTrail would record of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from demo import wording
from demo.callers import Caller
from demo.cloudtrail_events import Call, Record, deletion_date, record, service_event
from demo.emulator import ACCOUNT, REGION

NOW = timedelta()
# Operation → what the call takes beside the key, and what CloudTrail records of it beside the key.
OPERATIONS: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Encrypt": ({"Plaintext": b"a secret"}, {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}),
    "Decrypt": ({"CiphertextBlob": bytes(120)}, {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}),
    "GenerateDataKey": ({"KeySpec": "AES_256"}, {"keySpec": "AES_256"}),
    "DescribeKey": ({}, {}),
}
_METHODS = {
    "Encrypt": "encrypt",
    "Decrypt": "decrypt",
    "GenerateDataKey": "generate_data_key",
    "DescribeKey": "describe_key",
}


class StageError(Exception):
    """The emulator did not behave as a scenario needs it to."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key in the emulator's KMS."""

    id: str
    arn: str


@dataclass
class Stage:
    """Makes calls and keeps what is told of them: ``changes`` and ``failures`` as records, and ``lines`` of a log."""

    client: Callable[[str, str], Any]
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    changes: list[Record] = field(default_factory=list)
    failures: list[Record] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def key(self, alias: str | None = None, *, region: str = REGION, **options: str) -> Key:
        """Create a key, and an alias for it."""
        kms = self._kms(region)
        metadata = kms.create_key(**options)["KeyMetadata"]
        if alias:
            kms.create_alias(AliasName=alias, TargetKeyId=metadata["KeyId"])
        return Key(metadata["KeyId"], metadata["Arn"])

    def created(self, key: Key, alias: str, by: Caller, ago: timedelta) -> None:
        """Record that ``by`` created a key and its alias."""
        metadata = {
            "aWSAccountId": ACCOUNT,
            "keyId": key.id,
            "arn": key.arn,
            "keyState": "Enabled",
            "keyUsage": "ENCRYPT_DECRYPT",
        }
        request = {"aliasName": alias, "targetKeyId": key.id}
        self._changed(
            "CreateKey",
            by,
            ago,
            {"keySpec": "SYMMETRIC_DEFAULT"},
            keys=(key.arn,),
            response={"keyMetadata": metadata},
        )
        self._changed(
            "CreateAlias",
            by,
            ago,
            request,
            keys=(f"arn:aws:kms:{REGION}:{ACCOUNT}:{alias}", key.arn),
            response={},
        )

    def disable(self, key: Key, by: Caller, ago: timedelta) -> None:
        """Disable a key."""
        self._kms().disable_key(KeyId=key.id)
        self._changed(
            "DisableKey", by, ago, {"keyId": key.id}, keys=(key.arn,), response={"keyId": key.arn}
        )

    def schedule_deletion(
        self, key: Key, by: Caller, ago: timedelta, days: int = 7, *, real: bool = True
    ) -> None:
        """Schedule the deletion of a key; not ``real`` where the days have passed and the key is gone."""
        if real:
            self._kms().schedule_key_deletion(KeyId=key.id, PendingWindowInDays=days)
        when = deletion_date(self.started - ago + timedelta(days=days))
        response = {
            "keyId": key.arn,
            "keyState": "PendingDeletion",
            "deletionDate": when,
            "pendingWindowInDays": days,
        }
        request = {"keyId": key.id, "pendingWindowInDays": days}
        self._changed("ScheduleKeyDeletion", by, ago, request, keys=(key.arn,), response=response)

    def cancel_deletion(self, key: Key, by: Caller, ago: timedelta) -> None:
        """Cancel the deletion of a key, which leaves it disabled."""
        self._kms().cancel_key_deletion(KeyId=key.id)
        self._changed(
            "CancelKeyDeletion",
            by,
            ago,
            {"keyId": key.id},
            keys=(key.arn,),
            response={"keyId": key.arn},
        )

    def enable(self, key: Key, by: Caller, ago: timedelta) -> None:
        """Enable a disabled key."""
        self._kms().enable_key(KeyId=key.id)
        self._changed(
            "EnableKey", by, ago, {"keyId": key.id}, keys=(key.arn,), response={"keyId": key.arn}
        )

    def deleted(self, key: Key, by: Caller, ago: timedelta) -> None:
        """Record that KMS deleted a key at the end of its waiting period."""
        self.changes.append(service_event("DeleteKey", key.arn, by, self.started - ago))

    def changed_store(self, operation: str, store: str, by: Caller, ago: timedelta) -> None:
        """Record a change to a custom key store."""
        self._changed(operation, by, ago, {"customKeyStoreId": store}, response=None)

    def ciphertext(self, key: Key, region: str) -> bytes:
        """Encrypt something with a key."""
        return bytes(
            self._kms(region).encrypt(KeyId=key.id, Plaintext=b"a secret")["CiphertextBlob"]
        )

    def fails(
        self,
        operation: str,
        asked: str | None,
        by: Caller,
        *,
        key: Key | None = None,
        ago: timedelta = NOW,
        **call: bytes,
    ) -> None:
        """Make a call that must fail, and record the failure in AWS's words. ``asked`` is the key as the caller names it.

        ``key`` is the key that AWS resolves it to, where it does; ``call`` are further arguments.
        """
        given, recorded = OPERATIONS[operation]
        arguments = given | call | ({"KeyId": asked} if asked is not None else {})
        code, message = self._refusal(operation, arguments)
        error = wording.as_recorded(code, message, asked, REGION, by.arn, operation)
        request = None if asked is None else {"keyId": asked, **recorded}
        self.recorded(operation, by, error, request=request, key=key, ago=ago)

    def recorded(
        self,
        operation: str,
        by: Caller,
        error: tuple[str, str],
        *,
        request: Mapping[str, Any] | None = None,
        key: Key | None = None,
        ago: timedelta = NOW,
        service: str = "kms.amazonaws.com",
        **extra: Mapping[str, Any],
    ) -> None:
        """Record a failure that no emulator can produce, in the words of AWS's documentation."""
        keys = (key.arn,) if key else ()
        when = datetime.now(UTC) - ago
        self.failures.append(
            record(
                Call(
                    operation,
                    by,
                    when,
                    request=request,
                    error=error,
                    keys=keys,
                    extra=extra,
                    service=service,
                )
            )
        )

    def logged(self, line: str) -> None:
        """Record what an application wrote to its log."""
        self.lines.append(line)

    @property
    def told(self) -> int:
        """Return how many failures were told so far."""
        return len(self.failures) + len(self.lines)

    def _changed(
        self,
        operation: str,
        by: Caller,
        ago: timedelta,
        request: Mapping[str, Any],
        **parts: Any,  # noqa: ANN401 - parts of a record
    ) -> None:
        self.changes.append(
            record(Call(operation, by, self.started - ago, request=request, **parts))
        )

    def _refusal(self, operation: str, arguments: Mapping[str, Any]) -> tuple[str, str]:
        try:
            getattr(self._kms(), _METHODS[operation])(**arguments)
        except ClientError as error:
            return error.response["Error"]["Code"], error.response["Error"]["Message"]
        raise StageError(
            f"{operation} of {arguments.get('KeyId', 'a ciphertext')} should have failed, but the emulator allowed it"
        )

    def _kms(self, region: str = REGION) -> Any:  # noqa: ANN401 - a boto3 client
        return self.client("kms", region)
