"""Calls of one contrast beside those of a reference: counts, the list of changes, and tables that do not fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError
from exomics.results import DifferentialTable, Provenance
from exomics.validation.changed_calls import changed_calls

ADJUSTED = [0.01, 0.02, 0.06, np.nan, 0.5]


@pytest.fixture
def table() -> DifferentialTable:
    frame = pd.DataFrame(np.nan, index=range(10), columns=list(DifferentialTable.columns), dtype=object)
    frame = frame.assign(
        feature_id=[*"abcde", *"abcde"],
        feature_name="",
        contrast=["x - y"] * 5 + ["x - z"] * 5,
        p_value=[0.001, 0.002, 0.01, np.nan, 0.4] * 2,
        adj_p_value=[*ADJUSTED, *[0.9] * 5],
        test="wald",
        family="f",
        n_samples=6,
        status="ok",
        note="",
    )
    return DifferentialTable(frame=frame, provenance=Provenance(method="test"))


@pytest.fixture
def reference() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "feature_id": list("edcbaq"),
            "p_value": [0.4, 0.004, 0.009, 0.003, 0.001, 0.5],
            "adj_p_value": [0.5, 0.03, 0.049, 0.051, 0.01, 0.6],
        }
    )


def test_every_changed_call_is_listed(table: DifferentialTable, reference: pd.DataFrame) -> None:
    found = changed_calls(table, reference, contrast="x - y")
    summary = found.summary.iloc[0]
    assert (summary["rows"], summary["rows_only_ours"], summary["rows_only_reference"]) == (5, 0, 1)
    assert (summary["n_ours"], summary["n_reference"], summary["n_both"], summary["n_changed"]) == (2, 3, 1, 3)
    assert summary["largest_difference"] == pytest.approx(1 / 3)
    assert found.changed[["feature_id", "called_by"]].to_numpy().tolist() == [
        ["b", "ours"],
        ["d", "reference"],
        ["c", "reference"],
    ]
    np.testing.assert_array_equal(found.changed["p_value"], [0.002, np.nan, 0.01])
    np.testing.assert_array_equal(found.changed["adj_p_value_reference"], [0.051, 0.03, 0.049])


def test_equal_tables_change_nothing(table: DifferentialTable) -> None:
    rows = table.frame[table.frame["contrast"] == "x - y"]
    found = changed_calls(table, rows[["feature_id", "p_value", "adj_p_value"]], contrast="x - y")
    assert found.changed.empty and found.summary["largest_difference"][0] == 0.0


def test_a_stricter_level_calls_fewer(table: DifferentialTable, reference: pd.DataFrame) -> None:
    found = changed_calls(table, reference, contrast="x - y", alpha=0.015)
    assert (found.summary["n_ours"][0], found.summary["n_reference"][0], found.summary["n_changed"][0]) == (1, 1, 0)


def test_what_does_not_fit(table: DifferentialTable, reference: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="there is no contrast 'y - x'; the table has x - y, x - z"):
        changed_calls(table, reference, contrast="y - x")
    with pytest.raises(InputError, match=r"no feature of 'x - y' is in the reference \(a, E\)"):
        changed_calls(table, reference.assign(feature_id=list("EDCBAQ")), contrast="x - y")
