"""Probability that one person responded, integrated over what the trial leaves uncertain."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError

__all__ = [
    "ChangeSpreads",
    "IndividualResponse",
    "RespondingShare",
    "individual_response",
    "posterior_response",
    "posterior_share",
    "share_responding",
    "spreads_of_arms",
]

FloatArray = NDArray[np.float64]

_NODES: Final = 48


class IndividualResponse(NamedTuple):
    """Posterior of the response of each trained person; every field has shape (n_trained,)."""

    mean: FloatArray
    standard_deviation: FloatArray
    probability: FloatArray


class RespondingShare(NamedTuple):
    """Share of persons whose response exceeds a threshold; one value of each.

    ``estimate`` puts the point estimates in; the limits are quantiles of the posterior.
    """

    estimate: float
    ci_low: float
    ci_high: float


class ChangeSpreads(NamedTuple):
    """Two independent variances: of the change with a response in it, and of the same without one; pairs of shape (2,).

    ``means`` are the mean changes; ``shares`` times the variances are the variances of those means, 0 for a mean that
    is known.
    """

    variances: tuple[float, float]
    df: tuple[float, float]
    means: tuple[float, float]
    shares: tuple[float, float]


class _Posterior(NamedTuple):
    """Grid of equally likely pairs of variances, and what they leave for the response, (n_nodes^2,) each."""

    trained: FloatArray
    control: FloatArray
    response: FloatArray


def individual_response(trained: ArrayLike, control: ArrayLike, *, threshold: float) -> IndividualResponse:
    """Posterior of ``r_i`` in ``change_i = m + r_i + e_i`` for each trained person, and ``P(r_i > threshold)``.

    Given the variances ``s_E^2`` (trained) and ``s_C^2`` (control), with ``V = max(s_E^2 - s_C^2, 0)`` and
    ``lambda = V / s_E^2``: ``r_i ~ N((1 - lambda) mean_E + lambda change_i - mean_C,
    V (1 - lambda) + (1 - lambda)^2 s_E^2 / n_E + s_C^2 / n_C)``. It is averaged over the posterior of the variances,
    ``df s^2 / chi2(df)`` each; where the trained do not vary more, everybody has the net mean.

    Parameters
    ----------
    trained, control
        Changes, (n_trained,) and (n_control,). A trained person with NaN has no posterior.
    threshold
        Smallest worthwhile response, in the units of the change; more is better.

    Returns
    -------
    IndividualResponse
        In the order of `trained`. No response belongs to a control: he was not trained.

    Raises
    ------
    InputError
        If an arm has fewer than three changes.

    Notes
    -----
    Normal responses and errors; independent priors ``p(s^2) ~ 1 / s^2``; the integral is the mean over a grid of
    quantiles, 48 for each variance. The conditional mean is the shrinkage estimate of Atkinson and Batterham (2015),
    doi:10.1113/EP085070, centered on the net mean.

    Examples
    --------
    >>> found = individual_response([0.0, 5.0, 10.0, 2.0, 8.0], [1.0, -1.0, 0.5, -0.5, 0.0], threshold=3.0)
    >>> found.probability.round(2).tolist()
    [0.03, 0.96, 1.0, 0.2, 1.0]
    """
    return posterior_response(trained, spreads_of_arms(trained, control), threshold=threshold)


def posterior_response(change: ArrayLike, spreads: ChangeSpreads, *, threshold: float) -> IndividualResponse:
    """As `individual_response`, from the two variances alone.

    Parameters
    ----------
    change
        Of each trained person, (n_trained,).
    spreads
        As `spreads_of_arms`, or as `exomics.stats.repeated_response.spreads_of_crossover`.
    threshold
        As `individual_response`.

    Returns
    -------
    IndividualResponse
        In the order of `change`; NaN for a person without one.

    Notes
    -----
    With ``n = 1 / shares``, and ``1 / n = 0`` for a mean that is known, the formula of `individual_response`.

    Examples
    --------
    >>> spreads = ChangeSpreads((17.0, 1.0), (19.0, 19.0), (5.0, 0.0), (1 / 20, 1 / 20))
    >>> posterior_response([1.0, 9.0], spreads, threshold=3.0).probability.round(2).tolist()
    [0.05, 1.0]
    """
    grid, values = _posterior(spreads), np.asarray(change, dtype=np.float64)
    shrinkage = (grid.response / grid.trained)[:, None]
    center = (1.0 - shrinkage) * spreads.means[0] + shrinkage * values - spreads.means[1]
    within = grid.response * (1.0 - shrinkage[:, 0])
    unsure = (1.0 - shrinkage[:, 0]) ** 2 * grid.trained * spreads.shares[0]
    spread = (within + unsure + grid.control * spreads.shares[1])[:, None]
    mean = center.mean(axis=0)
    variance = spread.mean() + ((center - mean) ** 2).mean(axis=0)
    probability = special.ndtr((center - threshold) / np.sqrt(spread)).mean(axis=0)
    return IndividualResponse(mean, np.sqrt(variance), probability)


def share_responding(
    trained: ArrayLike, control: ArrayLike, *, threshold: float, level: float = 0.95
) -> RespondingShare:
    """Share of the population whose response exceeds `threshold`: ``Phi((net mean - threshold) / SD_IR)``.

    Parameters
    ----------
    trained, control
        Changes, (n_trained,) and (n_control,); NaN is left out.
    threshold
        Smallest worthwhile response, in the units of the change; more is better.
    level
        Coverage of the interval.

    Returns
    -------
    RespondingShare
        The estimate is NaN where the trained do not vary more than the controls: then there is no SD_IR. The interval
        includes the possibility that everybody, or nobody, responds.

    Raises
    ------
    InputError
        If an arm has fewer than three changes.

    Notes
    -----
    Swinton et al. (2018), doi:10.3389/fnut.2018.00041, center on the mean of the trained; this centers on the net
    mean, trained minus control, which is what training caused. Posterior as `individual_response`.

    Examples
    --------
    >>> share = share_responding([0.0, 5.0, 10.0, 2.0, 8.0], [1.0, -1.0, 0.5, -0.5, 0.0], threshold=3.0)
    >>> round(share.estimate, 2)
    0.69
    """
    return posterior_share(spreads_of_arms(trained, control), threshold=threshold, level=level)


def posterior_share(spreads: ChangeSpreads, *, threshold: float, level: float = 0.95) -> RespondingShare:
    """As `share_responding`, from the two variances alone.

    Parameters
    ----------
    spreads
        As `posterior_response`.
    threshold, level
        As `share_responding`.

    Returns
    -------
    RespondingShare
        NaN with limits where the variance with a response is not larger than that without.

    Examples
    --------
    >>> spreads = ChangeSpreads((17.0, 1.0), (19.0, 19.0), (5.0, 0.0), (1 / 20, 1 / 20))
    >>> round(posterior_share(spreads, threshold=3.0).estimate, 2)
    0.69
    """
    grid = _posterior(spreads)
    net, response = spreads.means[0] - spreads.means[1], spreads.variances[0] - spreads.variances[1]
    estimate = float(special.ndtr((net - threshold) / np.sqrt(response))) if response > 0.0 else float("nan")
    deviates = special.ndtri((np.arange(_NODES) + 0.5) / _NODES)
    error = np.sqrt(grid.trained * spreads.shares[0] + grid.control * spreads.shares[1])
    nets = net + error[:, None] * deviates
    with np.errstate(divide="ignore"):
        shares = special.ndtr((nets - threshold) / np.sqrt(grid.response)[:, None])
    low, high = np.quantile(shares, [0.5 - level / 2.0, 0.5 + level / 2.0])
    return RespondingShare(estimate, float(low), float(high))


def spreads_of_arms(trained: ArrayLike, control: ArrayLike) -> ChangeSpreads:
    """The variances of the changes in two arms.

    Parameters
    ----------
    trained, control
        Changes, (n_trained,) and (n_control,); NaN is left out.

    Returns
    -------
    ChangeSpreads
        That of the trained holds a response, that of the controls does not.

    Raises
    ------
    InputError
        If an arm has fewer than three changes.

    Examples
    --------
    >>> spreads_of_arms([0.0, 5.0, 10.0], [1.0, -1.0, 0.0]).variances
    (25.0, 1.0)
    """
    arms = [np.asarray(values, dtype=np.float64) for values in (trained, control)]
    first, other = (values[np.isfinite(values)] for values in arms)
    if min(len(first), len(other)) < 3:
        raise InputError(f"a posterior needs three changes in each arm; got {len(first)} and {len(other)}.")
    return ChangeSpreads(
        variances=(float(first.var(ddof=1)), float(other.var(ddof=1))),
        df=(len(first) - 1.0, len(other) - 1.0),
        means=(float(first.mean()), float(other.mean())),
        shares=(1.0 / len(first), 1.0 / len(other)),
    )


def _posterior(spreads: ChangeSpreads) -> _Posterior:
    tails = (np.arange(_NODES) + 0.5) / _NODES
    nodes = [
        df * variance / special.chdtri(df, tails) for variance, df in zip(spreads.variances, spreads.df, strict=True)
    ]
    of_trained, of_control = (part.ravel() for part in np.meshgrid(*nodes, indexing="ij"))
    return _Posterior(of_trained, of_control, np.maximum(of_trained - of_control, 0.0))
