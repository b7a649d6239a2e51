"""`Network.extract` beside `tropex extract` on the training images of Fashion-MNIST, in turns.

    python fashion_mnist.py PATH/tropex RUN FOLDER      # the folder of the dataset

The run is one on Fashion-MNIST. Both extract all 60,000 images, without the comparison of terms. The
command also starts, reads the dataset and loads the network.
"""

import argparse
import gzip
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

import tropex

ROUNDS = 3


def read(file, header):
    """The bytes of a compressed IDX file after its header."""
    return np.frombuffer(gzip.decompress(file.read_bytes()), np.uint8)[header:]


def measure(work):
    """Seconds on the clock, and of all processors."""
    start, before = time.perf_counter(), sum(os.times()[:4])
    work()
    return time.perf_counter() - start, sum(os.times()[:4]) - before


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command")
    parser.add_argument("run", type=Path)
    parser.add_argument("data", type=Path)
    given = parser.parse_args()
    images = read(given.data / "train-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)
    images = images / np.float32(255)
    labels = read(given.data / "train-labels-idx1-ubyte.gz", 8).astype(int)
    options = ["--check", "0", "--limit", str(len(images)), "--data-dir", given.data, "--quiet"]
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder, "run")
        shutil.copytree(given.run, run, ignore=shutil.ignore_patterns("terms"))
        net = tropex.load(run)
        works = {
            "command": lambda: subprocess.run(
                [given.command, "extract", run, *options], check=True, stdout=subprocess.DEVNULL
            ),
            "package": lambda: net.extract(
                images, f"{folder}/terms", labels, "worst-case", progress=False, check=0
            ),
        }
        for _ in range(ROUNDS):
            for name, work in works.items():
                shutil.rmtree(run / "terms", ignore_errors=True)
                shutil.rmtree(f"{folder}/terms", ignore_errors=True)
                clock, processors = measure(work)
                print(f"{name}: {clock:.2f} s, {processors:.2f} s of processors", flush=True)


if __name__ == "__main__":
    main()
