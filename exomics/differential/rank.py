"""Is every coefficient of a design estimable? If not, which columns are combinations of which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from exomics._checks import FloatArray
from exomics.errors import DesignError

_TOLERANCE = 1e-7
_SHOWN = 3
_MOST_TERMS = 8


def require_estimable(matrix: FloatArray, names: Sequence[str]) -> None:
    """Raise one `DesignError` unless `matrix` has full column rank and residual degrees of freedom.

    Parameters
    ----------
    matrix
        Design (n_samples, n_coefficients).
    names
        One per column.

    Raises
    ------
    DesignError
        Naming the numbers, or the first three columns that are combinations of earlier ones with the combination.

    Examples
    --------
    >>> require_estimable(np.array([[1.0, 0, 1], [1, 0, 1], [0, 1, 1], [0, 1, 1]]), ["SED", "8W", "plex"])
    Traceback (most recent call last):
    exomics.errors.DesignError: the design is rank-deficient: plex = SED + 8W. Leave out one of these columns, ...
    """
    n_samples, n_coefficients = matrix.shape
    if n_samples <= n_coefficients:
        raise DesignError(
            f"the design has {n_coefficients} coefficients and {n_samples} samples; at least {n_coefficients + 1} "
            "samples are needed. Use a simpler design or more samples."
        )
    found = aliased_columns(matrix, names)
    if found:
        more = f" (and {len(found) - _SHOWN} more)" if len(found) > _SHOWN else ""
        raise DesignError(
            f"the design is rank-deficient: {'; '.join(found[:_SHOWN])}{more}. "
            "Leave out one of these columns, or merge the levels that always occur together."
        )


def aliased_columns(matrix: FloatArray, names: Sequence[str]) -> list[str]:
    """Each column that is zero or a linear combination of earlier ones, as text such as ``plex = SED + 8W``.

    A column counts as dependent when its residual on the earlier ones is below 1e-7 of its own length.

    Parameters
    ----------
    matrix
        Design (n_samples, n_coefficients).
    names
        One per column.

    Returns
    -------
    list of str
        Empty for a design of full column rank.

    Examples
    --------
    >>> aliased_columns(np.array([[1.0, 2.0], [1.0, 2.0]]), ["Intercept", "age"])
    ['age = 2 Intercept']
    """
    lengths = np.linalg.norm(matrix, axis=0)
    unit = matrix / np.where(lengths > 0, lengths, 1.0)
    if (lengths > 0).all() and np.linalg.svd(unit, compute_uv=False)[-1] > _TOLERANCE:
        return []
    kept: list[int] = []
    found = []
    for column in range(matrix.shape[1]):
        if lengths[column] == 0:
            found.append(f"{names[column]} = 0 in every sample")
            continue
        solution = np.linalg.lstsq(unit[:, kept], unit[:, column], rcond=None)[0]
        residual = unit[:, column] - unit[:, kept] @ solution
        if kept and np.linalg.norm(residual) < _TOLERANCE:
            terms = zip(solution * lengths[column] / lengths[kept], [names[index] for index in kept], strict=True)
            found.append(f"{names[column]} = {_combination(terms)}")
        else:
            kept.append(column)
    return found


def _combination(terms: zip[tuple[float, str]]) -> str:
    text = ""
    used = [(weight, name) for weight, name in terms if abs(weight) >= _TOLERANCE]
    for weight, name in used[:_MOST_TERMS]:
        sign = "-" if weight < 0 else "+"
        size = "" if abs(abs(weight) - 1) < _TOLERANCE else f"{abs(weight):.4g} "
        text += f" {sign} {size}{name}" if text else f"{'-' if weight < 0 else ''}{size}{name}"
    return text + (f" and {len(used) - _MOST_TERMS} more" if len(used) > _MOST_TERMS else "")
