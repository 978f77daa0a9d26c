"""Locked models: fitted pipelines written out as numbers, and used on samples that they never saw."""

from exomics.stratify.locking.lock_study import lock
from exomics.stratify.locking.prediction import Predicted, predict

__all__ = ["Predicted", "lock", "predict"]
