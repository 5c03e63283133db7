"""Two texts against each other: how much of this year's stands in the other, and which passages.

**Strict** is the share of this year's characters in sentences that stand whole in the other text. **Loose** is the
share of this year's n-grams that stand there, in whatever order. Both count masked characters, after statutory
wording is out; a section is held against the whole of the other text, so that moving a text does not hide it.

A **passage** is a run of clauses of one paragraph that stand in the other text, one clause between them excepted.
Its kind names the greatest change in it:

* ``verbatim``: the same words and numbers in the same order (punctuation aside);
* ``numbers_only``: the same save for what is masked: numbers, dates, names of units and places;
* ``reordered``: the same clauses, in another order or brought together from several places;
* ``reworded``: with words changed, left out or put in, whatever the order: of each changed clause at least half the
  characters stand in the clause it came from, of one that begins or ends the passage at least three quarters. Within a
  copy much may change; beside it, half a clause in common is but the name of a thing or a set phrase.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

import numpy as np

from report_builder.figures import percent
from report_builder.similarity.text import GRAM, Flags, Masked, Place, Places

_EXCERPT = 80


class How(StrEnum):
    """How a passage repeats; the words for it stand in terms.toml."""

    VERBATIM = "verbatim"
    NUMBERS_ONLY = "numbers_only"
    REORDERED = "reordered"
    REWORDED = "reworded"


@dataclass(frozen=True)
class Share:
    """So much of so much, counted exactly."""

    part: int
    whole: int

    @property
    def ratio(self) -> Decimal | None:
        """0 to 1; None where there is nothing to count."""
        return Decimal(self.part) / self.whole if self.whole else None

    def in_words(self, places: int = 1, nothing: str = "—") -> str:
        """The share in per cent, “20.4%”; ``nothing`` where there is nothing to count."""
        return nothing if self.ratio is None else percent(self.ratio, places)

    def reaches(self, bar: Decimal) -> bool:
        """Whether the share is at least ``bar``; nothing never is."""
        return self.whole > 0 and self.part >= bar * self.whole


@dataclass(frozen=True)
class Repeated:
    """The two figures of one section."""

    section: int
    strict: Share
    loose: Share


@dataclass(frozen=True)
class Overlap:
    """The two figures of a report against another text, whole and by section."""

    strict: Share
    loose: Share
    sections: tuple[Repeated, ...]

    def section(self, number: int) -> Repeated | None:
        """The figures of one section; None where this year's report has no such text."""
        return next((one for one in self.sections if one.section == number), None)


@dataclass(frozen=True)
class Passage:
    """What repeats: its place now, its places in the other text, how, and how long it is in masked characters.

    ``years_running`` counts the report years in a row, this one included, whose text holds it.
    """

    how: How
    now: Place
    earlier: tuple[Place, ...]
    characters: int
    years_running: int

    @property
    def excerpt(self) -> str:
        """How it begins: a list names it so, since the whole stands in the text."""
        return _beginning(self.now.text)

    @property
    def earlier_excerpt(self) -> str:
        """How the other text's words begin."""
        return _beginning(self.earlier_text)

    @property
    def earlier_text(self) -> str:
        """The other text's words; several places are parted by an ellipsis."""
        return "……".join(place.text for place in self.earlier)


def _beginning(text: str) -> str:
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}……"


@dataclass(frozen=True, eq=False)
class Against:
    """A text held against another; the figures and the passages are worked out when first asked for, and once.

    ``years`` are all earlier years held, to count for how long a passage has run.
    """

    now: Masked
    other: Masked
    years: tuple[Masked, ...] = ()

    @cached_property
    def overlap(self) -> Overlap:
        """How much of the text stands in the other."""
        return overlap(self.now, self.other)

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """Which passages do."""
        return passages(self.now, self.other, self.years)


def overlap(now: Masked, earlier: Masked) -> Overlap:
    """How much of ``now`` stands in ``earlier``; against a report without a text nothing can be counted."""
    if not earlier.text.sections:
        return _uncounted(now)
    grams, _ = earlier.sought(now.grams)
    gram_sections = now.section_of[now.grams_at]
    letters, letter_sections = _whole_sentences(now, earlier), now.section_of
    numbers = sorted({section.number for section in now.text.sections})
    sections = tuple(
        Repeated(number, _share(letters, letter_sections == number), _share(grams, gram_sections == number))
        for number in numbers
    )
    return Overlap(
        Share(int(letters.sum()), len(letters)), Share(int(grams.sum()), len(grams)), sections=sections
    )


def _uncounted(now: Masked) -> Overlap:
    none = Share(0, 0)
    numbers = sorted({section.number for section in now.text.sections})
    return Overlap(none, none, tuple(Repeated(number, none, none) for number in numbers))


def _share(found: Flags, counted: Flags) -> Share:
    return Share(int((found & counted).sum()), int(counted.sum()))


def _whole_sentences(now: Masked, earlier: Masked) -> Flags:
    """Which letters of ``now`` belong to a sentence that stands whole in ``earlier``."""
    known = set(earlier.sentences)
    whole = np.array([sentence in known for sentence in now.sentences], np.bool_)
    return np.repeat(whole, np.diff(now.sentence_bounds))


def passages(now: Masked, earlier: Masked, years: Sequence[Masked] = ()) -> tuple[Passage, ...]:
    """The passages of ``now`` that stand in ``earlier``, in order; ``years`` are all earlier years held."""
    held = {other.text.report_year: _counted(now, other) for other in (earlier, *years)}
    runs = [run for group in _groups(now, _matched(now, earlier)) for run in _settled(now, group)]
    return tuple(_passage(now, earlier, run, held) for run in runs)


@dataclass(frozen=True)
class _Match:
    """A clause of this year, and the clause of the other text it stands in.

    ``near`` where words differ; ``weak`` where too many do for it to begin or end a passage.
    """

    clause: int
    other: int
    near: bool = False
    weak: bool = False


_Run = Sequence[_Match]
_STRIDE = 2
"""One clause may stand between two that repeat."""
_MOST = (7, 10)
"""A run that makes up so much of the neighbouring repeats stands for itself; the rest is chance."""
_FEW = 8
"""At so many places a short clause is looked at."""
_CHANGED = (1, 2)
"""So much of a changed clause stands in the clause it came from."""
_EDGE = (3, 4)
"""So much where it begins or ends a passage."""


def _reaches(part: int, whole: int, bar: tuple[int, int]) -> bool:
    return part * bar[1] >= whole * bar[0]


def _matched(now: Masked, earlier: Masked) -> list[_Match]:
    """Each clause with its counterpart, in order."""
    known: dict[str, list[int]] = {}
    for at, clause in enumerate(earlier.clauses):
        known.setdefault(clause, []).append(at)
    found = {match.clause: match for match in _long(now, earlier, known)}
    homes = now.paragraph_of_clause, earlier.paragraph_of_clause
    ahead = range(len(now.clauses))
    for at in (*ahead, *reversed(ahead)):
        if at in found or now.clauses[at] not in known:
            continue
        if at - 1 in found or at + 1 in found:
            found |= _short(at, known[now.clauses[at]], found, homes)
        else:
            found |= _followed(at, now, earlier, known)
    return [found[at] for at in sorted(found)]


def _long(now: Masked, earlier: Masked, known: Mapping[str, Sequence[int]]) -> Iterator[_Match]:
    """Of several counterparts the one nearest to what follows the last."""
    near = _near(now, earlier)
    due = 0
    for at, clause in enumerate(now.clauses):
        if len(clause) < GRAM:
            continue
        if clause in known:
            match = _Match(at, _nearest(known[clause], due))
        elif at in near:
            match = _closest(now, at, earlier, near[at], due)
        else:
            continue
        yield match
        due = match.other + 1


def _closest(now: Masked, clause: int, earlier: Masked, counts: Mapping[int, int], due: int) -> _Match:
    """The clause of the other text with most of this one, of equal ones the nearest."""
    other = min(counts, key=lambda one: (-counts[one], abs(one - due)))
    held = _in_pairs(now.clauses[clause], earlier.clauses[other])
    return _Match(clause, other, near=True, weak=not _reaches(held, now.lengths[clause], _EDGE))


def _in_pairs(clause: str, other: str) -> int:
    """How many letters stand in the other beside a neighbour: a list in another order keeps nearly all."""
    known = set(pairwise(other))
    held = [pair in known for pair in pairwise(clause)]
    return sum(before or after for before, after in zip((False, *held), (*held, False), strict=True))


def _short(
    at: int, places: Sequence[int], found: Mapping[int, _Match], homes: tuple[Sequence[int], Sequence[int]]
) -> dict[int, _Match]:
    """A clause shorter than an n-gram (“其中”, a year) stands in any text: it goes to its neighbour's paragraph or nowhere."""
    mine, theirs = homes
    near: list[tuple[int, int]] = []
    for one in (found[one] for one in (at - 1, at + 1) if one in found and mine[one] == mine[at]):
        due = one.other + at - one.clause
        other = _nearest(places, due)
        if theirs[other] == theirs[one.other]:
            near.append((abs(other - due), other))
    return {at: _Match(at, min(near)[1])} if near else {}


def _followed(at: int, now: Masked, earlier: Masked, known: Mapping[str, Sequence[int]]) -> dict[int, _Match]:
    """A short clause whose neighbours stand nowhere yet is known by what follows it: short clauses may be copied too."""
    pair = now.clauses[at : at + 2]
    first = next((one for one in known[pair[0]][:_FEW] if earlier.clauses[one : one + 2] == pair), None)
    return {} if first is None or len(pair) == 1 else {at: _Match(at, first)}


def _nearest(places: Sequence[int], due: int) -> int:
    """The place nearest to ``due``; of two the later, for texts run on."""
    at = bisect_left(places, due)
    return min(places[max(at - 1, 0) : at + 1], key=lambda one: (abs(one - due), -one))


def _near(now: Masked, earlier: Masked) -> Mapping[int, Mapping[int, int]]:
    """Changed clauses: the clauses of the other text that hold enough of each, and how many of its characters."""
    grams, others = earlier.everywhere(now.grams)
    begins = now.grams_at[grams]
    theirs = earlier.clause_of[earlier.grams_at[others]]
    places: dict[tuple[int, int], list[int]] = {}
    for clause, other, begin in zip(
        now.clause_of[begins].tolist(), theirs.tolist(), begins.tolist(), strict=True
    ):
        places.setdefault((clause, other), []).append(begin)
    near: dict[int, dict[int, int]] = {}
    for (clause, other), there in places.items():
        count = _covered(there)
        if _reaches(count, now.lengths[clause], _CHANGED):
            near.setdefault(clause, {})[other] = count
    return near


def _covered(begins: Sequence[int]) -> int:
    """How many letters the n-grams beginning there cover."""
    gaps = (after - before for before, after in pairwise(begins))
    return GRAM + sum(min(gap, GRAM) for gap in gaps)


def _groups(now: Masked, matches: Iterable[_Match]) -> Iterator[list[_Match]]:
    """Matches beside one another in one paragraph."""
    group: list[_Match] = []
    paragraphs = now.paragraph_of_clause
    for match in matches:
        if group and (
            match.clause - group[-1].clause > _STRIDE
            or paragraphs[match.clause] != paragraphs[group[-1].clause]
        ):
            yield group
            group = []
        group.append(match)
    if group:
        yield group


def _settled(now: Masked, group: _Run) -> Iterator[_Run]:
    """The passages among neighbouring matches: runs in the other text's order, or the whole where it was shuffled."""
    least = now.wording.least_passage
    runs = [run for run in map(_firm, _in_order(group)) if run]
    weights = [_weight(now, run) for run in runs]
    mixed = any(after[0].other < before[-1].other for before, after in pairwise(runs))
    part, whole = _MOST
    if mixed and sum(weights) >= 2 * least and whole * max(weights) < part * sum(weights):
        yield _firm(group)
        return
    yield from (run for run, weight in zip(runs, weights, strict=True) if weight >= least)


def _firm(run: _Run) -> _Run:
    """The run from its first to its last clause that may begin or end one."""
    firm = [at for at, match in enumerate(run) if not match.weak]
    return run[firm[0] : firm[-1] + 1] if firm else ()


def _in_order(group: _Run) -> Iterator[list[_Match]]:
    run: list[_Match] = []
    for match in group:
        step = match.other - run[-1].other if run else 0
        if run and not (0 < step <= _STRIDE or (match.near and step == 0)):
            yield run
            run = []
        run.append(match)
    yield run


def _weight(now: Masked, run: _Run) -> int:
    return sum(now.lengths[match.clause] for match in run)


def _passage(now: Masked, earlier: Masked, run: _Run, held: Mapping[int, Places]) -> Passage:
    start, _ = now.span(run[0].clause, run[0].clause)
    _, end = now.span(run[-1].clause, run[-1].clause)
    return Passage(
        how=_how(now, earlier, run),
        now=now.place(start, end),
        earlier=tuple(_places(earlier, run)),
        characters=_weight(now, run),
        years_running=_years(now, run, held, earlier.text.report_year),
    )


def _places(earlier: Masked, run: _Run) -> Iterator[Place]:
    """The stretches of the other text that the clauses come from, in this year's order."""
    paragraphs = earlier.paragraph_of_clause
    first = last = run[0].other
    for match in run[1:]:
        if 0 <= match.other - last <= _STRIDE and paragraphs[match.other] == paragraphs[last]:
            last = match.other
            continue
        yield _between(earlier, first, last)
        first = last = match.other
    yield _between(earlier, first, last)


def _between(text: Masked, first: int, last: int) -> Place:
    start, _ = text.span(first, first)
    _, end = text.span(last, last)
    return text.place(start, end)


def _how(now: Masked, earlier: Masked, run: _Run) -> How:
    pairs = list(pairwise(run))
    if any(match.near for match in run) or any(after.clause - before.clause > 1 for before, after in pairs):
        return How.REWORDED
    steps = {after.other - before.other for before, after in pairs}
    if not steps <= {1}:
        return How.REWORDED if all(0 < step <= _STRIDE for step in steps) else How.REORDERED
    same = all(_bare(now, match.clause) == _bare(earlier, match.other) for match in run)
    return How.VERBATIM if same else How.NUMBERS_ONLY


_MARKS = re.compile(r"[^\w%‰]")


def _bare(text: Masked, clause: int) -> str:
    """A clause as it was written, without punctuation."""
    start, end = text.span(clause, clause)
    return _MARKS.sub("", text.written[start:end])


def _counted(now: Masked, other: Masked) -> Places:
    """How many n-grams before each one of this year's stand in the other text."""
    found, _ = other.sought(now.grams)
    return np.concatenate(([0], np.cumsum(found)))


def _years(now: Masked, run: _Run, held: Mapping[int, Places], against: int) -> int:
    """Report years in a row up to this one whose text holds the passage: at least six tenths of its n-grams.

    The year it is held ``against`` has it, however few n-grams a list in another order leaves whole.
    """
    first = now.grams_before[[match.clause for match in run]]
    last = now.grams_before[[match.clause + 1 for match in run]]
    year, count = now.text.report_year, 1
    while (found := held.get(year - count)) is not None:
        standing = int((found[last] - found[first]).sum())
        if year - count != against and 10 * standing < 6 * int((last - first).sum()):
            break
        count += 1
    return count
