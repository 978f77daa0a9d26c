"""Read the trees of fitted gradient boosting, which scikit-learn gives no public name."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline

from exomics.errors import DesignError
from exomics.registry.locked_model import Trees

__all__ = ["Boosted", "boosted", "is_boosted"]

FloatArray = NDArray[np.float64]

CHECKED_WITH = "1.9"
_NODE = (
    "is_leaf", "feature_idx", "num_threshold", "missing_go_to_left", "left", "right", "gain", "value", "is_categorical",
)  # fmt: skip


class Boosted(NamedTuple):
    """Fitted boosting as numbers: ``intercepts``, shape (n_predictors,), and its trees, whose features are columns."""

    intercepts: FloatArray
    trees: Trees


def boosted(model: HistGradientBoostingClassifier) -> Boosted:
    """Read the intercepts and trees of fitted gradient boosting.

    Parameters
    ----------
    model
        Fitted.

    Returns
    -------
    Boosted
        Trees in the order in which they were added; of several classes one for each in every round.

    Raises
    ------
    DesignError
        If scikit-learn keeps its trees in another way than the version by which this was checked.

    Notes
    -----
    Two attributes are read that scikit-learn calls private; no public one holds the same. `lock` compares what the
    trees tell of the training samples with ``predict_proba``.

    Examples
    --------
    >>> x, y = np.arange(40.0)[:, np.newaxis], np.repeat([0, 1], 20)
    >>> found = boosted(HistGradientBoostingClassifier(max_iter=1, max_depth=1, min_samples_leaf=5).fit(x, y))
    >>> found.trees.threshold.tolist()
    [19.5, nan, nan]
    """
    found = _kept(model)
    if found is None:
        raise changed()
    intercepts, grown = found
    sizes = [len(nodes) for nodes in grown]
    nodes, tree = np.concatenate(grown), np.repeat(np.arange(len(grown)), sizes)
    start = np.repeat(np.cumsum(sizes) - sizes, sizes)
    leaf, at = nodes["is_leaf"].astype(bool), np.arange(len(nodes))
    trees = Trees(
        tree=tree,
        predictor=tree % len(intercepts),
        feature=np.where(leaf, -1, nodes["feature_idx"]),
        threshold=np.where(leaf, np.nan, nodes["num_threshold"]),
        missing_left=~leaf & nodes["missing_go_to_left"].astype(bool),
        left=np.where(leaf, at, nodes["left"] + start),
        right=np.where(leaf, at, nodes["right"] + start),
        gain=np.where(leaf, 0.0, nodes["gain"]),
        value=np.where(leaf, nodes["value"], 0.0),
    )
    return Boosted(intercepts, trees)


def is_boosted(pipeline: Pipeline) -> bool:
    """Whether a pipeline is gradient boosting of the features as they came.

    Parameters
    ----------
    pipeline
        Fitted or not.

    Returns
    -------
    bool
        False if another step stands before the trees.

    Examples
    --------
    >>> is_boosted(Pipeline([("model", HistGradientBoostingClassifier())]))
    True
    """
    return len(pipeline) == 1 and isinstance(pipeline[-1], HistGradientBoostingClassifier)


def changed() -> DesignError:
    """What to say where scikit-learn is not as it was."""
    return DesignError(
        f"scikit-learn {sklearn.__version__} keeps boosted trees in another way than {CHECKED_WITH}, by which this was "
        f"checked; to lock them, install scikit-learn {CHECKED_WITH}."
    )


def _kept(model: HistGradientBoostingClassifier) -> tuple[FloatArray, list[NDArray[np.void]]] | None:
    """Intercepts, (n_predictors,), and the nodes of each tree; None if they are not what they were."""
    rounds, start = getattr(model, "_predictors", None), np.asarray(getattr(model, "_baseline_prediction", None))
    n_predictors = 1 if len(model.classes_) == 2 else len(model.classes_)
    if not isinstance(rounds, list) or start.shape != (1, n_predictors):
        return None
    nodes: list[Any] = [getattr(tree, "nodes", None) for grown in rounds for tree in grown]
    if not nodes or any(len(grown) != n_predictors for grown in rounds) or not all(map(_is_tree, nodes)):
        return None
    return start[0].astype(np.float64), nodes


def _is_tree(nodes: Any) -> bool:
    """Whether these are nodes of splits by numbers, with all that is read of them."""
    if not isinstance(nodes, np.ndarray) or not set(_NODE) <= set(nodes.dtype.names or ()):
        return False
    return not nodes["is_categorical"].any()
