"""Plan × units × what they answered → Ledger: who owes which task, how far it has come, and what that adds up to.

Its workbooks stand in `ledger.sheets`, which is imported only where they are drawn.
"""

from report_builder.ledger.assigning import Assignment, assign
from report_builder.ledger.calendar import Duty, calendar, duties
from report_builder.ledger.document import as_json
from report_builder.ledger.entries import (
    DONE,
    UNANSWERED,
    Entry,
    Ledger,
    Tally,
    open_ledger,
    tally,
    unchanged,
    within,
)
from report_builder.ledger.summed import summed

__all__ = [
    "DONE",
    "UNANSWERED",
    "Assignment",
    "Duty",
    "Entry",
    "Ledger",
    "Tally",
    "as_json",
    "assign",
    "calendar",
    "duties",
    "open_ledger",
    "summed",
    "tally",
    "unchanged",
    "within",
]
