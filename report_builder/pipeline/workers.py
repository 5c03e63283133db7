"""Who does the jobs: this process, workers on this machine, or the machines of a Dask cluster."""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from itertools import islice
from queue import SimpleQueue

from report_builder.pipeline.keys import Job
from report_builder.pipeline.place import Options, Place
from report_builder.pipeline.unit import Made, build_unit
from report_builder.pipeline.worker import Worker, packed, unpacked

Coming = Generator[tuple[Job, Made], None, None]
"""Each job with what became of it, in whatever order they come; closed, it ends whoever is still at work."""


Hands = Callable[[Place, list[Job]], Coming]
"""Does the jobs of a list, which it takes out of it: of thousands of returns none is held longer than it must be."""


@contextlib.contextmanager
def hired(options: Options) -> Iterator[Hands]:
    """Whoever was asked for; a cluster is called upon at once, so that a wrong address is known before work begins.

    Raises:
        WorkersError: the cluster cannot be reached; later, the workers cannot be had or are lost.
    """
    if not options.scheduler:
        yield _here
        return
    from report_builder.pipeline import cluster  # noqa: PLC0415 - Dask takes a second to import

    with cluster.reached(options.scheduler) as client:
        yield partial(cluster.made, client)


def _here(place: Place, jobs: list[Job]) -> Coming:
    """One unit, or ``--jobs 1``, is made in this process: no start-up, but no time limit either."""
    if len(jobs) <= 1 or place.options.jobs == 1:
        return ((job, build_unit(place, unpacked(packed(job), place.spec))) for job in _taken(jobs))
    return _by_workers(place, jobs, min(place.options.jobs or _cores(), len(jobs)))


def _cores() -> int:
    """The cores this process may use; a container is often given fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _by_workers(place: Place, jobs: list[Job], count: int) -> Coming:
    law = pickle.dumps(place)
    crew = [Worker(law, place.settings.time_limit_s) for _ in range(count)]
    free: SimpleQueue[Worker] = SimpleQueue()
    for worker in crew:
        free.put(worker)

    def errand(job: Job) -> Made:
        worker = free.get()
        try:
            return worker.make(job.name, packed(job))
        finally:
            free.put(worker)

    with ThreadPoolExecutor(count) as hands, _ended(hands, crew):
        for job, future in spread(lambda job: hands.submit(errand, job), jobs, 2 * count):
            yield job, future.result()


@contextlib.contextmanager
def _ended(hands: ThreadPoolExecutor, crew: Iterable[Worker]) -> Iterator[None]:
    try:
        yield
    finally:
        hands.shutdown(wait=False, cancel_futures=True)
        for worker in crew:
            worker.close()


def spread(
    submit: Callable[[Job], Future[Made]],
    jobs: list[Job],
    window: int,
    idle: Callable[[], None] | None = None,
) -> Iterator[tuple[Job, Future[Made]]]:
    """Each job with its future once that is done; only ``window`` are out at a time, so few results wait in memory.

    ``idle`` is called every few seconds in which nothing came.
    """
    waiting = _taken(jobs)
    out = {submit(job): job for job in islice(waiting, window)}
    while out:
        done, _ = wait(out, timeout=_PATIENCE_S if idle else None, return_when=FIRST_COMPLETED)
        if not done and idle:
            idle()
        for future in done:
            job = out.pop(future)
            out |= {submit(following): following for following in islice(waiting, 1)}
            yield job, future


_PATIENCE_S = 5


def _taken(jobs: list[Job]) -> Iterator[Job]:
    jobs.reverse()
    while jobs:
        yield jobs.pop()
