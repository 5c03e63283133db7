"""A spreadsheet file becomes grids; what it is, its content tells, not its name.

.xlsx and .xlsm (macros are never run), .xls and .et, .ods, text with separators (UTF-8, GB18030, UTF-16), and the
web tables and XML spreadsheets that other systems export under the name .xls.
"""

from __future__ import annotations

from report_builder.errors import UnreadableError
from report_builder.readers import xlsx
from report_builder.readers.books import Sheets, hold_file

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"
_XML_SPREADSHEET = b"urn:schemas-microsoft-com:office:spreadsheet"
_BLANK = b"\xef\xbb\xbf \r\n\t"
_HEAD = 4096


def read(data: bytes) -> Sheets:
    """The sheets of a spreadsheet file, in order, hidden ones too.

    Raises:
        UnreadableError: empty, encrypted, not a spreadsheet, damaged, or beyond the limits of :mod:`books`.
    """
    if not data:
        raise UnreadableError("文件是空的（0 字节）", "请重新导出或从备份中找回后报送")
    hold_file(data)
    if data.startswith(_ZIP):
        return _package(data)
    if data.startswith(_OLE):
        from report_builder.readers import xls  # noqa: PLC0415 - each kind has a reader that most runs do not need

        return xls.read(data)
    if data.lstrip(_BLANK).startswith(b"<"):
        return _marked_up(data)
    from report_builder.readers import delimited  # noqa: PLC0415

    return delimited.read(data)


def returned_rows(data: bytes, name: str, wanted: tuple[str, str], sent: str) -> list[dict[str, str]]:
    """The rows of a list that was sent out and came back, each text by what heads its column.

    ``name`` is the list's sheet; its head is the first row with both ``wanted`` columns; ``sent`` is what a clerk
    calls the workbook.

    Raises:
        UnreadableError: it is no workbook, or has not the two columns.
    """
    grid = next((grid for grid in read(data).grids if grid.name == name), None)
    rows = [[_text(content) for content in row] for row in grid.rows] if grid is not None else []
    head = next((row for row in rows if {*wanted} <= {*row}), None)
    if head is None:
        both = "和".join(f"“{one}”" for one in wanted)
        raise UnreadableError(f"里面没有{both}两栏", f"请用{sent}填写，不要删去这两栏")
    places = {text: head.index(text) for text in head}
    below = rows[rows.index(head) + 1 :]
    return [{text: row[at] if at < len(row) else "" for text, at in places.items()} for row in below]


def _text(content: object) -> str:
    return "" if content is None else str(content).strip()


def _package(data: bytes) -> Sheets:
    if _OPEN_DOCUMENT not in data[:_HEAD]:
        return xlsx.read(data)
    from report_builder.readers import ods  # noqa: PLC0415

    return ods.read(data)


def _marked_up(data: bytes) -> Sheets:
    if _XML_SPREADSHEET in data[:_HEAD]:
        from report_builder.readers import xml2003  # noqa: PLC0415

        return xml2003.read(data)
    from report_builder.model import Grid  # noqa: PLC0415
    from report_builder.readers import html  # noqa: PLC0415

    grids = tuple(item for item in html.read(data).items if isinstance(item, Grid))
    if not grids:
        raise UnreadableError("内容是网页，里面没有表格", "请用 Excel 或 WPS 打开，另存为 .xlsx 后报送")
    return Sheets(grids)
