"""An XML spreadsheet of 2003 becomes grids: what other systems export under the name .xls."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from report_builder.errors import UnreadableError
from report_builder.model import Grid
from report_builder.readers.books import Hidden, Sheets, damaged, hold_area, hold_sheets

_SPACE = "{urn:schemas-microsoft-com:office:spreadsheet}"
_ROW, _CELL, _DATA, _COLUMN = (_SPACE + name for name in ("Row", "Cell", "Data", "Column"))
_INDEX, _HIDDEN = _SPACE + "Index", _SPACE + "Hidden"


def read(data: bytes) -> Sheets:
    """The worksheets with the values that their formulas were stored with.

    Raises:
        UnreadableError: damaged, or beyond the limits of :mod:`books`.
    """
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise UnreadableError("文件里有不该有的实体声明", "请用 Excel 或 WPS 打开，另存为 .xlsx 后报送")
    try:
        root = etree.fromstring(data.lstrip(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as fault:
        raise damaged() from fault
    sheets = list(root.iter(_SPACE + "Worksheet"))
    hold_sheets(len(sheets))
    grids = [Grid(sheet.get(_SPACE + "Name", ""), _rows(sheet), lettered=True) for sheet in sheets]
    hidden = {grid.name: _hidden(sheet) for grid, sheet in zip(grids, sheets, strict=True)}
    return Sheets(tuple(grids), hidden={name: one for name, one in hidden.items() if one != Hidden()})


def _rows(sheet: etree._Element) -> list[list[object]]:
    name = sheet.get(_SPACE + "Name", "")
    rows: list[list[object]] = []
    for at, row in _placed(sheet.iter(_ROW)):
        hold_area(name, at + 1, 1)
        rows += [[] for _ in range(at + 1 - len(rows))]
        for column, cell in _placed(row.iterchildren(_CELL)):
            data = cell.find(_DATA)
            hold_area(name, at + 1, column + 1)
            if data is not None:
                rows[at] += [None] * (column + 1 - len(rows[at]))
                rows[at][column] = "".join(data.itertext()) or None
    hold_area(name, len(rows), max(map(len, rows), default=0))
    return rows


def _placed(elements: Iterator[etree._Element]) -> Iterator[tuple[int, etree._Element]]:
    """Rows or cells with their places (0-based): one behind the other, save where they state a number."""
    at = -1
    for element in elements:
        said = element.get(_INDEX, "")
        at = int(said) - 1 if said.isdecimal() and 0 < len(said) < 10 and int(said) else at + 1  # noqa: PLR2004 - beyond any sheet
        yield at, element
        across = element.get(_SPACE + "MergeAcross", "") if element.tag == _CELL else ""
        at += int(across) if across.isdecimal() and len(across) < 10 else 0  # noqa: PLR2004 - as above


def _hidden(sheet: etree._Element) -> Hidden:
    visible = sheet.find(".//{urn:schemas-microsoft-com:office:excel}Visible")
    rows = frozenset(at for at, row in _placed(sheet.iter(_ROW)) if row.get(_HIDDEN) == "1")
    columns = frozenset(at for at, column in _placed(sheet.iter(_COLUMN)) if column.get(_HIDDEN) == "1")
    return Hidden(visible is not None, rows, columns)
