"""The simulated assays look like the public data that they were fitted to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets.simulate import Simulation, TrialParameters
from exomics.datasets.simulate.reference import figures, gene_table
from exomics.schema import keys

pytestmark = pytest.mark.real_data

RATS = TrialParameters(
    n_per_arm=15,
    muscle_dispersion_ratio=1.0,
    library_size_log_sd=0.1,
    batch_effect_sd=0.0,
    missing_fraction=0.0,
)
QUANTILES = np.linspace(0.1, 0.9, 9)


def _motrpac(reference_folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts of genes with a human symbol, the group of each sample, and the symbols."""
    folder = reference_folder / "motrpac"
    counts = pd.read_csv(folder / "TRNSCRPT_GN.counts.tsv.gz", sep="\t", index_col=0)
    samples = pd.read_csv(folder / "TRNSCRPT_GN.samples.tsv.gz", sep="\t")
    features = pd.read_csv(folder / "TRNSCRPT_GN.features.tsv.gz", sep="\t")
    orthologs = pd.read_csv(folder / "RAT_TO_HUMAN.tsv.gz", sep="\t").drop_duplicates("symbol")
    symbols = features["gene_symbol"].map(orthologs.set_index("symbol")["human_symbol"])
    mapped = symbols.notna().to_numpy()
    return counts.to_numpy().T[:, mapped], samples["group"].to_numpy(), symbols[mapped].to_numpy()


def _baseline(data: AnnData) -> tuple[np.ndarray, np.ndarray]:
    rows = (data.obs["time_point"] == "baseline").to_numpy()
    return np.asarray(data.layers[keys.COUNTS])[rows], data.obs["sex"].to_numpy()[rows]


def _moments(counts: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log2 counts per million and dispersion (variance - mean) / mean^2 within groups, per feature."""
    size = counts.sum(axis=1)
    scaled = counts / size[:, None] * size.mean()
    fitted = np.zeros_like(scaled)
    for group in np.unique(groups):
        fitted[groups == group] = scaled[groups == group].mean(axis=0)
    freedom = len(groups) - len(np.unique(groups))
    mean = scaled.mean(axis=0)
    dispersion = (((scaled - fitted) ** 2).sum(axis=0) / freedom - mean) / (fitted**2).mean(axis=0)
    return np.log2(mean / size.mean() * 1e6), dispersion


def _by_level(level: np.ndarray, values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    bins = np.digitize(level, edges)
    return np.array([np.median(values[bins == number]) for number in range(1, len(edges))])


@pytest.fixture(scope="module")
def rat_like() -> AnnData:
    return Simulation(RATS).muscle()


def test_muscle_levels_have_the_quantiles_of_the_reference(reference_folder: Path, rat_like: AnnData) -> None:
    counts, groups, _ = _motrpac(reference_folder)
    level, _ = _moments(counts, groups)
    simulated, _ = _moments(*_baseline(rat_like))
    expressed, simulated = level[level > -1.5], simulated[simulated > -1.5]
    assert np.abs(np.quantile(simulated, QUANTILES) - np.quantile(expressed, QUANTILES)).max() < 0.35


def test_muscle_dispersions_follow_the_trend_of_the_reference(reference_folder: Path, rat_like: AnnData) -> None:
    counts, groups, _ = _motrpac(reference_folder)
    edges = np.arange(-1.0, 9.0)
    expected = _by_level(*_moments(counts, groups), edges)
    found = _by_level(*_moments(*_baseline(rat_like)), edges)
    assert np.abs(np.log2(found / expected)).max() < 0.4


def test_muscle_genes_scatter_around_the_trend_as_in_the_reference(reference_folder: Path, rat_like: AnnData) -> None:
    counts, groups, _ = _motrpac(reference_folder)
    spreads = []
    for values in (_moments(counts, groups), _moments(*_baseline(rat_like))):
        chosen = (values[0] > 3) & (values[0] < 6)
        spreads.append(np.quantile(values[1][chosen], [0.1, 0.5, 0.9]))
    np.testing.assert_allclose(spreads[1], spreads[0], rtol=0.4)


def test_oxidative_genes_move_together_as_in_the_reference(reference_folder: Path, rat_like: AnnData) -> None:
    counts, groups, symbols = _motrpac(reference_folder)
    program = gene_table()["program"]
    correlations = []
    for matrix, labels, names in (
        (counts, groups, symbols),
        (*_baseline(rat_like), rat_like.var_names.to_numpy()),
    ):
        level = np.log2((matrix + 0.5) / matrix.sum(axis=1, keepdims=True) * 1e6)
        member = (pd.Series(names).map(program) == "oxphos").to_numpy() & (level.mean(axis=0) > 1)
        level = level[:, member]
        for group in np.unique(labels):
            level[labels == group] -= level[labels == group].mean(axis=0)
        matrix_of_pairs = np.corrcoef(level.T)
        correlations.append(matrix_of_pairs[np.triu_indices(len(matrix_of_pairs), 1)].mean())
    assert correlations[1] == pytest.approx(correlations[0], abs=0.12)


def test_patients_vary_as_men_do(reference_folder: Path) -> None:
    counts = pd.read_csv(reference_folder / "exercise/ziemann_muscle_acute_counts.tsv.gz", sep="\t", index_col=0)
    before = counts.filter(regex="^PRE").to_numpy().T.astype(float)
    data = Simulation(TrialParameters(muscle_library_size=14.7e6, missing_fraction=0.0, batch_effect_sd=0.0)).muscle()
    simulated, sex = _baseline(data)
    edges = np.array([1.0, 2, 3, 4, 5, 6])
    expected = _by_level(*_moments(before, np.zeros(6)), edges) / 0.87  # median of a mean chi-square of 5
    assert np.abs(np.log2(_by_level(*_moments(simulated, sex), edges) / expected)).max() < 0.6


@pytest.fixture(scope="module")
def tumor() -> AnnData:
    return Simulation(TrialParameters(missing_fraction=0.0)).tumor()


def _cohort(reference_folder: Path, name: str) -> pd.DataFrame:
    tpm = pd.read_csv(reference_folder / f"tumor/ICBfull_{name}_expr.tsv.gz", sep="\t", index_col=0)
    return np.log2(tpm / tpm.sum() * 1e6 + 0.1).T


def _log2(data: AnnData) -> pd.DataFrame:
    rows = (data.obs["time_point"] == "baseline").to_numpy()
    return pd.DataFrame(np.log2(np.asarray(data.X)[rows] + 0.1), columns=data.var_names)


def test_tumor_levels_and_spreads_are_those_of_the_cohorts(reference_folder: Path, tumor: AnnData) -> None:
    kim, cho, simulated = _cohort(reference_folder, "Kim"), _cohort(reference_folder, "Cho"), _log2(tumor)
    shared = simulated.columns.intersection(kim.columns).intersection(cho.columns)
    level = (kim[shared].mean() + cho[shared].mean()) / 2
    assert len(shared) > 12_000
    assert np.corrcoef(level, simulated[shared].mean())[0, 1] > 0.97
    edges = np.array([2.0, 3, 4, 5, 6, 8])
    spread = np.sqrt((kim[shared].var() * 28 + cho[shared].var() * 15) / 43)
    expected = _by_level(level.to_numpy(), spread.to_numpy(), edges)
    found = _by_level(simulated[shared].mean().to_numpy(), simulated[shared].std().to_numpy(), edges)
    np.testing.assert_allclose(found, expected, rtol=0.25)


@pytest.mark.parametrize(
    ("pair", "at_least"),
    [
        (("COL1A1", "COL1A2"), 0.7),
        (("CD8A", "GZMA"), 0.6),
        (("CXCL9", "IFNG"), 0.5),
    ],
)
def test_tumor_genes_that_belong_together(
    reference_folder: Path, tumor: AnnData, pair: tuple[str, str], at_least: float
) -> None:
    simulated, kim = (
        _log2(tumor)[list(pair)].corr().iloc[0, 1],
        _cohort(reference_folder, "Kim")[list(pair)].corr().iloc[0, 1],
    )
    assert simulated > at_least
    assert kim > at_least


@pytest.mark.parametrize("program", ["proliferation", "interferon", "growth", "oxphos"])
def test_programs_of_the_tumor_move_together_as_in_the_cohorts(
    reference_folder: Path, tumor: AnnData, program: str
) -> None:
    kim, simulated = _cohort(reference_folder, "Kim"), _log2(tumor)
    table = gene_table()
    member = table.index[(table["program"] == program) & (table["tumor"] > 2)].intersection(kim.columns)
    means = []
    for frame in (kim, simulated):
        pairs = frame[member].corr().to_numpy()
        means.append(pairs[np.triu_indices(len(pairs), 1)].mean())
    assert means[1] == pytest.approx(means[0], abs=0.15)


def test_ev_mirnas_at_the_depth_and_noise_of_the_reference(reference_folder: Path) -> None:
    source = pd.read_csv(reference_folder / "exercise/Saiki2021_serumEV_miRNA_counts.tsv.gz", sep="\t", index_col=0)
    source = source.groupby(source.index.str.replace(r".*_", "", regex=True)).max()
    fitted = figures()["ev_mirna"]
    parameters = TrialParameters(
        ev_dispersion_ratio=1.0,
        ev_library_size=fitted["library_size_median"],
        library_size_log_sd=fitted["library_size_log_sd"],
        hemolysis_fraction=0.0,
        missing_fraction=0.0,
    )
    data = Simulation(parameters).ev_mirna()
    counts, _ = _baseline(data)
    simulated = pd.DataFrame(counts, columns=data.var_names)
    shared = simulated.columns.intersection(source.index[source.mean(axis=1) > 20])
    share = [np.log2(frame[shared].mean() / frame.sum(axis=1).mean()) for frame in (source.T, simulated)]
    assert np.corrcoef(*share)[0, 1] > 0.9
    absent = [float((frame[shared] == 0).mean().mean()) for frame in (source.T, simulated)]
    assert absent[1] == pytest.approx(absent[0], abs=0.15)
