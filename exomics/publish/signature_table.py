"""The long tables of a package: one row per signature, one row per member."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from exomics.registry.signature import Signature

SIGNATURE_COLUMNS = (
    "signature_id",
    "version",
    "title",
    "class",
    "type",
    "score_method",
    "n_members",
    "n_up",
    "n_down",
    "layers",
    "species",
    "feature_namespace",
    "ex_acute",
    "ex_trained",
    "benefit",
    "evidence",
    "sign_evidence",
    "source",
    "license",
    "sha256_members",
)
