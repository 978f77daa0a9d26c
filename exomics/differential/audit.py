"""A design audited before it is fitted: what cannot be told apart, what is thin, and what the unit is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from exomics._checks import FloatArray
from exomics.differential.design import Design, build_design
from exomics.differential.formula import parse_formula, variables_of
from exomics.errors import DesignError
from exomics.preprocess import confounding
from exomics.schema import keys

BATCHES = (keys.BATCH, "tmt_plex", "plex", "plate", "run", "lane")
Severity = Literal["fatal", "warning", "note"]
UNITS = ("cage", "litter", "facility", "site", "center", "hospital", "class", keys.SUBJECT_ID)
_FEWEST_DF = 3
_WIDE = 4.0
_CLOSE = 0.5
_HIGH_LEVERAGE = 0.9
_NEARLY_ALL = 0.95
_SHOWN = 3
_FEW_VALUES = 8


@dataclass(frozen=True)
class Finding:
    """One finding about a design.

    Parameters
    ----------
    severity
        ``fatal``: nothing can be estimated, the fit refuses. ``warning``: the result needs this sentence beside it.
        ``note``: worth knowing.
    kind
        ``not_estimable, confounding, imbalance, unit, residual_df, leverage`` or ``collinearity``.
    message
        One sentence in words.
    """

    severity: Severity
    kind: str
    message: str


def audit_design(obs: pd.DataFrame, formula: str, *, block: str = "") -> list[Finding]:
    """Look at a design before it is fitted.

    Parameters
    ----------
    obs
        One row per sample. Columns that tell batches (batch, tmt_plex, plex, plate, run, lane) and units (cage,
        litter, facility, site, center, hospital, class, subject_id) are looked at whether or not the design has them.
    formula
        The design.
    block
        Column whose levels the method takes as correlated samples.

    Returns
    -------
    list of Finding
        The fatal ones first. Empty for a design without a finding.

    Examples
    --------
    >>> obs = pd.DataFrame({"week": ["SED"] * 4 + ["8W"] * 4, "plex": ["S1", "S2"] * 2 + ["S3"] * 4})
    >>> [finding.message for finding in audit_design(obs, "~ week")]
    ['week is confounded with plex: all samples of 8W are in plex S3, which holds no others']
    >>> [finding.severity for finding in audit_design(obs, "~ week + plex")]
    ['fatal', 'fatal']
    """
    return _examined(obs, formula, block)[1]


def audited_design(obs: pd.DataFrame, formula: str, *, block: str = "") -> tuple[Design, list[Finding]]:
    """The design and its findings.

    Parameters
    ----------
    obs, formula, block
        As of `audit_design`.

    Returns
    -------
    tuple
        The design, and the findings that are not fatal.

    Raises
    ------
    DesignError
        In the words of the fatal findings.

    Examples
    --------
    >>> obs = pd.DataFrame({"week": ["SED"] * 4 + ["8W"] * 4})
    >>> audited_design(obs, "~ week")[1]
    []
    """
    design, found = _examined(obs, formula, block)
    if design is None:
        aliases = [f"{finding.message}." for finding in found if finding.kind == "confounding"]
        raise DesignError(" ".join([*aliases, found[0].message]))
    return design, found


def _examined(obs: pd.DataFrame, formula: str, block: str) -> tuple[Design | None, list[Finding]]:
    try:
        design = build_design(obs, formula)
    except DesignError as error:
        return None, [Finding("fatal", "not_estimable", str(error)), *_aliases_in(obs, formula)]
    found = [
        *_batches(obs, design),
        *_units(obs, design, block),
        *_replicates(obs, design),
        *_residual_df(design),
        *_leverage(obs, design),
        *_collinearity(design),
    ]
    return design, sorted(found, key=lambda finding: finding.severity == "note")


def _conditions(obs: pd.DataFrame, design: Design) -> list[str]:
    """Variables of the design that may be a treatment: factors but batches and units, and numbers of few values."""
    names = [factor.variable for factor in design.factors]
    names += [name for name in design.numeric_means if name in obs.columns and obs[name].nunique() <= _FEW_VALUES]
    return [name for name in dict.fromkeys(names) if name not in (*BATCHES, *UNITS)]


def _aliases_in(obs: pd.DataFrame, formula: str) -> Iterator[Finding]:
    """Which two factors of a design that cannot be estimated never mix."""
    try:
        names = [name for name in variables_of(parse_formula(formula, obs.columns)) if _is_factor(obs[name])]
    except DesignError:
        return
    for one, other in itertools.combinations(names, 2):
        condition, batch = sorted((one, other), key=lambda name: name in (*BATCHES, *UNITS))
        words = confounding(obs[condition], obs[batch])
        if words:
            yield Finding("fatal", "confounding", words)


def _is_factor(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype) or not pd.api.types.is_numeric_dtype(column)


def _batches(obs: pd.DataFrame, design: Design) -> Iterator[Finding]:
    """Batches outside of the design that a tested factor never mixes with, or mixes with badly."""
    inside = {factor.variable for factor in design.factors}
    outside = [name for name in BATCHES if name in obs.columns and name not in inside and obs[name].nunique() > 1]
    for condition, name in itertools.product(_conditions(obs, design), outside):
        words = confounding(obs[condition], obs[name])
        if words:
            yield Finding("warning", "confounding", words)
        elif (association := _association(obs[condition], obs[name])) > _CLOSE:
            words = (
                f"{condition} and {name} are associated (Cramer's V {association:.2f}) and {name} is not in the design"
            )
            yield Finding("warning", "imbalance", words)


def _association(first: pd.Series, second: pd.Series) -> float:
    """Cramer's V, corrected for chance (Bergsma 2013)."""
    table = pd.crosstab(first, second).to_numpy(dtype=np.float64)
    n = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    rows, columns = (size - (size - 1) ** 2 / (n - 1) for size in table.shape)
    degrees = (table.shape[0] - 1) * (table.shape[1] - 1)
    excess = max(0.0, float(((table - expected) ** 2 / expected).sum()) / n - degrees / (n - 1))
    return float(np.sqrt(excess / max(min(rows, columns) - 1, 1e-9)))


def _units(obs: pd.DataFrame, design: Design, block: str) -> Iterator[Finding]:
    """Units with several samples each that the design takes as independent."""
    modeled = {factor.variable for factor in design.factors} | {block}
    conditions = _conditions(obs, design)
    for name in UNITS:
        if name not in obs.columns or name in modeled or obs[name].isna().any():
            continue
        n_units, n_samples = obs[name].nunique(), len(obs)
        given = [
            condition for condition in conditions if (obs[condition].groupby(obs[name].to_numpy()).nunique() == 1).all()
        ]
        if not 1 < n_units < n_samples or (not given and name != keys.SUBJECT_ID):
            continue
        whole = f"{', '.join(given)} differs between whole levels of {name}; " if given else ""
        yield Finding(
            "warning",
            "unit",
            f"{whole}{n_samples} samples of {n_units} levels of {name} are taken as independent: {name} is the unit. "
            "Give it as the block, put it in the design, or average its samples",
        )


def _replicates(obs: pd.DataFrame, design: Design) -> Iterator[Finding]:
    """Levels with one sample, and levels of very different size."""
    for factor in design.factors:
        if factor.variable in UNITS:
            continue
        sizes = obs[factor.variable].astype(str).value_counts()
        alone = sorted(map(str, sizes.index[sizes == 1]))
        if alone:
            yield Finding("warning", "imbalance", f"{factor.variable} has one sample of {_some(alone)}: no replicate")
        elif sizes.max() / sizes.min() >= _WIDE:
            yield Finding(
                "note",
                "imbalance",
                f"{factor.variable} is unbalanced: {sizes.max()} samples of {sizes.idxmax()}, {sizes.min()} of "
                f"{sizes.idxmin()}",
            )


def _residual_df(design: Design) -> Iterator[Finding]:
    n_samples, n_coefficients = design.matrix.shape
    left = n_samples - n_coefficients
    if left < _FEWEST_DF:
        yield Finding(
            "warning",
            "residual_df",
            f"{n_samples} samples and {n_coefficients} coefficients leave {left} residual degrees of freedom: the "
            "variances rest on the prior",
        )


def _leverage(obs: pd.DataFrame, design: Design) -> Iterator[Finding]:
    """Samples that determine a coefficient alone, or nearly."""
    basis = np.linalg.qr(design.matrix)[0]
    share: FloatArray = (basis**2).sum(axis=1)
    exact = share > 1 - 1e-9
    singles = exact & _in_single_levels(obs, design)
    for mask, severity, words in (
        (exact & ~singles, "warning", "fitted exactly: the design gives them a coefficient of their own"),
        (
            (share > _HIGH_LEVERAGE) & ~exact,
            "warning",
            f"of leverage above {_HIGH_LEVERAGE}: they decide a coefficient",
        ),
        (singles, "note", "the only ones of their unit: they say nothing about changes within it"),
    ):
        if mask.any():
            names = _some([str(name) for name in obs.index[mask]])
            yield Finding(severity, "leverage", f"{int(mask.sum())} samples are {words} ({names})")  # type: ignore[arg-type]


def _in_single_levels(obs: pd.DataFrame, design: Design) -> np.ndarray:
    """Samples that are alone in their level of a unit of the design."""
    alone = np.zeros(len(obs), dtype=bool)
    for factor in design.factors:
        if factor.variable in UNITS:
            alone |= ~obs[factor.variable].astype(str).duplicated(keep=False).to_numpy()
    return alone


def _collinearity(design: Design) -> Iterator[Finding]:
    """Numeric covariates that the other columns nearly give."""
    matrix = design.matrix
    for name in design.numeric_means:
        if name not in design.coefficients:
            continue
        column = design.coefficients.index(name)
        values = matrix[:, column] - matrix[:, column].mean()
        total = float(values @ values)
        others = np.delete(matrix, column, axis=1)
        rest = values - others @ np.linalg.lstsq(others, values, rcond=None)[0]
        explained = 1.0 - float(rest @ rest) / total if total > 0 else 0.0
        if explained > _NEARLY_ALL:
            yield Finding(
                "warning",
                "collinearity",
                f"{name} is nearly given by the rest of the design (R2 {explained:.3f}); effects of both are imprecise",
            )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
