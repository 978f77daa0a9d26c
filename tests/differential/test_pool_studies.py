"""Studies pooled feature by feature: as the kernels say, honest about what is missing, across species too."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.differential import Study, combine_studies, fit, pool_studies, study_moderators
from exomics.differential.studies import align_studies
from exomics.errors import DesignError, InputError
from exomics.harmonize import OrthologTable
from exomics.results import DifferentialTable, PooledTable, Provenance, read_differential
from exomics.schema import Scale, annotate
from exomics.schema.study import template
from exomics.stats.combine_p_values import combine_p_values
from exomics.stats.meta_analysis import combine_effects
from exomics.stats.multiple_testing import benjamini_hochberg

PLANTED = {str(i) for i in range(10)}


def studies(n: int = 5, slope: float = 0.0) -> tuple[dict[str, Study], pd.DataFrame]:
    """Studies of 60 features, the first 10 changed by 0.5 plus `slope` per week beyond the first study's."""
    rng = np.random.default_rng(40)
    weeks = np.linspace(4, 24, n)
    found = {}
    for i in range(n):
        obs = pd.DataFrame({"group": ["SED"] * 8 + ["RUN"] * 8}, index=[f"s{j}" for j in range(16)])
        values = rng.normal(0.0, 0.3, (16, 60))
        values[8:, :10] += 0.5 + slope * (weeks[i] - weeks[0])
        data = annotate(AnnData(values, obs=obs), assay="rna", scale=Scale(kind="log2", quantity="cpm"))
        table = fit(data, design="~ group", contrasts=["training=RUN - SED"], method="limma_trend")
        found[f"study{i}"] = Study(table=table, contrast="training")
    return found, pd.DataFrame({"weeks": weeks}, index=list(found))


def columns(of: dict[str, Study], name: str) -> np.ndarray:
    return np.column_stack([one.table.frame[name] for one in of.values()])


@pytest.mark.parametrize("inference", ["normal", "hartung_knapp", "hartung_knapp_truncated"])
@pytest.mark.parametrize("method", ["reml", "dersimonian_laird", "paule_mandel", "fixed"])
def test_the_rows_are_those_of_the_kernel(method: str, inference: str) -> None:
    given, _ = studies()
    frame = pool_studies(given, method=method, inference=inference).frame
    expected = combine_effects(
        columns(given, "log2_fold_change"), columns(given, "standard_error"), method=method, inference=inference
    )
    for column, values in (
        ("log2_fold_change", expected.estimate),
        ("standard_error", expected.standard_error),
        ("p_value", expected.p_value),
        ("adj_p_value", benjamini_hochberg(expected.p_value)),
        ("tau_squared", expected.tau_squared),
        ("i_squared", expected.i_squared),
        ("q", expected.q),
        ("prediction_low", expected.prediction_low),
        ("prediction_high", expected.prediction_high),
    ):
        np.testing.assert_array_equal(frame[column].to_numpy(dtype=float), values, err_msg=column)
    assert (frame["n_samples"] == 80).all() and (frame["n_studies"] == 5).all() and set(frame["test"]) == {"meta"}


def test_what_changes_everywhere_is_found() -> None:
    given, _ = studies()
    table = pool_studies(given)
    found = set(table.frame.loc[table.frame["adj_p_value"] < 0.05, "feature_id"])
    assert len(found & PLANTED) >= 9 and len(found) <= 12
    assert len(table.provenance.inputs) == 5
    words = " ".join(table.provenance.notes)
    assert "taken as independent" in words and "hartung_knapp_truncated never is" in words


def test_the_table_goes_to_disk_and_on_as_a_differential_table(tmp_path) -> None:
    table = pool_studies(studies(3)[0])
    path = table.to_tsv(tmp_path / "pooled.tsv")
    pd.testing.assert_frame_equal(PooledTable.from_tsv(path).frame, table.frame)
    differential = read_differential(path)
    assert isinstance(differential, DifferentialTable)
    pd.testing.assert_frame_equal(differential.frame, table.differential().frame)


@pytest.mark.parametrize("inference", ["normal", "hartung_knapp"])
def test_a_feature_that_studies_lack(inference: str) -> None:
    given, _ = studies(3)
    some = given["study0"].table.frame
    for name, lost in (("study0", ["5", "6"]), ("study1", ["6"])):
        kept = given[name].table.frame
        kept = kept[~kept["feature_id"].isin(lost)]
        given[name] = replace(given[name], table=replace(given[name].table, frame=kept))
    frame = pool_studies(given, inference=inference).frame.set_index("feature_id")
    assert len(frame) == len(some) == 60
    assert (frame.loc["5", "n_studies"], frame.loc["5", "n_samples"], frame.loc["5", "status"]) == (2, 32, "ok")
    assert (frame.loc["6", "n_studies"], frame.loc["6", "status"]) == (1, "not_combined")
    assert np.isnan(frame.loc["6", "p_value"]) and np.isnan(frame.loc["6", "tau_squared"])
    alone = given["study2"].table.frame.set_index("feature_id")["log2_fold_change"]
    assert frame.loc["6", "log2_fold_change"] == pytest.approx(alone["6"])


@pytest.mark.parametrize("method", ["stouffer", "fisher"])
def test_p_values_alone(method: str) -> None:
    given, _ = studies(3)
    frame = combine_studies(given, method=method).frame
    signed = {}
    if method == "stouffer":
        signed = {"effects": columns(given, "log2_fold_change"), "weights": np.full((60, 3), 4.0)}
    expected = combine_p_values(columns(given, "p_value"), method=method, **signed).p_value
    np.testing.assert_allclose(frame["p_value"], expected)
    assert frame["log2_fold_change"].isna().all() and set(frame["test"]) == {method}


def test_studies_explained_by_weeks() -> None:
    given, weeks = studies(8, slope=0.05)
    table = pool_studies(given, moderators=weeks)
    assert list(table.frame["contrast"].unique()) == ["pooled: Intercept", "pooled: weeks", "pooled: moderators"]
    slopes = table.frame[table.frame["contrast"] == "pooled: weeks"]
    assert abs(slopes["log2_fold_change"][slopes["feature_id"].isin(PLANTED)].mean() - 0.05) < 0.01
    calls = set(slopes.loc[slopes["adj_p_value"] < 0.05, "feature_id"])
    assert len(calls & PLANTED) >= 9 and len(calls) <= 12
    tested = table.frame[table.frame["contrast"] == "pooled: moderators"]
    np.testing.assert_allclose(tested["p_value"], slopes["p_value"], rtol=1e-8)
    assert tested["log2_fold_change"].isna().all() and (tested["df_numerator"] == 1).all()
    assert any("properties of studies, not of subjects" in note for note in table.provenance.notes)


def test_moderators_are_read_off_study_documents() -> None:
    given, weeks = studies(8, slope=0.05)
    documents = {}
    for study, row in weeks.iterrows():
        documents[study] = template()
        documents[study]["fitt"] |= {"program_weeks": row["weeks"], "type": "run", "adherence_attended_percent": 80}
    read = study_moderators(documents, ["fitt.program_weeks"])
    found, expected = pool_studies(given, moderators=read), pool_studies(given, moderators=weeks)
    np.testing.assert_array_equal(found.frame["p_value"], expected.frame["p_value"])
    assert study_moderators(documents, ["fitt.type"])["type"].tolist() == ["run"] * 8
    documents["study3"]["fitt"]["adherence_attended_percent"] = 60
    adherence = pool_studies(given, moderators=study_moderators(documents, ["fitt.adherence_attended_percent"]))
    assert any("decided after randomization" in note for note in adherence.provenance.notes)
    with pytest.raises(InputError, match="no field 'fitt.weeks'.* Did you mean fitt"):
        study_moderators(documents, ["fitt.weeks"])
    documents["study2"]["fitt"]["program_weeks"] = "not_reported"
    with pytest.raises(InputError, match="study2 does not report fitt.program_weeks; fill it in"):
        study_moderators(documents, ["fitt.program_weeks"])


@pytest.fixture
def orthologs() -> OrthologTable:
    """Ten 1:1 pairs R<i> - H<i> with 3 + i databases; H20 has two rat genes, R30 two human genes."""
    rows = [(f"H{i}", f"R{i}", 3 + i) for i in range(10)]
    rows += [("H20", "R20", 9), ("H20", "R21", 4), ("H30", "R30", 8), ("H31", "R30", 6)]
    frame = pd.DataFrame(rows, columns=["human_symbol", "symbol", "support_n"])
    return OrthologTable.from_frame(frame, species="rat", source="made", warn=False)


def named(prefix: str, effects: dict[str, float]) -> DifferentialTable:
    frame = pd.DataFrame({column: [np.nan] * len(effects) for column in DifferentialTable.columns})
    frame = frame.assign(
        feature_id=[f"{prefix}_{name}" for name in effects],
        feature_name=list(effects),
        contrast="training",
        log2_fold_change=list(effects.values()),
        standard_error=0.1,
        p_value=0.5,
        mean_expression=np.arange(len(effects), dtype=float),
        n_samples=10,
    )
    return DifferentialTable(frame=frame, provenance=Provenance(method="made"))


def test_across_species_pairs_are_one_feature_and_their_certainty_is_told(orthologs: OrthologTable) -> None:
    human = named("ENSG", {"H0": 1.0, "H5": 0.5, "H20": 0.2, "H30": 0.1, "H99": 0.3})
    rat = named("ENSRNOG", {"R0": 0.8, "R5": 0.7, "R20": 0.4, "R21": 0.6, "R30": 0.9, "R77": 2.0})
    given = {
        "human": Study(table=human, contrast="training"),
        "rat": Study(table=rat, contrast="training", orthologs=orthologs),
    }
    frame = pool_studies(given, method="fixed", inference="normal").frame.set_index("feature_id")
    assert list(frame.index) == ["H0", "H5", "H20", "H30", "H99"]
    assert frame["log2_fold_change"].round(9).tolist() == [0.9, 0.6, 0.2, 0.1, 0.3]
    assert frame["n_studies"].tolist() == [2, 2, 1, 1, 1]
    assert frame["ortholog_relation"].tolist() == ["1:1", "1:1", "", "", ""]
    assert frame["ortholog_support"].fillna(-1).tolist() == [3, 8, -1, -1, -1]
    wider = {**given, "rat": replace(given["rat"], relations=("1:1", "1:n", "n:1"))}
    frame = pool_studies(wider, method="fixed", inference="normal").frame.set_index("feature_id")
    assert frame.loc["H20", ["ortholog_relation", "ortholog_support"]].tolist() == ["1:n", 4]
    assert frame.loc["H20", "log2_fold_change"] == pytest.approx(0.4)
    assert frame.loc[["H30", "H31"], "ortholog_relation"].tolist() == ["n:1", "n:1"]
    notes = align_studies(given).notes
    assert notes == ("rat: 4 of 6 features left out, without a human ortholog of their own",)
    assert pool_studies(given).provenance.parameters["orthologs"]["rat"]["source"] == "made"


def test_repeated_symbols_keep_the_highest_feature() -> None:
    one = named("a", {"CS": 1.0, "ACTB": 0.0})
    doubled = one.frame.assign(feature_name="CS")
    given = {
        "a": Study(table=DifferentialTable(doubled, one.provenance), contrast="training"),
        "b": Study(table=one, contrast="training"),
    }
    frame = pool_studies(given, by="feature_name").frame.set_index("feature_id")
    assert frame.loc["CS", "log2_fold_change"] == pytest.approx(0.5)


def test_what_cannot_be_pooled(orthologs: OrthologTable) -> None:
    given, weeks = studies(3)
    with pytest.raises(InputError, match="from two on; got 1"):
        pool_studies({"a": given["study0"]})
    with pytest.raises(InputError, match="study0 has no contrast 'week8'; it has training"):
        pool_studies({**given, "study0": replace(given["study0"], contrast="week8")})
    with pytest.raises(InputError, match="the moderators have no row for study2"):
        pool_studies(given, moderators=weeks[:2])
    with pytest.raises(DesignError, match="one level"):
        pool_studies(given, moderators=weeks.assign(kind="run"))
    with pytest.raises(DesignError, match="samples are needed"):
        pool_studies(dict(list(given.items())[:2]), moderators=weeks[:2])
    with pytest.raises(InputError, match="choose one of them"):
        pool_studies(given, moderators=weeks, inference="hartung_knapp_truncated")
    table = given["study0"].table
    doubled = replace(table, frame=pd.concat([table.frame] * 2))
    with pytest.raises(InputError, match="has 0 twice in 'training'"):
        pool_studies({**given, "study0": replace(given["study0"], table=doubled)})
    signless = replace(table, frame=table.frame.assign(log2_fold_change=np.nan))
    given["study0"] = replace(given["study0"], table=signless)
    with pytest.raises(InputError, match="study0 has no log2 effect to pool"):
        pool_studies(given)
    with pytest.raises(InputError, match="omnibus test has none. Use fisher"):
        combine_studies(given)
    renamed = named("x", {"Q": 1.0})
    with pytest.raises(InputError, match="share no feature_id; harmonize"):
        pool_studies({"a": given["study1"], "b": Study(table=renamed, contrast="training")})
    mapped = Study(table=renamed, contrast="training", orthologs=orthologs)
    with pytest.raises(InputError, match="across species by name; got 'feature_id'"):
        pool_studies({"a": given["study1"], "b": mapped}, by="feature_id")


def test_twenty_thousand_features_take_no_loop() -> None:
    """Ten studies of 20,000 features: as much time as a few passes over the tables, not one fit per feature."""
    rng = np.random.default_rng(3)
    n = 20_000
    base = pd.DataFrame({column: [np.nan] * n for column in DifferentialTable.columns}).assign(
        feature_id=[f"f{i}" for i in range(n)], feature_name="", contrast="training", n_samples=10, p_value=0.5
    )
    given = {}
    for study in "abcdefghij":
        effects, errors = rng.normal(0.0, 0.3, n), rng.uniform(0.05, 0.4, n)
        frame = base.assign(log2_fold_change=effects, standard_error=errors)
        given[study] = Study(table=DifferentialTable(frame, Provenance(method="made")), contrast="training")
    pool_studies(given)
    started = time.process_time()
    frame = pool_studies(given).frame
    assert time.process_time() - started < 5.0
    assert len(frame) == n and (frame["status"] == "ok").all()
