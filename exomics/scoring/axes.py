"""Axes from a tissue that secretes to a tumor that listens: scores across layers, and a ranking of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics._checks import FloatArray
from exomics.errors import InputError, LayerError
from exomics.harmonize import OrthologTable
from exomics.registry.signature import Signature
from exomics.registry.signature_files import load_signature, signature_hash
from exomics.results import AxisTable, DifferentialTable, Provenance, ReferenceTable, ScoreTable
from exomics.schema import Scale, annotate, keys, layer_of, metadata, scale_of
from exomics.schema.numbers import numbers_of
from exomics.scoring._between_subjects import AVERAGED, between_subjects, subjects_of
from exomics.scoring._feature_reference import own_reference
from exomics.scoring._pairs import Pair, pairs_of, require_receptors, shared_partners
from exomics.scoring._replication import ONE_CONTRAST, replicated, replicated_first
from exomics.scoring.features import dense, measured_features
from exomics.scoring.members import members_in_table
from exomics.scoring.run import score
from exomics.scoring.scale import log2_values, zero_of
from exomics.stats.multiple_testing import adjust_p_values

__all__ = ["axis_scores", "rank_axes"]

_LIGAND = "ligand "
_JOINED = Scale(kind="log2", quantity="value", offset=1.0)  # of both layers: 0 is not detected
_FAR_ABOVE = 32.0


def axis_scores(
    ligands: AnnData, receptors: AnnData, signature: Signature, *, reference: ReferenceTable | None = None
) -> ScoreTable:
    """Score ligand-receptor pairs across two layers of the same subjects: the ligand of one, the receptor of the other.

    Parameters
    ----------
    ligands
        Samples x features of the layer that secretes (muscle, plasma), one sample per subject and time point.
    receptors
        The same of the tumor.
    signature
        Pairs as groups of members, the ligand first.
    reference
        Frozen, of both layers joined; None: the samples are their own reference.

    Returns
    -------
    ScoreTable
        One row per subject with both, and pair: ``min(z_ligand, min_subunits z)``; the layer is that of the receptors,
        the note names both.

    Raises
    ------
    LayerError
        If the signature does not list the layer of the ligands or of the receptors.
    InputError
        If no subject has both, or a subject has two samples of one time point.

    Notes
    -----
    The two layers are joined on log2 scales, each counted from its zero, so that a partner detected in fewer than 20 %
    of its samples is ``below_detection``; z-scores remove what is left of the difference. A human ortholog column
    names the features of another species, so that a rat muscle can be read against a human tumor by name only where
    subjects are shared. An axis is an association: it does not show that the ligand reached the receptor.
    """
    layer = layer_of(ligands)
    if layer not in signature.ligand_layers:
        raise LayerError(
            f"{signature.id} reads ligands on {', '.join(signature.ligand_layers) or 'no layer'}; these are {layer}."
        )
    pairs = pairs_of(signature)
    require_receptors(signature, receptors)
    joined = _join(
        ligands, receptors, {pair.ligand for pair in pairs}, {name for pair in pairs for name in pair.receptor}
    )
    first = {pair.name: pair.ligand for pair in pairs}
    members = tuple(
        replace(member, feature_id=_LIGAND + member.feature_id) if member.feature_id == first[member.group] else member
        for member in signature.members
    )
    across = replace(signature, members=members, native_members={}, checks={}, species="human")
    table = score(joined, across, reference=reference)
    told = f"ligand on {layer}, receptor on {layer_of(receptors)}"
    notes = [f"{told}; {note}" if note else told for note in table.frame["note"]]
    return ScoreTable(table.frame.assign(note=notes), table.provenance)


def rank_axes(
    table: DifferentialTable,
    tumor: AnnData,
    signature: Signature,
    *,
    target: Signature | str = "imm.cd8",
    adjust: Sequence[Signature | str] = ("ctl.stroma",),
    orthologs: OrthologTable | None = None,
    alpha: float = 0.05,
) -> AxisTable:
    """Which ligands change with training, have their receptor in the tumor, and form an axis that goes with a target.

    Parameters
    ----------
    table
        Differential table of the tissue that secretes; one contrast per sex or study.
    tumor
        Tumor samples x features.
    signature
        Pairs as groups of members, the ligand first.
    target
        Signature whose score the axis is correlated with.
    adjust
        Signatures (stroma) or numeric columns of ``obs`` (purity) that both are adjusted for.
    orthologs
        Table by which human ligands are found in a table of another species.
    alpha
        A ligand is replicated if it is significant at this level, with one sign, in every contrast; one that a contrast
        lacks is not.

    Returns
    -------
    AxisTable
        One row per pair and contrast: replicated ligands first, then by the size of the partial correlation. Status
        ``not_measured`` (ligand not in the table), ``below_detection`` (a partner detected in fewer than 20 % of the
        tumors), ``below_floor`` (too few axis scores) or ``ok``.

    Raises
    ------
    LayerError
        If the signature does not list the layer of `tumor`.
    InputError
        If the signature has no pairs, a covariate is unknown or no number, or the table is of another species.

    Notes
    -----
    The axis is ``min(z_ligand, min_subunits z)`` within the tumor (`axis_min`). The correlation is partial, Pearson,
    with Fisher's interval, between subjects: of several tumors of one the means (Bland and Altman 1995,
    doi:10.1136/bmj.310.6980.633); ``axis_adj_p_value`` is Benjamini-Hochberg over the pairs of the signature. Nothing
    here shows that a ligand of muscle acts on the tumor. Where a partner is a member of the target or of a covariate
    the two go together by construction, and the note says so.
    """
    pairs = pairs_of(signature)
    require_receptors(signature, tumor)
    axes = score(tumor, signature)
    effects = members_in_table(table, [pair.ligand for pair in pairs], orthologs=orthologs)
    level, covariates = _levels(tumor, target, adjust)
    subjects = subjects_of(tumor)
    axis_rows = _axis_rows(axes, pairs, level, (covariates, subjects))
    axis_rows["shared"] = shared_partners(
        pairs, [of for of in (target, *adjust) if not isinstance(of, str) or of not in tumor.obs.columns]
    )
    n_contrasts = table.frame["contrast"].nunique()
    axis_rows["detected"] = _detected(tumor, signature, pairs)
    kept = effects[["gene", "contrast", "status", "log2_fold_change", "adj_p_value"]]
    frame = kept.merge(axis_rows, left_on="gene", right_on="ligand")
    frame["replicated"] = frame["ligand"].map(replicated(effects, alpha, n_contrasts))
    frame["note"] = np.where(frame["status"] == "measured", "", "ligand " + frame["status"] + " in the table; ")
    frame["note"] = (frame["note"] + frame["shared"]).str.removesuffix("; ")
    frame["status"] = np.where(frame["status"] == "not_measured", "not_measured", frame["axis_status"])
    return AxisTable(replicated_first(frame)[list(AxisTable.columns)], _provenance(table, signature, alpha, subjects))


def _join(ligands: AnnData, receptors: AnnData, first: set[str], second: set[str]) -> AnnData:
    left, right = _by_subject(ligands, first, _LIGAND), _by_subject(receptors, second, "")
    shared = [key for key in right.index if key in left.index]
    if not shared:
        raise InputError("no subject and time point has a sample in both layers; check subject_id and time_point.")
    both = pd.concat([left.loc[shared], right.loc[shared]], axis=1)
    chosen = {key: at for at, key in enumerate(_keys(receptors))}
    obs = receptors.obs.iloc[[chosen[key] for key in shared]].assign(**{keys.SPECIES: "human"})
    var = pd.DataFrame({keys.FEATURE_NAME: both.columns}, index=both.columns)
    found = AnnData(np.ascontiguousarray(both.to_numpy()), obs=obs, var=var)
    return annotate(found, assay=str(metadata(receptors)[keys.ASSAY]), scale=_JOINED)


def _by_subject(adata: AnnData, wanted: set[str], prefix: str) -> pd.DataFrame:
    column = keys.HUMAN_ORTHOLOG if keys.HUMAN_ORTHOLOG in adata.var.columns else keys.FEATURE_NAME
    features = measured_features(adata, column)
    kept = [at for at, name in enumerate(features.names) if name in wanted]
    values = _above_zero(dense(adata, features.columns[kept]), scale_of(adata))
    index = pd.Index(_keys(adata), tupleize_cols=False)
    if index.has_duplicates:
        raise InputError(f"{index[index.duplicated()][0]} has two samples in {layer_of(adata)}; keep one.")
    return pd.DataFrame(values, index=index, columns=[prefix + features.names[at] for at in kept])


def _above_zero(values: FloatArray, scale: Scale) -> FloatArray:
    """log2 values, with 0 for what is not detected; where a scale has no zero, whatever is measured is above it."""
    levels = log2_values(values, scale, "an axis").astype(np.float64)
    zero = zero_of(scale)
    return np.maximum(levels - zero, 0.0) if np.isfinite(zero) else levels + _FAR_ABOVE


def _keys(adata: AnnData) -> list[str]:
    if keys.SUBJECT_ID not in adata.obs.columns:
        raise InputError(
            f"the samples of {layer_of(adata)} have no column {keys.SUBJECT_ID}; the sample sheet must name it."
        )
    times = adata.obs[keys.TIME_POINT].astype(str) if keys.TIME_POINT in adata.obs else [""] * adata.n_obs
    return [
        f"{subject} {time}".strip() for subject, time in zip(adata.obs[keys.SUBJECT_ID].astype(str), times, strict=True)
    ]


def _levels(
    tumor: AnnData, target: Signature | str, adjust: Sequence[Signature | str]
) -> tuple[pd.Series, pd.DataFrame]:
    """The score of the target, and the covariates, by sample."""

    def level(of: Signature | str) -> pd.Series:
        if isinstance(of, str) and of in tumor.obs.columns:
            return _numeric(tumor.obs[of])
        signature = load_signature(of) if isinstance(of, str) else of
        frame = score(tumor, signature, allow_layer=True).frame
        return frame[frame["arm"] == "total"].set_index("sample_id")["score"].rename(signature.id)

    covariates = [level(of) for of in adjust]
    return level(target), pd.concat(covariates, axis=1) if covariates else pd.DataFrame(index=tumor.obs_names)


def _numeric(column: pd.Series) -> pd.Series:
    numbers = numbers_of(column)
    words = column[numbers.isna() & column.notna()]
    if len(words):
        raise InputError(f"{column.name} holds text such as {words.iloc[0]!r}; adjust for numbers or signatures.")
    return numbers


def _axis_rows(
    axes: ScoreTable, pairs: list[Pair], level: pd.Series, given: tuple[pd.DataFrame, pd.Series]
) -> pd.DataFrame:
    """One row per pair: status of its axis in the tumor, and its partial correlation with the target."""
    scored_first = axes.frame.iloc[np.argsort(axes.frame["status"] != "ok", kind="stable")]
    states = scored_first.drop_duplicates(["arm"]).set_index("arm")["status"]
    rows = []
    for pair in pairs:
        scores = axes.frame[axes.frame["arm"] == pair.name].set_index("sample_id")["score"]
        found = between_subjects(scores, level, *given)
        rows.append(
            {
                "pair": pair.name,
                "ligand": pair.ligand,
                "receptor": "+".join(pair.receptor),
                "target": level.name,
                "adjusted_for": ", ".join(map(str, given[0].columns)),
                "n_samples": found.n,
                "partial_correlation": found.estimate,
                "ci_low": found.ci_low,
                "ci_high": found.ci_high,
                "p_value": found.p_value,
                "axis_status": "below_floor" if states[pair.name] == "ok" and not found.n else states[pair.name],
            }
        )
    frame = pd.DataFrame(rows)
    frame["axis_adj_p_value"] = adjust_p_values(frame["p_value"].to_numpy(dtype=np.float64))
    return frame


def _detected(tumor: AnnData, signature: Signature, pairs: list[Pair]) -> list[float]:
    """Of each pair the fraction of tumors in which its rarest partner is detected."""
    features = measured_features(tumor, keys.FEATURE_NAME)
    wanted = {member.feature_id for member in signature.members}
    kept = [at for at, name in enumerate(features.names) if name in wanted]
    values = log2_values(dense(tumor, features.columns[kept]), scale_of(tumor), "an axis")
    found = own_reference(values, zero_of(scale_of(tumor))).detected
    detected = dict(zip((features.names[at] for at in kept), found.tolist(), strict=True))
    return [min(detected.get(name, 0.0) for name in (pair.ligand, *pair.receptor)) for pair in pairs]


def _provenance(table: DifferentialTable, signature: Signature, alpha: float, subjects: pd.Series) -> Provenance:
    told = {ONE_CONTRAST: table.frame["contrast"].nunique() == 1, AVERAGED: subjects.duplicated().any()}
    inputs = ({"name": signature.id, "version": signature.version, "sha256": signature_hash(signature)},)
    return Provenance(
        method="rank_axes",
        parameters={"alpha": alpha, "differential": table.provenance.method},
        inputs=(*table.provenance.inputs, *inputs),
        notes=tuple(note for note, holds in told.items() if holds),
    )
