"""Tables that stand side by side on one sheet are taken apart: a table is read from one rectangle only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from report_builder.model import Grid
from report_builder.recognise.exact import HEADER_REACH, hits_in
from report_builder.recognise.labels import Hit, Names, names_of
from report_builder.spec import Format


class _Span(NamedTuple):
    """The rows that one table's labels take up, and the column a second set of them begins at, 0 for none."""

    first: int
    last: int
    cut: int


def apart(grid: Grid, hits: Sequence[Hit], fmt: Format) -> list[tuple[Grid, Sequence[Hit]]]:
    """The grid as rectangles that hold no row of a table twice side by side, each with its labels."""
    rows = _row_labels(fmt)
    again = [rows[hit.label] for hit in hits if hit.label in rows]
    if len(set(again)) == len(again):
        return [(grid, hits)]
    spans = [span for table in fmt.tables for span in _spans(names_of(fmt, table), hits)]
    cut = min((span.cut for span in spans if span.cut), default=0)
    if not cut:
        return [(grid, hits)]
    beside = [span for span in spans if span.cut]
    others = [span for span in spans if not span.cut]
    cut = _with_headings(grid, beside, cut)
    first = max((one.last + 1 for one in others if one.last < beside[0].first), default=0)
    end = len(grid.rows)
    if any(one.first > beside[-1].last for one in others):
        end = beside[-1].last + 1
    right = replace(
        grid,
        rows=[row[cut:] for row in grid.rows[first:end]],
        first_row=grid.first_row + first,
        first_column=grid.first_column + cut,
    )
    left = replace(grid, rows=[row[:cut] if first <= at < end else row for at, row in enumerate(grid.rows)])
    return [(left, hits_in(left, fmt)), *apart(right, hits_in(right, fmt), fmt)]


@cache
def _row_labels(fmt: Format) -> Mapping[str, str]:
    """The bared labels of all rows of a format, and which row of which table each is."""
    tables = [names_of(fmt, table) for table in fmt.tables]
    return {label: f"{names.table.key}.{row}" for names in tables for label, row in names.rows.items()}


def _spans(names: Names, hits: Sequence[Hit]) -> Iterator[_Span]:
    """Where a table's row labels stand."""
    rows = [hit for hit in hits if hit.label in names.rows]
    if not rows:
        return
    first, last = min(hit.row for hit in rows), max(hit.row for hit in rows)
    if names.table.shape == "strip":
        last += HEADER_REACH
    yield _Span(first, last, _cut(names, rows))


def _cut(names: Names, rows: Sequence[Hit]) -> int:
    """The column where most of the row labels begin again, within a few rows of where they stood."""
    by_key: dict[str, list[Hit]] = defaultdict(list)
    for hit in rows:
        by_key[names.rows[hit.label]].append(hit)
    if len(by_key) == len(rows):
        return 0
    again = [column for found in by_key.values() if (column := _beside(found))]
    return min(again) if len(again) * 2 > len(by_key) else 0


def _beside(hits: Sequence[Hit]) -> int:
    """The column of the same label right of its first place."""
    ordered = sorted(hits, key=lambda hit: hit.column)
    columns = (
        hit.column
        for hit in ordered
        if hit.column > ordered[0].column and abs(hit.row - ordered[0].row) <= HEADER_REACH
    )
    return next(columns, 0)


def _with_headings(grid: Grid, spans: Sequence[_Span], cut: int) -> int:
    """The cut moved left to the first empty column, where one parts the two sets."""
    rows = grid.rows[spans[0].first : spans[-1].last + 1]
    for column in range(cut - 1, 0, -1):
        if not any(column < len(row) and row[column] not in (None, "") for row in rows):
            return column + 1 if cut - column <= HEADER_REACH else cut
    return cut
