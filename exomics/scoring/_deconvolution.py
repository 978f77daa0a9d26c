"""What a deconvolution declares beyond a `MethodSpec`: its scale, its reference files, and what its values mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from exomics._checks import FloatArray
from exomics.errors import InputError, RegistryError
from exomics.registry.cell_reference import CellReference, Profiles
from exomics.registry.method import MethodSpec

FRACTION, ARBITRARY = "fraction", "arbitrary"
_SCALES = ("any", "log2", "linear")
_COMPARES = ("samples", "cell_types")


class Prepared(NamedTuple):
    """A reference as a kernel takes it: ``features`` (n_features,), ``profiles`` (n_features, n_profiles), ``parts`` as
    its other keyword arguments, ``feature_parts`` those with a row per feature; ``cell_types`` (n_cell_types,) names
    the columns of its result; ``notes`` are what a reader of the result must know."""

    features: tuple[str, ...]
    profiles: FloatArray
    cell_types: tuple[str, ...]
    parts: Mapping[str, Any]
    feature_parts: Mapping[str, FloatArray] = MappingProxyType({})
    notes: tuple[str, ...] = ()


def profile_table(reference: CellReference, *, drop: str = "") -> Profiles:
    """The profiles of a reference without the features of its part `drop`."""
    table: Profiles = reference.parts["profiles"]
    if (table.values < 0).any():
        raise InputError("the profiles hold negative values, as logarithms do; give them on the linear scale.")
    left_out = set(reference.parts.get(drop, ()))
    kept = [row for row, name in enumerate(table.rows) if name not in left_out]
    return Profiles(tuple(table.rows[row] for row in kept), table.columns, table.values[kept])


def marker_table(markers: Mapping[str, tuple[str, ...]], universe: tuple[str, ...] = ()) -> Profiles:
    """Marker sets as a table of zeros and ones over their members, or over a universe of features."""
    names = universe or tuple(sorted({member for members in markers.values() for member in members}))
    row = {name: at for at, name in enumerate(names)}
    values = np.zeros((len(names), len(markers)))
    for column, members in enumerate(markers.values()):
        values[[row[member] for member in members if member in row], column] = 1.0
    return Profiles(names, tuple(markers), values)


def content_of(reference: CellReference, cell_types: tuple[str, ...]) -> FloatArray:
    """mRNA per cell of each cell type, that of ``default`` where a type is not listed; 1 for all without a table."""
    told: Mapping[str, float] = reference.parts.get("mrna_content", {})
    if not told:
        return np.ones(len(cell_types))
    content = [told.get(name, told.get("default", np.nan)) for name in cell_types]
    missing = [name for name, value in zip(cell_types, content, strict=True) if np.isnan(value)]
    if missing:
        raise InputError(
            f"the mRNA content of {', '.join(missing)} is not given; name every profile in its file, or a default."
        )
    if not min(content) > 0:
        raise InputError("the mRNA content of every cell type must be positive.")
    return np.array(content)


@dataclass(frozen=True, kw_only=True)
class Deconvolution(MethodSpec):
    """A deconvolution: ``function(expression, profiles, **parts) -> (n_samples, n_cell_types)``.

    Parameters
    ----------
    works_on
        What the runner must hand over: ``log2``, ``linear`` (scaled to a million per sample) or ``any`` monotone scale.
    prepare
        From a reference to what the kernel takes.
    roles
        Files of a reference: the first is the one that a plain ``--reference FILE`` gives.
    needed
        Those of `roles` without which the method cannot run.
    unit
        ``fraction`` of all cells, or ``arbitrary``.
    compares
        What its values can be compared between: ``samples`` (of one run), ``cell_types`` (of one sample), or both.
    cell_types
        The method's own word for a cell type -> its name in the lineage tree, where the two differ.
    least_coverage
        Least fraction of the features of a cell type (of all profiles, where they are fitted together) to be measured.
    of_species
        Species of the samples -> parameters whose default differs for them.
    resamples
        Whether intervals come from resampling the features: not where a method ranks the whole transcriptome.
    """

    works_on: str
    prepare: Callable[[CellReference], Prepared]
    roles: tuple[str, ...]
    needed: tuple[str, ...] = ()
    unit: str = ARBITRARY
    compares: tuple[str, ...] = ("samples",)
    cell_types: Mapping[str, str] = field(default_factory=dict)
    least_coverage: float = 0.5
    of_species: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    resamples: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.works_on not in _SCALES or self.unit not in (FRACTION, ARBITRARY):
            raise RegistryError(f"deconvolution {self.name!r}: works_on must be one of {_SCALES}, unit a known one.")
        if not set(self.compares) <= set(_COMPARES) or not set(self.needed) <= set(self.roles):
            raise RegistryError(f"deconvolution {self.name!r}: compares or needed holds an unknown word.")
