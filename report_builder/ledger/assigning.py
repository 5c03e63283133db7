"""Whom each task of the plan falls to: names become units, governments answer through their offices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from report_builder.model import Assigned, Plan, PlannedTask, Unit
from report_builder.registry import Registry

Meaning = Callable[[str], Sequence[Unit]]
"""The registered units that a name in the plan means; none where it means nobody."""

_GOVERNMENT, _OFFICE = "government", "office"
_BY_WEIGHT = ("lead", "responsible", "assist")


@dataclass(frozen=True)
class Assignment:
    """The plan with its tasks told apart, what it gives each unit, and the names in it that mean nobody.

    ``by_unit`` goes by the unit's name, in the order of the registry, and holds its tasks in the plan's; ``unmatched`` goes by task.
    """

    plan: Plan
    by_unit: Mapping[str, tuple[Assigned, ...]]
    unmatched: Mapping[str, tuple[str, ...]]


def assign(plan: Plan, meaning: Meaning, registry: Registry, report_year: int) -> Assignment:
    """What the plan gives each unit that stood in ``report_year``, in the weightiest role in which it is named.

    A government hands in no return of its own: its office answers for it, where it has one.
    """
    plan = _told_apart(plan)
    desk = _Desk(registry, {unit.name for unit in registry.expected(report_year)})
    by_unit: dict[str, list[Assigned]] = {}
    unmatched: dict[str, tuple[str, ...]] = {}
    for task in plan.tasks:
        strangers = []
        taken: dict[str, Assigned] = {}
        for role, name in _named(task):
            units = meaning(name)
            if not units:
                strangers.append(name)
            for one in (desk.assigned(unit, task, role, name) for unit in units):
                if one is not None:
                    taken.setdefault(one.unit, one)
        if strangers:
            unmatched[task.code] = tuple(dict.fromkeys(strangers))
        for one in taken.values():
            by_unit.setdefault(one.unit, []).append(one)
    ordered = (unit.name for unit in registry.units if unit.name in by_unit)
    return Assignment(plan, {name: tuple(by_unit[name]) for name in ordered}, unmatched)


def _told_apart(plan: Plan) -> Plan:
    """The plan with every task's code its own: of two with one code both must be answered."""
    seen: Counter[str] = Counter()
    tasks = []
    for task in plan.tasks:
        seen[task.code] += 1
        again = f"{task.code}({seen[task.code]})"
        tasks.append(task if seen[task.code] == 1 else replace(task, code=again))
    return replace(plan, tasks=tuple(tasks))


def _named(task: PlannedTask) -> Iterator[tuple[str, str]]:
    """The names of a task with their roles, the weightiest role first."""
    for role in _BY_WEIGHT:
        names: tuple[str, ...] = getattr(task, role)
        yield from ((role, name) for name in names)


@dataclass(frozen=True)
class _Desk:
    registry: Registry
    standing: set[str]

    def assigned(self, unit: Unit, task: PlannedTask, role: str, name: str) -> Assigned | None:
        """The task as it falls to a unit, or to its office; None where the unit did not stand that year."""
        if unit.kind != _GOVERNMENT:
            return Assigned(unit.name, task, role, name) if unit.name in self.standing else None
        office = self._office(unit)
        return Assigned(office or unit.name, task, role, name, unit.name if office else "")

    def _office(self, government: Unit) -> str:
        owners = {government.name, government.code} - {""}
        members = (unit for unit in self.registry.units if unit.parent in owners)
        return next((one.name for one in members if one.kind == _OFFICE and one.name in self.standing), "")
