"""The fields of a delimited matrix as numbers, row by row, at the speed of the bytes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

_LINE_END, _RETURN, _QUOTE, _PLUS, _MINUS, _POINT = 10, 13, 34, 43, 45, 46
_MOST_DIGITS: Final = 19  # any 19 digits fit into 64 bits
_EXACT_DIGITS: Final = 15  # so many digits and powers of ten are exact as doubles: one division rounds right
_POWERS: Final = 64
_SPLIT: Final = 134217729.0  # 2^27 + 1: splits a double into two halves
WHOLE, TOO_FEW, TOO_MANY, NO_ROOM, OPEN_QUOTE = range(5)


def _power(exponent: int) -> tuple[float, float]:
    """10^exponent as the nearest double and the double nearest to what is left."""
    exact = Fraction(10) ** exponent
    nearest = float(exact)
    return nearest, float(exact - Fraction(nearest))


_WHOLE_POWER: Final = 10.0 ** np.arange(_EXACT_DIGITS + 1)
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
    margin = high * 2.0**-98
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
    """Where the field from `start` ends, its value, whether that is certain (never if quoted), its decimal points."""
    if text[start] == _QUOTE:
        return _end_of(text, start, delimiter), np.nan, False, 0
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
def _decimal(mantissa: Any, n_digits: Any, n_fraction: Any) -> tuple[float, bool]:
    """mantissa / 10^n_fraction, and whether it is certain to be the double nearest to it."""
    if n_digits > _EXACT_DIGITS:
        return _scaled(mantissa, -n_fraction)
    value = np.float64(np.int64(mantissa))
    return value / _WHOLE_POWER[n_fraction] if n_fraction else value, True


@njit(cache=True, nogil=True)
def _plain(text: Any, start: Any, delimiter: Any, values: Any) -> tuple[Any, int, int, bool]:
    """Plain numbers of at most 19 digits into `values`, from the field that begins at `start`: where the first field
    that is none begins, how many there are, how many have a point, and whether the line ends behind them.

    Positions are unsigned, as none is counted from the end.
    """
    zero, one, ten = np.uint64(48), np.uint64(1), np.uint64(10)
    n_points: Any = 0
    position = np.uint64(start)
    for n in range(values.size):
        first = position
        position += np.uint64(text[position] == _MINUS)
        unsigned, mantissa, n_fraction = position, np.uint64(0), np.uint64(0)
        digit = np.uint64(text[position]) - zero
        while digit < ten:
            mantissa = mantissa * ten + digit
            position += one
            digit = np.uint64(text[position]) - zero
        has_point = text[position] == _POINT
        if has_point:
            position += one
            n_fraction = position
            digit = np.uint64(text[position]) - zero
            while digit < ten:
                mantissa = mantissa * ten + digit
                position += one
                digit = np.uint64(text[position]) - zero
            n_fraction = position - n_fraction
        n_digits = np.int64(position - unsigned) - has_point
        is_end = text[position] == _LINE_END
        certain, value = 0 < n_digits <= _MOST_DIGITS and (is_end or text[position] == delimiter), 0.0
        if certain:
            value, certain = _decimal(mantissa, n_digits, np.int64(n_fraction))
        if not certain:
            return np.int64(first), n, n_points, False
        values[n] = value if unsigned == first else -value
        n_points += has_point
        if is_end:
            return np.int64(position), n + 1, n_points, True
        position += one
    return np.int64(position), values.size, n_points, False


@njit(cache=True, nogil=True)
def _row(text: Any, start: Any, delimiter: Any, runs: Any, out: Any) -> tuple[int, int, int, int]:
    """One row into `out` (values, spans, places of odd fields): where it ends, its fields, odd ones and points."""
    values, spans, odd = out
    position, field, n_numbers, n_texts, n_odd, n_points = start, 0, 0, 0, 0, 0
    while True:
        if field < runs.size and runs[field] > 0:
            place = values[n_numbers : n_numbers + runs[field]]
            position, found, points, is_end = _plain(text, position, delimiter, place)
            field, n_numbers, n_points = field + found, n_numbers + found, n_points + points
            if is_end:
                return position, field, n_odd, n_points
        begin = position
        if field < runs.size and runs[field] > 0:
            position, values[n_numbers], certain, found = _number(text, begin, delimiter)
            if not certain:
                odd[n_odd, 1], odd[n_odd, 2], odd[n_odd, 3] = n_numbers, begin, position
                n_odd += 1
            n_points += found
            n_numbers += 1
        else:
            position = _end_of(text, begin, delimiter)
            if field < runs.size:
                spans[n_texts, 0], spans[n_texts, 1] = begin, position
                n_texts += 1
        field += 1
        if position >= text.size or text[position] == _LINE_END:
            return position, field, n_odd, n_points
        position += 1


@njit(cache=True, nogil=True)
def _runs(is_text: Any) -> Any:
    """How many fields from each on hold numbers, without a text field between."""
    runs = np.zeros(is_text.size, dtype=np.int64)
    following = 0
    for field in range(is_text.size - 1, -1, -1):
        following = 0 if is_text[field] else following + 1
        runs[field] = following
    return runs


@njit(cache=True, nogil=True)
def _parse(text: Any, delimiter: Any, is_text: Any, out: Any) -> tuple[int, int, int, int, int, int]:
    values, spans, odd = out
    position = n_rows = n_odd = n_points = 0
    runs = _runs(is_text)
    while position < text.size:
        if text[position] == _LINE_END or (text[position] == _RETURN and text[position + 1] == _LINE_END):
            position += 1 if text[position] == _LINE_END else 2
            continue
        if n_rows == values.shape[0] or n_odd + is_text.size > odd.shape[0]:
            return n_rows, position, n_odd, n_points, NO_ROOM, is_text.size
        places = (values[n_rows], spans[n_rows], odd[n_odd:])
        end, n_fields, found, points = _row(text, position, delimiter, runs, places)
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
