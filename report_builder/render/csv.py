"""tables.csv: every statutory cell in a row of its own, for spreadsheets and pivot tables."""

from __future__ import annotations

import csv
import io

from report_builder.figures import printed
from report_builder.model import Return
from report_builder.spec import Format

HEADER = (
    "unit",
    "report_year",
    "table",
    "row",
    "column",
    "row_label",
    "column_label",
    "value",
    "typed",
    "source",
)
_RISKY = ("=", "+", "-", "@", "\t", "\r")


def write(ret: Return, fmt: Format) -> bytes:
    """The cells of ``ret`` in printed order, those of a former row last; UTF-8 with a mark, so that Excel opens it right."""
    lines = io.StringIO()
    rows = csv.writer(lines, lineterminator="\r\n")
    rows.writerow(HEADER)
    former = {key: slot for key, slot in fmt.known_slots.items() if key in ret.cells}
    for key, slot in (fmt.slots | former).items():
        held = ret.cells.get(key)
        place = (
            ret.unit,
            str(ret.report_year),
            slot.table,
            slot.row.key,
            slot.column.key,
            slot.row.label,
            slot.column.label,
        )
        number = printed(held.number) if held else ""
        typed, source = (held.text, held.source) if held else ("", "")
        rows.writerow((*map(_safe, place), number, _safe(typed), _safe(source)))
    return lines.getvalue().encode("utf-8-sig")


def _safe(text: str) -> str:
    """Text that a spreadsheet would run as a formula is marked as text; a lone dash and numbers stay."""
    bare = text.lstrip("+-").replace(".", "", 1)
    return text if not text.startswith(_RISKY) or text == "-" or bare.isdigit() else f"'{text}"
