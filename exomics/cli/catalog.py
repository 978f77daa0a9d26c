"""List what is known here: datasets, signatures, methods, recipes (and derivation rules), workflows, fields of a study.

With names, everything that is known of each is printed; fields are also known by their group (fitt, host ...).

examples:
  exomics catalog fields fitt timing.minutes_post_bout strain
  exomics catalog signatures --class immune --tissue tumor --gmt immune.gmt
  exomics catalog datasets --json
"""

from __future__ import annotations

import argparse
import difflib
import json
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from exomics._resources import registry_folder
from exomics.cli._methods import all_methods
from exomics.cli._signatures import add_filters, chosen_signatures, export, require_signatures
from exomics.errors import RegistryError
from exomics.registry.derivation_rule import derivation_rule_names, load_derivation_rule
from exomics.registry.document import parse_yaml
from exomics.registry.manifest import all_manifests
from exomics.registry.recipe import load_recipe, recipe_names
from exomics.registry.responder_definition import load_responder_definition, responder_definition_names
from exomics.registry.signature import Signature
from exomics.registry.signature_files import all_signatures
from exomics.schema.sample_fields import SAMPLE_FIELDS
from exomics.schema.study_fields import FIELDS, StudyField

Rows = list[dict[str, Any]]


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("what", choices=tuple(_LISTS), help="what to list")
    parser.add_argument("names", nargs="*", metavar="NAME", help="explain these instead of listing all")
    parser.add_argument("--json", action="store_true", help="all fields, as JSON")
    add_filters(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print the list."""
    require_signatures(arguments)
    rows = _LISTS[arguments.what]()
    if arguments.what == "signatures":
        passed = {signature.id for signature in chosen_signatures(arguments)}
        rows = [row for row in rows if row["id"] in passed]
    if arguments.names:
        rows = _named(rows, arguments.names, arguments.what)
    export(arguments)
    if arguments.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    if arguments.names:
        print("\n\n".join("\n".join(f"{key}: {_shown(value)}" for key, value in row.items()) for row in rows))
        return
    shown = [{key: value for key, value in row.items() if key in _SHORT} for row in rows]
    widths = {key: max(len(str(row.get(key, ""))) for row in shown) for key in shown[0]}
    for row in shown:
        print("  ".join(f"{row[key]!s:<{widths[key]}}" for key in row).rstrip())


def _named(rows: Rows, names: Sequence[str], what: str) -> Rows:
    known = {str(row["id"]): [row] for row in rows}
    if what == "fields":  # also by their group, and without it
        for row in rows:
            for part in str(row["id"]).split("."):
                known.setdefault(part, []).append(row)
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=3)
            hint = f"did you mean {', '.join(close)}?" if close else f"`exomics catalog {what}` lists the known ones."
            raise RegistryError(f"none of the {what} is called {name!r}; {hint}")
    return [row for name in names for row in known[name]]


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        nested = ((key, _shown(item), isinstance(item, Mapping)) for key, item in value.items())
        return "; ".join(f"{key} ({text})" if is_group else f"{key}: {text}" for key, text, is_group in nested)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _fields() -> Rows:
    """Fields of study.yaml, then those that only the sample sheet has."""
    own = {field.id for field in FIELDS}
    of_samples = [field for field in SAMPLE_FIELDS.values() if field.id not in own]
    return [
        {
            "id": field.id,
            "kind": field.kind,
            "expects": _expected(field),
            "title": field.description,
            "unit": field.unit,
            "levels": list(field.levels),
            "required": field.required,
            "study_yaml": field.id in own,
            "column": field.column,
        }
        for field in (*FIELDS, *of_samples)
    ]


def _expected(field: StudyField) -> str:
    """The unit or the levels, in short; a star where a strict check needs the field."""
    shown = textwrap.shorten(field.unit or ", ".join(field.levels), 32, placeholder=" ...")
    return f"{shown} (*)" if field.required else shown


def _datasets() -> Rows:
    return [
        {
            "id": manifest.id,
            "loader": manifest.loader,
            "title": manifest.title,
            "version": manifest.version,
            "license": manifest.license,
            "access": manifest.access or "open",
            "verified": not manifest.unverified,
            "files": [{"role": file.role, "url": file.url, "bytes": file.bytes} for file in manifest.files],
        }
        for manifest in all_manifests()
    ]


def _signatures() -> Rows:
    return [
        {
            "id": signature.id,
            "score": signature.score,
            "title": signature.title,
            "version": signature.version,
            "class": signature.signature_class,
            "species": [signature.species, *signature.native_members],
            "layers": list(signature.layers),
            "timing_class": signature.timing_class,
            "n_members": len(signature.members),
            "members": _members(signature),
            "ex_acute": dict(signature.ex_acute),
            "ex_trained": dict(signature.ex_trained),
            "benefit": dict(signature.benefit),
            "part_signs": signature.part_signs,
            "evidence": signature.evidence,
            "sign_evidence": signature.sign_evidence,
            "source": signature.source["text"],
            "license": signature.license,
            "trap": signature.trap,
        }
        for signature in all_signatures()
    ]


def _members(signature: Signature) -> dict[str, list[str]]:
    """Names of the members by set of a family, or by arm."""
    found: dict[str, list[str]] = {}
    for member in signature.members:
        found.setdefault(member.group or member.arm, []).append(member.feature_id)
    return found


def _methods() -> Rows:
    return [
        {
            "kind": spec.kind,
            "id": spec.name,
            "title": spec.title,
            "reference": spec.reference,
            "input_scale": list(spec.input_scale),
            "cohort_dependent": spec.cohort_dependent,
            "comparable": spec.comparable,
            "units": spec.units,
            "parameters": {key: str(value) for key, value in spec.parameters.items()},
            "evidence": spec.evidence,
        }
        for spec in all_methods()
    ]


def _recipes() -> Rows:
    recipes = [load_recipe(name) for name in recipe_names()]
    rules = [load_derivation_rule(name) for name in derivation_rule_names()]
    listed: Rows = [
        {"kind": "recipe", "id": found.id, "title": found.title, "version": found.version, "reproduces": found.doi}
        for found in recipes
    ]
    listed += [{"kind": "rule", "id": found.id, "title": found.title, "version": found.version} for found in rules]
    definitions = [load_responder_definition(name) for name in responder_definition_names()]
    return listed + [
        {"kind": "responder definition", "id": found.id, "title": found.title, "version": found.version}
        for found in definitions
    ]


def _workflows() -> Rows:
    rows: Rows = []
    for path in sorted(registry_folder("workflows").glob("*/Snakefile")):
        configs = sorted((path.parent / "config").glob("*.yaml"))
        title = parse_yaml((path.parent / "config" / "config.yaml").read_bytes(), path.parent.name)["title"]
        rows.append({"id": path.parent.name, "title": title, "configs": [config.stem for config in configs]})
    return rows


_SHORT = ("id", "kind", "expects", "loader", "score", "evidence", "title")
_LISTS: Mapping[str, Callable[[], Rows]] = {
    "datasets": _datasets,
    "signatures": _signatures,
    "methods": _methods,
    "recipes": _recipes,
    "workflows": _workflows,
    "fields": _fields,
}
