"""Arrays as AnnData that meets the contract."""

from __future__ import annotations

import pandas as pd
from anndata import AnnData

from exomics.schema import Scale, annotate
from tests.benchmarks.inputs import FloatArray


def declared(values: FloatArray, samples: pd.DataFrame, features: list[str], *, scale: Scale, **obs: str) -> AnnData:
    """`values` (n_samples, n_features) with everything that a command asks of its input; `obs` is the same for all."""
    frame = samples.assign(subject_id=samples.index, study_id="bench", time_point="post", **obs)
    names = pd.DataFrame({"feature_name": features, "feature_type": "gene"}, index=features)
    layers = {"counts": values} if scale.kind == "counts" else {}
    return annotate(AnnData(values, obs=frame, var=names, layers=layers), assay="rna", scale=scale)
