"""What went in and what came out of a run, by content; and files written beside their name, then renamed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from report_builder import __version__
from report_builder.errors import OutputError, reason

SCHEMA = 1
FILE = "manifest.json"
UNFINISHED = ".tmp"
_AT_ONCE = 1 << 20

Content = bytes | Callable[[BinaryIO], None]
"""What a file is to hold; what is too large to be held in memory writes itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One unit of a run: what it was made from, what was made, and how it ended."""

    unit: str
    key: str
    state: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    reason: str = ""
    answers: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    """A run as a whole: the digest of all that decided what came out, the files that were of no use, and its notes.

    Without a digest the run as a whole stands for nothing: a unit failed, or not all were asked for.
    """

    digest: str = ""
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """What the last runs left: the units' entries and those of the lead office's own files, each with its run."""

    units: Mapping[str, Entry] = field(default_factory=dict)
    whole: Whole = field(default_factory=Whole)
    summary: Mapping[str, Entry] = field(default_factory=dict)
    summary_whole: Whole = field(default_factory=Whole)


def sha256(path: Path) -> str:
    """The content's digest, in hexadecimal."""
    whole = hashlib.sha256()
    with path.open("rb", buffering=0) as stream:
        while part := stream.read(_AT_ONCE):
            whole.update(part)
    return whole.hexdigest()


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """Each content's digest, by its name."""
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def digest(parts: Iterable[str]) -> str:
    """One digest of several texts; where one ends and the next begins matters."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode()
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()


@cache
def program_digest(templates: Path) -> str:
    """The digest of the program's own files and its templates: what else decides what comes out."""
    package = Path(__file__).parent
    files = [
        *package.rglob("*.py"),
        *package.rglob("*.toml"),
        *(path for path in templates.rglob("*") if path.is_file()),
    ]
    return digest(text for path in sorted(files) for text in (path.name, sha256(path)))


def load(folder: Path) -> Left:
    """What the last runs left in ``folder``; what cannot be read of it is as if it had not been."""
    try:
        said = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Left()
    return Left(*_side(said, "units", ""), *_side(said, "summary", "summary_"))


def _side(said: Any, name: str, prefix: str) -> tuple[dict[str, Entry], Whole]:  # noqa: ANN401 - it may be anything
    """The entries under ``name``, and the run they are of."""
    try:
        entries = by_unit(said[name])
        sound = len(entries) == len(said[name])
    except (ValueError, KeyError, TypeError):
        return {}, Whole()
    digest, unused, notes = (said.get(f"{prefix}{part}") for part in _OF_A_RUN)
    if not sound or not isinstance(unused, list) or not isinstance(notes, list):
        return entries, Whole()
    return entries, Whole(str(digest), tuple(map(str, unused)), tuple(map(str, notes)))


_OF_A_RUN = ("inputs", "unused", "notes")


def by_unit(held: Iterable[Mapping[str, Any]]) -> dict[str, Entry]:
    """Entries as they were written down, by unit; of two the later counts, and one that is none is passed over.

    Raises:
        TypeError: what was written down are no entries.
    """
    entries = [Entry(**item) for item in held]
    sound = (entry for entry in entries if isinstance(entry.inputs, dict) and isinstance(entry.outputs, dict))
    return {str(entry.unit): entry for entry in sound}


def dumped(left: Left, *, report_year: int, versions: Mapping[str, Mapping[str, str]]) -> bytes:
    """manifest.json: every input and output with its sha256, the versions of format, rules and program.

    ``versions`` are those of formats and rules.
    """
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "program": __version__,
        "report_year": report_year,
        **{name: dict(sorted(held.items())) for name, held in versions.items()},
        **_whole(left.whole, ""),
        "units": _sorted(left.units),
        **_whole(left.summary_whole, "summary_"),
        "summary": _sorted(left.summary),
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _whole(whole: Whole, prefix: str) -> dict[str, object]:
    said = (whole.digest, list(whole.unused), list(whole.notes))
    return {f"{prefix}{part}": one for part, one in zip(_OF_A_RUN, said, strict=True)}


def _sorted(entries: Mapping[str, Entry]) -> list[dict[str, Any]]:
    return [as_json(entry) for entry in sorted(entries.values(), key=lambda entry: entry.unit)]


def as_json(entry: Entry) -> dict[str, Any]:
    """An entry as manifest.json and the journal of a run hold it."""
    return {
        "unit": entry.unit,
        "key": entry.key,
        "state": entry.state,
        "reason": entry.reason,
        "answers": list(entry.answers),
        "inputs": dict(sorted(entry.inputs.items())),
        "outputs": dict(sorted(entry.outputs.items())),
    }


def intact(entry: Entry, folder: Path) -> bool:
    """Whether every output of the entry is still there, unchanged."""
    try:
        return all(sha256(folder / name) == known for name, known in entry.outputs.items())
    except OSError:
        return False


def write_file(path: Path, data: bytes) -> None:
    """Writes beside the final name, then renames: a file is there whole or as it was before.

    Raises:
        OutputError: it cannot be written; the path and the reason are named.
    """
    write_files({path: data})


def write_files(files: Mapping[Path, Content]) -> None:
    """Writes all beside their names before the first is renamed: where there is no room, the old set stays as it was.

    Raises:
        OutputError: one of them cannot be written; the path and the reason are named.
    """
    beside: dict[Path, Path] = {}
    try:
        for path, content in files.items():
            if callable(content) or not _holds(path, content):
                path.parent.mkdir(parents=True, exist_ok=True)
                beside[path] = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
                _put(beside[path], content)
        for path, written in beside.items():
            written.replace(path)
    except OSError as fault:
        raise OutputError(
            f"写不进 {path.parent.name}/{path.name}（{reason(fault)}）；请检查这个文件夹的权限和磁盘空间"
        ) from fault
    finally:
        for left in beside.values():
            with contextlib.suppress(OSError):
                left.unlink(missing_ok=True)


def _put(path: Path, content: Content) -> None:
    if not callable(content):
        path.write_bytes(content)
        return
    with path.open("wb") as stream:
        content(stream)


def write_within(folder: Path, files: Mapping[str, Content]) -> dict[str, str]:
    """Writes files by their names from ``folder``, as :func:`write_files`; each one's digest, by the same name.

    Raises:
        OutputError: one of them cannot be written; the path and the reason are named.
    """
    write_files({folder / name: content for name, content in files.items()})
    at_hand = digests({name: content for name, content in files.items() if not callable(content)})
    return {name: at_hand.get(name) or sha256(folder / name) for name in files}


def _holds(path: Path, data: bytes) -> bool:
    return path.exists() and path.read_bytes() == data


def kept_aside(path: Path, mark: str) -> Path:
    """A copy of the file under the first name, told apart by ``mark``, that is free or holds the very same already.

    Raises:
        OutputError: it cannot be written.
    """
    data = path.read_bytes()
    names = (
        path.with_name(f"{path.stem}（{mark}{number}）{path.suffix}") for number in ("", *range(2, 1000))
    )
    kept = next(name for name in names if not name.exists() or _holds(name, data))
    write_file(kept, data)
    return kept
