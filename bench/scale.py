"""Many units: made-up returns by the hundred and the thousand, built, and built again with nothing changed."""

from __future__ import annotations

import itertools
import json
import math
import random
import resource
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from clean_units import ASPECTS, BUREAUS, SCALES, Report, clauses, workbook, years_of
from timing import RowFailed, all_unchanged, environment

from report_builder.spec import load_spec

MIB = 1024 * 1024


@dataclass(frozen=True)
class Figure:
    """One line of the scale table."""

    what: str
    said: str
    bar: str
    missed: bool = False


@dataclass
class _Peaks:
    """The most memory a process and its workers ever held, in bytes."""

    parent: int = 0
    workers: dict[int, int] = field(default_factory=dict)

    def look(self, process: int) -> None:
        """Notes what the system has recorded so far.

        Of a child the last word counts: between its fork and its own program it shows what the parent holds.
        """
        self.parent = max(self.parent, _peak(process))
        for child in _children(process):
            self.workers[child] = _peak(child) or self.workers.get(child, 0)


def _peak(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def _children(process: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []


@dataclass(frozen=True)
class _Run:
    """One run: how long it took, how much of the processors' time, the most memory it held, how it ended."""

    seconds: float
    worked: float
    peaks: _Peaks
    status: int
    said: bytes

    @property
    def tail(self) -> str:
        """The end of what it said."""
        return self.said.decode(errors="replace").strip()[-200:]

    def in_words(self, count: int) -> str:
        return f"{self.seconds:.1f} 秒（处理器 {self.worked:.0f} 秒，每秒 {count / self.seconds:.2f} 个）"


def _built(root: Path, inputs: Path, outputs: Path, *more: str, again: bool = False) -> _Run:
    """Builds a folder of returns. ``again``: nothing may have changed."""
    run = _ran(root, "build", inputs, outputs, *more)
    if run.status or (again and not all_unchanged(run.said)):
        raise RowFailed(f"build 没有成功：{run.tail}")
    return run


def _ran(root: Path, verb: str, inputs: Path, outputs: Path, *more: str) -> _Run:
    words = [sys.executable, "-m", "report_builder", verb, "--quiet", "--json", *more]
    words += ["--inputs", str(inputs), "--outputs", str(outputs)]
    peaks = _Peaks()
    start, worked = time.perf_counter(), _worked()
    with subprocess.Popen(
        words, cwd=root, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        watch = threading.Thread(target=_watched, args=(process, peaks))
        watch.start()
        said = process.communicate()[0]
        seconds = time.perf_counter() - start
        watch.join()
    return _Run(seconds, _worked() - worked, peaks, process.returncode, said)


def _worked() -> float:
    """The processors' seconds of all that this process has started and seen end, with all that they started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watched(process: subprocess.Popen[bytes], peaks: _Peaks) -> None:
    while process.poll() is None:
        peaks.look(process.pid)
        time.sleep(0.1)


def _generated(inputs: Path, count: int) -> None:
    """``count`` clean units of their own words and figures, two years of each, and the registry that names them."""
    inputs.mkdir()
    places = list(itertools.islice(_places(), count))
    names = [f"{city}第{district}区{bureau}" for city, district, bureau in places]
    head = "code,name,aliases,kind,level,parent,successor_of,since,until\n"
    (inputs / "units.csv").write_text(head + "".join(_rows(places)), encoding="utf-8")
    with ProcessPoolExecutor() as pool:
        for _ in pool.map(_returns, itertools.repeat(inputs), names, chunksize=20):
            pass


def _places() -> Iterator[tuple[str, int, str]]:
    """City, number of the district, bureau: every city's first district, then every city's second."""
    for district in itertools.count(1):
        for city, bureau in itertools.product(SCALES, BUREAUS):
            yield city, district, bureau


def _rows(places: Sequence[tuple[str, int, str]]) -> Iterator[str]:
    """The registry: a province, its cities, their districts, the bureaus of each."""
    yield "P,示例省人民政府,,government,province,,,,\n"
    for city in dict.fromkeys(city for city, _, _ in places):
        yield f"C{city},{city}人民政府,,government,city,P,,,\n"
    for city, district in dict.fromkeys((city, district) for city, district, _ in places):
        yield f"D{city}{district},{city}第{district}区人民政府,,government,county,C{city},,,\n"
    for at, (city, district, bureau) in enumerate(places):
        yield f"B{at:06d},{city}第{district}区{bureau},,department,county,D{city}{district},,,\n"


def _returns(inputs: Path, unit: str) -> None:
    spec = _spec()
    fmt = spec.formats[-1]
    both = years_of(unit, fmt, fmt.first_report_year + 3)
    for report in (both.last, both.now):
        (inputs / str(report.year)).mkdir(exist_ok=True)
        own = replace(report, sections=dict(_own_words(report)))
        (inputs / str(report.year) / f"{unit}.xlsx").write_bytes(workbook(own, fmt, spec))


def _own_words(report: Report) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Two thousand characters that no other unit has: the clean units' own texts draw on few phrases."""
    chance = random.Random(f"{report.unit} {report.year} 文字")
    for number, paragraphs in report.sections.items():
        kept = paragraphs[0].partition("。")[2] if number == 1 else ""
        own = [f"{label}{'，'.join(clauses(chance, 12))}。" for label in _LABELS[number]]
        yield number, (*([kept] if kept else []), *own)


_LABELS = {
    1: tuple(f"{name}方面，" for name, _ in ASPECTS),
    5: ("存在的问题：", "问题还有：", "改进措施：", "措施还有："),
}


_spec = cache(load_spec)


def measured(root: Path, scratch: Path, sizes: Sequence[int], asked: Sequence[str]) -> Iterator[Figure]:
    """The lines of the scale table, smallest number of units first; ``asked`` are options of `build` and `summary`."""
    runs: list[_Run] = []
    for count in sizes:
        inputs, outputs = scratch / f"in{count}", scratch / f"out{count}"
        _generated(inputs, count)
        if not runs:
            yield _pair(root, inputs, scratch, asked)
        runs.append(_built(root, inputs, outputs, *asked))
        yield Figure(f"{count} 个单位", runs[-1].in_words(count), "—")
        once_more = _built(root, inputs, outputs, *asked, again=True)
        yield _unchanged(count, once_more.seconds / runs[-1].seconds)
        parent, worker = runs[-1].peaks.parent / MIB, max(runs[-1].peaks.workers.values(), default=0) / MIB
        yield Figure(f"主进程的内存峰值（{count} 个单位）", f"{parent:.0f} MiB", "≤ 1024 MiB", parent > 1024)
        yield Figure(
            f"每个工作进程的内存峰值（{count} 个单位）", f"{worker:.0f} MiB", "≤ 350 MiB", worker > 350
        )
        yield from _compiled(root, inputs, outputs, asked, count)
        shutil.rmtree(outputs)
    if len(sizes) > 1:
        growth = _growth(sizes, [run.seconds for run in runs])
        yield Figure("用时的增长指数（最小二乘）", f"{growth:.2f}", "≤ 1.1", growth > 1.1)
        worked = _growth(sizes, [run.worked for run in runs])
        yield Figure("处理器用时的增长指数", f"{worked:.2f}", "≤ 1.1", worked > 1.1)


def _compiled(root: Path, inputs: Path, outputs: Path, asked: Sequence[str], count: int) -> Iterator[Figure]:
    """Up the tree, after the units were built: every government's aggregate, the table of all cells, the overview."""
    run = _ran(root, "summary", inputs, outputs, *asked)
    if run.status > 1:  # held back are aggregates whose governments wrote no text of their own: all of these
        raise RowFailed(f"summary 没有成功：{run.tail}")
    year = max(path.name for path in outputs.iterdir() if path.name.isdigit())
    made = sum(path.is_dir() for path in (outputs / year / "汇总").iterdir())
    peak = run.peaks.parent / MIB
    said = f"{run.seconds:.1f} 秒（处理器 {run.worked:.0f} 秒），汇总报告 {made} 份"
    yield Figure(f"逐级汇总（{count} 个单位）", said, "—")
    yield Figure(f"逐级汇总的主进程内存峰值（{count} 个单位）", f"{peak:.0f} MiB", "≤ 1024 MiB", peak > 1024)


def _growth(sizes: Sequence[int], times: Sequence[float]) -> float:
    """The power with which time grows: the slope of the straight line through the logarithms."""
    return statistics.linear_regression(list(map(math.log, sizes)), list(map(math.log, times))).slope


def _pair(root: Path, inputs: Path, scratch: Path, asked: Sequence[str]) -> Figure:
    """Two workers against one, the same units."""
    one = _built(root, inputs, scratch / "one", *asked, "--jobs", "1").seconds
    two = _built(root, inputs, scratch / "two", *asked, "--jobs", "2").seconds
    for name in ("one", "two"):
        shutil.rmtree(scratch / name)
    return Figure("两个工作进程比一个快", f"{one / two:.2f} 倍", "≥ 1.7", one / two < 1.7)


def _unchanged(count: int, share: float) -> Figure:
    """The bar is for a thousand units; the start-up of the program weighs more among fewer."""
    binding = count >= 1000
    bar = "≤ 2%" if binding else "只报告（千个单位时 ≤ 2%）"
    return Figure(
        f"没有变动时再运行一次（{count} 个单位）", f"第一次的 {share:.1%}", bar, binding and share > 0.02
    )


def reports(root: Path, count: int) -> Iterator[Figure]:
    """``count`` made-up reports among themselves, of which one in ten copied three tenths of another."""
    script = Path(__file__).with_name("many_reports.py")
    environ = environment() | {"PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, script, str(count)], env=environ, capture_output=True, check=False)
    if done.returncode:
        raise RowFailed(f"雷同检查没有成功：{done.stderr.decode(errors='replace').strip()[-200:]}")
    found = json.loads(done.stdout)
    what = f"{count} 份报告（每份约 {found['characters']} 字）相互查重"
    peak = found["peak"] / MIB
    said = f"{found['seconds']:.1f} 秒（处理器 {found['worked']:.1f} 秒）"
    yield Figure(what, said, "≤ 20 秒", found["seconds"] > 20)
    yield Figure("查重的内存峰值（含全部文字）", f"{peak:.0f} MiB", "≤ 2048 MiB", peak > 2048)
    yield Figure(
        "抄三成的查全率（原样、打乱、改数字）", f"{found['recall']:.3f}", "≥ 0.95", found["recall"] < 0.95
    )
    yield Figure("查准率", f"{found['precision']:.3f}", "≥ 0.9", found["precision"] < 0.9)
