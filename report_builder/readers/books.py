"""What a spreadsheet of any kind is taken apart into, and how large one may be."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from report_builder.errors import UnreadableError
from report_builder.model import Grid

MAX_FILE = 32 * 2**20
MAX_INFLATED = 128 * 2**20
MAX_ROWS = 20_000
MAX_COLUMNS = 1_000
MAX_CELLS = 2_000_000
MAX_SHEETS = 300
BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    OSError,
)
"""What a package raises that is damaged, lacks a part, or is packed or locked in an unknown way."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """What nobody sees of a sheet: all of it, or some rows and columns (0-based)."""

    sheet: bool = False
    rows: frozenset[int] = frozenset()
    columns: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Sheets:
    """A spreadsheet taken apart, hidden sheets too.

    ``unstored`` holds, by sheet and address, the formulas without a stored value; ``hidden`` the sheets of which
    something is hidden, ``merged`` the ranges (D8:E8) that are one cell.
    """

    grids: tuple[Grid, ...]
    unstored: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    hidden: Mapping[str, Hidden] = field(default_factory=dict)
    merged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def formula(self, grid: Grid, row: int, column: int) -> str | None:
        """The formula at this place if the file holds no result for it."""
        formulas = self.unstored.get(grid.name)
        return formulas.get(grid.address(row, column)) if formulas else None


def hold_file(data: bytes) -> None:
    """Refuses a file that is larger than any return."""
    if len(data) > MAX_FILE:
        raise UnreadableError(
            f"文件有 {len(data) // 2**20} MB，超过 {MAX_FILE // 2**20} MB", "请删去图片和无关工作表后另存"
        )


def hold_inflated(size: int) -> None:
    """Refuses a package that unfolds to more than any return."""
    if size > MAX_INFLATED:
        raise UnreadableError(f"文件展开后超过 {MAX_INFLATED // 2**20} MB", "请删去无关工作表和空行后另存")


def hold_sheets(count: int) -> None:
    """Refuses a workbook of more sheets than any return has."""
    if count > MAX_SHEETS:
        raise UnreadableError(f"有 {count} 个工作表，超过 {MAX_SHEETS} 个", "请只留下报送用的工作表")


def hold_area(name: str, rows: int, columns: int, used: int | None = None) -> None:
    """Refuses a sheet that would be laid out larger than any return; ``used`` is the last row with a cell in it."""
    if rows > MAX_ROWS or columns > MAX_COLUMNS or (rows if used is None else used) * columns > MAX_CELLS:
        raise UnreadableError(
            f"工作表“{name}”用到了第 {rows} 行、第 {columns} 列，超过读取上限（{MAX_ROWS} 行、{MAX_COLUMNS} 列）",
            "请删去表格以外的空行空列（整行整列删除）后另存",
            name,
        )


def damaged() -> UnreadableError:
    """The refusal of a file that is broken or nothing that is read here."""
    return UnreadableError("文件已损坏，或不是电子表格", "请用 Excel 或 WPS 打开检查，另存为 .xlsx 后报送")


def locked() -> UnreadableError:
    """The refusal of a file that opens with a password only."""
    return UnreadableError("文件设有打开密码", "请去掉密码后另存再报送")
