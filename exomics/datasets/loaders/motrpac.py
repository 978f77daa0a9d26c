"""MoTrPAC rat training data as its R packages hold them: one ExpressionSet per tissue and ome."""

from __future__ import annotations

from collections.abc import Mapping
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
from exomics.datasets.loaders._motrpac_codes import NAME_COLUMNS, OMES, RAW_COUNTS, Ome, specimen_of_tissue
from exomics.datasets.loaders._motrpac_frames import animals_of_samples, sample_frame, timepoints, whole_counts
from exomics.datasets.loaders._r_containers import Experiment, read_r_object
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import keys

STUDY: Final = "PASS1B-06"
_WEEKS: Final[Mapping[str, int]] = {"SED": 0, "CONTROL": 0, "1W": 1, "2W": 2, "4W": 4, "8W": 8}
_RENAMED: Final[Mapping[str, str]] = {"lib.size": "lib_size", "norm.factors": "norm_factors"}
_OPTIONS: Final[Mapping[str, Any]] = {"object": None, "ome": None, "tissue": None, "specimen": None, "scale": None}


def load_motrpac(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """One ome of one tissue from an R package of the consortium.

    Parameters
    ----------
    files
        Role ``data``: an ``.rda`` with one object whose name starts with the assay code and the tissue: an
        ExpressionSet (``TRNSCRPT_GN``, ``PROT_VL``), or a data frame of ``MotrpacRatTraining6moData``
        (``TRNSCRPT_HEART_RAW_COUNTS``, ``PROT_SKMGN_NORM_DATA``, ``METAB_NORM_DATA_FLAT``), for which the role
        ``phenotypes`` tells the animals (``PHENO``: ``viallabel, pid, sex, group``). Other roles are left alone.
    manifest
        Options: ``object`` (name in the file; ``NAME$element`` for an element of a list, as in
        ``METAB_NORM_DATA_NESTED$metab-u-hilicpos$HEART``), ``ome`` (assay code, when the name does not tell),
        ``tissue`` (of a frame with several), ``specimen`` (vocabulary word, when the tissue code does not tell),
        ``scale``.

    Returns
    -------
    AnnData
        Samples x features in the order of the source. Counts for RNA; log2 ratio to the pooled reference for
        proteins and sites; log2 intensity for metabolites and immunoassays; of data frames called ``NORM_DATA``, the
        consortium's normalized log2 values. ``subject_id`` is the animal (``pid``); ``group`` is spelled as in the
        source (``F_SED`` ... ``M_8W``); covariates keep their names. Expected counts that are not whole are cut to
        whole numbers, as the consortium does, which ``uns["exomics"]["report"]`` states.

    Raises
    ------
    InputError
        If the object is neither an ExpressionSet nor such a frame, its ome is not told, or the sample table lacks a
        column.

    Notes
    -----
    All tissues were taken at the end of the training period, the sedentary animals' at the end of theirs:
    ``time_point`` is ``post`` throughout, ``training_week`` counts completed weeks of training (0 = sedentary).
    The covariates of the RNA tables are already centered and scaled by the consortium.
    """
    path = only_file(files, "data")
    name, tissue, found = _object(path, option(manifest, _OPTIONS, "object"))
    code = name.partition("_")[0]
    if isinstance(found, pd.DataFrame):
        return _from_frame(name, found, files, manifest, tissue=tissue)
    if not isinstance(found, Experiment):
        raise InputError(f"{path}: expected an ExpressionSet called {name!r}; got a {type(found).__name__}.")
    ome = _ome_of(option(manifest, _OPTIONS, "ome") or code, path)
    matrix = next(iter(found.assays.values()))
    obs = sample_table(found.samples, path)
    obs[keys.SPECIMEN] = _specimen(manifest, tissue)
    var = found.features.copy()
    var.insert(0, keys.FEATURE_NAME, _names(var, ome))
    var.insert(1, keys.FEATURE_TYPE, ome.feature_type)
    report = {"object": name, "class": found.class_name, "skipped_columns": found.features.attrs.get("skipped", [])}
    scale = scale_from(manifest, ome.scale)
    return assemble(
        Expression(matrix.values.T, obs, var), assay=ome.assay, scale=scale, manifest=manifest, report=report
    )


def _object(path: Path, wanted: str | None) -> tuple[str, str, Any]:
    """Name, tissue and value of the object, or of the element of a list that ``NAME$element$element`` names."""
    called, *elements = (wanted or "").split("$")
    name, found = read_r_object(path, called or None)
    for element in elements:
        if not isinstance(found, dict) or element not in found:
            raise InputError(f"{path}: {name} has no element {element!r}; {_elements(found)}.")
        found = found[element]
    if isinstance(found, dict):
        raise InputError(f"{path}: {name} is a list; choose with the option object={name}$ELEMENT; {_elements(found)}.")
    return name, elements[-1] if elements else name.partition("_")[2], found


def _elements(found: Any) -> str:
    return f"it holds {', '.join(list(found)[:20])}" if isinstance(found, dict) else "it is no list"


def _from_frame(
    name: str, frame: pd.DataFrame, files: Mapping[str, Path], manifest: Manifest, *, tissue: str
) -> AnnData:
    """A data frame of samples as the consortium's data package holds it."""
    path = files["data"]
    ome = _ome_of(option(manifest, _OPTIONS, "ome") or name.partition("_")[0], path)
    table = sample_frame(frame, option(manifest, _OPTIONS, "tissue"), path)
    is_raw = "RAW" in name
    values, cut = whole_counts(table.values) if is_raw else (table.values, {})
    if "phenotypes" in files:
        obs = sample_table(animals_of_samples(files["phenotypes"], table), files["phenotypes"])
    else:
        obs = pd.DataFrame(unknown_samples(len(table.labels)), index=pd.Index(table.labels))
        obs[keys.SUBJECT_ID] = table.labels if table.by_animal else missing_text(len(table.labels))
    tissues = sorted(set(table.features["tissue"].dropna().astype(str))) if "tissue" in table.features else []
    obs[keys.SPECIMEN] = _specimen(manifest, tissues[0] if len(tissues) == 1 else tissue)
    names = _names(table.features, ome)
    var = table.features.drop(columns=[keys.FEATURE_NAME, keys.FEATURE_TYPE], errors="ignore")
    var.insert(0, keys.FEATURE_NAME, names)
    var.insert(1, keys.FEATURE_TYPE, ome.feature_type)
    report = {"object": name, "class": "data.frame", **table.report, **cut}
    scale = scale_from(manifest, RAW_COUNTS if is_raw else ome.normalized)
    return assemble(Expression(values.T, obs, var), assay=ome.assay, scale=scale, manifest=manifest, report=report)


def _names(features: pd.DataFrame, ome: Ome) -> list[str]:
    """Gene symbols, RefMet names or analytes of the features, whichever column the package keeps them in; else ""."""
    named = next((column for column in (ome.name_column, *NAME_COLUMNS) if column in features), None)
    return names_or_empty(features[named]) if named else [""] * len(features)


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
    return manifest.specimen[0] if len(manifest.specimen) == 1 else specimen_of_tissue(tissue)


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
        If ``pid``, ``sex`` or ``timepoint`` (else ``group``) is missing or holds an unknown word.
    """
    time = timepoints(samples, _WEEKS, path)
    week = time.astype(object).map(lambda word: _WEEKS.get(str(word).upper()))
    if week.isna().any():
        unknown = sorted(set(time.astype(str)[week.isna()]))
        raise InputError(f"{path}: timepoint must be one of {', '.join(_WEEKS)}; got {', '.join(unknown[:3])}.")
    sex = _column(samples, "sex", path).astype(object).map(lambda word: str(word).lower())
    group = samples["exp_group"] if "exp_group" in samples.columns else _group(sex, time)
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
    title="MoTrPAC rat training objects of the R packages, all tissues and omes",
    function=load_motrpac,
    reference="10.1038/s41586-023-06877-w",
    species=("rat",),
    parameters=_OPTIONS,
)
