"""The unit tree: who is below whom at a year's end, and whose figures a place's aggregate holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report_builder.errors import InputError
from report_builder.model import UNIT_KINDS, UNIT_LEVELS, Unit
from report_builder.registry import _CHANGES, Registry, Tree, load_registry

HEAD = "code,name,aliases,kind,level,parent,successor_of,since,until,change,excluded_from\n"
PLACE = """P,示例省人民政府,,government,province,,,,,,
C,甲山市人民政府,,government,city,P,,,,,
C1,甲山市教育局,,department,city,C,,,,,
C2,甲山市税务局,,vertical,city,C,,,,,
C3,甲山市税务局稽查局,,department,city,C2,,,,,
D,东示县人民政府,,government,county,C,,,,,
D1,东示县教育局,东示教育局,department,county,D,,,,,
D2,东示县教育考试院,,institution,county,D1,,,,,
Z,甲山市开发区,,government,county,C,,,,,甲山市人民政府
Z1,甲山市开发区建设局,,department,county,Z,,,,,
"""


def registry(tmp_path: Path, rows: str) -> Registry:
    (tmp_path / "units.csv").write_text(HEAD + rows, encoding="utf-8")
    return load_registry(tmp_path)


def members(tree: Tree, place: str, came: frozenset[str] = frozenset()) -> list[str]:
    unit = next(unit for unit in tree.units if unit.name == place)
    return [one.name for one in tree.members(unit, came)]


def test_leaves_are_counted_once_and_what_is_led_from_above_or_excluded_never(tmp_path: Path) -> None:
    tree = registry(tmp_path, PLACE).tree(2024)
    assert members(tree, "东示县人民政府") == ["东示县教育局", "东示县教育考试院"]
    assert members(tree, "甲山市人民政府") == ["甲山市教育局", "东示县教育局", "东示县教育考试院"]
    assert members(tree, "示例省人民政府") == [
        "甲山市教育局",
        "东示县教育局",
        "东示县教育考试院",
        "甲山市开发区建设局",
    ]
    city = next(unit for unit in tree.units if unit.code == "C")
    apart = [one.name for one in tree.apart(city)]
    assert apart == ["甲山市税务局", "甲山市税务局稽查局", "甲山市开发区", "甲山市开发区建设局"]


def test_a_government_counts_by_its_own_return_where_none_of_its_members_came(tmp_path: Path) -> None:
    tree = registry(tmp_path, PLACE + "E,南示县人民政府,,government,county,C,,,,,\n").tree(2024)
    assert members(tree, "甲山市人民政府")[-1] == "南示县人民政府"
    given_alone = members(tree, "甲山市人民政府", frozenset({"东示县人民政府"}))
    assert given_alone == ["甲山市教育局", "东示县人民政府", "南示县人民政府"]
    both = members(tree, "甲山市人民政府", frozenset({"东示县人民政府", "东示县教育考试院"}))
    assert both == ["甲山市教育局", "东示县教育局", "东示县教育考试院", "南示县人民政府"]


def test_a_unit_that_moved_within_the_year_is_counted_where_it_came_to(tmp_path: Path) -> None:
    rows = PLACE + (
        "M,示例水利站,水利站,institution,county,D,,,2024-07-01,,\n"
        "M,示例水利站,水利站,institution,county,C,,2024-07-01,,,\n"
    )
    held = registry(tmp_path, rows)
    assert "示例水利站" in members(held.tree(2023), "东示县人民政府")
    assert "示例水利站" not in members(held.tree(2024), "东示县人民政府")
    assert members(held.tree(2024), "甲山市人民政府").count("示例水利站") == 1
    assert [unit.name for unit in held.expected(2024)].count("示例水利站") == 1
    found = held.find("水利站")
    assert found is not None
    assert found.parent == "C"


def test_units_of_a_body_that_stands_no_more_go_to_who_took_its_place_else_up(tmp_path: Path) -> None:
    rows = PLACE.replace(
        "D,东示县人民政府,,government,county,C,,,,,", "D,东示县人民政府,,government,county,C,,,2024,,"
    )
    held = registry(tmp_path, rows)
    assert "东示县教育局" in members(held.tree(2024), "甲山市人民政府")
    heir = registry(tmp_path, rows + "N,东示市人民政府,,government,county,C,D,2024,,,\n")
    assert members(heir.tree(2024), "东示市人民政府") == ["东示县教育局", "东示县教育考试院"]
    assert members(heir.tree(2023), "东示县人民政府") == ["东示县教育局", "东示县教育考试院"]


def test_a_parent_is_known_by_code_name_or_alias(tmp_path: Path) -> None:
    rows = PLACE.replace("institution,county,D1", "institution,county,东示教育局")
    assert members(registry(tmp_path, rows).tree(2024), "东示县人民政府") == [
        "东示县教育局",
        "东示县教育考试院",
    ]


def test_a_circle_that_only_a_moved_unit_closes_is_refused(tmp_path: Path) -> None:
    rows = (
        "A,甲县人民政府,,government,county,,,,2024,,\n"
        "A,甲县人民政府,,government,county,B,,2024,,,\n"
        "B,乙县人民政府,,government,county,A,,,,,\n"
    )
    with pytest.raises(InputError, match="绕成了圈：甲县人民政府 → 乙县人民政府 → 甲县人民政府"):
        registry(tmp_path, rows)


@st.composite
def trees(draw: st.DrawFn) -> Registry:
    """A tree of any shape: every unit but the first below one that comes before it."""
    kinds = st.sampled_from(["government", "department", "vertical"])
    units = [Unit("单位0", "U0", kind="government")]
    for at in range(1, draw(st.integers(1, 12))):
        parent = draw(st.integers(0, at - 1))
        units.append(Unit(f"单位{at}", f"U{at}", kind=draw(kinds), parent=f"U{parent}"))
    return Registry(tuple(units))


@given(trees())
def test_a_places_members_are_its_own_and_those_of_the_places_below_none_twice(held: Registry) -> None:
    tree = held.tree(2024)
    for place in tree.governments:
        names = [unit.name for unit in tree.members(place)]
        assert len(names) == len(set(names))
        apart = {unit.name for unit in tree.apart(place)}
        assert not apart & set(names)
        below = [
            one for one in tree.below.get(place.name, ()) if one.kind == "government" and tree.members(one)
        ]
        inner = {unit.name for one in below for unit in tree.members(one)}
        assert inner <= set(names)
        assert {unit.kind for unit in tree.members(place)} <= {"department", "government"}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            "C,甲山市人民政府,,government,city,,,,,,\nC1,,,department,city,C,,,,,\n",
            "第 3 行：没有填写 name（单位名称），这一行写的是“C1、department、city、C”",
        ),
        (
            "C,甲山市人民政府,,government,city,,,,,,\nD,东示县人民政府,,government,county,C,,,,,\nC1,甲山市教育局,,department,city,C,,,,,D\n",
            "“甲山市教育局”的 excluded_from 里的“东示县人民政府”不是它的上级",
        ),
    ],
    ids=["no_name", "not_above"],
)
def test_a_row_that_would_do_nothing_is_said(rows: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        registry(tmp_path, rows)


@pytest.mark.parametrize(("sign", "word"), [(";", "分号"), ("\t", "制表符")], ids=["semicolon", "tab"])
def test_columns_parted_by_another_sign_are_told_so(sign: str, word: str, tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text((HEAD + PLACE).replace(",", sign), encoding="utf-8")
    with pytest.raises(InputError, match=f"这个文件像是用{word}隔开的"):
        load_registry(tmp_path)


def test_a_row_of_commas_alone_is_no_unit(tmp_path: Path) -> None:
    assert len(registry(tmp_path, PLACE + ",,,,,,,,,,\n").units) == len(PLACE.splitlines())


def test_the_page_for_clerks_names_every_column_and_word() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "units.md").read_text(encoding="utf-8")
    for word in (*HEAD.strip().split(","), *UNIT_KINDS, *UNIT_LEVELS, *_CHANGES):
        assert word in page, word
