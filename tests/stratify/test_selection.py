"""The default selector meets its bar, the others are told as they are, and what cannot be compared is refused."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline

from exomics.errors import UserError
from exomics.results import OperatingTable, SelectionTable
from exomics.stats.multiple_testing import benjamini_hochberg
from exomics.stratify import DEFAULT_SELECTOR, ElasticNetLogistic, FeatureSelector, Selectors, operating_curve, select
from tests.stratify.selector_designs import (
    COLUMNS,
    CORRELATIONS,
    DESIGNS,
    SEED,
    Design,
    draw,
    operate,
    rates,
    true_features,
)

TABLE = Path(__file__).with_name("selector_operating_table.tsv")
DEFAULT = Selectors[DEFAULT_SELECTOR].function
SHOWN = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines(), delimiter="\t"))


def _named(design: Design) -> str:
    return "-".join(map(str, design))


def _holds(design: Design, found: dict[str, float]) -> None:
    if design.model == "null":
        assert found["any_selected"] <= 0.2 + 2.0 * found["any_selected_error"]
    else:
        assert found["true_selected"] >= 8.5
        assert found["false_share"] <= 0.1


@pytest.mark.parametrize("correlation", CORRELATIONS)
@pytest.mark.parametrize(("model", "repeats"), [("null", 40), ("shift", 10)])
def test_the_default_meets_the_bar(correlation: str, model: str, repeats: int) -> None:
    design = Design(correlation, model, "first", 200)
    _holds(design, rates(operate(design, DEFAULT, repeats, seed=77)))


@pytest.mark.slow
@pytest.mark.parametrize("design", [design for design in DESIGNS if design.model != "logistic"], ids=_named)
def test_the_default_meets_the_bar_in_every_design_of_its_truth(design: Design) -> None:
    """Marginal differences, also with labels drawn from the logistic model that they imply."""
    _holds(design, rates(operate(design, DEFAULT, 50 if design.model == "null" else 20, seed=78)))


def test_the_table_of_the_default_meets_the_bar() -> None:
    """Labels from a logistic model with normal features are left out: no selector can meet the bar there."""
    shown = [row for row in SHOWN if row["selector"] == DEFAULT_SELECTOR and row["model"] != "logistic"]
    assert len(shown) == sum(design.model != "logistic" for design in DESIGNS)
    for row in shown:
        found = {name: float(row[name]) for name in COLUMNS[6:]}
        _holds(Design(row["correlation"], row["model"], row["place"], int(row["n_features"])), found)


@pytest.mark.parametrize("selector", Selectors.names)
def test_the_table_is_made_by_its_script(selector: str) -> None:
    """One row of each selector again; by rounding, a study of a row may come out otherwise."""
    row = min(
        (row for row in SHOWN if row["selector"] == selector and row["model"] == "shift"),
        key=lambda row: int(row["n_features"]) * int(row["repeats"]),
    )
    design = Design(row["correlation"], row["model"], row["place"], int(row["n_features"]))
    repeats = int(row["repeats"])
    found = rates(operate(design, Selectors[selector].function, repeats, SEED))
    for name, error in (("any_selected", 1.1), ("true_selected", 5.1), ("false_share", 1.1)):
        assert found[name] == pytest.approx(float(row[name]), abs=error / repeats + 5e-4)


@pytest.mark.parametrize(
    ("correlation", "n_features", "most"),
    [("independent", 200, 8.0), ("independent", 1000, 8.0), ("autoregressive", 200, 1.5), ("blocks", 200, 1.5)],
)
def test_no_selector_could_meet_the_bar_with_coefficients_of_one(
    correlation: str, n_features: int, most: float
) -> None:
    """Told all other coefficients and the size of each, with the best threshold in hindsight, and yet below 8.5."""
    design = Design(correlation, "logistic", "first", n_features)
    generator, true = np.random.default_rng(79), true_features(design)
    others = np.setdiff1d(np.arange(n_features), true)
    evidence: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for _ in range(60):
        x, labels = draw(design, generator)
        sign, log_odds = (2.0 * labels - 1.0)[:, np.newaxis], x[:, true].sum(axis=1, keepdims=True)
        known = np.logaddexp(0.0, -sign * log_odds)
        right = (np.logaddexp(0.0, -sign * (log_odds - x[:, true])) - known).sum(axis=0)
        wrong = (known - np.logaddexp(0.0, -sign * (log_odds + x[:, others]))).sum(axis=0)
        evidence.append((right, wrong))
    best = 0.0
    for threshold in np.linspace(-2.0, 8.0, 101):
        counts = np.array([[(right > threshold).sum(), (wrong > threshold).sum()] for right, wrong in evidence])
        if np.mean(counts[:, 1] / np.maximum(1, counts.sum(axis=1))) <= 0.1:
            best = max(best, float(counts[:, 0].mean()))
    assert best < most
    assert (best > 4.0) == (correlation == "independent")


@pytest.fixture(scope="module")
def study() -> tuple[pd.DataFrame, pd.Series]:
    """Sixty samples, fifty features, three of which differ; one constant, one mostly missing, one with a gap."""
    names = [f"s{number:02d}" for number in range(60)]
    values = np.random.default_rng(12).normal(size=(60, 50))
    values[30:, [4, 5, 6]] += 1.8
    values[:, 10] = 3.0
    values[:40, 11] = np.nan
    values[7, 4] = np.nan
    outcome = pd.Series(np.repeat(["non_responder", "responder"], 30), names, name="response")
    return pd.DataFrame(values, names, [f"g{number}" for number in range(50)]), outcome


def test_rows_of_all_features_and_the_t_test_beside(study: tuple[pd.DataFrame, pd.Series]) -> None:
    features, outcome = study
    table = select(features, outcome, positive="responder", selectors=("shuffled_labels", "complementary_pairs"))
    assert isinstance(table, SelectionTable)
    frame = table.frame
    assert frame["selector"].value_counts().to_dict() == {"shuffled_labels": 50, "complementary_pairs": 50}
    first = frame[frame["selector"] == "shuffled_labels"].set_index("feature_id")
    assert first.index[first["selected"] == "yes"].tolist() == ["g4", "g5", "g6"]
    assert first.index[first["selected"] == "not tested"].tolist() == ["g10", "g11"]
    assert first.loc[["g10", "g11"], ["level", "difference", "p_value"]].isna().all(axis=None)
    assert first.loc["g4", "note"] == "1 missing values filled by the median"
    assert (first.loc["g4", "n_samples"], first.loc["g5", "n_samples"]) == (59, 60)
    tested = first.dropna(subset="p_value")
    np.testing.assert_allclose(tested["adj_p_value"], benjamini_hochberg(tested["p_value"]), rtol=1e-12)
    x = features["g5"].to_numpy()
    pooled = np.sqrt((x[30:].var(ddof=1) + x[:30].var(ddof=1)) / 2)
    assert first.loc["g5", "difference"] == pytest.approx((x[30:].mean() - x[:30].mean()) / pooled, rel=1e-12)
    assert first.loc["g5", "ci_low"] < first.loc["g5", "difference"] < first.loc["g5", "ci_high"]


def test_a_copy_of_the_outcome_is_refused(study: tuple[pd.DataFrame, pd.Series]) -> None:
    features, outcome = study
    leaking = features.assign(visits=np.where(outcome == "responder", 3.0, 7.0))
    for verb in (lambda: select(leaking, outcome, positive="responder"), lambda: operating_curve(leaking, outcome)):
        with pytest.raises(UserError, match="'visits' is a copy of the outcome"):
            verb()


def test_the_other_class_turns_differences_only(study: tuple[pd.DataFrame, pd.Series]) -> None:
    features, outcome = study
    one, other = (select(features, outcome, positive=word).frame for word in ("responder", "non_responder"))
    np.testing.assert_allclose(one["difference"], -other["difference"])
    np.testing.assert_allclose(one["statistic"], other["statistic"])


def test_the_same_seed_gives_the_same_bytes(study: tuple[pd.DataFrame, pd.Series]) -> None:
    features, outcome = study
    first, again = (select(features, outcome, positive="responder", selectors=Selectors.names) for _ in range(2))
    assert first.to_text() == again.to_text()


def test_the_operating_curve_tells_noise_from_differences(study: tuple[pd.DataFrame, pd.Series]) -> None:
    features, outcome = study
    table = operating_curve(
        features, outcome, selectors=("t_test_bh", "shuffled_labels"), n_planted=6, shift=1.5, n_repeats=30
    )
    assert isinstance(table, OperatingTable)
    frame = table.frame.set_index(["selector", "target"])
    assert len(frame) == 10
    for name in ("t_test_bh", "shuffled_labels"):
        assert frame.loc[(name, 0.2), "any_selected"] <= 0.2 + 2 * 0.073
        assert frame.loc[(name, 0.2), "true_selected"] > 4.5
        assert np.all(np.diff(frame.loc[name, "true_selected"]) >= 0)
        assert np.all(np.diff(frame.loc[name, "any_selected"]) >= 0)
    assert frame.loc[("t_test_bh", 0.2), "false_share"] > frame.loc[("shuffled_labels", 0.2), "false_share"]


def test_a_step_of_a_pipeline_selects_in_the_training_samples_alone() -> None:
    """On noise, a model behind the selector knows the frequency only; selecting on all samples would leak."""
    generator = np.random.default_rng(14)
    x, y = generator.normal(size=(60, 40)), np.tile(["a", "b"], 30)
    pipeline = make_pipeline(FeatureSelector(target=0.05), ElasticNetLogistic(n_penalties=5, position=4))
    np.testing.assert_allclose(pipeline.fit(x[:40], y[:40]).predict_proba(x[40:]), 0.5)
    x[:, 3] += 3.0 * (y == "b")
    fitted = pipeline.fit(x[:40], y[:40])
    assert np.flatnonzero(fitted[0].get_support()).tolist() == [3]
    assert np.mean(fitted.predict(x[40:]) == y[40:]) > 0.85
    changed = x.copy()
    changed[40:] = 1e6
    np.testing.assert_array_equal(fitted[0].levels_, pipeline.fit(changed[:40], y[:40])[0].levels_)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"target": 0.0}, "between 0 and 1"),
        ({}, {"selectors": ("stabl",)}, "no selector is called 'stabl'"),
        ({}, {"positive": "R"}, "two classes, 'R' among them"),
        ({"outcome": "responder"}, {}, "the outcome has responder"),
        ({"subjects": "p1"}, {}, "subject p1 has several samples"),
        ({"index": "s00"}, {}, "each with one row"),
        ({"features": "high"}, {}, "column of numbers"),
        ({"features": np.inf}, {}, "endless values"),
    ],
)
def test_bad_studies_are_refused(
    change: dict[str, Any], options: dict[str, Any], message: str, study: tuple[pd.DataFrame, pd.Series]
) -> None:
    features, outcome = study
    if "features" in change:
        features = features.assign(g0=change["features"])
    if "index" in change:
        features = features.set_axis([change["index"]] * 60)
    if "outcome" in change:
        outcome = pd.Series(change["outcome"], outcome.index)
    subjects = pd.Series(change["subjects"], outcome.index) if "subjects" in change else None
    with pytest.raises(UserError, match=message):
        select(features, outcome, **{"positive": "responder", "subjects": subjects, **options})


@pytest.mark.parametrize(("n_planted", "n_repeats"), [(0, 10), (48, 10), (5, 1)])
def test_bad_plantings_are_refused(n_planted: int, n_repeats: int, study: tuple[pd.DataFrame, pd.Series]) -> None:
    with pytest.raises(UserError, match="planting needs 1 to 47 features and at least 2 repeats"):
        operating_curve(*study, n_planted=n_planted, n_repeats=n_repeats)
