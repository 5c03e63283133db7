"""One unit's return: a workbook, or facts as JSON, with its text beside it → Return.

Tables are found by their labels wherever they stand; every value keeps the cell it came from. What cannot be
read becomes a Trouble, never a guess, and never an exception.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from report_builder import facts
from report_builder.errors import UnreadableError
from report_builder.figures import figure, printed
from report_builder.model import (
    Document,
    Figure,
    Grid,
    Number,
    ProcessingFee,
    Return,
    Section,
    Task,
    Trouble,
    Typed,
)
from report_builder.readers import sheets
from report_builder.recognise import Found, bare, find_tables, split_sections
from report_builder.spec import Format, Spec
from report_builder.spec.nouns import FieldSpec, SheetSpec

META_SHEET = "_模板"
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".et")
_LOCK_PREFIXES = ("~$", ".~")
_SEPARATOR = re.compile(r"[;；、,，\s]+")
_ISO_DAY = re.compile(r"(\d{4})\D+(\d{1,2})\D+(\d{1,2})\D*")
_NUMERALS = "一二三四五六七八九十"


@dataclass(frozen=True)
class Source:
    """What one unit dropped in: the main file, and the text file beside it if there is one."""

    main: Path
    text: Path | None = None
    folder: Path | None = None
    candidates: int = 1

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that were dropped in for it."""
        return (self.main,) if self.text is None else (self.main, self.text)

    @property
    def stem(self) -> str:
        """The name the unit gave it: the folder's where it has one, else the file's."""
        return shown(self.folder.name if self.folder is not None else self.main.stem)

    @property
    def name(self) -> str:
        """The main file's name, for messages and origins."""
        return shown(self.main.name)


def shown(name: str) -> str:
    """A file name that can be written out: bytes that are no UTF-8 (an old zip's names) become question marks."""
    return name.encode("utf-8", "replace").decode()


def is_return(path: Path) -> bool:
    """Whether a file may be a return: not a lock file of an open workbook, not hidden."""
    return not path.name.startswith((*_LOCK_PREFIXES, ".")) and path.suffix.lower() in (*WORKBOOKS, ".json")


def read_return(source: Source | Path, spec: Spec, report_year: int) -> Return:
    """The return in ``source`` for ``report_year``, read by the format that governs that year.

    Never raises for what is in the file: an unreadable one gives a Return without cells and a Trouble.
    """
    if isinstance(source, Path):
        source = Source(source)
    name = source.name
    try:
        _hold_one(source)
        data = source.main.read_bytes()
        if source.main.suffix.lower() == ".json":
            ret = _from_facts(data, name, spec, report_year)
        else:
            ret = _from_workbook(sheets.read(data), name, spec, report_year)
    except UnreadableError as fault:
        return _unreadable(name, fault, spec, report_year)
    except OSError as fault:
        reason = UnreadableError(
            f"系统拒绝读取（{fault.strerror}）", "请关闭正在使用它的程序，或检查文件是否完整"
        )
        return _unreadable(name, reason, spec, report_year)
    return ret if source.text is None else _with_text(ret, source.text, spec)


def _hold_one(source: Source) -> None:
    """A unit's folder must hold one return, no more and no less."""
    if source.name != source.main.name:
        raise UnreadableError("文件名不是 UTF-8 编码，可能来自旧的压缩包", "请把文件改名为单位名称后重新放入")
    if source.main.is_dir():
        raise UnreadableError(
            "这是一个文件夹，里面没有报送表", "请把报送表（.xlsx）放进去，或直接放在年度文件夹里"
        )
    if source.candidates > 1:
        raise UnreadableError(
            f"文件夹里有 {source.candidates} 份报送表，不知道以哪份为准", "请只留下要报送的一份"
        )


def _unreadable(name: str, fault: UnreadableError, spec: Spec, report_year: int) -> Return:
    where = f"{name}·{fault.place}" if fault.place else name
    trouble = Trouble("unreadable", where, (), {"reason": fault.reason, "mend": fault.fix})
    fmt = spec.format_for(report_year)
    return Return("", report_year, fmt.id if fmt else "", {}, origin=name, troubles=(trouble,))


def _from_facts(data: bytes, name: str, spec: Spec, report_year: int) -> Return:
    ret = facts.read(data, name, spec, report_year)
    fmt = spec.format(ret.format_id)
    due = spec.format_for(report_year)
    troubles = [*ret.troubles, *_wrong_year(f"{ret.report_year}年", report_year, f"{name}·report_year")]
    troubles += _unknown_states(ret, spec, name)
    if fmt is not None and due is not None and fmt is not due:
        troubles.append(_wrong_format(f"{name}·format", fmt, due))
    if fmt is not None:
        ret = replace(ret, cells=completed(ret.cells, fmt))
        troubles += [
            Trouble("table_missing", name, (), {"table": fmt.section(table.section).title, "hint": ""})
            for table in fmt.tables
            if not any(key in ret.cells for key in table.slots)
        ]
    return replace(ret, troubles=tuple(troubles))


def _unknown_states(ret: Return, spec: Spec, name: str) -> Iterator[Trouble]:
    """Tasks whose state or role is none of the contract's words."""
    for number, task in enumerate(ret.tasks, 1):
        for field in spec.workbook.sheet("tasks").fields:
            typed = task[field.key]
            if field.choices and typed and typed not in field.choices.values():
                choices = "、".join(field.choices.values())
                said = {"label": field.label, "typed": typed, "choices": choices}
                yield Trouble("unknown_choice", f"{name}·tasks 第{number}项", (), said)


def _wrong_year(found: str, expected: int, where: str) -> Iterator[Trouble]:
    """A year written in any way that does not hold the expected one."""
    if str(expected) not in found:
        said = {"what": "报告年度", "found": found, "expected": f"{expected}年"}
        yield Trouble("wrong_edition", where, (), said)


def _wrong_format(where: str, found: Format, expected: Format) -> Trouble:
    said = {"what": "格式", "found": f"{found.document}的格式", "expected": f"{expected.document}的格式"}
    return Trouble("wrong_edition", where, (), said)


def _from_workbook(book: sheets.Sheets, name: str, spec: Spec, report_year: int) -> Return:
    fmt = spec.format_for(report_year)
    if fmt is None:
        raise UnreadableError(f"没有适用于 {report_year} 年的格式", "请核对年度文件夹的名字")
    reader = _Reader(book, name, spec, fmt)
    about, places = reader.fields("about")
    troubles = list(reader.table_troubles())
    said = about.pop("report_year", "")
    if said:
        troubles += _wrong_year(f"{said.removesuffix('年')}年", report_year, places["report_year"])
    troubles += reader.field_troubles(about, places)
    fee, fee_troubles = reader.fee()
    tasks, task_troubles = reader.tasks()
    cells, cell_troubles = reader.cells()
    return Return(
        unit=about.pop("unit", "") or reader.meta().get("unit", ""),
        report_year=report_year,
        format_id=fmt.id,
        cells=completed(cells, fmt),
        sections=reader.sections(),
        tasks=tasks,
        fee=fee,
        about=about,
        origin=name,
        troubles=(*troubles, *cell_troubles, *fee_troubles, *task_troubles),
        places=places,
    )


class _Reader:
    """One workbook under one format, read part by part."""

    def __init__(self, book: sheets.Sheets, name: str, spec: Spec, fmt: Format) -> None:
        self.book, self.name, self.spec, self.fmt = book, name, spec, fmt
        self.grids = tuple(grid for grid in book.grids if grid.name != META_SHEET)
        self.found: dict[str, list[Found]] = {}
        for grid in self.grids:
            for found in find_tables(grid, fmt):
                self.found.setdefault(found.table, []).append(found)

    def meta(self) -> Mapping[str, str]:
        """The template's hidden metadata; empty for a workbook of another make."""
        grid = next((grid for grid in self.book.grids if grid.name == META_SHEET), None)
        return {str(row[0]): _said(row[1]) for row in grid.rows if len(row) > 1} if grid else {}

    def place(self, grid: Grid, row: int, column: int) -> str:
        return f"{self.name}·{grid.name}!{grid.address(row, column)}"

    def table_troubles(self) -> Iterator[Trouble]:
        for table in self.fmt.tables:
            copies = self.found.get(table.key, [])
            if not copies or len(best(copies).missing) * 2 > len(table.slots):
                yield self._missing(table.key, copies)
            elif len(copies) > 1:
                yield from self._twice(table.key, copies)

    def _missing(self, table: str, copies: Sequence[Found]) -> Trouble:
        title = next((sheet.name for sheet in self.spec.workbook.sheets if sheet.table == table), table)
        for other in self.spec.formats:
            if other is not self.fmt and any(t.key == table for t in other.tables):
                for grid in self.grids:
                    if any(found.table == table and not found.missing for found in find_tables(grid, other)):
                        return _wrong_format(f"{self.name}·{grid.name}", other, self.fmt)
        hint = f"（只认出 {len(best(copies).places)} 格）" if copies else ""
        return Trouble("table_missing", self.name, (), {"table": title, "hint": hint})

    def _twice(self, table: str, copies: Sequence[Found]) -> Iterator[Trouble]:
        """Two copies of a table with other figures in them: which one counts is not ours to choose."""
        filled = [
            copy
            for copy in copies
            if any(self._figure(copy, key).typed is not Typed.BLANK for key in copy.places)
        ]
        if len(filled) < 2:  # noqa: PLR2004 - a copy needs another
            return
        first, *others = filled
        unlike = [
            (other, key)
            for other in others
            for key in first.places
            if key in other.places and self._typed(first, key) != self._typed(other, key)
        ]
        if unlike:
            names = "、".join(copy.grid.name for copy in filled)
            title = next((sheet.name for sheet in self.spec.workbook.sheets if sheet.table == table), table)
            other, key = unlike[0]
            where = self.place(other.grid, *other.places[key])
            yield Trouble("table_twice", where, (key,), {"table": title, "places": names})

    def _typed(self, found: Found, key: str) -> tuple[Number | None, str]:
        read_as = self._figure(found, key)
        return read_as.number, read_as.text if read_as.number is None else ""

    def _figure(self, found: Found, key: str) -> Figure:
        row, column = found.places[key]
        cells = found.grid.rows[row] if row < len(found.grid.rows) else ()
        return figure(cells[column] if column < len(cells) else None, self.place(found.grid, row, column))

    def cells(self) -> tuple[dict[str, Figure], list[Trouble]]:
        """Every statutory cell that was found; formulas without a stored value are named, totals excepted."""
        cells: dict[str, Figure] = {}
        troubles = []
        for copies in self.found.values():
            found = self._chosen(copies)
            for key, (row, column) in found.places.items():
                read_as = self._figure(found, key)
                formula = self.book.formula(found.grid, row, column)
                if formula is not None and read_as.typed is Typed.BLANK:
                    read_as = replace(read_as, typed=Typed.FORMULA, text=formula)
                    if not self.fmt.slots[key].total_of:
                        troubles.append(
                            Trouble("formula_without_value", read_as.source, (key,), {"formula": formula})
                        )
                cells[key] = read_as
        return {key: cells[key] for key in self.fmt.slots if key in cells}, troubles

    def _chosen(self, copies: Sequence[Found]) -> Found:
        """The copy that is filled in, else the most complete one."""
        filled = [
            copy for copy in copies if any(self._figure(copy, key).number is not None for key in copy.places)
        ]
        return best(filled or copies)

    def _sheet_grids(self, sheet: SheetSpec) -> list[Grid]:
        named = [grid for grid in self.grids if bare(grid.name) == bare(sheet.name)]
        return named or [grid for grid in self.grids if not self._holds_table(grid)]

    def _holds_table(self, grid: Grid) -> bool:
        return any(found.grid is grid for copies in self.found.values() for found in copies)

    def fields(self, holds: str) -> tuple[dict[str, str], dict[str, str]]:
        """The labelled fields of one sheet: what was typed, and where, by field key."""
        sheet = self.spec.workbook.sheet(holds)
        names = _field_names(sheet.fields)
        typed: dict[str, str] = {}
        places: dict[str, str] = {}
        for grid in self._sheet_grids(sheet):
            for at, row in enumerate(grid.rows):
                for column, content in enumerate(row):
                    field = names.get(bare(content)) if isinstance(content, str) else None
                    if field is not None and field.key not in places:
                        beside, text = _beside(row, column, field)
                        typed[field.key], places[field.key] = text, self.place(grid, at, beside)
        return {key: text for key, text in typed.items() if text}, places

    def field_troubles(self, about: Mapping[str, str], places: Mapping[str, str]) -> Iterator[Trouble]:
        """Days in 基本信息 that are none."""
        for field in self.spec.workbook.sheet("about").fields:
            typed = about.get(field.key, "")
            if field.kind == "date" and typed and facts.day(typed) is None:
                said = {"label": field.label, "typed": typed, "choices": field.hint}
                yield Trouble("unknown_choice", places[field.key], (), said)

    def fee(self) -> tuple[ProcessingFee | None, list[Trouble]]:
        """The processing-fee position; None where its sheet is left empty."""
        typed, places = self.fields("fee")
        if not typed:
            return None, []
        field = next(one for one in self.spec.workbook.sheet("fee").fields if one.choices)
        said = typed.get(field.key, "")
        troubles = []
        if said and said not in field.choices:
            choices = {"label": field.label, "typed": said, "choices": "、".join(field.choices)}
            troubles.append(Trouble("unknown_choice", places[field.key], (), choices))
        collected = {"true": True, "false": False}.get(field.choices.get(said, ""))
        cases = facts.decimal(typed.get("cases"))
        whole = int(cases) if cases is not None and cases == int(cases) and cases >= 0 else None
        return ProcessingFee(collected, whole, _amount(typed.get("amount"))), troubles

    def tasks(self) -> tuple[tuple[Task, ...], list[Trouble]]:
        """The rows under the header of the task sheet that name a task."""
        sheet = self.spec.workbook.sheet("tasks")
        names = _field_names(sheet.fields)
        for grid in self._sheet_grids(sheet):
            header, columns = _task_header(grid, names)
            if columns:
                rows = [self._task(grid, at, columns) for at in range(header + 1, len(grid.rows))]
                filled = [(task, troubles) for task, troubles in rows if task.fields or task.due]
                named = tuple(_named([task for task, _ in filled]))
                return named, [one for _, troubles in filled for one in troubles]
        return (), []

    def _task(self, grid: Grid, at: int, columns: Mapping[int, FieldSpec]) -> tuple[Task, list[Trouble]]:
        row = grid.rows[at]
        fields: dict[str, str] = {}
        due: tuple[str, ...] = ()
        troubles = []
        for column, field in columns.items():
            text = _said(row[column]) if column < len(row) else ""
            if field.choices and text and text not in field.choices:
                said = {"label": field.label, "typed": text, "choices": "、".join(field.choices)}
                troubles.append(Trouble("unknown_choice", self.place(grid, at, column), (), said))
            if field.key == "due":
                due = tuple(_day(part) for part in _SEPARATOR.split(text) if part)
            elif text:
                fields[field.key] = field.choices.get(text, "") if field.choices else _dated(field, text)
        return Task({key: text for key, text in fields.items() if text}, due), troubles

    def sections(self) -> tuple[Section, ...]:
        """The narrative sheet: a row per section or aspect, one paragraph a line."""
        for grid in self._sheet_grids(self.spec.workbook.sheet("narrative")):
            texts = _narrative(grid, self.fmt, self.spec.workbook.narrative_columns)
            if texts is not None:
                return tuple(
                    Section(section.number, section.title, tuple(texts.get(section.number, ())))
                    for section in self.fmt.sections
                )
        return ()


def _named(tasks: Iterable[Task]) -> Iterator[Task]:
    """A row without a task's name goes on with the task above it, whose cells reach down over it."""
    name: dict[str, str] = {}
    for task in tasks:
        own = {key: task[key] for key in ("code", "title") if task[key]}
        name = own or name
        yield replace(task, fields={**name, **task.fields})


def best(copies: Sequence[Found]) -> Found:
    """The copy of a table of which most was found; the first of equals."""
    return max(copies, key=lambda found: len(found.places))


def _field_names(fields: Iterable[FieldSpec]) -> dict[str, FieldSpec]:
    return {bare(label): field for field in fields for label in (field.label, *field.also)}


def _beside(row: Sequence[object], column: int, field: FieldSpec) -> tuple[int, str]:
    """What was typed to the right of a label; the template's own hint there is not an answer."""
    for at in range(column + 1, len(row)):
        text = _said(row[at])
        if text:
            return (at, "") if field.hint and text == field.hint else (at, _dated(field, text))
    return column + 1, ""


def _dated(field: FieldSpec, text: str) -> str:
    return _day(text) if field.kind == "date" else text


def _day(text: str) -> str:
    """A day as ISO where it is one in any common writing; else the words as they are (每季度)."""
    match = _ISO_DAY.fullmatch(text.strip())
    if match is None:
        return text
    try:
        return dt.date(*map(int, match.groups())).isoformat()
    except ValueError:
        return text


def _said(content: object) -> str:
    """A cell's content in words: numbers as typed, days as ISO."""
    if content is None or content == "":
        return ""
    if isinstance(content, dt.datetime):
        return content.date().isoformat()
    if isinstance(content, int | float) and not isinstance(content, bool):
        return printed(figure(content, "").number) or str(content)
    return str(content).strip()


def _amount(said: str | None) -> Decimal | None:
    amount = facts.decimal(said)
    return amount if amount is not None and amount >= 0 else None


def _task_header(grid: Grid, names: Mapping[str, FieldSpec]) -> tuple[int, dict[int, FieldSpec]]:
    for at, row in enumerate(grid.rows):
        columns = {
            column: names[bare(content)]
            for column, content in enumerate(row)
            if isinstance(content, str) and bare(content) in names
        }
        if len(columns) > len(names) / 4 and {"code", "title"} & {field.key for field in columns.values()}:
            return at, columns
    return 0, {}


def _narrative(grid: Grid, fmt: Format, headers: tuple[str, ...]) -> dict[int, list[str]] | None:
    labels = [bare(header) for header in headers]
    for at, row in enumerate(grid.rows):
        said = [bare(content) if isinstance(content, str) else "" for content in row]
        if all(label in said for label in labels):
            return _paragraphs(grid.rows[at + 1 :], said.index(labels[0]), said.index(labels[1]), fmt)
    return None


def _paragraphs(rows: Iterable[Sequence[object]], label: int, text: int, fmt: Format) -> dict[int, list[str]]:
    """Section rows open a section, aspect rows put their own heading above their text, others go on."""
    titles = {bare(title): section for section in fmt.sections for title in (section.title, *section.also)}
    paragraphs: dict[int, list[str]] = {}
    number = fmt.sections[0].number
    for row in rows:
        said = _said(row[label]) if label < len(row) else ""
        lines = [
            line.strip()
            for line in (_said(row[text]) if text < len(row) else "").splitlines()
            if line.strip()
        ]
        section = titles.get(bare(said))
        if section is not None:
            number = section.number
        elif said and lines:
            paragraphs.setdefault(number, []).append(said)
        paragraphs.setdefault(number, []).extend(lines)
    return paragraphs


def completed(cells: Mapping[str, Figure], fmt: Format) -> dict[str, Figure]:
    """The cells with blank totals computed where all their parts hold numbers (V205 asks about them)."""
    done = dict(cells)
    totals = [slot for slot in fmt.known_slots.values() if slot.total_of]
    for slot in sorted(totals, key=lambda slot: bool(slot.column.total_of)):
        held = done.get(slot.key)
        if held is not None and held.typed in {Typed.BLANK, Typed.FORMULA}:
            keys = fmt.standing(slot.total_of, done)
            parts = [done[key].number if key in done else None for key in keys]
            numbers = [part for part in parts if part is not None]
            if len(numbers) == len(parts):
                done[slot.key] = replace(held, number=sum(numbers), typed=Typed.COMPUTED)
    return done


def _with_text(ret: Return, path: Path, spec: Spec) -> Return:
    """The Return with the text file's sections in place of the sheet's; both filled in is said so."""
    fmt = spec.format(ret.format_id)
    if fmt is None:
        return ret
    try:
        paragraphs = read_text(path)
    except (UnreadableError, OSError) as fault:
        reason = (
            fault
            if isinstance(fault, UnreadableError)
            else UnreadableError(f"系统拒绝读取（{fault.strerror}）", "请检查文件")
        )
        trouble = Trouble("unreadable", path.name, (), {"reason": reason.reason, "mend": reason.fix})
        return replace(ret, troubles=(*ret.troubles, trouble))
    troubles = list(ret.troubles)
    if any(section.paragraphs for section in ret.sections):
        sheet = spec.workbook.sheet("narrative").name
        troubles.append(
            Trouble("narrative_twice", f"{ret.origin}·{sheet}", (), {"sheet": sheet, "file": path.name})
        )
    sections = split_sections(paragraphs, fmt)
    return replace(ret, sections=sections, own_headings=True, troubles=tuple(troubles))


def read_text(path: Path) -> tuple[str, ...]:
    """The paragraphs of 正文.docx, .md or .txt, in order.

    Raises:
        UnreadableError: it cannot be read as what its name says.
    """
    data = path.read_bytes()
    if path.suffix.lower() == ".docx":
        from report_builder.readers import docx  # noqa: PLC0415 - lxml is not needed for most returns

        document: Document = docx.read(data)
        title = (document.title,) if document.title else ()
        return title + tuple(item for item in document.items if isinstance(item, str))
    lines = (re.sub(r"^\s*(?:#+\s*|[-*+]\s+)", "", line).strip() for line in _decoded(data).splitlines())
    return tuple(line for line in lines if line)


def _decoded(data: bytes) -> str:
    if not data.strip():
        raise UnreadableError("正文文件是空的", "请写入正文，或删去这个文件")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableError("正文不是 UTF-8 或 GB18030 编码的文本", "请用记事本另存为 UTF-8")
