"""The pooled table: one row per feature over several studies, with what the studies disagree about."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable
from exomics.results.differential import DifferentialTable


class PooledTable(ResultTable):
    """The columns of `DifferentialTable`, then the heterogeneity of the studies that were pooled.

    ``tau_squared`` is the variance of the effect between studies (log2 units squared), ``i_squared`` its share of the
    total and ``r_squared`` the share that moderators explain, both fractions; ``q`` is Cochran's; the prediction limits
    are those of the effect in a further study. ``ortholog_relation`` and ``ortholog_support`` say how sure it is that
    the feature is the same in all species: the least certain kind of pair, and the fewest databases that agree on one
    (0 for a pair from the hand table); empty where no study was mapped.
    """

    columns: ClassVar[dict[str, str]] = {
        **DifferentialTable.columns,
        "n_studies": COUNT,
        "tau_squared": NUMBER,
        "i_squared": NUMBER,
        "q": NUMBER,
        "q_p_value": NUMBER,
        "r_squared": NUMBER,
        "prediction_low": NUMBER,
        "prediction_high": NUMBER,
        "ortholog_relation": TEXT,
        "ortholog_support": COUNT,
    }

    def differential(self) -> DifferentialTable:
        """The same rows without the columns on studies, for whatever reads a differential table."""
        return DifferentialTable(self.frame[list(DifferentialTable.columns)], self.provenance)


def read_differential(path: Path | str) -> DifferentialTable:
    """Read a differential table; of a pooled one the rows without what is said of the studies.

    Parameters
    ----------
    path
        A table written by `ResultTable.to_tsv`.

    Returns
    -------
    DifferentialTable
        With its provenance.

    Raises
    ------
    InputError
        If the file is neither.
    """
    source = Path(path)
    pooled = column_names(source) == list(PooledTable.columns)
    return PooledTable.from_tsv(source).differential() if pooled else DifferentialTable.from_tsv(source)


def column_names(path: Path) -> list[str]:
    """The fields of the first line of a table; none of a file that is not there."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline().rstrip("\r\n").split("\t")
