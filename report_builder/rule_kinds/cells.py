"""Kinds that look at the cells of one year: filled, of the right kind, in balance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby

from report_builder.figures import printed
from report_builder.model import Figure, Number, State, Typed
from report_builder.rule_kinds.case import HELD, Blame, Case, Outcome, outcome
from report_builder.spec import Rule, Slot, Table
from report_builder.spec.layout import matching


def trouble(rule: Rule, case: Case) -> Outcome:
    """What the reader met on the way and set down as a Trouble of this kind."""
    met = (one for one in case.ret.troubles if one.kind == rule.params["trouble"])
    return outcome(Blame(one.cells, one.facts, one.where) for one in met)


def filled(rule: Rule, case: Case) -> Outcome:
    """Cells left blank or not in the file at all; totals and formulas have rules of their own.

    Cells of which a Trouble named in ``unless`` speaks already are not asked for twice.
    """
    tables = _tables_present(case)
    spoken = _spoken(rule, case)
    blank = [
        slot
        for slot in _slots(case)
        if slot.table in tables and slot.key not in spoken and _is_blank(case.ret.cells, slot)
    ]
    rows = groupby(blank, key=lambda slot: (slot.table, slot.row.key))
    return outcome((_unfilled(list(slots)) for _, slots in rows), ran=bool(tables), why="没有读到报表")


def _spoken(rule: Rule, case: Case) -> set[str]:
    return {cell for one in case.ret.troubles if one.kind in rule.params["unless"] for cell in one.cells}


def _slots(case: Case) -> Iterator[Slot]:
    """The cells this return is judged by: the format's, with a former row in place of those it stands for."""
    known = case.fmt.known_slots
    return (known[key] for key in case.fmt.standing(tuple(case.fmt.slots), case.ret.cells))


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
    """Cells that hold something else than the kind of number their column asks for.

    Cells of which a Trouble named in ``unless`` speaks already are not blamed twice.
    """
    blames = []
    spoken = _spoken(rule, case)
    for key, held in case.ret.cells.items():
        slot = case.fmt.known_slots[key]
        if key in spoken:
            continue
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
    left = [slot for slot in _slots(case) if slot.total_of and _left_to_us(case.ret.cells.get(slot.key))]
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
    return _totals(case, [(slot, _down(case, table, slot, others)) for slot in slots])


def _down(case: Case, table: Table, slot: Slot, rows: Sequence[str]) -> Sequence[str]:
    parts = tuple(f"{table.key}.{row}.{slot.column.key}" for row in matching(slot.row.total_of, rows))
    return case.fmt.standing(parts, case.ret.cells)


def row_total(rule: Rule, case: Case) -> Outcome:
    """In every row, the columns of a total column sum to it."""
    table = case.fmt.table(rule.params["table"])
    slots = (slot for slot in _slots(case) if slot.table == table.key)
    return _totals(case, [(slot, slot.total_of) for slot in slots if slot.column.total_of])


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
        return Outcome(State.NOT_APPLICABLE, why="本年度格式没有这一项")
    parts, wholes = case.numbers(case.cells_of(part)), case.numbers(case.cells_of(whole))
    if parts is None or wholes is None:
        return Outcome(State.INSUFFICIENT_DATA, why="有关的格没有填数")
    limit = case.threshold(rule)
    if not sum(wholes):
        return Outcome(State.NOT_APPLICABLE, why=f"{whole.label}为 0")
    if sum(parts) <= limit * sum(wholes):
        return HELD
    facts = {"part": printed(sum(parts)), "whole": printed(sum(wholes))}
    shares = {"share": _percent(Decimal(sum(parts)) / Decimal(sum(wholes))), "threshold": _percent(limit)}
    cells = tuple(key for key in case.cells_of(part) if case.ret.number(key))
    return outcome([Blame(cells, facts | shares)])


def _percent(share: Decimal) -> str:
    return f"{printed((share * 100).quantize(Decimal('0.1')))}%"
