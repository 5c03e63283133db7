"""Kinds that hold an aggregate against its members: whether it is their sum, and who is missing from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from report_builder.figures import printed
from report_builder.model import Number, ProcessingFee, State
from report_builder.rule_kinds import places
from report_builder.rule_kinds.case import HELD, Blame, Case, Members, Outcome, outcome
from report_builder.spec import Rule, Slot

_NO_AGGREGATE = Outcome(State.NOT_APPLICABLE, why="不是汇总报告")
_PAIR = 2
_FEW = 60
"""Among more members than this some pair would make up any difference by chance."""


def adds_up(rule: Rule, case: Case) -> Outcome:
    """Every figure given by hand is the sum of the members'; while some are missing, no less than that sum."""
    members = case.members
    if members is None:
        return _NO_AGGREGATE
    if not members.given:
        return HELD if members.units else Outcome(State.INSUFFICIENT_DATA, why="没有成员报送")
    if not members.units:
        return Outcome(State.INSUFFICIENT_DATA, why="没有成员报送，手工填报的数无从核对")
    slots = [case.fmt.known_slots[key] for key in case.fmt.known_slots if key in members.given]
    return outcome(blame for slot in slots for blame in _difference(rule, case, members, slot))


def _difference(rule: Rule, case: Case, members: Members, slot: Slot) -> Iterator[Blame]:
    given, parts = case.ret.number(slot.key), members.parts.get(slot.key)
    if given is None or parts is None:
        return
    summed = sum(parts.values())
    apart = Decimal(given) - Decimal(summed)
    tolerance = case.threshold(rule) if slot.kind == "amount" else Decimal(0)
    if abs(apart) <= tolerance or (members.missing and (apart > 0 or slot.kind == "change")):
        return
    facts = {
        "label": slot.label,
        "given": printed(given),
        "sum": printed(summed),
        "difference": printed(abs(apart)),
        "counted": f"{'已报送的 ' if members.missing else ''}{len(members.units)} 个成员",
        "members": _listed(parts, rule.params["shown"]),
        "hint": _hint(parts, members.apart.get(slot.key, {}), apart),
    }
    yield Blame((slot.key,), facts)


def _listed(parts: Mapping[str, Number], shown: int) -> str:
    """The members' figures, the largest first: “示例甲局 12、示例乙局 3”."""
    by_name = sorted(parts)
    largest = sorted(by_name, key=lambda unit: max(parts[unit], -parts[unit]), reverse=True)
    said = "、".join(f"{unit} {printed(parts[unit])}" for unit in largest[:shown])
    if not said:
        return "各成员都是 0"
    return said + (f" 等 {len(parts)} 个，其余为 0" if len(parts) > shown else "，其余为 0")


def _hint(parts: Mapping[str, Number], outside: Mapping[str, Number], apart: Decimal) -> str:
    """Which members alone make up the difference, so that the one left out or counted twice is found at once."""
    among = _making_up(parts, abs(apart))
    if apart < 0 and among:
        return f"（正好等于{_either(among)}的数，可能没有计入）"
    if apart > 0:
        foreign = _making_up(outside, apart)
        if foreign:
            return f"（正好等于{_either(foreign)}的数，不应计入本级汇总）"
        if among:
            return f"（正好等于{_either(among)}的数，可能计入了两次）"
    return ""


def _making_up(parts: Mapping[str, Number], apart: Decimal) -> Sequence[str]:
    """The members of which one alone has this figure; where there is none, the pair of which the sum is."""
    alone = [unit for unit, number in sorted(parts.items()) if number == apart]
    if alone or len(parts) > _FEW:
        return alone
    pairs = combinations(sorted(parts), _PAIR)
    return next((["、".join(pair)] for pair in pairs if sum(parts[unit] for unit in pair) == apart), [])


def _either(units: Sequence[str]) -> str:
    return "或".join(units[:3])


def fees_add_up(rule: Rule, case: Case) -> Outcome:
    """A processing fee stated by hand is the sum of the members'; while some do not state theirs, no less than that."""
    members, fee = case.members, case.ret.fee
    if members is None:
        return _NO_AGGREGATE
    if not members.own_fee or fee is None:
        return Outcome(State.NOT_APPLICABLE, why="信息处理费不是手工填的")
    if not members.fees:
        return Outcome(State.INSUFFICIENT_DATA, why="没有成员写明信息处理费，手工填的无从核对")
    return outcome(
        blame
        for what, unit, measure in _OF_A_FEE
        if (given := measure(fee)) is not None
        for blame in _fee_difference(rule, case, members, _Fees(what, unit, given, measure))
    )


def _cases(fee: ProcessingFee) -> Number | None:
    return fee.cases if fee.collected else 0


def _amount(fee: ProcessingFee) -> Number | None:
    return fee.amount if fee.collected else 0


_Measure = Callable[[ProcessingFee], Number | None]
_OF_A_FEE: Sequence[tuple[str, str, _Measure]] = (("件数", "件", _cases), ("金额", "元", _amount))


@dataclass(frozen=True)
class _Fees:
    """What of the fee is added up, and what the aggregate states of it."""

    what: str
    unit: str
    given: Number
    measure: _Measure


def _fee_difference(rule: Rule, case: Case, members: Members, fees: _Fees) -> Iterator[Blame]:
    stated = {unit: fees.measure(fee) for unit, fee in members.fees.items()}
    parts = {unit: number for unit, number in stated.items() if number is not None}
    some = bool(members.missing) or len(parts) < len(members.units)
    apart = Decimal(fees.given) - Decimal(sum(parts.values()))
    if not apart or (some and apart > 0):
        return
    facts = {
        "what": fees.what,
        "unit": fees.unit,
        "given": printed(fees.given),
        "sum": printed(sum(parts.values())),
        "difference": printed(abs(apart)),
        "counted": f"{'写明了的 ' if some else ''}{len(parts)} 个成员",
        "members": _listed({unit: number for unit, number in parts.items() if number}, rule.params["shown"]),
    }
    yield Blame((), facts, places.sheet(case, "fee"))


def members_missing(_rule: Rule, case: Case) -> Outcome:
    """Every member's return has come in and can be used."""
    if case.members is None:
        return _NO_AGGREGATE
    missing = case.members.missing
    return outcome(Blame((), {"member": unit, "why": why}, case.ret.unit) for unit, why in missing.items())


def members_blank(rule: Rule, case: Case) -> Outcome:
    """Every member has filled in every cell: what it left empty is not zero, and the sum goes without it."""
    members = case.members
    if members is None:
        return _NO_AGGREGATE
    return outcome(_unfilled(rule, case, unit, cells) for unit, cells in members.blank.items() if cells)


def _unfilled(rule: Rule, case: Case, unit: str, cells: Sequence[str]) -> Blame:
    labels = [case.fmt.known_slots[key].label for key in cells[: rule.params["shown"]]]
    more = " 等" if len(cells) > len(labels) else ""
    facts = {"member": unit, "count": len(cells), "cells": "、".join(labels) + more}
    return Blame(tuple(cells), facts, case.ret.unit)


def members_doubtful(_rule: Rule, case: Case) -> Outcome:
    """No member's own return has anything left to mend."""
    if case.members is None:
        return _NO_AGGREGATE
    doubtful = case.members.doubtful
    return outcome(Blame((), {"member": unit, "why": why}, case.ret.unit) for unit, why in doubtful.items())
