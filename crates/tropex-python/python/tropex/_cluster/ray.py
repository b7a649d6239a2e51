"""Ray, the package `ray`. A task whose worker is lost is started again."""

from __future__ import annotations

import subprocess

from .._errors import Error
from .engine import Job, JobSettings, failure, log_of

#: How often Ray starts a task whose worker was lost.
RETRIES = 20


class RayJob(Job):
    """Tasks on the Ray that the process is connected to, or on one that is started for them."""

    def __init__(self, tasks: list[dict], settings: JobSettings):
        import ray

        self._is_own = not ray.is_initialized()
        if self._is_own:
            connect(settings.workers, settings.cpus)
        try:
            self._done = _submit(tasks, settings)
        except BaseException:
            self.close()
            raise

    def wait(self) -> None:
        import ray

        try:
            ray.get(list(self._done.values()))
        except ray.exceptions.RayTaskError as error:
            raise Error(str(error.cause)) from None

    def close(self) -> None:
        import ray

        if self._is_own and ray.is_initialized():
            ray.shutdown()


def connect(workers: int | None, cpus: int) -> None:
    """Connects to a Ray that runs, or starts one on this machine with a number of workers."""
    import ray

    options = {"log_to_driver": False, "logging_level": "ERROR"}
    if workers is None:
        ray.init(address="auto", **options)
    else:
        ray.init(num_cpus=workers * cpus, include_dashboard=False, **options)


def _submit(tasks: list[dict], settings: JobSettings) -> dict:
    """A reference of Ray for each task; a task gets those that it waits for as arguments."""
    import ray

    @ray.remote(max_retries=RETRIES, num_cpus=settings.cpus)
    def run(task, logs, *_after):
        with open(log_of(task, logs, "out"), "w") as out, open(log_of(task, logs, "err"), "w") as err:
            outcome = subprocess.run(task["command"], stdout=out, stderr=err)
        if outcome.returncode != 0:
            raise Error(failure(task, logs))

    done: dict = {}
    for task in tasks:
        done[task["id"]] = run.remote(task, settings.logs, *(done[at] for at in task["after"]))
    return done
