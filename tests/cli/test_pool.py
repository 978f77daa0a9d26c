"""``exomics pool`` on differential tables: one contrast of each study to one table, or one line that says why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from exomics.results import DifferentialTable, PooledTable, Provenance
from exomics.schema.study import template
from tests.shared import exomics, must

WEEKS = {"a": 4, "b": 8, "c": 12, "d": 24}


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Four studies of 50 genes, the first five of which rise by 0.1 a week."""
    rng = np.random.default_rng(8)
    for study, weeks in WEEKS.items():
        frame = pd.DataFrame({column: [np.nan] * 50 for column in DifferentialTable.columns})
        effects = rng.normal(0.0, 0.05, 50)
        effects[:5] += 0.1 * weeks
        frame = frame.assign(
            feature_id=[f"G{i}" for i in range(50)], feature_name=[f"G{i}" for i in range(50)], contrast="8W - SED",
            log2_fold_change=effects, standard_error=0.05, p_value=rng.random(50), n_samples=10, status="ok",
        )  # fmt: skip
        DifferentialTable(frame, Provenance(method="made", acknowledgments=(f"thanks {study}",))).to_tsv(
            tmp_path / f"{study}.tsv"
        )
        document = template()
        document["fitt"]["program_weeks"] = weeks
        (tmp_path / f"{study}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return tmp_path


def paths(folder: Path) -> list[Path]:
    return [folder / f"{study}.tsv" for study in WEEKS]


def test_effects_are_pooled(tables: Path) -> None:
    output = tables / "pooled.tsv"
    said = must("pool", *paths(tables), "-o", output, "--contrast", "8W - SED", "--name", "training")
    table = PooledTable.from_tsv(output)
    assert set(table.frame["contrast"]) == {"training"} and (table.frame["n_studies"] == 4).all()
    assert table.frame["prediction_low"].notna().all() and table.frame["i_squared"].between(0, 1).all()
    assert "training: " in said and "median I2" in said
    assert table.provenance.acknowledgments == ("thanks a", "thanks b", "thanks c", "thanks d")
    assert [entry["path"] for entry in table.provenance.step["inputs"]] == [f"{study}.tsv" for study in WEEKS]
    must("pool", *paths(tables), "-o", tables / "fisher.tsv", "--contrast", "8W - SED", "--method", "fisher")
    assert PooledTable.from_tsv(tables / "fisher.tsv").frame["p_value"].notna().all()


def test_effects_are_explained_by_what_the_studies_report(tables: Path) -> None:
    words = [word for study in WEEKS for word in ("--study", f"{study}={tables / f'{study}.yaml'}")]
    words += ["--contrast", "8W - SED", "--moderator", "fitt.program_weeks"]
    must("pool", *paths(tables), "-o", tables / "fitt.tsv", *words)
    table = PooledTable.from_tsv(tables / "fitt.tsv")
    slopes = table.frame[table.frame["contrast"] == "pooled: program_weeks"]
    assert slopes["log2_fold_change"][:5].between(0.09, 0.11).all()
    assert set(slopes.loc[slopes["adj_p_value"] < 0.05, "feature_id"]) <= {f"G{i}" for i in range(5)}
    assert len(table.provenance.step["inputs"]) == 8
    listed = tables / "weeks.tsv"
    pd.DataFrame({"study": list(WEEKS), "weeks": list(WEEKS.values())}).to_csv(listed, sep="\t", index=False)
    must(
        "pool", *paths(tables), "-o", tables / "listed.tsv", "--contrast", "8W - SED", "--moderators", listed,
        "--formula", "~ weeks",
    )  # fmt: skip
    again = PooledTable.from_tsv(tables / "listed.tsv").frame
    np.testing.assert_array_equal(again["log2_fold_change"], table.frame["log2_fold_change"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "name the contrast to pool, --contrast NAME or --contrast a=NAME."),
        (("--contrast", "4W"), "the table of a has no contrast '4W'; it has 8W - SED."),
        (("--contrast", "8W - SED", "--contrast", "e=4W"), "there is no study 'e'; the studies: a, b, c, d."),
        (("--contrast", "8W - SED", "--from-species", "a=cat"), "is STUDY=rat or STUDY=mouse of a, b, c, d; got"),
        (("--contrast", "8W - SED", "--moderator", "fitt.program_weeks"), "give --study a=FILE."),
        (("--contrast", "8W - SED", "--method", "fisher", "--inference", "normal"), "fisher combines p-values"),
    ],
)
def test_what_is_missing_is_said_in_one_line(tables: Path, words: tuple[str, ...], message: str) -> None:
    ran = exomics("pool", *paths(tables), "-o", tables / "out.tsv", *words)
    assert ran.status == 2 and message in ran.error
    assert not (tables / "out.tsv").exists()


def test_tables_of_two_kinds_are_not_pooled(tables: Path, embedded: Path) -> None:
    both = exomics("pool", tables / "a.tsv", embedded / "associations.tsv", "-o", tables / "out.tsv")
    assert both.status == 2 and both.error.startswith("the tables are of two kinds")
    wrong = exomics("pool", embedded / "associations.tsv", "-o", tables / "out.tsv", "--contrast", "x")
    assert wrong.status == 2 and wrong.error.startswith("--contrast goes with differential tables")


@pytest.mark.parametrize("method", ["dersimonian_laird", "paule_mandel", "fixed"])
def test_associations_are_pooled_by_every_estimator(embedded: Path, tmp_path: Path, method: str) -> None:
    must("pool", embedded / "associations.tsv", "-o", tmp_path / "pooled.tsv", "--method", method)
    assert set(pd.read_csv(tmp_path / "pooled.tsv", sep="\t")["cohort_id"]) == {f"pooled_{method}"}
