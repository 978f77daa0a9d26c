"""`exomics run`: configs are checked, pages are told shortly, one run at a time, and what was killed resumes."""

from __future__ import annotations

import fcntl
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from exomics._resources import registry_folder
from exomics.cli import _snakemake
from exomics.cli import run as command
from exomics.cli._snakemake import told
from exomics.registry.document import parse_yaml
from tests.shared import exomics, refused

WORKFLOW = registry_folder("workflows") / "exercise_response"
PAGES = """Assuming unrestricted shared filesystem usage.
Building DAG of jobs...
Provided cores: 2
Job stats:
job             count
------------  -------
load_cohort         1
total               3

Select jobs to execute...
Execute 2 jobs...

[Mon Nov 23 15:11:42 2026]
localrule load_cohort:
    output: results/data/cohorts/icb_kim.h5ad
    jobid: 6
    wildcards: cohort=icb_kim
    resources: tmpdir=/tmp
[Mon Nov 23 15:11:42 2026]
rule differential:
    jobid: 3
    wildcards: study=muscle
reading ref_hgnc: hgnc.table.rda (once; the parsed table is kept)
[Mon Nov 23 15:12:01 2026]
Finished jobid: 6 (Rule: load_cohort)
1 of 3 steps (33%) done
exomics: the contrast 'x' is zero: its terms cancel.
RuleException:
CalledProcessError in file "study.smk", line 60:
Command 'set -euo pipefail; exomics differential' returned non-zero exit status 2.
[Mon Nov 23 15:12:02 2026]
Error in rule differential:
    message: None
    jobid: 3
    shell:
        exomics differential x
        (command exited with non-zero exit code)
Shutting down, this might take some time.
Exiting because a job execution failed. Look below for error messages
[Mon Nov 23 15:12:02 2026]
Error in rule differential:
    jobid: 3
Complete log(s): x.log
WorkflowError:
At least one job did not complete successfully.
LockException: something that nobody foresaw
    with an indented line
"""


def test_pages_become_lines_and_what_steps_say_stays() -> None:
    assert list(told(PAGES.splitlines(keepends=True))) == [
        "reading ref_hgnc: hgnc.table.rda (once; the parsed table is kept)",
        "[1 of 3] load_cohort icb_kim",
        "exomics: the contrast 'x' is zero: its terms cancel.",
        "failed: differential muscle",
        "LockException: something that nobody foresaw",
        "    with an indented line",
    ]


def test_a_line_is_told_as_soon_as_it_is_there() -> None:
    lines = iter(["Finished jobid: 6 (Rule: load_cohort)\n", "1 of 3 steps (33%) done\n"])

    def endless() -> object:
        yield from lines
        raise AssertionError("asked for more before the line was told")

    assert next(told(endless())) == "[1 of 3] load_cohort"  # type: ignore[arg-type]


def _config(**changes: object) -> dict:
    return {**parse_yaml((WORKFLOW / "config" / "simulated.yaml").read_bytes(), "simulated"), **changes}


STUDY = {"dataset": "embedded_muscle_rna", "recipe": "randomized_trial_rna", "rule": "embedded_muscle_training"}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("title: [", ("is not valid YAML",)),
        ("title: a\ntitle: b\n", ("the key 'title' is repeated",)),
        ("- a\n- b\n", ("top level", "is not of type 'object'")),
        (_config(shade="red"), ("'shade' was unexpected",)),
        ({"title": "empty"}, ("top level: expected at least one study or one cohort",)),
        (_config(controls=5), ("controls: 5 is less than the minimum of 20",)),
        (_config(allow_layer="yes please"), ("allow_layer: 'yes please' is not of type 'boolean'",)),
        (_config(studies={"../up": STUDY}), ("studies", "'../up' does not match")),
        (_config(studies={"m": {**STUDY, "design": "~ 1"}}), ("studies/m: expected either `recipe`, or `method`",)),
        (_config(studies={"m": dict(list(STUDY.items())[:2])}), ("studies/m: 'rule' is a required property",)),
        (_config(cohorts={"c": {"loader": "expression_table"}}), ("cohorts/c: expected either `dataset`, or",)),
        (_config(truth={"dataset": "embedded_truth"}), ("truth", "'study' is a required property")),
    ],
)  # fmt: skip
def test_a_malformed_config_is_one_line(config: object, said: tuple[str, ...], tmp_path: Path) -> None:
    path, out = tmp_path / "mine.yaml", tmp_path / "out"
    path.write_text(config if isinstance(config, str) else yaml.safe_dump(config), encoding="utf-8")
    line = refused(out, "run", "exercise_response", "--configfile", path, "-d", out)
    assert line.startswith(str(path))
    assert [part for part in said if part not in line] == [], line


def test_a_config_that_is_not_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    line = refused(out, "run", "exercise_response", "--configfile", "mine.yaml", "-d", out)
    assert "there is no config 'mine.yaml'" in line
    assert "config, simulated" in line
    line = refused(out, "run", "exercise_response", "--configfile", "simulated", "-d", out, "--cores", 0)
    assert "--cores must be 1 or more" in line


def test_a_dry_run_of_a_cohort_alone_says_what_would_be_done_and_does_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nothing of the workflow's own study comes in, and what the config leaves out is told before anything runs."""
    config = tmp_path / "mine.yaml"
    config.write_text("title: mine\ncohorts: {mine: {dataset: embedded_tumor_rna}}\nseed: 3\n", encoding="utf-8")
    ran = exomics("run", "exercise_response", "--configfile", config, "-d", tmp_path, "--dry-run", "--cores", 1)
    assert ran.status == 0
    assert ran.out.startswith("not in the config, so by default: panel: imm.cyt imm.ifng6 ecm.col1 ")
    assert ran.out.endswith("; controls: 1000; horizon_months: 36\n")
    listed = "".join(capfd.readouterr())
    jobs = set(re.findall(r"^rule (\w+):$", listed, flags=re.MULTILINE))
    assert jobs - {"all"} == {"load_cohort", "score_panel", "associate", "report"}
    assert not (tmp_path / "results").exists()


def test_one_run_at_a_time(tmp_path: Path) -> None:
    (tmp_path / ".snakemake").mkdir()
    with (tmp_path / ".snakemake" / "exomics.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        ran = exomics("run", "exercise_response", "--configfile", "simulated", "-d", tmp_path, "--cores", 1)
    assert ran.status == 2
    assert "another run is at work" in ran.error
    assert not (tmp_path / "results").exists()


def test_the_lock_of_a_killed_run_is_removed(tmp_path: Path) -> None:
    stale = tmp_path / ".snakemake" / "locks"
    stale.mkdir(parents=True)
    (stale / "0.output.lock").write_text("results/report.html\n", encoding="utf-8")
    assert _snakemake.call(["true"], tmp_path, verbose=False) == 0
    assert not stale.exists()


def test_the_words_for_snakemake(tmp_path: Path) -> None:
    arguments = SimpleNamespace(
        workflow="exercise_response", directory=tmp_path, cores=3, configfile="simulated", profile="slurm",
        dry_run=False, verbose=False,
    )  # fmt: skip
    words = command.snakemake_command(arguments)  # type: ignore[arg-type]
    assert words[words.index("--cores") + 1] == "3"
    assert Path(words[words.index("--configfile") + 1]) == WORKFLOW / "config" / "simulated.yaml"
    assert "--rerun-incomplete" in words
    assert words[words.index("--profile") + 1].endswith("slurm")
