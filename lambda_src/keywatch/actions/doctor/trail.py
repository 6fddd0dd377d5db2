"""Does CloudTrail give EventBridge the failing calls? A trail that logs, with management reads, and with KMS.

Sources: EventBridge User Guide, "AWS service events delivered via CloudTrail" (a trail with logging
is needed); CloudTrail API Reference, EventSelector and AdvancedEventSelector.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from keywatch.actions.doctor.deployment import (
    FAIL,
    PASS,
    WARN,
    Deployment,
    HealthCheck,
    HealthCheckResult,
    Trail,
)

KMS = "kms.amazonaws.com"
_NO_TRAIL = HealthCheckResult(WARN, "There is no trail whose selectors can be checked.")
_UNDERSTOOD = frozenset({"eventCategory", "readOnly", "eventSource"})
Selector = Mapping[str, Any]
_ALL_READS = (
    "aws cloudtrail put-event-selectors --trail-name {} --event-selectors "
    '\'[{{"ReadWriteType":"All","IncludeManagementEvents":true}}]\''
)
_WITH_KMS = (
    "aws cloudtrail put-event-selectors --trail-name {} --event-selectors "
    '\'[{{"ReadWriteType":"All","IncludeManagementEvents":true,"ExcludeManagementEventSources":[]}}]\''
)


def _trail(deployment: Deployment) -> HealthCheckResult:
    trails = deployment.trails
    if logging := next((trail for trail in trails if trail.logs), None):
        return HealthCheckResult(PASS, f"{logging.name} is logging.")
    if hidden := next((trail for trail in trails if trail.logs is None), None):
        return HealthCheckResult(
            WARN,
            f"{hidden.name} could not be looked at ({hidden.hidden}), and no other trail logs. "
            "The canary tells whether it does.",
        )
    if not trails:
        create = "make deploy ARGS='-c keywatch:create_trail=true'"
        return HealthCheckResult(FAIL, "No trail records this Region.", create)
    trail = next((one for one in trails if one.is_own), trails[0])
    start = f"aws cloudtrail start-logging --name {trail.name}" if trail.is_own else None
    owner = "" if trail.is_own else f" It belongs to account {trail.name.split(':')[4]}: ask there."
    return HealthCheckResult(FAIL, f"{trail.name} is not logging.{owner}", start)


def _reads(deployment: Deployment) -> HealthCheckResult:
    seen, hidden = _selectors(deployment)
    for trail, selectors in seen:
        if any(_with_reads(selector) for selector in _management(selectors)):
            return HealthCheckResult(
                PASS, f"{trail.name} records management events, reads included."
            )
    if not seen or hidden:
        return _unseen(hidden)
    return HealthCheckResult(
        FAIL,
        "No active trail records read-only management events, such as Decrypt.",
        _for(seen, _ALL_READS),
    )


def _kms(deployment: Deployment) -> HealthCheckResult:
    seen, hidden = _selectors(deployment)
    doubtful = None
    for trail, selectors in seen:
        managing = list(_management(selectors))
        for selector in [s for s in managing if _with_reads(s)] or managing:
            if not _with_kms(selector):
                continue
            if not (more := _fields(selector).keys() - _UNDERSTOOD):
                return HealthCheckResult(PASS, f"{trail.name} does not exclude KMS.")
            doubtful = HealthCheckResult(
                WARN,
                f"{trail.name} also selects by {', '.join(sorted(more))}; that may exclude KMS calls.",
            )
    if doubtful:
        return doubtful
    if not seen or hidden:
        return _unseen(hidden)
    if not any(list(_management(selectors)) for _, selectors in seen):
        return HealthCheckResult(WARN, "No trail records management events, so none excludes KMS.")
    says = "Every active trail excludes the events of KMS."
    return HealthCheckResult(FAIL, says, _for(seen, _WITH_KMS))


Seen = list[tuple[Trail, Selector]]


def _selectors(deployment: Deployment) -> tuple[Seen, list[Trail]]:
    """Return the trails that log, or may, each with its selectors; and those whose selectors may not be seen."""
    trails = deployment.recording
    seen = [(trail, trail.selectors) for trail in trails if trail.selectors is not None]
    return seen, [trail for trail in trails if trail.selectors is None]


def _unseen(hidden: list[Trail]) -> HealthCheckResult:
    if not hidden:
        return _NO_TRAIL
    trail = hidden[0]
    says = f"The selectors of {trail.name} could not be looked at ({trail.hidden})."
    return HealthCheckResult(
        WARN, says, f"aws cloudtrail describe-trails --trail-name-list {trail.name}"
    )


def _for(seen: Seen, command: str) -> str:
    """Return the command for the account's own trail; for another's, the command that shows whose it is."""
    own = next((trail for trail, _ in seen if trail.is_own), None)
    return (
        command.format(own.name)
        if own
        else f"aws cloudtrail describe-trails --trail-name-list {seen[0][0].name}"
    )


def _management(selectors: Selector) -> Iterator[Selector]:
    """Yield the selectors that include management events, basic or advanced."""
    for basic in selectors.get("EventSelectors") or []:
        if basic.get("IncludeManagementEvents", True):
            yield basic
    for advanced in selectors.get("AdvancedEventSelectors") or []:
        if "Management" in _fields(advanced).get("eventCategory", {}).get("Equals", []):
            yield advanced


def _fields(selector: Selector) -> dict[str, Mapping[str, list[str]]]:
    return {field["Field"]: field for field in selector.get("FieldSelectors") or []}


def _with_reads(selector: Selector) -> bool:
    if "FieldSelectors" not in selector:
        return bool(selector.get("ReadWriteType", "All") != "WriteOnly")
    return "false" not in _fields(selector).get("readOnly", {}).get("Equals", [])


def _with_kms(selector: Selector) -> bool:
    if "FieldSelectors" not in selector:
        return KMS not in (selector.get("ExcludeManagementEventSources") or [])
    source = _fields(selector).get("eventSource", {})
    return KMS not in source.get("NotEquals", []) and (
        "Equals" not in source or KMS in source["Equals"]
    )


CHECKS = (
    HealthCheck(
        "trail",
        "EventBridge gets API calls only while a trail logs them.",
        _trail,
        "aws cloudtrail describe-trails",
    ),
    HealthCheck(
        "management_reads",
        "Decrypt, GenerateDataKey and DescribeKey are read-only calls. A trail that records only writes may hide their failures.",
        _reads,
        "aws cloudtrail describe-trails",
    ),
    HealthCheck(
        "kms_not_excluded",
        "Trails often exclude KMS to save money. KeyWatch may then see nothing.",
        _kms,
        "aws cloudtrail describe-trails",
    ),
)
