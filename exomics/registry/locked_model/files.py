"""Locked models as files: a head in YAML and a table, checked by schema and hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

import yaml

from exomics._files import write_text
from exomics._resources import registry_folder
from exomics.registry.document import read_document
from exomics.registry.locked_model.linear import LockedLinear
from exomics.registry.locked_model.model import HEAD, LockedModel
from exomics.registry.locked_model.trees import LockedTrees

__all__ = ["read_locked_model", "write_locked_model"]

KINDS: dict[str, type[LockedModel]] = {made.kind: made for made in (LockedLinear, LockedTrees)}


def write_locked_model(model: LockedModel, folder: Path | str) -> Path:
    """Write ``model.yaml`` and its table into `folder`; floats are the shortest decimals that restore them.

    Parameters
    ----------
    model
        Any locked model.
    folder
        Made if it is not there.

    Returns
    -------
    Path
        The head.

    Notes
    -----
    The table is ``features.tsv`` of linear models, ``trees.tsv`` of trees.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from exomics.registry.locked_model import Part
    >>> one = np.ones(1)
    >>> model = LockedLinear(id="m", endpoint="response", classes=("N", "R"), cohort="c", scales={"rna": "log2"},
    ...     parts=(Part("all", (0.5,)),), n_samples=40, n_events=20, features=("CXCL9",), part_of=("all",),
    ...     coefficients=np.ones((1, 1)), fills=one, means=one, deviations=one)
    >>> with tempfile.TemporaryDirectory() as place:
    ...     read_locked_model(write_locked_model(model, place).parent).features
    ('CXCL9',)
    """
    body, place = model.body(), Path(folder)
    write_text(place / model.body_name, body)
    sealed = {"file": model.body_name, "sha256": hashlib.sha256(body.encode("utf-8")).hexdigest()}
    head = {"kind": model.kind, **model.head(), "body": sealed}
    return write_text(place / HEAD, yaml.safe_dump(head, sort_keys=False, allow_unicode=True))


def read_locked_model(folder: Path | str) -> LockedModel:
    """Read a model of any kind from its folder, checked against the schema of its kind, its hash, and itself.

    Parameters
    ----------
    folder
        Holds ``model.yaml`` and the table that it names.

    Returns
    -------
    LockedModel
        With the hash of both documents.

    Raises
    ------
    RegistryError
        If a document is missing, altered, breaks the schema, contradicts itself, or a number is none.
    """
    schemas = registry_folder("signatures") / "schemas"
    document = read_document(Path(folder) / HEAD, {kind: schemas / f"{kind}.schema.yaml" for kind in KINDS})
    return KINDS[document.head["kind"]].of(document)
