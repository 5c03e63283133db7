"""The task section of an aggregate report: what the ledger comes to, in a sentence and a table."""

from __future__ import annotations

from collections.abc import Iterator

from report_builder.figures import percent
from report_builder.ledger.entries import UNANSWERED, Ledger, Tally, tally
from report_builder.model import Block, Paragraph, PlainTable
from report_builder.spec import Spec

_PLACES = 1
_NONE = "—"


def summed(ledger: Ledger, spec: Spec) -> tuple[Block, ...]:
    """A sentence on all entries and a table of the tasks; nothing where the plan gives nobody anything.

    For the aggregate of one government give it :func:`within` the units it answers for.
    """
    return tuple(_blocks(ledger, spec)) if ledger.entries else ()


def _blocks(ledger: Ledger, spec: Spec) -> Iterator[Block]:
    wording = spec.wording
    counted = tally(ledger.entries, ledger.as_of)
    held = [task for task in ledger.plan.tasks if ledger.by_task[task.code]]
    yield Paragraph(
        wording.task_sum.format(
            tasks=len(held),
            units=len(ledger.units),
            total=counted.total,
            parts="、".join(_parts(counted, spec)),
            rate=_rate(counted),
        )
    )
    rows = [
        (f"{task.code} {task.title}", *_row(tally(ledger.by_task[task.code], ledger.as_of), spec))
        for task in held
    ]
    states = wording.task_states
    header = ("任务", "项数", *states.values(), wording.task_unanswered, "已完成率")
    yield PlainTable("", header, tuple(rows), (34, 9, *(11 for _ in states), 11, 13))


def _parts(counted: Tally, spec: Spec) -> Iterator[str]:
    """“已完成31项、推进中5项”: the states there are, in their usual order."""
    words = {**spec.wording.task_states, UNANSWERED: spec.wording.task_unanswered}
    return (f"{word}{counted.states[state]}项" for state, word in words.items() if counted.states.get(state))


def _row(counted: Tally, spec: Spec) -> Iterator[str]:
    yield str(counted.total)
    yield from (str(counted.states.get(state, 0)) for state in (*spec.wording.task_states, UNANSWERED))
    yield _rate(counted)


def _rate(counted: Tally) -> str:
    return _NONE if counted.rate is None else percent(counted.rate, _PLACES)
