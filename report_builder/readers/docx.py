"""A Word file (.docx: ours, Word's or WPS's) → its paragraphs and tables in reading order."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from report_builder.errors import UnreadableError
from report_builder.model import Document, Grid

_LARGEST_FILE = 64 * 2**20
_LARGEST_PART = 64 * 2**20
_WIDEST_SPAN = 63
_MOST_COLUMNS = 256
_MOST_CELLS = 500_000
_SAVE_AGAIN = "请用 Word 或 WPS 打开核对，另存为 .docx 后重新放入"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MAIN_PART = re.compile(rb'PartName="/([^"]+)"\s+ContentType="[^"]+\.main\+xml"')
_STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_NAMESPACE = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_UNMARKED_NAMES = frozenset({"征求意见标识"})
_TITLE_NAMES = frozenset({"title"})


def _w(name: str) -> str:
    return f"{{{_NAMESPACE.decode()}}}{name}"


_P, _R, _T, _TBL, _TR, _TC = map(_w, ("p", "r", "t", "tbl", "tr", "tc"))
_P_PR, _TC_PR, _TR_PR, _VAL = map(_w, ("pPr", "tcPr", "trPr", "val"))
_GRID_SPAN, _V_MERGE, _H_MERGE = map(_w, ("gridSpan", "vMerge", "hMerge"))
_GRID_BEFORE = f"{_TR_PR}/{_w('gridBefore')}"
_PROPERTIES = f"{_TC_PR}/*"
_P_STYLE, _SIDE = f"{_P_PR}/{_w('pStyle')}", f"{_P_PR}/{_w('jc')}"
_BREAKS = frozenset({_w("br"), _w("cr")})
_HYPHEN = _w("noBreakHyphen")
_LETTERS = (_T, _w("tab"), _HYPHEN, *_BREAKS)
_DELETED, _BOX = _w("delText"), _w("txbxContent")
_CHANGES = tuple(map(_w, ("ins", "del", "moveFrom", "moveTo")))
_PICTURES = (
    "{http://schemas.openxmlformats.org/drawingml/2006/main}blip",
    "{urn:schemas-microsoft-com:vml}imagedata",
)
_PICTURED = "pictured"
_SHOWN = 20
_COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_FALLBACK = f"{_COMPATIBILITY}Fallback"
_NOT_TEXT = (
    *map(_w, ("del", "moveFrom", "drawing", "pict", "object", "txbxContent", "rt")),
    _FALLBACK,
)
_FRAMES = frozenset(
    {
        *map(_w, ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo")),
        f"{_COMPATIBILITY}AlternateContent",
        f"{_COMPATIBILITY}Choice",
    },
)


@dataclass
class _Reading:
    """What has been read so far: the title's lines, and the items after it in order."""

    names: Mapping[str, str]
    items: list[str | Grid] = field(default_factory=list)
    title: list[str] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)
    tables: int = 0


def read(data: bytes) -> Document:
    """The document as it stands when all tracked changes are accepted; its title stands apart from its items.

    Left out, since it is not the unit's text: headers, footers, pictures, text boxes, comments, the mark of a
    draft. Tables within a table stand after it; a table that only frames the page is read as its contents.

    Raises:
        UnreadableError: not a .docx, encrypted, broken, or larger than any report.
    """
    package = _opened(data)
    body = _tree(_main_part(package)).find(_w("body"))
    if body is None:
        raise UnreadableError("Word 文件里没有正文", _SAVE_AGAIN)
    reading = _Reading(_style_names(package))
    remarks = tuple(_remarks(body))
    _mark_pictures(body)
    for mark in body.findall(f".//{_TR_PR}/{_w('del')}"):
        row = mark.getparent().getparent()
        row.getparent().remove(row)
    etree.strip_elements(body, *_NOT_TEXT, with_tail=False)
    _walk(body, reading)
    return Document(tuple(reading.items), "".join(reading.title), tuple(reading.pictures), remarks=remarks)


def _remarks(body: etree._Element) -> Iterator[str]:
    """What is to be known of the reading: changes nobody has accepted yet, words that stand in text boxes."""
    changes = sum(_has_text(change) for change in body.iter(*_CHANGES))
    if changes:
        yield f"文件里有 {changes} 处修订还没有接受，按全部接受后的内容读取"
    boxes = (box for box in body.iter(_BOX) if next(box.iterancestors(_FALLBACK), None) is None)
    texts = ["".join(letters.text or "" for letters in box.iter(_T)).strip() for box in boxes]
    written = [text for text in texts if text]
    if written:
        yield f"文件里有 {len(written)} 个文本框，里面的文字没有读取（“{written[0][:_SHOWN]}”）"


def _has_text(change: etree._Element) -> bool:
    """Whether a change adds or takes away words; a table row's own mark is none of its words."""
    return any((letters.text or "").strip() for letters in change.iter(_T, _DELETED))


def _mark_pictures(body: etree._Element) -> None:
    """Marks the paragraphs that hold a picture, before what is no text is taken out."""
    for picture in body.iter(*_PICTURES):
        paragraph = next(picture.iterancestors(_P), None)
        if paragraph is not None:
            paragraph.set(_PICTURED, "1")


# The package


def _opened(data: bytes) -> zipfile.ZipFile:
    if data.startswith(_OLE):
        raise _ole_fault(data)
    if len(data) > _LARGEST_FILE:
        size = f"文件有 {len(data) >> 20} MB，超过 {_LARGEST_FILE >> 20} MB"
        raise UnreadableError(size, "请删去或压缩其中的图片后重新放入")
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError) as fault:
        raise UnreadableError("不是完整的 .docx 文件", _SAVE_AGAIN) from fault


def _ole_fault(data: bytes) -> UnreadableError:
    if _ENCRYPTED in data:
        return UnreadableError("文件加了打开密码", "请取消密码后另存为 .docx 重新放入")
    return UnreadableError("这是旧版 Word 文件（.doc），不是 .docx", _SAVE_AGAIN)


def _main_part(package: zipfile.ZipFile) -> bytes:
    """The document's own part, wherever the package says it stands."""
    content = _part(package, "word/document.xml")
    if content is None:
        named = _MAIN_PART.search(_part(package, "[Content_Types].xml") or b"")
        content = _part(package, named.group(1).decode("utf-8", "replace")) if named else None
    if content is None:
        raise UnreadableError("文件里没有 Word 正文（word/document.xml）", _SAVE_AGAIN)
    return content.replace(_STRICT, _NAMESPACE)


def _part(package: zipfile.ZipFile, name: str) -> bytes | None:
    """A part's bytes, None where there is none; both its declared and its true size are limited."""
    try:
        entry = package.getinfo(name)
    except KeyError:
        return None
    if entry.flag_bits & 1:
        raise UnreadableError("文件加了密码", "请取消密码后另存为 .docx 重新放入")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnreadableError("文件的压缩方式不是 Word 所用的", _SAVE_AGAIN)
    try:
        with package.open(entry) as opened:
            content = opened.read(_LARGEST_PART + 1)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, zlib.error) as fault:
        raise UnreadableError("文件已损坏，解压不出正文", _SAVE_AGAIN) from fault
    if entry.file_size > _LARGEST_PART or len(content) > _LARGEST_PART:
        raise UnreadableError(f"正文解压后超过 {_LARGEST_PART >> 20} MB，不像一份年度报告", _SAVE_AGAIN)
    return content


def _tree(content: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as fault:
        raise UnreadableError("Word 正文的内部结构已损坏", _SAVE_AGAIN) from fault


def _style_names(package: zipfile.ZipFile) -> dict[str, str]:
    """Style names by id: WPS renumbers the ids when it saves, the names stay."""
    content = _part(package, "word/styles.xml")
    if content is None:
        return {}
    styles = _tree(content.replace(_STRICT, _NAMESPACE)).iterfind(_w("style"))
    named = ((style.get(_w("styleId"), ""), style.find(_w("name"))) for style in styles)
    return {key: name.get(_VAL, "").lower() for key, name in named if name is not None}


# The text


def _walk(parent: etree._Element, reading: _Reading) -> None:
    """The blocks of ``parent`` in order, through content controls and the like."""
    for child in parent:
        if child.tag == _P:
            _take_paragraph(child, reading)
        elif child.tag == _TBL:
            _take_table(child, reading)
        elif child.tag in _FRAMES:
            _walk(child, reading)


def _take_paragraph(paragraph: etree._Element, reading: _Reading) -> None:
    """A soft break ends a paragraph, as many typists mean it; the lines of a title are one."""
    if paragraph.get(_PICTURED):
        reading.pictures.append(len(reading.items))
    style = paragraph.find(_P_STYLE)
    name = "" if style is None else reading.names.get(style.get(_VAL, ""), "")
    if name in _UNMARKED_NAMES:
        return
    lines = [line.strip() for line in _text(paragraph, "\n").split("\n")]
    of_title = not reading.items and (name in _TITLE_NAMES or not reading.title or _centred(paragraph))
    (reading.title if of_title else reading.items).extend(line for line in lines if line)


def _centred(paragraph: etree._Element) -> bool:
    """A title in two paragraphs: the unit, and below it the year and the name of the report."""
    side = paragraph.find(_SIDE)
    return side is not None and side.get(_VAL) == "center"


def _text(paragraph: etree._Element, broken: str) -> str:
    return "".join(_letters(paragraph, broken))


def _letters(paragraph: etree._Element, broken: str) -> Iterator[str]:
    for element in paragraph.iter(*_LETTERS):
        if element.tag == _T:
            yield element.text or ""
        elif element.tag in _BREAKS:
            yield broken
        elif element.getparent().tag == _R:
            yield "-" if element.tag == _HYPHEN else " "


# Tables


def _take_table(table: etree._Element, reading: _Reading) -> None:
    nested = table.findall(f".//{_TBL}")
    if nested and all(len(row.findall(_TC)) <= 1 for row in table.iterfind(_TR)):
        for cell in table.iterfind(f"{_TR}/{_TC}"):
            _walk(cell, reading)
        return
    reading.tables += 1
    if any(paragraph.get(_PICTURED) for paragraph in table.iter(_P)):
        reading.pictures.append(len(reading.items))
    reading.items.append(Grid(f"第{reading.tables}张表", _rows(table)))
    for inner in nested:
        if next(inner.iterancestors(_TBL)) is table:
            _take_table(inner, reading)


def _rows(table: etree._Element) -> tuple[tuple[str | None, ...], ...]:
    """The cells in the table's own grid columns, every row as wide as the widest."""
    rows = [_row(row, first=index == 0) for index, row in enumerate(_inside(table, _TR))]
    width = max(map(len, rows), default=0)
    if width * len(rows) > _MOST_CELLS:
        raise UnreadableError(f"文件里有一张表超过 {_MOST_CELLS} 格，不像一份年度报告", _SAVE_AGAIN)
    return tuple((*row, *[None] * (width - len(row))) for row in rows)


def _row(row: etree._Element, *, first: bool) -> list[str | None]:
    cells: list[str | None] = [None] * _number(row.find(_GRID_BEFORE), 0)
    for cell in _inside(row, _TC):
        properties = {one.tag: one for one in cell.iterfind(_PROPERTIES)}
        cells.append(None if _continues(properties, first=first) else _cell_text(cell))
        cells += [None] * (_number(properties.get(_GRID_SPAN), 1) - 1)
        if len(cells) > _MOST_COLUMNS:
            raise UnreadableError(f"文件里有一张表超过 {_MOST_COLUMNS} 列，不像一份年度报告", _SAVE_AGAIN)
    return cells


def _inside(parent: etree._Element, tag: str) -> Iterator[etree._Element]:
    """The rows of a table, cells of a row or paragraphs of a cell, never those of a nested table."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag in _FRAMES:
            yield from _inside(child, tag)


def _continues(properties: Mapping[str, etree._Element], *, first: bool) -> bool:
    """Whether the cell belongs to the one above or to its left; in a first row there is nothing above."""
    above, left = properties.get(_V_MERGE), properties.get(_H_MERGE)
    if left is not None and left.get(_VAL, "continue") == "continue":
        return True
    return above is not None and not first and above.get(_VAL, "continue") == "continue"


def _number(element: etree._Element | None, absent: int) -> int:
    """A count of grid columns; Word has 63 at most, whatever a file claims."""
    value = "" if element is None else element.get(_VAL, "")
    return min(int(value), _WIDEST_SPAN) if value.isascii() and value.isdigit() else absent


def _cell_text(cell: etree._Element) -> str:
    """The cell's own paragraphs, one a line; a soft break within one is only for looks."""
    texts = (_text(paragraph, "").strip() for paragraph in _inside(cell, _P))
    return "\n".join(text for text in texts if text)
