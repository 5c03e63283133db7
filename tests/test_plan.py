"""A task-plan document becomes a plan, whatever its layout; whom its names mean; what is not understood is listed."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import docx
import pytest
import xlsxwriter
from conftest import SHARED
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from report_builder import plan
from report_builder.cli import BLOCKED, CANNOT_RUN, main
from report_builder.errors import InputError, SpecError
from report_builder.expansion import expand, units_of
from report_builder.model import Document, Grid, Plan, PlannedTask, Unit
from report_builder.pipeline import Options, open_place, plan_of, read_plan
from report_builder.plan.days import dues_of, labelled_dues
from report_builder.plan.roles import roles_of, tells_roles
from report_builder.plan.targets import targets_of
from report_builder.plan.vocabulary import vocabulary
from report_builder.registry import Registry, load_registry
from report_builder.spec import PlanWords, Spec, load_spec
from report_builder.spec.load import HERE

REAL = SHARED / "domain" / "plan-2019.txt"
FOUND = SHARED / "domain" / "plan-2019.tasks.json"
DEMONSTRATION = Path(__file__).parents[1] / "data_inputs"
YEAR = 2024
ONE_TASK = "（一）公开目录。9月底前完成核对。（省教育厅牵头，省教育局、各市政府配合）"
TITLE = "2024年示例省政务公开任务分工方案"
WORDS = load_spec().plan
KNOWN = vocabulary(WORDS)
EVERY_FIELD = ("code", "section", "title", "text", "lead", "responsible", "assist", "responsibility", "due")
OF_A_HUMAN = {("0.1", "title"), ("0.1", "responsible"), ("0.1", "due")}


def read(*items: str | Grid) -> Plan:
    return plan.read(Document(items), WORDS)


def whys(read_plan: Plan) -> str:
    return "\n".join(one.why for one in read_plan.not_understood)


# The real plan


@pytest.mark.skipif(not REAL.exists(), reason="the real plan lies beside the project")
def test_the_real_plan_is_what_a_human_found_in_it(tmp_path: Path) -> None:
    planned = read_plan(Options(inputs=tmp_path, outputs=tmp_path / "out"), REAL)
    ours = plan.as_json(planned.plan)
    theirs = json.loads(FOUND.read_text(encoding="utf-8"))
    assert [ours[key] for key in ("title", "document", "report_year", "not_understood")] == [
        *(theirs[key] for key in ("title", "document", "report_year")),
        [],
    ]
    tasks = json.loads(json.dumps(ours["tasks"]))
    assert [task["code"] for task in tasks] == [task["code"] for task in theirs["tasks"]]
    for task, found in zip(tasks, theirs["tasks"], strict=True):
        for key in EVERY_FIELD:
            if (task["code"], key) not in OF_A_HUMAN:
                assert task[key] == found[key], (task["code"], key)


@pytest.mark.skipif(not REAL.exists(), reason="the real plan lies beside the project")
def test_the_real_plans_closing_paragraph_asks_everybody_and_names_its_days(tmp_path: Path) -> None:
    closing = read_plan(Options(inputs=tmp_path, outputs=tmp_path), REAL).plan.tasks[-1]
    assert (closing.code, closing.responsible) == ("0.1", ("各地各部门", "省政府政务公开主管部门"))
    found = json.loads(FOUND.read_text(encoding="utf-8"))["tasks"][-1]["due"]
    assert [(due.on and due.on.isoformat(), due.verbatim) for due in closing.due] == [
        (due["on"], due["verbatim"]) for due in found
    ]
    assert closing.due[0].what == found[0]["what"]


@pytest.mark.skipif(not REAL.exists(), reason="the real plan lies beside the project")
def test_the_real_plans_figure_can_be_checked(tmp_path: Path) -> None:
    tasks = read_plan(Options(inputs=tmp_path, outputs=tmp_path), REAL).plan.tasks
    told = {task.code: [(one.relation, str(one.number), one.unit) for one in task.targets] for task in tasks}
    assert {code: targets for code, targets in told.items() if targets} == {"5.1": [("at_least", "4", "%")]}


# Layouts: a plan printed and read back

SECTIONS = ("核对目录", "办好申请", "做强保障")
TITLES = ("更新公开指南", "统一答复文书", "开展业务培训", "整理文件汇编", "公布查阅窗口")
TEXTS = ("逐项核对栏目，补齐链接。", "统一格式，留存底稿。", "分批整理；做到清楚完整。")
NAMES = (
    "省教育厅",
    "省财政厅",
    "省住房和城乡建设厅",
    "甲山市人民政府",
    "各市〔州〕政府",
    "各县（市、区）政府",
    "省政府各部门",
    "省政府各单位",
    "各乡镇（街道）",
    "东示县自然资源局",
)
DAYS = {"9月底前": dt.date(YEAR, 9, 30), "年底前": dt.date(YEAR, 12, 31), "3月5日前": dt.date(YEAR, 3, 5)}
HAN = "一二三四五六七八九"

roles = st.lists(st.sampled_from(NAMES), unique=True, max_size=3)


@st.composite
def tasks_of_a_plan(draw: st.DrawFn) -> list[PlannedTask]:
    tasks = []
    for section in range(1, draw(st.integers(1, 3)) + 1):
        for number in range(1, draw(st.integers(1, 3)) + 1):
            lead, responsible, assist = draw(roles), draw(roles), draw(roles)
            responsible = responsible or ["省财政厅"]
            tasks.append(
                PlannedTask(
                    f"{section}.{number}",
                    f"{HAN[section - 1]}、{SECTIONS[section - 1]}",
                    draw(st.sampled_from(TITLES)),
                    draw(st.sampled_from(TEXTS)),
                    tuple(lead),
                    tuple(responsible),
                    tuple(assist),
                    draw(st.sampled_from(["", *DAYS])),
                )
            )
    return tasks


def labelled(task: PlannedTask) -> list[str]:
    """牵头单位：…, one label a line; the day stands in the task's responsibility here."""
    rows = (
        ("牵头单位", task.lead),
        ("责任单位", task.responsible),
        ("配合单位", task.assist),
        ("完成时限", (task.responsibility,)),
    )
    return [f"{label}：{'、'.join(names)}" for label, names in rows if any(names)]


def worded(task: PlannedTask) -> str:
    said = [
        *([f"{'、'.join(task.lead)}牵头"] if task.lead else []),
        f"{'、'.join(task.responsible)}分别落实",
        *([f"{'、'.join(task.assist)}配合"] if task.assist else []),
    ]
    day = [f"{task.responsibility}完成"] if task.responsibility else []
    return f"（{'；'.join([*said, *day])}）"


def with_sections(tasks: Sequence[PlannedTask], lines: Callable[[PlannedTask], list[str]]) -> list[str]:
    printed, section = [TITLE], ""
    for task in tasks:
        if task.section != section:
            section = task.section
            printed.append(section)
        printed += lines(task)
    return printed


def number_of(task: PlannedTask) -> int:
    return int(task.code.split(".")[1])


def in_brackets(tasks: Sequence[PlannedTask]) -> Document:
    lines = with_sections(
        tasks, lambda task: [f"（{HAN[number_of(task) - 1]}）{task.title}。{task.text}{worded(task)}"]
    )
    return Document(tuple(lines))


def in_labels(tasks: Sequence[PlannedTask]) -> Document:
    lines = with_sections(
        tasks, lambda task: [f"{number_of(task)}. {task.title}。", task.text, *labelled(task)]
    )
    return Document(tuple(lines))


def in_labelled_brackets(tasks: Sequence[PlannedTask]) -> Document:
    lines = with_sections(
        tasks,
        lambda task: [
            f"({HAN[number_of(task) - 1]}) {task.title}：{task.text}",
            f"({'；'.join(labelled(task))})",
        ],
    )
    return Document(tuple(lines))


def broken_by_pages(tasks: Sequence[PlannedTask]) -> Document:
    """Each task broken in its last bracket, a page's number between the parts."""
    items: list[str] = []
    for line in in_brackets(tasks).items:
        assert isinstance(line, str)
        cut = line.rfind("（") + 3
        items += [line[:cut], "— 7 —", line[cut:]] if line.endswith("）") else [line]
    return Document(tuple(items))


HEADS = ("序号", "工作任务", "工作内容", "牵头单位", "责任单位", "配合单位", "完成时限")


def rows_of(tasks: Sequence[PlannedTask]) -> list[list[object]]:
    rows: list[list[object]] = [[TITLE, *[None] * 6], list(HEADS)]
    section = ""
    for task in tasks:
        if task.section != section:
            section = task.section
            rows.append([section, *[None] * 6])
        named = ["、".join(names) for names in (task.lead, task.responsible, task.assist)]
        rows.append([float(number_of(task)), task.title, task.text, *named, task.responsibility])
    return rows


def in_a_table(tasks: Sequence[PlannedTask]) -> Document:
    return Document((Grid("分工", rows_of(tasks), lettered=True),))


LAYOUTS = (in_brackets, in_labels, in_labelled_brackets, broken_by_pages, in_a_table)


@effort(max_examples=60)
@given(tasks=tasks_of_a_plan())
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_a_plan_printed_in_any_layout_reads_back(
    layout: Callable[[Sequence[PlannedTask]], Document], tasks: list[PlannedTask]
) -> None:
    back = plan.read(layout(tasks), WORDS)
    assert (back.title, back.report_year, back.not_understood) == (TITLE, YEAR, ())
    days = [tuple(due.on for due in task.due) for task in back.tasks]
    assert days == [(DAYS[task.responsibility],) if task.responsibility else () for task in tasks]
    bare = [replace(task, responsibility="", due=()) for task in back.tasks]
    assert bare == [replace(task, responsibility="") for task in tasks]


def written_docx(*items: str | list[list[str]]) -> bytes:
    document = docx.Document()
    for item in items:
        if isinstance(item, str):
            document.add_paragraph(item)
        else:
            table = document.add_table(rows=len(item), cols=len(item[0]))
            for row, cells in enumerate(item):
                for column, cell in enumerate(cells):
                    table.cell(row, column).text = cell
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def written_xlsx(rows: list[list[object]], merged: Sequence[str]) -> bytes:
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"default_date_format": "yyyy-mm-dd"}) as workbook:
        sheet = workbook.add_worksheet("分工")
        for reference in merged:
            sheet.merge_range(reference, "")
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if cell not in {None, ""}:
                    sheet.write(row, column, cell)
    return held.getvalue()


MERGED_ROWS: list[list[object]] = [
    [TITLE],
    ["序号", "任务", "具体内容", "牵头单位", "责任单位", "时限", "联络人"],
    ["一、公开", None],
    [1, "更新指南", "重写指南。", "省教育厅", "省财政厅", "6月底", "张某"],
    [None, None, "公布指南。", None, "各市（州）人民政府", dt.date(YEAR, 9, 1), ""],
    [2, "业务培训", "每年培训不少于2次。", "", "省财政厅（牵头）、省教育厅", "长期坚持", ""],
]


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """The demonstration's units and a folder for the year."""
    folder = tmp_path / "in"
    (folder / str(YEAR)).mkdir(parents=True)
    for name in ("units.csv", "settings.toml"):
        (folder / name).write_bytes((DEMONSTRATION / name).read_bytes())
    return folder


def options(inputs: Path) -> Options:
    return Options(inputs=inputs, outputs=inputs.parent / "out")


def test_a_workbooks_merged_cells_hold_for_every_row(inputs: Path) -> None:
    file = inputs / "plan.xlsx"
    file.write_bytes(written_xlsx(MERGED_ROWS, ["A3:G3", "A4:A5", "B4:B5", "D4:D5"]))
    read = read_plan(options(inputs), file).plan
    assert [(task.code, task.title, task.text) for task in read.tasks] == [
        ("1.1.1", "更新指南", "重写指南。"),
        ("1.1.2", "更新指南", "公布指南。"),
        ("1.2", "业务培训", "每年培训不少于2次。"),
    ]
    assert [(task.lead, task.responsible) for task in read.tasks] == [
        (("省教育厅",), ("省财政厅",)),
        (("省教育厅",), ("各市（州）人民政府",)),
        (("省财政厅",), ("省教育厅",)),
    ]
    assert [[due.on for due in task.due] for task in read.tasks] == [
        [dt.date(YEAR, 6, 30)],
        [dt.date(YEAR, 9, 1)],
        [None],
    ]
    assert read.tasks[0].note == "联络人：张某"
    assert read.not_understood == ()


def test_a_word_table_is_a_plan_and_the_paragraph_behind_it_is_the_closing_one(inputs: Path) -> None:
    rows = [["序号", "重点任务", "责任单位"], ["1", "公开目录。逐项核对栏目。", "省教育厅牵头，省税务局配合"]]
    file = inputs / "plan.docx"
    file.write_bytes(written_docx(TITLE, "一、公开", rows, "各地各部门要于5月30日前公布方案。"))
    read = read_plan(options(inputs), file).plan
    first, closing = read.tasks
    assert (first.code, first.section, first.title) == ("1.1", "一、公开", "公开目录")
    assert (first.lead, first.assist) == (("省教育厅",), ("省税务局",))
    assert (closing.code, closing.responsible) == ("0.1", ("各地各部门",))
    assert [due.on for due in closing.due] == [dt.date(YEAR, 5, 30)]
    assert read.not_understood == ()


NUMBERED = {
    "one_level": (["一、甲类。核对。（省教育厅负责）", "二、乙类。培训。（省财政厅负责）"], ["1", "2"]),
    "arabic_below_brackets": (
        ["一、类", "（一）组", "１．甲。核对。（省教育厅负责）", "2、乙。培训。（省财政厅负责）"],
        ["1.1.1", "1.1.2"],
    ),
    "decimal": (
        ["第一部分 类", "1.1 甲。核对。（省教育厅负责）", "1.2 乙。培训。（省财政厅负责）"],
        ["1.1", "1.2"],
    ),
    "items_are_text": (
        [
            "一、类",
            "（一）甲。要求：",
            "1. 核对。",
            "2. 公布。",
            "（省教育厅负责）",
            "（二）乙。培训。（省财政厅负责）",
        ],
        ["1.1", "1.2"],
    ),
    "firstly_secondly": (
        ["（一）甲", "一是核对。（省教育厅负责）", "二是培训。（省财政厅负责）"],
        ["1.1", "1.2"],
    ),
    "a_bracket_a_sentence": (["（一）甲。核对。（省教育厅负责）培训。（省财政厅负责）"], ["1.1", "1.2"]),
}


@pytest.mark.parametrize("case", NUMBERED)
def test_tasks_are_told_by_where_the_responsibilities_stand(case: str) -> None:
    lines, codes = NUMBERED[case]
    found = read(TITLE, *lines)
    assert [task.code for task in found.tasks] == codes
    assert [task.responsible for task in found.tasks] == [("省教育厅",), ("省财政厅",)]
    assert found.not_understood == ()


def test_numbered_items_of_a_task_are_kept_in_its_text() -> None:
    lines, _ = NUMBERED["items_are_text"]
    assert read(TITLE, *lines).tasks[0].text == "要求：\n1. 核对。\n2. 公布。"


def test_who_does_it_told_by_the_heading_above_holds_below_and_says_so() -> None:
    first, second = read(
        TITLE, "一、类（省教育厅牵头）", "（一）甲。核对。", "（二）乙。培训。（省财政厅负责）"
    ).tasks
    assert (first.lead, first.note) == (("省教育厅",), "责任单位取自上一级标题")
    assert (second.lead, second.responsible) == ((), ("省财政厅",))


def test_a_plan_numbered_by_word_itself_is_read_in_its_order_and_says_so() -> None:
    found = read(
        "2024年示例省政务公开",
        "工作任务分工方案",
        "甲类工作。核对。（省教育厅负责）",
        "乙类工作。培训。",
        "（省财政厅负责）",
    )
    assert (found.title, found.report_year) == ("2024年示例省政务公开工作任务分工方案", YEAR)
    assert [(task.code, task.title, task.responsible) for task in found.tasks] == [
        ("1", "甲类工作", ("省教育厅",)),
        ("2", "乙类工作", ("省财政厅",)),
    ]
    assert "没有编号（Word 的自动编号读不出来）" in whys(found)


def test_tasks_without_numbers_below_a_numbered_heading_are_its_own() -> None:
    found = read(TITLE, "一、公开", "甲。核对。（省教育厅负责）", "乙。培训。（省财政厅负责）")
    assert [(task.code, task.section, task.title) for task in found.tasks] == [
        ("1.1", "一、公开", "甲"),
        ("1.2", "一、公开", "乙"),
    ]


def test_a_bracket_broken_by_a_page_is_one_wherever_it_breaks() -> None:
    task = read(TITLE, "（一）甲。核对。（各县（市、区）", "12", "政府；", "省财政厅落实）").tasks[0]
    assert task.responsible == ("各县（市、区）政府", "省财政厅")
    assert task.text == "核对。"


def test_who_does_it_told_in_the_title_leaves_the_text_below_to_the_task() -> None:
    found = read(TITLE, "（一）甲（省教育厅牵头）", "核对。", "公布。", "（二）乙。（省财政厅负责）")
    assert (found.tasks[0].title, found.tasks[0].text, found.tasks[0].lead) == (
        "甲",
        "核对。\n公布。",
        ("省教育厅",),
    )
    assert found.not_understood == ()


def test_the_title_is_the_plans_not_the_letters_that_sends_it_round() -> None:
    found = read("2023年工作要点", "关于印发方案的通知", "现将方案印发给你们，请遵照执行。", TITLE, ONE_TASK)
    assert (found.title, found.report_year) == (TITLE, YEAR)
    letter = read("关于印发《2024年政务公开要点》的通知", "（示政办〔2024〕7号）", ONE_TASK)
    assert (letter.title, letter.document) == ("2024年政务公开要点", "示政办〔2024〕7号")


def test_a_form_of_figures_is_no_plan() -> None:
    form = Grid("第1张表", [["信息内容", "本年制发件数", "现行有效件数"], ["规章", "1", "2"]])
    assert not read(TITLE, form).tasks


# Who


ROLES = {
    "led_and_assisted": ("（省教育厅牵头，省财政厅、省税务局配合）", ["省教育厅"], [], ["省财政厅", "省税务局"]),
    "one_by_one": ("（省教育厅牵头、省财政厅协助）", ["省教育厅"], [], ["省财政厅"]),
    "waiting_for_help": ("（省教育厅，省财政厅配合）", [], ["省教育厅"], ["省财政厅"]),
    "names_alone": ("（省教育厅、省财政厅）", [], ["省教育厅", "省财政厅"], []),
    "with_another": ("（省教育厅会同省财政厅负责）", [], ["省教育厅", "省财政厅"], []),
    "joined_by_and": ("由省住房和城乡建设厅和省财政厅牵头", ["省住房和城乡建设厅", "省财政厅"], [], []),
    "role_behind_a_name": ("责任单位：省教育厅（牵头）、省财政厅", ["省教育厅"], ["省财政厅"], []),
    "labels_in_a_row": ("责任单位：省教育厅 省财政厅 配合单位：省税务局", [], ["省教育厅", "省财政厅"], ["省税务局"]),
    "half_width": ("(省教育厅牵头,省财政厅配合)", ["省教育厅"], [], ["省财政厅"]),
    "groups": ("各市、县（区）人民政府，省直各部门、各直属机构落实", [], ["各市人民政府", "各县（区）人民政府", "省直各部门", "省直各直属机构"], []),
}  # fmt: skip


@pytest.mark.parametrize("case", ROLES)
def test_roles_are_told_by_the_words_around_names(case: str) -> None:
    text, lead, responsible, assist = ROLES[case]
    told = roles_of(text, KNOWN)
    assert (told.lead, told.responsible, told.assist) == (lead, responsible, assist)
    assert told.doubts == []


@pytest.mark.parametrize(
    "text", ["（以下简称《条例》）", "（室）", "（2018）", "（省直部门除外）", "（市、区）"]
)
def test_a_bracket_that_names_nobody_tells_no_role(text: str) -> None:
    assert not tells_roles(text, KNOWN)


# When


ON_DAYS = {
    "9月底前完成改版": ["2024-09-30"],
    "９月３０日前完成改版": ["2024-09-30"],
    "十二月三十一日之前完成": ["2024-12-31"],
    "2025年1月31日前公布": ["2025-01-31"],
    "明年2月底前公布": ["2025-02-28"],
    "6月底、12月底前各报送一次": ["2024-06-30", "2024-12-31"],
    "到年底，实现全部公开": ["2024-12-31"],
    "力争年内建成": ["2024-12-31"],
    "第三季度完成梳理": ["2024-09-30"],
    "每季度末前公开一次": ["2024-03-31", "2024-06-30", "2024-09-30", "2024-12-31"],
    "应当第一时间公布": ["None"],
    "要按照法定时限公布": ["None"],
    "三年内建成": [],
    "历年内容重复的要整改": [],
    "落实于3月20日公布的办法": [],
    "9月底前后天气转凉": [],
}


@pytest.mark.parametrize("text", ON_DAYS, ids=[f"day_{at}" for at in range(len(ON_DAYS))])
def test_days_in_words_are_dates(text: str) -> None:
    assert [str(due.on) for due in dues_of(text, KNOWN, YEAR).dues] == ON_DAYS[text]


@given(month=st.integers(1, 12), day=st.integers(1, 31))
def test_every_day_of_the_year_is_read_and_no_other(month: int, day: int) -> None:
    days = dues_of(f"{month}月{day}日前公布", KNOWN, YEAR)
    try:
        assert [due.on for due in days.dues] == [dt.date(YEAR, month, day)]
        assert days.doubts == []
    except ValueError:
        assert [due.on for due in days.dues] == [None]
        assert days.doubts == [(f"{month}月{day}日前公布", "日历上没有这一天")]


WORDED = {
    "各单位重写指南，补齐附图，9月底前完成": ("重写指南，补齐附图", "各单位重写指南，补齐附图，9月底前完成"),
    "年底前，完成全部改版": ("完成全部改版", "年底前，完成全部改版"),
    "网站改版工作要于9月底前完成": ("网站改版完成", "网站改版工作要于9月底前完成"),
    "并将方案于5月30日前在网站公布": ("方案在网站公布", "将方案于5月30日前在网站公布"),
    "各地各部门每季度要移交一次": ("移交一次", "各地各部门每季度要移交一次"),
}


@pytest.mark.parametrize("text", WORDED, ids=[f"words_{at}" for at in range(len(WORDED))])
def test_what_is_due_is_said_without_its_day(text: str) -> None:
    due = dues_of(text, KNOWN, YEAR).dues[0]
    assert (due.what, due.verbatim) == WORDED[text]


DOUBTED = {
    "月底前完成": "像是时限，但读不出是哪一天",
    "每季度首月10日前报送": "像是时限，但读不出是哪一天",
    "2023年底前完成": "时限的年份早于方案的年度",
}


@pytest.mark.parametrize("text", DOUBTED, ids=[f"doubt_{at}" for at in range(len(DOUBTED))])
def test_what_looks_like_a_deadline_is_never_dropped(text: str) -> None:
    assert dues_of(text, KNOWN, YEAR).doubts == [(text, DOUBTED[text])]


def test_a_label_of_deadlines_takes_days_without_more_words() -> None:
    said = {"2024-09-30": "2024-09-30", "2024.9.30": "2024-09-30", "9月": "2024-09-30", "长期": "None"}
    for text, day in said.items():
        days = labelled_dues(text, "公布", KNOWN, YEAR)
        assert ([str(due.on) for due in days.dues], days.doubts) == ([day], [])
    assert labelled_dues("按计划", "公布", KNOWN, YEAR).doubts


def test_without_a_year_no_date_is_made_up() -> None:
    found = read("示例省任务分工方案", "（一）甲。9月底前完成。（省教育厅负责）")
    assert found.tasks[0].due[0].on is None
    assert "没有写明是哪一年的方案" in whys(found)
    assert "方案没有写明是哪一年的，算不出日期" in whys(found)
    assert plan.read(Document(("方案", "（一）甲。9月底前完成。（省教育厅负责）")), WORDS, YEAR).tasks[0].due[
        0
    ].on == dt.date(YEAR, 9, 30)


FIGURES = {
    "比重不低于百分之四": ("at_least", "4", "%"),
    "培训不少于２次": ("at_least", "2", "次"),
    "控制在15个工作日以内": ("at_most", "15", "个工作日"),
    "公开率90.5％以上": ("at_least", "90.5", "%"),
}


@pytest.mark.parametrize("text", FIGURES, ids=[f"figure_{at}" for at in range(len(FIGURES))])
def test_figures_that_can_be_checked(text: str) -> None:
    assert [(one.relation, str(one.number), one.unit) for one in targets_of(text, KNOWN)] == [FIGURES[text]]


# Whom


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry(DEMONSTRATION)


MEANT = {
    "各市〔州〕政府": "甲山市人民政府 乙水市人民政府",
    "全省各市（州）人民政府": "甲山市人民政府 乙水市人民政府",
    "各县（市、区）政府": "东示县人民政府 南示县人民政府",
    "省政府各单位": "示例省古籍保护中心",
    "省直各部门": "示例省人民政府办公厅 示例省教育厅 示例省财政厅 示例省生态环境厅",
    "各乡镇（街道）": "东示县示禾镇人民政府",
    "甲山市各县（市、区）": "东示县人民政府",
    "东示县各部门": "东示县人民政府办公室 东示县自然资源局",
    "各县政府办公室": "东示县人民政府办公室 南示县人民政府办公室",
    "省财政厅": "示例省财政厅",
    "财政厅": "示例省财政厅",
    "省政府": "示例省人民政府",
    "省政府办公厅": "示例省人民政府办公厅",
    "东示县政府": "东示县人民政府",
    "县人民政府办公室": "",
    "示例厅": "",
}


@pytest.mark.parametrize("name", MEANT, ids=[f"name_{at}" for at in range(len(MEANT))])
def test_names_mean_registered_units(name: str, registry: Registry) -> None:
    assert [unit.name for unit in units_of(name, registry, WORDS)] == MEANT[name].split()


def test_everybody_is_everybody(registry: Registry) -> None:
    assert units_of("各地各部门", registry, WORDS) == registry.units


COUNTY = Registry(
    (
        Unit("东示县人民政府", "1", kind="government", level="county"),
        Unit("东示县财政局", "2", kind="department", level="county", parent="1"),
        Unit("东示县古籍馆", "3", kind="institution", level="county", parent="1"),
        Unit("示禾镇人民政府", "4", kind="township", level="township", parent="1"),
    )
)
OF_THE_COUNTY = {
    "县政府各部门": "东示县财政局",
    "县直各部门、各单位": "东示县财政局 东示县古籍馆",
    "各乡镇": "示禾镇人民政府",
    "县财政局": "东示县财政局",
    "县政府": "东示县人民政府",
    "各市政府": "",
}


@pytest.mark.parametrize("name", OF_THE_COUNTY, ids=[f"name_{at}" for at in range(len(OF_THE_COUNTY))])
def test_the_places_own_level_says_whose_departments_are_meant(name: str) -> None:
    assert [unit.name for unit in units_of(name, COUNTY, WORDS)] == OF_THE_COUNTY[name].split()


def test_a_city_that_is_a_county_speaks_of_itself_as_a_city() -> None:
    city = Registry(
        (
            Unit("丙木市人民政府", "1", kind="government", level="county"),
            Unit("丙木市财政局", "2", kind="department", level="county", parent="1"),
        )
    )
    for name in ("市政府各部门", "丙木市各部门", "市财政局", "财政局"):
        assert [unit.name for unit in units_of(name, city, WORDS)] == ["丙木市财政局"]


def test_a_name_that_two_units_share_means_neither() -> None:
    twice = Registry(
        (
            Unit("示例省人民政府", "1", kind="government", level="province"),
            Unit("示例省文化厅", "2", kind="department", level="province"),
            Unit("旅游局", "3", ("文化厅",), "department", "province"),
        )
    )
    assert units_of("省文化厅", twice, WORDS) == ()
    assert [unit.name for unit in units_of("文化厅", twice, WORDS)] == ["旅游局"]


def test_a_name_that_means_nobody_says_why(registry: Registry) -> None:
    meant, nobody = expand(["省教育局", "县人民政府办公室", "省直有关部门", "省财政厅"], registry, WORDS)
    assert [unit.name for unit in meant["省财政厅"]] == ["示例省财政厅"]
    assert nobody["省教育局"] == "units.csv 里没有这个单位，是否应为“示例省教育厅”？"
    assert "分不清是哪一个" in nobody["县人民政府办公室"]
    assert "东示县人民政府办公室" in nobody["县人民政府办公室"]
    assert nobody["省直有关部门"].startswith("没有指明是哪些单位")
    assert set(nobody) == {"省教育局", "县人民政府办公室", "省直有关部门"}


# What is not understood


LISTED = {
    "nobody_at_all": (["（一）甲。核对。", "（二）乙。培训。"], "整份方案没有写明责任单位"),
    "nobody_for_one": (["（一）甲。核对。", "（二）乙。培训。（省财政厅负责）"], "没有写明责任单位"),
    "a_jump": (["（一）甲。（省教育厅负责）", "（三）乙。（省财政厅负责）"], "编号不连续：这一项编号是 3，前一项编号是 1"),
    "a_code_twice": (["（一）甲。（省教育厅负责）", "（一）乙。（省财政厅负责）"], "编号 1 出现了 2 次，这一项改记为 1-2"),
    "two_leads": (
        ["每项任务一个牵头单位。", "（一）甲。（省教育厅、省财政厅牵头）"],
        "文件说每项任务一个牵头单位，这里有2个：省教育厅、省财政厅",
    ),
    "loose_text": (
        ["（一）甲。核对。（省教育厅负责）补充说明。", "（二）乙。（省财政厅负责）"],
        "写明责任单位的文字后面还有一段，没有写明责任单位，已并入这项任务的内容",
    ),
    "an_introduction": (
        ["一、主动公开", "各单位要制定方案。", "（一）甲。核对。（省教育厅负责）", "（二）乙。（省财政厅负责）"],
        "标题和第一项任务之间的文字，没有作为任务；里面的时限、指标或要求没有分给任何单位",
    ),
    "prose": (["各单位于9月底前完成。"], "没有读出任务：没有编号的段落，也没有认出表头的表"),
    "a_long_line": (["（一）" + "甲，" * 20_000], "这一段超过 20000 字，没有拆读"),
}  # fmt: skip


@pytest.mark.parametrize("case", LISTED)
def test_what_fits_nowhere_is_listed(case: str) -> None:
    lines, why = LISTED[case]
    assert why in whys(read(TITLE, *lines)).split("\n")


def test_a_table_without_a_head_is_listed_whole() -> None:
    found = read(TITLE, Grid("第1张表", [["甲", "乙"], ["丙", "丁"]]))
    assert ("甲 乙\n丙 丁", "第1张表") in [(one.text, one.where) for one in found.not_understood]


signs = st.text(alphabet="一二、。（）〔〕(1.，；：牵头负责省厅9月底前\n 各每季度%", max_size=60)
cells = st.one_of(st.none(), st.sampled_from(HEADS), signs, st.floats(allow_nan=False), st.dates())


@effort(max_examples=150)
@given(lines=st.lists(signs, max_size=12), rows=st.lists(st.lists(cells, max_size=8), max_size=8))
def test_whatever_stands_in_a_document_is_read_without_a_fault(
    lines: list[str], rows: list[list[object]]
) -> None:
    items = [line.strip() for text in lines for line in text.splitlines() if line.strip()]
    found = read(*items, Grid("第1张表", rows))
    assert found.tasks or found.not_understood
    assert len({task.code for task in found.tasks}) == len(found.tasks)


# The year's own plan


def put(inputs: Path, name: str, *lines: str) -> Path:
    file = inputs / str(YEAR) / name
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_the_years_plan_is_found_in_its_folder(inputs: Path) -> None:
    place = open_place(options(inputs))
    assert plan_of(place) is None
    put(inputs, "plan.txt", TITLE, ONE_TASK)
    found = plan_of(place)
    assert found is not None
    assert found.tasks[0].lead == ("省教育厅",)


def test_two_plans_another_years_and_an_unreadable_one_are_named(inputs: Path) -> None:
    place = open_place(options(inputs))
    put(inputs, "plan.txt", TITLE.replace("2024", "2023"), ONE_TASK)
    with pytest.raises(InputError, match=r"plan\.txt 是 2023 年的任务分工方案.*不是 2024 年的"):
        plan_of(place)
    (inputs / str(YEAR) / "plan.docx").write_bytes(written_docx(TITLE, ONE_TASK))
    with pytest.raises(InputError, match=r"2 份任务分工方案：plan\.docx、plan\.txt；请只留一份"):
        plan_of(place)
    (inputs / str(YEAR) / "plan.txt").unlink()
    (inputs / str(YEAR) / "plan.docx").write_bytes(b"")
    with pytest.raises(InputError, match=r"plan\.docx：文件是空的"):
        plan_of(place)


# The command


def test_plan_lists_tasks_doubts_unknown_names_and_where_it_is_written(
    inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(inputs, "plan.txt", TITLE.replace("2024", "2023"), ONE_TASK)
    out = inputs.parent / "out"
    assert main(["plan", str(file), "--inputs", str(inputs), "--outputs", str(out)]) == 0
    said = capsys.readouterr().out
    for words in (
        "1 公开目录",
        "    牵头：省教育厅",
        "    配合：省教育局（名册中没有）、各市政府（2 个单位）",
        "    时限：2023-09-30 完成核对",
        "方案是 2023 年的，放在 2024 文件夹里；按 2023 年读取",
        "“省教育局”（任务 1）：units.csv 里没有这个单位，是否应为“示例省教育厅”？",
        f"任务台账已写入 {out / '2023' / '汇总' / '任务台账.xlsx'}",
        f"{inputs / '2023'} 里没有方案；请把这一份放进去，文件名改为 plan.txt",
    ):
        assert words in said


def test_plan_as_json_is_the_contracts_ledger(inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = put(inputs, "plan.txt", TITLE, "（示政办〔2024〕7号）", ONE_TASK)
    assert main(["plan", str(file), "--json", "--inputs", str(inputs), "--outputs", str(inputs / "out")]) == 0
    ledger = json.loads(capsys.readouterr().out)
    assert (ledger["title"], ledger["document"], ledger["report_year"]) == (TITLE, "示政办〔2024〕7号", YEAR)
    (task,) = ledger["tasks"]
    assert task["due"] == [{"on": "2024-09-30", "what": "完成核对", "verbatim": "9月底前完成核对"}]
    assert task["units"]["各市政府"] == ["甲山市人民政府", "乙水市人民政府"]
    assert task["units"]["省教育局"] == []
    assert ledger["unmatched"][0]["text"] == "省教育局"


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", BLOCKED), (b"\x00\x01\x02" * 99, BLOCKED), ("没有任务".encode(), BLOCKED), (None, CANNOT_RUN)],
    ids=["empty", "binary", "no_task", "no_file"],
)
def test_a_file_that_is_no_plan_is_named(
    content: bytes | None, status: int, inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = inputs / "plan.txt"
    if content is not None:
        file.write_bytes(content)
    assert main(["plan", str(file), "--inputs", str(inputs), "--outputs", str(inputs / "out")]) == status
    said = capsys.readouterr()
    assert said.out or said.err


# Broken words


SLIPS = {
    "key": ("longest_name = 30", "longest_nam = 30", "没有“longest_nam”这一项，是否应为“longest_name”？"),
    "empty": ('lead = ["牵头"]', 'lead = [""]', "列表里有一项是空的；请删去或写上文字"),
    "level": ('"州" = "city"', '"州" = "cities"', "signs“州”的级别“cities”没有定义，是否应为“city”？"),
    "kind": ('kinds = ["institution"]', 'kinds = ["institutions"]', "没有定义，是否应为“institution”？"),
    "day": ('on = "{month}-end"', 'on = "{month}"', "when 的 on 是“{month}”，应写作月-日"),
    "hole": ('"{month}月底"', '"{mouth}月底"', "when.days 里的 {mouth} 没有内容可填，是否应为“month”？"),
    "column": ("note = [", "notes = [", "columns 中的“notes”没有定义，是否应为“note”？"),
}


@pytest.mark.parametrize("case", SLIPS)
def test_a_slip_in_the_plans_words_is_named(case: str, tmp_path: Path) -> None:
    right, wrong, words = SLIPS[case]
    text = (HERE / "plan.toml").read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "plan.toml").write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(SpecError) as fault:
        load_spec(tmp_path)
    assert str(fault.value).startswith("plan.toml：")
    assert words in str(fault.value)


def test_a_word_more_is_understood(tmp_path: Path, spec: Spec) -> None:
    sentence = "9月底前完成。（省教育厅挂帅）"
    assert not roles_of(sentence[-8:], KNOWN).lead
    text = (HERE / "plan.toml").read_text(encoding="utf-8")
    more = text.replace('lead = ["牵头"]', 'lead = ["牵头", "挂帅"]').replace(
        'verbs = ["牵头"', 'verbs = ["挂帅", "牵头"'
    )
    (tmp_path / "plan.toml").write_text(more, encoding="utf-8")
    words: PlanWords = load_spec(tmp_path).plan
    assert roles_of(sentence[-8:], vocabulary(words)).lead == ["省教育厅"]
    assert words is not spec.plan
