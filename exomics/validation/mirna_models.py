"""miRNA activity with and without stroma and purity in the model: both fits, and the verdict of each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.differential import Analysis, build_design, run_analysis
from exomics.enrichment import NonTargets, mirna_verdict
from exomics.enrichment.mirna import ADJUSTED, ASSUMED, MATRIX, OTHER, UNADJUSTED
from exomics.errors import InputError
from exomics.preprocess import log_cpm
from exomics.registry import load_signature
from exomics.results import MirnaTable
from exomics.schema import keys, layer_of, scale_of
from exomics.schema.numbers import numbers_of
from exomics.scoring import score
from exomics.scoring.features import dense, measured_features
from exomics.scoring.scale import log2_values
from exomics.stats.residual_correlation import residual_correlation

__all__ = ["mirna_models"]


def mirna_models(
    adata: AnnData,
    analysis: Analysis,
    *,
    targets: tuple[str, str] = ("ev.mir29_ecm", "ev.mir29_nonecm"),
    adjust: Sequence[str] = ("ctl.stroma",),
    inter_gene_correlation: float | None = None,
    non_targets: NonTargets = NonTargets(),  # noqa: B008 (immutable)
) -> MirnaTable:
    """Fit contrasts as asked and with stroma and purity among the covariates; infer the activity of a miRNA from both.

    Parameters
    ----------
    adata
        Samples x features of RNA, human names.
    analysis
        Method, design and contrasts.
    targets
        Signatures of the targets in and outside the matrix.
    adjust
        Signatures whose score (arm ``total``; of counts on log2 CPM), and numeric columns of obs whose values, join
        the design. The signatures must share no gene with the targets.
    inter_gene_correlation
        Between targets; None: estimated for each set and model from the residuals of the design.
    non_targets
        As of `exomics.enrichment.mirna_verdict`.

    Returns
    -------
    MirnaTable
        Rows ``unadjusted`` and ``adjusted`` of each contrast.

    Raises
    ------
    InputError
        If nothing is to be adjusted for, a word is neither a column nor a signature with a score in every sample, or a
        signature shares genes with the targets.

    Notes
    -----
    ``x ~ design`` and ``x ~ design + stroma + purity``. What the covariate and the targets share by the effect of the
    miRNA itself is taken out with it: hence ``ctl.stroma`` holds fibroblast genes that are no targets (Becht et al.
    2016, doi:10.1186/s13059-016-1070-5). The adjusted row is a claim
    beyond composition, the unadjusted one is not; a covariate measured with error takes out its part only.

    Examples
    --------
    >>> from exomics.differential import parse_contrast
    >>> from exomics.schema import Scale, annotate
    >>> rng, stroma = np.random.default_rng(0), load_signature("ctl.stroma").features("up")
    >>> matrix, other = (load_signature(name).features("up") for name in ("ev.mir29_ecm", "ev.mir29_nonecm"))
    >>> genes = [*matrix, *other, *stroma, *(f"G{i}" for i in range(900))]
    >>> values = rng.normal(5, 1, (20, len(genes)))
    >>> values[:10, : len(matrix) + len(other)] -= 1.5
    >>> obs = pd.DataFrame({"specimen": "tumor", "species": "human", "arm": ["run"] * 10 + ["sit"] * 10})
    >>> obs.index = [f"s{i}" for i in range(20)]
    >>> tumor = AnnData(values, obs=obs, var=pd.DataFrame({"feature_name": genes}, index=genes))
    >>> tumor = annotate(tumor, assay="rna", scale=Scale(kind="log2", quantity="cpm", offset=1.0))
    >>> asked = Analysis(method="limma_trend", design="~ 0 + arm", contrasts=(parse_contrast("run - sit"),))
    >>> found = mirna_models(tumor, asked, non_targets=NonTargets(100))
    >>> found.frame.groupby("model")["verdict"].first()["adjusted"]
    'both sets of targets fall: activity up'
    """
    if not adjust:
        raise InputError("name what to adjust for: signatures such as ctl.stroma, numeric columns such as a purity.")
    matrix, other = (load_signature(name).features("up") for name in targets)
    covariates = pd.concat([_level(adata, name, {*matrix, *other}) for name in adjust], axis=1)
    widened = adata.copy()
    widened.obs = pd.concat([adata.obs.drop(columns=[*set(covariates) & set(adata.obs)]), covariates], axis=1)
    design = " + ".join([analysis.design, *covariates.columns])
    plain, adjusted = (
        run_analysis(widened, replace(analysis, design=formula), name=analysis.method)
        for formula in (analysis.design, design)
    )
    designs, sets = {UNADJUSTED: analysis.design, ADJUSTED: design}, {MATRIX: matrix, OTHER: other}
    between = _correlations(widened, designs, sets) if inter_gene_correlation is None else inter_gene_correlation
    table = mirna_verdict(
        plain, matrix, other, adjusted=adjusted, inter_gene_correlation=between, non_targets=non_targets
    )
    told = f"adjusted for {', '.join(adjust)} on {layer_of(adata)}: {analysis.method}, {design}"
    parameters = {**table.provenance.parameters, "design": analysis.design, "adjusted_design": design}
    notes = (*table.provenance.notes, told)
    return replace(table, provenance=replace(table.provenance, parameters=parameters, notes=notes))


def _correlations(
    adata: AnnData, designs: Mapping[str, str], sets: Mapping[str, Sequence[str]]
) -> dict[tuple[str, str], float]:
    """Mean correlation between the targets of each set, after each design: 0 where it is negative, `ASSUMED` where
    fewer than two targets have a value in every sample."""
    logged = log_cpm(adata) if scale_of(adata).kind == "counts" else adata
    features = measured_features(logged, keys.FEATURE_NAME)
    found = {}
    for name, members in sets.items():
        at = features.columns[np.isin(features.names, members)]
        values = log2_values(dense(logged, at), scale_of(logged), "a correlation").astype(np.float64)
        values = values[:, np.isfinite(values).all(axis=0)]
        for model, formula in designs.items():
            r = residual_correlation(values, build_design(logged.obs, formula).matrix)
            found[(model, name)] = max(r, 0.0) if np.isfinite(r) else ASSUMED
    return found


def _level(adata: AnnData, name: str, targets: set[str]) -> pd.Series:
    """One covariate under a name that a formula can hold; every sample must have it."""
    found = numbers_of(adata.obs[name]) if name in adata.obs.columns else _score(adata, name, targets)
    lacking = int(found.isna().sum())
    if lacking:
        raise InputError(f"{name} is missing in {lacking} of {adata.n_obs} samples; leave them out, or do not adjust.")
    if np.ptp(found.to_numpy(dtype=np.float64)) == 0:
        raise InputError(f"{name} has one value in all samples: there is nothing to adjust for.")
    return found.astype(np.float64).rename(re.sub(r"\W", "_", name))


def _score(adata: AnnData, name: str, targets: set[str]) -> pd.Series:
    signature = load_signature(name)
    shared = sorted(targets & {member.feature_id for member in signature.members})
    if shared:
        raise InputError(
            f"{name} holds {', '.join(shared[:3])}, targets themselves: adjusting would take out the miRNA."
        )
    samples = log_cpm(adata) if scale_of(adata).kind == "counts" else adata
    frame = score(samples, signature, allow_layer=True).frame
    return frame[frame["arm"] == "total"].set_index("sample_id")["score"].reindex(adata.obs_names)
