"""Reports set side by side: two files, or every unit of a year against its earlier years and all the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from report_builder import archive, collect, facts, manifest
from report_builder.compare import Basis, Comparison, as_json, compare, text_of
from report_builder.errors import InputError, UnreadableError
from report_builder.history import Held
from report_builder.pipeline.intake import (
    Handed,
    chosen,
    collected,
    earlier_sources,
    history,
    once_each,
    past,
)
from report_builder.pipeline.place import Options, Place, open_place, set_up, year_folder
from report_builder.similarity import Copy, Shared, Text, shared
from report_builder.spec import Spec

COMPARED = "年际比对"
_SHARE_PLACES = 4


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
    ret = collect.read_return(path, spec, _year_of(path)) if _is_workbook(path) else archive.read(path, spec)
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
    said = path.resolve().parent.name
    if not (len(said) == 4 and said.isdigit()):  # noqa: PLR2004 - a year has four digits
        raise InputError(f"看不出报送表 {path.name} 是哪一年的；请把它放在以年度命名的文件夹里（如 2024）")
    return int(said)


def compare_units(options: Options) -> Compared:
    """Each unit of the year against every earlier year held of it, and all units among themselves.

    Raises:
        InputError, SpecError, OutputError: the run as a whole cannot be made.
    """
    place = open_place(options)
    handed, _ = collected(place)
    readable = [one for one in chosen(place, once_each(handed)) if one.ret.cells]
    sources = earlier_sources(place)
    years = {
        one.unit.name: history(place, one.unit, past(place, one.unit, sources)).years for one in readable
    }
    basis = Basis(place.spec, place.settings, tuple(sorted(place.registry.names)))
    comparisons = [
        comparison
        for one in readable
        for comparison in _against_earlier(one, years[one.unit.name], place, basis)
    ]
    held = [Held(one.ret, place.fmt) for one in readable]
    texts = [
        text_of(one, place.spec, basis.names) for one in (*held, *(h for own in years.values() for h in own))
    ]
    groups = place.settings.shared_groups
    return Compared(
        place.year,
        year_folder(place),
        place.spec,
        tuple(comparisons),
        shared(texts, basis.wording, place.year, groups),
    )


def _against_earlier(
    handed: Handed, years: Sequence[Held], place: Place, basis: Basis
) -> Iterator[Comparison]:
    """The newest earlier year first; that one is written beside the unit's report."""
    now = Held(handed.ret, place.fmt)
    for at, earlier in enumerate(reversed(years)):
        comparison = compare(now, earlier, basis, years)
        if not at:
            data = facts.dumped(as_json(comparison)).encode()
            manifest.write_file(year_folder(place) / handed.folder / f"{COMPARED}.json", data)
        yield comparison


def clusters_json(found: Shared) -> list[dict[str, object]]:
    """Reports that go back to one, as ``compare --json`` prints them; shares are exact to four decimals."""
    return [
        {"source": _report(cluster.source), "copies": [_copy(one) for one in cluster.copies]}
        for cluster in found.clusters
    ]


def _copy(copy: Copy) -> dict[str, object]:
    ratio = copy.share.ratio
    share = None if ratio is None else float(round(ratio, _SHARE_PLACES))
    return {**_report(copy.text), "against": _report(copy.source), "share": share}


def _report(text: Text) -> dict[str, object]:
    return {"unit": text.unit, "report_year": text.report_year}
