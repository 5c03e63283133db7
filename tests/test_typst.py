"""The second engine: words stay words, files fit for the archive, labels on both pages, a stand-in where Pango lacks."""

from __future__ import annotations

import builtins
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from conftest import return_of
from drafts import CHARTS, FONTS, NOTICE, PICTURES, SPEC, TEXT, by_typst, by_weasyprint, draft, figures, full
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_pdf import families

from report_builder import charts, products
from report_builder.archive import from_document
from report_builder.cli import main
from report_builder.fonts import FontSet, missing_characters
from report_builder.model import Block, Grid, Heading, Notice, Paragraph, PlainTable, StatutoryTable
from report_builder.readers import pdf as reader
from report_builder.render import PdfUnavailable, pdf, typst
from report_builder.spec import Format

NEWEST = SPEC.formats[-1]
ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "data_inputs"
ARCHIVE = (b"<pdfaid:part>2</pdfaid:part>", b"<pdfaid:conformance>A</", b"<pdfuaid:part>1</pdfuaid:part>")


def is_archived(data: bytes) -> bool:
    """Whether the file says that it is PDF/A-2a and PDF/UA-1."""
    return all(mark in data for mark in ARCHIVE)


def signs(data: bytes) -> str:
    """All characters of the file as they were drawn, without spaces."""
    document = pdfium.PdfDocument(data)
    pages = range(len(document))
    return "".join(glyph.sign for page in pages for glyph in reader._glyphs(document[page])).replace(" ", "")


# --- words stay words ------------------------------------------------------------------------------------------

MARKUP = st.text(st.sampled_from("#$\\[]{}()*_@<>`~\"'/=+.-:;|^&%!?1甲“”、 "), min_size=1, max_size=18)


@given(MARKUP)
@settings(max_examples=30)
def test_no_sign_is_read_as_markup(said: str) -> None:
    parts = [f"{mark}{said}{mark}" for mark in "乙丙丁戊己庚"]
    table = PlainTable(parts[0], (parts[1], "辛"), ((parts[2], "壬"),), (8, 2))
    made = by_typst(draft(NEWEST, [Notice(parts[5]), Heading(2, parts[3]), Paragraph(parts[4]), table]))
    drawn = signs(made.data)
    assert made.warnings == ()
    for part in parts:
        assert part.replace(" ", "") in drawn


def test_two_strokes_and_a_star_begin_no_remark() -> None:
    said = "见 http://www.example.cn/*甲*/ // 乙 #set page(width: 1pt) $x$ @丙 <丁> \\u{4e00}"
    assert said.replace(" ", "") in signs(by_typst(draft(NEWEST, [Paragraph(said)])).data)


@given(st.dictionaries(st.sampled_from("甲乙丙"), st.lists(st.text() | st.integers() | st.booleans())))
def test_what_typst_reads_holds_no_sign_that_a_page_may_not(content: dict[str, list[object]]) -> None:
    assert json.loads(typst._worded(content)) == typst._usable(content)


@given(st.text(max_size=30))
@settings(max_examples=40)
def test_any_text_gives_a_file_fit_for_the_archive_or_a_warning(said: str) -> None:
    made = by_typst(
        draft(NEWEST, [Heading(1, said), Paragraph(said), PlainTable(said, (said,), ((said,),), (1,))])
    )
    assert len(pdfium.PdfDocument(made.data)) > 0
    assert is_archived(made.data) == (made.warnings == ())


@given(st.text(st.characters(categories=["Lo", "Nd", "Po", "Sm", "Co"]), min_size=1, max_size=8))
@example("\u037e")
@settings(max_examples=25)
def test_each_character_without_a_face_is_named(said: str) -> None:
    made = by_typst(draft(NEWEST, [Paragraph(said)]))
    warned = "".join(made.warnings)
    for sign in missing_characters(said, FONTS):
        if unicodedata.is_normalized("NFD", sign):  # else Typst draws what Unicode calls its equal
            assert f"U+{ord(sign):04X}" in warned


# --- the file --------------------------------------------------------------------------------------------------


def test_the_file_is_fit_for_the_archive_and_for_screen_readers() -> None:
    data = by_typst(full(NEWEST)).data
    assert is_archived(data)
    assert b"/OutputIntents" in data
    assert b"typst" in data.lower()


def test_a_unit_that_leaves_a_level_out_gets_a_sound_file_all_the_same() -> None:
    levels = (3, 1, 4, 4, 2)
    blocks = [Heading(level, f"规范{at}") for at, level in enumerate(levels)]
    made = by_typst(draft(NEWEST, blocks))
    assert made.warnings == ()
    assert is_archived(made.data)
    marks = [(mark.level, mark.get_title()) for mark in pdfium.PdfDocument(made.data).get_toc()]
    assert marks == list(zip((0, 0, 1, 1, 1), (block.text for block in blocks), strict=True))


def test_a_draft_without_a_day_is_tagged_though_not_archived() -> None:
    made = by_typst(draft(NEWEST, [Paragraph("不涉及。")], published_on=None))
    assert made.warnings == ()
    assert ARCHIVE[2] in made.data
    assert ARCHIVE[0] not in made.data


def test_headings_tables_and_pictures_have_their_tags() -> None:
    data = by_typst(full(NEWEST)).data
    kinds = set(re.findall(rb"/S ?/(\w+)", data))
    assert {b"H1", b"H2", b"H5", b"P", b"Table", b"THead", b"TH", b"TR", b"TD", b"Figure"} <= kinds


# --- tables ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", SPEC.formats, ids=lambda fmt: fmt.id)
@given(before=st.integers(0, 45))
@settings(max_examples=5)
def test_wherever_a_page_breaks_the_table_its_labels_stand_on_both(fmt: Format, before: int) -> None:
    table = max(fmt.tables, key=lambda one: one.row_count)
    said = {key: str(at) for at, key in enumerate(fmt.slots)}
    made = by_typst(draft(fmt, [*[Paragraph("不涉及。")] * before, StatutoryTable(table.key, said)]))
    (grid,) = (item for item in reader.read(made.data).items if isinstance(item, Grid))
    found = {
        (r, c): text for r, row in enumerate(grid.rows) for c, text in enumerate(row) if text is not None
    }
    assert found == {(at.row, at.column): said.get(at.key, at.text) for at in table.layout}
    assert made.warnings == ()
    document = pdfium.PdfDocument(made.data)
    for page in range(len(document)):
        tables, _ = reader._tables(reader._drawn(document[page])[0], list(reader._glyphs(document[page])))
        assert all(cell.text for one in tables for cell in one.cells.values())


WORDS = st.text(st.sampled_from("一二三四五六七八（）《》、，。；：0.3W%—“” \n\u2028"), max_size=60)
PLAIN_WORDS = st.text(st.sampled_from("一二三四五六七八（、1"), max_size=60)


@given(st.lists(WORDS | PLAIN_WORDS, min_size=3, max_size=9))
@example(["一." * count for count in (50, 54, 70, 74, 78, 94, 98)])
@settings(max_examples=60)
def test_a_row_whose_height_is_told_is_as_high_as_typst_would_make_it(words: list[str]) -> None:
    one = draft(NEWEST, [PlainTable("", ("甲", "乙"), tuple((word, word[::-1]) for word in words), (2, 9))])
    with pytest.MonkeyPatch.context() as patch:
        told = heights(by_typst(one).data)
        patch.setattr(typst, "_lines", lambda *_: 0)
        assert told == pytest.approx(heights(by_typst(one).data), abs=0.02)


def test_no_height_is_told_where_figures_may_be_wide() -> None:
    without_latin = FontSet(tuple(face for face in FONTS.faces if not face.role.startswith("latin")))
    one = draft(NEWEST, [PlainTable("", ("甲", "乙"), (("2一" * 22, "一"),) * 3, (9, 2))])
    told = heights(typst.write(one, NEWEST, {}, without_latin).data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typst, "_lines", lambda *_: 0)
        assert told == pytest.approx(heights(typst.write(one, NEWEST, {}, without_latin).data), abs=0.02)


def heights(data: bytes) -> list[float]:
    """How far apart the level rules of the first page are."""
    levels = [
        rule.top for rule in reader._drawn(pdfium.PdfDocument(data)[0])[0] if rule.top - rule.bottom < 1
    ]
    return [
        above - below
        for above, below in pairwise(sorted({round(level, 1) for level in levels}, reverse=True))
    ]


def test_words_in_a_chart_have_the_faces_of_their_roles() -> None:
    (chart, *_) = CHARTS
    pictures = {chart.name: charts.svg(chart, FONTS)}
    used = families(typst.write(draft(NEWEST, [chart]), NEWEST, pictures, FONTS).data)
    for sign, role in {"办": "heiti", "结": "heiti", "甲": "fangsong", "乙": "fangsong"}.items():
        face = FONTS.face(role)
        assert face is not None
        assert [face.family.replace(" ", "") in name.replace("-", "") for name in used[sign]] == [True]


# --- which engine ----------------------------------------------------------------------------------------------


def without(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """A machine that lacks these."""
    usual = builtins.__import__

    def fails(name: str, *rest: Any, **more: Any) -> Any:
        if name in names:
            raise ImportError(name)
        return usual(name, *rest, **more)

    typst._engine.cache_clear()
    monkeypatch.setattr(builtins, "__import__", fails)


def without_pango(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine such as one with Windows."""

    def fails(*_: object) -> object:
        raise PdfUnavailable("本机没有排 PDF 所需的 Pango")

    monkeypatch.setattr(pdf, "write", fails)


def rendered(engine: str) -> tuple[Mapping[str, bytes], tuple[str, ...]]:
    """The PDF of a whole report and what is said of it."""
    return products.begun(full(NEWEST), return_of(NEWEST), NEWEST, SPEC, ("pdf",), engine=engine)()


def set_with(data: bytes) -> str:
    """The program that a PDF says it was made with."""
    about = pdfium.PdfDocument(data).get_metadata_dict()
    return f"{about['Creator']} {about['Producer']}".lower()


def test_each_engine_is_used_where_it_is_asked_for() -> None:
    for engine in ("weasyprint", "typst"):
        files, notes = rendered(engine)
        assert engine in set_with(files["年度报告.pdf"])
        assert notes == ()


def test_where_pango_is_missing_typst_stands_in_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    without_pango(monkeypatch)
    files, notes = rendered("weasyprint")
    assert "typst" in set_with(files["年度报告.pdf"])
    assert len(notes) == 1
    assert "Typst" in notes[0]


def test_where_both_are_missing_the_command_for_pango_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    without_pango(monkeypatch)
    without(monkeypatch, "typst")
    files, notes = rendered("weasyprint")
    assert "年度报告.pdf" not in files
    assert notes == ("本机没有排 PDF 所需的 Pango",)


def test_where_typst_is_missing_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "typst")
    files, notes = rendered("typst")
    assert "年度报告.pdf" not in files
    assert "没有安装 Typst" in notes[0]


def test_without_any_font_there_is_no_file_but_a_sentence() -> None:
    with pytest.raises(PdfUnavailable, match="字体"):
        typst.write(draft(NEWEST, []), NEWEST, PICTURES, FontSet(()))


@pytest.mark.parametrize("role", ["fangsong", "kaiti", "heiti", "xiaobiaosong", "latin", "latin_bold"])
def test_a_face_that_is_missing_has_a_stand_in(role: str) -> None:
    fewer = FontSet(tuple(face for face in FONTS.faces if face.role != role))
    made = typst.write(full(NEWEST, "1024"), NEWEST, PICTURES, fewer)
    back = from_document(reader.read(made.data), "report.pdf", SPEC)
    assert {held.text for held in back.cells.values()} == {"1024"}


def test_a_process_forked_after_its_parent_used_typst_says_so_and_does_not_hang(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    by_typst(draft(NEWEST, []))
    monkeypatch.setattr(os, "getpid", lambda: 0)
    with pytest.raises(PdfUnavailable, match="请重新运行"):
        by_typst(draft(NEWEST, []))


def test_several_processes_build_with_typst_and_what_it_set_is_not_built_again(tmp_path: Path) -> None:
    common = [
        sys.executable,
        "-m",
        "report_builder",
        "build",
        "--inputs",
        str(PLACE),
        "--outputs",
        str(tmp_path),
    ]
    options = ["--formats", "pdf", "--jobs", "2", "--quiet", "--json"]
    states = []
    for engine in ("typst", "typst", "weasyprint"):
        units = ["--unit", "示例省税务局", "--unit", "示例省财政厅"]
        made = subprocess.run(
            [*common, *options, *units, "--pdf-engine", engine],
            capture_output=True,
            check=True,
            timeout=240,
            cwd=ROOT,
        )
        states.append([unit["state"] for unit in json.loads(made.stdout)["units"]])
        for file in tmp_path.glob("*/*/*.pdf"):
            assert engine in set_with(file.read_bytes())
    assert states == [["built"] * 2, ["unchanged"] * 2, ["built"] * 2]


def test_the_engine_is_no_matter_where_no_pdf_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--inputs", str(PLACE), "--outputs", str(tmp_path), "--formats", "csv", "--quiet", "--json"]
    states = []
    for engine in ("weasyprint", "typst"):
        main(["build", *options, "--unit", "示例省税务局", "--pdf-engine", engine])
        states += [unit["state"] for unit in json.loads(capsys.readouterr().out)["units"]]
    assert states == ["built", "unchanged"]


# --- the same look ---------------------------------------------------------------------------------------------


def inks(data: bytes) -> dict[str, tuple[int, float, float]]:
    """Where the first of each character is drawn: page, left, bottom."""
    found: dict[str, tuple[int, float, float]] = {}
    for number, page in enumerate(pdfium.PdfDocument(data)):
        text = page.get_textpage()
        for at in range(text.count_chars()):
            left, bottom, _, _ = text.get_charbox(at)
            found.setdefault(text.get_text_range(at, 1), (number, left, bottom))
    return found


def test_both_engines_set_the_same_page() -> None:
    """Most signs within a point of height and half a sign at the side: Typst draws stops and brackets together."""
    blocks: list[Block] = [
        NOTICE,
        Heading(1, "一、黑"),
        Heading(2, "（二）楷"),
        Heading(3, "3.仿"),
        Paragraph(TEXT),
    ]
    table = max(NEWEST.tables, key=lambda one: one.row_count)
    one = draft(NEWEST, [*blocks, StatutoryTable(table.key, figures(NEWEST)), Paragraph("终。")])
    left, right = inks(by_weasyprint(one).data), inks(by_typst(one).data)
    letters = [sign for sign in left if unicodedata.category(sign) == "Lo"]
    near = [
        sign
        for sign in letters
        if right[sign][0] == left[sign][0]
        and right[sign][1] == pytest.approx(left[sign][1], abs=6)
        and right[sign][2] == pytest.approx(left[sign][2], abs=1)
    ]
    assert len(letters) > 80
    assert len(near) > 0.85 * len(letters)
