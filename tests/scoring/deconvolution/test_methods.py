"""What every deconvolution must do, what each recovers of planted fractions, and what is refused."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest

from exomics.errors import InputError, LayerError, RegistryError, ScaleError
from exomics.registry.cell_reference import CellReference, Profiles, read_cell_reference
from exomics.schema import Scale
from exomics.scoring import Deconvolutions, deconvolve
from exomics.scoring._deconvolution import Deconvolution
from exomics.scoring.cell_types import LINEAGE, ancestors
from exomics.scoring.deconvolution._lineage_genes import LINEAGE_GENES
from tests.scoring.deconvolution.conftest import TPM, samples
from tests.scoring.deconvolution.mixtures import GENES, TYPES, world

ALL = [cast(Deconvolution, spec) for spec in Deconvolutions]
each_method = pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.name)
MADE = world(77, 12)


def reference_of(method: str) -> CellReference:
    if method == "epic":
        given = MADE.references["quantiseq"]
        profiles: Profiles = given.parts["profiles"]
        spread = profiles._replace(values=0.3 * profiles.values + 1.0)
        return CellReference({**given.parts, "variability": spread})
    if method == "estimate":
        markers = MADE.references["mcp_counter"].parts["markers"]
        sets = dict(zip(("StromalSignature", "ImmuneSignature"), markers.values(), strict=False))
        return CellReference({"markers": sets, "universe": GENES})
    if method == "lineage":
        return CellReference({})
    return MADE.references["abis" if method == "nu_svr" else method]


def genes_of(method: str) -> tuple[str, ...]:
    """Those of the mixtures; the first bear the names that a method brings."""
    own = sorted({gene for genes in LINEAGE_GENES.values() for gene in genes}) if method == "lineage" else []
    return (*own, *GENES[len(own) :])


def bulk(tpm: np.ndarray = MADE.tpm, genes: tuple[str, ...] = GENES, scale: Scale = TPM):
    return samples(pd.DataFrame(tpm.T, list(genes), [f"s{row:02d}" for row in range(len(tpm))]), scale)


def wide(adata, method: str, **options) -> pd.DataFrame:
    frame = deconvolve(adata, method=method, reference=reference_of(method), **options).frame
    return frame.pivot(index="sample_id", columns="cell_type", values="value")


@each_method
def test_order_of_features_and_samples_does_not_matter(spec: Deconvolution) -> None:
    rng = np.random.default_rng(3)
    genes, rows = rng.permutation(len(GENES)), rng.permutation(12)
    expected = wide(bulk(genes=genes_of(spec.name)), spec.name)
    shuffled = bulk(genes=genes_of(spec.name))[rows][:, genes].copy()
    pd.testing.assert_frame_equal(wide(shuffled, spec.name), expected, rtol=1e-9, atol=1e-12)


@each_method
def test_a_sample_alone_has_the_same_value_unless_the_method_says_otherwise(spec: Deconvolution) -> None:
    expected = wide(bulk(genes=genes_of(spec.name)), spec.name)
    some = wide(bulk(genes=genes_of(spec.name))[:5].copy(), spec.name)
    same = np.allclose(some, expected.iloc[:5], rtol=1e-9, atol=1e-12, equal_nan=True)
    assert same is not spec.cohort_dependent


@each_method
def test_it_is_declared_in_full(spec: Deconvolution) -> None:
    text = inspect.getdoc(spec.function) or ""
    assert re.search(r"``.*=.*``", text, flags=re.DOTALL)
    assert "(n_samples, n_cell_types" in text or "(n_samples, 4)" in text
    assert f"doi:{spec.reference}" in text
    assert set(spec.cell_types.values()) - {"cytotoxic lymphocyte"} <= set(LINEAGE)
    assert ("cell_types" in spec.compares) is (spec.unit == "fraction")
    assert "bring" in spec.license or spec.needed == ()


@each_method
def test_a_missing_part_of_the_reference_is_asked_for(spec: Deconvolution) -> None:
    for role in spec.needed:
        whole = reference_of(spec.name)
        cut = replace(whole, parts={name: part for name, part in whole.parts.items() if name != role})
        with pytest.raises(InputError, match=f"missing: .*{role}"):
            deconvolve(bulk(), method=spec.name, reference=cut)
    with pytest.raises(InputError, match="not its own: spillovers"):
        deconvolve(
            bulk(), method=spec.name, reference=CellReference({**reference_of(spec.name).parts, "spillovers": 1})
        )


@each_method
def test_features_that_are_not_measured_are_counted_never_zero(spec: Deconvolution) -> None:
    few = bulk(genes=genes_of(spec.name))[:, 1100:].copy()
    try:
        found = deconvolve(few, method=spec.name, reference=reference_of(spec.name)).frame
    except InputError as error:
        assert re.search("measured|profile", str(error))
        return
    assert set(found["status"]) <= {"below_floor", "not_measured"}
    assert found["value"].isna().all()
    assert found["note"].str.contains("of its features measured").all()
    with pytest.raises(InputError, match="no feature of the reference is measured"):
        renamed = bulk(genes=tuple(f"X{name}" for name in GENES))
        deconvolve(renamed, method=spec.name, reference=reference_of(spec.name))


@pytest.mark.parametrize("method", ["quantiseq", "epic", "abis"])
def test_planted_fractions_come_back_without_noise(method: str) -> None:
    """Mixtures of the reference's own profiles, two thirds known cells: fractions to 1e-6, and the rest."""
    reference = reference_of(method)
    profiles: Profiles = reference.parts["profiles"]
    content = np.array([reference.parts.get("mrna_content", {}).get(name, 1.0) for name in TYPES])
    truth = np.random.default_rng(8).dirichlet(np.ones(6), 5) * 0.6
    shares = truth * content if method == "epic" else truth
    if method == "epic":
        shares = shares / (shares.sum(axis=1) + 0.4 * (1 - truth.sum(axis=1)))[:, None]
    if method == "quantiseq":  # its total is that of the mRNA
        cells = truth * content
        shares = cells / cells.sum(axis=1, keepdims=True) * truth.sum(axis=1, keepdims=True)
    rest = 1e6 - (shares @ profiles.values.T).sum(axis=1)
    assert (rest > 0).all()
    mixed = np.hstack([shares @ profiles.values.T, rest[:, None]])
    found = wide(bulk(mixed, (*profiles.rows, "UNKNOWN")), method)
    np.testing.assert_allclose(found[list(TYPES)], truth, atol=1e-6)
    if "uncharacterized cell" in found:
        np.testing.assert_allclose(found["uncharacterized cell"], 0.4, atol=1e-6)


def test_mrna_content_changes_fractions_as_it_should() -> None:
    """A cell type with twice the mRNA gets half the cells, relative to the others."""
    plain = CellReference({"profiles": MADE.references["quantiseq"].parts["profiles"]})
    content = dict.fromkeys(TYPES, 1.0) | {"NK cell": 2.0}
    corrected = CellReference({**plain.parts, "mrna_content": content})
    first, second = (
        deconvolve(bulk(), method="quantiseq", reference=found).frame.pivot(
            index="sample_id", columns="cell_type", values="value"
        )
        for found in (plain, corrected)
    )
    shown = first["NK cell"] > 0.01
    before, after = (x.loc[shown, "NK cell"] / x.loc[shown, "monocyte"] for x in (first, second))
    np.testing.assert_allclose(after, before / 2, rtol=1e-9)
    with pytest.raises(InputError, match="mRNA content of NK cell is not given"):
        deconvolve(bulk(), method="quantiseq", reference=CellReference(
            {**plain.parts, "mrna_content": {name: 1.0 for name in TYPES if name != "NK cell"}}))  # fmt: skip


def test_intervals_are_of_the_features_and_repeat_with_the_seed() -> None:
    options = {"method": "quantiseq", "reference": reference_of("quantiseq")}
    first, again, other = (deconvolve(bulk(), **options, resampling=(60, seed)).frame for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not np.allclose(first["ci_low"], other["ci_low"])
    inside = (first["ci_low"] <= first["value"] + 1e-12) & (first["value"] <= first["ci_high"] + 1e-12)
    assert inside.mean() > 0.9
    assert (first["ci_high"] - first["ci_low"]).median() > 0.01
    with pytest.raises(InputError, match="no interval by resampling"):
        deconvolve(bulk(), method="xcell", reference=reference_of("xcell"), resampling=(10, 1))


def test_spillover_is_taken_out() -> None:
    """Half of the score of NK cells is planted in that of CD8+ cells: it is not there any more."""
    reference = MADE.references["xcell"]
    leak = np.eye(6)
    leak[2, 3] = 1.0
    leaking = CellReference({**reference.parts, "spillover": Profiles(TYPES, TYPES, leak)})
    plain, mended = (
        deconvolve(bulk(), method="xcell", reference=found).frame.pivot(
            index="sample_id", columns="cell_type", values="value"
        )
        for found in (reference, leaking)
    )
    expected = plain["T cell CD8+"] - 0.5 * plain["NK cell"]
    kept = expected > 0.01
    np.testing.assert_allclose(mended.loc[kept, "T cell CD8+"], expected[kept], rtol=1e-6)
    np.testing.assert_allclose(mended.loc[kept, "NK cell"], plain.loc[kept, "NK cell"], rtol=1e-6)


def test_scales_are_converted_or_refused() -> None:
    log2 = bulk(np.log2(MADE.tpm + 1), scale=Scale(kind="log2", quantity="tpm", offset=1.0))
    for method in ("mcp_counter", "quantiseq"):
        np.testing.assert_allclose(wide(log2, method), wide(bulk(), method), atol=1e-6)
    counts = bulk(np.round(MADE.tpm), scale=Scale(kind="counts", quantity="count"))
    for method in ("mcp_counter", "quantiseq", "abis", "epic"):
        with pytest.raises(ScaleError, match=f"{method} needs values on the scale"):
            wide(counts, method)


@each_method
def test_a_sample_of_one_value_has_no_cells(spec: Deconvolution) -> None:
    """Of marker means a dead library would be a row of zeros; the other samples are as they are without it."""
    holed = bulk(genes=genes_of(spec.name))
    holed.X[1] = 0.0
    alive = wide(holed[[0, *range(2, 12)]].copy(), spec.name)
    frame = deconvolve(holed, method=spec.name, reference=reference_of(spec.name)).frame
    dead = frame[frame["sample_id"] == holed.obs_names[1]]
    assert dead["value"].isna().all()
    assert set(dead["status"]) == {"qc_fail"}
    kept = frame[frame["sample_id"] == holed.obs_names[0]].set_index("cell_type")["value"]
    np.testing.assert_allclose(kept, alive.loc[holed.obs_names[0], kept.index], rtol=1e-9)


def test_the_shipped_markers_are_of_human_rna() -> None:
    """Names in capitals do not make a mouse human, and a protein in plasma is no cell."""
    mouse = bulk(np.log2(MADE.tpm + 1), scale=Scale(kind="log2", quantity="tpm", offset=1.0))
    mouse.obs["species"] = "mouse"
    with pytest.raises(InputError, match="human genes; these samples are mouse"):
        deconvolve(mouse, method="mcp_counter")
    plasma = bulk()
    plasma.uns["exomics"]["assay"] = "protein"
    with pytest.raises(LayerError, match="estimated from RNA"):
        deconvolve(plasma, method="mcp_counter")


def test_unknown_words_are_refused() -> None:
    with pytest.raises(RegistryError, match="no deconvolution is called 'cibersort'"):
        deconvolve(bulk(), method="cibersort")
    with pytest.raises(InputError, match="has no parameter 'colour'"):
        wide(bulk(), "abis", parameters={"colour": 1})
    with pytest.raises(InputError, match="no cell type mast cell"):
        wide(bulk(), "abis", cell_types=["mast cell"])
    with pytest.raises(RegistryError, match="no cell type 'unicorn'"):
        ancestors("unicorn")


@pytest.mark.parametrize(
    ("role", "text", "message"),
    [
        ("profiles", "gene\tB\tT\nA\t1\n", "expected a header and rows"),
        ("profiles", "gene\tB\nA\tmany\n", "where a number is needed"),
        ("profiles", "gene\tB\nA\t1\nA\t2\n", "twice"),
        ("mrna_content", "B\t1\t2\n", "two columns"),
        ("markers", "B\n", "GMT file"),
        ("profiles", "", "is empty"),
        ("colors", "x", "no part 'colors'"),
    ],
)
def test_files_that_are_no_reference_are_refused(role: str, text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "part.tsv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_cell_reference({role: path})


def test_a_quote_that_nobody_closes_takes_no_set_with_it(tmp_path: Path) -> None:
    path = tmp_path / "markers.gmt"
    path.write_text('T\td\t"CD3D\tCD3E\nB\td\t"CD19"\tMS4A1\n' + 'N\td\t"' + "x" * 200_000 + "\n", encoding="utf-8")
    found = read_cell_reference({"markers": path}).parts["markers"]
    assert found["T"] == ("CD3D", "CD3E")
    assert found["B"] == ("CD19", "MS4A1")
    assert list(found) == ["T", "B", "N"]


def test_every_spelling_of_a_reference_reads_the_same(tmp_path: Path) -> None:
    gmt, table = tmp_path / "sets.gmt", tmp_path / "sets.tsv"
    gmt.write_text("B cell\tmade\tCD19\tMS4A1\nNK cell\tmade\tNCR1\n")
    table.write_text("cell_type\tfeature_id\nB cell\tCD19\nB cell\tMS4A1\nNK cell\tNCR1\n")
    both = [read_cell_reference({"markers": path}).parts["markers"] for path in (gmt, table)]
    assert both[0] == both[1] == {"B cell": ("CD19", "MS4A1"), "NK cell": ("NCR1",)}
