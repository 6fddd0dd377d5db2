"""The proxy of an external key store does not do its work. Data only."""

from keywatch.catalogue.causes.commands import (
    EXTERNAL_KEY,
    GUIDE,
    PROXY_OF_STORE,
    look,
    look_at_store,
)
from keywatch.catalogue.causes.record import KEY_AND_STORE, Cause, Remedy
from keywatch.model.levels import Severity

EXTERNAL_PROXIES = (
    Cause(
        id="xks_proxy_unreachable",
        title="External key store proxy does not answer",
        severity=Severity.CRITICAL,
        meaning=(
            "KMS cannot reach the external key store proxy, or gets no answer in time from it or from the key "
            "manager behind it."
        ),
        remedies=(
            look_at_store(
                "Check that the proxy endpoint that KMS calls is still correct.",
                PROXY_OF_STORE,
            ),
            Remedy(
                "Check that the proxy runs, answers on port 443 within 250 ms, and reaches its external key manager."
            ),
            look_at_store(
                "Check whether the key store is still connected. If it is not, connect it again."
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
                "Give KMS the proxy's current credential (AccessKeyId, RawSecretAccessKey) from "
                "a file. The store can stay connected.",
                "aws kms update-custom-key-store --custom-key-store-id {key_store} "
                "--xks-proxy-authentication-credential file://xks-credential.json --region {region}",
                only_where=("store_state", ()),
            ),
            look_at_store("Check which access key id KMS uses now.", PROXY_OF_STORE),
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
            look(
                "Allow the caller and the external key for this operation, in the proxy and in the external key manager. "
                "To find the id of the external key:",
                EXTERNAL_KEY,
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
            "KMS and the external key store proxy cannot communicate: the URI path, the TLS certificate or the "
            "proxy's answers are wrong."
        ),
        remedies=(
            look_at_store(
                "Compare the endpoint and the URI path with those of the proxy.", PROXY_OF_STORE
            ),
            Remedy(
                "Check the proxy's certificate: it must not have expired, must have the right name and come from a public CA, "
                "and TLS must be 1.2 or 1.3."
            ),
            Remedy(
                "If the URI path is wrong, correct it: put the proxy's own path in the place of the example.",
                "aws kms update-custom-key-store --custom-key-store-id {key_store} "
                "--xks-proxy-uri-path /example/prefix/kms/xks/v1 --region {region}",
                only_where=("store_state", ()),
            ),
            Remedy(
                "If KMS cannot read the proxy's answers, or the proxy refuses the operation, contact the proxy's administrator."
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
        meaning="The external key store proxy reports that it, or every key manager behind it, is not working.",
        remedies=(
            Remedy(
                "Contact the administrator of the proxy, and check the instances of the external key manager."
            ),
            look_at_store("Check the connection state of the key store."),
        ),
        doc=GUIDE + "xks-troubleshooting.html",
        lookups=KEY_AND_STORE,
        about_key_store=True,
    ),
)
