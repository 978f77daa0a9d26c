"""``python -m tests.benchmarks.peak ROW FOLDER``: one run of our side in a fresh process, and its peak memory."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.benchmarks.rows import find_row
from tests.benchmarks.sides import peak_memory_of
from tests.benchmarks.workspace import Workspace


def main(name: str, folder: str) -> None:
    """Inputs are read from `folder`, where the benchmark has left them; the peak includes them and all imports."""
    contest = find_row(name).prepare(Workspace(Path(folder), peers=False))
    contest.ours.run()
    sys.stdout.write(json.dumps({"peak_memory": peak_memory_of(os.getpid())}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
