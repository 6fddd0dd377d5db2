"""Whose words a sentence is that others could have written as well: its company in the log decides."""

import re

from keywatch.catalogue.texts import CODES_BESIDE, Form
from keywatch.parsing.logs.alone import stands_alone
from keywatch.parsing.logs.context import Context
from keywatch.parsing.sentences import Match

_KMS_THINGS = (
    "external key",
    "key store",
    "cloudhsm",
    "kms",
    "grant tok",
    "key aliases",
    "customer master key",
)
_NEAR = 120
_ENDS = re.compile(r"\.?(?:[ \t]{0,80}(?:\n|\Z)|[\"'`)}\]<\\]| \()")


def is_of_kms(hit: Match, context: Context, low: str, lines: str) -> bool:
    """Decide on a sentence that others could have written: KMS's code or name must stand beside it, and nobody else's."""
    form = hit.row.form
    if hit.name and ":kms:" in hit.name and form is not Form.KEY_ID:
        return _about_an_arn(hit, context, low, lines)
    if context.kms or context.other:
        return context.kms or _is_passed_on(hit, context)
    code = (context.code or "").removesuffix("Exception")
    if form in {Form.KEY_ID, Form.REGION}:
        beside = context.kms_word and code in CODES_BESIDE[form]
        return beside or stands_alone(hit, lines, context.code)
    if form in {Form.VALUE, Form.HINT}:
        return (context.kms_word and bool(code)) or _is_validation(hit, low, lines)
    if form in {Form.SENTENCE, Form.DENIAL}:  # half of one
        return any(word in low[max(0, hit.start - _NEAR) : hit.end + _NEAR] for word in _KMS_THINGS)
    return code in CODES_BESIDE[form] or (context.kms_word and context.error_word)


def _about_an_arn(hit: Match, context: Context, low: str, lines: str) -> bool:
    """Judge a sentence about the ARN of something in KMS: an error speaks so, where nothing goes on behind the sentence."""
    if hit.row.form is Form.STATE:
        rotation = "rotation" in low[max(0, hit.start - 80) : hit.start]
        return not rotation and (context.kms or context.error_word)
    ends = _ENDS.match(lines, hit.end) is not None
    return context.kms or ends or (context.kms_word and context.error_word)


def _is_validation(hit: Match, low: str, lines: str) -> bool:
    """Tell whether ``Value '' at 'keyId' failed …`` is how KMS rejects a request: behind its count of errors, or cut there."""
    if hit.row.form is not Form.VALUE:
        return False
    if low.find("validation error", max(0, hit.start - 80), hit.start) >= 0:
        return True
    begins = not lines[lines.rfind("\n", 0, hit.start) + 1 : hit.start].strip()
    return begins and low.find(" at 'keyid'", hit.start, hit.end) >= 0


def _is_passed_on(hit: Match, context: Context) -> bool:
    """Tell whether a service that answers in KMS's words said a sentence, under a code of KMS or none."""
    form, code = hit.row.form, (context.code or "").removesuffix("Exception")
    if form is Form.KEY_ID and (hit.name or "").startswith("alias/"):
        return True  # nobody else's keys are called so
    if not (context.passes_on and hit.name) or form not in {Form.KEY_ID, Form.REGION}:
        return False
    return code in CODES_BESIDE[form] | {"", "S3"}
