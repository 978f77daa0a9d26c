"""One result per metabolite of several platforms: pooled where they agree, targeted where they do not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exomics.datasets import load
from exomics.differential import fit_recipe
from exomics.differential.platforms import PlatformPool, pool_platforms
from exomics.errors import InputError
from exomics.results import DifferentialTable, Provenance
from exomics.stats.multilevel_meta_analysis import multilevel_effects
from exomics.stats.multiple_testing import benjamini_hochberg

WEEKS = ["1W - SED", "8W - SED"]
POOL = PlatformPool(feature="metabolite", platform="dataset", targeted="is_targeted")


def study() -> tuple[DifferentialTable, pd.DataFrame]:
    """Alike on two platforms; apart, one of them targeted; apart, none targeted; once; without a name; on three."""
    var = pd.DataFrame(
        [
            ("alike_1", "alike", "u1", False), ("alike_2", "alike", "u2", False),
            ("apart_1", "apart", "u1", False), ("apart_2", "apart", "t1", True),
            ("torn_1", "torn", "u1", False), ("torn_2", "torn", "u2", False),
            ("once_1", "once", "u1", False), ("blank_1", None, "u1", False), ("blank_2", None, "u2", False),
            ("three_1", "three", "u1", False), ("three_2", "three", "u2", False), ("three_3", "three", "t1", True),
        ],
        columns=["id", "metabolite", "dataset", "is_targeted"],
    ).set_index("id")  # fmt: skip
    effects = [0.5, 0.6, 1.0, -1.0, 1.0, -1.0, 0.3, 0.1, 0.1, 0.2, 0.3, 0.25]
    blocks = [
        pd.DataFrame(
            {"feature_id": var.index, "contrast": week, "family": "timewise", "log2_fold_change": np.array(effects) + i,
             "standard_error": 0.1, "p_value": 0.01, "n_samples": [10, 8] * 6}
        )
        for i, week in enumerate(WEEKS)
    ]  # fmt: skip
    for contrast in ("training_female", "training"):
        blocks.append(
            pd.DataFrame({"feature_id": var.index, "contrast": contrast, "family": contrast, "p_value": 0.02})
        )
    frame = pd.concat(blocks, ignore_index=True).reindex(columns=list(DifferentialTable.columns))
    return DifferentialTable(frame.assign(status="ok"), Provenance(method="made")), var


def test_four_kinds_of_metabolites() -> None:
    table, var = study()
    found = pool_platforms(table, var, POOL)
    frame = found.frame
    for contrast in (*WEEKS, "training"):
        rows = frame[frame["contrast"] == contrast]
        assert set(rows["feature_id"]) == {
            "apart_2", "torn_1", "torn_2", "once_1", "blank_1", "blank_2", "alike", "three",
        }  # fmt: skip
    assert len(frame[frame["contrast"] == "training_female"]) == 12
    assert list(dict.fromkeys(frame["contrast"])) == [*WEEKS, "training_female", "training"]
    pooled = frame[(frame["feature_id"] == "alike") & frame["contrast"].isin(WEEKS)]
    expected = multilevel_effects([0.5, 0.6, 1.5, 1.6], np.full(4, 0.1), [0, 0, 1, 1], [[0, 1, 0, 1]])
    np.testing.assert_allclose(pooled["log2_fold_change"], expected.estimate)
    np.testing.assert_allclose(pooled["p_value"], expected.p_value)
    overall = frame[(frame["feature_id"] == "alike") & (frame["contrast"] == "training")].iloc[0]
    assert overall["p_value"] == pytest.approx(expected.q_conditions_p) and overall["df_numerator"] == 2
    assert set(pooled["n_samples"]) == {10} and set(pooled["test"]) == {"meta"}
    timewise = frame[frame["family"] == "timewise"]
    np.testing.assert_allclose(timewise["adj_p_value"], benjamini_hochberg(timewise["p_value"]))
    assert found.provenance.notes[-1].startswith("platforms: 4 of 5 features measured on several; 2 on which they")
    assert found.provenance.parameters["platforms"]["heterogeneity"] == 0.001


def test_what_var_must_tell() -> None:
    table, var = study()
    with pytest.raises(InputError, match="var has no column 'is_targeted'"):
        pool_platforms(table, var.drop(columns="is_targeted"), POOL)
    with pytest.raises(InputError, match="no effect belongs to the family 'weeks'"):
        pool_platforms(table, var, PlatformPool(feature="metabolite", platform="dataset", family="weeks"))
    untold = pool_platforms(table, var, PlatformPool(feature="metabolite", platform="dataset")).frame
    assert {"apart_1", "apart_2"} <= set(untold["feature_id"])


@pytest.mark.real_data
@pytest.mark.usefixtures("from_mirror")
def test_the_gastrocnemius_metabolites_of_several_platforms() -> None:
    data = load("motrpac_gn_metabolite")
    table = fit_recipe(data, "motrpac_consortium_metabolite")
    training = table.frame[table.frame["contrast"] == "training"]
    several = data.var.groupby("metabolite_refmet")["dataset"].nunique()
    n_several = int((several > 1).sum())
    assert n_several == 114 and (training["test"] == "meta").sum() == 108
    assert training["feature_id"].is_unique and training["p_value"].notna().all()
    assert set(training.loc[training["test"] == "meta", "feature_id"]) <= set(several.index[several > 1])
    assert not any("not converged" in note for note in training["note"])
