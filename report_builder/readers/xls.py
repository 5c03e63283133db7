"""An .xls or .et file becomes grids, after its records have been looked over.

calamine lays the used area of a sheet out whole, and the old format lets two cells span sixteen million. So the
records of the workbook stream are walked first: how far cells reach, what is hidden, whether a password is set.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from report_builder.errors import UnreadableError
from report_builder.readers.books import Hidden, Sheets, damaged, hold_area, hold_sheets, locked
from report_builder.readers.xlsx import grids

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_STREAMS = ("Workbook", "Book")
_FREE = 0xFFFFFFFA
"""Sector numbers from here on are marks, not places."""

_BEGIN, _END, _SHEET, _PASSWORD, _ROW, _COLUMNS = 0x0809, 0x000A, 0x0085, 0x002F, 0x0208, 0x007D
_CELLS = frozenset({0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E, 0x00FD, 0x00D6, 0x0406})
_RUNS = frozenset({0x00BD, 0x00BE})
_WIDEST = 256


@dataclass
class _Sheet:
    """One sheet as far as it was walked."""

    name: str
    start: int
    unseen: bool
    rows: int = 0
    columns: int = 0
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)

    @property
    def hidden(self) -> Hidden:
        return Hidden(self.unseen, frozenset(self.hidden_rows), frozenset(self.hidden_columns))


def read(data: bytes) -> Sheets:
    """The sheets of an .xls or .et file, in order, hidden ones too.

    Raises:
        UnreadableError: encrypted, no workbook, damaged, or beyond the limits of :mod:`books`.
    """
    if _ENCRYPTED in data:
        raise locked()
    try:
        sheets = _walked(_stream(data))
    except (struct.error, IndexError, ValueError) as fault:
        raise damaged() from fault
    hidden = {sheet.name: sheet.hidden for sheet in sheets if sheet.hidden != Hidden()}
    return Sheets(tuple(grids(data)), hidden=hidden)


# --- the compound file ------------------------------------------------------------------------------------------


def _stream(data: bytes) -> bytes:
    """The workbook stream, its sectors put together."""
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    if not 128 <= size <= 4096:  # noqa: PLR2004 - the sizes there are
        raise damaged()
    fat = _fat(data, size)
    root_start, small_from = struct.unpack_from("<I", data, 48)[0], struct.unpack_from("<I", data, 56)[0]
    directory = _chain(data, fat, root_start, size)
    entries = [directory[at : at + 128] for at in range(0, len(directory) - 127, 128)]
    for wanted in _STREAMS:
        for entry in entries:
            if _entry_name(entry).lower() == wanted.lower():
                start, length = struct.unpack_from("<II", entry, 116)
                if length >= small_from:
                    return _chain(data, fat, start, size)[:length]
                return _small(data, fat, entries[0], start, size)[:length]
    if "Root Entry" not in map(_entry_name, entries):
        raise damaged()
    raise UnreadableError(
        "内容不是电子表格，可能是别的文件改了扩展名", "请用 Excel 或 WPS 另存为 .xlsx 后报送"
    )


def _entry_name(entry: bytes) -> str:
    length = min(struct.unpack_from("<H", entry, 64)[0], 64)
    return entry[: max(length - 2, 0)].decode("utf-16-le", "replace")


def _fat(data: bytes, size: int) -> list[int]:
    """Which sector follows which."""
    sectors = list(struct.unpack_from("<109I", data, 76))
    following, seen = struct.unpack_from("<I", data, 68)[0], 0
    while following < _FREE and seen * size < len(data):
        more = struct.unpack_from(f"<{size // 4}I", data, (following + 1) * size)
        sectors += more[:-1]
        following, seen = more[-1], seen + 1
    fat: list[int] = []
    for sector in sectors:
        if sector < _FREE:
            fat += struct.unpack_from(f"<{size // 4}I", data, (sector + 1) * size)
    return fat


def _chain(data: bytes, fat: list[int], sector: int, size: int) -> bytes:
    """The sectors from this one on; a ring of them ends where the file would."""
    parts: list[bytes] = []
    while sector < _FREE and len(parts) * size <= len(data):
        parts.append(data[(sector + 1) * size : (sector + 2) * size])
        sector = fat[sector]
    return b"".join(parts)


def _small(data: bytes, fat: list[int], root: bytes, sector: int, size: int) -> bytes:
    """A stream too short for sectors of its own: it lies in the root's, 64 bytes each."""
    table = _chain(data, fat, struct.unpack_from("<I", data, 60)[0], size)
    links = struct.unpack_from(f"<{len(table) // 4}I", table)
    store = _chain(data, fat, struct.unpack_from("<I", root, 116)[0], size)
    parts: list[bytes] = []
    while sector < _FREE and len(parts) * 64 <= len(store):
        parts.append(store[sector * 64 : (sector + 1) * 64])
        sector = links[sector]
    return b"".join(parts)


# --- the records ------------------------------------------------------------------------------------------------


def _walked(stream: bytes) -> list[_Sheet]:
    """The sheets with how far they reach; what reaches too far is refused."""
    sheets: list[_Sheet] = []
    current: _Sheet | None = None
    for at, kind, body in _records(stream):
        if kind == _PASSWORD:
            raise locked()
        if kind == _SHEET:
            sheets.append(_listed(body))
            hold_sheets(len(sheets))
        elif kind == _BEGIN:
            current = next((sheet for sheet in sheets if sheet.start == at), current)
        elif current is not None:
            _note(current, kind, body)
    for sheet in sheets:
        hold_area(sheet.name, sheet.rows, sheet.columns)
    return sheets


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield at, kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _listed(body: bytes) -> _Sheet:
    """A line of the list of sheets: where it begins, whether it is hidden, its name in either width of signs."""
    start, state, _, count = struct.unpack_from("<IBBB", body)
    wide = len(body) > 7 and body[7] & 1  # noqa: PLR2004 - the byte before the name
    name = (
        body[8 : 8 + 2 * count].decode("utf-16-le", "replace")
        if wide
        else body[8 : 8 + count].decode("latin-1")
    )
    return _Sheet(name, start, bool(state & 3))


def _note(sheet: _Sheet, kind: int, body: bytes) -> None:
    """Takes down what one record says of how far the sheet reaches and what is hidden."""
    if kind in _CELLS and len(body) >= 4:  # noqa: PLR2004 - row and column
        row, column = struct.unpack_from("<HH", body)
        sheet.rows, sheet.columns = max(sheet.rows, row + 1), max(sheet.columns, column + 1)
    elif kind in _RUNS and len(body) >= 6:  # noqa: PLR2004 - row, first and last column
        row, last = struct.unpack_from("<H", body)[0], struct.unpack_from("<H", body, len(body) - 2)[0]
        sheet.rows, sheet.columns = max(sheet.rows, row + 1), max(sheet.columns, last + 1)
    elif kind == _ROW and len(body) >= 14 and body[12] & 0x20:  # noqa: PLR2004 - the byte of flags
        sheet.hidden_rows.add(struct.unpack_from("<H", body)[0])
    elif kind == _COLUMNS and len(body) >= 10 and body[8] & 1:  # noqa: PLR2004 - the byte of flags
        first, last = struct.unpack_from("<HH", body)
        sheet.hidden_columns.update(range(first, min(last + 1, _WIDEST)))
