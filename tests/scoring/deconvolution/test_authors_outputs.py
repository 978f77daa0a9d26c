"""Our estimates beside those of the authors' own programs, on the same samples and references."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.harmonize import load_aliases
from exomics.registry.cell_reference import CellReference, Profiles, read_cell_reference
from exomics.results import DeconvolutionTable
from exomics.schema import Scale, annotate
from exomics.scoring import deconvolve

pytestmark = pytest.mark.real_data

XCELL_OF_BLOOD = (
    "B-cells", "CD4+ naive T-cells", "CD4+ T-cells", "CD4+ Tcm", "CD4+ Tem", "CD8+ naive T-cells", "CD8+ T-cells",
    "CD8+ Tcm", "CD8+ Tem", "Memory B-cells", "Monocytes", "naive B-cells", "NK cells", "NKT", "Plasma cells",
    "pro B-cells", "Tgd cells", "Tregs",
)  # fmt: skip


def theirs(immune: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(immune / "reference" / f"ref_{name}.tsv.gz", sep="\t", index_col=0)


def wide(table: DeconvolutionTable, spec_names: list[str], samples: pd.Index) -> np.ndarray:
    """(n_samples, n_cell_types) in the order of the method's own words."""
    frame = table.frame
    own = frame["note"].str.extract(r"^called ([^;]+)")[0].fillna(frame["cell_type"])
    return frame.assign(own=own).pivot(index="sample_id", columns="own", values="value").loc[samples, spec_names]


def test_mcp_counter_on_tumors_equals_the_published_program(melanoma: AnnData, immune: Path) -> None:
    markers = read_cell_reference({"markers": immune / "resources_MCPcounter_genes.txt"})
    expected = theirs(immune, "MCPcounter_racle_log2tpm1")
    found = deconvolve(melanoma, method="mcp_counter", reference=markers)
    np.testing.assert_allclose(wide(found, list(expected), expected.index), expected, rtol=0, atol=1e-12)


def test_mcp_counter_on_arrays_equals_the_published_program(blood: AnnData, immune: Path) -> None:
    """The markers that we ship give the same, by other names; the samples at hand are rounded to five digits."""
    expected = theirs(immune, "MCPcounter_SDY420")
    found = deconvolve(blood, method="mcp_counter").frame
    ours = found.pivot(index="sample_id", columns="cell_type", values="value").loc[expected.index]
    names = {
        "T cells": "T cell", "Cytotoxic lymphocytes": "cytotoxic lymphocyte", "B lineage": "B lineage",
        "NK cells": "NK cell", "Monocytic lineage": "monocytic lineage", "Neutrophils": "neutrophil",
        "Endothelial cells": "endothelial cell", "Fibroblasts": "fibroblast",
    }  # fmt: skip
    for their_name, our_name in names.items():
        known = ours[our_name].notna()
        np.testing.assert_allclose(ours.loc[known, our_name], expected.loc[known, their_name], rtol=0, atol=2e-4)
    assert ours["T cell"].notna().all()


def test_quantiseq_equals_the_published_program(
    melanoma: AnnData, immune: Path, references: dict[str, CellReference]
) -> None:
    """To 1e-3. The program drops the symbols that its list of April 2017 lacks, among them the subunits of ATP synthase
    as they are called since 2018, before it scales samples to a million: so do we here. Both gene lists are left out.
    """
    lists = [f"resources_quanTIseq_TIL10_{name}.txt" for name in ("TCGA_aberrant_immune_genes", "rmgenes")]
    dropped = [gene for name in lists for gene in read_cell_reference({"dropped": immune / name}).parts["dropped"]]
    reference = replace(references["quantiseq"], parts={**references["quantiseq"].parts, "dropped": tuple(dropped)})
    of_2017 = melanoma[:, ~melanoma.var_names.str.startswith("ATP5")].copy()
    expected = theirs(immune, "quanTIseq_racle").rename(columns={"Other": "uncharacterized cell"})
    aliases = load_aliases()
    found = deconvolve(of_2017, method="quantiseq", reference=reference, aliases=aliases)
    assert np.abs(wide(found, list(expected), expected.index) - expected).to_numpy().max() < 1e-3
    with_all = deconvolve(melanoma, method="quantiseq", reference=reference, aliases=aliases)
    assert np.abs(wide(with_all, list(expected), expected.index) - expected).to_numpy().max() < 2.5e-3


def test_estimate_equals_the_published_program(
    melanoma: AnnData, immune: Path, references: dict[str, CellReference]
) -> None:
    expected = theirs(immune, "ESTIMATE_racle")
    expected.columns = ["StromalSignature", "ImmuneSignature", "ESTIMATE score", "tumor purity"]
    found = deconvolve(melanoma, method="estimate", reference=references["estimate"])
    np.testing.assert_allclose(wide(found, list(expected), expected.index), expected, rtol=1e-9, atol=0)


def test_xcell_equals_the_published_program(blood: AnnData, immune: Path, references: dict[str, CellReference]) -> None:
    expected = theirs(immune, "xCell_SDY420")
    found = deconvolve(blood, method="xcell", reference=references["xcell"], cell_types=XCELL_OF_BLOOD)
    assert np.abs(wide(found, list(expected), expected.index) - expected).to_numpy().max() < 1e-3


def test_mouse_markers_are_read_from_the_user(immune: Path) -> None:
    """Mouse: medians of the markers in the file, those of two populations planted."""
    reference = read_cell_reference({"markers": immune / "resources_mMCPcounter_GCRm38.tsv.gz"})
    markers = reference.parts["markers"]
    genes = sorted({gene for members in markers.values() for gene in members})
    rng = np.random.default_rng(4)
    values = pd.DataFrame(rng.normal(3.0, 1.0, (len(genes), 6)), genes, [f"m{i}" for i in range(6)])
    values.loc[list(markers["Fibroblasts"]), ["m0", "m1"]] += 4.0
    obs = pd.DataFrame({"specimen": "tumor", "species": "mouse"}, index=values.columns)
    var = pd.DataFrame({"feature_name": genes}, index=genes)
    mouse = annotate(
        AnnData(values.to_numpy().T.copy(), obs=obs, var=var), assay="rna",
        scale=Scale(kind="log2", quantity="tpm", offset=1.0),
    )  # fmt: skip
    found = deconvolve(mouse, method="mcp_counter", reference=reference, parameters={"statistic": "median"})
    rows = found.frame[found.frame["cell_type"] == "fibroblast"].set_index("sample_id")["value"]
    np.testing.assert_allclose(rows, values.loc[list(markers["Fibroblasts"])].median(), rtol=1e-12)
    assert set(rows.nlargest(2).index) == {"m0", "m1"}


def test_a_reference_can_be_cut_to_some_cell_types(references: dict[str, CellReference]) -> None:
    cut = references["quantiseq"].only(["Monocytes", "B.cells"])
    profiles: Profiles = cut.parts["profiles"]
    assert profiles.columns == ("Monocytes", "B.cells")
    assert list(cut.parts["mrna_content"]) == ["Monocytes", "B.cells"]
