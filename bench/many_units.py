"""A made-up province of many units for the overview: its cities, counties and what became of every unit's report."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from report_builder.model import Finding, Severity, Unit
from report_builder.overview import PAGES, Government, Overseen, Standing, Watched

YEAR = 2024
_DAY = dt.date(YEAR + 1, 1, 31)
_KINDS = ("office", *("department",) * 20, *("township",) * 12, "vertical", "institution")
_BODIES = (
    "教育局",
    "财政局",
    "民政局",
    "水利局",
    "司法局",
    "审计局",
    "统计局",
    "商务局",
    "卫生健康局",
    "应急管理局",
)
_SIGNS = "甲乙丙丁戊己庚辛壬癸"
_CITIES, _COUNTIES = 12, 10


def overseen(count: int, seed: int = 7) -> Overseen:
    """``count`` units under a province, its cities and their counties; the same seed gives the same."""
    chance = random.Random(seed)
    governments = tuple(_governments())
    units = tuple(_watched(number, governments, chance) for number in range(count))
    return Overseen(
        YEAR, "2021", units, governments, "示例省", "示例省人民政府办公厅", dt.date(YEAR + 1, 2, 15)
    )


def _governments() -> Iterator[Government]:
    yield Government("示例省人民政府", "", dt.date(YEAR + 1, 3, 31), "province")
    for city in range(_CITIES):
        name = f"{_name(city)}山市"
        yield Government(f"{name}人民政府", "示例省人民政府", dt.date(YEAR + 1, 3, 10), "city")
        for county in range(_COUNTIES):
            yield Government(
                f"{name}{_name(county)}水县人民政府", f"{name}人民政府", dt.date(YEAR + 1, 2, 20), "county"
            )


def _name(number: int) -> str:
    tens, ones = divmod(number, len(_SIGNS))
    return (_SIGNS[tens - 1] if tens else "") + _SIGNS[ones]


def _watched(number: int, governments: tuple[Government, ...], chance: random.Random) -> Watched:
    above = governments[number % len(governments)]
    kind = chance.choice(_KINDS)
    name = f"{above.name.removesuffix('人民政府')}{chance.choice(_BODIES)}第{number}处"
    standing = chance.choices(tuple(Standing), (4, 1, 2, 9, 1, 1, 1, 81))[0]
    late = chance.choices((0, chance.randint(1, 40)), (9, 1))[0] if standing is not Standing.FAILED else None
    findings = tuple(_findings(name, standing, chance))
    level = "township" if kind == "township" else above.level
    return Watched(
        unit=Unit(name, f"DEMO{number:014d}", kind=kind, level=level),
        standing=standing,
        government=above.name,
        folder="" if standing is Standing.ABSENT else name,
        files=PAGES if standing is Standing.BUILT else PAGES[2:] if findings else (),
        findings=findings,
        ran=_RAN if standing is Standing.BUILT else frozenset(),
        due=_DAY,
        late=late,
        repeats=int(chance.random() < 0.03),
        now={"received": chance.randint(0, 90)},
        last={"received": chance.randint(0, 90)},
    )


_RAN = frozenset({"D901", "D902", "F101", "F102", "F103", "V201", "V202", "B301", "B302", "B303", "B305"})


def _findings(name: str, standing: Standing, chance: random.Random) -> Iterator[Finding]:
    held_back = standing in (Standing.REJECTED, Standing.TO_CORRECT, Standing.DRAFT)
    for number in range(chance.randint(1, 4) if held_back else chance.choice((0, 0, 0, 1))):
        severity = Severity.CORRECT if held_back else Severity.EXPLAIN
        said = f"第{number + 1}处：收办相差 {chance.randint(1, 9)} 件。"
        place = f"{name}.xlsx·依申请公开!D{number + 6}"
        yield Finding("B301", severity, name, YEAR, place, (), {}, said, "表三", "请核对。")
