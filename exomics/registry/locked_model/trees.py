"""Locked models that are sums of shallow decision trees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from exomics.errors import RegistryError
from exomics.registry.document import Document
from exomics.registry.locked_model.model import LockedModel, require_consistent

__all__ = ["LockedTrees", "Trees"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_NODE = ("tree", "class", "node")
_SPLIT = ("feature_id", "threshold", "missing", "left", "right", "gain")
_LEAF = "value"
_TRAINING = ("mean", "deviation", "missing")
_SIDES = ("right", "left")
_NUMBERED = np.dtype(
    [("node", np.int64), ("tree", np.int64), ("predictor", np.int64), ("feature", np.int64), ("threshold", np.float64),
     ("missing_left", np.bool_), ("left", np.int64), ("right", np.int64), ("gain", np.float64), ("value", np.float64)]
)  # fmt: skip


class Trees(NamedTuple):
    """Nodes of binary trees in the order in which they are added, each from its root on, parents before children.

    All have shape (n_nodes,): the number of the ``tree``, the ``predictor`` that it adds to, and the ``feature`` of a
    split, -1 at a leaf. A value up to ``threshold`` goes to ``left``, one above it to ``right``, and a missing one to
    ``left`` if ``missing_left``; an endless threshold asks only whether there is a value. ``left`` and ``right`` are
    positions among all nodes, of a leaf its own. ``gain`` is that of a split, ``value`` that of a leaf.
    """

    tree: IntArray
    predictor: IntArray
    feature: IntArray
    threshold: FloatArray
    missing_left: NDArray[np.bool_]
    left: IntArray
    right: IntArray
    gain: FloatArray
    value: FloatArray

    @property
    def splits(self) -> NDArray[np.bool_]:
        """Which nodes split, (n_nodes,)."""
        return self.feature >= 0

    @property
    def roots(self) -> IntArray:
        """Position of the first node of each tree, (n_trees,)."""
        return np.flatnonzero(np.diff(self.tree, prepend=-1))


@dataclass(frozen=True, kw_only=True)
class LockedTrees(LockedModel):
    """Predictors ``intercept_k + sum_t v_t``, ``v_t`` the value of the leaf that a sample reaches in tree t of k.

    A missing value goes where its split sends it: where values were missing in training, to the side that was learned;
    where none was, to the side with more training samples. It never counts as measured. The weight of a feature is the
    summed gain of its splits.

    Parameters
    ----------
    id, version, pipeline, endpoint, event, cohort, classes, scales, link, threshold, threshold_rule
        As of every `LockedModel`; the link is ``logistic`` or ``softmax``.
    n_samples, n_events, min_coverage, features, means, deviations, settings, sha256
        As of every `LockedModel`; each feature has a split.
    missing
        (n_features,): share of the training samples without a value.
    intercepts
        One per predictor: of two classes the log odds of the second, of several one for each.
    trees
        The learning rate is in the values of their leaves.
    """

    kind: ClassVar[str] = "tree_model"
    body_name: ClassVar[str] = "trees.tsv"

    pipeline: str = "gradient_boosting"
    missing: FloatArray
    intercepts: tuple[float, ...]
    trees: Trees

    @property
    def part_names(self) -> tuple[str, ...]:
        """One: the same trees read the features of all blocks."""
        return ("all",)

    def head(self) -> dict[str, Any]:
        """The intercepts, and each feature in training, beside what every head tells."""
        numbers = np.column_stack([self.means, self.deviations, self.missing]).tolist()
        training = [dict(zip(_TRAINING, told, strict=True)) for told in numbers]
        features = dict(zip(self.features, training, strict=True))
        own = {"intercepts": list(self.intercepts), "features": features}
        return self.told() | own | {"settings": dict(self.settings)}

    def body(self) -> str:
        """One line per node, numbered within its tree; a leaf has a value alone, a split all but a value."""
        lines = ["\t".join((*_NODE, *_SPLIT, _LEAF))]
        starts, classes = self.trees.roots[self.trees.tree].tolist(), _predicted(self.classes)
        for at, row in enumerate(zip(*(column.tolist() for column in self.trees), strict=True)):
            tree, predictor, feature, cut, missing_left, left, right, gain, value = row
            start = starts[at]
            split = (self.features[feature], cut, _SIDES[missing_left], left - start, right - start, gain, "")
            told = split if feature >= 0 else (*[""] * len(_SPLIT), value)
            lines.append("\t".join(map(str, (tree, classes[predictor], at - start, *told))))
        return "\n".join(lines) + "\n"

    @classmethod
    def of(cls, document: Document) -> Self:
        """The model that a document holds, refused if it contradicts itself."""
        told, features = cls.fields_of(document), document.head["features"]
        training = np.array([[row[key] for key in _TRAINING] for row in features.values()], dtype=np.float64)
        model = cls(
            **told,
            features=tuple(features),
            means=training[:, 0],
            deviations=training[:, 1],
            missing=training[:, 2],
            intercepts=tuple(document.head["intercepts"]),
            trees=_trees_of(document, tuple(features), _predicted(told["classes"])),
        )
        require_consistent(_faults(model), document)
        return model


def _predicted(classes: tuple[str, ...]) -> tuple[str, ...]:
    """The class of each predictor."""
    return classes[1:] if len(classes) == 2 else classes


def _trees_of(document: Document, features: tuple[str, ...], classes: tuple[str, ...]) -> Trees:
    """The nodes of a document in the order in which they are numbered; not yet known to be trees."""
    body, positions = LockedTrees.body_name, {name: at for at, name in enumerate(features)}
    try:
        table = np.array([_node(row, positions, classes) for row in document.rows], dtype=_NUMBERED)
    except (KeyError, ValueError, OverflowError) as error:
        raise RegistryError(f"{document.path}: {body} does not hold the nodes of trees ({error}).") from error
    found, node, at = Trees(*(table[name] for name in Trees._fields)), table["node"], np.arange(len(table))
    if not _are_numbered(found.tree, node):
        raise RegistryError(f"{document.path}: {body} must number trees, and the nodes of each, 0, 1, 2, and so on.")
    return found._replace(left=found.left + at - node, right=found.right + at - node)


def _are_numbered(tree: IntArray, node: IntArray) -> bool:
    roots = np.flatnonzero(node == 0)
    if not len(roots) or roots[0] != 0:
        return False
    number = np.cumsum(node == 0) - 1
    return np.array_equal(tree, number) and np.array_equal(node, np.arange(len(node)) - roots[number])


def _node(row: Mapping[str, str], positions: Mapping[str, int], classes: tuple[str, ...]) -> tuple[Any, ...]:
    """One entry of each field of a numbered node; children are numbered within the tree."""
    leaf = not row["feature_id"]
    if any(row[name] for name in (_SPLIT if leaf else (_LEAF,))):
        raise ValueError("a leaf has a value alone, a split all but a value")
    number, tree, predictor = int(row["node"]), int(row["tree"]), classes.index(row["class"])
    if leaf:
        return number, tree, predictor, -1, np.nan, False, number, number, 0.0, float(row[_LEAF])
    side, children = _SIDES.index(row["missing"]) == 1, (int(row["left"]), int(row["right"]))
    feature, cut, gain = positions[row["feature_id"]], float(row["threshold"]), float(row["gain"])
    return number, tree, predictor, feature, cut, side, *children, gain, 0.0


def _faults(model: LockedTrees) -> dict[str, bool]:
    """In what ways a document contradicts itself, which its schema cannot say."""
    trees, split = model.trees, model.trees.splits
    numbers = [model.means, model.deviations, model.missing, np.array(model.intercepts), trees.value, trees.gain]
    cuts, n_predictors = trees.threshold[split], len(_predicted(model.classes))
    return {
        "a number is missing or endless": not (np.isfinite(np.concatenate(numbers)).all() and (cuts > -np.inf).all()),
        "each split needs a gain above 0": bool((trees.gain[split] <= 0.0).any()),
        "nodes are no trees: each but the first needs one parent before it": not _are_trees(trees),
        "a tree adds to one class": bool((trees.predictor != trees.predictor[trees.roots[trees.tree]]).any()),
        "a feature of the head has no split": len(np.unique(trees.feature[split])) < len(model.features),
        f"{n_predictors} intercepts are needed": len(model.intercepts) != n_predictors,
        "the link logistic is for two classes, softmax for several": (model.link == "logistic") != (n_predictors == 1),
    }


def _are_trees(trees: Trees) -> bool:
    """Whether each node but the roots is the child of one node before it, in the same tree."""
    parents = np.tile(np.flatnonzero(trees.splits), 2)
    children = np.concatenate([trees.left[trees.splits], trees.right[trees.splits]])
    if ((children <= parents) | (children >= len(trees.tree))).any():
        return False
    reached = np.sort(np.concatenate([trees.roots, children]))
    same_tree = bool((trees.tree[children] == trees.tree[parents]).all())
    return same_tree and np.array_equal(reached, np.arange(len(trees.tree)))
