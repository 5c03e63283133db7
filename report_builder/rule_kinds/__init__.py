"""The few ways a rule can look: one small pure function each. A rule file names its kind and parameters.

A kind yields Blames: the cells at fault and the facts its rule's message is filled with. It says nothing of
words, severities or codes, which are the rule file's.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from report_builder.errors import SpecError
from report_builder.rule_kinds.case import Blame, Case, Kind, Outcome
from report_builder.rule_kinds.cells import (
    column_total,
    computed_total,
    filled,
    proper_number,
    row_total,
    share_at_most,
    sums_agree,
    trouble,
)
from report_builder.rule_kinds.claims import (
    amount_agrees,
    change_agrees,
    nothing_left,
    own_name,
    parts_agree,
    share_agrees,
    year_agrees,
)
from report_builder.rule_kinds.days import handed_in, published_late
from report_builder.rule_kinds.texts import (
    aspects_covered,
    fee_stated,
    ordinals_run,
    section_length,
    section_written,
    sections_in_order,
    words_present,
)
from report_builder.rule_kinds.years import carried_over, columns_agree, measures_jump, nothing_to_dispute
from report_builder.spec import Format, Rule, toml

__all__ = ["KINDS", "Blame", "Case", "Kind", "Outcome", "bind", "known_keys"]


@dataclass(frozen=True)
class _Shape:
    """A kind's function, the parameters its rules must give, the facts it fills; some run where no table was read."""

    run: Kind
    params: frozenset[str] = field(default_factory=frozenset)
    facts: frozenset[str] | None = None
    without_tables: bool = False


def _shape(run: Kind, params: str = "", facts: str = "", *, without_tables: bool = False) -> _Shape:
    return _Shape(run, frozenset(params.split()), frozenset(facts.split()) if facts else None, without_tables)


KINDS: Mapping[str, _Shape] = {
    "trouble": _shape(trouble, "trouble", without_tables=True),
    "filled": _shape(filled, "unless", "row columns count"),
    "proper_number": _shape(proper_number, "count change amount", "label typed expected"),
    "computed_total": _shape(computed_total, "unknown shown", "count values"),
    "sums_agree": _shape(sums_agree, "table left right blame", "column left right difference"),
    "column_total": _shape(column_total, "table", "row column sum total difference"),
    "row_total": _shape(row_total, "table", "row column sum total difference"),
    "share_at_most": _shape(share_at_most, "part whole", "part whole share threshold"),
    "sections_in_order": _shape(sections_in_order, "", "found problem"),
    "section_written": _shape(section_written, "", "section problem"),
    "amount_agrees": _shape(amount_agrees, "concepts", "quote said label table remark"),
    "change_agrees": _shape(change_agrees, "", "quote label last now change"),
    "share_agrees": _shape(share_agrees, "wholes", "quote said part whole share"),
    "parts_agree": _shape(parts_agree, "", "quote parts sum said problem"),
    "nothing_left": _shape(nothing_left, "", "quote said label table"),
    "year_agrees": _shape(year_agrees, "problems at_least", "quote problem year report_year"),
    "own_name": _shape(own_name, "", "quote name own"),
    "fee_stated": _shape(fee_stated, "unpaid", "problem"),
    "section_length": _shape(section_length, "", "section count limit"),
    "aspects_covered": _shape(aspects_covered, "", "section missing"),
    "words_present": _shape(words_present, "unit_kinds words", "missing"),
    "ordinals_run": _shape(ordinals_run, "patterns", "section found expected"),
    "carried_over": _shape(carried_over, "table into out", "column now before source told"),
    "columns_agree": _shape(columns_agree, "table checks", "row column found expected difference says"),
    "measures_jump": _shape(measures_jump, "measures by zero slip", "measure unit now before hint"),
    "nothing_to_dispute": _shape(nothing_to_dispute, "measure rests_on years", "count years"),
    "published_late": _shape(published_late, "", "published due days"),
    "handed_in": _shape(handed_in, "", "unit due as_of said", without_tables=True),
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


_ROWS = ("left", "right", "into", "out", "blame")
_MEASURES = ("measures", "measure", "rests_on", "part", "whole")
_COLUMNS = ("column", "last", "now")


def known_keys(rule: Rule, fmt: Format) -> Iterator[str]:
    """What is wrong with the table, rows, columns and measures a rule names, under ``fmt``; empty where all are there."""
    named = rule.params.get("table")
    table = next((one for one in fmt.tables if one.key == named), None)
    measures = set(fmt.measures_by_key)
    yield from _unknown(rule, f"格式 {fmt.id} 没有度量", _named(rule.params, _MEASURES), measures)
    if named is None:
        return
    if table is None:
        yield from _unknown(rule, f"格式 {fmt.id} 没有表", [named], {one.key for one in fmt.tables})
        return
    rows = {row.key for band in table.bands for row in band.rows}
    columns = {column.key for band in table.bands for column in band.columns}
    checked = [name for check in rule.params.get("checks", ()) for name in _named(check, _COLUMNS)]
    yield from _unknown(rule, f"格式 {fmt.id} 的表“{named}”没有行", _named(rule.params, _ROWS), rows)
    yield from _unknown(rule, f"格式 {fmt.id} 的表“{named}”没有列", checked, columns)


def _named(params: Mapping[str, Any], fields: Sequence[str]) -> list[str]:
    """The keys these parameters name, each a key or a list of keys; “-repealed” names repealed."""
    said = [params[field] for field in fields if field in params]
    keys = [key for one in said for key in ([one] if isinstance(one, str) else one)]
    return [key.removeprefix("-") for key in keys]


def _unknown(rule: Rule, fault: str, keys: Sequence[str], known: Collection[str]) -> Iterator[str]:
    for key in keys:
        if key not in known:
            yield f"{rule.code}.toml：{fault}“{key}”{toml.nearest(key, known)}"
