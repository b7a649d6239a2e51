"""Work in parts: plans, and the engines that are installed here."""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

import tropex
import tropex.cluster
from tropex._cluster.points import FIELDS

ENGINES = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            importlib.util.find_spec(package) is None, reason=f"{package} is not installed"
        ),
    )
    for name, (package, *_) in tropex.cluster.ENGINES.items()
]

#: A process ends its parent, the worker, once; the second time it writes a file.
FATAL = """
import os, pathlib, signal, sys
mark = pathlib.Path(sys.argv[1])
if not mark.exists():
    mark.touch()
    os.kill(os.getppid(), signal.SIGKILL)
pathlib.Path(sys.argv[2]).touch()
"""


def task(number, code, after=(), arguments=()):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return {"id": number, "step": "test", "command": command, "after": list(after)}


def test_plans_that_are_none_are_refused(tmp_path):
    good = task(1, "pass")
    for plan, message in [
        ({}, "^the plan has no tasks; expected what tropex.cluster.plan returns"),
        ("{", "^the plan is no JSON: "),
        ({"tasks": [{"id": 1}]}, "^a task of the plan has no after$"),
        ({"tasks": [{**good, "after": [2]}]}, "^task 1 of the plan waits for task 2, which is not before"),
    ]:
        with pytest.raises(tropex.InputError, match=message):
            tropex.cluster.submit(plan)
    with pytest.raises(tropex.FileError, match="^cannot read the plan "):
        tropex.cluster.submit(tmp_path / "missing.json")


def test_arguments_of_a_job_are_checked_before_it_begins():
    plan = {"tasks": [task(1, "pass")]}
    with pytest.raises(tropex.InputError, match="^engine is 'slurm', expected one of 'hyperqueue'"):
        tropex.cluster.submit(plan, engine="slurm")
    with pytest.raises(tropex.InputError, match="^workers is 0, expected at least 1$"):
        tropex.cluster.submit(plan, workers=0)
    with pytest.raises(tropex.InputError, match="^cpus is 0, expected at least 1$"):
        tropex.cluster.submit(plan, cpus=0)
    with pytest.raises(tropex.FileError):
        tropex.cluster.plan("missing", parts=2)


@pytest.mark.parametrize("name, package", [(name, of[0]) for name, of in tropex.cluster.ENGINES.items()])
def test_an_engine_that_is_not_installed_is_named(name, package):
    if importlib.util.find_spec(package) is not None:
        pytest.skip(f"{package} is installed")
    with pytest.raises(tropex.InputError, match=f"`pip install {package}` installs it$"):
        tropex.cluster.submit({"tasks": [task(1, "pass")]}, engine=name)


@pytest.mark.parametrize("engine", ENGINES)
def test_tasks_follow_those_that_they_wait_for(engine, tmp_path):
    code = "import pathlib, sys; print(pathlib.Path(sys.argv[1]).read_text(), file=open(sys.argv[2], 'w'))"
    (tmp_path / "0").write_text("text")
    tasks = [
        task(number, code, range(1, number), [tmp_path / str(number - 1), tmp_path / str(number)])
        for number in range(1, 4)
    ]
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"tasks": tasks}))
    assert tropex.cluster.submit(plan, engine=engine, workers=2) is None
    assert (tmp_path / "3").read_text().strip() == "text"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_task_that_fails_is_named_with_its_last_words(engine, tmp_path):
    tasks = [task(1, "raise SystemExit('no such run')"), task(2, "pass", [1])]
    with tropex.cluster.submit(
        {"tasks": tasks}, engine=engine, workers=1, wait=False, logs=tmp_path
    ) as job:
        with pytest.raises(tropex.Error, match=r"^task 1 \(test\) failed: no such run; its outputs are in"):
            job.wait()
    assert (tmp_path / "test-1.err").read_text().strip() == "no such run"
    assert not (tmp_path / "test-2.err").exists()


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")
def test_the_task_of_a_lost_worker_of_ray_runs_again(tmp_path):
    mark, done = tmp_path / "mark", tmp_path / "done"
    plan = {"tasks": [task(1, FATAL, arguments=[mark, done])]}
    tropex.cluster.submit(plan, engine="ray", workers=1)
    assert mark.exists() and done.exists()


@pytest.fixture(scope="module")
def program():
    """The command `tropex`, which the variable TROPEX names."""
    if "TROPEX" not in os.environ:
        pytest.skip("TROPEX names no program")
    return os.environ["TROPEX"]


@pytest.fixture(scope="module")
def run(program, tmp_path_factory):
    """A run on a small dataset."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    train = ["train", "fcn4", "--dataset", "embedded", "--limit", "800", "--epochs", "1"]
    subprocess.run([program, *train, "--quiet", "--out", folder], check=True, stdout=subprocess.PIPE)
    return folder


SETTINGS = {"shard_megabytes": 2, "check": 100}
OPTIONS = ["--shard-megabytes", "2", "--check", "100"]


@pytest.fixture(scope="module", params=["worst-case", "tight", "calibrated"])
def whole(request, program, run):
    """A gauge, and the files of terms that one process extracted."""
    gauge = request.param
    extract = [program, "extract", run, "--gauge", gauge, *OPTIONS, "--quiet"]
    subprocess.run(extract, check=True, stdout=subprocess.PIPE)
    return gauge, contents(run, gauge)


def contents(run, gauge):
    folder = run / "terms" / f"train-{gauge}"
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def copy_of(run, folder):
    """The run without terms."""
    return shutil.copytree(run, folder / "run", ignore=shutil.ignore_patterns("terms"))


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_plan_of_the_package_gives_the_terms_of_one_process(engine, parts, run, whole, tmp_path):
    gauge, expected = whole
    own = copy_of(run, tmp_path)
    plan = tropex.cluster.plan(own, parts=parts, gauge=gauge, **SETTINGS)
    tropex.cluster.submit(plan, engine=engine, workers=2)
    assert contents(own, gauge) == expected
    tropex.cluster.submit(plan, engine=engine, workers=2)  # nothing is left to do
    assert contents(own, gauge) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_a_plan_of_the_command_gives_the_terms_of_one_process(engine, program, run, whole, tmp_path):
    gauge, expected = whole
    own = copy_of(run, tmp_path)
    planned = [program, "plan", own, "--gauge", gauge, *OPTIONS, "--parts", "3", "--json"]
    plan = subprocess.run(planned, check=True, stdout=subprocess.PIPE, text=True).stdout
    tropex.cluster.submit(plan, engine=engine, workers=2, program=program)
    assert contents(own, gauge) == expected


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")
def test_ray_extracts_the_terms_of_one_process(run, whole, tmp_path):
    import tropex.ray

    gauge, expected = whole
    own = copy_of(run, tmp_path)
    store = tropex.ray.extract(own, 3, workers=2, gauge=gauge, **SETTINGS)
    assert contents(own, gauge) == expected
    assert len(store) == 800 and store.gauge == gauge
    with pytest.raises(tropex.Error, match="parts"):
        tropex.ray.extract(own, 10_000, workers=2, gauge=gauge, **SETTINGS)


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")
def test_ray_goes_on_with_the_next_search_if_a_check_refutes_the_first(
    program, run, tmp_path, monkeypatch
):
    import tropex.ray

    plans = []

    def plan(*arguments, **settings):
        plans.append(tropex.cluster.plan(*arguments, **settings))
        return dict(plans[-1])

    monkeypatch.setattr(tropex.ray, "_plan", plan)
    whole, parts = (copy_of(run, tmp_path / name) for name in ("whole", "parts"))
    # One point says little about the scale that all need.
    options = ["--gauge", "calibrated", "--shard-megabytes", "2", "--check", "1", "--quiet"]
    subprocess.run([program, "extract", whole, *options], check=True, stdout=subprocess.PIPE)
    tropex.ray.extract(parts, 3, workers=2, gauge="calibrated", shard_megabytes=2, check=1)
    assert contents(parts, "calibrated") == contents(whole, "calibrated")
    assert len(plans) >= 2 and plans[0]["tasks"] != plans[1]["tasks"]


@pytest.fixture(scope="module")
def store(run, whole):
    """The terms of a gauge, and points with their labels."""
    store = tropex.open(run / "terms" / f"train-{whole[0]}")
    random = np.random.default_rng(0)
    x = random.random((50, *store.input_shape), np.float32)
    return store, x, random.integers(0, 10, 50)


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")
def test_ray_assigns_and_evaluates_as_one_process_does(run, store):
    import ray

    import tropex.ray

    store, x, y = store
    function, net = store.function(), tropex.load(run)
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR")
    try:
        own = {"top": 3, "without": np.arange(50)}
        for settings in [{}, own]:
            whole, parts = function.assign(x, **settings), tropex.ray.assign(store, x, 7, **settings)
            for name in FIELDS:
                np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))
        evaluated = tropex.ray.evaluate(store.folder, x, y, 7, network=run)
        assert evaluated == function.evaluate(x, y, network=net)
        assert tropex.ray.evaluate(store, x, y, 1) == function.evaluate(x, y)
        assert 0 < evaluated["agreement"] <= 1
        with pytest.raises(tropex.InputError, match="^parts is 51, expected 1 to 50"):
            tropex.ray.assign(store, x, 51)
        with pytest.raises(tropex.InputError, match=r"^y has shape \(49,\), expected \(50,\)"):
            tropex.ray.evaluate(store, x, y[1:], 2)
        with pytest.raises(tropex.InputError, match="run is a run, expected a store of terms"):
            tropex.ray.assign(run, x, 2)
        with pytest.raises(tropex.FileError, match="none.onnx"):
            tropex.ray.evaluate(store, x, y, 2, network="none.onnx")
        with pytest.raises(tropex.InputError, match="^x has shape"):
            tropex.ray.assign(store, x[..., :5], 2)
    finally:
        ray.shutdown()


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")
def test_ray_computes_the_parts_of_killed_workers_again(run, store, tmp_path, monkeypatch):
    import ray

    import tropex.ray

    class Mortal:
        """Its process is killed in three of the parts, once in each."""

        def __init__(self, *settings):
            import tropex.ray

            self._function = tropex.ray._Function(*settings)  # in the worker, which nothing patched

        def do(self, method, span, names, *arrays):
            mark = tmp_path / f"{method}-{span[0]}"
            if span[0] in (0, 600, 1800) and not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return self._function.do(method, span, names, *arrays)

    monkeypatch.setattr(tropex.ray, "_Function", Mortal)
    store, *_ = store
    random = np.random.default_rng(1)
    x, y = random.random((2000, *store.input_shape), np.float32), random.integers(0, 10, 2000)
    function, net = store.function(), tropex.load(run)
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR")
    try:
        parts, whole = tropex.ray.assign(store, x, 10, top=3), function.assign(x, top=3)
        for name in FIELDS:
            np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))
        evaluated = tropex.ray.evaluate(store, x, y, 10, network=run)
        assert evaluated == function.evaluate(x, y, network=net)
    finally:
        ray.shutdown()
    killed = {f"{method}-{first}" for method in ("assign", "evaluate") for first in (0, 600, 1800)}
    assert {mark.name for mark in tmp_path.iterdir()} == killed
