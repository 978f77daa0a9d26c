"""References that users bring: of mice, by symbols or Ensembl ids; and those that tell too little or the wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.cli.main import main
from exomics.datasets import write_data
from exomics.errors import InputError
from exomics.registry.cell_reference import CellReference, Profiles, read_cell_reference
from exomics.schema import Scale
from exomics.scoring import deconvolve
from tests.scoring.deconvolution.conftest import ARRAY, TPM, samples

LOG_TPM = Scale(kind="log2", quantity="tpm", offset=1.0)
MARKERS = {"Fibroblasts": ("Ka", "Kb", "Kc", "Kd"), "NK cells": ("Na", "Nb"), "Vessels": ("Va",)}
GENES = [gene for members in MARKERS.values() for gene in members]
IDS = {gene: f"ENSMUSG{at:011d}" for at, gene in enumerate([*GENES, "Other"])}


def of(species: str, values: pd.DataFrame, scale: Scale = LOG_TPM) -> AnnData:
    found = samples(values, scale)
    found.obs["species"] = species
    return found


def levels(n_samples: int = 3) -> pd.DataFrame:
    """Genes x samples, log2, a gene that marks nothing with them."""
    drawn = np.random.default_rng(5).uniform(0.0, 12.0, (len(IDS), n_samples))
    return pd.DataFrame(drawn, list(IDS), [f"m{at}" for at in range(n_samples)])


@pytest.fixture
def marker_file(tmp_path: Path) -> Path:
    """As mMCP-counter lists its markers: probe, population, symbol, Ensembl id."""
    rows = [f"1{at}\t{kind}\t{gene}\t{IDS[gene]}" for kind, genes in MARKERS.items() for at, gene in enumerate(genes)]
    path = tmp_path / "mouse.tsv"
    path.write_text("\n".join(["Probes\tDenomination\tGene.Symbol\tENSEMBL.ID", *rows]) + "\n", encoding="utf-8")
    return path


def value_of(adata: AnnData, reference: CellReference, **options: Any) -> pd.DataFrame:
    frame = deconvolve(adata, method="mcp_counter", reference=reference, **options).frame
    return frame.pivot(index="cell_type", columns="sample_id", values="value")


@pytest.mark.parametrize("scale", [LOG_TPM, ARRAY], ids=["rnaseq", "array"])
@pytest.mark.parametrize("n_samples", [1, 2, 3])
def test_mice_get_the_median_of_log2_of_their_markers(marker_file: Path, scale: Scale, n_samples: int) -> None:
    values = levels(n_samples)
    found = value_of(of("mouse", values, scale), read_cell_reference({"markers": marker_file}))
    for name, kind in (("fibroblast", "Fibroblasts"), ("NK cell", "NK cells"), ("Vessels", "Vessels")):
        np.testing.assert_allclose(found.loc[name], values.loc[list(MARKERS[kind])].median(), rtol=1e-14)


def test_the_statistic_follows_the_species_unless_it_is_given(marker_file: Path) -> None:
    reference = CellReference({"markers": read_cell_reference({"markers": marker_file}).parts["markers"]})
    values = levels()
    means, medians = values.loc[list(MARKERS["Fibroblasts"])].mean(), values.loc[list(MARKERS["Fibroblasts"])].median()
    for species, given, expected in (
        ("mouse", {}, medians),
        ("rat", {}, means),
        ("human", {}, means),
        ("mouse", {"statistic": "mean"}, means),
        ("rat", {"statistic": "median"}, medians),
    ):
        found = deconvolve(of(species, values), method="mcp_counter", reference=reference, parameters=given)
        frame = found.frame[found.frame["cell_type"] == "fibroblast"]
        np.testing.assert_allclose(frame["value"], expected, rtol=1e-14)
        told = found.provenance.parameters["options"]["statistic"]
        assert told == ("median" if expected is medians else "mean")


def test_markers_are_found_by_symbol_or_by_ensembl_id(marker_file: Path, tmp_path: Path) -> None:
    reference = read_cell_reference({"markers": marker_file})
    values = levels()
    by_symbol = value_of(of("mouse", values), reference)
    by_id = value_of(of("mouse", values.rename(index=IDS)), reference)
    pd.testing.assert_frame_equal(by_id, by_symbol)
    cut = value_of(of("mouse", values.rename(index=IDS)), reference, cell_types=["NK cells"])
    pd.testing.assert_frame_equal(cut, by_symbol.loc[["NK cell"]])
    only_ids = tmp_path / "ids.tsv"
    rows = [line.split("\t") for line in marker_file.read_text(encoding="utf-8").splitlines()]
    only_ids.write_text("\n".join(f"{row[1]}\t{row[3]}" for row in rows), encoding="utf-8")
    again = value_of(of("mouse", values.rename(index=IDS)), read_cell_reference({"markers": only_ids}))
    pd.testing.assert_frame_equal(again, by_symbol)


def test_two_markers_with_one_ensembl_id_count_once(marker_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "twice.tsv"
    path.write_text(marker_file.read_text(encoding="utf-8") + f"9\tNK cells\tNc\t{IDS['Nb']}\n", encoding="utf-8")
    values = levels()
    found = value_of(of("mouse", values.rename(index=IDS)), read_cell_reference({"markers": path}))
    np.testing.assert_allclose(found.loc["NK cell"], values.loc[["Na", "Nb"]].median(), rtol=1e-14)


@pytest.mark.real_data
@pytest.mark.parametrize("column", ["Gene.Symbol", "ENSEMBL.ID"])
@pytest.mark.parametrize("assembly", ["GCRm38", "GCRm39"])
def test_the_published_mouse_markers_by_either_column(assembly: str, column: str, immune: Path) -> None:
    """Every population of mMCP-counter: the median of log2 of its markers, whichever column names the genes."""
    path = immune / f"resources_mMCPcounter_{assembly}.tsv.gz"
    listed = pd.read_csv(path, sep="\t")
    genes = [*dict.fromkeys(listed[column]), "Another"]
    drawn = np.random.default_rng(6).uniform(0.0, 12.0, (len(genes), 2))
    values = pd.DataFrame(drawn, genes, ["a", "b"])
    frame = deconvolve(
        of("mouse", values), method="mcp_counter", reference=read_cell_reference({"markers": path})
    ).frame
    found = frame["value"].to_numpy().reshape(2, -1)
    expected = [values.loc[listed.loc[listed["Denomination"] == name, column].unique()].median()
                for name in listed["Denomination"].unique()]  # fmt: skip
    np.testing.assert_allclose(found.T, expected, rtol=1e-14)


def test_genes_of_another_species_are_refused_where_their_ids_tell(marker_file: Path) -> None:
    reference = read_cell_reference({"markers": marker_file})
    assert reference.species == "mouse"
    for species in ("rat", "human"):
        with pytest.raises(InputError, match=f"are mouse genes; these samples are {species}"):
            value_of(of(species, levels()), reference)
    human = Profiles(("ENSG00000000001",), ("B",), np.ones((1, 1)))
    with pytest.raises(InputError, match="are human genes; these samples are mouse"):
        deconvolve(of("mouse", levels()), method="abis", reference=CellReference({"profiles": human}))
    with pytest.raises(InputError, match=r"is measured \(KA \.\.\.; the samples name theirs Ka, Kb, Kc"):
        value_of(of("mouse", levels()), CellReference({"markers": {"Fibroblasts": ("KA",)}}))


def test_a_method_without_its_profiles_asks_for_them_whatever_the_species() -> None:
    with pytest.raises(InputError, match="missing: profiles"):
        deconvolve(of("mouse", levels()), method="quantiseq")


def test_missing_markers_are_counted_and_duplicates_are_told(marker_file: Path) -> None:
    reference = read_cell_reference({"markers": marker_file})
    values = levels().drop(index=["Ka", "Kb", "Kc", "Va"])
    frame = deconvolve(of("mouse", values), method="mcp_counter", reference=reference).frame
    status = frame[frame["sample_id"] == "m0"].set_index("cell_type")["status"]
    assert status.to_dict() == {"fibroblast": "below_floor", "NK cell": "ok", "Vessels": "not_measured"}
    assert set(frame[frame["cell_type"] == "fibroblast"]["note"]) == {
        "called Fibroblasts; 25% of its features measured"
    }
    twice = of("mouse", levels())
    twice.var.loc["Other", "feature_name"] = "Na"
    notes = deconvolve(twice, method="mcp_counter", reference=reference).provenance.notes
    assert any("1 features of the reference are measured several times" in note for note in notes)


@pytest.fixture(scope="module")
def mixed() -> tuple[CellReference, pd.DataFrame, AnnData]:
    """Profiles and mRNA contents of three types, fractions (3 samples), and the mixture with cells of no profile."""
    rng = np.random.default_rng(2)
    genes = [f"G{at}" for at in range(40)]
    profiles = np.vstack([rng.exponential(1.0, (30, 3)), np.zeros((10, 3))])
    unknown = np.append(np.zeros(30), rng.exponential(1.0, 10))[:, None]
    each = np.hstack([profiles, unknown])
    each = each / each.sum(axis=0) * 1e6
    names = ("Bcells", "Macrophages", "Hepatocytes")
    fractions = rng.dirichlet(np.ones(4), 3)
    content = np.array([40.0, 140.0, 200.0, 50.0])
    shares = fractions * content
    tpm = pd.DataFrame(each @ (shares / shares.sum(axis=1, keepdims=True)).T, genes, ["a", "b", "c"])
    told = dict(zip((*names, "otherCells"), content.tolist(), strict=True))
    reference = CellReference({"profiles": Profiles(tuple(genes), names, each[:, :3]), "mrna_content": told})
    truth = pd.DataFrame(fractions, ["a", "b", "c"], ["B lineage", "macrophage", "Hepatocytes", "uncharacterized cell"])
    return reference, truth, of("mouse", tpm, TPM)


def epic(adata: AnnData, reference: CellReference, **options: Any) -> pd.DataFrame:
    frame = deconvolve(adata, method="epic", reference=reference, **options).frame
    assert set(frame["unit"]) == {"fraction"}
    return frame.pivot(index="sample_id", columns="cell_type", values="value")


def test_fractions_come_back_in_any_unit_of_mrna(mixed: tuple[CellReference, pd.DataFrame, AnnData]) -> None:
    reference, truth, mouse = mixed
    found = epic(mouse, reference)
    np.testing.assert_allclose(found[list(truth)], truth, atol=1e-8)
    np.testing.assert_allclose(epic(mouse[:1].copy(), reference).sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(epic(mouse[:1].copy(), reference), found.iloc[:1], atol=1e-12)


def test_an_mrna_content_that_is_not_told_is_asked_for_never_guessed(
    mixed: tuple[CellReference, pd.DataFrame, AnnData],
) -> None:
    reference, truth, mouse = mixed
    told = reference.parts["mrna_content"]

    def with_content(content: dict[str, float]) -> CellReference:
        return CellReference({**reference.parts, "mrna_content": content})

    with pytest.raises(InputError, match="mRNA content of Hepatocytes is not given"):
        epic(mouse, with_content({name: told[name] for name in ("Bcells", "Macrophages", "otherCells")}))
    by_default = {name: told[name] for name in ("Bcells", "Macrophages", "Hepatocytes")} | {"default": 50.0}
    np.testing.assert_allclose(epic(mouse, with_content(by_default))[list(truth)], truth, atol=1e-8)
    del by_default["default"]
    notes = deconvolve(mouse, method="epic", reference=with_content(by_default)).provenance.notes
    assert any("uncharacterized cells (otherCells) is not given: 0.4" in note for note in notes)


def test_a_choice_of_cell_types_keeps_the_content_of_the_others(
    mixed: tuple[CellReference, pd.DataFrame, AnnData],
) -> None:
    reference, _, _ = mixed
    chosen = reference.only(["Macrophages"])
    assert chosen.parts["mrna_content"] == {"Macrophages": 140.0, "otherCells": 50.0}
    with pytest.raises(InputError, match="no cell type G1; it has Bcells, Macrophages, Hepatocytes"):
        reference.only(["G1"])


def test_logarithms_are_no_profiles(mixed: tuple[CellReference, pd.DataFrame, AnnData]) -> None:
    reference, _, mouse = mixed
    profiles: Profiles = reference.parts["profiles"]
    logs = CellReference({"profiles": profiles._replace(values=np.log2(profiles.values + 0.5))})
    for method in ("quantiseq", "epic", "abis", "nu_svr"):
        with pytest.raises(InputError, match="negative values, as logarithms do"):
            deconvolve(mouse, method=method, reference=logs)


def test_commas_are_no_tabs(tmp_path: Path) -> None:
    path = tmp_path / "profiles.csv"
    path.write_text("gene,B,T\nG1,1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="tab-separated"):
        read_cell_reference({"profiles": path})


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--option", "least_coverage=half"], "least_coverage must be a fraction between 0 and 1; got 'half'"),
        (["--option", "least_coverage=2"], "least_coverage must be a fraction between 0 and 1; got 2"),
        (["--resamples", "-3"], "expected a whole number of 0 or more"),
        (["--reference", "marker=none.tsv"], r"give [ROLE=]FILE, of the roles of mcp_counter: markers"),
    ],
)
def test_the_command_refuses_in_one_line(
    more: list[str], message: str, marker_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mouse = of("mouse", levels())
    mouse.obs[["subject_id", "study_id", "time_point"]] = "m", "made", "baseline"
    mouse.var["feature_type"] = "gene"
    data = write_data(mouse, tmp_path / "mouse.h5ad")
    given = [] if "--reference" in more else ["--reference", str(marker_file)]
    output = tmp_path / "cells.tsv"
    assert main(["deconvolve", str(data), "-o", str(output), "--method", "mcp_counter", *given, *more]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert not output.exists()
