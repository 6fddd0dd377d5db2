"""What a failure itself says, under the names that the commands of remedies use. Pure."""

from keywatch.catalogue.operations import PERMISSIONS, permission_of
from keywatch.catalogue.protected import protected
from keywatch.model.signals import KeyFailure
from keywatch.parsing.classify import KMS
from keywatch.sources.callers import denied_action, denied_principal


def base_facts(failure: KeyFailure) -> dict[str, str]:
    """Return what the failure itself says, by the names of ``causes.record.FACTS``; empty where it does not."""
    identifier = failure.identifier
    return {
        "region": failure.region or "",
        "account": failure.account or "",
        "partition": failure.partition,
        "identifier": identifier.text if identifier else "",
        "key": failure.key_arn or _key_named(failure) or "",
        "alias": (identifier.alias if identifier else None)
        or (failure.subject.name if failure.subject.kind == "alias" else ""),
        "key_store": failure.key_store or "",
        "xks_key": failure.external_key or "",
        "principal": _principal(failure),
        "operation": _action(failure),
        **_protected(failure),
    }


def _protected(failure: KeyFailure) -> dict[str, str]:
    """Return what a service was encrypting or decrypting; an object that was being written has no key yet."""
    found = protected(failure.resource, failure.caller.service or failure.service)
    if _action(failure).startswith("GenerateDataKey"):
        found.pop("object", None)
    return found


def _principal(failure: KeyFailure) -> str:
    """Return whom AWS denied: in another service's answer that is who called KMS, and not who called the service.

    A session tells its role without the path; where the record names that very role, it tells the whole of it.
    """
    caller, denied = failure.caller.principal, denied_principal(failure.error_message) or ""
    is_other = caller.rpartition("/")[2] != denied.rpartition("/")[2]
    is_told_better = failure.service != KMS or not caller.startswith("arn:")
    named = denied if is_other and is_told_better and ":iam:" in denied else caller
    return named if named.startswith("arn:") else ""


def _action(failure: KeyFailure) -> str:
    """Return the permission that was missing: as AWS names it, or that of the operation; none for another service's operation."""
    said = denied_action(failure.error_message)
    return said if said in PERMISSIONS else permission_of(failure.operation) or ""


def _key_named(failure: KeyFailure) -> str | None:
    """Return the ARN of a key that was named by its id (CloudTrail's history knows keys by ARN only), if its account is known."""
    identifier = failure.identifier
    if identifier is None or not identifier.key_id:
        return None
    account, region = failure.subject.account, failure.subject.region
    if (
        identifier.account
        or failure.subject.kind != "key"
        or not (account.isdigit() and "-" in region)
    ):
        return identifier.text
    return f"arn:{failure.partition}:kms:{region}:{account}:key/{identifier.key_id}"
