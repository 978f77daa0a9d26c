"""Tables of benefit scores: one row per subject, per share of an uplift curve, per group, and per subgroup."""

from __future__ import annotations

from typing import ClassVar

from exomics.results._table import COUNT, NUMBER, TEXT, ResultTable


class BenefitScoreTable(ResultTable):
    """One row per subject: the benefit that models fitted without him predict.

    ``rank`` is the position of ``score`` within the fold, 1 the largest benefit: scores of different folds come from
    different models. ``effect_score`` has the benefit as its expectation; ``outcome`` is 0, 1, a number, or a
    restricted mean of survival; more is better.
    """

    columns: ClassVar[dict[str, str]] = {
        "sample_id": TEXT,
        "subject_id": TEXT,
        "arm": TEXT,
        "method": TEXT,
        "fold": COUNT,
        "score": NUMBER,
        "score_unit": TEXT,
        "rank": NUMBER,
        "outcome": NUMBER,
        "expected_outcome": NUMBER,
        "propensity": NUMBER,
        "effect_score": NUMBER,
    }


class UpliftTable(ResultTable):
    """One row per share of subjects trained: the gain per subject of the population, by score and at random."""

    columns: ClassVar[dict[str, str]] = {
        "method": TEXT,
        "endpoint": TEXT,
        "share_trained": NUMBER,
        "gain": NUMBER,
        "ci_low": NUMBER,
        "ci_high": NUMBER,
        "at_random": NUMBER,
        "unit": TEXT,
    }


class BenefitGroupTable(ResultTable):
    """One row per group of subjects of rising predicted benefit: predicted beside estimated benefit."""

    columns: ClassVar[dict[str, str]] = {
        "method": TEXT,
        "endpoint": TEXT,
        "group": COUNT,
        "n_samples": COUNT,
        "predicted": NUMBER,
        "predicted_unit": TEXT,
        "observed": NUMBER,
        "ci_low": NUMBER,
        "ci_high": NUMBER,
        "unit": TEXT,
    }


class SubgroupTable(ResultTable):
    """One row per level of each subgroup variable: the effect of the arm within it.

    ``interaction_p_value`` belongs to the variable, not to the level: only it says whether effects differ.
    """

    columns: ClassVar[dict[str, str]] = {
        "variable": TEXT,
        "level": TEXT,
        "endpoint": TEXT,
        "metric": TEXT,
        "estimate": NUMBER,
        "ci_low": NUMBER,
        "ci_high": NUMBER,
        "n_trained": COUNT,
        "n_control": COUNT,
        "n_events": COUNT,
        "interaction_p_value": NUMBER,
        "interaction_adj_p_value": NUMBER,
        "note": TEXT,
    }
