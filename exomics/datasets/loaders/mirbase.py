"""miRNA names, accessions and sequences of every miRBase version, as package miRBaseConverter codes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.datasets.loaders._assemble import only_file
from exomics.datasets.loaders._r_containers import convert, read_r_objects
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec

_NEEDED: Final = ("miRNA_data", "ACC", "SYM", "SEQ", "SPE")


def load_mirbase(files: Mapping[str, Path], manifest: Manifest) -> pd.DataFrame:
    """One row per mature miRNA, precursor and version.

    Parameters
    ----------
    files
        Role ``data``: ``sysdata.rda`` of miRBaseConverter, whose tables hold positions in the vectors of accessions,
        names, sequences and species.
    manifest
        No options.

    Returns
    -------
    pandas.DataFrame
        ``version`` (``6`` ... ``22``), ``accession`` (MIMAT), ``name``, ``sequence``, ``precursor_accession``,
        ``precursor_name``, ``species`` (the three-letter code of the name); categories throughout.

    Raises
    ------
    InputError
        If the file is not that object.
    """
    path = only_file(files, "data")
    objects = read_r_objects(path)
    absent = [name for name in _NEEDED if name not in objects]
    if absent:
        raise InputError(f"{path}: expected the objects {', '.join(_NEEDED)}; {', '.join(absent)} are missing.")
    words = {name: np.asarray(convert(objects[name], name), dtype=object) for name in ("ACC", "SYM", "SEQ")}
    versions = convert(objects["miRNA_data"], "miRNA_data")
    parts = [_version(name, frame, words) for name, frame in versions.items()]
    table = pd.concat(parts, ignore_index=True)
    table["species"] = table["name"].str.split("-", n=1).str[0]
    return table.astype("category")


def _version(name: str, frame: pd.DataFrame, words: Mapping[str, np.ndarray]) -> pd.DataFrame:
    halves = []
    for number in ("1", "2"):
        coded = frame[frame[f"Mature{number}_Acc"].notna()]
        halves.append(
            pd.DataFrame(
                {
                    "version": name.removeprefix("v").replace("_", "."),
                    "accession": _decoded(coded[f"Mature{number}_Acc"], words["ACC"]),
                    "name": _decoded(coded[f"Mature{number}"], words["SYM"]),
                    "sequence": _decoded(coded[f"Mature{number}_Seq"], words["SEQ"]),
                    "precursor_accession": _decoded(coded["Precursor_Acc"], words["ACC"]),
                    "precursor_name": _decoded(coded["Precursor"], words["SYM"]),
                }
            )
        )
    return pd.concat(halves, ignore_index=True)


def _decoded(codes: pd.Series, words: np.ndarray) -> Any:
    """The words at R's positions, which count from 1; a missing position gives None."""
    positions = codes.astype("Int64").fillna(0).to_numpy(dtype=np.int64)
    return np.array([None, *words], dtype=object)[positions]


MIRBASE = MethodSpec(name="mirbase", kind="loader", title="miRNA names of every miRBase version", function=load_mirbase)
