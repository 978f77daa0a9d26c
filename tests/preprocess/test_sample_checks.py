"""Sex, swaps, outliers and measures: what was planted is flagged, what is fine is not, and nothing is dropped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import load
from exomics.errors import InputError, ScaleError
from exomics.preprocess import check_sex, check_swaps, flag_outliers, flag_swaps, measure_samples
from exomics.schema import Scale, annotate, steps_of

Y_AND_X = ["RPS4Y1", "DDX3Y", "XIST", "GAPDH"]
LOG2 = Scale(kind="log2", quantity="array")
COUNTS = Scale(kind="counts", quantity="count")


def table(values: np.ndarray, names: list[str], scale: Scale = LOG2, species: str = "human", **obs: object) -> AnnData:
    sheet = pd.DataFrame({"species": species, **obs}, index=[f"s{i}" for i in range(len(values))])
    var = pd.DataFrame({"feature_name": names}, index=[f"f{i}" for i in range(len(names))])
    return annotate(AnnData(np.asarray(values, dtype=float), obs=sheet, var=var), assay="rna", scale=scale)


MALE, FEMALE, NEITHER, BOTH = [8.0, 7.0, 1.0, 12.0], [1.0, 1.2, 9.0, 12.0], [1.0, 1.1, 1.0, 12.0], [8.0, 7.5, 9.0, 12.0]


def test_a_wrong_sex_is_flagged_and_a_lost_chromosome_is_not() -> None:
    given = table(
        [MALE, FEMALE, MALE, FEMALE, NEITHER, BOTH, MALE],
        Y_AND_X,
        sex=["male", "female", "female", "male", "male", "male", "unknown"],
    )
    checked = check_sex(given)
    assert checked.obs["sex_from_expression"].tolist() == [
        "male", "female", "male", "female", "unclear", "unclear", "male",
    ]  # fmt: skip
    flags = checked.obs["qc_flag"].tolist()
    assert flags == ["", "", "recorded female, expresses male", "recorded male, expresses female", "", "", ""]
    assert steps_of(checked)[-1]["report"]["n_markers"] == {"Y": 2, "XIST": 1}
    assert "qc_flag" not in given.obs


def test_one_sex_alone_is_told_by_counts_and_not_by_arrays() -> None:
    men = check_sex(table([MALE] * 3, Y_AND_X, sex=["male"] * 3))
    assert set(men.obs["sex_from_expression"]) == {"unclear"}
    counts = np.array([[300, 250, 0, 10**6]] * 3)
    assert set(check_sex(table(counts, Y_AND_X, COUNTS)).obs["sex_from_expression"]) == {"male"}
    assert set(check_sex(table(counts[:, [2, 2, 0, 3]], Y_AND_X, COUNTS)).obs["sex_from_expression"]) == {"female"}


def test_sex_needs_markers_and_a_species() -> None:
    with pytest.raises(InputError, match=r"needs XIST, RPS4Y1, .* none is measured"):
        check_sex(table([[1.0]], ["GAPDH"]))
    with pytest.raises(InputError, match="samples of one species"):
        check_sex(table([MALE, MALE], Y_AND_X, species=["rat", "mouse"]))  # type: ignore[arg-type]


def people(seed: int, n: int = 24, noise: float = 0.5) -> tuple[AnnData, AnnData]:
    rng = np.random.default_rng(seed)
    person = rng.normal(size=(n, 300))
    names, subjects = [f"G{i}" for i in range(300)], [f"p{i}" for i in range(n)]
    return tuple(table(person + noise * rng.normal(size=person.shape), names, subject_id=subjects) for _ in range(2))  # type: ignore[return-value]


def test_two_swapped_samples_are_found() -> None:
    rna, protein = people(1)
    protein.obs["subject_id"] = ["p1", "p0", *protein.obs["subject_id"].tolist()[2:]]
    found = check_swaps(rna, protein)
    wrong = found.frame[found.frame["call"] != "ok"]
    assert wrong[["subject", "best_subject", "call"]].to_numpy().tolist() == [
        ["p0", "p1", "swapped"],
        ["p1", "p0", "swapped"],
    ]
    assert found.own_best == pytest.approx(22 / 24)
    flagged = flag_swaps(rna, protein)
    assert [flag for flag in flagged.obs["qc_flag"] if flag] == [
        "swapped with p1 in one of two assays", "swapped with p0 in one of two assays",
    ]  # fmt: skip
    assert flagged.n_obs == 24
    assert "22 of 24 samples match their own label best" in steps_of(flagged)[-1]["report"]["note"]


def test_no_swap_is_no_call() -> None:
    calls = [check_swaps(*people(seed)).frame["call"] for seed in range(2, 12)]
    assert set(pd.concat(calls)) == {"ok"}


def test_assays_that_tell_nobody_apart_say_so() -> None:
    rna, protein = people(20, noise=30.0)
    found = check_swaps(rna, protein)
    assert set(found.frame["call"]) == {"ok"}
    assert "do not identify individuals here" in found.note


def test_sexes_that_differ_between_assays_are_called_without_a_match() -> None:
    rna, protein = people(21, noise=30.0)
    rna.obs["sex_from_expression"], protein.obs["sex_from_expression"] = "male", ["female"] + ["male"] * 23
    frame = check_swaps(rna, protein).frame
    assert frame["call"].tolist() == ["wrong_sex"] + ["ok"] * 23
    assert flag_swaps(rna, protein).obs["qc_flag"].iloc[0] == "expresses male, s0 of the other assay female"


def test_assays_that_cannot_be_matched_are_refused() -> None:
    rna, protein = people(22)
    with pytest.raises(InputError, match="no column 'mouse'"):
        check_swaps(rna, protein, by="mouse")
    protein.obs["subject_id"] = "p0"
    with pytest.raises(InputError, match="subject_id p0 has several samples"):
        check_swaps(rna, protein)


def test_an_outlier_is_flagged_and_a_group_is_not() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(24, 60))
    values[12:, :20] += 3.0
    given = table(values, [f"G{i}" for i in range(60)])
    assert set(flag_outliers(given).obs["qc_flag"]) == {""}
    values[5, 20:40] += 9.0
    flagged = flag_outliers(table(values, [f"G{i}" for i in range(60)]))
    assert [name for name, flag in flagged.obs["qc_flag"].items() if flag] == ["s5"]
    assert flagged.obs.loc["s5", "pca_outlier_component"] > 0
    with pytest.raises(InputError, match="needs 6 samples and 2 features"):
        flag_outliers(given[:5].copy())


def test_samples_are_measured_on_their_scale() -> None:
    values = np.array([[1.0, np.nan, 3.0], [1.0, 0.0, np.nan]])
    measured = measure_samples(table(values, list("abc")))
    assert measured.obs["n_detected"].tolist() == [2, 2]
    assert measured.obs["missing_fraction"].tolist() == pytest.approx([1 / 3, 1 / 3])
    assert "library_size" not in measured.obs
    counted = measure_samples(table(np.array([[0, 5, 95], [0, 0, 0]]), list("abc"), COUNTS))
    assert counted.obs["top_feature_share"].tolist() == [0.95, 0.0]
    with pytest.raises(ScaleError):
        measure_samples(AnnData(values))


@pytest.mark.real_data
def test_a_planted_swap_of_the_sexes_is_seen_in_rat_muscle(mirror: Path) -> None:
    """Of 50 rats every one expresses the sex of the sheet; two exchanged labels are the only flags."""
    rats = load("motrpac_gn_rna")
    assert set(check_sex(rats).obs["qc_flag"]) == {""}
    sex = rats.obs["sex"].astype(str)
    female, male = sex.index[sex == "female"][3], sex.index[sex == "male"][7]
    exchanged = rats.copy()
    exchanged.obs["sex"] = sex.astype(object)
    exchanged.obs.loc[[female, male], "sex"] = ["male", "female"]
    checked = check_sex(exchanged)
    assert set(checked.obs_names[checked.obs["qc_flag"] != ""]) == {female, male}
    assert checked.obs["sex_from_expression"].tolist() == sex.tolist()


@pytest.mark.real_data
def test_inbred_rats_are_not_told_apart_and_no_swap_is_claimed(mirror: Path) -> None:
    """RNA and protein of one muscle: 14 of 47 rats match themselves best (chance: 1), too few to prove a swap."""
    found = check_swaps(load("motrpac_gn_rna"), load("motrpac_gn_protein"))
    assert set(found.frame["call"]) == {"ok"}
    assert 5 / 47 < found.own_best < 0.5
    assert found.frame["own_match"].mean() > 1.0
    assert "do not identify individuals here" in found.note
