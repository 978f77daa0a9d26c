"""Technical covariates of a design that a study may lack: filled where little is missing, left out where much is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from exomics.errors import DesignError, InputError


@dataclass(frozen=True, kw_only=True)
class Covariates:
    """Numeric columns of obs that a design names as terms of their own, and that may be lacking.

    Parameters
    ----------
    columns
        Such as ``rin``.
    maximum_missing
        Share of samples without a value from which a column is left out; below it the mean stands in.
    scale
        Center and scale to unit variance over the fitted samples.
    """

    columns: Sequence[str]
    maximum_missing: float = 0.05
    scale: bool = False


class Adjusted(NamedTuple):
    """The samples with the covariates filled in, the formula of those that are used, and what was done, in words."""

    obs: pd.DataFrame
    formula: str
    notes: tuple[str, ...]


def adjust_covariates(obs: pd.DataFrame, formula: str, covariates: Covariates) -> Adjusted:
    """Fill, scale or leave out the covariates of a design.

    Parameters
    ----------
    obs
        The samples that are fitted together.
    formula
        With the covariates as terms of their own, ``~ 0 + group + rin``.
    covariates
        Which, and when they are left out.

    Returns
    -------
    Adjusted
        A column that is absent, constant, or missing in `maximum_missing` of the samples or more is no longer in the
        formula.

    Raises
    ------
    DesignError
        If a covariate is no term of the formula.
    InputError
        If one holds text that is no number.

    Notes
    -----
    The rule of the MoTrPAC consortium, doi:10.1038/s41586-023-06877-w.

    Examples
    --------
    >>> obs = pd.DataFrame({"group": list("aabb"), "rin": [7.0, 8.0, 9.0, 8.0], "globin": [np.nan, 1.0, 2.0, 3.0]})
    >>> found = adjust_covariates(obs, "~ 0 + group + rin + globin", Covariates(columns=["rin", "globin"]))
    >>> found.formula, found.notes
    ('~ 0 + group + rin', ('the covariate globin is missing in 1 of 4 samples and was left out of the model',))
    """
    terms = [term.strip() for term in formula.strip().removeprefix("~").split("+")]
    unknown = [name for name in covariates.columns if name not in terms]
    if unknown:
        raise DesignError(f"the covariate {unknown[0]} is no term of its own in the design {formula!r}.")
    changed, notes = obs.copy(), []
    for name in covariates.columns:
        values = _numbers(obs, name)
        missing = np.isnan(values)
        fault = _fault(name in obs.columns, values, missing, covariates.maximum_missing)
        if fault:
            terms.remove(name)
            notes.append(f"the covariate {name} {fault} and was left out of the model")
            continue
        if missing.any():
            notes.append(f"the covariate {name} was filled with its mean in {int(missing.sum())} samples")
        if missing.any() or covariates.scale:
            changed[name] = _filled(values, missing, covariates.scale)
    return Adjusted(changed, "~ " + " + ".join(terms), tuple(notes))


def _numbers(obs: pd.DataFrame, name: str) -> np.ndarray:
    if name not in obs.columns:
        return np.full(len(obs), np.nan)
    numbers = pd.to_numeric(obs[name], errors="coerce")
    wrong = obs.loc[numbers.isna() & obs[name].notna(), name]
    if len(wrong):
        raise InputError(f"the covariate {name} must be numeric; got {wrong.iloc[0]!r}.")
    return numbers.to_numpy(dtype=np.float64)


def _fault(there: bool, values: np.ndarray, missing: np.ndarray, maximum: float) -> str:
    if not there:
        return "is no column of obs"
    if missing.any() and missing.mean() >= maximum:
        return f"is missing in {int(missing.sum())} of {missing.size} samples"
    return "is constant" if np.ptp(values[~missing]) == 0.0 else ""


def _filled(values: np.ndarray, missing: np.ndarray, scale: bool) -> np.ndarray:
    filled = np.where(missing, values[~missing].mean(), values)
    return (filled - filled.mean()) / filled.std(ddof=1) if scale else filled
