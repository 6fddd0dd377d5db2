"""Bytes of a log file in pieces of bounded size, unpacked where it is gzip."""

from collections.abc import Iterator
from typing import BinaryIO

from isal import igzip_lib

READ = 1 << 16  # of the file at once
PIECE = 1 << 16  # of what is unpacked: what stays in the processor's cache is read twice as fast
_GZIP = b"\x1f\x8b"


class Damaged(Exception):
    """A file cannot be read to its end. The message says why, in a few words."""


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield the content of ``file``, unpacked if it is gzip (by its first bytes, whatever its name).

    Raises ``Damaged`` after what could be read, where the rest is missing or broken, and ``OSError``.
    """
    first = file.read(READ)
    if first[:2] == _GZIP:
        yield from _unpacked(file, first)
        return
    while first:
        yield first
        first = file.read(READ)


def _unpacked(file: BinaryIO, packed: bytes) -> Iterator[bytes]:
    """Unpack every member of a gzip file; what follows the last one, if it is no member, is padding."""
    while packed[:2] == _GZIP:
        member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        while not member.eof:
            if member.needs_input and not packed and not (packed := file.read(READ)):
                raise Damaged("the gzip file is cut off")
            try:
                piece = member.decompress(packed, PIECE)
            except (igzip_lib.IsalError, EOFError, ValueError) as error:  # type: ignore[misc]  # its stub is wrong
                raise Damaged(f"the gzip file is damaged ({error})") from error
            packed = b""
            if piece:
                yield piece
        packed = member.unused_data or file.read(READ)
        if len(packed) == 1:
            packed += file.read(READ)
