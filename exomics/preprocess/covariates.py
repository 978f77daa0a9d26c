"""Covariates: fill the few missing values with the mean, center, scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.errors import InputError
from exomics.preprocess._matrix import listed, obs_column
from exomics.registry.method import MethodSpec
from exomics.schema import record_step


def scale_covariates(adata: AnnData, *, columns: str | Sequence[str], maximum_missing: float = 0.05) -> AnnData:
    """Fill missing values of numeric obs columns with the column's mean, then center and scale to unit variance.

    Parameters
    ----------
    adata
        Samples x features.
    columns
        Numeric columns of obs.
    maximum_missing
        A column in which this share of the samples or more is missing is refused, not filled.

    Returns
    -------
    AnnData
        With the columns replaced: mean 0, standard deviation 1 (n - 1) over these samples. The report says how many
        values were filled.

    Raises
    ------
    InputError
        If a column is absent, not numeric, constant, or misses too many values.

    Notes
    -----
    The rule of the MoTrPAC consortium (doi:10.1038/s41586-023-06877-w), with one difference: there a column that
    misses too much is left out of the model in silence; here it is an error.

    Examples
    --------
    >>> table = AnnData(np.ones((3, 1)), obs=pd.DataFrame({"rin": [7.0, 8.0, 9.0]}, index=list("abc")))
    >>> scale_covariates(table, columns=["rin"]).obs["rin"].tolist()
    [-1.0, 0.0, 1.0]
    """
    names = listed(columns)
    scaled = {name: _scaled(obs_column(adata, name), name, maximum_missing) for name in names}
    filled = {name: int(adata.obs[name].isna().sum()) for name in names}
    parameters = {"columns": names, "maximum_missing": maximum_missing}
    recorded = record_step(adata, "scale_covariates", parameters, filled=filled)
    for name, values in scaled.items():
        recorded.obs[name] = values
    return recorded


def _scaled(column: pd.Series, name: str, maximum_missing: float) -> np.ndarray:
    numbers = pd.to_numeric(column, errors="coerce")
    if (numbers.isna() & column.notna()).any():
        raise InputError(f"the covariate {name} must be numeric; got {column[numbers.isna()].iloc[0]!r}.")
    values = numbers.to_numpy(dtype=np.float64)
    missing = np.isnan(values)
    if missing.any() and missing.mean() >= maximum_missing:
        raise InputError(
            f"the covariate {name} is missing in {int(missing.sum())} of {missing.size} samples, not below "
            f"{100 * maximum_missing:g} %. Leave it out of the design, or drop those samples."
        )
    values = np.where(missing, values[~missing].mean(), values)
    centered = values - values.mean()
    deviation = float(np.sqrt((centered**2).sum() / (values.size - 1))) if values.size > 1 else 0.0
    if deviation == 0:
        raise InputError(f"the covariate {name} is constant in these samples. Leave it out of the design.")
    return centered / deviation


COVARIATES = (
    MethodSpec(
        name="scale_covariates",
        kind="preprocess",
        title="fill the few missing covariate values with the mean, then center and scale",
        function=scale_covariates,
        reference="10.1038/s41586-023-06877-w",
        cohort_dependent=True,
        parameters={"columns": (), "maximum_missing": 0.05},
    ),
)
