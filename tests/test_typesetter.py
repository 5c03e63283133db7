"""A PDF set by a process beside: the same file, and whatever befalls the process nothing is lost but time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import return_of
from drafts import FONTS, SPEC, full
from test_workers import outputs, runs, until

from report_builder import blank, cli, processes
from report_builder.pipeline import Options, build
from report_builder.render import html, pdf, typesetter

ROOT = Path(__file__).resolve().parents[1]
NEWEST = SPEC.formats[-1]
UNIT = "示例甲局"
DRAFT = full(NEWEST)
PAGE = html.printed(DRAFT, NEWEST, {})


@pytest.fixture
def place(tmp_path: Path) -> Options:
    """A fictional place of one clean unit."""
    folder = tmp_path / "in" / "2024"
    folder.mkdir(parents=True)
    ret = return_of(NEWEST, {}, 2024, unit=UNIT)
    filling = blank.Filling(2024, filled=ret)
    (folder / f"{UNIT}.xlsx").write_bytes(blank.draw(NEWEST, SPEC.workbook, filling))
    return Options(inputs=tmp_path / "in", outputs=tmp_path / "out", formats=("docx", "pdf"))


def nowhere(*_: object) -> None:
    raise AssertionError("set by this process")


def test_a_report_is_the_same_whoever_sets_its_pdf(place: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    build(place)
    beside = replace(place, outputs=place.outputs.with_name("beside"))
    monkeypatch.setattr(pdf, "write", nowhere)
    with typesetter.beside() as setter:
        assert [result.state for result in build(beside, setter=setter).results] == ["built"]
    assert f"2024/{UNIT}/年度报告.pdf" in outputs(place.outputs)
    assert outputs(beside.outputs) == outputs(place.outputs)


@pytest.mark.parametrize(
    "befalls",
    [
        "raise SystemExit(3)",
        "import os, sys; sys.stdin.buffer.read(9); os.abort()",
        "import sys; sys.stdout.buffer.write(b'no pickle'); sys.stdin.buffer.read(9)",
        "import sys; sys.stdout.buffer.write(b'cno\\nmodule\\n.'); sys.stdin.buffer.read(9)",
    ],
    ids=["not_started", "aborted", "babbling", "babbling_of_modules"],
)
def test_a_process_that_fails_costs_nothing_but_time(befalls: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetter, "_LAUNCH", befalls)
    with typesetter.beside() as setter:
        assert setter(PAGE, DRAFT, FONTS)() == pdf.write(PAGE, DRAFT, FONTS)


def test_where_no_process_can_be_started_this_one_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: str) -> None:
        raise OSError

    monkeypatch.setattr(processes, "launched", refused)
    with typesetter.beside() as setter:
        assert setter(PAGE, DRAFT, FONTS)() == pdf.write(PAGE, DRAFT, FONTS)


def test_each_asker_gets_the_page_asked_for() -> None:
    """One that is never waited for, since its unit failed meanwhile, is not given to the next."""
    other = PAGE.replace("一、", "甲、")
    with typesetter.beside() as setter:
        setter(other, DRAFT, FONTS)
        assert setter(PAGE, DRAFT, FONTS)() == pdf.write(PAGE, DRAFT, FONTS) != pdf.write(other, DRAFT, FONTS)


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT], ids=lambda one: one.name)
def test_the_process_goes_with_the_one_that_started_it(stop: signal.Signals) -> None:
    waiting = (
        "import signal, time; from report_builder.render import typesetter\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "usual = typesetter.processes.launched\n"
        "def launched(program):\n"
        "    process = usual(program)\n"
        "    print(process.pid, flush=True)\n"
        "    return process\n"
        "typesetter.processes.launched = launched\n"
        "with typesetter.beside():\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", waiting],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as run:
        assert run.stdout is not None
        process = int(run.stdout.readline())
        assert runs(process)
        run.send_signal(stop)
    until(lambda: not runs(process))


@pytest.mark.parametrize(
    ("words", "started"),
    [
        (["--unit", UNIT], True),
        ([], True),
        (["--formats", "docx,pdf"], True),
        (["--formats", "docx,html"], False),
        (["--unit", UNIT, "--unit", "示例乙局"], False),
        (["--jobs", "1"], False),
        (["--pdf-engine", "typst"], False),
        (["--inputs", "nowhere"], False),
    ],
    ids=["one_unit", "one_file", "pdf", "no_pdf", "two_units", "one_job", "typst", "no_folder"],
)
def test_a_process_is_started_where_one_pdf_will_be_set(
    place: Options, monkeypatch: pytest.MonkeyPatch, words: list[str], *, started: bool
) -> None:
    asked: list[bool] = []

    @contextlib.contextmanager
    def beside() -> Iterator[typesetter.Setter]:
        asked.append(True)
        yield typesetter.here

    monkeypatch.setattr(typesetter, "beside", beside)
    monkeypatch.setattr("report_builder.pipeline.build", lambda *_, **__: sys.exit(0))
    lying = ["--inputs", os.fspath(place.inputs), "--outputs", os.fspath(place.outputs)]
    with pytest.raises(SystemExit):
        cli.main(["build", *lying, *words])
    assert bool(asked) == started
