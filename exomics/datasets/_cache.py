"""Where fetched files and parsed objects are kept, and the first hashes of files that no manifest could name."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exomics._files import write_text
from exomics.errors import FetchError

_PATIENCE_SECONDS = 30.0


def cache_folder() -> Path:
    """``EXOMICS_CACHE``, or the platform's cache folder for this user.

    Returns
    -------
    Path
        The folder; it need not exist yet.

    Examples
    --------
    >>> cache_folder().is_absolute()
    True
    """
    named = os.environ.get("EXOMICS_CACHE", "")
    if named:
        return Path(named).expanduser().resolve()
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "exomics"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "exomics"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "exomics"


def locked_hash(url: str, got: str) -> str:
    """The hash that `url` had when it was first fetched; the first time, `got`, which is then kept.

    Parameters
    ----------
    url
        Address of a file of an unverified manifest.
    got
        Hash of the bytes at hand.

    Returns
    -------
    str
        What the hash must be.
    """
    path = cache_folder() / "lock.json"
    with _only_one(path.with_suffix(".lock")):
        known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if url not in known:
            known[url] = got
            write_text(path, json.dumps(known, indent=2, sort_keys=True) + "\n")
        return known[url]


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, so that two processes do not overwrite each other's entry."""
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            if time.monotonic() > deadline:
                raise FetchError(f"another run holds {path}; if none is running, delete that file.") from None
            time.sleep(0.05)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
