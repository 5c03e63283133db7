"""Labels that are not written as the format has them: taken where only one can be meant, said to be unclear where not.

A label may lack its ordinal or stand in another cell than it, begin with the words of its group, or hold a small
typing fault: one sign where it has up to eight, two where it has more. No other label may then be nearly as near,
and it must stand where it belongs: beside figures that no other label claims, between its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice, pairwise

from report_builder.figures import figure
from report_builder.model import Grid, Typed
from report_builder.recognise.exact import HEADER_REACH, Finder, Found, Taken, Unclear
from report_builder.recognise.labels import LONGEST_LABEL, Hit, Names, bare
from report_builder.spec import Band, Column, Row, Table

_ORDINAL = re.compile(r"(?:第?[一二三四五六七八九十]{1,3}项?|\d{1,2})")
_SHORT, _MIDDLING = 2, 8
_CLEARLY = 2
_MOST_TEXTS = 4_000


@dataclass(frozen=True)
class _Wanted:
    """A row or column of which nothing was found; ``place`` is its number in its band."""

    band: int
    place: int
    thing: Row | Column
    cells: tuple[str, ...]

    @property
    def label(self) -> str:
        """The label's words as the format prints them."""
        return self.thing.label


@dataclass(frozen=True)
class _Text:
    """A text that no label claims yet; ``whole`` has the ordinal in the cell before it, if that is all it holds."""

    row: int
    column: int
    text: str
    whole: str


@dataclass(frozen=True)
class _Match:
    """How far a text is from a label: 0 is the label itself or its words without the ordinal."""

    text: _Text
    wanted: _Wanted
    distance: int
    literal: bool

    @property
    def hit(self) -> Hit:
        return Hit(self.text.row, self.text.column, bare(self.wanted.label))

    @property
    def taken(self) -> Taken:
        return Taken(self.text.row, self.text.column, self.text.text, self.wanted.label)


def look_closer(names: Names, grid: Grid, hits: Sequence[Hit], find: Finder) -> Found | None:
    """The table with its nearly written labels taken for what they can only be, the unclear ones named."""
    found = find(names, grid, hits)
    known = {hit.label for hit in hits} & {*names.rows, *names.columns}
    if found is None and len(known) < _CLEARLY:
        return None
    taken: list[Taken] = []
    for _ in range(2):  # columns first make the rows' places known
        matches = list(_sure(names.table, grid, found, {hit.label for hit in hits}))
        if not matches:
            break
        hits = sorted({*hits, *(match.hit for match in matches)})
        taken += [match.taken for match in matches if not match.literal]
        found = find(names, grid, hits) or found
    if found is None:
        return None
    used = {(hit.row, hit.column) for hit in found.hits}
    kept = tuple(one for one in dict.fromkeys(taken) if (one.row, one.column) in used)
    return replace(found, taken=kept, unclear=tuple(_unclear(names.table, found)))


def _sure(table: Table, grid: Grid, found: Found | None, known: Container[str]) -> Iterator[_Match]:
    """What can be taken for a label of which nothing was found; where no table was, for one that stands nowhere."""
    texts = list(_texts(table, grid, found))
    for rows in (False, True):
        wanted = _wanted_rows(table, found) if rows else _wanted_columns(table, found)
        if found is None:
            wanted = [one for one in wanted if bare(one.label) not in known]
        things = _all(table, rows=rows)
        matches = [match for text in texts if (match := _match(text, wanted, things)) is not None]
        fitting = [match for match in matches if _belongs(match, table, found, rows=rows)]
        yield from _one_each(fitting) if rows else fitting


def _one_each(matches: Sequence[_Match]) -> Iterator[_Match]:
    """For each label the nearest text, where only one is as near."""
    for cells in dict.fromkeys(match.wanted.cells for match in matches):
        same = [match for match in matches if match.wanted.cells == cells]
        least = min(match.distance for match in same)
        nearest = [match for match in same if match.distance == least]
        if len(nearest) == 1:
            yield nearest[0]


def _wanted_rows(table: Table, found: Found | None) -> list[_Wanted]:
    return [
        _Wanted(at, place, row, cells)
        for at, band in enumerate(table.bands)
        for place, row in enumerate(band.rows)
        for cells in [tuple(f"{table.key}.{row.key}.{column.key}" for column in band.columns)]
        if found is None or found.places.keys().isdisjoint(cells)
    ]


def _wanted_columns(table: Table, found: Found | None) -> list[_Wanted]:
    return [
        _Wanted(at, place, column, cells)
        for at, band in enumerate(table.bands)
        for place, column in enumerate(band.columns)
        for cells in [tuple(f"{table.key}.{row.key}.{column.key}" for row in band.rows)]
        if found is None or found.places.keys().isdisjoint(cells)
    ]


def _all(table: Table, *, rows: bool) -> list[Row | Column]:
    things: list[Row | Column] = []
    for band in table.bands:
        things += band.rows if rows else band.columns
    return things


def _texts(table: Table, grid: Grid, found: Found | None) -> Iterator[_Text]:
    """The texts that are no label yet, neither the table's other words nor something typed for a figure."""
    used = {(hit.row, hit.column) for hit in found.hits} | set(found.places.values()) if found else set()
    words, seen = _other_words(table), 0
    for row, cells in enumerate(grid.rows):
        for column, content in enumerate(cells):
            if not isinstance(content, str) or len(content) > LONGEST_LABEL or (row, column) in used:
                continue
            plain = bare(content)
            if (
                len(plain) < _SHORT
                or plain.isdigit()
                or plain in words
                or figure(content, "").typed is not Typed.TEXT
            ):
                continue
            seen += 1
            if seen > _MOST_TEXTS:
                return
            yield _Text(row, column, content.strip(), _ordinal_before(cells, column) + plain)


@cache
def _other_words(table: Table) -> frozenset[str]:
    """What a table prints besides the labels of its rows and columns."""
    words = {table.corner, table.columns_heading}
    for band in table.bands:
        words |= {band.title, band.row_heading, *(column.group for column in band.columns)}
        words |= {label for row in band.rows for label in row.group}
    return frozenset(map(bare, words))


def _ordinal_before(cells: Sequence[object], column: int) -> str:
    """The ordinal of a label that stands in a cell of its own before it."""
    before = bare(str(cells[column - 1])) if column and cells[column - 1] not in (None, "") else ""
    if isinstance(cells[column - 1], float):
        before = before.removesuffix("0")  # 1.0 is how a spreadsheet stores the ordinal 1
    return before if _ORDINAL.fullmatch(before) else ""


def _match(text: _Text, wanted: Sequence[_Wanted], others: Iterable[Row | Column]) -> _Match | None:
    """The one wanted label this text can be; None where none or several can."""
    for one in wanted:
        if text.whole in _writings(one.thing):
            return _Match(text, one, 0, literal=True)
    near = sorted(
        ((_distance(text.whole, one.thing), at) for at, one in enumerate(wanted)), key=lambda pair: pair[0]
    )
    if not near or near[0][0] > _allowed(wanted[near[0][1]].thing):
        return None
    distance, at = near[0]
    best = wanted[at].thing
    mine = {one.thing.key for one in wanted}
    for other in others:
        needed = distance + (_CLEARLY if other.key in mine else 1)
        if other.key != best.key and _distance(text.whole, other) < needed:
            return None
    return _Match(text, wanted[at], distance, literal=False)


@cache
def _writings(thing: Row | Column) -> frozenset[str]:
    """A label as printed, and with the words of one or all of its groups before it."""
    groups = thing.group if isinstance(thing, Row) else (thing.group,) if thing.group else ()
    before = [
        "",
        *(bare(group) for group in groups),
        *(bare("".join(groups[at:])) for at in range(len(groups))),
    ]
    return frozenset(words + bare(label) for words in before for label in (thing.label, *thing.also))


def unnumbered(plain: str) -> str:
    """A bared label without its ordinal."""
    match = _ORDINAL.match(plain)
    return plain[match.end() :] if match and match.end() < len(plain) else plain


def _allowed(thing: Row | Column) -> int:
    length = len(unnumbered(bare(thing.label)))
    return 0 if length <= _SHORT else 1 if length <= _MIDDLING else 2


def _distance(plain: str, thing: Row | Column) -> int:
    return min(
        apart(unnumbered(one), unnumbered(bare(label)))
        for one in (plain,)
        for label in (thing.label, *thing.also)
    )


@cache
def apart(one: str, other: str) -> int:
    """How many signs must be set, left out, changed or exchanged with their neighbour to make one text the other."""
    if abs(len(one) - len(other)) > _CLEARLY + 1:
        return abs(len(one) - len(other))
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, sign in enumerate(one, 1):
        last, before, row = before, row, [at]
        for place, against in enumerate(other, 1):
            least = min(before[place] + 1, row[-1] + 1, before[place - 1] + (sign != against))
            if last and place > 1 and sign == other[place - 2] and one[at - 2] == against:
                least = min(least, last[place - 2] + 1)
            row.append(least)
    return row[-1]


# --- where a label may stand -----------------------------------------------------------------------------------


def _belongs(match: _Match, table: Table, found: Found | None, *, rows: bool) -> bool:
    """Whether a label may stand where this text does, as far as the rest of the table tells."""
    if found is None or _is_side_by_side(found, table):
        return True
    values = set(found.places.values())
    if rows:
        left = min(column for _, column in values)
        free = all(row != match.text.row for row, _ in values)
        return free and match.text.column < left and _in_order(match.text.row, match.wanted, table, found)
    headers = {hit.row for hit in found.hits} - {row for row, _ in values}
    return match.distance == 0 or not headers or any(abs(match.text.row - row) <= 1 for row in headers)


def _is_side_by_side(found: Found, table: Table) -> bool:
    """Whether the rows' figures stand beside one another: one row of the file holds several of the table's."""
    rows = {(found.places[key][0], slot.row.key) for key, slot in table.slots.items() if key in found.places}
    return len({row for row, _ in rows}) < len(rows)


def _in_order(row: int, wanted: _Wanted, table: Table, found: Found) -> bool:
    """Whether it stands between its neighbours; where the table's rows were moved about, anywhere in it."""
    band = table.bands[wanted.band]
    stands = {
        at: place
        for at, one in enumerate(band.rows)
        if (place := _row_of(table, band, one, found)) is not None
    }
    ordered = [stands[at] for at in sorted(stands)]
    if any(one > other for one, other in pairwise(ordered)):
        return min(ordered) - 1 <= row <= max(ordered) + 1
    above = [place for at, place in stands.items() if at < wanted.place]
    below = [place for at, place in stands.items() if at > wanted.place]
    return max(above, default=-1) < row < min(below, default=row + 1)


def _row_of(table: Table, band: Band, row: Row, found: Found) -> int | None:
    keys = (f"{table.key}.{row.key}.{column.key}" for column in band.columns)
    return next((found.places[key][0] for key in keys if key in found.places), None)


# --- what stays unclear ----------------------------------------------------------------------------------------


def _unclear(table: Table, found: Found) -> Iterator[Unclear]:
    """Figures of the table under or beside a text that is none of its labels, while labels are lacking."""
    if _is_side_by_side(found, table):
        return
    texts = list(_texts(table, found.grid, found))
    if len(table.bands) > 1:
        headless = list(_headless(table, found, texts))
        yield from headless
        known = {key for one in headless for key in one.cells}
        texts = [text for text in texts if not _names_one_of(text, table, known)]
    values = set(found.places.values())
    columns, rows = {column for _, column in values}, {row for row, _ in values}
    for row in sorted({text.row for text in texts if text.row not in rows and text.column < min(columns)}):
        text = [one for one in texts if one.row == row and one.column < min(columns)][-1]
        lacking = _wanted_rows(table, found)
        meant = [one for one in lacking if _distance(text.whole, one.thing) <= _allowed(one.thing)]
        wanted = meant or [one for one in lacking if _in_order(row, one, table, found)]
        if (
            wanted
            and min(rows) - 2 < row < max(rows) + 2
            and _has_figure(found.grid, [(row, at) for at in columns])
        ):
            yield _as_unclear(text, _likeliest(text, wanted))
    headers = {hit.row for hit in found.hits} - rows
    for text in texts:
        if text.row in headers and text.column not in columns and text.column > min(columns):
            wanted = [one for one in _wanted_columns(table, found) if one.cells]
            if wanted and _has_figure(found.grid, [(row, text.column) for row in rows]):
                yield _as_unclear(text, _likeliest(text, wanted))


def _headless(table: Table, found: Found, texts: Sequence[_Text]) -> Iterator[Unclear]:
    """Rows that stand as the format has them, with figures under headings that are none of their band's."""
    at = {(text.row, text.column): text for text in texts}
    groups: dict[tuple[_Text, ...], list[_Wanted]] = {}
    for one in _wanted_rows(table, found):
        for text in (text for text in texts if text.whole in _writings(one.thing)):
            over = tuple(_headings(found.grid, at, text))
            if over:
                groups.setdefault(over, []).append(one)
    for over, rows in groups.items():
        labels = [column.label for one in rows for column in table.bands[one.band].columns]
        cells = tuple(cell for one in rows for cell in one.cells)
        said = "”“".join(dict.fromkeys(text.text for text in over))
        yield Unclear(over[0].row, over[0].column, said, tuple(dict.fromkeys(labels)), cells)


def _headings(grid: Grid, texts: Mapping[tuple[int, int], _Text], label: _Text) -> Iterator[_Text]:
    """The nearest text over each figure of a row."""
    for column in range(label.column + 1, len(grid.rows[label.row])):
        if _has_figure(grid, [(label.row, column)]) and (label.row, column) not in texts:
            rows = range(label.row - 1, max(label.row - 1 - 2 * HEADER_REACH, -1), -1)
            yield from islice((texts[row, column] for row in rows if (row, column) in texts), 1)


def _names_one_of(text: _Text, table: Table, cells: Container[str]) -> bool:
    """Whether a text is, as printed, the label of a row of these cells."""
    return any(
        text.whole in _writings(row) and f"{table.key}.{row.key}.{band.columns[0].key}" in cells
        for band in table.bands
        for row in band.rows
    )


def _likeliest(text: _Text, wanted: Sequence[_Wanted]) -> list[_Wanted]:
    """Those that are nearly as near as the nearest; all where none is near."""
    distances = [_distance(text.whole, one.thing) for one in wanted]
    close = [
        one
        for one, distance in zip(wanted, distances, strict=True)
        if distance < min(distances) + _CLEARLY and distance <= _allowed(one.thing) + 1
    ]
    return close or list(wanted)


def _as_unclear(text: _Text, wanted: Sequence[_Wanted]) -> Unclear:
    cells = tuple(dict.fromkeys(cell for one in wanted for cell in one.cells))
    return Unclear(text.row, text.column, text.text, tuple(dict.fromkeys(one.label for one in wanted)), cells)


def _has_figure(grid: Grid, places: Iterable[tuple[int, int]]) -> bool:
    return any(grid.at(*place) not in (None, "") for place in places)
