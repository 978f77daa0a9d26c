"""Write a ready config, sample sheet, derivation rule and study.yaml from your own matrix and sheet.

The matrix is a tsv, csv or h5ad (--layer names X, raw or a layer); its scale must be declared: counts:count,
linear:tpm, log2:cpm:1 and so on. It is read and checked now, so that what is wrong is said now. A tumor matrix
without a design becomes a cohort to score; anything else becomes a study: say what to compare with --design and
--contrast.

example:
  exomics init mystudy --matrix counts.tsv --sheet samples.tsv --scale counts:count --species human --specimen muscle \\
      --design '~ 0 + group' --contrast 'training=trained - control'
"""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import Any

import yaml
from anndata import AnnData

from exomics._files import write_text
from exomics.cli._step import input_path
from exomics.datasets import load_files
from exomics.differential import build_design, evaluate_contrasts, parse_contrast
from exomics.errors import InputError
from exomics.schema import keys, layer_of, scale_of
from exomics.schema.study import template_text
from exomics.schema.vocabulary import ASSAYS, SPECIES, SPECIMENS

_METHODS = {"counts": "limma_voom", "log2": "limma_trend"}


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("directory", type=Path, help="folder to write into")
    parser.add_argument("--matrix", type=input_path, required=True, help="tsv, csv (.gz allowed) or h5ad")
    parser.add_argument("--sheet", type=input_path, help="one row per sample; an h5ad may do without")
    parser.add_argument("--scale", help="kind:quantity[:offset], such as counts:count (an h5ad may declare it)")
    parser.add_argument("--species", choices=SPECIES, required=True, help="of all samples")
    parser.add_argument("--specimen", choices=SPECIMENS, required=True, help="of all samples")
    parser.add_argument("--assay", choices=ASSAYS, default="rna", help="what was measured (default rna)")
    parser.add_argument("--layer", default="X", help="of an h5ad: X (default), raw, or the name of a layer")
    parser.add_argument("--subject", metavar="COLUMN", help="column of the sheet that names the subject")
    parser.add_argument("--time-point", metavar="COLUMN", help="column of the sheet that names the time point")
    parser.add_argument("--design", metavar="FORMULA", help="such as '~ 0 + group'")
    parser.add_argument("--contrast", action="append", default=[], metavar="NAME=EXPR", help="repeatable")
    parser.add_argument("--cohort", action="append", default=[], metavar="DATASET", help="tumor cohort to score in")
    parser.add_argument("--force", action="store_true", help="replace files that are there")


def run(arguments: argparse.Namespace) -> None:
    """Read the matrix, check the design, write the files, and say what to do next."""
    data = _read(arguments)
    is_study = bool(arguments.design or arguments.contrast) or arguments.specimen != "tumor"
    if is_study:
        _check_design(data, arguments)
    name = _name_of(arguments.directory)
    files = {
        "samples.tsv": data.obs.rename_axis(keys.SAMPLE_ID).to_csv(sep="\t", lineterminator="\n"),
        "study.yaml": template_text(species=arguments.species, title=name),
        "config.yaml": _yaml(_config(name, data, arguments, is_study=is_study)),
    }
    if is_study:
        files["rule.yaml"] = _yaml(_rule(name, data, arguments))
    present = [file for file in files if (arguments.directory / file).exists()]
    if present and not arguments.force:
        raise InputError(f"{arguments.directory} has {', '.join(present)} already; give --force to replace them.")
    for file, text in files.items():
        write_text(arguments.directory / file, text)
    print(f"{data.n_obs} samples x {data.n_vars} features ({layer_of(data)}, {scale_of(data).kind})")
    print(f"wrote {', '.join(files)} into {arguments.directory}; fill in study.yaml, then:")
    print(f"  exomics run exercise_response -d {arguments.directory} --configfile config.yaml")


def _read(arguments: argparse.Namespace) -> AnnData:
    columns = {keys.SUBJECT_ID: arguments.subject or keys.SAMPLE_ID, keys.TIME_POINT: arguments.time_point}
    options: dict[str, Any] = {
        "scale": arguments.scale,
        "assay": arguments.assay,
        "layer": arguments.layer,
        "study": _name_of(arguments.directory),
        "columns": {column: source for column, source in columns.items() if source},
        "constants": {keys.SPECIES: arguments.species, keys.SPECIMEN: arguments.specimen},
    }
    files = {"matrix": arguments.matrix, **({"samples": arguments.sheet} if arguments.sheet else {})}
    return load_files("expression_table", files, options=options)


def _check_design(data: AnnData, arguments: argparse.Namespace) -> None:
    if not (arguments.design and arguments.contrast):
        columns = ", ".join(data.obs.columns[:12])
        raise InputError(
            f"say what to compare: --design such as '~ 0 + group' and --contrast such as 'training=trained - control'; "
            f"the sheet has the columns {columns}."
        )
    if scale_of(data).kind not in _METHODS:
        raise InputError("a study needs counts or log2 values; linear values have no test here: give counts or log2.")
    evaluate_contrasts([parse_contrast(text) for text in arguments.contrast], build_design(data.obs, arguments.design))


def _config(name: str, data: AnnData, arguments: argparse.Namespace, *, is_study: bool) -> dict[str, Any]:
    scale = scale_of(data)
    source: dict[str, Any] = {
        "loader": "expression_table",
        "files": {"matrix": _relative(arguments.matrix, arguments.directory), "samples": "samples.tsv"},
        "options": {
            "scale": f"{scale.kind}:{scale.quantity}:{scale.offset:g}",
            "assay": arguments.assay,
            "layer": arguments.layer,
            "sample_id": keys.SAMPLE_ID,
        },
    }
    config: dict[str, Any] = {"title": f"{name}: what changes, and what it goes with", "studies": {}, "cohorts": {}}
    if is_study:
        how = {"method": _METHODS[scale.kind], "design": arguments.design, "contrasts": arguments.contrast}
        config["studies"][name] = {**source, **how, "rule": "rule.yaml"}
    else:
        config["cohorts"][name] = source
    config["cohorts"] |= {cohort: {"dataset": cohort} for cohort in arguments.cohort}
    config["panel"] = ["imm.cyt", "imm.ifng6", "ecm.col1", "tum.oxphos", "gene:CXCL9"]
    return config | {"allow_layer": True, "controls": 1000, "seed": 1, "sources": ".", "study": "study.yaml"}


def _rule(name: str, data: AnnData, arguments: argparse.Namespace) -> dict[str, Any]:
    layer = layer_of(data)
    rule: dict[str, Any] = {
        "id": name,
        "version": "1.0.0",
        "title": f"Changed in {name}, same sign in every contrast",
        "contrasts": [parse_contrast(text).name for text in arguments.contrast],
        "combine": "all_same_sign",
        "adj_p_value": {"below": 0.05},
        "species": arguments.species,
        "members_from": keys.FEATURE_NAME,
        "signature": {
            "id": f"own.{name}",
            "title": f"Response in {name}",
            "class": "training",
            "score": "rank_updown",
            "feature_namespace": "HGNC",
            "layers": [layer],
            "ex_acute": {layer: "unknown"},
            "ex_trained": {layer: "up"},
            "benefit": {layer: "unknown"},
            "timing_class": "any",
            "source": {"text": f"derived from the study {name}"},
            "license": "as the study",
        },
    }
    if arguments.species != "human":
        rule["mapping"] = {
            "to": "human",
            "orthologs": "ref_orthologs_babelgene",
            "min_support": 3,
            "relations": ["1:1"],
        }
    return rule


def _name_of(directory: Path) -> str:
    name = re.sub(r"[^a-z0-9_]+", "_", directory.resolve().name.lower()).strip("_")
    return name if name[:1].isalpha() else f"study_{name}".rstrip("_")


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def _yaml(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
