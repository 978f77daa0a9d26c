"""The correlation between members that a design leaves, beside that of camera."""

from __future__ import annotations

import numpy as np
import pytest

from exomics.errors import InputError
from exomics.stats.competitive_tests import camera
from exomics.stats.residual_correlation import residual_correlation


def test_it_is_that_of_camera_whatever_the_design_explains() -> None:
    rng = np.random.default_rng(4)
    design = np.column_stack([np.ones(16), np.repeat([0.0, 1.0], 8)])
    values = rng.normal(size=(16, 60))
    values[:, :10] += rng.normal(size=(16, 1)) + 5 * design[:, 1:]
    found = camera(values, design, [0.0, 1.0], [np.arange(10), np.arange(20, 40)])
    for at, columns in enumerate((np.arange(10), np.arange(20, 40))):
        assert residual_correlation(values[:, columns], design) == pytest.approx(found.correlation[at])


def test_one_feature_has_no_correlation_and_a_full_design_leaves_none() -> None:
    values = np.random.default_rng(0).normal(size=(4, 3))
    assert np.isnan(residual_correlation(values[:, :1], np.ones((4, 1))))
    assert np.isnan(residual_correlation(np.ones((4, 3)), np.ones((4, 1))))
    with pytest.raises(InputError, match="leaves no residual degree of freedom"):
        residual_correlation(values, np.eye(4))
