"""MoTrPAC native metabolomics of several platforms as one object, one row per animal or injection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import Expression, assemble
from exomics.datasets.loaders._metabolite_platforms import side_by_side, without_redundancy
from exomics.datasets.loaders.motrpac_metabolomics import MOTRPAC_METABOLOMICS, load_motrpac_metabolomics
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import keys, scale_of

_ROLES: Final = ("results", "metabolites", "samples")
_OPTIONS: Final[Mapping[str, Any]] = {**MOTRPAC_METABOLOMICS.parameters, "redundant": "keep", "join": "sample_id"}


def load_motrpac_platforms(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """Submitted metabolomics tables of several platforms, or the named and unnamed tables of one, side by side.

    Parameters
    ----------
    files
        For each platform the roles ``results.<platform>``, ``metabolites.<platform>`` and ``samples.<platform>`` (see
        the loader ``motrpac_metabolomics``); optional ``phenotypes``, for all of them.
    manifest
        Options: those of ``motrpac_metabolomics``; ``join`` (``sample_id``, or a column of obs that names the animal,
        where each platform has vials of its own); ``redundant`` (``keep``, or ``lowest_cv``: of a metabolite that
        several platforms measured, the row whose pooled samples vary least).

    Returns
    -------
    AnnData
        Samples x features: ``<metabolite>_<platform>``, missing where a platform lacks the sample; ``var["platform"]``,
        RefMet names, ``pool_cv``. ``uns["exomics"]["report"]`` names the metabolites that several platforms measured,
        what was left out, and what each platform dropped.

    Raises
    ------
    InputError
        If a platform lacks a role, or a platform has two samples of one animal.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> texts = {"results": "metabolite_name\\tv1\\nlac\\t{}\\n", "samples": "sample_id\\tsample_type\\nv1\\tSample\\n",
    ...          "metabolites": "metabolite_name\\trefmet_name\\nlac\\tLactic acid\\n"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = {f"{role}.{p}": Path(folder) / f"{role}-{p}.tsv" for role in texts for p in ("pos", "neg")}
    ...     written = [path.write_text(texts[role.partition(".")[0]].format(5.0)) for role, path in files.items()]
    ...     data = load_files("motrpac_platforms", files)
    >>> list(data.var_names), data.X.tolist()
    (['lac_pos', 'lac_neg'], [[5.0, 5.0]])
    """
    options = {**_OPTIONS, **manifest.options}
    names = list(dict.fromkeys(role.partition(".")[2] for role in files if "." in role))
    if not names:
        raise InputError(
            f"expected the roles results.<platform>, metabolites.<platform> and samples.<platform>; got {_said(files)}."
        )
    own = replace(manifest, options={k: v for k, v in manifest.options.items() if k in MOTRPAC_METABOLOMICS.parameters})
    loaded = {name: load_motrpac_metabolomics(_of_platform(files, name), own) for name in names}
    platforms = {name: _by(data, options["join"], name) for name, data in loaded.items()}
    together, lacking = side_by_side(platforms)
    expression, redundancy = without_redundancy(together, options["redundant"])
    reports = {name: json.loads(data.uns[keys.EXOMICS][keys.REPORT]) for name, data in loaded.items()}
    report = {**lacking, **redundancy, "platforms": {name: held["dropped_types"] for name, held in reports.items()}}
    scale = scale_of(loaded[names[0]])
    return assemble(expression, assay="metabolite", scale=scale, manifest=manifest, report=report)


def _said(files: Mapping[str, Path]) -> str:
    return ", ".join(files) or "none"


def _of_platform(files: Mapping[str, Path], name: str) -> dict[str, Path]:
    absent = [f"{role}.{name}" for role in _ROLES if f"{role}.{name}" not in files]
    if absent:
        raise InputError(f"the platform {name} lacks the roles {', '.join(absent)}; got {_said(files)}.")
    shared = {"phenotypes": files["phenotypes"]} if "phenotypes" in files else {}
    return {**{role: files[f"{role}.{name}"] for role in _ROLES}, **shared}


def _by(data: AnnData, join: str, name: str) -> Expression:
    """The platform's samples called by the column that joins them."""
    obs = data.obs
    if join != keys.SAMPLE_ID:
        if join not in obs or obs[join].isna().any():
            raise InputError(f"the platform {name} has no {join} for every sample; there are {', '.join(obs.columns)}.")
        labels = obs[join].astype(str)
        if labels.duplicated().any():
            twice = labels[labels.duplicated()].iloc[0]
            raise InputError(f"the platform {name} has several samples of {join} {twice}; keep one.")
        obs = obs.set_axis(pd.Index(labels, dtype=object), axis=0)
    return Expression(np.asarray(data.X), obs, data.var)


MOTRPAC_PLATFORMS = MethodSpec(
    name="motrpac_platforms",
    kind="loader",
    title="MoTrPAC native metabolomics of several platforms, merged with a report",
    function=load_motrpac_platforms,
    species=("rat",),
    feature_types=("metabolite",),
    parameters=_OPTIONS,
)
