"""Which features tell two classes apart, selected with a bound on errors; and what each selector does to noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics.errors import DesignError, InputError
from exomics.results import OperatingTable, Provenance, SelectionTable
from exomics.stats.selection import Selection, select_by_t_tests
from exomics.stats.t_distribution import t_quantile, t_tests
from exomics.stratify.models.logistic import MedianImputer
from exomics.stratify.selection.selectors import DEFAULT_SELECTOR, Selectors
from exomics.stratify.study.leaks import refuse_copies
from exomics.stratify.study.outcomes import Outcome

__all__ = ["operating_curve", "select"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_TARGETS = (0.05, 0.1, 0.2, 0.3, 0.5)


class _Prepared(NamedTuple):
    """Tested features (n_samples, n_tested), where they stand among all (n_tested,), labels (n_samples,)."""

    values: FloatArray
    kept: IntArray
    labels: IntArray
    missing: IntArray


def select(
    features: pd.DataFrame,
    outcome: pd.Series,
    *,
    positive: object = 1,
    selectors: Sequence[str] = (DEFAULT_SELECTOR,),
    target: float = 0.2,
    subjects: pd.Series | None = None,
    seed: int = 1,
) -> SelectionTable:
    """Select the features that differ between two classes, with a bound on errors.

    Parameters
    ----------
    features
        (n_samples, n_features) numbers indexed by sample; NaN where not measured.
    outcome
        Two classes by sample; samples without a value are left out.
    positive
        The class whose mean comes first in ``difference``.
    selectors
        Names in `Selectors`, each run on its own.
    target
        What the level of a selected feature may not exceed, in (0, 1).
    subjects
        Subject by sample; None says that every sample is another subject.
    seed
        Of whatever is random; each selector starts from it.

    Returns
    -------
    SelectionTable
        One row per selector and feature. Features that do not vary, or lack more than 30 % of their values, are not
        tested; other gaps are filled by the median.

    Raises
    ------
    DesignError
        If there are not two classes, or a subject has several samples.
    InputError
        If samples do not match, a feature is no number or a copy of the outcome, the target is out of range, or a
        selector has no such name.

    Notes
    -----
    The selectors, their bounds and sources: `Selectors`. The interval of ``difference`` takes the pooled deviation as
    known. A selection is no model: where prediction is the aim, select within the training folds, by
    `FeatureSelector`.

    Examples
    --------
    >>> generator = np.random.default_rng(1)
    >>> x = pd.DataFrame(generator.normal(size=(40, 50)), columns=[f"g{j}" for j in range(50)])
    >>> y = pd.Series(np.repeat([0, 1], 20), name="response")
    >>> x["g7"] += 2 * y
    >>> frame = select(x, y).frame
    >>> frame.loc[frame["selected"] == "yes", "feature_id"].tolist()
    ['g7']
    """
    if not 0.0 < target < 1.0:
        raise InputError(f"the target must lie between 0 and 1; got {target}.")
    specs = [Selectors[name] for name in selectors]
    data = _prepared(features, outcome, positive, subjects)
    shared = _tested(data, features)
    parts = []
    for spec in specs:
        found = spec.function(data.values, data.labels, generator=np.random.default_rng(seed))
        parts.append(shared.assign(selector=spec.name, target_bounds=spec.units, **_decided(data, found, target)))
    frame = pd.concat(parts, ignore_index=True).assign(endpoint=str(outcome.name or "outcome"), target=target)
    parameters: dict[str, Any] = {
        "positive": str(positive), "selectors": list(selectors), "target": target, "n_tested": len(data.kept),
    }  # fmt: skip
    return SelectionTable(frame=frame, provenance=Provenance(method="select", parameters=parameters, seed=seed))


def operating_curve(
    features: pd.DataFrame,
    outcome: pd.Series,
    *,
    selectors: Sequence[str] = (DEFAULT_SELECTOR,),
    n_planted: int = 10,
    shift: float = 1.0,
    n_repeats: int = 50,
    seed: int = 1,
) -> OperatingTable:
    """What selectors do on these features with shuffled labels, before and after differences are planted.

    Each repeat shuffles the labels over the samples, so that nothing differs, and selects; then it adds `shift`
    standard deviations to `n_planted` random features of one class, and selects again.

    Parameters
    ----------
    features, outcome
        As in `select`; the labels are used only for the sizes of the classes.
    selectors
        Names in `Selectors`.
    n_planted, shift
        Features made to differ, and by how many standard deviations (of all samples).
    n_repeats
        Shuffles.
    seed
        Of shuffles, planting and selectors.

    Returns
    -------
    OperatingTable
        One row per selector and target, 0.05 to 0.5. Planted features differ by themselves (marginally), and so only
        they count as true.

    Raises
    ------
    DesignError, InputError
        As `select`, or if there are not more features than are to be planted, or no repeats.

    Notes
    -----
    The share of repeats with any selection in shuffled labels is the chance of a list from noise; its standard error
    is ``sqrt(s (1 - s) / n_repeats)``, those of the means the standard deviation over the root of n_repeats.

    Examples
    --------
    >>> x = pd.DataFrame(np.random.default_rng(1).normal(size=(40, 30)))
    >>> table = operating_curve(x, pd.Series(np.repeat([0, 1], 20)), n_planted=3, shift=2.0, n_repeats=5)
    >>> table.frame[["target", "true_selected"]].to_numpy()[2].tolist()
    [0.2, 3.0]
    """
    data = _prepared(features, outcome, None, None)
    n_samples, n_features = data.values.shape
    if not 0 < n_planted < n_features or n_repeats < 2:
        raise InputError(f"planting needs 1 to {n_features - 1} features and at least 2 repeats.")
    rows = []
    for spec in [Selectors[name] for name in selectors]:
        counts = np.stack([*_repeats(data, spec.function, (n_planted, shift, n_repeats), np.random.default_rng(seed))])
        rows += [{"selector": spec.name, **row} for row in _rates(counts)]
    frame = pd.DataFrame(rows).assign(
        n_planted=n_planted, shift=shift, n_samples=n_samples, n_features=n_features, n_repeats=n_repeats
    )
    parameters = {"selectors": list(selectors), "n_planted": n_planted, "shift": shift, "n_repeats": n_repeats}
    return OperatingTable(
        frame=frame, provenance=Provenance(method="operating_curve", parameters=parameters, seed=seed)
    )


def _prepared(features: pd.DataFrame, outcome: pd.Series, positive: object, subjects: pd.Series | None) -> _Prepared:
    known = outcome.dropna()
    shared = [name for name in features.index if name in known.index]
    if not shared or not (features.index.is_unique and known.index.is_unique):
        raise InputError("features and outcome must share samples, each with one row; index both by sample_id.")
    classes = known.loc[shared]
    positive = classes.iloc[0] if positive is None else positive  # either will do
    if classes.nunique() != 2 or not (classes == positive).any():
        told = ", ".join(sorted(map(str, classes.unique()))[:6])
        raise DesignError(f"selection needs two classes, {str(positive)!r} among them; the outcome has {told}.")
    if subjects is not None and (twice := subjects.reindex(shared).dropna()).duplicated().any():
        raise DesignError(
            f"subject {twice[twice.duplicated()].iloc[0]} has several samples; keep one sample per subject."
        )
    try:
        values = features.loc[shared].to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(f"every feature must be a column of numbers; {error}.") from error
    if np.isinf(values).any():
        raise InputError("the features hold endless values; leave them empty where nothing was measured.")
    labels = np.asarray(classes == positive, dtype=np.int64)
    refuse_copies(values, Outcome(labels, ("other", "positive")), list(map(str, features.columns)))
    imputer = MedianImputer()
    filled = imputer.fit_transform(values)
    return _Prepared(filled, imputer.kept_, labels, np.isnan(values).sum(axis=0))


def _tested(data: _Prepared, features: pd.DataFrame) -> pd.DataFrame:
    """What is the same for every selector: names, differences, and t tests, one row per feature."""
    n, n_features = len(data.labels), features.shape[1]
    n_positive = int(data.labels.sum())
    found = select_by_t_tests(data.values, data.labels)
    error = np.sqrt(1.0 / n_positive + 1.0 / (n - n_positive))
    difference = found.statistic * error
    half = float(t_quantile(0.975, n - 2.0)) * error
    columns = {
        "difference": difference,
        "ci_low": difference - half,
        "ci_high": difference + half,
        "p_value": t_tests(found.statistic, n - 2.0)[0],
        "adj_p_value": found.level,
    }
    tested = pd.DataFrame(columns, index=data.kept).reindex(range(n_features))
    note = np.where(data.missing > 0, [f"{count} missing values filled by the median" for count in data.missing], "")
    note[np.setdiff1d(np.arange(n_features), data.kept)] = "does not vary, or lacks more than 30 % of its values"
    return tested.assign(feature_id=[str(name) for name in features.columns], n_samples=n - data.missing, note=note)


def _decided(data: _Prepared, found: Selection, target: float) -> dict[str, Any]:
    n_features = len(data.missing)
    statistic, level = np.full(n_features, np.nan), np.full(n_features, np.nan)
    statistic[data.kept], level[data.kept] = found
    selected = np.where(level <= target, "yes", np.where(np.isnan(level), "not tested", "no"))
    return {"statistic": statistic, "level": level, "selected": selected}


def _repeats(
    data: _Prepared, function: Any, planting: tuple[int, float, int], generator: np.random.Generator
) -> Iterator[FloatArray]:
    """Selected without differences; true and false selected with them: (3, n_targets) per repeat."""
    n_planted, shift, n_repeats = planting
    targets = np.array(_TARGETS)[:, np.newaxis]
    for _ in range(n_repeats):
        labels = generator.permutation(data.labels)
        nothing = function(data.values, labels, generator=generator).level <= targets
        true = generator.choice(data.values.shape[1], n_planted, replace=False)
        planted = data.values.copy()
        planted[:, true] += shift * planted[:, true].std(axis=0, ddof=1) * labels[:, np.newaxis]
        found = function(planted, labels, generator=generator).level <= targets
        right = found[:, true].sum(axis=1)
        yield np.stack([nothing.any(axis=1), right, found.sum(axis=1) - right]).astype(np.float64)


def _rates(counts: FloatArray) -> Iterator[dict[str, float]]:
    """Rows of the operating table, one per target, from (n_repeats, 3, n_targets) counts."""
    listed, right, wrong = counts[:, 0], counts[:, 1], counts[:, 2]
    share = wrong / np.maximum(1.0, right + wrong)
    root = np.sqrt(len(counts))
    for at, target in enumerate(_TARGETS):
        chance = listed[:, at].mean()
        yield {
            "target": target,
            "any_selected": chance,
            "any_selected_error": np.sqrt(chance * (1.0 - chance)) / root,
            "true_selected": right[:, at].mean(),
            "true_selected_error": right[:, at].std(ddof=1) / root,
            "false_share": share[:, at].mean(),
            "false_share_error": share[:, at].std(ddof=1) / root,
        }
