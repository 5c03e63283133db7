"""Of two figures for one cell none is chosen, unless one alone is marked with the report year or the unit's own name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from report_builder.collect.division import Known
from report_builder.model import Figure, Grid, Number, Trouble, Typed
from report_builder.readers.books import Sheets
from report_builder.recognise import Found, Line, bare

_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?:\s*年(?!\s*\d{1,2}\s*月)|\s*$)")
_YEAR_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
_LONGEST_TITLE = 60
_TITLE_REACH = 5
_SHOWN = 3

Reader = Callable[[Grid, tuple[int, int]], Figure]


@dataclass(frozen=True)
class Own:
    """The report year, and whose return it is: what marks one of several figures as the one that is meant."""

    year: int
    names: frozenset[str]
    known: Known = lambda _: ""

    def marks(self, text: str) -> bool:
        """Whether a label says this year and no other, or this unit's name."""
        return self.years(text) == {self.year} or bool({bare(text), bare(self.known(text))} & self.names)

    @staticmethod
    def years(text: str) -> set[int]:
        """The years a text speaks of, days apart."""
        return {int(year) for year in _YEAR.findall(text)}


def heading_years(found: Found) -> set[int]:
    """The years that the sheet's name and the titles just above a table speak of."""
    years = {int(year) for year in _YEAR_IN_NAME.findall(found.grid.name)}
    for _, _, text in titles_above(found):
        years |= Own.years(text)
    return years


def titles_above(found: Found) -> Iterator[tuple[int, int, str]]:
    """The short texts just above a table's own labels: row, column, text."""
    first = min([hit.row for hit in found.hits])
    for row in range(max(first - _TITLE_REACH, 0), first):
        for column, content in enumerate(found.grid.rows[row]):
            if content.__class__ is str and 0 < len(content) <= _LONGEST_TITLE:
                yield row, column, str(content).strip()


def of_the_year(copies: Sequence[Found], year: int) -> Found | None:
    """The one copy that is marked with the report year where all others are marked with other years."""
    said = [heading_years(copy) for copy in copies]
    own = [copy for copy, years in zip(copies, said, strict=True) if years == {year}]
    return (
        own[0]
        if len(own) == 1 and all(years and (years == {year} or year not in years) for years in said)
        else None
    )


@dataclass(frozen=True)
class Doubles:
    """What stands twice in the tables of one file, and what is said of it."""

    name: str
    book: Sheets
    read: Reader
    own: Own

    def settled(self, found: Found, title: str) -> tuple[Found, list[Trouble]]:
        """The table with one place a cell: equal ones are one, a marked one is taken, others are not read."""
        places = dict(found.places)
        left: list[Sequence[Line]] = []
        troubles: list[Trouble] = []
        for lines in found.doubles:
            differing = self._differing(found.grid, lines)
            chosen = self._chosen(differing)
            if chosen is None:
                left.append(differing)
                places = {key: place for key, place in places.items() if key not in differing[0].places}
                continue
            places |= chosen.places
            if len(differing) > 1:
                troubles.append(self._taken(found.grid, title, chosen, differing))
        if left:
            troubles.append(self._untold(found.grid, title, left))
        return replace(found, places=places), troubles

    def _differing(self, grid: Grid, lines: Sequence[Line]) -> list[Line]:
        """The lines that hold figures, of equal ones the first."""
        one_each: dict[tuple[object, ...], Line] = {}
        for line in lines:
            held = [self.read(grid, place) for place in line.places.values()]
            if any(one.typed is not Typed.BLANK for one in held):
                one_each.setdefault(tuple(map(typed, held)), line)
        return list(one_each.values()) or [lines[0]]

    def _chosen(self, lines: Sequence[Line]) -> Line | None:
        marked = [line for line in lines if self.own.marks(line.text)] if len(lines) > 1 else lines
        return marked[0] if len(marked) == 1 else None

    def _taken(self, grid: Grid, title: str, chosen: Line, lines: Sequence[Line]) -> Trouble:
        others = [self._place(grid, line) for line in lines if line is not chosen]
        said = {"table": title, "label": chosen.text, "chosen": self._place(grid, chosen)}
        where = f"{self.name}·{grid.name}!{grid.address(chosen.row, chosen.column)}"
        return Trouble("one_of_several", where, tuple(chosen.places), {**said, "others": "、".join(others)})

    def _untold(self, grid: Grid, title: str, left: Sequence[Sequence[Line]]) -> Trouble:
        """All that stands twice in one table, in one."""
        places = [" 与 ".join(self._place(grid, line) for line in lines) for lines in left]
        more = f" 等 {len(places)} 处" if len(places) > _SHOWN else ""
        first = left[0][0]
        where = f"{self.name}·{grid.name}!{grid.address(first.row, first.column)}"
        cells = tuple(dict.fromkeys(key for lines in left for key in lines[0].places))
        said = {"table": title, "places": "；".join(places[:_SHOWN]) + more}
        return Trouble("figures_twice", where, cells, said)

    def _place(self, grid: Grid, line: Line) -> str:
        """“主动公开!A7（行政许可，隐藏的行）”."""
        hidden = self.book.hidden.get(grid.name)
        row, column = grid.first_row + line.row, grid.first_column + line.column
        unseen = hidden is not None and (hidden.sheet or row in hidden.rows or column in hidden.columns)
        said = "，".join(filter(None, (" ".join(line.text.split()), "隐藏的" if unseen else "")))
        return f"{grid.name}!{grid.address(line.row, line.column)}" + (f"（{said}）" if said else "")


_ADDRESS = re.compile(r"([A-Z]+)(\d+)")
_LARGEST_MERGE = 400


@lru_cache(maxsize=4096)
def _covered(area: str) -> tuple[tuple[int, int], ...]:
    """The places (0-based) of a merged range, none of one too large for a table."""
    (left, top), (right, bottom) = ((_number(letters), int(row)) for letters, row in _ADDRESS.findall(area))
    if (right - left + 1) * (bottom - top + 1) > _LARGEST_MERGE:
        return ()
    return tuple((row - 1, column - 1) for row in range(top, bottom + 1) for column in range(left, right + 1))


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def merges(found: Found, book: Sheets) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The merged ranges that lie over several of the table's cells, with these."""
    areas = book.merged.get(found.grid.name, ())
    if areas:
        grid = found.grid
        at = {
            (grid.first_row + row, grid.first_column + column): key
            for key, (row, column) in found.places.items()
        }
        for area in areas:
            keys = tuple(at[place] for place in _covered(area) if place in at)
            if len(keys) > 1:
                yield area, keys


def typed(held: Figure) -> tuple[Number | None, str]:
    """What a cell holds, as far as two copies of it can differ."""
    return held.number, held.text if held.number is None else ""


def names_of(known: Known, *names: str) -> frozenset[str]:
    """The bared names a unit goes by here."""
    return frozenset(bare(one) for name in names if name for one in (name, known(name)) if one)
