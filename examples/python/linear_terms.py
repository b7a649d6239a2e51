"""Draws the mean linear term of every class, and how the extracted function does with some of them.

    tropex experiment subset RUN
    python linear_terms.py RUN terms.png

Needs numpy, safetensors and matplotlib.
"""

import csv
import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from safetensors.numpy import load_file


def read_terms(folder):
    """Coefficients [n, d] and classes [n] of all points, and the shape of a point."""
    manifest = json.loads((folder / "manifest.json").read_text())
    shards = [load_file(folder / shard["file"]) for shard in manifest["shards"]]
    coefficients = np.concatenate([shard["linear.coefficients"] for shard in shards])
    classes = np.concatenate([shard["predicted"] for shard in shards])
    if coefficients.ndim == 3:  # terms of all classes: those of the predicted one
        coefficients = coefficients[np.arange(len(classes)), classes]
    return coefficients, classes, manifest["terms"]["input_shape"]


def read_curves(path):
    """The rows of every curve in a CSV file: x, y, and the lowest and highest y where it varies."""
    curves = {}
    with open(path, newline="") as file:
        for name, *numbers in list(csv.reader(file))[1:]:
            curves.setdefault(name, []).append([float(number or "nan") for number in numbers])
    return {name: np.array(rows) for name, rows in curves.items()}


def main(run, out):
    coefficients, classes, shape = read_terms(run / "terms" / "train-worst-case")
    report = run / "reports" / "subset"
    finding = json.loads((report / "finding.json").read_text())
    present = np.unique(classes)
    figure = plt.figure(figsize=(1.3 * max(len(present), 5), 5.5), layout="constrained")
    above, below = figure.subfigures(2, height_ratios=[1, 2.5])
    for axes, kind in zip(np.atleast_1d(above.subplots(1, len(present))), present):
        image = coefficients[classes == kind].mean(axis=0).reshape(shape).sum(axis=0)
        largest = np.abs(image).max()
        axes.imshow(image, cmap="PuOr_r", vmin=-largest, vmax=largest)
        axes.set_title(f"class {kind}", fontsize=9)
        axes.axis("off")
    axes = below.subplots()
    for name, rows in read_curves(report / "curve.csv").items():
        share, height, low, high = rows.T
        axes.plot(share, height, marker="o", label=name)
        axes.fill_between(share, low, high, alpha=0.2)
    axes.set(xlabel="share of terms", ylabel="share of images", title=finding["question"])
    axes.legend()
    figure.savefig(out, dpi=150)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2])
