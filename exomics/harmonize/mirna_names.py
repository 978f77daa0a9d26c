"""miRNA names: the version they come from, the arm they mean, and ids that belong to another name."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd
from anndata import AnnData

from exomics.errors import InputError
from exomics.harmonize._harmonizer import Harmonizer
from exomics.harmonize._read import feature_names, require_species, species_of_samples, text_column
from exomics.harmonize.mirna_table import CODES, MirnaTable, load_mirnas
from exomics.harmonize.report import LossReport
from exomics.schema import keys, record_step

ACCESSION, STATUS, SOURCE_NAME = "mirna_accession", "mirna_status", "source_name"
_MATURE_CODE = re.compile(r"^MIMAT\d{7}$")
_PRECURSOR_CODE = re.compile(r"^MI\d{7}$")
_OTHER_SPECIES = re.compile(r"^[a-z]{3,4}-(?:miR|mir|let|bantam|lin)\b")
_PAIR = re.compile(r"^(?P<precursor>\S+?)_(?P<mature>[a-z]{3}-(?:miR|let)-\S+)$")
_MERGED = re.compile(r"^(?P<stem>[a-z]{3}-(?:miR|let)-)?(?P<first>[^/]+)(?P<rest>(?:/[^/]+)+)$")
Found = tuple[str, str, str, str]
_WHY = {
    "old_name": "an older name of {version}; the current name is used",
    "respelled": "dots, case or a missing species prefix were repaired",
    "precursor": "a hairpin, not a mature miRNA: an arm cannot be known from it, none is assigned",
    "merged": "reads that the aligner could not tell apart; kept as one feature under the joined names",
    "ambiguous": "the name has stood for several miRNAs; give MIMAT accessions or the version",
    "withdrawn": "no longer in miRBase; the last name is used",
    "other_species": "of another species than the samples",
    "unknown": "never in miRBase; left as it is",
    "wrong_pair": "name and accession are of different miRNAs; neither is used",
}


def resolve_mirnas(
    names: Iterable[str], table: MirnaTable, *, accessions: Iterable[str] | None = None, version: str | None = None
) -> pd.DataFrame:
    """The current name and accession of each spelling, with what was done.

    Parameters
    ----------
    names
        Names or MIMAT accessions as a source spells them: of any version, dotted by R, without species, merged
        (``hsa-miR-192-5p/215-5p``), with the precursor before them (``hsa-mir-29a_hsa-miR-29a-3p``).
    table
        miRBase.
    accessions
        MIMAT of each name as the source has it, "" where it has none: each pair is checked.
    version
        Version that the names come from, which settles names that have moved.

    Returns
    -------
    pandas.DataFrame
        One row per name, in order: ``name``; ``current_name`` and ``accession`` ("" where there is none, joined by
        ``/`` for merged ones); ``status``: ``approved``, ``accession``, ``old_name``, ``respelled``, ``precursor``,
        ``merged``, ``ambiguous``, ``withdrawn``, ``other_species``, ``unknown``, ``wrong_pair``, ``missing``; and
        ``mirbase_name``, the name in miRBase's spelling.

    Raises
    ------
    InputError
        If there are not as many accessions as names.

    Examples
    --------
    >>> frame = pd.DataFrame({"version": ["9.1", "22"], "accession": ["MIMAT0000086"] * 2,
    ...                       "name": ["hsa-miR-29a", "hsa-miR-29a-3p"], "precursor_accession": ["MI0000087"] * 2,
    ...                       "precursor_name": ["hsa-mir-29a"] * 2, "species": ["hsa"] * 2})
    >>> table = MirnaTable.from_frame(frame, species="human", source="example")
    >>> resolve_mirnas(["hsa-miR-29a", "hsa.miR.29a.3p", "hsa-mir-29a"], table)["status"].tolist()
    ['old_name', 'respelled', 'precursor']
    """
    given = [str(name).strip() for name in names]
    codes = [""] * len(given) if accessions is None else [str(code) for code in accessions]
    if len(codes) != len(given):
        raise InputError(f"expected one accession per name; got {len(codes)} for {len(given)} names.")
    level = _is_precursor_level(given, table)
    found = [
        _checked(_resolve(name, table, version, level), code, table) for name, code in zip(given, codes, strict=True)
    ]
    resolved = pd.DataFrame(found, columns=["current_name", "accession", "status", "mirbase_name"])
    resolved.insert(0, "name", given)
    return resolved


def audit_mirnas(
    adata: AnnData, table: MirnaTable, *, accession_column: str | None = None, version: str | None = None
) -> tuple[AnnData, LossReport]:
    """A copy of `adata` whose ``feature_name`` is the current miRBase name wherever exactly one is known.

    Parameters
    ----------
    adata
        Samples x features of one species, named by ``var["feature_name"]``.
    table
        miRBase of that species.
    accession_column
        Column of var with MIMAT accessions, checked against the names; default ``mirna_accession`` or ``accession``
        where there is one, else the feature ids where they are accessions.
    version
        Version that the names come from.

    Returns
    -------
    AnnData
        No feature is dropped. The spelling of the source is kept in ``var["source_name"]``; ``var["mirna_accession"]``
        and ``var["mirna_status"]`` are new.
    LossReport
        Every kind of name that is not a current one, names that several features now share, and the version that the
        names fit best with the number that it does not hold.

    Raises
    ------
    InputError
        If the samples are of another species.
    """
    require_species(adata, table.species, "the miRNA table")
    names = feature_names(adata)
    resolved = resolve_mirnas(names, table, accessions=_accessions(adata, accession_column), version=version)
    report = mirna_report(resolved, table)
    parameters = {"table": table.source, "species": table.species, "version": version}
    audited = record_step(adata, "audit_mirnas", parameters, losses=report.to_records(), notes=list(report.notes))
    audited.var[SOURCE_NAME] = resolved["name"].to_numpy()
    audited.var[ACCESSION] = resolved["accession"].to_numpy()
    audited.var[STATUS] = resolved["status"].to_numpy()
    better = resolved["current_name"].where(resolved["current_name"] != "", resolved["name"])
    audited.var[keys.FEATURE_NAME] = better.to_numpy()
    return audited, report


MIRNA = Harmonizer(
    name="mirna",
    kind="harmonizer",
    title="current miRBase names, with an audit of arms, versions and accessions",
    function=audit_mirnas,
    reference="10.1093/nar/gky1141",
    license="public domain (miRBase)",
    feature_types=("mirna",),
    comparable="cohorts",
    table="ref_mirbase",
    load=lambda adata, dataset: load_mirnas(species_of_samples(adata), dataset=dataset),
)


def mirna_report(resolved: pd.DataFrame, table: MirnaTable) -> LossReport:
    """The report of `resolve_mirnas`: what is not a current name, what became of it, and the version that fits.

    Parameters
    ----------
    resolved
        What `resolve_mirnas` returned.
    table
        miRBase.

    Returns
    -------
    LossReport
        One row per kind, both spellings shown.
    """
    spelled = resolved["mirbase_name"].where(resolved["mirbase_name"] != "", resolved["name"])
    matures = set(spelled[~resolved["status"].isin(["precursor", "missing"])])
    version, n_held = table.best_version(matures)
    losses: list[tuple[str, Iterable[str], str]] = []
    for status, why in _WHY.items():
        rows = resolved[resolved["status"] == status]
        shown = [
            f"{old} -> {new}" if new and new != old else old for old, new in rows[["name", "current_name"]].to_numpy()
        ]
        losses.append((f"miRNA {status}", shown, why.format(version=f"miRBase {version}" if n_held else "miRBase")))
    shared = resolved["current_name"][resolved["current_name"].duplicated() & (resolved["current_name"] != "")]
    losses.append(("shared name", set(shared), "several features have this current name; they are not summed"))
    n_absent = len(matures) - n_held
    notes = [f"miRBase {version} fits best: {n_held} of {len(matures)} mature names; {n_absent} are not in it."]
    notes = notes if matures else ["the names are of hairpins: arms, and so mature miRNAs, cannot be known from them."]
    n_missing = int((resolved["status"] == "missing").sum())
    return LossReport.of(losses, notes + ([f"{n_missing} features have no name."] if n_missing else []))


def _accessions(adata: AnnData, column: str | None) -> list[str]:
    named = column or next((name for name in (ACCESSION, "accession") if name in adata.var.columns), None)
    held = adata.var_names if named is None else text_column(adata, named)
    return [str(code) if _MATURE_CODE.match(str(code)) else "" for code in held]


def _is_precursor_level(names: list[str], table: MirnaTable) -> bool:
    """Whether the names are of hairpins: then those that both levels share, such as hsa-let-7b, are hairpins too."""
    plain = [_plain(name, table) for name in names]
    hairpins = sum(name in table.precursors and not table.accessions_of(name) for name in plain)
    return 2 * hairpins > sum(name in table.precursors or bool(table.accessions_of(name)) for name in plain)


def _resolve(name: str, table: MirnaTable, version: str | None, hairpins: bool) -> Found:
    """Current name, accession, status, and the name in miRBase's spelling."""
    if not name or name.lower() == "nan":
        return "", "", "missing", ""
    if _MATURE_CODE.match(name):
        return _of_accession(name, table, "accession")
    if pair := _PAIR.match(name):
        return _resolve(pair["mature"], table, version, hairpins=False)
    if merged := _MERGED.match(name):
        return _of_merged(merged, table, version)
    plain = _plain(name, table)
    is_hairpin = plain in table.precursors or _PRECURSOR_CODE.match(name)
    if is_hairpin and (hairpins or not table.accessions_of(plain)):
        return "", "", "precursor", plain
    for spelled in (plain, *table.spellings.get(plain.lower(), ())):
        found = _of_name(spelled, table, version)
        if found is not None:
            is_repaired = spelled != name and found[2] in ("approved", "old_name")
            return (*found[:2], "respelled", spelled) if is_repaired else found
    other = _OTHER_SPECIES.match(name) and not name.startswith(CODES[table.species])
    return "", "", "other_species" if other else "unknown", ""


def _of_name(name: str, table: MirnaTable, version: str | None) -> Found | None:
    codes = table.accessions_of(name, version) or table.accessions_of(name)
    if not codes:
        return None
    if len(codes) > 1:
        return "", "", "ambiguous", name
    found = _of_accession(codes[0], table, "approved" if table.current.get(codes[0]) == name else "old_name")
    return (*found[:3], name)


def _of_accession(code: str, table: MirnaTable, status: str) -> Found:
    if code in table.current:
        return table.current[code], code, status, table.current[code]
    return (table.last[code], code, "withdrawn", table.last[code]) if code in table.last else ("", "", "unknown", "")


def _of_merged(merged: re.Match[str], table: MirnaTable, version: str | None) -> Found:
    stem = merged["stem"] or f"{CODES[table.species]}-miR-"
    parts = [merged["first"], *merged["rest"].strip("/").split("/")]
    whole = [part if re.match(r"^[a-z]{3}-", part) else stem + re.sub(r"^(?:miR|let)-", "", part) for part in parts]
    known = [found for name in whole if (found := _of_name(name, table, version)) is not None and found[1]]
    if len(known) != len(whole):
        return "", "", "unknown", ""
    return "/".join(found[0] for found in known), "/".join(found[1] for found in known), "merged", whole[0]


def _plain(name: str, table: MirnaTable) -> str:
    """`name` with the hyphens, the star and the species prefix that R or a writer took from it."""
    prefix = CODES[table.species]
    hyphened = re.sub(r"[._]", "-", re.sub(r"\.$", "*", name))
    hyphened = re.sub(r"(?i)^(mir)(?=\d)", r"\1-", hyphened)
    return f"{prefix}-{hyphened}" if re.match(r"(?i)(?:mir|let)-", hyphened) else hyphened


def _checked(found: Found, code: str, table: MirnaTable) -> Found:
    """`found`, unless the source gives it the accession of another miRNA; where a name leaves it open, that settles."""
    _, accession, status, spelled = found
    if not code or accession == code or status == "accession":
        return found
    if status in ("ambiguous", "missing"):
        return _of_accession(code, table, "accession")
    return ("", "", "wrong_pair", spelled) if accession and "/" not in accession else found
