"""Finds the statutory tables in any grid by their labels, never by fixed addresses.

The one table recogniser: the return workbook, a table pasted from the Word form, and a Word, HTML or PDF
report are all grids to it. Labels are compared without white space, punctuation and width; a table's header
may be moved, its rows and columns exchanged, rows may stand above or between.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import NamedTuple

from report_builder.model import Grid, Section
from report_builder.spec import Band, Format, Table

_LONGEST_LABEL = 80
_HEADER_REACH = 4


class Hit(NamedTuple):
    """A cell whose text is a label of the format, and what that label may stand for."""

    row: int
    column: int
    label: str


@dataclass(frozen=True)
class Found:
    """One statutory table in one grid: the place of each cell that was found, by cell key."""

    table: str
    grid: Grid
    places: Mapping[str, tuple[int, int]]
    missing: tuple[str, ...]

    @property
    def top(self) -> int:
        """The first row (0-based) that holds a figure."""
        return min(row for row, _ in self.places.values())


@lru_cache(maxsize=4096)
def bare(label: str) -> str:
    """A label without anything a typist varies: white space, punctuation, full or half width."""
    text = unicodedata.normalize("NFKC", label)
    return "".join(sign for sign in text if sign.isalnum())


@dataclass(frozen=True)
class _Labels:
    """One table's labels, bared, and what they stand for."""

    rows: Mapping[str, str]
    columns: Mapping[str, str]
    bands: tuple[tuple[Mapping[str, str], Mapping[str, str]], ...]


@cache
def _labels(table: Table) -> _Labels:
    bands = tuple((_names(band, rows=True), _names(band, rows=False)) for band in table.bands)
    rows = {label: key for names, _ in bands for label, key in names.items()}
    columns = {label: key for _, names in bands for label, key in names.items()}
    return _Labels(rows, columns, bands)


def _names(band: Band, *, rows: bool) -> dict[str, str]:
    return {
        bare(label): thing.key
        for thing in (band.rows if rows else band.columns)
        for label in (thing.label, *thing.also)
    }


@cache
def _vocabulary(fmt: Format) -> frozenset[str]:
    tables = map(_labels, fmt.tables)
    return frozenset(label for names in tables for label in (*names.rows, *names.columns))


def find_tables(grid: Grid, fmt: Format) -> list[Found]:
    """Every statutory table of ``fmt`` that stands in ``grid``; a grid without any gives an empty list."""
    hits = list(_hits(grid, _vocabulary(fmt)))
    if not hits:
        return []
    return [found for table in fmt.tables for found in _copies(table, grid, hits)]


def _copies(table: Table, grid: Grid, hits: Sequence[Hit]) -> Iterator[Found]:
    """The table as often as it stands in the grid, from the top down."""
    found = _FINDERS[table.shape](table, grid, hits)
    while found is not None:
        yield found
        bottom = max(row for row, _ in found.places.values())
        found = _FINDERS[table.shape](table, grid, [hit for hit in hits if hit.row > bottom])


def _hits(grid: Grid, vocabulary: frozenset[str]) -> Iterator[Hit]:
    for row, cells in enumerate(grid.rows):
        for column, content in enumerate(cells):
            if content.__class__ is str and 0 < len(content) <= _LONGEST_LABEL:
                label = bare(content)
                if label in vocabulary:
                    yield Hit(row, column, label)


def _by_row(hits: Sequence[Hit], names: Mapping[str, str]) -> dict[int, list[Hit]]:
    rows: dict[int, list[Hit]] = defaultdict(list)
    for hit in hits:
        if hit.label in names:
            rows[hit.row].append(hit)
    return rows


def _matrix(table: Table, grid: Grid, hits: Sequence[Hit]) -> Found | None:
    """Column labels in a few rows on top, row labels below them."""
    names = _labels(table)
    header = _header(hits, names.columns)
    if header is None:
        return None
    columns = {names.columns[hit.label]: hit.column for hit in header}
    last = max(hit.row for hit in header)
    end = _next_header(hits, names.columns, last)
    places: dict[str, tuple[int, int]] = {}
    seen: set[str] = set()
    for hit in hits:
        row = names.rows.get(hit.label)
        if row is None or not last < hit.row < end or row in seen or hit.column in columns.values():
            continue
        seen.add(row)
        places.update({f"{table.key}.{row}.{column}": (hit.row, at) for column, at in columns.items()})
    return _result(table, grid, places)


def _header(hits: Sequence[Hit], names: Mapping[str, str]) -> list[Hit] | None:
    """The column labels of a matrix: the richest row of them, and its neighbours for those set higher or lower."""
    rows = _by_row(hits, names)
    if not rows:
        return None
    anchor = max(rows, key=lambda row: (len({hit.label for hit in rows[row]}), -row))
    near = [hit for row in sorted(rows) if abs(row - anchor) < _HEADER_REACH for hit in rows[row]]
    first: dict[str, Hit] = {}
    for hit in sorted(near, key=lambda hit: (abs(hit.row - anchor), hit.column)):
        first.setdefault(names[hit.label], hit)
    return list(first.values()) if len(first) * 2 > len(set(names.values())) else None


def _next_header(hits: Sequence[Hit], names: Mapping[str, str], last: int) -> float:
    """The row where a further copy of the table begins."""
    rows = _by_row([hit for hit in hits if hit.row > last], names)
    again = (
        row for row, found in rows.items() if len({hit.label for hit in found}) * 2 > len(set(names.values()))
    )
    return min(again, default=float("inf"))


def _bands(table: Table, grid: Grid, hits: Sequence[Hit]) -> Found | None:
    """Several headers one below another: a row of figures belongs to the last header of its own band above it."""
    places: dict[str, tuple[int, int]] = {}
    for rows, columns in _labels(table).bands:
        headers = _band_headers(hits, columns)
        for hit in hits:
            above = [row for row in headers if row < hit.row]
            key = rows.get(hit.label)
            if key is None or not above or f"{table.key}.{key}" in places:
                continue
            for column, at in headers[max(above)].items():
                places.setdefault(f"{table.key}.{key}.{column}", (hit.row, at))
    return _result(table, grid, places)


def _band_headers(hits: Sequence[Hit], columns: Mapping[str, str]) -> dict[int, dict[str, int]]:
    wanted = set(columns.values())
    rows = {
        row: {columns[hit.label]: hit.column for hit in found}
        for row, found in _by_row(hits, columns).items()
    }
    return {row: found for row, found in rows.items() if len(found) * 2 > len(wanted)}


def _strip(table: Table, grid: Grid, hits: Sequence[Hit]) -> Found | None:
    """Row groups side by side in the header: a figure's group is the nearest group label at or left of it."""
    names = _labels(table)
    heads = [hit for hit in hits if hit.label in names.columns]
    groups = _strip_groups([hit for hit in hits if hit.label in names.rows], names, heads)
    if not groups:
        return None
    low, high = min(hit.row for hit in groups), max(hit.row for hit in groups)
    places: dict[str, tuple[int, int]] = {}
    rows = _by_row([hit for hit in heads if low <= hit.row <= high + _HEADER_REACH], names.columns)
    window = [hit for found in rows.values() if len(found) > 1 for hit in found]
    bottom = max((hit.row for hit in window), default=high) + 1
    for hit in window:
        group = max(
            (one for one in groups if one.column <= hit.column), key=lambda one: one.column, default=None
        )
        if group is not None:
            key = f"{table.key}.{names.rows[group.label]}.{names.columns[hit.label]}"
            places.setdefault(key, (bottom, hit.column))
    return _result(table, grid, places)


def _strip_groups(candidates: Sequence[Hit], names: _Labels, heads: Sequence[Hit]) -> list[Hit]:
    """The group labels that stand just above outcome labels; the same words elsewhere on the sheet do not."""
    columns = {hit.column for hit in heads}
    first: dict[str, Hit] = {}
    for hit in candidates:
        under = any(0 < head.row - hit.row < _HEADER_REACH and head.column == hit.column for head in heads)
        if under and hit.column in columns:
            first.setdefault(names.rows[hit.label], hit)
    return list(first.values())


def _result(table: Table, grid: Grid, places: dict[str, tuple[int, int]]) -> Found | None:
    if not places:
        return None
    return Found(table.key, grid, places, tuple(key for key in table.slots if key not in places))


_FINDERS = {"bands": _bands, "matrix": _matrix, "strip": _strip}


def split_sections(paragraphs: Sequence[str], fmt: Format) -> tuple[Section, ...]:
    """Paragraphs under the format's section headings, as they follow one another; what stands before is left out."""
    titles = _titles(fmt)
    sections: list[Section] = []
    for text in paragraphs:
        number = titles.get(bare(text)) if len(text) <= _LONGEST_LABEL else None
        if number is not None:
            sections.append(Section(number, text, ()))
        elif sections:
            sections[-1] = replace(sections[-1], paragraphs=(*sections[-1].paragraphs, text))
    return tuple(sections)


@cache
def _titles(fmt: Format) -> Mapping[str, int]:
    """Section headings by their bared text, with and without the ordinal the notice prints."""
    titles = {}
    for section in fmt.sections:
        for title in (section.title, *section.also):
            titles[bare(title)] = section.number
            titles.setdefault(bare(title.partition("、")[2]), section.number)
    return titles
