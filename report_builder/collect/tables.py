"""The statutory tables of one return: what was found, what was not, and what is doubtful about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from report_builder.collect.doubles import Doubles, Own, merges, of_the_year, typed
from report_builder.editions import added_up, read_over, summed
from report_builder.figures import figure
from report_builder.model import Figure, Grid, Trouble, Typed
from report_builder.readers.books import Sheets
from report_builder.recognise import Found, amount_remarks, find_tables, label_remarks, search_apart
from report_builder.spec import Format, Spec, Table


class Tables:
    """The tables of ``fmt`` in some grids of a workbook."""

    def __init__(self, name: str, book: Sheets, grids: Sequence[Grid], spec: Spec, fmt: Format) -> None:
        self.name, self.book, self.spec, self.fmt = name, book, spec, fmt
        self.grids, self.found = search_apart(grids, fmt)
        self.settled: list[Trouble] = []

    def holders(self) -> Iterator[Grid]:
        """The grids that tables stand in."""
        return (found.grid for copies in self.found.values() for found in copies)

    def settle(self, own: Own) -> None:
        """Leaves one figure a cell where that can be told, and notes what is said of it; to be done before all else."""
        doubles = Doubles(self.name, self.book, self._figure, own)
        for key, copies in self.found.items():
            kept = of_the_year(copies, own.year) if len(copies) > 1 else None
            if kept is not None:
                self.settled.append(self._of_the_year(kept, copies, own.year))
            self.found[key] = []
            for found in copies if kept is None else [kept]:
                one, troubles = doubles.settled(found, self.title(key)) if found.doubles else (found, [])
                one, merged = self._merged(one)
                self.found[key].append(one)
                self.settled += [*troubles, *merged]

    def _merged(self, found: Found) -> tuple[Found, list[Trouble]]:
        """The table without the figures that stand for several of its cells, since these were merged."""
        troubles = []
        for area, keys in merges(found, self.book):
            held = self._figure(found.grid, found.places[keys[0]])
            if held.typed is not Typed.BLANK:
                labels = "、".join(self.fmt.known_slots[key].label for key in keys)
                said = {"range": f"{found.grid.name}!{area}", "typed": held.text, "labels": labels}
                troubles.append(Trouble("merged_figures", held.source, keys, said))
        lost = {key for trouble in troubles for key in trouble.cells}
        if lost:
            found = replace(found, places={key: at for key, at in found.places.items() if key not in lost})
        return found, troubles

    def _of_the_year(self, kept: Found, copies: Sequence[Found], year: int) -> Trouble:
        chosen, *others = (
            self._copy_place(copy) for copy in [kept, *(one for one in copies if one is not kept)]
        )
        said = {"table": self.title(kept.table), "label": f"{year}年", "chosen": chosen}
        where = f"{self.name}·{chosen}"
        return Trouble("one_of_several", where, tuple(kept.places), {**said, "others": "、".join(others)})

    def _copy_place(self, found: Found) -> str:
        """Where a copy of a table begins."""
        row = min(hit.row for hit in found.hits)
        column = min(hit.column for hit in found.hits)
        return f"{found.grid.name}!{found.grid.address(row, column)}"

    def place(self, grid: Grid, row: int, column: int) -> str:
        """Where a cell stands, in the clerk's words."""
        return f"{self.name}·{grid.name}!{grid.address(row, column)}"

    def title(self, table: str) -> str:
        """What a clerk calls the table: the template's sheet for it."""
        return next((sheet.name for sheet in self.spec.workbook.sheets if sheet.table == table), table)

    def stale(self) -> Trouble | None:
        """What is said of a form of another format's years: a table lacks here that is there in the other's."""
        for table in self.fmt.tables:
            if not self._is_there(table):
                for other in self.spec.formats:
                    grid = self._grid_of(other, table.key) if other is not self.fmt else None
                    if grid is not None:
                        return wrong_format(f"{self.name}·{grid.name}", other, self.fmt)
        return None

    def _is_there(self, table: Table) -> bool:
        copies = self.found.get(table.key, [])
        return bool(copies) and len(best(copies).missing) * 2 <= len(table.slots)

    def _grid_of(self, other: Format, key: str) -> Grid | None:
        """The grid in which most of another format's table stands."""
        for grid in self.grids:
            for found in find_tables(grid, other):
                if found.table == key and len(found.missing) * 2 <= len(other.table(key).slots):
                    return grid
        return None

    def troubles(self) -> Iterator[Trouble]:
        """What is wrong with the tables as such, one by one."""
        yield from self.settled
        for table in self.fmt.tables:
            copies = self.found.get(table.key, [])
            if not self._is_there(table):
                hint = f"（只认出 {len(best(copies).places)} 格）" if copies else ""
                yield Trouble("table_missing", self.name, (), {"table": self.title(table.key), "hint": hint})
            elif len(copies) > 1:
                yield from self._twice(table.key, copies)
        for found in self._chosen():
            yield from label_remarks(found, self.title(found.table), self.place)
            yield from self._missing(found)
            yield from amount_remarks(found, self.fmt, self._figure)
            yield from self._hidden(found)

    def _twice(self, table: str, copies: Sequence[Found]) -> Iterator[Trouble]:
        """Two copies of a table with other figures in them: which one counts is not ours to choose."""
        filled = [
            copy for copy in copies if any(held.typed is not Typed.BLANK for _, held in self._figures(copy))
        ]
        first, *others = filled or copies
        held_first = {key: typed(held) for key, held in self._figures(first)}
        for other in others:
            for key, held in self._figures(other):
                if key in held_first and typed(held) != held_first[key]:
                    names = " 与 ".join(self._copy_place(copy) for copy in filled)
                    yield Trouble(
                        "table_twice", held.source, (key,), {"table": self.title(table), "places": names}
                    )
                    return

    def _chosen(self) -> list[Found]:
        """Of each table the copy that is filled in, else the most complete one."""
        return [
            copies[0] if len(copies) == 1 else best([one for one in copies if self._is_filled(one)] or copies)
            for copies in self.found.values()
        ]

    def _missing(self, found: Found) -> Iterator[Trouble]:
        """Each row and column that is not in the file at all, though the table is."""
        table = self.fmt.table(found.table)
        if not found.missing or not self._is_there(table):
            return
        unclear = {key for one in found.unclear for key in one.cells}
        missing = [key for key in found.missing if key not in unclear]
        for line, keys in lines_of(table, missing):
            where = f"{self.name}·{self._copy_place(found)}"
            yield Trouble("line_missing", where, keys, {"table": self.title(table.key), "lines": line})

    def _is_filled(self, found: Found) -> bool:
        return any(held.number is not None for _, held in self._figures(found))

    def _figures(self, found: Found) -> Iterator[tuple[str, Figure]]:
        grid, rows = found.grid, found.grid.rows
        before = f"{self.name}·{grid.name}!"
        for key, (row, column) in found.places.items():
            cells = rows[row] if row < len(rows) else ()
            content = cells[column] if column < len(cells) else None
            yield key, figure(content, before + grid.address(row, column))

    def _figure(self, grid: Grid, place: tuple[int, int]) -> Figure:
        return figure(grid.at(*place), self.place(grid, *place))

    def cells(self) -> tuple[dict[str, Figure], list[Trouble]]:
        """Every statutory cell that was found; formulas without a stored value are named, totals excepted."""
        cells: dict[str, Figure] = {}
        troubles: list[Trouble] = []
        for found in self._chosen():
            cells |= self._figures(found)
            cells |= {
                key: summed([self._figure(found.grid, one) for one in places])
                for key, places in found.sums.items()
            }
            troubles += self._unstored(found, cells)
            troubles += self._added_up(found, cells)
        cells, said = read_over({key: cells[key] for key in self.fmt.known_slots if key in cells}, self.fmt)
        return completed(cells, self.fmt), [*troubles, *said]

    def _unstored(self, found: Found, cells: dict[str, Figure]) -> Iterator[Trouble]:
        """Sets down the formulas without a stored value among the blank cells of one table."""
        if found.grid.name not in self.book.unstored:
            return
        for key, (row, column) in found.places.items():
            formula = self.book.formula(found.grid, row, column)
            if formula is not None and cells[key].typed is Typed.BLANK:
                cells[key] = replace(cells[key], typed=Typed.FORMULA, text=formula)
                if not self.fmt.known_slots[key].total_of:
                    yield Trouble("formula_without_value", cells[key].source, (key,), {"formula": formula})

    def _added_up(self, found: Found, cells: Mapping[str, Figure]) -> Iterator[Trouble]:
        for foreign in self.fmt.table(found.table).foreign:
            keys = [key for key in found.sums if self.fmt.known_slots[key].row in foreign.ours]
            if keys:
                yield added_up(foreign, {key: cells[key] for key in keys})

    def _hidden(self, found: Found) -> Iterator[Trouble]:
        """Figures that nobody sees who opens the file."""
        hidden = self.book.hidden.get(found.grid.name)
        if hidden is None:
            return
        grid = found.grid
        keys = tuple(
            key
            for key, (row, column) in found.places.items()
            if (
                hidden.sheet
                or grid.first_row + row in hidden.rows
                or grid.first_column + column in hidden.columns
            )
            and self._figure(grid, (row, column)).typed is not Typed.BLANK
        )
        if keys:
            rows = {grid.first_row + found.places[key][0] for key in keys} & hidden.rows
            columns = {grid.first_column + found.places[key][1] for key in keys} & hidden.columns
            said = "" if hidden.sheet else f"的{_lines(grid, rows, columns)}"
            where = self.place(grid, *found.places[keys[0]])
            yield Trouble("hidden", where, keys, {"hidden": f"工作表“{grid.name}”{said}", "count": len(keys)})


def lines_of(table: Table, missing: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Cells as the whole rows and columns that they make up, what is left over by row."""
    left = dict.fromkeys(missing)
    for band in table.bands:
        rows = [
            (row.label, tuple(f"{table.key}.{row.key}.{one.key}" for one in band.columns))
            for row in band.rows
        ]
        columns = [
            (one.label, tuple(f"{table.key}.{row.key}.{one.key}" for row in band.rows))
            for one in band.columns
        ]
        for kind, lines in (("行", rows), ("列", columns)):
            for label, keys in lines:
                if all(key in left for key in keys) and not (kind == "列" and len(keys) == 1):
                    left = {key: None for key in left if key not in keys}
                    yield f"“{label}”一{kind}", keys
    for (_, label), slots in groupby(
        map(table.slots.__getitem__, left), lambda one: (one.row.key, one.row.label)
    ):
        parts = list(slots)
        labels = "、".join(slot.column.label for slot in parts)
        yield f"“{label}”一行的“{labels}”", tuple(slot.key for slot in parts)


def _lines(grid: Grid, rows: Iterable[int], columns: Iterable[int]) -> str:
    """“第 7、9–11 行、第 D 列”."""
    said = [f"第 {'、'.join(_runs(rows))} 行"] if rows else []
    letters = [grid.address(0, column - grid.first_column).rstrip("0123456789") for column in sorted(columns)]
    return "、".join([*said, *([f"第 {'、'.join(letters)} 列"] if letters else [])])


def _runs(rows: Iterable[int]) -> Iterator[str]:
    """Row numbers as a clerk counts them, neighbours joined."""
    runs: list[list[int]] = []
    for row in sorted(rows):
        if runs and runs[-1][-1] == row - 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    return (str(run[0] + 1) if len(run) == 1 else f"{run[0] + 1}–{run[-1] + 1}" for run in runs)


def best(copies: Sequence[Found]) -> Found:
    """The copy of a table of which most was found; the first of equals."""
    return max(copies, key=lambda found: len(found.places))


def wrong_year(found: str, expected: int, where: str) -> Iterator[Trouble]:
    """A year written in any way that does not hold the expected one."""
    if str(expected) not in found:
        said = {"what": "报告年度", "found": found, "expected": f"{expected}年"}
        yield Trouble("wrong_edition", where, (), said)


def wrong_format(where: str, found: Format, expected: Format) -> Trouble:
    said = {"what": "格式", "found": f"{found.document}的格式", "expected": f"{expected.document}的格式"}
    return Trouble("wrong_edition", where, (), said)


def completed(cells: Mapping[str, Figure], fmt: Format) -> dict[str, Figure]:
    """The cells with blank totals computed where all their parts hold numbers (V205 asks about them)."""
    done = dict(cells)
    for slot in fmt.totals:
        held = done.get(slot.key)
        if held is not None and held.typed in {Typed.BLANK, Typed.FORMULA}:
            keys = fmt.standing(slot.total_of, done)
            parts = [done[key].number if key in done else None for key in keys]
            numbers = [part for part in parts if part is not None]
            if len(numbers) == len(parts):
                done[slot.key] = replace(held, number=sum(numbers), typed=Typed.COMPUTED)
    return done
