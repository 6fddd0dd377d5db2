"""Lines that speak about errors: notes, plans, sources, tests, help, metrics and alerts, not failing calls."""

import re

# Each is one habit of writing that no failing program has. Bounded, so that reading stays linear.
# How such a line begins:
_BEGINNING = re.compile(
    r"(?i:see https?://)"
    r"| {0,40}[~+-] {1,9}[\w.\[\]\"-]{1,80} {1,30}= |(?:diff --git|@@ )"  # plans and diffs
    r"|[+-](?! \(|[0-9a-f]{1,12}[-' :]) {0,20}[\w<>\"'@/#-]| {0,20}[+~-] {2,20}\S| {0,9}[-*] (?:\*\*|`|Errors?:)"
    r"|#{1,6} |\| {0,4}[`\"\u201c]?[\w`][^|\n]{0,300}\|"  # headings, tables
    r"| {0,40}(?://|/\*|\*/|\* @|# |--|<!--|\"\"\"|> )"  # comments, quotes
    r"| {0,40}(?:import|from|class|def|case|if|elif|return|assert|throw|raise|type|interface|enum|const|let|var)\b"
    r"(?!:|\.(?:\s|$))"
    r"| {0,60}[a-z_0-9]{1,60}=[rf]?\"[^\"\n]{0,400}\",$| {0,60}\*_\w{1,40}\(| {0,60}[A-Z_]{2,40} = \""  # sources
    r"|ok [0-9]|(?:\$ |> ?)?echo |Error texts: "
    r"|(?:(?:INFO|DEBUG|WARN) )?(?:Runbook|FAQ|Note|See|Hint|Tip|Example|Usage|Subject|Searching)\b[: ]"
)
# Words and what must stand around them; an empty pattern takes the word as it is.
_WORDS = tuple(
    (word, re.compile(pattern) if pattern else None)
    for word, pattern in (
        ("deprecat", ""),
        (" instead", r"(?i) instead\b"),
        ("moved to ", ""),
        ("will be removed", ""),
        ('" -> ', r"\" -> (?:\"|null)"),
        ("@throws", ""),
        ("@raises", ""),
        ("@exception", r"@exception\b"),
        ("raise", r"\braises? [A-Z]"),
        ("throws ", r"\bthrows [A-Z]"),
        ("catch", r"\bcatch ?\("),
        ("except", r"\bexcept\b[^:\n]{0,80}:(?= |$)"),
        ("=", r"[=!]={1,2} ?[\"']"),
        ("(", r"\b(?:expect|[cC]ontains|includes|it)\([\"'`]?|\.toBe\("),
        ("assert", r"\bassert"),
        (' = "', r"\b[a-z_]{1,40} = \"[^\"\n]{0,400}\" {0,4}(?:#|//|;|$)"),
        ("pass", r"\bPASS(?:ED)?\b"),
        ("test", r"\btests?/[\w/.-]{1,80}(?:::| )|\btest_\w"),
        ("spec", r"\bspecs?/[\w/.-]{1,80}(?:::| )"),
        ("metric", r"\bmetric\b"),
        ("feature", r"\b(?:INFO|DEBUG) {0,4}feature"),
        ("retry policy", r"\b(?:INFO|DEBUG) {0,4}retry policy"),
        ("_total{", ""),
        ('alarm "', r"\balarm \""),
        ("hits", r"\bhits\b"),
        ("compliant", r"\bCOMPLIANT\b"),
        ("the runbook ", ""),
        ("handled errors", r"(?i)\bhandled errors"),
        ("registered", r"(?i)\bregistered (?:error )?handlers"),
        ("checking whether", ""),
        ("0 keys", r"\b0 keys\b"),
        ("when the ", r"(?i)\bwhen the (?:key is|log)"),
        ("if the key", r"(?i)\bif the key\b"),
        ("if a key is", ""),
        (" with", r"(?i)\bfail(?:s|ing) with\b"),
        ("aws kms returns ", r"AWS KMS returns [A-Z]"),
        ("keywatch", r"keywatch\.(?:alert|explain|check)/|KeyWatch incident"),
    )
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
    return is_talk_line(lines[begin : stop if stop >= 0 else end + 600])


def is_talk_line(line: str) -> bool:
    """Tell whether one line speaks about errors."""
    if _BEGINNING.match(line):
        return True
    low = line.lower()
    return any(
        word in low and (pattern is None or pattern.search(line) is not None)
        for word, pattern in _WORDS
    )


def is_documented(message: str) -> bool:
    """Tell whether a message is the documented meaning of its code, which AWS never answers word for word."""
    return _DOCUMENTED.match(message) is not None
