"""What a run came to, unit by unit, as the lead office's pages show it: gathered, not found a second time."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from report_builder import manifest
from report_builder.figures import day
from report_builder.history import Held, measured
from report_builder.ledger import Ledger
from report_builder.model import Finding, Number, Run, Severity, State, Unit
from report_builder.overview import PAGES, Government, Overseen, Standing, Watched, overview_files
from report_builder.overview.tally import owed
from report_builder.pipeline.intake import ANSWERED, CIRCULAR, Handed
from report_builder.pipeline.keys import Job, common, left_as_is
from report_builder.pipeline.place import Place, year_folder
from report_builder.pipeline.record import Record
from report_builder.pipeline.run import Outcome, with_absent
from report_builder.pipeline.tasks import PROGRESS
from report_builder.pipeline.together import OVERVIEW, SUMMARY, TABLES
from report_builder.pipeline.unit import UnitResult
from report_builder.registry import Tree
from report_builder.rule_kinds.days import due_day
from report_builder.spec import Spec
from report_builder.validate import blocks

_BESIDE = (f"{TABLES}.xlsx", f"{CIRCULAR}.xlsx", f"{PROGRESS}.html")
_LATE, _NOT_IN, _REPEATS = "published_late", "handed_in", "repeats"
_WITHOUT_REPORT = (Standing.FAILED, Standing.REJECTED, Standing.TO_CORRECT)
_TO_BE_BUILT = {
    Standing.CHECKED: "还没有生成报告，请运行 build",
    Standing.OUTDATED: "报送有变动，报告是以前生成的，请运行 build",
}


LastYear = Callable[[Unit], Held | None]
"""Last year's return or report of a unit; None where none is held."""


@dataclass(frozen=True)
class Besides:
    """What is shown beside the units.

    ``last_year`` finds what the key figures are set beside; ``drafts`` are the governments whose aggregates are
    drafts; ``ledger`` tells how far the tasks have come.
    """

    last_year: LastYear = lambda _: None
    drafts: frozenset[str] = frozenset()
    ledger: Ledger | None = None


def oversee(
    place: Place,
    outcome: Outcome,
    handed: Iterable[Handed],
    besides: Besides = Besides(),
) -> Overseen:
    """Every unit of the year with what the run found of it, those first that are in the register, in its order.

    Which rules ran on a unit that was left as it was is read from its opinions, where the run that built it wrote them.
    """
    tree = place.registry.tree(place.year)
    came = {one.unit.name: one for one in handed}
    desk = _Desk(place, tree, came, besides.last_year, _codes(place.spec), _apart(tree))
    watched = {one.unit.name: one for one in _watched(desk, outcome)}
    order = dict.fromkeys(unit.name for unit in tree.units if unit.name in watched)
    return Overseen(
        report_year=place.year,
        format_id=place.fmt.id,
        units=tuple(watched[name] for name in order | dict.fromkeys(watched)),
        governments=tuple(_governments(place, tree, besides.drafts)),
        place=place.settings.place,
        lead_office=place.settings.lead_office,
        as_of=place.settings.as_of,
        weights=place.settings.score,
        beside=beside(place),
        ledger=besides.ledger,
    )


def overseen(
    place: Place, found: Mapping[str, UnitResult], jobs: Mapping[str, Job], record: Record, besides: Besides
) -> UnitResult:
    """总览, 报送情况 and 评分, written only where something in them has changed: what ``found`` says of each unit.

    The day they are reckoned from, the weights and the pages that lie about count besides the units' own keys.
    """
    folder, handed = year_folder(place), [job.handed for job in jobs.values()]
    everyone = replace(place, options=replace(place.options, units=()))
    outcome = Outcome(place.year, folder, place.spec, tuple(found.values()))
    outcome = with_absent(outcome, everyone, jobs)
    about = (owed(besides.ledger), sorted(besides.drafts))
    key = manifest.digest([_key(place, outcome, jobs), repr(about)])
    entry = left_as_is(place, record.last.get(OVERVIEW), key)
    if entry is not None:
        return UnitResult(OVERVIEW, "unchanged", tuple(sorted(entry.outputs)), entry=entry)
    seen = oversee(place, outcome, handed, besides)
    files = {f"{SUMMARY}/{name}": data for name, data in overview_files(seen, place.spec).items()}
    outputs = manifest.write_within(folder, files)
    inputs = {name: known for job in jobs.values() for name, known in job.inputs.items()}
    entry = manifest.Entry(OVERVIEW, key, "built", inputs, outputs)
    return UnitResult(OVERVIEW, "built", tuple(sorted(files)), entry=entry)


def _key(place: Place, outcome: Outcome, jobs: Mapping[str, Job]) -> str:
    settings, spec, folder = place.settings, place.spec, year_folder(place)
    absent = (*(one.unit for one in outcome.absent), *outcome.silent)
    units = (
        (one.unit, one.state, jobs[one.unit].key, pages_in(folder / jobs[one.unit].within))
        for one in outcome.results
    )
    places = [(one, pages_in(folder / SUMMARY / one.name)) for one in place.registry.tree(place.year).units]
    about = (settings.as_of, settings.score, spec.score, spec.oversight, beside(place), places)
    return manifest.digest([common(place), *map(repr, (*about, absent, *units))])


def pages_in(folder: Path) -> tuple[str, ...]:
    """Those of the pages a row leads to that lie in a folder."""
    return tuple(name for name in PAGES if (folder / name).is_file())


def beside(place: Place) -> tuple[str, ...]:
    """Those of the lead office's files that lie beside the overview, which leads to them."""
    return tuple(name for name in _BESIDE if (year_folder(place) / SUMMARY / name).is_file())


def _apart(tree: Tree) -> frozenset[str]:
    """The units that no top government's figures hold."""
    tops = (one for one in tree.governments if not tree.government_of(one))
    return frozenset(unit.name for top in tops for unit in tree.apart(top))


@dataclass(frozen=True)
class _Desk:
    """What every unit's row is gathered from; ``kinds`` are the rules by what they look for."""

    place: Place
    tree: Tree
    handed: Mapping[str, Handed]
    last_year: LastYear
    kinds: Mapping[str, frozenset[str]]
    apart: Container[str]

    def found(self, kind: str, findings: Sequence[Finding]) -> list[Finding]:
        """The findings of rules that look for ``kind``."""
        return [finding for finding in findings if finding.code in self.kinds[kind]]


def _codes(spec: Spec) -> dict[str, frozenset[str]]:
    return {
        kind: frozenset(code for code, rule in spec.rules.items() if rule.kind == kind)
        for kind in (_LATE, _NOT_IN, _REPEATS)
    }


def _watched(desk: _Desk, outcome: Outcome) -> Iterator[Watched]:
    for result in outcome.results:
        yield _came(desk, result)
    for result in outcome.absent:
        yield _row(desk, desk.place.registry.find(result.unit) or Unit(result.unit), result, Standing.ABSENT)
    for name in outcome.silent:
        yield _row(desk, desk.place.registry.find(name) or Unit(name), UnitResult(name, ""), Standing.ABSENT)


def _came(desk: _Desk, result: UnitResult) -> Watched:
    handed = desk.handed[result.unit]
    lie = pages_in(year_folder(desk.place) / handed.folder)
    standing = _standing(result, lie)
    row = _row(desk, handed.unit, result, standing)
    if standing in _WITHOUT_REPORT and f"{handed.folder}/{PAGES[0]}" not in result.files:
        lie = tuple(name for name in lie if name != PAGES[0])  # that of figures since found faulty
    return replace(row, files=lie, why=result.why or _TO_BE_BUILT.get(standing, ""))


def _standing(result: UnitResult, lie: Container[str]) -> Standing:
    """Where the report stands by how the run ended, by the gravest of what was found and by the pages that ``lie`` there."""
    if result.state == "failed":
        return Standing.FAILED
    if any(finding.severity is Severity.REJECT for finding in result.findings):
        return Standing.REJECTED
    if result.state == "blocked":
        return Standing.TO_CORRECT
    if result.state == "checked":
        return Standing.OUTDATED if PAGES[0] in lie else Standing.CHECKED
    return Standing.DRAFT if blocks(result.findings) else Standing.BUILT


def _row(desk: _Desk, unit: Unit, result: UnitResult, standing: Standing) -> Watched:
    place, handed = desk.place, desk.handed.get(unit.name)
    folder = handed.folder if handed is not None else ""
    runs = result.runs or (_runs_of(year_folder(place) / folder, unit.name) if folder else ())
    return Watched(
        unit=unit,
        standing=standing,
        government=desk.tree.government_of(unit),
        why=result.why or "",
        folder=folder,
        findings=result.findings,
        ran=_ran(desk, handed, result.findings, runs),
        lacked=tuple((run.code, run.why) for run in runs if run.state is State.INSUFFICIENT_DATA),
        due=due_day(unit, place.year, place.fmt, place.settings),
        published_on=day(handed.ret.about.get("published_on", "")) if handed is not None else None,
        late=_late(desk, result.findings, runs),
        repeats=len(desk.found(_REPEATS, result.findings)),
        now=_stated(Held(handed.ret, place.fmt), place.spec) if handed is not None else {},
        last=_stated(desk.last_year(unit), place.spec) if handed is not None else {},
        apart=unit.name in desk.apart,
    )


def _stated(held: Held | None, spec: Spec) -> dict[str, Number]:
    """The key measures that a return states under its own format."""
    known = held.fmt.measures_by_key if held is not None else {}
    sums = {key: measured(known[key], held) for key in spec.oversight.key_measures if held and key in known}
    return {key: number for key, number in sums.items() if number is not None}


def _ran(
    desk: _Desk, handed: Handed | None, findings: Sequence[Finding], runs: Sequence[Run]
) -> frozenset[str]:
    """The rules that ran on something: where no table was read a rule that found nothing had nothing to look at.

    Days can be reckoned all the same, but a unit of which nothing came in is not praised before its day.
    """
    if handed is not None and handed.ret.cells:
        return frozenset(run.code for run in runs if run.state in (State.HELD, State.FOUND))
    blamed = frozenset(one.code for one in findings if one.severity is not Severity.EXPLAIN)
    if handed is None:
        return blamed
    reckons = desk.kinds[_LATE] | desk.kinds[_NOT_IN]
    return blamed | {run.code for run in runs if run.state is State.HELD and run.code in reckons}


def _runs_of(folder: Path, unit: str) -> tuple[Run, ...]:
    """What became of every rule when the unit's opinions were written; nothing where they cannot be read."""
    try:
        said = json.loads((folder / f"{ANSWERED}.json").read_text(encoding="utf-8"))["runs"]
        return tuple(Run(one["code"], unit, State(one["state"]), one.get("why", "")) for one in said)
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _late(desk: _Desk, findings: Sequence[Finding], runs: Sequence[Run]) -> int | None:
    """The days after the unit's day, 0 for none, by the rules that reckon them; None where none of them could."""
    reckons = desk.kinds[_LATE] | desk.kinds[_NOT_IN]
    found = [finding for finding in findings if finding.code in reckons]
    if found:
        return max(map(_days, found))
    held = {run.code for run in runs if run.state is State.HELD}
    return 0 if held & desk.kinds[_LATE] else None


def _days(finding: Finding) -> int:
    """The days a finding states, or those between the days it states; before the day there are none."""
    facts = finding.facts
    if isinstance(facts.get("days"), int):
        return int(str(facts["days"]))
    due, as_of = (day(str(facts.get(name, ""))) for name in ("due", "as_of"))
    return max(0, (as_of - due).days) if due and as_of else 0


def _governments(place: Place, tree: Tree, drafts: Container[str]) -> Iterator[Government]:
    for unit in tree.governments:
        report = f"{unit.name}/{PAGES[0]}"
        yield Government(
            name=unit.name,
            above=tree.government_of(unit),
            due=due_day(unit, place.year, place.fmt, place.settings),
            level=unit.level,
            report=report if (year_folder(place) / SUMMARY / report).is_file() else "",
            draft=unit.name in drafts,
        )
