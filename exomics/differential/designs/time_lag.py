"""What a quantity at one visit says of the features at a later one, within subjects."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from exomics.differential.analysis import Analysis
from exomics.differential.contrasts import Contrast
from exomics.differential.designs._samples import column_of, labels_of, numbers_of, quoted, with_covariates
from exomics.errors import DesignError
from exomics.schema import keys


def time_lag(
    obs: pd.DataFrame,
    *,
    driver: str,
    lag: int = 1,
    subject: str = keys.SUBJECT_ID,
    time: str = keys.TIME_POINT,
    order: Sequence[str] = (),
    covariates: Sequence[str] = (),
) -> Analysis:
    """Does a feature follow what was measured some visits earlier in the same subject?

    Parameters
    ----------
    obs
        Samples of subjects at three or more visits.
    driver
        Column of numbers: load, VO2, a score.
    lag
        How many visits earlier; 0 for the same visit.
    subject, time
        Columns of obs.
    order
        The times in their order; default: the order of a categorical, or of numbers.
    covariates
        Further columns of obs.

    Returns
    -------
    Analysis
        ``~ subject + time + driver`` at the earlier visit, one contrast: log2 change per unit of the driver. Samples
        without such a visit, and subjects with one sample left, are not used, and noted.

    Raises
    ------
    DesignError
        If the order of the times is not told, a subject has a visit twice, or no subject has two samples left.

    Examples
    --------
    >>> obs = pd.DataFrame(
    ...     {"subject_id": list("aaabbb"), "time_point": [0, 4, 8] * 2, "load": [1.0, 5, 2, 0, 3, 9]},
    ...     index=list("uvwxyz"),
    ... )
    >>> found = time_lag(obs, driver="load")
    >>> found.samples["driver"].tolist(), found.contrasts[0].name
    ([1.0, 5.0, 0.0, 3.0], 'load 1 visit earlier')
    """
    if lag < 0:
        raise DesignError(f"lag is a number of visits, 0 or more; got {lag}.")
    visit = labels_of(obs, time).map({name: i for i, name in enumerate(_order(obs, time, order))})
    frame = pd.DataFrame({"subject": labels_of(obs, subject), "visit": visit, "driver": numbers_of(obs, driver)})
    frame = frame.dropna(subset=["visit"])
    if frame.duplicated(["subject", "visit"]).any():
        first = frame[frame.duplicated(["subject", "visit"])].iloc[0]
        raise DesignError(f"{first['subject']} has two samples at one time; average them or choose one.")
    earlier = frame.set_index(["subject", "visit"])["driver"]
    wanted = pd.MultiIndex.from_arrays([frame["subject"], frame["visit"] - lag])
    frame["driver"] = earlier.reindex(wanted).to_numpy()
    frame = frame.dropna(subset=["driver"])
    frame = frame[frame["subject"].duplicated(keep=False)]
    if frame.empty:
        raise DesignError(f"no {subject} has two samples with {driver} {lag} visits earlier; use a smaller lag.")
    frame["visit"] = labels_of(obs.loc[frame.index], time)
    several = frame["visit"].nunique() > 1
    words = f"{lag} visit{'' if lag == 1 else 's'} earlier"
    return Analysis(
        design=with_covariates(f"~ {quoted(subject)}{' + visit' if several else ''} + driver", covariates),
        contrasts=(Contrast(f"{driver} {words}", "driver"),),
        samples=frame.rename(columns={"subject": subject}),
        notes=(
            f"within subjects, log2 change per unit of {driver} {words}, beside what all subjects share at a time; "
            "to come first is not to be the cause: assumes that nothing else changes with it and acts as late",
            *_left_out(len(obs) - len(frame), words),
        ),
    )


def _order(obs: pd.DataFrame, time: str, order: Sequence[str]) -> list[str]:
    column = column_of(obs, time)
    if order:
        unknown = [name for name in order if str(name) not in set(column.astype(str))]
        if unknown:
            raise DesignError(
                f"{time} has no level {unknown[0]!r}; its levels: {', '.join(sorted(set(column.astype(str))))}."
            )
        return [str(name) for name in order]
    if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.ordered:
        return [str(level) for level in column.cat.categories]
    if pd.api.types.is_numeric_dtype(column):
        return [str(value) for value in sorted(column.unique())]
    raise DesignError(f"the order of {time} is not told; give order, such as order=baseline+mid+post.")


def _left_out(n: int, words: str) -> list[str]:
    return [f"{n} samples without a value {words}, or alone in their subject, are not used"] if n else []
