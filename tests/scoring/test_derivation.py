"""derive: selection, names, orthologs, limits, and the published facts of the rat study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control

from exomics.errors import InputError, RegistryError
from exomics.harmonize import OrthologTable, load_orthologs
from exomics.registry import load_derivation_rule, read_signature, write_signature
from exomics.registry.derivation_rule import DerivationRule, MappingRule
from exomics.results import DifferentialTable, Provenance
from exomics.scoring import derive, members_in_table, score
from tests.scoring_objects import published

CONTRASTS = ("F", "M")
Row = tuple[str, str, float, float, float, float]


def table_of(*rows: Row, contrasts: tuple[str, str] = CONTRASTS) -> DifferentialTable:
    """Rows of feature, name, then effect and adjusted p-value in each of two contrasts."""
    records = [
        dict.fromkeys(DifferentialTable.columns)
        | {
            "feature_id": feature,
            "feature_name": name,
            "contrast": contrast,
            "log2_fold_change": numbers[2 * position],
            "standard_error": 0.3,
            "p_value": 0.01,
            "adj_p_value": numbers[2 * position + 1],
        }
        for feature, name, *numbers in rows
        for position, contrast in enumerate(contrasts)
    ]
    provenance = Provenance(
        method="example", inputs=({"name": "example", "sha256": "0" * 64},), acknowledgments=("thanks",)
    )
    return DifferentialTable(pd.DataFrame(records), provenance)


@pytest.fixture
def rule() -> DerivationRule:
    shipped = load_derivation_rule("embedded_muscle_training")
    return replace(
        shipped, contrasts=CONTRASTS, species="rat", signature={**shipped.signature, "feature_namespace": "RGD"}
    )


@pytest.fixture
def orthologs() -> OrthologTable:
    frame = pd.DataFrame(
        [("CS", "Cs", 9), ("HK2", "Hk2", 9), ("ABCB1", "Abcb1a", 9), ("ABCB1", "Abcb1b", 9)],
        columns=["human_symbol", "symbol", "support_n"],
    )
    return OrthologTable.from_frame(frame, species="rat", source="example", warn=False)


def test_significant_everywhere_with_one_sign(rule: DerivationRule) -> None:
    table = table_of(
        ("1", "Both", 0.5, 0.01, 0.3, 0.04),
        ("2", "OneOnly", 0.5, 0.01, 0.3, 0.05),
        ("3", "Opposite", 0.5, 0.01, -0.3, 0.01),
        ("4", "Down", -0.5, 0.01, -0.3, 0.02),
        ("5", "NotTested", 0.5, 0.01, 0.3, np.nan),
    )
    found = derive(table, rule)
    assert (found.signature.features("up"), found.signature.features("down")) == (("Both",), ("Down",))
    assert found.losses.n_lost("opposite signs") == 1
    assert found.signature.provenance["counts"] == {
        "n_features_tested": 4,
        "n_selected_up": 1,
        "n_selected_down": 1,
        "n_opposite_signs": 1,
    }
    assert (found.signature.type, found.signature.evidence) == ("two_arm", "D")


def test_names_of_blanks_and_effects_without_end_are_no_members(rule: DerivationRule) -> None:
    table = table_of(
        ("1", " ", 0.5, 0.01, 0.3, 0.04),
        ("2", "Endless", np.inf, 0.01, 0.3, 0.01),
        ("3", " Padded", 0.5, 0.01, 0.3, 0.01),
    )
    found = derive(table, rule)
    assert found.signature.features("up") == ("Padded",)
    assert found.losses.n_lost("no name") == 1


def test_members_carry_their_summary(rule: DerivationRule) -> None:
    (member,) = derive(table_of(("1", "Both", 0.5, 0.01, 0.3, 0.04)), rule).signature.members
    assert member.effect_size == pytest.approx(0.4)
    assert member.effect_se == pytest.approx(np.sqrt(2 * 0.3**2) / 2)
    assert (member.q_value, member.source) == (0.04, "1")


def test_every_contrast_of_a_selected_feature_is_kept(rule: DerivationRule) -> None:
    selected = derive(table_of(("1", "Both", 0.5, 0.01, 0.3, 0.04)), rule).selected
    assert selected[["contrast", "log2_fold_change", "adj_p_value"]].to_numpy().tolist() == [
        ["F", 0.5, 0.01],
        ["M", 0.3, 0.04],
    ]


def test_published_rounding_comes_before_the_threshold(rule: DerivationRule) -> None:
    table = table_of(("1", "Edge", 0.5, 0.0496, 0.3, 0.01))
    assert derive(table, rule).signature.features("up") == ("Edge",)
    assert derive(table, replace(rule, significant_digits=2)).signature.members == ()


def test_a_minimum_effect_holds_in_every_contrast(rule: DerivationRule) -> None:
    table = table_of(("1", "Small", 0.5, 0.01, 0.1, 0.01), ("2", "Large", 0.5, 0.01, 0.3, 0.01))
    assert derive(table, replace(rule, min_abs_log2_fold_change=0.3)).signature.features("up") == ("Large",)


def test_proteins_of_a_gene_must_agree(rule: DerivationRule) -> None:
    table = table_of(
        ("P1", "Same", 0.5, 0.02, 0.3, 0.02),
        ("P2", "Same", 0.9, 0.01, 0.9, 0.01),
        ("P3", "Clash", 0.5, 0.01, 0.3, 0.01),
        ("P4", "Clash", -0.5, 0.01, -0.3, 0.01),
        ("P5", "", 0.5, 0.01, 0.3, 0.01),
    )
    found = derive(table, rule)
    assert [(member.feature_id, member.source) for member in found.signature.members] == [("Same", "P2")]
    assert found.losses.n_lost("features disagree") == 1
    assert found.losses.n_lost("no name") == 1


def test_the_strongest_members_are_kept(rule: DerivationRule) -> None:
    table = table_of(
        ("1", "C", 0.5, 0.03, 0.5, 0.03),
        ("2", "A", 0.5, 0.01, 0.5, 0.01),
        ("3", "B", 0.9, 0.03, 0.9, 0.03),
        ("4", "D", -0.5, 0.04, -0.5, 0.04),
    )
    found = derive(table, replace(rule, max_members_per_arm=2))
    assert (found.signature.features("up"), found.signature.features("down")) == (("A", "B"), ("D",))
    assert found.losses.n_lost("over the limit") == 1


def test_the_order_of_the_table_does_not_matter(rule: DerivationRule) -> None:
    rows: list[Row] = [(str(row), f"G{row}", 0.5, 0.01, 0.3, 0.04 - row / 1000) for row in range(20)]
    forward, backward = (derive(table_of(*order), rule).signature for order in (rows, rows[::-1]))
    assert forward == backward


def test_members_go_to_human_through_the_named_table(rule: DerivationRule, orthologs: OrthologTable) -> None:
    mapping = replace(rule, mapping=MappingRule(orthologs="example"))
    table = table_of(
        ("1", "Cs", 0.5, 0.01, 0.3, 0.04),
        ("2", "Abcb1a", 0.5, 0.01, 0.3, 0.04),
        ("3", "Nowhere", 0.5, 0.01, 0.3, 0.04),
    )
    found = derive(table, mapping, orthologs=orthologs)
    (member,) = found.signature.members
    assert (member.feature_id, member.mapped_from, member.mapping_type) == ("CS", "rat:Cs", "1:1")
    assert found.signature.species == "human"
    assert (found.losses.n_lost("no ortholog"), found.losses.n_lost("no single ortholog")) == (1, 1)
    wider = replace(mapping, mapping=MappingRule(orthologs="example", relations=("1:1", "1:n")))
    assert derive(table, wider, orthologs=orthologs).signature.features("up") == ("CS", "ABCB1")


def test_paralogs_with_opposite_signs_have_no_human_direction(rule: DerivationRule, orthologs: OrthologTable) -> None:
    wider = replace(rule, mapping=MappingRule(orthologs="example", relations=("1:1", "1:n")))
    table = table_of(("1", "Abcb1a", 0.5, 0.01, 0.3, 0.04), ("2", "Abcb1b", -0.5, 0.01, -0.3, 0.04))
    found = derive(table, wider, orthologs=orthologs)
    assert found.signature.members == ()
    assert found.losses.n_lost("orthologs disagree") == 1


def test_the_ortholog_table_must_be_the_one_the_rule_names(rule: DerivationRule, orthologs: OrthologTable) -> None:
    table = table_of(("1", "Cs", 0.5, 0.01, 0.3, 0.04))
    with pytest.raises(InputError, match="maps nothing; leave out"):
        derive(table, rule, orthologs=orthologs)
    mapping = replace(rule, mapping=MappingRule(orthologs="other"))
    with pytest.raises(InputError, match="pass the ortholog table other"):
        derive(table, mapping)
    with pytest.raises(InputError, match=r"\(rat, other, 3\); got \(rat, example, 3\)"):
        derive(table, mapping, orthologs=orthologs)


def test_nothing_selected_is_an_empty_signature(rule: DerivationRule, tmp_path: Path, make_samples: Callable) -> None:
    found = derive(table_of(("1", "Cs", 0.5, 0.9, 0.3, 0.9)), rule)
    assert (found.signature.members, found.signature.availability) == ((), "empty")
    assert read_signature(write_signature(found.signature, tmp_path)) == found.signature
    muscle = make_samples(np.ones((2, 1)), ["Cs"], specimen="muscle", species="rat")
    assert set(score(muscle, found.signature).frame["score"].isna()) == {True}


def test_what_is_derived_can_be_written_read_and_scored(
    rule: DerivationRule, tmp_path: Path, make_samples: Callable
) -> None:
    rows: list[Row] = [
        (str(row), f"G{row}", 0.5 if row % 2 else -0.5, 0.01, 0.3 if row % 2 else -0.3, 0.02) for row in range(20)
    ]
    derived = derive(table_of(*rows), rule).signature
    read = read_signature(write_signature(derived, tmp_path))
    assert read == derived
    values = np.random.default_rng(1).normal(size=(3, 5000))
    muscle = make_samples(values, [f"G{column}" for column in range(5000)], specimen="muscle", species="rat")
    pd.testing.assert_frame_equal(score(muscle, read).frame, score(muscle, derived).frame)
    assert set(score(muscle, read).frame["status"]) == {"ok"}
    assert derived.provenance["acknowledgments"] == ["thanks"]


def test_unusable_tables_are_refused(rule: DerivationRule) -> None:
    table = table_of(("1", "Cs", 0.5, 0.01, 0.3, 0.04))
    with pytest.raises(InputError, match="needs the contrasts X; the tables hold F, M"):
        derive(table, replace(rule, contrasts=("F", "X")))
    with pytest.raises(InputError, match="1 features? occurs? twice|occur twice in a contrast"):
        derive([table, table], rule)
    with pytest.raises(RegistryError, match="no derivation rule is called 'nothing'; known: embedded"):
        derive(table, "nothing")


def test_genes_that_are_not_measured_are_said_so() -> None:
    table = table_of(("1", "Cs", 0.5, 0.01, 0.3, 0.04), ("2", "Cs", 0.1, 0.9, 0.1, 0.9))
    found = members_in_table(table, ["Cs", "Il6"], contrasts=["M"])
    assert found[["gene", "feature_id", "status"]].to_numpy().tolist() == [
        ["Cs", "1", "measured"],
        ["Cs", "2", "measured"],
        ["Il6", "", "not_measured"],
    ]
    with pytest.raises(InputError, match="no contrast X"):
        members_in_table(table, ["Cs"], contrasts=["X"])


def test_a_feature_without_a_p_value_is_not_tested() -> None:
    table = table_of(("1", "Cs", np.nan, np.nan, 0.3, 0.04))
    table.frame.loc[0, "p_value"] = np.nan
    assert members_in_table(table, ["Cs"])["status"].tolist() == ["not_tested", "measured"]


# Facts of the rat study, from the published (rounded) tables and from unrounded p-values.


@pytest.fixture(scope="module")
def rat(mirror: Path) -> OrthologTable:
    return load_orthologs("rat")


def unrounded(reference_folder: Path, table: str, names: DifferentialTable) -> DifferentialTable:
    """Adjusted p-values pooled over the eight contrasts, from p-values at full precision."""
    path = reference_folder / "motrpac" / "reference" / f"ebayes_recipe_{table}.tsv.gz"
    wide = pd.read_csv(path, sep="\t", index_col=0)
    contrasts = [
        name[2:] for name in wide.columns if name.startswith("P|") and name[2:] not in ("M_SED-F_SED", "M_8W-F_8W")
    ]
    p_values = wide[[f"P|{name}" for name in contrasts]].to_numpy()
    tested = ~np.isnan(p_values)
    adjusted = np.full(p_values.shape, np.nan)
    adjusted[tested] = false_discovery_control(p_values[tested])
    symbols = names.frame.drop_duplicates("feature_id").set_index("feature_id")["feature_name"]
    frames = [
        pd.DataFrame(
            {
                "feature_id": wide.index,
                "feature_name": symbols.reindex(wide.index).to_numpy(),
                "contrast": name.replace("-", " - "),
                "log2_fold_change": wide[f"logFC|{name}"].to_numpy(),
                "standard_error": (wide[f"logFC|{name}"] / wide[f"t|{name}"]).to_numpy(),
                "p_value": p_values[:, column],
                "adj_p_value": adjusted[:, column],
            }
        )
        for column, name in enumerate(contrasts)
    ]
    frame = pd.concat(frames, ignore_index=True).reindex(columns=list(DifferentialTable.columns))
    return DifferentialTable(frame, Provenance(method="recomputed"))


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("dataset", "table", "rule", "rounded", "exact"),
    [
        ("motrpac_gn_rna", "TRNSCRPT_GN", "motrpac_gn_rna_8w_both_sexes", (25, 7), (25, 7)),
        ("motrpac_gn_protein", "PROT_GN", "motrpac_gn_protein_8w_both_sexes", (143, 38), (144, 39)),
    ],
)
def test_what_training_changes_in_both_sexes(
    dataset: str,
    table: str,
    rule: str,
    rounded: tuple[int, int],
    exact: tuple[int, int],
    rat: OrthologTable,
    reference_folder: Path,
) -> None:
    stated = published(dataset)
    for found, expected in (
        (derive(stated, rule, orthologs=rat), rounded),
        (derive(unrounded(reference_folder, table, stated), rule, orthologs=rat), exact),
    ):
        counts = found.signature.provenance["counts"]
        assert (counts["n_selected_up"], counts["n_selected_down"]) == expected
        assert counts["n_opposite_signs"] == 0
        assert "ERFE" not in found.signature.features("up")


@pytest.mark.real_data
def test_rounding_the_unrounded_restores_the_published_counts(rat: OrthologTable, reference_folder: Path) -> None:
    rule = replace(load_derivation_rule("motrpac_gn_protein_8w_both_sexes"), significant_digits=2)
    found = derive(unrounded(reference_folder, "PROT_GN", published("motrpac_gn_protein")), rule, orthologs=rat)
    counts = found.signature.provenance["counts"]
    assert (counts["n_selected_up"], counts["n_selected_down"]) == (143, 38)


@pytest.mark.real_data
def test_the_named_myokines_are_not_raised(rat: OrthologTable) -> None:
    genes = ["IL15", "FNDC5", "DCN", "IL6", "IL10", "GDF15", "CXCL11", "CD8A", "ERFE"]
    contrasts = ["F_8W - F_SED", "M_8W - M_SED"]
    found = members_in_table(published("motrpac_gn_rna"), genes, contrasts=contrasts, orthologs=rat)
    measured = found[found["status"] == "measured"].set_index(["gene", "contrast"])
    absent = set(found.loc[found["status"] == "not_measured", "gene"])
    assert absent == {"IL6", "IL10", "GDF15", "CXCL11", "CD8A"}
    effects = measured["log2_fold_change"].unstack().loc[["IL15", "FNDC5", "DCN"]].to_numpy().tolist()
    assert effects == [[0.10, 0.23], [0.13, 0.23], [0.03, -0.03]]
    assert (measured["adj_p_value"].unstack().loc[["IL15", "FNDC5", "DCN"]] > 0.3).all(axis=None)
    assert (measured.loc["ERFE", "log2_fold_change"] < -1.3).all()
    assert (measured.loc["ERFE", "adj_p_value"] < 0.05).all()
