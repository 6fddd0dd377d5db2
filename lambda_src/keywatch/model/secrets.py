"""What must not leave a log: credentials and personal data, told by their form, and replaced by a word about them.

Texts are cut down to AWS's sentence before they come here; this is for what somebody put into the
sentence itself: a variable in the wrong place, a header that was logged with it. The forms are those
that the issuers document for secret scanners (GitHub, "Supported secret scanning patterns"; AWS IAM,
"Unique identifiers"), the names of fields that hold secrets, and numbers with a check digit. Callers
in ARNs stay, whatever they are called: who called is what an alert is about.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

# Told by how they begin, or by their parts.
_FORMS = (
    r"eyJ[A-Za-z0-9_-]{6,600}\.[A-Za-z0-9_-]{6,600}(?:\.[A-Za-z0-9_-]{0,600})?",
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",
    r"(?:FwoGZXIvYXdzE|IQoJb3JpZ2lu)[A-Za-z0-9/+=]{20,600}",
    r"gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{20,255}|glpat-[A-Za-z0-9_-]{16,255}",
    r"xox[abeoprs]-[A-Za-z0-9-]{10,255}|xapp-[A-Za-z0-9-]{10,255}",
    r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,255}|sk-[A-Za-z0-9_-]{20,255}",
    r"AIza[A-Za-z0-9_-]{30,40}|ya29\.[A-Za-z0-9_-]{20,255}",
    r"npm_[A-Za-z0-9]{30,255}|pypi-[A-Za-z0-9_-]{20,255}|hf_[A-Za-z0-9]{20,255}|dop_v1_[a-f0-9]{40,80}",
    r"SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{10,64}|\d{8,10}:[A-Za-z0-9_-]{35}",
    r"hvs\.[A-Za-z0-9_-]{20,255}|shp(?:at|ss|ca)_[a-fA-F0-9]{32}|key-[a-f0-9]{32}",
    r"hooks\.slack\.com/services/[A-Za-z0-9/]{10,100}",
)
_TOKEN = re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(_FORMS)})")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*", re.DOTALL)
_NAMES = (
    r"pass(?:word|wd|phrase|code)?|pwd|secret|token|api[_-]?key|access[_-]?key|auth(?:orization)?|credentials?|cookie"
    r"|session[_-]?id|private[_-]?key|connection[_-]?string|dsn|ssn|pin|otp|cvv|signature|bearer"
)
# A field whose name ends in one of these words, and its value: in quotes, or up to the next sign.
_FIELD = re.compile(
    rf"((?:{_NAMES})(?:[_-](?:id|key|value|hash|access[_-]key))?[\"'\\]{{0,3}} ?(?:=>|[:=]) ?)"
    r"((?:Bearer|Basic|Digest|Token|AWS4-HMAC-SHA256) )?"
    r"(\\?\"[^\"]{1,600}|'[^']{1,600}|[^\s\"',;&)}\]]{1,600})",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b((?:Bearer|Basic) )[A-Za-z0-9._~+/=-]{8,600}", re.IGNORECASE)
_LOGIN = re.compile(r"(?<=://)[^\s/@:]{0,200}:[^\s/@]{1,200}(?=@)")
_MAIL = re.compile(r"(?<![\w.%+/@-])[\w.%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}")
# Forty signs of base64 in upper and lower case and digits: a secret access key, or as good as one.
_BASE64 = re.compile(r"(?<![A-Za-z0-9/+=:_.-])[A-Za-z0-9/+]{40,600}={0,2}(?![A-Za-z0-9/+=])")
_CARD = re.compile(
    r"(?<![\w.-])(?:[2-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,7}|3[47]\d{2}[ -]?\d{6}[ -]?\d{5})(?![\w-])"
)
_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"
)
_SSN = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
_PHONE = re.compile(r"(?<![\w+])\+\d{1,3}[ ()/-]{0,2}\d[\d ()/-]{6,14}\d(?!\w)")

_LETTERS_BEFORE_TEN = 55  # ord("A") - 10: letters of an IBAN count from 10 on


@lru_cache(maxsize=2048)  # failures come many at a time, and say the same
def redacted(text: str) -> str:
    """Return ``text`` with each secret and each piece of personal data replaced by ``(redacted)``, or by what it is called."""
    for pattern, replacement in _RULES.items():
        text = pattern.sub(replacement, text)
    return text


def _field(found: re.Match[str]) -> str:
    value = found[3]
    if value.lstrip("\"'\\").startswith(("arn:aws", "(redacted")):
        return found[0]  # who or what it is about, and no secret
    quote = value[: len(value) - len(value.lstrip("\"'\\"))]
    return f"{found[1]}{quote}(redacted)"


def _long(found: re.Match[str]) -> str:
    kinds = (str.islower, str.isupper, str.isdigit)
    is_mixed = all(any(map(kind, found[0])) for kind in kinds)
    return "(redacted)" if is_mixed else found[0]


def _card(found: re.Match[str]) -> str:
    digits = [int(sign) for sign in found[0] if sign.isdigit()]
    doubled = (sum(divmod(2 * one, 10)) for one in digits[-2::-2])
    return found[0] if (sum(digits[-1::-2]) + sum(doubled)) % 10 else "(card number)"


def _iban(found: re.Match[str]) -> str:
    signs = found[0].replace(" ", "")
    moved = signs[4:] + signs[:4]
    number = "".join(one if one.isdigit() else str(ord(one) - _LETTERS_BEFORE_TEN) for one in moved)
    return "(account number)" if int(number) % 97 == 1 else found[0]


_RULES: Mapping[re.Pattern[str], str | Callable[[re.Match[str]], str]] = {
    _PRIVATE_KEY: "(redacted)",
    _LOGIN: "(redacted)",
    _TOKEN: "(redacted)",
    _FIELD: _field,
    _BEARER: r"\1(redacted)",
    _MAIL: "(e-mail address)",
    _BASE64: _long,
    _CARD: _card,
    _IBAN: _iban,
    _SSN: "(personal number)",
    _PHONE: "(phone number)",
}
