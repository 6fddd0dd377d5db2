"""What the call named as its key is not there, or is no name of a key. Data only."""

from keywatch.catalogue.causes.commands import (
    GUIDE,
    LIST_ALIASES,
    find_who,
)
from keywatch.catalogue.causes.record import (
    CALLER_ACTS,
    NAME_FIRST,
    WHERE_IS_IT,
    Cause,
    Lookup,
    Proof,
    Remedy,
)
from keywatch.model.levels import Severity

# A key that a look-up has seen in any state needs no replacement.
_NO_STATE = ("key_state", ("no state",))

NOT_FOUND = (
    Cause(
        id="alias_not_found",
        title="Alias not found",
        severity=Severity.HIGH,
        meaning="No alias of this name exists in the account and Region of the call.",
        remedies=(
            Remedy(
                "If you meant {did_you_mean}, correct the name in the caller. To inspect it:",
                "aws kms describe-key --key-id {did_you_mean} --region {region}",
            ),
            Remedy(
                "If the alias was deleted, create it again for its key.",
                "aws kms create-alias --alias-name {alias} --target-key-id {key} --region {region}",
                only_where=("alias_exists", ("no",)),
            ),
            Remedy(
                "If the key belongs to another account, use its key ARN. KMS looks up an alias "
                "in the caller's own account and Region."
            ),
            Remedy(
                "Compare the name with the aliases that exist. Names are case-sensitive.",
                LIST_ALIASES,
            ),
        ),
        doc=GUIDE + "kms-alias.html",
        doubt="whether the alias was deleted, misspelt, or is in another Region or account; `keywatch check` looks that up.",
        lookups=WHERE_IS_IT,
        says_absent=True,
        proof=Proof.KEY,
        ends_by_silence=True,
        has_key_page=False,
        across=NAME_FIRST,
    ),
    Cause(
        id="key_not_found",
        title="Key not found",
        severity=Severity.HIGH,
        meaning="No key with this id exists in the account and Region of the call.",
        remedies=(
            Remedy(
                "Correct the key id, the Region or the account in the call. To list the keys that exist in this Region:",
                "aws kms list-keys --region {region} --query 'Keys[].KeyId' --output text",
            ),
            Remedy(
                "Check which account the caller uses: KMS looks up a bare key id there. Run this where the caller runs:",
                "aws sts get-caller-identity",
            ),
            find_who("Find who scheduled its deletion, if somebody did.", "ScheduleKeyDeletion"),
        ),
        doc=GUIDE + "find-cmk-id-arn.html",
        doubt="whether the key was deleted, is in another Region or account, or never existed; `keywatch check` looks that up.",
        lookups=WHERE_IS_IT,
        says_absent=True,
        proof=Proof.KEY,
        ends_by_silence=True,
        has_key_page=False,
        across=NAME_FIRST,
    ),
    Cause(
        id="key_deleted",
        title="Key deleted",
        severity=Severity.CRITICAL,
        meaning="The key was deleted. Data encrypted only under this key is unrecoverable.",
        remedies=(
            Remedy(
                "If the deleted key was a replica of a multi-Region key (mrk-...), create it again from the primary key.",
                "aws kms replicate-key --key-id {multi_region_key} --replica-region {region} --region {key_region}",
                only_where=("replica_is_missing", ("yes",)),
                must_be_seen=True,
            ),
            Remedy(
                "A deleted key cannot be restored. Create a new key for new data.",
                "aws kms create-key --description 'Replaces a deleted key' --region {region}",
                only_where=_NO_STATE,
            ),
            Remedy(
                "Point the alias to the new key, and restore data from copies that are encrypted under other keys."
            ),
            find_who("Find who scheduled the deletion, and when.", "ScheduleKeyDeletion"),
        ),
        doc=GUIDE + "deleting-keys.html",
        lookups=WHERE_IS_IT,
        proof=Proof.KEY,
        has_key_page=False,
        mutes_aliases=True,
        is_final=True,
        across=CALLER_ACTS,
    ),
    Cause(
        id="malformed_identifier",
        title="Malformed key identifier",
        severity=Severity.HIGH,
        meaning="The key name in the call is not valid. It is not a key id, key ARN, alias or alias ARN.",
        remedies=(
            Remedy(
                "If you meant {did_you_mean}, correct the name in the caller. To inspect it:",
                "aws kms describe-key --key-id {did_you_mean} --region {region}",
            ),
            Remedy(
                "Correct the key name in the configuration of the application. Use a key id (a "
                "UUID or mrk-...), alias/<name>, or an ARN of either."
            ),
            Remedy("Compare the name with the aliases that exist.", LIST_ALIASES),
        ),
        doc=GUIDE + "concepts.html#key-id",
        lookups=frozenset({Lookup.CORRECTED}),
        has_key_page=False,
        across=CALLER_ACTS,
    ),
)
