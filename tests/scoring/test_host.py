"""The host rules out members whose allele is null in its strain, and adaptive immunity in a xenograft."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from exomics.registry import all_signatures
from exomics.scoring import score
from exomics.scoring._host import is_adaptive

MakeSamples = Callable[..., object]


@pytest.fixture
def mice(make_samples: MakeSamples) -> object:
    return make_samples(np.array([[1.0, 3.0, 8.0], [2.0, 4.0, 9.0]]), ["Cxcl9", "Cxcl10", "Cxcl11"], species="mouse")


@pytest.fixture
def ligands(make_signature: MakeSamples) -> object:
    return make_signature(["Cxcl9", "Cxcl10", "Cxcl11"], species="mouse", feature_namespace="MGI")


def test_a_null_allele_is_dropped_and_said(mice, ligands) -> None:  # type: ignore[no-untyped-def]
    full = score(mice, ligands).frame
    np.testing.assert_allclose(full["score"], [4.0, 5.0])
    assert "dropped" not in full["note"].iloc[0]
    mice.obs["strain"] = "C57BL/6J"
    found = score(mice, ligands).frame
    np.testing.assert_allclose(found["score"], [2.0, 3.0])
    assert found["n_members"].tolist() == [2, 2]
    assert "Cxcl11 dropped: its allele is null in C57BL/6J" in found["note"].iloc[0]
    mice.obs["strain"] = "BALB/c"
    np.testing.assert_allclose(score(mice, ligands).frame["score"], [4.0, 5.0])


def test_a_signature_of_null_genes_alone_is_not_scored(mice, make_signature) -> None:  # type: ignore[no-untyped-def]
    mice.obs["strain"] = "C57BL/6J"
    found = score(mice, make_signature(["Cxcl11"], species="mouse", feature_namespace="MGI")).frame
    assert set(found["status"]) == {"not_applicable"}
    assert found["score"].isna().all()


def test_a_xenograft_has_no_adaptive_immunity(mice, ligands, make_signature) -> None:  # type: ignore[no-untyped-def]
    adaptive = make_signature(["Cxcl9"], species="mouse", feature_namespace="MGI", id="imm.t", signature_class="immune")
    mice.obs["model_type"] = "pdx"
    found = score(mice, [adaptive, ligands]).frame.set_index(["signature_id", "sample_id"])
    assert set(found.loc["imm.t", "status"]) == {"not_applicable"}
    assert "xenografts" in found.loc["imm.t", "note"].iloc[0]
    assert set(found.loc["tst.example", "status"]) == {"ok"}
    mice.obs["model_type"] = "syngeneic"
    assert set(score(mice, adaptive).frame["status"]) == {"ok"}


def test_innate_sets_are_not_adaptive() -> None:
    adaptive = {signature.id for signature in all_signatures() if is_adaptive(signature)}
    assert {"imm.cd8", "imm.cyt", "imm.gep18", "imm.treg", "imt.memory"} <= adaptive
    assert not {"imm.cdc1", "imm.nk_tumor", "mye.cs_polarity", "tum.emt", "ecm.col1"} & adaptive
