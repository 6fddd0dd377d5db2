"""The call asked in the wrong place, too early, without the right to know, or with a grant that is gone. Data only."""

from keywatch.catalogue.causes.commands import DESCRIBE_KEY, FAILED_CALLS, GUIDE, look
from keywatch.catalogue.causes.record import (
    BOTH_ALLOW,
    CALLER_ACTS,
    GRANT_ANEW,
    WHERE_IS_IT,
    Cause,
    Lookup,
    Proof,
    Remedy,
)
from keywatch.catalogue.causes.services import SERVICE_STEPS
from keywatch.model.levels import Severity

ELSEWHERE = (
    Cause(
        id="wrong_region",
        title="Wrong Region",
        severity=Severity.HIGH,
        meaning="The call went to a Region where this key does not exist. The key is in another Region.",
        remedies=(
            Remedy(
                "Call KMS in the Region of the key. To inspect the key there:",
                "aws kms describe-key --key-id {key} --region {key_region}",
                otherwise=Remedy(
                    "Call KMS in the Region of the key. To see which key and Region were asked for:",
                    FAILED_CALLS,
                ),
            ),
            Remedy(
                "Set the client's Region to the Region in the key's ARN, or use a key of the Region that is called."
            ),
            Remedy(
                "If it is a multi-Region key (mrk-...), you can create a replica in the Region that is called.",
                "aws kms replicate-key --key-id {multi_region_key} --replica-region {region} --region {key_region}",
                only_where=("replica_is_missing", ("yes",)),
                must_be_seen=True,
            ),
        ),
        doc=GUIDE + "multi-region-keys-overview.html",
        lookups=frozenset({Lookup.REGION_OF_ARN}),
        across=CALLER_ACTS,
    ),
    Cause(
        id="wrong_account",
        title="Wrong account",
        severity=Severity.HIGH,
        meaning="The call looked for the key in one account, but the key belongs to another.",
        remedies=(
            Remedy(
                "Use the full key ARN in the call. KMS looks up a bare id or alias in the caller's own account. "
                "To inspect the key:",
                DESCRIBE_KEY,
            ),
            Remedy(
                "Check which account the caller uses. Run this where the caller runs:",
                "aws sts get-caller-identity",
            ),
        ),
        doc=GUIDE + "key-policy-modifying-external-accounts.html",
        across=CALLER_ACTS,
    ),
    Cause(
        id="missing_or_not_authorized",
        title="Key missing, or caller not allowed",
        severity=Severity.WARNING,
        meaning=(
            "AWS uses this error for three cases and does not say which: the key is missing, it is "
            "in another Region, or the caller is not allowed."
        ),
        remedies=(
            look("Check that the key exists, using a role that can describe it:"),
            Remedy(
                "If the key exists, check in its account whether its key policy allows the caller.",
                "aws kms get-key-policy --key-id {key} --region {region} --query Policy --output text",
            ),
            Remedy(
                "Check in the caller's account whether the caller's own policies allow the call.",
                "aws iam simulate-principal-policy --policy-source-arn {principal} "
                "--action-names kms:{operation} --resource-arns {key:arn} --query 'EvaluationResults[].EvalDecision'",
                otherwise=Remedy(
                    "Check in the caller's account whether the caller's own policies allow the call on any key.",
                    "aws iam simulate-principal-policy --policy-source-arn {principal} "
                    "--action-names kms:{operation} --query 'EvaluationResults[].EvalDecision'",
                ),
            ),
            *SERVICE_STEPS,
        ),
        doc=GUIDE + "policy-evaluation.html",
        doubt="which of the three it is. To find out, call DescribeKey with a role that can describe the key.",
        lookups=WHERE_IS_IT | {Lookup.LAMBDA_ROLE},
        proves_unusable=False,
        across=BOTH_ALLOW,
    ),
    Cause(
        id="lambda_role_recreated",
        title="Lambda role was deleted and created again",
        severity=Severity.HIGH,
        meaning=(
            "Lambda cannot decrypt the environment of the function. Its grant on the key names the role that "
            "was deleted; a new role of the same name is another principal."
        ),
        remedies=(
            Remedy("Set another role on the function, so that Lambda makes a new grant."),
            Remedy(
                "Set the function's own role again.",
                "aws lambda update-function-configuration --function-name {function} --role {role} --region {region}",
                only_where=("role_is_newer", ("yes",)),
                must_be_seen=True,
            ),
            Remedy(
                "If the function uses a customer managed key, setting the key again makes a new grant, too.",
                "aws lambda get-function-configuration --function-name {function} --query KMSKeyArn --region {region}",
            ),
            Remedy(
                "Compare when the role was created with when the function was last changed.",
                "aws iam get-role --role-name {role_name} --query Role.CreateDate",
                otherwise=Remedy(
                    "Compare when the function's role was created with when the function was last changed. "
                    "To list the functions:",
                    "aws lambda list-functions --region {region} "
                    "--query 'Functions[].[FunctionName,LastModified,Role]' --output table",
                ),
            ),
        ),
        doc="https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html",
        proves_unusable=False,
        across=CALLER_ACTS,
    ),
    Cause(
        id="not_yet_visible",
        title="Created moments ago, not visible yet",
        severity=Severity.INFO,
        meaning="The key or alias was created or changed moments ago, and is not visible everywhere in KMS yet.",
        remedies=(
            look("Wait: it takes seconds, sometimes minutes. Then check again."),
            Remedy(
                "Make the application retry with exponential backoff after it creates a key or alias."
            ),
        ),
        doc=GUIDE + "accessing-kms.html#programming-eventual-consistency",
        proof=Proof.KEY,
        ends_by_silence=True,
        transient=True,
        worth_telling=False,
        across=CALLER_ACTS,
    ),
    Cause(
        id="grant_not_found",
        title="Grant not found",
        severity=Severity.WARNING,
        meaning="The grant or grant token in the call does not exist or is no longer valid.",
        remedies=(
            Remedy(
                "Create the grant again. Use its token for the first minutes; after that, the grant works without it."
            ),
            look(
                "Compare the grant with those that the key has.",
                "aws kms list-grants --key-id {key} --region {region}",
            ),
        ),
        doc=GUIDE + "grants.html",
        across=GRANT_ANEW,
    ),
)
