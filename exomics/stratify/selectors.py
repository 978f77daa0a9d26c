"""The selectors: how each decides which features to keep, and what its target is a bound on."""

from __future__ import annotations

from exomics.registry.method import Methods, MethodSpec
from exomics.stats.knockoffs import select_by_knockoffs
from exomics.stats.selection import select_by_shuffled_labels, select_by_t_tests
from exomics.stats.stability_selection import (
    select_against_decoys,
    select_by_complementary_pairs,
    select_by_integrated_paths,
)

__all__ = ["DEFAULT_SELECTOR", "Selectors"]

SHUFFLED_LABELS = MethodSpec(
    name="shuffled_labels",
    kind="selector",
    title="Each feature alone against shuffled labels: any at all, then the expected share of false ones",
    function=select_by_shuffled_labels,
    reference="10.1073/pnas.091062498",
    license="own implementation",
    cohort_dependent=True,
    units="probability of any without differences; 4 x expected share of false features",
)
T_TEST_BH = MethodSpec(
    name="t_test_bh",
    kind="selector",
    title="Student's t test of each feature alone, Benjamini-Hochberg",
    function=select_by_t_tests,
    reference="10.1111/j.2517-6161.1995.tb02031.x",
    license="own implementation",
    cohort_dependent=True,
    units="expected share of false features",
)
COMPLEMENTARY_PAIRS = MethodSpec(
    name="complementary_pairs",
    kind="selector",
    title="Stability selection on complementary half-samples, lasso, unimodal bound",
    function=select_by_complementary_pairs,
    reference="10.1111/j.1467-9868.2011.01034.x",
    license="own implementation",
    cohort_dependent=True,
    units="expected number of false features",
)
INTEGRATED_PATHS = MethodSpec(
    name="integrated_paths",
    kind="selector",
    title="Integrated path stability selection, lasso, cubic function",
    function=select_by_integrated_paths,
    reference="10.1080/01621459.2025.2525589",
    license="own implementation",
    cohort_dependent=True,
    units="expected number of false features / number selected",
)
DECOYS = MethodSpec(
    name="decoys",
    kind="selector",
    title="Stability against shuffled decoys (Stabl), refused above the target",
    function=select_against_decoys,
    reference="10.1038/s41587-023-02033-x",
    license="own implementation",
    cohort_dependent=True,
    units="decoys / features selected",
)
KNOCKOFFS = MethodSpec(
    name="knockoffs",
    kind="selector",
    title="Knockoff+, second-order Gaussian, logistic lasso path",
    function=select_by_knockoffs,
    reference="10.1111/rssb.12265",
    license="own implementation",
    cohort_dependent=True,
    units="expected share of false features beside all others",
)

Selectors = Methods("selector", (SHUFFLED_LABELS, T_TEST_BH, COMPLEMENTARY_PAIRS, INTEGRATED_PATHS, DECOYS, KNOCKOFFS))

#: Holds the error it names on independent, autoregressive and block-correlated features; tests/stratify/test_selection.
DEFAULT_SELECTOR = "shuffled_labels"
