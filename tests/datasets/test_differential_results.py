"""Tables of other tools: their columns under ours, and what cannot be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.datasets.loaders.differential_results import differential_results
from exomics.errors import InputError
from exomics.stats.multiple_testing import benjamini_hochberg

P_VALUES = [0.001, np.nan, 0.2, 0.04]


@pytest.mark.parametrize(
    ("p_value", "adjusted"),
    [("pvalue", "padj"), ("P.Value", "adj.P.Val"), ("PValue", "FDR"), ("p_value", "adj_p_value")],
)
def test_the_columns_of_each_tool(tmp_path: Path, p_value: str, adjusted: str) -> None:
    path = tmp_path / "results.tsv.gz"
    frame = pd.DataFrame({"baseMean": 1.0, p_value: P_VALUES, adjusted: [0.01, np.nan, 0.3, 0.1]}, index=list("abcd"))
    frame.to_csv(path, sep="\t")
    found = differential_results(path)
    assert list(found["feature_id"]) == list("abcd")
    np.testing.assert_array_equal(found["p_value"], P_VALUES)
    np.testing.assert_array_equal(found["adj_p_value"], [0.01, np.nan, 0.3, 0.1])


def test_without_adjusted_values_all_rows_are_adjusted(tmp_path: Path) -> None:
    path = tmp_path / "results.tsv"
    pd.DataFrame({"statistic": 1.0, "feature_ID": [4, 3, 2, 1], "p_value": P_VALUES}).to_csv(
        path, sep="\t", index=False
    )
    found = differential_results(path)
    assert list(found["feature_id"]) == ["4", "3", "2", "1"]
    np.testing.assert_array_equal(found["adj_p_value"], benjamini_hochberg(P_VALUES))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("gene\tstat\na\t1\n", "no column of p-values; expected one of p_value, pvalue"),
        ("gene\tpvalue\na\t0.1\na\t0.2\n", "has the feature a more than once; give the table of one contrast"),
        ("gene\tpvalue\na\tlow\n", "the column pvalue must hold numbers"),
        ("", "is no tab-separated table"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "results.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        differential_results(path)
