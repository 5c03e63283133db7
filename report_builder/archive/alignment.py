"""Whether each figure of a published table stands under its own heading, as far as the table's make can tell.

A page's table may have a cell too many or too few in a row; every figure behind it is then another's, and all may
still add up. So a row that does not fit its headings gives no figures, unless there is only one way to fit it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from report_builder.figures import figure
from report_builder.model import Figure, Typed
from report_builder.recognise import Found

_SHIFTED = "与上面的列名对不齐（多了、少了或合并了格子）"
_RUN_TOGETHER = "以 0 开头，几个数可能连在了一起"


@dataclass(frozen=True)
class _Row:
    """One row with figures: what stands in it, and the column of each cell of the format that was found in it."""

    found: Found
    number: int
    places: Mapping[str, int]

    @cached_property
    def cells(self) -> Sequence[object]:
        """What the row holds; None where it has no cell."""
        rows = self.found.grid.rows
        return rows[self.number] if self.number < len(rows) else ()

    @cached_property
    def columns(self) -> frozenset[int]:
        """The columns of its figures."""
        return frozenset(self.places.values())

    @cached_property
    def labels(self) -> frozenset[int]:
        """The columns of its labels."""
        return frozenset(hit.column for hit in self.found.hits if hit.row == self.number)

    @property
    def begin(self) -> int:
        """The first column behind its labels."""
        return max(self.labels, default=-1) + 1

    @cached_property
    def heads(self) -> list[Sequence[object]]:
        """The row of headings above, and before it the one above that: a header may be set on two."""
        above = (hit.row for hit in self.found.hits if hit.row < self.number and hit.column in self.columns)
        last = max(above, default=0)
        return [self.found.grid.rows[at] for at in (last - 1, last) if 0 <= at < self.number]

    def has(self, column: int) -> bool:
        """Whether a cell of the row begins in this column."""
        return column < len(self.cells) and self.cells[column] is not None

    def holds_number(self, column: int) -> bool:
        """Whether a number stands in this column."""
        return self.has(column) and figure(self.cells[column], "").typed is Typed.NUMBER

    def fits(self) -> bool:
        """Whether it has one cell for each heading and none besides."""
        return not (
            len(self.columns) < len(self.places)
            or (len(self.columns) > 1 and not all(map(self.has, self.columns)))
            or self.labels & self.columns
            or any(map(self.holds_number, self._unread()))
            or not all(map(self.has, self._headed()))
            or any(self._stray())
        )

    def _unread(self) -> Iterator[int]:
        """The columns under a heading of the format that gave no cell of it."""
        headed = {hit.column for hit in self.found.hits if hit.row < self.number}
        return (column for column in headed - self.columns if column >= self.begin)

    def _headed(self) -> Iterator[int]:
        """The columns, from the first with figures on, over which the lowest row of headings has a cell."""
        for head in self.heads[-1:]:
            first = min(self.columns)
            yield from (column for column in range(first, len(head)) if head[column] is not None)

    def _stray(self) -> Iterator[bool]:
        """For each column without a heading: whether there is a number in it, or a cell at all behind the last figure."""
        last = max(self.columns)
        for column in range(self.begin, len(self.cells)):
            headed = any(column < len(head) and head[column] is not None for head in self.heads)
            if not headed and column not in self.columns:
                yield self.has(column) if column > last else self.holds_number(column)

    def side_by_side(self) -> dict[str, int]:
        """The cells of the format taken one by one; empty where there are not as many, or they lie elsewhere.

        How a row is fitted whose cells are merged otherwise than its headings: as many cells as headings, and
        each at least partly under its own.
        """
        heads = sorted(self.columns)
        own = [column for column in range(self.begin, len(self.cells)) if self.has(column)]
        if not len(heads) == len(own) == len(self.places) or self.found.sums.keys() & self.places.keys():
            return {}
        end = len(self.cells)
        edges = zip(heads, [*heads[1:], end], own, [*own[1:], end], strict=True)
        if any(max(head, cell) >= min(head_end, cell_end) for head, head_end, cell, cell_end in edges):
            return {}
        at = dict(zip(heads, own, strict=True))
        return {key: at[column] for key, column in self.places.items()}


def _rows(found: Found) -> Iterator[_Row]:
    rows: dict[int, dict[str, int]] = {}
    for key, place in found.places.items():
        for row, column in found.sums.get(key, (place,)):
            rows.setdefault(row, {})[key] = column
    return (_Row(found, number, places) for number, places in rows.items())


def realigned(found: Found) -> tuple[Found, frozenset[int]]:
    """The table with those rows set right whose cells are merged otherwise than their headings, and which they are."""
    moved: dict[str, tuple[int, int]] = {}
    settled = set()
    for row in _rows(found):
        if len(row.columns) > 1 and not all(map(row.has, row.columns)):
            fitted = row.side_by_side()
            moved |= {key: (row.number, column) for key, column in fitted.items()}
            settled |= {row.number} if fitted else set()
    return (replace(found, places={**found.places, **moved}) if moved else found), frozenset(settled)


def doubtful(
    found: Found, held: Mapping[str, Figure], slots: Iterable[str], settled: Container[int]
) -> dict[str, str]:
    """The cells whose figure may be another's, each with the reason.

    ``slots`` are all cells in printed order, ``settled`` the rows that were fitted cell by cell.
    """
    doubts = {key: _RUN_TOGETHER for key, one in held.items() if _is_run_together(one.text)}
    order = {key: at for at, key in enumerate(slots)}
    for row in _rows(found):
        if not (_is_in_order(row, order) and (row.number in settled or row.fits())):
            doubts |= {key: _SHIFTED for key in row.places if held[key].text}
    return {key: doubts[key] for key in found.places if key in doubts}


def _is_in_order(row: _Row, order: Mapping[str, int]) -> bool:
    """Whether the columns stand as printed: where they do not, a cell was added to the header or left out of it."""
    places = [order[key] for key in sorted(row.places, key=lambda key: row.places[key])]
    return places == sorted(places)


def _is_run_together(text: str) -> bool:
    return len(text) > 1 and text.isdigit() and text[0] in "0０"
