"""The runner: rows, floors, families, names, signs, and the same bytes for the same seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from exomics.enrichment import EnrichmentMethods, GeneSets, enrich, substrates_of
from exomics.errors import InputError, RegistryError
from exomics.harmonize import OrthologTable
from exomics.results import DifferentialTable, EnrichmentTable
from exomics.stats.multiple_testing import adjust_p_values

FROM_TABLE = [spec.name for spec in EnrichmentMethods if spec.reads == "statistics"]
FAST = {"gseapy_prerank": {"n_permutations": 50}, "prerank": {"n_permutations": 200}}


def run(table: DifferentialTable, sets: GeneSets, method: str, **parameters) -> EnrichmentTable:
    own = {"names": "feature_name"} if method == "kinase_activity" else {}
    return enrich(table, sets, method=method, parameters={**FAST.get(method, {}), **own, **parameters})


def shuffled(table: DifferentialTable, seed: int) -> DifferentialTable:
    return replace(table, frame=table.frame.sample(frac=1, random_state=seed, ignore_index=True))


@pytest.mark.parametrize("method", FROM_TABLE)
def test_every_set_has_its_row_and_only_sets_above_the_floor_have_numbers(method, table, sets) -> None:
    frame = run(table, sets, method).frame
    assert list(frame.columns) == list(EnrichmentTable.columns)
    floor = 3 if method == "kinase_activity" else 5
    for _, rows in frame.groupby("contrast"):
        assert list(dict.fromkeys(rows["gene_set"])) == list(sets.sets)
    sizes = frame.drop_duplicates("gene_set").set_index("gene_set")[["n_members", "n_measured"]]
    assert sizes.loc["partly"].tolist() == [12, 10]
    assert sizes.loc["rare"].tolist() == [3, 2]
    assert sizes.loc["absent"].tolist() == [2, 0]
    assert (frame["p_value"].notna() == (frame["n_measured"] >= floor)).all()
    assert frame.loc[frame["n_measured"] < floor, "leading_features"].eq("").all()


@pytest.mark.parametrize("method", FROM_TABLE)
def test_the_planted_set_is_found_with_its_direction(method, table, sets) -> None:
    frame = run(table, sets, method, **({"direction": "up"} if method == "over_representation" else {})).frame
    frame = frame[frame["inter_gene_correlation"].fillna(0.01).eq(0.01)]
    up, down = (frame[frame["contrast"] == name].set_index("gene_set") for name in ("F_8W - F_SED", "M_8W - M_SED"))
    if method == "over_representation":
        return  # few features are called here: its own test below
    assert up.loc["planted", "p_value"] < 0.01
    assert up["p_value"].idxmin() == "planted"
    sign = -1 if method == "mirna_activity" else 1  # a miRNA is active where its targets fall
    assert sign * up.loc["planted", "effect"] > 0 > sign * down.loc["planted", "effect"]
    assert set(up.loc["planted", "leading_features"].split(";")) <= set(sets.sets["planted"])


@pytest.mark.parametrize("method", [name for name in FROM_TABLE if name != "gseapy_prerank"])
def test_the_order_of_rows_and_of_sets_does_not_matter(method, table, sets) -> None:
    first = run(table, sets, method).frame.set_index(["contrast", "gene_set", "family"]).sort_index()
    turned = replace(sets, sets=dict(reversed(list(sets.sets.items()))))
    second = run(shuffled(table, 5), turned, method).frame.set_index(["contrast", "gene_set", "family"]).sort_index()
    for column in ("effect", "statistic", "p_value", "adj_p_value"):
        np.testing.assert_allclose(second[column], first[column], rtol=1e-9, atol=1e-12)
    assert second["leading_features"].tolist() == first["leading_features"].tolist()


@pytest.mark.parametrize("method", FROM_TABLE)
def test_the_same_seed_gives_the_same_bytes_and_a_contrast_does_not_depend_on_the_others(method, table, sets) -> None:
    whole = run(table, sets, method)
    assert run(table, sets, method).to_text() == whole.to_text()
    alone = run(replace(table, frame=table.frame[table.frame["contrast"] == "M_8W - M_SED"]), sets, method).frame
    rows = whole.frame[whole.frame["contrast"] == "M_8W - M_SED"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone.drop(columns="adj_p_value"), rows.drop(columns="adj_p_value"))


def test_another_seed_changes_permutation_p_values_only(table, sets) -> None:
    one, two = (enrich(table, sets, method="prerank", seed=seed).frame for seed in (1, 2))
    assert (one["effect"].dropna() == two["effect"].dropna()).all()
    assert (one["p_value"].dropna() != two["p_value"].dropna()).any()


def test_p_values_are_adjusted_over_all_contrasts_of_a_family_at_one_correlation(table, sets) -> None:
    frame = run(table, sets, "camera_preranked").frame
    assert sorted(frame["inter_gene_correlation"].dropna().unique()) == [0, 0.01, 0.05, 0.1, 0.2]
    chosen = frame[frame["inter_gene_correlation"] == 0.05]
    assert set(chosen["family"]) == {"trained | mine | inter-gene correlation 0.05"}
    np.testing.assert_allclose(chosen["adj_p_value"], adjust_p_values(chosen["p_value"].to_numpy()), rtol=1e-15)
    one = run(table, sets, "camera_preranked", inter_gene_correlation=0.05).frame
    assert set(one["family"]) == {"trained | mine"}
    np.testing.assert_array_equal(one["p_value"].dropna(), chosen["p_value"])


def test_p_grows_with_the_correlation_that_is_allowed_for(table, sets) -> None:
    for method in ("camera_preranked", "kinase_activity"):
        frame = run(table, sets, method).frame
        wide = frame.dropna(subset=["p_value"]).pivot(
            index=["contrast", "gene_set"], columns="inter_gene_correlation", values="p_value"
        )
        assert (wide.diff(axis=1).iloc[:, 1:] > 0).all().all()


def test_the_background_is_what_was_measured_and_named(table, sets) -> None:
    frame = table.frame.copy()
    frame.loc[frame["feature_name"].isin([f"GENE{i}" for i in range(100, 150)]), "p_value"] = np.nan
    frame.loc[frame["feature_name"].isin([f"GENE{i}" for i in range(200, 220)]), "feature_name"] = ""
    found = run(replace(table, frame=frame), sets, "over_representation", threshold=0.5)
    assert set(found.provenance.parameters["background"].values()) == {430}
    details = found.provenance.parameters["details"]["F_8W - F_SED"]
    assert details["n_background"] == 430
    assert set(details["odds_ratio_ci"]) == {"planted", "random_20", "partly", "random_60"}


def test_over_representation_counts_the_called_members(table, sets) -> None:
    frame = table.frame.copy()
    frame["adj_p_value"] = np.where(np.arange(len(frame)) % 500 < 12, 0.01, 0.9)
    frame.loc[frame.index % 500 == 0, "statistic"] = -9.0
    found = run(replace(table, frame=frame), sets, "over_representation", direction="up").frame
    planted = found[(found["gene_set"] == "planted") & (found["contrast"] == "F_8W - F_SED")].iloc[0]
    called = (frame["statistic"][:12] > 0).sum()
    assert planted["statistic"] == called
    assert planted["p_value"] < 1e-6
    assert planted["leading_features"].count(";") == called - 1


def test_features_of_one_name_are_kept_or_reduced_to_the_most_expressed(table, sets) -> None:
    double = table.frame.assign(feature_id=lambda rows: rows["feature_id"] + ".b", mean_expression=-9.0, statistic=0.0)
    both = replace(table, frame=pd.concat([table.frame, double], ignore_index=True))
    single = run(table, sets, "prerank").frame
    np.testing.assert_array_equal(run(both, sets, "prerank").frame["p_value"], single["p_value"])
    kept = run(both, sets, "camera_preranked").provenance.parameters["background"]
    reduced = run(both, sets, "camera_preranked", duplicates="mean_expression").provenance.parameters["background"]
    assert set(kept.values()) == {1000}
    assert set(reduced.values()) == {500}


def test_human_sets_meet_rat_features_through_orthologs(table, sets) -> None:
    frame = pd.DataFrame(
        {"human_symbol": [f"GENE{i}" for i in range(400)], "symbol": [f"Gene{i}" for i in range(400)], "support_n": 5}
    )
    frame = pd.concat([frame, pd.DataFrame({"human_symbol": ["GENE9"], "symbol": ["Gene0"], "support_n": [3]})])
    orthologs = OrthologTable.from_frame(frame, species="rat", source="made", warn=False)
    rat = replace(table, frame=table.frame.assign(feature_name=table.frame["feature_name"].str.capitalize()))
    found = enrich(rat, sets, method="camera_preranked", mapping=orthologs)
    assert set(found.provenance.parameters["background"].values()) == {400}
    mapping = found.provenance.parameters["mapping"]
    assert (mapping["source"], mapping["losses"][0]["n"]) == ("made", 100)
    assert found.frame["n_measured"].max() >= 30  # Gene0 counts as GENE0, which more databases support
    assert "restricted" in " ".join(found.provenance.notes)
    with pytest.raises(InputError, match="no member of mine"):
        enrich(rat, sets, method="camera_preranked")


def test_a_test_without_sign_serves_over_representation_only(table, sets) -> None:
    omnibus = replace(table, frame=table.frame.assign(test="F", statistic=table.frame["statistic"].abs()))
    assert run(omnibus, sets, "over_representation").frame["p_value"].notna().any()
    with pytest.raises(InputError, match="direction"):
        run(omnibus, sets, "over_representation", direction="up")
    with pytest.raises(InputError, match="has no sign"):
        run(omnibus, sets, "camera_preranked")


def test_signed_sets_are_refused_where_signs_are_ignored(table) -> None:
    pairs = pd.DataFrame({"kinase": ["K"] * 5, "substrate": [f"GENE{i}" for i in range(5)], "sign": [1, 1, 1, 1, -1]})
    signed = substrates_of(pairs, name="pairs")
    with pytest.raises(InputError, match="would ignore; use kinase_activity"):
        enrich(table, signed, method="prerank")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"color": 1}, "no parameter 'color'"),
        ({"min_size": 0}, "min_size"),
        ({"min_size": 2.5}, "min_size"),
        ({"names": "symbol"}, "names must be"),
        ({"rank_by": "p"}, "rank_by"),
        ({"duplicates": "best"}, "duplicates"),
        ({"inter_gene_correlation": "none"}, "must be numbers"),
        ({"inter_gene_correlation": 1.0}, "correlation"),
    ],
)
def test_bad_parameters_are_refused(table, sets, parameters, words: str) -> None:
    with pytest.raises(InputError, match=words):
        enrich(table, sets, method="camera_preranked", parameters=parameters)


def test_what_cannot_be_tested_is_refused(table, sets) -> None:
    with pytest.raises(RegistryError, match="no enrichment is called"):
        enrich(table, sets, method="magic")
    with pytest.raises(InputError, match="reads samples"):
        enrich(table, sets, method="camera")
    with pytest.raises(InputError, match="no rows"):
        enrich(replace(table, frame=table.frame.iloc[:0]), sets, method="prerank")
    with pytest.raises(InputError, match="at least 3"):
        enrich(replace(table, frame=table.frame.iloc[:2]), sets, method="prerank")


def test_the_provenance_says_what_was_tested(table, sets, tmp_path) -> None:
    found = run(table, sets, "prerank")
    assert found.provenance.seed == 1
    assert found.provenance.acknowledgments == ("thanks",)
    assert found.provenance.parameters["gene_sets"] == {
        "name": "mine", "n_sets": 6, "species": "human", "sha256": sets.sha256,
    }  # fmt: skip
    assert "fewer than 5 measured members" in " ".join(found.provenance.notes)
    path = found.to_tsv(tmp_path / "sets.tsv")
    pd.testing.assert_frame_equal(EnrichmentTable.from_tsv(path).frame, found.frame)
    assert run(table, sets, "camera_preranked").provenance.seed is None


def test_a_set_of_every_feature_has_no_numbers(table) -> None:
    everything = GeneSets("all", {"all": tuple(f"GENE{i}" for i in range(500)), "some": ("GENE1", "GENE2", "GENE3")})
    frame = run(table, everything, "prerank", min_size=2).frame
    assert frame["p_value"].isna().tolist() == [True, False, True, False]
