"""Many units: the demonstration's returns copied under new names, built, and built again with nothing changed."""

from __future__ import annotations

import itertools
import json
import math
import random
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
        """Notes what the system has recorded so far."""
        self.parent = max(self.parent, _peak(process))
        for child in _children(process):
            self.workers[child] = max(self.workers.get(child, 0), _peak(child))


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


def _built(root: Path, inputs: Path, outputs: Path, *, again: bool = False) -> tuple[float, _Peaks]:
    """Builds a folder of returns; how long it took and the memory it held. ``again``: nothing may have changed."""
    words = [sys.executable, "-m", "report_builder", "build", "--quiet", "--json"]
    words += ["--inputs", str(inputs), "--outputs", str(outputs)]
    peaks = _Peaks()
    start = time.perf_counter()
    with subprocess.Popen(
        words, cwd=root, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        watch = threading.Thread(target=_watched, args=(process, peaks))
        watch.start()
        said = process.communicate()[0]
        seconds = time.perf_counter() - start
        watch.join()
    if process.returncode or (again and not all_unchanged(said)):
        raise RowFailed(f"build 没有成功：{said.decode(errors='replace').strip()[-200:]}")
    return seconds, peaks


def _watched(process: subprocess.Popen[bytes], peaks: _Peaks) -> None:
    while process.poll() is None:
        peaks.look(process.pid)
        time.sleep(0.1)


def _generated(inputs: Path, count: int) -> None:
    """``count`` clean units of their own words and figures, two years of each, and the registry that names them."""
    inputs.mkdir()
    names = list(itertools.islice(_names(), count))
    head = "code,name,aliases,kind,level,parent,successor_of,since,until\n"
    rows = (f"B{at:06d},{name},,department,city,,,,\n" for at, name in enumerate(names))
    (inputs / "units.csv").write_text(head + "".join(rows), encoding="utf-8")
    with ProcessPoolExecutor() as pool:
        for _ in pool.map(_returns, itertools.repeat(inputs), names, chunksize=20):
            pass


def _names() -> Iterator[str]:
    for district in itertools.count(1):
        for city, bureau in itertools.product(SCALES, BUREAUS):
            yield f"{city}第{district}区{bureau}"


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


def measured(root: Path, scratch: Path, sizes: Sequence[int]) -> Iterator[Figure]:
    """The lines of the scale table, smallest number of units first."""
    times: list[float] = []
    worst = _Peaks()
    for count in sizes:
        inputs, outputs = scratch / f"in{count}", scratch / f"out{count}"
        _generated(inputs, count)
        seconds, peaks = _built(root, inputs, outputs)
        times.append(seconds)
        worst = _Peaks(max(worst.parent, peaks.parent), worst.workers | peaks.workers)
        yield Figure(f"{count} 个单位", f"{seconds:.1f} 秒（每秒 {count / seconds:.2f} 个）", "—")
    once_more, _ = _built(root, inputs, outputs, again=True)
    yield _unchanged(sizes[-1], once_more / times[-1])
    if len(sizes) > 1:
        growth = math.log(times[-1] / times[0]) / math.log(sizes[-1] / sizes[0])
        yield Figure("用时的增长指数", f"{growth:.2f}", "≤ 1.1", growth > 1.1)
    yield from _memory(worst)


def _unchanged(count: int, share: float) -> Figure:
    """The bar is for a thousand units; the start-up of the program weighs more among fewer."""
    binding = count >= 1000
    bar = "≤ 2%" if binding else "只报告（千个单位时 ≤ 2%）"
    return Figure(
        f"没有变动时再运行一次（{count} 个单位）", f"第一次的 {share:.1%}", bar, binding and share > 0.02
    )


def _memory(peaks: _Peaks) -> Iterator[Figure]:
    if not peaks.parent:
        return
    parent, worker = peaks.parent / MIB, max(peaks.workers.values(), default=0) / MIB
    yield Figure("每个工作进程的内存峰值", f"{worker:.0f} MiB", "≤ 350 MiB", worker > 350)
    yield Figure("主进程的内存峰值", f"{parent:.0f} MiB", "≤ 1024 MiB", parent > 1024)


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
