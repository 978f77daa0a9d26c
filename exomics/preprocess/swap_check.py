"""Samples that two assays of the same subjects label differently: swaps between plates, tubes or sheets."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.errors import InputError
from exomics.preprocess._by_name import log2_values
from exomics.preprocess.quality import flagged
from exomics.schema import keys
from exomics.stats.sample_matching import match_samples

COLUMNS: Final = (
    "subject", "sample_id", "other_sample_id", "own_match", "is_own_best", "best_subject", "swap_evidence", "sex",
    "other_sex", "call",
)  # fmt: skip
_EXPRESSED_SEX = "sex_from_expression"
_FAMILY, _LEAST = 0.01, 1e-3


class SwapCheck(NamedTuple):
    """What matching two assays found.

    Attributes
    ----------
    frame
        One row per sample of both assays, shape (n_samples, 10): columns `COLUMNS`. ``call`` is ``ok``, ``swapped``
        (with ``best_subject``), ``wrong_sex`` (the assays express different sexes) or ``doubtful`` (another sample
        matches better, short of proof).
    threshold
        Evidence from which an exchange of two labels is called, in standard deviations.
    own_best
        Share of the samples whose own label matches best.
    note
        What the check can see here, as a sentence.
    """

    frame: pd.DataFrame
    threshold: float
    own_best: float
    note: str


def check_swaps(adata: AnnData, other: AnnData, *, n_informative: int = 100, by: str = keys.SUBJECT_ID) -> SwapCheck:
    """Match the samples of two assays of the same subjects, such as RNA and protein of one muscle.

    Parameters
    ----------
    adata, other
        Samples x features, each with one sample per label of `by`, and features named by ``feature_name``. Where both
        carry ``sex_from_expression`` (the step ``check_sex``) the sexes are compared too.
    n_informative
        Features that a sample is compared by.
    by
        Column of obs that names the same subject (or subject and time point) in both.

    Returns
    -------
    SwapCheck
        One row per shared label. Nothing is renamed: a swap found here says that two labels changed places in one of
        the two assays, not in which.

    Raises
    ------
    InputError
        If labels repeat or fewer than 6 are shared, or fewer than 10 features are shared and complete.

    Notes
    -----
    See `exomics.stats.sample_matching.match_samples`. An exchange is called when it is the best of both samples and its
    log likelihood ratio exceeds ``log(100 n (n - 1) / 2)``: the less the assays tell individuals apart, the more
    evidence is asked for. Animals of an inbred strain differ little: look at ``own_best`` before trusting that nothing
    was found.

    Examples
    --------
    >>> from exomics.schema import Scale, annotate
    >>> rng = np.random.default_rng(0)
    >>> person = rng.normal(size=(12, 200))
    >>> def assay(values, labels):
    ...     obs = pd.DataFrame({"subject_id": labels}, index=[f"s{i}" for i in range(12)])
    ...     var = pd.DataFrame({"feature_name": [f"G{i}" for i in range(200)]}, index=[f"f{i}" for i in range(200)])
    ...     return annotate(AnnData(values, obs=obs, var=var), assay="rna", scale=Scale(kind="log2", quantity="array"))
    >>> labels = [f"p{i}" for i in range(12)]
    >>> rna = assay(person + 0.5 * rng.normal(size=person.shape), labels)
    >>> protein = assay(person + 0.5 * rng.normal(size=person.shape), ["p1", "p0", *labels[2:]])
    >>> found = check_swaps(rna, protein).frame
    >>> found.loc[found["call"] == "swapped", ["subject", "best_subject"]].to_numpy().tolist()
    [['p0', 'p1'], ['p1', 'p0']]
    """
    rows, other_rows, labels = _shared_samples(adata, other, by)
    columns, other_columns = _shared_features(adata, other)
    values, other_values = log2_values(adata)[rows][:, columns], log2_values(other)[other_rows][:, other_columns]
    found = match_samples(values, other_values, n_informative=n_informative)
    best = found.swap.argmax(axis=1)
    evidence = found.swap.max(axis=1)
    n_pairs = len(labels) * (len(labels) - 1) / 2
    threshold = math.log(n_pairs / _FAMILY) / (2.0 * max(found.expected, _LEAST))
    is_mutual = best[best] == np.arange(len(labels))
    is_own_best = found.similarity.argmax(axis=1) == np.arange(len(labels))
    sex, other_sex = _sex(adata, rows), _sex(other, other_rows)
    differ = [{left, right} == {"male", "female"} for left, right in zip(sex, other_sex, strict=True)]
    calls = np.where(is_mutual & (evidence > threshold), "swapped", np.where(evidence > threshold, "doubtful", "ok"))
    calls = np.where((calls != "swapped") & np.array(differ), "wrong_sex", calls)
    frame = pd.DataFrame(
        {
            "subject": labels,
            "sample_id": adata.obs_names[rows].astype(str),
            "other_sample_id": other.obs_names[other_rows].astype(str),
            "own_match": found.own,
            "is_own_best": is_own_best,
            "best_subject": [labels[at] if value > 0 else "" for at, value in zip(best, evidence, strict=True)],
            "swap_evidence": evidence,
            "sex": sex,
            "other_sex": other_sex,
            "call": calls,
        }
    )
    return SwapCheck(frame, threshold, float(is_own_best.mean()), _note(frame, found.n_features))


def flag_swaps(adata: AnnData, other: AnnData, *, n_informative: int = 100, by: str = keys.SUBJECT_ID) -> AnnData:
    """Flag the samples of `adata` whose label another assay contradicts (see `check_swaps`). Nothing is dropped.

    Parameters
    ----------
    adata, other
        Samples x features of the same subjects.
    n_informative, by
        As in `check_swaps`.

    Returns
    -------
    AnnData
        `adata` with ``obs["qc_flag"]`` and the step recorded; its report says what the check can see.

    Raises
    ------
    InputError
        As `check_swaps`.
    """
    checked = check_swaps(adata, other, n_informative=n_informative, by=by)
    found = checked.frame[checked.frame["call"] != "ok"].set_index("sample_id")
    marked = adata.obs_names.isin(found.index)
    reasons = [_reason(found.loc[name]) if name in found.index else "" for name in adata.obs_names]
    report = {"note": checked.note, "threshold": checked.threshold, "n_compared": len(checked.frame)}
    parameters = {"n_informative": n_informative, "by": by}
    return flagged(adata, marked, reasons, name="flag_swaps", parameters=parameters, report=report)


def _reason(row: pd.Series) -> str:
    if row["call"] == "wrong_sex":
        return f"expresses {row['sex']}, {row['other_sample_id']} of the other assay {row['other_sex']}"
    word = "swapped with" if row["call"] == "swapped" else "matches better"
    return f"{word} {row['best_subject']} in one of two assays"


def _shared_samples(adata: AnnData, other: AnnData, by: str) -> tuple[list[int], list[int], list[str]]:
    places = []
    for data in (adata, other):
        if by not in data.obs.columns:
            raise InputError(f"obs has no column {by!r} by which the two assays could be matched.")
        labels = data.obs[by].astype(str)
        if labels.duplicated().any():
            first = labels[labels.duplicated()].iloc[0]
            raise InputError(f"{by} {first} has several samples; match by a column that names each sample once.")
        places.append({label: at for at, label in enumerate(labels)})
    shared = [label for label in places[0] if label in places[1]]
    return [places[0][label] for label in shared], [places[1][label] for label in shared], shared


def _shared_features(adata: AnnData, other: AnnData) -> tuple[list[int], list[int]]:
    """Columns of the names that each assay has exactly once; by human ortholog where both have them."""
    column = keys.FEATURE_NAME
    if all(keys.HUMAN_ORTHOLOG in data.var.columns for data in (adata, other)):
        column = keys.HUMAN_ORTHOLOG
    names = [data.var[column].astype(str).reset_index(drop=True) for data in (adata, other)]
    single = [{name: at for at, name in found[~found.duplicated(keep=False)].items()} for found in names]
    shared = [name for name in single[0] if name in single[1] and name not in ("", "nan", "None")]
    return [single[0][name] for name in shared], [single[1][name] for name in shared]


def _sex(data: AnnData, rows: list[int]) -> list[str]:
    if _EXPRESSED_SEX not in data.obs.columns:
        return [""] * len(rows)
    return data.obs[_EXPRESSED_SEX].astype(str).iloc[rows].tolist()


def _note(frame: pd.DataFrame, n_features: int) -> str:
    best = int(frame["is_own_best"].sum())
    note = f"{best} of {len(frame)} samples match their own label best, over {n_features} shared features"
    if best < len(frame) / 2:
        note += "; the assays do not identify individuals here, so a swap between alike samples would not be seen"
    return f"{note}."
