"""The selectors: how each decides which features to keep, and what its target is a bound on.

What they do at target 0.2 with 100 samples and 200 or 1,000 features, ten of them 1 SD higher in one of two classes,
stands with its errors in ``tests/stratify/selector_operating_table.tsv``. The default, ``shuffled_labels``, lists
something from noise in 1-6 % of studies and finds 8.9 to 9.8 of the ten with 3-8 % of the list false, whether features
are independent, autoregressive (0.7) or in blocks (0.5). True is what differs by itself: followers of a feature that
matters are listed with it. So it falls short where labels are drawn from ten logistic coefficients of 1 and normal
features:

* Independent or far apart, 0.3 to 1.9 of the ten are found, with a false share of 0.04 to 0.08 if independent and of
  0.16 to 0.46 if others follow them. No selector could find 8.5 at a false share of 0.1: one that is told the other
  nine coefficients and the size of each reaches 7.4 among 200 and 5.2 among 1,000 features.
* Ten neighbors are found (9.5 to 10), with the features that follow them: a false share of 0.11 (autoregressive) or
  0.53 (half of a block). What a neighbor adds to the others cannot be told at this size: the same oracle finds one of
  ten at most.

The t test at the same target finds more, with 17-22 % of the list false, and lists something from noise in 12-24 % of
studies. Selectors on lasso paths ask what a feature adds to the others: neighbors that differ together hide each other
from them (autoregressive: 1 to 3 of ten). ``integrated_paths`` bounds no chance of a list from noise, and gives one in
more than half of the studies. ``decoys`` and ``knockoffs`` find 7.6 to 9 of ten independent features.
"""

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
