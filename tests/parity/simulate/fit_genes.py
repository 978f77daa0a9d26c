"""Write the gene table of the embedded study: levels, tumor compartments and programs per human symbol.

Run with ``EXOMICS_REFERENCE`` and ``EXOMICS_MIRROR`` set; writes ``exomics/datasets/simulate/fitted/genes.tsv``.
Only rounded per-gene summaries leave this script: a mean level over all samples (0.1 log2), the share of a
gene's tumor expression that follows one cell compartment (0.05), and membership in a Hallmark program.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import rdata

TARGET = Path(__file__).resolve().parents[3] / "exomics/datasets/simulate/fitted/genes.tsv"
GITHUB = "raw.githubusercontent.com"

# The compartments of a tumor and the genes whose mean log2 level stands for their amount (MCP-counter, CC0;
# the epithelial markers are textbook ones, because MCP-counter has no malignant set).
EPITHELIAL = ["EPCAM", "KRT8", "KRT18", "KRT19", "CDH1"]
COMPARTMENT_SETS = {
    "lymphocyte": ("T cells", "CD8 T cells", "Cytotoxic lymphocytes", "NK cells"),
    "b_cell": ("B lineage",),
    "myeloid": ("Monocytic lineage", "Myeloid dendritic cells"),
    "fibroblast": ("Fibroblasts",),
    "endothelial": ("Endothelial cells",),
}
# A gene that sits in several programs belongs to the first; "collagen" keeps the COL genes of its set.
PROGRAMS = {
    "collagen": ("HALLMARK_EPITHELIAL_MESENCHYMAL_TRANSITION",),
    "oxphos": ("HALLMARK_OXIDATIVE_PHOSPHORYLATION",),
    "proliferation": ("HALLMARK_E2F_TARGETS", "HALLMARK_G2M_CHECKPOINT"),
    "interferon": ("HALLMARK_INTERFERON_GAMMA_RESPONSE", "HALLMARK_INTERFERON_ALPHA_RESPONSE"),
    "matrix": ("HALLMARK_EPITHELIAL_MESENCHYMAL_TRANSITION",),
    "hypoxia": ("HALLMARK_HYPOXIA", "HALLMARK_GLYCOLYSIS"),
    "inflammation": ("HALLMARK_TNFA_SIGNALING_VIA_NFKB",),
    "myogenesis": ("HALLMARK_MYOGENESIS",),
    "growth": ("HALLMARK_MYC_TARGETS_V1", "HALLMARK_MTORC1_SIGNALING"),
}
MINIMUM_SHARE, MINIMUM_CORRELATION = 0.3, 0.5
MUSCLE_FLOOR, TUMOR_FLOOR = -5.0, -6.0
# Genes without a measured rat ortholog that every tissue expresses (high and steady in tumors) get the tumor level
# less this much; genes of the sex chromosomes and GAPDH, which neither source measures properly, get a stated level.
STEADY_LEVEL, STEADY_DEVIATION, STEADY_OFFSET = 4.0, 0.75, 1.5
STATED_LEVELS = {
    "GAPDH": (12.0, 11.6), "XIST": (4.0, 5.0), "RPS4Y1": (5.0, 4.5), "DDX3Y": (4.0, 3.5), "KDM5D": (3.0, 2.5),
    "UTY": (2.5, 2.0), "EIF1AY": (3.0, 2.5), "USP9Y": (2.5, 2.0), "ZFY": (2.0, 1.5), "NLGN4Y": (1.0, 0.5),
}  # fmt: skip


def main() -> None:
    """Fit and write."""
    reference, mirror = Path(os.environ["EXOMICS_REFERENCE"]), Path(os.environ["EXOMICS_MIRROR"])
    approved = approved_symbols(mirror)
    muscle = _muscle_levels(reference, approved)
    cohorts = [log2_tpm(reference / f"tumor/ICBfull_{name}_expr.tsv.gz", approved) for name in ("Kim", "Cho")]
    required = pd.read_csv(Path(__file__).with_name("required_symbols.tsv"), sep="\t")["symbol"]
    tumor = pd.concat([cohort.median(axis=1) for cohort in cohorts], axis=1)
    tumor_level = tumor.mean(axis=1)
    detected = (tumor > 0).all(axis=1)
    symbols = sorted(set(muscle.index) | set(detected[detected].index) | set(required.map(approved).dropna()))
    table = pd.DataFrame(index=pd.Index(symbols, name="symbol"))
    compartments = _compartments(cohorts, compartment_markers(mirror, approved))
    steady = _steady_levels(cohorts, tumor_level).drop(compartments.index, errors="ignore")
    muscle = muscle.reindex(symbols).fillna(steady.reindex(symbols)).fillna(MUSCLE_FLOOR)
    table["muscle"] = muscle.clip(MUSCLE_FLOOR).round(1)
    table["tumor"] = tumor_level.reindex(symbols).fillna(TUMOR_FLOOR).clip(TUMOR_FLOOR).round(1)
    for symbol, levels in STATED_LEVELS.items():
        table.loc[symbol, ["muscle", "tumor"]] = levels
    table["compartment"] = compartments["compartment"].reindex(symbols).fillna("")
    table["share"] = compartments["share"].reindex(symbols).fillna(0.0)
    table["program"] = _programs(mirror, approved).reindex(symbols).fillna("")
    _write(table)


def _write(table: pd.DataFrame) -> None:
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    text = table.to_csv(sep="\t", lineterminator="\n", float_format="%.4g")
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET}: {len(table)} genes, {len(text)} bytes")  # noqa: T201
    print(table["compartment"].value_counts(), table["program"].value_counts())  # noqa: T201


def r_objects(mirror: Path, pattern: str) -> dict[str, object]:
    (path,) = (mirror / GITHUB).glob(pattern)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dict(rdata.conversion.convert(rdata.parser.parse_file(path)))


def approved_symbols(mirror: Path) -> dict[str, str]:
    """Symbol, alias or previous symbol to the one approved symbol; ambiguous aliases are left out."""
    table = r_objects(mirror, "waldronlab/HGNChelper/*/data/hgnc.table.rda")["hgnc.table"]
    table = table[["Symbol", "Approved.Symbol"]].dropna().astype(str).drop_duplicates()
    names = set(table["Approved.Symbol"])
    aliases = table[~table["Symbol"].isin(names)].drop_duplicates("Symbol", keep=False)
    return {name: name for name in names} | dict(zip(aliases["Symbol"], aliases["Approved.Symbol"], strict=True))


def _muscle_levels(reference: Path, approved: dict[str, str]) -> pd.Series:
    """Mean log2 counts per million of the rat gastrocnemius gene, by its human symbol (highest of several)."""
    counts = pd.read_csv(reference / "motrpac/TRNSCRPT_GN.counts.tsv.gz", sep="\t", index_col=0)
    symbols = muscle_symbols(reference, approved)
    mapped = counts[symbols.notna().to_numpy()]
    level = np.log2((counts + 0.5) / (mapped.sum() + 1) * 1e6).mean(axis=1)
    return level.groupby(symbols.to_numpy()).max()


def muscle_symbols(reference: Path, approved: dict[str, str]) -> pd.Series:
    """Approved human symbol of each row of the gastrocnemius matrix, by the study's own ortholog table."""
    features = pd.read_csv(reference / "motrpac/TRNSCRPT_GN.features.tsv.gz", sep="\t")
    orthologs = pd.read_csv(reference / "motrpac/RAT_TO_HUMAN.tsv.gz", sep="\t")
    human = dict(zip(orthologs["symbol"], orthologs["human_symbol"], strict=True))
    return features["gene_symbol"].map(human).map(approved)


def _steady_levels(cohorts: list[pd.DataFrame], level: pd.Series) -> pd.Series:
    deviation = pd.concat([cohort.std(axis=1) for cohort in cohorts], axis=1).mean(axis=1, skipna=False)
    return level[(level > STEADY_LEVEL) & (deviation < STEADY_DEVIATION)] - STEADY_OFFSET


def log2_tpm(path: Path, approved: dict[str, str]) -> pd.DataFrame:
    """log2(TPM + 0.01) by approved symbol, each sample scaled to a million."""
    tpm = pd.read_csv(path, sep="\t", index_col=0)
    tpm = tpm.groupby(tpm.index.map(lambda name: approved.get(name, ""))).sum().drop("", errors="ignore")
    return np.log2(tpm / tpm.sum() * 1e6 + 0.01)


def compartment_markers(mirror: Path, approved: dict[str, str]) -> dict[str, list[str]]:
    (path,) = (mirror / GITHUB).glob("ebecht/MCPcounter/*/Signatures/genes.txt")
    table = pd.read_csv(path, sep="\t")
    named = table["HUGO symbols"].map(approved)
    markers = {
        name: sorted(set(named[table["Cell population"].isin(sets)].dropna()))
        for name, sets in COMPARTMENT_SETS.items()
    }
    return markers | {"epithelial": EPITHELIAL}


def _compartments(cohorts: list[pd.DataFrame], markers: dict[str, list[str]]) -> pd.DataFrame:
    """The compartment each gene follows, and its elasticity to that compartment's amount.

    A gene expressed as ``sum_c share_c * amount_c`` has, at the mean, d log(gene) / d log(amount_c) = share_c,
    so the slope of its log2 level on the mean log2 level of the markers estimates the share.
    """
    genes = cohorts[0].index.intersection(cohorts[1].index)
    slopes, correlations = [], []
    for cohort in cohorts:
        levels = cohort.loc[genes].to_numpy()
        scores = np.array([cohort.reindex(names).dropna().mean().to_numpy() for names in markers.values()])
        scores -= scores.mean(axis=1, keepdims=True)
        centered = levels - levels.mean(axis=1, keepdims=True)
        covariance = centered @ scores.T
        slopes.append(covariance / (scores**2).sum(axis=1))
        norms = np.sqrt((centered**2).sum(axis=1, keepdims=True) * (scores**2).sum(axis=1))
        correlations.append(covariance / np.maximum(norms, 1e-12))
    correlation, slope = np.mean(correlations, axis=0), np.mean(slopes, axis=0)
    best = correlation.argmax(axis=1)
    rows = np.arange(len(genes))
    share = np.clip(slope[rows, best], 0, 0.95)
    follows = (correlation[rows, best] >= MINIMUM_CORRELATION) & (share >= MINIMUM_SHARE)
    table = pd.DataFrame(
        {"compartment": np.array(list(markers))[best], "share": (share * 20).round() / 20}, index=genes
    )
    table = table[follows]
    for name, symbols in markers.items():
        for symbol in symbols:
            table.loc[symbol] = [name, 0.95]
    return table


def _programs(mirror: Path, approved: dict[str, str]) -> pd.Series:
    (path,) = (mirror / GITHUB).glob("zqfang/GSEApy/*/tests/extdata/h.all.v7.0.symbols.gmt")
    sets = {line.split("\t")[0]: line.split("\t")[2:] for line in path.read_text().splitlines()}
    program: dict[str, str] = {}
    for name, hallmarks in PROGRAMS.items():
        for hallmark in hallmarks:
            for symbol in (member for member in sets[hallmark] if name != "collagen" or member.startswith("COL")):
                program.setdefault(approved.get(symbol, symbol), name)
    return pd.Series(program)


if __name__ == "__main__":
    main()
