"""Steps of a pipeline that are affine: scalers and principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy

from ..._errors import InputError, UnsupportedOperationError
from ..onnx_graph import Constant, OnnxGraph


@dataclass(frozen=True)
class Affine:
    """`clip((x - before) * factor @ matrix + after)`, where every part can be missing."""

    name: str
    before: numpy.ndarray | None = None
    factor: numpy.ndarray | None = None
    matrix: numpy.ndarray | None = None
    after: numpy.ndarray | None = None
    limits: tuple[float, float] | None = None

    def apply(self, points: numpy.ndarray) -> numpy.ndarray:
        values = points
        for operator, operand in self._parts():
            values = _COMPUTE[operator](values, operand)
        return values if self.limits is None else values.clip(*self.limits)

    def write(self, graph: OnnxGraph, value: str, dtype: numpy.dtype) -> str:
        """Adds the nodes to a graph, with constants of a type."""
        for operator, operand in self._parts():
            constant = graph.constant(self.name, Constant.of(operand.astype(dtype)))
            (value,) = graph.node(operator, [value, constant], self.name)
        if self.limits is not None:
            limits = [Constant.of(numpy.array(limit, dtype)) for limit in self.limits]
            names = [graph.constant(self.name, limit) for limit in limits]
            (value,) = graph.node("Clip", [value, *names], self.name)
        return value

    def _parts(self) -> list[tuple[str, numpy.ndarray]]:
        parts = [
            ("Sub", self.before),
            ("Mul", self.factor),
            ("MatMul", self.matrix),
            ("Add", self.after),
        ]
        return [(operator, operand) for operator, operand in parts if operand is not None]


_COMPUTE = {
    "Sub": numpy.subtract,
    "Mul": numpy.multiply,
    "MatMul": numpy.matmul,
    "Add": numpy.add,
}


def affine_of(name: str, step: object) -> Affine:
    """The function of a fitted step of a pipeline."""
    kind = type(step).__name__
    if kind not in _STEPS:
        reason = "it is not known to be affine; apply it to the points before the capture"
        raise UnsupportedOperationError(
            f"step `{name}` ({kind}) of the pipeline: {reason}", [(name, kind, "", reason)]
        )
    try:
        return _STEPS[kind](name, step)
    except AttributeError as error:
        raise InputError(
            f"step `{name}` ({kind}) of the pipeline is not fitted yet; fit it before the capture"
        ) from error


def _standard(name: str, step) -> Affine:
    # A mean is computed even if it is not subtracted.
    before = step.mean_ if step.with_mean else None
    return Affine(name, before=before, factor=_inverse(step.scale_))


def _min_max(name: str, step) -> Affine:
    limits = tuple(step.feature_range) if step.clip else None
    return Affine(name, factor=step.scale_, after=step.min_, limits=limits)


def _max_abs(name: str, step) -> Affine:
    return Affine(name, factor=_inverse(step.scale_))


def _robust(name: str, step) -> Affine:
    return Affine(name, before=step.center_, factor=_inverse(step.scale_))


def _principal_components(name: str, step) -> Affine:
    matrix = step.components_.T
    if step.whiten:
        matrix = matrix / numpy.sqrt(step.explained_variance_)
    return Affine(name, before=step.mean_, matrix=matrix)


def _inverse(scale: numpy.ndarray | None) -> numpy.ndarray | None:
    return None if scale is None else 1 / scale


_STEPS = {
    "MaxAbsScaler": _max_abs,
    "MinMaxScaler": _min_max,
    "PCA": _principal_components,
    "RobustScaler": _robust,
    "StandardScaler": _standard,
}
