"""Networks and their linear terms in float64 with numpy alone, point by point."""

import numpy as np


class Perceptron:
    """A perceptron with ReLU and random weights that float32 holds exactly."""

    def __init__(self, widths, seed=0):
        random = np.random.default_rng(seed)
        pairs = list(zip(widths, widths[1:]))
        exact = lambda array: array.astype(np.float32).astype(np.float64)
        self.weights = [exact(random.normal(size=(o, i)) / np.sqrt(i)) for i, o in pairs]
        self.biases = [exact(random.normal(size=o) / 4) for _, o in pairs]

    def logits(self, point):
        coefficients, bias = self.affine(point)
        return coefficients @ point + bias

    def pattern(self, point):
        """Whether each hidden unit is active, layer by layer."""
        return self._walk(point)[2]

    def affine(self, point):
        """Coefficients ``(classes, inputs)`` and biases ``(classes,)`` around a point."""
        return self._walk(point)[:2]

    def _walk(self, point):
        coefficients, bias = np.eye(len(point)), np.zeros(len(point))
        active = []
        for layer, (weight, offset) in enumerate(zip(self.weights, self.biases)):
            coefficients, bias = weight @ coefficients, weight @ bias + offset
            if layer + 1 < len(self.weights):
                active.append(coefficients @ point + bias > 0)
                coefficients = coefficients * active[-1][:, None]
                bias = bias * active[-1]
        return coefficients, bias, active
