"""The adipose recipes against limma 3.54 and edgeR on simulated tissues: every row of three families."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.differential import fit_recipe
from exomics.schema import Scale, annotate

EXPECTED = Path(__file__).parents[1] / "parity" / "adipose_recipes" / "expected"
SCALES = {
    "rna": Scale(kind="counts", quantity="count"),
    "protein": Scale(kind="log2", quantity="ratio"),
    "metabolite": Scale(kind="log2", quantity="intensity"),
}
COLUMNS = {
    "log2_fold_change": "logFC",
    "standard_error": "se",
    "statistic": "t",
    "degrees_of_freedom": "df",
    "p_value": "p",
    "adj_p_value": "adj_p",
}


def frozen(name: str) -> pd.DataFrame:
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")


def tissue(assay: str) -> AnnData:
    values, samples = frozen(assay).set_index("feature"), frozen("samples").set_index("sample")
    var = pd.DataFrame(index=values.index.rename(None))
    if assay == "metabolite":
        var["dataset"] = values.pop("platform").to_numpy()
    data = AnnData(values.T.to_numpy(dtype=float), obs=samples.loc[values.columns], var=var)
    return annotate(data, assay=assay, scale=SCALES[assay])


@pytest.mark.parametrize("assay", SCALES)
def test_every_row_is_that_of_limma(assay: str) -> None:
    frame = fit_recipe(tissue(assay), f"motrpac_adipose_{assay}").frame
    expected = frozen(f"{assay}_tests").set_index(["contrast", "feature"])
    found = frame.set_index(["contrast", "feature_id"]).loc[expected.index]
    assert len(expected) > 250 and frame["contrast"].nunique() == 13
    assert set(frame["feature_id"]) == set(expected.index.get_level_values("feature"))
    for ours, theirs in COLUMNS.items():
        np.testing.assert_array_equal(found[ours].isna(), expected[theirs].isna(), err_msg=ours)
        np.testing.assert_allclose(found[ours], expected[theirs], rtol=1e-7, atol=1e-10, err_msg=ours)


def test_platforms_of_few_metabolites_have_no_trend_and_no_weights() -> None:
    table = fit_recipe(tissue("metabolite"), "motrpac_adipose_metabolite")
    weighted = ["sample_weights" in one for one in table.provenance.parameters["details"]["fits"]]
    assert weighted == [True, True, False, False]
    alone = table.frame[table.frame["feature_id"] == "d1"]
    assert alone["p_value"].notna().all()
