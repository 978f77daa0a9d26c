"""Write a ready config, sample sheet, analysis, derivation rule and study.yaml from your own matrix and sheet.

The matrix is a tsv, csv or h5ad (--layer names X, raw or a layer); its scale must be declared: counts:count,
linear:tpm, log2:cpm:1 and so on. It is read and checked now, so that what is wrong is said now. A tumor matrix
without a design becomes a cohort to score; anything else becomes a study: say what to compare with --design and
--contrast.

examples:
  exomics init mystudy --matrix counts.tsv --sheet samples.tsv --scale counts:count --species human --specimen muscle \\
      --design '~ 0 + group' --contrast 'training=trained - control'
  exomics init mycohort --matrix tpm.tsv --sheet patients.tsv --scale linear:tpm --species human --specimen tumor \\
      --survival os=months,died,month --response recist=R:responder,NR:non_responder
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
from exomics.cli import _own_study as own
from exomics.cli._step import input_path
from exomics.datasets import load_files
from exomics.differential import Design, build_design, evaluate_contrasts, parse_contrast
from exomics.errors import InputError
from exomics.schema import keys, layer_of, scale_of
from exomics.schema.study import template_text
from exomics.schema.vocabulary import ASSAYS, SPECIES, SPECIMENS

_OUTCOMES = (keys.OVERALL_SURVIVAL_TIME, keys.PROGRESSION_FREE_TIME, keys.RESPONSE)


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("directory", type=Path, help="folder to write into")
    parser.add_argument("--matrix", type=input_path, required=True, help="tsv, csv (.gz allowed) or h5ad")
    parser.add_argument("--sheet", type=input_path, help="one row per sample; an h5ad may do without")
    parser.add_argument("--scale", help="kind:quantity[:offset], such as counts:count (an h5ad may declare it)")
    parser.add_argument("--species", choices=SPECIES, required=True, help="of all samples")
    parser.add_argument(
        "--specimen", choices=SPECIMENS, required=True, metavar="WORD", help=f"of all samples: {', '.join(SPECIMENS)}"
    )
    parser.add_argument(
        "--assay", choices=ASSAYS, default="rna", metavar="WORD", help=f"what was measured: {', '.join(ASSAYS)}"
    )
    parser.add_argument("--layer", default="X", help="of an h5ad: X, raw, or the name of a layer")
    parser.add_argument("--subject", metavar="COL", help="column of the sheet that names the subject")
    parser.add_argument("--time-point", metavar="COL", help="column of the sheet that names the time point")
    parser.add_argument(
        "--survival", action="append", default=[], type=_survival, metavar="ENDPOINT=TIME,EVENT,UNIT",
        help="os or pfs, two columns of the sheet, and day, week, month or year (repeatable)",
    )  # fmt: skip
    parser.add_argument(
        "--response", type=_response, metavar="COL=WORD:MEANING,...",
        help="column of the sheet; each of its words means responder or non_responder",
    )  # fmt: skip
    parser.add_argument("--design", metavar="FORMULA", help="such as '~ 0 + group'")
    parser.add_argument("--contrast", action="append", default=[], metavar="NAME=EXPR", help="repeatable")
    parser.add_argument(
        "--cohort",
        action="append",
        default=[],
        metavar="DATASET[:TIME]",
        help="tumor cohort to score in, and the time point to use, such as icb_kim (repeatable)",
    )
    parser.add_argument("--force", action="store_true", help="replace files that are there")


def run(arguments: argparse.Namespace) -> None:
    """Read the matrix, check the design, write the files, and say what to do next."""
    folder: Path = arguments.directory
    data = _read(arguments)
    is_study = bool(arguments.design or arguments.contrast) or arguments.specimen != "tumor"
    design = _checked_design(data, arguments) if is_study else None
    study = own.OwnStudy(
        name=_name_of(folder),
        species=arguments.species,
        assay=arguments.assay,
        layer=layer_of(data),
        scale=scale_of(data),
        contrasts=tuple(arguments.contrast),
    )
    files = _documents(study, data, arguments) | ({} if design is None else _analysis(study, design, arguments))
    present = [file for file in files if (folder / file).exists()]
    if present and not arguments.force:
        raise InputError(f"{folder} has {', '.join(present)} already; give --force to replace them.")
    for file, text in files.items():
        write_text(folder / file, text)
    print(f"{data.n_obs} samples x {data.n_vars} features ({study.layer}, {study.scale.kind})")
    left_out = [name for name in own.PANEL if name not in own.panel(study)]
    if left_out:
        print(f"left out of the panel, as the values are no TPM: {', '.join(left_out)}")
    print(f"wrote {', '.join(files)} into {folder}; fill in {own.STUDY}, then:")
    print(f"  exomics run exercise_response -d {folder} --configfile config.yaml")


def _read(arguments: argparse.Namespace) -> AnnData:
    columns = {keys.SUBJECT_ID: arguments.subject, keys.TIME_POINT: arguments.time_point}
    values: dict[str, Any] = {}
    if arguments.response:
        columns[keys.RESPONSE], values[keys.RESPONSE] = arguments.response
    options: dict[str, Any] = {
        "scale": arguments.scale,
        "assay": arguments.assay,
        "layer": arguments.layer,
        "study": _name_of(arguments.directory),
        "columns": {column: source for column, source in columns.items() if source},
        "values": values,
        "constants": {keys.SPECIES: arguments.species, keys.SPECIMEN: arguments.specimen},
        "endpoints": dict(arguments.survival),
    }
    files = {"matrix": arguments.matrix, **({"samples": arguments.sheet} if arguments.sheet else {})}
    data = load_files("expression_table", files, options=options)
    if data.obs[keys.SUBJECT_ID].isna().all():  # each sample is its own subject
        data.obs[keys.SUBJECT_ID] = list(data.obs_names)
    return data


def _checked_design(data: AnnData, arguments: argparse.Namespace) -> Design:
    if not (arguments.design and arguments.contrast):
        columns = ", ".join(data.obs.columns[:12])
        raise InputError(
            f"say what to compare: --design such as '~ 0 + group' and --contrast such as 'training=trained - control'; "
            f"the sheet has the columns {columns}."
        )
    if scale_of(data).kind not in own.TESTS:
        raise InputError("a study needs counts or log2 values; linear values have no test here: give counts or log2.")
    design = build_design(data.obs, arguments.design)
    evaluate_contrasts([parse_contrast(text) for text in arguments.contrast], design)
    return design


def _documents(study: own.OwnStudy, data: AnnData, arguments: argparse.Namespace) -> dict[str, str]:
    matrix = _relative(arguments.matrix, arguments.directory)
    source = own.source(study, matrix, arguments.layer)
    if not study.contrasts and not any(name in data.obs and data.obs[name].notna().any() for name in _OUTCOMES):
        source["outcomes"] = False
    sources = list(dict.fromkeys([".", Path(matrix).parent.as_posix()]))
    config = own.config(study, source, cohorts=arguments.cohort, sources=sources)
    return {
        own.SAMPLES: data.obs.rename_axis(keys.SAMPLE_ID).to_csv(sep="\t", lineterminator="\n"),
        own.STUDY: template_text(_told(data), species=study.species, title=study.name),
        "config.yaml": _yaml(config),
    }


def _told(data: AnnData) -> list[str]:
    """Columns of the sheet that say something."""
    return [str(name) for name in data.obs.columns if data.obs[name].notna().any()]


def _analysis(study: own.OwnStudy, design: Design, arguments: argparse.Namespace) -> dict[str, str]:
    return {own.RECIPE: _yaml(own.recipe(study, arguments.design, design)), own.RULE: _yaml(own.rule(study))}


def _survival(text: str) -> tuple[str, dict[str, str]]:
    endpoint, _, rest = text.partition("=")
    parts = rest.split(",")
    if len(parts) != 3 or not all(parts):
        raise argparse.ArgumentTypeError(
            f"expected ENDPOINT=TIME,EVENT,UNIT such as os=months,died,month; got {text!r}"
        )
    return endpoint, dict(zip(("time", "event", "unit"), parts, strict=True))


def _response(text: str) -> tuple[str, dict[str, str]]:
    column, _, rest = text.partition("=")
    words = dict(pair.rpartition(":")[::2] for pair in rest.split(",") if pair)
    if not column or not words or not set(words.values()) <= {"responder", "non_responder"}:
        raise argparse.ArgumentTypeError(f"expected COLUMN=WORD:responder,WORD:non_responder; got {text!r}")
    return column, words


def _name_of(directory: Path) -> str:
    name = re.sub(r"[^a-z0-9_]+", "_", directory.resolve().name.lower()).strip("_")
    return name if name[:1].isalpha() else f"study_{name}".rstrip("_")


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def _yaml(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
