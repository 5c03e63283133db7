"""What those who hear the PDF are told: the headings of each figure, the rank of each heading, the place of pictures."""

from __future__ import annotations

from typing import Any

import pytest
from drafts import SPEC, by_weasyprint, draft, full

from report_builder.model import Draft, Heading, Paragraph, StatutoryTable
from report_builder.render import tags
from report_builder.render.tables import tables_on
from report_builder.spec import Format, Placed, Table

NEWEST = SPEC.formats[-1]
POINT = 72 / 25.4


def tagged(one: Draft, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """WeasyPrint's document and PDF of a draft, as they are when they are written."""
    seen = []
    declare = tags.declare

    def kept(document: Any, pdf: Any, *, sound: bool) -> None:
        seen.append((document, pdf))
        declare(document, pdf, sound=sound)

    monkeypatch.setattr(tags, "declare", kept)
    by_weasyprint(one)
    return seen[0]


def heads_by_figure(document: Any) -> dict[str, set[str]]:
    """The words of the headings that each figure's cell names."""
    cells = [
        cell
        for page in document.pages
        for table in tables_on(page)
        for group in table.children
        for row in group.children
        for cell in row.children
    ]
    words = {cell.mark["ID"].string: worded(cell) for cell in cells if cell.element_tag == "th"}
    return {
        worded(cell): {words[head.string] for head in cell.mark["A"]["Headers"]}
        for cell in cells
        if cell.element_tag == "td"
    }


def worded(cell: Any) -> str:
    return "".join("".join(cell.element.itertext()).split())


def expected(table: Table, value: Placed) -> set[str]:
    """The labels beside a figure, and those above it in its own band."""
    band = max((one.row for one in table.layout if one.role == "title" and one.row <= value.row), default=0)
    beside = (one for one in table.layout if one.role == "stub" and covers(one.row, one.row_span, value.row))
    above = (
        one
        for one in table.layout
        if one.role in {"head", "title"}
        and band <= one.row < value.row
        and covers(one.column, one.column_span, value.column)
    )
    return {"".join(one.text.split()) for one in (*beside, *above)}


def covers(start: int, length: int, place: int) -> bool:
    return start <= place < start + length


@pytest.mark.parametrize("fmt", SPEC.formats, ids=lambda fmt: fmt.id)
@pytest.mark.parametrize("before", [0, 12])
def test_each_figure_names_its_headings_on_whichever_page(
    fmt: Format, before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {key: str(at) for at, key in enumerate(fmt.slots)}
    tables = [StatutoryTable(table.key, said) for table in fmt.tables]
    one = draft(fmt, [*[Paragraph("不涉及。")] * before, *tables])
    found = heads_by_figure(tagged(one, monkeypatch)[0])
    for table in fmt.tables:
        for placed in table.layout:
            if placed.role == "value":
                assert found[said[placed.key]] == expected(table, placed)


def test_every_heading_of_a_table_says_what_it_heads_and_is_in_the_index(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, pdf = tagged(full(NEWEST), monkeypatch)
    heads: dict[str, Any] = {
        one["ID"].string: one for one in pdf.objects if isinstance(one, dict) and one.get("S") == "/TH"
    }
    assert {one["A"]["Scope"] for one in heads.values()} == {"/Row", "/Column"}
    (root,) = (one for one in pdf.objects if isinstance(one, dict) and "IDTree" in one)
    names = root["IDTree"]["Names"]
    index = {name.string: reference for name, reference in zip(names[::2], names[1::2], strict=True)}
    assert index == {name: one.reference for name, one in heads.items()}
    assert list(index) == sorted(index)


def test_ranks_have_no_gaps_where_a_unit_leaves_a_level_out(monkeypatch: pytest.MonkeyPatch) -> None:
    _, pdf = tagged(draft(NEWEST, [Heading(level, "规范") for level in (3, 1, 4, 4, 2)]), monkeypatch)
    found = [str(one.get("S")) for one in pdf.objects if isinstance(one, dict)]
    assert [kind for kind in found if kind.startswith("/H")] == ["/H1", "/H2", "/H2", "/H3", "/H3", "/H3"]


def test_a_picture_is_said_to_be_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    _, pdf = tagged(full(NEWEST), monkeypatch)
    places = [one["A"]["BBox"] for one in pdf.objects if isinstance(one, dict) and one.get("S") == "/Figure"]
    assert len(places) == len([1 for one in full(NEWEST).blocks if type(one).__name__ == "Chart"])
    for left, bottom, right, top in places:
        assert right - left == pytest.approx(150 * POINT, abs=0.1)
        assert top - bottom == pytest.approx(45 * POINT, abs=0.1)
        assert left > 28 * POINT
        assert 35 * POINT < bottom < top < (297 - 37) * POINT + 0.1


@pytest.mark.parametrize(
    ("text", "sound"), [("甲乙", True), ("甲\U0010fffd乙", False)], ids=["all", "one-less"]
)
def test_only_a_file_whose_characters_are_all_drawn_is_declared(
    text: str, sound: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = []
    monkeypatch.setattr(tags, "declare", lambda _document, _pdf, *, sound: declared.append(sound))
    by_weasyprint(draft(NEWEST, [Paragraph(text)]))
    assert declared == [sound]
