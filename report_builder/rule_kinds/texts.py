"""Kinds that look at the report's text as a whole: its sections, what they must state, how they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from report_builder.figures import numeral
from report_builder.model import ProcessingFee, Severity, State
from report_builder.rule_kinds import places
from report_builder.rule_kinds.case import HELD, Blame, Case, Outcome, outcome
from report_builder.spec import Rule, Spec

_NO_TEXT = "没有正文"


def sections_in_order(_rule: Rule, case: Case) -> Outcome:
    """The format's sections, each once and in order; judged only where the headings are the unit's own."""
    if not case.ret.own_headings:
        return Outcome(State.NOT_APPLICABLE, why="标题是空白表自带的")
    wanted = [section.number for section in case.fmt.sections]
    found = [section.number for section in case.ret.sections]
    if found == wanted:
        return HELD
    titles = {section.number: section.title for section in case.fmt.sections}
    missing = [titles[number] for number in wanted if number not in found]
    twice = [titles[number] for number in wanted if found.count(number) > 1]
    problems = [f"缺少{'、'.join(missing)}"] if missing else []
    problems += [f"重复出现{'、'.join(twice)}"] if twice else []
    said = "、".join(section.title for section in case.ret.sections) or "一个也没有"
    return outcome([Blame((), {"found": said, "problem": "，".join(problems) or "次序与格式不同"})])


def section_written(_rule: Rule, case: Case) -> Outcome:
    """The sections a unit must write itself are written, and hold no place-holder."""
    blames = []
    for section in case.fmt.sections:
        if section.text == "required":
            problem = _unwritten(case.ret.paragraphs(section.number), case.spec)
            if problem:
                facts = {"section": section.title, "problem": problem}
                blames.append(Blame((), facts, places.text(case, section.number)))
    return outcome(blames)


def _unwritten(paragraphs: Sequence[str], spec: Spec) -> str:
    wording = spec.wording
    text = "".join("".join(paragraphs).split()).rstrip("。.")
    if not text or text in wording.empty_words:
        return "没有内容" if not text else f"只写了“{text}”"
    marks = [mark for mark in wording.placeholders if mark in text and not _quoted_speech(mark, text)]
    return f"里还有占位的“{marks[0]}”" if marks else ""


def _quoted_speech(mark: str, text: str) -> bool:
    """An ellipsis that follows written words inside a quotation is speech, not a place left open."""
    return set(mark) == {"…"} and re.search(rf"“[^”]+{mark}[^“]*”", text) is not None


def fee_stated(rule: Rule, case: Case) -> Outcome:
    """The processing-fee position is stated, by the form or in the unit's own words, and fits table three."""
    wording, fee = case.fmt.fee, case.ret.fee
    if wording is None:
        return Outcome(State.NOT_APPLICABLE, why="本年度格式不要求说明信息处理费")
    section = next(one for one in case.fmt.sections if one.fee)
    text = "".join(case.ret.paragraphs(section.number))
    stated = fee is not None and fee.collected is not None
    problem = _fee_unclear(fee, stated=stated or any(word in text for word in wording.stated_by))
    if problem:
        return outcome([Blame((), {"problem": problem}, places.sheet(case, "fee"))])
    denied = fee.collected is False if stated and fee else any(word in text for word in wording.denied_by)
    unpaid = case.ret.number(rule.params["unpaid"]) or 0
    if denied and unpaid:
        problem = f"写明未收取信息处理费，而有 {unpaid} 件申请因逾期未缴费不再处理"
        return outcome([Blame((rule.params["unpaid"],), {"problem": problem}, severity=Severity.EXPLAIN)])
    return HELD


def _fee_unclear(fee: ProcessingFee | None, *, stated: bool) -> str:
    """What is wrong with the position as the form states it; empty where nothing is."""
    if not stated:
        return "没有填写是否收取信息处理费，正文中也没有说明"
    if fee is not None and fee.collected and (fee.cases is None or fee.amount is None):
        return "写明收取了信息处理费，但件数或金额没有填数"
    if fee is not None and fee.collected is False and (fee.cases or fee.amount):
        return "写明未收取信息处理费，而件数或金额不是 0"
    return ""


def section_length(_rule: Rule, case: Case) -> Outcome:
    """A section is no longer than the notice asks; white space is not counted."""
    blames, ran = [], 0
    for section in case.fmt.sections:
        text = _written(case, section.number)
        if section.max_characters is None or not text:
            continue
        ran += 1
        if len(text) > section.max_characters:
            facts = {"section": section.title, "count": len(text), "limit": section.max_characters}
            blames.append(Blame((), facts, places.text(case, section.number)))
    return outcome(blames, ran=bool(ran), why=_NO_TEXT)


def _written(case: Case, number: int) -> str:
    return "".join("".join(case.ret.paragraphs(number)).split())


def aspects_covered(_rule: Rule, case: Case) -> Outcome:
    """Every aspect the notice asks a section to describe is spoken of in it."""
    blames, ran = [], 0
    for section in case.fmt.sections:
        text = _written(case, section.number)
        if not section.aspects or not text:
            continue
        ran += 1
        words = case.spec.wording.aspect_words
        missing = [
            one for one in section.aspects if not any(word in text for word in (one, *words.get(one, ())))
        ]
        if missing:
            facts = {"section": section.title, "missing": "、".join(missing)}
            blames.append(Blame((), facts, places.text(case, section.number)))
    return outcome(blames, ran=bool(ran), why=_NO_TEXT)


def words_present(rule: Rule, case: Case) -> Outcome:
    """The report of such a unit speaks of each of these matters somewhere."""
    if case.unit.kind not in rule.params["unit_kinds"]:
        return Outcome(State.NOT_APPLICABLE, why="只适用于各级政府的年度报告")
    text = "".join(_written(case, section.number) for section in case.ret.sections)
    missing = [words[0] for words in rule.params["words"] if not any(word in text for word in words)]
    return outcome(
        [Blame((), {"missing": "、".join(missing)})] if missing else (), ran=bool(text), why=_NO_TEXT
    )


def ordinals_run(rule: Rule, case: Case) -> Outcome:
    """Ordinals of one make follow one another: after 一是 comes 二是, unless a new list begins."""
    blames = [
        Blame(
            (),
            {"section": section.title, "found": found, "expected": expected},
            places.text(case, section.number),
        )
        for section in case.ret.sections
        for pattern in rule.params["patterns"]
        for found, expected in _jumps(pattern, section.paragraphs)
    ]
    return outcome(blames, ran=any(section.paragraphs for section in case.ret.sections), why=_NO_TEXT)


_ORDINALS = {numeral(number): number for number in range(1, 21)}
_CLAUSE_START = r"(?:^|(?<=[。；;，,：:！!？?、“（\s]))"


def _jumps(pattern: str, paragraphs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The ordinal that breaks a list, and the one that was due; “{n}” in ``pattern`` is the numeral."""
    head, _, tail = pattern.partition("{n}")
    start = "^" if head.startswith("^") else _CLAUSE_START
    ordinal = re.compile(
        f"{start}{re.escape(head.lstrip('^'))}([一二三四五六七八九十]{{1,3}}){re.escape(tail)}"
    )
    last = 0
    for text in paragraphs:
        for match in ordinal.finditer(text):
            number = _ORDINALS.get(match[1], 0)
            if last and number not in {1, last + 1} and last < len(_ORDINALS):
                yield match[0], match[0].replace(match[1], numeral(last + 1))
            last = number or last
