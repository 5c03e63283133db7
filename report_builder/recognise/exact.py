"""Tables whose labels stand as the format has them, whatever stands around and between."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from report_builder.model import Grid
from report_builder.recognise.labels import LONGEST_LABEL, Hit, Names, bare, names_of, row_names, vocabulary
from report_builder.spec import Foreign, Format, Table

HEADER_REACH = 4
"""How far apart the labels of one header may stand."""

_MOST_HITS = 100_000
"""A sheet of more labels is no return, nor are four hundred."""

Place = tuple[int, int]


class Taken(NamedTuple):
    """A text that was taken for a label of the format, and where it stands."""

    row: int
    column: int
    text: str
    label: str


class Unclear(NamedTuple):
    """A text where a label should stand, the labels it may be, and the cells that were therefore not read."""

    row: int
    column: int
    text: str
    labels: tuple[str, ...]
    cells: tuple[str, ...]


class Line(NamedTuple):
    """One of several rows or columns of figures for the same cells: its label, and where that and they stand."""

    row: int
    column: int
    text: str
    places: Mapping[str, Place]


@dataclass(frozen=True)
class Found:
    """One statutory table in one grid: the place of each cell that was found, by cell key.

    ``sums`` holds the places of rows of another format whose sum is this one's cell, ``hits`` the labels it was
    found by, ``taken`` and ``unclear`` those that were not written as the format has them, ``doubles`` the rows and
    columns that would fill the same cells, the one in ``places`` first.
    """

    table: str
    grid: Grid
    places: Mapping[str, Place]
    missing: tuple[str, ...]
    hits: tuple[Hit, ...] = ()
    sums: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)
    taken: tuple[Taken, ...] = ()
    unclear: tuple[Unclear, ...] = ()
    doubles: tuple[tuple[Line, ...], ...] = ()

    @property
    def top(self) -> int:
        """The first row (0-based) that holds a figure."""
        return min(self.places.values())[0]

    @property
    def bottom(self) -> int:
        """The last row (0-based) that holds a figure."""
        return max(self.places.values())[0]


Finder = Callable[[Names, Grid, Sequence[Hit]], Found | None]


def find_tables(grid: Grid, fmt: Format, hits: Sequence[Hit] | None = None) -> list[Found]:
    """Every statutory table of ``fmt`` that stands in ``grid``; a grid without any gives an empty list."""
    hits = hits_in(grid, fmt) if hits is None else hits
    if not 0 < len(hits) <= _MOST_HITS:
        return []
    return [found for table in fmt.tables for found in _copies(names_of(fmt, table), grid, hits)]


def _copies(names: Names, grid: Grid, hits: Sequence[Hit]) -> Iterator[Found]:
    """The table as often as it stands in the grid, from the top down."""
    find = FINDERS[names.table.shape][0]
    found = find(names, grid, hits)
    while found is not None:
        yield with_foreign(found, names.table)
        bottom = found.bottom
        found = find(names, grid, [hit for hit in hits if hit.row > bottom])


def hits_in(grid: Grid, fmt: Format) -> list[Hit]:
    """Every cell of the grid whose text is a label of the format."""
    known = vocabulary(fmt)
    return [
        Hit(row, column, label)
        for row, cells in enumerate(grid.rows)
        for column, content in enumerate(cells)
        if content
        and content.__class__ is str
        and len(content) <= LONGEST_LABEL
        and (label := bare(content)) in known
    ]


def _by_row(hits: Sequence[Hit], names: Mapping[str, str]) -> dict[int, list[Hit]]:
    rows: dict[int, list[Hit]] = defaultdict(list)
    for hit in hits:
        if hit.label in names:
            rows[hit.row].append(hit)
    return rows


def _matrix(names: Names, grid: Grid, hits: Sequence[Hit]) -> Found | None:
    """Column labels in a few rows on top, row labels below them."""
    header = _header(hits, names.columns)
    if header is None:
        return None
    columns = {names.columns[hit.label]: hit.column for hit in header}
    last = max(hit.row for hit in header)
    end = _next_header(hits, names, columns, last)
    places: dict[str, Place] = {}
    used: dict[str, Hit] = {}
    for hit in hits:
        row = names.rows.get(hit.label)
        if row is None or not last < hit.row < end or row in used or hit.column in columns.values():
            continue
        used[row] = hit
        before = f"{names.table.key}.{row}."
        places.update({before + column: (hit.row, at) for column, at in columns.items()})
    return _result(names.table, grid, places, (*header, *used.values()))


def _header(hits: Sequence[Hit], names: Mapping[str, str]) -> list[Hit] | None:
    """The column labels of a matrix: the richest row of them, and its neighbours for those set higher or lower."""
    rows = _by_row(hits, names)
    if not rows:
        return None
    anchor = max(rows, key=lambda row: (len({hit.label for hit in rows[row]}), -row))
    near = [hit for row in sorted(rows) if abs(row - anchor) < HEADER_REACH for hit in rows[row]]
    first: dict[str, Hit] = {}
    for hit in sorted(near, key=lambda hit: (abs(hit.row - anchor), hit.column)):
        first.setdefault(names[hit.label], hit)
    return list(first.values()) if len(first) * 2 > len(set(names.values())) else None


def _next_header(hits: Sequence[Hit], names: Names, columns: Mapping[str, int], last: int) -> float:
    """The row where a further copy of the table begins: its header comes again, and rows under it that were there.

    A header repeated over the rest of the rows, as after the end of a page, goes on with the table.
    """
    rows = _by_row([hit for hit in hits if hit.row > last], names.columns)
    wanted = len(set(names.columns.values()))
    again = sorted(row for row, found in rows.items() if len({hit.label for hit in found}) * 2 > wanted)
    if not again:
        return float("inf")
    seen: set[str] = set()
    for above, row, below in zip([last, *again], again, [*again[1:], float("inf")], strict=False):
        seen |= _rows_between(hits, names, above, row)
        straight = all(columns.get(names.columns[hit.label]) == hit.column for hit in rows[row])
        if not straight or not seen.isdisjoint(_rows_between(hits, names, row, below)):
            return row
    return float("inf")


def _rows_between(hits: Sequence[Hit], names: Names, above: float, below: float) -> set[str]:
    return {names.rows[hit.label] for hit in hits if above < hit.row < below and hit.label in names.rows}


def _bands(names: Names, grid: Grid, hits: Sequence[Hit]) -> Found | None:
    """Several headers one below another: a row of figures belongs to the last header of its own band above it."""
    places: dict[str, Place] = {}
    used: dict[Hit, None] = {}
    for rows, columns in names.bands:
        headers = _band_headers(hits, columns)
        ordered = sorted(headers)
        for hit in hits if headers else ():
            key = rows.get(hit.label)
            above = bisect_left(ordered, hit.row) if key is not None else 0
            if not above:
                continue
            header = headers[ordered[above - 1]]
            used |= dict.fromkeys((*header.values(), hit))
            for column, head in header.items():
                places.setdefault(f"{names.table.key}.{key}.{column}", (hit.row, head.column))
    return _result(names.table, grid, places, tuple(used))


def _band_headers(hits: Sequence[Hit], columns: Mapping[str, str]) -> dict[int, dict[str, Hit]]:
    wanted = set(columns.values())
    rows = {
        row: {columns[hit.label]: hit for hit in reversed(found)}
        for row, found in _by_row(hits, columns).items()
    }
    return {row: found for row, found in rows.items() if len(found) * 2 > len(wanted)}


def _strip(names: Names, grid: Grid, hits: Sequence[Hit]) -> Found | None:
    """Row groups side by side in the header: a figure's group is the nearest group label at or left of it."""
    heads = [hit for hit in hits if hit.label in names.columns]
    groups = _strip_groups([hit for hit in hits if hit.label in names.rows], names, heads)
    if not groups:
        return None
    low, high = min(hit.row for hit in groups), max(hit.row for hit in groups)
    places: dict[str, Place] = {}
    rows = _by_row([hit for hit in heads if low <= hit.row <= high + HEADER_REACH], names.columns)
    window = [hit for found in rows.values() if len(found) > 1 for hit in found]
    bottom = max((hit.row for hit in window), default=high) + 1
    starts = _runs(window, names)
    for hit in window:
        group = max(
            (one for one in groups if one.column <= hit.column), key=lambda one: one.column, default=None
        )
        if group is not None and group.column > starts[hit]:
            key = f"{names.table.key}.{names.rows[group.label]}.{names.columns[hit.label]}"
            places.setdefault(key, (bottom, hit.column))
    return _result(names.table, grid, places, (*groups, *window))


def _runs(heads: Sequence[Hit], names: Names) -> dict[Hit, int]:
    """Behind which column the group of each outcome label begins, at the earliest: labels begin anew with a group.

    Where all are there, they may stand in any order, and the nearest group label tells.
    """
    keys = {band.key: at for at, band in enumerate(names.table.bands[0].columns)}
    if len(heads) == len(names.table.slots):
        return dict.fromkeys(heads, -1)
    behind, last, order = -1, -1, -1
    starts = {}
    for hit in sorted(heads, key=lambda hit: hit.column):
        now = keys[names.columns[hit.label]]
        if now <= order:
            behind = last
        last, order = hit.column, now
        starts[hit] = behind
    return starts


def _strip_groups(candidates: Sequence[Hit], names: Names, heads: Sequence[Hit]) -> list[Hit]:
    """The group labels that stand just above outcome labels; the same words elsewhere on the sheet do not."""
    first: dict[str, Hit] = {}
    places = {(head.row, head.column) for head in heads}
    for reach in (1, len(names.columns)):  # the label under a group's own may be the one that is not found
        below = [(row, column) for row in range(1, HEADER_REACH) for column in range(reach)]
        for hit in candidates:
            group = names.rows[hit.label]
            if group not in first and any((hit.row + row, hit.column + at) in places for row, at in below):
                first[group] = hit
    return list(first.values())


def _result(table: Table, grid: Grid, places: dict[str, Place], hits: tuple[Hit, ...]) -> Found | None:
    if not places:
        return None
    return Found(table.key, grid, places, tuple(key for key in table.slots if key not in places), hits)


FINDERS: Mapping[str, tuple[Finder, ...]] = {
    "bands": (_bands,),
    "matrix": (_matrix,),
    "strip": (_strip, _matrix),
}
"""How a table of each shape may be laid out, the printed way first."""


# --- rows of another format ------------------------------------------------------------------------------------


def with_foreign(found: Found, table: Table) -> Found:
    """The table with the rows that another format prints in place of its own."""
    for foreign in table.foreign:
        several = len(foreign.rows) > 1
        columns = _value_columns(found, table) if several or found.missing else {}
        if columns and several:
            found = _with_sums(found, table, foreign, columns)
        elif columns and all(
            f"{table.key}.{row.key}.{key}" in found.missing for row in foreign.ours for key in columns
        ):
            found = _with_former(found, table, foreign, columns)
    return found


def _value_columns(found: Found, table: Table) -> dict[str, int]:
    """Where each column's figures stand; empty for a table whose rows stand side by side."""
    one = {key: place[1] for key, place in found.places.items()}
    columns = {slot.column.key: one[key] for key, slot in table.slots.items() if key in one}
    return columns if len(set(columns.values())) == len(columns) else {}


def _with_former(found: Found, table: Table, foreign: Foreign, columns: Mapping[str, int]) -> Found:
    """One row for several of ours: its figures are kept under its own key, none of ours is missing for it."""
    label = next(iter(_labels_beside(found, foreign, columns, found.top, found.bottom).values()), None)
    if label is None or not _is_own_row(found, label, columns):
        return found
    key = f"{table.key}.{foreign.rows[0].key}"
    places = {f"{key}.{column}": (label.row, at) for column, at in columns.items()}
    stands_for = {f"{table.key}.{row.key}.{column}" for row in foreign.ours for column in columns}
    missing = tuple(one for one in found.missing if one not in stands_for)
    return replace(found, places={**found.places, **places}, missing=missing, hits=(*found.hits, label))


def _is_own_row(found: Found, label: Hit, columns: Mapping[str, int]) -> bool:
    """Whether the figures beside this label are its own: it heads no further label, and something stands there."""
    between = found.grid.rows[label.row][label.column + 1 : min(columns.values())]
    return not any(isinstance(one, str) and one.strip() for one in between) and _has_figures(
        found, label.row, columns
    )


def _with_sums(found: Found, table: Table, foreign: Foreign, columns: Mapping[str, int]) -> Found:
    """Several rows for one of ours: never the first of them alone, though our label may stand beside it as a heading."""
    ours = {f"{table.key}.{foreign.ours[0].key}.{column}": at for column, at in columns.items()}
    own = next((found.places[key][0] for key in ours if key in found.places), None)
    first, last = (found.top, found.bottom) if own is None else (own, own + len(foreign.rows))
    labels = _labels_beside(found, foreign, columns, first, last)
    if not labels or (
        own not in {hit.row for hit in labels.values()}
        and own is not None
        and _has_figures(found, own, columns)
    ):
        return found
    places = {key: place for key, place in found.places.items() if key not in ours}
    sums = {}
    if len(labels) == len(foreign.rows):
        sums = {key: tuple((hit.row, at) for hit in labels.values()) for key, at in ours.items()}
        places |= {key: parts[0] for key, parts in sums.items()}
    missing = tuple(key for key in table.slots if key not in places)
    return replace(found, places=places, missing=missing, sums=sums, hits=(*found.hits, *labels.values()))


def _labels_beside(
    found: Found, foreign: Foreign, columns: Mapping[str, int], first: int, last: int
) -> dict[str, Hit]:
    """The labels of another format's rows that stand left of the figures, on rows no other label has."""
    names = row_names(foreign.rows)
    left = min(columns.values())
    ours = row_names(foreign.ours)
    taken = {hit.row for hit in found.hits if hit.label not in ours}
    labels: dict[str, Hit] = {}
    for row in range(first, min(last + 1, len(found.grid.rows))):
        for column, content in enumerate(found.grid.rows[row][:left] if row not in taken else ()):
            key = (
                names.get(bare(content))
                if isinstance(content, str) and len(content) <= LONGEST_LABEL
                else None
            )
            if key is not None:
                labels.setdefault(key, Hit(row, column, bare(str(content))))
    return labels


def _has_figures(found: Found, row: int, columns: Mapping[str, int]) -> bool:
    cells = found.grid.rows[row]
    return any(at < len(cells) and cells[at] not in (None, "") for at in columns.values())
