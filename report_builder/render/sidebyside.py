"""Comparison → 年际比对.html: two reports in one page that asks nothing of the network, to read, to filter, to print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from report_builder.compare import Change, Comparison
from report_builder.figures import percent, printed, signed
from report_builder.history import Held, text_of
from report_builder.model import Finding, Number, Section
from report_builder.render.marks import Line, Spot, side_by_side
from report_builder.render.pages import scripted
from report_builder.similarity import How, Passage
from report_builder.spec import Spec, label

_NOTHING = "—"


@dataclass(frozen=True, slots=True)
class Part:
    """One section: its two figures where it was counted, its lines, and the findings on their paragraphs."""

    number: int
    title: str
    strict: str
    loose: str
    lines: Sequence[Line]
    findings: Mapping[Spot, Sequence[Finding]]

    @property
    def counted(self) -> bool:
        return bool(self.strict)

    def said_of(self, line: Line) -> Sequence[Finding]:
        """The findings on a line."""
        return self.findings.get(line.now.spot, ()) if line.now else ()


@dataclass(frozen=True, slots=True)
class Repeat:
    """A passage in the list of all: an excerpt of it, for the whole stands in the text."""

    number: int
    how: How
    section: str
    excerpt: str
    characters: int
    years_running: int


@dataclass(frozen=True, slots=True)
class FigureLine:
    """One statutory figure of both reports as printed; ``steady`` where it did not change."""

    label: str
    earlier: str
    now: str
    change: str
    ratio: str
    steady: bool
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class FigureRow:
    """The figures of one row of a table of the law."""

    label: str
    lines: Sequence[FigureLine]

    @property
    def steady(self) -> bool:
        """Whether nothing in it changed and nothing is said of it."""
        return all(line.steady and not line.findings for line in self.lines)


@dataclass(frozen=True, slots=True)
class FigureTable:
    """The figures of one table of the law."""

    title: str
    rows: Sequence[FigureRow]

    @property
    def steady(self) -> bool:
        """Whether nothing in it changed and nothing is said of it."""
        return all(row.steady for row in self.rows)

    @property
    def lines(self) -> Sequence[FigureLine]:
        """All of them, row by row."""
        return [line for row in self.rows for line in row.lines]


def side_by_side_page(
    comparison: Comparison, now: Held, earlier: Held, findings: Sequence[Finding], spec: Spec
) -> bytes:
    """The page; ``now`` and ``earlier`` are what the comparison was made of, ``findings`` those on ``now``."""
    desk = _Desk(comparison, now, earlier, spec)
    mine, theirs = (shown(held, spec) for held in (now, earlier))
    in_texts, in_figures, elsewhere = _by_place(findings, desk, mine)
    return scripted(
        "sidebyside",
        terms=spec.terms,
        comparison=comparison,
        names=desk.names,
        strict=comparison.overlap.strict.in_words(),
        loose=comparison.overlap.loose.in_words(),
        hows=[(how, sum(one.how is how for one in comparison.passages)) for how in How],
        repeats=[_repeat(number, one, desk) for number, one in enumerate(comparison.passages, 1)],
        parts=list(_parts(desk, mine, theirs, in_texts)),
        tables=list(_tables(desk, in_figures)),
        elsewhere=elsewhere,
        finding_count=len(findings),
        not_comparable=[(desk.label(one.what), one.why) for one in comparison.not_comparable],
        least_passage=spec.statutory.least_passage,
        where=desk.where,
    )


def shown(held: Held, spec: Spec) -> tuple[Section, ...]:
    """All of a report's text by section: the sections that are compared as they are compared, the others as read."""
    counted = {one.number: one for one in text_of(held, spec).sections}
    numbers = sorted({one.number for one in held.ret.sections} | counted.keys())
    return tuple(
        counted.get(number) or Section(number, "", held.ret.paragraphs(number)) for number in numbers
    )


@dataclass(frozen=True)
class _Desk:
    """The comparison and what its words come from."""

    comparison: Comparison
    now: Held
    earlier: Held
    spec: Spec

    @property
    def names(self) -> tuple[str, str]:
        """What the earlier and this report are called: by their years, with their units where these differ."""
        one = self.comparison
        same = one.unit == one.against_unit
        return (
            f"{'' if same else one.against_unit}{one.against_year}年",
            f"{'' if same else one.unit}{one.report_year}年",
        )

    def label(self, what: str) -> str:
        return label(what, (self.now.fmt, self.earlier.fmt), self.spec.terms)

    def title(self, number: int) -> str:
        """The section's title in the newer report's format."""
        return self.label(f"sections.{number}")

    def where(self, spot: Spot) -> str:
        """A place in a clerk's words."""
        return f"“{self.title(spot.section)}”第{spot.paragraph + 1}段"


def _repeat(number: int, passage: Passage, desk: _Desk) -> Repeat:
    return Repeat(
        number,
        passage.how,
        desk.title(passage.now.section),
        passage.excerpt,
        passage.characters,
        passage.years_running,
    )


# --- texts ----------------------------------------------------------------------------------------------------


def _parts(
    desk: _Desk,
    now: Sequence[Section],
    earlier: Sequence[Section],
    findings: Mapping[Spot, Sequence[Finding]],
) -> Iterator[Part]:
    for number, lines in side_by_side(now, earlier, desk.comparison).items():
        part = desk.comparison.overlap.section(number)
        yield Part(
            number,
            desk.title(number),
            "" if part is None else part.strict.in_words(),
            "" if part is None else part.loose.in_words(),
            lines,
            findings,
        )


# --- figures --------------------------------------------------------------------------------------------------


def _tables(desk: _Desk, findings: Mapping[str, Sequence[Finding]]) -> Iterator[FigureTable]:
    for table, changes in groupby(desk.comparison.cells, key=lambda one: one.cell.partition(".")[0]):
        title = desk.label(table)
        yield FigureTable(title, list(_rows(changes, title, desk, findings)))


def _rows(
    changes: Iterable[Change], title: str, desk: _Desk, findings: Mapping[str, Sequence[Finding]]
) -> Iterator[FigureRow]:
    for row, held in groupby(changes, key=lambda one: one.cell.rpartition(".")[0]):
        said = desk.label(row)
        lines = [_figure_line(one, said, desk, findings.get(one.cell, ())) for one in held]
        yield FigureRow(said.removeprefix(f"{title}·"), lines)


def _figure_line(change: Change, row: str, desk: _Desk, findings: Sequence[Finding]) -> FigureLine:
    return FigureLine(
        desk.label(change.cell).removeprefix(f"{row}·"),
        _figure(change.earlier),
        _figure(change.now),
        _NOTHING if change.change is None else signed(change.change, printed(change.change)),
        _ratio(change, desk.spec),
        change.earlier == change.now,
        findings,
    )


def _figure(number: Number | None) -> str:
    return "未填" if number is None else printed(number)


def _ratio(change: Change, spec: Spec) -> str:
    """The change in per cent; of a figure that was 0 there is none."""
    if change.ratio is None:
        return _NOTHING
    return signed(change.ratio, percent(change.ratio, spec.wording.change.percent_places))


# --- findings -------------------------------------------------------------------------------------------------

_Placed = tuple[Mapping[Spot, list[Finding]], Mapping[str, list[Finding]], list[Finding]]


def _by_place(findings: Iterable[Finding], desk: _Desk, now: Iterable[Section]) -> _Placed:
    """The findings by the paragraph they name, else by their first figure that was compared, and those of neither."""
    spots = _typed_in(desk.now, {one.number for one in now})
    cells = {one.cell for one in desk.comparison.cells}
    in_texts: dict[Spot, list[Finding]] = {}
    in_figures: dict[str, list[Finding]] = {}
    elsewhere: list[Finding] = []
    for finding in findings:
        cell = next((one for one in finding.cells if one in cells), None)
        if finding.where in spots:
            in_texts.setdefault(spots[finding.where], []).append(finding)
        elif cell is not None:
            in_figures.setdefault(cell, []).append(finding)
        else:
            elsewhere.append(finding)
    return in_texts, in_figures, elsewhere


def _typed_in(held: Held, numbers: Iterable[int]) -> Mapping[str, Spot]:
    """The paragraph each cell of the text sheet holds."""
    places = {
        number: [place for one in held.ret.sections if one.number == number for place in one.places]
        for number in numbers
    }
    return {place: Spot(number, at) for number, held_in in places.items() for at, place in enumerate(held_in)}
