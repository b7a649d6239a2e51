"""Classifiers of scikit-learn by skl2onnx, and their scores before the softmax.

    classifiers.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from skl2onnx import to_onnx
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def scores(network, points):
    for weight, bias in zip(network.coefs_[:-1], network.intercepts_[:-1]):
        points = np.maximum(points @ weight + bias, 0)
    return points @ network.coefs_[-1] + network.intercepts_[-1]


def main():
    folder = Path(sys.argv[1])
    random = np.random.default_rng(0)
    points = (random.standard_normal((200, 6)) * 3 + 1).astype(np.float32)
    for classes in (3, 5):
        labels = (points.sum(1) * 10).astype(int) % classes
        for name, steps in (("mlp", []), ("scaled", [StandardScaler()])):
            network = MLPClassifier((12, 8), max_iter=20, random_state=0)
            pipeline = make_pipeline(*steps, network).fit(points, labels)
            for zipmap in (True, False):
                path = folder / f"{name}_{classes}_{zipmap}.onnx"
                options = {id(network): {"zipmap": zipmap}}
                path.write_bytes(to_onnx(pipeline, points[:1], options=options).SerializeToString())
                given = points[:7]
                inner = given
                for step in steps:
                    inner = step.transform(inner)
                output = scores(network, inner).astype(np.float32)
                save_file({"points": given.copy(), "output": output}, path.with_suffix(".safetensors"))


main()
