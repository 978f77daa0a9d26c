"""Scores with a planted truth: axes, rules of species and strain, formulas, frozen references, overlap."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from exomics.errors import InputError, LayerError, ScaleError
from exomics.registry import Member, Signature, load_signature
from exomics.results import DifferentialTable, Provenance, ReferenceTable
from exomics.schema import Scale
from exomics.scoring import (
    SignatureTransformer,
    axis_scores,
    fit_reference,
    jaccard_overlap,
    rank_axes,
    require_single_sample,
    score,
    without_shared_members,
)

MakeSamples = Callable[..., AnnData]
MakeSignature = Callable[..., Signature]
LOG = Scale(kind="log2", quantity="cpm", offset=1.0)
GENES = ("CXCL9", "CXCL10", "CXCL11", "CXCR3", "CD8A", "CD8B", "COL6A1", "COL6A2", "GREM1", "PAMR1", "TAGLN")


def rows(table: object, arm: str) -> pd.DataFrame:
    frame = table.frame  # type: ignore[attr-defined]
    return frame[frame["arm"] == arm].set_index("sample_id")


def pair_signature(pairs: list[tuple[str, ...]], **more: object) -> Signature:
    members = tuple(
        Member(feature_id=name, evidence="C", group=f"{pair[0]}-{'+'.join(pair[1:])}")
        for pair in pairs
        for name in pair
    )
    return replace(load_signature("myo.lr_pairs"), id="tst.pairs", members=members, checks={}, **more)  # type: ignore[arg-type]


# Q3: the chemokine axis


def tumors(make_samples: MakeSamples, n: int = 40, *, seed: int = 0) -> AnnData:
    values = np.random.default_rng(seed).normal(5.0, 1.0, size=(n, len(GENES)))
    return make_samples(values, GENES, scale=LOG)


def test_two_low_partners_never_make_a_high_axis(make_samples: MakeSamples) -> None:
    samples = tumors(make_samples)
    samples.X[0] = np.linspace(0.4, 0.6, len(GENES))  # all partners far below their mean
    samples.X[1, :4] = 9.0
    total = rows(score(samples, "imm.cxcr3_axis"), "total")["score"]
    assert total["s0"] == total.min() < -3
    assert total["s1"] == total.max() > 1


def test_the_axis_is_the_mean_of_its_primary_pairs_and_each_pair_has_a_row(make_samples: MakeSamples) -> None:
    table = score(tumors(make_samples), "imm.cxcr3_axis")
    assert set(table.frame["arm"]) == {"total", "CXCL9-CXCR3", "CXCL11-CXCR3", "CXCL10-CXCR3"}
    primary = (rows(table, "CXCL9-CXCR3")["score"] + rows(table, "CXCL11-CXCR3")["score"]) / 2
    np.testing.assert_allclose(rows(table, "total")["score"], primary, rtol=1e-12)
    assert set(table.frame["reference_id"]) == {"these samples"}


def test_general_inflammation_leaves_no_axis_of_its_own(make_samples: MakeSamples) -> None:
    """Axis and response rise together where all interferon genes are doubled: after the response nothing is left."""
    generator = np.random.default_rng(3)
    response = generator.normal(size=300)
    names = ["IFNG", "STAT1", "IDO1", "CXCL10", "HLA-DRA", "CXCL9", "CXCL11", "CXCR3"]
    values = 5 + response[:, None] + 0.05 * generator.normal(size=(300, len(names)))
    samples = make_samples(values, names, scale=LOG)
    axis = rows(score(samples, "imm.cxcr3_axis"), "total")["score"].to_numpy()
    whole = load_signature("imm.ifng6")
    rest = replace(whole, members=tuple(one for one in whole.members if one.feature_id != "CXCL9"), checks={})
    level = rows(score(samples, rest), "total")["score"].to_numpy()
    slope, intercept = np.polyfit(level, axis, 1)
    assert np.corrcoef(axis, level)[0, 1] > 0.99
    assert np.abs(axis - slope * level - intercept).std() < 0.1 * axis.std()


def test_black_six_mice_have_no_cxcl11_and_the_table_says_so(make_samples: MakeSamples) -> None:
    names = ["Cxcl9", "Cxcl10", "Cxcl11", "Cxcr3"]
    samples = make_samples(np.random.default_rng(1).normal(5, 1, (10, 4)), names, scale=LOG, species="mouse")
    whole = score(samples, "imm.cxcr3_axis")
    samples.obs["strain"] = "C57BL/6J"
    cut = score(samples, "imm.cxcr3_axis")
    assert set(whole.frame["arm"]) - set(cut.frame["arm"]) == {"CXCL11-CXCR3"}
    assert cut.frame["note"].str.contains("Cxcl11 dropped: its allele is null in C57BL/6J").all()
    np.testing.assert_array_equal(rows(cut, "total")["score"], rows(whole, "CXCL9-CXCR3")["score"])
    assert set(cut.frame["species_mapping"]) == {"identifier table (mouse)"}


def test_a_partner_that_is_hardly_detected_has_no_axis(make_samples: MakeSamples) -> None:
    samples = tumors(make_samples)
    samples.X[5:, GENES.index("CXCL11")] = 0.0
    frame = score(samples, "imm.cxcr3_axis").frame
    gone = frame[frame["arm"] == "CXCL11-CXCR3"]
    assert set(gone["status"]) == {"below_detection"}
    assert gone["score"].isna().all()
    assert gone["note"].str.contains("detected in too few samples of the reference: CXCL11").all()
    total = frame[frame["arm"] == "total"]
    np.testing.assert_array_equal(total["score"], frame.loc[frame["arm"] == "CXCL9-CXCR3", "score"])


def test_a_complex_without_a_subunit_is_absent(make_samples: MakeSamples) -> None:
    samples = make_samples(np.random.default_rng(2).normal(5, 1, (8, 2)), ["IL6", "IL6R"], scale=LOG)
    frame = score(samples, pair_signature([("IL6", "IL6R", "IL6ST")])).frame
    assert set(frame["status"]) == {"below_floor"}
    assert frame[["n_measured", "n_members"]].drop_duplicates().to_numpy().tolist() == [[2, 3]]


# Q1: axes from muscle to tumor


def test_one_true_axis_among_two_hundred_is_found(make_samples: MakeSamples) -> None:
    generator = np.random.default_rng(11)
    pairs = [(f"L{k}", f"R{k}") for k in range(200)]
    names = [*(name for pair in pairs for name in pair), "CD8A", "CD8B", "COL6A1", "COL6A2", "GREM1", "PAMR1", "TAGLN"]
    values = generator.normal(5, 1, size=(120, len(names)))
    stroma = generator.normal(size=120)
    values[:, -5:] += stroma[:, None]
    values[:, :80] += 0.8 * stroma[:, None]  # forty axes follow the stroma, and CD8 does too
    values[:, 400:402] -= stroma[:, None]
    values[:, 400:402] += np.minimum(values[:, [20]], values[:, [21]])
    effect = np.zeros(200)
    effect[[10, 30]] = 1.0
    frames = []
    for contrast, sign in (("F_8W - F_SED", 1.0), ("M_8W - M_SED", np.where(np.arange(200) == 30, -1.0, 1.0))):
        frames.append(
            pd.DataFrame(dict.fromkeys(DifferentialTable.columns, None), index=range(200)).assign(
                feature_id=[pair[0] for pair in pairs],
                feature_name=[pair[0] for pair in pairs],
                contrast=contrast,
                log2_fold_change=effect * sign,
                p_value=np.where(effect > 0, 1e-6, 0.5),
                adj_p_value=np.where(effect > 0, 1e-3, 0.9),
                status="ok",
            )
        )
    table = DifferentialTable(pd.concat(frames, ignore_index=True), Provenance(method="planted"))
    found = rank_axes(table, make_samples(values, names, scale=LOG), pair_signature(pairs)).frame
    assert found["pair"].iloc[0] == "L10-R10"
    assert found.loc[found["replicated"] == "up", "pair"].unique().tolist() == ["L10-R10"]
    assert set(found.loc[found["ligand"] == "L30", "replicated"]) == {"no"}  # opposite in the two sexes
    significant = set(found.loc[found["axis_adj_p_value"] < 0.05, "pair"])
    assert "L10-R10" in significant
    assert len(significant - {"L10-R10"}) <= 10
    assert set(found["adjusted_for"]) == {"ctl.stroma"}


def test_a_ligand_that_is_not_in_the_table_is_not_measured(make_samples: MakeSamples) -> None:
    row = dict.fromkeys(DifferentialTable.columns) | {
        "feature_id": "X", "feature_name": "X", "contrast": "8W", "status": "ok", "p_value": 1.0, "adj_p_value": 1.0,
    }  # fmt: skip
    table = DifferentialTable(pd.DataFrame([row]), Provenance(method="planted"))
    found = rank_axes(table, tumors(make_samples), load_signature("imm.cxcr3_axis")).frame
    assert set(found["status"]) == {"not_measured"}
    assert set(found["note"]) == {"ligand not_measured in the table"}
    assert found["partial_correlation"].notna().all()


def test_ligands_of_one_layer_are_read_against_receptors_of_another(make_samples: MakeSamples) -> None:
    generator = np.random.default_rng(5)
    plasma = make_samples(
        generator.normal(2, 1, (12, 1)), ["IL6"], scale=Scale(kind="log2", quantity="npx"), specimen="plasma",
        assay="protein",
    )  # fmt: skip
    tumor = make_samples(generator.normal(5, 1, (12, 2)), ["IL6R", "IL6ST"], scale=LOG)
    tumor = tumor[::-1].copy()
    signature = pair_signature([("IL6", "IL6R", "IL6ST")])
    found = axis_scores(plasma, tumor, signature).frame.set_index("subject_id")["score"]
    z = [(x - x.mean(axis=0)) / x.std(axis=0, ddof=1) for x in (plasma.X, tumor.X)]
    expected = np.minimum(z[0][::-1, 0], z[1].min(axis=1))
    np.testing.assert_allclose(found.loc[tumor.obs["subject_id"]], expected, rtol=1e-10)
    with pytest.raises(LayerError, match="reads ligands on"):
        axis_scores(tumor, tumor, replace(signature, ligand_layers=("plasma_protein",)))
    plasma.obs["subject_id"] = [f"other{row}" for row in range(12)]
    with pytest.raises(InputError, match="no subject and time point"):
        axis_scores(plasma, tumor, signature)


# Q9, Q11, Q12, Q13, Q19


def test_formate_is_not_measured_in_a_panel_without_it_and_found_by_its_identifier(make_samples: MakeSamples) -> None:
    scale = Scale(kind="log2", quantity="intensity")
    panel = make_samples(np.ones((2, 2)), ["Serine", "Glycine"], scale=scale, specimen="serum", assay="metabolite")
    assert set(score(panel, "mic.formate").frame["status"]) == {"not_measured"}
    for name in ("HMDB0000142", "HMDB00142", "C00058", "HMDB0304356"):
        found = make_samples(np.array([[7.0]]), [name], scale=scale, specimen="serum", assay="metabolite")
        row = score(found, "mic.formate").frame.iloc[0]
        assert (row["score"], row["status"]) == (7.0, "ok")
        assert f"Formic acid measured as {name}" in row["note"]


def test_no_site_number_is_copied_between_species(make_samples: MakeSamples) -> None:
    scale = Scale(kind="log2", quantity="ratio")
    sites = ["NP_446309.1_S64", "NP_446309.1_S65", "Q13541_S65"]
    rat = make_samples(
        np.array([[1.0, 2.0, 3.0]]), sites, scale=scale, specimen="muscle", assay="phospho", species="rat"
    )
    frame = score(rat, "tum.mtorc1_sites").frame.set_index("arm")
    assert frame.loc["NP_446309.1_S64", "score"] == 1.0
    assert set(frame.drop("NP_446309.1_S64")["status"]) == {"not_measured"}
    assert frame["note"].str.contains("not_protein_normalized").all()
    bulk = score(rat, "mye.erk5_s496", allow_layer=True).frame
    assert set(bulk["status"]) == {"not_applicable"}  # no rat residue is known
    ampk = score(rat, "tum.ampk_sites").frame
    assert set(ampk["arm"]) == {"XP_017453731.1_S219", "XP_006251066.1_S231"}


def test_human_weights_are_never_used_in_another_species(make_samples: MakeSamples) -> None:
    names = [one.feature_id.capitalize() for one in load_signature("imm.gep18").members]
    mouse = make_samples(
        np.arange(2.0 * len(names)).reshape(2, -1), names, scale=Scale(kind="linear", quantity="tpm"), species="mouse"
    )
    mouse.var["human_ortholog"] = [name.upper() for name in names]
    frame = score(mouse, "imm.gep18").frame
    assert set(frame["status"]) == {"not_applicable"}
    assert frame["note"].str.contains("weights are of human genes").all()
    assert score(mouse, "imm.gep18_unweighted_mouse").frame["status"].iloc[0] in ("ok", "below_floor")


def test_interferon_is_good_in_the_tumor_and_bad_in_cachexia() -> None:
    assert load_signature("imm.ifng6").benefit["tumor_rna"] == "up"
    assert load_signature("cac.cytokines").benefit["plasma_protein"] == "down"
    assert load_signature("cac.gdf15").thresholds == {"elevated_pg_ml": 1500}


def test_the_marker_score_is_the_plain_mean_of_each_population(make_samples: MakeSamples) -> None:
    members = load_signature("imm.mcp").members
    values = np.random.default_rng(4).gamma(5, 1, (3, len(members)))
    frame = score(make_samples(values, [one.feature_id for one in members], scale=LOG), "imm.mcp").frame
    assert len(set(frame["arm"])) == 10
    columns = [at for at, one in enumerate(members) if one.group == "T_cells"]
    expected = values[:, columns].mean(axis=1)
    np.testing.assert_allclose(frame.loc[frame["arm"] == "T_cells", "score"], expected, rtol=1e-12)


def test_formulas_and_cargo_have_their_published_values(make_samples: MakeSamples) -> None:
    value = Scale(kind="linear", quantity="value")
    names = ["glucose_mmol_L", "insulin_uU_mL"]
    blood = make_samples(
        np.array([[5.0, 9.0], [5.0, np.nan]]), names, scale=value, specimen="plasma", assay="phenotype"
    )
    frame = score(blood, "sys.homa_ir").frame
    assert frame["score"].tolist()[0] == 2.0
    assert frame["status"].tolist() == ["ok", "below_floor"]
    cycles = Scale(kind="log2", quantity="cq")
    micro = ["hsa-miR-23a-3p", "hsa-miR-451a"]
    serum = make_samples(np.array([[29.0, 21.0]]), micro, scale=cycles, specimen="serum", assay="qpcr")
    assert score(serum, "ev.hemolysis").frame["score"].tolist() == [8.0]  # above 7: fail
    cargo = ["hsa-miR-29a-3p", "cel-miR-39-3p"]
    vesicles = make_samples(
        np.array([[27.0, 20.0], [26.0, 20.0]]), cargo, scale=cycles, specimen="plasma_ev", assay="qpcr"
    )
    assert score(vesicles, "ev.mir29a_cargo").frame["score"].tolist() == [-7.0, -6.0]  # one cycle less is twice as much


def test_diversity_counts_every_taxon_and_a_change_needs_a_baseline(make_samples: MakeSamples) -> None:
    counts = Scale(kind="counts", quantity="count")
    taxa = make_samples(
        np.array([[5.0, 5.0, 0.0], [1.0, 1.0, 1.0]]),
        ["a", "b", "c"],
        scale=counts,
        specimen="feces",
        assay="metagenome",
    )
    frame = score(taxa, "mic.alpha").frame
    np.testing.assert_allclose(frame["score"], np.log([2.0, 3.0]))
    assert set(frame["status"]) == {"ok"}
    fitness = make_samples(
        np.array([[30.0], [33.0], [40.0]]), ["vo2peak"], scale=Scale(kind="linear", quantity="value"),
        specimen="whole_body", assay="phenotype",
    )  # fmt: skip
    fitness.obs["subject_id"], fitness.obs["time_point"] = ["A", "A", "B"], ["baseline", "post", "post"]
    change = score(fitness, "trn.vo2peak").frame
    assert change["score"].tolist()[1] == 3.0
    assert change["score"].isna().tolist() == [True, False, True]
    assert change["note"].str.contains("no baseline sample").tolist() == [True, False, True]


# frozen references


def test_a_reference_is_stored_and_restored_and_gives_a_sample_its_own_score(
    make_samples: MakeSamples, tmp_path: Path
) -> None:
    training, test = tumors(make_samples, seed=1), tumors(make_samples, 6, seed=2)
    fitted = fit_reference(training, "training")
    restored = ReferenceTable.from_tsv(fitted.to_tsv(tmp_path / "reference.tsv"))
    assert restored.reference_id == fitted.reference_id
    together = score(test, "imm.cxcr3_axis", reference=restored).frame
    alone = score(test[2].copy(), "imm.cxcr3_axis", reference=fitted).frame
    np.testing.assert_array_equal(together.loc[together["sample_id"] == "s2", "score"], alone["score"])
    assert set(together["reference_id"]) == {fitted.reference_id}
    assert json.loads((tmp_path / "reference.tsv.provenance.json").read_text())["parameters"]["n_samples"] == 40


def test_a_reference_of_another_scale_layer_or_species_is_refused(make_samples: MakeSamples) -> None:
    fitted = fit_reference(tumors(make_samples), "training")
    other = make_samples(np.ones((2, 4)), GENES[:4], scale=Scale(kind="log2", quantity="tpm", offset=1.0))
    with pytest.raises(ScaleError, match="was fitted on log2 cpm"):
        score(other, "imm.cxcr3_axis", reference=fitted)
    muscle = make_samples(np.ones((2, 4)), GENES[:4], scale=LOG, specimen="muscle")
    with pytest.raises(InputError, match="is of the layer tumor_rna"):
        score(muscle, "imm.cxcr3_axis", reference=fitted, allow_layer=True)
    mice = make_samples(np.ones((2, 4)), ["Gzma", "Prf1", "Cxcl9", "Cxcr3"], scale=LOG, species="mouse")
    with pytest.raises(InputError, match=r"is of the species human; these samples are mouse\. Fit one"):
        score(mice, "imm.cyt", method="mean_z", reference=fitted)
    with pytest.raises(InputError, match="at least two samples whose features differ; got 1"):
        fit_reference(other[:1].copy(), "one")


def test_the_reference_chooses_among_features_of_one_name(
    make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    training = make_samples(np.array([[9.0, 1.0], [9.0, 2.0]]), ["A", "A"], scale=LOG)
    test = make_samples(np.array([[1.0, 5.0]]), ["A", "A"], scale=LOG)
    signature = make_signature(["A"])
    assert score(test, signature).frame["score"].tolist() == [5.0]
    found = score(test, signature, reference=fit_reference(training, "training"))
    assert found.frame["score"].tolist() == [1.0]
    assert found.provenance.notes == ()


def test_a_cohort_dependent_score_is_refused_for_single_samples(make_samples: MakeSamples) -> None:
    fitted = fit_reference(tumors(make_samples), "training")
    axis, cyt = load_signature("imm.cxcr3_axis"), load_signature("imm.cyt")
    require_single_sample([cyt])
    require_single_sample([axis], reference=fitted)
    with pytest.raises(InputError, match="depends on the other samples: fit a reference"):
        require_single_sample([axis])
    with pytest.raises(InputError, match="no frozen form"):
        require_single_sample([cyt], method="plage", reference=fitted)


def test_the_transformer_reads_genes_of_its_species() -> None:
    genes = pd.DataFrame(np.random.default_rng(8).normal(5, 1, (6, 2)), columns=["Cxcl9", "Gzma"])
    made = SignatureTransformer(["gene:Cxcl9"], layer="tumor_rna", scale=LOG, species="mouse")
    np.testing.assert_array_equal(made.fit_transform(genes)[:, 0], genes["Cxcl9"])


def test_the_transformer_learns_from_the_training_samples_only() -> None:
    generator = np.random.default_rng(7)
    genes = pd.DataFrame(generator.normal(5, 1, (30, 4)), columns=list(GENES[:4]))
    made = SignatureTransformer(["imm.cxcr3_axis", "gene:CXCL9"], layer="tumor_rna", scale=LOG)
    fitted = clone(made).fit(genes[:20])
    before = fitted.transform(genes[20:])
    altered = genes[20:].copy()
    altered.iloc[1:] += 10.0
    np.testing.assert_array_equal(fitted.transform(altered)[0], before[0])
    assert fitted.get_feature_names_out().tolist() == ["imm.cxcr3_axis", "gene.CXCL9"]
    model = make_pipeline(made, LinearRegression()).fit(genes[:20], genes["CXCL9"][:20])
    np.testing.assert_allclose(model.predict(genes[20:]), genes["CXCL9"][20:], atol=1e-8)
    with pytest.raises(InputError, match="no frozen form"):
        SignatureTransformer(["imm.cyt"], layer="tumor_rna", scale=LOG, method="plage").fit(genes)
    with pytest.raises(InputError, match="give a DataFrame"):
        made.fit(genes.to_numpy())


def test_logs_declared_as_tpm_and_the_reverse_are_told(
    make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    names = [f"G{column}" for column in range(12_000)]
    logs = np.random.default_rng(8).gamma(2.0, 1.5, (2, 12_000)).clip(0, 20)
    with pytest.raises(ScaleError, match="it seems to be logarithms"):
        score(make_samples(logs, names, scale=Scale(kind="linear", quantity="tpm")), make_signature(["G1", "G2"]))
    with pytest.raises(ScaleError, match="it seems to be linear"):
        score(make_samples(np.exp2(logs) * 99, names, scale=LOG), make_signature(["G1", "G2"]))


# overlap


def test_shared_members_are_counted_and_can_be_left_out(make_signature: MakeSignature) -> None:
    one, two, three = (
        make_signature(genes.split(), id=f"tst.{name}") for name, genes in (("a", "A B C"), ("b", "C D"), ("c", "E"))
    )
    table = jaccard_overlap([one, two, three])
    assert table.loc["tst.a", "tst.b"] == 0.25
    assert table.loc["tst.a", "tst.c"] == 0.0
    assert np.diag(table).tolist() == [1.0, 1.0, 1.0]
    cut = without_shared_members([one, two, three])
    assert [found.features("up") for found in cut] == [("A", "B"), ("D",), ("E",)]
    assert cut[0].provenance["shared_members"] == ["C"]
    assert cut[2] is three
    with pytest.raises(InputError, match="shares every member"):
        without_shared_members([one, make_signature(["A", "C"], id="tst.d")])


def test_hallmark_sets_overlap_as_counted_in_the_specification() -> None:
    table = jaccard_overlap([load_signature("tum.hypoxia_h"), load_signature("tum.glycolysis")])
    assert table.iloc[0, 1] == pytest.approx(65 / (200 + 200 - 65))
