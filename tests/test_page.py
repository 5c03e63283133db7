"""The web page: it says what the draft says, comes back cell by cell, asks for nothing and can be read by all."""

from __future__ import annotations

import itertools
import re

import pytest
from drafts import CHARTS, PICTURES, SVG, TASKS, TEXT, UNIT, body, draft, figures, full
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from report_builder.archive import from_document
from report_builder.errors import UnreadableError
from report_builder.model import Block, Grid, Heading, Notice, Paragraph, PlainTable, StatutoryTable
from report_builder.readers import html as reader
from report_builder.render import html, titles
from report_builder.spec import Format, Table, load_spec

SPEC = load_spec()
TABLES = [(fmt, table) for fmt in SPEC.formats for table in fmt.tables]
by_format = pytest.mark.parametrize("fmt", SPEC.formats, ids=lambda fmt: fmt.id)
by_table = pytest.mark.parametrize(
    ("fmt", "table"), TABLES, ids=lambda one: one.id if isinstance(one, Format) else one.key
)

FIGURES = st.from_regex(r"[0-9]{1,7}|[0-9]{1,5}\.[0-9]{1,4}|/|—||[1-9][0-9]{0,2},[0-9]{3}", fullmatch=True)
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.sampled_from("<&>\"'《县》"), min_size=1
)


def parsed(page: str) -> etree._Element:
    """The page as a browser would have it."""
    return etree.fromstring(page.encode(), etree.HTMLParser(encoding="utf-8"))


def printed_back(page: str) -> dict[str, str]:
    """Every statutory cell of a page as its reader finds it."""
    back = from_document(reader.read(page.encode()), "page.html", SPEC)
    return {key: held.text for key, held in back.cells.items()}


# --- what is in it comes back ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", SPEC.formats, ids=lambda fmt: fmt.id)
@given(data=st.data())
@settings(max_examples=25)
def test_every_figure_comes_back(fmt: Format, data: st.DataObject) -> None:
    figures = {key: data.draw(FIGURES) for key in fmt.slots}
    tables = [StatutoryTable(table.key, figures) for table in fmt.tables]
    assert printed_back(html.web(draft(fmt, tables), fmt, {})) == figures


@by_format
def test_texts_and_tables_come_back_in_order_and_marks_and_pictures_do_not(fmt: Format) -> None:
    items = reader.read(html.web(full(fmt), fmt, PICTURES).encode()).items
    wanted: list[str | None] = []
    for block in full(fmt).blocks:
        match block:
            case Heading(text=text) | Paragraph(text=text):
                wanted.append(text)
            case PlainTable(caption=caption):
                wanted += [caption, None]
            case StatutoryTable():
                wanted.append(None)
    assert [item if isinstance(item, str) else None for item in items] == wanted
    plain = items[-1]
    assert isinstance(plain, Grid)
    rows = [TASKS.header, *(tuple(text.replace("\n", "") for text in row) for row in TASKS.rows)]
    assert [tuple(row) for row in plain.rows] == rows


@given(TEXTS, TEXTS)
@settings(max_examples=60)
def test_no_text_is_taken_for_markup(first: str, second: str) -> None:
    fmt = SPEC.formats[-1]
    blocks: list[Block] = [
        Paragraph(first),
        Heading(2, second),
        PlainTable(second, (first, second), ((second, first),), (1, 1)),
    ]
    items = reader.read(html.web(draft(fmt, blocks), fmt, {}).encode()).items
    assert items[1:4] == (first, second, second)
    assert isinstance(items[4], Grid)
    assert [list(row) for row in items[4].rows] == [[first, second], [second, first]]


def test_signs_that_no_page_may_hold_are_left_out() -> None:
    fmt = SPEC.formats[-1]
    page = html.printed(draft(fmt, [Paragraph("甲\x0b乙\x00丙\ud800丁\u2011戊\u00a0己")]), fmt, {})
    assert "甲乙丙丁-戊 己" in page
    etree.fromstring(page.encode())


@by_table
def test_cells_lie_as_the_format_says(fmt: Format, table: Table) -> None:
    printed = {key: f"<{key}>" for key in table.slots}
    page = html.web(draft(fmt, [StatutoryTable(table.key, printed)]), fmt, {})
    grid = next(item for item in reader.read(page.encode()).items if isinstance(item, Grid))
    wanted = {(one.row, one.column): printed.get(one.key, one.text) for one in table.layout}
    assert (len(grid.rows), len(grid.rows[0])) == (table.row_count, table.column_count)
    assert {
        (r, c): text for r, row in enumerate(grid.rows) for c, text in enumerate(row) if text is not None
    } == wanted


@by_table
def test_headings_of_a_table_say_what_they_head(fmt: Format, table: Table) -> None:
    root = parsed(html.web(draft(fmt, [StatutoryTable(table.key, figures(fmt))]), fmt, {}))
    assert len(root.xpath("//thead/tr")) == table.header_rows
    assert {cell.tag for cell in root.iter("td")} | {"th"} == {"td", "th"}
    for cell in root.iter("th"):
        across, down = int(cell.get("colspan", 1)) > 1, int(cell.get("rowspan", 1)) > 1
        scope = cell.get("scope")
        assert scope in {"col", "row", "colgroup", "rowgroup"}
        assert across or scope != "colgroup"
        assert down or across or scope != "rowgroup"
    assert len(root.xpath("//td[@class='value']")) == len(table.slots)


# --- the page itself -------------------------------------------------------------------------------------------


@by_format
def test_the_page_stands_alone(fmt: Format) -> None:
    page = html.web(full(fmt), fmt, PICTURES)
    root = parsed(page)
    policy = root.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert not root.xpath("//script | //link | //iframe | //@onload | //@onclick | //img")
    assert not re.search(r"@import|url\((?!#|[\"']?data:)", page.replace("url(#", "url(#"))
    assert root.get("lang") == "zh-CN"


@by_format
def test_headings_are_one_title_and_then_levels_in_order(fmt: Format) -> None:
    root = parsed(html.web(full(fmt), fmt, PICTURES))
    headings = [
        (element.tag, "".join(element.itertext()))
        for element in root.iter("h1", "h2", "h3", "h4", "h5", "h6")
    ]
    wanted = [(f"h{block.level + 1}", block.text) for block in full(fmt).blocks if isinstance(block, Heading)]
    assert headings == wanted
    notice = root.xpath("//main/*")[0]
    assert notice.get("class") == "notice"
    assert notice.text == next(block.text for block in full(fmt).blocks if isinstance(block, Notice))


@by_format
def test_a_draft_without_a_title_block_still_has_its_title(fmt: Format) -> None:
    one = full(fmt)
    bare = draft(fmt, one.blocks[1:])
    assert html.web(bare, fmt, PICTURES) == html.web(one, fmt, PICTURES)


@by_format
def test_pictures_are_told_in_words_and_their_ids_do_not_meet(fmt: Format) -> None:
    root = parsed(html.web(full(fmt), fmt, PICTURES))
    assert [figure.get("aria-label") for figure in root.iter("figure")] == [chart.alt for chart in CHARTS]
    ids = root.xpath("//@id")
    assert len(ids) == len(CHARTS)
    assert len(set(ids)) == len(ids)
    referred = re.findall(r"(?:url\(#|href=\"#)([^\")]+)", html.web(full(fmt), fmt, PICTURES))
    assert len(referred) == 2 * len(CHARTS)
    assert set(referred) == set(ids)


def test_a_picture_without_ids_is_not_touched() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="4"><text>idle id= x</text></svg>'
    assert html.picture(svg, "years") == svg
    assert "<?xml" not in html.picture(SVG, "years")


def test_scrolling_regions_have_names_of_their_own() -> None:
    fmt = SPEC.formats[-1]
    root = parsed(html.web(draft(fmt, [*body(fmt, figures(fmt)), TASKS]), fmt, PICTURES))
    regions = root.xpath("//*[@role='region']")
    names = [region.get("aria-label") for region in regions]
    assert len(regions) == len(fmt.tables) + len(CHARTS) + 2
    assert len(set(names)) == len(names)
    assert {region.get("tabindex") for region in regions} == {"0"}


@by_format
def test_the_same_draft_gives_the_same_page(fmt: Format) -> None:
    assert html.web(full(fmt), fmt, PICTURES) == html.web(full(fmt), fmt, PICTURES)


# --- widths, labels, titles ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fmt", "table"), TABLES, ids=lambda one: one.id if isinstance(one, Format) else one.key
)
@given(data=st.data())
@settings(max_examples=20)
def test_columns_share_the_width_and_long_figures_get_room(
    fmt: Format, table: Table, data: st.DataObject
) -> None:
    del fmt
    digits = {key: data.draw(st.integers(1, 6)) for key in table.slots}
    shares = html.shares(table, {key: "8" * count for key, count in digits.items()})
    assert sum(shares) == pytest.approx(100, abs=0.02)
    for placed in table.layout:
        if placed.key and placed.column_span == 1:
            assert shares[placed.column] * 4.422 >= digits[placed.key] * 4.5 + 3.39


@by_table
def test_short_figures_leave_the_formats_own_widths(fmt: Format, table: Table) -> None:
    own = [100 * width / sum(table.widths) for width in table.widths]
    assert html.shares(table, figures(fmt, "0")) == pytest.approx(own, abs=0.01)


@given(st.text("县市机关单位组织", min_size=1, max_size=12), st.integers(1, 14))
def test_a_folded_label_keeps_its_characters_and_fits(label: str, room: int) -> None:
    folded = html.fold(label, room)
    assert folded.replace("\n", "") == label
    if room > 1:
        assert max(map(len, folded.split("\n"))) <= max(room, len(label) if len(label) <= room else 0)


def test_labels_are_folded_where_their_words_end() -> None:
    assert html.fold("社会公益组织", 3) == "社会\n公益\n组织"
    assert html.fold("（三）不予公开", 4) == "（三）\n不予公开"
    assert html.fold("自然人", 3) == "自然人"


@given(st.text("示例市县教育住房和城乡建设局（）A1", min_size=1, max_size=45), st.integers(2019, 2099))
def test_a_title_is_broken_without_loss_and_no_line_overflows(unit: str, year: int) -> None:
    title = f"{unit}{year}年政府信息公开工作年度报告"
    lines = titles.title_lines(title, unit)
    assert "".join(lines) == title
    assert all(
        not (before[-1].isascii() and after[0].isascii()) for before, after in itertools.pairwise(lines)
    )
    if not re.search(r"[A1]{5}", unit):
        assert all(sum(0.5 if sign.isascii() else 1 for sign in line) <= 20 for line in lines)


def test_a_title_is_broken_after_the_unit_or_the_year() -> None:
    rest = "年政府信息公开工作年度报告"
    assert titles.title_lines(f"示例市2031{rest}", "示例市") == (f"示例市2031{rest}",)
    assert titles.title_lines(f"示例市教育局2031{rest}", "示例市教育局") == ("示例市教育局2031年", rest[1:])
    long = "示例市人力资源和社会保障局"
    assert titles.title_lines(f"{long}2031{rest}", long) == (long, f"2031{rest}")


# --- other people's pages --------------------------------------------------------------------------------------


def items_of(markup: str, encoding: str = "utf-8") -> tuple[object, ...]:
    """The items of a page, grids as lists of rows."""
    items = reader.read(markup.encode(encoding)).items
    return tuple(item if isinstance(item, str) else [list(row) for row in item.rows] for item in items)


def test_a_table_for_layout_is_none_and_its_words_are_paragraphs() -> None:
    inner = "<table><tr><td>甲</td><td>1</td></tr></table>"
    page = f"<table><tr><td><p>一、总体</p></td><td>{inner}</td></tr></table><table><tr><td>框中字</td></tr></table>"
    assert items_of(page) == ("一、总体", [["甲", "1"]], "框中字")


def test_a_label_broken_over_paragraphs_is_one_label() -> None:
    cell = "<p>商</p><p>业</p>\n<p>企<br>业</p><p>&nbsp;</p>"
    page = f"<table><tr><td>{cell}</td><td>&nbsp;<span>1</span><span>2</span>&nbsp;</td></tr></table>"
    assert items_of(page) == ([["商业企业", "12"]],)


def test_spans_are_resolved_and_a_stray_row_stays_a_row() -> None:
    page = (
        "<table><tr><td rowspan=2 colspan=2>甲</td><td>乙</td></tr><tr><td>丙</td></tr>"
        "<tr><td></td></tr><tr><td>丁</td><td rowspan=9>戊</td><td>己</td></tr></table>"
    )
    assert items_of(page) == ([["甲", None, "乙"], [None, None, "丙"], ["", None, None], ["丁", "戊", "己"]],)


def test_what_is_no_text_is_skipped_and_what_follows_it_is_not() -> None:
    page = (
        "<html><head><title>题</title><style>p{}</style></head><body><script>var a='字'</script>"
        "<p>前<!--[if gte mso 9]><xml>注</xml><![endif]-->后<o:p></o:p></p><svg><text>图</text></svg>余下<br>另起<figure>图<figcaption>图注</figcaption></figure>"
    )
    assert items_of(page) == ("前后", "余下", "另起")
    assert reader.read(page.encode()).title == "题"


def test_white_space_of_the_source_is_no_text() -> None:
    page = "<p>\n  年度\n  报告  2031 <b>年</b>\n of\n the </p>"
    assert items_of(page) == ("年度报告 2031 年 of the",)


@pytest.mark.parametrize(
    "head", ['<meta charset="gb2312">', "<meta http-equiv=x content='text/html; charset=GBK'>", ""]
)
def test_chinese_encodings_are_read(head: str) -> None:
    assert items_of(f"{head}<p>镕基县</p>", "gb18030") == ("镕基县",)


def test_what_is_declared_wrongly_is_read_all_the_same() -> None:
    assert items_of('<meta charset="utf-8"><p>示例县的公开目录</p>', "gb18030") == ("示例县的公开目录",)


@pytest.mark.parametrize("data", [b"", b"<html></html>", b"<script>x</script>", b"\x00\x00<p></p>"])
def test_a_page_without_text_says_so(data: bytes) -> None:
    with pytest.raises(UnreadableError, match="没有文字"):
        reader.read(data)


def test_a_page_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_FILE", 1000)
    with pytest.raises(UnreadableError, match="MB"):
        reader.read(b"<p>" + b"a" * 1000)


def test_hostile_spans_stay_small() -> None:
    row = '<tr><td colspan="99999" rowspan="99999">甲</td><td colspan="9999999999">乙</td><td colspan="-1">丙</td></tr>'
    (grid,) = reader.read(f"<table>{row * 3}</table>".encode()).items
    assert isinstance(grid, Grid)
    assert max(map(len, grid.rows)) <= reader.MAX_COLUMNS


def test_the_page_names_its_unit() -> None:
    fmt = SPEC.formats[-1]
    root = parsed(html.web(full(fmt), fmt, PICTURES))
    assert root.xpath("string(//meta[@name='author']/@content)") == UNIT
    assert TEXT in root.xpath("string(//main)")
