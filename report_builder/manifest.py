"""What went in and what came out of a run, by content; and files written beside their name, then renamed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from report_builder import __version__
from report_builder.errors import OutputError

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
    """The inputs of a run as a whole: the digest of all that decided what came out, and the files that were of no use.

    Without a digest the run as a whole stands for nothing: a unit failed, or not all were asked for.
    """

    digest: str = ""
    unused: tuple[str, ...] = ()


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


def load(folder: Path) -> tuple[dict[str, Entry], Whole]:
    """The entries of the last run in ``folder``, by unit, and its inputs; empty where there was none to be read."""
    try:
        said = json.loads((folder / FILE).read_text(encoding="utf-8"))
        entries = by_unit(said["units"])
        sound = len(entries) == len(said["units"])
        return entries, Whole(str(said["inputs"]) if sound else "", tuple(map(str, said["unused"])))
    except (OSError, ValueError, KeyError, TypeError):
        return {}, Whole()


def load_summary(folder: Path) -> dict[str, Entry]:
    """The entries of the lead office's own files, by what they are; empty where there was none to be read."""
    try:
        return by_unit(json.loads((folder / FILE).read_text(encoding="utf-8"))["summary"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def by_unit(held: Iterable[Mapping[str, Any]]) -> dict[str, Entry]:
    """Entries as they were written down, by unit; of two the later counts, and one that is none is passed over.

    Raises:
        TypeError: what was written down are no entries.
    """
    entries = [Entry(**item) for item in held]
    sound = (entry for entry in entries if isinstance(entry.inputs, dict) and isinstance(entry.outputs, dict))
    return {str(entry.unit): entry for entry in sound}


def dumped(
    entries: Iterable[Entry],
    whole: Whole,
    summary: Iterable[Entry],
    *,
    report_year: int,
    versions: Mapping[str, Mapping[str, str]],
) -> bytes:
    """manifest.json: every input and output with its sha256, the versions of format, rules and program.

    ``summary`` are the lead office's own files, which belong to no unit; ``versions`` those of formats and rules.
    """
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "program": __version__,
        "report_year": report_year,
        **{name: dict(sorted(held.items())) for name, held in versions.items()},
        "inputs": whole.digest,
        "unused": list(whole.unused),
        "units": [as_json(entry) for entry in sorted(entries, key=lambda entry: entry.unit)],
        "summary": [as_json(entry) for entry in sorted(summary, key=lambda entry: entry.unit)],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


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
            f"写不进 {path.name}（{fault.strerror}）；请检查 {path.parent.name} 的权限和磁盘空间"
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
