r"""Which log lines reach the function: one CloudWatch Logs filter pattern, derived from the tables of texts and codes.

The grammar (CloudWatch Logs User Guide, "Filter pattern syntax", "Supported regular expressions"):
a pattern for unstructured logs is either terms, or one regular expression between two percent
signs. The two are not mixed: AWS documents no pattern that holds both. Terms match case-sensitively,
and AWS does not say whether within a word. So this is one regular expression of alternatives. It may
hold letters, digits, the symbols ``:_#=@/;,-``, blanks and the operators ``^ $ ? [ ] | * + .`` and
``\\``; everything else is written as ``\xNN``; there are no groups. 1,024 characters are the limit.

One filter is enough for a log group, so its other place stays free for its owner, a line never
arrives twice, and an account policy, which takes one filter only, gets the same.

Most SDKs log KMS's message, whatever they do to the code; codes are for lines without a message. The
function judges what comes; the pattern only has to let no KMS error slip.
"""

from collections.abc import Iterable

from keywatch.catalogue.code_lookup import filter_codes
from keywatch.catalogue.texts import filter_phrases

MAX_PATTERN_LENGTH = 1024


def any_of(alternatives: Iterable[str]) -> str:
    """Return the filter pattern that matches a line with any of ``alternatives`` in it."""
    return f"%{'|'.join(alternatives)}%"


PATTERN = any_of((*filter_phrases(), *filter_codes()))
