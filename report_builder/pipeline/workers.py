"""Who does the jobs: this process, workers on this machine, or the machines of a Dask cluster."""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue

from report_builder.pipeline.keys import Job
from report_builder.pipeline.place import Options, Place
from report_builder.pipeline.spreading import Coming, Hands, spread, taken
from report_builder.pipeline.unit import Made, build_unit
from report_builder.pipeline.worker import Worker, packed, unpacked
from report_builder.render.typesetter import Setter, here


@contextlib.contextmanager
def hired(options: Options, setter: Setter = here) -> Iterator[Hands]:
    """Whoever was asked for; a cluster is called upon at once, so that a wrong address is known before work begins.

    ``setter`` sets the PDFs of what this process makes itself.

    Raises:
        WorkersError: the cluster cannot be reached; later, the workers cannot be had or are lost.
    """
    if not options.scheduler:
        yield partial(_here, setter)
        return
    from report_builder.pipeline import cluster  # noqa: PLC0415 - Dask takes a second to import

    with cluster.reached(options.scheduler) as client:
        yield partial(cluster.made, client)


def _here(setter: Setter, place: Place, jobs: list[Job]) -> Coming:
    """One unit, or ``--jobs 1``, is made in this process: no start-up, but no time limit either."""
    if len(jobs) <= 1 or place.options.jobs == 1:
        return ((job, build_unit(place, unpacked(packed(job), place.spec), setter)) for job in taken(jobs))
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
