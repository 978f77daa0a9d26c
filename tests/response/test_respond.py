"""Response heterogeneity of a trial: planted truth both ways, calls and abstention, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from exomics._resources import registry_folder
from exomics.errors import DesignError, InputError, RegistryError
from exomics.registry.responder_definition import load_responder_definition
from exomics.response import ChangeColumns, Threshold, measure_changes, require_no_split, respond
from exomics.response.definition import REFUSED
from exomics.results.response import HeterogeneityTable, ResponseTable

COLUMNS = ChangeColumns(arm="arm", control="rest", before=("pre",), after=("post",), subject="who")


def trial(n: int = 60, *, response_sd: float = 2.0, net: float = 3.0, seed: int = 0) -> pd.DataFrame:
    """`n` per arm, typical error 1, typical subject 40 (SD 6); `response` is each trained one's own."""
    rng = np.random.default_rng(seed)
    person = rng.normal(40.0, 6.0, 2 * n)
    trained = np.repeat([True, False], n)
    response = np.where(trained, net + response_sd * rng.normal(size=2 * n), 0.0)
    return pd.DataFrame(
        {
            "who": [f"s{number:03d}" for number in range(2 * n)],
            "arm": np.where(trained, "run", "rest"),
            "sex": np.tile(["f", "m"], n),
            "pre": person + rng.normal(size=2 * n),
            "post": person + response + rng.normal(size=2 * n),
            "response": response,
        }
    )


def quantities(frame: pd.DataFrame, **options: object) -> pd.DataFrame:
    return respond(frame, COLUMNS, **options).heterogeneity.frame.set_index("quantity")


def test_planted_heterogeneity_is_found_and_its_persons_are_called() -> None:
    frame = trial()
    found = respond(frame, COLUMNS)
    rows = found.heterogeneity.frame.set_index("quantity")
    assert rows.loc["verdict", "note"].startswith("evidence of response heterogeneity")
    assert rows.loc["response_sd", "ci_low"] < 2.0 < rows.loc["response_sd", "ci_high"]
    assert rows.loc["net_mean_change", "ci_low"] < 3.0 < rows.loc["net_mean_change", "ci_high"]
    subjects = found.subjects.frame.merge(frame, left_on="subject_id", right_on="who")
    calls = subjects.groupby("call")["response"]
    worthwhile = rows.loc["smallest_worthwhile_change", "estimate"]
    assert (calls.get_group("responder") > worthwhile).mean() > 0.9
    assert set(subjects[subjects["arm_x"] == "rest"]["call"]) == {"abstain"}
    assert subjects[subjects["arm_x"] == "rest"]["probability_of_response"].isna().all()


def test_where_all_respond_alike_nobody_is_called() -> None:
    abstained = 0
    for seed in range(25):
        found = respond(trial(30, response_sd=0.0, seed=seed), COLUMNS)
        abstained += set(found.subjects.frame["call"]) == {"abstain"}
    assert abstained >= 22


def test_more_variation_in_controls_is_no_evidence_and_stays_negative() -> None:
    frame = trial(40)
    frame["arm"] = frame["arm"].map({"run": "rest", "rest": "run"})
    rows = quantities(frame)
    assert rows.loc["response_variance", "estimate"] < 0.0
    assert rows.loc["response_sd", "estimate"] < 0.0
    assert rows.loc["response_sd", "ci_high"] < 0.0
    assert "vary no more than the controls" in rows.loc["verdict", "note"]
    assert np.isnan(rows.loc["proportion_responding", "estimate"])
    assert rows.loc["auc_ceiling_median_split", "estimate"] == 0.5
    assert "proportion_centered_on_trained_mean" not in rows.index


def test_a_fall_as_benefit_mirrors_a_rise() -> None:
    frame = trial()
    mirrored = frame.assign(pre=-frame["pre"], post=-frame["post"])
    one, other = respond(frame, COLUMNS), respond(mirrored, COLUMNS, threshold=Threshold(lower_is_better=True))
    np.testing.assert_allclose(
        one.subjects.frame["probability_of_response"], other.subjects.frame["probability_of_response"], rtol=1e-12
    )
    signed = other.heterogeneity.frame.set_index("quantity").loc["smallest_worthwhile_change", "estimate"]
    assert signed < 0.0
    given = respond(mirrored, COLUMNS, threshold=Threshold(swc=signed))
    assert given.subjects.frame["call"].equals(one.subjects.frame["call"])


def test_order_of_subjects_and_units_do_not_matter() -> None:
    frame = trial(20)
    shuffled = frame.sample(frac=1.0, random_state=1)
    scaled = shuffled.assign(pre=shuffled["pre"] * 60.0, post=shuffled["post"] * 60.0)
    one = respond(frame, COLUMNS).subjects.frame.set_index("subject_id")
    other = respond(scaled, COLUMNS).subjects.frame.set_index("subject_id").loc[one.index]
    np.testing.assert_allclose(one["probability_of_response"], other["probability_of_response"], rtol=1e-9)
    np.testing.assert_allclose(one["change_ci_low"] * 60.0, other["change_ci_low"], rtol=1e-9)


def test_the_typical_error_sets_the_interval_of_a_change_and_is_found_from_repeated_tests() -> None:
    frame = trial(200).assign(again=lambda sheet: sheet["pre"] + np.random.default_rng(3).normal(size=len(sheet)))
    given = respond(frame, COLUMNS, typical_error=1.0).subjects.frame
    np.testing.assert_allclose(given["change_ci_high"] - given["change"], 1.959963984540054 * 2**0.5)
    twice = ChangeColumns(**{**vars(COLUMNS), "before": ("pre", "again")})
    rows = respond(frame, twice).heterogeneity.frame.set_index("quantity")
    assert "degrees of freedom" in rows.loc["typical_error", "note"]
    retests = ChangeColumns(**{**vars(COLUMNS), "retests": ("pre", "again")})
    same = respond(frame, retests).heterogeneity.frame.set_index("quantity")
    assert rows.loc["typical_error", "estimate"] == same.loc["typical_error", "estimate"]


def test_the_baseline_is_adjusted_for_and_a_moderator_takes_up_the_variance() -> None:
    frame = trial(150, response_sd=0.0)
    rng = np.random.default_rng(5)
    frame["dose"] = rng.normal(size=len(frame))
    frame["post"] += np.where(frame["arm"] == "run", 2.0 * frame["dose"], 0.0)
    moderated = ChangeColumns(**{**vars(COLUMNS), "moderators": ("dose",)})
    rows = respond(frame, moderated).heterogeneity.frame.set_index("quantity")
    assert rows.loc["response_variance", "ci_low"] > 0.0
    assert rows.loc["moderation_by_dose", "ci_low"] < 2.0 < rows.loc["moderation_by_dose", "ci_high"]
    assert rows.loc["adjusted_response_variance", "ci_low"] < 0.0 < rows.loc["adjusted_response_variance", "ci_high"]
    assert rows.loc["slope_on_baseline", "estimate"] < 0.0


def test_unequal_dropout_is_told() -> None:
    frame = trial(50)
    frame.loc[frame["arm"].eq("rest") & (frame.index % 4 == 0), "post"] = np.nan
    found = respond(frame, COLUMNS)
    rows = found.heterogeneity.frame.set_index("quantity")
    assert rows.loc["dropout_difference", "p_value"] < 0.05
    assert rows.loc["dropout_difference", "note"].startswith("unequal dropout")
    assert quantities(trial(50)).loc["dropout_difference", "note"] == "Fisher's exact test"
    lost = found.subjects.frame[found.subjects.frame["change"].isna()]
    assert set(lost["note"]) == {"no change: a test is missing"}


def test_groups_are_analyzed_alone() -> None:
    frame = trial(40)
    found = respond(frame, COLUMNS, within="sex")
    women = respond(frame[frame["sex"] == "f"], COLUMNS)
    rows = found.heterogeneity.frame
    pd.testing.assert_series_equal(
        rows[rows["group"] == "f"]["estimate"].reset_index(drop=True), women.heterogeneity.frame["estimate"]
    )
    assert len(found.subjects.frame) == len(frame)
    assert len(found.subjects.provenance.notes) == 2


def test_few_subjects_are_described_but_not_called() -> None:
    found = respond(trial(8, response_sd=8.0), COLUMNS)
    rows = found.heterogeneity.frame.set_index("quantity")
    assert rows.loc["response_variance", "ci_low"] > 0.0
    assert set(found.subjects.frame["call"]) == {"abstain"}


def test_the_tables_are_written_and_read_with_their_provenance(tmp_path: Path) -> None:
    found = respond(trial(20), COLUMNS)
    for kind, table in ((HeterogeneityTable, found.heterogeneity), (ResponseTable, found.subjects)):
        again = kind.from_tsv(table.to_tsv(tmp_path / f"{kind.__name__}.tsv"))
        pd.testing.assert_frame_equal(again.frame, table.frame)
        assert again.provenance.parameters["definition"]["id"] == "posterior_80"


def test_a_stricter_definition_leaves_more_uncertain() -> None:
    frame = trial()
    calls = [
        respond(frame, COLUMNS, definition=name).subjects.frame["call"] for name in ("posterior_80", "posterior_95")
    ]
    assert (calls[1] == "uncertain").sum() > (calls[0] == "uncertain").sum()
    assert set(calls[0][calls[1] == "responder"]) == {"responder"}


@pytest.mark.parametrize("rule", [*REFUSED, "horoscope"])
def test_rules_that_cannot_tell_response_from_noise_are_refused(rule: str, tmp_path: Path) -> None:
    path = registry_folder("signatures") / "responder_definitions" / "posterior_80.yaml"
    head = yaml.safe_load(path.read_text(encoding="utf-8"))
    own = tmp_path / "own.yaml"
    own.write_text(yaml.safe_dump({**head, "id": "own", "rule": rule}), encoding="utf-8")
    with pytest.raises(DesignError, match=REFUSED.get(rule, "not known")):
        respond(trial(10), COLUMNS, definition=str(own))


def test_an_unknown_definition_is_named() -> None:
    with pytest.raises(RegistryError, match="posterior_80, posterior_95"):
        load_responder_definition("best_half")


@pytest.mark.parametrize(
    ("change", "columns", "error", "says"),
    [
        ({"arm": "run"}, {}, DesignError, "Without a control arm a response cannot be told from error"),
        ({"arm": "rest"}, {}, DesignError, "a trained arm is needed"),
        ({"arm": None}, {}, InputError, "20 subjects have no arm"),
        ({"who": "s1"}, {}, DesignError, "both arms .s1.; a crossover"),
        ({"who": [*["a", "a"], *[f"s{i}" for i in range(18)]]}, {}, InputError, "1 subjects occur more than once .a."),
        ({"who": [None, *[f"s{i}" for i in range(19)]]}, {}, InputError, "1 rows have no subject"),
        ({"post": "x"}, {}, InputError, "post holds 'x', which is no number"),
        ({"post": np.inf}, {}, InputError, "post holds 'inf'"),
        ({"post": np.nan}, {}, InputError, "trained arm has 0 changes"),
        ({"pre": 1.0, "post": 2.0}, {}, InputError, "all changes of the trained arm are 1"),
        ({}, {"arm": "group"}, InputError, "no column group"),
        ({}, {"after": ()}, InputError, "before and after"),
        ({}, {"change": "post"}, InputError, "one of the two"),
        ({"arm": ["run"] * 5 + ["lift"] * 5 + ["rest"] * 10}, {}, DesignError, "run, lift; name the one to compare"),
        ({}, {"trained": "swim"}, DesignError, "the arms beside 'rest' are run"),
        ({}, {"moderators": ("age",)}, InputError, "no column age"),
    ],
)
def test_bad_sheets_are_named(change: dict, columns: dict, error: type[Exception], says: str) -> None:
    frame = trial(10).assign(**change)
    with pytest.raises(error, match=says):
        measure_changes(frame, ChangeColumns(**{**vars(COLUMNS), **columns}))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"typical_error": 0.0}, "typical error must be positive"),
        ({"typical_error": np.inf}, "positive and finite; got inf"),
        ({"threshold": Threshold(swc=1.0, lower_is_better=True)}, "negative where lower is better"),
        ({"threshold": Threshold(swc=np.nan)}, "smallest worthwhile change must be a number"),
        ({"within": "center"}, "no column 'center'"),
    ],
)
def test_bad_options_are_named(options: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        respond(trial(10), COLUMNS, **options)


def test_a_change_alone_needs_a_worthwhile_change() -> None:
    frame = trial(15).assign(gain=lambda sheet: sheet["post"] - sheet["pre"])
    columns = ChangeColumns(arm="arm", control="rest", change="gain")
    with pytest.raises(InputError, match="no smallest worthwhile change"):
        respond(frame, columns)
    found = respond(frame, columns, threshold=Threshold(swc=1.0)).heterogeneity.frame
    both = respond(frame, COLUMNS, threshold=Threshold(swc=1.0)).heterogeneity.frame
    assert "adjusted_response_variance" not in set(found["quantity"])
    merged = found.merge(both, on="quantity")
    np.testing.assert_allclose(merged["estimate_x"], merged["estimate_y"])


def test_labels_cut_from_the_change_are_refused_and_others_are_not() -> None:
    rng = np.random.default_rng(0)
    change = rng.normal(size=30)
    split = np.where(change > np.median(change), "responder", "non_responder")
    with pytest.raises(DesignError, match="50% are 'responder'.: a median split"):
        require_no_split(split, change)
    with pytest.raises(DesignError, match="a raw change above a cut"):
        require_no_split(np.where(change > np.quantile(change, 0.8), "yes", "no"), change)
    require_no_split(rng.permutation(split), change)
    with pytest.raises(InputError, match="two labels are needed; got all"):
        require_no_split(["all"] * 30, change)
    with pytest.raises(InputError, match="one change is needed"):
        require_no_split(split, change[1:])


def test_a_group_nobody_gave_and_a_moderator_that_holds_the_change_are_named() -> None:
    frame = trial(10)
    with pytest.raises(InputError, match="2 subjects have no sex"):
        respond(frame.assign(sex=[None, None, *frame["sex"][2:]]), COLUMNS, within="sex")
    held = ChangeColumns(**{**vars(COLUMNS), "moderators": ("post",)})
    with pytest.raises(DesignError, match="explains every change of an arm"):
        respond(frame, held)


def test_arms_of_zero_and_one_are_read_however_they_are_held() -> None:
    frame = trial(10)
    frame["arm"] = (frame["arm"] == "run").astype(float)
    assert measure_changes(frame, ChangeColumns(**{**vars(COLUMNS), "control": "0"})).trained.sum() == 10
