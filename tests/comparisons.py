"""Two reports of a fictional unit, one made from the other in all the ways there are, and the page that compares them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from conftest import return_of
from texts import SCHOOLS, changed, other_numbers, reworded, shuffled_clauses

from report_builder.compare import Basis, compare
from report_builder.history import Held
from report_builder.model import Finding, Section, Severity
from report_builder.render.sidebyside import side_by_side_page
from report_builder.spec import Format, load_spec

SPEC = load_spec()
NEWER = SPEC.formats[-1]
BASIS = Basis(SPEC, names=("甲山市",))
CELL = "requests.received.total"


def held(
    sections: tuple[Section, ...],
    year: int,
    cells: dict[str, object] | None = None,
    fmt: Format = NEWER,
    **fields: Any,
) -> Held:
    made = {"unit": SCHOOLS.unit, "sections": sections} | fields
    return Held(return_of(fmt, cells, year, **made), fmt)


def placed(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """The sections as typed into a text sheet, a cell each."""
    return tuple(
        replace(one, places=tuple(f"甲.xlsx·文字材料!B{one.number}{at}" for at in range(len(one.paragraphs))))
        for one in sections
    )


def finding(where: str = "", cells: tuple[str, ...] = (), **fields: Any) -> Finding:
    made: dict[str, Any] = {
        "code": "B301",
        "severity": Severity.CORRECT,
        "message": f"有误 {where}",
        "basis": "第三条",
        "fix": "核对",
    }
    made |= fields
    return Finding(unit=SCHOOLS.unit, report_year=2024, where=where, cells=cells, facts={}, **made)


def copied() -> tuple[Held, Held]:
    """A report and last year's, from which it was made in all the ways there are."""
    (first, *rest), last = SCHOOLS.text.sections[0].paragraphs, SCHOOLS.text.sections[1]
    told = changed(SCHOOLS, other_numbers).sections[0].paragraphs
    now = (
        Section(
            1,
            "一",
            (rest[0], told[2], shuffled_clauses(rest[2]), "按<新>办法&要求另写一段，与去年无关。", first),
        ),
        replace(last, paragraphs=reworded(SCHOOLS).sections[1].paragraphs),
    )
    earlier = (Section(1, "一", (first, *rest)), last, Section(6, "六", ("没有其他事项。",)))
    figures = {CELL: 12, "proactive.fees.amount": Decimal("1.50"), "requests.carried_in.total": 0}
    return held(placed(now), 2024, figures), held(
        earlier, 2023, figures | {CELL: 10, "requests.granted.total": None}
    )


def page() -> bytes:
    """The page on them, with a finding in a text, at a figure and on the whole."""
    now, earlier = copied()
    found = compare(now, earlier, BASIS)
    said = (
        finding(now.ret.sections[0].places[1]),
        finding("甲.xlsx·依申请公开!D5", (CELL,)),
        finding("甲.xlsx"),
    )
    return side_by_side_page(found, now, earlier, said, SPEC)
