"""Figures of which a table holds two: a row or column named twice, a second row of figures under one header.

Nobody here says which counts. Each of them is named with its label and its place; what is done with them is the
reader's matter, who knows the year and the unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from report_builder.model import Grid
from report_builder.recognise.exact import HEADER_REACH, Found, Line, Place
from report_builder.recognise.labels import Hit, Names


def with_doubles(found: Found, names: Names, hits: Sequence[Hit], end: float) -> Found:
    """The table with what stands twice in it, above row ``end``, where the next copy of it begins."""
    if names.table.shape == "strip" and lies_in_one_row(found):
        doubles = tuple(_rows_below(found, hits, end))
    else:
        doubles = (*_rows_again(found, names, hits, end), *_columns_again(found, names, hits))
    return replace(found, doubles=doubles) if doubles else found


def lies_in_one_row(found: Found) -> bool:
    """Whether all figures of the table stand beside one another."""
    return found.top == found.bottom


def _rows_below(found: Found, hits: Sequence[Hit], end: float) -> Iterator[tuple[Line, ...]]:
    """Further rows of figures under the one header of a strip, down to the next label or the end of the grid."""
    row = found.top
    below = [hit.row for hit in hits if hit.row > row]
    last = int(min([*below, end, len(found.grid.rows)]))
    if last <= row + 1:
        return
    lines = [_row_line(found.grid, at, found.places) for at in range(row, last)]
    filled = [line for line in lines if _counts(found.grid, line) * 2 >= len(found.places)]
    if any(line.row != row for line in filled):
        yield (lines[0], *(line for line in filled if line.row != row))


def _row_line(grid: Grid, row: int, places: Mapping[str, Place]) -> Line:
    """These figures on another row, with the text before them for its label."""
    first = min(column for _, column in places.values())
    texts = [
        (at, one.strip())
        for at, one in enumerate(grid.rows[row][:first])
        if isinstance(one, str) and one.strip()
    ]
    column, text = texts[-1] if texts else (first, "")
    return Line(row, column, text, {key: (row, at) for key, (_, at) in places.items()})


def _counts(grid: Grid, line: Line) -> int:
    """How many of a line's places something stands in."""
    return sum(_stands(grid, *place) for place in line.places.values())


def _stands(grid: Grid, row: int, column: int) -> bool:
    return grid.at(row, column) not in (None, "")


def _rows_again(found: Found, names: Names, hits: Sequence[Hit], end: float) -> Iterator[tuple[Line, ...]]:
    """Rows named twice within the table, each with figures where the table has them."""
    named = [hit for hit in hits if hit.label in names.rows]
    if len({names.rows[hit.label] for hit in named}) == len(named):
        return
    rows = _rows_of(found)
    again: dict[str, list[Hit]] = defaultdict(list)
    for hit in named:
        key = f"{names.table.key}.{names.rows[hit.label]}"
        places = rows.get(key)
        if places and min(row for row, _ in places.values()) < hit.row < end and _is_before(hit, places):
            again[key].append(hit)
    for key, others in again.items():
        lines = [_row_line(found.grid, hit.row, rows[key]) for hit in others]
        filled = [line for line in lines if _counts(found.grid, line)]
        if filled:
            yield (_row_line(found.grid, next(iter(rows[key].values()))[0], rows[key]), *filled)


def _rows_of(found: Found) -> dict[str, dict[str, Place]]:
    """The places of each row whose figures stand beside one another; a sum of rows is none."""
    rows: dict[str, dict[str, Place]] = defaultdict(dict)
    for key, place in found.places.items():
        if key not in found.sums:
            rows[key.rpartition(".")[0]][key] = place
    return {key: places for key, places in rows.items() if len({row for row, _ in places.values()}) == 1}


def _is_before(hit: Hit, places: Mapping[str, Place]) -> bool:
    return hit.column < min(column for _, column in places.values())


def _columns_again(found: Found, names: Names, hits: Sequence[Hit]) -> Iterator[tuple[Line, ...]]:
    """Columns named twice in the table's header, each with figures on the table's rows."""
    heads = [hit for hit in hits if hit.label in names.columns]
    if len({(hit.row, hit.label) for hit in heads}) == len(heads):
        return
    used = {(hit.row, hit.label): hit.column for hit in found.hits if hit.label in names.columns}
    lines: dict[tuple[int, str], list[Line]] = defaultdict(list)
    for hit in heads:
        own = used.get((hit.row, hit.label))
        places = _under(found, names, hit, own) if own is not None else {}
        if places:
            lines[hit.row, hit.label].append(_column_line(found.grid, hit, places))
    for several in lines.values():
        filled = [line for line in several if _counts(found.grid, line)]
        if len(several) > 1 and len(filled) > 1:
            yield tuple(filled)


def _under(found: Found, names: Names, hit: Hit, own: int) -> dict[str, Place]:
    """The figures that stand under this heading where the table's own column ``own`` has them."""
    column = names.columns[hit.label]
    return {
        key: (row, hit.column)
        for key, (row, at) in found.places.items()
        if at == own and row > hit.row and key.rpartition(".")[2] == column
    }


def _column_line(grid: Grid, hit: Hit, places: Mapping[str, Place]) -> Line:
    """A column with all that stands over its figures for its label."""
    rows = grid.rows[max(hit.row - HEADER_REACH, 0) : min(row for row, _ in places.values())]
    over = (row[hit.column] for row in rows if hit.column < len(row))
    text = " ".join(one.strip() for one in over if isinstance(one, str) and one.strip())
    return Line(hit.row, hit.column, text, dict(places))
