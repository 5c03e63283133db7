"""What two years' figures must hold to, written out as plain sums: the fault bench's own judge.

It shares nothing with the rules it judges but their codes, so that one mistake cannot hide in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

Number = int | Decimal
Content = int | Decimal | str | None
Cells = Mapping[str, Content]
Fault = tuple[str, str]
"""A rule's code and the cell it must blame."""

APPLICANTS = ("natural_person", "enterprise", "research_body", "nonprofit", "legal_service", "other_body")
RESULTS = ("granted", "partly_granted", "refused.", "unavailable.", "not_processed.", "otherwise_closed")
OUTCOMES = ("upheld", "corrected", "other_result", "pending")
CODES = frozenset(
    {"B301", "B302", "B303", "B304", "B305", "V201", "V202"} | {f"Y40{number}" for number in range(1, 9)}
)


def broken(cells: Cells, last: Cells | None) -> set[Fault]:
    """Every identity that does not hold, as the code of its rule and the cell to be blamed."""
    before = last or {}
    faults = {*_filling(cells), *_requests(cells), *_disputes(cells), *_otherwise(cells)}
    return {
        *faults,
        *_carried(cells, before),
        *_stocks(cells, before),
        *_lists(cells, before),
        *_jumps(cells, before),
    }


def _number(cells: Cells, key: str) -> Number | None:
    content = cells.get(key)
    return None if isinstance(content, str) else content


def _sum(cells: Cells, keys: list[str]) -> Number | None:
    numbers = [_number(cells, key) for key in keys]
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _unequal(code: str, left: Number | None, right: Number | None, cell: str) -> Iterator[Fault]:
    if left is not None and right is not None and left != right:
        yield code, cell


def _rows(cells: Cells, table: str) -> dict[str, list[str]]:
    """The columns of each row of a table."""
    rows: dict[str, list[str]] = {}
    for key in cells:
        if key.startswith(table + "."):
            row, _, column = key.removeprefix(table + ".").rpartition(".")
            rows.setdefault(row, []).append(column)
    return rows


def _filling(cells: Cells) -> Iterator[Fault]:
    for key, content in cells.items():
        total = key.endswith(".total") or ".results_total." in key
        if content is None and not total:
            yield "V201", key
        if content is not None and not _proper(key, content):
            yield "V202", key


def _proper(key: str, content: int | Decimal | str) -> bool:
    """Amounts may have decimals, changes may be negative, counts neither."""
    if isinstance(content, str):
        return False
    whole = key.endswith(".amount") or content == int(content)
    return whole and (content >= 0 or key.endswith(".item_change"))


def _requests(cells: Cells) -> Iterator[Fault]:
    rows = list(_rows(cells, "requests"))
    items = [row for row in rows if row.startswith(RESULTS)]
    for column in (*APPLICANTS, "total"):
        at = {row: f"requests.{row}.{column}" for row in rows}
        left = _sum(cells, [at["received"], at["carried_in"]])
        right = _sum(cells, [at["results_total"], at["carried_out"]])
        yield from _unequal("B301", left, right, at["carried_out"])
        found = _sum(cells, [at[row] for row in items])
        yield from _unequal("B302", found, _number(cells, at["results_total"]), at["results_total"])
    for row in rows:
        whole = _sum(cells, [f"requests.{row}.{column}" for column in APPLICANTS])
        total = f"requests.{row}.total"
        yield from _unequal("B303", whole, _number(cells, total), total)


def _disputes(cells: Cells) -> Iterator[Fault]:
    for row in _rows(cells, "disputes"):
        whole = _sum(cells, [f"disputes.{row}.{column}" for column in OUTCOMES])
        total = f"disputes.{row}.total"
        yield from _unequal("B305", whole, _number(cells, total), total)


def _otherwise(cells: Cells) -> Iterator[Fault]:
    """Other treatment is no more than a tenth of what was closed."""
    parts = [key for key in cells if key.startswith("requests.otherwise_closed") and key.endswith(".total")]
    part, whole = _sum(cells, parts), _number(cells, "requests.results_total.total")
    if part is not None and whole and part * 10 > whole:
        yield from (("B304", key) for key in parts if _number(cells, key))


def _carried(cells: Cells, last: Cells) -> Iterator[Fault]:
    for column in (*APPLICANTS, "total"):
        into, out = f"requests.carried_in.{column}", f"requests.carried_out.{column}"
        yield from _unequal("Y401", _number(cells, into), _number(last, out), into)


def _stocks(cells: Cells, last: Cells) -> Iterator[Fault]:
    """Since 2021: what is in force follows from last year's stock."""
    for row, columns in _rows(cells, "proactive").items():
        if "in_force" not in columns:
            continue
        at = {column: f"proactive.{row}.{column}" for column in columns}
        issued, repealed = _number(cells, at["issued"]), _number(cells, at["repealed"])
        held = _number(last, at["in_force"])
        if issued is None or held is None:
            continue
        if repealed is not None:
            yield from _unequal(
                "Y402", held + issued - repealed, _number(cells, at["in_force"]), at["in_force"]
            )
            if repealed > held + issued:
                yield "Y403", at["repealed"]


def _lists(cells: Cells, last: Cells) -> Iterator[Fault]:
    """Before 2021: lists of items, and what was ever published, follow from last year's."""
    for row, columns in _rows(cells, "proactive").items():
        at = {column: f"proactive.{row}.{column}" for column in columns}
        if "prior_items" in columns:
            held = _sum(last, [at["prior_items"], at["item_change"]])
            yield from _unequal("Y406", held, _number(cells, at["prior_items"]), at["prior_items"])
        if "newly_published" in columns:
            made, new, ever = (
                _number(cells, at[name]) for name in ("newly_made", "newly_published", "total_published")
            )
            held = _number(last, at["total_published"])
            if held is not None and new is not None:
                yield from _unequal("Y407", held + new, ever, at["total_published"])
            if new is not None and any(most is not None and new > most for most in (made, ever)):
                yield "Y407", at["newly_published"]


def _jumps(cells: Cells, last: Cells) -> Iterator[Fault]:
    for code, key in (("Y404", "proactive.fees.amount"), ("Y408", "requests.received.total")):
        now, before = _number(cells, key), _number(last, key)
        if now is None or before is None:
            continue
        by_half = 2 * max(now - before, before - now) > before > 0
        from_nothing = code == "Y404" and before == 0 and now > 0
        if by_half or from_nothing:
            yield code, key
    for row in ("licences", "penalties", "coercive_measures"):
        key = f"proactive.{row}.decisions"
        now, before = _number(cells, key), _number(last, key)
        if now and before and max(now, before) > 5 * min(now, before):
            yield "Y405", key
