"""What there is to read: local files and folders, in whatever layout."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

BUCKET = "s3://"
_ENDINGS = (".json.gz", ".json", ".jsonl", ".jsonl.gz", ".gz", ".ndjson")


class Input(Protocol):
    """One file to read. It goes to another process, so it holds no open thing.

    ``size`` is in bytes as stored; ``mark`` changes when the file does; what ``is_far`` is opened while
    others are read.
    """

    @property
    def name(self) -> str:
        """Return what people call it."""

    @property
    def size(self) -> int:
        """Return its size in bytes."""

    @property
    def mark(self) -> str:
        """Return what tells this version of the file from others."""

    @property
    def is_far(self) -> bool:
        """Tell whether opening it takes long."""

    def open(self) -> BinaryIO:
        """Open it for reading. Raises ``OSError``."""


class NoSuchSource(Exception):
    """A source that was named does not exist. The message says which."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file on this machine. What is ``special`` (a pipe, a device) may have no end, and is not opened."""

    name: str
    size: int
    mark: str
    is_far: bool = False
    special: bool = False

    def open(self) -> BinaryIO:
        """Open it for reading. Raises ``OSError``."""
        if self.special:
            raise OSError(errno.EINVAL, "it is no regular file")
        return Path(self.name).open("rb")


def size_of(sources: Iterable[str]) -> int | None:
    """Return how many bytes all ``sources`` have; ``None`` where that is known only when they are listed.

    Raises ``NoSuchSource``.
    """
    here = [source for source in sources if not source.startswith(BUCKET)]
    size = sum(one.size for source in here for one in local(source))
    return size if len(here) == len(list(sources)) else None


def local(source: str) -> Iterator[LocalFile]:
    """Yield the files that ``source`` names: itself, or all logs below a folder. Raises ``NoSuchSource``.

    In a folder, other endings than those of logs and hidden files are left out. Links to folders are
    not followed, so that none leads in a circle, and pipes and devices are not read.
    """
    path = Path(source)
    if path.is_dir():
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if name.lower().endswith(_ENDINGS) and not name.startswith("."):
                    yield from _file(Path(folder, name), found=True)
    elif path.exists():
        yield from _file(path)
    else:
        raise NoSuchSource(f"There is no file or folder {source}.")


def _file(path: Path, *, found: bool = False) -> Iterator[LocalFile]:
    """Yield a file; one that was ``found`` in a folder, and not named by the person, has to be a regular one."""
    try:
        status = path.stat()
        mark = f"{status.st_size}-{status.st_mtime_ns}"
        special = found and not stat.S_ISREG(status.st_mode)
        yield LocalFile(str(path), status.st_size, mark, special=special)
    except OSError:
        yield LocalFile(str(path), 0, "")
