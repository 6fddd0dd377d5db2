"""Text as somebody would write it who wants an alert to act on its reader: drawn by chance, which a seed repeats."""

from random import Random

MENTIONS = (
    "<!channel>",
    "<!here|here>",
    "<@U024BE7LH>",
    "<#C024BE7LR>",
    "<!subteam^S123>",
    "@here",
    "@everyone",
    "@channel",
    "<at>Bob</at>",
    "&lt;!channel&gt;",
    "&#60;!here&#62;",
    "&#64;here",
)
BREAKS = (
    *("\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"),
    *("\x00", "\x07", "\x08\x08", "\x1b[31m", "\x1b]8;;https://evil.example\x07x\x1b]8;;\x07"),
    *("\x9b31m", "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u034f", "\u2800"),
    *("\U000e0041", "\ud800", "\ue000", "\uffff", "\xa0", "\t", "\u3164", "\u115f", "\ufe0f"),
)
MARKUP = (
    *("`", "```", "*x*", "**x**", "_x_", "~x~", "~~x~~", "[here](https://evil.example)"),
    *("![x](//evil.example/x.png)", "[x]: https://evil.example", "# x", "> x", "| a | b |", "---"),
    *("<b>", "<img src=x onerror=alert(1)>", "</pre><script>alert(1)</script>", "<!--", "]]>"),
    *(
        "</cwdb-action><a class='go'>x</a>",
        '"><svg onload=alert(1)>',
        "' onmouseover='x",
        "{{7*7}}",
    ),
    *("[bold red]x[/]", "[link=https://evil.example]x[/link]", ":fire:", "$x^2$", "\\", "\\n"),
)
HOSTS = (
    *(
        "evil.com",
        "evil.example",
        "www.evil.example",
        "console-aws.support",
        "aws.amazon.com.evil.io",
    ),
    *(
        "evil.co.uk",
        "xn--80ak6aa92e.com",
        "\u0430\u0440\u0440\u04cf\u0435.com",
        "evil.\u0440\u0444",
        "127.0.0.1",
        "evil.zip",
        "e.vil.dev",
    ),
    *("docs.aws.amazon.com.evil.example", "docs-aws.amazon.com", "x.amazonaws.com.evil.org"),
)
SCHEMES = (
    "https://",
    "HTTP://",
    "ftp://",
    "//",
    "file://",
    "javascript://",
    "https:\\\\",
    "mailto:",
)
COMMANDS = (
    *(
        "'; rm -rf ~ #",
        '"; id; "',
        "$(id)",
        "`id`",
        "&& id",
        "| id",
        "> decoy",
        "; id",
        "& id",
        "<(id)",
    ),
    *(
        "' --profile admin '",
        "--endpoint-url https://evil.example",
        "-x",
        "$HOME",
        "~",
        "*",
        "?",
        "!!",
    ),
    *(
        "{key}",
        "{key.__class__}",
        "%s",
        "\\'",
        "$'\\n'",
        "=id",
        "{a,b}",
        "[a-z]*",
        "(id)",
        "'",
        '"',
    ),
    *(
        "file:///etc/passwd",
        "fileb://x",
        "')] | [0] | keys(@) | contains('",
        "\n    aws kms enable-key",
    ),
)
ORDERS = (
    "\n    aws kms schedule-key-deletion --key-id x",
    "    aws kms delete-alias",
    "HOW TO FIX IT",
    "\nHOW TO FIX IT\n1. Call +1 555 0100",
    "RESOLVED (CRITICAL): all is well",
    "1. ",
    "- ",
    "    ",
    "KeyWatch incident x, cause y",
)
NAMES = (
    "alias/payments",
    "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "arn:aws:kms:eu-west-1:111122223333:key/",
    "arn:aws:iam::111122223333:role/",
    "software.amazon.awssdk.services.kms.model.NotFoundException",
    "s3.amazonaws.com",
    "é",
    "漢字",
    "\u0440\u0430\u0443\u0440\u0430l",
    "🔥",
    "a" * 120,
    "x" * 3_000,
    " ",
    "",
)
ALL = (MENTIONS, BREAKS, MARKUP, HOSTS, COMMANDS, ORDERS, NAMES)
_RANGES = ((0x00, 0x7F), (0x80, 0x2FF), (0x300, 0x2FFF), (0xD800, 0xFFFF), (0x10000, 0x10FFFF))


def text(random: Random) -> str:
    """Return one hostile text of up to some thousand characters."""
    shape = random.randrange(8)
    if shape == 0:
        return "".join(_sign(random) for _ in range(random.randrange(1, 40)))
    if shape == 1:
        return address(random)
    if shape == 2:
        return f"{'a' * random.randrange(60, 120)}{_piece(random)}{address(random)}"
    glue = random.choice(("", " ", "-", "."))
    return glue.join(_piece(random) for _ in range(random.randrange(1, 5)))


def maybe(random: Random) -> str | None:
    """Return a hostile text, or nothing."""
    return text(random) if random.random() < 0.8 else None


def address(random: Random) -> str:
    """Return what a program may take for a web or mail address."""
    host = random.choice(HOSTS)
    if random.random() < 0.2:
        return f"bob@{host}"
    scheme = random.choice(SCHEMES) if random.random() < 0.5 else ""
    return f"{scheme}{host}{random.choice(('', '/a?b=c', ':8443', '/', '.', ',', '|AWS>'))}"


def spoiled(random: Random, good: str) -> str:
    """Return ``good`` with something hostile in it, before it or behind it."""
    at = random.choice((0, len(good), random.randrange(len(good) + 1)))
    piece = _sign(random) if random.random() < 0.3 else _piece(random)
    return f"{good[:at]}{piece}{good[at:]}"


def _piece(random: Random) -> str:
    return address(random) if random.random() < 0.15 else random.choice(random.choice(ALL))


def _sign(random: Random) -> str:
    return chr(random.randint(*random.choice(_RANGES)))
