"""From the bands of a table to its slots and its printed layout, merges included."""

from __future__ import annotations

import dataclasses
import fnmatch
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from report_builder.errors import SpecError
from report_builder.spec.nouns import Band, Column, Format, Placed, Row, Slot, Table

_WILD = re.compile(r"[*?\[]")


def laid_out(table: Table) -> Table:
    """The table with its slots and layout filled in."""
    slots = {slot.key: slot for band in table.bands for slot in _slots(table.key, band)}
    layout = tuple(_SHAPES[table.shape](table))
    headed = {placed.row for placed in layout if placed.role == "value"}
    return dataclasses.replace(table, slots=slots, layout=layout, header_rows=min(headed))


def with_former(table: Table) -> Table:
    """The table with the slots of the single rows of other formats that stand for several of its own."""
    columns = table.bands[0].columns
    single = tuple(foreign.rows[0] for foreign in table.foreign if len(foreign.rows) == 1)
    former = {slot.key: slot for slot in _slots(table.key, Band(columns, single))}
    return dataclasses.replace(table, former=former)


def matching(patterns: Iterable[str], keys: Sequence[str]) -> tuple[str, ...]:
    """The keys that any of the patterns names, in the order of ``keys``; ``*`` is any run of characters."""
    return _matching(tuple(patterns), tuple(keys))


@lru_cache(maxsize=4096)
def cells_named(patterns: tuple[str, ...], fmt: Format) -> tuple[str, ...]:
    """The statutory cells of a format that any of the patterns names, in printed order."""
    return matching(patterns, tuple(fmt.slots))


@lru_cache(maxsize=4096)
def _matching(patterns: tuple[str, ...], keys: tuple[str, ...]) -> tuple[str, ...]:
    plain = {pattern for pattern in patterns if not _WILD.search(pattern)}
    wild = "|".join(fnmatch.translate(pattern) for pattern in patterns if pattern not in plain)
    if not wild:
        return tuple([key for key in keys if key in plain])
    named = re.compile(wild).match
    return tuple([key for key in keys if key in plain or named(key)])


def _slots(table: str, band: Band) -> Iterator[Slot]:
    for row in band.rows:
        for column in band.columns:
            if column.value is None:
                raise SpecError(f"表 {table} 的列 {column.key} 没有写明 value（count、change 或 amount）")
            parts = _parts(band, row, column)
            keys = tuple(f"{table}.{part}" for part in parts)
            yield Slot(f"{table}.{row.key}.{column.key}", table, row, column, column.value, keys)


def _parts(band: Band, row: Row, column: Column) -> tuple[str, ...]:
    """What this cell is the sum of: along its row where its column is a total, else down its column."""
    if column.total_of:
        others = [other.key for other in band.columns if not other.total_of]
        return tuple(f"{row.key}.{key}" for key in matching(column.total_of, others))
    if row.total_of:
        others = [other.key for other in band.rows if not other.total_of]
        return tuple(f"{key}.{column.key}" for key in matching(row.total_of, others))
    return ()


def _bands(table: Table) -> Iterator[Placed]:
    """Table two: each band prints its title across, then its header, then its rows."""
    top = 0
    for band in table.bands:
        yield Placed(top, 0, 1, table.column_count, "title", band.title)
        yield Placed(top + 1, 0, 1, 1, "head", band.row_heading)
        for column, left in zip(band.columns, _lefts(band.columns, 1), strict=True):
            yield Placed(top + 1, left, 1, column.span, "head", column.label)
        for offset, row in enumerate(band.rows, top + 2):
            yield Placed(offset, 0, 1, 1, "stub", row.label)
            for column, left in zip(band.columns, _lefts(band.columns, 1), strict=True):
                yield Placed(offset, left, 1, column.span, "value", key=f"{table.key}.{row.key}.{column.key}")
        top += 2 + len(band.rows)


def _lefts(columns: Sequence[Column], first: int) -> list[int]:
    return [first + sum(column.span for column in columns[:index]) for index in range(len(columns))]


def _matrix(table: Table) -> Iterator[Placed]:
    """Table three: a corner, columns in groups, rows whose labels nest."""
    band = table.bands[0]
    depth = max(len(row.group) for row in band.rows) + 1
    grouped = any(column.group for column in band.columns)
    heading = 1 if table.columns_heading else 0
    header_rows = heading + (2 if grouped else 1)
    yield Placed(0, 0, header_rows, depth, "corner", table.corner)
    if heading:
        yield Placed(0, depth, 1, sum(column.span for column in band.columns), "head", table.columns_heading)
    yield from _column_heads(band.columns, depth, heading, header_rows)
    yield from _stubs(band.rows, header_rows, depth)
    for offset, row in enumerate(band.rows, header_rows):
        for column, left in zip(band.columns, _lefts(band.columns, depth), strict=True):
            yield Placed(offset, left, 1, column.span, "value", key=f"{table.key}.{row.key}.{column.key}")


def _column_heads(columns: Sequence[Column], first: int, top: int, bottom: int) -> Iterator[Placed]:
    lefts = _lefts(columns, first)
    for index, (column, left) in enumerate(zip(columns, lefts, strict=True)):
        if not column.group:
            yield Placed(top, left, bottom - top, column.span, "head", column.label)
            continue
        if index == 0 or columns[index - 1].group != column.group:
            width = sum(other.span for other in columns if other.group == column.group)
            yield Placed(top, left, 1, width, "head", column.group)
        yield Placed(top + 1, left, bottom - top - 1, column.span, "head", column.label)


def _stubs(rows: Sequence[Row], top: int, depth: int) -> Iterator[Placed]:
    for index, row in enumerate(rows):
        for level, label in enumerate(row.group):
            path = row.group[: level + 1]
            if index and rows[index - 1].group[: level + 1] == path:
                continue
            height = _run_length(rows[index:], path)
            yield Placed(top + index, level, height, 1, "stub", label)
        level = len(row.group)
        yield Placed(top + index, level, 1, depth - level, "stub", row.label)


def _run_length(rows: Sequence[Row], path: tuple[str, ...]) -> int:
    length = 0
    for row in rows:
        if row.group[: len(path)] != path:
            break
        length += 1
    return length


def _strip(table: Table) -> Iterator[Placed]:
    """Table four: the row groups stand side by side in the header, one row of figures below."""
    band = table.bands[0]
    width = len(band.columns)
    bottom = 1 + max(len(row.group) for row in band.rows) + 1
    for index, row in enumerate(band.rows):
        left = index * width
        for level, label in enumerate(row.group):
            path = row.group[: level + 1]
            if index == 0 or band.rows[index - 1].group[: level + 1] != path:
                yield Placed(level, left, 1, width * _run_length(band.rows[index:], path), "head", label)
        level = len(row.group)
        yield Placed(level, left, 1, width, "head", row.label)
        for offset, column in enumerate(band.columns):
            yield Placed(level + 1, left + offset, bottom - level - 1, 1, "head", column.label)
            key = f"{table.key}.{row.key}.{column.key}"
            yield Placed(bottom, left + offset, 1, 1, "value", key=key)


_SHAPES = {"bands": _bands, "matrix": _matrix, "strip": _strip}
