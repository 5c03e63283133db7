"""One worker: a process of its own that makes one unit after another, and the hand that starts, times and ends it.

It is given the place, once, then job by job. A unit that brings the process down or never ends takes nothing else with
it.
"""

from __future__ import annotations

import io
import pickle
import threading
from typing import Self

from report_builder import processes
from report_builder.errors import WorkersError, reason
from report_builder.pipeline.keys import Job
from report_builder.pipeline.place import Place
from report_builder.pipeline.unit import Made, build_unit, failed
from report_builder.processes import Process
from report_builder.spec import Format, Spec

_READY = "ready"
_STARTS_WITHIN_S = 120
_LIVES = 2
_UNITS_EACH = 200
"""A worker grows by some 70 MiB in its first hundred units and a little ever after; it is replaced in good time."""

_LAUNCH = """
from report_builder.pipeline.worker import serve
serve()
"""


class _Packer(pickle.Pickler):
    """The law goes to a worker once, with the place; within a job a format is named only."""

    def persistent_id(self, obj: object) -> str | None:
        return obj.id if isinstance(obj, Format) else None


class _Unpacker(pickle.Unpickler):
    def __init__(self, data: bytes, spec: Spec) -> None:
        super().__init__(io.BytesIO(data))
        self._spec = spec

    def persistent_load(self, pid: str) -> Format | None:
        return self._spec.format(pid)


def packed(job: Job) -> bytes:
    """A job as it travels."""
    data = io.BytesIO()
    _Packer(data, pickle.HIGHEST_PROTOCOL).dump(job.whole)
    return data.getvalue()


def unpacked(data: bytes, spec: Spec) -> Job:
    """The job that has arrived, under the law of the place."""
    job: Job = _Unpacker(data, spec).load()
    return job


class Worker:
    """The hand: starts the process when it is first needed, again after it has died, and ends it."""

    def __init__(self, place: bytes, limit_s: float) -> None:
        """``place`` is the pickled Place; ``limit_s`` the seconds that a unit may take."""
        self.place = place
        self._limit_s = limit_s
        self._process: Process | None = None
        self._made = 0
        self._closed = False
        self._changing = threading.Lock()

    def make(self, unit: str, job: bytes) -> Made:
        """What became of the unit: one that outlasts the limit, or brings the process down twice, has failed.

        Raises:
            WorkersError: no process can be started.
        """
        for _ in range(_LIVES):
            process = self._running()
            with _Limit(process, self._limit_s) as limit:
                answer = _asked(process, job)
            if isinstance(answer, Made):
                return self._counted(answer)
            self._end()
            if limit.reached:
                return failed(
                    unit,
                    f"超过 {self._limit_s:g} 秒还没有完成，已停下，其他单位照常；"
                    "请检查这份报送表，或在 settings.toml 的 build.time_limit_s 写大一些",
                )
        return failed(
            unit,
            f"处理它的进程 {_LIVES} 次意外终止（退出码 {process.returncode}），其他单位照常；"
            "请检查这份报送表和本机内存，再重新运行",
        )

    def _counted(self, made: Made) -> Made:
        self._made += 1
        if self._made == _UNITS_EACH:
            self._end()
        return made

    def _running(self) -> Process:
        """The process, started and ready.

        Raises:
            WorkersError: it does not start.
        """
        for _ in range(_LIVES):
            with self._changing:
                if self._closed:
                    raise WorkersError("运行已经停止")
                if self._process is not None and self._process.poll() is None:
                    return self._process
                self._process, self._made = _launched(), 0
            with _Limit(self._process, _STARTS_WITHIN_S):
                if _asked(self._process, self.place) == _READY:
                    return self._process
            self._end()
        raise WorkersError(
            "工作进程启动不了；请检查本机内存，或用 --jobs 1 在一个进程里逐个生成；已完成的单位都已写好"
        )

    def _end(self) -> None:
        with self._changing:
            process, self._process = self._process, None
        if process is not None:
            processes.ended(process)

    def close(self) -> None:
        """Ends the process, also in the middle of a unit; nothing is started again."""
        with self._changing:
            self._closed = True
        self._end()


class _Limit:
    """Kills a process that is not done in time; ``reached`` tells afterwards."""

    def __init__(self, process: Process, seconds: float) -> None:
        self.reached = False
        self._process = process
        self._timer = threading.Timer(seconds, self._stop)
        self._timer.daemon = True

    def _stop(self) -> None:
        self.reached = True
        self._process.kill()

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _launched() -> Process:
    try:
        return processes.launched(_LAUNCH)
    except OSError as fault:
        raise WorkersError(f"工作进程启动不了（{reason(fault)}）；请检查本机内存，再重新运行") from fault


def _asked(process: Process, said: bytes) -> object:
    """The process's answer; None where it has died."""
    return processes.heard(process) if processes.told(process, said) else None


def serve() -> None:
    """The process's own end: takes the place, then answers job by job."""
    asked = processes.Asked()
    place: Place = pickle.loads(asked.next())  # noqa: S301 - from the process that started this one
    # now, and not in the first unit's time
    from report_builder import products  # noqa: F401, PLC0415
    from report_builder.feedback import returned  # noqa: F401, PLC0415

    if "docx" in place.options.formats:
        from report_builder.charts import dots  # noqa: F401, PLC0415 - for Word alone

    asked.answer(_READY)
    while True:
        asked.answer(build_unit(place, unpacked(asked.next(), place.spec)))
