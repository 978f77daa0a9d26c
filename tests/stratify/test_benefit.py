"""Who benefits: modifiers are found, prognosis is called prognosis, and nothing is dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from exomics.errors import UserError
from exomics.stratify import TrialColumns, benefit, treatment_scores


def _columns(**options: Any) -> TrialColumns:
    return TrialColumns(**{"endpoint": "gain", "arm": "arm", "control": "usual_care", **options})


NAMES = [f"s{number:03d}" for number in range(400)]


@pytest.fixture(scope="module")
def trial() -> tuple[pd.DataFrame, pd.DataFrame]:
    """100 markers: the first modifies the benefit, the next two are prognostic, the rest are noise, one is constant."""
    generator = np.random.default_rng(1)
    values = generator.normal(size=(400, 100))
    values[:, 99] = 1.0
    arm = np.tile([0, 1], 200)
    signal = 0.9 * values[:, 0] * arm + 0.8 * values[:, 1] - 0.8 * values[:, 2]
    sheet = pd.DataFrame(
        {
            "subject_id": NAMES,
            "arm": np.where(arm, "exercise", "usual_care"),
            "age": generator.normal(60, 8, 400),
            "gain": signal + generator.normal(size=400),
            "response": np.where(generator.random(400) < 1 / (1 + np.exp(-2 * signal)), "responder", "non_responder"),
            "os_time_months": generator.exponential(20 * np.exp(-signal)) + 0.1,
            "os_event": (generator.random(400) < 0.8).astype(int),
        },
        index=NAMES,
    )
    return pd.DataFrame(values, index=NAMES, columns=[f"g{number}" for number in range(100)]), sheet


@pytest.mark.parametrize(("endpoint", "model"), [("gain", "linear"), ("response", "logistic"), ("os", "cox")])
def test_only_the_modifier_is_predictive(endpoint: str, model: str, trial: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    markers, sheet = trial
    frame = benefit(markers, sheet, _columns(endpoint=endpoint, covariates=("age",))).frame
    assert len(frame) == 100
    assert set(frame["model"]) == {model}
    predictive = frame.loc[frame["verdict"] == "predictive", "marker"].tolist()
    assert predictive[0] == "g0"
    assert len(predictive) <= 2  # a false discovery rate of 0.05 lets one in now and then
    assert not {"g1", "g2"} & set(predictive)
    assert {"g1", "g2"} <= set(frame.loc[frame["verdict"] == "prognostic", "marker"])
    assert (frame["verdict"] == "no evidence").sum() > 90
    last = frame.iloc[99]
    assert (last["verdict"], last["note"]) == ("not estimated", "the marker does not vary")
    assert frame.loc[0, "ci_low"] < frame.loc[0, "interaction"] < frame.loc[0, "ci_high"]
    shrunken = (frame["shrunken_interaction"] / frame["interaction"]).iloc[:99]
    assert ((shrunken > 0.0) & (shrunken < 1.0)).all()
    assert shrunken[0] > 0.6 > 0.4 > shrunken[1:].median()
    few = benefit(markers.iloc[:, :3], sheet, _columns(endpoint=endpoint)).frame
    assert few["shrunken_interaction"].isna().all()


def test_shuffled_arms_find_no_modifier(trial: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    markers, sheet = trial
    shuffled = sheet.assign(arm=np.random.default_rng(2).permutation(sheet["arm"].to_numpy()))
    frame = benefit(markers, shuffled, _columns()).frame
    assert (frame["verdict"] == "predictive").sum() == 0
    assert {"g1", "g2"} <= set(frame.loc[frame["verdict"] == "prognostic", "marker"])


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ({"time_point": "post"}, {}, "400 samples were taken at post"),
        ({}, {"randomized": False}, "confounding is possible"),
    ],
)
def test_a_design_that_supports_no_claim_makes_none(
    change: dict[str, Any], options: dict[str, Any], said: str, trial: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    markers, sheet = trial
    found = benefit(markers, sheet.assign(**change), _columns(**options))
    assert found.frame.loc[0, "verdict"] == "interaction only"
    assert "predictive" not in set(found.frame["verdict"])
    assert found.frame["note"].str.contains(said).all()
    assert said in found.provenance.notes[0]


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"arm": "exercise"}, {}, "two levels"),
        ({"subject_id": "p1"}, {}, "p1 is in both arms"),
        ({"subject_id": [f"p{number % 200}" for number in range(400)]}, {}, "p0 comes twice"),
        ({}, {"endpoint": "dfs"}, "no column 'dfs'"),
        ({}, {"covariates": ("bmi",)}, "no column 'bmi'"),
        ({"gain": "high"}, {}, "two values with"),
        ({"arm": [None, *["exercise", "usual_care"] * 199, "exercise"]}, {}, "1 samples have no arm"),
        ({"age": "old"}, {"covariates": ("age",)}, "age holds 'old'"),
        ({"os_time_months": 0.0}, {"endpoint": "os"}, "400 times of os are 0 or less"),
        ({"os_event": 0}, {"endpoint": "os"}, "all 400 patients are censored"),
        ({"os_event": 2}, {"endpoint": "os"}, "os_event must be 1 for an event"),
        ({"os_time_months": np.inf}, {"endpoint": "os"}, "os_time_months holds 'inf'"),
    ],
)
def test_bad_trials_are_refused(
    change: dict[str, Any], options: dict[str, Any], message: str, trial: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    markers, sheet = trial
    with pytest.raises(UserError, match=message):
        benefit(markers, sheet.assign(**change), _columns(**options))
    with pytest.raises(UserError, match="rate must lie between 0 and 1"):
        benefit(markers, sheet, _columns(), level=2.0)
    with pytest.raises(UserError, match="share no sample"):
        benefit(markers.add_prefix("x", axis=0), sheet, _columns())


@pytest.mark.parametrize(
    ("endpoint", "copied", "message"),
    [
        ("gain", lambda sheet: -np.exp(sheet["gain"]), "'leak' is a copy of the outcome: both have the same order"),
        ("response", lambda sheet: 3.0 * (sheet["response"] == "responder"), "'leak' is a copy of the outcome"),
        ("os", lambda sheet: sheet["os_time_months"] + 7.0, "'leak' is a copy of the time"),
        ("os", lambda sheet: sheet["os_event"], "'leak' is a copy of the outcome"),
        ("gain", lambda sheet: np.where(sheet["age"] > 60, np.inf, sheet["age"]), "'leak' has an endless value"),
        ("gain", lambda sheet: sheet["arm"], "'leak' is no number"),
    ],
)
def test_markers_that_are_the_outcome_or_no_numbers_are_refused(
    endpoint: str, copied: Callable[[pd.DataFrame], Any], message: str, trial: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    markers, sheet = trial
    leaking = markers.iloc[:, :3].assign(leak=copied(sheet))
    for verb in (benefit, treatment_scores):
        with pytest.raises(UserError, match=message):
            verb(leaking, sheet, _columns(endpoint=endpoint))


@pytest.mark.parametrize("endpoint", ["gain", "response", "os"])
def test_p_values_of_a_thousand_markers_hold_their_level_beside_prognosis(
    endpoint: str, trial: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    """Markers that correlate with prognostic ones (0.5), arms at random: 5 % are below 0.05, and none is predictive."""
    markers, sheet = trial
    generator = np.random.default_rng(3)
    noise = generator.normal(size=(400, 1000))
    noise[:, :500] = 0.5 * markers[["g1"]].to_numpy() + np.sqrt(0.75) * noise[:, :500]
    arm = generator.permutation(sheet["arm"].to_numpy())
    frame = benefit(pd.DataFrame(noise, NAMES), sheet.assign(arm=arm), _columns(endpoint=endpoint)).frame
    assert (frame["p_value"] < 0.05).mean() == pytest.approx(0.05, abs=0.03)
    assert "predictive" not in set(frame["verdict"])
    assert (frame["verdict"].iloc[:500] == "prognostic").mean() > 0.5
