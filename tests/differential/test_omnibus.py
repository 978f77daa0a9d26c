"""Sets of contrasts, minimum effects and B through the verbs and the command."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.cli.main import main
from exomics.datasets import write_data
from exomics.differential import fit, parse_omnibus
from exomics.differential.methods._result import join_tests, spread_tests
from exomics.differential.methods.limma_trend import limma_trend
from exomics.errors import DesignError, InputError
from exomics.registry.method import MethodSpec
from exomics.results import DifferentialTable
from exomics.stats.multiple_testing import benjamini_hochberg

ALL = ["F_8W - F_SED", "M_8W - M_SED", "sex=M_SED - F_SED"]


def test_a_set_adds_one_row_per_feature_without_an_effect(log2_study: AnnData) -> None:
    table = fit(log2_study, design="~ 0 + group", contrasts=ALL, method="limma_trend", omnibus={"training": ALL[:2]})
    frame = table.frame
    assert len(frame) == 4 * 300
    rows = frame[frame["contrast"] == "training"]
    assert set(rows["test"]) == {"F"} and set(rows["family"]) == {"training"}
    assert (rows["df_numerator"] == 2).all()
    assert rows[["log2_fold_change", "standard_error", "ci_low", "ci_high"]].isna().all(axis=None)
    np.testing.assert_allclose(rows["adj_p_value"], benjamini_hochberg(rows["p_value"]))
    found = set(rows.loc[rows["adj_p_value"] < 0.05, "feature_id"])
    planted = {f"f{i}" for i in range(30)}
    assert len(found & planted) > 25 and len(found - planted) < 5
    assert table.provenance.parameters["omnibus"] == [
        {"name": "training", "members": tuple(ALL[:2]), "family": ""},
    ]
    alone = fit(log2_study, design="~ 0 + group", contrasts=ALL, method="limma_trend").frame
    pd.testing.assert_frame_equal(frame[:900], alone)


def test_members_may_be_expressions_and_a_family_may_hold_a_set(log2_study: AnnData) -> None:
    options = {"design": "~ 0 + group", "method": "limma_trend"}
    one = fit(log2_study, contrasts=ALL, omnibus={"any": ALL[:2]}, **options).frame
    two = fit(
        log2_study,
        contrasts=ALL[2:],
        omnibus={"any": ALL[:2]},
        families={"both": ["sex", "any"]},
        **options,
    ).frame
    np.testing.assert_array_equal(one["p_value"][900:], two["p_value"][300:])
    assert set(two["family"]) == {"both"}
    np.testing.assert_allclose(two["adj_p_value"], benjamini_hochberg(two["p_value"]))


def test_p_values_of_a_set_are_uniform_under_no_effect(count_study: AnnData) -> None:
    frame = fit(
        count_study[:, 40:].copy(),
        design="~ 0 + group + rin",
        contrasts=ALL,
        method="limma_voom",
        omnibus={"all": ALL},
    ).frame
    p = frame.loc[frame["contrast"] == "all", "p_value"]
    assert 0.02 < (p < 0.05).mean() < 0.09
    assert 0.42 < p.mean() < 0.58


def test_a_minimum_effect(log2_study: AnnData) -> None:
    plain = fit(log2_study, design="~ 0 + group", contrasts=ALL, method="limma_trend").frame
    table = fit(
        log2_study, design="~ 0 + group", contrasts=ALL, method="limma_trend", parameters={"minimum_effect": 0.5}
    )
    treat = table.frame
    assert set(treat["test"]) == {"treat"}
    pd.testing.assert_frame_equal(
        treat[["log2_fold_change", "standard_error", "ci_low", "ci_high"]],
        plain[["log2_fold_change", "standard_error", "ci_low", "ci_high"]],
    )
    both = plain["p_value"].notna()
    assert (treat["p_value"][both] >= plain["p_value"][both]).all()
    assert any(note.startswith("tested against a minimum effect") for note in table.provenance.notes)
    assert not any("|log2_fold_change / statistic|" in note for note in table.provenance.notes)


@pytest.mark.parametrize("value", [-1.0, "large", True])
def test_a_minimum_effect_that_is_none(log2_study: AnnData, value: object) -> None:
    with pytest.raises(InputError, match="must be a"):
        fit(
            log2_study,
            design="~ group",
            contrasts=["F_8W - F_SED"],
            method="limma_trend",
            parameters={"minimum_effect": value},
        )


def test_b_is_in_the_note(log2_study: AnnData) -> None:
    table = fit(
        log2_study,
        design="~ 0 + group",
        contrasts=ALL,
        method="limma_trend",
        omnibus={"any": ALL},
        parameters={"log_odds": True},
    )
    rows = table.frame[table.frame["contrast"] == ALL[0]]
    b = rows["note"].str.removeprefix("B ").astype(float)
    assert rows.loc[b.idxmax(), "p_value"] == rows["p_value"].min()
    assert (table.frame.loc[table.frame["contrast"] == "any", "note"] == "").all()
    assert any("natural log odds" in note for note in table.provenance.notes)


def test_unknown_members_and_repeated_names(log2_study: AnnData) -> None:
    with pytest.raises(DesignError, match="'F_16W', which is no condition"):
        fit(log2_study, design="~ 0 + group", contrasts=ALL, method="limma_trend", omnibus={"any": ["F_16W - F_SED"]})
    with pytest.raises(DesignError, match="'sex' is used more than once"):
        fit(log2_study, design="~ 0 + group", contrasts=ALL, method="limma_trend", omnibus={"sex": ALL})
    with pytest.raises(DesignError, match="the set 'none' has no contrasts"):
        fit(log2_study, design="~ 0 + group", contrasts=ALL, method="limma_trend", omnibus={"none": []})
    with pytest.raises(DesignError, match="a set of contrasts to be tested together is NAME:c1,c2; got 'x'"):
        parse_omnibus("x")


def test_a_method_without_such_a_test_says_which_have_one(log2_study: AnnData, monkeypatch: pytest.MonkeyPatch) -> None:
    from exomics.differential import run
    from exomics.registry.method import Methods

    plain = MethodSpec(name="plain", kind="test", title="plain", function=limma_trend, input_scale=("log2",))
    monkeypatch.setattr(run, "Tests", Methods("test", (plain, run.Tests["limma_voom"])))
    with pytest.raises(InputError, match="plain has no test of several contrasts together; .* limma_voom."):
        fit(log2_study, design="~ 0 + group", contrasts=ALL, method="plain", omnibus={"any": ALL})


def test_parts_keep_sets_and_statuses() -> None:
    rng = np.random.default_rng(3)
    design, contrasts = np.repeat(np.eye(2), 4, axis=0), np.array([[-1.0], [1.0]])
    first = limma_trend(rng.normal(size=(8, 20)), design, contrasts, omnibus=[contrasts], log_odds=True)
    second = limma_trend(rng.normal(size=(8, 10)), design, contrasts, omnibus=[contrasts], log_odds=True)
    words = np.array(["not_converged"] + [""] * 9, dtype=object)
    mask = np.arange(30) < 20
    joined = join_tests(
        [
            spread_tests(first._replace(status=np.array([""] * 20, dtype=object)), mask),
            spread_tests(second._replace(status=words), ~mask),
        ]
    )
    assert joined.omnibus is not None and first.omnibus is not None and second.omnibus is not None
    np.testing.assert_array_equal(joined.omnibus.p_value[:20], first.omnibus.p_value)
    np.testing.assert_array_equal(joined.omnibus.p_value[20:], second.omnibus.p_value)
    assert joined.status is not None and list(np.flatnonzero(joined.status == "not_converged")) == [20]


def test_the_command(log2_study: AnnData, tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    source, output = tmp_path / "study.h5ad", tmp_path / "de.tsv"  # type: ignore[operator]
    log2_study.obs = log2_study.obs.assign(
        subject_id=log2_study.obs_names, study_id="s", species="rat", specimen="muscle", time_point="post"
    )
    log2_study.var["feature_type"] = "protein"
    write_data(log2_study, source)
    arguments = ["differential", str(source), "-o", str(output), "--method", "limma_trend", "--design", "~ 0 + group"]
    arguments += ["--contrast", ALL[0], "--contrast", ALL[1], "--omnibus", f"training:{ALL[0]},{ALL[1]}"]
    assert main([*arguments, "--minimum-effect", "0.2"]) == 0
    frame = DifferentialTable.from_tsv(output).frame
    assert list(frame["contrast"].unique()) == [*ALL[:2], "training"]
    assert set(frame["test"]) == {"treat", "F"}
    assert "training: " in capsys.readouterr().out
