# A cohort: its data, its scores, what classifiers make of them, and markers by arm where arms were randomized.


def benefit_words(entry):
    """Words of `exomics benefit`."""
    words = ["--endpoint", entry["endpoint"], "--arm", entry["arm"], "--control", entry["control"]]
    for option, key in (("--keep", "keep"), ("--covariate", "covariates")):
        for value in entry.get(key, []):
            words += [option, value]
    return words


def plan_files(wildcards):
    """The plan, where it is a file of the user and not a document of the registry."""
    return [name for name in [COHORTS[wildcards.cohort]["plan"]] if name.endswith((".yaml", ".yml"))]


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


rule score:
    input:
        "results/data/cohorts/{cohort}.h5ad",
    output:
        "results/scores/{cohort}.tsv",
    log:
        "results/logs/score.{cohort}.txt",
    params:
        exomics=EXOMICS,
        panel=lambda wildcards: config["panel"],
    shell:
        "{params.exomics:q} score {input:q} -o {output:q} --signatures {params.panel:q} > {log:q}"


rule stratify:
    input:
        scores="results/scores/{cohort}.tsv",
        cohort="results/data/cohorts/{cohort}.h5ad",
        plan=plan_files,
    output:
        performance="results/stratified/{cohort}/performance.tsv",
        predictions="results/stratified/{cohort}/predictions.tsv",
    log:
        "results/logs/stratify.{cohort}.txt",
    params:
        exomics=EXOMICS,
        folder=lambda wildcards: f"results/stratified/{wildcards.cohort}",
        plan=lambda wildcards: COHORTS[wildcards.cohort]["plan"],
    shell:
        "{params.exomics:q} stratify --features {input.scores:q} --outcome {input.cohort:q} --config {params.plan:q} "
        "--cohort {wildcards.cohort:q} -o {params.folder:q} > {log:q}"


rule benefit:
    input:
        scores="results/scores/{cohort}.tsv",
        cohort="results/data/cohorts/{cohort}.h5ad",
    output:
        "results/benefit/{cohort}.tsv",
    log:
        "results/logs/benefit.{cohort}.txt",
    params:
        exomics=EXOMICS,
        how=lambda wildcards: benefit_words(COHORTS[wildcards.cohort]["benefit"]),
    shell:
        "{params.exomics:q} benefit {input.scores:q} --samples {input.cohort:q} {params.how:q} -o {output:q} > {log:q}"
