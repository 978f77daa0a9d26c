"""The fields of a delimited matrix as numbers, row by row, at the speed of the bytes."""

from __future__ import annotations

import mmap
from fractions import Fraction
from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

_LINE_END, _RETURN, _QUOTE, _PLUS, _MINUS, _POINT = 10, 13, 34, 43, 45, 46
_MOST_DIGITS: Final = 19  # any 19 digits fit into 64 bits
_POWERS: Final = 64
_SPLIT: Final = 134217729.0  # 2^27 + 1: splits a double into two halves
_SMALL: Final = 1 << 23  # bytes
_SLACK: Final = 2.0**-98
WHOLE, TOO_FEW, TOO_MANY, NO_ROOM, OPEN_QUOTE = range(5)


def _power(exponent: int) -> tuple[float, float]:
    """10^exponent as the nearest double and the double nearest to what is left."""
    exact = Fraction(10) ** exponent
    nearest = float(exact)
    return nearest, float(exact - Fraction(nearest))


_POWER_OF_TEN: Final = np.array([_power(exponent) for exponent in range(-_POWERS, _POWERS + 1)])


class Parsed(NamedTuple):
    """Where `parse_rows` stopped, and why: one entry each."""

    n_rows: int
    position: int
    n_odd: int
    n_points: int
    status: int
    n_fields: int


@njit(cache=True, nogil=True)
def _scaled(mantissa: Any, exponent: Any) -> tuple[float, bool]:
    """mantissa x 10^exponent, and whether it is certain to be the double nearest to it.

    The product is formed in twice the precision of a double, with a relative error below 2^-98; rounding is certain
    where it does not matter on which side of that error the true value lies.
    """
    small = mantissa & np.uint64(0xFFFFFFFF)
    large = np.float64(mantissa - small)
    total = large + np.float64(small)
    rest = np.float64(small) - (total - large)
    power, power_rest = _POWER_OF_TEN[exponent + _POWERS]
    high = total * power
    scaled = total * _SPLIT
    total_high = scaled - (scaled - total)
    total_low = total - total_high
    scaled = power * _SPLIT
    power_high = scaled - (scaled - power)
    power_low = power - power_high
    low = ((total_high * power_high - high) + total_high * power_low + total_low * power_high) + total_low * power_low
    low += total * power_rest + rest * power
    margin = high * _SLACK
    value = high + (low - margin)
    return value, value == high + (low + margin)


@njit(cache=True, nogil=True)
def _digits(text: Any, start: Any) -> tuple[int, int, int, int, int]:
    """Digits from `start`, a point among them allowed: where they end, their value, how many count, how many there
    are, and how many stand after the point; -1 where there is no point.
    """
    mantissa: Any = np.uint64(0)
    position, n_counted, n_digits, n_fraction = start, 0, 0, -1
    while True:
        symbol = text[position]
        if 48 <= symbol <= 57:
            n_counted += n_counted > 0 or symbol > 48
            if n_counted <= _MOST_DIGITS:
                mantissa = mantissa * np.uint64(10) + np.uint64(symbol - 48)
            n_digits += 1
            n_fraction += n_fraction >= 0
        elif symbol == _POINT and n_fraction < 0:
            n_fraction = 0
        else:
            return position, mantissa, n_counted, n_digits, n_fraction
        position += 1


@njit(cache=True, nogil=True)
def _exponent(text: Any, start: Any) -> tuple[int, int, bool]:
    """The exponent whose letter stands at `start`: where it ends, its value, and whether it has digits."""
    position = start + 1
    falls = text[position] == _MINUS
    if falls or text[position] == _PLUS:
        position += 1
    first: Any = position
    stated: Any = 0
    while 48 <= text[position] <= 57:
        stated = min(stated * 10 + np.int64(text[position]) - 48, 9999)
        position += 1
    return position, -stated if falls else stated, position > first


@njit(cache=True, nogil=True)
def _number(text: Any, start: Any, delimiter: Any) -> tuple[int, float, bool, int]:
    """Where the field that begins at `start` ends, its value, whether that is certain, and its decimal points."""
    negative = text[start] == _MINUS
    position = start + 1 if negative or text[start] == _PLUS else start
    position, mantissa, n_counted, n_digits, n_fraction = _digits(text, position)
    certain = n_digits > 0 and n_counted <= _MOST_DIGITS
    exponent = -max(n_fraction, 0)
    if certain and (text[position] == 101 or text[position] == 69):
        position, stated, certain = _exponent(text, position)
        exponent += stated
    if text[position] == _RETURN and text[position + 1] == _LINE_END:
        position += 1
    certain = certain and (text[position] == delimiter or text[position] == _LINE_END)
    while text[position] != delimiter and text[position] != _LINE_END:
        position += 1
    value: Any = np.float64(mantissa)
    if mantissa != 0 and (exponent != 0 or mantissa >= 9007199254740992):
        certain = certain and -_POWERS <= exponent <= _POWERS
        if certain:
            value, certain = _scaled(mantissa, exponent)
    return position, -value if negative else value, certain, int(n_fraction >= 0)


@njit(cache=True, nogil=True)
def _end_of(text: Any, start: Any, delimiter: Any) -> int:
    """Where the field that begins at `start` ends; the size of the text when a quote is not closed in it."""
    position, size = start, text.size
    if text[position] == _QUOTE:
        position += 1
        while position < size and (text[position] != _QUOTE or (position + 1 < size and text[position + 1] == _QUOTE)):
            position += 2 if text[position] == _QUOTE else 1
        if position >= size:
            return size
    while text[position] != delimiter and text[position] != _LINE_END:
        position += 1
    return position


@njit(cache=True, nogil=True)
def _plain(text: Any, start: Any, delimiter: Any) -> tuple[int, int]:
    """Where a plain whole number of at most 15 digits ends, and the number; -1 where the field is none."""
    position: Any = start
    whole: Any = 0
    while 48 <= text[position] <= 57:
        whole = whole * 10 + np.int64(text[position]) - 48
        position += 1
    is_plain = 0 < position - start < 16 and (text[position] == delimiter or text[position] == _LINE_END)
    return position, whole if is_plain else -1


@njit(cache=True, nogil=True)
def _field(text: Any, start: Any, delimiter: Any) -> tuple[int, float, bool, int]:
    """As `_number`, by the shortest way; a quoted field is never certain."""
    position, whole = _plain(text, start, delimiter)
    if whole >= 0:
        return position, np.float64(whole), True, 0
    if text[start] == _QUOTE:
        return _end_of(text, start, delimiter), np.nan, False, 0
    return _number(text, start, delimiter)


@njit(cache=True, nogil=True)
def _row(text: Any, start: Any, delimiter: Any, is_text: Any, out: Any) -> tuple[int, int, int, int]:
    """One row into `out` (values, spans, places of odd fields): where it ends, its fields, odd ones and points."""
    values, spans, odd = out
    position, field, n_numbers, n_texts, n_odd, n_points = start, 0, 0, 0, 0, 0
    while True:
        begin = position
        if field < is_text.size and not is_text[field]:
            position, values[n_numbers], certain, found = _field(text, begin, delimiter)
            if not certain:
                odd[n_odd, 1], odd[n_odd, 2], odd[n_odd, 3] = n_numbers, begin, position
                n_odd += 1
            n_points += found
            n_numbers += 1
        else:
            position = _end_of(text, begin, delimiter)
            if field < is_text.size:
                spans[n_texts, 0], spans[n_texts, 1] = begin, position
                n_texts += 1
        field += 1
        if position >= text.size or text[position] == _LINE_END:
            return position, field, n_odd, n_points
        position += 1


@njit(cache=True, nogil=True)
def _parse(text: Any, delimiter: Any, is_text: Any, out: Any) -> tuple[int, int, int, int, int, int]:
    values, spans, odd = out
    position = n_rows = n_odd = n_points = 0
    while position < text.size:
        if text[position] == _LINE_END or (text[position] == _RETURN and text[position + 1] == _LINE_END):
            position += 1 if text[position] == _LINE_END else 2
            continue
        if n_rows == values.shape[0] or n_odd + is_text.size > odd.shape[0]:
            return n_rows, position, n_odd, n_points, NO_ROOM, is_text.size
        places = (values[n_rows], spans[n_rows], odd[n_odd:])
        end, n_fields, found, points = _row(text, position, delimiter, is_text, places)
        if end >= text.size:
            return n_rows, position, n_odd, n_points, OPEN_QUOTE, n_fields
        if n_fields != is_text.size:
            return n_rows, position, n_odd, n_points, TOO_FEW if n_fields < is_text.size else TOO_MANY, n_fields
        odd[n_odd : n_odd + found, 0] = n_rows
        n_odd += found
        n_points += points
        n_rows += 1
        position = end + 1
    return n_rows, position, n_odd, n_points, WHOLE, is_text.size


def parse_rows(
    text: NDArray[np.uint8],
    delimiter: int,
    is_text: NDArray[np.bool_],
    *,
    values: NDArray[np.float64],
    spans: NDArray[np.int64],
    odd: NDArray[np.int64],
) -> Parsed:
    """Parse whole lines into `values`; tell the places of text fields and of those that are not plainly a number.

    Parameters
    ----------
    text
        (n_bytes,) that end with a line end.
    delimiter
        Byte between fields.
    is_text
        (n_fields,) which fields hold text.
    values
        (n, n_numbers), filled.
    spans
        (n_lines, n_texts, 2), filled with start and end of every text field.
    odd
        (n, 4) with n of at least two rows, filled with row, number, start and end of the fields whose value is left
        to the caller: words, quoted fields, and the few numbers whose rounding twice the precision does not settle.

    Returns
    -------
    Parsed
        ``status`` is ``WHOLE`` when all lines were read. Else ``position`` is the start of the line that has
        ``TOO_FEW`` or ``TOO_MANY`` fields (``n_fields`` of them), that has ``NO_ROOM`` in `values` or `odd`, or in
        which an ``OPEN_QUOTE`` begins.
    """
    return Parsed(*_parse(text, np.uint8(delimiter), is_text, (values, spans, odd)))


@njit(cache=True, nogil=True)
def lay_across(tile: Any, values: Any) -> None:
    """Write the transpose of `tile` (n, m) into `values` (m, n), block by block so that both stay in the cache."""
    n_rows, n_columns = tile.shape
    for first_column in range(0, n_columns, 32):
        for first_row in range(0, n_rows, 32):
            for column in range(first_column, min(first_column + 32, n_columns)):
                for row in range(first_row, min(first_row + 32, n_rows)):
                    values[column, row] = tile[row, column]


def unfilled(n_rows: int, n_columns: int) -> NDArray[np.float64]:
    """A matrix whose pages come into memory one by one as they are filled, not in huge ones that are filled later."""
    size = n_rows * n_columns * 8
    return (
        np.ndarray((n_rows, n_columns), buffer=mmap.mmap(-1, size)) if size > _SMALL else np.empty((n_rows, n_columns))
    )
