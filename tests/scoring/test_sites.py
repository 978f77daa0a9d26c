"""Modified sites: found by their ids, exact residues only, and none whose residue is in doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.datasets import load_files
from exomics.registry import Signature, load_signature
from exomics.schema import Scale
from exomics.scoring import RandomSets, matched_controls, score

MakeSamples = Callable[..., AnnData]
MakeSignature = Callable[..., Signature]
RATIO = Scale(kind="log2", quantity="ratio")
SITES = ("Q13541_S65", "Q13541_T37", "Q13541_T46")


def sites(make_samples: MakeSamples, probability: list[float] | None, names: tuple[str, ...] = SITES) -> AnnData:
    values = np.arange(2.0 * len(names)).reshape(2, -1)
    samples = make_samples(values, names, scale=RATIO, specimen="tumor", assay="phospho")
    if probability is not None:
        samples.var["localization_probability"] = probability
    return samples


def by_arm(samples: AnnData, **how: object) -> pd.DataFrame:
    frame = score(samples, "tum.mtorc1_sites", **how).frame  # type: ignore[arg-type]
    return frame[frame["sample_id"] == "s1"].set_index("arm")


def test_a_site_in_doubt_has_no_score_and_says_why(make_samples: MakeSamples) -> None:
    frame = by_arm(sites(make_samples, [0.75, 0.7499, np.nan]))
    assert frame.loc[list(SITES), "status"].tolist() == ["ok", "qc_fail", "qc_fail"]
    np.testing.assert_array_equal(frame.loc[list(SITES), "score"], [3.0, np.nan, np.nan])
    assert "probability of localization Q13541_T37 0.7499, at least 0.75 needed" in frame.loc["Q13541_T37", "note"]
    assert "probability of localization Q13541_T46 unknown" in frame.loc["Q13541_T46", "note"]
    assert "probability" not in frame.loc["Q13541_S65", "note"]
    assert frame.loc["Q13541_T70", "status"] == "not_measured"


def test_without_probabilities_every_site_counts(make_samples: MakeSamples) -> None:
    frame = by_arm(sites(make_samples, None))
    assert frame.loc[list(SITES), "score"].tolist() == [3.0, 4.0, 5.0]


def test_all_sites_in_doubt_are_rows_not_an_error(make_samples: MakeSamples) -> None:
    frame = by_arm(sites(make_samples, [0.1, 0.2, 0.3]))
    assert frame.loc[list(SITES), "status"].tolist() == ["qc_fail"] * 3
    assert frame["score"].isna().all()


def test_of_two_rows_of_a_site_the_localized_one_stands_for_it(make_samples: MakeSamples) -> None:
    twice = sites(make_samples, [0.99, 0.2, 0.9], ("Q13541_S65", "Q13541_S65", "Q13541_T37"))
    frame = by_arm(twice)
    assert frame.loc["Q13541_S65", "score"] == 3.0  # the other is higher
    assert frame.loc["Q13541_S65", "status"] == "ok"


def test_no_method_joins_a_site_in_doubt(make_samples: MakeSamples) -> None:
    whole = load_signature("tum.mtorc1_sites")
    three = replace(whole, members=tuple(one for one in whole.members if one.feature_id in SITES), checks={})
    row = score(sites(make_samples, [0.9, 0.5, 0.9]), three, method="mean_log2").frame.iloc[1]
    assert (row["score"], row["n_measured"], row["n_members"]) == (4.0, 2, 3)
    assert "Q13541_T37 0.5" in row["note"]


def test_controls_are_never_drawn_from_sites_in_doubt(make_samples: MakeSamples, make_signature: MakeSignature) -> None:
    names = [f"P{row}_S1" for row in range(400)]
    values = np.random.default_rng(1).normal(size=(4, 400))
    values[:, ::2] = 1000.0
    samples = make_samples(values, names, scale=RATIO, specimen="tumor", assay="phospho")
    samples.var["localization_probability"] = np.tile([0.1, 0.9], 200)
    signature = make_signature(names[1:20:2], layers=("tumor_phospho",))
    assert matched_controls(samples, signature, RandomSets(seed=1, n_sets=20)).controls.max() < 10


def test_a_maxquant_table_is_scored_by_site_and_class(tmp_path: Path) -> None:
    path = tmp_path / "Phospho (STY)Sites.txt"
    path.write_text(
        "Protein\tGene names\tAmino acid\tPosition\tLocalization prob\tNumber of Phospho (STY)\tIntensity a\tid\n"
        "Q13541\tEIF4EBP1\tS\t65\t0.99\t1\t8\t0\n"
        "Q13541\tEIF4EBP1\tT\t37\t0.6\t1\t16\t1\n"
        "Q13541\tEIF4EBP1\tT\t70\t0.9\t1\t32\t2\n"
        "Q13541\tEIF4EBP1\tT\t70\t0.8\t2\t4\t3\n"
    )
    constants = {"constants": "species:human,specimen:tumor"}
    data = load_files("maxquant_sites", {"sites": path}, constants)
    frame = score(data, "tum.mtorc1_sites").frame.set_index("arm")
    assert frame["status"].to_dict() == {
        "Q13541_S65": "ok",
        "Q13541_T37": "qc_fail",
        "Q13541_T46": "not_measured",
        "Q13541_T70": "ok",
        "P62753_S235;S236": "not_measured",
        "Q96B36_T246": "not_measured",
    }
    assert frame["score"].dropna().tolist() == pytest.approx([3.0, 5.0])  # of the repeated site the higher row
