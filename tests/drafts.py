"""Drafts of a fictional unit with every kind of block, and both ways to set them, for the tests of the page and the PDF."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from report_builder import fonts
from report_builder.model import Block, Chart, Draft, Heading, Notice, Paragraph, PlainTable, StatutoryTable
from report_builder.render import Pdf, html, pdf, typst
from report_builder.spec import Format, load_spec

SPEC = load_spec()
FONTS = fonts.find()

UNIT = "示例市住房和城乡建设局"
TEXT = (
    "全年更新公开目录两次，清理过期文件三十一件，逐件注明效力；网上申请入口改版后，从提交到登记平均用时由四十分钟降到"
    "十二分钟，答复前一律由法制机构复核。“依申请公开”专栏设在首页，电话0000-1234567有专人值守，工作日9时至17时接听。"
)
SVG = (
    '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="400" height="120" viewBox="0 0 400 120">'
    '<defs><linearGradient id="shade"><stop offset="0" stop-color="#333"/></linearGradient></defs>'
    '<rect width="400" height="120" fill="#fff"/><rect x="90" y="20" width="200" height="30" fill="url(#shade)"/>'
    '<text x="10" y="40" font-size="14">图中文字</text><use href="#shade"/></svg>'
)
CHARTS = (
    Chart("results", "bars", "办理结果", "件", ("甲", "乙"), (("", (2, 1)),), "办理结果。甲：2件；乙：1件。"),
    Chart("years", "years", "历年收办", "件", ("甲", "乙"), (("", (2, 1)),), "历年收办。甲：2件；乙：1件。"),
)
PICTURES = {chart.name: SVG for chart in CHARTS}
NOTICE = Notice("征求意见稿（未经更正）：数据待核")
TASKS = PlainTable(
    "任务完成情况表",
    ("任务", "承担方式", "措施和进展", "完成情况"),
    tuple((f"{at}.1 公开目录", "牵头", f"措施：{TEXT}\n进展：已更新。", "已完成") for at in range(1, 7)),
    (26, 11, 45, 18),
)


def figures(fmt: Format, text: str = "7") -> dict[str, str]:
    """The same printed text for every cell."""
    return dict.fromkeys(fmt.slots, text)


def body(fmt: Format, printed: Mapping[str, str], filler: int = 3) -> list[Block]:
    """The six sections: headings of all levels, ``filler`` paragraphs, the tables, two pictures, a plain table."""
    blocks: list[Block] = []
    for section in fmt.sections:
        blocks.append(Heading(1, section.title))
        if section.number == 1:
            blocks += [Heading(2, "（一）主动公开"), Heading(3, "1.规范目录"), Heading(4, "（1）清理旧文件")]
            blocks += [Paragraph(TEXT)] * filler
        blocks += [
            StatutoryTable(table.key, printed) for table in fmt.tables if table.section == section.number
        ]
        if section.number == 3:
            blocks += CHARTS
    return [*blocks, Paragraph("不涉及。"), TASKS]


def draft(fmt: Format, blocks: Sequence[Block], published_on: dt.date | None = dt.date(2032, 1, 20)) -> Draft:
    """A draft whose title has the format's own wording; its year is the first the format governs."""
    year = fmt.first_report_year
    title = fmt.report_title.replace("{unit}", UNIT).replace("{year}", str(year))
    return Draft(UNIT, year, fmt.id, title, (Heading(0, title), *blocks), published_on)


def full(fmt: Format, text: str = "7", filler: int = 3) -> Draft:
    """A draft with every kind of block."""
    return draft(fmt, [NOTICE, *body(fmt, figures(fmt, text), filler)])


Engine = Callable[[Draft], Pdf]


def by_weasyprint(one: Draft) -> Pdf:
    """The draft as WeasyPrint sets it."""
    return pdf.write(html.printed(one, governing(one), PICTURES), one, FONTS)


def by_typst(one: Draft) -> Pdf:
    """The draft as Typst sets it."""
    return typst.write(one, governing(one), PICTURES, FONTS)


def governing(one: Draft) -> Format:
    """The format of a draft."""
    fmt = SPEC.format(one.format_id)
    assert fmt is not None
    return fmt


ENGINES = {"weasyprint": by_weasyprint, "typst": by_typst}
