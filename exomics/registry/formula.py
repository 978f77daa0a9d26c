"""Arithmetic of a signature document: a closed grammar over its members, read by our own parser, never run as code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exomics.errors import RegistryError

__all__ = ["Formula"]

_TOKEN = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?)|\{(?P<member>[^{}]+)\}|(?P<word>log2)|(?P<sign>[-+*/()]))")
_LONGEST = 1000
_Step = tuple[str, Any]


@dataclass(frozen=True)
class Formula:
    """An expression of members in braces, constants, ``+ - * /``, ``log2`` and parentheses.

    Parameters
    ----------
    text
        Such as ``{glucose_mmol_L} * {insulin_uU_mL} / 22.5``.

    Raises
    ------
    RegistryError
        If `text` holds anything else, or is no whole expression.

    Examples
    --------
    >>> homa = Formula("{glucose} * {insulin} / 22.5")
    >>> homa.members
    ('glucose', 'insulin')
    >>> homa.value({"glucose": np.array([5.0]), "insulin": np.array([9.0])}).tolist()
    [2.0]
    """

    text: str

    def __post_init__(self) -> None:
        if not self.members:
            raise RegistryError(f"the expression {self.text!r} names no member; write members in braces.")

    @cached_property
    def members(self) -> tuple[str, ...]:
        """Names in braces, in order of appearance."""
        return tuple(dict.fromkeys(str(what) for kind, what in self._steps if kind == "member"))

    @cached_property
    def _steps(self) -> tuple[_Step, ...]:
        return _Parser(self.text).steps()

    def value(self, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """The expression of whole columns.

        Parameters
        ----------
        columns
            Member -> (n_samples,) values; NaN where missing.

        Returns
        -------
        ndarray
            (n_samples,); NaN where a member is missing or the value is not finite (division by zero, log2 of zero).
        """
        stack: list[Any] = []
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for kind, what in self._steps:
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


class _Parser:
    """Recursive descent into the steps of a stack machine."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0
        self._steps: list[_Step] = []

    def steps(self) -> tuple[_Step, ...]:
        self._sum()
        if self._at != len(self._tokens):
            self._refuse()
        return tuple(self._steps)

    def _sum(self) -> None:
        self._chain(self._product, "+-")

    def _product(self) -> None:
        self._chain(self._factor, "*/")

    def _chain(self, part: Any, signs: str) -> None:
        part()
        while self._peek()[0] == "sign" and self._peek()[1] in signs:
            sign = self._next()[1]
            part()
            self._steps.append(("binary", sign))

    def _factor(self) -> None:
        kind, what = self._next()
        if kind in ("number", "member"):
            self._steps.append((kind, what))
        elif what == "-":
            self._factor()
            self._steps.append(("unary", "-"))
        elif what == "(":
            self._inside()
        elif what == "log2" and self._next()[1] == "(":
            self._inside()
            self._steps.append(("unary", "log2"))
        else:
            self._refuse()

    def _inside(self) -> None:
        self._sum()
        if self._next()[1] != ")":
            self._refuse()

    def _peek(self) -> _Step:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _next(self) -> _Step:
        token = self._peek()
        self._at += 1
        return token

    def _refuse(self) -> None:
        raise RegistryError(
            f"{self._text!r} is no expression of members in braces, numbers, + - * / log2( ) and parentheses."
        )


def _tokens(text: str) -> Iterable[_Step]:
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or len(text) > _LONGEST:
            raise RegistryError(f"{text[at : at + 20].strip()!r} has no place in the expression {text[:80]!r}.")
        kind = str(match.lastgroup)
        yield kind, float(match[kind]) if kind == "number" else match[kind].strip()
        at = match.end()
