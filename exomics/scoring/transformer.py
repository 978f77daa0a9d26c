"""Signatures as features of a model: whatever looks at more than one sample is fitted on the training samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from exomics.errors import InputError
from exomics.registry.signature import Signature
from exomics.results import ReferenceTable
from exomics.schema import Scale, annotate, keys
from exomics.scoring.reference import fit_reference
from exomics.scoring.run import resolve_signatures, score
from exomics.scoring.single_sample import require_single_sample

__all__ = ["SignatureTransformer"]


class SignatureTransformer(TransformerMixin, BaseEstimator):
    """Scores of signatures in a table of samples x genes, for use inside the folds of a cross-validation.

    Parameters
    ----------
    signatures
        Signatures, ids or classes.
    layer
        Such as ``tumor_rna``.
    scale
        Of the values.
    species
        Of the samples.
    method
        Scorer for all of them; None: each signature's own.

    Raises
    ------
    InputError
        By ``fit``, if the table is none with names of genes, or a method has no frozen form.

    Notes
    -----
    ``fit`` freezes the training samples as the reference (`fit_reference`): means, spreads, quantiles, detection, and
    which column stands for a gene. ``transform`` scores any sample against it, so that a test sample changes nothing
    but its own scores. One column per signature, or per set or member of one without a total; NaN where there is no
    score.

    Examples
    --------
    >>> genes = pd.DataFrame(np.random.default_rng(0).random((6, 2)) * 9, columns=["GZMA", "PRF1"])
    >>> chosen = SignatureTransformer(["imm.cyt"], layer="tumor_rna", scale=Scale(kind="linear", quantity="tpm"))
    >>> chosen.fit(genes[:4]).transform(genes[4:]).shape, chosen.get_feature_names_out().tolist()
    ((2, 1), ['imm.cyt'])
    """

    def __init__(
        self,
        signatures: Sequence[Signature | str],
        *,
        layer: str,
        scale: Scale,
        species: str = "human",
        method: str | None = None,
    ) -> None:
        self.signatures = signatures
        self.layer = layer
        self.scale = scale
        self.species = species
        self.method = method

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        """Freeze the samples of `X` (n_samples, n_genes) as the reference; `y` is not looked at."""
        samples = self._samples(X)
        self.signatures_: list[Signature] = resolve_signatures(list(self.signatures), self.layer, species=self.species)
        self.reference_: ReferenceTable = fit_reference(samples, "training")
        require_single_sample(self.signatures_, method=self.method, reference=self.reference_)
        self.n_features_in_ = X.shape[1]
        self.feature_names_in_ = np.array([str(name) for name in X.columns], dtype=object)
        self.names_: list[str] = list(self._scored(samples).columns)
        return self

    def transform(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """(n_samples, n_outputs) scores against the frozen reference."""
        check_is_fitted(self, "reference_")
        return self._scored(self._samples(X)).reindex(columns=self.names_).to_numpy(dtype=np.float64)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[Any]:
        """Id of each column; ``id:set`` or ``id:member`` for a signature without a total."""
        check_is_fitted(self, "reference_")
        return np.array(self.names_, dtype=object)

    def _scored(self, samples: AnnData) -> pd.DataFrame:
        frame = score(samples, self.signatures_, method=self.method, reference=self.reference_).frame
        has_total = frame["signature_id"].isin(frame.loc[frame["arm"] == "total", "signature_id"])
        rows = frame[(frame["arm"] == "total") | ~has_total]
        names = np.where(rows["arm"] == "total", rows["signature_id"], rows["signature_id"] + ":" + rows["arm"])
        wide = rows.assign(column=names).pivot(index="sample_id", columns="column", values="score")
        return wide.reindex(index=samples.obs_names, columns=list(dict.fromkeys(names)))

    def _samples(self, X: pd.DataFrame) -> AnnData:
        if not isinstance(X, pd.DataFrame):
            raise InputError(f"give a DataFrame of samples x genes with symbols as columns; got {type(X).__name__}.")
        specimen, _, assay = self.layer.rpartition("_")
        index = [f"row{row}" for row in range(len(X))]
        obs = pd.DataFrame({keys.SPECIES: self.species, keys.SPECIMEN: specimen}, index=index)
        names = [str(name) for name in X.columns]
        var = pd.DataFrame({keys.FEATURE_NAME: names}, index=[f"{at}:{name}" for at, name in enumerate(names)])
        values = np.ascontiguousarray(X.to_numpy(dtype=np.float64))
        return annotate(AnnData(values, obs=obs, var=var), assay=assay, scale=self.scale)
