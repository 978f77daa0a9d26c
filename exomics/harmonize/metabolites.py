"""Metabolites by their RefMet names, names held against ids."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from anndata import AnnData

from exomics.errors import InputError
from exomics.harmonize._harmonizer import Harmonizer
from exomics.harmonize._read import feature_names, text_column
from exomics.harmonize.metabolite_table import MetaboliteTable, hmdb_accession, load_metabolites
from exomics.harmonize.report import LossReport
from exomics.schema import keys, record_step

STATUS, SOURCE_NAME, HMDB_ID, KEGG_ID = "metabolite_status", "source_name", "hmdb_id", "kegg_id"
_ID_COLUMNS = (HMDB_ID, "hmdb", "HMDB", KEGG_ID, "inchi_key")
_WHY = {
    "alias": "another name of the metabolite; the RefMet name is used",
    "by_id": "the name is not in {source}; its id is, and names it",
    "ambiguous": "the name is of several metabolites in {source}; give ids",
    "id_disagrees": "name and id are of different metabolites in {source}; neither is used",
    "unknown": "not in {source}; left as it is",
}


def resolve_metabolites(
    names: Iterable[str], table: MetaboliteTable, *, ids: Iterable[str] | None = None
) -> pd.DataFrame:
    """The RefMet name of each metabolite, with what was done.

    Parameters
    ----------
    names
        As a laboratory spells them, or ids.
    table
        The metabolites.
    ids
        HMDB, KEGG or InChIKey of each name as the source has it, "" where it has none: each pair is checked.

    Returns
    -------
    pandas.DataFrame
        One row per name, in order: ``name``, ``refmet_name`` ("" where there is none), ``hmdb_id``, ``kegg_id`` and
        ``status``: ``approved``, ``alias``, ``by_id``, ``ambiguous``, ``id_disagrees``, ``unknown``, ``missing``.

    Raises
    ------
    InputError
        If there are not as many ids as names.

    Examples
    --------
    >>> frame = pd.DataFrame({"refmet_name": ["Lactic acid"], "metabolite_name": ["lactate"], "hmdb_id": ["HMDB00190"]})
    >>> table = MetaboliteTable.from_frame(frame, source="example")
    >>> resolve_metabolites(["formate", "lactate"], table, ids=["HMDB0304356", "HMDB0000142"])["status"].tolist()
    ['alias', 'id_disagrees']
    """
    given = [str(name).strip() for name in names]
    codes = [""] * len(given) if ids is None else [str(code).strip() for code in ids]
    if len(codes) != len(given):
        raise InputError(f"expected one id per name; got {len(codes)} for {len(given)} names.")
    rows = []
    for name, code in zip(given, codes, strict=True):
        found, status = _resolve(name, code, table)
        known = table.metabolites.get(found)
        rows.append((name, found, known.hmdb if known else "", known.kegg if known else "", status))
    return pd.DataFrame(rows, columns=["name", "refmet_name", HMDB_ID, KEGG_ID, "status"])


def harmonize_metabolites(
    adata: AnnData, table: MetaboliteTable, *, id_column: str | None = None
) -> tuple[AnnData, LossReport]:
    """A copy of `adata` whose ``feature_name`` is the RefMet name wherever exactly one is known.

    Parameters
    ----------
    adata
        Samples x features named by ``var["feature_name"]``.
    table
        The metabolites.
    id_column
        Column of var with ids, checked against the names; default ``hmdb_id``, ``kegg_id`` or ``inchi_key`` where there
        is one.

    Returns
    -------
    AnnData
        No feature is dropped or merged. The spelling of the source is kept in ``var["source_name"]``;
        ``var["hmdb_id"]``, ``var["kegg_id"]`` and ``var["metabolite_status"]`` are the table's.
    LossReport
        Aliases replaced, names that are ambiguous, unknown or at odds with their id, and metabolites that several
        features (platforms) measured.

    Raises
    ------
    InputError
        If the column is absent.
    """
    resolved = resolve_metabolites(feature_names(adata), table, ids=_ids(adata, id_column))
    report = _report(resolved, table)
    harmonized = record_step(adata, "harmonize_metabolites", {"table": table.source}, losses=report.to_records())
    harmonized.var[SOURCE_NAME] = resolved["name"].to_numpy()
    for column in (HMDB_ID, KEGG_ID):
        harmonized.var[column] = resolved[column].to_numpy()
    harmonized.var[STATUS] = resolved["status"].to_numpy()
    better = resolved["refmet_name"].where(resolved["refmet_name"] != "", resolved["name"])
    harmonized.var[keys.FEATURE_NAME] = better.to_numpy()
    return harmonized, report


METABOLITES = Harmonizer(
    name="metabolites",
    kind="harmonizer",
    title="RefMet names, held against HMDB and KEGG ids",
    function=harmonize_metabolites,
    reference="10.1038/s41592-020-01009-y",
    license="MIT (MotrpacBicQC)",
    feature_types=("metabolite",),
    comparable="cohorts",
    table="motrpac_codes",
    load=lambda _, dataset: load_metabolites(dataset),
)


def _ids(adata: AnnData, column: str | None) -> pd.Series | None:
    named = column or next((name for name in _ID_COLUMNS if name in adata.var.columns), None)
    return None if named is None else text_column(adata, named)


def _resolve(name: str, code: str, table: MetaboliteTable) -> tuple[str, str]:
    if not name or name.lower() == "nan":
        return _by_id(code, table, "missing")
    by_name, by_id = table.names_of(name), table.names_of(code) if code else ()
    if by_id and by_name and not set(by_id) & set(by_name):
        return "", "id_disagrees"
    shared = sorted(set(by_name) & set(by_id)) if by_id else list(by_name)
    if len(shared) == 1:
        is_id = bool(hmdb_accession(name)) or name == code
        return shared[0], "approved" if shared[0] == name else "by_id" if is_id else "alias"
    if shared:
        return "", "ambiguous"
    return _by_id(code, table, "unknown")


def _by_id(code: str, table: MetaboliteTable, otherwise: str) -> tuple[str, str]:
    found = table.names_of(code) if code else ()
    return (found[0], "by_id") if len(found) == 1 else ("", otherwise)


def _report(resolved: pd.DataFrame, table: MetaboliteTable) -> LossReport:
    losses: list[tuple[str, Iterable[str], str]] = []
    for status, why in _WHY.items():
        rows = resolved[resolved["status"] == status]
        pairs = rows[["name", "refmet_name"]].to_numpy()
        shown = [f"{old} -> {new}" if new and new != old else old for old, new in pairs]
        losses.append((f"metabolite {status}", shown, why.format(source=table.source)))
    named = resolved["refmet_name"][resolved["refmet_name"] != ""]
    losses.append(
        ("shared name", set(named[named.duplicated()]), "several features are this metabolite; none is merged")
    )
    n_missing = int((resolved["status"] == "missing").sum())
    return LossReport.of(losses, [f"{n_missing} features have no name."] if n_missing else [])
