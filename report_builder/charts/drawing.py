"""A chart as SVG, from its layout: for pages and PDF."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from report_builder.charts.layout import (
    BLACK,
    THIN,
    WHITE,
    WIDTH,
    Box,
    Fonts,
    Shape,
    Strokes,
    Words,
    laid_out,
)
from report_builder.model import Chart

_OFFICE = {
    "fangsong": ("FangSong", "STFangsong", "serif"),
    "heiti": ("SimHei", "Microsoft YaHei", "sans-serif"),
}
"""What a reader's own machine has, where a page is opened that carries no fonts."""


def svg(chart: Chart, fonts: Fonts) -> str:
    """The chart as one SVG element, its words as text.

    No ids, no style sheet, no declaration: several can stand in one page under a strict policy.
    """
    picture = laid_out(chart)
    families = {role: _families(fonts, role) for role in _OFFICE}
    shapes = "".join(f"{_element(shape, families)}\n" for shape in picture.shapes)
    wide, high = _n(WIDTH), _n(picture.height)
    size = f'width="{wide}pt" height="{high}pt" viewBox="0 0 {wide} {high}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{escape(families["fangsong"])}">\n'
        f"<title>{escape(chart.title, quote=False)}</title>\n<desc>{escape(chart.alt, quote=False)}</desc>\n"
        f'<rect width="{wide}" height="{high}" fill="{WHITE}"/>\n{shapes}</svg>\n'
    )


def _families(fonts: Fonts, role: str) -> str:
    names = dict.fromkeys((*fonts.stack(role), *_OFFICE[role]))
    return ", ".join(name if name.isalpha() or "-" in name else f"'{name}'" for name in names)


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _element(shape: Shape, families: Mapping[str, str]) -> str:
    match shape:
        case Box():
            return _svg_box(shape)
        case Strokes():
            return _svg_strokes(shape)
        case Words():
            return _svg_words(shape, families)


def _svg_box(box: Box) -> str:
    edge = f' stroke="{BLACK}" stroke-width="{THIN}"' if box.edged else ""
    place = f'x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}"'
    return f'<rect {place} fill="{box.fill}"{edge}/>'


def _svg_strokes(strokes: Strokes) -> str:
    path = "".join(f"M{_n(a)} {_n(b)}L{_n(c)} {_n(d)}" for (a, b), (c, d) in strokes.lines)
    return f'<path d="{path}" fill="none" stroke="{BLACK}" stroke-width="{THIN}"/>'


def _svg_words(words: Words, families: Mapping[str, str]) -> str:
    place = f'x="{_n(words.x)}" y="{_n(words.y)}" font-size="{_n(words.size)}" text-anchor="{words.anchor}"'
    turn = f' transform="rotate(-90 {_n(words.x)} {_n(words.y)})"' if words.turned else ""
    family = f' font-family="{escape(families[words.role])}"' if words.role == "heiti" else ""
    return f'<text {place} fill="{words.ink}"{family}{turn}>{escape(words.text, quote=False)}</text>'
