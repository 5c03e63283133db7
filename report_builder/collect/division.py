"""Several units in one workbook: one sheet each, or one block under another, each under its unit's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from report_builder.collect.fields import unit_names
from report_builder.model import Grid, Trouble
from report_builder.recognise import Found, bare, part
from report_builder.spec import Spec

Known = Callable[[str], str]
"""The registered name for a name or alias; empty for anything else."""

_NO_NAME = re.compile(
    r"(?:sheet|工作表|表格?)\s*[\d一二三四五六七八九十]*(?:\s*[（(]\d+[)）])?", re.IGNORECASE
)
_YEAR = re.compile(r"\d{4}年")


@dataclass(frozen=True)
class _Block:
    """Tables of one unit in one grid, from row ``first`` to before ``end``; ``unit`` is empty where none is named.

    ``prefix`` is what the names of all its sheets begin with, where that tells its sheets from another's.
    """

    grid: Grid
    unit: str
    first: int
    end: int
    tables: tuple[str, ...]
    place: str
    prefix: str = ""

    @property
    def range(self) -> str:
        """Which rows of which sheet, in the clerk's words."""
        return f"{self.grid.name} 第 {self.first + 1} 行起"


@dataclass(frozen=True)
class Share:
    """One unit's part of a workbook: the parts of its sheets, and where it is named."""

    unit: str
    place: str
    grids: tuple[Grid, ...]
    ranges: tuple[str, ...]


def shares(
    found: Mapping[str, Sequence[Found]], grids: Sequence[Grid], spec: Spec, known: Known
) -> list[Share]:
    """The units' parts of a workbook in which tables stand several times; empty where it is one unit's.

    The part without a unit holds the blocks whose unit cannot be told.
    """
    if all(len(copies) == 1 for copies in found.values()):
        return []
    copies = [one for several in found.values() for one in several]
    holding = [grid for grid in grids if any(one.grid is grid for one in copies)]
    blocks = [block for grid in holding for block in _blocks(grid, copies, spec, known)]
    blocks = _by_sheet_name(blocks, spec)
    if not any(block.unit for block in blocks):
        blocks = _by_prefix(blocks, grids, spec, known)
    units = dict.fromkeys(block.unit for block in blocks)
    if len([unit for unit in units if unit]) < 2:  # noqa: PLR2004 - several units are at least two
        return []
    rest = [grid for grid in grids if grid not in holding]
    return [_share(unit, blocks, rest) for unit in units]


def _blocks(grid: Grid, copies: Sequence[Found], spec: Spec, known: Known) -> list[_Block]:
    """The grid cut where a name stands above a table, or a table comes again without one."""
    names = _names(grid, spec, known)
    tops = sorted((_top(one), one.table) for one in copies if one.grid is grid)
    cuts: list[tuple[int, str, str, list[str]]] = []
    for at, (top, table) in enumerate(tops):
        since = tops[at - 1][0] if at else -1
        row, place, unit = max((one for one in names if since < one[0] <= top), default=(-1, "", ""))
        if unit and (not cuts or unit != cuts[-1][1]):
            cuts.append((row, unit, place, [table]))
        elif not cuts or (table in cuts[-1][3] and not unit):
            cuts.append((top, "", "", [table]))
        else:
            cuts[-1][3].append(table)
    if cuts and not cuts[0][1] and (len(cuts) > 1 or names):
        cuts = [(row, "", "", tables) for row, _, _, tables in cuts]  # names may stand below their tables
    ends = [row for row, *_ in cuts[1:]] + [len(grid.rows)]
    whole = known(grid.name) if len(cuts) == 1 else ""
    return [
        _Block(grid, unit or whole, row if at else 0, end, tuple(tables), place or grid.name)
        for at, ((row, unit, place, tables), end) in enumerate(zip(cuts, ends, strict=True))
    ]


def _top(found: Found) -> int:
    """The row a table begins at, its own labels included."""
    return min([found.top, *(hit.row for hit in found.hits if hit.row <= found.bottom)])


def _names(grid: Grid, spec: Spec, known: Known) -> list[tuple[int, str, str]]:
    """The units named in a grid, by row: with the field's label, or a registered name that stands alone or in a title."""
    named = {
        row: (row, f"{grid.name}!{grid.address(row, column)}", known(name) or name)
        for row, column, name in unit_names(grid, spec)
    }
    for at, row in enumerate(grid.rows):
        for column, content in enumerate(row if at not in named else ()):
            unit = _alone(content, known) if isinstance(content, str) else ""
            if unit:
                named.setdefault(at, (at, f"{grid.name}!{grid.address(at, column)}", unit))
    return sorted(named.values())


def _alone(text: str, known: Known) -> str:
    """The registered unit that a cell names, by itself or at the head of a title (…2024年…)."""
    return known(text.strip()) or known(_YEAR.split(text.strip())[0])


def _by_sheet_name(blocks: Sequence[_Block], spec: Spec) -> list[_Block]:
    """Where every sheet holds a unit's several tables, sheets named otherwise than the template's are named for units."""
    template = {bare(sheet.name) for sheet in spec.workbook.sheets}
    apart = len({id(block.grid) for block in blocks}) == len(blocks)
    if not apart or any(len(set(block.tables)) < 2 for block in blocks):  # noqa: PLR2004 - one table may be a draft
        return list(blocks)
    return [
        block
        if block.unit or bare(block.grid.name) in template or _NO_NAME.fullmatch(block.grid.name.strip())
        else replace(block, unit=block.grid.name.strip())
        for block in blocks
    ]


def _by_prefix(blocks: Sequence[_Block], grids: Sequence[Grid], spec: Spec, known: Known) -> list[_Block]:
    """Where the template's sheets stand once a unit, before each name what tells them apart: the units they name."""
    prefixes = {id(block.grid): _prefix(block.grid, spec) for block in blocks}
    units: dict[str, str] = {}
    for prefix in prefixes.values():
        named = (
            name for grid in grids if _prefix(grid, spec) == prefix for _, _, name in unit_names(grid, spec)
        )
        units[prefix] = known(prefix) or next(((known(name) or name) for name in named), "")
    if not all(prefixes.values()) or not all(units.values()) or len(set(units.values())) < len(units):
        return list(blocks)
    return [
        replace(block, unit=units[prefix], prefix=prefix)
        for block in blocks
        for prefix in [prefixes[id(block.grid)]]
    ]


def _prefix(grid: Grid, spec: Spec) -> str:
    """What stands before the template's own name in a sheet's name."""
    names = (sheet.name for sheet in spec.workbook.sheets)
    return next((grid.name.removesuffix(name).strip() for name in names if grid.name.endswith(name)), "")


def _share(unit: str, blocks: Sequence[_Block], rest: Sequence[Grid]) -> Share:
    mine = [block for block in blocks if block.unit == unit]
    parts = [part(block.grid, block.first, block.end) for block in mine]
    prefixes = tuple({unit, *(block.prefix for block in mine)} - {""})
    own = [grid for grid in rest if unit and grid.name.strip().startswith(prefixes)]
    return Share(unit, mine[0].place, (*parts, *own), tuple(block.range for block in mine))


def untold(lost: Sequence[Share], named: Sequence[Share], name: str) -> Trouble:
    """What is said of blocks whose unit cannot be told."""
    ranges = [one for share in lost for one in share.ranges]
    said = {"places": "、".join(ranges), "units": "".join(f"“{share.unit}”" for share in named)}
    return Trouble("unit_untold", f"{name}·{lost[0].grids[0].name}", (), said)
