"""Draft → Word: the body is written as XML into a prepared package (templates/report.docx)."""

from __future__ import annotations

import io
import math
import re
import struct
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from report_builder.model import Block, Chart, Draft, Heading, Notice, Paragraph, PlainTable, StatutoryTable
from report_builder.render import look
from report_builder.render.titles import title_lines
from report_builder.spec import Format, Placed, Table

TEXT_WIDTH = 8844
"""156 mm, the width of the text area, in twips."""

_EMU_PER_TWIP = 635
_TALLEST_PICTURE = 110 * 36_000
_HEADER_ROOM = 60
_MARGIN = 60
_SHORT_LABEL = 3
_WHOLE_ROW = 14
_ROWS_TOGETHER = 4
_SHADED = '<w:shd w:val="clear" w:color="auto" w:fill="C6D9F1"/>'
_ROW_HEIGHT = 425
_UNSCALED = 100
_NARROWEST = 50
_FIXED_DAY = "1980-01-01"
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IN_TEXT = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "\r": None,
        "\t": '</w:t><w:tab/><w:t xml:space="preserve">',
        "\n": '</w:t><w:br/><w:t xml:space="preserve">',
    },
)
_IN_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": " ", "\t": " ", "\r": None},
)


class _Part(NamedTuple):
    """One part of the package as the zip holds it."""

    method: int
    crc: int
    size: int
    data: bytes


@dataclass(frozen=True)
class _Base:
    """The prepared package: its parts, deflated once, and the text that reports write into."""

    parts: Mapping[str, _Part]
    opening: str
    closing: str
    relations: str
    headers: Mapping[str, str]


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
    base = _base(mirrored=mirrored)
    shown = _shown(draft.blocks, pictures)
    parts = dict(base.parts)
    body = "".join(
        _block(block, number, draft.unit, fmt, shown) for number, block in enumerate(draft.blocks, 1)
    )
    parts["word/document.xml"] = _text_part(base.opening + body + base.closing)
    parts["docProps/core.xml"] = _text_part(_properties(draft))
    parts.update(_headers(base, draft.blocks))
    if shown:
        parts["word/_rels/document.xml.rels"] = _text_part(_relations(base.relations, shown.values()))
        parts.update({f"word/media/{one.relation}.png": _stored(one.data) for one in shown.values()})
    return _package(parts)


def _ems(text: str) -> float:
    """The width of a text in full-width characters."""
    return sum(0.5 if sign.isascii() else 1 for sign in text)


def _block(block: Block, number: int, unit: str, fmt: Format, shown: Mapping[str, _Picture]) -> str:
    """One block; ``number`` is its place in the draft, which makes the ids of pictures unique."""
    match block:
        case StatutoryTable():
            return _statutory(fmt.table(block.key), block.printed)
        case PlainTable():
            return _plain(block)
        case Chart():
            return _chart(block, number, shown[block.name]) if block.name in shown else ""
        case _:
            return _line(block, unit)


def _line(block: Heading | Paragraph | Notice, unit: str) -> str:
    match block:
        case Heading(level=0):
            return _paragraph("Title", _run("\n".join(title_lines(block.text, unit))))
        case Heading():
            return _paragraph(f"Heading{block.level}", _run(block.text))
        case Paragraph():
            return _paragraph("BodyText", _run(block.text))
        case Notice():
            return _paragraph("DraftMark", _run(block.text))


def _run(text: str, scale: int = _UNSCALED) -> str:
    """A run of text at ``scale`` per cent of its width; the hint makes quotes and dashes Chinese."""
    narrow = f'<w:w w:val="{scale}"/>' if scale != _UNSCALED else ""
    letters = f'<w:rPr><w:rFonts w:hint="eastAsia"/>{narrow}</w:rPr>'
    return f'<w:r>{letters}<w:t xml:space="preserve">{text.translate(_IN_TEXT)}</w:t></w:r>'


def _paragraph(style: str, runs: str, layout: str = "") -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{layout}</w:pPr>{runs}</w:p>'


# Tables


def _edges(widths: Sequence[int]) -> list[int]:
    """Where columns begin and end, in twips: the widths scaled to the text width without a rest."""
    total = sum(widths)
    return [round(TEXT_WIDTH * sum(widths[:index]) / total) for index in range(len(widths) + 1)]


def _table(edges: Sequence[int], margin: int, rows: Iterable[str]) -> str:
    """A table of full width between narrow gaps. WPS trusts the grid, Word the cells: both say the same."""
    columns = "".join(f'<w:gridCol w:w="{right - left}"/>' for left, right in pairwise(edges))
    lines = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    sides = {"top": 30, "left": margin, "bottom": 30, "right": margin}
    margins = "".join(f'<w:{side} w:w="{width}" w:type="dxa"/>' for side, width in sides.items())
    before, after = _paragraph("TableGap", "", "<w:keepNext/>"), _paragraph("TableGap", "")
    return (
        f'{before}<w:tbl><w:tblPr><w:tblW w:w="{TEXT_WIDTH}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{lines}</w:tblBorders><w:tblLayout w:type="fixed"/>'
        f"<w:tblCellMar>{margins}</w:tblCellMar></w:tblPr>"
        f"<w:tblGrid>{columns}</w:tblGrid>{''.join(rows)}</w:tbl>{after}"
    )


def _row(cells: str, height: int, *, repeats: bool = False, whole: bool = True) -> str:
    """A row; ``repeats`` at the top of every page, ``whole`` where it may not be split."""
    marks = ("<w:cantSplit/>" if whole else "") + f'<w:trHeight w:val="{height}"/>'
    return f"<w:tr><w:trPr>{marks}{'<w:tblHeader/>' if repeats else ''}</w:trPr>{cells}</w:tr>"


def _cell(width: int, content: str, *, marks: str = "", at: str = "center") -> str:
    """A cell; ``marks`` are its spans and shade, in the schema's order."""
    properties = f'<w:tcW w:w="{width}" w:type="dxa"/>{marks}<w:vAlign w:val="{at}"/>'
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content}</w:tc>"


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
    setting = _Setting(look, _edges(table.widths), printed, _kept(table))
    cells: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for placed in table.layout:
        for row in range(placed.row, placed.row + placed.row_span):
            cells[row].append((placed.column, _placed(placed, row, setting)))
    figures = {placed.row for placed in table.layout if placed.role == "value"}
    return _table(
        setting.edges,
        look.margin,
        (
            _row(
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
    return _cell(width, _paragraph(style, runs, layout), marks=_marks(placed, row))


def _marks(placed: Placed, row: int) -> str:
    span = f'<w:gridSpan w:val="{placed.column_span}"/>' if placed.column_span > 1 else ""
    run = "restart" if row == placed.row else "continue"
    merge = f'<w:vMerge w:val="{run}"/>' if placed.row_span > 1 else ""
    return f"{span}{merge}{_SHADED if placed.role == 'title' else ''}"


def _manner(placed: Placed, look: _Look) -> tuple[str, str]:
    """Style and side of a cell, as the official form has them."""
    sides = {"title": "left", "corner": "left", "stub": look.stubs}
    headed = placed.role in ("title", "head")
    return (look.head if headed else look.text), sides.get(placed.role, "center")


def _content(placed: Placed, width: int, setting: _Setting) -> str:
    """A figure, or a short label such as 自然人, stays on one line; longer labels wrap."""
    if placed.role != "value" and len(placed.text) > _SHORT_LABEL:
        return _run(placed.text)
    text = setting.printed.get(placed.key, "") if placed.role == "value" else placed.text
    room = width - 2 * setting.look.margin
    return _run(text, _scale(text, room, setting.look.size)) if text else ""


def _scale(text: str, room: int, size: int) -> int:
    """How far a text must be narrowed, in per cent, to stay on one line of ``room`` twips."""
    need = math.ceil(_ems(text) * size * 10)
    return max(_NARROWEST, min(_UNSCALED, 100 * room // need))


def _plain(table: PlainTable) -> str:
    """A table of ours: its caption above it, its header on every page."""
    edges = _edges(table.widths)
    widths = [right - left for left, right in pairwise(edges)]
    caption = _paragraph("Caption", _run(table.caption)) if table.caption else ""
    layout = '<w:keepNext/><w:jc w:val="center"/>'
    heads = (_paragraph("TableHead", _run(text), layout) for text in table.header)
    cells = (_cell(width, head, marks=_SHADED) for width, head in zip(widths, heads, strict=True))
    header = _row("".join(cells), _ROW_HEIGHT, repeats=True)
    return caption + _table(edges, _MARGIN, (header, *(_plain_row(row, widths) for row in table.rows)))


def _plain_row(row: Sequence[str], widths: Sequence[int]) -> str:
    """A row of texts; a long one may be split, or it would leave half a page empty or be cut off."""
    cells = list(zip(widths, row, strict=True))
    whole = max(_lines(text, width) for width, text in cells) <= _WHOLE_ROW
    at = "center" if whole else "top"
    return _row("".join(_cell(width, _texts(text), at=at) for width, text in cells), _ROW_HEIGHT, whole=whole)


def _lines(text: str, width: int) -> int:
    """About how many lines a text takes in a column, at 10.5 pt."""
    room = (width - 2 * _MARGIN) / 210
    return sum(math.ceil(_ems(piece) / room) or 1 for piece in text.split("\n"))


def _texts(text: str) -> str:
    return "".join(_paragraph("TableText", _run(piece) if piece else "") for piece in text.split("\n"))


# Pictures


def _shown(blocks: Iterable[Block], pictures: Mapping[str, bytes]) -> dict[str, _Picture]:
    """The charts of the draft that have a picture, by name."""
    charts = dict.fromkeys(block.name for block in blocks if isinstance(block, Chart))
    names = (name for name in charts if name in pictures)
    return {name: _picture(f"chart{number}", pictures[name]) for number, name in enumerate(names, 1)}


def _picture(relation: str, data: bytes) -> _Picture:
    """As wide as the text, unless it would then be too tall; PNG states its size in its first chunk."""
    columns, lines = struct.unpack(">II", data[16:24])
    width = TEXT_WIDTH * _EMU_PER_TWIP
    height = width * lines // columns
    if height > _TALLEST_PICTURE:
        width, height = _TALLEST_PICTURE * columns // lines, _TALLEST_PICTURE
    return _Picture(relation, data, width, height)


def _chart(chart: Chart, number: int, picture: _Picture) -> str:
    drawing = "http://schemas.openxmlformats.org/drawingml/2006"
    name, alt = chart.name.translate(_IN_ATTRIBUTE), chart.alt.translate(_IN_ATTRIBUTE)
    size = f'cx="{picture.width}" cy="{picture.height}"'
    return _paragraph(
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


# The package


def _headers(base: _Base, blocks: Iterable[Block]) -> dict[str, _Part]:
    """A draft bears its mark on every page; the headers of any other report stay empty."""
    mark = next((block.text for block in blocks if isinstance(block, Notice)), "")
    if not mark:
        return {}
    short = mark if len(mark) <= _HEADER_ROOM else mark[: _HEADER_ROOM - 2] + "……"
    end = f"{_run(short)}</w:p>"
    return {name: _text_part(header.replace("</w:p>", end)) for name, header in base.headers.items()}


def _properties(draft: Draft) -> str:
    """The core properties: who reports what; without a day of publication a fixed day, never the clock."""
    day = draft.published_on.isoformat() if draft.published_on else _FIXED_DAY
    title, unit = draft.title.translate(_IN_ATTRIBUTE), draft.unit.translate(_IN_ATTRIBUTE)
    dated = "".join(
        f'<dcterms:{what} xsi:type="dcterms:W3CDTF">{day}T00:00:00Z</dcterms:{what}>'
        for what in ("created", "modified")
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{title}</dc:title><dc:creator>{unit}</dc:creator><cp:lastModifiedBy>{unit}</cp:lastModifiedBy>"
        f"<dc:language>zh-CN</dc:language>{dated}</cp:coreProperties>"
    )


@cache
def _base(*, mirrored: bool) -> _Base:
    """The prepared package, read and deflated once per process."""
    with zipfile.ZipFile(io.BytesIO(look("report.docx"))) as package:
        texts = {name: package.read(name).decode("utf-8") for name in package.namelist()}
    if mirrored:
        settings = texts["word/settings.xml"]
        texts["word/settings.xml"] = re.sub(r"<w:zoom [^>]*/>", r"\g<0><w:mirrorMargins/>", settings)
    body = texts["word/document.xml"]
    opening = body.index("<w:body>") + len("<w:body>")
    return _Base(
        parts={name: _text_part(text) for name, text in texts.items()},
        opening=body[:opening],
        closing=body[body.rindex("<w:sectPr") :],
        relations=texts["word/_rels/document.xml.rels"],
        headers={name: text for name, text in texts.items() if name.startswith("word/header")},
    )


def _text_part(text: str) -> _Part:
    """A deflated part; characters that XML forbids are left out."""
    data = _FORBIDDEN.sub("", text).encode("utf-8")
    deflater = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = deflater.compress(data) + deflater.flush()
    return _Part(zipfile.ZIP_DEFLATED, zlib.crc32(data), len(data), packed)


def _stored(data: bytes) -> _Part:
    """A picture is compressed already."""
    return _Part(zipfile.ZIP_STORED, zlib.crc32(data), len(data), data)


def _package(parts: Mapping[str, _Part]) -> bytes:
    """The parts as a zip, sorted and dated 1980-01-01, so that equal reports are equal bytes.

    zipfile would deflate the unchanging parts again for every report, which is most of its time.
    """
    files, directory, offset = [], [], 0
    for name, part in sorted(parts.items()):
        label = name.encode("ascii")
        fields = struct.pack(
            "<HHHHHIIIHH", 20, 0, part.method, 0, 0x21, part.crc, len(part.data), part.size, len(label), 0
        )
        files += [b"PK\x03\x04", fields, label, part.data]
        directory.append(b"PK\x01\x02\x14\x00" + fields + struct.pack("<HHHII", 0, 0, 0, 0, offset) + label)
        offset += 4 + len(fields) + len(label) + len(part.data)
    listing = b"".join(directory)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(parts), len(parts), len(listing), offset, 0)
    return b"".join([*files, listing, end])
