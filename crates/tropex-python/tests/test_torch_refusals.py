"""What cannot be captured: one line that names the module, the operation and what can be done."""

import pytest

torch = pytest.importorskip("torch")

import tropex

nn, functional = torch.nn, torch.nn.functional


class Body(nn.Module):
    """A layer, a function of its output, and a layer."""

    def __init__(self, function):
        super().__init__()
        self.first, self.last = nn.Linear(6, 6), nn.Linear(6, 3)
        self.function = function

    def forward(self, x):
        return self.last(self.function(self.first(x)))


def refusal(model, example=None):
    """The error of a capture, whose text is one line."""
    with pytest.raises(tropex.Error) as caught:
        tropex.capture(model, torch.randn(2, 6) if example is None else example)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    "layer, operator",
    [
        (nn.GELU(), "aten.gelu"),
        (nn.Sigmoid(), "aten.sigmoid"),
        (nn.Tanh(), "aten.tanh"),
        (nn.ELU(), "aten.elu"),
        (nn.SiLU(), "aten.silu"),
        (nn.LayerNorm(6), "aten.layer_norm"),
        (nn.Softmax(dim=1), "aten.softmax"),
    ],
)
def test_curved_layers_are_named_by_their_path(layer, operator):
    model = nn.Sequential(nn.Linear(6, 6), nn.Sequential(layer), nn.Linear(6, 3))
    error = refusal(model)
    assert isinstance(error, tropex.UnsupportedOperationError)
    (operation,) = error.operations
    assert operation.name == "1.0"
    assert operation.operator.replace("._", ".").startswith(operator)
    assert operation.shape == "[n, 6]" and operation.hint
    assert f"1.0 ({operation.operator} on [n, 6]): {operation.hint}" in str(error)


def test_all_operations_are_named_at_once():
    model = nn.Sequential(nn.Linear(6, 6), nn.GELU(), nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 3))
    error = refusal(model)
    assert [operation.name for operation in error.operations] == ["1", "3"]
    assert str(error).startswith("2 operations of the model cannot be captured: 1 (aten.gelu")


@pytest.mark.parametrize(
    "function, words",
    [
        (lambda x: x * x.roll(1, 1), "product"),
        (lambda x: x**2, "not piecewise linear"),
        (lambda x: x / x.abs().sum(dim=1, keepdim=True), "divi"),
        (lambda x: x.round(), "jump"),
        (lambda x: x.sort(dim=1).values, "sort"),
        (lambda x: x + torch.randn_like(x), "random"),
        (lambda x: x - x.mean(dim=0), "points"),
        (lambda x: x if x.sum() > 0 else -x, "control flow|decides|branch"),
        (lambda x: functional.scaled_dot_product_attention(x[None], x[None], x[None])[0], ""),
    ],
    ids=["product", "square", "quotient", "round", "sort", "random", "batch", "branch", "attention"],
)
def test_own_functions_are_named_with_their_line(function, words):
    error = refusal(Body(function))
    text = str(error).lower()
    assert any(word in text for word in words.split("|")), text
    if isinstance(error, tropex.UnsupportedOperationError) and error.operations:
        assert "test_torch_refusals.py:" in error.operations[0].name


def test_inputs_that_do_not_fit_are_input_errors():
    model = nn.Sequential(nn.Linear(6, 3))
    cases = {
        "the model fails on the example of shape [2, 5]": (model, torch.randn(2, 5)),
        "the example has complex numbers": (model, torch.randn(2, 6, dtype=torch.complex64)),
        "the example is several arrays": (model, (torch.randn(2, 6), torch.randn(2, 6))),
        "the example of type": (model, object()),
        "the example has shape [0, 6]": (model, torch.randn(0, 6)),
        "parameter `weight` of the model is lazy": (nn.LazyLinear(3), torch.randn(2, 6)),
        "parameter `weight` of the model is on the device `meta`": (
            nn.Linear(6, 3, device="meta"),
            torch.randn(2, 6),
        ),
        "the model takes 2 inputs": (nn.Bilinear(6, 6, 3), torch.randn(2, 6)),
    }
    for start, (wrong, example) in cases.items():
        error = refusal(wrong, example)
        assert isinstance(error, tropex.InputError), (start, error)
        assert str(error).startswith(start), str(error)


def test_other_objects_are_refused():
    for model in (lambda x: x, "model.pt", {}):
        error = refusal(model)
        assert isinstance(error, tropex.InputError) and "cannot be captured; expected" in str(error)


class Lying(nn.Module):
    """Returns something else than what it is exported as."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 3)

    def forward(self, x):
        factor = 1.0 if torch.compiler.is_exporting() else 1.5
        return factor * self.layer(x)


def test_a_network_that_differs_from_its_model_is_refused():
    error = refusal(Lying())
    assert str(error).startswith("the captured network differs from the model: an output is ")
