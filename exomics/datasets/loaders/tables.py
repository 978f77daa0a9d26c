"""Reference tables: data frames in R files, delimited text, gene-set files. These loaders return a frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pandas as pd

from exomics.datasets.loaders._any_table import read_any_sheet
from exomics.datasets.loaders._assemble import only_file
from exomics.datasets.loaders._lines import lines_of
from exomics.datasets.loaders._r_containers import convert, read_r_objects
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec

_R_SUFFIXES: Final = (".rda", ".rdata", ".rds")
_R_OPTIONS: Final[Mapping[str, Any]] = {"object": None}
_TEXT_OPTIONS: Final[Mapping[str, Any]] = {"separator": None, "missing": "NA"}


def load_r_table(files: Mapping[str, Path], manifest: Manifest) -> pd.DataFrame:
    """A data frame of an R file, in R's types.

    Parameters
    ----------
    files
        Role ``data``: an ``.rda``, ``.RData`` or ``.rds``.
    manifest
        Option ``object``: its name, ``name$element`` for an element of a list; needed when the file holds several.

    Returns
    -------
    pandas.DataFrame
        Text as objects with None for NA, integers and logicals nullable where they have NA, factors as categories.
        Row names become the index; automatic ones are dropped.

    Raises
    ------
    InputError
        If there is no such object or it is no data frame.
    """
    path = only_file(files, "data")
    objects = read_r_objects(path)
    wanted = manifest.options.get("object") or (next(iter(objects)) if len(objects) == 1 else "")
    name, *elements = wanted.split("$")
    if name not in objects:
        raise InputError(f"{path}: expected an object {name!r}; the file holds {', '.join(objects)}.")
    found = convert(objects[name], name)
    for element in elements:
        found = found.get(element) if isinstance(found, dict) else None
    if not isinstance(found, pd.DataFrame):
        raise InputError(f"{path}: expected {wanted!r} to be a data frame; got a {type(found).__name__}.")
    return found


def load_delimited_table(files: Mapping[str, Path], manifest: Manifest) -> pd.DataFrame:
    """A table of text, plain or gzipped, or of a workbook; columns whose every value is a number become numbers.

    Parameters
    ----------
    files
        Role ``data``.
    manifest
        Options: ``separator`` (else found out), ``missing`` (word for missing, default ``NA``; an empty field is
        missing as well).

    Returns
    -------
    pandas.DataFrame
        Ids of ten digits and more stay text.

    Raises
    ------
    InputError
        If the file cannot be read as a table, or has no rows.
    """
    path = only_file(files, "data")
    options = {**_TEXT_OPTIONS, **manifest.options}
    missing = (str(options["missing"]), "")
    frame = read_any_sheet(path, delimiter=options["separator"], missing=missing).frame
    if frame.empty:
        raise InputError(f"{path}: expected a header and rows; got a header only.")
    return frame.apply(numbers_where_all)


def numbers_where_all(column: pd.Series) -> pd.Series:
    """`column` as numbers when every field is one; identifiers (ten digits and more, leading zeros) stay text."""
    held = column.dropna()
    if held.empty or held.str.fullmatch(r"\d{10,}|0\d+").any():
        return column
    try:
        numbers = [float(value) for value in held]
    except ValueError:
        return column
    made = pd.Series(numbers, index=held.index).reindex(column.index)
    return (
        made.astype("int64")
        if held.size == column.size and (made % 1 == 0).all() and made.abs().max() < 2**53
        else made
    )


def load_gene_sets(files: Mapping[str, Path], manifest: Manifest) -> pd.DataFrame:
    """A GMT file as one row per member.

    Parameters
    ----------
    files
        Role ``data``: ``name <tab> description <tab> member <tab> member ...`` per line.
    manifest
        No options.

    Returns
    -------
    pandas.DataFrame
        ``gene_set, description, gene`` in the order of the file.

    Raises
    ------
    InputError
        If a line has no member.
    """
    path = only_file(files, "data")
    rows: list[tuple[str, str, str]] = []
    for number, line in enumerate(lines_of(path)[0], start=1):
        name, *rest = line.split("\t")
        if line and len(rest) < 2:
            raise InputError(f"{path}: line {number} must be name, description and members; got {line[:60]!r}.")
        rows.extend((name, rest[0], gene) for gene in rest[1:] if gene)
    return pd.DataFrame(rows, columns=["gene_set", "description", "gene"])


def read_any_table(files: Mapping[str, Path], manifest: Manifest) -> pd.DataFrame:
    """The one table of a file by its suffix, for a role of a dataset whose loader makes a matrix."""
    path = only_file(files, "data")
    if path.suffix.lower() in _R_SUFFIXES:
        chosen = {name: value for name, value in manifest.options.items() if name in _R_OPTIONS}
        return load_r_table(files, replace(manifest, options=chosen))
    return load_delimited_table(files, replace(manifest, options={}))


R_TABLE = MethodSpec(
    name="r_table", kind="loader", title="A data frame of an R file", function=load_r_table, parameters=_R_OPTIONS
)
DELIMITED_TABLE = MethodSpec(
    name="delimited_table",
    kind="loader",
    title="A tab- or comma-separated table",
    function=load_delimited_table,
    parameters=_TEXT_OPTIONS,
)
GENE_SETS = MethodSpec(name="gene_sets", kind="loader", title="A GMT file", function=load_gene_sets)
