"""Draft → PDF by Typst, the second engine: the looks of ``render.pdf`` without Pango, in a tenth of the time.

The draft goes to the template as data (JSON), so nothing a unit writes is ever read as markup.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from itertools import accumulate, pairwise
from math import ceil
from pathlib import Path
from types import ModuleType
from typing import Any

from report_builder import fonts
from report_builder.fonts import FontSet, Role
from report_builder.model import Draft
from report_builder.render import Pdf, PdfUnavailable, look
from report_builder.render.html import TEXT_WIDTH, Cell, Item, Row, View, items, notices
from report_builder.render.pages import usable
from report_builder.render.titles import title_lines
from report_builder.spec import Format

_HALF_WIDTH = frozenset("0123456789.,-/ ")
_EDGES = 7.0
"""The points to both sides of a cell's words, at most."""
_SIZES = {"matrix": 9.0, "strip": 9.0, "bands": 10.5, "plain": 10.5}
"""The type of each sort of table, in points."""
_SHORT = 4.0
"""How many ems short a line may end: none begins with a comma or closing bracket, nor ends with an opening one."""
_MARKS = "（）《》、，。；："
_UNSURE = re.compile(rf"[^㐀-鿿0-9.{_MARKS}]|[.{_MARKS}]{{3}}|[0-9.]{{3}}")
"""Where it takes Typst to know how a text is broken: words, quotation marks, marks in a row."""
_LINES_TOGETHER = 32
"""A row of so many lines is not parted; a page has room for forty."""
_WORDS = re.compile(r"(<text\b[^>]*>)([^<]*)(</text>)")
_CHINESE = re.compile(r"[^\x00-\x7f]+")
_ARCHIVED = ["a-2a", "ua-1"]
"""For the archive and for screen readers at once; a file that shows empty boxes for characters is neither."""
_UNDATED = ["ua-1"]
"""Typst has nothing without a date archived."""


@dataclass(frozen=True, slots=True)
class _Engine:
    """What is made once a process: Typst's compiler with our faces alone, named as Typst names them.

    Its threads do not live on in a process forked off later, where it would wait for them for ever.
    """

    typst: ModuleType
    compiler: Any
    faces: FontSet
    template: bytes
    process: int


def write(draft: Draft, fmt: Format, pictures: Mapping[str, str], faces: FontSet) -> Pdf:
    """The report as a PDF; ``pictures`` holds each chart's SVG by its name. The same draft gives the same bytes.

    Raises:
        PdfUnavailable: Typst or any font is missing, or Typst cannot run in this process.
    """
    engine = _engine(faces)
    if engine.process != os.getpid():
        raise PdfUnavailable("本进程由用过 Typst 的进程分出，不能再用 Typst 排 PDF；请重新运行")
    words = _worded(_content(draft, fmt, pictures, engine.faces))
    files = {"main.typ": engine.template, "draft.json": words.encode()}
    try:
        data, said = _set(engine, files, _ARCHIVED if draft.published_on else _UNDATED)
    except engine.typst.TypstError:
        data, said = _set(engine, files, [])
        said = [_boxed(fonts.missing_characters(words, faces)), *said]
    return Pdf(data, tuple(said))


def _set(engine: _Engine, files: Mapping[str, bytes], standards: list[str]) -> tuple[bytes, list[str]]:
    data, said = engine.compiler.compile_with_warnings(files, format="pdf", pdf_standards=standards)
    return bytes(data), [warning.message for warning in said]


def _boxed(missing: Iterable[str]) -> str:
    named = "、".join(f"“{sign}”（U+{ord(sign):04X}）" for sign in missing)
    return f"所装字体中没有{named or '正文里的个别字'}，PDF 中显示为空框，这份 PDF 也不符合存档格式（PDF/A）"


@cache
def _engine(faces: FontSet) -> _Engine:
    try:
        import typst  # noqa: PLC0415 - takes a moment, and only this engine needs it
    except ImportError as fault:
        raise PdfUnavailable("本机没有安装 Typst，未生成 PDF；请重新运行 make setup") from fault
    if not faces.faces:
        raise PdfUnavailable("没有找到排 PDF 所需的字体，未生成 PDF；请重新运行 make setup")
    folders = sorted({str(face.path.parent) for face in faces.faces})
    held = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    known = {Path(one.path): one.family for one in held.fonts() if one.path and one.index == 0}
    named = (replace(face, family=known.get(face.path, face.family)) for face in faces.faces)
    compiler = typst.Compiler(font_paths=held, ignore_system_fonts=True)
    return _Engine(typst, compiler, FontSet(tuple(named)), look("report.typ"), os.getpid())


# --- the draft as data -----------------------------------------------------------------------------------------


def _content(draft: Draft, fmt: Format, pictures: Mapping[str, str], faces: FontSet) -> dict[str, object]:
    latin, day = faces.face(Role.LATIN), draft.published_on
    every = [face.family for face in faces.faces]
    return {
        "title": draft.title,
        "lines": title_lines(draft.title, draft.unit),
        "unit": draft.unit,
        "day": [day.year, day.month, day.day] if day else None,
        "latin": latin.family if latin else "",
        "faces": {role: faces.stack(role) or every for role in fonts.STACKS},
        "notices": notices(draft),
        "blocks": [_block(item, faces) for item in items(draft.blocks, fmt, pictures, folded=True)],
    }


def _block(item: Item, faces: FontSet) -> dict[str, object]:
    if item.view is not None:
        return {"sort": item.sort, **_table(item.view, counted=faces.face(Role.LATIN) is not None)}
    svg = _lettered(item.svg, faces)
    return {"sort": item.sort, "text": item.text, "level": item.level, "svg": svg}


def _lettered(svg: str, faces: FontSet) -> str:
    """The picture with a face of its own for each run of Chinese.

    In a picture Typst takes the first face named for all words, and for a character that lacks there any other.
    """

    def lettered(found: re.Match[str]) -> str:
        face = faces.face(Role.HEITI if "font-family" in found[1] else Role.FANGSONG)
        if face is None:
            return found[0]
        named = f'<tspan font-family="{escape(repr(face.family))}">\\g<0></tspan>'
        return found[1] + _CHINESE.sub(named, found[2]) + found[3]

    return _WORDS.sub(lettered, svg)


def _table(view: View, *, counted: bool) -> dict[str, object]:
    """The table as the template takes it; lines are ``counted`` where figures have a face in which they are half wide."""
    size = _SIZES[view.kind]
    rows = [*view.head, *(row for body in view.bodies for row in body)]
    long = [_is_long(row, view.widths, size) for row in rows]
    placed = [(at, cell) for at, row in enumerate(rows) for cell in row.cells]
    labels = [_label(cell, at, long[at]) for at, cell in placed if long[at] or not _is_plain(cell)]
    return {
        "kind": view.kind,
        "size": size,
        "caption": "" if view.quiet else view.caption,
        "widths": view.widths,
        "centred": sorted({cell.column for _, cell in placed if cell.kind == "figure"}),
        "heads": [label for label in labels if label["row"] < len(view.head)],
        "labels": [label for label in labels if label["row"] >= len(view.head)],
        "figures": [cell.text for at, cell in placed if not long[at] and _is_plain(cell)],
        "lines": [
            0 if parted or not counted else _lines(row, view.widths, size)
            for row, parted in zip(rows, long, strict=True)
        ],
        "together": _together(view),
    }


def _is_plain(cell: Cell) -> bool:
    """Whether a cell is one place with words in it and no more: Typst fills such places in turn, which is quick."""
    return cell.tag == "td" and cell.kind != "corner" and cell.column_span == 1


def _label(cell: Cell, row: int, long: bool) -> dict[str, Any]:  # noqa: FBT001 - a row is or is not
    return {
        "text": cell.text,
        "role": cell.kind or cell.scope or cell.tag,
        "row": row,
        "column": cell.column,
        "wide": cell.column_span,
        "tall": cell.row_span,
        "long": long,
    }


def _lines(row: Row, widths: Sequence[float], size: float) -> int:
    """How many lines high the row is; 0 where only setting it can tell. Labels beside several rows do not count.

    Typst sets a row whose height is known in half the time.
    """
    least = most = 1
    for cell in row.cells:
        if cell.row_span == 1:
            width = _width(cell, widths) / size
            if len(cell.text) > width or not cell.text.isprintable():
                lines = [_lines_of(line, width) for line in cell.text.split("\n")]
                least = max(least, sum(low for low, _ in lines))
                most = max(most, sum(high for _, high in lines))
    return least if least == most else 0


def _lines_of(text: str, width: float) -> tuple[int, int]:
    """How many lines a text without breaks takes at least and at most, where a line holds ``width`` ems."""
    ems = _ems(text)
    if _UNSURE.search(text) or not text or width <= _SHORT:
        return (1, 1) if 0 < ems <= width and text.isprintable() else (0, len(text) + 1)
    closest = ems - sum(map(text.count, _MARKS)) / 2 - text.count(".") / 4
    return ceil(closest / (width + 1)), 1 if ems <= width else ceil(ems / (width - _SHORT))


def _is_long(row: Row, widths: Sequence[float], size: float) -> bool:
    """Whether a row may need more than a page, so that it must be parted."""
    return any(
        len(cell.text) > _LINES_TOGETHER
        and _ems(cell.text) * size / _width(cell, widths) + cell.text.count("\n") > _LINES_TOGETHER
        for cell in row.cells
    )


def _width(cell: Cell, widths: Sequence[float]) -> float:
    """The points a line of the cell has, or a little less."""
    return sum(widths[cell.column : cell.column + cell.column_span]) * TEXT_WIDTH / 100 - _EDGES


def _ems(text: str) -> float:
    return len(text) - sum(map(_HALF_WIDTH.__contains__, text)) / 2


def _together(view: View) -> list[tuple[int, int]]:
    """The rows (first, and before which) that no page break may part: a band, or a row with those kept with it.

    None at all where every row stands for itself.
    """
    tops = list(accumulate((len(body) for body in view.bodies), initial=len(view.head)))
    if view.kind != "bands":
        rows = [row for body in view.bodies for row in body]
        tops = [len(view.head) + at for at, row in enumerate(rows) if not row.kept] + tops[-1:]
    groups = list(pairwise(tops))
    return groups if any(bottom - top > 1 for top, bottom in groups) else []


def _worded(content: object) -> str:
    """The content as JSON, every text in it fit for a page."""
    words = json.dumps(content, ensure_ascii=False)
    if usable(words) == words and not _ESCAPED.search(words):
        return words
    return json.dumps(_usable(content), ensure_ascii=False)


_ESCAPED = re.compile(r"\\[bfu]")
"""Signs that no page may hold, as JSON writes them."""


def _usable(content: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The content with every text in it fit for a page."""
    match content:
        case str():
            return usable(content)
        case dict():
            return {key: _usable(value) for key, value in content.items()}
        case list() | tuple():
            return [_usable(value) for value in content]
        case _:
            return content
