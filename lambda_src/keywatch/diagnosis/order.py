"""Which hypotheses AWS's words raise, and in which order they are asked; the first that holds is the cause. Data only.

Here stands the order of the families; each orders its own, so that a new hypothesis has one place.
"""

from collections.abc import Callable, Mapping

from keywatch.diagnosis.case import Case, Explanation
from keywatch.diagnosis.hypotheses import (
    deletion,
    denials,
    elsewhere,
    identifiers,
    missing,
    states,
    timing,
)

Hypothesis = Callable[[Case], Explanation | None]

_NOT_FOUND: tuple[Hypothesis, ...] = (
    *timing.TIMING,
    deletion.key_deleted,
    *missing.DELETED,
    *elsewhere.ELSEWHERE,
    *missing.NEVER_THERE,
)
_STATE: tuple[Hypothesis, ...] = (states.state_now, deletion.deleted_since, states.as_said)
_STORE: tuple[Hypothesis, ...] = (states.key_store,)
_EXTERNAL: tuple[Hypothesis, ...] = (states.external_key,)

# What AWS said → hypotheses in the order of asking; the last one always holds.
ORDER: Mapping[str, tuple[Hypothesis, ...]] = {
    "alias_not_found": _NOT_FOUND,
    "key_not_found": _NOT_FOUND,
    "key_deleted": (deletion.key_deleted, states.as_said),
    "wrong_region": (elsewhere.wrong_region,),
    "malformed_identifier": (identifiers.malformed, states.as_said),
    "missing_or_not_authorized": (
        timing.not_yet_visible,
        *denials.OTHER_REASONS,
        deletion.key_deleted,
        *missing.DELETED,
        *elsewhere.ELSEWHERE,
        *denials.MISSING_OR_NOT,
    ),
    "key_pending_deletion": _STATE,
    "key_disabled": _STATE,
    "key_material_missing": _STATE,
    "key_not_ready": _STATE,
    "external_key_not_found": _EXTERNAL,
    "external_key_unusable": _EXTERNAL,
    "key_store_disconnected": _STORE,
    "key_store_not_found": _STORE,
    "xks_proxy_unreachable": _STORE,
    "xks_proxy_rejected_credentials": _STORE,
    "xks_proxy_denied": _EXTERNAL,
    "xks_proxy_misconfigured": _STORE,
    "xks_proxy_unhealthy": _STORE,
    "cloudhsm_unavailable": _STORE,
    "kms_unavailable": (states.store_not_connected, states.key_store),
    "unclassified": (states.state_now, states.store_not_connected, states.unclassified),
}

# What nobody has ordered keeps AWS's own words.
LAST: tuple[Hypothesis, ...] = (states.as_said,)
