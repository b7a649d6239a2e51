"""The published algorithm in numpy and f64, as the other side of the benchmark `process`.

    python published.py LAYERS WEIGHTS POINTS OUT

LAYERS, WEIGHTS and POINTS as in `pytorch/linear_terms.py`. Positive and negative terms of the predicted
class are pulled back batch by batch under the worst-case gauge and written to OUT.
"""

import sys

import numpy as np
from safetensors.numpy import load_file, save_file

BATCH = 100


def patches(planes):
    """3x3 windows around every cell: [points * cells, channels * 9]."""
    points, channels, height, width = planes.shape
    padded = np.pad(planes, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    return windows.transpose(0, 2, 3, 1, 4, 5).reshape(points * height * width, channels * 9)


def convolve(planes, weight):
    points, _, height, width = planes.shape
    product = patches(planes) @ weight.reshape(len(weight), -1).T
    return product.reshape(points, height, width, -1).transpose(0, 3, 1, 2)


class Affine:
    """A convolution or a fully-connected layer."""

    def __init__(self, weight, bias):
        self.weight, self.bias = weight.astype(np.float64), bias.astype(np.float64)
        self.is_convolution = weight.ndim == 4

    def forward(self, x):
        self.shape = x.shape[1:]
        if self.is_convolution:
            return convolve(x, self.weight) + self.bias[:, None, None]
        return x.reshape(len(x), -1) @ self.weight.T + self.bias

    def back(self, rows, weight):
        if self.is_convolution:
            turned = weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
            return convolve(rows, turned)
        return (rows.reshape(len(rows), -1) @ weight).reshape(-1, *self.shape)

    def offset(self, rows):
        sums = rows.sum(axis=(2, 3)) if self.is_convolution else rows
        return sums @ self.bias

    def pull(self, rows, biases, shift):
        """Rows, their biases, and the bound that the shift comes from."""
        added = self.back(shift, np.maximum(-self.weight, 0))
        biases = [bias + self.offset(row) for row, bias in zip(rows, biases)]
        rows = [self.back(row, self.weight) + added for row in rows]
        return rows, biases, self.back(shift, np.abs(self.weight))


class Relu:
    def forward(self, x):
        self.active = x > 0
        return x * self.active

    def pull(self, rows, biases, shift):
        return [row.reshape(self.active.shape) * self.active for row in rows], biases, shift


class Pool:
    """A 2x2 maximum; the first of equal cells wins."""

    def forward(self, x):
        points, channels, height, width = x.shape
        cells = x.reshape(points, channels, height // 2, 2, width // 2, 2)
        cells = cells.transpose(0, 1, 2, 4, 3, 5).reshape(points, channels, height // 2, width // 2, 4)
        winner = cells.argmax(-1)
        self.wins = winner[..., None] == np.arange(4)
        return np.take_along_axis(cells, winner[..., None], -1)[..., 0]

    def spread(self, cells):
        points, channels, height, width, _ = cells.shape
        cells = cells.reshape(points, channels, height, width, 2, 2).transpose(0, 1, 2, 4, 3, 5)
        return cells.reshape(points, channels, 2 * height, 2 * width)

    def pull(self, rows, biases, shift):
        shape = self.wins.shape[1:-1]
        rows = [self.spread(row.reshape(-1, *shape)[..., None] * self.wins) for row in rows]
        shift = shift.reshape(-1, *shape)[..., None]
        return rows, biases, self.spread(np.repeat(shift, 4, axis=-1))


def network(layers, weights):
    modules, number, last = [], 0, sum(letter in "CD" for letter in layers) - 1
    for letter in layers:
        if letter == "P":
            modules.append(Pool())
        elif letter != "F":
            modules.append(Affine(weights[f"layers.{number}.weight"], weights[f"layers.{number}.bias"]))
            modules += [Relu()] if number < last else []
            number += 1
    return modules


def extract(modules, points):
    x = points.astype(np.float64)
    for module in modules:
        x = module.forward(x)
    predicted = x.argmax(1)
    head = modules[-1]
    common, constant = np.maximum(-head.weight, 0).sum(0), np.maximum(-head.bias, 0).sum()
    rows = [head.weight[predicted] + common, np.broadcast_to(common, (len(points), len(common)))]
    biases = [head.bias[predicted] + constant, np.full(len(points), constant)]
    shift = np.maximum((head.weight + common).max(0), common)[None]
    for module in reversed(modules[:-1]):
        rows, biases, shift = module.pull(rows, biases, shift)
    return predicted, rows, biases


def main():
    layers, weights, points, out = sys.argv[1:]
    modules = network(layers, load_file(weights))
    points = load_file(points)["points"]
    batches = [extract(modules, points[at : at + BATCH]) for at in range(0, len(points), BATCH)]
    flat = lambda kind: np.concatenate([rows[kind].reshape(len(rows[kind]), -1) for _, rows, _ in batches])
    bias = lambda kind: np.concatenate([biases[kind] for _, _, biases in batches])
    terms = {
        "predicted": np.concatenate([predicted for predicted, _, _ in batches]),
        "positive.coefficients": flat(0),
        "positive.bias": bias(0),
        "negative.coefficients": flat(1),
        "negative.bias": bias(1),
    }
    save_file(terms, out)


if __name__ == "__main__":
    main()
