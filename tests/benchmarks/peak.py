"""``python -m tests.benchmarks.peak MODULE ROW FOLDER``: one run of ours in a fresh process, its peak memory."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

from tests.benchmarks.sides import peak_memory_of
from tests.benchmarks.workspace import Workspace


def main(module: str, name: str, folder: str) -> None:
    """Inputs are read from `folder`, where the benchmark has left them; the peak includes them and the imports."""
    row = next(row for row in importlib.import_module(module).ROWS if row.name == name)
    row.prepare(Workspace(Path(folder), peers=False)).ours.run()
    sys.stdout.write(json.dumps({"peak_memory": peak_memory_of(os.getpid())}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
