"""What an AnnData carries in ``uns["exomics"]``: assay, scale, origin, and the steps applied in order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from anndata import AnnData

from exomics.errors import InputError, ScaleError
from exomics.schema import keys
from exomics.schema.vocabulary import ASSAYS, SCALE_KINDS, SCALE_QUANTITIES


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The scale of ``X``.

    Parameters
    ----------
    kind
        ``counts``, ``linear`` or ``log2``.
    quantity
        What is counted or measured: ``count, tpm, cpm, ratio, npx, intensity, array, value, cq``. Cycles of qPCR
        (``cq``) are ``log2`` turned over: one cycle less is twice the amount.
    offset
        For ``log2``: the number added before the logarithm, ``X = log2(value + offset)``.

    Raises
    ------
    ScaleError
        If a word is not in the vocabulary.

    Examples
    --------
    >>> Scale(kind="log2", quantity="tpm", offset=0.001).kind
    'log2'
    """

    kind: str
    quantity: str
    offset: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in SCALE_KINDS:
            raise ScaleError(f"scale kind must be one of {', '.join(SCALE_KINDS)}; got {self.kind!r}.")
        if self.quantity not in SCALE_QUANTITIES:
            raise ScaleError(f"scale quantity must be one of {', '.join(SCALE_QUANTITIES)}; got {self.quantity!r}.")
        if not 0 <= self.offset < np.inf:
            raise ScaleError(f"the offset of a scale must be a number, not negative; got {self.offset}.")


def metadata(adata: AnnData) -> dict[str, Any]:
    """The ``uns["exomics"]`` mapping of `adata`, or an `InputError` when it has none.

    Parameters
    ----------
    adata
        Samples x features.

    Returns
    -------
    dict
        A copy: assay, scale, manifest, steps, acknowledgments.
    """
    found = adata.uns.get(keys.EXOMICS)
    if found is None:
        raise InputError(
            "this object has no uns['exomics'] (assay, scale, origin); "
            "load it with `exomics load` or declare it with exomics.schema.annotate."
        )
    return dict(found)


def scale_of(adata: AnnData) -> Scale:
    """The declared scale of ``X``; a `ScaleError` when none is declared (it is never guessed).

    Parameters
    ----------
    adata
        Samples x features.

    Returns
    -------
    Scale
        Kind, quantity and offset of ``X``.
    """
    declared = adata.uns.get(keys.EXOMICS, {}).get(keys.SCALE)
    if not declared:
        raise ScaleError(
            "the scale of X is not declared; set uns['exomics']['scale'] with "
            "exomics.schema.annotate(adata, assay=..., scale=Scale(kind=..., quantity=...))."
        )
    try:
        return Scale(
            kind=str(declared["kind"]), quantity=str(declared["quantity"]), offset=float(declared.get("offset", 0.0))
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ScaleError(f"the scale of X must name its kind, quantity and offset; got {dict(declared)}.") from error


def annotate(
    adata: AnnData,
    *,
    assay: str,
    scale: Scale,
    manifest: str = "",
    manifest_sha256: str = "",
    acknowledgments: Iterable[str] = (),
) -> AnnData:
    """A copy of `adata` that declares its assay, scale and origin.

    Parameters
    ----------
    adata
        Samples x features.
    assay
        A word of `exomics.schema.vocabulary.ASSAYS`.
    scale
        The scale of ``X``.
    manifest, manifest_sha256
        The dataset's manifest id and the hash of that manifest; empty for a user's own study.
    acknowledgments
        Data-use sentences that every table made from this object must carry.

    Returns
    -------
    AnnData
        The annotated copy; the steps already recorded are kept.

    Raises
    ------
    InputError
        If `assay` is not in the vocabulary.

    Examples
    --------
    >>> import numpy as np
    >>> from anndata import AnnData
    >>> table = annotate(AnnData(np.ones((2, 3))), assay="rna", scale=Scale(kind="counts", quantity="count"))
    >>> scale_of(table).quantity
    'count'
    """
    if assay not in ASSAYS:
        raise InputError(f"assay must be one of {', '.join(ASSAYS)}; got {assay!r}.")
    annotated = adata.copy()
    known = dict(annotated.uns.get(keys.EXOMICS, {}))
    annotated.uns[keys.EXOMICS] = {
        **known,
        keys.ASSAY: assay,
        keys.SCALE: asdict(scale),
        keys.MANIFEST: manifest,
        keys.MANIFEST_SHA256: manifest_sha256,
        keys.STEPS: known.get(keys.STEPS, np.array([], dtype=object)),
        keys.ACKNOWLEDGMENTS: np.array(list(acknowledgments), dtype=object),
    }
    return annotated


def record_step(adata: AnnData, name: str, parameters: Mapping[str, Any], **report: Any) -> AnnData:
    """A copy of `adata` with one more step at the end of its list; `report` says what the step dropped or warns of.

    Parameters
    ----------
    adata
        Samples x features.
    name
        Name of the step.
    parameters
        What it was called with; JSON values.
    **report
        What it dropped, counted or warns of.

    Returns
    -------
    AnnData
        The annotated copy.
    """
    recorded = adata.copy()
    step = json.dumps({"step": name, "parameters": dict(parameters), "report": report}, sort_keys=True, default=str)
    known = dict(recorded.uns.get(keys.EXOMICS, {}))
    known[keys.STEPS] = np.array([*known.get(keys.STEPS, []), step], dtype=object)
    recorded.uns[keys.EXOMICS] = known
    return recorded


def steps_of(adata: AnnData) -> list[dict[str, Any]]:
    """The steps applied to `adata`, oldest first.

    Parameters
    ----------
    adata
        Samples x features.

    Returns
    -------
    list of dict
        ``step``, ``parameters`` and ``report`` of each.
    """
    return [json.loads(step) for step in adata.uns.get(keys.EXOMICS, {}).get(keys.STEPS, [])]


def layer_of(adata: AnnData) -> str:
    """The layer ``<specimen>_<assay>`` of `adata`; an `InputError` when its samples come from several specimens.

    Parameters
    ----------
    adata
        An object that meets the contract.

    Returns
    -------
    str
        Such as ``muscle_rna``.
    """
    if keys.SPECIMEN not in adata.obs.columns:
        raise InputError("obs has no specimen; set obs['specimen'], such as tumor or muscle.")
    specimens = sorted(set(adata.obs[keys.SPECIMEN].astype(str)))
    if len(specimens) != 1:
        shown = ", ".join(specimens) or "no samples at all"
        raise InputError(f"expected samples of one specimen; got {shown}. Split the object by specimen.")
    return f"{specimens[0]}_{metadata(adata)[keys.ASSAY]}"
