"""formula: arithmetic of the document over its members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.registry.formula import Formula
from exomics.registry.signature_set import SignatureSet
from exomics.scoring._scorer import CoverageRule, Scorer


def formula(expression: NDArray[Any], signatures: SignatureSet, *, reference: None = None) -> NDArray[np.float64]:
    """Value of the expression of each document: ``score = f(x_1, x_2, ...)``, such as glucose x insulin / 22.5.

    Parameters
    ----------
    expression
        (n_samples, n_features) values as declared, in the units that the document names; NaN where not measured.
    signatures
        n_signatures sets of columns with expressions.
    reference
        Not used: the score of a sample depends on that sample alone.

    Returns
    -------
    ndarray
        (n_samples, n_signatures), in the unit of the formula; NaN where a member is missing or the value is not finite.

    Notes
    -----
    Source: the formulas are those of the documents; the grammar holds ``+ - * /``, log2, constants and members and is
    read by our own parser (`exomics.registry.formula`). The first was HOMA-IR, Matthews et al. 1985,
    doi:10.1007/BF00280883.

    Examples
    --------
    >>> from exomics.registry.signature_files import load_signature
    >>> homa = SignatureSet.build([load_signature("sys.homa_ir")], ["glucose_mmol_L", "insulin_uU_mL"])
    >>> formula(np.array([[5.0, 9.0]]), homa).tolist()
    [[2.0]]
    """
    values = np.asarray(expression, dtype=np.float64)
    scores = np.full((values.shape[0], len(signatures)), np.nan)
    for chosen, bound in enumerate(signatures.formulas):
        if bound is not None and len(bound.columns) == len(bound.formula.members):
            scores[:, chosen] = value_of(bound.formula, {name: values[:, at] for name, at in bound.columns.items()})
    return scores


def value_of(expression: Formula, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """The expression of whole columns; NaN where a member is missing or the value is not finite.

    Examples
    --------
    >>> value_of(Formula("{a} / {b}"), {"a": np.array([1.0, 1.0]), "b": np.array([2.0, 0.0])}).tolist()
    [0.5, nan]
    """
    stack: list[Any] = []
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for kind, what in expression.steps:
            if kind == "number":
                stack.append(np.float64(what))
            elif kind == "member":
                stack.append(np.asarray(columns[what], dtype=np.float64))
            elif kind == "unary":
                stack.append(np.log2(stack.pop()) if what == "log2" else -stack.pop())
            else:
                right, left = stack.pop(), stack.pop()
                stack.append(_BINARY[what](left, right))
    result = np.asarray(stack.pop(), dtype=np.float64)
    return np.where(np.isfinite(result), result, np.nan)


_BINARY: Mapping[str, Any] = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}


SPEC = Scorer(
    name="formula",
    kind="scorer",
    title="Arithmetic of the document over its members",
    function=formula,
    reference="10.1007/BF00280883",
    license="own implementation",
    input_scale=("linear", "log2"),
    works_on="declared",
    cohort_dependent=False,
    comparable="samples",
    units="unit of the formula",
    coverage=CoverageRule(fraction=1.0),
)
