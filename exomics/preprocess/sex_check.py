"""Sex from the expression of XIST and of genes of the Y chromosome, held against the sample sheet."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.preprocess._by_name import is_per_million, log2_values, positions_of
from exomics.preprocess.quality import flagged
from exomics.registry.method import MethodSpec
from exomics.schema import keys

EXPRESSED_SEX: Final = "sex_from_expression"
Y_GENES: Final = {
    "human": ("RPS4Y1", "DDX3Y", "KDM5D", "UTY", "EIF1AY", "USP9Y"),
    "rat": ("Ddx3y", "Kdm5d", "Eif2s3y", "Uty"),
    "mouse": ("Ddx3y", "Kdm5d", "Eif2s3y", "Uty"),
}
"""Species -> genes of the male-specific region of Y that most tissues express (in the rat, both sexes have Rps4y2)."""

X_GENES: Final = ("XIST",)
_ON_PER_MILLION: Final = 1.0  # log2: two per million


def check_sex(adata: AnnData, *, minimum_gap: float = 2.0) -> AnnData:
    """Write the sex that genes of Y and XIST show into ``obs["sex_from_expression"]``; flag samples recorded otherwise.

    Parameters
    ----------
    adata
        Samples x features of one species, named by ``feature_name``, with a declared scale.
    minimum_gap
        Smallest gap between samples that express a marker and those that do not, in log2 units.

    Returns
    -------
    AnnData
        ``male`` where genes of Y are on and XIST, if measured, is off; ``female`` the other way round; ``unclear``
        where both or neither are. A sample recorded as the other sex is flagged; ``unclear`` is not, as tumors may lose
        Y or XIST. The step is recorded.

    Raises
    ------
    InputError
        If the species is not one, or neither XIST nor a gene of Y is measured.
    ScaleError
        If the scale is not declared.

    Notes
    -----
    The markers of a chromosome are averaged in log2. Samples are parted at the widest gap of that mean if it is at
    least `minimum_gap`; else, per million, at two per million; else the marker says nothing.

    Examples
    --------
    >>> from exomics.schema import Scale, annotate
    >>> obs = pd.DataFrame({"species": "rat", "sex": ["male", "female", "female"]}, index=["a", "b", "c"])
    >>> var = pd.DataFrame({"feature_name": ["Kdm5d", "Cs"]}, index=["g1", "g2"])
    >>> table = AnnData(np.array([[9.0, 5.0], [0.0, 5.0], [8.0, 5.0]]), obs=obs, var=var)
    >>> checked = check_sex(annotate(table, assay="rna", scale=Scale(kind="log2", quantity="tpm", offset=1.0)))
    >>> checked.obs["sex_from_expression"].tolist(), checked.obs["qc_flag"].tolist()
    (['male', 'female', 'male'], ['', '', 'recorded female, expresses male'])
    """
    species = sorted(set(adata.obs[keys.SPECIES].astype(str))) if keys.SPECIES in adata.obs.columns else []
    if len(species) != 1 or species[0] not in Y_GENES:
        raise InputError(
            f"check_sex needs samples of one species ({', '.join(Y_GENES)}); got {', '.join(species) or 'none'}."
        )
    markers = {"Y": positions_of(adata, Y_GENES[species[0]]), "XIST": positions_of(adata, X_GENES)}
    if not any(markers.values()):
        wanted = ", ".join((*X_GENES, *Y_GENES[species[0]]))
        raise InputError(f"check_sex needs {wanted} in feature_name; none is measured. Name the features first.")
    values = log2_values(adata)
    on = {name: _is_on(_mean(values[:, at]), minimum_gap, is_per_million(adata)) for name, at in markers.items()}
    shown = _sex(on["Y"], on["XIST"])
    recorded = adata.obs[keys.SEX].astype(str) if keys.SEX in adata.obs.columns else pd.Series("", adata.obs_names)
    is_wrong = [{said, seen} == {"male", "female"} for said, seen in zip(recorded, shown, strict=True)]
    reasons = [f"recorded {said}, expresses {seen}" for said, seen in zip(recorded, shown, strict=True)]
    parameters = {"minimum_gap": minimum_gap}
    counted = {word: int(n) for word, n in pd.Series(shown).value_counts().items()}
    report = {"n_markers": {name: len(at) for name, at in markers.items()}, "n_samples": counted}
    checked = flagged(adata, np.array(is_wrong), reasons, name="check_sex", parameters=parameters, report=report)
    checked.obs[EXPRESSED_SEX] = shown
    return checked


def _mean(values: FloatArray) -> FloatArray:
    """Mean over markers; NaN for a sample in which none is measured, and for all where there is no marker."""
    held = ~np.isnan(values)
    n_held = held.sum(axis=1)
    return np.where(n_held > 0, np.where(held, values, 0.0).sum(axis=1) / np.maximum(n_held, 1), np.nan)


def _is_on(level: FloatArray, minimum_gap: float, per_million: bool) -> FloatArray:
    """1 where a marker is expressed, 0 where it is not, NaN where that cannot be said."""
    held = np.sort(level[~np.isnan(level)])
    if not held.size:
        return np.full(level.shape, np.nan)
    gaps = np.diff(held)
    if gaps.size and gaps.max() >= minimum_gap:
        at = int(gaps.argmax())
        threshold = 0.5 * (held[at] + held[at + 1])
    elif per_million:
        threshold = _ON_PER_MILLION
    else:
        return np.full(level.shape, np.nan)
    return np.where(np.isnan(level), np.nan, (level > threshold).astype(np.float64))


def _sex(y: FloatArray, xist: FloatArray) -> list[str]:
    male = (y == 1) & (xist != 1) | np.isnan(y) & (xist == 0)
    female = (y == 0) & (xist != 0) | np.isnan(y) & (xist == 1)
    return [str(word) for word in np.where(male, "male", np.where(female, "female", "unclear"))]


SEX_CHECK = (
    MethodSpec(
        name="check_sex",
        kind="preprocess",
        title="flag samples whose sex on the sheet is not the sex of their expression",
        function=check_sex,
        reference="10.12688/f1000research.9471.2",
        cohort_dependent=True,
        species=tuple(Y_GENES),
        parameters={"minimum_gap": 2.0},
    ),
)
