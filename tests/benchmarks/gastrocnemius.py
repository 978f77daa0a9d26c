"""The gastrocnemius: the real counts where they are at hand, else simulated ones of the same size and levels."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets import load, read_data, write_data
from exomics.schema import Scale
from tests.benchmarks.inputs import (
    BETWEEN_SEXES,
    GROUPS,
    TRAINED,
    CountStudy,
    contrasts_of,
    simulated_counts,
)
from tests.benchmarks.objects import declared
from tests.benchmarks.workspace import Workspace

COVARIATES = ["rin", "pct_globin", "pct_umi_dup", "median_5_3_bias"]


def gastrocnemius(workspace: Workspace) -> Path:
    """14,201 x 50 counts with their samples, as ``.h5ad``."""
    path = workspace.folder / "gastrocnemius.h5ad"
    if not path.is_file():
        write_gastrocnemius(path, n_features=workspace.size(14_201, 300), tiny=workspace.tiny)
    return path


def plain_design(workspace: Workspace) -> CountStudy:
    """Its arrays with ten groups and eight contrasts."""
    path = gastrocnemius(workspace)
    return workspace.counts("gastrocnemius", lambda: _arrays(path, covariates=False))


def recipe_design(workspace: Workspace) -> CountStudy:
    """Its arrays with the design of the recipe: ten groups, four covariates, ten contrasts."""
    path = gastrocnemius(workspace)
    return workspace.counts("recipe", lambda: _arrays(path, covariates=True))


def data_source() -> str:
    """Which gastrocnemius counts this run reads."""
    if _folder("EXOMICS_MIRROR") or _folder("EXOMICS_REFERENCE"):
        return "MoTrPAC gastrocnemius"
    return "simulated counts of the gastrocnemius' size (set EXOMICS_MIRROR or EXOMICS_REFERENCE for the real ones)"


def write_gastrocnemius(path: Path, *, n_features: int, tiny: bool) -> None:
    """The object that `exomics load motrpac_gn_rna` writes, or a simulated one of the same shape."""
    reference = _folder("EXOMICS_REFERENCE")
    if tiny or not (reference or _folder("EXOMICS_MIRROR")):
        study = simulated_counts(n_features, 50, seed=2)
        rng = np.random.default_rng(3)
        samples = pd.DataFrame({"group": np.repeat(GROUPS, 5)}, index=[f"s{number:02d}" for number in range(50)])
        samples[COVARIATES] = rng.normal(size=(50, len(COVARIATES)))
        data = _rat_muscle(study.counts, samples, [f"g{number}" for number in range(n_features)])
    elif _folder("EXOMICS_MIRROR"):
        data = load("motrpac_gn_rna")
    else:
        counts = pd.read_csv(reference / "motrpac" / "TRNSCRPT_GN.counts.tsv.gz", sep="\t", index_col=0)
        path_of_samples = reference / "motrpac" / "TRNSCRPT_GN.samples.tsv.gz"
        samples = pd.read_csv(path_of_samples, sep="\t", dtype={"sample_id": str}).set_index("sample_id")
        samples = samples[["group", *COVARIATES]]
        data = _rat_muscle(counts.to_numpy(dtype=np.float64).T, samples, list(counts.index.astype(str)))
    write_data(data, path)


def _arrays(path: Path, *, covariates: bool) -> CountStudy:
    data = read_data(path)
    assert isinstance(data, AnnData)
    groups = (data.obs["group"].astype(str).to_numpy()[:, None] == np.array(GROUPS)).astype(float)
    design = np.column_stack([groups, data.obs[COVARIATES].to_numpy(dtype=float)]) if covariates else groups
    pairs = [*TRAINED, *BETWEEN_SEXES] if covariates else TRAINED
    return CountStudy(np.asarray(data.X, dtype=np.float64), design, contrasts_of(pairs, design.shape[1]))


def _rat_muscle(counts: np.ndarray, samples: pd.DataFrame, features: list[str]) -> AnnData:
    scale = Scale(kind="counts", quantity="count")
    return declared(np.ascontiguousarray(counts), samples, features, scale=scale, species="rat", specimen="muscle")


def _folder(variable: str) -> Path | None:
    location = os.environ.get(variable, "")
    return Path(location).resolve() if location and Path(location).is_dir() else None
