"""An old Word file (.doc, Word 97–2003, also as WPS and LibreOffice write it) → its paragraphs and tables in reading order.

The layout is that of Microsoft's published specification [MS-DOC]: the text lies in pieces (its 2.8.35), what
a paragraph is (in a table, the end of a row) in pages of 512 bytes (2.9.175), a row's columns and merges in the
properties of its end mark (2.9.321). A table within a table
is read as text of its cell. Pictures, notes, headers and text boxes are not the unit's text and are left out.
A deletion that nobody has accepted still stands in the text, so such a file is refused.
"""

from __future__ import annotations

import io
import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

import olefile

from report_builder.errors import UnreadableError
from report_builder.model import Document, Grid

_LARGEST_FILE = 64 * 2**20
_MOST_CELLS = 500_000
_SAVE_AGAIN = "请用 Word 或 WPS 打开核对，另存为 .docx 后重新放入"
_ACCEPT = "请用 Word 或 WPS 打开，接受或拒绝全部修订，另存为 .docx 后重新放入"

_IDENT = 0xA5EC
_OLDEST = 0x00C1  # Word 97
_ENCRYPTED, _SECOND_TABLE = 0x0100, 0x0200
_AT_FLAGS, _AT_TEXT_LENGTH = 0x0A, 0x4C
_AT_BOXES_LENGTH = 0x64
_AT_CHPX, _AT_PAPX, _AT_CLX = 0xFA, 0x102, 0x1A2
_PAGE = 512
_COMPRESSED = 1 << 30

_CELL, _PARAGRAPH, _PAGE_BREAK, _LINE = "\x07", "\r", "\x0c", "\x0b"
_FIELD_BEGIN, _FIELD_SEPARATOR, _FIELD_END = "\x13", "\x14", "\x15"
_HYPHEN = "\x1e"
_DROPPED = dict.fromkeys([*range(9), *range(0x0E, 0x13), 0x1F, 0xAD])

_PICTURE = "\x01"

_DELETED, _ADDED = 0x0800, 0x0801
_IN_TABLE, _ROW_END = 0x2416, 0x2417
_DEPTH = 0x6649
_COLUMNS = 0xD608
_ELSEWHERE = frozenset({0x6645, 0x6646, 0x646B})
"""Properties too many for the page: they lie in the data stream (2.6.2)."""
_SIZES = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}
_TC_SIZE = 20
_SAME_EDGE = 30  # twentieths of a point
_BELOW, _BESIDE = 1, 1


@dataclass(frozen=True)
class _Piece:
    """A run of text: its first character's place in the text, where it lies in the stream, and how it is stored."""

    start: int
    text: str
    at: int
    width: int


@dataclass(frozen=True)
class _Row:
    """What an end-of-row mark says of its row: the columns' edges, and which cells go on from above or from the left."""

    edges: tuple[int, ...] = ()
    below: tuple[bool, ...] = ()
    beside: tuple[bool, ...] = ()


@dataclass(frozen=True)
class _Style:
    """What is known of one paragraph."""

    depth: int = 0
    ends_row: bool = False
    row: _Row = field(default_factory=_Row)


def read(data: bytes) -> Document:
    """The document's paragraphs and tables.

    Raises:
        UnreadableError: not a Word 97–2003 file, encrypted, broken, or larger than any report.
    """
    if len(data) > _LARGEST_FILE:
        raise UnreadableError(
            f"文件有 {len(data) >> 20} MB，超过 {_LARGEST_FILE >> 20} MB", "请删去其中的图片后重新放入"
        )
    try:
        return _Reader(*_streams(data)).document()
    except (struct.error, IndexError, ValueError, OSError, KeyError, OverflowError) as fault:
        raise UnreadableError("旧版 Word 文件（.doc）的内部结构已损坏", _SAVE_AGAIN) from fault


def _streams(data: bytes) -> tuple[bytes, bytes, bytes]:
    """The document's own stream, its table stream, and its data stream, which it may lack."""
    if not olefile.isOleFile(io.BytesIO(data)):
        raise UnreadableError("不是 Word 97–2003 文件（.doc）", _SAVE_AGAIN)
    with olefile.OleFileIO(io.BytesIO(data), raise_defects=olefile.DEFECT_INCORRECT) as package:
        if package.exists("EncryptedPackage"):
            raise UnreadableError("文件加了打开密码", "请取消密码后另存为 .docx 重新放入")
        if not package.exists("WordDocument"):
            raise UnreadableError("文件里没有 Word 正文", _SAVE_AGAIN)
        main = package.openstream("WordDocument").read()
        ident, version = struct.unpack_from("<HH", main, 0)
        if ident != _IDENT or version < _OLDEST:
            raise UnreadableError("是 Word 97 以前的文件，读不出来", _SAVE_AGAIN)
        flags = struct.unpack_from("<H", main, _AT_FLAGS)[0]
        if flags & _ENCRYPTED:
            raise UnreadableError("文件加了打开密码", "请取消密码后另存为 .docx 重新放入")
        table = package.openstream("1Table" if flags & _SECOND_TABLE else "0Table").read()
        return main, table, package.openstream("Data").read() if package.exists("Data") else b""


@dataclass(frozen=True)
class _Paragraph:
    """A paragraph: its text, the mark that ends it, and what is known of it."""

    text: str
    mark: str
    style: _Style
    pictured: bool = False


class _Reader:
    """One file's text with what is known of its paragraphs."""

    def __init__(self, main: bytes, table: bytes, data: bytes) -> None:
        length = struct.unpack_from("<I", main, _AT_TEXT_LENGTH)[0]
        self.main, self.data = main, data
        self.pieces = list(_pieces(main, _part(main, table, _AT_CLX), length))
        self.starts = [piece.start for piece in self.pieces]
        self.text = "".join(piece.text for piece in self.pieces)[:length]
        self.pages = _plc(_part(main, table, _AT_PAPX), 4)
        self.letter_pages = _plc(_part(main, table, _AT_CHPX), 4)[1]

    def document(self) -> Document:
        """Paragraphs and tables, as they follow one another."""
        items: list[str | Grid] = []
        pictures: list[int] = []
        tables = 0
        remarks = tuple(self._remarks())
        for inside, group in groupby(self._paragraphs(), key=lambda one: one.style.depth > 0):
            run = list(group)
            if any(one.pictured for one in run):
                pictures.append(len(items))
            if inside:
                tables += 1
                items.append(Grid(f"第{tables}张表", _grid(*_rows(run))))
            else:
                items += [line for one in run for line in _lines(one.text)]
        return Document(tuple(items), pictures=tuple(pictures), remarks=remarks)

    def _remarks(self) -> Iterator[str]:
        """What is to be known of the reading: words in text boxes, words that were added and not yet accepted."""
        codes = {
            code for page in self.letter_pages for code, on in self._letter_marks(page) if on[:1] == b"\x01"
        }
        if _DELETED in codes:
            raise UnreadableError("文件里有还没有接受的修订，删去的字仍在文中", _ACCEPT)
        if _ADDED in codes:
            yield "文件里有还没有接受的修订，按全部接受后的内容读取"
        if struct.unpack_from("<I", self.main, _AT_BOXES_LENGTH)[0]:
            yield "文件里有文本框，里面的文字没有读取"

    def _letter_marks(self, record: bytes) -> Iterator[tuple[int, bytes]]:
        """The properties of letters on one page of them (2.9.33)."""
        number = struct.unpack("<I", record)[0] & 0x3FFFFF
        page = self.main[number * _PAGE : (number + 1) * _PAGE]
        count = page[_PAGE - 1]
        for at in page[4 * (count + 1) : 4 * (count + 1) + count]:
            if at:
                yield from _sprms(page[2 * at + 1 : 2 * at + 1 + page[2 * at]])

    def _paragraphs(self) -> Iterator[_Paragraph]:
        start = 0
        for end, sign in enumerate(self.text):
            if sign in (_PARAGRAPH, _CELL, _PAGE_BREAK):
                text = self.text[start:end]
                yield _Paragraph(_shown(text), sign, self._style(end), _PICTURE in text)
                start = end + 1
        if start < len(self.text):
            yield _Paragraph(_shown(self.text[start:]), _PARAGRAPH, _Style())

    def _style(self, place: int) -> _Style:
        """The properties of the paragraph whose end mark is the character at ``place``."""
        piece = self.pieces[bisect_right(self.starts, place) - 1]
        offset = piece.at + (place - piece.start) * piece.width
        limits, numbers = self.pages
        page = bisect_right(limits, offset) - 1
        if not 0 <= page < len(numbers):
            return _Style()
        number = struct.unpack("<I", numbers[page])[0] & 0x3FFFFF
        sprms = list(_sprms(_properties(self.main[number * _PAGE : (number + 1) * _PAGE], offset)))
        for code, operand in sprms:
            if code in _ELSEWHERE:
                at = struct.unpack("<I", operand)[0]
                length = struct.unpack_from("<H", self.data, at)[0]
                sprms += _sprms(self.data[at + 2 : at + 2 + length])
                break
        return _styled(sprms)


def _part(main: bytes, table: bytes, at: int) -> bytes:
    """The part of the table stream that the header points to."""
    start, length = struct.unpack_from("<II", main, at)
    return table[start : start + length]


def _plc(data: bytes, size: int) -> tuple[list[int], list[bytes]]:
    """A list of places with one record between each two (2.2.2): the places, the records."""
    count = max(0, (len(data) - 4) // (4 + size))
    limits = list(struct.unpack_from(f"<{count + 1}I", data, 0)) if count else []
    begin = 4 * (count + 1)
    return limits, [data[begin + size * one : begin + size * (one + 1)] for one in range(count)]


def _pieces(main: bytes, clx: bytes, length: int) -> Iterator[_Piece]:
    """The text's runs in order; each lies somewhere else, in one byte or two a character."""
    at = 0
    while at < len(clx) and clx[at] == 1:
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    size = struct.unpack_from("<I", clx, at + 1)[0]
    limits, records = _plc(clx[at + 5 : at + 5 + size], 8)
    for (start, end), record in zip(pairwise(limits), records, strict=True):
        if not start < end or start >= length:
            continue
        if end - start > len(main):
            raise ValueError
        place = struct.unpack_from("<I", record, 2)[0]
        width = 1 if place & _COMPRESSED else 2
        offset = (place & ~_COMPRESSED) // (2 if width == 1 else 1)
        raw = main[offset : offset + (end - start) * width]
        text = raw.decode("cp1252" if width == 1 else "utf-16-le", "replace")
        yield _Piece(start, text.ljust(end - start, " "), offset, width)


def _properties(page: bytes, offset: int) -> bytes:
    """What a page of paragraph properties holds for the paragraph at ``offset``."""
    count = page[_PAGE - 1]
    limits = struct.unpack_from(f"<{count + 1}I", page, 0)
    number = bisect_right(limits, offset) - 1
    if not 0 <= number < count:
        return b""
    at = page[4 * (count + 1) + 13 * number] * 2
    if not at:
        return b""
    length = page[at] * 2 - 1 if page[at] else page[at + 1] * 2
    begin = at + (1 if page[at] else 2)
    return page[begin + 2 : begin + length]


def _styled(sprms: Sequence[tuple[int, bytes]]) -> _Style:
    depth, ends_row, row = 0, False, _Row()
    for code, operand in sprms:
        if code == _IN_TABLE and operand[0]:
            depth = max(depth, 1)
        elif code == _DEPTH:
            depth = struct.unpack("<i", operand)[0]
        elif code == _ROW_END:
            ends_row = bool(operand[0])
        elif code == _COLUMNS:
            row = _columns(operand)
    return _Style(depth, ends_row, row)


def _sprms(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The single properties: code and operand (2.2.5)."""
    at = 0
    while at + 2 <= len(data):
        code = struct.unpack_from("<H", data, at)[0]
        at += 2
        size = _SIZES.get(code >> 13)
        if code == _COLUMNS:
            size = struct.unpack_from("<H", data, at)[0] - 1
            at += 2
        elif size is None:
            size = data[at]
            at += 1
        yield code, data[at : at + size]
        at += size


def _columns(operand: bytes) -> _Row:
    """Edges and merges of a row's cells (2.9.321, 2.9.328)."""
    count = operand[0]
    edges = struct.unpack_from(f"<{count + 1}h", operand, 1)
    begin = 1 + 2 * (count + 1)
    flags = [
        struct.unpack_from("<H", operand, at)[0] if at + 2 <= len(operand) else 0
        for at in range(begin, begin + _TC_SIZE * count, _TC_SIZE)
    ]
    below = tuple((flag >> 5) & 3 == _BELOW for flag in flags)
    beside = tuple(flag & 3 == _BESIDE for flag in flags)
    return _Row(edges, below, beside)


def _rows(run: Iterable[_Paragraph]) -> tuple[list[list[str]], list[_Row]]:
    """The cells of each row of a table, and what its end mark says of the row."""
    rows: list[list[str]] = []
    shapes: list[_Row] = []
    cells: list[str] = []
    building: list[str] = []
    for one in run:
        if one.style.ends_row:
            rows.append(cells)
            shapes.append(one.style.row)
            cells, building = [], []
            continue
        building.append(one.text.replace(_LINE, "").strip())
        if one.mark == _CELL and one.style.depth == 1:
            cells.append("\n".join(filter(None, building)))
            building = []
    return rows, shapes


def _grid(rows: Sequence[Sequence[str]], shapes: Sequence[_Row]) -> tuple[tuple[str | None, ...], ...]:
    """The cells in the table's own columns: every edge of any row is one, as in the other kinds of file."""
    edges = _distinct(sorted({edge for shape in shapes for edge in shape.edges}))
    width = max(len(edges) - 1, max(map(len, rows), default=0))
    if width * len(rows) > _MOST_CELLS:
        raise UnreadableError(f"文件里有一张表超过 {_MOST_CELLS} 格，不像一份年度报告", _SAVE_AGAIN)
    return tuple(_placed(row, shape, edges, width) for row, shape in zip(rows, shapes, strict=True))


def _placed(row: Sequence[str], shape: _Row, edges: Sequence[int], width: int) -> tuple[str | None, ...]:
    cells: list[str | None] = [None] * width
    for number, text in enumerate(row):
        known = number < len(shape.below)
        if known and (shape.below[number] or shape.beside[number]):
            continue
        cells[bisect_right(edges, shape.edges[number] + _SAME_EDGE) - 1 if known else number] = text
    return tuple(cells)


def _distinct(edges: Sequence[int]) -> list[int]:
    """The edges without those that differ by rounding only."""
    kept: list[int] = []
    for edge in edges:
        if not kept or edge - kept[-1] > _SAME_EDGE:
            kept.append(edge)
    return kept


def _shown(text: str) -> str:
    """The text as a reader sees it: of a field its result, no marks."""
    shown: list[str] = []
    hidden: list[bool] = []
    for sign in text:
        if sign == _FIELD_BEGIN:
            hidden.append(True)
        elif sign == _FIELD_SEPARATOR and hidden:
            hidden[-1] = False
        elif sign == _FIELD_END and hidden:
            hidden.pop()
        elif not any(hidden):
            shown.append(sign)
    return "".join(shown).replace(_HYPHEN, "-").translate(_DROPPED)


def _lines(text: str) -> list[str]:
    """A soft break ends a paragraph, as many typists mean it."""
    return [line for line in (one.strip() for one in text.split(_LINE)) if line]
