"""A plan that is a table: its columns are told by their heads; a row that is one cell is a section.

A cell that is None is part of a merged one and means what stands above it; an empty one is blank.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from report_builder.model import Grid, NotUnderstood
from report_builder.plan.brackets import without
from report_builder.plan.patterns import number
from report_builder.plan.tasks import Material, Told, split_title
from report_builder.plan.vocabulary import ASSIST, DUE, LEAD, RESPONSIBLE, Vocabulary

CODE, SECTION, TITLE, TEXT, TARGET, NOTE = "code", "section", "title", "text", "target", "note"
_ROLES = (LEAD, RESPONSIBLE, ASSIST, DUE)
_SEARCHED = 15
_NO_HEAD = "这张表没有认出表头（应有“任务”或“内容”一列，并有“责任单位”一列）"
_NO_TASK = "这一行没有任务的名称和内容"


@dataclass
class Table:
    """What a table holds: the lines above its head, the material of its tasks, what was not understood."""

    above: list[str] = field(default_factory=list)
    materials: list[Material] = field(default_factory=list)
    doubts: list[NotUnderstood] = field(default_factory=list)


@dataclass(frozen=True)
class _Column:
    """A column with a known head, or any other head, whose cells become notes."""

    at: int
    key: str
    label: str


def from_table(grid: Grid, section: str, known: Vocabulary) -> Table:
    """The tasks of ``grid``; ``section`` is the heading above it."""
    rows = [[_said(cell) for cell in row] for row in grid.rows]
    top, end, columns = _head(rows, known)
    if not columns:
        return Table(doubts=_unread(grid, rows))
    above = [cell for row in rows[:top] for cell in row if cell]
    reading = _Rows(grid, columns, known, Table(above), section)
    for at in range(end, len(rows)):
        reading.take(at, rows[at])
    return reading.finished()


def _said(cell: object) -> str | None:
    """A cell as text; None is part of a merged one."""
    if isinstance(cell, dt.datetime | dt.date):
        return f"{cell.year}年{cell.month}月{cell.day}日"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return None if cell is None else str(cell).strip()


def _unread(grid: Grid, rows: Sequence[Sequence[str | None]]) -> list[NotUnderstood]:
    """Every row of a table without a head; nothing of it is dropped."""
    texts = [" ".join(cell for cell in row if cell) for row in rows]
    return [NotUnderstood("\n".join(filter(None, texts)), _NO_HEAD, grid.name)] if any(texts) else []


def _head(rows: Sequence[Sequence[str | None]], known: Vocabulary) -> tuple[int, int, tuple[_Column, ...]]:
    """Where the head begins and ends, and the columns below it; no columns where there is none."""
    for at, row in enumerate(rows[:_SEARCHED]):
        columns = _columns(row, known)
        keys = {column.key for column in columns.values()}
        if keys & {TITLE, TEXT} and keys & {*_ROLES, CODE}:
            end = at + 1
            if end < len(rows) and _is_second_head(rows[end], known):
                columns |= _columns(rows[end], known)
                end += 1
            return at, end, tuple(columns[place] for place in sorted(columns))
    return 0, 0, ()


def _is_second_head(row: Sequence[str | None], known: Vocabulary) -> bool:
    """Whether all that stands in a row are heads: 责任分工 above 牵头单位 and 配合单位."""
    labels = [cell for cell in row if cell]
    return bool(labels) and all(_key(label, known) for label in labels)


def _columns(row: Sequence[str | None], known: Vocabulary) -> dict[int, _Column]:
    return {at: _Column(at, _key(label, known), _plain(label)) for at, label in enumerate(row) if label}


def _plain(label: str) -> str:
    return re.sub(r"\s+", "", label)


def _key(label: str, known: Vocabulary) -> str:
    """What a column holds by its head, whose end counts where it says more (2024年重点任务); empty for any other."""
    plain = without(_plain(label)) or _plain(label)
    heads: Mapping[str, str] = {
        **{head: key for key, heads in known.words.columns.items() for head in heads},
        **known.labels,
    }
    if plain in heads:
        return heads[plain]
    ends = sorted((head for head in heads if len(head) > 1 and plain.endswith(head)), key=len)
    return heads[ends[-1]] if ends else ""


@dataclass
class _Rows:
    """The rows below a head, one after the other."""

    grid: Grid
    columns: tuple[_Column, ...]
    known: Vocabulary
    table: Table
    section: str
    sections: int = 0
    count: int = 0
    carried: dict[int, str] = field(default_factory=dict)
    groups: list[list[Material]] = field(default_factory=list)

    def take(self, at: int, row: Sequence[str | None]) -> None:
        """One row: a section, more of the task above, or a task."""
        own = {column.at: cell for column in self.columns if (cell := _at(row, column.at))}
        if not own or all(_plain(text) == self._label(place) for place, text in own.items()):
            return
        if self._is_section(row, own):
            self._open_section(next(iter(own.values())))
        elif self._is_more(row, own):
            self._add_to(self.groups[-1][-1], own)
        else:
            self._task(at, row, own)

    def _label(self, place: int) -> str:
        return next(column.label for column in self.columns if column.at == place)

    def _open_section(self, text: str) -> None:
        self.section = text
        self.sections += 1
        self.count = 0
        self.carried = {}

    def _is_section(self, row: Sequence[str | None], own: Mapping[int, str]) -> bool:
        """One cell across the row, or numbered, or in the first column where titles stand elsewhere."""
        if len(own) != 1:
            return False
        place, text = next(iter(own.items()))
        column = next(column for column in self.columns if column.at == place)
        if column.key in {*_ROLES, NOTE, TARGET} or text.startswith(self.known.words.furniture):
            return False
        alone = all(_at(row, other.at) is None for other in self.columns if other.at != place)
        first = place == self.columns[0].at
        return (first and (alone or column.key in {CODE, SECTION})) or (first and bool(self.known.mark(text)))

    def _is_more(self, row: Sequence[str | None], own: Mapping[int, str]) -> bool:
        """Whether a row goes on with the task above: what names it is merged, and who does it is not."""
        naming = [column for column in self.columns if column.key in {CODE, TITLE, TEXT}]
        merged = all(_at(row, column.at) is None for column in naming)
        return merged and bool(self.groups) and bool(own)

    def _add_to(self, task: Material, own: Mapping[int, str]) -> None:
        for column in self.columns:
            if column.at in own:
                self._take_cell(task, column, own[column.at])

    def _cell(self, row: Sequence[str | None], column: _Column) -> str:
        """The cell; that of the rows above where it is part of a merged one."""
        cell = _at(row, column.at)
        if cell is None:
            return self.carried.get(column.at, "")
        self.carried[column.at] = cell
        return cell

    def _task(self, at: int, row: Sequence[str | None], own: Mapping[int, str]) -> None:
        cells = {column: self._cell(row, column) for column in self.columns}
        said = {
            key: "\n".join(cells[one] for one in cells if one.key == key and cells[one]) for key in _NAMED
        }
        join = "!" if self.grid.lettered else ""
        where = f"{self.grid.name}{join}{self.grid.address(at, min(own))}"
        if not said[TITLE] and not said[TEXT]:
            if not " ".join(own.values()).startswith(self.known.words.furniture):
                self.table.doubts.append(NotUnderstood(" ".join(own.values()), _NO_TASK, where))
            return
        title, text = self._worded(said)
        if said[SECTION] and said[SECTION] != self.section:
            self._open_section_of_column(said[SECTION])
        task = Material("", self.section, title, where, [text])
        merged = any(column.key == CODE and _at(row, column.at) is None for column in self.columns)
        if not (merged and self.groups):
            self.count += 1
            self.groups.append([])
        task.code = self._code(said[CODE]) if not merged or not self.groups[-1] else self.groups[-1][0].code
        for column, cell in cells.items():
            if cell:
                self._take_cell(task, column, cell)
        self.groups[-1].append(task)

    def _open_section_of_column(self, section: str) -> None:
        self.section = section
        self.sections += 1
        self.count = 0

    def _worded(self, said: Mapping[str, str]) -> tuple[str, str]:
        """Title and text; where one column holds both, its first sentence is the title."""
        if said[TITLE] and said[TEXT]:
            return _unmarked(said[TITLE], self.known), said[TEXT]
        both = _unmarked(said[TITLE] or said[TEXT], self.known)
        first, _, rest = both.partition("\n")
        title, text = split_title(first, self.known)
        return title, "\n".join(filter(None, [text, rest])) or title

    def _code(self, told: str) -> str:
        """The section's number and the row's own; a decimal number says both."""
        digits = re.findall(r"\d+", told)
        if len(digits) > 1:
            return ".".join(digits)
        mark = self.known.mark(told)
        own = number(told) or (mark.number if mark else None) or self.count
        return f"{self._section_number()}.{own}" if self.section else str(own)

    def _section_number(self) -> int:
        mark = self.known.mark(self.section)
        return (mark.number if mark else None) or self.sections

    @staticmethod
    def _take_cell(task: Material, column: _Column, cell: str) -> None:
        if column.key in _ROLES:
            task.told.append(Told(cell, column.key, column.label))
        elif column.key in {NOTE, TARGET, ""}:
            task.notes.append(f"{column.label}：{cell}")

    def finished(self) -> Table:
        """The table with the tasks of merged rows numbered apart."""
        for group in self.groups:
            if len(group) > 1:
                for place, task in enumerate(group, 1):
                    task.code = f"{task.code}.{place}"
        self.table.materials = [task for group in self.groups for task in group]
        return self.table


_NAMED = (CODE, SECTION, TITLE, TEXT)


def _at(row: Sequence[str | None], column: int) -> str | None:
    return row[column] if column < len(row) else None


def _unmarked(text: str, known: Vocabulary) -> str:
    mark = known.mark(text)
    return text[mark.end :] if mark else text
