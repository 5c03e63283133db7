"""The return workbook, drawn from the format: blank for a unit, filled, or given back with red cells."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from report_builder.errors import SpecError
from report_builder.figures import numeral
from report_builder.model import Figure, Number, Return, Task, Typed, Unit
from report_builder.progress import plain
from report_builder.recognise import bare
from report_builder.spec import Format, Placed, SectionSpec, Slot, Table, Workbook
from report_builder.spec.nouns import META_SHEET, SENT_BACK, FieldSpec, SheetSpec
from report_builder.workbooks import (
    Book,
    Cell,
    Content,
    Entry,
    Look,
    Sheet,
    column_range,
    lines_of,
    reference,
    sum_formula,
    written,
)

CHOICES_SHEET = "字典"
_BLANK_TASKS = 20
_GIVEN_FIELDS = ("code", "title", "role", "due")
_EARLIER_YEARS = 5
_PORTRAIT, _LANDSCAPE = 98, 140
_BESIDE_WIDTH = 13.0
_FIELD_WIDTHS = (3.0, 18.0, 46.0, 34.0)
_TEXT_WIDTHS = (24.0, 84.0, 26.0)
_TEXT_SIZE, _TEXT_LINES = 10, 27
_LOOK_OF: Mapping[bool, Look] = {True: "total", False: "value"}
_ROLES: Mapping[str, Look] = {"title": "head", "head": "head", "corner": "head", "stub": "stub"}
_LEGEND: tuple[tuple[Look, bool, str], ...] = (
    ("value", False, "浅黄：在这里填写。"),
    ("total", False, "浅橙：总计，已带公式；也可以直接填数。"),
    ("beside", False, "浅蓝：上年数，只供核对。"),
    ("value", True, "红色：校验后发回的表里需要核对的格，原因见批注。"),
)


@dataclass(frozen=True, slots=True)
class Filling:
    """What goes into the workbook of one unit for one report year.

    ``last`` is last year's return, for what is carried in and shown beside; only figures that may be compared
    belong in it. ``tasks`` are the unit's own tasks of the plan, their given fields locked, with
    ``remarks`` on some of them by their codes. ``filled`` is a return
    whose values stand in the cells as typed; then nothing is carried in. ``marks`` are the comments of the cells to
    be red, by cell key, ``about.‹field›``, ``fee.‹field›`` or ``sections.‹number›``.
    """

    report_year: int
    unit: Unit | None = None
    last: Return | None = None
    tasks: Sequence[Task] = ()
    remarks: Mapping[str, str] = field(default_factory=dict)
    filled: Return | None = None
    marks: Mapping[str, str] = field(default_factory=dict)

    @property
    def unit_name(self) -> str:
        """The unit as the register names it, else as its return does."""
        if self.unit is not None:
            return self.unit.name
        return self.filled.unit if self.filled is not None else ""


def draw(fmt: Format, workbook: Workbook, filling: Filling) -> bytes:
    """The return workbook as .xlsx: the sheets of ``workbook``, the tables of ``fmt``, what ``filling`` holds.

    Raises:
        SpecError: a table of the format has no sheet.
    """
    return written(book(fmt, workbook, filling, sheets(fmt, workbook, filling)))


def book(
    fmt: Format, workbook: Workbook, filling: Filling, drawn: Sequence[Sheet], *, sent_back: bool = False
) -> Book:
    """The sheets as one workbook that says in hidden places which unit, year, format and template it is of.

    ``sent_back`` marks an opinion: a copy of a return, which is never taken for one.
    """
    about: dict[str, str | int] = {
        "template_version": workbook.template_version,
        "format": fmt.id,
        "report_year": filling.report_year,
        "unit": filling.unit_name,
    }
    if sent_back:
        about[SENT_BACK] = 1
    meta = (
        Cell(row, column, text) for row, pair in enumerate(about.items()) for column, text in enumerate(pair)
    )
    choices, names = _choices_sheet(workbook)
    return Book(
        sheets=(*drawn, choices, Sheet(META_SHEET, (18.0, 40.0), tuple(meta), very_hidden=True)),
        title=fmt.report_title.format(unit=filling.unit_name, year=filling.report_year),
        created=dt.datetime(filling.report_year, 1, 1),  # noqa: DTZ001 - a mark in the file, not a moment
        header=f"{filling.unit_name}　{filling.report_year}年度",
        properties=about,
        names=names,
    )


def sheets(fmt: Format, workbook: Workbook, filling: Filling) -> tuple[Sheet, ...]:
    """The visible sheets in the order of ``workbook``; one whose table the format does not have is left out."""
    drawing = _Drawing(fmt, workbook, filling)
    held = {sheet.table for sheet in workbook.sheets}
    for table in fmt.tables:
        if table.key not in held:
            raise SpecError(
                f"workbook.toml：没有为格式 {fmt.id} 的表“{table.key}”安排工作表，请补上 [[sheets]] 一节"
            )
    known = {"", *(table.key for table in fmt.tables)}
    return tuple(_SHEETS[spec.holds](spec, drawing) for spec in workbook.sheets if spec.table in known)


def places(drawn: Iterable[Sheet]) -> dict[str, str]:
    """Where each keyed cell stands in the drawn workbook: requests.received.total → '依申请公开'!J8."""
    keyed = ((sheet.name, cell) for sheet in drawn for cell in sheet.cells if cell.key)
    return {cell.key: reference(name, cell.row, cell.column) for name, cell in keyed}


@dataclass(frozen=True)
class _Drawing:
    """What every sheet is drawn from."""

    fmt: Format
    workbook: Workbook
    filling: Filling

    @cached_property
    def carried(self) -> dict[str, tuple[Number, str]]:
        """Last year's figures that arrive as this year's, with the label they stood under, by this year's key."""
        last = self.filling.last
        if last is None:
            return {}
        sources = {target: source for source, target in self.workbook.carried.items()}
        found: dict[str, tuple[Number, str]] = {}
        for slot in self.fmt.slots.values():
            source = f"{sources.get(f'{slot.table}.{slot.row.key}', '')}.{slot.column.key}"
            number = last.number(source)
            if number is not None:
                found[slot.key] = (number, self._row_label(source))
        return found

    def _row_label(self, key: str) -> str:
        slot = self.fmt.slots.get(key)
        return f"“{slot.row.label}”" if slot else ""

    @cached_property
    def sums(self) -> dict[str, Number | None]:
        """What the formula of each total gives; None while all its parts are blank."""
        numbers = {key: self._typed_number(slot) for key, slot in self.fmt.slots.items()}
        sums: dict[str, Number | None] = {}
        for slot in sorted(self._totals(), key=lambda slot: bool(slot.column.total_of)):
            parts = [numbers[key] for key in slot.total_of]
            given = [part for part in parts if part is not None]
            sums[slot.key] = sum(given) if given else None
            if not self._typed_over(slot, sums[slot.key]):
                numbers[slot.key] = sums[slot.key]
        return sums

    def _totals(self) -> Iterator[Slot]:
        return (slot for slot in self.fmt.slots.values() if slot.total_of)

    def figure(self, key: str) -> Figure | None:
        """What the filled return holds for the cell."""
        return self.filling.filled.cells.get(key) if self.filling.filled else None

    def _typed_number(self, slot: Slot) -> Number | None:
        if self.filling.filled is not None:
            figure = self.figure(slot.key)
            return None if figure is None else figure.number
        return self.carried[slot.key][0] if slot.key in self.carried else None

    def _typed_over(self, slot: Slot, computed: Number | None) -> bool:
        """Whether something other than the formula's result was typed into a total; it takes the formula's place."""
        figure = self.figure(slot.key)
        if figure is None or figure.typed in {Typed.BLANK, Typed.COMPUTED, Typed.FORMULA}:
            return False
        return figure.number is None or figure.number != computed

    def value(self, placed: Placed, top: int) -> Cell:
        """The cell of one figure, without its formula."""
        slot = self.fmt.slots[placed.key]
        cell = _placed(placed, top, _LOOK_OF[bool(slot.total_of)], self._content(slot))
        entry = Entry(slot.kind, hint=f"单位：{slot.column.unit}" if slot.column.unit else "")
        return self.marked(replace(cell, entry=entry, comment=self._origin(slot.key)))

    def _content(self, slot: Slot) -> Content:
        if slot.total_of and not self._typed_over(slot, self.sums[slot.key]):
            return self.sums[slot.key]
        figure = self.figure(slot.key)
        if figure is None:
            return self._typed_number(slot)
        return figure.text if figure.number is None else figure.number

    def _origin(self, key: str) -> str:
        if key not in self.carried:
            return ""
        number, label = self.carried[key]
        said = "已带入本格；如与实际不符，可以改正" if self.filling.filled is None else "供核对"
        return f"上年{label}为 {number}，{said}。"

    def with_formula(self, cell: Cell, values: Mapping[str, Cell]) -> Cell:
        """The cell with its formula, where it is a total nobody typed over."""
        slot = self.fmt.slots[cell.key]
        if not slot.total_of or self._typed_over(slot, self.sums[slot.key]):
            return cell
        return replace(cell, formula=sum_formula(values[key] for key in slot.total_of))

    def marked(self, cell: Cell) -> Cell:
        """The cell red and with its comment, where there is a mark for it."""
        mark = self.filling.marks.get(cell.key, "")
        if not mark:
            return cell
        return replace(cell, marked=True, comment="\n".join(part for part in (cell.comment, mark) if part))

    def entry(self, holds: str, spec: FieldSpec) -> Entry:
        """What may be typed into a field."""
        year = self.filling.report_year
        if spec.choices:
            return Entry("choice", hint=spec.hint, source=_name_of(holds, spec))
        if spec.kind == "date":
            return Entry("date", hint=spec.hint, least=dt.date(year - _EARLIER_YEARS, 1, 1))
        return Entry(spec.kind, hint=spec.hint, least=year if spec.kind == "year" else 0)


def _placed(placed: Placed, top: int, look: Look, content: Content) -> Cell:
    spans = (placed.row_span, placed.column_span)
    return Cell(placed.row + top, placed.column, content, look, *spans, key=placed.key)


def _head(spec: SheetSpec, title: str, widths: Sequence[float], first: int = 0) -> tuple[list[Cell], int]:
    """The title and the instructions over the whole width, and the row where the rest begins."""
    span = len(widths) - first
    cells = [Cell(0, first, title, "title", column_span=span)]
    cells += [
        Cell(row, first, text, "note", column_span=span) for row, text in enumerate(spec.instructions, 1)
    ]
    return cells, len(cells) + 1


def _instructions(spec: SheetSpec, drawing: _Drawing) -> Sheet:
    """The cover: what the workbook is for, what the colours mean, what stands on which sheet."""
    fmt, filling = drawing.fmt, drawing.filling
    title = fmt.report_title.format(unit=filling.unit_name, year=filling.report_year)
    said = {"year": filling.report_year, "document": fmt.document, "title": fmt.title}
    lines = [
        *(
            ("plain", False, str(number), text.format_map(said))
            for number, text in enumerate(spec.instructions, 1)
        ),
        *((look, marked, "", text) for look, marked, text in _LEGEND),
    ]
    cells = [Cell(0, 0, f"{title}填报表", "title", column_span=2)]
    for row, (look, marked, label, text) in enumerate(lines, 2):
        cells += [Cell(row, 0, label, look, marked=marked), Cell(row, 1, text, "plain")]
    others = [sheet for sheet in drawing.workbook.sheets if sheet is not spec]
    for row, sheet in enumerate(others, len(lines) + 3):
        link = Cell(row, 0, sheet.name, "link", link=reference(sheet.name, 0, 0))
        cells += [link, Cell(row, 1, " ".join(sheet.instructions), "plain")]
    return Sheet(spec.name, (16.0, 82.0), tuple(cells))


def _table(spec: SheetSpec, drawing: _Drawing) -> Sheet:
    """One statutory table exactly as printed, its figures open, last year's beside it."""
    table = drawing.fmt.table(spec.table)
    widths = _widths(table, _LANDSCAPE if spec.landscape else _PORTRAIT)
    cells, top = _head(spec, drawing.fmt.section(table.section).title, widths)
    labels = [_placed(p, top, _ROLES[p.role], p.text) for p in table.layout if p.role != "value"]
    values = {p.key: drawing.value(p, top) for p in table.layout if p.role == "value"}
    figures = [drawing.with_formula(cell, values) for cell in values.values()]
    beside = list(_beside(table, drawing, labels, values))
    columns = max((cell.column for cell in beside), default=table.column_count - 1) + 1
    one_header = len(table.bands) == 1
    last_head = top + table.header_rows
    stubs = min(cell.column for cell in figures)
    return Sheet(
        name=spec.name,
        widths=(*widths, *[_BESIDE_WIDTH] * (columns - table.column_count)),
        cells=(*cells, *labels, *figures, *beside),
        landscape=spec.landscape,
        repeat=(top, last_head - 1) if one_header else None,
        frozen=(last_head, stubs) if one_header and stubs else None,
    )


def _widths(table: Table, total: int) -> tuple[float, ...]:
    """The printed widths, scaled to the digits that fit the page."""
    whole = sum(table.widths)
    return tuple(round(width / whole * total, 2) for width in table.widths)


def _beside(
    table: Table, drawing: _Drawing, labels: Sequence[Cell], values: Mapping[str, Cell]
) -> Iterator[Cell]:
    """Last year's figures in columns of their own, right of the table and locked: they never enter a cell."""
    last, beside = drawing.filling.last, drawing.workbook.beside
    if last is None:
        return
    for band in table.bands:
        for offset, column in enumerate(one for one in band.columns if one.key in beside):
            at = table.column_count + offset
            keys = {f"{table.key}.{row.key}.": f"{table.key}.{row.key}.{column.key}" for row in band.rows}
            numbers = {key: last.number(prefix + beside[column.key]) for prefix, key in keys.items()}
            shown = [Cell(values[k].row, at, n, "beside") for k, n in numbers.items() if n is not None]
            if shown:
                head = _head_over(values[next(iter(numbers))], labels)
                label = drawing.workbook.beside_label.format(label=column.label)
                yield Cell(head.row, at, label, "head", row_span=head.row_span)
                yield from shown


def _head_over(value: Cell, labels: Sequence[Cell]) -> Cell:
    """The lowest column label above a figure."""
    above = [cell for cell in labels if cell.column == value.column and cell.row < value.row]
    return max(above, key=lambda cell: cell.row)


def _fields(spec: SheetSpec, drawing: _Drawing, contents: Mapping[str, Content]) -> Sheet:
    """A list of labelled fields: label, value, hint."""
    cells, top = _head(spec, spec.name, _FIELD_WIDTHS, 1)
    for row, one in enumerate(spec.fields, top):
        entry = drawing.entry(spec.holds, one)
        content = _day(contents.get(one.key)) if one.kind == "date" else contents.get(one.key)
        value = Cell(row, 2, content, "field", key=f"{spec.holds}.{one.key}", entry=entry)
        hint = [Cell(row, 3, one.hint, "note")] if one.hint else []
        cells += [Cell(row, 1, one.label, "stub"), drawing.marked(value), *hint]
    heights = dict.fromkeys(range(top, top + len(spec.fields)), 24.0)
    return Sheet(spec.name, _FIELD_WIDTHS, tuple(cells), spec.landscape, heights=heights)


def _about(spec: SheetSpec, drawing: _Drawing) -> Sheet:
    filling = drawing.filling
    unit, filled = filling.unit or Unit(filling.unit_name), filling.filled
    if filled is None:
        return _fields(
            spec, drawing, {"unit": unit.name, "code": unit.code, "report_year": filling.report_year}
        )
    return _fields(spec, drawing, {**filled.about, "unit": filled.unit, "report_year": filled.report_year})


def _fee(spec: SheetSpec, drawing: _Drawing) -> Sheet:
    fee = drawing.filling.filled.fee if drawing.filling.filled else None
    if fee is None:
        return _fields(spec, drawing, {})
    choices = {key: label for one in spec.fields for label, key in one.choices.items()}
    collected = choices.get(str(fee.collected).lower())
    return _fields(spec, drawing, {"collected": collected, "cases": fee.cases, "amount": fee.amount})


def _day(content: Content) -> Content:
    """A day in ISO form as a date; anything else as it was typed."""
    try:
        return dt.date.fromisoformat(content) if isinstance(content, str) else content
    except ValueError:
        return content


def _tasks(spec: SheetSpec, drawing: _Drawing) -> Sheet:
    """A row per task; what the plan says of the unit's own tasks is locked."""
    widths = tuple(float(one.width) for one in spec.fields)
    cells, top = _head(spec, spec.name, widths[: len(_GIVEN_FIELDS) + 3])
    cells += [Cell(top, column, one.label, "head") for column, one in enumerate(spec.fields)]
    rows = _task_rows(drawing.filling)
    for row, (task, given) in enumerate(rows, top + 1):
        cells += _task_cells(spec, drawing, row, task, given=given)
    return Sheet(
        name=spec.name,
        widths=widths,
        cells=tuple(cells),
        landscape=spec.landscape,
        repeat=(top, top),
        repeat_columns=2,
        frozen=(top + 1, 2),
        heights=dict.fromkeys(range(top + 1, top + 1 + len(rows)), 32.0),
        growing=True,
    )


def _task_rows(filling: Filling) -> list[tuple[Task, bool]]:
    """The tasks to list, each with whether the plan gives it; blank rows where there are none."""
    answered = filling.filled.tasks if filling.filled else ()
    planned = {plain(task["code"]) for task in filling.tasks}
    rows = [(task, plain(task["code"]) in planned) for task in answered]
    held = {plain(task["code"]) for task in answered}
    rows += [(task, True) for task in filling.tasks if plain(task["code"]) not in held]
    return rows or [(Task({}), False)] * _BLANK_TASKS


def _task_cells(spec: SheetSpec, drawing: _Drawing, row: int, task: Task, *, given: bool) -> Iterator[Cell]:
    for column, one in enumerate(spec.fields):
        locked = given and one.key in _GIVEN_FIELDS
        entry = None if locked else drawing.entry(spec.holds, one)
        key = f"{spec.holds}.{task['code']}.{one.key}" if task["code"] else ""
        said = drawing.filling.remarks.get(task["code"], "") if one.key == "title" else ""
        look: Look = "given" if locked else "text"
        cell = Cell(row, column, _said_of(task, one), look, key=key, entry=entry, comment=said)
        yield drawing.marked(cell)


def _said_of(task: Task, one: FieldSpec) -> Content:
    if one.key == "due":
        return "；".join(task.due)
    if one.choices:
        return next((label for label, key in one.choices.items() if key == task[one.key]), task[one.key])
    return _day(task[one.key]) if one.kind == "date" else task[one.key]


def _narrative(spec: SheetSpec, drawing: _Drawing) -> Sheet:
    """A row per section and aspect; a long text goes on in the rows below, which a reader takes for the same section."""
    cells, top = _head(spec, spec.name, _TEXT_WIDTHS)
    heads = (*drawing.workbook.narrative_columns, "写什么")
    cells += [Cell(top, column, label, "head") for column, label in enumerate(heads)]
    heights: dict[int, float] = {}
    row = top + 1
    for passage in _passages(drawing):
        pieces = _pieces(passage.paragraphs)
        cells += _passage_cells(drawing, row, passage, pieces)
        heights[row] = passage.height
        row += len(pieces)
    return Sheet(spec.name, _TEXT_WIDTHS, tuple(cells), spec.landscape, (top, top), heights=heights)


@dataclass(frozen=True, slots=True)
class _Passage:
    """One row of the narrative sheet: its label, its text, and what is asked."""

    label: str
    paragraphs: tuple[str, ...]
    hint: str = ""
    key: str = ""
    height: float = 60.0


def _passages(drawing: _Drawing) -> Iterator[_Passage]:
    filled = drawing.filling.filled
    for section in drawing.fmt.sections:
        labels = _labels(section)
        texts = _by_aspect(filled.paragraphs(section.number) if filled else (), labels)
        height = 120.0 if section.text == "required" and not labels else 60.0
        yield _Passage(section.title, texts[""], _asked(section), text_key(section, ""), height)
        yield from (_Passage(label, texts.get(label, ()), key=text_key(section, label)) for label in labels)
    known = {section.number for section in drawing.fmt.sections}
    if filled is not None:
        yield from (_Passage(one.title, one.paragraphs) for one in filled.sections if one.number not in known)


def _labels(section: SectionSpec) -> list[str]:
    return [f"（{numeral(number)}）{aspect}" for number, aspect in enumerate(section.aspects, 1)]


def text_key(section: SectionSpec, label: str) -> str:
    """The key of the cell that takes a section's text, or that under one of its aspects."""
    return f"sections.{section.number}.{label}".rstrip(".")


def key_of_paragraph(section: SectionSpec, paragraphs: Sequence[str], number: int) -> str:
    """The key of the cell in which a paragraph (0-based) of the section is drawn."""
    texts = _by_aspect(paragraphs, _labels(section))
    above = [bare(text) for text in paragraphs[: number + 1]]
    under = [label for label in _labels(section) if texts.get(label) and bare(label) in above]
    return text_key(section, under[-1] if under else "")


def _asked(section: SectionSpec) -> str:
    return section.hint if section.text == "required" else section.hint or "没有可不写。"


def _by_aspect(paragraphs: Sequence[str], labels: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The paragraphs under each aspect's own heading, and under "" those above the first.

    Where the headings stand in another order, or one has no text, the whole stays together: nothing is moved or lost.
    """
    at = {bare(text): index for index, text in enumerate(paragraphs)}
    starts = {label: at[bare(label)] for label in labels if bare(label) in at}
    bounds = [*starts.values(), len(paragraphs)]
    texts = {"": tuple(paragraphs[: bounds[0]])}
    for label, (start, end) in zip(starts, itertools.pairwise(bounds), strict=True):
        texts[label] = tuple(paragraphs[start + 1 : end])
    return texts if all(texts[label] for label in starts) else {"": tuple(paragraphs)}


def _pieces(paragraphs: Sequence[str]) -> list[str]:
    """The paragraphs in pieces that a row can show; at least one piece, empty where nothing was written."""
    pieces: list[list[str]] = [[]]
    lines = 0
    for text in paragraphs:
        more = lines_of(text, _TEXT_WIDTHS[1], _TEXT_SIZE)
        if pieces[-1] and lines + more > _TEXT_LINES:
            pieces.append([])
            lines = 0
        pieces[-1].append(text)
        lines += more
    return ["\n".join(piece) for piece in pieces]


def _passage_cells(drawing: _Drawing, row: int, passage: _Passage, pieces: Sequence[str]) -> Iterator[Cell]:
    yield Cell(row, 0, passage.label, "given", row_span=len(pieces))
    for offset, piece in enumerate(pieces):
        key = "" if offset else passage.key
        yield drawing.marked(Cell(row + offset, 1, piece, "text", key=key, entry=Entry("text")))
    yield Cell(row, 2, passage.hint, "hint", row_span=len(pieces))


def _choices_sheet(workbook: Workbook) -> tuple[Sheet, dict[str, str]]:
    """The drop-downs' lists, one column each, and the names they go by: names survive every spreadsheet program."""
    fields = [(spec.holds, one) for spec in workbook.sheets for one in spec.fields if one.choices]
    cells: list[Cell] = []
    names: dict[str, str] = {}
    for column, (holds, one) in enumerate(fields):
        cells += [Cell(row, column, text) for row, text in enumerate((one.label, *one.choices))]
        names[_name_of(holds, one)] = column_range(CHOICES_SHEET, column, 1, len(one.choices))
    return Sheet(CHOICES_SHEET, (16.0,) * max(len(fields), 1), tuple(cells), very_hidden=True), names


def _name_of(holds: str, one: FieldSpec) -> str:
    return f"choices_{holds}_{one.key}"


_SHEETS = {
    "instructions": _instructions,
    "about": _about,
    "table": _table,
    "fee": _fee,
    "tasks": _tasks,
    "narrative": _narrative,
}
