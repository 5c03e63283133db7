"""What decides whether a unit is built again: the digest of all that goes into its report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from report_builder import collect, manifest
from report_builder.history import Held, History
from report_builder.model import Assigned, Return, Settings
from report_builder.pipeline.intake import Answered, Answers, Handed, Past, own_answers
from report_builder.pipeline.place import Options, Place, year_folder
from report_builder.pipeline.together import AGGREGATE, SUMMARY, Together
from report_builder.render import template


@dataclass(frozen=True)
class Job:
    """One unit's work: what was handed in, the years held before, its answers, and where the outputs go.

    ``years`` are the earlier years read, for a worker on a machine that has no inputs to read them from;
    ``together`` what an aggregate is put together from, None for a unit's own report. ``traced`` traces its sums:
    of a thousand aggregates the traces are only made when the job goes out.
    """

    handed: Handed
    earlier: tuple[Past, ...]
    folder: Path
    key: str
    inputs: Mapping[str, str]
    answers: Answers
    alike: tuple[Held, ...] | None = ()
    assigned: tuple[Assigned, ...] | None = None
    years: History | None = None
    together: Together | None = None
    traced: Callable[[], Return] | None = None

    @property
    def whole(self) -> Job:
        """The job with all that a worker needs."""
        if self.together is None or self.traced is None:
            return self
        return replace(self, together=replace(self.together, traced=self.traced()), traced=None)

    @property
    def name(self) -> str:
        """What it is called on record: an aggregate is not its government's own report."""
        unit = self.handed.unit.name
        return unit if self.together is None else f"{unit}{AGGREGATE}"

    @property
    def empty(self) -> bool:
        """Whether it is an aggregate of nothing."""
        return self.together is not None and not self.handed.ret.has_figures

    @property
    def within(self) -> str:
        """Its folder, from the year's outputs."""
        return self.folder.name if self.together is None else f"{SUMMARY}/{self.folder.name}"


def _templates() -> Path:
    return template("report.docx").parent


def common(place: Place) -> str:
    """What decides about every unit of a run alike: program, templates, settings, law, fonts, what was asked for."""
    return manifest.digest([program(), _settings_digest(place), *_asked(place.options)])


def everything(place: Place) -> str:
    """What decides about a whole run: all that decides about every unit alike, the day, and every file and folder of the inputs."""
    root = place.options.inputs
    held = (f"{path.relative_to(root).as_posix()!a} {content(path)}" for path in sorted(root.rglob("*")))
    return manifest.digest([common(place), str(place.year), str(place.settings.as_of), *held])


def program() -> str:
    """What must be the same on every machine that works at one run: the program, its templates, the fonts."""
    return manifest.digest([manifest.program_digest(_templates()), _fonts_digest()])


_APART = frozenset({"formats", "score", "oversight"})
"""What is reckoned otherwise, and what no unit's report shows."""


def _settings_digest(place: Place) -> str:
    formats = [fmt.sha256 for fmt in place.spec.formats]
    others = (getattr(place.spec, one.name) for one in fields(place.spec) if one.name not in _APART)
    parts = (_lasting(place.settings), formats, *others)
    return manifest.digest(map(repr, parts))


def _lasting(settings: Settings) -> tuple[Settings, bool]:
    """What is set, but for the day, the time limit and the score: a report says the same whatever they are.

    Only whether days are reckoned at all counts. By when repetitions are to be mended stands in the circular alone.
    """
    lasting = replace(settings, as_of=None, time_limit_s=0, score={}, mend_by="")
    return lasting, settings.as_of is not None


def _fonts_digest() -> str:
    from report_builder import fonts  # noqa: PLC0415 - only runs that may build look for fonts

    found = fonts.find()
    return manifest.digest(
        sorted(f"{face.role} {face.path.name} {face.path.stat().st_size}" for face in found.faces)
    )


def _asked(options: Options) -> tuple[str, ...]:
    engine = options.engine if "pdf" in options.formats else ""
    return (*sorted(options.formats), options.reason, engine)


@dataclass(frozen=True)
class Beside:
    """What lies beside a unit's own return: earlier years, workbooks with answers, reports that share its text, its tasks."""

    earlier: tuple[Past, ...]
    answered: Sequence[Answered]
    alike: tuple[Held, ...] | None
    assigned: tuple[Assigned, ...] | None = None


def job_for(place: Place, handed: Handed, beside: Beside, common: str) -> Job:
    """The work and its key: the digest of all that decides what comes out."""
    earlier, said = beside.earlier, beside.answered
    root = place.options.inputs
    own = own_answers(place, handed, said)
    answered = [one.path for one in said if own.keys() & one.answers.keys()]
    before = [path for one in earlier for source in one.parts for path in source.files]
    files = [*handed.source.files, *before, *answered]
    inputs = {collect.shown(path.relative_to(root).as_posix()): content(path) for path in files}
    read = (f"{name} {known}" for name, known in sorted(inputs.items()))
    lineage = place.registry.lineage(handed.unit, place.year)
    shared = repr([(one.ret.unit, one.ret.sections, one.ret.tasks) for one in beside.alike or ()])
    key = manifest.digest(
        [
            repr(handed.unit),
            repr(lineage),
            repr(handed.ret.troubles),
            repr(beside.assigned),
            common,
            shared,
            *read,
        ]
    )
    folder = year_folder(place) / handed.folder
    return Job(handed, earlier, folder, key, inputs, own, beside.alike, assigned=beside.assigned)


def content(path: Path) -> str:
    """The digest of an input; empty for a folder, or a file that has gone since it was found."""
    try:
        return manifest.sha256(path)
    except OSError:
        return ""


def left_as_is(place: Place, entry: manifest.Entry | None, key: str) -> manifest.Entry | None:
    """What is on record, where it is to be left as it is; None where it is to be made, or all was asked for anew."""
    return entry if not place.options.force and is_current(entry, key, year_folder(place)) else None


def is_current(entry: manifest.Entry | None, key: str, folder: Path) -> bool:
    """Whether what was made by this key is there still."""
    return (
        entry is not None and entry.key == key and entry.state != "failed" and manifest.intact(entry, folder)
    )
