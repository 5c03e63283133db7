"""The overview of fifteen thousand units in a browser: how soon it is painted, how long a filter takes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from many_units import overseen
from timing import SkipRow

from report_builder.overview.page import overview_page
from report_builder.spec import load_spec

UNITS = 15_000
_PAINTED = "() => (performance.getEntriesByName('first-contentful-paint')[0] || {}).startTime"
_FILTERED = """value => {
  const start = performance.now(), select = document.getElementById('state');
  select.value = value;
  select.dispatchEvent(new Event('change', { bubbles: true }));
  document.body.getBoundingClientRect();
  return performance.now() - start;
}"""


class Shown:
    """The page in a browser; each sample is in seconds."""

    def __init__(self, browser: Any, path: Path) -> None:  # noqa: ANN401 - playwright's own
        self._browser = browser
        self._path = path
        self._page = browser.new_page()
        self._page.goto(path.as_uri())

    def painted(self) -> float:
        """Opened afresh, until the first text is there."""
        page = self._browser.new_page(bypass_csp=True)  # else a wait of more than a moment is refused
        page.goto(self._path.as_uri())
        seconds = page.wait_for_function(_PAINTED).json_value() / 1000
        page.close()
        return float(seconds)

    def filtered(self) -> float:
        """One choice of rows and the next: the slower of the two, laid out."""
        return max(float(self._page.evaluate(_FILTERED, value)) for value in ("late", "")) / 1000


@contextmanager
def shown(folder: Path) -> Iterator[Shown]:
    """The page, written and opened.

    Raises:
        SkipRow: there is no browser.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as fault:
        raise SkipRow("没有安装 playwright") from fault
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SkipRow("没有安装 Chromium")
    path = folder / "总览.html"
    path.write_bytes(overview_page(overseen(UNITS), load_spec()))
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield Shown(browser, path)
        browser.close()
