"""Recompute a signature package from its recorded inputs and check every number in it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from exomics._files import sha256_of
from exomics.errors import InputError, RegistryError, VerificationError
from exomics.publish.compare import first_difference
from exomics.publish.signature_table import write_derived
from exomics.publish.steps import Step
from exomics.registry.signature import read_signature

CHECKSUMS = "SHA256SUMS"
STEPS = "provenance/steps.json"

REPLAYABLE = ("load", "harmonize", "preprocess", "differential", "compare", "derive", "score", "associate", "pool")
_WRITING_OPTIONS = ("-o", "--output", "--losses", "--controls-output")

Runner = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class Check:
    """One check of one file of a package.

    Parameters
    ----------
    file
        Path within the package.
    kind
        ``checksum`` or ``recomputed``.
    difference
        The first difference, in words; "" when all is well.
    """

    file: str
    kind: str
    difference: str


def verify(package: Path, *, run: Runner, sources: Sequence[Path] = (), tolerance: float = 0.0) -> list[Check]:
    """Check a signature package.

    First every file against ``SHA256SUMS`` (none altered, none missing, none added), then every recorded command is
    run again in an empty folder, in order, and each published file is compared with the recomputed one.

    Parameters
    ----------
    package
        Folder written by ``exomics publish``.
    run
        Runs one exomics command, given as a list of words, and returns its exit status.
    sources
        Folders that hold the files that no command made (a user's own matrix), looked up by name and checked by hash.
    tolerance
        Relative difference allowed between numbers; 0 asks for the same digits. Another processor or another version
        of a numerical library can move the last of 17 digits: then a tolerance of 1e-9 is meaningful.

    Returns
    -------
    list of Check
        One per file and kind of check; ``difference`` is "" where the file holds.

    Raises
    ------
    InputError
        If the folder is no package, or a source file is missing.
    VerificationError
        If a recorded command fails.
    """
    if not (package / CHECKSUMS).is_file() or not (package / STEPS).is_file():
        raise InputError(f"{package} is no signature package: expected {CHECKSUMS} and {STEPS} in it.")
    steps = [Step.from_dict(stored) for stored in json.loads((package / STEPS).read_text(encoding="utf-8"))]
    for step in steps:
        _refuse_foreign(step.command)
    checks = check_sums(package)
    with tempfile.TemporaryDirectory(prefix="exomics-verify-") as folder:
        made = _run_again(steps, Path(folder), run, sources)
        for path, name in made:
            checks.append(Check(name, "recomputed", _difference(package / name, path, tolerance)))
        checks += _derived_checks(package, Path(folder) / "derived")
    return checks


def _derived_checks(package: Path, folder: Path) -> list[Check]:
    """The long tables and the GMT must follow from the signature documents beside them."""
    order = [line.split("\t")[0] for line in (package / "signatures.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    try:
        read = {found.id: found for found in map(read_signature, sorted((package / "signatures").glob("*.yaml")))}
    except RegistryError as error:
        return [Check("signatures", "recomputed", str(error))]
    unknown = sorted(set(order) ^ set(read))
    if unknown:
        return [Check("signatures.tsv", "recomputed", f"does not list the signatures of the package ({unknown[0]})")]
    made = write_derived(folder, [read[name] for name in order])
    return [Check(path.name, "recomputed", first_difference(package / path.name, path)) for path in made]


def check_sums(package: Path) -> list[Check]:
    """Each file of `package` against ``SHA256SUMS``; hidden files, which systems and engines leave, are passed over."""
    recorded = dict(_recorded_sums(package))
    present = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*")
        if path.is_file() and path != package / CHECKSUMS and not path.name.startswith(".")
    }
    checks = []
    for name in sorted(present | set(recorded)):
        if name not in recorded:
            difference = f"not listed in {CHECKSUMS}"
        elif name not in present:
            difference = "listed but missing"
        else:
            got = sha256_of(package / name)
            difference = "" if got == recorded[name] else f"altered: expected sha256 {recorded[name]}, got {got}"
        checks.append(Check(name, "checksum", difference))
    return checks


def _recorded_sums(package: Path) -> list[tuple[str, str]]:
    pairs = []
    for line in (package / CHECKSUMS).read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        inside = (package / name).resolve()
        if not name or not inside.is_relative_to(package.resolve()):
            raise InputError(f"{CHECKSUMS} names {name!r}, which is not inside the package; do not trust it.")
        pairs.append((name, digest))
    return pairs


def _refuse_foreign(command: tuple[str, ...]) -> None:
    """A package is a file somebody sent: its commands may read its own inputs and write its own outputs, no more."""
    if not command or command[0] not in REPLAYABLE:
        raise InputError(
            f"the package records the command {' '.join(command)!r}, which verify does not run; do not trust it."
        )
    for before, word in zip(("", *command), command, strict=False):
        value = word.rpartition("=")[2]
        climbs = value.startswith(("/", "~")) or ".." in Path(value).parts or "\\" in value
        if climbs or (before in _WRITING_OPTIONS and not word.startswith("{output:")):
            raise InputError(f"the package records {word!r} in a command, a path outside the package; do not trust it.")


def _run_again(steps: list[Step], folder: Path, run: Runner, sources: Sequence[Path]) -> list[tuple[Path, str]]:
    made: list[list[Path]] = []
    published = []
    for number, step in enumerate(steps):
        outputs = [folder / f"{number:03d}" / _plain_name(output.name) for output in step.outputs]
        outputs[0].parent.mkdir()
        inputs = [
            _source(origin.source, origin.sha256, sources) if origin.step is None else made[origin.step][origin.output]
            for origin in step.inputs
        ]
        command = [_filled(word, inputs, outputs) for word in step.command]
        status = run(command)
        if status != 0:
            raise VerificationError(f"the recorded command `exomics {' '.join(step.command)}` failed (exit {status}).")
        made.append(outputs)
        published += [(path, o.published) for path, o in zip(outputs, step.outputs, strict=True) if o.published]
    return published


def _plain_name(name: str) -> str:
    if Path(name).name != name:
        raise InputError(
            f"the package records an output called {name!r}, which is not a plain file name; do not trust it."
        )
    return name


def _source(name: str, recorded: str, sources: Sequence[Path]) -> Path:
    if not sources:
        raise InputError(f"the package was made from {name}, which it does not hold; give its folder with --sources.")
    there = [path for folder in sources if (path := folder / _plain_name(name)).is_file()]
    found = next((path for path in there if sha256_of(path) == recorded), None)
    if found is None:
        what = "is another file than" if there else f"is not in {' or '.join(map(str, sources))}; put there"
        raise InputError(f"{name} {what} the one the package was made from (expected sha256 {recorded}).")
    return found


def _filled(word: str, inputs: list[Path], outputs: list[Path]) -> str:
    for kind, paths in (("input", inputs), ("output", outputs)):
        for number, path in enumerate(paths):
            word = word.replace(f"{{{kind}:{number}}}", str(path))
    return word


def _difference(published: Path, recomputed: Path, tolerance: float) -> str:
    if not recomputed.is_file():
        return "the recorded command did not write it"
    return first_difference(published, recomputed, tolerance)
