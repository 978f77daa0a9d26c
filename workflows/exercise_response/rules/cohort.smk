# A cohort: its data, the scores of the panel and of the derived signatures, and what they go with.


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


rule score_panel:
    input:
        "results/data/cohorts/{cohort}.h5ad",
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
        cohort="results/data/cohorts/{cohort}.h5ad",
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
        cohort="results/data/cohorts/{cohort}.h5ad",
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
