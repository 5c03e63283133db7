"""Finds the statutory tables in any grid by their labels, never by fixed addresses.

The one table recogniser: the return workbook, a table pasted from the Word form, and a Word, HTML or PDF
report are all grids to it. Labels are compared without white space, punctuation and width; a table's header
may be moved, its rows and columns exchanged, rows may stand above or between. Only where that leaves something
unfound does `search` look closer: at tables turned on their side, and at labels with small typing faults.
"""

from report_builder.recognise.exact import Found, Line, Taken, Unclear, find_tables
from report_builder.recognise.labels import bare
from report_builder.recognise.remarks import amount_remarks, label_remarks
from report_builder.recognise.search import part, search, search_apart, tables_in
from report_builder.recognise.sections import Headings, headings_of, split_sections, text_block

__all__ = [
    "Found",
    "Headings",
    "Line",
    "Taken",
    "Unclear",
    "amount_remarks",
    "bare",
    "find_tables",
    "headings_of",
    "label_remarks",
    "part",
    "search",
    "search_apart",
    "split_sections",
    "tables_in",
    "text_block",
]
