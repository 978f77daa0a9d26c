"""Features: keep what was detected often enough, and what its annotation says belongs to the study."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.errors import InputError
from exomics.preprocess._matrix import values_of, var_column
from exomics.registry.method import MethodSpec
from exomics.schema import record_step

_SHOWN = 10
_TRUE = {"true", "t", "yes", "1"}
_FALSE = {"false", "f", "no", "0", ""}


def keep_detected(adata: AnnData, *, minimum_fraction: float | str) -> AnnData:
    """Keep the features that are present (not missing) in at least a fraction of the samples.

    Parameters
    ----------
    adata
        Samples x features, on a log2 or linear scale.
    minimum_fraction
        0 to 1; a text such as ``"2/6"`` is taken exactly.

    Returns
    -------
    AnnData
        The features kept; the report counts the others.

    Raises
    ------
    InputError
        If the fraction is not between 0 and 1, or nothing is left.

    Examples
    --------
    >>> table = AnnData(np.array([[1.0, np.nan], [2.0, np.nan], [3.0, 4.0]]))
    >>> keep_detected(table, minimum_fraction="2/3").var_names.tolist()
    ['0']
    """
    fraction = as_fraction(minimum_fraction)
    present = (~np.isnan(values_of(adata))).sum(axis=0)
    enough = np.array([int(count) >= fraction * adata.n_obs for count in present])
    return keep_features(adata, enough, name="keep_detected", parameters={"minimum_fraction": str(minimum_fraction)})


def keep_matching_features(adata: AnnData, *, column: str, pattern: str) -> AnnData:
    """Keep the features whose annotation matches a regular expression from its start.

    Parameters
    ----------
    adata
        Samples x features.
    column
        A column of var, or ``feature_id``.
    pattern
        Regular expression such as ``[A-Z]P_``.

    Returns
    -------
    AnnData
        The features kept; the report counts the others.

    Raises
    ------
    InputError
        If the column is absent, the pattern is malformed, or nothing matches.

    Examples
    --------
    >>> table = AnnData(np.ones((1, 2)), var=pd.DataFrame(index=["NP_1", "CON_2"]))
    >>> keep_matching_features(table, column="feature_id", pattern="[A-Z]P_").var_names.tolist()
    ['NP_1']
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise InputError(f"keep_matching_features: {pattern!r} is no regular expression ({error}).") from error
    text = var_column(adata, column).astype(object)
    matches = np.array([isinstance(value, str) and expression.match(value) is not None for value in text])
    return keep_features(
        adata, matches, name="keep_matching_features", parameters={"column": column, "pattern": pattern}
    )


def drop_marked_features(adata: AnnData, *, column: str) -> AnnData:
    """Drop the features that a true/false column of var marks, such as ``is_contaminant``.

    Parameters
    ----------
    adata
        Samples x features.
    column
        Boolean column of var, or text that spells one.

    Returns
    -------
    AnnData
        The unmarked features; the report counts the others.

    Raises
    ------
    InputError
        If the column is absent or is not true/false, or every feature is marked.

    Examples
    --------
    >>> table = AnnData(np.ones((1, 2)), var=pd.DataFrame({"is_contaminant": [False, True]}, index=["a", "b"]))
    >>> drop_marked_features(table, column="is_contaminant").var_names.tolist()
    ['a']
    """
    words = var_column(adata, column).astype(object)
    spelled = ["" if pd.isna(word) else str(word).strip().lower() for word in words]
    unknown = sorted(set(spelled) - _TRUE - _FALSE)
    if unknown:
        raise InputError(f"drop_marked_features: the column {column!r} must be true or false; got {unknown[0]!r}.")
    unmarked = np.array([word not in _TRUE for word in spelled])
    return keep_features(adata, unmarked, name="drop_marked_features", parameters={"column": column})


def set_feature_ids(adata: AnnData, *, column: str) -> AnnData:
    """Take the feature ids from a column of var, such as the spelling another source of the same features uses.

    Parameters
    ----------
    adata
        Samples x features.
    column
        Column of var with a unique text per feature; the old ids go to ``var["source_feature_id"]``.

    Returns
    -------
    AnnData
        With the new ids.

    Raises
    ------
    InputError
        If the column is absent, has missing values, or repeats one.

    Examples
    --------
    >>> table = AnnData(np.ones((1, 1)), var=pd.DataFrame({"site_id": ["NP_1_K5"]}, index=["NP_1_K5k"]))
    >>> set_feature_ids(table, column="site_id").var_names.tolist()
    ['NP_1_K5']
    """
    ids = var_column(adata, column).astype(object)
    repeated = ids[ids.duplicated()]
    if ids.isna().any() or len(repeated):
        raise InputError(
            f"set_feature_ids: {column} must be present and unique; {int(ids.isna().sum())} are missing, "
            f"{len(repeated)} repeated."
        )
    renamed = record_step(adata, "set_feature_ids", {"column": column})
    renamed.var["source_feature_id"] = [str(name) for name in adata.var_names]
    renamed.var_names = [str(value) for value in ids]
    return renamed


def keep_features(
    adata: AnnData, keep: np.ndarray, *, name: str, parameters: Mapping[str, object], **told: object
) -> AnnData:
    """The features of `keep`, with the step and a count of what was dropped; an `InputError` when nothing is left.

    Parameters
    ----------
    adata
        Samples x features.
    keep
        (n_features,) boolean.
    name, parameters
        Of the step to record.
    **told
        What its report says besides.

    Returns
    -------
    AnnData
        A copy with the features kept, in their order.
    """
    if not keep.any():
        raise InputError(f"{name} would drop all {adata.n_vars} features; loosen it or check the values.")
    dropped = adata.var_names[~keep]
    report = {
        "n_before": adata.n_vars,
        "n_kept": int(keep.sum()),
        "n_dropped": len(dropped),
        "first_dropped": [str(feature) for feature in dropped[:_SHOWN]],
    }
    return record_step(adata[:, keep].copy(), name, parameters, **report, **told)


def as_fraction(value: float | str) -> Fraction:
    """A share of the samples, exactly; an `InputError` for what is none."""
    try:
        fraction = Fraction(value)
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(f"minimum_fraction must be a number such as 0.5 or '2/6'; got {value!r}.") from error
    if not 0 <= fraction <= 1:
        raise InputError(f"minimum_fraction must be between 0 and 1; got {value}.")
    return fraction


DETECTION = (
    MethodSpec(
        name="keep_detected",
        kind="preprocess",
        title="keep features present in enough samples",
        function=keep_detected,
        input_scale=("linear", "log2"),
        cohort_dependent=True,
        parameters={"minimum_fraction": "1/2"},
    ),
    MethodSpec(
        name="keep_matching_features",
        kind="preprocess",
        title="keep features whose annotation matches a pattern",
        function=keep_matching_features,
        parameters={"column": "feature_id", "pattern": ""},
    ),
    MethodSpec(
        name="drop_marked_features",
        kind="preprocess",
        title="drop features that a true/false column marks, such as contaminants",
        function=drop_marked_features,
        parameters={"column": ""},
    ),
    MethodSpec(
        name="set_feature_ids",
        kind="preprocess",
        title="take the feature ids from a column of var",
        function=set_feature_ids,
        parameters={"column": ""},
    ),
)
