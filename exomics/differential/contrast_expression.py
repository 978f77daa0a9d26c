"""Arithmetic on named conditions, read by a small parser: numbers, names, ``+ - * /`` and parentheses. Never eval."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from exomics.errors import DesignError

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<quoted>`[^`]+`)
    | (?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)(?![\w\[`:])
    | (?P<name>[^\W\d][\w.]*(?:\[[^\]]*\])?(?::(?:`[^`]+`|[\w.]+(?:\[[^\]]*\])?))*)
    | (?P<operator>[-+*/()])
    )""",
    re.VERBOSE,
)


class _Token(NamedTuple):
    kind: str
    text: str


@dataclass(frozen=True)
class LinearForm:
    """A constant plus a weighted sum of names."""

    constant: float = 0.0
    weights: dict[str, float] = field(default_factory=dict)

    def plus(self, other: LinearForm, sign: float) -> LinearForm:
        """``self + sign * other``."""
        weights = dict(self.weights)
        for name, weight in other.weights.items():
            weights[name] = weights.get(name, 0.0) + sign * weight
        return LinearForm(self.constant + sign * other.constant, weights)

    def times(self, factor: float) -> LinearForm:
        """``factor * self``."""
        return LinearForm(self.constant * factor, {name: weight * factor for name, weight in self.weights.items()})


def parse_expression(text: str) -> dict[str, float]:
    """The weights of the names in a linear expression.

    Parameters
    ----------
    text
        Such as ``(M_8W - M_SED) - (F_8W - F_SED)`` or ``(A + B) / 2 - C``. A name that starts with a digit or holds
        other characters than letters, digits, ``_ . : [ ]`` stands in backticks.

    Returns
    -------
    dict
        Weight of each name, in the order of first use; weights that cancel stay, as 0.

    Raises
    ------
    DesignError
        If the text is not linear arithmetic on names, or has a constant part.

    Examples
    --------
    >>> parse_expression("(`8W` + `4W`) / 2 - SED")
    {'8W': 0.5, '4W': 0.5, 'SED': -1.0}
    """
    form = _Parser(text).parse()
    if form.constant != 0:
        raise DesignError(f"the contrast {text!r} has a constant part ({form.constant:g}); compare conditions only.")
    return form.weights


class _Parser:
    """Recursive descent: sum of products of signed atoms."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.position = 0

    def parse(self) -> LinearForm:
        if not self.tokens:
            raise DesignError("a contrast is empty; write one such as 'F_8W - F_SED'.")
        form = self._sum()
        if self.position < len(self.tokens):
            raise self._unexpected()
        return form

    def _sum(self) -> LinearForm:
        form = self._product()
        while (operator := self._take("+", "-")) is not None:
            form = form.plus(self._product(), 1.0 if operator == "+" else -1.0)
        return form

    def _product(self) -> LinearForm:
        form = self._signed()
        while (operator := self._take("*", "/")) is not None:
            right = self._signed()
            form = self._divide(form, right) if operator == "/" else self._multiply(form, right)
        return form

    def _signed(self) -> LinearForm:
        operator = self._take("+", "-")
        if operator is not None:
            return self._signed().times(-1.0 if operator == "-" else 1.0)
        return self._atom()

    def _atom(self) -> LinearForm:
        if self.position >= len(self.tokens):
            raise DesignError(f"the contrast {self.text!r} stops short; a condition or a number is missing at its end.")
        token = self.tokens[self.position]
        if token.text == "(" and token.kind == "operator":
            self.position += 1
            form = self._sum()
            if self._take(")") is None:
                raise DesignError(f"the contrast {self.text!r} lacks a closing parenthesis.")
            return form
        if token.kind == "operator":
            raise self._unexpected()
        self.position += 1
        return LinearForm(float(token.text)) if token.kind == "number" else LinearForm(0.0, {token.text: 1.0})

    def _take(self, *operators: str) -> str | None:
        if self.position < len(self.tokens):
            token = self.tokens[self.position]
            if token.kind == "operator" and token.text in operators:
                self.position += 1
                return token.text
        return None

    def _multiply(self, left: LinearForm, right: LinearForm) -> LinearForm:
        if left.weights and right.weights:
            raise DesignError(
                f"the contrast {self.text!r} multiplies conditions; a contrast is a weighted sum of them."
            )
        return left.times(right.constant) if left.weights else right.times(left.constant)

    def _divide(self, left: LinearForm, right: LinearForm) -> LinearForm:
        if right.weights:
            raise DesignError(
                f"the contrast {self.text!r} divides by a condition; a contrast is a weighted sum of them."
            )
        if right.constant == 0:
            raise DesignError(f"the contrast {self.text!r} divides by zero.")
        return left.times(1.0 / right.constant)

    def _unexpected(self) -> DesignError:
        found = self.tokens[self.position].text
        return DesignError(
            f"the contrast {self.text!r} cannot be read at {found!r}; write sums and differences of conditions, "
            "with names that are not plain words in backticks."
        )


def _tokens(text: str) -> list[_Token]:
    tokens = []
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None or match.lastgroup is None:
            rest = stripped[position:].split()[0]
            raise DesignError(
                f"the contrast {text!r} cannot be read at {rest!r}; a name that starts with a digit or holds other "
                "characters than letters, digits and _ . : [ ] stands in backticks, such as `8W`."
            )
        kind = match.lastgroup
        found = match[kind]
        tokens.append(_Token("name", found[1:-1]) if kind == "quoted" else _Token(kind, found.replace("`", "")))
        position = match.end()
    return tokens
