"""Findings turned into points: nothing is judged here that no rule has judged, and every point names its rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from report_builder.figures import whole
from report_builder.model import Finding, Number, Severity
from report_builder.overview.nouns import Overseen, Watched
from report_builder.spec import Clause, Score, ScoreRule, Spec

_TO_A_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Worth:
    """A rule of a clause with what it is worth here: the place's own weight is shared out as the clause's was."""

    clause: Clause
    rule: ScoreRule
    factor: Fraction

    @property
    def points(self) -> Fraction:
        """The most it can cost."""
        return Fraction(self.rule.points) * self.factor

    def costs(self, finding: Finding) -> Fraction:
        """What one finding costs; a question that the unit has answered costs nothing."""
        if finding.severity is not Severity.EXPLAIN:
            return Fraction(self.rule.fault_costs) * self.factor
        return Fraction(0) if finding.answer else Fraction(self.rule.question_costs) * self.factor


@dataclass(frozen=True, slots=True)
class Loss:
    """Points lost by one finding."""

    worth: Worth
    points: Fraction
    finding: Finding


@dataclass(frozen=True, slots=True)
class Marks:
    """One unit's score: out of the points whose rules ran, of all there are; ``rank`` among ``peers``, None for none."""

    watched: Watched
    measured: Fraction
    full: Fraction
    losses: tuple[Loss, ...]
    rank: int | None = None
    peers: int = 0

    @property
    def got(self) -> Fraction:
        """The points that are left."""
        return self.measured - sum(loss.points for loss in self.losses)

    @property
    def rate(self) -> Fraction | None:
        """Those as a part of what was measured; None where nothing was."""
        return self.got / self.measured if self.measured else None

    @property
    def coverage(self) -> Fraction:
        """What was measured as a part of the whole."""
        return self.measured / self.full if self.full else Fraction(0)


def worths(spec: Spec, format_id: str, weights: Mapping[str, Decimal]) -> list[Worth]:
    """The rules that count in a year: those the format lists, of the clauses that a place has not set to nothing."""
    fmt = spec.format(format_id)
    listed = fmt.rules if fmt is not None else {}
    return [
        Worth(clause, rule, factor)
        for clause in spec.score.clauses
        if (factor := _factor(clause, weights))
        for rule in clause.measured_by(listed)
    ]


def _factor(clause: Clause, weights: Mapping[str, Decimal]) -> Fraction:
    return Fraction(weights.get(clause.key, clause.points)) / Fraction(clause.points)


def scored(seen: Overseen, spec: Spec) -> list[Marks]:
    """Every unit's marks, in the order of the units, ranked within its kind and level."""
    worth = {one.rule.code: one for one in worths(spec, seen.format_id, seen.weights)}
    return _ranked([_marks(one, worth) for one in seen.units], spec.score)


def _marks(watched: Watched, worth: Mapping[str, Worth]) -> Marks:
    measured = [one for code, one in worth.items() if code in watched.ran]
    return Marks(
        watched,
        sum((one.points for one in measured), Fraction(0)),
        sum((one.points for one in worth.values()), Fraction(0)),
        tuple(_losses(watched, worth)),
    )


def _losses(watched: Watched, worth: Mapping[str, Worth]) -> Iterator[Loss]:
    """What each finding costs, until its rule's points are gone; one that costs nothing is none."""
    left = {code: one.points for code, one in worth.items() if code in watched.ran}
    for finding in watched.findings:
        if left.get(finding.code):
            points = min(left[finding.code], worth[finding.code].costs(finding))
            left[finding.code] -= points
            if points:
                yield Loss(worth[finding.code], points, finding)


# --- ranks ----------------------------------------------------------------------------------------------------


def _ranked(marks: Sequence[Marks], score: Score) -> list[Marks]:
    """Ranks among units of one kind and level of which enough was measured; equal rates share a rank."""
    groups: dict[tuple[str, str], list[Fraction]] = {}
    for one in marks:
        if one.rate is not None and _comparable(one, score):
            groups.setdefault(_peers(one), []).append(one.rate)
    ahead = {key: _ranks(rates) for key, rates in groups.items() if len(rates) >= score.least_group}
    return [_placed(one, ahead, groups, score) for one in marks]


def _comparable(one: Marks, score: Score) -> bool:
    return all(_peers(one)) and one.coverage >= Fraction(score.least_coverage)


def _peers(one: Marks) -> tuple[str, str]:
    return one.watched.unit.kind, one.watched.unit.level


def _ranks(rates: Iterable[Fraction]) -> dict[Fraction, int]:
    """The rank of each rate: one more than how many are better."""
    ranks: dict[Fraction, int] = {}
    better = 0
    for rate, count in sorted(Counter(rates).items(), reverse=True):
        ranks[rate] = better + 1
        better += count
    return ranks


def _placed(
    one: Marks,
    ahead: Mapping[tuple[str, str], Mapping[Fraction, int]],
    groups: Mapping[tuple[str, str], Sequence[Fraction]],
    score: Score,
) -> Marks:
    peers = len(groups.get(_peers(one), ()))
    known = ahead.get(_peers(one), {}) if _comparable(one, score) else {}
    rank = known.get(one.rate) if one.rate is not None else None
    return replace(one, rank=rank, peers=peers)


def in_points(points: Fraction) -> Number:
    """Points as they are printed, to a hundredth."""
    exact = Decimal(points.numerator) / Decimal(points.denominator)
    return whole(exact.quantize(_TO_A_HUNDREDTH, ROUND_HALF_UP))
