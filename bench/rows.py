"""The rows of the speed table: what is measured, against what, and the bar."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ours import Ours
from shown import shown
from timing import Pair, Rival, Sampler, SkipRow, all_unchanged, alternate, command, repeated

_PROSE_SECONDS = 0.015


@dataclass(frozen=True)
class Row:
    """One row; ``bar`` is the greatest ratio allowed (the least, with ``at_least``), None where it only informs."""

    name: str
    what: str
    against: str
    bar: float | None
    measure: Callable[[Bench], Pair]
    at_least: bool = False
    aim: str = ""

    def missed(self, ratio: float) -> bool:
        """Whether the bar is missed."""
        return self.bar is not None and (ratio < self.bar if self.at_least else ratio > self.bar)

    @property
    def bar_in_words(self) -> str:
        """“≤ 0.4”; for a row that only informs, what it aims at."""
        if self.bar is None:
            return f"只报告{self.aim}"
        return f"{'≥' if self.at_least else '≤'} {self.bar:g}"


class Bench:
    """What the rows share: the unit under test, a scratch folder, and the rivals' Python."""

    def __init__(self, root: Path, scratch: Path) -> None:
        self.root = root
        self.scratch = scratch
        self.ours = Ours(root / "data_inputs", scratch / "outputs")
        own = root / ".venv-bench" / "bin" / "python"
        self.has_own_rivals = own.is_file()
        self.rival_python = own if self.has_own_rivals else Path(sys.executable)

    @cached_property
    def handed(self) -> Path:
        """The folder with the content for the rivals."""
        folder = self.scratch / "rivals"
        folder.mkdir()
        self.ours.hand_over(folder)
        return folder

    def rival(self, name: str) -> Rival:
        """One of the rivals of rivals.py, started."""
        return Rival(self.rival_python, name, self.handed)

    def program(
        self,
        *arguments: str | Path,
        expected: tuple[int, ...] = (0,),
        did: Callable[[bytes], bool] = lambda _: True,
    ) -> Sampler:
        """Our program, started afresh each time."""
        words = [sys.executable, "-m", "report_builder", *arguments]
        return command(words, self.root, expected=expected, did=did)

    @cached_property
    def jurisdiction(self) -> dict[str, float]:
        """The demonstration built by one worker, by two, and once more with nothing changed."""
        once = {}
        for name, arguments in (("one", ["--jobs", "1"]), ("two", ["--jobs", "2"])):
            out = self.scratch / name
            once[name] = self.program("build", "--quiet", "--outputs", out, *arguments)()
        again = ("build", "--quiet", "--json", "--outputs", self.scratch / "two")
        once["unchanged"] = self.program(*again, did=all_unchanged)()
        return once


# --- reading and checking -------------------------------------------------------------------------------------


def _collect_calamine(bench: Bench) -> Pair:
    from python_calamine import CalamineWorkbook

    path = str(bench.ours.workbook)

    def bare() -> None:
        with CalamineWorkbook.from_path(path) as book:
            for name in book.sheet_names:
                book.get_sheet_by_name(name).to_python(skip_empty_area=False)

    return alternate(repeated(bench.ours.collect), repeated(bare))


def _collect_openpyxl(bench: Bench) -> Pair:
    import openpyxl

    path = bench.ours.workbook
    return alternate(repeated(bench.ours.collect), repeated(lambda: openpyxl.load_workbook(path)), rounds=7)


def _rules(bench: Bench) -> Pair:
    return alternate(repeated(lambda: bench.ours.check(prose=False)), repeated(bench.ours.collect))


def _prose(bench: Bench) -> Pair:
    """Against a clock, not a rival: the bar is a time."""
    check = repeated(lambda: bench.ours.check(prose=True))
    return Pair(tuple(check() for _ in range(15)), (_PROSE_SECONDS,))


# --- products -------------------------------------------------------------------------------------------------


def _word(bench: Bench) -> Pair:
    with bench.rival("docxtpl") as rival:
        return alternate(repeated(bench.ours.word), rival)


def _chart(draw: Callable[[Ours], object]) -> Callable[[Bench], Pair]:
    def measure(bench: Bench) -> Pair:
        count = len(bench.ours.charts)
        with bench.rival("pyplot") as rival:
            return alternate(repeated(lambda: draw(bench.ours), per=count), lambda: rival() / count)

    return measure


def _pdf(bench: Bench) -> Pair:
    with bench.rival("weasyprint") as rival:
        return alternate(repeated(bench.ours.pdf), rival, rounds=5)


def _second_engine(bench: Bench) -> Pair:
    """Whole jurisdictions in turn, since Typst sets what it has just set in no time."""
    return alternate(
        repeated(lambda: bench.ours.every_pdf("typst"), per=bench.ours.units),
        repeated(lambda: bench.ours.every_pdf("weasyprint"), per=bench.ours.units),
        rounds=3,
    )


_AT_ONCE = 4


def _libreoffice(bench: Bench) -> Pair:
    """LibreOffice turns several of our Word files into PDF at one start, as an office would for a batch."""
    office = shutil.which("soffice")
    if office is None:
        raise SkipRow("没有安装 LibreOffice")
    folder = bench.scratch / "office"
    folder.mkdir()
    files = [folder / f"{at}.docx" for at in range(_AT_ONCE)]
    for file in files:
        file.write_bytes(bench.ours.word())
    profile = f"-env:UserInstallation=file://{folder}/profile"
    convert: list[str | Path] = [
        office,
        profile,
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        folder,
        *files,
    ]
    batch = command(convert, folder)
    return alternate(repeated(bench.ours.pdf), lambda: batch() / _AT_ONCE, rounds=3)


def _read_back(bench: Bench) -> Pair:
    return alternate(repeated(bench.ours.read_back), repeated(bench.ours.build), rounds=5)


def _two_reports(bench: Bench) -> Pair:
    """Difflib without its autojunk, which makes it quicker and wrong (0.19 for 0.99)."""
    import difflib

    import many_reports

    now, earlier = many_reports.pair(480, copied=0.3)
    ours, theirs = ("\n".join(paragraph for _, paragraph in text.paragraphs) for text in (now, earlier))

    def rival() -> float:
        return difflib.SequenceMatcher(None, theirs, ours, autojunk=False).ratio()

    return alternate(repeated(lambda: bench.ours.texts_compared(now, earlier)), repeated(rival))


# --- from a cold start ----------------------------------------------------------------------------------------


def _help(bench: Bench) -> Pair:
    bare = command([sys.executable, "-c", "pass"], bench.root)
    return alternate(bench.program("--help"), bare, rounds=15)


_SIX = "import pandas, weasyprint, matplotlib.pyplot, docx, openpyxl, jinja2"


def _check_cold(bench: Bench) -> Pair:
    ours = bench.program(
        "check", bench.ours.workbook, "--outputs", bench.scratch / "checked", expected=(0, 1)
    )
    return alternate(ours, command([bench.rival_python, "-c", _SIX], bench.root), rounds=7)


def _build_cold(bench: Bench) -> Pair:
    with bench.rival("docxtpl") as rival:
        rival()  # prepares the template that the script takes for granted
    out = ("--force", "--quiet", "--outputs", bench.scratch / "built")
    ours = bench.program("build", "--unit", bench.ours.draft.unit, "--formats", "docx,pdf", *out)
    driver = Path(__file__).with_name("rivals.py")
    return alternate(
        ours, command([bench.rival_python, driver, "script", bench.handed], bench.root), rounds=5
    )


# --- many units -----------------------------------------------------------------------------------------------


def _unchanged(bench: Bench) -> Pair:
    return Pair((bench.jurisdiction["unchanged"],), (bench.jurisdiction["two"],))


def _workers(bench: Bench) -> Pair:
    return Pair((bench.jurisdiction["one"],), (bench.jurisdiction["two"],))


_PAINT_SECONDS, _FILTER_SECONDS = 1.5, 0.1


def _overview_painted(bench: Bench) -> Pair:
    """Against a clock, not a rival: the bar is a time."""
    with shown(bench.scratch) as one:
        return Pair(tuple(one.painted() for _ in range(7)), (_PAINT_SECONDS,))


def _overview_filtered(bench: Bench) -> Pair:
    with shown(bench.scratch) as one:
        return Pair(tuple(one.filtered() for _ in range(15)), (_FILTER_SECONDS,))


ROWS = (
    Row("collect", "读一份报送表（含定位、核验、逐格来源）", "python-calamine 只读", 4.0, _collect_calamine),
    Row("collect-openpyxl", "读一份报送表", "openpyxl 打开", 0.08, _collect_openpyxl),
    Row("rules", "一个单位的全部表格规则", "读它的报送表", 1.0, _rules),
    Row("prose", "一份报告的全部文字规则（七千字）", "15 毫秒", 1.0, _prose),
    Row("word", "Word 文件", "docxtpl", 0.2, _word),
    Row("pdf", "PDF 文件", "同样内容直接用 WeasyPrint", 0.75, _pdf),
    Row("pdf-libreoffice", "PDF 文件", "LibreOffice 成批转换同一 Word", 1.0, _libreoffice),
    Row("pdf-typst", "PDF 文件，用 Typst", "本程序用 WeasyPrint", 0.15, _second_engine),
    Row("chart-png", "一张图（PNG）", "pyplot 的 PNG", 0.4, _chart(Ours.png)),
    Row("chart-svg", "一张图（SVG）", "pyplot 的 PNG", 0.4, _chart(Ours.svg)),
    Row("read-back", "读回 Word、PDF、HTML", "生成这个单位的全部文件", 0.15, _read_back),
    Row(
        "compare",
        "两份报告比对（六千余字，两个重复率和全部重复段落）",
        "difflib 的相似度（autojunk=False）",
        0.08,
        _two_reports,
    ),
    Row("help", "--help 冷启动", "空的 Python", 3.0, _help),
    Row("check", "check 一份报送表，冷启动", "导入六个常用库", 0.4, _check_cold),
    Row(
        "build",
        "build 一个单位（Word、PDF），冷启动",
        "pandas+docxtpl+pyplot+WeasyPrint 脚本",
        0.5,
        _build_cold,
    ),
    Row(
        "unchanged",
        "没有变动时再运行一次（示例辖区）",
        "第一次运行",
        None,
        _unchanged,
        aim="（千个单位时 ≤ 2%）",
    ),
    Row("overview", "总览（一万五千个单位）在浏览器中显示出来", "1.5 秒", 1.0, _overview_painted),
    Row("overview-filter", "总览筛选一次（一万五千个单位）", "100 毫秒", 1.0, _overview_filtered),
    Row("workers", "示例辖区，一个进程", "两个进程", None, _workers, aim="（目标 ≥ 1.7）"),
)
