"""`make bench-faults`: every kind of real slip is put into clean returns, and the rules must catch it at the right cell.

Whether a slip breaks anything is worked out by identities.py, not by the rules; one that breaks nothing, such as
two equal cells exchanged, is not counted. The exit status is 1 unless the clean returns have no finding, every
slip that breaks a stated identity is caught, and the blamed cells are exactly those of the broken identities.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import shutil
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from clean_units import (  # noqa: E402 - the package is found from the root
    Report,
    Years,
    filled,
    summed,
    units,
    with_cells,
    workbook,
    years_of,
)
from identities import APPLICANTS, CODES, Cells, Content, broken  # noqa: E402
from run import table  # noqa: E402

from report_builder import blank, pipeline  # noqa: E402
from report_builder.model import Finding  # noqa: E402
from report_builder.spec import Format, Spec, load_spec  # noqa: E402

YEARS = (2020, 2024)
"""The second year of each pair: one under either format."""
COLUMNS = (*APPLICANTS, "total")


@dataclass(frozen=True)
class Scene:
    """One unit's clean years, another unit's, and the format, for a slip to be put in."""

    years: Years
    other: Report
    fmt: Format
    spec: Spec

    @property
    def now(self) -> Report:
        """This year's clean report."""
        return self.years.now

    @property
    def last(self) -> Report:
        """Last year's."""
        return self.years.last

    @cached_property
    def rows(self) -> list[str]:
        """The rows of table three, in printed order."""
        return [row.key for row in self.fmt.table("requests").bands[0].rows]


@dataclass(frozen=True)
class Slipped:
    """A report with a slip in it, and what else is wrong with its file."""

    report: Report
    fmt: Format
    name_inside: str = ""
    copies: int = 1
    spoil: Callable[[bytes], bytes] = field(default=bytes)


@dataclass(frozen=True)
class Slip:
    """A kind of slip. Without ``codes`` the identities judge it; else one of these rules must catch it.

    ``put`` gives None where a report has no place for it.
    """

    name: str
    put: Callable[[Scene, random.Random], Slipped | None]
    codes: tuple[str, ...] = ()


# ---- slips of figures: which cells change, and to what


def _counts(scene: Scene, least: int = 1) -> list[str]:
    """The cells that hold a count of at least so much."""
    return [key for key, held in scene.now.cells.items() if isinstance(held, int) and held >= least]


def _retyped(scene: Scene, chance: random.Random, least: int, typed: Callable[[str, int], str]) -> Cells:
    """One number typed wrongly; ``typed`` gets its digits and a place in them."""
    keys = _counts(scene, least)
    if not keys:
        return {}
    key = chance.choice(keys)
    digits = str(scene.now.cells[key])
    return {key: int(typed(digits, chance.randrange(len(digits) - (least > 1))))}


def _digit(scene: Scene, chance: random.Random) -> Cells:
    more = chance.randint(1, 9)
    return _retyped(
        scene, chance, 1, lambda said, at: said[:at] + str((int(said[at]) + more) % 10) + said[at + 1 :]
    )


def _transposed(scene: Scene, chance: random.Random) -> Cells:
    return _retyped(scene, chance, 10, lambda said, at: said[:at] + said[at + 1] + said[at] + said[at + 2 :])


def _dropped(scene: Scene, chance: random.Random) -> Cells:
    return _retyped(scene, chance, 10, lambda said, at: said[:at] + said[at + 1 :])


def _doubled(scene: Scene, chance: random.Random) -> Cells:
    return _retyped(scene, chance, 1, lambda said, at: said[: at + 1] + said[at:])


def _exchanged(scene: Scene, pairs: Sequence[tuple[str, str]]) -> Cells:
    cells = scene.now.cells
    return {key: cells[other] for one, two in pairs for key, other in ((one, two), (two, one))}


def _neighbours(scene: Scene, chance: random.Random) -> Cells:
    row, at = chance.choice(scene.rows), chance.randrange(len(COLUMNS) - 1)
    return _exchanged(scene, [(f"requests.{row}.{COLUMNS[at]}", f"requests.{row}.{COLUMNS[at + 1]}")])


def _columns(scene: Scene, chance: random.Random) -> Cells:
    one, two = chance.sample(COLUMNS, 2)
    return _exchanged(scene, [(f"requests.{row}.{one}", f"requests.{row}.{two}") for row in scene.rows])


def _rows(scene: Scene, chance: random.Random) -> Cells:
    one, two = chance.sample(scene.rows, 2)
    return _exchanged(scene, [(f"requests.{one}.{column}", f"requests.{two}.{column}") for column in COLUMNS])


def _shifted(scene: Scene, chance: random.Random, step: int) -> Cells:
    """A block of rows pasted one row off; the row it should have begun with stays blank."""
    rows = scene.rows[::step]
    first = chance.randrange(len(rows) - 4)
    block = rows[first : first + chance.randint(2, 4)]
    if block[0] == "results_total":
        return {}
    moved: dict[str, Content] = {}
    for column in COLUMNS:
        moved[f"requests.{block[0]}.{column}"] = None
        for source, target in zip(block, rows[first + 1 :], strict=False):
            moved[f"requests.{target}.{column}"] = scene.now.cells[f"requests.{source}.{column}"]
    return moved


def _row_blank(scene: Scene, chance: random.Random) -> Cells:
    row = chance.choice([row for row in scene.rows if row != "results_total"])
    return {f"requests.{row}.{column}": None for column in COLUMNS}


def _copied(source: Cells, scene: Scene, prefix: str, suffix: str = "") -> Cells:
    """Cells of another report left, or pasted, in this one."""
    return {key: source[key] for key in scene.now.cells if key.startswith(prefix) and key.endswith(suffix)}


def _a_table(scene: Scene, chance: random.Random) -> str:
    return chance.choice([one.key for one in scene.fmt.tables]) + "."


def _last_table(scene: Scene, chance: random.Random) -> Cells:
    return _copied(scene.last.cells, scene, _a_table(scene, chance))


def _last_column(scene: Scene, chance: random.Random) -> Cells:
    return _copied(scene.last.cells, scene, "requests.", "." + chance.choice(COLUMNS))


def _others_table(scene: Scene, chance: random.Random) -> Cells:
    return _copied(scene.other.cells, scene, _a_table(scene, chance))


def _wrong_unit(scene: Scene, chance: random.Random) -> Cells:
    """Yuan where ten thousands of yuan are asked for, or the reverse."""
    amount = scene.now.cells.get("proactive.fees.amount")
    factor = chance.choice((Decimal(10000), Decimal(1) / 10000))
    return {"proactive.fees.amount": amount * factor} if isinstance(amount, Decimal) else {}


def _replaced(
    scene: Scene, chance: random.Random, content: Content, wanted: Callable[[Content], bool]
) -> Cells:
    """Something else than a number in one cell that is no total."""
    slots = scene.fmt.slots
    keys = [key for key, held in scene.now.cells.items() if wanted(held) and not slots[key].total_of]
    return {chance.choice(keys): content} if keys else {}


def _zero(held: Content) -> bool:
    return held == 0


def _no_zero(held: Content) -> bool:
    return isinstance(held, int) and held > 0


def _stale_total(scene: Scene, chance: random.Random) -> Cells:
    """A result corrected with the total of its row, while the total of its column stays."""
    row = chance.choice(
        [row for row in scene.rows if row.startswith(("granted", "refused", "not_processed"))]
    )
    column, more = chance.choice(APPLICANTS), chance.randint(1, 9)
    keys = (f"requests.{row}.{column}", f"requests.{row}.total")
    return {key: int(scene.now.cells[key] or 0) + more for key in keys}


def _carried_in(scene: Scene, chance: random.Random) -> Cells:
    """What was carried in is not last year's, and what was received makes up for it: only the years disagree."""
    column, more = chance.choice(APPLICANTS), chance.randint(1, 3)
    changed: dict[str, Content] = {}
    for row, step in (("carried_in", more), ("received", -more)):
        for one in (column, "total"):
            key = f"requests.{row}.{one}"
            changed[key] = int(scene.now.cells[key] or 0) + step
    return {} if any(int(value or 0) < 0 for value in changed.values()) else changed


def _results_copied(scene: Scene, _: random.Random) -> Cells:
    cells = scene.now.cells
    return {f"requests.results_total.{column}": cells[f"requests.received.{column}"] for column in COLUMNS}


def _negative(scene: Scene, chance: random.Random) -> Cells:
    return {key: -int(scene.now.cells[key] or 0) for key in chance.sample(_counts(scene), 1)}


def _decimal(scene: Scene, chance: random.Random) -> Cells:
    return {
        key: Decimal(int(scene.now.cells[key] or 0)) + Decimal("0.5")
        for key in chance.sample(_counts(scene), 1)
    }


def of_cells(
    change: Callable[[Scene, random.Random], Cells],
) -> Callable[[Scene, random.Random], Slipped | None]:
    """A slip that changes cells and nothing else."""

    def put(scene: Scene, chance: random.Random) -> Slipped | None:
        changed = {key: held for key, held in change(scene, chance).items() if held != scene.now.cells[key]}
        return Slipped(with_cells(scene.now, changed), scene.fmt) if changed else None

    return put


# ---- slips of text


def _reworded(scene: Scene, number: int, change: Callable[[str], str]) -> Slipped | None:
    """Every paragraph of one section changed; None where nothing comes of it."""
    paragraphs = tuple(filter(None, map(change, scene.now.sections[number])))
    if paragraphs == scene.now.sections[number]:
        return None
    return Slipped(replace(scene.now, sections={**scene.now.sections, number: paragraphs}), scene.fmt)


def _last_number(scene: Scene, chance: random.Random) -> Slipped | None:
    """A number of last year left in the sentence that states this year's."""
    before, group = chance.choice(
        (("申请", "received"), ("办结", "results_total"), ("继续办理", "carried_out"))
    )
    now, last = (summed(report.cells, "requests", group) for report in (scene.now, scene.last))
    return _reworded(scene, 1, lambda text: text.replace(f"{before}{now}件", f"{before}{last}件"))


def _other_year(scene: Scene, _: random.Random) -> Slipped | None:
    year = scene.now.year
    return _reworded(scene, 1, lambda text: text.replace(f"{year}年收到", f"{year - 1}年收到"))


def _other_name(scene: Scene, _: random.Random) -> Slipped | None:
    """A text taken from another unit, whose name was left in it."""
    return _reworded(scene, 1, lambda text: text.replace(scene.now.unit, scene.other.unit))


def _text_copied(scene: Scene, _: random.Random) -> Slipped | None:
    return Slipped(replace(scene.now, sections={**scene.now.sections, 5: scene.last.sections[5]}), scene.fmt)


def _text_emptied(scene: Scene, _: random.Random) -> Slipped | None:
    return _reworded(scene, 5, lambda _: "")


def _place_left_open(scene: Scene, chance: random.Random) -> Slipped | None:
    mark = chance.choice(scene.spec.wording.placeholders)
    return _reworded(scene, 5, lambda text: text.replace("一是", f"一是{mark}"))


def _ordinal_lost(scene: Scene, _: random.Random) -> Slipped | None:
    return _reworded(scene, 5, lambda text: re.sub("二是[^；]*；", "", text))


# ---- slips of the file


def _without_fee(scene: Scene, _: random.Random) -> Slipped | None:
    return Slipped(replace(scene.now, fee=None), scene.fmt) if scene.fmt.fee else None


def _others_file(scene: Scene, _: random.Random) -> Slipped | None:
    return Slipped(scene.now, scene.fmt, name_inside=scene.other.unit)


def _twice(scene: Scene, _: random.Random) -> Slipped | None:
    return Slipped(scene.now, scene.fmt, copies=2)


def _other_form(scene: Scene, key: str) -> Slipped | None:
    """One table in the form of another format's years; rows that were split or put together keep their cases."""
    other = next(fmt for fmt in scene.spec.formats if fmt.id != scene.fmt.id)
    tables = tuple(other.table(key) if one.key == key else one for one in scene.fmt.tables)
    cells = dict(scene.now.cells)
    for concord in scene.spec.concordance:
        if concord.relation == "split_into":
            split = concord.to_format == other.id
            theirs, ours = (concord.into, (concord.what,)) if split else ((concord.what,), concord.into)
            for column in COLUMNS:
                cells |= {f"{row}.{column}": 0 for row in theirs}
                cells[f"{theirs[0]}.{column}"] = sum(int(cells[f"{row}.{column}"] or 0) for row in ours)
    return Slipped(replace(scene.now, cells=cells), replace(scene.fmt, tables=tables))


def _formula(scene: Scene, chance: random.Random) -> Slipped | None:
    """A formula of the unit's own, saved without its result."""
    key = chance.choice([key for key in _counts(scene) if not scene.fmt.slots[key].total_of])
    part, address = _address(scene, key)
    pattern = rf'(<c r="{address}"[^>]*?)(?: t="\w+")?>.*?</c>'
    return Slipped(
        scene.now, scene.fmt, spoil=lambda data: _edited(data, part, pattern, r"\1><f>6*7</f></c>")
    )


def _row_hidden(scene: Scene, chance: random.Random) -> Slipped | None:
    key = chance.choice([key for key in _counts(scene) if key.startswith("requests.")])
    part, address = _address(scene, key)
    row = address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return Slipped(
        scene.now,
        scene.fmt,
        spoil=lambda data: _edited(data, part, f'<row r="{row}"', rf'<row r="{row}" hidden="1"'),
    )


def _address(scene: Scene, key: str) -> tuple[str, str]:
    """The part of the workbook that holds a cell, and the cell's address."""
    filling = blank.Filling(scene.now.year, filled=filled(scene.now, scene.fmt))
    drawn = blank.sheets(scene.fmt, scene.spec.workbook, filling)
    name, _, address = blank.places(drawn)[key].rpartition("!")
    number = [sheet.name for sheet in drawn].index(name.strip("'")) + 1
    return f"xl/worksheets/sheet{number}.xml", address


def _edited(data: bytes, part: str, pattern: str, replacement: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename == part:
                said, count = re.subn(pattern, replacement, content.decode())
                if count != 1:
                    raise LookupError(pattern)
                content = said.encode()
            new.writestr(info, content)
    return out.getvalue()


SLIPS: tuple[Slip, ...] = (
    Slip("一个数字打错", of_cells(_digit)),
    Slip("相邻两位颠倒", of_cells(_transposed)),
    Slip("漏打一位", of_cells(_dropped)),
    Slip("多打一位", of_cells(_doubled)),
    Slip("一行里相邻两格对调", of_cells(_neighbours)),
    Slip("两列对调", of_cells(_columns)),
    Slip("两行对调", of_cells(_rows)),
    Slip("几行整体错下一行", of_cells(lambda scene, chance: _shifted(scene, chance, 1))),
    Slip("几行整体错上一行", of_cells(lambda scene, chance: _shifted(scene, chance, -1))),
    Slip("一张表还是上年的数", of_cells(_last_table)),
    Slip("一列还是上年的数", of_cells(_last_column)),
    Slip("收费的元和万元弄错", of_cells(_wrong_unit)),
    Slip("一行没有填", of_cells(_row_blank)),
    Slip("0 写成空白", of_cells(lambda scene, chance: _replaced(scene, chance, None, _zero))),
    Slip("0 写成“/”", of_cells(lambda scene, chance: _replaced(scene, chance, "/", _zero))),
    Slip("数字带了单位", of_cells(lambda scene, chance: _replaced(scene, chance, "12件", _no_zero))),
    Slip("改了一项，列总计没有改", of_cells(_stale_total)),
    Slip("上年结转不是上年报告的数", of_cells(_carried_in)),
    Slip("办结总计抄成新收", of_cells(_results_copied)),
    Slip("粘贴了别的单位的一张表", of_cells(_others_table)),
    Slip("负数", of_cells(_negative)),
    Slip("件数带小数", of_cells(_decimal)),
    Slip("表二是别的年度的格式", lambda scene, _: _other_form(scene, "proactive"), ("F102", "F106")),
    Slip("表三是别的年度的格式", lambda scene, _: _other_form(scene, "requests"), ("V203",)),
    Slip("公式没有结果", _formula, ("F103",)),
    Slip("行被隐藏", _row_hidden, ("F110",)),
    Slip("没有说明信息处理费", _without_fee, ("S603",)),
    Slip("表内是别的单位名称", _others_file, ("F107",)),
    Slip("同一份交了两次", _twice, ("F105",)),
    Slip("第五部分空着", _text_emptied, ("S602",)),
    Slip("第五部分留着占位", _place_left_open, ("S602",)),
    Slip("序数跳过一个", _ordinal_lost, ("S607",)),
    Slip("句子里还是上年的数", _last_number, ("T701", "T702", "T706")),
    Slip("句子里还是上年的年份", _other_year, ("T708",)),
    Slip("正文主语是别的单位", _other_name, ("T709",)),
    Slip("第五部分照抄上年", _text_copied, ("R501",)),
)


# ---- the run


@dataclass
class Tally:
    """How one kind of slip fared: put in, of those breaking something, caught; by which rules; what went wrong."""

    put: int = 0
    breaking: int = 0
    caught: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Corpus:
    """The clean returns of two years under one format, in an inputs folder of their own."""

    def __init__(self, folder: Path, spec: Spec, year: int, names: Sequence[str]) -> None:
        fmt = spec.format_for(year)
        if fmt is None:
            raise LookupError(year)
        self.spec, self.fmt, self.year, self.names = spec, fmt, year, names
        self.inputs = folder / str(year)
        self.years = {name: years_of(name, fmt, year) for name in names}
        for one in self.years.values():
            self.write(one.last, Slipped(one.last, fmt))
        self._register()

    def _register(self) -> None:
        rows = (f"{number},{name},,department,city,,,," for number, name in enumerate(self.names, 1))
        head = "code,name,aliases,kind,level,parent,successor_of,since,until"
        (self.inputs / "units.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")

    def scene(self, name: str) -> Scene:
        """One unit's scene; the other unit is the next but one of the list."""
        other = self.names[(self.names.index(name) + 2) % len(self.names)]
        return Scene(self.years[name], self.years[other].now, self.fmt, self.spec)

    def write(self, clean: Report, slipped: Slipped) -> None:
        """The report's workbook, as often as it was handed in."""
        data = slipped.spoil(workbook(slipped.report, slipped.fmt, self.spec, slipped.name_inside))
        folder = self.inputs / str(clean.year)
        folder.mkdir(parents=True, exist_ok=True)
        for copy in range(slipped.copies):
            (folder / f"{clean.unit}{f'({copy})' if copy else ''}.xlsx").write_bytes(data)

    def checked(self, year: int) -> Mapping[str, Sequence[Finding]]:
        """The findings on every return of a year."""
        outcome = pipeline.check(pipeline.Options(inputs=self.inputs, year=year), write=False)
        return {result.unit: result.findings for result in outcome.results}

    def clean_findings(self) -> Iterator[Finding]:
        """What the rules say of returns nothing is wrong with."""
        for one in self.years.values():
            self.write(one.now, Slipped(one.now, self.fmt))
        for year in (self.year - 1, self.year):
            for findings in self.checked(year).values():
                yield from findings
        shutil.rmtree(self.inputs / str(self.year))

    def seed(self, slip: Slip, tally: Tally) -> None:
        """The slip in every unit's return that has a place for it, and what the rules make of it."""
        put = {}
        for name in self.names:
            chance = random.Random(f"{slip.name} {name} {self.year}")
            slipped = slip.put(self.scene(name), chance)
            if slipped is not None:
                put[name] = slipped
                self.write(self.years[name].now, slipped)
        if put:
            for name, findings in self.checked(self.year).items():
                self._judge(slip, put[name], findings, tally)
            shutil.rmtree(self.inputs / str(self.year))

    def _judge(self, slip: Slip, slipped: Slipped, findings: Sequence[Finding], tally: Tally) -> None:
        tally.put += 1
        last = self.years[slipped.report.unit].last.cells
        due = broken(slipped.report.cells, last)
        found = {(one.code, cell) for one in findings for cell in one.cells if one.code in CODES}
        codes = {one.code for one in findings}
        if not due and not slip.codes:
            tally.wrong += [f"{slipped.report.unit} {fault} 没有错而被指出" for fault in sorted(found)]
            return
        tally.breaking += 1
        tally.rules.update(codes)
        if slip.codes:
            tally.caught += bool(codes & set(slip.codes))
            return
        tally.caught += due <= found
        tally.wrong += [f"{slipped.report.unit} {fault} 应当指出而没有" for fault in sorted(due - found)]
        tally.wrong += [f"{slipped.report.unit} {fault} 没有错而被指出" for fault in sorted(found - due)]


def judged(spec: Spec) -> list[Slip]:
    """The slips there is a rule for."""
    return [slip for slip in SLIPS if not slip.codes or set(slip.codes) & set(spec.rules)]


def run(names: Sequence[str]) -> tuple[list[Finding], dict[str, Tally]]:
    """The findings on the clean returns, and how each kind of slip fared that there is a rule for."""
    spec = load_spec()
    known = judged(spec)
    tallies = {slip.name: Tally() for slip in known}
    false: list[Finding] = []
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        for year in YEARS:
            corpus = Corpus(Path(folder), spec, year, names)
            false += corpus.clean_findings()
            for slip in known:
                corpus.seed(slip, tallies[slip.name])
    return false, tallies


_HEAD = ("错误", "放入", "违反关系", "查出", "比例", "由哪些规则")


def _row(name: str, tally: Tally | None) -> tuple[str, ...]:
    if tally is None:
        return (name, "—", "—", "—", "尚无规则", "")
    share = f"{tally.caught / tally.breaking:.0%}" if tally.breaking else "—"
    rules = " ".join(f"{code}×{count}" for code, count in tally.rules.most_common(6))
    return (name, str(tally.put), str(tally.breaking), str(tally.caught), share, rules)


def main(arguments: Sequence[str] | None = None) -> int:
    """Puts every slip into every unit's return and says what was caught."""
    parser = argparse.ArgumentParser(description="在没有错的报送表里放入各种错误，看规则能否查出")
    parser.add_argument("--bureaus", type=int, default=10, metavar="N", help="六个市各取几个局（1–10）")
    asked = parser.parse_args(arguments)
    names = units(asked.bureaus)
    false, tallies = run(names)
    print(table(_HEAD, (_row(slip.name, tallies.get(slip.name)) for slip in SLIPS)))
    breaking, caught = (sum(getattr(one, key) for one in tallies.values()) for key in ("breaking", "caught"))
    wrong = [f"{name}：{said}" for name, tally in tallies.items() for said in tally.wrong]
    print(f"{len(names)} 个单位 × {2 * len(YEARS)} 年没有错的报送表，发现 {len(false)} 处问题；", end="")
    print(f"放入的错误中 {breaking} 处违反关系，查出 {caught} 处；指错格子 {len(wrong)} 处。")
    for finding in false[:20]:
        print(f"  误报 {finding.unit} {finding.report_year} {finding.code} {finding.message}")
    for said in wrong[:20]:
        print(f"  {said}")
    return 1 if false or wrong or caught < breaking else 0


if __name__ == "__main__":
    sys.exit(main())
