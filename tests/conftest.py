"""What the tests share: the spec, the published figures, and returns made from figures."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import settings as effort

from report_builder.figures import figure
from report_builder.model import ProcessingFee, Return, Section, Settings
from report_builder.spec import Format, Spec, load_spec
from report_builder.spec.nouns import SectionSpec

DATA = Path(__file__).parent / "data"
MEASURED = "measured"
PUBLISHED = sorted((DATA / "published").glob("*.json"))
ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
"""Real reports and forms, beside the project where they are held; tests that read them are skipped elsewhere."""
REPORTS = SHARED / "published"

# Machines are busy: how long one example took tells nothing.
effort.register_profile("shared", deadline=None)
effort.load_profile("shared")


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


_MATTERS = [
    "栏目检索",
    "公开指南",
    "办事流程",
    "文件汇编",
    "目录编排",
    "查阅窗口",
    "答复文书",
    "会议纪要",
    "政策问答",
    "地图标注",
    "表格样式",
    "字体大小",
    "更新频次",
    "链接校验",
    "版本记录",
    "印发登记",
    "档案移交",
    "索引卡片",
    "图文说明",
    "保密审核",
    "样张模板",
    "阅览座位",
    "大字版本",
    "盲文标牌",
]
_DOINGS = [
    "重新梳理",
    "逐项校对",
    "分批调整",
    "集中整理",
    "按周巡看",
    "轮流试用",
    "另行编号",
    "公开展示",
    "补充说明",
    "合并精简",
    "专人跟进",
    "交叉复核",
    "委托印制",
    "随到随改",
    "登记造册",
    "请人试读",
    "标明出处",
    "定期轮换",
    "现场演示",
    "统一归口",
]
_CLAUSES = 12


def _written(section: SectionSpec, unit: str, year: int) -> str:
    """A text of ours that speaks of every aspect the format asks for; no two units or years have the same."""
    chance = random.Random(f"{unit} {year} {section.number}")
    clauses = [f"{chance.choice(_MATTERS)}{chance.choice(_DOINGS)}" for _ in range(_CLAUSES)]
    aspects = [f"{one}{chance.choice(_DOINGS)}" for one in section.aspects]
    return f"{'，'.join([*clauses, *aspects])}。"


def return_of(
    fmt: Format, cells: Mapping[str, object] | None = None, year: int | None = None, **fields: object
) -> Return:
    """A return of a fictional unit: every cell 0 save those given, texts written, no fee collected."""
    typed = dict.fromkeys(fmt.slots, 0) | dict(cells or {})
    year = year or fmt.first_report_year
    made: dict[str, object] = {
        "unit": "示例局",
        "report_year": year,
        "format_id": fmt.id,
        "cells": {key: figure(value, f"示例局.xlsx·{key}") for key, value in typed.items()},
        "sections": tuple(
            Section(
                section.number, section.title, (_written(section, str(fields.get("unit", "示例局")), year),)
            )
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
