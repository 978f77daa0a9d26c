"""Probability that one person responded, integrated over what the trial leaves uncertain."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics.errors import InputError

__all__ = ["IndividualResponse", "RespondingShare", "individual_response", "share_responding"]

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


class _Posterior(NamedTuple):
    """Grid of equally likely pairs of variances, (n_nodes^2,) each, and what does not vary over it."""

    trained: FloatArray
    control: FloatArray
    response: FloatArray
    means: tuple[float, float]
    sizes: tuple[int, int]

    @property
    def net_variance(self) -> FloatArray:
        """Variance of the net mean given the two variances."""
        return self.trained / self.sizes[0] + self.control / self.sizes[1]


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
    posterior = _posterior(trained, control)
    change = np.asarray(trained, dtype=np.float64)
    shrinkage = (posterior.response / posterior.trained)[:, None]
    center = (1.0 - shrinkage) * posterior.means[0] + shrinkage * change - posterior.means[1]
    within = posterior.response * (1.0 - shrinkage[:, 0])
    unsure = (1.0 - shrinkage[:, 0]) ** 2 * posterior.trained / posterior.sizes[0]
    spread = (within + unsure + posterior.control / posterior.sizes[1])[:, None]
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
    posterior = _posterior(trained, control)
    variances = [float(np.nanvar(np.asarray(arm, dtype=np.float64), ddof=1)) for arm in (trained, control)]
    net = posterior.means[0] - posterior.means[1]
    response = variances[0] - variances[1]
    estimate = float(special.ndtr((net - threshold) / np.sqrt(response))) if response > 0.0 else float("nan")
    deviates = special.ndtri((np.arange(_NODES) + 0.5) / _NODES)
    nets = net + np.sqrt(posterior.net_variance)[:, None] * deviates
    with np.errstate(divide="ignore"):
        shares = special.ndtr((nets - threshold) / np.sqrt(posterior.response)[:, None])
    low, high = np.quantile(shares, [0.5 - level / 2.0, 0.5 + level / 2.0])
    return RespondingShare(estimate, float(low), float(high))


def _posterior(trained: ArrayLike, control: ArrayLike) -> _Posterior:
    arms = [np.asarray(values, dtype=np.float64) for values in (trained, control)]
    arms = [values[np.isfinite(values)] for values in arms]
    if min(map(len, arms)) < 3:
        raise InputError(f"a posterior needs three changes in each arm; got {len(arms[0])} and {len(arms[1])}.")
    tails = (np.arange(_NODES) + 0.5) / _NODES
    nodes = [(len(arm) - 1) * arm.var(ddof=1) / special.chdtri(len(arm) - 1, tails) for arm in arms]
    of_trained, of_control = (part.ravel() for part in np.meshgrid(*nodes, indexing="ij"))
    response = np.maximum(of_trained - of_control, 0.0)
    means = float(arms[0].mean()), float(arms[1].mean())
    return _Posterior(of_trained, of_control, response, means, (len(arms[0]), len(arms[1])))
