"""Extractions, evaluations and assignments in parts on Ray, within its workers.

>>> import tropex.ray
>>> store = tropex.ray.extract("runs/fcn4", parts=16, gauge="tight", workers=4)
>>> winners = tropex.ray.assign(store, x, parts=16, workers=4)
>>> tropex.ray.evaluate(store, x, y, parts=16, network="runs/fcn4", workers=4)

The tasks run in the processes of Ray's workers, which load this package once. A part whose worker is
lost is computed again by another one.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import cached_property

import numpy as np

from ._cluster.points import join_assignments, join_evaluations, spans
from ._errors import Error, InputError
from ._tropex import Network, Run, TermStore, _run_part_task, load as _load, open as _open
from .cluster import plan as _plan

__all__ = ["assign", "evaluate", "extract"]


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
    folder = os.path.abspath(run.folder)
    plan = _plan(folder, parts, **settings)
    while True:
        tasks = plan.pop("tasks")
        try:
            _run(tasks, plan, parts, workers, cpus)
        except Error:
            # With the calibrated gauge, the merge can refute the scale that was found; then the plan
            # continues with the next search. Any other plan is the same again.
            plan = _plan(folder, parts, **settings)
            if plan["tasks"] == tasks:
                raise
        else:
            return run.terms(gauge=plan["gauge"], split=plan["split"])


def assign(store, x, parts, *, top=1, without=None, workers=None, cpus=1):
    """The winning terms at points, in parts on Ray.

    Every worker opens the terms once, and compares its parts of the points with all of them. A winner
    is decided exactly, so the result does not depend on the parts.

    Parameters
    ----------
    store : TermStore, str or os.PathLike
        Terms, or their folder, which must be visible to all workers under the same path.
    x : array_like of shape (n, *input_shape)
        Points, as for :meth:`ExtractedFunction.assign`.
    parts : int
        Number of parts, from 1 to n.
    top : int, default 1
        Number of largest positive terms at each point.
    without : array_like of shape (n,), optional
        For each point a position in the store whose terms are left out.
    workers, cpus
        As for :func:`extract`.

    Returns
    -------
    Assignment

    Raises
    ------
    InputError
        If Ray is not installed, or there are more parts than points.
    Error
        If a part failed.
    """
    points = {"x": x} if without is None else {"x": x, "without": without}
    settings = {"top": top}
    return join_assignments(_compare("assign", store, points, settings, parts, workers, cpus))


def evaluate(store, x, y, parts, *, network=None, workers=None, cpus=1):
    """Compare the extracted function with labels and with the network, in parts on Ray.

    Parameters
    ----------
    store : TermStore, str or os.PathLike
        Terms, or their folder, which must be visible to all workers under the same path.
    x : array_like of shape (n, *input_shape)
        Points, as for :meth:`ExtractedFunction.assign`.
    y : array_like of shape (n,)
        True classes.
    parts : int
        Number of parts, from 1 to n.
    network : Network, str or os.PathLike, optional
        The network that the terms belong to, or a run or file that :func:`tropex.load` loads in every
        worker.
    workers, cpus
        As for :func:`extract`.

    Returns
    -------
    dict
        As that of :meth:`ExtractedFunction.evaluate`.

    Raises
    ------
    InputError
        If Ray is not installed, or there are more parts than points.
    Error
        If a part failed.
    """
    points, settings = {"x": x, "y": y}, {"network": network}
    return join_evaluations(_compare("evaluate", store, points, settings, parts, workers, cpus))


def _compare(method, store, points, settings, parts, workers, cpus):
    """The results of a method of the extracted function at parts of points, in their order. `points`
    are its arguments with an entry for each point, `settings` the others."""
    points = {name: np.asarray(array) for name, array in points.items()}
    cut = spans(points, parts)
    folder = os.path.abspath(store.folder if isinstance(store, TermStore) else store)
    network = settings.get("network")
    if not isinstance(network, Network | None):
        settings = settings | {"network": os.path.abspath(network)}
    with _connected(workers, cpus) as ray:
        from ._cluster.ray import RETRIES

        options = {"num_cpus": cpus, "max_restarts": RETRIES, "max_task_retries": RETRIES}
        count = min(parts, max(1, int(ray.cluster_resources().get("CPU", 1)) // cpus))
        function = ray.remote(**options)(_Function)
        workers = ray.util.ActorPool(function.remote(folder, settings, cpus) for _ in range(count))
        # Ray stores an array once per machine, and every worker takes its parts from there.
        shared = [ray.put(array) for array in points.values()]

        def do(worker, span):
            return worker.do.remote(method, span, list(points), *shared)

        return list(workers.map(do, cut))


class _Function:
    """An extracted function in a worker, which opens its terms once."""

    def __init__(self, folder, settings, cpus):
        from ._tropex import set_num_threads

        set_num_threads(cpus)
        self._folder, self._given = folder, settings

    # Both are opened by the first part, because Ray passes on the errors of calls only.

    @cached_property
    def _function(self):
        store = _open(self._folder)
        if not isinstance(store, TermStore):
            raise InputError(f"{self._folder} is a run, expected a store of terms, such as run.terms()")
        return store.function()

    @cached_property
    def _settings(self):
        network = self._given.get("network")
        return self._given | ({"network": _load(network)} if isinstance(network, str) else {})

    def do(self, method, span, names, *arrays):
        points = {name: array[slice(*span)] for name, array in zip(names, arrays)}
        return getattr(self._function, method)(**points, **self._settings)


def _run(tasks, settings, parts, workers, cpus):
    """Runs tasks on Ray, and waits for their end."""
    with _connected(workers, cpus) as ray:
        from ._cluster.ray import RETRIES

        work = ray.remote(max_retries=RETRIES, num_cpus=cpus)(_do)
        done: dict = {}
        for task in tasks:
            after = [done[before] for before in task["after"]]
            step = (task["step"], task["part"])
            done[task["id"]] = work.remote(settings, parts, step, *after)
        ray.get(list(done.values()))


@contextmanager
def _connected(workers, cpus):
    """Ray, connected, with the errors of tasks as those of this package."""
    try:
        import ray
    except ImportError:
        raise InputError("Ray is not installed; `pip install ray` installs it") from None
    from ._cluster.ray import connect

    is_own = not ray.is_initialized()
    if is_own:
        connect(workers, cpus)
    try:
        yield ray
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, Error):
            raise error.cause from None
        raise Error(str(error.cause)) from error
    except ray.exceptions.ActorDiedError as error:
        cause = getattr(error, "cause", None)
        raise Error(f"a worker ended: {cause or error}") from error
    finally:
        if is_own:
            ray.shutdown()


def _do(settings, parts, step, *_after):
    """One task, in a worker."""
    _run_part_task(settings, parts, *step)
