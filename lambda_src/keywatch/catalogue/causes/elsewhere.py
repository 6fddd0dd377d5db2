"""The call asked in the wrong place, too early, without the right to know, or with a grant that is gone. Data only."""

from keywatch.catalogue.causes.commands import DESCRIBE_KEY, GUIDE
from keywatch.catalogue.causes.record import WHERE_IS_IT, Cause, Lookup, Proof, Remedy
from keywatch.model.levels import Severity

ELSEWHERE = (
    Cause(
        id="wrong_region",
        title="Wrong Region",
        severity=Severity.HIGH,
        meaning="The call went to a Region in which this key does not exist; it lives in another one.",
        remedies=(
            Remedy(
                "Call KMS in the Region of the key.",
                "aws kms describe-key --key-id {key} --region {key_region}",
            ),
            Remedy(
                "Set the client's Region to the one in the key's ARN, or name a key of the Region that is called."
            ),
            Remedy(
                "Only for a multi-Region key (mrk-...): make a replica in the Region that is called.",
                "aws kms replicate-key --key-id {multi_region_key} --replica-region {region} --region {key_region}",
            ),
        ),
        doc=GUIDE + "multi-region-keys-overview.html",
        lookups=frozenset({Lookup.REGION_OF_ARN}),
    ),
    Cause(
        id="wrong_account",
        title="Wrong account",
        severity=Severity.HIGH,
        meaning="The call looked in one account for a key that belongs to another.",
        remedies=(
            Remedy("See in which account the caller really is.", "aws sts get-caller-identity"),
            Remedy(
                "Name the key by its full ARN; a bare id or alias never leaves the caller's account.",
                DESCRIBE_KEY,
            ),
        ),
        doc=GUIDE + "key-policy-modifying-external-accounts.html",
    ),
    Cause(
        id="missing_or_not_authorized",
        title="Key missing, or caller not allowed",
        severity=Severity.WARNING,
        meaning="AWS gave the one answer that it gives for a missing key, a wrong Region and a denial; it does not say which.",
        remedies=(
            Remedy(
                "Ask with an identity that may see the key whether it exists in that Region.",
                DESCRIBE_KEY,
            ),
            Remedy(
                "If it exists, see whether its key policy lets the caller in,",
                "aws kms get-key-policy --key-id {key} --region {region} --query Policy --output text",
            ),
            Remedy(
                "and whether the caller's own policies do.",
                "aws iam simulate-principal-policy --policy-source-arn {principal} "
                "--action-names kms:{operation} --resource-arns {key} --query 'EvaluationResults[].EvalDecision'",
            ),
        ),
        doc=GUIDE + "policy-evaluation.html",
        doubt="which of the three it is; DescribeKey by somebody who may see the key tells.",
        lookups=WHERE_IS_IT,
        proves_unusable=False,
    ),
    Cause(
        id="not_yet_visible",
        title="Created moments ago, not visible yet",
        severity=Severity.INFO,
        meaning="The key or alias was created or changed moments ago, and KMS does not show it everywhere yet.",
        remedies=(
            Remedy("Wait; it takes seconds, sometimes minutes. Then ask again.", DESCRIBE_KEY),
            Remedy("Let the application retry with growing delays after creating a key or alias."),
        ),
        doc=GUIDE + "accessing-kms.html#programming-eventual-consistency",
        proof=Proof.KEY,
        ends_by_silence=True,
        transient=True,
        worth_telling=False,
    ),
    Cause(
        id="grant_not_found",
        title="Grant not found",
        severity=Severity.WARNING,
        meaning="The grant or grant token that the call named does not exist or is not valid any more.",
        remedies=(
            Remedy(
                "See which grants the key has.",
                "aws kms list-grants --key-id {key} --region {region}",
            ),
            Remedy(
                "Create the grant again, and use its token within minutes: later the grant works without it."
            ),
        ),
        doc=GUIDE + "grants.html",
    ),
)
