"""PyTorch's side of the benchmark `pytorch`: linear terms of a network at points.

    python linear_terms.py LAYERS WEIGHTS POINTS DEVICE THREADS

LAYERS  what the network is made of, a letter each: C a 3x3 convolution that keeps the size of its
        planes, P a 2x2 max pooling, F flattening, D a fully-connected layer. A ReLU follows every
        C and D but the last.
WEIGHTS safetensors with `layers.<n>.weight` and `layers.<n>.bias`, n counting C and D
POINTS  safetensors with `points` [points, channels, height, width] or [points, features]
DEVICE  cpu, or cuda: then points and terms are copied to and from it, as on the other side

Every line of the standard input asks for one round and is answered with its seconds and the sum of
the absolute values of all coefficients, so that the other side can see that both computed the same:

    predicted BATCH    the linear term of the predicted class, by autograd
    all CHUNK          those of all classes, by vmap(jacrev) over so many points
    gemm N             products of N x N matrices: GFLOP/s in place of seconds
"""

import sys
import time

import torch
from safetensors.torch import load_file
from torch import nn
from torch.func import jacrev, vmap


def network(layers, weights):
    modules, number, last = [], 0, sum(letter in "CD" for letter in layers) - 1
    for letter in layers:
        if letter == "P":
            modules.append(nn.MaxPool2d(2))
        elif letter == "F":
            modules.append(nn.Flatten())
        else:
            weight = weights[f"layers.{number}.weight"]
            outputs, inputs = weight.shape[:2]
            convolution = letter == "C"
            layer = nn.Conv2d(inputs, outputs, 3, padding=1) if convolution else nn.Linear(inputs, outputs)
            layer.weight = nn.Parameter(weight, requires_grad=False)
            layer.bias = nn.Parameter(weights[f"layers.{number}.bias"], requires_grad=False)
            modules += [layer, nn.ReLU()] if number < last else [layer]
            number += 1
    return nn.Sequential(*modules)


def predicted(model, points, batch, device):
    def terms_of(x):
        x = x.clone().requires_grad_()
        logits = model(x)
        own = logits.gather(1, logits.argmax(1, keepdim=True)).sum()
        return torch.autograd.grad(own, x)[0]

    return timed(terms_of, points, batch, device)


def all_classes(model, points, chunk, device):
    terms_of = vmap(jacrev(lambda x: model(x.unsqueeze(0)).squeeze(0)))
    return timed(terms_of, points, chunk, device)


def timed(terms_of, points, batch, device):
    """Seconds of all batches, and the sum, whose time does not count."""
    seconds, total = 0.0, 0.0
    for x in points.split(batch):
        start = time.perf_counter()
        terms = terms_of(x.to(device)).cpu()
        seconds += time.perf_counter() - start
        total += terms.abs().sum().item()
    return seconds, total


def gemm(extent, device):
    left, right = (torch.rand(extent, extent, device=device) for _ in range(2))
    start = time.perf_counter()
    product = (left @ right).cpu()
    seconds = time.perf_counter() - start
    return 2 * extent**3 / seconds / 1e9, product.sum().item()


def main():
    layers, weights, points, device, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    if device == "cuda":
        torch.backends.cudnn.conv.fp32_precision = "ieee"
    model = network(layers, load_file(weights)).eval().to(device)
    points = load_file(points)["points"]
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        order, size = line.split()
        if order == "gemm":
            answer = gemm(int(size), device)
        else:
            answer = {"predicted": predicted, "all": all_classes}[order](model, points, int(size), device)
        print(*answer, flush=True)


if __name__ == "__main__":
    main()
