"""Phenotypes in the words of the contract: sex, species, specimen, time point, intervention, response, events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.errors import InputError
from exomics.harmonize._harmonizer import Harmonizer
from exomics.harmonize.report import LossReport
from exomics.schema import keys, record_step
from exomics.schema.numbers import numbers_of
from exomics.schema.vocabulary import INTERVENTIONS, SEXES, SPECIES, SPECIMENS, TIME_POINTS

SOURCE_PREFIX = "source_"
_MISSING: Final = ("", "na", "n/a", "nan", "none", "not reported", "not available", "unknown", "--", "[not available]")
_RECIST: Final = {"cr": "responder", "pr": "responder", "sd": "non_responder", "pd": "non_responder"}
_LONG_RECIST: Final = {
    "complete response": "responder",
    "partial response": "responder",
    "stable disease": "non_responder",
    "progressive disease": "non_responder",
}
_DEAD: Final = {"1": "1", "dead": "1", "deceased": "1", "1:deceased": "1", "true": "1", "yes": "1"}
_ALIVE: Final = {"0": "0", "alive": "0", "living": "0", "0:living": "0", "false": "0", "no": "0"}


def _words(words: Iterable[str], **synonyms: str) -> Mapping[str, str]:
    own = {word.replace("_", " "): word for word in words if word != "unknown"}
    spelled = {name.replace("_", " "): word for word, names in synonyms.items() for name in names.split("|")}
    return MappingProxyType({**spelled, **own})


VOCABULARIES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        keys.SEX: _words(SEXES, female="f|woman|women|females", male="m|man|men|males"),
        keys.SPECIES: _words(
            SPECIES,
            human="homo sapiens|h. sapiens|hs|9606",
            rat="rattus norvegicus|r. norvegicus|rn|10116",
            mouse="mus musculus|m. musculus|mm|10090|mice",
        ),
        keys.SPECIMEN: _words(
            SPECIMENS,
            muscle="skeletal muscle|vastus lateralis|gastrocnemius|quadriceps|soleus|skm-gn|skm-vl|t55|t56",
            tumor="tumour|primary tumor|primary solid tumor|metastasis",
            plasma_ev="plasma exosome|plasma exosomes|extracellular vesicles from plasma",
            blood="whole blood|paxgene|peripheral blood|t30",
            adipose="white adipose|white adipose tissue|adipose tissue|wat|wat-sc|subcutaneous fat|t70",
            feces="stool|fecal|faeces",
            plasma="edta plasma|t31",
        ),
        keys.TIME_POINT: _words(
            TIME_POINTS,
            baseline="pre|before|pre treatment|pretreatment|t0|visit 1|screening",
            during="on|on treatment|mid",
            post="after|post treatment|posttreatment|end of treatment",
            follow_up="followup|fu",
        ),
        keys.INTERVENTION: _words(
            INTERVENTIONS,
            sedentary="sed|control sedentary",
            usual_care="usual care control|standard of care|soc|uc",
            endurance="aerobic|aerobic training|aerobic exercise|endurance training|treadmill|running",
            resistance="strength|resistance training|strength training|resistance exercise",
            hiit="high intensity interval training|interval training",
            combined="concurrent|aerobic and resistance|aerobic + resistance",
        ),
        keys.RESPONSE: {
            "r": "responder",
            "nr": "non_responder",
            "responder": "responder",
            "non responder": "non_responder",
            "nonresponder": "non_responder",
            **_RECIST,
            **_LONG_RECIST,
        },
        keys.OVERALL_SURVIVAL_EVENT: {**_DEAD, **_ALIVE},
        keys.PROGRESSION_FREE_EVENT: {
            **_DEAD,
            **_ALIVE,
            "progressed": "1",
            "progression": "1",
            "censored": "0",
            "0:censored": "0",
            "1:progression": "1",
        },
    }
)
"""Column -> spelling in lower case -> word. Codes that differ between studies (1 and 2 for sex) are in none.

Response follows the objective response of RECIST: complete and partial respond, stable and progressive do not."""


def harmonize_phenotypes(adata: AnnData, *, columns: Iterable[str] | None = None) -> tuple[AnnData, LossReport]:
    """A copy of `adata` whose sample columns hold the words of the contract wherever the spelling is known.

    Parameters
    ----------
    adata
        Samples x features.
    columns
        Which columns; default those of `VOCABULARIES` that are there.

    Returns
    -------
    AnnData
        Columns that changed keep their spelling in ``source_<column>``. A spelling that is not known is left as it is;
        words for missing become missing; events become numbers.
    LossReport
        What was respelled, what is not known, and how many samples of a column are missing. No code is guessed: sex 1
        and 2 mean opposite things in different studies.

    Raises
    ------
    InputError
        If a column is absent or has no vocabulary.

    Examples
    --------
    >>> obs = pd.DataFrame({"sex": ["F", "M", "2"], "response": ["PR", "PD", "NE"]}, index=["a", "b", "c"])
    >>> told, lost = harmonize_phenotypes(AnnData(np.ones((3, 1)), obs=obs))
    >>> told.obs["sex"].tolist(), told.obs["response"].tolist()[:2], lost.n_lost("unknown word")
    (['female', 'male', '2'], ['responder', 'non_responder'], 2)
    """
    wanted = [name for name in VOCABULARIES if name in adata.obs.columns] if columns is None else list(columns)
    for name in wanted:
        if name not in VOCABULARIES:
            raise InputError(f"no vocabulary for {name!r}; there is one for {', '.join(VOCABULARIES)}.")
        if name not in adata.obs.columns:
            raise InputError(f"obs has no column {name!r}; it has {', '.join(map(str, adata.obs.columns[:20]))}.")
    obs, report = adata.obs.copy(), LossReport.of([])
    for name in wanted:
        told, lost = _told(obs[name], name)
        report = report + lost
        if not told.equals(obs[name].astype(object)):
            obs[SOURCE_PREFIX + name] = obs[name].astype(object).where(obs[name].notna(), "").astype(str)
            is_event = name.endswith("_event") and set(told.dropna()) <= {"0", "1"}
            obs[name] = numbers_of(told) if is_event else told
    losses = {"losses": report.to_records(), "notes": list(report.notes)}
    harmonized = record_step(adata, "harmonize_phenotypes", {"columns": wanted}, **losses)
    harmonized.obs = obs
    return harmonized, report


PHENOTYPES = Harmonizer(
    name="phenotypes",
    kind="harmonizer",
    title="words of the contract for sex, species, specimen, time point, intervention, response, events",
    function=harmonize_phenotypes,
    comparable="cohorts",
)


def _told(column: pd.Series, name: str) -> tuple[pd.Series, LossReport]:
    vocabulary = VOCABULARIES[name]
    held = column.astype(object).where(column.notna(), "").map(_spelling)
    plain = held.map(lambda text: re.sub(r"[\s_-]+", " ", text).strip().lower())
    is_missing = plain.isin(_MISSING)
    words = plain.map(vocabulary)
    told = words.where(words.notna(), held).where(~is_missing, np.nan)
    known = words.notna() & ~is_missing
    respelled = [f"{name}: {old} -> {new}" for old, new in zip(held[known], words[known], strict=True) if old != new]
    unknown = [f"{name}: {text}" for text in held[~known & ~is_missing]]
    n_missing = int(is_missing.sum())
    return told, LossReport.of(
        [
            ("respelled word", respelled, "a word of the contract"),
            ("unknown word", unknown, "no word of the contract; left as it is"),
        ],
        [f"{name} is missing in {n_missing} of {len(column)} samples."] if n_missing else [],
    )


def _spelling(value: Any) -> str:
    """Text of a value; a whole number, however it is held, without its point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
