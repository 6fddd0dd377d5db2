"""What pip and npm say when they fail, in their own words, is one line that tells what to do."""

import errno

import pytest

from tools import failures

RETRY = "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by"
NOTHING = "ERROR: No matching distribution found for attrs==26.1.0"
# What was printed (pip 22.3, 23.2.1 and 26.3; npm 10 and 11) → how the line about it begins.
PIP = {
    f"{RETRY} 'NewConnectionError(: [Errno 111] Connection refused)'\n{NOTHING}": "pip cannot reach",
    f"{RETRY} 'NameResolutionError(: Failed to resolve)'\n{NOTHING}": "pip cannot reach",
    f"{RETRY} 'ReadTimeoutError(\"Read timed out. (read timeout=15)\")'\n{NOTHING}": "pip cannot reach",
    f"{RETRY} 'ProxyError('Cannot connect to proxy.')'\n{NOTHING}": "The proxy does not let",
    f"Could not fetch URL x: connection error: SSLError(CERTIFICATE_VERIFY_FAILED)\n{NOTHING}": "pip does not trust",
    f"{NOTHING}\nCould not fetch URL x: 401 Client Error: Unauthorized for url": "The package index refuses",
    f"WARNING: 401 Error, Credentials not correct for x\n{NOTHING}": "The package index refuses",
    "ERROR: HTTP error 403 while getting x": "The package index refuses",
    f"{NOTHING}\nCould not fetch URL x: 500 Server Error: Oops for url": "pip cannot reach",
    f"{NOTHING}\nCould not fetch URL x: 404 Client Error: Not Found": "The package index has no attrs==26.1.0",
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.": "The package index serves other",
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device": "The disk is full",
    "ERROR: Could not install packages due to an OSError: [Errno 30] Read-only file system: 'x'": "The checkout cannot",
    "The conflict is caused by:\n  The user requested (constraint) x<1": "A constraint in pip's settings",
    "ERROR: at https://me:secret@packages.example/simple something new": "pip failed: ERROR: at <address> something",
    "": "pip failed: it did not say why",
}
NPM = {
    "npm error code ENOTFOUND": "npm cannot reach",
    "npm ERR! code ECONNREFUSED": "npm cannot reach",
    "npm error code EAI_AGAIN": "npm cannot reach",
    "npm error code E404": "The npm registry has no aws-cdk",
    "npm error code ETARGET": "The npm registry has no aws-cdk",
    "npm error code E401": "The npm registry refuses",
    "npm error code EINTEGRITY": "The npm registry serves another",
    "npm error code SELF_SIGNED_CERT_IN_CHAIN": "npm does not trust",
    "npm error code EROFS": "The checkout cannot",
    "npm error code ENOSPC": "The disk is full",
    "npm error something new at https://me:secret@registry.example": "npm failed: npm error something new at <address>",
}


@pytest.mark.parametrize(("said", "expected"), PIP.items())
def test_what_pip_says_becomes_one_line(said, expected):
    line = failures.of_pip(said, "pip.log")
    assert line.startswith(expected)
    assert "\n" not in line
    assert "make again: it goes on from there. (What pip said: pip.log)" in line
    assert "secret" not in line


@pytest.mark.parametrize(("said", "expected"), NPM.items())
def test_what_npm_says_becomes_one_line(said, expected):
    line = failures.of_npm(said, "npm.log")
    assert line.startswith(expected)
    assert "\n" not in line
    assert "secret" not in line


def test_only_what_pip_left_unsaid_is_asked_for_once_more():
    assert failures.missing(NOTHING) == "attrs==26.1.0"
    assert failures.missing(f"{RETRY} 'NewConnectionError()'\n{NOTHING}") is None
    assert failures.missing("fine") is None


def test_a_python_without_venv_is_told_what_to_install():
    said = (
        "The virtual environment was not created successfully because ensurepip is not available."
    )
    line = failures.of_venv("/usr/bin/python3", said, ".venv.log")
    assert "apt install python3-venv" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.EROFS, "The checkout cannot be written to"),
        (errno.EACCES, "The checkout cannot be written to"),
        (errno.ENOSPC, "The disk is full"),
        (errno.EISDIR, "x: Is a directory. Run make clean"),
    ],
)
def test_what_the_system_says_becomes_one_line(number, expected):
    line = failures.of_system(OSError(number, "Is a directory", "x"))
    assert line.startswith(expected)
    assert "\n" not in line
