"""Formulas as text, read without evaluating anything but a short list of known functions."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterable

from formulaic import Formula, SimpleFormula
from formulaic.errors import FormulaicError

from exomics.errors import DesignError

FUNCTIONS = ("C", "bs", "cc", "center", "cr", "cs", "exp", "log", "log10", "log2", "poly", "scale")
CODINGS = ("treatment", "sum", "helmert", "diff", "poly")
_ALLOWED_NODES = (
    ast.Expression,
    ast.Name,
    ast.Constant,
    ast.Call,
    ast.keyword,
    ast.BinOp,
    ast.UnaryOp,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.USub,
    ast.UAdd,
    ast.Load,
    ast.Attribute,
)
_QUOTED = re.compile(r"`[^`]*`")


def parse_formula(text: str, columns: Iterable[str]) -> SimpleFormula:
    """A one-sided formula whose variables are all among `columns`.

    Parameters
    ----------
    text
        Such as ``~ 0 + group + rin``. Operators are those of R: ``+ - : * / ^ ( )``, 0 or 1 for the intercept.
        Functions: ``C, bs, cc, center, cr, cs, exp, log, log10, log2, poly, scale``; nothing else is evaluated.
    columns
        The variables that exist.

    Returns
    -------
    SimpleFormula
        Parsed, not yet evaluated.

    Raises
    ------
    DesignError
        If the text is no one-sided formula, names an unknown variable, or calls another function.

    Examples
    --------
    >>> str(parse_formula("~ 0 + group + rin", ["group", "rin"]))
    'group + rin'
    """
    known = list(map(str, columns))
    formula = _parse(text)
    for factor in (factor for term in formula for factor in term.factors):
        if factor.eval_method.value == "python":
            _check_expression(factor.expr, text)
    for variable in variables_of(formula):
        _check_known(variable, known, text)
    return formula


def variables_of(formula: SimpleFormula) -> tuple[str, ...]:
    """The variables of a checked formula, in the order of their first use.

    Examples
    --------
    >>> variables_of(parse_formula("~ C(week) + log(rin)", ["rin", "week"]))
    ('week', 'rin')
    """
    found: dict[str, None] = {}
    for factor in (factor for term in formula for factor in term.factors):
        if factor.eval_method.value == "lookup":
            found[factor.expr] = None
        elif factor.eval_method.value == "python":
            found.update(dict.fromkeys(_variables_in(factor.expr)))
    return tuple(found)


def _variables_in(expression: str) -> list[str]:
    quoted = [name.strip("`") for name in _QUOTED.findall(expression)]
    nodes = ast.walk(ast.parse(_QUOTED.sub("0", expression), mode="eval"))
    names = [node.id for node in nodes if isinstance(node, ast.Name)]
    return [*(name for name in names if name not in FUNCTIONS and name != "contr"), *quoted]


def _parse(text: str) -> SimpleFormula:
    if text.count("~") != 1 or not text.lstrip().startswith("~"):
        raise DesignError(f"a design is a one-sided formula such as '~ 0 + group + age'; got {text!r}.")
    try:
        formula = Formula(text)
    except (FormulaicError, SyntaxError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DesignError(f"the design {text!r} cannot be read: {reason} Write it like '~ 0 + group + age'.") from error
    if not isinstance(formula, SimpleFormula) or not len(formula):
        raise DesignError(f"a design is one list of terms such as '~ 0 + group + age'; got {text!r}.")
    return formula


def _check_known(variable: str, known: list[str], text: str) -> None:
    if variable in known:
        return
    close = difflib.get_close_matches(variable, known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    shown = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
    raise DesignError(f"the design {text!r} names {variable!r}, which is no column of obs ({shown}).{hint}")


def _check_expression(expression: str, text: str) -> None:
    """Refuse everything but arithmetic and calls of the known functions."""
    try:
        tree = ast.parse(_QUOTED.sub("quoted", expression), mode="eval")
    except SyntaxError as error:
        raise DesignError(f"the design {text!r} holds {expression!r}, which cannot be read.") from error
    for node in ast.walk(tree):
        allowed = isinstance(node, _ALLOWED_NODES)
        if isinstance(node, ast.Call):
            allowed = _is_known_function(node.func)
        elif isinstance(node, ast.Attribute):
            allowed = _is_known_function(node)
        if not allowed:
            raise DesignError(
                f"the design {text!r} holds {expression!r}; only arithmetic and the functions "
                f"{', '.join(FUNCTIONS)} are allowed in a formula."
            )


def _is_known_function(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id in FUNCTIONS
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "contr"
        and node.attr in CODINGS
    )
