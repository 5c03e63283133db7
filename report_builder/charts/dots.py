"""A chart as PNG, from its layout, drawn by matplotlib: for Word, which shows no SVG before 2016."""

from __future__ import annotations

import io
import warnings
from functools import cache
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgba
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from PIL import Image

from report_builder.charts.layout import (
    BLACK,
    THIN,
    WHITE,
    WIDTH,
    Box,
    Fonts,
    Picture,
    Strokes,
    Words,
    laid_out,
)
from report_builder.model import Chart

if TYPE_CHECKING:
    from matplotlib.backend_bases import GraphicsContextBase

DPI = 200

Renderer = Any
"""matplotlib's RendererAgg, whose calls carry no types."""

_FACES = {"fangsong": ("latin", "fangsong", "songti", "heiti"), "heiti": ("latin", "heiti", "songti")}
_BEFORE = {"start": 0.0, "middle": 0.5, "end": 1.0}
"""How much of the words stands before their anchor."""
_LAST_RESORT = "DejaVu Sans"


def png(chart: Chart, fonts: Fonts) -> bytes:
    """The chart as an opaque grey picture at 200 dots an inch; transparency slows those who place it."""
    picture = laid_out(chart)
    with warnings.catch_warnings():
        # A character no face has becomes an empty box; fonts.missing_characters reports it by name.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        renderer = drawn(picture, fonts)
    content = io.BytesIO()
    dots = Image.frombuffer("RGBA", (renderer.width, renderer.height), renderer.buffer_rgba())
    dots.convert("L").save(content, "PNG", dpi=(DPI, DPI), compress_level=6)
    return content.getvalue()


def drawn(picture: Picture, fonts: Fonts) -> Renderer:
    """The picture in dots, words over all else.

    matplotlib's renderer is called without its figures, axes and artists, which take longer to import than to draw.
    """
    renderer: Renderer = RendererAgg(int(WIDTH * _DOTS), int(picture.height * _DOTS), DPI)  # type: ignore[no-untyped-call]
    _fill(renderer, Box(0, 0, WIDTH, picture.height, WHITE, edged=False))
    faces = {role: tuple(map(fonts.file, roles)) for role, roles in _FACES.items()}
    for shape in sorted(picture.shapes, key=lambda shape: isinstance(shape, Words)):
        match shape:
            case Box():
                _fill(renderer, shape)
            case Strokes():
                _stroke(renderer, shape)
            case Words():
                _write(renderer, shape, _properties(faces[shape.role], shape.size))
    return renderer


_DOTS = DPI / 72
"""Dots to a point."""


def _fill(renderer: Renderer, box: Box) -> None:
    corner, across, up = (box.x, box.y), (box.x + box.width, box.y), (box.x + box.width, box.y + box.height)
    outline = Path([corner, across, up, (box.x, box.y + box.height), corner], closed=True)
    pen = _pen(renderer, THIN if box.edged else 0)
    renderer.draw_path(pen, outline, _turned_over(renderer), to_rgba(box.fill))


def _stroke(renderer: Renderer, strokes: Strokes) -> None:
    points = [point for line in strokes.lines for point in line]
    lines = Path(points, [Path.MOVETO, Path.LINETO] * len(strokes.lines))
    renderer.draw_path(_pen(renderer, THIN), lines, _turned_over(renderer), None)


def _turned_over(renderer: Renderer) -> Affine2D:
    """From points, downwards, to dots, upwards."""
    return Affine2D().scale(_DOTS, -_DOTS).translate(0, renderer.height)


def _pen(renderer: Renderer, width: float, ink: str = BLACK) -> GraphicsContextBase:
    pen: GraphicsContextBase = renderer.new_gc()
    pen.set_linewidth(width)
    pen.set_joinstyle("miter")
    pen.set_foreground(ink)
    return pen


def _write(renderer: Renderer, words: Words, face: FontProperties) -> None:
    """The words from their anchor on, at their baseline, in whole dots."""
    long = renderer.get_text_width_height_descent(words.text, face, ismath=False)[0]
    before = long * _BEFORE[words.anchor]
    x, y = words.x * _DOTS, words.y * _DOTS
    x, y = (x, y + before) if words.turned else (x - before, y)
    pen = _pen(renderer, THIN, words.ink)
    renderer.draw_text(pen, x, y, words.text, face, 90 if words.turned else 0)


@cache
def _properties(files: tuple[File | None, ...], size: float) -> FontProperties:
    """The families of these files, for matplotlib to ask in turn character by character."""
    families = [*(_family(file) for file in files if file is not None), _LAST_RESORT]
    return FontProperties(family=families, size=size)


@cache
def _family(file: File) -> str:
    fontManager.addfont(str(file))
    return fontManager.ttflist[-1].name
