"""The chain of the embedded study: found where it is planted, broken where it is not, and never called mediation."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from exomics.datasets.simulate import TrialParameters
from exomics.datasets.simulate.cohort import recruit
from exomics.datasets.simulate.states import response_probability, states
from exomics.datasets.simulate.truth import sample_truth
from exomics.errors import DesignError, InputError
from exomics.results import Provenance, ScoreTable
from exomics.stats.path_links import link_fit, robustness_of_interval, robustness_value
from exomics.stats.t_distribution import t_quantile
from exomics.validation.chain import ChainDesign, chain
from exomics.validation.subject_scores import require_one_row_each, with_scores

NODES = ["arm", "mir29a", "collagen", "cd8", "response"]
HOW = {"signs": "+--+", "design": "randomized", "levels": {"arm": "exercise"}, "resampling": (100, 1)}


@cache
def trial(**knobs: float) -> pd.DataFrame:
    """One row per patient of a large trial: true states after and before, and the response that follows."""
    parameters = TrialParameters(n_per_arm=200, seed=3, **knobs)
    cohort = recruit(parameters)
    drawn = states(parameters, cohort.n_subjects)
    wide = sample_truth(cohort, drawn).pivot(index="subject_id", columns="time_point")
    frame = pd.DataFrame({"arm": np.where(cohort.exercise, "exercise", "usual_care")}, index=cohort.subject_id)
    for node in NODES[1:4]:
        frame[node], frame[f"{node}_baseline"] = wide[node]["post"], wide[node]["baseline"]
    probability = np.where(
        cohort.exercise,
        *(response_probability(parameters, world) for world in (drawn.post_exercise, drawn.post_control)),
    )
    frame["response"] = (np.random.default_rng(12).random(len(frame)) < probability).astype(float)
    return frame


def rows(frame: pd.DataFrame, **how: object) -> pd.DataFrame:
    return chain(frame, NODES, **{**HOW, **how}).frame.set_index("link")


def test_the_planted_chain_is_found_and_each_link_holds_its_truth() -> None:
    found = rows(trial(), claim="mediation")
    assert found["status"].tolist() == ["supported"] * 5
    assert found.loc["joint", "note"].startswith("every link is supported: consistent with mediation, if nothing")
    parameters = TrialParameters()
    planted = {"1": parameters.ev_mir29a_rise, "2": parameters.mir29a_to_collagen, "3": parameters.collagen_to_cd8,
               "4": parameters.cd8_to_response}  # fmt: skip
    for link, truth in planted.items():
        width = found.loc[link, "ci_high"] - found.loc[link, "ci_low"]
        assert abs(found.loc[link, "estimate"] - truth) < (width if link != "3" else 0.2)
    assert -0.5 < found.loc["3", "estimate"] < -0.3  # drawn to 0 by composition: fibroblasts and T cells rise together
    assert found.loc["joint", "ci_low"] > 0
    assert np.isnan(found.loc["1", "robustness"])
    assert (found.loc[["2", "3", "4"], "robustness"] > found.loc[["2", "3", "4"], "robustness_of_interval"]).all()


@pytest.mark.parametrize(
    ("knobs", "link"),
    [
        ({"ev_mir29a_rise": 0.0, "stroma_change": -0.8}, "1"),
        ({"mir29a_to_collagen": 0.0}, "2"),
        ({"collagen_to_cd8": 0.0}, "3"),
        ({"cd8_to_response": 0.0}, "4"),
    ],
)
def test_a_broken_link_is_named(knobs: dict[str, float], link: str) -> None:
    """Also where training changes the stroma only: collagen falls without any miRNA, and the chain is no mediation."""
    found = rows(trial(**knobs), claim="mediation")
    assert found.loc[link, "status"] in ("not_supported", "wrong_direction")
    assert f"chain broken at link {link} (" in found.loc["joint", "note"]
    assert found.loc["joint", "status"] == "not_supported"
    assert "consistent with mediation" not in found.loc["joint", "note"]


@pytest.mark.parametrize("design", ["cross_sectional", "observational"])
def test_a_design_that_cannot_carry_it_never_says_mediation(design: str) -> None:
    with pytest.raises(DesignError, match=f"cannot say that anything mediates: the design is {design}"):
        rows(trial(), design=design, claim="mediation")
    assert "mediat" not in " ".join(rows(trial(), design=design)["note"])
    without = trial().drop(columns=["mir29a_baseline"])
    with pytest.raises(DesignError, match="no baseline of mir29a"):
        rows(without, claim="mediation")


def test_missing_links_are_named_and_the_others_estimated() -> None:
    found = rows(trial().drop(columns=["mir29a"]))
    assert found["status"].tolist() == ["not_measured", "not_measured", "supported", "supported", "not_measured"]
    assert found.loc["joint", "note"] == "untested: not measured are link 1, link 2"
    assert found.loc["1", "note"] == "mir29a not measured in this study"
    with pytest.raises(InputError, match="no link is measured"):
        rows(trial()[["mir29a", "cd8"]])


def test_an_unmeasured_trait_biases_a_link_and_robustness_says_how_strong_it_must_be() -> None:
    """Planted: a trait raises collagen and lowers CD8, no effect between. The link seems there; it is not robust."""
    found = rows(trial(collagen_to_cd8=0.0, confounding=0.3))
    assert found.loc["3", "status"] == "supported"
    assert found.loc["3", "robustness"] < 0.5
    assert found.loc["3", "robustness"] < rows(trial()).loc["3", "robustness"]


def test_subjects_are_drawn_with_the_seed() -> None:
    first, again, other = (rows(trial(), resampling=(50, seed)) for seed in (4, 4, 5))
    pd.testing.assert_frame_equal(first, again)
    assert first.loc["joint", "ci_low"] != other.loc["joint", "ci_low"]


@pytest.mark.parametrize("change", ["constant", "few"])
def test_a_link_that_cannot_be_estimated_is_not_broken(change: str) -> None:
    """No verdict on what nobody could see: neither `chain broken` nor a refusal of the links that can be told."""
    study = trial().copy()
    study["collagen"] = 1.0 if change == "constant" else study["collagen"].where(np.arange(len(study)) < 9)
    found = rows(study)
    assert found.loc[["2", "3"], "status"].tolist() == ["not_estimated"] * 2
    assert found.loc[["2", "3"], "estimate"].isna().all()
    assert found.loc["1", "status"] == "supported"
    assert found.loc["joint", "status"] == "not_estimated"
    assert "broken" not in found.loc["joint", "note"]


def test_infinite_values_and_subjects_that_count_twice_are_refused() -> None:
    study = trial().copy()
    study.loc[study.index[0], "cd8"] = np.inf
    with pytest.raises(InputError, match="cd8 holds 1 infinite values"):
        rows(study)
    twice = pd.DataFrame({"subject_id": ["a", "b", "b", None, None]})
    with pytest.raises(InputError, match="b occurs 2 times"):
        require_one_row_each(twice, "subject_id")


def of_stroma(n: int, seed: int = 3) -> pd.DataFrame:
    """Stroma raises collagen and lowers CD8; between the two there is nothing."""
    rng = np.random.default_rng(seed)
    stroma, arm = rng.normal(size=n), np.arange(n) % 2
    mirna = arm + rng.normal(0, 0.5, n)
    collagen, cd8 = stroma - mirna + rng.normal(0, 0.5, n), rng.normal(0, 0.5, n) - stroma
    return pd.DataFrame({"arm": arm, "mir29a": mirna, "collagen": collagen, "cd8": cd8, "stroma": stroma})


def test_what_drives_two_nodes_is_taken_out_by_name_and_a_randomized_link_has_no_need_of_it() -> None:
    asked = {"signs": "+--", "levels": {}, "resampling": (60, 1)}
    plain, adjusted = (
        chain(of_stroma(80), NODES[:4], design=ChainDesign("randomized", given), **asked).frame.set_index("link")
        for given in ((), ("stroma",))
    )
    assert plain.loc["3", "status"] == "supported"
    assert adjusted.loc["3", "status"] == "not_supported"
    assert adjusted.loc["3", "note"] == "its interval holds 0: it is not shown, nor shown to be absent"
    assert "chain broken at link 3 (collagen -> cd8)" in adjusted.loc["joint", "note"]
    assert adjusted.loc["2", "status"] == "supported"
    assert adjusted.loc["1", "estimate"] == plain.loc["1", "estimate"]
    with pytest.raises(InputError, match="the covariate 'age' is no column with values"):
        chain(of_stroma(80), NODES[:4], design=ChainDesign("randomized", ("age",)), **asked)
    with pytest.raises(InputError, match="the covariate 'cd8' is a node of the chain"):
        chain(of_stroma(80), NODES[:4], design=ChainDesign("randomized", ("cd8",)), **asked)


@pytest.mark.parametrize("n", [12, 30])
@pytest.mark.parametrize("spread", [0.0, 0.6])
def test_intervals_of_links_hold_the_truth_in_small_studies(n: int, spread: float) -> None:
    """400 links of few subjects, of one variance and of one that grows with the predictor; 95 % are asked for."""
    rng = np.random.default_rng(n)
    inside = []
    for _ in range(400):
        x, z = rng.normal(size=n), rng.normal(size=(n, 2))
        y = 0.5 * x + z @ [0.3, 0.2] + rng.normal(size=n) * np.exp(spread * x)
        found = link_fit(y, x, z, binary=False, robust=True)
        half = float(t_quantile(0.975, found.degrees_of_freedom)) * found.standard_error
        inside.append(abs(found.estimate - 0.5) < half)
    assert 0.92 < np.mean(inside) < 0.99


def test_who_left_was_not_assigned() -> None:
    study = trial().copy()
    assert rows(study).loc["1", "note"] == "randomized: no confounder can explain it"
    study.loc[study.index[:7], "mir29a"] = np.nan
    told = rows(study).loc["1", "note"]
    assert told == (
        "randomized: no confounder can explain it, but 7 of 400 subjects are lost to it, which was not assigned"
    )


def test_robustness_of_the_interval_is_the_published_one_and_none_where_it_holds_0() -> None:
    """Cinelli and Hazlett (2020), table 1: t = 4.18 on 783 degrees of freedom."""
    assert round(robustness_of_interval(4.18, 783.0, 1.963), 3) == 0.076
    assert robustness_of_interval(-4.18, 783.0, 1.963) == robustness_of_interval(4.18, 783.0, 1.963)
    assert robustness_of_interval(2.0, 8.0, 2.306) == 0.0
    assert robustness_of_interval(5.0, 1.0, 12.7) == 0.0


def test_of_several_time_points_none_is_taken_in_silence() -> None:
    subjects = pd.DataFrame({"subject_id": ["a"]})

    def read(*times: str) -> pd.DataFrame:
        given = pd.DataFrame({"sample_id": times, "time_point": times, "score": np.arange(len(times)) + 1.0})
        given = given.assign(subject_id="a", signature_id="imm.x", arm="total", status="ok")
        table = ScoreTable(given.reindex(columns=list(ScoreTable.columns)), Provenance(method="made"))
        return with_scores(subjects, table)

    assert read("baseline", "minutes_60")[["imm.x_baseline", "imm.x"]].iloc[0].tolist() == [1.0, 2.0]
    assert read("minutes_30", "post", "baseline")["imm.x"].tolist() == [2.0]
    assert read("baseline").columns.tolist() == ["subject_id", "imm.x"]
    with pytest.raises(InputError, match=r"several time points \(minutes_30, minutes_60\) and none is post"):
        read("baseline", "minutes_60", "minutes_30")


def test_one_subject_who_came_later_is_no_time_point() -> None:
    """As in a cohort of 26 tumors before treatment and one during it."""
    given = pd.DataFrame(
        {"subject_id": [*"abcde"], "time_point": ["baseline"] * 4 + ["during"], "score": np.arange(5.0)}
    )
    given = given.assign(sample_id=given["subject_id"], signature_id="imm.x", arm="total", status="ok")
    table = ScoreTable(given.reindex(columns=list(ScoreTable.columns)), Provenance(method="made"))
    read = with_scores(pd.DataFrame({"subject_id": [*"abcde"]}), table)
    assert read["imm.x"].tolist()[:4] == [0.0, 1.0, 2.0, 3.0]
    assert "imm.x_baseline" not in read or read["imm.x_baseline"].isna().all()


def test_a_chain_of_too_few_subjects_has_every_column_and_no_estimate() -> None:
    small = pd.DataFrame({name: np.arange(4.0) ** power for power, name in enumerate(("a", "b", "c"), start=1)})
    table = chain(small, ["a", "b", "c"], signs="++", design="cross_sectional", resampling=(20, 1))
    assert table.frame["status"].tolist() == ["not_estimated"] * 3
    assert table.frame["estimate"].isna().all()


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="n - 1 signs"):
        rows(trial(), signs="+-")
    with pytest.raises(InputError, match="arm has no level 'yoga'"):
        rows(trial(), levels={"arm": "yoga"})
    with pytest.raises(InputError, match="arm holds text"):
        rows(trial(), levels={})
    with pytest.raises(DesignError, match="design must be one of"):
        rows(trial(), design="case_control")


def test_a_link_is_what_plain_regression_gives() -> None:
    rng = np.random.default_rng(6)
    x, z = rng.normal(size=(2, 40))
    y = 1.5 * x - z + rng.normal(size=40)
    found = link_fit(y, x, z[:, None], binary=False)
    given = np.column_stack([np.ones(40), z])
    residual = [v - given @ np.linalg.lstsq(given, v, rcond=None)[0] for v in (y, x)]
    r = np.corrcoef(*residual)[0, 1]
    assert found.estimate == pytest.approx(residual[0] @ residual[1] / (residual[1] @ residual[1]))
    assert found.estimate / found.standard_error == pytest.approx(r * np.sqrt(37 / (1 - r**2)))
    separated = link_fit((x > 0).astype(float), x, np.empty((40, 0)), binary=True)
    assert np.isfinite(separated.estimate) and separated.estimate > 2
    assert robustness_value(0.0, 10.0) == 0.0
