"""Linear terms of PyTorch modules by automatic differentiation, logit by logit."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")


def terms_of(model, points, logits=lambda output: output):
    """Coefficients ``(n, classes, *shape)`` and biases ``(n, classes)`` of the logits, in float64.

    `logits` chooses them from what the model returns.
    """
    model = copy.deepcopy(model).double().eval()
    points = torch.as_tensor(points).double().requires_grad_(True)
    output = logits(model(points)).reshape(len(points), -1)
    rows = [torch.autograd.grad(column.sum(), points, retain_graph=True)[0] for column in output.T]
    coefficients = torch.stack(rows, dim=1).numpy()
    sums = (coefficients * points.detach().numpy()[:, None]).reshape(*output.shape, -1).sum(-1)
    return coefficients, output.detach().numpy() - sums


def assert_terms(net, model, points, tolerance=1e-6, logits=lambda output: output):
    """That the terms of all classes in f64 are those of automatic differentiation.

    `tolerance` is relative to the largest coefficient and to the largest bias.
    """
    coefficients, bias = terms_of(model, points, logits)
    found = net.linear_terms(points, classes="all", precision="f64")
    for own, expected in [(found.coefficients, coefficients), (found.bias, bias)]:
        assert own.shape == expected.shape
        scale = np.abs(expected).max()
        np.testing.assert_allclose(own, expected, rtol=0, atol=tolerance * scale)
