"""Is it the miRNA, or the stroma? Targets in and outside the matrix, beside random genes, with and without stroma."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from exomics._checks import FloatArray
from exomics.enrichment import names as naming
from exomics.enrichment._method import MEAN_EXPRESSION, SetArrays
from exomics.enrichment._mirna_words import LARGE, verdict_of
from exomics.enrichment.methods.mirna_activity import mirna_activity
from exomics.enrichment.statistics import feature_statistics, signed_scores
from exomics.errors import InputError
from exomics.results import DifferentialTable, Provenance
from exomics.results.mirna import MirnaTable
from exomics.stats.matched_sets import empirical_p_value, matched_sets, quantile_strata

__all__ = ["NonTargets", "mirna_verdict"]

LEAST_TARGETS = 10
_THIRDS = 3
MATRIX, OTHER = "matrix", "other"
UNADJUSTED, ADJUSTED = "unadjusted", "adjusted"
Correlations = Mapping[tuple[str, str], float]
"""Model and set of targets -> correlation between the targets."""

ASSUMED = 0.2
"""Correlation between targets where no samples tell it: residuals of rat gastrocnemius show 0.44 and 0.09."""


@dataclass(frozen=True)
class NonTargets:
    """Random sets of non-targets that the targets are compared with.

    Parameters
    ----------
    n_sets
        How many sets.
    seed
        Of their draws.
    utr_lengths
        Gene -> length of its 3' untranslated region, in the names of the targets; None: expression alone is matched.
    """

    n_sets: int = 1000
    seed: int = 1
    utr_lengths: Mapping[str, float] | None = None

    def strata(self, names: np.ndarray, mean: FloatArray, targets: np.ndarray) -> np.ndarray:
        """Stratum of each gene: tenth of its mean expression, third of its length; unknown lengths are one more.

        A tenth in which a third has fewer non-targets than targets, by their columns, is not divided.
        """
        tenths = quantile_strata(mean)
        if self.utr_lengths is None:
            return tenths
        lengths = np.array([self.utr_lengths.get(str(name), np.nan) for name in names], dtype=np.float64)
        fine = np.where(tenths < 0, -1, tenths * (_THIRDS + 1) + quantile_strata(lengths, _THIRDS) + 1)
        n_all, n_targets = (
            np.bincount(fine[at] + 1, minlength=10 * (_THIRDS + 1) + 1) for at in (slice(None), targets)
        )
        short = np.flatnonzero(n_all < 2 * n_targets) - 1
        whole = np.isin(tenths, short // (_THIRDS + 1))
        return np.where(whole, tenths * (_THIRDS + 1), fine)

    def told(self, targets: Sequence[str]) -> str:
        """What was matched."""
        if self.utr_lengths is None:
            return (
                "random non-targets are matched on tenths of mean expression, not on 3' UTR length: no table was given"
            )
        n_known = sum(name in self.utr_lengths for name in targets)
        return (
            "random non-targets are matched on tenths of mean expression and thirds of 3' UTR length "
            f"({n_known} of {len(targets)} targets have a length)"
        )


_UNADJUSTED = "not adjusted for stroma and purity: a change of composition is not taken out"


def mirna_verdict(
    table: DifferentialTable,
    matrix: Sequence[str],
    other: Sequence[str],
    *,
    adjusted: DifferentialTable | None = None,
    mapping: naming.Mapping | None = None,
    inter_gene_correlation: float | Correlations = ASSUMED,
    non_targets: NonTargets = NonTargets(),  # noqa: B008 (immutable)
) -> MirnaTable:
    """Activity of a miRNA from its targets in and outside the matrix, and the verdict of both.

    Parameters
    ----------
    table
        Differential table of RNA.
    matrix, other
        Validated targets that are and that are not part of the matrix; never predicted ones.
    adjusted
        The same contrasts with stroma (such as ``ctl.stroma``) and purity among the covariates; shown beside.
    mapping
        Ortholog table, when the targets are human and the genes are not.
    inter_gene_correlation
        Between targets, of the second p-value: one number, or one per model and set (``("adjusted", "matrix")``). A
        table cannot tell it; `exomics.validation.mirna_models` estimates it from the samples.
    non_targets
        Random sets of non-targets of the same tenths of mean expression, and of 3' UTR length where a table gives it.

    Returns
    -------
    MirnaTable
        Two rows per contrast and model. A set moves if its correlated and its empirical p-value are both below 0.05; a
        miRNA moves both sets, a change of fibroblasts the matrix alone, and more than the others
        (``p_value_difference``): that one set is significant and the other is not is no difference. Below ten measured
        targets of a set there is no verdict.

    Raises
    ------
    InputError
        If the sets share a gene, no target is in the table, or the adjusted table lacks a contrast.

    Notes
    -----
    For t see `exomics.enrichment.methods.mirna_activity` (Badia-i-Mompel et al. 2022, doi:10.1093/bioadv/vbac016);
    random sets as of Phipson and Smyth (2010), doi:10.2202/1544-6115.1585; the provenance says on what they are
    matched. An effect of 2 log2 or more is no miRNA effect. For models fitted with and without stroma see
    `exomics.validation.mirna_models`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> genes = [f"G{i:03d}" for i in range(400)]
    >>> t = rng.normal(size=400) - 3.0 * (np.arange(400) < 12)
    >>> rows = {"feature_id": genes, "feature_name": genes, "contrast": "c", "test": "wald", "statistic": t,
    ...         "p_value": 0.5, "mean_expression": rng.normal(size=400), "log2_fold_change": t / 5}
    >>> frame = pd.DataFrame(rows).reindex(columns=list(DifferentialTable.columns))
    >>> found = mirna_verdict(DifferentialTable(frame, Provenance(method="made")), genes[:12], genes[12:24])
    >>> found.frame["verdict"].iloc[0]
    'matrix targets alone fall: stroma, not miRNA'
    """
    _require_disjoint(matrix, other)
    models = {UNADJUSTED: table} | ({} if adjusted is None else {ADJUSTED: adjusted})
    contrasts = list(dict.fromkeys(table.frame["contrast"]))
    rows, notes = [], []
    for model, given in models.items():
        lacking = [name for name in contrasts if name not in set(given.frame["contrast"])]
        if lacking:
            raise InputError(f"the adjusted table has no contrast {lacking[0]!r}; make it for the same contrasts.")
        mapped = naming.map_names(given.frame["feature_name"].to_numpy(dtype=object), mapping)
        notes += list(mapped.losses.notes)
        for contrast in contrasts:
            places = np.flatnonzero(given.frame["contrast"] == contrast)
            one = _Contrast(given.frame.iloc[places], mapped.names[places])
            correlations = {name: _correlation(inter_gene_correlation, model, name) for name in (MATRIX, OTHER)}
            generator = np.random.default_rng([non_targets.seed, *contrast.encode()])
            both = one.both_rows((matrix, other), correlations, (non_targets, generator))
            rows += [row | {"contrast": contrast, "model": model} for row in both]
    _require_targets(rows, table, [*matrix, *other])
    notes += [non_targets.told([*matrix, *other]), *([] if adjusted else [_UNADJUSTED])]
    if not isinstance(inter_gene_correlation, Mapping):
        notes.append(f"the correlation between targets is taken to be {inter_gene_correlation:g}, not estimated")
    provenance = Provenance(
        method="mirna_verdict",
        parameters={"inter_gene_correlation": _told(inter_gene_correlation), "n_random_sets": non_targets.n_sets},
        inputs=tuple(entry for given in models.values() for entry in given.provenance.inputs),
        seed=non_targets.seed,
        notes=tuple(dict.fromkeys(notes)),
        acknowledgments=table.provenance.acknowledgments,
    )
    return MirnaTable(pd.DataFrame(rows), provenance)


def _require_disjoint(matrix: Sequence[str], other: Sequence[str]) -> None:
    shared = sorted(set(matrix) & set(other))
    if shared:
        raise InputError(f"{', '.join(shared[:3])} stand in both sets of targets; each belongs to one.")


def _require_targets(rows: Sequence[dict[str, Any]], table: DifferentialTable, targets: Sequence[str]) -> None:
    if any(row["n_measured"] for row in rows):
        return
    genes = table.frame["feature_name"].dropna()
    if genes.isin(targets).any():
        raise InputError(f"none of {len(targets)} targets has a finite statistic and a p-value in the table.")
    raise InputError(
        f"none of {len(targets)} targets is in the table: they have names such as {targets[0]}, its genes such as "
        f"{next((name for name in genes if name), 'none')}. Give the species of the genes (mapping, --from-species)."
    )


class _Contrast:
    """The measured genes of one contrast, one feature per name."""

    def __init__(self, rows: pd.DataFrame, names: np.ndarray) -> None:
        scores = signed_scores(rows, "statistic")
        mean = rows["mean_expression"].to_numpy(dtype=np.float64)
        kept = np.flatnonzero(np.isfinite(scores) & (names != "") & rows["p_value"].notna().to_numpy())
        kept = kept[naming.one_per_name(names[kept], mean[kept], MEAN_EXPRESSION)]
        self.names, self.mean = names[kept], mean[kept]
        self.features = feature_statistics(rows.iloc[kept], scores[kept])

    def both_rows(
        self,
        sets: tuple[Sequence[str], Sequence[str]],
        correlations: Mapping[str, float],
        random: tuple[NonTargets, np.random.Generator],
    ) -> list[dict[str, Any]]:
        """Numbers of both sets, whether they differ, and the verdict."""
        both = [
            self._row(name, tuple(members), (correlations[name], *random))
            for name, members in zip((MATRIX, OTHER), sets, strict=True)
        ]
        differ = self._difference(both, sets)
        said = {"p_value_difference": differ, "verdict": verdict_of(both, differ)}
        return [row | said for row in both]

    def _row(
        self, targets: str, members: tuple[str, ...], how: tuple[float, NonTargets, np.random.Generator]
    ) -> dict[str, Any]:
        correlation, non_targets, generator = how
        at = np.flatnonzero(np.isin(self.names, members))
        row = {"targets": targets, "n_members": len(members), "n_measured": at.size, "note": "",
               "inter_gene_correlation": correlation}  # fmt: skip
        if at.size < LEAST_TARGETS:
            return row | {"status": "below_floor" if at.size else "not_measured",
                          "note": f"fewer than {LEAST_TARGETS} targets measured"}  # fmt: skip
        tests = mirna_activity(self.features, _sets(at[None, :]), inter_gene_correlation=(0.0, correlation))
        change = float(np.mean(self.features.effect[at]))
        return row | {
            "mean_log2_fold_change": change,
            "statistic": tests.statistic[0, 0],
            "p_value": tests.p_value[0, 0],
            "p_value_correlated": tests.p_value[0, 1],
            "empirical_p_value": self._empirical(at, float(tests.statistic[0, 0]), non_targets, generator),
            "status": "ok",
            "note": "too large a change for a miRNA" if abs(change) >= LARGE else "",
        }

    def _difference(self, both: Sequence[Mapping[str, Any]], members: tuple[Sequence[str], Sequence[str]]) -> float:
        """Two-sided p that one set moves more than the other, targets of a set being correlated."""
        if any(row["status"] != "ok" for row in both):
            return float("nan")
        scores = self.features.score
        change, variance = [], []
        for row, names in zip(both, members, strict=True):
            own = scores[np.isin(self.names, names)]
            change.append(own.mean())
            variance.append((1 + (own.size - 1) * row["inter_gene_correlation"]) / own.size)
        deviate = (change[0] - change[1]) / (scores.std(ddof=1) * np.sqrt(sum(variance)))
        return float(2 * special.ndtr(-abs(deviate)))

    def _empirical(
        self, at: np.ndarray, observed: float, non_targets: NonTargets, generator: np.random.Generator
    ) -> float:
        strata = non_targets.strata(self.names, self.mean, at)
        if (strata[at] < 0).any():
            return float("nan")
        drawn = matched_sets(at, strata, non_targets.n_sets, generator)
        controls = mirna_activity(self.features, _sets(drawn), inter_gene_correlation=0.0).statistic[:, 0]
        return empirical_p_value(observed, controls)


def _sets(columns: np.ndarray) -> SetArrays:
    n_sets, size = columns.shape
    return SetArrays(columns.ravel(), np.arange(0, n_sets * size + 1, size), np.ones(n_sets * size))


def _correlation(given: float | Correlations, model: str, targets: str) -> float:
    return given[(model, targets)] if isinstance(given, Mapping) else given


def _told(given: float | Correlations) -> Any:
    return {" ".join(which): value for which, value in given.items()} if isinstance(given, Mapping) else given
