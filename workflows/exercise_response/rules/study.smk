# A study: its data, what changes in it, and the signature of the change.


def source_words(entry):
    """Words of `exomics load` for a registered dataset, or for a user's own files."""
    if "dataset" in entry:
        return [entry["dataset"]]
    words = ["--loader", entry["loader"]]
    for role, path in entry["files"].items():
        words += ["--file", f"{role}={path}"]
    for key, value in entry.get("options", {}).items():
        words += ["--option", f"{key}={str(value).lower() if isinstance(value, bool) else value}"]
    return words


def source_files(entry):
    return list(entry.get("files", {}).values())


def differential_words(entry):
    """Words of `exomics differential`: a recipe, or a method with its design and contrasts."""
    if "recipe" in entry:
        return ["--recipe", entry["recipe"]]
    words = ["--method", entry["method"], "--design", entry["design"]]
    for contrast in entry["contrasts"]:
        words += ["--contrast", contrast]
    return words


def derive_words(entry):
    words = ["--rule", entry["rule"]]
    return words + (["--orthologs", entry["orthologs"]] if "orthologs" in entry else [])


def comparison_words(entry):
    return ["--published", entry["published"]]


rule load_study:
    input:
        lambda wildcards: source_files(STUDIES[wildcards.study]),
    output:
        "results/data/{study}.h5ad",
    params:
        exomics=EXOMICS,
        source=lambda wildcards: source_words(STUDIES[wildcards.study]),
    shell:
        "{params.exomics} load {params.source:q} -o {output:q}"


rule differential:
    input:
        "results/data/{study}.h5ad",
    output:
        "results/differential/{study}.tsv",
    params:
        exomics=EXOMICS,
        how=lambda wildcards: differential_words(STUDIES[wildcards.study]),
    shell:
        "{params.exomics} differential {input:q} -o {output:q} {params.how:q}"


rule compare_published:
    input:
        "results/differential/{study}.tsv",
    output:
        "results/agreement/{study}.tsv",
    params:
        exomics=EXOMICS,
        published=lambda wildcards: comparison_words(STUDIES[wildcards.study]),
    shell:
        "{params.exomics} compare {input:q} -o {output:q} {params.published:q}"


rule derive_signature:
    input:
        "results/differential/{study}.tsv",
    output:
        head="results/signatures/{study}.yaml",
        body="results/signatures/{study}.tsv",
    params:
        exomics=EXOMICS,
        how=lambda wildcards: derive_words(STUDIES[wildcards.study]),
    shell:
        "{params.exomics} derive {input:q} -o {output.head:q} {params.how:q}"
