"""Columns of figures in tables of ours stand centred in every product, texts to the left."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from drafts import ENGINES, SPEC, Engine, draft
from test_pdf import glyphs

from report_builder.model import PlainTable
from report_builder.render import docx, html
from report_builder.render.columns import figure_columns

NEWEST = SPEC.formats[-1]
ROWS = (("1.1 公开目录", "7", "100.0%", "", "3件"), ("1.2 政策解读", "89", "/", "", "0"))
TABLE = PlainTable("完成情况", ("任务", "项数", "已完成率", "备注", "其他"), ROWS, (40, 15, 15, 15, 15))


@pytest.mark.parametrize(
    ("cells", "are_figures"),
    [
        (("4", "12"), True),
        (("1,204.50", "−3", "7.5%", "—", "/", ""), True),
        (("4", "12件"), False),
        (("", ""), False),
        ((), False),
    ],
)
def test_a_column_is_one_of_figures_when_every_cell_is(cells: tuple[str, ...], are_figures: bool) -> None:
    assert (figure_columns([(cell,) for cell in cells]) == {0}) is are_figures


def test_both_pages_mark_the_cells() -> None:
    for page in (
        html.printed(draft(NEWEST, [TABLE]), NEWEST, {}),
        html.web(draft(NEWEST, [TABLE]), NEWEST, {}),
    ):
        assert re.findall(r'<td class="figure">(.*?)</td>', page) == ["7", "100.0%", "89", "/"]


def test_word_centres_them() -> None:
    made = docx.write(draft(NEWEST, [TABLE]), NEWEST, {})
    body = zipfile.ZipFile(io.BytesIO(made)).read("word/document.xml").decode()
    texts = re.findall(r'<w:pStyle w:val="TableText"/>(<w:jc w:val="center"/>)?</w:pPr>(.*?)</w:p>', body)
    centred = ["".join(re.findall(r"<w:t[^>]*>(.*?)</w:t>", runs)) for layout, runs in texts if layout]
    assert centred == ["7", "100.0%", "89", "/"]


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_figures_of_one_column_share_their_middle_in_the_pdf(engine: Engine) -> None:
    (page,) = glyphs(engine(draft(NEWEST, [TABLE])).data)
    places = {glyph.sign: glyph.x for glyph in page if glyph.sign in "789"}
    assert places["7"] == pytest.approx((places["8"] + places["9"]) / 2, abs=0.5)
