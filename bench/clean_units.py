"""Clean returns of fictional units for the fault bench: figures that hold every identity, texts that state them rightly.

All chance is seeded by the unit's name and the year, so that two runs make the same returns.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from identities import APPLICANTS, Cells, Content, broken
from many_reports import clause

from report_builder import blank
from report_builder.figures import figure
from report_builder.model import ProcessingFee, Return, Section
from report_builder.spec import Format, Spec

SCALES: Mapping[str, int] = {"甲山市": 1, "乙水市": 3, "丙川市": 8, "丁原市": 20, "戊江市": 60, "己林市": 300}
BUREAUS = (
    "教育局",
    "财政局",
    "民政局",
    "司法局",
    "水利局",
    "商务局",
    "审计局",
    "交通运输局",
    "农业农村局",
    "自然资源局",
)
_SHARES = dict(zip(APPLICANTS, (1.0, 0.4, 0.1, 0.1, 0.15, 0.1), strict=True))
_OTHERWISE = "otherwise_closed"


@dataclass(frozen=True)
class Report:
    """What one unit writes for one year, before it becomes a workbook."""

    unit: str
    year: int
    cells: Cells
    sections: Mapping[int, tuple[str, ...]]
    fee: ProcessingFee | None = None


@dataclass(frozen=True)
class Years:
    """One unit's clean reports of two years running."""

    last: Report
    now: Report


def units(per_city: int = len(BUREAUS)) -> list[str]:
    """The names of the fictional units."""
    return [city + bureau for bureau in BUREAUS[:per_city] for city in SCALES]


def years_of(unit: str, fmt: Format, year: int) -> Years:
    """The clean reports of ``unit`` for the year before and for ``year``, both under ``fmt``."""
    chance = random.Random(f"{unit} {year}")
    last = _sound(chance, unit, fmt, year - 1, None)
    return Years(last, _sound(chance, unit, fmt, year, last))


def _sound(chance: random.Random, unit: str, fmt: Format, year: int, last: Report | None) -> Report:
    """Figures are drawn until nothing in them would be asked about: shares, jumps, stocks."""
    before = last.cells if last else None
    while True:
        cells = dict(_cells(chance, fmt, SCALES[unit[:3]], before))
        if not broken(cells, before):
            break
    collected = fmt.fee is not None and chance.random() < 0.2
    fee = (
        ProcessingFee(collected, 2 if collected else 0, Decimal(46 if collected else 0)) if fmt.fee else None
    )
    return Report(unit, year, cells, _sections(chance, unit, year, cells, before), fee)


def _cells(
    chance: random.Random, fmt: Format, scale: int, before: Cells | None
) -> Iterator[tuple[str, Content]]:
    requests = dict(_requests(chance, fmt, scale, before))
    asked = int(requests["requests.received.total"])
    yield from _proactive(chance, fmt, scale, before)
    yield from requests.items()
    yield from _disputes(chance, fmt, asked)


def _like(chance: random.Random, before: Cells | None, key: str, fresh: int) -> int:
    """Last year's figure with a little more or less, nothing staying mostly nothing; without one, ``fresh``."""
    if before is None:
        return fresh
    held = int(before[key] or 0)
    most = max(held // 8, int(chance.random() < (0.4 if held else 0.01)))
    return max(0, held + chance.randint(-most, most))


def _requests(
    chance: random.Random, fmt: Format, scale: int, before: Cells | None
) -> Iterator[tuple[str, int]]:
    rows = fmt.table("requests").bands[0].rows
    results = [row.key for row in rows if row.group and not row.total_of]
    sums = dict.fromkeys([row.key for row in rows], 0)
    for column in APPLICANTS:
        values = {}
        for row in results:
            fresh = int(chance.expovariate(1.0) * scale * _SHARES[column])
            values[row] = _like(chance, before, f"requests.{row}.{column}", fresh)
        first, *others = [row for row in results if row.startswith(_OTHERWISE)]
        values |= dict.fromkeys(others, 0)
        values[first] = chance.randint(0, sum(values.values()) // 15)
        carried_in = (
            int(before[f"requests.carried_out.{column}"] or 0) if before else chance.randint(0, scale) // 4
        )
        values["granted"] += max(0, carried_in - sum(values.values()))
        values |= {"results_total": sum(values.values()), "carried_in": carried_in}
        values["carried_out"] = int(chance.randint(0, scale) * _SHARES[column])
        values["received"] = values["results_total"] + values["carried_out"] - carried_in
        yield from ((f"requests.{row}.{column}", value) for row, value in values.items())
        sums = {row: total + values[row] for row, total in sums.items()}
    yield from ((f"requests.{row}.total", total) for row, total in sums.items())


def _disputes(chance: random.Random, fmt: Format, asked: int) -> Iterator[tuple[str, int]]:
    for row in fmt.table("disputes").bands[0].rows:
        parts = [chance.randint(0, asked // 30) for _ in range(4)]
        for column, value in zip(("upheld", "corrected", "other_result", "pending"), parts, strict=True):
            yield f"disputes.{row.key}.{column}", value
        yield f"disputes.{row.key}.total", sum(parts)


def _proactive(
    chance: random.Random, fmt: Format, scale: int, before: Cells | None
) -> Iterator[tuple[str, Content]]:
    """Table two as the format prints it: each row by the columns it has."""
    for band in fmt.table("proactive").bands:
        columns = {column.key for column in band.columns}
        for row in band.rows:
            make = next(make for mark, make in _ROWS.items() if mark in columns)
            values = make(chance, f"proactive.{row.key}", scale, before)
            yield from ((f"proactive.{row.key}.{column.key}", values[column.key]) for column in band.columns)


def _stock(chance: random.Random, row: str, scale: int, before: Cells | None) -> dict[str, Content]:
    """Issued, repealed, and what is in force after both."""
    held = int(before[f"{row}.in_force"] or 0) if before else chance.randint(0, 5 + scale)
    issued = chance.randint(0, 4 + scale // 4)
    repealed = chance.randint(0, (held + issued) // 3)
    return {"issued": issued, "repealed": repealed, "in_force": held + issued - repealed}


def _published(chance: random.Random, row: str, scale: int, before: Cells | None) -> dict[str, Content]:
    """Made, published of these, and all that was ever published."""
    held = int(before[f"{row}.total_published"] or 0) if before else chance.randint(0, 5 + scale)
    made = chance.randint(0, 4 + scale // 4)
    published = chance.randint(0, made)
    return {"newly_made": made, "newly_published": published, "total_published": held + published}


def _items(chance: random.Random, row: str, scale: int, before: Cells | None) -> dict[str, Content]:
    """The items of a list, how they grew, and the decisions taken."""
    prior = (
        int(before[f"{row}.prior_items"] or 0) + int(before[f"{row}.item_change"] or 0)
        if before
        else chance.randint(3, 30)
    )
    change = chance.randint(-min(2, prior), 3)
    values: dict[str, Content] = {"prior_items": prior, "item_change": change}
    held = before if before and f"{row}.decisions" in before else None
    return values | {"decisions": _like(chance, held, f"{row}.decisions", chance.randint(0, 12 * scale))}


def _decisions(chance: random.Random, row: str, scale: int, before: Cells | None) -> dict[str, Content]:
    return {"decisions": _like(chance, before, f"{row}.decisions", chance.randint(0, 12 * scale))}


def _fees(chance: random.Random, row: str, scale: int, before: Cells | None) -> dict[str, Content]:
    ten_thousandths = _like(
        chance, {row: int(Decimal(str(before[f"{row}.amount"])) * 10000)} if before else None, row, 0
    )
    fresh = chance.randint(0, 1) * chance.randint(1000, 900000 * scale)
    return {"amount": Decimal(ten_thousandths if before else fresh) / 10000}


def _bought(chance: random.Random, row: str, scale: int, before: Cells | None) -> dict[str, Content]:
    del row, before
    return {"items": chance.randint(0, 9), "amount": Decimal(chance.randint(0, 10**8 * scale)) / 100}


_ROWS = {
    "in_force": _stock,
    "newly_made": _published,
    "prior_items": _items,
    "items": _bought,
    "decisions": _decisions,
    "amount": _fees,
}
"""How a row of table two is made, by a column that only such rows have; the first that fits counts."""

_OPENINGS = (
    "认真落实公开要求，由主要负责人牵头",
    "坚持以公开为常态，年初逐项排定了工作清单",
    "严格按照规定办理，各科室指定了专人负责",
    "持续完善公开制度，按季度通报进展",
    "扎实推进公开工作，把任务分到科室",
)
ASPECTS: Sequence[tuple[str, Sequence[str]]] = (
    (
        "主动公开",
        (
            "文件印发当日上网",
            "按月更新机构和职责信息",
            "重要政策配了图解",
            "项目名单随批随公布",
            "预算决算单独设栏",
        ),
    ),
    (
        "政府信息管理",
        (
            "逐件标明公开属性",
            "清理了失效文件",
            "公文起草时一并审定公开方式",
            "建立了文件台账",
            "历史文件完成数字化",
        ),
    ),
    (
        "政府信息公开平台建设",
        (
            "网站栏目合并为六个",
            "查阅点延长了开放时间",
            "检索支持按文号查找",
            "手机版面重新排过",
            "专栏每周巡检",
        ),
    ),
    (
        "监督保障",
        (
            "对各科室逐季抽查",
            "组织了两次业务培训",
            "社会评议由第三方开展",
            "考核结果在内网通报",
            "无责任追究情形",
        ),
    ),
)
_PROBLEMS = (
    "部分答复说理不够充分",
    "个别栏目更新间隔偏长",
    "政策解读形式较为单一",
    "基层查阅点利用率不高",
    "历史文件的效力标注不全",
    "科室之间会商不够及时",
    "图表类信息没有文字说明",
    "申请表填写指引不够清楚",
    "新进人员对时限不熟悉",
    "网站检索结果排序不合理",
    "公开属性的审核留痕不全",
    "与档案馆的移交衔接不畅",
)
_REMEDIES = (
    "答复前由法制科室复核",
    "栏目责任人每周自查一次",
    "重要政策配发问答和短视频",
    "把查阅点与便民大厅合并设置",
    "上半年完成文件效力清理",
    "每月召开一次会商会",
    "图表一律附文字摘要",
    "在窗口放置填写样例",
    "新进人员先培训再上岗",
    "按发布时间和相关度重排检索结果",
    "审核意见随公文归档",
    "与档案馆商定移交清单",
)
_RESULTS = (
    ("予以公开", "granted"),
    ("部分公开", "partly_granted"),
    ("不予公开", "refused"),
    ("无法提供", "unavailable"),
    ("不予处理", "not_processed"),
    ("其他处理", _OTHERWISE),
)


def _sections(
    chance: random.Random, unit: str, year: int, cells: Cells, before: Cells | None
) -> dict[int, tuple[str, ...]]:
    overview = [f"{year}年，{unit}{chance.choice(_OPENINGS)}。{figures_in_words(unit, year, cells, before)}"]
    overview += [f"{name}方面，{'，'.join(chance.sample(does, 2))}。" for name, does in ASPECTS]
    overview += ["，".join(clauses(chance, 20)) + "。"]
    problems, remedies = (
        "；".join(
            f"{n}是{said}，{'，'.join(clauses(chance, 4))}"
            for n, said in zip("一二三", chance.sample(pool, 3), strict=True)
        )
        for pool in (_PROBLEMS, _REMEDIES)
    )
    return {1: tuple(overview), 5: (f"存在的问题：{problems}。", f"改进措施：{remedies}。")}


def clauses(chance: random.Random, count: int) -> Iterator[str]:
    """What tells one unit's text from another's: clauses without figures, put together by chance."""
    made = (clause(chance) for _ in itertools.count())
    return itertools.islice((one for one in made if not any(map(str.isdigit, one))), count)


def figures_in_words(unit: str, year: int, cells: Cells, before: Cells | None) -> str:
    """The paragraph on applications, with every figure right."""
    received, carried_in, results, carried_out = (
        cells[f"requests.{row}.total"] for row in ("received", "carried_in", "results_total", "carried_out")
    )
    parts = "，".join(f"{said}{summed(cells, 'requests', group)}件" for said, group in _RESULTS)
    review, litigation = (summed(cells, "disputes", group) for group in ("review", "litigation"))
    return (
        f"依申请公开方面，{unit}{year}年收到政府信息公开申请{received}件{_changed(cells, before)}，上年结转{carried_in}件；"
        f"办结{results}件，结转下年度继续办理{carried_out}件。办结的申请中，{parts}。"
        f"因政府信息公开工作被申请行政复议{review}件，被提起行政诉讼{litigation}件。"
    )


def summed(cells: Cells, table: str, group: str) -> int:
    """The total of a row, or of all rows of a group."""
    return sum(
        int(value or 0)
        for key, value in cells.items()
        if key.startswith(f"{table}.{group}") and key.endswith(".total")
    )


def _changed(cells: Cells, before: Cells | None) -> str:
    if before is None:
        return ""
    more = int(cells["requests.received.total"] or 0) - int(before["requests.received.total"] or 0)
    return f"，较上年{'增加' if more > 0 else '减少'}{abs(more)}件" if more else "，与上年持平"


def filled(report: Report, fmt: Format, unit: str = "") -> Return:
    """The report as the return its unit fills in; ``unit`` is the name written inside, if another."""
    return Return(
        unit=unit or report.unit,
        report_year=report.year,
        format_id=fmt.id,
        cells={key: figure(report.cells.get(key, 0), "") for key in fmt.slots},
        sections=tuple(
            Section(one.number, one.title, report.sections.get(one.number, ())) for one in fmt.sections
        ),
        fee=report.fee,
    )


def workbook(report: Report, fmt: Format, spec: Spec, unit: str = "") -> bytes:
    """The report's return workbook."""
    return blank.draw(fmt, spec.workbook, blank.Filling(report.year, filled=filled(report, fmt, unit)))


def with_cells(report: Report, changed: Cells) -> Report:
    """The report with some cells changed."""
    return replace(report, cells={**report.cells, **changed})
