"""to_human: expression of another species on human genes, with a report of what was lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from exomics.errors import InputError
from exomics.harmonize._read import feature_names, require_species
from exomics.harmonize.orthologs import MANY_TO_MANY, MANY_TO_ONE, ONE_TO_MANY, ONE_TO_ONE, OrthologTable
from exomics.harmonize.report import LossReport
from exomics.schema import keys, record_step, scale_of

STEP = "to_human"
RELATION = "ortholog_relation"
_SUMMABLE = frozenset({("counts", "count"), ("linear", "count"), ("linear", "tpm"), ("linear", "cpm")})


def to_human(adata: AnnData, orthologs: OrthologTable) -> tuple[AnnData, LossReport]:
    """The features of `adata` that have a human ortholog, with its symbol in ``var["human_ortholog"]``.

    A feature with a 1:1 ortholog is kept as it is. Where one human gene has several genes in the other species (1:n)
    their counts, or linear TPM or CPM, are summed into one feature; on any other scale they are dropped, never
    averaged. Genes with several human orthologs (n:1, n:m) are dropped.

    Parameters
    ----------
    adata
        Samples x features of ``orthologs.species`` with ``var["feature_name"]`` and a declared scale.
    orthologs
        The table.

    Returns
    -------
    AnnData
        Fewer features; ``feature_id`` and ``feature_name`` stay those of the source (joined by ``+`` where features
        were summed), ``var["human_ortholog"]`` and ``var["ortholog_relation"]`` are new; ``obs`` is unchanged.
    LossReport
        What was lost, how much, and why; warnings with their numbers.

    Raises
    ------
    InputError
        If the samples are of another species, or no feature is mapped.
    ScaleError
        If the scale is not declared.

    Examples
    --------
    >>> from exomics.schema import Scale, annotate
    >>> frame = pd.DataFrame({"human_symbol": ["ABCB1", "ABCB1"], "symbol": ["Abcb1a", "Abcb1b"], "support_n": [7, 7]})
    >>> table = OrthologTable.from_frame(frame, species="rat", source="example", warn=False)
    >>> rat = AnnData(np.array([[3.0, 4.0]]), obs=pd.DataFrame({"species": ["rat"]}, index=["s1"]),
    ...               var=pd.DataFrame({"feature_name": ["Abcb1a", "Abcb1b"]}, index=["g1", "g2"]))
    >>> mapped, lost = to_human(annotate(rat, assay="rna", scale=Scale(kind="counts", quantity="count")), table)
    >>> mapped.X.tolist(), mapped.var["human_ortholog"].tolist()
    ([[7.0]], ['ABCB1'])
    """
    require_species(adata, orthologs.species, "the ortholog table")
    scale = scale_of(adata)
    symbols = feature_names(adata).to_numpy()
    relations = np.array([orthologs.relation_of(symbol, human=False) if symbol else "" for symbol in symbols])
    human = orthologs.other_to_human((ONE_TO_ONE, ONE_TO_MANY))
    may_sum = (scale.kind, scale.quantity) in _SUMMABLE
    single = _lone_members(symbols, relations, human) if may_sum else np.zeros(len(symbols), dtype=bool)
    kept = np.flatnonzero((relations == ONE_TO_ONE) | single)
    groups = _groups(symbols, relations, human, single) if may_sum else {}
    if not len(kept) and not groups:
        raise InputError(
            f"no feature has a human ortholog in {orthologs.source}; is feature_name a {orthologs.species} symbol?"
        )
    mapped = _assemble(adata, kept, [human[symbols[position]][0] for position in kept], relations[kept], groups)
    report = _report(symbols, relations, may_sum, orthologs)
    parameters = {"orthologs": orthologs.source, "species": orthologs.species, "min_support": orthologs.min_support}
    losses = {"losses": report.to_records(), "notes": list(report.notes), "n_mapped": mapped.n_vars}
    return record_step(mapped, STEP, parameters, **losses), report


def _groups(symbols: Any, relations: Any, human: Any, single: Any) -> dict[str, list[int]]:
    """Human symbol -> positions of the features to sum, where at least two genes of a 1:n group are measured."""
    groups: dict[str, list[int]] = {}
    for position in np.flatnonzero((relations == ONE_TO_MANY) & ~single):
        groups.setdefault(human[symbols[position]][0], []).append(int(position))
    return groups


def _lone_members(symbols: Any, relations: Any, human: Any) -> Any:
    """Features of a 1:n group of which only one is measured: the sum is that feature."""
    positions = np.flatnonzero(relations == ONE_TO_MANY)
    targets = [human[symbols[position]][0] for position in positions]
    counts = pd.Series(targets, dtype=object).value_counts()
    single = np.zeros(len(symbols), dtype=bool)
    single[[position for position, target in zip(positions, targets, strict=True) if counts[target] == 1]] = True
    return single


def _assemble(adata: AnnData, kept: Any, human: list[str], relations: Any, groups: dict[str, list[int]]) -> AnnData:
    as_is = adata[:, kept].copy()
    as_is.var[keys.HUMAN_ORTHOLOG] = human
    as_is.var[RELATION] = relations
    if not groups:
        return as_is
    values = {name: _sums(layer, groups) for name, layer in adata.layers.items() if name == keys.COUNTS}
    summed = {"X": _sums(adata.X, groups), **values}
    joined = AnnData(
        _beside(as_is.X, summed["X"]),
        obs=as_is.obs.copy(),
        var=_joined_var(adata.var, as_is.var, kept, groups=groups),
        uns=dict(as_is.uns),
    )
    for name in values:
        joined.layers[name] = _beside(as_is.layers[name], summed[name])
    return joined


def _joined_var(var: pd.DataFrame, as_is: pd.DataFrame, kept: Any, *, groups: dict[str, list[int]]) -> pd.DataFrame:
    """The features kept, then the sums; both are taken from `var` at once, so that every column keeps its type."""
    sums = list(groups.values())
    rows = var.iloc[[*kept, *(positions[0] for positions in sums)]].copy()
    rows.index = pd.Index([*as_is.index, *("+".join(map(str, var.index[positions])) for positions in sums)])
    joined_names = ("+".join(var[keys.FEATURE_NAME].iloc[positions]) for positions in sums)
    rows[keys.FEATURE_NAME] = [*as_is[keys.FEATURE_NAME], *joined_names]
    rows[keys.HUMAN_ORTHOLOG] = [*as_is[keys.HUMAN_ORTHOLOG], *groups]
    rows[RELATION] = [*as_is[RELATION], *([ONE_TO_MANY] * len(sums))]
    return rows


def _sums(values: Any, groups: dict[str, list[int]]) -> Any:
    rows = np.concatenate([np.asarray(positions) for positions in groups.values()])
    columns = np.repeat(np.arange(len(groups)), [len(positions) for positions in groups.values()])
    selector = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(values.shape[1], len(groups)))
    return values @ selector if sparse.issparse(values) else np.asarray(values) @ selector


def _beside(left: Any, right: Any) -> Any:
    if sparse.issparse(left):
        return sparse.hstack([left, sparse.csr_matrix(right)], format="csr")
    return np.hstack([np.asarray(left), np.asarray(right).astype(np.asarray(left).dtype)])


def _report(symbols: Any, relations: Any, may_sum: bool, orthologs: OrthologTable) -> LossReport:
    unnamed = int((symbols == "").sum())
    several = "the table gives several human genes; none can be chosen"
    dropped = [] if may_sum else symbols[relations == ONE_TO_MANY]
    notes = [orthologs.restriction] if orthologs.restriction else []
    if unnamed:
        notes.append(f"{unnamed} features have no symbol and were dropped.")
    return LossReport.of(
        [
            ("no ortholog", symbols[(relations == "") & (symbols != "")], _support(orthologs)),
            (
                "1:n on a log scale",
                dropped,
                "one human gene, several here: only counts and linear TPM or CPM are summed",
            ),
            ("n:1", symbols[relations == MANY_TO_ONE], several),
            ("n:m", symbols[relations == MANY_TO_MANY], several),
        ],
        notes,
    )


def _support(orthologs: OrthologTable) -> str:
    return f"no pair with at least {orthologs.min_support} supporting databases in {orthologs.source}"
