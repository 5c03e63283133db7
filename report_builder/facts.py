"""facts.json, both ways: what a report says, as the contract lays it out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from report_builder import editions
from report_builder.errors import UnreadableError
from report_builder.figures import figure, printed
from report_builder.model import Figure, Number, ProcessingFee, Return, Section, Task, Trouble, Typed
from report_builder.spec import Format, Slot, Spec, Table
from report_builder.spec.toml import nearest

SCHEMA = 1
_ABOUT = "contact"


def as_facts(ret: Return, fmt: Format) -> dict[str, Any]:
    """The Return as facts.json has it: every cell of the format, null where it is not filled in."""
    fee = ret.fee or ProcessingFee(None, None, None)
    return {
        "schema": SCHEMA,
        "unit": ret.unit,
        "report_year": ret.report_year,
        "format": fmt.id,
        "tables": {table.key: _table_facts(ret, table) for table in fmt.tables},
        "sections": [
            {"number": section.number, "title": section.title, "paragraphs": list(section.paragraphs)}
            for section in ret.sections
        ],
        "tasks": [{**task.fields, "due": list(task.due)} for task in ret.tasks],
        "processing_fee": {
            "collected": fee.collected,
            "cases": fee.cases,
            "amount": None if fee.amount is None else printed(fee.amount),
        },
        "published_on": ret.about.get("published_on") or None,
        "code": ret.about.get("code") or None,
        _ABOUT: {
            key: value for key, value in sorted(ret.about.items()) if key not in {"published_on", "code"}
        },
        "sources": {
            **{key: ret.cells[key].source for key in fmt.known_slots if key in ret.cells},
            **{f"processing_fee.{key}": place for key, place in sorted(fee.places.items())},
        },
    }


def dumped(document: object) -> str:
    """Any of the contract's JSON documents as text; ends with a line feed."""
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _table_facts(ret: Return, table: Table) -> dict[str, dict[str, object]]:
    """The table by row and column; a former row only where the return has one."""
    rows: dict[str, dict[str, object]] = {}
    former = {key: slot for key, slot in table.former.items() if key in ret.cells}
    for key, slot in (*table.slots.items(), *former.items()):
        rows.setdefault(slot.row.key, {})[slot.column.key] = number_fact(ret.number(key), slot.kind)
    return rows


def number_fact(number: Number | None, kind: str) -> object:
    """A figure as JSON has it: a count is an integer; an amount, and what is no whole number, a decimal string."""
    if number is None or (isinstance(number, int) and kind != "amount"):
        return number
    return printed(number)


def read(data: bytes, name: str, spec: Spec, report_year: int | None = None) -> Return:
    """A facts document as a Return; ``name`` is the file's, for the cells' origins.

    Without a format of its own it is read by the one that governs its year. Keys no format has are left out
    with a Trouble of their own, so nothing is dropped in silence.

    Raises:
        UnreadableError: not JSON, not an object, or without unit, year or tables.
    """
    facts = _object(data)
    year = _year(facts.get("report_year"), report_year)
    fmt = spec.format(str(facts.get("format"))) or spec.format_for(year)
    if fmt is None or not isinstance(facts.get("tables"), dict):
        raise UnreadableError(
            "JSON 中没有 tables，或没有适用的格式", "请按 facts.json 的样式提供 report_year、format 和 tables"
        )
    sources = facts.get("sources")
    cells = dict(_cells(facts["tables"], fmt, name, sources if isinstance(sources, dict) else {}))
    cells, said = editions.read_over(cells, fmt)
    return Return(
        unit=str(facts.get("unit") or ""),
        report_year=year,
        format_id=fmt.id,
        cells=cells,
        sections=tuple(_sections(facts.get("sections"), fmt)),
        tasks=tuple(_tasks(facts.get("tasks"), name)),
        fee=_fee(facts.get("processing_fee")),
        about=dict(_about(facts)),
        origin=name,
        own_headings=bool(facts.get("sections")),
        troubles=(*_unknown(facts, fmt, name), *said),
    )


def _unknown(facts: Mapping[str, Any], fmt: Format, name: str) -> Iterator[Trouble]:
    """What stands in the file and in no format: named, so that nothing is dropped in silence."""
    said = facts.get("format")
    if said is not None and str(said) != fmt.id:
        yield Trouble(
            "unknown_key", f"{name}·format", (), {"key": str(said), "suggestion": f"，已按格式 {fmt.id} 读取"}
        )
    known = {*fmt.slots, *_former(facts["tables"], fmt)}
    for table, rows in facts["tables"].items():
        for row, columns in rows.items() if isinstance(rows, dict) else ():
            for column in columns if isinstance(columns, dict) else ():
                key = f"{table}.{row}.{column}"
                if key not in known:
                    yield Trouble(
                        "unknown_key",
                        f"{name}·tables.{key}",
                        (),
                        {"key": key, "suggestion": nearest(key, fmt.slots)},
                    )


def _object(data: bytes) -> dict[str, Any]:
    try:
        text = data.decode("utf-8-sig")
        facts = json.loads(text, parse_float=Decimal)
    except (UnicodeDecodeError, ValueError, RecursionError) as fault:
        raise UnreadableError("不是合格的 JSON（UTF-8）", "请由原系统重新导出") from fault
    if "\\ud" in text.lower() and not _is_text(text):
        raise UnreadableError("JSON 里有不成对的 Unicode 代理字符", "请由原系统重新导出为 UTF-8")
    if not isinstance(facts, dict):
        raise UnreadableError("JSON 的最外层不是一个对象", "请按 facts.json 的样式提供")
    return facts


def _is_text(text: str) -> bool:
    """Whether the strings of a JSON text can be written out again."""
    try:
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _year(value: object, fallback: int | None) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if value is None and fallback is not None:
        return fallback
    raise UnreadableError(f"JSON 中的 report_year 是 {value!r}，不是年份", "请填报告年度，如 2024")


def _cells(
    tables: Mapping[str, Any], fmt: Format, name: str, sources: Mapping[str, Any]
) -> Iterator[tuple[str, Figure]]:
    former = _former(tables, fmt)
    replaced = {part for key in former for part in fmt.stands_for[key]}
    for key, slot in fmt.known_slots.items():
        said = _fact(tables, slot) if (key in fmt.slots or key in former) and key not in replaced else None
        if said is not None:
            source, content = sources.get(key), said[0]
            if isinstance(content, dict | list):
                content = json.dumps(content, ensure_ascii=False, default=str)
            yield key, figure(content, source if isinstance(source, str) else f"{name}·tables.{key}")


def _fact(tables: Mapping[str, Any], slot: Slot) -> tuple[object] | None:
    """What the document holds for a cell, null too; None where it has no such cell."""
    rows = tables.get(slot.table)
    row = rows.get(slot.row.key) if isinstance(rows, dict) else None
    return (row[slot.column.key],) if isinstance(row, dict) and slot.column.key in row else None


def _former(tables: Mapping[str, Any], fmt: Format) -> frozenset[str]:
    """The cells of former rows that count: those whose parts are not given apart."""
    known = fmt.known_slots
    return frozenset(
        key
        for key, parts in fmt.stands_for.items()
        if _fact(tables, known[key]) and all(_fact(tables, known[part]) in (None, (None,)) for part in parts)
    )


def _sections(items: object, fmt: Format) -> Iterator[Section]:
    titles = {section.number: section.title for section in fmt.sections}
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict) and isinstance(item.get("number"), int):
            number = item["number"]
            said = item.get("paragraphs")
            paragraphs = tuple(str(text).strip() for text in said) if isinstance(said, list) else ()
            yield Section(
                number, str(item.get("title") or titles.get(number, "")), tuple(filter(None, paragraphs))
            )


def _tasks(items: object, name: str) -> Iterator[Task]:
    for number, item in enumerate(items if isinstance(items, list) else [], 1):
        if isinstance(item, dict):
            due = item.get("due")
            due = [due] if isinstance(due, str) and due else due
            fields = {key: str(value) for key, value in item.items() if key != "due" and value is not None}
            places = dict.fromkeys(("code", *fields), f"{name}·tasks 第{number}项")
            yield Task(fields, tuple(map(str, due)) if isinstance(due, list) else (), places)


def _fee(item: object) -> ProcessingFee | None:
    if not isinstance(item, dict):
        return None
    collected, cases, amount = item.get("collected"), item.get("cases"), decimal(item.get("amount"))
    return ProcessingFee(
        collected if isinstance(collected, bool) else None,
        cases if isinstance(cases, int) and not isinstance(cases, bool) and cases >= 0 else None,
        amount if amount is not None and amount >= 0 else None,
    )


def decimal(value: object) -> Decimal | None:
    """An amount as typed or as JSON has it; None where it is no number."""
    read_as = figure(value, "")
    return Decimal(read_as.number) if read_as.typed is Typed.NUMBER and read_as.number is not None else None


def _about(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in ("published_on", "code"):
        if facts.get(key):
            yield key, str(facts[key])
    contact = facts.get(_ABOUT)
    for key, value in contact.items() if isinstance(contact, dict) else ():
        if value:
            yield str(key), str(value)


__all__: Sequence[str] = ["SCHEMA", "as_facts", "decimal", "dumped", "read"]
