"""score: signatures in samples, with scale, species, layer, coverage and status accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from anndata import AnnData

from exomics.errors import LayerError, RegistryError, ScaleError
from exomics.harmonize import AliasTable, OrthologTable
from exomics.registry.signature import Signature
from exomics.registry.signature_files import signature_hash
from exomics.results import Provenance, ReferenceTable, ScoreTable
from exomics.schema import Scale, keys, layer_of, metadata, scale_of, steps_of
from exomics.scoring._compute import Cohort
from exomics.scoring._rows import score_together, unscored
from exomics.scoring._scorer import Scorer
from exomics.scoring._species import LocalSignature, localize
from exomics.scoring.methods import NO_SCORERS, Scorers, scorer
from exomics.scoring.sample_rules import with_sample_rules
from exomics.scoring.selection import select_signatures

COLLAPSED = (
    "{n} names of {column} belong to several features; the one with the highest mean over the samples of this table "
    "stands for each, so a score may change when samples are added or left out"
)


def score(
    adata: AnnData,
    signatures: Signature | str | Sequence[Signature | str],
    *,
    method: str | None = None,
    allow_layer: bool = False,
    species_map: OrthologTable | None = None,
    aliases: AliasTable | None = None,
    reference: ReferenceTable | None = None,
) -> ScoreTable:
    """Score signatures in every sample.

    Parameters
    ----------
    adata
        Samples x features with a declared scale, one specimen, one species.
    signatures
        Signatures, or words that name them: ids, a class, ``all``, ``gene:SYMBOL``, files.
    method
        Scorer to use for all of them; the default is each signature's own ``score``.
    allow_layer
        Score a signature on a layer that it does not list. Every such row has the status ``wrong_layer_override`` and
        is exploratory.
    species_map
        Orthologs by which a signature without a list for the species of the samples is mapped to it.
    aliases
        Table of symbols by which a member is found under another spelling.
    reference
        Frozen cohort for methods whose scores depend on others (see `fit_reference`): each sample then has a score of
        its own. It also chooses among features of one name. None: the samples are their own reference, and the table
        says so.

    Returns
    -------
    ScoreTable
        One row per sample and signature (``arm`` = ``total``), and one per arm where a signature has two: the arms are
        contributions, ``total = up + down``. ``per_member`` gives one row per member and no total. A score that cannot
        be given is NaN, with the status and the counts that say why.

    Raises
    ------
    ScaleError
        If the scale is not declared or not one the scorer accepts.
    LayerError
        If a signature does not list the layer of `adata` and `allow_layer` is False.
    RegistryError
        If a signature or a method is unknown.

    Notes
    -----
    Of features with one name, that with the highest mean over these samples stands for it: the one step that looks at
    more than one sample; the provenance counts such names. A sample whose measured features all have one value has the
    status ``qc_fail`` (of ten features or more); for hemolysis, heparin, cell types and timing see
    `exomics.scoring.sample_rules`. Source of each score: the reference of its method (``exomics cite``).

    Examples
    --------
    >>> import numpy as np
    >>> from exomics.schema import Scale, annotate
    >>> obs = pd.DataFrame({"specimen": ["tumor"], "species": ["human"]}, index=["s1"])
    >>> var = pd.DataFrame({"feature_name": ["GZMA", "PRF1"]}, index=["GZMA", "PRF1"])
    >>> tumor = AnnData(np.array([[3.0, 12.0]]), obs=obs, var=var)
    >>> tumor = annotate(tumor, assay="rna", scale=Scale(kind="linear", quantity="tpm"))
    >>> score(tumor, "imm.cyt").frame[["score", "status"]].round(4).to_numpy().tolist()
    [[6.0125, 'ok']]
    """
    scale_of(adata)
    layer = layer_of(adata)
    chosen = resolve_signatures(signatures, layer)
    _check_layers(chosen, layer, allow_layer)
    methods = [_scorer_for(found, method) for found in chosen]
    _check_formulas(chosen, methods, scale_of(adata))
    local = [
        spec.obstacle(found) or localize(_on_layer(found, layer), adata, species_map)
        for found, spec in zip(chosen, methods, strict=True)
    ]
    frames: dict[int, pd.DataFrame] = {}
    collapsed: dict[str, int] = {}
    for column, name in dict.fromkeys(
        (found.column, spec.name) for found, spec in zip(local, methods, strict=True) if not isinstance(found, str)
    ):
        members = {
            position: found
            for position, (found, spec) in enumerate(zip(local, methods, strict=True))
            if isinstance(found, LocalSignature) and (found.column, spec.name) == (column, name)
        }
        cohort = Cohort.of(adata, layer, column, reference)
        collapsed[column] = len(cohort.features.undecided)
        frames.update(score_together(cohort, members, scorer(name), aliases))
    for position, (found, spec) in enumerate(zip(local, methods, strict=True)):
        if isinstance(found, str):
            frames[position] = unscored(adata, layer, chosen[position], spec, found)
    judged = [with_sample_rules(frames[position], adata, found, layer=layer) for position, found in enumerate(chosen)]
    table = pd.concat(judged, ignore_index=True)
    return ScoreTable(frame=table, provenance=_provenance(adata, chosen, methods, (allow_layer, collapsed, reference)))


def resolve_signatures(
    signatures: Signature | str | Sequence[Signature | str], layer: str = "", *, species: str = "human"
) -> list[Signature]:
    """Signatures as given or named (see `exomics.scoring.selection.select_signatures`); each id once.

    Parameters
    ----------
    signatures
        Signatures, ids, classes, ``gene:SYMBOL``, or files.
    layer
        Layer of the data, for single genes and GMT files.
    species
        Whose genes ``gene:`` and GMT files name: human, mouse or rat.

    Returns
    -------
    list of Signature
        In the order in which they were given.

    Raises
    ------
    RegistryError
        If an id is unknown, two different signatures share an id, or none is given.
    """
    given = [signatures] if isinstance(signatures, (Signature, str)) else list(signatures)
    if not given:
        raise RegistryError("no signature is given; name at least one (exomics catalog signatures).")
    found: dict[str, Signature] = {}
    for item in given:
        for read in select_signatures(item, layer=layer, species=species) if isinstance(item, str) else (item,):
            if found.setdefault(read.id, read) != read:
                raise RegistryError(f"two different signatures are called {read.id!r}; rename one.")
    return list(found.values())


def _scorer_for(signature: Signature, method: str | None) -> Scorer:
    name = method or signature.score
    if name in NO_SCORERS:
        raise RegistryError(
            f"{signature.id} has the method {name!r}, which does not score samples ({NO_SCORERS[name]}); "
            f"pass method= one of {', '.join(Scorers.names)}."
        )
    return scorer(name)


def _check_formulas(signatures: Sequence[Signature], methods: Sequence[Scorer], scale: Scale) -> None:
    """Refuse values that the arithmetic of a document is not about."""
    is_cycles = scale.quantity == "cq"
    for found, spec in zip(signatures, methods, strict=True):
        is_meant = is_cycles if found.input_scale == "cq" else scale.kind != "log2" and not is_cycles
        if spec.name == found.score and found.expression and not is_meant:
            wanted = "cycles of qPCR (log2 cq)" if found.input_scale == "cq" else "linear values"
            raise ScaleError(f"{found.id} is arithmetic of {wanted}; X is {scale.kind} {scale.quantity}.")


def _on_layer(signature: Signature, layer: str) -> Signature:
    """The members measured on `layer`; all of them where the layer is none that the document gives members for."""
    found = signature.on_layer(layer)
    return found if found.members else signature


def _check_layers(signatures: Sequence[Signature], layer: str, allow_layer: bool) -> None:
    wrong = [found for found in signatures if layer not in found.layers]
    if wrong and not allow_layer:
        shown = "; ".join(f"{found.id} is for {', '.join(found.layers)}" for found in wrong[:3])
        raise LayerError(
            f"{len(wrong)} of {len(signatures)} signatures do not list the layer {layer} ({shown}). "
            "Choose signatures of this layer, or pass allow_layer (--allow-layer) to score them as exploratory."
        )


def _provenance(
    adata: AnnData,
    signatures: Sequence[Signature],
    methods: Sequence[Scorer],
    how: tuple[bool, dict[str, int], ReferenceTable | None],
) -> Provenance:
    allow_layer, collapsed, reference = how
    known = metadata(adata)
    dataset: dict[str, str] = {"name": str(known.get(keys.MANIFEST) or "samples")}
    if known.get(keys.MANIFEST):
        dataset |= {"manifest": str(known[keys.MANIFEST]), "sha256": str(known.get(keys.MANIFEST_SHA256, ""))}
    parameters: dict[str, Any] = {
        "allow_layer": allow_layer,
        "n_signatures": len(signatures),
        "collapsed_names": collapsed,
        "scale": dict(known[keys.SCALE]),
        "steps": steps_of(adata),
        "methods": {
            spec.name: {
                "reference": spec.reference,
                "comparable": spec.comparable,
                "cohort_dependent": spec.cohort_dependent,
                "units": spec.units,
                "parameters": dict(spec.parameters),
            }
            for spec in methods
        },
    }
    if reference is not None:
        parameters["reference"] = reference.reference_id
    return Provenance(
        method="score",
        parameters=parameters,
        inputs=(dataset, *map(_origin, signatures)),
        notes=tuple(COLLAPSED.format(n=n, column=column) for column, n in collapsed.items() if n),
        acknowledgments=tuple(map(str, known.get(keys.ACKNOWLEDGMENTS, ()))),
    )


def _origin(signature: Signature) -> dict[str, str]:
    """Which version was scored, and how well founded its members and signs are."""
    return {
        "name": signature.id,
        "version": signature.version,
        "sha256": signature_hash(signature),
        "evidence": signature.evidence,
        "sign_evidence": signature.sign_evidence,
        "timing_class": signature.timing_class,
    }
