"""What a rule file may write under params: each name means one thing, whichever kind takes it.

A name that stands for something in a format is annotated with what it names, and is looked up there.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

TableKey = Annotated[str, "table"]
RowKey = Annotated[str, "row"]
ColumnKey = Annotated[str, "column"]
MeasureKey = Annotated[str, "measure"]
CellKey = Annotated[str, "cell"]
UnitKind = Annotated[str, "unit_kind"]
TroubleKind = Annotated[str, "trouble"]
ConceptKey = Annotated[str, "concept"]
YearText = Annotated[str, "year_text"]
TaskField = Annotated[str, "task_field"]
TaskState = Annotated[str, "task_state"]


@dataclass(frozen=True)
class Check:
    """One relation a column stands in: ``equal`` or ``at_most`` the sum of columns of last year and this one.

    A column with a minus before it is subtracted.
    """

    column: ColumnKey
    relation: Literal["equal", "at_most"]
    says: str
    last: tuple[ColumnKey, ...] = ()
    now: tuple[ColumnKey, ...] = ()


@dataclass(frozen=True)
class Slip:
    """Two figures about ``factor`` apart look like one amount in two units, and ``says`` names that."""

    says: str
    factor: int | None = None


@dataclass(frozen=True)
class Problems:
    """What may be wrong with a year in the text, in words: the period, the report's year, a plan's, a number's."""

    period: YearText
    report: YearText
    plan: YearText
    number: YearText


PARAMS: Mapping[str, Any] = {
    "against": Literal["earlier", "others", "own"],
    "asks": Decimal,
    "amount": str,
    "at_least": int,
    "blame": RowKey,
    "by": Literal["share", "times"],
    "change": str,
    "checks": tuple[Check, ...],
    "concepts": tuple[ConceptKey, ...],
    "count": str,
    "fields": tuple[tuple[TaskField, ...], ...],
    "into": RowKey,
    "left": tuple[RowKey, ...],
    "measure": MeasureKey,
    "measures": tuple[MeasureKey, ...],
    "out": RowKey,
    "part": MeasureKey,
    "patterns": tuple[str, ...],
    "rests_on": MeasureKey,
    "problems": Problems,
    "right": tuple[RowKey, ...],
    "section": int,
    "shown": int,
    "slip": Slip,
    "states": tuple[TaskState, ...],
    "table": TableKey,
    "trouble": TroubleKind,
    "unit_kinds": tuple[UnitKind, ...],
    "unknown": str,
    "unless": tuple[TroubleKind, ...],
    "unpaid": CellKey,
    "when": Literal["always", "past_due"],
    "whole": MeasureKey,
    "wholes": tuple[ConceptKey, ...],
    "words": tuple[tuple[str, ...], ...],
    "years": int,
    "zero": Literal["asks", "silent"],
}


def named(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What these params name, each with its sort: (“row”, “carried_in”)."""
    for name, value in params.items():
        yield from _named(PARAMS.get(name, Any), value)


def _named(hint: Any, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - a type, and what it describes
    if typing.get_origin(hint) is Annotated:
        yield hint.__metadata__[0], value.removeprefix("-")
    elif typing.get_origin(hint) is tuple:
        for item in value:
            yield from _named(typing.get_args(hint)[0], item)
    elif dataclasses.is_dataclass(hint):
        for name, inner in typing.get_type_hints(hint, include_extras=True).items():
            yield from _named(inner, getattr(value, name))
