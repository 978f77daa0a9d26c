# The package, its verification, and the report.

SIGNATURES = expand("results/signatures/{study}.yaml", study=STUDIES)
KINDS = ["panel", "derived"] if STUDIES else ["panel"]
TABLES = [
    *expand("results/differential/{study}.tsv", study=STUDIES),
    *expand("results/agreement/{study}.tsv", study=[name for name in STUDIES if "published" in STUDIES[name]]),
    *expand("results/scores/{cohort}.{kind}.tsv", cohort=COHORTS, kind=KINDS),
    *expand("results/associations/{cohort}.tsv", cohort=FOLLOWED),
    *(["results/associations/pooled.tsv"] if len(FOLLOWED) > 1 else []),
    *(["results/recovery.tsv"] if "truth" in config else []),
]
# Estimates of the random sets are for the picture in the report; the package records how to make them.
CONTROLS = expand("results/associations/{cohort}.controls.tsv", cohort=FOLLOWED) if STUDIES else []


def source_folders():
    named = config.get("sources", [])
    return [named] if isinstance(named, str) else named


if "truth" in config:

    rule load_truth:
        output:
            "results/truth.tsv",
        log:
            "results/logs/load_truth.txt",
        params:
            exomics=EXOMICS,
            dataset=lambda wildcards: config["truth"]["dataset"],
        shell:
            "{params.exomics:q} load {params.dataset:q} -o {output:q} > {log:q}"

    rule compare_truth:
        input:
            table=f"results/differential/{config['truth']['study']}.tsv",
            truth="results/truth.tsv",
        output:
            "results/recovery.tsv",
        log:
            "results/logs/compare_truth.txt",
        params:
            exomics=EXOMICS,
            contrast=lambda wildcards: config["truth"]["contrast"],
        shell:
            "{params.exomics:q} compare {input.table:q} -o {output:q} --truth {input.truth:q} "
            "--contrast {params.contrast:q} > {log:q}"


rule publish:
    input:
        SIGNATURES,
        TABLES,
        config.get("study", []),
    output:
        directory("results/package"),
    log:
        "results/logs/publish.txt",
    params:
        exomics=EXOMICS,
        title=lambda wildcards: config["title"],
        study=lambda wildcards: ["--study", config["study"]] if "study" in config else [],
        files=[*SIGNATURES, *TABLES],
    shell:
        "{params.exomics:q} publish {params.files:q} -o {output:q} --title {params.title:q} {params.study:q} > {log:q}"


rule verify:
    input:
        "results/package",
    output:
        "results/verified.txt",
    params:
        exomics=EXOMICS,
        sources=lambda wildcards: [word for folder in source_folders() for word in ("--sources", folder)],
    shell:
        "{params.exomics:q} verify {input:q} {params.sources:q} > {output:q}"


rule report:
    input:
        signatures=SIGNATURES,
        tables=TABLES,
        controls=CONTROLS,
        # A package needs a signature, so it is made where a study gave one.
        verified="results/verified.txt" if STUDIES else [],
    output:
        page="results/report.html",
        summary="results/SUMMARY.txt",
    log:
        "results/logs/report.txt",
    params:
        exomics=EXOMICS,
        title=lambda wildcards: config["title"],
        verified=["--verified", "results/verified.txt"] if STUDIES else [],
    shell:
        "{params.exomics:q} report {input.signatures:q} {input.tables:q} {input.controls:q} -o {output.page:q} "
        "--title {params.title:q} --summary {output.summary:q} {params.verified:q} > {log:q}"
