"""Why ``explain`` found no failure in what it was given: one reason for programs and one sentence for people. Pure."""

import re
from dataclasses import dataclass

from keywatch.parsing.logs.context import names_another_product, names_kms_itself
from keywatch.parsing.logs.excuses import denies_existing_key

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")
_SAMPLE = 10_000  # characters that are looked at; what a text is shows at its beginning
_BINARY_SHARE = 20  # one character in so many


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Why nothing was found. ``reason`` is one of the keys of ``SENTENCES``."""

    reason: str

    @property
    def sentence(self) -> str:
        """Return the reason as a whole sentence."""
        return SENTENCES[self.reason]


SENTENCES = {
    "empty": "The text is empty.",
    "not_text": "This is not text: it holds control characters. Paste the lines of the log, or the record as JSON.",
    "denied_on_existing_key": (
        "This is a missing permission, not a missing key: AWS names the key, so it exists. Allow the action in the caller's "
        "IAM policy or in the key policy."
    ),
    "another_product": "This speaks of another product's keys, not of AWS KMS.",
    "kms_but_no_key_problem": (
        "This speaks of AWS KMS, and nothing in it says that a KMS key was missing or unusable."
    ),
    "nothing_about_kms": "Nothing in it says that a KMS key was missing or unusable.",
}


def why_unmatched(text: str | None) -> Unmatched:
    """Return why a text (``None`` where only a record was given) tells of no failure on a key."""
    if text is None:
        return Unmatched("nothing_about_kms")
    sample = text[:_SAMPLE]
    if not sample.strip():
        return Unmatched("empty")
    if len(_CONTROL.findall(sample)) * _BINARY_SHARE > len(sample):
        return Unmatched("not_text")
    if denies_existing_key(sample):
        return Unmatched("denied_on_existing_key")
    if names_another_product(sample):
        return Unmatched("another_product")
    return Unmatched("kms_but_no_key_problem" if names_kms_itself(sample) else "nothing_about_kms")
