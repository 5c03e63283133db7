"""The units of a place and what the place has set: units.csv and settings.toml."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import difflib
import io
import re
import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from report_builder.errors import InputError, SpecError, reason
from report_builder.model import UNIT_KINDS, UNIT_LEVELS, Lineage, Settings, Severity, Unit
from report_builder.spec import toml

UNITS_FILE = "units.csv"
SETTINGS_FILE = "settings.toml"
_COLUMNS = ("code", "name", "aliases", "kind", "level", "parent", "successor_of", "since", "until")
_MORE_COLUMNS = ("change", "excluded_from")
_LISTS = ("aliases", "successor_of", "excluded_from")
_CHANGES: Mapping[str, str] = {
    "renamed": "更名",
    "merged": "合并",
    "split": "分立",
    "transferred": "职能划转",
}
_SAME_BODY = "renamed"
_WHOLE = frozenset({"renamed", "merged"})
_DAY = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")
_TAIL = re.compile(
    r"(?:[\s_\-—－]*(?:[（(]?(?:副本|复件|终稿|定稿|最终版|公开版|修改稿|修订版)[）)]?|报送|上报|年报|报表|(?:政府)?信息公开(?:工作)?|"
    r"(?:工作)?(?:年度)?报告|\d{4}(?:年度|年)?|[（(]\d+[)）]|[（(]\d{4}年?度?[)）]))+$"
)
_LIST_SEPARATOR = re.compile(r"[;；、]")
_HEAD = re.compile(r"^\d{4}(?:年度|年)[\s_\-—－]*")
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]|^\.+$')
_LONGEST_NAME = 80


GOVERNMENT = "government"
_LED_FROM_ABOVE = "vertical"


@dataclass(frozen=True)
class Tree:
    """The units that stood at the end of one year, each below its parent; codes, names and aliases are settled."""

    units: tuple[Unit, ...]
    below: Mapping[str, tuple[Unit, ...]]
    left_out: Mapping[str, frozenset[str]]

    @cached_property
    def governments(self) -> tuple[Unit, ...]:
        """The places that have a report of their own and one of all below them, in the register's order."""
        return tuple(unit for unit in self.units if unit.kind == GOVERNMENT)

    def members(self, place: Unit, came: Container[str] = ()) -> tuple[Unit, ...]:
        """The units whose own returns make up the aggregate of ``place``: never an aggregate and its parts.

        A government below counts by its own members. Where it has none, or none of them is among those that
        ``came`` while its own return is, it counts by that return as a whole.
        """
        return tuple(self._counted(place, place, came))

    def _counted(self, place: Unit, above: Unit, came: Container[str]) -> Iterator[Unit]:
        for unit in self.below.get(above.name, ()):
            if self.stands_apart(unit, place):
                continue
            inner = tuple(self._counted(place, unit, came))
            if unit.kind != GOVERNMENT:
                yield unit
                yield from inner
            elif inner and (unit.name not in came or any(one.name in came for one in inner)):
                yield from inner
            else:
                yield unit

    def stands_apart(self, unit: Unit, place: Unit) -> bool:
        """Whether a unit, and what is below it, is no part of the figures of ``place``: led from above, or excluded."""
        return unit.kind == _LED_FROM_ABOVE or place.name in self.left_out.get(unit.name, ())

    def apart(self, place: Unit) -> tuple[Unit, ...]:
        """The units below ``place`` that are not counted there."""
        return tuple(self._apart(place, place, above=False))

    def _apart(self, place: Unit, unit: Unit, *, above: bool) -> Iterator[Unit]:
        for one in self.below.get(unit.name, ()):
            here = above or self.stands_apart(one, place)
            if here:
                yield one
            yield from self._apart(place, one, above=here)

    @cached_property
    def parents(self) -> Mapping[str, str]:
        """The name of each unit's parent, by the unit's."""
        return {unit.name: parent for parent, units in self.below.items() for unit in units}

    def government_of(self, unit: Unit) -> str:
        """The nearest government above a unit; empty where there is none."""
        name = self.parents.get(unit.name, "")
        while name and name not in self._places:
            name = self.parents.get(name, "")
        return name

    def part_of(self, place: Unit, unit: Unit) -> str:
        """The government next below ``place`` within which a unit stands; empty where it is the place's own."""
        part, name = "", self.government_of(unit)
        while name and name != place.name:
            part, name = name, self.government_of(self._places[name])
        return part

    @cached_property
    def _places(self) -> Mapping[str, Unit]:
        return {one.name: one for one in self.governments}

    def compiled(self, unit: Unit) -> bool:
        """Whether a unit's report is put together from others': a government with members."""
        return unit.kind == GOVERNMENT and self.members(unit) != ()


@dataclass(frozen=True)
class Registry:
    """The units of units.csv; empty where there is no such file, and then every return is a unit.

    A unit that moved to another parent has a row for either time; by name it is found as it is now.
    """

    units: tuple[Unit, ...] = ()

    @cached_property
    def _now(self) -> tuple[Unit, ...]:
        """One row a unit: of several the one that began last."""
        latest = {plain(unit.name): unit for unit in sorted(self.units, key=lambda unit: unit.since)}
        return tuple(unit for unit in self.units if latest[plain(unit.name)] is unit)

    @cached_property
    def _by_name(self) -> dict[str, Unit]:
        names = {plain(alias): unit for unit in self._now for alias in unit.aliases}
        return names | {plain(unit.name): unit for unit in self._now}

    def find(self, name: str) -> Unit | None:
        """The unit with this name or alias; without a registry, a unit of that name."""
        if not self.units:
            return Unit(name) if name else None
        return self._by_name.get(plain(name))

    def registered(self, name: str) -> str:
        """The name in units.csv for a name or alias; empty for anything else, and without a registry."""
        unit = self._by_name.get(plain(name)) if self.units and name else None
        return unit.name if unit is not None else ""

    def find_file(self, stem: str) -> Unit | None:
        """The unit a file is named after; years, “年度报告” and marks of copies that people add are looked past."""
        if not self.units:
            return Unit(_unit_part(stem) or stem)
        return self.find(stem) or self.find(_unit_part(stem))

    @cached_property
    def names(self) -> frozenset[str]:
        """Every registered name and alias, as written."""
        return frozenset(name for unit in self.units for name in (unit.name, *unit.aliases))

    @cached_property
    def _by_code(self) -> dict[str, Unit]:
        return {unit.code: unit for unit in self._now if unit.code}

    def predecessors(self, unit: Unit) -> tuple[Unit, ...]:
        """The registered units that ``unit`` succeeds, named there by code or name."""
        return tuple(one for one in map(self.known, unit.successor_of) if one is not None)

    def known(self, said: str) -> Unit | None:
        """The registered unit with this code, name or alias."""
        return self._by_code.get(said) or self._by_name.get(plain(said))

    @cached_property
    def _successors(self) -> dict[str, list[Unit]]:
        taken: dict[str, list[Unit]] = {}
        for unit in self._now:
            for predecessor in self.predecessors(unit):
                taken.setdefault(predecessor.name, []).append(unit)
        return taken

    def lineage(self, unit: Unit, report_year: int) -> Lineage:
        """What is recorded of ``unit`` in ``report_year`` or the year before; nothing where it is an unchanged body."""
        own = self.predecessors(unit) if _recent(unit, report_year) else ()
        taken = [
            one
            for one in self._successors.get(unit.name, ())
            if one.since and _recent(one, report_year) and _kind(one, self.predecessors(one)) != _SAME_BODY
        ]
        told = [_told(unit, own)] if own and _kind(unit, own) != _SAME_BODY else []
        told += [
            f"{_year(one.since)}年{one.name}由本单位{_CHANGES[_kind(one, self.predecessors(one))]}而来"
            for one in taken
        ]
        whole = own if _kind(unit, own) in _WHOLE else ()
        return Lineage(tuple(one.name for one in whole), "；".join(told))

    def expected(self, report_year: int) -> tuple[Unit, ...]:
        """The units that must hand in a return for ``report_year``: all that stood then, governments' aggregates apart."""
        return tuple(unit for unit in self.units if unit.kind != GOVERNMENT and _stood(unit, report_year))

    def tree(self, report_year: int) -> Tree:
        """The units as they stood at the end of ``report_year``: a unit that moved within it is where it came to."""
        units = tuple(unit for unit in self.units if _stood(unit, report_year))
        standing = frozenset(unit.name for unit in units)
        below: dict[str, list[Unit]] = {}
        for unit in units:
            parent = self._standing_parent(unit, standing)
            if parent:
                below.setdefault(parent, []).append(unit)
        left_out = {
            unit.name: frozenset(one.name for one in map(self.known, unit.excluded_from) if one is not None)
            for unit in units
        }
        return Tree(units, {name: tuple(held) for name, held in below.items()}, left_out)

    def _standing_parent(self, unit: Unit, standing: Container[str]) -> str:
        """The name of the unit's parent; of one that stands no more, of the body that took its place, else above it."""
        seen: set[str] = set()
        parent = self.known(unit.parent) if unit.parent else None
        while parent is not None and parent.name not in standing and parent.name not in seen:
            seen.add(parent.name)
            heirs = (one for one in self._successors.get(parent.name, ()) if one.name in standing)
            parent = next(heirs, None) or (self.known(parent.parent) if parent.parent else None)
        return parent.name if parent is not None and parent.name in standing else ""

    def suggestion(self, name: str) -> str:
        """“，是否应为“…”？”, or empty where no registered name is near."""
        near = difflib.get_close_matches(plain(name), list(self._by_name), n=1, cutoff=0.6)
        return f"，是否应为“{self._by_name[near[0]].name}”？" if near else ""


def _unit_part(stem: str) -> str:
    """What is left of a file's name without the year and the report's own name around it."""
    return _TAIL.sub("", _HEAD.sub("", stem))


def _year(day: str) -> int:
    return int(day[:4])


def _recent(unit: Unit, report_year: int) -> bool:
    """Whether what made this unit falls into the year or the one before; without a date it always counts."""
    return not unit.since or _year(unit.since) in {report_year - 1, report_year}


def _kind(unit: Unit, predecessors: Sequence[Unit]) -> str:
    """What happened, as recorded; where it is not, several predecessors were merged and a single one was renamed."""
    return unit.change or ("merged" if len(predecessors) > 1 else _SAME_BODY)


def _told(unit: Unit, predecessors: Sequence[Unit]) -> str:
    when = f"{_year(unit.since)}年" if unit.since else ""
    names = "、".join(one.name for one in predecessors)
    return f"{when}本单位由{names}{_CHANGES[_kind(unit, predecessors)]}而来"


def _stood(unit: Unit, report_year: int) -> bool:
    """Whether the unit was there at the year's end, when reports are drawn up."""
    begun = not unit.since or _year(unit.since) <= report_year
    return begun and (not unit.until or _year(unit.until) > report_year)


def plain(name: str) -> str:
    """A name without what a typist varies: width, white space, kind of bracket."""
    return "".join(unicodedata.normalize("NFKC", name).split())


def unfit_name(name: str) -> bool:
    """Whether a unit's name cannot be the name of its folder of outputs."""
    return not name.strip() or len(name) > _LONGEST_NAME or bool(_FORBIDDEN.search(name.strip()))


def load_registry(inputs: Path) -> Registry:
    """units.csv of the inputs folder; an empty Registry where there is none.

    Raises:
        InputError: the file cannot be read, lacks a column, names a unit twice, or is no tree; line and fix are named.
    """
    path = inputs / UNITS_FILE
    if not path.exists():
        return Registry()
    reader = csv.DictReader(io.StringIO(_decoded(path), newline=None))
    try:
        rows = list(reader)
    except csv.Error as fault:
        raise InputError(
            f"{UNITS_FILE} 第 {reader.line_num} 行：不是合格的 CSV（可能有没配对的引号）；请用 Excel 另存为 CSV"
        ) from fault
    missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise InputError(
            f"{UNITS_FILE}：缺少列 {'、'.join(missing)}；表头应为 {','.join((*_COLUMNS, *_MORE_COLUMNS))}"
            + _otherwise_parted(reader.fieldnames or ())
        )
    units = tuple(
        _unit(number, row)
        for number, row in enumerate(rows, 2)
        if any(text and text.strip() for text in row.values())
    )
    _hold_distinct(units)
    registry = Registry(units)
    _hold_lineage(registry)
    _hold_tree(registry)
    return registry


def _otherwise_parted(names: Sequence[str]) -> str:
    """What to do where the columns are parted by another sign than the comma; empty where they are not."""
    sign = next((word for sign, word in _OTHER_SIGNS.items() if any(sign in name for name in names)), "")
    return f"。这个文件像是用{sign}隔开的，请另存为“CSV（逗号分隔）”" if sign else ""


_OTHER_SIGNS = {"\t": "制表符", ";": "分号", "；": "分号", "，": "中文逗号"}


def _decoded(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise InputError(f"{path.name}：读不出来（{reason(fault)}）") from fault
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{path.name}：不是 UTF-8 或 GB18030 编码；请用 Excel 另存为 CSV UTF-8")


def _unit(number: int, row: Mapping[str, str | None]) -> Unit:
    said = {name: (row.get(name) or "").strip() for name in (*_COLUMNS, *_MORE_COLUMNS)}
    for name, allowed in (("kind", UNIT_KINDS), ("level", UNIT_LEVELS), ("change", tuple(_CHANGES))):
        if said[name] and said[name] not in allowed:
            near = toml.nearest(said[name], allowed)
            raise InputError(
                f"{UNITS_FILE} 第 {number} 行：{name} 是“{said[name]}”，只能是 {'、'.join(allowed)}{near}"
            )
    for name in ("since", "until"):
        if said[name] and not _DAY.fullmatch(said[name]):
            raise InputError(
                f"{UNITS_FILE} 第 {number} 行：{name} 是“{said[name]}”，应写作 2024 或 2024-05-01"
            )
    if not said["name"]:
        shown = "、".join(text for text in said.values() if text)
        raise InputError(
            f"{UNITS_FILE} 第 {number} 行：没有填写 name（单位名称），这一行写的是“{shown}”；请补上，或删去这一行"
        )
    if unfit_name(said["name"]):
        raise InputError(
            f"{UNITS_FILE} 第 {number} 行：单位名称“{said['name']}”含有不能用作文件夹名的字符；请改名"
        )
    lists = {
        name: tuple(filter(None, map(str.strip, _LIST_SEPARATOR.split(said.pop(name))))) for name in _LISTS
    }
    return Unit(**{**said, **lists})  # type: ignore[arg-type]


def _hold_distinct(units: Sequence[Unit]) -> None:
    """One name, alias or code belongs to one unit; of several rows of it one ends before the next begins."""
    owners: dict[str, Unit] = {}
    rows: dict[str, list[Unit]] = {}
    for unit in units:
        rows.setdefault(plain(unit.name), []).append(unit)
        for name in {plain(unit.name), *map(plain, unit.aliases), unit.code} - {""}:
            owner = owners.setdefault(name, unit)
            if plain(owner.name) != plain(unit.name):
                raise InputError(
                    f"{UNITS_FILE}：“{name}”同时是“{owner.name}”和“{unit.name}”的名称、别名或代码；请改正其中一个"
                )
    for same in rows.values():
        _hold_times_apart(same)


def _hold_times_apart(rows: Sequence[Unit]) -> None:
    """A unit stands in two rows only where it moved: to another parent, on a day."""
    for before, after in pairwise(sorted(rows, key=lambda unit: unit.since)):
        if before.code != after.code:
            raise InputError(
                f"{UNITS_FILE}：“{after.name}”出现了两次，代码不同（“{before.code}”和“{after.code}”）；同一单位用同一代码，否则请改名"
            )
        if not before.until or not after.since or before.until > after.since:
            raise InputError(
                f"{UNITS_FILE}：“{after.name}”出现了两次，起止时间没有错开；请删去一行。"
                "改变了上级的，前一行写 until，后一行写同一天的 since"
            )


def _hold_tree(registry: Registry) -> None:
    """Every parent and every place a unit is excluded from is registered, and no way up comes back to where it began."""
    for unit in registry.units:
        for column, said in (
            ("parent", unit.parent),
            *(("excluded_from", one) for one in unit.excluded_from),
        ):
            if said and registry.known(said) is None:
                near = registry.suggestion(said) or "；请补上这一行，或改正"
                raise InputError(f"{UNITS_FILE}：“{unit.name}”的 {column} 是“{said}”，不在名册中{near}")
        parent = registry.known(unit.parent) if unit.parent else None
        if parent is not None:
            _hold_level(unit, parent)
    days = {day for unit in registry.units for day in (unit.since, unit.until) if day}
    trees = [registry.tree(year) for year in sorted({0, *map(_year, days)})]
    for tree in trees:
        _hold_no_cycle(tree)
    _hold_excluded(trees)


def _hold_excluded(trees: Sequence[Tree]) -> None:
    """Whoever leaves a unit out stands above it, in one year at least: else nothing would be left out."""
    above = {
        (unit.name, over)
        for tree in trees
        for unit in tree.units
        for over in _upwards(unit.name, tree.parents)
    }
    for unit, places in {(one, places) for tree in trees for one, places in tree.left_out.items()}:
        for place in sorted(places):
            if (unit, place) not in above:
                raise InputError(
                    f"{UNITS_FILE}：“{unit}”的 excluded_from 里的“{place}”不是它的上级，写了不起作用；请改成它的某一级上级政府，或删去"
                )


def _upwards(name: str, parents: Mapping[str, str]) -> Iterator[str]:
    while name in parents:
        name = parents[name]
        yield name


def _hold_level(unit: Unit, parent: Unit) -> None:
    levels = [one.level for one in (parent, unit) if one.level]
    if len(levels) > 1 and UNIT_LEVELS.index(levels[0]) > UNIT_LEVELS.index(levels[1]):
        raise InputError(
            f"{UNITS_FILE}：“{unit.name}”的级别是 {unit.level}，上级“{parent.name}”是 {parent.level}，比它低；"
            "请核对 parent 和 level"
        )


def _hold_no_cycle(tree: Tree) -> None:
    above = {unit.name: parent for parent, units in tree.below.items() for unit in units}
    sound: set[str] = set()
    for unit in tree.units:
        chain = [unit.name]
        while chain[-1] in above and chain[-1] not in sound:
            chain.append(above[chain[-1]])
            if chain[-1] in chain[:-1]:
                shown = " → ".join(chain[chain.index(chain[-1]) :])
                raise InputError(f"{UNITS_FILE}：上级关系绕成了圈：{shown}；请改正其中一个单位的 parent")
        sound.update(chain)


def _hold_lineage(registry: Registry) -> None:
    """Every predecessor is a registered unit, and none is its own."""
    for unit in registry.units:
        for said in unit.successor_of:
            found = registry.known(said)
            if found is unit:
                raise InputError(
                    f"{UNITS_FILE}：“{unit.name}”的 successor_of 里的“{said}”是它自己；请写原来的单位"
                )
            if found is None:
                near = registry.suggestion(said)
                raise InputError(f"{UNITS_FILE}：“{unit.name}”的 successor_of 里的“{said}”不在名册中{near}")


@dataclass(frozen=True)
class _Place:
    name: str = ""
    lead_office: str = ""
    website: str = ""


@dataclass(frozen=True)
class _Deadlines:
    department: str = ""
    office: str = ""
    township: str = ""
    county: str = ""
    city: str = ""
    province: str = ""


@dataclass(frozen=True)
class _Repetition:
    statutory_wording: tuple[str, ...] = ()
    shared_groups: tuple[tuple[str, ...], ...] = ()
    mend_by: str = ""


@dataclass(frozen=True)
class _RuleSettings:
    severity: str = ""


@dataclass(frozen=True)
class _ClauseSettings:
    points: Decimal


@dataclass(frozen=True)
class _Build:
    time_limit_s: int = 300


@dataclass(frozen=True)
class _File:
    place: _Place = _Place()
    deadlines: _Deadlines = _Deadlines()
    thresholds: Mapping[str, Decimal] = field(default_factory=dict)
    repetition: _Repetition = _Repetition()
    rules: Mapping[str, _RuleSettings] = field(default_factory=dict)
    build: _Build = _Build()
    score: Mapping[str, _ClauseSettings] = field(default_factory=dict)
    as_of: dt.date | None = None
    spec_dir: str = ""


def load_settings(inputs: Path) -> Settings:
    """settings.toml of the inputs folder; the defaults where there is none.

    Raises:
        SpecError: a key is misspelt or has the wrong type.
    """
    path = inputs / SETTINGS_FILE
    said = toml.load(_File, path) if path.exists() else _File()
    deadlines = {f"deadlines {kind}": day for kind, day in dataclasses.asdict(said.deadlines).items() if day}
    mend_by = said.repetition.mend_by
    _hold_days(deadlines | ({"repetition mend_by": mend_by} if mend_by else {}))
    return Settings(
        place=said.place.name,
        lead_office=said.place.lead_office,
        website=said.place.website,
        deadlines={key.rpartition(" ")[2]: day for key, day in deadlines.items()},
        as_of=said.as_of,
        thresholds=said.thresholds,
        severities=dict(_severities(said.rules)),
        statutory_wording=said.repetition.statutory_wording,
        shared_groups=said.repetition.shared_groups,
        mend_by=mend_by,
        time_limit_s=said.build.time_limit_s,
        spec_dir=said.spec_dir,
        score={clause: one.points for clause, one in said.score.items()},
    )


def _hold_days(days: Mapping[str, str]) -> None:
    """Every day that is set is one of each year."""
    for key, day in days.items():
        if not toml.is_month_day(day):
            raise SpecError(f"{SETTINGS_FILE}：{key} 是“{day}”，应写作月-日，如 01-31")


def _severities(rules: Mapping[str, _RuleSettings]) -> Iterator[tuple[str, Severity]]:
    for code, rule in rules.items():
        if rule.severity:
            known = [severity.value for severity in Severity]
            if rule.severity not in known:
                near = toml.nearest(rule.severity, known)
                raise SpecError(
                    f"{SETTINGS_FILE}：rules.{code} severity 是“{rule.severity}”，只能是 {'、'.join(known)}{near}"
                )
            yield code, Severity(rule.severity)
