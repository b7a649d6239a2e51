"""Capture of scikit-learn's multi-layer perceptrons, and of pipelines that end with one."""

from __future__ import annotations

import numpy

from ..._errors import InputError, UnsupportedOperationError
from ..._tropex import Network, network_from_onnx
from ..onnx_graph import Constant, DataType, OnnxGraph
from ..verification import points_to_compare, verify
from .scalers import Affine, affine_of

_ACTIVATIONS = {"identity": None, "relu": "Relu"}


def capture_estimator(estimator: object, example: object) -> Network:
    """Captures a fitted `MLPClassifier`, `MLPRegressor`, or a `Pipeline` of scalers before one.

    The class of a network is a position in `classes_`. A classifier of two classes has one output
    `z`, whose sign decides; its network has the logits `[0, z]`. A softmax is left out.
    """
    steps, perceptron = _parts(_best(estimator))
    _check(perceptron)
    layers = _layers(perceptron)
    points = _points(example, layers[0][0].dtype, _inputs(steps, layers))
    scalers = [affine_of(name, step) for name, step in steps]
    network = network_from_onnx(_onnx(scalers, layers, perceptron.activation, points.shape[1]))
    compared = points_to_compare(points)
    expected = _logits(scalers, layers, perceptron.activation, compared)
    _check_predictions(estimator, compared, expected)
    verify(network, compared, expected, float(numpy.finfo(points.dtype).eps))
    return network


def _best(estimator: object) -> object:
    """What a search over parameters has found."""
    return getattr(estimator, "best_estimator_", estimator)


def _parts(estimator: object) -> tuple[list[tuple[str, object]], object]:
    """The steps before the perceptron, and the perceptron."""
    if not hasattr(estimator, "steps"):
        return [], estimator
    *before, (_, last) = estimator.steps
    steps = [(name, step) for name, step in before if step not in (None, "passthrough")]
    return steps, _best(last)


def _check(perceptron: object) -> None:
    name = type(perceptron).__name__
    if not (hasattr(perceptron, "hidden_layer_sizes") and hasattr(perceptron, "activation")):
        raise InputError(
            f"a {name} cannot be captured; expected an MLPClassifier, an MLPRegressor, or a Pipeline "
            "that ends with one"
        )
    if not hasattr(perceptron, "coefs_"):
        raise InputError(f"the {name} has no weights yet; fit it before the capture")
    if perceptron.activation not in _ACTIVATIONS:
        reason = "it is not piecewise linear; fit the model with activation='relu'"
        operation = ("activation", perceptron.activation, "", reason)
        raise UnsupportedOperationError(
            f"activation ({perceptron.activation}) of the {name}: {reason}", [operation]
        )
    if perceptron.out_activation_ == "logistic" and perceptron.n_outputs_ > 1:
        raise InputError(
            f"the {name} decides {perceptron.n_outputs_} labels independently, but a network chooses "
            "one class; fit one classifier for every label"
        )


def _layers(perceptron: object) -> list[tuple[numpy.ndarray, numpy.ndarray]]:
    """Weights `[inputs, outputs]` and biases, the last ones for the logits of all classes."""
    layers = list(zip(perceptron.coefs_, perceptron.intercepts_))
    if perceptron.out_activation_ != "logistic":
        return layers
    # The second class is predicted if the output is positive.
    weights, bias = layers[-1]
    layers[-1] = (
        numpy.hstack([numpy.zeros_like(weights), weights]),
        numpy.concatenate([numpy.zeros_like(bias), bias]),
    )
    return layers


def _inputs(steps: list, layers: list) -> int:
    """Number of features of a point."""
    for _, step in steps:
        if hasattr(step, "n_features_in_"):
            return step.n_features_in_
    return layers[0][0].shape[0]


def _points(example: object, dtype: numpy.dtype, features: int) -> numpy.ndarray:
    array = numpy.asarray(example)
    if array.dtype.kind not in "fiub":
        raise InputError(f"the example has numbers of type {array.dtype}; expected floats")
    points = array[None] if array.ndim == 1 else array
    if points.ndim != 2 or points.shape[1] != features or len(points) == 0:
        raise InputError(
            f"the example has shape {list(array.shape)}, but the model takes points of {features} "
            "features"
        )
    return points.astype(dtype)


def _onnx(scalers: list[Affine], layers: list, activation: str, features: int) -> bytes:
    graph = OnnxGraph()
    data_type = DataType.DOUBLE if layers[0][0].dtype == numpy.float64 else DataType.FLOAT
    value = graph.input("input", data_type, [None, features])
    for scaler in scalers:
        value = scaler.write(graph, value, layers[0][0].dtype)
    for index, (weights, bias) in enumerate(layers):
        names = [f"layers.{index}.weight", f"layers.{index}.bias"]
        constants = [
            graph.constant(name, Constant.of(array)) for name, array in zip(names, (weights, bias))
        ]
        (value,) = graph.node("Gemm", [value, *constants], f"layers.{index}")
        operator = _ACTIVATIONS[activation]
        if operator and index + 1 < len(layers):
            (value,) = graph.node(operator, [value], f"layers.{index} ({activation})")
    graph.output(value, data_type, [None, layers[-1][0].shape[1]])
    return graph.to_bytes()


def _logits(scalers: list[Affine], layers: list, activation: str, points: numpy.ndarray):
    """What the model computes before a softmax or logistic function, in its own precision."""
    values = points
    for scaler in scalers:
        values = scaler.apply(values)
    for index, (weights, bias) in enumerate(layers):
        values = values @ weights + bias
        if activation == "relu" and index + 1 < len(layers):
            values = numpy.maximum(values, 0)
    return values


def _check_predictions(estimator: object, points: numpy.ndarray, logits: numpy.ndarray) -> None:
    """Compares logits with the predictions of the estimator itself."""
    predicted = numpy.asarray(estimator.predict(points))
    if hasattr(estimator, "classes_"):
        agrees = (predicted == estimator.classes_[logits.argmax(axis=1)]).all()
    else:
        agrees = numpy.allclose(predicted, logits.reshape(predicted.shape), rtol=1e-4, atol=1e-6)
    if not agrees:
        raise InputError(
            f"the {type(estimator).__name__} predicts something else than its weights do; is one of "
            "its methods replaced?"
        )
