"""The chain table: one row per link, and one for the whole chain."""

from __future__ import annotations

from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable


class ChainTable(ResultTable):
    """One row per link of a chain, then the product of all links (``link`` is ``joint``).

    ``status`` is ``supported``, ``not_supported`` (the interval holds 0), ``wrong_direction``, ``not_measured`` or
    ``not_estimated`` (too few subjects, or a node that does not vary: nothing is said of the link).
    ``robustness`` is the share of residual variance that an unmeasured confounder must explain on both sides to bring
    the estimate to 0, ``robustness_of_interval`` to bring 0 into the interval; empty for a randomized link.
    """

    columns: ClassVar[dict[str, str]] = {
        "link": TEXT,
        "from_node": TEXT,
        "to_node": TEXT,
        "expected_sign": TEXT,
        "estimate": NUMBER,
        "ci_low": NUMBER,
        "ci_high": NUMBER,
        "unit": TEXT,
        "p_value": NUMBER,
        "n_subjects": COUNT,
        "robustness": NUMBER,
        "robustness_of_interval": NUMBER,
        "status": TEXT,
        "note": TEXT,
    }
