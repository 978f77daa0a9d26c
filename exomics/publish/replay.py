"""Run the recorded commands of a package again. A package is a file somebody sent: nothing in it is trusted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from exomics._files import sha256_of
from exomics.errors import InputError, VerificationError
from exomics.publish.steps import Step, filled

STEPS = "provenance/steps.json"
REPLAYABLE = (
    "load",
    "harmonize",
    "preprocess",
    "differential",
    "compare",
    "enrich",
    "derive",
    "score",
    "associate",
    "pool",
    "axes",
    "deconvolve",
    "consensus",
    "mirna",
    "respond",
    "track",
    "stratify",
    "validate",
    "select",
    "benefit",
    "power",
    "survival",
    "chain",
)
# Those that may take minutes to hours: models refitted on shuffled labels, trials simulated by the thousand.
LONG = ("stratify", "power")
# Every option of these commands that names a file to write.
WRITING_OPTIONS = (
    "-o", "--output", "--losses", "--controls-output", "--p-values", "--overlaps", "--fit-reference", "--overlap",
    "--summary", "--operating-curve", "--scores", "--subgroups",
)  # fmt: skip
NEGATIVE = re.compile(r"-(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_OPTION = re.compile(r"-o|--[a-z][a-z-]*")
_SIGNS = re.compile(r"--signs=[+-]+")
_OUTPUT = re.compile(r"\{output(_folder)?:\d+\}")

Runner = Callable[[Sequence[str]], int]


def read_steps(package: Path) -> list[Step]:
    """The recorded steps, each checked: its command, its inputs, its outputs, and where they stand in the package.

    Parameters
    ----------
    package
        Folder of the package.

    Returns
    -------
    list of Step
        In the order in which to run them.

    Raises
    ------
    InputError
        If the record is malformed, or asks for anything but to read its own inputs and to write its own outputs.
    """
    try:
        stored = json.loads((package / STEPS).read_text(encoding="utf-8"))
        steps = [Step.from_dict(step) for step in stored]
        for number, step in enumerate(steps):
            _check_step(step, steps[:number], package)
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise InputError(f"{STEPS} of the package is malformed ({error}); do not trust it.") from error
    return steps


def left_out(steps: Sequence[Step], commands: Sequence[str]) -> set[int]:
    """Numbers of the steps of these commands, and of those that read what such a step makes."""
    found: set[int] = set()
    for number, step in enumerate(steps):
        if step.command[0] in commands or found & {origin.step for origin in step.inputs}:
            found.add(number)
    return found


def run_again(
    steps: Sequence[Step], folder: Path, run: Runner, sources: Sequence[Path], skipped: Collection[int] = ()
) -> list[tuple[Path, str]]:
    """Run every step in `folder`, and say which recomputed file stands for which file of the package.

    Parameters
    ----------
    steps
        From `read_steps`.
    folder
        An empty folder; step ``i`` writes into ``<folder>/<i>``.
    run
        Runs one exomics command and returns its exit status.
    sources
        Folders of the files that no command made.
    skipped
        Numbers of steps that are not run, nor what reads them, as from `left_out`.

    Returns
    -------
    list of (Path, str)
        Recomputed file, and its name in the package.

    Raises
    ------
    InputError
        If a source file is missing or another one.
    VerificationError
        If a command fails.
    """
    made: list[list[Path]] = []
    published = []
    for number, step in enumerate(steps):
        outputs = [folder / f"{number:03d}" / output.name for output in step.outputs]
        made.append(outputs)
        if number in skipped:
            continue
        (folder / f"{number:03d}").mkdir()
        inputs = [
            _source(origin.source, origin.sha256, sources) if origin.step is None else made[origin.step][origin.output]
            for origin in step.inputs
        ]
        if run(filled(step.command, [*map(str, inputs)], [*map(str, outputs)])) != 0:
            raise VerificationError(f"the recorded command `exomics {' '.join(step.command)}` failed.")
        published += [(path, o.published) for path, o in zip(outputs, step.outputs, strict=True) if o.published]
    return published


def require_inside(package: Path, name: str) -> None:
    """Raise unless `name` is a path inside `package`."""
    inside = (package / name).resolve()
    if not name or Path(name).is_absolute() or not inside.is_relative_to(package.resolve()):
        raise InputError(f"the package names {name!r}, which is not inside it; do not trust it.")


def _check_step(step: Step, before: Sequence[Step], package: Path) -> None:
    _refuse_foreign(step.command)
    if not step.outputs:
        raise ValueError("a step has no output")
    if len({output.name for output in step.outputs}) != len(step.outputs):
        raise ValueError("a step makes a file twice")
    for output in step.outputs:
        _inside(output.name)
        if output.published:
            require_inside(package, output.published)
    for origin in step.inputs:
        if origin.step is None:
            _plain_name(origin.source)
        elif not (0 <= origin.step < len(before) and 0 <= origin.output < len(before[origin.step].outputs)):
            raise ValueError("a step reads what no earlier step made")


def _refuse_foreign(command: tuple[str, ...]) -> None:
    """Options must be spelled out, so that each one that writes is known and writes an output of the step."""
    if not command or not all(isinstance(word, str) for word in command) or command[0] not in REPLAYABLE:
        raise InputError(f"the package records the command {command!r}, which verify does not run; do not trust it.")
    for before, word in zip(("", *command), command, strict=False):
        value = word.rpartition("=")[2]
        climbs = value.startswith(("/", "~")) or ".." in Path(value).parts or "\\" in value
        is_known = any(form.fullmatch(word) for form in (_OPTION, NEGATIVE, _SIGNS))
        shortened = word.startswith("-") and not is_known
        writes = before in WRITING_OPTIONS and not _OUTPUT.fullmatch(word)
        if climbs or shortened or writes:
            raise InputError(f"the package records {word!r} in a command, a path outside the package; do not trust it.")


def _plain_name(name: str) -> None:
    if not name or name in (".", "..") or Path(name).name != name:
        raise InputError(f"the package names a file {name!r}, which is not a plain file name; do not trust it.")


def _inside(name: str) -> None:
    """A path below the folder of its step, in plain names."""
    for part in name.split("/"):
        _plain_name(part)


def _source(name: str, recorded: str, sources: Sequence[Path]) -> Path:
    if not sources:
        raise InputError(f"the package was made from {name}, which it does not hold; give its folder with --sources.")
    there = [path for folder in sources if (path := folder / name).is_file()]
    found = next((path for path in there if sha256_of(path) == recorded), None)
    if found is None:
        what = "is another file than" if there else f"is not in {' or '.join(map(str, sources))}; put there"
        raise InputError(f"{name} {what} the one the package was made from (expected sha256 {recorded}).")
    return found
