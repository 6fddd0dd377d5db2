"""It is on AWS's side, or AWS's words are not known. Data only."""

from keywatch.catalogue.causes.commands import DESCRIBE_KEY, GUIDE, HISTORY_OF_KEY
from keywatch.catalogue.causes.record import KEY_AND_STORE, Cause, Remedy
from keywatch.model.levels import Severity

AWS_SIDE = (
    Cause(
        id="kms_unavailable",
        title="KMS could not serve the key",
        severity=Severity.WARNING,
        meaning="KMS itself, or something that it depends on, could not serve the call; this is on AWS's side and mostly passes.",
        remedies=(
            Remedy(
                "Let the application retry with growing delays; the AWS SDKs do so for these errors."
            ),
            Remedy("See whether the key answers now.", DESCRIBE_KEY),
            Remedy(
                "If it lasts, look for KMS on the AWS Health Dashboard, https://health.aws.amazon.com/health/status."
            ),
        ),
        doc=GUIDE + "accessing-kms.html",
        lookups=KEY_AND_STORE,
        proves_unusable=False,
    ),
    Cause(
        id="unclassified",
        title="Key unusable for a reason not known to KeyWatch",
        severity=Severity.WARNING,
        meaning="AWS said that a key, alias, grant or key store is missing or unusable, in words that KeyWatch does not know.",
        remedies=(
            Remedy("Read AWS's own words above, and see the state of the key.", DESCRIBE_KEY),
            Remedy("See what was done to the key in the last 90 days.", HISTORY_OF_KEY),
        ),
        doc=GUIDE + "key-state.html",
        doubt="what exactly is wrong; action check shows the state of the key.",
        lookups=KEY_AND_STORE,
        worth_telling=False,
        proves_unusable=False,
    ),
)
