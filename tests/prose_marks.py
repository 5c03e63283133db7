"""The labelled sentences: each is held against its world, and what is found against what should be."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conftest import DATA, return_of

from report_builder.history import Held, History
from report_builder.model import Finding, Section, Settings, Unit
from report_builder.rule_kinds import Case
from report_builder.spec import Format, Spec
from report_builder.validate import validate

FOLDER = DATA / "prose"


@dataclass(frozen=True)
class Marked:
    """One labelled sentence and what was found in it."""

    id: str
    text: str
    trap: bool
    expected: Counter[str]
    found: Counter[str]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Score:
    """Over (sentence, code) pairs: how many were rightly found, wrongly found, and missed."""

    right: int
    false: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.false) if self.right + self.false else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    def __str__(self) -> str:
        return f"precision {self.precision:.3f}, recall {self.recall:.3f} ({self.right} right, {self.false} false, {self.missed} missed)"


def score(marks: list[Marked]) -> Score:
    right = sum((mark.expected & mark.found).total() for mark in marks)
    return Score(
        right,
        sum((mark.found - mark.expected).total() for mark in marks),
        sum((mark.expected - mark.found).total() for mark in marks),
    )


def marks(path: Path, spec: Spec) -> Iterator[Marked]:
    """Every sentence of a labelled file, held against its world through the same door as a return."""
    worlds = {
        world["name"]: world for world in tomllib.loads((FOLDER / "worlds.toml").read_text("utf-8"))["worlds"]
    }
    for case in tomllib.loads(path.read_text("utf-8"))["cases"]:
        findings = prose_findings(in_world(worlds[case["world"]], case["section"], (case["text"],), spec))
        found = Counter(finding.code for finding in findings)
        yield Marked(
            case["id"], case["text"], case.get("trap", False), Counter(case["expect"]), found, findings
        )


def prose_findings(case: Case) -> tuple[Finding, ...]:
    """The findings of the rules on sentences."""
    return tuple(finding for finding in validate(case)[0] if finding.code.startswith("T7"))


def in_world(world: Mapping[str, Any], number: int, paragraphs: tuple[str, ...], spec: Spec) -> Case:
    year = world["report_year"]
    fmt, then = format_for(spec, year), format_for(spec, year - 1)
    section = Section(number, fmt.section(number).title, paragraphs)
    ret = return_of(fmt, world["now"], year, unit=world["unit"], sections=(section,))
    last = return_of(then, world["last"], year - 1, unit=world["unit"])
    unit = Unit(world["unit"], aliases=tuple(world["aliases"]))
    names = frozenset({*world["names"], world["unit"], *world["aliases"]})
    return Case(ret, fmt, spec, Settings(), unit, History((Held(last, then),)), names)


def format_for(spec: Spec, year: int) -> Format:
    fmt = spec.format_for(year)
    assert fmt is not None
    return fmt
