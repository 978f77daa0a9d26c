"""Is a recomputed table the published one? The answer names the first value that differs."""

from __future__ import annotations

import csv
import math
from itertools import zip_longest
from pathlib import Path


def first_difference(published: Path, recomputed: Path, tolerance: float = 0.0) -> str:
    """Where two files differ first, in words; "" when they agree.

    Two files agree when their bytes are equal or, for a TSV with `tolerance` > 0, when each pair of numbers ``a, b``
    satisfies ``|a - b| <= tolerance * max(|a|, |b|)`` and every other field is equal.

    Parameters
    ----------
    published, recomputed
        Files to compare; a name that ends in ``.tsv`` is read as a table.
    tolerance
        Relative; 0 asks for the same bytes.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.tsv").write_text("x\\n1.0\\n"), (folder / "b.tsv").write_text("x\\n1.5\\n")
    >>> first_difference(folder / "a.tsv", folder / "b.tsv")
    'line 2, column x: published 1.0, recomputed 1.5'
    """
    if published.read_bytes() == recomputed.read_bytes():
        return ""
    if published.suffix == ".tsv":
        return _table_difference(published, recomputed, tolerance)
    return _line_difference(published, recomputed)


def _line_difference(published: Path, recomputed: Path) -> str:
    left = published.read_text(encoding="utf-8", errors="replace").splitlines()
    right = recomputed.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, (a, b) in enumerate(zip_longest(left, right, fillvalue="(no line)"), start=1):
        if a != b:
            return f"line {number}: published {a.strip()!r}, recomputed {b.strip()!r}"
    return "line ends differ"


def _table_difference(published: Path, recomputed: Path, tolerance: float) -> str:
    left, right = _rows(published), _rows(recomputed)
    if not left or not right or left[0] != right[0]:
        return _line_difference(published, recomputed)
    if len(left) != len(right):
        return f"published {len(left) - 1} rows, recomputed {len(right) - 1}"
    for number, (row, other) in enumerate(zip(left[1:], right[1:], strict=True), start=2):
        if row == other:
            continue
        for name, a, b in zip_longest(left[0], row, other, fillvalue=""):
            if a != b and not _close(a, b, tolerance):
                return f"line {number}, column {name}: published {a or '(empty)'}, recomputed {b or '(empty)'}"
    return "" if tolerance > 0 else "line ends differ"


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream, delimiter="\t"))


def _close(a: str, b: str, tolerance: float) -> bool:
    try:
        return tolerance > 0 and math.isclose(float(a), float(b), rel_tol=tolerance)
    except ValueError:
        return False
