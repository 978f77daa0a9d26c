"""MoTrPAC's muscle RNA recipe: 14,201 x 50, 14 coefficients, 10 contrasts, sample weights, robust.

Ours is the whole verb on AnnData: the scale is checked, low counts filtered, factors computed, the design built from
its formula, tests adjusted over two families, and the table made with its provenance. The peer starts from the matrix
and the design: filterByExpr, calcNormFactors, voomLmFit, contrasts.fit, eBayes(robust), topTable, p.adjust.
"""

from __future__ import annotations

import numpy as np

from exomics.datasets import read_data
from exomics.differential import fit_recipe
from tests.benchmarks.gastrocnemius import gastrocnemius, recipe_design
from tests.benchmarks.row import Contest, Row, Target, python_contest
from tests.benchmarks.workspace import Workspace


def prepare(workspace: Workspace) -> Contest:
    """The log2 fold changes are compared: the moderation of limma 3.54 is of another generation than the recipe's."""
    data = read_data(gastrocnemius(workspace))
    study = recipe_design(workspace)
    return python_contest(
        lambda: fit_recipe(data, "motrpac_muscle_rna"),
        workspace.r_peer("recipe", study.folder, "edgeR", "statmod"),
        numbers=lambda table, peer: (np.asarray(table.frame["log2_fold_change"], dtype=float), peer),
    )


ROWS = (Row("muscle_recipe", "edgeR voomLmFit", prepare, Target(ratio=6.5, seconds=0.6, memory=600)),)
