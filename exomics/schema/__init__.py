"""The AnnData contract: keys, vocabulary, scale, and the check that an object meets it."""

from exomics.schema.contract import Scale, annotate, layer_of, metadata, record_step, scale_of, steps_of
from exomics.schema.validation import validate

__all__ = ["Scale", "annotate", "layer_of", "metadata", "record_step", "scale_of", "steps_of", "validate"]
