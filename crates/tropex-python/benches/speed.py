"""Times of the package beside those of PyTorch and of the command, in one process.

    python speed.py                         # linear terms, compared with vmap(jacrev) and autograd
    python speed.py --trained RUN FOLDER    # a run of `fcn4`, at training images of Fashion-MNIST
    python speed.py --command PATH/tropex   # and extraction, compared with `tropex extract`
    python speed.py --points 60000

The network is the architecture `fcn4`, with random weights on random points unless a run is given.
Every time is the fastest of some rounds, which take turns. `--trained` needs `safetensors`.
"""

import argparse
import json
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from fashion_mnist import read

import tropex

ROUNDS = 5


def model():
    """The architecture `fcn4`: 28 x 28 points, 10 classes."""
    torch.manual_seed(0)
    widths = [784, 784, 200, 80]
    layers = [torch.nn.Flatten()]
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(80, 10)).eval()


def fastest(*works):
    """Seconds of every function, in turn."""
    times = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, own in zip(works, times):
            start = time.perf_counter()
            work()
            own.append(time.perf_counter() - start)
    return [min(own) for own in times]


def trained(run):
    """The network with the weights of a run."""
    from safetensors.torch import load_file

    network, weights = model(), load_file(run / "model.safetensors")
    layers = [layer for layer in network if isinstance(layer, torch.nn.Linear)]
    for number, layer in enumerate(layers):
        own = {name: weights[f"layers.{number}.{name}"] for name in ["weight", "bias"]}
        layer.load_state_dict(own)
    return network


def training_images(folder, count):
    """The first training images of Fashion-MNIST, and their classes."""
    images = read(folder / "train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)[:count]
    return images / np.float32(255), read(folder / "train-labels-idx1-ubyte.gz", 8)[:count]


def jacobians(network, points, size=250):
    """All rows by `vmap(jacrev)`, batch by batch."""
    of_point = torch.func.jacrev(lambda point: network(point[None])[0])
    for start in range(0, len(points), size):
        torch.func.vmap(of_point)(points[start : start + size])


def gradients(network, points, size=1000):
    """The rows of the predicted classes by automatic differentiation, batch by batch."""
    for start in range(0, len(points), size):
        batch = points[start : start + size].clone().requires_grad_(True)
        network(batch).max(dim=1).values.sum().backward(inputs=[batch])


def compare_with_torch(network, points):
    net = tropex.capture(network, points[:1])
    own, other = fastest(
        lambda: net.linear_terms(points, classes="all"), lambda: jacobians(network, points)
    )
    print(f"all classes: {own:.2f} s, vmap(jacrev) {other:.2f} s, x{other / own:.2f}")
    own, other = fastest(lambda: net.linear_terms(points), lambda: gradients(network, points))
    print(f"predicted class: {own:.2f} s, autograd {other:.2f} s, x{other / own:.2f}")


def write_dataset(path, points):
    """A file of points as the command reads it."""
    labels = np.arange(len(points)) % 10
    tensors = {"images": points[:, None], "labels": labels.astype(np.int64)}
    header, content = {}, b""
    for name, array in tensors.items():
        end = len(content) + array.nbytes
        dtype = {"float32": "F32", "int64": "I64"}[array.dtype.name]
        offsets = [len(content), end]
        header[name] = {"dtype": dtype, "shape": array.shape, "data_offsets": offsets}
        content += array.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content)
    return labels


def compare_with_command(points, command):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        labels = write_dataset(folder / "points.safetensors", points)
        run = folder / "run"
        dataset = f"file:{folder / 'points.safetensors'}"
        train = ["train", "fcn4", "--dataset", dataset, "--epochs", "1", "--out", run]
        subprocess.run([command, *train, "--quiet"], check=True)
        net = tropex.load(run)
        images = points[:, None]

        def from_python():
            net.extract(
                images, folder / "terms", labels, "worst-case", progress=False, check=0, replace=True
            )

        def from_command():
            subprocess.run([command, "extract", run, "--check", "0", "--quiet"], check=True)

        def cleared(work, terms):
            def cleared_work():
                subprocess.run(["rm", "-rf", terms], check=True)
                work()

            return cleared_work

        own, other = fastest(
            cleared(from_python, folder / "terms"), cleared(from_command, run / "terms")
        )
        print(f"extraction: {own:.2f} s, the command {other:.2f} s, x{other / own:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=5000)
    parser.add_argument("--trained", nargs=2, type=Path, metavar=("RUN", "FOLDER"))
    parser.add_argument("--command")
    arguments = parser.parse_args()
    if arguments.trained:
        run, folder = arguments.trained
        network, (points, labels) = trained(run), training_images(folder, arguments.points)
        classes = network(torch.from_numpy(points)).argmax(dim=1).numpy()
        print(f"accuracy of the run {(classes == labels).mean():.2%}")
    else:
        random = np.random.default_rng(0)
        network, points = model(), random.random((arguments.points, 28, 28), dtype=np.float32)
    torch.set_num_threads(tropex.get_num_threads())
    print(f"{len(points)} points, {tropex.get_num_threads()} threads, fastest of {ROUNDS} rounds")
    compare_with_torch(network, torch.from_numpy(points))
    if arguments.command:
        compare_with_command(points, arguments.command)


if __name__ == "__main__":
    main()
