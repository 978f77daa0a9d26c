"""``python -m tests.benchmarks.stages COMMAND ...``: one exomics command in this process, and where its time goes.

Prints JSON: CPU seconds from exec to the end of the imports (``start``), in each step that the command calls, and in
all (``whole``); and how many kernels were compiled rather than loaded (``compiled``): 0 from the second process on.
"""

from __future__ import annotations

import functools
import importlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from exomics.cli.main import command_module, main

STEPS = {
    "read_assay": "read",
    "fit_recipe": "fit",
    "score": "score",
    "save_table": "write",
    "_say": "say",
}
"""Functions that the modules of the commands call, and how their share is named."""


def run(argv: list[str]) -> dict[str, float]:
    """Run the command with every step timed. Nothing that it imports is imported before it: the start is its own."""
    module = command_module(argv[0])
    spent = {"start": time.process_time()}
    for name, step in STEPS.items():
        if hasattr(module, name):
            setattr(module, name, _timed(getattr(module, name), step, spent))
    events = importlib.import_module("numba.core.event")
    standard_output, sys.stdout = sys.stdout, sys.stderr
    try:
        with events.install_recorder("numba:compile") as compilations:
            status = main(argv)
    finally:
        sys.stdout = standard_output
    if status:
        raise SystemExit(status)
    spent["whole"] = time.process_time()
    return {**spent, "compiled": sum(event.is_start for _, event in compilations.buffer)}


def _timed(function: Callable[..., Any], step: str, spent: dict[str, float]) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(*arguments: Any, **options: Any) -> Any:
        begin = time.process_time()
        try:
            return function(*arguments, **options)
        finally:
            spent[step] = spent.get(step, 0.0) + time.process_time() - begin

    return timed


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(sys.argv[1:])) + "\n")
