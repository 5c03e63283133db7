"""The Word file: what goes in comes back, in the cells and merges of the official form, and Word can open it."""

from __future__ import annotations

import datetime as dt
import importlib
import io
import json
import struct
import zipfile
import zlib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from openxml_audit import OpenXmlValidator

from report_builder.errors import OutputError, UnreadableError
from report_builder.model import (
    Chart,
    Document,
    Draft,
    Grid,
    Heading,
    Notice,
    Paragraph,
    PlainTable,
    StatutoryTable,
)
from report_builder.readers import docx as reader
from report_builder.recognise import find_tables
from report_builder.render import docx as renderer
from report_builder.render import look, template, word
from report_builder.render.titles import title_lines
from report_builder.spec import Format, Table, load_spec

DATA = Path(__file__).parent / "data"
FORMATS = load_spec().formats
OFFICIAL = [fmt for fmt in FORMATS if (DATA / f"official_merges_{fmt.id}.json").exists()]
UNIT = "示例省甲山市东示县住房和城乡建设局"
TITLE = f"{UNIT}2031年政府信息公开工作年度报告"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
RARE = "甲&乙<丙>“丁”—…㊣𠮷\u2011\u00a0末"

by_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.id)


def png(width: int = 600, height: int = 300) -> bytes:
    """A small grey PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = zlib.compress((b"\x00" + b"\xcc" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


PICTURES = {"decisions": png()}
CHART = Chart("decisions", "bars", "办理结果", "件", ("甲", "乙"), (("件", (1, 2)),), '甲1件，乙"2"件 <&>')
TASKS = PlainTable(
    "任务完成情况",
    ("任务", "方式", "进展"),
    (("3.1 公开目录", "牵头", "已更新目录。\n存在问题：更新偏慢。"), ("3.2", "配合", "")),
    (30, 15, 55),
)


def draft(fmt: Format, *blocks: object, title: str = TITLE) -> Draft:
    """A draft with the title first and then ``blocks``."""
    return Draft(UNIT, 2031, fmt.id, title, (Heading(0, title), *blocks), dt.date(2032, 1, 20))  # type: ignore[arg-type]


def full(fmt: Format) -> Draft:
    """A draft with every kind of block."""
    tables = (StatutoryTable(table.key, dict.fromkeys(table.slots, "7")) for table in fmt.tables)
    texts = (Heading(level, f"第{level}级标题") for level in range(1, 5))
    return draft(fmt, Notice("送审稿：总计待核对"), *texts, Paragraph(RARE), *tables, CHART, TASKS, TASKS)


def parts(data: bytes) -> dict[str, bytes]:
    """The parts of a package by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def body_of(data: bytes) -> etree._Element:
    """The body of a Word file."""
    return etree.fromstring(parts(data)["word/document.xml"]).find(f"{W}body")


def grids(document: Document) -> list[Grid]:
    """The tables of a document."""
    return [item for item in document.items if isinstance(item, Grid)]


def texts(document: Document) -> list[str]:
    """The paragraphs of a document."""
    return [item for item in document.items if isinstance(item, str)]


# What is written


typed = st.one_of(
    st.integers(-99, 9_999_999).map(str),
    st.decimals(0, 10**7, places=4).map(str),
    st.sampled_from(["", "/", "—", "2笔", "１２", "<&>", "𠮷"]),
)
line = (
    st.text(st.sampled_from("示例政府公开2031.，。“”—…（）<>&'\"㊣𠮷 "), min_size=1)
    .map(str.strip)
    .filter(bool)
)


@by_format
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_cell_and_paragraph_comes_back(fmt: Format, data: st.DataObject) -> None:
    odd = data.draw(st.dictionaries(st.integers(0, 99), typed, max_size=20))
    printed = {
        table.key: {key: odd.get(number, str(number)) for number, key in enumerate(table.slots)}
        for table in fmt.tables
    }
    said = data.draw(st.lists(line, min_size=1, max_size=4))
    blocks = [*map(Paragraph, said), *(StatutoryTable(key, figures) for key, figures in printed.items())]
    document = reader.read(renderer.write(draft(fmt, *blocks), fmt, {}))
    assert document.title == TITLE
    assert texts(document) == said
    for table, grid in zip(fmt.tables, grids(document), strict=True):
        assert_printed(table, printed[table.key], grid)


def assert_printed(table: Table, printed: dict[str, str], grid: Grid) -> None:
    """The grid holds each printed cell at its place, and nothing else anywhere."""
    expected: list[list[object]] = [[None] * table.column_count for _ in range(table.row_count)]
    for placed in table.layout:
        expected[placed.row][placed.column] = printed[placed.key] if placed.role == "value" else placed.text
    assert [list(row) for row in grid.rows] == expected


@by_format
def test_the_tables_are_recognised_whole(fmt: Format) -> None:
    found = [
        one
        for grid in grids(reader.read(renderer.write(full(fmt), fmt, {})))
        for one in find_tables(grid, fmt)
    ]
    assert {key for one in found for key in one.places} == set(fmt.slots)
    assert not any(one.missing for one in found)


@pytest.mark.parametrize("fmt", OFFICIAL, ids=lambda fmt: fmt.id)
def test_merges_are_those_of_the_official_form(fmt: Format) -> None:
    official = json.loads((DATA / f"official_merges_{fmt.id}.json").read_text())
    tables = [StatutoryTable(table.key, {}) for table in fmt.tables]
    body = body_of(renderer.write(draft(fmt, *tables), fmt, {}))
    assert {
        table.key: merges(found) for table, found in zip(fmt.tables, body.iter(f"{W}tbl"), strict=True)
    } == official


def merges(table: etree._Element) -> list[list[list[object]]]:
    """Span and vertical merge of every cell."""
    return [
        [[span(cell), value(cell, "vMerge")] for cell in row.iter(f"{W}tc")] for row in table.iter(f"{W}tr")
    ]


def value(cell: etree._Element, name: str) -> str:
    """The value of a property of a cell, empty where it has none."""
    found = cell.find(f"{W}tcPr/{W}{name}")
    return "" if found is None else found.get(f"{W}val")


def span(cell: etree._Element) -> int:
    """The grid columns of a cell."""
    return int(value(cell, "gridSpan") or 1)


@by_format
def test_grid_and_cells_agree_on_widths(fmt: Format) -> None:
    for table in body_of(renderer.write(full(fmt), fmt, {})).iter(f"{W}tbl"):
        columns = [int(column.get(f"{W}w")) for column in table.iter(f"{W}gridCol")]
        assert sum(columns) == word.TEXT_WIDTH
        for row in table.iter(f"{W}tr"):
            at = 0
            for cell in row.iter(f"{W}tc"):
                width = int(cell.find(f"{W}tcPr/{W}tcW").get(f"{W}w"))
                assert width == sum(columns[at : at + span(cell)])
                at += span(cell)
            assert at == len(columns)


@by_format
def test_header_rows_repeat_and_rows_stay_whole(fmt: Format) -> None:
    body = body_of(renderer.write(full(fmt), fmt, {}))
    for table, found in zip(fmt.tables, body.iter(f"{W}tbl"), strict=False):
        repeating = [row.find(f"{W}trPr/{W}tblHeader") is not None for row in found.iter(f"{W}tr")]
        headed = 0 if table.shape == "bands" else table.header_rows
        assert repeating == [True] * headed + [False] * (table.row_count - headed)
        assert all(row.find(f"{W}trPr/{W}cantSplit") is not None for row in found.iter(f"{W}tr"))


@by_format
@pytest.mark.parametrize("mirrored", [False, True])
def test_the_validator_finds_no_error(fmt: Format, mirrored: bool, tmp_path: Path) -> None:
    path = tmp_path / "report.docx"
    path.write_bytes(renderer.write(full(fmt), fmt, PICTURES, mirrored=mirrored))
    result = OpenXmlValidator().validate(path)
    assert not list(result.errors)
    assert (b"mirrorMargins" in parts(path.read_bytes())["word/settings.xml"]) is mirrored


@by_format
def test_same_draft_same_bytes(fmt: Format) -> None:
    first = renderer.write(full(fmt), fmt, PICTURES)
    word.base.cache_clear()
    assert renderer.write(full(fmt), fmt, PICTURES) == first


def test_the_package_is_sound_sorted_and_undated() -> None:
    fmt = FORMATS[-1]
    with zipfile.ZipFile(io.BytesIO(renderer.write(full(fmt), fmt, PICTURES))) as package:
        assert package.testzip() is None
        assert package.namelist() == sorted(package.namelist())
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert package.read("word/media/chart1.png") == PICTURES["decisions"]
        core = package.read("docProps/core.xml").decode()
    assert f"<dc:title>{TITLE}</dc:title>" in core
    assert f"<dc:creator>{UNIT}</dc:creator>" in core
    assert "<dc:language>zh-CN</dc:language>" in core
    assert "2032-01-20T00:00:00Z</dcterms:modified>" in core


def test_an_unpublished_report_bears_a_fixed_day() -> None:
    fmt = FORMATS[-1]
    written = renderer.write(Draft(UNIT, 2031, fmt.id, TITLE, ()), fmt, {})
    assert parts(written)["docProps/core.xml"].count(b"1980-01-01T00:00:00Z") == 2


def test_rare_characters_are_kept_and_forbidden_ones_left_out() -> None:
    fmt = FORMATS[-1]
    written = renderer.write(draft(fmt, Paragraph(RARE), Paragraph("甲\x00\x0b\ud800\uffff乙")), fmt, {})
    assert texts(reader.read(written)) == [RARE, "甲乙"]


def test_chinese_faces_are_named_in_full_and_quotes_are_hinted() -> None:
    styles = etree.fromstring(parts(look("report.docx"))["word/styles.xml"])
    for faces in styles.iter(f"{W}rFonts"):
        assert {name.removeprefix(W) for name in faces.attrib} == {"ascii", "hAnsi", "eastAsia", "cs"}
    fmt = FORMATS[-1]
    for run in body_of(renderer.write(full(fmt), fmt, {})).iter(f"{W}r"):
        assert run.find(f"{W}rPr/{W}rFonts").get(f"{W}hint") == "eastAsia"


def test_headings_have_outline_levels() -> None:
    styles = etree.fromstring(parts(look("report.docx"))["word/styles.xml"])
    levels = {
        style.get(f"{W}styleId"): style.find(f"{W}pPr/{W}outlineLvl").get(f"{W}val")
        for style in styles.iter(f"{W}style")
        if style.find(f"{W}pPr/{W}outlineLvl") is not None
    }
    assert levels == {f"Heading{level}": str(level - 1) for level in range(1, 5)}
    fmt = FORMATS[-1]
    used = {
        style.get(f"{W}val") for style in body_of(renderer.write(full(fmt), fmt, PICTURES)).iter(f"{W}pStyle")
    }
    assert used <= {style.get(f"{W}styleId") for style in styles.iter(f"{W}style")}


def test_a_chart_bears_its_words_and_one_without_picture_is_left_out() -> None:
    fmt = FORMATS[-1]
    written = renderer.write(
        draft(fmt, CHART, CHART, Chart("years", "years", "", "", (), (), "")), fmt, PICTURES
    )
    described = [found for found in body_of(written).iter() if found.tag.endswith("}docPr")]
    assert [found.get("descr") for found in described] == [CHART.alt, CHART.alt]
    assert len({found.get("id") for found in described}) == 2
    assert "word/media/chart2.png" not in parts(written)


@pytest.mark.parametrize(("width", "height"), [(600, 300), (300, 900)])
def test_a_picture_keeps_its_shape_and_fits(width: int, height: int) -> None:
    picture = renderer._picture("chart1", png(width, height))
    assert picture.width <= word.TEXT_WIDTH * 635
    assert picture.height <= 110 * 36_000
    assert picture.width / picture.height == pytest.approx(width / height, rel=1e-4)


def test_the_mark_of_a_draft_stands_on_every_page_and_is_not_the_units_text() -> None:
    fmt = FORMATS[-1]
    mark = "送审稿：" + "总计待核对" * 20
    written = renderer.write(draft(fmt, Notice(mark), Paragraph("正文。")), fmt, {})
    headers = [content.decode() for name, content in parts(written).items() if name.startswith("word/header")]
    assert len(headers) == 2
    assert all(mark[:50] in header for header in headers)
    assert mark in etree.tostring(body_of(written), encoding="unicode")
    assert texts(reader.read(written)) == ["正文。"]
    plain = parts(renderer.write(draft(fmt, Paragraph("正文。")), fmt, {}))
    assert all(mark[:3] not in content.decode() for name, content in plain.items() if name.endswith(".xml"))


unit_name = st.lists(
    st.sampled_from(["示例市", "第101中学", "住房和城乡建设局", "3号", "区"]), min_size=1, max_size=9
)


@given(unit_name.map("".join), st.sampled_from(["", "2031年", "二〇三一年"]))
def test_a_title_is_broken_evenly_and_never_within_a_number(unit: str, year: str) -> None:
    title = f"{unit}{year}政府信息公开工作年度报告"
    lines = title_lines(title, unit)
    assert "".join(lines) == title
    assert all(word.ems(found) <= 21 for found in lines)
    assert all(len(found) > 1 for found in lines)
    assert not any(one[-1].isdigit() and other[0].isdigit() for one, other in pairwise(lines))


def test_a_long_title_is_broken_after_the_unit() -> None:
    assert title_lines(TITLE, UNIT) == (UNIT, TITLE.removeprefix(UNIT))
    assert title_lines(f"示例局{TITLE.removeprefix(UNIT)}", "示例局") == (
        f"示例局{TITLE.removeprefix(UNIT)}",
    )


def test_large_figures_are_narrowed_and_ordinary_ones_are_not() -> None:
    fmt = FORMATS[-1]
    for figure, narrowed in (("1808", False), ("18085950", True)):
        tables = (StatutoryTable(table.key, dict.fromkeys(table.slots, figure)) for table in fmt.tables)
        body = body_of(renderer.write(draft(fmt, *tables), fmt, {}))
        scales = [
            run.find(f"{W}rPr/{W}w") is not None
            for run in body.iter(f"{W}r")
            if run.findtext(f"{W}t") == figure
        ]
        assert any(scales) is narrowed


def test_a_long_row_of_ours_may_be_split_a_short_one_may_not() -> None:
    fmt = FORMATS[-1]
    table = PlainTable("", ("甲", "乙"), (("一", "短"), ("二", "长" * 900)), (1, 1))
    rows = list(body_of(renderer.write(draft(fmt, table), fmt, {})).iter(f"{W}tr"))
    assert [row.find(f"{W}trPr/{W}cantSplit") is not None for row in rows] == [True, True, False]


def test_cells_of_ours_come_back_paragraph_by_paragraph() -> None:
    fmt = FORMATS[-1]
    document = reader.read(renderer.write(draft(fmt, TASKS), fmt, {}))
    assert texts(document) == [TASKS.caption]
    assert [tuple(row) for row in grids(document)[0].rows] == [TASKS.header, *TASKS.rows]


def test_the_committed_base_is_what_the_tool_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "tools"))
    tool = importlib.import_module("make_word_base")
    assert parts(tool.build()) == parts(look("report.docx"))


def test_a_missing_template_is_named() -> None:
    with pytest.raises(OutputError, match=r"templates/none\.docx"):
        template("none.docx")


# What is read


def package(body: str, styles: str = "", name: str = "word/document.xml") -> bytes:
    """A Word file with this body, as small as can be."""
    opening = (
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>'
    )
    files = {name: f"{opening}{body}</w:body></w:document>"}
    if styles:
        namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        files["word/styles.xml"] = f'<w:styles xmlns:w="{namespace}">{styles}</w:styles>'
    return zipped(files)


def zipped(files: dict[str, str]) -> bytes:
    """A deflated zip of texts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


def p(*runs: str, properties: str = "") -> str:
    """A paragraph; a run that begins with < is XML."""
    inner = "".join(run if run.startswith("<") else f"<w:r><w:t>{run}</w:t></w:r>" for run in runs)
    return f"<w:p><w:pPr>{properties}</w:pPr>{inner}</w:p>"


def tc(content: str, properties: str = "") -> str:
    """A cell; content that does not begin with < is one paragraph of text."""
    inner = content if content.startswith("<") else p(content)
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inner}</w:tc>"


def tbl(*rows: str) -> str:
    """A table of rows, each its cells."""
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"


BREAK = "<w:r><w:br/></w:r>"
CENTRED = '<w:jc w:val="center"/>'
HEAD = p("标题")


@pytest.mark.parametrize(
    ("body", "title", "paragraphs"),
    [
        pytest.param(
            p("甲局", BREAK, "年度报告") + p("正文"), "甲局年度报告", ["正文"], id="title-broken-softly"
        ),
        pytest.param(
            p("甲局", properties=CENTRED) + p("年度报告", properties=CENTRED) + p("正文"),
            "甲局年度报告",
            ["正文"],
            id="title-in-two-paragraphs",
        ),
        pytest.param(HEAD + p("一", BREAK, "二"), "标题", ["一", "二"], id="soft-break-ends-a-paragraph"),
        pytest.param(
            HEAD + p("甲", "<w:del><w:r><w:delText>乙</w:delText><w:t>乙</w:t></w:r></w:del>", "丙"),
            "标题",
            ["甲丙"],
            id="deleted-text-is-gone",
        ),
        pytest.param(
            HEAD + p("<w:ins><w:r><w:t>新</w:t></w:r></w:ins>"), "标题", ["新"], id="inserted-text-stays"
        ),
        pytest.param(
            HEAD + "<w:sdt><w:sdtPr/><w:sdtContent>" + p("内容") + "</w:sdtContent></w:sdt>",
            "标题",
            ["内容"],
            id="content-control",
        ),
        pytest.param(
            HEAD + p("图", "<w:r><w:pict><w:txbxContent>" + p("框") + "</w:txbxContent></w:pict></w:r>"),
            "标题",
            ["图"],
            id="text-box-is-left-out",
        ),
        pytest.param(
            HEAD + p("第", "<w:r><w:instrText>PAGE</w:instrText></w:r>", "3"),
            "标题",
            ["第3"],
            id="field-code",
        ),
        pytest.param(HEAD + p("甲", "<w:r><w:tab/></w:r>", "乙"), "标题", ["甲 乙"], id="tab-is-a-space"),
        pytest.param(
            HEAD + p(" 　") + p("　正文　"), "标题", ["正文"], id="stripped-and-empty-ones-left-out"
        ),
        pytest.param("", "", [], id="empty"),
    ],
)
def test_paragraphs(body: str, title: str, paragraphs: list[str]) -> None:
    document = reader.read(package(body))
    assert document.title == title
    assert texts(document) == paragraphs


def test_the_title_style_is_known_by_its_name() -> None:
    styles = '<w:style w:styleId="a3"><w:name w:val="Title"/></w:style>'
    body = (
        p("甲局", properties='<w:pStyle w:val="a3"/>')
        + p("年报", properties='<w:pStyle w:val="a3"/>')
        + p("文")
    )
    assert reader.read(package(body, styles)) == Document(("文",), "甲局年报")


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        pytest.param(
            tbl(
                tc("角", '<w:gridSpan w:val="2"/><w:vMerge w:val="restart"/>') + tc("头"),
                tc("藏", '<w:gridSpan w:val="2"/><w:vMerge/>') + tc("7"),
            ),
            (("角", None, "头"), (None, None, "7")),
            id="merged-both-ways",
        ),
        pytest.param(tbl(tc("甲") + tc(""), tc("乙")), (("甲", ""), ("乙", None)), id="blank-is-not-absent"),
        pytest.param(
            tbl(tc("甲", "<w:vMerge/>"), tc("乙")), (("甲",), ("乙",)), id="nothing-above-the-first-row"
        ),
        pytest.param(
            tbl('<w:trPr><w:gridBefore w:val="1"/></w:trPr>' + tc("乙"), tc("丙") + tc("丁")),
            ((None, "乙"), ("丙", "丁")),
            id="indented-row",
        ),
        pytest.param(
            tbl(tc("甲", '<w:hMerge w:val="restart"/>') + tc("", "<w:hMerge/>") + tc("乙")),
            (("甲", None, "乙"),),
            id="merged-the-old-way",
        ),
        pytest.param(tbl(tc(p("结果", BREAK, "维持"))), (("结果维持",),), id="soft-break-in-a-label"),
        pytest.param(tbl(tc(p("甲") + p("乙"))), (("甲\n乙",),), id="paragraphs-in-a-cell"),
        pytest.param(
            tbl(tc("甲") + tc("1"), "<w:trPr><w:del/></w:trPr>" + tc("乙") + tc("2")),
            (("甲", "1"),),
            id="deleted-row",
        ),
        pytest.param(
            tbl("<w:sdt><w:sdtContent>" + tc("甲") + "</w:sdtContent></w:sdt>" + tc("乙")),
            (("甲", "乙"),),
            id="cell-in-a-content-control",
        ),
    ],
)
def test_cells_stand_in_grid_columns(table: str, rows: tuple[tuple[str | None, ...], ...]) -> None:
    assert [tuple(map(tuple, grid.rows)) for grid in grids(reader.read(package(HEAD + table)))] == [rows]


def test_nested_tables_stand_after_theirs_and_frames_vanish() -> None:
    inner = tbl(tc("内") + tc("1"))
    nested = reader.read(package(HEAD + tbl(tc("外") + tc(p("旁") + inner + p("后")))))
    assert [list(map(list, grid.rows)) for grid in grids(nested)] == [[["外", "旁\n后"]], [["内", "1"]]]
    assert [grid.name for grid in grids(nested)] == ["第1张表", "第2张表"]
    framed = reader.read(package(HEAD + tbl(tc(p("文") + inner + p("尾")))))
    assert [item if isinstance(item, str) else item.name for item in framed.items] == ["文", "第1张表", "尾"]


def test_strict_files_and_other_names_of_the_main_part_are_read() -> None:
    strict = parts(package(HEAD + p("文")))["word/document.xml"].replace(
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
    )
    assert texts(reader.read(zipped({"word/document.xml": strict.decode()}))) == ["文"]
    types = '<Types><Override PartName="/word/document2.xml" ContentType="application/x.document.main+xml"/></Types>'
    moved = parts(package(HEAD + p("文")))["word/document.xml"].decode()
    assert texts(reader.read(zipped({"[Content_Types].xml": types, "word/document2.xml": moved}))) == ["文"]


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
BOMB = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
WIDE = '<w:gridSpan w:val="999999999"/>'


@pytest.mark.parametrize(
    ("data", "word"),
    [
        pytest.param(OLE, "旧版", id="old-word"),
        pytest.param(OLE + "EncryptedPackage".encode("utf-16-le"), "密码", id="encrypted"),
        pytest.param(b"", "不是完整", id="empty"),
        pytest.param(package(HEAD)[:-40], "不是完整", id="cut-off"),
        pytest.param(zipped({"xl/workbook.xml": "<x/>"}), "没有 Word 正文", id="a-workbook"),
        pytest.param(zipped({"word/document.xml": "<w:p"}), "损坏", id="broken-xml"),
        pytest.param(zipped({"word/document.xml": "<a/>"}), "没有正文", id="no-body"),
        pytest.param(zipped({"word/document.xml": " " * (65 * 2**20)}), "解压后超过", id="inflates"),
        pytest.param(package(HEAD + tbl(tc("甲", WIDE) * 9)), "列", id="too-wide"),
        pytest.param(package(HEAD + tbl(*[tc("", WIDE) * 3] * 4000)), "格", id="too-many-cells"),
    ],
)
def test_what_cannot_be_read_is_said_with_the_way_out(data: bytes, word: str) -> None:
    with pytest.raises(UnreadableError, match=word) as caught:
        reader.read(data)
    assert caught.value.fix


def test_a_damaged_part_is_said() -> None:
    data = bytearray(package(HEAD + p("文" * 200)))
    at = data.index(b"word/document.xml") + 30
    data[at : at + 40] = bytes(40)
    with pytest.raises(UnreadableError, match="损坏"):
        reader.read(bytes(data))


def test_entities_are_not_expanded() -> None:
    content = parts(package(HEAD + p("<w:r><w:t>甲&b;</w:t></w:r>")))["word/document.xml"].decode()
    assert "aaa" not in str(reader.read(zipped({"word/document.xml": BOMB + content})))
