"""Questions as text, ``NAME:KEY=VALUE,KEY=VALUE``: the designs by name, and how their options are spelled."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import pandas as pd

from exomics.differential.analysis import Analysis
from exomics.differential.designs._samples import Visits, labels_of
from exomics.differential.designs.arms import arms, arms_by_subgroup
from exomics.differential.designs.dose import dose_response
from exomics.differential.designs.prepost import prepost
from exomics.differential.designs.repeated import repeated_measures
from exomics.differential.designs.time_lag import time_lag
from exomics.differential.designs.training import sex_by_training, subgroup_difference, training_effect
from exomics.errors import DesignError

Questions: Mapping[str, Callable[..., Analysis]] = {
    function.__name__: function
    for function in (
        training_effect,
        sex_by_training,
        subgroup_difference,
        prepost,
        arms,
        arms_by_subgroup,
        repeated_measures,
        dose_response,
        time_lag,
    )
}
_VISITS = tuple(field.name for field in fields(Visits))
_ONLY = "only"
_SEVERAL = ("covariates", "order")
_YES = {"true": True, "yes": True, "false": False, "no": False}


def ask(obs: pd.DataFrame, question: str) -> Analysis:
    """The analysis that answers a question in words.

    Parameters
    ----------
    obs
        One row per sample.
    question
        ``NAME`` or ``NAME:KEY=VALUE,KEY=VALUE``: the name of a function of `exomics.differential.designs` and its
        options. Several columns are joined by ``+`` (``covariates=batch+age``); ``subject, time, before, after`` are
        the fields of `Visits`; ``only=COLUMN=LEVEL`` keeps the samples of that level.

    Returns
    -------
    Analysis
        Without a method, unless the question brings its own.

    Raises
    ------
    DesignError
        If there is no such question or option, or as the question's function.

    Examples
    --------
    >>> obs = pd.DataFrame({"animal": list("aabb"), "day": ["1", "9"] * 2}, index=list("wxyz"))
    >>> ask(obs, "prepost:subject=animal,time=day,before=1,after=9").contrasts[0].name
    '9 - 1'
    """
    name, options = parse_question(question)
    only = options.pop(_ONLY, "")
    if not only:
        return Questions[name](obs, **options)
    column, separator, level = only.partition("=")
    labels = labels_of(obs, column)
    if not separator or level not in set(labels):
        raise DesignError(
            f"only is COLUMN=LEVEL with a level of that column ({', '.join(sorted(set(labels))[:12])}); got {only!r}."
        )
    return Questions[name](obs[labels == level], **options)


def parse_question(text: str) -> tuple[str, dict[str, Any]]:
    """The name of a question and its options, as its function takes them.

    Parameters
    ----------
    text
        As of `ask`.

    Returns
    -------
    tuple
        Name and keyword arguments; ``only`` stays text.

    Raises
    ------
    DesignError
        If there is no such question or option, or a value is not of the option's kind.

    Examples
    --------
    >>> parse_question("dose_response:dose=sessions,shape=spline,df=4,covariates=age+batch")
    ('dose_response', {'dose': 'sessions', 'shape': 'spline', 'df': 4, 'covariates': ['age', 'batch']})
    """
    name, _, rest = text.partition(":")
    name = name.strip().replace("-", "_")
    if name not in Questions:
        close = difflib.get_close_matches(name, Questions, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise DesignError(f"there is no question {name!r}; the questions: {', '.join(Questions)}.{hint}")
    known = inspect.signature(Questions[name]).parameters
    given: dict[str, Any] = {}
    visits: dict[str, str] = {}
    for entry in filter(None, (part.strip() for part in rest.split(","))):
        key, separator, value = entry.partition("=")
        if not separator or not value or not _takes(known, key):
            raise DesignError(
                f"{name} has no option {entry!r}; its options: {', '.join(_options(known))}, each KEY=VALUE."
            )
        if key in _VISITS and "visits" in known:
            visits[key] = value
        else:
            given[key] = value if key == _ONLY else _value(name, known[key], value)
    if visits:
        given["visits"] = Visits(**visits)
    missing = [key for key, parameter in known.items() if key != "obs" and parameter.default is parameter.empty]
    absent = [key for key in missing if key not in given]
    if absent:
        raise DesignError(f"{name} needs {absent[0]}=...; its options: {', '.join(_options(known))}.")
    return name, given


def _takes(known: Mapping[str, inspect.Parameter], key: str) -> bool:
    return key in _options(known)


def _options(known: Mapping[str, inspect.Parameter]) -> list[str]:
    own = [key for key in known if key not in ("obs", "visits")]
    return [*own, *(_VISITS if "visits" in known else ()), _ONLY]


def _value(name: str, parameter: inspect.Parameter, text: str) -> Any:
    if parameter.name in _SEVERAL:
        return text.split("+")
    kind = type(parameter.default)
    if kind is bool:
        if text.lower() not in _YES:
            raise DesignError(f"{parameter.name} of {name} is true or false; got {text!r}.")
        return _YES[text.lower()]
    if kind is int:
        try:
            return int(text)
        except ValueError:
            raise DesignError(f"{parameter.name} of {name} is a whole number; got {text!r}.") from None
    return text
