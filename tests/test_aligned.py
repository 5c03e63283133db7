"""Two texts side by side: nothing is lost or doubled, numbers stay whole, what answers to one another stands in one row."""

from __future__ import annotations

import itertools
import re
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import BASES, FIELDS, RIVERS, SCHOOLS, Base, changed, other_numbers, reworded, shuffled_sentences

from report_builder.model import Section
from report_builder.similarity.aligned import Row, _heaviest, aligned, moved, pieces

bases = pytest.mark.parametrize("base", BASES, ids=("schools", "rivers", "fields"))

SOURCES = [text for base in BASES for _, text in base.text.paragraphs]
CLAUSES = [part for text in SOURCES for part in re.findall(r"[^，。；：]+[，。；：]", text)]
PARAGRAPHS = st.one_of(
    st.lists(st.sampled_from(CLAUSES), max_size=12).map("".join),
    st.text("一二十百万年度1234,，.．%％-A bé。县公开\n", max_size=40),
    st.sampled_from(SOURCES),
)
REPORTS = st.lists(
    st.builds(
        lambda number, texts: Section(number, "", tuple(texts)),
        st.integers(1, 3),
        st.lists(PARAGRAPHS, max_size=6),
    ),
    max_size=4,
)


def read(rows: tuple[Row, ...], side: str) -> list[tuple[int, int, str]]:
    """The paragraphs of one side as its reader finds them: section, number, text."""
    kinds = {"same", "new"} if side == "now" else {"same", "gone"}
    return [
        (row.section, number, "".join(piece.text for piece in row.pieces if piece.kind in kinds))
        for row in rows
        if (number := row.now if side == "now" else row.earlier) is not None
    ]


def written(sections: list[Section]) -> list[tuple[int, int, str]]:
    """The same from the sections themselves."""
    found = []
    for number in sorted({one.number for one in sections}):
        texts = [text for one in sections if one.number == number for text in one.paragraphs]
        found += [(number, at, text) for at, text in enumerate(texts)]
    return found


@given(REPORTS, REPORTS)
def test_each_side_comes_back_whole_and_in_order(now: list[Section], earlier: list[Section]) -> None:
    rows = aligned(now, earlier)
    assert read(rows, "now") == written(now)
    assert read(rows, "earlier") == written(earlier)
    for row in rows:
        allowed = (
            {"same", "gone", "new"}
            - ({"gone", "same"} if row.earlier is None else set())
            - ({"new", "same"} if row.now is None else set())
        )
        assert {piece.kind for piece in row.pieces} <= allowed
        assert all(before.kind != after.kind for before, after in itertools.pairwise(row.pieces))
        assert all(piece.text for piece in row.pieces)


@given(REPORTS)
def test_a_text_beside_itself_is_the_same(sections: list[Section]) -> None:
    rows = aligned(sections, sections)
    assert {piece.kind for row in rows for piece in row.pieces} <= {"same"}
    assert all(row.now == row.earlier for row in rows)


WHOLE = re.compile(
    r"\d+(?:[.．]\d+|,\d{3}(?!\d))*[十百千万亿]*[%％‰年月日]?|[〇零一二三四五六七八九十百千万亿两]+|[A-Za-z]+"
)


@given(PARAGRAPHS, PARAGRAPHS)
@settings(max_examples=300)
def test_no_border_lies_inside_a_number(now: str, earlier: str) -> None:
    found = pieces(now, earlier)
    for text, left_out in ((now, "gone"), (earlier, "new")):
        borders = set(itertools.accumulate(len(piece.text) for piece in found if piece.kind != left_out))
        for number in WHOLE.finditer(text):
            assert not borders & set(range(number.start() + 1, number.end()))


@bases
def test_changed_numbers_alone_are_marked(base: Base) -> None:
    rows = aligned(changed(base, other_numbers).sections, base.text.sections)
    marked = [piece.text for row in rows for piece in row.pieces if piece.kind != "same"]
    assert marked
    assert all(re.fullmatch(r"([\d.]+万?[年月日]?)+", text) for text in marked)


@bases
def test_a_changed_word_is_marked_where_it_stands(base: Base) -> None:
    rows = aligned(reworded(base).sections, base.text.sections)
    gone = {piece.text for row in rows for piece in row.pieces if piece.kind == "gone"}
    assert gone
    assert all(any(text in verb for verb, _ in base.verbs) for text in gone)


@bases
def test_a_paragraph_put_in_and_one_left_out_leave_the_others_paired(base: Base) -> None:
    first = base.text.sections[0]
    now = [Section(1, "", (first.paragraphs[0], "另有新写的一段，与别处都不相干。", *first.paragraphs[2:]))]
    rows = aligned(now, [first])
    assert [(row.now, row.earlier) for row in rows] == [(0, 0), (None, 1), (1, None), (2, 2), (3, 3)]


@bases
def test_shuffled_sentences_leave_paragraphs_paired(base: Base) -> None:
    rows = aligned(changed(base, shuffled_sentences).sections, base.text.sections)
    assert all(row.now == row.earlier for row in rows)


@bases
def test_a_paragraph_moved_within_or_to_another_section_is_known(base: Base) -> None:
    first, last = base.text.sections
    inside = replace(first, paragraphs=(*first.paragraphs[1:], first.paragraphs[0]))
    rows = aligned([inside, last], [first, last])
    assert [(rows[gone].earlier, rows[new].now) for gone, new in moved(rows).items()] == [(0, 3)]
    away = replace(first, paragraphs=first.paragraphs[1:])
    there = replace(last, paragraphs=(*last.paragraphs, other_numbers(first.paragraphs[0])))
    rows = aligned([away, there], [first, last])
    assert [(rows[gone].section, rows[new].section) for gone, new in moved(rows).items()] == [(1, 5)]
    assert moved(aligned([first, last], [first, last])) == {}


def test_a_clause_put_in_ends_with_its_own_sign() -> None:
    kinds = [(piece.kind, piece.text) for piece in pieces("甲县公开。乙县公开了清单。", "甲县公开。")]
    assert kinds == [("same", "甲县公开。"), ("new", "乙县公开了清单。")]


def test_strangers_are_not_paired() -> None:
    for now, earlier in itertools.permutations((SCHOOLS, RIVERS, FIELDS), 2):
        rows = aligned(now.text.sections, earlier.text.sections)
        assert not [row for row in rows if None not in (row.now, row.earlier)]


@given(st.dictionaries(st.tuples(st.integers(0, 5), st.integers(0, 5)), st.integers(1, 9), max_size=9))
def test_the_chain_of_pairs_is_the_heaviest(weights: dict[tuple[int, int], float]) -> None:
    chain = _heaviest(weights)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(chain))
    best = 0.0
    for size in range(len(weights) + 1):
        for some in itertools.combinations(sorted(weights), size):
            if all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(some)):
                best = max(best, sum(weights[one] for one in some))
    assert sum(weights[one] for one in chain) == best


LENGTH = 20_000


@pytest.mark.parametrize("paragraph", [60, 400, LENGTH], ids=("short", "usual", "one"))
def test_long_texts_take_no_time(paragraph: int) -> None:
    text = "".join(itertools.islice(itertools.cycle(SOURCES), 300))[:LENGTH]
    other = "".join(itertools.islice(itertools.cycle(CLAUSES[::-3]), 3000))[:LENGTH]
    sides = [
        [Section(1, "", tuple(one[at : at + paragraph] for at in range(0, LENGTH, paragraph)))]
        for one in (text, other)
    ]
    begun = time.process_time()
    aligned(*sides)
    assert time.process_time() - begun <= 0.6
