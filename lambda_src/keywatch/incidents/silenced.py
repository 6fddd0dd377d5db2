"""Whether a silence covers an incident: by what is known of it without a look, or by what a look found."""

from collections.abc import Iterable, Iterator

from keywatch.model.evidence import Evidence
from keywatch.model.identifiers import KeyIdentifier, parse
from keywatch.model.incident import Incident
from keywatch.model.silence import Silence, SilenceView
from keywatch.model.tally import OTHERS
from keywatch.services import Services


def by_words(services: Services, incident: Incident) -> Silence | None:
    """Return the silence that covers an incident, by its announced cause, or what AWS's words say; ``None`` for none."""
    return covering(services, incident, incident.cause or incident.latest_cause, None)


def covering(
    services: Services, incident: Incident, cause: str, evidence: Evidence | None
) -> Silence | None:
    """Return the silence that covers an incident of this cause; of several the one that ends last."""
    silences = services.silences.current(services.now())
    if not silences:
        return None
    view = view_of(incident, cause, evidence)
    fitting = [silence for silence in silences if silence.covers(view)]
    return max(fitting, key=lambda silence: silence.until, default=None)


def unsilenced(services: Services, incidents: Iterable[Incident]) -> list[Incident]:
    """Return the incidents that no silence covers."""
    return [incident for incident in incidents if by_words(services, incident) is None]


def view_of(incident: Incident, cause: str, evidence: Evidence | None) -> SilenceView:
    """Return what a silence looks at of an incident."""
    ids = (incident.id, incident.group or "")
    subject = incident.subject
    return SilenceView(
        ids=frozenset(ids),
        keys=frozenset(filter(None, _names(incident, evidence))),
        cause=cause,
        callers=callers_of(incident),
        account=subject.account,
        region=subject.region,
    )


def callers_of(incident: Incident) -> frozenset[str] | None:
    """Return everybody who called; ``None`` where not all of them are kept."""
    named = {name for kind, name in incident.names if kind == "caller"}
    return (
        None if OTHERS in named else frozenset(named or {incident.latest_failure.caller.principal})
    )


def _names(incident: Incident, evidence: Evidence | None) -> Iterator[str]:
    """Yield all that people may call the key, alias or key store of an incident."""
    failure = incident.latest_failure
    yield incident.subject.name
    yield failure.key_store or ""
    yield from _parts(parse(incident.subject.name))
    if failure.identifier:
        yield from _parts(failure.identifier)
    if failure.key_arn:
        yield from _parts(parse(failure.key_arn))
    if evidence and evidence.key:
        yield evidence.key.arn
        yield evidence.key.key_id
        yield from evidence.names
    subject = incident.subject
    if subject.kind in {"key", "alias"}:
        resource = f"key/{subject.name}" if subject.kind == "key" else subject.name
        yield f"arn:{failure.partition}:kms:{subject.region}:{subject.account}:{resource}"


def _parts(identifier: KeyIdentifier) -> Iterator[str]:
    yield identifier.text
    yield identifier.key_id or ""
    yield identifier.alias or ""
