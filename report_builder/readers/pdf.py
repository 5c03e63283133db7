"""A text PDF becomes paragraphs and grids: tables by their ruling lines, text by where its characters stand.

Nothing is guessed from words. A page number is no text, nor are the words in a picture; a table that goes on
overleaf is one grid, without the header and the labels that the second page repeats.
"""

from __future__ import annotations

import ctypes
import re
import unicodedata
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, product
from statistics import median
from typing import NamedTuple

import pypdfium2 as pdfium
from pypdfium2 import raw

from report_builder.errors import UnreadableError
from report_builder.model import Document, Grid

MAX_FILE = 64 * 2**20
MAX_PAGES = 300
MAX_CHARACTERS = 1_000_000
MAX_RULES = 20_000

_PAGE_NUMBER = re.compile(r"[—–\-\s]*第?\s*\d{1,4}\s*页?[—–\-\s]*")
_HALF = re.compile("[\ud800-\udfff]")
_FOOT = 0.13
_STRAIGHT = 1.2
_NEAR = 1.6
_LEAST_CELL = 4.0
_LEAST_COLUMNS = 2


class Box(NamedTuple):
    """A rectangle in points, the origin at the page's lower left."""

    left: float
    bottom: float
    right: float
    top: float


class Glyph(NamedTuple):
    """One character on a page, the box its font gives it (an em high and its advance wide), and the box's middle."""

    sign: str
    box: Box
    x: float
    y: float


class Line(NamedTuple):
    """One line of text: its box, its words, the width of its widest character (an em where any is Chinese)."""

    box: Box
    text: str
    em: float


class Cell(NamedTuple):
    """One cell of a table on one page: its text and the row and column (0-based) before which it ends."""

    text: str
    down: int
    right: int


@dataclass(frozen=True)
class Piece:
    """A table as far as one page shows it: the places of its upright lines, its cells by their upper left place."""

    box: Box
    edges: tuple[float, ...]
    row_count: int
    cells: dict[tuple[int, int], Cell]


class Picture(NamedTuple):
    """A photographed or scanned picture large enough to hold a table."""

    box: Box


Item = Line | Piece | Picture


@dataclass(frozen=True)
class Sheet:
    """What stands on one page from top to bottom, and where its text begins and ends at the sides."""

    items: tuple[Item, ...]
    left: float
    right: float


def read(data: bytes) -> Document:
    """The paragraphs and tables of the PDF in ``data``.

    Raises:
        UnreadableError: no PDF, damaged, protected by a password, too large, or without text (a scan).
    """
    if len(data) > MAX_FILE:
        raise UnreadableError(f"文件超过 {MAX_FILE // 2**20} MB", "请只提供年度报告本身")
    document = _opened(data)
    try:
        if len(document) > MAX_PAGES:
            raise UnreadableError(f"有 {len(document)} 页，超过 {MAX_PAGES} 页", "请只提供年度报告本身")
        pages = [list(_page(document, number)) for number in range(len(document))]
    except pdfium.PdfiumError as fault:
        raise UnreadableError("文件已损坏", "请重新导出 PDF") from fault
    finally:
        document.close()
    if all(isinstance(item, Picture) for page in pages for item in page):
        raise UnreadableError(
            "PDF 里没有文字，可能是扫描件", "请提供由 Word 等直接导出的 PDF，或提供 Word、网页版"
        )
    return _document(_without_running_heads(pages))


def _without_running_heads(pages: Sequence[Sequence[Item]]) -> list[list[Item]]:
    """The pages without the lines that stand at one height on most of them."""
    seen = Counter(
        (item.text, round(item.box.top)) for page in pages for item in page if isinstance(item, Line)
    )
    often = {key for key, times in seen.items() if times > max(2, len(pages) / 2)}
    return [
        [item for item in page if not isinstance(item, Line) or (item.text, round(item.box.top)) not in often]
        for page in pages
    ]


def _opened(data: bytes) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as fault:
        if "password" in str(fault).lower():
            raise UnreadableError("文件设有打开密码", "请提供没有密码的 PDF") from fault
        raise UnreadableError("文件已损坏，或不是 PDF", "请重新导出 PDF") from fault


def _page(document: pdfium.PdfDocument, number: int) -> Iterator[Item]:
    page = document[number]
    rules, figures, pictures = _drawn(page)
    glyphs = list(_glyphs(page))
    for figure in figures:
        _, glyphs = _parted_by(figure, glyphs)
    tables, outside = _tables(rules, glyphs)
    foot = page.get_height() * _FOOT
    lines = (line for line in _lines(outside) if line.box.top > foot or not _PAGE_NUMBER.fullmatch(line.text))
    items: list[Item] = [*lines, *tables, *pictures]
    yield from sorted(items, key=lambda item: -item.box.top)


# --- what a page holds -----------------------------------------------------------------------------------------


def _glyphs(page: pdfium.PdfPage) -> Iterator[Glyph]:
    """The characters of a page in the order they are drawn; what PDFium adds of its own is left out."""
    text = page.get_textpage()
    handle, box = text.raw, raw.FS_RECTF()
    place = ctypes.byref(box)
    for at, sign in enumerate(_signs(text)):
        written = sign > " " and sign not in _NO_CHARACTER
        if written or (sign == " " and not raw.FPDFText_IsGenerated(handle, at)):
            raw.FPDFText_GetLooseCharBox(handle, at, place)
            left, bottom, right, top = box.left, box.bottom, box.right, box.top
            yield Glyph(sign, Box(left, bottom, right, top), (left + right) / 2, (bottom + top) / 2)


def _signs(text: pdfium.PdfTextPage) -> Sequence[str]:
    """The characters by their number: all at once, or one by one where some are none or take two places."""
    count = min(raw.FPDFText_CountChars(text.raw), MAX_CHARACTERS)
    room = (ctypes.c_ushort * (max(count, 0) + 1))()
    if raw.FPDFText_GetText(text.raw, 0, count, room) == count + 1:
        said = bytes(room)[:-2].decode("utf-16-le", "surrogatepass")
        if len(said) == count and not _HALF.search(said):
            return said
    return [chr(raw.FPDFText_GetUnicode(text.raw, at)) for at in range(count)]


_NO_CHARACTER = frozenset("\ufeff\ufffe\uffff\ufffd")


def _drawn(page: pdfium.PdfPage) -> tuple[list[Box], list[Box], list[Picture]]:
    """The level and upright lines of a page, the figures in it whose words are no text, and its photographs.

    A figure is what a tagged PDF calls one, else a part that is drawn as a thing of its own.
    """
    rules: list[Box] = []
    forms: list[Box] = []
    pictures: list[Picture] = []
    figures: dict[int, Box] = {}
    tagged = _tagged_figures(page)
    whole = page.get_width() * page.get_height()
    for at in range(raw.FPDFPage_CountObjects(page.raw)):
        drawn = raw.FPDFPage_GetObject(page.raw, at)
        kind = raw.FPDFPageObj_GetType(drawn)
        figure = _figure(drawn, tagged) if tagged else None
        if kind == raw.FPDF_PAGEOBJ_IMAGE and _area(_bounds(drawn)) > whole * _LEAST_PICTURE:
            pictures.append(Picture(_bounds(drawn)))
        if figure is not None:
            known = figures.get(figure)
            figures[figure] = _around([_bounds(drawn), *([known] if known else [])])
        elif kind == raw.FPDF_PAGEOBJ_PATH and len(rules) < MAX_RULES and not _is_ground(drawn):
            rules += _rules(drawn)
        elif kind == raw.FPDF_PAGEOBJ_FORM and _area(_bounds(drawn)) < whole / 2:
            forms.append(_bounds(drawn))
    return rules, [*forms, *figures.values()], pictures


def _is_ground(drawn: object) -> bool:
    """Whether a path only fills one rectangle that is no line: the ground of a cell, a page, a picture."""
    mode, stroked = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(drawn, ctypes.byref(mode), ctypes.byref(stroked))
    if stroked.value or raw.FPDFPath_CountSegments(drawn) > _RECTANGLE:
        return False
    box = _bounds(drawn)
    return min(box.right - box.left, box.top - box.bottom) > _LEAST_CELL


_RECTANGLE = 5
_LEAST_PICTURE = 0.02


def _area(box: Box) -> float:
    return (box.right - box.left) * (box.top - box.bottom)


def _figure(drawn: object, tagged: frozenset[int]) -> int | None:
    """The number of the tagged figure a thing is part of: two figures on a page are two regions, not one."""
    for at in range(raw.FPDFPageObj_CountMarks(drawn)):
        number = ctypes.c_int()
        mark = raw.FPDFPageObj_GetMark(drawn, at)
        if (
            raw.FPDFPageObjMark_GetParamIntValue(mark, b"MCID", ctypes.byref(number))
            and number.value in tagged
        ):
            return number.value
    return None


def _tagged_figures(page: pdfium.PdfPage) -> frozenset[int]:
    """The numbers of the marks that the page's tags call figures."""
    tree = raw.FPDF_StructTree_GetForPage(page.raw)
    if not tree:
        return frozenset()
    try:
        count = raw.FPDF_StructTree_CountChildren(tree)
        return frozenset(_marks([raw.FPDF_StructTree_GetChildAtIndex(tree, at) for at in range(count)]))
    finally:
        raw.FPDF_StructTree_Close(tree)


def _marks(tags: list[object]) -> Iterator[int]:
    """The marks of the figures under ``tags``; tables are passed over, for they have hundreds of tags."""
    name = ctypes.create_string_buffer(2 * len("Figure") + 2)
    while tags:
        tag = tags.pop()
        if not tag:
            continue
        length = raw.FPDF_StructElement_GetType(tag, name, len(name))
        kind = name.raw[: length - 2].decode("utf-16-le") if length <= len(name) else ""
        if kind == "Figure":
            count = raw.FPDF_StructElement_GetMarkedContentIdCount(tag)
            yield from (raw.FPDF_StructElement_GetMarkedContentIdAtIndex(tag, at) for at in range(count))
        if kind != "Table":
            count = raw.FPDF_StructElement_CountChildren(tag)
            tags += (raw.FPDF_StructElement_GetChildAtIndex(tag, at) for at in range(count))


def _bounds(drawn: object) -> Box:
    left, bottom, right, top = ctypes.c_float(), ctypes.c_float(), ctypes.c_float(), ctypes.c_float()
    raw.FPDFPageObj_GetBounds(
        drawn, ctypes.byref(left), ctypes.byref(bottom), ctypes.byref(right), ctypes.byref(top)
    )
    return Box(left.value, bottom.value, right.value, top.value)


def _rules(drawn: object) -> Iterator[Box]:
    """The level and upright strokes of one path, the edges of frames and of thin filled bars included."""
    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(drawn, ctypes.byref(matrix))
    for (x0, y0), (x1, y1) in _strokes(drawn):
        left, right = sorted(
            (matrix.a * x0 + matrix.c * y0 + matrix.e, matrix.a * x1 + matrix.c * y1 + matrix.e)
        )
        bottom, top = sorted(
            (matrix.b * x0 + matrix.d * y0 + matrix.f, matrix.b * x1 + matrix.d * y1 + matrix.f)
        )
        wide, high = right - left, top - bottom
        if min(wide, high) < _STRAIGHT and max(wide, high) > _LEAST_CELL:
            yield Box(left, bottom, right, top)


Point = tuple[float, float]


def _strokes(drawn: object) -> Iterator[tuple[Point, Point]]:
    """The straight lines of a path, those that close it too."""
    x, y = ctypes.c_float(), ctypes.c_float()
    to_x, to_y = ctypes.byref(x), ctypes.byref(y)
    first = last = (0.0, 0.0)
    for at in range(min(raw.FPDFPath_CountSegments(drawn), MAX_RULES)):
        segment = raw.FPDFPath_GetPathSegment(drawn, at)
        raw.FPDFPathSegment_GetPoint(segment, to_x, to_y)
        point, kind = (x.value, y.value), raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            first = point
        elif kind == raw.FPDF_SEGMENT_LINETO:
            yield last, point
        last = point
        if raw.FPDFPathSegment_GetClose(segment):
            yield last, first


# --- lines of text ---------------------------------------------------------------------------------------------


def _lines(glyphs: Iterable[Glyph]) -> list[Line]:
    """Characters at one height are a line, whatever the order they were drawn in; top down."""
    rows: list[list[Glyph]] = []
    for glyph in sorted(glyphs, key=lambda glyph: -glyph.y):
        if rows and rows[-1][-1].y - glyph.y < (glyph.box.top - glyph.box.bottom) * 0.3:
            rows[-1].append(glyph)
        else:
            rows.append([glyph])
    lines = [_line(sorted(row, key=lambda glyph: glyph.box.left)) for row in rows]
    return [line for line in lines if line.text]


def _line(row: Sequence[Glyph]) -> Line:
    boxes = [glyph.box for glyph in row if glyph.sign != " "] or [row[0].box]
    em = max(box.right - box.left for box in boxes)
    return Line(_around(boxes), _paired("".join(_words(row, em)).strip()), em)


def _paired(text: str) -> str:
    """PDFium may give a rare character as two halves."""
    if text.isascii() or not _HALF.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _words(row: Sequence[Glyph], em: float) -> Iterator[str]:
    """The characters of a line; a wide gap between two letters, a wider one between two digits, is an unwritten space."""
    for before, glyph in zip((None, *row), row, strict=False):
        if before and _are_apart(before, glyph, em):
            yield " "
        yield glyph.sign


_PARTS_WORDS = 0.2
_APART = 0.6
"""Of the height of a line: figures set this far apart are two."""


def _are_apart(before: Glyph, glyph: Glyph, em: float) -> bool:
    gap = glyph.box.left - before.box.right
    if gap > em * _PARTS_WORDS and _is_latin(before.sign) and _is_latin(glyph.sign):
        return True
    high = glyph.box.top - glyph.box.bottom
    return gap > _APART * high and before.sign.isdigit() and glyph.sign.isdigit()


def _is_latin(sign: str) -> bool:
    return sign.isascii() and sign.isalpha()


def _around(boxes: Sequence[Box]) -> Box:
    lefts, bottoms, rights, tops = zip(*boxes, strict=True)
    return Box(min(lefts), min(bottoms), max(rights), max(tops))


def _run_on(before: str, after: str) -> str:
    """Two lines of one paragraph as one; only Latin words are parted by a space."""
    parted = before[-1:].isascii() and before[-1:].isalnum() and _is_latin(after[:1])
    return f"{before} {after}" if parted else before + after


# --- tables on one page ----------------------------------------------------------------------------------------


def _tables(rules: Sequence[Box], glyphs: Sequence[Glyph]) -> tuple[list[Piece], list[Glyph]]:
    """The tables of a page, and the characters that stand in none of them."""
    tables: list[Piece] = []
    outside = list(glyphs)
    for group in _gathered(rules):
        inside, others = _parted_by(_around(group), outside)
        piece = _piece(group, inside)
        if piece is not None:
            tables.append(piece)
            outside = others
    return tables, outside


def _parted_by(box: Box, glyphs: Iterable[Glyph]) -> tuple[list[Glyph], list[Glyph]]:
    """The characters whose middle lies in the box, and the others."""
    left, bottom, right, top = box
    inside: list[Glyph] = []
    others: list[Glyph] = []
    for glyph in glyphs:
        _, _, x, y = glyph
        (inside if left <= x <= right and bottom <= y <= top else others).append(glyph)
    return inside, others


def _gathered(rules: Iterable[Box]) -> list[list[Box]]:
    """Rules that touch one another, directly or through others."""
    groups: list[tuple[Box, list[Box]]] = []
    for rule in sorted(set(rules), key=lambda box: -box.top):
        box, members, apart = rule, [rule], []
        for group in groups:
            if _touch(group[0], rule):
                box, members = _around([box, group[0]]), members + group[1]
            else:
                apart.append(group)
        groups = [*apart, (box, members)]
    return [members for _, members in groups]


def _touch(one: Box, other: Box) -> bool:
    return (
        one.left - _NEAR <= other.right
        and other.left - _NEAR <= one.right
        and one.bottom - _NEAR <= other.top
        and other.bottom - _NEAR <= one.top
    )


def _piece(rules: Sequence[Box], glyphs: Sequence[Glyph]) -> Piece | None:
    """The cells between the rules; None where these make no table, or hold no text."""
    walls = _Walls([*rules, *_closing(rules)])
    if not glyphs or not walls.enclose():
        return None
    held: dict[tuple[int, int], list[Glyph]] = defaultdict(list)
    owner = walls.owners()
    for glyph in glyphs:
        place = (bisect_right(walls.ys, -glyph.y) - 1, bisect_right(walls.xs, glyph.x) - 1)
        if place in owner:
            held[owner[place][:2]].append(glyph)
    anchors = sorted(set(owner.values()))
    cells = {
        (row, column): Cell(_cell_text(held[row, column]), down, right)
        for row, column, down, right in anchors
    }
    return Piece(_around(rules), tuple(walls.xs), len(walls.ys) - 1, cells)


def _closing(rules: Sequence[Box]) -> Iterator[Box]:
    """The level lines that a table may lack where a page breaks it: upright lines end there from side to side."""
    upright = [rule for rule in rules if rule.top - rule.bottom > rule.right - rule.left]
    if not upright or len(upright) == len(rules):
        return
    around = _around(rules)
    for y in (max(rule.top for rule in upright), min(rule.bottom for rule in upright)):
        ends = _places(rule.left for rule in upright if min(abs(rule.top - y), abs(rule.bottom - y)) < _NEAR)
        from_side_to_side = (
            len(ends) > _LEAST_COLUMNS
            and ends[0] - around.left < _LEAST_CELL
            and around.right - ends[-1] < _LEAST_CELL
        )
        if from_side_to_side:
            yield Box(around.left, y, around.right, y)


def _cell_text(glyphs: Sequence[Glyph]) -> str:
    """A label over several lines is one label; two figures below one another stay two."""
    text = ""
    for line in _lines(glyphs):
        two = text and _is_figure(text) and _is_figure(line.text)
        text = f"{text}\n{line.text}" if two else _run_on(text, line.text)
    return text


Anchor = tuple[int, int, int, int]


class _Walls:
    """The grid that rules make, and which of its neighbouring places a rule parts. ``ys`` grow downwards."""

    def __init__(self, rules: Sequence[Box]) -> None:
        """``rules`` are all of one table."""
        upright = [rule for rule in rules if rule.top - rule.bottom > rule.right - rule.left]
        level = [rule for rule in rules if rule.top - rule.bottom <= rule.right - rule.left]
        self.xs = _places((rule.left + rule.right) / 2 for rule in upright)
        self.ys = _places(-(rule.top + rule.bottom) / 2 for rule in level)
        self._right = self._parted(
            (((r.left + r.right) / 2, -r.top, -r.bottom) for r in upright), self.xs, self.ys
        )
        self._below = self._parted(
            ((-(r.top + r.bottom) / 2, r.left, r.right) for r in level), self.ys, self.xs
        )

    @staticmethod
    def _parted(
        rules: Iterable[tuple[float, float, float]], places: Sequence[float], along: Sequence[float]
    ) -> set[tuple[int, int]]:
        """The pairs (place, stretch between two of ``along``) where a rule stands."""
        middles = [(start + end) / 2 for start, end in pairwise(along)]
        found: set[tuple[int, int]] = set()
        for at, start, end in rules:
            place = min(range(len(places)), key=lambda index: abs(places[index] - at))
            found.update((place, index) for index, middle in enumerate(middles) if start <= middle <= end)
        return found

    def enclose(self) -> bool:
        """Whether there are two columns and one row, with a whole line above and below; bars on an axis have none."""
        columns = range(len(self.xs) - 1)
        ends = (0, len(self.ys) - 1)
        return (
            len(columns) > 1
            and ends[1] > 0
            and all((end, column) in self._below for end in ends for column in columns)
        )

    def owners(self) -> dict[tuple[int, int], Anchor]:
        """For each place of the grid the cell it belongs to: its first row and column, and those before which it ends."""
        owner: dict[tuple[int, int], Anchor] = {}
        for row, column in product(range(len(self.ys) - 1), range(len(self.xs) - 1)):
            if (row, column) not in owner:
                down, right = row + 1, column + 1
                while right < len(self.xs) - 1 and (right, row) not in self._right:
                    right += 1
                while down < len(self.ys) - 1 and (down, column) not in self._below:
                    down += 1
                places = product(range(row, down), range(column, right))
                owner.update(dict.fromkeys(places, (row, column, down, right)))
        return owner


def _places(values: Iterable[float]) -> list[float]:
    """Positions that lie together count as one: neighbouring cells may draw an edge each."""
    places: list[list[float]] = []
    for value in sorted(values):
        if places and value - places[-1][-1] < _LEAST_CELL:
            places[-1].append(value)
        else:
            places.append([value])
    return [sum(group) / len(group) for group in places]


# --- the document ----------------------------------------------------------------------------------------------


def _document(pages: Sequence[Sequence[Item]]) -> Document:
    body = median([line.em for line in chain.from_iterable(pages) if isinstance(line, Line)] or [0.0])
    done: list[str | Grid] = []
    tables: list[list[Piece]] = []
    pictures: list[int] = []
    title = ""
    for run in _runs(pages, body):
        if isinstance(run[0], Picture):
            pictures.append(len(done))
        elif isinstance(run[0], Line):
            text = _paragraph([line for line in run if isinstance(line, Line)])
            done.append(text)
            title = title or (text if _is_large(run[0], body) else "")
        else:
            tables.append([piece for piece in run if isinstance(piece, Piece)])
            done.append(Grid(f"第{len(tables)}张表", _joined(tables[-1])))
    return Document(tuple(done), title, tuple(pictures))


def _is_large(line: Line, body: float) -> bool:
    return line.em > body * 1.2


def _paragraph(lines: Sequence[Line]) -> str:
    text = ""
    for line in lines:
        text = _run_on(text, line.text)
    return text


def _runs(pages: Sequence[Sequence[Item]], body: float) -> Iterator[list[Item]]:
    """The lines of each paragraph and the pieces of each table, also across pages; each picture by itself.

    A picture within a run stands before what follows the run: it parts no paragraph and no table.
    """
    run: list[Item] = []
    between: list[Item] = []
    for sheet in _sheets(pages):
        begins_page = True
        for item in sheet.items:
            if isinstance(item, Picture):
                between.append(item)
                continue
            if run and not _goes_on(run[-1], item, sheet, body, begins_page=begins_page):
                yield run
                yield from ([picture] for picture in between)
                run, between = [], []
            begins_page = False
            run.append(item)
    if run:
        yield run
    yield from ([picture] for picture in between)


def _sheets(pages: Sequence[Sequence[Item]]) -> Iterator[Sheet]:
    """Each page with its text's sides, which odd and even pages have each their own."""
    sides = [_sides([item for page in pages[parity::2] for item in page]) for parity in (0, 1)]
    for number, items in enumerate(pages):
        yield Sheet(tuple(items), *sides[number % 2])


def _sides(items: Sequence[Item]) -> tuple[float, float]:
    """Where text begins and ends: by its lines; where hardly any of them is full, by the tables too."""
    lines = [item for item in items if isinstance(item, Line)]
    right = max((line.box.right for line in lines), default=0.0)
    full = sum(right - line.box.right < line.em for line in lines)
    boxes = [item.box for item in (lines if full >= _FULL_LINES else items) if not isinstance(item, Picture)]
    return min((box.left for box in boxes), default=0.0), max((box.right for box in boxes), default=0.0)


_FULL_LINES = 3


def _goes_on(before: Item, item: Item, sheet: Sheet, body: float, *, begins_page: bool) -> bool:
    """Whether ``item`` continues what ``before`` began."""
    if isinstance(before, Piece) and isinstance(item, Piece):
        return begins_page and _same_columns(before.edges, item.edges)
    if not isinstance(before, Line) or not isinstance(item, Line):
        return False
    if _is_large(before, body) or _is_large(item, body):
        return _is_large(before, body) and _is_large(item, body)
    indented = item.box.left - sheet.left > item.em * 1.2
    full = before.box.right > sheet.right - 2.5 * max(before.em, item.em)
    return full and not indented and abs(before.em - item.em) < body * 0.15


def _same_columns(above: Sequence[float], below: Sequence[float]) -> bool:
    """Whether two pieces have the same sides, and the upright lines of one are among the other's."""
    more, fewer = (above, below) if len(above) >= len(below) else (below, above)
    sides = abs(above[0] - below[0]) < _LEAST_CELL and abs(above[-1] - below[-1]) < _LEAST_CELL
    return sides and all(min(abs(x - other) for other in more) < _LEAST_CELL for x in fewer)


def _joined(pieces: Sequence[Piece]) -> list[list[str | None]]:
    """The rows of all pieces in the columns of the one that shows most of them."""
    edges = max((piece.edges for piece in pieces), key=len)
    rows: list[list[str | None]] = []
    first: list[list[str | None]] = []
    labels: dict[int, str] = {}
    for piece in pieces:
        own = _rows(piece, edges)
        repeated = _alike(first, own) if rows else 0
        first = first or own
        for column, label in labels.items():
            if repeated < len(own) and own[repeated][column] == label:
                own[repeated][column] = None
        rows += own[repeated:]
        labels = {_column(piece, edges, at): text for at, text in _open_labels(piece)}
    return rows


def _column(piece: Piece, edges: Sequence[float], at: int) -> int:
    return min(range(len(edges)), key=lambda index: abs(edges[index] - piece.edges[at]))


def _rows(piece: Piece, edges: Sequence[float]) -> list[list[str | None]]:
    rows: list[list[str | None]] = [[None] * (len(edges) - 1) for _ in range(piece.row_count)]
    for (row, column), cell in piece.cells.items():
        rows[row][_column(piece, edges, column)] = cell.text
    return rows


def _alike(above: Sequence[Sequence[object]], below: Sequence[Sequence[object]]) -> int:
    """How many rows at the top of both are the same."""
    return next((at for at, (one, two) in enumerate(zip(above, below, strict=False)) if one != two), 0)


def _open_labels(piece: Piece) -> Iterator[tuple[int, str]]:
    """The labels beside several rows that reach the end of the piece: the next page may repeat them."""
    for (row, column), cell in piece.cells.items():
        if cell.down == piece.row_count and cell.down - row > 1 and cell.text and not _is_figure(cell.text):
            yield column, cell.text


def _is_figure(text: str) -> bool:
    return all(unicodedata.category(sign) in {"Nd", "Po", "Pd", "Zs"} for sign in text)
