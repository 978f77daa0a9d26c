"""What a table was made from: method, parameters, versions, seed, input hashes, and the command that made it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from exomics._files import write_text
from exomics._version import __version__
from exomics.errors import InputError

__all__ = ["Provenance", "installed_versions", "sidecar_of"]

_SUFFIX = ".provenance.json"
_NUMERICAL_PACKAGES = ("numpy", "scipy", "numba", "pandas", "anndata")


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Everything needed to make a table again.

    Parameters
    ----------
    method
        Name of the method, recipe or verb.
    parameters
        What it was called with; JSON values only.
    inputs
        One mapping per input: ``name``, ``sha256`` and, where there is one, ``manifest``.
    seed
        Seed of the run, None where nothing is random.
    notes
        Deviations and warnings that a reader of the table must see.
    acknowledgments
        Data-use sentences of the datasets behind the table.
    step
        The command that wrote the file: ``command`` with ``{input:i}`` and ``{output:i}`` in place of paths,
        ``inputs`` and ``outputs``. Empty when the table was made in Python.
    versions
        Versions of exomics and of the numerical packages.
    """

    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[Mapping[str, str], ...] = ()
    seed: int | None = None
    notes: tuple[str, ...] = ()
    acknowledgments: tuple[str, ...] = ()
    step: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=lambda: installed_versions())

    def with_step(self, step: Mapping[str, Any]) -> Provenance:
        """The same provenance with the command that wrote the file."""
        return replace(self, step=dict(step))

    def to_json(self) -> str:
        """Sorted, indented JSON; the same provenance gives the same bytes."""
        return json.dumps(asdict(self), indent=2, sort_keys=True, default=_plain) + "\n"

    def write(self, path: Path) -> Path:
        """Write the sidecar of `path` and return where it is."""
        return write_text(sidecar_of(path), self.to_json())

    @classmethod
    def read(cls, path: Path) -> Provenance:
        """Read the sidecar of `path`; an `InputError` when there is none or it is malformed."""
        sidecar = sidecar_of(path)
        if not sidecar.is_file():
            raise InputError(f"{path} has no provenance beside it; expected {sidecar.name}. Write it with exomics.")
        try:
            stored = json.loads(sidecar.read_text(encoding="utf-8"))
            return cls(
                **{
                    **stored,
                    "inputs": tuple(stored["inputs"]),
                    "notes": tuple(stored["notes"]),
                    "acknowledgments": tuple(stored["acknowledgments"]),
                }
            )
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise InputError(f"{sidecar} is not a provenance document ({error}); make the table again.") from error


def _plain(value: Any) -> Any:
    """A number of numpy as a number of Python; anything else as text."""
    return value.item() if hasattr(value, "item") else str(value)


def sidecar_of(path: Path) -> Path:
    """``<path>.provenance.json``.

    Parameters
    ----------
    path
        A file that exomics wrote.

    Returns
    -------
    Path
        Where its provenance is.
    """
    return path.with_name(path.name + _SUFFIX)


def installed_versions(packages: Iterable[str] = _NUMERICAL_PACKAGES) -> dict[str, str]:
    """Installed versions of exomics and of `packages`; a package that is absent is left out.

    Parameters
    ----------
    packages
        Names of distributions.

    Returns
    -------
    dict
        Name -> version.
    """
    versions = {"exomics": __version__}
    for package in packages:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions
