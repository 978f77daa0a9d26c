"""The rows of a trial: error, means, variances, shares, dropout, ceilings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtr
from scipy.stats import fisher_exact, t

from exomics._checks import FloatArray
from exomics.response.endpoints import Changes
from exomics.stats.arm_variances import ArmVarianceFit, fit_arm_variances
from exomics.stats.auc_ceiling import auc_ceiling
from exomics.stats.individual_response import share_responding
from exomics.stats.reliable_change import TypicalError
from exomics.stats.response_variance import ResponseVariance

Row = dict[str, Any]

_UNEQUAL_DROPOUT = 0.1


class Assumed(NamedTuple):
    """What the rows of one trial rest on; one value of each.

    ``sign`` is -1 where a fall is the benefit; ``threshold`` is the smallest worthwhile change times `sign`.
    """

    error: TypicalError | None
    threshold: float
    sign: float
    level: float
    threshold_note: str


def rows_of(changes: Changes, variance: ResponseVariance, assumed: Assumed) -> Iterator[Row]:
    """Every row of one trial but the verdict."""
    yield from _error_rows(assumed)
    yield from _mean_rows(changes, assumed)
    yield from variance_rows("response", variance)
    yield from _model_rows(changes, assumed)
    yield from _share_rows(changes, variance, assumed)
    yield from _ceiling_rows(changes, variance, assumed)
    yield from _dropout_rows(changes)


def row(quantity: str, estimate: float, low: float = np.nan, high: float = np.nan, **further: Any) -> Row:
    """One row; `further` are ``p_value`` and ``note``."""
    base = {"quantity": quantity, "estimate": estimate, "ci_low": low, "ci_high": high, "p_value": np.nan, "note": ""}
    return base | further


def _error_rows(assumed: Assumed) -> Iterator[Row]:
    if assumed.error is None:
        yield row("typical_error", np.nan, note="not known: give it, or two tests without training between")
    else:
        error = assumed.error
        note = "given" if np.isinf(error.df) else f"from repeated tests, {error.df:g} degrees of freedom"
        yield row("typical_error", error.estimate, error.ci_low, error.ci_high, note=note)
    yield row("smallest_worthwhile_change", assumed.sign * assumed.threshold, note=assumed.threshold_note)


def _mean_rows(changes: Changes, assumed: Assumed) -> Iterator[Row]:
    trained, control = changes.of(trained=True), changes.of(trained=False)
    parts = np.array([arm.var(ddof=1) / len(arm) for arm in (trained, control)])
    for name, arm, part in zip(("trained", "control"), (trained, control), parts, strict=True):
        half = t.ppf(0.5 + assumed.level / 2.0, len(arm) - 1) * np.sqrt(part)
        yield row(f"mean_change_{name}", arm.mean(), arm.mean() - half, arm.mean() + half)
    df = parts.sum() ** 2 / (parts**2 / [len(trained) - 1, len(control) - 1]).sum()
    half = t.ppf(0.5 + assumed.level / 2.0, df) * np.sqrt(parts.sum())
    net = trained.mean() - control.mean()
    p_value = 2.0 * t.sf(abs(net) / np.sqrt(parts.sum()), df)
    yield row("net_mean_change", net, net - half, net + half, p_value=p_value, note="trained minus control, Welch")
    for name, arm in (("trained", trained), ("control", control)):
        yield row(f"sd_change_{name}", arm.std(ddof=1))


def variance_rows(name: str, variance: ResponseVariance, note: str = "") -> Iterator[Row]:
    """The signed variance, and its signed root."""
    limits = (variance.estimate, variance.ci_low, variance.ci_high)
    yield row(f"{name}_variance", *limits, p_value=variance.p_value, note=note or "signed; P of the one-sided F test")
    yield row(f"{name}_sd", *variance.sd, note="signed root of the variance")


def _model_rows(changes: Changes, assumed: Assumed) -> Iterator[Row]:
    """Analysis of covariance on the baseline, and moderators, with a variance for each arm."""
    has_before = bool(np.isfinite(changes.before).any())
    if not has_before and changes.moderators.empty:
        return
    names, design, known = _design(changes, has_before)
    if known.sum() < len(names) + 4:
        yield row("adjusted_response_variance", np.nan, note="too few subjects with a baseline and moderators")
        return
    fit = fit_arm_variances(changes.change[known], design[known], changes.trained[known], level=assumed.level)
    for position, name in enumerate(names):
        if name:
            yield _coefficient(name, fit, position, assumed.level)
    what = "baseline" if has_before else ""
    given = " and ".join([*([what] if what else []), *changes.moderators.columns])
    yield from variance_rows("adjusted_response", fit.response, f"signed; beside {given}, REML, one variance per arm")


def _design(changes: Changes, has_before: bool) -> tuple[list[str], FloatArray, np.ndarray]:
    arm = changes.trained.astype(np.float64)
    columns, names = [np.ones(len(arm)), arm], ["", "adjusted_net_mean_change"]
    if has_before:
        columns.append(changes.before - np.nanmean(changes.before))
        names.append("slope_on_baseline")
    for moderator in changes.moderators.columns:
        values = changes.moderators[moderator].to_numpy()
        centered = values - np.nanmean(values)
        columns += [centered, arm * centered]
        names += ["", f"moderation_by_{moderator}"]
    design = np.column_stack(columns)
    return names, design, changes.measured & np.isfinite(design).all(axis=1)


def _coefficient(name: str, fit: ArmVarianceFit, position: int, level: float) -> Row:
    estimate, error = float(fit.coefficients[position]), float(fit.standard_error[position])
    df = float(fit.response.df.sum())
    half = t.ppf(0.5 + level / 2.0, df) * error
    note = "regression to the mean makes it negative in any group" if name == "slope_on_baseline" else ""
    p_value = 2.0 * t.sf(abs(estimate) / error, df)
    return row(name, estimate, estimate - half, estimate + half, p_value=p_value, note=note)


def _share_rows(changes: Changes, variance: ResponseVariance, assumed: Assumed) -> Iterator[Row]:
    trained, control = (assumed.sign * changes.of(trained=arm) for arm in (True, False))
    share = share_responding(trained, control, threshold=assumed.threshold, level=assumed.level)
    none = "" if variance.estimate > 0.0 else "no estimate: the trained do not vary more than the controls"
    note = none or "beyond the smallest worthwhile change, centered on the net mean"
    yield row("proportion_responding", *share, note=note)
    if not none:
        deviate = (trained.mean() - assumed.threshold) / np.sqrt(variance.estimate)
        centered = float(ndtr(deviate))
        note = "centered on the mean of the trained, as Swinton 2018; overstates what training caused"
        yield row("proportion_centered_on_trained_mean", centered, note=note)


def _ceiling_rows(changes: Changes, variance: ResponseVariance, assumed: Assumed) -> Iterator[Row]:
    trained, control = (assumed.sign * changes.of(trained=arm) for arm in (True, False))
    noise, mean = float(control.std(ddof=1)), float(trained.mean())
    for name, cut in (("median_split", mean), ("worthwhile_change", assumed.threshold)):
        found = [auc_ceiling(sd, noise, mean=mean, above=cut) for sd in variance.sd]
        note = "AUC that a perfect marker of the response could reach against labels "
        note += "from a median split" if name == "median_split" else "of a change beyond the smallest worthwhile one"
        yield row(f"auc_ceiling_{name}", *found, note=note)


def _dropout_rows(changes: Changes) -> Iterator[Row]:
    lost = [int((~changes.measured & (changes.trained == arm)).sum()) for arm in (True, False)]
    sizes = [int((changes.trained == arm).sum()) for arm in (True, False)]
    shares = [number / size for number, size in zip(lost, sizes, strict=True)]
    for name, number, size in zip(("trained", "control"), lost, sizes, strict=True):
        yield row(f"dropout_{name}", number / size, note=f"{number} of {size} without a change")
    kept = [size - number for size, number in zip(sizes, lost, strict=True)]
    p_value = float(fisher_exact([lost, kept]).pvalue)
    unequal = p_value < 0.05 or abs(shares[0] - shares[1]) >= _UNEQUAL_DROPOUT
    note = "unequal dropout: who leaves for his result biases every row" if unequal else "Fisher's exact test"
    yield row("dropout_difference", shares[0] - shares[1], p_value=p_value, note=note)
