"""Reports set side by side: two files, or every unit of a year against its earlier years and all the others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from report_builder import archive, collect
from report_builder.errors import InputError, UnreadableError
from report_builder.history import Held
from report_builder.pipeline.circulars import found, renewed
from report_builder.pipeline.gathering import gathered, work_of
from report_builder.pipeline.intake import replies
from report_builder.pipeline.place import Options, open_place, set_up, year_folder, year_of_folder
from report_builder.pipeline.record import alone
from report_builder.pipeline.unit import compare_unit
from report_builder.spec import Spec

if TYPE_CHECKING:
    from report_builder.compare import Comparison
    from report_builder.similarity import Shared


@dataclass(frozen=True)
class Compared:
    """What a comparison of a whole year came to."""

    year: int
    folder: Path
    spec: Spec
    comparisons: tuple[Comparison, ...]
    shared: Shared
    notes: tuple[str, ...] = ()


def compare_files(old: Path, new: Path, inputs: Path) -> tuple[Comparison, Spec]:
    """The report in ``new`` against the one in ``old``; each may be of any kind that can be read.

    Raises:
        InputError: no such file, or a workbook whose year is not told.  UnreadableError: one cannot be read.
    """
    from report_builder.compare import Basis, compare  # noqa: PLC0415 - numpy is needed only where texts are compared

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
