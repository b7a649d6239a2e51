"""HyperQueue, the package `hyperqueue`: engine and client in one."""

from __future__ import annotations

from pathlib import Path

from .._errors import Error
from .engine import Job, JobSettings, failure, log_of


class HyperQueueJob(Job):
    """Tasks on a server that runs already, or on one that is started for them."""

    def __init__(self, tasks: list[dict], settings: JobSettings):
        from hyperqueue import Client

        self._tasks, self._logs = tasks, settings.logs
        self._cluster = None if settings.workers is None else _local_cluster(settings)
        try:
            self._client = Client() if self._cluster is None else self._cluster.client()
            self._submitted = self._client.submit(_job(tasks, settings))
        except BaseException:
            self.close()
            raise

    def wait(self) -> None:
        if not self._client.wait_for_jobs([self._submitted], raise_on_error=False):
            failed = self._client.get_failed_tasks(self._submitted)
            raise Error(self._message(sorted(failed)))

    def _message(self, failed: list[int]) -> str:
        if not failed:
            return f"the job of HyperQueue was canceled; the outputs of its tasks are in {self._logs}"
        # HyperQueue counts tasks from 0, in the order in which they were added.
        return failure(self._tasks[failed[0]], self._logs)

    def close(self) -> None:
        if self._cluster is not None:
            self._cluster.stop()
            self._cluster = None


def _local_cluster(settings: JobSettings):
    from hyperqueue.cluster import LocalCluster, WorkerConfig

    cluster = LocalCluster()
    for _ in range(settings.workers or 0):
        cluster.start_worker(WorkerConfig(cores=settings.cpus))
    return cluster


def _job(tasks: list[dict], settings: JobSettings):
    from hyperqueue import Job as Submission
    from hyperqueue.ffi.protocol import ResourceRequest

    submission, made = Submission(default_workdir=Path.cwd(), max_fails=0), {}
    for task in tasks:
        made[task["id"]] = submission.program(
            task["command"],
            cwd=Path.cwd(),
            stdout=str(log_of(task, settings.logs, "out")),
            stderr=str(log_of(task, settings.logs, "err")),
            deps=[made[before] for before in task["after"]],
            resources=ResourceRequest(cpus=settings.cpus),
        )
    return submission
