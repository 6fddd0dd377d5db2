"""How a look-up that AWS refused, or that never reached it, ended."""

from botocore.exceptions import BotoCoreError, ClientError

from keywatch.model.evidence import NO_SESSION, LookupOutcome
from keywatch.model.text import one_line

_ABSENT = frozenset({"NotFoundException", "CustomKeyStoreNotFoundException"})
_REFUSED = frozenset({"InvalidArnException", "ValidationException"})
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "OptInRequired",
    }
)
_THROTTLED = frozenset(
    {"ThrottlingException", "Throttling", "TooManyRequestsException", "LimitExceededException"}
)
# KMS says these under NotFoundException as well, and they say nothing about any key: the name
# belongs to another Region, or is none at all.
_REFUSALS = ("invalid arn", "invalid keyid")


class NotAsked(BotoCoreError):
    """KeyWatch made no call: there was no time or room for it, nobody would answer, or the place does not exist."""

    fmt = "KeyWatch did not ask: {why}"

    @property
    def why(self) -> str:
        """Return the reason, in words."""
        return str(self.kwargs["why"])


class NoSession(NotAsked):
    """KeyWatch cannot look into an account: it has no session there. ``why`` is a sentence that says how to fix it."""

    fmt = "{why}"

    @property
    def is_denied(self) -> bool:
        """Tell whether AWS denied the session, and did not merely fail to give one."""
        return bool(self.kwargs.get("denied"))

    def again(self) -> "NoSession":
        """Return the same error to be raised once more: one that is raised again and again would keep every traceback."""
        return NoSession(**self.kwargs)


def outcome_of(error: Exception) -> tuple[LookupOutcome, str, str]:
    """Return how a look-up that raised ended, with AWS's code and text (or the client's own error, such as a timeout)."""
    if isinstance(error, NoSession):
        outcome = LookupOutcome.DENIED if error.is_denied else LookupOutcome.FAILED
        return outcome, NO_SESSION, error.why
    if isinstance(error, NotAsked):
        return LookupOutcome.SKIPPED, error.why, ""
    if not isinstance(error, ClientError):
        return LookupOutcome.FAILED, type(error).__name__, ""
    answer = error.response.get("Error", {})
    code, message = str(answer.get("Code", "")), one_line(answer.get("Message"), 1100)
    if code in _ABSENT and message.lower().startswith(_REFUSALS):
        return LookupOutcome.REFUSED, code, message
    return (
        next((outcome for codes, outcome in _OUTCOMES if code in codes), LookupOutcome.FAILED),
        code,
        message,
    )


_OUTCOMES = (
    (_ABSENT, LookupOutcome.ABSENT),
    (_REFUSED, LookupOutcome.REFUSED),
    (_DENIED, LookupOutcome.DENIED),
    (_THROTTLED, LookupOutcome.THROTTLED),
)
