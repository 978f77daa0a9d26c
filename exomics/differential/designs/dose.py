"""Dose and response: a straight line, a monotone trend over ordered doses, or a smooth curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from exomics._checks import FloatArray
from exomics.differential.analysis import Analysis
from exomics.differential.contrasts import Contrast
from exomics.differential.designs._samples import numbers_of, quoted, with_covariates
from exomics.differential.omnibus import Omnibus
from exomics.errors import DesignError
from exomics.stats.natural_spline import natural_spline_basis, natural_spline_knots

Shape = Literal["linear", "monotone", "spline"]
_MOST_DOSES = 12
_AFTER_RANDOMIZATION = ("adherence", "attendance", "compliance", "completed", "achieved", "attended")


def dose_response(
    obs: pd.DataFrame,
    *,
    dose: str,
    shape: Shape = "linear",
    df: int = 3,
    assigned: bool = True,
    covariates: Sequence[str] = (),
) -> Analysis:
    """Does it follow the dose?

    Parameters
    ----------
    obs
        One row per sample, each of another subject.
    dose
        Column of numbers: weeks, sessions, MET-hours.
    shape
        ``linear``: log2 change per unit of dose. ``monotone``: the maximin contrast of Abelson and Tukey over the
        ordered doses, the single test that loses least whatever the shape of a monotone response; its effect is a
        weighted mean of the higher doses minus one of the lower. ``spline``: a natural cubic spline.
    df
        Degrees of freedom of the spline, the straight line included; at least 2.
    assigned
        False for a dose that subjects chose, such as adherence. A name such as ``adherence`` is flagged in any case.
    covariates
        Further columns of obs.

    Returns
    -------
    Analysis
        ``linear``: the contrast ``dose per unit``. ``monotone``: the contrast ``dose monotone`` and the set
        ``dose any difference`` of all doses. ``spline``: the straight line, the set ``dose any`` of line and curve,
        and the set ``dose curvature`` of the curve alone.

    Raises
    ------
    DesignError
        If the dose is no number, has too few values for the shape or too many for ``monotone``.

    Notes
    -----
    Abelson and Tukey (1963), doi:10.1214/aoms/1177703844. The columns of the curve are those of a natural spline with
    knots at quantiles of the dose, orthogonal to the constant and to the line.

    Examples
    --------
    >>> obs = pd.DataFrame({"weeks": [0, 0, 1, 1, 4, 4, 8, 8]}, index=list("abcdefgh"))
    >>> dose_response(obs, dose="weeks").contrasts[0].name
    'weeks per unit'
    >>> [one.name for one in dose_response(obs, dose="weeks", shape="spline").omnibus]
    ['weeks any', 'weeks curvature']
    """
    values = numbers_of(obs, dose)
    shapes = {"linear": _linear, "monotone": _monotone, "spline": _spline}
    if shape not in shapes:
        raise DesignError(f"shape must be one of {', '.join(shapes)}; got {shape!r}.")
    formula, contrasts, sets, samples, note = shapes[shape](values, dose, df)
    return Analysis(
        design=with_covariates(formula, covariates),
        contrasts=contrasts,
        omnibus=sets,
        samples=samples,
        notes=(note, _origin(dose, assigned)),
    )


_Parts = tuple[str, tuple[Contrast, ...], tuple[Omnibus, ...], pd.DataFrame, str]


def _linear(values: pd.Series, dose: str, df: int) -> _Parts:
    note = f"{dose}: effects are log2 changes per unit of {dose}; assumes a straight line"
    contrasts = (Contrast(f"{dose} per unit", "dose_value"),)
    return "~ dose_value", contrasts, (), pd.DataFrame({"dose_value": values}), note


def _monotone(values: pd.Series, dose: str, df: int) -> _Parts:
    doses, counts = np.unique(values.to_numpy(), return_counts=True)
    if len(doses) > _MOST_DOSES:
        raise DesignError(
            f"{dose} has {len(doses)} values; a monotone trend needs at most {_MOST_DOSES} ordered groups."
        )
    names = [f"{dose} {value:g}" for value in doses]
    weights = maximin_weights(counts)
    terms = [f"{weight!r} * {quoted(name)}" for weight, name in zip(weights.tolist(), names, strict=True)]
    contrast = Contrast(f"{dose} monotone", " + ".join(terms).replace("+ -", "- "))
    steps = tuple(f"{quoted(high)} - {quoted(names[0])}" for high in names[1:])
    samples = pd.DataFrame({"dose_group": [f"{dose} {value:g}" for value in values]}, index=values.index)
    note = (
        f"{dose}: the monotone contrast assumes that the response never turns; its effect is a weighted mean of the "
        "higher doses minus one of the lower, not a change per unit"
    )
    return "~ 0 + dose_group", (contrast,), (Omnibus(f"{dose} any difference", steps),), samples, note


def maximin_weights(counts: ArrayLike) -> FloatArray:
    """Weights of ordered group means whose test has the same power against a step at any place.

    With N_i samples up to group i of N: ``c_i = sqrt(N_(i-1) (N - N_(i-1))) - sqrt(N_i (N - N_i))``, scaled so that
    the positive weights sum to 1.

    Parameters
    ----------
    counts
        Samples per group, in the order of the groups.

    Returns
    -------
    ndarray
        One weight per group; they sum to 0.

    Notes
    -----
    Abelson and Tukey (1963), doi:10.1214/aoms/1177703844, for groups of any size.

    Examples
    --------
    >>> maximin_weights([5, 5, 5]).round(6).tolist()
    [-1.0, 0.0, 1.0]
    """
    total = np.concatenate([[0.0], np.cumsum(np.asarray(counts, dtype=np.float64))])
    steps = np.sqrt(total * (total[-1] - total))
    weights = steps[:-1] - steps[1:]
    return np.asarray(weights / weights[weights > 0].sum())


def _spline(values: pd.Series, dose: str, df: int) -> _Parts:
    if df < 2 or values.nunique() <= df:
        raise DesignError(f"a spline with df={df} needs df of at least 2 and more than {df} values of {dose}.")
    x = values.to_numpy()
    basis = natural_spline_basis(x, natural_spline_knots(x, df + 1))
    line = np.column_stack([np.ones_like(x), x])
    rest = basis - line @ np.linalg.lstsq(line, basis, rcond=None)[0]
    left, sizes, _ = np.linalg.svd(rest, full_matrices=False)
    curve = left[:, sizes > 1e-8 * max(float(np.abs(basis).max()), 1.0)][:, : df - 1] * np.sqrt(len(x))
    names = [f"dose_curve_{i + 1}" for i in range(curve.shape[1])]
    samples = pd.DataFrame(np.column_stack([x, curve]), columns=["dose_value", *names], index=values.index)
    sets = (Omnibus(f"{dose} any", ("dose_value", *names)), Omnibus(f"{dose} curvature", tuple(names)))
    note = (
        f"{dose}: natural cubic spline with {1 + len(names)} degrees of freedom; the set {dose} any tests whether the "
        f"response follows the dose at all, {dose} curvature whether a straight line is not enough"
    )
    contrasts = (Contrast(f"{dose} per unit", "dose_value"),)
    return f"~ dose_value + {' + '.join(names)}", contrasts, sets, samples, note


def is_after_randomization(name: str) -> bool:
    """Whether a variable, by its name, was decided by the subjects after they were allocated: adherence and the like.

    Examples
    --------
    >>> is_after_randomization("adherence_attended_percent"), is_after_randomization("program_weeks")
    (True, False)
    """
    return any(word in name.lower() for word in _AFTER_RANDOMIZATION)


def _origin(dose: str, assigned: bool) -> str:
    if assigned and not is_after_randomization(dose):
        return f"assumes that {dose} was assigned, not chosen: subjects of different doses differ by nothing else"
    return (
        f"{dose} is a variable after randomization: who adheres differs from who does not in ways that change the "
        "outcome too; this is an association with the dose achieved, no effect of it, and no substitute for the "
        "comparison of arms"
    )
