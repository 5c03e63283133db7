"""The Word file with tracked changes: accepted it is this year's text, rejected the earlier year's."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import return_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from openxml_audit import OpenXmlValidator
from texts import FIELDS, SCHOOLS, other_numbers, shuffled_clauses, stops_for_commas

from report_builder.compare import Basis, compare
from report_builder.history import Held
from report_builder.model import Document, Grid, Section, Task
from report_builder.readers import docx as reader
from report_builder.render import tracked
from report_builder.spec import Format, load_spec

SPEC = load_spec()
OLDER, NEWER = SPEC.formats[0], SPEC.formats[-1]
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
YEAR = NEWER.first_report_year + 3
RECEIVED, FEES = "requests.received.total", "proactive.fees.amount"
Paragraphs = dict[int, tuple[str, ...]]


def held(texts: Paragraphs, year: int = YEAR, fmt: Format = NEWER, **fields: Any) -> Held:
    """A report with these paragraphs by section; the other sections stand empty, as a return's do."""
    sections = tuple(Section(one.number, one.title, texts.get(one.number, ())) for one in fmt.sections)
    made: dict[str, Any] = {"unit": SCHOOLS.unit, "sections": sections} | fields
    return Held(return_of(fmt, year=year, **made), fmt)


def written(now: Held, earlier: Held) -> bytes:
    """The file on two reports."""
    return tracked.write(compare(now, earlier, Basis(SPEC)), now, earlier, SPEC)


def lines(report: Held) -> list[str]:
    """What the file must hold of a report: the title, then the heading and paragraphs of every section with a text."""
    ret = report.ret
    sections = [one for one in ret.sections if one.paragraphs]
    title = report.fmt.report_title.format(unit=ret.unit, year=ret.report_year)
    return [title, *(text for one in sections for text in (one.title, *one.paragraphs))]


def document_of(data: bytes) -> etree._Element:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return etree.fromstring(package.read("word/document.xml"))


def settled(data: bytes, *, accept: bool) -> bytes:
    """The file after all changes were accepted or rejected, as ECMA-376 part 1, 17.13.5 says.

    A paragraph whose mark goes is joined to the one that follows it and takes its properties.
    """
    root = document_of(data)
    goes, stays = (f"{W}del", f"{W}ins") if accept else (f"{W}ins", f"{W}del")
    for paragraph in list(root.iter(f"{W}p")):
        joined = paragraph.find(f"{W}pPr/{W}rPr/{goes}") is not None
        for change in list(paragraph.iterchildren(goes)):
            paragraph.remove(change)
        for change in list(paragraph.iterchildren(stays)):
            for run in list(change):
                change.addprevious(run)
            paragraph.remove(change)
        if joined:
            join(paragraph)
    for gone in root.iter(f"{W}delText"):
        gone.tag = f"{W}t"
    for mark in [*root.iter(f"{W}ins"), *root.iter(f"{W}del")]:
        mark.getparent().remove(mark)
    return zipped(data, etree.tostring(root))


def join(paragraph: etree._Element) -> None:
    following = paragraph.getnext()
    assert following.tag == f"{W}p"
    properties = following.find(f"{W}pPr")
    for run in [one for one in paragraph if one.tag != f"{W}pPr"][::-1]:
        properties.addnext(run)
    paragraph.getparent().remove(paragraph)


def zipped(data: bytes, document: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as package, zipfile.ZipFile(out, "w") as made:
        for name in package.namelist():
            made.writestr(name, document if name == "word/document.xml" else package.read(name))
    return out.getvalue()


def text_below(document: Document) -> list[str | Grid]:
    """What stands below the summary, in order."""
    items = list(document.items)
    return items[items.index(tracked._TRACKED) + 2 :]


words = st.sampled_from(
    ["2023年", "12件", "1,234", "3.5%", "公开", "申请", "，", "。", "“甲”", "办结", "<&>", "十二"]
)
paragraph = st.lists(words, min_size=1, max_size=25).map("".join)
report = st.dictionaries(st.sampled_from([1, 2, 5, 6]), st.lists(paragraph, max_size=5).map(tuple))


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(report, report, st.integers(0, 9))
def test_accepted_it_is_the_new_text_and_rejected_the_old(
    now: Paragraphs, earlier: Paragraphs, kept: int
) -> None:
    earlier = {**earlier, 1: (*earlier.get(1, ()), *now.get(1, ())[:kept])}
    ours, theirs = held(now), held(earlier, YEAR - 1)
    data = written(ours, theirs)
    assert text_below(reader.read(data)) == lines(ours)
    assert text_below(reader.read(settled(data, accept=True))) == lines(ours)
    assert text_below(reader.read(settled(data, accept=False))) == lines(theirs)
    assert not empty_lines(settled(data, accept=True)) + empty_lines(settled(data, accept=False))


def empty_lines(data: bytes) -> list[etree._Element]:
    """Lines of the tracked text that nothing stands on; the reader would pass them over."""
    body = document_of(data).find(f"{W}body")
    found = ["".join(one.itertext()) for one in body]
    below = body[found.index(tracked._TRACKED) :]
    return [one for one in below[:-2] if one.tag == f"{W}p" and not "".join(one.itertext())]


def copied(change: object = other_numbers) -> tuple[Held, Held]:
    """A report that repeats the year before with other numbers, and that year."""
    texts = {number: tuple(map(change, found)) for number, found in SCHOOLS.sections.items()}  # type: ignore[call-overload]
    return held(texts), held(SCHOOLS.sections, YEAR - 1)


PAIRS = {
    "renumbered": copied(),
    "shuffled": copied(shuffled_clauses),
    "stopped": copied(stops_for_commas),
    "unlike": (held(FIELDS.sections), held(SCHOOLS.sections, YEAR - 1)),
    "formats": (
        held(SCHOOLS.sections, NEWER.first_report_year),
        held(FIELDS.sections, NEWER.first_report_year - 1, OLDER),
    ),
    "empty": (held({}), held({}, YEAR - 1)),
}
by_pair = pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)


@by_pair
def test_the_validator_finds_no_error_and_equal_reports_are_equal_bytes(
    pair: tuple[Held, Held], tmp_path: Path
) -> None:
    path = tmp_path / "compared.docx"
    path.write_bytes(written(*pair))
    assert not list(OpenXmlValidator().validate(path).errors)
    assert path.read_bytes() == written(*pair)


@by_pair
def test_changes_are_numbered_named_and_dated_by_the_report_year(pair: tuple[Held, Held]) -> None:
    root = document_of(written(*pair))
    changes = [*root.iter(f"{W}ins"), *root.iter(f"{W}del")]
    numbers = [change.get(f"{W}id") for change in changes]
    assert len(set(numbers)) == len(numbers) > 0
    day = dt.date(pair[0].ret.report_year + 1, 1, 1)
    assert {(one.get(f"{W}author"), one.get(f"{W}date")) for one in changes} == {
        ("年际比对", f"{day}T00:00:00Z")
    }
    assert all(one.getparent().getparent().tag == f"{W}del" for one in root.iter(f"{W}delText"))
    assert not root.findall(f".//{W}del//{W}t")
    last = root.findall(f".//{W}p")[-1]
    assert not last.findall(f".//{W}ins") + last.findall(f".//{W}del")


@by_pair
def test_no_change_begins_or_ends_within_a_number(pair: tuple[Held, Held]) -> None:
    for paragraph in document_of(written(*pair)).iter(f"{W}p"):
        for other in (f"{W}del", f"{W}ins"):
            runs = (run for run in paragraph.iter(f"{W}r") if run.getparent().tag != other)
            for before, after in pairwise("".join(run.itertext()) for run in runs):
                assert not (before[-1:].isdigit() and after[:1].isdigit())


def grids(data: bytes) -> dict[str, Grid]:
    """The tables of the summary by the caption above each."""
    items = reader.read(data).items
    return {str(before): one for before, one in pairwise(items) if isinstance(one, Grid)}


def test_the_summary_says_what_was_found() -> None:
    now, earlier = copied()
    comparison = compare(now, earlier, Basis(SPEC))
    data = written(now, earlier)
    said = reader.read(data)
    assert said.title == f"{SCHOOLS.unit}{YEAR}年报告与{YEAR - 1}年报告比对"
    for name in ("strict", "loose"):
        assert any(SPEC.terms[f"{name}_definition"] in str(item) for item in said.items)
    tables = grids(data)
    whole = comparison.overlap
    assert tables["重复率"].rows[1] == ("全文", whole.strict.in_words(), whole.loose.in_words())
    passages = tables[f"雷同段落（{len(comparison.passages)}处）"].rows[1:]
    assert [tuple(row) for row in passages] == [
        (
            str(number),
            SPEC.terms["numbers_only"],
            NEWER.section(one.now.section).title,
            str(one.characters),
            str(one.years_running),
            one.excerpt,
        )
        for number, one in enumerate(comparison.passages, 1)
    ]
    assert any(one.excerpt != one.now.text for one in comparison.passages)


def test_figures_that_changed_stand_under_their_tables() -> None:
    before, after = (
        {RECEIVED: 8, "requests.received.natural_person": 8, FEES: None, "disputes.review.total": 3},
        {
            RECEIVED: 9,
            "requests.received.natural_person": 0,
            FEES: Decimal("1.50"),
            "disputes.review.total": 3,
        },
    )
    now, earlier = held({}), held({}, YEAR - 1)
    now, earlier = (
        replace(one, ret=return_of(NEWER, cells, one.ret.report_year))
        for one, cells in ((now, after), (earlier, before))
    )
    table = grids(written(now, earlier))["有变化的数字（3项）"]
    slots = NEWER.slots
    assert [tuple(row) for row in table.rows] == [
        ("项目", "栏目", f"{YEAR - 1}年", f"{YEAR}年", "增减", "增减比例"),
        (SPEC.terms["proactive"], None, None, None, None, None),
        (slots[FEES].row.label, slots[FEES].column.label, "未填", "1.5", "—", "—"),
        (SPEC.terms["requests"], None, None, None, None, None),
        (slots[RECEIVED].row.label, "自然人", "8", "0", "−8", "−100.00%"),
        (None, "总计", "8", "9", "+1", "+12.50%"),
    ]


@pytest.mark.parametrize(
    ("read", "said"),
    [(True, "能比较的数字没有变化。"), (False, "没有两年都读到的数字。")],
    ids=["steady", "unread"],
)
def test_figures_nobody_read_are_not_said_to_be_unchanged(read: bool, said: str) -> None:
    now, earlier = held({}), held({}, YEAR - 1)
    if not read:
        earlier = replace(earlier, ret=replace(earlier.ret, cells={}))
    assert said in map(str, reader.read(written(now, earlier)).items)


def test_what_cannot_be_compared_is_named_with_its_reason() -> None:
    now, earlier = PAIRS["formats"]
    rows = grids(written(now, earlier))["不可比的项目"].rows[1:]
    reasons = {str(what): str(why) for what, why in rows}
    assert "口径不同" in reasons[SPEC.terms["proactive"]]
    split = next(what for what in reasons if "1.申请人无正当理由逾期不补正" in what)
    assert split.startswith(SPEC.terms["requests"])
    assert len(split.split("\n")) == 3


def test_what_was_not_compared_is_said() -> None:
    now, earlier = copied()
    done = replace(now, ret=replace(now.ret, tasks=(Task({"title": "公开规划", "measures": "张贴图纸。"}),)))
    phrase = next(one for one in SPEC.statutory.statutory if one.isalnum())
    spoken = held({1: (f"{phrase}，编制本报告。",)})
    for one, said in (
        (done, tracked._TASKS),
        (spoken, f"共1处、{len(phrase)}字"),
        (now, tracked._NOT_COMPARED[1]),
    ):
        assert any(said in str(item) for item in reader.read(written(one, earlier)).items)
    assert not any(tracked._TASKS in str(item) for item in reader.read(written(now, earlier)).items)


def test_another_units_report_is_named_with_its_unit() -> None:
    now, earlier = held(SCHOOLS.sections), held(SCHOOLS.sections, YEAR - 1, unit=FIELDS.unit)
    data = written(now, earlier)
    assert reader.read(data).title == f"{SCHOOLS.unit}{YEAR}年报告与{FIELDS.unit}{YEAR - 1}年报告比对"
    assert text_below(reader.read(settled(data, accept=False))) == lines(earlier)


def test_subheadings_are_set_as_the_report_sets_them() -> None:
    now, earlier = held({1: ("（一）主动公开", "全年公开信息12条。")}), held({1: ("全年公开信息12条。",)})
    root = document_of(written(now, earlier))
    styles = {
        "".join(one.itertext()): one.find(f"{W}pPr/{W}pStyle").get(f"{W}val") for one in root.iter(f"{W}p")
    }
    title, *_ = lines(now)
    assert (
        next(style for text, style in styles.items() if title.removeprefix(SCHOOLS.unit) in text) == "Title"
    )
    assert styles["（一）主动公开"] == "Heading2"
    assert styles["全年公开信息12条。"] == "BodyText"
    assert styles[NEWER.section(1).title] == "Heading1"
