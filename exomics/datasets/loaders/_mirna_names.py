"""What a row of a small RNA table names: a mature miRNA, a precursor, an accession, or several of them at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.datasets.loaders._assemble import Expression
from exomics.errors import InputError
from exomics.schema import keys

COLLAPSES: Final = ("none", "sum", "max")
_DOTTED: Final = re.compile(r"[a-z]{3,5}\.(?:mir|let|lin)\.[\w.*]+", re.IGNORECASE)
_NAME: Final = re.compile(r"([a-z]{3,5}-)?(mir|let|lin)-.+", re.IGNORECASE)
_EXCERPT: Final = re.compile(r"(?P<name>[^:]+):(?P<accession>MI(?:MAT)?\d{7}):.*")
_PAIR: Final = re.compile(r"(?P<precursor>[a-z]{3,5}-(?:mir|let|lin)-[^_]+)_(?P<name>[a-z]{3,5}-(?:miR|let|lin)-[^_]+)")
_ACCESSION: Final = re.compile(r"(MI(?:MAT)?\d{7})(?:_\d+)?")
_ARM: Final = re.compile(r"-([35]p)(?:$|[.:_+\-])")
_PARTS: Final = re.compile(r"[/;,]")


@dataclass(frozen=True)
class MirnaName:
    """A row's name as the source means it: accession, precursor and arm where it tells them, and its kind of name."""

    name: str
    form: str
    accession: str = ""
    precursor: str = ""
    arm: str = ""
    members: tuple[str, ...] = ()


def parse_mirna(label: str) -> MirnaName:
    """What `label` names.

    Examples
    --------
    >>> parse_mirna("hsa-miR-101-3p:MIMAT0000099:Homo:sapiens:miR-101-3p").accession
    'MIMAT0000099'
    >>> parse_mirna("hsa-miR-192-5p/215-5p").members
    ('hsa-miR-192-5p', 'hsa-miR-215-5p')
    >>> parse_mirna("hsa.mir.103a.1").form, parse_mirna("hsa-mir-1302-2_hsa-miR-1302").precursor
    ('precursor', 'hsa-mir-1302-2')
    """
    if found := _EXCERPT.fullmatch(label):
        return replace(parse_mirna(found["name"]), accession=found["accession"])
    if found := _PAIR.fullmatch(label):
        return replace(parse_mirna(found["name"]), precursor=found["precursor"])
    if found := _ACCESSION.fullmatch(label):
        form = "accession" if found[1].startswith("MIMAT") else "precursor_accession"
        return MirnaName(found[1], form, accession=found[1])
    name = label.replace(".", "-") if _DOTTED.fullmatch(label) else label
    members = _members(name)
    if len(members) > 1:
        return MirnaName(name, "merged", members=members)
    arm = _ARM.search(name)
    return MirnaName(name, _form(name, bool(arm)), arm=arm[1] if arm else "")


def _members(name: str) -> tuple[str, ...]:
    """The names that a merged one stands for; what the first says of species and family holds for the rest."""
    first, *rest = _PARTS.split(name)
    found = re.match(r"((?:[a-z]{3,5}-)?(?:miR|mir|let|lin)-)", first)
    if not rest or found is None:
        return (name,)
    whole = [part if _NAME.fullmatch(part) else found[1] + part for part in map(str.strip, rest) if part]
    species = found[1].partition("-")[0] if not found[1].startswith(("miR", "mir", "let", "lin")) else ""
    return (first, *(part if not species or part.startswith(species) else f"{species}-{part}" for part in whole))


def _form(name: str, has_arm: bool) -> str:
    found = _NAME.fullmatch(name)
    if found is None:
        return "other"
    if has_arm or name.endswith("*"):
        return "mature"
    if found[2] == "miR":
        return "mature_without_arm"
    if found[2] == "mir" or re.search(r"-\d+$", name.partition("-")[2]):
        return "precursor"
    return "precursor_or_mature"  # hsa-let-7b: miRBase spells both alike


def mirna_features(labels: Sequence[str], *, names: Mapping[str, str] | None = None) -> pd.DataFrame:
    """The features' frame of a small RNA table.

    Parameters
    ----------
    labels
        Row ids as the source spells them.
    names
        Accession to name, for tables that hold accessions only.

    Returns
    -------
    pandas.DataFrame
        Indexed by the label: ``feature_name``, ``feature_type`` (mirna, or gene for anything else), ``accession``,
        ``precursor``, ``arm``, ``name_form`` and ``merged_members`` (joined by ``;``).
    """
    parsed = [parse_mirna(label) for label in labels]
    known = names or {}
    columns = {
        keys.FEATURE_NAME: [known.get(found.accession, found.name) for found in parsed],
        keys.FEATURE_TYPE: ["gene" if found.form == "other" else "mirna" for found in parsed],
        "accession": [found.accession for found in parsed],
        "precursor": [found.precursor for found in parsed],
        "arm": [_arm(known.get(found.accession, found.name), found.arm) for found in parsed],
        "name_form": [found.form for found in parsed],
        "merged_members": [";".join(found.members) for found in parsed],
    }
    return pd.DataFrame(columns, index=pd.Index(list(labels), dtype=object))


def _arm(name: str, arm: str) -> str:
    found = _ARM.search(name)
    return found[1] if found else arm


def mirna_report(var: pd.DataFrame) -> dict[str, Any]:
    """How the rows are named: counts per form, merged names, accessions without name, names on several rows."""
    named = var.loc[var[keys.FEATURE_TYPE] == "mirna", keys.FEATURE_NAME]
    repeated = named[named.duplicated(keep=False)]
    merged = var["merged_members"].str.split(";")[var["merged_members"] != ""]
    unnamed = var["name_form"].isin(["accession", "precursor_accession"]) & (var[keys.FEATURE_NAME] == var["accession"])
    return {
        "name_forms": var["name_form"].value_counts().to_dict(),
        "merged_names": list(var.loc[merged.index, keys.FEATURE_NAME]),
        "n_rows": len(var),
        "n_names": int(named.nunique() + sum(len(members) - 1 for members in merged)),
        "names_on_several_rows": int(repeated.nunique()),
        "accessions_without_name": int(unnamed.sum()),
    }


def collapse_rows(expression: Expression, how: str) -> tuple[Expression, dict[str, Any]]:
    """Rows of one name put together.

    Parameters
    ----------
    expression
        Samples x rows; dense values.
    how
        ``none`` keeps every row; ``sum`` adds rows of one name (isomiRs, distinct reads); ``max`` takes the largest
        (loci of one mature miRNA at which the same reads were counted).

    Returns
    -------
    tuple
        The collapsed expression, its features called by their names, and how many rows went into how many names, and
        for how many names all rows are equal, so that a sum would count the same reads again.

    Raises
    ------
    InputError
        If `how` is none of the three.
    """
    if how not in COLLAPSES:
        raise InputError(f"the option `collapse` must be one of {', '.join(COLLAPSES)}; got {how!r}.")
    names = expression.var[keys.FEATURE_NAME].to_numpy()
    codes, distinct = pd.factorize(names)
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(len(distinct)))
    values = np.asarray(expression.values)[:, order]
    high, low = (function.reduceat(values, starts, axis=1) for function in (np.maximum, np.minimum))
    several = np.bincount(codes) > 1
    report = {
        "collapse": how,
        "rows_of_shared_names": int(np.bincount(codes)[several].sum()),
        "shared_names": int(several.sum()),
        "shared_names_with_equal_rows": int((several & (high == low).all(axis=0)).sum()),
    }
    if how == "none":
        return expression, report
    collapsed = np.add.reduceat(values, starts, axis=1) if how == "sum" else high
    var = expression.var.iloc[order[starts]].set_axis(pd.Index(distinct, dtype=object), axis=0)
    var = var.assign(precursor=_joined(expression.var["precursor"], codes), n_rows=np.bincount(codes))
    return Expression(collapsed, expression.obs, var), report


def _joined(words: pd.Series, codes: np.ndarray) -> list[str]:
    return [";".join(sorted({word for word in part if word})) for _, part in words.groupby(codes)]
