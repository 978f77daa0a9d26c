"""members_in_table: what a differential table says about given genes, the unmeasured ones included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from exomics.errors import InputError
from exomics.harmonize import OrthologTable
from exomics.harmonize.orthologs import MANY_TO_MANY, MANY_TO_ONE, ONE_TO_MANY, ONE_TO_ONE
from exomics.results import DifferentialTable

_NUMBERS = (
    "log2_fold_change",
    "standard_error",
    "ci_low",
    "ci_high",
    "mean_expression",
    "p_value",
    "adj_p_value",
)


def members_in_table(
    table: DifferentialTable,
    genes: Iterable[str],
    *,
    contrasts: Sequence[str] | None = None,
    orthologs: OrthologTable | None = None,
) -> pd.DataFrame:
    """Every gene in every contrast: measured with its effect, or ``not_measured``.

    Parameters
    ----------
    table
        A differential table.
    genes
        Gene symbols; human ones if `orthologs` is given, else as in ``feature_name``.
    contrasts
        Names, in the order wanted; all of the table if None.
    orthologs
        Table by which human symbols are found among the features of another species; every kind of pair counts.

    Returns
    -------
    pandas.DataFrame
        Columns ``gene``, ``contrast``, ``feature_id``, ``feature_name``, ``status`` (``measured``, ``not_measured``,
        ``not_tested``), the effect with its interval, and the p-values. A gene with several features has several rows.

    Raises
    ------
    InputError
        If a contrast is not in the table, or its features are named in the letters of another species.

    Notes
    -----
    Not measured is not unchanged: an absent gene has no effect, not an effect of zero. ``not_tested`` is a feature
    without a p-value.

    Examples
    --------
    >>> from exomics.results import Provenance
    >>> row = dict.fromkeys(DifferentialTable.columns) | {"feature_id": "g1", "feature_name": "DCN",
    ...     "contrast": "training", "log2_fold_change": 0.03, "p_value": 0.9, "adj_p_value": 0.96, "status": "ok"}
    >>> table = DifferentialTable(pd.DataFrame([row]), Provenance(method="example"))
    >>> members_in_table(table, ["DCN", "IL6"])[["gene", "status"]].to_numpy().tolist()
    [['DCN', 'measured'], ['IL6', 'not_measured']]
    """
    table = table if contrasts is None else table.of_contrasts(contrasts)
    wanted = list(dict.fromkeys(table.frame["contrast"] if contrasts is None else contrasts))
    listed = list(dict.fromkeys(genes))
    spellings = _spellings(listed, orthologs)
    _require_one_species([name for names in spellings.values() for name in names if name], table.frame["feature_name"])
    asked = pd.DataFrame(
        [(gene, name, contrast) for gene in listed for name in spellings[gene] for contrast in wanted],
        columns=["gene", "feature_name", "contrast"],
    )
    found = asked.merge(
        table.frame[["feature_id", "feature_name", "contrast", *_NUMBERS]], on=["feature_name", "contrast"], how="left"
    )
    measured = found["feature_id"].notna()
    any_measured = measured.groupby(found["gene"]).transform("any")
    found = found[measured | ~any_measured].drop_duplicates(["gene", "contrast", "feature_id"])
    measured = found["feature_id"].notna()
    found["status"] = "not_measured"
    found.loc[measured, "status"] = "not_tested"
    found.loc[measured & found["p_value"].notna(), "status"] = "measured"
    found.loc[~measured, ["feature_id", "feature_name"]] = ""
    columns = ["gene", "contrast", "feature_id", "feature_name", "status", *_NUMBERS]
    return found[columns].reset_index(drop=True)


def _require_one_species(names: Sequence[str], features: pd.Series) -> None:
    """Refuse a table that has none of the names but has them in other letters, such as ``Il15`` for ``IL15``."""
    found = {str(feature): str(feature).casefold() for feature in features.dropna().unique()}
    if not found.keys().isdisjoint(names):
        return
    letters = {folded: feature for feature, folded in found.items() if feature}
    other = [(name, letters[name.casefold()]) for name in names if name.casefold() in letters]
    if other:
        raise InputError(
            f"none of the {len(names)} genes is in the table, and {len(other)} are in other letters ({other[0][0]} as "
            f"{other[0][1]}): it is of another species. Give its orthologs (--from-species), or none if it is human."
        )


def _spellings(genes: Sequence[str], orthologs: OrthologTable | None) -> dict[str, tuple[str, ...]]:
    if orthologs is None:
        return {gene: (gene,) for gene in genes}
    targets = orthologs.human_to_other((ONE_TO_ONE, ONE_TO_MANY, MANY_TO_ONE, MANY_TO_MANY))
    return {gene: targets.get(gene, ("",)) for gene in genes}
