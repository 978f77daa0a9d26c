"""Locked trees: nodes that tell what the fit tells, samples that stand alone, gaps that are counted, and refusals."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline

from exomics.errors import DesignError, InputError, RegistryError, ScaleError
from exomics.registry.locked_model import HEAD, LockedTrees, Trees, read_locked_model, write_locked_model
from exomics.stratify import Study
from exomics.stratify.locking import lock, lock_study, predict
from exomics.stratify.locking.boosting import Boosted, boosted
from exomics.stratify.models.built import Built
from exomics.stratify.pipelines import build
from exomics.validation import Resampling
from exomics.validation.locked import drift, validate

WORDS = {"binary": ("non_responder", "responder"), "classes": ("Basal", "Her2", "LumA")}


def _cohort(kind: str, seed: int, n: int = 120, effect: float = 1.0) -> tuple[pd.DataFrame, pd.Series]:
    """Genes of which two tell the outcome together, one by itself, and one only by being missing; g0 has no gap."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(n, 8))
    classes = ((values[:, 0] > -0.5) & (values[:, 1] > -0.5)).astype(int)
    if kind == "classes":
        classes = np.where(values[:, 2] > 0.6, 2, classes)
    classes = np.where(generator.random(n) < 0.15, (classes + 1) % len(WORDS[kind]), classes)
    values[:, 3] += effect * classes
    values[:, 4] = np.where(generator.random(n) < 0.6 * (classes == 1), np.nan, 1.0)
    values[:, 5:][generator.random((n, 3)) < 0.05] = np.nan
    told = classes if effect else generator.permutation(classes)
    names = [f"p{seed}_{number}" for number in range(n)]
    frame = pd.DataFrame(values, index=names, columns=[f"g{number}" for number in range(8)])
    return frame, pd.Series(np.array(WORDS[kind])[told], index=names)


def _study(kind: str) -> Study:
    values, outcome = _cohort(kind, 1)
    groups = pd.DataFrame({"subject_id": values.index}, index=values.index)
    positive = WORDS[kind][1] if kind == "binary" else None
    return Study.of(values, outcome, groups, positive=positive, endpoint="response", cohort="training")


@cache
def _locked(kind: str, depth: int = 2) -> tuple[LockedTrees, Pipeline]:
    """A model of 30 rounds of trees of that depth, and the pipeline that it was read from."""
    study, grid = _study(kind), {"model__max_depth": [depth], "model__max_iter": [30]}

    def built(name: str, study: Study, seed: int) -> Built:
        return build(name, study, seed)._replace(grid=grid)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lock_study, "build", built)
        model = lock(study, "gradient_boosting", identifier="m", scale="log2", inner_folds=2)
    assert isinstance(model, LockedTrees)
    fitted = build("gradient_boosting", study, 1).pipeline.set_params(**model.settings)
    return model, fitted.fit(study.features, study.response)


@pytest.fixture
def model() -> LockedTrees:
    """Of two classes."""
    return _locked("binary")[0]


def _at_thresholds(model: LockedTrees, values: pd.DataFrame) -> pd.DataFrame:
    """Samples of which each lies on the threshold of one split, and on the next double above it."""
    cuts = {(at, cut) for at, cut in zip(model.trees.feature, model.trees.threshold, strict=True) if np.isfinite(cut)}
    rows = values.to_numpy()[np.arange(2 * len(cuts)) % len(values)]
    for number, (at, cut) in enumerate(sorted(cuts)):
        column = values.columns.get_loc(model.features[at])
        rows[2 * number : 2 * number + 2, column] = cut, np.nextafter(cut, np.inf)
    return pd.DataFrame(rows, columns=values.columns)


@pytest.mark.parametrize(("kind", "depth"), [("binary", 1), ("binary", 2), ("classes", 2)])
def test_the_document_alone_tells_what_the_pipeline_tells(kind: str, depth: int, tmp_path: Path) -> None:
    """To 1e-12 with gaps of all kinds and values on thresholds; written and read, and one at a time, to the bit."""
    locked, fitted = _locked(kind, depth)
    model = replace(locked, min_coverage=0.0)
    values, _ = _cohort(kind, 2)
    gaps = values.mask(np.random.default_rng(3).random(values.shape) < 0.3)
    new = pd.concat([values, gaps, _at_thresholds(model, values)], ignore_index=True)
    missing = dict(zip(model.features, model.missing, strict=True))
    assert missing["g0"] == 0.0  # a gap that training never showed
    assert missing["g4"] > 0.1  # and one that it learned from
    assert np.isinf(model.trees.threshold[model.trees.feature == model.features.index("g4")]).all()
    assert np.bincount(model.trees.tree).max() == 2 ** (depth + 1) - 1
    found = predict(model, new)
    measured = found.coverage > 0.0
    expected = fitted.predict_proba(new.to_numpy())
    assert np.ptp(expected[:, -1]) > 0.5
    np.testing.assert_allclose(found.told[measured], expected[measured], rtol=0.0, atol=1e-12)
    folder = write_locked_model(model, tmp_path / "model").parent
    read = read_locked_model(folder)
    np.testing.assert_array_equal(predict(read, new).told, found.told)
    alone = [predict(read, new[new.columns[::-1]].iloc[[at]]).told[0] for at in range(110, 140)]
    np.testing.assert_array_equal(alone, found.told[110:140])
    again = write_locked_model(read, tmp_path / "again").parent
    assert [(again / name).read_bytes() for name in read.files] == [(folder / name).read_bytes() for name in read.files]
    assert read.sha256
    assert set(found.called) <= {*model.classes, ""}


def test_the_coverage_is_the_share_of_the_gain_that_is_measured(model: LockedTrees, tmp_path: Path) -> None:
    table = pd.read_csv(write_locked_model(model, tmp_path).with_name("trees.tsv"), sep="\t")
    shares = table.groupby("feature_id")["gain"].sum() / table["gain"].sum()
    values, outcome = _cohort("binary", 4)
    whole = values.fillna(0.0)
    for name in ("g0", "g3"):
        less = predict(model, whole.drop(columns=name))
        np.testing.assert_allclose(less.coverage, 1.0 - shares[name], rtol=1e-12)
        assert np.isfinite(less.probability).all() == (1.0 - shares[name] >= 0.8)
    np.testing.assert_array_equal(predict(model, whole).coverage, 1.0)
    assert drift(model, values)["g4"] == 0.0  # a constant that is the same here
    assert drift(model, values + 1.0)["g4"] == np.inf
    few = validate(model, values[["g4"]], outcome, scale="log2", cohort_id="panel").frame.set_index("metric")
    assert few.loc["predicted_fraction", "estimate"] == 0.0
    assert "too few" in few.loc["auc", "note"]
    endless = whole.assign(g0=np.inf)
    np.testing.assert_array_equal(predict(model, endless).coverage, predict(model, whole.drop(columns="g0")).coverage)
    with pytest.raises(InputError, match="none of the"):
        predict(model, values.add_suffix("x", axis=1))


def test_it_holds_where_the_truth_is_the_same_and_not_where_there_is_none(model: LockedTrees) -> None:
    for seed, effect in ((5, 1.0), (6, 0.0)):
        values, outcome = _cohort("binary", seed, n=300, effect=effect)
        frame = validate(
            model, values, outcome, scale="log2", cohort_id="elsewhere", resampling=Resampling(0)
        ).frame.set_index("metric")
        assert set(frame["role"]) == {"external"}
        low, high = frame.loc["auc", ["ci_low", "ci_high"]]
        assert low > 0.8 if effect else low < 0.5 < high
        slope = frame.loc["calibration_slope"]
        assert slope["ci_low"] > 0.3 if effect else slope["ci_low"] < 0.0 < slope["ci_high"]


def test_several_classes_are_validated_each_with_its_calibration() -> None:
    model, _ = _locked("classes")
    values, outcome = _cohort("classes", 7)
    table = validate(model, values, outcome, scale="log2", cohort_id="elsewhere", resampling=Resampling(30))
    rows = table.frame.set_index("metric")
    assert rows.loc["auc", "ci_low"] > 0.7
    assert rows.loc["balanced_error", "ci_high"] < 2 / 3
    assert {f"calibration_slope:{name}" for name in model.classes} < set(rows.index)


def test_other_scales_other_platforms_and_the_training_cohort(model: LockedTrees) -> None:
    values, outcome = _cohort("binary", 8)
    with pytest.raises(ScaleError, match="learned on 'log2'"):
        validate(model, values, outcome, scale="counts", cohort_id="elsewhere")
    with pytest.raises(InputError, match="never saw"):
        validate(model, values, outcome, scale="log2", cohort_id="training")
    assert (drift(model, values + 8.0) > 3.0).all()
    with pytest.raises(InputError, match="not the quantities it knows"):
        validate(model, values + 8.0, outcome, scale="log2", cohort_id="elsewhere")
    moved = validate(model, values + 2.0, outcome, scale="log2", cohort_id="elsewhere", resampling=Resampling(0))
    assert "not like the training cohort" in moved.frame.set_index("metric").loc["median_drift", "note"]


def _few(slope: float) -> Study:
    """Forty samples and one gene that tells the outcome, or says nothing where the slope is 0."""
    names = [f"s{number}" for number in range(40)]
    values = pd.DataFrame({"g0": slope * np.arange(40.0)}, index=names)
    outcome = pd.Series(np.arange(40) % 20 > 9, index=names).map({True: "responder", False: "non_responder"})
    return Study.of(values, outcome, pd.DataFrame({"subject_id": names}, index=names), positive="responder")


def test_without_a_split_there_is_no_model() -> None:
    with pytest.raises(DesignError, match="honest null"):
        lock(_few(0.0), "gradient_boosting", identifier="null", scale="log2", inner_folds=2)


SMALL = (
    """
tree class node feature_id threshold missing left right gain value
0 R 0 a 1.5 left 1 2 8.0 ~
0 R 1 ~ ~ ~ ~ ~ ~ -0.5
0 R 2 b -2.0 right 3 4 2.0 ~
0 R 3 ~ ~ ~ ~ ~ ~ 0.25
0 R 4 ~ ~ ~ ~ ~ ~ 0.75
1 R 0 ~ ~ ~ ~ ~ ~ 0.125
""".lstrip()
    .replace(" ", "\t")
    .replace("~", "")
)


def _small(folder: Path, table: str = SMALL, **head: object) -> Path:
    """A model of two trees by hand, sealed with its own hash; keys of the head replaced."""
    whole = {
        "kind": "tree_model", "id": "small", "version": "1.0.0", "pipeline": "gradient_boosting", "endpoint": "y",
        "cohort": "c", "link": "logistic", "threshold": 0.5, "threshold_rule": "one half", "n_samples": 40,
        "n_events": 20, "min_coverage": 0.0, "classes": ["N", "R"], "scales": {"rna": "log2"}, "intercepts": [0.5],
        "features": {name: {"mean": 0.0, "deviation": 1.0, "missing": 0.0} for name in "ab"},
        "body": {"file": "trees.tsv", "sha256": hashlib.sha256(table.encode()).hexdigest()},
    } | head  # fmt: skip
    (folder / "trees.tsv").write_text(table, encoding="utf-8")
    (folder / HEAD).write_text(yaml.safe_dump(whole), encoding="utf-8")
    return folder


def test_trees_by_hand(tmp_path: Path) -> None:
    """On a threshold a value goes left; the last tree is a leaf alone."""
    model = read_locked_model(_small(tmp_path))
    rows = [(1.5, 9.0), (1.6, -2.0), (1.6, -1.9), (np.nan, -2.0), (1.6, np.nan)]
    found = predict(model, pd.DataFrame(rows, columns=["a", "b"]))
    log_odds = 0.5 + 0.125 + np.array([-0.5, 0.25, 0.75, -0.5, 0.75])
    np.testing.assert_allclose(found.probability, 1.0 / (1.0 + np.exp(-log_odds)), rtol=1e-15)
    np.testing.assert_allclose(found.coverage, [1.0, 1.0, 1.0, 0.2, 0.8], rtol=1e-15)
    assert found.called.tolist() == ["R" if told >= 0.5 else "" for told in found.probability]


NUMBERED = "must number trees, and the nodes of each"
PARENT = "each but the first needs one parent before it"


@pytest.mark.parametrize(
    ("there", "instead", "message"),
    [
        ("right\t3\t4", "right\t0\t4", PARENT),  # a cycle
        ("right\t3\t4", "right\t2\t4", PARENT),  # a node that is its own child
        ("right\t3\t4", "right\t3\t3", PARENT),  # a node that none reaches
        ("right\t3\t4", "right\t3\t5", PARENT),  # into the next tree
        ("right\t3\t4", "right\t3\t9", PARENT),  # out of range
        ("right\t3\t4", "right\t3\t-1", PARENT),
        ("right\t3\t4", f"right\t3\t{2**63 - 1}", PARENT),
        ("right\t3\t4", f"right\t3\t{10**30}", "does not hold the nodes"),
        ("\tb\t", "\tc\t", "does not hold the nodes of trees ('c')"),  # a feature that the head does not know
        ("\tb\t", "\ta\t", "a feature of the head has no split"),
        ("1.5", "nan", "missing or endless"),
        ("1.5", "-inf", "missing or endless"),
        ("0.75", "inf", "missing or endless"),
        ("0.75", "high", "does not hold the nodes"),
        ("0.75", "", "does not hold the nodes"),
        ("8.0", "nan", "missing or endless"),
        ("8.0", "0.0", "needs a gain above 0"),
        ("8.0\t", "8.0\t1.0", "a leaf has a value alone"),
        ("\tleft\t", "\tup\t", "does not hold the nodes"),
        ("1\tR", "1\tN", "does not hold the nodes"),
        ("1\tR\t0", "2\tR\t0", NUMBERED),
        ("1\tR\t0", "1\tR\t5", NUMBERED),
        ("0\tR\t0\ta", "-1\tR\t1\ta", NUMBERED),
        ("threshold", "cut", "does not hold the nodes of trees ('threshold')"),
    ],
)
def test_tables_that_hold_no_trees_are_refused(there: str, instead: str, message: str, tmp_path: Path) -> None:
    assert SMALL.count(there) >= 1
    _small(tmp_path, SMALL.replace(there, instead, 1))
    with pytest.raises(RegistryError) as refused:
        read_locked_model(tmp_path)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_empty_and_altered_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=NUMBERED):
        read_locked_model(_small(tmp_path, SMALL.partition("\n")[0] + "\n"))
    body = _small(tmp_path) / "trees.tsv"
    body.write_text(SMALL.replace("1.5", "1.4"), encoding="utf-8")
    with pytest.raises(RegistryError, match="altered"):
        read_locked_model(tmp_path)
    several = SMALL.replace("\tR\t", "\tC\t").replace("0\tC\t4", "0\tB\t4")
    with pytest.raises(RegistryError, match="a tree adds to one class"):
        read_locked_model(
            _small(tmp_path, several, classes=["A", "B", "C"], intercepts=[0.0] * 3, link="softmax", threshold=0.5)
        )


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ({"intercepts": [0.5, 0.5]}, "1 intercepts are needed"),
        ({"intercepts": [float("inf")]}, "missing or endless"),
        ({"features": {"a": {"mean": float("nan"), "deviation": 1.0, "missing": 0.0}}}, "('b')"),
        ({"features": {"a": {"mean": 0.0, "deviation": -1.0, "missing": 0.0}}}, "less than the minimum"),
        ({"features": {}}, "breaks its schema"),
        ({"link": "softmax"}, "the link logistic is for two classes"),
        ({"link": "log_hazard"}, "breaks its schema"),
        ({"kind": "linear_model"}, "breaks its schema"),
        ({"kind": "pickle"}, "breaks its schema: its kind is 'pickle'"),
        ({"kind": ["tree_model"]}, "breaks its schema"),
        ({"classes": ["R"]}, "breaks its schema"),
        ({"body": {"file": "features.tsv", "sha256": "0" * 64}}, "'trees.tsv' was expected"),
    ],
)
def test_heads_that_contradict_themselves_are_refused(head: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(RegistryError) as refused:
        read_locked_model(_small(tmp_path, **head))
    assert message in str(refused.value)


class TestScikitLearnChanges:
    """Trees are kept in attributes that scikit-learn may change: then nothing is locked, and this fails."""

    def test_what_is_read_is_there(self) -> None:
        x = np.random.default_rng(1).normal(size=(60, 3))
        fitted = HistGradientBoostingClassifier(max_iter=2, max_depth=1).fit(x, (x[:, 0] > 0).astype(int))
        found = boosted(fitted)
        assert isinstance(found.trees, Trees)
        assert len(found.trees.roots) == 2
        assert found.trees.splits.tolist() == [True, False, False] * 2

    @pytest.mark.parametrize(
        "kept",
        [
            {"_predictors": None},
            {"_predictors": []},
            {"_predictors": [[], []]},
            {"_predictors": [[SimpleNamespace(nodes=np.zeros(3))]]},
            {"_predictors": [[SimpleNamespace()]]},
            {"_baseline_prediction": 0.0},
        ],
        ids=["no rounds", "no trees", "no tree per class", "other nodes", "no nodes", "other baseline"],
    )
    def test_another_shape_is_refused(self, kept: dict[str, object]) -> None:
        x = np.arange(40.0)[:, np.newaxis]
        fitted = HistGradientBoostingClassifier(max_iter=1, max_depth=1).fit(x, np.repeat([0, 1], 20))
        for name, value in kept.items():
            setattr(fitted, name, value)
        with pytest.raises(DesignError, match=r"keeps boosted trees in another way than 1\.9"):
            boosted(fitted)

    def test_categories_are_refused(self) -> None:
        x = np.repeat(np.arange(4.0), 20)[:, np.newaxis]
        fitted = HistGradientBoostingClassifier(max_iter=1, categorical_features=[0]).fit(x, (x[:, 0] % 2).astype(int))
        with pytest.raises(DesignError, match="keeps boosted trees in another way"):
            boosted(fitted)

    def test_another_meaning_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def other(model: HistGradientBoostingClassifier) -> Boosted:
            found = boosted(model)
            return found._replace(intercepts=found.intercepts + 1e-9)

        monkeypatch.setattr(lock_study, "boosted", other)
        with pytest.raises(DesignError, match="keeps boosted trees in another way"):
            lock(_few(1.0), "gradient_boosting", identifier="m", scale="log2", inner_folds=2)
