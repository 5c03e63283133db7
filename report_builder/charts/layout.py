"""Where everything in a picture stands: a Chart laid out, in points.

Every value is printed at its bar, so there are no scales and no grid; series differ by grey *and* hatching,
so a photocopy can be read. The layout reckons with the widths of characters and asks no font: the SVG is
shown with whatever faces the reader's machine has, and must not overlap there either.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from report_builder.figures import printed
from report_builder.model import Chart, Number

WIDTH = 425.0
"""The text area of a page is 156 mm wide; a picture takes 150 of them. All lengths here are points."""

_MARGIN = 6.0
_SIZE = 10.5
_SMALL = 9.0
_TITLE = 12.0
_LEADING = 1.3
_GAP = 4.0
THIN = 0.6
BLACK, WHITE = "#000000", "#ffffff"

Point = tuple[float, float]


class Fonts(Protocol):
    """The faces at hand, as ``fonts.FontSet`` has them."""

    def file(self, role: str) -> Path | None:
        """The file of the face for ``role``."""

    def stack(self, role: str) -> tuple[str, ...]:
        """The families that text in ``role`` is set in, first choice first."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, from its upper left corner; ``edged`` ones have a thin black outline."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    edged: bool = True


@dataclass(frozen=True, slots=True)
class Strokes:
    """Thin black lines: hatching, or an axis."""

    lines: tuple[tuple[Point, Point], ...]


@dataclass(frozen=True, slots=True)
class Words:
    """A run of text at its baseline; a ``turned`` one reads upwards."""

    x: float
    y: float
    text: str
    size: float = _SIZE
    anchor: Literal["start", "middle", "end"] = "start"
    ink: str = BLACK
    role: Literal["fangsong", "heiti"] = "fangsong"
    turned: bool = False


Shape = Box | Strokes | Words


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart laid out: what is drawn, in drawing order, and how high it came out."""

    height: float
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class _Style:
    """How the bars of one series are filled; ``ink`` is what can be read upon it."""

    fill: str
    hatch: str = ""
    ink: str = BLACK


_STYLES = (
    _Style("#404040", ink=WHITE),
    _Style(WHITE, "/"),
    _Style("#b3b3b3"),
    _Style(WHITE, "/\\"),
    _Style(WHITE),
    _Style("#808080", "\\"),
    _Style(WHITE, "-"),
    _Style("#d9d9d9", "/\\"),
)
"""Next to one another these differ in brightness or in hatching; a ninth series begins again."""

_ALONE = _Style("#595959")

# --- measuring --------------------------------------------------------------------------------------------


def width(text: str, size: float) -> float:
    """How wide ``text`` becomes at most, in any usual face: a Chinese character an em, a digit about half."""
    return size * sum(_em(sign) for sign in text)


def _em(sign: str) -> float:
    if not sign.isascii():
        return 0.0 if unicodedata.combining(sign) else 1.0
    if sign.isdigit() or sign in " .,;:'()-/":
        return 0.55
    return 0.65 if sign.islower() else 0.9


def _folded(text: str, size: float, room: float) -> tuple[str, ...]:
    """The text in as few lines of even length as fit the room."""
    for count in range(1, len(text) + 1):
        length = -(-len(text) // count)
        lines = tuple(text[at : at + length] for at in range(0, len(text), length))
        if all(width(line, size) <= room for line in lines):
            return lines
    return tuple(text)


def _middle(y: float, size: float) -> float:
    """The baseline of text whose middle is at ``y``."""
    return y + 0.36 * size


# --- laying out -------------------------------------------------------------------------------------------


def laid_out(chart: Chart) -> Picture:
    """The chart in points; its height follows from the number of bars and of lines of text."""
    head, top = _title(chart)
    if len(chart.series) > 1:
        legend, top = _legend([name for name, _ in chart.series], top)
        head = (*head, *legend)
    body, bottom = _KINDS[chart.kind](chart, top)
    return Picture(round(bottom + _MARGIN, 2), (*head, *body))


Laid = tuple[tuple[Shape, ...], float]


def _title(chart: Chart) -> Laid:
    said = f"{chart.title}（单位：{chart.unit}）" if chart.unit else chart.title
    lines = _folded(said, _TITLE, WIDTH - 2 * _MARGIN)
    pitch = _TITLE * _LEADING
    words = tuple(
        Words(WIDTH / 2, _MARGIN + _TITLE + at * pitch, line, _TITLE, "middle", role="heiti")
        for at, line in enumerate(lines)
    )
    return words, _MARGIN + len(lines) * pitch + 2 * _GAP


_SWATCH = (16.0, 9.0)
_BETWEEN = 14.0


def _legend(names: Sequence[str], top: float) -> Laid:
    """The series in a row under the title, in as many rows as they need, each row centred."""
    shapes: list[Shape] = []
    for row in _legend_rows(names):
        left = (WIDTH - sum(_item_width(name) for _, name in row) + _BETWEEN) / 2
        for at, name in row:
            shapes += _filled(left, top + 2, *_SWATCH, _style(at))
            shapes.append(Words(left + _SWATCH[0] + _GAP, top + _SIZE, name))
            left += _item_width(name)
        top += _SIZE * _LEADING + 2
    return tuple(shapes), top + _GAP


def _item_width(name: str) -> float:
    return _SWATCH[0] + _GAP + width(name, _SIZE) + _BETWEEN


def _legend_rows(names: Sequence[str]) -> list[list[tuple[int, str]]]:
    rows: list[list[tuple[int, str]]] = [[]]
    for at, name in enumerate(names):
        taken = sum(_item_width(other) for _, other in rows[-1])
        if rows[-1] and taken + _item_width(name) > WIDTH:
            rows.append([])
        rows[-1].append((at, name))
    return rows


def _style(at: int) -> _Style:
    return _STYLES[at % len(_STYLES)]


def _filled(x: float, y: float, wide: float, high: float, style: _Style) -> Iterator[Shape]:
    if not wide or not high:
        return
    yield Box(x, y, wide, high, style.fill)
    lines = tuple(line for kind in style.hatch for line in _hatching(x, y, wide, high, kind))
    if lines:
        yield Strokes(lines)


_HATCH_PITCH = 4.5


def _hatching(x: float, y: float, wide: float, high: float, kind: str) -> Iterator[tuple[Point, Point]]:
    """The lines that hatch a rectangle, ended at its edges: no renderer needs to clip or to know patterns."""
    if kind == "-":
        for down in _steps(high):
            yield (x, y + down), (x + wide, y + down)
        return
    for reach in _steps(wide + high):
        left, right = max(0.0, reach - high), min(wide, reach)
        ends = ((left, reach - left), (right, reach - right))
        (a, up), (b, down) = ((wide - across, along) for across, along in ends) if kind == "\\" else ends
        yield (x + a, y + up), (x + b, y + down)


def _steps(length: float) -> Iterator[float]:
    count = int((length - _HATCH_PITCH / 2) // _HATCH_PITCH) + 1
    return (_HATCH_PITCH * (at + 0.5) for at in range(max(0, count)))


def _lengths(values: Sequence[Number], room: float) -> list[float]:
    """How long each bar is: in proportion, the greatest taking the room; none goes below nothing."""
    most = max((float(value) for value in values), default=0.0)
    return [max(0.0, float(value)) / most * room if most > 0 else 0.0 for value in values]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Where horizontal bars stand: the axis, the room to its right, and the middle of each row."""

    axis: float
    room: float
    middles: tuple[float, ...]
    bottom: float
    thick: float
    shapes: tuple[Shape, ...]


def _rows(categories: Sequence[str], top: float, *, right: float, above: float) -> _Rows:
    """Labels at the left, each row as high as its label needs; ``above`` is kept free over every bar."""
    lines = [_folded(name, _SIZE, WIDTH * 0.36) for name in categories]
    axis = _MARGIN + max((width(line, _SIZE) for part in lines for line in part), default=0.0) + 2 * _GAP
    pitch = min(34.0, max(22.0, 150.0 / max(1, len(lines)))) + above
    heights = [max(pitch, len(part) * _SIZE * _LEADING + _GAP) for part in lines]
    tops = [top + sum(heights[:at]) for at in range(len(heights))]
    middles = tuple(at + (high + above) / 2 for at, high in zip(tops, heights, strict=True))
    bottom = top + sum(heights)
    parts = [_label(part, axis - 2 * _GAP, at) for at, part in zip(middles, lines, strict=True)]
    labels = (label for part in parts for label in part)
    shapes: tuple[Shape, ...] = (*labels, Strokes((((axis, top), (axis, bottom)),)))
    return _Rows(axis, WIDTH - _MARGIN - right - axis, middles, bottom, (pitch - above) * 0.56, shapes)


def _label(lines: Sequence[str], right: float, middle: float) -> Iterator[Words]:
    pitch = _SIZE * _LEADING
    first = middle - pitch * (len(lines) - 1) / 2
    for at, line in enumerate(lines):
        yield Words(right, _middle(first + at * pitch, _SIZE), line, anchor="end")


def _bars(chart: Chart, top: float) -> Laid:
    """One series: a bar a category, its value at the bar's end."""
    values = chart.series[0][1] if chart.series else ()
    said = [printed(value) for value in values]
    widest = max((width(text, _SIZE) for text in said), default=0.0)
    rows = _rows(chart.categories, top, right=widest + 2 * _GAP, above=0.0)
    shapes: list[Shape] = []
    for text, length, middle in zip(said, _lengths(values, rows.room), rows.middles, strict=True):
        shapes += _filled(rows.axis, middle - rows.thick / 2, length, rows.thick, _ALONE)
        shapes.append(Words(rows.axis + length + _GAP, _middle(middle, _SIZE), text))
    return (*shapes, *rows.shapes), rows.bottom


_COLUMNS_HIGH = 105.0
_WIDEST_COLUMN = 34.0


def _years(chart: Chart, top: float) -> Laid:
    """Columns in groups, a group a year; values that would touch are set smaller, then upwards."""
    said = [[printed(value) for value in values] for _, values in chart.series]
    slot = (WIDTH - 2 * _MARGIN) / max(1, len(chart.categories))
    column = min(_WIDEST_COLUMN, slot * 0.86 / max(1, len(said)))
    size, turned = _fitting([text for texts in said for text in texts], column)
    above = max((width(text, size) for texts in said for text in texts), default=0.0) if turned else size
    base = top + above + 2 * _GAP + _COLUMNS_HIGH
    heights = iter(_lengths([value for _, values in chart.series for value in values], _COLUMNS_HIGH))
    shapes: list[Shape] = []
    for at, texts in enumerate(said):
        for group, text in enumerate(texts):
            middle = _MARGIN + slot * (group + 0.5)
            left = middle + column * (at - len(said) / 2)
            high = next(heights)
            shapes += _filled(left, base - high, column, high, _style(at))
            shapes.append(_over(left + column / 2, base - high - 3, text, size, turned=turned))
    labels, bottom = _under(chart.categories, slot, base)
    return (*shapes, *labels, Strokes((((_MARGIN, base), (WIDTH - _MARGIN, base)),))), bottom


def _fitting(texts: Iterable[str], column: float) -> tuple[float, bool]:
    """The size at which the values stand over their columns, and whether they must be turned."""
    widest = max((width(text, 1.0) for text in texts), default=0.0)
    for size in (_SIZE, _SMALL):
        if widest * size <= column - 1:
            return size, False
    return min(_SMALL, column), True


def _over(x: float, y: float, text: str, size: float, *, turned: bool) -> Words:
    if turned:
        return Words(_middle(x, size), y, text, size, turned=True)
    return Words(x, y, text, size, "middle")


def _under(categories: Sequence[str], slot: float, base: float) -> Laid:
    folded = [_folded(name, _SIZE, slot - 2) for name in categories]
    pitch = _SIZE * _LEADING
    words = tuple(
        Words(_MARGIN + slot * (group + 0.5), base + _GAP + _SIZE + at * pitch, line, anchor="middle")
        for group, lines in enumerate(folded)
        for at, line in enumerate(lines)
    )
    return words, base + _GAP + max((len(lines) for lines in folded), default=0) * pitch


@dataclass(frozen=True, slots=True)
class _Piece:
    """One piece of a stacked bar: the series it belongs to, its value, where it begins, how long it is."""

    name: str
    value: str
    left: float
    length: float
    style: _Style

    @property
    def holds_its_value(self) -> bool:
        """Whether the value can be read inside the piece."""
        return width(self.value, _SIZE) + 5 <= self.length


def _stacked(chart: Chart, top: float) -> Laid:
    """A bar a category, a piece a series; values too wide for their pieces stand beside the bar, named."""
    totals = [sum(max(values[at], 0) for _, values in chart.series) for at in range(len(chart.categories))]
    rows = _rows(chart.categories, top, right=_GAP, above=0.0)
    pieces = [_pieces(chart, at, rows, length) for at, length in enumerate(_lengths(totals, rows.room))]
    above = max((len(_overhead(row)) for row in pieces), default=0) * _SMALL * _LEADING
    rows = _rows(chart.categories, top, right=_GAP, above=above)
    drawn = (shape for row, at in zip(pieces, rows.middles, strict=True) for shape in _stack(row, rows, at))
    return (*drawn, *rows.shapes), rows.bottom


def _pieces(chart: Chart, at: int, rows: _Rows, length: float) -> list[_Piece]:
    shown = [(name, max(values[at], 0), _style(order)) for order, (name, values) in enumerate(chart.series)]
    lengths = _lengths([value for _, value, _ in shown], 1.0)
    scale = length / sum(lengths) if any(lengths) else 0.0
    lefts = itertools.accumulate((part * scale for part in lengths), initial=rows.axis)
    return [
        _Piece(name, printed(value), left, part * scale, style)
        for (name, value, style), left, part in zip(shown, lefts, lengths, strict=False)
        if value
    ]


def _narrow(pieces: Sequence[_Piece]) -> str:
    """“结果纠正1、尚未审结3”: the values that their own pieces cannot hold."""
    return "、".join(f"{piece.name}{piece.value}" for piece in pieces if not piece.holds_its_value)


def _beside(pieces: Sequence[_Piece]) -> bool:
    """Whether those values fit between the bar's end and the edge."""
    return _end(pieces) + _GAP + width(_narrow(pieces), _SMALL) <= WIDTH - _MARGIN


def _end(pieces: Sequence[_Piece]) -> float:
    return max((piece.left + piece.length for piece in pieces), default=0.0)


def _overhead(pieces: Sequence[_Piece]) -> tuple[str, ...]:
    """The lines that must stand above the bar since there is no room beside it."""
    said = _narrow(pieces)
    return () if not said or _beside(pieces) else _folded(said, _SMALL, WIDTH - 2 * _MARGIN)


def _stack(pieces: Sequence[_Piece], rows: _Rows, middle: float) -> Iterator[Shape]:
    top = middle - rows.thick / 2
    if not pieces:
        yield Words(rows.axis + _GAP, _middle(middle, _SIZE), printed(0))
    for piece in pieces:
        yield from _filled(piece.left, top, piece.length, rows.thick, piece.style)
        if piece.holds_its_value:
            yield from _inside(piece, middle)
    if _narrow(pieces) and _beside(pieces):
        yield Words(_end(pieces) + _GAP, _middle(middle, _SMALL), _narrow(pieces), _SMALL)
    lines = _overhead(pieces)
    for at, line in enumerate(reversed(lines)):
        right = max(_end(pieces), _MARGIN + width(line, _SMALL))
        yield Words(right, top - _GAP - at * _SMALL * _LEADING, line, _SMALL, "end")


def _inside(piece: _Piece, middle: float) -> Iterator[Shape]:
    centre = piece.left + piece.length / 2
    if piece.style.hatch:
        wide = width(piece.value, _SIZE) + 2
        yield Box(centre - wide / 2, middle - _SIZE / 2, wide, _SIZE, WHITE, edged=False)
    yield Words(centre, _middle(middle, _SIZE), piece.value, anchor="middle", ink=piece.style.ink)


_KINDS = {"bars": _bars, "years": _years, "stacked": _stacked}
