"""The consensus on simulated mixtures: never much worse than the best of its methods; its numbers and its evidence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.registry.cell_reference import CellReference
from exomics.results import DeconvolutionTable, Provenance
from exomics.schema import Scale
from exomics.scoring.deconvolution import CONSENSUS_TYPES, Deconvolutions, consensus, deconvolve
from exomics.scoring.deconvolution import _reliability as learned_numbers
from exomics.scoring.deconvolution._lineage import used_genes
from exomics.scoring.deconvolution._lineage_genes import LINEAGE_GENES
from tests.scoring.deconvolution.conftest import TPM, samples
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
    """Means over the contexts of a source, then over sources, of the table that `learn_reliability.py` writes."""
    by_source = pd.read_csv(BY_SOURCE, sep="\t", keep_default_na=False, na_values={"r": "", "c": "", "s": ""})
    keys = ["method", "other", "cell_type"]
    means = by_source.groupby([*keys, "source"])[["r", "s"]].mean().groupby(keys).mean()
    alone, pairs = means.loc[means["s"].isna(), "r"], means.loc[means["s"].notna(), "s"]
    told = {(m, "", k): v for m, of_type in learned_numbers.RELIABILITY.items() for k, v in of_type.items()}
    shared = {(*pair, k): v for pair, of_type in learned_numbers.SHARED_ERRORS.items() for k, v in of_type.items()}
    assert set(told) == set(alone.index)
    assert set(shared) == set(pairs.index)
    np.testing.assert_allclose([told[key] for key in alone.index], alone, atol=0.0052)
    np.testing.assert_allclose([shared[key] for key in pairs.index], pairs, atol=0.0052)
    assert abs(learned_numbers.UNKNOWN_SHARED - pairs.mean()) < 0.0052
    assert by_source["source"].nunique() == 13


def test_what_was_not_learned_is_middling_and_errs_as_methods_do() -> None:
    assert learned_numbers.reliability(["new", "abis"], "fibroblast").tolist() == [0.5, 0.5]
    found = learned_numbers.shared_errors(["xcell", "new", "abis"], "B cell")
    known, unknown = learned_numbers.SHARED_ERRORS["abis", "xcell"]["B cell"], learned_numbers.UNKNOWN_SHARED
    assert found.tolist() == [[1, unknown, known], [unknown, 1, unknown], [known, unknown, 1]]
    assert {name for of_method in learned_numbers.RELIABILITY.values() for name in of_method} <= set(CONSENSUS_TYPES)
    assert set(learned_numbers.RELIABILITY) <= set(Deconvolutions.names)


def lineage_samples(n: int = 24, seed: int = 4) -> tuple[pd.DataFrame, np.ndarray]:
    """log2 levels (genes x samples) in which every lineage gene of NK cells follows the amount of them."""
    rng = np.random.default_rng(seed)
    amount = rng.normal(size=n)
    own = LINEAGE_GENES["NK cell"]
    others = [gene for gene in LINEAGE_GENES["B cell"] if gene not in own]
    values = np.vstack([amount + rng.normal(0, 0.7, (len(own), n)), rng.normal(size=(len(others), n))]) + 6
    return pd.DataFrame(values, [*own, *others], [f"s{row:02d}" for row in range(n)]), amount


def nk_by(genes: tuple[str, ...]) -> CellReference:
    return CellReference({"markers": {"NK": genes}})


def test_genes_that_a_method_does_not_use_tell_how_well_it_does() -> None:
    """Markers that follow the cells agree with lineage genes that are no markers; markers of another cell do not."""
    values, amount = lineage_samples()
    log = samples(values, Scale(kind="log2", quantity="tpm", offset=1.0))
    own, others = LINEAGE_GENES["NK cell"][:4], LINEAGE_GENES["B cell"][:4]
    right, wrong = (deconvolve(log, method="mcp_counter", reference=nk_by(genes)) for genes in (own, others))
    told = [table.provenance.parameters["lineage_agreement"]["NK cell"] for table in (right, wrong)]
    truth = np.corrcoef(right.frame["value"], amount)[0, 1]
    assert abs(told[0] - truth) < 0.06
    assert told[1] < 0.4
    spoiled = values.copy()
    spoiled.loc[list(own)] = np.random.default_rng(0).normal(6, 1, (4, values.shape[1]))
    told = deconvolve(samples(spoiled, Scale(kind="log2", quantity="tpm", offset=1.0)), method="mcp_counter",
                      reference=nk_by(own)).provenance.parameters["lineage_agreement"]["NK cell"]  # fmt: skip
    assert told < 0.4  # its own genes are no evidence for it


def test_a_method_that_ranks_all_genes_uses_those_of_the_type_and_of_its_parts() -> None:
    spec = Deconvolutions["xcell"]
    markers = {
        "B-cells%A%1": ("CD19",),
        "Memory B-cells%A%1": ("CD27",),
        "NK cells%A%1": ("NCR1",),
        "Other%A%1": ("X",),
    }
    used = used_genes((spec, CellReference({"markers": markers}), None), "B cell")  # type: ignore[arg-type]
    assert used == {"CD19", "CD27"}


def test_the_lineage_genes_are_named_once_per_type() -> None:
    assert set(LINEAGE_GENES) == set(CONSENSUS_TYPES)
    assert all(len(genes) == len(set(genes)) == 48 for genes in LINEAGE_GENES.values())


def test_few_samples_counts_or_other_genes_are_no_obstacle() -> None:
    values, _ = lineage_samples(n=9)
    log = Scale(kind="log2", quantity="tpm", offset=1.0)
    reference = nk_by(LINEAGE_GENES["NK cell"][:4])
    few = deconvolve(samples(values, log), method="mcp_counter", reference=reference)
    assert few.provenance.parameters["lineage_agreement"] == {}
    ratio = Scale(kind="linear", quantity="ratio")
    values, _ = lineage_samples()
    other = deconvolve(samples(2**values, ratio), method="mcp_counter", reference=reference)
    assert other.provenance.parameters["lineage_agreement"]["NK cell"] > 0.7
    renamed = values.iloc[:4].rename(index=dict(zip(LINEAGE_GENES["NK cell"][:4], "abcd", strict=True)))
    unknown = deconvolve(samples(renamed, log), method="mcp_counter", reference=nk_by(tuple("abcd")))
    assert unknown.provenance.parameters["lineage_agreement"] == {}


def test_the_method_that_the_genes_back_weighs_more() -> None:
    """The evidence in the provenance of a table moves the weight of its method, and only with 10 samples."""
    rng = np.random.default_rng(8)
    truth = rng.normal(size=30)

    def weights(n: int, backed: dict[str, float]) -> dict[str, float]:
        tables = []
        for name in ("one", "two", "three"):
            rows = [(f"s{at:02d}", "NK cell", value) for at, value in enumerate(truth[:n] + said[name][:n])]
            parameters = {"lineage_agreement": {"NK cell": backed[name]}} if name in backed else {}
            tables.append(DeconvolutionTable(table(name, rows).frame, Provenance(method=name, parameters=parameters)))
        return consensus(tables).provenance.parameters["weights"]["NK cell"]

    said = {name: rng.normal(size=30) for name in ("one", "two", "three")}
    plain, backed = weights(30, {}), weights(30, {"one": 0.9, "two": 0.3, "three": 0.3})
    assert backed["one"] > plain["one"] + 0.1
    assert weights(9, {"one": 0.9, "two": 0.3, "three": 0.3}) == pytest.approx(weights(9, {}))


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
