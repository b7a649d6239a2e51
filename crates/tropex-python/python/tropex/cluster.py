"""Extractions of runs in parts, on an engine that runs tasks on many machines.

>>> import tropex.cluster
>>> plan = tropex.cluster.plan("runs/fcn4", parts=16, gauge="tight")
>>> tropex.cluster.submit(plan, engine="hyperqueue", workers=4)
>>> store = tropex.open("runs/fcn4").terms(gauge="tight")

A plan lists tasks with their commands, and which tasks wait for which. All machines must see the run,
its dataset and the program of the commands under the paths that the plan has. Every task may be
repeated, so that a job that was interrupted is continued by the same call.
"""

from __future__ import annotations

import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from ._cluster.engine import Job, JobSettings
from ._cluster.plans import plan_of, read_plan, with_program
from ._errors import InputError
from ._tropex import Run

__all__ = ["ENGINES", "Job", "plan", "submit"]

#: The engines: package, module of this one, and its class of jobs.
ENGINES = {
    "hyperqueue": ("hyperqueue", "tropex._cluster.hyperqueue", "HyperQueueJob"),
    "ray": ("ray", "tropex._cluster.ray", "RayJob"),
}


def plan(
    run,
    parts,
    *,
    gauge="worst-case",
    split="train",
    classes="predicted",
    precision="f32",
    limit=None,
    shard_megabytes=64,
    check=1000,
    data_dir=None,
    replace=False,
):
    """The plan of an extraction in parts.

    Parameters
    ----------
    run : Run, str or os.PathLike
        A run of the command ``tropex``, or its folder.
    parts : int
        Number of parts, at least 1.
    gauge : "worst-case", "tight" or "calibrated", default "worst-case"
        The rule that chooses the shifts. If the last check of the calibrated gauge refutes a search,
        the merge fails, and the next plan has the tasks of the next search; :func:`tropex.ray.extract`
        goes on with it by itself.
    split : "train" or "test", default "train"
        The images.
    classes : "predicted", "all" or int, default "predicted"
        The logits whose terms are extracted.
    precision : "f32" or "f64", default "f32"
        Format of the numbers.
    limit : int, optional
        Number of images.
    shard_megabytes : int, default 64
        Approximate size of a file of terms.
    check : int, default 1000
        Number of points whose terms are compared with all other terms.
    data_dir : str or os.PathLike, optional
        Folder of the dataset.
    replace : bool, default False
        Whether to replace terms of other settings.

    Returns
    -------
    dict
        The settings, and ``tasks``: a list of dicts with ``id``, ``step``, ``part``, ``command``,
        ``after`` (the tasks that end before), ``inputs`` and ``outputs``, as ``tropex plan --json``
        prints them. The commands run this Python and this package.

    Raises
    ------
    Error
        If there are more parts than batches.
    """
    settings = {
        "run": str(run.folder if isinstance(run, Run) else run),
        "gauge": gauge,
        "split": split,
        "classes": str(classes),
        "precision": precision,
        "limit": limit,
        "shard_megabytes": shard_megabytes,
        "check": check,
        "data_dir": None if data_dir is None else str(data_dir),
        "replace": replace,
    }
    return plan_of(settings, parts)


def submit(plan, engine="hyperqueue", *, workers=None, cpus=1, wait=True, logs=None, program=None):
    """Hand over the tasks of a plan to an engine.

    Parameters
    ----------
    plan : dict, str or os.PathLike
        What :func:`plan` returns, the JSON that ``tropex plan --json`` prints, or a file with it.
    engine : "hyperqueue" or "ray", default "hyperqueue"
        The engine. Its package must be installed.
    workers : int, optional
        Number of workers that are started on this machine, for as long as the job runs. Default: the
        workers of a server of the engine that runs already.
    cpus : int, default 1
        Processors of a task.
    wait : bool, default True
        Whether to wait until all tasks have ended.
    logs : str or os.PathLike, optional
        Folder of the outputs of the tasks. Default: a new temporary folder.
    program : str or os.PathLike, optional
        Program in place of the first word of the commands, such as the path of ``tropex``.

    Returns
    -------
    Job or None
        Without `wait` the job: ``job.wait()`` waits for its end, ``job.close()`` ends its workers.

    Raises
    ------
    InputError
        If the engine is unknown or not installed, or the plan is none.
    Error
        If a task failed.
    """
    tasks = with_program(read_plan(plan), program)
    if workers is not None and workers < 1:
        raise InputError(f"workers is {workers}, expected at least 1")
    if cpus < 1:
        raise InputError(f"cpus is {cpus}, expected at least 1")
    make = _engine(engine)
    folder = Path(tempfile.mkdtemp(prefix="tropex-logs-") if logs is None else logs).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    job = make(tasks, JobSettings(workers, cpus, folder))
    if not wait:
        return job
    with job:
        job.wait()
    return None


def _engine(name):
    """The class of jobs of an engine."""
    if name not in ENGINES:
        raise InputError(f"engine is {name!r}, expected one of {', '.join(map(repr, ENGINES))}")
    package, module, kind = ENGINES[name]
    if find_spec(package) is None:
        raise InputError(f"the engine {name} is not installed; `pip install {package}` installs it")
    return getattr(import_module(module), kind)
