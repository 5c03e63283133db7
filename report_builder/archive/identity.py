"""Whose report a file is, of which year, published when; every doubt about it is said."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from report_builder.archive.article import Article
from report_builder.archive.title import Title, Titles
from report_builder.errors import UnreadableError
from report_builder.model import Document
from report_builder.spec import Published, Spec

_DAY = r"(\d{4})\s*[-年/.．]\s*(\d{1,2})\s*[-月/.．]\s*(\d{1,2})"
_SIGNED_ON = re.compile(r"(?:\d{4}|二[〇○零]..)年.{1,3}月.{1,3}日")
_LAST_LINES = 4
_OTHER_REPORT = re.compile(r".{2,60}报告")


@dataclass(frozen=True)
class Hint:
    """What is known of a file from elsewhere (its folder, its name, the command line): used where it says nothing."""

    unit: str = ""
    year: int | None = None


@dataclass(frozen=True)
class Doubt:
    """One thing about a report that its reader must look at, and how to settle it."""

    problem: str
    mend: str


@dataclass(frozen=True)
class Identity:
    """The unit (empty where nothing names it), the report year, the day of publication (ISO, else empty), the doubts."""

    unit: str
    year: int
    published_on: str
    doubts: tuple[Doubt, ...]


_LOOK = "请对照原件核对；报告确有错误的，请更正后重新公布"


def identify(document: Document, found: Article, spec: Spec, hint: Hint) -> Identity:
    """Unit and year from the title, else from the signature and the period its figures are of, else from ``hint``.

    Raises:
        UnreadableError: nothing tells the year, or the file holds several reports.
    """
    titles = Titles(spec)
    page = titles.of_page(document.title) if document.title else None
    headed = [_chosen(titles.among(_lead(document, lines))) for lines in found.leads]
    _hold_one([title for title in headed if title is not None])
    shown = headed[0]
    period = _last(titles.period(line) for line in found.leads[0])
    year = next((one for one in (shown and shown.year, page and page.year, period, hint.year) if one), None)
    if year is None:
        raise _untitled(document, found)
    unit, how = _unit(shown, page, _signature(found, titles), hint)
    published_on = _published_on(document, found, spec.published)
    doubts = (
        *_title_doubts(shown or page, year, how),
        *_differences(shown, page, period),
        *_day_doubts(published_on, year),
    )
    return Identity(unit, year, published_on, doubts)


def _lead(document: Document, lines: Sequence[str]) -> Sequence[str]:
    """The lines above a report; the title of a file that is no site's page is the first of them."""
    if document.furnished or not document.title or document.title in lines:
        return lines
    return (document.title, *lines)


def _chosen(titles: Iterable[Title]) -> Title | None:
    """The title nearest to the first heading that names a unit; else the nearest."""
    found = list(titles)
    named = [title for title in found if title.unit]
    return named[-1] if named else found[-1] if found else None


def _hold_one(titles: Sequence[Title]) -> None:
    known = {(title.unit, title.year): title for title in titles}
    if len(known) > 1:
        said = "、".join(f"“{title.text}”" for title in known.values())
        raise UnreadableError(f"文件里有 {len(known)} 份年度报告（{said}）", "请分成几个文件，一份报告一个")


def _last(years: Iterable[int | None]) -> int | None:
    found = [year for year in years if year is not None]
    return found[-1] if found else None


def _untitled(document: Document, found: Article) -> UnreadableError:
    """No year: what the file calls itself instead, if it does."""
    lines = (document.title, *found.leads[0])
    other = next((line for line in lines if _OTHER_REPORT.fullmatch("".join(line.split()))), "")
    said = f"标题是“{other}”，" if other else ""
    return UnreadableError(
        f"{said}没有找到写明单位和年度的标题",
        "请确认这是政府信息公开工作年度报告；确实是的，用 --year 和 --unit 写明年度和单位",
    )


def _unit(shown: Title | None, page: Title | None, signed: str, hint: Hint) -> tuple[str, str]:
    """The unit, and by what it is known where no title names it."""
    for title in (shown, page):
        if title is not None and title.unit:
            return title.unit, ""
    if signed:
        return signed, f"按落款认作“{signed}”"
    return hint.unit, f"按文件名或参数认作“{hint.unit}”" if hint.unit else "看不出是哪个单位的报告"


def _signature(found: Article, titles: Titles) -> str:
    """The body that signed the report: a name and a day are the last that stands in it."""
    lines = found.parts[-1].paragraphs[-_LAST_LINES:] if found.parts else ()
    for at, line in enumerate(lines):
        beside = lines[max(0, at - 1) : at + 2]
        if titles.is_name_line(line) and any(_SIGNED_ON.fullmatch("".join(one.split())) for one in beside):
            return "".join(line.split())
    return ""


def _title_doubts(title: Title | None, year: int, how: str) -> Iterator[Doubt]:
    if title is None:
        yield Doubt(f"没有找到报告的标题，年度按统计期限或参数认作 {year} 年；{how}", _LOOK)
    elif how:
        yield Doubt(f"标题“{title.text}”没有写明单位，{how}", _LOOK)


def _differences(shown: Title | None, page: Title | None, period: int | None) -> Iterator[Doubt]:
    """Where two places of the file do not say the same."""
    if (
        shown is not None
        and page is not None
        and page.unit
        and (shown.unit, shown.year) != (page.unit, page.year)
    ):
        problem = f"网页标题是“{page.text}”，报告标题是“{shown.text}”，按报告标题读取"
        yield Doubt(problem, _LOOK)
    title = shown or page
    if title is not None and period is not None and period != title.year:
        yield Doubt(f"标题写的是 {title.year} 年，统计期限写的是 {period} 年，按标题读取", _LOOK)


def _day_doubts(published_on: str, year: int) -> Iterator[Doubt]:
    if published_on and int(published_on[:4]) <= year:
        yield Doubt(f"发布日期 {published_on} 在报告年度 {year} 年结束以前", _LOOK)


def _published_on(document: Document, found: Article, words: Published) -> str:
    """The day of publication, where the page's own data or the lines around the report state one, and only one."""
    stated = [document.about[name] for name in words.published_data if name in document.about]
    days = {day for text in stated for day in _days(_DAY, text)}
    labelled = rf"(?:{'|'.join(map(re.escape, words.published_labels))})\s*[:：]?\s*{_DAY}"
    lines = (*found.leads[0], *found.after) if document.furnished else ()
    days = days or {day for line in lines for day in _days(labelled, line)}
    return days.pop() if len(days) == 1 else ""


def _days(pattern: str, text: str) -> Iterator[str]:
    for match in re.finditer(pattern, text):
        try:
            yield dt.date(*map(int, match.groups())).isoformat()
        except ValueError:
            continue
