"""Units of long work kept on disk while it lasts, with a bar and the time left on a terminal."""

from __future__ import annotations

import logging
import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from exomics._files import atomic_path, write_text
from exomics.errors import UserError

FloatArray = NDArray[np.float64]

_LOG = logging.getLogger("exomics")
_WIDTH = 24  # characters of the bar
_PAUSE = 30.0  # seconds between plain lines


class Journal:
    """Does each unit once, however often the command is interrupted: a unit that was finished is read, not made again.

    Units are stored as plain arrays in `folder`, and belong to one `key`: those of other inputs or settings are thrown
    away. The folder is gone when the block ends, unless it was interrupted.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._folder, self._key = folder, key
        self._stage, self._n_units, self._n_done, self._n_read = "", 0, 0, 0
        self._began = self._told = 0.0

    def __enter__(self) -> Self:
        label = self._folder / "key"
        if self._folder.is_dir() and not (label.is_file() and label.read_text(encoding="utf-8") == self._key):
            shutil.rmtree(self._folder)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or issubclass(kind, UserError):
            shutil.rmtree(self._folder, ignore_errors=True)
        elif self._folder.is_dir():
            _LOG.warning("interrupted: what was done is kept in %s; run the same command again", self._folder)

    def begin(self, stage: str, n_units: int) -> None:
        """A stage of `n_units` units begins."""
        self._stage, self._n_units, self._n_done, self._n_read = stage, n_units, 0, 0
        self._began = self._told = time.monotonic()

    def once(self, unit: str, make: Callable[[], FloatArray]) -> FloatArray:
        """The stored array of the unit, or what `make` gives, which is stored."""
        path = self._folder / f"{re.sub(r'[^a-z0-9]+', '-', unit.lower())}.npy"
        found = _stored(path)
        self._n_read += found is not None
        if found is None:
            found = make()
            if not path.parent.is_dir():
                write_text(self._folder / "key", self._key)
            with atomic_path(path) as temporary:
                np.save(temporary, found, allow_pickle=False)
        self._n_done += 1
        self._tell()
        return found

    def _tell(self) -> None:
        now, finished = time.monotonic(), self._n_done == self._n_units
        if sys.stderr.isatty():
            bar = ("#" * (_WIDTH * self._n_done // max(self._n_units, 1))).ljust(_WIDTH, ".")
            end = "\n" if finished else ""
            print(f"\r{self._stage} [{bar}] {self._words(now)}\033[K", end=end, file=sys.stderr, flush=True)
        elif finished or now - self._told >= _PAUSE:
            self._told = now
            _LOG.info("%s: %s", self._stage, self._words(now))

    def _words(self, now: float) -> str:
        words = f"{self._n_done} of {self._n_units}"
        if self._n_read:
            words += f", {self._n_read} from the interrupted run"
        made = self._n_done - self._n_read
        if made and self._n_done < self._n_units:
            words += f", {_spelled((now - self._began) / made * (self._n_units - self._n_done))} left"
        return words


def _stored(path: Path) -> FloatArray | None:
    """The array in the file; None if there is none, or it was cut off."""
    try:
        found: FloatArray = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found


def _spelled(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
