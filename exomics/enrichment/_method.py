"""What an enrichment method declares beyond a `MethodSpec`, and the arrays it takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.errors import InputError, RegistryError
from exomics.registry.method import MethodSpec

IntArray = NDArray[np.int64]

CORRELATIONS = (0.0, 0.01, 0.05, 0.1, 0.2)
"""Inter-gene correlations at which a P value is given where the correlation is not estimated."""

KEEP, MEAN_EXPRESSION = "keep", "mean_expression"
RUNNER: Mapping[str, Any] = {"min_size": 5, "duplicates": MEAN_EXPRESSION, "rank_by": "z", "names": "feature_name"}
_INPUTS = ("statistics", "expression")


class FeatureStatistics(NamedTuple):
    """The features of one contrast, (n_features,) each: `score` is signed and finite, NaN where the test has no sign.

    `effect` is the log2 fold change, `adj_p_value` that of the differential table.
    """

    score: FloatArray
    effect: FloatArray
    p_value: FloatArray
    adj_p_value: FloatArray


class SetArrays(NamedTuple):
    """Sets in compressed form: set s holds the features ``columns[offsets[s]:offsets[s + 1]]``.

    ``columns`` and ``signs`` are (n_entries,), ``offsets`` (n_sets + 1,).
    """

    columns: IntArray
    offsets: IntArray
    signs: FloatArray

    def members(self, chosen: int) -> IntArray:
        """Columns of one set."""
        return self.columns[self.offsets[chosen] : self.offsets[chosen + 1]]

    def member_signs(self, chosen: int) -> FloatArray:
        """Signs of the members of one set."""
        return self.signs[self.offsets[chosen] : self.offsets[chosen + 1]]

    def __len__(self) -> int:
        return int(self.offsets.size - 1)


class SetTests(NamedTuple):
    """What a kernel returns.

    ``effect`` is (n_sets,); ``statistic, p_value, correlation`` are (n_sets, n_variants): one variant per inter-gene
    correlation that is allowed for, NaN where none is. ``leading`` holds, per set, columns of features, strongest
    first; ``details`` JSON values for the provenance, a list over sets where it is one.
    """

    effect: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    correlation: FloatArray
    leading: tuple[IntArray, ...]
    details: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class EnrichmentMethod(MethodSpec):
    """An enrichment method.

    ``function(features: FeatureStatistics, sets: SetArrays, *, ...) -> SetTests`` where it reads ``statistics``;
    ``function(expression, design, contrast, sets, *, weights, ...) -> SetTests`` where it reads ``expression``.

    Parameters
    ----------
    reads
        ``statistics``: a differential table; ``expression``: samples, with a design.
    takes_signs
        Whether signs of members count; a method that ignores them refuses signed sets.
    needs_sign
        Whether the score of a feature must be signed, so that an F or likelihood-ratio test will not do.
    random
        Whether the kernel takes ``generator``.
    takes_blocks
        Whether the kernel takes ``blocks``, the correlation of samples of one subject.
    runner
        Parameters that the runner reads: ``min_size`` (the floor of measured members), ``duplicates`` (``keep`` all
        features of a name, or the one with the highest ``mean_expression``), ``rank_by`` (``z``: the normal deviate of
        the test; ``statistic``; ``log2_fold_change``) and ``names`` (``feature_name`` or ``feature_id``).
    """

    reads: str = "statistics"
    takes_signs: bool = False
    needs_sign: bool = True
    random: bool = False
    takes_blocks: bool = False
    runner: Mapping[str, Any] = field(default_factory=lambda: dict(RUNNER))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.reads not in _INPUTS or set(self.runner) != set(RUNNER):
            raise RegistryError(
                f"enrichment method {self.name!r}: reads must be one of {_INPUTS}, runner {set(RUNNER)}."
            )
        object.__setattr__(self, "parameters", {**self.parameters, **self.runner})


def one_variant(values: FloatArray) -> FloatArray:
    """(n_sets,) as (n_sets, 1)."""
    return np.asarray(values, dtype=np.float64)[:, None]


def no_correlation(n_sets: int) -> FloatArray:
    """The correlation of a method that allows for none, (n_sets, 1)."""
    return np.full((n_sets, 1), np.nan)


def correlations_of(given: float | str | tuple[float, ...] | list[float]) -> tuple[float, ...]:
    """One correlation or several, as a tuple; text holds them separated by commas.

    Raises
    ------
    InputError
        If one is no number.
    """
    listed = given.split(",") if isinstance(given, str) else given if isinstance(given, tuple | list) else (given,)
    try:
        return tuple(map(float, listed))
    except ValueError as error:
        raise InputError(f"inter_gene_correlation must be numbers such as 0,0.05; got {given!r}.") from error


def beyond_the_others(values: FloatArray, sets: SetArrays, direction: FloatArray) -> tuple[IntArray, ...]:
    """Per set, the members that differ from the mean of the other features in `direction`, the furthest first.

    Parameters
    ----------
    values
        (n_features,) signed statistics.
    sets
        n_sets of them.
    direction
        (n_sets,) positive for sets that are up.

    Returns
    -------
    tuple of ndarray
        Columns.
    """
    total, found = values.sum(), []
    for chosen in range(len(sets)):
        members = sets.members(chosen)
        rest = (total - values[members].sum()) / (values.size - members.size)
        ahead = (values[members] - rest) * (1.0 if direction[chosen] > 0 else -1.0) * sets.member_signs(chosen)
        order = np.argsort(-ahead, kind="stable")
        found.append(members[order][ahead[order] > 0])
    return tuple(found)
