"""What sweeps send to people: one message, whatever they found, with the worst first and the rest in short."""

from collections.abc import Sequence
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.actions.sweep.findings import AccountRegion
from keywatch.alerts.alert import Alert, Impact, SubjectView
from keywatch.alerts.names import named
from keywatch.catalogue.causes import Remedy
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.reasons import Reason
from keywatch.model.incident import new_id
from keywatch.model.levels import Confidence
from keywatch.model.signals import Subject
from keywatch.model.text import counted
from keywatch.services import Services
from keywatch.store.budgets import Withheld
from keywatch.store.sweep_findings import Record

MOST_SHOWN = 9


def send_digest(services: Services, ranked: Sequence[Record], opening: str) -> bool:
    """Send one message about findings, the worst first; ``False`` where there are none or it could not be sent."""
    if not ranked:
        return False
    try:
        services.publisher.publish(digest(ranked, opening, services))
    except (ClientError, BotoCoreError, Withheld):
        services.counts.add("AlertsFailed")
        services.logger.exception("what a sweep found could not be published")
        return False
    services.counts.add("AlertsSent")
    return True


def digest(worth: Sequence[Record], opening: str, services: Services) -> Alert:
    """Return the message about findings, the worst first."""
    worst, now = worth[0], services.now()
    place = _place(worst, services)
    subject = Subject("sweep", place.account, place.region, worst["name"])
    remedies = tuple(Remedy(r["text"], r["command"]) for r in worst["remedies"])
    because = (Reason(f"sweep of {place.region}", worst["says"]),)
    return Alert(
        status="opened",
        incident_id=new_id(subject, now),
        subject=_view(worst, services),
        diagnosis=Diagnosis(
            worst["cause"], _confidence(worst, now), because, remedies, facts=worst["facts"]
        ),
        impact=_no_failure_yet(now),
        notes=tuple(_notes(worth, opening, services)),
        severity=worst["severity"],
    )


def _confidence(finding: Record, now: datetime) -> Confidence:
    """Return how sure a finding is: what was due by its date may have happened since KeyWatch looked."""
    deadline = finding.get("deadline")
    is_due = deadline is not None and datetime.fromisoformat(deadline) <= now
    return Confidence.LIKELY if is_due else Confidence.CERTAIN


def _place(finding: Record, services: Services) -> AccountRegion:
    """Return where something was found; findings of older versions do not say it."""
    facts, settings = finding["facts"], services.settings
    return AccountRegion(
        facts.get("account") or settings.account, facts.get("region") or settings.region
    )


def _where(finding: Record, services: Services) -> str:
    """Say in which account something was found, where a hub looks at several."""
    if services.settings.hub is None:
        return ""
    place = _place(finding, services)
    name = services.directory.name(place.account) if services.directory else ""
    return f" in {named(place.account, name)}, {place.region}"


def _notes(worth: Sequence[Record], opening: str, services: Services) -> list[str]:
    others = worth[1:]
    also = f", and {counted(len(others), 'more thing')} at risk" if others else ""
    shown = [
        f"[{f['severity']}] {(f['aliases'] or [f['name']])[0]}{_where(f, services)}: {f['says']}"
        for f in others[:MOST_SHOWN]
    ]
    left = (
        [f"… and {len(others) - MOST_SHOWN} more: make sweep"] if len(others) > MOST_SHOWN else []
    )
    return [f"{opening}{also}; no failing call was seen.", *shown, *left]


def _view(finding: Record, services: Services) -> SubjectView:
    facts, place = finding["facts"], _place(finding, services)
    alias = finding["aliases"][0] if finding["aliases"] else None
    return SubjectView(
        identifier=facts.get("identifier") or finding["name"],
        key_arn=facts.get("key") or None,
        alias=alias,
        key_store=facts.get("key_store") or None,
        account=place.account,
        region=place.region,
        partition=facts.get("partition") or "aws",
        account_name=services.directory.name(place.account) if services.directory else "",
    )


def _no_failure_yet(now: datetime) -> Impact:
    return Impact(failures=0, first_seen=now, last_seen=now)
