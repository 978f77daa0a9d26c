"""Plain R values from the parsed tree: vectors, factors, dates, matrices, data frames, lists.

Missing values are kept exactly: ``NA_integer_`` and logical ``NA`` become pandas NA in nullable columns,
``NA_real_`` keeps its bit pattern (a NaN whose low word is 1954), ``NA_character_`` becomes None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from rdata.parser import RObject, RObjectType

from exomics.errors import InputError

_EMPTY = (RObjectType.NIL, RObjectType.NILVALUE)
_FRAME_CLASSES = frozenset({"data.frame", "tbl_df", "data.table"})


@dataclass(frozen=True)
class LabeledMatrix:
    """A matrix as R holds it (features usually in rows) with its row and column names, None where R has none."""

    values: Any
    row_names: list[str] | None
    column_names: list[str] | None


def resolve(value: RObject) -> RObject:
    """`value`, or what it refers to."""
    while value.info.type is RObjectType.REF and value.referenced_object is not None:
        value = value.referenced_object
    return value


def pairs(value: RObject | None) -> Iterator[tuple[str, RObject]]:
    """(tag, value) of a pairlist, in order."""
    while value is not None and value.info.type is RObjectType.LIST:
        yield (_symbol(value.tag) if value.tag is not None else ""), value.value[0]
        value = value.value[1]


def attributes(value: RObject) -> dict[str, RObject]:
    """The attributes (for S4: the slots) of `value` by name."""
    return dict(pairs(value.attributes))


def classes(value: RObject) -> tuple[str, ...]:
    """The class attribute, or the name of the storage type when there is none."""
    declared = attributes(value).get("class")
    if declared is not None and declared.info.type is RObjectType.STR:
        return tuple(strings(declared, missing=""))
    return ()


def describe(value: RObject) -> str:
    """Class, or storage type, for an error message."""
    return "/".join(classes(value)) or resolve(value).info.type.name.lower()


def is_null(value: RObject | None) -> bool:
    """True for NULL, also as S4 slots store it (the symbol ``\\001NULL\\001``)."""
    if value is None:
        return True
    value = resolve(value)
    return value.info.type in _EMPTY or (value.info.type is RObjectType.SYM and _symbol(value) == "\x01NULL\x01")


def is_frame(value: RObject) -> bool:
    """True for a data.frame, tibble or data.table."""
    return value.info.type is RObjectType.VEC and not _FRAME_CLASSES.isdisjoint(classes(value))


def environment(value: RObject) -> dict[str, RObject]:
    """The variables of an environment; nothing in it is evaluated or converted."""
    value = resolve(value)
    found = dict(pairs(value.value.frame))
    if value.value.hash_table.info.type is RObjectType.VEC:
        for chain in value.value.hash_table.value:
            found.update(pairs(chain))
    return found


def strings(value: RObject, *, missing: str | None = None) -> list[Any]:
    """The texts of a character vector, or the labels of a factor; NA becomes `missing`."""
    if value.info.type is RObjectType.INT and "levels" in attributes(value):
        return [missing if pd.isna(label) else label for label in _factor(value)]
    if value.info.type is not RObjectType.STR:
        raise InputError(f"expected a character vector in the R object; got {describe(value)}.")
    return [missing if text is None else text for text in map(_text, value.value)]


def names_of(value: RObject) -> list[str] | None:
    """The ``names`` attribute, None where there is none."""
    names = attributes(value).get("names")
    return None if is_null(names) or names is None else strings(names, missing="")


def named_list(value: RObject) -> dict[str, RObject]:
    """The elements of a list by name; those without a name are called by their position, from 1."""
    if value.info.type is not RObjectType.VEC:
        raise InputError(f"expected a list in the R object; got {describe(value)}.")
    names = names_of(value) or [""] * len(value.value)
    return {
        name or str(position): item for position, (name, item) in enumerate(zip(names, value.value, strict=True), 1)
    }


def column(value: RObject) -> Any:
    """One column of a data frame as an array pandas keeps without loss.

    Raises
    ------
    InputError
        If the values are not atomic, or are a matrix of more than one column.
    """
    slots = attributes(value)
    kinds = classes(value)
    if "dim" in slots and len(slots["dim"].value) > 1 and slots["dim"].value[1] != 1:
        raise InputError("expected a vector in a column of a data frame; got a matrix.")
    if "factor" in kinds:
        return _factor(value)
    if "Date" in kinds:
        return _dates(_plain(value), seconds=86_400.0)
    if "POSIXct" in kinds:
        return _dates(_plain(value), seconds=1.0)
    if "integer64" in kinds:
        return _wide_integers(value)
    if kinds == ("Rle",):
        return _run_lengths(slots)
    return _vector(value)


def _vector(value: RObject) -> Any:
    kind = value.info.type
    if kind is RObjectType.STR:
        return np.array([*strings(value), None], dtype=object)[:-1]
    if kind is RObjectType.REAL:
        return value.value
    if kind in {RObjectType.INT, RObjectType.LGL}:
        is_integer = kind is RObjectType.INT
        plain = np.int64 if is_integer else np.bool_
        if isinstance(value.value, np.ma.MaskedArray):
            missing = np.ma.getmaskarray(value.value)
            held: Any = np.where(missing, 0, value.value.data).astype(plain)
            return pd.arrays.IntegerArray(held, missing) if is_integer else pd.arrays.BooleanArray(held, missing)
        return value.value.astype(plain)
    raise InputError(f"expected an atomic vector in the R object; got {describe(value)}.")


def _factor(value: RObject) -> pd.Categorical:
    levels = pd.Index(strings(attributes(value)["levels"], missing=""))
    codes = np.where(np.ma.getmaskarray(value.value), 0, np.ma.getdata(value.value)).astype(np.int64) - 1
    dtype = pd.CategoricalDtype(levels, ordered="ordered" in classes(value))
    return pd.Categorical.from_codes(codes, dtype=dtype)


def _plain(value: RObject) -> np.ndarray:
    if isinstance(value.value, np.ma.MaskedArray):
        return np.where(value.value.mask, np.nan, value.value.data.astype(np.float64))
    return np.asarray(value.value, dtype=np.float64)


def _dates(values: np.ndarray, *, seconds: float) -> Any:
    missing = np.isnan(values)
    stamps = (np.where(missing, 0.0, values) * (seconds * 1e3)).round().astype("int64").astype("datetime64[ms]")
    stamps[missing] = np.datetime64("NaT")
    return stamps


def _wide_integers(value: RObject) -> Any:
    """Column of package bit64: 64-bit integers in the bytes of doubles."""
    numbers = value.value.view(np.int64)
    missing = numbers == np.iinfo(np.int64).min
    if not missing.any():
        return numbers
    return pd.arrays.IntegerArray(np.where(missing, 0, numbers), missing)


def _run_lengths(slots: Mapping[str, RObject]) -> Any:
    lengths = np.asarray(slots["lengths"].value, dtype=np.int64)
    return pd.Series(column(slots["values"])).take(np.repeat(np.arange(lengths.size), lengths)).array


def matrix(value: RObject) -> LabeledMatrix:
    """A matrix with its names; integers stay integers, a missing integer or logical makes the matrix float with NaN.

    Raises
    ------
    InputError
        If the value is not a two-dimensional atomic array.
    """
    slots = attributes(value)
    if "dim" not in slots or len(slots["dim"].value) != 2:
        raise InputError(f"expected a matrix in the R object; got {describe(value)}.")
    shape = tuple(int(size) for size in slots["dim"].value)
    if value.info.type is RObjectType.STR:
        flat: Any = np.array([*strings(value), None], dtype=object)[:-1]
    elif isinstance(value.value, np.ma.MaskedArray):
        flat = _plain(value)
    elif value.info.type in {RObjectType.INT, RObjectType.REAL, RObjectType.LGL}:
        flat = value.value
    else:
        raise InputError(f"expected a matrix of numbers or text; got {describe(value)}.")
    rows, columns = dimension_names(slots.get("dimnames"))
    return LabeledMatrix(flat.reshape(shape, order="F"), rows, columns)


def dimension_names(value: RObject | None) -> tuple[list[str] | None, list[str] | None]:
    """Row and column names of a ``dimnames`` attribute."""
    if value is None or is_null(value):
        return None, None
    rows, columns = (None if is_null(names) else strings(names, missing="") for names in value.value)
    return rows, columns


def row_names(value: RObject | None) -> list[str] | None:
    """Row names of a data frame; None for automatic ones (R's compact form, or 1..n)."""
    if value is None or is_null(value):
        return None
    if value.info.type is RObjectType.STR:
        return strings(value, missing="")
    numbers = np.ma.getdata(value.value)
    if np.ma.getmaskarray(value.value).any() or np.array_equal(numbers, np.arange(1, len(numbers) + 1)):
        return None
    return [str(int(number)) for number in numbers]


def data_frame(value: RObject) -> pd.DataFrame:
    """A data.frame, tibble or data.table as a frame; ``attrs["skipped"]`` names columns that hold no plain values."""
    slots = attributes(value)
    return frame_of(named_list(value), row_names(slots.get("row.names")))


def frame_of(columns: Mapping[str, RObject], index: Sequence[str] | None) -> pd.DataFrame:
    """A frame from R columns; a column that holds no plain values is skipped and named in ``attrs["skipped"]``."""
    converted: dict[str, Any] = {}
    skipped: list[str] = []
    for name, value in columns.items():
        if is_frame(value):
            nested = data_frame(value)
            converted.update({f"{name}.{inner}": nested[inner].array for inner in nested.columns})
            continue
        try:
            converted[name] = column(value)
        except InputError:
            skipped.append(name)
    labels = None if index is None else pd.Index(list(index))
    frame = pd.DataFrame(converted, index=labels)
    frame.attrs["skipped"] = skipped
    return frame


def _symbol(value: RObject | None) -> str:
    if value is None:
        return ""
    value = resolve(value)
    return _text(value.value) or "" if value.info.type is RObjectType.SYM else ""


def _text(value: Any) -> str | None:
    if isinstance(value, RObject):
        value = value.value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
