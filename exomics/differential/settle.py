"""An analysis settled on the samples that are there: covariates and conditions that may be lacking are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from anndata import AnnData

from exomics.differential.analysis import Analysis
from exomics.differential.audit import audited_design
from exomics.differential.contrasts import Contrast, evaluate_contrasts
from exomics.differential.covariates import adjust_covariates
from exomics.differential.design import Design
from exomics.differential.omnibus import Omnibus, evaluate_omnibus
from exomics.errors import DesignError


def settle(adata: AnnData, analysis: Analysis) -> tuple[AnnData, Analysis]:
    """The samples and the analysis, covariates settled, and contrasts too where the analysis lets them be lacking.

    Parameters
    ----------
    adata
        The samples that are fitted together.
    analysis
        What was asked.

    Returns
    -------
    tuple
        The same objects where nothing is to be settled.

    Raises
    ------
    DesignError
        If no contrast is left, or the design cannot be estimated.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> study = AnnData(np.ones((4, 1)), obs=pd.DataFrame({"group": list("aabb")}, index=list("wxyz")))
    >>> asked = (Contrast("b - a", "b - a"), Contrast("c - a", "c - a"))
    >>> analysis = Analysis(design="~ 0 + group", contrasts=asked, leave_out_absent=True)
    >>> settle(study, analysis)[1].notes
    ('left out, because no sample has their conditions: c - a',)
    """
    adata, analysis = with_covariates_settled(adata, analysis)
    if not analysis.leave_out_absent:
        return adata, analysis
    return adata, without_absent(analysis, [audited_design(adata.obs, analysis.design)[0]])


def with_covariates_settled(adata: AnnData, analysis: Analysis) -> tuple[AnnData, Analysis]:
    """Covariates filled or scaled in obs, and those that are lacking no longer in the formula."""
    if analysis.covariates is None:
        return adata, analysis
    adjusted = adjust_covariates(adata.obs, analysis.design, analysis.covariates)
    settled = adata.copy()
    settled.obs = adjusted.obs
    notes = (*analysis.notes, *adjusted.notes)
    return settled, replace(analysis, design=adjusted.formula, covariates=None, notes=notes)


def without_absent(analysis: Analysis, designs: Sequence[Design]) -> Analysis:
    """Leave out the contrasts whose conditions are in none of the designs, and sets without a contrast left.

    Parameters
    ----------
    analysis
        What was asked.
    designs
        Of each part of the samples that is fitted alone.

    Returns
    -------
    Analysis
        A set keeps the contrasts that are left; a note names what was left out.

    Raises
    ------
    DesignError
        If no contrast is left.
    """

    def there(one: Contrast | Omnibus) -> bool:
        return any(has_conditions(one, analysis, design) for design in designs)

    contrasts = tuple(one for one in analysis.contrasts if there(one))
    if not contrasts:
        raise DesignError(
            f"no sample has the conditions of any contrast ({analysis.contrasts[0].name}, ...); check the groups."
        )
    members = [tuple(name for name in one.members if there(Omnibus("", (name,)))) for one in analysis.omnibus]
    sets = tuple(replace(one, members=left) for one, left in zip(analysis.omnibus, members, strict=True) if left)
    kept = {*(one.name for one in contrasts), *(one.name for one in sets)}
    asked = [*(one.name for one in analysis.contrasts), *(one.name for one in analysis.omnibus)]
    absent = [name for name in asked if name not in kept]
    notes = (f"left out, because no sample has their conditions: {', '.join(absent)}",) if absent else ()
    return replace(analysis, contrasts=contrasts, omnibus=sets, leave_out_absent=False, notes=(*analysis.notes, *notes))


def has_conditions(one: Contrast | Omnibus, analysis: Analysis, design: Design) -> bool:
    """Whether a contrast or a set can be evaluated in a design."""
    try:
        if isinstance(one, Contrast):
            evaluate_contrasts([one], design)
        else:
            evaluate_omnibus([one], analysis.contrasts, design)
    except DesignError:
        return False
    return True
