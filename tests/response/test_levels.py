"""The whole verb on many simulated trials: size, coverage, abstention and calibration of its calls (long)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exomics.response import ChangeColumns, Threshold, respond

pytestmark = pytest.mark.slow

COLUMNS = ChangeColumns(arm="arm", control="rest", before=("pre",), after=("post",))


def simulated(rng: np.random.Generator, n: int, response_sd: float) -> pd.DataFrame:
    """`n` per arm; typical error 1, mean response 1, what training does to each in ``response``."""
    person = rng.normal(40.0, 5.0, 2 * n)
    trained = np.repeat([True, False], n)
    response = np.where(trained, rng.normal(1.0, response_sd, 2 * n), 0.0)
    tests = person + rng.normal(size=(2, 2 * n)) + np.stack([np.zeros(2 * n), response])
    arm = np.where(trained, "run", "rest")
    return pd.DataFrame({"arm": arm, "pre": tests[0], "post": tests[1], "response": response})


@pytest.mark.parametrize("n", [10, 40])
@pytest.mark.parametrize("response_sd", [0.0, 1.0, 2.0])
def test_intervals_calls_and_abstention(n: int, response_sd: float) -> None:
    rng = np.random.default_rng(int(1000 * response_sd) + n)
    covered, adjusted, called, wrong, right = [], [], 0, 0, 0
    for _ in range(40):
        frame = simulated(rng, n, response_sd)
        found = respond(frame, COLUMNS, threshold=Threshold(swc=1.0))
        rows = found.heterogeneity.frame.set_index("quantity")
        for name, into in (("response_variance", covered), ("adjusted_response_variance", adjusted)):
            into.append(rows.loc[name, "ci_low"] <= response_sd**2 <= rows.loc[name, "ci_high"])
        calls = found.subjects.frame["call"].to_numpy()
        chosen = np.isin(calls, ["responder", "non_responder"])
        called += bool(chosen.any())
        agree = (calls == "responder") == (frame["response"] > 1.0)
        right, wrong = right + int((chosen & agree).sum()), wrong + int((chosen & ~agree).sum())
    assert (
        np.mean(covered) >= 0.85
    )  # 40 trials: 0.95 less three standard errors; 1,000 trials each stand in tests/stats
    assert np.mean(adjusted) >= 0.85
    if response_sd == 0.0:
        assert called <= 5  # the level of the two-sided interval, and its standard error
    if response_sd == 2.0 and n == 40:
        assert called >= 20
        assert right / (right + wrong) > 0.8
