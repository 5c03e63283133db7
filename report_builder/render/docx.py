"""Draft → Word: the body is written as XML into a prepared package (templates/report.docx)."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from report_builder.model import Block, Chart, Draft, Heading, Notice, Paragraph, PlainTable, StatutoryTable
from report_builder.render import word
from report_builder.render.titles import title_lines
from report_builder.spec import Format, Placed, Table

_EMU_PER_TWIP = 635
_TALLEST_PICTURE = 110 * 36_000
_SHORT_LABEL = 3
_ROWS_TOGETHER = 4


@dataclass(frozen=True)
class _Picture:
    """A chart's picture: its relation in the package, and its size in EMU."""

    relation: str
    data: bytes
    width: int
    height: int


@dataclass(frozen=True)
class _Look:
    """How a table is set: styles, type size (half points), heights and margin (twips), side of its stubs."""

    text: str
    head: str
    size: int
    height: int
    figures_height: int
    margin: int
    stubs: str
    repeats: bool


_LOOKS = {
    "bands": _Look("TableText", "TableHead", 21, 425, 425, 45, "center", repeats=False),
    "matrix": _Look("TableSmall", "TableSmallHead", 19, 340, 340, 30, "left", repeats=True),
    "strip": _Look("TableText", "TableHead", 21, 425, 680, 30, "center", repeats=True),
}


def write(draft: Draft, fmt: Format, pictures: Mapping[str, bytes], *, mirrored: bool = False) -> bytes:
    """The report as a .docx; ``pictures`` holds an opaque PNG by chart name, a chart without one is left out.

    ``mirrored`` is for a report that is bound: the wide margin changes sides. Same draft, same bytes.
    """
    base = word.base(mirrored=mirrored)
    shown = _shown(draft.blocks, pictures)
    parts = dict(base.parts)
    body = "".join(
        _block(block, number, draft.unit, fmt, shown) for number, block in enumerate(draft.blocks, 1)
    )
    parts["word/document.xml"] = word.text_part(base.opening + body + base.closing)
    parts["docProps/core.xml"] = word.text_part(
        word.core_properties(draft.title, draft.unit, draft.published_on)
    )
    mark = next((block.text for block in draft.blocks if isinstance(block, Notice)), "")
    parts.update(word.headed(base, mark))
    if shown:
        parts["word/_rels/document.xml.rels"] = word.text_part(_relations(base.relations, shown.values()))
        parts.update({f"word/media/{one.relation}.png": word.stored(one.data) for one in shown.values()})
    return word.packed(parts)


def _block(block: Block, number: int, unit: str, fmt: Format, shown: Mapping[str, _Picture]) -> str:
    """One block; ``number`` is its place in the draft, which makes the ids of pictures unique."""
    match block:
        case StatutoryTable():
            return _statutory(fmt.table(block.key), block.printed)
        case PlainTable():
            return word.plain_table(block)
        case Chart():
            return _chart(block, number, shown[block.name]) if block.name in shown else ""
        case _:
            return _line(block, unit)


def _line(block: Heading | Paragraph | Notice, unit: str) -> str:
    match block:
        case Heading(level=0):
            return word.paragraph("Title", word.run("\n".join(title_lines(block.text, unit))))
        case Heading():
            return word.paragraph(f"Heading{block.level}", word.run(block.text))
        case Paragraph():
            return word.paragraph("BodyText", word.run(block.text))
        case Notice():
            return word.paragraph("DraftMark", word.run(block.text))


# Tables


@dataclass(frozen=True)
class _Setting:
    """One statutory table being set: look, column edges, figures, and the rows that stay with the next."""

    look: _Look
    edges: Sequence[int]
    printed: Mapping[str, str]
    kept: frozenset[int]


def _statutory(table: Table, printed: Mapping[str, str]) -> str:
    """The table as the format prints it, merges included.

    The bands of table two have a header each: repeating the first over the rows of another would mislead, so
    a band is kept on one page instead.
    """
    look = _LOOKS[table.shape]
    setting = _Setting(look, word.column_edges(table.widths), printed, _kept(table))
    cells: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for placed in table.layout:
        for row in range(placed.row, placed.row + placed.row_span):
            cells[row].append((placed.column, _placed(placed, row, setting)))
    figures = {placed.row for placed in table.layout if placed.role == "value"}
    return word.table_of(
        setting.edges,
        look.margin,
        (
            word.table_row(
                "".join(xml for _, xml in sorted(cells[row])),
                look.figures_height if row in figures else look.height,
                repeats=look.repeats and row < table.header_rows,
            )
            for row in range(table.row_count)
        ),
    )


def _kept(table: Table) -> frozenset[int]:
    """The rows that stay with the next: a header and some of what it heads, the rows of a band or strip."""
    if table.shape == "matrix":
        return frozenset(range(table.header_rows + _ROWS_TOGETHER))
    titles = {placed.row for placed in table.layout if placed.role == "title"}
    return frozenset(row for row in range(table.row_count - 1) if row + 1 not in titles)


def _placed(placed: Placed, row: int, setting: _Setting) -> str:
    """The cell at its first row, or its continuation in a further one."""
    width = setting.edges[placed.column + placed.column_span] - setting.edges[placed.column]
    style, side = _manner(placed, setting.look)
    layout = ("<w:keepNext/>" if row in setting.kept else "") + f'<w:jc w:val="{side}"/>'
    runs = _content(placed, width, setting) if row == placed.row else ""
    return word.table_cell(width, word.paragraph(style, runs, layout), marks=_marks(placed, row))


def _marks(placed: Placed, row: int) -> str:
    span = f'<w:gridSpan w:val="{placed.column_span}"/>' if placed.column_span > 1 else ""
    run = "restart" if row == placed.row else "continue"
    merge = f'<w:vMerge w:val="{run}"/>' if placed.row_span > 1 else ""
    return f"{span}{merge}{word.SHADED if placed.role == 'title' else ''}"


def _manner(placed: Placed, look: _Look) -> tuple[str, str]:
    """Style and side of a cell, as the official form has them."""
    sides = {"title": "left", "corner": "left", "stub": look.stubs}
    headed = placed.role in ("title", "head")
    return (look.head if headed else look.text), sides.get(placed.role, "center")


def _content(placed: Placed, width: int, setting: _Setting) -> str:
    """A figure, or a short label such as 自然人, stays on one line; longer labels wrap."""
    if placed.role != "value" and len(placed.text) > _SHORT_LABEL:
        return word.run(placed.text)
    text = setting.printed.get(placed.key, "") if placed.role == "value" else placed.text
    room = width - 2 * setting.look.margin
    return word.line(text, room, setting.look.size)


# Pictures


def _shown(blocks: Iterable[Block], pictures: Mapping[str, bytes]) -> dict[str, _Picture]:
    """The charts of the draft that have a picture, by name."""
    charts = dict.fromkeys(block.name for block in blocks if isinstance(block, Chart))
    names = (name for name in charts if name in pictures)
    return {name: _picture(f"chart{number}", pictures[name]) for number, name in enumerate(names, 1)}


def _picture(relation: str, data: bytes) -> _Picture:
    """As wide as the text, unless it would then be too tall; PNG states its size in its first chunk."""
    columns, lines = struct.unpack(">II", data[16:24])
    width = word.TEXT_WIDTH * _EMU_PER_TWIP
    height = width * lines // columns
    if height > _TALLEST_PICTURE:
        width, height = _TALLEST_PICTURE * columns // lines, _TALLEST_PICTURE
    return _Picture(relation, data, width, height)


def _chart(chart: Chart, number: int, picture: _Picture) -> str:
    drawing = "http://schemas.openxmlformats.org/drawingml/2006"
    name, alt = chart.name.translate(word.IN_ATTRIBUTE), chart.alt.translate(word.IN_ATTRIBUTE)
    size = f'cx="{picture.width}" cy="{picture.height}"'
    return word.paragraph(
        "Picture",
        f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent {size}/>'
        f'<wp:docPr id="{number}" name="{name}" descr="{alt}"/><wp:cNvGraphicFramePr>'
        f'<a:graphicFrameLocks xmlns:a="{drawing}/main" noChangeAspect="1"/></wp:cNvGraphicFramePr>'
        f'<a:graphic xmlns:a="{drawing}/main"><a:graphicData uri="{drawing}/picture">'
        f'<pic:pic xmlns:pic="{drawing}/picture"><pic:nvPicPr><pic:cNvPr id="{number}" name="{name}"/>'
        f'<pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="{picture.relation}"/>'
        f"<a:stretch><a:fillRect/></a:stretch></pic:blipFill>"
        f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {size}/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>'
        "</wp:inline></w:drawing></w:r>",
    )


def _relations(base: str, pictures: Iterable[_Picture]) -> str:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
    added = "".join(
        f'<Relationship Id="{picture.relation}" Type="{kind}" Target="media/{picture.relation}.png"/>'
        for picture in pictures
    )
    return base.replace("</Relationships>", f"{added}</Relationships>")
