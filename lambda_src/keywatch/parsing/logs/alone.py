"""Sentences of KMS that name neither a key nor KMS, alone on a line: ``Invalid keyId 'x'``, ``Invalid arn us-west-2``.

Others write them too (token verifiers, ssh, PGP), so the rest of the line decides.
"""

import re

from keywatch.parsing.sentences import Match

# Words of those who have key ids and ARNs of their own.
_FOREIGN = re.compile(
    r"(?i)jwks?\b|jwt|oidc|oauth|openid|passport|\bjos[ei]|gpg\b|pgp|\bssh|\bdid[: c]|signature|\bsigning|apple|firebase|auth0"
    r"|okta|saml|\bkid\b|topic|\bsns\b|token|fingerprint|webauthn|fido|paseto|cosign|sigstore|minisign|dkim|dnssec|acme|x509"
    r"|api[ -]?key|public ?key|recipient|keyring|provider|role\b|bucket|queue|principal|policy|activitypub|mastodon|bluesky"
)
_STAMPS = re.compile(
    r"\d{2,4}[-/]\d\d[-/]\d\d[T ]|\d\d:\d\d:\d\d[\d.,:Z+-]{0,14}|\[[^\]\n]{0,80}\]|<\d{1,3}>1?|\b[0-9a-f]{8}-[0-9a-f-]{27}\b"
    r"|(?i:\b(?:trace|debug|info|notice|warn|warning|err|error|severe|critical|fatal|panic|caused by|exception|aws|botocore)\b)"
    r"|\b[\w.$:]{0,120}(?:Exception|ErrorFactory|ClientError)\b"
)
_MEMBER = re.compile(
    r"(?i)(?:message|msg|error|err|reason|errormessage|cause|detail|description)[\"']{0,2} ?[:=]{1,2} ?[\"'`]{0,2}$"
)
_CRYPTO = re.compile(
    r"(?i)crypt|\bkms\b|data ?key|unwrap|envelope|unseal|cipher|mac\b|describe ?key"
)
_END = re.compile(r"[\"'`,;})\]\s.\\]{0,9}(?:$|\n|\(Service: |[\"']|<|\{)")
_BESIDE = frozenset(
    {"NotFound", "InvalidArn", "InvalidKeyId", "Validation", "InvalidParameter", "InvalidRequest"}
)
_CODE_RIGHT_BEFORE = re.compile(r"\bNotFoundException: $")
_FAILED = re.compile(r"(?i)fail|unable|cannot|can't|could ?n[o']t")
_NAME = re.compile(r"(?:^|\s)([A-Z]\w{1,60}): (?:\w{1,60}Exception: )?$")
_LEVEL = re.compile(r"\b(?:ERROR|WARN|WARNING|FATAL|CRITICAL|error|warning|fatal)\b")


def stands_alone(hit: Match, lines: str, code: str | None) -> bool:
    """Tell whether ``hit`` in ``lines`` is all that a line says, but for what loggers put before it."""
    begin = max(lines.rfind("\n", 0, hit.start) + 1, hit.start - 300)
    before = lines[begin : hit.start]
    stop = lines.find("\n", hit.end, hit.end + 200)
    after = lines[hit.end : stop if stop >= 0 else hit.end + 200]
    if _FOREIGN.search(before) or _FOREIGN.search(after) or not _END.match(after):
        return False
    bare = (code or "").removesuffix("Exception")
    if bare and bare not in _BESIDE:
        return False
    if _CRYPTO.search(before) or _MEMBER.search(before):
        return True
    rest = re.sub(r"[\W\d_]+", " ", _STAMPS.sub(" ", before)).strip()
    if _CODE_RIGHT_BEFORE.search(before):
        return True
    quoted = lines[hit.end - 1] in "'\"\u2019" or hit.row.form.value == "region"
    if not _is_name(before) and _FAILED.search(before):
        return True
    return not rest or (
        quoted and (bool(bare) or _LEVEL.search(before) is not None) and not _is_name(before)
    )


def _is_name(before: str) -> bool:
    """Tell whether the words before a sentence end in the name of some program or class: ``Verifier: ``."""
    found = _NAME.search(before)
    return found is not None and not found.group(1).endswith(("Exception", "Error", "ERROR"))
