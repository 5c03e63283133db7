"""What a run writes down: one run at a time in a folder, each unit as soon as it is finished, the manifest at the end.

Between two manifests stands the journal, a line for every finished unit. The next run folds it in, so a run that was
killed has lost nothing it had finished. A line brings its break before it, so that one that was torn spoils no other;
it is passed over, and its unit is made again.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Self

from report_builder import manifest
from report_builder.errors import OutputError, reason
from report_builder.pipeline.intake import ANSWERED
from report_builder.pipeline.keys import Job
from report_builder.pipeline.place import Place, year_folder
from report_builder.pipeline.together import of_summary
from report_builder.pipeline.unit import COMPARED, Made, UnitResult, failed, kept_answers

JOURNAL, LOCK, LOG = ".journal", ".lock", "run.log"


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One run at a time writes into a year's outputs; the lock ends with its process, however that ends.

    Raises:
        OutputError: the folder cannot be written to, or another run is at work there.
    """
    path = folder / LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = _locked(path)
    except OSError as fault:
        raise OutputError(
            f"输出文件夹 {folder} 写不进去（{reason(fault)}）；请检查权限和磁盘空间，或用 --outputs 换一处"
        ) from fault
    if stream is None:
        raise OutputError(f"另一次运行{_whose(path)}正在写 {folder}；请等它结束再运行，或用 --outputs 换一处")
    with stream:
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                path.unlink()


def _locked(path: Path) -> IO[bytes] | None:
    """The lock's file, held; None where another process holds it."""
    while True:
        stream = path.open("a+b")
        if not _taken(stream):
            stream.close()
            return None
        if _is_still(path, stream):
            stream.truncate(0)
            stream.write(f"{os.getpid()}".encode())
            stream.flush()
            return stream
        stream.close()


def _is_still(path: Path, stream: IO[bytes]) -> bool:
    """Whether the locked file still bears the name: the run before takes it away when it ends."""
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _taken(stream: IO[bytes]) -> bool:
    """Whether the lock is ours now. Where the disk knows no locks, as some network drives, it always is."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - each system has its own

            stream.seek(1 << 20)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True


def _whose(path: Path) -> str:
    try:
        said = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""
    return f"（进程 {said}）" if said else ""


class _Lines:
    """A file that grows piece by piece, each with the system at once; one for which there is no room is done without."""

    def __init__(self, path: Path, *, anew: bool) -> None:
        self._path, self._mode = path, "wb" if anew else "ab"
        self._stream: IO[bytes] | None = None

    def begin(self) -> None:
        """Makes the file, if it is not there."""
        if self._stream is None:
            self._stream = self._path.open(self._mode, buffering=0)

    def add(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self.begin()
            if self._stream is not None:
                self._stream.write(text.encode())

    def end(self) -> None:
        if self._stream is not None:
            self._stream.close()


class Record:
    """The outputs of one run in the making; for the one run that holds the lock."""

    def __init__(self, place: Place, *, aggregates: bool = False) -> None:
        """Takes up what the last run left, also one that was killed.

        ``last`` is what this kind of run made: the units' reports, or the ``aggregates``; ``units`` are the former,
        ``summary`` what the lead office has besides. ``whole`` is the last run of this kind as a whole.
        """
        self._place, self._folder, self._aggregates = place, year_folder(place), aggregates
        folder, journal = self._folder, self._folder / JOURNAL
        left = manifest.load(folder)
        if journal.exists():
            left = replace(left, whole=manifest.Whole(), summary_whole=manifest.Whole())
            for unfinished in folder.rglob(f".*{manifest.UNFINISHED}"):
                unfinished.unlink(missing_ok=True)
        done = {**left.units, **_journalled(journal)}
        self.units: Mapping[str, manifest.Entry] = {
            name: one for name, one in done.items() if not of_summary(name)
        }
        self.summary: Mapping[str, manifest.Entry] = {
            **left.summary,
            **{name: one for name, one in done.items() if of_summary(name)},
        }
        made = {name: one for name, one in self.summary.items() if of_summary(name)}
        self.last = made if aggregates else self.units
        self.whole, self._other = left.whole, left.summary_whole
        if aggregates:
            self.whole, self._other = self._other, self.whole
        others = _lines_of_others(folder / LOG, aggregates=aggregates)
        self._journal, self._log = _Lines(journal, anew=False), _Lines(folder / LOG, anew=True)
        if others:
            self._log.add(others)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._journal.end()
        self._log.end()

    def still_holds(self, seen: str) -> bool:
        """Whether the last run of this kind saw the same as a whole, and all that was made is as it was left."""
        return self.whole.digest == seen and all(
            manifest.intact(entry, self._folder) for entry in (*self.units.values(), *self.summary.values())
        )

    def opinion(self, entry: manifest.Entry) -> str:
        """What the last run found on a unit, as it wrote it down.

        Raises:
            OSError, ValueError: it is not there, or no text.
        """
        name = next((name for name in entry.outputs if name.endswith(f"/{ANSWERED}.json")), "")
        return (self._folder / name).read_text(encoding="utf-8")

    def kept(self, job: Job, made: Made) -> UnitResult:
        """Writes a unit's files and that it is finished; where they cannot be written, that unit alone has failed."""
        result = made.result
        try:
            if made.files:
                result = self._written(job, made)
        except OutputError as fault:
            result = replace(failed(result.unit, str(fault)).result, seconds=result.seconds)
        if result.entry is not None:
            self._journal.add(f"\n{json.dumps(manifest.as_json(result.entry), ensure_ascii=False)}")
        self.logged(result)
        return result

    def _written(self, job: Job, made: Made) -> UnitResult:
        with contextlib.suppress(OSError):
            self._journal.begin()  # whoever finds it knows that a run was under way
        notes = () if self._as_left(job) else tuple(kept_answers(job.folder, job.answers))
        manifest.write_within(self._folder, made.files)
        self._clear_stale(made.result)
        return replace(made.result, notes=(*made.result.notes, *notes))

    def _as_left(self, job: Job) -> bool:
        """Whether nobody has written into the outputs' own workbook of opinions since it was made."""
        name = f"{job.within}/{ANSWERED}.xlsx"
        entry = self.last.get(job.name)
        with contextlib.suppress(OSError):
            return entry is not None and entry.outputs.get(name) == manifest.sha256(self._folder / name)
        return False

    def _clear_stale(self, result: UnitResult) -> None:
        """What of the last run a unit built anew no longer has, save its reports, which are never removed."""
        if result.state == "built" and result.unit in self.last:
            for name in set(self.last[result.unit].outputs) - set(result.files):
                if "/charts/" in name or name.rpartition("/")[2].startswith((ANSWERED, COMPARED)):
                    (self._folder / name).unlink(missing_ok=True)

    def logged(self, result: UnitResult) -> None:
        """A line of the log: the unit, how it ended, how long it took, and why where it did not end well."""
        self._log.add(f"{result.unit}\t{result.state}\t{result.seconds:.2f}s\t{result.why or ''}\n")

    def finished(self, results: Sequence[UnitResult]) -> None:
        """The manifest; with it the journal has done its duty. A unit not asked for stays on record as it was.

        What a run over all units saw is not `summary`'s to change, whatever it was asked for.

        Raises:
            OutputError: it cannot be written; the journal stays for the next run.
        """
        present = {result.unit for result in results}
        ended = [result.entry for result in results]
        place = self._place
        unasked = self.last if place.options.units else {}
        entries = {name: one for name, one in unasked.items() if name not in present}
        entries |= {result.unit: result.entry for result in results if result.entry is not None}
        sound = not place.options.units and all(entry is not None and entry.key for entry in ended)
        whole = self.whole if sound else manifest.Whole()
        if self._aggregates:
            others = {name: one for name, one in self.summary.items() if not of_summary(name)}
            self._write(manifest.Left(self.units, self._other, others | entries, whole))
        else:
            self._write(manifest.Left(entries, whole, self.summary, self._other))

    def noted(self) -> None:
        """The manifest where only something of the lead office's was made; the next run looks at everything anew.

        Raises:
            OutputError: it cannot be written.
        """
        self._write(manifest.Left(self.units, summary=self.summary))

    def _write(self, left: manifest.Left) -> None:
        spec = self._place.spec
        formats = {fmt.id: fmt.sha256 for fmt in spec.formats}
        rules = {code: manifest.digest([repr(rule)]) for code, rule in spec.rules.items()}
        versions = {"formats": formats, "rules": rules}
        data = manifest.dumped(left, report_year=self._place.year, versions=versions)
        manifest.write_file(self._folder / manifest.FILE, data)
        self._journal.end()
        (self._folder / JOURNAL).unlink(missing_ok=True)


def _lines_of_others(path: Path, *, aggregates: bool) -> str:
    """What the log says of the units where aggregates are made, of these where units are; empty without one."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    except (OSError, UnicodeDecodeError):
        return ""
    return "".join(line for line in lines if of_summary(line.partition("\t")[0]) is not aggregates)


def _journalled(path: Path) -> dict[str, manifest.Entry]:
    """The units a killed run had finished, the last word on each."""
    found: dict[str, manifest.Entry] = {}
    with contextlib.suppress(OSError):
        for line in path.read_bytes().splitlines():
            with contextlib.suppress(ValueError, TypeError):
                found |= manifest.by_unit([json.loads(line)])
    return found
