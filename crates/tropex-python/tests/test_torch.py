"""Capture of PyTorch modules: terms against automatic differentiation, and what stays as it was."""

import copy
import pickle
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import tropex
from autograd import assert_terms
from torch_modules import MODULES, make

nn = torch.nn


@pytest.mark.parametrize("name", MODULES)
def test_terms_are_those_of_autograd(name):
    model, points = make(name)
    net = tropex.capture(model, points)
    assert net.input_shape == tuple(points.shape[1:]) and net.classes == 3
    # PyTorch's own derivative of a hard sigmoid has a sixth in 32 bits.
    assert_terms(net, model, points, tolerance=1e-7 if name == "convolutional" else 1e-12)


@pytest.mark.parametrize("name", ["plain", "functional"])
def test_single_precision_is_that_of_the_model(name):
    model, points = make(name)
    net = tropex.capture(model.float(), points.float())
    assert_terms(net, model, points)
    terms = net.linear_terms(points.float())
    assert terms.coefficients.dtype == np.float32
    assert (terms.predicted == model.eval()(points.float()).argmax(dim=1).numpy()).all()


@pytest.mark.parametrize("name", ["residual", "plain", "parametrized"])
def test_the_model_stays_as_it_was(name):
    model, points = make(name)
    list(model.modules())[2].eval()
    before = copy.deepcopy(model.state_dict())
    modes = [module.training for module in model.modules()]
    attributes = [set(module.__dict__) for module in model.modules()]
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    tropex.capture(model, points)
    assert [module.training for module in model.modules()] == modes
    assert [set(module.__dict__) for module in model.modules()] == attributes
    for key, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[key]), key
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert (np.random.get_state()[1] == numpy_state).all()


def test_the_model_stays_as_it_was_after_an_error():
    model = nn.Sequential(nn.Linear(6, 6), nn.GELU(), nn.Linear(6, 3)).train()
    with pytest.raises(tropex.UnsupportedOperationError):
        tropex.capture(model, torch.randn(2, 6))
    assert all(module.training for module in model.modules())


@pytest.mark.parametrize(
    "example",
    [
        lambda points: points,
        lambda points: points[0],
        lambda points: points.numpy(),
        lambda points: points[:1].numpy().astype(np.float32),
        lambda points: points.tolist(),
        lambda points: points.clone().requires_grad_(True),
    ],
    ids=["batch", "point", "numpy", "float32", "list", "gradient"],
)
def test_an_example_is_a_point_or_a_batch_of_any_kind(example):
    model, points = make("plain")
    net = tropex.capture(model, example(points))
    assert net.input_shape == (6,)
    assert_terms(net, model, points, tolerance=1e-12)


def test_images_are_points_or_batches_too():
    model, points = make("functional")
    for example in (points, points[0]):
        assert tropex.capture(model, example).input_shape == (2, 8, 8)


def test_points_may_be_tensors_on_any_device_with_gradients():
    model, points = make("plain")
    net = tropex.capture(model, points)
    tracked = points.clone().requires_grad_(True)
    expected = net.linear_terms(points.numpy()).coefficients
    np.testing.assert_array_equal(net.linear_terms(tracked).coefficients, expected)
    np.testing.assert_array_equal(net.linear_terms(points.T.contiguous().T).coefficients, expected)


def test_a_softmax_at_the_end_is_left_out_with_a_warning():
    model, points = make("plain")
    ended = nn.Sequential(model, nn.Softmax(dim=1))
    with pytest.warns(UserWarning, match="softmax.* at the end of the model is left out"):
        net = tropex.capture(ended, points)
    assert_terms(net, model, points, tolerance=1e-12)


def test_a_temperature_belongs_to_the_network():
    model, points = make("plain")
    cooled = nn.Sequential(model, nn.Module())
    cooled[1].forward = lambda logits: logits / 4
    assert_terms(tropex.capture(cooled, points), cooled, points, tolerance=1e-12)
    ended = nn.Sequential(cooled, nn.LogSoftmax(dim=1))
    with pytest.warns(UserWarning, match="log_softmax.* at the end of the model is left out"):
        net = tropex.capture(ended, points)
    assert_terms(net, cooled, points, tolerance=1e-12)


def test_a_module_without_parameters_is_captured():
    points = torch.randn(5, 4)
    model = nn.Sequential(nn.ReLU(), nn.Flatten())
    assert_terms(tropex.capture(model, points), model, points)


class Several(nn.Module):
    def __init__(self, inner, form):
        super().__init__()
        self.inner, self.form = inner, form

    def forward(self, x):
        logits = self.inner(x)
        return self.form(logits, x)


def test_one_of_several_outputs_is_chosen():
    model, points = make("plain")
    named = Several(model, lambda logits, x: {"logits": logits, "hidden": x})
    with pytest.warns(UserWarning, match="output `logits` of the model is captured; .* `hidden`"):
        net = tropex.capture(named, points)
    assert_terms(net, model, points, tolerance=1e-12)
    pair = Several(model, lambda logits, x: (x.relu(), logits))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net = tropex.capture(pair, points, output=1)
    assert_terms(net, model, points, tolerance=1e-12)
    with pytest.raises(tropex.InputError, match="returns several tensors, `0`, `1`; choose one"):
        tropex.capture(pair, points)
    with pytest.raises(tropex.InputError, match="no output `2`; there are `0`, `1`$"):
        tropex.capture(pair, points, output=2)


def test_wrappers_and_scripted_modules_are_captured():
    model, points = make("functional")
    wrapped = nn.DataParallel(model)
    scripted = torch.jit.script(copy.deepcopy(model).eval())
    traced = torch.jit.trace(copy.deepcopy(model).eval(), points)
    for other in (wrapped, scripted, traced, torch.compile(model)):
        assert_terms(tropex.capture(other, points), model, points, tolerance=1e-12)


def test_captured_networks_are_pickled():
    model, points = make("maxout")
    net = tropex.capture(model, points)
    again = pickle.loads(pickle.dumps(net))
    assert again.fingerprint == net.fingerprint


def test_layers_have_the_names_of_modules():
    model, points = make("residual")
    layers = [node["layer"] for node in tropex.capture(model, points).nodes]
    assert any("first" in (layer or "") for layer in layers)
    assert any("last" in (layer or "") for layer in layers)


def test_data_loaders_are_streamed(tmp_path):
    model, points = make("plain")
    net = tropex.capture(model, points)
    x = torch.randn(90, 6)
    y = torch.arange(90) % 3
    dataset = torch.utils.data.TensorDataset(x, y)
    loader = torch.utils.data.DataLoader(dataset, batch_size=16)
    streams = [net.extract(source, tmp_path / str(index), progress=False)
               for index, source in enumerate([loader, dataset])]
    whole = net.extract(x, tmp_path / "whole", y, progress=False)
    expected = (whole.folder / "shard-00000.safetensors").read_bytes()
    for store in streams:
        assert (store.folder / "shard-00000.safetensors").read_bytes() == expected
    result = whole.function().evaluate(x, y)
    assert result["points"] == 90 and result["agreement"] == 1.0


def test_points_in_bfloat16_and_classes_in_a_tensor():
    model, points = make("plain")
    net = tropex.capture(model, points)
    rounded = points.bfloat16()
    own = net.linear_terms(rounded, classes=torch.tensor([2, 0]))
    expected = net.linear_terms(rounded.float(), classes=[2, 0])
    np.testing.assert_array_equal(own.coefficients, expected.coefficients)
