"""``uses``: what depends on a key. Each source is named with what it showed, each blind spot with what it hides.

The look-ups are bounded: three pages of CloudTrail, five of grants and of AWS Config each.
"""

from collections.abc import Mapping
from typing import Any

from keywatch.actions.plain_json import iso
from keywatch.actions.requests import is_region
from keywatch.actions.uses.answer import Seen, render
from keywatch.lookups.kms import Lookups
from keywatch.lookups.outcomes import outcome_of
from keywatch.lookups.uses import Dependents, grants_of, resources_of
from keywatch.model.evidence import KeyFacts, LookupOutcome, LookupResult
from keywatch.model.identifiers import Kind, parse
from keywatch.model.text import counted
from keywatch.services import Services
from keywatch.sources.uses import uses_in

BLIND_SPOTS = (
    "CloudTrail shows the newest calls only, and none of data that is cached or read with a data key from before.",
    "What is encrypted under the key and not read at present shows nowhere but in AWS Config, if that records such resources.",
)
NOT_OPTED_IN = "Grants and the resources that AWS Config knows were not looked at: the setting dependents is off."


def uses(fields: Mapping[str, Any], services: Services) -> dict[str, Any]:
    """Answer ``{"action": "uses"}``."""
    asked = str(fields["key_id"]).strip()
    region = fields.get("region") or _region_of(asked) or services.settings.region
    key, look = services.lookups.key(asked, region)
    if key is None:
        why = f"{asked} could not be looked at in {region}: {_why(look)}"
        return render(asked, region, None, Seen(unknowns=(why,), whole=False), services.now())
    lookups = services.accounts.look_ups(key.account)
    seen = Seen()
    _trail(seen, key, lookups, services)
    _kms(seen, key, lookups)
    _opted_in(seen, key, lookups, services)
    if key.account != services.settings.account and lookups is services.lookups:
        seen.unknowns += (
            f"The key belongs to account {key.account}: what other accounts do with it is not seen from here.",
        )
        seen.whole = False
    seen.unknowns += BLIND_SPOTS
    return render(asked, region, key, seen, services.now())


def _region_of(asked: str) -> str | None:
    identifier = parse(asked)
    formed = identifier.kind is not Kind.MALFORMED and is_region(identifier.region)
    return identifier.region if formed else None


def _why(look: LookupResult) -> str:
    return f"{look.operation} {look.outcome.value} ({look.error or 'no such key'})."


def _trail(seen: Seen, key: KeyFacts, lookups: Lookups, services: Services) -> None:
    records, whole, error = lookups.history.uses_of(key.arn, key.region)
    seen.calls = tuple(uses_in(records, services.settings.own_roles))
    says = f"{counted(len(seen.calls), 'use')} among its {counted(len(records), 'newest event')}"
    if error is not None:
        outcome, code, _ = outcome_of(error)
        says = f"LookupEvents {outcome.value} ({code})"
        seen.unknowns += (f"Who used the key could not be read to the end: {says}.",)
    elif not whole:
        seen.unknowns += ("Older calls were left unread: CloudTrail allows two look-ups a second.",)
    seen.whole = seen.whole and whole
    _source(seen, "CloudTrail event history", error is None, says)


def _kms(seen: Seen, key: KeyFacts, lookups: Lookups) -> None:
    seen.aliases, named = lookups.names(key)
    _looked(
        seen, "ListAliases", named, counted(len(seen.aliases), "alias").replace("aliass", "aliases")
    )
    seen.last_used, since, look = lookups.last_use(key.arn, key.region)
    if look is None:
        seen.unknowns += ("This version of boto3 does not have GetKeyLastUsage.",)
        seen.whole = False
        return
    tracked = f"; KMS keeps track since {iso(since)}" if since else ""
    _looked(seen, "GetKeyLastUsage", look, f"last used {iso(seen.last_used) or 'never'}{tracked}")


def _opted_in(seen: Seen, key: KeyFacts, lookups: Lookups, services: Services) -> None:
    settings = services.settings
    if not settings.dependents:
        seen.unknowns += (NOT_OPTED_IN,)
        seen.whole = False
        return
    grants = grants_of(lookups, key)
    seen.grants = grants.items
    _found(seen, "Grants", grants, "grant")
    aggregator = settings.config_aggregator
    asked = services.lookups if aggregator else lookups
    resources = resources_of(asked, key, seen.aliases, aggregator, settings.region)
    seen.resources = resources.items
    _found(
        seen, f"AWS Config ({aggregator})" if aggregator else "AWS Config", resources, "resource"
    )


def _found(seen: Seen, name: str, found: Dependents[Any], what: str) -> None:
    _looked(seen, name, found.look, counted(len(found.items), what))
    if found.more:
        seen.unknowns += (f"{name}: there are more than the {len(found.items)} that were read.",)
        seen.whole = False


def _looked(seen: Seen, name: str, look: LookupResult, says: str) -> None:
    answered = look.outcome is LookupOutcome.SEEN
    _source(seen, name, answered, says if answered else _why(look).rstrip("."))
    if not answered:
        seen.unknowns += (f"{name} could not be read: {_why(look)}",)
        seen.whole = False


def _source(seen: Seen, name: str, answered: bool, says: str) -> None:  # noqa: FBT001 - a fact of a row
    seen.sources += ({"name": name, "answered": answered, "says": says},)
