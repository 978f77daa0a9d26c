"""Blanks: what they hold as well is excluded and not measured afterwards, what samples alone hold stays (Q9)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.errors import InputError, ScaleError
from exomics.preprocess import apply_step, drop_blank_features
from exomics.schema import Scale, annotate, steps_of
from exomics.scoring import score

LINEAR = Scale(kind="linear", quantity="intensity")


def panel(formate_in_blanks: float, *, scale: Scale = LINEAR) -> AnnData:
    """Sera of eight patients and three blanks; formate (by its HMDB id) is about 100 in sera."""
    rng = np.random.default_rng(1)
    values = np.column_stack([100 * rng.lognormal(0, 0.2, 11), 500 * rng.lognormal(0, 0.2, 11), np.full(11, 40.0)])
    kind = np.array(["sample"] * 8 + ["blank"] * 3)
    values[8:] = [formate_in_blanks, 2.0, np.nan]
    if scale.kind == "log2":
        values = np.log2(values + scale.offset)
    obs = pd.DataFrame({"sample_type": kind, "specimen": "serum", "species": "human"}, [f"s{at}" for at in range(11)])
    var = pd.DataFrame({"feature_name": ["HMDB0000142", "Serine", "Glycine"]}, index=list("abc"))
    return annotate(AnnData(values, obs=obs, var=var), assay="metabolite", scale=scale)


@pytest.mark.parametrize("scale", [LINEAR, Scale(kind="log2", quantity="intensity", offset=1.0)])
def test_formate_of_the_tubes_is_not_measured_and_formate_of_the_sera_is(scale: Scale) -> None:
    contaminated, clean = (drop_blank_features(panel(level, scale=scale)) for level in (90.0, 3.0))
    assert contaminated.var_names.tolist() == ["b", "c"]
    assert clean.var_names.tolist() == ["a", "b", "c"]
    assert set(score(contaminated, "mic.formate").frame["status"]) == {"not_measured"}
    found = score(clean, "mic.formate").frame
    assert set(found["status"]) == {"ok"}
    assert found["note"].str.contains("Formic acid measured as HMDB0000142").all()
    assert len(found) == 8  # the blanks are gone


def test_the_fold_is_the_limit_and_the_step_is_recorded() -> None:
    middle = float(np.median(panel(0.0).X[:8, 0]))
    for level, kept in ((middle / 3 * 0.999, True), (middle / 3 * 1.001, False)):
        assert ("a" in drop_blank_features(panel(level)).var_names) is kept
    done = steps_of(apply_step(panel(90.0), "drop_blank_features", {"minimum_fold": 1.0}))[-1]
    assert done["parameters"] == {"column": "sample_type", "blank": "blank", "minimum_fold": 1.0}


def test_what_has_no_blanks_or_no_intensities_is_refused() -> None:
    with pytest.raises(InputError, match="sample_type must hold 'water' and other words; 0 of 11"):
        drop_blank_features(panel(1.0), blank="water")
    with pytest.raises(InputError, match="minimum_fold must be 1 or more"):
        drop_blank_features(panel(1.0), minimum_fold=0.5)
    counted = annotate(panel(1.0), assay="smallrna", scale=Scale(kind="counts", quantity="count"))
    with pytest.raises(ScaleError, match="takes linear or log2 intensities"):
        drop_blank_features(counted)
