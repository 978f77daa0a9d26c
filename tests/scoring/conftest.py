"""Small objects that the scoring tests share."""

from tests.scoring_objects import make_samples, make_signature

__all__ = ["make_samples", "make_signature"]
