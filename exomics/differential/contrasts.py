"""Contrasts as people write them, ``NAME=EXPRESSION``, and the families over which p-values are adjusted."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from exomics._checks import FloatArray
from exomics.differential.contrast_expression import parse_expression
from exomics.differential.design import Design
from exomics.errors import DesignError

_COLUMNS = ("name", "expression", "family")
_SHOWN_CONDITIONS = 24
_CANCELLED = 1e-12


@dataclass(frozen=True)
class Contrast:
    """One comparison.

    Parameters
    ----------
    name
        As it stands in the result, verbatim.
    expression
        Arithmetic on the cells or coefficients of the design.
    family
        Contrasts of one family are adjusted together; "" for a family of its own.
    """

    name: str
    expression: str
    family: str = ""


@dataclass(frozen=True)
class ContrastSet:
    """Contrasts evaluated on a design.

    Parameters
    ----------
    names, families
        One per contrast.
    weights
        (n_coefficients, n_contrasts).
    """

    names: tuple[str, ...]
    weights: FloatArray
    families: tuple[str, ...]


def parse_contrast(text: str) -> Contrast:
    """Read ``NAME=EXPRESSION``, or an expression that is its own name, verbatim.

    Parameters
    ----------
    text
        ``NAME=EXPRESSION`` or ``EXPRESSION``; an ``=`` within backticks belongs to the expression.

    Returns
    -------
    Contrast
        Without a family.

    Examples
    --------
    >>> parse_contrast("F_8W - F_SED").name
    'F_8W - F_SED'
    >>> parse_contrast("week8=(F_8W + M_8W) / 2 - (F_SED + M_SED) / 2").name
    'week8'
    """
    quoted = False
    for position, character in enumerate(text):
        quoted ^= character == "`"
        if character == "=" and not quoted:
            name, expression = text[:position].strip(), text[position + 1 :].strip()
            if not name or not expression:
                raise DesignError(f"a contrast is NAME=EXPRESSION or EXPRESSION; got {text!r}.")
            return Contrast(name, expression)
    return Contrast(text.strip(), text.strip())


def contrasts_from_table(text: str) -> list[Contrast]:
    """Read a contrasts file: a TSV with the columns ``name, expression, family``; `family` may be left out.

    Parameters
    ----------
    text
        The content of the file.

    Returns
    -------
    list of Contrast
        In the order of the rows.

    Raises
    ------
    DesignError
        If a column is missing or unknown, or a row has no expression.

    Examples
    --------
    >>> contrasts_from_table("name\\texpression\\nweek8\\tF_8W - F_SED\\n")
    [Contrast(name='week8', expression='F_8W - F_SED', family='')]
    """
    reader = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    header = tuple(reader.fieldnames or ())
    if "expression" not in header or not set(header) <= set(_COLUMNS):
        raise DesignError(
            f"a contrasts file is a TSV with the columns {', '.join(_COLUMNS)}; got {', '.join(header) or 'nothing'}."
        )
    contrasts = []
    for number, row in enumerate(reader, start=2):
        expression = (row.get("expression") or "").strip()
        if not expression or None in row:
            raise DesignError(f"line {number} of the contrasts file must have an expression and no extra fields.")
        contrasts.append(
            Contrast((row.get("name") or expression).strip(), expression, (row.get("family") or "").strip())
        )
    return contrasts


def with_families(contrasts: Iterable[Contrast], families: Mapping[str, Sequence[str]]) -> list[Contrast]:
    """The contrasts with the declared families filled in.

    Parameters
    ----------
    contrasts
        As read.
    families
        Family name -> names of its contrasts.

    Returns
    -------
    list of Contrast
        A contrast that no family names keeps its own.

    Raises
    ------
    DesignError
        If a family names a contrast that is not there, or two families name the same.

    Examples
    --------
    >>> with_families([Contrast("a", "A - B"), Contrast("c", "C - B")], {"trained": ["a", "c"]})[1].family
    'trained'
    """
    listed = list(contrasts)
    _require_unique([contrast.name for contrast in listed])
    known = {contrast.name: contrast for contrast in listed}
    declared: dict[str, str] = {}
    for family, members in families.items():
        for name in members:
            if name not in known:
                raise DesignError(
                    f"the family {family!r} names the contrast {name!r}, which is none of {', '.join(known)}."
                )
            if declared.get(name, known[name].family or family) != family:
                other = declared.get(name, known[name].family)
                raise DesignError(f"the contrast {name!r} is in two families, {other!r} and {family!r}; keep one.")
            declared[name] = family
    return [replace(contrast, family=declared.get(name, contrast.family)) for name, contrast in known.items()]


def parse_family(text: str) -> tuple[str, list[str]]:
    """Read ``NAME:c1,c2``.

    Parameters
    ----------
    text
        ``NAME:c1,c2``.

    Returns
    -------
    tuple of str and list
        The name of the family and those of its contrasts.

    Examples
    --------
    >>> parse_family("trained_vs_SED:F_1W - F_SED,F_2W - F_SED")
    ('trained_vs_SED', ['F_1W - F_SED', 'F_2W - F_SED'])
    """
    name, colon, members = text.partition(":")
    listed = [member.strip() for member in members.split(",") if member.strip()]
    if not name.strip() or not colon or not listed:
        raise DesignError(f"a family is NAME:contrast,contrast; got {text!r}.")
    return name.strip(), listed


def evaluate_contrasts(contrasts: Sequence[Contrast], design: Design) -> ContrastSet:
    """Contrasts as weights on the coefficients of `design`.

    Parameters
    ----------
    contrasts
        At least one, with unique names.
    design
        Whose conditions and columns the expressions name (`Design.weights_of`).

    Returns
    -------
    ContrastSet
        A contrast without a declared family is a family of its own, named after it: the convention of limma, edgeR
        and DESeq2. Recipes declare theirs.

    Raises
    ------
    DesignError
        In one line: a name that is no condition (with the conditions), a contrast that is zero, a name used twice.

    Examples
    --------
    >>> import pandas as pd
    >>> from exomics.differential.design import build_design
    >>> design = build_design(pd.DataFrame({"group": list("AABB")}), "~ group")
    >>> evaluate_contrasts([parse_contrast("B - A")], design).weights.ravel().tolist()
    [0.0, 1.0]
    """
    names = [contrast.name for contrast in contrasts]
    if not names:
        raise DesignError(f"no contrast was given; name one such as {_example(design)!r}.")
    _require_unique(names)
    weights = np.column_stack([_weights(contrast, design) for contrast in contrasts])
    return ContrastSet(tuple(names), weights, tuple(contrast.family or contrast.name for contrast in contrasts))


def _require_unique(names: Sequence[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DesignError(f"the contrast name {repeated[0]!r} is used more than once; give each contrast its own name.")


def _weights(contrast: Contrast, design: Design) -> FloatArray:
    total = np.zeros(len(design.coefficients))
    scale = 0.0
    terms = parse_expression(contrast.expression)
    for name, weight in terms.items():
        row = design.weights_of(name)
        if row is None:
            raise DesignError(
                f"the contrast {contrast.name!r} names {name!r}, which is no condition of the design; "
                f"conditions: {_shown(design)}."
            )
        total += weight * row
        scale = max(scale, float(np.abs(weight * row).max()))
    total[np.abs(total) <= _CANCELLED * scale] = 0.0
    if not terms or not total.any():
        reason = "its terms cancel" if terms else "it names no condition"
        raise DesignError(
            f"the contrast {contrast.name!r} is zero: {reason}. Name two conditions of: {_shown(design)}."
        )
    return total


def _shown(design: Design) -> str:
    names = design.conditions or design.coefficients
    return ", ".join(names[:_SHOWN_CONDITIONS]) + (", ..." if len(names) > _SHOWN_CONDITIONS else "")


def _example(design: Design) -> str:
    names = design.conditions or design.coefficients
    return f"{names[-1]} - {names[0]}" if len(names) > 1 else names[0]
