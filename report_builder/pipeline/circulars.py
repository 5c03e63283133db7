"""The lead office's circular of a year: which reports repeat, what the units replied, what has been mended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from report_builder import collect, facts, manifest
from report_builder.errors import UnreadableError
from report_builder.history import masking
from report_builder.model import Severity
from report_builder.pipeline.gathering import Errand, Work, silent
from report_builder.pipeline.intake import CIRCULAR, Replied, history, read_earlier, replies
from report_builder.pipeline.keys import content, left_as_is
from report_builder.pipeline.place import Place, year_folder
from report_builder.pipeline.together import SUMMARY
from report_builder.pipeline.unit import COMPARED, Told, UnitResult, texts_of

if TYPE_CHECKING:
    from report_builder.repetition import Circular, Followed, Pair
    from report_builder.similarity import Shared, Text

WORKBOOK, DOCUMENT = f"{SUMMARY}/{CIRCULAR}.xlsx", f"{SUMMARY}/雷同.json"
_KEPT = "填有回复的旧本"
_NOTHING_READ = "报送的文件没有读出报表，或者同一单位有几份报送"
_NOTHING_EARLIER = "没有以前年度的报告，只与其他单位比对"
_NOTHING_CAME = "本年度没有报送"


@dataclass(frozen=True)
class Found:
    """What a run found: what each unit gives to the circular, what the rules ask, what all reports have in common."""

    told: Mapping[str, Told]
    asked: Mapping[Pair, Severity]
    texts: Sequence[Text]
    shared: Shared


@dataclass(frozen=True)
class Sent:
    """The circular's entry among the lead office's files, by its name; files of no use; what is to be said."""

    entries: Mapping[str, manifest.Entry] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def circulated(place: Place, work: Work, results: Sequence[UnitResult], last: manifest.Entry | None) -> Sent:
    """The circular of the year, made again only where something that decides about it has changed.

    Raises:
        OutputError: it cannot be written.
    """
    said, unread = replies(place)
    inputs = _inputs(place, work, said)
    key = _key(place, work, results, inputs)
    same = left_as_is(place, last, key)
    if same is not None:
        return Sent({CIRCULAR: same}, unread)
    outputs, notes = renewed(place, work, found(place, work, results), said)
    return Sent({CIRCULAR: manifest.Entry(CIRCULAR, key, "built", inputs, outputs)}, unread, notes)


def renewed(place: Place, work: Work, what: Found, said: Replied) -> tuple[dict[str, str], tuple[str, ...]]:
    """雷同通报.xlsx and 雷同.json written; their digests by name, and what is to be said.

    Raises:
        OutputError: they cannot be written.
    """
    from report_builder import repetition  # noqa: PLC0415 - only where the circular is made

    folder = year_folder(place)
    before, lost = _before(folder / DOCUMENT, place.year)
    made = _circular(place, work, what, before, said)
    aside = tuple(_kept_replies(folder / WORKBOOK, said))
    files = {
        DOCUMENT: facts.dumped(repetition.as_json(made)).encode(),
        WORKBOOK: repetition.workbook(made, place.spec, place.settings),
    }
    return manifest.write_within(folder, files), (*lost, *aside, *_without_case(made, said))


# --- what decides about it ------------------------------------------------------------------------------------


def _inputs(place: Place, work: Work, said: Replied) -> dict[str, str]:
    """The workbooks with replies, and the earlier reports that are no unit's of this year."""
    paths = {*said.paths, *(path for _, _, source in _left(work) for path in source.files)}
    root = place.options.inputs
    return {collect.shown(path.relative_to(root).as_posix()): content(path) for path in paths}


def _key(place: Place, work: Work, results: Sequence[UnitResult], inputs: Mapping[str, str]) -> str:
    """The digest of all that decides what the circular says, its own last document apart."""
    failed = {result.unit for result in results if result.state == "failed"}
    units = sorted(f"{one.key} {one.unit.name in failed}" for one in work.errands)
    read = sorted(f"{name} {known}" for name, known in inputs.items())
    absent = (unit.name for unit in silent(place, work.came))
    parts = (units, absent, read)
    return manifest.digest([work.common, place.settings.mend_by, *map(manifest.digest, parts)])


# --- what was found -------------------------------------------------------------------------------------------


def found(place: Place, work: Work, results: Sequence[UnitResult]) -> Found:
    """What the reports of the year have in common with one another, and with all that is held of earlier years."""
    from report_builder.similarity import Question, clauses_of, shared_among  # noqa: PLC0415 - see renewed

    by_unit = {result.unit: result for result in results}
    told = {one.unit.name: _told(place, one, by_unit[one.unit.name]) for one in work.errands}
    earlier = (*(text for one in told.values() for text in one.earlier), *_texts_left(place, work))
    theirs = clauses_of((masking(text, place.hidden) for text in earlier), place.wording)
    clauses = work.clauses.with_those_of(theirs)
    asked = Question(place.year, place.settings.shared_groups)
    return Found(told, _asked(results), clauses.texts, shared_among(clauses, place.wording, asked))


def _told(place: Place, errand: Errand, result: UnitResult) -> Told:
    """What a unit's run told, or what the run told that left it as it stands."""
    if result.told is not None:
        return result.told
    from report_builder import repetition  # noqa: PLC0415

    name = f"{errand.folder.name}/{COMPARED}.json"
    path = year_folder(place) / name
    case = repetition.case_from(path.read_text(encoding="utf-8")) if name in result.files else None
    return Told(case, tuple(texts_of(history(place, errand.unit, errand.earlier).years, place.spec)))


def _left(work: Work) -> Iterator[tuple[str, int, collect.Source]]:
    """What is held of earlier years and is no year of a unit whose work this is."""
    used = {source for errand in work.errands for one in errand.earlier for source in one.parts}
    for unit, years in work.earlier.items():
        yield from ((unit, year, source) for year, source in years if source not in used)


def _texts_left(place: Place, work: Work) -> Iterator[Text]:
    for _, year, source in _left(work):
        held = read_earlier(place.spec, year, source, place.registry.registered)
        yield from texts_of([held] if held is not None else [], place.spec)


def _asked(results: Iterable[UnitResult]) -> dict[Pair, Severity]:
    """Of which pairs the rules ask the unit to mend or to explain."""
    from report_builder.repetition import Report  # noqa: PLC0415

    return {
        (
            finding.unit,
            Report(str(finding.facts["against_unit"]), int(str(finding.facts["against_year"]))),
        ): finding.severity
        for result in results
        for finding in result.findings
        if "against_year" in finding.facts
    }


# --- what it tells --------------------------------------------------------------------------------------------


def _circular(place: Place, work: Work, what: Found, before: Sequence[Followed], said: Replied) -> Circular:
    """The circular of a year; what the last one's document followed is followed on."""
    from report_builder import repetition  # noqa: PLC0415

    run = repetition.Run(
        report_year=place.year,
        own=[one.case for one in what.told.values() if one.case is not None],
        shared=what.shared,
        texts={repetition.Report(text.unit, text.report_year): text for text in what.texts},
        asked=what.asked,
        not_compared=dict(_not_compared(place, work, what)),
        replies=said.said,
    )
    return repetition.circular(run, place.wording, before, _deadline(place))


def _deadline(place: Place) -> dt.date | None:
    """The day set for mending, in the year after the report year."""
    day = place.settings.mend_by
    return dt.date.fromisoformat(f"{place.year + 1}-{day}") if day else None


def _not_compared(place: Place, work: Work, what: Found) -> Iterator[tuple[str, str]]:
    """The units without a comparison, each with the reason."""
    for one in work.errands:
        if not one.readable:
            yield one.unit.name, _NOTHING_READ
        elif what.told[one.unit.name].case is None:
            yield one.unit.name, _NOTHING_EARLIER
    yield from ((unit.name, _NOTHING_CAME) for unit in silent(place, work.came))


def _before(path: Path, report_year: int) -> tuple[Sequence[Followed], tuple[str, ...]]:
    """What the last circular followed; where it cannot be read, that is said, for what was mended is lost with it."""
    from report_builder import repetition  # noqa: PLC0415

    try:
        return repetition.followed(path.read_text(encoding="utf-8"), report_year), ()
    except FileNotFoundError:
        return (), ()
    except (OSError, ValueError, KeyError, TypeError):
        return (), (f"{path.name} 读不出来，整改跟踪从这一次重新记起",)


def _kept_replies(path: Path, said: Replied) -> Iterator[str]:
    """Replies written into the outputs' own circular are not lost: it is kept under another name, and that is said."""
    from report_builder import repetition  # noqa: PLC0415

    try:
        written = repetition.replies(path.read_bytes())
    except (UnreadableError, OSError):
        return
    lost = [mark for mark, text in written.items() if said.said.get(mark) != text]
    if lost:
        aside = manifest.kept_aside(path, _KEPT)
        yield (
            f"{SUMMARY}里的 {path.name} 填有 {len(lost)} 条整改回复，已另存为 {aside.name}；"
            "请把它放进本年度的输入文件夹"
        )


def _without_case(made: Circular, said: Replied) -> Iterator[str]:
    """Replies to what neither this circular nor one before it told."""
    lost = len(said.said) - len(made.replies)
    if lost:
        names = "、".join(path.name for path in said.paths)
        yield f"{names} 里有 {lost} 条整改回复对不上现在的通报（不是这个年度的，或者核对码改动过）"
