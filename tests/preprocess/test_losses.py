"""What steps dropped, flagged and filled in: counted, with the reason, from the record alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.preprocess import apply_steps, losses_of
from exomics.schema import Scale, annotate


def panel() -> AnnData:
    """Sixteen features in a blank and five samples: f0 and f1 are in the blank, f2 is missing in a sample."""
    values = 100.0 + np.arange(6.0)[:, None] + np.arange(16.0)
    values[0] = 1.0
    values[0, :2] = 500.0
    values[3, 2] = np.nan
    obs = pd.DataFrame({"sample_type": ["blank"] + ["sample"] * 5}, index=[f"s{i}" for i in range(6)])
    var = pd.DataFrame(index=[f"f{i}" for i in range(16)])
    made = AnnData(np.log2(values), obs=obs, var=var)
    return annotate(made, assay="metabolite", scale=Scale(kind="log2", quantity="intensity"))


def test_every_loss_is_told_once_with_its_number_and_reason() -> None:
    steps = [
        ("drop_blank_features", {}),
        ("impute_left_censored", {"method": "min_prob"}),
        ("flag_samples", {"samples": ["s4", "s5"], "reason": "thawed"}),
        ("drop_flagged_samples", {}),
    ]
    done = apply_steps(panel(), steps)
    rows = {(what, why.split(" ")[0]): (n, examples) for what, n, why, examples in losses_of(done).frame.to_numpy()}
    assert rows == {
        ("features dropped", "drop_blank_features"): (2, "f0, f1"),
        ("samples dropped", "drop_blank_features"): (1, "s0 (blank)"),
        ("values filled in", "impute_left_censored"): (1, ""),
        ("samples flagged", "flag_samples"): (2, "s4, s5"),
        ("samples dropped", "drop_flagged_samples"): (2, "s4 (thawed), s5 (thawed)"),
    }
    assert "minimum_fold=3.0" in losses_of(done).frame["why"].iloc[0]
    assert losses_of(done, since=2).frame["what"].tolist() == ["samples flagged", "samples dropped"]
    assert done.shape == (3, 14)


def test_nothing_lost_is_an_empty_report() -> None:
    kept = apply_steps(panel(), [("measure_samples", {})])
    assert losses_of(kept).frame.empty
    assert losses_of(kept).notes == ()
