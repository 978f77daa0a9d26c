"""Whole fresh processes that should be over before they are noticed."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path

from tests.benchmarks.row import Contest, Row, Target
from tests.benchmarks.rows.commands import command_line
from tests.benchmarks.sides import CommandSide, exomics_command, python_command
from tests.benchmarks.workspace import Workspace


def help_page(workspace: Workspace) -> Contest:
    """`exomics --help` beside an import of numpy."""
    return Contest(CommandSide(exomics_command("--help")), CommandSide(python_command("-c", "import numpy")))


def before_work(workspace: Workspace, *, command: str) -> Contest:
    """A command up to the moment it reads its data: interpreter and imports."""
    return Contest(_StartSide(command_line(workspace, command)))


def cached_dataset(workspace: Workspace) -> Contest:
    """`exomics fetch` of a dataset whose files are in the cache: found, hashed, named."""
    mirror, dataset = _mirror(workspace)
    environment = {"EXOMICS_CACHE": str(workspace.folder / "cache"), "EXOMICS_MIRROR": mirror, "EXOMICS_OFFLINE": "1"}
    fetching = CommandSide(exomics_command("fetch", dataset), environment=environment)
    fetching.run()
    files = fetching.value().splitlines()
    return Contest(fetching, explain=lambda: f"{dataset}: {len(files)} files")


class _StartSide(CommandSide):
    """The command in `tests.benchmarks.stages`, of which only the start counts."""

    def __init__(self, arguments: list[str]) -> None:
        super().__init__(python_command("-m", "tests.benchmarks.stages", *arguments))

    def run(self) -> float:
        super().run()
        return json.loads(self.value())["start"]


def _mirror(workspace: Workspace) -> tuple[str, str]:
    """The mirror and a dataset in it; without a mirror a dataset that has no files."""
    location = os.environ.get("EXOMICS_MIRROR", "")
    if location and Path(location).is_dir() and not workspace.tiny:
        return str(Path(location).resolve()), "motrpac_gn_rna"
    return "", "embedded_muscle_rna"


ROWS = (
    Row("help", "import numpy", help_page, Target(ratio=0.5), note="`exomics --help` within twice `import numpy`"),
    Row("fetch_cached", "", cached_dataset, Target(seconds=1)),
    Row("start_differential", "", partial(before_work, command="differential"), Target(seconds=1.3)),
    Row("start_score", "", partial(before_work, command="score"), Target(seconds=1.3)),
)
