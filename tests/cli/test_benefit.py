"""`exomics benefit`: what cannot be estimated is told, with the reason, beside what can."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.results import BenefitTable
from tests.shared import must

N = 80
REASON = "in an arm nobody has the event, or everybody has it: the arm alone separates the outcome"


def _trial(folder: Path, *, all_alive: bool) -> tuple[Path, Path]:
    """Two markers, one of which does not vary; nobody, or every second, of the trained has the event."""
    rng = np.random.default_rng(7)
    names = pd.Index([f"p{number}" for number in range(N)], name="sample_id")
    is_trained = np.arange(N) % 2 == 1
    event = np.where(is_trained & (all_alive | (np.arange(N) % 4 == 1)), 0, 1)
    samples = {"arm": np.where(is_trained, "exercise", "usual_care"), "os_time_months": rng.exponential(20.0, N) + 0.1}
    samples |= {"os_event": event, "sex": np.repeat(["f", "m"], N // 2)}
    pd.DataFrame(samples, index=names).to_csv(folder / "samples.tsv", sep="\t")
    markers = {"il6": rng.normal(size=N), "flat": np.ones(N)}
    pd.DataFrame(markers, index=names).to_csv(folder / "markers.tsv", sep="\t")
    return folder / "markers.tsv", folder / "samples.tsv"


@pytest.mark.parametrize("all_alive", [True, False])
def test_an_arm_without_events_is_told_as_the_reason(all_alive: bool, tmp_path: Path) -> None:
    markers, samples = _trial(tmp_path, all_alive=all_alive)
    words = ("benefit", markers, "--samples", samples, "--endpoint", "os", "--arm", "arm", "--control", "usual_care")
    found = tmp_path / "found.tsv"
    said = must(*words, "-o", found, "--subgroup", "sex", "--subgroups", tmp_path / "subgroups.tsv").splitlines()
    frame = BenefitTable.from_tsv(found).frame.set_index("marker")
    assert (frame.loc["flat", "verdict"], frame.loc["flat", "note"]) == ("not estimated", "the marker does not vary")
    assert "flat\tnot estimated\tthe marker does not vary" in said
    assert (f"il6\tnot estimated\t{REASON}" in said) == all_alive == (frame.loc["il6", "note"] == REASON)
    assert pd.isna(frame.loc["il6", "interaction"]) == all_alive
    assert ("sex\tinteraction with the arm: not estimated" in said) == all_alive
