"""The eight published gastrocnemius tables, computed again: every published digit in every row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.datasets import load, load_files
from exomics.differential import fit_recipe
from exomics.validation.agreement import ROUNDING, agreement

ROWS = {
    "motrpac_gn_rna": ("motrpac_muscle_rna", [(113608, 633, 643), (28402, 313, 316)]),
    "motrpac_gn_protein": ("motrpac_muscle_protein", [(49360, 1941, 1957), (12340, 708, 714)]),
    "motrpac_gn_acetyl": ("motrpac_muscle_acetyl", [(14112, 52, 52), (3528, 16, 16)]),
    "motrpac_gn_metabolite": ("motrpac_muscle_metabolite", [(9720, 618, 627), (2430, 327, 327)]),
}


def assert_every_digit(found: pd.DataFrame, expected: list[tuple[int, int, int]]) -> None:
    assert list(found["family"]) == ["trained_vs_SED", "MvF"]
    assert list(found["rows"]) == [rows for rows, _, _ in expected]
    assert list(found["rows_matched"]) == list(found["rows"])
    assert list(found["rows_only_ours"]) == [0, 0]
    for column in ROUNDING:
        assert list(found[f"equal_{column}"]) == [100.0, 100.0], column
    assert found["max_abs_dz"].max() <= 1e-8
    assert list(found["n_published"]) == list(found["n_both"]) == [published for _, published, _ in expected]
    assert list(found["n_ours"]) == [ours for _, _, ours in expected]


@pytest.mark.real_data
@pytest.mark.usefixtures("from_mirror")
@pytest.mark.parametrize("dataset", ROWS)
def test_the_published_tables_are_reproduced(dataset: str, published: Callable[[str], pd.DataFrame]) -> None:
    recipe, expected = ROWS[dataset]
    table = fit_recipe(load(dataset), recipe)
    assert_every_digit(agreement(table, published(dataset)), expected)
    assert table.provenance.acknowledgments


@pytest.mark.real_data
def test_from_the_native_ratios_to_the_published_table(
    from_mirror: Path, reference_folder: Path, published: Callable[[str], pd.DataFrame]
) -> None:
    native = reference_folder / "motrpac" / "native"
    files = {
        "ratios": native / "MOTRPAC_PASS1B-06_T55_AC_PN-RN7-lncRNA-20240228_151732-ip-results_ratio.txt",
        "vial_metadata": native / "MOTRPAC_PASS1B-06_T55_AC_PN_20230616_vial_metadata.txt",
        "phenotypes": next(from_mirror.glob("*/MoTrPAC/MotrpacRatTraining6moMuscleData/*/R/sysdata.rda")),
    }
    table = fit_recipe(load_files("motrpac_native", files, {"specimen": "muscle"}), "motrpac_muscle_acetyl_native")
    assert_every_digit(agreement(table, published("motrpac_gn_acetyl")), ROWS["motrpac_gn_acetyl"][1])
    assert any(note.startswith("anti-conservative") for note in table.provenance.notes)


@pytest.mark.real_data
@pytest.mark.usefixtures("from_mirror")
def test_the_classic_prior_gives_the_tables_of_classic_limma(reference_folder: Path) -> None:
    """The recipe with the moment prior against limma 3.54.1, unrounded."""
    from dataclasses import replace

    from exomics.registry.recipe import load_recipe

    recipe = load_recipe("motrpac_muscle_acetyl")
    classic = replace(recipe, test=replace(recipe.test, parameters={**recipe.test.parameters, "prior": "moments"}))
    frame = fit_recipe(load("motrpac_gn_acetyl"), classic).frame
    path = reference_folder / "motrpac" / "reference" / "legacy_limma_3.54.1" / "ebayes_recipe_ACETYL_GN.tsv.gz"
    reference = pd.read_csv(path, sep="\t", index_col="feature_ID", float_precision="round_trip")
    for contrast in ("F_8W - F_SED", "M_8W - M_SED"):
        rows = frame[frame["contrast"] == contrast].set_index("feature_id").loc[reference.index]
        expected = reference[f"t|{contrast.replace(' ', '')}"]
        np.testing.assert_allclose(rows["statistic"], expected, atol=1e-9)
        np.testing.assert_allclose(rows["degrees_of_freedom"], reference["df_total"], rtol=1e-9)
