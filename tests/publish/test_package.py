"""A package holds what was made, says how, and notices every change."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from exomics._files import sha256_of, write_text
from exomics.cli._step import record
from exomics.cli.main import build_parser, main
from exomics.errors import InputError, VerificationError
from exomics.publish.package import publish
from exomics.publish.replay import REPLAYABLE, STEPS, WRITING_OPTIONS
from exomics.publish.verify import CHECKSUMS, verify
from exomics.registry.signature import Member, Signature
from exomics.registry.signature_files import render
from exomics.results.provenance import Provenance, sidecar_of
from exomics.schema.study import template_text
from exomics.schema.study_fields import FIELDS

SIGNATURE = Signature(
    id="trn.planted", version="1.0.0", title="Planted", signature_class="training", type="two_arm", score="rank_updown",
    species="human", feature_namespace="HGNC", layers=("muscle_rna",), ex_acute={"muscle_rna": "unknown"},
    ex_trained={"muscle_rna": "up"}, benefit={"muscle_rna": "context"}, timing_class="any", evidence="C",
    sign_evidence="C", source={"text": "planted"}, license="BSD-3-Clause",
    members=(Member(feature_id="CS", effect_size=0.5), Member(feature_id="MUSTN1", arm="down", effect_size=-1.25)),
)  # fmt: skip


def _commands(words: Sequence[str]) -> int:
    """Three commands that stand for ours: `load` copies a source, `differential` and `derive` make something of it."""
    if words[0] == "load":
        source = next(word.partition("=")[2] for word in words if word.startswith("matrix="))
        write_text(Path(words[-1]), Path(source).read_text(encoding="utf-8"))
    elif words[0] == "differential":
        numbers = [float(line) for line in Path(words[1]).read_text(encoding="utf-8").splitlines()]
        rows = "".join(f"g{i}\t{value / 3!r}\n" for i, value in enumerate(numbers))
        write_text(Path(words[-1]), f"feature_id\tlog2_fold_change\n{rows}")
    elif words[0] == "derive":
        head, body = render(SIGNATURE)
        write_text(Path(words[-1]), head)
        write_text(Path(words[-1]).with_name("trn.planted.tsv"), body)
    else:
        return 1
    return 0


def _run(words: list[str], inputs: list[Path], outputs: list[Path]) -> None:
    assert _commands(words) == 0
    step = record(words, inputs, outputs, outputs[0])
    Provenance(method=words[0], acknowledgments=("Thank the source.",), step=step).write(outputs[0])


def _again(words: Sequence[str]) -> int:
    """The three commands with the sidecar that a command writes."""
    status = _commands(words)
    if status == 0:
        Provenance(method=words[0], acknowledgments=("Thank the source.",)).write(Path(words[-1]))
    return status


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A matrix, the data loaded from it, the table and the signature made of them."""
    work = tmp_path / "work"
    source, data = work / "matrix.txt", work / "data.h5ad"
    table, head, body = work / "study.tsv", work / "trn.planted.yaml", work / "trn.planted.tsv"
    write_text(source, "1.0\n2.0\n5.0\n")
    _run(["load", "--loader", "x", "--file", f"matrix={source}", "-o", str(data)], [source], [data])
    _run(["differential", str(data), "-o", str(table)], [data], [table])
    _run(["derive", str(table), "-o", str(head)], [table], [head, body])
    return [table, head]


@pytest.fixture
def package(files: list[Path], tmp_path: Path) -> Path:
    return publish(files, tmp_path / "package", title="Planted")


def _failures(package: Path, tmp_path: Path, run: Callable[[Sequence[str]], int] = _again) -> list[str]:
    checks = verify(package, run=run, sources=[tmp_path / "work"])
    return [f"{check.file}: {check.difference}" for check in checks if check.difference]


def _reseal(package: Path) -> None:
    """What a careful forger would do: mend the checksums too."""
    names = sorted(p.relative_to(package).as_posix() for p in package.rglob("*") if p.is_file() and p.name != CHECKSUMS)
    write_text(package / CHECKSUMS, "".join(f"{sha256_of(package / name)}  {name}\n" for name in names))


def test_a_package_holds_tables_signature_steps_and_thanks(package: Path) -> None:
    names = {path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file()}
    assert {
        "README.md", "ACKNOWLEDGMENTS.txt", CHECKSUMS, STEPS, "signatures.tsv", "members.tsv", "signatures.gmt",
        "signatures/trn.planted.yaml", "signatures/trn.planted.tsv", "differential/study.tsv",
    } <= names  # fmt: skip
    assert "Thank the source." in (package / "ACKNOWLEDGMENTS.txt").read_text(encoding="utf-8")
    commands = [step["command"][0] for step in json.loads((package / STEPS).read_text(encoding="utf-8"))]
    assert commands == ["load", "differential", "derive"]


def test_a_strict_package_wants_the_exercise_program(files: list[Path], tmp_path: Path) -> None:
    study, folder = tmp_path / "study.yaml", tmp_path / "strict"
    write_text(study, template_text(species="rat"))
    with pytest.raises(InputError, match=r"strict asks for it: fitt\.type"):
        publish(files, folder, title="Planted", study=study, strict=True)
    with pytest.raises(InputError, match="a strict package needs the study"):
        publish(files, folder, title="Planted", strict=True)
    assert not folder.exists()
    told = study.read_text(encoding="utf-8")
    for field in (field for field in FIELDS if field.required):
        told = told.replace(f'  {field.name}: "not_reported"', f"  {field.name}: not_applicable")
        told = told.replace(f"  {field.name}: not_reported", f"  {field.name}: not_applicable")
    write_text(study, told)
    assert (publish(files, folder, title="Planted", study=study, strict=True) / "study.yaml").is_file()


def test_no_path_of_the_machine_enters_a_package(package: Path, tmp_path: Path) -> None:
    for path in package.rglob("*"):
        if path.is_file():
            assert str(tmp_path) not in path.read_text(encoding="utf-8")


def test_an_untouched_package_verifies(package: Path, tmp_path: Path) -> None:
    assert _failures(package, tmp_path) == []


def test_the_same_files_give_the_same_package(files: list[Path], package: Path, tmp_path: Path) -> None:
    again = publish(files, tmp_path / "again", title="Planted")
    assert (package / CHECKSUMS).read_text(encoding="utf-8") == (again / CHECKSUMS).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["differential/study.tsv", "signatures/trn.planted.tsv", "members.tsv", "signatures.gmt", "README.md"]
)
def test_one_changed_digit_fails(package: Path, tmp_path: Path, name: str) -> None:
    target = package / name
    text = target.read_text(encoding="utf-8")
    assert "1" in text
    target.write_text(text[::-1].replace("1", "7", 1)[::-1], encoding="utf-8")
    assert any(failure.startswith(name) for failure in _failures(package, tmp_path))


def test_a_changed_digit_fails_even_with_new_checksums(package: Path, tmp_path: Path) -> None:
    target = package / "differential" / "study.tsv"
    target.write_text(target.read_text(encoding="utf-8").replace("1.6666666666666667", "1.6666666666666665"))
    _reseal(package)
    failures = _failures(package, tmp_path)
    assert failures == [
        "differential/study.tsv: line 4, column log2_fold_change: "
        "published 1.6666666666666665, recomputed 1.6666666666666667"
    ]


def test_added_and_missing_files_fail(package: Path, tmp_path: Path) -> None:
    (package / "extra.tsv").write_text("x\n", encoding="utf-8")
    (package / "ACKNOWLEDGMENTS.txt").unlink()
    said = " ".join(_failures(package, tmp_path))
    assert "extra.tsv: not listed" in said
    assert "ACKNOWLEDGMENTS.txt: listed but missing" in said


def test_another_source_file_is_refused(package: Path, tmp_path: Path) -> None:
    (tmp_path / "work" / "matrix.txt").write_text("9.0\n", encoding="utf-8")
    with pytest.raises(InputError, match="is another file than the one the package was made from"):
        _failures(package, tmp_path)


def test_a_missing_source_folder_is_said(package: Path) -> None:
    with pytest.raises(InputError, match="--sources"):
        verify(package, run=_commands)


def test_a_failing_command_is_named(package: Path, tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="exomics load"):
        _failures(package, tmp_path, run=lambda words: 2)


@pytest.mark.parametrize(
    "command",
    [
        ["run", "exercise_response"],
        ["publish", "{input:0}", "-o", "{output:0}"],
        ["load", "x", "-o", "/tmp/evil.h5ad"],
        ["load", "--file", "matrix=../../secret", "-o", "{output:0}"],
        ["load", "x", "-o", "evil.h5ad"],
        ["score", "~/data.h5ad", "-o", "{output:0}"],
        ["load", "x", "-o/tmp/evil.h5ad"],
        ["load", "x", "-oevil.h5ad"],
        ["load", "x", "--output=evil.h5ad"],
        ["chain", "{input:0}", "-o", "{output:0}", "--signs=-+/evil"],
        ["respond", "{input:0}", "-o", "{output:0}", "--swc", "-0.3evil"],
        ["load", "x", "--output", "{output:0}/../evil.h5ad"],
        ["derive", "{input:0}", "-o", "{output:0}", "--losses", "evil.tsv"],
        ["benefit", "{input:0}", "-o", "{output:0}", "--scores", "evil"],
        ["stratify", "--features", "{input:0}", "-o", "{input_folder:0}"],
        ["validate", "{input_folder:0}", "-o", "{output_folder:0}/.."],
        [],
    ],
)
def test_a_foreign_command_is_not_run(package: Path, tmp_path: Path, command: list[str]) -> None:
    steps = json.loads((package / STEPS).read_text(encoding="utf-8"))
    steps[0]["command"] = command
    write_text(package / STEPS, json.dumps(steps))
    with pytest.raises(InputError, match="do not trust it"):
        _failures(package, tmp_path)


def test_a_checksum_file_that_climbs_is_refused(package: Path, tmp_path: Path) -> None:
    with (package / CHECKSUMS).open("a", encoding="utf-8") as stream:
        stream.write("0" * 64 + "  ../../outside\n")
    with pytest.raises(InputError, match="do not trust it"):
        _failures(package, tmp_path)


def test_a_stale_input_is_refused(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "work" / "data.h5ad").write_text("7.0\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"data\.h5ad was changed"):
        publish(files, tmp_path / "package", title="Planted")


def test_a_renamed_file_is_refused_by_its_record(files: list[Path], tmp_path: Path) -> None:
    renamed = files[0].with_name("other.tsv")
    sidecar_of(files[0]).rename(sidecar_of(renamed))
    files[0].rename(renamed)
    with pytest.raises(InputError, match=r"beside other\.tsv is that of another file"):
        publish([renamed, files[1]], tmp_path / "package", title="Planted")


def test_a_folder_of_other_files_is_never_replaced(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.docx").write_text("years", encoding="utf-8")
    with pytest.raises(InputError, match="holds other files"):
        publish(files, tmp_path / "mine", title="Planted")
    assert (tmp_path / "mine" / "thesis.docx").is_file()


def test_a_package_needs_a_signature(files: list[Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs a signature"):
        publish(files[:1], tmp_path / "package", title="Planted")


def test_every_option_that_writes_is_known() -> None:
    declared = {
        option
        for name in REPLAYABLE
        for action in build_parser(name)._actions
        if action.type is Path
        for option in action.option_strings
    }
    assert declared <= set(WRITING_OPTIONS)


def test_a_shortened_option_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["load", "embedded_tumor_rna", "--outp", "x.h5ad"]) == 2
    assert "required: -o/--output" in capsys.readouterr().err


def _rewrite_steps(package: Path, change: Callable[[list[dict[str, Any]]], Any]) -> None:
    steps = json.loads((package / STEPS).read_text(encoding="utf-8"))
    write_text(package / STEPS, json.dumps(change(steps) or steps))
    _reseal(package)


def test_a_table_that_no_step_makes_fails(package: Path, tmp_path: Path) -> None:
    (package / "differential" / "study.tsv").write_text("feature_id\tlog2_fold_change\ng0\t9.0\n", encoding="utf-8")
    _rewrite_steps(package, lambda steps: steps[1]["outputs"][0].update(published=""))
    assert "differential/study.tsv: no recorded step makes it" in _failures(package, tmp_path)


def test_a_sidecar_that_tells_another_story_fails(package: Path, tmp_path: Path) -> None:
    sidecar = package / "provenance" / "differential.study.tsv.json"
    told = json.loads(sidecar.read_text(encoding="utf-8"))
    write_text(sidecar, json.dumps(told | {"method": "magic"}))
    _reseal(package)
    assert _failures(package, tmp_path) == [f"provenance/{sidecar.name}: method is not what the command records"]


@pytest.mark.parametrize("place", ["/etc/hostname", "../../outside.tsv"])
def test_a_published_path_outside_the_package_is_refused(package: Path, tmp_path: Path, place: str) -> None:
    _rewrite_steps(package, lambda steps: steps[1]["outputs"][0].update(published=place))
    with pytest.raises(InputError, match="not inside it; do not trust it"):
        _failures(package, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda steps: {"not": "a list"},
        lambda steps: steps[1].update(outputs=[]),
        lambda steps: steps[1]["inputs"][0].update(step=7),
        lambda steps: steps[1].update(command=3),
        lambda steps: steps[1]["outputs"][0].update(color="red"),
        lambda steps: steps[1]["outputs"][0].update(name="model/../../evil.tsv"),
        lambda steps: steps[1]["outputs"][0].update(name="/evil.tsv"),
        lambda steps: steps[1]["outputs"].append(steps[1]["outputs"][0]),
        lambda steps: steps[1].pop("inputs"),
    ],
)
def test_a_malformed_record_is_refused(
    package: Path, tmp_path: Path, change: Callable[[list[dict[str, Any]]], Any]
) -> None:
    _rewrite_steps(package, change)
    with pytest.raises(InputError, match="do not trust it"):
        _failures(package, tmp_path)


def test_a_record_that_is_not_json_is_refused(package: Path, tmp_path: Path) -> None:
    write_text(package / STEPS, "steps")
    with pytest.raises(InputError, match="malformed"):
        _failures(package, tmp_path)
