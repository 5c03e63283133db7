"""雷同.json: the circular as a document, and what the document of an earlier run followed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from report_builder.compare import share_as_json
from report_builder.model import Severity
from report_builder.repetition.circular import (
    Case,
    Circular,
    Copied,
    Followed,
    Group,
    Outcome,
    Pair,
    Quoted,
    Rates,
    Report,
    longest,
    report_of,
)
from report_builder.similarity import How, Match


def as_json(found: Circular) -> dict[str, Any]:
    """雷同.json; rates have four decimals, null where there is nothing to count."""
    return {
        "schema": 1,
        "report_year": found.report_year,
        "deadline": _day(found.deadline),
        "units": [_case(case, found) for case in found.cases],
        "clusters": [_group(group) for group in found.groups],
        "pairs": [_match(match) for match in found.matches],
        "followed": [_one_followed(one, found) for one in found.followed],
        "not_compared": [{"unit": unit, "why": why} for unit, why in found.not_compared.items()],
    }


def _day(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def _report(report: Report) -> dict[str, object]:
    return {"unit": report.unit, "report_year": report.report_year}


def _rates(rates: Rates) -> dict[str, float | None]:
    pairs = (("strict", rates.strict), ("loose", rates.loose))
    return {name: None if rate is None else float(rate) for name, rate in pairs}


def _case(case: Case, found: Circular) -> dict[str, object]:
    return {
        "unit": case.unit,
        "against": _report(case.against),
        **_rates(case.rates),
        "asked": case.asked,
        "repeated": case.repeated,
        "passages": [_quoted(one) for one in case.worst],
        **_reply(case.pair, found),
    }


def _quoted(one: Quoted) -> dict[str, object]:
    return {
        "section": one.section,
        "kind": one.how,
        "text": one.text,
        "earlier": one.earlier,
        "years_running": one.years_running,
        "characters": one.characters,
    }


def _reply(pair: Pair, found: Circular) -> dict[str, str]:
    """What the unit wrote back, where it did."""
    return {"reply": found.replies[pair]} if pair in found.replies else {}


def _group(group: Group) -> dict[str, object]:
    source = _report(group.source) | {"published_on": _day(group.published_on)}
    return {"source": source, "copies": [_copied(one) for one in group.copies]}


def _copied(one: Copied) -> dict[str, object]:
    nearest = {"nearest": _report(one.nearest), "shared": float(one.shared)}
    return {**_report(one.report), **nearest, **_rates(one.rates)}


def _match(match: Match) -> dict[str, object]:
    return {
        **_report(report_of(match.later)),
        "against": _report(report_of(match.earlier)),
        "shared": share_as_json(match.of_later),
        "shared_of_against": share_as_json(match.of_earlier),
    }


def _one_followed(one: Followed, found: Circular) -> dict[str, object]:
    return {
        "unit": one.unit,
        "against": _report(one.against),
        "asked": one.asked,
        "before": _rates(one.before),
        "now": None if one.now is None else _rates(one.now),
        "outcome": one.outcome,
        **_reply((one.unit, one.against), found),
    }


def followed(text: str, report_year: int) -> tuple[Followed, ...]:
    """What the 雷同.json of an earlier run followed; nothing where it is another year's.

    Raises:
        ValueError, KeyError, TypeError: it is no such document.
    """
    said = json.loads(text, parse_float=Decimal)
    return tuple(map(_from_json, said["followed"])) if said["report_year"] == report_year else ()


def _from_json(item: Mapping[str, Any]) -> Followed:
    return Followed(
        unit=str(item["unit"]),
        against=Report(str(item["against"]["unit"]), int(item["against"]["report_year"])),
        asked=Severity(item["asked"]),
        before=_rates_of(item["before"]),
        now=None if item["now"] is None else _rates_of(item["now"]),
        outcome=Outcome(item["outcome"]),
    )


def _rates_of(item: Mapping[str, Any]) -> Rates:
    strict, loose = (None if item[name] is None else Decimal(item[name]) for name in ("strict", "loose"))
    return Rates(strict, loose)


def case_from(text: str) -> Case:
    """The case that a 年际比对.json tells of, as :func:`case_of` made it of the comparison.

    Raises:
        ValueError, KeyError, TypeError: it is no such document.
    """
    said = json.loads(text, parse_float=Decimal)
    against = Report(str(said["against"]["unit"]), int(said["against"]["report_year"]))
    repeated = [_quoted_from(item) for item in said["passages"]]
    return Case(str(said["unit"]), against, _rates_of(said), len(repeated), longest(repeated))


def _quoted_from(item: Mapping[str, Any]) -> Quoted:
    return Quoted(
        section=int(item["section"]),
        how=How(item["kind"]),
        text=str(item["text"]),
        earlier=str(item["earlier"]),
        years_running=int(item["years_running"]),
        characters=int(item["characters"]),
    )
