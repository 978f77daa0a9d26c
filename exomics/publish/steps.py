"""The chain of commands behind a set of files, read from their sidecars and put in the order in which to run them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from exomics._files import sha256_of
from exomics.errors import InputError
from exomics.results.provenance import Provenance, sidecar_of


@dataclass(frozen=True)
class Output:
    """A file that a step writes: its name, its hash, and where it stands in the package ("" if it is not published).

    The name is a path below the folder of the step, such as ``model/model.yaml``.
    """

    name: str
    sha256: str
    published: str = ""


@dataclass(frozen=True)
class Origin:
    """Where an input comes from: an output of an earlier step, or a source file that has no step of its own."""

    step: int | None
    output: int = 0
    source: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Step:
    """One command, its inputs and its outputs."""

    command: tuple[str, ...]
    inputs: tuple[Origin, ...]
    outputs: tuple[Output, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "command": list(self.command),
            "inputs": [vars(origin) for origin in self.inputs],
            "outputs": [vars(output) for output in self.outputs],
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Step:
        """Read the JSON form."""
        return cls(
            command=tuple(stored["command"]),
            inputs=tuple(Origin(**origin) for origin in stored["inputs"]),
            outputs=tuple(Output(**output) for output in stored["outputs"]),
        )


@dataclass
class Plan:
    """Steps in the order in which to run them, what their data ask to be acknowledged, and what methods they record."""

    steps: list[Step] = field(default_factory=list)
    acknowledgments: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    _made_by: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def command_lines(self) -> list[str]:
        """Each step as a line for a shell; its outputs go into a folder of its number, so that the lines can be run."""
        return [_command_line(number, self.steps) for number in range(len(self.steps))]


def _command_line(number: int, steps: list[Step]) -> str:
    step = steps[number]
    inputs = [
        origin.source if origin.step is None else f"{origin.step:03d}/{steps[origin.step].outputs[origin.output].name}"
        for origin in step.inputs
    ]
    outputs = [f"{number:03d}/{output.name}" for output in step.outputs]
    return shlex.join(["exomics", *filled(step.command, inputs, outputs)])


def filled(command: Iterable[str], inputs: Sequence[str], outputs: Sequence[str]) -> list[str]:
    """The words of a command with ``{input:i}``, ``{output:i}`` and their folders (``{input_folder:i}``) filled in."""
    names = {}
    for kind, paths in (("input", inputs), ("output", outputs)):
        for number, path in enumerate(paths):
            names[f"{{{kind}:{number}}}"] = path
            names[f"{{{kind}_folder:{number}}}"] = str(PurePosixPath(path).parent)
    words = list(command)
    for placeholder, name in names.items():
        words = [word.replace(placeholder, name) for word in words]
    return words


def collect(files: Iterable[Path], published: dict[Path, str]) -> Plan:
    """Walk from `files` back to their sources.

    Parameters
    ----------
    files
        Files that carry a sidecar with a step.
    published
        Name in the package of each file that the package holds, keyed by resolved path.

    Returns
    -------
    Plan
        Every step once, each after the steps whose outputs it reads.

    Raises
    ------
    InputError
        If a file has no recorded step, or an input was changed after the file was made from it.
    """
    plan = Plan()
    for file in files:
        _visit(file.resolve(), plan, published)
    return plan


def _visit(file: Path, plan: Plan, published: dict[Path, str]) -> tuple[int, int]:
    if file in plan._made_by:
        return plan._made_by[file]
    provenance = Provenance.read(file)
    if not provenance.step:
        raise InputError(
            f"{file.name} was made in Python, not by a command, so it cannot be recomputed from its record."
        )
    folder = file.parent
    origins = tuple(
        _origin(folder / entry["path"], entry["sha256"], plan, published) for entry in provenance.step["inputs"]
    )
    outputs = [(folder / entry["path"]).resolve() for entry in provenance.step["outputs"]]
    if file not in outputs:
        raise InputError(f"the record beside {file.name} is that of another file; run the step that made it again.")
    plan.steps.append(
        Step(
            command=tuple(provenance.step["command"]),
            inputs=origins,
            outputs=tuple(
                Output(name, sha256_of(path), published.get(path, ""))
                for name, path in zip(_names(outputs), outputs, strict=True)
            ),
        )
    )
    plan.acknowledgments.extend(line for line in provenance.acknowledgments if line not in plan.acknowledgments)
    plan.methods.append(json.dumps([provenance.method, dict(provenance.parameters)], default=str))
    plan._made_by.update({path: (len(plan.steps) - 1, number) for number, path in enumerate(outputs)})
    return plan._made_by[file]


def _names(outputs: Sequence[Path]) -> list[str]:
    """Each output below the folder of the first one, or by its plain name if it stands elsewhere."""
    top = outputs[0].parent
    names = [path.relative_to(top).as_posix() if path.is_relative_to(top) else path.name for path in outputs]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InputError(f"one command wrote two files called {twice[0]}; give its outputs different names.")
    return names


def _origin(path: Path, recorded: str, plan: Plan, published: dict[Path, str]) -> Origin:
    path = path.resolve()
    if path in plan._made_by:  # a further output of a step that is known, such as the body of a signature
        return Origin(*plan._made_by[path])
    if not path.is_file():
        raise InputError(f"{path.name}, from which another file was made, is gone; run the step that made it again.")
    if sha256_of(path) != recorded:
        raise InputError(f"{path.name} was changed after another file was made from it; run the later steps again.")
    if not sidecar_of(path).is_file():
        return Origin(step=None, source=path.name, sha256=recorded)
    step, output = _visit(path, plan, published)
    return Origin(step=step, output=output)
