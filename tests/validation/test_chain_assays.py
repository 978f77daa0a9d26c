"""The chain from measured assays: reads of vesicles and tumors, scored and linked, with one link broken at a time."""

from __future__ import annotations

import pandas as pd
import pytest

from exomics.datasets.simulate import TrialParameters
from exomics.datasets.simulate.trial import Simulation
from exomics.preprocess import normalize_cargo
from exomics.scoring import score
from exomics.validation.chain import chain
from exomics.validation.subject_scores import with_scores

NODES = ("arm", "ev.mir29a_cargo", "ecm.col1", "imm.cd8", "response")
STRONG = {"ev_mir29a_rise": 1.5, "mir29a_to_collagen": -1.5, "collagen_to_cd8": -1.0, "cd8_to_response": 2.0}
"""Effects that one biopsy and one tube per visit of 300 patients can show: measured nodes draw links to zero."""

GENES = ("COL1A1", "COL1A2", "CD8A", "CD8B")

pytestmark = pytest.mark.slow


def links(**knobs: float) -> pd.DataFrame:
    simulation = Simulation(TrialParameters(n_per_arm=150, seed=3, **(STRONG | knobs)))
    tumor = simulation.tumor()
    tumor = tumor[:, tumor.var["feature_name"].isin(GENES)].copy()
    cargo = normalize_cargo(simulation.ev_mirna(), method="rpm")
    frame = with_scores(simulation.subjects(), score(cargo, "ev.mir29a_cargo", method="mean_log2"))
    frame = with_scores(frame, score(tumor, ["ecm.col1", "imm.cd8"]))
    levels = {"arm": "exercise", "response": "responder"}
    how = {"signs": "+--+", "design": "randomized", "claim": "mediation", "levels": levels, "resampling": (200, 1)}
    return chain(frame, NODES, **how).frame.set_index("link")


def test_the_whole_chain_is_found_from_reads() -> None:
    found = links()
    assert found["status"].tolist() == ["supported"] * 5
    assert found.loc["joint", "ci_low"] > 0
    assert found.loc["joint", "note"].startswith("every link is supported: consistent with mediation, if nothing")
    assert (found.loc[["2", "3", "4"], "robustness_of_interval"] > 0).all()
    planted = pd.Series(STRONG.values(), index=["1", "2", "3", "4"])
    assert found.loc["1", "ci_low"] < planted["1"] < found.loc["1", "ci_high"]
    assert (found.loc[["2", "3", "4"], "estimate"].abs() < planted[["2", "3", "4"]].abs()).all()


@pytest.mark.parametrize(("link", "knob"), list(enumerate(STRONG, start=1)))
def test_the_link_that_was_broken_is_named_and_no_other(link: int, knob: str) -> None:
    found = links(**{knob: 0.0})
    broken = found.drop(index="joint")["status"] != "supported"
    assert broken[broken].index.tolist() == [str(link)]
    assert found.loc["joint", "status"] == "not_supported"
    assert found.loc["joint", "note"].startswith(f"chain broken at link {link} ({NODES[link - 1]} -> {NODES[link]})")
    assert "mediation" not in found.loc["joint", "note"]
