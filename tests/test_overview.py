"""The lead office's overview: nothing is judged anew, every point names its rule, and the page can be used by all."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import hashlib
import io
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from lxml import etree
from many_units import overseen
from test_rules import SPEC, case_of

from report_builder import pipeline
from report_builder.model import Finding, Settings, Severity, State, Unit
from report_builder.overview import Government, Overseen, Standing, Watched, overview_files
from report_builder.overview.listing import listing
from report_builder.overview.page import overview_page
from report_builder.overview.score import Marks, scored, worths
from report_builder.overview.sheets import score_book
from report_builder.overview.tally import by_place, calendar, key_figures, tally
from report_builder.pipeline.intake import collected
from report_builder.pipeline.overseeing import oversee
from report_builder.pipeline.summary import summary
from report_builder.spec import Format, ScoreRule
from report_builder.validate import validate

FMT = SPEC.formats[-1]
YEAR = 2024
ROOT = Path(__file__).resolve().parents[1]
ALL = frozenset(rule.code for clause in SPEC.score.clauses for rule in clause.rules)
CLERKS = Unit("甲山市教育局", kind="department", level="city")


def finding(code: str, severity: Severity = Severity.CORRECT, answer: str | None = None) -> Finding:
    """A finding of a rule."""
    return Finding(
        code, severity, CLERKS.name, YEAR, "甲.xlsx·表!D6", (), {}, f"{code}不符。", "表三", "核对。", answer
    )


def watched(unit: Unit = CLERKS, ran: frozenset[str] = ALL, **fields: Any) -> Watched:
    """A unit on which all rules ran and nothing was found."""
    return Watched(unit, fields.pop("standing", Standing.BUILT), ran=ran, **fields)


def seen(units: Sequence[Watched], governments: Sequence[Government] = (), **fields: Any) -> Overseen:
    """A year of these units."""
    return Overseen(YEAR, FMT.id, units, governments, **fields)


def marks_of(unit: Watched, **fields: Any) -> Marks:
    """The unit's marks where it is alone."""
    (marks,) = scored(seen([unit], **fields), SPEC)
    return marks


# --- the score ------------------------------------------------------------------------------------------------

MEASURED = [
    pytest.param(fmt, rule, id=f"{fmt.id}-{clause.key}-{rule.code}")
    for fmt in SPEC.formats
    for clause in SPEC.score.clauses
    for rule in clause.measured_by(fmt.rules)
]


@pytest.mark.parametrize(("fmt", "rule"), MEASURED)
def test_what_a_clause_says_is_measured_by_its_rules(fmt: Format, rule: ScoreRule) -> None:
    """The rule's own examples cost points in the clause that names it, with the finding's words, or cost none."""
    (clause,) = (one for one in SPEC.score.clauses if rule in one.rules)
    assert rule.code in clause.wording
    tried = set()
    for shape in SPEC.rules[rule.code].examples:
        if shape.formats and fmt.id not in shape.formats:
            continue
        findings, runs = validate(case_of(shape, fmt, Settings()))
        ran = frozenset(run.code for run in runs if run.state in (State.FOUND, State.HELD))
        one = watched(ran=ran, findings=tuple(found for found in findings if found.code == rule.code))
        (marks,) = scored(replace(seen([one]), format_id=fmt.id), SPEC)
        lost = [loss for loss in marks.losses if loss.finding.code == rule.code]
        assert bool(lost) == (rule.code in ran and _costs(rule, one.findings))
        assert all(loss.worth.clause is clause and loss.finding in one.findings for loss in lost)
        tried.add(shape.state)
    assert State.FOUND in tried


def _costs(rule: ScoreRule, findings: Sequence[Finding]) -> bool:
    return any(
        (rule.question_costs if one.severity is Severity.EXPLAIN else rule.fault_costs) > 0
        for one in findings
    )


SOME = st.lists(
    st.builds(
        finding,
        st.sampled_from(["V202", "B301", "R501", "D902", "D901"]),
        st.sampled_from(Severity),
        st.none() | st.just("已核实。"),
    ),
    max_size=30,
)
RULES_THAT_RAN = st.frozensets(st.sampled_from(sorted(ALL)))


@given(SOME, RULES_THAT_RAN)
@example([finding("R501", Severity.EXPLAIN), finding("R501")], ALL)
def test_points_add_up_and_nothing_that_did_not_run_counts(
    findings: list[Finding], ran: frozenset[str]
) -> None:
    marks = marks_of(watched(ran=ran, findings=tuple(findings)))
    worth = {one.rule.code: one.points for one in worths(SPEC, FMT.id, {})}
    assert marks.full == sum(worth.values()) == 100
    assert marks.measured == sum(points for code, points in worth.items() if code in ran)
    assert marks.got + sum(loss.points for loss in marks.losses) == marks.measured
    assert 0 <= marks.got <= marks.measured
    for code in ALL:
        lost = sum(loss.points for loss in marks.losses if loss.finding.code == code)
        assert lost <= (worth[code] if code in ran else 0)
    assert all(loss.points > 0 and loss.finding in findings for loss in marks.losses)


@given(SOME)
def test_an_answered_question_costs_nothing_an_answered_fault_does(findings: list[Finding]) -> None:
    without = [one for one in findings if one.severity is not Severity.EXPLAIN or not one.answer]
    assert marks_of(watched(findings=tuple(findings))).got == marks_of(watched(findings=tuple(without))).got
    mute = [replace(one, answer=None) for one in findings if one.severity is not Severity.EXPLAIN]
    faults = [one for one in findings if one.severity is not Severity.EXPLAIN]
    assert marks_of(watched(findings=tuple(faults))).got == marks_of(watched(findings=tuple(mute))).got


def test_a_unit_on_which_no_rule_ran_has_no_score() -> None:
    marks = marks_of(watched(ran=frozenset()))
    assert marks.coverage == 0
    assert marks.rate is None
    assert marks.rank is None


@given(st.decimals(0, 500, places=2))
def test_a_places_weight_is_shared_out_as_the_clauses_was(points: Decimal) -> None:
    clause = SPEC.score.clauses[3]
    code = clause.rules[0].code
    plain = marks_of(watched(findings=(finding(code),)))
    heavy = marks_of(watched(findings=(finding(code),)), weights={clause.key: points})
    assert heavy.full == plain.full - Fraction(clause.points) + Fraction(points)
    (lost,) = plain.losses
    assert [loss.points for loss in heavy.losses] == (
        [lost.points * Fraction(points) / Fraction(clause.points)] if points else []
    )


def test_ranks_are_given_within_one_kind_and_level_where_enough_was_measured() -> None:
    def unit(name: str, kind: str, faults: int, ran: frozenset[str] = ALL) -> Watched:
        return watched(Unit(name, kind=kind, level="city"), ran, findings=(finding("V202"),) * faults)

    few = frozenset({"F101"})
    units = [
        *(unit(f"甲{faults}", "department", faults) for faults in (2, 0, 2, 3)),
        unit("乙", "department", 0, few),
        *(unit(f"丙{number}", "office", 0) for number in range(2)),
        watched(Unit("丁"), ALL),
    ]
    ranks = {one.watched.unit.name: (one.rank, one.peers) for one in scored(seen(units), SPEC)}
    assert [one.rank for one in scored(seen(units), SPEC)][:4] == [2, 1, 2, 4]
    assert ranks["乙"] == (None, 4)
    assert ranks["丙0"] == (None, 2)
    assert ranks["丁"][0] is None
    backwards = {one.watched.unit.name: (one.rank, one.peers) for one in scored(seen(units[::-1]), SPEC)}
    assert {name: backwards[name] for name in ranks if name[0] != "甲"} == {
        name: ranks[name] for name in ranks if name[0] != "甲"
    }


# --- what is counted ------------------------------------------------------------------------------------------


@given(st.integers(1, 400), st.integers(0, 9))
@effort(max_examples=15)
def test_places_add_up_to_the_whole(count: int, seed: int) -> None:
    year = overseen(count, seed)
    whole, parts = tally(year.units), [one.tally for one in by_place(year)]
    for name in (
        "expected",
        "absent",
        "held_back",
        "failed",
        "done",
        "late",
        "reckoned",
        "unanswered",
        "repeating",
    ):
        if parts:
            assert sum(getattr(one, name) for one in parts) == getattr(whole, name)
    assert whole.absent + whole.held_back + whole.failed + whole.done == whole.expected == count


def test_units_are_counted_where_they_belong_and_those_of_no_place_apart() -> None:
    governments = [Government("示例省人民政府"), Government("甲山市人民政府", "示例省人民政府")]
    governments.append(Government("东示县人民政府", "甲山市人民政府"))
    places = ("示例省人民政府", "东示县人民政府", "甲山市人民政府", "", "乙水市人民政府")
    units = [watched(Unit(f"单位{at}"), government=place) for at, place in enumerate(places)]
    counted = {one.name: one.tally.expected for one in by_place(seen(units, governments))}
    assert counted == {"示例省人民政府（本级）": 1, "甲山市人民政府": 2, "未写明所属地方": 2}
    assert by_place(seen(units[:1], governments)) == []


def test_a_ring_of_governments_ends() -> None:
    ring = [Government("甲山市人民政府", "乙水市人民政府"), Government("乙水市人民政府", "甲山市人民政府")]
    assert by_place(seen([watched(government="甲山市人民政府")], ring)) == []


STATED = st.none() | st.integers(0, 900)


@given(st.lists(st.tuples(STATED, STATED, st.booleans()), max_size=8))
def test_key_figures_add_what_is_stated_and_compare_only_units_with_both_years(
    units: list[tuple[int | None, int | None, bool]],
) -> None:
    def stated(number: int | None) -> dict[str, int]:
        return {} if number is None else {"received": number}

    rows = [watched(now=stated(now), last=stated(last), apart=apart) for now, last, apart in units]
    figure = next(one for one in key_figures(seen(rows), SPEC) if one.measure.key == "received")
    counted = [(now, last) for now, last, apart in units if not apart]
    given_now = [now for now, _ in counted if now is not None]
    both = [(now, last) for now, last in counted if now is not None and last is not None]
    assert (figure.now, figure.units) == (sum(given_now) if given_now else None, len(given_now))
    assert (figure.change, figure.both) == (sum(n - o for n, o in both) if both else None, len(both))
    assert figure.last_units == len([last for _, last in counted if last is not None])


@pytest.mark.parametrize(
    ("now", "said"), [(1001, "+1（+0.10%）"), (999, "−1（−0.10%）"), (1000, "0（0.00%）")]
)
def test_a_change_below_one_per_cent_keeps_its_sign(now: int, said: str) -> None:
    page = overview_page(seen([watched(now={"received": now}, last={"received": 1000})]), SPEC).decode()
    assert f">{said}<" in page


def test_figures_of_another_format_are_not_set_beside() -> None:
    one = watched(now={"normative_issued": 3}, last={"normative_issued": 2})
    figures = {
        each.measure.key: each
        for each in key_figures(replace(seen([one]), report_year=FMT.first_report_year), SPEC)
    }
    assert figures["normative_issued"].not_comparable
    assert figures["normative_issued"].change is None


def test_the_calendar_names_whose_day_it_is_and_who_is_missing() -> None:
    early, later = dt.date(2025, 1, 31), dt.date(2025, 3, 31)
    units = [
        watched(Unit("甲", kind="department"), due=early),
        watched(Unit("乙", kind="office"), due=early, standing=Standing.ABSENT),
        watched(Unit("丙", kind="vertical"), due=later),
    ]
    days = calendar(seen(units, [Government("示例省人民政府", due=later, level="province")]), SPEC)
    assert [(day.on, day.due, day.came) for day in days] == [(early, 2, 1), (later, 1, 1), (later, 1, None)]
    assert days[0].whose == ("政府办公厅（室）", "部门")
    assert days[0].left(dt.date(2025, 2, 15)) == -15


# --- the files ------------------------------------------------------------------------------------------------

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.sampled_from("<&>\"'/=+-@《》"),
    min_size=1,
)


def embedded(page: bytes) -> dict[str, Any]:
    """The rows as the browser's script gets them."""
    root = etree.fromstring(page, etree.HTMLParser(encoding="utf-8"))
    (script,) = root.xpath("//script[@type='application/json']")
    data: dict[str, Any] = json.loads(script.text)
    return data


@given(st.lists(NAMES, min_size=1, max_size=5, unique=True))
@example(["</script><b>&lt;"])
@effort(max_examples=40)
def test_no_name_is_taken_for_markup_or_lost(names: list[str]) -> None:
    page = overview_page(seen([watched(Unit(name), folder=name) for name in names]), SPEC)
    plain = [
        re.sub("[\u2011\xa0]", lambda sign: {"\u2011": "-", "\xa0": " "}[sign[0]], name) for name in names
    ]
    assert [row[0] for row in embedded(page)["rows"]] == plain
    assert page.count(b"</script") == 2


@given(NAMES)
@example("=1+1")
@example("@甲")
@effort(max_examples=40)
def test_no_name_is_run_as_a_formula(name: str) -> None:
    text = listing(seen([watched(Unit(name))]), SPEC).decode("utf-8-sig")
    _, row = csv.reader(io.StringIO(text, newline=""))
    assert row[0].removeprefix("'") == name.removeprefix("'")
    assert not row[0].startswith(("=", "+", "-", "@"))


def test_the_page_stands_alone_and_runs_its_own_script_only() -> None:
    page = overview_page(overseen(30), SPEC, ("报送情况.csv",))
    root = etree.fromstring(page, etree.HTMLParser(encoding="utf-8"))
    (script,) = root.xpath("//script[not(@type)]")
    digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    policy = root.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
    assert policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert not root.xpath("//link | //iframe | //img | //@src | //@style | //@*[starts-with(name(), 'on')]")
    assert not re.search(rb"@import|url\(", page)
    newer = r":has\(|:is\(|:where\(|@container|@layer|aspect-ratio|\binset:|\.at\(|=>|\blet\b|\bconst\b|`"
    assert not re.search(newer, script.text + root.xpath("string(//style)"))
    assert "报送情况.csv" in "".join(root.xpath("//noscript")[0].itertext())
    ids = root.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert all(head.get("scope") for head in root.iter("th"))


def test_what_is_not_reckoned_is_said_and_not_nought() -> None:
    page = overview_page(seen([watched()]), SPEC).decode()
    assert "<dt>逾期</dt><dd>未计算</dd>" in page
    assert "没有设定计算日" in page
    for caveat in SPEC.oversight.caveats:
        assert caveat in page


def test_the_workbook_gives_every_point_with_its_rule_place_and_basis() -> None:
    units = [watched(findings=(finding("B301"), finding("V202"))), watched(Unit("=1+1"), frozenset({"F101"}))]
    year = seen(units)
    book = openpyxl.load_workbook(io.BytesIO(score_book(year, scored(year, SPEC), SPEC)))
    assert book.sheetnames == ["汇总", "逐项", "说明"]
    totals, losses, about = (table(book[name]) for name in book.sheetnames)
    assert [row["得分"] for row in totals] == [97, 4]
    assert [row["可评分"] for row in totals] == [100, 4]
    assert totals[1]["单位"] == "=1+1"
    assert totals[1]["覆盖率"] == 0.04
    assert "不排名次" in totals[1]["说明"]
    assert [(row["规则"][:4], row["扣分"], row["位置"], row["依据"]) for row in losses] == [
        ("B301", 2, "甲.xlsx·表!D6", "表三"),
        ("V202", 1, "甲.xlsx·表!D6", "表三"),
    ]
    assert {row["规则"][:4]: row["核对到的单位"] for row in about}["F101"] == "2 / 2"
    assert sum(row["规则分值"] for row in about) == 100
    said = "".join(str(cell.value) for row in book["汇总"].iter_rows(max_row=8) for cell in row if cell.value)
    assert "只在同一类别、同一层级的单位之间" in said


def table(sheet: Any) -> list[dict[str, Any]]:
    """The rows of a sheet below its head, by column."""
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    head = next(at for at, row in enumerate(rows) if all(row))
    return [dict(zip(rows[head], row, strict=True)) for row in rows[head + 1 :]]


def test_the_same_year_gives_the_same_bytes() -> None:
    assert overview_files(overseen(40), SPEC) == overview_files(overseen(40), SPEC)


# --- gathered from a run --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demonstration was built and summed up, without the slow products."""
    return built(tmp_path_factory.mktemp("示例 目录"), "data_inputs")


def options(outputs: Path, inputs: str, **more: Any) -> pipeline.Options:
    """What is asked for in these tests."""
    day = dt.date(2025, 2, 15)
    return pipeline.Options(
        ROOT / inputs, outputs, YEAR, jobs=1, formats=("html", "json"), **({"as_of": day} | more)
    )


def built(outputs: Path, inputs: str, **more: Any) -> Path:
    """Builds and sums up."""
    pipeline.build(options(outputs, inputs, **more))
    summary(options(outputs, inputs, **more))
    return outputs


def rows(outputs: Path) -> dict[str, dict[str, str]]:
    """The lines of 报送情况.csv by unit."""
    text = (outputs / str(YEAR) / "汇总" / "报送情况.csv").read_text(encoding="utf-8-sig")
    return {row["单位"]: row for row in csv.DictReader(io.StringIO(text))}


def overview(outputs: Path) -> dict[str, bytes]:
    """The three files as they lie there."""
    return {
        name: (outputs / str(YEAR) / "汇总" / name).read_bytes() for name in overview_files(seen([]), SPEC)
    }


def test_the_demonstration_as_the_lead_office_sees_it(outputs: Path) -> None:
    held = rows(outputs)
    assert {row["状态"] for row in held.values()} == {"已生成"}
    assert {name: row["逾期天数"] for name, row in held.items() if row["逾期天数"] != "0"} == {
        "东示县自然资源局": "6"
    }
    assert (held["东示县示禾镇人民政府"]["要求说明"], held["东示县示禾镇人民政府"]["尚未说明"]) == ("1", "0")
    assert {row["所属地方"] for row in held.values()} >= {
        "示例省人民政府",
        "甲山市人民政府",
        "东示县人民政府",
    }
    page = overview(outputs)["总览.html"].decode()
    assert "汇总表.xlsx" in page
    assert len(embedded(page.encode())["rows"]) == len(held)
    root = etree.fromstring(page.encode(), etree.HTMLParser(encoding="utf-8"))
    (received,) = (
        row for row in root.xpath("//tr") if "".join(row.xpath("./th//text()")).startswith("本年新收")
    )
    whole = json.loads(
        (outputs / str(YEAR) / "汇总" / "示例省人民政府" / "facts.json").read_text(encoding="utf-8")
    )
    said = [cell.text for cell in received.iter("td")]
    assert said[:2] == [
        str(whole["tables"]["requests"]["received"]["total"]),
        str(len(whole["aggregate"]["members"])),
    ]


def test_units_left_as_they_were_look_as_when_they_were_judged(tmp_path: Path) -> None:
    built(tmp_path, "examples/faulty")
    first = overview(tmp_path)
    again = summary(options(tmp_path, "examples/faulty"))
    assert overview(tmp_path) == first
    summary(options(tmp_path, "examples/faulty", force=True))
    assert overview(tmp_path) == first
    assert again.year == YEAR
    held = rows(tmp_path)
    assert held["示例县文化和旅游局"]["状态"] == "退回"
    assert held["示例县民政局"]["状态"] == "须更正"
    assert held["示例县财政局"]["状态"] == "已生成"
    assert all((row["状态"] in {"退回", "须更正"}) == (row["须更正"] != "0") for row in held.values())
    built(tmp_path, "examples/faulty", reason="先出稿")
    assert {name for name, row in rows(tmp_path).items() if row["状态"] == "草稿（有问题未改）"} == {
        name for name, row in held.items() if row["状态"] == "须更正"
    }


def test_a_file_nobody_could_read_earns_nothing_for_what_was_not_looked_at(tmp_path: Path) -> None:
    built(tmp_path, "examples/faulty")
    book = openpyxl.load_workbook(io.BytesIO(overview(tmp_path)["评分.xlsx"]))
    (row,) = (row for row in table(book["汇总"]) if row["单位"] == "示例县文化和旅游局")
    assert (row["得分"], row["可评分"]) == (12, 16)
    assert [one["规则"][:4] for one in table(book["逐项"]) if one["单位"] == row["单位"]] == ["F101"]


def test_rules_that_ran_when_a_unit_was_built_count_as_if_they_ran_now(tmp_path: Path) -> None:
    built(tmp_path / "built", "examples/faulty")
    summary(options(tmp_path / "judged", "examples/faulty"))
    then, now = (
        table(openpyxl.load_workbook(io.BytesIO(overview(tmp_path / name)["评分.xlsx"]))["汇总"])
        for name in ("built", "judged")
    )
    assert {row["说明"].partition("；")[0] for row in now} >= {"已核对", "须更正", "退回"}
    assert "没有核对（" in now[1]["说明"]
    for rows_ in (then, now):
        for row in rows_:
            row["说明"] = row["说明"].partition("；")[2]
    assert then == now


def test_a_new_weight_or_another_day_makes_the_overview_anew(tmp_path: Path) -> None:
    inputs = tmp_path / "in"
    shutil.copytree(ROOT / "examples" / "faulty", inputs)
    asked = options(tmp_path / "out", "examples/faulty")
    asked = replace(asked, inputs=inputs)
    summary(asked)
    first = overview(tmp_path / "out")
    with (inputs / "settings.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n[score.balance]\npoints = 40\n")
    summary(asked)
    second = overview(tmp_path / "out")
    assert {name for name in first if first[name] != second[name]} == {"评分.xlsx"}
    summary(replace(asked, as_of=dt.date(2025, 2, 16)))
    assert overview(tmp_path / "out")["总览.html"] != second["总览.html"]


@pytest.mark.parametrize(("day", "late", "mend"), [("2025-02-03", 3, 1), ("2025-01-15", 0, 0), ("", None, 0)])
def test_a_unit_of_which_nothing_came_is_late_only_by_the_day_set(
    tmp_path: Path, day: str, late: int | None, mend: int
) -> None:
    inputs = tmp_path / "in"
    shutil.copytree(ROOT / "data_inputs", inputs, ignore=shutil.ignore_patterns("2023", "示例省教育厅.xlsx"))
    as_of = dt.date.fromisoformat(day) if day else None
    asked = pipeline.Options(inputs, tmp_path / "out", YEAR, as_of=as_of)
    place = pipeline.open_place(asked)
    year = oversee(place, pipeline.check(asked, write=False), collected(place)[0])
    (absent,) = (one for one in year.units if one.unit.name == "示例省教育厅")
    assert (absent.standing, absent.late, absent.to_mend) == (Standing.ABSENT, late, mend)
    assert {one.standing for one in year.units} == {Standing.ABSENT, Standing.CHECKED}
    (marks,) = (one for one in scored(year, SPEC) if one.watched is absent)
    assert marks.got == 0
    assert marks.measured == (12 if mend else 0)
    assert marks.rank is None


def test_a_report_of_earlier_figures_is_not_taken_for_this_ones(tmp_path: Path) -> None:
    inputs, name = tmp_path / "in", "示例县财政局"
    shutil.copytree(ROOT / "examples" / "faulty", inputs)
    asked = replace(options(tmp_path / "out", "examples/faulty"), inputs=inputs)
    summary(asked)
    assert rows(tmp_path / "out")[name]["状态"] == "已核对"
    pipeline.build(asked)
    summary(asked)
    assert rows(tmp_path / "out")[name]["状态"] == "已生成"
    summary(replace(asked, as_of=dt.date(2025, 1, 20)))
    assert rows(tmp_path / "out")[name]["状态"] == "已生成"
    (path,) = (inputs / str(YEAR)).glob(f"{name}*.xlsx")
    book = openpyxl.load_workbook(path)
    book.properties.title = "handed in once more"
    book.save(path)
    summary(asked)
    held = rows(tmp_path / "out")
    assert held[name]["状态"] == "报告待更新"
    assert held[name]["原因"].endswith("，请运行 build")
    first = tmp_path / "out" / str(YEAR) / "示例县民政局" / "年度报告.html"
    first.write_text("of figures since found faulty", encoding="utf-8")
    summary(asked)
    drawn = embedded(overview(tmp_path / "out")["总览.html"])
    (blocked,) = (row for row in drawn["rows"] if row[0] == "示例县民政局")
    assert blocked[-1] & 1 == 0


# --- a browser ------------------------------------------------------------------------------------------------

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
MANY = 260


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no browser on this machine")
    with playwright.sync_playwright() as started:
        one = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield one
        one.close()


@pytest.fixture(params=[1280, 360])
def shown(browser: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page on disk under a path with Chinese and a space, opened; nothing may be said or asked for."""
    path = tmp_path / "示例 目录" / "汇总" / "总览.html"
    path.parent.mkdir(parents=True)
    path.write_bytes(overview_page(overseen(MANY), SPEC))
    page = browser.new_page(viewport={"width": request.param, "height": 800})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda one: asked.append(one.url))
    page.goto(path.as_uri())
    yield page
    assert said == []
    assert asked == [path.as_uri()]
    page.close()


def names(page: Any) -> list[str]:
    """The units of the rows that are drawn."""
    found: list[str] = page.eval_on_selector_all("#rows th", "all => all.map(one => one.textContent)")
    return found


def test_filters_choose_what_the_year_holds(shown: Any) -> None:
    year = overseen(MANY)
    shown.select_option("#state", "to_correct")
    wanted = [one.unit.name for one in year.units if one.standing is Standing.TO_CORRECT]
    assert names(shown) == wanted[:50]
    assert f"共 {MANY} 个单位，符合的 {len(wanted)} 个：须更正 {len(wanted)}。" == shown.inner_text("#said")
    shown.select_option("#state", "late")
    shown.select_option("#order", "late")
    late = sorted((one for one in year.units if one.late), key=lambda one: -(one.late or 0))
    assert names(shown) == [one.unit.name for one in late]
    shown.select_option("#order", "")
    shown.select_option("#state", "")
    shown.select_option("#government", label="　甲山市人民政府")
    below = [one.unit.name for one in year.units if "甲山市人民政府" in year.lines[one.government]]
    assert names(shown) == below[:50]
    shown.select_option("#kind", label="乡镇、街道")
    assert names(shown) == [
        one.unit.name for one in year.units if one.unit.name in below and one.unit.kind == "township"
    ]
    shown.fill("#name", "没有这个单位")
    assert names(shown) == []
    assert "没有符合的" in shown.inner_text("#said")
    assert not shown.is_visible("#table")
    shown.click("button[type=reset]")
    shown.wait_for_selector(
        "#rows tr:nth-child(50):last-child"
    )  # a function would be refused by the page's own policy


def test_pages_are_turned_with_the_keyboard_and_every_unit_is_met_once(shown: Any) -> None:
    met = names(shown)
    shown.focus("#next")
    while shown.is_enabled("#next"):
        shown.keyboard.press("Enter")
        met += names(shown)
    assert met == [one.unit.name for one in overseen(MANY).units]
    assert shown.get_attribute("#table", "aria-rowcount") == str(MANY + 1)
    assert shown.get_attribute("#rows tr:last-child", "aria-rowindex") == str(MANY + 1)
    shown.focus("#previous")
    shown.keyboard.press("Space")
    assert shown.is_enabled("#next")


def test_every_control_is_reached_by_tab_in_order(shown: Any) -> None:
    shown.focus(".skip")
    met = []
    for _ in range(8):
        shown.keyboard.press("Tab")
        met.append(shown.evaluate("document.activeElement.id || document.activeElement.type"))
    assert met[:6] == ["name", "government", "kind", "state", "order", "reset"]


def test_it_fits_its_window(shown: Any) -> None:
    assert shown.evaluate("document.scrollingElement.scrollWidth") <= shown.viewport_size["width"]


def test_all_that_is_chosen_is_printed(shown: Any) -> None:
    shown.select_option("#state", "built")
    shown.click("#next")
    met = names(shown)
    count = sum(one.standing is Standing.BUILT for one in overseen(MANY).units)
    shown.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert len(names(shown)) == count
    shown.emulate_media(media="print")
    assert not shown.is_visible(".tools")
    shown.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert names(shown) == met


def test_rows_lead_to_the_units_own_files(browser: Any, outputs: Path) -> None:
    folder = outputs / str(YEAR) / "汇总"
    page = browser.new_page()
    page.goto((folder / "总览.html").as_uri())
    links = page.eval_on_selector_all("main a", "all => all.map(one => one.href)")
    assert len(links) > len(rows(outputs))
    for link in links:
        assert Path(unquote(link).removeprefix("file://")).is_file()
    page.click("#rows th a")
    assert next(iter(rows(outputs))) in page.title()
    page.close()
