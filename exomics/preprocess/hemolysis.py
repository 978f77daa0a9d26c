"""Hemolysis of plasma and serum: miRNAs of red cells against one that they lack, or absorbance at 414 nm."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics._checks import FloatArray
from exomics.errors import InputError, ScaleError
from exomics.preprocess._by_name import positions_of
from exomics.preprocess._matrix import counts_of, values_of
from exomics.preprocess.quality import flagged
from exomics.registry.method import MethodSpec
from exomics.schema import keys, scale_of
from exomics.schema.hemolysis import DELTA_CQ, GRADE, LOG2_RATIO, RAISED, SENSITIVE
from exomics.schema.numbers import numbers_of

A414: Final = "a414"

_RED_CELL = ("miR-451a", "miR-451")
_STABLE = ("miR-23a-3p", "miR-23a")
_CODES = {"MIMAT0001631": _RED_CELL, "MIMAT0000078": _STABLE}
_PREFIXES = ("hsa-", "rno-", "mmu-", "")
_CAUTION_CQ, _FAIL_CQ = 5.0, 7.0
_CLEAN_A414, _SEVERE_A414 = 0.072, 0.3
_PRIOR_COUNT = 0.5


def check_hemolysis(adata: AnnData, *, maximum_log2_ratio: float | None = None) -> AnnData:
    """Grade the hemolysis of each sample and flag what failed. Nothing is dropped.

    Parameters
    ----------
    adata
        Samples x miRNAs of plasma, serum or their vesicles: quantification cycles of qPCR, or counts. Names are those
        of miRBase (run ``exomics harmonize --identifiers mirna`` first). A column ``a414`` of obs is used too.
    maximum_log2_ratio
        For counts: the log2 ratio above which a sample fails, calibrated in your own protocol. Without it no sample of
        counts is graded: no cut for sequencing holds everywhere.

    Returns
    -------
    AnnData
        For cycles ``obs["hemolysis_delta_cq"]``, for counts ``obs["hemolysis_log2_ratio"]``, a covariate for models;
        ``obs["hemolysis"]`` is ``ok``, ``caution``, ``fail`` or "" where it cannot be said, the worst of the miRNAs and
        of A414; ``fail`` and ``caution`` are flagged. ``var["hemolysis_sensitive"]`` marks the miRNAs that red cells
        release. The step is recorded.

    Raises
    ------
    InputError
        If neither both miRNAs nor ``a414`` are there.
    ScaleError
        If the values are neither cycles nor counts.

    Notes
    -----
    ``delta Cq = Cq(miR-23a-3p) - Cq(miR-451a)``: below 5 ok, 5 to 7 caution, above 7 fail (Blondal et al. 2013,
    doi:10.1016/j.ymeth.2012.09.015). For counts ``log2((miR-451a + 0.5) / (miR-23a-3p + 0.5))``. Absorbance at 414 nm
    below 0.072 is ok, above 0.3 fails. Red cells also release miR-16, -92a, -17, -21, -106a (Kirschner et al. 2013,
    doi:10.3389/fgene.2013.00094) and miR-486-5p.

    Examples
    --------
    >>> from exomics.schema import Scale, annotate
    >>> var = pd.DataFrame({"feature_name": ["hsa-miR-451a", "hsa-miR-23a-3p"]}, index=["a", "b"])
    >>> cycles = AnnData(np.array([[24.0, 28.0], [20.0, 28.0]]), obs=pd.DataFrame(index=["s1", "s2"]), var=var)
    >>> cycles = annotate(cycles, assay="qpcr", scale=Scale(kind="log2", quantity="cq"))
    >>> check_hemolysis(cycles).obs["hemolysis"].tolist()
    ['ok', 'fail']
    """
    if not can_grade(adata):
        raise InputError(
            "check_hemolysis needs miR-451a and miR-23a-3p in feature_name, or a414 in obs; "
            "name the miRNAs first (exomics harmonize --identifiers mirna)."
        )
    red, stable = (_position(adata, names) for names in (_RED_CELL, _STABLE))
    absorbance = numbers_of(adata.obs[A414]).to_numpy() if A414 in adata.obs.columns else None
    grades = [] if absorbance is None else [_grades(absorbance, _CLEAN_A414, _SEVERE_A414)]
    column, difference = "", np.full(adata.n_obs, np.nan)
    if red is not None and stable is not None:
        column, difference = _difference(adata, red, stable)
        limits = (_CAUTION_CQ, _FAIL_CQ) if column == DELTA_CQ else (maximum_log2_ratio, maximum_log2_ratio)
        grades.append(_grades(difference, *limits))
    worst = np.max(grades, axis=0)
    words = np.array(["", "ok", "caution", "fail"], dtype=object)[worst]
    reasons = [f"hemolysis {word}" for word in words]
    counted = {str(word) or "not graded": int(n) for word, n in pd.Series(words).value_counts().items()}
    report: dict[str, object] = {"measure": column or A414, "grades": counted}
    if column == LOG2_RATIO and maximum_log2_ratio is None:
        report["note"] = _UNGRADED
    parameters = {"maximum_log2_ratio": maximum_log2_ratio}
    graded = flagged(adata, worst >= 2, reasons, name="check_hemolysis", parameters=parameters, report=report)
    if column:
        graded.obs[column] = difference
    graded.obs[GRADE] = words
    sensitive = positions_of(adata, [prefix + name for prefix in _PREFIXES for name in RAISED])
    graded.var[SENSITIVE] = np.isin(np.arange(adata.n_vars), sensitive)
    return graded


_UNGRADED: Final = (
    "reads have no universal cut: the log2 ratio of miR-451a to miR-23a-3p is in obs, to be a covariate; give "
    "maximum_log2_ratio, calibrated in your protocol, to grade by it."
)


def can_grade(adata: AnnData) -> bool:
    """Whether both miRNAs, or ``a414``, are there.

    Examples
    --------
    >>> can_grade(AnnData(np.ones((1, 1)), obs=pd.DataFrame({"a414": [0.05]}, index=["s"])))
    True
    """
    return A414 in adata.obs.columns or None not in [_position(adata, names) for names in (_RED_CELL, _STABLE)]


def _position(adata: AnnData, names: tuple[str, ...]) -> int | None:
    """Column of the first of `names` that is there, in any species; by accession where the names are accessions."""
    codes = [code for code, meant in _CODES.items() if meant == names]
    for name in (*names, *codes):
        found = positions_of(adata, [prefix + name for prefix in _PREFIXES])
        if len(found) > 1:
            raise InputError(f"{len(found)} features are called {name}; keep one.")
        if found:
            return found[0]
    return None


def _difference(adata: AnnData, red: int, stable: int) -> tuple[str, FloatArray]:
    """How much more of the red-cell miRNA there is, in cycles or log2 units; which of the two it is."""
    scale = scale_of(adata)
    if scale.quantity == "cq":
        values = values_of(adata)
        return DELTA_CQ, values[:, stable] - values[:, red]
    if scale.kind == "counts" or keys.COUNTS in adata.layers:
        counts = counts_of(adata)
        return LOG2_RATIO, np.log2((counts[:, red] + _PRIOR_COUNT) / (counts[:, stable] + _PRIOR_COUNT))
    raise ScaleError(f"check_hemolysis takes cycles (cq) or counts; X is declared as {scale.kind} {scale.quantity}.")


def _grades(values: FloatArray, caution: float | None, fail: float | None) -> np.ndarray:
    """0 where it cannot be said, 1 ok, 2 caution, 3 fail."""
    if caution is None or fail is None:
        return np.zeros(len(values), dtype=np.int64)
    grades = np.where(values > fail, 3, np.where(values >= caution, 2, 1))
    if caution == fail:
        grades = np.where(values > fail, 3, 1)
    return np.where(np.isnan(values), 0, grades)


HEMOLYSIS = (
    MethodSpec(
        name="check_hemolysis",
        kind="preprocess",
        title="grade hemolysis by miR-451a against miR-23a-3p, or A414",
        function=check_hemolysis,
        reference="10.1016/j.ymeth.2012.09.015",
        feature_types=("mirna",),
        parameters={"maximum_log2_ratio": None},
    ),
)
