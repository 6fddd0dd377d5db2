"""What the call named as its key is not there, or is no name of a key. Data only."""

from keywatch.catalogue.causes.commands import GUIDE, HISTORY_OF_KEY, LIST_ALIASES
from keywatch.catalogue.causes.record import WHERE_IS_IT, Cause, Lookup, Proof, Remedy
from keywatch.model.levels import Severity

NOT_FOUND = (
    Cause(
        id="alias_not_found",
        title="Alias not found",
        severity=Severity.HIGH,
        meaning="No alias of this name exists in the account and Region of the call.",
        remedies=(
            Remedy(
                "Correct the name to the nearest alias that exists, if that is the one meant; this shows its key.",
                "aws kms describe-key --key-id {did_you_mean} --region {region}",
            ),
            Remedy("Compare with the aliases that exist; names are case-sensitive.", LIST_ALIASES),
            Remedy(
                "If the alias was deleted, create it again on its key.",
                "aws kms create-alias --alias-name {alias} --target-key-id {key} --region {region}",
            ),
            Remedy(
                "An alias name is looked up in the caller's own account and Region: name a key of another account by its ARN."
            ),
        ),
        doc=GUIDE + "kms-alias.html",
        doubt="whether the alias was deleted, misspelt, or lives elsewhere; action check looks that up.",
        lookups=WHERE_IS_IT,
        says_absent=True,
        proof=Proof.KEY,
        ends_by_silence=True,
        has_key_page=False,
    ),
    Cause(
        id="key_not_found",
        title="Key not found",
        severity=Severity.HIGH,
        meaning="No key with this id exists in the account and Region that were asked.",
        remedies=(
            Remedy(
                "See in which account the caller really is; a bare key id is looked up there.",
                "aws sts get-caller-identity",
            ),
            Remedy(
                "See what happened to the key in the last 90 days, and who did it.", HISTORY_OF_KEY
            ),
            Remedy(
                "Compare with the keys that exist in this Region.",
                "aws kms list-keys --region {region} --query 'Keys[].KeyId' --output text",
            ),
        ),
        doc=GUIDE + "find-cmk-id-arn.html",
        doubt="whether the key was deleted, lives elsewhere, or never existed; action check looks that up.",
        lookups=WHERE_IS_IT,
        says_absent=True,
        proof=Proof.KEY,
        ends_by_silence=True,
        has_key_page=False,
    ),
    Cause(
        id="key_deleted",
        title="Key deleted",
        severity=Severity.CRITICAL,
        meaning="The key was deleted, and what only it encrypted cannot be decrypted any more.",
        remedies=(
            Remedy("See who scheduled the deletion, and when.", HISTORY_OF_KEY),
            Remedy(
                "A deleted key cannot be restored. Create a new key for new data,",
                "aws kms create-key --description 'Replaces a deleted key' --region {region}",
            ),
            Remedy(
                "point the alias at it (--target-key-id is the new key), and restore data from copies under other keys."
            ),
            Remedy(
                "Only a deleted replica of a multi-Region key (mrk-...) can be made again, from its primary key.",
                "aws kms replicate-key --key-id {multi_region_key} --replica-region {region} --region {key_region}",
            ),
        ),
        doc=GUIDE + "deleting-keys.html",
        lookups=WHERE_IS_IT,
        proof=Proof.KEY,
        ends_by_silence=True,
        has_key_page=False,
        mutes_aliases=True,
    ),
    Cause(
        id="malformed_identifier",
        title="Malformed key identifier",
        severity=Severity.HIGH,
        meaning="What the call gave as its key is not a key id, key ARN, alias or alias ARN, so that no key can be meant by it.",
        remedies=(
            Remedy(
                "Correct the identifier to what was most likely meant; this shows whether such a key exists.",
                "aws kms describe-key --key-id {did_you_mean} --region {region}",
            ),
            Remedy(
                "Correct the identifier where the application is configured: a UUID, mrk-..., alias/<name>, or an ARN of either."
            ),
            Remedy("Compare with the aliases that exist.", LIST_ALIASES),
        ),
        doc=GUIDE + "concepts.html#key-id",
        lookups=frozenset({Lookup.CORRECTED}),
        has_key_page=False,
    ),
)
