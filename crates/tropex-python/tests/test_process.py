"""What the package does to the process: imports, signals, threads, memory."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import tropex


def run(code, *arguments):
    """Runs code in an interpreter of its own, which finds the helpers of the tests."""
    path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    command = [sys.executable, "-c", code, *arguments]
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_import_loads_no_other_library_than_numpy():
    code = "import sys; before = set(sys.modules); import numpy; import tropex\n" \
        "print([name for name in ('torch', 'matplotlib', 'pandas', 'sklearn', 'tqdm') if name in sys.modules])"
    assert run(code).stdout.strip() == "[]"


def test_the_number_of_threads_is_chosen_before_the_first_computation():
    code = """
import onnx_bytes, tropex
from reference import Perceptron
tropex.set_num_threads(3)
assert tropex.get_num_threads() == 3
tropex.set_num_threads(3)
try:
    tropex.set_num_threads(2)
except tropex.Error as error:
    print(error)
try:
    tropex.set_num_threads(0)
except tropex.InputError as error:
    print(error)
"""
    lines = run(code).stdout.splitlines()
    assert lines == [
        "3 threads are already in use; call set_num_threads before the first computation",
        "0 threads were asked for, expected 1 or more",
    ]


def test_the_lock_is_released_during_work(net):
    # With this interval a thread keeps the lock until it releases it itself.
    interval = sys.getswitchinterval()
    gate, ran = threading.Lock(), []
    gate.acquire()

    def wait():
        gate.acquire()
        ran.append(True)

    thread = threading.Thread(target=wait)
    thread.start()
    x = np.random.default_rng(0).normal(size=(200_000, 6)).astype(np.float32)
    sys.setswitchinterval(1000)
    try:
        gate.release()
        assert not ran
        net.linear_terms(x, classes="all")
        assert ran
    finally:
        sys.setswitchinterval(interval)
    thread.join()


def test_two_threads_extract_at_once(net, x, tmp_path):
    expected = net.extract(x, tmp_path / "alone", progress=False)
    stores = {}

    def extract(name):
        stores[name] = net.extract(x, tmp_path / name, progress=False)

    threads = [threading.Thread(target=extract, args=[name]) for name in ("left", "right")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in ("left", "right"):
        assert stores[name].manifest["shards"] == expected.manifest["shards"]


INTERRUPTED = """
import json, os, signal, sys
import numpy as np
import onnx_bytes, tropex
from reference import Perceptron

widths = [64, 256, 256, 256, 10]
perceptron = Perceptron(widths)
net = tropex._tropex.network_from_onnx(onnx_bytes.mlp(perceptron.weights, perceptron.biases))
x = np.random.default_rng(0).normal(size=(200_000, 64)).astype(np.float32)

manifest = os.path.join(sys.argv[1], "manifest.json")

def interrupt(task, share):
    if os.path.exists(manifest) and not sent:
        sent.append(True)
        os.kill(os.getpid(), signal.SIGINT)

sent = []
try:
    net.extract(x, sys.argv[1], gauge="worst-case", progress=interrupt, shard_megabytes=1)
except KeyboardInterrupt:
    print("interrupted")
with open(manifest) as file:
    print(0 < len(json.load(file)["shards"]) < 100)
store = net.extract(x, sys.argv[1], gauge="worst-case", progress=False)
print(len(store))
"""


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_ctrl_c_leaves_a_state_that_the_same_call_continues(tmp_path):
    process = run(INTERRUPTED, str(tmp_path / "terms"))
    assert process.stdout.split() == ["interrupted", "True", "200000"], process.stderr


INTERRUPTED_SLICE = """
import os, signal
import numpy as np
import onnx_bytes, tropex
from reference import Perceptron

perceptron = Perceptron([64, 256, 256, 10])
net = tropex._tropex.network_from_onnx(onnx_bytes.mlp(perceptron.weights, perceptron.biases))
x = np.random.default_rng(0).normal(size=(3, 64)).astype(np.float32)

def interrupt(task, share):
    os.kill(os.getpid(), signal.SIGINT)

try:
    net.slice(*x, progress=interrupt)
except KeyboardInterrupt:
    print("interrupted")
print(len(net.slice(*x, margin=-0.499)) > 0)
"""


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_ctrl_c_ends_a_slice():
    process = run(INTERRUPTED_SLICE)
    assert process.stdout.split() == ["interrupted", "True"], process.stderr


def resident():
    """Bytes of the process in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads /proc")
def test_a_thousand_calls_take_no_more_memory_than_two_hundred(net, x, models):
    def calls(count):
        for _ in range(count):
            net.linear_terms(x, classes="all")
            net.patterns(x)
            net.region(x[0]).boundaries()
            net.path(x[0], x[1])
            with pytest.raises(tropex.InputError):
                net.linear_terms(x[0])

    start = resident()
    calls(200)
    warm = resident()
    calls(800)
    allowed = max(warm - start, 4 << 20)
    assert resident() - warm <= allowed
