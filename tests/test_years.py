"""Year against year, through the pipeline: across formats, after mergers and splits, by the day, and the unit's answers."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from conftest import return_of
from test_pipeline import workbook

from report_builder import pipeline
from report_builder.cli import main
from report_builder.errors import InputError
from report_builder.history import Held, measured, together
from report_builder.model import Finding, Severity, State
from report_builder.pipeline import Options, UnitResult, build, check
from report_builder.registry import Registry, load_registry
from report_builder.spec import Spec

HEAD = "code,name,aliases,kind,level,parent,successor_of,since,until,change,excluded_from\n"


def request(row: str, number: int, column: str = "natural_person") -> dict[str, int]:
    """A number of requests in one row, in one applicant's column and the total."""
    return {f"requests.{row}.{column}": number, f"requests.{row}.total": number}


def carried(received: int, out: int, into: int = 0) -> dict[str, object]:
    """A balanced year of which ``out`` requests stay open."""
    done = received + into - out
    figures = [("received", received), ("carried_in", into), ("granted", done), ("results_total", done)]
    return {key: n for row, n in (*figures, ("carried_out", out)) for key, n in request(row, n).items()}


@pytest.fixture
def put(tmp_path: Path) -> Options:
    """An empty place."""
    (tmp_path / "in").mkdir()
    return Options(inputs=tmp_path / "in", outputs=tmp_path / "out", jobs=1, formats=("html", "json"))


def hand_in(place: Options, spec: Spec, unit: str, year: int, cells: Mapping[str, object]) -> None:
    folder = place.inputs / str(year)
    folder.mkdir(exist_ok=True)
    (folder / f"{unit}.xlsx").write_bytes(workbook(spec, unit, year, cells))


def registered(place: Options, *rows: str) -> Registry:
    (place.inputs / "units.csv").write_text(HEAD + "\n".join(rows), encoding="utf-8")
    return load_registry(place.inputs)


def of_unit(place: Options, unit: str) -> UnitResult:
    return next(result for result in check(place).results if result.unit == unit)


def found(result: UnitResult, code: str) -> list[Finding]:
    return [finding for finding in result.findings if finding.code == code]


def test_the_first_year_of_a_format_is_set_against_the_last_of_the_one_before(
    put: Options, spec: Spec
) -> None:
    hand_in(put, spec, "示例甲局", 2020, carried(20, 3))
    hand_in(put, spec, "示例甲局", 2021, carried(50, 0, into=2))
    result = of_unit(put, "示例甲局")
    assert [one.cells for one in found(result, "Y401")] == [
        ("requests.carried_in.natural_person",),
        ("requests.carried_in.total",),
    ]
    assert "2020年 示例甲局.xlsx·依申请公开!" in found(result, "Y401")[0].message
    assert found(result, "Y408")
    runs = {run.code: run for run in result.runs}
    for code in ("Y402", "Y403", "Y404", "Y405"):
        assert runs[code].state is State.NOT_APPLICABLE
        assert "口径不同" in runs[code].why


def test_three_rows_stand_against_the_one_they_were(spec: Spec) -> None:
    older, newer = spec.formats[0], spec.formats[-1]
    one = return_of(older, {"requests.otherwise_closed.total": 7}, newer.first_report_year - 1)
    rows = [
        key for key in newer.slots if key.startswith("requests.otherwise_closed.") and key.endswith(".total")
    ]
    three = return_of(newer, dict(zip(rows, (1, 2, 4), strict=True)), newer.first_report_year)
    sums = [
        measured(fmt.measures_by_key["otherwise_closed"], Held(ret, fmt))
        for ret, fmt in ((one, older), (three, newer))
    ]
    assert sums == [7, 7]


def test_a_merged_unit_is_held_against_the_sum_of_its_predecessors(put: Options, spec: Spec) -> None:
    registered(
        put,
        "1,示例甲局,,department,county,,,,2024-03-01,,",
        "2,示例乙局,,department,county,,,,2024-03-01,,",
        "3,示例新局,,department,county,,1;示例乙局,2024-03-01,,merged,",
    )
    hand_in(put, spec, "示例甲局", 2023, carried(10, 2))
    hand_in(put, spec, "示例乙局", 2023, carried(10, 3))
    hand_in(put, spec, "示例新局", 2024, carried(20, 0, into=5))
    whole = of_unit(put, "示例新局")
    assert not found(whole, "Y401")
    assert {run.state for run in whole.runs if run.code in {"Y401", "Y408"}} == {State.HELD}
    hand_in(put, spec, "示例新局", 2024, carried(20, 0, into=4))
    short = found(of_unit(put, "示例新局"), "Y401")
    assert {one.severity for one in short} == {Severity.EXPLAIN}
    assert "2024年本单位由示例甲局、示例乙局合并而来" in short[0].message
    assert "上年结转下年度为 5 件" in short[0].message
    (put.inputs / "2023" / "示例乙局.xlsx").unlink()
    alone = of_unit(put, "示例新局")
    assert {run.state for run in alone.runs if run.code == "Y408"} == {State.INSUFFICIENT_DATA}
    assert {one.severity for one in found(alone, "Y401")} == {Severity.EXPLAIN}


def test_the_report_of_a_merged_unit_speaks_of_the_sum(put: Options, spec: Spec) -> None:
    registered(
        put,
        "1,示例甲局,,department,county,,,,2024,,",
        "2,示例乙局,,department,county,,,,2024,,",
        "3,示例新局,,department,county,,1;2,2024,,merged,",
    )
    hand_in(put, spec, "示例甲局", 2023, carried(10, 2))
    hand_in(put, spec, "示例乙局", 2023, carried(10, 3))
    hand_in(put, spec, "示例新局", 2024, carried(24, 0, into=5))
    folder = build(put).folder / "示例新局"
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    assert "较上年增加4件、增长20.00%" in "".join(facts["sections"][2]["paragraphs"])


def test_a_new_name_changes_nothing_and_softens_nothing(put: Options, spec: Spec) -> None:
    registered(
        put,
        "1,示例旧局,,department,county,,,,2023-12-31,,",
        "2,示例新局,,department,county,,1,2024-01-01,,renamed,",
    )
    hand_in(put, spec, "示例旧局", 2023, carried(10, 2))
    hand_in(put, spec, "示例新局", 2024, carried(10, 0, into=1))
    short = found(of_unit(put, "示例新局"), "Y401")
    assert {one.severity for one in short} == {Severity.CORRECT}


@pytest.mark.parametrize("change", ["split", "transferred"])
def test_a_part_that_left_softens_both_sides_and_is_named(put: Options, spec: Spec, change: str) -> None:
    registered(
        put,
        "1,示例甲局,,department,county,,,,,,",
        f"2,示例新局,,department,county,,1,2024-07-01,,{change},",
    )
    hand_in(put, spec, "示例甲局", 2023, carried(10, 5))
    hand_in(put, spec, "示例甲局", 2024, carried(10, 0, into=3))
    hand_in(put, spec, "示例新局", 2024, carried(10, 0, into=2))
    kept, new = found(of_unit(put, "示例甲局"), "Y401"), found(of_unit(put, "示例新局"), "Y401")
    assert {one.severity for one in (*kept, *new)} == {Severity.EXPLAIN}
    assert "示例新局" in kept[0].message
    assert "示例甲局" in new[0].message


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            "2,示例新局,,department,county,,示例加局,2024,,merged,",
            "示例加局”不在名册中，是否应为“示例甲局”？",
        ),
        ("2,示例新局,,department,county,,2,2024,,merged,", "的“2”是它自己；请写原来的单位"),
        ("2,示例新局,,department,county,,1,去年,,merged,", "since 是“去年”，应写作 2024 或 2024-05-01"),
        (
            "2,示例新局,,department,county,,1,2024,,合并,",
            "change 是“合并”，只能是 renamed、merged、split、transferred",
        ),
    ],
    ids=["unknown", "itself", "day", "change"],
)
def test_a_lineage_that_cannot_be_is_named(put: Options, row: str, words: str) -> None:
    with pytest.raises(InputError, match="units") as raised:
        registered(put, "1,示例甲局,,department,county,,,,,,", row)
    assert words in str(raised.value)


def test_a_sum_is_traced_to_every_part_and_half_a_sum_is_none(spec: Spec) -> None:
    fmt = spec.formats[-1]
    parts = [Held(return_of(fmt, {"requests.received.total": n}), fmt) for n in (3, 4)]
    blank = Held(return_of(fmt, {"requests.received.total": None}), fmt)
    whole = together("示例新局", parts).ret.cells["requests.received.total"]
    assert whole.number == 7
    assert whole.source.count("示例局.xlsx·") == 2
    assert together("示例新局", [*parts, blank]).ret.number("requests.received.total") is None


def test_what_has_not_come_in_is_reckoned_by_the_day_alone(put: Options, spec: Spec) -> None:
    registered(
        put,
        "1,示例甲局,,department,county,,,,,,",
        "2,示例乙局,,department,county,,,,,,",
        "3,示例县人民政府,,government,county,,,,,,",
        "4,示例旧局,,department,county,,,,2023-05-01,,",
    )
    hand_in(put, spec, "示例甲局", 2024, carried(10, 0))
    assert check(put).absent == ()
    before = check(replace(put, as_of=dt.date(2025, 1, 20)))
    assert [(one.code, one.unit, one.severity) for one in before.findings] == [
        ("D902", "示例乙局", Severity.EXPLAIN)
    ]
    after = check(replace(put, as_of=dt.date(2025, 2, 3)))
    assert [(one.unit, one.severity) for one in after.findings] == [("示例乙局", Severity.CORRECT)]
    assert "已逾期 3 天" in after.findings[0].message


def test_a_places_own_day_comes_before_the_laws(
    put: Options, spec: Spec, capsys: pytest.CaptureFixture[str]
) -> None:
    registered(put, "1,示例甲局,,institution,county,,,,,,")
    (put.inputs / "settings.toml").write_text('[deadlines]\ndepartment = "01-20"\n', encoding="utf-8")
    hand_in(put, spec, "示例乙局", 2024, carried(10, 0))
    arguments = ["check", "--inputs", str(put.inputs), "--outputs", str(put.outputs), "--as-of"]
    assert main([*arguments, "2025-01-25"]) == 1
    assert "期限 2025-01-20，按 2025-01-25 计算已逾期 5 天" in capsys.readouterr().out
    assert main([*arguments, "2025-02-30"]) == 2
    assert "应为日期" in capsys.readouterr().err


def test_another_day_builds_nothing_again(put: Options, spec: Spec) -> None:
    hand_in(put, spec, "示例甲局", 2024, carried(10, 0))
    states = [build(replace(put, as_of=dt.date(2025, 2, day))).results[0].state for day in (1, 2)]
    assert states == ["built", "unchanged"]


# The unit's answers


def write_answers(path: Path, target: Path, said: str) -> None:
    """Somebody opens the returned workbook, writes beside every finding, and saves it elsewhere."""
    book = openpyxl.load_workbook(path)
    sheet = book["逐条"]
    column = next(cell.column for cell in sheet[1] if cell.value == "单位说明")
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, column, said)
    book.save(target)


@pytest.fixture
def asked(put: Options, spec: Spec) -> Options:
    """A place with one unit whose requests have doubled."""
    hand_in(put, spec, "示例甲局", 2023, carried(10, 0))
    hand_in(put, spec, "示例甲局", 2024, carried(30, 0))
    return put


def test_an_answer_is_shown_again_kept_on_record_and_lapses_with_the_figures(
    asked: Options, spec: Spec, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = build(asked).folder
    write_answers(
        folder / "示例甲局" / "校验意见.xlsx", asked.inputs / "2024" / "示例甲局校验意见.xlsx", "专项清理所致"
    )
    again = build(asked)
    assert [one.state for one in again.results] == ["built"]
    assert [one.answer for one in again.findings] == ["专项清理所致"]
    assert again.unused == ()
    record = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["units"][0]
    assert [(one["code"], one["answer"]) for one in record["answers"]] == [("Y408", "专项清理所致")]
    assert "示例甲局校验意见.xlsx" in "".join(record["inputs"])
    sheet = openpyxl.load_workbook(folder / "示例甲局" / "校验意见.xlsx")["逐条"]
    assert "专项清理所致" in [cell.value for cell in sheet[2]]
    main(["check", "--inputs", str(asked.inputs), "--outputs", str(asked.outputs)])
    assert "单位说明：专项清理所致" in capsys.readouterr().out
    assert [one.state for one in build(asked).results] == ["unchanged"]
    hand_in(asked, spec, "示例甲局", 2024, carried(31, 0))
    lapsed = build(asked).findings
    assert [(one.answer, one.lapsed) for one in lapsed] == [(None, "专项清理所致")]
    document = (folder / "示例甲局" / "校验意见.json").read_text(encoding="utf-8")
    assert '"lapsed": "专项清理所致"' in document


def test_an_answer_in_the_units_own_folder_counts_and_reaches_no_other_unit(
    asked: Options, spec: Spec
) -> None:
    hand_in(asked, spec, "示例乙局", 2023, carried(10, 0))
    hand_in(asked, spec, "示例乙局", 2024, carried(30, 0))
    folder = build(asked).folder
    own = asked.inputs / "2024" / "示例甲局"
    own.mkdir()
    (asked.inputs / "2024" / "示例甲局.xlsx").rename(own / "报送表.xlsx")
    build(asked)
    write_answers(folder / "示例甲局" / "校验意见.xlsx", own / "校验意见.xlsx", "属实")
    assert {one.unit: one.answer for one in build(asked).findings} == {"示例甲局": "属实", "示例乙局": None}


def test_answers_written_into_the_outputs_copy_are_kept_aside(asked: Options) -> None:
    returned = build(asked).folder / "示例甲局" / "校验意见.xlsx"
    write_answers(returned, returned, "写错了地方")
    outcome = check(asked)
    kept = returned.with_name("校验意见（填有说明的旧本）.xlsx")
    assert kept.name in outcome.results[0].notes[0]
    assert "写错了地方" in [cell.value for cell in openpyxl.load_workbook(kept)["逐条"][2]]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_an_answer_that_cannot_be_read_is_named_and_stops_nothing(asked: Options, data: bytes) -> None:
    (asked.inputs / "2024" / "校验意见.xlsx").write_bytes(data)
    outcome = build(asked)
    assert [one.state for one in outcome.results] == ["built"]
    assert outcome.unused[0].startswith("校验意见.xlsx（单位说明没有读到：")


def test_another_workbook_of_that_name_is_no_answer(asked: Options) -> None:
    book = openpyxl.Workbook()
    stream = io.BytesIO()
    book.save(stream)
    (asked.inputs / "2024" / "校验意见.xlsx").write_bytes(stream.getvalue())
    assert pipeline.answers(pipeline.open_place(asked))[0] == []
    assert "里面没有“单位说明”和“核对码”两栏" in check(asked).unused[0]


def test_two_answers_to_one_finding_are_both_kept(asked: Options) -> None:
    returned = build(asked).folder / "示例甲局" / "校验意见.xlsx"
    for name, said in (("校验意见1", "甲说"), ("校验意见2", "乙说"), ("校验意见3", "甲说")):
        write_answers(returned, asked.inputs / "2024" / f"{name}.xlsx", said)
    assert [one.answer for one in check(asked).findings] == ["甲说；乙说"]


def test_a_returned_workbook_under_another_name_is_no_return(asked: Options) -> None:
    returned = build(asked).folder / "示例甲局" / "校验意见.xlsx"
    write_answers(returned, asked.inputs / "2024" / "回复.xlsx", "属实")
    outcome = check(asked)
    assert [one.unit for one in outcome.results] == ["示例甲局"]
    assert "回复.xlsx（是发回的校验意见" in outcome.unused[0]
    alone = check(asked, [asked.inputs / "2024" / "回复.xlsx"])
    assert [one.code for one in alone.findings] == ["F119"]


def test_a_file_named_otherwise_than_the_unit_inside_is_asked_about(put: Options, spec: Spec) -> None:
    hand_in(put, spec, "示例甲局", 2024, carried(10, 0))
    (put.inputs / "2024" / "示例甲局.xlsx").rename(put.inputs / "2024" / "政务公开报送表(1).xlsx")
    assert [one.code for one in check(put).findings] == ["F107"]


def test_units_that_sent_nothing_are_named_though_no_day_is_set(
    put: Options, spec: Spec, capsys: pytest.CaptureFixture[str]
) -> None:
    registered(put, "1,示例甲局,,department,county,,,,,,", "2,示例乙局,,department,county,,,,,,")
    hand_in(put, spec, "示例甲局", 2024, carried(10, 0))
    assert main(["check", "--inputs", str(put.inputs), "--outputs", str(put.outputs)]) == 0
    assert "名册中另有 1 个单位没有报送：示例乙局" in capsys.readouterr().out
