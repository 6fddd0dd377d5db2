"""Which log lines reach the function: one CloudWatch Logs filter pattern of distinctive fragments.

The grammar for unstructured logs (CloudWatch Logs User Guide, "Filter pattern syntax"): terms are
case-sensitive, a term with anything but letters and digits needs double quotes, ``?`` terms are
alternatives and are ignored as soon as a term without ``?`` stands beside them, and 1,024
characters are the limit. So: alternatives only, all quoted. AWS does not say whether a term may
match within a word, so every fragment is made of whole words. Most SDKs log KMS's message, whatever
they do to the code; codes are for lines without a message. The function judges what comes; the
pattern only has to let no KMS error slip. The fragments are those of the error texts and codes that
the function reads.
"""

from collections.abc import Iterable

from keywatch.catalogue.code_lookup import filter_codes
from keywatch.catalogue.texts import filter_phrases

MAX_PATTERN_LENGTH = 1024


def any_of(fragments: Iterable[str]) -> str:
    """Return the filter pattern that matches a line with any of ``fragments`` in it."""
    return " ".join(f'?"{fragment}"' for fragment in fragments)


PATTERN = any_of((*filter_phrases(), *filter_codes()))
