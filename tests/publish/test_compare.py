"""One changed digit is found and named."""

from __future__ import annotations

from pathlib import Path

import pytest

from exomics.publish.compare import first_difference


def _pair(folder: Path, left: str, right: str, suffix: str = ".tsv") -> tuple[Path, Path]:
    a, b = folder / f"a{suffix}", folder / f"b{suffix}"
    a.write_text(left, encoding="utf-8")
    b.write_text(right, encoding="utf-8")
    return a, b


def test_equal_bytes_do_not_differ(tmp_path: Path) -> None:
    assert first_difference(*_pair(tmp_path, "x\n1\n", "x\n1\n")) == ""


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ("g\tx\na\t1.0\n", "g\tx\na\t1.0000000000000002\n", "line 2, column x"),
        ("g\tx\na\t\n", "g\tx\na\t0.0\n", "published (empty), recomputed 0.0"),
        ("g\tx\na\t1\n", "g\tx\na\t1\nb\t2\n", "published 1 rows, recomputed 2"),
        ("g\tx\na\t1\n", "g\ty\na\t1\n", "line 1"),
        ("g\tx\na\t1\n", "g\tx\nb\t1\n", "column g: published a, recomputed b"),
    ],
)
def test_the_first_difference_is_named(tmp_path: Path, left: str, right: str, said: str) -> None:
    assert said in first_difference(*_pair(tmp_path, left, right))


def test_a_tolerance_forgives_numbers_only(tmp_path: Path) -> None:
    near = _pair(tmp_path, "g\tx\na\t1.0\n", "g\tx\na\t1.0000000000000002\n")
    assert first_difference(*near, tolerance=1e-9) == ""
    far = _pair(tmp_path, "g\tx\na\t1.0\n", "g\tx\na\t1.001\n")
    assert first_difference(*far, tolerance=1e-9) != ""
    name = _pair(tmp_path, "g\tx\na\t1.0\n", "g\tx\nb\t1.0\n")
    assert first_difference(*name, tolerance=1e-9) != ""


def test_other_files_are_compared_by_line(tmp_path: Path) -> None:
    assert "line 2" in first_difference(*_pair(tmp_path, "a\nb\n", "a\nc\n", ".yaml"))
