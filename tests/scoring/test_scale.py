"""What the values say against their declared scale: sample by sample, in both directions, wherever they are read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import load
from exomics.errors import ScaleError
from exomics.registry import all_signatures, load_signature
from exomics.registry.signature_set import SignatureSet
from exomics.schema import Scale, scale_of
from exomics.scoring import deconvolve, fit_reference, score
from exomics.scoring.methods import scorer
from exomics.scoring.scale import ScaleDoubtWarning, linear_values, seem_logarithms

MakeSamples = Callable[..., AnnData]
MakeSignature = Callable[..., object]
TPM, LOG = Scale(kind="linear", quantity="tpm"), Scale(kind="log2", quantity="tpm", offset=1.0)
NAMES = ["CD8B", *(f"G{column}" for column in range(5199))]
READERS: dict[str, Callable[[AnnData], object]] = {
    "score": lambda samples: score(samples, "gene:CD8B"),
    "deconvolve": lambda samples: deconvolve(samples, method="mcp_counter"),
    "fit_reference": lambda samples: fit_reference(samples, "training"),
}
every_reader = pytest.mark.parametrize("read", READERS.values(), ids=READERS)


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    raw = np.random.default_rng(3).gamma(0.5, 2.0, size=(4, len(NAMES)))
    return raw / raw.sum(axis=1, keepdims=True) * 1e6


@every_reader
def test_both_scales_are_taken_as_declared(read: Callable, values: np.ndarray, make_samples: MakeSamples) -> None:
    read(make_samples(values, NAMES, scale=TPM))
    read(make_samples(np.log2(values + 1), NAMES, scale=LOG))


@every_reader
def test_one_sample_of_logs_among_tpm_is_found(read: Callable, values: np.ndarray, make_samples: MakeSamples) -> None:
    mixed = values.copy()
    mixed[2] = np.log2(mixed[2] + 1)
    with pytest.raises(ScaleError, match=r"in 1 of 4 samples, .* seems to be logarithms"):
        read(make_samples(mixed, NAMES, scale=TPM))


@every_reader
def test_logs_in_a_panel_declared_as_tpm_are_doubted_and_taken_at_their_word(
    read: Callable, values: np.ndarray, make_samples: MakeSamples
) -> None:
    """Nobody can tell for sure; one sample of logarithms among TPM is seen by itself."""
    panel = values[:, :300].copy()
    panel[2] = np.log2(panel[2] + 1)
    with pytest.warns(ScaleDoubtWarning, match=r"1 of 4 samples: no value reaches 25, so that they seem to be log"):
        read(make_samples(panel, NAMES[:300], scale=TPM))


def test_a_doubted_sample_has_its_score_and_a_note(values: np.ndarray, make_samples: MakeSamples) -> None:
    panel = np.log2(values[:, :300] + 1)
    panel[0] = values[0, :300]
    with pytest.warns(ScaleDoubtWarning, match="3 of 4 samples"):
        frame = score(make_samples(panel, NAMES[:300], scale=TPM), "gene:CD8B").frame
    assert frame["status"].tolist() == ["ok"] * 4
    np.testing.assert_allclose(frame["score"], np.log2(panel[:, 0] + 1))
    assert frame["note"].str.contains("seem to be logarithms").tolist() == [False, True, True, True]


@every_reader
@pytest.mark.parametrize(
    ("n_features", "scale"), [(300, LOG), (99, TPM), (300, Scale(kind="linear", quantity="ratio"))]
)
def test_small_values_raise_no_doubt_where_they_may_be_small(
    read: Callable, n_features: int, scale: Scale, values: np.ndarray, make_samples: MakeSamples
) -> None:
    read(make_samples(np.log2(values[:, :n_features] + 1), NAMES[:n_features], scale=scale))


@pytest.mark.real_data
@pytest.mark.usefixtures("mirror")
@pytest.mark.parametrize("cohort", ["icb_hugo", "icb_mariathasan"])
def test_no_real_sample_is_doubted_in_gene_sets_of_some_size(cohort: str) -> None:
    """TPM of every shipped human set with 100 measured members; its logarithms are all doubted."""
    samples = load(cohort)
    scale = scale_of(samples)
    linear = linear_values(np.asarray(samples.X), scale)
    at = pd.Series(np.arange(samples.n_vars), samples.var["feature_name"].astype(str))
    at = at[~at.index.duplicated()]
    genes = (list(found.features("up")) for found in all_signatures() if found.species == "human")
    sets = [columns for names in genes if len(columns := at.reindex(names).dropna().astype(int).to_numpy()) >= 100]
    assert sets
    for columns in sets:
        n = np.full(samples.n_obs, len(columns))
        assert not seem_logarithms(linear[:, columns].max(axis=1), n, TPM).any()
        assert seem_logarithms(np.log2(linear[:, columns] + 1).max(axis=1), n, TPM).all()


@every_reader
@pytest.mark.parametrize("n_features", [4, 5200])
def test_linear_values_are_no_logarithms_in_a_panel_either(
    read: Callable, n_features: int, values: np.ndarray, make_samples: MakeSamples
) -> None:
    shown = values[:, :n_features] + 100.0
    with pytest.raises(ScaleError, match=r"more than a logarithm can be: it seems to be linear"):
        read(make_samples(shown, NAMES[:n_features], scale=LOG))


def test_linear_intensities_declared_as_logs_are_found(
    make_samples: MakeSamples, make_signature: MakeSignature
) -> None:
    protein = make_signature(["A"], layers=("plasma_protein",))
    linear = {"specimen": "plasma", "assay": "protein", "scale": Scale(kind="log2", quantity="intensity")}
    with pytest.raises(ScaleError, match="seems to be linear"):
        score(make_samples(np.array([[3e6, 1e7]]), ["A", "B"], **linear), protein)
    assert score(make_samples(np.array([[33.0, 41.0]]), ["A", "B"], **linear), protein).frame["status"].item() == "ok"


@pytest.mark.parametrize("quantity", ["tpm", "cpm", "count"])
@pytest.mark.parametrize("offset", [None, 1.0, 0.5])
def test_a_sum_over_housekeeping_takes_what_is_normalized_and_undoes_its_logarithm(
    quantity: str, offset: float | None, make_samples: MakeSamples
) -> None:
    """The declared offset is undone before the pseudocount of the score is added."""
    profile = load_signature("imm.gep18")
    names = [member.feature_id for member in profile.members]
    raw = np.random.default_rng(8).gamma(0.5, 200.0, size=(3, len(names)))
    expected = scorer("wsum_hk").function(raw, SignatureSet.build([profile], names))[:, 0]
    scale = Scale(kind="linear", quantity=quantity)
    if offset is not None:
        raw, scale = np.log2(raw + offset), Scale(kind="log2", quantity=quantity, offset=offset)
    found = score(make_samples(raw, names, scale=scale), "imm.gep18").frame["score"]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("word", "quantity", "needed"),
    [("imm.gep18", "intensity", "TPM, CPM or normalized counts"), ("imm.cyt", "cpm", "TPM")],
)
def test_a_quantity_is_not_taken_for_another(word: str, quantity: str, needed: str, make_samples: MakeSamples) -> None:
    samples = make_samples(np.full((1, 2), 90.0), ["GZMA", "CCL5"], scale=Scale(kind="linear", quantity=quantity))
    with pytest.raises(ScaleError, match=f"needs {needed}; X is linear {quantity}. Load such values"):
        score(samples, word)


def test_a_dead_sample_does_not_make_the_others_logarithms(values: np.ndarray, make_samples: MakeSamples) -> None:
    holed = values.copy()
    holed[1] = 0.0
    frame = score(make_samples(holed, NAMES, scale=TPM), "gene:CD8B").frame
    assert frame["status"].tolist() == ["ok", "qc_fail", "ok", "ok"]
    assert np.isnan(frame["score"][1])
    assert "every measured feature has the same value" in frame["note"][1]


def test_cycles_are_ranked_by_amount(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    """One cycle less is twice the amount: the least cycles stand at the top, of features and of duplicates."""
    cycles = np.linspace(10.0, 40.0, 5200)[None, :]
    plasma = {"specimen": "plasma", "assay": "qpcr", "scale": Scale(kind="log2", quantity="cq")}
    names = [f"G{column}" for column in range(5200)]
    signature = make_signature(names[:8], score="rank_updown", layers=("plasma_qpcr",))
    assert score(make_samples(cycles, names, **plasma), signature).frame["score"].item() == pytest.approx(0.5)
    twice = make_samples(np.array([[20.0, 31.0, 25.0]]), ["G0", "G0", "G1"], **plasma)
    one = make_signature(["G0"], layers=("plasma_qpcr",))
    assert score(twice, one).frame["score"].tolist() == [-20.0]


@pytest.mark.parametrize(
    ("signature", "names", "specimen", "assay", "scale"),
    [
        (
            "sys.homa_ir",
            ["glucose_mmol_L", "insulin_uU_mL"],
            "plasma",
            "phenotype",
            Scale(kind="log2", quantity="value"),
        ),
        ("sys.homa_ir", ["glucose_mmol_L", "insulin_uU_mL"], "plasma", "phenotype", Scale(kind="log2", quantity="cq")),
        ("ev.hemolysis", ["hsa-miR-23a-3p", "hsa-miR-451a"], "plasma", "qpcr", Scale(kind="linear", quantity="cpm")),
        ("ev.particles", ["particles_per_ml"], "plasma_ev", "phenotype", Scale(kind="log2", quantity="value")),
    ],
)
def test_arithmetic_of_other_values_is_refused(
    signature: str, names: list[str], specimen: str, assay: str, scale: Scale, make_samples: MakeSamples
) -> None:
    """The product of two logarithms is no HOMA-IR, and a difference of reads is no difference of cycles."""
    samples = make_samples(np.full((1, len(names)), 8.0), names, specimen=specimen, assay=assay, scale=scale)
    with pytest.raises(ScaleError, match=f"{signature} is arithmetic of"):
        score(samples, signature)
