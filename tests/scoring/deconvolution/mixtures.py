"""Simulated mixtures with known fractions, and references of uneven quality: what the consensus was designed on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from exomics.registry.cell_reference import CellReference, Profiles

TYPES = ("B cell", "T cell CD4+", "T cell CD8+", "NK cell", "monocyte", "neutrophil")
N_GENES = 1200
GENES = tuple(f"G{number:04d}" for number in range(N_GENES))


class World(NamedTuple):
    """Mixtures (n_samples, n_genes) in TPM, the true fractions (n_samples, 6), and references of four methods."""

    tpm: np.ndarray
    fractions: np.ndarray
    references: dict[str, CellReference]


def world(seed: int, n_samples: int = 40) -> World:
    """Seven cell types, the last of which no reference knows; donors, platform and references each err in their way."""
    rng = np.random.default_rng(seed)
    level, marks = _profiles(rng)
    linear = np.maximum(np.exp2(level) - 1, 0)
    size = np.exp(rng.normal(0, 0.35, 7))
    fractions = rng.dirichlet(np.array([0.08, 0.25, 0.15, 0.1, 0.2, 0.05, 0.17]) * 12, n_samples)
    donors = np.exp2(rng.normal(0, 0.45, (n_samples, 7, N_GENES)))
    mixed = np.einsum("nk,nkg->ng", fractions * size, donors * linear)
    platform = np.exp2(rng.normal(0, 0.7, N_GENES) + rng.normal(0, 0.25, mixed.shape))
    noisy = _million(_million(mixed) * platform + 2 * np.exp(rng.normal(0, 1, mixed.shape)))
    profiles = _million(linear)
    return World(noisy, fractions[:, :6], _references(rng, profiles, (size, marks, level)))


def _profiles(rng: np.random.Generator) -> tuple[np.ndarray, list[np.ndarray]]:
    level = np.tile(rng.normal(3, 2, N_GENES), (7, 1))
    for members, n, strength in ([[0, 1, 2, 3], 60, 1.0], [[1, 2], 50, 1.0], [[2, 3], 50, 0.8], [[4, 5], 80, 1.0],
                                 [[6], 200, 0.8]):  # fmt: skip
        level[np.ix_(members, rng.choice(N_GENES, n, replace=False))] += rng.normal(3, 1, n) * strength
    marks = []
    for cell_type in range(7):
        marks.append(rng.choice(N_GENES, 40, replace=False))
        level[cell_type, marks[-1]] += rng.gamma(4, 0.9, 40)
    return level, marks


def _million(values: np.ndarray) -> np.ndarray:
    return values / values.sum(axis=1, keepdims=True) * 1e6


def _references(
    rng: np.random.Generator, profiles: np.ndarray, known: tuple[np.ndarray, list[np.ndarray], np.ndarray]
) -> dict[str, CellReference]:
    size, marks, level = known

    def table(error: float, n_genes: int, content: np.ndarray) -> Profiles:
        seen = profiles * np.exp2(rng.normal(0, error, profiles.shape)) * content[:, None]
        lead = level.max(axis=0) - np.sort(level, axis=0)[-2]
        chosen = np.sort(np.argsort(-lead - rng.normal(0, 0.7, N_GENES))[:n_genes])
        return Profiles(tuple(GENES[gene] for gene in chosen), TYPES, seen[:6, chosen].T)

    def markers(n: int, wrong: float) -> dict[str, tuple[str, ...]]:
        found = {}
        for name, own in zip(TYPES, marks, strict=False):
            n_wrong = rng.binomial(n, wrong * rng.uniform(0, 2))
            genes = [*rng.choice(own, n - n_wrong, replace=False), *rng.choice(N_GENES, n_wrong, replace=False)]
            found[name] = tuple(dict.fromkeys(GENES[gene] for gene in genes))
        return found

    content = dict(zip(TYPES, map(float, size), strict=False))
    unity = Profiles(TYPES, ("V1", "V2", "V3"), np.ones((6, 3)))
    enriched = {f"{name}%made%1": genes for name, genes in markers(20, 0.35).items()}
    return {
        "mcp_counter": CellReference({"markers": markers(9, 0.3)}),
        "quantiseq": CellReference({"profiles": table(0.6, 150, np.ones(7)), "mrna_content": content}),
        "abis": CellReference({"profiles": table(0.5, 400, size)}),
        "xcell": CellReference(
            {"markers": enriched, "spillover": Profiles(TYPES, TYPES, np.eye(6)), "calibration": unity,
             "universe": GENES}
        ),
    }  # fmt: skip
