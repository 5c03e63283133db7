"""Every call the bench makes of our program, in one place: when a signature changes, it changes here."""

from __future__ import annotations

import itertools
import json
import os
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from timing import SkipRow

if TYPE_CHECKING:
    from report_builder.fonts import FontSet
    from report_builder.model import Block, Chart, Draft, Return, StatutoryTable
    from report_builder.pipeline import Place
    from report_builder.pipeline.keys import Job
    from report_builder.similarity import Text
    from report_builder.spec import Format

_LONG = 7_000


class Ours:
    """One unit of the demonstration, taken through the steps; each is worked out once, when first asked for."""

    def __init__(self, inputs: Path, outputs: Path) -> None:
        self.inputs = inputs
        self.outputs = outputs

    @cached_property
    def place(self) -> Place:
        """The spec, register and settings of the demonstration."""
        from report_builder import pipeline

        return pipeline.open_place(pipeline.Options(inputs=self.inputs, outputs=self.outputs))

    @property
    def fmt(self) -> Format:
        """The format of the newest year."""
        return self.place.fmt

    @cached_property
    def fonts(self) -> FontSet:
        """The faces, seen by this process and by every rival it starts."""
        from report_builder import fonts

        found = fonts.find()
        fonts.activate(found)
        return found

    @cached_property
    def _chosen(self) -> tuple[Path, Draft]:
        """The unit with the most charts, among those the one with the largest workbook."""
        from report_builder.model import Chart

        year = self.inputs / str(self.place.year)
        drafts = [(path, self.composed(path)) for path in sorted(year.glob("*.xlsx"))]
        if not drafts:
            raise SkipRow("data_inputs 里没有示例报送表，请先运行 make report")
        rank = {p: (sum(isinstance(b, Chart) for b in d.blocks), p.stat().st_size) for p, d in drafts}
        return max(drafts, key=lambda one: rank[one[0]])

    @property
    def workbook(self) -> Path:
        """The chosen unit's return."""
        return self._chosen[0]

    @property
    def draft(self) -> Draft:
        """The chosen unit's report, composed."""
        return self._chosen[1]

    @property
    def charts(self) -> list[Chart]:
        """The charts of that report."""
        from report_builder.model import Chart

        return [block for block in self.draft.blocks if isinstance(block, Chart)]

    def collect(self, path: Path | None = None) -> Return:
        """Reads the return workbook."""
        from report_builder import collect

        return collect.read_return(path or self.workbook, self.place.spec, self.place.year)

    @cached_property
    def collected(self) -> Return:
        """The return, read once."""
        return self.collect()

    def check(self, *, prose: bool) -> object:
        """Runs the rules of the format on the return: those that read its sentences, or all the others."""
        from report_builder.rule_kinds import Case, claims
        from report_builder.validate import checks_for

        case = Case(self.long if prose else self.collected, self.fmt, self.place.spec, self.place.settings)
        checks = checks_for(self.fmt, self.place.spec)
        return [run(rule, case) for rule, run in checks if (run.__module__ == claims.__name__) == prose]

    @cached_property
    def long(self) -> Return:
        """The return with prose of seven thousand characters, as long as a report's gets: its first section goes on."""
        first, *rest = self.collected.sections
        lacking = _LONG - sum(len(said) for section in rest for said in section.paragraphs)
        paragraphs: list[str] = []
        for said in itertools.cycle(first.paragraphs):
            if lacking <= 0:
                break
            paragraphs.append(said[:lacking])
            lacking -= len(said)
        return replace(
            self.collected, sections=(replace(first, paragraphs=tuple(paragraphs), places=()), *rest)
        )

    def composed(self, path: Path) -> Draft:
        """The report for one return, with the years held before it."""
        from report_builder import pipeline
        from report_builder.collect import Source
        from report_builder.compose import compose
        from report_builder.history import Held

        earlier = []
        for year in pipeline.years(self.inputs):
            before = self.inputs / str(year) / path.name
            if year < self.place.year and before.is_file():
                held = pipeline.read_earlier(self.place.spec, year, Source(before))
                earlier += [held] if held is not None else []
        return compose(Held(self.collect(path), self.fmt), earlier, self.place.spec)

    def png(self) -> list[bytes]:
        """Draws every chart as PNG."""
        from report_builder.charts import dots

        return [dots.png(chart, self.fonts) for chart in self.charts]

    def svg(self) -> list[str]:
        """Draws every chart as SVG."""
        from report_builder import charts

        return [charts.svg(chart, self.fonts) for chart in self.charts]

    @cached_property
    def _pngs(self) -> dict[str, bytes]:
        return dict(zip((chart.name for chart in self.charts), self.png(), strict=True))

    @cached_property
    def _svgs(self) -> dict[str, str]:
        return dict(zip((chart.name for chart in self.charts), self.svg(), strict=True))

    def word(self) -> bytes:
        """Writes the Word file, its pictures drawn already."""
        from report_builder.render import docx

        return docx.write(self.draft, self.fmt, self._pngs)

    def page(self) -> str:
        """Writes the web page, its pictures drawn already."""
        from report_builder.render import html

        return html.web(self.draft, self.fmt, self._svgs)

    def pdf(self) -> bytes:
        """Writes the PDF, its pictures drawn already."""
        from report_builder.render import html, pdf

        written = pdf.write(html.printed(self.draft, self.fmt, self._svgs), self.draft, self.fonts)
        return written.data

    @cached_property
    def _every(self) -> list[tuple[Draft, dict[str, str]]]:
        """Every unit's report with its pictures."""
        from report_builder import charts
        from report_builder.model import Chart

        drafts = [
            self.composed(path) for path in sorted((self.inputs / str(self.place.year)).glob("[!校]*.xlsx"))
        ]
        return [
            (
                one,
                {
                    block.name: charts.svg(block, self.fonts)
                    for block in one.blocks
                    if isinstance(block, Chart)
                },
            )
            for one in drafts
        ]

    @property
    def units(self) -> int:
        """How many reports the demonstration has."""
        return len(self._every)

    def every_pdf(self, engine: str) -> None:
        """Writes the PDF of every unit, their pictures drawn already; Typst remembers what it set a moment ago."""
        from report_builder.render import html, pdf, typst

        for draft, svgs in self._every:
            if engine == "typst":
                typst.write(draft, self.fmt, svgs, self.fonts)
            else:
                pdf.write(html.printed(draft, self.fmt, svgs), draft, self.fonts)

    @cached_property
    def _products(self) -> dict[str, bytes]:
        return {"a.docx": self.word(), "a.pdf": self.pdf(), "a.html": self.page().encode()}

    def read_back(self) -> None:
        """Reads Word, PDF and HTML back as the facts they state."""
        from report_builder import archive

        for name, data in self._products.items():
            archive.from_document(archive.document(data), name, self.place.spec)

    @cached_property
    def _job(self) -> Job:
        from report_builder.pipeline.gathering import gathered, work_of

        year, unused = gathered(self.place)
        return next(job for job in work_of(self.place, year, unused)[0] if job.name == self.draft.unit)

    def build(self) -> object:
        """Makes all files of the unit, from its return to the proof."""
        from report_builder import pipeline

        return pipeline.build_unit(self.place, self._job)

    def texts_compared(self, now: Text, earlier: Text) -> object:
        """Two texts from scratch: masked, wording taken out, both figures, every passage."""
        from report_builder import similarity

        ready = [similarity.masked(text, self.place.spec.statutory) for text in (now, earlier)]
        mine, theirs = ready
        return similarity.overlap(mine, theirs), similarity.passages(mine, theirs)

    # --- what the rivals are given --------------------------------------------------------------------------

    def hand_over(self, folder: Path) -> None:
        """Lays the report's content out for the rivals: the same words, figures, tables and charts."""
        _ = self.fonts
        content = {
            "title": self.draft.title,
            "workbook": os.fspath(self.workbook),
            "fonts": [str(self.fonts.file(role)) for role in ("latin", "fangsong") if self.fonts.file(role)],
            "families": list(self.fonts.stack("fangsong")),
            "blocks": [self._handed(block) for block in self.draft.blocks],
        }
        (folder / "content.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

    def _handed(self, block: Block) -> dict[str, Any]:
        from report_builder.model import Chart, Heading, PlainTable, StatutoryTable

        match block:
            case Heading():
                return {"kind": "heading", "level": block.level, "text": block.text}
            case Chart():
                return {
                    "kind": "chart",
                    "shape": block.kind,
                    "title": f"{block.title}（{block.unit}）",
                    "categories": block.categories,
                    "series": [(name, [float(value) for value in values]) for name, values in block.series],
                }
            case PlainTable():
                rows = [block.header, *block.rows]
                cells = [(r, c, 1, 1, text) for r, row in enumerate(rows) for c, text in enumerate(row)]
                return {"kind": "table", "rows": len(rows), "columns": len(block.header), "cells": cells}
            case StatutoryTable():
                return self._handed_table(block)
            case _:
                return {"kind": "paragraph", "text": block.text}

    def _handed_table(self, block: StatutoryTable) -> dict[str, Any]:
        table = self.fmt.table(block.key)
        cells = [
            (at.row, at.column, at.row_span, at.column_span, block.printed[at.key] if at.key else at.text)
            for at in sorted(table.layout, key=lambda at: (at.row, at.column))
        ]
        return {"kind": "table", "rows": table.row_count, "columns": table.column_count, "cells": cells}
