"""PyTorch's side of the benchmark `training`: trains a network on given images.

    python training.py LAYERS WEIGHTS IMAGES OPTIMIZER RATE L2 THREADS

LAYERS     what the network is made of, a letter each: C a 3x3 convolution that keeps the size of its
           planes, N a batch norm, P a 2x2 max pooling, F flattening, D a fully-connected layer. A
           ReLU follows every C, N and D, but not the last D, nor a C with N behind it.
WEIGHTS    safetensors with `layers.<n>.weight` and `layers.<n>.bias`, n counting C, N and D
IMAGES     safetensors with `images` [count, channels, height, width] and `labels` [count]
OPTIMIZER  adam, or sgd with momentum 0.9
L2         strength of the penalty on weights and kernels

Every line of the standard input asks for something, and is answered with numbers:

    check STEPS BATCH  steps on the first batch only, from the given weights: the loss of every step
    epoch BATCH        one pass over all images: its seconds
"""

import sys
import time

import torch
from safetensors.torch import load_file
from torch import nn


def network(layers, weights):
    modules, number, last = [], 0, sum(letter in "CND" for letter in layers) - 1
    for place, letter in enumerate(layers):
        if letter == "P":
            modules.append(nn.MaxPool2d(2))
            continue
        if letter == "F":
            modules.append(nn.Flatten())
            continue
        weight = weights[f"layers.{number}.weight"]
        outputs = weight.shape[0]
        if letter == "C":
            layer = nn.Conv2d(weight.shape[1], outputs, 3, padding=1)
        else:
            layer = nn.BatchNorm2d(outputs) if letter == "N" else nn.Linear(weight.shape[1], outputs)
        layer.weight = nn.Parameter(weight.clone())
        layer.bias = nn.Parameter(weights[f"layers.{number}.bias"].clone())
        modules.append(layer)
        if number < last and layers[place + 1 :][:1] != "N":
            modules.append(nn.ReLU())
        number += 1
    return nn.Sequential(*modules)


class Training:
    def __init__(self, layers, weights, optimizer, rate, l2):
        self.model = network(layers, weights).train()
        kernels = [p for p in self.model.parameters() if p.dim() > 1]
        others = [p for p in self.model.parameters() if p.dim() == 1]
        groups = [{"params": kernels, "weight_decay": 2 * l2}, {"params": others, "weight_decay": 0.0}]
        if optimizer == "adam":
            self.optimizer = torch.optim.Adam(groups, lr=rate)
        else:
            self.optimizer = torch.optim.SGD(groups, lr=rate, momentum=0.9)

    def step(self, images, labels):
        self.optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(self.model(images), labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def main():
    layers, weights, images, optimizer, rate, l2, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    weights, data = load_file(weights), load_file(images)
    images, labels = data["images"], data["labels"].long()
    fresh = lambda: Training(layers, weights, optimizer, float(rate), float(l2))
    training = fresh()
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        order, *sizes = line.split()
        batch = int(sizes[-1])
        if order == "check":
            checked = fresh()
            answer = [checked.step(images[:batch], labels[:batch]) for _ in range(int(sizes[0]))]
        else:
            start = time.perf_counter()
            indices = torch.randperm(len(images))
            for chosen in indices.split(batch):
                training.step(images[chosen], labels[chosen])
            answer = [time.perf_counter() - start]
        print(*answer, flush=True)


if __name__ == "__main__":
    main()
