"""Self-contained tests of feature sets by rotation: does anything in the set change, the correlation kept as it is?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from exomics._checks import as_matrix
from exomics.errors import InputError
from exomics.stats._feature_sets import as_sets
from exomics.stats._mixed_directions import mixed_probability
from exomics.stats._rotation_kernels import log_ratios, set_statistics, to_deviates
from exomics.stats.approximate_deviates import bailey_deviate
from exomics.stats.t_distribution import t_upper_tail
from exomics.stats.variance_moderation import SqueezedVariances, squeeze_variances

__all__ = ["FryResult", "RoastResult", "SetStatistic", "fry", "roast"]

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]
SetStatistic = Literal["mean", "floormean", "msq"]

_ACTIVE = np.sqrt(2.0)
_LARGEST_DF = 1e4
_FLOOR = -special.ndtri(0.25)
_CHUNK, _ROWS = 250, 128
_ROBUST_DF = 0.92


class RoastResult(NamedTuple):
    """One entry per set; p-values for any direction and for a mixture of both, NaN for an empty set.

    The proportions are those of members with a deviate beyond ``sqrt(2)``; direction is 1 (up), -1 (down) or 0 (empty).
    """

    n_measured: IndexArray
    proportion_down: FloatArray
    proportion_up: FloatArray
    direction: IndexArray
    p_value: FloatArray
    p_value_mixed: FloatArray


class FryResult(NamedTuple):
    """One entry per set, NaN for an empty one; `statistic` is t on the residual degrees of freedom."""

    n_measured: IndexArray
    direction: IndexArray
    statistic: FloatArray
    p_value: FloatArray
    p_value_mixed: FloatArray


class _Rotatable(NamedTuple):
    """Effects of the members of any set, what turns a rotated effect into a deviate, and the sets among them."""

    effects: FloatArray
    squares: FloatArray
    df: FloatArray
    starts: IndexArray
    rows: IndexArray


def roast(
    effects: ArrayLike,
    sets: Sequence[ArrayLike],
    *,
    generator: np.random.Generator,
    statistic: SetStatistic = "mean",
    n_rotations: int = 1999,
    covariate: ArrayLike | None = None,
    robust: bool = False,
) -> RoastResult:
    """Test sets by random rotations of the effects, which keep the correlations between features.

    A rotation replaces each feature's first effect by ``effects @ r``, r uniform on the unit sphere, and its residual
    variance by what is left; moderated t statistics become normal deviates and those a set statistic. The p-value is
    ``(b + 1) / (n_rotations + 1)`` with b rotations beyond what is observed.

    Parameters
    ----------
    effects
        Of `linear_effects.linear_effects`: (n_features, n_residual + 1), the contrast first.
    sets
        Positions of each set's features.
    generator
        Source of the rotations; the same rotations serve every set.
    statistic
        ``"mean"`` of the deviates; ``"floormean"``: of those above and below zero apart, sizes floored for the mixed
        test; ``"msq"``: of their squares, for sets of which few members change.
    n_rotations
        Number of rotations.
    covariate
        Trend covariate of the prior variance, such as the mean expression, (n_features,).
    robust
        Let hypervariable features keep their own variance.

    Returns
    -------
    RoastResult
        p-values of both directions together, and of a mixture.

    Raises
    ------
    InputError
        If effects are not finite, a set is malformed, or an option is unknown.

    Notes
    -----
    D. Wu et al., Bioinformatics 26, 2176 (2010), doi:10.1093/bioinformatics/btq401; limma's ``roast`` and ``mroast``,
    which draw new rotations for every set: p-values agree as Monte Carlo does. With a prior of infinite df
    the variance is not rotated. Feature weights and the statistic ``mean50`` are not offered.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> effects = rng.normal(size=(200, 9))
    >>> effects[:10, 0] += 2.0
    >>> found = roast(effects, [np.arange(10), np.arange(100, 120)], generator=rng)
    >>> found.direction[0].item(), bool(found.p_value[0] < 0.01)
    (1, True)
    """
    values = _as_effects(effects)
    members = as_sets(sets, len(values))
    if statistic not in get_args(SetStatistic) or n_rotations < 1:
        raise InputError(
            f"the statistic must be one of {', '.join(get_args(SetStatistic))} and rotations at least 1; got "
            f"{statistic!r} and {n_rotations}."
        )
    squeezed = _squeezed(values, covariate, robust)
    material = _rotatable(values, squeezed, members)
    total = np.minimum(squeezed.df_prior + values.shape[1] - 1.0, _LARGEST_DF)
    deviates = bailey_deviate(values[:, 0] / np.sqrt(squeezed.var_post), total)
    sizes = np.diff(material.starts)
    rule = get_args(SetStatistic).index(statistic)
    used = np.unique(np.concatenate([*members, np.zeros(0, dtype=np.int64)]))
    observed = set_statistics(deviates[used][:, None], material.starts, material.rows, rule, _FLOOR)
    counts = _count_beyond(material, observed, rule, (generator, n_rotations))
    down, up, either, mixed = counts
    either = np.minimum(down, up) if rule == 0 else either
    empty = sizes == 0
    return RoastResult(
        sizes,
        _share_beyond(-deviates, members),
        _share_beyond(deviates, members),
        np.where(empty, 0, np.where(up < down, 1, -1)),
        np.where(empty, np.nan, (either + 1.0) / (n_rotations + 1.0)),
        np.where(empty, np.nan, (mixed + 1.0) / (n_rotations + 1.0)),
    )


def fry(
    effects: ArrayLike, sets: Sequence[ArrayLike], *, covariate: ArrayLike | None = None, robust: bool = False
) -> FryResult:
    """What `roast` with the mean gives after infinitely many rotations, if features had equal variances.

    Effects are divided by posterior standard deviations; the mean effect of a set over the root mean square of its
    mean residual effects is t on the residual df. The mixed p-value comes from a beta distribution fitted to the
    rotated sum of squares through the eigenvalues of the set.

    Parameters
    ----------
    effects, sets, covariate, robust
        As in `roast`.

    Returns
    -------
    FryResult
        Two-sided and mixed p-values.

    Raises
    ------
    InputError
        As in `roast`.

    Notes
    -----
    limma's ``fry(standardize = "posterior.sd")``; G. Giner and G. K. Smyth describe it in limma's documentation, on the
    theory of doi:10.1093/bioinformatics/btq401. Equal to it.

    Examples
    --------
    >>> effects = np.random.default_rng(0).normal(size=(200, 9))
    >>> effects[:10, 0] += 2.0
    >>> fry(effects, [np.arange(10)]).direction.tolist()
    [1]
    """
    values = _as_effects(effects)
    members = as_sets(sets, len(values))
    df = values.shape[1] - 1.0
    scaled = values / np.sqrt(_robust_variances(values, _squeezed(values, covariate, robust, moments=True)))[:, None]
    sizes = np.array([positions.size for positions in members], dtype=np.int64)
    statistic, mixed = np.full(sizes.size, np.nan), np.full(sizes.size, np.nan)
    for k, positions in enumerate(members):
        if positions.size:
            part = scaled[positions]
            means = part.mean(axis=0)
            statistic[k] = means[0] / np.sqrt(np.mean(means[1:] ** 2))
            mixed[k] = mixed_probability(part) if positions.size > 1 else np.nan
    p_value = 2.0 * t_upper_tail(np.abs(statistic), df)
    direction = np.where(sizes == 0, 0, np.where(statistic < 0.0, -1, 1))
    return FryResult(sizes, direction, statistic, p_value, np.where(sizes == 1, p_value, mixed))


def _as_effects(effects: ArrayLike) -> FloatArray:
    values = as_matrix(effects, "effects")
    if values.shape[1] < 2 or not np.isfinite(values).all():
        raise InputError(
            f"effects must be finite, features in rows, one effect and at least one residual; got {values.shape}. Make "
            "them with linear_effects."
        )
    return np.ascontiguousarray(values)


def _squeezed(
    effects: FloatArray, covariate: ArrayLike | None, robust: bool, *, moments: bool = False
) -> SqueezedVariances:
    df = effects.shape[1] - 1.0
    variances = np.einsum("ij,ij->i", effects[:, 1:], effects[:, 1:]) / df
    return squeeze_variances(
        variances, df, covariate=covariate, robust=robust, generation="moments" if moments else "auto"
    )


def _rotatable(effects: FloatArray, squeezed: SqueezedVariances, members: list[IndexArray]) -> _Rotatable:
    """Variances after rotation are ``squares - rotated^2 / df`` with the df infinite where the prior's is."""
    used, rows = np.unique(np.concatenate([*members, np.zeros(0, dtype=np.int64)]), return_inverse=True)
    starts = np.concatenate([[0], np.cumsum([positions.size for positions in members])]).astype(np.int64)
    part, prior, scale = effects[used], squeezed.df_prior[used], squeezed.var_prior[used]
    total = prior + effects.shape[1] - 1.0
    finite = np.isfinite(prior)
    sums = np.where(finite, prior, 0.0) * scale + np.einsum("ij,ij->i", part, part)
    squares = np.where(finite, sums / np.where(finite, total, 1.0), scale)
    return _Rotatable(part, squares, total, starts, rows.reshape(-1).astype(np.int64))


def _share_beyond(deviates: FloatArray, members: list[IndexArray]) -> FloatArray:
    return np.array([(deviates[positions] > _ACTIVE).mean() if positions.size else np.nan for positions in members])


def _count_beyond(
    material: _Rotatable, observed: FloatArray, rule: int, draw: tuple[np.random.Generator, int]
) -> IndexArray:
    """Rotations beyond what is observed: (down, up, either, mixed) x n_sets; for the mean both tails count for each."""
    generator, n_rotations = draw
    counts = np.zeros((4, material.starts.size - 1), dtype=np.int64)
    space = np.empty(len(material.effects) * min(_CHUNK, n_rotations))
    for first in range(0, n_rotations, _CHUNK):
        rotations = generator.standard_normal((min(_CHUNK, n_rotations - first), material.effects.shape[1]))
        rotations /= np.sqrt(np.einsum("ij,ij->i", rotations, rotations))[:, None]
        up, down, mixed = set_statistics(
            _deviates(material, rotations, space), material.starts, material.rows, rule, _FLOOR
        )
        high_up, high_down, high_mixed = observed
        counts[0] += (up > high_down).sum(axis=1) + (down > high_down).sum(axis=1)
        counts[1] += (up > high_up).sum(axis=1) + (down > high_up).sum(axis=1)
        counts[2] += (np.maximum(up, down) > np.maximum(high_up, high_down)).sum(axis=1)
        counts[3] += (mixed > high_mixed).sum(axis=1)
    return counts


def _deviates(material: _Rotatable, rotations: FloatArray, space: FloatArray) -> FloatArray:
    """Bailey's deviates of the rotated moderated t statistics, in blocks of features that stay in the cache."""
    found = space[: len(material.effects) * len(rotations)].reshape(-1, len(rotations))
    turn = np.ascontiguousarray(rotations.T)
    limited = np.minimum(material.df, _LARGEST_DF)
    scales = ((limited + 0.125) / (limited + 1.125)) ** 2 * (limited + 19.0 / 12.0)
    lost = 1.0 / material.df
    shares = np.array([lost, 1.0 / (limited + 1.0 / 12.0) - lost])
    work = np.empty((_ROWS, len(rotations)))
    for start in range(0, len(found), _ROWS):
        block = slice(start, start + _ROWS)
        part = np.matmul(material.effects[block], turn, out=found[block])
        ratios = work[: len(part)]
        log_ratios(part, material.squares[block], np.ascontiguousarray(shares[:, block]), ratios)
        np.log(ratios, out=ratios)
        to_deviates(part, ratios, scales[block])
    return found


def _robust_variances(effects: FloatArray, squeezed: SqueezedVariances) -> FloatArray:
    """Posterior variances from all effects but the largest in size, whose expected square is taken off."""
    df = effects.shape[1] - 1.0
    nodes, weights = np.polynomial.legendre.leggauss(128)
    nodes = (nodes + 1.0) / 2.0
    largest = ((df + 1.0) * nodes**df * special.chdtri(1.0, 1.0 - nodes) * weights / 2.0).sum()
    squares = effects**2
    variances = (squares.sum(axis=1) - squares.max(axis=1)) / (df + 1.0 - largest)
    finite = np.isfinite(squeezed.df_prior)
    prior = np.where(finite, squeezed.df_prior, 0.0)
    posterior = (_ROBUST_DF * df * variances + prior * squeezed.var_prior) / (_ROBUST_DF * df + prior)
    return np.where(finite, posterior, squeezed.var_prior)
