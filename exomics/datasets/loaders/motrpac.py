"""MoTrPAC rat training data as its R packages hold them: one ExpressionSet per tissue and ome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import (
    Expression,
    assemble,
    missing_text,
    names_or_empty,
    only_file,
    option,
    scale_from,
    text_ids,
)
from exomics.datasets.loaders._r_containers import Experiment, read_r_object
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys

STUDY: Final = "PASS1B-06"
_LOG2_RATIO: Final = Scale(kind="log2", quantity="ratio")
_COUNTS: Final = Scale(kind="counts", quantity="count")


@dataclass(frozen=True)
class Ome:
    """What an assay code of the consortium stands for."""

    assay: str
    feature_type: str
    scale: Scale
    name_column: str


OMES: Final[Mapping[str, Ome]] = {
    "TRNSCRPT": Ome("rna", "gene", _COUNTS, "gene_symbol"),
    "PROT": Ome("protein", "protein", _LOG2_RATIO, "gene_symbol"),
    "ACETYL": Ome("acetyl", "site", _LOG2_RATIO, "gene_symbol"),
    "PHOSPHO": Ome("phospho", "site", _LOG2_RATIO, "gene_symbol"),
    "METAB": Ome("metabolite", "metabolite", Scale(kind="log2", quantity="intensity"), "metabolite_refmet"),
}
SPECIMENS: Final[Mapping[str, str]] = {
    "GN": "muscle",
    "VL": "muscle",
    "SOL": "muscle",
    "WAT": "adipose",
    "WATSC": "adipose",
    "BAT": "adipose",
    "HEART": "heart",
    "LIVER": "liver",
    "BLOOD": "blood",
    "PLASMA": "plasma",
}
_WEEKS: Final[Mapping[str, int]] = {"SED": 0, "CONTROL": 0, "1W": 1, "2W": 2, "4W": 4, "8W": 8}
_RENAMED: Final[Mapping[str, str]] = {"lib.size": "lib_size", "norm.factors": "norm_factors"}
_OPTIONS: Final[Mapping[str, Any]] = {"object": None, "ome": None, "specimen": None, "scale": None}


def load_motrpac(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """One ome of one tissue from an R package of the consortium.

    Parameters
    ----------
    files
        Role ``data``: an ``.rda`` with one ExpressionSet, features x samples, whose name starts with the assay code
        (``TRNSCRPT_GN``, ``PROT_VL`` ...). Other roles are left alone.
    manifest
        Options: ``object`` (name in the file), ``ome`` (assay code, when the name does not tell), ``specimen``
        (vocabulary word, when the tissue code does not tell), ``scale``.

    Returns
    -------
    AnnData
        Samples x features in the order of the source. Counts for RNA; log2 ratio to the pooled reference for
        proteins and sites; log2 intensity for metabolites. ``subject_id`` is the animal (``pid``); ``group`` is
        spelled as in the source (``F_SED`` ... ``M_8W``); covariates keep their names.

    Raises
    ------
    InputError
        If the object is no ExpressionSet, its ome is not told, or the sample table lacks a column.

    Notes
    -----
    All tissues were taken at the end of the training period, the sedentary animals' at the end of theirs:
    ``time_point`` is ``post`` throughout, ``training_week`` counts completed weeks of training (0 = sedentary).
    The covariates of the RNA tables are already centered and scaled by the consortium.
    """
    path = only_file(files, "data")
    name, found = read_r_object(path, option(manifest, _OPTIONS, "object"))
    if not isinstance(found, Experiment):
        raise InputError(f"{path}: expected an ExpressionSet called {name!r}; got a {type(found).__name__}.")
    code, _, tissue = name.partition("_")
    ome = _ome_of(option(manifest, _OPTIONS, "ome") or code, path)
    matrix = next(iter(found.assays.values()))
    obs = sample_table(found.samples, path)
    obs[keys.SPECIMEN] = _specimen(manifest, tissue)
    var = found.features.copy()
    var.insert(0, keys.FEATURE_NAME, names_or_empty(_column(var, ome.name_column, path)))
    var.insert(1, keys.FEATURE_TYPE, ome.feature_type)
    report = {"object": name, "class": found.class_name, "skipped_columns": found.features.attrs.get("skipped", [])}
    scale = scale_from(manifest, ome.scale)
    return assemble(
        Expression(matrix.values.T, obs, var), assay=ome.assay, scale=scale, manifest=manifest, report=report
    )


def _ome_of(code: str, path: Path) -> Ome:
    if code not in OMES:
        raise InputError(
            f"{path}: the assay code {code!r} is not one of {', '.join(OMES)}; name it with the option `ome`."
        )
    return OMES[code]


def _specimen(manifest: Manifest, tissue: str) -> str:
    declared = option(manifest, _OPTIONS, "specimen")
    if declared is not None:
        return str(declared)
    return manifest.specimen[0] if len(manifest.specimen) == 1 else SPECIMENS.get(tissue.partition("_")[0], "unknown")


def _column(frame: pd.DataFrame, name: str, path: Path) -> pd.Series:
    if name not in frame.columns:
        raise InputError(f"{path}: expected a column {name!r}; the table has {', '.join(map(str, frame.columns))}.")
    return frame[name]


def sample_table(samples: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The contract's obs from a consortium sample table (``pid, bid, sex, timepoint``, group), its own columns kept.

    Parameters
    ----------
    samples
        Indexed by sample id; ``pid`` may be a number and becomes text.
    path
        The file, for messages.

    Returns
    -------
    pandas.DataFrame
        Contract columns first, then the source's.

    Raises
    ------
    InputError
        If ``pid``, ``sex`` or ``timepoint`` is missing or holds an unknown word.
    """
    week = _column(samples, "timepoint", path).astype(object).map(lambda word: _WEEKS.get(str(word).upper()))
    if week.isna().any():
        unknown = sorted(set(samples["timepoint"].astype(str)[week.isna()]))
        raise InputError(f"{path}: timepoint must be one of {', '.join(_WEEKS)}; got {', '.join(unknown[:3])}.")
    sex = _column(samples, "sex", path).astype(object).map(lambda word: str(word).lower())
    group = samples["exp_group"] if "exp_group" in samples.columns else _group(sex, samples["timepoint"])
    contract = {
        keys.SUBJECT_ID: text_ids(_column(samples, "pid", path)),
        keys.STUDY_ID: STUDY,
        keys.SPECIES: "rat",
        keys.SEX: list(sex),
        keys.SPECIMEN: "unknown",
        keys.TIME_POINT: "post",
        keys.TRAINING_WEEK: week.astype(np.int64).array,
        keys.INTERVENTION: ["sedentary" if weeks == 0 else "endurance" for weeks in week],
        keys.GROUP: group.array,
        **({keys.BATCH: list(samples["tmt_plex"])} if "tmt_plex" in samples.columns else {}),
    }
    kept = samples.drop(columns=[name for name in ("exp_group", *contract) if name in samples.columns])
    kept = kept.rename(columns=dict(_RENAMED))
    for name in ("pid", "bid", "viallabel"):
        if name in kept.columns:
            kept[name] = text_ids(kept[name])
    return pd.concat([pd.DataFrame(contract, index=samples.index), kept.drop(columns=["sex"], errors="ignore")], axis=1)


def _group(sex: pd.Series, timepoint: pd.Series) -> pd.Series:
    levels = [f"{letter}_{week}" for letter in ("F", "M") for week in ("SED", "1W", "2W", "4W", "8W")]
    spelled = [
        f"{word[0].upper()}_{'SED' if _WEEKS[str(week).upper()] == 0 else str(week).upper()}"
        for word, week in zip(sex, timepoint, strict=True)
    ]
    return pd.Series(pd.Categorical(spelled, categories=levels), index=sex.index)


def unknown_samples(n: int) -> dict[str, Any]:
    """Contract columns of samples whose animals no table names."""
    return {
        keys.SUBJECT_ID: missing_text(n),
        keys.STUDY_ID: STUDY,
        keys.SPECIES: "rat",
        keys.SEX: "unknown",
        keys.TIME_POINT: "unknown",
    }


MOTRPAC = MethodSpec(
    name="motrpac",
    kind="loader",
    title="MoTrPAC rat training ExpressionSets (TRNSCRPT, PROT, ACETYL, PHOSPHO, METAB)",
    function=load_motrpac,
    reference="10.1038/s41586-023-06877-w",
    species=("rat",),
    parameters=_OPTIONS,
)
