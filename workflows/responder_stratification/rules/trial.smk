# A trial: its data, and the response of its subjects beside the controls.


def trial_suffix(trial):
    """MuData where a modality is named, else a sheet of subjects."""
    return "h5mu" if "modality" in TRIALS[trial] else "tsv"


def trial_words(entry):
    """Words of `exomics respond`."""
    words = ["--arm", entry["arm"], "--control", entry["control"]]
    for key in ("trained", "subject", "within", "modality"):
        if key in entry:
            words += [f"--{key}", str(entry[key])]
    for option, key in (("--pre", "before"), ("--post", "after"), ("--keep", "keep"), ("--moderator", "moderators")):
        for value in entry.get(key, []):
            words += [option, value]
    if "typical_error" in entry:
        words += ["--typical-error", str(entry["typical_error"])]
    if "smallest_worthwhile_change" in entry:
        words += ["--swc", str(entry["smallest_worthwhile_change"])]
    return words


rule load_trial:
    input:
        lambda wildcards: source_files(TRIALS[wildcards.trial]),
    output:
        "results/data/trials/{trial}.{suffix}",
    wildcard_constraints:
        suffix="tsv|h5mu",
    log:
        "results/logs/load_trial.{trial}.{suffix}.txt",
    params:
        exomics=EXOMICS,
        source=lambda wildcards: source_words(TRIALS[wildcards.trial]),
    shell:
        "{params.exomics:q} load {params.source:q} -o {output:q} > {log:q}"


rule respond:
    input:
        lambda wildcards: f"results/data/trials/{wildcards.trial}.{trial_suffix(wildcards.trial)}",
    output:
        heterogeneity="results/response/{trial}/heterogeneity.tsv",
        subjects="results/response/{trial}/subjects.tsv",
    log:
        "results/logs/respond.{trial}.txt",
    params:
        exomics=EXOMICS,
        folder=lambda wildcards: f"results/response/{wildcards.trial}",
        how=lambda wildcards: trial_words(TRIALS[wildcards.trial]),
    shell:
        "{params.exomics:q} respond {input:q} -o {params.folder:q} {params.how:q} > {log:q}"
