"""Arithmetic of a signature document: a closed grammar over its members, read by our own parser, never run as code."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

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
    >>> [what for _, what in homa.steps]
    ['glucose', 'insulin', '*', 22.5, '/']
    """

    text: str

    def __post_init__(self) -> None:
        if not self.members:
            raise RegistryError(f"the expression {self.text!r} names no member; write members in braces.")

    @cached_property
    def members(self) -> tuple[str, ...]:
        """Names in braces, in order of appearance."""
        return tuple(dict.fromkeys(str(what) for kind, what in self.steps if kind == "member"))

    @cached_property
    def steps(self) -> tuple[_Step, ...]:
        """In postfix order: ``number``, ``member``, ``unary`` (- or log2) and ``binary`` (+ - * /) with what it is."""
        return _Parser(self.text).steps()


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
