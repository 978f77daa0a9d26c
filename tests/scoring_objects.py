"""Small objects that the scoring tests share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import fetch, published_differential
from exomics.registry import Member, Signature
from exomics.results import DifferentialTable, Provenance
from exomics.schema import Scale, annotate

MakeSamples = Callable[..., AnnData]
MakeSignature = Callable[..., Signature]


@pytest.fixture
def make_samples() -> MakeSamples:
    def make(
        values: np.ndarray,
        names: Sequence[str | None],
        *,
        scale: Scale | None = None,
        specimen: str = "tumor",
        species: str = "human",
        assay: str = "rna",
    ) -> AnnData:
        matrix = np.asarray(values)
        index = [f"s{row}" for row in range(len(matrix))]
        obs = pd.DataFrame(
            {"specimen": specimen, "species": species, "subject_id": index, "time_point": "baseline"}, index
        )
        var = pd.DataFrame({"feature_name": list(names)}, index=[f"f{column}" for column in range(matrix.shape[1])])
        return annotate(
            AnnData(matrix, obs=obs, var=var),
            assay=assay,
            scale=scale or Scale(kind="log2", quantity="cpm", offset=0.0),
        )

    return make


@pytest.fixture
def make_signature() -> MakeSignature:
    def make(
        up: Sequence[str],
        down: Sequence[str] = (),
        *,
        score: str = "mean_log2",
        layers: Sequence[str] = ("tumor_rna",),
        **other: object,
    ) -> Signature:
        unknown = dict.fromkeys(layers, "unknown")
        members = [Member(feature_id=name, evidence="C") for name in up]
        members += [Member(feature_id=name, arm="down", evidence="C") for name in down]
        keys = {
            "id": "tst.example",
            "version": "1.0.0",
            "title": "example",
            "signature_class": "control",
            "type": "gene_set",
            "score": score,
            "species": "human",
            "feature_namespace": "HGNC",
            "layers": tuple(layers),
            "ex_acute": unknown,
            "ex_trained": unknown,
            "benefit": unknown,
            "timing_class": "any",
            "evidence": "C",
            "sign_evidence": "C",
            "source": {"text": "example"},
            "license": "example",
            "members": tuple(members),
        }
        return Signature(**{**keys, **other})  # type: ignore[arg-type]

    return make


@cache
def published(dataset: str) -> DifferentialTable:
    """The consortium's own table of training against sedentary, read once."""
    frame = published_differential(fetch(dataset, roles=["published"], progress=False)["published"], "trained_vs_SED")
    return DifferentialTable(frame[list(DifferentialTable.columns)], Provenance(method="published"))
