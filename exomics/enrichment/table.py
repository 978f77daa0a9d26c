"""From the tests of each contrast to the enrichment table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from exomics.enrichment._method import SetTests
from exomics.enrichment.gene_sets import GeneSets
from exomics.enrichment.names import IndexedSets
from exomics.stats.multiple_testing import adjust_within_families


@dataclass(frozen=True)
class ContrastTests:
    """The tests of one contrast: its family in the differential table, the sets as indexed, and a label per feature."""

    contrast: str
    family: str
    indexed: IndexedSets
    tests: SetTests
    labels: np.ndarray

    @property
    def n_features(self) -> int:
        """Features in the background."""
        return int(self.labels.size)

    def named_details(self, gene_sets: GeneSets) -> dict[str, Any]:
        """Details of the kernel, lists over sets by the names of the sets."""
        names = [list(gene_sets.sets)[which] for which in self.indexed.tested]
        return {
            key: dict(zip(names, value, strict=True)) if isinstance(value, list) else value
            for key, value in self.tests.details.items()
        }


def enrichment_frame(tests: Sequence[ContrastTests], gene_sets: GeneSets, method: str) -> pd.DataFrame:
    """The columns of `EnrichmentTable`: contrasts, then sets in their order, then correlations.

    Parameters
    ----------
    tests
        One per contrast.
    gene_sets
        All sets, tested or not.
    method
        Name of the method.

    Returns
    -------
    DataFrame
        A set that was not tested has one row without numbers.
    """
    frame = pd.concat([_rows(test, gene_sets) for test in tests], ignore_index=True)
    frame["method"] = method
    several = frame["inter_gene_correlation"].nunique() > 1 and any(test.tests.p_value.shape[1] > 1 for test in tests)
    families = frame["family"] + " | " + gene_sets.name
    if several:
        known = frame["inter_gene_correlation"].notna()
        suffix = frame.loc[known, "inter_gene_correlation"].map(lambda value: f" | inter-gene correlation {value:g}")
        families = families.where(~known, families + suffix.reindex(frame.index, fill_value=""))
    frame["family"] = families
    codes = pd.factorize(families)[0]
    frame["adj_p_value"] = adjust_within_families(frame["p_value"].to_numpy(), codes)
    return frame


def floor_note(tests: Sequence[ContrastTests], gene_sets: GeneSets, min_size: int) -> list[str]:
    """A sentence on the sets that were not tested; none if all were."""
    skipped = {test.contrast: len(gene_sets) - test.indexed.tested.size for test in tests}
    if not any(skipped.values()):
        return []
    counts = ", ".join(f"{number} in {contrast}" for contrast, number in skipped.items() if number)
    return [f"sets with fewer than {min_size} measured members have a row without numbers: {counts}"]


def _rows(test: ContrastTests, gene_sets: GeneSets) -> pd.DataFrame:
    n_sets, n_variants = len(gene_sets), test.tests.p_value.shape[1]
    repeats = np.ones(n_sets, dtype=np.int64)
    repeats[test.indexed.tested] = n_variants
    which = np.repeat(np.arange(n_sets), repeats)
    filled = np.isin(which, test.indexed.tested)
    sizes = np.array([len(members) for members in gene_sets.sets.values()])
    leading = np.full(n_sets, "", dtype=object)
    for place, columns in zip(test.indexed.tested, test.tests.leading, strict=True):
        leading[place] = ";".join(dict.fromkeys(test.labels[columns]))

    def spread(values: np.ndarray) -> np.ndarray:
        full = np.full(which.size, np.nan)
        full[filled] = values.ravel()
        return full

    names = np.array(list(gene_sets.sets), dtype=object)
    return pd.DataFrame(
        {
            "gene_set": names[which],
            "contrast": test.contrast,
            "n_members": sizes[which],
            "n_measured": test.indexed.n_measured[which],
            "effect": spread(np.repeat(test.tests.effect, n_variants)),
            "statistic": spread(test.tests.statistic),
            "inter_gene_correlation": spread(test.tests.correlation),
            "p_value": spread(test.tests.p_value),
            "family": test.family,
            "leading_features": leading[which],
        }
    )
