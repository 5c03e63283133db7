"""A workbook as the returns it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from report_builder.collect.division import Known, Share, shares, untold
from report_builder.collect.doubles import Own, names_of
from report_builder.collect.fields import Fields, in_words, unit_names
from report_builder.collect.tables import Tables, wrong_year
from report_builder.collect.titles import other_titles
from report_builder.errors import UnreadableError
from report_builder.model import Grid, Return, Trouble
from report_builder.readers.books import Sheets
from report_builder.spec import Spec
from report_builder.spec.nouns import CIRCULAR_NAME, META_SHEET, OPINION_NAME, SENT_BACK


def read(book: Sheets, name: str, spec: Spec, report_year: int, known: Known) -> tuple[Return, ...]:
    """The returns of all units that the workbook holds tables of; most hold one.

    Raises:
        UnreadableError: no format governs the year.
    """
    fmt = spec.format_for(report_year)
    if fmt is None:
        raise UnreadableError(f"没有适用于 {report_year} 年的格式", "请核对年度文件夹的名字")
    grids = tuple(grid for grid in book.grids if grid.name != META_SHEET)
    tables = Tables(name, book, grids, spec, fmt)
    meta = _meta(book)
    if meta.get(SENT_BACK):
        what = CIRCULAR_NAME if meta[SENT_BACK] == CIRCULAR_NAME else OPINION_NAME
        sent = Trouble("opinion", name, (), {"what": what})
        return (Return("", report_year, fmt.id, {}, origin=name, troubles=(sent,)),)
    parts = shares(tables.found, tables.grids, spec, known)
    if not parts:
        return (_return(tables, report_year, meta, known),)
    named = [part for part in parts if part.unit]
    rets = [_share(Tables(name, book, part.grids, spec, fmt), report_year, part, known) for part in named]
    lost = [part for part in parts if not part.unit]
    if lost:
        trouble = untold(lost, named, name)
        rets.append(Return("", report_year, fmt.id, {}, origin=name, troubles=(trouble,)))
    return tuple(rets)


def _meta(book: Sheets) -> Mapping[str, str]:
    """The template's hidden metadata; empty for a workbook of another make."""
    grid = next((grid for grid in book.grids if grid.name == META_SHEET), None)
    return {str(row[0]): in_words(row[1]) for row in grid.rows if len(row) > 1} if grid else {}


def _share(tables: Tables, report_year: int, share: Share, known: Known) -> Return:
    ret = _return(tables, report_year, {"unit": share.unit}, known)
    return replace(ret, unit=share.unit, places={**ret.places, "unit": f"{tables.name}·{share.place}"})


def _return(tables: Tables, report_year: int, meta: Mapping[str, str], known: Known) -> Return:
    """One unit's return from its tables and what stands beside them."""
    fields = Fields(tables.name, tables.grids, tables.holders(), tables.spec, tables.fmt)
    about, places = fields.fields("about")
    unit = about.pop("unit", "") or meta.get("unit", "") or _unit_above(tables.grids, tables.spec)
    year = about.pop("report_year", "")
    stale = tables.stale()
    if stale is not None:
        return Return(
            unit, report_year, tables.fmt.id, {}, origin=tables.name, troubles=(stale,), places=places
        )
    stem = tables.name.rpartition(".")[0]
    own = Own(report_year, names_of(known, unit, stem), known)
    tables.settle(own)
    troubles = [*tables.troubles(), *other_titles(tables, own, unit)]
    if any(sign.isdigit() for sign in year):
        troubles += wrong_year(f"{year.removesuffix('年')}年", report_year, places["report_year"])
    troubles += fields.field_troubles(about, places)
    fee, fee_troubles = fields.fee()
    tasks, task_troubles = fields.tasks()
    cells, cell_troubles = tables.cells()
    return Return(
        unit=unit,
        report_year=report_year,
        format_id=tables.fmt.id,
        cells=cells,
        sections=fields.sections(),
        tasks=tasks,
        fee=fee,
        about=about,
        origin=tables.name,
        troubles=(*troubles, *cell_troubles, *fee_troubles, *task_troubles),
        places=places,
    )


def _unit_above(grids: Sequence[Grid], spec: Spec) -> str:
    """The unit a form without the template's own sheet names somewhere."""
    return next((name for grid in grids for _, _, name in unit_names(grid, spec)), "")
