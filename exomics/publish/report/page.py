"""The page: one self-contained HTML file."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from exomics._files import write_text
from exomics.publish.report.association_sections import association_section, random_set_section, recovery_section
from exomics.publish.report.claims import guarded
from exomics.publish.report.content import ReportContent
from exomics.publish.report.findings import facts
from exomics.publish.report.frame_sections import answer_section, data_section, method_section
from exomics.publish.report.response_sections import benefit_section, classifier_section, response_section
from exomics.publish.report.score_sections import score_section
from exomics.publish.report.selection_sections import selection_section
from exomics.publish.report.study_sections import agreement_section, differential_section, signature_section

_MAKERS = (
    answer_section,
    data_section,
    differential_section,
    agreement_section,
    signature_section,
    score_section,
    association_section,
    random_set_section,
    response_section,
    classifier_section,
    selection_section,
    benefit_section,
    recovery_section,
    method_section,
)


def build_report(content: ReportContent, path: Path | str) -> Path:
    """Write one self-contained page: no network, no script but a small sorter, figures inside.

    Parameters
    ----------
    content
        The parts; a section appears only if its tables are there.
    path
        Where the page goes.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    InputError
        If the title or the question claims more than the design supports, or a named contrast is not in its table.

    Notes
    -----
    Every value is escaped by the template, and the page carries a content security policy that allows its own script
    by hash and nothing else: a value from a data file can neither become markup nor run. The same content gives
    the same bytes.
    """
    return write_text(Path(path), render(content))


def render(content: ReportContent) -> str:
    """The page as text.

    Examples
    --------
    >>> page = render(ReportContent(title="An <empty> run"))
    >>> "An &lt;empty&gt; run" in page, "<empty>" in page
    (True, False)
    """
    for text in (content.title, content.question):
        guarded(text, supported=content.supported_claims)
    environment = Environment(
        loader=PackageLoader("exomics.publish.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    sections = [section for maker in _MAKERS if (section := maker(content)) is not None]
    script = _asset(environment, "sort.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("page.html.j2").render(
        title=content.title,
        facts=facts(content),
        sections=sections,
        style=Markup(_asset(environment, "style.css")),
        script=Markup(script),
        script_hash=digest,
    )


def _asset(environment: Environment, name: str) -> str:
    """A file of the package, as it is: our own style and script, never a value from a data file."""
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]
