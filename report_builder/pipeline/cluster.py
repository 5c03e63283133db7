"""The jobs done by a Dask cluster: the same worker processes, started where the cluster has its machines.

A cluster's machines need the program and its fonts, not the inputs: a job takes its earlier years along, and what it
came to travels back, for this process alone writes. The law goes as a task of its own, so that a machine that joins
late, or takes over from one that was lost, can have it made again.
"""

from __future__ import annotations

import contextlib
import pickle
import re
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from typing import Any

from distributed import Client
from distributed.scheduler import KilledWorker

from report_builder.errors import ReportBuilderError, WorkersError
from report_builder.pipeline.intake import history
from report_builder.pipeline.keys import Job, program
from report_builder.pipeline.place import Place
from report_builder.pipeline.spreading import Coming, spread
from report_builder.pipeline.unit import Made, failed
from report_builder.pipeline.worker import Worker, packed

_REACHED_WITHIN_S = 5
_ADDRESS = re.compile(r"(?:tcp|tls)://[^\s/]+:\d+")
_EACH_CORE = 3
_STATE = "已完成的单位都已写好，重新运行即可继续"


@contextlib.contextmanager
def reached(address: str) -> Iterator[Any]:
    """The cluster behind a scheduler's address, as Dask's client; when it is left, so are our workers there.

    Raises:
        WorkersError: nothing answers there within seconds, or no machine has joined.
    """
    if not _ADDRESS.fullmatch(address):
        raise WorkersError(
            f"--scheduler 的地址“{address}”不对；应写作 tcp://主机:端口，如 tcp://10.0.0.1:8786"
        )
    try:
        client = Client(address, timeout=_REACHED_WITHIN_S, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError) as fault:
        raise WorkersError(
            f"连不上 Dask 调度器 {address}；请核对 --scheduler 的地址，并确认调度器已经启动"
        ) from fault
    with client:
        try:
            client.wait_for_workers(1, timeout=_REACHED_WITHIN_S)
        except TimeoutError as fault:
            raise WorkersError(
                f"Dask 调度器 {address} 上没有工作机；请先在各机器上运行 dask worker {address}"
            ) from fault
        try:
            yield client
        finally:
            with contextlib.suppress(Exception):
                client.run(leave)


def made(client: Any, place: Place, jobs: list[Job]) -> Coming:  # noqa: ANN401 - distributed carries no types
    """Every job's outcome, as it comes from the cluster.

    Raises:
        WorkersError: the cluster works with another program, or is lost.
    """
    law = client.submit(bytes, pickle.dumps(place), pure=False)
    terms = (program(), place.settings.time_limit_s)
    executor = client.get_executor(pure=False)

    def submit(job: Job) -> Future[Made]:
        data = packed(replace(job, years=job.years or history(place, job.handed.unit, job.earlier)))
        out: Future[Made] = executor.submit(made_here, law, terms, job.name, data)
        return out

    window = _EACH_CORE * max(1, sum(client.nthreads().values()))
    for job, future in spread(submit, jobs, window, lambda: _hold_alive(client)):
        yield job, _outcome(job, future)


def _hold_alive(client: Any) -> None:  # noqa: ANN401 - distributed carries no types
    """Somebody is there who can finish.

    Raises:
        WorkersError: there is not.
    """
    if client.status != "running":
        raise WorkersError(f"与 Dask 调度器的连接断了；{_STATE}")
    if not client.scheduler_info(n_workers=1)["workers"]:
        raise WorkersError(f"Dask 集群的工作机都已离开；{_STATE}")


def _outcome(job: Job, future: Future[Made]) -> Made:
    """What the cluster made of a unit; a machine lost again and again on one unit is that unit's failure alone."""
    unit = job.name
    try:
        return future.result()
    except KilledWorker:
        return failed(unit, "处理它的工作机一再断开，其他单位照常；请检查这份报送表和工作机内存，再重新运行")
    except ReportBuilderError:
        raise
    except CancelledError as fault:
        raise WorkersError(f"与 Dask 调度器的连接断了；{_STATE}") from fault
    except Exception as fault:
        raise WorkersError(
            f"Dask 集群没有做成“{unit}”（{type(fault).__name__}: {fault}）；{_STATE}"
        ) from fault


_HELD: dict[int, Worker] = {}
"""The worker of each of a cluster machine's threads; it stays from one unit to the next."""


def made_here(place: bytes, terms: tuple[str, float], unit: str, job: bytes) -> Made:
    """One unit on a machine of the cluster, by a process of its own there.

    Raises:
        WorkersError: this machine would make it differently: another program, other fonts.
    """
    mark, limit_s = terms
    thread = threading.get_ident()
    worker = _HELD.get(thread)
    if worker is None or worker.place != place:
        if worker is not None:
            worker.close()
        if program() != mark:
            raise WorkersError(
                "工作机上的程序或字体与本机不同，生成的文件会不一致；请装上同一版本的程序和字体再运行"
            )
        worker = _HELD[thread] = Worker(place, limit_s)
    return worker.make(unit, job)


def leave() -> None:
    """A run is over: the machine's workers go."""
    while _HELD:
        _HELD.popitem()[1].close()
