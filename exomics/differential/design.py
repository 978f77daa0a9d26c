"""The design: a formula evaluated on the samples, with columns and conditions that a contrast can name."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from formulaic import ModelSpec
from formulaic.errors import FormulaicError

from exomics._checks import FloatArray
from exomics.differential.formula import parse_formula, variables_of
from exomics.differential.rank import require_estimable
from exomics.errors import DesignError

_MAXIMUM_CELLS = 100_000
_LEVEL = re.compile(r"^(?P<factor>.+)\[(?P<level>.*)\]$", re.DOTALL)
_OUTER_COLON = re.compile(r":(?![^\[]*\])")


@dataclass(frozen=True)
class Factor:
    """A categorical variable of a design: the variable, how the formula spells it, and its levels in order."""

    variable: str
    expression: str
    levels: tuple[object, ...]

    def names(self, text: str) -> object | None:
        """The level that `text` spells, as ``level``, ``variable[level]`` or ``expression[level]``."""
        match = _LEVEL.match(text)
        if match and match["factor"] in (self.variable, self.expression):
            text = match["level"]
        return next((level for level in self.levels if str(level) == text), None)


@dataclass(frozen=True)
class Design:
    """A design matrix and the names that contrasts use.

    Parameters
    ----------
    formula
        As written.
    matrix
        (n_samples, n_coefficients), full column rank.
    coefficients
        Names of the columns. A column that is the mean of a level is named by the level verbatim (``F_SED``, not
        ``group[F_SED]``) unless two columns would share the name.
    factors
        The categorical variables, in the order of the formula.
    spec
        The evaluated formula, which turns new rows into design rows.
    numeric_means
        Mean of each numeric variable over the samples.
    raw_coefficients
        The columns as the formula library names them; a contrast may use these too.
    """

    formula: str
    matrix: FloatArray
    coefficients: tuple[str, ...]
    factors: tuple[Factor, ...]
    spec: ModelSpec
    numeric_means: dict[str, float]
    raw_coefficients: tuple[str, ...]

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """The cells of the design: levels of the one factor, or ``level:level`` for several."""
        return tuple(":".join(map(str, cell)) for cell in self._cells if cell)

    def weights_of(self, name: str) -> FloatArray | None:
        """The combination of coefficients that `name` stands for, or None if it names nothing here.

        A condition (``F_SED``, ``group[F_SED]``, ``female:post``) is the mean of that cell: factors it does not name
        are averaged over their levels with equal weights, numeric variables are at their mean. Any other column of
        the design (``rin``, ``group[T.8W]``) stands for itself.

        Examples
        --------
        >>> obs = pd.DataFrame({"sex": list("ffmmffmm"), "time": list("aabbbbaa")})
        >>> build_design(obs, "~ sex + time").weights_of("f:b").tolist()
        [1.0, 0.0, 1.0]
        """
        cell = self._cell(name)
        if cell is not None:
            chosen = np.array([all(row[i] == level for i, level in cell.items()) for row in self._cells])
            return self._cell_means[chosen].mean(axis=0)
        for names in (self.coefficients, self.raw_coefficients):
            if name in names:
                return np.eye(len(names))[names.index(name)]
        return None

    @cached_property
    def _cells(self) -> list[tuple[object, ...]]:
        if math.prod(len(factor.levels) for factor in self.factors) > _MAXIMUM_CELLS:
            raise DesignError(
                f"the factors of {self.formula!r} cross into more than {_MAXIMUM_CELLS} conditions; "
                "build one factor of the conditions that occur."
            )
        return list(itertools.product(*(factor.levels for factor in self.factors)))

    @cached_property
    def _cell_means(self) -> FloatArray:
        """The design row of every cell, numeric variables at their mean."""
        grid = pd.DataFrame(self._cells, columns=[factor.variable for factor in self.factors])
        grid = grid.assign(**self.numeric_means)
        return np.asarray(self.spec.get_model_matrix(grid, context={}), dtype=np.float64)

    def _cell(self, name: str) -> dict[int, object] | None:
        """The levels that `name` fixes, by position of their factor."""
        cell: dict[int, object] = {}
        for part in _OUTER_COLON.split(name):
            found = [(i, level) for i, factor in enumerate(self.factors) if (level := factor.names(part)) is not None]
            if not found:
                return None
            if len(found) > 1:
                spelled = " or ".join(f"{self.factors[i].variable}[{part}]" for i, _ in found)
                raise DesignError(f"the level {part!r} belongs to several factors of the design; write {spelled}.")
            cell[found[0][0]] = found[0][1]
        return cell


def build_design(obs: pd.DataFrame, formula: str) -> Design:
    """Evaluate `formula` on the samples of `obs`.

    Parameters
    ----------
    obs
        One row per sample. Text and categorical columns are factors; a categorical keeps the order of its levels,
        text is sorted; levels without samples are dropped.
    formula
        Such as ``~ 0 + group + rin`` (see `exomics.differential.formula.parse_formula`).

    Returns
    -------
    Design
        Of full column rank, with at least one residual degree of freedom.

    Raises
    ------
    DesignError
        In one line: an unknown variable (with the nearest name), a missing covariate (with the samples), a factor of
        one level, fewer samples than coefficients, or columns that are combinations of others (with the combination).

    Examples
    --------
    >>> obs = pd.DataFrame({"group": ["SED", "SED", "8W", "8W"], "rin": [8.0, 9.0, 8.5, 8.0]}, index=list("abcd"))
    >>> design = build_design(obs, "~ 0 + group + rin")
    >>> design.coefficients
    ('8W', 'SED', 'rin')
    >>> design.weights_of("SED").tolist()
    [0.0, 1.0, 8.375]
    """
    parsed = parse_formula(formula, obs.columns)
    variables = variables_of(parsed)
    data = pd.DataFrame({name: _column(obs[name], name) for name in variables}, index=obs.index)
    for name in variables:
        _require_complete(data[name], name)
    try:
        frame = ModelSpec(formula=parsed).get_model_matrix(data if variables else obs, context={})
    except (FormulaicError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DesignError(f"the design {formula!r} cannot be evaluated on these samples: {reason}.") from error
    raw = tuple(map(str, frame.columns))
    factors = _factors(frame.model_spec, data)
    for factor in factors:
        _require_levels(factor, len(data))
    coefficients = _short_names(raw, factors)
    matrix = np.ascontiguousarray(frame, dtype=np.float64)
    require_estimable(matrix, coefficients)
    categorical = {factor.variable for factor in factors}
    means = {name: float(data[name].mean()) for name in variables if name not in categorical}
    return Design(formula, matrix, coefficients, factors, frame.model_spec, means, raw)


def _column(column: pd.Series, name: str) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.remove_unused_categories()
    if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
        present = column.notna()
        return column.astype(object).where(~present, column.astype(str)).astype("category")
    return column.astype(np.float64) if pd.api.types.is_float_dtype(column) else column


def _require_complete(column: pd.Series, name: str) -> None:
    numeric = not isinstance(column.dtype, pd.CategoricalDtype)
    missing = column.index[column.isna()]
    if len(missing):
        shown = ", ".join(map(str, missing[:3])) + (", ..." if len(missing) > 3 else "")
        advice = "Impute it with the step scale_covariates, or drop those samples" if numeric else "Drop those samples"
        raise DesignError(f"{name} is missing in {len(missing)} of {len(column)} samples ({shown}). {advice}.")
    if numeric and not np.isfinite(column.to_numpy(dtype=float)).all():
        raise DesignError(f"{name} holds infinite values. Mend or drop those samples.")


def _require_levels(factor: Factor, n_samples: int) -> None:
    if len(factor.levels) < 2:
        raise DesignError(
            f"the factor {factor.variable} has one level ({factor.levels[0]}) in these {n_samples} samples. "
            "Leave it out of the design, or add samples of another level."
        )


def _factors(spec: ModelSpec, data: pd.DataFrame) -> tuple[Factor, ...]:
    factors: dict[str, Factor] = {}
    for expression, (kind, state) in spec.encoder_state.items():
        if kind.value == "categorical":
            variable = _variable_of(str(expression), data)
            factors.setdefault(variable, Factor(variable, str(expression), tuple(state["categories"])))
    order = [variable for term in spec.terms for variable in _variables_of_term(term, data)]
    return tuple(sorted(factors.values(), key=lambda factor: order.index(factor.variable)))


def _variables_of_term(term: object, data: pd.DataFrame) -> list[str]:
    expressions = [factor.expr for factor in getattr(term, "factors", ())]
    return [_variable_of(expression, data) for expression in expressions if expression not in ("0", "1")]


def _variable_of(expression: str, data: pd.DataFrame) -> str:
    """The column that a categorical expression such as ``group`` or ``C(week)`` reads."""
    if expression in data.columns:
        return expression
    inner = re.match(r"^C\(\s*(`[^`]+`|[^,)\s]+)", expression)
    return inner[1].strip("`") if inner else expression


def _short_names(raw: tuple[str, ...], factors: tuple[Factor, ...]) -> tuple[str, ...]:
    short = [_short_name(name, factors) for name in raw]
    repeated = {name for name in short if short.count(name) > 1}
    return tuple(name if candidate in repeated else candidate for name, candidate in zip(raw, short, strict=True))


def _short_name(name: str, factors: tuple[Factor, ...]) -> str:
    levels = []
    for part in _OUTER_COLON.split(name):
        level = next((level for factor in factors if (level := factor.names(part)) is not None), None)
        if level is None or not part.endswith("]"):
            return name
        levels.append(str(level))
    return ":".join(levels)
