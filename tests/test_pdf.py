"""The PDF: the page of GB/T 9704 to the millimetre, tables that are whole, figures that come back, the same bytes."""

from __future__ import annotations

import contextlib
import ctypes
import datetime as dt
import gc
import hashlib
import os
import re
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pypdfium2 as pdfium
import pytest
from drafts import (
    CHARTS,
    ENGINES,
    FONTS,
    NOTICE,
    SPEC,
    TASKS,
    TEXT,
    Engine,
    by_weasyprint,
    draft,
    figures,
    full,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdfium2 import raw
from weasyprint.pdf import fonts as writer

from report_builder.archive import from_document
from report_builder.errors import UnreadableError
from report_builder.model import Block, Draft, Grid, Heading, Paragraph, PlainTable, StatutoryTable
from report_builder.readers import pdf as reader
from report_builder.render import Pdf, PdfUnavailable, html, pdf, titles
from report_builder.spec import Format

FORMATS = SPEC.formats
NEWEST = FORMATS[-1]
POINT = 72 / 25.4
LEFT, RIGHT, TOP, BOTTOM = 28 * POINT, (210 - 26) * POINT, (297 - 37) * POINT, 35 * POINT
by_format = pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.id)


Paged = Callable[..., bytes]


@pytest.fixture(scope="module", params=ENGINES)
def name(request: pytest.FixtureRequest) -> str:
    """What sets the PDF: all that is asked of a page is asked of both."""
    return str(request.param)


@pytest.fixture(scope="module")
def engine(name: str) -> Engine:
    """The engine of that name."""
    return ENGINES[name]


@pytest.fixture(scope="module")
def written(engine: Engine) -> Engine:
    """The draft as a PDF, made once however many tests look at it."""
    made: dict[str, Pdf] = {}

    def write(one: Draft) -> Pdf:
        key = repr(one)
        if key not in made:
            made[key] = engine(one)
        return made[key]

    return write


@pytest.fixture(scope="module")
def paged(written: Engine) -> Paged:
    """A draft of the newest format with only the blocks given, as a PDF without complaint."""

    def write(*blocks: Block) -> bytes:
        made = written(draft(NEWEST, blocks))
        assert made.warnings == ()
        return made.data

    return write


def example(fmt: Format, text: str = "1024", filler: int = 6) -> Draft:
    """A draft with every kind of block, whose longest table goes over a page break."""
    return full(fmt, text, filler)


def glyphs(data: bytes) -> list[list[reader.Glyph]]:
    """The characters of each page."""
    document = pdfium.PdfDocument(data)
    return [list(reader._glyphs(document[number])) for number in range(len(document))]


def lines(data: bytes) -> list[list[reader.Line]]:
    """The lines of each page, the page number last."""
    return [reader._lines(page) for page in glyphs(data)]


# --- the figures come back -------------------------------------------------------------------------------------

PRINTED = st.from_regex(r"[0-9]{1,6}|[0-9]{1,4}\.[0-9]{1,2}|/|—|", fullmatch=True)


@pytest.mark.parametrize("fmt", FORMATS, ids=lambda fmt: fmt.id)
@given(data=st.data())
@settings(max_examples=4)
def test_every_figure_comes_back(engine: Engine, fmt: Format, data: st.DataObject) -> None:
    said = {key: data.draw(PRINTED) for key in fmt.slots}
    filler = [Paragraph(TEXT)] * data.draw(st.integers(0, 6))
    one = draft(fmt, [*filler, *(StatutoryTable(table.key, said) for table in fmt.tables)])
    made = engine(one)
    back = from_document(reader.read(made.data), "report.pdf", SPEC)
    assert {key: held.text for key, held in back.cells.items()} == said
    assert made.warnings == ()


@by_format
def test_texts_come_back_whole_and_in_order(fmt: Format, written: Engine) -> None:
    one = example(fmt)
    found = reader.read(written(one).data)
    said = [item for item in found.items if isinstance(item, str)]
    wanted = [block.text for block in one.blocks if isinstance(block, Heading | Paragraph)]
    assert [text for text in said if text in wanted] == wanted
    assert set(said) - set(wanted) == {NOTICE.text, TASKS.caption}
    assert found.title == one.title


@by_format
def test_a_table_that_goes_on_overleaf_is_one_grid(fmt: Format, written: Engine) -> None:
    table = max(fmt.tables, key=lambda one: one.row_count)
    said = {key: str(at) for at, key in enumerate(fmt.slots)}
    group = next(one for one in table.layout if one.role == "stub" and one.row_span > 9)
    head = next(one.text for one in table.layout if one.role == "corner")
    for filler in (1, 2):
        one = draft(
            fmt, [*[Paragraph(TEXT)] * filler, StatutoryTable(table.key, said), Paragraph("不涉及。")]
        )
        data = written(one).data
        (grid,) = (item for item in reader.read(data).items if isinstance(item, Grid))
        wanted = {(at.row, at.column): said.get(at.key, at.text) for at in table.layout}
        found = {
            (r, c): text for r, row in enumerate(grid.rows) for c, text in enumerate(row) if text is not None
        }
        assert found == wanted
        texts = ["".join(glyph.sign for glyph in page) for page in glyphs(data)]
        assert sum(head in text for text in texts) == 2
        assert sum(group.text in text for text in texts) == 2


def test_the_notice_and_the_words_in_pictures_are_kept_apart(written: Engine) -> None:
    said = [item for item in reader.read(written(example(NEWEST)).data).items if isinstance(item, str)]
    assert not any("图中文字" in text for text in said)


# --- the page --------------------------------------------------------------------------------------------------


@by_format
def test_nothing_is_complained_of(fmt: Format, written: Engine) -> None:
    assert written(example(fmt)).warnings == ()


@by_format
def test_nothing_leaves_the_text_area_but_the_page_number(fmt: Format, written: Engine) -> None:
    for page in lines(written(example(fmt)).data):
        for line in page[:-1]:
            left, right = inked(line)
            assert left > LEFT - 1
            assert right < RIGHT + 0.5 * POINT + 1
            assert line.box.bottom > BOTTOM - 3
            assert line.box.top < TOP + 3


def inked(line: reader.Line) -> tuple[float, float]:
    """Where a line begins and ends; Typst lets the empty half of a sign hang out, so that is not reckoned."""
    left, right = line.box.left, line.box.right
    return (
        left + line.em / 2 if line.text[0] in "（《“" and left < LEFT else left,
        right - line.em / 2 if line.text[-1] in "）》”，。；、：" and right > RIGHT + 1 else right,
    )


def test_a_page_has_22_lines_of_28_characters(paged: Paged) -> None:
    data = paged(Paragraph("县" * 28 * 60))
    document = pdfium.PdfDocument(data)
    assert document[0].get_size() == pytest.approx((210 * POINT, 297 * POINT), abs=0.1)
    page = lines(data)[1]
    assert len(page) == 22 + 1
    assert [len(line.text) for line in page[1:5]] == [28] * 4
    assert page[1].box.left == pytest.approx(LEFT, abs=0.3)
    pitches = [above.box.top - below.box.top for above, below in pairwise(page[:-1])]
    assert pitches == pytest.approx([28.98] * 21, abs=0.02)


def test_full_lines_end_flush_right(paged: Paged) -> None:
    text = TEXT.replace("“", "《").replace("”", "》") + "共3525件、占12.5%，较上年多ABC三项，"
    ends = []
    for page in lines(paged(*[Paragraph(text * 3)] * 3)):
        full_lines = [
            line
            for line in page[:-1]
            if line.em == pytest.approx(16, abs=0.1) and line.box.right > RIGHT - 50
        ]
        ends += [inked(line)[1] / POINT for line in full_lines]
    assert len(ends) > 20
    assert ends == pytest.approx([184] * len(ends), abs=0.5)
    assert max(ends) - min(ends) < 0.5


def test_page_numbers_stand_outside_one_character_in_and_7_mm_down(paged: Paged) -> None:
    data = paged(*[Paragraph(TEXT * 5)] * 4)
    pages = lines(data)
    assert len(pages) > 2
    digits = [
        glyph for page in glyphs(data) for glyph in page if glyph.box.top < BOTTOM and glyph.sign.isdigit()
    ]
    assert [glyph.box.right - glyph.box.left for glyph in digits] == pytest.approx(
        [14 / 2] * len(digits), abs=0.1
    )
    for number, page in enumerate(pages, 1):
        line = page[-1]
        assert line.text == f"— {number} —"
        odd = number % 2
        place = RIGHT - line.box.right if odd else line.box.left - LEFT
        assert place == pytest.approx(14, abs=1.5)
    assert dashes(data) == pytest.approx([7] * 2 * len(pages), abs=0.2)


def dashes(data: bytes) -> list[float]:
    """How many millimetres under the text area the dashes beside the page numbers are drawn."""
    found = []
    for page in pdfium.PdfDocument(data):
        text = page.get_textpage()
        for at in range(raw.FPDFText_CountChars(text.raw)):
            _, bottom, _, top = text.get_charbox(at)
            if chr(raw.FPDFText_GetUnicode(text.raw, at)) == "—" and top < BOTTOM:
                found.append((BOTTOM - (bottom + top) / 2) / POINT)
    return found


def test_the_title_is_large_centred_and_in_even_lines(written: Engine) -> None:
    one = draft(NEWEST, [Paragraph("不涉及。")])
    page = lines(written(one).data)[0]
    title = [line for line in page if line.em == pytest.approx(22, abs=0.1)]
    assert [line.text for line in title] == list(titles.title_lines(one.title, one.unit))
    for line in title:
        assert line.box.left - LEFT == pytest.approx(RIGHT - line.box.right, abs=3)


def families(data: bytes) -> dict[str, set[str]]:
    """The font families by the characters set in them."""
    document = pdfium.PdfDocument(data)
    found: dict[str, set[str]] = {}
    for number in range(len(document)):
        text = document[number].get_textpage()
        for at in range(raw.FPDFText_CountChars(text.raw)):
            name = ctypes.create_string_buffer(200)
            raw.FPDFText_GetFontInfo(text.raw, at, name, 200, None)
            found.setdefault(chr(raw.FPDFText_GetUnicode(text.raw, at)), set()).add(name.value.decode())
    return found


def test_levels_have_their_faces_and_rare_characters_fall_back(paged: Paged) -> None:
    data = paged(Heading(1, "黑"), Heading(2, "楷"), Heading(3, "仿"), Heading(4, "倣"), Paragraph("宋镕喆2"))
    used = families(data)

    def has(sign: str, role: str) -> bool:
        face = FONTS.face(role)
        assert face is not None
        return any(face.family.replace(" ", "") in name.replace("-", "") for name in used[sign])

    assert has("黑", "heiti")
    assert has("楷", "kaiti")
    assert has("仿", "fangsong")
    assert has("宋", "fangsong")
    assert has("2", "latin")
    assert has("镕", "songti")
    assert has("喆", "songti")


# --- tables ----------------------------------------------------------------------------------------------------


def cells_hold_their_figures(data: bytes) -> int:
    """How many characters stand in tables; each must lie between the lines to its left and right."""
    document = pdfium.PdfDocument(data)
    seen = 0
    for number in range(len(document)):
        page = document[number]
        signs = list(reader._glyphs(page))
        tables, _ = reader._tables(reader._drawn(page)[0], signs)
        for piece in tables:
            starts = {column for _, column in piece.cells} | {cell.right for cell in piece.cells.values()}
            assert starts == set(range(len(piece.edges)))
            for glyph in (
                one for one in reader._parted_by(piece.box, signs)[0] if one.sign not in "（“《）”》"
            ):
                seen += 1
                crossed = [
                    edge for edge in piece.edges if glyph.box.left + 0.4 < edge < glyph.box.right - 0.4
                ]
                spanning = (
                    any(
                        piece.edges[column] < crossed[0] < piece.edges[cell.right]
                        for (_, column), cell in piece.cells.items()
                        if cell.right - column > 1
                    )
                    if crossed
                    else True
                )
                assert spanning
    return seen


@pytest.mark.parametrize(("shape", "digits"), [("bands", 7), ("matrix", 6), ("strip", 5)])
@by_format
def test_long_figures_stay_in_their_cells(fmt: Format, shape: str, digits: int, written: Engine) -> None:
    (table,) = (table for table in fmt.tables if table.shape == shape)
    said = dict.fromkeys(table.slots, "8" * digits)
    one = draft(fmt, [StatutoryTable(table.key, said)])
    data = written(one).data
    assert cells_hold_their_figures(data) > digits * len(said)
    (grid,) = (item for item in reader.read(data).items if isinstance(item, Grid))
    assert sum(text == "8" * digits for row in grid.rows for text in row) == len(said)


@by_format
def test_nothing_is_set_smaller_than_9_points(fmt: Format, written: Engine) -> None:
    for page in glyphs(written(example(fmt)).data):
        for glyph in page:
            if glyph.sign in TEXT and not glyph.sign.isascii() and glyph.sign not in "“”，。；、":
                assert glyph.box.right - glyph.box.left > 8.9


def test_rows_are_not_parted_and_one_longer_than_a_page_is_not_lost(paged: Paged) -> None:
    long = PlainTable("", ("甲", "乙"), (("一", TEXT), ("二", TEXT * 30), ("三", TEXT)), (20, 80))
    data = paged(long)
    (grid,) = (item for item in reader.read(data).items if isinstance(item, Grid))
    said = "".join(str(text or "") for row in grid.rows for text in row)
    assert said.count(TEXT[-20:]) == 32
    assert all(line.box.bottom > BOTTOM - 3 for page in lines(data) for line in page[:-1])


def test_a_character_that_takes_two_places_is_read_back_among_others(written: Engine) -> None:
    said = "局长𬬻某、副局长龙𬬻负责，共3项。"
    made = written(draft(NEWEST, [Paragraph(said), PlainTable("", ("甲", "乙"), (("𬬻某", "𬬻"),), (5, 5))]))
    document = reader.read(made.data)
    (grid,) = (item for item in document.items if isinstance(item, Grid))
    assert said in document.items
    assert list(grid.rows[-1]) == ["𬬻某", "𬬻"]
    assert made.warnings == ()


def test_a_cell_of_more_lines_than_a_page_has_room_for_is_not_lost(paged: Paged) -> None:
    said = [f"第{at}项" for at in range(60)]
    data = paged(PlainTable("", ("甲", "乙"), (("一", "\n".join(said)),), (20, 80)))
    on_paper = [line for page in lines(data) for line in page if line.box.bottom > BOTTOM - 3]
    assert [name for name in said if not any(name in line.text for line in on_paper)] == []


def test_a_word_longer_than_a_line_stays_on_the_page() -> None:
    table = PlainTable("", ("甲", "乙"), (("y" * 90, "z" * 150),), (2, 9))
    data = by_weasyprint(draft(NEWEST, [Paragraph("见" + "x" * 230 + "。"), table])).data
    signs = [glyph for glyph in reader._glyphs(pdfium.PdfDocument(data)[0]) if glyph.sign in "xyz"]
    assert Counter(glyph.sign for glyph in signs) == {"x": 230, "y": 90, "z": 150}
    assert all(glyph.box.left > LEFT - 1 and glyph.box.right < RIGHT + 1 for glyph in signs)
    column = [glyph.box.right for glyph in signs if glyph.sign == "y"]
    assert max(column) < LEFT + (RIGHT - LEFT) * 2 / 11


def test_lines_are_drawn_once(paged: Paged) -> None:
    document = pdfium.PdfDocument(paged(TASKS))
    for number in range(len(document)):
        rules = reader._drawn(document[number])[0]
        upright = sorted({round(rule.left, 1) for rule in rules if rule.right - rule.left < 1})
        assert all(b - a > 4 for a, b in pairwise(upright))
        assert len(upright) == len(TASKS.header) + 1


# --- the file --------------------------------------------------------------------------------------------------


@by_format
def test_bookmarks_are_the_headings(fmt: Format, written: Engine) -> None:
    document = pdfium.PdfDocument(written(example(fmt)).data)
    marks = [(mark.level + 1, mark.get_title()) for mark in document.get_toc()]
    wanted = [
        (block.level, block.text)
        for block in example(fmt).blocks
        if isinstance(block, Heading) and block.level
    ]
    assert marks == wanted


def test_the_file_says_what_it_is(written: Engine) -> None:
    one = example(NEWEST)
    document = pdfium.PdfDocument(written(one).data)
    about = document.get_metadata_dict()
    assert (about["Title"], about["Author"]) == (one.title, one.unit)
    assert about["CreationDate"].startswith("D:20320120")
    assert about["ModDate"].startswith("D:20320120")
    assert raw.FPDFCatalog_IsTagged(document.raw)
    language = (ctypes.c_ushort * 8)()
    raw.FPDFCatalog_GetLanguage(document.raw, language, ctypes.sizeof(language))
    assert bytes(language).decode("utf-16-le").rstrip("\0") == "zh-CN"


def test_without_a_day_of_publication_there_is_no_date(written: Engine) -> None:
    one = draft(NEWEST, [Paragraph("不涉及。")], published_on=None)
    about = pdfium.PdfDocument(written(one).data).get_metadata_dict()
    assert (about["CreationDate"], about["ModDate"]) == ("", "")
    assert str(dt.datetime.now(tz=dt.UTC).year).encode() not in re.sub(
        rb"stream.*?endstream", b"", written(one).data, flags=re.DOTALL
    )


AGAIN = """
import hashlib, sys
sys.path[:0] = [sys.argv[1]]
from test_pdf import ENGINES, NEWEST, example
sys.stdout.write(hashlib.sha256(ENGINES[sys.argv[2]](example(NEWEST)).data).hexdigest())
"""


def test_the_same_draft_gives_the_same_bytes_here_and_in_another_process(name: str, engine: Engine) -> None:
    one = example(NEWEST)
    first = engine(one).data
    assert engine(one).data == first
    here = Path(__file__).parent
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "7",
        "PYTHONPATH": str(here.parent),
        "TZ": "Asia/Shanghai",
        "LC_ALL": "C.UTF-8",
    }
    environment.pop("FONTCONFIG_FILE", None)
    made = subprocess.run(
        [sys.executable, "-c", AGAIN, str(here), name],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        cwd="/",
    )
    assert made.stdout == hashlib.sha256(first).hexdigest()
    other = draft(NEWEST, [Paragraph("另一份。")])
    assert identifiers(engine(other).data) != identifiers(first)


def identifiers(data: bytes) -> list[bytes]:
    """What tells a file from others; it must have one."""
    found = re.findall(rb"/ID ?\[(.*?)\]", data, flags=re.DOTALL)
    assert found
    return found


def test_pictures_are_lines_and_words_not_dots(written: Engine) -> None:
    document = pdfium.PdfDocument(written(example(NEWEST)).data)
    kinds = {drawn.type for page in document for drawn in page.get_objects(max_depth=3)}
    assert raw.FPDF_PAGEOBJ_IMAGE not in kinds
    found = sum(
        document[number].get_textpage().get_text_range().count("图中文字") for number in range(len(document))
    )
    assert found == len(CHARTS)


# --- what can go wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/x.png", "file:///etc/hostname", "ftp://127.0.0.1:9/x.png"]
)
def test_nothing_is_fetched(address: str) -> None:
    page = html.printed(draft(NEWEST, [Paragraph("字")]), NEWEST, {})
    page = page.replace("</body>", f'<p><img src="{address}" alt="x"/></p></body>')
    made = pdf.write(page, draft(NEWEST, []), FONTS)
    assert any("disallowed protocol" in warning for warning in made.warnings)


def test_a_character_that_no_face_has_is_named_once(written: Engine) -> None:
    one = draft(NEWEST, [Paragraph("甲\U0010fffd乙\U0010fffd丙")])
    made = written(one)
    assert "".join(made.warnings).count("U+10FFFD") == 1
    assert made.data.startswith(b"%PDF")


def test_without_pango_there_is_one_sentence_with_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(name: str) -> object:
        print("advice of the library")  # noqa: T201 - as WeasyPrint does
        raise OSError(name)

    monkeypatch.setattr("importlib.import_module", fails)
    pdf._engine.cache_clear()
    with pytest.raises(
        PdfUnavailable, match=r"apt-get install libpango-1\.0-0 libpangoft2-1\.0-0 libharfbuzz-subset0"
    ):
        pdf.write("<html/>", draft(NEWEST, []), FONTS)
    assert capsys.readouterr() == ("", "")
    monkeypatch.undo()
    pdf._engine.cache_clear()


PROGRAMS_ASKED = """
import sys
from report_builder import fonts
from report_builder.render import pdf
asked = []
sys.addaudithook(lambda event, _: asked.append(event))
pdf._engine(fonts.find())
print(asked.count("subprocess.Popen"))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the libraries' files have other names")
def test_libraries_are_found_without_asking_other_programs() -> None:
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", PROGRAMS_ASKED], capture_output=True, check=True, cwd=root)
    assert done.stdout == b"0\n", done.stderr


def test_an_unknown_weasyprint_sets_ragged_lines_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    table = max(NEWEST.tables, key=lambda one: one.row_count)
    one = draft(NEWEST, [*[Paragraph(TEXT)] * 2, StatutoryTable(table.key, figures(NEWEST))])
    assert by_weasyprint(one).warnings == ()
    monkeypatch.setattr("weasyprint.VERSION", "99.0")
    pdf._engine.cache_clear()
    ragged = pdf.write(html.printed(one, NEWEST, {}), one, FONTS)
    monkeypatch.undo()
    pdf._engine.cache_clear()
    assert any("未对齐" in warning for warning in ragged.warnings)
    ends = [line.box.right for line in lines(ragged.data)[0][:-1] if line.box.right > RIGHT - 20]
    assert min(ends) < RIGHT - 2
    (grid,) = (item for item in reader.read(ragged.data).items if isinstance(item, Grid))
    assert sum(text == "7" for row in grid.rows for text in row) == len(table.slots)


def test_the_ground_of_titles_is_drawn(paged: Paged) -> None:
    (bands,) = (table for table in NEWEST.tables if table.shape == "bands")
    document = pdfium.PdfDocument(paged(StatutoryTable(bands.key, figures(NEWEST))))
    page = document[0]
    grounds = [
        drawn
        for drawn in page.get_objects()
        if drawn.type == raw.FPDF_PAGEOBJ_PATH and reader._is_ground(drawn.raw)
    ]
    assert len(grounds) == len(bands.bands)


def test_the_garbage_collector_is_left_as_it_was() -> None:
    by_weasyprint(draft(NEWEST, [Paragraph("字")]))
    assert gc.isenabled()
    gc.disable()
    try:
        pdf.write(html.printed(draft(NEWEST, []), NEWEST, {}), draft(NEWEST, []), FONTS)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_every_stream_is_packed_once_and_the_writer_is_left_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packed: list[int] = []

    def pack(level: int) -> object:
        packed.append(level)
        return zlib.compressobj(level)

    usual = [vars(kind)["data"] for kind in pdf._PACKED]
    monkeypatch.setattr(pdf, "zlib", SimpleNamespace(compressobj=pack))
    made = by_weasyprint(example(NEWEST))
    assert len(packed) == made.data.count(b"/FlateDecode")
    assert [vars(kind)["data"] for kind in pdf._PACKED] == usual


def test_of_a_face_only_what_is_used_is_copied_and_weasyprint_is_left_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual, copied = writer.get_hb_object_data, list[int]()

    def counted(face: object) -> bytes:
        data = bytes(usual(face))
        copied.append(len(data))
        return data

    monkeypatch.setattr(writer, "get_hb_object_data", counted)
    sparing = by_weasyprint(example(NEWEST))
    assert copied  # the parts that are written
    assert sum(copied) < min(face.path.stat().st_size for face in FONTS.faces if face.role == "fangsong")
    assert writer.get_hb_object_data is counted
    monkeypatch.setattr(pdf, "_copied_when_asked", contextlib.nullcontext)
    assert by_weasyprint(example(NEWEST)).data == sparing.data
    assert "file_content" not in vars(writer.Font)
    assert vars(writer.Font)["__init__"].__module__ == writer.__name__


def test_a_page_that_is_no_xml_is_set_all_the_same() -> None:
    made = pdf.write("<p>甲<br>乙", draft(NEWEST, []), FONTS)
    assert [line.text for line in lines(made.data)[0]][:2] == ["甲", "乙"]


# --- reading what is no report ---------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n%%EOF", b"PK\x03\x04", b"%PDF-1.4" + b"\0" * 500])
def test_what_is_no_pdf_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableError, match=r"不是 PDF"):
        reader.read(data)


def test_a_cut_off_file_is_refused_or_read_but_never_crashes(written: Engine) -> None:
    whole = written(example(NEWEST)).data
    for part in (0.1, 0.5, 0.9, 0.999):
        try:
            reader.read(whole[: int(len(whole) * part)])
        except UnreadableError as fault:
            assert fault.fix  # noqa: PT017 - either outcome is right


def test_a_scan_is_refused_as_one(tmp_path: Path) -> None:
    empty = pdfium.PdfDocument.new()
    empty.new_page(595, 842)
    empty.save(tmp_path / "scan.pdf")
    with pytest.raises(UnreadableError, match="扫描件"):
        reader.read((tmp_path / "scan.pdf").read_bytes())


def test_too_many_pages_are_refused(monkeypatch: pytest.MonkeyPatch, written: Engine) -> None:
    monkeypatch.setattr(reader, "MAX_PAGES", 1)
    with pytest.raises(UnreadableError, match="页"):
        reader.read(written(example(NEWEST)).data)
