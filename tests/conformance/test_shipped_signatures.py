"""Every shipped signature on every layer that it lists: a number that is one, or a status with its reason."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from anndata import AnnData

from exomics.errors import ScaleError
from exomics.registry import Signature, all_signatures
from exomics.schema import Scale
from exomics.scoring import score
from exomics.scoring.methods import NO_SCORERS

MakeSamples = Callable[..., AnnData]
SCORED = [
    pytest.param(found, layer, id=f"{found.id}-{layer}")
    for found in all_signatures()
    if found.score not in NO_SCORERS
    for layer in found.layers
]
QUANTITIES = {"rna": "tpm", "scrna": "tpm", "qpcr": "cq", "smallrna": "cpm", "phenotype": "value"}


@pytest.fixture(scope="module")
def levels() -> np.ndarray:
    return np.random.default_rng(5).normal(8.0, 2.0, size=(4, 5600)).clip(0.5)


@pytest.mark.parametrize(("signature", "layer"), SCORED)
def test_it_is_a_number_or_a_reason(
    signature: Signature, layer: str, levels: np.ndarray, make_samples: MakeSamples
) -> None:
    """Members with a hole in one sample, on the log scale of the layer and, where that is not meant, the linear one."""
    specimen, _, assay = layer.rpartition("_")
    members = signature.on_layer(layer).members or signature.members
    names = list(dict.fromkeys(member.feature_id for member in members))
    names += [f"G{column}" for column in range(5200 if assay.endswith("rna") and assay != "smallrna" else 20)]
    values = levels[:, : len(names)].copy()
    values[1, 0] = np.nan
    quantity, how = QUANTITIES.get(assay, "intensity"), {"specimen": specimen, "assay": assay}
    samples = make_samples(values, names, scale=Scale(kind="log2", quantity=quantity), **how)
    try:
        frame = score(samples, signature).frame
    except ScaleError:
        linear = Scale(kind="linear", quantity=quantity)
        frame = score(make_samples(np.exp2(values), names, scale=linear, **how), signature).frame
    is_scored = frame["status"].eq("ok")
    assert np.isfinite(frame.loc[is_scored, "score"]).all()
    assert frame.loc[~is_scored, "score"].isna().all()
    assert frame.loc[~is_scored, "note"].ne("").all()
    assert (frame["n_measured"] <= frame["n_members"]).all()
