"""Reading what a command works on: one assay that meets the contract, or one line that says why not."""

from __future__ import annotations

from pathlib import Path

from anndata import AnnData

from exomics.datasets import read_data
from exomics.errors import InputError
from exomics.schema import validate


def read_assay(path: Path) -> AnnData:
    """The AnnData in `path`, checked against the contract; that its scale is declared is asked where it is needed."""
    data = read_data(path)
    if not isinstance(data, AnnData):
        raise InputError(f"{path} holds several assays ({', '.join(data.mod)}); write the one you mean to a .h5ad.")
    try:
        validate(data, require_scale=False)
    except InputError as error:
        raise InputError(
            f"{path}: {error}. Load it with `exomics load --loader expression_table`, or set what is missing."
        ) from error
    return data
