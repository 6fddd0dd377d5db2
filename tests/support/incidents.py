"""Incidents as the table holds them, of every cause, and with text that an attacker would choose."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from keywatch.alerts.wording import iso
from keywatch.catalogue.causes import CAUSES, remedies_for
from keywatch.diagnosis.diagnose import Diagnosis
from keywatch.diagnosis.reasons import Reason
from keywatch.model.evidence import ChangeFact
from keywatch.model.identifiers import parse
from keywatch.model.incident import OPEN, Incident, new_id
from keywatch.model.signals import Caller, ErrorClassification, KeyFailure, Subject
from keywatch.page import detail, listing, markup, view
from keywatch.store.json_forms import dump_diagnosis
from tests.unit.alerts.factory import ACCOUNT, APP, BOB, EVENT_ID, REGION, SCENES, START, alert

NAMES = (
    "payments",
    "orders/eu",
    "invoices-archive",
    "customer-pii",
    "ci-artifacts",
    "backup/vault",
    "search-index",
    "mail",
)
# The causes of the picture: what one sees on a bad day, worst first.
BAD_DAY = (
    ("key_pending_deletion", "payments", 500),
    ("external_key_not_found", "backup/vault", 1_204),
    ("alias_not_found", "paymnets", 37),
    ("key_disabled", "ci-artifacts", 12_480),
    ("wrong_region", "search-index", 9),
    ("missing_or_not_authorized", "customer-pii", 8),
)
HOSTILE = (
    '<script>window.owned="yes"</script>',
    '"><img src=x onerror=window.owned="yes">',
    "</pre></style></table></div><script>window.owned='yes'</script>",
    '</cwdb-action><cwdb-action action="call" endpoint="arn:aws:lambda:evil">{}</cwdb-action>',
    "javascript:window.owned='yes'",
    "&lt;script&gt;window.owned='yes'&lt;/script&gt;",
    "x" * 500,
    "\u202ereversed\u202d \u200bzero\u200b width \x1b[31mred",
)


def incident(
    cause: str, name: str = "payments", failures: int = 500, minutes: int = 0, **fields: object
) -> Incident:
    """Return an open incident as it is after its alert; ``minutes`` is how long after ``START`` it began."""
    scene, began = SCENES[cause], START + timedelta(minutes=minutes)
    alias = f"alias/{name}"
    identifier = alias if scene.alias else scene.identifier
    kind = "alias" if cause == "alias_not_found" else "key"
    subject = Subject(
        kind, ACCOUNT, REGION, alias if kind == "alias" else f"{cause}/{name}/{minutes}"
    )
    latest_failure = KeyFailure(
        source="cloudtrail",
        event_id=EVENT_ID,
        time=began,
        classification=ErrorClassification(cause),
        subject=subject,
        caller=Caller(APP, account=ACCOUNT),
        account=ACCOUNT,
        region=REGION,
        operation="Decrypt",
        identifier=parse(identifier) if identifier else None,
        key_arn=scene.key_arn,
        key_store=scene.key_store,
    )
    diagnosis = alert(cause).diagnosis
    facts = {
        name: value
        for name, value in (diagnosis.facts | {"alias": alias if scene.alias else ""}).items()
        if value
    }
    callers = (
        (("caller", APP), failures - 2),
        (("caller", "arn:aws:iam::444455556666:role/batch"), 2),
    )
    whole = Incident(
        id=new_id(subject, began),
        subject=subject,
        status=OPEN,
        failures=failures,
        first_seen=began,
        last_seen=began + timedelta(minutes=8),
        due_at=began + timedelta(minutes=18),
        latest_cause=cause,
        latest_failure=latest_failure,
        names=dict(callers) | {("operation", "Decrypt"): failures},
        cause=cause,
        severity=CAUSES[cause].severity.value,
        announced=(cause,),
        sent_at=began + timedelta(seconds=7),
        last_diagnosis=dump_diagnosis(replace(diagnosis, facts=facts, remedies=())),
    )
    return replace(whole, **fields)


def bad_day() -> list[Incident]:
    """Return the incidents of the picture."""
    return [
        incident(cause, name, failures, minutes=7 * n)
        for n, (cause, name, failures) in enumerate(BAD_DAY)
    ]


def many(count: int) -> list[Incident]:
    """Return ``count`` incidents of all causes, every fifth one full of hostile text."""
    causes = tuple(SCENES)
    made = [
        incident(causes[n % len(causes)], f"{NAMES[n % 8]}-{n}", 3 + n * n, minutes=n)
        for n in range(count)
    ]
    return [
        hostile(one, HOSTILE[n % len(HOSTILE)]) if n % 5 == 0 else one for n, one in enumerate(made)
    ]


def hostile(victim: Incident, text: str) -> Incident:
    """Return ``victim`` with ``text`` wherever somebody from outside chooses the words, as if no source had cleaned it."""
    facts: Mapping[str, str] = {
        "did_you_mean": text,
        "key": text,
        "region": REGION,
        "identifier": text,
        "alias": text,
    }
    last_diagnosis = Diagnosis(
        cause=victim.cause or "unclassified",
        confidence=alert(victim.cause or "unclassified").diagnosis.confidence,
        because=(Reason("error text", text), Reason(text, text)),
        remedies=remedies_for(victim.cause or "unclassified", facts),
        unknowns=(text,),
        facts=facts,
    )
    subject = replace(victim.subject, name=text)
    latest_failure = replace(
        victim.latest_failure,
        subject=subject,
        identifier=replace(parse("x"), text=text),
        resource=text,
        key_store=text,
    )
    return replace(
        victim,
        subject=subject,
        latest_failure=latest_failure,
        names={
            ("caller", text): 3,
            ("operation", text): 3,
            ("service", text): 2,
            ("resource", text): 1,
        },
        last_diagnosis=dump_diagnosis(last_diagnosis),
    )


def changes(text: str = "ScheduleKeyDeletion", who: str = BOB) -> tuple[ChangeFact, ...]:
    """Return one change of the ledger."""
    return (ChangeFact(text, who, START - timedelta(minutes=4), EVENT_ID),)


ENDPOINT = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:KeyWatch"
NOW = START + timedelta(minutes=50)


def list_page(
    incidents: Sequence[Incident], theme: str = "light", *, width: int = 1200, more: bool = False
) -> str:
    """Return the page that lists ``incidents``, as the function would answer it."""
    views = view.worst_first(view.view_of(one, (), NOW, view.IN_A_ROW) for one in incidents)
    return markup.page(
        listing.listing(views, endpoint=ENDPOINT, now=iso(NOW), more=more), theme=theme, width=width
    )


def detail_page(
    one: Incident,
    theme: str = "light",
    *,
    width: int = 1200,
    known: tuple[ChangeFact, ...] | None = None,
) -> str:
    """Return the page that shows one incident."""
    shown = view.view_of(one, changes() if known is None else known, NOW)
    return markup.page(detail.detail(shown, endpoint=ENDPOINT), theme=theme, width=width)
