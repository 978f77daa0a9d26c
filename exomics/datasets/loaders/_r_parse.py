"""The tree of an R data file (.rda, .RData, .rds): decompression, text encoding, and errors that name the file.

The tree is built by ``rdata``; text vectors, which are nearly all of an annotation table, are read here in one
tight loop (387,683 rows of orthologs: 20 s with one tree node per string, 2 s so).
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

from rdata.parser import (
    DEFAULT_ALTREP_MAP,
    RData,
    RExtraInfo,
    RObject,
    RObjectInfo,
    RObjectType,
    RVersions,
    parse_data,
)
from rdata.parser._xdr import ParserXDR

from exomics.errors import InputError

_COMPRESSED = ((b"\x1f\x8b", gzip.decompress), (b"BZh", bz2.decompress), (b"\xfd7zXZ\x00", lzma.decompress))
_WORKSPACE = (b"RDX2\n", b"RDX3\n")
_ANY_WORKSPACE = (*_WORKSPACE, b"RDB2\n", b"RDB3\n", b"RDA2\n", b"RDA3\n")
_XDR = b"X\n"
_UNKNOWN_TO_BASE = (250, 252)  # base namespace; unbound value, as in a promise that was never evaluated
_LATIN1, _UTF8, _ASCII = 4 << 12, 8 << 12, 64 << 12
_DAMAGED = (
    EOFError,
    OSError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)


class _QuickParser(ParserXDR):
    """``rdata``'s parser of the portable binary format, with text vectors as lists of ``str`` (None for NA)."""

    encoding = "utf-8"

    def parse_extra_info(self, versions: RVersions) -> RExtraInfo:
        extra = super().parse_extra_info(versions)
        self.encoding = extra.encoding or "utf-8"
        return extra

    def parse_R_object(  # noqa: N802
        self,
        reference_list: list[RObject] | None = None,
        bytecode_rep_list: list[RObject | None] | None = None,
        info_int: int | None = None,
    ) -> RObject:
        """As the base class, and the codes it does not know: an unbound value, the base namespace."""
        if info_int is None:
            start = self.file.tell()
            code = self.file.read(4)
            if len(code) == 4 and code[3] in _UNKNOWN_TO_BASE:
                return RObject(
                    RObjectInfo(RObjectType.NILVALUE, object=False, attributes=False, tag=False, gp=0, reference=0),
                    value=None,
                    attributes=None,
                )
            self.file.seek(start)
        return super().parse_R_object(reference_list, bytecode_rep_list, info_int)

    def _parse_vector_value(
        self, reference_list: list[RObject] | None, bytecode_rep_list: list[RObject | None] | None = None
    ) -> Any:
        start = self.file.tell()
        head = self.file.read(8)
        self.file.seek(start)
        if len(head) == 8 and head[7] == RObjectType.CHAR.value and head[:4] != b"\x00" * 4:
            return self._parse_strings()
        return super()._parse_vector_value(reference_list, bytecode_rep_list)

    def _parse_strings(self) -> list[str | None]:
        length = self.parse_int()
        position = self.file.tell()
        buffer = self.file.getbuffer()
        unpack = struct.Struct(">ii").unpack_from
        known: dict[tuple[int, bytes], str] = {}
        strings: list[str | None] = []
        for _ in range(length):
            flags, size = unpack(buffer, position)
            position += 8
            if size < 0:
                strings.append(None)
                continue
            key = (flags, bytes(buffer[position : position + size]))
            position += size
            text = known.get(key)
            if text is None:
                text = known[key] = decode(key[1], flags, self.encoding)
            strings.append(text)
        buffer.release()
        if self.file.seek(0, 2) < position:
            raise EOFError("the last text is cut")
        self.file.seek(position)
        return strings


def decode(text: bytes, flags: int, encoding: str) -> str:
    """Text of an R string: its own mark (ASCII, UTF-8, Latin-1) first, then the session's encoding of the file."""
    if flags & (_ASCII | _UTF8):
        return text.decode("utf-8")
    if flags & _LATIN1:
        return text.decode("latin-1")
    for candidate in (encoding, "utf-8"):
        try:
            return text.decode(candidate)
        except (UnicodeDecodeError, LookupError):
            continue
    return text.decode("latin-1")


def parse_r_file(path: Path) -> RData:
    """The tree of `path`.

    Parameters
    ----------
    path
        A file written by R's ``save`` or ``saveRDS``: gzip, bzip2, xz or not compressed.

    Returns
    -------
    RData
        ``object`` is the pairlist of a workspace, or the one object of an ``.rds``.

    Raises
    ------
    InputError
        If the file is truncated, or was not written by R.
    """
    try:
        content = _decompressed(path.read_bytes())
        is_workspace = content.startswith(_ANY_WORKSPACE)
        body = content[5:] if content.startswith(_WORKSPACE) else content
        if not body.startswith(_XDR):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return parse_data(content, extension=None if is_workspace else ".rds")
        parser = _QuickParser(
            memoryview(body)[len(_XDR) :], expand_altrep=True, altrep_constructor_dict=DEFAULT_ALTREP_MAP
        )
        tree = parser.parse_all()
        parser.check_complete()
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; give an .rda, .RData or .rds file.") from error
    except _DAMAGED as error:
        raise InputError(
            f"{path} is not a whole R data file ({type(error).__name__}: {error}); expected the output of R's save() "
            "or saveRDS(). Fetch or write it again."
        ) from error
    return tree


def _decompressed(content: bytes) -> bytes:
    for magic, decompress in _COMPRESSED:
        if content.startswith(magic):
            return decompress(content)
    return content
