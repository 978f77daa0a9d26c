"""Formulas: arithmetic over members, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from exomics.errors import RegistryError
from exomics.registry.formula import Formula
from exomics.scoring.methods.formula import value_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a} - {b}", 2.0),
        ("{a} - {b} - 1", 1.0),
        ("{a} / {b} * 2", 4.0),
        ("-({a} + {b}) / 2", -3.0),
        ("log2({a} * 2) + 0.5", 3.5),
        ("{a} - -{b}", 6.0),
        ("2 + {a} * {b}", 10.0),
    ],
)
def test_an_expression_has_its_value(text: str, value: float) -> None:
    columns = {"a": np.array([4.0]), "b": np.array([2.0])}
    assert value_of(Formula(text), columns).tolist() == [value]


def test_what_is_not_finite_is_missing() -> None:
    columns = {"a": np.array([1.0, 0.0, 1.0, np.nan]), "b": np.array([0.0, 1.0, -1.0, 1.0])}
    found = value_of(Formula("log2({a} / {b})"), columns)
    assert np.isnan(found).all()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 + 2",
        "{a} +",
        "{a} {b}",
        "({a}",
        "{a})",
        "__import__('os')",
        "{a} ** 2",
        "log({a})",
        "a + 1",
        "{a}; {b}",
        "{a}" + " + 1" * 400,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(RegistryError, match="expression"):
        Formula(text)
