"""Runs in an object store, through the command: the same bytes as in a folder.

    TROPEX=PROGRAM python -m pytest .ci/object_store_tests.py

The store is moto, a server that behaves like S3, on this machine. PROGRAM has the feature `object-store`.
"""

import filecmp
import json
import os
import signal
import subprocess
from pathlib import Path
from threading import Lock, Thread

import boto3
import pytest
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

GAUGES = ["worst-case", "tight", "calibrated"]
OPTIONS = ["--shard-megabytes", "1", "--batch", "40"]


class Store:
    """A server of objects that can fail, wait, and remember what it was asked."""

    def __init__(self):
        self.app = DomainDispatcherApplication(create_backend_app)
        self.server = make_server("127.0.0.1", 0, self.answer, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.fails = lambda method, path: False
        self.requests, self.lock = [], Lock()
        self.client = boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
        )
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.client.create_bucket(Bucket="bucket")

    def answer(self, environ, start_response):
        request = (environ["REQUEST_METHOD"], environ["PATH_INFO"])
        with self.lock:
            self.requests.append(request)
            fails = self.fails(*request)
        if fails:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response("503 Slow Down", [("Content-Length", "0")])
            return [b""]
        return self.app(environ, start_response)

    def names(self, prefix):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket="bucket", Prefix=prefix + "/")
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def read(self, name):
        return self.client.get_object(Bucket="bucket", Key=name)["Body"].read()

    def write(self, name, content):
        self.client.put_object(Bucket="bucket", Key=name, Body=content)

    def download(self, prefix, folder):
        for name in self.names(prefix):
            path = folder / name[len(prefix) + 1 :]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.read(name))
        return folder


@pytest.fixture(scope="module")
def store():
    return Store()


@pytest.fixture
def tropex(store, tmp_path):
    """Calls the command and returns its result; afterwards, no mirror is left."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = os.environ | {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": store.url,
        "TMPDIR": str(temporary),
    }

    def start(*words, **variables):
        return subprocess.Popen(
            [os.environ["TROPEX"], *map(str, words)],
            env=environment | variables,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(*words, fails=False, **variables):
        process = start(*words, **variables)
        output, errors = process.communicate()
        assert process.returncode == (1 if fails else 0), errors
        assert str(temporary) not in output + errors
        assert not list(temporary.iterdir())
        return errors if fails else output

    call.start, call.temporary, call.folder = start, temporary, tmp_path
    return call


@pytest.fixture
def run(store, tropex, request):
    """A trained run, in the store and in a folder."""
    name = f"runs/{request.node.name.translate(str.maketrans('[]', '--'))}"
    url = f"s3://bucket/{name}"
    tropex("train", "fcn4", "--dataset", "embedded", "--epochs", 1, "--out", url)
    return url, name, store.download(name, tropex.folder / name.split("/")[-1])


def same(store, name, folder, part="terms"):
    """Compares the files of a run in the store with those in a folder."""
    found = store.download(name, folder.parent / "found")
    here, there = ({p.relative_to(f) for p in (f / part).rglob("*") if p.is_file()} for f in (folder, found))
    here = {path for path in here if not path.name.startswith(".tropex-")}
    assert here == there and here
    assert filecmp.cmpfiles(folder, found, map(str, here), shallow=False)[1:] == ([], [])


def test_a_training_in_the_store_is_that_in_a_folder(store, tropex, run):
    url, name, folder = run
    tropex("train", "fcn4", "--dataset", "embedded", "--epochs", 2, "--out", url)
    tropex("train", "fcn4", "--dataset", "embedded", "--epochs", 2, "--out", folder)
    assert store.read(f"{name}/model.safetensors") == (folder / "model.safetensors").read_bytes()
    assert "already finished" in tropex("train", "fcn4", "--dataset", "embedded", "--epochs", 2, "--out", url)


@pytest.mark.parametrize("gauge", GAUGES)
def test_an_extraction_has_the_same_bytes(store, tropex, run, gauge):
    url, name, folder = run
    for place in (url, folder):
        tropex("extract", place, "--gauge", gauge, *OPTIONS)
    same(store, name, folder)
    assert "already extracted" in tropex("extract", url, "--gauge", gauge, *OPTIONS)
    evaluated = [json.loads(tropex("evaluate", place, "--gauge", gauge, "--json")) for place in (url, folder)]
    for value in evaluated:
        del value["seconds"], value["run"]
    assert evaluated[0] == evaluated[1]


@pytest.mark.parametrize("gauge", GAUGES)
def test_parts_without_a_common_folder_have_the_same_bytes(store, tropex, run, gauge):
    url, name, folder = run
    options = ["--gauge", gauge, *OPTIONS]
    tropex("extract", folder, *options)
    parts = [tropex.start("extract", url, *options, "--part", f"{part}/4") for part in range(1, 5)]
    for part in parts:
        assert part.wait() == 0, part.stderr.read()
    assert any("parts-of-4" in key for key in store.names(name))
    tropex("merge", url, "--gauge", gauge, "--shard-megabytes", 1)
    assert not any("parts-of-4" in key for key in store.names(name))
    same(store, name, folder)


def test_stages_in_tasks_have_the_same_bytes(store, tropex, run):
    url, name, folder = run
    options = ["--gauge", "tight", "--shard-megabytes", "1"]
    tropex("extract", folder, *options)
    plan = json.loads(tropex("plan", url, *options, "--parts", 3, "--json"))
    for task in plan["tasks"]:
        assert task["command"][2] == url
        tropex(*task["command"][1:])
        for output in task["outputs"]:
            store.read(output.removeprefix("s3://bucket/"))
    same(store, name, folder)


def test_a_killed_part_is_done_again(store, tropex, run):
    url, name, folder = run
    tropex("extract", folder, *OPTIONS)
    first = tropex.start("extract", url, *OPTIONS, "--part", "1/2")
    # Killed when its first file of terms is in the store.
    while not any("shard-" in key for key in store.names(name)) and first.poll() is None:
        pass
    first.kill()
    first.wait()
    for part in ("1/2", "2/2"):
        tropex("extract", url, *OPTIONS, "--part", part)
    tropex("merge", url, "--shard-megabytes", 1)
    same(store, name, folder)


def test_an_interrupted_command_leaves_no_mirror_and_continues(store, tropex, run):
    url, name, folder = run
    tropex("extract", folder, *OPTIONS)
    process = tropex.start("extract", url, *OPTIONS)
    while not any("shard-" in key for key in store.names(name)) and process.poll() is None:
        pass
    process.send_signal(signal.SIGINT)
    errors = process.communicate()[1]
    assert process.returncode in (0, 130)
    assert str(tropex.temporary) not in errors and not list(tropex.temporary.iterdir())
    tropex("extract", url, *OPTIONS)
    same(store, name, folder)


def test_a_store_that_fails_now_and_then_is_asked_again(store, tropex, run):
    url, name, folder = run
    tropex("extract", folder, *OPTIONS)
    counter = iter(range(10**9))
    store.fails = lambda method, path: next(counter) % 5 == 2
    try:
        tropex("extract", url, *OPTIONS)
    finally:
        store.fails = lambda method, path: False
    same(store, name, folder)


def test_a_store_that_stops_taking_files_is_one_line_and_the_command_continues(store, tropex, run):
    url, name, folder = run
    tropex("extract", folder, *OPTIONS)
    store.fails = lambda method, path: method == "PUT" and "shard-00002" in path
    try:
        error = tropex("extract", url, *OPTIONS, fails=True)
    finally:
        store.fails = lambda method, path: False
    assert error.startswith(f"error: cannot write {url}/terms/train-worst-case/shard-00002.safetensors: ")
    assert error.count("\n") == 1
    tropex("extract", url, *OPTIONS)
    same(store, name, folder)


def test_findings_and_assignments_are_the_same(store, tropex, run):
    url, name, folder = run
    for place in (url, folder):
        tropex("extract", place, "--gauge", "tight", *OPTIONS)
        tropex("experiment", "count,patterns,generalization", place, "--gauge", "tight")
    # Findings and pages name the place of their run.
    for path in (folder / "reports").rglob("*"):
        if path.suffix == ".json":
            path.write_bytes(path.read_bytes().replace(str(folder).encode(), url.encode()))
        if path.name.startswith("index"):
            page = store.read(f"{name}/reports/{path.name}").decode()
            assert "bucket/runs" in page and "temporary" not in page
            path.write_text(page)
    same(store, name, folder, "reports")
    rows = [tropex("assign", place, "--gauge", "tight", "--top", 2, "--json") for place in (url, folder)]
    rows = [json.loads(row)["assignments"] for row in rows]
    assert rows[0] == rows[1]
    for part in ("1/2", "2/2"):
        tropex("evaluate", url, "--gauge", "tight", "--part", part)
    tropex("evaluate", url, "--gauge", "tight", "--parts", 2)


def test_a_damaged_or_missing_file_is_named_by_its_url(store, tropex, run):
    url, name, _ = run
    tropex("extract", url, *OPTIONS)
    shard = next(key for key in store.names(name) if "shard-00001" in key)
    whole = store.read(shard)
    store.write(shard, whole[:-1] + bytes([whole[-1] ^ 1]))
    error = tropex("evaluate", url, fails=True)
    assert f"s3://bucket/{shard}" in error and "checksum" in error
    store.client.delete_object(Bucket="bucket", Key=shard)
    error = tropex("evaluate", url, fails=True)
    assert f"s3://bucket/{shard}" in error and error.count("\n") == 1
    tropex("extract", url, *OPTIONS)
    assert store.read(shard) == whole


def test_what_cannot_be_opened_is_said_in_one_line(store, tropex):
    for place, message in [
        ("s3://nowhere/run", "nowhere"),
        ("s3://bucket/none", "s3://bucket/none"),
        ("gs://bucket/run", "gs://bucket/run: not a URL of S3; expected s3://BUCKET/FOLDER"),
        ("s3:///run", "it names no bucket"),
    ]:
        error = tropex("inspect", place, fails=True)
        assert message in error and error.count("\n") == 1, error
    error = tropex("inspect", "s3://bucket/run", fails=True, AWS_ENDPOINT_URL="http://127.0.0.1:1")
    assert error.startswith("error: cannot read s3://bucket/run") and error.count("\n") == 1


def test_names_that_leave_the_folder_are_refused(store, tropex):
    store.write("evil/../../escape", b"x")
    error = tropex("inspect", "s3://bucket/evil", fails=True)
    assert error.count("\n") == 1
    assert not (tropex.temporary.parent / "escape").exists()


def test_a_study_can_be_kept_in_the_store(store, tropex):
    url = "s3://bucket/studies/small"
    plan = tropex.folder / "small.toml"
    plan.write_text(
        'title = "Small"\nseeds = [0]\ngauges = ["worst-case"]\n\n[[network]]\nname = "fcn4"\n'
        'architecture = "fcn4"\ndataset = "embedded"\ntraining = { epochs = 1 }\n\n'
        '[experiments]\nnames = ["generalization", "count"]\npoints = 50\n'
    )
    tropex("study", plan, "--out", url)
    tropex("study", plan, "--out", tropex.folder / "here")
    names = {name.removeprefix("studies/small/") for name in store.names("studies/small")}
    here = tropex.folder / "here"
    assert names >= {str(p.relative_to(here)) for p in here.rglob("*.json")} | {"index.html"}
    assert store.read("studies/small/numbers.jsonl") == (here / "numbers.jsonl").read_bytes()
