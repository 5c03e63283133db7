"""Every product of one report, and the proof that all of them say the same numbers.

After rendering, the Word, PDF and HTML just made are read back by the readers that stand behind `read`, and
every statutory cell is held against facts.json: a report whose products differ is not handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from report_builder import archive, charts, facts, fonts
from report_builder.errors import OutputError
from report_builder.figures import figure
from report_builder.model import Chart, Draft, Heading, Notice, Paragraph, PlainTable, Return, StatutoryTable
from report_builder.render import ENGINES, Pdf, PdfUnavailable, csv, docx, html
from report_builder.render.typesetter import Setter, here
from report_builder.spec import Format, Spec

_INSTEAD = "本机没有 WeasyPrint 所需的 Pango，PDF 改由 Typst 排版"
NAMES: Mapping[str, str] = {"docx": "年度报告.docx", "pdf": "年度报告.pdf", "html": "年度报告.html"}


Rendered = tuple[dict[str, bytes], tuple[str, ...]]
"""The files of one report by name, and what a clerk should know of them (missing characters, no PDF)."""


@dataclass(frozen=True, slots=True)
class _Manuscript:
    """What a report's files are made from."""

    draft: Draft
    fmt: Format
    svgs: Mapping[str, str]
    fonts: fonts.FontSet


def begun(  # noqa: PLR0913 - engine and setter are the PDF's alone
    draft: Draft,
    printed: Return,
    fmt: Format,
    spec: Spec,
    formats: Collection[str],
    *,
    engine: str = ENGINES[0],
    setter: Setter = here,
) -> Callable[[], Rendered]:
    """A report whose PDF has been asked for: ``engine`` sets it, and ``setter`` is whoever runs WeasyPrint.

    Called, the result makes all the rest, waits for the PDF, and proves the whole.

    Raises:
        OutputError (when called): a product read back differs from the facts; the cell and both values are named.
    """
    found = fonts.find()
    svgs = {chart.name: charts.svg(chart, found) for chart in _charts(draft)}
    one = _Manuscript(draft, fmt, svgs, found)
    pdf = _pdf_begun(one, engine, setter) if "pdf" in formats else None

    def finished() -> Rendered:
        files, notes = _files(one, formats), list(_font_notes(draft, one.fonts))
        _prove(files, draft, spec)
        if pdf is not None:
            from report_builder.readers import pdf as _  # noqa: F401, PLC0415 - while the PDF is still being set

            made, said = _pdf(pdf)
            _prove(made, draft, spec)
            files |= made
            notes += said
        if "csv" in formats:
            files["tables.csv"] = csv.write(printed, fmt)
        if "json" in formats:
            files["facts.json"] = facts.dumped(facts.as_facts(printed, fmt)).encode()
        return files, tuple(notes)

    return finished


def _charts(draft: Draft) -> list[Chart]:
    return [block for block in draft.blocks if isinstance(block, Chart)]


def _files(one: _Manuscript, formats: Collection[str]) -> dict[str, bytes]:
    """The files that are set by nobody but us: pictures, Word, the page."""
    files = {f"charts/{name}.svg": text.encode() for name, text in one.svgs.items()}
    if "docx" in formats:
        from report_builder.charts import dots  # noqa: PLC0415 - matplotlib takes a quarter of a second to import

        pngs = {chart.name: dots.png(chart, one.fonts) for chart in _charts(one.draft)}
        files[NAMES["docx"]] = docx.write(one.draft, one.fmt, pngs)
    if "html" in formats:
        files[NAMES["html"]] = html.web(one.draft, one.fmt, one.svgs).encode()
    return files


def _font_notes(draft: Draft, found: fonts.FontSet) -> Iterator[str]:
    shortage = fonts.shortage(found)
    if shortage:
        yield shortage
    missing = fonts.missing_characters("".join(_words(draft)), found)
    if missing:
        yield f"现有字体没有这些字，PDF 中会显示为空框：{'、'.join(missing)}"


def _words(draft: Draft) -> Iterator[str]:
    for block in draft.blocks:
        match block:
            case Heading() | Paragraph() | Notice():
                yield block.text
            case StatutoryTable():
                yield from block.printed.values()
            case PlainTable():
                yield from (text for row in block.rows for text in row)
            case Chart():
                yield block.alt


_Set = tuple[Pdf, list[str]]


def _pdf(setting: Callable[[], _Set]) -> tuple[dict[str, bytes], list[str]]:
    """The PDF, or a note where this machine cannot make one: the Word file is delivered all the same."""
    try:
        written, said = setting()
    except PdfUnavailable as fault:
        return {}, [str(fault)]
    return {NAMES["pdf"]: written.data}, [
        *said,
        *(f"PDF 排版提示：{warning}" for warning in written.warnings),
    ]


def _pdf_begun(one: _Manuscript, engine: str, setter: Setter) -> Callable[[], _Set]:
    """The PDF by the engine asked for; where Pango is missing Typst takes WeasyPrint's place, which is said."""
    if engine == "typst":
        return lambda: (_by_typst(one), [])
    setting = setter(html.printed(one.draft, one.fmt, one.svgs), one.draft, one.fonts)

    def finished() -> _Set:
        try:
            return setting(), []
        except PdfUnavailable as fault:
            try:
                return _by_typst(one), [_INSTEAD]
            except PdfUnavailable:
                raise fault from None

    return finished


def _by_typst(one: _Manuscript) -> Pdf:
    from report_builder.render import typst  # noqa: PLC0415 - only where it is asked for or needed

    return typst.write(one.draft, one.fmt, one.svgs, one.fonts)


def _prove(files: Mapping[str, bytes], draft: Draft, spec: Spec) -> None:
    expected = {
        key: text
        for block in draft.blocks
        if isinstance(block, StatutoryTable)
        for key, text in block.printed.items()
    }
    for name in NAMES.values():
        if name in files:
            back = archive.from_document(archive.document(files[name]), name, spec)
            for difference in _differences(expected, back):
                raise OutputError(
                    f"{name} 读回核对不符：{difference}；本单位的报告没有写出，请把输入交给维护人员"
                )


def _differences(expected: Mapping[str, str], back: Return) -> Iterator[str]:
    for key, text in expected.items():
        held = back.cells.get(key)
        said = figure(text, "")
        if held is None:
            yield f"{key} 应为“{text}”，没有读到"
        elif held.number != said.number or (said.number is None and held.text != said.text):
            yield f"{key} 应为“{text}”，读到“{held.text}”（{held.source}）"
