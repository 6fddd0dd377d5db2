"""The error codes of KMS, and those with which other services report a missing or unusable KMS key. Data only.

A code is looked up by its ``core``: lower case, without namespace, ``KMS.`` or ``Client.`` prefix
and without the suffix Exception, Fault or Error; CloudTrail and the SDKs differ in these
(``AccessDenied`` and ``AccessDeniedException``). Sources: botocore's service models (errors of each
operation); the S3 codes and texts are recorded answers of the service.
"""

from dataclasses import dataclass
from functools import lru_cache

from keywatch.model.levels import Confidence

_CERTAIN, _LIKELY, _POSSIBLE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.POSSIBLE


@dataclass(frozen=True, slots=True)
class Code:
    """What a code means when its text says nothing: a cause, or ``None`` and the reason why it is out of scope.

    ``bare`` is the cause when there is no text at all; otherwise an unknown text is worth more than
    a guess.
    """

    cause: str | None
    confidence: Confidence = Confidence.LIKELY
    reason: str = ""
    bare: str | None = None


def _out(reason: str) -> Code:
    return Code(None, reason="out_of_scope_" + reason)


_UNKNOWN = Code("unclassified", _POSSIBLE)
_DISABLED = Code("key_disabled", _LIKELY)
_NOT_FOUND = Code("key_not_found", _LIKELY)
_MALFORMED = Code("malformed_identifier", _LIKELY)
_HSM = Code("cloudhsm_unavailable", _LIKELY)
_PROXY_SETTINGS = Code("xks_proxy_misconfigured", _LIKELY)
_AWS_SIDE = Code("kms_unavailable", _LIKELY)
_DENIED = _out("plain_denial")
_THROTTLED = _out("throttling")
_CREDENTIALS = _out("credentials")
_VALIDATION = _out("validation")
_USAGE = _out("key_usage")
_CIPHERTEXT = _out("ciphertext")
_STATE_CHANGE = _out("state_change")

# Codes that KMS itself answers.
KMS_CODES: dict[str, Code] = {
    "notfound": Code("unclassified", _POSSIBLE, bare="key_not_found"),
    "disabled": _DISABLED,
    "kmsinvalidstate": _UNKNOWN,
    "invalidstate": _UNKNOWN,
    "keyunavailable": _AWS_SIDE,
    "dependencytimeout": _AWS_SIDE,
    "kmsinternal": _AWS_SIDE,
    "internalfailure": _AWS_SIDE,
    "internalserver": _AWS_SIDE,
    "serviceunavailable": _AWS_SIDE,
    "invalidarn": _MALFORMED,
    "invalidaliasname": _MALFORMED,
    "invalidgranttoken": Code("grant_not_found", _LIKELY),
    "invalidgrantid": Code("grant_not_found", _LIKELY),
    "customkeystoreinvalidstate": Code("key_store_disconnected", _LIKELY),
    "customkeystorenotfound": Code("key_store_not_found", _CERTAIN),
    "xkskeynotfound": Code("external_key_not_found", _CERTAIN),
    "xkskeyinvalidconfiguration": Code("external_key_unusable", _CERTAIN),
    "xksproxyuriunreachable": Code("xks_proxy_unreachable", _CERTAIN),
    "xksproxyincorrectauthenticationcredential": Code("xks_proxy_rejected_credentials", _CERTAIN),
    "xksproxyinvalidresponse": _PROXY_SETTINGS,
    "xksproxyinvalidconfiguration": _PROXY_SETTINGS,
    "xksproxyvpcendpointserviceinvalidconfiguration": _PROXY_SETTINGS,
    "xksproxyvpcendpointservicenotfound": _PROXY_SETTINGS,
    "cloudhsmclusternotfound": _HSM,
    "cloudhsmclusternotactive": _HSM,
    "cloudhsmclusterinvalidconfiguration": _HSM,
    "cloudhsmclusternotrelated": _HSM,
    "cloudhsmclusterinuse": _VALIDATION,
    "xkskeyalreadyinuse": _VALIDATION,
    "xksproxyuriinuse": _VALIDATION,
    "xksproxyuriendpointinuse": _VALIDATION,
    "xksproxyvpcendpointserviceinuse": _VALIDATION,
    "accessdenied": _DENIED,
    "vpceaccessdenied": _DENIED,
    "unauthorizedoperation": _DENIED,
    "throttling": _THROTTLED,
    "throttled": _THROTTLED,
    "toomanyrequests": _THROTTLED,
    "requestlimitexceeded": _THROTTLED,
    "limitexceeded": _THROTTLED,
    "kmsthrottling": _THROTTLED,
    "incorrectkey": _out("wrong_key"),
    "invalidciphertext": _CIPHERTEXT,
    "kmsinvalidsignature": _CIPHERTEXT,
    "kmsinvalidmac": _CIPHERTEXT,
    "invalidkeyusage": _USAGE,
    "kmsinvalidkeyusage": _USAGE,
    "unsupportedoperation": _USAGE,
    "dryrunoperation": _out("dry_run"),
    "conflict": _STATE_CHANGE,
    "unrecognizedclient": _CREDENTIALS,
    "invalidclienttokenid": _CREDENTIALS,
    "expiredtoken": _CREDENTIALS,
    "invalidsignature": _CREDENTIALS,
    "signaturedoesnotmatch": _CREDENTIALS,
    "incompletesignature": _CREDENTIALS,
    "missingauthenticationtoken": _CREDENTIALS,
    "optinrequired": _CREDENTIALS,
}

# Codes of other services that speak of a KMS key. What starts with "kms" is also read by its
# remainder (see ``code_of``).
SERVICE_CODES: dict[str, Code] = {
    "kmsnotfound": _NOT_FOUND,
    "kmskeynotfound": _NOT_FOUND,
    "encryptionkeynotfound": _NOT_FOUND,
    "kmsdisabled": _DISABLED,
    "kmskeydisabled": _DISABLED,
    "disabledkmskey": _DISABLED,
    "encryptionkeydisabled": _DISABLED,
    "kmsinvalidstate": _UNKNOWN,
    "invalidstatekmskey": _UNKNOWN,
    "invalidkmskey.invalidstate": _UNKNOWN,
    "encryptionkeyunavailable": _UNKNOWN,
    "customermanagedkeyunavailable": _UNKNOWN,
    "invalidkmsresource": _UNKNOWN,
    "invalidkmskey": _UNKNOWN,
    "kmskeyvalidation": _UNKNOWN,
    "invalidsourcekmskey": _UNKNOWN,
    "invaliddestinationkmskey": _UNKNOWN,
    "kms": _UNKNOWN,
    "kmskeynotaccessible": Code("missing_or_not_authorized", _POSSIBLE),
    "encryptionkeyinvalidid": _MALFORMED,
    "invalidkmskeyid": _MALFORMED,
    "invalidkmsarn": _MALFORMED,
    "invalidkmskeyarn": _MALFORMED,
    "invalids3kmskeyarn": _MALFORMED,
    "kmsaccessdenied": _DENIED,
    "kmskeyaccessdenied": _DENIED,
    "encryptionkeyaccessdenied": _DENIED,
    "kmsthrottling": _THROTTLED,
    "kmsthrottled": _THROTTLED,
    "kmsoptinrequired": _CREDENTIALS,
    "kmsinvalidkeyusage": _USAGE,
    "kmsinvalidsignature": _CIPHERTEXT,
    "kmsinvalidmac": _CIPHERTEXT,
}

# Codes that are common words: they speak of a KMS key only when this service says them.
SERVICE_SPECIFIC: dict[tuple[str, str], Code] = {
    ("secretsmanager", "decryptionfailure"): _UNKNOWN,
    ("secretsmanager", "encryptionfailure"): _UNKNOWN,
    ("bedrock-agentcore", "decryptionfailure"): _UNKNOWN,
    ("bedrock-agentcore", "encryptionfailure"): _UNKNOWN,
    ("ssm", "invalidkeyid"): _UNKNOWN,
}

# These operations refuse a store in the wrong connection state although nothing is broken.
STORE_CHANGES = frozenset(
    {
        "ConnectCustomKeyStore",
        "DisconnectCustomKeyStore",
        "UpdateCustomKeyStore",
        "DeleteCustomKeyStore",
    }
)

_SUFFIXES = ("exception", "fault", "error")
_PREFIXES = ("kms.", "client.", "server.")
_MISSING_OR_UNUSABLE = (
    "notfound",
    "unavailable",
    "invalidstate",
    "disabled",
    "unreachable",
    "inaccessible",
    "notaccessible",
)


@lru_cache(maxsize=1024)
def core_of(code: str) -> tuple[str, bool]:
    """Return the core of ``code`` and whether the code itself says that KMS is meant (its prefix or namespace)."""
    core = code.strip().lower()
    namespace, hash_sign, tail = core.rpartition("#")
    kms = bool(hash_sign) and ("kms" in namespace or "trent" in namespace)
    core = tail.split(":", 1)[0] if hash_sign else core
    for prefix in _PREFIXES:
        if core.startswith(prefix):
            core, kms = core[len(prefix) :], kms or prefix == "kms."
    for suffix in _SUFFIXES:
        if core.endswith(suffix) and core != suffix:
            core = core.removesuffix(suffix)
            break
    return core, kms


def kms_code(core: str, operation: str | None) -> Code:
    """Return what an answer of KMS means by its code alone; codes that nobody knew are judged by their words."""
    if core == "customkeystoreinvalidstate" and operation in STORE_CHANGES:
        return _STATE_CHANGE
    if known := KMS_CODES.get(core):
        return known
    if any(word in core for word in _MISSING_OR_UNUSABLE):
        return _UNKNOWN
    return _VALIDATION


def service_code(core: str, service: str) -> Code | None:
    """Return what another service's code says about a KMS key, or ``None`` when it says nothing about one."""
    if known := SERVICE_CODES.get(core):
        return known
    if known := SERVICE_SPECIFIC.get((service.partition(".")[0], core)):
        return known
    if "kms" not in core:
        return None
    if any(word in core for word in _MISSING_OR_UNUSABLE):
        return _UNKNOWN
    return _VALIDATION


# Codes that only KMS answers: no other word is needed to know who spoke.
_ONLY_KMS = ("customkeystore", "xkskey", "xksproxy", "cloudhsmcluster", "kmsinternal")


def only_kms(core: str) -> bool:
    """Tell whether a code, by its core, is one that only KMS itself answers."""
    return core.startswith(_ONLY_KMS)
