"""A model in double precision, for differences that are exact up to its rounding."""

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

# Distance of two points, and the relative difference of slopes on both sides that rounding explains.
STEP, ROUNDING = 1e-5, 1e-7


def evaluator(model):
    """ONNX's own evaluator of the model with doubles in place of floats."""
    double = ModelProto()
    double.CopyFrom(model)
    graph = double.graph
    kept = {name for node in graph.node if node.op_type in ("Resize", "Upsample") for name in node.input[1:]}
    for tensor in graph.initializer:
        if tensor.name not in kept:
            widen(tensor)
    for port in [*graph.input, *graph.output]:
        kind = port.type.tensor_type
        if kind.elem_type == TensorProto.FLOAT and port.name not in kept:
            kind.elem_type = TensorProto.DOUBLE
    for node in graph.node:
        if not kept.intersection(node.output):
            widen_attributes(node)
    return ReferenceEvaluator(double)


def widen(tensor):
    if tensor.data_type == TensorProto.FLOAT:
        array = numpy_helper.to_array(tensor).astype(np.float64)
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def widen_attributes(node):
    for attribute in list(node.attribute):
        if attribute.name == "to" and attribute.i == TensorProto.FLOAT:
            attribute.i = TensorProto.DOUBLE
        elif attribute.name in ("value_float", "value_floats"):
            numbers = np.array(helper.get_attribute_value(attribute), np.float32).astype(np.float64)
            node.attribute.remove(attribute)
            node.attribute.append(helper.make_attribute("value", numpy_helper.from_array(numbers)))
        elif attribute.type == attribute.TENSOR:
            widen(attribute.t)


def slopes(model, points, expected, directions):
    """Directional derivatives of all outputs, `[points, classes]`.

    They are NaN where the slopes on both sides differ, because the point is on a boundary between
    regions, and where the evaluator fails or gives other outputs than `expected`: it lacks attributes
    of some operators. It computes the weights of a Resize in single precision.
    """
    found = np.full(expected.shape, np.nan)
    if any(node.op_type == "Resize" for node in model.graph.node):
        return found
    run = evaluator(model).run
    at = lambda point: np.asarray(run(None, {"x": point[None]})[0], np.float64).reshape(-1)
    for index, (point, direction) in enumerate(zip(points.astype(np.float64), directions)):
        try:
            low, here, high = (at(point + shift * direction) for shift in (-STEP, 0.0, STEP))
        except Exception:  # the evaluator has many kinds
            break
        scale = max(1.0, np.abs(expected[index]).max())
        if np.abs(here - expected[index]).max() > 1e-5 * scale:
            continue
        left, right = (here - low) / STEP, (high - here) / STEP
        if np.abs(left - right).max() <= ROUNDING * max(1.0, np.abs(right).max()):
            found[index] = (high - low) / (2 * STEP)
    return found
