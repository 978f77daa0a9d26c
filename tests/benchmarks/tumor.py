"""The embedded study's tumors, and signatures to score in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets import load, write_data
from exomics.registry import load_signature
from exomics.schema import Scale
from tests.benchmarks.objects import declared
from tests.benchmarks.workspace import Workspace

SIGNATURES = ("imm.cyt", "imm.ifng6", "ecm.col1")
GENE = "CXCL9"


def tumor(workspace: Workspace) -> Path:
    """113 x 14,474, as ``.h5ad``; in tests the members of the signatures and some other genes."""
    path = workspace.folder / "tumor.h5ad"
    if not path.is_file():
        write_data(_few_genes() if workspace.tiny else load("embedded_tumor_rna"), path)
    return path


def _few_genes() -> AnnData:
    members = {member.feature_id for name in SIGNATURES for member in load_signature(name).members} | {GENE}
    features = [*sorted(members), *(f"gene{number}" for number in range(200))]
    values = np.random.default_rng(10).gamma(2.0, 20.0, (12, len(features)))
    samples = pd.DataFrame(index=[f"s{number}" for number in range(12)])
    scale = Scale(kind="linear", quantity="tpm")
    return declared(values, samples, features, scale=scale, species="human", specimen="tumor")
