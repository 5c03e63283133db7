"""Rules answer their own examples in every format; balanced returns are never blamed, single slips always."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import PUBLISHED, published_cells, return_of
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from report_builder.editions import read_over
from report_builder.figures import figure
from report_builder.history import Held, History
from report_builder.model import (
    Assigned,
    Due,
    Lineage,
    Number,
    PlannedTask,
    ProcessingFee,
    Return,
    Section,
    Settings,
    Severity,
    State,
    Task,
    Trouble,
    Unit,
)
from report_builder.rule_kinds import KINDS, TROUBLES, Case, Members
from report_builder.spec import Format, Spec, load_spec
from report_builder.spec.nouns import Example
from report_builder.validate import blocks, validate

SPEC = load_spec()
EXAMPLES = [
    pytest.param(fmt, code, number, id=f"{fmt.id}-{code}-{number}")
    for fmt in SPEC.formats
    for code in fmt.rules
    for number, example in enumerate(SPEC.rules[code].examples)
    if not example.formats or fmt.id in example.formats
]


def case_of(example: Example, fmt: Format, settings: Settings) -> Case:
    """What an example describes: its return, the years before it under the same format, the unit and the day."""
    year = fmt.first_report_year + 1
    unit = Unit("示例局", kind=example.unit_kind)
    return Case(
        returned(example, fmt, year),
        fmt,
        SPEC,
        replace(settings, as_of=day(example.as_of, year)),
        unit,
        history_of(example, fmt, year),
        frozenset(example.names),
        alike_of(example, fmt, year),
        assigned_of(example, year),
        members_of(example, fmt),
    )


def assigned_of(example: Example, year: int) -> tuple[Assigned, ...] | None:
    """What the plan of an example gives the unit."""
    if not example.plan and not example.planned:
        return None
    tasks = tasks_of(example.plan, year)
    return tuple(
        Assigned(
            "示例局",
            PlannedTask(task["code"], "", task["title"], "", due=due_of(task)),
            task["role"],
            "示例局",
        )
        for task in tasks
    )


def due_of(task: Task) -> tuple[Due, ...]:
    """The days of a planned task."""
    return tuple(Due(dt.date.fromisoformat(said), "", said) for said in task.due)


def tasks_of(rows: tuple[Mapping[str, Any], ...], year: int) -> tuple[Task, ...]:
    """Rows of the task sheet."""
    return tuple(
        Task(
            {key: dated(text, year) for key, text in row.items() if key != "due"},
            tuple(dated(text, year) for text in row.get("due", ())),
        )
        for row in rows
    )


def members_of(example: Example, fmt: Format) -> Members | None:
    """The members of an aggregate that an example describes; None where it is a unit's own report."""
    if not example.members and not example.missing:
        return None
    parts, apart = (figures_of(held) for held in (example.members, example.apart))
    blank = {
        unit: tuple(key for key in fmt.slots if cells.get(key) == "")
        for unit, cells in example.members.items()
    }
    named = {key: {unit: n for unit, n in held.items() if n} for key, held in parts.items()}
    return Members(
        tuple(example.members),
        frozenset(example.cells),
        named,
        apart,
        example.missing,
        example.doubtful,
        {unit: cells for unit, cells in blank.items() if cells},
        {unit: fee_of(fee) for unit, fee in example.member_fees.items()},
        bool(example.fee),
    )


def figures_of(held: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, Number]]:
    """Figures by cell and member."""
    read = {unit: {key: figure(n, "").number for key, n in cells.items()} for unit, cells in held.items()}
    keys = {key for cells in read.values() for key, n in cells.items() if n is not None}
    return {
        key: {unit: n for unit, cells in read.items() if (n := cells.get(key)) is not None} for key in keys
    }


def fee_of(said: Mapping[str, Any]) -> ProcessingFee:
    """The processing fee an example states."""
    return ProcessingFee(said["collected"], said["cases"], Decimal(str(said["amount"])))


def returned(example: Example, fmt: Format, year: int) -> Return:
    """The return an example describes."""
    if example.absent:
        return Return("示例局", year, fmt.id, {})
    fields: dict[str, Any] = {"fee": None}
    if example.sections:
        fields["sections"] = written(example.sections, fmt, year, example.repeat)
    if example.headings:
        fields["sections"] = tuple(
            Section(int(n), fmt.section(int(n)).title, ("写了。",)) for n in example.headings
        )
        fields["own_headings"] = True
    if example.trouble:
        said: dict[str, Any] = dict(example.trouble)
        fields["troubles"] = (
            Trouble(said["kind"], said["where"], tuple(said.get("cells", ())), said.get("facts", {})),
        )
    if example.fee:
        fields["fee"] = fee_of(example.fee)
    if example.tasks:
        fields["tasks"] = tasks_of(example.tasks, year)
    if example.published_on:
        fields["about"] = {"published_on": f"{year + 1}-{example.published_on}"}
    return return_of(fmt, example.cells, year, **fields)


def written(texts: Mapping[str, str], fmt: Format, year: int, repeat: int = 1) -> tuple[Section, ...]:
    """The sections an example writes."""
    return tuple(
        Section(int(n), fmt.section(int(n)).title, (dated(t, year) * repeat,) if t else ())
        for n, t in texts.items()
    )


def dated(text: str, year: int) -> str:
    """The text with the report year and its neighbours in place of {year}, {last} and {next}."""
    for name, number in (("{year}", year), ("{last}", year - 1), ("{next}", year + 1)):
        text = text.replace(name, str(number))
    return text


def alike_of(example: Example, fmt: Format, year: int) -> tuple[Held, ...]:
    """The other unit's report an example holds."""
    if not example.other_sections:
        return ()
    sections = written(example.other_sections, fmt, year)
    return (Held(return_of(fmt, year=year, unit="示例他局", sections=sections), fmt),)


def history_of(example: Example, fmt: Format, year: int) -> History:
    """The earlier years an example holds."""
    cells = {year + int(back): held for back, held in example.before.items()}
    if example.last:
        cells[year - 1] = example.last
    texts: dict[str, Any] = {}
    if example.last_sections:
        texts["sections"] = written(example.last_sections, fmt, year - 1)
    if example.last_tasks:
        texts["tasks"] = tasks_of(example.last_tasks, year - 1)
    if texts:
        cells.setdefault(year - 1, {})
    held = tuple(
        Held(return_of(fmt, cells[one], one, **(texts if one == year - 1 else {})), fmt)
        for one in sorted(cells)
    )
    return History(held, Lineage((), example.told))


def day(said: str, year: int) -> dt.date | None:
    """A day of the year in which the report is published."""
    return dt.date.fromisoformat(f"{year + 1}-{said}") if said else None


@pytest.mark.parametrize(("fmt", "code", "number"), EXAMPLES)
def test_rule_answers_its_own_example(fmt: Format, code: str, number: int, settings: Settings) -> None:
    example = SPEC.rules[code].examples[number]
    findings, runs = validate(case_of(example, fmt, settings))
    own = [finding for finding in findings if finding.code == code]
    run = next(run for run in runs if run.code == code)
    assert run.state == example.state
    assert sorted(finding.cells for finding in own) == sorted(example.blames)
    assert {finding.severity for finding in own} <= {example.severity or SPEC.rules[code].severity, "explain"}
    if example.severity:
        assert {finding.severity for finding in own} == {example.severity}
    assert all(example.says in finding.message for finding in own)
    assert bool(run.why) == (run.state in {State.INSUFFICIENT_DATA, State.NOT_APPLICABLE})
    for finding in findings:
        assert "{" not in finding.message + finding.fix
        assert finding.basis


def test_every_rule_has_a_found_example_and_is_listed_by_a_format() -> None:
    listed = {code for fmt in SPEC.formats for code in fmt.rules}
    assert listed == set(SPEC.rules)
    for rule in SPEC.rules.values():
        assert any(example.state == "found" for example in rule.examples), rule.code
    assert {rule.kind for rule in SPEC.rules.values()} == set(KINDS)


def test_every_trouble_a_reader_meets_is_claimed_by_one_rule_with_the_facts_it_sets_down() -> None:
    claiming = [rule for rule in SPEC.rules.values() if rule.kind == "trouble"]
    assert sorted(rule.params["trouble"] for rule in claiming) == sorted(TROUBLES)
    for rule in claiming:
        for example in rule.examples:
            facts: Any = example.trouble["facts"]
            assert set(facts) == TROUBLES[rule.params["trouble"]], rule.code


@st.composite
def balanced(draw: st.DrawFn, fmt: Format) -> dict[str, int]:
    """Figures that satisfy every identity of tables three and four."""
    number = st.integers(0, 50)
    cells: dict[str, int] = {}
    columns = [c.key for c in fmt.table("requests").bands[0].columns if not c.total_of]
    rows = list(fmt.table("requests").bands[0].rows)
    for column in columns:
        items = {r.key: draw(number) for r in rows if r.group and not r.total_of}
        for key in items:
            if key.startswith("otherwise_closed"):
                items[key] = 0
        results = sum(items.values())
        carried_out, carried_in = draw(number), draw(st.integers(0, results))
        items |= {"results_total": results, "carried_out": carried_out, "carried_in": carried_in}
        items["received"] = results + carried_out - carried_in
        cells |= {f"requests.{row}.{column}": value for row, value in items.items()}
    for row in rows:
        cells[f"requests.{row.key}.total"] = sum(cells[f"requests.{row.key}.{column}"] for column in columns)
    for row in fmt.table("disputes").bands[0].rows:
        parts = [draw(number) for _ in range(4)]
        for key, value in zip(("upheld", "corrected", "other_result", "pending"), parts, strict=True):
            cells[f"disputes.{row.key}.{key}"] = value
        cells[f"disputes.{row.key}.total"] = sum(parts)
    return cells


@pytest.mark.parametrize("fmt", SPEC.formats, ids=lambda fmt: fmt.id)
@effort(max_examples=25)
@given(data=st.data())
def test_balanced_returns_are_never_blamed_and_any_single_slip_is(fmt: Format, data: st.DataObject) -> None:
    cells = data.draw(balanced(fmt))
    findings, _ = validate(Case(return_of(fmt, cells), fmt, SPEC, Settings()))
    assert findings == []
    key = data.draw(st.sampled_from(sorted(cells)))
    slipped = cells | {key: cells[key] + data.draw(st.integers(1, 9))}
    codes = {finding.code for finding in validate(Case(return_of(fmt, slipped), fmt, SPEC, Settings()))[0]}
    assert codes & {"B301", "B302", "B303", "B305"}


# What the published reports themselves do not balance in, by reading them (table.row of the blamed totals).
KNOWN_FAULTS: dict[str, set[tuple[str, str]]] = {
    "pingtan_zone_2020": {
        ("B302", "requests.results_total.natural_person"),
        ("B302", "requests.results_total.total"),
        ("V202", "proactive.procurement.amount"),
    },
    "pingtan_approval_bureau_2024": {("B305", "disputes.review.total")},
    "pingtan_finance_bureau_2020": {
        ("V202", "proactive.procurement.items"),
        ("V202", "proactive.procurement.amount"),
    },
    "hongze_district_2023": {
        ("B305", "disputes.review.total"),
        ("B305", "disputes.litigation_after_review.total"),
    },
}


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_published_figures_are_blamed_in_exactly_the_cells_that_are_wrong(
    path: Any, spec: Spec, settings: Settings
) -> None:
    year = int(path.stem[-4:])
    fmt = spec.format_for(year)
    assert fmt is not None
    cells = published_cells(path, fmt, former=True)
    findings = [
        f
        for f in validate(Case(published(fmt, cells, year), fmt, spec, settings))[0]
        if f.severity is not Severity.EXPLAIN
    ]
    blamed = {(finding.code, cell) for finding in findings for cell in finding.cells}
    assert blamed == KNOWN_FAULTS.get(path.stem, set())


# What the published reports contradict of their own last year, each looked up in both reports (code, blamed cell).
KNOWN_YEARS: dict[str, set[tuple[str, str]]] = {
    "hongze_district_2024": {
        ("Y405", "proactive.licences.decisions"),  # 550 to 9487
        ("Y408", "requests.received.total"),  # 21 to 95
    },
    "pingtan_approval_bureau_2024": {
        ("Y402", "proactive.normative_documents.in_force"),  # 21, not 16 + 15 - 6
        ("Y408", "requests.received.total"),  # 7 to 28
    },
    "pingtan_finance_bureau_2022": {("Y402", "proactive.normative_documents.in_force")},  # 8, not 3 + 8
    "pingtan_finance_bureau_2023": {("Y408", "requests.received.total")},  # 1 to 0
    "pingtan_transport_bureau_2024": {
        ("Y402", "proactive.normative_documents.in_force"),  # 23, not 15 + 3 - 1
        ("Y408", "requests.received.total"),  # 14 to 58
    },
    "pingtan_zone_2021": {("Y408", "requests.received.total")},  # 21 to 70
    "pingtan_zone_2022": {
        ("Y402", "proactive.normative_documents.in_force"),  # 698, not 65 + 88 - 55
        ("Y404", "proactive.fees.amount"),  # 24252.3 to 9116.4
    },
    "pingtan_zone_2023": {("Y402", "proactive.normative_documents.in_force")},  # 470, not 698 + 77 - 132
}


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_published_years_contradict_each_other_in_exactly_these_cells(
    path: Any, spec: Spec, settings: Settings
) -> None:
    body, year = path.stem[:-5], int(path.stem[-4:])
    held = {one: held_report(other, one, spec) for other, one in reports_of(body)}
    now = held.pop(year)
    earlier = tuple(held[one] for one in sorted(held) if one < year)
    findings, _ = validate(Case(now.ret, now.fmt, spec, settings, history=History(earlier)))
    blamed = {(f.code, cell) for f in findings if f.code[0] == "Y" for cell in f.cells}
    assert blamed == KNOWN_YEARS.get(path.stem, set())


def reports_of(body: str) -> list[tuple[Path, int]]:
    """The published reports of one body, with their years."""
    return [(path, int(path.stem[-4:])) for path in PUBLISHED if path.stem[:-5] == body]


def held_report(path: Path, year: int, spec: Spec) -> Held:
    """One published report's figures."""
    fmt = spec.format_for(year)
    assert fmt is not None
    return Held(published(fmt, published_cells(path, fmt), year), fmt)


def published(fmt: Format, cells: dict[str, object], year: int) -> Return:
    """A published report's figures with texts and fee of our own, since only its figures are kept here."""
    filled = return_of(fmt, cells, year)
    kept, troubles = read_over({key: held for key, held in filled.cells.items() if key in cells}, fmt)
    return replace(filled, cells=kept, troubles=tuple(troubles))


def test_settings_move_a_threshold_and_a_severity() -> None:
    fmt = SPEC.formats[0]
    cells = {"requests.otherwise_closed.total": 2, "requests.results_total.total": 10}
    ret = return_of(fmt, cells)
    codes = [f.code for f in validate(Case(ret, fmt, SPEC, Settings(thresholds={"B304": Decimal("0.2")})))[0]]
    assert "B304" not in codes
    raised = validate(Case(ret, fmt, SPEC, Settings(severities={"B304": Severity.REJECT})))[0]
    assert next(f.severity for f in raised if f.code == "B304") is Severity.REJECT


def test_a_reason_lets_corrections_through_but_never_a_rejected_file(settings: Settings) -> None:
    fmt = SPEC.formats[-1]
    wrong = validate(Case(return_of(fmt, {"requests.received.total": 3}), fmt, SPEC, settings))[0]
    assert blocks(wrong)
    assert not blocks(wrong, allowed=True)
    trouble = Trouble("unreadable", "x.xlsx", (), {"reason": "空", "mend": "重报"})
    refused, runs = validate(
        Case(replace(return_of(fmt), cells={}, troubles=(trouble,)), fmt, SPEC, settings)
    )
    assert blocks(refused, allowed=True)
    assert {run.state for run in runs} >= {State.FOUND}


def test_what_was_typed_is_told_apart() -> None:
    kinds = [
        figure(value, "").typed.value
        for value in (None, "", "/", "—", "无", "１２", "1,234", "2笔", 3, 2.0, "1,23")
    ]
    assert kinds == [
        "blank",
        "blank",
        "slash",
        "dash",
        "none_word",
        "number",
        "number",
        "text",
        "number",
        "number",
        "text",
    ]
    assert figure("１,２３４", "").number == 1234
    assert figure(72701.2578, "").number == Decimal("72701.2578")
