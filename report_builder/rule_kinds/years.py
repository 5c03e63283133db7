"""Kinds that set a year's cells against the year before: what is carried, what adds up, what jumps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from report_builder.figures import printed
from report_builder.history import Held, measured, not_comparable, total
from report_builder.model import Number, Severity, State
from report_builder.rule_kinds.case import HELD, Blame, Case, Outcome, outcome
from report_builder.rule_kinds.params import Check
from report_builder.spec import Measure, Rule, Slot

_NO_LAST_YEAR = "没有上年的报送或报告"
_NO_FIGURES = "有关的格没有填数"


def _without_last(case: Case) -> Outcome:
    told = case.history.lineage.told
    return Outcome(State.INSUFFICIENT_DATA, why=f"{_NO_LAST_YEAR}（{told}）" if told else _NO_LAST_YEAR)


def _source(held: Held, key: str) -> str:
    """Where last year's figure stands, in a clerk's words."""
    return f"{held.ret.report_year}年 {held.ret.cells[key].source}"


def carried_over(rule: Rule, case: Case) -> Outcome:
    """In every column, what last year carried out arrives as carried in; a recorded reorganisation may explain it."""
    last, told = case.last, case.history.lineage.told
    slots = [slot for slot in case.fmt.slots.values() if slot.table == rule.params["table"]]
    arrivals = [slot for slot in slots if slot.row.key == rule.params["into"]]
    if last is None:
        return _unheard(case, arrivals) if told else _without_last(case)
    pairs = [(slot, f"{slot.table}.{rule.params['out']}.{slot.column.key}") for slot in arrivals]
    known = [
        (slot, now, before, key)
        for slot, key in pairs
        if not case.spec.not_comparable(last.fmt, case.fmt, slot.key)
        and (now := case.ret.number(slot.key)) is not None
        and (before := last.ret.number(key)) is not None
    ]
    blames = [
        Blame(
            (slot.key,),
            _carried(slot, now, f"上年结转下年度为 {printed(before)} 件（{_source(last, key)}）", told),
            severity=Severity.EXPLAIN if told else None,
        )
        for slot, now, before, key in known
        if now != before
    ]
    return outcome(blames, ran=bool(known), why=_NO_FIGURES)


def _unheard(case: Case, arrivals: Sequence[Slot]) -> Outcome:
    """A reorganised unit without a last year of its own: what it carried in cannot be traced and is explained, once."""
    filled = [slot for slot in arrivals if case.ret.number(slot.key)]
    if not filled:
        return _without_last(case)
    total = next((slot for slot in filled if slot.column.total_of), filled[0])
    now = case.ret.number(total.key) or 0
    facts = _carried(total, now, "没有本单位上年的报告可以核对", case.history.lineage.told)
    return outcome([Blame(tuple(slot.key for slot in filled), facts, severity=Severity.EXPLAIN)])


def _carried(slot: Slot, now: Number, before: str, told: str) -> dict[str, object]:
    return {"column": slot.column.label, "now": printed(now), "before": before, "told": _bracketed(told)}


def _bracketed(told: str) -> str:
    return f"（{told}）" if told else ""


def columns_agree(rule: Rule, case: Case) -> Outcome:
    """In every row that has the columns, one column equals, or is at most, a sum of columns of this year and last."""
    table = rule.params["table"]
    blames: list[Blame] = []
    ran, lacking = 0, ""
    for check in rule.params["checks"]:
        for slot in case.fmt.slots.values():
            if slot.table == table and slot.column.key == check.column:
                expected, why = _expected(case, slot, check)
                found = case.ret.number(slot.key)
                lacking = lacking or why
                if expected is None or found is None:
                    continue
                ran += 1
                if found > expected or (check.relation == "equal" and found != expected):
                    blames.append(_disagreement(slot, found, expected, check))
    if not ran and lacking not in {"", _NO_LAST_YEAR, _NO_FIGURES}:
        return Outcome(State.NOT_APPLICABLE, why=lacking)
    return outcome(blames, ran=bool(ran), why=lacking or _NO_FIGURES)


def _disagreement(slot: Slot, found: Number, expected: Number, check: Check) -> Blame:
    apart = max(found, expected) - min(found, expected)
    facts = {"row": slot.row.label, "column": slot.column.label, "found": printed(found), "says": check.says}
    return Blame((slot.key,), facts | {"expected": printed(expected), "difference": printed(apart)})


def _expected(case: Case, slot: Slot, check: Check) -> tuple[Number | None, str]:
    """The sum a cell is held against, or why there is none."""
    last = case.last
    if check.last and last is None:
        return None, _NO_LAST_YEAR
    if check.last and last is not None:
        why = case.spec.not_comparable(last.fmt, case.fmt, slot.key)
        if why:
            return None, why
    terms = [_signed(case.ret.number, slot, column) for column in check.now]
    if last is not None:
        terms += [_signed(last.ret.number, slot, column) for column in check.last]
    return total(terms), _NO_FIGURES


def _signed(number: Any, slot: Slot, column: str) -> Number | None:  # noqa: ANN401 - a method of Return
    """The figure of a column in this slot's row; “-repealed” is subtracted."""
    found: Number | None = number(f"{slot.table}.{slot.row.key}.{column.removeprefix('-')}")
    return -found if found is not None and column.startswith("-") else found


def measures_jump(rule: Rule, case: Case) -> Outcome:
    """A measure moves by more than its share or its multiple of last year's; a slip of unit is named as such."""
    last = case.last
    if last is None:
        return _without_last(case)
    blames, ran, reasons = [], 0, []
    for key in rule.params["measures"]:
        measure = case.fmt.measures_by_key[key]
        reasons.append(not_comparable(case.spec, last.fmt, case.fmt, measure))
        now, before = measured(measure, Held(case.ret, case.fmt)), _before(last, key)
        if reasons[-1] or now is None or before is None:
            continue
        ran += 1
        if _jumps(rule, case, before, now):
            blames.append(_jump(rule, case, measure, before, now))
    if not ran and any(reasons):
        return Outcome(State.NOT_APPLICABLE, why=next(filter(None, reasons)))
    return outcome(blames, ran=bool(ran), why=_NO_FIGURES)


def _before(held: Held, key: str) -> Number | None:
    measure = held.fmt.measures_by_key.get(key)
    return measured(measure, held) if measure else None


def _jumps(rule: Rule, case: Case, before: Number, now: Number) -> bool:
    limit = case.threshold(rule)
    if not before or not now:
        return before != now and (
            rule.params["zero"] == "asks" or (bool(before) and rule.params["by"] == "share")
        )
    if rule.params["by"] == "times":
        return max(now, before) > limit * min(now, before)
    return abs(Decimal(now) - Decimal(before)) > limit * before


def _jump(rule: Rule, case: Case, measure: Measure, before: Number, now: Number) -> Blame:
    keys = tuple(key for key in case.cells_of(measure) if case.ret.number(key) is not None)
    facts = {"measure": measure.label, "unit": measure.unit, "now": printed(now), "before": printed(before)}
    return Blame(keys, facts | {"hint": rule.params["slip"].says if _slipped(rule, before, now) else ""})


def _slipped(rule: Rule, before: Number, now: Number) -> bool:
    """Whether the two figures look like one amount in two units: their ratio is within half of the factor."""
    factor = rule.params["slip"].factor
    if not factor or not before or not now:
        return False
    ratio = Decimal(max(now, before)) / Decimal(min(now, before))
    return bool(Decimal(factor) / 2 <= ratio <= Decimal(factor) * 2)


def nothing_to_dispute(rule: Rule, case: Case) -> Outcome:
    """A measure that rests on another is not zero, though that other was zero for some years running."""
    here = Held(case.ret, case.fmt)
    disputed, asked = (case.fmt.measures_by_key[rule.params[name]] for name in ("measure", "rests_on"))
    found = measured(disputed, here)
    if found is None or measured(asked, here) is None:
        return Outcome(State.INSUFFICIENT_DATA, why=_NO_FIGURES)
    if not found or measured(asked, here):
        return HELD
    span = rule.params["years"]
    earlier = list(_earlier(rule, case))
    if any(earlier):
        return HELD
    if len(earlier) < span - 1:
        return Outcome(State.INSUFFICIENT_DATA, why=f"没有近 {span} 年的报送或报告")
    cells = tuple(key for key in case.cells_of(disputed) if case.ret.number(key))
    return outcome([Blame(cells, {"count": printed(found), "years": span})])


def _earlier(rule: Rule, case: Case) -> Iterator[Number]:
    """What the measure underneath was in the years before, as far as they are held."""
    for back in range(1, rule.params["years"]):
        held = case.history.year(case.ret.report_year - back)
        number = _before(held, rule.params["rests_on"]) if held else None
        if number is not None:
            yield number
