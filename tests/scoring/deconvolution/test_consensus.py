"""The consensus on simulated mixtures: never much worse than the best of its methods, with an interval that holds."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.results import DeconvolutionTable, Provenance
from exomics.scoring.deconvolution import CONSENSUS_TYPES, Deconvolutions, consensus, deconvolve
from exomics.scoring.deconvolution._reliability import RELIABILITY, reliability
from exomics.stats.agreement import agreement_mean
from tests.scoring.deconvolution.cohorts import JUDGED, Cohort, cohort, nominal
from tests.scoring.deconvolution.conftest import ARRAY, TPM, samples
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
    """Of the standardized true fractions, 90% to 99% lie in the intervals, whichever methods are at hand."""
    for chosen in ((0, 1, 2, 3), (0, 1, 3), (1, 2, 3)):
        held = []
        for truth, tables in worlds:
            found = consensus([tables[at] for at in chosen])
            standard = (truth - truth.mean(axis=0)) / truth.std(axis=0, ddof=1)
            held.append((values_of(found, "ci_low") <= standard) & (standard <= values_of(found, "ci_high")))
        assert 0.90 < np.mean(held) < 0.99


def test_a_method_that_disagrees_with_all_others_weighs_little() -> None:
    rng = np.random.default_rng(5)
    truth = rng.normal(size=50)
    good = truth + rng.normal(0, 0.4, (3, 50))
    found = agreement_mean(np.vstack([good, rng.normal(size=50)]))
    assert found.weights[3] < found.weights[:3].min() / 2
    assert np.corrcoef(found.value, truth)[0, 1] > np.corrcoef(good[0], truth)[0, 1]


def test_what_is_known_beforehand_counts_until_the_samples_say_otherwise() -> None:
    """Of three methods the one that fails is called the best: of 9 samples nothing is learned, of 600 the most."""
    rng = np.random.default_rng(6)
    called = np.array([0.3, 0.3, 0.7])
    weights = []
    for n in (9, 60, 600):
        truth = rng.normal(size=n)
        noise = np.array([[0.5], [0.5], [3.0]]) * rng.normal(size=(3, n))
        weights.append(agreement_mean(truth + noise, called).weights)
    expected = called / (1 - called**2)
    np.testing.assert_allclose(weights[0], expected / expected.sum())
    assert weights[0][2] > weights[1][2] > weights[2][2]
    assert weights[2][2] < 0.2


def test_a_method_that_was_not_simulated_counts_as_middling() -> None:
    assert reliability("new", "NK cell") == reliability("mcp_counter", "dendritic cell") == 0.5
    assert all(-0.1 <= value <= 1 for of_method in RELIABILITY.values() for value in of_method.values())
    assert {name for of_method in RELIABILITY.values() for name in of_method} <= set(CONSENSUS_TYPES)
    assert set(RELIABILITY) <= set(Deconvolutions.names)


@pytest.mark.slow
@pytest.mark.real_data
def test_it_holds_on_cohorts_simulated_from_the_published_references(immune) -> None:
    """Four cohorts of which nothing was learned: over all types as good as the best method, known only afterwards, less
    0.02, and better than the mean of the methods; the intervals hold 85% to 99%."""
    base, joint, single, held = nominal(immune), [], [], []
    for context in ("blood", "tumor"):
        for seed in (201, 202):
            made = cohort(base, context, seed, 30)
            tables = deconvolved_cohort(made)
            found = consensus(tables).frame
            alone = [said_alone(table_) for table_ in tables]
            for cell_type in JUDGED[context]:
                rows = found[found["cell_type"] == cell_type]
                truth = (made.truth[cell_type] - made.truth[cell_type].mean()) / made.truth[cell_type].std(ddof=1)
                joint.append(np.corrcoef(rows["value"], truth)[0, 1])
                single.append([np.corrcoef(said[cell_type], truth)[0, 1] for said in alone if cell_type in said])
                known = rows["ci_low"].notna()
                held.extend(((rows["ci_low"] <= truth) & (truth <= rows["ci_high"]))[known])
    assert np.mean(joint) > np.mean([max(each) for each in single]) - 0.02
    assert np.mean(joint) > np.mean([np.mean(each) for each in single]) + 0.1
    assert 0.85 < np.mean(held) < 0.99


def deconvolved_cohort(made: Cohort) -> list[DeconvolutionTable]:
    names = [f"s{row:02d}" for row in range(len(made.values))]
    bulk = samples(pd.DataFrame(made.values.T, made.genes, names), TPM if made.scale == "tpm" else ARRAY)
    return [deconvolve(bulk, method=method, reference=found) for method, found in made.references.items()]


def said_alone(table_: DeconvolutionTable) -> dict[str, np.ndarray]:
    """What one method says of each type: its consensus with a copy of itself under another name."""
    frame = consensus([table_, DeconvolutionTable(table_.frame.assign(method="copy"), table_.provenance)]).frame
    told = frame.groupby("cell_type")["value"]
    return {str(name): values.to_numpy() for name, values in told if values.notna().all()}


def test_units_and_order_do_not_matter(worlds) -> None:
    tables = worlds[0][1]
    reference = consensus(tables).frame.set_index(["sample_id", "cell_type"])["value"]
    for order in list(combinations(range(4), 4)) + [(3, 1, 2, 0)]:
        found = consensus([tables[at] for at in order]).frame.set_index(["sample_id", "cell_type"])["value"]
        np.testing.assert_allclose(found.loc[reference.index], reference, atol=1e-12)
    scaled = agreement_mean(np.vstack([np.arange(12.0), 1e6 * np.arange(12.0) ** 2]))
    plain = agreement_mean(np.vstack([np.arange(12.0) - 5, np.arange(12.0) ** 2]))
    np.testing.assert_allclose(scaled.value, plain.value)


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
    assert (found["ci_high"] - found["ci_low"]).max() < 1e-6  # 0.4, 0.3, 0.6, 0.3 and 4, 3, 6, 3 are one ranking
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
