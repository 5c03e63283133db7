"""Units counted: how many came, by place and by day; and the key figures, each with how many units it is the sum of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass

from report_builder.history import not_comparable, total
from report_builder.ledger import DONE, Duty, Ledger, duties
from report_builder.ledger import tally as summed_up
from report_builder.model import Number
from report_builder.overview.nouns import Government, Overseen, Standing, Watched
from report_builder.spec import Measure, Spec

_HELD_BACK = (Standing.REJECTED, Standing.TO_CORRECT, Standing.DRAFT)
_DONE = (Standing.BUILT, Standing.CHECKED, Standing.OUTDATED)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many units were expected and what became of them."""

    expected: int
    absent: int
    held_back: int
    failed: int
    done: int
    late: int
    reckoned: int
    unanswered: int
    repeating: int

    @property
    def came(self) -> int:
        """How many handed in a return."""
        return self.expected - self.absent


def tally(units: Iterable[Watched]) -> Tally:
    """The units counted; ``reckoned`` are those for which it is known whether they were late."""
    held = list(units)

    def count(claim: Callable[[Watched], bool]) -> int:
        return sum(map(claim, held))

    return Tally(
        expected=len(held),
        absent=count(lambda one: one.standing is Standing.ABSENT),
        held_back=count(lambda one: one.standing in _HELD_BACK),
        failed=count(lambda one: one.standing is Standing.FAILED),
        done=count(lambda one: one.standing in _DONE),
        late=count(lambda one: bool(one.late)),
        reckoned=count(lambda one: one.late is not None),
        unanswered=count(lambda one: one.unanswered > 0),
        repeating=count(lambda one: one.repeats > 0),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the place with its units counted; ``report`` is the page of its aggregate, empty where there is none."""

    name: str
    tally: Tally
    report: str = ""
    draft: bool = False


def by_place(seen: Overseen) -> list[Part]:
    """The top government's own units, then those under each government right below it; nothing where there is one part."""
    tops = {line[-1] for line in seen.lines.values()}
    groups: dict[str, list[Watched]] = {name: [] for name in (*(one.name for one in seen.governments), "")}
    for one in seen.units:
        groups[_part_of(one, seen)].append(one)
    below = {one.name: one for one in seen.governments if one.name not in tops}
    nobody = Government("")
    parts = [
        Part(_called(name, tops), tally(units), (place := below.get(name, nobody)).report, place.draft)
        for name, units in groups.items()
        if units
    ]
    return parts if len(parts) > 1 else []


def _part_of(one: Watched, seen: Overseen) -> str:
    line = seen.lines.get(one.government, ("",))
    return line[-2] if len(line) > 1 else line[-1]


def _called(name: str, tops: Container[str]) -> str:
    return f"{name}（本级）" if name in tops else name or "未写明所属地方"


# --- days -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DueDay:
    """A day by which something is due: whose, how many, how many are there; None where nobody counts them."""

    on: dt.date
    whose: tuple[str, ...]
    due: int
    came: int | None

    def left(self, as_of: dt.date) -> int:
        """The days that are left; below nothing where it has passed."""
        return (self.on - as_of).days


def calendar(seen: Overseen, spec: Spec) -> list[DueDay]:
    """The days of the year's reports, the earliest first: those of the units, then those of the aggregates."""
    kinds, levels = spec.wording.aggregate.kinds, spec.wording.aggregate.levels
    units: dict[dt.date, list[Watched]] = {}
    for one in seen.units:
        if one.due is not None:
            units.setdefault(one.due, []).append(one)
    reports: dict[dt.date, list[str]] = {}
    for government in seen.governments:
        if government.due is not None:
            reports.setdefault(government.due, []).append(levels.get(government.level, ""))
    days = [
        DueDay(on, tuple(_known(kinds[kind] for kind in kinds if _any(held, kind))), len(held), _came(held))
        for on, held in units.items()
    ]
    days += [
        DueDay(on, tuple(f"{name}政府汇总报告" for name in _known(names)), len(names), None)
        for on, names in reports.items()
    ]
    return sorted(days, key=lambda day: (day.on, day.came is None))


def _any(units: Iterable[Watched], kind: str) -> bool:
    return any(one.unit.kind == kind for one in units)


def _came(units: Iterable[Watched]) -> int:
    return sum(one.standing is not Standing.ABSENT for one in units)


def _known(names: Iterable[str]) -> dict[str, None]:
    return dict.fromkeys(filter(None, names))


@dataclass(frozen=True, slots=True)
class Owed:
    """Something of the year's tasks due on a day: by how many, and how many of them are done.

    ``done`` is None but on a task's last day: one state cannot tell which of four quarters was kept.
    """

    duty: Duty
    owing: int
    done: int | None

    @property
    def late(self) -> bool:
        """Whether the day is past and somebody is not done."""
        left = self.duty.days_left
        return left is not None and left < 0 and self.done is not None and self.done < self.owing


def owed(held: Ledger | None) -> list[Owed]:
    """The dated duties of the year's tasks that fall to somebody, by date."""
    return [] if held is None else list(_owed(held))


def _owed(held: Ledger) -> Iterator[Owed]:
    for duty in duties(held.plan, held.as_of):
        entries = held.by_task[duty.task.code]
        last = max(due.on for due in duty.task.due if due.on is not None)
        if entries:
            counted = summed_up(entries)
            yield Owed(duty, counted.counted, counted.states.get(DONE, 0) if duty.on == last else None)


# --- figures --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A measure summed over the units that state it, this year and last; ``change`` only over those that state both.

    ``not_comparable`` says why last year's cannot be set beside it; empty where it can.
    """

    measure: Measure
    now: Number | None
    units: int
    last: Number | None
    last_units: int
    change: Number | None
    both: int
    not_comparable: str = ""


def key_figures(seen: Overseen, spec: Spec) -> list[KeyFigure]:
    """The measures the overview shows; those of units that stand apart belong to no place and are left out."""
    fmt, older = spec.format(seen.format_id), spec.format_for(seen.report_year - 1)
    known = fmt.measures_by_key if fmt is not None else {}
    units = [one for one in seen.units if not one.apart]
    figures = []
    for measure in (known[key] for key in spec.oversight.key_measures if key in known):
        why = not_comparable(spec, older, fmt, measure) if fmt is not None and older is not None else ""
        figures.append(_key_figure(measure, units, why))
    return figures


def _key_figure(measure: Measure, units: Iterable[Watched], why: str) -> KeyFigure:
    stated = [(one.now.get(measure.key), None if why else one.last.get(measure.key)) for one in units]
    changes = [now - last for now, last in stated if now is not None and last is not None]
    now, last = (_given(numbers) for numbers in (zip(*stated, strict=True) if stated else ((), ())))
    return KeyFigure(measure, total(now), len(now), total(last), len(last), total(changes), len(changes), why)


def _given(numbers: Iterable[Number | None]) -> list[Number]:
    return [number for number in numbers if number is not None]
