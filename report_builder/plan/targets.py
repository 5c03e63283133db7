"""Figures that can be checked: 不低于4%, 每年不少于6次, 100%以上."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache, cached_property

from report_builder.model import Target
from report_builder.plan.brackets import parts
from report_builder.plan.patterns import HAN, SPACE, one_of
from report_builder.plan.vocabulary import Vocabulary
from report_builder.prose.numerals import chinese
from report_builder.spec import PlanWords
from report_builder.spec.nouns import TargetWords

_CLAUSES = "，,；;。！？\n"
_PERCENT = "%"
_AT_LEAST, _AT_MOST, _EQUAL = "at_least", "at_most", "equal"


@dataclass(frozen=True, eq=False)
class _Figures:
    """The words for figures as patterns, made once."""

    words: TargetWords

    @cached_property
    def _number(self) -> str:
        percent = re.escape(self.words.percent)
        return (
            rf"{SPACE}(?:{percent}(?P<percent>[{HAN}点]{{1,12}})|(?P<number>\d[\d,.]{{0,14}}|[{HAN}]{{1,12}}){SPACE}"
            rf"(?P<unit>{one_of(self.words.units)}))"
        )

    @cached_property
    def before(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        words = self.words
        rows = ((_AT_LEAST, words.at_least), (_AT_MOST, words.at_most), (_EQUAL, words.equal))
        return tuple((relation, re.compile(one_of(row) + self._number)) for relation, row in rows)

    @cached_property
    def behind(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        words = self.words
        rows = ((_AT_LEAST, words.at_least_behind), (_AT_MOST, words.at_most_behind))
        return tuple((relation, re.compile(self._number + one_of(row))) for relation, row in rows)


@cache
def _figures(words: PlanWords) -> _Figures:
    return _Figures(words.targets)


def targets_of(text: str, known: Vocabulary) -> tuple[Target, ...]:
    """The figures that ``text`` asks for, each with its clause."""
    return tuple(target for clause in parts(text, _CLAUSES) for target in _in_clause(clause, known))


def _in_clause(clause: str, known: Vocabulary) -> Iterator[Target]:
    figures = _figures(known.words)
    taken: set[int] = set()
    for relation, pattern in (*figures.before, *figures.behind):
        for found in pattern.finditer(clause):
            group = "percent" if found["percent"] else "number"
            value = _value(found[group])
            if value is not None and found.start(group) not in taken:
                taken.add(found.start(group))
                yield Target(relation, value, _unit(found), clause)


def _unit(found: re.Match[str]) -> str:
    unit = _PERCENT if found["percent"] else found["unit"]
    return _PERCENT if unit == "％" else unit


def _value(said: str) -> Decimal | None:
    """The number in digits or Chinese; None where it is none."""
    if said[0].isdecimal():
        try:
            return Decimal(said.replace(",", "").rstrip("."))
        except InvalidOperation:
            return None
    amount = chinese(said)
    return None if amount is None else amount.value
