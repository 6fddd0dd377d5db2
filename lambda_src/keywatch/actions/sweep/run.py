"""``sweep``: every key, alias and key store of the Region that is at risk, the worst first."""

from collections.abc import Mapping
from typing import Any

from keywatch.actions.sweep.findings import SweepFinding, alertable
from keywatch.actions.sweep.paced_kms import SweepLimits
from keywatch.actions.sweep.part import sweep_part
from keywatch.invocation import remaining_seconds
from keywatch.services import Services

SCHEMA = "keywatch.sweep/1"
# Seconds that one group may take at worst: 40 last usages, or patience with throttling.
RESERVE = 45.0
MAX_FINDINGS = 1000
MAX_UNSEEN = 20


def sweep(
    fields: Mapping[str, Any],
    services: Services,
    context: object = None,
    limits: SweepLimits | None = None,
) -> dict[str, Any]:
    """Answer ``{"action": "sweep"}``; where time ran out, ``resume`` in the answer is what the next request passes on."""
    remaining = remaining_seconds(context)
    after, enough_time = fields.get("resume") or "", lambda: remaining() > RESERVE
    progress = sweep_part(services, after, enough_time, limits or SweepLimits())
    ranked = sorted(progress.findings, key=lambda finding: finding.rank)
    answer: dict[str, Any] = {
        "schema": SCHEMA,
        "region": services.settings.region,
        "complete": progress.complete,
        "progress": {"keys_done": progress.done, "keys_total": progress.total},
        "resume": None if progress.complete else progress.after,
        "counts": _counts(ranked),
        "findings": [finding.as_json() for finding in ranked[:MAX_FINDINGS]],
        "left_out": max(0, len(ranked) - MAX_FINDINGS),
        "unknowns": _shortened(progress.unseen),
    }
    return answer | ({"notified": _notify(ranked, services)} if fields.get("notify") else {})


def _notify(ranked: list[SweepFinding], services: Services) -> bool:
    from keywatch.actions.sweep.digest import send_digest

    worth = [finding.as_json() for finding in ranked if alertable(finding)]
    return send_digest(services, worth, "An on-demand sweep found this")


def _counts(ranked: list[SweepFinding]) -> dict[str, int]:
    risks = [finding.risk for finding in ranked]
    return {risk: risks.count(risk) for risk in dict.fromkeys(risks)}


def _shortened(unseen: list[str]) -> list[str]:
    kept = list(dict.fromkeys(unseen))
    more = len(kept) - MAX_UNSEEN
    return kept if more <= 0 else [*kept[:MAX_UNSEEN], f"… and {more} more."]
