"""Any published report: read back what we print, read what others publish, and say what cannot be read."""

from __future__ import annotations

import base64
import contextlib
import io
import itertools
import json
import random
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import DATA, PUBLISHED, REPORTS, SHARED, published_cells, return_of
from drafts import ENGINES
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from test_word import png

from report_builder import archive, facts, pipeline
from report_builder.archive.title import Titles
from report_builder.cli import main
from report_builder.compose import compose
from report_builder.errors import UnreadableError
from report_builder.figures import figure
from report_builder.history import Held
from report_builder.model import Document, Draft, Grid, ProcessingFee, Return, Section, Typed
from report_builder.pipeline import Options
from report_builder.render import docx, html
from report_builder.rule_kinds import Case
from report_builder.spec import Format, Spec, load_spec
from report_builder.validate import validate

SPEC = load_spec()
NEWEST = SPEC.formats[-1]
UNIT = "示例省甲山市教育局"
by_format = pytest.mark.parametrize("fmt", SPEC.formats, ids=lambda fmt: fmt.id)


def kinds_of(ret: Return) -> set[str]:
    """What the reader met on the way."""
    return {trouble.kind for trouble in ret.troubles}


def findings_of(ret: Return) -> str:
    """All that a reviewer is told, as one text."""
    fmt = SPEC.format(ret.format_id)
    assert fmt is not None
    found, _ = validate(Case(ret, fmt, SPEC, pipeline.set_up(DATA)[0]))
    return "\n".join(f"{one.code} {one.message}{one.fix}" for one in found)


def read_page(markup: str, hint: archive.Hint | None = None) -> Return:
    """A web page, read."""
    return archive.from_document(archive.document(markup.encode()), "page.html", SPEC, hint)


# --- what this program writes ----------------------------------------------------------------------------------

WORDS = st.text("甲乙丙丁县局办文公开目录，；：“”（）《》0123456789.%", min_size=1, max_size=40).map(
    lambda text: f"示{text}。"
)
TYPED = st.one_of(st.integers(0, 10**6), st.sampled_from(["", "/", "—", "2笔", "１,２３４", "无"]))

AMOUNTS = st.integers(0, 10**10).map(lambda number: Decimal(number).scaleb(-4))


SPOKEN = st.lists(
    st.sampled_from(
        [
            "目录逐项核对",
            "文件12件",
            "（一）主动公开",
            "“三公”经费",
            "查阅点开放",
            "答复文书3份",
            "县区25%",
            "流程《指南》",
        ]
    ),
    min_size=1,
    max_size=16,
).map(lambda parts: f"本年{'，'.join(parts)}。")
"""Text as it is written. A page does not show whether a line that a run of signs keeps short ends its paragraph."""


@st.composite
def returns(draw: st.DrawFn, fmt: Format, words: st.SearchStrategy[str] = WORDS) -> Return:
    """A return with any figures, any text in any section, any processing fee."""
    cells: dict[str, object] = {
        key: draw(AMOUNTS if slot.kind == "amount" else TYPED) for key, slot in fmt.slots.items()
    }
    sections = tuple(
        Section(one.number, one.title, tuple(draw(st.lists(words, min_size=1, max_size=3))))
        for one in fmt.sections
    )
    fee = draw(
        st.sampled_from(
            [
                None,
                ProcessingFee(collected=False, cases=0, amount=Decimal(0)),
                ProcessingFee(collected=True, cases=3, amount=Decimal("1080.5")),
            ]
        )
    )
    unit = draw(st.sampled_from([UNIT, "乙水市东示县人民政府", "甲山市司法局（行政复议局）"]))
    about = {"published_on": f"{fmt.first_report_year + 1}-01-20"}
    return return_of(fmt, cells, sections=sections, fee=fee, unit=unit, about=about)


def composed(ret: Return, fmt: Format) -> tuple[Draft, dict[str, object]]:
    """The report of a return, and its facts as they are printed."""
    draft = compose(Held(ret, fmt), (), SPEC)
    sections = tuple(pipeline.printed_sections(draft, fmt))
    return draft, facts.as_facts(replace(ret, sections=sections), fmt)


def as_read(data: bytes, name: str, fmt: Format) -> dict[str, object]:
    """The facts of a file, as read back."""
    ret = archive.from_document(archive.document(data), name, SPEC)
    assert kinds_of(ret) == set()
    return facts.as_facts(ret, fmt)


HELD = ("unit", "report_year", "format", "tables", "sections")
"""What a published report of any kind holds; the fee too where the format has a sentence for it."""

WRITERS: Mapping[str, Callable[[Draft, Format], bytes]] = {
    "report.docx": lambda draft, fmt: docx.write(draft, fmt, {}),
    "report.html": lambda draft, fmt: html.web(draft, fmt, {}).encode(),
}


@by_format
@pytest.mark.parametrize("name", WRITERS)
@given(data=st.data())
@settings(max_examples=12)
def test_what_we_publish_reads_back_to_the_same_facts(name: str, fmt: Format, data: st.DataObject) -> None:
    ret = data.draw(returns(fmt))
    draft, printed = composed(ret, fmt)
    back = as_read(WRITERS[name](draft, fmt), name, fmt)
    assert {key: back[key] for key in HELD} == {key: printed[key] for key in HELD}
    if fmt.fee is not None:
        assert back["processing_fee"] == printed["processing_fee"]
    if name.endswith(".html"):
        assert back["published_on"] == printed["published_on"]


@by_format
@pytest.mark.parametrize("engine", ENGINES)
@given(data=st.data())
@settings(max_examples=2)
def test_our_pdf_reads_back_to_the_same_facts(engine: str, fmt: Format, data: st.DataObject) -> None:
    draft, printed = composed(data.draw(returns(fmt, SPOKEN)), fmt)
    written = ENGINES[engine](draft)
    back = as_read(written.data, "report.pdf", fmt)
    assert {key: back[key] for key in HELD} == {key: printed[key] for key in HELD}


def test_facts_read_back_to_the_same_facts() -> None:
    draft, printed = composed(return_of(NEWEST, unit=UNIT), NEWEST)
    del draft
    back = facts.read(facts.dumped(printed).encode(), "facts.json", SPEC)
    assert facts.as_facts(back, NEWEST) == printed


def test_every_figure_says_where_it_came_from() -> None:
    for name, write in WRITERS.items():
        draft, _ = composed(return_of(NEWEST, unit=UNIT), NEWEST)
        ret = archive.from_document(archive.document(write(draft, NEWEST)), name, SPEC)
        assert {key for key, held in ret.cells.items() if not held.source} == set()
        assert re.fullmatch(
            rf"{re.escape(name)}·第2张表 第4行第4列", ret.cells["requests.received.natural_person"].source
        )


# --- published by others ---------------------------------------------------------------------------------------

WHO = {
    "pingtan_approval_bureau": "",
    "pingtan_finance_bureau": "平潭综合实验区财政金融局",
    "pingtan_transport_bureau": "平潭综合实验区交通与建设局",
    "pingtan_zone": "平潭综合实验区",
    "suqian_city": "宿迁市",
}
"""Whose report each page is, as far as the page itself says."""
PAGES = sorted(REPORTS.glob("*.html")) or [Path("pages_not_here")]
TEXTS_ONLY = sorted(REPORTS.glob("*.txt")) or [Path("texts_not_here")]
here = pytest.mark.skipif(not REPORTS.is_dir(), reason="the published pages are not on this machine")


@here
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_cell_of_every_published_page_is_right(path: Path) -> None:
    ret = archive.read(path, SPEC)
    fmt = SPEC.format(ret.format_id)
    assert fmt is not None
    wanted = {
        key: figure(value, "")
        for key, value in published_cells(path.with_suffix(".json"), fmt, former=True).items()
    }
    assert len(wanted) == len(fmt.slots)
    read = {key: (held.number, held.text if held.number is None else "") for key, held in ret.cells.items()}
    assert read == {
        key: (held.number, held.text if held.number is None else "") for key, held in wanted.items()
    }
    assert (ret.unit, ret.report_year) == (WHO[path.stem[:-5]], int(path.stem[-4:]))
    assert [section.number for section in ret.sections] == [1, 2, 3, 4, 5, 6]
    assert kinds_of(ret) <= {"report_doubt"}
    assert len("".join(ret.paragraphs(6))) < 120


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_every_cell_of_every_published_facts_file_is_right(path: Path) -> None:
    ret = archive.read(path, SPEC)
    fmt = SPEC.format(ret.format_id)
    assert fmt is not None
    printed = {key: figure(value, "") for key, value in published_cells(path, fmt, former=True).items()}
    wanted = {part: held for key, held in printed.items() for part in fmt.stands_for.get(key, (key,))}
    assert wanted.keys() == fmt.slots.keys()
    assert {key: held.number for key, held in ret.cells.items()} == {
        key: held.number for key, held in wanted.items()
    }


@here
@pytest.mark.parametrize("path", TEXTS_ONLY, ids=lambda path: path.stem)
def test_a_published_text_gives_its_words_and_never_a_number(path: Path) -> None:
    ret = archive.read(path, SPEC)
    assert ret.cells == {}
    assert (ret.unit, ret.report_year) == (WHO[path.stem[:-5]], int(path.stem[-4:]))
    numbers = [section.number for section in ret.sections]
    assert numbers in ([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5], [1, 5, 6])
    lost = [trouble for trouble in ret.troubles if trouble.kind in {"table_unreadable", "table_missing"}]
    assert len(lost) == 3
    assert len("".join(ret.paragraphs(1))) > 1000
    tables = "".join("".join(ret.paragraphs(number)) for number in (3, 4))
    assert not re.search(r"0\s*0\s*0", tables)


@here
@pytest.mark.parametrize("path", sorted(REPORTS.glob("fragments/*")), ids=lambda path: path.stem[:40])
def test_hard_pieces_give_the_numbers_they_show(path: Path) -> None:
    document = archive.document(path.read_bytes())
    fmt = next(
        fmt for fmt in SPEC.formats if fmt.first_report_year <= int(re.findall(r"20\d\d", path.stem)[0])
    )
    grids = [item for item in document.items if isinstance(item, Grid)]
    tables = archive.Tables(grids, fmt, path.name) if grids else None
    assert tables is not None
    shown = {str(cell).strip() for grid in grids for row in grid.rows for cell in row if cell}
    assert {held.text for held in tables.cells.values()} <= shown | {""}


# --- titles ----------------------------------------------------------------------------------------------------

TITLES = {
    "as_the_format_has_it": ("甲山市教育局2023年政府信息公开工作年度报告", "甲山市教育局", 2023),
    "niandu": ("甲山市教育局2023年度政府信息公开工作年度报告", "甲山市教育局", 2023),
    "year_first": ("2023年甲山市教育局政府信息公开工作年度报告", "甲山市教育局", 2023),
    "guanyu": ("甲山市教育局关于2023年政府信息公开工作情况的报告", "甲山市教育局", 2023),
    "guanyu_without_de": ("甲山市教育局关于2023年政府信息公开工作年度报告", "甲山市教育局", 2023),
    "of_the_report": ("关于甲山市教育局2023年政府信息公开工作年度报告的报告", "甲山市教育局", 2023),
    "announced": ("关于甲山市教育局2023年政府信息公开工作年度报告的公告", "甲山市教育局", 2023),
    "in_book_marks": ("《甲山市教育局2023年政府信息公开年报》", "甲山市教育局", 2023),
    "name_in_quotes": ("甲山市教育局“2023年政府信息公开工作年度报告”", "甲山市教育局", 2023),
    "year_within": ("甲山市教育局政府信息公开工作2023年度报告", "甲山市教育局", 2023),
    "year_behind": ("甲山市教育局政府信息公开工作年度报告（2023年度）", "甲山市教育局", 2023),
    "full_width": ("甲山市教育局２０２３年政府信息公开工作年度报告", "甲山市教育局", 2023),
    "chinese_year": ("甲山市教育局二〇二三年政府信息公开工作年度报告", "甲山市教育局", 2023),
    "annex": ("附件1：甲山市教育局2023年政府信息公开工作年度报告", "甲山市教育局", 2023),
    "bracketed_name": (
        "甲山市司法局（复议局）2023年政府信息公开工作年度报告",
        "甲山市司法局（复议局）",
        2023,
    ),
    "spaces": ("甲山市 教育局 2023 年政府信息公开 工作年度报告", "甲山市教育局", 2023),
    "without_unit": ("2023年政府信息公开工作年度报告", "", 2023),
    "another_report": ("甲山市2023年法治政府建设年度报告", "", 0),
    "two_years": ("甲山市教育局2022年、2023年政府信息公开工作年度报告", "", 0),
    "a_sentence": ("根据要求，编制2023年政府信息公开工作年度报告", "", 0),
    "the_next_page": ("上一篇：甲山市教育局2022年政府信息公开工作年度报告", "", 0),
    "without_year": ("甲山市教育局政府信息公开工作年度报告", "", 0),
}


@pytest.mark.parametrize("case", TITLES)
def test_a_title_says_unit_and_year_in_any_of_its_forms(case: str) -> None:
    text, unit, year = TITLES[case]
    title = Titles(SPEC).of(text)
    assert (title is None) == (year == 0)
    assert title is None or (title.unit, title.year) == (unit, year)


def body(
    tables: str = "", *, sections: Mapping[int, str] | None = None, year: int = 2023, fmt: Format = NEWEST
) -> str:
    """The six sections as paragraphs, with ``tables`` (else the format's own, all 0) in theirs."""
    figures = dict.fromkeys(fmt.slots, "0")
    del year
    said = {1: "总体平稳。", 5: "还要改进。", 6: "无。"} | dict(sections or {})
    parts = []
    for section in fmt.sections:
        parts.append(f"<p>{section.title}</p><p>{said.get(section.number, '')}</p>")
        own = [table for table in fmt.tables if table.section == section.number]
        parts += [table_of(fmt, table.key, figures) for table in own if not tables]
    return "".join(parts) + tables


def table_of(fmt: Format, key: str, figures: Mapping[str, str]) -> str:
    """One table of a format as plain markup."""
    rows: dict[int, list[str]] = {}
    for one in fmt.table(key).layout:
        text = figures.get(one.key, "") if one.key else one.text
        spans = f'colspan="{one.column_span}" rowspan="{one.row_span}"'
        rows.setdefault(one.row, []).append(f"<td {spans}>{text}</td>")
    return "<table>" + "".join(f"<tr>{''.join(rows[row])}</tr>" for row in sorted(rows)) + "</table>"


def page(inside: str, title: str = f"{UNIT}2023年政府信息公开工作年度报告", head: str = "") -> str:
    """A page of another office's."""
    heading = f"<p>{title}</p>" if title else ""
    return f"<html><head>{head}</head><body><div>{heading}{inside}</div></body></html>"


def test_a_title_broken_over_lines_is_one() -> None:
    ret = read_page(page(body(), title="甲山市教育局<br>2023年政府信息公开<br>工作年度报告"))
    assert (ret.unit, ret.report_year) == ("甲山市教育局", 2023)


def test_two_titles_that_differ_are_said() -> None:
    head = "<title>甲山市财政局2023年度政府信息公开年报_甲山市人民政府</title>"
    ret = read_page(page(body(), head=head))
    assert ret.unit == UNIT
    assert "甲山市财政局" in findings_of(ret)
    same = read_page(page(body(), head=f"<title>{UNIT}2023年政府信息公开年报-甲山市人民政府</title>"))
    assert kinds_of(same) == set()


def test_a_period_of_another_year_is_said() -> None:
    lead = "<p>本报告数据的统计期限自2022年1月1日起至2022年12月31日止。</p>"
    ret = read_page(page(lead + body()))
    assert ret.report_year == 2023
    assert "统计期限写的是 2022 年" in findings_of(ret)


def test_without_a_title_the_period_and_the_signature_tell() -> None:
    lead = "<p>所列数据的统计期限为2023年1月1日至2023年12月31日。</p>"
    signed = body() + "<p>甲山市教育局</p><p>2024年1月20日</p>"
    ret = read_page(page(lead + signed, title=""))
    assert (ret.unit, ret.report_year) == ("甲山市教育局", 2023)
    assert "没有找到报告的标题" in findings_of(ret)
    unsigned = read_page(page(lead + body(), title=""))
    assert unsigned.unit == ""
    assert "看不出是哪个单位" in findings_of(unsigned)
    told = read_page(page(lead + body(), title=""), archive.Hint("乙局"))
    assert told.unit == "乙局"
    with pytest.raises(UnreadableError, match="--year"):
        read_page(page(body(), title=""))


# --- the article within a page ---------------------------------------------------------------------------------

NAVIGATION = "".join(f"<li><a href='#'>甲山市第{number}局</a></li>" for number in range(4000))


def test_a_sites_navigation_reaches_no_section() -> None:
    more = "<p>打印</p><p>关闭窗口</p><p>甲山市财政局2022年政府信息公开工作年度报告</p>"
    markup = page(body()).replace("<body>", f"<body><ul>{NAVIGATION}</ul>")
    markup = markup.replace("</body>", f"<div>{more}<ul>{NAVIGATION}</ul></div></body>")
    ret = read_page(markup)
    assert (ret.unit, ret.report_year) == (UNIT, 2023)
    assert ret.paragraphs(6) == ("无。",)
    assert kinds_of(ret) == set()


ENDS = {
    "download": "附件下载",
    "annex": "附件：统计表.xlsx",
    "print": "打印",
    "close": "【关闭窗口】",
    "links": "相关链接",
    "page_before": "上一篇：某局年报",
    "scan": "扫一扫在手机打开当前页",
}


@pytest.mark.parametrize("case", ENDS)
def test_the_words_that_end_an_article_end_it(case: str) -> None:
    ret = read_page(page(f"{body()}<p>末段。</p><p>{ENDS[case]}</p><p>友好县网站</p>"))
    assert ret.paragraphs(6) == ("无。", "末段。")


def test_an_article_ends_where_the_markup_that_holds_its_headings_does() -> None:
    markup = page(f"{body()}<p>末段。</p>").replace("</body>", "<div>某县要闻</div><p>某市要闻</p></body>")
    assert read_page(markup).paragraphs(6) == ("无。", "末段。")
    outside = page(body()[: -len("<p>无。</p>")]).replace("</body>", "<p>框外的末段。</p></body>")
    assert read_page(outside).paragraphs(6) == ("框外的末段。",)


def test_in_our_own_page_nothing_is_cut_off() -> None:
    sections = tuple(
        Section(one.number, one.title, ("一段。", "附件：表一。", "打印", "上一篇：某文"))
        for one in NEWEST.sections
    )
    draft, _ = composed(return_of(NEWEST, unit=UNIT, sections=sections, fee=None), NEWEST)
    for name, write in WRITERS.items():
        back = archive.from_document(archive.document(write(draft, NEWEST)), name, SPEC)
        assert back.paragraphs(6) == ("一段。", "附件：表一。", "打印", "上一篇：某文")


def test_a_table_of_contents_is_no_heading() -> None:
    contents = "".join(f"<p>{section.title}</p>" for section in NEWEST.sections)
    ret = read_page(page(contents + body()))
    assert [section.number for section in ret.sections] == [1, 2, 3, 4, 5, 6]
    assert ret.paragraphs(1) == ("总体平稳。",)


HEADINGS = {
    "long": ("二、行政机关主动公开政府信息情况", 2),
    "a_sign_too_many": ("四、政府信息公开行政法复议、行政诉讼情况", 4),
    "another_sign": ("六、其它需要报告的事项", 6),
    "other_words": ("五、存在的问题及改进措施", 5),
    "other_stop": ("一．总体情况", 1),
    "first_part": ("第一部分 总体情况", 1),
    "bracketed_is_a_part": ("（二）主动公开政府信息情况", None),
    "other_text": ("一、加强组织领导", None),
    "a_sentence": ("六、其他需要报告的事项，无。", None),
}


@pytest.mark.parametrize("case", HEADINGS)
def test_headings_are_known_in_other_words_and_with_a_slip(case: str) -> None:
    text, number = HEADINGS[case]
    assert archive.headings_of(NEWEST, SPEC.published).number(text) == number


def test_a_heading_that_runs_into_its_text_is_one() -> None:
    markup = page(body()).replace("<p>一、总体情况</p><p>", "<p><b>一、总体情况</b>")
    ret = read_page(markup)
    assert ret.sections[0].title == "一、总体情况"
    assert ret.paragraphs(1) == ("总体平稳。",)


def test_a_missing_heading_is_said() -> None:
    ret = read_page(page(body().replace("<p>六、其他需要报告的事项</p>", "")))
    assert "S601" in findings_of(ret)


DAYS = {
    "meta": ("<meta name='PubDate' content='2024-01-20 15:34'>", "", "2024-01-20"),
    "label": ("", "<p>发布日期：2024年1月20日</p>", "2024-01-20"),
    "label_with_time": ("", "<p>来源：办公室 发布时间：2024-1-20 08:30</p>", "2024-01-20"),
    "two_days": ("", "<p>发布日期：2024-01-20</p><p>发布时间：2024-01-22</p>", None),
    "no_label": ("", "<p>2024-01-20</p>", None),
    "no_day": ("", "<p>发布日期：2024-13-40</p>", None),
}


@pytest.mark.parametrize("case", DAYS)
def test_the_day_of_publication_is_read_where_it_is_stated(case: str) -> None:
    head, line, day = DAYS[case]
    ret = read_page(page(body(), head=head).replace("<body>", f"<body>{line}"))
    assert ret.about.get("published_on") == day


def test_a_day_before_the_year_was_over_is_said() -> None:
    ret = read_page(page(body(), head="<meta name='PubDate' content='2023-11-02'>"))
    assert "2023-11-02" in findings_of(ret)


FEES = {
    "none": ("依据《政府信息公开信息处理费管理办法》，2023年未收取信息处理费。", False),
    "in_other_words": ("本年度信息处理费收取情况见官网。", None),
    "last_year": ("2022年未收取信息处理费。", None),
    "with_a_figure": ("未收取信息处理费2件，其余收取300元。", None),
    "both": ("2023年未收取信息处理费。另发出收费通知3件，收取信息处理费90元。", False),
}


@pytest.mark.parametrize("case", FEES)
def test_the_fee_is_read_from_its_sentence_only(case: str) -> None:
    text, collected = FEES[case]
    ret = read_page(page(body(sections={6: text})))
    assert (ret.fee.collected if ret.fee else None) == collected


# --- tables in pieces, in other shapes -------------------------------------------------------------------------


def numbered(fmt: Format) -> dict[str, str]:
    """A different figure in every cell."""
    return {key: str(1000 + at) for at, key in enumerate(fmt.slots)}


def sound(ret: Return, figures: Mapping[str, str]) -> bool:
    """Whether no number was read that is not the cell's own."""
    return all(
        held.number is None or (key in figures and str(held.number) == figures[key])
        for key, held in ret.cells.items()
    )


def split_rows(table: str, *at: int) -> str:
    """A table as several, parted before these rows."""
    rows = re.findall(r"<tr>.*?</tr>", table)
    bounds = [0, *at, len(rows)]
    pieces = ("".join(rows[first:last]) for first, last in itertools.pairwise(bounds))
    return "<p>（续表）</p>".join(f"<table>{piece}</table>" for piece in pieces)


def all_tables(fmt: Format, figures: Mapping[str, str], **other: str) -> str:
    """All tables in their sections, some in other markup."""
    parts = []
    for section in fmt.sections:
        parts.append(f"<p>{section.title}</p><p>一句。</p>")
        keys = [table.key for table in fmt.tables if table.section == section.number]
        parts += [other.get(key) or table_of(fmt, key, figures) for key in keys]
    title = f"{UNIT}{fmt.first_report_year}年政府信息公开工作年度报告"
    return page("".join(parts), title=title)


@by_format
def test_section_two_may_be_as_many_tables_as_it_has_parts(fmt: Format) -> None:
    figures = numbered(fmt)
    table = fmt.tables[0]
    begins = [one.row for one in table.layout if one.role == "title"][1:]
    ret = read_page(
        all_tables(fmt, figures, proactive=split_rows(table_of(fmt, "proactive", figures), *begins))
    )
    assert {key: held.text for key, held in ret.cells.items()} == figures
    assert kinds_of(ret) == set()


@by_format
@given(data=st.data())
@settings(max_examples=15)
def test_a_table_parted_anywhere_below_its_header_is_put_together(fmt: Format, data: st.DataObject) -> None:
    figures = numbered(fmt)
    count = fmt.table("requests").row_count
    at = sorted(data.draw(st.sets(st.integers(4, count - 1), min_size=1, max_size=2)))
    plain = re.sub(r'rowspan="\d+"', "", table_of(fmt, "requests", figures))
    rows = re.findall(r"<tr>.*?</tr>", plain)
    labels = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]
    flat = [
        "<tr>" + "".join(f"<td>{text}</td>" for text in ([""] * (10 - len(texts)) + texts)[:10]) + "</tr>"
        for texts in labels[3:]
    ]
    header = "".join(re.findall(r"<tr>.*?</tr>", table_of(fmt, "requests", figures))[:3])
    table = split_rows(f"<table>{header}{''.join(flat)}</table>", *at)
    ret = read_page(all_tables(fmt, figures, requests=table))
    assert sound(ret, figures)
    assert sum(held.number is not None for held in ret.cells.values()) == len(figures)


def test_table_four_may_be_two_tables() -> None:
    figures = numbered(NEWEST)
    rows = {
        name: [
            figures[f"disputes.{name}.{column}"]
            for column in ("upheld", "corrected", "other_result", "pending", "total")
        ]
        for name in ("review", "litigation_direct", "litigation_after_review")
    }
    heads = "".join(f"<td>{text}</td>" for text in ("结果维持", "结果纠正", "其他结果", "尚未审结", "总计"))

    def cells(*names: str) -> str:
        return "<tr>" + "".join(f"<td>{text}</td>" for name in names for text in rows[name]) + "</tr>"

    review = f"<table><tr><td colspan=5>行政复议</td></tr><tr>{heads}</tr>{cells('review')}</table>"
    litigation = (
        "<table><tr><td colspan=10>行政诉讼</td></tr><tr><td colspan=5>未经复议直接起诉</td>"
        f"<td colspan=5>复议后起诉</td></tr><tr>{heads * 2}</tr>"
        f"{cells('litigation_direct', 'litigation_after_review')}</table>"
    )
    ret = read_page(all_tables(NEWEST, figures, disputes=review + litigation))
    assert {key: held.text for key, held in ret.cells.items()} == figures


def test_a_table_in_a_table_for_layout_and_stray_empty_rows_are_no_hindrance() -> None:
    figures = numbered(NEWEST)
    rows = re.findall(r"<tr>.*?</tr>", table_of(NEWEST, "requests", figures))
    stray = "<tr><td></td><td>&nbsp;</td></tr>"
    table = f"<table>{''.join(rows[:3])}{stray}{''.join(rows[3:5])}{stray}{''.join(rows[5:])}{stray}</table>"
    nested = f"<table><tr><td><table><tr><td>{table}</td></tr></table></td></tr></table>"
    ret = read_page(all_tables(NEWEST, figures, requests=nested))
    assert {key: held.text for key, held in ret.cells.items()} == figures


def test_figures_among_spaces_spans_and_empty_paragraphs_are_read() -> None:
    figures = numbered(NEWEST)
    table = re.sub(
        r">(1)(\d+)</td>",
        r"><p>&nbsp;</p><p><span>\1</span><span>\2</span>&nbsp;</p></td>",
        table_of(NEWEST, "requests", figures),
    )
    table = table.replace("自然人", "<p>自</p><p>然</p><p>人</p>").replace("总计", "总<br>计")
    ret = read_page(all_tables(NEWEST, figures, requests=table))
    assert {key: held.text for key, held in ret.cells.items()} == figures


def test_blank_slash_and_words_are_kept_and_are_no_numbers() -> None:
    keys = [
        f"requests.received.{column}"
        for column in ("natural_person", "enterprise", "research_body", "nonprofit")
    ]
    typed = dict(zip(keys, ("", "/", "2笔", "—"), strict=True))
    ret = read_page(all_tables(NEWEST, numbered(NEWEST) | typed))
    assert [(ret.cells[key].number, ret.cells[key].text) for key in keys] == [
        (None, text) for text in typed.values()
    ]
    assert facts.as_facts(ret, NEWEST)["tables"]["requests"]["received"]["enterprise"] is None


def test_cells_merged_otherwise_than_their_headings_are_fitted_one_by_one() -> None:
    fmt = SPEC.formats[0]
    header = (
        "<tr><td>信息内容</td><td>上一年项目数量</td><td colspan=2>本年增/减</td><td>处理决定数量</td></tr>"
    )
    row = "<tr><td>行政许可</td><td colspan=2>3</td><td>-1</td><td>7</td></tr>"
    document = archive.document(f"<table>{header}{row}</table>".encode())
    cells = archive.Tables([one for one in document.items if isinstance(one, Grid)], fmt, "x").cells
    assert {key.rpartition(".")[2]: held.number for key, held in cells.items()} == {
        "prior_items": 3,
        "item_change": -1,
        "decisions": 7,
    }


# --- never a wrong number --------------------------------------------------------------------------------------


def one_slip(root: etree._Element, chance: random.Random) -> None:
    """A cell too many or too few, merged otherwise, emptied, or run together with its neighbour; a row lost."""
    cell = chance.choice(list(root.iter("td")))
    slip = chance.choice(
        ["lost", "added", "wider", "narrower", "higher", "emptied", "joined", "row lost", "row twice"]
    )
    if slip == "lost":
        cell.getparent().remove(cell)
    elif slip == "added":
        extra = etree.Element("td")
        extra.text = chance.choice(["", "5", "x"])
        cell.addprevious(extra)
    elif slip in {"wider", "narrower"}:
        by = 1 if slip == "wider" else -1
        cell.set("colspan", str(max(1, int(cell.get("colspan", "1")) + by)))
    elif slip == "higher":
        cell.set("rowspan", str(int(cell.get("rowspan", "1")) + chance.choice([-1, 1])))
    elif slip == "emptied":
        cell.text = ""
    elif slip == "joined" and cell.getnext() is not None:
        cell.text = f"{cell.text or ''}{cell.getnext().text or ''}"
        cell.set("colspan", str(int(cell.get("colspan", "1")) + chance.choice([0, 1])))
        cell.getparent().remove(cell.getnext())
    elif slip == "row lost":
        cell.getparent().getparent().remove(cell.getparent())
    elif slip == "row twice":
        cell.getparent().addnext(etree.fromstring(etree.tostring(cell.getparent())))


@by_format
@given(seed=st.integers(0, 10**6))
@settings(max_examples=120)
def test_no_single_slip_in_the_markup_moves_a_figure(fmt: Format, seed: int) -> None:
    figures = numbered(fmt)
    root = etree.fromstring(all_tables(fmt, figures).encode(), etree.HTMLParser(encoding="utf-8"))
    one_slip(root, random.Random(seed))
    ret = read_page(etree.tostring(root, encoding="unicode", method="html"))
    wrong = {
        key: held.number
        for key, held in ret.cells.items()
        if held.number is not None and str(held.number) != figures.get(key)
    }
    assert wrong == {}
    read = sum(held.number is not None for held in ret.cells.values())
    assert read >= len(figures) - len(fmt.table("requests").slots)


def test_two_copies_that_differ_give_no_number_where_they_do() -> None:
    figures = numbered(NEWEST)
    other = figures | {"requests.received.total": "9"}
    twice = table_of(NEWEST, "requests", figures) + table_of(NEWEST, "requests", other)
    ret = read_page(all_tables(NEWEST, figures, requests=twice))
    held = ret.cells["requests.received.total"]
    assert (held.number, held.typed) == (None, Typed.TEXT)
    assert "F108" in findings_of(ret)
    assert sound(ret, figures)
    same = read_page(all_tables(NEWEST, figures, requests=table_of(NEWEST, "requests", figures) * 2))
    assert {key: one.text for key, one in same.cells.items()} == figures


def test_a_row_that_stands_twice_gives_no_number_where_it_differs() -> None:
    figures = numbered(NEWEST)
    last = [f"requests.carried_out.{column.key}" for column in NEWEST.table("requests").bands[0].columns]
    row = next(
        row for row in re.findall(r"<tr>.*?</tr>", table_of(NEWEST, "requests", figures)) if "四、" in row
    )
    again = row.replace(f">{figures[last[0]]}<", ">77<")
    table = table_of(NEWEST, "requests", figures).replace(row, row + again)
    ret = read_page(all_tables(NEWEST, figures, requests=table))
    assert [ret.number(key) for key in last] == [None, *(int(figures[key]) for key in last[1:])]
    assert ret.cells[last[0]].text == f"{figures[last[0]]}／77"
    assert "F108" in findings_of(ret)


def test_two_figures_in_one_cell_stay_two() -> None:
    figures = numbered(NEWEST) | {"requests.received.total": "<p>3</p><p>0</p>"}
    assert read_page(all_tables(NEWEST, figures)).number("requests.received.total") is None


def test_a_run_of_zeros_is_no_zero() -> None:
    figures = numbered(NEWEST) | {"proactive.licences.decisions": "0000000"}
    ret = read_page(all_tables(NEWEST, figures))
    assert ret.number("proactive.licences.decisions") is None
    assert "F123" in findings_of(ret)
    assert "V202" not in findings_of(ret)


def test_another_unit_of_amounts_is_said() -> None:
    table = table_of(NEWEST, "proactive", numbered(NEWEST)).replace("单位：万元", "单位：元")
    assert "V204" in findings_of(read_page(all_tables(NEWEST, numbered(NEWEST), proactive=table)))


# --- what cannot be read ---------------------------------------------------------------------------------------


def test_tables_set_as_pictures_are_said_to_be() -> None:
    markup = all_tables(NEWEST, numbered(NEWEST), requests='<p><img src="http://x.invalid/t.png"></p>')
    ret = read_page(markup)
    lost = [trouble for trouble in ret.troubles if trouble.kind == "table_unreadable"]
    assert [trouble.facts["table"] for trouble in lost] == [NEWEST.section(3).title]
    assert "图片" in findings_of(ret)
    assert not any(key.startswith("requests.") for key in ret.cells)


def test_a_table_as_running_text_is_said_to_be_and_reaches_no_section() -> None:
    figures = dict.fromkeys(NEWEST.slots, "0")
    texts = re.findall(r">([^<]+)</td>", table_of(NEWEST, "requests", figures))
    markup = all_tables(NEWEST, figures, requests=f"<p>{''.join(texts)}</p>")
    ret = read_page(markup)
    assert ret.paragraphs(3) == ("一句。",)
    assert "连在一起" in findings_of(ret)
    lines = "".join(f"<p>{text}</p>" for text in texts)
    assert not any(
        key.startswith("requests.") for key in read_page(all_tables(NEWEST, figures, requests=lines)).cells
    )


def nested(tag: str, depth: int) -> bytes:
    """A page of tags within tags."""
    return (f"<{tag}>" * depth + "<p>字</p>").encode()


CANNOT: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "空的"),
    "only_blanks": (lambda: b" \r\n\t", "空的"),
    "rtf": (lambda: rb"{\rtf1\ansi }", "RTF"),
    "mht": (lambda: b"MIME-Version: 1.0\r\nContent-Type: multipart/related", "MHT"),
    "picture": (lambda: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "不是能读的文本"),
    "no_title": ("今天天气很好。".encode, "没有找到写明单位和年度的标题"),
    "another_report": (
        lambda: page(body(), title="甲山市2023年法治政府建设年度报告").encode(),
        "法治政府建设",
    ),
    "title_alone": (lambda: page("<p>请下载附件。</p>").encode(), "没有找到格式规定的表"),
    "title_and_pictures": (lambda: page("<img src=1.png>").encode(), "只有图片"),
    "only_pictures": (lambda: b"<html><body><img src=1.png></body></html>", "只有图片"),
    "before_any_format": (
        lambda: page(body(), title=f"{UNIT}2008年政府信息公开工作年度报告").encode(),
        "没有适用于 2008 年的格式",
    ),
    "two_reports": (
        lambda: page(body() + "<p>甲山市财政局2023年政府信息公开工作年度报告</p>" + body()).encode(),
        "2 份年度报告",
    ),
    "large": (lambda: b"<p>" + b"a" * (50 * 2**20), "MB"),
    "large_text": (lambda: b"a" * (17 * 2**20), "MB"),
    "deep_divs": (lambda: nested("div", 100_000), "一层套一层"),
    "deep_tables": (lambda: nested("table><tr><td", 100_000), "一层套一层"),
    "not_a_doc": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Word"),
    "not_a_docx": (lambda: b"PK\x03\x04" + bytes(60), "docx"),
    "not_a_pdf": (lambda: b"%PDF-1.7\n", "PDF"),
}


@pytest.mark.parametrize("case", CANNOT)
def test_what_cannot_be_read_is_one_sentence_and_status_one(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, words = CANNOT[case]
    path = tmp_path / "报告.bin"
    path.write_bytes(make())
    assert main(["read", str(path), "--inputs", str(tmp_path), "--json"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert words in said.err
    assert said.err.count("\n") == 1


def test_remote_and_local_resources_are_never_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("机密内容", encoding="utf-8")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a report asked for a connection")

    monkeypatch.setattr("socket.socket.connect", refuse)
    entity = f'<!DOCTYPE html [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    extras = (
        f'<script src="http://x.invalid/a.js">var 机密=1</script><iframe src="{secret.as_uri()}"></iframe>'
    )
    links = '<link rel="stylesheet" href="http://x.invalid/a.css"><img src="http://x.invalid/b.png">'
    ret = read_page(entity + page(f"{extras}{links}<p>&x;</p>{body()}"))
    assert "机密" not in json.dumps(facts.as_facts(ret, NEWEST), ensure_ascii=False)
    assert ret.paragraphs(6) == ("无。",)


def test_a_page_of_windows_characters_is_read(tmp_path: Path) -> None:
    for name, encoding in (("a", "utf-16"), ("b", "gb18030"), ("c", "utf-8-sig")):
        path = tmp_path / name
        path.write_bytes(page(body()).encode(encoding))
        assert archive.read(path, SPEC).unit == UNIT


# --- PDF -------------------------------------------------------------------------------------------------------

LOCKED = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\ntrailer<</Root 1 0 R/Encrypt<</Filter/Standard"
    b"/V 1/R 2/O<" + b"41" * 32 + b">/U<" + b"42" * 32 + b">/P -4>>/ID[<41><41>]>>\n%%EOF"
)


def printed(markup: str, style: str) -> bytes:
    """A page as somebody else's program would print it."""
    weasyprint = pytest.importorskip("weasyprint")
    looks = f"<style>body {{ font-size: 8pt }} table {{ border-collapse: collapse }} {style}</style>"
    data: bytes = weasyprint.HTML(string=markup.replace("<head>", f"<head>{looks}")).write_pdf()
    return data


@pytest.mark.parametrize(
    "style", ["", "td { border-top: 0.5pt solid; border-bottom: 0.5pt solid }"], ids=["none", "level"]
)
def test_a_pdf_whose_tables_have_no_lines_between_columns_gives_no_number(style: str) -> None:
    data = printed(all_tables(NEWEST, numbered(NEWEST)), style)
    ret = archive.from_document(archive.document(data), "x.pdf", SPEC)
    assert ret.cells == {}
    assert "连在一起" in findings_of(ret)
    assert not re.search(r"\d{4}", "".join(ret.paragraphs(3)))


def test_a_pdf_of_others_is_read_and_its_pictures_are_no_tables() -> None:
    grey = base64.b64encode(png(400, 300)).decode()
    picture = f'<p><img src="data:image/png;base64,{grey}"></p>'
    figures = numbered(NEWEST)
    ruled = printed(all_tables(NEWEST, figures), "td { border: 0.5pt solid }")
    ret = archive.from_document(archive.document(ruled), "x.pdf", SPEC)
    assert {key: held.text for key, held in ret.cells.items()} == figures
    shown = printed(all_tables(NEWEST, figures, requests=picture), "td { border: 0.5pt solid }")
    ret = archive.from_document(archive.document(shown), "x.pdf", SPEC)
    assert not any(key.startswith("requests.") for key in ret.cells)
    assert "图片里的数读不出来" in findings_of(ret)


def test_a_locked_pdf_is_said_to_be() -> None:
    with pytest.raises(UnreadableError, match="密码"):
        archive.document(LOCKED)


# --- Word ------------------------------------------------------------------------------------------------------

REPORTS = DATA / "reports"


@pytest.mark.parametrize("name", ["report_2019.doc", "report_2021.doc", "saved_again_2021.docx"])
def test_word_files_of_other_makes_are_read(name: str) -> None:
    fmt = SPEC.format(name[-9:].rpartition(".")[0].rpartition("_")[2])
    assert fmt is not None
    wanted = {key: str(at) for at, key in enumerate(fmt.slots)}
    wanted |= dict(zip(list(fmt.slots)[:2], ("/", ""), strict=True))
    wanted[next(key for key, slot in fmt.slots.items() if slot.kind == "amount")] = "12.3456"
    ret = archive.read(REPORTS / name, SPEC)
    assert {key: held.text for key, held in ret.cells.items()} == wanted
    assert (ret.unit, ret.report_year) == (UNIT, fmt.first_report_year + 1)
    assert [section.number for section in ret.sections] == [1, 2, 3, 4, 5, 6]
    assert ret.paragraphs(5) == ("本年度第5部分的文字，含“引号”和1,234个字。", "（一）小标题", "第二段。")
    assert kinds_of(ret) == set()


@given(at=st.integers(0, 54_000), byte=st.integers(0, 255), cut=st.integers(512, 54_784))
@settings(max_examples=150)
def test_a_damaged_doc_is_refused_or_read_but_never_crashes(at: int, byte: int, cut: int) -> None:
    data = bytearray((REPORTS / "report_2021.doc").read_bytes())
    data[at] = byte
    for spoilt in (bytes(data), bytes(data[:cut])):
        with contextlib.suppress(UnreadableError):
            archive.from_document(archive.document(spoilt), "x.doc", SPEC)


def test_an_old_word_file_with_changes_is_read_only_where_nothing_was_deleted() -> None:
    document = archive.document((REPORTS / "tracked_added.doc").read_bytes())
    assert document.items[-1] == "本年度收到申请5件。"
    assert "修订" in document.remarks[0]
    with pytest.raises(UnreadableError, match="接受"):
        archive.document((REPORTS / "tracked_deleted.doc").read_bytes())


def test_a_locked_old_word_file_is_said_to_be() -> None:
    data = bytearray((REPORTS / "report_2021.doc").read_bytes())
    data[data.index(b"\xec\xa5") + 0x0B] |= 0x01
    with pytest.raises(UnreadableError, match="密码"):
        archive.document(bytes(data))


def word(inside: str) -> bytes:
    """A Word file with this in its body."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as opened:
        opened.writestr(
            "word/document.xml", f'<w:document xmlns:w="{space}"><w:body>{inside}</w:body></w:document>'
        )
    return package.getvalue()


def paragraphs(*texts: str) -> str:
    """Paragraphs of a Word file; what begins with < is markup already."""
    return "".join(
        f"<w:p>{text if text.startswith('<') else f'<w:r><w:t>{text}</w:t></w:r>'}</w:p>" for text in texts
    )


def test_changes_nobody_accepted_and_text_boxes_are_said() -> None:
    changed = "<w:del><w:r><w:delText>九</w:delText></w:r></w:del><w:ins><w:r><w:t>八件</w:t></w:r></w:ins>"
    box = (
        "<w:r><w:pict><w:txbxContent><w:p><w:r><w:t>框里的字</w:t></w:r></w:p></w:txbxContent></w:pict></w:r>"
    )
    headings = [section.title for section in NEWEST.sections]
    title = f"{UNIT}2023年政府信息公开工作年度报告"
    data = word(paragraphs(title, headings[0], changed, box, *headings[1:]))
    ret = archive.from_document(archive.document(data), "x.docx", SPEC)
    assert ret.paragraphs(1) == ("八件",)
    said = findings_of(ret)
    assert "2 处修订" in said
    assert "1 个文本框" in said
    assert "框里的字" in said


def test_the_official_form_as_wps_saved_it_is_read_when_filled_in() -> None:
    form = SHARED / "domain" / "blank-form-2021.docx"
    if not form.is_file():
        pytest.skip("the official form is not on this machine")
    document = archive.document(form.read_bytes())
    figures, grids = numbered(NEWEST), [item for item in document.items if isinstance(item, Grid)]
    filled: list[Grid] = []
    for grid in grids:
        rows = [list(row) for row in grid.rows]
        for found in archive.Tables([grid], NEWEST, "x").found.values():
            for one in found:
                for key, (row, column) in one.places.items():
                    rows[row][column] = figures[key]
        filled.append(replace(grid, rows=rows))
    fresh = iter(filled)
    items = tuple(next(fresh) if isinstance(item, Grid) else item for item in document.items)
    title = f"{UNIT}2023年政府信息公开工作年度报告"
    ret = archive.from_document(Document(items, title), "form.docx", SPEC)
    assert {key: held.text for key, held in ret.cells.items()} == figures
    assert (ret.unit, len(ret.sections), kinds_of(ret)) == (UNIT, 6, set())
    with pytest.raises(UnreadableError, match="--year"):
        archive.read(form, SPEC)


# --- serving as last year --------------------------------------------------------------------------------------


@pytest.fixture
def years(tmp_path: Path, spec: Spec) -> tuple[Options, Path]:
    """A place with one unit's return for 2023, and a folder for what was published of 2022."""
    from test_pipeline import workbook  # noqa: PLC0415 - the workbook maker lives with the pipeline's tests

    inputs = tmp_path / "in"
    for year in ("2022", "2023"):
        (inputs / year).mkdir(parents=True)
    cells = {
        f"requests.{row}.{column}": 6
        for row in ("received", "granted", "results_total")
        for column in ("natural_person", "total")
    }
    (inputs / "2023" / "示例省甲山市教育局.xlsx").write_bytes(workbook(spec, UNIT, 2023, cells))
    return (
        Options(inputs=inputs, outputs=tmp_path / "out", jobs=1, year=2023, formats=("json",)),
        inputs / "2022",
    )


def published(kind: str) -> bytes:
    """A report for 2022 that carried 4 requests over."""
    carried = {
        f"requests.{row}.{column}": 4
        for row in ("received", "carried_out")
        for column in ("natural_person", "total")
    }
    ret = return_of(NEWEST, carried, 2022, unit=UNIT)
    draft, printed = composed(ret, NEWEST)
    if kind == ".json":
        return facts.dumped(printed).encode()
    if kind == ".pdf":
        return ENGINES["weasyprint"](draft).data
    return WRITERS[f"report{kind}"](draft, NEWEST)


@pytest.mark.parametrize("kind", [".html", ".docx", ".pdf", ".json"])
@pytest.mark.parametrize(
    "name",
    ["{unit}", "{unit}2022年年度报告", "2022年{unit}政府信息公开工作年度报告"],
    ids=["unit", "year_behind", "year_first"],
)
def test_a_published_report_serves_as_last_year(kind: str, name: str, years: tuple[Options, Path]) -> None:
    options, folder = years
    (folder / f"{name.format(unit=UNIT)}{kind}").write_bytes(published(kind))
    outcome = pipeline.check(options, write=False)
    found = [finding for finding in outcome.findings if finding.code == "Y401"]
    assert {finding.unit for finding in found} == {UNIT}
    assert "4" in found[0].message


def test_an_old_word_file_serves_as_last_year(years: tuple[Options, Path]) -> None:
    options, folder = years
    (folder / f"{UNIT}2022年年度报告.doc").write_bytes((REPORTS / "report_2021.doc").read_bytes())
    assert any(finding.code == "Y401" for finding in pipeline.check(options, write=False).findings)


def test_a_text_serves_as_last_years_words_and_gives_no_number(years: tuple[Options, Path]) -> None:
    options, folder = years
    lines = [f"{UNIT}2022年政府信息公开工作年度报告", *(f"{one.title}\n甲乙丙。" for one in NEWEST.sections)]
    (folder / f"{UNIT}2022年年度报告.txt").write_text("\n".join(lines), encoding="utf-8")
    (folder / "说明.txt").write_text("这不是年度报告。", encoding="utf-8")
    place = pipeline.open_place(options)
    held = pipeline.earlier_sources(place)
    assert list(held) == [UNIT]
    (year, source) = held[UNIT][0]
    last = pipeline.read_earlier(place.spec, year, source)
    assert last is not None
    assert last.ret.cells == {}
    assert last.ret.paragraphs(5) == ("甲乙丙。",)
    assert pipeline.build(options).results[0].state == "built"
    runs = {run.code: run.state for run in pipeline.check(options, write=False).runs}
    assert runs["Y401"] == "insufficient_data"
    assert pipeline.blank(options)


UNITS = "code,name,aliases,kind,level,parent,successor_of,since,until\nA1,{unit},,department,city,,,,\nA2,甲山市财政局,,department,city,,,,\n"


def test_with_a_registry_the_title_tells_whose_report_a_file_is(years: tuple[Options, Path]) -> None:
    options, folder = years
    (options.inputs / "units.csv").write_text(UNITS.format(unit=UNIT), encoding="utf-8")
    (folder / "t20230108_87885.htm").write_bytes(published(".html"))
    place = pipeline.open_place(options)
    assert list(pipeline.earlier_sources(place)) == [UNIT]


def test_a_file_named_after_another_unit_than_its_title_serves_nobody(years: tuple[Options, Path]) -> None:
    options, folder = years
    (options.inputs / "units.csv").write_text(UNITS.format(unit=UNIT), encoding="utf-8")
    (folder / "甲山市财政局.html").write_bytes(published(".html"))
    place = pipeline.open_place(options)
    (year, source) = pipeline.earlier_sources(place)["甲山市财政局"][0]
    assert pipeline.read_earlier(place.spec, year, source, place.registry.registered) is None


# --- the command -----------------------------------------------------------------------------------------------


def test_read_prints_facts_and_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "年报.html"
    path.write_text(page(body(sections={6: "2023年未收取信息处理费。"})), encoding="utf-8")
    assert main(["read", str(path), "--inputs", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["unit"], told["report_year"], told["format"]) == (UNIT, 2023, "2021")
    assert told["processing_fee"] == {"collected": False, "cases": 0, "amount": "0"}
    assert told["sources"]["requests.received.total"] == "年报.html·第2张表 第4行第10列"
    assert isinstance(told["findings"], list)
    assert main(["read", str(path), "--inputs", str(tmp_path)]) == 0
    assert "读到 175 格，共 175 格" in capsys.readouterr().out


def test_a_cell_whose_figure_is_not_taken_is_not_said_to_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "年报.html"
    whole = page(body())
    row = whole.index("本年新收")
    path.write_text(whole[:row] + re.sub(r">\d+<", ">3 4<", whole[row:], count=1), encoding="utf-8")
    assert main(["read", str(path), "--inputs", str(tmp_path)]) == 0
    assert "读到 174 格，共 175 格" in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["read", "compare"])
def test_a_folder_in_place_of_a_file_is_said_to_be_one(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tmp_path)] * (2 if verb == "compare" else 1)
    assert main([verb, *files, "--inputs", str(tmp_path)]) == 2
    assert "是文件夹" in capsys.readouterr().err


def test_unit_and_year_may_be_told_where_the_file_does_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "正文.html"
    path.write_text(page(body(), title=""), encoding="utf-8")
    told = ["--year", "2023", "--unit", "乙水市司法局"]
    assert main(["read", str(path), "--inputs", str(tmp_path), "--json", *told]) == 0
    out = json.loads(capsys.readouterr().out)
    assert (out["unit"], out["report_year"]) == ("乙水市司法局", 2023)
    assert "F121" in [finding["code"] for finding in out["findings"]]
