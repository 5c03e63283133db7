"""The whole job, from a folder of returns to proved reports: what is built, kept, held back, and never lost."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import DATA, PUBLISHED, published_cells, return_of

from report_builder import archive, blank, collect, pipeline
from report_builder.cli import main
from report_builder.errors import InputError, SpecError
from report_builder.figures import figure
from report_builder.model import Section
from report_builder.pipeline import Options, build
from report_builder.spec import Spec, load_spec
from report_builder.spec.load import HERE

ROOT = Path(__file__).resolve().parents[1]
QUICK = ("docx", "html", "csv", "json")
REPORTS = ("年度报告.docx", "年度报告.html", "年度报告.pdf")


def workbook(
    spec: Spec, unit: str, year: int, cells: Mapping[str, object] | None = None, **fields: Any
) -> bytes:
    """A filled return of a fictional unit."""
    fmt = spec.format_for(year)
    assert fmt is not None
    ret = return_of(fmt, cells, year, unit=unit, **fields)
    return blank.draw(fmt, spec.workbook, blank.Filling(year, filled=ret))


@pytest.fixture
def place(tmp_path: Path, spec: Spec) -> Options:
    """A fictional place: two clean units over two years and one with a fault."""
    inputs = tmp_path / "输入 文件"
    for year, received in ((2023, 20), (2024, 30)):
        (inputs / str(year)).mkdir(parents=True)
        grown = {
            f"requests.{row}.{column}": received
            for row in ("received", "granted", "results_total")
            for column in ("natural_person", "total")
        }
        for unit in ("示例甲局", "示例乙局"):
            (inputs / str(year) / f"{unit}.xlsx").write_bytes(workbook(spec, unit, year, grown))
    (inputs / "2024" / "示例丙局.xlsx").write_bytes(
        workbook(spec, "示例丙局", 2024, {"requests.received.total": 3})
    )
    return Options(inputs=inputs, outputs=tmp_path / "输出", jobs=1, formats=QUICK)


def contents(folder: Path) -> dict[str, bytes]:
    """Every output but the log and the journal of a run that did not end, by its path."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and p.name not in {"run.log", ".journal"}
    }


def states(outcome: pipeline.Outcome) -> dict[str, str]:
    return {result.unit: result.state for result in outcome.results}


def test_one_units_fault_stops_no_other(place: Options) -> None:
    outcome = build(place)
    assert states(outcome) == {"示例甲局": "built", "示例乙局": "built", "示例丙局": "blocked"}
    assert not (outcome.folder / "示例丙局" / "年度报告.docx").exists()
    assert (outcome.folder / "示例丙局" / "校验意见.xlsx").exists()
    facts = json.loads((outcome.folder / "示例甲局" / "facts.json").read_text(encoding="utf-8"))
    assert facts["tables"]["requests"]["received"]["total"] == 30
    assert facts["sources"]["requests.received.total"].startswith("示例甲局.xlsx·依申请公开!")
    said = "".join(facts["sections"][2]["paragraphs"])
    assert "较上年增加10件、增长50.00%" in said


def test_the_same_inputs_give_the_same_bytes_elsewhere(place: Options, tmp_path: Path) -> None:
    first = build(place).folder
    other = tmp_path / "别处"
    shutil.copytree(place.inputs, other / "in")
    second = build(Options(inputs=other / "in", outputs=other / "out", jobs=2, formats=QUICK)).folder
    assert contents(first) == contents(second)


def test_only_what_changed_is_built_again(place: Options, spec: Spec) -> None:
    build(place)
    before = contents(place.outputs)
    assert states(build(place)) == {"示例甲局": "unchanged", "示例乙局": "unchanged", "示例丙局": "blocked"}
    assert contents(place.outputs) == before
    (place.inputs / "2023" / "示例甲局.xlsx").write_bytes(workbook(spec, "示例甲局", 2023))
    assert states(build(place))["示例甲局"] == "built"
    (place.outputs / "2024" / "示例乙局" / "年度报告.docx").unlink()
    assert states(build(place)) == {"示例甲局": "unchanged", "示例乙局": "built", "示例丙局": "blocked"}


def test_a_recorded_reason_builds_a_marked_draft(place: Options) -> None:
    options = Options(**{**vars_of(place), "reason": "示例：先行征求意见"})
    outcome = build(options)
    assert states(outcome)["示例丙局"] == "built"
    manifest = json.loads((outcome.folder / "manifest.json").read_text(encoding="utf-8"))
    reasons = {unit["unit"]: unit["reason"] for unit in manifest["units"]}
    assert reasons == {"示例甲局": "", "示例乙局": "", "示例丙局": "示例：先行征求意见"}
    assert "示例：先行征求意见" in (outcome.folder / "示例丙局" / "年度报告.html").read_text(encoding="utf-8")
    assert "示例：先行征求意见" not in (outcome.folder / "示例甲局" / "年度报告.html").read_text(
        encoding="utf-8"
    )


def vars_of(options: Options) -> dict[str, Any]:
    return {name: getattr(options, name) for name in options.__dataclass_fields__}


def test_last_outputs_stay_when_a_unit_is_held_back(place: Options) -> None:
    build(place)
    kept = (place.outputs / "2024" / "示例甲局" / "年度报告.docx").read_bytes()
    (place.inputs / "2024" / "示例甲局.xlsx").write_bytes(b"")
    assert states(build(place))["示例甲局"] == "blocked"
    assert (place.outputs / "2024" / "示例甲局" / "年度报告.docx").read_bytes() == kept


def test_two_returns_of_one_unit_are_both_refused(place: Options) -> None:
    (place.inputs / "units.csv").write_text(
        "code,name,aliases,kind,level,parent,successor_of,since,until\n"
        "A1,示例甲局,甲局,department,county,,,,\nA2,示例乙局,,department,county,,,,\n",
        encoding="utf-8",
    )
    shutil.copy(place.inputs / "2024" / "示例甲局.xlsx", place.inputs / "2024" / "甲局(1).xlsx")
    outcome = build(place)
    codes = {result.unit: [finding.code for finding in result.findings] for result in outcome.results}
    assert codes["示例甲局"] == ["F105"]
    assert "F104" in codes["示例丙局"]
    assert states(outcome)["示例乙局"] == "built"


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_published_figures_go_through_the_whole_job(path: Path, tmp_path: Path, spec: Spec) -> None:
    year = int(path.stem[-4:])
    fmt = spec.format_for(year)
    assert fmt is not None
    cells = published_cells(path, fmt)
    inputs = tmp_path / "in"
    (inputs / str(year)).mkdir(parents=True)
    (inputs / str(year) / "示例局.xlsx").write_bytes(workbook(spec, "示例局", year, cells))
    reason = "示例：公开数字回测"
    outcome = build(Options(inputs=inputs, outputs=tmp_path / "out", jobs=1, reason=reason))
    assert states(outcome) == {"示例局": "built"}
    for name in REPORTS:
        back = archive.read(outcome.folder / "示例局" / name, spec)
        assert back.format_id == fmt.id
        for key, value in cells.items():
            said = figure(value, "")
            assert (back.number(key), key) == (said.number, key)
            if said.number is None:
                assert back.cells[key].text == value


def test_read_back_gives_the_same_text_and_facts(place: Options, spec: Spec) -> None:
    folder = build(place).folder / "示例甲局"
    facts = archive.read(folder / "facts.json", spec)
    for name in ("年度报告.docx", "年度报告.html"):
        back = archive.read(folder / name, spec)
        assert (back.unit, back.report_year) == ("示例甲局", 2024)
        assert {key: held.number for key, held in back.cells.items()} == {
            key: held.number for key, held in facts.cells.items()
        }
        assert [(s.number, s.paragraphs) for s in back.sections] == [
            (s.number, s.paragraphs) for s in facts.sections
        ]


@pytest.mark.parametrize("kind", ["facts.json", "年度报告.html", "年度报告.docx"])
def test_last_year_may_be_facts_or_the_published_report(kind: str, place: Options, tmp_path: Path) -> None:
    last = build(Options(**{**vars_of(place), "year": 2023})).folder / "示例甲局" / kind
    inputs = tmp_path / "again"
    (inputs / "2023").mkdir(parents=True)
    shutil.copytree(place.inputs / "2024", inputs / "2024")
    shutil.copy(last, inputs / "2023" / f"示例甲局{last.suffix}")
    outcome = build(
        Options(inputs=inputs, outputs=tmp_path / "out2", jobs=1, formats=("json",), units=("示例甲局",))
    )
    facts = (outcome.folder / "示例甲局" / "facts.json").read_text(encoding="utf-8")
    assert "较上年增加10件、增长50.00%" in facts


def test_an_invented_format_needs_no_python(tmp_path: Path) -> None:
    inputs = tmp_path / "in"
    for folder in ("formats", "rules"):
        (inputs / "spec" / folder).mkdir(parents=True)
    shutil.copy(DATA / "invented.toml", inputs / "spec" / "formats" / "2031.toml")
    shutil.copy(DATA / "invented_workbook.toml", inputs / "spec" / "workbook.toml")
    (inputs / "settings.toml").write_text('spec_dir = "spec"\n', encoding="utf-8")
    (inputs / "2031").mkdir()
    spec = load_spec(inputs / "spec")
    fmt = spec.format_for(2031)
    assert fmt is not None
    options = Options(inputs=inputs, outputs=tmp_path / "out", jobs=1, year=2031)
    drawn = pipeline.blank(options)[0]
    book = openpyxl.load_workbook(drawn)
    sheet = book["收办表"]
    labels = {
        str(cell.value): cell.row for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)
    }
    assert {"北区", "甲、收件", "办件小计"} <= set(labels)
    values: dict[str, object] = dict.fromkeys(fmt.slots, 0)
    values |= {
        "asks.got.north": 2,
        "asks.got.south": 1,
        "asks.got.whole": 3,
        "goods.maps.money": Decimal("1.50"),
        "goods.posts.delta": -4,
    }
    ret = return_of(
        fmt, values, 2031, sections=(Section(1, fmt.section(1).title, ("虚构单位的概述。",)),), fee=None
    )
    (inputs / "2031" / "示例局.xlsx").write_bytes(
        blank.draw(fmt, spec.workbook, blank.Filling(2031, filled=ret))
    )
    outcome = build(options)
    assert states(outcome) == {"示例局": "built"}
    for name in (*REPORTS, "facts.json"):
        back = archive.read(outcome.folder / "示例局" / name, spec)
        assert {key: back.number(key) for key in fmt.slots} == {
            key: figure(value, "").number for key, value in values.items()
        }
    assert "2031年收件3件，办件0件。" in (outcome.folder / "示例局" / "年度报告.html").read_text(
        encoding="utf-8"
    )


def test_the_demonstration_builds_with_nothing_that_blocks(tmp_path: Path) -> None:
    outcome = build(Options(inputs=ROOT / "data_inputs", outputs=tmp_path))
    assert len(outcome.results) >= 14
    assert set(states(outcome).values()) == {"built"}


def test_faulty_examples_are_explained_in_the_cells_where_the_faults_lie(tmp_path: Path) -> None:
    import tomllib  # noqa: PLC0415

    faulty = ROOT / "examples" / "faulty"
    expected = tomllib.loads((faulty / "sources" / "faults.toml").read_text(encoding="utf-8"))
    outcome = pipeline.check(Options(inputs=faulty, outputs=tmp_path))
    found = {result.unit: result.findings for result in outcome.results}
    for fault in expected["faults"]:
        assert {finding.code for finding in found[fault["unit"]]} == set(fault["rules"])
        if fault.get("cells"):
            assert {cell for finding in found[fault["unit"]] for cell in finding.cells} >= set(fault["cells"])
    for clean in expected["clean"]:
        assert found[clean["unit"]] == ()


CANNOT_RUN = {
    "no_folder": (["build", "--inputs", "没有"], "没有找到输入文件夹"),
    "no_year": (["build", "--inputs", "."], "没有年度文件夹"),
    "year_without_inputs": (["build", "--inputs", "in", "--year", "2022"], "没有 2022 年的文件夹"),
    "year_without_format": (["build", "--inputs", "in", "--year", "1999"], "没有适用于 1999 年的报告格式"),
    "empty_year": (["build", "--inputs", "empty"], "没有报送表"),
    "unknown_unit": (["build", "--inputs", "in", "--unit", "示例甲司"], "是否应为“示例甲局”"),
    "unknown_kind": (["build", "--inputs", "in", "--formats", "doc"], "可用的有"),
    "bad_setting": (["build", "--inputs", "bad"], "没有“palce”这一项，是否应为“place”"),
    "one_file_to_compare": (["compare", "in/2024/示例甲局.xlsx"], "compare 后面写两份文件"),
    "no_file_to_compare": (["compare", "没有.docx", "没有.pdf"], "没有找到文件"),
    "no_such_verb": (["bild"], "没有这个选项"),
    "empty_reason": (["build", "--inputs", "in", "--allow-findings", " "], "写明理由"),
    "no_such_rule": (["rules", "B310"], "是否应为"),
    "no_such_file": (["check", "没有.xlsx"], "没有找到文件"),
}


@pytest.mark.parametrize("case", CANNOT_RUN)
def test_what_cannot_run_says_so_in_one_sentence(
    case: str, tmp_path: Path, spec: Spec, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("in/2024", "empty/2024", "bad/2024"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "in/2024/示例甲局.xlsx").write_bytes(workbook(spec, "示例甲局", 2024))
    (tmp_path / "bad/settings.toml").write_text('[palce]\nname = "示例省"\n', encoding="utf-8")
    arguments, words = CANNOT_RUN[case]
    try:
        status = main(arguments)
    except SystemExit as stop:
        status = int(str(stop.code))
    said = capsys.readouterr()
    assert status == 2
    assert words in said.err
    assert "Traceback" not in said.err
    assert said.out == ""


def test_status_and_json_follow_the_contract(place: Options, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--inputs", str(place.inputs), "--outputs", str(place.outputs), "--quiet", "--json"]
    assert main(["build", *common, "--formats", "json", "--jobs", "1"]) == 1
    built = json.loads(capsys.readouterr().out)
    assert {unit["state"] for unit in built["units"]} == {"built", "blocked"}
    assert main(["check", *common]) == 1
    checked = json.loads(capsys.readouterr().out)
    assert {run["state"] for run in checked["runs"]} <= {
        "held",
        "found",
        "not_applicable",
        "insufficient_data",
    }
    assert checked["findings"][0]["cells"]
    assert main(["check", *common, str(place.inputs / "2024" / "示例甲局.xlsx")]) == 0
    capsys.readouterr()
    assert main(["read", str(place.outputs / "2024" / "示例甲局" / "facts.json"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unit"] == "示例甲局"
    (place.inputs / "x.pdf").write_bytes(b"nothing")
    assert main(["read", str(place.inputs / "x.pdf")]) == 1


def test_outputs_that_cannot_be_written_are_named(
    place: Options, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert main(["build", "--inputs", str(place.inputs), "--outputs", str(tmp_path / "file"), "--quiet"]) == 2
    assert "写不进去" in capsys.readouterr().err


def test_names_that_climb_out_of_the_folder_stay_in_it(place: Options) -> None:
    path = place.inputs / "2024" / "示例丁局.json"
    facts = {"unit": "../../越界", "report_year": 2024, "tables": {}}
    path.write_text(json.dumps(facts), encoding="utf-8")
    build(place)
    assert not list(place.outputs.parent.glob("越界*"))
    assert (place.outputs / "2024" / "示例丁局").is_dir()


def test_a_folder_where_a_file_should_be(place: Options) -> None:
    (place.inputs / "2024" / "示例丁局.xlsx").mkdir()
    outcome = build(place)
    finding = next(
        finding for result in outcome.results for finding in result.findings if "文件夹" in finding.message
    )
    assert finding.code == "F101"


def test_interrupted_runs_leave_nothing_half_written(
    place: Options, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    build(place)
    before = contents(place.outputs)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("report_builder.pipeline.unit._report_begun", interrupted)
    arguments = [
        "build",
        "--inputs",
        str(place.inputs),
        "--outputs",
        str(place.outputs),
        "--force",
        "--jobs",
        "1",
        "--quiet",
        "--formats",
        ",".join(QUICK),
    ]
    assert main(arguments) == 130
    assert "已中断" in capsys.readouterr().err
    assert {
        name: data for name, data in contents(place.outputs).items() if not name.endswith("校验意见.json")
    } == {name: data for name, data in before.items() if not name.endswith("校验意见.json")}


def test_a_product_that_says_another_number_is_not_handed_out(
    place: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    from report_builder.render import docx  # noqa: PLC0415

    real = docx.write

    def altered(draft: Any, fmt: Any, pictures: Any) -> bytes:
        from dataclasses import replace  # noqa: PLC0415

        blocks = tuple(
            replace(block, printed={**block.printed, "requests.received.total": "31"})
            if getattr(block, "key", "") == "requests"
            else block
            for block in draft.blocks
        )
        return real(replace(draft, blocks=blocks), fmt, pictures)

    monkeypatch.setattr(docx, "write", altered)
    outcome = build(place)
    failed = next(result for result in outcome.results if result.unit == "示例甲局")
    assert failed.state == "failed"
    assert "requests.received.total" in str(failed.why)
    assert not (outcome.folder / "示例甲局" / "年度报告.docx").exists()


def test_inputs_are_never_written_to(place: Options) -> None:
    before = contents(place.inputs)
    build(place)
    pipeline.check(place)
    pipeline.blank(place)
    assert contents(place.inputs) == before


def test_a_blank_return_brings_last_years_figures_along(place: Options, spec: Spec) -> None:
    carried = {
        "requests.carried_out.natural_person": 4,
        "requests.carried_out.total": 4,
        "requests.received.natural_person": 4,
        "requests.received.total": 4,
        "proactive.normative_documents.in_force": 17,
    }
    (place.inputs / "2023" / "示例甲局.xlsx").write_bytes(workbook(spec, "示例甲局", 2023, carried))
    path = next(path for path in pipeline.blank(place) if path.stem == "示例甲局")
    book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), data_only=True)
    ret = collect.read_return(path, spec, 2024)
    assert ret.number("requests.carried_in.natural_person") == 4
    assert ret.number("requests.received.natural_person") is None
    assert ret.number("proactive.normative_documents.in_force") is None
    values = [cell.value for row in book["主动公开"].iter_rows() for cell in row]
    assert 17 in values


def test_package_spec_is_complete() -> None:
    assert {path.name for path in HERE.glob("*.toml")} == {
        "concordance.toml",
        "lexicon.toml",
        "statutory.toml",
        "terms.toml",
        "wording.toml",
        "plan.toml",
        "published.toml",
        "score.toml",
        "oversight.toml",
        "workbook.toml",
    }


def test_no_inputs_at_all_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        build(Options(inputs=tmp_path / "x", outputs=tmp_path / "y"))


def test_settings_cannot_let_an_unusable_return_through(place: Options) -> None:
    for text, words in (
        ('[rules.F101]\nseverity = "explain"\n', "不能改为"),
        ('[rules.B3O1]\nseverity = "explain"\n', "是否应为“B301”"),
        ("[thresholds]\nB301 = 0.2\n", "没有界限可调"),
    ):
        (place.inputs / "settings.toml").write_text(text, encoding="utf-8")
        with pytest.raises(SpecError, match=words):
            build(place)


def test_a_file_name_that_is_no_utf8_is_refused_by_name(place: Options) -> None:
    folder = bytes(place.inputs / "2024")
    Path((folder + "/示例丁局.xlsx".encode("gb18030")).decode("utf-8", "surrogateescape")).write_bytes(b"x")
    outcome = build(place)
    assert any(
        "文件名不是 UTF-8" in finding.message for result in outcome.results for finding in result.findings
    )
    assert states(outcome)["示例甲局"] == "built"


def test_an_earlier_year_counts_once_whatever_was_kept_of_it(place: Options) -> None:
    folder = build(Options(**{**vars_of(place), "year": 2023})).folder / "示例甲局"
    shutil.copy(folder / "facts.json", place.inputs / "2023" / "示例甲局.json")
    held = pipeline.earlier_sources(pipeline.open_place(place))["示例甲局"]
    assert [(year, source.name) for year, source in held] == [(2023, "示例甲局.xlsx")]


def test_a_damaged_manifest_only_means_building_again(place: Options) -> None:
    build(place)
    path = place.outputs / "2024" / "manifest.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"outputs": {', '"outputs": null, "x": {', 1),
        encoding="utf-8",
    )
    assert set(states(build(place)).values()) == {"built", "blocked"}
    path.write_text(
        '{"units": [{"unit": "示例甲局", "key": "", "state": "", "inputs": null, "outputs": null}]}',
        encoding="utf-8",
    )
    assert states(build(place))["示例甲局"] == "built"


def test_an_opinion_that_was_answered_does_not_stay_behind(place: Options, spec: Spec) -> None:
    opinion = place.outputs / "2024" / "示例丙局" / "校验意见.xlsx"
    build(place)
    assert opinion.exists()
    (place.inputs / "2024" / "示例丙局.xlsx").write_bytes(workbook(spec, "示例丙局", 2024))
    assert states(build(place))["示例丙局"] == "built"
    assert not opinion.exists()
