"""Chinese lines that end flush right and stand at one distance.

WeasyPrint stretches spaces only, and Chinese text has none: here the slack of a line is spread evenly between its
characters, wherever one of two neighbours is full-width. WeasyPrint also sets a line with a digit or a rare character
a little higher than others, since their faces are; then a page no longer has its 22 lines.

This takes the place of inner functions of WeasyPrint while a document is laid out, and only where they are those this
was written for; otherwise ``supported`` says so and lines stay as WeasyPrint sets them.
"""

from __future__ import annotations

import inspect
import math
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import accumulate, pairwise
from typing import Any

import weasyprint
from weasyprint.formatting_structure import boxes
from weasyprint.layout import inline
from weasyprint.pdf import fonts
from weasyprint.text import line_break
from weasyprint.text.ffi import ffi, pango

_VERSION = "70."
_FULL_WIDTH_QUOTES = frozenset("—…“”‘’·")
_WIDEST_GAP = 1.0
"""In ems; a line that needs wider gaps holds a word that could not be broken, and is better left ragged."""

_stretch_spaces = getattr(inline, "justify_line", None)
_split_text_box = getattr(inline, "split_text_box", None)


def supported() -> bool:
    """Whether this WeasyPrint has the inner parts that are replaced and used here, under the names expected."""
    if not weasyprint.VERSION.startswith(_VERSION) or _stretch_spaces is None:
        return False
    if not (hasattr(fonts, "Font") and hasattr(fonts, "get_hb_object_data")):
        return False
    names = list(inspect.signature(_stretch_spaces).parameters)
    needed = ("set_text", "get_first_line", "deactivate", "reactivate")
    return names == ["context", "line", "extra_width"] and all(
        hasattr(line_break.Layout, name) for name in needed
    )


@contextmanager
def flush_right() -> Iterator[None]:
    """Justify and space the lines of whatever is laid out inside; nothing is changed where that is not supported."""
    if not supported():
        yield
        return
    inline.justify_line, inline.split_text_box = _justify, _split_on_grid
    try:
        yield
    finally:
        inline.justify_line, inline.split_text_box = _stretch_spaces, _split_text_box


def _split_on_grid(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - WeasyPrint has no types
    """A line's text box, as high as the line and with its baseline where the first face alone would have it."""
    box, resume_at, line_break_kept = _split_text_box(*given, **named)  # type: ignore[misc] # supported() has seen it
    if box is not None:
        box.height, box.baseline = line_break.strut(box.style)
        box.margin_top = box.margin_bottom = 0
    return box, resume_at, line_break_kept


def _justify(context: Any, line: Any, extra_width: float) -> None:  # noqa: ANN401 - WeasyPrint has no types
    """Spread ``extra_width`` over the line; a line of several boxes is left to WeasyPrint."""
    box = _only_text(line)
    gaps = _gaps(box.text) if box is not None else []
    if box is None or not any(_is_wide(sign) for sign in box.text):
        _stretch_spaces(context, line, extra_width)  # type: ignore[misc] # supported() has seen it
    elif gaps and extra_width / len(gaps) <= _WIDEST_GAP * box.style["font_size"]:
        _spread(line, box, gaps, extra_width)


def _only_text(line: Any) -> Any:  # noqa: ANN401
    """The one text box that makes up a line; None where there are more, or something else."""
    box = line
    while isinstance(box, boxes.LineBox | boxes.InlineBox):
        if len(box.children) != 1:
            return None
        box = box.children[0]
    return box if isinstance(box, boxes.TextBox) and box.text else None


@cache
def _is_wide(sign: str) -> bool:
    return unicodedata.east_asian_width(sign) in "WF" or sign in _FULL_WIDTH_QUOTES


def _gaps(text: str) -> list[int]:
    """The characters after which a line may grow: all but the last where it or the next one is full-width."""
    return [at for at, (sign, after) in enumerate(pairwise(text)) if _is_wide(sign) or _is_wide(after)]


def _spread(line: Any, box: Any, gaps: Sequence[int], extra_width: float) -> None:  # noqa: ANN401
    layout = _Spread(box.style, _spacings(box, gaps, extra_width))
    layout.set_text(box.text)
    box.pango_layout = layout
    grown: Any = line
    while grown is not box:
        grown.width += extra_width
        grown = grown.children[0]
    box.width += extra_width


def _spacings(box: Any, gaps: Sequence[int], extra_width: float) -> list[tuple[int, float]]:  # noqa: ANN401
    """The spacing after each gap's character in pixels, so that the last character ends where the line does.

    Half of a spacing is drawn before its character, half after it; the latter half is cut to whole thousandths of
    an em. So every gap gets a whole number of them, and some get one more; what is cut elsewhere is made up for.
    """
    em = box.style["font_size"] / 1000
    usual = 0 if box.style["letter_spacing"] == "normal" else box.style["letter_spacing"]
    between = len(box.text) - 1
    wanted = extra_width / em + (between + 1) * usual / em - (between - len(gaps) + 0.5) * _drawn(usual / em)
    halves = wanted / (len(gaps) - (0.5 if gaps[0] == 0 else 0)) / _PER_HALF
    low = math.floor(halves)
    higher = round((halves - low) * len(gaps))
    return [(gap, _asked(low + (at < higher)) * em) for at, gap in enumerate(gaps)]


_OFFSET = 1.024
"""WeasyPrint takes an offset's 1/1024 for 1/1000."""
_PER_HALF = 1 + _OFFSET / (2 - _OFFSET)
_SAFE = 0.03


def _asked(halves: int) -> float:
    """The spacing (in thousandths of an em) whose latter half is ``halves`` after it is cut, and no less."""
    return (halves + math.copysign(_SAFE, halves) if halves else 0) / (1 - _OFFSET / 2)


def _drawn(asked: float) -> float:
    """How wide a spacing comes out, in thousandths of an em."""
    return asked * _OFFSET / 2 + math.trunc(asked * (1 - _OFFSET / 2))


class _Spread(line_break.Layout):  # type: ignore[misc] # WeasyPrint has no types
    """A line of text with spacings of its own after some characters."""

    def __init__(self, style: Any, spacings: Sequence[tuple[int, float]]) -> None:  # noqa: ANN401
        self.spacings = spacings
        super().__init__(style)

    def deactivate(self) -> None:
        """Stay as it is until it is drawn: WeasyPrint would set the line a third time."""

    def reactivate(self, style: Any) -> None:  # noqa: ANN401
        """Nothing was put away."""

    def set_text(self, text: str, justify: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - as overridden
        """Set the text and widen its gaps."""
        super().set_text(text)
        attributes = pango.pango_layout_get_attributes(self.layout)
        if attributes == ffi.NULL:
            attributes = ffi.gc(pango.pango_attr_list_new(), pango.pango_attr_list_unref)
        for start, end, spacing in _runs(text, self.spacings):
            attribute = pango.pango_attr_letter_spacing_new(round(spacing * line_break.TO_UNITS))
            attribute.start_index, attribute.end_index = start, end
            pango.pango_attr_list_change(attributes, attribute)
        pango.pango_layout_set_attributes(self.layout, attributes)


def _runs(text: str, spacings: Sequence[tuple[int, float]]) -> Iterator[tuple[int, int, float]]:
    """Neighbouring characters of one spacing, as ranges of UTF-8 bytes."""
    places = list(accumulate((len(sign.encode()) for sign in text), initial=0))
    start, spacing = spacings[0]
    for (gap, _), (after, other) in pairwise((*spacings, (len(text) + 1, 0.0))):
        if after != gap + 1 or other != spacing:
            yield places[start], places[gap + 1], spacing
            start, spacing = after, other
