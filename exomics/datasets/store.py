"""Reading and writing AnnData and MuData: atomic, compressed, the same object the same bytes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anndata
import h5py
import mudata
import pandas as pd
from anndata import AnnData
from mudata import MuData

from exomics._files import atomic_path
from exomics.errors import InputError

_SUFFIXES = (".h5ad", ".h5mu")


@contextmanager
def _quiet() -> Iterator[None]:
    """Notices of the containers about their own future are not the user's concern."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", UserWarning)
        yield


def write_data(data: AnnData | MuData, path: Path | str) -> Path:
    """Write an AnnData to ``.h5ad`` or a MuData to ``.h5mu``.

    Parameters
    ----------
    data
        The object; its own suffix is required.
    path
        Where to; parent folders are made.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    InputError
        If the suffix does not fit the object.
    """
    target = Path(path)
    expected = ".h5mu" if isinstance(data, MuData) else ".h5ad"
    if target.suffix != expected:
        raise InputError(f"{target}: a {type(data).__name__} is written to a file that ends in {expected}.")
    with atomic_path(target) as place, _quiet():
        if isinstance(data, MuData):
            data.write_h5mu(place, compression="gzip")
        else:
            data.write_h5ad(place, compression="gzip", convert_strings_to_categoricals=False)
    return target


def read_data(path: Path | str) -> AnnData | MuData:
    """Read what `write_data` wrote, or any ``.h5ad`` or ``.h5mu``.

    Raises
    ------
    InputError
        If the file does not exist, has another suffix, or is damaged.
    """
    source = Path(path)
    if source.suffix not in _SUFFIXES:
        raise InputError(f"{source}: expected a file that ends in .h5ad or .h5mu; make one with `exomics load`.")
    if not source.is_file():
        raise InputError(f"{source} does not exist; give the file that an earlier step wrote.")
    try:
        with _quiet():
            return mudata.read_h5mu(source) if source.suffix == ".h5mu" else anndata.read_h5ad(source)
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{source} is not a whole {source.suffix} file ({error}); write it again.") from error


def write_table(frame: pd.DataFrame, path: Path) -> Path:
    """Write a frame to HDF5 without loss of types, missing values or category order."""
    with atomic_path(path) as place, h5py.File(place, "w") as file, _quiet():
        anndata.io.write_elem(file, "table", frame)
    return path


def read_table(path: Path) -> pd.DataFrame:
    """Read a frame written by `write_table`."""
    with h5py.File(path, "r") as file, _quiet():
        return anndata.io.read_elem(file["table"])
