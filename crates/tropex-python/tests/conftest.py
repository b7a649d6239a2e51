import pathlib

import numpy as np
import pytest

import onnx_bytes
import tropex
from reference import Perceptron

MODELS = pathlib.Path(__file__).parents[2] / "tropex-onnx" / "tests" / "models"


@pytest.fixture(scope="session")
def models():
    """Folder of small ONNX files, with what onnxruntime computes for them."""
    return MODELS


@pytest.fixture(scope="session")
def perceptron():
    """A perceptron of 6 inputs and 4 classes, in float64."""
    return Perceptron([6, 16, 12, 4])


@pytest.fixture(scope="session")
def net(perceptron):
    """The captured network of the perceptron."""
    content = onnx_bytes.mlp(perceptron.weights, perceptron.biases)
    return tropex._tropex.network_from_onnx(content)


@pytest.fixture(scope="session")
def x():
    """Points, in float32."""
    return np.random.default_rng(1).normal(size=(50, 6)).astype(np.float32)
