"""The statutory tables of a published report: whole, split over several, or printed twice.

A figure is taken only where one cell of the file stands for one cell of the format. What shifted, was merged or
ran together keeps its text and is named, and so is a cell that two copies of a table give differently.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from report_builder.archive.alignment import doubtful, realigned
from report_builder.editions import added_up, read_over, summed
from report_builder.figures import figure
from report_builder.model import Figure, Grid, Trouble, Typed
from report_builder.recognise import Found, amount_remarks, label_remarks, search, tables_in
from report_builder.spec import Format, Table

Place = tuple[int, int]


@dataclass(frozen=True)
class _Joined:
    """Tables of equal width that follow one another, as one; ``starts`` are the rows where each begins."""

    grid: Grid
    grids: tuple[Grid, ...]
    starts: tuple[int, ...]

    def own(self, row: int) -> tuple[Grid, int]:
        """The table that a row belongs to, and its number there."""
        at = max(at for at, start in enumerate(self.starts) if start <= row)
        return self.grids[at], row - self.starts[at]


class Tables:
    """The tables of ``fmt`` that stand in the grids of the file ``name``; ``lacking`` are their cells that do not."""

    def __init__(self, grids: Sequence[Grid], fmt: Format, name: str) -> None:
        self.fmt, self.name, self.grids = fmt, name, grids
        self._joined: dict[int, _Joined] = {}
        self.found: dict[str, list[Found]] = {table.key: [] for table in fmt.tables}
        for grid in grids:
            for one in tables_in(grid, fmt):
                self.found[one.table].append(one)
        if any(map(self._unfound, fmt.tables)):
            self._look_closer()
        self.lacking = {table.key: self._unfound(table) for table in fmt.tables}
        self.cells, self.troubles = self._read()

    def _unfound(self, table: Table) -> list[str]:
        """The cells of a table that were found nowhere."""
        known = {key for one in self.found[table.key] for key in one.places}
        spoken = {part for key in known for part in self.fmt.stands_for.get(key, ())}
        return [key for key in table.slots if key not in known and key not in spoken]

    def _look_closer(self) -> None:
        """Joins tables that were split, and looks at those that were laid out or labelled otherwise."""
        joined = list(_joined(self.grids))
        self._joined = {id(one.grid): one for one in joined}
        closer = search([*(one.grid for one in joined), *self.grids], self.fmt)
        for table in self.fmt.tables:
            if self._unfound(table):
                more = closer.get(table.key, [])
                whole = [one for one in more if not one.missing]
                self.found[table.key] = whole[:1] or _together(self.found[table.key], more, table)

    def _place(self, grid: Grid, row: int, column: int) -> str:
        """Where a cell stands, in the reader's words."""
        joined = self._joined.get(id(grid))
        own, at = joined.own(row) if joined else (grid, row)
        return f"{self.name}·{own.name} {own.address(at, column)}"

    def _figure(self, grid: Grid, place: Place) -> Figure:
        return figure(grid.at(*place), self._place(grid, *place))

    def _read(self) -> tuple[dict[str, Figure], list[Trouble]]:
        cells: dict[str, Figure] = {}
        troubles: list[Trouble] = []
        for table in self.fmt.tables:
            for copy in self.found[table.key]:
                one, settled = realigned(copy)
                held = self._figures(one)
                troubles += self._unsure(one, held, settled)
                troubles += label_remarks(one, self._title(table), self._place)
                troubles += amount_remarks(one, self.fmt, self._figure)
                troubles += self._added_up(one, held)
                for line in (held, *self._doubles(one)):
                    troubles += self._twice(table, cells, line)
        cells, said = read_over({key: cells[key] for key in self.fmt.known_slots if key in cells}, self.fmt)
        return cells, [*troubles, *said]

    def _figures(self, found: Found) -> dict[str, Figure]:
        """The figures of one copy; where it prints rows of another format for one of ours, their sum."""
        return {
            key: summed([self._figure(found.grid, one) for one in found.sums.get(key, (place,))])
            for key, place in found.places.items()
        }

    def _doubles(self, found: Found) -> Iterator[dict[str, Figure]]:
        """The further rows and columns of one copy that would fill the same cells."""
        for lines in found.doubles:
            for line in lines[1:]:
                yield {key: self._figure(found.grid, place) for key, place in line.places.items()}

    def _title(self, table: Table) -> str:
        return self.fmt.section(table.section).title

    def _added_up(self, found: Found, cells: Mapping[str, Figure]) -> Iterator[Trouble]:
        for foreign in self.fmt.table(found.table).foreign:
            keys = [key for key in found.sums if self.fmt.known_slots[key].row in foreign.ours]
            if keys:
                yield added_up(foreign, {key: cells[key] for key in keys})

    def _unsure(self, found: Found, held: dict[str, Figure], settled: Container[int]) -> Iterator[Trouble]:
        """Takes the numbers out of the cells that cannot be trusted, row by row, and says so."""
        doubts = doubtful(found, held, self.fmt.known_slots, settled)
        rows = groupby(doubts, key=lambda key: (found.places[key][0], doubts[key]))
        for (_, why), group in rows:
            keys = tuple(group)
            printed = "、".join(f"“{held[key].text}”" for key in keys if held[key].text)
            held |= {key: replace(held[key], number=None, typed=Typed.TEXT) for key in keys}
            said = {"row": self.fmt.known_slots[keys[0]].row.label, "printed": printed, "why": why}
            yield Trouble("figures_unclear", held[keys[0]].source, keys, said)

    def _twice(self, table: Table, cells: dict[str, Figure], held: Mapping[str, Figure]) -> Iterator[Trouble]:
        """Adds a copy to the cells; what two copies give differently is no number."""
        differing = {key: one for key, one in held.items() if key in cells and not _same(cells[key], one)}
        cells |= {key: one for key, one in held.items() if key not in cells or _is_empty(cells[key])}
        for key, one in differing.items():
            first = cells[key]
            text, source = f"{first.text}／{one.text}", f"{first.source}、{one.source}"
            cells[key] = Figure(None, Typed.TEXT, text, source)
        if differing:
            places = "、".join(dict.fromkeys(cells[key].source for key in list(differing)[:1]))
            said = {"table": self._title(table), "places": places}
            yield Trouble("table_twice", places, tuple(differing), said)


def _same(one: Figure, other: Figure) -> bool:
    """Whether two copies of a cell say the same; a copy left empty says nothing."""
    if _is_empty(one) or _is_empty(other):
        return True
    return one.number == other.number and (one.number is not None or one.text == other.text)


def _is_empty(held: Figure) -> bool:
    return held.typed is Typed.BLANK


def _joined(grids: Sequence[Grid]) -> Iterator[_Joined]:
    """Every run of tables of equal width; one by itself is none."""
    for _, group in groupby(grids, key=_width):
        run = tuple(group)
        if len(run) > 1:
            starts = [sum(len(grid.rows) for grid in run[:at]) for at in range(len(run))]
            rows = [row for grid in run for row in grid.rows]
            yield _Joined(Grid(f"{run[0].name}至{run[-1].name}", rows), run, tuple(starts))


def _width(grid: Grid) -> int:
    return max(map(len, grid.rows), default=0)


def _together(exact: Sequence[Found], more: Sequence[Found], table: Table) -> list[Found]:
    """The parts of a table that was found in parts, the fullest first; each keeps what none before it has."""
    parts: list[Found] = []
    known: set[str] = set()
    sound = [one for one in more if len(one.places) * 2 >= len(table.slots) or one.unclear]
    for one in sorted([*exact, *sound], key=lambda one: -len(one.places)):
        own = {key: place for key, place in one.places.items() if key not in known}
        if own or (one in exact):
            known |= own.keys()
            parts.append(one if one in exact else replace(one, places=own))
    return parts
