"""Many units: the demonstration's returns copied under new names, built, and built again with nothing changed."""

from __future__ import annotations

import itertools
import json
import math
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from timing import RowFailed, SkipRow, all_unchanged, environment

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


def _copied(demonstration: Path, inputs: Path, count: int) -> None:
    """The demonstration's returns, every year of them, under ``count`` made-up names."""
    for year in sorted(path for path in demonstration.iterdir() if path.is_dir()):
        (inputs / year.name).mkdir(parents=True)
        returns = sorted(year.glob("*.xlsx"))
        if not returns:
            raise SkipRow("data_inputs 里没有示例报送表，请先运行 make report")
        for at, source in zip(range(count), itertools.cycle(returns), strict=False):
            shutil.copyfile(source, inputs / year.name / f"示例单位{at + 1:05d}.xlsx")


def measured(root: Path, scratch: Path, sizes: Sequence[int]) -> Iterator[Figure]:
    """The lines of the scale table, smallest number of units first."""
    times: list[float] = []
    worst = _Peaks()
    for count in sizes:
        inputs, outputs = scratch / f"in{count}", scratch / f"out{count}"
        _copied(root / "data_inputs", inputs, count)
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
