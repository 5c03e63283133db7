"""One unit's return, or several in one file: a workbook, or facts as JSON, with its text beside it → Returns.

Tables are found by their labels wherever they stand; every value keeps the cell it came from. What cannot be
read becomes a Trouble, never a guess, and never an exception.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from report_builder import facts
from report_builder.collect import workbook
from report_builder.collect.division import Known
from report_builder.collect.tables import completed, wrong_format, wrong_year
from report_builder.collect.texts import with_text
from report_builder.errors import UnreadableError, reason
from report_builder.model import Return, Trouble
from report_builder.readers import sheets
from report_builder.spec import Spec

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".et", ".ods", ".csv", ".tsv")
_LOCK_PREFIXES = ("~$", ".~")


@dataclass(frozen=True)
class Source:
    """What one unit dropped in: the main file, and the text file beside it if there is one.

    ``part_of`` is the unit whose part of the file is meant, where the file holds several units' tables.
    """

    main: Path
    text: Path | None = None
    folder: Path | None = None
    candidates: int = 1
    part_of: str = ""

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that were dropped in for it."""
        return (self.main,) if self.text is None else (self.main, self.text)

    @property
    def stem(self) -> str:
        """The name the unit gave it: the folder's where it has one, else the file's."""
        return shown(self.folder.name if self.folder is not None else self.main.stem)

    @property
    def name(self) -> str:
        """The main file's name, for messages and origins."""
        return shown(self.main.name)


def shown(name: str) -> str:
    """A file name that can be written out: bytes that are no UTF-8 (an old zip's names) become question marks."""
    return name.encode("utf-8", "replace").decode()


def is_return(path: Path) -> bool:
    """Whether a file may be a return: not a lock file of an open workbook, not hidden."""
    return not path.name.startswith((*_LOCK_PREFIXES, ".")) and path.suffix.lower() in (*WORKBOOKS, ".json")


def read_return(source: Source | Path, spec: Spec, report_year: int) -> Return:
    """The one return in ``source`` for ``report_year``; of several units in it the first.

    Never raises for what is in the file: an unreadable one gives a Return without cells and a Trouble.
    """
    return read_returns(source, spec, report_year)[0]


def read_returns(
    source: Source | Path, spec: Spec, report_year: int, known: Known = lambda _: ""
) -> tuple[Return, ...]:
    """The returns in ``source`` for ``report_year``, one a unit, read by the format that governs that year.

    ``known`` gives the registered name for a name or alias, empty for anything else: how a unit's name is told
    where it stands alone above a table or as a sheet's name.
    """
    if isinstance(source, Path):
        source = Source(source)
    name = source.name
    try:
        _hold_one(source)
        data = source.main.read_bytes()
        if source.main.suffix.lower() == ".json":
            rets: tuple[Return, ...] = (_from_facts(data, name, spec, report_year),)
        else:
            rets = workbook.read(sheets.read(data), name, spec, report_year, known)
    except UnreadableError as fault:
        refused = _unreadable(name, fault, spec, report_year)
        return (refused if source.text is None else with_text(refused, source.text, spec),)
    except OSError as fault:
        barred = UnreadableError(
            f"系统拒绝读取（{reason(fault)}）", "请关闭正在使用它的程序，或检查文件是否完整"
        )
        return (_unreadable(name, barred, spec, report_year),)
    if source.text is None:
        return rets
    return (with_text(rets[0], source.text, spec),) if len(rets) == 1 else _text_of_none(rets, source.text)


def _text_of_none(rets: tuple[Return, ...], text: Path) -> tuple[Return, ...]:
    """A text beside the tables of several units could be anybody's: it is left aside, and that is said."""
    said = {"file": shown(text.name), "units": "".join(f"“{ret.unit}”" for ret in rets)}
    trouble = Trouble("text_untold", shown(text.name), (), said)
    return (replace(rets[0], troubles=(*rets[0].troubles, trouble)), *rets[1:])


def _hold_one(source: Source) -> None:
    """A unit's folder must hold one return, no more and no less."""
    if source.name != source.main.name:
        raise UnreadableError("文件名不是 UTF-8 编码，可能来自旧的压缩包", "请把文件改名为单位名称后重新放入")
    if source.main.is_dir():
        raise UnreadableError(
            "这是一个文件夹，里面没有报送表", "请把报送表（.xlsx）放进去，或直接放在年度文件夹里"
        )
    if source.candidates > 1:
        raise UnreadableError(
            f"文件夹里有 {source.candidates} 份报送表，不知道以哪份为准", "请只留下要报送的一份"
        )


def _unreadable(name: str, fault: UnreadableError, spec: Spec, report_year: int) -> Return:
    where = f"{name}·{fault.place}" if fault.place else name
    trouble = Trouble("unreadable", where, (), {"reason": fault.reason, "mend": fault.fix})
    fmt = spec.format_for(report_year)
    return Return("", report_year, fmt.id if fmt else "", {}, origin=name, troubles=(trouble,))


def _from_facts(data: bytes, name: str, spec: Spec, report_year: int) -> Return:
    ret = facts.read(data, name, spec, report_year)
    fmt = spec.format(ret.format_id)
    due = spec.format_for(report_year)
    troubles = [*ret.troubles, *wrong_year(f"{ret.report_year}年", report_year, f"{name}·report_year")]
    troubles += _unknown_states(ret, spec, name)
    if fmt is not None and due is not None and fmt is not due:
        return replace(ret, cells={}, format_id=due.id, troubles=(wrong_format(f"{name}·format", fmt, due),))
    if fmt is not None:
        ret = replace(ret, cells=completed(ret.cells, fmt))
        troubles += [
            Trouble("table_missing", name, (), {"table": fmt.section(table.section).title, "hint": ""})
            for table in fmt.tables
            if not any(key in ret.cells for key in table.slots)
        ]
    return replace(ret, troubles=tuple(troubles))


def _unknown_states(ret: Return, spec: Spec, name: str) -> Iterator[Trouble]:
    """Tasks whose state or role is none of the contract's words."""
    for number, task in enumerate(ret.tasks, 1):
        for field in spec.workbook.sheet("tasks").fields:
            typed = task[field.key]
            if field.choices and typed and typed not in field.choices.values():
                choices = "、".join(field.choices.values())
                said = {"label": field.label, "typed": typed, "choices": choices}
                yield Trouble("unknown_choice", f"{name}·tasks 第{number}项", (), said)


__all__ = ["WORKBOOKS", "Known", "Source", "is_return", "read_return", "read_returns", "shown"]
