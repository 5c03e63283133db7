"""Readers of spreadsheets: whatever stands in the bytes, there comes a workbook or one clear sentence."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import corpus
import pytest
from conftest import DATA
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from report_builder.errors import UnreadableError
from report_builder.model import Grid
from report_builder.readers import packages, sheets, xls, xlsx
from report_builder.readers.books import Hidden

XLS = (DATA / "kinds" / "hidden.xls").read_bytes()
PLAIN = corpus.as_xlsx({"甲": [["a", "b"], [1, 2]]})


def ods_rows(inner: str, table: str = "") -> bytes:
    """An .ods of one sheet with these rows as XML."""
    spaces = "urn:oasis:names:tc:opendocument:xmlns:"
    names = " ".join(f'xmlns:{one}="{spaces}{one}:1.0"' for one in ("office", "table", "text", "style"))
    content = (
        f"<office:document-content {names}><office:body><office:spreadsheet>"
        f'<table:table table:name="甲"{table}>{inner}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    return corpus.ods_package(content.encode())


def ods_cell(repeated: int = 1, rows: int = 1) -> bytes:
    cell = f'<table:table-cell table:number-columns-repeated="{repeated}" office:value-type="float" office:value="1"/>'
    return ods_rows(f'<table:table-row table:number-rows-repeated="{rows}">{cell}</table:table-row>')


def edited_xlsx(change: Callable[[bytes], bytes], part: str = "xl/worksheets/sheet1.xml") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(PLAIN)) as source, zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            data = source.read(info)
            target.writestr(info.filename, change(data) if info.filename == part else data)
    return out.getvalue()


def stray(cell: bytes) -> bytes:
    """A workbook with one more row."""
    return edited_xlsx(lambda xml: xml.replace(b"</sheetData>", b"<row>" + cell + b"</row></sheetData>"))


def far_xls() -> bytes:
    """The old format with a cell moved to its last row and column."""
    data = bytearray(XLS)
    at = data.index(struct.pack("<HH", 0x0203, 14))
    while struct.unpack_from("<HH", data, at) != (0x0203, 14):
        at += 1
    struct.pack_into("<HH", data, at + 4, 65535, 255)
    return bytes(data)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "0 字节"),
    "nuls": (lambda: b"\0" * 4096, "不是电子表格"),
    "picture": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "不是电子表格"),
    "a_letter": ("年度报告数据见附件。\n另行报送。\n".encode, "不是电子表格"),
    "one_line": ("单位,年度".encode, "不是电子表格"),
    "too_large": (lambda: b"a,b\n" * (9 * 2**20), "超过 32 MB"),
    "csv_many_columns": (lambda: b"," * 5000 + b"\n1,2\n", "超过读取上限"),
    "csv_many_rows": (lambda: b"1,2\n" * 30_000, "超过读取上限"),
    "csv_open_quote": (lambda: b'a,b\n1,"' + b"x" * 40_000 + b"\n", "不是合格的 CSV"),
    "csv_bad_encoding": (lambda: b"a,b\n\xff\xff\xff,1\n", "不是电子表格"),
    "utf16_cut": (lambda: "甲,乙\n1,2\n".encode("utf-16")[:-1], "不是电子表格"),
    "ods_rows_repeated": (lambda: ods_cell(rows=1_048_576), "超过读取上限"),
    "ods_columns_repeated": (lambda: ods_cell(repeated=16_384), "超过读取上限"),
    "ods_both_repeated": (lambda: ods_cell(900, 19_000), "超过读取上限"),
    "ods_absurd_number": (lambda: ods_cell(rows=999_999_999), "超过读取上限"),
    "ods_encrypted": (
        lambda: corpus.ods_package(b"x", b"<manifest><encryption-data/></manifest>"),
        "密码",
    ),
    "ods_entities": (
        lambda: corpus.ods_package(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
        "实体声明",
    ),
    "ods_bomb": (lambda: corpus.ods_package(b" " * (200 * 2**20)), "展开后超过"),
    "ods_deep": (lambda: corpus.ods_package(b"<a>" * 100_000), "已损坏"),
    "ods_without_content": (
        lambda: corpus.ods_package(b"")[:-30],
        "已损坏",
    ),
    "web_page_without_table": (lambda: b"<html><body>" + "正文".encode() + b"</body></html>", "没有表格"),
    "xml_entities": (
        lambda: (
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
        ),
        "实体声明",
    ),
    "xml_far_cell": (
        lambda: (
            b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
            b'<Worksheet ss:Name="a"><Table><Row ss:Index="1048576"><Cell ss:Index="16384"><Data>1</Data></Cell></Row></Table></Worksheet></Workbook>'
        ),
        "超过读取上限",
    ),
    "xml_cut": (
        lambda: b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet>',
        "已损坏",
    ),
    "xls_far_cell": (far_xls, "超过读取上限"),
    "xls_cut": (lambda: XLS[:3000], "损坏"),
    "xls_only_the_mark": (lambda: XLS[:8], "损坏"),
    "xls_other_document": (
        lambda: XLS.replace("Workbook".encode("utf-16-le"), "WordDocu".encode("utf-16-le")),
        "不是电子表格",
    ),
    "xlsx_far_cell": (lambda: stray(b'<c r="XFD1048576"><v>1</v></c>'), "超过读取上限"),
    "xlsx_far_cell_single_quotes": (lambda: stray(b"<c r='XFD1048576'><v>1</v></c>"), "超过读取上限"),
    "xlsx_far_cell_spaces": (lambda: stray(b'<c r =\n"XFD1048576"><v>1</v></c>'), "超过读取上限"),
    "xlsx_far_cell_prefixed": (lambda: stray(b'<x:c r="XFD1048576"><v>1</v></x:c>'), "超过读取上限"),
    "xlsx_far_cell_after_style": (lambda: stray(b'<c s="1" r="XFD1048576"><v>1</v></c>'), "超过读取上限"),
    "xlsx_utf16": (
        lambda: edited_xlsx(
            lambda xml: (
                xml.replace(b"</sheetData>", b'<row><c r="XFD1048576"><v>1</v></c></row></sheetData>')
                .decode()
                .replace("UTF-8", "UTF-16")
                .encode("utf-16")
            )
        ),
        "超过读取上限",
    ),
    "xlsx_part_larger_than_it_says": (lambda: understated(PLAIN), "已损坏"),
    "xlsx_part_with_another_checksum": (lambda: misstated(PLAIN), "已损坏"),
    "xlsx_two_parts_of_one_name": (lambda: doubled(PLAIN), "已损坏"),
    "xlsx_sheet_elsewhere": (
        lambda: moved(b'<c r="XFD1048576"><v>1</v></c>'),
        "超过读取上限",
    ),
}


def understated(data: bytes) -> bytes:
    """The package with the size of its sheet written too small, in both places."""
    at = data.rindex(b"xl/worksheets/sheet1.xml") - 46
    assert data[at : at + 4] == b"PK\x01\x02"
    (size,) = struct.unpack_from("<I", data, at + 24)
    return data[: at + 24] + struct.pack("<I", size - 200) + data[at + 28 :]


def doubled(data: bytes) -> bytes:
    """The package with a second sheet part under the first one's name."""
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as package, pytest.warns(UserWarning, match="Duplicate"):
        package.writestr("xl/worksheets/sheet1.xml", b"<worksheet/>")
    return out.getvalue()


def moved(cell: bytes) -> bytes:
    """A workbook whose sheet lies where no program puts one."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(stray(cell))) as source, zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            data = source.read(info)
            if info.filename == "xl/_rels/workbook.xml.rels":
                data = data.replace(b"/xl/worksheets/sheet1.xml", b"/elsewhere/a.xml").replace(
                    b"worksheets/sheet1.xml", b"/elsewhere/a.xml"
                )
            target.writestr(
                "elsewhere/a.xml" if info.filename == "xl/worksheets/sheet1.xml" else info.filename, data
            )
    return out.getvalue()


def misstated(data: bytes) -> bytes:
    """The package with another checksum for its sheet, in both places."""
    listed = data.rindex(b"xl/worksheets/sheet1.xml") - 46
    local = data.index(b"xl/worksheets/sheet1.xml") - 30
    changed = bytearray(data)
    changed[listed + 16] ^= 1
    changed[local + 14] ^= 1
    return bytes(changed)


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_in_one_sentence(case: str) -> None:
    make, words = REFUSED[case]
    data = make()
    with pytest.raises(UnreadableError) as refused:
        sheets.read(data)
    assert words in refused.value.reason
    assert refused.value.fix


@effort(max_examples=150)
@given(data=st.data())
def test_damaged_files_are_read_or_refused_never_worse(data: st.DataObject) -> None:
    base = data.draw(
        st.sampled_from(
            [XLS, PLAIN, ods_cell(3, 2), corpus.as_page({"a": [["x", 1], ["y", 2]]}), b"a,b\n1,2\n"]
        )
    )
    damaged = bytearray(base)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    try:
        book = sheets.read(bytes(damaged[: max(cut, len(damaged) // 2)]))
    except UnreadableError as refused:
        assert refused.reason  # noqa: PT017 - either outcome is right, a traceback is not
        return
    assert all(isinstance(grid, Grid) for grid in book.grids)


@effort(max_examples=60)
@given(noise=st.binary(max_size=400))
def test_any_bytes_behind_a_known_head_are_read_or_refused(noise: bytes) -> None:
    for head in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"<html>", b"\xff\xfe", b"a,b\n"):
        try:
            sheets.read(head + noise)
        except UnreadableError as refused:
            assert refused.reason  # noqa: PT017 - either outcome is right, a traceback is not


def test_an_open_documents_cells_are_what_was_typed() -> None:
    rows = (
        '<table:table-row><table:table-cell office:value-type="float" office:value="72701.2578"/>'
        '<table:covered-table-cell/><table:table-cell table:number-columns-repeated="2" office:value-type="string">'
        "<text:p>甲<text:s/>乙</text:p><text:p>丙</text:p></table:table-cell></table:table-row>"
        '<table:table-row><table:table-cell table:formula="of:=1+1"/>'
        '<table:table-cell table:formula="of:=IF(1;&quot;&quot;)" office:value-type="string"/></table:table-row>'
    )
    book = sheets.read(ods_rows(rows))
    assert [str(one) if one is not None else None for one in book.grids[0].rows[0]] == [
        "72701.2578",
        None,
        "甲 乙\n丙",
        "甲 乙\n丙",
    ]
    assert book.unstored == {"甲": {"A2": "=1+1"}}


def test_the_old_formats_hidden_parts_are_told() -> None:
    book = xls.read(XLS)
    assert book.hidden == {"Sheet2": Hidden(rows=frozenset({5, 6})), "Sheet3": Hidden(sheet=True)}
    assert [grid.name for grid in book.grids] == ["Sheet1", "Sheet2", "Sheet3"]


def test_a_cell_with_a_line_break_and_a_separator_is_one_cell() -> None:
    (grid,) = sheets.read('甲,"乙,\n丙"\n1,2\n'.encode("gb18030")).grids
    assert grid.rows == [["甲", "乙,\n丙"], ["1", "2"]]
    assert grid.address(1, 1) == "B2"


# A package that two readers may read differently -------------------------------------------------------------


def under_another_name(xml: bytes) -> bytes:
    """A package with a further part that says of itself, in the words some readers follow, that it is the sheet."""
    name, own = b"xl/worksheets/sheet1.xml", "elsewhere.xml"
    out = io.BytesIO(PLAIN)
    with zipfile.ZipFile(out, "a") as package:
        info = zipfile.ZipInfo(own)
        said = struct.pack("<BL", 1, zlib.crc32(own.encode())) + name
        info.extra = struct.pack("<HH", 0x7075, len(said)) + said
        package.writestr(info, xml)
    return out.getvalue()


def test_only_what_was_looked_over_is_read() -> None:
    far = b'<row><c r="C9"><v>1</v></c></row></sheetData>'
    with zipfile.ZipFile(io.BytesIO(PLAIN)) as package:
        xml = package.read("xl/worksheets/sheet1.xml").replace(b"</sheetData>", far)
    assert sheets.read(under_another_name(xml)) == sheets.read(PLAIN)


def test_a_package_put_together_anew_holds_the_same_parts() -> None:
    with zipfile.ZipFile(io.BytesIO(PLAIN)) as package:
        infos = {info.filename: info for info in package.infolist()}
        held = {name: package.read(name) for name in infos}
    some = {name: part for name, part in held.items() if name.endswith("sheet1.xml")}
    again = packages.repacked(PLAIN, infos, some)
    with zipfile.ZipFile(io.BytesIO(again)) as package:
        assert package.testzip() is None
        assert {name: package.read(name) for name in package.namelist()} == held
        stored = {info.filename for info in package.infolist() if info.compress_type == zipfile.ZIP_STORED}
    assert some.keys() <= stored


def test_large_sheets_are_read_alike_though_not_kept_unfolded(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = sheets.read(PLAIN)
    monkeypatch.setattr(xlsx, "_MOST_UNFOLDED", 0)
    assert sheets.read(PLAIN) == expected
