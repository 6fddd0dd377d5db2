"""What the states of keys and key stores mean: usable, not usable and why, or not known here. Data only.

Cryptographic operations work on keys that are ``Enabled`` or ``Updating`` (KMS Developer Guide, key
state table). A state that is neither listed as usable nor a cause's own (a new one, or none at all)
says nothing: it proves no outage and no recovery.
"""

from collections.abc import Mapping

from keywatch.catalogue.causes import CAUSES

USABLE_STATES = frozenset({"Enabled", "Updating"})
# KeyState (KMS API Reference, KeyMetadata) → the cause that it means.
STATE_CAUSES: Mapping[str, str] = {
    state: cause.id for cause in CAUSES.values() for state in cause.key_states
}
OUT_OF_REACH = "Unavailable"  # KeyState of a key that its key store does not serve
CONNECTED = "CONNECTED"  # ConnectionState of a key store that serves its keys


def is_usable(state: str) -> bool | None:
    """Tell whether KMS itself uses a key in this state; ``None`` for a state that nobody knows here.

    Of an external key only its key manager knows more.
    """
    if state in USABLE_STATES:
        return True
    return False if state in STATE_CAUSES else None
