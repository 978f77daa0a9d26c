"""The embedded study: its parts are computed, not fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
from anndata import AnnData

from exomics.datasets.simulate import Simulation, TrialParameters
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import keys

Part = TypeVar("Part")

_ASSAYS: dict[str, Callable[[Simulation], AnnData]] = {
    "muscle_rna": Simulation.muscle,
    "ev_mirna": Simulation.ev_mirna,
    "tumor_rna": Simulation.tumor,
}
_TABLES: dict[str, Callable[[Simulation], pd.DataFrame]] = {
    "subjects": Simulation.subjects,
    "truth": lambda simulation: simulation.truth().table(),
}
_OPTIONS: dict[str, Any] = asdict(TrialParameters())


def load_simulated(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """One assay of the embedded study.

    Parameters
    ----------
    files
        Not used: nothing is fetched.
    manifest
        Its options name the ``part`` (muscle_rna, ev_mirna or tumor_rna) and any knob of `TrialParameters`.

    Returns
    -------
    AnnData
        Samples x features; counts, or TPM with counts in a layer (tumor).

    Raises
    ------
    InputError
        If there is no such part or knob, or a knob is out of its range.
    """
    simulation, part = _simulation(manifest, _ASSAYS)
    data = part(simulation)
    data.uns[keys.EXOMICS] |= {keys.MANIFEST: manifest.id, keys.MANIFEST_SHA256: manifest.sha256}
    return data


def load_simulated_table(files: Mapping[str, Path], manifest: Manifest) -> pd.DataFrame:
    """A table of the embedded study: ``subjects`` (one row per patient) or ``truth`` (what was planted).

    Parameters
    ----------
    files
        Not used: nothing is fetched.
    manifest
        Its options name the ``part`` (subjects or truth) and any knob of `TrialParameters`.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    InputError
        If there is no such part or knob, or a knob is out of its range.
    """
    simulation, part = _simulation(manifest, _TABLES)
    return part(simulation)


def _simulation(manifest: Manifest, parts: Mapping[str, Part]) -> tuple[Simulation, Part]:
    options = dict(manifest.options)
    name = options.pop("part", next(iter(parts)))
    if name not in parts:
        raise InputError(f"the embedded study has no part {name!r} here; choose one of {', '.join(parts)}.")
    return Simulation(TrialParameters.from_options(options)), parts[name]


SIMULATE = MethodSpec(
    name="simulate",
    kind="loader",
    title="Embedded trial: muscle RNA, plasma EV miRNA or tumor RNA with planted truth",
    function=load_simulated,
    license="BSD-3-Clause",
    feature_types=("gene", "mirna"),
    species=("human",),
    parameters={"part": "muscle_rna"} | _OPTIONS,
)
SIMULATED_TABLE = MethodSpec(
    name="simulated_table",
    kind="loader",
    title="Embedded trial: patients, or the planted truth",
    function=load_simulated_table,
    license="BSD-3-Clause",
    species=("human",),
    parameters={"part": "subjects"} | _OPTIONS,
)
