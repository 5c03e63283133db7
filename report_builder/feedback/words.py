"""Findings in words, and as JSON."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from report_builder.model import Finding, Run, Severity
from report_builder.spec import Spec

LAPSED = "原说明（有关数字已变动，须重新说明）"
_MANY_CODES = 12


def sentences(finding: Finding, spec: Spec) -> str:
    """A finding in words: where, how grave, which rule; what was found; on what basis; how to mend it."""
    head = f"{finding.where}  {word(finding, spec)} {finding.code} {name(finding.code, spec)}".rstrip()
    parts = [finding.message, f"依据：{finding.basis}", f"改法：{finding.fix}"]
    if finding.answer:
        parts.append(f"单位说明：{finding.answer}")
    if finding.lapsed:
        parts.append(f"{LAPSED}：{finding.lapsed}")
    return "\n".join((head, *(_indented(part) for part in parts)))


def as_json(findings: Sequence[Finding], runs: Sequence[Run]) -> dict[str, object]:
    """The document ``check --json`` prints and 校验意见.json holds; a decimal is a string, no figure is rounded."""
    return {
        "findings": [_finding_json(finding) for finding in findings],
        "runs": [_run_json(run) for run in runs],
    }


def _run_json(run: Run) -> dict[str, str]:
    """A rule that did not run says why."""
    said = {"code": run.code, "unit": run.unit, "state": run.state.value}
    return said | ({"why": run.why} if run.why else {})


def not_run(runs: Sequence[Run]) -> list[str]:
    """Which rules did not run and why, a line a reason; how many units that concerns, where there are several."""
    units = len({run.unit for run in runs})
    reasons: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if run.why:
            reasons[run.why].append(run)
    return [f"{_codes(held)}：{why}{_how_many(held, units)}" for why, held in reasons.items()]


def _codes(runs: Sequence[Run]) -> str:
    codes = sorted({run.code for run in runs})
    return "、".join(codes) if len(codes) <= _MANY_CODES else f"除读取文件以外的 {len(codes)} 条规则"


def _how_many(runs: Sequence[Run], units: int) -> str:
    concerned = len({run.unit for run in runs})
    return f"（{concerned} 个单位）" if units > 1 and concerned < units else ""


def word(finding: Finding, spec: Spec) -> str:
    return spec.terms[finding.severity.value]


def name(code: str, spec: Spec) -> str:
    return spec.rules[code].name if code in spec.rules else ""


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _finding_json(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "unit": finding.unit,
        "report_year": finding.report_year,
        "where": finding.where,
        "cells": list(finding.cells),
        "facts": plain(finding.facts),
        "message": finding.message,
        "basis": finding.basis,
        "fix": finding.fix,
        "answer": finding.answer,
    } | ({"lapsed": finding.lapsed} if finding.lapsed else {})


def from_json(text: str) -> tuple[Finding, ...]:
    """The findings of a 校验意见.json, as they were.

    Raises:
        ValueError, KeyError, TypeError: it is no such document.
    """
    return tuple(
        Finding(**item | {"severity": Severity(item["severity"]), "cells": tuple(item["cells"])})
        for item in json.loads(text)["findings"]
    )


def plain(fact: object) -> object:
    """A fact as JSON knows it."""
    if isinstance(fact, Mapping):
        return {str(key): plain(value) for key, value in fact.items()}
    if isinstance(fact, list | tuple):
        return [plain(value) for value in fact]
    if isinstance(fact, Decimal):
        return f"{fact:f}"
    return fact if fact is None or isinstance(fact, str | int | float) else str(fact)
