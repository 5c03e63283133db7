"""汇总表.xlsx: every cell of every unit in rows fit for a pivot table, and every place's sums side by side.

Rows are written one after another and let go, so that a province's million of them need little memory.
"""

from __future__ import annotations

import datetime as dt
import io
import itertools
import re
import string
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from typing import IO, TYPE_CHECKING, BinaryIO

import xlsxwriter

from report_builder.model import Number, Return, Unit
from report_builder.spec import Format, Slot, Spec
from report_builder.workbooks import RISKY, storable

if TYPE_CHECKING:
    from xlsxwriter.format import Format as Style
    from xlsxwriter.worksheet import Worksheet

ABOUT, CELLS, PLACES = "说明", "明细", "各级汇总"
_MOST_ROWS = 1_048_576
_A_PLACE = 18.0
_BATCH = 1000
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_REACH = re.compile(rb'<dimension ref="(A1:[A-Z]+)\d+"/>')
_LANDSCAPE_A4 = 9
_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False}
_STRINGS = "xl/sharedStrings.xml"
_COUNTS = re.compile(rb' count="\d+" uniqueCount="\d+"')

Row = Sequence[str | Number | None]


@dataclass(frozen=True)
class _Form:
    """What heads a sheet's columns and how wide they are; how many of them stay in sight."""

    columns: Sequence[tuple[str, float]]
    frozen: int = 0


_ABOUT = _Form((("名称", 44.0), ("说明", 90.0)))
_CELLS = _Form(
    (
        ("单位", 30.0),
        ("单位类别", 18.0),
        ("级别", 8.0),
        ("上级", 24.0),
        ("报告年度", 9.0),
        ("表", 12.0),
        ("行", 60.0),
        ("列", 24.0),
        ("数值", 14.0),
        ("键", 48.0),
    ),
    frozen=1,
)
_PLACES = _Form((("表", 12.0), ("行", 60.0), ("列", 24.0)), frozen=3)


@dataclass(frozen=True)
class Contents:
    """What the workbook shows: the units' returns, each with its row of the register and its parent; the places' own."""

    report_year: int
    returns: Sequence[Return]
    units: Mapping[str, Unit]
    parents: Mapping[str, str]
    places: Sequence[Return]


def write(target: BinaryIO, contents: Contents, fmt: Format, spec: Spec) -> None:
    """汇总表.xlsx; equal contents give equal bytes. The cells go on to a further sheet where one is full."""
    drawn = io.BytesIO()
    book = xlsxwriter.Workbook(drawn, dict(_OPTIONS))
    book.set_properties({"title": "汇总表", "created": dt.datetime(contents.report_year, 1, 1)})  # noqa: DTZ001 - a mark in the file, not a moment
    pen = _pen(book)
    _listed(book.add_worksheet(ABOUT), _ABOUT, dictionary(fmt, spec), pen)
    columns = (*_PLACES.columns, *((one.unit, _A_PLACE) for one in contents.places))
    _listed(
        book.add_worksheet(PLACES),
        _Form(columns, len(_PLACES.columns)),
        _place_rows(contents, fmt, spec),
        pen,
    )
    parts = _parts(contents.returns, fmt)
    rest = {}
    for number, returns in enumerate(parts, 1):
        sheet = book.add_worksheet(CELLS if len(parts) == 1 else f"{CELLS}{number}")
        rows = _cell_rows(replace(contents, returns=returns), fmt, spec)
        _listed(sheet, _CELLS, itertools.islice(rows, 1), pen, _count(returns, fmt))
        rest[f"xl/worksheets/sheet{number + 2}.xml"] = _Rest(rows, 1 + _count(returns, fmt))
    book.close()
    _fill(target, drawn, rest)


def _count(returns: Sequence[Return], fmt: Format) -> int:
    return sum(len(fmt.standing(tuple(fmt.slots), one.cells)) for one in returns)


def _parts(returns: Sequence[Return], fmt: Format) -> list[Sequence[Return]]:
    """The returns in as many runs as sheets are needed."""
    at_once = (_MOST_ROWS - 1) // len(fmt.known_slots)
    return [returns[at : at + at_once] for at in range(0, len(returns), at_once)] or [()]


@dataclass(frozen=True)
class _Rest:
    """The rows a sheet still lacks, and the number of its last one."""

    rows: Iterator[Row]
    last: int


def _fill(target: BinaryIO, drawn: BinaryIO, rest: Mapping[str, _Rest]) -> None:
    """The workbook with the rest of the rows put into its sheets, each cell in the look of the one above it.

    XlsxWriter would take ten microseconds a cell, and a province has millions.
    """
    with (
        zipfile.ZipFile(drawn) as empty,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as filled,
    ):
        strings = _Strings(empty.read(_STRINGS))
        for part in empty.infolist():
            content = empty.read(part)
            if part.filename in rest:
                with filled.open(part, "w") as stream:
                    _fill_sheet(stream, content, rest[part.filename], strings)
            elif part.filename != _STRINGS:
                filled.writestr(part, content)
        filled.writestr(empty.getinfo(_STRINGS), strings.part())


def _fill_sheet(stream: IO[bytes], drawn: bytes, rest: _Rest, strings: _Strings) -> None:
    head, end, tail = drawn.partition(b"</sheetData>")
    looks = [int(look) for look in re.findall(rb'<c r="[A-Z]+2" s="(\d+)"', head)]
    stream.write(_REACH.sub(rf'<dimension ref="\g<1>{rest.last}"/>'.encode(), head, count=1))
    lines = _xml(rest.rows, looks, strings)
    while batch := "".join(itertools.islice(lines, _BATCH)):
        stream.write(batch.encode())
    stream.write(end + tail)


class _Strings:
    """The texts of a workbook, each held once; cells name them by number."""

    def __init__(self, part: bytes) -> None:
        """``part`` holds those that are there already."""
        self._part = part
        self._first = part.count(b"<si>")
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The text's number; a new one is taken up."""
        return self._first + self._numbers.setdefault(text, len(self._numbers))

    def part(self) -> bytes:
        """All texts as markup; how often each stands in a cell is left out."""
        head, end, tail = self._part.partition(b"</sst>")
        added = (f'<si><t xml:space="preserve">{_escaped(text)}</t></si>' for text in self._numbers)
        return _COUNTS.sub(b"", head) + "".join(added).encode() + end + tail


def _xml(rows: Iterable[Row], looks: Sequence[int], strings: _Strings) -> Iterator[str]:
    """The third row and those after it, as a sheet's own markup: a cell is the same in all rows but for its number."""
    if not looks:
        return
    letters = string.ascii_uppercase[: len(looks)]
    ends = (*(f'<c r="{letter}' for letter in letters[1:]), "</row>")
    drawn = [_cells(look, end, strings) for look, end in zip(looks, ends, strict=True)]
    begin = ('<row r="', f'"><c r="{letters[0]}')
    for number, row in enumerate(rows, 3):
        cells = (cell(content) for cell, content in zip(drawn, row, strict=True))
        yield str(number).join((*begin, *cells))


def _cells(look: int, end: str, strings: _Strings) -> Callable[[str | Number | None], str]:
    """Draws the cells of one column, from after their number to before the next one."""

    @cache
    def cell(content: str | Number | None) -> str:
        held = storable(content)
        if held is None:
            return f'" s="{look}"/>{end}'
        if isinstance(held, str):
            return f'" s="{look}" t="s"><v>{strings.number(held)}</v></c>{end}'
        return f'" s="{look}"><v>{held!r}</v></c>{end}'

    return cell


def _escaped(text: str) -> str:
    """Text as markup; signs that markup cannot hold are left out."""
    return escape(_UNFIT.sub("", text), quote=False)


_BOX = {"font_name": "宋体", "font_size": 10, "border": 1, "border_color": "#BFBFBF", "valign": "vcenter"}
_HEAD = {**_BOX, "font_name": "黑体", "bg_color": "#E7E6E6", "align": "center", "text_wrap": True}
_NUMBER = {**_BOX, "align": "right"}


@dataclass(frozen=True)
class _Pen:
    """The looks of a header, a text, a number, and a text that a spreadsheet might take for a formula."""

    head: Style
    text: Style
    number: Style
    risky: Style


def _pen(book: xlsxwriter.Workbook) -> _Pen:
    risky = book.add_format(_BOX)
    risky.set_quote_prefix()
    return _Pen(book.add_format(_HEAD), book.add_format(_BOX), book.add_format(_NUMBER), risky)


def _listed(sheet: Worksheet, form: _Form, rows: Iterable[Row], pen: _Pen, count: int = 0) -> None:
    """A header that stays in sight and repeats in print, a filter over ``count`` rows or all there are, and the rows."""
    sheet.set_landscape()
    sheet.set_paper(_LANDSCAPE_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.freeze_panes(1, form.frozen)
    for column, (text, width) in enumerate(form.columns):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, text, pen.head)
    last = 0
    for last, row in enumerate(rows, 1):
        for column, content in enumerate(row):
            _write(sheet, last, column, content, pen)
    sheet.autofilter(0, 0, max(last, count), len(form.columns) - 1)


def _write(sheet: Worksheet, row: int, column: int, content: str | Number | None, pen: _Pen) -> None:
    """Text is written as text, whatever it begins with; nothing stands where nothing was filled in."""
    held = storable(content)
    if isinstance(held, str):
        sheet.write_string(row, column, held, pen.risky if held.startswith(RISKY) else pen.text)
    elif isinstance(held, int | float):
        sheet.write_number(row, column, held, pen.number)
    else:
        sheet.write_blank(row, column, None, pen.text)


def _cell_rows(contents: Contents, fmt: Format, spec: Spec) -> Iterator[Row]:
    words, places = spec.wording.aggregate, dict(_places(fmt, spec))
    usual = tuple(fmt.slots)
    for ret in contents.returns:
        unit = contents.units.get(ret.unit) or Unit(ret.unit)
        kind, level = words.kinds.get(unit.kind, unit.kind), words.levels.get(unit.level, unit.level)
        head = (ret.unit, kind, level, contents.parents.get(ret.unit, ""), ret.report_year)
        for key in fmt.standing(usual, ret.cells):
            yield (*head, *places[key], ret.number(key), key)


def _place_rows(contents: Contents, fmt: Format, spec: Spec) -> Iterator[Row]:
    held = {key for one in contents.places for key in one.cells}
    for key, place in _places(fmt, spec):
        if key in fmt.slots or key in held:
            yield (*place, *(one.number(key) for one in contents.places))


def _places(fmt: Format, spec: Spec) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Each cell by key: its table, row and column as a clerk knows them."""
    sheets = {one.table: one.name for one in spec.workbook.sheets if one.table}
    for key, slot in fmt.known_slots.items():
        yield key, (sheets.get(slot.table, slot.table), _row_label(slot), slot.column.label)


def _row_label(slot: Slot) -> str:
    """A row's label after that of the group it stands in."""
    return "·".join((*slot.row.group[-1:], slot.row.label))


def dictionary(fmt: Format, spec: Spec) -> Iterator[tuple[str, str]]:
    """What the columns of the table hold, then each table, row and column key in the words of the format."""
    yield from spec.wording.aggregate.dictionary.items()
    seen: set[tuple[str, str]] = set()
    for key, (table, row, column) in _places(fmt, spec):
        slot = fmt.known_slots[key]
        named = (
            (f"table = {slot.table}", table),
            (f"row = {slot.row.key}（{slot.table}）", row),
            (f"column = {slot.column.key}（{slot.table}）", column),
        )
        for one in named:
            if one not in seen:
                seen.add(one)
                yield one
