"""How performance grows with the number of subjects to learn from, and what more of them might bring."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import DesignError
from exomics.results import PerformanceTable, Provenance
from exomics.stats.power_law import inverse_power_law
from exomics.stratify.evaluation.cross_validation import models_of
from exomics.stratify.evaluation.intervals import corrected_interval, fold_variance
from exomics.stratify.evaluation.predictions import held_out, inner_folds_of, measure_names, measures_of
from exomics.stratify.evaluation.settings import CrossValidation
from exomics.stratify.evaluation.work import Uninterrupted, Work
from exomics.stratify.models.built import Built
from exomics.stratify.study.features import Study
from exomics.stratify.study.outcomes import strata
from exomics.stratify.study.splits import Fold, repeated

__all__ = ["learning_curve"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

FRACTIONS = (0.4, 0.55, 0.75, 1.0)
_DRAWS = 500
_BEYOND = 2.0


class _Part(NamedTuple):
    """One training part of some size: positions of the samples to learn from, and of those to judge."""

    size: int
    fold: Fold


def learning_curve(
    study: Study,
    settings: CrossValidation | None = None,
    *,
    fractions: tuple[float, ...] = FRACTIONS,
    work: Work | None = None,
) -> PerformanceTable:
    """Performance of the first pipeline by the number of training subjects, everything nested and grouped as ever.

    Of each training part a fraction of the subjects is drawn, as balanced as the whole; the settings are chosen within
    it, and the same test part judges all sizes. The measure is the AUC, or the concordance of survival; the curve
    ``y(n) = a - b n^-c`` is fitted to its means.

    Parameters
    ----------
    study
        Of any kind of outcome.
    settings
        How to judge; its permutations and bootstraps are not used.
    fractions
        Of the training subjects, ascending, the last 1.
    work
        Who does the units of work.

    Returns
    -------
    PerformanceTable
        ``auc@n`` (or ``concordance@n``) for n training subjects, with the interval of `corrected_interval`;
        ``fitted_auc@n`` for the whole study and twice its size; ``learning_curve_limit``, the ``a`` of the fit.
        Intervals of fitted figures are percentiles over curves drawn with the covariance of the means.

    Raises
    ------
    DesignError
        If the fractions do not ascend to 1, or the least of them leaves a class with fewer subjects than inner folds.

    Notes
    -----
    Figueroa et al. (2012), doi:10.1186/1472-6947-12-8, for the inverse power law. The smaller sizes
    are drawn anew in each repeat, which their intervals count as pairs of samples, on the side of caution. What lies
    beyond the study is an extrapolation.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> names = [f"s{i}" for i in range(60)]
    >>> labels = np.tile([0, 1], 30)
    >>> values = pd.DataFrame(generator.normal(size=(60, 4)) + labels[:, None] * [1.5, 0, 0, 0], index=names)
    >>> study = Study.of(values, pd.Series(labels, index=names), pd.DataFrame({"subject_id": names}, index=names))
    >>> quick = CrossValidation(n_repeats=1, inner_folds=3)
    >>> learning_curve(study, quick, fractions=(0.5, 0.75, 1.0)).frame["metric"].tolist()[:3]
    ['auc@24', 'auc@36', 'auc@48']
    """
    how, doer = settings or CrossValidation(), work or Uninterrupted()
    _require(fractions)
    generator = np.random.default_rng(how.seed)
    name, (built, data) = next(iter(models_of(study, how).items()))
    doer.begin("learning curve", how.n_repeats * how.n_folds * len(fractions))
    found = []
    balanced = strata(study.response, how.n_folds)
    drawn = repeated(balanced, study.groups, n_folds=how.n_folds, n_repeats=how.n_repeats, generator=generator)
    for repeat, outer in enumerate(drawn, start=1):
        for number, fold in enumerate(outer, start=1):
            parts = _parts(study, fold, fractions, generator)
            for part in parts:
                seed = int(generator.integers(2**31))
                inner = inner_folds_of(study, part.fold.train, n_folds=how.inner_folds, seed=seed)
                unit = f"curve {name} repeat {repeat} fold {number} size {part.size}"
                found.append(doer.once(unit, partial(_measure, built, data, study, part, inner)))
    values = np.asarray(found).reshape(-1, len(fractions))
    sizes = np.array([part.size for part in parts], dtype=np.float64)
    metric = measure_names(study)[0]
    rows = _rows(values, sizes, len(np.unique(study.groups)), how, metric)
    scheme = f"{how.n_repeats} x {how.n_folds} folds by {study.grouped_by}, training subjects drawn"
    base = study.base() | {"signature_id": name, "role": "resampled", "resampling": scheme}
    parameters = {"fractions": list(fractions), "pipeline": name, "n_folds": how.n_folds, "n_repeats": how.n_repeats}
    provenance = Provenance(method="learning_curve", parameters=parameters, seed=how.seed, inputs=study.inputs)
    return PerformanceTable(frame=pd.DataFrame([base | row for row in rows]), provenance=provenance)


def _require(fractions: tuple[float, ...]) -> None:
    ascending = all(low < high for low, high in zip((0.0, *fractions), fractions, strict=False))
    if len(fractions) < 3 or not ascending or fractions[-1] != 1.0:
        raise DesignError(f"a learning curve needs three or more fractions that ascend to 1; got {fractions}.")


def _parts(study: Study, fold: Fold, fractions: tuple[float, ...], generator: np.random.Generator) -> list[_Part]:
    """Nested draws of the training subjects, each as balanced as the whole."""
    names, first = np.unique(study.groups[fold.train], return_index=True)
    of_group = study.labels[fold.train][first]
    rank = np.empty(len(names))
    for label in np.unique(of_group):
        members = generator.permutation(np.flatnonzero(of_group == label))
        rank[members] = (np.arange(len(members)) + 0.5) / len(members)
    parts = []
    for fraction in fractions:
        kept = names[rank < fraction]
        train = fold.train[np.isin(study.groups[fold.train], kept)]
        parts.append(_Part(len(kept), Fold(train, fold.test)))
    return parts


def _measure(built: Built, data: FloatArray, study: Study, part: _Part, inner: list[Fold]) -> FloatArray:
    told = held_out(built, data, study, part.fold, inner)
    return measures_of(told, study, part.fold.test)[:1]


def _rows(
    values: FloatArray, sizes: FloatArray, n_subjects: int, how: CrossValidation, metric: str
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for at, size in enumerate(sizes):
        interval = corrected_interval(values[:, [at]], how.n_folds)
        limits = {"ci_low": interval.ci_low[0], "ci_high": interval.ci_high[0]}
        rows.append({"metric": f"{metric}@{size:g}", "estimate": interval.estimate[0], "note": ""} | limits)
    spread = values.std(axis=0, ddof=1)
    scale = np.sqrt(fold_variance(values, how.n_folds)[0]) / np.where(spread > 0.0, spread, 1.0)
    covariance = np.cov(values, rowvar=False) * np.outer(scale, scale)
    generator = np.random.default_rng(how.seed)
    mean = values.mean(axis=0)
    drawn = generator.multivariate_normal(mean, covariance, size=_DRAWS, method="eigh")
    fit, others = inverse_power_law(sizes, mean), [inverse_power_law(sizes, one) for one in drawn]
    for size, note in ((n_subjects, "fitted: all subjects"), (_BEYOND * n_subjects, "extrapolated: twice as many")):
        rows.append(_fitted(f"fitted_{metric}@{size:g}", fit.at(size), [one.at(size) for one in others], note))
    note = f"a of a - b n^-c, with b {fit.drop:.3g} and c {fit.rate:.3g}: extrapolated"
    rows.append(_fitted("learning_curve_limit", fit.limit, [one.limit for one in others], note))
    return rows


def _fitted(metric: str, estimate: float, drawn: list[float], note: str) -> dict[str, object]:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"metric": metric, "estimate": estimate, "ci_low": low, "ci_high": high, "note": note}
