"""The years held before a report, and what in them can be set against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from report_builder.figures import day
from report_builder.model import Figure, Lineage, Number, Return, Section, Typed
from report_builder.spec import Format, Measure, Spec
from report_builder.spec.layout import cells_named

if TYPE_CHECKING:
    from report_builder.similarity import Text


_STOPS = tuple("。！？；…")


@dataclass(frozen=True)
class Held:
    """A Return together with the format it was read by."""

    ret: Return
    fmt: Format


@dataclass(frozen=True)
class History:
    """The years held before one report, the oldest first, and what the registry records of a reorganisation.

    A merged unit's years are the sums of its predecessors'; such a Held has the unit's own name.
    """

    years: tuple[Held, ...] = ()
    lineage: Lineage = field(default_factory=Lineage)

    def year(self, report_year: int) -> Held | None:
        """What is held of one year; None where nothing is."""
        return next((held for held in self.years if held.ret.report_year == report_year), None)


def measured(measure: Measure, held: Held) -> Number | None:
    """The sum of a measure's cells; None where one of them holds no number."""
    cells = cells_named(measure.cells, held.fmt)
    return total(held.ret.number(key) for key in held.fmt.standing(cells, held.ret.cells))


def total(numbers: Iterable[Number | None]) -> Number | None:
    """The sum; None where there is nothing to add or one is missing."""
    given = list(numbers)
    known = [number for number in given if number is not None]
    return sum(known) if given and len(known) == len(given) else None


def not_comparable(spec: Spec, older: Format, newer: Format, measure: Measure) -> str:
    """Why a measure cannot be set against the older format; empty where it can."""
    reasons = (spec.not_comparable(older, newer, cell) for cell in measure.cells)
    return next(filter(None, reasons), "")


def together(unit: str, parts: Sequence[Held]) -> Held:
    """One year of several bodies as that of the one they became: every cell the sum, traced to all of theirs.

    A cell that one of them has not filled in has no sum. The parts are of one year and format.
    """
    first = parts[0]
    if len(parts) == 1:
        return replace(first, ret=replace(first.ret, unit=unit))
    held = {key for part in parts for key in part.ret.cells}
    figures = {
        key: [_cell(part, key) for part in parts] for key in first.fmt.standing(tuple(first.fmt.slots), held)
    }
    cells = {
        key: _summed([one for one in given if one is not None])
        for key, given in figures.items()
        if None not in given
    }
    origin = "、".join(part.ret.origin for part in parts)
    ret = Return(unit, first.ret.report_year, first.ret.format_id, cells, origin=origin)
    return Held(ret, first.fmt)


def _cell(part: Held, key: str) -> Figure | None:
    """A body's cell; where others hold a former row in its place, the sum of the cells that row stands for."""
    cells = part.ret.cells
    parts = part.fmt.stands_for.get(key, ())
    if key in cells or not parts:
        return cells.get(key)
    return _summed([cells[one] for one in parts]) if all(one in cells for one in parts) else None


def _summed(figures: Sequence[Figure]) -> Figure:
    number = total(figure.number for figure in figures)
    source = " + ".join(figure.source for figure in figures)
    kind = Typed.BLANK if number is None else Typed.COMPUTED
    return Figure(number, kind, "" if number is None else str(number), source)


@lru_cache(maxsize=8)
def hidden_names(names: frozenset[str], place: str) -> frozenset[str]:
    """What is masked in every text of a place: the names of its units, and its own."""
    return names | {place} if place else names


def text_of(held: Held, spec: Spec, names: Iterable[str] = ()) -> Text:
    """The text of the sections that the format says are compared; what was written of tasks follows in theirs."""
    from report_builder.similarity import Text  # noqa: PLC0415 - numpy is needed only where texts are compared

    ret = held.ret
    tasks = tuple(
        "".join(_sentence(task[name]) for name in spec.statutory.task_fields if task[name])
        for task in ret.tasks
    )
    sections = tuple(
        Section(
            one.number, one.title, (*ret.paragraphs(one.number), *(filter(None, tasks) if one.tasks else ()))
        )
        for one in held.fmt.sections
        if one.compared
    )
    written = tuple(section for section in sections if section.paragraphs)
    published_on = day(ret.about.get("published_on", ""))
    return masking(Text(ret.unit, ret.report_year, written, published_on=published_on), names)


def _sentence(text: str) -> str:
    """What was typed into one cell, ended by a full stop, so that the next cell's begins a sentence."""
    return text if text.rstrip("”’）").endswith(_STOPS) else f"{text}。"


def masking(text: Text, names: Iterable[str]) -> Text:
    """The text with these names to be masked in it, and its unit's own; thousands of texts share one list of thousands."""
    known = frozenset(names)
    return replace(text, names=_sorted(known if text.unit in known else known | {text.unit}))


@lru_cache(maxsize=64)
def _sorted(names: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(filter(None, names)))
