"""Write the variances, correlations, library sizes and miRNA levels behind the embedded study.

Run after ``fit_genes.py`` with ``EXOMICS_REFERENCE`` and ``EXOMICS_MIRROR`` set; writes ``reference.yaml`` and
``mirnas.tsv`` beside ``genes.tsv``. How each figure is obtained stands at its function. Sources without a license
give pooled figures only (a ratio, a trend over hundreds of features, a level rounded to half a log2).
"""

from __future__ import annotations

import os
from pathlib import Path

import fit_genes
import numpy as np
import pandas as pd
import yaml
from scipy.optimize import minimize_scalar
from scipy.special import gammaln, polygamma
from scipy.stats import chi2, norm
from scipy.stats import t as student

FITTED = fit_genes.TARGET.parent
N_KNOTS, N_FACTORS, N_MIRNAS = 12, 4, 620
STATED_LEVEL = 6.0  # of a required miRNA that the source knows under an older name
REQUIRED_MIRNAS = [
    "let-7a-5p", "miR-29a-3p", "miR-29b-3p", "miR-29c-3p", "miR-451a", "miR-23a-3p", "miR-486-5p", "miR-1-3p",
    "miR-133a-3p", "miR-133b", "miR-206", "miR-499a-5p", "miR-215-5p", "miR-941", "miR-151b", "miR-16-5p",
    "miR-92a-3p", "miR-17-5p", "miR-21-5p", "miR-106a-5p", "miR-122-5p", "miR-375-3p",
]  # fmt: skip


def main() -> None:
    """Fit and write."""
    reference, mirror = Path(os.environ["EXOMICS_REFERENCE"]), Path(os.environ["EXOMICS_MIRROR"])
    genes = pd.read_csv(fit_genes.TARGET, sep="\t", index_col=0, keep_default_na=False)
    approved = fit_genes.approved_symbols(mirror)
    mirnas, ev = _ev(reference, mirror)
    muscle = _muscle(reference, genes, approved)
    document = {
        "muscle": muscle,
        "human_muscle": _human_muscle(reference, muscle),
        "tumor": _tumor(reference, mirror, genes, approved),
        "ev_mirna": ev,
        "vo2peak": _vo2peak(reference),
    }
    text = "# Written by tests/parity/simulate/fit_parameters.py. Sources, licenses and terms: SOURCES.md\n"
    text += yaml.safe_dump(_rounded(document), sort_keys=False, default_flow_style=None, width=110)
    (FITTED / "reference.yaml").write_text(text, encoding="utf-8")
    (FITTED / "mirnas.tsv").write_text(mirnas.to_csv(sep="\t", index=False, lineterminator="\n"), encoding="utf-8")
    print(text, len(mirnas))  # noqa: T201


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_rounded(entry) for entry in value]
    if isinstance(value, str):
        return value
    return float(f"{float(value):.3g}")  # type: ignore[arg-type]


def _trend(level: np.ndarray, dispersion: np.ndarray) -> dict[str, np.ndarray]:
    """Median dispersion in equal-count bins of level."""
    edges = np.quantile(level, np.linspace(0, 1, N_KNOTS + 1))
    bins = np.clip(np.searchsorted(edges, level, side="right") - 1, 0, N_KNOTS - 1)
    knots = [np.median(level[bins == number]) for number in range(N_KNOTS)]
    medians = [np.median(dispersion[bins == number]) for number in range(N_KNOTS)]
    return {"level": np.array(knots), "dispersion": np.array(medians)}


def _prior_degrees_of_freedom(log_ratio: np.ndarray, degrees_of_freedom: float) -> float:
    """Solve trigamma(d0/2) = var(log s2) - trigamma(d/2), the moment estimate of a scaled inverse chi-square prior.

    The variance is that of the normal with the same 10 % and 90 % quantiles.
    """
    low, high = np.quantile(log_ratio, [0.1, 0.9])
    excess = ((high - low) / (2 * norm.ppf(0.9))) ** 2 - polygamma(1, degrees_of_freedom / 2)
    grid = np.geomspace(0.5, 200, 4000)
    return float(grid[np.argmin(np.abs(polygamma(1, grid / 2) - max(excess, 1e-3)))])


def _correlations(residuals: np.ndarray, program: np.ndarray, degrees_of_freedom: int) -> dict[str, object]:
    """Mean correlation within each program, and the leading eigenvalue shares above the noise floor.

    The loading of a program is sqrt(mean pairwise correlation of its members); the shares are those of the
    standardized residuals after the program means are taken out, less 1 / degrees of freedom (independent genes).
    """
    standardized = residuals / np.sqrt((residuals**2).sum(axis=1, keepdims=True))
    loadings = {}
    rest = standardized.copy()
    for name in fit_genes.PROGRAMS:
        members = np.flatnonzero(program == name)
        total = standardized[members].sum(axis=0)
        pairwise = ((total**2).sum() - len(members)) / (len(members) * (len(members) - 1))
        loadings[name] = np.sqrt(max(pairwise, 0.0))
        direction = total / np.sqrt((total**2).sum())
        rest[members] -= np.outer(standardized[members] @ direction, direction)
    singular = np.linalg.svd(rest, compute_uv=False)
    share = singular**2 / (singular**2).sum()
    return {"program_loading": loadings, "factor_share": np.maximum(share[:N_FACTORS] - 1 / degrees_of_freedom, 0)}


def _muscle(reference: Path, genes: pd.DataFrame, approved: dict[str, str]) -> dict[str, object]:
    """MoTrPAC gastrocnemius: dispersion (variance - mean) / mean^2 of counts per library, within sex x group.

    The scatter of single genes around the trend comes from the ratio of their variance to ``mean + dispersion mean^2``;
    correlations from the residuals of log2 counts per million.
    """
    folder = reference / "motrpac"
    counts = pd.read_csv(folder / "TRNSCRPT_GN.counts.tsv.gz", sep="\t", index_col=0)
    samples = pd.read_csv(folder / "TRNSCRPT_GN.samples.tsv.gz", sep="\t")
    symbols = fit_genes.muscle_symbols(reference, approved)
    library = (samples["lib_size"] * samples["norm_factors"]).to_numpy()
    level = np.log2((counts.to_numpy() + 0.5) / (library + 1) * 1e6)
    scaled = counts.to_numpy() / library * library.mean()
    residuals, deviations, fitted = level.copy(), scaled.copy(), np.zeros_like(scaled)
    for group in samples["group"].unique():
        columns = (samples["group"] == group).to_numpy()
        residuals[:, columns] -= level[:, columns].mean(axis=1, keepdims=True)
        fitted[:, columns] = scaled[:, columns].mean(axis=1, keepdims=True)
        deviations[:, columns] -= fitted[:, columns]
    degrees_of_freedom = counts.shape[1] - samples["group"].nunique()
    variance, reads = (deviations**2).sum(axis=1) / degrees_of_freedom, scaled.mean(axis=1)
    mean = np.log2(reads / library.mean() * 1e6)
    trend = _trend(mean, (variance - reads) / (fitted**2).mean(axis=1))
    expected = reads + np.interp(mean, trend["level"], trend["dispersion"]) * reads**2
    program = symbols.map(genes["program"]).fillna("").to_numpy()
    expressed = mean > 1
    return {
        **trend,
        "prior_degrees_of_freedom": _prior_degrees_of_freedom(np.log(variance / expected), degrees_of_freedom),
        **_correlations(residuals[expressed], program[expressed], degrees_of_freedom),
        "library_size_mean": samples["lib_size"].mean(),
        "library_size_log_sd": np.log(samples["lib_size"]).std(),
        **_sex_effect(folder),
    }


def _sex_effect(folder: Path) -> dict[str, float]:
    """Scaled Student t through the median and the 98 % quantile of the published |male - female| log2 changes."""
    table = pd.read_csv(folder / "published/TRNSCRPT_GN_DA.MvF.tsv.gz", sep="\t")
    change = table.loc[table["contrast"] == "M_SED - F_SED", "logFC"].abs()
    middle, tail = change.quantile([0.5, 0.98])
    grid = np.linspace(1.2, 30, 2000)
    freedom = grid[np.argmin(np.abs(student.ppf(0.99, grid) / student.ppf(0.75, grid) - tail / middle))]
    return {"sex_effect_scale": middle / student.ppf(0.75, freedom), "sex_effect_degrees_of_freedom": freedom}


def _human_muscle(reference: Path, rat: dict[str, np.ndarray]) -> dict[str, float]:
    """Two pooled figures from six men before and after one bout: human over rat dispersion, and the subject's share.

    Ratios of a gene's biological variance of log counts to the rat dispersion at its level; the median over genes with
    more than 50 reads, over that of a mean chi-square with 5 degrees of freedom. Within: half the variance of a change.
    """
    counts = pd.read_csv(reference / "exercise/ziemann_muscle_acute_counts.tsv.gz", sep="\t", index_col=0)
    samples = pd.read_csv(reference / "exercise/ziemann_muscle_acute_samples.tsv", sep="\t").set_index("sample")
    counts = counts[counts.mean(axis=1) > 50]
    level = np.log(counts + 0.5)
    level -= level.sub(level.mean(axis=1), axis=0).median()
    before = level[samples.index[samples["timepoint"] == "pre"]].to_numpy()
    after = level[samples.index[samples["timepoint"] == "post"]].to_numpy()
    poisson = 1 / counts.mean(axis=1).to_numpy()
    mean = np.log2(counts.mean(axis=1) / counts.sum().mean() * 1e6).to_numpy()
    expected = np.interp(mean, rat["level"], rat["dispersion"])
    median = chi2.ppf(0.5, 5) / 5
    total = np.median((before.var(axis=1, ddof=1) - poisson) / expected) / median
    within = np.median(((after - before).var(axis=1, ddof=1) / 2 - poisson) / expected) / median
    return {"dispersion_ratio": total, "subject_share": 1 - within / total}


def _tumor(reference: Path, mirror: Path, genes: pd.DataFrame, approved: dict[str, str]) -> dict[str, object]:
    """Two checkpoint cohorts (45 tumors): spread of the compartments, then of what they leave, on log2 TPM."""
    cohorts = [fit_genes.log2_tpm(reference / f"tumor/ICBfull_{name}_expr.tsv.gz", approved) for name in ("Kim", "Cho")]
    markers = fit_genes.compartment_markers(mirror, approved)
    shared = genes.index.intersection(cohorts[0].index).intersection(cohorts[1].index)
    shared = shared[(genes.loc[shared, "tumor"] > 1).to_numpy()]
    centered, scores = [], []
    for cohort in cohorts:
        levels = cohort.loc[shared].to_numpy()
        amounts = np.array([cohort.reindex(names).dropna().mean().to_numpy() for names in markers.values()])
        centered.append(levels - levels.mean(axis=1, keepdims=True))
        scores.append(amounts - amounts.mean(axis=1, keepdims=True))
    amount, residuals = np.hstack(scores), np.hstack(centered)
    degrees_of_freedom = residuals.shape[1] - len(cohorts)
    index = genes.loc[shared, "compartment"].map({name: row for row, name in enumerate(markers)})
    follows = index.notna().to_numpy()
    share = genes.loc[shared, "share"].to_numpy()[follows, np.newaxis]
    residuals[follows] -= share * amount[index[follows].astype(int).to_numpy()]
    variance = (residuals**2).sum(axis=1) / degrees_of_freedom * np.log(2) ** 2
    level = genes.loc[shared, "tumor"].to_numpy()
    trend = _trend(level, np.expm1(variance))
    log_ratio = np.log(variance / np.log1p(np.interp(level, trend["level"], trend["dispersion"])))
    return {
        **trend,
        "prior_degrees_of_freedom": _prior_degrees_of_freedom(log_ratio, degrees_of_freedom),
        **_correlations(residuals, genes.loc[shared, "program"].to_numpy(), degrees_of_freedom),
        "compartments": list(markers),
        "compartment_log2_sd": np.sqrt((amount**2).sum(axis=1) / degrees_of_freedom),
        "compartment_correlation": np.corrcoef(amount),
    }


def _ev(reference: Path, mirror: Path) -> tuple[pd.DataFrame, dict[str, object]]:
    """Human serum exosomes: level (rounded to half a log2) of the most abundant miRNAs, and pooled noise figures.

    The dispersion of each miRNA is the maximum of the negative binomial likelihood at its mean rate per read.
    """
    counts = pd.read_csv(reference / "exercise/Saiki2021_serumEV_miRNA_counts.tsv.gz", sep="\t", index_col=0)
    counts = counts.groupby(counts.index.str.replace(r".*_", "", regex=True)).max()
    known = _mature_names(mirror)
    counts = counts[counts.index.isin(list(known))]
    library = counts.sum().to_numpy(dtype=float)
    rate = (counts / library).mean(axis=1)
    chosen = sorted(set(rate.nlargest(N_MIRNAS).index) | {f"hsa-{name}" for name in REQUIRED_MIRNAS})
    level = np.log2(rate.reindex(chosen) * 1e6 + 2.0).fillna(STATED_LEVEL)
    table = pd.DataFrame({"mirna": chosen, "accession": [known.get(name, "") for name in chosen]})
    table["level"] = (level.to_numpy() * 2).round() / 2
    table["rat"] = [int(name.replace("hsa-", "rno-") in known) for name in chosen]
    expressed = counts[counts.mean(axis=1) > 5]
    dispersion = np.array(
        [_dispersion(row, row.mean() / library.mean() * library) for row in expressed.to_numpy(float)]
    )
    mean = np.log2(expressed.mean(axis=1).to_numpy() / library.mean() * 1e6)
    trend = _trend(mean, dispersion)
    scatter = np.log(dispersion / np.interp(mean, trend["level"], trend["dispersion"]))
    figures = {
        **trend,
        "dispersion_log_sd": 1.4826 * np.median(np.abs(scatter - np.median(scatter))),
        "library_size_median": np.median(library),
        "library_size_log_sd": np.log(library).std(ddof=1),
    }
    return table, figures


def _dispersion(counts: np.ndarray, mean: np.ndarray) -> float:
    def minus_log_likelihood(log_dispersion: float) -> float:
        size = np.exp(-log_dispersion)
        terms = gammaln(counts + size) - gammaln(size) + size * np.log(size) - (size + counts) * np.log(size + mean)
        return -float((terms + counts * np.log(mean)).sum())

    return float(np.exp(minimize_scalar(minus_log_likelihood, bounds=(-8, 4), method="bounded").x))


def _mature_names(mirror: Path) -> dict[str, str]:
    """Mature names of miRBase 22 and their accessions."""
    data = fit_genes.r_objects(mirror, "taoshengxu/miRBaseConverter/*/R/sysdata.rda")
    table, symbols, accessions = data["miRNA_data"]["v22"], data["SYM"], data["ACC"]
    names: dict[str, str] = {}
    for arm in ("Mature1", "Mature2"):
        rows = table[[arm, f"{arm}_Acc"]].dropna().astype(int)
        names |= {str(symbols[name - 1]): str(accessions[code - 1]) for name, code in rows.to_numpy()}
    return names


def _vo2peak(reference: Path) -> dict[str, float]:
    """Within sex, before training and by training; and sd_change / sqrt(2), an upper bound on the typical error.

    Weeks pass between the tests: eight of sedentary rats, four of trained cyclists (theirs in percent of the mean).
    """
    rats = pd.read_csv(reference / "motrpac/physiology/VO2MAX.tsv.gz", sep="\t")
    rats = rats[rats["age"] == "6M"].assign(
        change=lambda row: row["post_vo2max_ml_kg_min"] - row["pre_vo2max_ml_kg_min"]
    )
    sedentary = rats[rats["group"] == "SED"].groupby("sex")["change"]
    trained = rats[rats["group"] == "8W"].groupby("sex")["change"]
    before = rats.groupby("sex")["pre_vo2max_ml_kg_min"]
    cyclists = pd.read_csv(reference / "exercise/exscidata_cyclingstudy.tsv", sep="\t")
    cyclists["relative"] = cyclists["VO2.max"] / cyclists["weight.T1"]
    tests = cyclists.pivot(index="subject", columns="timepoint", values="relative")
    error = (tests["meso2"] - tests["meso1"]).std() / np.sqrt(2)
    return {
        "rat_baseline_mean": before.mean().mean(),
        "rat_baseline_sd": np.sqrt(before.var().mean()),
        "rat_typical_error_bound": np.sqrt(sedentary.var().mean() / 2),
        "rat_net_gain": (trained.mean() - sedentary.mean()).mean(),
        "human_typical_error_bound_percent": 100 * error / tests.to_numpy()[~np.isnan(tests.to_numpy())].mean(),
    }


if __name__ == "__main__":
    main()
