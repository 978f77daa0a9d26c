"""qPCR: cycles of quantification, with reactions that never crossed the threshold as censored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import Expression, assemble, number_option, only_file
from exomics.datasets.loaders._mangled import mangled_report
from exomics.datasets.loaders._mirna_names import mirna_features
from exomics.datasets.loaders._qpcr_tables import read_reactions
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS
from exomics.datasets.loaders._samples import samples_of
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys

SPIKE_INS: Final = re.compile(r"cel-mir-(?:39|54|238)|unisp\d|ath-mir-159|osa-mir-414|spike", re.IGNORECASE)
NO_TEMPLATE: Final = re.compile(r"ntc|nrt|no[ _-]?template.*|no[ _-]?rt|water|h2o|blank", re.IGNORECASE)
_OPTIONS: Final[Mapping[str, Any]] = {
    "sample": None,
    "target": None,
    "cq": None,
    "limit": 40.0,
    "spike_ins": None,
    "spike_in_range": 1.0,
    "sample_id": None,
    **SAMPLE_OPTIONS,
}


def load_qpcr(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """Cq values, technical replicates averaged.

    Parameters
    ----------
    files
        Role ``cq``: one row per reaction with sample, target and Cq (text or ``.xlsx``; an instrument's lines above the
        header are left out), or a table or grid of wells (rows A to P, columns 1 to 24) with the role ``layout``
        (``well, sample, target``). Optional ``samples``: a sheet.
    manifest
        Options: ``sample``, ``target``, ``cq`` (columns, where they have unusual names), ``limit`` (last cycle or limit
        of detection, default 40), ``spike_ins`` (targets that are spike-ins; else cel-miR-39, -54, -238, UniSp and
        their like), ``spike_in_range`` (cycles that a spike-in may differ from its plate's median, default 1),
        ``sample_id`` (column of the sheet), and the sample options.

    Returns
    -------
    AnnData
        Samples x features, Cq: one cycle less is twice the amount. Missing where no replicate has a Cq: layer
        ``censored`` is true where reactions ran and none crossed the threshold (Cq > limit), false where nothing was
        measured; a Cq beyond the limit is never written as the limit. Layers ``lod`` (the limit), ``n_replicates``,
        ``n_censored`` and ``replicate_sd``. ``var["is_spike_in"]``; ``obs["qc_flag"]`` where a spike-in is off.
        ``uns["exomics"]["report"]`` counts them, the values of which some replicates were censored, and the lowest Cq
        of controls without template, which are left out.

    Raises
    ------
    InputError
        If columns or wells cannot be found, or a field is neither a number nor a word for "not detected".

    Notes
    -----
    ``Cq[s, t] = mean over the replicates that crossed the threshold``; where some did not, that mean is biased low, so
    ``n_censored`` says how many. A last cycle in place of what was not detected biases every difference: McCall et al.
    2014, doi:10.1093/bioinformatics/btu239.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = "Sample,Target,Cq\\ns1,miR-21-5p,24.0\\ns1,miR-21-5p,24.5\\ns1,miR-1-3p,Undetermined\\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "plate.csv"
    ...     written = path.write_text(text)
    ...     data = load_files("qpcr", {"cq": path})
    >>> data.X.tolist(), data.layers["censored"].tolist(), data.layers["n_replicates"].tolist()
    ([[24.25, nan]], [[False, True]], [[2.0, 1.0]])
    """
    only_file(files, "cq")
    options = {**_OPTIONS, **manifest.options}
    limit, width = number_option(options, "limit"), number_option(options, "spike_in_range")
    reactions, notes = read_reactions(files, options)
    reactions, report = _with_template(reactions, files["cq"])
    samples, targets = (list(dict.fromkeys(reactions[name])) for name in ("sample", "target"))
    layers = _layers(reactions, samples, targets)
    values = layers.pop("cq")
    censored = np.isnan(values) & (layers["n_censored"] > 0)
    var = _features(targets, options["spike_ins"])
    plates = reactions.groupby("sample")["plate"].agg(lambda held: ";".join(sorted(set(map(str, held)))))
    own = pd.DataFrame({keys.BATCH: plates.loc[samples].to_numpy()}, index=pd.Index(samples, dtype=object))
    obs, matched = samples_of(samples, files, options, own=own)
    off = _off_range(values, var["is_spike_in"].to_numpy(), obs[keys.BATCH], width)
    obs[keys.QC_FLAG] = np.where(off, f"spike-in differs by more than {width:g} cycles", "")
    report = {
        **report,
        **matched,
        "notes": notes,
        "n_censored": int(censored.sum()),
        "n_partly_censored": int((~np.isnan(values) & (layers["n_censored"] > 0)).sum()),
        "n_not_measured": int((layers["n_replicates"] == 0).sum()),
        "spike_ins": [name for name, is_spike in zip(targets, var["is_spike_in"], strict=True) if is_spike],
        **mangled_report(targets),
        "samples_with_spike_in_off": [name for name, flag in zip(samples, off, strict=True) if flag],
    }
    lod = np.full(values.shape, limit)
    expression = Expression(values, obs, var, {"censored": censored, "lod": lod, **layers})
    scale = Scale(kind="log2", quantity="cq")
    return assemble(expression, assay="qpcr", scale=scale, manifest=manifest, report=report)


def _with_template(reactions: pd.DataFrame, path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Reactions of samples; controls without template are left out, and what they amplified is said."""
    held = reactions[["sample", "target"]].notna().all(axis=1)
    empty = reactions["sample"].astype(str).str.strip().str.fullmatch(NO_TEMPLATE.pattern, case=False)
    lowest = reactions.loc[held & empty, "cq"].min()
    kept = reactions[held & ~empty]
    if kept.empty:
        raise InputError(f"{path}: no reaction has a sample and a target; expected one row per reaction.")
    report = {
        "reactions_without_name": int((~held).sum()),
        "no_template_reactions": int((held & empty).sum()),
        "lowest_cq_without_template": None if pd.isna(lowest) else float(lowest),
    }
    return kept.astype({"sample": str, "target": str}), report


def _layers(reactions: pd.DataFrame, samples: Sequence[str], targets: Sequence[str]) -> dict[str, np.ndarray]:
    """Samples x targets: mean Cq, reactions that ran, those that crossed no threshold, and the replicates' SD."""
    ran = reactions.assign(ran=reactions["cq"].notna() | reactions["beyond"])
    grouped = ran.groupby(["sample", "target"], sort=False)
    parts = {
        "cq": grouped["cq"].mean(),
        "n_replicates": grouped["ran"].sum().astype(float),
        "n_censored": grouped["beyond"].sum().astype(float),
        "replicate_sd": grouped["cq"].std(),
    }
    wide = {
        name: part.unstack("target").reindex(index=list(samples), columns=list(targets)) for name, part in parts.items()
    }
    counted = ("n_replicates", "n_censored")
    return {name: (part.fillna(0.0) if name in counted else part).to_numpy(dtype=float) for name, part in wide.items()}


def _features(targets: Sequence[str], spike_ins: Any) -> pd.DataFrame:
    """Targets as miRNAs or genes; spike-ins as they are named by the user, or by their usual names."""
    var = mirna_features(list(targets))
    named = spike_ins.split(",") if isinstance(spike_ins, str) else spike_ins
    unknown = sorted(set(named or ()) - set(targets))
    if unknown:
        raise InputError(f"the spike-ins {', '.join(unknown)} are no targets; there are {', '.join(targets[:8])}.")
    is_spike = [name in named if named is not None else bool(SPIKE_INS.search(name)) for name in targets]
    return var.assign(is_spike_in=is_spike)


def _off_range(values: np.ndarray, is_spike: np.ndarray, plates: pd.Series, width: float) -> np.ndarray:
    """Samples of which a spike-in differs from the median of its plate by more than `width` cycles."""
    spikes = pd.DataFrame(values[:, is_spike])
    median = spikes.groupby(plates.astype(str).to_numpy()).transform("median")
    return ((spikes - median).abs() > width).any(axis=1).to_numpy(dtype=bool)


QPCR = MethodSpec(
    name="qpcr",
    kind="loader",
    title="qPCR: Cq tables and plates, spike-ins flagged, undetected reactions censored",
    function=load_qpcr,
    reference="10.1093/bioinformatics/btu239",
    input_scale=("log2",),
    feature_types=("mirna", "gene"),
    units="cycles",
    parameters=_OPTIONS,
    evidence="format-only",
)
