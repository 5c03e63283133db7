"""The year's task plan: read from its document, its names held against the registry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from report_builder import archive, plan
from report_builder.errors import InputError, UnreadableError, reason
from report_builder.expansion import expand
from report_builder.model import Document, Grid, NotUnderstood, Plan, PlannedTask, Unit
from report_builder.pipeline.intake import PLAN
from report_builder.pipeline.place import Options, Place, set_up, year_of_folder
from report_builder.readers import sheets
from report_builder.readers.books import Sheets
from report_builder.registry import Registry, load_registry
from report_builder.spec import PlanWords

KINDS = (
    ".xlsx",
    ".docx",
    ".txt",
    ".doc",
    ".xls",
    ".xlsm",
    ".et",
    ".ods",
    ".csv",
    ".pdf",
    ".html",
    ".htm",
    ".md",
)
"""The kinds of file a plan may be, those of the contract first."""
_SPREADSHEETS = frozenset({".xlsx", ".xls", ".xlsm", ".et", ".ods", ".csv"})
_WORKBOOK_PART = b"xl/workbook.xml"
_MERGED = re.compile(r"([A-Z]+)(\d+):([A-Z]+)(\d+)")


@dataclass(frozen=True)
class Planned:
    """A plan, whom its names mean, and where its ledger was written.

    ``meant`` is None without units.csv. ``unmatched`` are the names that mean nobody registered, each with the
    tasks it stands in and the nearest name; ``notes`` say what the ledger is made from.
    """

    plan: Plan
    meant: Mapping[str, tuple[Unit, ...]] | None = None
    unmatched: tuple[NotUnderstood, ...] = ()
    written: Path | None = None
    notes: tuple[str, ...] = ()


def read_plan(options: Options, file: Path) -> Planned:
    """The plan in ``file``.

    Raises:
        InputError: no such file.  UnreadableError: it cannot be read.
    """
    if not file.is_file():
        raise InputError(f"没有找到文件 {file}；请核对路径")
    _, spec = set_up(options.inputs)
    folder_year = year_of_folder(file)
    read = _read(file, spec.plan, options.year or folder_year)
    read = _year_said(read, options.year, folder_year)
    meant, unmatched = _meant(read, load_registry(options.inputs), spec.plan)
    return Planned(read, meant, unmatched)


def plan_of(place: Place) -> Plan | None:
    """The plan that lies in the year's folder; None where there is none.

    Raises:
        InputError: there are two, it is another year's, or it cannot be read.
    """
    found = plan_files(place.options.inputs / str(place.year))
    if not found:
        return None
    if len(found) > 1:
        names = "、".join(path.name for path in found)
        raise InputError(f"{found[0].parent} 里有 {len(found)} 份任务分工方案：{names}；请只留一份")
    try:
        read = _read(found[0], place.spec.plan, place.year)
    except UnreadableError as fault:
        raise InputError(f"{found[0]}：{fault}") from fault
    if read.report_year != place.year:
        raise InputError(
            f"{found[0]} 是 {read.report_year} 年的任务分工方案（“{read.title}”），不是 {place.year} 年的；请换成本年度的，或移到 {read.report_year} 文件夹"
        )
    return read


def plan_files(folder: Path) -> list[Path]:
    """The files of a year's folder that are its plan, whatever their kind."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and path.stem == PLAN and path.suffix.lower() in KINDS
    )


def _read(path: Path, words: PlanWords, year: int | None) -> Plan:
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise UnreadableError(f"系统拒绝读取（{reason(fault)}）", "请检查路径和权限") from fault
    if (data.startswith(b"PK") and _WORKBOOK_PART in data) or path.suffix.lower() in _SPREADSHEETS:
        book = sheets.read(data)
        return _with_hidden(plan.read(_document(book), words, year), book)
    document = archive.document(data)
    read = plan.read(document, words, year)
    remarks = tuple(NotUnderstood(remark, "读取文件时的说明") for remark in document.remarks)
    return replace(read, not_understood=(*read.not_understood, *remarks))


def _document(book: Sheets) -> Document:
    """The sheets that are to be seen, with what is merged told from what is blank."""
    seen = (grid for grid in book.grids if not (grid.name in book.hidden and book.hidden[grid.name].sheet))
    return Document(tuple(_unfolded(grid, book.merged.get(grid.name, ())) for grid in seen))


def _unfolded(grid: Grid, merged: Sequence[str]) -> Grid:
    """The grid with blank cells as empty text, so that None is part of a merged one."""
    rows: list[list[object]] = [["" if cell is None else cell for cell in row] for row in grid.rows]
    for row, column in (place for ref in merged for place in _inside(ref, rows)):
        rows[row][column] = None
    return replace(grid, rows=rows)


def _inside(reference: str, rows: Sequence[Sequence[object]]) -> Iterator[tuple[int, int]]:
    """The places of a merged range (0-based) but its first, as far as the sheet goes."""
    found = _MERGED.fullmatch(reference)
    if found:
        left, top, right, bottom = _column(found[1]), int(found[2]) - 1, _column(found[3]), int(found[4]) - 1
        for row in range(top, min(bottom + 1, len(rows))):
            for column in range(left, min(right + 1, len(rows[row]))):
                if (row, column) != (top, left):
                    yield row, column


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _with_hidden(read: Plan, book: Sheets) -> Plan:
    hidden = tuple(
        NotUnderstood(name, "工作表是隐藏的，没有读取", name)
        for name, unseen in book.hidden.items()
        if unseen.sheet
    )
    return replace(read, not_understood=(*read.not_understood, *hidden))


def _year_said(read: Plan, asked: int | None, folder: int | None) -> Plan:
    """The plan, which says where its year is not the one asked for, or not that of its folder."""
    places = ((asked, "--year 写的是 {} 年"), (folder, "放在 {} 文件夹里"))
    said = [where.format(year) for year, where in places if year not in {None, read.report_year}]
    if read.report_year is None or not said:
        return read
    why = f"方案是 {read.report_year} 年的，{'，'.join(said)}；按 {read.report_year} 年读取"
    return replace(read, not_understood=(NotUnderstood(read.title, why), *read.not_understood))


def _meant(
    read: Plan, registry: Registry, words: PlanWords
) -> tuple[Mapping[str, tuple[Unit, ...]] | None, tuple[NotUnderstood, ...]]:
    """Whom the plan's names mean, and those that mean nobody, each with the nearest name."""
    if not registry.units:
        return None, ()
    meant, unmatched = expand([name for task in read.tasks for name in names_of(task)], registry, words)
    return meant, tuple(_nobody(name, why, read) for name, why in unmatched.items())


def names_of(task: PlannedTask) -> tuple[str, ...]:
    """Everybody a task names, each once."""
    return tuple(dict.fromkeys((*task.lead, *task.responsible, *task.assist)))


def _nobody(name: str, why: str, read: Plan) -> NotUnderstood:
    codes = [task.code for task in read.tasks if name in names_of(task)]
    return NotUnderstood(name, why, "任务 " + "、".join(codes))
