"""Two teaching sets of tumors as their R packages hold them: TCGA breast of mixOmics, thyroid cancer of MIRit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from mudata import MuData

from exomics.datasets.loaders._assemble import Expression, assemble, only_file
from exomics.datasets.loaders._modalities import by_subject
from exomics.datasets.loaders._r_containers import read_r_object
from exomics.datasets.loaders._r_values import LabeledMatrix
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys

_BREAST: Final = {
    "mrna": ("rna", "gene", "rna"),
    "mirna": ("smallrna", "mirna", "smallrna"),
    "protein": ("protein",) * 3,
}
_THYROID: Final = {"genes": ("rna", "gene"), "mirnas": ("smallrna", "mirna")}
_CONDITIONS: Final = {"PTC": "papillary_thyroid_carcinoma", "NTH": "normal_thyroid"}


def load_mixomics_breast(files: Mapping[str, Path], manifest: Manifest) -> MuData:
    """The TCGA breast cancer set of mixOmics: 150 training and 70 test tumors with PAM50 subtype.

    Parameters
    ----------
    files
        Role ``data``: ``breast.TCGA.rda``, a list of ``data.train`` and ``data.test``, samples in rows.
    manifest
        No options.

    Returns
    -------
    MuData
        Modalities ``rna``, ``smallrna``, ``protein`` (training tumors only), log scale as in the package;
        ``obs["split"]`` is ``train`` or ``test``, ``obs["subtype"]`` the PAM50 class.

    Raises
    ------
    InputError
        If the object is not that list.
    """
    path = only_file(files, "data")
    _, found = read_r_object(path)
    if not isinstance(found, dict) or not {"data.train", "data.test"} <= found.keys():
        raise InputError(f"{path}: expected a list with data.train and data.test.")
    parts = {split: found[f"data.{split}"] for split in ("train", "test")}
    made = {}
    for block, (assay, feature_type, name) in _BREAST.items():
        held = [(split, part) for split, part in parts.items() if block in part]
        values = np.concatenate([part[block].values for _, part in held])
        samples = [label for _, part in held for label in part[block].row_names]
        obs = _human(samples, samples, "tcga_breast")
        obs["subtype"] = [str(label) for _, part in held for label in part["subtype"]]
        obs["split"] = [split for split, part in held for _ in part[block].row_names]
        var = _features(held[0][1][block].column_names, feature_type)
        expression = Expression(values, obs, var)
        scale = Scale(kind="log2", quantity="array" if assay == "protein" else "value")
        made[name] = assemble(expression, assay=assay, scale=scale, manifest=manifest)
    return by_subject(made)


def load_mirit(files: Mapping[str, Path], manifest: Manifest) -> MuData:
    """Thyroid cancer and normal thyroid of MIRit (GSE63511): counts of genes and of microRNAs, 8 + 8 samples.

    Parameters
    ----------
    files
        Roles ``genes`` and ``mirnas``: an ``.rda`` with one integer matrix each, features in rows.
    manifest
        No options.

    Returns
    -------
    MuData
        Modalities ``rna`` and ``smallrna``. The source does not say which tumor and which normal sample come from
        one patient, so each sample is its own subject.

    Raises
    ------
    InputError
        If a file holds no matrix with names.
    """
    made = {}
    for role, (assay, feature_type) in _THYROID.items():
        path = only_file(files, role)
        _, found = read_r_object(path)
        if not isinstance(found, LabeledMatrix) or found.column_names is None or found.row_names is None:
            raise InputError(f"{path}: expected one matrix with row and column names.")
        obs = _human(found.column_names, found.column_names, "GSE63511")
        prefix = [label.split(" ")[0] for label in found.column_names]
        obs["condition"] = [_CONDITIONS[word] for word in prefix]
        obs[keys.SPECIMEN] = ["tumor" if word == "PTC" else "unknown" for word in prefix]
        expression = Expression(found.values.T, obs, _features(found.row_names, feature_type))
        scale = Scale(kind="counts", quantity="count")
        made[assay] = assemble(expression, assay=assay, scale=scale, manifest=manifest)
    return by_subject(made)


def _human(samples: list[str], subjects: list[str], study: str) -> pd.DataFrame:
    columns: dict[str, Any] = {
        keys.SUBJECT_ID: subjects,
        keys.STUDY_ID: study,
        keys.SPECIES: "human",
        keys.SPECIMEN: "tumor",
        keys.TIME_POINT: "unknown",
    }
    return pd.DataFrame(columns, index=pd.Index(samples))


def _features(names: list[str], feature_type: str) -> pd.DataFrame:
    return pd.DataFrame({keys.FEATURE_NAME: names, keys.FEATURE_TYPE: feature_type}, index=pd.Index(names))


MIXOMICS_BREAST = MethodSpec(
    name="mixomics_breast",
    kind="loader",
    title="TCGA breast cancer set of mixOmics",
    function=load_mixomics_breast,
    species=("human",),
)
MIRIT = MethodSpec(
    name="mirit", kind="loader", title="Thyroid cancer counts of MIRit", function=load_mirit, species=("human",)
)
