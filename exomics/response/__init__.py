"""Response to training: change of each subject, heterogeneity beside a control arm, who responded, tracking."""

from exomics.response.definition import call, require_sound
from exomics.response.endpoints import ChangeColumns, Changes, measure_changes
from exomics.response.heterogeneity import Response, Threshold, respond

__all__ = ["ChangeColumns", "Changes", "Response", "Threshold", "call", "measure_changes", "require_sound", "respond"]
