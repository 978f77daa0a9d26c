"""Formulas are read, never evaluated beyond a short list of functions."""

from __future__ import annotations

import pytest

from exomics.differential.formula import parse_formula, variables_of
from exomics.errors import DesignError

COLUMNS = ["group", "rin", "week", "my column"]


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("~ 0 + group + rin", ("group", "rin")),
        ("~ group * C(week) - 1", ("group", "week")),
        ("~ poly(rin, 2) + bs(week, df=3)", ("rin", "week")),
        ("~ C(week, contr.treatment(2))", ("week",)),
        ("~ `my column` + {rin / 2}", ("my column", "rin")),
        ("~ 1", ()),
    ],
)
def test_variables_of_a_formula(text: str, variables: tuple[str, ...]) -> None:
    assert set(variables_of(parse_formula(text, COLUMNS))) == set(variables)


@pytest.mark.parametrize(
    "text",
    [
        "~ __import__('os').getcwd()",
        "~ np.log(rin)",
        "~ {rin.__class__}",
        "~ {(lambda: 1)()}",
        "~ {[x for x in (1,)]}",
        "~ open(rin)",
        "~ {9 ** 9 ** 9}",
        "~ {rin if rin else week}",
        "~ contr.__class__(rin)",
    ],
)
def test_code_in_a_formula_is_refused(text: str) -> None:
    with pytest.raises(DesignError):
        parse_formula(text, COLUMNS)


@pytest.mark.parametrize("text", ["group", "y ~ group", "~ group | rin", "~ group +", "", "~ (group", "~ ~ group"])
def test_what_is_no_formula_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(DesignError) as error:
        parse_formula(text, COLUMNS)
    assert "~ 0 + group + age" in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_variable_names_the_nearest_column() -> None:
    with pytest.raises(DesignError) as error:
        parse_formula("~ grop + rin", COLUMNS)
    assert str(error.value) == (
        "the design '~ grop + rin' names 'grop', which is no column of obs (group, rin, week, my column). "
        "Did you mean 'group'?"
    )
