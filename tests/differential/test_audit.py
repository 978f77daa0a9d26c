"""The audit of designs: each finding in words, fatal ones raised, the rest carried beside the result."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.differential import fit
from exomics.differential.audit import audit_design, audited_design
from exomics.errors import DesignError
from exomics.preprocess import confounding, remove_batch


@pytest.fixture
def animals() -> pd.DataFrame:
    """Three weeks of eight animals in four plexes and four cages per week, ages that vary."""
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "week": np.repeat(["SED", "4W", "8W"], 8),
            "plex": np.tile(["S1", "S2", "S3", "S4"], 6),
            "age": rng.normal(20.0, 1.0, 24),
        },
        index=[f"a{i:02d}" for i in range(24)],
    )


def messages(obs: pd.DataFrame, formula: str, kind: str = "", **options: str) -> list[str]:
    return [found.message for found in audit_design(obs, formula, **options) if not kind or found.kind == kind]


def test_a_balanced_design_has_no_finding(animals: pd.DataFrame) -> None:
    assert audit_design(animals, "~ 0 + week + age") == []
    assert audited_design(animals, "~ 0 + week + plex")[1] == []


def test_training_confounded_with_a_batch_outside_the_design(animals: pd.DataFrame) -> None:
    animals.loc[animals["week"] == "8W", "plex"] = "S9"
    expected = "week is confounded with plex: all samples of 8W are in plex S9, which holds no others"
    assert messages(animals, "~ week", "confounding") == [expected]


def test_training_confounded_with_a_batch_in_the_design_is_fatal(animals: pd.DataFrame) -> None:
    animals.loc[animals["week"] == "8W", "plex"] = "S9"
    with pytest.raises(DesignError) as error:
        audited_design(animals, "~ week + plex")
    assert str(error.value).startswith(
        "week is confounded with plex: all samples of 8W are in plex S9, which holds no others. "
        "the design is rank-deficient: plex[T.S9] = "
    )


def test_a_chain_of_batches_is_enough() -> None:
    week = pd.Series(list("AABBCC"), name="week")
    assert confounding(week, pd.Series(list("xyyzzw"), name="run")) == ""
    assert confounding(week, pd.Series(list("xyyxzw"), name="run")) == (
        "week is confounded with run: all samples of C are in run w, z, which hold no others"
    )
    assert confounding(pd.Series(list("AAA"), name="week"), pd.Series(list("xyz"), name="run")) == ""


def test_an_associated_batch_is_named(animals: pd.DataFrame) -> None:
    animals["plex"] = ["S1"] * 9 + ["S2"] * 7 + ["S3"] * 7 + ["S2"]
    found = messages(animals, "~ week", "imbalance")
    assert len(found) == 1 and found[0].startswith("week and plex are associated (Cramer's V 0.")


def test_cage_is_the_unit(animals: pd.DataFrame) -> None:
    animals["cage"] = [f"c{i // 2}" for i in range(24)]
    expected = (
        "week differs between whole levels of cage; 24 samples of 12 levels of cage are taken as independent: cage is "
        "the unit. Give it as the block, put it in the design, or average its samples"
    )
    assert messages(animals, "~ week", "unit") == [expected]
    assert messages(animals, "~ week", "unit", block="cage") == []
    animals["cage"] = np.tile([f"c{i}" for i in range(8)], 3)
    assert messages(animals, "~ week", "unit") == []


def test_repeated_samples_of_a_subject(animals: pd.DataFrame) -> None:
    animals["subject_id"] = np.tile([f"p{i}" for i in range(8)], 3)
    found = messages(animals, "~ week", "unit")
    assert found == [
        "24 samples of 8 levels of subject_id are taken as independent: subject_id is the unit. Give it as the block, "
        "put it in the design, or average its samples"
    ]
    assert messages(animals, "~ week + subject_id") == []


def test_thin_designs(animals: pd.DataFrame) -> None:
    small = animals.iloc[[0, 1, 8, 9, 16]]
    assert messages(small, "~ 0 + week", "residual_df") == [
        "5 samples and 3 coefficients leave 2 residual degrees of freedom: the variances rest on the prior"
    ]
    assert messages(small, "~ 0 + week", "imbalance") == ["week has one sample of 8W: no replicate"]
    assert messages(small, "~ 0 + week", "leverage") == [
        "1 samples are fitted exactly: the design gives them a coefficient of their own (a16)"
    ]


def test_imbalance_is_a_note(animals: pd.DataFrame) -> None:
    found = audit_design(animals.iloc[:18], "~ week")
    assert [(one.severity, one.message) for one in found] == [
        ("note", "week is unbalanced: 8 samples of SED, 2 of 8W"),
    ]


def test_leverage_and_collinearity(animals: pd.DataFrame) -> None:
    animals["dose"] = np.r_[np.random.default_rng(2).normal(size=23), 60.0]
    assert messages(animals, "~ dose", "leverage") == [
        "1 samples are of leverage above 0.9: they decide a coefficient (a23)"
    ]
    animals["months"] = animals["age"] / 4 + np.random.default_rng(3).normal(0.0, 0.01, 24)
    assert [words.split(" (")[0] for words in messages(animals, "~ week + age + months", "collinearity")] == [
        "age is nearly given by the rest of the design",
        "months is nearly given by the rest of the design",
    ]


@pytest.mark.parametrize(
    ("change", "formula", "message"),
    [
        ({"week": "SED"}, "~ week", "the factor week has one level (SED) in these 24 samples."),
        ({"age": np.nan}, "~ week + age", "age is missing in 24 of 24 samples (a00, a01, a02, ...)."),
        ({"age": np.inf}, "~ week + age", "age holds infinite values."),
        ({"id": [f"i{i}" for i in range(24)]}, "~ id", "the design has 24 coefficients and 24 samples;"),
    ],
)
def test_what_cannot_be_estimated_is_fatal(
    animals: pd.DataFrame, change: dict[str, object], formula: str, message: str
) -> None:
    obs = animals.assign(**change)
    found = audit_design(obs, formula)
    assert found[0].severity == "fatal" and found[0].message.startswith(message)
    with pytest.raises(DesignError) as error:
        audited_design(obs, formula)
    assert message in str(error.value)


def test_the_fit_carries_the_findings(log2_study: AnnData) -> None:
    log2_study.obs["cage"] = [f"c{i // 5}{i % 2}" for i in range(20)]
    table = fit(log2_study, design="~ 0 + group", contrasts=["F_8W - F_SED"], method="limma_trend")
    assert any(note.startswith("design: group differs between whole levels of cage") for note in table.provenance.notes)


def test_no_batch_is_removed_that_is_training(log2_study: AnnData) -> None:
    log2_study.obs["batch"] = np.where(log2_study.obs["group"] == "M_8W", "S2", "S1")
    with pytest.raises(DesignError) as error:
        remove_batch(log2_study, batch="batch")
    assert str(error.value) == (
        "group is confounded with batch: all samples of M_8W are in batch S2, which holds no others. Taking batch out "
        "would take group out with it: nothing can tell the two apart. Compare within batches only, or measure the "
        "conditions together."
    )
    log2_study.obs["batch"] = log2_study.obs["plex"]
    assert remove_batch(log2_study, batch="batch").n_obs == 20
