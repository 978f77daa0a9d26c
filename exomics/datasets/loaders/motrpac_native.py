"""MoTrPAC native release files: ratio, intensity and count tables, vial metadata, and the vial -> animal table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import Expression, assemble, names_or_empty, only_file, option, scale_from
from exomics.datasets.loaders._motrpac_codes import OMES, Ome, specimen_of_file
from exomics.datasets.loaders._motrpac_frames import whole_counts
from exomics.datasets.loaders._native_tables import NativeTable, animals_of, read_native, vials_of
from exomics.datasets.loaders.motrpac import sample_table, unknown_samples
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys

_SCALES: Final[Mapping[str, Scale]] = {
    "ratios": Scale(kind="log2", quantity="ratio"),
    "intensities": Scale(kind="log2", quantity="intensity"),
    "counts": Scale(kind="counts", quantity="count"),
}
_IDS: Final = ("ptm_id", "protein_id", "gene_id", "feature_ID", "metabolite_name")
_OME_OF_FILE: Final = (
    (r"PROT-AC|_AC_PN", "ACETYL"),
    (r"PROT-UB|_UB_PN", "UBIQ"),
    (r"PROT-PH|_PH_PN", "PHOSPHO"),
    (r"PROT-PR|_PR_PN", "PROT"),
    (r"RNA|rna-seq|rsem", "TRNSCRPT"),
)
_OPTIONS: Final[Mapping[str, Any]] = {"feature_id": None, "ome": None, "specimen": None, "scale": None}


@dataclass(frozen=True)
class _Source:
    role: str
    path: Path
    ome: Ome


def load_motrpac_native(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """A table of the consortium as released, joined to its vials and animals; nothing is normalized.

    Parameters
    ----------
    files
        One of the roles ``ratios`` (log2 ratio to the pooled reference), ``intensities`` (log2) and ``counts`` (RSEM
        ``genes-count``; expected counts are cut to whole numbers, as the consortium does, and reported): a
        tab-separated table, features in rows, annotation columns first, one column per vial named by its label,
        with or without R's ``X`` before it. Optional ``vial_metadata`` (``vial_label, tmt11_channel, tmt_plex``) and
        ``phenotypes`` (an ``.rda`` or ``.tsv`` with ``viallabel, pid, bid, sex, timepoint, exp_group``).
    manifest
        Options: ``feature_id`` (column of the feature id), ``ome`` (assay code), ``specimen`` (else by the tissue
        number in the file's name, ``T55``), ``scale``.

    Returns
    -------
    AnnData
        Vials x features in the order of the file. ``uns["exomics"]["report"]`` names the columns that are no sample
        (blanks, test and reference channels) and were dropped, the vials of the metadata that are not in the table,
        and the features without any value, which are kept. ``var["is_contaminant"]`` flags contaminants. For sites,
        ``var["site_id"]`` is the id of the consortium's R packages (``NP_001099489.1_K5kK8k`` -> ``..._K5;K8``).

    Raises
    ------
    InputError
        If no column is a vial, an id is repeated, a value is no number, or a vial is in no table that was given.

    Notes
    -----
    An animal is taken from the phenotype table by the full vial label, never from the first digits of it.
    """
    source = _source(files, manifest)
    table = read_native(source.path)
    identifiers = _feature_ids(table, manifest, source.path)
    values, cut = whole_counts(table.values) if source.role == "counts" else (table.values, {})
    obs, unused = _samples(table, files, manifest)
    var = _features(table.features, source.ome, identifiers)
    all_missing = [identifiers[row] for row in np.flatnonzero(np.isnan(table.values).all(axis=1))]
    report = {
        "dropped_columns": table.dropped,
        "vials_without_column": unused,
        "n_contaminants": int(var["is_contaminant"].sum()) if "is_contaminant" in var else 0,
        "features_without_value": all_missing,
        "n_features": len(table.features),
        **cut,
    }
    scale = scale_from(manifest, _SCALES[source.role])
    expression = Expression(values.T, obs, var)
    return assemble(expression, assay=source.ome.assay, scale=scale, manifest=manifest, report=report)


def _source(files: Mapping[str, Path], manifest: Manifest) -> _Source:
    given = [role for role in _SCALES if role in files]
    if len(given) != 1:
        raise InputError(
            f"expected exactly one table among the roles {', '.join(_SCALES)}; got {', '.join(files) or 'none'}."
        )
    path = only_file(files, given[0])
    code = option(manifest, _OPTIONS, "ome") or _ome_of_name(path.name)
    if code not in OMES:
        raise InputError(f"{path}: the ome is not told by the file's name; give the option `ome`: {', '.join(OMES)}.")
    return _Source(given[0], path, OMES[code])


def _ome_of_name(name: str) -> str:
    return next((code for pattern, code in _OME_OF_FILE if re.search(pattern, name)), "")


def _feature_ids(table: NativeTable, manifest: Manifest, path: Path) -> list[str]:
    column = option(manifest, _OPTIONS, "feature_id") or next((c for c in _IDS if c in table.features), None)
    if column is None or column not in table.features:
        raise InputError(
            f"{path}: expected one of the id columns {', '.join(_IDS)}; the table has "
            f"{', '.join(table.features.columns)}. Name it with the option `feature_id`."
        )
    found = table.features[column]
    repeated = found[found.duplicated()].unique()
    if found.isna().any() or len(repeated):
        raise InputError(
            f"{path}: {column} must be present and unique in every row; {int(found.isna().sum())} are missing and "
            f"{len(repeated)} occur twice ({', '.join(map(str, repeated[:3]))})."
        )
    return [str(label) for label in found]


def _features(features: pd.DataFrame, ome: Ome, identifiers: list[str]) -> pd.DataFrame:
    named = ome.name_column in features.columns
    added: dict[str, Any] = {
        keys.FEATURE_NAME: names_or_empty(features[ome.name_column]) if named else [""] * len(features),
        keys.FEATURE_TYPE: ome.feature_type,
    }
    if "ptm_id" in features.columns:
        added["site_id"] = [site_id(label) for label in features["ptm_id"]]
    return pd.concat([pd.DataFrame(added), features], axis=1).set_axis(pd.Index(identifiers), axis=0)


def site_id(ptm_id: str) -> str:
    """The id of a site in the R packages: residues without the lower-case repeat, several joined by ``;``.

    Examples
    --------
    >>> site_id("NP_001099489.1_K5kK8kK12k")
    'NP_001099489.1_K5;K8;K12'
    """
    protein, _, sites = ptm_id.rpartition("_")
    return f"{protein}_{';'.join(re.findall(r'[A-Z][0-9]+', sites))}"


def _samples(table: NativeTable, files: Mapping[str, Path], manifest: Manifest) -> tuple[pd.DataFrame, list[str]]:
    labels = pd.Index(table.vials)
    joined = pd.DataFrame({"viallabel": table.vials}, index=labels)
    unused: list[str] = []
    if "vial_metadata" in files:
        vials = vials_of(files["vial_metadata"], table.vials)
        unused = [label for label in vials.index if label not in set(table.vials)]
        joined = joined.join(vials.loc[labels])
    if "phenotypes" in files:
        animals = animals_of(files["phenotypes"], table.vials)
        obs = sample_table(joined.join(animals.loc[labels].drop(columns=["viallabel"])), files["phenotypes"])
    else:
        batch = {keys.BATCH: joined["tmt_plex"]} if "tmt_plex" in joined else {}
        obs = joined.assign(**unknown_samples(len(joined)), **batch)
    table_file = next(files[role] for role in _SCALES if role in files)
    obs[keys.SPECIMEN] = option(manifest, _OPTIONS, "specimen") or specimen_of_file(table_file.name)
    return obs, unused


MOTRPAC_NATIVE = MethodSpec(
    name="motrpac_native",
    kind="loader",
    title="MoTrPAC native release tables (ratios, intensities, counts) with vial metadata and phenotypes",
    function=load_motrpac_native,
    reference="10.1038/s41586-023-06877-w",
    species=("rat",),
    parameters=_OPTIONS,
)
