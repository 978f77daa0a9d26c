"""Every loader: declared in full, and no file, whatever its bytes, makes a traceback."""

from __future__ import annotations

import gzip
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from exomics.datasets import load_files, load_table_files
from exomics.datasets.loaders import Loaders, Tables
from exomics.datasets.loading import FOLDER_ROLES
from exomics.errors import UserError
from exomics.registry.method import MethodSpec

GARBAGE = {
    "empty": b"",
    "binary": bytes(range(256)),
    "ragged": b"id\ta\tb\nx\t1\n",
    "words": b"id\ta\tb\nx\tlow\thigh\n",
    "cut_gzip": gzip.compress(b"id\ta\nx\t1\n" * 50, mtime=0)[:-10],
    "page": b"<!DOCTYPE html><html><body>Service unavailable</body></html>",
    "wide": b"id" + b"\ta" * 2000 + b"\n",
    "one_word": b"x" * 200_000,
}

PLAIN = "id\ta\tb\nTP53\t1\t2.5\nMARCHF1\t0\t4\n"
FAULTS = {
    "byte_order_mark": PLAIN.encode("utf-8-sig"),
    "windows_line_ends": PLAIN.replace("\n", "\r\n").encode(),
    "utf_16": PLAIN.encode("utf-16"),
    "latin_1": PLAIN.replace("TP53", "TP5\xe9").encode("latin-1"),
    "open_quote": PLAIN.replace("TP53", '"TP53').encode(),
    "quoted": PLAIN.replace("TP53", '"TP53"').encode(),
    "other_delimiter": PLAIN.replace("\t", ";").encode(),
    "decimal_commas": PLAIN.replace(".", ",").encode(),
    "thousands": PLAIN.replace("2.5", "2,500").encode(),
    "repeated_columns": PLAIN.replace("a\tb", "a\ta").encode(),
    "repeated_rows": PLAIN.replace("MARCHF1", "TP53").encode(),
    "dates_for_genes": PLAIN.replace("MARCHF1", "1-Mar").encode(),
    "ids_as_floats": PLAIN.replace("MARCHF1", "2.31E+19").encode(),
    "swapped": b"id\tTP53\tMARCHF1\na\t1\t0\nb\t2.5\t4\n",
    "header_only": b"id\ta\tb\n",
}
"""Any of them may be refused, or mended and stated; none may make a traceback."""


def roles_of(spec: MethodSpec) -> list[str]:
    """The words in code font of the section on files: its roles, and some that are none, which a loader may refuse."""
    section = re.search(r"\n *files\n(.*?)\n *manifest\n", inspect.getsource(spec.function), re.DOTALL)
    found = re.findall(r"``([a-z_]+)``", section.group(1) if section else "")
    return list(dict.fromkeys(found))


READERS = [pytest.param(spec, id=spec.name) for spec in Loaders if roles_of(spec)]
TABLES = [pytest.param(spec, id=spec.name) for spec in Tables if roles_of(spec)]


@pytest.mark.parametrize("spec", READERS)
@pytest.mark.parametrize("kind", GARBAGE)
def test_no_file_makes_a_traceback(spec: MethodSpec, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(GARBAGE[kind])
    with pytest.raises(UserError) as caught:
        _read(spec, path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("spec", [*READERS, *TABLES])
@pytest.mark.parametrize("fault", [*FAULTS, *GARBAGE])
def test_a_fault_is_mended_or_told_in_one_line(spec: MethodSpec, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes({**FAULTS, **GARBAGE}[fault])
    try:
        made = _read(spec, path)
    except UserError as error:
        assert "\n" not in str(error)
    else:
        assert made.shape[0] > 0


@pytest.mark.slow
def test_a_million_columns_are_refused_in_one_short_line(tmp_path: Path) -> None:
    """Whatever they are called; each loader in seconds, and none with the million names in its message."""
    path = tmp_path / "file.txt"
    path.write_bytes(b"id" + b"\ta" * 1_000_000 + b"\n")
    for spec in (param.values[0] for param in [*READERS, *TABLES]):
        try:
            _read(spec, path)
        except UserError as error:
            assert len(str(error)) < 1000, spec.name
            assert "\n" not in str(error), spec.name
        else:
            assert spec.name == "gene_sets"  # for which it is one set of a million genes


def test_a_matrix_given_for_a_sheet_is_told(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("\t".join(map(str, range(10_001))) + "\n" + "\t".join(["1"] * 10_001) + "\n")
    with pytest.raises(UserError, match=r"of 10,000 columns at most; it has 10,001\. Is it the matrix\?"):
        load_files("expression_table", {"matrix": path, "samples": path})


def _read(spec: MethodSpec, path: Path) -> Any:
    """Every role is the file, or its folder."""
    load = load_files if spec.name in Loaders.names else load_table_files
    return load(spec.name, {role: path.parent if role in FOLDER_ROLES else path for role in roles_of(spec)})


@pytest.mark.parametrize("spec", READERS)
def test_without_its_files_a_loader_says_which_it_needs(spec: MethodSpec) -> None:
    with pytest.raises(UserError, match=r"role|file|MAF|needs|give"):
        load_files(spec.name, {})


def test_nearly_every_loader_reads_files() -> None:
    assert len(READERS) >= len(Loaders) - 1 >= 20
