"""Words that a report may use only where the design supports them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from exomics.errors import InputError

_RESERVED = {
    "responder": r"\b(?:non[-_ ]?)?responders?\b",
    "mediation": r"\bmediat(?:e|es|ed|ing|ion|or|ors)\b",
    "causation": r"\b(?:caus(?:e|es|ed|ing|al|ally)|driv(?:es|en|ing))\b",
    "benefit": r"\bpredict\w*[^.]{0,40}\bbenefit\w*|\bbenefit\w*[^.]{0,40}\bpredict\w*|\bbenefits? from\b",
}
CLAIMS = frozenset(_RESERVED)


def guarded(text: str, *, supported: Iterable[str] = ()) -> str:
    """`text` itself, if it claims nothing beyond what the design supports.

    Parameters
    ----------
    text
        A sentence of the report, or a title given by the user.
    supported
        Claims that the design of the study supports, from `CLAIMS`: ``responder`` needs a control arm and a measured
        error, ``mediation`` a mediation design, ``causation`` randomization, ``benefit`` a tested interaction of
        treatment and marker.

    Raises
    ------
    InputError
        If the text uses a reserved word, with the word and what it needs.

    Examples
    --------
    >>> guarded("The score goes with longer survival in one of six cohorts.")
    'The score goes with longer survival in one of six cohorts.'
    """
    allowed = set(supported)
    unknown = sorted(allowed - CLAIMS)
    if unknown:
        raise InputError(f"supported claims must be among {', '.join(sorted(CLAIMS))}; got {', '.join(unknown)}.")
    for claim, pattern in _RESERVED.items():
        found = re.search(pattern, text, flags=re.IGNORECASE)
        if found and claim not in allowed:
            raise InputError(
                f"{found.group(0)!r} is a claim of {claim}, which this design does not support; word it as an "
                f"association, or declare the claim {claim!r} if the design does support it. The text was: {text!r}"
            )
    return text
