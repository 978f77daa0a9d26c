"""Marker-by-arm interactions: R's models, planted truth both ways, and what cannot be fitted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.stats.interactions import INTERACTION_STATUS, interaction_screen

EXPECTED = Path(__file__).parents[1] / "parity" / "interactions" / "expected"
COMPARED = (
    "interaction", "standard_error", "p_value", "in_control", "in_control_error", "in_treated", "in_treated_error",
)  # fmt: skip


def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(EXPECTED / name, sep="\t", float_precision="round_trip")


@pytest.mark.parametrize("adjusted", [False, True])
@pytest.mark.parametrize(
    ("family", "columns"), [("linear", "change"), ("logistic", "response"), ("cox", ["time", "event"])]
)
def test_models_equal_those_of_r(family: Any, columns: Any, adjusted: bool) -> None:
    inputs, frozen = _read("inputs.tsv"), _read("interactions.tsv")
    frozen = frozen[(frozen["family"] == family) & (frozen["adjusted"] == adjusted)]
    markers = inputs[["m1", "m2", "m3", "m4"]].to_numpy()
    covariates = inputs[["age"]] if adjusted else None
    found = interaction_screen(markers, inputs["arm"], inputs[columns], family=family, covariates=covariates)
    assert found.n_samples.tolist() == [80, 79, 80, 80]
    for name in COMPARED:
        np.testing.assert_allclose(getattr(found, name), frozen[name], rtol=1e-6, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("family", ["linear", "logistic", "cox"])
def test_a_prognostic_marker_has_no_interaction_and_a_modifier_has(family: Any) -> None:
    generator = np.random.default_rng(2)
    p_values = []
    for _ in range(60):
        markers, arm = generator.normal(size=(300, 2)), np.tile([0.0, 1.0], 150)
        signal = 1.2 * markers[:, 0] * arm + markers[:, 1]
        outcomes = {
            "linear": signal + generator.normal(size=300),
            "logistic": (generator.random(300) < 1 / (1 + np.exp(-signal))).astype(float),
            "cox": np.column_stack([generator.exponential(np.exp(-signal)), np.ones(300)]),
        }
        p_values.append(interaction_screen(markers, arm, outcomes[family], family=family).p_value)
    modifier, prognostic = np.array(p_values).T
    assert np.mean(modifier < 0.05) > 0.9
    assert np.mean(prognostic < 0.05) < 0.15


def test_order_and_scale_do_not_matter() -> None:
    generator = np.random.default_rng(3)
    markers, arm, outcome = generator.normal(size=(60, 3)), np.tile([0, 1], 30), generator.normal(size=60)
    plain = interaction_screen(markers, arm, outcome, family="linear")
    order = generator.permutation(60)
    other = interaction_screen(markers[order][:, ::-1] * 7 + 2, arm[order], outcome[order], family="linear")
    np.testing.assert_allclose(other.interaction[::-1], plain.interaction)
    np.testing.assert_allclose(other.p_value[::-1], plain.p_value)


def test_what_cannot_be_fitted_has_a_status() -> None:
    generator = np.random.default_rng(4)
    arm = np.tile([0.0, 1.0], 20)
    markers = np.column_stack([generator.normal(size=40), np.full(40, 3.0), generator.normal(size=40)])
    markers[5:, 2] = np.nan
    outcome = (markers[:, 0] > 0).astype(float)
    found = interaction_screen(markers, arm, outcome, family="logistic")
    assert [INTERACTION_STATUS[code] for code in found.status] == ["not_converged", "constant", "too_few"]
    assert np.isnan(found.p_value).all()


@pytest.mark.parametrize(("family", "value"), [("logistic", 0.0), ("logistic", 1.0), ("cox", 0.0), ("cox", 1.0)])
def test_an_arm_of_one_outcome_is_no_fault_of_the_marker(family: Any, value: float) -> None:
    """Where times tell patients apart, an arm in which all have the event is as good as any."""
    generator = np.random.default_rng(6)
    arm, marker, time = np.tile([0.0, 1.0], 30), generator.normal(size=60), generator.exponential(9.0, 60)
    event = np.where(arm == 1.0, value, np.tile([0.0, 0.0, 1.0, 1.0], 15))
    outcome = np.column_stack([time, event]) if family == "cox" else event
    found = interaction_screen(marker, arm, outcome, family=family)
    is_fitted = (family, value) == ("cox", 1.0)
    assert INTERACTION_STATUS[found.status[0]] == ("fitted" if is_fitted else "one_outcome")
    assert np.isfinite(found.interaction[0]) == is_fitted


@pytest.mark.parametrize(
    ("arm", "outcome", "options", "message"),
    [
        ([0, 1, 2], [1, 2, 3], {"family": "linear"}, "1 \\(treated\\) or 0"),
        ([0, 1], [1, 2, 3], {"family": "linear"}, "one entry per row"),
        ([0, 1, 0], [1, 2, 3], {"family": "logistic"}, "0 or 1"),
        ([0, 1, 0], [1, 2, 3], {"family": "poisson"}, "family"),
        ([0, 1, 0], [[1, 2], [2, 1], [3, 0]], {"family": "cox"}, "must be 1"),
    ],
)
def test_bad_input_is_refused(arm: Any, outcome: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        interaction_screen([1.0, 2.0, 3.0], arm, outcome, **options)
