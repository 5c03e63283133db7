"""What others would write for the same report: run by the rivals' own environment, kept plain.

``rivals.py NAME FOLDER`` prepares itself from FOLDER/content.json; then, for every line on standard input, it runs
once and prints the seconds that took. ``rivals.py script FOLDER`` runs the whole script once, imports and all.
"""

from __future__ import annotations

import base64
import html
import io
import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Content = dict[str, Any]
Run = Callable[[], object]


def content_of(folder: Path) -> Content:
    """The report's content as the bench laid it out."""
    loaded: Content = json.loads((folder / "content.json").read_text(encoding="utf-8"))
    return loaded


def charts_of(content: Content) -> list[Content]:
    """The charts among the blocks."""
    return [block for block in content["blocks"] if block["kind"] == "chart"]


# --- pyplot ---------------------------------------------------------------------------------------------------


def pyplot_fonts(content: Content) -> None:
    """Makes the Chinese faces known to matplotlib."""
    from matplotlib import font_manager
    from matplotlib import pyplot as plt

    for file in content["fonts"]:
        font_manager.fontManager.addfont(file)
    names = [entry.name for entry in font_manager.fontManager.ttflist[-len(content["fonts"]) :]]
    plt.rcParams.update({"font.family": names, "font.size": 10.5, "axes.unicode_minus": False})


def pyplot_picture(chart: Content) -> bytes:
    """One chart by pyplot, at the size and resolution of ours."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(150 / 25.4, 70 / 25.4), dpi=200)
    _PLOTS[chart["shape"]](axes, chart)
    axes.set_title(chart["title"])
    if len(chart["series"]) > 1:
        axes.legend()
    figure.tight_layout()
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    plt.close(figure)
    return stream.getvalue()


def _bars(axes: Any, chart: Content) -> None:  # noqa: ANN401 - matplotlib's own
    axes.bar_label(axes.barh(chart["categories"], chart["series"][0][1]))


def _years(axes: Any, chart: Content) -> None:  # noqa: ANN401
    wide = 0.8 / len(chart["series"])
    for at, (name, values) in enumerate(chart["series"]):
        places = [group + at * wide for group in range(len(values))]
        axes.bar_label(axes.bar(places, values, wide, label=name))
    axes.set_xticks(range(len(chart["categories"])), chart["categories"])


def _stacked(axes: Any, chart: Content) -> None:  # noqa: ANN401
    left = [0.0] * len(chart["categories"])
    for name, values in chart["series"]:
        axes.bar_label(axes.barh(chart["categories"], values, left=left, label=name), label_type="center")
        left = [before + value for before, value in zip(left, values, strict=True)]


_PLOTS = {"bars": _bars, "years": _years, "stacked": _stacked}


def pyplot(folder: Path) -> Run:
    """Every chart of the report, pyplot's usual way."""
    content = content_of(folder)
    pyplot_fonts(content)
    return lambda: [pyplot_picture(chart) for chart in charts_of(content)]


# --- docxtpl --------------------------------------------------------------------------------------------------


def template(content: Content, path: Path) -> None:
    """The Word template somebody would prepare once: a tag for every text, a row loop for every table."""
    import docx

    document = docx.Document()
    for at, block in enumerate(content["blocks"]):
        if block["kind"] == "table":
            _table_template(document, at, block["columns"])
        elif block["kind"] == "heading":
            document.add_heading(f"{{{{ blocks[{at}].text }}}}", block["level"])
        else:
            document.add_paragraph(
                f"{{{{ blocks[{at}].{'image' if block['kind'] == 'chart' else 'text'} }}}}"
            )
    document.save(str(path))


def _table_template(document: Any, at: int, columns: int) -> None:  # noqa: ANN401 - python-docx's own
    table = document.add_table(3, columns, style="Table Grid")
    table.rows[0].cells[0].text = f"{{%tr for row in blocks[{at}].lines %}}"
    for column, cell in enumerate(table.rows[1].cells):
        cell.text = f"{{{{ row[{column}] }}}}"
    table.rows[2].cells[0].text = "{%tr endfor %}"


def lines_of(block: Content) -> list[list[str]]:
    """A table's texts row by row; a merged cell's other places are empty."""
    lines = [[""] * block["columns"] for _ in range(block["rows"])]
    for row, column, _, _, text in block["cells"]:
        lines[row][column] = text
    return lines


def word_document(content: Content, path: Path, pictures: Iterable[bytes]) -> bytes:
    """One report by docxtpl, from the template on the disk."""
    from docx.shared import Mm
    from docxtpl import DocxTemplate, InlineImage  # type: ignore[import-not-found]

    prepared = DocxTemplate(str(path))
    shown = iter(pictures)
    blocks = []
    for block in content["blocks"]:
        if block["kind"] == "table":
            blocks.append({"lines": lines_of(block)})
        elif block["kind"] == "chart":
            blocks.append({"image": InlineImage(prepared, io.BytesIO(next(shown)), width=Mm(150))})
        else:
            blocks.append({"text": block["text"]})
    prepared.render({"blocks": blocks}, autoescape=True)
    stream = io.BytesIO()
    prepared.save(stream)
    return stream.getvalue()


def docxtpl(folder: Path) -> Run:
    """The Word file by docxtpl; template and pictures are there already."""
    content = content_of(folder)
    pyplot_fonts(content)
    pictures = [pyplot_picture(chart) for chart in charts_of(content)]
    path = folder / "template.docx"
    template(content, path)
    return lambda: word_document(content, path, pictures)


# --- WeasyPrint -----------------------------------------------------------------------------------------------

_CSS = """@page {{ size: A4; margin: 37mm 26mm 35mm 28mm; @bottom-center {{ content: counter(page) }} }}
body {{ font: 16pt/29pt {families}; text-align: justify }} p {{ text-indent: 2em; margin: 0 }}
h1 {{ font-size: 22pt; text-align: center }} h2, h3, h4 {{ font-size: 16pt }}
table {{ border-collapse: collapse; width: 100%; font-size: 9pt; line-height: 1.3 }}
td {{ border: 1px solid black; padding: 1pt 2pt }} img {{ width: 150mm }}"""


def page(content: Content, pictures: Iterable[bytes]) -> str:
    """The same content as a page, as anybody would write it: collapsed borders, PNG pictures."""
    shown = iter(pictures)
    parts = []
    for block in content["blocks"]:
        if block["kind"] == "table":
            parts.append(_page_table(block))
        elif block["kind"] == "chart":
            parts.append(f'<img src="data:image/png;base64,{base64.b64encode(next(shown)).decode()}">')
        else:
            tag = f"h{block['level'] + 1}" if block["kind"] == "heading" else "p"
            parts.append(f"<{tag}>{html.escape(block['text'])}</{tag}>")
    families = ", ".join(f"'{name}'" for name in content["families"])
    return f'<html lang="zh-CN"><style>{_CSS.format(families=families)}</style>{"".join(parts)}</html>'


def _page_table(block: Content) -> str:
    rows: dict[int, list[str]] = {}
    for row, _, row_span, column_span, text in block["cells"]:
        cell = f'<td rowspan="{row_span}" colspan="{column_span}">{html.escape(text)}</td>'
        rows.setdefault(row, []).append(cell)
    return "<table>" + "".join(f"<tr>{''.join(cells)}</tr>" for cells in rows.values()) + "</table>"


def weasyprint(folder: Path) -> Run:
    """The PDF by plain WeasyPrint; the page and its pictures are there already."""
    from weasyprint import HTML

    content = content_of(folder)
    pyplot_fonts(content)
    text = page(content, [pyplot_picture(chart) for chart in charts_of(content)])
    return lambda: HTML(string=text).write_pdf()


# --- the whole script -----------------------------------------------------------------------------------------


def script(folder: Path) -> None:
    """What somebody runs for one unit: read the workbook, draw, write Word, write PDF."""
    import pandas as pd
    from weasyprint import HTML

    content = content_of(folder)
    pd.read_excel(content["workbook"], sheet_name=None, header=None)
    pyplot_fonts(content)
    pictures = [pyplot_picture(chart) for chart in charts_of(content)]
    (folder / "script.docx").write_bytes(word_document(content, folder / "template.docx", pictures))
    HTML(string=page(content, pictures)).write_pdf(folder / "script.pdf")


_RIVALS = {"pyplot": pyplot, "docxtpl": docxtpl, "weasyprint": weasyprint}


def main(arguments: list[str]) -> None:
    """Serves one rival until its standard input ends."""
    name, folder = arguments[0], Path(arguments[1])
    if name == "script":
        script(folder)
        return
    run = _RIVALS[name](folder)
    for _ in sys.stdin:
        start = time.perf_counter()
        run()
        print(json.dumps(time.perf_counter() - start), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
