# Where data come from: a registered dataset, or a user's own files.


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
