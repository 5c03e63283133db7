"""The law as data is held against itself, so that a slip is named before any unit's return is read."""

from __future__ import annotations

import dataclasses
import itertools
import re
import typing
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from report_builder.errors import SpecError
from report_builder.model import UNIT_KINDS, UNIT_LEVELS
from report_builder.spec import toml
from report_builder.spec.layout import matching
from report_builder.spec.nouns import (
    Band,
    Concord,
    Example,
    Format,
    PlanWords,
    Spec,
    Table,
    Wording,
    Workbook,
)
from report_builder.spec.oversight import ScoreRule
from report_builder.spec.placeholders import misfit

_CHANGE = ("change",)
_ABOUT = frozenset({"unit", "year"})
_LEXICON_YEARS = frozenset({"year", "last", "next"})
_CODE = re.compile(r"[A-Z]\d{3}(?!\d)")
_YEARS_BACK = re.compile(r"-[2-9]")
_TASK_MARKS = ("late", "overdue", "without_evidence")
_SINGLE_SHEETS = ("about", "fee", "tasks", "narrative")


def hold_format(fmt: Format, file: str) -> None:
    """One format by itself: nothing is given twice, every key it names is there, every text can be filled.

    Raises:
        SpecError: file, key and the nearest right one.
    """
    if fmt.last_report_year is not None and fmt.last_report_year < fmt.first_report_year:
        raise SpecError(
            f"{file}：last_report_year {fmt.last_report_year} 早于 first_report_year {fmt.first_report_year}"
        )
    _once(f"{file}：sections 的 number", [section.number for section in fmt.sections])
    _once(f"{file}：tables 的 key", [table.key for table in fmt.tables])
    _once(f"{file}：measures 的 key", [measure.key for measure in fmt.measures])
    _once(f"{file}：charts 的 name", [chart.name for chart in fmt.charts])
    for table in fmt.tables:
        _hold_table(table, f"{file}：表“{table.key}”")
    _hold_sections(fmt, file)
    _hold_measures(fmt, file)
    _hold_texts(_texts(fmt), file)
    _hold_deadlines(fmt.deadlines, file)
    if fmt.fee is not None and not any(section.fee for section in fmt.sections):
        raise SpecError(f"{file}：有 [fee]，但没有哪个 sections 写明 fee = true")


def hold_band(band: Band, place: str) -> None:
    """A band can be laid out: it has columns and rows, and the columns of a group stand side by side.

    Raises:
        SpecError: file, table and what is wrong.
    """
    for name, things in (("columns", band.columns), ("rows", band.rows)):
        if not things:
            raise SpecError(f"{place}{name} 是空的")
    groups = Counter(
        group for group, _ in itertools.groupby(column.group for column in band.columns) if group
    )
    for group, count in groups.items():
        if count > 1:
            raise SpecError(f"{place}group 是“{group}”的列应当相邻")


def _once(place: str, keys: Iterable[object]) -> None:
    for key, count in Counter(keys).items():
        if count > 1:
            raise SpecError(f"{place}“{key}”出现了 {count} 次；请只留一处")


def _hold_table(table: Table, place: str) -> None:
    _once(f"{place}的行 key", [row.key for band in table.bands for row in band.rows])
    for band in table.bands:
        _once(f"{place}的列 key", [column.key for column in band.columns])
        _known_totals(band, place)


def _known_totals(band: Band, place: str) -> None:
    for things in (band.columns, band.rows):
        keys = [thing.key for thing in things if not thing.total_of]
        for thing in things:
            for pattern in thing.total_of:
                if not matching((pattern,), keys):
                    raise SpecError(
                        f"{place}：{thing.key} 的 total_of 里的“{pattern}”找不到{toml.nearest(pattern, keys)}"
                    )


def _hold_sections(fmt: Format, file: str) -> None:
    """Tables, sentences and pictures stand in a section the format has."""
    placed: list[tuple[str, int]] = [(f"表“{table.key}”", table.section) for table in fmt.tables]
    placed += [(_quoted(sentence.text), sentence.section) for sentence in fmt.sentences]
    placed += [(f"charts“{chart.name}”", chart.section) for chart in fmt.charts]
    numbers = [section.number for section in fmt.sections]
    for what, number in placed:
        if number not in numbers:
            raise SpecError(f"{file}：{what}的 section 是 {number}，sections 里没有这一部分")


def _quoted(sentence: str) -> str:
    return f"sentences“{sentence[:12]}…”"


def _hold_measures(fmt: Format, file: str) -> None:
    measures = fmt.measures_by_key
    for measure in fmt.measures:
        _known_cells(measure.cells, fmt, f"{file}：measures“{measure.key}”")
    for sentence in fmt.sentences:
        for key in (*sentence.zero_when, *sentence.omit_when_zero, *sentence.parts):
            _known(key, measures, f"{file}：{_quoted(sentence.text)}用到的")
    for chart in fmt.charts:
        place = f"{file}：charts“{chart.name}”"
        for key in chart.measures:
            _known(key, measures, f"{place}用到的")
        if chart.row:
            _known(chart.row, [key.rpartition(".")[0] for key in fmt.slots], f"{place}用到的行")
        if chart.table:
            _known(chart.table, [table.key for table in fmt.tables], f"{place}用到的表")


def _known_cells(patterns: Iterable[str], fmt: Format, place: str) -> None:
    for pattern in patterns:
        if not matching((pattern,), tuple(fmt.slots)):
            raise SpecError(f"{place}：格式中没有“{pattern}”{toml.nearest(pattern, fmt.slots)}")


def _known(key: str, known: Collection[str], place: str) -> None:
    if key not in known:
        raise SpecError(f"{place}“{key}”没有定义{toml.nearest(key, known)}")


@dataclass(frozen=True)
class _Text:
    """A text with places left open: where it stands, and what there is to fill in."""

    place: str
    text: str
    names: Collection[str]
    forms: Collection[str] = ()


def _texts(fmt: Format) -> Iterator[_Text]:
    yield _Text("report_title ", fmt.report_title, _ABOUT)
    yield from (_Text("lead ", text, _ABOUT) for text in fmt.lead)
    yield from (_Text(f"charts“{chart.name}”的 title ", chart.title, _ABOUT) for chart in fmt.charts)
    measures = {*fmt.measures_by_key, *_ABOUT, "parts"}
    for sentence in fmt.sentences:
        yield _Text(_quoted(sentence.text), sentence.text, measures, _CHANGE)
        yield _Text(_quoted(sentence.text), sentence.zero, measures, _CHANGE)
    if fmt.fee is not None:
        yield _Text("fee none ", fmt.fee.none, _ABOUT)
        yield _Text("fee collected ", fmt.fee.collected, {*_ABOUT, "cases", "amount"})


def _hold_texts(texts: Iterable[_Text], file: str) -> None:
    for one in texts:
        fault = misfit(one.text, one.names, one.forms)
        if fault:
            raise SpecError(f"{file}：{one.place}{fault}")


def _hold_deadlines(deadlines: Mapping[str, str], file: str) -> None:
    """A kind of unit, or a government's level, has a day or shares that of another one listed here."""
    known = dict.fromkeys((*UNIT_KINDS, *UNIT_LEVELS))
    for kind, said in deadlines.items():
        if kind not in known:
            raise SpecError(f"{file}：deadlines 没有“{kind}”这一类单位{toml.nearest(kind, known)}")
        shared = said in deadlines and toml.is_month_day(deadlines[said])
        if not shared and not toml.is_month_day(said):
            raise SpecError(
                f"{file}：deadlines {kind} 是“{said}”，应写作月-日（如 01-31），或写另一类单位的名称{toml.nearest(said, deadlines)}"
            )


def hold_together(spec: Spec) -> None:
    """Formats, rules, concordance and words fit one another.

    Raises:
        SpecError: file, key and the nearest right one.
    """
    _hold_years(spec.formats)
    for fmt in spec.formats:
        for code in fmt.rules:
            _known(code, spec.rules, f"{fmt.id}.toml：rules 中的")
    for number, concord in enumerate(spec.concordance, 1):
        _hold_concord(concord, spec, f"concordance.toml：concords 第{number}项 ")
    _hold_workbook(spec)
    _hold_task_words(spec)
    cells = {fmt.id: _cells(fmt, spec) for fmt in spec.formats}
    for rule in spec.rules.values():
        listing = [fmt for fmt in spec.formats if rule.code in fmt.rules]
        for example in rule.examples:
            place = f"{rule.code}.toml：examples“{example.name}”的 "
            _hold_words(example, spec, place)
            _hold_tasks(example, spec, place)
            tried = [fmt for fmt in listing if fmt.id in (example.formats or (fmt.id,))]
            if tried:
                known = frozenset().union(*(cells[fmt.id] for fmt in tried), _task_cells(example, spec))
                _hold_cells(example, known, place)
                _hold_numbers(example, {str(one.number) for fmt in tried for one in fmt.sections}, place)
    _hold_texts(_wording_texts(spec.wording), "wording.toml")
    _hold_lexicon(spec)
    _hold_published(spec)
    _hold_plan(spec.plan)
    _hold_score(spec)
    _hold_oversight(spec)


_PLAN_NUMBERINGS = frozenset({"han", "digits", "circled"})
_PLAN_DAYS = frozenset({"month", "day"})
_PLAN_COUNTS = frozenset({"number"})
_PLAN_COLUMNS = ("code", "section", "title", "text", "target", "note")
_YEARLY_DAY = re.compile(r"(?:\d\d|\{month\})-(?:\d\d|end|\{day\})")


def _hold_plan(words: PlanWords) -> None:
    """A plan's words stand for something, their places are those the reader fills, their days are days."""
    file = "plan.toml"
    for text in _said(words):
        if not text.strip():
            raise SpecError(f"{file}：列表里有一项是空的；请删去或写上文字")
    _hold_texts(_plan_texts(words), file)
    for number, around in enumerate(words.title_around, 1):
        if len(around) not in {1, 2}:
            raise SpecError(f"{file}：title_around 第{number}项应写一段或两段文字，现有 {len(around)} 段")
    _hold_plan_names(words, file)
    repeated = (on for row in words.when.repeats for on in row.on)
    for day in (*(row.on for row in words.when.days), *repeated):
        if not _YEARLY_DAY.fullmatch(day):
            raise SpecError(f"{file}：when 的 on 是“{day}”，应写作月-日，如 12-31、09-end、{{month}}-end")


def _hold_plan_names(words: PlanWords, file: str) -> None:
    """Levels, kinds and columns are those there are."""
    for sign, level in words.signs.items():
        _known(level, UNIT_LEVELS, f"{file}：signs“{sign}”的级别")
    for column in words.columns:
        _known(column, _PLAN_COLUMNS, f"{file}：columns 中的")
    for number, group in enumerate(words.groups, 1):
        for names, known in ((group.kinds, UNIT_KINDS), (group.levels, UNIT_LEVELS)):
            for name in names:
                _known(name, known, f"{file}：groups 第{number}项的")


def _plan_texts(words: PlanWords) -> Iterator[_Text]:
    for way in words.numberings:
        yield from (_Text("numberings ", text, _PLAN_NUMBERINGS) for text in way)
    for day in words.when.days:
        yield from (_Text("when.days ", text, _PLAN_DAYS) for text in day.said)
    counted = (*words.when.undated, *(text for row in words.when.repeats for text in row.unclear))
    yield from (_Text("when ", text, _PLAN_COUNTS) for text in counted)
    for group in words.groups:
        yield from (_Text("groups ", text, {"place"}) for text in group.words)


def _hold_published(spec: Spec) -> None:
    """What offices write is written in place of a heading that a format has, and a period names a year."""
    titles = {section.title for fmt in spec.formats for section in fmt.sections}
    for title in spec.published.headings:
        _known(title, titles, "published.toml：headings 中的")
    for number, period in enumerate(spec.published.periods, 1):
        if "{year}" not in period:
            raise SpecError(f"published.toml：periods 第{number}项 是“{period}”，里面应有 {{year}}")


def _hold_score(spec: Spec) -> None:
    """Every clause can be measured, and its wording names the rules that measure it, these and no others."""
    score, file = spec.score, "score.toml"
    _once(f"{file}：clauses 的 key", [clause.key for clause in score.clauses])
    _once(f"{file}：rules 的 code", [rule.code for clause in score.clauses for rule in clause.rules])
    listed = {code for fmt in spec.formats for code in fmt.rules}
    for clause in score.clauses:
        place = f"{file}：clauses“{clause.key}”"
        for rule in clause.rules:
            _known(rule.code, listed, f"{place}用到的规则")
            _hold_points(rule, place)
        said, measured = {*_CODE.findall(clause.wording)}, {rule.code for rule in clause.rules}
        for code in sorted(said ^ measured):
            where = "wording 写了，rules 里没有" if code in said else "rules 里有，wording 没有写"
            raise SpecError(f"{place}：{code} {where}；两处应当一致")
    _hold_texts((_Text("notes ", note, {"least_coverage", "least_group"}) for note in score.notes), file)


def _hold_points(rule: ScoreRule, place: str) -> None:
    """A rule is worth something, and no fault costs more than that."""
    if rule.points <= 0:
        raise SpecError(f"{place}：{rule.code} 的 points 是 {rule.points}，应大于 0")
    for key, said in (("costs", rule.fault_costs), ("asks", rule.question_costs)):
        if not 0 <= said <= rule.points:
            raise SpecError(f"{place}：{rule.code} 的 {key} 是 {said}，应在 0 和 points（{rule.points}）之间")


def _hold_oversight(spec: Spec) -> None:
    """The overview shows measures that a format has."""
    measures = {measure.key for fmt in spec.formats for measure in fmt.measures}
    for key in spec.oversight.key_measures:
        _known(key, measures, "oversight.toml：key_measures 用到的")


def _hold_years(formats: Iterable[Format]) -> None:
    for older, newer in itertools.pairwise(formats):
        last = older.last_report_year or newer.first_report_year - 1
        if last != newer.first_report_year - 1 or older.first_report_year == newer.first_report_year:
            until = (
                f"到 {older.last_report_year} 年"
                if older.last_report_year
                else f"从 {older.first_report_year} 年起"
            )
            raise SpecError(
                f"{newer.id}.toml：格式 {older.id} {until}，格式 {newer.id} 从 {newer.first_report_year} 年起；"
                "每个报告年度应当正好有一个格式"
            )


def _hold_concord(concord: Concord, spec: Spec, place: str) -> None:
    ids = [fmt.id for fmt in spec.formats]
    for key, name in (("from_format", concord.from_format), ("to_format", concord.to_format)):
        _known(name, ids, f"{place}{key} ")
    sides = ((concord.from_format, "what", (concord.what,)), (concord.to_format, "into", concord.into))
    for name, key, rows in sides:
        for row in rows:
            _known(row, _paths(spec, name), f"{place}{key} ")
    if (concord.relation == "split_into") != bool(concord.into):
        raise SpecError(f"{place}into 只在 relation 为 split_into 时写，这时必须写")


def _paths(spec: Spec, name: str) -> list[str]:
    """What a concord may name in a format: a table, a group of rows, a row, a cell."""
    parts = [key.split(".") for fmt in spec.formats if fmt.id == name for key in fmt.slots]
    return list(
        dict.fromkeys(".".join(path[:length]) for path in parts for length in range(1, len(path) + 1))
    )


@dataclass(frozen=True)
class _Trouble:
    kind: str
    where: str
    cells: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Fee:
    collected: bool
    cases: int
    amount: str


def _hold_words(example: Example, spec: Spec, place: str) -> None:
    for name in example.formats:
        _known(name, [fmt.id for fmt in spec.formats], f"{place}formats ")
    if example.unit_kind:
        _known(example.unit_kind, UNIT_KINDS, f"{place}unit_kind ")
    file, _, within = place.partition("：")
    if example.trouble:
        toml.noun_from(_Trouble, example.trouble, file, f"{within}trouble ")
    if example.fee:
        toml.noun_from(_Fee, example.fee, file, f"{within}fee ")
    for unit, fee in example.member_fees.items():
        toml.noun_from(_Fee, fee, file, f"{within}member_fees {unit} ")
    _hold_days(example, place)


def _task_keys(spec: Spec) -> tuple[str, ...]:
    return tuple(field.key for field in spec.workbook.sheet("tasks").fields)


def _hold_task_words(spec: Spec) -> None:
    """The report's tables of tasks name fields of the task sheet, and each of their columns has a head and a width."""
    wording, file = spec.wording, "wording.toml"
    tables = {
        "task": (wording.task_columns, wording.task_widths, wording.task_cells),
        "task_unfinished": (
            wording.task_unfinished_columns,
            wording.task_unfinished_widths,
            wording.task_unfinished_cells,
        ),
    }
    for name, (columns, widths, cells) in tables.items():
        for key in itertools.chain(*cells):
            _known(key, _task_keys(spec), f"{file}：{name}_cells 用到的")
        if not len(columns) == len(widths) == len(cells):
            raise SpecError(f"{file}：{name}_columns、{name}_widths、{name}_cells 应当一样多")
    for state in wording.task_unfinished:
        _known(state, wording.task_states, f"{file}：task_unfinished 中的")
    for mark in _TASK_MARKS:
        if mark not in wording.task_marks:
            raise SpecError(f"{file}：task_marks 缺少“{mark}”")


def _hold_tasks(example: Example, spec: Spec, place: str) -> None:
    """The rows of an example have the fields of the task sheet."""
    for name in ("plan", "tasks", "last_tasks"):
        for row in getattr(example, name):
            for key in row:
                _known(key, _task_keys(spec), f"{place}{name} 里的")


def _task_cells(example: Example, spec: Spec) -> Iterator[str]:
    """The cells of its rows, by which an example names what a rule must blame."""
    codes = {str(row.get("code", "")) for row in (*example.plan, *example.tasks)}
    return (f"tasks.{code}.{key}" for code in codes for key in _task_keys(spec))


def _hold_cells(example: Example, known: Collection[str], place: str) -> None:
    """The cells that an example names are there in one of the formats in which it is tried."""
    cells: Mapping[str, Iterable[str]] = {
        "cells": example.cells,
        "last": example.last,
        "before": (key for held in example.before.values() for key in held),
        "members": (key for held in example.members.values() for key in held),
        "apart": (key for held in example.apart.values() for key in held),
        "blames": (key for blamed in example.blames for key in blamed),
        "trouble": typing.cast("Iterable[str]", example.trouble.get("cells", ())),
    }
    for key, named in cells.items():
        for cell in named:
            _known(cell, known, f"{place}{key} 里的格")


def _hold_numbers(example: Example, known: Collection[str], place: str) -> None:
    for key, numbers in (
        ("sections", example.sections),
        ("last_sections", example.last_sections),
        ("other_sections", example.other_sections),
        ("headings", example.headings),
    ):
        for number in numbers:
            _known(number, known, f"{place}{key} 里的部分")


def _hold_days(example: Example, place: str) -> None:
    for key, said in (("as_of", example.as_of), ("published_on", example.published_on)):
        if said and not toml.is_month_day(said):
            raise SpecError(f"{place}{key} 是“{said}”，应写作月-日，如 01-31")
    for back in example.before:
        if not _YEARS_BACK.fullmatch(back):
            raise SpecError(f"{place}before 的“{back}”应写作 -2 至 -9，表示几年以前；上一年写在 last 里")


def _cells(fmt: Format, spec: Spec) -> dict[str, None]:
    """The cells of a format, and those of its neighbours that were split into, or put together from, some of its own."""
    other = [
        f"{row}."
        for concord in spec.concordance
        if concord.relation == "split_into" and fmt.id in {concord.from_format, concord.to_format}
        for row in (concord.what, *concord.into)
    ]
    split = [key for one in spec.formats for key in one.slots if key.startswith(tuple(other))]
    return dict.fromkeys([*fmt.slots, *split])


def _wording_texts(wording: Wording) -> Iterator[_Text]:
    yield _Text("parts_item ", wording.parts_item, {"label", "value", "unit"})
    yield _Text("contact_sentence ", wording.contact_sentence, {*_ABOUT, "parts"})
    yield _Text("draft_mark ", wording.draft_mark, {"reason"})
    yield _Text("task_heading ", wording.task_heading, _ABOUT)
    yield _Text("task_summary ", wording.task_summary, {"total", "roles", "parts", "late"})
    yield _Text("task_late ", wording.task_late, {"count"})
    yield _Text("task_unfinished_lead ", wording.task_unfinished_lead, {"count"})
    yield _Text("task_sum ", wording.task_sum, {"tasks", "units", "total", "parts", "rate"})
    yield _Text("former_row ", wording.former_row, {"row", "count", "unit", "parts"})
    yield _Text("former_part ", wording.former_part, {"label"})
    for key in ("lead", "lead_apart", "many"):
        yield _Text(f"aggregate {key} ", getattr(wording.aggregate, key), {"count"})
    for key in ("missing", "doubtful", "blank"):
        yield _Text(f"aggregate {key} ", getattr(wording.aggregate, key), {"count", "units"})
    for key, named in (
        ("mark", "reasons"),
        ("unwritten", "sections"),
        ("open", "count"),
        ("and_more", "units"),
    ):
        yield _Text(f"aggregate {key} ", getattr(wording.aggregate, key), {named})
    yield from (_Text(f"contact {key} ", text, {"value"}) for key, text in wording.contact.items())
    change = wording.change
    yield _Text("change from_zero ", change.from_zero, {"unit"})
    for key in ("more", "less", "more_small", "less_small"):
        yield _Text(f"change {key} ", getattr(change, key), {"difference", "unit", "percent"})


def _hold_workbook(spec: Spec) -> None:
    """The return workbook has each sheet the reader asks for, and every table of a format can find its own."""
    workbook, file = spec.workbook, "workbook.toml"
    _hold_texts(_workbook_texts(workbook), file)
    _once(f"{file}：sheets 的 name", [sheet.name for sheet in workbook.sheets])
    for holds in _SINGLE_SHEETS:
        count = sum(sheet.holds == holds for sheet in workbook.sheets)
        if count != 1:
            raise SpecError(f"{file}：holds = “{holds}” 的 sheets 应当正好有一个，现有 {count} 个")
    tables = [table.key for fmt in spec.formats for table in fmt.tables]
    for sheet in workbook.sheets:
        if sheet.table:
            _known(sheet.table, tables, f"{file}：sheets“{sheet.name}”的 table ")


def _workbook_texts(workbook: Workbook) -> Iterator[_Text]:
    yield _Text("beside_label ", workbook.beside_label, {"label"})
    for sheet in workbook.sheets:
        if sheet.holds == "instructions":
            for text in sheet.instructions:
                yield _Text(f"sheets“{sheet.name}”的 instructions ", text, {"year", "document", "title"})


def _said(held: object) -> Iterator[str]:
    """Every text that stands in a list of the lexicon."""
    if dataclasses.is_dataclass(held):
        for field_ in dataclasses.fields(held):
            yield from _said(getattr(held, field_.name))
    elif isinstance(held, tuple):
        for item in held:
            yield from [item] if isinstance(item, str) else _said(item)


def _hold_lexicon(spec: Spec) -> None:
    """The lexicon speaks only of measures that a format has, and of its own topics and concepts."""
    measures = {measure.key for fmt in spec.formats for measure in fmt.measures}
    topics = [topic.key for topic in spec.lexicon.topics]
    concepts = spec.lexicon.concepts_by_key
    for text in _said(spec.lexicon):
        fault = misfit(text, _LEXICON_YEARS) if text else "是空的"
        if fault:
            raise SpecError(f"lexicon.toml：“{text}”{fault}")
    for concept in spec.lexicon.concepts:
        place = f"lexicon.toml：concepts“{concept.key}”用到的"
        _known(concept.topic, topics, place)
        for measure in itertools.chain(*concept.readings, *concept.asked, *concept.near):
            _known(measure, measures, place)
        for key in (*concept.within, *concept.wholes, *filter(None, [concept.once_done])):
            _known(key, concepts, place)
    for topic in spec.lexicon.topics:
        if topic.noun:
            _known(topic.noun, concepts, f"lexicon.toml：topics“{topic.key}”用到的")
    for number, nothing in enumerate(spec.lexicon.nothing_left, 1):
        place = f"lexicon.toml：nothing_left 第{number}项用到的"
        _known(nothing.topic, topics, place)
        for measure in itertools.chain(nothing.left, *nothing.of.values()):
            _known(measure, measures, place)
