"""Realistic alerts for every cause: what the pipeline would hand to the renderers, with the catalogue's own remedies."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from keywatch.alerts.alert import Alert, Impact, SubjectView
from keywatch.catalogue import causes
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.reasons import Reason
from keywatch.model.evidence import ChangeFact
from keywatch.model.levels import Confidence

STATUSES = ("opened", "reminder", "changed", "resolved")
ACCOUNT, REGION = "111122223333", "eu-west-1"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"
STORE = "cks-1234567890abcdef0"
XKS_KEY = "bb8562717f809024"
EVENT_ID = "0f3b1c9e-5d2a-4c1b-9f7e-444455556666"
START = datetime(2026, 11, 23, 2, 14, 5, tzinfo=UTC)
BOB = f"arn:aws:iam::{ACCOUNT}:user/bob"
APP = f"arn:aws:iam::{ACCOUNT}:role/payments-app"


@dataclass(frozen=True)
class Scene:
    """What is special about one cause: what the caller asked for, what AWS said, what was found out."""

    error: str
    because: tuple[Reason, ...] = ()
    confidence: Confidence = Confidence.CERTAIN
    identifier: str | None = "alias/payments"
    key_arn: str | None = KEY
    alias: str | None = "alias/payments"
    key_store: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
    unknowns: tuple[str, ...] = ()
    change: str | None = None
    before: str | None = None


def _xks(error: str, **more: object) -> Scene:
    return Scene(
        f"KMSInvalidStateException: {error}",
        identifier=KEY,
        key_store=STORE,
        facts={"xks_key": XKS_KEY},
        **more,
    )


def _store(error: str, code: str, **more: object) -> Scene:
    found = Reason("DescribeCustomKeyStores", f"{STORE} is FAILED, its connection error is {code}.")
    return Scene(
        f"KMSInvalidStateException: {error}",
        (found,),
        identifier=KEY,
        key_store=STORE,
        facts={"store_state": "FAILED", "connection_error": code},
        **more,
    )


SCENES = {
    "alias_not_found": Scene(
        f"NotFoundException: Alias arn:aws:kms:{REGION}:{ACCOUNT}:alias/paymnets is not found.",
        (
            Reason(
                f"ListAliases in {REGION}",
                "41 aliases, none is alias/paymnets; the nearest is alias/payments.",
            ),
        ),
        identifier="alias/paymnets",
        key_arn=None,
        alias="alias/paymnets",
        facts={"did_you_mean": "alias/payments"},
    ),
    "key_not_found": Scene(
        f"NotFoundException: Key '{KEY}' does not exist",
        (Reason(f"DescribeKey in {REGION}", f"{KEY_ID} does not exist there."),),
        identifier=KEY_ID,
        alias=None,
        unknowns=(
            "CloudTrail's event history reaches back 90 days: a key deleted before leaves no trace in it.",
        ),
    ),
    "key_deleted": Scene(
        f"NotFoundException: Key '{KEY}' does not exist",
        (
            Reason(
                f"CloudTrail event {EVENT_ID}",
                f"{BOB} called ScheduleKeyDeletion at 2026-11-16 01:58 UTC.",
            ),
        ),
        change="ScheduleKeyDeletion",
        before="key_pending_deletion",
    ),
    "malformed_identifier": Scene(
        "NotFoundException: Invalid keyId 'allas/payments'",
        (Reason("the identifier", "the prefix is written allas/ instead of alias/."),),
        identifier="allas/payments",
        key_arn=None,
        alias=None,
        facts={"corrected": "alias/payments", "did_you_mean": "alias/payments"},
    ),
    "wrong_region": Scene(
        "NotFoundException: Invalid arn us-east-1",
        (Reason("DescribeKey in us-east-1", "the key exists there; it is Enabled."),),
        identifier=KEY.replace(REGION, "us-east-1"),
        key_arn=KEY.replace(REGION, "us-east-1"),
        alias=None,
        facts={"key_region": "us-east-1", "key": KEY.replace(REGION, "us-east-1")},
    ),
    "wrong_account": Scene(
        f"NotFoundException: Key '{KEY}' does not exist",
        (Reason("the change ledger", f"the key {KEY_ID} was created in account 444455556666."),),
        Confidence.LIKELY,
        identifier=KEY_ID,
        alias=None,
        facts={"key_account": "444455556666", "owner": "444455556666"},
    ),
    "missing_or_not_authorized": Scene(
        f"AccessDenied: User: {APP} is not authorized to perform: kms:Decrypt on this resource because the resource does not "
        "exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access",
        confidence=Confidence.POSSIBLE,
        identifier=KEY.replace(ACCOUNT, "444455556666"),
        key_arn=KEY.replace(ACCOUNT, "444455556666"),
        alias=None,
        unknowns=(
            (
                "AWS uses this error for three cases and does not say which. To find out: DescribeKey of the key "
                "by somebody who may see account 444455556666."
            ),
        ),
    ),
    "not_yet_visible": Scene(
        f"NotFoundException: Alias arn:aws:kms:{REGION}:{ACCOUNT}:alias/payments is not found.",
        (
            Reason(
                f"CloudTrail event {EVENT_ID}", f"{BOB} called CreateAlias at 2026-11-23 02:13 UTC."
            ),
        ),
        Confidence.LIKELY,
        change="CreateAlias",
    ),
    "key_pending_deletion": Scene(
        f"KMSInvalidStateException: {KEY} is pending deletion.",
        (
            Reason(
                f"DescribeKey in {REGION}",
                "the key is PendingDeletion, to be deleted on 2026-11-30 02:10 UTC.",
            ),
        ),
        facts={"deletion_date": "2026-11-30 02:10 UTC", "key_state": "PendingDeletion"},
        change="ScheduleKeyDeletion",
        before="key_disabled",
    ),
    "key_disabled": Scene(
        f"DisabledException: {KEY} is disabled.",
        (Reason(f"DescribeKey in {REGION}", "the key is Disabled."),),
        facts={"key_state": "Disabled"},
        change="DisableKey",
        before="key_pending_deletion",
    ),
    "key_material_missing": Scene(
        f"KMSInvalidStateException: {KEY} is pending import.",
        (
            Reason(
                f"DescribeKey in {REGION}",
                "the key is PendingImport; its material expired on 2026-11-23 02:00 UTC.",
            ),
        ),
        facts={"key_state": "PendingImport"},
        change="DeleteImportedKeyMaterial",
    ),
    "key_not_ready": Scene(
        f"KMSInvalidStateException: {KEY} is creating.",
        (Reason(f"DescribeKey in {REGION}", "the key is Creating."),),
        facts={"key_state": "Creating"},
        change="ReplicateKey",
    ),
    "key_store_disconnected": Scene(
        f"KMSInvalidStateException: {KEY} is unavailable.",
        (Reason("DescribeCustomKeyStores", f"{STORE} is DISCONNECTED."),),
        identifier=KEY,
        key_store=STORE,
        facts={"store_state": "DISCONNECTED"},
        change="DisconnectCustomKeyStore",
    ),
    "key_store_not_found": Scene(
        f"CustomKeyStoreNotFoundException: Custom key store {STORE} was not found.",
        identifier=None,
        key_arn=None,
        alias=None,
        key_store=STORE,
        change="DeleteCustomKeyStore",
    ),
    "xks_proxy_unreachable": _store(
        "AWS KMS cannot communicate with the external key store proxy. Verify that your external key store proxy is active and "
        "connected to your network.",
        "XKS_PROXY_NOT_REACHABLE",
    ),
    "xks_proxy_rejected_credentials": _store(
        "The external key store proxy rejected the request because it could not authenticate AWS KMS. Verify the credentials "
        "for your external key store and update if necessary.",
        "INVALID_CREDENTIALS",
    ),
    "xks_proxy_denied": _xks(
        "The external key store proxy denied access to the operation. Verify that the user and the external key are both "
        "authorized for this operation, and try the request again."
    ),
    "xks_proxy_misconfigured": _store(
        "The external key store proxy rejected the request because of an invalid URI path. Verify the URI path for your "
        "external key store and update if necessary.",
        "XKS_PROXY_INVALID_CONFIGURATION",
    ),
    "xks_proxy_unhealthy": _store(
        "The external key store proxy is in an unhealthy state. If you see this message repeatedly, notify your external key "
        "store proxy administrator.",
        "INTERNAL_ERROR",
    ),
    "external_key_not_found": _xks(
        "The external key store proxy rejected the request because it could not find the external key.",
        unknowns=(
            "AWS cannot see the external key: only its key manager tells whether it was deleted or moved.",
        ),
    ),
    "external_key_unusable": _xks(
        "The external key store proxy rejected the request because the external key is not enabled in the external key manager."
    ),
    "cloudhsm_unavailable": Scene(
        "KMSInvalidStateException: KMS cannot communicate with your CloudHSM cluster",
        (Reason("DescribeCustomKeyStores", f"{STORE} is CONNECTED."),),
        Confidence.LIKELY,
        identifier=KEY,
        key_store=STORE,
    ),
    "grant_not_found": Scene(
        "InvalidGrantIdException: The request was rejected because the specified grant identifier is not valid.",
        confidence=Confidence.LIKELY,
        identifier=KEY,
    ),
    "lambda_role_recreated": Scene(
        "AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/orders/orders is not authorized to perform: "
        "kms:Decrypt on the resource associated with this ciphertext because the resource does not exist in this Region, no "
        "resource-based policies allow access, or a resource-based policy explicitly denies access",
        (
            Reason("GetRole", f"{APP} was created at 2026-11-23 02:00 UTC."),
            Reason(
                "GetFunctionConfiguration",
                "the function was last changed at 2026-03-01 03:00 UTC, before its role was created.",
            ),
        ),
        confidence=Confidence.LIKELY,
        identifier=None,
        key_arn=None,
        alias=None,
        facts={
            "function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders",
            "role": APP,
            "role_name": "payments-app",
            "role_is_newer": "yes",
        },
    ),
    "kms_unavailable": Scene(
        "KeyUnavailableException: The request was rejected because the key was not available. The request can be retried.",
    ),
    "unclassified": Scene(
        f"KMSInvalidStateException: {KEY} is having a bad day.",
        confidence=Confidence.POSSIBLE,
        unknowns=("This text is new to KeyWatch: read it as AWS wrote it.",),
    ),
}


def alert(cause: str, status: str = "opened") -> Alert:
    """Return a realistic alert of this cause: 500 failures when opened, more later, one change where the cause has one."""
    scene = SCENES[cause]
    return Alert(
        status=status,
        incident_id=f"{cause.replace('_', '-')}-20261123T021405Z",
        subject=SubjectView(
            scene.identifier, scene.key_arn, scene.alias, scene.key_store, ACCOUNT, REGION
        ),
        diagnosis=_diagnosis(cause, scene),
        impact=_impact(
            {"opened": 500, "reminder": 12_480, "changed": 2_000, "resolved": 13_022}[status]
        ),
        changes=(ChangeFact(scene.change, BOB, START - timedelta(minutes=4), EVENT_ID),)
        if scene.change
        else (),
        notes=("A check at 2026-11-23 10:20 UTC found it usable.",) if status == "resolved" else (),
        previous_cause=(scene.before or "unclassified") if status == "changed" else None,
    )


def early_warning(cause: str) -> Alert:
    """Return the alert for a change that will break a key before any call has failed."""
    warned = alert(cause)
    made = Reason(
        f"CloudTrail event {EVENT_ID}",
        f"{BOB} called {SCENES[cause].change} at 2026-11-23 02:10 UTC.",
    )
    used = Reason("GetKeyLastUsage", "last used for Decrypt on 2026-11-22 23:58 UTC.")
    return replace(
        warned,
        diagnosis=replace(warned.diagnosis, because=(made, used)),
        impact=Impact(0, START, START),
    )


def _diagnosis(cause: str, scene: Scene) -> Diagnosis:
    facts = {
        "region": REGION,
        "account": ACCOUNT,
        "partition": "aws",
        "identifier": scene.identifier or "",
        "key": scene.key_arn or "",
        "alias": scene.alias or "",
        "key_store": scene.key_store or "",
        "principal": APP,
        "operation": "Decrypt",
    } | scene.facts
    facts = {name: value for name, value in facts.items() if value}
    because = (Reason("error text", f"AWS answered {scene.error}"), *scene.because)
    return Diagnosis(
        cause, scene.confidence, because, causes.remedies_for(cause, facts), scene.unknowns, facts
    )


def _impact(failures: int) -> Impact:
    return Impact(
        failures,
        START,
        START + timedelta(seconds=failures),
        callers=(
            (APP, failures - 20),
            ("arn:aws:iam::444455556666:role/batch", 15),
            ("s3.amazonaws.com", 5),
        ),
        operations=(("Decrypt", failures - 20), ("GenerateDataKey", 20)),
        services=(("s3.amazonaws.com", 5),),
        resources=(("arn:aws:s3:::invoices", 5),),
    )
