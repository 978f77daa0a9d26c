"""Say what is installed, what is cached, where data are looked for, and what can be reached.

example:
  exomics doctor
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from exomics._resources import registry_folder
from exomics._version import __version__
from exomics.datasets._cache import cache_folder
from exomics.errors import UserError
from exomics.registry.manifest import all_manifests

_SECONDS = 3


def register(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(arguments: argparse.Namespace) -> None:
    """Print one line per fact; fail if something needed is missing."""
    missing = 0
    for status, name, fact in _facts():
        print(f"{status:<8}{name:<34}{fact}")
        missing += status == "MISSING"
    if missing:
        raise UserError(f"{missing} needed parts are missing; install them with: pip install --upgrade exomics.")


def _facts() -> Iterator[tuple[str, str, str]]:
    yield "ok", "exomics", __version__
    yield "ok", "python", f"{platform.python_version()} ({sys.executable})"
    yield from _packages()
    for name in ("signatures", "data_manifests", "workflows"):
        yield "ok", name, str(registry_folder(name))
    yield from _cache()
    yield from _sources()


def _packages() -> Iterator[tuple[str, str, str]]:
    seen: set[str] = set()
    for requirement in importlib.metadata.requires("exomics") or []:
        name = re.split(r"[\s<>=!~;\[]", requirement, maxsplit=1)[0]
        extra = re.search(r"extra == ['\"](\w+)['\"]", requirement)
        if name in ("exomics", *seen) or (extra and extra.group(1) in ("dev", "all")):
            continue
        seen.add(name)
        try:
            yield "ok", name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            if extra:
                yield "absent", name, f"optional: pip install 'exomics[{extra.group(1)}]'"
            else:
                yield "MISSING", name, requirement


def _cache() -> Iterator[tuple[str, str, str]]:
    folder = cache_folder()
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    size = sum(path.stat().st_size for path in files) / 1e6
    place = folder if folder.is_dir() else folder.parent
    free = shutil.disk_usage(place if place.is_dir() else Path.cwd()).free / 1e9
    yield "ok", "cache", f"{folder} ({len(files)} files, {size:.0f} MB; {free:.0f} GB free)"


def _sources() -> Iterator[tuple[str, str, str]]:
    mirror = os.environ.get("EXOMICS_MIRROR", "")
    manifests = all_manifests()
    files = {file.location for manifest in manifests for file in manifest.files}
    if not mirror:
        yield "ok", "EXOMICS_MIRROR", "not set: files come from their public addresses"
    elif "://" in mirror:
        yield "ok", "EXOMICS_MIRROR", mirror
    elif Path(mirror).is_dir():
        held = sum((Path(mirror) / location).is_file() for location in files)
        yield "ok", "EXOMICS_MIRROR", f"{mirror} (holds {held} of {len(files)} files)"
    else:
        yield "warn", "EXOMICS_MIRROR", f"{mirror} is no folder: unset it or mend it"
    offline = os.environ.get("EXOMICS_OFFLINE", "")
    yield "ok", "EXOMICS_OFFLINE", offline or "not set: the network may be used"
    if not offline:
        for host in sorted({location.parts[0] for location in files}):
            yield _reached(host)
    yield "ok", "datasets", f"{len(manifests)} manifests"


def _reached(host: str) -> tuple[str, str, str]:
    try:
        socket.create_connection((host, 443), timeout=_SECONDS).close()
    except OSError as error:
        return "warn", host, f"cannot be reached ({error}); files in the cache or in a mirror can still be used"
    return "ok", host, "can be reached"
