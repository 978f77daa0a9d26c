"""Net benefit of a locked model at thresholds of the user and at its own, worked by hand, and nulls told as nulls."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.registry.locked_model import Baseline, LockedLinear, Part
from exomics.stats.net_benefit import net_benefit
from exomics.stratify.locking import predict
from exomics.validation import Resampling
from exomics.validation.locked import validate

ONE = np.ones(1)
SHARED = {
    "id": "m", "endpoint": "response", "cohort": "c", "scales": {"rna": "log2"}, "n_samples": 40, "n_events": 20,
    "features": ("CXCL9",), "part_of": ("all",), "fills": ONE, "means": 0.0 * ONE, "deviations": ONE,
}  # fmt: skip


def _of_two_classes() -> LockedLinear:
    return LockedLinear(
        **SHARED, classes=("N", "R"), parts=(Part("all", (0.0,)),), coefficients=np.ones((1, 1)), threshold=0.4,
        threshold_rule="chosen in training",
    )  # fmt: skip


def _of_survival() -> LockedLinear:
    return LockedLinear(
        **SHARED, event="died", link="log_hazard", baseline=Baseline((6.0, 12.0, 90.0), (0.3, 0.7, 3.0)),
        parts=(Part("all", (0.0,)),), coefficients=np.ones((1, 1)),
    )  # fmt: skip


def _cohort(seed: int, effect: float, n: int = 200) -> tuple[pd.DataFrame, pd.Series]:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=n)
    responds = generator.random(n) < 1.0 / (1.0 + np.exp(-effect * values))
    return pd.DataFrame({"CXCL9": values}), pd.Series(np.where(responds, "R", "N"))


def _benefits(
    model: LockedLinear, features: pd.DataFrame, outcome: pd.Series | pd.DataFrame, thresholds: Sequence[float]
) -> pd.DataFrame:
    """Rows of net benefit, by model and metric."""
    table = validate(
        model, features, outcome, scale="log2", cohort_id="elsewhere", thresholds=thresholds, resampling=Resampling(20)
    )
    frame = table.frame[table.frame["metric"].str.startswith("net_benefit")]
    return frame.set_index(["signature_id", "metric"])


def test_net_benefit_is_that_of_the_formula_at_the_thresholds_and_at_that_of_the_model() -> None:
    model, (features, outcome) = _of_two_classes(), _cohort(1, 1.0)
    rows = _benefits(model, features, outcome, [0.6, 0.2])
    events, risk = outcome == "R", predict(model, features).probability
    assert len(rows) == 9
    for cut in (0.2, 0.4, 0.6):
        acted, harm = risk >= cut, cut / (1.0 - cut)
        by_model = (acted & events).mean() - (acted & ~events).mean() * harm
        everybody = events.mean() - (~events).mean() * harm
        gain = rows.loc[("m", f"net_benefit_gain@{cut:g}")]
        assert rows.loc[("m", f"net_benefit@{cut:g}"), "estimate"] == pytest.approx(by_model, rel=1e-12)
        assert rows.loc[("treat_all", f"net_benefit@{cut:g}"), "estimate"] == pytest.approx(everybody, rel=1e-12)
        assert gain["estimate"] == pytest.approx(by_model - max(everybody, 0.0), rel=1e-12)
        assert gain["ci_low"] <= gain["estimate"] <= gain["ci_high"]
        assert gain["note"] == ("threshold of the model: chosen in training" if cut == 0.4 else "")
        assert (gain["role"], gain["n_samples"], gain["cohort_id"]) == ("external", 200, "elsewhere")


def test_acting_on_a_model_helps_where_it_knows_something_and_not_where_it_does_not() -> None:
    for seed, effect in ((2, 2.0), (3, 0.0)):
        gain = _benefits(_of_two_classes(), *_cohort(seed, effect), [0.5]).loc[("m", "net_benefit_gain@0.5")]
        assert gain["ci_low"] > 0.0 if effect else gain["ci_low"] < 0.0


def test_of_survival_the_risk_is_that_by_the_last_time_which_follow_up_reaches() -> None:
    model, generator = _of_survival(), np.random.default_rng(4)
    features = pd.DataFrame({"CXCL9": generator.normal(size=120)})
    waiting = generator.exponential(12.0 * np.exp(-features["CXCL9"]))
    stop = generator.uniform(8.0, 30.0, size=120)
    outcome = pd.DataFrame({"months": np.minimum(waiting, stop) + 0.01, "died": (waiting <= stop).astype(int)})
    rows = _benefits(model, features, outcome, [0.3])
    risk = predict(model, features).told[:, 1]
    expected = net_benefit(risk, outcome["died"], thresholds=[0.3, 0.5], time=outcome["months"], horizon=12.0)
    np.testing.assert_allclose(rows.loc["m"].loc[["net_benefit@0.3", "net_benefit@0.5"], "estimate"], expected.model)
    assert rows.loc[("treat_all", "net_benefit@0.3"), "estimate"] == pytest.approx(expected.everybody[0])
    assert rows.loc[("m", "net_benefit_gain@0.3"), "note"] == "by 12"
    assert (
        rows.loc[("m", "net_benefit_gain@0.5"), "note"]
        == "by 12; threshold of the model: one half, chosen before any result"
    )
    early = _benefits(model, features, outcome.assign(months=outcome["months"] / 100.0), [0.3])
    assert early["estimate"].isna().all()
    assert early["note"].str.startswith("too few samples").all()


def test_without_thresholds_there_is_no_such_row_and_few_samples_have_none() -> None:
    model, (features, outcome) = _of_two_classes(), _cohort(5, 1.0, n=12)
    assert _benefits(model, features, outcome, []).empty
    assert _benefits(model, features.iloc[:8], outcome.iloc[:8], [0.5])["estimate"].isna().all()


@pytest.mark.parametrize("cut", [0.0, 1.0, -0.2, np.nan, np.inf])
def test_thresholds_that_are_no_risks_are_refused(cut: float) -> None:
    with pytest.raises(InputError, match="thresholds are risks strictly between 0 and 1; got"):
        _benefits(_of_two_classes(), *_cohort(6, 1.0), [0.3, cut])


def test_several_classes_have_no_one_risk() -> None:
    model = LockedLinear(
        **SHARED, classes=("A", "B", "C"), link="softmax", parts=(Part("all", (0.0,) * 3),),
        coefficients=np.ones((1, 3)), threshold=None, threshold_rule="the likeliest class",
    )  # fmt: skip
    with pytest.raises(InputError, match="m tells 3 classes apart, and net benefit needs one risk"):
        _benefits(model, *_cohort(7, 1.0), [0.5])
