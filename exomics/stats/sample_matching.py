"""Do two assays of the same subjects agree sample by sample? Similarities that a swapped label cannot feign."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from exomics._checks import FloatArray
from exomics.errors import InputError

_FEWEST_SAMPLES, _FEWEST_FEATURES = 6, 10


class Matching(NamedTuple):
    """How well each sample of one assay matches each of the other.

    Parameters
    ----------
    similarity
        Shape (n_samples, n_samples): correlation of sample i of the left assay with sample j of the right, over the
        features in which the assays agree among the other samples.
    own
        Shape (n_samples,): similarity with the sample of the same label, in standard deviations of the similarities
        with all others.
    swap
        Shape (n_samples, n_samples), symmetric: how much better i and j match when their labels are exchanged, in
        standard deviations of assays without agreement; ``-inf`` on the diagonal.
    expected
        What `swap` comes to for two labels that were exchanged: how much better a typical sample matches its own label
        than another.
    n_features
        Features that were compared.
    """

    similarity: FloatArray
    own: FloatArray
    swap: FloatArray
    expected: float
    n_features: int


def match_samples(left: FloatArray, right: FloatArray, *, n_informative: int = 100) -> Matching:
    """Match the samples of two assays by features that both measure.

    Parameters
    ----------
    left, right
        Values (n_samples, n_features) on a log scale, the same samples and features in the same order; features with
        missing values in either are left out.
    n_informative
        Features that each sample is compared by: those with the highest correlation between the assays.

    Returns
    -------
    Matching
        Similarities and the evidence for each exchange.

    Raises
    ------
    InputError
        If the shapes differ, there are fewer than 6 samples, or fewer than 10 features vary in both.

    Notes
    -----
    Features are standardized. For sample i the ``n_informative`` features with the highest correlation *without sample
    i* are taken, so that a wrong label does not choose the features that make it look right; the similarity of i and j
    is the correlation of their values over these, averaged over both assays as the one that chooses. With ``S`` the
    similarities, ``M_ij = (S_ij + S_ji) / 2``, and var over different labels,
    ``swap_ij = (M_ij - (S_ii + S_jj) / 2) / sqrt(var(M) + var(S) / 2)`` and ``own_i = (S_ii - mean) / sqrt(var(S))``.
    With e the median of the ``S_ii``, less the mean, over the same root, `swap` is about normal with mean e for an
    exchanged pair and -e for any other: its log likelihood ratio is ``2 e swap``. The idea of matching by correlated
    pairs is that of MODMatcher (doi:10.1371/journal.pcbi.1003790).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> person = rng.normal(size=(12, 200))
    >>> left, right = (person + 0.5 * rng.normal(size=person.shape) for _ in range(2))
    >>> found = match_samples(left, right[[1, 0, *range(2, 12)]])
    >>> bool(found.swap[0, 1] == found.swap.max()), bool(found.swap[0, 1] > 3)
    (True, True)
    """
    if left.shape != right.shape:
        raise InputError(f"both assays must have the same samples and features; got {left.shape} and {right.shape}.")
    complete = ~(np.isnan(left).any(axis=0) | np.isnan(right).any(axis=0))
    complete &= (left.std(axis=0) > 0) & (right.std(axis=0) > 0)
    n_samples, n_features = len(left), int(complete.sum())
    if n_samples < _FEWEST_SAMPLES or n_features < _FEWEST_FEATURES:
        raise InputError(
            f"matching needs {_FEWEST_SAMPLES} samples and {_FEWEST_FEATURES} features measured in all of them; "
            f"got {n_samples} and {n_features}."
        )
    ours, theirs = _standardized(left[:, complete]), _standardized(right[:, complete])
    taken = min(n_informative, n_features)
    similarity = 0.5 * (_similarities(ours, theirs, taken) + _similarities(theirs, ours, taken).T)
    different = similarity[~np.eye(n_samples, dtype=bool)]
    spread, own = different.std(), np.diag(similarity)
    exchanged = 0.5 * (similarity + similarity.T)
    noise = np.sqrt(exchanged[~np.eye(n_samples, dtype=bool)].var() + 0.5 * spread**2)
    swap = (exchanged - 0.5 * (own[:, None] + own[None, :])) / noise
    np.fill_diagonal(swap, -np.inf)
    expected = float((np.median(own) - different.mean()) / noise)
    return Matching(similarity, (own - different.mean()) / spread, swap, expected, n_features)


def _standardized(values: FloatArray) -> FloatArray:
    return (values - values.mean(axis=0)) / values.std(axis=0)


def _similarities(chooser: FloatArray, other: FloatArray, n_informative: int) -> FloatArray:
    """Row i: sample i of `chooser` with every sample of `other`, by the features that agree without i."""
    products = chooser * other
    total = products.sum(axis=0)
    found = np.empty((len(chooser), len(chooser)))
    for row, product in enumerate(products):
        chosen = np.argpartition(product - total, n_informative - 1)[:n_informative]
        ours = chooser[row, chosen] - chooser[row, chosen].mean()
        theirs = other[:, chosen] - other[:, chosen].mean(axis=1, keepdims=True)
        found[row] = theirs @ ours / np.sqrt((theirs**2).sum(axis=1) * (ours @ ours))
    return found
