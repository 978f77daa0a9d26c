"""Recompute a signature package from its recorded inputs and check every number in it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exomics._files import sha256_of
from exomics.errors import InputError, RegistryError
from exomics.publish.compare import first_difference
from exomics.publish.replay import LONG, STEPS, Runner, left_out, read_steps, require_inside, run_again
from exomics.publish.signature_table import write_derived
from exomics.registry.signature import read_signature
from exomics.results.provenance import sidecar_of

CHECKSUMS = "SHA256SUMS"
_NOT_RECOMPUTED = ("README.md", "ACKNOWLEDGMENTS.txt", "study.yaml", STEPS)  # words, not numbers
_OF_THE_MACHINE = ("versions", "step")  # parts of a sidecar that say where and by what, not what


@dataclass(frozen=True)
class Check:
    """One check of one file of a package.

    Parameters
    ----------
    file
        Path within the package.
    kind
        ``checksum``, ``recomputed``, or ``skipped`` (made by a step that was not run, and so not checked).
    difference
        The first difference, in words; "" when all is well.
    """

    file: str
    kind: str
    difference: str


def verify(
    package: Path, *, run: Runner, sources: Sequence[Path] = (), tolerance: float = 0.0, quick: bool = False
) -> list[Check]:
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
    quick
        Leave out the commands that may take hours (`exomics.publish.replay.LONG`) and what was made from their files.

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
    steps = read_steps(package)
    checks = check_sums(package)
    with tempfile.TemporaryDirectory(prefix="exomics-verify-") as folder:
        skipped = left_out(steps, LONG) if quick else set()
        made = run_again(steps, Path(folder), run, sources, skipped)
        recomputed = [Check(name, "recomputed", _difference(package / name, path, tolerance)) for path, name in made]
        recomputed += [check for path, name in made for check in _sidecar_checks(package, path, name)]
        recomputed += _derived_checks(package, Path(folder) / "derived")
    unseen = [output.published for number in skipped for output in steps[number].outputs if output.published]
    unseen += [kept for name in unseen if (package / (kept := kept_sidecar(name))).is_file()]
    recomputed += [Check(name, "skipped", "") for name in sorted(unseen)]
    known = {check.file for check in recomputed}.union(_NOT_RECOMPUTED)
    unmade = [check.file for check in checks if check.file not in known]
    return [*checks, *recomputed, *(Check(name, "recomputed", "no recorded step makes it") for name in unmade)]


def _sidecar_checks(package: Path, recomputed: Path, name: str) -> list[Check]:
    """What the package says of how a file was made, against what the recorded command says."""
    kept = kept_sidecar(name)
    if not (package / kept).is_file() or not sidecar_of(recomputed).is_file():
        return []
    told, found = (_told(path) for path in (package / kept, sidecar_of(recomputed)))
    different = sorted(key for key in {*told, *found} if told.get(key) != found.get(key))
    return [Check(kept, "recomputed", f"{different[0]} is not what the command records" if different else "")]


def kept_sidecar(name: str) -> str:
    """Where the package keeps the sidecar of a file."""
    return f"provenance/{name.replace('/', '.')}.json"


def _told(sidecar: Path) -> dict[str, Any]:
    try:
        return {key: value for key, value in json.loads(sidecar.read_bytes()).items() if key not in _OF_THE_MACHINE}
    except (AttributeError, ValueError):
        return {"document": "malformed"}


def _derived_checks(package: Path, folder: Path) -> list[Check]:
    """The long tables and the GMT must follow from the signature documents beside them."""
    order = [line.split("\t")[0] for line in (package / "signatures.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    try:
        read = {found.id: found for found in map(read_signature, sorted((package / "signatures").glob("[!.]*.yaml")))}
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
        require_inside(package, name)
        pairs.append((name, digest))
    return pairs


def _difference(published: Path, recomputed: Path, tolerance: float) -> str:
    if not recomputed.is_file():
        return "the recorded command did not write it"
    return first_difference(published, recomputed, tolerance)
