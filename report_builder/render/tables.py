"""Labels beside several rows are repeated where a page break falls among those rows.

WeasyPrint leaves the place of such a label empty on the further pages, without borders, and on the first page only
as high as its words; a table whose break was moved up keeps the height it had before. Here the pages are mended
after layout and before they are drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from weasyprint.formatting_structure import boxes


class Open(NamedTuple):
    """A cell that reaches beyond its page, and the row (0-based in its group) in which it ends."""

    cell: Any
    end: int


def carry_over(pages: Iterable[Any]) -> None:
    """Mend every table that goes over a page break: the pages are WeasyPrint's, and are changed in place."""
    still_open: dict[tuple[int, int], list[Open]] = {}
    for page in pages:
        for table in _tables(page._page_box):  # noqa: SLF001 - there is no public way to the boxes
            for group in table.children:
                if group.children and not group.is_header:
                    key = (id(group.element), group.index)
                    still_open[key] = _mended(group.children, still_open.get(key, []))
            _close(table)


def _tables(box: Any) -> Iterator[Any]:  # noqa: ANN401 - WeasyPrint has no types
    for child in box.children:
        if isinstance(child, boxes.TableBox):
            yield child
        elif isinstance(child, boxes.BlockBox):
            yield from _tables(child)


def _close(table: Any) -> None:  # noqa: ANN401
    """Let the table end with its last row."""
    rows = [row for group in table.children for row in group.children]
    if rows:
        table.height = rows[-1].position_y + rows[-1].height - table.content_box_y()


def _mended(rows: Sequence[Any], earlier: Sequence[Open]) -> list[Open]:
    """The cells that are still open under ``rows``; those open above them are repeated in the first row."""
    first, last = rows[0], rows[-1]
    repeated = [Open(one.cell.deepcopy(), one.end) for one in earlier if one.end >= first.index]
    for one in repeated:
        _place(one.cell, first.position_y, _bottom(rows, one.end))
    if repeated:
        first.children = sorted([*first.children, *(one.cell for one in repeated)], key=lambda cell: cell.grid_x)
    begun = [Open(cell, row.index + cell.rowspan - 1) for row in rows for cell in row.children if cell.rowspan > 1]
    left_open = [one for one in begun if one.cell not in {r.cell for r in repeated} and one.end > last.index]
    for one in left_open:
        _place(one.cell, one.cell.position_y, _bottom(rows, one.end))
    return [*left_open, *(one for one in repeated if one.end > last.index)]


def _bottom(rows: Sequence[Any], end: int) -> float:
    row = rows[min(end, rows[-1].index) - rows[0].index]
    return float(row.position_y + row.height)


def _place(cell: Any, top: float, bottom: float) -> None:  # noqa: ANN401
    """Let the cell reach from ``top`` to ``bottom``, its words in the middle."""
    cell.translate(dy=top - cell.position_y)
    edges = cell.border_top_width + cell.border_bottom_width
    padding = (bottom - top - edges - cell.height) / 2
    for child in cell.children:
        child.translate(dy=padding - cell.padding_top)
    cell.padding_top = cell.padding_bottom = padding
