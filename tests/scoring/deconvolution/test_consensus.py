"""The consensus on simulated mixtures: never much worse than the best of its methods; its numbers and its evidence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.results import DeconvolutionTable, Provenance
from exomics.scoring.deconvolution import CONSENSUS_TYPES, Deconvolutions, consensus, deconvolve
from exomics.scoring.deconvolution import _reliability as learned_numbers
from exomics.scoring.deconvolution._reliability import reliability
from tests.scoring.deconvolution.candidates import reliabilities
from tests.scoring.deconvolution.conftest import TPM, samples
from tests.scoring.deconvolution.judge_consensus import JUDGED
from tests.scoring.deconvolution.learn_reliability import BY_SOURCE
from tests.scoring.deconvolution.mixtures import GENES, TYPES, World, world

N_WORLDS = 8


def values_of(table: DeconvolutionTable, column: str = "value") -> np.ndarray:
    """(n_samples, 6) in the order of the samples and of `TYPES`."""
    wide = table.frame.pivot(index="sample_id", columns="cell_type", values=column)
    return wide.loc[[f"s{row:02d}" for row in range(len(wide))], list(TYPES)].to_numpy()


def correlations(estimates: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.array([np.corrcoef(estimates[:, k], truth[:, k])[0, 1] for k in range(truth.shape[1])])


def deconvolved(made: World) -> list[DeconvolutionTable]:
    values = pd.DataFrame(made.tpm.T, GENES, [f"s{row:02d}" for row in range(len(made.tpm))])
    bulk = samples(values, TPM)
    return [deconvolve(bulk, method=method, reference=found) for method, found in made.references.items()]


@pytest.fixture(scope="module")
def worlds() -> list[tuple[np.ndarray, list[DeconvolutionTable]]]:
    made = [world(seed) for seed in range(500, 500 + N_WORLDS)]
    return [(found.fractions, deconvolved(found)) for found in made]


def test_it_is_not_inferior_to_the_best_method_of_each_cell_type(worlds) -> None:
    """Of all worlds and types the mean shortfall against the best of the four, known only afterwards, is below 0.02."""
    best = np.array([np.max([correlations(values_of(t), truth) for t in tables], axis=0) for truth, tables in worlds])
    single = np.array([[correlations(values_of(t), truth) for t in tables] for truth, tables in worlds])
    joint = np.array([correlations(values_of(consensus(tables)), truth) for truth, tables in worlds])
    assert (best - joint).mean() < 0.02
    assert (joint.mean() > single.mean(axis=(0, 2)) + 0.02).all()


def test_it_says_when_the_lineage_genes_have_no_voice(worlds) -> None:
    tables = worlds[0][1]
    assert any("lineage is not among" in note for note in consensus(tables).provenance.notes)
    renamed = DeconvolutionTable(tables[0].frame.assign(method="lineage"), tables[0].provenance)
    assert not any("lineage is not among" in note for note in consensus([renamed, tables[1]]).provenance.notes)


def test_its_interval_holds_the_truth(worlds) -> None:
    """Of the standardized true fractions, 90% or more lie in the intervals, whichever methods are at hand; more where
    methods do better than was learned of them."""
    for chosen in ((0, 1, 2, 3), (0, 1, 3), (1, 2, 3)):
        held = []
        for truth, tables in worlds:
            found = consensus([tables[at] for at in chosen])
            standard = (truth - truth.mean(axis=0)) / truth.std(axis=0, ddof=1)
            held.append((values_of(found, "ci_low") <= standard) & (standard <= values_of(found, "ci_high")))
        assert np.mean(held) > 0.90


def test_the_numbers_are_those_that_the_sources_taught() -> None:
    """Means over sources, those of bulk twice, of the table that `learn_reliability.py` writes: by specimen, and over
    the specimens of each source."""
    expected = reliabilities(pd.read_csv(BY_SOURCE, sep="\t"))
    told = {
        ((kind,) if kind else ()) + (method, cell_type): value
        for kind, of_kind in learned_numbers.RELIABILITY.items()
        for method, of_method in of_kind.items()
        for cell_type, value in of_method.items()
    }
    assert set(told) == set(expected)
    np.testing.assert_allclose([told[key] for key in expected], list(expected.values()), atol=0.0052)
    assert pd.read_csv(BY_SOURCE, sep="\t")["source"].nunique() == 13
    assert {key[-2] for key in told} <= set(Deconvolutions.names)
    assert {key[-1] for key in told} == set(CONSENSUS_TYPES)


def test_what_is_expected_goes_by_the_specimen_and_is_middling_where_nothing_was_learned() -> None:
    known = learned_numbers.RELIABILITY
    assert reliability(["xcell"], "monocyte", "blood") == known["blood"]["xcell"]["monocyte"]
    assert reliability(["xcell"], "monocyte", "pbmc") == known["pbmc"]["xcell"]["monocyte"]
    for specimen in ("tumor", "adipose"):
        assert reliability(["xcell"], "B cell", specimen) == known["tumor"]["xcell"]["B cell"]
    assert reliability(["xcell"], "B cell", "") == known[""]["xcell"]["B cell"]
    assert reliability(["mcp_counter"], "fibroblast", "blood") == known[""]["mcp_counter"]["fibroblast"]
    assert reliability(["new", "abis"], "fibroblast").tolist() == [0.5, 0.5]


def specimen_tables(specimens: tuple[str, str]) -> list[DeconvolutionTable]:
    rng = np.random.default_rng(8)
    made = []
    for method, specimen in zip(("xcell", "lineage"), specimens, strict=True):
        rows = [(f"s{at}", "monocyte", value) for at, value in enumerate(rng.normal(size=9))]
        made.append(DeconvolutionTable(table(method, rows, "arbitrary").frame, Provenance(
            method=method, parameters={"specimen": specimen})))  # fmt: skip
    return made


def test_the_specimen_is_read_from_the_tables_and_used_where_they_agree() -> None:
    """xcell tells monocytes of mononuclear cells and none of whole blood."""
    weight = {}
    for specimens in (("pbmc", "pbmc"), ("blood", "blood"), ("pbmc", "blood"), ("", "")):
        provenance = consensus(specimen_tables(specimens)).provenance.parameters
        weight[specimens] = provenance["weights"]["monocyte"]["xcell"]
        assert provenance["specimen"] == (specimens[0] if specimens[0] == specimens[1] else "")
    assert weight["pbmc", "pbmc"] > weight["blood", "blood"] + 0.05
    assert weight["pbmc", "blood"] == weight["", ""]


def test_units_and_order_do_not_matter(worlds) -> None:
    tables = worlds[0][1]
    reference = consensus(tables).frame.set_index(["sample_id", "cell_type"])["value"]
    for order in ((3, 1, 2, 0), (1, 0, 3, 2), (2, 3, 0, 1)):
        found = consensus([tables[at] for at in order]).frame.set_index(["sample_id", "cell_type"])["value"]
        np.testing.assert_allclose(found.loc[reference.index], reference, atol=1e-10)


def table(method: str, rows: list[tuple[str, str, float]], unit: str = "fraction") -> DeconvolutionTable:
    frame = pd.DataFrame(rows, columns=["sample_id", "cell_type", "value"]).assign(
        method=method, unit=unit, status="ok"
    )
    return DeconvolutionTable(
        frame.assign(subject_id="", time_point="", ci_low=np.nan, ci_high=np.nan, note=""), Provenance(method=method)
    )


def test_fractions_add_up_along_the_lineage_tree_and_arbitrary_units_do_not() -> None:
    samples_ = ["a", "b", "c", "d"]
    naive, memory = [0.1, 0.2, 0.3, 0.1], [0.3, 0.1, 0.3, 0.2]
    parts = [(s, "B cell naive", v) for s, v in zip(samples_, naive, strict=True)]
    parts += [(s, "B cell memory", v) for s, v in zip(samples_, memory, strict=True)]
    lineage = [(s, "B lineage", v) for s, v in zip(samples_, [4.0, 3.0, 6.0, 3.0], strict=True)]
    found = consensus([table("sum", parts), table("stand_in", lineage, "arbitrary")]).frame
    assert found["cell_type"].unique().tolist() == ["B cell"]
    np.testing.assert_allclose(found["value"].std(ddof=1), 1.0)
    np.testing.assert_allclose(found["value"], np.array([0.0, -1.0, 2.0, -1.0]) / np.sqrt(2))  # one ranking of both
    with pytest.raises(InputError, match="no method gives"):
        consensus([table("one", parts, "arbitrary"), table("two", parts, "arbitrary")])


def test_what_cannot_be_joined_is_refused_or_said() -> None:
    one = table("one", [(s, "NK cell", v) for s, v in zip("abc", (1.0, 2.0, 3.0), strict=True)])
    other = table("two", [(s, "NK cell", v) for s, v in zip("abd", (1.0, 2.0, 3.0), strict=True)])
    flat = table("flat", [(s, "NK cell", 1.0) for s in "abc"])
    with pytest.raises(InputError, match="at least 2 methods; got one"):
        consensus([one])
    with pytest.raises(InputError, match=r"differ in their samples \(c, d\)"):
        consensus([one, other])
    with pytest.raises(InputError, match="twice"):
        consensus([one, one, flat])
    found = consensus([one, flat])
    assert found.frame["value"].tolist() == [-1.0, 0.0, 1.0]
    assert found.frame["ci_low"].isna().all()
    assert found.provenance.parameters["weights"] == {"NK cell": {"one": 1.0, "flat": 0.0}}
    few = consensus([table(name, [("a", "NK cell", 1.0), ("b", "NK cell", 2.0)]) for name in ("one", "two")]).frame
    assert set(few["status"]) == {"below_floor"}
    assert few["note"].str.contains("at least 3").all()


def test_what_its_documentation_says_it_reached_is_what_was_judged() -> None:
    """Mean correlations over the cohorts that measured a type, and those of single cohorts that it owns up to."""
    judged = pd.read_csv(JUDGED, sep="\t").set_index(["cohorts", "cell_type"])
    both = "GSE107572 + GSE127813"
    said = {"B cell": 0.80, "T cell CD4+": 0.82, "T cell CD8+": 0.80, "NK cell": 0.70, "monocyte": 0.57}
    for cell_type, r in said.items():
        assert judged.loc[(f"{both} + SDY420", cell_type), "consensus"] == pytest.approx(r, abs=0.005)
    assert judged.loc[(both, "neutrophil"), "consensus"] == pytest.approx(0.77, abs=0.005)
    for cohort, cell_type, r, best_r in (("SDY420", "monocyte", 0.53, 0.62), ("GSE127813", "T cell CD8+", 0.91, 0.97)):
        found = judged.loc[(cohort, cell_type)]
        assert (found["consensus"], found["best_r"]) == pytest.approx((r, best_r), abs=0.005)
        assert found["verdict"] == "inferior"
    told = " ".join(str(consensus.__doc__).split())
    assert "0.80 for B cells, 0.82 for CD4 and 0.80 for CD8 T cells, 0.70 for NK cells, 0.57 for monocytes" in told
