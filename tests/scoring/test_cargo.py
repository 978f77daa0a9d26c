"""Measured cargo: dose, composition and loading have each their answer, and hemolyzed samples none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import load_files
from exomics.errors import InputError, LayerError
from exomics.schema import Scale, annotate
from exomics.scoring.cargo import cargo_verdict

COUNTS, CQ = Scale(kind="counts", quantity="count"), Scale(kind="log2", quantity="cq")
MIR29 = "hsa-miR-29a-3p"


def plasma(
    *, per_vesicle: float = 1.0, vesicles: float = 1.0, broken: float = 0.0, n: int = 12, seed: int = 0
) -> AnnData:
    """Subjects before and after: vesicles and their miR-29a change by factors; red cells break in the second sample.

    Reads are a fixed total, a spike of fixed amount is added. A lysate of red cells (`broken`, in log2 units of
    miR-451a) carries miR-451a, miR-16 and a little miR-29a.
    """
    rng = np.random.default_rng(seed)
    is_post = np.tile([0.0, 1.0], n)
    subject = np.repeat(rng.normal(0, 0.5, n), 2)
    amount = np.where(is_post, vesicles, 1.0) * rng.lognormal(0, 0.1, 2 * n)
    cargo = {
        MIR29: 300 * np.where(is_post, per_vesicle, 1.0) * np.exp2(subject),
        "hsa-miR-23a-3p": np.full(2 * n, 300.0),
        "hsa-miR-451a": np.full(2 * n, 900.0),
        "hsa-miR-16-5p": np.full(2 * n, 900.0),
        **{f"hsa-miR-{at}-3p": np.full(2 * n, 400.0) for at in range(2000, 2030)},
    }
    lysis = np.exp2(rng.uniform(0, max(broken, 1e-9), 2 * n) * is_post)
    for name, share in (("hsa-miR-451a", 1.0), ("hsa-miR-16-5p", 0.8), (MIR29, 0.5)):
        cargo[name] = cargo[name] * lysis**share
    values = np.column_stack([*cargo.values()]) * amount[:, None]
    values = np.column_stack([values, np.full(2 * n, 2000.0)])
    values *= 2e5 / values.sum(axis=1, keepdims=True)
    obs = pd.DataFrame(
        {
            "specimen": "plasma_ev",
            "species": "human",
            "subject_id": np.repeat([f"p{at}" for at in range(n)], 2),
            "time_point": np.tile(["baseline", "post"], n),
            "plasma_ml": 0.5,
            "particles_per_ml": amount * 1e9,
        },
        index=[f"s{at}" for at in range(2 * n)],
    )
    names = [*cargo, "cel-miR-39-3p"]
    var = pd.DataFrame({"feature_name": names}, index=[f"f{at}" for at in range(len(names))])
    return annotate(AnnData(rng.poisson(values).astype(float), obs=obs, var=var), assay="smallrna", scale=COUNTS)


def verdict(adata: AnnData, normalizer: str = "per_ml", **more: object) -> str:
    found = cargo_verdict(adata, [MIR29], column="time_point", control="baseline", normalizer=normalizer, **more).frame
    assert found["verdict"].nunique() == 1
    return str(found["verdict"].iloc[0])


def test_dose_rises_while_composition_falls_and_both_are_said() -> None:
    given = plasma(vesicles=3.0, per_vesicle=0.6)
    assert verdict(given) == (
        "rises in delivered dose; the normalizers disagree: it falls in composition, it falls in loading of a particle"
    )
    assert verdict(given, "rpm").startswith("falls in composition; the normalizers disagree: it rises in ")


def test_intervals_cover_the_planted_difference() -> None:
    covered = []
    for seed in range(20):
        given = plasma(vesicles=3.0, per_vesicle=0.6, seed=seed)
        frame = cargo_verdict(given, [MIR29], column="time_point", control="baseline", normalizer="per_ml").frame
        assert frame["normalizer"].iloc[0] == "per_ml"
        truth = np.log2(frame["normalizer"].map({"per_ml": 1.8, "spike_in": 1.8, "per_particle": 0.6}))
        inside = (frame["ci_low"] < truth) & (truth < frame["ci_high"])
        covered.append(inside[truth.notna()].to_numpy())
    assert np.all(np.mean(covered, axis=0) > 0.8)  # 95 % in the long run; 20 trials


def test_without_a_change_there_is_no_evidence_under_any_normalizer() -> None:
    told = [verdict(plasma(seed=seed)) for seed in range(12)]
    assert told.count("no evidence of a change in delivered dose") >= 9
    assert sum(text.startswith(("rises", "falls")) for text in told) <= 2


def test_the_direction_is_that_from_the_control_whatever_the_alphabet_says() -> None:
    given = plasma(per_vesicle=3.0)
    given.obs["time_point"] = given.obs["time_point"].replace({"baseline": "pre"})
    found = cargo_verdict(given, [MIR29], column="time_point", control="pre", normalizer="per_ml").frame.iloc[0]
    assert (found["comparison"], found["verdict"]) == ("time_point: post - pre", "rises in delivered dose")
    with pytest.raises(InputError, match=r"one of the two groups in time_point \(post, pre\); got 'before'"):
        cargo_verdict(given, [MIR29], column="time_point", control="before", normalizer="per_ml")


def test_more_of_everything_is_no_disagreement() -> None:
    assert verdict(plasma(per_vesicle=3.0)) == "rises in delivered dose"


def test_hemolysis_accounts_for_a_difference_that_is_its_own() -> None:
    """Red cells break after the bout, and their lysate holds miR-29a: taken out, nothing is left; planted, it stays."""
    said = "no evidence of a change in delivered dose once hemolysis is taken out (unadjusted it rises)"
    told = [verdict(plasma(broken=5.0, n=20, seed=seed)) for seed in range(10)]
    assert sum(text.startswith(said) for text in told) >= 8
    planted = [verdict(plasma(broken=5.0, per_vesicle=3.0, n=20, seed=seed)) for seed in range(10)]
    assert sum(text.startswith("rises in delivered dose") for text in planted) >= 8


def test_a_mirna_of_red_cells_is_marked_and_the_measure_is_not_adjusted_for_itself() -> None:
    frame = cargo_verdict(
        plasma(), ["hsa-miR-16-5p", "miR-451a", "miR-999"], column="time_point", control="baseline", normalizer="rpm"
    ).frame
    by_name = frame.groupby("feature_name")
    assert set(by_name.get_group("hsa-miR-16-5p")["note"]) == {"red cells release it"}
    assert set(by_name.get_group("hsa-miR-451a")["model"]) == {"unadjusted"}
    absent = by_name.get_group("miR-999").iloc[0]
    assert absent["status"] == "not_measured"
    assert np.isnan(absent["log2_difference"])


def test_a_name_without_its_arm_is_pointed_to_the_arms_that_are_measured() -> None:
    """hsa-miR-29a is what older releases of miRBase call hsa-miR-29a-3p; a name is never changed in silence."""
    found = cargo_verdict(plasma(), ["hsa-miR-29a"], column="time_point", control="baseline", normalizer="rpm").frame
    assert found["status"].tolist() == ["not_measured"]
    assert found["verdict"].tolist() == [f"not measured: the assay has no such feature, but has {MIR29}"]


def cycles(differences: np.ndarray) -> AnnData:
    """Cycles of two groups: miR-29a comes two cycles earlier in the second; given dCq(miR-23a-3p - miR-451a)."""
    rng = np.random.default_rng(3)
    n = len(differences)
    group = np.repeat([0.0, 1.0], n // 2)
    values = np.column_stack([27 - 2 * group, np.full(n, 22.0), 22 - differences, np.full(n, 20.0)])
    values[:, 0] += rng.normal(0, 0.3, n)
    obs = pd.DataFrame(
        {"specimen": "plasma", "group": np.where(group, "trained", "control")}, [f"s{i}" for i in range(n)]
    )
    names = [MIR29, "hsa-miR-23a-3p", "hsa-miR-451a", "cel-miR-39-3p"]
    var = pd.DataFrame({"feature_name": names}, index=list("abcd"))
    return annotate(AnnData(values, obs=obs, var=var), assay="qpcr", scale=CQ)


def test_hemolyzed_samples_are_left_out_and_counted() -> None:
    differences = np.full(16, 3.0) + np.tile([0.0, 0.5], 8)
    differences[:3] = 8.0
    table = cargo_verdict(cycles(differences), [MIR29], column="group", control="control", normalizer="spike_in")
    row = table.frame.iloc[0]
    assert (row["n_samples"], row["n_qc_fail"], row["verdict"]) == (13, 3, "rises in amount per reaction")
    assert abs(row["log2_difference"] - 2) < 0.4
    assert table.provenance.notes[0] == "3 samples failed quality and were left out"


def test_too_few_left_is_a_failure_of_quality_not_a_null() -> None:
    differences = np.full(16, 3.0)
    differences[:6] = 8.0
    row = cargo_verdict(
        cycles(differences), [MIR29], column="group", control="control", normalizer="spike_in"
    ).frame.iloc[0]
    assert row["status"] == "qc_fail"
    assert row["verdict"] == "no verdict: 6 samples failed; fewer than 3 are left in a group"
    assert np.isnan(row["p_value"])


def test_numbers_are_those_of_plain_regression() -> None:
    given = cycles(np.linspace(2, 4, 16))
    frame = cargo_verdict(given, [MIR29], column="group", control="control", normalizer="spike_in").frame.set_index(
        ["normalizer", "model"]
    )
    y = given.X[:, 3] - given.X[:, 0]
    design = np.column_stack([np.ones(16), np.repeat([0.0, 1.0], 8), given.X[:, 1] - given.X[:, 2]])
    for model, columns in (("unadjusted", [0, 1]), ("adjusted", [0, 1, 2])):
        expected = np.linalg.lstsq(design[:, columns], y, rcond=None)[0][1]
        assert frame.loc[("spike_in", model), "log2_difference"] == pytest.approx(expected)


def test_what_cannot_be_asked_is_refused_in_one_line() -> None:
    given = cycles(np.full(16, 3.0))
    with pytest.raises(InputError, match=r"can be computed here: rpm, spike_in; got 'per_ml'.*plasma_ml"):
        cargo_verdict(given, [MIR29], column="group", control="control", normalizer="per_ml")
    given.obs["group"] = "one"
    with pytest.raises(InputError, match="needs two groups in group; got 1"):
        cargo_verdict(given, [MIR29], column="group", control="control", normalizer="rpm")
    given.obs["specimen"] = "muscle"
    with pytest.raises(LayerError, match="these samples are muscle_qpcr"):
        cargo_verdict(given, [MIR29], column="group", control="control", normalizer="rpm")


def pairs(*, lost: tuple[int, ...] = (), n: int = 8) -> AnnData:
    """Cycles of subjects before and after: one cycle earlier after; without a value in the samples of `lost`."""
    rng = np.random.default_rng(2)
    is_post = np.tile([0.0, 1.0], n)
    values = np.column_stack(
        [27 + np.repeat(rng.normal(0, 1, n), 2) - is_post + rng.normal(0, 0.2, 2 * n), np.full(2 * n, 20.0)]
    )
    values[list(lost), 0] = np.nan
    obs = pd.DataFrame(
        {
            "specimen": "plasma_ev",
            "subject_id": np.repeat([f"p{at}" for at in range(n)], 2),
            "time_point": np.where(is_post, "post", "baseline"),
            "age": np.repeat(rng.normal(50, 9, n), 2),
            "sex": "F",
        },
        index=[f"s{at}" for at in range(2 * n)],
    )
    var = pd.DataFrame({"feature_name": [MIR29, "cel-miR-39-3p"]}, index=["a", "b"])
    return annotate(AnnData(values, obs=obs, var=var), assay="qpcr", scale=CQ)


HOW = {"column": "time_point", "control": "baseline", "normalizer": "spike_in"}


@pytest.mark.parametrize("lost", [(), (0, 1), (0,), (5,)])
def test_a_subject_without_both_samples_says_nothing_of_the_others(lost: tuple[int, ...]) -> None:
    """Least squares with subjects as blocks is the mean of the differences of the pairs that are whole."""
    given = pairs(lost=lost)
    row = cargo_verdict(given, [MIR29], **HOW).frame.iloc[0]
    change = np.diff(-given.X[:, 0].reshape(-1, 2), axis=1).ravel()
    assert row["log2_difference"] == pytest.approx(np.nanmean(change))
    assert row["n_samples"] == 2 * np.isfinite(change).sum()
    of_age = cargo_verdict(given, [MIR29], covariates=["age"], **HOW).frame.iloc[0]
    assert of_age["log2_difference"] == pytest.approx(row["log2_difference"])  # it is the subject's, and in its block


def test_samples_of_one_subject_never_count_as_subjects() -> None:
    given = pairs()
    given.obs["arm"] = np.repeat(["run", "sit"], 8)
    with pytest.raises(InputError, match="p0 has 2 samples, all in one group of arm: they would count as so many"):
        cargo_verdict(given, [MIR29], column="arm", control="sit", normalizer="spike_in")
    one = cargo_verdict(given[::2].copy(), [MIR29], column="arm", control="sit", normalizer="spike_in").frame.iloc[0]
    assert one["n_samples"] == 8
    given.obs["subject_id"] = [*"aabcdefghijklmno"]
    alone = cargo_verdict(given, [MIR29], **HOW).frame.iloc[0]
    assert alone["status"] == "below_floor"
    assert alone["verdict"].startswith("no verdict: fewer than 3 samples of each group, or subjects with both")


def test_a_mirna_without_reads_does_not_fall_where_libraries_are_deeper() -> None:
    """log2 of 0.5 reads per million of a deep library lies far below that of a shallow one; nothing was measured."""
    given = plasma()
    given.X[:, 0] = np.random.default_rng(1).poisson(0.1, given.n_obs)
    given.X[1::2] = given.X[1::2] * 4
    row = cargo_verdict(given, [MIR29], column="time_point", control="baseline", normalizer="rpm").frame.iloc[0]
    assert row["status"] == "below_detection"
    assert row["verdict"] == "below detection: 10 reads or more in 0% of the samples, 20% needed"
    assert np.isnan(row["log2_difference"])


def censored(values: np.ndarray, limit: float, known: bool = True) -> AnnData:
    """Cycles of two groups of which those beyond `limit` were not reached."""
    is_beyond = values > limit
    n = len(values)
    cycles_of = np.column_stack([np.where(is_beyond, np.nan, values), np.full(n, 20.0)])
    obs = pd.DataFrame(
        {"specimen": "plasma", "group": np.repeat(["sit", "run"], n // 2)}, [f"s{at}" for at in range(n)]
    )
    var = pd.DataFrame({"feature_name": [MIR29, "cel-miR-39-3p"]}, index=["a", "b"])
    layers = {"censored": np.column_stack([is_beyond, np.zeros(n, dtype=bool)]), "lod": np.full((n, 2), limit)}
    adata = AnnData(cycles_of, obs=obs, var=var, layers=layers if known else {})
    return annotate(adata, assay="qpcr", scale=CQ)


def test_what_lies_below_detection_is_neither_left_out_nor_the_last_cycle() -> None:
    """Planted: two cycles earlier in the second group, and the later half of the first was never reached."""
    found = []
    for seed in range(30):
        group = np.repeat([0.0, 1.0], 12)
        given = censored(32 - 2 * group + np.random.default_rng(seed).normal(0, 1, 24), 32.0)
        found.append(cargo_verdict(given, [MIR29], column="group", control="sit", normalizer="spike_in").frame.iloc[0])
    table = pd.DataFrame(found)
    assert abs(table["log2_difference"].mean() - 2) < 0.2
    assert ((table["ci_low"] < 2) & (table["ci_high"] > 2)).mean() > 0.8
    assert set(table["n_samples"]) == {24}
    assert table["note"].str.contains("samples below detection, taken as below its limit").all()


def test_how_much_it_rose_from_nothing_is_not_told() -> None:
    values = np.r_[np.full(6, 36.0), np.linspace(28, 29, 6)]
    row = cargo_verdict(censored(values, 35.0), [MIR29], column="group", control="sit", normalizer="rpm").frame.iloc[0]
    assert row["verdict"] == "below detection in all 6 samples of sit: the size of the difference is unknown"
    values[0] = 30.0
    unknown = censored(values, 35.0, known=False)
    row = cargo_verdict(unknown, [MIR29], column="group", control="sit", normalizer="rpm").frame.iloc[0]
    assert row["verdict"].startswith("no verdict: 5 of 6 samples of sit and 0 of 6 samples of run have no value")
    within = pairs(lost=(0, 2, 4, 6))
    shape = within.shape
    within.layers["censored"], within.layers["lod"] = np.isnan(within.X), np.full(shape, 35.0)
    row = cargo_verdict(within, [MIR29], **HOW).frame.iloc[0]
    assert row["verdict"].endswith("are below detection, too many for differences within subjects")


def test_a_spike_in_and_a_covariate_that_is_no_number_are_no_question() -> None:
    given = pairs()
    asked = cargo_verdict(given, ["cel-miR-39-3p", MIR29, "miR-29a-3p"], **HOW)
    assert asked.frame.iloc[0]["status"] == "not_applicable"
    assert asked.frame["feature_name"].tolist().count(MIR29) == 2  # under spike_in and rpm, once
    assert asked.provenance.notes[-1].startswith("2 miRNAs were asked for: intervals and p-values are of each alone")
    with pytest.raises(InputError, match="the covariate sex holds text such as 'F'"):
        cargo_verdict(given, [MIR29], covariates=["sex"], **HOW)
    with pytest.raises(InputError, match="no column 'bmi' in obs"):
        cargo_verdict(given, [MIR29], covariates=["bmi"], **HOW)


@pytest.mark.real_data
def test_a_real_cohort_has_composition_alone_and_says_so(reference_folder: Path) -> None:
    """Serum vesicles of 46 patients and 30 controls: no spike-in, so that only composition can be told."""
    folder = reference_folder / "exercise"
    files = {"matrix": folder / "Saiki2021_serumEV_miRNA_counts.tsv.gz"}
    constants = "specimen:plasma_ev,species:human"
    options = {"scale": "counts:count", "collapse": "max", "orientation": "features_in_rows", "constants": constants}
    data = load_files("mirna_table", files, options)
    sheet = pd.read_csv(folder / "Saiki2021_serumEV_miRNA_samples.tsv", sep="\t", index_col=0)
    data.obs["group"] = sheet.loc[data.obs_names, "group"].to_numpy()
    table = cargo_verdict(data, [MIR29, "hsa-miR-486-5p"], column="group", control="HC", normalizer="rpm")
    assert set(table.frame["normalizer"]) == {"rpm"}
    assert "the delivered dose cannot be told: it needs a spike-in and plasma_ml" in table.provenance.notes
    rows = table.frame[table.frame["feature_name"] == MIR29].set_index("model")
    counts = data.layers.get("counts", data.X)
    rpm = np.log2((np.asarray(counts)[:, data.var_names.get_loc(MIR29)] + 0.5) / np.asarray(counts).sum(axis=1) * 1e6)
    is_second = (data.obs["group"] == sorted(set(sheet["group"]))[1]).to_numpy()
    assert rows.loc["unadjusted", "log2_difference"] == pytest.approx(rpm[is_second].mean() - rpm[~is_second].mean())
    assert set(rows["n_samples"]) == {76}
    assert rows.loc["adjusted", "ci_low"] < rows.loc["adjusted", "log2_difference"] < rows.loc["adjusted", "ci_high"]


@pytest.mark.real_data
def test_cells_in_culture_are_no_cargo(reference_folder: Path) -> None:
    table = reference_folder / "exercise" / "LC3_C2C12_miRNA_counts.tsv.gz"
    constants = "specimen:cell_line,species:mouse"
    options = {"scale": "counts:count", "orientation": "features_in_rows", "constants": constants}
    data = load_files("mirna_table", {"matrix": table}, options)
    data.obs["group"] = ["ko" if "Atg" in name else "other" for name in data.obs_names]
    with pytest.raises(LayerError, match="these samples are cell_line_smallrna"):
        cargo_verdict(data, ["MIMAT0000535"], column="group", control="control", normalizer="rpm")
