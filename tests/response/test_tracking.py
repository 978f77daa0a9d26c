"""Serial samples of a person (Q17): changes within variation are not called, real ones are, at the stated rate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.response import Variation, track
from exomics.stats.reference_change import false_alarm_rate, reference_change, series_quantile, within_person_cv

VARIATION = Variation(analytical_cv=0.08, biological_cv=0.15)


def serial(n: int, weeks: int, *, rise: float = 0.0, n_baseline: int = 1, seed: int = 0) -> pd.DataFrame:
    """`n` persons with `n_baseline` samples before and one a week; the second half of the weeks rises by `rise`."""
    rng = np.random.default_rng(seed)
    times = np.concatenate([-np.arange(n_baseline)[::-1], np.arange(1, weeks + 1)]).astype(float)
    log_sd = np.sqrt(np.log1p(VARIATION.analytical_cv**2) + np.log1p(VARIATION.biological_cv**2))
    level = rng.normal(3.0, 0.5, (n, 1)) + np.where(times > weeks / 2, np.log1p(rise), 0.0)
    values = np.exp(level + log_sd * rng.normal(size=(n, len(times))))
    return pd.DataFrame(
        {
            "subject_id": np.repeat([f"p{i:04d}" for i in range(n)], len(times)),
            "time": np.tile(times, n),
            "value": values.ravel(),
        }
    )


@pytest.mark.parametrize("n_baseline", [1, 3])
def test_within_noise_changes_are_not_called(n_baseline: int) -> None:
    rows = track(serial(600, 12, n_baseline=n_baseline), variation=VARIATION).frame
    called = rows["call"].ne("within_variation").groupby(rows["subject_id"]).any()
    assert called.mean() == pytest.approx(0.05, abs=0.02)
    assert len(rows) == 600 * 12


def test_a_real_rise_is_called_and_more_baselines_find_more() -> None:
    found = []
    for n_baseline in (1, 3):
        rows = track(serial(200, 12, rise=1.0, n_baseline=n_baseline), variation=VARIATION).frame
        late = rows[rows["time"] > 6]
        assert (late["call"] == "fall").sum() == 0
        found.append(late["call"].eq("rise").groupby(late["subject_id"]).any().mean())
    assert 0.8 < found[0] < found[1]


def test_twelve_looks_at_a_single_limit_raise_the_false_alarms() -> None:
    rng = np.random.default_rng(1)
    baseline, looks = rng.normal(size=(20000, 1)), rng.normal(size=(20000, 12))
    standardized = (looks - baseline) / 2**0.5
    drawn = (np.abs(standardized) > 1.96).any(axis=1).mean()
    assert false_alarm_rate(1.96, n_follow_ups=12) == pytest.approx(drawn, abs=0.01)
    assert drawn > 0.25
    assert false_alarm_rate(series_quantile(0.1, n_follow_ups=5, n_baseline=2), n_follow_ups=5, n_baseline=2) == (
        pytest.approx(0.1, abs=1e-9)
    )


def test_the_limits_are_those_of_the_logarithm() -> None:
    found = reference_change(0.0, 0.2)
    assert (1.0 + found.low) * (1.0 + found.high) == pytest.approx(1.0)
    small = reference_change(0.006, 0.008)
    assert small.high == pytest.approx(1.959964 * 2**0.5 * 0.01, rel=0.02)  # the customary formula, for small variation


def test_the_variation_is_found_from_serial_samples() -> None:
    values = serial(300, 5).pivot(index="subject_id", columns="time", values="value").to_numpy()
    both = np.sqrt((1.0 + VARIATION.analytical_cv**2) * (1.0 + VARIATION.biological_cv**2) - 1.0)
    assert within_person_cv(values) == pytest.approx(both, rel=0.05)


def test_missing_samples_and_baselines_stay_missing() -> None:
    frame = serial(2, 3)
    frame.loc[[0, 6], "value"] = np.nan  # the baseline of the first, a follow-up of the second
    rows = track(frame, variation=VARIATION).frame
    first, second = (rows[rows["subject_id"] == name] for name in ("p0000", "p0001"))
    assert set(first["call"]) == {"not_measured"}
    assert set(first["note"]) == {"no baseline sample"}
    assert list(second["call"]).count("not_measured") == 1
    assert second["limit_high"].iloc[0] < first["limit_high"].fillna(np.inf).iloc[0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"value": -1.0}, "must be positive"),
        ({"value": "high"}, "must be numbers"),
        ({"time": np.nan}, "each time known"),
        ({"time": 1.0}, "two samples at 1"),
        ({"value": np.inf}, "none endless"),
        ({"time": np.inf}, "none endless"),
        ({"subject_id": None}, "8 samples have no subject_id"),
    ],
)
def test_bad_samples_are_named(change: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        track(serial(2, 3).assign(**change), variation=VARIATION)


def test_bad_options_are_named() -> None:
    with pytest.raises(InputError, match="no column dose"):
        track(serial(2, 3), variation=VARIATION, value="dose")
    with pytest.raises(InputError, match=r"0.1 is 10 %; got 15"):
        track(serial(2, 3), variation=Variation(8.0, 15.0))
    with pytest.raises(InputError, match="no samples"):
        track(serial(2, 3).iloc[:0], variation=VARIATION)
    for call, says in (
        (lambda: reference_change(0.0, 0.0), "not both 0"),
        (lambda: reference_change(-0.1, 0.1), "0 or more"),
        (lambda: series_quantile(1.5), "between 0 and 1"),
        (lambda: false_alarm_rate(1.0, n_follow_ups=0), "one or more samples"),
        (lambda: within_person_cv([[1.0, 0.0]]), "must be positive"),
        (lambda: within_person_cv([[1.0, np.nan]]), "two samples of at least one"),
    ):
        with pytest.raises(InputError, match=says):
            call()
