"""What a person gives to be explained: files, standard input, or a text on the command line."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .problems import CannotAskError
from .terminal import is_terminal, tell

STANDARD_INPUT = "-"
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
_NOTICE = "Paste the error text, log lines or record, then press Enter and Ctrl-D (Ctrl-C to stop)."


def texts(files: Sequence[str], stdin: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - a text file
    """Yield the name and the text of each file; of standard input where none is named. Raises ``CannotAskError``."""
    for name in files or (STANDARD_INPUT,):
        yield name, _standard_input(stdin) if name == STANDARD_INPUT else _file(name)


def _standard_input(stdin: Any) -> str:  # noqa: ANN401 - a text file
    if stdin is None:
        return ""
    if is_terminal(stdin):
        tell(_NOTICE, "dim")
    raw = getattr(stdin, "buffer", None)
    return decoded(raw.read()) if raw else str(stdin.read())


def _file(name: str) -> str:
    try:
        text = decoded(Path(name).read_bytes())
    except OSError as error:
        hint = (
            ""
            if Path(name).exists()
            else " To explain a text, give it with --text, or through a pipe."
        )
        raise CannotAskError(f"{name} cannot be read: {error.strerror}.{hint}") from error
    except ValueError as error:
        raise CannotAskError(f"{name!r} is no name of a file: {error}.") from error
    if name.endswith(".json"):
        _warn_of_broken_json(name, text)
    return text


def _warn_of_broken_json(name: str, text: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        tell(f"{name} is not valid JSON ({error}). It is read as text.", "yellow")
    except RecursionError:
        tell(f"{name} is nested too deeply. It is read as text.", "yellow")


def decoded(raw: bytes) -> str:
    """Return bytes as text: UTF-8, or UTF-16 with its mark, as PowerShell writes it. What is neither is replaced."""
    for mark, encoding in _MARKS.items():
        if raw.startswith(mark):
            return raw.decode(encoding, "replace")
    return raw.decode("utf-8", "replace")
