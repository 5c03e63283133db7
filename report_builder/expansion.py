"""Whom a plan's names mean: one registered unit, or a whole group of them (各市〔州〕政府).

A name that could mean several single units means none: a task given to the wrong body is worse than one that
somebody is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from report_builder.model import UNIT_LEVELS, Unit
from report_builder.registry import Registry, plain
from report_builder.spec import PlanWords

_BETWEEN = re.compile(r"[()\[\]〔〕【】、,和及与]")
_SHORTEST = 3
_SHOWN = 5
_NOT_SAID = "没有指明是哪些单位；请在方案里写明，或在 units.csv 里记作别名"
_SEVERAL = "可能是{names}，分不清是哪一个；请在方案里写全称"
_NOBODY = "units.csv 里没有这个单位{near}"


def units_of(name: str, registry: Registry, words: PlanWords) -> tuple[Unit, ...]:
    """The registered units that ``name`` means in a plan of the registry's own place; empty where it is none of them."""
    return _Names(registry, words).units_of(name)


def expand(
    names: Iterable[str], registry: Registry, words: PlanWords
) -> tuple[dict[str, tuple[Unit, ...]], dict[str, str]]:
    """What each name means, and why the others mean nobody in the registry, both in the order they come."""
    known = _Names(registry, words)
    meant = {name: known.units_of(name) for name in dict.fromkeys(names)}
    return meant, {name: known.why_nobody(name) for name, units in meant.items() if not units}


@dataclass(frozen=True)
class _Names:
    """The registry's units by every name that a plan of its place may call them."""

    registry: Registry
    words: PlanWords

    @cached_property
    def place(self) -> Unit | None:
        """The government whose plan it is: the highest registered one that belongs to none of the others."""
        tops = [unit for unit in self._governments if not self.registry.known(unit.parent)]
        return min(tops, key=lambda unit: _rank(unit.level), default=None)

    @cached_property
    def _governments(self) -> list[Unit]:
        return [unit for unit in self.registry.units if unit.kind == "government"]

    @cached_property
    def _level(self) -> str:
        """The plan's own level; that of the highest unit where no government is registered."""
        if self.place:
            return self.place.level
        return min((unit.level for unit in self.registry.units), key=_rank, default="")

    @cached_property
    def place_name(self) -> str:
        """The place's own name, without 人民政府."""
        return self._bare(plain(self.place.name)) if self.place else ""

    @cached_property
    def sign(self) -> str:
        """The sign by which the place speaks of itself: 省 for 示例省."""
        return self._sign_of(self.place_name)

    def _sign_of(self, place: str) -> str:
        signs = sorted(self.words.signs, key=len, reverse=True)
        return next((sign for sign in signs if place.endswith(sign)), "")

    @cached_property
    def _heads(self) -> tuple[str, ...]:
        """What may stand before a name to say that it is the place's own."""
        if not self.sign:
            return ()
        return (self.place_name, *(f"{own}{self.sign}" for own in self.words.expansion.own), self.sign)

    @cached_property
    def _held(self) -> dict[str, dict[str, Unit]]:
        """The units by short name, each once."""
        held: dict[str, dict[str, Unit]] = {}
        for unit in self.registry.units:
            for name in (unit.name, *unit.aliases):
                for short in {self._short(plain(name)), self._bare(self._short(plain(name)))}:
                    held.setdefault(short, {})[unit.name] = unit
        return held

    def units_of(self, name: str) -> tuple[Unit, ...]:
        """One unit by name before a group by its words."""
        found = self.registry.find(name) if self.registry.units else None
        if found is not None:
            return (found,)
        own = self._held.get(self._short(plain(name)), {})
        if own:
            return tuple(own.values()) if len(own) == 1 else ()
        return self._group(plain(name)) or self._group_below(plain(name)) or self._in_each(plain(name))

    def why_nobody(self, name: str) -> str:
        """Why a name means nobody: it says not who, it may be several, or the nearest registered name."""
        if name.endswith(self.words.expansion.vague):
            return _NOT_SAID
        alike = self._alike(name)
        if len(alike) > 1:
            return _SEVERAL.format(names="".join(f"“{unit}”" for unit in alike[:_SHOWN]))
        near = f"，是否应为“{alike[0]}”？" if alike else self.registry.suggestion(name)
        return _NOBODY.format(near=near)

    def _alike(self, name: str) -> list[str]:
        """The units whose names end as this one does, behind the sign of some place (县财政局)."""
        short = self._short(plain(name))
        sign = next((sign for sign in self.words.signs if short.startswith(sign)), "")
        end = short.removeprefix(sign)
        if len(end) < _SHORTEST:
            return []
        return [unit.name for unit in self.registry.units if self._contracted(plain(unit.name)).endswith(end)]

    def _short(self, name: str) -> str:
        """The name without the place before it: 示例省财政厅, 省财政厅 and 财政厅 are one."""
        name = self._contracted(name)
        head = next((head for head in self._heads if name.startswith(head)), "")
        return name.removeprefix(head) or name

    def _contracted(self, name: str) -> str:
        """人民政府 and 政府 are one."""
        longest, *others = self.words.expansion.governments
        return name.replace(longest, others[-1] if others else longest)

    def _bare(self, name: str) -> str:
        """A government's name without 人民政府: its place's."""
        ending = next((end for end in self.words.expansion.governments if name.endswith(end)), "")
        return name.removesuffix(ending) or name

    def _group(self, name: str) -> tuple[Unit, ...]:
        said = set(self._said(_BETWEEN.sub("", self._contracted(name))))
        for group in self.words.groups:
            for place, level in self._places():
                if said & {word.replace("{place}", place) for word in group.words}:
                    return tuple(self._members(group.kinds, group.levels or (level,)))
        return ()

    def _group_below(self, name: str) -> tuple[Unit, ...]:
        """The group of another place than the plan's own: 甲山市各县（区）, 东示县各部门."""
        for government in self._governments:
            place = self._bare(plain(government.name))
            if name.startswith(place) and government is not self.place:
                sign = self._sign_of(place)
                group = self._group(name.removeprefix(place)) or self._group(sign + name.removeprefix(place))
                wider = {one.level for one in group} - {government.level}
                below = [one for one in self._below(government) if one.kind in {unit.kind for unit in group}]
                levels = wider if all(unit.kind in _PLACES for unit in group) else {government.level}
                return tuple(one for one in below if one.level in levels)
        return ()

    def _in_each(self, name: str) -> tuple[Unit, ...]:
        """The same body of every such place: 各县（市、区）教育局."""
        said = next((name.removeprefix(one) for one in self.words.expansion.each if name.startswith(one)), "")
        said = _BETWEEN.sub("", self._contracted(said))
        places = [
            (word, group)
            for group in self.words.groups
            if "government" in group.kinds
            for word in group.words
        ]
        for word, group in sorted(places, key=lambda one: -len(one[0])):
            body = said.removeprefix(word)
            if said.startswith(word) and len(body) >= _SHORTEST:
                return tuple(
                    unit
                    for unit in self.registry.units
                    if unit.level in group.levels and self._contracted(plain(unit.name)).endswith(body)
                )
        return ()

    def _below(self, government: Unit) -> Iterator[Unit]:
        return (unit for unit in self.registry.units if self._belongs(unit, government))

    def _belongs(self, unit: Unit, government: Unit) -> bool:
        """Whether ``unit`` stands below ``government``, at any depth a tree may have."""
        above = self.registry.known(unit.parent)
        for _ in UNIT_LEVELS:
            if above is None or above is government:
                break
            above = self.registry.known(above.parent)
        return above is government

    def _said(self, name: str) -> Iterator[str]:
        """The name as written, and without 各, 全市 and 政府."""
        expansion = self.words.expansion
        for head in ("", *expansion.each, *(f"{own}{self.sign}" for own in expansion.own), *expansion.own):
            if name.startswith(head):
                rest = name.removeprefix(head)
                yield from (rest, self._bare(rest))

    def _places(self) -> Iterator[tuple[str, str]]:
        """What {place} may be and the level it speaks of, the plan's own first."""
        yield from ((self.place_name, self._level), (self.sign, self._level))
        yield from self.words.signs.items()

    def _members(self, kinds: Iterable[str], levels: Iterable[str]) -> Iterator[Unit]:
        return (unit for unit in self.registry.units if unit.kind in kinds and unit.level in levels)


_PLACES = frozenset({"government", "township"})


def _rank(level: str) -> int:
    return UNIT_LEVELS.index(level) if level in UNIT_LEVELS else len(UNIT_LEVELS)
