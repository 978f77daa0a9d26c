"""Removal of batch effects from the values: only where a published analysis that did so is reproduced."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from anndata import AnnData

from exomics.errors import InputError, ScaleError
from exomics.preprocess._matrix import additive_design, counts_of, group_codes, listed, obs_column, values_of
from exomics.preprocess.confounding import require_separable
from exomics.registry.method import MethodSpec
from exomics.schema import keys, record_step, scale_of
from exomics.stats.batch import remove_batch_effect
from exomics.stats.combat import combat as adjust_batches
from exomics.stats.combat_seq import combat_seq as adjust_counts

ANTI_CONSERVATIVE = (
    "anti-conservative: batch effects were removed from the values while the tested groups were protected, "
    "and no degrees of freedom were paid for it; p-values are too small. Own models put the batch in the design."
)


def remove_batch(
    adata: AnnData, *, batch: str = keys.BATCH, protect: str | Sequence[str] = (), reproduces: str = ""
) -> AnnData:
    """Subtract fitted batch effects from log2 values, feature by feature, leaving protected group means in place.

    Parameters
    ----------
    adata
        Samples x features, log2; NaN stays NaN.
    batch
        Column of obs.
    protect
        Columns of obs whose levels keep their means. Naming any makes the correction see the outcome.
    reproduces
        DOI of the published analysis that did this; set by the recipe.

    Returns
    -------
    AnnData
        With the corrected values. The report marks the step as anti-conservative when groups were protected.

    Raises
    ------
    InputError
        If groups are to be protected outside of a recipe that carries ``reproduces: DOI``, a column is absent, or a
        sample has no batch.
    DesignError
        If the batch is confounded with the protected groups, or with training (the columns group, arm, intervention,
        training_week and time_point of obs): said in words.

    Notes
    -----
    As limma's ``removeBatchEffect(batch, group)`` (3.6x). Never for own analyses: put the batch in the design.
    """
    batches = _batches("remove_batch", adata, batch, (protect, reproduces))
    design = additive_design(adata.obs, listed(protect))
    corrected = remove_batch_effect(values_of(adata), batches, design=design)
    parameters = {"batch": batch, "protect": listed(protect), "reproduces": reproduces}
    report = {"warning": ANTI_CONSERVATIVE} if protect else {}
    recorded = record_step(adata, "remove_batch", parameters, n_batches=len(np.unique(batches)), **report)
    recorded.X = corrected
    return recorded


def combat(
    adata: AnnData,
    *,
    batch: str = keys.BATCH,
    protect: str | Sequence[str] = (),
    parametric: bool = True,
    mean_only: bool = False,
    reference: str = "",
    reproduces: str = "",
) -> AnnData:
    """Adjust log2 values for location and scale of known batches, shrunken over features (ComBat).

    Parameters
    ----------
    adata
        Samples x features, log2; NaN stays NaN.
    batch
        Column of obs.
    protect
        Columns of obs whose levels keep their means. Naming any makes the adjustment see the outcome.
    parametric, mean_only
        As in `exomics.stats.combat.combat`.
    reference
        Batch that stays as it is; "" for none.
    reproduces
        DOI of the published analysis that did this; set by the recipe.

    Returns
    -------
    AnnData
        With the adjusted values. The report marks the step as anti-conservative when groups were protected.

    Raises
    ------
    InputError, DesignError
        As `remove_batch`; or if a feature has no values in a batch.

    Notes
    -----
    As ``ComBat`` of sva, doi:10.1093/biostatistics/kxj037. Never for own analyses: put the batch in the design.

    Examples
    --------
    >>> values = np.random.default_rng(0).normal(size=(8, 30)) + np.repeat([0.0, 4.0], 4)[:, None]
    >>> table = AnnData(values, obs={"batch": list("aaaabbbb")})
    >>> bool(abs(np.diff(combat(table).X.reshape(2, 4, 30).mean(axis=(1, 2)))[0]) < 0.5)
    True
    """
    _batches("combat", adata, batch, (protect, reproduces))
    labels = obs_column(adata, batch).astype(str).to_numpy()
    adjusted = adjust_batches(
        values_of(adata),
        labels,
        protect=additive_design(adata.obs, listed(protect))[:, 1:] if protect else None,
        parametric=parametric,
        mean_only=mean_only,
        reference=str(reference) or None,
    )
    parameters = {"batch": batch, "protect": listed(protect), "parametric": parametric, "mean_only": mean_only}
    parameters |= {"reference": str(reference), "reproduces": reproduces}
    report = {"warning": ANTI_CONSERVATIVE} if protect else {}
    recorded = record_step(adata, "combat", parameters, n_batches=len(np.unique(labels)), **report)
    recorded.X = adjusted
    return recorded


def combat_seq(
    adata: AnnData, *, batch: str = keys.BATCH, protect: str | Sequence[str] = (), reproduces: str = ""
) -> AnnData:
    """Adjust counts for known batches; the result is counts again, without normalization factors (ComBat-seq).

    Parameters
    ----------
    adata
        Samples x features, counts in ``X``.
    batch, protect, reproduces
        As in `combat`.

    Returns
    -------
    AnnData
        With the adjusted counts in ``X`` and, if there is one, in the layer ``counts``. Normalization factors of the
        old counts are dropped.

    Raises
    ------
    ScaleError
        If X does not hold counts.
    InputError, DesignError
        As `remove_batch`; or if a batch has one sample.

    Notes
    -----
    As ``ComBat_seq`` of sva, doi:10.1093/nargab/lqaa078. Never for own analyses: put the batch in the design.

    Examples
    --------
    >>> from exomics.schema import Scale, annotate
    >>> counts = np.random.default_rng(0).negative_binomial(8, 0.1, size=(8, 30)).astype(float)
    >>> table = annotate(
    ...     AnnData(counts, obs={"batch": list("aaaabbbb")}), assay="rna", scale=Scale(kind="counts", quantity="count")
    ... )
    >>> bool((combat_seq(table).X % 1 == 0).all())
    True
    """
    batches = _batches("combat_seq", adata, batch, (protect, reproduces))
    if scale_of(adata).kind != "counts":
        raise ScaleError("combat_seq replaces the counts in X, and X holds other values; run it before log_cpm.")
    protected = additive_design(adata.obs, listed(protect))[:, 1:] if protect else None
    adjusted = adjust_counts(counts_of(adata), batches, protect=protected)
    parameters = {"batch": batch, "protect": listed(protect), "reproduces": reproduces}
    report = {"warning": ANTI_CONSERVATIVE} if protect else {}
    recorded = record_step(adata, "combat_seq", parameters, n_batches=len(np.unique(batches)), **report)
    recorded.X = adjusted
    if keys.COUNTS in recorded.layers:
        recorded.layers[keys.COUNTS] = adjusted.astype(np.int64)
    if keys.NORMALIZATION_FACTOR in recorded.obs.columns:
        recorded.obs = recorded.obs.drop(columns=keys.NORMALIZATION_FACTOR)
    return recorded


def _batches(step: str, adata: AnnData, batch: str, guard: tuple[str | Sequence[str], str]) -> np.ndarray:
    """Batch of each sample, once it is sure that the step may see what it is to protect and can tell it apart."""
    protect, reproduces = guard
    if protect and not reproduces:
        raise InputError(
            f"{step} with protected groups sees the outcome and makes p-values too small; it is allowed only in "
            "a recipe that carries reproduces: DOI. Put the batch in the design instead."
        )
    batches = group_codes(obs_column(adata, batch))
    require_separable(adata.obs, batch, listed(protect))
    return batches


BATCH = (
    MethodSpec(
        name="remove_batch",
        kind="preprocess",
        title="subtract batch effects; protecting groups only to reproduce a published analysis",
        function=remove_batch,
        reference="10.1093/nar/gkv007",
        input_scale=("log2",),
        cohort_dependent=True,
        parameters={"batch": keys.BATCH, "protect": (), "reproduces": ""},
    ),
    MethodSpec(
        name="combat",
        kind="preprocess",
        title="ComBat: adjust location and scale of batches; protecting groups only to reproduce a published analysis",
        function=combat,
        reference="10.1093/biostatistics/kxj037",
        license="reference implementation sva: Artistic-2.0; this code: BSD-3-Clause",
        input_scale=("log2",),
        cohort_dependent=True,
        parameters={
            "batch": keys.BATCH,
            "protect": (),
            "parametric": True,
            "mean_only": False,
            "reference": "",
            "reproduces": "",
        },
    ),
    MethodSpec(
        name="combat_seq",
        kind="preprocess",
        title="ComBat-seq: adjust counts for batches; protecting groups only to reproduce a published analysis",
        function=combat_seq,
        reference="10.1093/nargab/lqaa078",
        license="reference implementation sva: Artistic-2.0; this code: BSD-3-Clause",
        input_scale=("counts",),
        cohort_dependent=True,
        parameters={"batch": keys.BATCH, "protect": (), "reproduces": ""},
    ),
)
