"""MoTrPAC native metabolomics tables as submitted: results, metabolite and sample metadata."""

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
    scale_from,
    text_ids,
)
from exomics.datasets.loaders.tables import read_any_table
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys

_OPTIONS: Final[Mapping[str, Any]] = {"specimen": "unknown", "study": "", "scale": None}
_NEEDS: Final = {
    "results": ("metabolite_name",),
    "metabolites": ("metabolite_name",),
    "samples": ("sample_id", "sample_type"),
}
_SAMPLE: Final = "Sample"
_POOL: Final = "QC-Pooled"


def load_motrpac_metabolomics(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """A submitted metabolomics table; pools, references and blanks are dropped with a report.

    Parameters
    ----------
    files
        Roles ``results`` (``metabolite_name`` and one column per injection), ``metabolites`` (``metabolite_name,
        mz, rt`` and, for named metabolites, ``refmet_name``), ``samples`` (``sample_id, sample_type, sample_order``)
        and optional ``phenotypes`` (``vial_label, sex, group_time_point``): R files or delimited text.
    manifest
        Options: ``specimen``, ``study``, ``scale`` (default linear intensity).

    Returns
    -------
    AnnData
        Injections of type ``Sample`` x metabolites, as submitted. ``var["pool_cv"]`` is the coefficient of variation
        in the pooled samples. The source does not name animals, so ``subject_id`` is missing. ``minutes_after_bout`` is
        read from the group where phenotypes are given.

    Raises
    ------
    InputError
        If the results, the metabolites and the samples do not name the same things.
    """
    results, metabolites, samples = (_table(files, role, manifest) for role in ("results", "metabolites", "samples"))
    _require_same(
        results["metabolite_name"], metabolites["metabolite_name"], what="metabolites", path=files["metabolites"]
    )
    injections = [str(name) for name in results.columns if name != "metabolite_name"]
    _require_same(pd.Series(injections), samples["sample_id"], what="samples", path=files["samples"])
    samples = samples.set_axis(pd.Index(text_ids(samples["sample_id"])), axis=0).loc[injections]
    kept = [name for name in injections if samples.at[name, "sample_type"] == _SAMPLE]
    pools = [name for name in injections if samples.at[name, "sample_type"] == _POOL]
    dropped = samples.loc[[name for name in injections if name not in set(kept)], "sample_type"]
    values = results[kept].to_numpy(dtype=np.float64, na_value=np.nan).T
    var = metabolites.set_axis(pd.Index(list(metabolites["metabolite_name"])), axis=0).loc[results["metabolite_name"]]
    named = var["refmet_name"] if "refmet_name" in var else var["metabolite_name"]
    added = {keys.FEATURE_NAME: names_or_empty(named), keys.FEATURE_TYPE: "metabolite"}
    var = pd.concat([pd.DataFrame(added, index=var.index), var], axis=1).assign(pool_cv=_variation(results[pools]))
    report = {"dropped_columns": list(dropped.index), "dropped_types": dropped.value_counts().to_dict()}
    scale = scale_from(manifest, Scale(kind="linear", quantity="intensity"))
    expression = Expression(values, _obs(samples.loc[kept], files, manifest), var)
    return assemble(expression, assay="metabolite", scale=scale, manifest=manifest, report=report)


def _variation(pools: pd.DataFrame) -> np.ndarray:
    """SD over mean of each metabolite in the pooled samples, NaN with fewer than two values."""
    values = pools.to_numpy(dtype=np.float64, na_value=np.nan)
    n = (~np.isnan(values)).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.nansum(values, axis=1) / n
        variance = np.nansum((values - mean[:, None]) ** 2, axis=1) / (n - 1)
        return np.where((n > 1) & (mean > 0), np.sqrt(variance) / mean, np.nan)


def _table(files: Mapping[str, Path], role: str, manifest: Manifest) -> pd.DataFrame:
    path = only_file(files, role)
    frame = read_any_table({"data": path}, manifest)
    absent = [name for name in _NEEDS.get(role, ()) if name not in frame.columns]
    if absent:
        raise InputError(f"{path}: expected the columns {', '.join(absent)} in a table of {role}.")
    return frame


def _require_same(ours: pd.Series, theirs: pd.Series, *, what: str, path: Path) -> None:
    left, right = set(ours.astype(str)), set(theirs.astype(str))
    if left != right or theirs.duplicated().any():
        odd = sorted(left ^ right)
        raise InputError(
            f"{path}: expected exactly the {what} of the results, once each; {len(odd)} are in one of the two only "
            f"({', '.join(odd[:3])})."
        )


def _obs(samples: pd.DataFrame, files: Mapping[str, Path], manifest: Manifest) -> pd.DataFrame:
    options = {**_OPTIONS, **manifest.options}
    obs = samples.drop(columns=["sample_id"]).assign(
        **{
            keys.SUBJECT_ID: missing_text(len(samples)),
            keys.STUDY_ID: options["study"],
            keys.SPECIES: "rat",
            keys.SPECIMEN: options["specimen"],
            keys.TIME_POINT: "unknown",
        }
    )
    if "phenotypes" not in files:
        return obs
    animals = _table(files, "phenotypes", manifest)
    animals = animals.set_axis(pd.Index(text_ids(animals["vial_label"])), axis=0)
    absent = [label for label in samples.index if label not in animals.index]
    if absent:
        raise InputError(f"{files['phenotypes']}: {len(absent)} samples have no phenotype ({', '.join(absent[:3])}).")
    animals = animals.loc[samples.index]
    group = animals["group_time_point"].str.split(" - ", n=1, expand=True)
    hours = group[1].str.removesuffix(" hr").astype(np.float64)
    obs[keys.SEX] = list(animals["sex"].str.lower())
    obs[keys.GROUP] = list(animals["group_time_point"])
    obs[keys.INTERVENTION] = ["sedentary" if word == "Control" else "endurance" for word in group[0]]
    obs[keys.TIME_POINT] = ["unknown" if word == "Control" else "post" for word in group[0]]
    obs["minutes_after_bout"] = np.where(group[0] == "Control", np.nan, hours * 60.0)
    return obs


MOTRPAC_METABOLOMICS = MethodSpec(
    name="motrpac_metabolomics",
    kind="loader",
    title="MoTrPAC native metabolomics: results, metabolite and sample metadata",
    function=load_motrpac_metabolomics,
    species=("rat",),
    parameters=_OPTIONS,
)
