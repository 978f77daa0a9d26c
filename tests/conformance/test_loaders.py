"""Every loader: declared in full, and no file, whatever its bytes, makes a traceback."""

from __future__ import annotations

import gzip
import inspect
import re
from pathlib import Path

import pytest

from exomics.datasets import load_files
from exomics.datasets.loaders import Loaders
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
}


def roles_of(spec: MethodSpec) -> list[str]:
    """The words in code font of the section on files: its roles, and some that are none, which a loader may refuse."""
    section = re.search(r"\n *files\n(.*?)\n *manifest\n", inspect.getsource(spec.function), re.DOTALL)
    found = re.findall(r"``([a-z_]+)``", section.group(1) if section else "")
    return list(dict.fromkeys(found))


READERS = [pytest.param(spec, id=spec.name) for spec in Loaders if roles_of(spec)]


@pytest.mark.parametrize("spec", READERS)
@pytest.mark.parametrize("kind", GARBAGE)
def test_no_file_makes_a_traceback(spec: MethodSpec, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(GARBAGE[kind])
    files = {role: tmp_path if role in FOLDER_ROLES else path for role in roles_of(spec)}
    with pytest.raises(UserError) as caught:
        load_files(spec.name, files)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("spec", READERS)
def test_without_its_files_a_loader_says_which_it_needs(spec: MethodSpec) -> None:
    with pytest.raises(UserError, match=r"role|file|MAF|needs|give"):
        load_files(spec.name, {})


def test_nearly_every_loader_reads_files() -> None:
    assert len(READERS) >= len(Loaders) - 1 >= 20
