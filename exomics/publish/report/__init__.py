"""One self-contained page from the tables of a run."""

from exomics.publish.report.content import Cohort, ReportContent, Study
from exomics.publish.report.findings import findings
from exomics.publish.report.page import build_report
from exomics.publish.report.summary import summary_text

__all__ = ["Cohort", "ReportContent", "Study", "build_report", "findings", "summary_text"]
