"""Kinds that reckon days: what came in too late, and what has not come in. Without ``as_of`` nothing is reckoned."""

from __future__ import annotations

import datetime as dt

from report_builder.model import Settings, Severity, State, Unit
from report_builder.rule_kinds.case import HELD, Blame, Case, Outcome, outcome
from report_builder.spec import Format, Rule

_NO_DAY = "没有设定计算日（settings.toml 的 as_of 或 --as-of）"
_NO_DEADLINE = "没有这类单位的公布期限"


def due_day(unit: Unit, report_year: int, fmt: Format, settings: Settings) -> dt.date | None:
    """The unit's last day for the report year, in the year after; the place's own day comes before the law's."""
    key = unit.level if unit.kind == "government" else unit.kind
    days = {**fmt.deadlines, **settings.deadlines}
    said = days.get(key, "")
    said = days.get(said, said)  # a kind may name another whose day it shares
    return dt.date.fromisoformat(f"{report_year + 1}-{said}") if said else None


def _due(case: Case) -> dt.date | None:
    return due_day(case.unit, case.ret.report_year, case.fmt, case.settings)


def published_late(_rule: Rule, case: Case) -> Outcome:
    """The report was published after the unit's day."""
    due, as_of = _due(case), case.settings.as_of
    if as_of is None or due is None:
        return Outcome(State.INSUFFICIENT_DATA, why=_NO_DAY if as_of is None else _NO_DEADLINE)
    try:
        published = dt.date.fromisoformat(case.ret.about.get("published_on", ""))
    except ValueError:
        return Outcome(State.INSUFFICIENT_DATA, why="没有填写发布日期")
    late = (published - due).days
    facts = {"published": published.isoformat(), "due": due.isoformat(), "days": late}
    return outcome([Blame((), facts, case.ret.places.get("published_on", ""))] if late > 0 else ())


def handed_in(_rule: Rule, case: Case) -> Outcome:
    """Something came in for the unit; after its day that must be mended, before it is only said."""
    if case.ret.origin:
        return HELD
    due, as_of = _due(case), case.settings.as_of
    if as_of is None or due is None:
        return Outcome(State.INSUFFICIENT_DATA, why=_NO_DAY if as_of is None else _NO_DEADLINE)
    days = (as_of - due).days
    said = f"已逾期 {days} 天" if days > 0 else f"距期限还有 {-days} 天"
    facts = {"unit": case.unit.name, "due": due.isoformat(), "as_of": as_of.isoformat(), "said": said}
    return outcome([Blame((), facts, case.unit.name, None if days > 0 else Severity.EXPLAIN)])
