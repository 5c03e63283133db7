"""Workbooks as frozen descriptions, and the one walk that writes them with XlsxWriter.

A sheet is a list of cells that know their place, look and what may be typed into them; merges, validations,
comments, links and row heights follow from the cells. Nothing here knows what a return is.
"""

from __future__ import annotations

import copy
import datetime as dt
import io
import itertools
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import xlsxwriter
from xlsxwriter.utility import xl_range, xl_range_abs, xl_rowcol_to_cell

if TYPE_CHECKING:
    from xlsxwriter.format import Format as Style
    from xlsxwriter.workbook import Workbook as Writer
    from xlsxwriter.worksheet import Worksheet

Content = str | int | Decimal | dt.date | None
Look = Literal[
    "title",
    "note",
    "hint",
    "head",
    "stub",
    "value",
    "total",
    "beside",
    "field",
    "text",
    "given",
    "plain",
    "link",
    "count",
    "rate",
    "day",
]
Rectangle = tuple[int, int, int, int]

LONGEST_TEXT = 32_767
_CUT = "……（文字过长，此处从略）"
_EXACT_DIGITS = 15
RISKY = ("=", "+", "-", "@", "\t", "\r")
_TALLEST = 400.0
_HEADER = 110
"""A page's header takes 255 characters in all."""
_LEAST_HEIGHT = 18.0
_A4 = 9
_PAGE: Mapping[bool, tuple[float, float]] = {True: (150.0, 490.0), False: (104.0, 735.0)}
_SQUEEZE = 1.25


@dataclass(frozen=True, slots=True)
class Entry:
    """What may be typed into a cell: ``least`` is the smallest number or day, ``source`` a defined name to pick from."""

    kind: Literal["count", "change", "amount", "date", "year", "choice", "text"]
    hint: str = ""
    source: str = ""
    least: int | dt.date = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell or merged range (0-based). A cell with an ``entry`` is unlocked; ``link`` is a place in the book."""

    row: int
    column: int
    content: Content = None
    look: Look = "plain"
    row_span: int = 1
    column_span: int = 1
    key: str = ""
    entry: Entry | None = None
    formula: str = ""
    comment: str = ""
    marked: bool = False
    link: str = ""

    @property
    def rectangle(self) -> Rectangle:
        """First row, first column, last row, last column."""
        return (self.row, self.column, self.row + self.row_span - 1, self.column + self.column_span - 1)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: column widths in digits, its cells, how it prints, freezes and hides.

    ``repeat`` is the first and last row to print on every page, ``repeat_columns`` the number of columns;
    ``heights`` are least heights in points; a ``growing`` sheet lets rows be inserted.
    """

    name: str
    widths: tuple[float, ...]
    cells: tuple[Cell, ...]
    landscape: bool = False
    repeat: tuple[int, int] | None = None
    repeat_columns: int = 0
    frozen: tuple[int, int] | None = None
    heights: Mapping[int, float] = field(default_factory=dict)
    filter: Rectangle | None = None
    hidden_columns: tuple[int, ...] = ()
    growing: bool = False
    very_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook: ``created`` is written into it instead of the clock's time, so equal books have equal bytes."""

    sheets: tuple[Sheet, ...]
    title: str
    created: dt.datetime
    header: str = ""
    properties: Mapping[str, str | int] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


Row = tuple[tuple[Content, Look], ...]


@dataclass(frozen=True, slots=True)
class Form:
    """A table under a title: its sheet's name, what heads its columns and how wide they are.

    The last ``hidden`` columns are for the program alone; the first ``kept`` ones stay in sight.
    """

    name: str
    columns: Sequence[tuple[str, float]]
    hidden: int = 0
    kept: int = 1


def tabulated(form: Form, title: str, notes: Sequence[str], rows: Sequence[Row]) -> Sheet:
    """A title, what the figures mean, then a table with a filter, its header on every page.

    A cell that looks to be typed into is open; all others are locked.
    """
    every, head = len(form.columns), len(notes) + 1
    count = every - form.hidden
    cells = [Cell(0, 0, title, "title", column_span=count)]
    cells += [Cell(row, 0, text, "note", column_span=count) for row, text in enumerate(notes, 1)]
    cells += [Cell(head, column, text, "head") for column, (text, _) in enumerate(form.columns)]
    for at, row in enumerate(rows, head + 1):
        cells += [_tabulated(at, column, content, look) for column, (content, look) in enumerate(row)]
    return Sheet(
        name=form.name,
        widths=tuple(width for _, width in form.columns),
        cells=tuple(cells),
        landscape=True,
        repeat=(head, head),
        frozen=(head + 1, form.kept),
        filter=(head, 0, head + max(len(rows), 1), count - 1),
        hidden_columns=tuple(range(count, every)),
    )


def _tabulated(row: int, column: int, content: Content, look: Look) -> Cell:
    entry = Entry("text") if look == "text" else None
    return Cell(row, column, cut(content) if isinstance(content, str) else content, look, entry=entry)


@dataclass(frozen=True, slots=True)
class Listing:
    """A long list, drawn row by row so that it takes no memory: what heads its columns and how wide they are.

    ``rows`` are walked once; a cell whose first line is one of ``red``, or that has such a line below it, is red.
    ``frozen`` columns stay in sight. A Decimal is a share.
    """

    name: str
    title: str
    columns: Sequence[tuple[str, float]]
    rows: Iterable[Iterable[Content]]
    notes: Sequence[str] = ()
    red: frozenset[str] = frozenset()
    frozen: int = 0


def listed(lists: Sequence[Listing], title: str, created: dt.datetime) -> bytes:
    """The lists as one workbook, a sheet each; equal lists give equal bytes."""
    target = io.BytesIO()
    writer = xlsxwriter.Workbook(target, {**copy.deepcopy(_OPTIONS), "constant_memory": True})
    writer.set_properties({"title": title, "created": created})
    styles = _Styles(writer)
    for one in lists:
        _list(writer.add_worksheet(one.name), one, styles)
    writer.close()
    return target.getvalue()


def _list(target: Worksheet, one: Listing, styles: _Styles) -> None:
    widths = tuple(width for _, width in one.columns)
    for column, width in enumerate(widths):
        target.set_column(column, column, width)
    last = len(one.columns) - 1
    heads: list[Cell] = [Cell(0, 0, one.title, "title", column_span=last + 1)]
    heads += [Cell(row, 0, text, "note", column_span=last + 1) for row, text in enumerate(one.notes, 1)]
    _list_row(target, heads, widths, styles)
    top = len(one.notes) + 1
    _list_row(
        target, [Cell(top, at, text, "head") for at, (text, _) in enumerate(one.columns)], widths, styles
    )
    row = top
    for row, contents in enumerate(one.rows, top + 1):
        _list_row(
            target, [_listed(row, at, text, one.red) for at, text in enumerate(contents)], widths, styles
        )
    target.freeze_panes(top + 1, one.frozen)
    target.autofilter(top, 0, max(row, top + 1), last)
    target.protect("", dict(_ALLOWED))
    target.print_area(top, 0, max(row, top + 1), last)
    _set_up_list(target, one, top, sum(widths))


def _listed(row: int, column: int, content: Content, red: frozenset[str]) -> Cell:
    marked = isinstance(content, str) and bool(red) and not red.isdisjoint(_MARK_PARTS.split(content))
    look: Look = "rate" if isinstance(content, Decimal) else "count" if isinstance(content, int) else "plain"
    return Cell(row, column, cut(content) if isinstance(content, str) else content, look, marked=marked)


_MARK_PARTS = re.compile(r"[\n、]")


def _list_row(target: Worksheet, cells: Iterable[Cell], widths: Sequence[float], styles: _Styles) -> None:
    """The cells, each row as high as its texts need: in this mode a height must be told before the row is written."""
    for row, held in itertools.groupby(cells, key=lambda cell: cell.row):
        drawn = list(held)
        target.set_row(row, min(max(_LEAST_HEIGHT, *(_height(cell, widths) for cell in drawn)), _TALLEST))
        for cell in drawn:
            _place(target, cell, styles.of(cell))


def _set_up_list(target: Worksheet, one: Listing, head: int, across: float) -> None:
    """Title and notes stand in the header of every page: above the table a second page across would cut them off."""
    target.set_paper(_A4)
    target.set_landscape()
    target.fit_to_pages(math.ceil(across / _PAGE[True][0] / _SQUEEZE), 0)
    target.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.7)
    title, notes = (text.replace("&", "&&")[:_HEADER] for text in (one.title, " ".join(one.notes)))
    target.set_header(f"&L&9 {notes}&R&9 {title}")
    target.set_footer("&C&9 &A　第 &P 页，共 &N 页")
    target.repeat_rows(head, head)
    if one.frozen:
        target.repeat_columns(0, one.frozen - 1)


def written(book: Book) -> bytes:
    """The workbook as .xlsx; the same book gives the same bytes."""
    target = io.BytesIO()
    writer = xlsxwriter.Workbook(target, copy.deepcopy(_OPTIONS))  # XlsxWriter writes into what it is given
    writer.set_properties({"title": book.title, "created": book.created})
    for name, value in book.properties.items():
        writer.set_custom_property(name, value)
    styles = _Styles(writer)
    for sheet in book.sheets:
        _draw(writer.add_worksheet(sheet.name), sheet, styles, book.header)
    for name, range_ in book.names.items():
        writer.define_name(name, f"={range_}")
    writer.close()
    return target.getvalue()


def reference(sheet: str, row: int, column: int) -> str:
    """A cell as formulas and links name it: '依申请公开'!D6."""
    return f"{_quoted(sheet)}!{xl_rowcol_to_cell(row, column)}"


def column_range(sheet: str, column: int, first: int, last: int) -> str:
    """A run of one column, absolute, as a defined name holds it."""
    return f"{_quoted(sheet)}!{xl_range_abs(first, column, last, column)}"


def _quoted(sheet: str) -> str:
    return "'" + sheet.replace("'", "''") + "'"


def sum_formula(cells: Iterable[Cell]) -> str:
    """The sum of the cells, and nothing while all of them are blank: a blank is not a zero."""
    ranges = ",".join(str(xl_range(*rectangle)) for rectangle in rectangles(cells))
    return f'=IF(COUNT({ranges})=0,"",SUM({ranges}))'


def rectangles(cells: Iterable[Cell]) -> list[Rectangle]:
    """The fewest runs that cover the cells and nothing else: along rows first, then equal runs down."""
    runs: list[Rectangle] = []
    for top, left, bottom, right in sorted(cell.rectangle for cell in cells):
        if runs and runs[-1][0] == top and runs[-1][2] == bottom and runs[-1][3] == left - 1:
            runs[-1] = (top, runs[-1][1], bottom, right)
        else:
            runs.append((top, left, bottom, right))
    return _stacked(runs)


def _stacked(runs: Sequence[Rectangle]) -> list[Rectangle]:
    done: list[Rectangle] = []
    for top, left, bottom, right in sorted(runs, key=lambda run: (run[1], run[3], run[0])):
        if done and done[-1][1] == left and done[-1][3] == right and done[-1][2] == top - 1:
            done[-1] = (done[-1][0], left, bottom, right)
        else:
            done.append((top, left, bottom, right))
    return done


_OPTIONS: dict[str, Any] = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_format_properties": {"font_name": "宋体", "font_size": 11},
}

_BOX: Mapping[str, Any] = {"border": 1, "border_color": "#7F7F7F", "valign": "vcenter", "text_wrap": True}
_OPEN: Mapping[str, Any] = {**_BOX, "bg_color": "#FFF9DB"}
_LOOKS: Mapping[str, Mapping[str, Any]] = {
    "title": {"font_name": "黑体", "font_size": 14, "valign": "vcenter", "text_wrap": True},
    "note": {"font_size": 10, "font_color": "#404040", "indent": 1, "valign": "vcenter", "text_wrap": True},
    "hint": {"font_size": 10, "font_color": "#404040", "indent": 1, "valign": "top", "text_wrap": True},
    "head": {**_BOX, "font_name": "黑体", "font_size": 10, "bg_color": "#E7E6E6", "align": "center"},
    "stub": {**_BOX, "font_size": 10, "bg_color": "#F5F5F5"},
    "value": {**_OPEN, "align": "right"},
    "total": {**_OPEN, "bg_color": "#FCE8CF", "align": "right"},
    "beside": {**_BOX, "bg_color": "#DDEBF7", "align": "right"},
    "field": {**_OPEN, "align": "left"},
    "text": {**_OPEN, "font_size": 10, "align": "left", "valign": "top"},
    "given": {**_BOX, "font_size": 10, "bg_color": "#F5F5F5", "align": "left", "valign": "top"},
    "plain": {**_BOX, "font_size": 10, "align": "left", "valign": "top"},
    "link": {
        **_BOX,
        "font_size": 10,
        "align": "left",
        "valign": "top",
        "font_color": "#0563C1",
        "underline": 1,
    },
    "count": {**_BOX, "font_size": 10, "align": "right", "valign": "top", "indent": 1},
    "rate": {**_BOX, "font_size": 10, "align": "right", "valign": "top", "indent": 1, "num_format": "0.0%"},
    "day": {**_BOX, "font_size": 10, "align": "left", "valign": "top", "num_format": "yyyy-mm-dd"},
}
_MARKED: Mapping[str, Any] = {"bg_color": "#FFC7CE", "font_color": "#9C0006"}


class _Styles:
    """XlsxWriter's formats, one for each look that is used."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._made: dict[tuple[Look, bool, bool, bool, bool], Style] = {}

    def of(self, cell: Cell) -> Style:
        """The format of a cell; text a spreadsheet might take for a formula is kept as text when it is edited."""
        day = cell.entry is not None and cell.entry.kind == "date"
        risky = isinstance(cell.content, str) and cell.content.startswith(RISKY)
        key = (cell.look, cell.marked, cell.entry is None, day, risky)
        if key not in self._made:
            self._made[key] = self._style(*key)
        return self._made[key]

    def _style(self, look: Look, marked: bool, locked: bool, day: bool, risky: bool) -> Style:  # noqa: FBT001
        looks = {"font_name": "宋体", **_LOOKS[look], **(_MARKED if marked else {}), "locked": locked}
        style = self._writer.add_format({**looks, "num_format": "yyyy-mm-dd"} if day else looks)
        style.set_quote_prefix(risky)
        return style


def _draw(target: Worksheet, sheet: Sheet, styles: _Styles, header: str) -> None:
    for column, width in enumerate(sheet.widths):
        target.set_column(column, column, width, None, {"hidden": column in sheet.hidden_columns})
    for row, height in heights(sheet).items():
        target.set_row(row, height)
    for cell in sheet.cells:
        _place(target, cell, styles.of(cell))
    for entry, rectangles_ in _entries(sheet):
        first, *others = map(list, rectangles_)
        target.data_validation(*first, {**_check(entry), "other_cells": others})
    _set_up(target, sheet)
    _set_up_page(target, sheet, header)


def _set_up(target: Worksheet, sheet: Sheet) -> None:
    target.protect("", {**_ALLOWED, "insert_rows": sheet.growing})
    if sheet.frozen:
        target.freeze_panes(*sheet.frozen)
    if sheet.filter:
        target.autofilter(*sheet.filter)
    if sheet.very_hidden:
        target.very_hidden()


_ALLOWED: Mapping[str, bool] = {
    "format_columns": True,
    "format_rows": True,
    "autofilter": True,
    "objects": True,
}


def _set_up_page(target: Worksheet, sheet: Sheet, header: str) -> None:
    target.set_paper(_A4)
    if sheet.landscape:
        target.set_landscape()
    target.fit_to_pages(*_pages(sheet))
    target.center_horizontally()
    target.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.7)
    target.set_header(f"&R&9 {header.replace('&', '&&')}")
    target.set_footer("&C&9 &A　第 &P 页，共 &N 页")
    if sheet.repeat:
        target.repeat_rows(*sheet.repeat)
    if sheet.repeat_columns:
        target.repeat_columns(0, sheet.repeat_columns - 1)


def _pages(sheet: Sheet) -> tuple[int, int]:
    """One page wide, more only where the print would be too small to read; one page high where that is near."""
    width, height = _PAGE[sheet.landscape]
    across = sum(each for column, each in enumerate(sheet.widths) if column not in sheet.hidden_columns)
    wide = max(1, round(across / width))
    down = sum(heights(sheet).values()) * min(1.0, wide * width / across)
    return wide, 1 if down <= height * _SQUEEZE else 0


def _place(target: Worksheet, cell: Cell, style: Style) -> None:
    if cell.row_span > 1 or cell.column_span > 1:
        target.merge_range(*cell.rectangle, "", style)
    _write(target, cell, style)
    if cell.comment:
        target.write_comment(cell.row, cell.column, cut(cell.comment), _comment_box(cell.comment))


def _write(target: Worksheet, cell: Cell, style: Style) -> None:
    at, content = (cell.row, cell.column), storable(cell.content)
    if cell.formula:
        target.write_formula(*at, cell.formula, style, "" if content is None else content)
    elif cell.link:
        target.write_url(*at, f"internal:{cell.link}", style, str(content))
    elif content is None:
        target.write_blank(*at, None, style)
    elif isinstance(content, str):
        target.write_string(*at, content, style)
    elif isinstance(content, dt.date):
        target.write_datetime(*at, dt.datetime(content.year, content.month, content.day), style)  # noqa: DTZ001
    else:
        target.write_number(*at, content, style)


def storable(content: Content) -> str | float | dt.date | None:
    """What a cell can hold: a number beyond a spreadsheet's fifteen digits goes in as text, none is rounded."""
    if isinstance(content, str):
        return cut(content) or None
    if isinstance(content, Decimal):
        digits = len(content.normalize().as_tuple().digits)
        return float(content) if digits <= _EXACT_DIGITS else f"{content:f}"
    if isinstance(content, int) and abs(content) >= 10**_EXACT_DIGITS:
        return str(content)
    return content


def cut(text: str) -> str:
    """The text as far as a cell takes it, and a word that it was cut."""
    if len(text.encode("utf-16-le")) // 2 <= LONGEST_TEXT:
        return text
    short = text.encode("utf-16-le")[: (LONGEST_TEXT - len(_CUT)) * 2].decode("utf-16-le", "ignore")
    return short + _CUT


def _comment_box(comment: str) -> dict[str, object]:
    lines = lines_of(comment, 42.0, 10)
    return {"author": "", "font_name": "宋体", "font_size": 9, "width": 300, "height": 16 * lines + 14}


def _entries(sheet: Sheet) -> Iterator[tuple[Entry, list[Rectangle]]]:
    """The cells of one sheet that take the same entry, as runs: one validation each."""
    cells: dict[Entry, list[Cell]] = defaultdict(list)
    for cell in sheet.cells:
        if cell.entry is not None and (cell.entry.kind != "text" or cell.entry.hint):
            cells[cell.entry].append(cell)
    for entry, members in cells.items():
        yield entry, rectangles(members)


def _check(entry: Entry) -> dict[str, object]:
    """The validation of an entry: what is allowed, what is said beforehand, what is said of anything else."""
    asked, why, rule = _CHECKS[entry.kind](entry)
    said = "；".join(part for part in (asked, entry.hint) if part)
    titles = {
        "input_title": "填写说明",
        "input_message": said,
        "error_title": "请核对这一格",
        "error_message": why,
    }
    return {**titles, **rule}


def _counts(_: Entry) -> tuple[str, str, dict[str, object]]:
    why = "这里填 0 或正整数，例如 12；不带单位、空格和汉字。"
    return "填 0 或正整数，没有发生的填 0", why, {"validate": "integer", "criteria": ">=", "value": 0}


def _changes(_: Entry) -> tuple[str, str, dict[str, object]]:
    rule = {"validate": "integer", "criteria": "between", "minimum": -999_999_999, "maximum": 999_999_999}
    return (
        "填整数：增加填正数，减少填负数，没有变化填 0",
        "这里填整数，例如 3、-2 或 0；不带单位和汉字。",
        rule,
    )


def _amounts(_: Entry) -> tuple[str, str, dict[str, object]]:
    why = "这里填 0 或正数，可以带小数，例如 12.5；不带单位、千分号和汉字。"
    return "填 0 或正数，可以带小数，没有的填 0", why, {"validate": "decimal", "criteria": ">=", "value": 0}


def _days(entry: Entry) -> tuple[str, str, dict[str, object]]:
    why = f"这里填 {entry.least} 及以后的一个日期，按“年-月-日”填写。"
    return "按“年-月-日”填写日期", why, {"validate": "date", "criteria": ">=", "value": entry.least}


def _years(entry: Entry) -> tuple[str, str, dict[str, object]]:
    why = f"这份表用于填报 {entry.least} 年度；其他年度请换用那一年的空白表。"
    return "", why, {"validate": "integer", "criteria": "==", "value": entry.least}


def _choices(entry: Entry) -> tuple[str, str, dict[str, object]]:
    return "从下拉列表中选一项", "请从下拉列表中选一项。", {"validate": "list", "source": f"={entry.source}"}


def _texts(_: Entry) -> tuple[str, str, dict[str, object]]:
    return "", "", {"validate": "any"}


_CHECKS = {
    "count": _counts,
    "change": _changes,
    "amount": _amounts,
    "date": _days,
    "year": _years,
    "choice": _choices,
    "text": _texts,
}


def heights(sheet: Sheet) -> dict[int, float]:
    """The height of each row in points, so that every wrapped text shows; XlsxWriter leaves that to the reader."""
    need: dict[int, float] = dict(sheet.heights)
    tall = []
    for cell in sheet.cells:
        height = _height(cell, sheet.widths)
        if cell.row_span > 1:
            tall.append((cell, height))
        else:
            need[cell.row] = max(need.get(cell.row, _LEAST_HEIGHT), height)
    for cell, height in tall:
        rows = range(cell.row, cell.row + cell.row_span)
        lack = height - sum(need.get(row, _LEAST_HEIGHT) for row in rows)
        need.update({row: need.get(row, _LEAST_HEIGHT) + max(lack, 0) / len(rows) for row in rows})
    return {row: round(min(height, _TALLEST), 1) for row, height in need.items()}


def _height(cell: Cell, widths: Sequence[float]) -> float:
    if not isinstance(cell.content, str):
        return _LEAST_HEIGHT
    size = _LOOKS[cell.look].get("font_size", 11)
    width = sum(itertools.islice(widths, cell.column, cell.column + cell.column_span))
    return lines_of(cell.content, width, size) * line_height(size) + 5


def line_height(size: int) -> float:
    """The height of one line of text of this size, in points."""
    return size * 1.32


@lru_cache(maxsize=4096)
def lines_of(text: str, width: float, size: int) -> int:
    """How many lines the text takes in a column of this width, with a little to spare."""
    room = max(width - 1.0, 2.0) / (size / 11 * 1.06)
    return sum(max(1, math.ceil(_wide(line) / (2 * int(room / 2)))) for line in text.split("\n"))


def _wide(line: str) -> int:
    """The width in half characters; Chinese text, its quotation marks and dashes take two."""
    return len(line) + sum(sign > "\u2000" for sign in line)
