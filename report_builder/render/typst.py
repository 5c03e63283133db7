"""Draft → PDF by Typst, the second engine: the looks of ``render.pdf`` without Pango, in a tenth of the time.

The draft goes to the template as data (JSON), so nothing a unit writes is ever read as markup.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate, pairwise
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
_ARCHIVED = ["a-2a", "ua-1"]
"""For the archive and for screen readers at once; a file that shows empty boxes for characters is neither."""


@dataclass(frozen=True, slots=True)
class _Engine:
    """What is made once a process: Typst's compiler with our faces alone, named as Typst names them."""

    typst: ModuleType
    compiler: Any
    faces: FontSet
    template: bytes


def write(draft: Draft, fmt: Format, pictures: Mapping[str, str], faces: FontSet) -> Pdf:
    """The report as a PDF; ``pictures`` holds each chart's SVG by its name. The same draft gives the same bytes.

    Raises:
        PdfUnavailable: Typst is not installed.
    """
    engine = _engine(faces)
    content = _usable(_content(draft, fmt, pictures, engine.faces))
    words = json.dumps(content, ensure_ascii=False)
    files = {"main.typ": engine.template, "draft.json": words.encode()}
    try:
        data, said = _set(engine, files, _ARCHIVED)
    except engine.typst.TypstError:
        data, said = _set(engine, files, [])
        said = [_worded(fonts.missing_characters(words, faces)), *said]
    return Pdf(data, tuple(said))


def _set(engine: _Engine, files: Mapping[str, bytes], standards: list[str]) -> tuple[bytes, list[str]]:
    data, said = engine.compiler.compile_with_warnings(files, format="pdf", pdf_standards=standards)
    return bytes(data), [warning.message for warning in said]


def _worded(missing: Iterable[str]) -> str:
    named = "、".join(f"“{sign}”（U+{ord(sign):04X}）" for sign in missing)
    return f"所装字体中没有{named or '正文里的个别字'}，PDF 中显示为空框，这份 PDF 也不符合存档格式（PDF/A）"


@cache
def _engine(faces: FontSet) -> _Engine:
    try:
        import typst  # noqa: PLC0415 - takes a moment, and only this engine needs it
    except ImportError as fault:
        raise PdfUnavailable("本机没有安装 Typst，未生成 PDF；请重新运行 make setup") from fault
    folders = sorted({str(face.path.parent) for face in faces.faces})
    held = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    known = {one.path: one.family for one in held.fonts()}
    named = (replace(face, family=known.get(str(face.path), face.family)) for face in faces.faces)
    compiler = typst.Compiler(font_paths=held, ignore_system_fonts=True)
    return _Engine(typst, compiler, FontSet(tuple(named)), look("report.typ"))


# --- the draft as data -----------------------------------------------------------------------------------------


def _content(draft: Draft, fmt: Format, pictures: Mapping[str, str], faces: FontSet) -> dict[str, object]:
    latin, day = faces.face(Role.LATIN), draft.published_on
    return {
        "title": draft.title,
        "lines": title_lines(draft.title, draft.unit),
        "unit": draft.unit,
        "day": [day.year, day.month, day.day] if day else None,
        "latin": latin.family if latin else "",
        "faces": {role: faces.stack(role) for role in fonts.STACKS},
        "notices": notices(draft),
        "blocks": [_block(item) for item in items(draft.blocks, fmt, pictures, folded=True)],
    }


def _block(item: Item) -> dict[str, object]:
    if item.view is not None:
        return {"sort": item.sort, **_table(item.view)}
    return {"sort": item.sort, "text": item.text, "level": item.level, "svg": item.svg}


def _table(view: View) -> dict[str, object]:
    rows = [*view.head, *(row for body in view.bodies for row in body)]
    return {
        "kind": view.kind,
        "caption": "" if view.quiet else view.caption,
        "widths": view.widths,
        "head": len(view.head),
        "labels": [_label(cell, at) for at, row in enumerate(rows) for cell in row.cells if not _is_plain(cell)],
        "figures": [cell.text for row in rows for cell in row.cells if _is_plain(cell)],
        "room": [_room(row, view.widths) for row in rows],
        "together": list(_together(view)),
    }


def _is_plain(cell: Cell) -> bool:
    """Whether a cell is one place with words in it and nothing else: Typst fills such places in turn, which is quick."""
    return cell.tag == "td" and cell.kind != "corner" and cell.column_span == 1


def _label(cell: Cell, row: int) -> dict[str, object]:
    return {
        "text": cell.text,
        "role": cell.kind or cell.scope,
        "row": row,
        "column": cell.column,
        "wide": cell.column_span,
        "tall": cell.row_span,
    }


def _room(row: Row, widths: Sequence[float]) -> float:
    """The points that each em of the row's fullest cell has in one line; none where a cell has several lines.

    Typst sets a row whose height is known in half the time.
    """
    return min((_room_of(cell, widths) for cell in row.cells if cell.row_span == 1), default=0.0)


def _room_of(cell: Cell, widths: Sequence[float]) -> float:
    if "\n" in cell.text:
        return 0.0
    width = sum(widths[cell.column : cell.column + cell.column_span]) * TEXT_WIDTH / 100
    ems = sum(0.5 if sign in _HALF_WIDTH else 1.0 for sign in cell.text)
    return (width - _EDGES) / max(ems, 1.0)


def _together(view: View) -> Iterator[tuple[int, int]]:
    """The rows (first, and before which) that no page break may part: a band, or a row with those kept with it."""
    tops = list(accumulate((len(body) for body in view.bodies), initial=len(view.head)))
    if view.kind != "bands":
        rows = [row for body in view.bodies for row in body]
        tops = [len(view.head) + at for at, row in enumerate(rows) if not row.kept] + tops[-1:]
    yield from pairwise(tops)


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
