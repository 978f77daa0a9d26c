"""Which features training moves, and by how much: planted by seed, independent of all noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.datasets.simulate.gene_properties import muscle_properties
from exomics.datasets.simulate.parameters import TrialParameters
from exomics.datasets.simulate.reference import gene_table, mirna_table, positions
from exomics.datasets.simulate.streams import stream
from exomics.errors import InputError

Positions = NDArray[np.int64]

# Named genes with a settled place: raised or lowered in trained rat muscle in both sexes, or an honest null.
ALWAYS_UP = ("CITED4", "LGI3", "HK2", "CS")
ALWAYS_DOWN = ("ERFE", "MUSTN1", "COL14A1", "COL15A1")
NEVER = ("IL6", "FNDC5", "DCN", "IL15", "IL10", "GDF15", "CXCL11", "CD8A")
SMALLEST_EFFECT = 0.1
EXPRESSED_ABOVE = 0.0  # log2 CPM: an effect is planted where it can be seen

MIR29A = "hsa-miR-29a-3p"
EV_UP_FIRST = ("hsa-miR-486-5p", "hsa-miR-215-5p", "hsa-miR-1-3p", "hsa-miR-133a-3p", "hsa-miR-206")
EV_DOWN_FIRST = ("hsa-miR-151b",)
EV_NEVER = ("hsa-miR-451a", "hsa-miR-23a-3p", MIR29A)
EV_SMALLEST_LEVEL = 6.0


@dataclass(frozen=True, kw_only=True)
class MuscleEffects:
    """log2 change by training in men and women, and by time in both arms; (n_genes,)."""

    male: FloatArray
    female: FloatArray
    period: FloatArray


def muscle_effects(parameters: TrialParameters) -> MuscleEffects:
    """Plant the muscle effects: the named genes first, then oxidative phosphorylation, then any expressed gene."""
    properties = muscle_properties()
    n = len(properties.names)
    rng = stream(parameters.seed, "muscle effects")
    priority = rng.random(n)
    size = np.maximum(
        SMALLEST_EFFECT, parameters.muscle_effect_mean + parameters.muscle_effect_sd * rng.standard_normal(n)
    )
    sex = rng.standard_normal(n)
    period = rng.standard_normal(n)
    allowed = (properties.level > EXPRESSED_ABOVE) & ~properties.names.isin([*NEVER, *ALWAYS_UP, *ALWAYS_DOWN])
    _require_enough(parameters.muscle_up + parameters.muscle_down, int(allowed.sum()), "muscle genes")
    oxphos = allowed & (gene_table()["program"] == "oxphos").to_numpy()
    up = _named(properties.names, ALWAYS_UP, parameters.muscle_up)
    n_oxphos = min(round(parameters.oxphos_share * parameters.muscle_up), parameters.muscle_up - len(up), oxphos.sum())
    up = np.concatenate([up, _first(oxphos, priority, n_oxphos)])
    free = allowed & ~oxphos
    up = np.concatenate([up, _first(free, priority, parameters.muscle_up - len(up))])
    free[up] = False
    down = _named(properties.names, ALWAYS_DOWN, parameters.muscle_down)
    down = np.concatenate([down, _first(free, -priority, parameters.muscle_down - len(down))])
    sign = np.zeros(n)
    sign[up], sign[down] = 1.0, -1.0
    moved = parameters.sex_by_time_sd * sex * (sign != 0) / 2
    free = (properties.level > EXPRESSED_ABOVE) & (sign == 0)
    in_both_arms = np.zeros(n)
    chosen = _first(free, np.abs(priority - 0.5), min(parameters.period_genes, int(free.sum())))
    in_both_arms[chosen] = parameters.period_effect_sd * period[chosen]
    return MuscleEffects(male=sign * size - moved, female=sign * size + moved, period=in_both_arms)


def ev_effects(parameters: TrialParameters) -> FloatArray:
    """log2 change of each EV miRNA by training; miR-29a-3p is left to the chain."""
    table = mirna_table()
    rng = stream(parameters.seed, "ev effects")
    priority = rng.random(len(table))
    size = np.maximum(0.3, parameters.ev_effect_mean + 0.2 * rng.standard_normal(len(table)))
    allowed = (table["level"] >= EV_SMALLEST_LEVEL).to_numpy() & ~table.index.isin(
        [*EV_NEVER, *EV_UP_FIRST, *EV_DOWN_FIRST]
    )
    _require_enough(parameters.ev_up + parameters.ev_down, int(allowed.sum()), "EV miRNAs")
    up = _named(table.index, EV_UP_FIRST, parameters.ev_up)
    up = np.concatenate([up, _first(allowed, priority, parameters.ev_up - len(up))])
    allowed[up] = False
    down = _named(table.index, EV_DOWN_FIRST, parameters.ev_down)
    down = np.concatenate([down, _first(allowed, -priority, parameters.ev_down - len(down))])
    effect = np.zeros(len(table))
    effect[up], effect[down] = size[up], -size[down]
    return effect


def _named(names: pd.Index, wanted: tuple[str, ...], at_most: int) -> Positions:
    return positions(names, wanted)[:at_most]


def _first(allowed: NDArray[np.bool_], priority: FloatArray, count: int) -> Positions:
    """The `count` allowed positions of lowest priority: a longer list contains every shorter one."""
    order = np.argsort(np.where(allowed, priority, np.inf), kind="stable")
    return order[: max(0, int(count))].astype(np.int64)


def _require_enough(wanted: int, available: int, what: str) -> None:
    if wanted > available:
        raise InputError(f"cannot plant effects in {wanted} {what}; only {available} are expressed. Ask for fewer.")
