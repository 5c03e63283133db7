"""A text PDF becomes paragraphs and grids: tables by their ruled lines, text by its lines, nothing by guessing."""

from __future__ import annotations

import ctypes
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pypdfium2 as pdfium
from pypdfium2 import raw

from report_builder.errors import UnreadableError
from report_builder.model import Document, Grid

MAX_PAGES = 500
_STRAIGHT = 0.5
_NEAR = 1.6
_LEAST_CELL = 4.0
_INDENT = 14.0
_PAGE_NUMBER = re.compile(r"[—–\-\s]*(?:\d{1,4}[—–\-\s]*)?")
_TITLE_SIZE = 18.0


class Box(NamedTuple):
    """A rectangle in points, the origin at the page's lower left."""

    left: float
    bottom: float
    right: float
    top: float


class Line(NamedTuple):
    """One line of text on a page: its box and words."""

    box: Box
    text: str


@dataclass(frozen=True)
class _Ruled:
    """The lines of one table on one page: where it lies, and its vertical and horizontal rules."""

    box: Box
    upright: tuple[Box, ...]
    level: tuple[Box, ...]


@dataclass(frozen=True)
class _Piece:
    """A table as far as one page shows it."""

    box: Box
    edges: tuple[float, ...]
    rows: tuple[tuple[str | None, ...], ...]


def read(data: bytes) -> Document:
    """The PDF's paragraphs and tables in reading order; a table that goes on overleaf is one grid.

    Raises:
        UnreadableError: no PDF, damaged, protected by a password, or without text (a scan).
    """
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as fault:
        locked = "password" in str(fault).lower()
        reason = "文件设有打开密码" if locked else "文件已损坏，或不是 PDF"
        raise UnreadableError(reason, "请提供没有密码的 PDF" if locked else "请重新导出 PDF") from fault
    try:
        if len(document) > MAX_PAGES:
            raise UnreadableError(f"有 {len(document)} 页，超过 {MAX_PAGES} 页", "请只提供年度报告本身")
        pages = [_page(document[number]) for number in range(len(document))]
    finally:
        document.close()
    if not any(pages):
        raise UnreadableError(
            "PDF 里没有文字，可能是扫描件", "请提供由 Word 等直接导出的 PDF，或提供 Word、网页版"
        )
    return _document(list(itertools.chain.from_iterable(pages)))


def _page(page: pdfium.PdfPage) -> list[Line | _Piece]:
    """What stands on one page, from top to bottom."""
    text = page.get_textpage()
    tables = [piece for ruled in _ruled(list(_paths(page))) if (piece := _piece(ruled, text))]
    lines = [line for line in _lines(text) if not _is_number(line, page)]
    outside = [line for line in lines if not any(_within(line.box, table.box) for table in tables)]
    items: list[Line | _Piece] = [*outside, *tables]
    return sorted(items, key=lambda item: -item.box.top)


def _is_number(line: Line, page: pdfium.PdfPage) -> bool:
    """A page number: dashes and digits alone, in the foot of the page."""
    return line.box.top < page.get_height() * 0.12 and bool(_PAGE_NUMBER.fullmatch(line.text))


def _paths(page: pdfium.PdfPage) -> Iterator[Box]:
    """The rules on the page: every upright or level stroke of what is drawn, frames and fills included."""
    matrix = raw.FS_MATRIX()
    for at in range(raw.FPDFPage_CountObjects(page)):
        drawn = raw.FPDFPage_GetObject(page, at)
        if raw.FPDFPageObj_GetType(drawn) == raw.FPDF_PAGEOBJ_PATH:
            raw.FPDFPageObj_GetMatrix(drawn, matrix)
            for start, end in _strokes(drawn):
                x0, x1 = (matrix.a * x + matrix.c * y + matrix.e for x, y in (start, end))
                y0, y1 = (matrix.b * x + matrix.d * y + matrix.f for x, y in (start, end))
                wide, high = abs(x1 - x0), abs(y1 - y0)
                if (wide < _STRAIGHT) != (high < _STRAIGHT) and max(wide, high) > _LEAST_CELL:
                    yield Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


Point = tuple[float, float]


def _strokes(drawn: object) -> Iterator[tuple[Point, Point]]:
    """The straight lines of a path, closing ones too."""
    x, y = ctypes.c_float(), ctypes.c_float()
    first = last = (0.0, 0.0)
    for at in range(raw.FPDFPath_CountSegments(drawn)):
        segment = raw.FPDFPath_GetPathSegment(drawn, at)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        point, kind = (x.value, y.value), raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            first = point
        elif kind == raw.FPDF_SEGMENT_LINETO:
            yield last, point
        last = point
        if raw.FPDFPathSegment_GetClose(segment):
            yield last, first


def _ruled(rules: Sequence[Box]) -> list[_Ruled]:
    """Rules that touch one another, gathered into tables."""
    groups: list[tuple[Box, list[Box]]] = []
    for rule in sorted(set(rules), key=lambda box: -box.top):
        apart, box, members = [], rule, [rule]
        for group in groups:
            if _touch(group[0], rule):
                box = _around([box, group[0]])
                members.extend(group[1])
            else:
                apart.append(group)
        groups = [*apart, (box, members)]
    return [
        _Ruled(
            box,
            tuple(one for one in members if one.right - one.left < _STRAIGHT),
            tuple(one for one in members if one.top - one.bottom < _STRAIGHT),
        )
        for box, members in groups
    ]


def _touch(one: Box, other: Box) -> bool:
    return (
        one.left - _NEAR <= other.right
        and other.left - _NEAR <= one.right
        and one.bottom - _NEAR <= other.top
        and other.bottom - _NEAR <= one.top
    )


def _around(boxes: Sequence[Box]) -> Box:
    return Box(
        min(box.left for box in boxes),
        min(box.bottom for box in boxes),
        max(box.right for box in boxes),
        max(box.top for box in boxes),
    )


def _within(inner: Box, outer: Box) -> bool:
    middle = (inner.top + inner.bottom) / 2
    return outer.bottom <= middle <= outer.top and inner.left < outer.right and inner.right > outer.left


def _piece(ruled: _Ruled, text: pdfium.PdfTextPage) -> _Piece | None:
    """The cells between the rules; None where the lines make no table."""
    xs = _places([(rule.left + rule.right) / 2 for rule in ruled.upright])
    ys = _places([(rule.top + rule.bottom) / 2 for rule in ruled.level])[::-1]
    if len(xs) < 3 or len(ys) < 2:  # noqa: PLR2004 - two columns and one row
        return None
    walls = _Walls(ruled, xs, ys)
    rows: list[list[str | None]] = [[None] * (len(xs) - 1) for _ in range(len(ys) - 1)]
    taken: set[tuple[int, int]] = set()
    for row, column in itertools.product(range(len(ys) - 1), range(len(xs) - 1)):
        if (row, column) not in taken:
            right, down = walls.extent(row, column)
            taken.update(itertools.product(range(row, down), range(column, right)))
            rows[row][column] = _said(text, Box(xs[column], ys[down], xs[right], ys[row]))
    return _Piece(ruled.box, tuple(xs), tuple(map(tuple, rows)))


def _places(values: Sequence[float]) -> list[float]:
    """Positions that lie together count as one: neighbouring cells draw an edge each."""
    places: list[list[float]] = []
    for value in sorted(values):
        if places and value - places[-1][-1] < _LEAST_CELL:
            places[-1].append(value)
        else:
            places.append([value])
    return [sum(group) / len(group) for group in places]


class _Walls:
    """Which neighbouring cells a rule parts."""

    def __init__(self, ruled: _Ruled, xs: Sequence[float], ys: Sequence[float]) -> None:
        self.xs, self.ys = xs, ys
        self.upright = _by_place(ruled.upright, xs, upright=True)
        self.level = _by_place(ruled.level, ys, upright=False)

    def extent(self, row: int, column: int) -> tuple[int, int]:
        """How far the cell at (row, column) reaches: the edge to its right, the edge below it."""
        right, down = column + 1, row + 1
        while right < len(self.xs) - 1 and not self._parted(self.upright[right], self.ys, row):
            right += 1
        while down < len(self.ys) - 1 and not self._parted(self.level[down], self.xs, column):
            down += 1
        return right, down

    @staticmethod
    def _parted(spans: Sequence[tuple[float, float]], places: Sequence[float], at: int) -> bool:
        middle = (places[at] + places[at + 1]) / 2
        return any(low <= middle <= high for low, high in spans)


def _by_place(
    rules: Sequence[Box], places: Sequence[float], *, upright: bool
) -> list[list[tuple[float, float]]]:
    spans: list[list[tuple[float, float]]] = [[] for _ in places]
    for rule in rules:
        at = (rule.left + rule.right) / 2 if upright else (rule.top + rule.bottom) / 2
        nearest = min(range(len(places)), key=lambda index: abs(places[index] - at))
        spans[nearest].append((rule.bottom, rule.top) if upright else (rule.left, rule.right))
    return spans


def _said(text: pdfium.PdfTextPage, box: Box) -> str:
    """What is printed inside a cell; line breaks there part no words."""
    return "".join(text.get_text_bounded(*box).split())


def _lines(text: pdfium.PdfTextPage) -> Iterator[Line]:
    """The page's lines of text, top down: what stands at one height is one line."""
    boxes = [Box(*text.get_rect(at)) for at in range(text.count_rects())]
    line: list[Box] = []
    for box in sorted(boxes, key=lambda box: -(box.top + box.bottom)):
        middle = (box.top + box.bottom) / 2
        if line and not line[0].bottom <= middle <= line[0].top:
            yield _line(text, line)
            line = []
        line.append(box)
    if line:
        yield _line(text, line)


def _line(text: pdfium.PdfTextPage, boxes: Sequence[Box]) -> Line:
    box = _around(boxes)
    return Line(box, " ".join(text.get_text_bounded(*box).split()))


def _document(items: Sequence[Line | _Piece]) -> Document:
    """Lines become paragraphs, pieces of a table one grid, page ends forgotten."""
    lines = [item for item in items if isinstance(item, Line)]
    margin = min((line.box.left for line in lines), default=0.0)
    title = list(itertools.takewhile(lambda item: isinstance(item, Line) and _is_large(item), items))
    done: list[str | Grid] = []
    pieces: list[_Piece] = []
    tables = 0
    open_paragraph = False
    for item in items[len(title) :]:
        if isinstance(item, _Piece):
            joined = bool(pieces) and _goes_on(pieces[-1], item)
            tables += not joined
            previous = done.pop() if joined and isinstance(done[-1], Grid) else None
            rows = _joined(previous.rows, item.rows) if isinstance(previous, Grid) else item.rows
            done.append(Grid(f"第{tables}张表", rows))
            pieces.append(item)
            open_paragraph = False
        elif open_paragraph and item.box.left - margin < _INDENT:
            done[-1] = f"{done[-1]}{item.text}"
        else:
            done.append(item.text)
            pieces.clear()
            open_paragraph = True
    said = "".join(item.text for item in title if isinstance(item, Line))
    return Document((said, *done) if said else tuple(done), said)


def _is_large(line: Line) -> bool:
    return line.box.top - line.box.bottom >= _TITLE_SIZE


def _goes_on(above: _Piece, below: _Piece) -> bool:
    """The same columns again with nothing between: the table went on overleaf."""
    edges = zip(above.edges, below.edges, strict=False)
    return len(above.edges) == len(below.edges) and all(abs(one - two) < _LEAST_CELL for one, two in edges)


def _joined(above: Sequence[Sequence[object]], below: Sequence[Sequence[object]]) -> list[Sequence[object]]:
    """The rows of both, without the header that the second repeats."""
    repeated = 0
    while repeated < min(len(above), len(below)) and list(above[repeated]) == list(below[repeated]):
        repeated += 1
    return [*above, *below[repeated:]]
