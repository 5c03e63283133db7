"""What the tests share: the spec, the published figures, and returns made from figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from report_builder.figures import figure
from report_builder.model import ProcessingFee, Return, Section, Settings
from report_builder.spec import Format, Spec, load_spec
from report_builder.spec.nouns import SectionSpec

DATA = Path(__file__).parent / "data"
MEASURED = "measured"
PUBLISHED = sorted((DATA / "published").glob("*.json"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have measured is told, also where all of them pass."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in getattr(report, "user_properties", ()):
                if name == MEASURED:
                    terminalreporter.write_line(f"measured: {value}")


@pytest.fixture(scope="session")
def spec() -> Spec:
    """The package's own formats and rules."""
    return load_spec()


@pytest.fixture
def settings() -> Settings:
    """A place that has set nothing."""
    return Settings()


def _written(section: SectionSpec) -> str:
    """A text of ours that speaks of every aspect the format asks for."""
    return (
        f"本年度第{section.number}项工作按月核对{''.join(f'，{one}有专人负责' for one in section.aspects)}。"
    )


def return_of(
    fmt: Format, cells: Mapping[str, object] | None = None, year: int | None = None, **fields: object
) -> Return:
    """A return of a fictional unit: every cell 0 save those given, texts written, no fee collected."""
    typed = dict.fromkeys(fmt.slots, 0) | dict(cells or {})
    made: dict[str, object] = {
        "unit": "示例局",
        "report_year": year or fmt.first_report_year,
        "format_id": fmt.id,
        "cells": {key: figure(value, f"示例局.xlsx·{key}") for key, value in typed.items()},
        "sections": tuple(
            Section(section.number, section.title, (_written(section),))
            for section in fmt.sections
            if section.text == "required"
        ),
        "fee": ProcessingFee(collected=False, cases=0, amount=Decimal(0)),
        "origin": "示例局.xlsx",
    }
    return Return(**(made | fields))  # type: ignore[arg-type]


def published_cells(path: Path, fmt: Format, *, former: bool = False) -> dict[str, object]:
    """The figures of one published report, as printed, by cell key; cells it does not have are left out.

    With ``former``, rows of the former format are among them.
    """
    tables = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)["tables"]
    return {
        key: tables[slot.table][slot.row.key][slot.column.key]
        for key, slot in (fmt.known_slots if former else fmt.slots).items()
        if slot.row.key in tables[slot.table] and slot.column.key in tables[slot.table][slot.row.key]
    }
