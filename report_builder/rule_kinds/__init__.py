"""The few ways a rule can look: one small pure function each. A rule file names its kind and parameters.

A kind yields Blames: the cells at fault and the facts its rule's message is filled with. It says nothing of
words, severities or codes, which are the rule file's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from report_builder.errors import SpecError
from report_builder.model import UNIT_KINDS
from report_builder.rule_kinds.case import Blame, Case, Kind, Members, Outcome
from report_builder.rule_kinds.cells import (
    column_total,
    computed_total,
    filled,
    proper_number,
    row_total,
    share_at_most,
    sums_agree,
    trouble,
)
from report_builder.rule_kinds.claims import (
    amount_agrees,
    change_agrees,
    nothing_left,
    own_name,
    parts_agree,
    share_agrees,
    year_agrees,
)
from report_builder.rule_kinds.days import handed_in, published_late
from report_builder.rule_kinds.members import (
    adds_up,
    fees_add_up,
    members_blank,
    members_doubtful,
    members_missing,
)
from report_builder.rule_kinds.params import PARAMS, named
from report_builder.rule_kinds.repetition import repeats
from report_builder.rule_kinds.tasks import (
    tasks_answered,
    tasks_as_planned,
    tasks_in_time,
    tasks_planned,
    tasks_repeat,
    tasks_told,
)
from report_builder.rule_kinds.texts import (
    aspects_covered,
    fee_stated,
    ordinals_run,
    section_length,
    section_written,
    sections_in_order,
    words_present,
)
from report_builder.rule_kinds.years import carried_over, columns_agree, measures_jump, nothing_to_dispute
from report_builder.spec import Format, Rule, Spec, toml
from report_builder.spec.placeholders import misfit

__all__ = ["KINDS", "TROUBLES", "Blame", "Case", "Kind", "Members", "Outcome", "bind", "known_keys"]


@dataclass(frozen=True)
class _Shape:
    """A kind's function, the parameters its rules must give, the facts it fills, and whether it asks for a threshold.

    Some run where no table was read, some of those only where a text was. Facts that are None are not known
    beforehand.
    """

    run: Kind
    params: frozenset[str] = field(default_factory=frozenset)
    facts: frozenset[str] | None = None
    without_tables: bool = False
    of_text: bool = False
    threshold: bool = False


def _shape(run: Kind, params: str = "", facts: str = "", **more: bool) -> _Shape:
    filled_in = frozenset(facts.split()) if facts else None
    return _Shape(run, frozenset(params.split()), filled_in, **more)


KINDS: Mapping[str, _Shape] = {
    "trouble": _shape(trouble, "trouble", without_tables=True),
    "filled": _shape(filled, "unless", "row columns count"),
    "proper_number": _shape(proper_number, "count change amount unless", "label typed expected"),
    "computed_total": _shape(computed_total, "unknown shown", "count values"),
    "sums_agree": _shape(sums_agree, "table left right blame", "column left right difference"),
    "column_total": _shape(column_total, "table", "row column sum total difference"),
    "row_total": _shape(row_total, "table", "row column sum total difference"),
    "share_at_most": _shape(share_at_most, "part whole", "part whole share threshold", threshold=True),
    "sections_in_order": _shape(sections_in_order, "", "found problem", of_text=True),
    "section_written": _shape(section_written, "", "section problem", of_text=True),
    "amount_agrees": _shape(amount_agrees, "concepts", "quote said label table remark"),
    "change_agrees": _shape(change_agrees, "", "quote label last now change"),
    "share_agrees": _shape(share_agrees, "wholes", "quote said part whole share"),
    "parts_agree": _shape(parts_agree, "", "quote parts sum said problem"),
    "nothing_left": _shape(nothing_left, "", "quote said label table"),
    "year_agrees": _shape(year_agrees, "problems at_least", "quote problem year report_year", of_text=True),
    "own_name": _shape(own_name, "", "quote name own", of_text=True),
    "fee_stated": _shape(fee_stated, "unpaid", "problem"),
    "section_length": _shape(section_length, "", "section count limit", of_text=True),
    "aspects_covered": _shape(aspects_covered, "", "section missing", of_text=True),
    "words_present": _shape(words_present, "unit_kinds words", "missing", of_text=True),
    "ordinals_run": _shape(ordinals_run, "patterns", "section found expected", of_text=True),
    "carried_over": _shape(carried_over, "table into out", "column now before told"),
    "columns_agree": _shape(columns_agree, "table checks", "row column found expected difference says"),
    "measures_jump": _shape(
        measures_jump, "measures by zero slip", "measure unit now before hint", threshold=True
    ),
    "nothing_to_dispute": _shape(nothing_to_dispute, "measure rests_on years", "count years"),
    "repeats": _shape(
        repeats, "against section asks", "against strict loose section part passages", threshold=True
    ),
    "published_late": _shape(published_late, "", "published due days"),
    "tasks_answered": _shape(tasks_answered, "", "code title role due problem"),
    "tasks_told": _shape(tasks_told, "states fields when", "code title state missing"),
    "tasks_in_time": _shape(tasks_in_time, "", "code title due done_on days"),
    "tasks_planned": _shape(tasks_planned, "", "code title suggestion"),
    "tasks_as_planned": _shape(tasks_as_planned, "", "code title label typed planned"),
    "tasks_repeat": _shape(tasks_repeat, "against at_least", "code title other share", threshold=True),
    "handed_in": _shape(handed_in, "", "unit due as_of said", without_tables=True),
    "adds_up": _shape(
        adds_up,
        "shown",
        "label given sum difference counted members hint",
        threshold=True,
        without_tables=True,
    ),
    "fees_add_up": _shape(
        fees_add_up, "shown", "what unit given sum difference counted members", without_tables=True
    ),
    "members_missing": _shape(members_missing, "", "member why", without_tables=True),
    "members_blank": _shape(members_blank, "shown", "member count cells", without_tables=True),
    "members_doubtful": _shape(members_doubtful, "", "member why", without_tables=True),
}


TROUBLES: Mapping[str, frozenset[str]] = {
    kind: frozenset(facts.split())
    for kind, facts in {
        "unreadable": "reason mend",
        "table_missing": "table hint",
        "table_twice": "table places",
        "one_of_several": "table label chosen others",
        "figures_twice": "table places",
        "line_missing": "table lines",
        "merged_figures": "range typed labels",
        "formula_without_value": "formula",
        "unknown_choice": "label typed choices",
        "unknown_key": "key suggestion",
        "unknown_unit": "unit suggestion",
        "unit_differs": "file_unit unit",
        "unit_twice": "count files",
        "wrong_edition": "what found expected",
        "narrative_twice": "sheet file",
        "hidden": "hidden count",
        "label_taken": "table taken",
        "label_unclear": "label candidates",
        "unit_untold": "places units",
        "text_untold": "file units",
        "opinion": "what",
        "other_edition": "printed ours kept",
        "amount_unit": "label expected found typed converted",
        "report_doubt": "problem mend",
        "table_unreadable": "table problem mend",
        "figures_unclear": "row printed why",
        "read_partly": "remark",
    }.items()
}
"""What readers meet on the way, each with the facts they set down of it."""


def bind(rule: Rule) -> tuple[Rule, Kind]:
    """``rule`` with its params read, and the function that runs it.

    Raises:
        SpecError: unknown kind, missing or unknown parameter, or a placeholder in the words that no fact fills.
    """
    file = f"{rule.code}.toml"
    shape = KINDS.get(rule.kind)
    if shape is None:
        raise SpecError(f"{file}：没有“{rule.kind}”这种规则{toml.nearest(rule.kind, KINDS)}")
    for name in sorted(set(rule.params) - shape.params):
        raise SpecError(f"{file}：params 没有“{name}”这一项{toml.nearest(name, shape.params)}")
    for name in sorted(shape.params - set(rule.params)):
        raise SpecError(f"{file}：params 缺少“{name}”")
    params = {
        name: toml.value_from(PARAMS.get(name, object), value, file, f"params {name} ")
        for name, value in rule.params.items()
    }
    _hold_threshold(rule, shape)
    facts = _facts(shape, params.get("trouble"), file)
    for key, text in (("message", rule.message), ("fix", rule.fix)):
        fault = misfit(text, facts)
        if fault:
            raise SpecError(f"{file}：{key} {fault}")
    for sort, text in named(params):
        fault = misfit(text, {"year"}) if sort == "year_text" else ""
        if fault:
            raise SpecError(f"{file}：params“{text}”{fault}")
    return replace(rule, params=params), shape.run


def _hold_threshold(rule: Rule, shape: _Shape) -> None:
    if shape.threshold and rule.threshold is None:
        raise SpecError(f"{rule.code}.toml：缺少“threshold”；“{rule.kind}”这种规则要与它比较")
    if rule.threshold is not None and rule.threshold < 0:
        raise SpecError(f"{rule.code}.toml：threshold 是 {rule.threshold}，应为 0 或正数")
    if rule.threshold is not None and not shape.threshold:
        raise SpecError(f"{rule.code}.toml：“{rule.kind}”这种规则不用 threshold；请删去这一项")


def _facts(shape: _Shape, trouble_kind: str | None, file: str) -> frozenset[str] | None:
    if trouble_kind is None:
        return shape.facts
    if trouble_kind not in TROUBLES:
        near = toml.nearest(trouble_kind, TROUBLES)
        raise SpecError(f"{file}：params trouble 是“{trouble_kind}”，读取时没有这种情况{near}")
    return TROUBLES[trouble_kind]


def known_keys(rule: Rule, fmt: Format, spec: Spec) -> Iterator[str]:
    """What is wrong with the keys a bound ``rule`` names, under ``fmt``; empty where all are there."""
    table = next((one for one in fmt.tables if one.key == rule.params.get("table")), None)
    bands = table.bands if table else ()
    of_table = f"格式 {fmt.id} 的表“{table.key if table else ''}”没有"
    known: Mapping[str, tuple[str, Collection[str]]] = {
        "table": (f"格式 {fmt.id} 没有表", [one.key for one in fmt.tables]),
        "row": (f"{of_table}行", [row.key for band in bands for row in band.rows]),
        "column": (f"{of_table}列", [column.key for band in bands for column in band.columns]),
        "measure": (f"格式 {fmt.id} 没有度量", fmt.measures_by_key),
        "cell": (f"格式 {fmt.id} 没有格", fmt.slots),
        "unit_kind": ("没有单位类别", UNIT_KINDS),
        "trouble": ("读取时没有这种情况", TROUBLES),
        "task_field": ("workbook.toml 里没有任务的", _task_fields(spec)),
        "task_state": ("workbook.toml 里没有任务的状态", _task_fields(spec)["state"]),
        "concept": ("lexicon.toml 没有概念", spec.lexicon.concepts_by_key),
    }
    for sort, key in sorted(named(rule.params), key=lambda one: one[0] != "table"):
        fault, names = known.get(sort, ("", (key,)))
        if key not in names:
            yield f"{rule.code}.toml：{fault}“{key}”{toml.nearest(key, names)}"


def _task_fields(spec: Spec) -> Mapping[str, Collection[str]]:
    """The fields of a task's row, each with the keys of its choices."""
    return {field.key: field.choices.values() for field in spec.workbook.sheet("tasks").fields}
