"""From a dataset id, or from a user's own files, to an object that meets the contract."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from anndata import AnnData
from mudata import MuData

from exomics._files import sha256_of
from exomics.datasets._cache import cache_folder
from exomics.datasets._first_checks import check_data, check_table
from exomics.datasets.fetch import fetch
from exomics.datasets.loaders import Loaders, Tables
from exomics.datasets.loaders.tables import read_any_table
from exomics.datasets.store import read_data, read_table, write_data, write_table
from exomics.errors import InputError, RegistryError
from exomics.registry.manifest import Manifest, ManifestFile, load_manifest
from exomics.registry.method import MethodSpec
from exomics.schema import validate

_LOG = logging.getLogger("exomics.load")
FOLDER_ROLES = ("folder", "study")  # the sources that are many files in one folder
_PACKAGE = Path(__file__).resolve().parent.parent


def load(dataset: str, **fetching: Any) -> AnnData | MuData:
    """A dataset as an object that meets the contract.

    The files are fetched and verified, read by the manifest's loader, held against the manifest's first checks and
    validated. The object is kept in the cache under the hashes of the files, of the manifest and of the loaders, so
    that a file is parsed once.

    Parameters
    ----------
    dataset
        Id of a manifest whose loader makes an AnnData or a MuData.
    **fetching
        Passed to `fetch`: ``offline``, ``accept_terms``, ``progress``.

    Returns
    -------
    AnnData or MuData
        Samples x features; see the AnnData contract.

    Raises
    ------
    FetchError
        If a file cannot be had or verified.
    InputError
        If the object is not what the manifest promises.
    RegistryError
        If there is no such dataset, or it is a table (`load_table`).

    Examples
    --------
    >>> muscle = load("embedded_muscle_rna")
    >>> muscle.uns["exomics"]["assay"]
    'rna'
    """
    manifest = load_manifest(dataset)
    if manifest.loader in Tables.names:
        raise RegistryError(f"dataset {dataset} is a table, not a matrix; read it with load_table({dataset!r}).")
    spec = Loaders[manifest.loader]
    if not manifest.files:
        return _checked(spec.function({}, manifest), manifest)  # computed: quicker than the cache
    files = fetch(dataset, **fetching)
    kept = _kept(manifest, files, "object")
    for path in (kept.with_suffix(".h5ad"), kept.with_suffix(".h5mu")):
        if path.is_file():
            try:
                return read_data(path)
            except InputError:
                path.unlink(missing_ok=True)
    _LOG.info("reading %s: %s", dataset, ", ".join(path.name for path in files.values()))
    data = _checked(spec.function(files, manifest), manifest)
    _drop_older(kept)
    return read_data(write_data(data, kept.with_suffix(".h5mu" if isinstance(data, MuData) else ".h5ad")))


def load_files(
    loader: str, files: Mapping[str, Path | str], options: Mapping[str, Any] | None = None
) -> AnnData | MuData:
    """A user's own files of a known kind as an object of the contract.

    Parameters
    ----------
    loader
        Name of a loader.
    files
        Role to path.
    options
        Options of the loader; unknown ones are refused.

    Returns
    -------
    AnnData or MuData
        Without a ``scale`` in ``uns["exomics"]`` when neither the kind of file nor an option tells it: what needs a
        scale then refuses.

    Raises
    ------
    InputError
        If a file is missing, or is not of the loader's kind.
    RegistryError
        If there is no such loader or option.

    Examples
    --------
    >>> load_files("bioconductor", {"data": "no_such_file.rda"})
    Traceback (most recent call last):
    exomics.errors.InputError: no_such_file.rda (role data) does not exist; give an existing file.
    """
    paths = {role: Path(path) for role, path in files.items()}
    manifest = own_files(Loaders[loader], paths, options or {})
    data = Loaders[loader].function(paths, manifest)
    _validate(data, require_scale=False)
    return data


def load_table_files(
    loader: str, files: Mapping[str, Path | str], options: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """A user's own files of a known kind of table as a frame.

    Parameters
    ----------
    loader
        Name of a loader of `Tables`.
    files
        Role to path.
    options
        Options of the loader; unknown ones are refused.

    Returns
    -------
    pandas.DataFrame
        See the loader.

    Raises
    ------
    InputError
        If a file is missing, or is not of the loader's kind.
    RegistryError
        If there is no such loader or option.

    Examples
    --------
    >>> load_table_files("gene_sets", {"data": "no_such_file.gmt"})
    Traceback (most recent call last):
    exomics.errors.InputError: no_such_file.gmt (role data) does not exist; give an existing file.
    """
    paths = {role: Path(path) for role, path in files.items()}
    frame: pd.DataFrame = Tables[loader].function(paths, own_files(Tables[loader], paths, options or {}))
    return frame


def load_table(dataset: str, *, role: str = "data", **fetching: Any) -> pd.DataFrame:
    """A dataset that is a table, or one file of a dataset that is a table, as a frame.

    Parameters
    ----------
    dataset
        Id of a manifest.
    role
        Which file, for a dataset of several tables (``load_table("motrpac_physiology", role="vo2max")``).
    **fetching
        Passed to `fetch`.

    Returns
    -------
    pandas.DataFrame
        In the types of the source; parsed once, then read from the cache.

    Raises
    ------
    FetchError
        If the file cannot be had or verified.
    InputError
        If the table is not what the manifest promises.

    Examples
    --------
    >>> "subject_id" in load_table("embedded_subjects")
    True
    """
    manifest = load_manifest(dataset)
    if not manifest.files:
        frame = Tables[manifest.loader].function({}, manifest)
        check_table(frame, manifest)
        return frame
    is_main = manifest.loader in Tables.names and role == manifest.roles[0]
    reader = Tables[manifest.loader].function if is_main else read_any_table
    files = fetch(dataset, roles=[manifest.file(role).role], **fetching)
    kept = _kept(manifest, files, f"table_{role}").with_suffix(".h5")
    if kept.is_file():
        try:
            return read_table(kept)
        except (OSError, KeyError, ValueError):
            kept.unlink(missing_ok=True)
    _LOG.info("reading %s: %s (once; the parsed table is kept)", dataset, files[role].name)
    frame = reader({"data": files[role]}, manifest)
    if is_main:
        check_table(frame, manifest)
    _drop_older(kept)
    return read_table(write_table(frame, kept))


def _checked(data: AnnData | MuData, manifest: Manifest) -> AnnData | MuData:
    check_data(data, manifest)
    _validate(data)
    return data


def own_files(spec: MethodSpec, files: Mapping[str, Path], options: Mapping[str, Any]) -> Manifest:
    """The manifest of a user's own files: no id, no address, only the loader and its options."""
    unknown = sorted(set(options) - set(spec.parameters))
    if unknown:
        raise RegistryError(
            f"the loader {spec.name} has no option {', '.join(unknown)}; it has {', '.join(spec.parameters) or 'none'}."
        )
    for role, path in files.items():
        if not (path.is_dir() if role in FOLDER_ROLES else path.is_file()):
            kind = "folder" if role in FOLDER_ROLES else "file"
            what = f"is no {kind}" if path.exists() else "does not exist"
            raise InputError(f"{path} (role {role}) {what}; give an existing {kind}.")
    return Manifest(
        id="",
        version="",
        title="own files",
        description="",
        loader=spec.name,
        files=tuple(ManifestFile(role=role, url="", sha256=None, bytes=None) for role in files),
        license="",
        terms="",
        acknowledgment="",
        first_checks={},
        options=dict(options),
    )


def _validate(data: AnnData | MuData, *, require_scale: bool = True) -> None:
    for modality in data.mod.values() if isinstance(data, MuData) else (data,):
        validate(modality, require_scale=require_scale)


def _kept(manifest: Manifest, files: Mapping[str, Path], kind: str) -> Path:
    """Where the parsed object is kept: named by the manifest (which names the files' hashes) and the code."""
    unverified = [sha256_of(path) for role, path in sorted(files.items()) if manifest.file(role).sha256 is None]
    parts = [manifest.sha256, _code_hash(), *unverified]
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
    return cache_folder() / "parsed" / f"{manifest.id}-{kind}-{digest}"


def _drop_older(kept: Path) -> None:
    """Remove what other versions of the manifest or of the code made of the same files."""
    name, _, _ = kept.name.rpartition("-")
    for path in kept.parent.glob(f"{name}-*"):
        path.unlink(missing_ok=True)


@cache
def _code_hash() -> str:
    """Hash of the code that makes the objects: an object made by other code is not taken from the cache."""
    digest = hashlib.sha256()
    for folder in ("datasets", "schema"):
        for path in sorted((_PACKAGE / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
