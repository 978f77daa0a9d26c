"""Write a signature package: what anybody needs to read, score, and check a signature, and nothing else."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from exomics._files import sha256_of, write_text
from exomics._version import __version__
from exomics.errors import InputError
from exomics.publish.replay import STEPS
from exomics.publish.signature_table import write_derived
from exomics.publish.steps import Plan, collect
from exomics.publish.verify import CHECKSUMS, kept_sidecar
from exomics.registry.document import parse_yaml
from exomics.registry.locked_model import HEAD, read_locked_model
from exomics.registry.signature import Signature, read_signature
from exomics.results.provenance import sidecar_of
from exomics.schema.study import check_study

_FOLDERS = {
    "log2_fold_change": "differential",
    "published_file": "agreement",
    "metric": "associations",
    "score": "scores",
}


def publish(
    files: Sequence[Path], folder: Path, *, title: str, study: Path | None = None, strict: bool = False
) -> Path:
    """Write a signature package.

    Parameters
    ----------
    files
        Signatures (``.yaml`` with their body), locked models (``model.yaml``) and tables (``.tsv``), each with the
        sidecar of the command that made it.
    folder
        Where the package goes; replaced if it is a package already, refused if it holds anything else.
    title
        Title of the package.
    study
        ``study.yaml``: what the study says about itself; checked, and copied into the package.
    strict
        Refuse a study that leaves a field of the exercise program unreported (FITT).

    Returns
    -------
    Path
        `folder`. It holds the signatures in the registry's format (so that what is published can be scored),
        ``signatures.tsv``, ``members.tsv``, ``signatures.gmt``, the tables, ``provenance/steps.json`` (every command
        back to the sources), ``ACKNOWLEDGMENTS.txt``, ``README.md`` and ``SHA256SUMS``.

    Raises
    ------
    InputError
        If there is no signature and no model, a file has no recorded step, an input changed after a file was made from
        it, or the study is not what it must be.
    """
    _refuse_foreign_folder(folder)
    heads = [file for file in files if file.suffix == ".yaml" and file.name != HEAD]
    if not heads and not any(file.name == HEAD for file in files):
        raise InputError(
            "a signature package needs a signature or a locked model: give the .yaml that `exomics derive` wrote, or "
            f"the {HEAD} of `exomics stratify`."
        )
    if study is not None:
        check_study(parse_yaml(study.read_bytes(), study.name), study.name, strict=strict)
    elif strict:
        raise InputError("a strict package needs the study: give study.yaml (--study FILE).")
    signatures = [read_signature(head) for head in heads]
    places = _places(files, heads)
    plan = collect(files, {path.resolve(): name for path, name in places})
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".package-") as scratch:
        building = Path(scratch) / "package"
        _fill(building, places, signatures, plan, title)
        if study is not None:
            shutil.copyfile(study, building / "study.yaml")
        _seal(building)
        if folder.exists():
            folder.replace(Path(scratch) / "before")
        building.replace(folder)
    return folder


def _refuse_foreign_folder(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / CHECKSUMS).is_file():
        raise InputError(f"{folder} holds other files; give a new folder, or one that holds a package to replace.")


def _places(files: Sequence[Path], heads: Sequence[Path]) -> list[tuple[Path, str]]:
    """Each file, and each body of a signature or a model, with its name in the package.

    Tables of one name are told apart by the folder in which each was written.
    """
    places = [(head, f"signatures/{head.name}") for head in heads]
    bodies = [head.with_suffix(".tsv") for head in heads]
    places += [(body, f"signatures/{body.name}") for body in bodies if body.is_file()]
    models = [file for file in files if file.name == HEAD]
    places += [place for model in models for place in _places_of_model(model)]
    tables = [file for file in files if file not in heads and file not in models]
    plain = [file.name for file in tables]
    for file in tables:
        apart = f"{file.resolve().parent.name}/" if plain.count(file.name) > 1 else ""
        places.append((file, f"{_folder_of(file)}/{apart}{file.name}"))
    names = [name for _, name in places]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InputError(f"two files would both be {repeated[0]} in the package; rename one.")
    return places


def _places_of_model(head: Path) -> list[tuple[Path, str]]:
    model = read_locked_model(head.parent)
    return [(head.with_name(name), f"models/{model.id}/{name}") for name in model.files]


def _folder_of(file: Path) -> str:
    with file.open(encoding="utf-8") as stream:
        columns = stream.readline().rstrip("\n").split("\t")
    return next((folder for column, folder in _FOLDERS.items() if column in columns), "tables")


def _fill(
    folder: Path, places: Iterable[tuple[Path, str]], signatures: Sequence[Signature], plan: Plan, title: str
) -> None:
    for path, name in places:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)
        sidecar = sidecar_of(path)
        if sidecar.is_file():
            kept = folder / kept_sidecar(name)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(sidecar, kept)
    write_derived(folder, signatures)
    write_text(folder / STEPS, json.dumps([step.to_dict() for step in plan.steps], indent=1) + "\n")
    write_text(folder / "ACKNOWLEDGMENTS.txt", "\n\n".join(plan.acknowledgments) + "\n")
    write_text(folder / "README.md", _readme(title, signatures, plan))


def _seal(folder: Path) -> None:
    """Write the hash of every file."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    write_text(folder / CHECKSUMS, "".join(f"{sha256_of(folder / name)}  {name}\n" for name in names))


def _readme(title: str, signatures: Sequence[Signature], plan: Plan) -> str:
    listed = "\n".join(
        f"- `{signature.id}` {signature.version}: {signature.title} "
        f"({len(signature.features('up'))} up, {len(signature.features('down'))} down; "
        f"layers {', '.join(signature.layers)})"
        for signature in signatures
    )
    commands = "\n".join(f"    {line}" for line in plan.command_lines())
    return f"""# {title}

A signature package made by exomics {__version__}. Check every number in it with

    exomics verify FOLDER

## Signatures

{listed}

A signature may be scored on the layers it lists; on any other layer only as an explicit, recorded override.
Score one with `exomics score DATA.h5ad --signatures FOLDER/signatures/NAME.yaml -o scores.tsv`.

## What is here

- `signatures/` the signatures in the registry's format; `signatures.tsv`, `members.tsv`, `signatures.gmt` say the same
- `differential/`, `agreement/`, `scores/`, `associations/`, `tables/` the tables, one file per step
- `models/` locked models, if there are any: plain numbers that `exomics validate` reads
- `provenance/` how each file was made; `steps.json` holds every command back to the public sources
- `ACKNOWLEDGMENTS.txt` the sentences that use of these data asks for
- `SHA256SUMS` a hash of every file

## How it was made

{commands}
"""
