"""A year's comparisons and the circular, as build and compare write them: what is written, kept, replied and mended."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import return_of
from texts import FIELDS, RIVERS, SCHOOLS, Base, other_numbers

from report_builder import blank, pipeline
from report_builder.cli import main
from report_builder.errors import SpecError
from report_builder.model import Section
from report_builder.pipeline import Options, build, circulars, compare_units
from report_builder.spec import Spec

YEAR = 2024
COPIER, NEW = "甲山市体育局", "甲山市档案局"
COMPARED = {"年际比对.docx", "年际比对.html", "年际比对.json"}
REPLY, OUTCOME = "整改回复", "结果"


def hand_in(inputs: Path, spec: Spec, unit: str, base: Base, year: int = YEAR) -> None:
    """A unit's return with the text of a base, its numbers other in every year."""
    fmt = spec.format_for(year)
    assert fmt is not None
    texts = {number: tuple(map(other_numbers, parts)) for number, parts in base.sections.items()}
    kept = return_of(fmt, None, year, unit=unit)
    written = tuple(
        Section(one.number, one.title, texts.get(one.number, one.paragraphs)) for one in kept.sections
    )
    data = blank.draw(fmt, spec.workbook, blank.Filling(year, filled=replace(kept, sections=written)))
    (inputs / str(year)).mkdir(parents=True, exist_ok=True)
    (inputs / str(year) / f"{unit}.xlsx").write_bytes(data)


@pytest.fixture
def place(tmp_path: Path, spec: Spec) -> Options:
    """One that copied its own last year, one that copied that one, an honest one, and one without a year before."""
    inputs = tmp_path / "in"
    now = ((SCHOOLS.unit, SCHOOLS), (COPIER, SCHOOLS), (RIVERS.unit, RIVERS), (NEW, FIELDS))
    for unit, base in now:
        hand_in(inputs, spec, unit, base)
    for unit, base in ((SCHOOLS.unit, SCHOOLS), (COPIER, FIELDS), (RIVERS.unit, FIELDS)):
        hand_in(inputs, spec, unit, base, YEAR - 1)
    (inputs / "settings.toml").write_text('[repetition]\nmend_by = "04-15"\n', encoding="utf-8")
    return Options(inputs=inputs, outputs=tmp_path / "out", jobs=1, formats=("json",))


def contents(folder: Path) -> dict[str, bytes]:
    """Every output but the log, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "run.log"
    }


def named(folder: Path, names: set[str]) -> dict[str, bytes]:
    return {path: data for path, data in contents(folder).items() if path.rpartition("/")[2] in names}


def document(options: Options) -> dict[str, Any]:
    path = options.outputs / str(YEAR) / "汇总" / "雷同.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def told(options: Options, sheet: str = "雷同通报") -> list[dict[str, Any]]:
    """The rows of a sheet of the circular, by their heads."""
    book = openpyxl.load_workbook(options.outputs / str(YEAR) / "汇总" / "雷同通报.xlsx")
    grid = [[cell.value for cell in row] for row in book[sheet].iter_rows()]
    head = next(at for at, row in enumerate(grid) if REPLY in row)
    return [dict(zip(grid[head], row, strict=True)) for row in grid[head + 1 :]]


def states(outcome: pipeline.Outcome) -> dict[str, str]:
    return {result.unit: result.state for result in outcome.results}


def test_build_writes_what_compare_writes_also_for_a_unit_held_back(place: Options, tmp_path: Path) -> None:
    outcome = build(place)
    assert states(outcome)[SCHOOLS.unit] == states(outcome)[COPIER] == "blocked"
    elsewhere = replace(place, outputs=tmp_path / "elsewhere")
    compare_units(elsewhere)
    made = COMPARED | {"雷同通报.xlsx", "雷同.json"}
    assert named(place.outputs, made) == contents(elsewhere.outputs)
    held = {path.split("/")[1] for path in named(place.outputs, COMPARED)}
    assert held == {SCHOOLS.unit, COPIER, RIVERS.unit}
    files = {result.unit: {name.rpartition("/")[2] for name in result.files} for result in outcome.results}
    assert files[SCHOOLS.unit] > COMPARED
    assert not files[NEW] & COMPARED


def test_nothing_is_compared_again_where_nothing_changed(
    place: Options, spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(place)
    before = contents(place.outputs)
    asked: list[object] = []
    monkeypatch.setattr(circulars, "renewed", spied(circulars.renewed, asked))
    build(place)
    assert contents(place.outputs) == before
    (place.inputs / str(YEAR) / "说明.txt").write_text("与报送无关的文件", encoding="utf-8")
    assert build(place).unused == ("说明.txt",)
    assert asked == []
    hand_in(place.inputs, spec, NEW, RIVERS)
    assert [unit for unit, state in states(build(place)).items() if state == "built"] == []
    assert len(asked) == 1


def spied(run: Callable[..., Any], calls: list[object]) -> Callable[..., Any]:
    def counted(*given: object) -> object:
        calls.append(given)
        return run(*given)

    return counted


def test_units_left_as_they_were_tell_the_circular_the_same(
    place: Options, spec: Spec, tmp_path: Path
) -> None:
    build(place)
    hand_in(place.inputs, spec, NEW, Base(NEW, {1: FIELDS.sections[1]}, ()))
    assert [one.unit for one in build(place).results if one.told is not None] == [NEW]
    afresh = replace(place, outputs=tmp_path / "afresh")
    build(afresh)
    assert contents(place.outputs) == contents(afresh.outputs)


def test_a_unit_that_failed_is_told_of_when_it_no_longer_does(
    place: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("report_builder.pipeline.unit.against_last", broken)
    assert set(states(build(place)).values()) == {"failed"}
    assert own_cases(place) == set()
    monkeypatch.undo()
    build(place)
    assert own_cases(place) == {SCHOOLS.unit, COPIER, RIVERS.unit}


def own_cases(options: Options) -> set[str]:
    return {one["unit"] for one in document(options)["units"] if one["unit"] == one["against"]["unit"]}


@pytest.mark.parametrize("lost", ["雷同通报.xlsx", "雷同.json"])
def test_a_circular_that_is_gone_is_made_again(place: Options, lost: str) -> None:
    build(place)
    before = contents(place.outputs)
    (place.outputs / str(YEAR) / "汇总" / lost).unlink()
    build(place)
    assert contents(place.outputs) == before


def test_a_circular_is_of_all_units_or_is_not_touched(place: Options) -> None:
    build(replace(place, units=(SCHOOLS.unit,)))
    assert not (place.outputs / str(YEAR) / "汇总").exists()
    mine = compare_units(replace(place, units=(COPIER,))).shared
    assert not (place.outputs / str(YEAR) / "汇总").exists()
    every = compare_units(place).shared
    assert {COPIER} <= {one.source.unit for one in mine.clusters} | {
        copy.text.unit for one in mine.clusters for copy in one.copies
    }
    assert mine.matches == tuple(one for one in every.matches if COPIER in {one.later.unit, one.earlier.unit})
    assert 0 < len(mine.matches) < len(every.matches)


def test_everybody_whom_the_rules_send_back_is_asked_in_the_circular(place: Options) -> None:
    outcome = build(place)
    sent_back = {one.unit for one in outcome.findings if one.code in {"R501", "R502"}}
    assert sent_back == {SCHOOLS.unit, COPIER}
    assert {row["单位"] for row in told(place) if row["处理意见"] == "更正"} == sent_back
    assert {one["unit"] for one in document(place)["units"] if one["asked"]} == sent_back


def test_who_was_not_compared_is_named_with_the_reason(place: Options) -> None:
    (place.inputs / str(YEAR) / "甲山市水务局.xlsx").write_bytes(b"")
    names = [SCHOOLS.unit, COPIER, RIVERS.unit, NEW, "甲山市水务局", "甲山市林业局"]
    rows = [f"{number},{name},,department,city,,,," for number, name in enumerate(names, 1)]
    head = "code,name,aliases,kind,level,parent,successor_of,since,until"
    (place.inputs / "units.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    build(place)
    reasons = {one["unit"]: one["why"] for one in document(place)["not_compared"]}
    assert list(reasons) == [NEW, "甲山市水务局", "甲山市林业局"]
    assert len(set(reasons.values())) == 3


def test_of_two_returns_of_one_unit_none_is_compared(place: Options, spec: Spec, tmp_path: Path) -> None:
    hand_in(tmp_path / "other", spec, SCHOOLS.unit, RIVERS)
    twice = tmp_path / "other" / str(YEAR) / f"{SCHOOLS.unit}.xlsx"
    twice.rename(place.inputs / str(YEAR) / f"{SCHOOLS.unit}（新）.xlsx")
    head, row = "code,name,aliases,kind,level,parent,successor_of,since,until", "department,city,,,,"
    names = [f"{SCHOOLS.unit},{SCHOOLS.unit}（新）", f"{COPIER},", f"{RIVERS.unit},", f"{NEW},"]
    rows = [f"{number},{name},{row}" for number, name in enumerate(names)]
    (place.inputs / "units.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    build(place)
    assert SCHOOLS.unit not in {path.split("/")[1] for path in named(place.outputs, COMPARED)}
    assert "几份报送" in {one["unit"]: one["why"] for one in document(place)["not_compared"]}[SCHOOLS.unit]
    assert SCHOOLS.unit not in {one["unit"] for one in document(place)["pairs"]}


def test_reports_of_units_that_handed_in_nothing_this_year_are_searched_too(
    place: Options, spec: Spec
) -> None:
    for unit in (SCHOOLS.unit, COPIER, RIVERS.unit):
        (place.inputs / str(YEAR) / f"{unit}.xlsx").unlink()
    hand_in(place.inputs, spec, NEW, SCHOOLS)
    build(place)
    (cluster,) = document(place)["clusters"]
    assert (cluster["source"]["unit"], cluster["source"]["report_year"]) == (SCHOOLS.unit, YEAR - 1)
    assert [one["unit"] for one in cluster["copies"]] == [NEW]
    (place.inputs / str(YEAR - 1) / f"{SCHOOLS.unit}.xlsx").unlink()
    build(place)
    assert document(place)["clusters"] == []


# The day for mending


def test_the_day_for_mending_is_printed_and_builds_no_unit_again(place: Options) -> None:
    build(place)
    assert document(place)["deadline"] == f"{YEAR + 1}-04-15"
    (place.inputs / "settings.toml").write_text("", encoding="utf-8")
    assert "built" not in states(build(place)).values()
    assert document(place)["deadline"] is None
    assert {row["整改期限"] for row in told(place)} == {None}


# Replies


def reply(options: Options, said: Mapping[str, str], path: Path) -> None:
    """The circular with replies typed in, kept at ``path``."""
    book = openpyxl.load_workbook(options.outputs / str(YEAR) / "汇总" / "雷同通报.xlsx")
    sheet = book["雷同通报"]
    heads = next(row for row in sheet.iter_rows() if REPLY in [cell.value for cell in row])
    column = {cell.value: cell.column for cell in heads}
    for row in range(heads[0].row + 1, sheet.max_row + 1):
        unit = sheet.cell(row, column["单位"]).value
        if unit in said and sheet.cell(row, column["整改期限"]).value is not None:
            cell = sheet.cell(row, column[REPLY], said[unit])
            cell.data_type = "s"
    stream = io.BytesIO()
    book.save(stream)
    path.write_bytes(stream.getvalue())


@pytest.fixture
def sent(place: Options) -> Options:
    """The place when the circular has gone out."""
    build(place)
    return place


def test_a_reply_is_read_back_and_no_unit_is_built_for_it(sent: Options) -> None:
    reply(sent, {SCHOOLS.unit: "=已改写"}, sent.inputs / str(YEAR) / "雷同通报-教育局.xlsx")
    outcome = build(sent)
    assert "built" not in states(outcome).values()
    assert (outcome.unused, outcome.notes) == ((), ())
    said = {row["单位"]: row[REPLY] for row in told(sent) if row["整改期限"]}
    assert said == {SCHOOLS.unit: "=已改写", COPIER: None}
    assert {row["单位"]: row[REPLY] for row in told(sent, "整改跟踪")} == said


def test_a_reply_stands_beside_what_has_been_mended(sent: Options, spec: Spec) -> None:
    reply(sent, {SCHOOLS.unit: "已全文改写"}, sent.inputs / str(YEAR) / "雷同通报.xlsx")
    build(sent)
    hand_in(sent.inputs, spec, SCHOOLS.unit, RIVERS)
    hand_in(sent.inputs, spec, RIVERS.unit, Base("", {1: FIELDS.sections[1]}, ()))
    build(sent)
    (row,) = (
        row
        for row in told(sent, "整改跟踪")
        if row["单位"] == SCHOOLS.unit and row["对照报告"] == f"本单位{YEAR - 1}年报告"
    )
    assert (row[OUTCOME], row[REPLY]) == ("已整改", "已全文改写")


def test_several_circulars_that_came_back_are_read_together(sent: Options) -> None:
    for name, said in (("1", {SCHOOLS.unit: "甲说"}), ("2", {SCHOOLS.unit: "乙说", COPIER: "丙说"})):
        reply(sent, said, sent.inputs / str(YEAR) / f"雷同通报{name}.xlsx")
    (sent.inputs / str(YEAR) / "雷同通报3.xlsx").write_bytes(
        (sent.inputs / str(YEAR) / "雷同通报1.xlsx").read_bytes()
    )
    build(sent)
    said = {row["单位"]: row[REPLY] for row in told(sent) if row["整改期限"]}
    assert said == {SCHOOLS.unit: "甲说；乙说", COPIER: "丙说"}


@pytest.mark.parametrize("run", [build, compare_units])
def test_a_reply_typed_into_the_outputs_is_never_lost(
    sent: Options, run: Callable[[Options], pipeline.Outcome | pipeline.Compared]
) -> None:
    folder = sent.outputs / str(YEAR) / "汇总"
    kept = [folder / f"雷同通报（填有回复的旧本{number}）.xlsx" for number in ("", 2)]
    for path, said in zip(kept, ("写错了地方", "又写了一次"), strict=True):
        reply(sent, {COPIER: said}, folder / "雷同通报.xlsx")
        (note,) = run(sent).notes
        assert path.name in note
        assert {row[REPLY] for row in told(sent)} == {None}
        assert said in [cell for row in openpyxl.load_workbook(path)["雷同通报"].values for cell in row]
    (folder / "雷同通报.xlsx").write_bytes(kept[0].read_bytes())
    assert kept[0].name in run(sent).notes[0]
    assert set(folder.glob("雷同通报*")) == {folder / "雷同通报.xlsx", *kept}
    for path in kept:
        path.rename(sent.inputs / str(YEAR) / path.name)
    assert run(sent).notes == ()
    (said,) = {row[REPLY] for row in told(sent) if row["单位"] == COPIER and row["整改期限"]}
    assert set(said.split("；")) == {"写错了地方", "又写了一次"}


def test_a_circular_under_another_name_is_no_return(sent: Options) -> None:
    reply(sent, {COPIER: "已改"}, sent.inputs / str(YEAR) / "体育局的回复.xlsx")
    outcome = build(sent)
    assert set(states(outcome)) == {SCHOOLS.unit, COPIER, RIVERS.unit, NEW}
    assert "体育局的回复.xlsx（是发回的雷同通报；请在文件名里保留“雷同通报”" in outcome.unused[0]
    (finding,) = pipeline.check(sent, [sent.inputs / str(YEAR) / "体育局的回复.xlsx"]).findings
    assert (finding.code, finding.message) == ("F119", "这是发回的雷同通报，不是报送表。")


def test_replies_that_cannot_be_read_or_belong_to_nothing_are_said(
    sent: Options, capsys: pytest.CaptureFixture[str]
) -> None:
    (sent.inputs / str(YEAR) / "雷同通报-坏.xlsx").write_bytes(b"PK")
    reply(sent, {COPIER: "已改"}, sent.inputs / str(YEAR) / "雷同通报.xlsx")
    (sent.outputs / str(YEAR) / "汇总" / "雷同.json").unlink()
    (sent.inputs / str(YEAR) / f"{COPIER}.xlsx").unlink()
    arguments = ["--inputs", str(sent.inputs), "--outputs", str(sent.outputs), "--quiet"]
    main(["build", *arguments, "--formats", "json"])
    said = capsys.readouterr()
    assert "雷同通报-坏.xlsx（整改回复没有读到：" in said.out + said.err
    assert "雷同通报.xlsx 里有 1 条整改回复对不上现在的通报" in said.out + said.err
    main(["compare", *arguments])
    again = capsys.readouterr()
    assert "雷同通报.xlsx 里有 1 条整改回复对不上现在的通报" in again.out + again.err


def test_a_damaged_document_is_said_for_what_was_followed_is_lost_with_it(sent: Options) -> None:
    path = sent.outputs / str(YEAR) / "汇总" / "雷同.json"
    path.write_text("{", encoding="utf-8")
    (note,) = build(sent).notes
    assert note.startswith("雷同.json 读不出来")
    assert build(sent).notes == ()


# --- groups that share text by right --------------------------------------------------------------------------

REGISTRY = "\n".join(
    [
        "code,name,aliases,kind,level,parent,successor_of,since,until",
        f"1,{SCHOOLS.unit},甲山教育,department,city,,,,",
        *(f"{at},{unit},,department,city,,,," for at, unit in enumerate((COPIER, RIVERS.unit, NEW), 2)),
    ]
)


def declared(options: Options, *units: str) -> Options:
    """The place with a registry, and a group of these units that may share text."""
    (options.inputs / "units.csv").write_text(REGISTRY, encoding="utf-8")
    said = json.dumps([units], ensure_ascii=False)
    (options.inputs / "settings.toml").write_text(f"[repetition]\nshared_groups = {said}\n", encoding="utf-8")
    return options


def named_together(options: Options) -> set[frozenset[str]]:
    return {frozenset((one.later.unit, one.earlier.unit)) for one in compare_units(options).shared.matches}


def test_a_group_may_name_a_unit_by_its_alias(place: Options) -> None:
    pair = frozenset((SCHOOLS.unit, COPIER))
    assert pair in named_together(declared(place, RIVERS.unit, NEW))
    assert pair not in named_together(declared(place, "甲山教育", COPIER))


@pytest.mark.parametrize(
    ("units", "said"),
    [
        ((f"{COPIER[:-1]}厅", SCHOOLS.unit), f"不在单位名册中，是否应为“{COPIER}”？"),
        ((COPIER,), "一组至少写两个单位"),
        ((SCHOOLS.unit, "甲山教育"), "一组至少写两个单位"),
        ((), "一组至少写两个单位"),
    ],
    ids=["unknown", "one", "twice", "none"],
)
def test_a_group_that_would_do_nothing_is_said(place: Options, units: tuple[str, ...], said: str) -> None:
    with pytest.raises(SpecError, match=re.escape(said)):
        compare_units(declared(place, *units))
