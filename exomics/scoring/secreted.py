"""add_secreted: secreted genes that change with training and are the ligand of no pair, beside the pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd

from exomics.errors import InputError
from exomics.harmonize import OrthologTable
from exomics.harmonize.orthologs import MANY_TO_MANY, MANY_TO_ONE, ONE_TO_MANY, ONE_TO_ONE
from exomics.registry.secretome import Secretome
from exomics.results import AxisTable, DifferentialTable
from exomics.scoring._replication import replicated, replicated_first
from exomics.scoring.members import members_in_table

__all__ = ["add_secreted"]

_SHOWN = 5
_ANY_PAIR = (ONE_TO_ONE, ONE_TO_MANY, MANY_TO_ONE, MANY_TO_MANY)


def add_secreted(
    ranked: AxisTable, table: DifferentialTable, secretome: Secretome, *, orthologs: OrthologTable | None = None
) -> AxisTable:
    """Add the secreted genes that change in every contrast and are the ligand of no pair.

    Parameters
    ----------
    ranked
        From `rank_axes`, of the same table.
    table
        Differential table of the tissue that secretes; one contrast per sex or study.
    secretome
        Genes that a list calls secreted.
    orthologs
        Table by which human genes are found in a table of another species; a list of that species is read by it too.

    Returns
    -------
    AxisTable
        Beside the pairs, one row per contrast of each such gene, of status ``no_receptor``: its effect and
        ``replicated`` (``up``, ``down``), but neither receptor nor axis. A note of the provenance counts what the list
        holds, what has no pair among the orthologs, what is not in the table, and what was found.

    Raises
    ------
    InputError
        If the list is of another species than human and no ortholog table of that species is given.

    Notes
    -----
    A gene is replicated as a ligand is: significant at the level of `ranked`, with one sign, in every contrast;
    ``adj_p_value`` is that of `table`, over all of its features. That the product is secreted is the word of the list
    (evidence U), and a secreted gene without a receptor is a candidate, not an axis.

    Examples
    --------
    >>> from exomics.results import Provenance
    >>> row = dict.fromkeys(DifferentialTable.columns) | {"feature_id": "g1", "feature_name": "LGI3",
    ...     "contrast": "training", "log2_fold_change": 1.07, "p_value": 1e-5, "adj_p_value": 0.007, "status": "ok"}
    >>> table = DifferentialTable(pd.DataFrame([row]), Provenance(method="example"))
    >>> no_pairs = AxisTable(pd.DataFrame(columns=list(AxisTable.columns)),
    ...                      Provenance(method="rank_axes", parameters={"alpha": 0.05}))
    >>> found = add_secreted(no_pairs, table, Secretome(("LGI3", "IGF1")))
    >>> found.frame[["ligand", "replicated", "status"]].to_numpy().tolist()
    [['LGI3', 'up', 'no_receptor']]
    """
    genes, lost = _human_genes(secretome, orthologs)
    effects = members_in_table(table, genes, orthologs=orthologs)
    of_pair = effects["gene"].isin(set(ranked.frame["ligand"]))
    direction = replicated(effects, float(ranked.provenance.parameters["alpha"]), table.frame["contrast"].nunique())
    rows = AxisTable(_rows(effects[~of_pair], direction, secretome), ranked.provenance).frame  # typed as the others are
    told = (
        f"{secretome.source} calls {len(secretome.genes)} {secretome.species} genes secreted (evidence U: its word)",
        _several(lost, f"in no pair of {orthologs.source}" if orthologs else ""),
        _several(effects.loc[effects["status"] == "not_measured", "gene"], "not in the table"),
        f"{effects.loc[of_pair, 'gene'].nunique()} are ligands of pairs",
        f"{rows['ligand'].nunique()} are not and change in every contrast",
    )
    provenance = replace(
        ranked.provenance,
        inputs=(*ranked.provenance.inputs, {"name": secretome.source, "sha256": secretome.sha256}),
        notes=(*ranked.provenance.notes, "; ".join(filter(None, told)) + "."),
    )
    both = [part for part in (ranked.frame, rows) if len(part)]
    return AxisTable(replicated_first(pd.concat(both, ignore_index=True)) if both else rows, provenance)


def _rows(effects: pd.DataFrame, found: Mapping[str, str], secretome: Secretome) -> pd.DataFrame:
    """Rows of an axis table for the genes that change in every contrast."""
    direction = effects["gene"].map(found).astype(str)
    rows = effects[["contrast", "log2_fold_change", "adj_p_value"]].assign(
        ligand=effects["gene"],
        replicated=direction,
        status="no_receptor",
        note=f"secreted by the word of {secretome.source} (evidence U); no pair that was ranked has it as its ligand",
    )
    return rows[direction != "no"].reindex(columns=list(AxisTable.columns))


def _human_genes(secretome: Secretome, orthologs: OrthologTable | None) -> tuple[list[str], list[str]]:
    """Human symbols of the genes that the table can be asked for, and the genes of the list that have none."""
    listed = secretome.genes
    if secretome.species == "human":
        kept = [gene for gene in listed if orthologs is None or orthologs.relation_of(gene, human=True)]
        return kept, [gene for gene in listed if gene not in set(kept)]
    if orthologs is None or orthologs.species != secretome.species:
        table = orthologs.species if orthologs else "human"
        raise InputError(
            f"{secretome.source} lists {secretome.species} genes, and the table is of {table} genes; list human ones."
        )
    human = orthologs.other_to_human(_ANY_PAIR)
    return [name for gene in listed for name in human.get(gene, ())], [gene for gene in listed if gene not in human]


def _several(genes: Iterable[str], what: str) -> str:
    """``3 not in the table (A, B, C)``; "" for none."""
    names = list(dict.fromkeys(genes))
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    return f"{len(names)} are {what} ({shown})" if names else ""
