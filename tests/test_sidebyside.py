"""年际比对.html: it holds both texts whole, marks what it says it marks, and can be read, filtered and printed by all."""

from __future__ import annotations

import base64
import copy
import hashlib
import itertools
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import return_of
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from texts import BASES, SCHOOLS, Base, changed, other_numbers, reworded, shuffled_clauses

from report_builder.compare import Basis, Comparison, compare
from report_builder.history import Held
from report_builder.model import Finding, Section, Severity, Task
from report_builder.render.marks import side_by_side
from report_builder.render.sidebyside import shown, side_by_side_page
from report_builder.similarity import How
from report_builder.spec import Format, load_spec

SPEC = load_spec()
OLDER, NEWER = SPEC.formats[0], SPEC.formats[-1]
BASIS = Basis(SPEC, names=("甲山市",))
CELL = "requests.received.total"
by_format = pytest.mark.parametrize("fmt", SPEC.formats, ids=lambda fmt: fmt.id)


def held(
    sections: tuple[Section, ...],
    year: int,
    cells: dict[str, object] | None = None,
    fmt: Format = NEWER,
    **fields: Any,
) -> Held:
    made = {"unit": SCHOOLS.unit, "sections": sections} | fields
    return Held(return_of(fmt, cells, year, **made), fmt)


def placed(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """The sections as typed into a text sheet, a cell each."""
    return tuple(
        replace(one, places=tuple(f"甲.xlsx·文字材料!B{one.number}{at}" for at in range(len(one.paragraphs))))
        for one in sections
    )


def finding(where: str = "", cells: tuple[str, ...] = (), **fields: Any) -> Finding:
    made: dict[str, Any] = {
        "code": "B301",
        "severity": Severity.CORRECT,
        "message": f"有误 {where}",
        "basis": "第三条",
        "fix": "核对",
    }
    made |= fields
    return Finding(unit=SCHOOLS.unit, report_year=2024, where=where, cells=cells, facts={}, **made)


def copied() -> tuple[Held, Held]:
    """A report and last year's, from which it was made in all the ways there are."""
    (first, *rest), last = SCHOOLS.text.sections[0].paragraphs, SCHOOLS.text.sections[1]
    told = changed(SCHOOLS, other_numbers).sections[0].paragraphs
    now = (
        Section(
            1,
            "一",
            (rest[0], told[2], shuffled_clauses(rest[2]), "按<新>办法&要求另写一段，与去年无关。", first),
        ),
        replace(last, paragraphs=reworded(SCHOOLS).sections[1].paragraphs),
    )
    earlier = (Section(1, "一", (first, *rest)), last, Section(6, "六", ("没有其他事项。",)))
    figures = {CELL: 12, "proactive.fees.amount": Decimal("1.50"), "requests.carried_in.total": 0}
    return held(placed(now), 2024, figures), held(
        earlier, 2023, figures | {CELL: 10, "requests.granted.total": None}
    )


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
@settings(max_examples=30, deadline=None)
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
            "state": "done",
        }
    )
    now, earlier = (held(SCHOOLS.text.sections, year, tasks=(task,)) for year in (2024, 2023))
    found, root = drawn(now, earlier)
    assert "把十四个规划的文本、图纸、解读放进一个专题，按年份排列。" in paragraphs(root)[1]
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
        "//table[contains(@class, 'numbers')]//tr[not(contains(@class, 'steady')) and td]"
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


# --- the page itself -------------------------------------------------------------------------------------------


def full() -> bytes:
    now, earlier = copied()
    found = compare(now, earlier, BASIS)
    said = (
        finding(now.ret.sections[0].places[1]),
        finding("甲.xlsx·依申请公开!D5", (CELL,)),
        finding("甲.xlsx"),
    )
    return side_by_side_page(found, now, earlier, said, SPEC)


def test_the_page_stands_alone_and_runs_its_own_script_only() -> None:
    page = full()
    root = parsed(page)
    (script,) = root.xpath("//script")
    digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    policy = root.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
    assert policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert not root.xpath("//link | //iframe | //img | //@src | //@style | //@*[starts-with(name(), 'on')]")
    assert not re.search(rb"@import|url\(|https?://", page)
    assert full() == page


def test_nothing_in_it_is_newer_than_the_oldest_browser() -> None:
    page = full().decode()
    newer = r":has\(|:is\(|:where\(|@container|@layer|aspect-ratio|\binset:|\.at\(|structuredClone|replaceAll|\bawait\b"
    assert not re.search(newer, page)


def test_headings_labels_and_links_are_in_order() -> None:
    root = parsed(full())
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


# --- a browser -------------------------------------------------------------------------------------------------

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no browser on this machine")
    with playwright.sync_playwright() as started:
        one = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield one
        one.close()


@pytest.fixture(params=[1280, 390])
def shown_page(browser: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page on disk under a path with Chinese and a space, opened; nothing may be said or asked for."""
    folder = tmp_path / "示例 目录"
    folder.mkdir()
    path = folder / "年际比对.html"
    path.write_bytes(full())
    page = browser.new_page(viewport={"width": request.param, "height": 800})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda one: asked.append(one.url))
    page.goto(path.as_uri())
    yield page
    assert said == []
    assert asked == [path.as_uri()]
    page.close()


HERE = "(document.querySelector('.here') || {dataset: {}}).dataset.stop"


def test_the_page_fits_its_window(shown_page: Any) -> None:
    assert shown_page.evaluate("document.scrollingElement.scrollWidth") <= shown_page.viewport_size["width"]


def test_keys_and_buttons_go_from_place_to_place(shown_page: Any) -> None:
    places = shown_page.evaluate("[...document.querySelectorAll('[data-stop]')].map(one => one.dataset.stop)")
    assert len(places) > 5
    seen = []
    for at in range(len(places)):
        if at % 2:
            shown_page.click("#next")
        else:
            shown_page.keyboard.press("n")
        seen.append(shown_page.evaluate(HERE))
        assert shown_page.evaluate("document.activeElement === document.querySelector('.here')")
        assert shown_page.evaluate("document.querySelector('.here').getBoundingClientRect().top >= 0")
    assert seen == places
    assert f"第 {len(places)} 处，共 {len(places)} 处" in shown_page.inner_text("#said")
    shown_page.keyboard.press("p")
    assert shown_page.evaluate(HERE) == places[-2]
    outline = "getComputedStyle(document.querySelector('.here')).outlineStyle"
    assert shown_page.evaluate(outline) == "solid"


def test_a_kind_that_is_switched_off_is_neither_marked_nor_visited(shown_page: Any) -> None:
    shown_page.click("summary")
    total = shown_page.evaluate("document.querySelectorAll('[data-stop]').length")
    count = shown_page.evaluate("document.querySelectorAll('[data-stop=reworded]').length")
    style = "getComputedStyle(document.querySelector('.passage.reworded')).borderBottomStyle"
    assert shown_page.evaluate(style) == "double"
    shown_page.uncheck("[data-show=reworded]")
    assert shown_page.evaluate(style) == "none"
    assert not shown_page.is_visible(".passage.reworded .tag")
    assert shown_page.inner_text("#said") == f"共 {total - count} 处"
    for kind in ("verbatim", "numbers_only", "reordered", "change", "finding"):
        shown_page.uncheck(f"[data-show={kind}]")
    assert shown_page.inner_text("#said") == "共 0 处"
    shown_page.keyboard.press("n")
    assert shown_page.evaluate(HERE) is None
    assert not shown_page.is_visible(".finding")


def test_lines_without_marks_and_steady_figures_can_be_hidden_and_keys_switched_off(shown_page: Any) -> None:
    shown_page.click("summary")
    lines = (
        "[...document.querySelectorAll('.texts tbody tr')].filter(one => one.getClientRects().length).length"
    )
    whole = shown_page.evaluate(lines)
    shown_page.uncheck("[data-show=change]")
    shown_page.check("#only-marked")
    assert 0 < shown_page.evaluate(lines) < whole
    figures_shown = (
        "[...document.querySelectorAll('.numbers tr')].filter(one => one.getClientRects().length).length"
    )
    few = shown_page.evaluate(figures_shown)
    shown_page.check("[data-show=steady]")
    assert shown_page.evaluate(figures_shown) > few + 100
    shown_page.uncheck("#keys")
    shown_page.keyboard.press("n")
    assert shown_page.evaluate(HERE) is None


CONTRAST = """
() => {
  const light = one => { const v = one / 255; return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); };
  const shade = text => { const [r, g, b] = text.match(/[\\d.]+/g).map(Number); return 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b); };
  const ground = one => {
    for (let at = one; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (color !== 'rgba(0, 0, 0, 0)') { return color; }
    }
    return 'rgb(255, 255, 255)';
  };
  return [...document.querySelectorAll('body *')].filter(one => [...one.childNodes].some(
    child => child.nodeType === 3 && child.data.trim())).filter(one => one.tagName !== 'SCRIPT').map(one => {
    const [a, b] = [shade(getComputedStyle(one).color), shade(ground(one))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  });
}
"""


def test_all_writing_stands_out_from_its_ground(shown_page: Any) -> None:
    ratios = shown_page.evaluate(CONTRAST)
    assert len(ratios) > 100
    assert min(ratios) >= 4.5


def test_it_prints_without_tools_and_with_signs_that_need_no_colour(shown_page: Any) -> None:
    data = shown_page.pdf(prefer_css_page_size=True, print_background=False)
    assert data.startswith(b"%PDF")
    shown_page.emulate_media(media="print")
    assert not shown_page.is_visible(".tools")
    styles = "one => getComputedStyle(one).textDecorationLine"
    assert shown_page.eval_on_selector("td p:not(.whole) ins", styles) == "underline"
    assert shown_page.eval_on_selector("td p:not(.whole) del", styles) == "line-through"
    edges = [
        shown_page.evaluate(f"getComputedStyle(document.querySelector('.passage.{how}')).borderBottomStyle")
        for how in How
    ]
    assert len(set(edges)) == len(How)
