"""Bytes from a mirror folder or an address into a file, with a bar on a terminal and a line elsewhere."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path
from typing import Any

from exomics.errors import FetchError
from exomics.registry.manifest import ManifestFile

_LOG = logging.getLogger("exomics.fetch")
_TIMEOUT_SECONDS = 60
_ATTEMPTS = 3


def open_source(file: ManifestFile, *, dataset: str, offline: bool) -> str:
    """Where `file` will come from: a path below the mirror, an address of the mirror, or its public address.

    Raises
    ------
    FetchError
        If the run is offline and no mirror folder holds the file, or ``EXOMICS_MIRROR`` is neither folder nor address.
    """
    mirror = os.environ.get("EXOMICS_MIRROR", "")
    is_address = mirror.startswith(("https://", "http://"))
    if mirror and not is_address:
        folder = Path(mirror).expanduser()
        if not folder.is_dir():
            raise FetchError(f"EXOMICS_MIRROR is {mirror!r}, which is no folder and no https:// address; correct it.")
        if (folder / file.location).is_file():
            return str(folder / file.location)
    if offline:
        raise FetchError(
            f"{file.name} of dataset {dataset} is not in the cache and the run is offline; "
            "unset EXOMICS_OFFLINE (drop --offline), or set EXOMICS_MIRROR to a folder that holds "
            f"{file.location}."
        )
    return f"{mirror.rstrip('/')}/{file.location}" if is_address else file.url


def transfer(source: str, target: Path, *, total: int | None, label: str, progress: bool) -> None:
    """Copy the bytes of `source` to `target`.

    Parameters
    ----------
    source
        A path or an address.
    target
        A new file.
    total
        Expected size, for the bar.
    label
        What is said to the user.
    progress
        Draw a bar; otherwise log one line.

    Raises
    ------
    FetchError
        If the bytes cannot be had after three attempts.
    """
    if not progress:
        _LOG.info("fetching %s from %s", label, source)
    if not source.startswith(("https://", "http://")):
        shutil.copyfile(source, target)
        return
    _download(source, target, _Bar(label, total) if progress else False)


def _download(address: str, target: Path, bar: Any) -> None:
    import pooch  # an address is rare: the cache and a mirror folder never pay for the import

    downloader = pooch.HTTPDownloader(progressbar=bar, timeout=_TIMEOUT_SECONDS)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            downloader(address, str(target), None)
            return
        except Exception as error:
            target.unlink(missing_ok=True)
            if attempt == _ATTEMPTS or _is_refusal(error):
                raise FetchError(
                    f"{address} cannot be fetched after {attempt} attempts ({_reason(error)}); "
                    "check the network, or set EXOMICS_MIRROR to a folder or address that has the file."
                ) from error
            _LOG.warning("attempt %d of %d failed for %s (%s)", attempt, _ATTEMPTS, address, _reason(error))


def _status(error: Exception) -> int | None:
    return getattr(getattr(error, "response", None), "status_code", None)


def _reason(error: Exception) -> str:
    status = _status(error)
    return f"the server answers {status}" if status is not None else f"no answer: {type(error).__name__}"


def _is_refusal(error: Exception) -> bool:
    """True for an answer that will not change by asking again (not found, forbidden)."""
    status = _status(error)
    return status is not None and 400 <= status < 500 and status != 429


class _Bar:
    """The bar that pooch drives, drawn by rich on standard error."""

    def __init__(self, label: str, total: int | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=Console(stderr=True),
        )
        self._task = self._progress.add_task(label, total=total)
        self._progress.start()

    @property
    def total(self) -> float | None:
        """Expected size in bytes."""
        return self._progress.tasks[0].total

    @total.setter
    def total(self, value: float) -> None:
        self._progress.update(self._task, total=value)

    def update(self, count: int) -> None:
        """`count` more bytes have come."""
        self._progress.advance(self._task, count)

    def reset(self) -> None:
        """Start again: pooch does so before it draws the full bar."""
        self._progress.reset(self._task, total=self.total)

    def close(self) -> None:
        """The last byte has come."""
        self._progress.stop()
