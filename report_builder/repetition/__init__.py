"""雷同通报: which units repeat a report, and what became of those told before; for the lead office.

Whether a unit is asked to mend or to explain is not judged here: that is the rules', and the caller hands it in. The
document keeps the rates of the first time a unit was asked, so that every later run can say what has been mended
since; a run on the same inputs writes the same again.
"""

from report_builder.repetition.circular import (
    Case,
    Circular,
    Copied,
    Followed,
    Group,
    Outcome,
    Pair,
    Quoted,
    Rates,
    Report,
    Run,
    case_of,
    circular,
    mark,
)
from report_builder.repetition.document import as_json, case_from, followed
from report_builder.repetition.sheets import replies, workbook

__all__ = [
    "Case",
    "Circular",
    "Copied",
    "Followed",
    "Group",
    "Outcome",
    "Pair",
    "Quoted",
    "Rates",
    "Report",
    "Run",
    "as_json",
    "case_from",
    "case_of",
    "circular",
    "followed",
    "mark",
    "replies",
    "workbook",
]
