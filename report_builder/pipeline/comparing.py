"""Reports set side by side: two files, or every unit of a year against its earlier years and all the others."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from report_builder import archive, collect, facts, manifest
from report_builder.compare import Basis, Comparison, as_json, compare
from report_builder.errors import InputError, UnreadableError
from report_builder.history import Held, text_of
from report_builder.model import Finding, Severity
from report_builder.pipeline import tasks
from report_builder.pipeline.intake import (
    Handed,
    alike,
    chosen,
    collected,
    earlier_sources,
    history,
    once_each,
    past,
)
from report_builder.pipeline.place import Options, Place, open_place, set_up, year_folder, year_of_folder
from report_builder.pipeline.unit import Around, judged
from report_builder.similarity import Shared, shared
from report_builder.spec import Spec

if TYPE_CHECKING:
    from report_builder import repetition

COMPARED = "年际比对"
SUMMARY = "汇总"
ALIKE = "雷同"


@dataclass(frozen=True)
class Compared:
    """What a comparison of a whole year came to."""

    year: int
    folder: Path
    spec: Spec
    comparisons: tuple[Comparison, ...]
    shared: Shared


def compare_files(old: Path, new: Path, inputs: Path) -> tuple[Comparison, Spec]:
    """The report in ``new`` against the one in ``old``; each may be of any kind that can be read.

    Raises:
        InputError: no such file, or a workbook whose year is not told.  UnreadableError: one cannot be read.
    """
    for path in (old, new):
        if not path.is_file():
            raise InputError(f"没有找到文件 {path}；请核对路径")
    settings, spec = set_up(inputs)
    earlier, now = (_held(path, spec) for path in (old, new))
    return compare(now, earlier, Basis(spec, settings), (earlier,)), spec


def _held(path: Path, spec: Spec) -> Held:
    try:
        ret = (
            collect.read_return(path, spec, _year_of(path))
            if _is_workbook(path)
            else archive.read(path, spec)
        )
    except UnreadableError as fault:
        raise UnreadableError(f"{path.name}：{fault.reason}", fault.fix) from fault
    fmt = spec.format(ret.format_id)
    refused = next((one for one in ret.troubles if one.kind == "unreadable"), None)
    if fmt is None or refused is not None:
        said = refused.facts if refused else {"reason": "看不出是哪个年度的格式", "mend": "请核对文件"}
        raise UnreadableError(f"{path.name}：{said['reason']}", str(said["mend"]))
    return Held(ret, fmt)


def _is_workbook(path: Path) -> bool:
    return collect.is_return(path) and path.suffix.lower() != ".json"


def _year_of(path: Path) -> int:
    """A return is of the year whose folder it lies in."""
    year = year_of_folder(path)
    if year is None:
        raise InputError(f"看不出报送表 {path.name} 是哪一年的；请把它放在以年度命名的文件夹里（如 2024）")
    return year


def compare_units(options: Options) -> Compared:
    """Each unit of the year against every earlier year held of it, and all units among themselves.

    Writes each unit's comparison with the newest of its earlier years, and the lead office's circular.

    Raises:
        InputError, SpecError, OutputError: the run as a whole cannot be made.
    """
    place = open_place(options)
    handed, _ = collected(place)
    distinct = once_each(handed)
    basis = Basis(place.spec, place.settings, tuple(sorted(place.registry.names)))
    desks = list(_desks(place, distinct))
    comparisons: list[Comparison] = []
    for desk in desks:
        own = [compare(desk.now, earlier, basis, desk.years) for earlier in reversed(desk.years)]
        if own:
            _write(place, desk, own[0])
        comparisons += own
    held = [one for desk in desks for one in (desk.now, *desk.years)]
    texts = [text_of(one, place.spec, basis.names) for one in held]
    found = shared(texts, basis.wording, place.year, place.settings.shared_groups)
    if not options.units:
        _write_circular(place, desks, comparisons, found)
    return Compared(place.year, year_folder(place), place.spec, tuple(comparisons), found)


@dataclass(frozen=True)
class _Desk:
    """One unit's report, its earlier years (the oldest first) and the findings on it."""

    handed: Handed
    now: Held
    years: Sequence[Held]
    findings: Sequence[Finding]


def _desks(place: Place, distinct: Sequence[Handed]) -> Iterator[_Desk]:
    sources, others = earlier_sources(place), alike(place, distinct)
    given = tasks.assignment(place, distinct)
    for one in chosen(place, distinct):
        if one.ret.cells:
            held = history(place, one.unit, past(place, one.unit, sources))
            findings, _ = judged(
                place,
                one,
                Around(held, {}, others.get(one.unit.name, ()), tasks.assigned_to(one.unit, given)),
            )
            yield _Desk(one, Held(one.ret, place.fmt), held.years, findings)


def _write(place: Place, desk: _Desk, comparison: Comparison) -> None:
    """The comparison with last year as a page, as a Word file with tracked changes, and as data."""
    from report_builder.render import sidebyside, tracked  # noqa: PLC0415 - only where comparisons are written

    earlier = desk.years[-1]
    files = {
        "json": facts.dumped(as_json(comparison)).encode(),
        "html": sidebyside.side_by_side_page(comparison, desk.now, earlier, desk.findings, place.spec),
        "docx": tracked.write(comparison, desk.now, earlier, place.spec),
    }
    folder = year_folder(place) / desk.handed.folder
    for kind, data in files.items():
        manifest.write_file(folder / f"{COMPARED}.{kind}", data)


def _write_circular(
    place: Place, desks: Sequence[_Desk], comparisons: Sequence[Comparison], found: Shared
) -> None:
    """雷同通报.xlsx and 雷同.json; what the last run's document followed is followed on."""
    from report_builder import repetition  # noqa: PLC0415 - only where comparisons are written

    folder = year_folder(place) / SUMMARY
    before: tuple[repetition.Followed, ...] = ()
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        before = repetition.followed((folder / f"{ALIKE}.json").read_text(encoding="utf-8"), place.year)
    newest = [one for one in comparisons if one.against_year == max(_years_of(one.unit, comparisons))]
    run = repetition.Run(place.year, newest, found, _asked(desks))
    made = repetition.circular(run, place.spec.statutory, before)
    manifest.write_file(folder / f"{ALIKE}.json", facts.dumped(repetition.as_json(made)).encode())
    manifest.write_file(folder / f"{ALIKE}通报.xlsx", repetition.workbook(made, place.spec, place.settings))


def _years_of(unit: str, comparisons: Sequence[Comparison]) -> Iterator[int]:
    return (one.against_year for one in comparisons if one.unit == unit)


def _asked(desks: Sequence[_Desk]) -> dict[repetition.Pair, Severity]:
    """Of which pairs the rules ask the unit to mend or to explain."""
    from report_builder import repetition  # noqa: PLC0415

    return {
        (
            finding.unit,
            repetition.Report(str(finding.facts["against_unit"]), int(str(finding.facts["against_year"]))),
        ): finding.severity
        for desk in desks
        for finding in desk.findings
        if "against_year" in finding.facts
    }
