"""Reports set side by side: two files, or every unit of a year against its earlier years and all the others."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from report_builder import archive, collect, manifest
from report_builder.errors import InputError, UnreadableError
from report_builder.history import Held, History
from report_builder.model import Unit
from report_builder.pipeline.circulars import found, renewed
from report_builder.pipeline.gathering import gathered, work_of
from report_builder.pipeline.intake import replies
from report_builder.pipeline.place import Options, hold_file, open_place, set_up, year_folder, year_of_folder
from report_builder.pipeline.record import alone
from report_builder.pipeline.unit import Judged, compare_unit, comparison_files
from report_builder.registry import load_registry
from report_builder.rule_kinds import Case
from report_builder.spec import Spec
from report_builder.validate import validate

if TYPE_CHECKING:
    from report_builder.compare import Comparison
    from report_builder.similarity import Shared

_PAIRS = "两份比对"
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
_LONGEST_NAME = 80
"""Signs of a folder's name: three bytes each, a name may have 255."""


@dataclass(frozen=True)
class Pair:
    """Two files compared, and the folder their comparison was written to."""

    comparison: Comparison
    spec: Spec
    folder: Path


@dataclass(frozen=True)
class Compared:
    """What a comparison of a whole year came to."""

    year: int
    folder: Path
    spec: Spec
    comparisons: tuple[Comparison, ...]
    shared: Shared
    notes: tuple[str, ...] = ()


def compare_files(old: Path, new: Path, options: Options) -> Pair:
    """The report in ``new`` against the one in ``old``; each may be of any kind that can be read.

    Writes what a unit of the year gets, in a folder named after both reports: it is no unit's of any run.

    Raises:
        InputError: no such file, or a workbook whose year is not told.  UnreadableError: one cannot be read.
        OutputError: the files cannot be written.
    """
    from report_builder.compare import Basis, compare  # noqa: PLC0415 - numpy is needed only where texts are compared

    for path in (old, new):
        hold_file(path)
    settings, spec = set_up(options.inputs)
    registry = load_registry(options.inputs)
    earlier, now = (_held(path, spec) for path in (old, new))
    comparison = compare(now, earlier, Basis(spec, settings, tuple(registry.names)), (earlier,))
    folder = options.outputs / _PAIRS / _named(comparison)
    unit = registry.find(now.ret.unit) or Unit(now.ret.unit)
    files = comparison_files(
        comparison, _judged(Case(now.ret, now.fmt, spec, settings, unit), earlier), earlier
    )
    manifest.write_files({folder / name: data for name, data in files.items()})
    return Pair(comparison, spec, folder)


def _named(comparison: Comparison) -> str:
    """Both reports, the later first, as a folder is called."""
    name = (
        f"{comparison.unit}{comparison.report_year}年对照{comparison.against_unit}{comparison.against_year}年"
    )
    return _NOT_IN_NAMES.sub("_", name)[:_LONGEST_NAME]


def _judged(case: Case, earlier: Held) -> Judged:
    """What the rules find in the later report; the other counts as a year of its own unit only."""
    mine = earlier.ret.unit == case.ret.unit and earlier.ret.report_year < case.ret.report_year
    case = replace(case, history=History((earlier,) if mine else ()), alike=None)
    return Judged(case, *validate(case))


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

    Writes what ``build`` writes of it: each unit's comparison with the newest of its earlier years, and the circular.

    Raises:
        InputError, SpecError, OutputError: the run as a whole cannot be made.
    """
    place = open_place(options)
    with alone(year_folder(place)):
        year, unused = gathered(place)
        jobs, work = work_of(place, year, unused)
        done = [compare_unit(place, job) for job in jobs]
        what = found(place, work, [result for result, _ in done])
        comparisons = tuple(one for _, each in done for one in each)
        if options.units:
            mine = what.shared.concerning({one.unit.name for one in work.errands})
            return Compared(place.year, year_folder(place), place.spec, comparisons, mine)
        said, unread = replies(place)
        _, notes = renewed(place, work, what, said)
    return Compared(place.year, year_folder(place), place.spec, comparisons, what.shared, (*unread, *notes))
