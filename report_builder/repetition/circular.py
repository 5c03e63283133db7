"""Which units repeat a report, their own of last year or another's, and what became of those told before."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from report_builder.compare import Comparison
from report_builder.model import Severity
from report_builder.similarity import (
    Cluster,
    How,
    Masked,
    Match,
    Overlap,
    Passage,
    Share,
    Shared,
    Text,
    masked,
    overlap,
    passages,
)
from report_builder.spec import StatutoryWording

_PLACES = 4
_WORST = 3
_MARK_LENGTH = 12
_SEVERITIES = (*Severity, None)


@dataclass(frozen=True, order=True)
class Report:
    """Whose report of which year."""

    unit: str
    report_year: int


Pair = tuple[str, Report]
"""A unit of the report year, and the report it is held against: what a case is known by from run to run."""


@dataclass(frozen=True)
class Rates:
    """The two figures to four decimals; None where there is no text to count."""

    strict: Decimal | None
    loose: Decimal | None

    @property
    def rank(self) -> tuple[Decimal, Decimal]:
        """The greater, the more is repeated."""
        return self.loose or Decimal(0), self.strict or Decimal(0)


@dataclass(frozen=True)
class Quoted:
    """A repeated passage as the circular quotes it; what it is in the report it stands in is the comparison's to say."""

    section: int
    how: How
    text: str
    earlier: str
    years_running: int
    characters: int


@dataclass(frozen=True)
class Case:
    """A unit's report against another: what repeats (the longest of ``repeated`` passages), what the unit is asked."""

    unit: str
    against: Report
    rates: Rates
    repeated: int
    worst: tuple[Quoted, ...]
    asked: Severity | None = None

    @property
    def pair(self) -> Pair:
        """What the case is known by."""
        return self.unit, self.against


@dataclass(frozen=True)
class Copied:
    """A report of a cluster, the one it shares most with, and how much: in whole clauses, and by the two figures."""

    report: Report
    nearest: Report
    shared: Decimal
    rates: Rates


@dataclass(frozen=True)
class Group:
    """Reports that go back to one, the likely source."""

    source: Report
    published_on: dt.date | None
    copies: tuple[Copied, ...]


class Outcome(StrEnum):
    """What became of a case since it was first told; the words stand in terms.toml."""

    MENDED = "mended"
    LOWER = "lower"
    UNCHANGED = "unchanged"
    HIGHER = "higher"
    ELSEWHERE = "elsewhere"
    ABSENT = "absent"


@dataclass(frozen=True)
class Followed:
    """A case whose unit was asked to mend or explain: its rates then and now, None where it is no longer found."""

    unit: str
    against: Report
    asked: Severity
    before: Rates
    now: Rates | None
    outcome: Outcome


@dataclass(frozen=True)
class Circular:
    """What the lead office sends round for a report year; ``not_compared`` are units, each with the reason."""

    report_year: int
    deadline: dt.date | None
    cases: tuple[Case, ...]
    groups: tuple[Group, ...]
    matches: tuple[Match, ...]
    followed: tuple[Followed, ...]
    not_compared: Mapping[str, str] = field(default_factory=dict)
    replies: Mapping[Pair, str] = field(default_factory=dict)

    @property
    def pairs(self) -> set[Pair]:
        """What is known of this run and of those before it."""
        return {case.pair for case in self.cases} | {(one.unit, one.against) for one in self.followed}


@dataclass(frozen=True)
class Run:
    """What a run found: each unit against an earlier year, and the ``texts`` of all reports among themselves.

    ``asked`` says of which pairs the rules ask the unit to mend (CORRECT) or to explain, ``replies`` what units
    wrote back, by :func:`mark`.
    """

    report_year: int
    own: Sequence[Case]
    shared: Shared
    texts: Mapping[Report, Text] = field(default_factory=dict)
    asked: Mapping[Pair, Severity] = field(default_factory=dict)
    not_compared: Mapping[str, str] = field(default_factory=dict)
    replies: Mapping[str, str] = field(default_factory=dict)


def mark(pair: Pair, report_year: int) -> str:
    """How a case of a report year is found again in a workbook that comes back."""
    unit, against = pair
    said = "\n".join((unit, against.unit, str(against.report_year), str(report_year)))
    return hashlib.sha256(said.encode()).hexdigest()[:_MARK_LENGTH]


def circular(
    run: Run, wording: StatutoryWording, before: Sequence[Followed] = (), deadline: dt.date | None = None
) -> Circular:
    """The circular of a run; ``before`` is what the last run's document followed."""
    measured = [(cluster, list(_measured(cluster, wording))) for cluster in run.shared.clusters]
    own = (replace(case, asked=run.asked.get(case.pair)) for case in run.own)
    copies = {case.unit: case for _, found in measured for case, _ in found}
    cases = sorted((*own, *_asked_of(copies, run, wording)), key=_order)
    made = Circular(
        report_year=run.report_year,
        deadline=deadline,
        cases=tuple(cases),
        groups=tuple(_group(cluster, [copied for _, copied in found]) for cluster, found in measured),
        matches=run.shared.matches,
        followed=tuple(_followed(run, cases, before, wording)),
        not_compared=run.not_compared,
    )
    marks = {pair: mark(pair, run.report_year) for pair in sorted(made.pairs)}
    said = {pair: run.replies[one] for pair, one in marks.items() if one in run.replies}
    return replace(made, replies=said)


def _order(case: Case) -> tuple[int, Decimal, Decimal, str, Report]:
    """Those to mend first, then the greatest rates."""
    loose, strict = case.rates.rank
    return _SEVERITIES.index(case.asked), -loose, -strict, case.unit, case.against


def case_of(comparison: Comparison) -> Case:
    """A report against one of the unit's own earlier years."""
    against = Report(comparison.against_unit, comparison.against_year)
    return _case((comparison.unit, against), comparison.overlap, comparison.passages)


def _case(pair: Pair, found: Overlap, repeated: Sequence[Passage]) -> Case:
    """A case with its longest passages, of equals the first in the text."""
    return Case(*pair, _rates(found), len(repeated), longest(map(_quoted, repeated)))


def longest(repeated: Iterable[Quoted]) -> tuple[Quoted, ...]:
    """The few that are quoted."""
    return tuple(sorted(repeated, key=lambda one: -one.characters)[:_WORST])


def _quoted(one: Passage) -> Quoted:
    return Quoted(one.now.section, one.how, one.now.text, one.earlier_text, one.years_running, one.characters)


def _rates(found: Overlap) -> Rates:
    return Rates(_rounded(found.strict), _rounded(found.loose))


def _rounded(share: Share) -> Decimal | None:
    return None if share.ratio is None else round(share.ratio, _PLACES)


# --- among the units ------------------------------------------------------------------------------------------


def _asked_of(copies: Mapping[str, Case], run: Run, wording: StatutoryWording) -> Iterator[Case]:
    """The copies with the gravest that a unit is asked of any other unit's report; who is asked and copied nobody too.

    A unit may be asked of one section of a report that is not its nearest, or be the likely source itself: the
    circular must not leave out whom the rules send back.
    """
    asked: dict[str, list[tuple[Severity, Report]]] = {}
    for (unit, against), severity in run.asked.items():
        if against.unit != unit:
            asked.setdefault(unit, []).append((severity, against))
    nearest = _ranks(run.shared)
    for unit in sorted({*copies, *asked}):
        told = sorted(asked.get(unit, ()), key=lambda one: _grave(one, unit, nearest))
        if unit in copies:
            yield replace(copies[unit], asked=told[0][0] if told else None)
        elif told[0][1] in run.texts:
            severity, against = told[0]
            yield replace(_held_against(unit, against, run, wording), asked=severity)


def _grave(told: tuple[Severity, Report], unit: str, nearest: Mapping[Pair, int]) -> tuple[int, int, Report]:
    """The gravest first, then the report that shares most."""
    severity, against = told
    return _SEVERITIES.index(severity), nearest.get((unit, against), len(nearest)), against


def _held_against(unit: str, against: Report, run: Run, wording: StatutoryWording) -> Case:
    mine, theirs = (masked(run.texts[one], wording) for one in (Report(unit, run.report_year), against))
    return _case((unit, against), overlap(mine, theirs), passages(mine, theirs))


def _ranks(found: Shared) -> dict[Pair, int]:
    """The place of every pair among those that share most, told from both sides."""
    ranks: dict[Pair, int] = {}
    for rank, match in enumerate(found.matches):
        for one, other in ((match.later, match.earlier), (match.earlier, match.later)):
            ranks[one.unit, report_of(other)] = rank
    return ranks


def _group(cluster: Cluster, copies: Sequence[Copied]) -> Group:
    return Group(report_of(cluster.source), cluster.source.published_on, tuple(copies))


def _measured(cluster: Cluster, wording: StatutoryWording) -> Iterator[tuple[Case, Copied]]:
    """Each copy with the two figures against the report it is nearest to."""
    ready: dict[Report, Masked] = {}
    for copy in cluster.copies:
        report, nearest = report_of(copy.text), report_of(copy.source)
        if nearest not in ready:
            ready[nearest] = masked(copy.source, wording)
        mine, theirs = masked(copy.text, wording), ready[nearest]
        case = _case((report.unit, nearest), overlap(mine, theirs), passages(mine, theirs))
        yield case, Copied(report, nearest, _rounded(copy.share) or Decimal(0), case.rates)


def report_of(text: Text) -> Report:
    """Whose report a text is."""
    return Report(text.unit, text.report_year)


# --- what became of it ----------------------------------------------------------------------------------------


def _followed(
    run: Run, cases: Sequence[Case], before: Sequence[Followed], wording: StatutoryWording
) -> Iterator[Followed]:
    """Every case that was ever asked of, by unit: what was told first stays, today's rates stand beside it."""
    today = {case.pair: case.rates for case in cases}
    told = {case.pair: (case.asked, case.rates) for case in cases if case.asked}
    told |= {(one.unit, one.against): (one.asked, one.before) for one in before}
    for pair, (asked, first) in sorted(told.items(), key=lambda item: item[0]):
        now = today[pair] if pair in today else _found_still(pair, run, wording)
        yield Followed(*pair, asked, first, now, _outcome(pair, first, now, run, cases))


def _found_still(pair: Pair, run: Run, wording: StatutoryWording) -> Rates | None:
    """The rates of a pair that is no longer the unit's nearest; None where it has too little in common now."""
    for one in run.shared.matches:
        if (one.later.unit, report_of(one.earlier)) == pair:
            return _rates(overlap(masked(one.later, wording), masked(one.earlier, wording)))
    return None


def _outcome(pair: Pair, first: Rates, now: Rates | None, run: Run, cases: Sequence[Case]) -> Outcome:
    """What a case has come to."""
    asked = _asked_still(pair, cases)
    if now is None:
        return Outcome.ELSEWHERE if asked else _gone(pair, run)
    if not asked:
        return Outcome.MENDED
    if now == first:
        return Outcome.UNCHANGED
    return Outcome.LOWER if now.rank < first.rank else Outcome.HIGHER


def _asked_still(pair: Pair, cases: Sequence[Case]) -> bool:
    """Whether the unit is asked today, of its own years or of another unit as before: a new source mends nothing."""
    unit, against = pair
    own = against.unit == unit
    return any(case.asked and case.unit == unit and (case.against.unit == unit) == own for case in cases)


def _gone(pair: Pair, run: Run) -> Outcome:
    """Not among what the units share any more is mended, where both were there to be compared."""
    unit, against = pair
    both = {Report(unit, run.report_year), against}
    return Outcome.MENDED if against.unit != unit and both <= run.texts.keys() else Outcome.ABSENT
