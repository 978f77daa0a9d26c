"""Who is called a responder, and which ways of calling are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exomics.errors import DesignError
from exomics.registry.responder_definition import ResponderDefinition

__all__ = ["REFUSED", "call", "require_sound"]

_SPLIT: Final = (
    "labels half of any group, also one in which nobody responds differently, and half of it is labeled otherwise in "
    "the next trial"
)

#: Rules that cannot tell a response from noise, and why.
REFUSED: Final[Mapping[str, str]] = {
    "median_split": f"a median split {_SPLIT}",
    "quantile_split": f"a split at quantiles {_SPLIT}",
    "cluster": f"clustering of changes {_SPLIT}",
    "raw_change": "a raw change above a cut mixes response, error of measurement and regression to the mean",
    "percent_change": "a percent change depends on the error of the baseline, which stands in its denominator",
    "single_arm": "without a control arm a response cannot be told from error, regression to the mean and time",
}


def require_sound(definition: ResponderDefinition) -> None:
    """Raise, with the reason, if a definition cannot tell response from noise.

    Parameters
    ----------
    definition
        The definition.

    Returns
    -------
    None
        Where the rule is ``posterior_probability``.

    Raises
    ------
    DesignError
        Otherwise.

    Examples
    --------
    >>> from exomics.registry.responder_definition import load_responder_definition
    >>> require_sound(load_responder_definition("posterior_80"))
    """
    if definition.rule != "posterior_probability":
        reason = REFUSED.get(definition.rule, "it is not known here")
        raise DesignError(
            f"the rule {definition.rule!r} of {definition.id} is refused: {reason}. Use posterior_probability beside a "
            "control arm."
        )


def call(probability: ArrayLike, definition: ResponderDefinition, *, heterogeneous: bool) -> NDArray[np.object_]:
    """The call of each subject from the posterior probability of a worthwhile response.

    Parameters
    ----------
    probability
        (n_subjects,); NaN where there is none.
    definition
        Where the cuts are.
    heterogeneous
        Whether the interval of the response variance excludes 0.

    Returns
    -------
    ndarray
        ``responder``, ``uncertain``, ``non_responder``; ``abstain`` for all where the data show no heterogeneity, and
        for a subject without a probability.

    Raises
    ------
    DesignError
        If the definition's rule is refused.

    Examples
    --------
    >>> from exomics.registry.responder_definition import load_responder_definition
    >>> call([0.9, 0.5, 0.1, np.nan], load_responder_definition("posterior_80"), heterogeneous=True).tolist()
    ['responder', 'uncertain', 'non_responder', 'abstain']
    """
    require_sound(definition)
    values = np.asarray(probability, dtype=np.float64)
    called = np.full(values.shape, "uncertain", dtype=object)
    called[values >= definition.responder_above] = "responder"
    called[values <= definition.non_responder_below] = "non_responder"
    called[np.isnan(values) | (not heterogeneous)] = "abstain"
    return called
