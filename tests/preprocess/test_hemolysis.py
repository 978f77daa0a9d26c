"""Hemolysis: cycles are graded by published limits, counts by the user's own, and miRNAs of red cells are marked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from exomics.errors import InputError, ScaleError
from exomics.preprocess import apply_step, check_hemolysis
from exomics.schema import Scale, annotate, steps_of

CQ = Scale(kind="log2", quantity="cq")
COUNTS = Scale(kind="counts", quantity="count")
NAMES = ["hsa-miR-451a", "hsa-miR-23a-3p", "hsa-miR-16-5p", "hsa-miR-29a-3p"]


def samples(values: list[list[float]], scale: Scale, names: list[str] = NAMES, **obs: object) -> AnnData:
    sheet = pd.DataFrame(obs, index=[f"s{i}" for i in range(len(values))])
    var = pd.DataFrame({"feature_name": names}, index=[f"f{i}" for i in range(len(names))])
    return annotate(AnnData(np.array(values, dtype=float), obs=sheet, var=var), assay="qpcr", scale=scale)


def test_cycles_are_graded_by_published_limits() -> None:
    differences = [4.9, 5.0, 7.0, 7.1, np.nan]
    given = samples([[20.0, 20.0 + difference, 18.0, 25.0] for difference in differences], CQ)
    graded = check_hemolysis(given)
    np.testing.assert_allclose(graded.obs["hemolysis_delta_cq"], differences)
    assert graded.obs["hemolysis"].tolist() == ["ok", "caution", "caution", "fail", ""]
    assert graded.obs["qc_flag"].tolist() == ["", "hemolysis caution", "hemolysis caution", "hemolysis fail", ""]
    assert graded.var["hemolysis_sensitive"].tolist() == [True, False, True, False]
    assert graded.n_obs == 5
    assert "qc_flag" not in given.obs


def test_counts_give_a_covariate_and_no_grade_of_their_own() -> None:
    given = samples([[1000, 10, 5, 5], [10, 10, 5, 5]], COUNTS)
    graded = check_hemolysis(given)
    np.testing.assert_allclose(graded.obs["hemolysis_log2_ratio"], np.log2([1000.5 / 10.5, 1.0]))
    assert graded.obs["hemolysis"].tolist() == ["", ""]
    assert set(graded.obs["qc_flag"]) == {""}
    report = steps_of(graded)[-1]["report"]
    assert report["grades"] == {"not graded": 2}
    assert "no universal cut" in report["note"]
    assert "note" not in steps_of(check_hemolysis(given, maximum_log2_ratio=5.0))[-1]["report"]
    assert check_hemolysis(given, maximum_log2_ratio=5.0).obs["hemolysis"].tolist() == ["fail", "ok"]
    assert apply_step(given, "check_hemolysis", {"maximum_log2_ratio": 7.0}).obs["hemolysis"].tolist() == ["ok", "ok"]


def test_absorbance_counts_too_and_the_worst_grade_stands() -> None:
    graded = check_hemolysis(samples([[20.0, 23.0, 18.0, 25.0]] * 4, CQ, a414=[0.05, 0.1, 0.4, None]))
    assert graded.obs["hemolysis"].tolist() == ["ok", "caution", "fail", "ok"]
    alone = check_hemolysis(samples([[1.0]], CQ, ["hsa-miR-1-3p"], a414=["0.4"]))
    assert alone.obs["hemolysis"].tolist() == ["fail"]
    assert steps_of(alone)[-1]["report"]["measure"] == "a414"


@pytest.mark.parametrize(
    "names", [["MIMAT0001631", "MIMAT0000078"], ["rno-miR-451", "rno-miR-23a"], ["miR-451a", "miR-23a-3p"]]
)
def test_names_of_other_species_and_accessions_are_known(names: list[str]) -> None:
    assert check_hemolysis(samples([[20.0, 28.0]], CQ, names)).obs["hemolysis"].tolist() == ["fail"]


def test_what_cannot_be_graded_is_refused() -> None:
    with pytest.raises(InputError, match="needs miR-451a and miR-23a-3p"):
        check_hemolysis(samples([[20.0, 28.0]], CQ, ["hsa-miR-451a", "hsa-miR-1-3p"]))
    with pytest.raises(InputError, match="2 features are called miR-451a"):
        check_hemolysis(samples([[20.0, 28.0, 1.0]], CQ, ["hsa-miR-451a", "hsa-miR-451a", "hsa-miR-23a-3p"]))
    with pytest.raises(ScaleError, match="takes cycles"):
        check_hemolysis(samples([[1.0, 2.0]], Scale(kind="linear", quantity="intensity"), NAMES[:2]))
