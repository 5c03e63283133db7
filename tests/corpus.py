"""One balanced return of a fictional unit as every kind of spreadsheet that units really send."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from xml.sax.saxutils import escape

import openpyxl
import xlsxwriter

from report_builder.spec import Format, Row, Table

Rows = list[list[object]]
Sheets = dict[str, Rows]
UNIT = "示例甲局"


def balanced(fmt: Format, seed: int = 3) -> dict[str, object]:
    """Figures of which no two rows are alike and every identity holds."""
    cells: dict[str, object] = {}
    for at, (key, slot) in enumerate(fmt.table("proactive").slots.items()):
        fewer = 2 if slot.column.key == "newly_published" else 0
        cells[key] = Decimal("98.4361") if slot.kind == "amount" else at + 2 - fewer
    table = fmt.table("requests")
    for column, one in enumerate(table.bands[0].columns):
        if one.total_of:
            continue
        items = {
            row.key: (seed * (place + 2) + 5 * column) % 11 + 1
            for place, row in enumerate(table.bands[0].rows)
            if _is_item(row)
        }
        total = sum(items.values())
        items |= {
            "results_total": total,
            "carried_in": column + 1,
            "carried_out": column + 4,
            "received": total + 3,
        }
        cells |= {f"requests.{row}.{one.key}": value for row, value in items.items()}
    for row in fmt.table("disputes").bands[0].rows:
        for place, one in enumerate(fmt.table("disputes").bands[0].columns):
            cells[f"disputes.{row.key}.{one.key}"] = seed + place + len(row.key) % 5
    for key, slot in fmt.slots.items():
        if slot.column.total_of:
            cells[key] = sum(int(str(cells[part])) for part in slot.total_of)
    return {key: cells[key] for key in fmt.slots}


def _is_item(row: Row) -> bool:
    return bool(row.group) and not row.total_of


# --- how a table is laid out ------------------------------------------------------------------------------------


def printed(table: Table, cells: Mapping[str, object]) -> Rows:
    """The table as the notice prints it, merged cells filled at their upper left."""
    rows: Rows = [[None] * table.column_count for _ in range(table.row_count)]
    for placed in table.layout:
        rows[placed.row][placed.column] = cells.get(placed.key) if placed.key else placed.text or None
    return rows


def turned(rows: Rows) -> Rows:
    """Rows as columns."""
    return [list(column) for column in zip(*rows, strict=True)]


def flat(table: Table, cells: Mapping[str, object], label: Callable[[Row], Sequence[object]]) -> Rows:
    """A table of one band with one header row, every row led by what ``label`` gives for it."""
    columns = table.bands[0].columns
    rows: Rows = []
    for row in table.bands[0].rows:
        values = [cells.get(f"{table.key}.{row.key}.{column.key}") for column in columns]
        rows.append([*label(row), *values])
    depth = len(rows[0]) - len(columns)
    return [["项目", *[None] * (depth - 1), *(column.label for column in columns)], *rows]


def split_ordinal(row: Row) -> tuple[str, str, str]:
    """The group, the ordinal and the words in cells of their own."""
    ordinal, mark, words = row.label.partition("." if "." in row.label else "、")
    if not mark and row.label.startswith("（"):
        ordinal, mark, words = row.label.partition("）")
    return ("".join(row.group[-1:]), ordinal + mark, words)


def forms(fmt: Format, cells: Mapping[str, object]) -> Sheets:
    """The three tables, a sheet each, under names that say nothing."""
    return {f"Sheet{at}": printed(table, cells) for at, table in enumerate(fmt.tables, 1)}


def on_one_sheet(fmt: Format, cells: Mapping[str, object], *above: list[object]) -> Rows:
    """The three tables one under another, as they are pasted from the Word form."""
    rows: Rows = [*map(list, above)]
    for table in fmt.tables:
        rows += [[], [fmt.section(table.section).title], *printed(table, cells)]
    return rows


def replaced(rows: Rows, changes: Mapping[str, object]) -> Rows:
    """The rows with some texts exchanged for others."""
    for old in changes:
        assert any(old in row for row in rows), old
    return [[changes.get(one, one) if isinstance(one, str) else one for one in row] for row in rows]


# --- how it is written into a file ------------------------------------------------------------------------------


def as_xlsx(sheets: Sheets) -> bytes:
    """A workbook by openpyxl."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for at, row in enumerate(rows, 1):
            for column, content in enumerate(row, 1):
                sheet.cell(at, column, content)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_merged_xlsx(fmt: Format, cells: Mapping[str, object]) -> bytes:
    """The printed tables with every merge of the notice, by XlsxWriter."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    for table in fmt.tables:
        sheet = book.add_worksheet(f"第{table.section}部分")
        for at in table.layout:
            content = cells.get(at.key) if at.key else at.text
            content = float(content) if isinstance(content, Decimal) else content
            if at.row_span * at.column_span > 1:
                sheet.merge_range(
                    at.row, at.column, at.row + at.row_span - 1, at.column + at.column_span - 1, content
                )
            else:
                sheet.write(at.row, at.column, content)
    book.close()
    return out.getvalue()


def hidden(
    data: bytes, sheet: str, rows: Iterable[int] = (), columns: Iterable[str] = (), *, whole: bool = False
) -> bytes:
    """The workbook with rows or columns (or all) of one sheet hidden."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    for row in rows:
        book[sheet].row_dimensions[row].hidden = True
    for column in columns:
        book[sheet].column_dimensions[column].hidden = True
    if whole:
        book[sheet].sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_macro(data: bytes) -> bytes:
    """The workbook with a part that holds macros, as an .xlsm has."""
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as package:
        package.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 Sub Auto_Open() : Shell")
    return out.getvalue()


def as_text(rows: Rows, separator: str = ",") -> str:
    """The rows parted by separators; what holds one, a quote or a line break is quoted."""
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(
        [["" if one is None else str(one) for one in row] for row in rows]
    )
    return out.getvalue()


def as_ods(sheets: Sheets, rows_behind: int = 1_048_000, hidden_row: int | None = None) -> bytes:
    """A workbook as LibreOffice writes it: runs of equal cells said once, the empty rest of the sheet declared."""
    spaces = "urn:oasis:names:tc:opendocument:xmlns:"
    names = " ".join(f'xmlns:{one}="{spaces}{one}:1.0"' for one in ("office", "table", "text", "style"))
    tables = "".join(_ods_table(name, rows, rows_behind, hidden_row) for name, rows in sheets.items())
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {names}><office:body><office:spreadsheet>'
        f"{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    return ods_package(content.encode())


def ods_package(content: bytes, manifest: bytes = b"<manifest/>") -> bytes:
    """The parts of an .ods around its content."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        package.writestr("META-INF/manifest.xml", manifest)
        package.writestr("content.xml", content)
    return out.getvalue()


def _ods_table(name: str, rows: Rows, behind: int, hidden_row: int | None) -> str:
    lines = []
    for at, row in enumerate(rows):
        seen = ' table:visibility="collapse"' if at == hidden_row else ""
        lines.append(
            f'<table:table-row{seen}>{"".join(map(_ods_cell, row))}<table:table-cell table:number-columns-repeated="16300"/></table:table-row>'
        )
    rest = f'<table:table-row table:number-rows-repeated="{behind}"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    return f'<table:table table:name="{escape(name)}">{"".join(lines)}{rest}</table:table>'


def _ods_cell(content: object) -> str:
    if content is None:
        return "<table:table-cell/>"
    if isinstance(content, str):
        lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in content.split("\n"))
        return f'<table:table-cell office:value-type="string">{lines}</table:table-cell>'
    return f'<table:table-cell office:value-type="float" office:value="{content}"><text:p>{content}</text:p></table:table-cell>'


def as_page(sheets: Sheets) -> bytes:
    """A web page with tables, as other systems export it under the name .xls."""
    tables = "".join(
        "<table border=1>"
        + "".join(f"<tr>{''.join(f'<td>{_page_text(one)}</td>' for one in row)}</tr>" for row in rows)
        + "</table>"
        for rows in sheets.values()
    )
    return f'<html><head><meta charset="gb2312"></head><body>{tables}</body></html>'.encode("gb18030")


def _page_text(content: object) -> str:
    return "" if content is None else escape(str(content))


def as_xml_spreadsheet(sheets: Sheets) -> bytes:
    """An XML spreadsheet of 2003 that leaves empty cells out."""
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    parts = [f'<?xml version="1.0"?><Workbook xmlns="{space}" xmlns:ss="{space}">']
    for name, rows in sheets.items():
        parts.append(f'<Worksheet ss:Name="{escape(name)}"><Table>')
        for at, row in enumerate(rows, 1):
            cells = "".join(
                f'<Cell ss:Index="{column}"><Data ss:Type="{"String" if isinstance(one, str) else "Number"}">{escape(str(one))}</Data></Cell>'
                for column, one in enumerate(row, 1)
                if one is not None
            )
            parts.append(f'<Row ss:Index="{at}">{cells}</Row>')
        parts.append("</Table></Worksheet>")
    return ("".join(parts) + "</Workbook>").encode()
