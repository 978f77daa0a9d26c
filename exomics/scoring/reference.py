"""A frozen reference: fitted on one cohort, stored as a table, and applied to samples that it never saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from exomics.errors import InputError, ScaleError
from exomics.results import Provenance
from exomics.results.reference import PROBABILITIES, QUANTILES, ReferenceTable
from exomics.schema import Scale, keys, layer_of, metadata, scale_of, steps_of
from exomics.scoring._feature_reference import FeatureReference, own_reference
from exomics.scoring._species import species_of
from exomics.scoring.features import dense, measured_features, sample_levels
from exomics.scoring.scale import log2_values, zero_of

__all__ = ["aligned_reference", "fit_reference"]


def fit_reference(adata: AnnData, name: str, *, column: str = keys.FEATURE_NAME) -> ReferenceTable:
    """Freeze a cohort: what a later sample is compared with, and which of several features stands for a name.

    Parameters
    ----------
    adata
        The samples of reference: of a fold, the training samples only.
    name
        Of the cohort; the score table names it with the start of the hash of the numbers.
    column
        Column of ``var`` by which signatures find features.

    Returns
    -------
    ReferenceTable
        One row per name: mean, sd (``n - 1``), quantiles and the fraction detected, on the log2 scale of the scorers.
        ``to_tsv`` and ``from_tsv`` store and restore it exactly.

    Raises
    ------
    InputError
        If no feature has a name, or there are fewer than two samples that carry anything.
    ScaleError
        If the scale has no agreed logarithm, or the values contradict it.

    Notes
    -----
    A sample of which nothing is measured, or one value alone, is left out. A feature counts as detected
    where its value is above what a zero is on the scale. Quantiles interpolate linearly between order statistics.

    Examples
    --------
    >>> from exomics.schema import annotate
    >>> obs = pd.DataFrame({"specimen": ["tumor"] * 3, "species": ["human"] * 3}, index=["a", "b", "c"])
    >>> var = pd.DataFrame({"feature_name": ["GZMA"]}, index=["GZMA"])
    >>> tumor = annotate(AnnData(np.array([[0.0], [1.0], [3.0]]), obs=obs, var=var), assay="rna",
    ...                  scale=Scale(kind="linear", quantity="tpm"))
    >>> frozen = fit_reference(tumor, "example").frame
    >>> frozen[["feature_name", "mean", "q50", "detected"]].round(3).to_numpy().tolist()
    [['GZMA', 1.0, 1.0, 0.667]]
    """
    scale = scale_of(adata)
    features = measured_features(adata, column)
    tells = sample_levels(adata, features.columns).tells
    if tells.sum() < 2:
        raise InputError(f"a reference needs at least two samples whose features differ; got {tells.sum()}.")
    values = log2_values(dense(adata, features.columns)[tells], scale)
    moments = own_reference(values, zero_of(scale))
    with np.errstate(invalid="ignore"):
        ordered = np.sort(values, axis=0)
    n = (~np.isnan(values)).sum(axis=0)
    frame = pd.DataFrame(
        {
            "feature_name": features.names,
            "feature_id": adata.var_names.astype(str).to_numpy()[features.columns],
            "n": n,
            "mean": moments.mean,
            "sd": moments.sd,
            "detected": moments.detected,
            **{word: _quantile(ordered, n, at) for word, at in zip(QUANTILES, PROBABILITIES, strict=True)},
        }
    )
    known = metadata(adata)
    parameters: dict[str, Any] = {
        "name": name,
        "column": column,
        "layer": layer_of(adata),
        "species": species_of(adata),
        "scale": {"kind": scale.kind, "quantity": scale.quantity, "offset": scale.offset},
        "n_samples": int(tells.sum()),
        "steps": steps_of(adata),
    }
    source = {"name": str(known.get(keys.MANIFEST) or "samples")}
    return ReferenceTable(frame, Provenance(method="fit_reference", parameters=parameters, inputs=(source,)))


def aligned_reference(reference: ReferenceTable, names: Sequence[str], samples: AnnData) -> FeatureReference:
    """The reference in the order of `names`, for `samples` that are like those it was fitted on.

    Parameters
    ----------
    reference
        As fitted or read.
    names
        (n_features,) names of the columns.
    samples
        Those to be scored.

    Returns
    -------
    FeatureReference
        NaN for a feature that the reference does not have.

    Raises
    ------
    ScaleError
        If the reference is of another quantity or offset: its means are of other numbers.
    InputError
        If it is of another layer or species.
    """
    parameters, scale = reference.provenance.parameters, scale_of(samples)
    fitted = Scale(**parameters["scale"])
    if (fitted.quantity, _offset(fitted)) != (scale.quantity, _offset(scale)):
        raise ScaleError(
            f"the reference {reference.reference_id} was fitted on {fitted.kind} {fitted.quantity} (offset "
            f"{_offset(fitted):g}); these samples are {scale.kind} {scale.quantity} (offset {_offset(scale):g}). "
            "Bring both to one scale."
        )
    for what, own in (("layer", layer_of(samples)), ("species", species_of(samples))):
        if parameters.get(what, own) != own:
            raise InputError(
                f"the reference {reference.reference_id} is of the {what} {parameters[what]}; these samples are {own}. "
                f"Fit one on samples of this {what}."
            )
    frame = reference.frame.set_index("feature_name").reindex(list(names))
    numbers = {word: frame[word].to_numpy(dtype=np.float64) for word in ("mean", "sd", "detected")}
    return FeatureReference(**numbers, quantiles=frame[list(QUANTILES)].to_numpy(dtype=np.float64).T)


def _offset(scale: Scale) -> float:
    """Added before the logarithm: declared, or by the scorers."""
    if scale.kind == "log2":
        return scale.offset
    return 1.0 if scale.quantity in ("tpm", "cpm") else 0.0


def _quantile(ordered: NDArray[Any], n: NDArray[np.int64], at: float) -> NDArray[np.float64]:
    """Of columns that are sorted with missing values last."""
    place = at * np.maximum(n - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(n - 1, 0))
    low, high = (np.take_along_axis(ordered, rows[None], axis=0)[0] for rows in (below, above))
    return low + (place - below) * (high - low)
