"""Many units at once, here and on a cluster: whatever befalls one of them, a worker or the run, nothing else is lost."""

from __future__ import annotations

import errno
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest
from conftest import return_of

from report_builder import blank, cli
from report_builder.cli import main
from report_builder.errors import WorkersError
from report_builder.pipeline import Options, UnitResult, build, cluster, intake, worker
from report_builder.pipeline.record import JOURNAL, LOCK, alone
from report_builder.pipeline.stowed import Stowage
from report_builder.similarity import Match, Share, Text
from report_builder.spec import Spec

ROOT = Path(__file__).resolve().parents[1]
UNITS = tuple(f"示例{sign}局" for sign in sorted("甲乙丙丁戊己"))
"""In the order in which a run takes them."""
SICK = UNITS[2]
QUICK = ("docx", "html", "json")
WITHIN_S = 120


@pytest.fixture
def place(tmp_path: Path, spec: Spec) -> Options:
    """A fictional place of six clean units, each with a year before."""
    for year in (2023, 2024):
        fmt = spec.format_for(year)
        assert fmt is not None
        (tmp_path / "in" / str(year)).mkdir(parents=True)
        for unit in UNITS:
            ret = return_of(fmt, {}, year, unit=unit)
            data = blank.draw(fmt, spec.workbook, blank.Filling(year, filled=ret))
            (tmp_path / "in" / str(year) / f"{unit}.xlsx").write_bytes(data)
    (tmp_path / "in" / "settings.toml").write_text("[build]\ntime_limit_s = 100\n", encoding="utf-8")
    return Options(inputs=tmp_path / "in", outputs=tmp_path / "out", jobs=2, formats=QUICK)


def launch(befalls: str, units: tuple[str, ...] = (SICK,)) -> str:
    """A worker's program in which something befalls some units, told in Python with the unit's ``name``."""
    return (
        worker._LAUNCH.replace(
            "serve()\n",
            f"""
import os, sys, time
from report_builder.pipeline import worker
usual = worker.build_unit
def struck(place, job):
    name = job.handed.unit.name
    if name in {units!r}:
        {befalls}
    return usual(place, job)
worker.build_unit = struck
""",
        )
        + "serve()\n"
    )


def states(results: tuple[UnitResult, ...]) -> dict[str, str]:
    return {result.unit: result.state for result in results}


def outputs(folder: Path) -> dict[str, bytes]:
    """Every output but the log, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "run.log"
    }


def until(said: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN_S
    while not said():
        assert time.monotonic() < end
        time.sleep(0.05)


def runs(process: int) -> bool:
    """Whether a process is alive; one that has ended and was not yet buried is not."""
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


def test_a_unit_that_brings_its_worker_down_fails_alone(
    place: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_LAUNCH", launch("os.abort()"))
    outcome = build(place)
    assert states(outcome.results) == dict.fromkeys(UNITS, "built") | {SICK: "failed"}
    why = next(result.why for result in outcome.results if result.unit == SICK)
    assert why is not None
    assert "意外终止" in why
    assert not (outcome.folder / SICK).exists()
    monkeypatch.undo()
    assert states(build(place).results) == dict.fromkeys(UNITS, "unchanged") | {SICK: "built"}


def test_a_worker_killed_from_outside_costs_no_unit(
    place: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = f"mark = {str(tmp_path / 'struck')!r}; os.path.exists(mark) or (open(mark, 'w').close(), os.kill(os.getpid(), 9))"
    monkeypatch.setattr(worker, "_LAUNCH", launch(once))
    assert states(build(place).results) == dict.fromkeys(UNITS, "built")
    assert (tmp_path / "struck").exists()


def test_a_unit_that_never_ends_is_stopped_and_named(
    place: Options, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place.inputs / "settings.toml").write_text("[build]\ntime_limit_s = 5\n", encoding="utf-8")
    monkeypatch.setattr(worker, "_LAUNCH", launch("time.sleep(600)"))
    words = ["build", "--inputs", str(place.inputs), "--outputs", str(place.outputs), "--jobs", "2"]
    assert main([*words, "--formats", "json"]) == 1
    said = capsys.readouterr()
    assert f"{SICK} 出错：超过 5 秒" in said.out
    assert "[6/6]" in said.err
    log = (place.outputs / "2024" / "run.log").read_text(encoding="utf-8").splitlines()
    assert sorted(line.split("\t")[0] for line in log) == sorted(UNITS)


def test_workers_take_no_words_of_a_library_for_answers(
    place: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_LAUNCH", launch("print('x' * 100); os.write(1, b'y' * 100)"))
    assert states(build(place).results) == dict.fromkeys(UNITS, "built")


def test_workers_that_do_not_start_stop_the_run(place: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_LAUNCH", "raise SystemExit(3)")
    with pytest.raises(WorkersError, match="启动不了"):
        build(place)


def test_one_unit_needs_no_worker(place: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_LAUNCH", "raise SystemExit(3)")
    assert states(build(replace(place, units=(SICK,))).results) == {SICK: "built"}


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
def test_a_stopped_run_keeps_what_it_had_finished(stop: signal.Signals, place: Options) -> None:
    """The last four units never end; both workers are in one of them when the run is stopped."""
    befalls = f"open({str(place.outputs)!r} + f'/at{{os.getpid()}}', 'w').close(); time.sleep(600)"
    words = ["build", "--inputs", str(place.inputs), "--outputs", str(place.outputs), "--jobs", "2"]
    program = (
        "import signal, sys; from report_builder import cli; from report_builder.pipeline import worker;"
        "signal.signal(signal.SIGINT, signal.default_int_handler);"  # tests started in the background ignore it
        f"worker._LAUNCH = {launch(befalls, UNITS[2:])!r}; sys.exit(cli.main({[*words, '--formats', ','.join(QUICK)]!r}))"
    )
    journal = place.outputs / "2024" / JOURNAL
    place.outputs.mkdir()
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.DEVNULL) as run:
        until(lambda: journal.exists() and len(journal.read_bytes().splitlines()) == 3)
        until(lambda: len(list(place.outputs.glob("at*"))) == 2)
        run.send_signal(stop)
        assert run.wait(WITHIN_S) == (130 if stop == signal.SIGINT else -stop)
    hung = list(place.outputs.glob("at*"))
    until(lambda: not any(runs(int(path.name[2:])) for path in hung))
    for path in hung:
        path.unlink()
    torn = place.outputs / "2024" / UNITS[5] / f".x.1{'.tmp'}"
    torn.parent.mkdir()
    torn.write_bytes(b"")
    journal.write_bytes(journal.read_bytes() + b'\n{"unit": "')
    again = build(place)
    assert states(again.results) == dict.fromkeys(UNITS[:2], "unchanged") | dict.fromkeys(UNITS[2:], "built")
    whole = build(replace(place, outputs=place.outputs / "whole")).folder
    assert outputs(again.folder) == outputs(whole)


def test_of_two_runs_at_once_the_second_says_so(place: Options, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--inputs", str(place.inputs), "--outputs", str(place.outputs), "--quiet", "--jobs", "1"]
    for verb in ("build", "check"):
        with alone(place.outputs / "2024"):
            assert main([verb, *words]) == 2
            assert re.search(rf"另一次运行（进程 {os.getpid()}）正在写", capsys.readouterr().err)
            assert not (place.outputs / "2024" / UNITS[0]).exists()
    assert main(["check", *words]) == 0
    assert not (place.outputs / "2024" / LOCK).exists()


def test_the_lock_of_a_killed_run_blocks_nobody(place: Options) -> None:
    (place.outputs / "2024").mkdir(parents=True)
    (place.outputs / "2024" / LOCK).write_text("1", encoding="ascii")
    assert states(build(replace(place, jobs=1)).results) == dict.fromkeys(UNITS, "built")


def test_a_full_disk_costs_the_unit_only_and_halves_nothing(
    place: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one = replace(place, jobs=1)
    build(one_by_one)
    before = outputs(place.outputs / "2024" / SICK)
    written = 0
    usual = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        nonlocal written
        if path.parent.name == SICK:
            written += 1
            if written > 2:
                usual(path, data[:10])
                raise OSError(errno.ENOSPC, "No space left on device")
        return usual(path, data)

    for unit in UNITS:
        (place.inputs / "2023" / f"{unit}.xlsx").unlink()
    for path in (place.outputs / "2024").rglob("年度报告.html"):
        usual(path, b"")
    before["年度报告.html"] = b""
    monkeypatch.setattr(Path, "write_bytes", full)
    outcome = build(replace(one_by_one, force=True, formats=(*QUICK, "csv")))
    assert states(outcome.results) == dict.fromkeys(UNITS, "built") | {SICK: "failed"}
    assert outputs(place.outputs / "2024" / SICK) == before
    monkeypatch.undo()
    again = build(replace(one_by_one, formats=(*QUICK, "csv")))
    assert states(again.results) == dict.fromkeys(UNITS, "unchanged") | {SICK: "built"}


CHANGES: dict[str, Callable[[Options], object]] = {
    "input_added": lambda place: (place.inputs / "2023" / "说明.txt").write_text("无", encoding="utf-8"),
    "input_gone": lambda place: (place.inputs / "2023" / f"{SICK}.xlsx").unlink(),
    "setting": lambda place: (place.inputs / "settings.toml").write_text("", encoding="utf-8"),
    "output_changed": lambda place: (place.outputs / "2024" / SICK / "facts.json").write_bytes(b""),
    "killed_run": lambda place: (place.outputs / "2024" / JOURNAL).write_bytes(b""),
}


@pytest.mark.parametrize("change", CHANGES)
def test_only_unchanged_inputs_are_not_read_again(
    change: str, place: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = replace(place, jobs=1, formats=("json",))
    first = build(place)
    before = outputs(first.folder)

    def read(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("report_builder.pipeline.gathering.collected", read)
    again = build(place)
    assert states(again.results) == dict.fromkeys(UNITS, "unchanged")
    assert (again.findings, again.silent, again.unused) == (first.findings, first.silent, first.unused)
    assert outputs(again.folder) == before
    for other in (replace(place, force=True), replace(place, units=(SICK,)), replace(place, reason="试")):
        with pytest.raises(AssertionError):
            build(other)
    CHANGES[change](place)
    with pytest.raises(AssertionError):
        build(place)


def test_cells_put_away_come_back_as_they_were(spec: Spec) -> None:
    """Whatever they came from: a sheet, a Word table, a cell without a source; each after another return's."""
    ret = return_of(spec.formats[-1], {"requests.received.total": 7, "requests.carried_in.total": None})
    sources = ("甲.xlsx·依申请公开!D6", "甲.docx·第3张表·第6行第4列", "", "甲!乙.xlsx·表!E7")
    cells = {
        key: replace(held, source=source)
        for (key, held), source in zip(ret.cells.items(), cycle(sources), strict=False)
    }
    stowage = Stowage()
    for fewer in (0, 3):
        some = dict(list(cells.items())[fewer:])
        held = stowage.away(replace(ret, cells=some))
        assert dict(held.cells) == pickle.loads(pickle.dumps(held)).cells == some  # noqa: S301
        assert repr(held.cells) == repr(some)
        assert held.number("requests.received.total") == some["requests.received.total"].number
        assert "no.such.cell" not in held.cells


def test_a_unit_is_held_against_those_it_shares_most_with_itself() -> None:
    """A long report that twenty short ones took from is still held against the one it took from."""
    texts = {name: Text(name, 2024, ()) for name in ("源", "长", *map(str, range(20)))}
    taken = [Match(texts[str(at)], texts["长"], Share(9, 10), Share(1, 100)) for at in range(20)]
    matches = [*taken, Match(texts["长"], texts["源"], Share(1, 2), Share(1, 2))]
    nearest = dict(intake._nearest(matches))
    assert len(nearest["长"]) == intake._NEAREST
    assert nearest["长"][0] == "源"
    assert nearest["7"] == ["长"]


def test_a_unit_is_given_time(place: Options, capsys: pytest.CaptureFixture[str]) -> None:
    (place.inputs / "settings.toml").write_text("[build]\ntime_limit_s = 0\n", encoding="utf-8")
    assert main(["build", "--inputs", str(place.inputs), "--outputs", str(place.outputs)]) == 2
    assert "build.time_limit_s" in capsys.readouterr().err


def test_the_meter_tells_rate_and_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = iter((100.0, 130.0, 160.0))
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    meter = cli._Meter()
    for done in (1, 121, 1000):
        meter.tell(UnitResult(SICK, "built"), done, 1000)
    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"[1/1000] {SICK} 已生成"
    assert said[1] == f"[121/1000] {SICK} 已生成 · 每秒 4.0 个 · 约剩 4 分钟"
    assert said[2].endswith("每秒 16.6 个")


@contextmanager
def dask_cluster(
    folder: Path, machines: int, **settings: str
) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and so many workers, as an operator starts them."""
    told = folder / "scheduler.json"
    environ = os.environ | {"PYTHONPATH": str(ROOT)} | settings

    def dask(*words: str) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-m", "dask", *words, "--scheduler-file", str(told), "--no-dashboard"]
        return subprocess.Popen(line, env=environ, cwd=folder, stderr=subprocess.DEVNULL)

    with ExitStack() as started:
        scheduler = started.enter_context(dask("scheduler", "--port", "0", "--host", "127.0.0.1"))
        started.callback(scheduler.kill)
        until(told.exists)
        until(lambda: bool(told.read_text(encoding="utf-8").endswith("}")))
        crew = [
            started.enter_context(dask("worker", "--nthreads", "1", "--no-nanny")) for _ in range(machines)
        ]
        for one in crew:
            started.callback(one.kill)
        yield str(json.loads(told.read_text(encoding="utf-8"))["address"]), crew


def test_a_cluster_makes_the_same_and_survives_the_loss_of_a_machine(place: Options, tmp_path: Path) -> None:
    alike = build(replace(place, jobs=1, outputs=tmp_path / "alike")).folder
    ended: list[str] = []
    with dask_cluster(tmp_path, 2) as (address, crew):

        def strike(result: UnitResult, *_: int) -> None:
            ended.append(result.unit)
            if len(ended) == 2:
                crew[0].kill()

        outcome = build(replace(place, scheduler=address), strike)
        assert crew[0].wait(WITHIN_S) == -signal.SIGKILL
    assert states(outcome.results) == dict.fromkeys(UNITS, "built")
    assert sorted(ended) == sorted(UNITS)
    assert outputs(outcome.folder) == outputs(alike)


def test_a_cluster_with_other_fonts_is_not_let_to_work(place: Options, tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "simfang.ttf").write_bytes(b"")
    other = dask_cluster(tmp_path, 1, REPORT_BUILDER_FONTS=str(tmp_path / "faces"))
    with other as (address, _), pytest.raises(WorkersError, match="与本机不同"):
        build(replace(place, scheduler=address))
    assert not (place.outputs / "2024" / UNITS[0]).exists()


def test_a_cluster_without_machines_is_said_within_seconds(
    place: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_REACHED_WITHIN_S", 1)
    with dask_cluster(tmp_path, 0) as (address, _), pytest.raises(WorkersError, match="没有工作机"):
        build(replace(place, scheduler=address))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("tcp://127.0.0.1:9", "连不上 Dask 调度器"),
        ("没有", "应写作 tcp://主机:端口"),
        ("tcp://", "应写作 tcp://主机:端口"),
        ("http://x:80", "应写作 tcp://主机:端口"),
    ],
    ids=range(4),
)
def test_a_scheduler_out_of_reach_is_said_within_seconds(
    address: str, said: str, place: Options, capsys: pytest.CaptureFixture[str]
) -> None:
    start = time.monotonic()
    words = ["build", "--inputs", str(place.inputs), "--outputs", str(place.outputs)]
    assert main([*words, "--scheduler", address]) == 2
    assert said in capsys.readouterr().err
    assert time.monotonic() - start < 15
