"""What may be scored where a sample must have the same score in any company."""

from __future__ import annotations

from collections.abc import Sequence

from exomics.errors import InputError
from exomics.registry.signature import Signature
from exomics.results import ReferenceTable
from exomics.scoring.methods import scorer

__all__ = ["require_single_sample"]


def require_single_sample(
    signatures: Sequence[Signature], *, method: str | None = None, reference: ReferenceTable | None = None
) -> None:
    """Refuse signatures whose scores would change with the other samples.

    Parameters
    ----------
    signatures
        To be scored.
    method
        As in `exomics.scoring.score`.
    reference
        The frozen reference they would be scored with.

    Raises
    ------
    InputError
        If a method depends on the cohort and there is no reference, or it has no frozen form.

    Examples
    --------
    >>> from exomics.registry import load_signature
    >>> require_single_sample([load_signature("imm.cyt")])
    >>> require_single_sample([load_signature("imm.cyt")], method="gsva")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    exomics.errors.InputError: imm.cyt (gsva) depends on the other samples: fit a reference ...
    """
    for signature in signatures:
        spec = scorer(method or signature.score)
        if not spec.cohort_dependent or (reference is not None and spec.has_frozen_form):
            continue
        told = f"{signature.id} ({spec.name}) depends on the other samples"
        if spec.has_frozen_form:
            raise InputError(
                f"{told}: fit a reference on the training samples (fit_reference, --fit-reference) and pass it."
            )
        raise InputError(f"{told}, and the method has no frozen form; choose another, such as rank_updown or zscore.")
