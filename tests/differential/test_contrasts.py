"""Contrasts: arithmetic on conditions, families, and one clear line for each contrast that says nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exomics.differential import (
    Contrast,
    Design,
    build_design,
    contrasts_from_table,
    evaluate_contrasts,
    parse_contrast,
    parse_family,
    with_families,
)
from exomics.differential.contrast_expression import parse_expression
from exomics.errors import DesignError


@pytest.fixture
def design(samples: pd.DataFrame) -> Design:
    return build_design(samples, "~ 0 + group + rin")


def weights(design: Design, text: str) -> list[float]:
    return evaluate_contrasts([parse_contrast(text)], design).weights.ravel().tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("F_8W - F_SED", [-1, 1, 0, 0, 0]),
        ("-F_SED + F_8W", [-1, 1, 0, 0, 0]),
        ("(M_8W - M_SED) - (F_8W - F_SED)", [1, -1, -1, 1, 0]),
        ("(F_8W + M_8W) / 2 - 0.5 * (F_SED + M_SED)", [-0.5, 0.5, -0.5, 0.5, 0]),
        ("`F_8W` - group[F_SED]", [-1, 1, 0, 0, 0]),
        ("slope=2 * rin", [0, 0, 0, 0, 2]),
        ("1e-1 * F_8W - F_SED / 10", [-0.1, 0.1, 0, 0, 0]),
        ("--F_8W - F_SED", [-1, 1, 0, 0, 0]),
    ],
)
def test_arithmetic_on_conditions(design: Design, text: str, expected: list[float]) -> None:
    np.testing.assert_allclose(weights(design, text), expected, atol=1e-15)


def test_covariates_cancel_exactly_in_a_difference(design: Design) -> None:
    assert weights(design, "F_8W - F_SED")[4] == 0.0


def test_names_default_to_the_expression_verbatim(design: Design) -> None:
    found = evaluate_contrasts([parse_contrast(" F_8W - F_SED "), parse_contrast("male = M_8W-M_SED")], design)
    assert found.names == ("F_8W - F_SED", "male")
    assert found.families == ("F_8W - F_SED", "male")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "F_SED - F_SED",
            "the contrast 'F_SED - F_SED' is zero: its terms cancel. Name two conditions of: F_SED, F_8W, M_SED, M_8W.",
        ),
        (
            "F_9W - F_SED",
            "the contrast 'F_9W - F_SED' names 'F_9W', which is no condition of the design; "
            "conditions: F_SED, F_8W, M_SED, M_8W.",
        ),
        ("0", "the contrast '0' is zero: it names no condition. Name two conditions of: F_SED, F_8W, M_SED, M_8W."),
        ("F_8W - 1", "the contrast 'F_8W - 1' has a constant part (-1); compare conditions only."),
        ("", "a contrast is empty; write one such as 'F_8W - F_SED'."),
        ("F_8W * M_8W", "the contrast 'F_8W * M_8W' multiplies conditions; a contrast is a weighted sum of them."),
        ("1 / F_8W", "the contrast '1 / F_8W' divides by a condition; a contrast is a weighted sum of them."),
        ("F_8W / 0", "the contrast 'F_8W / 0' divides by zero."),
        ("(F_8W - F_SED", "the contrast '(F_8W - F_SED' lacks a closing parenthesis."),
        ("F_8W -", "the contrast 'F_8W -' stops short; a condition or a number is missing at its end."),
        ("=F_8W", "a contrast is NAME=EXPRESSION or EXPRESSION; got '=F_8W'."),
    ],
)
def test_a_contrast_that_says_nothing(design: Design, text: str, message: str) -> None:
    with pytest.raises(DesignError) as error:
        weights(design, text)
    assert str(error.value) == message


@pytest.mark.parametrize("text", ["8W - SED", "F_8W $ F_SED", "F_8W M_8W", "F_8W)", "__import__('os')", "a.b(c)"])
def test_what_is_no_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(DesignError, match="cannot be read at"):
        parse_expression(text)


def test_names_that_start_with_a_digit_stand_in_backticks() -> None:
    assert parse_expression("`8W` - w[8W-a] + `1:b`") == {"8W": 1.0, "w[8W-a]": -1.0, "1:b": 1.0}


def test_an_equals_sign_within_backticks_is_part_of_the_name() -> None:
    assert parse_contrast("`a=b` - c").name == "`a=b` - c"


def test_families_are_filled_in_and_checked() -> None:
    contrasts = [parse_contrast(text) for text in ("A - B", "C - B", "D - B")]
    filled = with_families(contrasts, {"first": ["A - B", "C - B"]})
    assert [contrast.family for contrast in filled] == ["first", "first", ""]
    with pytest.raises(DesignError) as error:
        with_families(contrasts, {"first": ["A - B"], "second": ["A - B"]})
    assert str(error.value) == "the contrast 'A - B' is in two families, 'first' and 'second'; keep one."
    with pytest.raises(DesignError, match=r"names the contrast 'E - B', which is none of A - B, C - B, D - B"):
        with_families(contrasts, {"first": ["E - B"]})


def test_a_name_used_twice_is_refused(design: Design) -> None:
    twice = [Contrast("week8", "F_8W - F_SED"), Contrast("week8", "M_8W - M_SED")]
    for use in (lambda: evaluate_contrasts(twice, design), lambda: with_families(twice, {})):
        with pytest.raises(DesignError, match="'week8' is used more than once"):
            use()


def test_no_contrast_at_all(design: Design) -> None:
    with pytest.raises(DesignError, match="no contrast was given; name one such as 'M_8W - F_SED'"):
        evaluate_contrasts([], design)


def test_a_family_as_text() -> None:
    assert parse_family("all: a, b") == ("all", ["a", "b"])
    for text in ("all", ":a", "all:"):
        with pytest.raises(DesignError, match="a family is NAME:contrast,contrast"):
            parse_family(text)


def test_a_contrasts_file() -> None:
    text = "name\texpression\tfamily\nweek8\tF_8W - F_SED\ttrained\n\tM_8W - M_SED\t\n"
    assert contrasts_from_table(text) == [
        Contrast("week8", "F_8W - F_SED", "trained"),
        Contrast("M_8W - M_SED", "M_8W - M_SED", ""),
    ]


@pytest.mark.parametrize(
    "text", ["", "name\tfamily\na\tb\n", "expression\tcolor\na - b\tred\n", "expression\n \n", "expression\na\tb\n"]
)
def test_a_malformed_contrasts_file(text: str) -> None:
    with pytest.raises(DesignError, match="contrasts file"):
        contrasts_from_table(text)
