"""A Cox model for each of 20,000 features in 195 patients; R's loop over coxph does 200 of them."""

from __future__ import annotations

import numpy as np

from exomics.stats.survival import cox_screen
from tests.benchmarks.row import Contest, Row, python_contest
from tests.benchmarks.workspace import Workspace

N_PATIENTS = 195


def prepare(workspace: Workspace) -> Contest:
    """Log hazard ratios and their errors of the peer's features are compared. Times are months: there are ties."""
    n_features, n_sampled = workspace.size(20_000, 60), workspace.size(200, 20)
    rng = np.random.default_rng(6)
    features = workspace.array("cox/features", lambda: rng.normal(size=(N_PATIENTS, n_features)))
    waiting = np.random.default_rng(7).exponential(18.0, N_PATIENTS)
    time, event = np.ceil(np.minimum(waiting, 36.0)), (waiting < 36.0).astype(float)
    folder = workspace.folder / "cox"
    for name, values in (("features", features[:, :n_sampled]), ("time", time), ("event", event)):
        values.ravel(order="F").tofile(folder / f"{name}.f64")
    (folder / "shape.txt").write_text(f"{N_PATIENTS} {n_sampled}\n", encoding="utf-8")
    return python_contest(
        lambda: cox_screen(features, time, event),
        workspace.r_peer("cox_screen", folder, "survival", share=n_sampled / n_features),
        numbers=lambda value, peer: (
            np.concatenate([value.log_hazard_ratio[:n_sampled], value.standard_error[:n_sampled]]),
            peer,
        ),
    )


ROWS = (Row("cox_screen_20k_195", "survival coxph, loop", prepare, note="peer on 200 features x 100"),)
