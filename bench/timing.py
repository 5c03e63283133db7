"""How a row is measured: ours and the rival in turn, so that both meet the same moods of the machine."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

Sampler = Callable[[], float]
"""Runs the thing and says how many seconds one run took."""

_SHORTEST = 0.02
"""A sample takes at least so many seconds, else the clock's own grain shows."""


class SkipRow(Exception):  # noqa: N818 - nothing went wrong: the row has nothing to measure here
    """A row that cannot be measured on this machine; the text says why."""


class RowFailed(Exception):  # noqa: N818 - reads as what happened
    """A row whose program did not do its work; no figure is as bad as a missed bar."""


@dataclass(frozen=True)
class Pair:
    """The samples of both sides, in seconds."""

    ours: tuple[float, ...]
    rival: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Ours against the rival, medians."""
        return statistics.median(self.ours) / statistics.median(self.rival)


def alternate(ours: Sampler, rival: Sampler, *, rounds: int = 9) -> Pair:
    """A B A B …; each side runs once before, unmeasured."""
    ours()
    rival()
    pairs = [(ours(), rival()) for _ in range(rounds)]
    return Pair(tuple(one for one, _ in pairs), tuple(other for _, other in pairs))


def repeated(run: Callable[[], object], *, per: int = 1) -> Sampler:
    """A sampler for what runs in this process; ``per`` is how many things one run makes."""
    once = _seconds(run)
    count = max(1, int(_SHORTEST / max(once, 1e-9)))

    def sample() -> float:
        start = time.perf_counter()
        for _ in range(count):
            run()
        return (time.perf_counter() - start) / count / per

    return sample


def _seconds(run: Callable[[], object]) -> float:
    run()
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def command(
    arguments: Sequence[str | Path],
    folder: Path,
    *,
    expected: Sequence[int] = (0,),
    did: Callable[[bytes], bool] = lambda _: True,
) -> Sampler:
    """A sampler for a program started afresh each time; ``did`` tells from its output whether it did the work."""
    words = [str(argument) for argument in arguments]

    def sample() -> float:
        start = time.perf_counter()
        done = subprocess.run(words, cwd=folder, env=environment(), capture_output=True, check=False)
        seconds = time.perf_counter() - start
        if done.returncode not in expected or not did(done.stdout):
            raise RowFailed(f"命令没有成功：{_last_line(done.stderr or done.stdout)}")
        return seconds

    return sample


def all_unchanged(said: bytes) -> bool:
    """Whether `build --json` found every unit as it was; an edit of the program in between builds all again."""
    return {unit["state"] for unit in json.loads(said)["units"]} == {"unchanged"}


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "没有输出"


def environment() -> dict[str, str]:
    """Ours, but programs may keep their compiled files: start-up is three times slower without."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Rival:
    """A rival program kept running in its own environment; it times itself, so starting it costs no sample."""

    def __init__(self, python: Path, name: str, folder: Path) -> None:
        driver = Path(__file__).with_name("rivals.py")
        self._process = subprocess.Popen(
            [python, driver, name, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def __call__(self) -> float:
        """One sample, as the rival measured it."""
        asked, told = _open(self._process.stdin), _open(self._process.stdout)
        try:
            asked.write("\n")
            asked.flush()
        except BrokenPipeError:
            told.read()
        line = told.readline()
        if not line:
            said = _open(self._process.stderr).read()
            raise RowFailed(f"对照程序没有跑起来：{_last_line(said.encode())}")
        return float(json.loads(line))


def _open(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise AssertionError
    return stream
