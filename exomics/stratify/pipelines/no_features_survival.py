"""The model of survival without any feature."""

from __future__ import annotations

from sklearn.pipeline import Pipeline

from exomics.registry.method import MethodSpec
from exomics.stratify.models.built import Built
from exomics.stratify.models.cox import ElasticNetCox
from exomics.stratify.models.logistic import MedianImputer

__all__ = ["no_features_survival"]


def no_features_survival(seed: int, blocks: tuple[int, ...] = ()) -> Built:
    """The survival curve without features: every sample has that of all training samples.

    ``S(t) = exp(-sum of d / n over times up to t)``: what every other pipeline of survival has to beat.

    Parameters
    ----------
    seed
        Not used: nothing is random.
    blocks
        Not used.

    Returns
    -------
    Built
        A pipeline for samples x features (n_samples, n_features), and its grid.

    Notes
    -----
    Breslow's estimate without covariates is that of Nelson and Aalen: Aalen (1978), doi:10.1214/aos/1176344247.

    Examples
    --------
    >>> no_features_survival(1).grid
    {}
    """
    return Built(Pipeline([("impute", MedianImputer()), ("model", ElasticNetCox(n_penalties=1))]), {})


NO_FEATURES_SURVIVAL = MethodSpec(
    name="no_features_survival",
    kind="pipeline",
    title="The survival of all, without any feature",
    function=no_features_survival,
    reference="10.1214/aos/1176344247",
    license="own implementation",
    cohort_dependent=True,
    outcomes=("survival",),
    units="log hazard",
)
