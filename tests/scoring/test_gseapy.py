"""The methods that call gseapy: the installed package gives its frozen scores, which are those of plain formulas."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr
from scipy.stats import rankdata

from exomics.registry.signature_set import SignatureSet
from exomics.scoring import scorer
from exomics.stats.gene_set_variation import kernel_distribution

PARITY = Path(__file__).parents[1] / "parity"
Sets = Mapping[str, Sequence[str]]


def frozen(name: str) -> np.ndarray:
    table = pd.read_csv(
        PARITY / "gseapy_scores" / "expected" / f"{name}.tsv.gz", sep="\t", float_precision="round_trip"
    )
    return table.drop(columns="sample").to_numpy()


@cache
def shared() -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Features x samples, none constant, and sets of them."""
    folder = PARITY / "gene_set_scores" / "expected"
    values = pd.read_csv(folder / "values.tsv.gz", sep="\t", index_col=0, float_precision="round_trip")
    sets = pd.read_csv(folder / "sets.tsv.gz", sep="\t").groupby("set", sort=False)["feature"].apply(list)
    return values.drop(index="g500"), {str(name): members for name, members in sets.items()}


@cache
def many() -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """The 300 samples, made again by the script that froze the scores."""
    values = _generator().simulated(300, 400)
    return values, {f"set{size}": [f"g{number}" for number in range(size)] for size in (5, 20, 60)}


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", PARITY / "gseapy_scores" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def index_of(values: pd.DataFrame, sets: Sets) -> SignatureSet:
    place = {name: column for column, name in enumerate(values.index)}
    return SignatureSet.from_columns(
        {name: [place[member] for member in members] for name, members in sets.items()}, len(values)
    )


def run(method: str, values: pd.DataFrame, sets: Sets, **options: object) -> np.ndarray:
    matrix = np.ascontiguousarray(values.to_numpy().T)
    return scorer(method).function(matrix, index_of(values, sets), **options)


@pytest.mark.parametrize(
    ("method", "table", "digits"),
    [("gseapy_ssgsea", "ssgsea", None), ("gseapy_ssgsea", "ssgsea_tied", 0), ("gseapy_gsva", "gsva", None)],
)
def test_the_installed_package_gives_its_frozen_scores(method: str, table: str, digits: int | None) -> None:
    values, sets = shared()
    values = values if digits is None else values.round(digits)
    np.testing.assert_allclose(run(method, values, sets), frozen(table), rtol=1e-10, atol=1e-12)


def test_arms_of_the_package_are_subtracted() -> None:
    values, sets = shared()
    first, second = (index_of(values, {"one": sets[name]}) for name in ("set1", "set2"))
    found = scorer("gseapy_ssgsea").function(values.to_numpy().T, replace(first, down=second.up))[:, 0]
    apart = frozen("ssgsea")[:, 1:3]
    np.testing.assert_allclose(found, apart[:, 0] - apart[:, 1], rtol=1e-10)


# ssGSEA


def plain_enrichment(row: np.ndarray, members: np.ndarray, *, last_is_highest: bool, whole_ranks: bool) -> float:
    """Barbie et al. 2009: the sum over all places of two running distributions; ties by column."""
    columns = np.arange(len(row))
    order = np.lexsort((columns if last_is_highest else -columns, row))[::-1]
    weights = (rankdata(row) if whole_ranks else np.floor(rankdata(row))) ** 0.25
    inside = np.isin(order, members)
    hits = np.cumsum(np.where(inside, weights[order], 0.0)) / weights[members].sum()
    misses = np.cumsum(~inside) / (len(row) - len(members))
    return float(np.sum(hits - misses))


@pytest.mark.parametrize(("table", "digits"), [("ssgsea", 8), ("ssgsea_tied", 0)])
def test_enrichment_of_the_package_is_the_formula_with_ties_by_position(table: str, digits: int) -> None:
    values, sets = shared()
    values = values.round(digits)
    chosen = index_of(values, sets).up
    expected = [
        [
            plain_enrichment(
                row, chosen.columns[slice(*chosen.offsets[at : at + 2])], last_is_highest=True, whole_ranks=True
            )
            for at in range(len(sets))
        ]
        for row in values.to_numpy().T
    ]
    np.testing.assert_allclose(frozen(table), expected, rtol=1e-9)


def test_ours_is_the_same_without_ties_and_differs_with_them() -> None:
    values, sets = shared()
    np.testing.assert_allclose(run("ssgsea_es", values, sets), frozen("ssgsea"), rtol=1e-10)
    found = run("ssgsea_es", values.round(0), sets)
    assert np.abs(found - frozen("ssgsea_tied")).max() > 1.0


def test_our_rule_for_ties_is_the_mean_over_random_orders() -> None:
    """In the second term exactly, in the first nearly: tied ranks share a weight."""
    generator = np.random.default_rng(2)
    row = np.round(generator.normal(5, 2, 300))
    members = generator.choice(300, 40, replace=False)
    drawn = [
        plain_enrichment(row + 1e-6 * generator.random(300), members, last_is_highest=True, whole_ranks=True)
        for _ in range(400)
    ]
    chosen = SignatureSet.from_columns({"one": members.tolist()}, 300)
    found = scorer("ssgsea_es").function(row[None], chosen)[0, 0]
    assert found == pytest.approx(np.mean(drawn), abs=5 * np.std(drawn) / np.sqrt(400))


# GSVA


def plain_variation(places: np.ndarray, members: np.ndarray) -> float:
    """Hanzelmann et al. 2013 with max.diff and tau = 1."""
    n = len(places)
    order = np.argsort(-places, kind="stable")
    weights = np.abs(np.arange(n, 0, -1) - n / 2)
    inside = np.isin(order, members)
    steps = np.where(inside, weights / weights[inside].sum(), -1.0 / (n - len(members)))
    walk = np.concatenate([[0.0], np.cumsum(steps)])
    return float(walk.max() + walk.min())


def plain_scores(values: pd.DataFrame, sets: Sets, *, step: float = 0.0) -> np.ndarray:
    """With ``Phi``, or with its table of a `step` between places."""
    x = values.to_numpy().T
    places = np.empty(x.shape)
    for feature in range(x.shape[1]):
        deviate = (x[:, [feature]] - x[:, feature]) / (x[:, feature].std(ddof=1) / 4)
        size = np.abs(deviate)
        tail = ndtr(np.floor(size / 10 * round(10 / step)) * step) if step else ndtr(size)
        places[:, feature] = np.where(deviate >= 0, tail, 1 - tail).mean(axis=1)
    up = index_of(values, sets).up
    members = [up.columns[slice(*up.offsets[at : at + 2])] for at in range(len(sets))]
    return np.array([[plain_variation(row, chosen) for chosen in members] for row in places])


@pytest.mark.parametrize(("data", "table"), [(shared, "gsva"), (many, "gsva_300")], ids=["30", "300"])
def test_variation_of_the_package_is_the_formula_with_a_coarse_table(data: object, table: str) -> None:
    values, sets = data()  # type: ignore[operator]
    np.testing.assert_allclose(plain_scores(values, sets, step=0.001), frozen(table), rtol=0, atol=1e-9)
    assert np.abs(plain_scores(values, sets) - frozen(table)).max() > 1e-4


def test_ours_equals_the_package_up_to_256_samples_and_the_formula_beyond() -> None:
    np.testing.assert_allclose(run("gsva", *shared()), frozen("gsva"), rtol=0, atol=1e-10)
    values, sets = many()
    np.testing.assert_allclose(run("gsva", values, sets), plain_scores(values, sets), rtol=0, atol=1e-8)
    np.testing.assert_allclose(run("gsva", values, sets, table_up_to=300), frozen("gsva_300"), rtol=0, atol=1e-10)
    moved = np.abs(run("gsva", values, sets) - frozen("gsva_300")).max()
    assert 1e-4 < moved < 4 / len(values)  # places of a ranking


def test_the_table_moves_the_distribution_by_less_than_a_step() -> None:
    x = np.random.default_rng(3).normal(size=(60, 5))
    sds = x.std(axis=0, ddof=1)
    coarse, exact = kernel_distribution(x, x, sds), kernel_distribution(x, x, sds, table_up_to=0)
    assert 1e-6 < np.abs(coarse - exact).max() < 0.001 * 0.4
