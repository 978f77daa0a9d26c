"""Public files by manifest: cache, then mirror, then URL; verified by size and sha256; moved into place whole."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from exomics._files import atomic_path, sha256_of
from exomics.datasets._cache import cache_folder, locked_hash
from exomics.datasets._transfer import open_source, transfer
from exomics.errors import FetchError
from exomics.registry.manifest import Manifest, ManifestFile, load_manifest

_LOG = logging.getLogger("exomics.fetch")
_TRUE = ("1", "true", "yes", "on")


def fetch(
    dataset: str,
    *,
    roles: Iterable[str] | None = None,
    to: Path | str | None = None,
    offline: bool | None = None,
    accept_terms: bool = False,
    progress: bool | None = None,
) -> dict[str, Path]:
    """The verified files of a dataset.

    Each file is looked for in the cache (``EXOMICS_CACHE``), in the mirror (``EXOMICS_MIRROR``: a folder or a base
    address laid out ``<host>/<path>``), and at its public address, in this order. It is read into a temporary file
    beside its place, checked for size and sha256, and moved, so that two runs at once do no harm. A file in the cache
    is hashed again every time it is asked for.

    Parameters
    ----------
    dataset
        Id of a manifest.
    roles
        Only these roles; default all.
    to
        A folder that receives a copy under the files' own names.
    offline
        Never touch the network; default from ``EXOMICS_OFFLINE``. A mirror that is a folder is still used.
    accept_terms
        Needed for a restricted dataset: you have read its terms and may use it.
    progress
        Show a bar; default when standard error is a terminal. Elsewhere one line per file.

    Returns
    -------
    dict
        Role to path.

    Raises
    ------
    FetchError
        If a file cannot be had, or is not the file of the manifest (the wrong copy is deleted), or the terms of a
        restricted dataset were not accepted.
    RegistryError
        If there is no such dataset or role.

    Examples
    --------
    >>> fetch("motrpac_gn_rma")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    exomics.errors.RegistryError: no dataset is called 'motrpac_gn_rma'; did you mean motrpac_gn_rna, ...
    """
    manifest = load_manifest(dataset)
    if manifest.access and not accept_terms:
        raise FetchError(
            f"dataset {dataset} is restricted ({manifest.access}); its terms: {manifest.terms}. "
            "Read them and pass --accept-terms (accept_terms=True)."
        )
    wanted = manifest.files if roles is None else tuple(manifest.file(role) for role in roles)
    no_network = _offline() if offline is None else offline
    show = sys.stderr.isatty() if progress is None else progress
    found = {file.role: _cached_or_fetched(manifest, file, offline=no_network, progress=show) for file in wanted}
    return found if to is None else {role: _copy(path, Path(to)) for role, path in found.items()}


def _offline() -> bool:
    return os.environ.get("EXOMICS_OFFLINE", "").lower() in _TRUE


def _cached_or_fetched(manifest: Manifest, file: ManifestFile, *, offline: bool, progress: bool) -> Path:
    place = cache_folder() / "files" / file.location
    if place.is_file():
        _verify(place, manifest, file, source="the cache")
        return place
    source = open_source(file, dataset=manifest.id, offline=offline)
    with atomic_path(place) as temporary:
        transfer(source, temporary, total=file.bytes, label=f"{manifest.id}: {file.name}", progress=progress)
        _verify(temporary, manifest, file, source=source)
    if file.sha256 is None:
        _LOG.warning(
            "%s of dataset %s is unverified: its bytes were never seen here. Its hash is now kept in %s; "
            "a later change will be an error.", file.name, manifest.id, cache_folder() / "lock.json",
        )  # fmt: skip
    return place


def _verify(path: Path, manifest: Manifest, file: ManifestFile, *, source: str) -> None:
    """Raise unless `path` has the size and hash it must have; a wrong file is deleted first."""
    size = path.stat().st_size
    got = sha256_of(path)
    expected = file.sha256 or locked_hash(file.url, got)
    if got == expected and file.bytes in {None, size}:
        return
    path.unlink()
    advice = "fetch again" if source == "the cache" else "try again, or tell us if it stays so"
    was = f"{file.bytes:,} bytes, sha256 {expected}" if file.bytes else f"sha256 {expected} (as first fetched)"
    raise FetchError(
        f"{file.name} of dataset {manifest.id} from {source} is not the file of its manifest: expected {was}; "
        f"got {size:,} bytes, sha256 {got}. The wrong copy was deleted; {advice}."
    )


def _copy(path: Path, folder: Path) -> Path:
    target = folder / path.name
    with atomic_path(target) as place:
        shutil.copyfile(path, place)
    return target
