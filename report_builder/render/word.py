"""What every Word file of ours is made of: runs, paragraphs, tables of texts, and the prepared package around them."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from report_builder.model import PlainTable
from report_builder.render import look
from report_builder.render.columns import figure_columns

TEXT_WIDTH = 8844
"""156 mm, the width of the text area, in twips."""

UNSCALED = 100
SHADED = '<w:shd w:val="clear" w:color="auto" w:fill="C6D9F1"/>'
_HEADER_ROOM = 60
_MARGIN = 60
_WHOLE_ROW = 36
_ROW_HEIGHT = 425
_NARROWEST = 50
_FIXED_DAY = "1980-01-01"
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IN_TEXT = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "\r": None,
        "\t": "<w:tab/>",
        "\n": "<w:br/>",
    },
)
IN_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": " ", "\t": " ", "\r": None},
)


class Part(NamedTuple):
    """One part of the package as the zip holds it."""

    method: int
    crc: int
    size: int
    data: bytes


@dataclass(frozen=True)
class Base:
    """The prepared package: its parts, deflated once, and the text that reports write into."""

    parts: Mapping[str, Part]
    opening: str
    closing: str
    relations: str
    headers: Mapping[str, str]


def ems(text: str) -> float:
    """The width of a text in full-width characters."""
    return sum(0.5 if sign.isascii() else 1 for sign in text)


def run(text: str, scale: int = UNSCALED, tag: str = "t") -> str:
    """A run of text at ``scale`` per cent of its width; the hint makes quotes and dashes Chinese.

    ``tag`` is ``delText`` for text that a tracked change has taken out.
    """
    narrow = f'<w:w w:val="{scale}"/>' if scale != UNSCALED else ""
    letters = f'<w:rPr><w:rFonts w:hint="eastAsia"/>{narrow}</w:rPr>'
    opening, closing = f'<w:{tag} xml:space="preserve">', f"</w:{tag}>"
    said = text.translate(_IN_TEXT)
    for sign in ("tab", "br"):
        said = said.replace(f"<w:{sign}/>", f"{closing}<w:{sign}/>{opening}")
    return f"<w:r>{letters}{opening}{said}{closing}</w:r>"


def line(text: str, room: int, size: int) -> str:
    """A run on one line of ``room`` twips, narrowed where it is too wide; ``size`` is in half points."""
    if not text:
        return ""
    need = math.ceil(ems(text) * size * 10)
    return run(text, max(_NARROWEST, min(UNSCALED, 100 * room // need)))


def paragraph(style: str, runs: str, layout: str = "") -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{layout}</w:pPr>{runs}</w:p>'


# Tables


def column_edges(widths: Sequence[int]) -> list[int]:
    """Where columns begin and end, in twips: the widths scaled to the text width without a rest."""
    total = sum(widths)
    return [round(TEXT_WIDTH * sum(widths[:index]) / total) for index in range(len(widths) + 1)]


def table_of(edges: Sequence[int], margin: int, rows: Iterable[str]) -> str:
    """A table of full width between narrow gaps. WPS trusts the grid, Word the cells: both say the same."""
    columns = "".join(f'<w:gridCol w:w="{right - left}"/>' for left, right in pairwise(edges))
    lines = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    sides = {"top": 30, "left": margin, "bottom": 30, "right": margin}
    margins = "".join(f'<w:{side} w:w="{width}" w:type="dxa"/>' for side, width in sides.items())
    before, after = paragraph("TableGap", "", "<w:keepNext/>"), paragraph("TableGap", "")
    return (
        f'{before}<w:tbl><w:tblPr><w:tblW w:w="{TEXT_WIDTH}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{lines}</w:tblBorders><w:tblLayout w:type="fixed"/>'
        f"<w:tblCellMar>{margins}</w:tblCellMar></w:tblPr>"
        f"<w:tblGrid>{columns}</w:tblGrid>{''.join(rows)}</w:tbl>{after}"
    )


def table_row(cells: str, height: int, *, repeats: bool = False, whole: bool = True) -> str:
    """A row; ``repeats`` at the top of every page, ``whole`` where it may not be split."""
    marks = ("<w:cantSplit/>" if whole else "") + f'<w:trHeight w:val="{height}"/>'
    return f"<w:tr><w:trPr>{marks}{'<w:tblHeader/>' if repeats else ''}</w:trPr>{cells}</w:tr>"


def table_cell(width: int, content: str, *, marks: str = "", at: str = "center") -> str:
    """A cell; ``marks`` are its spans and shade, in the schema's order."""
    properties = f'<w:tcW w:w="{width}" w:type="dxa"/>{marks}<w:vAlign w:val="{at}"/>'
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content}</w:tc>"


def plain_table(table: PlainTable) -> str:
    """A table of ours: its caption above it, its header on every page."""
    edges = column_edges(table.widths)
    widths = [right - left for left, right in pairwise(edges)]
    caption = paragraph("Caption", run(table.caption)) if table.caption else ""
    layout = '<w:keepNext/><w:jc w:val="center"/>'
    heads = (paragraph("TableHead", run(text), layout) for text in table.header)
    cells = (table_cell(width, head, marks=SHADED) for width, head in zip(widths, heads, strict=True))
    header = table_row("".join(cells), _ROW_HEIGHT, repeats=True)
    figures = figure_columns(table.rows)
    rows = (_plain_row(row, widths, figures) for row in table.rows)
    return caption + table_of(edges, _MARGIN, (header, *rows))


def _plain_row(row: Sequence[str], widths: Sequence[int], figures: Container[int]) -> str:
    """A row of texts, whole; one that takes most of a page may be split, or it would be cut off."""
    cells = list(zip(widths, row, strict=True))
    whole = max(_lines(text, width) for width, text in cells) <= _WHOLE_ROW
    at = "center" if whole else "top"
    layouts = ['<w:jc w:val="center"/>' if column in figures else "" for column in range(len(row))]
    drawn = (
        table_cell(width, _texts(text, layout), at=at)
        for (width, text), layout in zip(cells, layouts, strict=True)
    )
    return table_row("".join(drawn), _ROW_HEIGHT, whole=whole)


def _lines(text: str, width: int) -> int:
    """About how many lines a text takes in a column, at 10.5 pt."""
    room = (width - 2 * _MARGIN) / 210
    return sum(math.ceil(ems(piece) / room) or 1 for piece in text.split("\n"))


def _texts(text: str, layout: str) -> str:
    return "".join(paragraph("TableText", run(piece) if piece else "", layout) for piece in text.split("\n"))


# The package


def headed(base: Base, mark: str) -> dict[str, Part]:
    """The headers of every page with ``mark`` in them, cut to a line; without one they stay empty."""
    if not mark:
        return {}
    short = mark if len(mark) <= _HEADER_ROOM else mark[: _HEADER_ROOM - 2] + "……"
    end = f"{run(short)}</w:p>"
    return {name: text_part(header.replace("</w:p>", end)) for name, header in base.headers.items()}


def core_properties(title: str, unit: str, day: dt.date | None) -> str:
    """What the file is and whose; without a day a fixed one, never the clock."""
    title, unit = title.translate(IN_ATTRIBUTE), unit.translate(IN_ATTRIBUTE)
    dated = "".join(
        f'<dcterms:{what} xsi:type="dcterms:W3CDTF">{day.isoformat() if day else _FIXED_DAY}T00:00:00Z</dcterms:{what}>'
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
def base(*, mirrored: bool = False) -> Base:
    """The prepared package, read and deflated once per process."""
    with zipfile.ZipFile(io.BytesIO(look("report.docx"))) as package:
        texts = {name: package.read(name).decode("utf-8") for name in package.namelist()}
    if mirrored:
        settings = texts["word/settings.xml"]
        texts["word/settings.xml"] = re.sub(r"<w:zoom [^>]*/>", r"\g<0><w:mirrorMargins/>", settings)
    body = texts["word/document.xml"]
    opening = body.index("<w:body>") + len("<w:body>")
    return Base(
        parts={name: text_part(text) for name, text in texts.items()},
        opening=body[:opening],
        closing=body[body.rindex("<w:sectPr") :],
        relations=texts["word/_rels/document.xml.rels"],
        headers={name: text for name, text in texts.items() if name.startswith("word/header")},
    )


def text_part(text: str) -> Part:
    """A deflated part; characters that XML forbids are left out."""
    data = _FORBIDDEN.sub("", text).encode("utf-8")
    deflater = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    small = deflater.compress(data) + deflater.flush()
    return Part(zipfile.ZIP_DEFLATED, zlib.crc32(data), len(data), small)


def stored(data: bytes) -> Part:
    """A picture is compressed already."""
    return Part(zipfile.ZIP_STORED, zlib.crc32(data), len(data), data)


def packed(parts: Mapping[str, Part]) -> bytes:
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
