"""Findings go back to the unit: as sentences, as JSON, and (``feedback.returned``) as its own workbook.

The last is imported only where one is written, since it draws in the workbook writer.
"""

from report_builder.feedback.answering import FINDINGS_SHEET, Answer, answered, answers, together, unit_mark
from report_builder.feedback.words import as_json, from_json, not_run, sentences

__all__ = [
    "FINDINGS_SHEET",
    "Answer",
    "answered",
    "answers",
    "as_json",
    "from_json",
    "not_run",
    "sentences",
    "together",
    "unit_mark",
]
