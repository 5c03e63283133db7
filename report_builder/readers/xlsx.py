"""An .xlsx or .xlsm file becomes grids, after its raw parts have been looked over.

calamine reads at the floor of what is possible, but one stray cell in the last column of a sheet makes it ask
for hundreds of gigabytes and end the process, and it shows a formula without a stored value as a blank. So the
sheets' XML is scanned first, within absolute limits.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import python_calamine

from report_builder.model import Grid
from report_builder.readers.books import (
    BROKEN_ZIP,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_INFLATED,
    Hidden,
    Sheets,
    damaged,
    hold_area,
    hold_inflated,
    hold_sheets,
    locked,
)
from report_builder.readers.packages import inflated, repacked

_NOT_READ = ("xl/media", "xl/theme", "xl/drawings", "docProps")
_LISTS = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
_DEEPEST = 1032
"""Deflate packs nothing more than a thousandfold."""

_MOST_UNFOLDED = 8 * 2**20
"""So much of the sheets is kept unfolded for calamine; larger ones it inflates once more, to save memory."""

_HEAD = 64
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s([^>]*)>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s([^>]*)>")
_NAME = re.compile(r'\bname="([^"]*)"')
_STATE = re.compile(r'\bstate="(?:hidden|veryHidden)"')
_RELATION_ID = re.compile(r'\b\w+:id="([^"]*)"')
_ID = re.compile(r'\bId="([^"]*)"')
_TARGET = re.compile(r'\bTarget="([^"]*)"')
_ROW = re.compile(rb'<(?:\w+:)?row\s[^>]*?\br="(\d+)"')
_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]+)(\d+)"')
_FAR = re.compile(rb'r="(?:[A-Z]{3}|[A-Z]{0,2}\d{4})')
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\s([^>]*)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>([^<]*)</(?:\w+:)?f>)\s*(<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</|<(?:\w+:)?v)?"
)
_PLACE = re.compile(rb'\br="([A-Z]+\d+)"')
_HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\s([^>]*\bhidden=\"(?:1|true)\"[^>]*)>")
_HIDDEN_COLUMN = re.compile(rb"<(?:\w+:)?col\s([^>]*\bhidden=\"(?:1|true)\"[^>]*)>")
_NUMBER = re.compile(rb'\br="(\d+)"')
_FIRST_LAST = (re.compile(rb'\bmin="(\d+)"'), re.compile(rb'\bmax="(\d+)"'))
_PREFIXED_CELL = re.compile(rb":c")
_UNUSUAL_CELL = re.compile(rb'<c(?! r=")[\s/>]')
_UNUSUAL_FORMULA = re.compile(rb"<f(?=[\s>/])(?!(?:[^>]*/>|[^>]*>[^<]*</f>)<v>[^<])")
_ERROR = re.compile(
    rb'<(?:\w+:)?c\s([^>]*\bt="e"[^>]*)>(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]*)</', re.DOTALL
)
_MERGED = re.compile(rb'mergeCell [^>]*?ref="([A-Z]+\d+:[A-Z]+\d+)"')
_ADDRESS = re.compile(r"([A-Z]+)(\d+)")
_UNUSUAL = tuple(mark + b"=" for mark in (b" ", b"\t", b"\n", b"\r")) + tuple(
    b"=" + mark for mark in (b"'", b" ", b"\t", b"\n", b"\r")
)
_ATTRIBUTE = re.compile(rb"\s*=\s*([\"'])([^\"'<]*)\1")


def read(data: bytes) -> Sheets:
    """The sheets of an .xlsx or .xlsm file, in order, hidden ones too; macros are never looked at.

    Raises:
        UnreadableError: encrypted, not a spreadsheet, damaged, or beyond the limits of :mod:`books`.
    """
    unstored: dict[str, dict[str, str]] = {}
    hidden: dict[str, Hidden] = {}
    errors: dict[str, dict[str, str]] = {}
    merged: dict[str, tuple[str, ...]] = {}
    unfolded: dict[str, bytes] = {}
    size = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            infos = _parts(data, package)
        for name, path, xml, unseen in _sheets(data, infos):
            size += len(xml)
            if size <= _MOST_UNFOLDED:
                unfolded[path] = xml
            usual = _is_usual(xml)
            plain = xml if usual else _plain(xml)
            if unseen or b"hidden=" in plain:
                hidden[name] = _hidden(plain, unseen=unseen)
            _hold_bounds(name, plain)
            formulas = {} if usual and _are_all_stored(plain) else _unstored(plain)
            if formulas:
                unstored[name] = formulas
            if b't="e"' in plain:
                errors[name] = _errors(plain)
            at = plain.find(b"mergeCell ")
            if at > 0:
                merged[name] = tuple(ref.decode() for ref in _MERGED.findall(plain, at))
        looked_over = repacked(data, infos, unfolded)
    except (
        *BROKEN_ZIP,
        UnicodeError,
        struct.error,
    ) as fault:
        raise damaged() from fault
    read = tuple(_with_errors(grid, errors.get(grid.name, {})) for grid in grids(looked_over))
    return Sheets(read, unstored, hidden, merged)


def _errors(xml: bytes) -> dict[str, str]:
    """What the formulas show that went wrong, by address; calamine gives a blank for them."""
    found = {}
    for attributes, shown in _ERROR.findall(xml):
        place = _PLACE.search(attributes)
        if place:
            found[place.group(1).decode()] = _unescaped(shown.decode("utf-8", "replace"))
    return found


def _with_errors(grid: Grid, errors: Mapping[str, str]) -> Grid:
    """The grid with a word for each formula that went wrong."""
    if not errors:
        return grid
    rows = [list(row) for row in grid.rows]
    for address, shown in errors.items():
        place = _ADDRESS.fullmatch(address)
        row, column = (int(place[2]) - 1, _column_number(place[1].encode()) - 1) if place else (-1, -1)
        if 0 <= row < len(rows) and column < len(rows[row]):
            rows[row][column] = f"公式出错（{shown}）"
    return replace(grid, rows=rows)


def _parts(data: bytes, package: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The parts that calamine may read, by name; together they unfold to no more than any return."""
    listing = package.infolist()
    infos = {info.filename: info for info in listing if not info.filename.startswith(_NOT_READ)}
    if any(info.flag_bits & 1 for info in listing):
        raise locked()
    if len(package.NameToInfo) < len(listing):  # of two parts with one name each reader takes another
        raise damaged()
    hold_inflated(sum(info.file_size for info in infos.values()))
    if sum(info.compress_size for info in infos.values()) * _DEEPEST > MAX_INFLATED:
        for info in infos.values():
            inflated(data, info)  # a part may be larger than it says
    return infos


class _Sheet(NamedTuple):
    """A sheet's name, where in the package it lies, its XML, and whether it is hidden."""

    name: str
    path: str
    xml: bytes
    unseen: bool


def _sheets(data: bytes, infos: Mapping[str, zipfile.ZipInfo]) -> Iterator[_Sheet]:
    """Each sheet as the workbook lists it; what calamine will inflate is inflated here first, within limits."""
    parts = {name: inflated(data, infos[name]) for name in _LISTS if name in infos}
    relations = dict(_relations(_plain(parts.get(_LISTS[1], b""))))
    listed = _SHEET.findall(_plain(parts[_LISTS[0]]))
    hold_sheets(len(listed))
    size = 0
    for attributes in listed:
        said = attributes.decode("utf-8", "replace")
        name, relation = _NAME.search(said), _RELATION_ID.search(said)
        path = relations.get(relation.group(1), "") if relation else ""
        if name and path:
            info = infos[path]
            size += info.file_size
            hold_inflated(size)  # several sheets may name one part
            unseen = _STATE.search(said) is not None
            yield _Sheet(_unescaped(name.group(1)), path, inflated(data, info), unseen)


def _is_usual(xml: bytes) -> bool:
    """Whether every cell of a sheet begins the way the usual programs write it: one that does not is looked for."""
    return (
        b"\0" not in xml[:_HEAD]
        and b"'" not in xml
        and _PREFIXED_CELL.search(xml) is None
        and _UNUSUAL_CELL.search(xml) is None
    )


def _plain(xml: bytes) -> bytes:
    """The XML as nearly everybody writes it: UTF-8, attributes in double quotes without spaces round the sign."""
    if b"\0" in xml[:_HEAD]:
        xml = xml.decode("utf-16").encode()
    if any(mark in xml for mark in _UNUSUAL):
        xml = _ATTRIBUTE.sub(rb'="\2"', xml)
    return xml


def _relations(xml: bytes) -> Iterator[tuple[str, str]]:
    for attributes in _RELATION.findall(xml):
        said = attributes.decode("utf-8", "replace")
        key, target = _ID.search(said), _TARGET.search(said)
        if key and target:
            path = target.group(1)
            yield key.group(1), path.lstrip("/") if path.startswith("/") else f"xl/{path}"


def _unescaped(text: str) -> str:
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(entity, sign)
    return text


def _hidden(xml: bytes, *, unseen: bool) -> Hidden:
    """What is hidden of a sheet; a run of hidden columns is followed no further than a sheet may reach."""
    if b"hidden=" not in xml:
        return Hidden(unseen)
    rows = [_NUMBER.search(said) for said in _HIDDEN_ROW.findall(xml)]
    columns: set[int] = set()
    for said in _HIDDEN_COLUMN.findall(xml):
        first, last = (ends.search(said) for ends in _FIRST_LAST)
        if first and last:
            columns.update(range(int(first[1]) - 1, min(int(last[1]), 2**14)))
    return Hidden(unseen, frozenset(int(row[1]) - 1 for row in rows if row), frozenset(columns))


def _unstored(xml: bytes) -> dict[str, str]:
    """The formulas without a stored value, by address."""
    found = {}
    for attributes, formula, value in _formulas(xml):
        if value.endswith(b"v"):
            continue
        place = _PLACE.search(attributes)
        empty_text = b't="str"' in attributes and bool(value)
        if place and not empty_text:
            found[place.group(1).decode()] = "=" + _unescaped(formula.decode("utf-8", "replace"))
    return found


def _are_all_stored(xml: bytes) -> bool:
    """Whether a result follows every formula the way the usual programs write it; any other way is looked for."""
    return _UNUSUAL_FORMULA.search(xml) is None


def _formulas(xml: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """The cells with a formula: attributes, formula, what stands for its value. Only those are looked at closely."""
    if b":c " in xml:  # a writer that prefixes its names
        yield from _FORMULA.findall(xml)
        return
    for piece in xml.split(b"<c "):
        if b"<f" in piece:
            yield from _FORMULA.findall(b"<c " + piece)


def _hold_bounds(name: str, xml: bytes) -> None:
    """Refuses a sheet whose used area calamine would have to lay out whole; the far corner is named."""
    if len(xml) > 4 * MAX_CELLS:  # the shortest cell has four signs
        hold_area(name, max(xml.count(b"<c"), xml.count(b":c")) // MAX_COLUMNS, MAX_COLUMNS)
    if _FAR.search(xml) is None:
        return
    cells = _CELL.findall(xml)
    last_row = max(map(int, {*_ROW.findall(xml), *(row for _, row in cells)}), default=0)
    last_column = max((_column_number(letters) for letters in {letters for letters, _ in cells}), default=0)
    hold_area(name, last_row, last_column, max((int(row) for _, row in cells), default=0))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def grids(data: bytes) -> Iterator[Grid]:
    """The worksheets as calamine reads them, once a guard has looked them over."""
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        for sheet in workbook.sheets_metadata:
            if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet:
                rows = workbook.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
                yield Grid(sheet.name, rows, lettered=True)
    except Exception as fault:
        raise damaged() from fault
