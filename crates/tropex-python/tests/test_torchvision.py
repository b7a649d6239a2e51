"""Architectures of torchvision with random weights: terms against automatic differentiation."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
torchvision = pytest.importorskip("torchvision")

import tropex

#: Options and the side of an image.
ARCHITECTURES = {
    "resnet18": ({}, 64),
    "vgg11": ({}, 32),
    "vgg16": ({}, 32),
    "googlenet": ({"init_weights": True}, 64),
    "densenet121": ({}, 64),
    "mobilenet_v2": ({}, 64),
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_terms_of_predicted_classes_are_those_of_autograd(name):
    options, side = ARCHITECTURES[name]
    torch.manual_seed(0)
    model = getattr(torchvision.models, name)(weights=None, **options)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            # Statistics that keep signals alive, which a network with random weights has not.
            module.running_var.fill_(0.1)
            torch.nn.init.normal_(module.bias, std=0.3)
    model = model.double().train()
    images = torch.rand(2, 3, side, side).double()
    net = tropex.capture(model, images)
    assert net.input_shape == (3, side, side) and net.classes == 1000
    assert all(module.training for module in model.modules())
    points = images.clone().requires_grad_(True)
    logits = model.eval()(points)
    terms = net.linear_terms(images, precision="f64")
    np.testing.assert_array_equal(terms.predicted, logits.argmax(dim=1).numpy())
    own = logits.gather(1, logits.argmax(dim=1)[:, None])[:, 0]
    (gradient,) = torch.autograd.grad(own.sum(), points)
    scale = gradient.abs().max().item()
    assert scale > 0
    np.testing.assert_allclose(terms.coefficients, gradient.numpy(), rtol=0, atol=1e-9 * scale)
    sums = (terms.coefficients * images.numpy()).reshape(2, -1).sum(axis=1) + terms.bias
    np.testing.assert_allclose(sums, own.detach().numpy(), rtol=1e-9)
