"""A spreadsheet file becomes grids, after its raw parts have been looked over.

calamine reads at the floor of what is possible, but one stray cell in the last column of a sheet makes it ask
for hundreds of gigabytes and end the process, and it shows a formula without a stored value as a blank. So the
sheets' XML is scanned first, within absolute limits.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import python_calamine

from report_builder.errors import UnreadableError
from report_builder.model import Grid

MAX_FILE = 32 * 2**20
MAX_INFLATED = 128 * 2**20
MAX_ROWS = 20_000
MAX_COLUMNS = 1_000
MAX_CELLS = 2_000_000
MAX_SHEETS = 300

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s([^>]*)>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s([^>]*)>")
_NAME = re.compile(r'\bname="([^"]*)"')
_RELATION_ID = re.compile(r'\b\w+:id="([^"]*)"')
_ID = re.compile(r'\bId="([^"]*)"')
_TARGET = re.compile(r'\bTarget="([^"]*)"')
_ROW = re.compile(rb"<(?:\w+:)?row\s[^>]*?\br=\"(\d+)\"")
_CELL = re.compile(rb"<(?:\w+:)?c\s[^>]*?\br=\"([A-Z]+)(\d+)\"")
_FAR = re.compile(rb'\br="(?:[A-Z]{3}|[A-Z]{0,2}\d{4})')
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\s([^>]*)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>([^<]*)</(?:\w+:)?f>)\s*(<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</|<(?:\w+:)?v)?"
)
_PLACE = re.compile(rb'\br="([A-Z]+\d+)"')


@dataclass(frozen=True, slots=True)
class Sheets:
    """A spreadsheet taken apart; ``unstored`` holds, by sheet and address, the formulas without a stored value."""

    grids: tuple[Grid, ...]
    unstored: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def formula(self, grid: Grid, row: int, column: int) -> str | None:
        """The formula at this place if the file holds no result for it."""
        formulas = self.unstored.get(grid.name)
        return formulas.get(grid.address(row, column)) if formulas else None


def read(data: bytes) -> Sheets:
    """The sheets of an .xlsx, .xlsm or .xls file, in order, hidden ones too.

    Raises:
        UnreadableError: empty, encrypted, not a spreadsheet, damaged, or beyond the limits above.
    """
    unstored: dict[str, dict[str, str]] = {}
    if data.startswith(_ZIP):
        unstored = _scanned(data)
    else:
        _refuse_what_is_no_spreadsheet(data)
    return Sheets(tuple(_grids(data)), unstored)


def _refuse_what_is_no_spreadsheet(data: bytes) -> None:
    if not data:
        raise UnreadableError("文件是空的（0 字节）", "请重新导出或从备份中找回后报送")
    if not data.startswith(_OLE):
        raise UnreadableError(
            "内容不是电子表格，可能是别的文件改了扩展名", "请用 Excel 或 WPS 另存为 .xlsx 后报送"
        )
    if _ENCRYPTED in data:
        raise UnreadableError("文件设有打开密码", "请去掉密码后另存再报送")


def _scanned(data: bytes) -> dict[str, dict[str, str]]:
    if len(data) > MAX_FILE:
        raise UnreadableError(
            f"文件有 {len(data) // 2**20} MB，超过 {MAX_FILE // 2**20} MB", "请删去图片和无关工作表后另存"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return {name: _unstored(name, xml) for name, xml in _sheets(package)}
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        KeyError,
        NotImplementedError,
        RuntimeError,
        OSError,
    ) as fault:
        raise UnreadableError(
            "文件已损坏，或不是电子表格", "请用 Excel 或 WPS 打开检查，另存为 .xlsx 后报送"
        ) from fault


def _sheets(package: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Each sheet's name and XML; every part that calamine will inflate is inflated here first, within the limit."""
    if any(info.flag_bits & 1 for info in package.infolist()):
        raise UnreadableError("文件设有密码", "请去掉密码后另存再报送")
    if sum(info.file_size for info in package.infolist() if _is_read(info.filename)) > MAX_INFLATED:
        raise UnreadableError(f"文件展开后超过 {MAX_INFLATED // 2**20} MB", "请删去无关工作表和空行后另存")
    parts = {info.filename: package.read(info) for info in package.infolist() if _is_read(info.filename)}
    relations = dict(_relations(parts.get("xl/_rels/workbook.xml.rels", b"")))
    listed = _SHEET.findall(parts["xl/workbook.xml"])
    if len(listed) > MAX_SHEETS:
        raise UnreadableError(f"有 {len(listed)} 个工作表，超过 {MAX_SHEETS} 个", "请只留下报送用的工作表")
    for attributes in listed:
        said = attributes.decode("utf-8", "replace")
        name, relation = _NAME.search(said), _RELATION_ID.search(said)
        path = relations.get(relation.group(1), "") if relation else ""
        if name and path in parts:
            yield _unescaped(name.group(1)), parts[path]


def _is_read(name: str) -> bool:
    return (
        name.startswith("xl/")
        and name.endswith((".xml", ".rels"))
        and not name.startswith(("xl/media", "xl/theme"))
    )


def _relations(xml: bytes) -> Iterator[tuple[str, str]]:
    for attributes in _RELATION.findall(xml):
        said = attributes.decode("utf-8", "replace")
        key, target = _ID.search(said), _TARGET.search(said)
        if key and target:
            path = target.group(1)
            yield key.group(1), path.lstrip("/") if path.startswith("/") else f"xl/{path}"


def _unescaped(text: str) -> str:
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(entity, sign)
    return text


def _unstored(name: str, xml: bytes) -> dict[str, str]:
    _hold_bounds(name, xml)
    if b"f>" not in xml and b"<f" not in xml:
        return {}
    found = {}
    for attributes, formula, value in _formulas(xml):
        place = _PLACE.search(attributes)
        empty_text = b't="str"' in attributes and bool(value)
        if place and not empty_text and not value.endswith(b"v"):
            found[place.group(1).decode()] = "=" + _unescaped(formula.decode("utf-8", "replace"))
    return found


def _formulas(xml: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """The cells with a formula: attributes, formula, what stands for its value. Only those are looked at closely."""
    if b":c " in xml:  # a writer that prefixes its names
        yield from _FORMULA.findall(xml)
        return
    for piece in xml.split(b"<c "):
        if b"<f" in piece:
            yield from _FORMULA.findall(b"<c " + piece)


def _hold_bounds(name: str, xml: bytes) -> None:
    """Refuses a sheet whose used area calamine would have to lay out whole; the far corner is named."""
    if _FAR.search(xml) is None:
        return
    cells = _CELL.findall(xml)
    last_row = max(map(int, {*_ROW.findall(xml), *(row for _, row in cells)}), default=0)
    last_column = max((_column_number(letters) for letters in {letters for letters, _ in cells}), default=0)
    used = max((int(row) for _, row in cells), default=0)
    if last_row > MAX_ROWS or last_column > MAX_COLUMNS or used * last_column > MAX_CELLS:
        raise UnreadableError(
            f"工作表“{name}”用到了第 {last_row} 行、第 {last_column} 列，超过读取上限（{MAX_ROWS} 行、{MAX_COLUMNS} 列）",
            "请删去表格以外的空行空列（整行整列删除）后另存",
            name,
        )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _grids(data: bytes) -> Iterator[Grid]:
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        for sheet in workbook.sheets_metadata:
            if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet:
                rows = workbook.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
                yield Grid(sheet.name, rows, lettered=True)
    except Exception as fault:
        raise UnreadableError(
            "文件已损坏，或不是电子表格", "请用 Excel 或 WPS 打开检查，另存为 .xlsx 后报送"
        ) from fault
