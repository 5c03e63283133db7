"""Every page the program writes, in the browsers offices run: opened from disk, read by all, used by keys, printed.

A page is added in one line of ``PAGES``. ``make browsers`` fetches the older browsers and axe-core.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import drafts
import pypdfium2
import pytest
from comparisons import page as comparison
from conftest import ROOT
from many_units import overseen

from report_builder.overview.page import overview_page
from report_builder.render import html
from report_builder.similarity import How
from report_builder.spec import load_spec

FETCHED = ROOT / ".venv" / "browsers"
SYSTEM = shutil.which("chromium") or shutil.which("google-chrome") or ""
BROWSERS = {
    "current": Path(SYSTEM),
    "108": FETCHED / "chromium-108" / "chromium",
    "86": FETCHED / "chromium-86" / "chromium",
}
AXE = FETCHED / "axe-core" / "axe.min.js"
FONTS = Path(sys.prefix) / "share" / "report_builder" / "fonts.conf"
WIDE, NARROW = 1280, 360
FORMAT = load_spec().formats[-1]


def report() -> bytes:
    return html.web(drafts.full(FORMAT), FORMAT, drafts.PICTURES).encode()


PAGES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "report": ("年度报告.html", report),
    "comparison": ("年际比对.html", comparison),
    "overview": ("总览.html", lambda: overview_page(overseen(260), load_spec(), ("报送情况.csv",))),
}
by_page = pytest.mark.parametrize("name", PAGES)
by_width = pytest.mark.parametrize("width", [WIDE, NARROW])


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        yield started


@pytest.fixture(scope="module", params=BROWSERS)
def browser(driver: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    program = BROWSERS[request.param]
    if not program.is_file():
        pytest.skip(
            f"no Chromium {request.param} here; make browsers fetches 108 and 86, Debian has the current"
        )
    env = os.environ | ({"FONTCONFIG_FILE": str(FONTS)} if FONTS.is_file() else {})
    started = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"], env=env)
    assert request.param == "current" or started.version.startswith(f"{request.param}.")
    yield started
    started.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages on disk under a path with Chinese and a space."""
    made = tmp_path_factory.mktemp("pages") / "中文 路径"
    made.mkdir()
    for name, write in PAGES.values():
        (made / name).write_bytes(write())
    return made


@contextmanager
def opened(browser: Any, path: Path, width: int = WIDE) -> Iterator[Any]:
    """The page in a window of its own; it may say nothing in the console and ask for nothing."""
    tab = browser.new_page(viewport={"width": width, "height": 800})
    said: list[str] = []
    asked: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda one: asked.append(one.url))
    tab.goto(path.as_uri())
    yield tab
    tab.close()
    assert said == []
    assert asked == [path.as_uri()]


# --- every page ------------------------------------------------------------------------------------------------


@by_page
@by_width
def test_it_opens_without_complaint_and_fits_its_window(
    browser: Any, folder: Path, name: str, width: int
) -> None:
    with opened(browser, folder / PAGES[name][0], width) as tab:
        assert tab.evaluate("document.scrollingElement.scrollWidth") <= width
        clipped = (
            "[...document.querySelectorAll('td, th')].filter(one => one.scrollWidth > one.clientWidth + 1)"
        )
        assert tab.evaluate(f"{clipped}.map(one => one.textContent)") == []
        assert tab.title()


@by_page
@by_width
def test_all_can_use_it(browser: Any, folder: Path, name: str, width: int) -> None:
    if not AXE.is_file():
        pytest.skip("no axe-core here; make browsers fetches it")
    with opened(browser, folder / PAGES[name][0], width) as tab:
        tab.evaluate("[...document.querySelectorAll('details')].forEach(one => { one.open = true; })")
        tab.evaluate(AXE.read_text(encoding="utf-8"))
        found = tab.evaluate("axe.run(document)")
        assert len(found["passes"]) > 10
        said = [(one["id"], [node["target"] for node in one["nodes"]]) for one in found["violations"]]
        assert said == [], json.dumps(said, ensure_ascii=False)


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
    child => child.nodeType === 3 && child.data.trim())).filter(one => one.tagName !== 'SCRIPT' && !one.closest('svg')).map(one => {
    const [a, b] = [shade(getComputedStyle(one).color), shade(ground(one))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  });
}
"""


@by_page
def test_all_writing_stands_out_from_its_ground(browser: Any, folder: Path, name: str) -> None:
    with opened(browser, folder / PAGES[name][0]) as tab:
        ratios = tab.evaluate(CONTRAST)
        assert len(ratios) > 100
        assert min(ratios) >= 4.5


@by_page
def test_it_prints_on_a4_with_its_words(browser: Any, folder: Path, name: str) -> None:
    with opened(browser, folder / PAGES[name][0]) as tab:
        shown = tab.evaluate("document.querySelector('main').innerText")
        headings = set(
            tab.evaluate("[...document.querySelectorAll('h2, h3')].map(one => one.textContent.trim())")
        )
        data = tab.pdf(prefer_css_page_size=True, print_background=False)
    with pypdfium2.PdfDocument(data) as printed:
        sizes = {tuple(sorted(round(side * 25.4 / 72) for side in page.get_size())) for page in printed}
        texts = [page.get_textpage().get_text_range() for page in printed]
    assert sizes == {(210, 297)}
    assert all(text.strip() for text in texts)
    assert not headings & {text.split("\n")[-1].strip() for text in texts}
    # Older browsers write some characters as the radicals they look like: ⼀ for 一.
    words = "".join(unicodedata.normalize("NFKC", "".join(texts)).split())
    lines = {"".join(unicodedata.normalize("NFKC", line).split()) for line in shown.splitlines()}
    lost = [line for line in lines if 4 < len(line) < 12 and line not in words]
    assert lost == []


# --- the comparison --------------------------------------------------------------------------------------------

HERE = "(document.querySelector('.here') || {dataset: {}}).dataset.stop"
SEEN = "one => one.getClientRects().length > 0"
MIDDLE = (
    "one => { const box = one.getClientRects()[0]; return [box.x + box.width / 2, box.y + box.height / 2]; }"
)


def press(tab: Any, selector: str) -> None:
    """A click of the mouse where it stands; playwright's own first asks what 86 cannot answer."""
    tab.eval_on_selector(selector, "one => one.scrollIntoView({block: 'nearest'})")
    tab.mouse.click(*tab.eval_on_selector(selector, MIDDLE))


def untick(tab: Any, kind: str) -> None:
    press(tab, f"[data-show={kind}]")
    assert not tab.eval_on_selector(f"[data-show={kind}]", "one => one.checked")


def said(tab: Any) -> str:
    return str(tab.eval_on_selector("#said", "one => one.textContent"))


def count(tab: Any, selector: str) -> int:
    """How many of them can be seen."""
    return int(tab.eval_on_selector_all(selector, f"all => all.filter({SEEN}).length"))


@pytest.fixture(params=[WIDE, NARROW])
def compared(browser: Any, folder: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    with opened(browser, folder / PAGES["comparison"][0], request.param) as tab:
        yield tab


def test_keys_and_buttons_go_from_place_to_place(compared: Any) -> None:
    places = compared.evaluate("[...document.querySelectorAll('[data-stop]')].map(one => one.dataset.stop)")
    assert len(places) > 5
    seen = []
    for at in range(len(places)):
        if at % 2:
            press(compared, "#next")
        else:
            compared.keyboard.press("n")
        seen.append(compared.evaluate(HERE))
        assert compared.evaluate("document.activeElement === document.querySelector('.here')")
        bar = "document.querySelector('.tools').getBoundingClientRect().bottom"
        assert compared.evaluate(f"document.querySelector('.here').getBoundingClientRect().top >= {bar}")
    assert seen == places
    assert f"第 {len(places)} 处，共 {len(places)} 处" in said(compared)
    compared.keyboard.press("p")
    assert compared.evaluate(HERE) == places[-2]
    outline = "getComputedStyle(document.querySelector('.here')).outlineStyle"
    assert compared.evaluate(outline) == "solid"


def test_all_controls_are_reached_by_the_tabulator_and_work_by_the_space_bar(compared: Any) -> None:
    compared.eval_on_selector("details", "one => { one.open = true; }")
    reached = []
    for _ in range(18):
        compared.keyboard.press("Tab")
        reached.append(
            compared.evaluate("document.activeElement.outerHTML.match(/(id|data-show)=.([a-z_-]+)/)?.[2]")
        )
    boxes = compared.evaluate(
        "[...document.querySelectorAll('input')].map(one => one.dataset.show || one.id)"
    )
    assert [one for one in reached if one] == ["previous", "next", *boxes]


def test_a_kind_that_is_switched_off_is_neither_marked_nor_visited(compared: Any) -> None:
    press(compared, "summary")
    total, reworded = (
        compared.evaluate(f"document.querySelectorAll('{one}').length")
        for one in ("[data-stop]", "[data-stop=reworded]")
    )
    style = "getComputedStyle(document.querySelector('.passage.reworded')).borderBottomStyle"
    assert compared.evaluate(style) == "double"
    untick(compared, "reworded")
    assert compared.evaluate(style) == "none"
    assert count(compared, ".passage.reworded .tag") == 0
    assert said(compared) == f"共 {total - reworded} 处"
    for kind in ("verbatim", "numbers_only", "reordered", "change", "finding"):
        untick(compared, kind)
    assert said(compared) == "共 0 处"
    press(compared, "legend")
    compared.keyboard.press("n")
    assert compared.evaluate(HERE) is None
    assert count(compared, ".finding") == 0


def test_lines_without_marks_and_steady_figures_can_be_hidden_and_keys_switched_off(compared: Any) -> None:
    press(compared, "summary")
    whole = count(compared, ".texts tbody tr")
    untick(compared, "change")
    press(compared, "#only-marked")
    assert 0 < count(compared, ".texts tbody tr") < whole
    few = count(compared, ".numbers tr")
    assert count(compared, ".unchanged") > 0
    press(compared, "[data-show=steady]")
    assert count(compared, ".unchanged") == 0
    assert count(compared, ".numbers tr") > few + 100
    press(compared, "#keys")
    compared.keyboard.press("n")
    assert compared.evaluate(HERE) is None


def test_it_prints_without_tools_and_with_signs_that_need_no_colour(compared: Any) -> None:
    compared.emulate_media(media="print")
    assert count(compared, ".tools") == 0
    sides = "one => one.firstElementChild.offsetTop === one.lastElementChild.offsetTop"
    assert compared.eval_on_selector_all(".texts tbody tr", f"all => all.every({sides})")
    styles = "one => getComputedStyle(one).textDecorationLine"
    assert compared.eval_on_selector("td p:not(.whole) ins", styles) == "underline"
    assert compared.eval_on_selector("td p:not(.whole) del", styles) == "line-through"
    edges = [
        compared.evaluate(f"getComputedStyle(document.querySelector('.passage.{how}')).borderBottomStyle")
        for how in How
    ]
    assert len(set(edges)) == len(How)
