"""How pipelines are judged."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CrossValidation"]


@dataclass(frozen=True, kw_only=True)
class CrossValidation:
    """How a pipeline is judged.

    Parameters
    ----------
    pipelines
        Names of pipelines on the features; the model without features, and the clinical one if there are clinical
        columns, always stand beside them.
    n_folds, n_repeats
        Outer folds, and how often they are drawn anew.
    inner_folds
        Folds within each training part, for the settings.
    n_permutations
        Shuffles of the labels through the first pipeline; 0 for none.
    n_bootstraps
        Times that subjects are drawn again among what was held out; 0 for none.
    seed
        Of everything random.
    """

    pipelines: tuple[str, ...] = ("elastic_net_logistic",)
    n_folds: int = 5
    n_repeats: int = 10
    inner_folds: int = 5
    n_permutations: int = 1000
    n_bootstraps: int = 1000
    seed: int = 1
