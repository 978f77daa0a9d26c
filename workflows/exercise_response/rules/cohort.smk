# A cohort: its data, the scores of the panel and of the derived signatures, and what they go with.


def signatures_of_studies(wildcards):
    return [f"results/signatures/{study}.yaml" for study in STUDIES]


def time_point_words(entry):
    return ["--time-point", entry["time_point"]] if "time_point" in entry else []


rule load_cohort:
    input:
        lambda wildcards: source_files(COHORTS[wildcards.cohort]),
    output:
        "results/data/cohorts/{cohort}.h5ad",
    params:
        exomics=EXOMICS,
        source=lambda wildcards: source_words(COHORTS[wildcards.cohort]),
    shell:
        "{params.exomics} load {params.source:q} -o {output:q}"


rule score_panel:
    input:
        "results/data/cohorts/{cohort}.h5ad",
    output:
        "results/scores/{cohort}.panel.tsv",
    params:
        exomics=EXOMICS,
        panel=config["panel"],
    shell:
        "{params.exomics} score {input:q} -o {output:q} --signatures {params.panel:q}"


# The derived signatures belong to muscle: scoring them in tumor is an explicit override, and stands beside random sets.
rule score_derived:
    input:
        cohort="results/data/cohorts/{cohort}.h5ad",
        signatures=signatures_of_studies,
    output:
        scores="results/scores/{cohort}.derived.tsv",
        controls="results/scores/{cohort}.controls.tsv",
    params:
        exomics=EXOMICS,
        layer=["--allow-layer"] if config["allow_layer"] else [],
        controls=config["controls"],
        seed=config["seed"],
    shell:
        "{params.exomics} score {input.cohort:q} -o {output.scores:q} --signatures {input.signatures:q} "
        "{params.layer} --controls {params.controls} --controls-output {output.controls:q} --seed {params.seed}"


rule associate:
    input:
        cohort="results/data/cohorts/{cohort}.h5ad",
        scores=multiext("results/scores/{cohort}", ".panel.tsv", ".derived.tsv", ".controls.tsv"),
    output:
        "results/associations/{cohort}.tsv",
    params:
        exomics=EXOMICS,
        horizon=config["horizon_months"],
        time_point=lambda wildcards: time_point_words(COHORTS[wildcards.cohort]),
    shell:
        "{params.exomics} associate {input.scores:q} --samples {input.cohort:q} -o {output:q} "
        "--cohort {wildcards.cohort:q} --horizon {params.horizon} {params.time_point:q}"


rule pool:
    input:
        expand("results/associations/{cohort}.tsv", cohort=COHORTS),
    output:
        "results/associations/pooled.tsv",
    params:
        exomics=EXOMICS,
    shell:
        "{params.exomics} pool {input:q} -o {output:q}"
