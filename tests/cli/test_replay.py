"""Responses, models, chains and trials in a package: every recorded command is run again, and a digit is missed."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics._files import sha256_of, write_text
from exomics.publish.verify import CHECKSUMS
from tests.shared import exomics, must

PLAN = """id: planted
version: 1.0.0
title: Planted
outcome: {column: response, positive: R}
group_by: [subject_id]
pipelines: [late_fusion]
n_repeats: 1
inner_folds: 3
n_permutations: 3
n_bootstraps: 20
lock: planted
"""
FILES = {  # in the package, by the command that made them
    "stratify": [
        "models/planted/features.tsv", "models/planted/model.yaml", "associations/model/performance.tsv",
        "tables/model/predictions.tsv",
    ],
    "validate": ["associations/validated/performance.tsv", "tables/validated/predictions.tsv"],
    "power": ["tables/power.tsv"],
    "respond": ["tables/heterogeneity.tsv", "tables/subjects.tsv"],
    "chain": ["tables/chain.tsv"],
    "track": ["tables/tracked.tsv"],
    "select": ["tables/selected.tsv", "tables/curve.tsv"],
    "benefit": ["tables/benefit.tsv", "scores/scores.tsv", "associations/subgroups.tsv"],
}  # fmt: skip


def _cohort(folder: Path, name: str, seed: int) -> None:
    """Two blocks of four features, the first of each planted, and a sheet with arms and a gain."""
    generator, names = np.random.default_rng(seed), [f"{name}{number}" for number in range(60)]
    labels = generator.permutation(np.tile([0, 1], 30))
    for block in ("rna", "protein"):
        values = generator.normal(size=(60, 4)) + 1.5 * labels[:, np.newaxis] * (np.arange(4) < 1)
        frame = pd.DataFrame(values, columns=[f"{block}{number}" for number in range(4)])
        frame.assign(sample_id=names).to_csv(folder / f"{name}.{block}.tsv", sep="\t", index=False)
    told = {"sample_id": names, "subject_id": names, "response": np.where(labels, "R", "N")}
    sheet = pd.DataFrame(told).assign(
        arm=["run", "rest"] * 30, gain=generator.normal(size=60), sex=["f", "f", "m"] * 20
    )
    sheet.to_csv(folder / f"{name}.tsv", sep="\t", index=False)


def _own_files(folder: Path) -> None:
    folder.mkdir()
    for name, seed in (("a", 1), ("b", 2)):
        _cohort(folder, name, seed)
    write_text(folder / "plan.yaml", PLAN)
    serial = {"subject_id": ["p1"] * 4, "time": [0, 4, 8, 12], "il6": [2.0, 2.1, 1.9, 6.0]}
    pd.DataFrame(serial).to_csv(folder / "serial.tsv", sep="\t", index=False)
    changes = pd.DataFrame({"arm": ["run", "rest"] * 20, "change": np.random.default_rng(3).normal(size=40)})
    changes.to_csv(folder / "changes.tsv", sep="\t", index=False)


RUNS = """
power main --effect 0.5 --n 64 --trials 100 -o power.tsv
respond own/changes.tsv --change change --arm=arm --control rest --typical-error 0.5 --swc -0.3 -o response
chain own/a.tsv --nodes arm gain response --signs=-+ --design randomized --level arm=run --level response=R \
  --resamples=50 -o chain.tsv
track own/serial.tsv --value il6 --analytical-cv 0.08 --biological-cv 0.25 -o tracked.tsv
select own/a.rna.tsv --samples own/a.tsv --outcome response --positive R -o selected.tsv --operating-curve curve.tsv \
  --planted 1 --repeats 2
benefit own/a.rna.tsv --samples own/a.tsv --endpoint gain --arm arm --control rest -o benefit.tsv --scores scored \
  --subgroup sex --subgroups subgroups.tsv
stratify --features rna=own/a.rna.tsv protein=own/a.protein.tsv --outcome own/a.tsv --config own/plan.yaml --cohort a \
  -o model
validate model/model rna=own/b.rna.tsv protein=own/b.protein.tsv --outcome own/b.tsv --cohort model \
  --thresholds 0.3 0.6 -o validated
publish power.tsv response/heterogeneity.tsv response/subjects.tsv chain.tsv tracked.tsv selected.tsv curve.tsv \
  benefit.tsv scored/scores.tsv subgroups.tsv model/performance.tsv model/predictions.tsv model/model/model.yaml \
  validated/performance.tsv validated/predictions.tsv -o package
"""


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Own files in one folder, what the commands made of them, and the package."""
    folder = tmp_path_factory.mktemp("replay")
    _own_files(folder / "own")
    with contextlib.chdir(folder):
        for line in RUNS.replace("\\\n", " ").strip().splitlines():
            must(*line.split())
    return folder


def _verdicts(package: Path, work: Path, *words: str) -> tuple[int, dict[str, str]]:
    """Exit status, and the verdict on each file that was to be recomputed."""
    found = exomics("verify", package, "--sources", work / "own", *words)
    lines = [line.split() for line in found.out.splitlines() if line.split()[1:2] in (["recomputed"], ["skipped"])]
    return found.status, {words[2]: words[0] for words in lines}


def test_every_command_is_run_again_and_a_changed_digit_of_any_is_caught(work: Path, tmp_path: Path) -> None:
    """One run: the first file of each command has one digit changed and its checksum mended, no other file has."""
    package = work / "package"
    steps = json.loads((package / "provenance" / "steps.json").read_text(encoding="utf-8"))
    assert sorted(step["command"][0] for step in steps) == sorted(FILES)
    assert str(work) not in json.dumps(steps)
    forged = tmp_path / "forged"
    shutil.copytree(package, forged)
    for name, *_ in FILES.values():
        text = (forged / name).read_text(encoding="utf-8")
        at = max(match.start() + 1 for match in re.finditer(r"[\d.][1-8]", text))
        write_text(forged / name, text[:at] + str(int(text[at]) + 1) + text[at + 1 :])
    names = sorted(p.relative_to(forged).as_posix() for p in forged.rglob("*") if p.is_file() and p.name != CHECKSUMS)
    write_text(forged / CHECKSUMS, "".join(f"{sha256_of(forged / name)}  {name}\n" for name in names))
    status, verdicts = _verdicts(forged, work)
    assert status == 2
    assert {name for name, verdict in verdicts.items() if verdict == "FAILED"} == {name for name, *_ in FILES.values()}
    assert {name for name, verdict in verdicts.items() if verdict == "ok"} > {
        name for _, *others in FILES.values() for name in others
    }


def test_a_quick_run_leaves_out_the_long_commands_and_says_so(work: Path) -> None:
    status, verdicts = _verdicts(work / "package", work, "--quick")
    assert status == 0
    skipped = {name for name, verdict in verdicts.items() if verdict == "-"}
    long = {name for command in ("power", "stratify", "validate") for name in FILES[command]}
    assert {name for name in skipped if not name.startswith("provenance/")} == long
    assert {verdict for name, verdict in verdicts.items() if name not in skipped} == {"ok"}
    told = exomics("verify", work / "package", "--sources", work / "own", "--quick").out.splitlines()[-1]
    assert told.endswith(f"{len(skipped)} files of stratify and power not recomputed (--quick)")
