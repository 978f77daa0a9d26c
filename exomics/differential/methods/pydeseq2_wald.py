"""pydeseq2_wald: the Wald test of the package pydeseq2, behind the same table."""

from __future__ import annotations

import warnings
from typing import Any, Literal, TypedDict, Unpack

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from exomics._checks import as_matrix
from exomics.differential.methods._negative_binomial import OUTLIER
from exomics.differential.methods._result import FeatureTests
from exomics.errors import InputError, MissingExtraError
from exomics.registry.method import MethodSpec
from exomics.stats.negative_binomial import checked_counts
from exomics.stats.negative_binomial_dispersion import require_replicates

_NORMAL_95 = 1.959963984540054
_SIZE_FACTORS = {"median_of_ratios": "ratio", "poscounts": "poscounts"}


class PackageOptions(TypedDict, total=False):
    """Options that are handed to the package.

    ``size_factors``: ``median_of_ratios`` or ``poscounts``. ``trend``: of the dispersions, ``parametric`` or ``mean``.
    ``cooks_filter``, ``minimum_replicates_for_replacement``, ``independent_filtering``, ``filtering_level``: as of
    `negative_binomial_wald`.
    """

    size_factors: Literal["median_of_ratios", "poscounts"]
    trend: Literal["parametric", "mean"]
    cooks_filter: bool
    minimum_replicates_for_replacement: int
    independent_filtering: bool
    filtering_level: float


PACKAGE_OPTIONS: PackageOptions = {
    "size_factors": "median_of_ratios",
    "trend": "parametric",
    "cooks_filter": True,
    "minimum_replicates_for_replacement": 7,
    "independent_filtering": True,
    "filtering_level": 0.1,
}


def pydeseq2_wald(
    counts: ArrayLike,
    design: ArrayLike,
    contrasts: ArrayLike,
    *,
    library_sizes: ArrayLike | None = None,
    **options: Unpack[PackageOptions],
) -> FeatureTests:
    """Wald tests of contrasts of counts as the package pydeseq2 computes them.

    ``z = c' b / se`` of the model of `negative_binomial_wald`.

    Parameters
    ----------
    counts
        Whole numbers (n_samples, n_features).
    design
        (n_samples, n_coefficients), full column rank, with replicates.
    contrasts
        (n_coefficients, n_contrasts).
    library_sizes
        Not used: the package finds size factors of its own.
    **options
        See `PackageOptions`.

    Returns
    -------
    FeatureTests
        Effects in log2 units; ``mean_expression`` is the mean normalized count.

    Raises
    ------
    MissingExtraError
        If the package is not installed.
    ScaleError, DesignError, InputError
        If the counts are not counts, there are no replicates, or an option is unknown.

    Notes
    -----
    Muzellec et al. (2023), doi:10.1093/bioinformatics/btad547. Its P values differ from those of DESeq2 by up to some
    per cent; `negative_binomial_wald` is closer and faster, and has the likelihood ratio that this lacks. What the
    package warns of stands in the notes of the table. Imported when it is called.

    Examples
    --------
    >>> pydeseq2_wald(np.ones((4, 3)), np.ones((4, 1)), [[1.0]], size_factors="tmm")
    Traceback (most recent call last):
    exomics.errors.InputError: size_factors must be one of median_of_ratios, poscounts; got 'tmm'.
    """
    chosen = _checked({**PACKAGE_OPTIONS, **options})
    values, matrix = checked_counts(counts, design)
    require_replicates(matrix)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        tables, version = _results(values, matrix, as_matrix(contrasts, "contrasts"), chosen)
    effect, error, statistic, p_value, adjusted = (
        np.column_stack([table[name].to_numpy(dtype=np.float64) for table in tables])
        for name in ("log2FoldChange", "lfcSE", "stat", "pvalue", "padj")
    )
    tested = tables[0]["baseMean"].to_numpy(dtype=np.float64) > 0
    notes = dict.fromkeys(f"pydeseq2: {entry.message}" for entry in said if entry.category is UserWarning)
    return FeatureTests(
        test="wald",
        effect=effect,
        standard_error=error,
        ci_low=effect - _NORMAL_95 * error,
        ci_high=effect + _NORMAL_95 * error,
        statistic=statistic,
        p_value=p_value,
        degrees_of_freedom=np.full(tested.size, np.nan),
        mean_expression=tables[0]["baseMean"].to_numpy(dtype=np.float64),
        df_numerator=None,
        details={"pydeseq2": version, "notes": list(notes)},
        status=np.where(tested & np.isnan(p_value).all(axis=1), OUTLIER, "").astype(object),
        p_to_adjust=np.where(np.isnan(adjusted), np.nan, p_value),
    )


def _checked(options: PackageOptions) -> PackageOptions:
    for name, value, known in (
        ("size_factors", options["size_factors"], tuple(_SIZE_FACTORS)),
        ("trend", options["trend"], ("parametric", "mean")),
    ):
        if value not in known:
            raise InputError(f"{name} must be one of {', '.join(known)}; got {value!r}.")
    return options


def _results(
    values: np.ndarray, design: np.ndarray, contrasts: np.ndarray, options: PackageOptions
) -> tuple[list[pd.DataFrame], str]:
    """One table per contrast, and the version of the package."""
    try:
        import pydeseq2  # 2 s, and only here
        from pydeseq2.dds import DeseqDataSet
        from pydeseq2.default_inference import DefaultInference
        from pydeseq2.ds import DeseqStats
    except ImportError as error:
        raise MissingExtraError(
            "pydeseq2_wald needs the package pydeseq2; install it with: pip install 'exomics[deseq2]', or use "
            "negative_binomial_wald."
        ) from error
    samples = [f"s{row}" for row in range(values.shape[1])]
    inference: dict[str, Any] = {"inference": DefaultInference(n_cpus=1), "quiet": True}
    replaced = options["minimum_replicates_for_replacement"]
    data = DeseqDataSet(
        counts=pd.DataFrame(values.T.astype(np.int64), index=samples, columns=[f"f{k}" for k in range(len(values))]),
        metadata=pd.DataFrame({"sample": samples}, index=samples),
        design=pd.DataFrame(design, index=samples, columns=[f"x{k}" for k in range(design.shape[1])]),
        fit_type=options["trend"],
        size_factors_fit_type=_SIZE_FACTORS[options["size_factors"]],
        refit_cooks=replaced > 0,
        min_replicates=max(replaced, 3),
        **inference,
    )
    data.deseq2()
    tables = []
    for contrast in contrasts.T:
        tested = DeseqStats(
            data,
            contrast=contrast,
            alpha=options["filtering_level"],
            cooks_filter=options["cooks_filter"],
            independent_filter=options["independent_filtering"],
            **inference,
        )
        tested.summary()
        tables.append(tested.results_df)
    return tables, str(pydeseq2.__version__)


PYDESEQ2_WALD = MethodSpec(
    name="pydeseq2_wald",
    kind="test",
    title="negative binomial Wald test by the package pydeseq2",
    function=pydeseq2_wald,
    reference="10.1093/bioinformatics/btad547",
    license="MIT",
    input_scale=("counts",),
    cohort_dependent=True,
    comparable="none",
    units="log2 fold change",
    parameters=dict(PACKAGE_OPTIONS),
    requires=("pydeseq2",),
)
