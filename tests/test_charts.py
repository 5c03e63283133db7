"""Charts: what is printed, where it stands, and that a photocopy can be read."""

from __future__ import annotations

import io
import itertools
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from report_builder import charts, fonts
from report_builder.charts import layout
from report_builder.charts.dots import DPI, png
from report_builder.charts.layout import Box, Strokes, Words
from report_builder.figures import printed
from report_builder.model import Chart, Number

SVG = "{http://www.w3.org/2000/svg}"
LABELS = (
    "予以公开",
    "未经复议直接起诉",
    "A & B <c>",
    "短",
    "社会公益组织",
    "尚未审结",
    "其他处理",
    "法律服务机构",
)
RESULTS = ("结果维持", "结果纠正", "其他结果", "尚未审结")


class NoFonts:
    """A machine without a single face."""

    def file(self, role: str) -> Path | None:
        return Path(role) if role == "none has this name" else None

    def stack(self, role: str) -> tuple[str, ...]:
        del role
        return ()


@pytest.fixture(scope="module")
def faces() -> fonts.FontSet:
    return fonts.find()


def bars(*values: Number, title: str = "办理结果") -> Chart:
    names = tuple(f"{LABELS[at % len(LABELS)]}{at}" for at in range(len(values)))
    return Chart("decisions", "bars", title, "件", names, (("", values),), "说明文字。")


def years(count: int, *series: tuple[Number, ...]) -> Chart:
    names = ("本年新收", "本年办结", "结转下年度", "其他")
    categories = tuple(f"第{at + 1}年" for at in range(count))
    return Chart(
        "years", "years", "历年情况", "件", categories, tuple(zip(names, series, strict=False)), "说明。"
    )


def stacked(*rows: tuple[Number, ...]) -> Chart:
    series = tuple((name, tuple(row[at] for row in rows)) for at, name in enumerate(RESULTS[: len(rows[0])]))
    return Chart("disputes", "stacked", "结果", "件", LABELS[: len(rows)], series, "说明。")


NUMBERS = st.one_of(
    st.integers(0, 9_999_999),
    st.decimals(0, 999_999, places=4, allow_nan=False, allow_infinity=False),
)
ROW = st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
CHARTS = st.one_of(
    st.lists(NUMBERS, min_size=1, max_size=8).map(lambda values: bars(*values)),
    st.integers(2, 8).flatmap(
        lambda count: st.lists(st.tuples(*[NUMBERS] * count), min_size=1, max_size=3).map(
            lambda series: years(count, *series)
        )
    ),
    st.lists(ROW, min_size=1, max_size=4).map(lambda rows: stacked(*rows)),
)


def words_of(svg: str) -> list[str]:
    return [element.text or "" for element in etree.fromstring(svg).iter(f"{SVG}text")]


def words(chart: Chart) -> list[Words]:
    return [shape for shape in layout.laid_out(chart).shapes if isinstance(shape, Words)]


def boxes(chart: Chart) -> list[Box]:
    """The bars, without the swatches of the legend and the ground behind a value."""
    found = [shape for shape in layout.laid_out(chart).shapes if isinstance(shape, Box) and shape.edged]
    return [box for box in found if (box.width, box.height) != layout._SWATCH]


def extent(run: Words) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a run of text by the layout's own reckoning."""
    wide = layout.width(run.text, run.size)
    if run.turned:
        return run.x - run.size, run.y - wide, run.x, run.y
    left = run.x - {"start": 0.0, "middle": wide / 2, "end": wide}[run.anchor]
    return left, run.y - 0.8 * run.size, left + wide, run.y + 0.2 * run.size


def pixels(chart: Chart, faces: layout.Fonts) -> np.ndarray[Any, Any]:
    """The picture as grey values, a row a line."""
    return np.asarray(Image.open(io.BytesIO(png(chart, faces))))


@given(CHARTS)
@settings(max_examples=150)
def test_every_value_is_printed(chart: Chart) -> None:
    said = " ".join(words_of(charts.svg(chart, NoFonts())))
    numbers = re.findall(r"\d+(?:\.\d+)?", said)
    for _, values in chart.series:
        for value in values:
            assert not value or printed(value) in numbers


@given(CHARTS)
@settings(max_examples=150)
def test_no_word_leaves_the_picture(chart: Chart) -> None:
    picture = layout.laid_out(chart)
    for run in words(chart):
        left, top, right, bottom = extent(run)
        assert left >= 0
        assert right <= layout.WIDTH
        assert top >= 0
        assert bottom <= picture.height


@given(CHARTS)
@settings(max_examples=150)
def test_no_two_words_touch(chart: Chart) -> None:
    places = [extent(run) for run in words(chart)]
    for one, other in itertools.combinations(places, 2):
        beside = one[2] <= other[0] + 0.1 or other[2] <= one[0] + 0.1
        above = one[3] <= other[1] + 0.1 or other[3] <= one[1] + 0.1
        assert beside or above


@given(CHARTS)
@settings(max_examples=25)
def test_real_faces_leave_the_margin_white(chart: Chart) -> None:
    dots = pixels(chart, fonts.find())
    edges = np.concatenate([dots[:3].ravel(), dots[-3:].ravel(), dots[:, :3].ravel(), dots[:, -3:].ravel()])
    assert (edges == 255).all()


@given(st.lists(NUMBERS, min_size=1, max_size=8).filter(any))
def test_bars_are_in_proportion(values: list[Number]) -> None:
    found = boxes(bars(*values))
    shown = [value for value in values if value]
    most = max(found, key=lambda box: box.width)
    for box, value in zip(found, shown, strict=True):
        assert box.width / most.width == pytest.approx(float(value) / float(max(values)))


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS).filter(any), st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_columns_are_in_proportion(first: tuple[Number, ...], second: tuple[Number, ...]) -> None:
    values = [value for value in (*first, *second) if value]
    found = boxes(years(3, first, second))
    most = max(box.height for box in found)
    for box, value in zip(found, values, strict=True):
        assert box.height / most == pytest.approx(float(value) / float(max(values)))


@given(st.lists(ROW, min_size=1, max_size=3).filter(lambda rows: any(any(row) for row in rows)))
def test_pieces_are_in_proportion_and_meet(rows: list[tuple[Number, ...]]) -> None:
    found = boxes(stacked(*rows))
    values = [float(value) for row in rows for value in row if value]
    scale = sum(box.width for box in found) / sum(values)
    for box, value in zip(found, values, strict=True):
        assert box.width == pytest.approx(value * scale)
    for one, other in itertools.pairwise(found):
        assert one.y != other.y or other.x == pytest.approx(one.x + one.width)


def test_a_negative_figure_is_printed_with_a_plain_minus_and_no_bar(faces: fonts.FontSet) -> None:
    chart = bars(5, -3)
    assert "-3" in words_of(charts.svg(chart, faces))
    assert len(boxes(chart)) == 1


def test_a_piece_of_nothing_has_no_label_but_an_empty_row_says_so(faces: fonts.FontSet) -> None:
    said = words_of(charts.svg(stacked((5, 0, 3, 4), (0, 0, 0, 0)), faces))
    assert said.count("0") == 1


def test_values_too_wide_for_their_pieces_stand_beside_them_with_their_names() -> None:
    said = [run.text for run in words(stacked((5000, 1, 0, 2)))]
    assert "结果纠正1、尚未审结2" in said


def test_values_are_turned_only_where_they_would_touch() -> None:
    assert not any(run.turned for run in words(years(3, (1, 2, 3), (4, 5, 6))))
    turned = [run for run in words(years(8, *[(1_234_567,) * 8] * 3)) if run.turned]
    assert len(turned) == 24


def test_words_and_description_are_kept(faces: fonts.FontSet) -> None:
    chart = bars(3, Decimal("72701.2578"), 4, title="甲 & 乙 <丙>")
    root = etree.fromstring(charts.svg(chart, faces))
    assert root.findtext(f"{SVG}title") == chart.title
    assert root.findtext(f"{SVG}desc") == chart.alt
    said = words_of(charts.svg(chart, faces))
    assert {*chart.categories, "3", "72701.2578", "甲 & 乙 <丙>（单位：件）"} <= set(said)


def test_size_is_that_of_the_view_box_and_suits_the_page(faces: fonts.FontSet) -> None:
    for count in (4, 6, 8):
        root = etree.fromstring(charts.svg(bars(*range(1, count + 1)), faces))
        assert root.attrib["viewBox"] == f"0 0 {root.attrib['width'][:-2]} {root.attrib['height'][:-2]}"
        assert 60 <= float(root.attrib["height"][:-2]) / 72 * 25.4 <= 80


def test_families_are_those_of_the_document(faces: fonts.FontSet) -> None:
    svg = charts.svg(bars(1, 2, 3), faces)
    stacks = re.findall(r'font-family="([^"]*)"', svg)
    assert all(family in stacks[0] for family in faces.stack("fangsong"))
    assert all(family in stacks[1] for family in faces.stack("heiti"))


def test_nothing_in_the_svg_can_clash_with_a_page(faces: fonts.FontSet) -> None:
    svg = charts.svg(stacked((5, 6, 7, 8), (1, 1, 1, 1)), faces)
    assert not re.search(
        r"\bid=|\bstyle=|<style|<\?|<!|url\(|<metadata|<a\b|http(?!://www\.w3\.org/2000/svg)", svg
    )


@pytest.mark.parametrize(
    "chart", [bars(3, 2, 1), years(2, (5, 6), (7, 8)), stacked((5, 6, 7, 8), (1, 0, 2, 3))]
)
def test_same_chart_same_bytes(chart: Chart, faces: fonts.FontSet) -> None:
    first = charts.svg(chart, faces), png(chart, faces)
    png(bars(9, 8, 7, 6, 5, 4, 3), faces)
    assert (charts.svg(chart, faces), png(chart, faces)) == first


def test_png_is_opaque_grey_at_its_size_and_undated(faces: fonts.FontSet) -> None:
    chart = bars(3, 2, 1)
    data = png(chart, faces)
    picture = Image.open(io.BytesIO(data))
    assert picture.mode == "L"
    assert picture.info.keys() == {"dpi"}
    assert picture.info["dpi"] == pytest.approx((DPI, DPI), abs=0.1)
    assert picture.size == pytest.approx(
        (layout.WIDTH / 72 * DPI, layout.laid_out(chart).height / 72 * DPI), abs=1
    )


def test_png_shows_the_bars_where_the_layout_has_them(faces: fonts.FontSet) -> None:
    chart = bars(8, 4, 2)
    dots = pixels(chart, faces)
    for box in boxes(chart):
        x, y = (round(place * DPI / 72) for place in (box.x + box.width / 2, box.y + box.height / 2))
        assert dots[y, x] == int(box.fill[1:3], 16)


def test_a_machine_without_faces_still_gets_its_charts() -> None:
    chart = stacked((5, 6, 7, 8), (1, 0, 2, 3))
    assert png(chart, NoFonts()).startswith(b"\x89PNG")
    assert "结果维持" in words_of(charts.svg(chart, NoFonts()))


def swatches(chart: Chart, faces: fonts.FontSet) -> list[np.ndarray[Any, Any]]:
    """The legend's samples cut from a black-and-white copy of the picture."""
    dots = pixels(chart, faces)
    found = []
    for box in layout.laid_out(chart).shapes:
        if isinstance(box, Box) and (box.width, box.height) == layout._SWATCH:
            x, y = (round(place * DPI / 72) for place in (box.x, box.y))
            found.append(dots[y + 3 : y + 22, x + 3 : x + 41].astype(float))
    return found


def test_series_can_be_told_apart_in_grey(faces: fonts.FontSet) -> None:
    samples = swatches(years(3, (1, 2, 3), (4, 5, 6), (7, 8, 9), (1, 1, 1)), faces)
    assert len(samples) == 4
    for one, other in itertools.combinations(samples, 2):
        brighter = abs(one.mean() - other.mean()) > 30
        rougher = abs(one.std() - other.std()) > 30
        assert brighter or rougher


def test_hatching_ends_at_the_edges_of_its_bar() -> None:
    for at in range(len(layout._STYLES)):
        shapes = list(layout._filled(10.0, 20.0, 33.0, 7.0, layout._style(at)))
        points = [
            point for shape in shapes if isinstance(shape, Strokes) for line in shape.lines for point in line
        ]
        assert all(10 - 1e-6 <= x <= 43 + 1e-6 and 20 - 1e-6 <= y <= 27 + 1e-6 for x, y in points)
        assert bool(points) == bool(layout._style(at).hatch)


@given(CHARTS)
@settings(max_examples=80)
def test_no_word_lies_across_a_bar(chart: Chart) -> None:
    for run, box in itertools.product(words(chart), boxes(chart)):
        left, top, right, bottom = extent(run)
        apart = right <= box.x or left >= box.x + box.width or bottom <= box.y or top >= box.y + box.height
        within = box.x <= left and right <= box.x + box.width
        assert apart or within


def test_long_labels_and_titles_are_folded_whole() -> None:
    name, title = "未经复议直接起诉的案件" * 4, "政府信息公开申请办理结果" * 5
    chart = Chart("long", "bars", title, "件", (name, "短"), (("", (3, 1)),), "说明。")
    assert name in "".join(run.text for run in words(chart) if run.anchor == "end")
    assert title in "".join(run.text for run in words(chart) if run.anchor == "middle")
    assert max(box.width for box in boxes(chart)) > 0.5 * layout.WIDTH
    assert all(extent(run)[0] >= 0 and extent(run)[2] <= layout.WIDTH for run in words(chart))
