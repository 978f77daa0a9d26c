"""Text as it lies on disk: compression, encoding and delimiter are found out and stated, never taken in silence."""

from __future__ import annotations

import codecs
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from isal import isal_zlib

from exomics.errors import InputError

BLOCK: Final = 1 << 20
DELIMITERS: Final[dict[str, str]] = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar", " ": "space"}
_FOUND: Final = "\t,;|"  # a space is taken only when it is declared: names hold spaces
_GZIP: Final = b"\x1f\x8b"
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NO_TEXT: Final = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook; unpack it, or give it the suffix .xlsx"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save it as .xlsx, or as text"),
    (b"\x89HDF", "an HDF5 file; give it the suffix .h5ad if it is one"),
    (b"PAR1", "a parquet file; give it the suffix .parquet"),
    (b"ARROW1", "a feather file; give it the suffix .feather"),
    (b"BZh", "a bzip2 archive; unpack it"),
    (b"\xfd7zXZ", "an xz archive; unpack it"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive; unpack it"),
    (b"%PDF", "a PDF; extract its table"),
)
_PAGE: Final = re.compile(rb"\s*<(?:!doctype html|html|\?xml)", re.IGNORECASE)


@dataclass(frozen=True)
class TextFormat:
    """How a text file is written, and what was mended while it was read."""

    compression: str
    encoding: str
    delimiter: str
    notes: tuple[str, ...] = ()

    def report(self) -> dict[str, Any]:
        """As a loader states it in ``uns["exomics"]["report"]``."""
        named = {"delimiter": DELIMITERS.get(self.delimiter, self.delimiter), "encoding": self.encoding}
        compressed = {"compression": self.compression} if self.compression else {}
        return {**named, **compressed, **({"notes": list(self.notes)} if self.notes else {})}


class TextFile:
    """A text file as blocks of bytes in an encoding whose first 128 bytes are ASCII.

    Parameters
    ----------
    path
        Plain or gzipped: found by its first bytes, not by its name. UTF-8 with or without byte order mark, UTF-16 with
        one, or a single-byte encoding, which `decoded` finds out.

    Raises
    ------
    InputError
        If the file does not exist, is empty, is cut off, holds NUL bytes, or is a known kind of file without text.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self.encoding = "utf-8"
        try:
            with path.open("rb") as stream:
                head = stream.read(1024)
        except FileNotFoundError as error:
            raise InputError(f"{path} does not exist; give an existing file.") from error
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error.strerror}); give a readable file.") from error
        if not head:
            raise InputError(f"{path} is empty; expected a header and rows.")
        self.compression = "gzip" if head.startswith(_GZIP) else ""
        _require_text(head, path)

    def blocks(self) -> Generator[bytes, None, None]:
        """The text in blocks of some megabytes: without byte order mark, each line ended by ``\\n``."""
        source = self._inflated() if self.compression else self._raw()
        try:
            first = next(filter(None, source), b"")
            if not first:
                raise InputError(f"{self.path} is empty; expected a header and rows.")
            _require_text(first[:1024], self.path)
        except InputError:
            source.close()
            raise
        rest: Iterator[bytes] = chain((first,), filter(None, source))
        if first.startswith(_UTF16):
            self.encoding = "utf-16"
            rest = self._transcoded(rest)
        elif first.startswith(codecs.BOM_UTF8):
            self._note("a byte order mark was removed")
            rest = chain((first[len(codecs.BOM_UTF8) :],), filter(None, source))
        is_old_mac = b"\r" in first and b"\n" not in first and self.encoding != "utf-16"
        if is_old_mac:
            self._note("lines end with carriage returns only")
        return self._checked(source, rest, is_old_mac=is_old_mac)

    def line_at(self, position: int) -> int:
        """The number of the line that begins `position` bytes behind the beginning of the text of `blocks`."""
        line = 1
        for block in self.blocks():
            line += block.count(b"\n", 0, position)
            position = max(position - len(block), 0)
        return line

    def decoded(self, words: Sequence[bytes]) -> list[str]:
        """`words` as text: UTF-8 if all are, else Latin-1, which is stated."""
        try:
            return [word.decode("utf-8") for word in words]
        except UnicodeDecodeError:
            self.encoding = "latin-1"
            self._note("the text is no UTF-8; it was read as Latin-1")
            return [word.decode("latin-1") for word in words]

    def format(self, delimiter: str, notes: Sequence[str] = ()) -> TextFormat:
        """What was found out about the file."""
        return TextFormat(self.compression, self.encoding, delimiter, (*self.notes, *notes))

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)

    def _raw(self) -> Generator[bytes, None, None]:
        try:
            with self.path.open("rb") as stream:
                yield from iter(lambda: stream.read(BLOCK), b"")
        except OSError as error:
            raise InputError(f"{self.path} cannot be read ({error.strerror}); give a readable file.") from error

    def _inflated(self) -> Generator[bytes, None, None]:
        """The members of a gzip file, one after another; each carries its own checksum."""
        inflate = isal_zlib.decompressobj(wbits=31)
        try:
            with closing(self._raw()) as raw:
                for packed in raw:
                    while packed:
                        if inflate.eof:
                            packed = packed.lstrip(b"\0")  # padding between members and after the last
                            inflate = isal_zlib.decompressobj(wbits=31) if packed else inflate
                        yield inflate.decompress(packed, BLOCK)
                        packed = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
            yield inflate.flush()
        except isal_zlib.IsalError as error:  # type: ignore[misc]  # the stub declares an instance
            raise InputError(f"{self.path} is not a whole gzip file ({error}); fetch or write it again.") from error
        if not inflate.eof:
            raise InputError(f"{self.path} is not a whole gzip file: it is cut off; fetch or write it again.")

    def _transcoded(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder("utf-16")()
        try:
            for block in blocks:
                yield decoder.decode(block).encode("utf-8")
            yield decoder.decode(b"", final=True).encode("utf-8")
        except UnicodeError as error:
            raise InputError(f"{self.path} is not a text table: broken UTF-16 ({error}); save it as UTF-8.") from error

    def _checked(
        self, source: Generator[bytes, None, None], blocks: Iterator[bytes], *, is_old_mac: bool
    ) -> Generator[bytes, None, None]:
        """`blocks`, which are made of `source`; the file is closed however they end."""
        done = 0
        with closing(source):
            for block in blocks:
                if b"\0" in block:
                    place = done + block.index(b"\0") + 1
                    raise InputError(f"{self.path} is not a text table: byte {place} of it is NUL; save it as UTF-8.")
                done += len(block)
                yield block.replace(b"\r", b"\n") if is_old_mac else block


def _require_text(head: bytes, path: Path) -> None:
    found = next((what for magic, what in _NO_TEXT if head.startswith(magic)), "")
    if not found and _PAGE.match(head):
        found = "a web page: the server sent a message instead of the file; fetch it again"
    if found:
        raise InputError(f"{path} is not a text table; it is {found}.")


def default_delimiter(path: Path) -> str:
    """Comma for ``.csv`` and ``.csv.gz``, tab for everything else."""
    return "," if ".csv" in [suffix.lower() for suffix in path.suffixes] else "\t"


def find_delimiter(lines: Sequence[str], default: str) -> str:
    """The delimiter that splits all `lines` into as many fields as the first, or one more (a header that R wrote).

    Parameters
    ----------
    lines
        The header and some rows.
    default
        What the name of the file promises: taken when the header has it, or when no other fits.

    Returns
    -------
    str
        A tab, comma, semicolon or bar.

    Examples
    --------
    >>> find_delimiter(["gene;s1;s2", "A;1,5;2,25"], default=",")
    ';'
    """
    bare = [re.sub(r'"[^"]*"', "", line) for line in lines]
    fitting = [mark for mark in _FOUND if mark in bare[0] and _splits_alike(bare, mark)]
    if default in bare[0] and (default in fitting or not fitting):
        return default
    return max(fitting, key=lambda mark: bare[0].count(mark), default=default)


def _splits_alike(lines: Sequence[str], mark: str) -> bool:
    expected = lines[0].count(mark)
    counts = {line.count(mark) for line in lines[1:]}
    return len(counts) <= 1 and counts <= {expected, expected + 1}
