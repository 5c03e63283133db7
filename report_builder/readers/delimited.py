"""Text with separators becomes one grid: .csv and .tsv in UTF-8, GB18030 or UTF-16."""

from __future__ import annotations

import csv
import io

from report_builder.errors import UnreadableError
from report_builder.model import Grid
from report_builder.readers.books import MAX_COLUMNS, MAX_ROWS, Sheets, hold_area

GRID = "文本表格"
_SEPARATORS = (",", "\t", ";")
_SAMPLE = 20
_LONGEST_CELL = 32_767
_BINARY = frozenset(range(32)) - {9, 10, 11, 12, 13}


def read(data: bytes) -> Sheets:
    """The text's rows as one grid, addressed as a spreadsheet program would show them.

    Raises:
        UnreadableError: no text, no rows parted by separators, or beyond the limits of :mod:`books`.
    """
    text = _decoded(data)
    lines = [line for line in text.splitlines() if line.strip()]
    separator = max(_SEPARATORS, key=lambda sign: sum(sign in line for line in lines[:_SAMPLE]))
    if len(lines) < 2 or not any(separator in line for line in lines[:_SAMPLE]):  # noqa: PLR2004 - a head and a row
        raise _no_spreadsheet()
    rows: list[list[object]] = []
    limit = csv.field_size_limit(_LONGEST_CELL)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            rows.append([cell or None for cell in row])
            if len(rows) > MAX_ROWS or len(row) > MAX_COLUMNS:
                hold_area(GRID, len(rows), len(row))
    except csv.Error as fault:
        raise UnreadableError(
            f"第 {len(rows) + 1} 行起不是合格的 CSV（可能有没配对的引号，或一格内容过长）",
            "请用 Excel 或 WPS 打开检查，另存为 .xlsx 后报送",
        ) from fault
    finally:
        csv.field_size_limit(limit)
    hold_area(GRID, len(rows), max(map(len, rows)))
    return Sheets((Grid(GRID, rows, lettered=True),))


def _no_spreadsheet() -> UnreadableError:
    return UnreadableError(
        "内容不是电子表格，可能是别的文件改了扩展名", "请用 Excel 或 WPS 另存为 .xlsx 后报送"
    )


def _decoded(data: bytes) -> str:
    """The text: as its mark says, else UTF-8, else the Chinese encoding; what holds control signs is none."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    elif _BINARY.isdisjoint(data):
        encodings = ("utf-8-sig", "gb18030")
    else:
        encodings = ()
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _no_spreadsheet()
