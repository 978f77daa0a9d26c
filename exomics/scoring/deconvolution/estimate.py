"""estimate: stromal and immune enrichment of a tumor, and the purity they imply."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.registry.cell_reference import CellReference
from exomics.scoring._deconvolution import Deconvolution, Prepared, marker_table
from exomics.stats.rank_scores import within_sample_ranks

_EXPONENT = 0.25
_PURITY = (0.6049872018, 0.0001467884)
_SETS = ("StromalSignature", "ImmuneSignature")


def estimate(expression: NDArray[Any], profiles: FloatArray) -> FloatArray:
    """Enrichment scores of a stromal and an immune set within each sample, their sum, and the purity it implies.

    With ascending ranks r of N features (10,000 r / N weighs a member by its fourth root), the score of a set is the
    sum over all positions of the weighted distribution of its members minus that of the others;
    ``purity = cos(0.6049872018 + 0.0001467884 (stromal + immune))``.

    Parameters
    ----------
    expression
        (n_samples, n_features), any monotone scale, over the common genes; NaN where not measured.
    profiles
        (n_features, 2) 1 for a member of the stromal and of the immune set.

    Returns
    -------
    ndarray
        (n_samples, 4) stromal score, immune score, their sum, purity. Arbitrary units.

    Notes
    -----
    Source: Yoshihara et al. 2013, doi:10.1038/ncomms3612. Equal values share their weight but keep the order of the
    features, which `exomics.scoring.deconvolve` hands over in the order of their names. The curve of purity was fitted
    to Affymetrix arrays: on another platform it ranks tumors and is no share. It is NaN where the curve is negative.

    Examples
    --------
    >>> profiles = np.array([[1.0, 0], [0, 1], [0, 0], [0, 0]])
    >>> estimate(np.array([[4.0, 3.0, 2.0, 1.0]]), profiles)[0, :3].round(4).tolist()
    [2.0, 0.6667, 2.6667]
    """
    scores = _enrichment(np.asarray(expression, dtype=np.float64), np.asarray(profiles, dtype=np.float64))
    total = scores.sum(axis=1, keepdims=True)
    purity = np.cos(_PURITY[0] + _PURITY[1] * total)
    return np.hstack([scores, total, np.where(purity < 0, np.nan, purity)])


def _enrichment(values: FloatArray, members: FloatArray) -> FloatArray:
    measured = ~np.isnan(values)
    order = np.argsort(-values, axis=1, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(values.shape[1])[None, :], axis=1)
    n_measured = measured.sum(axis=1, keepdims=True)
    from_below = np.where(measured, n_measured - place, 0).astype(np.float64)
    weight = np.where(measured, within_sample_ranks(values, ties="average").astype(np.float64) ** _EXPONENT, 0.0)
    inside = (weight * from_below) @ members / np.maximum(weight @ members, np.finfo(float).tiny)
    outside = (from_below @ (1.0 - members)) / np.maximum(measured @ (1.0 - members), 1.0)
    return np.where(measured @ members > 0, inside - outside, np.nan)


def _prepare(reference: CellReference) -> Prepared:
    markers = reference.parts["markers"]
    if tuple(markers) != _SETS:
        raise InputError(f"estimate needs the sets {' and '.join(_SETS)}, in this order; got {', '.join(markers)}.")
    table = marker_table(markers, tuple(reference.parts["universe"]))
    names = (*table.columns, "ESTIMATE score", "tumor purity")
    return Prepared(table.rows, table.values, names, {})


SPEC = Deconvolution(
    name="estimate",
    kind="deconvolution",
    title="Stromal and immune scores of tumors (ESTIMATE-type; bring the sets)",
    function=estimate,
    reference="10.1038/ncomms3612",
    license="own implementation; the sets come with GPL-2 code, bring them by path",
    input_scale=("counts", "linear", "log2"),
    comparable="samples",
    units="arbitrary",
    works_on="any",
    prepare=_prepare,
    roles=("markers", "universe"),
    needed=("markers", "universe"),
    cell_types={"StromalSignature": "stromal cell", "ImmuneSignature": "immune cell"},
    resamples=False,
)
