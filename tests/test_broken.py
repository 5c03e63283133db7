"""Broken spec, settings and register files: each is refused in exactly the sentence that stands beside it."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from conftest import return_of
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from report_builder import blank
from report_builder.cli import CANNOT_RUN, main
from report_builder.errors import SpecError
from report_builder.spec import Spec, load_spec, toml
from report_builder.spec.load import HERE
from report_builder.validate import hold_rules

BROKEN = sorted((Path(__file__).parent / "broken").iterdir())
WORDS = "words.txt"
OF_THE_PLACE = ("settings.toml", "units.csv")
YEAR = 2024


@pytest.fixture(scope="session")
def clean(spec: Spec) -> bytes:
    """A return nothing is wrong with."""
    fmt = spec.format_for(YEAR)
    assert fmt is not None
    ret = return_of(fmt, year=YEAR)
    return blank.draw(fmt, spec.workbook, blank.Filling(YEAR, filled=ret))


def place(folder: Path, clean: bytes) -> Path:
    """An inputs folder with the clean return alone."""
    (folder / "in" / str(YEAR)).mkdir(parents=True)
    (folder / "in" / str(YEAR) / "示例局.xlsx").write_bytes(clean)
    return folder / "in"


def check(inputs: Path) -> int:
    return main(
        ["check", "--inputs", str(inputs), "--outputs", str(inputs.parent / "out"), "--year", str(YEAR)]
    )


def test_the_return_beside_the_broken_files_is_clean(
    tmp_path: Path, clean: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    assert check(place(tmp_path, clean)) == 0
    said = capfd.readouterr()
    assert "发现 0 处问题" in said.out
    assert said.err == ""


@pytest.mark.parametrize("folder", BROKEN, ids=lambda folder: folder.name)
def test_a_broken_file_is_refused_in_exactly_these_words(
    folder: Path, tmp_path: Path, clean: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    inputs = place(tmp_path, clean)
    of_the_place = any((folder / name).exists() for name in OF_THE_PLACE)
    leaving_words = shutil.ignore_patterns(WORDS)
    shutil.copytree(
        folder, inputs if of_the_place else inputs / "spec", dirs_exist_ok=True, ignore=leaving_words
    )
    if not of_the_place:
        (inputs / "settings.toml").write_text('spec_dir = "spec"\n', encoding="utf-8")
    status = check(inputs)
    said = capfd.readouterr()
    assert said.err == (folder / WORDS).read_text(encoding="utf-8")
    assert said.out == ""
    assert status == CANNOT_RUN


OF_THE_PACKAGE = {
    "wording": (
        "wording.toml",
        "{reason}",
        "{reasons}",
        "draft_mark 里的 {reasons} 没有内容可填，是否应为“reason”？",
    ),
    "change": (
        "wording.toml",
        "{percent}",
        "{difference:.1f}",
        "change more 里的 {difference:.1f} 写法不对；花括号里只能写一个名称，如 {difference}",
    ),
    "contact": (
        "wording.toml",
        "网址：{value}",
        "网址：{value",
        "contact website 里的花括号不成对；要印出花括号本身，请连写两个",
    ),
    "task_field": (
        "wording.toml",
        '["problems", "reason"]',
        '["problem", "reason"]',
        "task_unfinished_cells 用到的“problem”没有定义，是否应为“problems”？",
    ),
    "task_columns": (
        "wording.toml",
        "task_widths = [22, 12, 43, 23]",
        "task_widths = [22, 12, 66]",
        "task_columns、task_widths、task_cells 应当一样多",
    ),
    "task_state": (
        "wording.toml",
        'task_unfinished = ["doing"',
        'task_unfinished = ["going"',
        "task_unfinished 中的“going”没有定义，是否应为“doing”？",
    ),
    "task_mark": ("wording.toml", "overdue = ", "over_due = ", "task_marks 缺少“overdue”"),
    "task_sum": (
        "wording.toml",
        "{units}个单位",
        "{unit}个单位",
        "task_sum 里的 {unit} 没有内容可填，是否应为“units”？",
    ),
    "sheet_table": (
        "workbook.toml",
        'table = "disputes"',
        'table = "dispute"',
        "sheets“复议诉讼”的 table “dispute”没有定义，是否应为“disputes”？",
    ),
    "sheet_words": (
        "workbook.toml",
        "《{title}》",
        "《{titel}》",
        "sheets“填报说明”的 instructions 里的 {titel} 没有内容可填，是否应为“title”？",
    ),
    "sheet_twice": (
        "workbook.toml",
        'name = "复议诉讼"',
        'name = "主动公开"',
        "sheets 的 name“主动公开”出现了 2 次；请只留一处",
    ),
    "score_rule": (
        "score.toml",
        '{ code = "D901"',
        '{ code = "D90"',
        "clauses“timeliness”用到的规则“D90”没有定义，是否应为“D902”？",
    ),
    "score_rule_twice": (
        "score.toml",
        '{ code = "T705"',
        '{ code = "T704"',
        "rules 的 code“T704”出现了 2 次；请只留一处",
    ),
    "score_wording": (
        "score.toml",
        "、占比（T705）",
        "",
        "clauses“prose”：T705 rules 里有，wording 没有写；两处应当一致",
    ),
    "score_measured_by_none": (
        "score.toml",
        '  { code = "T705", points = 1 },\n',
        "",
        "clauses“prose”：T705 wording 写了，rules 里没有；两处应当一致",
    ),
    "score_points": (
        "score.toml",
        '"D901", points = 8',
        '"D901", points = 0',
        "clauses“timeliness”：D901 的 points 是 0，应大于 0",
    ),
    "score_costs": (
        "score.toml",
        '"F103", points = 3, costs = 1',
        '"F103", points = 3, costs = 4',
        "clauses“readability”：F103 的 costs 是 4，应在 0 和 points（3）之间",
    ),
    "score_note": (
        "score.toml",
        "{least_group}",
        "{least_groups}",
        "notes 里的 {least_groups} 没有内容可填，是否应为“least_group”？",
    ),
    "oversight_measure": (
        "oversight.toml",
        '"received"',
        '"recieved"',
        "key_measures 用到的“recieved”没有定义，是否应为“received”？",
    ),
}


@pytest.mark.parametrize("case", OF_THE_PACKAGE)
def test_a_slip_in_a_copy_of_the_packages_own_words_is_named(case: str, tmp_path: Path) -> None:
    file, right, wrong, words = OF_THE_PACKAGE[case]
    text = (HERE / file).read_text(encoding="utf-8")
    assert right in text
    (tmp_path / file).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(SpecError) as fault:
        load_spec(tmp_path)
    assert str(fault.value) == f"{file}：{words}"


def test_the_places_own_rules_are_those_that_check_and_rules_speak(
    tmp_path: Path, clean: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = place(tmp_path, clean)
    shutil.copytree(HERE / "formats", inputs / "own" / "formats")
    (inputs / "own" / "rules").mkdir()
    for name, right, wrong in (
        ("rules/S602.toml", 'code = "S602"', 'code = "S699"'),
        ("formats/2021.toml", "[rules]\n", '[rules]\nS699 = "示例省的规定"\n'),
        ("terms.toml", 'explain = "说明"', 'explain = "请说明"'),
    ):
        text = (HERE / name).read_text(encoding="utf-8").replace(right, wrong, 1)
        (inputs / "own" / name.replace("S602", "S699")).write_text(text, encoding="utf-8")
    (inputs / "settings.toml").write_text(
        'spec_dir = "own"\n[rules.S699]\nseverity = "explain"\n', encoding="utf-8"
    )
    assert main(["rules", "S699", "--inputs", str(inputs)]) == 0
    assert "示例省的规定" in capsys.readouterr().out
    (inputs / str(YEAR) / "示例局").mkdir()
    (inputs / str(YEAR) / "示例局.xlsx").rename(inputs / str(YEAR) / "示例局" / "示例局.xlsx")
    (inputs / str(YEAR) / "示例局" / "正文.txt").write_text("一、总体情况\n无\n", encoding="utf-8")
    check(inputs)
    assert "请说明 S699 应写的文字没有写" in capsys.readouterr().out


FILES = sorted(HERE.rglob("*.toml"))
parsed = cache(toml.parse)
SPOILT: tuple[Any, ...] = (
    None,
    "",
    "坏",
    "{",
    "*",
    -1,
    0,
    True,
    Decimal("NaN"),
    Decimal("0.5"),
    [],
    {},
    [[]],
    [{}],
    ["x"],
    {"a": 1},
)


def places(node: object, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a parsed file."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*at, key)
        yield from places(value, (*at, key))


@effort(max_examples=60)
@given(data=st.data())
def test_one_value_spoilt_anywhere_in_the_law_never_breaks_the_program(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(FILES))
    spoilt = copy.deepcopy(parsed(path))
    *way, last = data.draw(st.sampled_from(list(places(spoilt))))
    holder: Any = spoilt
    for key in way:
        holder = holder[key]
    holder[last] = data.draw(st.sampled_from(SPOILT))
    if holder[last] is None:
        del holder[last]
    with mock.patch.object(toml, "parse", lambda one: spoilt if one == path else copy.deepcopy(parsed(one))):
        said = refusal()
    assert said is None or ".toml" in said


def refusal() -> str | None:
    """What the law's files are refused with; None where they hold."""
    try:
        hold_rules(load_spec())
    except SpecError as fault:
        return str(fault)
    return None
