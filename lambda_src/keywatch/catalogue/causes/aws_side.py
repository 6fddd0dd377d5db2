"""It is on AWS's side, or AWS's words are not known. Data only."""

from keywatch.catalogue.causes.commands import GUIDE, find_who, look
from keywatch.catalogue.causes.record import KEY_AND_STORE, NOBODY_ACTS, Cause, Remedy
from keywatch.model.levels import Severity

AWS_SIDE = (
    Cause(
        id="kms_unavailable",
        title="KMS could not serve the key",
        severity=Severity.WARNING,
        meaning=(
            "KMS, or a service that it depends on, could not serve the call. The problem is on "
            "AWS's side and usually ends by itself."
        ),
        remedies=(
            Remedy(
                "Make the application retry with exponential backoff. The AWS SDKs do this for these errors."
            ),
            look("Check whether KMS answers for this key now."),
            Remedy(
                "If it continues, check the status of KMS on the AWS Health Dashboard, https://health.aws.amazon.com/health/status."
            ),
        ),
        doc=GUIDE + "accessing-kms.html",
        lookups=KEY_AND_STORE,
        proves_unusable=False,
        across=NOBODY_ACTS,
    ),
    Cause(
        id="unclassified",
        title="Key unusable for a reason not known to KeyWatch",
        severity=Severity.WARNING,
        meaning=(
            "AWS reported that a key, alias, grant or key store is missing or unusable, in an error "
            "text that KeyWatch does not know."
        ),
        remedies=(
            look("Read the error text from AWS above, and check the state of the key."),
            find_who(
                "Find who disabled the key in the last 90 days, if somebody did.", "DisableKey"
            ),
        ),
        doc=GUIDE + "key-state.html",
        doubt="what exactly is wrong; `keywatch check` shows the state of the key.",
        lookups=KEY_AND_STORE,
        worth_telling=False,
        proves_unusable=False,
    ),
)
