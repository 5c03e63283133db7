"""Many reports among themselves: who has text in common with whom, and whose it is likely to be.

An inverted index of masked clauses, exact to the letter. Two reports are *candidates* when they stand close together in
the lists of enough clauses; a candidate is settled by counting everything the two have in common. A clause that
few have links all of them; one that many have links each report only to the next few: copies of one template
stand side by side in every such list, and reports that share no more than a stock phrase do not.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from report_builder.similarity.pair import Share
from report_builder.similarity.text import Flags, Keys, Places, Text, clause_bounds, hide_names, prepared
from report_builder.spec import StatutoryWording

_SHORTEST = 8
"""Clauses with fewer masked characters are no sign of copying and are not counted."""
_BATCH = 50_000
"""So many characters are made ready at a time: enough to be quick, few enough to stay small."""
_MOST_LINKS = 5_000_000
_NEIGHBOURS = 3
_ENOUGH = 4
"""A candidate shows at least one part in so many of what it takes to be named."""
_NEARLY = 0.999
"""What falls short of the least share by more is not looked at again with exact numbers."""
_LONGEST = 4096
_AT_ONCE = 2_000_000
_CORES = 2


@dataclass(frozen=True)
class Match:
    """Two reports of different units: the ``later`` and the ``earlier``, and the share of each that both have."""

    later: Text
    earlier: Text
    of_later: Share
    of_earlier: Share


@dataclass(frozen=True)
class Copy:
    """A report, the one it shares most with among those that came before it, and how much of it that is."""

    text: Text
    source: Text
    share: Share


@dataclass(frozen=True)
class Cluster:
    """Reports that go back to one: the likely source is the earliest published, of equal days the most complete."""

    source: Text
    copies: tuple[Copy, ...]


@dataclass(frozen=True)
class Shared:
    """What reports have in common: every pair above the bar, the greatest share first, and the clusters."""

    matches: tuple[Match, ...]
    clusters: tuple[Cluster, ...]

    def concerning(self, units: Collection[str]) -> Shared:
        """What concerns these units alone."""
        matches = (one for one in self.matches if {one.later.unit, one.earlier.unit} & {*units})
        clusters = (
            one
            for one in self.clusters
            if {one.source.unit, *(copy.text.unit for copy in one.copies)} & {*units}
        )
        return Shared(tuple(matches), tuple(clusters))


@dataclass(frozen=True, eq=False)
class Clauses:
    """The masked clauses of some texts, found once, so that what these share can be asked of all and of one section.

    The texts stand in the order in which they came out, and so do their clauses: a key, the place of the text, its
    section and the length of each.
    """

    texts: tuple[Text, ...]
    keys: Keys
    at: npt.NDArray[np.int32]
    sections: npt.NDArray[np.int16]
    lengths: npt.NDArray[np.int32]

    def with_those_of(self, others: Clauses) -> Clauses:
        """The clauses of both lots of texts."""
        texts = (*self.texts, *others.texts)
        order = sorted(range(len(texts)), key=lambda at: _came(texts[at]))
        places = np.empty(len(texts), np.int32)
        places[order] = np.arange(len(texts), dtype=np.int32)
        at = places[np.concatenate([self.at, others.at + np.int32(len(self.texts))])]
        sort = np.argsort(at, kind="stable")
        return Clauses(
            tuple(texts[one] for one in order),
            np.concatenate([self.keys, others.keys])[sort],
            at[sort],
            np.concatenate([self.sections, others.sections])[sort],
            np.concatenate([self.lengths, others.lengths])[sort],
        )


def clauses_of(texts: Iterable[Text], wording: StatutoryWording) -> Clauses:
    """The clauses of all texts, without the statutory wording."""
    held = tuple(sorted(texts, key=_came))
    batches = list(_batches(held))
    with ThreadPoolExecutor(_CORES) as pool:
        found = [_NONE, *pool.map(lambda batch: _clauses(held, batch, wording), batches)]
    return Clauses(
        held,
        np.concatenate([one.keys for one in found]),
        np.concatenate([one.at for one in found]),
        np.concatenate([one.sections for one in found]),
        np.concatenate([one.lengths for one in found]),
    )


_NONE = Clauses(
    (), np.zeros(0, np.uint64), np.zeros(0, np.int32), np.zeros(0, np.int16), np.zeros(0, np.int32)
)


@dataclass(frozen=True)
class Question:
    """What is asked of many reports: those of which year, which units share text by right, in which section or in all."""

    report_year: int
    groups: Sequence[Sequence[str]] = ()
    section: int | None = None


def shared(
    texts: Iterable[Text],
    wording: StatutoryWording,
    report_year: int,
    groups: Sequence[Sequence[str]] = (),
) -> Shared:
    """Every report of ``report_year`` against every other, and against all earlier years of other units.

    Two units of one of the ``groups`` share text by right and are not named. A unit's own earlier years are the
    business of :func:`overlap`.
    """
    return shared_among(clauses_of(texts, wording), wording, Question(report_year, groups))


def shared_among(clauses: Clauses, wording: StatutoryWording, asked: Question) -> Shared:
    """What the texts of these clauses have in common, as far as it is asked for."""
    held = clauses.texts
    index = _indexed(clauses, asked.section)
    allowed = _Allowed(held, asked.report_year, asked.groups)
    found = list(_settled(index, _candidates(index, wording, allowed), wording))
    found.sort(key=lambda one: (-one.greatest, one.earlier, one.later))
    matches = tuple(Match(held[one.later], held[one.earlier], one.of_later, one.of_earlier) for one in found)
    return Shared(matches, tuple(_clusters(held, found)))


def _came(text: Text) -> tuple[int, dt.date, int, str]:
    """The order in which reports came out; without a day, last in its year; of equals the most complete first."""
    return text.report_year, text.published_on or dt.date.max, -text.size, text.unit


@dataclass(frozen=True)
class _Found:
    """A pair by the order in which the reports came out, and how much of each both have."""

    earlier: int
    later: int
    of_earlier: Share
    of_later: Share

    @property
    def greatest(self) -> float:
        """The greater of the two shares, to sort by."""
        return max(self.of_earlier.part / self.of_earlier.whole, self.of_later.part / self.of_later.whole)

    @property
    def weight(self) -> tuple[float, int]:
        """How much speaks for the earlier being the source of the later; of equals the earliest."""
        return self.of_later.part / self.of_later.whole, -self.earlier


# --- the index ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Index:
    """Every clause of every report once, by clause and then by report.

    ``clauses`` numbers equal clauses alike; ``run_ends`` is where the list of each entry's clause ends.
    ``wholes`` counts each report's characters in such clauses.
    """

    clauses: npt.NDArray[np.int32]
    texts: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int32]
    run_ends: Places
    wholes: list[int]


def _indexed(clauses: Clauses, section: int | None) -> _Index:
    """The index of one section or of all."""
    kept = slice(None) if section is None else clauses.sections == section
    keys, held, lengths = clauses.keys[kept], clauses.at[kept], clauses.lengths[kept]
    order = np.argsort(keys, kind="stable")
    keys, held, lengths = keys[order], held[order], lengths[order]
    again = np.zeros(len(keys), np.bool_)
    again[1:] = (keys[1:] == keys[:-1]) & (held[1:] == held[:-1])
    keys, held, lengths = keys[~again], held[~again], lengths[~again]
    new = np.ones(len(keys), np.bool_)
    new[1:] = keys[1:] != keys[:-1]
    numbers = (np.cumsum(new) - 1).astype(np.int32)
    ends = np.append(np.flatnonzero(new)[1:], len(keys))
    wholes = np.bincount(held, weights=lengths, minlength=len(clauses.texts)).astype(np.int64).tolist()
    return _Index(numbers, held, lengths, ends[numbers] if len(keys) else ends, wholes)


def _batches(texts: Sequence[Text]) -> Iterator[range]:
    begin = size = 0
    for at, text in enumerate(texts):
        size += text.size
        if size >= _BATCH:
            yield range(begin, at + 1)
            begin, size = at + 1, 0
    if begin < len(texts):
        yield range(begin, len(texts))


def _clauses(texts: Sequence[Text], batch: range, wording: StatutoryWording) -> Clauses:
    """The clauses of a batch of texts, all made ready in one stroke."""
    parts = [(at, one.number, "\n".join(one.paragraphs)) for at in batch for one in texts[at].sections]
    written = "\n".join(hide_names(part, texts[at].names) for at, _, part in parts)
    signs, _ = prepared(written, wording)
    bounds = clause_bounds(signs)
    lengths = np.diff(bounds)
    begins = np.cumsum([0, *(len(part) + 1 for _, _, part in parts)])[:-1]
    where = np.searchsorted(begins, signs.starts[bounds[:-1]], side="right") - 1
    kept = lengths >= _SHORTEST
    where = where[kept]
    places = np.array([at for at, _, _ in parts], np.int32)[where]
    sections = np.array([number for _, number, _ in parts], np.int16)[where]
    return Clauses((), _keys(signs.codes, bounds)[kept], places, sections, lengths[kept].astype(np.int32))


def _keys(codes: npt.NDArray[np.uint32], bounds: Places) -> Keys:
    """A key of 64 bits for each clause, from its signs and their order."""
    if not len(codes):
        return np.zeros(0, np.uint64)
    signs, powers = _chances()
    within = np.arange(len(codes)) - np.repeat(bounds[:-1], np.diff(bounds))
    worth = signs[codes & 0xFFFF] * powers[within % _LONGEST]
    return np.add.reduceat(worth, bounds[:-1])


@cache
def _chances() -> tuple[Keys, Keys]:
    """A large odd number for every sign and for every place, the same in every run."""
    drawn = np.random.default_rng(1).integers(1 << 63, size=(2, 1 << 16), dtype=np.uint64)
    return drawn[0] * np.uint64(2) + np.uint64(1), drawn[1][:_LONGEST] * np.uint64(2) + np.uint64(1)


# --- candidates -----------------------------------------------------------------------------------------------


class _Allowed:
    """Which pairs may be named: one of the year asked for, two units, no group of both."""

    def __init__(self, texts: Sequence[Text], report_year: int, groups: Sequence[Sequence[str]]) -> None:
        self.asked = np.array([text.report_year == report_year for text in texts], np.bool_)
        units: dict[str, int] = {}
        self.units = np.array([units.setdefault(text.unit, len(units)) for text in texts], np.int32)
        self.groups = [
            np.isin(self.units, [units[name] for name in group if name in units]) for group in groups
        ]

    def __call__(self, left: npt.NDArray[np.int32], right: npt.NDArray[np.int32]) -> Flags:
        """Which of the pairs may be named."""
        may: Flags = (self.asked[left] | self.asked[right]) & (self.units[left] != self.units[right])
        for group in self.groups:
            may &= ~(group[left] & group[right])
        return may


def _candidates(index: _Index, wording: StatutoryWording, allowed: _Allowed) -> tuple[Places, Places]:
    """Pairs that stand together in the lists of enough clauses."""
    count = max(len(index.wholes), 1)
    codes = np.concatenate([np.zeros(0, np.int64), *_links(index, allowed)])
    codes.sort()
    new = np.ones(len(codes), np.bool_)
    new[1:] = codes[1:] != codes[:-1]
    begins = np.flatnonzero(new)
    seen = np.diff(np.append(begins, len(codes)))
    left, right = np.divmod(codes[begins], count)
    sizes = np.bincount(index.texts, minlength=count)
    fewer = np.minimum(sizes[left], sizes[right])
    enough = seen * _ENOUGH >= fewer * float(wording.least_shared)
    return left[enough], right[enough]


def _links(index: _Index, allowed: _Allowed) -> Iterator[Places]:
    """Pairs of reports from each clause's list, at growing distance in it; a pair is one number."""
    count = len(index.wholes)
    at = np.arange(len(index.texts))
    first = np.zeros(len(at), np.bool_)
    first[:1] = True
    first[1:] = index.clauses[1:] != index.clauses[:-1]
    sizes = np.diff(np.append(np.flatnonzero(first), len(at)))
    few = _few(sizes)
    reach = np.where(
        np.repeat(sizes, sizes) > few, np.minimum(index.run_ends, at + 1 + _NEIGHBOURS), index.run_ends
    )
    distance = 1
    while len(at := at[at + distance < reach[at]]):
        left, right = index.texts[at], index.texts[at + distance]
        may = allowed(left, right)
        yield left[may].astype(np.int64) * count + right[may]
        distance += 1


def _few(sizes: Places) -> int:
    """The longest list that links all its reports: as long as all such lists together stay within the most links."""
    lengths, numbers = np.unique(sizes, return_counts=True)
    links = np.cumsum(numbers * lengths * (lengths - 1) // 2)
    within = lengths[links <= _MOST_LINKS]
    return int(within[-1]) if len(within) else 1


def _settled(index: _Index, candidates: tuple[Places, Places], wording: StatutoryWording) -> Iterator[_Found]:
    """The candidates that have enough in common: of one of the two the least share or more."""
    left, right = candidates
    count = max(len(index.wholes), 1)
    order = np.argsort(index.texts, kind="stable")
    clauses, lengths = index.clauses[order].astype(np.int64), index.lengths[order]
    begins = np.searchsorted(index.texts[order], np.arange(count + 1))
    known = index.texts[order].astype(np.int64) * (int(clauses.max(initial=0)) + 1) + clauses
    sizes = np.diff(begins)
    least, wholes = wording.least_shared, np.array(index.wholes)
    for part in _portions(sizes[left]):
        one, other = left[part], right[part]
        mine = np.repeat(begins[one] - np.concatenate(([0], np.cumsum(sizes[one])[:-1])), sizes[one])
        mine += np.arange(len(mine))
        sought = known[mine] + np.repeat(other - one, sizes[one]) * (int(clauses.max(initial=0)) + 1)
        at = np.minimum(np.searchsorted(known, sought), len(known) - 1)
        both = np.where(known[at] == sought, lengths[mine], 0)
        sums = np.bincount(np.repeat(np.arange(len(one)), sizes[one]), weights=both, minlength=len(one))
        near = sums >= np.minimum(wholes[one], wholes[other]) * (float(least) * _NEARLY)
        for earlier, later, common in zip(
            one[near].tolist(), other[near].tolist(), sums[near].astype(np.int64).tolist(), strict=True
        ):
            shares = Share(common, index.wholes[earlier]), Share(common, index.wholes[later])
            if any(share.reaches(least) for share in shares):
                yield _Found(earlier, later, *shares)


def _portions(sizes: Places) -> Iterator[slice]:
    """The pairs in portions of bounded work."""
    steps = np.cumsum(sizes) // _AT_ONCE
    edges = np.concatenate(([0], np.flatnonzero(steps[1:] != steps[:-1]) + 1, [len(sizes)]))
    yield from (slice(begin, end) for begin, end in pairwise(edges.tolist()) if end > begin)


# --- clusters -------------------------------------------------------------------------------------------------


def _clusters(texts: Sequence[Text], found: Iterable[_Found]) -> Iterator[Cluster]:
    """Each report under the one it shares most with, and that under its own, up to the first; the largest first."""
    best: dict[int, _Found] = {}
    for one in found:
        if one.later not in best or one.weight > best[one.later].weight:
            best[one.later] = one
    members: dict[int, list[int]] = defaultdict(list)
    for later in sorted(best):
        members[_first(later, best)].append(later)
    for source, copies in sorted(members.items(), key=lambda item: (-len(item[1]), item[0])):
        yield Cluster(
            texts[source],
            tuple(Copy(texts[at], texts[best[at].earlier], best[at].of_later) for at in copies),
        )


def _first(at: int, best: Mapping[int, _Found]) -> int:
    while at in best:
        at = best[at].earlier
    return at
