"""The kind that holds a report's text against another year's, or another unit's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from report_builder.model import Severity, State
from report_builder.rule_kinds import places
from report_builder.rule_kinds.case import Blame, Case, Outcome, outcome
from report_builder.spec import Rule

if TYPE_CHECKING:
    from report_builder.similarity import Against, Passage, Share

_SHOWN = 3
_LONGEST = 40


def repeats(rule: Rule, case: Case) -> Outcome:
    """Too much of the text stands in an earlier year's report, or in another unit's.

    It must be mended where one section, or whole sentences of the report, reach the threshold; it is asked about
    where the report loosely does, or the section reaches ``asks``.
    """
    earlier = rule.params["against"] == "earlier"
    if not case.text.sections:
        return Outcome(State.NOT_APPLICABLE, why="没有文字材料")
    if not earlier and case.alike is None:
        return Outcome(State.INSUFFICIENT_DATA, why="只核对了个别文件，没有与其他单位比对")
    if earlier and not case.history.years:
        return Outcome(State.INSUFFICIENT_DATA, why="没有往年的报送或报告")
    pairs = case.against_years if earlier else case.against_others
    blames = [_blame(rule, case, one) for one in pairs]
    return outcome(blame for blame in blames if blame is not None)


def _blame(rule: Rule, case: Case, against: Against) -> Blame | None:
    whole, other = against.overlap, against.other
    section = whole.section(rule.params["section"])
    severity = _severity(
        rule, case.threshold(rule), whole.strict, whole.loose, section.loose if section else None
    )
    if severity is None:
        return None
    found = against.passages
    facts = {
        "against": f"{other.text.unit}{other.text.report_year}年",
        "against_unit": other.text.unit,
        "against_year": other.text.report_year,
        "strict": whole.strict.in_words(),
        "loose": whole.loose.in_words(),
        "section": case.fmt.section(rule.params["section"]).title,
        "part": section.loose.in_words() if section else "—",
        "passages": _told(found, case.spec.terms),
    }
    first = found[0].now if found else None
    where = places.text(case, first.section, first.paragraph) if first else ""
    return Blame((), facts, where, severity)


def _severity(rule: Rule, bar: Decimal, strict: Share, loose: Share, part: Share | None) -> Severity | None:
    if strict.reaches(bar) or (part is not None and part.reaches(bar)):
        return Severity.CORRECT
    asked = loose.reaches(bar) or (part is not None and part.reaches(Decimal(rule.params["asks"])))
    return Severity.EXPLAIN if asked else None


def _told(found: Sequence[Passage], terms: Mapping[str, str]) -> str:
    """The longest passages, with how each repeats and for how long."""
    longest = sorted(found, key=lambda one: -one.characters)[:_SHOWN]
    return "；".join(
        f"{terms[str(one.how)]}“{one.now.text[:_LONGEST]}{'…' if len(one.now.text) > _LONGEST else ''}”"
        f"（{one.characters}字{f'，已连续{one.years_running}年' if one.years_running > 1 else ''}）"
        for one in longest
    )
