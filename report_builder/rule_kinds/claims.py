"""Kinds that hold what sentences claim against the tables, this year's and last year's.

A claim is false only if every reading of it is: where one fits, nothing is said.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from report_builder.figures import printed, whole
from report_builder.history import Held, measured, not_comparable
from report_builder.model import Number, Severity, State
from report_builder.prose import (
    Change,
    Claim,
    Dated,
    Lead,
    Level,
    NothingLeft,
    Part,
    Parts,
    Place,
    Quantity,
    Scope,
    SelfWord,
    Share,
    Subject,
)
from report_builder.rule_kinds import places
from report_builder.rule_kinds.case import Blame, Case, Outcome, outcome
from report_builder.rule_kinds.params import Problems
from report_builder.spec import Format, Lexicon, Measure, Rule
from report_builder.spec.layout import cells_named

_T = TypeVar("_T", bound=Claim)
_MANY = 3
_CLEARLY_SOME = Decimal("0.6")
_NO_LAST = "没有上年的数据，不能核对与上年的比较"
_NO_TEXT = Outcome(State.NOT_APPLICABLE, why="没有文字材料")
_LONGEST_NAME, _SHORTEST_NAME = 30, 4
_YEARS_BETWEEN = re.compile(r"(?:\d{4}年度?(?:\d{1,2}月\d{1,2}日)?)?(?:全年)?，?")


@dataclass(frozen=True)
class _Reading:
    """One way to understand a subject: the measures summed."""

    measures: tuple[Measure, ...]

    @property
    def label(self) -> str:
        return "加".join(measure.label for measure in self.measures)

    def number(self, held: Held) -> Number | None:
        numbers = [measured(measure, held) for measure in self.measures]
        known = [number for number in numbers if number is not None]
        return sum(known) if len(known) == len(numbers) else None


def _claims(case: Case, kind: type[_T]) -> Iterator[_T]:
    return (claim for claim in case.claims_by_kind.get(kind, ()) if isinstance(claim, kind))


def _readings(case: Case, subject: Subject, which: str = "readings") -> Sequence[_Reading]:
    """The subject's readings under this format; of joined concepts, every combination."""
    return _readings_of(subject.concepts, which, case.spec.lexicon, case.fmt)


@lru_cache(maxsize=1024)
def _readings_of(concepts: tuple[str, ...], which: str, lexicon: Lexicon, fmt: Format) -> Sequence[_Reading]:
    ways = [getattr(lexicon.concept(key), which) for key in concepts]
    readings = (_reading(fmt, tuple(itertools.chain(*way))) for way in itertools.product(*ways))
    return tuple(reading for reading in readings if reading is not None)


def _reading(fmt: Format, keys: Sequence[str]) -> _Reading | None:
    known = fmt.measures_by_key
    return _Reading(tuple(known[key] for key in keys)) if all(key in known for key in keys) else None


def _now(case: Case) -> Held:
    return Held(case.ret, case.fmt)


def _cells(case: Case, reading: _Reading) -> tuple[str, ...]:
    """The reading's cells; of many, those that hold cases, if any do."""
    keys = cells_named(tuple(cell for measure in reading.measures for cell in measure.cells), case.fmt)
    filled = tuple(key for key in keys if case.ret.number(key))
    return filled if len(keys) > _MANY and filled else keys


def _blame(
    case: Case,
    at: tuple[Place, tuple[int, int]],
    facts: Mapping[str, object],
    cells: tuple[str, ...] = (),
    severity: Severity | None = None,
) -> Blame:
    place, span = at
    said = {"quote": places.quoted(place.sentence, span)}
    where = places.text(case, place.section, place.paragraph)
    return Blame(cells, said | dict(facts), where, severity)


def _told(quantity: Quantity) -> str:
    return f"{printed(whole(quantity.value))}{quantity.unit}"


def amount_agrees(rule: Rule, case: Case) -> Outcome:
    """Numbers of cases in the text are those of the tables, this year's or, where said so, last year's."""
    if not case.ret.sections:
        return _NO_TEXT
    misdated = {level.place for level in _misdated(case, 1)}
    blames, unknown = [], 0
    for level in _claims(case, Level):
        if level.subject.concepts[0] not in rule.params["concepts"] or level.place in misdated:
            continue
        held = _now(case) if level.scope is Scope.NOW else _held_then(case, level)
        if held is None:
            unknown += 1
            continue
        blames += [blame for blame in [_amount_blame(case, level, held)] if blame is not None]
    return outcome(blames, ran=not unknown, why=_NO_LAST)


def _held_then(case: Case, level: Level) -> Held | None:
    return case.history.year(level.year or case.ret.report_year - 1)


def _amount_blame(case: Case, level: Level, held: Held) -> Blame | None:
    readings = _readings(case, level.subject)
    numbers = [(reading, number) for reading in readings if (number := reading.number(held)) is not None]
    if (
        not numbers
        or not _is_among_all(case, level, held)
        or any(level.quantity.amount.fits(number) for _, number in numbers)
    ):
        return None
    reading, number = numbers[0]
    asked = _fitting(case, level, held, "asked")
    near = asked or _fitting(case, level, held, "near")
    remark = f"；文中的数与“{near.label}”相同" if near else ""
    facts = {
        "said": _told(level.quantity),
        "label": ("上年" if level.scope is Scope.LAST else "") + reading.label,
        "table": f"{printed(number)}{reading.measures[0].unit}",
        "remark": remark,
    }
    cells = _cells(case, reading) if level.scope is Scope.NOW else ()
    severity = Severity.EXPLAIN if asked else None
    return _blame(case, (level.place, level.quantity.span), facts, cells, severity)


def _is_among_all(case: Case, level: Level, held: Held) -> bool:
    """Whether the requests among which so many are counted are all that there were."""
    if level.among is None:
        return True
    numbers = (reading.number(held) for reading in _readings(case, Subject((level.subject.part_of,))))
    return any(number is not None and level.among.amount.fits(number) for number in numbers)


def _fitting(case: Case, level: Level, held: Held, which: str) -> _Reading | None:
    return next(
        (
            reading
            for reading in _readings(case, level.subject, which)
            if (number := reading.number(held)) is not None and level.quantity.amount.fits(number)
        ),
        None,
    )


def change_agrees(_rule: Rule, case: Case) -> Outcome:
    """Changes from last year, computed anew from both years' figures."""
    if not case.ret.sections:
        return _NO_TEXT
    changes = list(_claims(case, Change))
    if case.last is None:
        return outcome([], ran=not changes, why=_NO_LAST)
    blames = [_change_blame(case, change, case.last) for change in changes]
    return outcome(blame for blame in blames if blame is not None)


def _change_blame(case: Case, change: Change, last: Held) -> Blame | None:
    known = list(_compared(case, change, last))
    told = _told_beside(case, change)
    if not known or any(_changed_so(change, now, then) for _, now, then in known):
        return None
    if any(_changed_so(change, now, then) for now in told for _, _, then in known):
        return None  # the number told is wrong and blamed; what is reckoned from it is not blamed again
    reading, now, then = next((one for one in known if one[1] in told), known[0])
    facts = {
        "label": reading.label,
        "last": printed(then),
        "now": printed(now),
        "change": _change_in_words(now, then, change.quantity if change.kind == "percent" else None),
    }
    return _blame(case, (change.place, change.span), facts, _cells(case, reading))


def _told_beside(case: Case, change: Change) -> set[Number]:
    """The numbers the same sentence tells of the same subjects: the reading that it means."""
    levels = (
        level for level in _claims(case, Level) if level.place == change.place and level.scope is Scope.NOW
    )
    return {whole(level.quantity.value) for level in levels if level.subject in change.subjects}


def _compared(case: Case, change: Change, last: Held) -> Iterator[tuple[_Reading, Number, Number]]:
    """Every reading that both years have, and the concordance lets be compared."""
    for subject in change.subjects:
        for reading in _readings(case, subject):
            if any(not_comparable(case.spec, last.fmt, case.fmt, one) for one in reading.measures):
                continue
            now, then = reading.number(_now(case)), reading.number(last)
            if now is not None and then is not None:
                yield reading, now, then


def _changed_so(change: Change, now: Number, then: Number) -> bool:
    difference = Decimal(now) - Decimal(then)
    if change.quantity is None:
        return (difference > 0) - (difference < 0) == change.sign
    amount = change.quantity.amount
    if change.kind == "ratio":
        scale = 100 if change.quantity.unit == "%" else 1
        return bool(then) and amount.fits(Decimal(now) / Decimal(then) * scale)
    if not difference:
        return amount.value == 0
    if (difference > 0) != (change.sign > 0):
        return False
    if change.kind == "cases":
        return amount.fits(abs(difference))
    return bool(then) and amount.fits(
        abs(difference) / Decimal(then) * (100 if change.kind == "percent" else 1)
    )


def _change_in_words(now: Number, then: Number, told: Quantity | None) -> str:
    """“增加12件（16.90%）”, the per cent to one place more than the text has."""
    difference = Decimal(now) - Decimal(then)
    if not difference:
        return "持平"
    words = f"{'增加' if difference > 0 else '减少'}{printed(whole(abs(difference)))}"
    if not then:
        return f"{words}，上年为 0，不能计算百分比"
    places_told = Decimal("0.01") if told is None else min(told.amount.step, Decimal(1)) / 10
    percent = (abs(difference) / Decimal(then) * 100).quantize(places_told)
    return f"{words}（{percent}%）"


def share_agrees(rule: Rule, case: Case) -> Outcome:
    """Shares, computed anew from the tables, or from the numbers beside them that no table holds."""
    if not case.ret.sections:
        return _NO_TEXT
    blames = [_share_blame(rule, case, share) for share in _claims(case, Share)]
    return outcome(blame for blame in blames if blame is not None)


def _share_blame(rule: Rule, case: Case, share: Share) -> Blame | None:
    parts = list(_part_numbers(case, share))
    wholes = list(_whole_numbers(rule, case, share))
    pairs = [(part, total) for part in parts for total in wholes if total[1]]
    if not pairs or any(share.quantity.amount.fits(_percent(part[1], total[1])) for part, total in pairs):
        return None
    (label, part), (base, total) = pairs[0]
    finer = min(share.quantity.amount.step, Decimal(1)) / 10
    facts = {
        "said": _told(share.quantity),
        "part": f"{label}{printed(part)}",
        "whole": f"{base}{printed(total)}",
        "share": f"{_percent(part, total).quantize(finer)}%",
    }
    reading = _readings(case, share.part)[:1] if share.part else []
    cells = tuple(cell for one in reading for cell in _cells(case, one))
    return _blame(case, (share.place, share.quantity.span), facts, cells)


def _percent(part: Number, total: Number) -> Decimal:
    return Decimal(part) / Decimal(total) * 100


def _numbers_of(case: Case, subjects: Iterable[Subject]) -> Iterator[tuple[str, Number]]:
    for subject in subjects:
        for reading in _readings(case, subject):
            number = reading.number(_now(case))
            if number is not None:
                yield reading.label, number


def _part_numbers(case: Case, share: Share) -> Iterator[tuple[str, Number]]:
    if share.part is not None:
        yield from _numbers_of(case, [share.part])
    if share.counted is not None:
        yield "", whole(share.counted)


def _whole_numbers(rule: Rule, case: Case, share: Share) -> Iterator[tuple[str, Number]]:
    """What the part may be a share of: the whole that is named, else any whole of such a part, or one stated before."""
    if share.wholes:
        yield from _numbers_of(case, (Subject((key,)) for key in share.wholes))
        return
    keys = case.spec.lexicon.concept(share.part.concepts[0]).wholes if share.part else ()
    part_of = (share.part.part_of,) if share.part and share.part.part_of else ()
    yield from _numbers_of(case, (Subject((key,)) for key in (*part_of, *(keys or rule.params["wholes"]))))
    yield from (("", whole(stated)) for stated in share.stated)


def parts_agree(_rule: Rule, case: Case) -> Outcome:
    """Lists of parts sum to their total; those that do not name all do not exceed it."""
    if not case.ret.sections:
        return _NO_TEXT
    return outcome(_parts_blame(case, parts) for parts in _claims(case, Parts) if not _sums(case, parts))


def _sum(run: Iterable[Part]) -> Decimal:
    return sum((part.quantity.value for part in run), Decimal(0))


def _sums(case: Case, parts: Parts) -> bool:
    """Whether the list can be right: one short of its total is, if the parts the tables know agree with them."""
    total, whole_list = parts.total.value, parts.runs[-1]
    if any(_sum(run) == total for run in parts.runs):
        return True
    if parts.manner == "summed":
        return False
    if parts.manner == "implied":
        return not _exhausts(case, whole_list, total)
    if _sum(whole_list) > total:
        return parts.manner == "listed" and min(map(_sum, parts.runs)) < total and _agree(case, whole_list)
    some = parts.manner == "open" or _is_clearly_some(whole_list, total)
    return some or _agree(case, whole_list) or _is_unread(case, whole_list)


def _is_clearly_some(run: Sequence[Part], total: Decimal) -> bool:
    """Parts no table knows, far short of the total: a list of some, though 等 is not written."""
    return all(part.subject is None for part in run) and _sum(run) < total * _CLEARLY_SOME


def _exhausts(case: Case, run: Iterable[Part], total: Decimal) -> bool:
    """Whether the tables' own numbers of these parts are the total, so that no part is left out."""
    readings = [_readings(case, part.subject) for part in run if part.subject is not None]
    sums = ([reading.number(_now(case)) for reading in way] for way in zip(*readings, strict=False))
    return any(None not in way and sum(filter(None, way)) == total for way in sums)


def _agree(case: Case, run: Iterable[Part]) -> bool:
    known = [part for part in run if part.subject is not None]
    return bool(known) and all(_is_held(case, part.quantity, part.subject) for part in known if part.subject)


def _is_unread(case: Case, run: Iterable[Part]) -> bool:
    """Whether a part's own number is not there to tell by: its table is missing, or its cell was refused."""
    known = (_readings(case, part.subject) for part in run if part.subject is not None)
    return any(all(one.number(_now(case)) is None for one in readings) for readings in known)


def _is_held(case: Case, quantity: Quantity, subject: Subject) -> bool:
    numbers = (reading.number(_now(case)) for reading in _readings(case, subject))
    return any(number is not None and quantity.amount.fits(number) for number in numbers)


def _parts_blame(case: Case, parts: Parts) -> Blame:
    def apart(run: tuple[Part, ...]) -> tuple[Decimal, int]:
        return abs(_sum(run) - parts.total.value), -len(run)

    run = parts.runs[-1] if parts.manner == "open" else min(parts.runs, key=apart)
    facts = {
        "parts": "＋".join(printed(whole(part.quantity.value)) for part in run),
        "sum": printed(whole(_sum(run))),
        "said": _told(parts.total),
        "problem": "超过" if parts.manner == "open" else "不等于",
    }
    return _blame(case, (parts.place, (parts.total.span[0], run[-1].quantity.span[1])), facts)


def nothing_left(_rule: Rule, case: Case) -> Outcome:
    """Where the text says that all is done, the tables hold nothing that is not."""
    if not case.ret.sections:
        return _NO_TEXT
    blames = [_left_blame(case, claim) for claim in _claims(case, NothingLeft)]
    return outcome(blame for blame in blames if blame is not None)


def _left_blame(case: Case, claim: NothingLeft) -> Blame | None:
    reading = _reading(case.fmt, claim.measures)
    number = None if reading is None else reading.number(_now(case))
    if reading is None or not number:
        return None
    facts = {
        "said": claim.said,
        "label": reading.label,
        "table": f"{printed(number)}{reading.measures[0].unit}",
    }
    return _blame(case, (claim.place, claim.span), facts, _cells(case, reading))


def year_agrees(rule: Rule, case: Case) -> Outcome:
    """The period is that of the report year, and no other year stands over this year's numbers."""
    if not case.ret.sections:
        return _NO_TEXT
    problems: Problems = rule.params["problems"]
    blames = [
        _blame(case, (claim.place, claim.span), _year_facts(case, getattr(problems, claim.what), claim.year))
        for claim in _claims(case, Dated)
        if claim.what != "plan" or claim.place.section == _plans_stand_in(case)
    ]
    for level in _once_a_sentence(_misdated(case, rule.params["at_least"])):
        facts = _year_facts(case, problems.number, level.year or case.ret.report_year - 1)
        reading = _readings(case, level.subject)[0]
        blames.append(_blame(case, (level.place, level.quantity.span), facts, _cells(case, reading)))
    return outcome(blames)


def _plans_stand_in(case: Case) -> int:
    """Problems and improvements: the last section that a unit must write itself."""
    return max(section.number for section in case.fmt.sections if section.text == "required")


def _year_facts(case: Case, problem: str, year: int) -> dict[str, object]:
    return {"problem": problem.format(year=year), "year": year, "report_year": case.ret.report_year}


def _once_a_sentence(levels: Iterable[Level]) -> Iterator[Level]:
    return iter({(level.place, level.year): level for level in levels}.values())


def _misdated(case: Case, at_least: int) -> Iterator[Level]:
    """Numbers said of another year, in digits, that are this year's and not, as far as is held, that year's."""
    for level in _claims(case, Level):
        if level.scope is Scope.NOW or level.year is None or level.quantity.value < at_least:
            continue
        held = _held_then(case, level)
        fits_now = _fits(case, level, _now(case))
        if fits_now and not (held is not None and _fits(case, level, held)):
            yield level


def _fits(case: Case, level: Level, held: Held) -> bool:
    numbers = (reading.number(held) for reading in _readings(case, level.subject))
    return any(number is not None and level.quantity.amount.fits(number) for number in numbers)


def own_name(_rule: Rule, case: Case) -> Outcome:
    """No other registered unit is the subject of what this unit reports; it calls itself by its own kind of body."""
    if not case.ret.sections:
        return _NO_TEXT
    blames = [_lead_blame(case, lead) for lead in _claims(case, Lead)]
    words = {claim.word: claim for claim in reversed(list(_claims(case, SelfWord)))}
    blames += [
        _blame(case, (claim.place, claim.span), {"name": claim.word, "own": case.speaker.names[0]})
        for claim in words.values()
    ]
    return outcome(blame for blame in blames if blame is not None)


def _lead_blame(case: Case, lead: Lead) -> Blame | None:
    sentence, lexicon = lead.place.sentence, case.spec.lexicon
    name = _name_at(case, sentence, lead.start)
    if not name or name in case.speaker.names:
        return None
    reports = not lead.certain and any(word in sentence for word in lexicon.reporting)
    if not (reports or _a_peer(case, name)):
        return None
    after = sentence[lead.start + len(name) :]
    predicate = after[match.end() :] if (match := _YEARS_BETWEEN.match(after)) else after
    ours = any(word in sentence for word in (*lexicon.ourselves, *case.speaker.names))
    renamed = predicate.startswith(lexicon.known_as) or not predicate.strip("。")
    others = any(word in predicate.partition("，")[0] for word in lexicon.offices_of_others)
    opens = predicate.startswith((*lexicon.openings, *lexicon.looking_ahead)) and not others
    if not renamed and not lead.certain and (ours or not opens):
        return None
    span = (lead.start, lead.start + len(name))
    return _blame(case, (lead.place, span), {"name": name, "own": case.speaker.names[0]})


def _name_at(case: Case, sentence: str, start: int) -> str:
    """The longest name, this unit's or another's, that stands there; thousands of names cost no more than a few."""
    names = case.speaker.names
    head = sentence[start : start + _SHORTEST_NAME]
    if head not in _heads(case.names) and not any(name.startswith(head) for name in names):
        return ""
    lengths = range(min(len(sentence) - start, _LONGEST_NAME), _SHORTEST_NAME - 1, -1)
    pieces = (sentence[start : start + length] for length in lengths)
    return next((piece for piece in pieces if piece in case.names or piece in names), "")


@lru_cache(maxsize=4)
def _heads(names: frozenset[str]) -> frozenset[str]:
    """The first signs of all names, the same for every unit of a run."""
    return frozenset(name[:_SHORTEST_NAME] for name in names)


def _a_peer(case: Case, name: str) -> bool:
    """A government's report may speak of its departments and lower places, a bureau's of the governments over it."""
    own, lexicon = case.speaker, case.spec.lexicon
    if own.place:
        return lexicon.place_of([name], "") == own.place
    return not any(word in name for word in lexicon.government_endings) or any(
        name[-_SHORTEST_NAME:] == one[-_SHORTEST_NAME:] for one in own.names
    )
