"""Extractions of runs in parts on Ray, within its workers.

>>> import tropex.ray
>>> store = tropex.ray.extract("runs/fcn4", parts=16, gauge="tight", workers=4)

The tasks run in the processes of Ray's workers, which load this package once. A part whose worker is
lost is computed again by another one.
"""

from __future__ import annotations

import os

from ._errors import Error, InputError
from ._tropex import Run, _run_part_task, open as _open
from .cluster import plan as _plan

__all__ = ["extract"]


def extract(run, parts, *, workers=None, cpus=1, **settings):
    """Extract the terms of a run in parts on Ray.

    The folder of the run must be visible to all workers under the same path. The same call continues
    an extraction that was interrupted.

    Parameters
    ----------
    run : Run, str or os.PathLike
        A run of the command ``tropex``, or its folder.
    parts : int
        Number of parts, at least 1.
    workers : int, optional
        Number of workers of a Ray that is started on this machine, for as long as the call runs.
        Default: the Ray that the process is connected to, or one that runs on this machine.
    cpus : int, default 1
        Processors of a task.
    **settings
        ``gauge``, ``split``, ``classes``, ``precision``, ``limit``, ``shard_megabytes``, ``check``,
        ``data_dir`` and ``replace``, as for :func:`tropex.cluster.plan`.

    Returns
    -------
    TermStore

    Raises
    ------
    InputError
        If Ray is not installed.
    Error
        If a task failed.
    """
    run = run if isinstance(run, Run) else _open(run)
    plan = _plan(os.path.abspath(run.folder), parts, **settings)
    tasks = plan.pop("tasks")
    _run(tasks, plan, parts, workers, cpus)
    return run.terms(gauge=plan["gauge"], split=plan["split"])


def _run(tasks, settings, parts, workers, cpus):
    """Runs tasks on Ray, and waits for their end."""
    try:
        import ray
    except ImportError:
        raise InputError("Ray is not installed; `pip install ray` installs it") from None
    from ._cluster.ray import RETRIES, connect

    is_own = not ray.is_initialized()
    if is_own:
        connect(workers, cpus)
    work = ray.remote(max_retries=RETRIES, num_cpus=cpus)(_do)
    try:
        done: dict = {}
        for task in tasks:
            after = [done[before] for before in task["after"]]
            step = (task["step"], task["part"])
            done[task["id"]] = work.remote(settings, parts, step, *after)
        ray.get(list(done.values()))
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, Error):
            raise error.cause from None
        raise Error(str(error.cause)) from error
    finally:
        if is_own:
            ray.shutdown()


def _do(settings, parts, step, *_after):
    """One task, in a worker."""
    _run_part_task(settings, parts, *step)
