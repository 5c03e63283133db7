"""`make bench`: each row of the speed table, ours and the rival in turn, against its bar.

Prints one table and writes it to docs/bench.md; the exit status is 1 when a bar is missed. With ``--only`` it
prints the rows asked for and writes nothing; with ``--scale`` it measures many units instead, for docs/scale.md.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import statistics
import sys
import tempfile
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import scale  # noqa: E402 - the package is found from the root
from rows import ROWS, Bench, Row  # noqa: E402
from timing import Pair, RowFailed, SkipRow  # noqa: E402

from report_builder.errors import ReportBuilderError  # noqa: E402

PAGE, SCALE_PAGE = ROOT / "docs" / "bench.md", ROOT / "docs" / "scale.md"
_ROWS, _SCALE = "逐项比较", "实测"
_HEAD = ("项目", "本程序", "对照", "对照用时", "比值", "界限", "结果")
_SCALE_HEAD = ("项目", "结果", "界限", "是否达到")


@dataclass(frozen=True)
class Result:
    """What a row came to: its samples, or why it has none."""

    row: Row
    pair: Pair | None
    why: str = ""
    failed: bool = False

    @property
    def missed(self) -> bool:
        """Whether the bar is missed; a row that should have come out and did not misses it too."""
        return self.failed if self.pair is None else self.row.missed(self.pair.ratio)

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        row = self.row
        if self.pair is None:
            return (
                row.what,
                "—",
                row.against,
                "—",
                "—",
                row.bar_in_words,
                f"{'未测成' if self.failed else '未测'}：{self.why}",
            )
        verdict = "只报告" if row.bar is None else "未达到" if self.missed else "达到"
        ours, rival = (in_words(statistics.median(samples)) for samples in (self.pair.ours, self.pair.rival))
        return (row.what, ours, row.against, rival, f"{self.pair.ratio:.3g}", row.bar_in_words, verdict)


def in_words(seconds: float) -> str:
    """A length of time with three figures: 0.48 毫秒, 1.36 秒."""
    if seconds >= 1:
        return f"{seconds:.3g} 秒" if seconds < 100 else f"{seconds:.0f} 秒"
    return f"{seconds * 1000:.3g} 毫秒"


def measured(row: Row, bench: Bench) -> Result:
    """One row; what this machine or this version cannot measure is skipped with its reason."""
    try:
        return Result(row, row.measure(bench))
    except SkipRow as reason:
        return Result(row, None, str(reason))
    except (RowFailed, ReportBuilderError) as fault:
        return Result(row, None, str(fault), failed=True)
    except ImportError as fault:
        return Result(row, None, f"还不能导入：{fault.name or fault}")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns line up on a terminal too."""
    lines = [tuple(head), *(tuple(cell.replace("|", "/") for cell in row) for row in rows)]
    widths = [max(columns(line[at]) for line in lines) for at in range(len(head))]
    padded = [
        " | ".join(cell + " " * (wide - columns(cell)) for cell, wide in zip(line, widths, strict=True))
        for line in lines
    ]
    rule = " | ".join("-" * wide for wide in widths)
    return "\n".join(f"| {line} |" for line in (padded[0], rule, *padded[1:])) + "\n"


def columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WFA" else 1 for sign in text)


def machine() -> str:
    """What the figures depend on, without a name or a path."""
    return f"Python {platform.python_version()}，{platform.machine()}，{os.cpu_count()} 个处理器核"


def write(page: Path, section: str, text: str) -> None:
    """Puts a section of a page in the place of its old self; the other sections stay."""
    head, *parts = page.read_text(encoding="utf-8").split("\n## ")
    kept = {part.split("\n", 1)[0]: part for part in parts}
    kept[section] = f"{section}\n\n{text}"
    page.write_text("\n## ".join([head, *kept.values()]).rstrip() + "\n", encoding="utf-8")


_MANY = "查重用程序编造的报告，其中一成抄了别份的三成；各单位两个年度的报送表也由程序编造，文字互不相同。"


def compare(bench: Bench, names: Sequence[str]) -> int:
    """Measures the rows and says how they came out; the result is the exit status."""
    _ = bench.ours.fonts  # every process started from here sees the same faces
    chosen = [row for row in ROWS if not names or row.name in names]
    results = []
    for row in chosen:
        print(f"正在测：{row.what} / {row.against}", file=sys.stderr, flush=True)
        results.append(measured(row, bench))
    said = table(_HEAD, (result.cells for result in results))
    note = "" if bench.has_own_rivals else "\n没有 .venv-bench，对照程序用的是本程序的环境。\n"
    print(said + note)
    if not names:
        write(PAGE, _ROWS, f"{machine()}。\n{note}\n{said}")
    return 1 if any(result.missed for result in results) else 0


def grow(bench: Bench, sizes: Sequence[int], reports: int, formats: str, engine: str) -> int:
    """Measures many units and many reports; the result is the exit status."""
    asked = [*(("--formats", formats) if formats else ()), *(("--pdf-engine", engine) if engine else ())]
    figures = []
    try:
        units = scale.measured(bench.root, bench.scratch, sizes, asked) if sizes else ()
        for figure in itertools.chain(scale.reports(bench.root, reports), units):
            print(f"{figure.what}：{figure.said}", file=sys.stderr, flush=True)
            figures.append(figure)
    except (SkipRow, RowFailed) as reason:
        print(f"未测成：{reason}", file=sys.stderr)
        return 1
    rows = [
        (f.what, f.said, f.bar, "未达到" if f.missed else "达到" if f.bar.startswith(("≤", "≥")) else "—")
        for f in figures
    ]
    said = table(_SCALE_HEAD, rows)
    print(said)
    if sizes:
        kinds = f"只生成 {formats}" if formats else "生成全部种类的文件"
        kinds += f"，PDF 由 {engine} 排版。" if engine else "。"
        write(SCALE_PAGE, _SCALE, f"{machine()}。{_MANY}{kinds}\n\n{said}\n")
    return 1 if any(figure.missed for figure in figures) else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads the arguments and measures."""
    parser = argparse.ArgumentParser(description="与同类程序比速度，写入 docs/bench.md")
    names = [row.name for row in ROWS]
    parser.add_argument(
        "--only", action="append", default=[], choices=names, metavar="NAME", help="、".join(names)
    )
    parser.add_argument("--scale", action="store_true", help="改测大量单位")
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="*",
        default=[100, 1000, 10_000],
        metavar="N",
        help="单位数，从小到大；空着就只测查重；一万个单位在两个核上约要一小时",
    )
    parser.add_argument("--reports", type=int, default=50_000, metavar="N", help="相互查重的报告份数")
    parser.add_argument("--formats", default="", metavar="LIST", help="各单位只生成这些种类的文件")
    parser.add_argument("--engine", default="", metavar="NAME", help="各单位的 PDF 由它排版；不写即用默认的")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(ROOT, Path(folder))
        return (
            grow(bench, asked.sizes, asked.reports, asked.formats, asked.engine)
            if asked.scale
            else compare(bench, asked.only)
        )


if __name__ == "__main__":
    sys.exit(main())
