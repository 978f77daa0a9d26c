# The package, its verification, and the report.

TRUTH = ["results/truth.tsv", "results/recovery.tsv"] if "truth" in config else []
TABLES = [
    *expand("results/differential/{study}.tsv", study=STUDIES),
    *expand("results/agreement/{study}.tsv", study=[s for s in STUDIES if "published" in STUDIES[s]]),
    *expand("results/signatures/{study}.yaml", study=STUDIES),
    *expand("results/scores/{cohort}.{kind}.tsv", cohort=COHORTS, kind=["panel", "derived"]),
    *expand("results/associations/{cohort}.tsv", cohort=COHORTS),
    "results/associations/pooled.tsv",
    *TRUTH[1:],
]


rule load_truth:
    output:
        "results/truth.tsv",
    params:
        exomics=EXOMICS,
        truth=config.get("truth", ""),
    shell:
        "{params.exomics} load {params.truth:q} -o {output:q}"


rule compare_truth:
    input:
        truth="results/truth.tsv",
        tables=expand("results/differential/{study}.tsv", study=STUDIES),
    output:
        "results/recovery.tsv",
    params:
        exomics=EXOMICS,
    shell:
        "{params.exomics} compare {input.tables:q} -o {output:q} --truth {input.truth:q}"


rule publish:
    input:
        TABLES,
    output:
        directory("results/package"),
    params:
        exomics=EXOMICS,
        title=config["title"],
    shell:
        "{params.exomics} publish {input:q} -o {output:q} --title {params.title:q}"


rule verify:
    input:
        "results/package",
    output:
        "results/verified.txt",
    params:
        exomics=EXOMICS,
        sources=["--sources", config["sources"]] if "sources" in config else [],
    shell:
        "{params.exomics} verify {input:q} {params.sources:q} > {output:q}"


rule report:
    input:
        tables=TABLES,
        truth=TRUTH[:1],
        verified="results/verified.txt",
    output:
        page="results/report.html",
        summary="results/SUMMARY.txt",
    params:
        exomics=EXOMICS,
        title=config["title"],
    shell:
        "{params.exomics} report {input.tables:q} -o {output.page:q} --title {params.title:q} "
        "--summary {output.summary:q} --package results/package"
