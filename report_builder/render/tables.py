"""What WeasyPrint leaves undone for our tables: labels carried over a page break, and whole ruling lines.

Both reach into WeasyPrint; ``render.pdf`` uses them only with a version that ``render.justify`` has found sound.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from weasyprint import draw
from weasyprint.formatting_structure import boxes

# --- labels beside several rows --------------------------------------------------------------------------------


class Open(NamedTuple):
    """A cell that reaches beyond its page, and the row (0-based in its group) in which it ends."""

    cell: Any
    end: int


def carry_over(pages: Iterable[Any]) -> None:
    """Repeat the labels of rows that a page break parts; the pages are WeasyPrint's, and are changed in place.

    WeasyPrint leaves the place of such a label empty on the further pages and on the first only as high as its
    words; a table whose break was moved up keeps the height it had before.
    """
    still_open: dict[tuple[int, int], list[Open]] = {}
    for page in pages:
        for table in tables_on(page):
            for group in table.children:
                if group.children and not group.is_header:
                    key = (id(group.element), group.index)
                    still_open[key] = _mended(group.children, still_open.get(key, []))
            _close(table)


def tables_on(page: Any) -> Iterator[Any]:  # noqa: ANN401 - WeasyPrint has no types
    """The tables of a page, or what of them stands there, as WeasyPrint's boxes."""
    return _tables(page._page_box)  # noqa: SLF001 - there is no public way to the boxes


def _tables(box: Any) -> Iterator[Any]:  # noqa: ANN401
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
    begun = [
        Open(cell, row.index + cell.rowspan - 1) for row in rows for cell in row.children if cell.rowspan > 1
    ]
    repeated = [Open(one.cell.deepcopy(), one.end) for one in earlier if one.end >= first.index]
    for one in repeated:
        _place(one.cell, first.position_y, _bottom(rows, one.end))
        one.cell.rowspan = min(one.end, last.index) - first.index + 1
    if repeated:
        first.children = sorted(
            [*first.children, *(one.cell for one in repeated)], key=lambda cell: cell.grid_x
        )
    cut = [one for one in begun if one.end > last.index]
    for one in cut:
        _place(one.cell, one.cell.position_y, _bottom(rows, one.end))
        one.cell.rowspan -= one.end - last.index
    return [one for one in (*repeated, *cut) if one.end > last.index]


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


# --- ruling lines ----------------------------------------------------------------------------------------------

Stretch = tuple[float, float]
_TOUCHING = 0.1


@contextmanager
def whole_lines() -> Iterator[None]:
    """Draw each line of a table in one stroke instead of two clipped edges a cell: no seams, and a tenth sooner."""
    usual = draw.draw_table
    draw.draw_table = _draw
    try:
        yield
    finally:
        draw.draw_table = usual


def _draw(stream: Any, table: Any) -> None:  # noqa: ANN401
    for cell in _cells(table):
        draw.draw_background(stream, cell.background)
    across, down = _edges(table)
    with stream.artifact(), stream.stacked():
        stream.set_color(table.style["color"], stroke=True)
        stream.set_line_width(table.border_top_width)
        for y, stretches in sorted(across.items()):
            for start, end in _joined(stretches):
                _line(stream, (start, y), (end, y))
        for x, stretches in sorted(down.items()):
            for start, end in _joined(stretches):
                _line(stream, (x, start), (x, end))
        stream.stroke()


def _cells(table: Any) -> Iterator[Any]:  # noqa: ANN401
    return (cell for group in table.children for row in group.children for cell in row.children)


def _line(stream: Any, start: tuple[float, float], end: tuple[float, float]) -> None:  # noqa: ANN401
    stream.move_to(*start)
    stream.line_to(*end)


def _edges(table: Any) -> tuple[dict[float, list[Stretch]], dict[float, list[Stretch]]]:  # noqa: ANN401
    """The horizontal lines by their height and the vertical ones by their place: the table's own, and each cell's."""
    across: dict[float, list[Stretch]] = defaultdict(list)
    down: dict[float, list[Stretch]] = defaultdict(list)
    half = table.border_top_width / 2
    left, top = table.position_x, table.position_y
    across[_at(top + half)].append((left, left + table.border_width()))
    down[_at(left + half)].append((top, top + table.border_height()))
    for cell in _cells(table):
        right, bottom = cell.position_x + cell.border_width(), cell.position_y + cell.border_height()
        across[_at(bottom - half)].append((cell.position_x - half, right))
        down[_at(right - half)].append((cell.position_y - half, bottom))
    return across, down


def _at(place: float) -> float:
    """Edges that differ by less than can be seen are one line."""
    return round(place, 1)


def _joined(stretches: Sequence[Stretch]) -> Iterator[Stretch]:
    """Stretches of one line that touch, as one."""
    start, end = min(stretches)
    for further in sorted(stretches):
        if further[0] > end + _TOUCHING:
            yield start, end
            start, end = further
        end = max(end, further[1])
    yield start, end
