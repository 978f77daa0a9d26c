"""Dataset manifests: where public bytes are, how they are verified and read, and what their use asks for."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from exomics._resources import registry_folder
from exomics.errors import RegistryError
from exomics.registry.document import document_paths, read_document

_SCHEMA = "schemas/manifest.schema.yaml"


@dataclass(frozen=True, kw_only=True)
class ManifestFile:
    """One file of a dataset.

    Parameters
    ----------
    role
        What the loader takes it for: ``data``, ``published``, ``vial_metadata`` ...
    url
        Pinned public address.
    sha256, bytes
        What the file must be; None only in an unverified manifest.
    """

    role: str
    url: str
    sha256: str | None
    bytes: int | None

    @property
    def location(self) -> PurePosixPath:
        """``<host>/<path>``: where the file stands below a cache or a mirror."""
        return location_of(self.url)

    @property
    def name(self) -> str:
        """The file name."""
        return self.location.name


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A dataset: its files, its loader, its license and data-use terms, and the first checks of what was loaded.

    ``id`` is empty for a user's own files, which have no manifest. ``sha256`` is the hash of the manifest itself.
    """

    id: str
    version: str
    title: str
    description: str
    loader: str
    files: tuple[ManifestFile, ...]
    license: str
    terms: str
    acknowledgment: str
    first_checks: Mapping[str, Any]
    species: tuple[str, ...] = ()
    specimen: tuple[str, ...] = ()
    assay: tuple[str, ...] = ()
    reference: str = ""
    access: str = ""
    unverified: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of the files, in order."""
        return tuple(file.role for file in self.files)

    def file(self, role: str) -> ManifestFile:
        """The file of `role`; a `RegistryError` that lists the roles when there is none."""
        for file in self.files:
            if file.role == role:
                return file
        raise RegistryError(f"dataset {self.id} has no role {role!r}; its roles are {', '.join(self.roles)}.")


def location_of(url: str) -> PurePosixPath:
    """``<host>/<path>`` of `url`, refused when it would leave its folder.

    Parameters
    ----------
    url
        An ``https`` address without query or fragment.

    Returns
    -------
    PurePosixPath
        Relative, with no part that climbs.

    Raises
    ------
    RegistryError
        If the address is not https, or its path climbs, is empty, or holds a backslash or a control character.

    Examples
    --------
    >>> str(location_of("https://example.org/a/b.rda"))
    'example.org/a/b.rda'
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        raise RegistryError(f"expected a pinned https address without query; got {url!r}.")
    segments = [parts.netloc, *parts.path.split("/")[1:]]
    if any(_climbs(unquote(segment)) for segment in segments):
        raise RegistryError(
            f"the address {url!r} leaves its folder ('..', an empty part, a backslash or an absolute path); "
            "write the plain path of the file."
        )
    return PurePosixPath(*segments)


def _climbs(segment: str) -> bool:
    return segment in {"", ".", ".."} or re.search(r"[\\/:\x00-\x1f]", segment) is not None


def read_manifest(path: Path) -> Manifest:
    """Read one manifest; a `RegistryError` when it is malformed, climbs, or repeats a role or a file name."""
    document = read_document(path, registry_folder("data_manifests") / _SCHEMA)
    head = document.head
    files = tuple(ManifestFile(**file) for file in head["files"])
    _check_files(files, path, unverified=head.get("unverified", False))
    if head["id"] != path.stem:
        raise RegistryError(f"{path}: the id {head['id']!r} must be the name of the file, {path.stem!r}.")
    return Manifest(
        **{key: head[key] for key in ("id", "version", "title", "description", "loader", "license")},
        **{key: head[key] for key in ("reference", "access", "unverified", "options") if key in head},
        first_checks=head.get("first_checks", {}),
        species=_words(head.get("species", ())),
        specimen=_words(head.get("specimen", ())),
        assay=_words(head.get("assay", ())),
        files=files,
        terms=head["data_use"]["terms"].strip(),
        acknowledgment=head["data_use"]["acknowledgment"].strip(),
        sha256=document.sha256,
    )


def _words(value: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _check_files(files: tuple[ManifestFile, ...], path: Path, *, unverified: bool) -> None:
    try:
        names = [file.name for file in files]
    except RegistryError as error:
        raise RegistryError(f"{path}: {error}") from error
    for what, values in (("role", [file.role for file in files]), ("file name", names)):
        repeated = sorted({value for value in values if values.count(value) > 1})
        if repeated:
            raise RegistryError(f"{path}: the {what} {', '.join(repeated)} occurs twice; each must be unique.")
    if any(file.sha256 is None or file.bytes is None for file in files) and not unverified:
        raise RegistryError(f"{path}: a file has no sha256 or no bytes; give both, or declare `unverified: true`.")


@cache
def load_manifest(dataset: str) -> Manifest:
    """The manifest of `dataset`.

    Parameters
    ----------
    dataset
        An id, as `exomics catalog datasets` lists them.

    Returns
    -------
    Manifest

    Raises
    ------
    RegistryError
        If there is none of that id (close ids are named), or it is malformed.

    Examples
    --------
    >>> load_manifest("motrpac_gn_rna").roles
    ('data', 'published')
    """
    folder = registry_folder("data_manifests")
    path = folder / f"{dataset}.yaml"
    if re.fullmatch(r"[a-z][a-z0-9_]*", dataset) is None or not path.is_file():
        known = [found.stem for found in document_paths(folder)]
        close = difflib.get_close_matches(dataset, known, n=3)
        hint = f"did you mean {', '.join(close)}?" if close else "`exomics catalog datasets` lists the known ones."
        raise RegistryError(f"no dataset is called {dataset!r}; {hint}")
    return read_manifest(path)


def all_manifests() -> tuple[Manifest, ...]:
    """Every manifest of this installation, sorted by id."""
    return tuple(load_manifest(path.stem) for path in document_paths(registry_folder("data_manifests")))
