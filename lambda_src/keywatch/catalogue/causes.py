"""The catalogue: every cause KeyWatch can name, what it means, how bad it is and what mends it.

Cause ids are API (dashboards, filter policies and ignore rules rely on them). The knowledge is
data; the only logic here fills a remedy's command with the identifiers of the case, quoted for a
shell.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Formatter
from types import MappingProxyType

# The facts of a case that commands may name; all are text, and any may be unknown.
FACTS = (
    "key",  # key id or key ARN
    "multi_region_key",  # the same, where it is a multi-Region key
    "alias",  # alias/<name>
    "identifier",  # what the caller asked for, as typed
    "did_you_mean",  # what the caller most likely meant
    "region",  # the Region of the failing call
    "key_region",  # the Region in which the key lives, where that is another one
    "account",  # the account of the failing call
    "partition",  # aws, aws-cn, aws-us-gov...
    "principal",  # ARN of the user or role that made the call
    "operation",  # the KMS operation that failed
    "key_store",  # custom key store id
    "xks_key",  # id of the external key in its own key manager
    "deletion_date",  # when the key is gone for good
)


class Severity(StrEnum):
    """How urgent a cause is, from wake somebody up to good to know."""

    CRITICAL = "critical"
    HIGH = "high"
    WARNING = "warning"
    INFO = "info"


class Confidence(StrEnum):
    """How sure a diagnosis is: AWS said so or a look-up proved it; the best explanation; one of several."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Remedy:
    """One step that mends a cause: a sentence, and a command (AWS CLI v2) to paste, where one exists.

    In the catalogue ``command`` is a template with ``{names}`` of case facts; in an alert it is
    filled in and quoted.
    """

    text: str
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why a key is missing or unusable. ``meaning`` is one plain sentence; ``remedies`` are in order of trying."""

    id: str
    title: str
    severity: Severity
    meaning: str
    remedies: tuple[Remedy, ...]
    doc: str


def fill(remedy: Remedy, facts: Mapping[str, str]) -> Remedy | None:
    """Return ``remedy`` with every ``{name}`` of its command replaced by the shell-quoted fact.

    A command that needs a fact which the case does not know cannot be pasted: the step is then left
    out (``None``).
    """
    if remedy.command is None:
        return remedy
    names = {name for _, name, _, _ in Formatter().parse(remedy.command) if name}
    if not all(facts.get(name) for name in names):
        return None
    return Remedy(
        remedy.text, remedy.command.format_map({name: shlex.quote(facts[name]) for name in names})
    )


def remedies_for(cause_id: str, facts: Mapping[str, str]) -> tuple[Remedy, ...]:
    """Return what mends a cause, in order of trying, with the case's own facts in the commands.

    A step whose command needs a fact that nobody knows stays as a sentence, but is left out
    altogether where that fact is what the step is about (``did_you_mean``, ``key_region``,
    ``multi_region_key``). Without a Region, commands rely on the caller's default.
    """
    cause = CAUSES.get(cause_id)
    steps = cause.remedies if cause else ()
    return tuple(filled for step in steps if (filled := _filled(step, facts)) is not None)


_REGION_OPTION = " --region {region}"
_POINT_OF_A_STEP = ("{did_you_mean}", "{key_region}", "{multi_region_key}")


def _filled(step: Remedy, facts: Mapping[str, str]) -> Remedy | None:
    if step.command and not facts.get("region"):
        step = Remedy(step.text, step.command.replace(_REGION_OPTION, ""))
    if filled := fill(step, facts):
        return filled
    pointless = step.command is not None and any(fact in step.command for fact in _POINT_OF_A_STEP)
    return None if pointless else Remedy(step.text)


_GUIDE = "https://docs.aws.amazon.com/kms/latest/developerguide/"
_DESCRIBE = "aws kms describe-key --key-id {key} --region {region}"
_DESCRIBE_STORE = (
    "aws kms describe-custom-key-stores --custom-key-store-id {key_store} --region {region}"
)
_CONNECT = "aws kms connect-custom-key-store --custom-key-store-id {key_store} --region {region}"
_DISCONNECT = (
    "aws kms disconnect-custom-key-store --custom-key-store-id {key_store} --region {region}"
)
_HISTORY = (
    "aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue={key} "
    "--region {region} --query 'Events[].[EventTime,EventName,Username]' --output table"
)
_LIST_ALIASES = "aws kms list-aliases --region {region} --query 'Aliases[].[AliasName,TargetKeyId]' --output table"
_EXTERNAL_KEY = (
    "aws kms describe-key --key-id {key} --region {region} --query KeyMetadata.XksKeyConfiguration"
)
_PROXY = f"{_DESCRIBE_STORE} --query 'CustomKeyStores[].XksProxyConfiguration'"

_MISSING = (
    Cause(
        "alias_not_found",
        "Alias not found",
        Severity.HIGH,
        "No alias of this name exists in the account and Region of the call.",
        (
            Remedy(
                "Correct the name to the nearest alias that exists, if that is the one meant; this shows its key.",
                "aws kms describe-key --key-id {did_you_mean} --region {region}",
            ),
            Remedy("Compare with the aliases that exist; names are case-sensitive.", _LIST_ALIASES),
            Remedy(
                "If the alias was deleted, create it again on its key.",
                "aws kms create-alias --alias-name {alias} --target-key-id {key} --region {region}",
            ),
            Remedy(
                "An alias name is looked up in the caller's own account and Region: name a key of another account by its ARN."
            ),
        ),
        _GUIDE + "kms-alias.html",
    ),
    Cause(
        "key_not_found",
        "Key not found",
        Severity.HIGH,
        "No key with this id exists in the account and Region that were asked.",
        (
            Remedy(
                "See in which account the caller really is; a bare key id is looked up there.",
                "aws sts get-caller-identity",
            ),
            Remedy("See what happened to the key in the last 90 days, and who did it.", _HISTORY),
            Remedy(
                "Compare with the keys that exist in this Region.",
                "aws kms list-keys --region {region} --query 'Keys[].KeyId' --output text",
            ),
        ),
        _GUIDE + "find-cmk-id-arn.html",
    ),
    Cause(
        "key_deleted",
        "Key deleted",
        Severity.CRITICAL,
        "The key was deleted, and what only it encrypted cannot be decrypted any more.",
        (
            Remedy("See who scheduled the deletion, and when.", _HISTORY),
            Remedy(
                "A deleted key cannot be restored. Create a new key for new data,",
                "aws kms create-key --description 'Replaces a deleted key' --region {region}",
            ),
            Remedy(
                "point the alias at it (--target-key-id is the new key), and restore data from copies under other keys."
            ),
            Remedy(
                "Only a deleted replica of a multi-Region key (mrk-...) can be made again, from its primary key.",
                "aws kms replicate-key --key-id {multi_region_key} --replica-region {region} --region {key_region}",
            ),
        ),
        _GUIDE + "deleting-keys.html",
    ),
    Cause(
        "malformed_identifier",
        "Malformed key identifier",
        Severity.HIGH,
        "What the call gave as its key is not a key id, key ARN, alias or alias ARN, so that no key can be meant by it.",
        (
            Remedy(
                "Correct the identifier to what was most likely meant; this shows whether such a key exists.",
                "aws kms describe-key --key-id {did_you_mean} --region {region}",
            ),
            Remedy(
                "Correct the identifier where the application is configured: a UUID, mrk-..., alias/<name>, or an ARN of either."
            ),
            Remedy("Compare with the aliases that exist.", _LIST_ALIASES),
        ),
        _GUIDE + "concepts.html#key-id",
    ),
    Cause(
        "wrong_region",
        "Wrong Region",
        Severity.HIGH,
        "The call went to a Region in which this key does not exist; it lives in another one.",
        (
            Remedy(
                "Call KMS in the Region of the key.",
                "aws kms describe-key --key-id {key} --region {key_region}",
            ),
            Remedy(
                "Set the client's Region to the one in the key's ARN, or name a key of the Region that is called."
            ),
            Remedy(
                "Only for a multi-Region key (mrk-...): make a replica in the Region that is called.",
                "aws kms replicate-key --key-id {multi_region_key} --replica-region {region} --region {key_region}",
            ),
        ),
        _GUIDE + "multi-region-keys-overview.html",
    ),
    Cause(
        "wrong_account",
        "Wrong account",
        Severity.HIGH,
        "The call looked in one account for a key that belongs to another.",
        (
            Remedy("See in which account the caller really is.", "aws sts get-caller-identity"),
            Remedy(
                "Name the key by its full ARN; a bare id or alias never leaves the caller's account.",
                _DESCRIBE,
            ),
        ),
        _GUIDE + "key-policy-modifying-external-accounts.html",
    ),
    Cause(
        "missing_or_not_authorized",
        "Key missing, or caller not allowed",
        Severity.WARNING,
        "AWS gave the one answer that it gives for a missing key, a wrong Region and a denial; it does not say which.",
        (
            Remedy(
                "Ask with an identity that may see the key whether it exists in that Region.",
                _DESCRIBE,
            ),
            Remedy(
                "If it exists, see whether its key policy lets the caller in,",
                "aws kms get-key-policy --key-id {key} --region {region} --query Policy --output text",
            ),
            Remedy(
                "and whether the caller's own policies do.",
                "aws iam simulate-principal-policy --policy-source-arn {principal} "
                "--action-names kms:{operation} --resource-arns {key} --query 'EvaluationResults[].EvalDecision'",
            ),
        ),
        _GUIDE + "policy-evaluation.html",
    ),
    Cause(
        "not_yet_visible",
        "Created moments ago, not visible yet",
        Severity.INFO,
        "The key or alias was created or changed moments ago, and KMS does not show it everywhere yet.",
        (
            Remedy("Wait; it takes seconds, sometimes minutes. Then ask again.", _DESCRIBE),
            Remedy("Let the application retry with growing delays after creating a key or alias."),
        ),
        _GUIDE + "accessing-kms.html#programming-eventual-consistency",
    ),
    Cause(
        "grant_not_found",
        "Grant not found",
        Severity.WARNING,
        "The grant or grant token that the call named does not exist or is not valid any more.",
        (
            Remedy(
                "See which grants the key has.",
                "aws kms list-grants --key-id {key} --region {region}",
            ),
            Remedy(
                "Create the grant again, and use its token within minutes: later the grant works without it."
            ),
        ),
        _GUIDE + "grants.html",
    ),
)

_UNUSABLE = (
    Cause(
        "key_pending_deletion",
        "Key scheduled for deletion",
        Severity.CRITICAL,
        "The key is scheduled for deletion, cannot be used meanwhile, and will be lost for good when its waiting period ends.",
        (
            Remedy(
                "Cancel the deletion while there is time,",
                "aws kms cancel-key-deletion --key-id {key} --region {region}",
            ),
            Remedy(
                "then enable the key, which is disabled after that.",
                "aws kms enable-key --key-id {key} --region {region}",
            ),
            Remedy("See who scheduled the deletion, and when.", _HISTORY),
        ),
        _GUIDE + "deleting-keys.html",
    ),
    Cause(
        "key_disabled",
        "Key disabled",
        Severity.HIGH,
        "Somebody disabled the key; it exists, but encrypts and decrypts nothing until it is enabled.",
        (
            Remedy("Enable the key.", "aws kms enable-key --key-id {key} --region {region}"),
            Remedy("See who disabled it, and when.", _HISTORY),
        ),
        _GUIDE + "enabling-keys.html",
    ),
    Cause(
        "key_material_missing",
        "Key material missing",
        Severity.CRITICAL,
        "The key waits for imported key material: it was never imported, has expired, or was deleted.",
        (
            Remedy("See when material expires or expired.", _DESCRIBE),
            Remedy(
                "Get a wrapping key and an import token,",
                "aws kms get-parameters-for-import --key-id {key} --wrapping-algorithm RSAES_OAEP_SHA_256 "
                "--wrapping-key-spec RSA_4096 --region {region}",
            ),
            Remedy(
                "wrap the same key material with it, and import it again.",
                "aws kms import-key-material --key-id {key} --encrypted-key-material fileb://EncryptedKeyMaterial.bin "
                "--import-token fileb://ImportToken.bin --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE --region {region}",
            ),
        ),
        _GUIDE + "importing-keys.html",
    ),
    Cause(
        "key_not_ready",
        "Key not ready yet",
        Severity.WARNING,
        "The multi-Region key is still being created as a replica, or its primary Region is being changed.",
        (
            Remedy(
                "Wait until its state is Enabled.",
                "aws kms describe-key --key-id {key} --region {region} --query KeyMetadata.KeyState",
            ),
        ),
        _GUIDE + "key-state.html",
    ),
    Cause(
        "kms_unavailable",
        "KMS could not serve the key",
        Severity.WARNING,
        "KMS itself, or something that it depends on, could not serve the call; this is on AWS's side and mostly passes.",
        (
            Remedy(
                "Let the application retry with growing delays; the AWS SDKs do so for these errors."
            ),
            Remedy("See whether the key answers now.", _DESCRIBE),
            Remedy(
                "If it lasts, look for KMS on the AWS Health Dashboard, https://health.aws.amazon.com/health/status."
            ),
        ),
        _GUIDE + "accessing-kms.html",
    ),
    Cause(
        "unclassified",
        "Key unusable for a reason not known to KeyWatch",
        Severity.WARNING,
        "AWS said that a key, alias, grant or key store is missing or unusable, in words that KeyWatch does not know.",
        (
            Remedy("Read AWS's own words above, and see the state of the key.", _DESCRIBE),
            Remedy("See what was done to the key in the last 90 days.", _HISTORY),
        ),
        _GUIDE + "key-state.html",
    ),
)

_STORES = (
    Cause(
        "key_store_disconnected",
        "Custom key store not connected",
        Severity.CRITICAL,
        "The custom key store is not connected, so that none of its keys can be used.",
        (
            Remedy(
                "See the connection state and, where it failed, the error code.", _DESCRIBE_STORE
            ),
            Remedy(
                "Where the state is FAILED, mend what its code names, then disconnect first.",
                _DISCONNECT,
            ),
            Remedy("Connect the store; it takes some minutes.", _CONNECT),
        ),
        _GUIDE + "key-store-overview.html",
    ),
    Cause(
        "key_store_not_found",
        "Custom key store not found",
        Severity.HIGH,
        "No custom key store with this id or name exists in the account and Region of the call.",
        (
            Remedy(
                "Compare with the key stores that exist.",
                "aws kms describe-custom-key-stores --region {region} "
                "--query 'CustomKeyStores[].[CustomKeyStoreId,CustomKeyStoreName,ConnectionState]' --output table",
            ),
            Remedy("Correct the id or name, the Region or the account of the call."),
        ),
        _GUIDE + "key-store-overview.html",
    ),
    Cause(
        "cloudhsm_unavailable",
        "CloudHSM cluster unavailable",
        Severity.CRITICAL,
        "KMS cannot work with the CloudHSM cluster behind the key store, so that none of its keys can be used.",
        (
            Remedy("See the connection state and error code of the key store.", _DESCRIBE_STORE),
            Remedy(
                "See whether the cluster is ACTIVE and has HSMs in at least two zones.",
                "aws cloudhsmv2 describe-clusters --region {region}",
            ),
            Remedy(
                "Let the security group of the cluster pass TCP 2223-2225 within itself; then retry, it is often transient."
            ),
        ),
        _GUIDE + "fix-keystore.html",
    ),
    Cause(
        "xks_proxy_unreachable",
        "External key store proxy does not answer",
        Severity.CRITICAL,
        "KMS cannot reach the external key store proxy, or gets no answer from it or from the key manager behind it in time.",
        (
            Remedy("See which endpoint KMS calls, and whether it still is the right one.", _PROXY),
            Remedy(
                "Check that the proxy runs, answers on port 443 within 250 ms, and reaches its external key manager."
            ),
            Remedy(
                "See whether KMS has given the connection up; then connect the store again.",
                _DESCRIBE_STORE,
            ),
        ),
        _GUIDE + "xks-troubleshooting.html",
    ),
    Cause(
        "xks_proxy_rejected_credentials",
        "External key store proxy rejects KMS's credentials",
        Severity.CRITICAL,
        "The external key store proxy does not accept the credential with which KMS signs its requests.",
        (
            Remedy(
                "Give KMS the proxy's present credential (AccessKeyId, RawSecretAccessKey) from a file; no disconnect is needed.",
                "aws kms update-custom-key-store --custom-key-store-id {key_store} "
                "--xks-proxy-authentication-credential file://xks-credential.json --region {region}",
            ),
            Remedy("See which access key id KMS uses now.", _PROXY),
        ),
        _GUIDE + "xks-troubleshooting.html",
    ),
    Cause(
        "xks_proxy_denied",
        "External key store proxy denies access",
        Severity.HIGH,
        "The external key store proxy, or the key manager behind it, does not let this caller use this external key.",
        (
            Remedy("See which external key it is.", _EXTERNAL_KEY),
            Remedy(
                "In the proxy and the external key manager, allow the caller and the key for this operation."
            ),
        ),
        _GUIDE + "xks-troubleshooting.html",
    ),
    Cause(
        "xks_proxy_misconfigured",
        "External key store proxy misconfigured",
        Severity.CRITICAL,
        "KMS and the external key store proxy do not understand each other: URI path, TLS certificate, or the proxy's answers.",
        (
            Remedy("Compare endpoint and URI path with what the proxy serves.", _PROXY),
            Remedy(
                "Check the proxy's certificate (not expired, right name, public CA, TLS 1.2 or 1.3)."
            ),
            Remedy(
                "Correct a wrong URI path.",
                "aws kms update-custom-key-store --custom-key-store-id {key_store} "
                "--xks-proxy-uri-path /example/prefix/kms/xks/v1 --region {region}",
            ),
            Remedy(
                "Report answers that KMS cannot read, or operations that the proxy refuses, to the proxy's administrator."
            ),
        ),
        _GUIDE + "xks-troubleshooting.html",
    ),
    Cause(
        "xks_proxy_unhealthy",
        "External key store proxy unhealthy",
        Severity.CRITICAL,
        "The external key store proxy says of itself, or of all key managers behind it, that it cannot work.",
        (
            Remedy(
                "Notify the administrator of the proxy; check the external key manager's instances."
            ),
            Remedy("See the connection state of the key store.", _DESCRIBE_STORE),
        ),
        _GUIDE + "xks-troubleshooting.html",
    ),
    Cause(
        "external_key_not_found",
        "External key not found",
        Severity.CRITICAL,
        "The external key manager no longer has the key behind this KMS key; AWS cannot see that by itself.",
        (
            Remedy("See the id of the external key.", _EXTERNAL_KEY),
            Remedy(
                "Restore that key in the external key manager under the same id; a KMS key cannot be given another one."
            ),
            Remedy(
                "If it is lost, what only it encrypted is lost: create a KMS key on a new external key for new data."
            ),
        ),
        _GUIDE + "xks-troubleshooting.html",
    ),
    Cause(
        "external_key_unusable",
        "External key unusable",
        Severity.CRITICAL,
        "The key exists in the external key manager, but is disabled there or not allowed or not fit for this operation.",
        (
            Remedy("See which external key it is.", _EXTERNAL_KEY),
            Remedy(
                "In the external key manager, enable it (AES-256, for encryption and decryption)."
            ),
        ),
        _GUIDE + "xks-troubleshooting.html",
    ),
)

CAUSES: Mapping[str, Cause] = MappingProxyType(
    {cause.id: cause for cause in (*_MISSING, *_UNUSABLE, *_STORES)}
)
