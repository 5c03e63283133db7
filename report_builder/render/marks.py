"""Two texts made ready to stand side by side: what of each paragraph is new or gone, repeats, was taken out or moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, groupby, pairwise, zip_longest
from typing import Literal

from report_builder.compare import Comparison
from report_builder.model import Section
from report_builder.similarity import How, Place
from report_builder.similarity.aligned import Kind, Piece, Row, aligned, moved, pieces

Year = Literal["earlier", "now"]


@dataclass(frozen=True, slots=True)
class Mark:
    """The passage a stretch belongs to: its 1-based number in the comparison, and how it repeats."""

    number: int
    how: How


@dataclass(frozen=True, slots=True)
class Leaf:
    """Characters of one sort; ``taken`` ones are statutory wording, which no figure counts."""

    kind: Kind
    text: str
    taken: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """Leaves that belong to one passage, or to none.

    ``first`` where its passage begins on this side; ``there`` is the passage to look at on the other.
    """

    mark: Mark | None
    leaves: tuple[Leaf, ...]
    first: bool
    there: int


@dataclass(frozen=True, slots=True)
class Spot:
    """A paragraph's section and its 0-based number there."""

    section: int
    paragraph: int


@dataclass(frozen=True, slots=True)
class Side:
    """One report's paragraph of a line; ``alone`` where the other has none like it, ``moved`` where the other has it."""

    spot: Spot
    stretches: tuple[Stretch, ...]
    alone: bool
    moved: Spot | None

    @property
    def changed(self) -> bool:
        """Whether anything outside the passages is new or gone."""
        return any(leaf.kind != "same" for one in self.stretches if one.mark is None for leaf in one.leaves)


@dataclass(frozen=True, slots=True)
class Line:
    """What stands in one line: paragraphs that answer to one another, or two that stand for themselves."""

    earlier: Side | None
    now: Side | None

    @property
    def sides(self) -> tuple[Side, ...]:
        """Those there are."""
        return tuple(filter(None, (self.earlier, self.now)))

    @property
    def changed(self) -> bool:
        """Whether either side is, outside the passages."""
        return any(side.changed for side in self.sides)

    @property
    def alike(self) -> bool:
        """Whether both reports say the same, sign by sign."""
        leaves = [leaf for side in self.sides for stretch in side.stretches for leaf in stretch.leaves]
        whole = all(not side.alone and side.moved is None for side in self.sides)
        return whole and all(leaf.kind == "same" for leaf in leaves)

    @property
    def hows(self) -> frozenset[How]:
        """How its passages repeat."""
        return frozenset(one.mark.how for side in self.sides for one in side.stretches if one.mark)


Span = tuple[int, int]
_Home = tuple[Spot, tuple[Piece, ...]]
Spans = Mapping[Spot, Sequence[tuple[Span, Mark]]]


def side_by_side(
    now: Sequence[Section], earlier: Sequence[Section], comparison: Comparison
) -> Mapping[int, Sequence[Line]]:
    """The lines of every section that has text, by its number; the sections are those the comparison was made of."""
    rows = aligned(now, earlier)
    taken: dict[Spot, list[Span]] = {}
    for place in comparison.taken_out:
        taken.setdefault(_spot(place), []).append((place.start, place.end))
    homes = _homes(rows)
    sheets = (
        _Sheet("earlier", _spans(comparison, "earlier"), {}, homes),
        _Sheet("now", _spans(comparison, "now"), taken, homes),
    )
    return {
        number: [_line(pair, *sheets) for pair in _paired(held)]
        for number, held in groupby(rows, key=lambda row: row.section)
    }


@dataclass(frozen=True)
class _Sheet:
    """What is known of one report besides its words: its passages, what was taken out of it, what stands elsewhere."""

    year: Year
    passages: Spans
    taken: Mapping[Spot, Sequence[Span]]
    homes: Mapping[tuple[Year, Spot], _Home]

    @cached_property
    def begins(self) -> Mapping[int, tuple[Spot, int]]:
        """Where each passage is first seen; one that others cover wholly is seen nowhere."""
        found: dict[int, tuple[Spot, int]] = {}
        for spot, marks in self.passages.items():
            before = None
            for cut in sorted({*chain.from_iterable(span for span, _ in marks)}):
                mark = _mark_at(cut, marks)
                if mark is not None and mark != before:
                    found.setdefault(mark.number, (spot, cut))
                before = mark
        return found

    @cached_property
    def seen_in(self) -> Mapping[int, int]:
        """Each passage's number, or that of the one that covers it."""
        found: dict[int, int] = {}
        for marks in self.passages.values():
            for (start, _), mark in marks:
                holder = _mark_at(start, marks) or mark
                found.setdefault(mark.number, mark.number if mark.number in self.begins else holder.number)
        return found


def _spot(place: Place) -> Spot:
    return Spot(place.section, place.paragraph - 1)


def _spans(comparison: Comparison, year: Year) -> Spans:
    found: dict[Spot, list[tuple[Span, Mark]]] = {}
    for number, passage in enumerate(comparison.passages, 1):
        for place in (passage.now,) if year == "now" else passage.earlier:
            found.setdefault(_spot(place), []).append(((place.start, place.end), Mark(number, passage.how)))
    return found


def _homes(rows: Sequence[Row]) -> Mapping[tuple[Year, Spot], _Home]:
    """Where a moved paragraph stands in the other report, and how it changed on the way."""
    found: dict[tuple[Year, Spot], _Home] = {}
    for gone, new in moved(rows).items():
        there = Spot(rows[gone].section, rows[gone].earlier or 0)
        here = Spot(rows[new].section, rows[new].now or 0)
        changes = pieces(*("".join(piece.text for piece in rows[at].pieces) for at in (new, gone)))
        found |= {("earlier", there): (here, changes), ("now", here): (there, changes)}
    return found


_Pair = tuple[Row | None, Row | None]


def _paired(rows: Iterable[Row]) -> Iterator[_Pair]:
    """Rows as lines: those of one report alone share a line with one of the other, so that no half stays empty."""
    for both, run in groupby(rows, key=lambda row: None not in (row.earlier, row.now)):
        held = list(run)
        if both:
            yield from ((row, row) for row in held)
        else:
            gone, new = (
                [row for row in held if getattr(row, year) is not None] for year in ("earlier", "now")
            )
            yield from zip_longest(gone, new)


def _line(pair: _Pair, earlier: _Sheet, now: _Sheet) -> Line:
    gone, new = pair
    return Line(
        None if gone is None else _side(gone, earlier, now),
        None if new is None else _side(new, now, earlier),
    )


def _side(row: Row, sheet: _Sheet, other: _Sheet) -> Side:
    own: Kind = "new" if sheet.year == "now" else "gone"
    spot = Spot(row.section, (row.now if sheet.year == "now" else row.earlier) or 0)
    home, changes = sheet.homes.get((sheet.year, spot), (None, row.pieces))
    held = [piece for piece in changes if piece.kind in ("same", own)]
    alone = home is None and None in (row.now, row.earlier)
    return Side(spot, tuple(_stretches(held, spot, sheet, other)), alone, home)


def _stretches(held: Sequence[Piece], spot: Spot, sheet: _Sheet, other: _Sheet) -> Iterator[Stretch]:
    """The paragraph cut wherever anything begins or ends."""
    text = "".join(piece.text for piece in held)
    kinds = [piece.kind for piece in held for _ in piece.text]
    marks, taken = sheet.passages.get(spot, ()), sheet.taken.get(spot, ())
    changes = (at for at, (one, then) in enumerate(pairwise(kinds), 1) if one != then)
    cuts = sorted({0, len(text), *changes, *chain.from_iterable((*(span for span, _ in marks), *taken))})
    for mark, run in groupby(pairwise(cuts), key=lambda cut: _mark_at(cut[0], marks)):
        stretch = list(run)
        leaves = (
            Leaf(kinds[start], text[start:end], any(begin <= start < stop for begin, stop in taken))
            for start, end in stretch
        )
        first = mark is not None and sheet.begins.get(mark.number) == (spot, stretch[0][0])
        there = 0 if mark is None else other.seen_in.get(mark.number, 0)
        yield Stretch(mark, tuple(leaves), first, there)


def _mark_at(place: int, marks: Sequence[tuple[Span, Mark]]) -> Mark | None:
    """The passage that stands there; where two meet, the first of this report has it."""
    return next((mark for (start, end), mark in marks if start <= place < end), None)
