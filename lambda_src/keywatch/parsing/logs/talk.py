"""Lines that speak about errors: notes, plans, sources, tests, help, metrics and alerts, not failing calls."""

import re

# Each is one habit of writing that no failing program has. Bounded, so that reading stays linear.
_TALK = re.compile(
    r"(?i:deprecat| instead\b|moved to |will be removed|^see https?://)"
    r"|^ {0,40}[~+-] {1,9}[\w.\[\]\"-]{1,80} {1,30}= |\" -> (?:\"|null)|^(?:diff --git|@@ )"  # plans and diffs
    r"|^[+-](?! \() {0,20}[\w<>\"'@/#-]|^ {0,20}[+~-] {2,20}\S|^ {0,9}- (?:\*\*|`|Errors?:)"
    r"|^#{1,6} |^\| {0,4}`|^ {0,40}(?://|/\*|\* @|# )"  # headings, tables, comments
    r"|@(?:throws|raises|exception)\b|\braises? [A-Z]|\bthrows [A-Z]|\bcatch ?\(|\bexcept\b[^:\n]{0,80}:(?= |$)"
    r"|^ {0,40}(?:import|from|class|def|case|if|elif|return|assert|throw|raise|type|interface|enum)\b(?!:)"
    r"|[=!]={1,2} ?[\"']|\b(?:expect|[cC]ontains|includes)\(|\bassert|\.toBe\(|\bit\([\"'`]"
    r"|\b[a-z_]{1,40} = \"[^\"\n]{0,400}\" {0,4}(?:#|//|;|$)"
    r"|\bPASS(?:ED)?\b|^ok [0-9]|\b(?:tests?|specs?)/[\w/.-]{1,80}(?:::| )|\btest_\w"
    r"|\b(?:INFO|DEBUG) {0,4}(?:metric|feature|retry policy)|\bmetric\b|_total\{|\balarm \"|\bhits\b|\bCOMPLIANT\b"
    r"|^(?:(?:INFO|DEBUG|WARN) )?(?:Runbook|FAQ|Note|See|Hint|Example|Usage|Subject|Searching)\b[: ]|(?i:\bthe runbook )"
    r"|(?i:\bhandled errors|\bregistered (?:error )?handlers|\bchecking whether|\b0 keys\b)"
    r"|(?i:\bwhen the (?:key is|log)|\bif the key\b|\bif a key is\b|\bfail(?:s|ing) with\b)|\bAWS KMS returns [A-Z]"
    r"|keywatch\.(?:alert|explain|check)/|KeyWatch incident"
)
# The documented meaning of a code, as type stubs and API references have it.
_DOCUMENTED = re.compile(
    r"Type\[|typing\.|No such file|This exception|The request was rejected because the "
    r"(?:specified KMS key is not enabled|state of the specified resource is not valid)"
)


def is_talk(lines: str, start: int, end: int) -> bool:
    """Tell whether the line of ``lines[start:end]`` (at most 600 characters each way) speaks about errors."""
    begin = max(lines.rfind("\n", 0, start) + 1, start - 600)
    stop = lines.find("\n", end, end + 600)
    return _TALK.search(lines[begin : stop if stop >= 0 else end + 600]) is not None


def is_documented(message: str) -> bool:
    """Tell whether a message is the documented meaning of its code, which AWS never answers word for word."""
    return _DOCUMENTED.match(message) is not None
