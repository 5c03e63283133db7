"""What came in of a year, added up the tree: whose figures each government's are, and what they come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from report_builder import aggregate
from report_builder.model import Return, Unit
from report_builder.pipeline.place import Place
from report_builder.pipeline.stowed import Stowage
from report_builder.registry import Tree

if TYPE_CHECKING:
    from report_builder.aggregate import table

_NOTHING_CAME = "没有报送"


@dataclass(frozen=True)
class Adding:
    """A year's returns under the tree of its governments.

    ``usable`` are the returns that can be counted, by unit; ``wholes`` what governments with members gave
    themselves; ``doubts`` say what is to be mended in a return, ``refused`` which cannot be used at all.
    """

    place: Place
    tree: Tree
    usable: Mapping[str, Return]
    wholes: Mapping[str, Return]
    doubts: Mapping[str, str]
    refused: Mapping[str, str]

    @cached_property
    def held(self) -> Mapping[str, Return]:
        """All that can be counted somewhere: the units' returns, and the governments' own that hold figures."""
        return {**self.usable, **{name: ret for name, ret in self.wholes.items() if ret.has_figures}}

    @cached_property
    def frame(self) -> Any:  # noqa: ANN401 - pandas carries no types
        """Every cell of what can be counted, and of what governments gave whose members gave nothing."""
        from report_builder.aggregate import table  # noqa: PLC0415 - pandas is needed by this verb alone

        return table.tidy(tuple(self.held.values()), self.place.fmt)

    @cached_property
    def members(self) -> Mapping[str, tuple[Unit, ...]]:
        """Whose figures make up each government's, whether they came in or not."""
        return {unit.name: self.tree.members(unit, self.held) for unit in self.tree.governments}

    def returns(self, units: Iterable[Unit]) -> tuple[Return, ...]:
        """What came in of these units and can be counted."""
        return tuple(self.held[unit.name] for unit in units if unit.name in self.held)

    @cached_property
    def compiled(self) -> Mapping[str, aggregate.Compiled]:
        """What each government's aggregate is put together from, in the register's order."""
        done: dict[str, aggregate.Compiled] = {}
        governments = [unit for unit in self.tree.governments if self.tree.compiled(unit)]
        for unit in governments:
            self._compile(unit, done)
        return {unit.name: done[unit.name] for unit in governments}

    @cached_property
    def returned(self) -> Mapping[str, Return]:
        """What each government's aggregate says: its own figures where it gave some, else the sums."""
        away = Stowage().away
        fmt, spec = self.place.fmt, self.place.spec
        return {name: away(aggregate.returned(one, fmt, spec)) for name, one in self.compiled.items()}

    def _compile(self, unit: Unit, done: dict[str, aggregate.Compiled]) -> aggregate.Compiled:
        """One government's, after those of its parts."""
        if unit.name not in done:
            parts = tuple(self._compile(part, done) for part in self._parts(unit))
            done[unit.name] = self._one(unit, parts)
        return done[unit.name]

    def _one(self, unit: Unit, parts: Sequence[aggregate.Compiled]) -> aggregate.Compiled:
        members, came = self.members[unit.name], self._came[unit.name]
        return aggregate.Compiled(
            place=unit.name,
            report_year=self.place.year,
            returns=self.returns(members),
            sums=self._sums[unit.name],
            given=self.wholes.get(unit.name),
            apart=self.returns(self.tree.apart(unit)),
            parts=parts,
            blank=self._blank,
            missing={
                one.name: self.refused.get(one.name, _NOTHING_CAME) for one in members if one.name not in came
            },
            doubtful={one.name: self.doubts[one.name] for one in members if one.name in self.doubts},
        )

    def _parts(self, unit: Unit) -> Iterator[Unit]:
        """The governments next below whose members that came are counted here, all of them and no others of theirs."""
        counted: dict[str, set[str]] = {}
        for one in self.members[unit.name]:
            if one.name in self._came[unit.name]:
                counted.setdefault(self.tree.part_of(unit, one), set()).add(one.name)
        return (
            one
            for one in self.tree.governments
            if one.name in counted and counted[one.name] == self._came[one.name]
        )

    @property
    def astray(self) -> list[str]:
        """The units of which something came and that are in no place's figures, nor left out of one by rule."""
        if not self.tree.governments:
            return []
        counted = {one.name for units in self.members.values() for one in units}
        apart = {one.name for unit in self.tree.governments for one in self.tree.apart(unit)}
        known = counted | apart | self.members.keys()
        return [name for name in (*self.usable, *self.refused) if name not in known]

    @cached_property
    def _came(self) -> Mapping[str, frozenset[str]]:
        """The members of each government of which something came that can be counted."""
        return {
            name: frozenset(one.name for one in units if one.name in self.held)
            for name, units in self.members.items()
        }

    @cached_property
    def _sums(self) -> table.Sums:
        from report_builder.aggregate import table  # noqa: PLC0415

        owned = {name: tuple(units) for name, units in self._came.items()}
        return table.sums(self.frame, owned, self.place.fmt)

    @cached_property
    def _blank(self) -> Mapping[str, Sequence[str]]:
        from report_builder.aggregate import table  # noqa: PLC0415

        return table.blank(self.frame)
