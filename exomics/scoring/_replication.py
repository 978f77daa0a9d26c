"""Which genes change with one sign in every contrast, and the order in which a table of axes lists them."""

from __future__ import annotations

import numpy as np
import pandas as pd

ONE_CONTRAST = "one contrast: replicated says that a ligand is significant in it, and nothing more"


def replicated(effects: pd.DataFrame, alpha: float, n_contrasts: int) -> dict[str, str]:
    """``up``, ``down`` or ``no`` for each gene: significant with one sign in each of so many contrasts."""
    found = {}
    for gene, rows in effects.groupby("gene"):
        significant = (rows["adj_p_value"] < alpha).all() and rows["contrast"].nunique() == n_contrasts
        signs = set(np.sign(rows["log2_fold_change"]))
        found[str(gene)] = {1.0: "up", -1.0: "down"}.get(signs.pop(), "no") if significant and len(signs) == 1 else "no"
    return found


def replicated_first(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of replicated ligands first, then by the size of the partial correlation; what has none comes last."""
    order = pd.DataFrame({"single": frame["replicated"] == "no", "strength": frame["partial_correlation"].abs()})
    order = order.sort_values(["single", "strength"], ascending=[True, False], kind="stable", na_position="last")
    return frame.loc[order.index]
