"""Locked models as documents: every number in plain text, nothing to be executed."""

from exomics.registry.locked_model.files import read_locked_model, write_locked_model
from exomics.registry.locked_model.linear import Baseline, Fusion, LockedLinear, Part
from exomics.registry.locked_model.model import HEAD, Link, LockedModel
from exomics.registry.locked_model.trees import LockedTrees, Trees

__all__ = [
    "HEAD",
    "Baseline",
    "Fusion",
    "Link",
    "LockedLinear",
    "LockedModel",
    "LockedTrees",
    "Part",
    "Trees",
    "read_locked_model",
    "write_locked_model",
]
