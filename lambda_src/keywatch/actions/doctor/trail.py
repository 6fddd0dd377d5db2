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
)

KMS = "kms.amazonaws.com"
_NO_TRAIL = HealthCheckResult(WARN, "There is no trail whose selectors can be checked.")
_UNDERSTOOD = frozenset({"eventCategory", "readOnly", "eventSource"})
Selector = Mapping[str, Any]


def _trail(deployment: Deployment) -> HealthCheckResult:
    logging = [trail["name"] for trail in deployment.trails if trail["logging"]]
    if logging:
        return HealthCheckResult(PASS, f"{logging[0]} is logging.")
    if deployment.trails:
        name = deployment.trails[0]["name"]
        return HealthCheckResult(
            FAIL, f"{name} is not logging.", f"aws cloudtrail start-logging --name {name}"
        )
    return HealthCheckResult(
        FAIL, "No trail records this Region.", "make deploy ARGS='-c keywatch:create_trail=true'"
    )


def _reads(deployment: Deployment) -> HealthCheckResult:
    if not deployment.trails:
        return _NO_TRAIL
    for trail in deployment.recording:
        if any(_with_reads(selector) for selector in _management(trail["selectors"])):
            return HealthCheckResult(
                PASS, f"{trail['name']} records management events, reads included."
            )
    return HealthCheckResult(
        FAIL, "No active trail records read-only management events, such as Decrypt."
    )


def _kms(deployment: Deployment) -> HealthCheckResult:
    if not deployment.trails:
        return _NO_TRAIL
    doubtful = None
    for trail in deployment.recording:
        selectors = list(_management(trail["selectors"]))
        for selector in [s for s in selectors if _with_reads(s)] or selectors:
            if not _with_kms(selector):
                continue
            if not (more := _fields(selector).keys() - _UNDERSTOOD):
                return HealthCheckResult(PASS, f"{trail['name']} does not exclude KMS.")
            doubtful = HealthCheckResult(
                WARN,
                f"{trail['name']} also selects by {', '.join(sorted(more))}; that may exclude KMS calls.",
            )
    if not any(list(_management(trail["selectors"])) for trail in deployment.recording):
        return HealthCheckResult(WARN, "No trail records management events, so none excludes KMS.")
    return doubtful or HealthCheckResult(FAIL, "Every active trail excludes the events of KMS.")


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
        'aws cloudtrail put-event-selectors --trail-name TRAIL --event-selectors \'[{"ReadWriteType":"All",'
        '"IncludeManagementEvents":true}]\'',
    ),
    HealthCheck(
        "kms_not_excluded",
        "Trails often exclude KMS to save money. KeyWatch may then see nothing.",
        _kms,
        'aws cloudtrail put-event-selectors --trail-name TRAIL --event-selectors \'[{"ReadWriteType":"All",'
        '"IncludeManagementEvents":true,"ExcludeManagementEventSources":[]}]\'',
    ),
)
