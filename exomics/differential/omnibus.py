"""Sets of contrasts that are tested together, as people write them: ``NAME:c1,c2``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from exomics._checks import FloatArray
from exomics.differential.contrasts import (
    Contrast,
    ContrastSet,
    evaluate_contrasts,
    parse_contrast,
    parse_family,
    with_families,
)
from exomics.differential.design import Design
from exomics.errors import DesignError


@dataclass(frozen=True)
class Omnibus:
    """A test whether any of several contrasts differs from zero.

    Parameters
    ----------
    name
        As it stands in the result.
    members
        Names of contrasts of the analysis, or expressions.
    family
        Rows of one family are adjusted together; "" for a family of its own.
    """

    name: str
    members: tuple[str, ...]
    family: str = ""


@dataclass(frozen=True)
class OmnibusSet:
    """Sets of contrasts evaluated on a design.

    Parameters
    ----------
    names, families
        One per set.
    weights
        One matrix (n_coefficients, n_contrasts) per set.
    """

    names: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    weights: tuple[FloatArray, ...] = ()


def parse_omnibus(text: str) -> Omnibus:
    """Read ``NAME:c1,c2``; each member is the name of a contrast, or an expression.

    Parameters
    ----------
    text
        As on the command line.

    Returns
    -------
    Omnibus
        Without a family.

    Raises
    ------
    DesignError
        If it is not of that form.

    Examples
    --------
    >>> parse_omnibus("training:F_1W - F_SED,F_2W - F_SED").members
    ('F_1W - F_SED', 'F_2W - F_SED')
    """
    try:
        name, members = parse_family(text)
    except DesignError:
        raise DesignError(f"a set of contrasts to be tested together is NAME:c1,c2; got {text!r}.") from None
    return Omnibus(name, tuple(members))


def named_families(
    contrasts: Sequence[Contrast], omnibus: Sequence[Omnibus], families: Mapping[str, Sequence[str]]
) -> tuple[tuple[Contrast, ...], tuple[Omnibus, ...]]:
    """Contrasts and sets with the declared families filled in; both may be named in a family.

    Parameters
    ----------
    contrasts, omnibus
        As read.
    families
        Family name -> names of its contrasts and sets.

    Returns
    -------
    tuple
        The contrasts and the sets.

    Raises
    ------
    DesignError
        As `with_families`; the names of contrasts and sets are one list.

    Examples
    --------
    >>> one, sets = named_families([Contrast("a", "A - B")], [Omnibus("any", ("a",))], {"all": ["a", "any"]})
    >>> one[0].family, sets[0].family
    ('all', 'all')
    """
    rows = [*contrasts, *(Contrast(one.name, ",".join(one.members), one.family) for one in omnibus)]
    found = with_families(rows, families)
    sets = [replace(one, family=row.family) for one, row in zip(omnibus, found[len(contrasts) :], strict=True)]
    return tuple(found[: len(contrasts)]), tuple(sets)


def evaluate_omnibus(omnibus: Sequence[Omnibus], contrasts: Sequence[Contrast], design: Design) -> OmnibusSet:
    """Sets of contrasts as weights on the coefficients of `design`.

    Parameters
    ----------
    omnibus
        With unique names.
    contrasts
        Those of the analysis; a member that is the name of one means it, any other is read as an expression.
    design
        Whose conditions the expressions name.

    Returns
    -------
    OmnibusSet
        A set without a declared family is a family of its own.

    Raises
    ------
    DesignError
        If a member is neither, or a set is empty.

    Examples
    --------
    >>> import pandas as pd
    >>> from exomics.differential.design import build_design
    >>> design = build_design(pd.DataFrame({"week": list("SSAABB")}), "~ 0 + week")
    >>> evaluate_omnibus([Omnibus("training", ("A - S", "B - S"))], [], design).weights[0].tolist()
    [[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]
    """
    known = {contrast.name: contrast for contrast in contrasts}
    matrices: list[FloatArray] = []
    for one in omnibus:
        if not one.members:
            raise DesignError(f"the set {one.name!r} has no contrasts; name those to be tested together.")
        members = [known.get(member.name, member) for member in map(parse_contrast, dict.fromkeys(one.members))]
        matrices.append(np.asarray(evaluate_contrasts(members, design).weights))
    return OmnibusSet(
        tuple(one.name for one in omnibus), tuple(one.family or one.name for one in omnibus), tuple(matrices)
    )


def columns_of(contrasts: ContrastSet, omnibus: OmnibusSet) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and families of the rows of a table: the contrasts, then the sets."""
    return (*contrasts.names, *omnibus.names), (*contrasts.families, *omnibus.families)
