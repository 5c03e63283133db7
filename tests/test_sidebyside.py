"""年际比对.html: it holds both texts whole, marks what it says it marks, and can be read, filtered and printed by all."""

from __future__ import annotations

import base64
import copy
import hashlib
import itertools
import re
from dataclasses import replace

import pytest
from comparisons import BASIS, CELL, SPEC, copied, finding, held, page
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from texts import BASES, FIELDS, RIVERS, SCHOOLS, Base, changed, other_numbers, shuffled_clauses

from report_builder.compare import Comparison, compare
from report_builder.history import Held
from report_builder.model import Finding, Section, Task
from report_builder.render.marks import side_by_side
from report_builder.render.sidebyside import shown, side_by_side_page
from report_builder.similarity import How
from report_builder.spec import Format

OLDER = SPEC.formats[0]
by_format = pytest.mark.parametrize("fmt", SPEC.formats, ids=lambda fmt: fmt.id)


def parsed(page: bytes) -> etree._Element:
    return etree.fromstring(page, etree.HTMLParser(encoding="utf-8"))


def drawn(now: Held, earlier: Held, findings: tuple[Finding, ...] = ()) -> tuple[Comparison, etree._Element]:
    found = compare(now, earlier, BASIS)
    return found, parsed(side_by_side_page(found, now, earlier, findings, SPEC))


def text(element: etree._Element) -> str:
    """What an element says of the reports: without labels, notes and findings."""
    bare = copy.deepcopy(element)
    for extra in bare.xpath(
        ".//*[contains(@class, 'tag') or contains(@class, 'note') or contains(@class, 'finding')]"
    ):
        extra.getparent().remove(extra) if not extra.tail else _cut(extra)
    return "".join(bare.itertext()).strip("\n")


def _cut(extra: etree._Element) -> None:
    extra.clear(keep_tail=True)


def paragraphs(root: etree._Element) -> tuple[list[str], list[str]]:
    """Both columns of the texts, the earlier report's first."""
    cells = root.xpath("//table[@class='texts']/tbody/tr/td[not(@class='none')]")
    columns: tuple[list[str], list[str]] = ([], [])
    for cell in cells:
        columns[cell.getprevious() is not None].append(text(cell))
    return columns


def written(one: Held) -> list[str]:
    return [said for section in shown(one, SPEC) for said in section.paragraphs]


# --- the texts -------------------------------------------------------------------------------------------------


def test_both_texts_stand_there_whole_and_in_order() -> None:
    now, earlier = copied()
    _, root = drawn(now, earlier)
    assert paragraphs(root) == (written(earlier), written(now))


@given(
    st.lists(st.text("甲乙1<&>\"'。，县", min_size=1, max_size=30), min_size=1, max_size=4), st.integers(0, 2)
)
@settings(max_examples=30)
def test_no_text_is_taken_for_markup(texts: list[str], at: int) -> None:
    base = SCHOOLS.text.sections[0].paragraphs
    now, earlier = (
        held((Section(1, "", one),), year)
        for one, year in (((*base[:at], *texts, *base[at:]), 2024), (base, 2023))
    )
    assert paragraphs(drawn(now, earlier)[1]) == (written(earlier), written(now))


@pytest.mark.parametrize("base", BASES, ids=("schools", "rivers", "fields"))
def test_every_passage_is_marked_whole_on_both_sides(base: Base) -> None:
    sections = tuple(replace(one, title="") for one in base.text.sections)
    others = changed(base, shuffled_clauses).sections[:1] + changed(base, other_numbers).sections[1:]
    found, root = drawn(held(others, 2024), held(sections, 2023))
    assert found.passages
    for number, passage in enumerate(found.passages, 1):
        (mark,) = root.xpath(f"//*[@id='now-{number}']")
        assert text(mark) == passage.now.text
        assert mark.get("class").split() == ["passage", str(passage.how)]
        (link,) = mark.xpath("./a[@class='tag']/@href")
        (there,) = root.xpath(f"//*[@id='{link[1:]}']")
        assert any(place.text in text(there) for place in passage.earlier)
        assert SPEC.terms[passage.how] in "".join(mark.itertext())


def test_a_passage_written_twice_leads_to_the_one_place_it_came_from() -> None:
    once = SCHOOLS.text.sections[0].paragraphs[1]
    found, root = drawn(held((Section(1, "", (once, once)),), 2024), held(SCHOOLS.text.sections, 2023))
    assert len(found.passages) == 2
    assert root.xpath("//*[starts-with(@id, 'now-')]/a/@href") == ["#earlier-1", "#earlier-1"]
    (there,) = root.xpath("//*[@id='earlier-1']")
    assert text(there) == once


def test_all_kinds_are_told_apart_and_counted() -> None:
    found, root = drawn(*copied())
    assert {one.how for one in found.passages} == set(How)
    for how in How:
        count = sum(one.how is how for one in found.passages)
        (box,) = root.xpath(f"//input[@data-show='{how}']")
        assert f"（{count}）" in "".join(box.getparent().itertext())
        assert len(root.xpath(f"//*[@data-stop='{how}']")) == count
    rows = root.xpath("//table[contains(@class, 'repeats')]/tbody/tr")
    assert len(rows) == len(found.passages)


def test_what_is_new_and_gone_is_marked_on_its_own_side_and_moved_text_says_where() -> None:
    now, earlier = copied()
    found = compare(now, earlier, BASIS)
    lines = [
        line
        for lines in side_by_side(shown(now, SPEC), shown(earlier, SPEC), found).values()
        for line in lines
    ]
    for line in lines:
        for side, other in ((line.now, "gone"), (line.earlier, "new")):
            assert side is None or other not in {leaf.kind for one in side.stretches for leaf in one.leaves}
    moved = {
        (line.now.spot.paragraph, line.now.moved.paragraph) for line in lines if line.now and line.now.moved
    }
    assert moved == {(4, 0)}
    _, root = drawn(now, earlier)
    notes = ["".join(one.itertext()) for one in root.xpath("//p[@class='note moved']")]
    assert sorted("移到" in note for note in notes) == [False, True]
    numbers = [one.text for one in root.xpath("//td[2]//ins")]
    assert "7983年" in numbers


def test_a_paragraph_without_counterpart_says_so_and_what_of_it_both_have() -> None:
    (copied_one, other), theirs = SCHOOLS.text.sections[0].paragraphs[1:3], FIELDS.sections[1]
    mine = (f"{FIELDS.sections[5][0]}{copied_one}", RIVERS.sections[1][0])
    _, root = drawn(
        held((Section(1, "", mine),), 2024),
        held((Section(1, "", (copied_one + other + "".join(theirs),)),), 2023),
    )
    notes = {
        bool(one.getparent().xpath(".//a")): "".join(one.itertext())
        for one in root.xpath("//td[2]/p[@class='note alone']")
    }
    assert set(notes) == {False, True}
    assert all("没有相应的段落" in note for note in notes.values())
    assert {marked: "只有标出的字句两年都有" in note for marked, note in notes.items()} == {
        False: False,
        True: True,
    }


def test_wording_taken_out_is_shown_as_such() -> None:
    phrase = SPEC.statutory.statutory[0]
    said = f"{SCHOOLS.text.sections[0].paragraphs[1]}{phrase}。"
    found, root = drawn(held((Section(1, "", (said,)),), 2024), held(SCHOOLS.text.sections, 2023))
    assert [one.text for one in found.taken_out] == [
        "".join(one.itertext()) for one in root.xpath("//td//*[@class='taken']")
    ]
    assert found.taken_out


def test_tasks_are_part_of_their_section() -> None:
    task = Task(
        {
            "title": "公开规划",
            "measures": "把十四个规划的文本、图纸、解读放进一个专题，按年份排列。",
            "progress": "已放进九个",
            "state": "done",
        }
    )
    now, earlier = (held(SCHOOLS.text.sections, year, tasks=(task,)) for year in (2024, 2023))
    found, root = drawn(now, earlier)
    assert "把十四个规划的文本、图纸、解读放进一个专题，按年份排列。已放进九个。" in paragraphs(root)[1]
    assert {one.how for one in found.passages} == {How.VERBATIM}


# --- figures, findings, what was left out ----------------------------------------------------------------------


def figures(root: etree._Element) -> dict[str, list[str]]:
    """The lines of the figures by row and column."""
    found = {}
    for body in root.xpath("//table[contains(@class, 'numbers')]/tbody"):
        row, *lines = body.xpath("./tr[th]")
        for line in lines:
            found[f"{''.join(row.itertext())}·{line[0].text}"] = [cell.text for cell in line[1:]]
    return found


def test_figures_stand_with_change_and_per_cent_and_blank_is_not_nought() -> None:
    now, earlier = copied()
    found, root = drawn(now, earlier)
    said = figures(root)
    assert len(said) == len(found.cells)
    assert next(line for name, line in said.items() if name.startswith("一、") and name.endswith("总计")) == [
        "10", "12", "+2", "+20.00%",
    ]  # fmt: skip
    assert next(line for name, line in said.items() if name.startswith("二、") and name.endswith("总计")) == [
        "0",
        "0",
        "0",
        "—",
    ]
    blank = next(line for name, line in said.items() if "予以公开" in name and name.endswith("总计"))
    assert (blank[0], blank[2], blank[3]) == ("未填", "—", "—")
    changed_rows = root.xpath(
        "//table[contains(@class, 'numbers')]/tbody/tr[not(contains(@class, 'steady')) and td]"
    )
    assert len(changed_rows) == sum(one.now != one.earlier for one in found.cells)


def test_both_rates_stand_with_their_definitions() -> None:
    found, root = drawn(*copied())
    said = "".join(root.xpath("//dl")[0].itertext())
    assert re.findall(r"[\d.]+%", said) == [
        f"{round(100 * share.ratio, 1)}%"
        for share in (found.overlap.strict, found.overlap.loose)
        if share.ratio
    ]
    for key in ("strict", "loose"):
        assert SPEC.terms[key] in said
        assert SPEC.terms[f"{key}_definition"] in said


def test_findings_stand_beside_their_place_and_none_is_lost() -> None:
    now, earlier = copied()
    place = now.ret.sections[0].places[1]
    given_findings = (
        finding(place),
        finding("甲.xlsx·依申请公开!D5", ("nothing", CELL), answer="单位说过了"),
        finding("甲.xlsx"),
    )
    _, root = drawn(now, earlier, given_findings)
    notes = root.xpath("//*[@class='finding']")
    assert [note.xpath("string(./p)").strip() for note in notes] == [
        f"更正 B301 {one.message}" for one in given_findings
    ]
    beside, below, apart = notes
    assert now.ret.sections[0].paragraphs[1] == text(beside.getparent())
    row = below.xpath("ancestor::tr")[0].getprevious()
    assert row[0].text == "总计"
    assert "单位说过了" in "".join(below.itertext())
    assert apart.xpath("ancestor::section/@aria-labelledby") == ["h-elsewhere"]


@by_format
def test_what_is_not_comparable_is_named_with_its_reason_in_words(fmt: Format) -> None:
    now, earlier = held(SCHOOLS.text.sections, 2024), held((), fmt.first_report_year, fmt=fmt)
    found, root = drawn(now, earlier)
    assert found.not_comparable
    said = root.xpath("//section[@aria-labelledby='h-left-out']")[0]
    rows = [[cell.text for cell in row] for row in said.xpath(".//tbody/tr")]
    assert [why for _, why in rows] == [one.why for one in found.not_comparable]
    assert not [what for what, _ in rows if what is None or re.search("[a-z]", what)]
    assert SPEC.terms["not_compared_definition"] in "".join(said.itertext())


def test_two_units_are_called_by_their_names() -> None:
    now = held(SCHOOLS.text.sections, 2024)
    found, root = drawn(now, replace(now, ret=replace(now.ret, unit="乙水市教育局")))
    assert found.overlap.strict.ratio == 1
    heads = {cell.text for cell in root.xpath("//table[@class='texts']/thead//th")}
    assert heads == {"乙水市教育局2024年", "甲山市教育局2024年"}


def test_reports_without_texts_have_a_page_too() -> None:
    _, root = drawn(held((), 2024), held((), 2023))
    assert paragraphs(root) == ([], [])
    assert "没有雷同段落" in "".join(root.itertext())


def test_of_tables_that_were_not_read_nothing_is_said_to_be_unchanged() -> None:
    now, earlier = (replace(one, ret=replace(one.ret, cells={})) for one in (held((), 2024), held((), 2023)))
    said = text(drawn(now, earlier)[1])
    assert "各项都没有变动" not in said
    assert "没有两年都读到的数字。" in said


# --- the page itself -------------------------------------------------------------------------------------------


def test_the_page_stands_alone_and_runs_its_own_script_only() -> None:
    data = page()
    root = parsed(data)
    (script,) = root.xpath("//script")
    digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    policy = root.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
    assert policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert not root.xpath("//link | //iframe | //img | //@src | //@style | //@*[starts-with(name(), 'on')]")
    assert not re.search(rb"@import|url\(|https?://", data)
    assert page() == data


def test_nothing_in_it_is_newer_than_the_oldest_browser() -> None:
    data = page().decode()
    newer = r":has\(|:is\(|:where\(|@container|@layer|aspect-ratio|\binset:|\.at\(|structuredClone|replaceAll|\bawait\b"
    assert not re.search(newer, data)


def test_headings_labels_and_links_are_in_order() -> None:
    root = parsed(page())
    assert root.get("lang") == "zh-CN"
    levels = [int(one.tag[1]) for one in root.iter("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(then - one <= 1 for one, then in itertools.pairwise(levels))
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in root.xpath("//a/@href")} <= set(ids)
    assert set(root.xpath("//@aria-labelledby")) <= set(ids)
    assert all(box.getparent().tag == "label" for box in root.iter("input"))
    assert all("".join(label.itertext()).strip() for label in root.iter("label"))
    assert all(table.find("caption") is not None for table in root.iter("table"))
    assert all(head.get("scope") for head in root.iter("th"))
    assert all(one.getparent().tag in {"header", "main", "body"} for one in root.iter("h1"))
