"""The two sides of a row: something that can be run again and again, and says how many CPU seconds each run took."""

from __future__ import annotations

import gc
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tests.benchmarks import ONE_THREAD

PEERS = Path(__file__).with_name("peers.R")
CHECKOUT = Path(__file__).resolve().parents[2]


class Side(Protocol):
    """One contender. `share` is the part of the work that one run does; its seconds are divided by it."""

    share: float

    def run(self) -> float:
        """Do the work once; CPU seconds (user and system), scaled up to the whole work."""

    def value(self) -> Any:
        """What the last run computed."""

    def peak_memory(self) -> float | None:
        """Largest resident size so far, in MB, if this side is a process of its own."""

    def close(self) -> None:
        """Let go of processes."""


class PythonSide:
    """A function called in this process."""

    def __init__(self, function: Callable[[], Any], *, share: float = 1.0) -> None:
        self._function = function
        self._value: Any = None
        self.share = share

    def run(self) -> float:
        self._value = None
        gc.collect()
        start = time.process_time()
        self._value = self._function()
        return (time.process_time() - start) / self.share

    def value(self) -> Any:
        return self._value

    def peak_memory(self) -> float | None:
        return None

    def close(self) -> None:
        self._value = None


class CommandSide:
    """A whole fresh process, from exec to exit; bytecode is kept from run to run, as every installation keeps it."""

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> None:
        self._command = list(command)
        self._environment = {**os.environ, **ONE_THREAD, "PYTHONDONTWRITEBYTECODE": "", **(environment or {})}
        self._output = ""
        self.share = 1.0

    def run(self) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            self._command, env=self._environment, cwd=CHECKOUT, capture_output=True, text=True, check=False
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            raise RuntimeError(f"{' '.join(self._command)} failed:\n{done.stderr[-2000:]}")
        self._output = done.stdout
        return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)

    def value(self) -> str:
        return self._output

    def peak_memory(self) -> float | None:
        return None

    def close(self) -> None:
        return


class RSide:
    """A task of ``peers.R`` in a persistent R process: the inputs are read once, each run times the work alone."""

    def __init__(self, task: str, folder: Path, *, share: float = 1.0) -> None:
        self._result = folder / f"{task}.f64"
        self._process = subprocess.Popen(
            [_rscript(), str(PEERS), "serve", task, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **ONE_THREAD},
        )
        self.share = share
        self._answer()

    def run(self) -> float:
        return float(self._ask("run")) / self.share

    def value(self) -> np.ndarray:
        self._ask("result")
        return np.fromfile(self._result, dtype=np.float64)

    def peak_memory(self) -> float | None:
        return peak_memory_of(self._process.pid)

    def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()

    def _ask(self, word: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("@"):
                return line[1:].strip()
            if line.startswith("!"):
                raise RuntimeError(f"{PEERS.name}: {line[1:].strip()}")
        raise RuntimeError(f"{PEERS.name} ended with status {self._process.wait()}")


def python_command(*arguments: str) -> list[str]:
    """This interpreter with arguments."""
    return [sys.executable, *arguments]


def exomics_command(*arguments: str) -> list[str]:
    """The installed command ``exomics``, as a user calls it."""
    installed = Path(sys.executable).with_name("exomics")
    return [str(installed), *arguments] if installed.is_file() else python_command("-m", "exomics", *arguments)


def r_command(task: str, folder: Path) -> list[str]:
    """A fresh R process that reads its inputs, does the work of a task and writes the tables."""
    return [_rscript(), str(PEERS), "whole", task, str(folder)]


def has_r(*packages: str) -> bool:
    """Whether Rscript and all `packages` are installed."""
    if shutil.which("Rscript") is None:
        return False
    wanted = ",".join(f"'{package}'" for package in packages)
    test = f"quit(status = !all(nzchar(vapply(c({wanted}), function(p) system.file(package = p), ''))))"
    return subprocess.run(["Rscript", "-e", test], capture_output=True, check=False).returncode == 0


def peak_memory_of(process: int) -> float | None:
    """Largest resident size of a process in MB, where /proc tells it (ru_maxrss would count the parent's too)."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return None
    peak = next((line for line in status.splitlines() if line.startswith("VmHWM:")), None)
    return None if peak is None else int(peak.split()[1]) * 1024 / 1e6


def _rscript() -> str:
    return shutil.which("Rscript") or "Rscript"
