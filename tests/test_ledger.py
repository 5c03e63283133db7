"""The year's tasks: whom they fall to, what was answered, the ledger and what is drawn from it, and a whole run."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import io
import json
import random
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import return_of
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from report_builder import blank, pipeline
from report_builder.compose import compose
from report_builder.history import Held
from report_builder.ledger import (
    UNANSWERED,
    Ledger,
    as_json,
    assign,
    calendar,
    duties,
    open_ledger,
    summed,
    tally,
    unchanged,
    within,
)
from report_builder.ledger.sheets import matrix, workbook
from report_builder.model import (
    Assigned,
    Due,
    Heading,
    NotUnderstood,
    Paragraph,
    PlainTable,
    Plan,
    PlannedTask,
    Return,
    Task,
    Unit,
)
from report_builder.overview.tally import owed
from report_builder.pipeline import Options, build
from report_builder.progress import answers, filled_up, rows_of, unplanned
from report_builder.progress import given as given_row
from report_builder.registry import Registry
from report_builder.render.taskpage import task_page
from report_builder.spec import load_spec

SPEC = load_spec()
FMT = SPEC.formats[-1]
YEAR = 2024
AS_OF = dt.date(2025, 1, 20)
UNITS = (
    Unit("甲山市人民政府", code="D1", kind="government", level="city"),
    Unit("甲山市人民政府办公室", code="D2", kind="office", level="city", parent="D1"),
    Unit("甲山市教育局", code="D3", kind="department", level="city", parent="D1"),
    Unit("甲山市财政局", code="D4", kind="department", level="city", parent="D1"),
    Unit("甲山市旧局", code="D5", kind="department", level="city", parent="D1", until="2020"),
    Unit("东示县人民政府", code="D6", kind="government", level="county", parent="D1"),
)
REGISTRY = Registry(UNITS)
MEANT: Mapping[str, tuple[Unit, ...]] = {
    "市政府": (UNITS[0],),
    "市政府办公室": (UNITS[1],),
    "市教育局": (UNITS[2],),
    "市财政局": (UNITS[3],),
    "市旧局": (UNITS[4],),
    "各县": (UNITS[5],),
    "各部门": UNITS[1:5],
}


def meaning(name: str) -> Sequence[Unit]:
    return MEANT.get(name, ())


def due(*days: str) -> tuple[Due, ...]:
    return tuple(Due(dt.date.fromisoformat(f"{YEAR}-{day}"), "", f"{day}前") for day in days)


def planned(code: str, title: str = "", **fields: Any) -> PlannedTask:
    return PlannedTask(code, "一、部分", title or f"任务{code}", f"任务{code}的内容，9月底前完成。", **fields)


PLAN = Plan(
    "甲山市2024年任务分工",
    "甲政〔2024〕1号",
    YEAR,
    (
        planned("1.1", lead=("市教育局",), responsible=("各部门",), due=due("09-30")),
        planned("1.2", responsible=("市政府",), assist=("市政府办公室", "市财政局")),
        planned("1.3", responsible=("各县", "市旧局", "某某局"), due=due("03-31", "06-30", "09-30", "12-31")),
    ),
    (NotUnderstood("另有一句。", "没有归入任何任务"),),
)


def answer(code: str, state: str = "done", **fields: str) -> Task:
    return Task({"code": code, "title": f"任务{code}", "state": state, **fields})


def returned(*tasks: Task, unit: str = "") -> Return:
    return return_of(FMT, {}, YEAR, unit=unit, tasks=tasks)


def ledger_of(rets: Mapping[str, Return] | None = None, **fields: Any) -> Ledger:
    return open_ledger(assign(PLAN, meaning, REGISTRY, YEAR), YEAR, rets, **fields)


# --- whom a task falls to --------------------------------------------------------------------------------------


def test_each_unit_has_each_task_once_in_its_weightiest_role() -> None:
    held = assign(PLAN, meaning, REGISTRY, YEAR).by_unit
    assert {unit: [(one.task.code, one.role) for one in tasks] for unit, tasks in held.items()} == {
        "甲山市人民政府办公室": [("1.1", "responsible"), ("1.2", "responsible")],
        "甲山市教育局": [("1.1", "lead")],
        "甲山市财政局": [("1.1", "responsible"), ("1.2", "assist")],
        "东示县人民政府": [("1.3", "responsible")],
    }


def test_a_governments_office_answers_for_it_and_without_one_the_government_itself() -> None:
    held = assign(PLAN, meaning, REGISTRY, YEAR).by_unit
    assert [one.bearer for one in held["甲山市人民政府办公室"]] == ["", "甲山市人民政府"]
    assert [one.bearer for one in held["东示县人民政府"]] == [""]


def test_names_that_mean_nobody_are_told_with_their_task() -> None:
    assert assign(PLAN, meaning, REGISTRY, YEAR).unmatched == {"1.3": ("某某局",)}


def test_two_tasks_with_one_number_are_both_to_be_answered() -> None:
    twice = replace(PLAN, tasks=(PLAN.tasks[0], replace(PLAN.tasks[0], title="又一项")))
    held = assign(twice, meaning, REGISTRY, YEAR).by_unit["甲山市教育局"]
    assert [(one.task.code, one.task.title) for one in held] == [("1.1", "任务1.1"), ("1.1(2)", "又一项")]


@given(st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_the_order_of_units_csv_changes_nobodys_tasks(rng: random.Random) -> None:
    shuffled = list(UNITS)
    rng.shuffle(shuffled)
    assert assign(PLAN, meaning, Registry(tuple(shuffled)), YEAR).by_unit == ledger_assignment()


def ledger_assignment() -> Mapping[str, tuple[Assigned, ...]]:
    return assign(PLAN, meaning, REGISTRY, YEAR).by_unit


# --- which row answers which task ------------------------------------------------------------------------------

OWN = (
    Assigned("示例局", planned("1.1", "惠企政策公开"), "lead", "示例局"),
    Assigned("示例局", planned("2.10", "解读"), "assist", "示例局"),
)


def test_rows_are_matched_by_number_else_by_name_and_a_wrong_number_is_not_guessed() -> None:
    by_width, by_name = Task({"code": "１.１", "state": "done"}), Task({"title": "解 读", "state": "doing"})
    wrong = Task({"code": "2.1", "title": "解读", "state": "done"})
    assert rows_of(OWN, (by_width, by_name, wrong)) == {"1.1": [by_width], "2.10": [by_name]}
    assert list(unplanned(OWN, (by_width, by_name, wrong))) == [wrong]


def test_a_row_without_a_state_is_no_answer() -> None:
    empty, said = Task({"code": "1.1"}), Task({"code": "1.1", "state": "not_done"})
    assert answers(OWN, (empty,)) == {}
    assert answers(OWN, (empty, said)) == {"1.1": said}


def test_what_the_unit_left_out_of_a_row_is_the_plans() -> None:
    (row,) = filled_up(OWN, (Task({"code": "1.1", "role": "", "state": "done"}),))
    assert (row["title"], row["role"], row["state"]) == ("惠企政策公开", "lead", "done")
    (kept,) = filled_up(OWN, (Task({"code": "1.1", "title": "自己的名称", "role": "assist"}),))
    assert (kept["title"], kept["role"]) == ("自己的名称", "assist")


# --- what it comes to ------------------------------------------------------------------------------------------


def test_an_entry_tells_late_overdue_and_without_evidence() -> None:
    rets = {
        "甲山市教育局": returned(answer("1.1", done_on="2024-10-08"), unit="甲山市教育局"),
        "甲山市财政局": returned(answer("1.1", "doing"), unit="甲山市财政局"),
    }
    entries = {one.assigned.unit: one for one in ledger_of(rets, as_of=AS_OF).by_task["1.1"]}
    education, finance, office = (
        entries[name] for name in ("甲山市教育局", "甲山市财政局", "甲山市人民政府办公室")
    )
    assert (education.days_late, education.without_evidence, education.days_overdue(AS_OF)) == (8, True, 0)
    assert (finance.days_late, finance.without_evidence, finance.days_overdue(AS_OF)) == (0, False, 112)
    assert (office.state, office.came, office.days_overdue(AS_OF)) == (UNANSWERED, False, 112)
    assert [one.days_overdue(None) for one in (education, finance, office)] == [0, 0, 0]


STATES = st.sampled_from(["done", "doing", "not_done", "not_applicable", ""])


@given(st.lists(STATES, min_size=3, max_size=3), st.booleans())
@settings(max_examples=40)
def test_the_tally_of_all_is_the_sum_over_units_and_over_tasks(said: list[str], late: bool) -> None:
    day = "2024-12-30" if late else "2024-09-01"
    names = ("甲山市人民政府办公室", "甲山市教育局", "甲山市财政局")
    rets = {
        name: returned(answer("1.1", state, done_on=day if state == "done" else ""), unit=name)
        for name, state in zip(names, said, strict=True)
    }
    ledger = ledger_of(rets, as_of=AS_OF)
    whole = tally(ledger.entries, AS_OF)
    for parts in (ledger.by_unit, ledger.by_task):
        tallies = [tally(held, AS_OF) for held in parts.values()]
        for one in ("total", "late", "overdue", "without_evidence"):
            assert sum(getattr(each, one) for each in tallies) == getattr(whole, one)
        for state in whole.states:
            assert sum(each.states.get(state, 0) for each in tallies) == whole.states[state]
    assert whole.late == (said.count("done") if late else 0)
    assert whole.total == len(ledger.entries) == 6


def test_what_does_not_concern_a_unit_is_not_counted_and_nothing_has_no_rate() -> None:
    rets = {"甲山市财政局": returned(answer("1.1"), answer("1.2", "not_applicable"), unit="甲山市财政局")}
    ledger = ledger_of(rets)
    assert tally(ledger.by_unit["甲山市财政局"]).rate == Decimal(1)
    nothing = {"甲山市财政局": returned(answer("1.1", "not_applicable"), answer("1.2", "not_applicable"))}
    assert tally(ledger_of(nothing).by_unit["甲山市财政局"]).rate is None


def test_a_part_of_the_ledger_is_summed_up_for_its_government() -> None:
    rets = {"甲山市教育局": returned(answer("1.1"), unit="甲山市教育局")}
    part = within(ledger_of(rets), {"甲山市教育局", "甲山市财政局"})
    sentence, table = summed(part, SPEC)
    assert isinstance(sentence, Paragraph)
    assert (
        sentence.text
        == "本年度任务分工共2项，分到2个单位，计3项次：已完成1项、未填报2项；已完成率33.3%（不涉及的不计）。"
    )
    assert isinstance(table, PlainTable)
    assert [row[:2] for row in table.rows] == [("1.1 任务1.1", "2"), ("1.2 任务1.2", "1")]
    assert summed(within(part, set()), SPEC) == ()


def test_a_task_of_last_year_is_known_again_though_its_numbers_changed() -> None:
    before = Plan(
        "",
        "",
        YEAR - 1,
        (replace(planned("1.1"), code="3.4", text="任务9.9的内容，10月底前完成。", title="任务 8.1"),),
    )
    assert unchanged(PLAN, before) == {"1.1": "3.4", "1.2": "3.4", "1.3": "3.4"}
    assert unchanged(PLAN, replace(before, tasks=(planned("1.1", "另一项"),))) == {}


# --- the calendar ----------------------------------------------------------------------------------------------


def unfolded(data: bytes) -> list[str]:
    return data.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.sampled_from(" ,;\\\n"), max_size=90
)


def test_of_last_years_tasks_that_differ_in_a_number_it_is_the_one_with_the_same() -> None:
    rows = [planned(code, f"公开事项{number}") for code, number in (("1.1", 3), ("1.2", 4))]
    now = [planned("2.1", "公开事项4"), planned("2.2", "公开事项9")]
    before, plan = (replace(PLAN, tasks=tuple(replace(one, text="") for one in held)) for held in (rows, now))
    assert unchanged(plan, before) == {"2.1": "1.2", "2.2": "1.1"}


@given(TEXTS, TEXTS)
@settings(max_examples=60)
def test_any_text_is_folded_at_75_octets_and_comes_back(title: str, what: str) -> None:
    day = Due(dt.date(YEAR, 2, 29), what, "", "")
    data = calendar(Plan(title, "", YEAR, (planned("1.1", "任务", due=(day,)),)), YEAR)
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")
    (said,) = [line for line in unfolded(data) if line.startswith("SUMMARY:")]
    text = re.sub(
        r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], said.removeprefix("SUMMARY:")
    )
    assert text.split() == (f"1.1 任务：{what}" if what else "1.1 任务").split()


@pytest.mark.parametrize("title", ["务" * 120, "a" * 300, "aé务𠮷" * 40])
def test_a_long_line_goes_on_in_lines_that_are_full(title: str) -> None:
    data = calendar(Plan(title, "", YEAR, ()), YEAR)
    (first, *further) = [line for line in data.split(b"\r\n") if line.startswith((b"X-WR", b" "))]
    assert all(72 <= len(line) <= 75 for line in (first, *further[:-1]))
    assert unfolded(data)[5] == f"X-WR-CALNAME:{title}"


def test_every_dated_duty_is_an_event_with_an_identifier_of_its_own() -> None:
    data = calendar(PLAN, YEAR)
    lines = unfolded(data)
    starts = [line for line in lines if line.startswith("DTSTART")]
    assert starts == [
        f"DTSTART;VALUE=DATE:{day}" for day in ("20240331", "20240630", "20240930", "20240930", "20241231")
    ]
    identifiers = [line for line in lines if line.startswith("UID:")]
    assert len(set(identifiers)) == len(starts)
    assert {line for line in lines if line.startswith("DTSTAMP")} == {"DTSTAMP:20240101T000000Z"}
    assert calendar(PLAN, YEAR) == data
    moved = replace(PLAN, tasks=PLAN.tasks[2:])
    assert {line for line in unfolded(calendar(moved, YEAR)) if line.startswith("UID:")} < set(identifiers)


def test_the_overview_counts_a_task_on_its_last_day_and_tells_what_is_late() -> None:
    came = {"甲山市教育局": returned(answer("1.1")), "东示县人民政府": returned(answer("1.3", "doing"))}
    held = ledger_of(came, as_of=AS_OF)
    assert [
        (f"{one.duty.on:%m-%d}", one.duty.task.code, one.owing, one.done, one.late) for one in owed(held)
    ] == [
        ("03-31", "1.3", 1, None, False),
        ("06-30", "1.3", 1, None, False),
        ("09-30", "1.1", 3, 1, True),
        ("09-30", "1.3", 1, None, False),
        ("12-31", "1.3", 1, 0, True),
    ]
    assert not any(one.late for one in owed(ledger_of(came)))
    assert owed(None) == []


def test_duties_tell_the_days_left_and_nothing_without_a_day() -> None:
    assert [one.days_left for one in duties(PLAN, dt.date(YEAR, 9, 29))] == [-182, -91, 1, 1, 93]
    assert [one.left_told for one in duties(PLAN, dt.date(YEAR, 9, 30))][1:] == [
        "已过 92 天",
        "当天",
        "当天",
        "还有 92 天",
    ]
    assert {(one.days_left, one.left_told) for one in duties(PLAN)} == {(None, "")}


# --- workbooks, JSON -------------------------------------------------------------------------------------------


def full_ledger() -> Ledger:
    rets = {
        "甲山市教育局": returned(
            answer("1.1", done_on="2024-10-08", measures="=1+1", evidence="台账"), unit="甲山市教育局"
        ),
        "甲山市财政局": returned(
            answer("1.1", "not_done", reason="<b>原因</b>", next_step="@下一步"), unit="甲山市财政局"
        ),
    }
    return ledger_of(rets, as_of=AS_OF)


def opened(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data))


def table_of(sheet: Any, corner: str) -> list[dict[str, Any]]:
    rows = [list(row) for row in sheet.iter_rows()]
    head = next(at for at, row in enumerate(rows) if row[0].value == corner)
    names = [cell.value for cell in rows[head]]
    return [dict(zip(names, row, strict=True)) for row in rows[head + 1 :]]


def test_the_ledger_has_a_row_a_task_and_unit_and_no_text_becomes_a_formula() -> None:
    book = opened(workbook(full_ledger(), SPEC))
    rows = table_of(book["任务台账"], "任务编号")
    assert [(row["任务编号"].value, row["责任单位"].value) for row in rows] == [
        ("1.1", "甲山市人民政府办公室"),
        ("1.1", "甲山市教育局"),
        ("1.1", "甲山市财政局"),
        ("1.2", "甲山市人民政府办公室"),
        ("1.2", "甲山市财政局"),
        ("1.3", "东示县人民政府"),
    ]
    education = rows[1]
    assert (education["措施"].value, education["措施"].data_type) == ("=1+1", "s")
    assert education["需要注意"].value == "逾期完成"
    assert education["需要注意"].fill.fgColor.rgb == "FFFFC7CE"
    assert rows[2]["后续举措"].value == "@下一步"
    assert [row["任务编号"].value for row in table_of(book["任务清单"], "任务编号")] == ["1.1", "1.2", "1.3"]
    assert "另有一句。" in [row["原文"].value for row in table_of(book["没有读懂的文字"], "位置")]


def test_the_matrix_has_units_down_and_tasks_across_with_their_rates() -> None:
    book = opened(matrix(full_ledger(), SPEC))
    rows = {row["责任单位"].value: row for row in table_of(book["任务完成"], "责任单位")}
    assert rows["甲山市教育局"]["1.1\n任务1.1"].value == "已完成\n逾期完成"
    assert rows["甲山市教育局"]["1.2\n任务1.2"].value is None
    assert rows["甲山市财政局"]["1.1\n任务1.1"].value == "未完成\n逾期未完成"
    tasks = {row["任务编号"].value: row for row in table_of(book["各任务"], "任务编号")}
    assert (tasks["1.1"]["已完成"].value, tasks["1.1"]["已完成率"].value) == (1, 0.3333)
    units = {row["责任单位"].value: row["是否报送"].value for row in table_of(book["各单位"], "责任单位")}
    assert units["甲山市教育局"] == "已报送"
    assert units["东示县人民政府"] == "没有报送"


def test_equal_ledgers_give_equal_bytes() -> None:
    for drawn in (workbook, matrix):
        assert drawn(full_ledger(), SPEC) == drawn(full_ledger(), SPEC)
    assert task_page(full_ledger(), SPEC) == task_page(full_ledger(), SPEC)


def test_the_json_holds_what_was_answered_and_null_where_nothing_was() -> None:
    document = json.loads(as_json(full_ledger()))
    assert (document["report_year"], document["as_of"]) == (YEAR, "2025-01-20")
    education = next(one for one in document["entries"] if one["unit"] == "甲山市教育局")
    assert (education["state"], education["days_late"], education["measures"]) == ("done", 8, "=1+1")
    assert document["entries"][0]["state"] is None
    assert json.loads(as_json(replace(full_ledger(), entries=())))["entries"] == []


# --- the page --------------------------------------------------------------------------------------------------


def page_text() -> str:
    return task_page(full_ledger(), SPEC).decode()


def test_the_page_asks_for_nothing_and_runs_only_its_own_script() -> None:
    root = etree.fromstring(page_text().encode(), etree.HTMLParser(encoding="utf-8"))
    data, script = root.xpath("//script")
    digest = base64.b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
    policy = root.xpath("string(//meta[@http-equiv='Content-Security-Policy']/@content)")
    assert policy == (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert data.get("type") == "application/json"
    assert not root.xpath("//link | //iframe | //img | //@src | //@style | //@*[starts-with(name(), 'on')]")
    assert not re.search(r"@import|url\(|https?://", page_text())
    newer = r":has\(|:is\(|:where\(|@container|@layer|aspect-ratio|\binset:|\.at\(|=>|`|\b(?:const|let)\b|replaceAll"
    assert not re.search(newer, page_text())


def test_no_name_ends_the_data() -> None:
    unit = Unit("</script><b>局", kind="department")
    plan = Plan("<i>", "", YEAR, (planned("1.1", "<u>&", responsible=("它",)),))
    ledger = open_ledger(assign(plan, lambda _: (unit,), Registry((unit,)), YEAR), YEAR)
    root = etree.fromstring(task_page(ledger, SPEC), etree.HTMLParser(encoding="utf-8"))
    data = json.loads(root.xpath("//script[@type]")[0].text)
    assert data["rows"][0][0] == unit.name
    assert data["tasks"] == [["1.1", "<u>&"]]
    assert not root.xpath("//b | //i | //u")


CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(params=[1280, 390])
def shown_page(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page on disk under a path with Chinese and a space, opened; nothing may be said or asked for."""
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no browser on this machine")
    folder = tmp_path / "示例 目录"
    folder.mkdir()
    path = folder / "任务完成.html"
    path.write_bytes(task_page(full_ledger(), SPEC))
    said: list[str] = []
    asked: list[str] = []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": request.param, "height": 800})
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda one: asked.append(one.url))
        page.goto(path.as_uri())
        yield page
        browser.close()
    assert said == []
    assert asked == [path.as_uri()]


def test_the_matrix_is_filtered_by_unit_task_role_and_state(shown_page: Any) -> None:
    units = "[...document.querySelectorAll('#rows th')].map(one => one.firstChild.textContent)"
    everybody = ["甲山市人民政府办公室", "甲山市教育局", "甲山市财政局", "东示县人民政府"]
    assert shown_page.evaluate(units) == everybody
    assert shown_page.evaluate("document.scrollingElement.scrollWidth") <= shown_page.viewport_size["width"]
    shown_page.select_option("#state", label="逾期完成")
    assert shown_page.evaluate(units) == ["甲山市教育局"]
    shown_page.click("#clear")
    shown_page.select_option("#task", label="1.2 任务1.2")
    assert shown_page.evaluate(units) == ["甲山市人民政府办公室", "甲山市财政局"]
    shown_page.select_option("#role", label="配合")
    assert shown_page.evaluate(units) == ["甲山市财政局"]
    shown_page.click("#clear")
    shown_page.fill("#name", "教育")
    assert shown_page.evaluate(units) == ["甲山市教育局"]
    assert shown_page.inner_text("#said") == "显示 1 个单位，共 4 个"
    shown_page.click("#clear")
    shown_page.select_option("#order", label="已完成率从低到高")
    assert shown_page.evaluate(units)[-1] == "甲山市教育局"


def test_the_page_prints_every_unit(shown_page: Any) -> None:
    assert b"/Type /Page" in shown_page.pdf(prefer_css_page_size=True)


# --- the report's section --------------------------------------------------------------------------------------


def section_of(tasks: Sequence[Task]) -> list[Any]:
    blocks = list(compose(Held(returned(*tasks), FMT), (), SPEC).blocks)
    start = next(at for at, one in enumerate(blocks) if isinstance(one, Heading) and one.level == 2)
    return blocks[start:]


def test_the_section_sums_up_and_sets_unfinished_tasks_apart() -> None:
    tasks = (
        Task(
            {**answer("1.1", done_on="2024-10-08", measures="做了。").fields, "role": "lead"}, ("2024-09-30",)
        ),
        Task(
            {
                **answer(
                    "1.2", "not_done", measures="试了。", reason="没有场地。", next_step="明年做。"
                ).fields,
                "role": "assist",
            }
        ),
    )
    _, summary, table, lead, rest = section_of(tasks)
    assert summary.text == (
        "本年度承担政务公开工作任务2项（牵头1项、配合1项），其中已完成1项、未完成1项；已完成的任务中，超过时限完成1项。"
    )
    assert [row[0] for row in table.rows] == ["1.1 任务1.1", "1.2 任务1.2"]
    assert table.rows[1][2] == "措施：试了。"
    assert lead.text == "推进中和未完成的任务1项，原因和后续举措如下。"
    assert rest.rows == (("1.2 任务1.2", "未完成", "未完成原因：没有场地。", "明年做。"),)


def test_a_section_of_finished_tasks_has_one_table() -> None:
    assert [type(one) for one in section_of([answer("1.1")])] == [Heading, Paragraph, PlainTable]


# --- the whole run ---------------------------------------------------------------------------------------------

PLAN_TEXT = """甲山市2024年政务公开工作任务分工

（甲政公开〔2024〕1号）

一、公开

（一）目录更新。更新目录，9月底前完成。（甲山市教育局负责，甲山市财政局配合）

（二）预算公开。公开预算，年底前完成。（甲山市财政局牵头）
"""
HEAD = "code,name,aliases,kind,level,parent,successor_of,since,until\n"
ROWS = "D1,甲山市人民政府,,government,city,,,,\nD3,甲山市教育局,,department,city,D1,,,\nD4,甲山市财政局,,department,city,D1,,,\n"
DONE = {"state": "done", "done_on": "2024-09-02", "measures": "逐条核对目录。", "evidence": "目录"}
OTHER = {"state": "done", "done_on": "2024-09-03", "measures": "补报条目三十条。", "evidence": "条目单"}
BUDGET = {
    "state": "done",
    "done_on": "2024-11-03",
    "measures": "统一表样后集中上网。",
    "evidence": "平台页面",
}


def drawn(unit: str, *tasks: Task, year: int = YEAR) -> bytes:
    ret = return_of(FMT, {}, year, unit=unit, tasks=tasks)
    return blank.draw(FMT, SPEC.workbook, blank.Filling(year, filled=ret))


def row(code: str, title: str, said: Mapping[str, str]) -> Task:
    return Task({"code": code, "title": title, **said})


@pytest.fixture
def place(tmp_path: Path) -> Options:
    """甲山市 with a plan for two bureaus; both have answered everything."""
    inputs = tmp_path / "输入"
    folder = inputs / str(YEAR)
    folder.mkdir(parents=True)
    (inputs / "units.csv").write_text(HEAD + ROWS, encoding="utf-8")
    (folder / "plan.txt").write_text(PLAN_TEXT, encoding="utf-8")
    (folder / "甲山市教育局.xlsx").write_bytes(drawn("甲山市教育局", row("1.1", "目录更新", DONE)))
    answered = (row("1.1", "目录更新", OTHER), row("1.2", "预算公开", BUDGET))
    (folder / "甲山市财政局.xlsx").write_bytes(drawn("甲山市财政局", *answered))
    return Options(inputs=inputs, outputs=tmp_path / "输出", jobs=1, formats=("html", "json"))


def states(outcome: pipeline.Outcome) -> dict[str, str]:
    return {result.unit: result.state for result in outcome.results}


def task_codes(outcome: pipeline.Outcome) -> dict[str, set[str]]:
    return {
        result.unit: {one.code for one in result.findings if one.code.startswith("P")}
        for result in outcome.results
    }


def test_a_run_writes_the_ledger_and_a_second_one_the_same_bytes(place: Options, tmp_path: Path) -> None:
    outcome = build(place)
    assert task_codes(outcome) == {"甲山市教育局": set(), "甲山市财政局": set()}
    folder = outcome.folder / "汇总"
    names = {"任务台账.json", "任务台账.xlsx", "任务完成.xlsx", "任务完成.html", "任务日历.ics"}
    first = {name: (folder / name).read_bytes() for name in names}
    other = build(replace(place, outputs=tmp_path / "别处", jobs=2)).folder / "汇总"
    assert {name: (other / name).read_bytes() for name in names} == first
    recorded = json.loads((outcome.folder / "manifest.json").read_text(encoding="utf-8"))
    entry = next(one for one in recorded["summary"])
    assert set(entry["outputs"]) == {f"汇总/{name}" for name in names}
    assert list(entry["inputs"]) == ["2024/plan.txt"]


def test_plan_writes_what_build_writes_with_what_was_answered(place: Options, tmp_path: Path) -> None:
    made = build(place).folder / "汇总"
    elsewhere = replace(place, outputs=tmp_path / "别处")
    planned = pipeline.plan_ledger(elsewhere, place.inputs / str(YEAR) / "plan.txt")
    assert planned.written == elsewhere.outputs / str(YEAR) / "汇总" / "任务台账.xlsx"
    assert planned.notes == ("已读入 2 份报送表里的完成情况",)
    for path in made.glob("任务*"):
        assert (planned.written.parent / path.name).read_bytes() == path.read_bytes()


def test_the_next_build_goes_by_the_years_own_plan(place: Options, tmp_path: Path) -> None:
    folder = build(place).folder / "汇总"
    before = (folder / "任务台账.json").read_bytes()
    other = tmp_path / "另一份.txt"
    other.write_text(PLAN_TEXT.replace("目录更新", "指南更新"), encoding="utf-8")
    notes = pipeline.plan_ledger(place, other).notes
    assert "与这一份不同；build 会按 plan.txt 重写任务台账" in notes[-1]
    assert "指南更新" in (folder / "任务台账.json").read_text(encoding="utf-8")
    assert set(states(build(place)).values()) == {"unchanged"}
    assert (folder / "任务台账.json").read_bytes() == before


def test_before_anybody_answered_the_units_are_those_the_plan_names(place: Options, tmp_path: Path) -> None:
    nothing = Options(inputs=tmp_path / "空", outputs=tmp_path / "别处")
    planned = pipeline.plan_ledger(nothing, place.inputs / str(YEAR) / "plan.txt")
    assert planned.written is not None
    entries = json.loads(planned.written.with_suffix(".json").read_bytes())["entries"]
    assert entries
    assert {one["unit"] for one in entries} == {
        name for task in planned.plan.tasks for name in pipeline.names_of(task)
    }


def test_the_ledger_goes_with_the_years_plan_and_stays_where_it_came_from_elsewhere(place: Options) -> None:
    plan = place.inputs / str(YEAR) / "plan.txt"
    folder = build(place).folder / "汇总"
    (folder / "任务完成.xlsx").write_bytes(b"changed by hand")
    elsewhere = plan.rename(place.inputs.parent / "方案.txt")
    build(place)
    assert [path.name for path in folder.glob("任务*")] == ["任务完成.xlsx"]
    pipeline.plan_ledger(place, elsewhere)
    build(place)
    assert len(list(folder.glob("任务*"))) == len(("json", "xlsx", "xlsx", "html", "ics"))


def test_a_unit_that_left_one_task_out_is_told_which_in_which_cell(place: Options) -> None:
    folder = place.inputs / str(YEAR)
    (folder / "甲山市财政局.xlsx").write_bytes(
        drawn("甲山市财政局", row("1.1", "目录更新", OTHER), row("1.2", "预算公开", {}))
    )
    outcome = build(place)
    assert states(outcome) == {"甲山市教育局": "built", "甲山市财政局": "blocked"}
    (finding,) = [one for result in outcome.results for one in result.findings if one.code == "P651"]
    assert re.fullmatch(r"甲山市财政局\.xlsx·任务完成情况!E\d+", finding.where)
    assert "1.2“预算公开”" in finding.message
    sheet = opened((folder / "甲山市财政局.xlsx").read_bytes())["任务完成情况"]
    address = finding.where.partition("!")[2]
    assert sheet[f"A{address[1:]}"].value == "1.2"
    back = opened((outcome.folder / "甲山市财政局" / "校验意见.xlsx").read_bytes())["任务完成情况"]
    red = [cell for line in back.iter_rows() for cell in line if cell.fill.fgColor.rgb == "FFFFC7CE"]
    assert [back.cell(cell.row, 1).value for cell in red] == ["1.2"]


def test_a_row_that_is_missing_stands_red_in_the_returned_workbook(place: Options) -> None:
    (place.inputs / str(YEAR) / "甲山市财政局.xlsx").write_bytes(
        drawn("甲山市财政局", row("1.1", "目录更新", OTHER))
    )
    outcome = build(place)
    back = opened((outcome.folder / "甲山市财政局" / "校验意见.xlsx").read_bytes())["任务完成情况"]
    red = [cell for line in back.iter_rows() for cell in line if cell.fill.fgColor.rgb == "FFFFC7CE"]
    assert [(back.cell(cell.row, 1).value, back.cell(cell.row, 2).value) for cell in red] == [
        ("1.2", "预算公开")
    ]


def test_another_units_task_builds_nothing_anew(place: Options) -> None:
    build(place)
    assert set(states(build(place)).values()) == {"unchanged"}
    plan = place.inputs / str(YEAR) / "plan.txt"
    before = (place.outputs / str(YEAR) / "汇总" / "任务台账.json").read_bytes()
    plan.write_text(PLAN_TEXT.replace("公开预算，年底前完成", "公开预算和决算，年底前完成"), encoding="utf-8")
    assert states(build(place)) == {"甲山市教育局": "unchanged", "甲山市财政局": "built"}
    plan.write_text(PLAN_TEXT.replace("年底前", "10月底前"), encoding="utf-8")
    outcome = build(place)
    assert task_codes(outcome)["甲山市财政局"] == {"P653"}
    assert (place.outputs / str(YEAR) / "汇总" / "任务台账.json").read_bytes() != before


def test_the_day_to_reckon_from_changes_the_ledger_and_no_report(place: Options) -> None:
    (place.inputs / str(YEAR) / "甲山市财政局.xlsx").unlink()
    build(place)
    page = place.outputs / str(YEAR) / "汇总" / "任务完成.html"
    assert "不判断逾期未完成" in page.read_text(encoding="utf-8")
    first = build(replace(place, as_of=dt.date(2025, 1, 20)))
    second = build(replace(place, as_of=dt.date(2025, 1, 21)))
    assert states(second) == {"甲山市教育局": "unchanged"}
    entries = json.loads((second.folder / "汇总" / "任务台账.json").read_bytes())["entries"]
    assert [one["days_overdue"] for one in entries] == [0, 113, 21]
    assert first.folder == second.folder


def test_the_blank_lists_the_units_own_tasks_and_what_became_of_them_last_year(place: Options) -> None:
    last = place.inputs / str(YEAR - 1)
    last.mkdir()
    (last / "plan.txt").write_text(
        PLAN_TEXT.replace("2024", "2023")
        .replace("9月", "8月")
        .replace("（二）", "（三）")
        .replace("（一）", "（二）"),
        encoding="utf-8",
    )
    doing = {"state": "doing", "next_step": "明年九月做完。"}
    (last / "甲山市教育局.xlsx").write_bytes(
        drawn("甲山市教育局", row("1.2", "目录更新", doing), year=YEAR - 1)
    )
    (path,) = pipeline.blank(replace(place, units=("甲山市教育局",)))
    sheet = opened(path.read_bytes())["任务完成情况"]
    (line,) = [line for line in sheet.iter_rows() if line[0].value == "1.1"]
    assert [cell.value for cell in line[:4]] == ["1.1", "目录更新", "负责", "2024-09-30"]
    assert (
        line[1].comment.text
        == "上年计划的任务 1.2 与这一项文字相同。\n上年填报：推进中。\n上年写的后续举措：明年九月做完。"
    )
    assert not any(other[0].value == "1.2" for other in sheet.iter_rows())


def test_a_figure_the_plan_asks_for_stands_beside_its_task(place: Options) -> None:
    plan = place.inputs / str(YEAR) / "plan.txt"
    plan.write_text(PLAN_TEXT.replace("公开预算，", "公开率不低于98%，"), encoding="utf-8")
    (path,) = pipeline.blank(replace(place, units=("甲山市财政局",)))
    said = {line[0].value: line[1].comment for line in opened(path.read_bytes())["任务完成情况"].iter_rows()}
    assert said["1.2"].text == "计划的指标：公开率不低于98%。进展里请写明实际数。"
    assert said["1.1"] is None
    folder = build(place).folder / "汇总"
    rows = table_of(opened((folder / "任务台账.xlsx").read_bytes())["任务台账"], "任务编号")
    assert [(row["任务编号"].value, row["计划的指标"].value) for row in rows] == [
        ("1.1", None),
        ("1.1", None),
        ("1.2", "公开率不低于98%"),
    ]
    assert "指标：公开率不低于98%" in (folder / "任务完成.html").read_text(encoding="utf-8")
    entries = json.loads((folder / "任务台账.json").read_bytes())["entries"]
    assert [one["target"] for one in entries] == [None, None, "公开率不低于98%"]


def test_without_a_registry_the_units_are_those_that_handed_in(place: Options) -> None:
    (place.inputs / "units.csv").unlink()
    outcome = build(place)
    assert task_codes(outcome) == {"甲山市教育局": set(), "甲山市财政局": set()}
    entries = json.loads((outcome.folder / "汇总" / "任务台账.json").read_bytes())["entries"]
    assert [(one["unit"], one["code"]) for one in entries] == [
        ("甲山市教育局", "1.1"),
        ("甲山市财政局", "1.1"),
        ("甲山市财政局", "1.2"),
    ]


def test_a_row_of_the_plan_is_what_the_blank_gives() -> None:
    assert given_row(OWN[0]) == Task({"code": "1.1", "title": "惠企政策公开", "role": "lead"})
