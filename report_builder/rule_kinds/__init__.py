"""The few ways a rule can look: one small pure function each. A rule file names its kind and parameters.

A kind yields Blames: the cells at fault and the facts its rule's message is filled with. It says nothing of
words, severities or codes, which are the rule file's.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
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
from report_builder.rule_kinds.texts import fee_stated, section_written, sections_in_order
from report_builder.spec import Format, Rule, toml

__all__ = ["KINDS", "Blame", "Case", "Kind", "Outcome", "bind", "known_keys"]


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
    "amount_agrees": _shape(amount_agrees, "concepts", "quote said label table remark"),
    "change_agrees": _shape(change_agrees, "", "quote label last now change"),
    "share_agrees": _shape(share_agrees, "wholes", "quote said part whole share"),
    "parts_agree": _shape(parts_agree, "", "quote parts sum said problem"),
    "nothing_left": _shape(nothing_left, "", "quote said label table"),
    "year_agrees": _shape(year_agrees, "problems at_least", "quote problem year report_year"),
    "own_name": _shape(own_name, "", "quote name own"),
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
