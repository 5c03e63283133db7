"""The ledger as JSON: what 任务台账.json holds, one entry a line."""

from __future__ import annotations

import json
from collections.abc import Iterator

from report_builder.ledger.entries import Entry, Ledger


def as_json(ledger: Ledger) -> bytes:
    """The document: the plan's title, number and year, then the entries, each on a line of its own."""
    head = {
        "title": ledger.plan.title,
        "document": ledger.plan.document,
        "report_year": ledger.report_year,
        "as_of": ledger.as_of.isoformat() if ledger.as_of else None,
        "unmatched": {code: list(names) for code, names in ledger.unmatched.items()},
        "not_understood": [{"text": one.text, "why": one.why} for one in ledger.plan.not_understood],
    }
    opening = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    entries = ",\n".join(f"  {json.dumps(_entry(one, ledger), ensure_ascii=False)}" for one in ledger.entries)
    return f'{opening},\n "entries": [\n{entries}\n ]\n}}\n'.encode()


def _entry(entry: Entry, ledger: Ledger) -> dict[str, object]:
    return dict(_facts(entry, ledger))


def _facts(entry: Entry, ledger: Ledger) -> Iterator[tuple[str, object]]:
    one = entry.assigned
    yield "code", one.task.code
    yield "title", one.task.title
    yield "unit", one.unit
    yield "role", one.role
    yield "named", one.named
    yield "bearer", one.bearer or None
    yield "due", [due.on.isoformat() if due.on else due.verbatim for due in one.task.due]
    yield "target", one.task.asked or None
    yield "state", entry.answer["state"] or None
    yield from (
        (key, text)
        for key, text in entry.answer.fields.items()
        if key not in {"code", "title", "role", "state"}
    )
    yield "days_late", entry.days_late
    yield "days_overdue", entry.days_overdue(ledger.as_of) if ledger.as_of else None
    yield "published_on", entry.published_on.isoformat() if entry.published_on else None
    yield "same_as_last_year", entry.same_as or None
