"""Computes what experiments find again, from terms and images in their files.

    python statistics.py DATA RUN OTHER

Prints the numbers of every experiment by name, as JSON.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file


def read_terms(run, split):
    """Linear and negative terms of the points of a split, as rows of coefficients and bias."""
    folder = run / "terms" / f"{split}-worst-case"
    manifest = json.loads((folder / "manifest.json").read_text())
    shards = [load_file(folder / shard["file"]) for shard in manifest["shards"]]

    def joined(name):
        return np.concatenate([shard[name] for shard in shards])

    def rows(kind):
        columns = [joined(f"{kind}.coefficients"), joined(f"{kind}.bias")[:, None]]
        return np.concatenate(columns, axis=1).astype(float)

    return rows("linear"), rows("negative"), joined("predicted"), joined("label")


def mean(values):
    """Mean of the values that there are."""
    return float(np.mean(values[np.isfinite(values)])) if np.isfinite(values).any() else None


def alike(a, b):
    """How alike the rows of two matrices are."""
    def correlations(a, b, axis):
        a, b = [m - m.mean(axis=axis, keepdims=True) for m in (a, b)]
        with np.errstate(invalid="ignore"):
            return (a * b).sum(axis) / np.sqrt((a * a).sum(axis) * (b * b).sum(axis))

    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    angles = np.degrees(np.arccos(np.clip((a * b).sum(axis=1) / lengths, -1, 1)))
    centred = (a - a.mean(axis=0)) - (b - b.mean(axis=0))
    return angles, {
        "angle": mean(angles),
        "distance": mean(np.linalg.norm(a - b, axis=1)),
        "distance of centred terms": mean(np.linalg.norm(centred, axis=1)),
        "correlation per point": mean(correlations(a, b, axis=1)),
        "correlation per coefficient": mean(correlations(a, b, axis=0)),
    }


def spectrum(terms):
    """What the singular values of the matrix of terms say."""
    values = np.linalg.svd(terms, compute_uv=False)
    shares = values / values.sum()
    shares = shares[shares > 0]
    held = np.cumsum(values**2) / np.sum(values**2)
    return {
        "effective rank": float(np.exp(-(shares * np.log(shares)).sum())),
        "directions for 99 %": int(np.searchsorted(held, 0.99) + 1),
        "mean coefficient": float(terms.mean()),
        "deviation of coefficients": float(terms.std()),
        "smallest coefficient": float(terms.min()),
        "largest coefficient": float(terms.max()),
    }


def frequencies(network, function):
    """How often one is right where the other is, or is not."""
    def share(of, given):
        return float(of[given].mean()) if given.any() else None

    return {
        "function right, network right": share(function, network),
        "function right, network wrong": share(function, ~network),
        "network right, function right": share(network, function),
        "network right, function wrong": share(network, ~function),
    }


def main(data, run, other):
    images = load_file(data)["test.images"].astype(float) / 255
    points = np.concatenate([images.reshape(len(images), -1), np.ones((len(images), 1))], axis=1)
    linear, negative, class_of_term, _ = read_terms(run, "train")
    own, _, network, labels = read_terms(run, "test")
    others, _, other_network, _ = read_terms(other, "test")
    winners = np.argmax(points @ (linear + negative).T, axis=1)
    function = class_of_term[winners]
    own, others, winning = own[:, :-1], others[:, :-1], linear[winners, :-1]
    angles, similarity = alike(own, winning)
    similarity["angle, agree"] = mean(angles[network == function])
    similarity["angle, disagree"] = mean(angles[network != function])
    _, networks = alike(own, others)
    networks["same class"] = float(np.mean(network == other_network))
    print(json.dumps({
        "similarity": similarity,
        "networks": networks,
        "coefficients": spectrum(own),
        "implications": frequencies(network == labels, function == labels),
    }))


main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
