"""The aggregates of earlier years: what a government gave or published then, else the sum of its members then.

A year of which a member is not held has no sum. What is held of a year is read once, and added once for all places;
of ten thousand units only the figures are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from report_builder import aggregate, collect
from report_builder.history import Held, History
from report_builder.model import Lineage, Number, Return, Unit
from report_builder.pipeline.intake import history, past, reader
from report_builder.pipeline.place import Place
from report_builder.pipeline.stowed import Stowage
from report_builder.registry import Tree
from report_builder.spec import Format


@dataclass(frozen=True)
class EarlierYears:
    """What is held of the years before; ``tree`` is this year's, whose governments are asked for."""

    place: Place
    tree: Tree
    sources: Mapping[str, Sequence[tuple[int, collect.Source]]]
    _stowage: Stowage = field(default_factory=Stowage, init=False)
    _read: dict[tuple[int, collect.Source], Held | None] = field(default_factory=dict, init=False)

    def last(self, unit: Unit) -> Held | None:
        """The figures of the year just before; None where it is not held."""
        before = self.place.year - 1
        held = [one for one in past(self.place, unit, self.sources) if one.year == before]
        return history(self.place, unit, held, self._figures).year(before)

    def of(self, unit: Unit, now: aggregate.Compiled) -> History:
        """The earlier years of one government's aggregate, the oldest first, and why they may not fit this one.

        While members are missing this year's sum is not the whole place's: of earlier years only the texts are beside it.
        """
        given = history(self.place, unit, past(self.place, unit, self.sources)).years
        own = {one.ret.report_year: one for one in given}
        held = [one for year in self._years if (one := self._one(unit, year, own.get(year.report_year)))]
        if now.missing and not (now.given and now.given.has_figures):
            held = [replace(one, ret=replace(one.ret, cells={})) for one in held]
        return History(tuple(held), Lineage((), "；".join(self._told(unit, now))))

    @cached_property
    def _years(self) -> tuple[_Year, ...]:
        """Every year of which something is held, the oldest first."""
        years = sorted({year for held in self.sources.values() for year, _ in held})
        return tuple(self._year(year, fmt) for year in years if (fmt := self.place.spec.format_for(year)))

    def _year(self, report_year: int, fmt: Format) -> _Year:
        found = {
            unit: self._figures(report_year, dict(held)[report_year])
            for unit, held in self.sources.items()
            if report_year in dict(held)
        }
        returns = {unit: replace(one.ret, unit=unit) for unit, one in found.items() if one is not None}
        tree = self.place.registry.tree(report_year)
        return _Year(report_year, fmt, tree, self.tree.governments, returns)

    def _figures(self, year: int, source: collect.Source) -> Held | None:
        """The figures of one earlier return or report."""
        if (year, source) not in self._read:
            held = reader(self.place)(year, source)
            self._read[year, source] = self._bare(held) if held is not None else None
        return self._read[year, source]

    def _bare(self, held: Held) -> Held:
        ret = held.ret
        bare = Return(ret.unit, ret.report_year, ret.format_id, ret.cells, fee=ret.fee, origin=ret.origin)
        return replace(held, ret=self._stowage.away(bare))

    def _one(self, unit: Unit, year: _Year, given: Held | None) -> Held | None:
        returns = year.members.get(unit.name)
        if returns is None:
            return given
        own = given.ret if given is not None else None
        compiled = aggregate.Compiled(unit.name, year.report_year, returns, year.sums[unit.name], own)
        return Held(aggregate.returned(compiled, year.fmt, self.place.spec), year.fmt)

    @cached_property
    def _last_tree(self) -> Tree:
        return self.place.registry.tree(self.place.year - 1)

    def _told(self, unit: Unit, now: aggregate.Compiled) -> Iterator[str]:
        """What sets this year's members apart from last year's, in words; a successor is who it succeeds."""
        if now.missing:
            yield f"本年有 {len(now.missing)} 个成员的数据没有计入"
        registry = self.place.registry
        before, after = (
            {one.name: one for one in tree.members(unit)} for tree in (self._last_tree, self.tree)
        )
        heirs = {
            name
            for name, one in after.items()
            if any(old.name in before for old in registry.predecessors(one))
        }
        succeeded = {old.name for name in heirs for old in registry.predecessors(after[name])}
        for said, names in (
            ("新增", after.keys() - before.keys() - heirs),
            ("不再有", before.keys() - after.keys() - succeeded),
        ):
            if names and before:
                yield f"成员与上年不同：{said}{'、'.join(sorted(names))}"


@dataclass(frozen=True)
class _Year:
    """One earlier year: its format, who stood below whom, the governments asked for, what is held of the units."""

    report_year: int
    fmt: Format
    tree: Tree
    governments: Sequence[Unit]
    returns: Mapping[str, Return]

    @cached_property
    def members(self) -> Mapping[str, Sequence[Return]]:
        """The members' returns of each government that had members and lacks none of them."""
        below = {one.name: self.tree.members(one) for one in self.governments}
        return {
            name: [self.returns[one.name] for one in units]
            for name, units in below.items()
            if units and all(one.name in self.returns for one in units)
        }

    @cached_property
    def sums(self) -> Mapping[str, Mapping[str, Number]]:
        """What the members of each of these governments come to."""
        from report_builder.aggregate import table  # noqa: PLC0415 - pandas is needed by this verb alone

        owned = {name: [one.unit for one in returns] for name, returns in self.members.items()}
        return table.sums(table.tidy(tuple(self.returns.values()), self.fmt), owned, self.fmt)
