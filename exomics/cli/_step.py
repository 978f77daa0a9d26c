"""The record of a command: what was run, on which bytes, to make which file. `verify` runs it again."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from exomics._files import sha256_of
from exomics.errors import InputError
from exomics.publish.replay import NEGATIVE, WRITING_OPTIONS

_READ_FOLDERS = ("--response",)


def input_path(text: str) -> Path:
    """Argument type of a file that must exist; recorded as an input of the step."""
    path = Path(text)
    if not path.exists():
        raise argparse.ArgumentTypeError(f"{text} does not exist")
    return path


def role_path(text: str) -> tuple[str, Path]:
    """Argument type of ``ROLE=PATH``; the file is recorded as an input of the step."""
    role, separator, path = text.partition("=")
    if not separator or not role:
        raise argparse.ArgumentTypeError(f"expected ROLE=PATH, got {text!r}")
    return role, input_path(path)


def option(text: str) -> tuple[str, Any]:
    """Argument type of ``KEY=VALUE``; numbers, true and false become such."""
    key, separator, value = text.partition("=")
    if not separator or not key:
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE, got {text!r}")
    return key, _scalar(value)


def whole_number(text: str) -> int:
    """Argument type of a number of things, or of a seed: 0, 1, 2, ..."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number of 0 or more, got {text!r}")
    return int(text)


def _scalar(value: str) -> Any:
    if value in ("true", "false"):
        return value == "true"
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def record(argv: list[str], inputs: Sequence[Path], outputs: Sequence[Path], beside: Path) -> dict[str, Any]:
    """The step of one command, as the sidecar of `beside` tells it.

    Paths in `argv` become ``{input:i}`` and ``{output:i}``, folders of them ``{input_folder:i}`` and
    ``{output_folder:i}``; beside them stand the paths relative to the folder of `beside`, and the hashes of the inputs.
    Nothing of the machine enters the record.
    """
    folder = beside.resolve().parent
    words = [part for word in argv for part in _apart(word)]
    command = [
        _folder_placeholder(before, word, inputs, outputs)
        for before, word in zip(("", *words), (_placeholder(token, inputs, outputs) for token in words), strict=False)
    ]
    return {
        "command": command,
        "inputs": [{"path": _relative(path, folder), "sha256": sha256_of(path)} for path in inputs],
        "outputs": [{"path": _relative(path, folder)} for path in outputs],
    }


def _apart(word: str) -> list[str]:
    """``--option=VALUE`` as the two words that `verify` knows; a value that looks like an option stays with it."""
    option, separator, value = word.partition("=")
    is_value = not value.startswith("-") or NEGATIVE.fullmatch(value)
    return [option, value] if separator and option.startswith("--") and is_value else [word]


def require_suffix(path: Path, *suffixes: str) -> None:
    """Raise unless `path` ends with one of `suffixes`: a wrong name is found before the work, not after."""
    if not path.name.endswith(suffixes):
        raise InputError(f"the output {path.name} must end in {' or '.join(suffixes)}.")


def keep_inputs(inputs: Sequence[Path], outputs: Sequence[Path]) -> None:
    """Raise if an output would replace another, or an input: what was made could never be made again."""
    taken = {path.resolve(): "an input" for path in inputs}
    for path in outputs:
        if path.resolve() in taken:
            kind = taken[path.resolve()]
            raise InputError(f"the output {path} would replace {kind} of this command; give it another name.")
        taken[path.resolve()] = "another output"


def _placeholder(token: str, inputs: Sequence[Path], outputs: Sequence[Path]) -> str:
    head, separator, tail = token.rpartition("=")
    for kind, paths in (("input", inputs), ("output", outputs)):
        for number, path in enumerate(paths):
            if Path(token) == path:
                return f"{{{kind}:{number}}}"
            if separator and tail and Path(tail) == path:
                return f"{head}={{{kind}:{number}}}"
    return token


def _folder_placeholder(before: str, word: str, inputs: Sequence[Path], outputs: Sequence[Path]) -> str:
    """A word that is the folder of a file, where a folder may be named: alone, or after an option that takes one."""
    writes = before in WRITING_OPTIONS
    if before.startswith("-") and not writes and before not in _READ_FOLDERS:
        return word
    kind, paths = ("output", outputs) if writes else ("input", inputs)
    return next((f"{{{kind}_folder:{at}}}" for at, path in enumerate(paths) if Path(word) == path.parent), word)


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder)).as_posix()
