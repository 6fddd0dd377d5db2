"""The proxy of an external key store does not do its work. Data only."""

from keywatch.catalogue.causes.commands import DESCRIBE_STORE, EXTERNAL_KEY, GUIDE, PROXY_OF_STORE
from keywatch.catalogue.causes.record import KEY_AND_STORE, Cause, Remedy
from keywatch.model.levels import Severity

EXTERNAL_PROXIES = (
    Cause(
        id="xks_proxy_unreachable",
        title="External key store proxy does not answer",
        severity=Severity.CRITICAL,
        meaning=(
            "KMS cannot reach the external key store proxy, or gets no answer from it or from the key manager "
            "behind it in time."
        ),
        remedies=(
            Remedy(
                "See which endpoint KMS calls, and whether it still is the right one.",
                PROXY_OF_STORE,
            ),
            Remedy(
                "Check that the proxy runs, answers on port 443 within 250 ms, and reaches its external key manager."
            ),
            Remedy(
                "See whether KMS has given the connection up; then connect the store again.",
                DESCRIBE_STORE,
            ),
        ),
        doc=GUIDE + "xks-troubleshooting.html",
        lookups=KEY_AND_STORE,
        about_key_store=True,
    ),
    Cause(
        id="xks_proxy_rejected_credentials",
        title="External key store proxy rejects KMS's credentials",
        severity=Severity.CRITICAL,
        meaning="The external key store proxy does not accept the credential with which KMS signs its requests.",
        remedies=(
            Remedy(
                "Give KMS the proxy's present credential (AccessKeyId, RawSecretAccessKey) from a file; no disconnect is needed.",
                "aws kms update-custom-key-store --custom-key-store-id {key_store} "
                "--xks-proxy-authentication-credential file://xks-credential.json --region {region}",
            ),
            Remedy("See which access key id KMS uses now.", PROXY_OF_STORE),
        ),
        doc=GUIDE + "xks-troubleshooting.html",
        lookups=KEY_AND_STORE,
        about_key_store=True,
    ),
    Cause(
        id="xks_proxy_denied",
        title="External key store proxy denies access",
        severity=Severity.HIGH,
        meaning="The external key store proxy, or the key manager behind it, does not let this caller use this external key.",
        remedies=(
            Remedy("See which external key it is.", EXTERNAL_KEY),
            Remedy(
                "In the proxy and the external key manager, allow the caller and the key for this operation."
            ),
        ),
        doc=GUIDE + "xks-troubleshooting.html",
        lookups=KEY_AND_STORE,
    ),
    Cause(
        id="xks_proxy_misconfigured",
        title="External key store proxy misconfigured",
        severity=Severity.CRITICAL,
        meaning=(
            "KMS and the external key store proxy do not understand each other: URI path, TLS certificate, "
            "or the proxy's answers."
        ),
        remedies=(
            Remedy("Compare endpoint and URI path with what the proxy serves.", PROXY_OF_STORE),
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
        doc=GUIDE + "xks-troubleshooting.html",
        lookups=KEY_AND_STORE,
        about_key_store=True,
    ),
    Cause(
        id="xks_proxy_unhealthy",
        title="External key store proxy unhealthy",
        severity=Severity.CRITICAL,
        meaning="The external key store proxy says of itself, or of all key managers behind it, that it cannot work.",
        remedies=(
            Remedy(
                "Notify the administrator of the proxy; check the external key manager's instances."
            ),
            Remedy("See the connection state of the key store.", DESCRIBE_STORE),
        ),
        doc=GUIDE + "xks-troubleshooting.html",
        lookups=KEY_AND_STORE,
        about_key_store=True,
    ),
)
