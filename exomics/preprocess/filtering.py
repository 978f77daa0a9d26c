"""Features with enough counts for a design."""

from __future__ import annotations

from collections.abc import Sequence

from anndata import AnnData

from exomics.preprocess._matrix import additive_design, counts_of, listed
from exomics.preprocess.detection import as_fraction, keep_features
from exomics.preprocess.normalization import effective_library_sizes
from exomics.registry.method import MethodSpec
from exomics.schema import keys
from exomics.stats import filtering
from exomics.stats.filtering import ExpressionThresholds
from exomics.stats.normalization import counts_per_million


def filter_by_expression(
    adata: AnnData,
    *,
    group: str | None = None,
    covariates: str | Sequence[str] = (),
    minimum_count: float = 10,
    minimum_total: float = 15,
) -> AnnData:
    """Keep the features with enough counts in enough samples, relative to library size and to the smallest group.

    Parameters
    ----------
    adata
        With counts in ``layers["counts"]`` or ``X``. Effective library sizes are used if normalization factors are
        there, totals otherwise.
    group
        Column of obs with the groups to be compared; without it all samples are one group.
    covariates
        Numeric columns of obs that the model will hold too; the smallest group is then the inverse of the largest
        leverage of the design.
    minimum_count
        Count that a sample of median library size must reach.
    minimum_total
        Smallest total over all samples.

    Returns
    -------
    AnnData
        The features kept; the report counts the others.

    Raises
    ------
    ScaleError
        If there are no counts.
    InputError
        If a column is absent or nothing is left.

    Notes
    -----
    As edgeR's ``filterByExpr`` (Chen et al. 2016, doi:10.12688/f1000research.8987.2).

    Examples
    --------
    >>> import numpy as np
    >>> counts = np.array([[0, 90, 100], [1, 95, 120], [0, 80, 110], [0, 99, 90]])
    >>> table = AnnData(counts.astype(float), layers={"counts": counts})
    >>> filter_by_expression(table).var_names.tolist()
    ['1', '2']
    """
    counts = counts_of(adata)
    factored = keys.NORMALIZATION_FACTOR in adata.obs.columns
    sizes = effective_library_sizes(adata, counts) if factored else counts.sum(axis=1)
    factors = [] if group is None else [group]
    design = additive_design(adata.obs, factors, listed(covariates))
    thresholds = ExpressionThresholds(min_count=minimum_count, min_total_count=minimum_total)
    keep = filtering.filter_by_expression(counts, design=design, library_sizes=sizes, thresholds=thresholds)
    parameters = {
        "group": group,
        "covariates": listed(covariates),
        "minimum_count": minimum_count,
        "minimum_total": minimum_total,
    }
    return keep_features(adata, keep, name="filter_by_expression", parameters=parameters)


def keep_counted(adata: AnnData, *, minimum_count: float = 10, minimum_fraction: float | str = "1/5") -> AnnData:
    """Keep the features with at least `minimum_count` counts in a share of the samples: for small RNA, mostly sparse.

    Parameters
    ----------
    adata
        With counts in ``layers["counts"]`` or ``X``.
    minimum_count
        Counts that a sample must have.
    minimum_fraction
        Smallest share of the samples, as a number or a fraction such as ``"1/5"``.

    Returns
    -------
    AnnData
        The features kept; the report counts the others.

    Raises
    ------
    ScaleError
        If there are no counts.
    InputError
        If the fraction is none, or nothing is left.

    Examples
    --------
    >>> import numpy as np
    >>> counts = np.array([[0, 9, 100], [1, 95, 120], [0, 8, 110], [0, 0, 90], [0, 3, 12]])
    >>> keep_counted(AnnData(counts.astype(float), layers={"counts": counts})).var_names.tolist()
    ['1', '2']
    """
    needed = as_fraction(minimum_fraction) * adata.n_obs
    keep = (counts_of(adata) >= minimum_count).sum(axis=0) >= needed
    parameters = {"minimum_count": minimum_count, "minimum_fraction": str(minimum_fraction)}
    return keep_features(adata, keep, name="keep_counted", parameters=parameters)


def keep_expressed(adata: AnnData, *, minimum_cpm: float = 0.5, minimum_samples: int = 2) -> AnnData:
    """Keep the features with more than `minimum_cpm` counts per million in some samples, whatever the design.

    Parameters
    ----------
    adata
        With counts in ``layers["counts"]`` or ``X``; a million are those of the sample as counted, without factors.
    minimum_cpm
        Counts per million that a sample must exceed.
    minimum_samples
        Smallest number of such samples.

    Returns
    -------
    AnnData
        The features kept; the report counts the others.

    Raises
    ------
    ScaleError
        If there are no counts.
    InputError
        If nothing is left.

    Notes
    -----
    With the defaults the filter of the rat training study's consortium (doi:10.1038/s41586-023-06877-w).

    Examples
    --------
    >>> import numpy as np
    >>> counts = np.array([[0, 900_000, 100_000], [1, 999_995, 4], [0, 1_000_000, 0]])
    >>> table = AnnData(counts.astype(float), layers={"counts": counts})
    >>> keep_expressed(table).var_names.tolist()
    ['1', '2']
    """
    keep = (counts_per_million(counts_of(adata)) > minimum_cpm).sum(axis=0) >= minimum_samples
    parameters = {"minimum_cpm": minimum_cpm, "minimum_samples": minimum_samples}
    return keep_features(adata, keep, name="keep_expressed", parameters=parameters)


FILTERING = (
    MethodSpec(
        name="keep_expressed",
        kind="preprocess",
        title="keep features above some counts per million in a number of samples",
        function=keep_expressed,
        reference="10.1038/s41586-023-06877-w",
        input_scale=("counts",),
        cohort_dependent=True,
        parameters={"minimum_cpm": 0.5, "minimum_samples": 2},
    ),
    MethodSpec(
        name="keep_counted",
        kind="preprocess",
        title="keep features with enough counts in a share of the samples",
        function=keep_counted,
        input_scale=("counts",),
        cohort_dependent=True,
        parameters={"minimum_count": 10, "minimum_fraction": "1/5"},
    ),
    MethodSpec(
        name="filter_by_expression",
        kind="preprocess",
        title="keep features with enough counts in enough samples",
        function=filter_by_expression,
        reference="10.12688/f1000research.8987.2",
        input_scale=("counts",),
        cohort_dependent=True,
        parameters={"group": None, "covariates": (), "minimum_count": 10, "minimum_total": 15},
    ),
)
