"""miRNA or stroma: planted fibroblasts, planted repression, and what the gastrocnemius of rats shows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exomics.datasets import fetch, load, published_differential
from exomics.enrichment import GeneSets, NonTargets, enrich, mirna_verdict
from exomics.errors import InputError
from exomics.harmonize import TissueRestrictedWarning, load_orthologs
from exomics.registry import load_signature
from exomics.results import DifferentialTable, Provenance
from exomics.stats.survival import cox_regression

MATRIX = load_signature("ev.mir29_ecm").features("up")
OTHER = load_signature("ev.mir29_nonecm").features("up")
GENES = [*MATRIX, *OTHER, *(f"STROMA{i}" for i in range(20)), *(f"G{i:04d}" for i in range(1500))]
N = 60


def study(
    *, dilution: float = 0.0, repression: float = 0.0, seed: int = 1
) -> tuple[DifferentialTable, DifferentialTable]:
    """Log2 values of two arms: fibroblasts carry the matrix genes, the miRNA all targets; unadjusted and adjusted."""
    rng = np.random.default_rng(seed)
    trained = np.repeat([0.0, 1.0], N // 2)
    fibroblasts = rng.normal(0, 0.6, N) + dilution * trained
    values = rng.normal(0, 0.5, (N, len(GENES)))
    values[:, : len(MATRIX)] += fibroblasts[:, None]
    values[:, len(MATRIX) + len(OTHER) : len(MATRIX) + len(OTHER) + 20] += fibroblasts[:, None]
    values[:, : len(MATRIX) + len(OTHER)] += repression * trained[:, None]
    stroma = values[:, len(MATRIX) + len(OTHER) : len(MATRIX) + len(OTHER) + 20].mean(axis=1)
    level = rng.normal(5, 2, len(GENES))
    return tuple(differential(values, level, design) for design in (  # type: ignore[return-value]
        np.column_stack([trained, np.ones(N)]), np.column_stack([trained, np.ones(N), stroma])))  # fmt: skip


def differential(values: np.ndarray, level: np.ndarray, design: np.ndarray) -> DifferentialTable:
    inverse = np.linalg.inv(design.T @ design)
    b = inverse @ design.T @ values
    df = N - design.shape[1]
    error = np.sqrt(((values - design @ b) ** 2).sum(axis=0) / df * inverse[0, 0])
    frame = pd.DataFrame({"feature_id": GENES, "feature_name": GENES, "contrast": "trained", "log2_fold_change": b[0],
                          "mean_expression": level, "test": "t", "statistic": b[0] / error, "degrees_of_freedom": df,
                          "p_value": 0.5, "family": "trained", "status": "ok"})  # fmt: skip
    return DifferentialTable(frame.reindex(columns=list(DifferentialTable.columns)), Provenance(method="made"))


def verdicts(*tables: DifferentialTable) -> dict[str, str]:
    found = mirna_verdict(tables[0], MATRIX, OTHER, adjusted=tables[1], non_targets=NonTargets(300)).frame
    assert (found.groupby("model")["verdict"].nunique() == 1).all()
    return dict(zip(found["model"], found["verdict"], strict=True))


def test_fewer_fibroblasts_move_the_matrix_alone_and_adjustment_takes_it_out() -> None:
    told = verdicts(*study(dilution=-1.0))
    assert told["unadjusted"] == "matrix targets alone fall: stroma, not miRNA"
    assert told["adjusted"] == "no evidence of a change in activity"


def test_repression_moves_both_sets_also_when_adjusted() -> None:
    told = verdicts(*study(repression=-0.4))
    assert told == dict.fromkeys(("unadjusted", "adjusted"), "both sets of targets fall: activity up")


def test_repression_is_found_beneath_more_fibroblasts() -> None:
    told = verdicts(*study(repression=-0.4, dilution=0.4))
    assert told["adjusted"] == "both sets of targets fall: activity up"


def test_without_any_effect_there_is_no_evidence_in_most_studies() -> None:
    told = [verdicts(*study(seed=seed))["adjusted"] for seed in range(20)]
    assert told.count("no evidence of a change in activity") >= 17
    assert "both sets of targets fall: activity up" not in told


def shifted(matrix: float, other: float, change: float = -0.4) -> str:
    """The verdict where the statistics of the targets are shifted by so much, on the noise of one seed."""
    table, _ = study()
    is_matrix, is_other = (np.isin(GENES, names) for names in (MATRIX, OTHER))
    t = np.random.default_rng(11).normal(size=len(GENES))
    t[is_matrix] = matrix + np.linspace(-1, 1, is_matrix.sum())
    t[is_other] = other + np.linspace(-1, 1, is_other.sum())
    frame = table.frame.assign(statistic=t, log2_fold_change=change)
    found = mirna_verdict(DifferentialTable(frame, table.provenance), MATRIX, OTHER, non_targets=NonTargets(300)).frame
    assert found["p_value_difference"].nunique() == 1
    return str(found["verdict"].iloc[0])


def test_one_set_significant_and_the_other_not_is_no_difference() -> None:
    """Both fall; the smaller set misses its level by little. That is no stroma, and nothing else either."""
    assert shifted(-1.1, -0.9) == "matrix targets alone fall, but the two sets do not differ: no claim"
    assert shifted(1.1, 0.9) == "matrix targets alone rise, but the two sets do not differ: no claim"
    assert shifted(-2.0, 0.3) == "matrix targets alone fall: stroma, not miRNA"


def test_a_change_that_no_mirna_makes_is_no_activity() -> None:
    assert shifted(-3.0, -3.0) == "both sets of targets fall: activity up"
    assert shifted(-3.0, -3.0, change=-2.5) == "both sets of targets fall by too much for a miRNA: no claim"


def test_too_few_targets_give_no_verdict() -> None:
    table, _ = study()
    few = table.frame[~table.frame["feature_name"].isin(OTHER[:5])]
    found = mirna_verdict(DifferentialTable(few, table.provenance), MATRIX, OTHER, non_targets=NonTargets(50))
    assert found.frame["status"].tolist() == ["ok", "below_floor"]
    assert found.frame["verdict"].str.startswith("no verdict").all()
    assert found.frame.loc[1, ["statistic", "p_value", "empirical_p_value"]].isna().all()
    assert "not adjusted for stroma" in found.provenance.notes[1]


def test_non_targets_of_the_same_length_take_out_an_effect_of_length() -> None:
    """Long transcripts fall, by whatever cause, and targets are long: matched on length nothing is left."""
    rng = np.random.default_rng(5)
    table, _ = study()
    is_target = np.isin(GENES, [*MATRIX, *OTHER])
    is_long = is_target | (rng.random(len(GENES)) < 0.3)
    moved = table.frame.assign(statistic=rng.normal(size=len(GENES)) - 2.0 * is_long)
    given = DifferentialTable(moved, table.provenance)
    lengths = dict(zip(GENES, np.where(is_long, 5000.0, 500.0) + rng.random(len(GENES)), strict=True))
    plain, matched = (
        mirna_verdict(given, MATRIX, OTHER, non_targets=NonTargets(300, 1, known)) for known in (None, lengths)
    )
    assert (plain.frame["empirical_p_value"] < 0.01).all()
    assert (matched.frame["empirical_p_value"] > 0.05).all()
    assert "not on 3' UTR length: no table was given" in plain.provenance.notes[0]
    assert "thirds of 3' UTR length (36 of 36 targets have a length)" in matched.provenance.notes[0]


def test_a_repression_is_found_with_lengths_too_and_unknown_lengths_are_a_class_of_their_own() -> None:
    rng = np.random.default_rng(6)
    table, _ = study(repression=-0.8)
    known = {name: float(length) for name, length in zip(GENES, rng.integers(100, 9000, len(GENES)), strict=True)}
    known = {name: length for name, length in known.items() if not name.endswith("3")}
    found = mirna_verdict(table, MATRIX, OTHER, non_targets=NonTargets(300, 1, known))
    assert set(found.frame["verdict"]) == {"both sets of targets fall: activity up"}
    n_known = sum(name in known for name in [*MATRIX, *OTHER])
    assert f"({n_known} of 36 targets have a length)" in found.provenance.notes[0]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_targets_without_a_statistic_are_not_called_absent(value: float) -> None:
    table, _ = study()
    blank = DifferentialTable(table.frame.assign(statistic=value), table.provenance)
    with pytest.raises(InputError, match="has a finite statistic"):
        mirna_verdict(blank, MATRIX, OTHER)


def test_what_does_not_fit_is_refused() -> None:
    table, _ = study()
    with pytest.raises(InputError, match="COL3A1 stand in both"):
        mirna_verdict(table, MATRIX, [*OTHER, "COL3A1"])
    rat = DifferentialTable(
        table.frame.assign(feature_name=table.frame["feature_name"].str.capitalize()), table.provenance
    )
    with pytest.raises(
        InputError, match="none of 36 targets is in the table: they have names such as COL3A1, its genes"
    ):
        mirna_verdict(rat, MATRIX, OTHER)
    renamed = DifferentialTable(table.frame.assign(contrast="other"), table.provenance)
    with pytest.raises(InputError, match="no contrast 'trained'"):
        mirna_verdict(table, MATRIX, OTHER, adjusted=renamed)


@pytest.mark.real_data
def test_gastrocnemius_is_no_proxy_for_delivery(from_mirror: None) -> None:
    """Signature spec, R7: t = +7.1 in males at eight weeks, another sign elsewhere; p hangs on correlation."""
    frame = published_differential(fetch("motrpac_gn_rna")["published"], "trained_vs_SED").drop(columns="z")
    table = DifferentialTable(frame, Provenance(method="published"))
    with pytest.warns(TissueRestrictedWarning):
        orthologs = load_orthologs("rat", dataset="ref_rat_to_human")
    members = tuple(name for name in MATRIX if name != "COL10A1") + ("BMP1", "ELN")
    found = enrich(
        table, GeneSets("matrix", {"mir29": members}), method="mirna_activity", mapping=orthologs,
        parameters={"rank_by": "statistic"},
    ).frame  # fmt: skip
    plain = found[found["inter_gene_correlation"] == 0].set_index("contrast")["statistic"]
    males = found[found["contrast"] == "M_8W - M_SED"].set_index("inter_gene_correlation")["p_value"]
    assert round(plain["M_8W - M_SED"], 1) == 7.1
    assert plain.min() < 0
    assert males[0.0] < 1e-11
    assert 0.003 < males[0.2] < 0.02
    both = mirna_verdict(table, members, OTHER, mapping=orthologs, non_targets=NonTargets(300))
    told = both.frame.set_index("contrast")["verdict"]
    assert "activity up" not in told["M_8W - M_SED"].iloc[0]


@pytest.mark.real_data
def test_measured_mir29a_and_survival_in_adrenocortical_carcinoma(from_mirror: None) -> None:
    """80 patients, 29 deaths: the recorded log hazard ratio per SD of log2(count + 1). A precursor: no activity."""
    measured = load("tcga_acc_mini").mod["smallrna"]
    level = np.log2(np.asarray(measured[:, "hsa-mir-29a"].X, dtype=float).ravel() + 1)
    found = cox_regression(
        (level - level.mean()) / level.std(ddof=1), measured.obs["os_time_months"], measured.obs["os_event"]
    )
    assert (found.n_samples, found.n_events) == (80, 29)
    assert round(float(found.log_hazard_ratio[0]), 4) == -0.4706
    assert round(float(found.p_value[0]), 5) == 0.00284
