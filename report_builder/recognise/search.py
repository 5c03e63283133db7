"""Where plain search left something unfound: the same tables turned on their side, laid out otherwise, nearly labelled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from report_builder.model import Grid
from report_builder.recognise.apart import apart
from report_builder.recognise.doubles import with_doubles
from report_builder.recognise.exact import (
    FINDERS,
    Found,
    Line,
    Place,
    find_tables,
    hits_in,
    with_foreign,
)
from report_builder.recognise.labels import Hit, Names, names_of
from report_builder.recognise.near import look_closer
from report_builder.spec import Format, Table

_MOST_CELLS = 200_000
"""A larger sheet is searched once and no closer: no return is so large."""


def search(grids: Sequence[Grid], fmt: Format) -> dict[str, list[Found]]:
    """Every statutory table of ``fmt`` in the grids, by table key, as often as it stands there."""
    return search_apart(grids, fmt)[1]


def search_apart(grids: Sequence[Grid], fmt: Format) -> tuple[tuple[Grid, ...], dict[str, list[Found]]]:
    """The grids, those with tables side by side taken apart, and every statutory table in them as by :func:`search`."""
    parts = [part for grid in grids for part in apart(grid, hits_in(grid, fmt), fmt)]
    found: dict[str, list[Found]] = {}
    for grid, hits in parts:
        for one in _with_doubles(find_tables(grid, fmt, hits), hits, fmt):
            found.setdefault(one.table, []).append(one)
    grids = tuple(grid for grid, _ in parts)
    for table in fmt.tables:
        copies = found.get(table.key, [])
        if not copies or any(one.missing for one in copies):
            found[table.key] = list(_closer(fmt, table, copies, grids))
    return grids, {key: copies for key, copies in found.items() if copies}


def tables_in(grid: Grid, fmt: Format) -> list[Found]:
    """The statutory tables that stand in one grid as the format has them, each with what stands twice in it."""
    hits = hits_in(grid, fmt)
    return list(_with_doubles(find_tables(grid, fmt, hits), hits, fmt))


def _with_doubles(copies: Sequence[Found], hits: Sequence[Hit], fmt: Format) -> Iterator[Found]:
    """The copies of the tables in one grid, each with what stands twice in it above the next one."""
    for at, one in enumerate(copies):
        below = copies[at + 1] if at + 1 < len(copies) and copies[at + 1].table == one.table else None
        end = min((hit.row for hit in below.hits), default=below.top) if below else float("inf")
        yield with_doubles(one, names_of(fmt, fmt.table(one.table)), hits, end)


def _closer(fmt: Format, table: Table, copies: Sequence[Found], grids: Sequence[Grid]) -> Iterator[Found]:
    """The copies, each looked at again in its own part of its grid; where none is half there, all grids."""
    again = [one if not one.missing else _again(fmt, table, one, copies) for one in copies]
    sound = [one for one in again if _is_half_there(one, table)]
    if sound:
        yield from sound
        return
    others = [better for grid in grids if (better := _closest(fmt, table, grid)) is not None]
    yield from [one for one in others if _is_half_there(one, table)] or again or others[:1]


def _again(fmt: Format, table: Table, found: Found, copies: Sequence[Found]) -> Found:
    """The copy as the part of its grid that is nearer to it than to the copies before and after reads closer."""
    near = [one for one in copies if one.grid is found.grid]
    at = near.index(found)
    first = near[at - 1].bottom + 1 if at else 0
    end = len(found.grid.rows)
    if at + 1 < len(near):
        end = min((hit.row for hit in near[at + 1].hits), default=near[at + 1].top)
    closer = _closest(fmt, table, part(found.grid, first, end))
    if closer is None or len(closer.places) < len(found.places):
        return found
    return _moved(closer, found.grid, lambda row, column: (row + first, column))


def _is_half_there(found: Found, table: Table) -> bool:
    return len(found.missing) * 2 <= len(table.slots)


def part(grid: Grid, first: int, end: int) -> Grid:
    """The rows from ``first`` up to ``end``, at their own addresses."""
    return replace(grid, rows=grid.rows[first:end], first_row=grid.first_row + first)


def _closest(fmt: Format, table: Table, grid: Grid) -> Found | None:
    """The reading of the grid that finds most of the table, or as much and says what is unclear."""
    names = names_of(fmt, table)
    best: Found | None = None
    for found in _readings(fmt, names, grid):
        if best is None or _worth(found) > _worth(best):
            best = found
        if not best.missing:
            break
    return best


def _worth(found: Found) -> tuple[int, bool]:
    return len(found.places), bool(found.unclear)


def _readings(fmt: Format, names: Names, grid: Grid) -> Iterator[Found]:
    if max(map(len, grid.rows), default=0) * len(grid.rows) > _MOST_CELLS:
        return
    views = [(view, hits_in(view, fmt)) for view in (grid, _turned(grid))]
    for exactly in (True, False):
        for view, hits in views:
            for find in FINDERS[names.table.shape] if hits else ():
                found = find(names, view, hits) if exactly else look_closer(names, view, hits, find)
                if found is not None and _is_sound(found):
                    found = with_doubles(with_foreign(found, names.table), names, hits, len(view.rows))
                    yield found if view is grid else _moved(found, grid, _swapped)


def _is_sound(found: Found) -> bool:
    """No cell of the file stands for two of the table."""
    return len(set(found.places.values())) == len(found.places)


def _turned(grid: Grid) -> Grid:
    """The grid with its rows as columns."""
    width = max(map(len, grid.rows), default=0)
    filled = [[*row, *[None] * (width - len(row))] for row in grid.rows]
    return replace(grid, rows=[list(column) for column in zip(*filled, strict=True)])


def _moved(found: Found, grid: Grid, to: Callable[[int, int], Place]) -> Found:
    """What was found in a view of ``grid``, at the places it has there."""
    return replace(
        found,
        grid=grid,
        places={key: to(*place) for key, place in found.places.items()},
        sums={key: tuple(to(*place) for place in places) for key, places in found.sums.items()},
        doubles=tuple(
            tuple(
                Line(*to(line.row, line.column), line.text, {key: to(*at) for key, at in line.places.items()})
                for line in lines
            )
            for lines in found.doubles
        ),
        hits=tuple(Hit(*to(hit.row, hit.column), hit.label) for hit in found.hits),
        taken=tuple(
            one._replace(row=row, column=column)
            for one in found.taken
            for row, column in [to(one.row, one.column)]
        ),
        unclear=tuple(
            one._replace(row=row, column=column)
            for one in found.unclear
            for row, column in [to(one.row, one.column)]
        ),
    )


def _swapped(row: int, column: int) -> Place:
    return column, row
