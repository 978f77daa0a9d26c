"""Response to training: change of each subject, heterogeneity beside a control arm, who responded, tracking."""

from exomics.response.crossover import respond_crossover
from exomics.response.definition import call, require_sound
from exomics.response.endpoints import ChangeColumns, Changes, measure_changes
from exomics.response.heterogeneity import Response, Threshold, respond
from exomics.response.labels import require_no_split
from exomics.response.tracking import Variation, track

__all__ = [
    "ChangeColumns",
    "Changes",
    "Response",
    "Threshold",
    "Variation",
    "call",
    "measure_changes",
    "require_no_split",
    "require_sound",
    "respond",
    "respond_crossover",
    "track",
]
