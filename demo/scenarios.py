"""The scenarios: what goes wrong in each, and what KeyWatch has to make of it.

Each function plays one scenario on the stage and returns the names (identifier, key ARN, alias, key
store or caller) by which the alert about it is recognized. ``cause`` is the expected cause;
``None`` where no alert may come.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from demo import callers, wording
from demo.emulator import ACCOUNT, REGION
from demo.stage import Key, Stage

ELSEWHERE = "us-east-1"
BURST = 500
MINUTES, HOURS, DAYS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing that goes wrong: a line for people, the expected cause, and how it is played.

    ``grows``: an early warning comes first, and a second message when the first call fails.
    """

    title: str
    cause: str | None
    play: Callable[[Stage], Names]
    grows: bool = False


def alias_typo(stage: Stage) -> Names:
    """Play: the alias is payments, the new release asks for paymetns."""
    stage.key("alias/payments")
    stage.fails("Encrypt", "alias/paymetns", callers.role("checkout-api", "checkout-api-7f9c"))
    return ("alias/paymetns",)


def unknown_key(stage: Stage) -> Names:
    """Play: a key id that no key of this account and Region has."""
    key_id = str(uuid4())
    stage.fails("GenerateDataKey", key_id, callers.role("nightly-report", "batch-0412"))
    return (key_id,)


def dashless_id(stage: Stage) -> Names:
    """Play: somebody stored the key id without its dashes."""
    asked = stage.key().id.replace("-", "")
    stage.fails("GenerateDataKey", asked, callers.role("image-store", "image-store-1"))
    return (asked,)


def other_region(stage: Stage) -> Names:
    """Play: the failover stack still carries the key ARN of the first Region."""
    key = stage.key(region=ELSEWHERE)
    stage.fails("DescribeKey", key.arn, callers.role("failover-deployer", "cloudformation"))
    return (key.arn,)


def disabled(stage: Stage) -> Names:
    """Play: a person disables a key; KeyWatch warns at once, and tells in the same incident when the first call fails."""
    key = stage.key("alias/customer-data")
    stage.disable(key, callers.user("alice"), ago=2 * MINUTES)
    stage.fails(
        "Encrypt", "alias/customer-data", callers.role("customer-api", "customer-api-3"), key=key
    )
    return (key.arn,)


def pending_deletion(stage: Stage) -> Names:
    """Play: a clean-up job scheduled a key for deletion that three services still use, 500 times in two minutes."""
    key = stage.key("alias/orders")
    stage.schedule_deletion(key, callers.role("cost-cleanup", "weekly"), ago=2 * HOURS)
    services = [
        callers.role(name, f"{name}-1")
        for name in ("orders-api", "orders-api", "orders-worker", "invoices")
    ]
    for number in range(BURST):
        ago = timedelta(seconds=(BURST - number) * 120 / BURST)
        stage.fails(
            "GenerateDataKey", "alias/orders", services[number % len(services)], key=key, ago=ago
        )
    return (key.arn,)


def deleted(stage: Stage) -> Names:
    """Play: the deletion was scheduled nine days ago, KMS deleted the key last night, a restore needs it today."""
    key = absent_key()
    stage.schedule_deletion(key, callers.role("cost-cleanup", "weekly"), ago=9 * DAYS, real=False)
    stage.deleted(key, callers.KMS_ITSELF, ago=11 * HOURS)
    stage.fails("Decrypt", key.arn, callers.role("backup-restore", "restore-2231"))
    return (key.arn,)


def material_missing(stage: Stage) -> Names:
    """Play: a key whose material was to be imported; nobody did."""
    key = stage.key("alias/imported", Origin="EXTERNAL")
    stage.fails("Encrypt", "alias/imported", callers.role("archive", "archive-1"), key=key)
    return (key.arn,)


def foreign_ciphertext(stage: Stage) -> Names:
    """Play: Secrets Manager decrypts a secret that was encrypted in another Region; AWS does not say what is wrong."""
    blob = stage.ciphertext(stage.key(region=ELSEWHERE), ELSEWHERE)
    caller = callers.role(
        "payments-worker", "payments-worker-2", invoked_by="secretsmanager.amazonaws.com"
    )
    stage.fails("Decrypt", None, caller, CiphertextBlob=blob)
    return ("payments-worker",)


def external_key_gone(stage: Stage) -> Names:
    """Play: the key manager of an external key store lost the external key; AWS sees a key that is Enabled."""
    key = stage.key("alias/sovereign")
    text = (
        "The external key store proxy rejected the request because it could not find the external key. "
        "If the request is repeated, verify that the external key exists in your external key manager."
    )
    request = {"keyId": key.arn, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"}
    store = {"customKeyStoreId": "cks-9876543210fedcba9", "xksKeyId": "bb8562717f809024"}
    caller = callers.role("sovereign-vault", "vault-1")
    stage.recorded(
        "Decrypt",
        caller,
        ("KMSInvalidStateException", text),
        request=request,
        key=key,
        additionalEventData=store,
    )
    return (key.arn,)


def store_disconnected(stage: Stage) -> Names:
    """Play: somebody disconnected a key store; all its keys fail, and that is one incident."""
    store = "cks-1234567890abcdef0"
    stage.changed_store("DisconnectCustomKeyStore", store, callers.user("bob"), ago=5 * HOURS)
    for key in (stage.key(), stage.key()):
        error = ("KMSInvalidStateException", f"{key.arn} is unavailable.")
        request = {"keyId": key.arn, "keySpec": "AES_256"}
        caller = callers.role("ledger", "ledger-1")
        stage.recorded(
            "GenerateDataKey",
            caller,
            error,
            request=request,
            key=key,
            additionalEventData={"customKeyStoreId": store},
        )
    return (store,)


def upload(stage: Stage) -> Names:
    """Play: an upload to S3 fails on the bucket's key, and S3 says so with a code of its own."""
    key = stage.key()
    stage.disable(key, callers.user("alice"), ago=3 * HOURS)
    error = ("KMS.DisabledException", f"{key.arn} is disabled.")
    request = {
        "bucketName": "invoices",
        "key": "2026/11.pdf",
        "x-amz-server-side-encryption-aws-kms-key-id": key.arn,
    }
    stage.recorded(
        "PutObject",
        callers.role("invoices", "invoices-1"),
        error,
        request=request,
        service="s3.amazonaws.com",
    )
    return (key.arn,)


def only_logged(stage: Stage) -> Names:
    """Play: a failure that CloudTrail does not tell; the log of the application does."""
    asked = "alias/refunds"
    said = wording.not_found(asked, REGION)
    stage.logged(
        "Traceback (most recent call last):\n"
        '  File "/app/refunds.py", line 41, in seal\n'
        "    return kms.encrypt(KeyId=KEY, Plaintext=data)\n"
        "botocore.errorfactory.NotFoundException: "
        f"An error occurred (NotFoundException) when calling the Encrypt operation: {said}"
    )
    return (asked,)


def just_created(stage: Stage) -> Names:
    """Play: an application uses its new key before KMS shows it everywhere. A moment later it works."""
    asked, caller = "alias/loyalty", callers.role("loyalty", "loyalty-1")
    stage.fails("Encrypt", asked, caller)
    key = stage.key(asked)
    stage.created(key, asked, callers.role("deployer", "cloudformation"), ago=timedelta(seconds=5))
    return (asked,)


def throttled(stage: Stage) -> Names:
    """Play: too many calls; nothing is wrong with the key."""
    key = stage.key()
    text = (
        "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."
    )
    request = {"keyId": key.arn, "keySpec": "AES_256"}
    stage.recorded(
        "GenerateDataKey",
        callers.role("batch", "batch-1"),
        ("ThrottlingException", text),
        request=request,
    )
    return (key.arn,)


def plain_denial(stage: Stage) -> Names:
    """Play: somebody may not use a key, and AWS says so plainly."""
    key, caller = stage.key(), callers.user("mallory")
    text = wording.denied(caller.arn, "Decrypt", key.arn)
    stage.recorded("Decrypt", caller, ("AccessDenied", text))
    return (key.arn,)


def own_lookup(stage: Stage) -> Names:
    """Play: KeyWatch looks a missing key up, and its own failing call comes back as an event."""
    key_id = str(uuid4())
    stage.fails("DescribeKey", key_id, callers.role(f"KeyWatch-function-{REGION}", "KeyWatch"))
    return (key_id,)


def absent_key() -> Key:
    """Return a key that does not exist any more."""
    key_id = str(uuid4())
    return Key(key_id, f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key_id}")


# First what must heal before the end: it takes the longest.
HEALS = Scenario("a key that is used a moment too early", None, just_created)
ALERTS = (
    Scenario("an alias with a typo", "alias_not_found", alias_typo),
    Scenario("a key id that does not exist", "key_not_found", unknown_key),
    Scenario("a key id without its dashes", "malformed_identifier", dashless_id),
    Scenario("a key ARN of another Region", "wrong_region", other_region),
    Scenario(
        "a key that somebody disables (an early warning)", "key_disabled", disabled, grows=True
    ),
    Scenario("a key that was deleted last night", "key_deleted", deleted),
    Scenario("a key without its key material", "key_material_missing", material_missing),
    Scenario("a secret that cannot be decrypted", "missing_or_not_authorized", foreign_ciphertext),
    Scenario("an external key that is gone", "external_key_not_found", external_key_gone),
    Scenario("a key store that was disconnected", "key_store_disconnected", store_disconnected),
    Scenario("an upload to S3 with a disabled key", "key_disabled", upload),
    Scenario("a missing alias that only a log shows", "alias_not_found", only_logged),
)
STORM = Scenario(
    f"a key pending deletion, used {BURST} times", "key_pending_deletion", pending_deletion
)
QUIET = (
    Scenario("a throttled call", None, throttled),
    Scenario("a plain denial", None, plain_denial),
    Scenario("KeyWatch's own failing look-up", None, own_lookup),
)
