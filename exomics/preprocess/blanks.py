"""Features that the blanks hold as well: solvent, tubes and carry-over are no sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from anndata import AnnData

from exomics._checks import FloatArray
from exomics.errors import InputError, ScaleError
from exomics.preprocess._matrix import obs_labels, values_of
from exomics.preprocess.detection import keep_features
from exomics.registry.method import MethodSpec
from exomics.schema import scale_of


def drop_blank_features(
    adata: AnnData, *, column: str = "sample_type", blank: str = "blank", minimum_fold: float = 3.0
) -> AnnData:
    """Drop the features that samples do not hold well above the blanks, and then the blanks.

    Parameters
    ----------
    adata
        Samples and blanks x features, linear or log2 intensities.
    column, blank
        Column of obs, and its word for blanks.
    minimum_fold
        How far the median of the samples must lie above the mean of the blanks.

    Returns
    -------
    AnnData
        The samples, without the features that fail; the report names the first of them. A feature missing in every
        blank, or in every sample, is kept: missing is not zero.

    Raises
    ------
    InputError
        If there is no blank or no sample, the fold is below 1, or nothing is left.
    ScaleError
        If the values are counts.

    Notes
    -----
    Kept if ``median(x_sample) >= fold x mean(x_blank)`` on the linear scale (Broadhurst et al. 2018,
    doi:10.1007/s11306-018-1367-3). A contaminant that is dropped is ``not_measured`` in what follows, never zero.

    Examples
    --------
    >>> import pandas as pd
    >>> from exomics.schema import Scale, annotate
    >>> obs = pd.DataFrame({"sample_type": ["blank", "sample", "sample"]}, index=list("abc"))
    >>> panel = AnnData(np.array([[5.0, 1.0], [9.0, 50.0], [8.0, 40.0]]), obs=obs)
    >>> panel = annotate(panel, assay="metabolite", scale=Scale(kind="linear", quantity="intensity"))
    >>> drop_blank_features(panel).var_names.tolist()
    ['1']
    """
    if minimum_fold < 1:
        raise InputError(f"minimum_fold must be 1 or more; got {minimum_fold}.")
    scale = scale_of(adata)
    if scale.kind == "counts":
        raise ScaleError("drop_blank_features takes linear or log2 intensities; X is counts.")
    is_blank = obs_labels(adata, column) == blank
    if is_blank.all() or not is_blank.any():
        raise InputError(
            f"{column} must hold {blank!r} and other words; {int(is_blank.sum())} of {adata.n_obs} are it."
        )
    values = values_of(adata)
    linear = np.exp2(values) - scale.offset if scale.kind == "log2" else values
    kept = ~(_each(linear[~is_blank], np.median) < minimum_fold * _each(linear[is_blank], np.mean))
    parameters = {"column": column, "blank": blank, "minimum_fold": minimum_fold}
    samples = {str(name): "blank" for name in adata.obs_names[is_blank]}
    measured = adata[~is_blank].copy()
    return keep_features(measured, kept, name="drop_blank_features", parameters=parameters, dropped=samples)


def _each(values: FloatArray, of: Callable[[FloatArray], Any]) -> FloatArray:
    """A statistic of the values present in each feature; NaN where there is none."""
    return np.array([of(column[~np.isnan(column)]) if (~np.isnan(column)).any() else np.nan for column in values.T])


BLANKS = (
    MethodSpec(
        name="drop_blank_features",
        kind="preprocess",
        title="drop features that are not well above the blanks, and the blanks",
        function=drop_blank_features,
        reference="10.1007/s11306-018-1367-3",
        input_scale=("linear", "log2"),
        feature_types=("metabolite",),
        cohort_dependent=True,
        parameters={"column": "sample_type", "blank": "blank", "minimum_fold": 3.0},
    ),
)
