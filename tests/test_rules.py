"""Rules answer their own examples in every format; balanced returns are never blamed, single slips always."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from conftest import PUBLISHED, published_cells, return_of
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from report_builder.figures import figure
from report_builder.history import Held, History
from report_builder.model import Finding, ProcessingFee, Return, Section, Settings, Severity, State, Trouble
from report_builder.rule_kinds import KINDS, Case
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


def answered(example: Example, fmt: Format) -> Return:
    """The return an example describes."""
    fields: dict[str, Any] = {}
    fee: dict[str, Any] = dict(example.fee)
    if example.sections:
        fields["sections"] = tuple(
            Section(int(n), fmt.section(int(n)).title, (t,) if t else ()) for n, t in example.sections.items()
        )
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
    fields["fee"] = None
    if example.fee:
        fields["fee"] = ProcessingFee(fee["collected"], fee["cases"], Decimal(str(fee["amount"])))
    return return_of(fmt, example.cells, **fields)


def case_of(example: Example, fmt: Format, settings: Settings) -> Case:
    """The case an example describes: with last year's return where it gives cells of one, and other units' names."""
    ret = answered(example, fmt)
    years: tuple[Held, ...] = ()
    then = SPEC.format_for(ret.report_year - 1) or fmt
    if example.last:
        years = (Held(return_of(then, example.last, ret.report_year - 1), then),)
    return Case(ret, fmt, SPEC, settings, history=History(years), names=frozenset(example.names))


@pytest.mark.parametrize(("fmt", "code", "number"), EXAMPLES)
def test_rule_answers_its_own_example(fmt: Format, code: str, number: int, settings: Settings) -> None:
    example = SPEC.rules[code].examples[number]
    findings, runs = validate(case_of(example, fmt, settings))
    blamed = [finding.cells for finding in findings if finding.code == code]
    assert next(run.state for run in runs if run.code == code) == example.state
    assert sorted(blamed) == sorted(example.blames)
    for finding in findings:
        assert "{" not in finding.message + finding.fix
        assert finding.basis


def test_every_rule_has_a_found_example_and_is_listed_by_a_format() -> None:
    listed = {code for fmt in SPEC.formats for code in fmt.rules}
    assert listed == set(SPEC.rules)
    for rule in SPEC.rules.values():
        assert any(example.state == "found" for example in rule.examples), rule.code
    assert {rule.kind for rule in SPEC.rules.values()} == set(KINDS)


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
@effort(max_examples=25, deadline=None)
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
    cells = published_cells(path, fmt)
    findings = [
        f
        for f in validate(Case(published(fmt, cells, year), fmt, spec, settings))[0]
        if f.severity is not Severity.EXPLAIN
    ]
    if path.stem.startswith("hongze"):
        findings = without_old_row(findings)
    blamed = {(finding.code, cell) for finding in findings for cell in finding.cells}
    assert blamed == KNOWN_FAULTS.get(path.stem, set())


def published(fmt: Format, cells: dict[str, object], year: int) -> Return:
    """A published report's figures with texts and fee of our own, since only its figures are kept here."""
    filled = return_of(fmt, cells, year)
    kept = {key: held for key, held in filled.cells.items() if key in cells}
    return replace(filled, cells=kept)


def without_old_row(findings: list[Finding]) -> list[Finding]:
    """（六）其他处理 printed as the single row of the former format is V203's matter, which comes with the next issue."""
    return [f for f in findings if f.code not in {"V201", "B302"}]


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
