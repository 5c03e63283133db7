"""The few ways a rule can look: one small pure function each. A rule file names its kind and parameters.

A kind yields Blames: the cells at fault and the facts its rule's message is filled with. It says nothing of
words, severities or codes, which are the rule file's.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import Any

from report_builder.errors import SpecError
from report_builder.figures import printed
from report_builder.model import Figure, Number, Return, Settings, Severity, State, Typed
from report_builder.spec import Format, Rule, Slot, Spec, Table, toml
from report_builder.spec.layout import matching


@dataclass(frozen=True)
class Case:
    """What a rule looks at: one Return under its format, with what the place has set."""

    ret: Return
    fmt: Format
    spec: Spec
    settings: Settings

    def numbers(self, keys: Iterable[str]) -> list[Number] | None:
        """The numbers in these cells; None where any holds no number."""
        numbers = [self.ret.number(key) for key in keys]
        return None if None in numbers else [number for number in numbers if number is not None]


@dataclass(frozen=True)
class Blame:
    """One fault: the cells, the facts for the message, and where to look if it is no cell."""

    cells: tuple[str, ...]
    facts: Mapping[str, object]
    where: str = ""
    severity: Severity | None = None


@dataclass(frozen=True)
class Outcome:
    """What a rule found; without blames, ``state`` says whether it held or could not run, and ``why``."""

    state: State
    blames: tuple[Blame, ...] = ()
    why: str = ""


Kind = Callable[[Rule, Case], Outcome]
HELD = Outcome(State.HELD)


def outcome(blames: Iterable[Blame], *, ran: bool = True, why: str = "") -> Outcome:
    """FOUND with its blames, HELD where the rule ran and there are none, else INSUFFICIENT_DATA."""
    found = tuple(blames)
    if found:
        return Outcome(State.FOUND, found)
    return HELD if ran else Outcome(State.INSUFFICIENT_DATA, why=why)


def trouble(rule: Rule, case: Case) -> Outcome:
    """What the reader met on the way and set down as a Trouble of this kind."""
    met = (one for one in case.ret.troubles if one.kind == rule.params["trouble"])
    return outcome(Blame(one.cells, one.facts, one.where) for one in met)


def filled(_rule: Rule, case: Case) -> Outcome:
    """Cells left blank or not in the file at all; totals and formulas have rules of their own."""
    tables = _tables_present(case)
    blank = [
        slot for slot in case.fmt.slots.values() if slot.table in tables and _is_blank(case.ret.cells, slot)
    ]
    rows = groupby(blank, key=lambda slot: (slot.table, slot.row.key))
    return outcome((_unfilled(list(slots)) for _, slots in rows), ran=bool(tables), why="没有读到报表")


def _tables_present(case: Case) -> set[str]:
    return {key.partition(".")[0] for key in case.ret.cells}


def _is_blank(cells: Mapping[str, Figure], slot: Slot) -> bool:
    held = cells.get(slot.key)
    return held is None or (held.typed is Typed.BLANK and not slot.total_of)


def _unfilled(slots: Sequence[Slot]) -> Blame:
    columns = "、".join(slot.column.label for slot in slots)
    facts = {"row": slots[0].row.label, "columns": columns, "count": len(slots)}
    return Blame(tuple(slot.key for slot in slots), facts)


_WRONG_KINDS = frozenset({Typed.TEXT, Typed.SLASH, Typed.DASH, Typed.NONE_WORD})


def proper_number(rule: Rule, case: Case) -> Outcome:
    """Cells that hold something else than the kind of number their column asks for."""
    blames = []
    for key, held in case.ret.cells.items():
        slot = case.fmt.slots[key]
        if held.typed in _WRONG_KINDS or not _fits(held.number, slot.kind):
            facts = {"label": slot.label, "typed": held.text, "expected": rule.params[slot.kind]}
            blames.append(Blame((key,), facts))
    return outcome(blames, ran=bool(case.ret.cells), why="没有读到报表")


def _fits(number: Number | None, kind: str) -> bool:
    if number is None:
        return True
    return (kind == "amount" or isinstance(number, int)) and (kind == "change" or number >= 0)


def computed_total(rule: Rule, case: Case) -> Outcome:
    """Totals that were left blank, or hold only a formula: computed here, or not to be computed."""
    left = [
        slot
        for slot in case.fmt.slots.values()
        if slot.total_of and _left_to_us(case.ret.cells.get(slot.key))
    ]
    tables = groupby(left, key=lambda slot: slot.table)
    blames = [_computed(rule, case, list(slots)) for _, slots in tables]
    return outcome(blames, ran=bool(case.ret.cells), why="没有读到报表")


def _left_to_us(held: Figure | None) -> bool:
    return held is not None and held.typed in {Typed.COMPUTED, Typed.BLANK, Typed.FORMULA}


def _computed(rule: Rule, case: Case, slots: Sequence[Slot]) -> Blame:
    """All such totals of one table in one finding: a sheet of thirty must not bury what else was found."""
    said = []
    for slot in slots[: rule.params["shown"]]:
        number = case.ret.number(slot.key)
        value = rule.params["unknown"] if number is None else printed(number)
        said.append(f"{slot.label} {value}")
    more = " 等" if len(slots) > len(said) else ""
    facts = {"count": len(slots), "values": "、".join(said) + more}
    return Blame(tuple(slot.key for slot in slots), facts)


def sums_agree(rule: Rule, case: Case) -> Outcome:
    """In every column, the rows on the left sum to those on the right."""
    table = case.fmt.table(rule.params["table"])
    blames, ran = [], 0
    for column in table.bands[0].columns:
        sides = [
            [f"{table.key}.{row}.{column.key}" for row in rule.params[side]] for side in ("left", "right")
        ]
        left, right = case.numbers(sides[0]), case.numbers(sides[1])
        if left is None or right is None:
            continue
        ran += 1
        if sum(left) != sum(right):
            facts = {"column": column.label, **_difference("left", sum(left), "right", sum(right))}
            blames.append(Blame((f"{table.key}.{rule.params['blame']}.{column.key}",), facts))
    return outcome(blames, ran=bool(ran), why="有关的格没有填数")


def _difference(one: str, first: Number, other: str, second: Number) -> dict[str, object]:
    return {one: printed(first), other: printed(second), "difference": printed(_apart(first, second))}


def _apart(first: Number, second: Number) -> Number:
    return max(first, second) - min(first, second)


def column_total(rule: Rule, case: Case) -> Outcome:
    """In every column, the rows of a total row sum to it."""
    table = case.fmt.table(rule.params["table"])
    rows = [row for band in table.bands for row in band.rows if row.total_of]
    slots = [slot for slot in table.slots.values() if slot.row in rows]
    others = [row.key for band in table.bands for row in band.rows if not row.total_of]
    return _totals(case, [(slot, _down(table, slot, others)) for slot in slots])


def _down(table: Table, slot: Slot, rows: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{table.key}.{row}.{slot.column.key}" for row in matching(slot.row.total_of, rows))


def row_total(rule: Rule, case: Case) -> Outcome:
    """In every row, the columns of a total column sum to it."""
    table = case.fmt.table(rule.params["table"])
    return _totals(case, [(slot, slot.total_of) for slot in table.slots.values() if slot.column.total_of])


def _totals(case: Case, pairs: Iterable[tuple[Slot, Sequence[str]]]) -> Outcome:
    blames, ran = [], 0
    for slot, parts in pairs:
        total, numbers = case.ret.number(slot.key), case.numbers(parts)
        if total is None or numbers is None:
            continue
        ran += 1
        if sum(numbers) != total:
            facts = {"row": slot.row.label, "column": slot.column.label}
            blames.append(Blame((slot.key,), facts | _difference("sum", sum(numbers), "total", total)))
    return outcome(blames, ran=bool(ran), why="有关的格没有填数")


def share_at_most(rule: Rule, case: Case) -> Outcome:
    """One measure is no more than a share of another; without the other there is nothing to say."""
    part, whole = (case.fmt.measures_by_key.get(rule.params[name]) for name in ("part", "whole"))
    if part is None or whole is None:
        return Outcome(State.NOT_APPLICABLE)
    parts, wholes = (
        case.numbers(measured(part.cells, case.fmt)),
        case.numbers(measured(whole.cells, case.fmt)),
    )
    if parts is None or wholes is None:
        return Outcome(State.INSUFFICIENT_DATA, why="有关的格没有填数")
    limit = Decimal(case.settings.thresholds.get(rule.code, rule.threshold))
    if not sum(wholes):
        return Outcome(State.NOT_APPLICABLE)
    if sum(parts) <= limit * sum(wholes):
        return HELD
    facts = {"part": printed(sum(parts)), "whole": printed(sum(wholes))}
    shares = {"share": _percent(Decimal(sum(parts)) / Decimal(sum(wholes))), "threshold": _percent(limit)}
    cells = tuple(key for key in measured(part.cells, case.fmt) if case.ret.number(key))
    return outcome([Blame(cells, facts | shares)])


def measured(patterns: Sequence[str], fmt: Format) -> tuple[str, ...]:
    """The cells a measure sums, in printed order."""
    return matching(patterns, tuple(fmt.slots))


def _percent(share: Decimal) -> str:
    return f"{printed((share * 100).quantize(Decimal('0.1')))}%"


def sections_in_order(_rule: Rule, case: Case) -> Outcome:
    """The format's sections, each once and in order; judged only where the headings are the unit's own."""
    if not case.ret.own_headings:
        return Outcome(State.NOT_APPLICABLE, why="标题是空白表自带的")
    wanted = [section.number for section in case.fmt.sections]
    found = [section.number for section in case.ret.sections]
    if found == wanted:
        return HELD
    titles = {section.number: section.title for section in case.fmt.sections}
    missing = [titles[number] for number in wanted if number not in found]
    twice = [titles[number] for number in wanted if found.count(number) > 1]
    problems = [f"缺少{'、'.join(missing)}"] if missing else []
    problems += [f"重复出现{'、'.join(twice)}"] if twice else []
    said = "、".join(section.title for section in case.ret.sections) or "一个也没有"
    return outcome([Blame((), {"found": said, "problem": "，".join(problems) or "次序与格式不同"})])


def section_written(_rule: Rule, case: Case) -> Outcome:
    """The sections a unit must write itself are written, and hold no place-holder."""
    blames = []
    for section in case.fmt.sections:
        if section.text == "required":
            problem = _unwritten(case.ret.paragraphs(section.number), case.spec)
            if problem:
                blames.append(Blame((), {"section": section.title, "problem": problem}))
    return outcome(blames)


def _unwritten(paragraphs: Sequence[str], spec: Spec) -> str:
    wording = spec.wording
    text = "".join("".join(paragraphs).split()).rstrip("。.")
    if not text or text in wording.empty_words:
        return "没有内容" if not text else f"只写了“{text}”"
    marks = [mark for mark in wording.placeholders if mark in text and not _quoted_speech(mark, text)]
    return f"里还有占位的“{marks[0]}”" if marks else ""


def _quoted_speech(mark: str, text: str) -> bool:
    """An ellipsis that follows written words inside a quotation is speech, not a place left open."""
    return set(mark) == {"…"} and re.search(rf"“[^”]+{mark}[^“]*”", text) is not None


def fee_stated(rule: Rule, case: Case) -> Outcome:
    """The processing-fee position is stated, by the form or in the unit's own words, and fits table three."""
    wording, fee = case.fmt.fee, case.ret.fee
    if wording is None:
        return Outcome(State.NOT_APPLICABLE)
    section = next(one for one in case.fmt.sections if one.fee)
    text = "".join(case.ret.paragraphs(section.number))
    stated = fee is not None and fee.collected is not None
    if not stated and not any(word in text for word in wording.stated_by):
        return outcome(
            [Blame((), {"problem": "没有填写是否收取信息处理费，正文中也没有说明"}, _fee_place(case))]
        )
    if fee is not None and fee.collected and (fee.cases is None or fee.amount is None):
        return outcome(
            [Blame((), {"problem": "写明收取了信息处理费，但件数或金额没有填数"}, _fee_place(case))]
        )
    if fee is not None and fee.collected is False and (fee.cases or fee.amount):
        return outcome([Blame((), {"problem": "写明未收取信息处理费，而件数或金额不是 0"}, _fee_place(case))])
    denied = fee.collected is False if stated and fee else any(word in text for word in wording.denied_by)
    unpaid = case.ret.number(rule.params["unpaid"]) or 0
    if denied and unpaid:
        problem = f"写明未收取信息处理费，而有 {unpaid} 件申请因逾期未缴费不再处理"
        return outcome([Blame((rule.params["unpaid"],), {"problem": problem}, severity=Severity.EXPLAIN)])
    return HELD


def _fee_place(case: Case) -> str:
    sheet = case.spec.workbook.sheet("fee").name
    return f"{case.ret.origin}·{sheet}" if case.ret.origin.endswith("x") else case.ret.origin


@dataclass(frozen=True)
class _Shape:
    """A kind's function and the parameters its rules must and may give."""

    run: Kind
    params: frozenset[str] = field(default_factory=frozenset)
    facts: frozenset[str] | None = None


def _shape(run: Kind, params: str = "", facts: str = "") -> _Shape:
    return _Shape(run, frozenset(params.split()), frozenset(facts.split()) if facts else None)


KINDS: Mapping[str, _Shape] = {
    "trouble": _shape(trouble, "trouble"),
    "filled": _shape(filled, "", "row columns count"),
    "proper_number": _shape(proper_number, "count change amount", "label typed expected"),
    "computed_total": _shape(computed_total, "unknown shown", "count values"),
    "sums_agree": _shape(sums_agree, "table left right blame", "column left right difference"),
    "column_total": _shape(column_total, "table", "row column sum total difference"),
    "row_total": _shape(row_total, "table", "row column sum total difference"),
    "share_at_most": _shape(share_at_most, "part whole", "part whole share threshold"),
    "sections_in_order": _shape(sections_in_order, "", "found problem"),
    "section_written": _shape(section_written, "", "section problem"),
    "fee_stated": _shape(fee_stated, "unpaid", "problem"),
}


def bind(rule: Rule) -> Kind:
    """The function that runs ``rule``.

    Raises:
        SpecError: unknown kind, missing or unknown parameter, or a placeholder in the words that no fact fills.
    """
    shape: Any = KINDS.get(rule.kind)
    if shape is None:
        raise SpecError(f"{rule.code}.toml：没有“{rule.kind}”这种规则{toml.nearest(rule.kind, KINDS)}")
    for name in sorted(shape.params - set(rule.params)):
        raise SpecError(f"{rule.code}.toml：params 缺少“{name}”")
    for name in sorted(set(rule.params) - shape.params):
        raise SpecError(f"{rule.code}.toml：params 没有“{name}”这一项{toml.nearest(name, shape.params)}")
    if shape.facts is not None:
        named = {name for _, name, _, _ in string.Formatter().parse(rule.message + rule.fix) if name}
        for name in sorted(named - shape.facts):
            raise SpecError(
                f"{rule.code}.toml：message 或 fix 里的 {{{name}}} 没有事实可填{toml.nearest(name, shape.facts)}"
            )
    run: Kind = shape.run
    return run


def known_keys(rule: Rule, fmt: Format) -> Iterator[str]:
    """What is wrong with the table and rows a rule names, under ``fmt``; empty where all are there."""
    table = rule.params.get("table")
    keys = [one.key for one in fmt.tables]
    if table is not None and table not in keys:
        yield f"{rule.code}.toml：格式 {fmt.id} 没有表“{table}”{toml.nearest(table, keys)}"
        return
    rows = [row.key for one in fmt.tables if one.key == table for band in one.bands for row in band.rows]
    for name in ("left", "right"):
        for row in rule.params.get(name, ()):
            if row not in rows:
                yield f"{rule.code}.toml：格式 {fmt.id} 的表“{table}”没有行“{row}”{toml.nearest(row, rows)}"
