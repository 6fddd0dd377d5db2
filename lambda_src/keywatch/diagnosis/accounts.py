"""Which accounts a failure has to do with: who called, and whose the key is. Pure.

A key is used across accounts by its ARN only (KMS Developer Guide, "Allowing users in other accounts
to use a KMS key"), so it is the ARN that tells the owner.
"""

from collections.abc import Iterator

from keywatch.diagnosis.reasons import Reason
from keywatch.model.evidence import Evidence
from keywatch.model.identifiers import parse
from keywatch.model.signals import EARLY_WARNING, KeyFailure

_MOST_CALLERS = 5


def accounts_of(failure: KeyFailure, evidence: Evidence) -> dict[str, str]:
    """Return the facts about accounts: the name of the one that the alert is about; where two take part, both."""
    names = evidence.account_names
    facts = {"account_name": names.get(failure.subject.account, "")}
    owner, caller = owner_of(failure), failure.caller.account
    if failure.source == EARLY_WARNING or not owner or not caller or owner == caller:
        return facts
    return facts | {
        "owner_account": owner,
        "owner_account_name": names.get(owner, ""),
        "caller_account": caller,
        "caller_account_name": names.get(caller, ""),
    }


def owner_of(failure: KeyFailure) -> str | None:
    """Return the account that owns the key by its ARN, as AWS or else the caller names it; ``None`` where no ARN does."""
    named = parse(failure.key_arn) if failure.key_arn else failure.identifier
    account = (named.account if named else None) or failure.classification.account
    return account if account and account.isdigit() else None


def other_callers(failure: KeyFailure, evidence: Evidence) -> Iterator[Reason]:
    """Say which other accounts use a key that will break, as far as the owner's CloudTrail shows it."""
    callers = evidence.other_callers
    if failure.source != EARLY_WARNING or not callers:
        return
    shown = [
        f"{one.principal}{_of_account(one.account, evidence)}" for one in callers[:_MOST_CALLERS]
    ]
    more = len(callers) - len(shown)
    also = f" and {more} more" if more > 0 else ""
    text = f"other accounts used this key lately: {', '.join(shown)}{also}."
    yield Reason(f"LookupEvents in {failure.region or failure.subject.region}", text)


def _of_account(account: str | None, evidence: Evidence) -> str:
    name = evidence.account_names.get(account or "", "")
    if account is None:
        return ""
    return f" (account {account}, {name})" if name else f" (account {account})"
