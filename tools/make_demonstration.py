"""Fills the demonstration's and the faulty examples' return workbooks from their JSON sources.

Run it after a change to the sources or to the blank workbook:  python tools/make_demonstration.py
The workbooks are committed, so that `make report` has inputs right after a clone.
"""

from __future__ import annotations

import io
import re
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from report_builder import blank, collect, facts, pipeline
from report_builder.feedback import returned
from report_builder.model import Return, Typed, Unit
from report_builder.pipeline import Options
from report_builder.readers import sheets
from report_builder.recognise import find_tables
from report_builder.spec import Format, Spec, load_spec

ROOT = Path(__file__).resolve().parents[1]
DEMONSTRATION = ROOT / "examples" / "demonstration"
FAULTY = ROOT / "examples" / "faulty"


def main() -> None:
    """Draws every workbook."""
    spec = load_spec()
    for source in sorted(DEMONSTRATION.glob("*/*.json")):
        target = ROOT / "data_inputs" / source.parent.name / f"{source.stem}.xlsx"
        _save(target, _filled(source, spec))
    for answer in tomllib.loads((DEMONSTRATION / "answers.toml").read_text(encoding="utf-8"))["answers"]:
        _save(*_answered(answer, spec))
    faults = {f"{fault['year']}/{fault['unit']}": fault for fault in _faults()}
    for source in sorted((FAULTY / "sources").glob("*/*.json")):
        target = FAULTY / source.parent.name / f"{source.stem}.xlsx"
        _save(target, _faulty(source, spec, faults.get(f"{source.parent.name}/{source.stem}", {})))


def _answered(answer: Mapping[str, Any], spec: Spec) -> tuple[Path, bytes]:
    """The workbook a unit was sent, with what it wrote beside one finding, as it drops it in again."""
    options = Options(ROOT / "data_inputs", year=answer["year"], units=(answer["unit"],))
    place = pipeline.open_place(options)
    (result,) = pipeline.check(options, write=False).results
    findings = [
        replace(finding, answer=answer["text"] if finding.code == answer["code"] else None)
        for finding in result.findings
    ]
    unit = place.registry.find(answer["unit"]) or Unit(answer["unit"])
    source = ROOT / "data_inputs" / str(answer["year"]) / f"{unit.name}.xlsx"
    held = replace(collect.read_return(source, spec, answer["year"]), unit=unit.name)
    target = source.with_name(f"{pipeline.ANSWERED}-{unit.name}.xlsx")
    return target, returned.returned_workbook(returned.Opinion(unit, answer["year"], findings, held), spec)


def _faults() -> Iterator[dict[str, Any]]:
    said = tomllib.loads((FAULTY / "sources" / "faults.toml").read_text(encoding="utf-8"))
    for fault in said["faults"]:
        yield {"year": 2024} | fault


def _save(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def _return(source: Path, spec: Spec) -> tuple[Return, Format]:
    ret = facts.read(source.read_bytes(), source.name, spec)
    fmt = spec.format(ret.format_id)
    if fmt is None:
        raise LookupError(ret.format_id)
    return ret, fmt


def _filled(source: Path, spec: Spec) -> bytes:
    ret, fmt = _return(source, spec)
    unit = Unit(ret.unit, ret.about.get("code", ""))
    return blank.draw(fmt, spec.workbook, blank.Filling(ret.report_year, unit=unit, filled=ret))


def _faulty(source: Path, spec: Spec, fault: Mapping[str, Any]) -> bytes:
    match fault.get("kind"):
        case "zero_bytes":
            return b""
        case "text_renamed":
            return str(fault.get("content", "单位名称,报告年度\n")).encode()
        case "drop_table":
            return _without_table(source, spec, fault["table"])
        case "formula_without_value":
            return _with_formula(
                _filled(source, spec), spec, source, fault["cell"], fault.get("formula", "=1+1")
            )
        case _:
            return _with_blank_totals(_filled(source, spec), spec, source)


def _without_table(source: Path, spec: Spec, table: str) -> bytes:
    ret, fmt = _return(source, spec)
    fewer = replace(fmt, tables=tuple(one for one in fmt.tables if one.key != table))
    workbook = replace(
        spec.workbook, sheets=tuple(sheet for sheet in spec.workbook.sheets if sheet.table != table)
    )
    kept = replace(
        ret, cells={key: held for key, held in ret.cells.items() if not key.startswith(table + ".")}
    )
    unit = Unit(ret.unit, ret.about.get("code", ""))
    return blank.draw(fewer, workbook, blank.Filling(ret.report_year, unit=unit, filled=kept))


def _with_blank_totals(data: bytes, spec: Spec, source: Path) -> bytes:
    """The workbook with the totals emptied that the source leaves out: the template would compute them."""
    ret, fmt = _return(source, spec)
    for key, slot in fmt.slots.items():
        if slot.total_of and key in ret.cells and ret.cells[key].typed is Typed.BLANK:
            data = _edited(data, *_place(data, fmt, key), "")
    return data


def _with_formula(data: bytes, spec: Spec, source: Path, cell: str, formula: str) -> bytes:
    """The workbook with one value replaced by a formula that has no stored result."""
    _, fmt = _return(source, spec)
    return _edited(data, *_place(data, fmt, cell), f"<f>{formula.lstrip('=')}</f>")


def _place(data: bytes, fmt: Format, cell: str) -> tuple[str, str]:
    """The part of the package and the address that hold a statutory cell."""
    for number, grid in enumerate(sheets.read(data).grids, 1):
        for found in find_tables(grid, fmt):
            if cell in found.places:
                return f"xl/worksheets/sheet{number}.xml", grid.address(*found.places[cell])
    raise LookupError(cell)


def _edited(data: bytes, part: str, address: str, inner: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename == part:
                pattern = rb'(<c r="' + address.encode() + rb'"[^>]*?)(?: t="\w+")?>.*?</c>'
                content, count = re.subn(pattern, rb"\1>" + inner.encode() + rb"</c>", content)
                if count != 1:
                    raise LookupError(address)
            new.writestr(info, content)
    return out.getvalue()


if __name__ == "__main__":
    main()
