"""Two reports' texts set side by side: sections by number, paragraphs in order, changes by whole numbers and words.

Rows keep the order of both texts: read from top to bottom, what is the same or new is this report, what is the
same or gone is the earlier one. A paragraph that went elsewhere therefore stands twice, once gone and once new;
:func:`moved` says which two belong together.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Literal

from report_builder.model import Section

Kind = Literal["same", "gone", "new"]

_NUMERAL = "〇零一二三四五六七八九十百千万亿两"
_TOKEN = re.compile(
    rf"""(?:百分之)?
        (?: (?:(?<![\d%])[-−－])?\d+(?:[.．:：/-]\d+|[,，]\d{{3}}(?!\d))*[十百千万亿]*
          | [{_NUMERAL}]+(?:点[{_NUMERAL}]+)?
        )[%％‰年月日]?
      | [A-Za-z][A-Za-z0-9_.@:/-]*
      | .""",
    re.VERBOSE | re.DOTALL,
)
_COUNTED = re.compile(rf"(?:百分之|[-−－])?[\d{_NUMERAL}]")
_DIGITS = re.compile(r"\d+")
_ENDS = frozenset("，；。：、！？")
_ALIKE = 0.3
"""Paragraphs that have a smaller part of their pairs of signs in common are two paragraphs, not one changed."""
_MOVED = 0.6
"""A paragraph found elsewhere has at least so much in common with the one that is missing."""
_COMMON = 64
"""A pair of signs that so many paragraphs have finds no counterpart."""
_MOST_BITS = 10**9
"""Two stretches whose table would be larger (125 MB) are not looked into: all gone, all new."""


@dataclass(frozen=True)
class Piece:
    """A stretch of one line: in both, only in the earlier report (``gone``), or only now (``new``)."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Row:
    """One line of the two texts.

    ``now`` and ``earlier`` are the paragraph's 0-based numbers in its section, None where that report has none.
    """

    section: int
    now: int | None
    earlier: int | None
    pieces: tuple[Piece, ...]


def aligned(now: Sequence[Section], earlier: Sequence[Section]) -> tuple[Row, ...]:
    """Every paragraph of both texts in one row each, paragraphs that answer to one another in the same row."""
    mine, theirs = _by_number(now), _by_number(earlier)
    return tuple(
        row
        for number in sorted({*mine, *theirs})
        for row in _rows(number, mine.get(number, ()), theirs.get(number, ()))
    )


def moved(rows: Sequence[Row]) -> Mapping[int, int]:
    """Paragraphs that stand elsewhere now: the place among ``rows`` where one is gone, and where it is new."""
    gone, new = (
        {at: _pairs(row.pieces[0].text) for at, row in enumerate(rows) if _one_sided(row) == kind}
        for kind in ("gone", "new")
    )
    from_rows, to_rows = list(gone), list(new)
    likely = [pair for pair in _likenesses([*gone.values()], [*new.values()]) if pair[1] >= _MOVED]
    found: dict[int, int] = {}
    for (one, other), _ in sorted(likely, key=lambda pair: (-pair[1], pair[0])):
        if from_rows[one] not in found and to_rows[other] not in found.values():
            found[from_rows[one]] = to_rows[other]
    return found


def _one_sided(row: Row) -> Kind:
    """Whether a row's paragraph is only in the earlier report, only now, or in both; an empty one counts as in both."""
    if not row.pieces or None not in (row.now, row.earlier):
        return "same"
    return "gone" if row.now is None else "new"


def _by_number(sections: Iterable[Section]) -> Mapping[int, Sequence[str]]:
    found: dict[int, list[str]] = {}
    for section in sections:
        found.setdefault(section.number, []).extend(section.paragraphs)
    return found


def _rows(section: int, now: Sequence[str], earlier: Sequence[str]) -> Iterator[Row]:
    at = other = 0
    for mine, theirs in (*_counterparts(now, earlier), (len(now), len(earlier))):
        yield from (Row(section, None, one, _whole("gone", earlier[one])) for one in range(other, theirs))
        yield from (Row(section, one, None, _whole("new", now[one])) for one in range(at, mine))
        if mine < len(now) and theirs < len(earlier):
            yield Row(section, mine, theirs, pieces(now[mine], earlier[theirs]))
        at, other = mine + 1, theirs + 1


def _whole(kind: Kind, text: str) -> tuple[Piece, ...]:
    return (Piece(kind, text),) if text else ()


# --- paragraphs -----------------------------------------------------------------------------------------------

_Pair = tuple[int, int]


def _counterparts(now: Sequence[str], earlier: Sequence[str]) -> Iterator[_Pair]:
    """The paragraphs that answer to one another, in the order of both texts, so that the most text is paired."""
    head, tail = _ends(now, earlier)
    yield from ((at, at) for at in range(head))
    mine = [_pairs(text) for text in now[head : len(now) - tail]]
    theirs = [_pairs(text) for text in earlier[head : len(earlier) - tail]]
    found = {pair: share for pair, share in _likenesses(mine, theirs) if share >= _ALIKE}
    for one, other in _heaviest({pair: share * len(mine[pair[0]]) for pair, share in found.items()}):
        yield head + one, head + other
    yield from ((len(now) - left, len(earlier) - left) for left in range(tail, 0, -1))


def _ends(now: Sequence[object], earlier: Sequence[object]) -> tuple[int, int]:
    """How many at the beginning, and how many at the end, are the same in both."""
    most = min(len(now), len(earlier))
    head = next((at for at in range(most) if now[at] != earlier[at]), most)
    tail = next((at for at in range(most - head) if now[-1 - at] != earlier[-1 - at]), most - head)
    return head, tail


def _pairs(text: str) -> frozenset[str]:
    """The pairs of neighbouring signs, numbers all alike."""
    signs = f"\n{_DIGITS.sub('0', text)}\n"
    return frozenset(map("".join, pairwise(signs)))


def _likenesses(
    now: Sequence[frozenset[str]], earlier: Sequence[frozenset[str]]
) -> Iterator[tuple[_Pair, float]]:
    """Pairs of paragraphs with anything rarer in common, and how alike they are, 0 to 1."""
    holders: dict[str, list[int]] = {}
    for at, signs in enumerate(earlier):
        for pair in signs:
            holders.setdefault(pair, []).append(at)
    rare = {pair: held for pair, held in holders.items() if len(held) <= _COMMON}
    for one, signs in enumerate(now):
        for other in sorted({at for pair in signs & rare.keys() for at in rare[pair]}):
            theirs = earlier[other]
            yield (one, other), 2 * len(signs & theirs) / (len(signs) + len(theirs))


def _heaviest(weights: Mapping[_Pair, float]) -> Sequence[_Pair]:
    """The heaviest chain of pairs that grow on both sides."""
    ends: list[tuple[int, float, _Pair]] = []
    before: dict[_Pair, _Pair | None] = {}
    for one, pairs in groupby(sorted(weights), key=lambda pair: pair[0]):
        for other in sorted((other for _, other in pairs), reverse=True):
            at = bisect_left(ends, (other,))
            last = ends[at - 1] if at else None
            pair, weight = (one, other), weights[one, other] + (last[1] if last else 0)
            before[pair] = last[2] if last else None
            _put(ends, (other, weight, pair))
    chain = [ends[-1][2]] if ends else []
    while chain and (previous := before[chain[-1]]) is not None:
        chain.append(previous)
    return chain[::-1]


def _put(ends: list[tuple[int, float, _Pair]], end: tuple[int, float, _Pair]) -> None:
    """Keep of the chains those that are heavier than every one ending earlier."""
    at = bisect_left(ends, (end[0] + 1,))
    if at and ends[at - 1][1] >= end[1]:
        return
    start = bisect_left(ends, (end[0],))
    stop = next((one for one in range(start, len(ends)) if ends[one][1] > end[1]), len(ends))
    del ends[start:stop]
    insort(ends, end)


# --- inside a paragraph ---------------------------------------------------------------------------------------


def pieces(now: str, earlier: str) -> tuple[Piece, ...]:
    """What two paragraphs have in common and what not; no border lies inside a number or a Latin word."""
    mine, theirs = _TOKEN.findall(now), _TOKEN.findall(earlier)
    head, tail = _ends(mine, theirs)
    middle = _settled(_changes(mine[head : len(mine) - tail], theirs[head : len(theirs) - tail]))
    stretches = _at_sentence_ends([*middle, _Change("".join(mine[len(mine) - tail :]))])
    return tuple(_joined([Piece("same", "".join(mine[:head])), *stretches]))


@dataclass(frozen=True, slots=True)
class _Change:
    """A stretch that is the same, then what went and what came; the weights count signs that are no numbers."""

    same: str
    gone: str = ""
    new: str = ""
    weight_gone: int = 0
    weight_new: int = 0

    @property
    def weight(self) -> int:
        return max(self.weight_gone, self.weight_new)

    def further(self, then: _Change) -> _Change:
        """One change of two, what lies between them gone and come again."""
        held = len(then.same)
        return _Change(
            self.same,
            self.gone + then.same + then.gone,
            self.new + then.same + then.new,
            self.weight_gone + held + then.weight_gone,
            self.weight_new + held + then.weight_new,
        )


def _changes(now: Sequence[str], earlier: Sequence[str]) -> Iterator[_Change]:
    begin = at = other = 0
    for mine, theirs in (*_common(now, earlier), (len(now), len(earlier))):
        if (mine, theirs) != (at, other):
            gone, new = earlier[other:theirs], now[at:mine]
            weights = (_weight(gone), _weight(new))
            yield _Change("".join(now[begin:at]), "".join(gone), "".join(new), *weights)
            begin = mine
        at, other = mine + 1, theirs + 1


def _weight(tokens: Iterable[str]) -> int:
    return sum(len(token) for token in tokens if not _COUNTED.match(token))


def _settled(changes: Iterable[_Change]) -> Sequence[_Change]:
    """Without what is the same by chance: a stretch between two changes that is no longer than either of them."""
    settled: list[_Change] = []
    for change in changes:
        settled.append(change)
        while len(settled) > 1 and len(settled[-1].same) <= min(settled[-1].weight, settled[-2].weight):
            last = settled.pop()
            settled[-1] = settled[-1].further(last)
    return settled


def _at_sentence_ends(changes: Sequence[_Change]) -> Iterator[Piece]:
    """The pieces; a clause put in or left out ends with its own sign, not with that of the clause before."""
    moved = ""
    for change, then in zip(changes, [*changes[1:], _Change("")], strict=True):
        same, sign = change.same.removeprefix(moved), change.gone[:1] + change.new[:1]
        kept = then.same != sign or then is changes[-1]
        moved = sign if kept and sign in _ENDS and then.same.startswith(sign) else ""
        yield Piece("same", same + moved)
        yield Piece("gone", _turned(change.gone, moved))
        yield Piece("new", _turned(change.new, moved))


def _turned(text: str, sign: str) -> str:
    return text.removeprefix(sign) + sign if text else ""


def _common(now: Sequence[str], earlier: Sequence[str]) -> Sequence[_Pair]:
    """The longest common subsequence, by whole rows of a table of bits (Hyyrö 2004): quick on thousands of signs."""
    if len(now) * len(earlier) > _MOST_BITS:
        return ()
    places: dict[str, int] = {}
    for at, token in enumerate(earlier):
        places[token] = places.get(token, 0) | 1 << at
    full = (1 << len(earlier)) - 1
    rows = [full]
    for token in now:
        row = rows[-1]
        hit = row & places.get(token, 0)
        rows.append((row + hit | row - hit) & full)
    return _traced(rows, len(earlier))


def _traced(rows: Sequence[int], width: int) -> Sequence[_Pair]:
    """The way back through the table; a bit that is not set is where the row's count grows."""
    found = []
    at, other = len(rows) - 1, width
    row, above = _bits(rows[at], width), _bits(rows[at - 1], width)
    while at and other:
        byte, bit = other - 1 >> 3, 1 << (other - 1 & 7)
        if row[byte] & bit:
            other -= 1
            continue
        at -= 1
        if above[byte] & bit:
            other -= 1
            found.append((at, other))
        row, above = above, _bits(rows[at - 1], width)
    return found[::-1]


def _bits(row: int, width: int) -> bytes:
    """A row in bytes: looking at one bit of a long number costs as much as reading all of it."""
    return row.to_bytes(width + 7 >> 3, "little")


def _joined(stretches: Iterable[Piece]) -> Iterator[Piece]:
    """The pieces that hold anything, neighbours of one kind as one."""
    held = (piece for piece in stretches if piece.text)
    for kind, run in groupby(held, key=attrgetter("kind")):
        yield Piece(kind, "".join(piece.text for piece in run))
