"""relucent's side of the benchmark `slices`: the linear regions of a network in a square.

    python polygons.py WEIGHTS RADIUS WORKERS

WEIGHTS safetensors with `layers.<n>.weight` [outputs, inputs] and `layers.<n>.bias`; a ReLU follows
        every layer but the last
RADIUS  the square is [-RADIUS, RADIUS] x [-RADIUS, RADIUS]

Every line of the standard input is a largest number of regions, and is answered with the seconds
that the search took and the number of regions found.
"""

import sys
import time

import relucent
from safetensors.torch import load_file
from torch import nn


def network(weights):
    modules = []
    for number in range(len(weights) // 2):
        weight = weights[f"layers.{number}.weight"]
        layer = nn.Linear(weight.shape[1], weight.shape[0])
        layer.weight = nn.Parameter(weight)
        layer.bias = nn.Parameter(weights[f"layers.{number}.bias"])
        modules += [layer, nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def main():
    weights, radius, workers = sys.argv[1:]
    model = network(load_file(weights))
    print("ready", relucent.__version__, flush=True)
    for line in sys.stdin:
        found = relucent.Complex(model)
        start = time.perf_counter()
        found.bfs(
            max_polys=float(line),
            nworkers=int(workers),
            cube_radius=float(radius),
            cube_mode="intersect",
            verify=False,
            verbose=0,
        )
        print(time.perf_counter() - start, len(found), flush=True)


if __name__ == "__main__":
    main()
