"""pydeseq2 behind the one table: a known answer, its distance from DESeq2, options, and its absence."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.differential import fit
from exomics.differential.methods.deseq2_wald import negative_binomial_wald
from exomics.differential.methods.pydeseq2_wald import pydeseq2_wald
from exomics.errors import DesignError, InputError, MissingExtraError

EXPECTED = Path(__file__).parents[1] / "parity" / "negative_binomial" / "expected"
DESIGN = np.column_stack([np.ones(16), np.arange(16) >= 8]).astype(float)
CONTRAST = np.array([[0.0], [1.0]])
KNOWN_ROWS = [0, 4, 9, 24, 99]
KNOWN_EFFECTS = [0.111461, -3.55678, -1.60852, -2.74261, -1.86373]
KNOWN_P_VALUES = [0.876005, 0.0478592, 1.61089e-16, 0.00717195, 0.00915429]


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(EXPECTED / f"{name}.tsv.gz", sep="\t", float_precision="round_trip")


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    """The first 200 features of a simulated study of two groups of eight, some with one count far out."""
    return read("outlier_counts").to_numpy(dtype=float).T[:, :200]


@pytest.fixture(scope="module")
def tests(counts):
    return pydeseq2_wald(counts, DESIGN, CONTRAST, independent_filtering=False)


def test_a_known_answer(tests) -> None:
    """Numbers of version 0.5.4: a change of the package must break here, not in a paper."""
    assert tests.test == "wald" and tests.details["pydeseq2"]
    np.testing.assert_allclose(tests.effect[KNOWN_ROWS, 0], KNOWN_EFFECTS, rtol=1e-4)
    np.testing.assert_allclose(tests.p_value[KNOWN_ROWS, 0], KNOWN_P_VALUES, rtol=1e-3)


def test_it_is_near_deseq2_and_ours_is_nearer(counts, tests) -> None:
    """All three fit the same 200 features; DESeq2's numbers are those of 600, so effects are compared with it."""
    expected = read("outlier_results")[:200]
    tested = ~np.isnan(tests.p_value[:, 0]) & expected["p"].notna().to_numpy()
    ours = negative_binomial_wald(counts, DESIGN, CONTRAST, independent_filtering=False)
    both = tested & ~np.isnan(ours.p_value[:, 0])
    assert both.mean() > 0.95
    assert np.corrcoef(tests.effect[both, 0], expected["effect"][both])[0, 1] > 0.999
    logs = np.log10(tests.p_value[both, 0]), np.log10(ours.p_value[both, 0])
    assert np.corrcoef(*logs)[0, 1] > 0.99


def test_the_table(count_study: AnnData) -> None:
    count_study.X[:, 5] = 0
    table = fit(count_study, design="~ 0 + group", contrasts=["M_8W - M_SED"], method="pydeseq2_wald")
    frame = table.frame.set_index("feature_id")
    assert frame.loc["g5", "status"] == "all_zero"
    planted = [f"g{i}" for i in range(40) if i != 5]
    found = frame.index[frame["adj_p_value"] < 0.05]
    assert len(set(planted) & set(found)) > 32 and len(set(found) - set(planted)) < 8
    assert (frame.loc[planted[:15], "log2_fold_change"] > 0.5).mean() > 0.9
    assert table.provenance.parameters["details"]["pydeseq2"]


def test_bad_input_is_one_clear_line(counts) -> None:
    with pytest.raises(InputError, match="trend must be one of parametric, mean; got 'local'"):
        pydeseq2_wald(counts, DESIGN, CONTRAST, trend="local")
    with pytest.raises(DesignError, match="need replicates"):
        pydeseq2_wald(counts[[0, 8]], DESIGN[[0, 8]], CONTRAST)


def test_without_the_package_the_line_says_how_to_get_it(counts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydeseq2", None)
    with pytest.raises(MissingExtraError) as error:
        pydeseq2_wald(counts, DESIGN, CONTRAST)
    assert str(error.value) == (
        "pydeseq2_wald needs the package pydeseq2; install it with: pip install 'exomics[deseq2]', or use "
        "negative_binomial_wald."
    )
