"""Whole fresh processes: from exec to the written table, and where the time goes."""

from __future__ import annotations

import json
from functools import partial

from tests.benchmarks.gastrocnemius import gastrocnemius, recipe_design
from tests.benchmarks.row import Contest, Row
from tests.benchmarks.sides import CommandSide, exomics_command, python_command, r_command
from tests.benchmarks.tumor import GENE, SIGNATURES, tumor
from tests.benchmarks.workspace import Workspace


def command_line(workspace: Workspace, command: str) -> list[str]:
    """The arguments of a differential or score command on the run's own data."""
    output = str(workspace.folder / f"{command}.tsv")
    if command == "differential":
        return [command, str(gastrocnemius(workspace)), "-o", output, "--recipe", "motrpac_muscle_rna"]
    return [command, str(tumor(workspace)), "-o", output, "--signatures", *SIGNATURES, f"gene:{GENE}"]


def whole(workspace: Workspace, *, command: str) -> Contest:
    """The command as a user calls it; R, where there is a peer, reads raw numbers and writes the same tables."""
    arguments = command_line(workspace, command)
    peer = None
    if command == "differential" and workspace.has_r("edgeR", "statmod"):
        peer = CommandSide(r_command("recipe", recipe_design(workspace).folder))
    staged = CommandSide(python_command("-m", "tests.benchmarks.stages", *arguments))
    return Contest(CommandSide(exomics_command(*arguments)), peer, explain=lambda: _stages(staged))


def _stages(staged: CommandSide) -> str:
    staged.run()
    spent = json.loads(staged.value())
    compiled = spent.pop("compiled")
    return ", ".join([*(f"{step} {seconds:.2f}" for step, seconds in spent.items()), f"{compiled} kernels compiled"])


ROWS = (
    Row("command_differential", "R, the recipe", partial(whole, command="differential"), note="fresh process"),
    Row("command_score", "", partial(whole, command="score"), note="fresh process"),
)
