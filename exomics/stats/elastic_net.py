"""Elastic net paths of linear, logistic and Cox models, in the parametrization of the field."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from exomics.errors import InputError
from exomics.stats._elastic_net_descent import Rules
from exomics.stats._elastic_net_grid import (
    dense_rows,
    falling_grids,
    grid_of,
    largest_penalties,
    on_given_scale,
)
from exomics.stats._elastic_net_inputs import FAMILIES, Family, checked, each_followed
from exomics.stats._elastic_net_kernels import Samples, descend_paths

__all__ = [
    "PATH_STATUS",
    "ElasticNetPath",
    "ElasticNetPaths",
    "elastic_net_path",
    "elastic_net_paths",
    "largest_penalty",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


#: Names of the status codes of a fit along the path, in order.
PATH_STATUS = ("converged", "not_converged", "saturated")


class ElasticNetPath(NamedTuple):
    """Models along falling penalties.

    ``penalties``, ``intercepts``, ``deviance_explained`` and ``status`` have shape (n_penalties,), ``coefficients``
    (n_penalties, n_features) on the scale of the features as given. ``status`` indexes :data:`PATH_STATUS`;
    ``saturated`` repeats the last model: the fit was perfect before.
    """

    penalties: FloatArray
    intercepts: FloatArray
    coefficients: FloatArray
    deviance_explained: FloatArray
    status: IntArray


class ElasticNetPaths(NamedTuple):
    """Paths of several responses over the same samples.

    ``penalties``, ``intercepts`` and ``status`` have shape (n_responses, n_penalties). ``indices``, ``values`` and
    ``offsets`` hold the nonzero coefficients in compressed rows, one row per penalty and response (row = penalty x
    n_responses + response), on the scale of the features as given.
    """

    penalties: FloatArray
    intercepts: FloatArray
    status: IntArray
    indices: IntArray
    values: FloatArray
    offsets: IntArray

    def predict(self, features: ArrayLike) -> FloatArray:
        """Linear predictors, shape (n_responses, n_penalties, n_samples), of `features` (n_samples, n_features)."""
        matrix = np.asarray(features, dtype=np.float64)
        rows = sparse.csr_array((self.values, self.indices, self.offsets), shape=(self.penalties.size, matrix.shape[1]))
        n_responses, n_penalties = self.penalties.shape
        predictor = np.asarray(rows @ matrix.T).reshape(n_penalties, n_responses, len(matrix)).swapaxes(0, 1)
        return predictor + self.intercepts[:, :, np.newaxis]


def elastic_net_path(
    features: ArrayLike,
    response: ArrayLike,
    *,
    family: Family = "binomial",
    alpha: float = 0.5,
    penalties: ArrayLike | int = 50,
    penalty_factors: ArrayLike | None = None,
    tolerance: float = 1e-7,
) -> ElasticNetPath:
    """Fit an elastic net at every penalty of a falling grid.

    Minimizes ``-loglik / n + penalty * sum_j f_j (alpha |b_j| + (1 - alpha) b_j^2 / 2)`` over intercept and
    coefficients ``b`` of standardized features (deviation with denominator n); for ``gaussian`` the likelihood term is
    the residual sum of squares / (2 n), for ``cox`` Breslow's log partial likelihood / n.

    Parameters
    ----------
    features
        (n_samples, n_features), finite. A constant feature keeps the coefficient 0.
    response
        (n_samples,) values; for ``binomial`` 0 and 1; for ``cox`` (n_samples, 2): time > 0, and 1 for an event.
    family
        ``gaussian``, ``binomial`` or ``cox``.
    alpha
        Weight of the lasso part, in (0, 1].
    penalties
        Falling grid, or the number of penalties from the least one without features down to 0.05 of it (0.001 of it
        when samples outnumber features), evenly on the log scale.
    penalty_factors
        (n_features,) multiples ``f_j`` >= 0 of the penalty; 0 leaves a feature unpenalized. Used as given.
    tolerance
        Largest weighted squared change of a coefficient in the last turn over the features; for ``gaussian`` in units
        of the variance of the response.

    Returns
    -------
    ElasticNetPath
        One model per penalty, warm-started from the one before.

    Raises
    ------
    InputError
        If a value is missing, shapes do not fit, one class or no event is there, or an option is out of range.

    Notes
    -----
    Friedman, Hastie and Tibshirani (2010), doi:10.18637/jss.v033.i01; strong rules: Tibshirani et al. (2012),
    doi:10.1111/j.1467-9868.2011.01004.x, with every feature checked after each fit, so that nothing is lost by them.
    Written from the papers. Deviations from glmnet: penalty factors are not rescaled to a sum of n_features; gaussian
    responses are not scaled; ``alpha = 0`` is not offered (its grid has no natural start).

    Examples
    --------
    >>> x = np.array([[1.0, 0.2], [2.0, -0.1], [3.0, 0.3], [4.0, 0.1]])
    >>> path = elastic_net_path(x, [0, 1, 0, 1], penalties=3)
    >>> path.coefficients[0].round(12).tolist(), [PATH_STATUS[code] for code in path.status]
    ([0.0, 0.0], ['converged', 'converged', 'converged'])
    """
    scaled, outcome, factors = checked(features, response, family, alpha, penalty_factors)
    values = np.ascontiguousarray(scaled.values[:, outcome.order])
    samples = Samples(values, outcome.response[np.newaxis], outcome.first, FAMILIES[family])
    grid = grid_of(samples, alpha, factors, penalties)
    unit = max(float(np.var(outcome.response)), 1e-300) if family == "gaussian" else 1.0
    rows, intercepts, explained, status = descend_paths(
        samples, grid[:, np.newaxis], Rules(factors, float(alpha), tolerance * unit, family != "cox")
    )
    coefficients = dense_rows(rows, len(factors)) / scaled.deviation
    shift = coefficients @ scaled.mean
    return ElasticNetPath(grid, intercepts[:, 0] - shift, coefficients, explained[:, 0], status[:, 0])


def elastic_net_paths(
    features: ArrayLike,
    responses: ArrayLike,
    *,
    family: Literal["gaussian", "binomial"] = "binomial",
    alpha: float = 0.5,
    n_penalties: int = 50,
    penalty_factors: ArrayLike | None = None,
    tolerance: float = 1e-7,
) -> ElasticNetPaths:
    """Fit the elastic net paths of several responses, such as shuffled labels, over the same features.

    The models are those of `elastic_net_path`, each on its own grid of penalties. All paths go in step, so that
    their slopes meet the features in one product of matrices.

    Parameters
    ----------
    features
        (n_samples, n_features), finite.
    responses
        (n_responses, n_samples), each as in `elastic_net_path`.
    family, alpha, penalty_factors, tolerance
        As in `elastic_net_path`.
    n_penalties
        Length of each path.

    Returns
    -------
    ElasticNetPaths
        Paths with a method ``predict``.

    Raises
    ------
    InputError
        As `elastic_net_path`.

    Notes
    -----
    Sources as `elastic_net_path`. Memory: n_responses x n_features doubles, three times.

    Examples
    --------
    >>> x = np.array([[1.0, 0.2], [2.0, -0.1], [3.0, 0.3], [4.0, 0.1]])
    >>> paths = elastic_net_paths(x, [[0, 1, 0, 1], [0, 0, 1, 1]], n_penalties=3)
    >>> paths.predict(x).shape
    (2, 3, 4)
    """
    labels = np.atleast_2d(np.asarray(responses, dtype=np.float64))
    scaled, outcome, factors = checked(features, labels[0], family, alpha, penalty_factors)
    if family not in ("gaussian", "binomial"):
        raise InputError(f"family must be gaussian or binomial for several responses; got {family!r}.")
    values = np.ascontiguousarray(scaled.values)
    if not each_followed(labels, family):
        raise InputError(f"every response of {family} needs values without gaps, and for binomial both 0 and 1.")
    samples = Samples(values, np.ascontiguousarray(labels), outcome.first, FAMILIES[family])
    grids = falling_grids(largest_penalties(samples, alpha, factors), values.shape, n_penalties)
    rows, intercepts, _, status = descend_paths(samples, grids, Rules(factors, float(alpha), tolerance, True))
    found, intercepts = on_given_scale(rows, intercepts, scaled)
    return ElasticNetPaths(np.ascontiguousarray(grids.T), intercepts.T, status.T, *found)


def largest_penalty(
    features: ArrayLike,
    response: ArrayLike,
    *,
    family: Family = "binomial",
    alpha: float = 0.5,
    penalty_factors: ArrayLike | None = None,
) -> float:
    """The least penalty at which no penalized feature enters.

    ``max_j |x_j' (y - fitted_0)| / (n alpha f_j)`` over standardized features, with the model of the unpenalized ones
    fitted first.

    Parameters
    ----------
    features, response, family, alpha, penalty_factors
        As in `elastic_net_path`.

    Returns
    -------
    float
        In the units of `elastic_net_path`'s penalties.

    Raises
    ------
    InputError
        As `elastic_net_path`.

    Notes
    -----
    Friedman, Hastie and Tibshirani (2010), doi:10.18637/jss.v033.i01.

    Examples
    --------
    >>> x = np.array([[1.0, 0.2], [2.0, -0.1], [3.0, 0.3], [4.0, 0.1]])
    >>> round(largest_penalty(x, [0, 1, 0, 1], alpha=1.0), 6)
    0.422577
    """
    scaled, outcome, factors = checked(features, response, family, alpha, penalty_factors)
    values = np.ascontiguousarray(scaled.values[:, outcome.order])
    samples = Samples(values, outcome.response[np.newaxis], outcome.first, FAMILIES[family])
    return float(largest_penalties(samples, alpha, factors)[0])
