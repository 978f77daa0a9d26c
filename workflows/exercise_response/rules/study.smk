# A study: its data, what changes in it, and the signature of the change.


def document_files(*names):
    """Those of the named documents that are files of the user, not documents of the registry."""
    return [name for name in names if name.endswith((".yaml", ".yml"))]


def differential_words(entry):
    """Words of `exomics differential`: a recipe, or a method with its design and contrasts."""
    if "recipe" in entry:
        return ["--recipe", entry["recipe"]]
    words = ["--method", entry["method"], "--design", entry["design"]]
    for contrast in entry["contrasts"]:
        words += ["--contrast", contrast]
    return words


rule load_study:
    input:
        lambda wildcards: source_files(STUDIES[wildcards.study]),
    output:
        "results/data/{study}.h5ad",
    log:
        "results/logs/load_study.{study}.txt",
    params:
        exomics=EXOMICS,
        source=lambda wildcards: source_words(STUDIES[wildcards.study]),
    shell:
        "{params.exomics:q} load {params.source:q} -o {output:q} > {log:q}"


rule differential:
    input:
        data="results/data/{study}.h5ad",
        recipe=lambda wildcards: document_files(STUDIES[wildcards.study].get("recipe", "")),
    output:
        "results/differential/{study}.tsv",
    log:
        "results/logs/differential.{study}.txt",
    params:
        exomics=EXOMICS,
        how=lambda wildcards: differential_words(STUDIES[wildcards.study]),
    shell:
        "{params.exomics:q} differential {input.data:q} -o {output:q} {params.how:q} > {log:q}"


rule compare_published:
    input:
        "results/differential/{study}.tsv",
    output:
        "results/agreement/{study}.tsv",
    log:
        "results/logs/compare_published.{study}.txt",
    params:
        exomics=EXOMICS,
        published=lambda wildcards: STUDIES[wildcards.study]["published"],
    shell:
        "{params.exomics:q} compare {input:q} -o {output:q} --published {params.published:q} > {log:q}"


# The body of the signature goes beside its head; a signature without members has none.
rule derive_signature:
    input:
        table="results/differential/{study}.tsv",
        rule=lambda wildcards: document_files(STUDIES[wildcards.study]["rule"]),
    output:
        "results/signatures/{study}.yaml",
    log:
        "results/logs/derive_signature.{study}.txt",
    params:
        exomics=EXOMICS,
        rule=lambda wildcards: STUDIES[wildcards.study]["rule"],
    shell:
        "{params.exomics:q} derive {input.table:q} -o {output:q} --rule {params.rule:q} > {log:q}"
