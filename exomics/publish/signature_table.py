"""The long tables of a package: one row per signature, and one row per member."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from exomics._files import write_text
from exomics.registry.gmt import to_gmt
from exomics.registry.signature import Member, Signature
from exomics.registry.signature_files import signature_hash

MEMBER_COLUMNS = ("signature_id", "version", *(column.name for column in fields(Member)))


def signature_rows(signatures: Iterable[Signature]) -> pd.DataFrame:
    """One row per signature version: what it is, where it may be scored, its three signs, evidence, source, hash.

    Mappings (layer -> sign) are written as ``layer=sign`` pairs joined by ``; ``.
    """
    return pd.DataFrame([_signature_row(signature) for signature in signatures])


def member_rows(signatures: Iterable[Signature]) -> pd.DataFrame:
    """One row per signature and feature: arm, weight, effect, q, evidence, and what it was mapped from."""
    rows = [
        {"signature_id": signature.id, "version": signature.version}
        | {column.name: getattr(member, column.name) for column in fields(Member)}
        for signature in signatures
        for member in signature.members
    ]
    return pd.DataFrame(rows, columns=list(MEMBER_COLUMNS))


def write_derived(folder: Path, signatures: Sequence[Signature]) -> list[Path]:
    """Write the files that follow from the signatures alone: the two long tables and the GMT."""
    return [
        _write_frame(folder / "signatures.tsv", signature_rows(signatures)),
        _write_frame(folder / "members.tsv", member_rows(signatures)),
        to_gmt(signatures, folder / "signatures.gmt"),
    ]


def _write_frame(path: Path, frame: pd.DataFrame) -> Path:
    return write_text(path, frame.to_csv(sep="\t", index=False, lineterminator="\n"))


def _signature_row(signature: Signature) -> dict[str, Any]:
    return {
        "signature_id": signature.id,
        "version": signature.version,
        "title": signature.title,
        "class": signature.signature_class,
        "type": signature.type,
        "score_method": signature.score,
        "n_members": len(signature.members),
        "n_up": len(signature.features("up")),
        "n_down": len(signature.features("down")),
        "layers": "; ".join(signature.layers),
        "species": signature.species,
        "feature_namespace": signature.feature_namespace,
        "min_coverage": signature.min_coverage,
        "ex_acute": _pairs(signature.ex_acute),
        "ex_trained": _pairs(signature.ex_trained),
        "benefit": _pairs(signature.benefit),
        "timing_class": signature.timing_class,
        "evidence": signature.evidence,
        "sign_evidence": signature.sign_evidence,
        "source": str(signature.source.get("text", "")),
        "source_doi": str(signature.source.get("doi", "")),
        "license": signature.license,
        "sha256": signature_hash(signature),
    }


def _pairs(signs: Mapping[str, str]) -> str:
    return "; ".join(f"{layer}={sign}" for layer, sign in signs.items())
