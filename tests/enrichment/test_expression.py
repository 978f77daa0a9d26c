"""camera, fry and roast on samples: weights and design from a test, missing values, sets below the floor."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.differential.working_expression import working_expression, working_expression_of_recipe
from exomics.enrichment import GeneSets, enrich_expression
from exomics.errors import InputError, ScaleError
from exomics.preprocess import apply_step
from exomics.schema import Scale, annotate
from exomics.stats import rotation_tests
from exomics.stats.competitive_tests import camera
from exomics.stats.linear_effects import linear_effects

SETS = GeneSets(
    "mine", {"up": tuple(f"G{i}" for i in range(20)), "null": tuple(f"G{i}" for i in range(60, 90)), "few": ("G1",)}
)


def study(counts: bool) -> AnnData:
    """Twelve samples of 400 features; the first 20 rise in RUN."""
    rng = np.random.default_rng(31)
    obs = pd.DataFrame({"group": ["SED"] * 6 + ["RUN"] * 6}, index=[f"s{i}" for i in range(12)])
    var = pd.DataFrame({"feature_name": [f"G{i}" for i in range(400)]}, index=[f"id{i}" for i in range(400)])
    effect = np.zeros((12, 400))
    effect[6:, :20] = 1.0
    if counts:
        values = rng.poisson(rng.gamma(2, 100, 400) * 2.0**effect).astype(float)
        values[:, 399] = 0
        data = AnnData(values, obs=obs.assign(normalization_factor=1.0), var=var)
        return annotate(data, assay="rna", scale=Scale(kind="counts", quantity="count"))
    values = rng.normal(size=(12, 400)) + effect
    values[0, [25, 61]] = np.nan
    return annotate(AnnData(values, obs=obs, var=var), assay="protein", scale=Scale(kind="log2", quantity="ratio"))


@pytest.mark.parametrize(("test", "counts"), [("limma_trend", False), ("limma_voom", True), ("voom_lm_fit", True)])
def test_the_planted_set_is_up_and_the_null_set_is_not(test: str, counts: bool) -> None:
    prepared = working_expression(study(counts), design="~ 0 + group", contrasts=["trained=RUN - SED"], test=test)
    frame = enrich_expression(prepared, SETS).frame.set_index("gene_set")
    assert frame.loc["up", "p_value"] < 5e-3
    assert frame.loc["up", "effect"] == pytest.approx(1.0, abs=0.35)
    assert frame.loc["null", "p_value"] > 0.01
    assert np.isnan(frame.loc["few", "p_value"])
    assert set(frame["family"]) == {"trained | mine"}
    assert abs(frame.loc["null", "inter_gene_correlation"]) < 0.2


def test_numbers_are_those_of_the_competitive_test_on_complete_features() -> None:
    data = study(counts=False)
    prepared = working_expression(data, design="~ 0 + group", contrasts=["RUN - SED"], test="limma_trend")
    found = enrich_expression(prepared, SETS, parameters={"trend": True})
    complete = np.flatnonzero(np.isfinite(data.X).all(axis=0))
    position = {f"G{column}": place for place, column in enumerate(complete)}
    members = [position[name] for name in SETS.sets["null"] if name in position]
    expected = camera(data.X[:, complete], prepared.design, prepared.contrasts[:, 0], [members], trend=True)
    row = found.frame.set_index("gene_set").loc["null"]
    assert (row["n_members"], row["n_measured"]) == (30, 29)
    assert row["p_value"] == expected.p_value[0]
    assert row["inter_gene_correlation"] == expected.correlation[0]
    assert "2 features with a missing value were left out" in found.provenance.notes


def test_bad_requests_are_refused() -> None:
    data = study(counts=False)
    prepared = working_expression(data, design="~ 0 + group", contrasts=["RUN - SED"], test="limma_trend")
    with pytest.raises(InputError, match="reads a differential table"):
        enrich_expression(prepared, SETS, method="prerank")
    with pytest.raises(InputError, match="no log values"):
        working_expression(data, design="~ 0 + group", contrasts=["RUN - SED"], test="deseq2")
    with pytest.raises(ScaleError):
        working_expression(data, design="~ 0 + group", contrasts=["RUN - SED"], test="limma_voom")
    with pytest.raises(ScaleError, match="takes counts"):
        working_expression_of_recipe(data, "motrpac_muscle_rna")
    data.X[0] = np.nan
    prepared = working_expression(data, design="~ 0 + group", contrasts=["RUN - SED"], test="limma_trend")
    with pytest.raises(InputError, match="camera_preranked"):
        enrich_expression(prepared, SETS)


@pytest.mark.parametrize("method", ["fry", "roast"])
@pytest.mark.parametrize(("test", "counts"), [("limma_trend", False), ("limma_voom", True)])
def test_a_set_that_changes_is_found_by_rotation(method: str, test: str, counts: bool) -> None:
    data = apply_step(study(counts), "tmm") if counts else study(counts)
    prepared = working_expression(data, design="~ 0 + group", contrasts=["trained=RUN - SED"], test=test)
    found = enrich_expression(prepared, SETS, method=method)
    frame = found.frame.set_index("gene_set")
    assert frame.loc["up", "p_value"] < 2e-3
    assert frame.loc["up", "effect"] == pytest.approx(1.0, abs=0.35)
    assert frame.loc["null", "p_value"] > 0.02 and np.isnan(frame.loc["few", "p_value"])
    assert set(frame.loc["up", "leading_features"].split(";")) <= set(SETS.sets["up"])
    mixed = found.provenance.parameters["details"]["trained"]["p_value_mixed"]
    assert mixed["up"] < 0.01 < mixed["null"]
    assert found.provenance.seed == (1 if method == "roast" else None)


def test_numbers_are_those_of_the_rotation_tests() -> None:
    prepared = working_expression(study(True), design="~ 0 + group", contrasts=["RUN - SED"], test="limma_voom")
    effects = linear_effects(prepared.expression, prepared.design, prepared.contrasts[:, 0], weights=prepared.weights)
    members = [np.arange(20), np.arange(60, 90)]
    exact = enrich_expression(prepared, SETS, method="fry", parameters={"robust": True}).frame
    expected = rotation_tests.fry(effects, members, robust=True)
    np.testing.assert_array_equal(exact["p_value"][:2], expected.p_value)
    np.testing.assert_array_equal(exact["statistic"][:2], expected.statistic)
    by_rotation = enrich_expression(prepared, SETS, method="roast", seed=4, parameters={"n_rotations": 499}).frame
    generator = np.random.default_rng([4, *b"RUN - SED"])
    drawn = rotation_tests.roast(effects, members, generator=generator, n_rotations=499)
    np.testing.assert_array_equal(by_rotation["p_value"][:2], drawn.p_value)
    again = enrich_expression(prepared, SETS, method="roast", seed=4, parameters={"n_rotations": 499}).frame
    pd.testing.assert_frame_equal(by_rotation, again)


@pytest.mark.parametrize("method", ["fry", "roast"])
def test_samples_of_one_subject_are_blocks(method: str) -> None:
    """Subjects differ more than training does: without blocks the pairs tell less."""
    data = study(counts=False)
    data.X += np.random.default_rng(7).normal(0.0, 2.0, (6, 400))[np.tile(np.arange(6), 2)]
    data.obs["subject_id"] = [f"p{i % 6}" for i in range(12)]
    asked = {"design": "~ 0 + group", "contrasts": ["RUN - SED"], "test": "limma_trend"}
    paired, apart = working_expression(data, **asked, block="subject_id"), working_expression(data, **asked)
    assert apart.blocks is None and paired.blocks is not None and 0.6 < paired.blocks.correlation < 0.95
    assert paired.recorded["block"] == "subject_id"
    with_pairs, without = (enrich_expression(one, SETS, method=method).frame["p_value"][0] for one in (paired, apart))
    assert with_pairs < 2e-3 and with_pairs < 0.5 * without
    if method == "fry":
        complete = np.isfinite(paired.expression).all(axis=0)
        effects = linear_effects(
            paired.expression[:, complete], paired.design, paired.contrasts[:, 0], blocks=paired.blocks
        )
        assert with_pairs == rotation_tests.fry(effects, [np.arange(20)]).p_value[0]


def test_camera_takes_no_blocks() -> None:
    data = study(counts=False)
    data.obs["subject_id"] = [f"p{i % 6}" for i in range(12)]
    prepared = working_expression(
        data, design="~ 0 + group", contrasts=["RUN - SED"], test="limma_trend", block="subject_id"
    )
    with pytest.raises(InputError, match="camera takes no blocks of samples; methods that do: fry, roast"):
        enrich_expression(prepared, SETS)
