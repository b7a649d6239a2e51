"""Steps that compute with numbers of any shape."""

import numpy as np
from onnx import TensorProto


def activation(b, x):
    kinds = ["Relu", "LeakyRelu", "PRelu", "Clip", "HardSigmoid", "Abs", "Neg", "Identity", "Dropout", "Cast"]
    kinds += ["Shrink"] if b.opset >= 9 else []
    kinds += ["ThresholdedRelu"] if b.opset >= 10 else []
    kind = b.random.choice(kinds)
    if kind == "LeakyRelu":
        return b.node(kind, x, alpha=b.random.choice([0.01, 0.3, 1.5]))
    if kind == "PRelu":
        return b.node(kind, x, constant(b))
    if kind == "HardSigmoid" and b.chance(0.5):
        return b.node(kind, x, alpha=0.5, beta=0.3)
    if kind == "Shrink":
        return b.node(kind, x, lambd=0.25, bias=0.25)
    if kind == "ThresholdedRelu":
        return b.node(kind, x, alpha=0.0)
    if kind == "Cast":
        return b.node(kind, b.node(kind, x, to=TensorProto.DOUBLE), to=TensorProto.FLOAT)
    if kind == "Dropout":
        ratio = dict(ratio=0.3) if b.opset < 12 else {}
        return b.node(kind, x, **ratio)
    if kind == "Clip":
        if b.opset < 11:
            return b.node(kind, x, **b.random.choice([dict(min=-0.5), dict(max=0.7), dict(min=-0.5, max=0.7)]))
        return b.node(kind, x, b.random.choice([b.number(-0.5), ""]), b.number(0.7))
    return b.node(kind, x)


def constant(b, positive=False):
    """Numbers that are broadcast to the current value."""
    shape = [1, *(b.random.choice([1, extent]) for extent in b.shape[1:])]
    shape = shape[b.random.randint(0, len(shape)) :]
    return b.floats(*shape, positive=positive)


def arithmetic(b, x):
    kind = b.random.choice(["Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean"])
    sides = [x, constant(b, positive=kind == "Div")]
    if kind != "Div" and b.chance(0.4):
        sides.reverse()
    if kind in ("Max", "Min", "Sum", "Mean") and b.chance(0.4):
        sides.append(constant(b))
    return b.node(kind, *sides)


def joined(b, x):
    """The current value and a function of it."""
    other = activation(b, b.node("Mul", x, constant(b)))
    kinds = ["Add", "Sub", "Max", "Min", "Sum", "Mean", "Concat", "Where"]
    kind = b.random.choice(kinds)
    if kind == "Concat":
        return b.node(kind, x, other, axis=b.axis() if b.opset >= 11 else 1)
    if kind == "Where" and b.opset >= 9:
        comparisons = ["Greater", "Less"] + (["GreaterOrEqual", "LessOrEqual"] if b.opset >= 12 else [])
        return b.node(kind, b.node(b.random.choice(comparisons), x, other), x, other)
    return b.node("Add" if kind == "Where" else kind, x, other)


def masked(b, x):
    """A ReLU, a leaky ReLU or a clip that is written with a comparison."""
    zero = b.number(0.0)
    mask = b.node("Greater", x, zero)
    if b.opset < 9 or b.chance(0.4):
        return b.node("Mul", x, b.node("Cast", mask, to=TensorProto.FLOAT))
    if b.chance(0.3):
        return b.node("Where", b.node("Not", mask), zero, x)
    return b.node("Where", mask, x, b.node("Mul", x, b.number(0.2)))


def reduced(b, x):
    kind = b.random.choice(["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1"])
    count = b.random.randint(1, min(2, len(b.shape) - 1))
    axes = sorted(b.random.sample(range(1, len(b.shape)), count))
    if b.opset >= 11 and b.chance(0.3):
        axes = [axis - len(b.shape) for axis in axes]
    keeps = b.random.randint(0, 1) if len(b.shape) - count >= 2 else 1
    inputs, attributes = b.listed("axes", axes, 13 if kind == "ReduceSum" else 18)
    found = b.node(kind, x, *inputs, keepdims=keeps, **attributes)
    return b.node("Sub", x, found) if keeps and b.chance(0.7) else found


def summed(b, x):
    if b.opset < 11:
        return None
    ends = dict(exclusive=b.random.randint(0, 1), reverse=b.random.randint(0, 1))
    return b.node("CumSum", x, b.weight(np.array(b.axis(), np.int64)), **ends)


def product(b, x):
    """A product with a constant matrix from the right, or from the left."""
    if len(b.shape) == 2 and b.chance(0.6):
        outputs, transposed = b.random.randint(2, 9), b.random.randint(0, 1)
        shape = [outputs, b.shape[1]] if transposed else [b.shape[1], outputs]
        bias = [b.floats(*b.random.choice([[outputs], [1, outputs], [1], []]))]
        if b.opset >= 11 and b.chance(0.3):
            bias = []
        scales = dict(alpha=0.7, beta=1.3) if b.chance(0.4) else {}
        return b.node("Gemm", x, b.floats(*shape), *bias, transB=transposed, **scales)
    if len(b.shape) >= 3 and b.chance(0.4):
        return b.node("MatMul", b.floats(b.random.randint(1, 5), b.shape[-2]), x)
    return b.node("MatMul", x, b.floats(b.shape[-1], b.random.randint(1, 6)))


STEPS = [activation, activation, arithmetic, arithmetic, joined, masked, reduced, summed, product]
