"""A crossover tells responses from variation within subjects: planted truth both ways, levels, calls, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.errors import DesignError, InputError
from exomics.response import ChangeColumns, Response, Threshold, respond_crossover
from exomics.results.response import HeterogeneityTable
from exomics.stats.individual_response import posterior_response
from exomics.stats.repeated_response import crossover_response, spreads_of_crossover
from exomics.stratify.study.labels import called_response
from tests.shared import must, refused

COLUMNS = ChangeColumns(arm="arm", control="rest", change="gain", subject="who")
WORTHWHILE = Threshold(swc=1.0)


def crossed(n: int, *, response_sd: float, trend_sd: float = 1.5, seed: int = 0) -> pd.DataFrame:
    """`n` subjects in two periods of running and two of rest; mean response 1, SD of one change within subjects 1.

    Each has a trend of his own in every period, which is no response.
    """
    rng = np.random.default_rng(seed)
    response, trend = rng.normal(1.0, response_sd, n), rng.normal(0.0, trend_sd, n)
    runs = np.array([True, False, True, False])
    gain = trend[:, None] + response[:, None] * runs + np.array([0.0, 0.0, 1.0, 1.0]) + rng.normal(size=(n, 4))
    frame = {"who": np.repeat([f"s{number:03d}" for number in range(n)], 4), "period": np.tile([1, 2, 3, 4], n)}
    frame |= {"arm": np.tile(np.where(runs, "run", "rest"), n), "gain": gain.ravel()}
    return pd.DataFrame(frame).assign(response=np.repeat(response, 4))


def crossover(frame: pd.DataFrame, **options: object) -> Response:
    return respond_crossover(frame, COLUMNS, **({"period": "period", "threshold": WORTHWHILE} | options))


def true_of(frame: pd.DataFrame) -> np.ndarray:
    """The response of each subject, in the order of their names."""
    return frame.drop_duplicates("who").sort_values("who")["response"].to_numpy()


def quantities(found: Response) -> pd.DataFrame:
    return found.heterogeneity.frame.set_index("quantity")


def test_planted_responses_are_told_from_trends_of_subjects() -> None:
    frame = crossed(80, response_sd=2.0)
    found = crossover(frame)
    rows = quantities(found)
    assert rows.loc["verdict", "note"].startswith("evidence of response heterogeneity: subjects vary more")
    assert rows.loc["response_variance", "ci_low"] < 4.0 < rows.loc["response_variance", "ci_high"]
    assert rows.loc["typical_error", "ci_low"] < 0.5**0.5 < rows.loc["typical_error", "ci_high"]
    assert rows.loc["net_mean_change", "ci_low"] < 1.0 < rows.loc["net_mean_change", "ci_high"]
    assert 0.2 < rows.loc["label_reproducibility_kappa", "estimate"] < 0.9
    subjects = found.subjects.frame
    called = subjects["call"].isin(["responder", "non_responder"]).to_numpy()
    assert called.sum() > 40
    assert ((subjects["call"] == "responder").to_numpy() == (true_of(frame) > 1.0))[called].mean() > 0.8
    null = crossover(crossed(80, response_sd=0.0, trend_sd=4.0))
    assert set(null.subjects.frame["call"]) == {"abstain"}
    assert quantities(null).loc["verdict", "note"].startswith("no evidence of response heterogeneity")


def test_levels_hold_and_probabilities_are_calibrated() -> None:
    """300 crossovers of 24 subjects with responses, as many without."""
    rng = np.random.default_rng(1)
    covered, called, said, held = [], 0, [], []
    for response_sd in (0.0, 1.5) * 300:
        response = rng.normal(1.0, response_sd, (24, 1))
        trained, control = response + rng.normal(size=(24, 2)), rng.normal(size=(24, 2))
        variance = crossover_response(trained, control)
        covered.append(variance.ci_low <= response_sd**2 <= variance.ci_high)
        called += response_sd == 0.0 and variance.ci_low > 0.0
        if response_sd:
            net = trained.mean(axis=1) - control.mean(axis=1)
            found = posterior_response(net, spreads_of_crossover(trained, control), threshold=1.0)
            said.append(found.probability)
            held.append(response[:, 0] > 1.0)
    assert 0.923 <= np.mean(covered) <= 0.977  # 600 intervals of 95 %, three standard errors
    assert called <= 15  # 2.5 % of 300, and three standard errors
    probability, truth = np.concatenate(said), np.concatenate(held)
    for low, high in ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.0)):
        chosen = (probability >= low) & (probability <= high)
        assert truth[chosen].mean() == pytest.approx(probability[chosen].mean(), abs=0.06)


def test_order_of_rows_and_a_benefit_that_falls_change_nothing() -> None:
    frame = crossed(20, response_sd=2.0)
    one = crossover(frame).subjects.frame
    pd.testing.assert_frame_equal(crossover(frame.sample(frac=1.0, random_state=1)).subjects.frame, one)
    fallen = crossover(frame.assign(gain=-frame["gain"]), threshold=Threshold(swc=-1.0)).subjects.frame
    np.testing.assert_allclose(fallen["probability_of_response"], one["probability_of_response"], rtol=1e-9)


def test_tests_before_and_after_give_the_same_and_subjects_without_a_period_are_counted() -> None:
    frame = crossed(20, response_sd=2.0).assign(pre=np.repeat(np.arange(20.0), 4))
    frame["post"] = frame["pre"] + frame["gain"]
    tests = ChangeColumns(arm="arm", control="rest", before=("pre",), after=("post",), subject="who")
    found = respond_crossover(frame, tests, period="period")
    rows = quantities(found)
    assert rows.loc["smallest_worthwhile_change", "estimate"] == pytest.approx(0.2 * np.arange(20).std(ddof=1))
    plain = crossover(frame)
    assert rows.loc["response_variance", "estimate"] == pytest.approx(
        quantities(plain).loc["response_variance", "estimate"]
    )
    frame.loc[0, "gain"] = np.nan
    fewer = crossover(frame)
    assert quantities(fewer).loc["subjects_left_out", "estimate"] == 1
    assert set(fewer.subjects.frame["note"]) == {"fewer than 20 subjects: nobody is called"}


def test_calls_become_labels_with_their_ceiling() -> None:
    found = crossover(crossed(80, response_sd=2.0))
    labels, ceiling = called_response(found.subjects, found.heterogeneity)
    assert set(labels.dropna()) == {"responder", "non_responder"}
    assert 0.8 < ceiling.ci_low <= ceiling.estimate <= ceiling.ci_high <= 1.0


@pytest.mark.parametrize(
    ("change", "options", "error", "says"),
    [
        ({"arm": "run"}, {}, DesignError, "Without a control arm"),
        ({"period": 1}, {}, InputError, "s000 has period 1 twice"),
        ({"who": None}, {}, InputError, "every row needs a who"),
        ({}, {"period": "visit"}, InputError, "there is no 'visit'"),
        ({"gain": np.nan}, {}, InputError, "0 changes"),
        ({"arm": np.tile(["run", "rest", "rest", "rest"], 10)}, {}, DesignError, "most subjects have one trained"),
        ({}, {"threshold": None}, InputError, "no smallest worthwhile change"),
    ],
)
def test_what_is_no_crossover_is_refused(change: dict, options: dict, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        crossover(crossed(10, response_sd=1.0).assign(**change), **options)


def test_the_command_takes_a_crossover_by_its_periods(tmp_path: Path) -> None:
    path, out = tmp_path / "crossed.tsv", tmp_path / "out"
    crossed(30, response_sd=2.0).to_csv(path, sep="\t", index=False)
    words = ("respond", path, "--arm", "arm", "--control", "rest", "--subject", "who", "--change", "gain", "--swc", 1)
    assert "--period COL" in refused(out, *words, "-o", out)
    said = must(*words, "--period", "period", "-o", out)
    assert "all (30 trained, 30 controls): evidence of response heterogeneity" in said
    table = HeterogeneityTable.from_tsv(out / "heterogeneity.tsv")
    assert table.provenance.method == "respond_crossover"
    words = (*words, "--period", "period", "--within", "who", "-o", tmp_path / "no")
    assert "no --within" in refused(tmp_path / "no", *words)
