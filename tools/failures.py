"""What went wrong when pip or npm failed: one line that says what is wrong and what to do. Pure."""

import errno
import re

AGAIN = "then run make again: it goes on from there."
LINKED = (
    "{venv} is a link to a folder that others may use, and would be emptied. Remove the link (rm {venv}), "
    f"{AGAIN}"
)
_ADDRESS = re.compile(r"\b[a-z][a-z+.-]*://[^\s'\")]+", re.IGNORECASE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

_SAID = r"ERROR|ERR!|npm error"
_Known = tuple[tuple[str, str], ...]

_NOTHING_FOUND = r"No matching distribution found for (?P<what>[^\s;(]+)"

# What the programs say (pip 22.3 to 26, npm 10 and 11), and what it means. The first that is found
# counts, so causes stand before their consequences: pip without a network ends with "No matching
# distribution found", too.
_FULL = "The disk is full. Free about 1 GB"
_READ_ONLY = "The checkout cannot be written to. Copy it to a folder of your own and run make there"
_PIP = (
    (r"No space left on device", _FULL),
    (r"Read-only file system|\[Errno 13\] Permission denied", _READ_ONLY),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "pip does not trust the certificate of the package index. Name the file of your CA with PIP_CERT",
    ),
    (
        r"407 Proxy|Tunnel connection failed|ProxyError",
        "The proxy does not let pip through. Correct HTTPS_PROXY or pip's setting proxy (pip config list)",
    ),
    (
        r"40[13] (?:Client )?Error|HTTP error 40[13]",
        "The package index refuses access. Put credentials for it into pip's settings (pip config list)",
    ),
    (
        r"connection broken by|connection ?error|ConnectTimeout|Read timed out|5\d\d Server Error",
        "pip cannot reach its package index. Check the network, HTTPS_PROXY and pip's settings (pip config list)",
    ),
    (
        r"DO NOT MATCH THE HASHES",
        "The package index serves other files than the locked ones, maybe tampered with. Name another (PIP_INDEX_URL)",
    ),
    (
        _NOTHING_FOUND,
        "The package index has no {what} for this Python. Name another index (PIP_INDEX_URL) or Python (make PYTHON=...)",
    ),
    (
        r"conflict is caused by|ResolutionImpossible",
        "A constraint in pip's settings contradicts the lock. Remove it (pip config list, PIP_CONSTRAINT)",
    ),
)
_NPM = (
    (r"\bENOSPC\b|No space left on device", _FULL),
    (r"\bEROFS\b|\bEACCES\b", _READ_ONLY),
    (
        r"CERT|self.signed",
        "npm does not trust the certificate of its registry. Name the file of your CA with NODE_EXTRA_CA_CERTS",
    ),
    (
        r"\bE40[13]\b",
        "The npm registry refuses access. Put credentials for it into npm's settings (npm config list)",
    ),
    (
        r"\bEINTEGRITY\b",
        "The npm registry serves another file than the locked one, maybe tampered with. Name another (npm config set registry)",
    ),
    (
        r"\bE404\b|\bETARGET\b",
        "The npm registry has no aws-cdk of the locked version. Name another (npm config set registry)",
    ),
    (
        r"\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b|network",
        "npm cannot reach its registry. Check the network, HTTPS_PROXY and npm's settings (npm config list)",
    ),
)


def of_pip(printed: str, log: object) -> str:
    """Return one line about what pip printed when it failed; ``log`` is the file that holds all of it."""
    return _first(_PIP, "pip", printed, log)


def missing(printed: str) -> str | None:
    """Return the requirement for which pip found nothing and did not say why; ``None`` where it said more."""
    return (
        found["what"]
        if (found := _found(_PIP, printed)[1]) and "what" in found.groupdict()
        else None
    )


def of_npm(printed: str, log: object) -> str:
    """Return one line about what npm printed when it failed; ``log`` is the file that holds all of it."""
    return _first(_NPM, "npm", printed, log)


def of_venv(python: str, printed: str, log: object) -> str:
    """Return one line about a virtual environment that ``python`` could not make."""
    if known := _found(_PIP, printed)[0]:
        return f"{known}, {AGAIN}"
    return (
        f"{python} cannot make a virtual environment ({log} says why). On Debian and Ubuntu: apt install "
        f"python3-venv. Elsewhere name another Python (make PYTHON=...), {AGAIN}"
    )


def of_system(error: OSError) -> str:
    """Return one line about a file that cannot be written or a program that cannot be started."""
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return f"{_READ_ONLY} ({error.filename}: {error.strerror})."
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"{_FULL}, {AGAIN}"
    return f"{error.filename}: {error.strerror}. Run make clean, then make again."


def of_check(printed: str, locked: set[str]) -> str | None:
    """Return one line about what ``pip check`` printed, or ``None`` where it complains of no package in ``locked`` (by name)."""
    for line in printed.splitlines():
        if normal(line.partition(" ")[0]) in locked:
            return f"The lock does not fit together: {line.strip().rstrip('.')}. Run make lock."
    return None


def normal(name: str) -> str:
    """Return the name of a package as all its spellings have it (PyPA, "Names and normalization")."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _first(known: _Known, program: str, printed: str, log: object) -> str:
    line, _ = _found(known, printed)
    if not line:
        said = [part.strip() for part in printed.splitlines() if re.search(_SAID, part)]
        last = (
            _ADDRESS.sub("<address>", _COLOUR.sub("", said[-1])) if said else "it did not say why"
        )
        line = f"{program} failed: {last}. Put that right"
    return f"{line}, {AGAIN} (What {program} said: {log})"


def _found(known: _Known, printed: str) -> tuple[str, re.Match[str] | None]:
    for pattern, line in known:
        if found := re.search(pattern, printed, re.IGNORECASE):
            return line.format(**found.groupdict()), found
    return "", None
