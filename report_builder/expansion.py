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


def units_of(name: str, registry: Registry, words: PlanWords) -> tuple[Unit, ...]:
    """The registered units that ``name`` means in a plan of the registry's own place; empty where it is none of them."""
    return _Names(registry, words).units_of(name)


def expand(
    names: Iterable[str], registry: Registry, words: PlanWords
) -> tuple[dict[str, tuple[Unit, ...]], tuple[str, ...]]:
    """What each name means, and those that mean nobody in the registry, both in the order they come."""
    known = _Names(registry, words)
    meant = {name: known.units_of(name) for name in dict.fromkeys(names)}
    return meant, tuple(name for name, units in meant.items() if not units)


@dataclass(frozen=True)
class _Names:
    """The registry's units by every name that a plan of its place may call them."""

    registry: Registry
    words: PlanWords

    @cached_property
    def place(self) -> Unit | None:
        """The government whose plan it is: the highest registered one that belongs to none of the others."""
        governments = [unit for unit in self.registry.units if unit.kind == "government"]
        tops = [unit for unit in governments if not self.registry.known(unit.parent)]
        return min(tops, key=lambda unit: _rank(unit.level), default=None)

    @cached_property
    def place_name(self) -> str:
        """The place's own name, without 人民政府."""
        return self._bare(plain(self.place.name)) if self.place else ""

    @cached_property
    def sign(self) -> str:
        """The sign by which the place speaks of itself: 省 for 示例省."""
        signs = sorted(self.words.signs, key=len, reverse=True)
        return next((sign for sign in signs if self.place_name.endswith(sign)), "")

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
        return self._group(plain(name))

    def _short(self, name: str) -> str:
        """The name without the place before it: 示例省财政厅, 省财政厅 and 财政厅 are one."""
        name = self._contracted(name)
        heads = (self.place_name, *(f"{own}{self.sign}" for own in self.words.expansion.own), self.sign)
        head = next((head for head in heads if head and name.startswith(head)), "")
        rest = name.removeprefix(head)
        return rest or name

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

    def _said(self, name: str) -> Iterator[str]:
        """The name as written, and without 各, 全市 and 政府."""
        expansion = self.words.expansion
        for head in ("", *expansion.each, *(f"{own}{self.sign}" for own in expansion.own), *expansion.own):
            if name.startswith(head):
                rest = name.removeprefix(head)
                yield from (rest, self._bare(rest))

    def _places(self) -> Iterator[tuple[str, str]]:
        """What {place} may be and the level it speaks of, the plan's own first."""
        own = self.place.level if self.place else ""
        yield from ((self.place_name, own), (self.sign, own))
        yield from self.words.signs.items()

    def _members(self, kinds: Iterable[str], levels: Iterable[str]) -> Iterator[Unit]:
        return (unit for unit in self.registry.units if unit.kind in kinds and unit.level in levels)


def _rank(level: str) -> int:
    return UNIT_LEVELS.index(level) if level in UNIT_LEVELS else len(UNIT_LEVELS)
