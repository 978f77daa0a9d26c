"""Planted effects are recovered, a null is reported as a null, and intervals hold the truth as often as they say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from exomics.datasets import load_table
from exomics.datasets.simulate import Simulation, TrialParameters, genes_of, simulate_trial
from exomics.datasets.simulate.cohort import recruit
from exomics.differential import fit
from exomics.errors import InputError
from exomics.preprocess import filter_by_expression, library_factors
from exomics.results import DifferentialTable, Provenance
from exomics.validation._trial_estimates import _variance_difference, _welch
from exomics.validation.recovery import COLUMNS, recover_embedded, recover_trial, recovery

TRAINING = "training=exercise_post"


def _differential(parameters: TrialParameters) -> tuple[DifferentialTable, pd.DataFrame]:
    simulation = Simulation(parameters)
    counts = library_factors(filter_by_expression(simulation.muscle(), group="time_point"))
    design = "~ subject_id + batch + post + exercise_post"
    table = fit(counts, design=design, contrasts=[TRAINING], method="limma_voom")
    return table, genes_of(simulation.truth().table(), "muscle_rna")


def _found(frame: pd.DataFrame) -> pd.Series:
    return frame.set_index("quantity")["found"]


def _table(rows: list[tuple[str, float, float, float]], contrast: str = "training") -> DifferentialTable:
    """Rows of feature, estimate, half width of its interval, adjusted p."""
    frame = pd.DataFrame(rows, columns=["feature_id", "log2_fold_change", "half", "adj_p_value"])
    frame = frame.assign(
        ci_low=frame["log2_fold_change"] - frame["half"],
        ci_high=frame["log2_fold_change"] + frame["half"],
        contrast=contrast,
        status="ok",
    ).reindex(columns=list(DifferentialTable.columns))
    return DifferentialTable(frame=frame, provenance=Provenance(method="by hand", parameters={}))


def test_every_number_of_a_table_made_by_hand() -> None:
    table = _table(
        [
            ("A", 1.1, 0.2, 0.01),  # planted up, found
            ("B", -0.9, 0.05, 0.01),  # planted down, found, interval misses
            ("C", 0.2, 0.5, 0.6),  # planted up, not found, interval misses
            ("D", 0.8, 0.3, 0.02),  # nothing planted, found, interval misses
            ("E", 0.0, 0.3, 0.9),  # nothing planted, not found
        ]
    )
    truth = pd.DataFrame({"feature_id": list("ABCZ"), "log2_fold_change": [1.0, -1.0, 1.0, 2.0]})
    result = recovery(table, truth)
    assert result.columns.tolist() == COLUMNS
    found = _found(result)
    assert result.set_index("quantity").loc["features raised by training", ["truth", "found"]].tolist() == [3, 2]
    assert result.set_index("quantity").loc["features lowered by training", ["truth", "found"]].tolist() == [1, 1]
    assert found["discoveries with the wrong sign"] == 0
    assert found["sensitivity"] == pytest.approx(2 / 3)
    assert found["false discovery proportion"] == pytest.approx(1 / 3)
    assert found["coverage of planted changes"] == pytest.approx(1 / 3)
    assert found["coverage where nothing changes"] == pytest.approx(1 / 2)
    assert found["slope of estimated on true log2 change"] == pytest.approx((1.1 + 0.9 + 0.2) / 3)


def test_wilson_interval_of_a_proportion() -> None:
    table = _table([(name, 1.0, 0.1, 0.01 if number < 8 else 0.9) for number, name in enumerate("ABCDEFGHIJ")])
    truth = pd.DataFrame({"feature_id": list("ABCDEFGHIJ"), "log2_fold_change": 1.0})
    row = recovery(table, truth).set_index("quantity").loc["sensitivity"]
    assert [row["found"], row["ci_low"], row["ci_high"]] == pytest.approx([0.8, 0.490162, 0.943318], abs=1e-6)


def test_a_null_is_reported_as_a_null() -> None:
    truth = pd.DataFrame({"feature_id": ["A", "B"], "log2_fold_change": [0.0, 0.0]})
    result = recovery(_table([("A", 0.1, 0.3, 0.9), ("B", -0.1, 0.3, 0.9)]), truth).set_index("quantity")
    assert "sensitivity" not in result.index
    assert result.loc["false discovery proportion", "found"] == 0
    assert "null result, and nothing planted" in result.loc["false discovery proportion", "note"]
    assert np.isnan(result.loc["slope of estimated on true log2 change", "found"])
    planted = pd.DataFrame({"feature_id": ["A", "B"], "log2_fold_change": [1.0, 0.0]})
    missed = recovery(_table([("A", 0.1, 0.3, 0.9), ("B", -0.1, 0.3, 0.9)]), planted).set_index("quantity")
    assert "although effects were planted" in missed.loc["false discovery proportion", "note"]
    assert missed.loc["sensitivity", "found"] == 0


def test_the_contrast_must_be_clear() -> None:
    one, two = _table([("A", 1.0, 0.1, 0.01)], "men"), _table([("A", 0.5, 0.1, 0.01)], "women")
    both = DifferentialTable(frame=pd.concat([one.frame, two.frame]), provenance=one.provenance)
    truth = pd.DataFrame({"feature_id": ["A"], "log2_fold_change": [1.0]})
    with pytest.raises(InputError, match="2 contrasts"):
        recovery(both, truth)
    with pytest.raises(InputError, match="no contrast 'all'"):
        recovery(both, truth, contrast="all")
    assert _found(recovery(both, truth, contrast="women"))["slope of estimated on true log2 change"] == 0.5
    with pytest.raises(InputError, match="no feature"):
        recovery(one, truth.assign(feature_id="B"))


def test_planted_muscle_effects_are_recovered() -> None:
    found = _found(recovery(*_differential(TrialParameters(seed=1))))
    assert found["sensitivity"] > 0.5
    assert found["false discovery proportion"] < 0.12
    assert found["slope of estimated on true log2 change"] == pytest.approx(1.0, abs=0.08)
    assert found["coverage of planted changes"] == pytest.approx(0.95, abs=0.04)
    assert found["coverage where nothing changes"] == pytest.approx(0.95, abs=0.03)
    assert found["discoveries with the wrong sign"] == 0


def test_no_effect_no_discoveries() -> None:
    nothing = TrialParameters(n_per_arm=15, muscle_up=0, muscle_down=0)
    discoveries = []
    for seed in range(1, 6):
        found = _found(recovery(*_differential(replace(nothing, seed=seed))))
        discoveries.append(found["features raised by training"] + found["features lowered by training"])
    assert sum(number > 0 for number in discoveries) <= 1
    assert sum(discoveries) <= 10


def test_an_arm_blind_change_is_no_effect_of_training() -> None:
    _, truth = _differential(TrialParameters(n_per_arm=4, muscle_up=0, muscle_down=0, period_effect_sd=2.0))
    assert (truth["log2_fold_change"] == 0).all()
    simulation = Simulation(TrialParameters(muscle_up=0, muscle_down=0, period_effect_sd=1.0))
    counts = library_factors(filter_by_expression(simulation.muscle(), group="time_point"))
    blind = fit(counts, design="~ subject_id + post", contrasts=["post"], method="limma_voom").frame
    honest = fit(counts, design="~ subject_id + post + exercise_post", contrasts=[TRAINING], method="limma_voom").frame
    assert (blind["adj_p_value"] < 0.05).sum() > 100
    assert (honest["adj_p_value"] < 0.05).sum() <= 5


def _recovered(parameters: TrialParameters) -> pd.DataFrame:
    trial = Simulation(parameters)
    return recover_trial(
        ev_mirna=trial.ev_mirna(), tumor=trial.tumor(), subjects=trial.subjects(), truth=trial.truth().table()
    ).set_index("quantity")


def test_a_large_trial_shows_what_was_planted() -> None:
    rows = _recovered(TrialParameters(n_per_arm=350, seed=8))
    inside = (rows["ci_low"] <= rows["truth"]) & (rows["truth"] <= rows["ci_high"])
    assert len(rows) == 14
    assert inside.sum() >= 12
    for quantity in (
        "EV miR-29a-3p, change by training",
        "collagen I in tumor, change by training",
        "VO2peak, net mean change",
        "VO2peak, SD of the individual response (signed)",
        "overall survival, log hazard ratio of CXCL9",
        "overall survival, log hazard ratio of SLC2A1 x exercise",
    ):
        assert rows.loc[quantity, "ci_low"] * rows.loc[quantity, "ci_high"] > 0, quantity


def test_a_broken_chain_shows_no_change_in_the_tumor() -> None:
    rows = _recovered(TrialParameters(n_per_arm=300, seed=8, ev_mir29a_rise=0.0))
    for quantity in ("EV miR-29a-3p", "collagen I in tumor", "CD8A and CD8B in tumor"):
        row = rows.loc[f"{quantity}, change by training"]
        assert row["truth"] == pytest.approx(0, abs=1e-12)
        assert row["ci_low"] < 0 < row["ci_high"]
        assert "no evidence of an effect" in row["note"]


def test_a_marker_that_is_only_prognostic_has_no_interaction() -> None:
    parameters = TrialParameters(
        n_per_arm=300, seed=4, prognostic_markers={"CXCL9": -0.6}, predictive_markers={"CXCL9": 0.0}
    )
    rows = _recovered(parameters)
    assert rows.loc["overall survival, log hazard ratio of CXCL9", "ci_high"] < 0
    interaction = rows.loc["overall survival, log hazard ratio of CXCL9 x exercise"]
    assert interaction["ci_low"] < 0 < interaction["ci_high"]


def _changes(**knobs: Any) -> tuple[np.ndarray, np.ndarray]:
    cohort = recruit(TrialParameters(dropout_fraction=0.0, **knobs))
    change = cohort.post_tests[0] - cohort.baseline_tests.mean(axis=0)
    return change[cohort.exercise], change[~cohort.exercise]


def test_no_heterogeneity_is_not_shown_where_there_is_none() -> None:
    verdicts = [_variance_difference(*_changes(seed=seed, response_heterogeneity_sd=0.0)) for seed in range(300)]
    covers = [low < 0 < high for _, low, high in verdicts]
    assert np.mean(covers) > 0.92
    negative = np.mean([value < 0 for value, _, _ in verdicts])
    assert negative == pytest.approx(0.5, abs=0.1)


def test_intervals_of_trial_estimates_cover_as_they_say() -> None:
    net, spread = [], []
    for seed in range(300):
        changes = _changes(seed=seed, n_per_arm=60, response_heterogeneity_sd=1.5)
        _, low, high = _welch(*changes)
        net.append(low <= 2.5 <= high)
        _, low, high = _variance_difference(*changes)
        spread.append(low <= 2.25 <= high)
    assert np.mean(net) == pytest.approx(0.95, abs=0.035)
    assert np.mean(spread) == pytest.approx(0.95, abs=0.04)


def test_a_trial_too_small_to_estimate_says_so() -> None:
    trial = simulate_trial(TrialParameters(n_per_arm=5))
    one_patient = (trial.ev_mirna.obs["subject_id"] == "P001").to_numpy()
    rows = recover_trial(
        ev_mirna=trial.ev_mirna[one_patient].copy(),
        tumor=trial.tumor,
        subjects=trial.subjects,
        truth=trial.truth.table(),
    ).set_index("quantity")
    assert np.isnan(rows.loc["EV miR-29a-3p, change by training", "found"])
    assert rows["note"].str.len().gt(0).all()


def test_the_registered_study_and_no_other_truth() -> None:
    table, _ = _differential(TrialParameters())
    truth = load_table("embedded_truth")
    result = recover_embedded(table, truth)
    assert result["quantity"].is_unique
    assert {"sensitivity", "VO2peak, net mean change"} <= set(result["quantity"])
    with pytest.raises(InputError, match="registered"):
        recover_embedded(table, simulate_trial(TrialParameters(n_per_arm=30, seed=2)).truth.table())
    with pytest.raises(InputError, match="lacks"):
        recover_trial(ev_mirna=None, tumor=None, subjects=pd.DataFrame(), truth=truth.drop(columns="value"))
