"""Groups by length or kind of training against a control, alone or compared between sexes or other subgroups."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from exomics.differential.analysis import Analysis
from exomics.differential.contrasts import Contrast
from exomics.differential.designs._samples import labels_of, levels_of, quoted, with_covariates
from exomics.differential.omnibus import Omnibus
from exomics.errors import DesignError
from exomics.schema import keys

CELL = "cell"


def training_effect(
    obs: pd.DataFrame,
    *,
    training: str = keys.TRAINING_WEEK,
    control: str = "0",
    within: str = "",
    covariates: Sequence[str] = (),
) -> Analysis:
    """Does training change it in any week, and in which?

    Parameters
    ----------
    obs
        One row per sample, each of another subject.
    training
        Column of weeks or kinds of training.
    control
        Its level without training.
    within
        Column whose levels are compared with their own control, such as ``sex``; "" for none.
    covariates
        Further columns of obs.

    Returns
    -------
    Analysis
        A contrast ``level - control`` per level (family ``training_by_level``) and the set ``training`` of all of
        them, F on as many degrees of freedom; with `within`, contrasts ``level of within: level - control`` and a set
        per level of `within` besides.

    Raises
    ------
    DesignError
        If a column or the control level is not there.

    Examples
    --------
    >>> obs = pd.DataFrame({"training_week": [0, 0, 1, 1, 8, 8]}, index=list("abcdef"))
    >>> found = training_effect(obs)
    >>> [contrast.name for contrast in found.contrasts], found.omnibus[0].members
    (['1 - 0', '8 - 0'], ('1 - 0', '8 - 0'))
    """
    levels = levels_of(obs, training, control)
    parts = [""] if not within else sorted(set(labels_of(obs, within)))
    cells = _cells(obs, training, within)
    contrasts, sets = [], []
    for part in parts:
        own = [
            Contrast(_named(part, f"{level} - {control}"), _difference(part, level, control), "training_by_level")
            for level in levels[1:]
            if {_cell(part, level), _cell(part, control)} <= set(cells)
        ]
        contrasts += own
        if part and own:
            sets.append(Omnibus(f"training {part}", tuple(contrast.name for contrast in own)))
    if not contrasts:
        raise DesignError(f"no level of {within} has both {control} and another level of {training}.")
    return Analysis(
        design=with_covariates(f"~ 0 + {CELL}", covariates),
        contrasts=tuple(contrasts),
        omnibus=(Omnibus("training", tuple(contrast.name for contrast in contrasts)), *sets),
        samples=pd.DataFrame({CELL: cells}),
        notes=(
            f"training: every level of {training} against {control}; assumes that the groups differ by nothing but "
            "training and the covariates (random allocation, or the same age and season), and one sample per subject",
        ),
    )


def subgroup_difference(
    obs: pd.DataFrame,
    *,
    subgroup: str,
    training: str = keys.INTERVENTION,
    control: str = "sedentary",
    covariates: Sequence[str] = (),
) -> Analysis:
    """Does training act otherwise in one subgroup than in another? The difference is tested, not two p-values.

    Parameters
    ----------
    obs
        One row per sample, each of another subject.
    subgroup
        Column known before training, such as ``sex``; its first level in order is the reference.
    training, control, covariates
        As of `training_effect`.

    Returns
    -------
    Analysis
        Per level of training the effect in each subgroup (family ``within_subgroups``) and its difference from the
        reference subgroup (family ``subgroup_difference``); the set ``interaction`` of all differences.

    Raises
    ------
    DesignError
        If a column or level is not there, a combination has no sample, or there is one subgroup.

    Examples
    --------
    >>> obs = pd.DataFrame({"sex": list("ffffmmmm"), "intervention": ["sedentary", "endurance"] * 4})
    >>> [contrast.name for contrast in subgroup_difference(obs, subgroup="sex").contrasts]
    ['f: endurance - sedentary', 'm: endurance - sedentary', '(m: endurance - sedentary) - (f: endurance - sedentary)']
    """
    levels = levels_of(obs, training, control)
    parts = sorted(set(labels_of(obs, subgroup)))
    if len(parts) < 2:
        raise DesignError(f"{subgroup} has one level ({parts[0]}); a difference needs two.")
    cells = _cells(obs, training, subgroup)
    empty = [_cell(part, level) for part in parts for level in levels if _cell(part, level) not in set(cells)]
    if empty:
        raise DesignError(f"no sample is {empty[0]}; the difference between levels of {subgroup} cannot be estimated.")
    contrasts = []
    for level in levels[1:]:
        own = {part: f"{_named(part, f'{level} - {control}')}" for part in parts}
        text = {part: _difference(part, level, control) for part in parts}
        contrasts += [Contrast(own[part], text[part], "within_subgroups") for part in parts]
        contrasts += [
            Contrast(
                f"({own[part]}) - ({own[parts[0]]})", f"({text[part]}) - ({text[parts[0]]})", "subgroup_difference"
            )
            for part in parts[1:]
        ]
    differences = tuple(contrast.name for contrast in contrasts if contrast.family == "subgroup_difference")
    return Analysis(
        design=with_covariates(f"~ 0 + {CELL}", covariates),
        contrasts=tuple(contrasts),
        omnibus=(Omnibus("interaction", differences),),
        samples=pd.DataFrame({CELL: cells}),
        notes=(SUBGROUP_NOTE.format(subgroup=subgroup),),
    )


SUBGROUP_NOTE = (
    "{subgroup}: a change that is significant in one subgroup and not in the other is no difference; read the rows of "
    "the family subgroup_difference, whose p-values test it. Assumes that {subgroup} was known before training, and, "
    "where subjects were not allocated to training at random within it, no other difference between the groups"
)


def sex_by_training(
    obs: pd.DataFrame,
    *,
    training: str = keys.INTERVENTION,
    control: str = "sedentary",
    covariates: Sequence[str] = (),
) -> Analysis:
    """Do the sexes respond otherwise to training? `subgroup_difference` by sex.

    Parameters
    ----------
    obs
        One row per sample, with the column ``sex``.
    training, control, covariates
        As of `training_effect`.

    Returns
    -------
    Analysis
        See `subgroup_difference`.

    Raises
    ------
    DesignError
        As `subgroup_difference`.

    Examples
    --------
    >>> obs = pd.DataFrame({"sex": list("ffffmmmm"), "intervention": ["sedentary", "endurance"] * 4})
    >>> sex_by_training(obs).omnibus[0].name
    'interaction'
    """
    return subgroup_difference(obs, subgroup=keys.SEX, training=training, control=control, covariates=covariates)


def _cells(obs: pd.DataFrame, training: str, within: str) -> pd.Series:
    levels = labels_of(obs, training)
    cells = levels if not within else labels_of(obs, within) + " " + levels
    if cells.str.contains("`", regex=False).any():
        raise DesignError(f"a level of {training} holds a backtick, which no contrast can name; rename it.")
    return cells


def _cell(part: str, level: str) -> str:
    return f"{part} {level}" if part else level


def _difference(part: str, level: str, control: str) -> str:
    return f"{_spelled(_cell(part, level))} - {_spelled(_cell(part, control))}"


def _spelled(cell: str) -> str:
    return quoted(cell)


def _named(part: str, text: str) -> str:
    return f"{part}: {text}" if part else text
