# A cohort: its data, the scores of the panel and of the derived signatures, and what they go with.


def harmonize_words(cohort):
    """Words of `exomics harmonize`, if the cohort has a study.yaml or is of another species."""
    words = ["--study", cohort["study"]] if "study" in cohort else []
    return words + (["--to-species", cohort["to_species"]] if "to_species" in cohort else [])


def normalize_words(cohort):
    return [word for step in cohort.get("normalize", []) for word in ("--normalize", step)]


def harmonized(wildcards):
    changed = ".harmonized" if harmonize_words(COHORTS[wildcards.cohort]) else ""
    return f"results/data/cohorts/{wildcards.cohort}{changed}.h5ad"


def ready_to_score(wildcards):
    """The cohort as loaded, or as the last step made it that its entry in the config asks for."""
    if normalize_words(COHORTS[wildcards.cohort]):
        return f"results/data/cohorts/{wildcards.cohort}.normalized.h5ad"
    return harmonized(wildcards)


def signatures_of_studies(wildcards):
    return [f"results/signatures/{study}.yaml" for study in STUDIES]


def time_point_words(entry):
    return ["--time-point", entry["time_point"]] if "time_point" in entry else []


def alias_words(wildcards):
    return ["--aliases", config["aliases"]] if "aliases" in config else []


def score_files(wildcards):
    """The panel, and what the studies gave, if there is a study."""
    kinds = ["panel", "derived"] if STUDIES else ["panel"]
    return [f"results/scores/{wildcards.cohort}.{kind}.tsv" for kind in kinds]


def control_files(wildcards):
    return [f"results/scores/{wildcards.cohort}.controls.tsv"] if STUDIES else []


def control_words(wildcards, output):
    return ["--controls", *control_files(wildcards), "--controls-output", output.controls] if STUDIES else []


# Random sets are matched to derived signatures, so they exist only where a study gave one.
ASSOCIATIONS = {"table": "results/associations/{cohort}.tsv"}
if STUDIES:
    ASSOCIATIONS["controls"] = "results/associations/{cohort}.controls.tsv"


rule load_cohort:
    input:
        lambda wildcards: source_files(COHORTS[wildcards.cohort]),
    output:
        "results/data/cohorts/{cohort}.h5ad",
    log:
        "results/logs/load_cohort.{cohort}.txt",
    params:
        exomics=EXOMICS,
        source=lambda wildcards: source_words(COHORTS[wildcards.cohort]),
    shell:
        "{params.exomics:q} load {params.source:q} -o {output:q} > {log:q}"


# Host and tumor model go with the samples from here on: a scorer leaves out what a strain or a xenograft rules out.
rule harmonize_cohort:
    input:
        data="results/data/cohorts/{cohort}.h5ad",
        study=lambda wildcards: COHORTS[wildcards.cohort].get("study", []),
    output:
        data="results/data/cohorts/{cohort}.harmonized.h5ad",
        losses="results/data/cohorts/{cohort}.losses.tsv",
    log:
        "results/logs/harmonize_cohort.{cohort}.txt",
    params:
        exomics=EXOMICS,
        how=lambda wildcards: harmonize_words(COHORTS[wildcards.cohort]),
    shell:
        "{params.exomics:q} harmonize {input.data:q} -o {output.data:q} {params.how:q} --losses {output.losses:q} "
        "> {log:q}"


rule normalize_cohort:
    input:
        harmonized,
    output:
        "results/data/cohorts/{cohort}.normalized.h5ad",
    log:
        "results/logs/normalize_cohort.{cohort}.txt",
    params:
        exomics=EXOMICS,
        steps=lambda wildcards: normalize_words(COHORTS[wildcards.cohort]),
    shell:
        "{params.exomics:q} preprocess {input:q} -o {output:q} {params.steps:q} > {log:q}"


rule score_panel:
    input:
        ready_to_score,
    output:
        "results/scores/{cohort}.panel.tsv",
    log:
        "results/logs/score_panel.{cohort}.txt",
    params:
        exomics=EXOMICS,
        panel=lambda wildcards: config["panel"],
        aliases=alias_words,
    shell:
        "{params.exomics:q} score {input:q} -o {output:q} --signatures {params.panel:q} {params.aliases:q} > {log:q}"


# The derived signatures belong to muscle: scoring them in tumor is an explicit override, and stands beside random sets.
rule score_derived:
    input:
        cohort=ready_to_score,
        signatures=signatures_of_studies,
    output:
        scores="results/scores/{cohort}.derived.tsv",
        controls="results/scores/{cohort}.controls.tsv",
    log:
        "results/logs/score_derived.{cohort}.txt",
    params:
        exomics=EXOMICS,
        layer=["--allow-layer"] if config["allow_layer"] else [],
        aliases=alias_words,
        controls=config["controls"],
        seed=config["seed"],
    shell:
        "{params.exomics:q} score {input.cohort:q} -o {output.scores:q} --signatures {input.signatures:q} "
        "{params.layer:q} {params.aliases:q} --controls {params.controls} --controls-output {output.controls:q} --seed {params.seed} > {log:q}"


rule associate:
    input:
        cohort=ready_to_score,
        scores=score_files,
        controls=control_files,
    output:
        **ASSOCIATIONS,
    log:
        "results/logs/associate.{cohort}.txt",
    params:
        exomics=EXOMICS,
        horizon=config["horizon_months"],
        time_point=lambda wildcards: time_point_words(COHORTS[wildcards.cohort]),
        controls=control_words,
    shell:
        "{params.exomics:q} associate {input.scores:q} --samples {input.cohort:q} -o {output.table:q} "
        "--cohort {wildcards.cohort:q} --horizon {params.horizon} {params.time_point:q} "
        "{params.controls:q} > {log:q}"


rule pool:
    input:
        expand("results/associations/{cohort}.tsv", cohort=FOLLOWED),
    output:
        "results/associations/pooled.tsv",
    log:
        "results/logs/pool.txt",
    params:
        exomics=EXOMICS,
    shell:
        "{params.exomics:q} pool {input:q} -o {output:q} > {log:q}"
