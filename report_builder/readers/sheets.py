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
