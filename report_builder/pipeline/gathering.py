"""The work of a run over a year's units: what was handed in, what lies beside it, and what is known of it all."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from report_builder import collect
from report_builder.errors import InputError
from report_builder.ledger import Assignment
from report_builder.model import Return, Unit
from report_builder.pipeline import tasks
from report_builder.pipeline.intake import (
    Among,
    Answered,
    Handed,
    Past,
    among,
    answers,
    chosen,
    collected,
    earlier_sources,
    once_each,
    past,
)
from report_builder.pipeline.keys import Beside, Job, common, job_for
from report_builder.pipeline.place import Place

if TYPE_CHECKING:
    from report_builder.similarity import Clauses

Earlier = Mapping[str, Sequence[tuple[int, collect.Source]]]
"""What is held of earlier years, by unit."""


@dataclass(frozen=True)
class Year:
    """What was handed in, once a unit, and what lies beside it; what stands ``alone`` is not held against others.

    ``came`` are the units of which something came in, ``given`` what the year's plan gives each.
    """

    distinct: Sequence[Handed]
    came: frozenset[str]
    earlier: Earlier
    given: Assignment | None
    among: Among
    alone: bool


@dataclass(frozen=True)
class Errand:
    """A unit's job without its return: of thousands of returns none is held longer than it must be."""

    unit: Unit
    earlier: tuple[Past, ...]
    folder: Path
    key: str
    readable: bool


@dataclass(frozen=True)
class Work:
    """What is known of a year's work: who is asked for, of whom something came, what is held, what was written.

    ``common`` is what decides about all units alike.
    """

    errands: Sequence[Errand]
    came: frozenset[str]
    earlier: Earlier
    clauses: Clauses
    common: str
    unused: tuple[str, ...]


def gathered(place: Place, kept: Callable[[Return], Return] = lambda ret: ret) -> tuple[Year, list[str]]:
    """What was handed in for the year, each return as it is to be ``kept``, with what lies beside it; the files of no use.

    Raises:
        InputError: nothing was handed in.
    """
    handed, unused = collected(place, kept)
    return year_of(place, handed), unused


def year_of(place: Place, handed: Sequence[Handed], *, alone: bool = False) -> Year:
    """What was handed in, with what lies beside it; ``alone`` are single files, which are not held against others'."""
    distinct = once_each(handed)
    return Year(
        distinct,
        frozenset(one.unit.name for one in handed),
        earlier_sources(place),
        tasks.assignment(place, handed),
        among(place, () if alone else distinct),
        alone,
    )


def work_of(place: Place, year: Year, unused: Sequence[str]) -> tuple[list[Job], Work]:
    """The jobs of a run over the units of the year, and what is known of them.

    Raises:
        InputError: a unit asked for is not known.
    """
    said, unread = answers(place)
    key = common(place)
    jobs = [job_for(place, one, around, key) for one, around in desks(place, year, said)]
    errands = [Errand(job.handed.unit, job.earlier, job.folder, job.key, job.handed.readable) for job in jobs]
    return jobs, Work(errands, year.came, year.earlier, year.among.clauses, key, (*unused, *unread))


def desks(place: Place, year: Year, said: Sequence[Answered]) -> Iterator[tuple[Handed, Beside]]:
    """Each unit asked for with what lies beside its return."""
    asked = chosen(place, year.distinct)
    for one in asked if year.alone else _own_reports(place, asked):
        yield one, beside(place, one.unit, year, said)


def beside(place: Place, unit: Unit, year: Year, said: Sequence[Answered]) -> Beside:
    """What lies beside one unit's return."""
    alike = None if year.alone else year.among.alike.get(unit.name, ())
    return Beside(past(place, unit, year.earlier), said, alike, tasks.assigned_to(unit, year.given))


def _own_reports(place: Place, asked: Sequence[Handed]) -> Iterator[Handed]:
    """The units that report for themselves; what a government hands in for its aggregate is for `summary`.

    Raises:
        InputError: such a government was asked for by name.
    """
    tree = place.registry.tree(place.year)
    for one in asked:
        if not tree.compiled(one.unit):
            yield one
        elif place.options.units:
            raise InputError(
                f"“{one.unit.name}”的报告由所属单位汇总而成；请用 report-builder summary --unit {one.unit.name}"
            )


def silent(place: Place, came: Container[str]) -> list[Unit]:
    """The registered units of which nothing came in."""
    return [unit for unit in place.registry.expected(place.year) if unit.name not in came]
