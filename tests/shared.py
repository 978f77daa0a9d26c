"""What several test files share: a folder made once for all workers, and commands run in this process."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from exomics.cli.main import main


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that `make` fills once per run, whichever of the workers asks for it first.

    A name belongs to one maker: two makers that share a name would read each other's files.
    """
    base = factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "made_once"
    shared.mkdir(exist_ok=True)
    folder, done = shared / name, shared / f"{name}.done"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            folder.mkdir()
            make(folder)
            done.write_text(make.__module__, encoding="utf-8")
    made_by = done.read_text(encoding="utf-8")
    assert made_by == make.__module__, f"{name} was made by {made_by}: give each folder a name of its own"
    return folder


@dataclass(frozen=True)
class Ran:
    """What a command gave: its exit status and what it told."""

    status: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line of an error of the user."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("exomics: "), lines[0]
        return lines[0].removeprefix("exomics: ")


def exomics(*words: object) -> Ran:
    """Run one command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([str(word) for word in words])
    return Ran(status, out.getvalue(), err.getvalue())


def must(*words: object) -> str:
    """Run one command that has to succeed, and return what it printed."""
    ran = exomics(*words)
    assert ran.status == 0, ran.err
    return ran.out


def refused(folder: Path, *words: object) -> str:
    """Run one command that has to be refused: exit 2, one line, and nothing in `folder`; return the line."""
    ran = exomics(*words)
    assert ran.status == 2, ran.out + ran.err
    assert ran.out == ""
    assert not folder.exists() or list(folder.iterdir()) == []
    return ran.error
