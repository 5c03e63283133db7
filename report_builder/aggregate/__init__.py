"""Returns → tables, up the tree: what a place's report is made of where its members' figures are its own.

A government may hand in a return of its own for the aggregate: its texts are printed, and so are its figures, for
they are its own statement, held against the sum (A801). A cell it leaves empty takes the sum.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from operator import attrgetter

from report_builder.editions import summed
from report_builder.figures import printed
from report_builder.model import Figure, Number, ProcessingFee, Return, Section, Typed
from report_builder.rule_kinds import Members
from report_builder.spec import Format, Spec

_OF_A_UNIT_ALONE = frozenset({"table_missing"})
"""What is no fault of an aggregate given by hand: a table it leaves out takes the sums."""
_NO_FILE = "unreadable"
_LEFT = frozenset({Typed.BLANK, Typed.COMPUTED, Typed.FORMULA})
"""How a cell is typed that was left to the program; with a number in it, it is computed of what was given."""


@dataclass(frozen=True)
class Compiled:
    """What one place's report is put together from: its members' returns, their sums, and what it gave itself.

    ``given`` is None where nothing was handed in for the place; ``apart`` are the returns of bodies below it that
    are not counted. ``parts`` are the places below whose members are all counted here, and no others of theirs;
    ``blank`` are the cells a unit has left empty, by unit, of all units there are.
    """

    place: str
    report_year: int
    returns: Sequence[Return]
    sums: Mapping[str, Number]
    given: Return | None = None
    apart: Sequence[Return] = ()
    parts: Sequence[Compiled] = ()
    blank: Mapping[str, Sequence[str]] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    doubtful: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def direct(self) -> tuple[Return, ...]:
        """The returns of the members that are counted in none of the ``parts``."""
        within = {one.unit for part in self.parts for one in part.returns}
        return tuple(one for one in self.returns if one.unit not in within)


def texts_alone(given: Return) -> Return:
    """A place's own return without what would be a fault of a unit's: it need not hold the tables."""
    without_file = bool(given.sections) and not given.cells
    dropped = _OF_A_UNIT_ALONE | ({_NO_FILE} if without_file else frozenset())
    return replace(given, troubles=tuple(one for one in given.troubles if one.kind not in dropped))


def returned(compiled: Compiled, fmt: Format, spec: Spec) -> Return:
    """The place's return: its own figures where it gave some, else the sums; its own texts; nothing made up."""
    given = compiled.given or Return(compiled.place, compiled.report_year, fmt.id, {})
    own = _own(compiled, fmt)
    return replace(
        given,
        unit=compiled.place,
        cells={key: own.get(key) or _sum(compiled, key, fmt, spec) for key in _keys(compiled, own, fmt)},
        sections=_sections(given, fmt),
        fee=_fee(given, compiled.returns),
        origin=given.origin or f"{compiled.place}（汇总）",
    )


def _keys(compiled: Compiled, own: Iterable[str], fmt: Format) -> Sequence[str]:
    """The cells that the place's report has: a former row's where a figure stands in it. None where there is nothing at all."""
    given = compiled.given.cells if compiled.given is not None else ()
    held = bool(given) or any(one.cells for one in compiled.returns)
    return fmt.standing(tuple(fmt.slots), {*own, *compiled.sums}) if held else ()


def _sections(given: Return, fmt: Format) -> tuple[Section, ...]:
    """The place's own sections, in between those it left out: of most its report has the tables, the others stay open."""
    numbers = [one.number for one in given.sections]
    if numbers != sorted(set(numbers)):
        return given.sections
    left = (Section(one.number, one.title, ()) for one in fmt.sections if one.number not in numbers)
    return tuple(sorted((*given.sections, *left), key=attrgetter("number")))


def _own(compiled: Compiled, fmt: Format) -> dict[str, Figure]:
    """The cells a hand has filled in; those that a former row stands for are added up to it where it counts."""
    given = compiled.given.cells if compiled.given is not None else {}
    filled = {key: held for key, held in given.items() if _says_something(key, given, fmt)}
    for former, parts in fmt.stands_for.items():
        if former in compiled.sums and former not in filled and all(part in filled for part in parts):
            filled[former] = summed([filled[part] for part in parts])
    return filled


def _says_something(key: str, given: Mapping[str, Figure], fmt: Format) -> bool:
    """Whether a hand has filled in the cell; the blank form's own totals of cells left empty are no figures."""
    held, parts = given[key], fmt.known_slots[key].total_of
    if held.typed in _LEFT and held.number is None:
        return False
    return bool(held.number) or not parts or not all(_is_empty(given.get(part)) for part in parts)


def _is_empty(held: Figure | None) -> bool:
    return held is None or (held.typed in _LEFT and held.number is None)


def _sum(compiled: Compiled, key: str, fmt: Format, spec: Spec) -> Figure:
    number = compiled.sums.get(key)
    source = _where(compiled, key, fmt, spec)
    if number is None:
        return Figure(None, Typed.BLANK, "", source)
    return Figure(number, Typed.NUMBER, printed(number), source)


def _where(compiled: Compiled, key: str, fmt: Format, spec: Spec) -> str:
    """Where a place's own sum stands, in words."""
    slot = fmt.known_slots[key]
    sheet = next((one.name for one in spec.workbook.sheets if one.table == slot.table), slot.table)
    return f"{compiled.place}（汇总）·{sheet}·{slot.label}"


def _fee(given: Return, returns: Sequence[Return]) -> ProcessingFee | None:
    """The position the place states itself, else its members' together, where every one of them states its own."""
    if _stated(given.fee):
        return given.fee
    fees = [one.fee for one in returns if one.fee is not None and _stated(one.fee)]
    if not fees or len(fees) < len(returns):
        return given.fee
    cases = [fee.cases or 0 for fee in fees if not fee.collected or fee.cases is not None]
    amounts = [fee.amount or Decimal(0) for fee in fees if not fee.collected or fee.amount is not None]
    whole = len(cases) == len(amounts) == len(fees)
    return ProcessingFee(
        collected=any(fee.collected for fee in fees),
        cases=sum(cases) if whole else None,
        amount=sum(amounts, Decimal(0)) if whole else None,
        places={key: _added(fees, key) for key in _OF_A_FEE} if whole else {},
    )


_OF_A_FEE = ("cases", "amount")


def _added(fees: Sequence[ProcessingFee], key: str) -> str:
    """The cells that a fee's sum is the sum of; those without a number, or with nought, are only counted."""
    figures = ((fee.places.get(key, ""), getattr(fee, key) or 0) for fee in fees)
    return _in_words((place or "（没有写明位置的一格）", number) for place, number in figures)


def _stated(fee: ProcessingFee | None) -> bool:
    """Whether it is said if a processing fee was collected."""
    return fee is not None and fee.collected is not None


def members_of(compiled: Compiled, ret: Return, fmt: Format) -> Members:
    """What the rules on an aggregate look at; single figures only of the cells that a hand filled in."""
    given = frozenset(_own(compiled, fmt)) & frozenset(ret.cells)
    summed_too = sorted(
        key for key in given if not compiled.sums.keys().isdisjoint({key, *fmt.stands_for.get(key, ())})
    )
    return Members(
        units=tuple(one.unit for one in compiled.returns),
        given=given,
        parts={key: dict(_figures(compiled.returns, key, fmt)) for key in summed_too},
        apart={key: dict(_figures(compiled.apart, key, fmt)) for key in summed_too},
        missing=compiled.missing,
        doubtful=compiled.doubtful,
        blank={
            one.unit: tuple(compiled.blank[one.unit])
            for one in compiled.returns
            if one.unit in compiled.blank
        },
        fees={one.unit: one.fee for one in compiled.returns if one.fee is not None and _stated(one.fee)},
        own_fee=compiled.given is not None and _stated(compiled.given.fee),
    )


def _figures(returns: Sequence[Return], key: str, fmt: Format) -> Iterator[tuple[str, Number]]:
    """Each unit's figure in a cell, where it is not zero; for a former row also what it stands for."""
    for one in returns:
        cells = (key,) if key in one.cells else fmt.stands_for.get(key, ())
        number = sum(one.number(cell) or 0 for cell in cells)
        if number:
            yield one.unit, number


def traced(compiled: Compiled, ret: Return, fmt: Format, spec: Spec) -> Return:
    """The return with every summed cell traced to what it is the sum of; zeros are only counted.

    That are the cells of the place's own members, and the sums of the places below it, which their own reports
    trace further: ten thousand cells in one line would help nobody. Where a place below does not print its members'
    sum, but a figure of its own or another edition's row, its members stand in its stead.
    """
    sums = printed_sums(compiled, fmt)
    addends = _Addends(fmt, spec, sums)
    found = {
        key: replace(held, source=_in_words(addends.of(compiled, key)))
        if key in sums[compiled.place] and held.number is not None
        else held
        for key, held in ret.cells.items()
    }
    return replace(ret, cells=found)


def printed_sums(compiled: Compiled, fmt: Format) -> dict[str, frozenset[str]]:
    """The cells in which a place, and each place below it, prints its members' sum; by place."""
    found = {}
    for one in (compiled, *_below(compiled)):
        own = _own(one, fmt)
        found[one.place] = frozenset(_keys(one, own, fmt)) - own.keys()
    return found


def _below(compiled: Compiled) -> Iterator[Compiled]:
    for part in compiled.parts:
        yield part
        yield from _below(part)


@dataclass(frozen=True)
class _Addends:
    """Finds what a cell is the sum of; ``sums`` are the cells in which each place prints its members' sum."""

    fmt: Format
    spec: Spec
    sums: Mapping[str, Container[str]]

    def of(self, compiled: Compiled, key: str) -> Iterator[tuple[str, Number]]:
        """Each figure that is added up, with where it stands."""
        cells = sorted({key, *self.fmt.stands_for.get(key, ())})
        for one in compiled.direct:
            for cell in cells:
                figure = one.cells.get(cell)
                if figure is not None and figure.number is not None:
                    yield figure.source, figure.number
        for part in compiled.parts:
            added = [cell for cell in cells if cell in part.sums]
            if all(cell in self.sums[part.place] for cell in added):
                yield from ((_where(part, cell, self.fmt, self.spec), part.sums[cell]) for cell in added)
            else:
                yield from self.of(part, key)


def _in_words(addends: Iterable[tuple[str, Number]]) -> str:
    named = list(addends)
    counted = [source for source, number in named if number]
    noughts = len(named) - len(counted)
    return " + ".join([*counted, *([f"{noughts} 格填 0"] if noughts else [])])
