"""The custom key store is missing, not connected, or its CloudHSM cluster is not available. Data only."""

from keywatch.catalogue.causes.commands import (
    CONNECT_STORE,
    DISCONNECT_STORE,
    GUIDE,
    LIST_STORES,
    look_at_store,
)
from keywatch.catalogue.causes.record import KEY_AND_STORE, Cause, Lookup, Proof, Remedy
from keywatch.model.levels import Severity

KEY_STORES = (
    Cause(
        id="key_store_disconnected",
        title="Custom key store not connected",
        severity=Severity.CRITICAL,
        meaning="The custom key store is not connected. None of its keys can be used.",
        remedies=(
            Remedy(
                "If the state is FAILED, fix what the error code names, then disconnect the store.",
                DISCONNECT_STORE,
                only_where=("store_state", ("FAILED",)),
                must_be_seen=True,
            ),
            Remedy(
                "Connect the store. This takes some minutes.",
                CONNECT_STORE,
                only_where=("store_state", ("DISCONNECTED", "FAILED")),
                must_be_seen=True,
            ),
            look_at_store(
                "Check the connection state and, if it is FAILED, the connection error code."
            ),
        ),
        doc=GUIDE + "key-store-overview.html",
        key_states=("Unavailable",),
        lookups=KEY_AND_STORE,
        about_key_store=True,
        proof=Proof.KEY_AND_STORE,
    ),
    Cause(
        id="key_store_not_found",
        title="Custom key store not found",
        severity=Severity.HIGH,
        meaning="No custom key store with this id or name exists in the account and Region of the call.",
        remedies=(
            Remedy(
                "Correct the id or name of the key store, the Region or the account in the call. To list the key stores:",
                LIST_STORES,
            ),
        ),
        doc=GUIDE + "key-store-overview.html",
        lookups=frozenset({Lookup.KEY_STORE}),
        about_key_store=True,
    ),
    Cause(
        id="cloudhsm_unavailable",
        title="CloudHSM cluster unavailable",
        severity=Severity.CRITICAL,
        meaning="KMS cannot use the CloudHSM cluster of the key store. None of the store's keys can be used.",
        remedies=(
            look_at_store("Check the connection state and error code of the key store."),
            Remedy(
                "Check that the cluster is ACTIVE and has HSMs in at least two Availability Zones.",
                "aws cloudhsmv2 describe-clusters --region {region}",
            ),
            Remedy(
                "Check that the cluster's security group allows TCP 2223-2225 within itself. "
                "Then retry: the failure is often temporary."
            ),
        ),
        doc=GUIDE + "fix-keystore.html",
        lookups=KEY_AND_STORE,
        about_key_store=True,
    ),
)
