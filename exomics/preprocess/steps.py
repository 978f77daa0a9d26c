"""Run preprocessing steps by name: parameters and scale are checked before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

from anndata import AnnData

from exomics.errors import InputError, ScaleError
from exomics.preprocess.batch import BATCH
from exomics.preprocess.blanks import BLANKS
from exomics.preprocess.cargo import CARGO
from exomics.preprocess.covariates import COVARIATES
from exomics.preprocess.detection import DETECTION
from exomics.preprocess.filtering import FILTERING
from exomics.preprocess.hemolysis import HEMOLYSIS
from exomics.preprocess.imputation import IMPUTATION
from exomics.preprocess.normalization import NORMALIZATION
from exomics.preprocess.outliers import OUTLIERS
from exomics.preprocess.quality import QUALITY
from exomics.preprocess.sex_check import SEX_CHECK
from exomics.registry.method import Methods, MethodSpec
from exomics.schema import keys, scale_of

Preprocessors = Methods(
    "preprocess",
    (
        *(*QUALITY, *OUTLIERS, *SEX_CHECK, *HEMOLYSIS),
        *(*DETECTION, *BLANKS, *FILTERING, *IMPUTATION),
        *(*NORMALIZATION, *CARGO, *COVARIATES, *BATCH),
    ),
)


def apply_step(adata: AnnData, name: str, parameters: Mapping[str, Any] | None = None) -> AnnData:
    """Run one preprocessing step.

    Parameters
    ----------
    adata
        Samples x features, with a declared scale where the step needs one.
    name
        One of `Preprocessors`.
    parameters
        Of the step; those left out have their defaults.

    Returns
    -------
    AnnData
        A new object with the step recorded.

    Raises
    ------
    RegistryError
        If no step has this name.
    InputError
        If a parameter is unknown or missing, or is no number where one is needed.
    ScaleError
        If the scale is not declared, or not one the step takes.

    Examples
    --------
    >>> import numpy as np
    >>> apply_step(AnnData(np.ones((2, 1))), "drop_flagged_samples").n_obs
    2
    """
    spec = Preprocessors[name]
    given = dict(parameters or {})
    require_known(spec, given)
    _require_numbers(spec, given)
    require_scale(adata, spec)
    try:
        return spec.function(adata, **given)
    except TypeError as error:
        if "missing" in str(error) and "keyword-only" in str(error):
            wanted = ", ".join(parameter for parameter in spec.parameters if parameter not in given)
            raise InputError(f"the step {name} needs the parameters {wanted}.") from error
        raise


def apply_steps(adata: AnnData, steps: Iterable[tuple[str, Mapping[str, Any]]], *, reproduces: str = "") -> AnnData:
    """Run steps in order.

    Parameters
    ----------
    adata
        Samples x features.
    steps
        Pairs of name and parameters.
    reproduces
        DOI of the published analysis being reproduced, handed to the steps that ask for it.

    Returns
    -------
    AnnData
        A new object with every step recorded.

    Examples
    --------
    >>> import numpy as np
    >>> apply_steps(AnnData(np.ones((2, 1))), [("drop_flagged_samples", {})]).n_obs
    2
    """
    for name, parameters in steps:
        asked = {"reproduces": reproduces} if reproduces and "reproduces" in Preprocessors[name].parameters else {}
        adata = apply_step(adata, name, {**parameters, **asked})
    return adata


def require_known(spec: MethodSpec, parameters: Mapping[str, Any]) -> None:
    """Raise an `InputError` that lists the known parameters if one of `parameters` is none of them.

    Parameters
    ----------
    spec
        The method.
    parameters
        Keyword parameters that it is to be called with.
    """
    unknown = [name for name in parameters if name not in spec.parameters]
    if unknown:
        known = ", ".join(spec.parameters) or "none"
        raise InputError(f"{spec.name} has no parameter {unknown[0]!r}; its parameters: {known}.")


def _require_numbers(spec: MethodSpec, parameters: Mapping[str, Any]) -> None:
    """Raise an `InputError` if a parameter whose default is a number is none, or no whole one where the default is."""
    for name, value in parameters.items():
        default = spec.parameters[name]
        if isinstance(default, bool) or not isinstance(default, int | float):
            continue
        is_number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or (isinstance(default, int) and value != int(value)):
            kind = "a whole number" if isinstance(default, int) else "a number"
            raise InputError(f"{spec.name}: {name} must be {kind} such as {default}; got {value!r}.")


def require_scale(adata: AnnData, spec: MethodSpec) -> None:
    """Raise a `ScaleError` if the declared scale of `adata` is not one that the method takes.

    Parameters
    ----------
    adata
        Samples x features.
    spec
        The method, whose ``input_scale`` lists the scales it takes; empty for any.
    """
    if not spec.input_scale:
        return
    if "counts" in spec.input_scale and keys.COUNTS in adata.layers:
        return
    scale = scale_of(adata)
    if scale.kind not in spec.input_scale:
        raise ScaleError(
            f"{spec.name} takes {' or '.join(spec.input_scale)} values; X is declared as {scale.kind} "
            f"{scale.quantity}. {_advice(scale.kind, spec.input_scale)}"
        )


def _advice(kind: str, accepted: tuple[str, ...]) -> str:
    if kind == "counts":
        return "Use a method for counts, or run the steps tmm and log_cpm first."
    if "counts" in accepted:
        return "Load the raw counts, or use a method for log2 values such as limma_trend."
    return "Convert the values and declare their scale with exomics.schema.annotate."
