"""Physiology of the MoTrPAC rats, and its join to an omics object by the animal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData
from mudata import MuData

from exomics.datasets.loaders._modalities import by_subject, together
from exomics.datasets.loaders._r_containers import read_r_object
from exomics.datasets.loaders.measurements import sheet_to_anndata
from exomics.datasets.loaders.motrpac import STUDY
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import keys, record_step

_FURTHER: Final[Mapping[str, tuple[str, ...]]] = {
    "vo2max": (),
    "nmr": (),
    "body_masses": (),
    "analytes": (),
    "muscles": ("muscle",),
    "fiber_types": ("muscle", "type"),
}
_WEEKS: Final[Mapping[str, int]] = {"SED": 0, "1W": 1, "2W": 2, "4W": 4, "8W": 8}
_PER_ANIMAL: Final = tuple(name for name, further in _FURTHER.items() if not further)


def load_motrpac_physiology(files: Mapping[str, Path], manifest: Manifest) -> MuData:
    """The physiology tables of the rats, one modality each.

    Parameters
    ----------
    files
        Roles ``vo2max, nmr, body_masses, analytes`` (one row per animal), ``muscles`` (per animal and muscle) and
        ``fiber_types`` (per animal, muscle and fiber type): an ``.rda`` with one data frame each.
    manifest
        No options.

    Returns
    -------
    MuData
        ``obs_names`` are the animal (``pid``), with ``|muscle`` or ``|muscle|type`` where needed. Units as in the
        source: ml/kg/min and ml/min, m/min, mmol/L lactate; g and %; mg, square micrometers. Rats of 6 and 18
        months (``age``).

    Raises
    ------
    InputError
        If a file holds no data frame with ``pid, sex, group``.

    Notes
    -----
    VO2max and NMR have post values only for SED, 4W and 8W. Times are local clock times as stored, without a zone.
    """
    made: dict[str, AnnData] = {}
    for role, further in _FURTHER.items():
        if role not in files:
            continue
        _, frame = read_r_object(files[role])
        if not isinstance(frame, pd.DataFrame) or not {"pid", "sex", "group"} <= set(frame.columns):
            raise InputError(f"{files[role]}: expected a data frame with the columns pid, sex, group.")
        made[role] = _modality(frame, further, manifest, where=str(files[role]))
    if not made:
        raise InputError(f"expected files of the roles {', '.join(_FURTHER)}; got {', '.join(files) or 'none'}.")
    return _joined(made)


def _modality(frame: pd.DataFrame, further: tuple[str, ...], manifest: Manifest, *, where: str) -> AnnData:
    frame = frame.assign(
        training_week=[_WEEKS.get(str(word), 0) for word in frame["group"]],
        timepoint=frame["group"].astype(str),
        pid=frame["pid"].astype(str),
    ).drop(columns="group")
    options: dict[str, Any] = {
        "id": ["pid", *further],
        "not_measured": ["training_week", "runseq"],
        "scale": None,
        "columns": {keys.SUBJECT_ID: "pid", keys.SEX: "sex", keys.TRAINING_WEEK: "training_week"},
        "values": {keys.SEX: {"Female": "female", "Male": "male"}},
        "constants": {keys.SPECIES: "rat", keys.TIME_POINT: "post"},
        "study": STUDY,
    }
    adata = sheet_to_anndata(frame, options, manifest, where=where)
    adata.obs[keys.INTERVENTION] = ["sedentary" if week == "SED" else "endurance" for week in adata.obs["timepoint"]]
    return adata


def _joined(made: Mapping[str, AnnData]) -> MuData:
    whole = {name: held for name, held in made.items() if not _FURTHER[name]}
    parts = by_subject(whole).mod if whole else {}
    for name, held in made.items():
        if _FURTHER[name]:
            held.obs.insert(0, keys.SAMPLE_ID, list(held.obs_names))
            held.obs.index.name = None
    return together({**parts, **{name: held for name, held in made.items() if _FURTHER[name]}})


def join_physiology(adata: AnnData, physiology: MuData, *, modalities: tuple[str, ...] = _PER_ANIMAL) -> AnnData:
    """A copy of `adata` whose obs carry the animals' physiology.

    Parameters
    ----------
    adata
        Omics of MoTrPAC rats; ``obs["subject_id"]`` is the animal (``pid``).
    physiology
        As ``load("motrpac_physiology")`` gives it.
    modalities
        Those with one row per animal.

    Returns
    -------
    AnnData
        With columns ``<modality>_<measurement>`` and, where a measurement has ``pre_`` and ``post_``,
        ``<modality>_delta_<measurement>`` = post - pre. Animals without a value have NaN.

    Raises
    ------
    InputError
        If a modality has several rows per animal, or an animal's sex or training group differs between the two.

    Notes
    -----
    The omics of these animals are post-training only: a change of VO2max is an outcome, and no column here makes the
    tissue a baseline predictor. Sex and weeks of training explain more than half of the variance of the change.

    Examples
    --------
    >>> rats = AnnData(np.ones((2, 1)), obs=pd.DataFrame({"subject_id": ["7", "8"]}, index=["a", "b"]))
    >>> tests = AnnData(
    ...     np.array([[80.0, 85.0]]),
    ...     obs=pd.DataFrame({"subject_id": ["7"]}, index=["7"]),
    ...     var=pd.DataFrame(index=["pre_vo2max", "post_vo2max"]),
    ... )
    >>> join_physiology(rats, together({"tests": tests}), modalities=("tests",)).obs["tests_delta_vo2max"].tolist()
    [5.0, nan]
    """
    subjects = list(adata.obs[keys.SUBJECT_ID].astype(str))
    columns: dict[str, np.ndarray] = {}
    counts: dict[str, int] = {}
    for name in modalities:
        if name not in physiology.mod:
            raise InputError(f"the physiology has no modality {name!r}; it has {', '.join(physiology.mod)}.")
        held = physiology.mod[name]
        if held.obs[keys.SUBJECT_ID].duplicated().any():
            raise InputError(f"modality {name} has several rows per animal; choose among {', '.join(_PER_ANIMAL)}.")
        _require_same_animals(adata, held, name)
        table = pd.DataFrame(held.X, index=list(held.obs[keys.SUBJECT_ID].astype(str)), columns=list(held.var_names))
        counts[name] = len(set(subjects) & set(table.index))
        columns.update(_prefixed(table.reindex(subjects), name))
    joined = adata.copy()
    joined.obs = pd.concat([adata.obs, pd.DataFrame(columns, index=adata.obs.index)], axis=1)
    return record_step(joined, "join_physiology", {"modalities": list(modalities)}, animals_found=counts)


def _prefixed(table: pd.DataFrame, name: str) -> dict[str, np.ndarray]:
    made = {f"{name}_{column}": table[column].to_numpy() for column in table.columns}
    for column in table.columns:
        what = str(column).removeprefix("pre_")
        if str(column).startswith("pre_") and f"post_{what}" in table.columns:
            made[f"{name}_delta_{what}"] = (table[f"post_{what}"] - table[column]).to_numpy()
    return made


def _require_same_animals(adata: AnnData, held: AnnData, name: str) -> None:
    known = held.obs.set_index(held.obs[keys.SUBJECT_ID].astype(str))
    for column in (keys.SEX, keys.TRAINING_WEEK):
        if column not in adata.obs:
            continue
        for subject, value in zip(adata.obs[keys.SUBJECT_ID].astype(str), adata.obs[column], strict=True):
            if subject in known.index and str(known.loc[subject, column]) != str(value):
                raise InputError(
                    f"animal {subject}: {column} is {value} here and {known.loc[subject, column]} in {name}; "
                    "these are not the same animals. Check the identifiers."
                )


MOTRPAC_PHYSIOLOGY = MethodSpec(
    name="motrpac_physiology",
    kind="loader",
    title="MoTrPAC rat physiology: VO2max, body composition, muscles, plasma analytes, fiber types",
    function=load_motrpac_physiology,
    reference="10.1038/s41586-023-06877-w",
    license="GPL (>= 3) source package",
    species=("rat",),
)
