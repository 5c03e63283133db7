"""总览.html: the whole year in one page that asks nothing of the network; the list of units is drawn by its own script.

A list of fifteen thousand rows as markup takes seconds to lay out. The rows stand in the page as data instead and
fifty at a time are drawn; all that is chosen is drawn for printing, up to a limit that the page states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from report_builder import charts, fonts
from report_builder.figures import days_left, percent, printed, signed
from report_builder.model import Chart, Number
from report_builder.overview.nouns import PAGES, Overseen, Standing, Watched
from report_builder.overview.tally import KeyFigure, Part, by_place, calendar, key_figures, owed, tally
from report_builder.render.html import picture
from report_builder.render.pages import embedded, scripted
from report_builder.spec import Spec

if TYPE_CHECKING:
    from markupsafe import Markup

_NOTHING = "—"
_PRINTED_ROWS = 2000
_MOST_BARS = 24


@dataclass(frozen=True, slots=True)
class FigureLine:
    """A key figure in words."""

    label: str
    now: str
    units: int
    last: str
    last_units: int
    change: str
    both: int
    why: str


@dataclass(frozen=True, slots=True)
class DayLine:
    """A day of the calendar in words; ``came`` is empty where nobody counts."""

    on: str
    whose: str
    due: int
    came: str
    missing: str
    left: str


def overview_page(seen: Overseen, spec: Spec, beside: Sequence[str] = ()) -> bytes:
    """The page; ``beside`` are the names of the files that are written with it."""
    places = by_place(seen)
    return scripted(
        "overview",
        terms=spec.terms,
        seen=seen,
        tally=tally(seen.units),
        places=places,
        bars=_bars(places, spec),
        figures=[_figure_line(one, spec) for one in key_figures(seen, spec)],
        days=_day_lines(seen, spec),
        duties=owed(seen.ledger),
        caveats=spec.oversight.caveats,
        beside=[*beside, *seen.beside],
        standings=[(one.value, spec.terms[one.term]) for one in Standing],
        kinds=_kinds(seen, spec),
        printed_rows=_PRINTED_ROWS,
        rows=embedded(_rows(seen, spec)),
    )


# --- the rows as data -----------------------------------------------------------------------------------------


def _rows(seen: Overseen, spec: Spec) -> dict[str, object]:
    """All that the script draws from; governments stand after those above them, named by their place in the list.

    Of each is told whether its aggregate has a page: 0 none, 1 one, 2 one that is a draft.
    """
    names = sorted(seen.lines, key=lambda name: len(seen.lines[name]))
    at = {name: number for number, name in enumerate(names)}
    reports = {one.name: (bool(one.report) + (bool(one.report) and one.draft)) for one in seen.governments}
    kinds = [kind for kind, _ in _kinds(seen, spec)]
    return {
        "governments": [[name, _above(name, seen, at), reports[name]] for name in names],
        "kinds": [spec.wording.aggregate.kinds[kind] for kind in kinds],
        "standings": [[one.value, spec.terms[one.term]] for one in Standing],
        "files": PAGES,
        "printed": _PRINTED_ROWS,
        "rows": [_row(one, at, kinds) for one in seen.units],
    }


def _above(name: str, seen: Overseen, at: dict[str, int]) -> int:
    line = seen.lines[name]
    return at[line[1]] if len(line) > 1 else -1


def _row(one: Watched, at: dict[str, int], kinds: Sequence[str]) -> list[object]:
    """Name, folder where it is another, government, kind, standing, days late, mend, asked, unanswered, repeats, files."""
    kind = one.unit.kind
    return [
        one.unit.name,
        "" if one.folder == one.unit.name else one.folder,
        at.get(one.government, -1),
        kinds.index(kind) if kind in kinds else -1,
        list(Standing).index(one.standing),
        one.late,
        one.to_mend,
        one.asked,
        one.unanswered,
        one.repeats,
        sum(1 << number for number, name in enumerate(PAGES) if name in one.files),
    ]


def _kinds(seen: Overseen, spec: Spec) -> list[tuple[str, str]]:
    """The kinds of unit there are, in the order of the list of kinds."""
    held = {one.unit.kind for one in seen.units}
    return [(kind, word) for kind, word in spec.wording.aggregate.kinds.items() if kind in held]


# --- what is counted ------------------------------------------------------------------------------------------


def _bars(places: Sequence[Part], spec: Spec) -> Markup | None:
    """Each place's units by where they stand, what is least complete first; none where all are done, or the bars would be too many."""
    lacking = any(one.tally.done < one.tally.expected for one in places)
    if not lacking or len(places) > _MOST_BARS:
        return None
    ranked = sorted(places, key=lambda one: (Fraction(one.tally.done, one.tally.expected), one.name))
    counted = [one.tally for one in ranked]
    series = (
        ("通过核对", tuple(one.done for one in counted)),
        ("退回或须更正", tuple(one.held_back for one in counted)),
        (spec.terms[Standing.FAILED.term], tuple(one.failed for one in counted)),
        (spec.terms[Standing.ABSENT.term], tuple(one.absent for one in counted)),
    )
    shown = tuple((name, values) for name, values in series if any(values))
    said = "；".join(f"{one.name}应报{one.tally.expected}个，已报{one.tally.came}个" for one in ranked)
    names = tuple(one.name for one in ranked)
    chart = Chart("places", "stacked", "各地报送情况", "个", names, shown, said)
    return picture(charts.svg(chart, fonts.find()), chart.name)


def _figure_line(one: KeyFigure, spec: Spec) -> FigureLine:
    return FigureLine(
        f"{one.measure.label}（{one.measure.unit}）",
        _number(one.now),
        one.units,
        _number(one.last),
        one.last_units,
        _change(one, spec),
        one.both,
        one.not_comparable,
    )


def _number(number: Number | None) -> str:
    return _NOTHING if number is None else printed(number)


def _change(one: KeyFigure, spec: Spec) -> str:
    """By how much the units that state both years went up or down; in per cent only where all of last year's do."""
    if one.change is None:
        return _NOTHING
    said, wording = signed(one.change, printed(one.change)), spec.wording.change
    if one.last is None or one.both != one.last_units or one.last < wording.percent_base:
        return said
    ratio = percent(Decimal(one.change) / Decimal(one.last), wording.percent_places)
    return f"{said}（{signed(one.change, ratio)}）"


def _day_lines(seen: Overseen, spec: Spec) -> list[DayLine]:
    return [
        DayLine(
            day.on.isoformat(),
            "、".join(day.whose) or "各单位",
            day.due,
            _NOTHING if day.came is None else str(day.came),
            _NOTHING if day.came is None else str(day.due - day.came),
            "" if seen.as_of is None else days_left(day.left(seen.as_of)),
        )
        for day in calendar(seen, spec)
    ]
