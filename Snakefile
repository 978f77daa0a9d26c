# `snakemake` here runs the workflow that config["workflow"] names; `exomics run WORKFLOW` does it with sane defaults.


include: f"workflows/{config.get('workflow', 'exercise_response')}/Snakefile"


# An included rule is never Snakemake's default target, so the default is named here.
rule default:
    default_target: True
    input:
        rules.all.input,
