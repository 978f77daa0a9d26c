"""Removal of batch effects from the values: only where a published analysis that did so is reproduced."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from anndata import AnnData

from exomics.errors import InputError
from exomics.preprocess._matrix import additive_design, group_codes, listed, obs_column, values_of
from exomics.preprocess.confounding import require_separable
from exomics.registry.method import MethodSpec
from exomics.schema import keys, record_step
from exomics.stats.batch import remove_batch_effect

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
    if protect and not reproduces:
        raise InputError(
            "remove_batch with protected groups sees the outcome and makes p-values too small; it is allowed only in "
            "a recipe that carries reproduces: DOI. Put the batch in the design instead."
        )
    batches = group_codes(obs_column(adata, batch))
    require_separable(adata.obs, batch, listed(protect))
    design = additive_design(adata.obs, listed(protect))
    corrected = remove_batch_effect(values_of(adata), batches, design=design)
    parameters = {"batch": batch, "protect": listed(protect), "reproduces": reproduces}
    report = {"warning": ANTI_CONSERVATIVE} if protect else {}
    recorded = record_step(adata, "remove_batch", parameters, n_batches=len(np.unique(batches)), **report)
    recorded.X = corrected
    return recorded


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
)
