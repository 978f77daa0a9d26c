"""Modification sites of rat proteins on human proteins, by table: a site number is never copied between species."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from anndata import AnnData

from exomics import datasets
from exomics.errors import InputError
from exomics.harmonize._harmonizer import Harmonizer
from exomics.harmonize._read import require_species
from exomics.harmonize.report import LossReport
from exomics.schema import record_step

HUMAN_SITE = "human_site"
_WINDOW = "flanking_sequence"
_LOWER = re.compile(r"[a-z]")
_COLUMNS = ("ptm_id_rat_refseq", "ptm_id_human_uniprot")
_SITE = re.compile(r"^(?P<protein>.+)_(?P<residues>[A-Z]\d+(?:;[A-Z]\d+)*)$")


@dataclass(frozen=True)
class Site:
    """One site id taken apart.

    Parameters
    ----------
    protein
        As the source spells it.
    residues
        Amino acid and position of each modified residue, in order.

    Examples
    --------
    >>> Site.parse("NP_446309.1_S64")
    Site(protein='NP_446309.1', residues=(('S', 64),))
    """

    protein: str
    residues: tuple[tuple[str, int], ...]

    @classmethod
    def parse(cls, text: str) -> Site:
        """A site from ``PROTEIN_S64`` or, for a multiply modified peptide, ``PROTEIN_S64;T69``.

        Raises
        ------
        InputError
            If `text` is spelled otherwise.
        """
        match = _SITE.match(text)
        if match is None:
            raise InputError(f"expected a site such as NP_446309.1_S64; got {text!r}.")
        parts = match["residues"].split(";")
        return cls(match["protein"], tuple((part[0], int(part[1:])) for part in parts))

    @property
    def amino_acids(self) -> str:
        """The modified amino acids, in order."""
        return "".join(letter for letter, _ in self.residues)


@dataclass(frozen=True)
class SiteTable:
    """Sites of one species and the human sites they correspond to.

    Parameters
    ----------
    targets
        Site -> human site, for pairs with the same amino acids.
    without_target
        Sites that the source lists without a human site.
    mismatched
        Sites whose amino acids differ from those of their human site.
    source
        Name of the table.
    species
        Species of the sites.
    """

    targets: Mapping[str, str]
    without_target: frozenset[str]
    mismatched: frozenset[str]
    source: str
    species: str = "rat"

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, *, source: str, species: str = "rat") -> SiteTable:
        """A site table from two columns of ids.

        Parameters
        ----------
        frame
            Columns ``ptm_id_rat_refseq`` and ``ptm_id_human_uniprot``; the second may be missing.
        source
            Name of the table.
        species
            Species of the first column.

        Returns
        -------
        SiteTable
            A pair counts only if both ids hold the same amino acids in the same order: a serine is never mapped to an
            alanine, nor two residues to one.

        Raises
        ------
        InputError
            If a column is missing, an id is no site, or a site has two human sites.

        Examples
        --------
        >>> frame = pd.DataFrame({"ptm_id_rat_refseq": ["NP_1.1_S64", "NP_1.1_S9", "NP_1.1_T3"],
        ...                       "ptm_id_human_uniprot": ["P1_S65", None, "P1_A3"]})
        >>> table = SiteTable.from_frame(frame, source="example")
        >>> dict(table.targets), sorted(table.mismatched)
        ({'NP_1.1_S64': 'P1_S65'}, ['NP_1.1_T3'])
        """
        missing = [column for column in _COLUMNS if column not in frame.columns]
        if missing:
            raise InputError(f"{source}: a site table needs {', '.join(_COLUMNS)}; missing: {', '.join(missing)}.")
        pairs = frame[list(_COLUMNS)].astype(object)
        pairs = pairs.where(pairs.notna(), "").astype(str).drop_duplicates()
        repeated = pairs[pairs[_COLUMNS[0]].duplicated()]
        if len(repeated):
            raise InputError(f"{source}: {str(repeated[_COLUMNS[0]].iloc[0])} has two human sites; keep one.")
        targets: dict[str, str] = {}
        absent, mismatched = set(), set()
        for site, human in pairs.itertuples(index=False):
            if not human:
                absent.add(site)
            elif Site.parse(site).amino_acids == Site.parse(human).amino_acids:
                targets[site] = human
            else:
                mismatched.add(site)
        return cls(targets, frozenset(absent), frozenset(mismatched), source, species)

    def to_human(self, sites: Iterable[str]) -> tuple[dict[str, str], LossReport]:
        """Human ids of the sites that have one, and what was lost.

        Parameters
        ----------
        sites
            Ids as the table spells them.

        Returns
        -------
        dict
            Site -> human site. A site of a multiply modified peptide is mapped as a whole: the map of the pair
            S64;T69 does not map S64.
        LossReport
            Sites the table does not hold, holds without a human site, or whose residue differs.

        Examples
        --------
        >>> table = SiteTable({"NP_1.1_S64": "P1_S65"}, frozenset(), frozenset(), "example")
        >>> mapped, lost = table.to_human(["NP_1.1_S64", "NP_1.1_S219"])
        >>> mapped, lost.n_lost("not in the site table")
        ({'NP_1.1_S64': 'P1_S65'}, 1)
        """
        listed = list(dict.fromkeys(map(str, sites)))
        mapped = {site: self.targets[site] for site in listed if site in self.targets}
        known = self.targets.keys() | self.without_target | self.mismatched
        return mapped, LossReport.of(
            [
                (
                    "not in the site table",
                    [site for site in listed if site not in known],
                    f"{self.source} has no row for the site; its number is not copied",
                ),
                (
                    "no human site",
                    [site for site in listed if site in self.without_target],
                    f"{self.source} lists the site without a human one",
                ),
                (
                    "another residue",
                    [site for site in listed if site in self.mismatched],
                    "the human residue is another amino acid",
                ),
            ]
        )


def load_sites(dataset: str = "ref_rat_to_human_site", *, offline: bool | None = None) -> SiteTable:
    """The pinned site table of a dataset, fetched or read from the cache.

    Parameters
    ----------
    dataset
        Id of a table with the two columns of ids.
    offline
        Do not use the network; None leaves it to ``EXOMICS_OFFLINE``.

    Returns
    -------
    SiteTable
        Ready for `SiteTable.to_human` and for `exomics.enrichment.enrich`.

    Raises
    ------
    FetchError
        If the table cannot be had.
    """
    fetching: dict[str, Any] = {} if offline is None else {"offline": offline}
    return SiteTable.from_frame(datasets.load_table(dataset, **fetching), source=dataset)


def map_sites(adata: AnnData, table: SiteTable) -> tuple[AnnData, LossReport]:
    """A copy of `adata` with the human site of each feature in ``var["human_site"]``, "" where the table has none.

    Parameters
    ----------
    adata
        Samples x features of the species of `table`; their ids are sites such as ``NP_446309.1_S64``. Where
        ``var["flanking_sequence"]`` holds a window with the modified residue in lower case, it is held against the id.
    table
        The sites.

    Returns
    -------
    AnnData
        No feature is dropped and no number copied.
    LossReport
        Sites that the table lacks, lists without a human site, or pairs with another residue; ids whose residue is not
        that of their window; human sites that several features share.

    Raises
    ------
    InputError
        If the samples are of another species, or no feature id is a site.

    Examples
    --------
    >>> table = SiteTable({"NP_1.1_S64": "P1_S65"}, frozenset(), frozenset(), "example")
    >>> rat = AnnData(pd.DataFrame([[1.0, 2.0]]).to_numpy(), var=pd.DataFrame(index=["NP_1.1_S64", "NP_1.1_S219"]))
    >>> mapped, lost = map_sites(rat, table)
    >>> mapped.var["human_site"].tolist(), lost.n_lost("not in the site table")
    (['P1_S65', ''], 1)
    """
    require_species(adata, table.species, "the site table")
    names = [str(name) for name in adata.var_names]
    if not any(_SITE.match(name) for name in names):
        raise InputError(f"no feature id is a site such as NP_446309.1_S64; ids look like {names[0]}.")
    targets, report = table.to_human(names)
    shared = pd.Series(list(targets.values()), dtype=object)
    report = report + LossReport.of(
        [
            ("another residue in the window", _at_odds(adata), "the window and the id name different amino acids"),
            ("shared human site", shared[shared.duplicated()], "several sites have this human site; none is merged"),
        ],
        [f"{len(targets)} of {len(names)} sites have a human site in {table.source}."],
    )
    parameters = {"table": table.source, "species": table.species}
    mapped = record_step(adata, "map_sites", parameters, losses=report.to_records(), notes=list(report.notes))
    mapped.var[HUMAN_SITE] = [targets.get(name, "") for name in names]
    return mapped, report


SITES = Harmonizer(
    name="sites",
    kind="harmonizer",
    title="human sites of rat modification sites",
    function=map_sites,
    reference="10.1038/s41586-023-06877-w",
    license="MIT (MotrpacRatTraining6moMuscleData)",
    feature_types=("site",),
    species=("rat",),
    comparable="cohorts",
    table="ref_rat_to_human_site",
    load=lambda _, dataset: load_sites(dataset),
)


def _at_odds(adata: AnnData) -> list[str]:
    """Ids whose first residue is not the amino acid in lower case of their sequence window."""
    if _WINDOW not in adata.var.columns:
        return []
    found = []
    for name, window in zip(adata.var_names, adata.var[_WINDOW], strict=True):
        site, centers = _SITE.match(str(name)), _LOWER.findall(str(window)) if pd.notna(window) else []
        if site and centers and site["residues"][0] not in {center.upper() for center in centers}:
            found.append(f"{name} ({window})")
    return found
