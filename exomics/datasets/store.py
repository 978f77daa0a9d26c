"""Reading and writing AnnData and MuData: atomic, compressed, the same object the same bytes."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anndata
import h5py
import mudata
import numpy as np
import pandas as pd
from anndata import AnnData
from mudata import MuData

from exomics._files import atomic_path
from exomics.errors import InputError

_SUFFIXES = (".h5ad", ".h5mu")


@contextmanager
def _quiet() -> Iterator[None]:
    """Notices of the containers about their own future are not the user's concern; columns stay with their modality."""
    with warnings.catch_warnings(), mudata.set_options(pull_on_update=False):
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

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_data(write_data(AnnData(np.ones((2, 3))), Path(folder) / "small.h5ad")).shape
    (2, 3)
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

    Parameters
    ----------
    path
        A ``.h5ad`` or ``.h5mu`` file.

    Returns
    -------
    AnnData or MuData
        The object, in memory.

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
    """Write a frame to HDF5 without loss of types, missing values, dates or category order.

    Text is stored as codes and words: a table of identifiers is mostly repetition, and missing text has a code.
    """
    encoded = {name: _encoded(frame[name]) for name in frame.columns}
    stored = pd.DataFrame({str(position): column for position, (_, column) in enumerate(encoded.values())})
    with atomic_path(path) as place, h5py.File(place, "w") as file, _quiet():
        anndata.io.write_elem(file, "table", stored)
        file.attrs["columns"] = json.dumps([[str(name), kind] for name, (kind, _) in encoded.items()])
        if not isinstance(frame.index, pd.RangeIndex):
            file.create_dataset("index", data=[str(label) for label in frame.index])
    return path


def _encoded(column: pd.Series) -> tuple[str, pd.Series]:
    plain = column.reset_index(drop=True)
    if pd.api.types.is_datetime64_any_dtype(plain):
        return "date", plain.astype("datetime64[ms]").astype("int64")
    if plain.dtype == object:
        return "text", plain.astype("category")
    return "", plain


def read_table(path: Path) -> pd.DataFrame:
    """Read a frame written by `write_table`."""
    with h5py.File(path, "r") as file, _quiet():
        stored = anndata.io.read_elem(file["table"])
        names = json.loads(file.attrs["columns"])
        index = file["index"].asstr()[:] if "index" in file else None
    columns = {name: _decoded(stored[str(position)], kind) for position, (name, kind) in enumerate(names)}
    return pd.DataFrame(columns, index=None if index is None else pd.Index(index, dtype=object))


def _decoded(column: pd.Series, kind: str) -> Any:
    if kind == "date":
        return column.to_numpy().astype("datetime64[ms]")
    if kind == "text":
        words = np.array([*column.cat.categories, None], dtype=object)
        return words[column.cat.codes.to_numpy()]
    return column.array
