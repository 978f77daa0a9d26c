"""Samples with a reference, made or real."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.registry.cell_reference import CellReference, read_cell_reference
from exomics.schema import Scale, annotate

TPM = Scale(kind="linear", quantity="tpm")
ARRAY = Scale(kind="log2", quantity="array")


def samples(values: pd.DataFrame, scale: Scale, *, specimen: str = "tumor") -> AnnData:
    """Samples x genes from a table of genes x samples."""
    obs = pd.DataFrame({"specimen": specimen, "species": "human"}, index=values.columns.astype(str))
    var = pd.DataFrame({"feature_name": values.index}, index=values.index)
    return annotate(AnnData(np.ascontiguousarray(values.to_numpy().T), obs=obs, var=var), assay="rna", scale=scale)


@pytest.fixture(scope="session")
def immune(reference_folder: Path) -> Path:
    """Folder of expression, of references that may not be shipped, and of the authors' outputs."""
    return reference_folder / "immune"


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", index_col=0)


@pytest.fixture(scope="session")
def melanoma(immune: Path) -> AnnData:
    return samples(read(immune / "racle_melanoma_TPM.tsv.gz"), TPM)


@pytest.fixture(scope="session")
def blood(immune: Path) -> AnnData:
    return samples(read(immune / "SDY420_PBMC_array_expr.tsv.gz"), ARRAY, specimen="pbmc")


@pytest.fixture(scope="session")
def references(immune: Path) -> dict[str, CellReference]:
    """The published reference of each method, read from where it lies."""
    files = {
        "quantiseq": {
            "profiles": "quanTIseq_TIL10_signature.txt",
            "mrna_content": "quanTIseq_TIL10_mRNA_scaling.txt",
        },
        "abis": {"profiles": "ABIS_sigmatrix_S0.tsv.gz"},
        "estimate": {"markers": "ESTIMATE.gmt", "universe": "ESTIMATE_common_genes.tsv.gz"},
        "xcell": {
            "markers": "xCell_signatures.gmt.gz",
            "spillover": "xCell_spill.array_K.tsv.gz",
            "calibration": "xCell_spill.array_fv.tsv.gz",
            "universe": "xCell_genes.txt",
        },
    }
    return {
        method: read_cell_reference({role: immune / f"resources_{name}" for role, name in parts.items()})
        for method, parts in files.items()
    }
