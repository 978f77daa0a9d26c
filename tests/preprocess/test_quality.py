"""Samples are flagged first, and dropped by name and reason only."""

from __future__ import annotations

import numpy as np
import pytest
from anndata import AnnData

from exomics.errors import InputError
from exomics.preprocess import drop_flagged_samples, flag_missing_samples, flag_samples, flag_small_libraries
from exomics.schema import steps_of


def test_flagging_drops_nothing_and_dropping_names_everyone(log2_table: AnnData) -> None:
    flagged = flag_samples(log2_table, samples=["s1", "s3"], reason="low loading")
    flagged = flag_samples(flagged, samples=["s3"], reason="poor labeling")
    assert flagged.n_obs == 12
    assert "qc_flag" not in log2_table.obs
    kept = drop_flagged_samples(flagged)
    assert list(kept.obs_names) == [name for name in log2_table.obs_names if name not in ("s1", "s3")]
    assert steps_of(kept)[-1]["report"]["dropped"] == {"s1": "low loading", "s3": "low loading; poor labeling"}
    assert [step["step"] for step in steps_of(kept)] == ["flag_samples", "flag_samples", "drop_flagged_samples"]


def test_an_object_without_flags_keeps_everyone(log2_table: AnnData) -> None:
    kept = drop_flagged_samples(log2_table)
    assert kept.n_obs == 12
    assert steps_of(kept)[-1]["report"]["dropped"] == {}


def test_flags_by_missing_values_and_by_library(log2_table: AnnData, count_table: AnnData) -> None:
    log2_table.X[4, :30] = np.nan
    flagged = flag_missing_samples(log2_table, maximum_missing=0.5)
    assert [name for name, flag in flagged.obs["qc_flag"].items() if flag] == ["s4"]
    count_table.X[7] = 1
    small = flag_small_libraries(count_table, minimum_counts=1000)
    assert small.obs["qc_flag"].to_dict()["s7"] == "200 counts"
    assert steps_of(small)[-1]["report"]["flagged"] == ["s7"]


def test_bad_requests(log2_table: AnnData) -> None:
    with pytest.raises(InputError, match="flag_samples names nobody, which are no samples; ids look like s0"):
        flag_samples(log2_table, samples=["nobody"], reason="x")
    with pytest.raises(InputError, match="needs a reason"):
        flag_samples(log2_table, samples=["s1"], reason=" ")
    everyone = flag_samples(log2_table, samples=list(log2_table.obs_names), reason="all")
    with pytest.raises(InputError, match="every sample is flagged"):
        drop_flagged_samples(everyone)
