"""What is to be computed: a design, contrasts, sets of them, and the method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from exomics.differential.contrasts import Contrast
from exomics.differential.covariates import Covariates
from exomics.differential.omnibus import Omnibus


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """A design, its contrasts with families, the method and its parameters.

    Parameters
    ----------
    design
        Formula on columns of obs.
    contrasts
        At least one.
    method
        Name of a differential method; a question of `exomics.differential.designs` leaves it open.
    parameters
        Of the method.
    omnibus
        Sets of contrasts to be tested together, each a further row per feature.
    split_by
        Column of var whose values are fitted separately.
    few_features
        Parameters that replace those above where a fit has fewer features than ``below`` (see
        `exomics.registry.recipe.RecipeTest`).
    samples
        The samples to use, in the order to use them: a frame indexed by sample id whose columns the formula reads
        beside, and before, those of obs. None: all samples, obs as it is.
    baseline
        Column of `samples` with the id of the sample that holds each row's baseline, for methods that adjust every
        feature for its own baseline; "" for none.
    notes
        Sentences that a reader of the table must see: what is assumed, which samples were left out.
    sensitivity
        Analyses of the same question under other assumptions; their rows follow.
    covariates
        Covariates of the design that the samples may lack; None: every variable must be there.
    leave_out_absent
        Leave out contrasts whose conditions no sample has, instead of refusing the analysis.
    """

    design: str
    contrasts: tuple[Contrast, ...]
    method: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    omnibus: tuple[Omnibus, ...] = ()
    split_by: str = ""
    few_features: Mapping[str, Any] = field(default_factory=dict)
    samples: pd.DataFrame | None = None
    baseline: str = ""
    notes: tuple[str, ...] = ()
    sensitivity: tuple[Analysis, ...] = ()
    covariates: Covariates | None = None
    leave_out_absent: bool = False
