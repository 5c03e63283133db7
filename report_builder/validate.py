"""A Return is held against the rules its format lists: findings, and what became of every rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from report_builder.errors import SpecError
from report_builder.model import Finding, Return, Run, Severity, State
from report_builder.rule_kinds import KINDS, Blame, Case, Kind, bind, known_keys
from report_builder.spec import Format, Rule, Spec

Checks = Sequence[tuple[Rule, Kind]]


@lru_cache(maxsize=16)
def checks_for(fmt: Format, spec: Spec) -> Checks:
    """The rules of ``fmt``, each with the function that runs it; made ready once for all units.

    Raises:
        SpecError: a rule names an unknown kind, parameter, table or row.
    """
    checks = tuple(bind(spec.rules[code]) for code in sorted(fmt.rules))
    for rule, _ in checks:
        for fault in known_keys(rule, fmt, spec):
            raise SpecError(fault)
    return checks


def hold_rules(spec: Spec) -> None:
    """Every rule can run, in every format that lists it.

    Raises:
        SpecError: as :func:`checks_for`.
    """
    for rule in spec.rules.values():
        bind(rule)
    for fmt in spec.formats:
        checks_for(fmt, spec)


def validate(case: Case) -> tuple[list[Finding], list[Run]]:
    """All findings on a return, in order of code, and one Run a rule. A file that cannot be read is judged no further."""
    ret = case.ret
    findings: list[Finding] = []
    runs: list[Run] = []
    for rule, run in checks_for(case.fmt, case.spec):
        shape = KINDS[rule.kind]
        if not (ret.cells or shape.without_tables or (shape.of_text and ret.sections)):
            runs.append(Run(rule.code, ret.unit, State.INSUFFICIENT_DATA, "没有读到报表"))
            continue
        result = run(rule, case)
        runs.append(Run(rule.code, ret.unit, result.state, result.why))
        findings.extend(_finding(rule, case, blame) for blame in result.blames)
    return findings, runs


def _finding(rule: Rule, case: Case, blame: Blame) -> Finding:
    severity = case.settings.severities.get(rule.code) or blame.severity or Severity(rule.severity)
    return Finding(
        code=rule.code,
        severity=severity,
        unit=case.ret.unit,
        report_year=case.ret.report_year,
        where=blame.where or next(_places(case.ret, blame.cells), case.ret.origin),
        cells=blame.cells,
        facts=blame.facts,
        message=rule.message.format_map(blame.facts).replace("？。", "？"),
        basis=case.fmt.rules[rule.code],
        fix=rule.fix.format_map(blame.facts),
    )


def _places(ret: Return, cells: Sequence[str]) -> Iterator[str]:
    return (ret.cells[key].source for key in cells if key in ret.cells)


def blocks(findings: Sequence[Finding], *, allowed: bool = False) -> bool:
    """Whether a report may not be built: nothing lets a REJECT through, a recorded reason lets CORRECT through."""
    held_back = {Severity.REJECT} if allowed else {Severity.REJECT, Severity.CORRECT}
    return any(finding.severity in held_back for finding in findings)
