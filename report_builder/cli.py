"""The command line: the only module that prints or exits."""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from report_builder import __version__
from report_builder.errors import ReportBuilderError, UnreadableError

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from report_builder.pipeline import Compared, Options, Outcome, Planned, UnitResult
    from report_builder.spec import Rule, Spec

BLOCKED, CANNOT_RUN, INTERRUPTED = 1, 2, 130
_OBJECTS_MADE = 20_000
"""Garbage is looked for so often; every seven hundred objects, as usual, it costs a short run a twentieth of its time."""
_SHOWN = 10
_LINE = 40
_WITH_WORKERS = ("build", "summary")
_STATES = {
    "built": "已生成",
    "unchanged": "未变动",
    "blocked": "未生成",
    "failed": "出错",
    "checked": "已核对",
}


class _Parser(argparse.ArgumentParser):
    """argparse with the contract's exit status."""

    def error(self, message: str) -> NoReturn:
        self.exit(CANNOT_RUN, f"{self.prog}：{message}\n用 {self.prog} --help 查看用法\n")


class _Formatter(argparse.HelpFormatter):
    """Help as wide as the terminal; argparse would load a library of archives to learn that."""

    def __init__(self, prog: str) -> None:
        try:
            width = os.get_terminal_size().columns or 80
        except OSError:
            width = 80
        super().__init__(prog, width=width - 2)


_ARGPARSE = {
    "usage: ": "用法：",
    "positional arguments": "参数",
    "options": "选项",
    "argument %(argument_name)s: %(message)s": "参数 %(argument_name)s：%(message)s",
    "unrecognized arguments: %s": "不认识的参数：%s",
    "the following arguments are required: %s": "缺少参数：%s",
    "invalid choice: %(value)r (choose from %(choices)s)": "没有这个选项：%(value)r（可用：%(choices)s）",
    "expected one argument": "后面要跟一个值",
    "invalid %(type)s value: %(value)r": "应为整数：%(value)r",
    "ambiguous option: %(option)s could match %(matches)s": "%(option)s 不够明确，可以是 %(matches)s",
    "ignored explicit argument %r": "后面不能跟值：%r",
}


def _worded(said: str) -> str:
    """What argparse says, in Chinese; it would look for the words of each message on the disk."""
    return _ARGPARSE.get(said, said)


def _parser() -> argparse.ArgumentParser:
    argparse._ = _worded  # type: ignore[attr-defined] # argparse has no other way to be told its words
    parser = _Parser(
        prog="report-builder",
        description="政府信息公开工作年度报告：核对、生成、比对",
        formatter_class=_Formatter,
        add_help=False,
    )
    parser.add_argument("-h", "--help", action="help", help="显示用法")
    parser.add_argument(
        "--version", action="version", version=f"report-builder {__version__}", help="显示版本"
    )
    verbs = parser.add_subparsers(dest="verb", metavar="命令", required=True, parser_class=_Parser)
    _making(_verb(verbs, "build", "核对并生成各单位的年度报告", _build))
    check = _verb(verbs, "check", "只核对，列出问题，写出校验意见", _check)
    check.add_argument("files", nargs="*", type=_path, metavar="文件", help="只核对这些报送表")
    _verb(verbs, "blank", "生成本年度的空白报送表", _blank)
    read = _verb(verbs, "read", "读取一份已发布的年度报告（.html .docx .doc .pdf .txt facts.json）", _read)
    read.add_argument("file", type=_path, metavar="文件")
    rules = _verb(verbs, "rules", "用文字列出各条规则和依据", _rules)
    rules.add_argument("code", nargs="?", default="", metavar="代码", help="只看这一条，如 B301")
    _making(_verb(verbs, "summary", "逐级汇总，生成各级政府的汇总报告和汇总表", _summary))
    compare = _verb(verbs, "compare", "比对两份报告，或本年度各单位与历年、各单位之间", _compare)
    compare.add_argument("files", nargs="*", type=_path, metavar="文件", help="旧 新：只比对这两份")
    plan = _verb(
        verbs, "plan", "读取任务分工方案（.docx .txt .xlsx），列出任务、责任单位和时限，生成任务台账", _plan
    )
    plan.add_argument("file", type=_path, metavar="文件")
    return parser


def _path(text: str) -> Path:
    from pathlib import Path

    return Path(text)


def _making(build: argparse.ArgumentParser) -> None:
    """The options of the verbs that make reports."""
    build.add_argument("--force", action="store_true", help="全部重新生成")
    build.add_argument("--formats", default="", metavar="LIST", help="只生成这些：docx,pdf,html,csv,json")
    build.add_argument(
        "--pdf-engine",
        choices=["weasyprint", "typst"],
        default="weasyprint",
        help="PDF 排版引擎：weasyprint（默认），typst（快得多，不需要 Pango）",
    )
    build.add_argument(
        "--allow-findings", default=None, metavar="REASON", help="有须更正的问题也生成草稿，并记录理由"
    )


def _verb(
    verbs: Any,  # noqa: ANN401 - argparse does not name its own type
    name: str,
    what: str,
    run: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(
        name, help=what, description=what, formatter_class=_Formatter, add_help=False
    )
    verb.add_argument("-h", "--help", action="help", help="显示用法")
    verb.add_argument(
        "--inputs", type=_path, default="data_inputs", metavar="DIR", help="输入文件夹（data_inputs）"
    )
    verb.add_argument("--outputs", type=_path, default="outputs", metavar="DIR", help="输出文件夹（outputs）")
    verb.add_argument(
        "--year", type=int, default=None, metavar="N", help="报告年度（默认：有文件夹的最新年度）"
    )
    verb.add_argument("--unit", action="append", default=[], metavar="NAME", help="只处理这个单位，可重复")
    verb.add_argument(
        "--jobs",
        type=int,
        default=0,
        metavar="N",
        help="build、summary 时用几个工作进程（默认：处理器核数；1 为就在本进程内）",
    )
    verb.add_argument(
        "--scheduler",
        default="",
        metavar="ADDRESS",
        help="build、summary 时交给这个 Dask 调度器的各台机器，如 tcp://10.0.0.1:8786",
    )
    verb.add_argument("--as-of", default="", metavar="DATE", help="以哪一天为准计算是否逾期，如 2025-02-01")
    verb.add_argument("--json", action="store_true", help="结果输出为一份 JSON")
    verb.add_argument("--quiet", action="store_true", help="不显示进度")
    verb.set_defaults(run=run)
    return verb


def run() -> int:
    """The program as a process of its own, which is soon over: little time goes into garbage, and none at its end."""
    gc.set_threshold(_OBJECTS_MADE)
    status = main()
    gc.freeze()
    return status


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the result is the exit status of the contract."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        asked = _parser().parse_args(arguments)
        refusal = _refusal(asked)
        return _say_and(CANNOT_RUN, refusal) if refusal else int(asked.run(asked))
    except UnreadableError as fault:
        return _say_and(BLOCKED, str(fault))
    except ReportBuilderError as fault:
        return _say_and(CANNOT_RUN, str(fault))
    except KeyboardInterrupt:
        return _say_and(INTERRUPTED, "已中断；已完成的单位都已写好，重新运行即可继续")
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _refusal(asked: argparse.Namespace) -> str:
    """Why the common options cannot be met; empty where they can."""
    if asked.as_of and _day(asked.as_of) is None:
        return f"--as-of 后面是“{asked.as_of}”，应为日期，如 2025-02-01"
    if asked.jobs < 0:
        return f"--jobs 后面是 {asked.jobs}，应为 1 或更大的整数（0 表示处理器核数）"
    if asked.scheduler and asked.verb not in _WITH_WORKERS:
        return f"--scheduler 只用于 build 和 summary；{asked.verb} 请去掉这个参数"
    return ""


def _day(text: str) -> dt.date | None:
    """The day; None where none is given or it is none."""
    import datetime as dt

    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _say_and(status: int, sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return status


def _options(asked: argparse.Namespace) -> Options:
    from report_builder.pipeline import FORMATS, Options

    formats = _formats(asked) or FORMATS
    unknown = [part for part in formats if part not in FORMATS]
    if unknown:
        raise ReportBuilderError(f"--formats 里的“{unknown[0]}”不是可用的种类；可用的有：{','.join(FORMATS)}")
    return Options(
        inputs=asked.inputs,
        outputs=asked.outputs,
        year=asked.year,
        units=tuple(asked.unit),
        jobs=asked.jobs,
        scheduler=asked.scheduler,
        formats=formats,
        reason=getattr(asked, "allow_findings", None) or "",
        force=getattr(asked, "force", False),
        as_of=_day(asked.as_of),
        engine=getattr(asked, "pdf_engine", Options.engine),
    )


def _formats(asked: argparse.Namespace) -> tuple[str, ...]:
    """The kinds of files asked for; none where all are meant."""
    return tuple(part for part in getattr(asked, "formats", "").split(",") if part)


def _build(asked: argparse.Namespace) -> int:
    with _setter(asked) as setter:
        from report_builder import pipeline

        return _made(asked, partial(pipeline.build, **setter))


@contextlib.contextmanager
def _setter(asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Where one report is asked for: a process that sets its PDF, started before this one loads anything.

    It is ready when all has been read and checked, and sets the PDF while the other files are made.
    """
    formats = _formats(asked)
    weasyprint = asked.pdf_engine == "weasyprint" and (not formats or "pdf" in formats)
    if asked.jobs == 1 or asked.scheduler or not weasyprint or not _one_report(asked):
        yield {}
        return
    from report_builder.render import typesetter

    with typesetter.beside() as setter:
        yield {"setter": setter}


def _one_report(asked: argparse.Namespace) -> bool:
    """Whether it will be one report, as far as a look at the names tells; a wrong guess costs a process for nothing."""
    if asked.unit:
        return len(asked.unit) == 1
    with contextlib.suppress(OSError, ValueError):
        years = [int(path.name) for path in asked.inputs.iterdir() if path.name.isdecimal()]
        lying = (asked.inputs / str(asked.year or max(years))).iterdir()
        return sum(not path.name.startswith((".", "~$")) for path in lying) == 1
    return False


def _summary(asked: argparse.Namespace) -> int:
    from report_builder.pipeline.summary import summary

    return _made(asked, summary)


def _made(asked: argparse.Namespace, make: Callable[..., Outcome]) -> int:
    """Runs a verb that makes reports, and says what came of it."""
    if asked.allow_findings is not None and not asked.allow_findings.strip():
        return _say_and(CANNOT_RUN, "--allow-findings 后面要写明理由，理由会记入 manifest.json 并印在草稿上")
    watched = {} if asked.quiet else {"progress": _Meter().tell}
    outcome = make(_options(asked), **watched)
    if asked.json:
        _print_json(_build_json(outcome))
    else:
        _print_findings(outcome)
        _print_build(outcome)
    return _status(outcome)


def _status(outcome: Outcome) -> int:
    ended = {result.state for result in (*outcome.results, *outcome.absent)}
    return BLOCKED if ended & {"blocked", "failed"} else 0


class _Meter:
    """How far a run has come: a line a unit on a terminal, elsewhere a plain line now and then."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def tell(self, result: UnitResult, done: int, total: int) -> None:
        """Says it; the rate is counted from the first unit on, when everybody is at work."""
        import time

        now = time.monotonic()
        since, before = self._first = self._first or (now, done)
        if sys.stderr.isatty() or done == total or done % max(10, total // 100) == 0:
            pace = _pace((done - before) / (now - since), total - done) if now > since else ""
            print(f"[{done}/{total}] {result.unit} {_STATES[result.state]}{pace}", file=sys.stderr)


def _pace(a_second: float, left: int) -> str:
    """How many a second and how long the rest will take."""
    if not a_second:
        return ""
    rate = f"每秒 {a_second:.1f} 个" if a_second >= 1 else f"每分钟 {a_second * 60:.0f} 个"
    return f" · {rate}" + (f" · 约剩 {_duration(left / a_second)}" if left else "")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} 小时 {minutes} 分钟"
    return f"{minutes + (rest > 0)} 分钟" if minutes else f"{max(1, rest)} 秒"


def _build_json(outcome: Outcome) -> dict[str, object]:
    from report_builder import feedback

    units = [
        {"unit": result.unit, "state": result.state, "files": list(result.files), "why": result.why}
        for result in outcome.results
    ]
    return {"units": units, "findings": feedback.as_json(outcome.findings, ())["findings"]}


def _print_json(document: object) -> None:
    import json

    print(json.dumps(document, ensure_ascii=False, indent=1))


def _print_build(outcome: Outcome) -> None:
    counts = {state: sum(result.state == state for result in outcome.results) for state in _STATES}
    said = "，".join(f"{_STATES[state]} {count}" for state, count in counts.items() if count)
    print(f"{outcome.year} 年度：{said or '没有要生成的报告'}；输出在 {outcome.folder}")
    for result in outcome.results:
        if result.why:
            print(f"  {result.unit} {_STATES[result.state]}：{result.why}")
    _print_silent(outcome)
    _print_notes(outcome)
    _print_unused(outcome)
    _print_left(outcome)


def _print_left(outcome: Outcome) -> None:
    """The files that governments handed in for their aggregates, as far as a line holds them."""
    if outcome.left:
        print(f"政府汇总报告的材料，由 summary 使用：{_first(outcome.left)}")


def _first(names: Sequence[str]) -> str:
    """The names as far as a line holds them."""
    return "、".join(names[:_SHOWN]) + ("等" if len(names) > _SHOWN else "")


def _print_not_run(outcome: Outcome) -> None:
    from report_builder import feedback

    lines = feedback.not_run(outcome.runs)
    if lines:
        print("没有核对的规则：\n" + "\n".join(f"  {line}" for line in lines))


def _print_silent(outcome: Outcome) -> None:
    """The registered units of which nothing came in, by name as far as a line holds them."""
    if outcome.silent:
        print(f"名册中另有 {len(outcome.silent)} 个单位没有报送：{_first(outcome.silent)}")


def _print_notes(outcome: Outcome) -> None:
    for result in outcome.results:
        for note in result.notes:
            print(f"  {result.unit} 提示：{note}")
    _print_general(outcome.notes)


def _print_general(notes: Sequence[str]) -> None:
    for note in notes:
        print(f"提示：{note}")


def _print_unused(outcome: Outcome) -> None:
    if outcome.unused:
        print(f"没有用到的文件（不是报送表）：{'、'.join(outcome.unused)}", file=sys.stderr)


def _print_findings(outcome: Outcome) -> None:
    """Unit by unit, the gravest first."""
    from report_builder import feedback
    from report_builder.model import Severity

    if outcome.findings:
        ranks = list(Severity)
        units = list(dict.fromkeys(finding.unit for finding in outcome.findings))
        ordered = sorted(outcome.findings, key=lambda one: (units.index(one.unit), ranks.index(one.severity)))
        said = (feedback.sentences(finding, outcome.spec) for finding in ordered)
        print("\n\n".join(said) + "\n")


def _check(asked: argparse.Namespace) -> int:
    from report_builder import feedback, pipeline

    outcome = pipeline.check(_options(asked), asked.files)
    if asked.json:
        _print_json(feedback.as_json(outcome.findings, outcome.runs))
    else:
        _print_findings(outcome)
        held_back = sum(result.state == "blocked" for result in outcome.results)
        said = f"，其中 {held_back} 个单位须更正后才能生成报告" if held_back else ""
        print(
            f"{outcome.year} 年度核对 {len(outcome.results)} 个单位，发现 {len(outcome.findings)} 处问题{said}"
        )
        _print_silent(outcome)
        _print_not_run(outcome)
        _print_notes(outcome)
        _print_unused(outcome)
        _print_left(outcome)
    return _status(outcome)


def _blank(asked: argparse.Namespace) -> int:
    from report_builder import pipeline

    files = pipeline.blank(_options(asked))
    if asked.json:
        _print_json({"files": [path.as_posix() for path in files]})
    else:
        for path in files:
            print(path.as_posix())
    return 0


def _read(asked: argparse.Namespace) -> int:
    from report_builder import archive, facts, feedback, pipeline

    hint = archive.Hint(asked.unit[0] if asked.unit else "", asked.year)
    ret, fmt, findings = pipeline.read(asked.file, asked.inputs, hint)
    if asked.json:
        _print_json(facts.as_facts(ret, fmt) | {"findings": feedback.as_json(findings, ())["findings"]})
        return 0
    print(f"{ret.unit or '（单位不明）'} {ret.report_year} 年（{fmt.document}）")
    for table in fmt.tables:
        held = sum(ret.number(key) is not None for key in table.slots)
        print(f"  {fmt.section(table.section).title}：读到 {held} 格，共 {len(table.slots)} 格")
    for section in ret.sections:
        print(f"  {section.title}：{sum(map(len, section.paragraphs))} 字")
    _, spec = pipeline.set_up(asked.inputs)
    for finding in findings:
        print(feedback.sentences(finding, spec))
    return 0


def _compare(asked: argparse.Namespace) -> int:
    from report_builder import compare, pipeline

    if len(asked.files) not in {0, 2}:
        raise ReportBuilderError("compare 后面写两份文件（旧的在前），或者一份也不写，比对本年度全部单位")
    if asked.files:
        old, new = asked.files
        pair = pipeline.compare_files(old, new, _options(asked))
        if asked.json:
            _print_json(compare.as_json(pair.comparison))
        else:
            print("\n".join(compare.told(pair.comparison, pair.spec)))
            print(f"并排对照在 {pair.folder}/年际比对.html，带修订的 Word 和数据在同一文件夹")
        return 0
    compared = pipeline.compare_units(_options(asked))
    if asked.json:
        comparisons = [compare.as_json(one) for one in compared.comparisons]
        _print_json({"comparisons": comparisons, "clusters": compare.clusters_as_json(compared.shared)})
    else:
        _print_compared(compared)
    return 0


def _print_compared(compared: Compared) -> None:
    """A line a comparison, then the reports that go back to one."""
    terms = compared.spec.terms
    for one in compared.comparisons:
        whole = one.overlap
        print(
            f"{one.unit} {one.report_year}年 对照 {one.against_year}年：{terms['strict']} {whole.strict.in_words()}，"
            f"{terms['loose']} {whole.loose.in_words()}，重复 {len(one.passages)} 处"
        )
    for cluster in compared.shared.clusters:
        print(f"相互雷同，可能出自 {cluster.source.unit} {cluster.source.report_year}年的报告：")
        for copy in cluster.copies:
            print(
                f"  {copy.text.unit} {copy.text.report_year}年：与 {copy.source.unit} 相同 {copy.share.in_words()}"
            )
    for name in ("strict", "loose"):
        print(f"{terms[name]}：{terms[f'{name}_definition']}")
    print(
        f"各单位的比对在 {compared.folder}/‹单位›/年际比对.html、.docx、.json，雷同通报在 {compared.folder}/汇总/"
    )
    _print_general(compared.notes)


def _plan(asked: argparse.Namespace) -> int:
    from report_builder import pipeline
    from report_builder.plan import as_json

    planned = pipeline.plan_ledger(_options(asked), asked.file)
    if asked.json:
        names = [{"text": one.text, "why": one.why, "where": one.where} for one in planned.unmatched]
        _print_json(as_json(planned.plan, planned.meant) | {"unmatched": names})
    else:
        _print_plan(planned)
    return 0 if planned.plan.tasks else BLOCKED


def _print_plan(planned: Planned) -> None:
    """Task by task, then what was not understood, the names nobody has, and where it was written."""
    from report_builder.plan import told

    print("\n".join(told(planned.plan, planned.meant)))
    for title, listed in (
        ("没有读懂的", planned.plan.not_understood),
        ("名册里没有的单位", planned.unmatched),
    ):
        if listed:
            print(f"\n{title}（{len(listed)} 处）：")
        for one in listed:
            place = f"（{one.where}）" if one.where else ""
            print(f"  {_shown(one.text)}{place}：{one.why}")
    if planned.written:
        print(f"\n任务台账已写入 {planned.written}，同一文件夹里还有任务完成和任务日历：")
    for note in planned.notes:
        print(f"  {note}")


def _shown(text: str) -> str:
    """A passage by its first line, as far as a terminal's line holds it."""
    line = text.split("\n", 1)[0]
    return f"“{line[:_LINE]}{'…' if len(text) > _LINE or line != text else ''}”"


def _rules(asked: argparse.Namespace) -> int:
    from report_builder import pipeline
    from report_builder.spec import toml

    _, spec = pipeline.set_up(asked.inputs)
    if asked.code and asked.code not in spec.rules:
        raise ReportBuilderError(f"没有规则 {asked.code}{toml.nearest(asked.code, spec.rules)}")
    chosen = [rule for code, rule in sorted(spec.rules.items()) if asked.code in {"", code}]
    if asked.json:
        bases = {fmt.id: fmt.rules for fmt in spec.formats}
        _print_json({"rules": [_rule_json(rule, bases) for rule in chosen]})
        return 0
    for rule in chosen:
        print("\n".join(rule_lines(rule, spec)))
        print()
    return 0


def _rule_json(rule: Rule, bases: Mapping[str, Mapping[str, str]]) -> dict[str, object]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "why": rule.why,
        "message": rule.message,
        "fix": rule.fix,
        "threshold": None if rule.threshold is None else str(rule.threshold),
        "basis": {fmt: rules[rule.code] for fmt, rules in bases.items() if rule.code in rules},
        "examples": [{"name": example.name, "state": example.state} for example in rule.examples],
    }


def rule_lines(rule: Rule, spec: Spec) -> list[str]:
    """One rule in words: name, why, message, fix, its basis under each format, its examples."""
    lines = [f"{rule.code} {rule.name}（{spec.terms[rule.severity]}）", f"  为什么：{rule.why}"]
    lines += [f"  说法：{rule.message}", f"  改法：{rule.fix}"]
    if rule.threshold is not None:
        lines.append(f"  界限：{rule.threshold}（settings.toml 的 thresholds.{rule.code}）")
    lines += [
        f"  依据（{fmt.id} 年格式）：{fmt.rules[rule.code]}" for fmt in spec.formats if rule.code in fmt.rules
    ]
    return lines + [f"  例：{example.name} → {spec.terms[example.state]}" for example in rule.examples]
