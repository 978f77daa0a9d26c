"""Frozen scores of gseapy 1.3.1 on the simulated values of ``../gene_set_scores``, these rounded, and 300 samples.

Run in this folder, with the pinned gseapy: ``python generate.py``.
"""

from __future__ import annotations

import platform
from pathlib import Path

import gseapy
import numpy as np
import pandas as pd

SHARED = Path("../gene_set_scores/expected")


def simulated(n_samples: int, n_features: int) -> pd.DataFrame:
    """Features x samples, no two values of a sample alike."""
    generator = np.random.default_rng(300)
    spread = generator.gamma(16, 0.25, n_features)
    values = generator.beta(2, 3, (n_samples, n_features)) * spread + generator.normal(6, 2, n_features)
    names = [f"g{number}" for number in range(n_features)]
    return pd.DataFrame(np.round(values.T, 8), names, [f"s{number}" for number in range(n_samples)])


def scores(values: pd.DataFrame, sets: dict[str, list[str]], method: str) -> pd.DataFrame:
    """Samples x sets of ES."""
    run = getattr(gseapy, method)
    table = run(values, sets, outdir=None, min_size=1, max_size=len(values), threads=1, verbose=False).res2d
    return table.pivot(index="Name", columns="Term", values="ES").loc[list(values.columns), list(sets)].astype(float)


def save(table: pd.DataFrame, name: str) -> None:
    """17 digits."""
    path = f"expected/{name}.tsv.gz"
    compression = {"method": "gzip", "mtime": 0}
    table.to_csv(path, sep="\t", index_label="sample", float_format="%.17g", compression=compression)


def main() -> None:
    values = pd.read_csv(SHARED / "values.tsv.gz", sep="\t", index_col=0, float_precision="round_trip")
    values = values.drop(index="g500")  # constant: gseapy gives it no place
    listed = pd.read_csv(SHARED / "sets.tsv.gz", sep="\t").groupby("set", sort=False)["feature"].apply(list)
    sets = {str(name): members for name, members in listed.items()}
    save(scores(values, sets, "ssgsea"), "ssgsea")
    save(scores(values.round(0), sets, "ssgsea"), "ssgsea_tied")
    save(scores(values, sets, "gsva"), "gsva")
    many = simulated(300, 400)
    sets = {f"set{size}": [f"g{number}" for number in range(size)] for size in (5, 20, 60)}
    save(scores(many, sets, "gsva"), "gsva_300")
    versions = [f"{package.__name__} {package.__version__}" for package in (gseapy, np, pd)]
    Path("session_info.txt").write_text("\n".join([f"Python {platform.python_version()}", *versions, ""]))


if __name__ == "__main__":
    main()
