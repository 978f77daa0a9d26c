"""Fractions of cells as they differ between people: mononuclear cells, whole blood, tumors."""

from __future__ import annotations

import numpy as np

from tests.scoring.deconvolution.sources import AT, KINDS, TRUTH

_TUMOR = {
    "B naive": 0.03, "B memory": 0.03, "plasma": 0.02, "CD4 naive": 0.03, "CD4 memory": 0.06, "Treg": 0.03,
    "CD8 naive": 0.01, "CD8 memory": 0.07, "other T": 0.01, "NK": 0.015, "monocyte": 0.02, "monocyte CD16+": 0.003,
    "mDC": 0.012, "pDC": 0.004, "neutrophil": 0.02, "M1": 0.06, "M2": 0.08, "fibroblast": 0.13, "endothelial": 0.06,
    "eosinophil": 0.002, "basophil": 0.001,
}  # fmt: skip
_T = [AT[kind] for kind in ("CD4 naive", "CD4 memory", "Treg", "CD8 naive", "CD8 memory", "other T")]
_IMMUNE = [AT[kind] for kind in _TUMOR if kind not in ("fibroblast", "endothelial")]
_ADAPTIVE = [AT[kind] for part in ("B cell", "T cell") for kind in TRUTH[part]] + [AT["plasma"]]


class _People:
    """n donors: of an age and with a cytomegalovirus infection or none, some ill."""

    def __init__(self, rng: np.random.Generator, n: int) -> None:
        self.rng, self.n = rng, n
        self.age = rng.normal(0, rng.uniform(0.4, 1.0), n)
        self.infected = rng.random(n) < rng.uniform(0.3, 0.7)
        self.ill = np.where(rng.random(n) < rng.uniform(0, 0.6), rng.gamma(2, 0.5, n), 0.0)

    def varied(self, mean: float, spread: float, bounds: tuple[float, float] = (0, 1)) -> np.ndarray:
        return np.clip(mean * np.exp(self.rng.normal(0, spread, self.n)), *bounds)


def pbmc(rng: np.random.Generator, n: int) -> np.ndarray:
    """Mononuclear cells, (n, n_kinds): monocytes 5 to 35 %, NK and B cells 2 to 25 %, T cells the rest."""
    people = _People(rng, n)
    found = _mononuclear(people)
    granulocytes = people.varied(np.exp(rng.uniform(np.log(0.002), np.log(0.02))), rng.uniform(0.5, 0.9), (0, 0.2))
    found[:, AT["neutrophil"]] = granulocytes * np.exp(0.5 * people.ill)
    found[:, AT["basophil"]] = people.varied(0.006, 0.4)
    return _closed(found)


def blood(rng: np.random.Generator, n: int) -> np.ndarray:
    """Leukocytes of whole blood: neutrophils 35 to 85 %, lymphocytes 10 to 50 %, monocytes 3 to 12 %."""
    people = _People(rng, n)
    found = _mononuclear(people)
    found *= people.varied(rng.uniform(0.36, 0.46), rng.uniform(0.12, 0.25), (0.2, 0.6))[:, None]
    neutrophils = people.varied(rng.uniform(0.52, 0.62), rng.uniform(0.08, 0.16), (0.35, 0.8))
    found[:, AT["neutrophil"]] = neutrophils * np.exp(0.7 * people.ill)
    found[:, AT["eosinophil"]] = people.varied(0.025, 0.6, (0.002, 0.12)) * np.exp(-0.7 * people.ill)
    found[:, AT["basophil"]] = people.varied(0.006, 0.4)
    return _closed(found)


def tumor(rng: np.random.Generator, n: int) -> np.ndarray:
    """Purity 20 to 90 %; immune cells come together, lymphocytes more so; stroma apart."""
    log = np.full(len(KINDS), -np.inf)
    log[[AT[kind] for kind in _TUMOR]] = np.log(list(_TUMOR.values()))
    log = log + rng.normal(0, 0.3, len(KINDS)) + rng.normal(0, rng.uniform(0.35, 0.7), (n, len(KINDS)))
    log[:, _IMMUNE] += rng.normal(0, rng.uniform(0.3, 0.8), (n, 1))
    log[:, _ADAPTIVE] += rng.normal(0, rng.uniform(0.3, 0.9), (n, 1))
    log[:, [AT["fibroblast"], AT["endothelial"]]] += rng.normal(0, rng.uniform(0.2, 0.5), (n, 1))
    fractions = _closed(np.exp(log))
    purity = np.clip(rng.uniform(0.4, 0.75) + rng.normal(0, rng.uniform(0.08, 0.18), (n, 1)), 0.2, 0.92)
    fractions *= 1 - purity
    fractions[:, AT["tumor"]] = purity[:, 0]
    return fractions


def _mononuclear(people: _People) -> np.ndarray:
    """Of the mononuclear cells; illness takes lymphocytes and brings monocytes and plasmablasts."""
    rng, found = people.rng, np.zeros((people.n, len(KINDS)))
    monocytes = people.varied(rng.uniform(0.1, 0.2), rng.uniform(0.25, 0.4), (0.04, 0.4)) * np.exp(0.35 * people.ill)
    inflamed = people.varied(0.1, 0.4, (0.02, 0.4))
    found[:, AT["monocyte"]], found[:, AT["monocyte CD16+"]] = monocytes * (1 - inflamed), monocytes * inflamed
    killers = people.varied(rng.uniform(0.07, 0.15), rng.uniform(0.3, 0.5), (0.02, 0.35))
    found[:, AT["NK"]] = killers * np.exp(0.15 * people.age - 0.3 * people.ill)
    b_cells = people.varied(rng.uniform(0.06, 0.12), rng.uniform(0.3, 0.5), (0.01, 0.3)) * np.exp(-0.1 * people.age)
    memory = people.varied(0.3, 0.4, (0.05, 0.8))
    found[:, AT["B naive"]], found[:, AT["B memory"]] = b_cells * (1 - memory), b_cells * memory
    found[:, AT["plasma"]] = people.varied(0.003, 0.6) * np.exp(0.6 * people.ill)
    found[:, AT["mDC"]] = people.varied(0.01, 0.35) * np.exp(-0.4 * people.ill)
    found[:, AT["pDC"]] = people.varied(0.004, 0.45) * np.exp(-0.6 * people.ill)
    t_cells = people.varied(rng.uniform(0.55, 0.65), rng.uniform(0.08, 0.15)) * np.exp(-0.25 * people.ill)
    found[:, _T] = t_cells[:, None] * _t_cells(people)
    return _closed(found)


def _t_cells(people: _People) -> np.ndarray:
    """Shares of the T cells, (n, 6): CD4:CD8 0.5 to 6, lower where infected; naive cells fewer with age."""
    rng = people.rng
    ratio = people.varied(rng.uniform(1.6, 2.6), rng.uniform(0.25, 0.4), (0.5, 6)) * np.exp(-0.35 * people.infected)
    other = people.varied(0.08, 0.5, (0.01, 0.3))
    regulatory = people.varied(0.07, 0.25, (0.02, 0.2))
    naive_helper = 1 / (1 + np.exp(0.6 * people.age + rng.normal(0, 0.4, people.n)))
    naive_killer = 1 / (1 + np.exp(0.9 * people.age + 0.8 * people.infected + rng.normal(0, 0.4, people.n)))
    helper, killer = (1 - other) * ratio / (1 + ratio), (1 - other) / (1 + ratio)
    rest = helper * (1 - regulatory)
    return np.column_stack([
        rest * naive_helper, rest * (1 - naive_helper), helper * regulatory, killer * naive_killer,
        killer * (1 - naive_killer), other,
    ])  # fmt: skip


def _closed(amounts: np.ndarray) -> np.ndarray:
    return amounts / amounts.sum(axis=1, keepdims=True)
